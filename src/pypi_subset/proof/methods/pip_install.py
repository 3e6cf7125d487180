"""One real ``pip install`` from the site's files and nothing else, and what it says it did."""

from __future__ import annotations

import json
import os
import shlex
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from pypi_subset.errors import ProofFailed
from pypi_subset.model.checks import WAYS
from pypi_subset.model.paths import LOCKS
from pypi_subset.proof.access import remote_site, routes
from pypi_subset.proof.cases.lock_reader import pin_of, project_of
from pypi_subset.proof.cases.reachable import reachable
from pypi_subset.proof.methods import explain
from pypi_subset.proof.reference.markers import holds
from pypi_subset.support import bounds, files
from pypi_subset.support.text import values

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from packaging.utils import NormalizedName

    from pypi_subset.model.checks import Finding, Status
    from pypi_subset.pip.runner import PipResult
    from pypi_subset.proof.access.routes import Way
    from pypi_subset.proof.cases.case import Case


#: Seconds that one run of pip may take.
PATIENCE = 1800

#: No route is among these: it is always the last thing that is decided.
_OPTIONS = ("--only-binary=:all:", "--no-compile", "--no-warn-script-location", "--progress-bar=off")

#: What pip would install, and nothing is installed: it reads metadata alone.
_DRY = ("--dry-run",)


@dataclass(frozen=True, kw_only=True, slots=True)
class Installed:
    """One project that pip installed, and the file that it took: its path below the site, and the hash of its page."""

    project: NormalizedName
    version: str
    path: str
    sha256: str

    @property
    def pin(self) -> str:
        """``name==version``."""
        return f"{self.project}=={self.version}"


#: What one run of pip took, sorted by project: two runs that took the same install the same.
Files = tuple[Installed, ...]


class Run(Protocol):
    """Runs a pip, in a process of its own."""

    def __call__(self, arguments: Sequence[str], /, *, work: Path, timeout: float) -> PipResult:
        """Return what it did; *work* is a directory for this case alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """
    How one route went, or one opinion.

    :param files: what pip took, ``None`` if it came to none.
    :param findings: what makes it amber.
    """

    status: Status
    reason: str = ""
    notes: tuple[str, ...] = ()
    versions: tuple[str, ...] = ()
    seconds: float = 0.0
    files: Files | None = None
    findings: tuple[Finding, ...] = ()


def install(  # noqa: PLR0913 - the settings of pip
    case: Case, way: Way, folder: Path, run: Run, options: Sequence[str], *, report: Path, dry: bool = False
) -> Files:
    """
    Return what pip installed for *case*; every file of it is in the site and fits the target.

    :param way: the route to the site.
    :param folder: a directory for this case alone.
    :param options: where to install, and for what machine.
    :param report: the file into which pip writes what it does.
    :param dry: ask only what it would install.
    :raises ProofFailed: pip refused, or took a file that it should not see; the error is one sentence for people.
    :raises PipFailed: pip did not end in time.
    """
    report.unlink(missing_ok=True)
    arguments = ["install", *_OPTIONS, *way.options(), *options, *(_DRY if dry else ())]
    arguments += ["--report", str(report), "-r", str(_write(folder / "requirements.txt", case.requests))]
    if held := _about(case, case.held_to(way.name)):
        arguments += ["-c", str(_write(folder / "constraints.txt", held))]
    result = run(arguments, work=folder, timeout=PATIENCE)
    if result.returncode:
        raise explain.explain(case, way, result)
    return tuple(sorted((_checked(item, case, way) for item in _items(report)), key=lambda one: one.project))


def _about(case: Case, lines: Sequence[str]) -> Sequence[str]:
    """Return those *lines* of a constraints file that are about projects that *case* can lead to: pip uses no other."""
    reached = reachable(case)
    # One line with a hash makes pip want a hash of everything: one line is kept at least.
    return lines if reached is None else [one for one in lines if project_of(one) in reached] or lines[:1]


def _items(report: Path) -> list[dict[str, Any]]:
    """
    Return what pip reports that it installs.

    :raises ProofFailed: it is where a box may write, and is not what pip writes.
    """
    try:
        with open(os.open(report, _PLAINLY), "rb") as stream:  # noqa: PTH123 - not through a link
            plain = stat.S_ISREG(os.fstat(stream.fileno()).st_mode)
            text = stream.read(_LONGEST) if plain else b""
        found = json.loads(text) if values(text) <= bounds.MOST_FACTS else {}
        return list(found["install"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        msg = f"the report of pip cannot be read: {error}"
        raise ProofFailed(msg) from error


#: Not through a link, and without waiting for the writer of a pipe.
_PLAINLY = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
#: Bytes of the longest report.
_LONGEST = 1 << 28


def command(case: Case, way: Way, options: Sequence[str]) -> str:
    """Return the installation as one could type it, ``<site>`` for the site's place; *options* say for what machine."""
    # A command line cannot have hashes.
    bare = [str(request.requirement) for request in case.requests]
    words = ["pip", "install", *_OPTIONS[:1], *way.options("<site>"), *options, *bare]
    if way.name == WAYS[0] and not case.joint and case.constraints:
        words += ["-c", f"<site>/{LOCKS}/{case.set_name}--{case.target.name}.constraints.txt"]
    elif case.held_to(way.name):
        words += ["-c", "constraints.txt"]
    return " ".join(word if word.startswith("<site>") else shlex.quote(word) for word in words)


