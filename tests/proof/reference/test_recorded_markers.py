"""Marker values that real machines reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import ProofFailed
from pypi_subset.model.targets import KERNEL_MARKERS
from pypi_subset.proof.reference import recorded_markers
from pypi_subset.targets import host as targets_host
from pypi_subset.targets import tag as targets

if TYPE_CHECKING:
    from collections.abc import Mapping


@pytest.mark.parametrize("group", ["machines", "implementations"])
def test_recordings_of_one_kind_agree(group: str) -> None:
    """Every record names its source, and two machines of one kind reported the same."""
    values: dict[str, Mapping[str, str]] = {}
    for record in recorded_markers.recordings()[group]:
        assert record["source"]
        assert values.setdefault(record["kind"], record["values"]) == record["values"]


@pytest.mark.parametrize(
    "tag",
    [
        "cp312-win_amd64",
        "cp312-win_arm64",
        "cp312-win32",
        "cp310-macosx_12_0_arm64",
        "cp310-macosx_10_9_x86_64",
        "cp313-cp313t-manylinux_2_28_x86_64",
        "cp310-manylinux2014_aarch64",
        "cp311-musllinux_1_2_x86_64",
        "cp311-musllinux_1_2_aarch64",
        "cp311-manylinux_2_31_armv7l",
        "cp311-manylinux2014_i686",
        "cp311-manylinux2014_ppc64le",
        "cp312-manylinux_2_39_riscv64",
        "cp312-manylinux_2_38_loongarch64",
        "cp312-manylinux2014_s390x",
        "pp310-manylinux_2_28_x86_64",
    ],
)
def test_recordings_agree_with_targets(tag: str) -> None:
    """What real machines reported is what the tool derives from the tag; the two come from different places."""
    target = targets.parse("one", tag)
    assert recorded_markers.recorded(target) == target.environment


def test_a_pre_release_is_recorded_as_it_is_named() -> None:
    """The stage of a pre-release is in the two values that state the full version."""
    target = targets.parse("next", "cp315-manylinux_2_28_x86_64", "3.15.0rc1")
    recorded = recorded_markers.recorded(target)
    assert (recorded["python_full_version"], recorded["implementation_version"]) == ("3.15.0rc1", "3.15.0c1")
    assert recorded == target.environment


def test_host_is_recorded_as_it_is() -> None:
    """For the host, the kernel's values are those that the target brings along."""
    host = targets_host.describe_host("here")
    assert recorded_markers.recorded(host) == host.environment
    assert recorded_markers.recorded(host).keys() >= set(KERNEL_MARKERS)


def test_unrecorded_machine_is_no_guess() -> None:
    """A kind of machine that nobody recorded is an error that says so."""
    with pytest.raises(ProofFailed, match="no real machine of the kind android_24_x86 was ever recorded"):
        recorded_markers.recorded(targets.parse("phone", "cp313-android_24_x86"))


pytestmark = pytest.mark.usefixtures("forked_pip")


@pytest.mark.parametrize(
    ("platform", "kind"),
    [
        ("manylinux_2_28_x86_64", "linux_x86_64"),
        ("manylinux2014_aarch64", "linux_aarch64"),
        ("musllinux_1_2_x86_64", "linux_x86_64"),
        ("linux_armv7l", "linux_armv7l"),
        ("macosx_11_0_arm64", "macos_arm64"),
        ("macosx_10_9_universal2", "macos_universal2"),
        ("win_amd64", "win_amd64"),
        ("any", "any"),
    ],
)
def test_kinds_of_machines(platform: str, kind: str) -> None:
    """A kind leaves C library and system version aside."""
    assert recorded_markers.machine_kind(platform) == kind


def test_the_version_is_the_users() -> None:
    """Values of the version follow from the target's full version."""
    found = recorded_markers.recorded(targets.parse("one", "cp310-win_amd64", "3.10.7"))
    names = ("python_version", "python_full_version", "implementation_version")
    assert [found[name] for name in names] == ["3.10", "3.10.7", "3.10.7"]


def test_pypys_own_version_is_open() -> None:
    """PyPy has a version of its own, which nothing records."""
    found = recorded_markers.recorded(targets.parse("one", "pp310-manylinux_2_28_x86_64"))
    assert "implementation_version" not in found
    assert found["platform_python_implementation"] == "PyPy"
