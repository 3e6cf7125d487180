"""What a ``pyproject.toml`` asks for: dependencies, extras and groups."""

from __future__ import annotations

from pathlib import Path

import pytest

from pypi_subset.support import bounds
from tests.support.programs.ending import ending
from tests.support.stages.sources import PROJECT, TWO, bad_project, of_project, plan_of


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty directory, so that paths are as short as users see them."""
    monkeypatch.chdir(tmp_path)


def test_project_asks_for_its_dependencies() -> None:
    """The set is called as its table, and each request has the line of its text in the document."""
    subset = plan_of({"pyproject.toml": PROJECT}, 'source = "../pyproject.toml"\ntargets = ["windows"]', TWO)
    (app,) = subset.sets
    assert (app.name, app.path, app.targets, app.constraints) == ("app", Path("pyproject.toml"), ("windows",), ())
    assert [f"{one.origin} {one}" for one in app.requests] == [
        "pyproject.toml:5 pandas>=2",
        'pyproject.toml:6 tomli; python_version < "3.11"',
    ]
    assert [job.name for job in subset.jobs] == ["app--windows"]


def test_project_asks_for_chosen_extras() -> None:
    """An extra is found however it is spelt (PEP 685); what it asks of the project itself is looked up there."""
    assert of_project('extras = ["web-ui"]')[2:] == ["pyproject.toml:11 flask", "pyproject.toml:10 pyside6"]


def test_marker_of_an_extra_of_its_own_stays() -> None:
    """Where an extra names other extras under a marker, what these ask for counts only there."""
    assert of_project('extras = ["all"]')[2:] == [
        'pyproject.toml:10 pyside6; sys_platform == "linux"',
        'pyproject.toml:11 flask; sys_platform == "linux"',
    ]


def test_markers_of_extras_are_joined() -> None:
    """Both the marker of an extra that is named and that of its requirement must hold."""
    text = '[project]\nname = "a"\n[project.optional-dependencies]\n'
    text += (
        "x = [\"six; os_name == 'nt' or os_name == 'x'\"]\ny = [\"a[x]; python_version < '3.11' or os_name == 'z'\"]\n"
    )
    assert of_project('extras = ["y"]', text) == [
        ('pyproject.toml:4 six; (python_version < "3.11" or os_name == "z") and (os_name == "nt" or os_name == "x")')
    ]


def test_extras_that_name_each_other_are_read_once() -> None:
    """As in pip, such a circle is no mistake."""
    text = '[project]\nname = "a"\n[project.optional-dependencies]\nx = ["six", "a[y]"]\ny = ["attrs", "a[x]"]\n'
    assert of_project('extras = ["x"]', text) == ["pyproject.toml:4 six", "pyproject.toml:5 attrs"]


def test_project_asks_for_chosen_groups() -> None:
    """A group brings what it includes, whose name may be spelt in another way (PEP 735)."""
    assert of_project('groups = ["TEST"]')[2:] == ["pyproject.toml:16 pytest", "pyproject.toml:19 coverage[toml]"]


def test_group_included_twice_is_no_circle() -> None:
    """Two groups may include a third: its requests are there once."""
    text = '[dependency-groups]\na = [{include-group = "b"}, {include-group = "c"}]\n'
    text += 'b = [{include-group = "d"}]\nc = [{include-group = "d"}]\nd = ["six"]\n'
    assert of_project('groups = ["a"]', text) == ["pyproject.toml:5 six"]


def test_groups_need_no_project() -> None:
    """A document may hold groups alone; without any chosen it makes no set."""
    text = '[dependency-groups]\ntest = ["pytest"]\n'
    assert of_project('groups = ["test"]', text) == ["pyproject.toml:2 pytest"]
    assert bad_project(text) == [
        (
            "subset.toml:4: pyproject.toml has no [project] table; "
            'choose groups = ["…"] of it, or name a lock or its export as source'
        )
    ]


def test_circle_of_groups_is_named() -> None:
    """Groups that include each other are named in a row, at the line that closes the circle."""
    text = '[dependency-groups]\na = ["six", {include-group = "b"}]\nb = [{include-group = "c"}]\n'
    text += 'c = [\n  {include-group = "B"},\n  {include-group = "nix"},\n]\n'
    assert bad_project(text, 'groups = ["a"]') == [
        "pyproject.toml:5: the group includes itself: b -> c -> b; remove one of these includes",
        "pyproject.toml:6: there is no group 'nix'; there are: a, b, c",
    ]


@pytest.mark.parametrize(
    ("text", "table", "faults"),
    [
        (
            '[project]\nname = "a"\ndynamic = ["version", "dependencies"]',
            "",
            [
                (
                    "pyproject.toml:3: dependencies are dynamic: only a build of the project has them; write them below "
                    "[project], or name what this writes: "
                    "uv pip compile --generate-hashes pyproject.toml --output-file requirements.txt"
                )
            ],
        ),
        (
            '[project]\nname = "a"\ndynamic = [\n"optional-dependencies"]\ndependencies = ["six"]',
            'extras = ["gui"]',
            [
                (
                    "pyproject.toml:4: optional-dependencies are dynamic: only a build of the project has them; write them below "
                    "[project], or name what this writes: "
                    "uv pip compile --generate-hashes pyproject.toml --extra gui --output-file requirements.txt"
                )
            ],
        ),
        (
            PROJECT,
            'extras = [\n  "guy",\n]\ngroups = ["docs"]',
            [
                "subset.toml:6: pyproject.toml has no extra 'guy'; did you mean 'gui'?",
                "subset.toml:8: pyproject.toml has no group 'docs'; it has: coverage-tools, test",
            ],
        ),
        (
            '[project]\nname = "a"\ndependencies = ["a[x]"]',
            "",
            ["pyproject.toml:3: the project has no extra 'x'; it has: nothing"],
        ),
        (
            '[project]\ndependencies = [\n  "pan das",\n  "x @ https://user:secret@host/x.whl",\n  "./here"]',
            "",
            [
                (
                    "pyproject.toml:3: malformed requirement: expected semicolon (after name with no version specifier) "
                    'or end\n      "pan das",\n           ^'
                ),
                (
                    "pyproject.toml:4: a URL or a path is refused: an index offers releases; "
                    "name the project and a version"
                ),
                (
                    "pyproject.toml:5: a URL or a path is refused: an index offers releases; "
                    "name the project and a version, or export with --no-emit-project"
                ),
            ],
        ),
        (
            "[project]\ndependencies = 'six'",
            "",
            ['pyproject.toml:2: dependencies must be a list of requirements; write dependencies = ["…"]'],
        ),
        (
            "[project]\ndependencies = [1]",
            "",
            ["pyproject.toml:2: dependencies holds something that is no requirement; put each requirement in quotes"],
        ),
        (
            "[dependency-groups]\na = ['six']\nA = []",
            "groups = ['a']",
            ["pyproject.toml:3: 'a' and 'A' are one name; rename one of them"],
        ),
        (
            "[dependency-groups]\na = [{include = 'b'}]",
            "groups = ['a']",
            ['pyproject.toml:2: a holds a table of unknown meaning; write { include-group = "…" }'],
        ),
        ("project = 1", "", ["pyproject.toml:1: 'project' must be a table; write [project]"]),
        (
            "[project]\nname = 'a'",
            "",
            ["subset.toml:4: the set 'app' asks for nothing; choose extras or groups of it, or drop the set"],
        ),
        (
            "[project",
            "",
            ["pyproject.toml: not TOML: Expected ']' at the end of a table declaration (at end of document)"],
        ),
        (
            "[project]\nrequires-python = 'three'\ndependencies = ['six']",
            "",
            ['pyproject.toml:2: requires-python is no version specifier; write requires-python = ">=3.11", say'],
        ),
    ],
)
def test_fault_in_a_project_has_its_line(text: str, table: str, faults: list[str]) -> None:
    """Each mistake is met with its line and the mend, and no password is printed."""
    assert bad_project(text, table) == faults


def test_groups_are_counted() -> None:
    """Groups that each include the next one twice, and a chain of groups, are mistakes, not hours or tracebacks."""
    twice = "".join(f"g{n} = [{{include-group = 'g{n + 1}'}}, {{include-group = 'g{n + 1}'}}]\n" for n in range(40))
    chain = "".join(f"g{n} = [{{include-group = 'g{n + 1}'}}]\n" for n in range(2000))
    with ending():
        for groups, last in ((twice, 40), (chain, 2000)):
            (fault,) = bad_project(f"[dependency-groups]\n{groups}g{last} = ['six']\n", 'groups = ["g0"]')
            assert "more than 50 within each other, or 1,000 together, are requested" in fault


def test_extras_are_counted() -> None:
    """Extras that each name the next one twice are a mistake as well."""
    extras = "".join(f"g{n} = ['a[g{n + 1}]', 'a[g{n + 1}]>=0']\n" for n in range(40))
    text = f"[project]\nname = 'a'\n[project.optional-dependencies]\n{extras}g40 = ['six']\n"
    (fault,) = bad_project(text, 'extras = ["g0"]')
    assert "are requested by extras and groups" in fault


def test_a_list_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A list of more requirements than anybody writes is a mistake."""
    monkeypatch.setattr(bounds, "MOST_LISTED", 10)
    (fault,) = bad_project(f"[project]\nname = 'a'\ndependencies = {['six'] * 11}\n")
    assert fault == "pyproject.toml:3: dependencies has more than 10 entries; divide the list"


