"""Locked files that an index does not offer any more, and what is done about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from msgspec import field

from pypi_subset.model.documents import Document

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pypi_subset.model.distributions import Distribution

#: ``yanked``: it is offered with that mark. ``changed``: it is offered with other bytes, which no run accepts by itself.
#: ``local``: a directory of this machine does not have it. The others may mean that the file does harm: ``gone`` from a page
#: or with it, ``quarantined`` (PEP 792).
State: TypeAlias = Literal["yanked", "local", "gone", "quarantined", "changed"]
#: What is done: ``kept`` in locks, ``dropped`` by the next resolution, ``replaced`` by this one, or ``refused`` by update and
#: publish until the user decides.
Decision: TypeAlias = Literal["kept", "dropped", "replaced", "refused"]

#: Name and SHA-256 of a locked file.
Key: TypeAlias = tuple[str, str]

#: What the user can do about a locked file that is gone and of which ``packages/`` has no bytes.
FETCH_GONE = (
    "copy it into packages/ from a machine that has it; or run `pypi-subset plan`, which lists what is gone, write "
    'gone = "drop" below [policy], and run `pypi-subset mirror`, which resolves without it'
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Missing:
    """
    One locked file that an index does not offer as it was locked.

    :param project: normalized name.
    :param what: one sentence.
    :param since: the day of the look that found it first, ``YYYY-MM-DD`` in UTC.
    :param sha256: that of the locked file, ``""`` in older lists.
    """

    project: str
    version: str
    filename: str
    state: State
    what: str
    since: str
    sha256: str = ""

    @property
    def suspicious(self) -> bool:
        """Whether it may have been removed because it does harm."""
        return self.state in {"gone", "quarantined"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Gone(Missing):
    """
    The same with what is done about it.

    :param locks: names of the locks that have the file, sorted.
    """

    decision: Decision
    locks: tuple[str, ...]

    def __str__(self) -> str:
        """Return e.g. ``gone, refused: acme 1.0 (base--linux): the index does not list … (since 2026-11-29)``."""
        place = f"{self.project} {self.version} ({', '.join(self.locks)})"
        return f"{self.state}, {self.decision}: {place}: {self.what} (since {self.since})"


class Looked(Document, frozen=True, kw_only=True):
    """
    What the looks at the indexes found, in ``packages/.gone.json``.

    Several subsets may share that directory. An entry of *files* counts for each lock that has the file.

    :param files: sorted by project and name.
    :param answered: for each subset the locked files about which a look had an answer, name → SHA-256. The key is the path
        of its ``requirements/``, relative to ``packages/``.
    """

    name: ClassVar[str] = "the list of files that are gone"
    version: ClassVar[Literal["1.1"]] = "1.1"

    schema: Literal["1.1"] = "1.1"
    files: tuple[Missing, ...] = ()
    answered: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def keys(self) -> frozenset[Key]:
        """Name and SHA-256 of each file about which a look had an answer."""
        return frozenset(pair for own in self.answered.values() for pair in own.items())

    def of(self, files: Iterable[Distribution]) -> tuple[Missing, ...]:
        """Return those of its files that *files* have, by name and hash."""
        known = {key for one in files for key in keys_of(one)}
        return tuple(one for one in self.files if (one.filename, one.sha256) in known)


def keys_of(one: Distribution) -> tuple[Key, Key]:
    """Return name and SHA-256 of *one*, and the key that older lists have of it."""
    return (one.filename, one.sha256 or ""), (one.filename, "")
