"""A target that is not here: pip unpacks, and the closure is walked under recorded marker values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.targets import tag as targets
from tests.support.sites.cases import CLICK, COLORAMA, LINUX, WINDOWS, cases, outcome

if TYPE_CHECKING:
    from pathlib import Path
import pickle
from typing import TYPE_CHECKING

from pypi_subset.proof.methods.by_unpacking import flags_of
from pypi_subset.targets import platforms
from tests.support.sites.cases import prove_first

pytestmark = pytest.mark.usefixtures("forked_pip")


@pytest.mark.slow
def test_foreign_target(tmp_path: Path) -> None:
    """A whole closure is green for a target that cannot run here; a case is small, and can be sent away."""
    (joint, _) = cases(tmp_path, WINDOWS, ["click"], [CLICK, COLORAMA])
    data = pickle.dumps(joint)
    check = prove_first(pickle.loads(data))  # noqa: S301 - our own bytes
    assert outcome(check) == ("passed", "")
    assert (check.target, check.set_name, check.request, check.proof) == ("windows", "base", "", "unpacked")
    assert check.seconds > 0
    assert len(data) < 100_000
    assert list((tmp_path / "work").glob("case-*")) == []


@pytest.mark.slow
def test_dependency_that_markers_bring_is_missing(tmp_path: Path) -> None:
    """What Windows alone needs is missed on Windows: project, target and who requires it, in one sentence."""
    check = prove_first(cases(tmp_path, WINDOWS, ["click"], [CLICK])[0])
    sentence = (
        "colorama (needed by click 8.1.7 on windows: colorama; platform_system == 'Windows') is not in the subset"
    )
    assert outcome(check) == ("failed", sentence)


@pytest.mark.slow
def test_a_wrong_line_in_targets_is_red(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one marker value wrong in `targets`, pip is content with a subset that lacks something; the walk is not."""
    monkeypatch.setitem(platforms.SYSTEMS, "windows", ("nt", "win32", "Linux"))
    wrong = targets.parse("windows", "cp312-win_amd64")
    check = prove_first(cases(tmp_path, wrong, ["click"], [CLICK])[0])
    sentence = (
        "colorama (needed by click 8.1.7 on windows: colorama; platform_system == 'Windows') is not in the subset"
    )
    assert outcome(check) == ("failed", sentence)


@pytest.mark.slow
def test_what_a_wrong_line_brings_too_much_is_red(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other way round: pip installed what real machines of the kind never ask for."""
    monkeypatch.setitem(platforms.SYSTEMS, "linux", ("posix", "linux", "Windows"))
    wrong = targets.parse("linux", "cp310-manylinux2014_x86_64")
    check = prove_first(cases(tmp_path, wrong, ["click"], [CLICK, COLORAMA])[0])
    assert outcome(check) == ("failed", "colorama 0.4.6 was installed on linux, but nothing there asks for it")


def test_undefined_marker(tmp_path: Path) -> None:
    """A request whose marker depends on an open value is red, and not left out in silence."""
    check = prove_first(cases(tmp_path, LINUX, ["click; platform_release >= '5'"], [CLICK])[0])
    assert check.status == "failed"
    assert "depends on platform_release, which the target leaves open; state" in check.reason


def test_unrecorded_machine(tmp_path: Path) -> None:
    """A kind of machine that nobody recorded is red with that reason."""
    phone = targets.parse("phone", "cp313-android_24_x86")
    check = prove_first(cases(tmp_path, phone, ["click"], [CLICK])[0])
    reason = "no real machine of the kind android_24_x86 was ever recorded, so nothing can be proven for phone"
    assert outcome(check) == ("failed", f"{reason}; record one in verify/environments.json")


def test_flags_mean_the_targets_own_tags() -> None:
    """The flags are made from the target's own fields, all four kinds, with no line of `targets`."""
    flags = flags_of(targets.parse("nogil", "cp313-cp313t-manylinux_2_17_x86_64", "3.13.4"))
    assert flags[:4] == ("--platform", "linux_x86_64", "--platform", "manylinux_2_17_x86_64")
    assert flags[-6:] == ("--python-version", "3.13.4", "--implementation", "cp", "--abi", "cp313t")
