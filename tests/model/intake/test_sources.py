"""Which source serves a project: names before prefixes, longer prefixes before shorter ones, and targets."""

from __future__ import annotations

from pathlib import Path

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
    found = Source(name="wheels", wheels=Path("requirements/wheels"), projects=("acme",), found=True)
    sources = Sources(named=(CUDA, found), private=("acme-*",))
    assert sources.stated_on("laptop") == {"private": ["acme-*"]}
    stated = sources.stated_on("gpu")
    assert stated["cuda"] == {"index": CUDA.index, "projects": [*CUDA.projects], "targets": ["gpu"]}
    assert Sources(named=(found,)).stated_on("gpu") == {}


def test_private_names_need_a_source() -> None:
    """A prefix is covered by the same or a shorter prefix, and not by names."""
    acme = Source(name="acme", wheels=Path("x"), projects=("acme-*", "other"))
    assert uncovered(["acme-*", "acme-core", "acme-core-*", "other"], [acme]) == []
    assert uncovered(["ac*", "other-*", "third"], [acme]) == ["ac*", "other-*", "third"]
    assert Sources(private=("acme-*",)).is_private(canonicalize_name("acme-core"))
    assert not Sources(private=("acme-*",)).is_private(canonicalize_name("acme"))


def test_the_source_of_a_private_project_is_its_only_one() -> None:
    """Its table may allow pip's indexes for the other projects."""
    own = Source(name="wheels", wheels=Path("wheels"), projects=("acme-*", "app"), only=False)
    sources = Sources(named=(own,), private=("acme-*",))
    found = [
        sources.source_of(canonicalize_name("acme-core"), "gpu"),
        sources.named_as("wheels", canonicalize_name("acme-core")),
    ]
    assert [one and (one.name, one.only) for one in found] == [("wheels", True)] * 2
    assert sources.source_of(canonicalize_name("app"), "gpu") is own
    assert sources.named_as("wheels", canonicalize_name("app")) is own


def test_overlapping_patterns() -> None:
    """Equal patterns on a common target."""
    other = Source(name="other", wheels=Path("x"), projects=("torch",), targets=("laptop",))
    assert overlapping(CUDA, other) == []
    assert overlapping(CUDA, Source(name="third", wheels=Path("x"), projects=("torch",))) == ["torch"]


def test_builds_are_served_whatever_the_targets_are() -> None:
    """The best pattern counts, and the first of equal ones."""
    other = Source(name="other", index="https://other.example/simple", projects=("torch", "*"), targets=("laptop",))
    sources = Sources(named=(CUDA, other))
    assert sources.source_of(canonicalize_name("torch"), BUILD) is CUDA
    assert sources.source_of(canonicalize_name("numpy"), BUILD) is other
