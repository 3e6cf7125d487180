"""Errors: what the user sees of each, in one line or one below the other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pypi_subset import errors
from pypi_subset.errors import BadDistribution, BadFiles, Fault, Gaps, InputFaults, NoSolution, SubsetError, TargetError

PATH = Path("requirements/base.txt")


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({}, "it is wrong"),
        ({"path": PATH}, f"{PATH}: it is wrong"),
        ({"path": PATH, "line": 3}, f"{PATH}:3: it is wrong"),
        ({"path": PATH, "line": 3, "next_step": "mend it"}, f"{PATH}:3: it is wrong; mend it"),
        ({"line": 3}, "it is wrong"),
    ],
)
def test_an_error_is_one_line(given: dict[str, object], text: str) -> None:
    """Place, what is wrong and the next step; a line without a file says nothing."""
    assert str(SubsetError("it is wrong", **given)) == str(Fault(what="it is wrong", **given)) == text  # type: ignore[arg-type]


def test_an_excerpt_stands_below_its_fault() -> None:
    """The offending text and its caret are indented."""
    assert str(Fault(what="wrong", line=1, excerpt=("aa ??", "   ^"))) == "wrong\n    aa ??\n       ^"


@pytest.mark.parametrize(("count", "words"), [(1, "1 fault in"), (2, "2 faults in")])
def test_all_faults_are_told(count: int, words: str) -> None:
    """Every fault of every file comes in one error, a line each."""
    error = InputFaults([Fault(what=f"wrong {number}") for number in range(count)])
    assert error.what.startswith(words)
    assert str(error).splitlines() == [f"wrong {number}" for number in range(count)]


def test_a_target_error_suggests() -> None:
    """Near spellings are the next step; without one, the step that was given."""
    near = TargetError("no", nearest=["linux", "mac"], next_step="not this", target="linx")
    assert (str(near), near.nearest, near.target) == ("no; did you mean 'linux' or 'mac'?", ("linux", "mac"), "linx")
    assert str(TargetError("no", next_step="name one")) == "no; name one"


def test_a_gap_says_what_was_seen() -> None:
    """What was rejected is below, and in the document for programs."""
    gap = NoSolution("nothing fits", target="linux", set_name="base", seen=["aa 1.0: no wheel"], next_step="pin it")
    assert str(gap) == "nothing fits; pin it\n    aa 1.0: no wheel"
    assert gap.document() == {
        "set": "base",
        "target": "linux",
        "project": None,
        "what": "nothing fits",
        "seen": ["aa 1.0: no wheel"],
        "next_step": "pin it",
        "requests": [],
    }


def gap(problem: str, target: str = "linux", **more: Any) -> NoSolution:
    """Return a gap of the set base."""
    what = f"base--{target}: {problem}"
    return NoSolution(what, target=target, set_name="base", seen=["1.0: no wheel"], problem=problem, **more)


def test_equal_gaps_are_one_entry() -> None:
    """What several targets lack alike is one entry with their names, and what was seen below it."""
    step = {"next_step": "pin it"}
    found = Gaps([gap("aa: no wheel fits", **step), gap("aa: no wheel fits", "mac", **step)])
    assert str(found) == "base on linux, mac: aa: no wheel fits; pin it\n    1.0: no wheel"
    other = [gap("aa: no wheel fits", **step), gap("aa: no wheel fits", "mac", next_step="take macOS 12")]
    assert Gaps(other).lines == (
        "base on linux, mac: aa: no wheel fits",
        "    base on linux: pin it",
        "    base on mac: take macOS 12",
    )
    assert "; pin it (1 more for the other targets: `--json`)" in str(Gaps([*other, gap("bb: nothing")]))
    many = Gaps([gap("aa: no wheel fits", f"t{number}", next_step=f"step {number}") for number in range(12)])
    assert (len(many.lines), many.lines[-1]) == (8, "    and 6 more: `--json`")


def test_gaps_are_at_most_eight_lines() -> None:
    """Each entry is one line; what does not fit is counted."""
    few, many = (Gaps([gap(f"p{number}: nothing") for number in range(count)]) for count in (7, 12))
    assert len(few.lines) == 8
    assert few.lines[0] == "7 gaps"
    assert few.lines[7] == "    base on linux: p6: nothing"
    assert len(many.lines) == 8
    assert many.lines[0] == "12 gaps"
    assert many.lines[7] == "    and 6 more: `--json`"


def test_what_has_sdists_only_is_one_list() -> None:
    """One command builds all of them; a single one is an entry like any other."""
    folder = "my requirements/wheels"
    one, other = gap("a: sdists only", sdist=("a==1.0", folder)), gap("b: sdists", "mac", sdist=("b==1!2", folder))
    assert Gaps([one, other, gap("c: nothing"), one]).lines == (
        "2 gaps",
        (
            "    sdists only, and a subset holds wheels: a==1.0 (base on linux), b==1!2 (base on mac); "
            'write [sdists] build = ["a", "b"] in subset.toml, or build the wheels: '
            "pip wheel --no-deps a==1.0 'b==1!2' -w 'my requirements/wheels'"
        ),
        "    base on linux: c: nothing",
    )
    assert "    base on linux: a: sdists only" in Gaps([one, gap("c: nothing")]).lines


@pytest.mark.parametrize(("count", "words"), [(1, "1 file refused"), (2, "2 files refused")])
def test_bad_files_are_told_with_the_way_out(count: int, words: str) -> None:
    """Each refusal is a line; the last one says how to go on without."""
    error = BadFiles([BadDistribution(f"bad {number}") for number in range(count)])
    *each, last = str(error).splitlines()
    assert each == [f"bad {number}" for number in range(count)]
    assert last.startswith(words)
    assert 'bad_files = "skip"' in last


def test_all_errors_have_one_root() -> None:
    """Whoever catches `SubsetError` catches every error that a user may see."""
    found = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, Exception)]
    assert len(found) > 10
    assert all(issubclass(one, SubsetError) and one.__doc__ for one in found)
