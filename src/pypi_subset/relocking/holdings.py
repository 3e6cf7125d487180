"""What a site has for a lock: files by name, wheels by the sdist that they were built from, and targets."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pypi_subset.distributions.filenames import parse
from pypi_subset.errors import HashMismatch, SubsetError, TargetError
from pypi_subset.model.door import read_manifest
from pypi_subset.model.manifest import manifest_path
from pypi_subset.model.paths import MANIFEST
from pypi_subset.publishing import published
from pypi_subset.requirements.of_site import target_of
from pypi_subset.requirements.toml import nearest
from pypi_subset.upstream.http import Fetcher
from pypi_subset.upstream.pip_config import read_network, without_credentials

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from packaging.specifiers import SpecifierSet
    from packaging.tags import Tag

    from pypi_subset.model.manifest import File, Manifest
    from pypi_subset.model.targets import Target
    from pypi_subset.relocking.address import Address

#: Releases of the site that a message names.
_SHOWN = 5


@dataclass(frozen=True, kw_only=True)
class Holdings:
    """
    The files and targets of a site.

    :param origin: the path or the URL of the manifest.
    """

    manifest: Manifest
    origin: str
    _named: dict[str, File] = field(default_factory=dict)
    _built: dict[str, list[File]] = field(default_factory=lambda: defaultdict(list))
    _projects: dict[str, list[File]] = field(default_factory=lambda: defaultdict(list))

    def __post_init__(self) -> None:
        """Arrange the files by what they are looked up by."""
        for one in self.manifest.files:
            self._named[one.filename] = one
            self._projects[one.project].append(one)
            if one.built_from:
                self._built[one.built_from.filename].append(one)

    def held(self, filename: str, sha256: str) -> tuple[File, ...]:
        """
        Return what the site has of a file of a lock: the file, the wheels that were built from it, or nothing.

        :param sha256: that of the lock, ``""`` if the lock states none.
        :raises HashMismatch: the site has other bytes under that name, or wheels that were built from other bytes.
        """
        found: list[File] = []
        stated = []
        if (same := self._named.get(filename)) is not None:
            found.append(same)
            stated.append(same.sha256)
        for one in self._built.get(filename, ()):
            found.append(one)
            stated.append(one.built_from.sha256 if one.built_from else "")
        if sha256 and (other := next((one for one in stated if one != sha256), "")):
            msg = f"{filename} has the SHA-256 {sha256} in the lock, and {other} in the site"
            raise HashMismatch(msg)
        return tuple(found)

    def targets(self, names: Sequence[str]) -> tuple[Target, ...]:
        """
        Return the targets of the site that *names* lists, or all.

        :raises TargetError: the site has no target of one of the names.
        :raises SubsetError: this version cannot read a target of the manifest.
        """
        stated = {one.name: one for one in self.manifest.targets}
        if unknown := next((one for one in names if one not in stated), ""):
            msg = f"the site has no target {unknown!r}"
            raise TargetError(msg, target=unknown, next_step=nearest(unknown, sorted(stated), "it has"))
        return tuple(target_of(one, self._path) for name, one in stated.items() if not names or name in names)

    def serves(self, project: str, versions: SpecifierSet, target: str) -> bool:
        """Return whether the closure of *target* has a release of *project* among *versions*."""
        return any(
            versions.contains(one.version, prereleases=True) and _is_needed_on(one, target)
            for one in self._projects.get(project, ())
        )

    def instead(self, project: str) -> str:
        """Return what the site has of *project*, in words."""
        versions = list(dict.fromkeys(one.version for one in self._projects.get(project, ())))
        if not versions:
            return "the site does not have the project"
        shown = ", ".join(versions[:_SHOWN]) + ", …" * (len(versions) > _SHOWN)
        return f"the site has {shown}"

    @property
    def _path(self) -> Path:
        from pathlib import Path  # noqa: PLC0415 - only a message needs it

        return Path(self.origin)


def fits(found: Iterable[File], target: str, tags: frozenset[Tag]) -> bool:
    """Return whether a file of *found* installs on *target*: a wheel by its *tags*, an sdist if its closure has it."""
    for one in found:
        wheel = parse(one.filename)[2]
        if _is_needed_on(one, target) if wheel is None else not tags.isdisjoint(wheel):
            return True
    return False


def _is_needed_on(one: File, target: str) -> bool:
    return any(need.target == target for need in one.needed_by)


def read_holdings(address: Address, site: Path) -> Holdings:
    """
    Return what the site at *address* has: by its directory, by *site* if that has a manifest, or by its server.

    :param site: the directory that is or will be served at *address*.
    :raises SubsetError: none of these has a manifest that can be read.
    """
    own = next((one for one in (address.folder, site) if one and manifest_path(one).is_file()), None)
    if own is not None:
        return Holdings(manifest=read_manifest(own), origin=str(manifest_path(own)))
    if address.folder is not None:
        msg = f"there is no site, and {site} is none either"
        step = "name the directory of the site with `--url`, or with `--site` if it moves to `--url` later"
        raise SubsetError(msg, path=address.folder, next_step=step)
    fetcher = Fetcher(read_network())
    try:
        data = published.manifest_at(fetcher, address.base)
    finally:
        fetcher.close()
    origin = f"{without_credentials(address.base)}{MANIFEST}"
    return Holdings(manifest=published.decoded(address.base, data), origin=origin)
