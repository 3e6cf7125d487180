"""Facts about a file: what two sources know of it, joined; what an index says of its project."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs
from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.model.distributions import Artifact, Distribution, Project, Standing, digest, version_texts

BARE = Distribution(
    filename="app-1.0.tar.gz", project=canonicalize_name("app"), version=Version("1.0"), sha256="0" * 64
)
FULL = structs.replace(
    BARE,
    size=1,
    requires_python=">=3.9",
    url="https://index.example/app-1.0.tar.gz",
    upload_time="2024-01-02T03:04:05Z",
    yanked="",
    provenance="https://index.example/attested",
    metadata="1" * 64,
    standing=Standing(status="archived"),
)


def test_what_the_other_knows_is_joined() -> None:
    """A fact that is missing comes from the other; where both have one, the first counts; the URL is never taken."""
    assert BARE.joined(FULL) == structs.replace(FULL, url=None)
    assert FULL.joined(structs.replace(FULL, size=2, yanked="broken", requires_python=">=3.12")) == FULL
    assert BARE.joined(BARE) is BARE
    assert BARE.joined(structs.replace(BARE, yanked="")).yanked == ""


def test_an_artifact_lies_under_its_name() -> None:
    """The path is that of the file name in its directory; two that differ by identity alone are equal."""
    one = Artifact(distribution=BARE, folder=Path("packages"), identity="1 2 3")
    assert one.path == Path("packages/app-1.0.tar.gz")
    assert one == replace(one, identity="")


def test_a_project_has_the_status_that_any_file_kept() -> None:
    """The status comes from the first file whose lock has one; without any, there is none."""
    old, new = (Artifact(distribution=one, folder=Path()) for one in (BARE, FULL))
    assert Project(name=BARE.project, artifacts=(old, new)).standing == Standing(status="archived")
    assert Project(name=BARE.project, artifacts=(old,)).standing is None


def test_equal_versions_keep_their_own_text() -> None:
    """1.0 and 1.0.0 are equal, and each distribution has the text of its own version."""
    other = structs.replace(BARE, version=Version("1.0.0"))
    texts = version_texts([BARE, FULL, other])
    assert [texts[id(one.version)] for one in (BARE, FULL, other)] == ["1.0", "1.0", "1.0.0"]


def test_a_digest_has_its_digits_and_no_others() -> None:
    """Large letters become small ones; another length, sign, kind or alphabet is refused."""
    assert digest("AB" * 32) == "ab" * 32
    assert digest("0" * 128, "sha512") == "0" * 128
    for wrong in ("", "a" * 63, "a" * 65, "g" * 64, "a" * 63 + "\n", "\uff11" * 64, None, 5, b"a" * 64):
        with pytest.raises(ValueError, match="64 hexadecimal digits"):
            digest(wrong)
