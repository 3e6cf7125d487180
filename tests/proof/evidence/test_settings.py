"""What a report was made with: tool, requirements and settings, each named where it differs."""

from __future__ import annotations

import shutil
from dataclasses import replace
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import structs

from pypi_subset.model.policy import Acceptance
from pypi_subset.proof.evidence import settings as own_settings
from pypi_subset.proof.evidence.settings import difference, settings, subset_digest
from pypi_subset.requirements.subset import read_subset
from tests.support.sites.cases import HERE, WINDOWS
from tests.support.sites.published import GREEN, made
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.sites.trees import edit

if TYPE_CHECKING:
    from pypi_subset.model.requests import Subset
    from tests.support.wheels import Wheel


@pytest.fixture
def subset(tmp_path: Path) -> SubsetOnDisk:
    """Return a subset of one line for this machine and for Windows."""
    pins: dict[str, list[Wheel]] = {"here": [], "windows": []}
    return SubsetOnDisk(tmp_path / "subset", targets=[HERE, WINDOWS], lines=["aa"], pins=pins).write()


def changed(subset: Subset, name: str) -> Subset:
    """Return *subset* with another of what is named."""
    (base,) = subset.sets
    if name == "policy":
        return replace(subset, policy=(("bad_files", "skip"),))
    if name == "strict_imports":
        return replace(subset, strict_imports=True)
    if name == "accepted":
        one = Acceptance(rule="import", project="aa", reason="known", until="9999-12-31")
        return replace(subset, accepted=(one,))
    if name == "target":
        return replace(subset, targets=(subset.targets[0], replace(WINDOWS, markers=WINDOWS.markers[1:])))
    if name == "host":
        return replace(subset, targets=(replace(HERE, tags=HERE.tags[1:]), subset.targets[1]))
    changes: dict[str, Any] = {"targets": ("windows",), "requests": (), "constraints": base.requests, "name": "other"}
    return replace(subset, sets=(replace(base, **{name: changes[name]}),))


def test_the_digest_of_a_subset(subset: SubsetOnDisk) -> None:
    """All that decides what is proven counts; the place of the directory and the host's own facts do not."""
    own = subset_digest(subset.plan)
    assert subset_digest(read_subset(subset.paths.requirements)) == own
    names = ("policy", "accepted", "strict_imports", "target", "targets", "requests", "constraints", "name")
    others = [changed(subset.plan, name) for name in names]
    assert len({own, *map(subset_digest, others)}) == 9
    assert subset_digest(changed(subset.plan, "host")) == own


def test_what_differs_is_named(tmp_path: Path) -> None:
    """The tool's version, the requirements, and each setting."""
    report = made(tmp_path, [GREEN], subset_sha256="a" * 64)
    assert difference(report, "a" * 64) == difference(report, None) == ""
    assert difference(structs.replace(report, tool="0.0.9"), None).startswith("pypi-subset 0.0.9, and this is ")
    assert difference(report, "b" * 64) == "other requirements than those here (subset digest)"
    other = structs.replace(settings(), routes=("simple",), code="c" * 64)
    words = "other settings of the proof than here (routes, code)"
    assert difference(structs.replace(report, settings=other), None) == words


def test_the_code_of_the_proof_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another byte in the proof is another setting; line ends are not, nor is what is no part of the proof."""
    before = settings().code
    package, there = tmp_path / "pypi_subset", resources.files
    shutil.copytree(str(there("pypi_subset")), package)
    monkeypatch.setattr(
        own_settings, "resources", lambda name: package if name == "pypi_subset" else Path(str(there(name)))
    )

    def code() -> str:
        settings.cache_clear()
        found = settings().code
        settings.cache_clear()
        return found

    assert code() == before
    path = package / "proof" / "closure.py"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    edit(package / "cli" / "display.py")
    assert code() == before
    edit(path)
    assert code() != before
