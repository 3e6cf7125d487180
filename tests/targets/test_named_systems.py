"""Names of systems: what each stands for, how people spell them, and what is wrong with one that stands for nothing."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from packaging.version import Version

from pypi_subset.errors import TargetError
from pypi_subset.targets.named_systems import expanded, is_named, overdue, pip_of, systems, tag_of
from pypi_subset.targets.tag import parse
from tests.support.checkout import ROOT


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
        ("ubuntu-26.04", None, "cp314-manylinux_2_43_x86_64", None),
        ("resolute-arm64", None, "cp314-manylinux_2_43_aarch64", None),
        ("fedora-43", None, "cp314-manylinux_2_42_x86_64", None),
        ("fedora-44", "3.15.0rc1", "cp315-manylinux_2_43_x86_64", "3.15.0rc1"),
        ("debian-13", None, "cp313-manylinux_2_41_x86_64", None),
        ("debian-13-ppc64el", None, "cp313-manylinux_2_41_ppc64le", None),
        ("alpine-3.22", None, "cp312-musllinux_1_2_x86_64", None),
        ("alpine-3.23-loongarch64", None, "cp312-musllinux_1_2_loongarch64", None),
        ("alpine-3.24-loong64", None, "cp314-musllinux_1_2_loongarch64", None),
        ("openeuler-24.03-loongarch64", None, "cp311-manylinux_2_38_loongarch64", None),
        ("macos-26", "3.14", "cp314-macosx_26_0_arm64", None),
        ("tahoe-intel", "3.14", "cp314-macosx_26_0_x86_64", None),
        ("macos-27", "3.14t", "cp314-cp314t-macosx_27_0_arm64", None),
        ("golden-gate", "3.14", "cp314-macosx_27_0_arm64", None),
        ("rhel-10", None, "cp312-manylinux_2_39_x86_64", None),
        ("rocky-10", None, "cp312-manylinux_2_39_x86_64", None),
        ("rockylinux-10-riscv64", None, "cp312-manylinux_2_39_riscv64", None),
        ("almalinux-10", None, "cp312-manylinux_2_39_x86_64", None),
        ("centos-stream-10", None, "cp312-manylinux_2_39_x86_64", None),
        ("Oracle Linux 10", None, "cp312-manylinux_2_39_x86_64", None),
        ("amazonlinux-2", None, "cp37-manylinux_2_26_x86_64", None),
        ("windows-server-2025", "3.15.0b2", "cp315-win_amd64", "3.15.0b2"),
        ("windows-2025", "3.14", "cp314-win_amd64", None),
        ("windows-11-arm", "3.14", "cp314-win_arm64", None),
        ("debian-13", "3.15.0rc1t", "cp315-cp315t-manylinux_2_41_x86_64", "3.15.0rc1"),
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
        ("rhel8", "3.99", "Python '3.99' is not supported; write one from 3.6 to 3.19"),
        ("rhel8", "3.5.2", "Python '3.5.2' is not supported"),
        ("rhel8", "2.7", "Python '2.7' is not supported; write one from 3.6 to 3.19"),
        ("rhel8", "pypy2.7.18", "Python 'pypy2.7.18' is not supported"),
        (
            "linux",
            None,
            "there is no system 'linux'; did you mean 'debian-12' or .*macos-14'[?] `pypi-subset targets` lists",
        ),
        ("zzz", None, "did you mean 'debian-12' or 'rhel-9' .*[?] `pypi-subset targets` lists all"),
        ("rhel8", "3.012", "'3.012' is no Python version"),
        ("debian-12-riscv64", None, "debian-12 does not run on 'riscv64'"),
        ("ubuntu-18.04-riscv64", None, "ubuntu-18.04 does not run on 'riscv64'"),
        ("alpine-3.19-riscv64", None, "alpine-3.19 does not run on 'riscv64'"),
        ("rhel8", "3.12.x", "'3.12.x' is no Python version"),
        ("rhel8", "3.15rc1", "'3.15rc1' is no Python version such as '3.12'; did you mean '3.15.0rc1'"),
        ("rhel8", "3.15.0-rc.1", "did you mean '3.15.0rc1'"),
        ("rhel8", "3.15.0-alpha4", "did you mean '3.15.0a4'"),
        ("rhel8", "3.15-dev", "did you mean '3.12'"),
        ("ubuntu-26.10", None, "there is no system 'ubuntu-26.10'; did you mean 'ubuntu-26.04'"),
        ("ubunto-26.04", None, "there is no system 'ubunto-26.04'; did you mean 'ubuntu-26.04'"),
        ("fedora-46", None, "there is no system 'fedora-46'; did you mean 'fedora-4"),
        ("alpine-3.24.1", None, "there is no system 'alpine-3.24.1'; did you mean 'alpine-3.24'?"),
        ("macos-27-intel", "3.14", "macos-27 does not run on 'x86_64'; did you mean 'macos-27-arm64'?"),
        ("alpine-3.20-loongarch64", None, "alpine-3.20 does not run on 'loongarch64'"),
        ("fedora-45", None, 'fedora-45 brings no Python of its own, .* add python = "3.12", say'),
        ("windows-server-2012", "3.12", "there is no system 'windows-server-2012'; did you mean 'windows-server-20"),
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


def test_facts_are_reviewed_before_a_release() -> None:
    """A release is not older than a year beside the last review of any family: the changelog has its day, and no clock."""
    days = re.findall(r"^## .* - ([0-9]{4}-[0-9]{2}-[0-9]{2})$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    for day in days[:1]:
        assert overdue(dt.date.fromisoformat(day)) == ()


def test_a_review_is_overdue_after_a_year() -> None:
    """A family is named from the day on which its review is older than 365 days."""
    assert overdue(dt.date(2026, 11, 28)) == overdue(dt.date(2027, 11, 28)) == ()
    assert {"debian", "windows-server"} <= {*overdue(dt.date(2100, 1, 1))}


def test_a_pip_runs_on_the_python_of_its_system() -> None:
    """Each version is one of pip, for a release that brings a Python; later releases of a family have no older one."""
    before: dict[str, Version] = {}
    for one in (one for one in systems() if one.pip):
        family = one.name.rpartition("-")[0]
        assert one.python
        assert Version("9.0") <= before.get(family, Version("9.0")) <= Version(one.pip), one.name
        before[family] = Version(one.pip)
        assert pip_of(one.name, one.python) == pip_of(one.name) == one.pip
        assert (
            pip_of(one.name, f"pypy{one.python}") == pip_of(one.name, f"{one.python}t") == pip_of(one.name, "4") == ""
        )
    assert {"rhel", "debian", "ubuntu"} <= {*before}


def test_the_manual_lists_every_system() -> None:
    """The table in the manual has the names, platforms, Pythons and pips of the data file."""
    page = (ROOT / "docs" / "reference" / "targets.md").read_text(encoding="utf-8")
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in page.splitlines() if line.startswith("|")]
    for one in systems():
        assert [f"`{one.name}`", f"`{one.platform_of(one.arches[0])}`", one.python or "-", one.pip or "-"] in rows