#: What helps where two sets of one target lock variants; pages that mix those of two targets are the tool's fault.
APART = "run `pypi-subset mirror`; if sets of one target lock different variants, give each set a target of its own"


def differences(case: Case, installed: Sequence[Installed]) -> tuple[str, ...]:
    """
    Return a note for each project of which another version than the pinned one was installed.

    :raises ProofFailed: the file comes from a source that does not serve the target, or the local part is another: that
        is the variant of another target or set (PEP 440).
    """
    foreign = routes.apart(case.site, case.target.name).foreign
    for one in installed:
        if (source := foreign.get(one.path)) is not None:
            place = f"[sources.{source}]" if source else "pip's index"
            msg = f"{one.path.rpartition('/')[2]} was installed on {case.target.name}, which {place} does not serve"
            raise ProofFailed(msg, project=one.project, target=case.target.name, next_step=APART)
    python = case.target.python if case.interpreter is None else case.interpreter.version
    # All that the markers of a lock's pins ever read.
    environment = {"python_full_version": ".".join(map(str, python))}
    took = {one.project for one in installed}
    pinned = {
        canonicalize_name(pin.name): str(pin.specifier).removeprefix("==")
        for pin in map(pin_of, case.pins)
        if canonicalize_name(pin.name) in took and holds(pin.marker, environment)
    }
    others = [one for one in installed if one.project in pinned and one.version != pinned[one.project]]
    for one in others:
        # METADATA may spell a version otherwise than its normal form, which the file name has.
        version = parse_wheel_filename(one.path.rpartition("/")[2])[1]
        if version.local != Version(pinned[one.project]).local:
            wanted, target = pinned[one.project], case.target.name
            msg = f"{one.project} {one.version} was installed on {target}, and {wanted} is locked: another variant"
            raise ProofFailed(msg, project=one.project, target=target, next_step=APART)
    return tuple(f"{one.project} {one.version} installed, {pinned[one.project]} locked" for one in others)


def _write(path: Path, lines: Sequence[object]) -> Path:
    files.write(path, "".join(f"{line}\n" for line in lines).encode())
    # A box has another user, whatever this one's mask is.
    path.chmod(0o644)
    return path


def _checked(item: Mapping[str, Any], case: Case, way: Way) -> Installed:
    """Return one entry of pip's report; it must be a file of the site that fits the target."""
    metadata, download = item["metadata"], item["download_info"]
    one = Installed(
        project=canonicalize_name(metadata["name"]),
        version=metadata["version"],
        path=way.path_of(download["url"]),
        sha256=download.get("archive_info", {}).get("hashes", {}).get("sha256", ""),
    )
    if wrong := _wrong(one, case):
        raise ProofFailed(wrong, project=one.project, target=case.target.name)
    return one


def _wrong(one: Installed, case: Case) -> str:
    """Return why pip must not have taken *one*, ``""`` if it may."""
    if not one.path:
        return f"{one.project} {one.version} was installed from elsewhere than the subset"
    filename = one.path.rpartition("/")[2]
    if case.url and one.sha256 != remote_site.sha256_of(case.site, one.path):
        # Of a site elsewhere pip may be shown another page than the one that was read and held to the manifest.
        return f"{filename} was installed, but is not the file that the manifest names"
    try:
        fits = not parse_wheel_filename(filename)[3].isdisjoint(case.target.tags)
    except InvalidWheelFilename:
        fits = False
    return "" if fits else f"{filename} was installed, but does not fit {case.target.name} ({case.target.tag})"
