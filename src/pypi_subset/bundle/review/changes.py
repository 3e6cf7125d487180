"""What the new site has for each target that the old one did not have, and the other way round."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from msgspec import UNSET
from packaging.version import Version

from pypi_subset.bundle.review import excerpt
from pypi_subset.errors import SubsetError
from pypi_subset.model.paths import lock_paths

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from pypi_subset.bundle.ledger import EarlierFile, Known
    from pypi_subset.model.distributions import Distribution
    from pypi_subset.model.intake.verdicts import Waived
    from pypi_subset.model.manifest import File, Manifest, Need

#: What is written where a fact is not known.
UNKNOWN = "not known"


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """
    One file that is new for a target.

    :param before: the versions that the old site had of the project there, joined by " and "; empty for a new project.
    :param uploaded: the day of its upload, or `UNKNOWN`.
    :param age: the days between its upload and the bundle, as text, or `UNKNOWN`.
    :param license: SPDX expression, or `UNKNOWN`.
    :param source: the name of its source, or the indexes of pip.
    :param built: the sdist that it was built from here; empty if it comes from its index as it is.
    :param why: the chain of requirements that leads to it, of each set.
    :param waived: a sentence for each rule of the policy that refuses it, and why the user accepts that.
    """

    project: str
    version: str
    before: str
    filename: str
    size: int
    sha256: str
    uploaded: str
    age: str
    license: str
    source: str
    built: str
    why: tuple[str, ...]
    waived: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class TargetChanges:
    """
    What differs for one target.

    :param tag: Python, ABI and platform.
    :param removed: projects that the new site does not have there, with their versions; of a project that it has, the
        versions that are gone, and each file that is gone of a version that stays. One version with another one in its
        place is in *changed* alone.
    :param files: the number of files that the target has now.
    :param size: their bytes.
    """

    name: str
    tag: str
    python: str
    added: tuple[Row, ...]
    changed: tuple[Row, ...]
    removed: tuple[tuple[str, str], ...]
    files: int
    size: int


def changes_of(
    new: Manifest, old: Known | None, site: Path, waived: Iterable[Waived], moment: datetime
) -> tuple[TargetChanges, ...]:
    """
    Return what differs for each target of *new*.

    :param old: the manifest of the site before, ``None`` for the first one.
    :param site: the directory of the new site, whose locks have further facts.
    :param waived: what the user accepts against the policy.
    :param moment: when the bundle is made.
    """
    have: Mapping[str, _Files[File]] = _by_target(new.files)
    held: Mapping[str, _Files[File | EarlierFile]] = _by_target(old.files) if old else {}
    accepted = [*waived]
    found = []
    for target in new.targets:
        own, before = have.get(target.name, {}), held.get(target.name, {})
        fresh = {key for project, files in own.items() for key in files.keys() - before.get(project, {}).keys()}
        locks = _Locks(site, {sha256 for _, sha256 in fresh})
        added: list[Row] = []
        changed: list[Row] = []
        for project in sorted(own):
            then = before.get(project, {})
            rows = [
                _row(one, then, target.name, locks, accepted, moment)
                for key, one in sorted(own[project].items())
                if key in fresh
            ]
            (changed if then else added).extend(rows)
        every = [one for files in own.values() for one in files.values()]
        found.append(
            TargetChanges(
                name=target.name,
                tag=target.tag,
                python=target.python,
                added=tuple(added),
                changed=tuple(changed),
                removed=tuple(_removed(before, own)),
                files=len(every),
                size=sum(one.size for one in every),
            )
        )
    return tuple(found)


def gone_targets(new: Manifest, old: Known | None) -> tuple[str, ...]:
    """Return the names of the targets that *new* does not have any more, sorted."""
    return tuple(sorted({one.name for one in old.targets} - {one.name for one in new.targets})) if old else ()


_One = TypeVar("_One", bound="File | EarlierFile")
_Files: TypeAlias = dict[str, dict[tuple[str, str], _One]]


def _by_target(files: Iterable[_One]) -> dict[str, _Files[_One]]:
    """Return target → project → file name and hash → file."""
    found: dict[str, _Files[_One]] = defaultdict(lambda: defaultdict(dict))
    for one in files:
        for target in {need.target for need in one.needed_by}:
            found[target][one.project][one.filename, one.sha256] = one
    return found


def _removed(before: _Files[File | EarlierFile], own: _Files[File]) -> Iterator[tuple[str, str]]:
    """Yield each project that lost files, and its versions or the files; see `TargetChanges`."""
    for project, then in sorted(before.items()):
        now = own.get(project, {})
        names, stay = {name for name, _ in now}, {one.version for one in now.values()}
        # Another file of the same name is a row of its own.
        gone = {key: one for key, one in then.items() if key[0] not in names}
        versions = {one.version for one in then.values()}
        replaced = now and len(versions) == 1 and not versions & stay
        if gone and not replaced:
            texts = [_versions({key: one for key, one in gone.items() if one.version not in stay})]
            texts += sorted(one.filename for one in gone.values() if one.version in stay)
            yield project, " and ".join(filter(None, texts))


def _versions(files: Mapping[tuple[str, str], File | EarlierFile]) -> str:
    return " and ".join(sorted({one.version for one in files.values()}, key=Version))


def _row(
    one: File,
    then: Mapping[tuple[str, str], File | EarlierFile],
    target: str,
    locks: _Locks,
    waived: Iterable[Waived],
    moment: datetime,
) -> Row:
    """Return what a reader learns of the file *one* on *target*."""
    needs = [need for need in one.needed_by if need.target == target]
    facts = next((known for need in needs if (known := locks.of(need, one))), None)
    uploaded = (facts.upload_time or "")[:10] if facts else ""
    accepted = [
        each for each in waived if (each.target, each.project, each.version) == (target, one.project, one.version)
    ]
    return Row(
        project=one.project,
        version=one.version,
        before=_versions(then),
        filename=one.filename,
        size=one.size,
        sha256=one.sha256,
        uploaded=uploaded or UNKNOWN,
        age=_age(uploaded, moment) if uploaded else UNKNOWN,
        license=(facts.license if facts else None) or UNKNOWN,
        source=one.source if one.source is not UNSET else "the indexes of pip",
        built=one.built_from.filename if one.built_from is not UNSET else "",
        why=tuple(dict.fromkeys(map(_chain, needs))),
        waived=tuple(
            dict.fromkeys(
                f"{each.rule}: {each.sentence}; accepted until {each.until}: {each.reason}" for each in accepted
            )
        ),
    )


def _age(uploaded: str, moment: datetime) -> str:
    days = (moment.date() - date.fromisoformat(uploaded)).days
    return f"{days} day{'s' * (days != 1)}"


def _chain(need: Need) -> str:
    """Return the chain of requirements from a request to a file, in one line."""
    first, *_ = need.chain
    return f"{first.origin}: {' → '.join(link.requirement for link in need.chain)}"


class _Locks:
    """
    What the locks in a site say of files.

    :param site: its directory.
    :param new: the hashes of the files that are asked for.
    """

    def __init__(self, site: Path, new: Collection[str]) -> None:
        self._site, self._new = site, new
        self._read: dict[str, dict[tuple[str, str | None], Distribution]] = {}

    def of(self, need: Need, one: File) -> Distribution | None:
        """Return what the lock of that set and target says of the file *one*, ``None`` if it says nothing."""
        name = f"{need.set_name}--{need.target}"
        if name not in self._read:
            self._read[name] = self._facts(name)
        return self._read[name].get((one.filename, one.sha256))

    def _facts(self, name: str) -> dict[tuple[str, str | None], Distribution]:
        path = self._site / lock_paths(name)[0]
        try:
            found = excerpt.distributions_of(path, self._new) if path.is_file() else ()
        except SubsetError:
            # A site that is forced may have any file there: no fact is known then.
            found = ()
        return {(one.filename, one.sha256): one for one in found}
