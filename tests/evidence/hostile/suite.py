"""All attacks, each in a process of its own, with its door open and shut, and the table of what became of them."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from tests.evidence.hostile.attack import Attack
    from tests.evidence.hostile.input.attack import InputAttack
    from tests.evidence.hostile.user import User

#: Seconds for one attack.
PATIENCE = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """One attack by one user."""

    attack: Attack | InputAttack
    user: User
    opened: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """
    What became of a trial.

    :param succeeded: whether the attack did; ``None`` if the trial itself broke.
    :param said: what the judge said, or why the trial broke.
    """

    trial: Trial
    succeeded: bool | None
    seconds: float
    said: str

    @property
    def right(self) -> bool:
        """Whether it is as it must be: an open door lets the attack through, a shut one does not."""
        return self.succeeded is self.trial.opened


def trials(attacks: Iterable[Attack | InputAttack], users: Sequence[User]) -> list[Trial]:
    """Return the trials of *attacks*: with an open door once, by the first user that can, and shut by each of *users*."""
    made = []
    for attack in attacks:
        able = [user for user in users if user.name in attack.users]
        made += [Trial(attack=attack, user=able[0], opened=True)] if able else []
        made += [Trial(attack=attack, user=user, opened=False) for user in users]
    return made


def run(chosen: Sequence[Trial], folder: Path, jobs: int) -> Iterator[Outcome]:
    """Yield the outcome of each of *chosen*, in their order; *jobs* run at a time, in directories below *folder*."""
    with ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(lambda trial: _outcome(trial, folder), chosen)


def _outcome(trial: Trial, folder: Path) -> Outcome:
    place = trial.user.own(folder / secrets.token_hex(6))
    door = "opened" if trial.opened else "shut"
    # What proofs share, some attacks spoil or fill.
    own = trial.attack.kind in {"exhausting", "judge"} or (trial.opened and trial.attack.kind == "writing")
    work = place / "work" if own else folder / f"work-{trial.user.name}-{door}"
    with contextlib.suppress(FileExistsError):
        trial.user.own(work)
    world = trial.user.own(place / "world")
    arguments = ["tests.evidence.hostile.one", trial.attack.name, door, str(world), str(work)]
    # pip needs a home directory, and a user without an account has none.
    variables = {
        "HOME": str(place),
        "PATH": os.environ["PATH"],
        "HOSTILE_TOKEN": f"secret{secrets.token_hex(12)}",
        "TMPDIR": str(place),
    }
    process = trial.user.start(arguments, variables)
    try:
        stdout, stderr = process.communicate(timeout=PATIENCE)
        found = json.loads(stdout.splitlines()[-1])
    except (subprocess.TimeoutExpired, ValueError, IndexError) as error:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        _, stderr = process.communicate()
        return Outcome(trial=trial, succeeded=None, seconds=0, said=f"{error}: {stderr[-2000:]}")
    return Outcome(trial=trial, succeeded=found["succeeded"], seconds=found["seconds"], said=found["said"])


def table(outcomes: Sequence[Outcome], users: Sequence[User]) -> list[str]:
    """Return the lines of the table: a row for each attack."""
    names = [user.name for user in users]
    width = max((len(one.trial.attack.name) for one in outcomes), default=6)
    lines = [f"{'attack':{width}}  {'kind':10}  {'opened door':11}  " + "  ".join(f"shut as {one}" for one in names)]
    lines.append("-" * len(lines[0]))
    for attack, group in groupby(outcomes, key=lambda one: one.trial.attack):
        own = list(group)
        opened = next((_word(one) for one in own if one.trial.opened), "-")
        shut = {one.trial.user.name: _word(one) for one in own if not one.trial.opened}
        cells = "  ".join(f"{shut.get(one, '-'):{len(one) + 8}}" for one in names)
        lines.append(f"{attack.name:{width}}  {attack.kind:10}  {opened:11}  {cells}".rstrip())
    return lines


def _word(one: Outcome) -> str:
    if one.succeeded is None:
        return "BROKEN"
    word = "succeeds" if one.succeeded else "refused"
    return word if one.right else word.upper()
