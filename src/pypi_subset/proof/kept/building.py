"""Kept sdists, built offline by pip through the site alone: once for a set on a target, as any machine of that target would."""

from __future__ import annotations

import hashlib
import itertools
import os
import stat
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import msgspec
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from pypi_subset.errors import PipFailed, ProofFailed
from pypi_subset.pip import runner
from pypi_subset.proof.access.routes import opened
from pypi_subset.proof.cases.reachable import reachable
from pypi_subset.proof.isolation.box import new_uid
from pypi_subset.proof.isolation.pips import Place
from pypi_subset.proof.kept import site_copy
from pypi_subset.proof.machines import boxes, manylinux_policy, venvs
from pypi_subset.support import bounds, files, staging
from pypi_subset.support.machine import holding

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pypi_subset.model.requests import Request
    from pypi_subset.pip.runner import PipResult
    from pypi_subset.proof.access.routes import Way
    from pypi_subset.proof.cases.case import Case
    from pypi_subset.proof.cases.lock_reader import Locked
    from pypi_subset.proof.machines.interpreters import Interpreter

#: Seconds that one build may take, and that another process waits for all builds of a set.
_PATIENCE, _WAIT = 3600, 24 * 3600.0
#: Characters of a reason.
_LONGEST = 300
#: Not through a link, and without waiting for the writer of a pipe.
_PLAINLY = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)


class _Done(msgspec.Struct, frozen=True):
    """
    What became of the builds of a set.

    :param wheels: SHA-256 of each sdist, with that of its wheel.
    :param error: why there are none, ``""`` if there are.
    """

    wheels: dict[str, str]
    error: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Build:
    """One kept sdist of a case."""

    case: Case
    interpreter: Interpreter
    sdist: Locked
    folder: Path

    def wheel(self) -> Path:
        """
        Return the wheel, built by the last route, after every other route gave its metadata.

        :raises ProofFailed: it cannot be built through the site.
        """
        with opened(self.case.site, self.case.target.name) as ways:
            for way in ways[:-1]:
                self._run(way, ("install", "--dry-run", "--ignore-installed"))
            made = self._run(ways[-1], ("wheel", "--wheel-dir", "made"))
        found = sorted((made / "made").glob("*.whl"))
        if len(found) != 1:
            raise self._failed(ways[-1], f"pip left {len(found)} wheels")
        return self._taken(found[0], ways[-1])

    def _run(self, way: Way, command: tuple[str, ...]) -> Path:
        """Return the directory that pip wrote."""
        folder = self.folder / way.name
        inputs, work = folder / "inputs", folder / "work"
        for path in (self.folder, folder, inputs, work):
            path.mkdir(exist_ok=True)
            # Its box has another user, whatever this one's mask is.
            path.chmod(0o755)
        line = inputs / "requirements.txt"
        files.write(line, f"{self.sdist.project}=={self.sdist.version} --hash=sha256:{self.sdist.sha256}\n".encode())
        line.chmod(0o644)
        fresh = venvs.fresh_environment(self.interpreter, work, self.case.work, isolated=self.case.isolated)
        manylinux_policy.hold(self.case.target, fresh.libraries[0])
        box = boxes.building(
            self.interpreter,
            way.reach,
            (self.case.site, fresh.seed, inputs),
            work,
            uid=new_uid(),
            isolated=self.case.isolated,
        )
        place = Place(box=box, folder=work, serve=way.reach.serve)
        words = [str(work / word) if word == "made" else word for word in command]
        run = partial(place.run, python=fresh.python, timeout=_PATIENCE)
        result = run([*words, "--no-deps", "--progress-bar=off", *way.options(), "-r", str(line)])
        boxes.give_back(work)
        if result.returncode:
            raise self._failed(way, _reason(result))
        return work

    def _taken(self, path: Path, way: Way) -> Path:
        """Return a copy of the wheel at *path*, where a build may have left anything."""
        try:
            project = parse_wheel_filename(path.name)[0]
            with open(os.open(path, _PLAINLY), "rb") as stream:  # noqa: PTH123 - not through a link
                facts = os.fstat(stream.fileno())
                plain = stat.S_ISREG(facts.st_mode) and facts.st_size <= bounds.LARGEST_FILE
                data = stream.read(bounds.LARGEST_FILE) if plain else b""
        except (OSError, InvalidWheelFilename) as error:
            raise self._failed(way, f"pip left no wheel: {error}") from error
        if not plain or project != self.sdist.project:
            raise self._failed(way, f"pip left {path.name}")
        taken = self.folder / path.name
        files.write(taken, data)
        return taken

    def _failed(self, way: Way, why: str) -> ProofFailed:
        one = self.sdist
        msg = f"{one.project} {one.version} cannot be built from {one.filename} by {way.name} with the files of the site: {why}"
        step = "install what the build lacks, or keep another version"
        return ProofFailed(msg, project=one.project, target=self.case.target.name, next_step=step)


