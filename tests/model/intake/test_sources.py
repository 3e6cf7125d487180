"""Which source serves a project: names before prefixes, longer prefixes before shorter ones, and targets."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from pypi_subset.model.intake.sources import BUILD, Source, Sources, overlapping, uncovered

NVIDIA = Source(name="nvidia", index="https://nvidia.example/simple", projects=("nvidia-*",))
CUDA = Source(name="cuda", index="https://cuda.example/simple", projects=("nvidia-cuda-*", "torch"), targets=("gpu",))
ALL = Source(name="all", wheels=Path("wheels"), projects=("*",))


def test_the_pattern_that_fits_best_wins() -> None:
    """A name outranks each prefix, and a longer prefix a shorter one, in any order of the tables."""
    named = Source(name="named", wheels=Path("x"), projects=("nvidia-cuda-nvrtc",))
    for sources in (Sources(named=(ALL, NVIDIA, CUDA, named)), Sources(named=(named, CUDA, NVIDIA, ALL))):
        chosen = {
            project: (sources.source_of(canonicalize_name(project), "gpu") or ALL).name
            for project in ("nvidia-cuda-nvrtc", "nvidia-cuda-runtime", "nvidia-ml", "torch", "numpy")
        }
        assert chosen == {
            "nvidia-cuda-nvrtc": "named",
            "nvidia-cuda-runtime": "cuda",
            "nvidia-ml": "nvidia",
            "torch": "cuda",
            "numpy": "all",
        }


def test_a_source_counts_on_its_targets() -> None:
    """On others pip's indexes serve."""
    sources = Sources(named=(CUDA,))
    assert sources.source_of(canonicalize_name("torch"), "gpu") is CUDA
    assert sources.source_of(canonicalize_name("torch"), "laptop") is None


def test_what_a_lock_depends_on() -> None:
    """What is stated on the target; a directory that no line names is not."""
    found = Source(name="wheels", wheels=Path("requirements/wheels"), projects=("acme",), found=("acme",))
    sources = Sources(named=(CUDA, found), private=("acme-*",))
    assert sources.stated_on("laptop") == {"private": ["acme-*"]}
    stated = sources.stated_on("gpu")
    assert stated["cuda"] == {"index": CUDA.index, "projects": [*CUDA.projects], "targets": ["gpu"]}
    assert Sources(named=(found,)).stated_on("gpu") == {}
    both = Source(name="wheels", wheels=Path("requirements/wheels"), projects=("app-*", "acme"), found=("acme",))
    assert Sources(named=(both,)).stated_on("gpu") == {"wheels": {"wheels": "wheels", "projects": ["app-*"]}}


def test_private_names_need_a_source() -> None:
    """A prefix is covered by the same or a shorter prefix, and not by names."""
    acme = Source(name="acme", wheels=Path("x"), projects=("acme-*", "other"))
    assert uncovered(["acme-*", "acme-core", "acme-core-*", "other"], [acme]) == []
    assert uncovered(["ac*", "other-*", "third"], [acme]) == ["ac*", "other-*", "third"]
    assert Sources(private=("acme-*",)).is_private(canonicalize_name("acme-core"))
    assert not Sources(private=("acme-*",)).is_private(canonicalize_name("acme"))


ACME, APP = canonicalize_name("acme-core"), canonicalize_name("app")
OPEN = Source(name="wheels", wheels=Path("wheels"), projects=("acme-*", "app"), only=False)


def test_the_source_of_a_private_project_is_its_only_one() -> None:
    """Its table may allow pip's indexes for the other projects."""
    sources = Sources(named=(OPEN,), private=("acme-*",))
    found = sources.source_of(ACME, "gpu")
    assert found is not None
    assert (found.name, found.only, found.is_open) == ("wheels", True, False)
    assert sources.source_of(APP, "gpu") is OPEN
    assert OPEN.is_open


@pytest.mark.parametrize("private", [(), ("acme-*",)])
@pytest.mark.parametrize("pattern", ["a*", "acme-*"])
def test_a_source_serves_beside_an_open_directory(private: tuple[str, ...], pattern: str) -> None:
    """What would serve a project without the directory serves it as well, and pip's indexes do not."""
    acme = Source(name="acme", index="https://acme.example/simple", projects=(pattern,))
    for named in ((OPEN, acme), (acme, OPEN)):
        sources = Sources(named=named, private=private)
        found = sources.source_of(ACME, "gpu")
        assert found is not None
        assert ([one.name for one in found.chain], found.is_open) == (["wheels", "acme"], False)
        assert sources.beside_own(ACME, "gpu") == acme


def test_several_directories_may_be_open() -> None:
    """pip's indexes serve a project if all its sources are open."""
    other = Source(name="other", wheels=Path("other"), projects=("a*",), only=False)
    found = Sources(named=(OPEN, other)).source_of(APP, "gpu")
    assert found is not None
    assert ([one.name for one in found.chain], found.is_open) == (["wheels", "other"], True)
    last = Source(name="last", index="https://last.example", projects=("*",))
    found = Sources(named=(last, OPEN, other)).source_of(APP, "gpu")
    assert found is not None
    assert ([one.name for one in found.chain], found.is_open) == (["wheels", "other", "last"], False)


def test_overlapping_patterns() -> None:
    """Equal patterns on a common target."""
    other = Source(name="other", wheels=Path("x"), projects=("torch",), targets=("laptop",))
    assert overlapping(CUDA, other) == []
    assert overlapping(CUDA, Source(name="third", wheels=Path("x"), projects=("torch",))) == ["torch"]
    # An open directory and another source serve a project together.
    assert overlapping(CUDA, Source(name="third", wheels=Path("x"), projects=("torch",), only=False)) == []


def test_builds_are_served_whatever_the_targets_are() -> None:
    """The best pattern counts, and the first of equal ones."""
    other = Source(name="other", index="https://other.example/simple", projects=("torch", "*"), targets=("laptop",))
    sources = Sources(named=(CUDA, other))
    assert sources.source_of(canonicalize_name("torch"), BUILD) is CUDA
    assert sources.source_of(canonicalize_name("numpy"), BUILD) is other
