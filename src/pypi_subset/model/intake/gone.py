"""Locked files that an index does not offer any more, and what is done about them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, TypeAlias

from pypi_subset.model.documents import Document

#: ``yanked``: it is offered with that mark. ``changed``: it is offered with other bytes, which no run accepts by itself.
#: ``local``: a directory of this machine does not have it. The others may mean that the file does harm: ``gone`` from a page
#: or with it, ``quarantined`` (PEP 792).
State: TypeAlias = Literal["yanked", "local", "gone", "quarantined", "changed"]
#: What is done: ``kept`` in locks, ``dropped`` by the next resolution, ``replaced`` by this one, or ``refused`` by update and
#: publish until the user decides.
Decision: TypeAlias = Literal["kept", "dropped", "replaced", "refused"]

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
    """

    project: str
    version: str
    filename: str
    state: State
    what: str
    since: str

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
    What the last look at the indexes found, in ``packages/.gone.json``.

    :param files: sorted by project and name.
    """

    name: ClassVar[str] = "the list of files that are gone"
    version: ClassVar[Literal["1.0"]] = "1.0"

    schema: Literal["1.0"] = "1.0"
    files: tuple[Missing, ...] = ()
