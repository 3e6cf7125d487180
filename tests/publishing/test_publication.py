"""What is published of a site, and every reason for which nothing proves it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pypi_subset.errors import FolderError, NotProven, SubsetError
from pypi_subset.model.manifest import manifest_path, read_manifest
from pypi_subset.model.report import report_path
from pypi_subset.proof.report import report
from pypi_subset.publishing.publication import release_of
from pypi_subset.targets import tag
from tests.support.sites.published import CHECKS, GREEN, made, proven
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.sites.trees import tree
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pypi_subset.model.checks import Check

AA = make_wheel("aa")
WHEEL = f"simple/aa/{AA.filename}"
LINUX = tag.parse("linux", "cp312-manylinux_2_28_x86_64")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return a proven site."""
    subset = SubsetOnDisk(tmp_path, targets=[LINUX], lines=["aa"], pins={"linux": [AA]}).write()
    return proven(subset.paths.site)


def written(site: Path, *checks: Check, **more: Any) -> None:
    """Replace the report of *site*."""
    report.write_report(made(site, checks, **more), site)


def test_a_proven_site_is_published_as_it_is(site: Path) -> None:
    """All that the manifest names, the manifest, the report in all forms and the README; what is made anew is the same."""
    release = release_of(site, force=False)
    assert release.doubt is None
    beside = {"manifest.json", "proof/report.json", "proof/index.html", "proof/junit.xml", "proof/badge.svg"}
    assert release.made == {path: data for path, data in tree(site).items() if path in beside}
    assert release.sizes == {path: len(data) for path, data in tree(site).items()}
    assert set(release.files) == set(release.sizes) - beside
    assert release_of(site, force=True) == release


VERIFY = "run `make verify`, or publish it unproven with FORCE=yes"
MIRROR = "run `make mirror` and `make verify`, or publish it unproven with FORCE=yes"

#: What happens to a proven site → the file that is named, and the line about it.
DOUBTS: dict[str, tuple[Callable[[Path], object], str, str]] = {
    "no report": (lambda site: report_path(site).unlink(), "", f"nothing is proven yet; {VERIFY}"),
    "report is cut off": (
        lambda site: report_path(site).write_text('{"schema": "1.0",'),
        "proof/report.json",
        f"the report is damaged; {VERIFY}",
    ),
    "report of a later version": (
        lambda site: report_path(site).write_text('{"schema": "2.0"}'),
        "proof/report.json",
        "the report has schema 2.0, and this version reads 1.1; upgrade pypi-subset",
    ),
    "other manifest": (
        lambda site: manifest_path(site).write_bytes(manifest_path(site).read_bytes() + b" "),
        "proof/report.json",
        f"the report is about other bytes than these; {VERIFY}",
    ),
    "red": (lambda site: written(site, *CHECKS), "proof/report.json", f"1 of 3 checks are red; {VERIFY}"),
    "a part": (
        lambda site: written(site, GREEN, targets=["linux"], shard="2/8"),
        "proof/report.json",
        (
            "only a part was proven: shard 2/8 of the targets linux; run `make verify` for all of it, or join the reports of "
            "all parts by `make merge-reports`, or publish it unproven with FORCE=yes"
        ),
    ),
    "no result": (written, "proof/report.json", f"nothing was proven; {VERIFY}"),
    "inventory alone": (
        lambda site: written(site, CHECKS[2], replace(GREEN, status="skipped")),
        "proof/report.json",
        (
            "nothing was proven but that the files are there; ask for something that a target needs in requirements/, "
            f"{MIRROR}"
        ),
    ),
    "file gone": (
        lambda site: (site / WHEEL).unlink(),
        WHEEL,
        f"the manifest names this, and it is not there; {MIRROR}",
    ),
    "file changed": (
        lambda site: (site / WHEEL).write_bytes(AA.data[::-1]),
        WHEEL,
        f"this has other bytes than the manifest says; {MIRROR}",
    ),
    "stranger": (
        lambda site: (site / "simple" / "aa" / "x.whl").write_bytes(b""),
        "simple/aa/x.whl",
        f"the manifest does not name this; {MIRROR}",
    ),
}


@pytest.fixture(params=DOUBTS)
def doubtful(site: Path, request: pytest.FixtureRequest) -> tuple[Path, str]:
    """Return a site that nothing proves, and the line that says why."""
    change, path, words = DOUBTS[request.param]
    change(site)
    return site, f"{site / path if path else site}: {words}"


def test_a_doubt_is_one_line(doubtful: tuple[Path, str]) -> None:
    """It names the file, the reason and the next step."""
    site, line = doubtful
    with pytest.raises(NotProven) as caught:
        release_of(site, force=False)
    assert str(caught.value) == line


def test_by_force_the_manifest_says_unproven(doubtful: tuple[Path, str]) -> None:
    """The published manifest has the mark; the report beside it is stale or absent; a file that nobody named stays here."""
    site, line = doubtful
    before = tree(site)
    release = release_of(site, force=True)
    assert str(release.doubt) == line
    manifest = json.loads(release.made["manifest.json"])
    assert manifest.pop("unproven") is True
    assert manifest == json.loads(manifest_path(site).read_bytes()) | {"schema": "1.0", "bad_files": []}
    assert not any(path.startswith("proof/") for path in release.files)
    told = json.loads(release.made.get("proof/report.json", b'{"stale": true}'))
    assert told["stale"] is True
    assert set(release.files) <= {*read_manifest(site).hashes, "README.md"}
    assert tree(site) == before


def test_nothing_is_published_without_a_site(tmp_path: Path, site: Path) -> None:
    """No manifest, or a link in the site, is an error even by force."""
    with pytest.raises(SubsetError, match="the site has no manifest"):
        release_of(tmp_path / "nowhere", force=True)
    (site / "link").symlink_to(site / "README.md")
    with pytest.raises(FolderError, match="no plain file"):
        release_of(site, force=True)
    (site / "link").unlink()
