"""``min_age``: a file must have been on the index for some time, in which others could find what is wrong with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pypi_subset.model.intake.rules import MIN_AGE
from pypi_subset.model.intake.verdicts import Verdict

if TYPE_CHECKING:
    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.distributions import Distribution
    from pypi_subset.model.intake.rules import IntakeRules
    from pypi_subset.model.intake.sources import Sources

#: How moments are written; in this form, text sorts as time does.
MOMENT = "%Y-%m-%dT%H:%M:%SZ"


class MinAge:
    """
    The cut-offs: a file that was uploaded at one of them or later is refused.

    A file of a directory has no upload time and needs none. A file of an index without one is refused, unless the user
    names the index in ``no_times``.

    :param now: in UTC.
    :param prior: pip's ``uploaded-prior-to`` in the form of `MOMENT`, ``""`` without it; the earlier cut-off counts.
    """

    def __init__(self, rules: IntakeRules, sources: Sources, now: datetime, prior: str = "") -> None:
        # The moment at which the cut-off that is repeated was that of the policy: sources have others.
        self._now = datetime.fromisoformat(rules.as_of) + timedelta(seconds=rules.min_age) if rules.as_of else now
        self._no_times = rules.no_times
        own = {one.name: one.min_age for one in sources.named if one.min_age is not None}
        #: Name of the source, ``None`` for pip's indexes → the moment before which a file must be uploaded; ``""``: none.
        self._cutoffs: dict[str | None, str] = {
            name: self._before(seconds) if seconds else "" for name, seconds in own.items()
        }
        fixed = bool(rules.as_of or prior)
        #: Name of the source → seconds that its files must have, 0 where no age decides.
        self._ages: dict[str | None, int] = {None: 0 if fixed else rules.min_age}
        self._ages |= {name: 0 if rules.as_of else seconds for name, seconds in own.items()}
        stated = rules.as_of or (self._before(rules.min_age) if rules.min_age else "")
        self.cutoff = min(filter(None, (stated, prior)), default="")

    @property
    def counts(self) -> bool:
        """Whether any file can be refused."""
        return bool(self.cutoff) or any(self._cutoffs.values())

    def verdicts(self, candidate: Candidate) -> tuple[Verdict, ...]:
        """Return why *candidate* is refused, none if it is old enough."""
        one = candidate.distribution
        cutoff = self._cutoffs.get(one.source, self.cutoff)
        if not cutoff or candidate.path is not None:
            return ()
        uploaded = one.upload_time
        if uploaded is None:
            if any(candidate.source == url or candidate.source.startswith(f"{url}/") for url in self._no_times):
                return ()
            return self._refused(candidate, f"{candidate.source} states no upload time of it, and min_age needs one")
        # Fractions of a second do not matter: the cut-off has none.
        if uploaded[:19] < cutoff[:19]:
            return ()
        until = self._from(uploaded, one)
        admitted = f"; admitted from {until.strftime('%Y-%m-%d %H:%M')} UTC" if until else ""
        what = f"uploaded {uploaded[:10]}, the cut-off is {cutoff}{admitted}"
        return self._refused(candidate, what, since=uploaded, until=until.strftime(MOMENT) if until else "")

    def _from(self, uploaded: str, one: Distribution) -> datetime | None:
        """Return the moment in UTC from which a file of that upload time is admitted; ``None`` if there is none."""
        seconds = self._ages.get(one.source, self._ages[None])
        if not seconds:
            return None
        try:
            return (datetime.fromisoformat(uploaded) + timedelta(seconds=seconds)).astimezone(UTC)
        except OverflowError:
            # Later than any moment: an index may state that.
            return None

    def _refused(self, candidate: Candidate, what: str, since: str = "", until: str = "") -> tuple[Verdict, ...]:
        one, sentence = candidate.distribution, f"min_age: {what}"
        found = Verdict(
            rule=MIN_AGE, project=one.project, version=one.version, sentence=sentence, since=since, until=until
        )
        return (found,)

    def _before(self, seconds: int) -> str:
        return (self._now - timedelta(seconds=seconds)).astimezone(UTC).strftime(MOMENT)
