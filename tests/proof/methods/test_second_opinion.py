"""The second opinion: uv, asked of a target's own index for exactly that machine; never red."""

from __future__ import annotations

import sysconfig
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from packaging.utils import canonicalize_name

from pypi_subset.proof.access.routes import opened
from pypi_subset.proof.methods import pip_install, second_opinion
from pypi_subset.proof.methods.prove import prove
from pypi_subset.targets import tag as targets
from tests.support.sites.cases import CLICK, COLORAMA, LINUX, WINDOWS, cases
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pypi_subset.model.checks import Check
    from pypi_subset.model.targets import Target
    from pypi_subset.proof.cases.case import Case
    from tests.support.wheels import Wheel

pytestmark = pytest.mark.usefixtures("forked_pip")

#: The last number of a target's Python, which uv must be told.
EXACT = targets.parse("exact", "cp312-win_amd64", "3.12.4")
MAC = targets.parse("mac", "cp312-macosx_12_0_arm64")


def asked(tmp_path: Path, target: Target, lines: Sequence[str], wheels: Sequence[Wheel]) -> Check:
    """Return the second opinion on a set."""
    return prove(cases(tmp_path, target, lines, wheels)[0])[-1]


def after(case: Case, versions: dict[str, str], folder: Path) -> pip_install.Result:
    """Return what uv says where pip is said to have found *versions*."""
    found = [
        pip_install.Installed(project=canonicalize_name(name), version=version, path="", sha256="")
        for name, version in versions.items()
    ]
    folder.mkdir()
    with opened(case.site, case.target.name) as ways:
        return second_opinion.second_opinion(case, ways[-1], tuple(found), folder)


@pytest.mark.slow
def test_the_same(tmp_path: Path) -> None:
    """uv chose what pip chose; the result names the program, the way in and the versions."""
    check = asked(tmp_path, WINDOWS, ["click"], [CLICK, COLORAMA])
    assert (check.proof, check.status, check.reason, check.way) == ("second opinion", "passed", "", "target")
    assert check.versions == ("click==8.1.7", "colorama==0.4.6")
    assert check.interpreter.startswith("uv ")


def test_another_valid_choice_differs(tmp_path: Path) -> None:
    """Another version, one more and one less are told in one line; it is not red."""
    (joint, _) = cases(tmp_path, WINDOWS, ["click"], [CLICK, COLORAMA])
    said = after(joint, {"click": "8.0", "other": "1.0"}, tmp_path / "uv")
    assert (said.status, said.reason) == ("differs", "uv takes click 8.1.7 for 8.0, colorama 0.4.6 besides, no other")


def test_no_solution_differs_with_the_reason(tmp_path: Path) -> None:
    """Where pip installed something and uv finds nothing, its reason is shown; what was installed was looked at."""
    (joint, _) = cases(tmp_path, WINDOWS, ["click"], [CLICK])
    said = after(joint, {"click": "8.1.7"}, tmp_path / "uv")
    assert said.status == "differs"
    assert said.reason.startswith("uv finds no solution: ")
    assert "there are no versions of colorama" in said.reason


def test_the_interpreter_is_asked_once(tmp_path: Path) -> None:
    """What uv knows of the interpreter is there for the next case of a run; without isolation each case asks again."""
    case = replace(cases(tmp_path, WINDOWS, ["click"], [CLICK, COLORAMA])[0], isolated=True)
    case.work.mkdir(exist_ok=True)

    def asked(case: Case, name: str) -> dict[str, int]:
        assert after(case, {"click": "8.1.7", "colorama": "0.4.6"}, tmp_path / name).status == "passed"
        found = (tmp_path / name / "uv-cache").glob("interpreter-*/**/*.msgpack")
        return {path.name: path.stat().st_mtime_ns for path in found}

    first = asked(case, "first")
    assert len(first) == 1
    assert asked(case, "second") == first
    assert asked(replace(case, work=tmp_path), "elsewhere") != first
    open_case = replace(case, isolated=False)
    assert asked(open_case, "open") != first


