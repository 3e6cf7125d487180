"""The lock files, requirements files and constraints files that a site publishes."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from pypi_subset.locks.lockfile import dump_with
from pypi_subset.model.intake.variants import variants_locked
from pypi_subset.model.paths import file_path, lock_paths, view_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from pypi_subset.model.distributions import Distribution
    from pypi_subset.model.locks import Lock, Pin
    from pypi_subset.model.targets import Target


def published(locks: Iterable[Lock], targets: Mapping[str, Target]) -> dict[str, bytes]:
    """
    Return path below the site → bytes of what the site has of each lock, sorted by path.

    Each is there with relative paths to the site's own files, as requirements with hashes, and as constraints. The last
    two use ``===`` for a project of which the site has several local parts: ``==1.0`` takes ``1.0+cpu`` too (PEP 440).
    """
    found: dict[str, bytes] = {}
    locks = tuple(locks)
    exact, variants = _several(locks), variants_locked(locks)
    for lock in locks:
        target = targets[lock.target_name]
        head = f"# {lock.set_name} on {lock.target_name}: {target.tag}, Python {target.version}"
        apart = sorted({pin.distribution.project for pin in lock.pins} & variants.keys())
        where = [f"# {', '.join(apart)}: in the index {view_of(lock.target_name)}/ alone"] if apart else []
        pins = [(_line(pin, exact), f" --hash=sha256:{pin.distribution.sha256}") for pin in lock.pins]
        own, constraints, requirements = lock_paths(lock.name)
        found |= {
            own: dump_with(lock, target, _beside),
            constraints: _text(head, *where, *(line for line, _ in pins)),
            requirements: _text(head, *where, *(line + digest for line, digest in pins)),
        }
    return dict(sorted(found.items()))


def _beside(one: Distribution) -> tuple[str | None, str | None]:
    """No URL, but the way from the site's locks to its files."""
    return None, f"../{file_path(one.project, one.filename)}"


def _several(locks: Iterable[Lock]) -> frozenset[str]:
    """Return the projects of which *locks* have several local parts."""
    found: defaultdict[str, set[str | None]] = defaultdict(set)
    for lock in locks:
        for pin in lock.pins:
            found[pin.distribution.project].add(pin.distribution.version.local)
    return frozenset(project for project, parts in found.items() if len(parts) > 1)


def _line(pin: Pin, exact: Collection[str]) -> str:
    one, marker = pin.distribution, f" ; {pin.marker}" if pin.marker else ""
    return f"{one.project}{'===' if one.project in exact else '=='}{one.version}{marker}"


def _text(*lines: str) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()