def test_many_names_take_no_time() -> None:
    """The names of extras are read once, not for each requirement."""
    extras = "".join(f"e{n} = []\n" for n in range(20_000))
    text = f"[project]\nname = 'a'\ndependencies = {['a'] * 4000}\n[project.optional-dependencies]\n{extras}"
    with ending():
        bad_project(text, 'extras = ["absent"]')


@pytest.mark.parametrize(
    ("table", "named"),
    [
        (
            '[tool.setuptools.dynamic]\ndependencies = { file = ["requirements.in"] }',
            "tool.setuptools.dynamic.dependencies",
        ),
        ('[tool.setuptools.dynamic.dependencies]\nfile = "requirements.in"', "tool.setuptools.dynamic.dependencies"),
        (
            '[tool.hatch.metadata.hooks.requirements_txt]\nfiles = ["requirements.in"]',
            "tool.hatch.metadata.hooks.requirements_txt",
        ),
    ],
)
def test_dynamic_dependencies_from_files_name_the_files(table: str, named: str) -> None:
    """A build would read them from a requirements file, which can be a source itself, ``.in`` files of pip-compile too."""
    text = f'[project]\nname = "a"\ndynamic = ["dependencies"]\n{table}\n'
    assert bad_project(text) == [
        f"pyproject.toml:3: dependencies are dynamic: [{named}] reads them from a file; name as source: requirements.in"
    ]
    (app,) = plan_of(
        {"requirements.in": "six\n-c limits.txt", "limits.txt": "six<2"}, 'source = "../requirements.in"'
    ).sets
    assert [[*map(str, one)] for one in (app.requests, app.constraints)] == [["six"], ["six<2"]]