@pytest.mark.slow
def test_no_comparison_with_nothing(tmp_path: Path) -> None:
    """Where pip failed, that is the finding."""
    check = asked(tmp_path, WINDOWS, ["click"], [CLICK])
    assert (check.status, check.reason) == ("skipped", "pip found nothing that uv could be compared with")


@pytest.mark.slow
def test_the_full_version_of_python(tmp_path: Path) -> None:
    """uv is asked with the patch level, and where a target stands for several, with each of them."""
    wheels = [make_wheel("aa", requires=["bb; python_full_version >= '3.12.4'"]), make_wheel("bb")]
    assert asked(tmp_path / "exact", EXACT, ["aa"], wheels).versions == ("aa==1.0", "bb==1.0")
    assert asked(tmp_path / "all", WINDOWS, ["aa"], wheels).status == "passed"


@pytest.mark.slow
def test_the_version_of_macos(tmp_path: Path) -> None:
    """A wheel for macOS 13, which uv would take by itself, is none for a target with macOS 12."""
    newer, older = (
        make_wheel("aa", version, tag=f"cp312-cp312-macosx_{system}_0_arm64")
        for version, system in (("2.0", 13), ("1.0", 12))
    )
    check = asked(tmp_path, MAC, ["aa"], [newer, older])
    assert (check.status, check.versions) == ("passed", ("aa==1.0",))


@pytest.mark.parametrize(
    ("tag", "name", "variables"),
    [
        ("cp310-manylinux2014_x86_64", "x86_64-manylinux_2_17", {}),
        ("cp312-manylinux_2_39_aarch64", "aarch64-manylinux_2_39", {}),
        ("cp312-musllinux_1_2_x86_64", "x86_64-unknown-linux-musl", {}),
        ("cp310-macosx_10_9_x86_64", "x86_64-apple-darwin", {"MACOSX_DEPLOYMENT_TARGET": "10.9"}),
        ("cp310-macosx_14_0_arm64", "aarch64-apple-darwin", {"MACOSX_DEPLOYMENT_TARGET": "14.0"}),
        ("cp310-win_arm64", "aarch64-pc-windows-msvc", {}),
        ("cp310-win32", "i686-pc-windows-msvc", {}),
    ],
)
def test_the_same_machine_in_words_of_uv(tag: str, name: str, variables: dict[str, str]) -> None:
    """A target's machine is named exactly, or not at all."""
    assert second_opinion.platform_of(targets.parse("one", tag)) == (name, variables)


@pytest.mark.parametrize(
    ("tag", "reason"),
    [
        ("cp313-cp313t-manylinux_2_28_x86_64", "uv knows no option for another Python than CPython's plain build"),
        ("pp310-manylinux_2_28_x86_64", "uv knows no option for another Python than CPython's plain build"),
        ("cp310-manylinux_2_24_x86_64", "uv has no name for the machine of one"),
        ("cp310-musllinux_1_1_x86_64", "uv has no name for the machine of one"),
        ("cp310-manylinux2014_i686", "uv has no name for the machine of one"),
    ],
)
def test_whom_uv_cannot_judge(tmp_path: Path, tag: str, reason: str) -> None:
    """A machine that uv cannot be told of is skipped, with the reason and the target's tag."""
    target = targets.parse("one", tag)
    (joint, _) = cases(tmp_path, target, ["aa"], [make_wheel("aa")])
    said = after(joint, {"aa": "1.0"}, tmp_path / "uv")
    assert (said.status, said.reason.partition(", and")[0].partition(" (")[0]) == ("skipped", reason)
    assert target.tag in said.reason


@pytest.fixture
def without_uv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let no uv be found."""
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path))
    monkeypatch.setenv("PATH", "")
    second_opinion.uv.cache_clear()
    yield
    second_opinion.uv.cache_clear()


@pytest.mark.slow
@pytest.mark.usefixtures("without_uv")
def test_without_uv(tmp_path: Path) -> None:
    """A machine without uv proves all the same, and says that there was no second opinion."""
    *others, check = prove(cases(tmp_path, LINUX, ["aa"], [make_wheel("aa")])[0])
    assert {one.status for one in others} == {"passed"}
    assert (check.status, check.reason, check.interpreter) == ("skipped", "uv is not installed here", "")