def with_built(case: Case) -> tuple[Case, tuple[str, ...]]:
    """
    Return *case* with a site that has a wheel beside each kept sdist, and a note for each; the same case if it needs none.

    :raises ProofFailed: one cannot be built, or no interpreter of this machine builds it.
    """
    reached = reachable(case)
    needed = [one for one in case.kept if reached is None or one.project in reached]
    if not needed:
        return case, ()
    names = ", ".join(sorted({one.filename for one in needed}))
    if case.url or case.interpreter is None or case.interpreter.emulated:
        where = "from a site elsewhere" if case.url else "by an interpreter of this machine"
        msg = f"{names} cannot be built {where}, and each machine of {case.target.name} builds it"
        step = "run `pypi-subset verify` where the site and such an interpreter are"
        raise ProofFailed(msg, target=case.target.name, next_step=step)
    place = (
        case.work
        / "kept"
        / hashlib.sha256(f"{case.site}\n{case.set_name}\n{case.target.name}".encode()).hexdigest()[:16]
    )
    with holding.exclusive(place, patience=_WAIT):
        done = _ready(place) or _made(case, case.interpreter, place)
    if done.error:
        raise ProofFailed(done.error, target=case.target.name)
    notes = tuple(f"{one.project} {one.version}: built here from {one.filename}" for one in needed)
    return _on(case, place / "site", done.wheels), notes


def _ready(place: Path) -> _Done | None:
    facts = place / "facts.json"
    return msgspec.json.decode(facts.read_bytes(), type=_Done) if facts.is_file() else None


def _made(case: Case, interpreter: Interpreter, place: Path) -> _Done:
    # Half of it, of a process that was killed.
    for name in ("builds", "site"):
        staging.remove_tree(place / name)
    place.chmod(0o755)
    (place / "builds").mkdir()
    try:
        found = {
            one: _Build(case=case, interpreter=interpreter, sdist=one, folder=place / "builds" / f"{number}").wheel()
            for number, one in enumerate(case.kept)
        }
    except (ProofFailed, PipFailed) as error:
        # A build that took too long or wrote too much is kept as failed too: no other case tries it again.
        done = _Done({}, "; ".join(filter(None, (error.what, error.next_step))))
    else:
        site_copy.make(case, place / "site", {one.filename: path for one, path in found.items()})
        done = _Done({one.sha256: files.sha256_of(path) for one, path in found.items()})
    staging.remove_tree(place / "builds")
    files.write(place / "facts.json", msgspec.json.encode(done))
    return done


def _on(case: Case, site: Path, wheels: dict[str, str]) -> Case:
    """Return *case* on *site*: where a line has the hash of a sdist, it gets that of the wheel."""

    def changed(lines: Sequence[str]) -> tuple[str, ...]:
        found = []
        for line in lines:
            name, mark, digest = line.partition(" --hash=sha256:")
            found.append(name + mark + wheels.get(digest, digest))
        return tuple(found)

    kept = {one.project: f"sha256:{wheels[one.sha256]}" for one in case.kept}

    def asked(one: Request) -> Request:
        own = kept.get(canonicalize_name(one.requirement.name))
        return replace(one, hashes=(own,)) if own and one.hashes else one

    return replace(
        case,
        site=site,
        requests=tuple(map(asked, case.requests)),
        constraints=changed(case.constraints),
        bounds=changed(case.bounds),
        kept=(),
    )


def _reason(result: PipResult) -> str:
    """Return what a compiler or the back-end gave as its reason, else what pip did."""
    lines = [line.strip() for line in f"{result.stdout}\n{result.stderr}".splitlines() if line.strip()]
    fatal = next((line for line in lines if "fatal error:" in line or "command not found" in line), "")
    unmet = next((line for line in lines if "No matching distribution" in line or "HASHES" in line), "")
    # pip quotes what the back-end wrote.
    last = next((line for line, after in itertools.pairwise(lines) if after == "[end of output]"), "")
    return (fatal or unmet or last or runner.complaint(result)).removeprefix("ERROR: ").strip()[:_LONGEST]
