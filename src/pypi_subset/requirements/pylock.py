"""What a lock of another tool (PEP 751) asks for: exactly its pins, each with the hashes of its files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.markers import InvalidMarker, UndefinedComparison, UndefinedEnvironmentName
from packaging.pylock import Package, Pylock, PylockValidationError
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pypi_subset.errors import Fault
from pypi_subset.model.distributions import DIGITS
from pypi_subset.requirements.lines.requirements_txt import Line, is_hash, read_requirement
from pypi_subset.support import bounds
from pypi_subset.support.text import depth
from pypi_subset.targets.markers import decided, reads, reduced
from pypi_subset.targets.tag import line_with

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from packaging.markers import Marker
    from packaging.pylock import PackageSdist, PackageWheel

    from pypi_subset.model.requests import Request
    from pypi_subset.model.targets import Target
    from pypi_subset.requirements.source import Source
    from pypi_subset.requirements.toml import Settings

#: What a lock may name and no index offers, and the mend.
_DIRECT = {
    "directory": ("a directory", "lock without it (uv export --no-emit-project)"),
    "vcs": ("version control", "lock a release from an index instead"),
    "archive": ("an archive's address", "lock a release from an index instead"),
}
_PACKAGE = re.compile(r"\s*\[\[\s*packages\s*\]\]")


def read_pylock(source: Source, document: Settings) -> Iterator[Request | Fault]:
    """Yield the pins of the lock in *document*, with the extras and groups that *source* chooses."""
    lock = lock_in(document)
    if isinstance(lock, Fault):
        yield lock
        return
    yield from _unknown(source, lock)
    for target in source.targets:
        if lock.environments and (found := refusal(lock.environments, target, source)):
            yield document.fault(found[0], "environments", next_step=found[1])
    groups = lock.default_groups or () if source.choice.groups is None else source.choice.groups
    chosen = {"extras": _names(source.choice.extras), "dependency_groups": _names(groups)}
    for package, line in zip(lock.packages, lines_of(document), strict=True):
        yield from _Entry(source=source, package=package, line=line).read(chosen)


def lock_in(document: Settings) -> Pylock | Fault:
    """Return the lock of PEP 751 in *document*, or what is wrong with it as a whole."""
    path = document.path
    try:
        lock = Pylock.from_dict(document.document)
    except RecursionError:
        return Fault(what="the lock has a marker of too many brackets", path=path, next_step="write it again")
    except PylockValidationError as error:
        version = document.document.get("lock-version")
        if isinstance(version, str) and not version.startswith("1."):
            what = f"the lock is of version {version}, and only 1.x (PEP 751) is known"
            return Fault(what=what, path=path, next_step="write it again with a tool that writes 1.0")
        number = re.match(r"packages\[([0-9]+)\]", error.context or "")
        line = lines_of(document)[int(number[1])] if number else None
        step = "write it again with the tool that made it"
        return Fault(what=f"not a lock of PEP 751: {error}", path=path, line=line, next_step=step)
    if len(lock.packages) > bounds.MOST_REQUESTS:
        what = f"the lock has more than {bounds.MOST_REQUESTS:,} packages"
        return Fault(what=what, path=path, next_step="divide it")
    markers = (*(lock.environments or ()), *(package.marker for package in lock.packages))
    if any(marker and depth(str(marker)) > bounds.DEEPEST for marker in markers):
        what = f"the lock has a marker of more than {bounds.DEEPEST} brackets within each other"
        return Fault(what=what, path=path, next_step="write it again")
    return lock


def _unknown(source: Source, lock: Pylock) -> Iterator[Fault]:
    groups = {*(lock.dependency_groups or ()), *(lock.default_groups or ())}
    for kind, names, known in (
        ("extra", source.choice.extras, lock.extras or ()),
        ("group", source.choice.groups or (), groups),
    ):
        for name in names:
            if canonicalize_name(name) not in _names(known):
                yield source.unknown(kind, name, known)


def _names(names: Collection[str]) -> frozenset[str]:
    return frozenset(map(canonicalize_name, names))


def refusal(environments: Iterable[Marker], target: Target, source: Source) -> tuple[str, str] | None:
    """Return why a lock of *environments* cannot serve *target*, with the next step; ``None`` if it can."""
    truths = [decided(marker, target.environment) for marker in environments]
    if True in truths:
        return None
    if names := sorted({name for left in truths if not isinstance(left, bool) for name in reads(left)}):
        what = (
            f"whether the lock is for the target {target.name!r} depends on {' and '.join(names)}, which it leaves open"
        )
        return what, f"write in [targets]: {line_with(target, names)}"
    what = f"the lock is for other environments than the target {target.name!r}"
    return what, f"lock for it too, or leave it out of targets in [sets.{source.set_name}]"


def lines_of(document: Settings) -> list[int]:
    """Return the line of each package: of its header, or, where the list is written in another way, of the list."""
    packages = document.document.get("packages")
    count = len(packages) if isinstance(packages, list) else 0
    headers = [number for number, line in enumerate(document.lines, 1) if _PACKAGE.match(line)]
    return headers if len(headers) == count else [document.line("packages") or 1] * count


@dataclass(frozen=True, kw_only=True, slots=True)
class _Entry:
    source: Source
    package: Package
    line: int

    def read(self, chosen: Mapping[str, frozenset[str]]) -> Iterator[Request | Fault]:
        """Yield the pin, unless what is *chosen* leaves it out."""
        one = self.package
        try:
            marker = settled(one.marker, chosen) if one.marker else True
        except (InvalidMarker, UndefinedComparison, UndefinedEnvironmentName, ValueError) as error:
            yield self._fault(f"has a marker that cannot be evaluated: {error}", "write the lock again")
            return
        if marker is False:
            return
        for key, (place, step) in _DIRECT.items():
            if getattr(one, key) is not None:
                yield self._fault(f"comes from {place}: an index offers releases", step)
                return
        if one.version is None:
            yield self._fault("has no version", "write the lock again, with versions")
        else:
            yield from self._pin(f"{one.name}=={one.version}", None if marker is True else marker)

    def _pin(self, text: str, marker: Marker | None) -> Iterator[Request | Fault]:
        """Yield the request of exactly this version, and of no other file than those of the lock."""
        requirement = Requirement(text)
        requirement.marker = marker
        # The sdist counts too: `[sdists]` may have it built.
        archives: list[PackageWheel | PackageSdist] = [*(self.package.wheels or ())]
        archives += [self.package.sdist] if self.package.sdist else []
        stated = (each for archive in archives for each in archive.hashes.items())
        named = [f"{name}:{digest}".lower() for name, digest in stated if name.lower() in DIGITS]
        hashes = tuple(dict.fromkeys(named))
        if not all(map(is_hash, hashes)):
            yield self._fault("has a hash that is none", "lock it again")
        elif hashes:
            text = str(requirement)
            line = Line(path=self.source.path, number=self.line, text=text, raw=text)
            yield read_requirement(line, text, hashes)
        else:
            yield self._fault("has no hash that pip takes", "lock it with sha256")

    def _fault(self, what: str, next_step: str) -> Fault:
        return Fault(what=f"{self.package.name} {what}", path=self.source.path, line=self.line, next_step=next_step)


def settled(marker: Marker, chosen: Mapping[str, frozenset[str]]) -> Marker | bool:
    """
    Return what is left of *marker* for pip, which knows neither ``extras`` nor ``dependency_groups``.

    :param chosen: the values of these two, which tell what of the lock is wanted, not for which machine.
    :returns: a marker about the machine, or the answer where the machine does not count.
    :raises ValueError: it reads ``extra``, which has no meaning in a lock: pip would take it for none.
    """
    if "extra" in reads(marker):
        msg = "'extra' has no meaning in a lock"
        raise ValueError(msg)
    return reduced(marker, chosen, lambda comparison: comparison.evaluate(chosen, context="lock_file"))
