"""The requests that a lock makes for the targets of a set: its pins, with hashes, each where it counts."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from packaging.requirements import Requirement

from pypi_subset.errors import Fault
from pypi_subset.requirements.lines.requirements_txt import Line, read_requirement
from pypi_subset.requirements.lockfiles.entries import Open
from pypi_subset.requirements.lockfiles.registries import misplaced
from pypi_subset.requirements.lockfiles.telling import Alike, telling
from pypi_subset.requirements.tools.finding import listed
from pypi_subset.targets.patch_levels import at_patch, marker_of, of_marker
from pypi_subset.targets.tag import line_with

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from packaging.markers import Marker

    from pypi_subset.model.requests import Request
    from pypi_subset.model.targets import Target
    from pypi_subset.requirements.lockfiles.entries import Entry, Locked
    from pypi_subset.requirements.source import Source
    from pypi_subset.requirements.toml import Settings

    #: An entry with the extras that are requested of it, and where: name of a target → marker of its patch levels.
    _Places = dict[tuple[Entry, frozenset[str]], dict[str, Marker | None]]
    #: Two entries of one project that count on the same machine, and the names of these targets.
    _Double = dict[tuple[Entry, Entry], dict[str, None]]

#: Patch levels of one Python that the markers of a lock may distinguish; no Python has had more than 30.
_MOST_PATCHES = 100


def requests_of(source: Source, document: Settings, lock: Locked) -> Iterator[Request | Fault]:
    """
    Yield a request for each entry of *lock* that counts on a target of *source*, in the order of lines.

    Each has a marker that is true on these targets and on no other target of the set.
    """
    places: _Places = {}
    faults: list[Fault] = []
    double: _Double = {}
    for target in source.targets:
        try:
            found = _on(target, source, lock, double, faults)
        except Open as error:
            what = f"what is locked for the target {target.name!r} depends on {' and '.join(error.names)}"
            step = f"write in [targets]: {line_with(target, error.names)}"
            faults.append(
                Fault(what=f"{what}, which it leaves open", path=source.path, line=error.line, next_step=step)
            )
            continue
        for key, marker in found.items():
            places.setdefault(key, {})[target.name] = marker
    yield from dict.fromkeys(faults)
    if double:
        yield from _twice(double, source)
        return
    versions = Counter(name for name, _ in {(entry.name, entry.version) for entry, _ in places})
    for (entry, extras), where in sorted(places.items(), key=lambda item: (item[0][0].line, sorted(item[0][1]))):
        if entry.place and not entry.hashes:
            # No index can have it, which is a fault below.
            continue
        try:
            marker = telling(source.targets, where, by_python=versions[entry.name] > 1)
        except Alike:
            names = " and ".join(map(repr, where))
            what = f"{entry.name} {entry.version} counts on {names}, and no marker tells these from the other targets"
            step = f"give them a set of their own beside [sets.{source.set_name}]"
            yield Fault(what=what, path=source.path, line=entry.line, next_step=step)
            continue
        yield _request(entry, extras, marker, source)
    used = {entry: tuple(one for one in source.targets if one.name in where) for (entry, _), where in places.items()}
    yield from misplaced(source, document, used)


def _on(
    target: Target, source: Source, lock: Locked, double: _Double, faults: list[Fault]
) -> Mapping[tuple[Entry, frozenset[str]], Marker | None]:
    """Return what counts on *target*, with the marker of the patch levels at which it does."""
    patches = patches_of(target, lock)
    if len(patches) > _MOST_PATCHES:
        what = f"markers distinguish more than {_MOST_PATCHES} patch levels of Python {target.version}"
        faults.append(Fault(what=what, path=source.path, next_step="write the lock again"))
        return {}
    levels: dict[tuple[Entry, frozenset[str]], list[int]] = {}
    for patch in patches:
        at = target if target.exact else at_patch(target, patch)
        found = lock.chosen(at.environment)
        versions: dict[str, Entry] = {}
        for entry in found:
            if (other := versions.setdefault(entry.name, entry)) is not entry:
                double.setdefault((other, entry), {})[target.name] = None
        for item in found.items():
            levels.setdefault(item, []).append(patch)
    if target.exact:
        return dict.fromkeys(levels)
    return {key: marker_of(patches, chosen, target) for key, chosen in levels.items()}


def patches_of(target: Target, lock: Locked) -> Sequence[int]:
    """Return the patch levels at which what counts may change; 0 alone if the target names its level."""
    if target.exact:
        return [0]
    return sorted({0, *(patch for marker in lock.conditions.parsed.values() for patch in of_marker(marker, target))})


def _twice(double: _Double, source: Source) -> Iterator[Fault]:
    """Yield a fault for each pair of versions of one project that count on the same machine."""
    for (one, other), names in double.items():
        what = f"{one.name} is locked twice for {listed(map(repr, names))}: {one.version} and {other.version}"
        step = "choose extras and groups that the tool installs together, or write the lock again"
        yield Fault(what=what, path=source.path, line=other.line, next_step=step)


def _request(entry: Entry, extras: frozenset[str], marker: Marker | None, source: Source) -> Request | Fault:
    if not entry.version and not entry.place:
        what = f"{entry.name} has no version: the tool locked for another system than that of a target"
        step = "pin it in the project, as NAME==VERSION, and lock again; or lock on such a system"
        return Fault(what=what, path=source.path, line=entry.line, next_step=step)
    if not entry.hashes:
        what = f"{entry.name} {entry.version} has no hash that pip takes"
        return Fault(what=what, path=source.path, line=entry.line, next_step="lock it from an index that states sha256")
    requirement = Requirement(f"{entry.name}=={entry.version}")
    requirement.extras = {*extras}
    requirement.marker = marker
    text = str(requirement)
    return read_requirement(Line(path=source.path, number=entry.line, text=text, raw=text), text, entry.hashes)
