"""Whether the files of locks find room: in the packages directory, and in the site where hard links do not reach."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.model.paths import file_path
from pypi_subset.support.machine.room import Need, existing, free, require_room
from pypi_subset.upstream.transport.unfinished import PART

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pypi_subset.model.distributions import Distribution
    from pypi_subset.model.paths import Paths

#: Files are fetched ahead of the last lock if they take at most this share of the free room: what further locks need is
#: not known by then.
SHARE = 0.1
#: What link(2) says where a file can have no second name.
_NO_LINKS = frozenset({errno.EXDEV, errno.EPERM, errno.ENOTSUP, errno.EMLINK, errno.ENOSYS})


@dataclass(frozen=True, kw_only=True, slots=True)
class Room:
    """
    The room that a mirror has.

    :param paths: the directories that it writes to.
    """

    paths: Paths

    def is_ample(self, fetched: int) -> bool:
        """Return whether *fetched* bytes need only a small part of the free room at their place."""
        least = min(free(self.paths.packages), free(self.paths.site.parent))
        return fetched <= SHARE * least

    def require(self, absent: Iterable[Distribution], begun: Mapping[str, int], every: Sequence[Distribution]) -> None:
        """
        Return if there is room for files, and for the site that has them.

        :param absent: files that are not here.
        :param begun: of those that are being fetched, the bytes that are still to come, by name.
        :param every: all files of the site.
        :raises DiskError: there is not; the line has the numbers.
        """
        kept = self._kept()
        fetched = {
            one.filename: begun.get(one.filename, max((one.size or 0) - kept.get(one.filename, 0), 0)) for one in absent
        }
        copied = {one.filename: one.size or 0 for one in every if not self._is_published(one)}
        back = {one.filename: one.size or 0 for one in every if self._is_published(one) and not self._is_here(one)}
        site = Path(os.path.realpath(self.paths.site)).parent
        here, there = sum(fetched.values()), sum(copied.values())
        enough = here + sum(back.values()) <= free(self.paths.packages) and here + there <= free(site)
        if enough or self._links(site):
            # Either there is room for copies too, or there are none.
            back, copied, there = {}, {}, 0
        count = len(fetched.keys() | copied.keys() | back.keys())
        what = f"mirror, for {count} file{'s' * (count != 1)},"
        require_room([Need(self.paths.packages, here + sum(back.values())), Need(self.paths.site, there)], what)

    def _kept(self) -> dict[str, int]:
        """Return the bytes of each file that a stopped run fetched, whole or in part, by the file's name."""
        found = {}
        for path in self.paths.packages.glob(".work.*.stage/store/*/*"):
            with contextlib.suppress(OSError):
                found[path.name.removesuffix(PART).removeprefix(".")] = path.stat().st_size
        return found

    def _is_here(self, one: Distribution) -> bool:
        return (self.paths.packages / one.filename).exists()

    def _is_published(self, one: Distribution) -> bool:
        with contextlib.suppress(OSError):
            return (self.paths.site / file_path(one.project, one.filename)).stat().st_size == one.size
        return False

    def _links(self, site: Path) -> bool:
        """Return whether files of the packages directory can have a second name in *site*: a mount may be between them."""
        place = existing(site)
        try:
            with (
                tempfile.NamedTemporaryFile(dir=self.paths.packages, prefix=".link.", suffix=".part") as one,
                tempfile.TemporaryDirectory(dir=place, prefix=".link.", suffix=".stage") as folder,
            ):
                os.link(one.name, Path(folder, "link"))
        except OSError as error:
            # What else is wrong there shows when the site is written.
            return error.errno not in _NO_LINKS
        return True
