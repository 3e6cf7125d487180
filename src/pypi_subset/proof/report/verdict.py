"""What a report comes to, in a few words: the same ones on its page and on its badge."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pypi_subset.model import policy
from pypi_subset.model.checks import GOOD

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pypi_subset.model.checks import Check
    from pypi_subset.model.policy import Acceptance
    from pypi_subset.model.report import Part, Report

#: Kinds of proof that import what they install.
_IMPORTING = ("installed", "emulated")


#: ``amber``: nothing is red, and something is amber. ``part``: nothing is red, but the run was restricted to some targets or a
#: shard. ``none``: nothing was proven.
State = Literal["green", "amber", "red", "part", "stale", "none"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """One word for programs and style sheets, a few for people, and a sentence that says what follows."""

    state: State
    words: str
    meaning: str


NOTHING = Verdict(
    state="none",
    words="nothing proven yet",
    meaning="No run has proven yet that this site installs. pypi-subset verify does, and writes its report in this place.",
)


#: A site in which nothing is asked for anywhere has all of its files: that is no proof that anything installs.
EMPTY = Verdict(
    state="none",
    words="nothing was proven",
    meaning="The files are there, but nothing was installed: no target asks for any request. See the markers of the requests.",
)


#: The user accepted that no request of the report is served: nothing is missing, and nothing is proven.
ALL_ACCEPTED = Verdict(
    state="none",
    words="nothing to prove: every request is an accepted gap",
    meaning="The user accepted each request as a gap. The files are there, but nothing was installed.",
)


def verdict_of(report: Report) -> Verdict:
    """Return what *report* comes to; only a whole report of these bytes without red and amber is green."""
    counted = Counter(check.status for check in report.checks)
    # A second opinion that differs is no proof and no fault; what is not asked for on a target is neither.
    proven = f"{counted['passed']} of {counted['passed'] + counted['amber'] + counted['failed']}"
    proven += f", {counted['amber']} amber" * bool(counted["amber"])
    proven += f", {counted['accepted']} accepted" * bool(counted["accepted"])
    if report.stale:
        meaning = (
            "The site was rebuilt to other bytes since: this tells of what lay here before. Run pypi-subset verify."
        )
        return Verdict(state="stale", words="stale", meaning=meaning)
    if counted["failed"]:
        meaning = "What is red does not install there from these files. The reasons stand below."
        return Verdict(state="red", words=f"not proven: {counted['failed']} red", meaning=meaning)
    if not counted["passed"] + counted["amber"]:
        return NOTHING
    if part := part_of(report):
        meaning = f"Nothing is red, but only a part was tried: {part}."
        return Verdict(state="part", words=f"proven in part: {proven}", meaning=meaning)
    return _whole(report, proven, amber=counted["amber"], accepted=counted["accepted"])


def _whole(report: Report, proven: str, *, amber: int, accepted: int) -> Verdict:
    """Return what a report of everything without red comes to."""
    if not any(check.status in GOOD for check in cases_in(report)):
        return ALL_ACCEPTED if accepted else EMPTY
    meaning = "Every set and every request installs on every target, from the files of this site alone."
    if accepted:
        meaning += f" Left out as accepted gaps: {accepted}."
    if amber:
        meaning += " What is amber does not import there, or not all of it."
    return Verdict(state="amber" if amber else "green", words=f"proven: {proven}", meaning=meaning)


def is_red(report: Report) -> bool:
    """Whether a run with this report fails: something is red, or nothing was installed, and that is not accepted."""
    verdict = verdict_of(report)
    return bool(report.totals.failed) or (verdict.state == "none" and verdict != ALL_ACCEPTED)


def part_of(report: Report) -> str:
    """Return what a run was restricted to, ``""`` if it was about everything: ``shard 2/8 of the targets linux, mac``."""
    return _part(report)


def _of(part: Part) -> str:
    return f"({_part(part)}) " if _part(part) else ""


def _part(report: Report | Part) -> str:
    targets = ", ".join(report.targets)
    words = [f"shard {report.shard}" * bool(report.shard), f"the targets {targets}" * bool(targets)]
    return " of ".join(filter(None, words))


def weakness(report: Report) -> str:
    """Return why the HMAC of *report* says little, ``""`` if it does not: the packages ran with the rights of its author."""
    # Of a joined report it names what each part had.
    if not any(one.startswith("none") for one in report.isolation.split("; ")):
        return ""
    return "isolation: none. A package that ran here could have changed files, the report and its key included"


def signers(report: Report) -> list[str]:
    """Return a sentence for each part of *report* that another machine signed, sorted."""
    return sorted(f"a part {_of(part)}is signed by {part.signer}" for part in report.parts if part.signer)


def unasked(report: Report) -> list[str]:
    """
    Return a sentence for each request that was skipped on every target of its set, sorted: its marker may be a typo.

    None where only a part was tried: another part may ask for it.
    """
    if part_of(report):
        return []
    checks = cases_in(report)
    tried = {(check.set_name, check.request) for check in checks if check.status != "skipped"}
    skipped = {(check.set_name, check.request) for check in checks if check.request} - tried
    return [f"set {set_name}, {request}: no target of the set asks for it" for set_name, request in sorted(skipped)]


def cases_in(report: Report) -> tuple[Check, ...]:
    """Return the results of cases: all but those of the inventory, which installs nothing."""
    return tuple(check for check in report.checks if check.proof != "inventory")


def unneeded(accepted: Iterable[Acceptance], checks: Sequence[Check]) -> list[str]:
    """Return a sentence for each of *accepted* that no finding of *checks* needs, where imports were tried."""
    found = [(one.rule, one.project, check.target) for check in checks for one in check.findings]
    tried = {check.target for check in checks if check.proof in _IMPORTING and check.status in GOOD}
    return policy.unneeded(accepted, found, tried, {check.target for check in checks if check.status == "failed"})
