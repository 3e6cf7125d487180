"""Names of systems: what each stands for, how people spell them, and what is wrong with one that stands for nothing."""

from __future__ import annotations

import pytest

from pypi_subset.errors import TargetError
from pypi_subset.targets.named_systems import expanded, is_named, systems, tag_of
from pypi_subset.targets.tag import parse


@pytest.mark.parametrize(
    ("on", "python", "tag", "full"),
    [
        ("rhel8", "3.12", "cp312-manylinux_2_28_x86_64", None),
        ("RHEL 8", "3.12.4", "cp312-manylinux_2_28_x86_64", "3.12.4"),
        ("rocky-9", None, "cp39-manylinux_2_34_x86_64", None),
        ("centos-stream-9", None, "cp39-manylinux_2_34_x86_64", None),
        ("sles-15.6-s390x", None, "cp36-manylinux_2_38_s390x", None),
        ("centos7", "3.8", "cp38-manylinux_2_17_x86_64", None),
        ("debian-12", None, "cp311-manylinux_2_36_x86_64", None),
        ("debian-12-i386", None, "cp311-manylinux_2_36_i686", None),
        ("ubuntu-22.04-aarch64", None, "cp310-manylinux_2_35_aarch64", None),
        ("ubuntu-22.04-arm64", None, "cp310-manylinux_2_35_aarch64", None),
        ("ubuntu-24.04-amd64", None, "cp312-manylinux_2_39_x86_64", None),
        ("amazonlinux-2023", None, "cp39-manylinux_2_34_x86_64", None),
        ("amazon-linux-2023", None, "cp39-manylinux_2_34_x86_64", None),
        ("ol8", None, "cp36-manylinux_2_28_x86_64", None),
        ("bookworm", None, "cp311-manylinux_2_36_x86_64", None),
        ("trixie-riscv64", None, "cp313-manylinux_2_41_riscv64", None),
        ("ubuntu-jammy", None, "cp310-manylinux_2_35_x86_64", None),
        ("noble-arm64", None, "cp312-manylinux_2_39_aarch64", None),
        ("macos-sonoma", "3.12", "cp312-macosx_14_0_arm64", None),
        ("raspberry-pi-os-12", None, "cp311-manylinux_2_36_aarch64", None),
        ("raspberry-pi-os-12-armv7l", None, "cp311-manylinux_2_36_armv7l", None),
        ("alpine-3.20", None, "cp312-musllinux_1_2_x86_64", None),
        ("macos-14", "3.12", "cp312-macosx_14_0_arm64", None),
        ("macos-13-intel", "3.12", "cp312-macosx_13_0_x86_64", None),
        ("windows-11", "3.13t", "cp313-cp313t-win_amd64", None),
        ("windows-11-arm64", "3.12", "cp312-win_arm64", None),
        ("windows-10-x86", "3.12", "cp312-win32", None),
        ("windows-server-2022", "pypy3.10", "pp310-win_amd64", None),
    ],
)
def test_a_name_stands_for_a_tag(on: str, python: str | None, tag: str, full: str | None) -> None:
    """The C library or system version, the architecture and the Python follow from the name and what is said beside it."""
    assert is_named(on)
    assert tag_of("lab", on, python) == (tag, full)
    assert parse("lab", tag, full).name == "lab"


@pytest.mark.parametrize(
    ("on", "python", "message"),
    [
        ("debain-12", None, "there is no system 'debain-12'; did you mean 'debian-12'"),
        ("ubuntu-23.04", None, "there is no system 'ubuntu-23.04'; did you mean 'ubuntu-2"),
        ("rhel-8.10", None, "there is no system 'rhel-8.10'; did you mean 'rhel-8'?"),
        ("rocky9.4", None, "there is no system 'rocky9.4'; did you mean 'rhel-9'?"),
        ("macos-14.5-arm64", "3.12", "there is no system 'macos-14.5-arm64'; did you mean 'macos-14-arm64'?"),
        ("debian", None, "there is no system 'debian'; did you mean 'debian-1"),
        ("macos-14", None, 'macos-14 brings no Python of its own, .* add python = "3.12", say'),
        (
            "macos-14-s390x",
            "3.12",
            "macos-14 does not run on 's390x'; did you mean 'macos-14-arm64' or 'macos-14-x86_64'",
        ),
        ("rhel8", "4", "'4' is no Python version such as '3.12'"),
        ("rhel8", "3.99", "Python '3.99' is unknown here; write one from 3.6 to 3.19"),
        ("rhel8", "3.5.2", "Python '3.5.2' is unknown here"),
        ("rhel8", "3.012", "'3.012' is no Python version"),
        ("debian-12-riscv64", None, "debian-12 does not run on 'riscv64'"),
        ("ubuntu-18.04-riscv64", None, "ubuntu-18.04 does not run on 'riscv64'"),
        ("alpine-3.19-riscv64", None, "alpine-3.19 does not run on 'riscv64'"),
        ("rhel8", "3.12.x", "'3.12.x' is no Python version"),
    ],
)
def test_what_is_wrong_with_a_name_is_said(on: str, python: str | None, message: str) -> None:
    """One line that says what would be good."""
    with pytest.raises(TargetError, match=message):
        tag_of("lab", on, python)


def test_every_system_is_a_target_on_every_architecture() -> None:
    """Whatever the data file says can be resolved for; no name means two systems, and none is a tag."""
    names = [spelling for one in systems() for spelling in one.spellings]
    assert len(names) == len(set(names))
    for one in systems():
        assert expanded(one)
        for arch in one.arches:
            target = parse(one.name, *tag_of(one.name, f"{one.name}-{arch}", one.python or "3.12"))
            assert arch in target.tag or (one.name.startswith("windows") and "win32" in target.tag)
            assert not target.exact


def test_a_newer_release_takes_what_an_older_one_took() -> None:
    """Within a family, the platforms of a release hold those of the one before."""
    before: dict[str, set[str]] = {}
    for one in systems():
        family = one.name.rpartition("-")[0]
        platforms = set(parse(one.name, *tag_of(one.name, one.name, "3.12")).platforms)
        assert before.get(family, set()) <= platforms, one.name
        before[family] = platforms
