"""Everything that the review says of a bundle, as values: page and text show the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pypi_subset.bundle.document import MOMENT
from pypi_subset.bundle.review.changes import TargetChanges, changes_of, gone_targets
from pypi_subset.bundle.review.others import OtherRow, other_rows
from pypi_subset.proof.report.verdict import signers, verdict_of, weakness

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pypi_subset.bundle.document import Bundle
    from pypi_subset.bundle.ledger import Base
    from pypi_subset.model.manifest import Manifest
    from pypi_subset.model.report import Report
    from pypi_subset.model.requests import Subset
    from pypi_subset.publishing.publication import Release

#: Characters of a group of a hash.
_GROUP = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """
    What the review says.

    :param bundle: the document, without its volumes.
    :param digest: the hash of the new manifest, in groups.
    :param base: that of the base, ``""`` for a full bundle.
    :param before: that of the site that the lists compare with, ``""`` for the first bundle.
    :param others: the other files that came, changed or went.
    :param rules: the rules of the policy that the user set, each as one line; ``None`` if no policy is known.
    :param accepted: what is left out or not as it should be, and why the user accepts it.
    :param proof: pairs of a heading and a text; none if nothing proves the site.
    :param doubt: why nothing proves the site, ``""`` if something does.
    :param site: bytes of all files of the site.
    :param carried: bytes of what the bundle carries, unpacked.
    """

    bundle: Bundle
    digest: str
    base: str
    before: str
    targets: tuple[TargetChanges, ...]
    gone: tuple[str, ...]
    requests: tuple[str, ...]
    rules: tuple[str, ...] | None
    accepted: tuple[str, ...]
    proof: tuple[tuple[str, str], ...]
    doubt: str
    site: int
    carried: int
    files: int
    others: tuple[OtherRow, ...] = ()


def facts_of(bundle: Bundle, before: Base | None, release: Release, carried: int) -> Facts:
    """
    Return what the review of *bundle* says.

    :param bundle: the document, without its volumes.
    :param before: the site that the lists compare with, ``None`` for the first bundle.
    :param carried: bytes of what the bundle carries, unpacked.
    """
    manifest = release.manifest
    moment = datetime.strptime(bundle.created, MOMENT).replace(tzinfo=UTC)
    old = before.manifest if before else None
    return Facts(
        bundle=bundle,
        digest=grouped(bundle.manifest),
        base=grouped(bundle.base) if bundle.base else "",
        before=grouped(before.sha256) if before else "",
        targets=changes_of(manifest, old, release.site, release.waived, moment),
        gone=gone_targets(manifest, old),
        requests=tuple(f"{one.name}: {line.requirement}" for one in manifest.sets for line in one.requests),
        rules=tuple(_rules(release.subset)) if release.subset else None,
        accepted=tuple(dict.fromkeys([*_gaps(manifest), *(_findings(release.report) if release.report else ())])),
        proof=tuple(_proof(release.report)) if release.report else (),
        doubt=release.doubt.what if release.doubt else "",
        site=sum(release.sizes.values()),
        carried=carried,
        files=len(release.sizes),
        others=other_rows(manifest, old),
    )


def grouped(digest: str) -> str:
    """Return a hash in groups that can be read aloud."""
    return " ".join(digest[start : start + _GROUP] for start in range(0, len(digest), _GROUP))


def _rules(subset: Subset) -> Iterator[str]:
    """Yield a line for each rule that the user set."""
    if subset.rules.as_of:
        yield f"as_of: {subset.rules.as_of}"
    for key, value in sorted(subset.rules.stated.items()):
        yield f"{key}: {_said(value)}"
    if subset.rules.gone:
        yield f"gone: {subset.rules.gone}"
    if subset.advisories is not None:
        let_in = subset.advisories.max_severity or "none"
        yield f"advisories: at most {let_in}; of unknown severity: {subset.advisories.unknown_severity}"


def _said(value: object) -> str:
    """Return the value of a rule as a reader expects it."""
    if isinstance(value, list):
        return ", ".join(" ".join(filter(None, one)) if isinstance(one, list) else str(one) for one in value)
    return str(value)


def _gaps(manifest: Manifest) -> Iterator[str]:
    """Yield a line for each request that is left out on a target."""
    for one in manifest.sets:
        for gap in one.gaps or ():
            yield f"gap: {gap.requirement} on {gap.target}: {gap.why}; accepted until {gap.until}: {gap.reason}"


def _findings(report: Report) -> Iterator[str]:
    """Yield a line for each amber or accepted finding of the proof, but gaps."""
    for check in report.checks:
        for one in check.findings:
            if one.rule != "gap":
                yield f"{one.rule}: {check.set_name} on {check.target}: {one}"


def _proof(report: Report) -> Iterator[tuple[str, str]]:
    """Yield what is to be known of the proof."""
    totals = report.totals
    verdict = verdict_of(report)
    yield "Result", f"{verdict.words}. {verdict.meaning}"
    counts = {name: getattr(totals, name) for name in ("passed", "amber", "failed", "skipped", "differs", "accepted")}
    yield "Checks", ", ".join(f"{count} {name}" for name, count in counts.items() if count)
    yield "Isolation", report.isolation
    if weak := weakness(report):
        yield "Weakness", weak
    yield "Proven at", report.created or "not known"
    yield "Tool", f"pypi-subset {report.tool}" if report.tool else "not known"
    if own := signers(report):
        yield "Signed parts", "; ".join(own)
