"""The old name; import from `tests.support.sites.chain_check`."""

from __future__ import annotations

from email.parser import BytesHeaderParser
from typing import TYPE_CHECKING

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pypi_subset.distributions.wheel import read_metadata

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pypi_subset.model.manifest import File, Link, Manifest, Need


def faults(manifest: Manifest, site: Path) -> list[str]:
    """Return what is wrong with the chains of *manifest*, read again from METADATA of the wheels below *site*."""
    found = []
    environments = {entry.name: entry.markers for entry in manifest.targets}
    requests = {entry.name: {(line.requirement, line.origin) for line in entry.requests} for entry in manifest.sets}
    for file in manifest.files:
        for need in file.needed_by:
            where = f"{file.filename} ({need.set_name}, {need.target})"
            first = need.chain[0]
            if first.by or (first.requirement, first.origin) not in requests[need.set_name]:
                found.append(f"{where}: does not start with a request: {first}")
            found += [f"{where}: {fault}" for fault in _steps(manifest, site, need, environments[need.target])]
            if canonicalize_name(Requirement(need.chain[-1].requirement).name) != file.project:
                found.append(f"{where}: ends elsewhere: {need.chain[-1]}")
    return found


def _steps(manifest: Manifest, site: Path, need: Need, environment: dict[str, str]) -> list[str]:
    """Return the links that the wheel before them does not state, or states for another machine or extra."""
    return [
        f"{link.by} does not state {link.requirement}"
        for before, link in zip(need.chain, need.chain[1:], strict=False)
        if not _stated(before, link, _wheels(manifest, need, link.by), site, environment)
    ]


def _wheels(manifest: Manifest, need: Need, project: str) -> list[File]:
    """Return the files of *project* that the same set and target need."""
    return [
        file
        for file in manifest.files
        if file.project == project
        and any((one.set_name, one.target) == (need.set_name, need.target) for one in file.needed_by)
    ]


def _stated(before: Link, link: Link, wheels: Sequence[File], site: Path, environment: dict[str, str]) -> bool:
    """Whether a wheel of *wheels* states *link*, and it holds with the extras that *before* asks for."""
    asked, wanted = Requirement(before.requirement), Requirement(link.requirement)
    if canonicalize_name(asked.name) != link.by:
        return False
    for wheel in wheels:
        headers = BytesHeaderParser().parsebytes(read_metadata(site / wheel.path, wheel.filename))
        stated = {str(Requirement(text)) for text in headers.get_all("Requires-Dist", [])}
        extras = ["", *asked.extras]
        holds = [wanted.marker is None or wanted.marker.evaluate({**environment, "extra": one}) for one in extras]
        if str(wanted) in stated and any(holds):
            return True
    return False


def distance(manifest: Manifest, site: Path, need: Need, project: str) -> int:
    """Return how few requirements lead to *project* for the pair of *need*: every walk over METADATA is tried."""
    requests = next(entry for entry in manifest.sets if entry.name == need.set_name).requests
    environment = next(entry for entry in manifest.targets if entry.name == need.target).markers
    walks = {_stop(line.requirement) for line in requests}
    for steps in range(1, 100):
        if any(name == project for name, _ in walks):
            return steps
        further = set()
        for name, extras in walks:
            for wheel in _wheels(manifest, need, name):
                headers = BytesHeaderParser().parsebytes(read_metadata(site / wheel.path, wheel.filename))
                for wanted in map(Requirement, headers.get_all("Requires-Dist", [])):
                    states = [{**environment, "extra": extra} for extra in ("", *extras)]
                    if wanted.marker is None or any(wanted.marker.evaluate(state) for state in states):
                        further.add(_stop(str(wanted)))
        walks = further
    return 0


def _stop(requirement: str) -> tuple[str, frozenset[str]]:
    parsed = Requirement(requirement)
    return canonicalize_name(parsed.name), frozenset(canonicalize_name(extra) for extra in parsed.extras)
