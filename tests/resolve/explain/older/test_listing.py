"""The list of what is outdated: short, newest first, equal causes together."""

from __future__ import annotations

from dataclasses import replace

from pypi_subset.model.locks import Outdated
from pypi_subset.resolve.explain.older.listing import LINES, outdated_heading, outdated_lines

ONE = Outdated(
    set="base",
    target="linux",
    project="app",
    version="1.0",
    newest="2.0",
    why="it requires core; core 2.0: sdist only",
    step="pip wheel --no-deps core==2.0 -w requirements/wheels, then `pypi-subset update`",
    uploaded="2019-12-03",
    newest_uploaded="2026-05-01",
)


def test_an_entry_has_dates_cause_and_remedy() -> None:
    """The reader sees how old a release is, which targets have it, why, and what changes that."""
    assert outdated_lines([ONE, replace(ONE, target="mac")]) == [
        (
            "  app 1.0 of 2019-12-03, newest 2.0 of 2026-05-01 on base--linux, base--mac: it requires core; core 2.0: sdist only. "
            "Build it: pip wheel --no-deps core==2.0 -w requirements/wheels, then `pypi-subset update`"
        )
    ]


def test_equal_causes_are_one_entry() -> None:
    """Two projects that lack the same file are one line."""
    other = replace(ONE, project="tool", why="it requires via; via 1.0 requires core; core 2.0: sdist only")
    (line,) = outdated_lines([ONE, other])
    assert line.startswith(
        "  app 1.0 (newest 2.0), tool 1.0 (newest 2.0) on base--linux: all need core 2.0: sdist only. B"
    )
    apart = outdated_lines([ONE, replace(other, target="mac")])[0]
    assert apart.startswith(
        "  app 1.0 (newest 2.0) on base--linux; tool 1.0 (newest 2.0) on base--mac: all need core 2.0: sdist only"
    )
    # A line that admits an older one has the same end, and equal chains are shown.
    admitted = replace(ONE, project="late", why="base.txt:1 admits 2.0 at most: it requires core; core 2.0: sdist only")
    assert outdated_lines([ONE, admitted])[0].endswith("all need core 2.0: sdist only. " + line.partition(". ")[2])
    same = outdated_lines([ONE, replace(ONE, project="tool")])[0]
    assert "app 1.0 (newest 2.0), tool 1.0 (newest 2.0) on base--linux: it requires core; core 2.0: sdist only" in same


def test_entries_with_different_remedies_stay_apart() -> None:
    """Two projects that the same requirement excludes have a line of their own each to write."""
    why = "it requires shared>=2, and old 1.0 asks for shared<2"
    found = [
        replace(ONE, project=name, why=why, step=f"write '{name}>=2.0' in base.txt:{line}")
        for line, name in enumerate(("app", "tool"))
    ]
    assert len(outdated_lines(found)) == 2


def test_no_project_of_an_entry_is_lost() -> None:
    """The names that a short list leaves out are counted; a full list has all of them."""
    many = [replace(ONE, project=f"p{number}") for number in range(8)]
    assert " p5 1.0 (newest 2.0) and 2 more: `--json` on base--linux: " in outdated_lines(many)[0]
    assert "p7 1.0 (newest 2.0) on base--linux: " in outdated_lines(many, most=None)[0]
    own = [replace(one, own=True) for one in many]
    assert outdated_lines(own)[0].endswith("p5 1.0 (newest 2.0) and 2 more: `--json`")
    assert outdated_lines(own, most=None)[0].endswith("p7 1.0 (newest 2.0)")


def test_a_pre_release_that_is_older_is_listed_once() -> None:
    """The pre-release of a release that cannot be had is no second finding."""
    why, step = "sdist only", "build it"
    older = replace(ONE, version="1.0rc1", newest="1.0", why=why, step=step)
    found = [older, replace(older, early=True)]
    assert outdated_heading(found) == "1 pre-release that no line asks for"
    (line,) = outdated_lines(found)
    assert line == (
        "  app 1.0rc1 of 2019-12-03, a pre-release, newest final 1.0 of 2026-05-01 on base--linux: sdist only. Build it"
    )


