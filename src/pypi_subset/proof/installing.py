"""One real ``pip install`` from the site's files and nothing else, and what it says it did."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from packaging.requirements import Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from pypi_subset import files, piprun
from pypi_subset.errors import ProofFailed
from pypi_subset.proof import reasons
from pypi_subset.proof.markers import holds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from packaging.utils import NormalizedName

    from pypi_subset.proof.case import Case

#: Seconds that one run of pip may take.
PATIENCE = 1800

#: ``find-links.html`` is how people install without a server, so it is how the proof installs.
_OPTIONS = ("--no-index", "--only-binary=:all:", "--no-compile", "--no-warn-script-location", "--progress-bar=off")


@dataclass(frozen=True, kw_only=True, slots=True)
class Installed:
    """One project that pip installed, and the site's file that it took."""

    project: NormalizedName
    version: str
    filename: str


def install(
    case: Case,
    folder: Path,
    *,
    options: Sequence[str] = (),
    python: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> tuple[Installed, ...]:
    """
    Return what pip installed for *case*, sorted; every file of it lies in the site and fits the target.

    :param folder: an empty folder for this run alone.
    :param options: where to install, and for what machine.
    :param python: an interpreter with a pip of its own, ``None`` for ours.
    :param environment: marker values to resolve under, where pip runs on another machine than the target.
    :raises ProofFailed: pip refused, or took a file that it should not see; the error is one sentence for people.
    :raises PipFailed: pip did not end in time.
    """
    report = folder / "report.json"
    arguments = ["install", *_OPTIONS, "--find-links", (case.site / "find-links.html").as_uri()]
    arguments += ["--report", str(report), *options, "-r", str(_write(folder / "requirements.txt", case.requests))]
    if case.constraints:
        arguments += ["-c", str(_write(folder / "constraints.txt", case.constraints))]
    result = piprun.run(arguments, work=folder, python=python, environment=environment, timeout=PATIENCE)
    if result.returncode:
        raise reasons.explain(case, result)
    items = json.loads(report.read_bytes())["install"]
    return tuple(sorted((_checked(item, case) for item in items), key=lambda one: one.project))


def differences(case: Case, installed: Sequence[Installed]) -> tuple[str, ...]:
    """Return a note for each project of which another version than the pinned one was installed."""
    python = case.target.python if case.interpreter is None else case.interpreter.version
    # All that the markers of a lock's pins ever read.
    environment = {"python_full_version": ".".join(map(str, python))}
    pinned = {
        canonicalize_name(pin.name): str(pin.specifier).removeprefix("==")
        for pin in map(Requirement, case.pins)
        if holds(pin.marker, environment)
    }
    return tuple(
        f"{one.project} {one.version} installed, {pinned[one.project]} locked"
        for one in installed
        if one.project in pinned and one.version != pinned[one.project]
    )


def _write(path: Path, lines: Sequence[object]) -> Path:
    files.write(path, "".join(f"{line}\n" for line in lines).encode())
    return path


def _checked(item: Mapping[str, Any], case: Case) -> Installed:
    """Return one entry of pip's report; it must be a file of the site that fits the target."""
    metadata, url = item["metadata"], urlsplit(item["download_info"]["url"])
    path = Path(url2pathname(url.path))
    one = Installed(project=canonicalize_name(metadata["name"]), version=metadata["version"], filename=path.name)
    if url.scheme != "file" or not path.is_relative_to(case.site):
        msg = f"{one.project} {one.version} was installed from elsewhere than the subset"
        raise ProofFailed(msg, project=one.project, target=case.target.name)
    try:
        tags = parse_wheel_filename(path.name)[3]
    except InvalidWheelFilename:
        tags = frozenset()
    if tags.isdisjoint(case.target.tags):
        msg = f"{path.name} was installed, but does not fit {case.target.name} ({case.target.tag})"
        raise ProofFailed(msg, project=one.project, target=case.target.name)
    return one
