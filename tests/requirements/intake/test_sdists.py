"""``[sdists]``: what is read, and what is refused with its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.stages.requirements import LINUX, faults_of, plan_of

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty directory, so that paths are as short as users see them."""
    monkeypatch.chdir(tmp_path)


def test_names_are_normalized_and_sorted() -> None:
    """The order of the file does not matter."""
    subset = plan_of("aa", f'{LINUX}[sdists]\nbuild = ["odfpy", "Antlr4.Python3_runtime"]\n')
    assert subset.build == ("antlr4-python3-runtime", "odfpy")


def test_locks_depend_on_the_list_where_there_is_one() -> None:
    """Without projects to build the digest is that of older versions."""
    plain, empty = plan_of("aa", LINUX), plan_of("aa", f"{LINUX}[sdists]\nbuild = []\n")
    one, other = (plan_of("aa", f'{LINUX}[sdists]\nbuild = ["{name}"]\n') for name in ("docopt", "odfpy"))
    assert plain.policy_digest == empty.policy_digest
    assert len({each.policy_digest for each in (plain, one, other)}) == 3


def test_what_is_kept_is_another_list() -> None:
    """Both are normalized; a project that is kept gives another digest than one that is built."""
    kept, built = (plan_of("aa", f'{LINUX}[sdists]\n{key} = ["uWSGI"]\n') for key in ("keep", "build"))
    assert (kept.keep, kept.build, built.keep) == (("uwsgi",), (), ())
    assert kept.policy_digest != built.policy_digest


@pytest.mark.parametrize(
    ("lines", "fault"),
    [
        ('build = "docopt"', '4: build must be a list of names of projects; write build = ["docopt"]'),
        ("build = [1]", '4: build must be a list of names of projects; write build = ["docopt"]'),
        (
            'build = [\n"docopt==0.6.2",\n]',
            "5: 'docopt==0.6.2' is no name of a project; write the name alone, without a version",
        ),
        ('build = ["a", "a"]', "4: a stands twice in build; keep one of the two"),
        ('build = ["a.b",\n"A-b"]', "5: 'A-b' and 'a.b' are one project, a-b; keep one of the two"),
        ('keep = ["uwsgi==2"]', "4: 'uwsgi==2' is no name of a project; write the name alone, without a version"),
        ('keep = ["a", "a"]', "4: a stands twice in keep; keep one of the two"),
        ('build = ["a"]\nkeep = [\n"b",\n"A"]', "7: a is in build and in keep; keep it in one of the two"),
        ('biuld = ["a"]', "4: unknown key 'biuld'; did you mean 'build'?"),
    ],
)
def test_a_fault_has_its_line(lines: str, fault: str) -> None:
    """Of a name in a list, the line is its own."""
    assert faults_of("aa", f"{LINUX}[sdists]\n{lines}\n") == [f"subset.toml:{fault}"]


def test_the_table_is_a_table() -> None:
    """Another value says how the table is written."""
    assert faults_of("aa", f"sdists = 1\n{LINUX}") == [
        "subset.toml:1: 'sdists' must be a table; write [sdists] on a line of its own"
    ]