def test_pre_releases_that_are_asked_for_have_a_heading() -> None:
    """Those of the user's own lines and those that other requirements name are apart, and the heading is never empty."""
    own = replace(ONE, early=True, own=True, version="2.0rc1", newest="1.0")
    named = replace(own, project="core", requested=False)
    assert outdated_heading([own]) == "1 pre-release that a requirement asks for"
    assert outdated_heading([own, named]) == "2 pre-releases that a requirement asks for"
    assert outdated_lines([own, named]) == [
        "  by your own lines: app 2.0rc1 (newest final 1.0)",
        "  pre-releases that other requirements name: core 2.0rc1 (newest final 1.0)",
    ]


def test_the_newest_comes_first_and_the_rest_is_counted() -> None:
    """Of many entries those are shown whose newest release is youngest; a day that is not known comes last."""
    many = [
        replace(ONE, project=f"p{day}", why=f"cause {day}", newest_uploaded=f"2026-05-{day}") for day in range(10, 20)
    ]
    lines = outdated_lines([replace(ONE, project="undated", why="x", newest_uploaded=""), *many])
    assert [line.split()[0] for line in lines] == [*(f"p{day}" for day in range(19, 11, -1)), "and"]
    assert lines[LINES] == "  and 3 more: `--json`"
    assert outdated_lines([replace(ONE, newest_uploaded=""), *many], most=None)[-1].startswith("  app 1.0")


def test_the_users_own_lines_are_one_entry() -> None:
    """What the user pinned is named and not explained; pre-releases that a line asks for are no finding of the heading."""
    own = replace(ONE, own=True, why="base.txt:1 asks for app==1.0")
    assert outdated_lines([own]) == ["  by your own lines: app 1.0 (newest 2.0)"]
    early = replace(ONE, early=True, newest="", newest_uploaded="")
    assert outdated_heading([own, early]) == (
        "1 requested project is older than the newest release and 1 pre-release that no line asks for"
    )
    assert outdated_heading([own]) == "1 requested project is older than the newest release"


def test_the_pins_of_a_lock_are_no_lines_of_the_user() -> None:
    """Each lock of another tool has a line of its own, and a requirements file that is named like one has not."""
    own = replace(ONE, own=True, why="uv.lock:12 asks for app==1.0", step="lock again: uv.lock pins it")
    other = replace(own, project="lib", why="pylock.lab.toml:3 asks for lib==1.0")
    mine = replace(own, project="mine", why="lock.txt:1 asks for mine==1.0")
    assert outdated_lines([other, mine, own, replace(own, target="mac")]) == [
        "  as uv.lock has them: app 1.0 (newest 2.0)",
        "  as pylock.lab.toml has them: lib 1.0 (newest 2.0)",
        "  by your own lines: mine 1.0 (newest 2.0)",
    ]


def test_what_the_policy_keeps_away_has_its_rule() -> None:
    """One release has the whole reason; several that one rule keeps away are a line. The lines of the user are apart."""
    step = 'to accept it, write [[policy.accept]] with rule = "deny", project = "app", version = "==2.0", a reason and a last day'
    refused = replace(ONE, own=True, why="deny: subset.toml has 'app'", step=step)
    own = replace(ONE, project="held", own=True, why="base.txt:1 asks for held==1.0", step="change base.txt:1")
    assert outdated_lines([refused, own, replace(refused, target="mac")]) == [
        (
            "  app 1.0 of 2019-12-03, newest 2.0 of 2026-05-01 on base--linux, base--mac: deny: subset.toml has 'app'. "
            'To accept it, write [[policy.accept]] with rule = "deny", project = "app", version = "==2.0", a reason and a last day'
        ),
        "  by your own lines: held 1.0 (newest 2.0)",
    ]
    malware = replace(refused, project="evil", step="do without it: nothing in [policy] lets in what is malicious")
    assert outdated_lines([refused, replace(refused, project="lib"), malware]) == [
        (
            "  by the rule deny of your policy: app 1.0 (newest 2.0), lib 1.0 (newest 2.0). "
            'To accept one, write [[policy.accept]] with rule = "deny", its project, a reason and a last day'
        ),
        (
            "  evil 1.0 of 2019-12-03, newest 2.0 of 2026-05-01 on base--linux: deny: subset.toml has 'app'. "
            "Do without it: nothing in [policy] lets in what is malicious"
        ),
    ]


