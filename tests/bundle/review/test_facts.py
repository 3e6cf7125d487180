"""What the review says of the proof, of the policy and of what the user accepts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import pytest

from pypi_subset.bundle.document import Bundle
from pypi_subset.bundle.review.facts import facts_of, grouped
from pypi_subset.model.door import read_manifest
from pypi_subset.model.manifest import GapEntry
from pypi_subset.model.report import report_path
from pypi_subset.publishing.admission import asked_by
from pypi_subset.publishing.publication import release_of
from pypi_subset.targets import tag
from tests.support.sites.published import AMBER, complete, proven
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from pypi_subset.bundle.review.facts import Facts
    from pypi_subset.model.manifest import Manifest

LINUX = tag.parse("linux", "cp312-manylinux_2_28_x86_64")
DIGEST = "0123456789abcdef" * 4


@pytest.fixture
def subset(tmp_path: Path) -> SubsetOnDisk:
    """Return a subset with a proven site of one wheel."""
    made = SubsetOnDisk(tmp_path, targets=[LINUX], lines=["aa"], pins={"linux": [make_wheel("aa")]}).write()
    proven(made.paths.site)
    return made


def draft(manifest: str = DIGEST) -> Bundle:
    """Return a document without its volumes."""
    return Bundle(
        schema="1.0",
        kind="pypi-subset bundle",
        serial=4,
        created="2026-01-02T03:04:05Z",
        expires="2026-04-02T03:04:05Z",
        base=None,
        manifest=manifest,
        manifest_from=None,
        paths={"manifest.json": manifest},
        beside={},
        removed=(),
        blobs={},
        volumes=(),
        parity=None,
        helpers={},
    )


def facts(subset: SubsetOnDisk, manifest: Manifest | None = None, *, force: bool = False) -> Facts:
    """Return what the review of a full bundle says."""
    release = release_of(subset.paths.site, force=force)
    release = replace(release, manifest=manifest or release.manifest, subset=asked_by(subset.paths.requirements))
    return facts_of(draft(), None, release, 7)


def test_a_hash_that_can_be_read_aloud() -> None:
    """Sixteen groups of four."""
    assert grouped(DIGEST) == " ".join(["0123", "4567", "89ab", "cdef"] * 4)


def test_the_proof(subset: SubsetOnDisk) -> None:
    """Result, counts, isolation, time and tool."""
    found = dict(facts(subset).proof)
    assert found["Result"].startswith("proven: 9 of 9. Every set and every request installs")
    assert (found["Checks"], found["Isolation"]) == ("9 passed", "namespaces")
    assert found["Tool"].startswith("pypi-subset ")
    assert found["Proven at"].endswith("Z")
    assert "Weakness" not in found


def test_nothing_proves_it(subset: SubsetOnDisk) -> None:
    """A site that is forced has no proof, and the reason is said."""
    report_path(subset.paths.site).unlink()
    found = facts(subset, force=True)
    assert (found.proof, found.doubt) == ((), "nothing is proven yet")


def test_the_rules_of_the_user(subset: SubsetOnDisk) -> None:
    """Each rule that is set is one line; without requirements, no policy is known."""
    assert facts(subset).rules == ()
    toml = subset.paths.requirements / "subset.toml"
    policy = (
        'min_age = "7 days"\ndeny = ["evil", "six<1.10"]\nyanked = "refuse"\nallow_licenses = ["MIT"]\ngone = "keep"\n'
    )
    toml.write_text(f"{toml.read_text()}\n[policy]\n{policy}")
    found = facts(subset).rules
    assert found is not None
    assert {line.partition(":")[0] for line in found} == {"min_age", "deny", "yanked", "allow_licenses", "gone"}
    assert "deny: evil, six <1.10" in found
    (subset.paths.requirements).rename(subset.root / "elsewhere")
    assert facts(subset).rules is None


def test_what_the_user_accepts(subset: SubsetOnDisk) -> None:
    """Gaps of the manifest and findings of the proof, each with its reason."""
    site = subset.paths.site
    proven(site, *complete(site), AMBER)
    made = read_manifest(site)
    gap = GapEntry(requirement="bb", target="linux", project="bb", why="no wheel", reason="later", until="2027-01-01")
    sets = (msgspec.structs.replace(made.sets[0], gaps=(gap,)),)
    found = facts(subset, msgspec.structs.replace(made, sets=sets), force=True)
    assert "gap: bb on linux: no wheel; accepted until 2027-01-01: later" in found.accepted
    assert facts(subset, force=True).accepted[-1:] != found.accepted[:1]


def test_sizes_and_requests(subset: SubsetOnDisk) -> None:
    """The site's bytes and files, what is carried, and each request with its set."""
    release = release_of(subset.paths.site, force=False)
    found = facts(subset)
    assert (found.site, found.files) == (sum(release.sizes.values()), len(release.sizes))
    assert (found.carried, found.requests) == (7, ("base: aa",))
    assert (found.base, found.before, found.gone) == ("", "", ())
