"""A verdict: why a release is refused, and what can be taken instead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pypi_subset.model.intake.advisories import is_malware

if TYPE_CHECKING:
    from packaging.utils import NormalizedName
    from packaging.version import Version

#: The rule that refuses a release because of an advisory.
ADVISORY = "advisory"
#: Begins the part of a sentence that names the moment of admission.
ADMITTED = "; admitted from "


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """
    A release that a rule refuses.

    :param rule: the name of the rule, such as `ADVISORY`.
    :param sentence: the reason, one line without links; all of it can be shown.
    :param ids: of the advisories that are the reason, the main one first.
    :param fixed: versions that can be taken instead, in rising order.
    :param since: the moment or day from which on the rule refuses it, RFC 3339; ``""`` if the rule has none.
    :param until: the moment from which on the rule admits it; ``""`` if no such moment is known.
    """

    rule: str
    project: NormalizedName
    version: Version
    sentence: str
    ids: tuple[str, ...] = ()
    fixed: tuple[Version, ...] = ()
    since: str = ""
    until: str = ""

    @property
    def is_final(self) -> bool:
        """Whether no acceptance lets the release in: it is malicious."""
        return self.rule == ADVISORY and is_malware(self.ids)

    @property
    def lasting(self) -> str:
        """The sentence without the moment of admission: a lock holds it, and ``as_of`` repeats its bytes."""
        return self.sentence.partition(ADMITTED)[0]

    def document(self) -> dict[str, object]:
        """Return it as JSON's values."""
        release = {"rule": self.rule, "project": self.project, "version": str(self.version)}
        return {**release, "ids": [*self.ids], "sentence": self.sentence, "fixed": [*map(str, self.fixed)]}


@dataclass(frozen=True, kw_only=True, slots=True)
class PassedOver:
    """
    A release that fits, newer than the one of a lock, which a rule refuses.

    :param rule: as in `Verdict`, and so *sentence*, *ids*, *since* and *until*.
    :param instead: the version that the lock has.
    """

    set: str
    target: str
    project: str
    version: str
    rule: str
    sentence: str
    instead: str
    ids: tuple[str, ...] = ()
    since: str = ""
    until: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Denied:
    """
    Projects whose pages an index does not show; they count as absent there.

    :param index: its URL.
    :param status: its answer, 403 or 410.
    :param projects: sorted.
    """

    index: str
    status: int
    projects: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Unusable:
    """
    Files of an index that are not taken; a fault counts only if a target would take them.

    :param index: its URL.
    :param fault: ``damaged entry``; ``two contents``, if another index has other bytes of that name; or ``left out``, if
        these are taken because of ``first_source_wins``.
    :param files: the number of these files that were seen.
    :param first: the names of the first three, sorted; a place on a page for an entry without a name.
    """

    index: str
    fault: str
    files: int
    first: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Waived:
    """
    A locked release that a rule refuses and the user accepts.

    :param rule: as in `Verdict`, and so *sentence*.
    :param reason: why the user accepts it, as the entry says.
    :param until: the last day of the acceptance, ``YYYY-MM-DD``.
    :param entry: file and line of the acceptance.
    """

    set: str
    target: str
    project: str
    version: str
    rule: str
    sentence: str
    reason: str
    until: str
    entry: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Untimed:
    """
    What an index has without upload times, where a rule needs one.

    :param index: its URL, without the last slash.
    :param files: the number of its files that are left out.
    :param projects: whose files these are, sorted.
    """

    index: str
    files: int
    projects: tuple[str, ...]