def test_a_pre_release_is_marked() -> None:
    """The newest final release is beside it, or that there is none."""
    early = replace(ONE, early=True, version="2.0rc1", newest="1.0", newest_uploaded="")
    assert "app 2.0rc1 of 2019-12-03, a pre-release, newest final 1.0 on base--linux" in outdated_lines([early])[0]
    assert "a pre-release, no final release" in outdated_lines([replace(early, newest="")])[0]


def test_nothing_is_no_list() -> None:
    """Where nothing is outdated nothing is printed."""
    assert outdated_lines([]) == []


def test_what_the_python_of_a_target_excludes_is_one_entry() -> None:
    """The projects that leave an old Python behind share one line with the newest Python that they need; so on each target."""
    found = [
        replace(
            ONE,
            project="a",
            why="wheels for cp312, cp313, not for cp310-cp310",
            step="take Python 3.12, which gets 2.0",
        ),
        replace(ONE, project="b", why="Requires-Python >=3.11, the target has 3.10", step="take Python 3.11"),
        replace(
            ONE, project="c", why="wheels for cp313, not for cp310-cp310; 1.2, as on mac: x; y", step="take Python 3.13"
        ),
        replace(ONE, project="a", why="wheels for cp312, not for cp310-cp310", target="mac", step="take Python 3.12"),
    ]
    lines = outdated_lines(found)
    assert [line.partition(": ")[0].count("newest 2.0") for line in lines] == [3, 1]
    assert lines[0].endswith(": the newest releases are not for the Python of linux. Take Python 3.13")
    assert lines[1].startswith("  a 1.0 of 2019-12-03, newest 2.0 of 2026-05-01 on base--mac: wheels for cp312, not")


def test_a_python_that_is_too_new_for_several_projects() -> None:
    """The oldest Python that they need serves all of them; a step that names none is no remedy for the others."""
    why = "wheels for {}, not for cp315-cp315"
    found = [
        replace(ONE, project="a", why=why.format("cp313, cp314"), step="take Python 3.14"),
        replace(ONE, project="b", why=why.format("cp39"), step="take Python 3.9, which gets 2.0"),
        replace(ONE, project="c", why="Requires-Python <3.15, the target has 3.15", step="leave it out"),
    ]
    (line,) = outdated_lines(found)
    assert line.endswith(": the newest releases are not for the Python of linux. Take Python 3.9")
    newer = replace(ONE, project="d", why=why.format("cp316"), step="take Python 3.16")
    assert outdated_lines([*found, newer]) == [line, *outdated_lines([newer])]
    assert outdated_lines([found[2], replace(found[2], project="e")])[0].endswith(". Leave it out")


def test_projects_that_need_different_pythons_are_no_entry() -> None:
    """A newer Python does not help a project that needs an older one, nor one that needs another build of the same."""
    why = "wheels for {}, not for cp312-cp312"
    steps = {"a": "take Python 3.14", "b": "take Python 3.9", "c": "take Python 3.12t", "d": "take Python 3.13"}
    found = [replace(ONE, project=name, why=why.format("others"), step=step) for name, step in steps.items()]
    assert [line.rpartition(". ")[2] for line in outdated_lines(found)] == [
        "Take Python 3.14",
        "Take Python 3.9",
        "Take Python 3.12t",
    ]
