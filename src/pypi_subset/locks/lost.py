"""Files of the user that locks have, and their directories do not have any more."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from pypi_subset.distributions import filenames
from pypi_subset.errors import LockError
from pypi_subset.locks import lockfile
from pypi_subset.locks.gone.look import Look, not_there
from pypi_subset.model.intake.sources import OWN_WHEELS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pypi_subset.model.intake.sources import Sources
    from pypi_subset.model.locks import Lock


def lost_wheels(sources: Sources, folder: Path) -> tuple[tuple[str, str], ...]:
    """
    Return project and file name of each wheel or sdist that a lock has from ``requirements/wheels``, and no source serves now.

    A lock that leaves out a request for it, as an accepted gap, remembers the file. With ``only = false`` in ``[sources.wheels]`` there are none: the index is allowed.

    :param folder: the directory of the locks.
    """
    own = sources.named_as(OWN_WHEELS)
    if own is not None and not own.only:
        return ()
    found: dict[str, str] = {}
    for path in sorted(folder.glob("pylock.*.toml")):
        # What is wrong with a lock is reported where it is used.
        with contextlib.suppress(LockError, OSError):
            if not any(text in path.read_bytes() for text in (f'source = "{OWN_WHEELS}"'.encode(), b"\nlost = [")):
                continue
            lock = lockfile.read(path)
            pinned = (pin.distribution.offered.filename for pin in lock.pins if pin.distribution.source == OWN_WHEELS)
            named = {filenames.parse(name)[0]: name for name in (*lock.lost, *pinned)}
            found |= {
                str(project): name
                for project, name in named.items()
                if sources.source_of(project, lock.target_name) is None
            }
    return tuple(sorted(found.items()))


def look_locally(sources: Sources, locks: Iterable[Lock], folder: Path) -> Look:
    """
    Return which files of *locks* the directories of *sources* do not have any more, without the network.

    :param folder: ``requirements/wheels``, which is no source if it is empty.
    """
    places = {OWN_WHEELS: folder, **{one.name: one.wheels for one in sources.named if one.wheels is not None}}
    wanted = {
        one.filename: (one, places[one.source])
        for lock in locks
        for one in lock.distributions
        if one.offered.url is None and one.source in places
    }
    absent = (one for one, place in wanted.values() if not (place / one.offered.filename).is_file())
    return Look(asked=frozenset(wanted), missing=tuple(map(not_there, absent)))