def test_constraints_of_uv_have_no_extras() -> None:
    """As in a constraints file; what is no requirement at all has its own line too."""
    text = '[project]\ndependencies = ["six"]\n[tool.uv]\nconstraint-dependencies = ["six[a]<2",\n"a b",\n1]\n'
    what = "malformed requirement: expected semicolon (after name with no version specifier) or end"
    assert [one.splitlines()[0] for one in bad_project(text)] == [
        "pyproject.toml:4: a constraint has no extras, 'six' has; drop the brackets",
        "pyproject.toml:4: constraint-dependencies holds something that is no requirement; put each requirement in quotes",
        f"pyproject.toml:5: {what}",
    ]


@pytest.mark.parametrize(
    ("table", "files"),
    [
        (
            '[tool.setuptools.dynamic.optional-dependencies]\nGui = { file = ["a.txt", "b.txt"] }\nx = { file = "c.txt" }',
            "a.txt and b.txt",
        ),
        ('[tool.setuptools.dynamic]\noptional-dependencies.gui = { file = "a.txt" }', "a.txt"),
        (
            '[tool.hatch.metadata.hooks.requirements_txt]\nfiles = ["z.txt"]\noptional-dependencies.gui = ["a.txt"]',
            "a.txt",
        ),
    ],
)
def test_extras_that_are_read_from_files_name_them(table: str, files: str) -> None:
    """Those of the chosen extras alone."""
    text = '[project]\nname = "a"\ndynamic = ["optional-dependencies"]\ndependencies = ["six"]\n'
    (fault,) = bad_project(f"{text}{table}\n", 'extras = ["gui"]')
    assert fault.startswith("pyproject.toml:3: optional-dependencies are dynamic: [tool.")
    assert fault.endswith(f"] reads them from a file; name as source: {files}")
    (other,) = bad_project(f"{text}{table}\n", 'extras = ["other"]')
    assert "only a build of the project has them" in other


def test_no_command_writes_dynamic_dependencies_that_a_tool_takes_from_elsewhere() -> None:
    """uv reads its own tables alone: it would write the index's project of that name."""
    text = '[project]\nname = "a"\ndynamic = ["dependencies"]\n[tool.foo.sources]\nlib = { git = "x" }\n'
    (fault,) = bad_project(text)
    assert "or name as source a requirements file with the versions that foo chose" in fault
    assert "uv pip compile" not in fault
