"""Pins and edges of the manifest: whether they name what the locks do, and hold together by themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from pypi_subset.errors import LockError
from pypi_subset.model.closures.closure import closures_in, reached
from pypi_subset.proof.cases import lock_reader

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pypi_subset.model.closures.closure import Closure
    from pypi_subset.model.manifest import Manifest
    from pypi_subset.model.paths import Paths
    from pypi_subset.model.requests import Subset


def faults(paths: Paths, subset: Subset, manifest: Manifest) -> Iterator[str]:
    """
    Yield a sentence for each pin that lock and manifest do not share, and each that no edge leads to or from.

    Which edges there are is judged with each set, by the METADATA of its files. A manifest before 1.5 has no closures.
    """
    found = closures_in(manifest)
    for job in subset.jobs if found else ():
        place = (job.requirement_set.name, job.target.name)
        if (closure := found.get(place)) is None:
            yield f"the manifest has no closure of {_words(place)}: run `pypi-subset mirror`"
            continue
        try:
            locked = lock_reader.read(lock_reader.lock_path(paths.locks, *place))
        except LockError:
            # Named where the files are compared.
            continue
        pins, named = {one.filename for one in locked if not one.build}, {one.filename for one in closure.pins}
        for name in sorted(pins ^ named):
            who, other = ("its lock", "the manifest") if name in pins else ("the manifest", "its lock")
            yield f"{name} is a pin of {_words(place)} in {who}, but not in {other}: run `pypi-subset mirror`"
        said = {canonicalize_name(name.partition("-")[0]) for name in pins ^ named}
        yield from (f"{one} of {_words(place)}: run `pypi-subset mirror`" for one in _apart(closure, said))


def _apart(closure: Closure, said: Collection[str]) -> Iterator[str]:
    """
    Yield what does not hold together: an edge without a pin at one end, and a pin that no edge leads to.

    :param said: projects whose pins were named already.
    """
    projects = {one.project for one in closure.pins}
    for step in sorted(closure.steps):
        if lost := sorted({step.by or step.to, step.to} - {*projects, *said}):
            yield f"the edge {step} leads over {lost[0]}, which is no pin"
    for project in sorted(projects - reached(closure.steps)):
        yield f"no edge leads to {project}, a pin"


def _words(place: tuple[str, str]) -> str:
    return " on ".join(place)
