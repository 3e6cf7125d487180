"""What is done with an installation: walking its closure, and importing what it brings."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.requirements import Requirement

from pypi_subset.errors import ProofFailed
from pypi_subset.model.requests import Request
from pypi_subset.proof import closure
from pypi_subset.proof.reference import recorded_markers
from pypi_subset.targets import tag as targets


def lay(folder: Path, name: str, version: str = "1.0", *, python: str = "", requires: tuple[str, ...] = ()) -> None:
    """Put a distribution into *folder*, as pip leaves it."""
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Python: {python}"] * bool(python) + [f"Requires-Dist: {line}" for line in requires]
    (info / "METADATA").write_text("\n".join([*lines, ""]))
    (info / "RECORD").write_text(f"{name}.py,,\n")


def walk(folder: Path, *lines: str, tag: str = "cp312-win_amd64") -> tuple[str, ...]:
    """Return what is wrong with *folder* when *lines* are requested on Windows."""
    requests = [Request(requirement=Requirement(line), path=Path("base.txt"), line=1) for line in lines]
    environment = recorded_markers.recorded(targets.parse("win", tag))
    return closure.gaps(closure.present_in([folder]), requests, environment, "win")


def test_whole_closure(tmp_path: Path) -> None:
    """Dependencies, those of an extra, a circle, a false marker and a prerelease: nothing is wrong."""
    lay(tmp_path, "Aa", requires=("bb[fast]>=1", "dd; sys_platform == 'linux'"))
    lay(tmp_path, "bb", requires=("aa", "cc>=1; extra == 'fast'", "ee; extra == 'slow'"))
    lay(tmp_path, "cc", "1.1rc1", python=">=3.8")
    assert walk(tmp_path, "aa") == ()


def test_missing_dependency(tmp_path: Path) -> None:
    """The sentence names the project, the target, and who requires it under which marker."""
    lay(tmp_path, "click", "8.1.7", requires=('colorama; platform_system == "Windows"',))
    sentence = "colorama (needed by click 8.1.7 on win: colorama; platform_system == 'Windows') is not in the subset"
    assert walk(tmp_path, "click") == (sentence,)
    assert walk(tmp_path, "click", tag="cp312-manylinux_2_28_x86_64") == ()


def test_extra_of_a_request(tmp_path: Path) -> None:
    """What an extra brings is needed when a request asks for the extra, and only then."""
    lay(tmp_path, "aa", requires=("bb; extra == 'fast'",))
    assert walk(tmp_path, "aa") == ()
    assert walk(tmp_path, "aa[fast]") == ("bb (needed by aa 1.0 on win: bb; extra == 'fast') is not in the subset",)


def test_an_open_marker_of_metadata(tmp_path: Path) -> None:
    """A marker that depends on an open value is an error, unless an extra that is requested decides it."""
    lay(tmp_path, "aa", requires=("bb; platform_release >= '10' or extra == 'fast'",))
    with pytest.raises(ProofFailed, match="depends on platform_release"):
        walk(tmp_path, "aa")
    assert walk(tmp_path, "aa[fast]") == (
        "bb (needed by aa 1.0 on win: bb; platform_release >= '10' or extra == 'fast') is not in the subset",
    )
    lay(tmp_path, "bb")
    assert walk(tmp_path, "aa[fast]") == ()


def test_what_the_interpreter_brings(tmp_path: Path) -> None:
    """It answers what it satisfies; where it does not, the sentence has its version; what lies there comes first."""
    lay(tmp_path, "aa", requires=("cffi>=1",))
    requests = [Request(requirement=Requirement(line), path=Path("base.txt"), line=1) for line in ("aa", "greenlet>=1")]
    environment = recorded_markers.recorded(targets.parse("pypy", "pp310-win_amd64"))
    brought = {"cffi": "1.18.0.dev0", "greenlet": "0.4.13"}

    def found() -> tuple[str, ...]:
        return closure.gaps(closure.present_in([tmp_path]), requests, environment, "pypy", brought)

    sentence = "greenlet (requested by base.txt:1 on pypy: greenlet>=1) is not in the subset"
    assert found() == (f"{sentence}, and the interpreter brings 0.4.13",)
    lay(tmp_path, "greenlet", "3.0")
    assert found() == ()
    lay(tmp_path, "cffi", "0.9")
    assert found() == ("cffi (needed by aa 1.0 on pypy: cffi>=1) is there as 0.9",)


def test_requires_python_of_a_pre_release(tmp_path: Path) -> None:
    """Its three numbers are compared, as pip does: the stage does not count."""
    requests = [Request(requirement=Requirement("aa"), path=Path("base.txt"), line=1)]
    target = targets.parse("next", "cp315-win_amd64", "3.15.0rc1")
    for bound, wrong in ((">=3.15", 0), ("<=3.15.0", 0), ("==3.15.0", 0), (">=3.15.1", 1), ("<3.15", 1)):
        folder = tmp_path / bound
        lay(folder, "aa", python=bound)
        environment = recorded_markers.recorded(target)
        assert len(closure.gaps(closure.present_in([folder]), requests, environment, "next")) == wrong


def test_wrong_version(tmp_path: Path) -> None:
    """A version that its requirement excludes is no answer."""
    lay(tmp_path, "aa", requires=("bb>=2",))
    lay(tmp_path, "bb")
    assert walk(tmp_path, "aa") == ("bb (needed by aa 1.0 on win: bb>=2) is there as 1.0",)


def test_other_python(tmp_path: Path) -> None:
    """Requires-Python is held against the full version: 3.12.0 is below 3.12.1."""
    lay(tmp_path, "aa", python=">=3.12.1")
    assert walk(tmp_path, "aa") == ("aa 1.0 needs Python >=3.12.1, and win has 3.12.0",)


def test_what_nobody_asks_for(tmp_path: Path) -> None:
    """A distribution that no metadata names is wrong, and so are two versions of one project."""
    lay(tmp_path, "aa")
    lay(tmp_path, "bb")
    lay(tmp_path, "bb", "2.0")
    assert [sentence.split(",")[0] for sentence in walk(tmp_path, "aa")] == [
        "bb is installed more than once on win",
        "bb 1.0 was installed on win",
        "bb 2.0 was installed on win",
    ]


def test_extras_are_those_of_requests_and_of_others(tmp_path: Path) -> None:
    """A distribution is told what a request asks of it, and what another distribution does."""
    lay(tmp_path, "aa", requires=("bb[fast]", "cc[slow]; sys_platform == 'linux'"))
    lay(tmp_path, "bb")
    lay(tmp_path, "cc")
    request = Request(requirement=Requirement("aa[All_Of]"), path=Path("base.txt"), line=1)
    environment = recorded_markers.recorded(targets.parse("win", "cp312-win_amd64"))
    found = closure.declared(closure.present_in([tmp_path]), [request], environment, "win").present
    assert [(one.project, sorted(one.asked)) for one in found] == [("aa", ["all-of"]), ("bb", ["fast"]), ("cc", [])]
    assert {one.library for one in found} == {tmp_path}
