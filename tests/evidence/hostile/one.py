"""One attack in this process: ``python -m tests.evidence.hostile.one NAME opened|shut FOLDER WORK``; prints JSON."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

from pypi_subset.proof.cases.case import cases_of
from pypi_subset.proof.methods.prove import prove
from pypi_subset.support import staging
from tests.evidence.hostile.attack import Attack, Result
from tests.evidence.hostile.every import EVERY
from tests.evidence.hostile.input import attack as by_input
from tests.evidence.hostile.world import World, marks_below
from tests.support.sites.cases import HERE, OWN
from tests.support.sites.subset_on_disk import SubsetOnDisk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def run(attack: Attack, folder: Path, work: Path, *, opened: bool) -> dict[str, object]:
    """
    Return whether *attack* succeeded, how long it took in seconds, and what the judge said.

    :param folder: an empty directory, which other users may read.
    :param work: a scratch directory that attacks may share.
    :param opened: whether the door that the attack is about is open.
    """
    start = time.monotonic()
    world = World(root=folder, work=work)
    with world.running(), _as_user(world), contextlib.ExitStack() as stack:
        wheels = attack.made(world)
        subset = SubsetOnDisk(folder / "subset", targets=[HERE], lines=attack.lines, pins={"here": wheels}).write()
        isolated = not opened or attack.door is not None
        case = cases_of(subset.plan, subset.paths, OWN, work, isolated=isolated)[0]
        for door in (attack.held, attack.door if opened else None):
            if door is not None:
                stack.enter_context(door())
        stack.enter_context(mock.patch.object(staging, "remove_tree", _removing(world)))
        result = Result(checks=())
        with world.watch.watching():
            try:
                checks = attack.prove(case, subset, world) if attack.prove else prove(case)
                result = Result(checks=checks)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is what the judge says
                result = Result(checks=(), error=f"{type(error).__name__}: {error}")
        succeeded = attack.succeeded(world, result)
        world.outlived()
    seconds = round(time.monotonic() - start, 1)
    return {"succeeded": succeeded, "seconds": seconds, "said": result.text[:2000], "red": result.red}


@contextlib.contextmanager
def _as_user(world: World) -> Iterator[None]:
    """Be a user with a home directory and a secret in the environment."""
    own = {"HOME": str(world.home), "HOSTILE_TOKEN": world.token}
    with mock.patch.dict(os.environ, own):
        yield


def _removing(world: World) -> Callable[[Path], None]:
    """Return what removes the directory of a case, after a look for marks in its environment."""

    def remove_tree(path: Path) -> None:
        for place in path.iterdir() if path.is_dir() else ():
            if place.name != "asking":
                with contextlib.suppress(RecursionError):
                    world.marks += marks_below(place, world.mark)
        remove(path)

    remove = staging.remove_tree
    return remove_tree


def main() -> None:
    """Run the attack that the command line names."""
    # A shell starts what runs in the background with this signal ignored, and its children inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    name, door, folder, work = sys.argv[1:]
    attack, opened = EVERY[name], door == "opened"
    if isinstance(attack, Attack):
        found = run(attack, Path(folder), Path(work), opened=opened)
    else:
        start = time.monotonic()
        found = by_input.run(attack, Path(folder), opened=opened)
        found["seconds"] = round(time.monotonic() - start, 1)
    sys.stdout.write(f"{json.dumps(found)}\n")
    sys.stdout.flush()
    with contextlib.suppress(OSError):
        staging.remove_tree(Path(folder))
    # Threads of listeners end with the process.
    os._exit(0)


if __name__ == "__main__":
    main()
