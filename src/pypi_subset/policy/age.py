"""``min_age``: a file must have been on the index for some time, in which others could find what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pypi_subset.model.intake.rules import MIN_AGE
from pypi_subset.model.intake.verdicts import ADMITTED, Verdict

if TYPE_CHECKING:
    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.distributions import Distribution
    from pypi_subset.model.intake.rules import IntakeRules
    from pypi_subset.model.intake.sources import Sources

#: How moments are written; in this form, text sorts as time does.
MOMENT = "%Y-%m-%dT%H:%M:%SZ"
#: The option of pip.
PRIOR = "pip's uploaded-prior-to"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Cutoff:
    """
    A cut-off.

    :param at: the moment, ``""`` for none.
    :param by: the setting that has it.
    :param seconds: the age that it comes from, 0 for a moment that stays.
    :param untimed: whether files without an upload time are let in.
    """

    at: str = ""
    by: str = MIN_AGE
    seconds: int = 0
    untimed: bool = False


def text_of(moment: datetime) -> str:
    """Return *moment* in UTC in the form of `MOMENT`, years before 1000 as well."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def repeated(rules: IntakeRules) -> str:
    """Return the moment at which the cut-off ``as_of`` was that of ``min_age``, ``""`` without ``as_of``."""
    return text_of(datetime.fromisoformat(rules.as_of) + timedelta(seconds=rules.min_age)) if rules.as_of else ""


class MinAge:
    """
    The cut-offs: a file that was uploaded at one of them or later is refused; of two, the earlier one counts.

    A file of a directory has no upload time and needs none. A file of an index without one is refused, unless the user
    names the index in ``no_times``.

    :param now: in UTC.
    :param prior: pip's ``uploaded-prior-to`` in the form of `MOMENT`, ``""`` without it; it holds for sources as well.
    """

    def __init__(self, rules: IntakeRules, sources: Sources, now: datetime, prior: str = "") -> None:
        # Sources have other ages than the policy: their cut-offs follow from the moment.
        self._now = datetime.fromisoformat(moment) if (moment := repeated(rules)) else now
        self._no_times = rules.no_times
        self._indexes = {one.name: one.index for one in sources.named}
        fixed = bool(rules.as_of)
        first = _Cutoff(at=rules.as_of) if fixed else self._cutoff(rules.min_age)
        #: Name of the source, ``None`` for the others and for pip's indexes → the cut-off.
        self._cutoffs: dict[str | None, _Cutoff] = {None: _stricter(first, prior)}
        for one in sources.named:
            if one.min_age is not None:
                self._cutoffs[one.name] = _stricter(self._cutoff(one.min_age, fixed=fixed), prior)
        #: What a lock records, so that ``as_of`` repeats it: where sources alone have a cut-off, the moment of the lock.
        self.cutoff = self._cutoffs[None].at or (text_of(self._now) if self.counts else "")

    @property
    def counts(self) -> bool:
        """Whether any file can be refused."""
        return any(one.at for one in self._cutoffs.values())

    @property
    def stated(self) -> str:
        """The setting that has the cut-off of pip's indexes."""
        return self._cutoffs[None].by

    def verdicts(self, candidate: Candidate) -> tuple[Verdict, ...]:
        """Return why *candidate* is refused, none if it is old enough."""
        one = candidate.distribution
        cutoff = self._cutoffs.get(one.source, self._cutoffs[None])
        if not cutoff.at or candidate.path is not None:
            return ()
        uploaded = one.upload_time
        if uploaded is None:
            place = candidate.source or self._index_of(one)
            if cutoff.untimed or any(place == url or place.startswith(f"{url}/") for url in self._no_times):
                return ()
            place = place or "the lock"
            what = f"{place} states no upload time of it in the form of PEP 700 (UTC, with Z)"
            return _refused(candidate, f"{cutoff.by}: {what}, and {cutoff.by} needs one")
        # Fractions of a second do not matter: the cut-off has none.
        if uploaded[:19] < cutoff.at[:19]:
            return ()
        until = _until(uploaded, cutoff.seconds)
        admitted = f"{ADMITTED}{until.strftime('%Y-%m-%d %H:%M')} UTC" if until else ""
        what = f"{cutoff.by}: uploaded {uploaded[:10]}, the cut-off is {cutoff.at}{admitted}"
        return _refused(candidate, what, since=uploaded, until=until.strftime(MOMENT) if until else "")

    def _index_of(self, one: Distribution) -> str:
        """Return the index that a locked file without an upload time is from, ``""`` if that is not known."""
        if one.index or one.source is not None:
            return one.index or self._indexes.get(one.source or "", "")
        # An older lock does not name the index of pip's configuration; its files without a time came from one of these.
        return self._no_times[0] if self._no_times else ""

    def _cutoff(self, seconds: int, *, fixed: bool = False) -> _Cutoff:
        """Return the cut-off of an age; *fixed*, one that stays as days pass."""
        if not seconds and not fixed:
            return _Cutoff()
        try:
            at = text_of(self._now - timedelta(seconds=seconds))
        except OverflowError:
            # Before any moment that there is.
            at = text_of(datetime.min.replace(tzinfo=UTC))
        return _Cutoff(at=at, seconds=0 if fixed else seconds, untimed=not seconds)


def _stricter(own: _Cutoff, prior: str) -> _Cutoff:
    return _Cutoff(at=prior, by=PRIOR) if prior and not (own.at and own.at <= prior) else own


def _until(uploaded: str, seconds: int) -> datetime | None:
    """Return the moment in UTC from which a file of that upload time is admitted; ``None`` if there is none."""
    if not seconds:
        return None
    try:
        return (datetime.fromisoformat(uploaded) + timedelta(seconds=seconds)).astimezone(UTC)
    except OverflowError:
        # Later than any moment: an index may state that.
        return None


def _refused(candidate: Candidate, sentence: str, since: str = "", until: str = "") -> tuple[Verdict, ...]:
    one = candidate.distribution
    found = Verdict(rule=MIN_AGE, project=one.project, version=one.version, sentence=sentence, since=since, until=until)
    return (found,)
