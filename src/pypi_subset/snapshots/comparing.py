"""What differs between two states: requests, targets, projects, files and bytes, by their manifests."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

import msgspec
from msgspec import Struct
from packaging.version import Version

from pypi_subset.errors import SubsetError
from pypi_subset.model import door
from pypi_subset.model.documents import Document
from pypi_subset.model.paths import MANIFEST
from pypi_subset.snapshots.channels import channel_of
from pypi_subset.snapshots.store import SITE, Store

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pypi_subset.model.manifest import File, Manifest
    from pypi_subset.model.paths import Paths


class Lines(Struct, frozen=True, kw_only=True):
    """
    What came and what went.

    :param added: sorted.
    :param removed: sorted.
    """

    added: tuple[str, ...]
    removed: tuple[str, ...]


class ProjectChange(Struct, frozen=True, kw_only=True):
    """
    One project with other versions.

    :param before: the versions, joined by " and "; empty for none.
    :param after: the same.
    :param targets: those that it is so for, sorted.
    """

    project: str
    before: str
    after: str
    targets: tuple[str, ...]


class Amount(Struct, frozen=True, kw_only=True):
    """A number of distributions, and their bytes."""

    files: int
    bytes: int


class Differences(Document, frozen=True, kw_only=True):
    """
    The result of ``diff``.

    :param schema: version of this form, major.minor.
    :param from: the name of the earlier state.
    :param to: the name of the later state.
    :param requests: lines of requirements, each behind the name of its set.
    :param targets: a target with other tags or markers is in both lists.
    :param projects: sorted by project.
    :param files: names of distributions.
    :param added: those that the later state alone has, by their bytes.
    :param removed: those that the earlier state alone has.
    :param other_files: paths of files of ``[[files]]``; one with other bytes is in both lists. Since 1.1.
    :param total_before: all distributions of the earlier state.
    :param total_after: all distributions of the later state.
    """

    name: ClassVar[str] = "the result of diff"
    version: ClassVar[Literal["1.1"]] = "1.1"

    schema: Literal["1.1"] = "1.1"
    before: str = msgspec.field(name="from")
    after: str = msgspec.field(name="to")
    requests: Lines
    targets: Lines
    projects: tuple[ProjectChange, ...]
    files: Lines
    added: Amount
    removed: Amount
    total_before: Amount
    total_after: Amount
    other_files: Lines = Lines(added=(), removed=())

    @property
    def is_empty(self) -> bool:
        """Whether nothing differs."""
        lists = (self.requests, self.targets, self.files, self.other_files)
        return not (self.projects or any(one.added or one.removed for one in lists))


def compare(paths: Paths, before: str, after: str) -> Differences:
    """
    Return what differs between two states.

    :param before: the name of a snapshot or of a channel, or ``site`` for the site.
    :param after: the same.
    :raises SubsetError: there is no state of that name.
    """
    old, new = manifest_named(paths, before), manifest_named(paths, after)
    held, now = ({(one.filename, one.sha256): one for one in each.files} for each in (old, new))
    came, went = ([one for key, one in a.items() if key not in b] for a, b in ((now, held), (held, now)))
    return Differences(
        before=before,
        after=after,
        requests=_lines(_requests(old), _requests(new)),
        targets=_lines(_targets(old), _targets(new)),
        projects=tuple(_projects(old, new)),
        files=_lines((one.filename for one in went), (one.filename for one in came)),
        added=_amount(came),
        removed=_amount(went),
        total_before=_amount(old.files),
        total_after=_amount(new.files),
        other_files=_other_files(old, new),
    )


def manifest_named(paths: Paths, name: str) -> Manifest:
    """
    Return the manifest of the state *name*: ``site``, a channel or a snapshot.

    :raises SubsetError: there is none of that name, or it cannot be read.
    """
    if name == SITE:
        return door.read_manifest(paths.site)
    channel = channel_of(paths.requirements, name)
    if channel is None:
        store = Store(paths.packages)
        return store.manifest_of(store.read(name))
    data = channel.manifest()
    if not data:
        msg = f"the channel {name} has no site"
        raise SubsetError(msg, next_step=f"promote a snapshot: `pypi-subset promote --from SNAPSHOT --to {name}`")
    return door.decode(data, path=Path(channel.to, MANIFEST), next_step="publish there again")


def _requests(manifest: Manifest) -> set[str]:
    return {f"{one.name}: {line.requirement}" for one in manifest.sets for line in one.requests}


def _targets(manifest: Manifest) -> set[str]:
    return {f"{one.name}: {one.tag}, Python {one.python}" for one in manifest.targets}


def _lines(before: Iterable[str], after: Iterable[str]) -> Lines:
    old, new = {*before}, {*after}
    return Lines(added=tuple(sorted(new - old)), removed=tuple(sorted(old - new)))


def _other_files(before: Manifest, after: Manifest) -> Lines:
    old, new = ({(one.path, one.sha256) for one in each.other_files or ()} for each in (before, after))
    return Lines(
        added=tuple(path for path, _ in sorted(new - old)), removed=tuple(path for path, _ in sorted(old - new))
    )


def _amount(files: Iterable[File]) -> Amount:
    sizes = [one.size for one in files]
    return Amount(files=len(sizes), bytes=sum(sizes))


def _projects(old: Manifest, new: Manifest) -> list[ProjectChange]:
    """Return each project whose versions differ on a target, equal changes of several targets as one."""
    before, after = _versions(old), _versions(new)
    found: defaultdict[tuple[str, str, str], list[str]] = defaultdict(list)
    for target, project in sorted(before.keys() | after.keys()):
        then, now = before.get((target, project), ""), after.get((target, project), "")
        if then != now:
            found[project, then, now].append(target)
    return [
        ProjectChange(project=project, before=then, after=now, targets=tuple(targets))
        for (project, then, now), targets in sorted(found.items())
    ]


def _versions(manifest: Manifest) -> Mapping[tuple[str, str], str]:
    """Return target and project → its versions there, joined by " and "."""
    found: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    for one in manifest.files:
        for need in one.needed_by:
            found[need.target, one.project].add(one.version)
    return {place: " and ".join(sorted(versions, key=Version)) for place, versions in found.items()}
