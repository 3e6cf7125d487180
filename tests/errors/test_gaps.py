"""Gaps: equal ones are one entry, and all of them fit on a screen."""

from __future__ import annotations

from typing import Any

from pypi_subset.errors import Gaps, NoSolution


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
        "accept": [],
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


def test_a_line_names_a_few_targets() -> None:
    """Of many targets the first are named, and the others are counted; the document has all of them."""
    (line, _) = Gaps([gap("aa: nothing", f"t{number}") for number in range(9)]).lines
    assert line == "base on t0, t1, t2, t3, t4, t5 and 3 more: aa: nothing"


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
            'write build = ["a", "b"] below [sdists] in subset.toml, or build the wheels: '
            "pip wheel --no-deps a==1.0 'b==1!2' -w 'my requirements/wheels'"
        ),
        "    base on linux: c: nothing",
    )
    assert "    base on linux: a: sdists only" in Gaps([one, gap("c: nothing")]).lines


def test_no_command_has_pip_ask_for_a_project_of_a_source() -> None:
    """pip would ask its own indexes for that name: mirror alone builds such an sdist."""
    one, own, more = (
        gap(f"{name}: sdists only", sdist=(f"{name}==1", folder)) for name, folder in (("a", "w"), ("b", ""), ("c", ""))
    )
    (both,), (sources,) = Gaps([one, own]).lines, Gaps([own, more]).lines
    assert both.endswith(
        'write build = ["a", "b"] below [sdists] in subset.toml, or build wheels of those without a source: '
        "pip wheel --no-deps a==1 -w w"
    )
    assert sources.endswith('write build = ["b", "c"] below [sdists] in subset.toml')


def test_the_last_line_names_the_acceptances() -> None:
    """Each project once, with its targets; nothing where no gap can be accepted; the lines stay eight."""
    one, other, third = gap("aa: nothing"), gap("aa: nothing", "mac"), gap("p: nothing")
    assert "policy.accept" not in str(Gaps([one, third]))
    one.accept = other.accept = ("aa",)
    assert one.lines[-1] == (
        "    to mirror without it, accept it by [[policy.accept]] in subset.toml with "
        'rule = "gap", project = "aa", targets = ["linux"]'
    )
    third.accept = ("bb", "cc", "dd")
    assert Gaps([one, other, third]).lines[-1] == (
        "    to mirror without it, accept it by [[policy.accept]] in subset.toml with "
        'rule = "gap", project = "aa", targets = ["linux", "mac"]; project = "bb", targets = ["linux"]; '
        'project = "cc", targets = ["linux"], and 1 more'
    )
    many = [gap(f"p{number}: nothing") for number in range(12)]
    many[0].accept = ("aa",)
    assert len(Gaps(many).lines) == 8
    assert Gaps(many).lines[-2] == "    and 7 more: `--json`"
