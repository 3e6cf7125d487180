"""Sets made of other documents: projects, scripts, locks, and what other tools export."""

from __future__ import annotations

import json
import tempfile
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from packaging.markers import Marker

from pypi_subset.errors import InputFaults
from pypi_subset.requirements.pylock import settled
from pypi_subset.requirements.subset import read_subset
from pypi_subset.targets.markers import reads

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pypi_subset.model.requests import Subset

LINUX = '[targets]\nlinux = "cp310-manylinux2014_x86_64"\n'
TWO = f'{LINUX}windows = "cp312-win_amd64"\n'
SHA, OTHER, SDIST = ("sha256:" + digit * 64 for digit in "012")
PROJECT = """\
[project]
name = "My.App"
requires-python = ">=3.10"
dependencies = [
  "pandas>=2",
  "tomli; python_version < \\"3.11\\"",
]

[project.optional-dependencies]
gui = ["pyside6"]
Web_UI = ["flask", "my-app[gui]"]
all = ["my_app[gui,web-ui] ; sys_platform == 'linux'"]

[dependency-groups]
test = [
  "pytest",
  { include-group = "Coverage.Tools" },
]
coverage-tools = ["coverage[toml]"]
"""


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty folder, so that paths are as short as users see them."""
    monkeypatch.chdir(tmp_path)


def plan_of(files: Mapping[str, str | bytes], table: str, toml: str = LINUX) -> Subset:
    """Return the plan of a folder whose set ``app`` has the lines *table*; *files* are relative to where it lies."""
    for name, content in {**files, "requirements/subset.toml": f"{toml}[sets.app]\n{table}\n"}.items():
        path = Path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_subset(Path("requirements"))


def lines_of(files: Mapping[str, str | bytes], table: str, toml: str = LINUX) -> list[str]:
    """Return the requests of such a set as ``origin requirement``."""
    (app,) = plan_of(files, table, toml).sets
    return [f"{request.origin} {request}" for request in app.requests]


def faults_of(files: Mapping[str, str | bytes], table: str, toml: str = LINUX) -> list[str]:
    """Return the faults of such a folder, each as it is printed."""
    with pytest.raises(InputFaults) as caught:
        plan_of(files, table, toml)
    return [str(fault).replace("requirements/", "") for fault in caught.value.faults]


def of_project(table: str = "", text: str = PROJECT, toml: str = LINUX) -> list[str]:
    """Return the requests of a set made of a project."""
    return lines_of({"pyproject.toml": text}, f'source = "../pyproject.toml"\n{table}', toml)


def bad_project(text: str, table: str = "", toml: str = LINUX) -> list[str]:
    """Return the faults of a set made of a project."""
    return faults_of({"pyproject.toml": text}, f'source = "../pyproject.toml"\n{table}', toml)


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
                    "pyproject.toml:3: dependencies are dynamic: only building the project could tell them; "
                    "write them below [project], or lock them and name the lock as source"
                )
            ],
        ),
        (
            '[project]\nname = "a"\ndynamic = [\n"optional-dependencies"]\ndependencies = ["six"]',
            'extras = ["gui"]',
            [
                (
                    "pyproject.toml:4: optional-dependencies are dynamic: only building the project could tell them; "
                    "write them below [project], or lock them and name the lock as source"
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


def test_target_that_a_project_shuts_out_is_named() -> None:
    """Who cannot run the project needs nothing of it: a target of the wrong Python is a mistake."""
    text = PROJECT.replace(">=3.10", ">=3.12")
    assert bad_project(text, toml=TWO) == [
        (
            "pyproject.toml:3: requires-python '>=3.12' shuts out the target 'linux', Python 3.10; "
            "leave it out of targets in [sets.app], or give it another python"
        )
    ]
    assert of_project('targets = ["windows"]', text, TWO)[0] == "pyproject.toml:5 pandas>=2"


SCRIPT = """\
#!/usr/bin/env python3
# Copyright
# /// script
# requires-python = ">=3.10"
# dependencies = [
#   "requests<3",
#
#   "rich",
# ]
# ///
import requests
"""


@pytest.mark.parametrize(
    "script", [SCRIPT, SCRIPT.replace("\n", "\r\n"), SCRIPT[: SCRIPT.index("\nimport")], f"\ufeff{SCRIPT}"]
)
def test_script_asks_for_its_metadata(script: str) -> None:
    """Inline metadata (PEP 723) is read, each request with its line in the script."""
    assert lines_of({"tool.py": script}, 'source = "../tool.py"') == ["tool.py:6 requests<3", "tool.py:8 rich"]


@pytest.mark.parametrize(
    ("script", "faults"),
    [
        (
            "import six\n",
            ["tool.py: the script has no inline metadata; have one, from '# /// script' to '# ///' (PEP 723)"],
        ),
        (
            f"{SCRIPT}{SCRIPT}",
            [
                (
                    "tool.py: the script has more than one block of metadata; "
                    "have one, from '# /// script' to '# ///' (PEP 723)"
                )
            ],
        ),
        (
            SCRIPT.replace("3.10", "3.11"),
            [
                (
                    "tool.py:4: requires-python '>=3.11' shuts out the target 'linux', Python 3.10; "
                    "leave it out of targets in [sets.app], or give it another python"
                )
            ],
        ),
        (
            SCRIPT.replace('"rich"', "rich"),
            ["tool.py:8: not TOML: Invalid value\n      rich,\n      ^"],
        ),
        (
            "# /// script\n# ///\n",
            ["tool.py: the script has no inline metadata; have one, from '# /// script' to '# ///' (PEP 723)"],
        ),
        (
            '\n# /// script\n# dependencies = ["six"]\nprint()\n',
            ["tool.py: the block of line 2 is not closed; have one, from '# /// script' to '# ///' (PEP 723)"],
        ),
        (b"# \xe9\n", ["tool.py: unreadable text (invalid or missing encoding declaration); save it as UTF-8"]),
    ],
)
def test_fault_in_a_script_has_its_line(script: str | bytes, faults: list[str]) -> None:
    """No block, two, one that is no TOML, one for other Pythons: each is a mistake."""
    assert faults_of({"tool.py": script}, 'source = "../tool.py"') == faults


def package(name: str, *more: str, wheels: str | None = None) -> str:
    """Return a package of a lock, its version 1.0, with the lines *more*."""
    own = f'wheels = [{{ url = "{name}-1.0-py3-none-any.whl", hashes = {{ sha256 = "{SHA[7:]}" }} }}]'
    lines = ["", "[[packages]]", f'name = "{name}"', 'version = "1.0"', *more]
    return "\n".join([*lines, own if wheels is None else wheels, ""])


def of_lock(*packages: str, head: str = "", table: str = "", toml: str = LINUX) -> list[str]:
    """Return the requests of a set made of a lock."""
    text = "\n".join(['lock-version = "1.0"\ncreated-by = "test"', head, *packages])
    return lines_of({"pylock.app.toml": text}, f'source = "../pylock.app.toml"\n{table}', toml)


def bad_lock(*packages: str, head: str = "", table: str = "", toml: str = LINUX) -> list[str]:
    """Return the faults of a set made of a lock."""
    text = "\n".join(['lock-version = "1.0"\ncreated-by = "test"', head, *packages])
    return faults_of({"pylock.app.toml": text}, f'source = "../pylock.app.toml"\n{table}', toml)


def test_lock_asks_for_its_pins() -> None:
    """Each package is pinned with its marker and the hashes of its wheels, the sdist's left out."""
    wheels = f"""
[packages.sdist]
url = "b-1.0.tar.gz"
hashes = {{ sha256 = "{SDIST[7:]}" }}
[[packages.wheels]]
url = "b-1.0-cp310-cp310-win_amd64.whl"
hashes = {{ sha256 = "{SHA[7:]}", md5 = "00" }}
[[packages.wheels]]
url = "b-1.0-cp310-cp310-win32.whl"
hashes = {{ sha256 = "{OTHER[7:].upper()}" }}
"""
    found = of_lock(package("a"), package("b", "marker = \"sys_platform == 'win32'\"", wheels=wheels))
    assert found == [
        f"pylock.app.toml:5 a==1.0 --hash={SHA}",
        f'pylock.app.toml:11 b==1.0; sys_platform == "win32" --hash={SHA} --hash={OTHER}',
    ]


CHOOSING = (
    package("gui", "marker = \"'GUI' in extras\""),
    package("test", "marker = \"'test' in dependency_groups and python_version < '3.11'\""),
    package("docs", "marker = \"('docs' in dependency_groups or 'gui' in extras) and 'x' not in extras\""),
)
CHOICES = 'extras = ["gui", "x"]\ndependency-groups = ["docs", "test"]\ndefault-groups = ["test"]\n'


@pytest.mark.parametrize(
    ("table", "kept"),
    [
        ("", ["test"]),
        ('groups = ["docs"]', ["docs"]),
        ('groups = []\nextras = ["gui"]', ["gui", "docs"]),
        ('groups = ["Docs", "test"]\nextras = ["x"]', ["test"]),
    ],
)
def test_lock_is_asked_for_chosen_extras_and_groups(table: str, kept: list[str]) -> None:
    """What was not chosen is left out, and pip sees nothing of it; without a choice the default groups count."""
    found = [line.split(" ", 1)[1] for line in of_lock(*CHOOSING, package("a"), head=CHOICES, table=table)]
    markers = {"test": '; python_version < "3.11"'}
    assert found == [f"{name}==1.0{markers.get(name, '')} --hash={SHA}" for name in [*kept, "a"]]


ATOMS = ("'a' in extras", "'b' not in extras", "'a' in dependency_groups", "os_name == 'nt'", "python_version < '3.11'")
MARKERS = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda parts: f"({' '.join(parts)})"),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None, database=None)
@given(MARKERS, st.frozensets(st.sampled_from("ab")), st.frozensets(st.sampled_from("ab")))
@example("('a' in extras or os_name == 'nt' or python_version < '3.11') and os_name == 'nt'", frozenset(), frozenset())
def test_what_is_left_of_a_marker_means_the_same(text: str, extras: frozenset[str], groups: frozenset[str]) -> None:
    """For any marker and choice, what pip gets to see is as true as the whole was to a reader of locks."""
    chosen = {"extras": extras, "dependency_groups": groups}
    left = settled(Marker(text), chosen)
    assert isinstance(left, bool) or not {"extras", "dependency_groups"} & reads(left)
    for os_name, version in product(["nt", "posix"], ["3.10", "3.12"]):
        machine = {"os_name": os_name, "python_version": version}
        whole = Marker(text).evaluate({**machine, **chosen}, context="lock_file")
        assert whole == (left if isinstance(left, bool) else left.evaluate(machine))


def test_unwanted_package_may_come_from_anywhere() -> None:
    """What the choice leaves out is not looked at."""
    away = package("b", "marker = \"'gui' in extras\"", 'directory = { path = "." }', wheels="")
    assert of_lock(package("a"), away, head='extras = ["gui"]') == [f"pylock.app.toml:5 a==1.0 --hash={SHA}"]


@pytest.mark.parametrize(
    ("more", "wheels", "fault"),
    [
        (
            'directory = { path = "." }',
            "",
            "a comes from a folder: an index offers releases; lock without it (uv export --no-emit-project)",
        ),
        (
            'vcs = { type = "git", url = "https://host/a", commit-id = "0" }',
            "",
            "a comes from version control: an index offers releases; lock a release from an index instead",
        ),
        (
            f'archive = {{ url = "https://host/a.zip", hashes = {{ sha256 = "{SHA[7:]}" }} }}',
            "",
            "a comes from an archive's address: an index offers releases; lock a release from an index instead",
        ),
        (
            f'sdist = {{ url = "a-1.0.tar.gz", hashes = {{ sha256 = "{SHA[7:]}" }} }}',
            "",
            "a has no wheel, and an sdist is not built; lock a version that has wheels",
        ),
        (
            "",
            'wheels = [{ url = "a-1.0-py3-none-any.whl", hashes = { md5 = "00" } }]',
            "a has no hash that pip takes; lock it with sha256",
        ),
        (
            "marker = \"extra == 'x'\"",
            None,
            "a has a marker that cannot be evaluated: 'extra' has no meaning in a lock; write the lock anew",
        ),
        (
            "marker = 1",
            None,
            "not a lock of PEP 751: Unexpected type int (expected str) in 'packages[1].marker'; write it anew with the tool that made it",
        ),
    ],
)
def test_what_a_lock_pins_and_no_index_offers_is_a_fault(more: str, wheels: str | None, fault: str) -> None:
    """Folders, repositories, archives and sdists, and what pip could not check, are refused at the package's line."""
    assert bad_lock(package("ok"), package("a", more, wheels=wheels)) == [f"pylock.app.toml:11: {fault}"]


def test_lock_for_other_machines_is_a_fault() -> None:
    """The environments and the Pythons that a lock is for must hold each target (PEP 751)."""
    head = "requires-python = '>=3.11'\nenvironments = [\n  \"sys_platform == 'win32'\",\n]"
    assert bad_lock(package("a"), head=head, toml=TWO) == [
        (
            "pylock.app.toml:3: requires-python '>=3.11' shuts out the target 'linux', Python 3.10; "
            "leave it out of targets in [sets.app], or give it another python"
        ),
        (
            "pylock.app.toml:4: the lock is for other environments than the target 'linux'; "
            "lock for it too, or leave it out of targets in [sets.app]"
        ),
    ]
    assert of_lock(package("a"), head=head, table='targets = ["windows"]', toml=TWO)


def test_a_lock_of_tomorrow_is_a_fault() -> None:
    """A version of the format that nobody knows yet is told as that, whatever else it holds."""
    text = 'lock-version = "2.0"\n[[packages]]\nnew = 1\n'
    assert faults_of({"pylock.toml": text}, 'source = "../pylock.toml"') == [
        "pylock.toml: the lock is of version 2.0, and only 1.x (PEP 751) is known; write it anew with a tool that writes 1.0"
    ]


def test_unknown_extra_of_a_lock_is_a_fault() -> None:
    """A lock says which extras and groups it was made with."""
    assert bad_lock(package("a"), head=CHOICES, table='extras = ["guy"]\ngroups = ["zebra"]') == [
        "subset.toml:5: pylock.app.toml has no extra 'guy'; did you mean 'gui'?",
        "subset.toml:6: pylock.app.toml has no group 'zebra'; it has: docs, test",
    ]


def test_packages_in_one_list_have_its_line() -> None:
    """A lock may write its packages in another way than tools do."""
    text = 'lock-version = "1.0"\ncreated-by = "x"\npackages = [\n { name = "a", version = "1.0", wheels = '
    text += f'[{{ url = "a-1.0-py3-none-any.whl", hashes = {{ sha256 = "{SHA[7:]}" }} }}] }},\n]\n'
    assert lines_of({"pylock.toml": text}, 'source = "../pylock.toml"') == [f"pylock.toml:3 a==1.0 --hash={SHA}"]


UV = f"""\
# This file was autogenerated by uv via the following command:
#    uv export --no-emit-project
click==8.1.7 \\
    --hash={SHA} \\
    --hash={OTHER}
    # via
    #   app
    #   flask
colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash={SHA}
    # via click
"""
POETRY = f"""\
click==8.1.7 ; python_version >= "3.10" and python_version < "4.0" \\
    --hash={SHA} \\
    --hash={OTHER}
colorama==0.4.6 ; python_version >= "3.10" and sys_platform == "win32" --hash={SHA}
"""


def test_what_uv_exports_is_read() -> None:
    """Hashes on lines of their own, markers, and comments about who asks."""
    assert lines_of({"reqs/app-uv.txt": UV}, 'source = "../reqs/app-uv.txt"') == [
        f"app-uv.txt:3 click==8.1.7 --hash={SHA} --hash={OTHER}",
        f'app-uv.txt:9 colorama==0.4.6; sys_platform == "win32" --hash={SHA}',
    ]


def test_what_poetry_exports_is_read() -> None:
    """Markers stand before the hashes."""
    assert lines_of({"reqs/app.txt": POETRY}, 'source = "../reqs/app.txt"') == [
        f'app.txt:1 click==8.1.7; python_version >= "3.10" and python_version < "4.0" --hash={SHA} --hash={OTHER}',
        f'app.txt:4 colorama==0.4.6; python_version >= "3.10" and sys_platform == "win32" --hash={SHA}',
    ]


def test_export_with_what_no_index_offers_says_how_to_leave_it_out() -> None:
    """The project itself, other folders, and addresses of indexes are refused with the option that omits them."""
    text = f"--extra-index-url https://user:secret@host/simple\n\n-e .\n./libs/b\n{UV}"
    url, editable, folder = faults_of({"app.txt": text}, 'source = "../app.txt"')
    assert url.startswith("app.txt:1: --extra-index-url is refused ")
    assert url.endswith("poetry's export omits it with --without-urls")
    assert editable.startswith("app.txt:3: -e is refused")
    assert folder.startswith("app.txt:4: a URL or a path is refused")
    assert {one.rsplit(", or ")[1] for one in (editable, folder)} == {"export with --no-emit-project"}


def test_text_source_includes_what_it_names() -> None:
    """``-r`` in it is relative to it, as everywhere."""
    files = {"reqs/app.txt": "-r more/io.txt\nsix\n", "reqs/more/io.txt": "lxml\n"}
    assert lines_of(files, 'source = "../reqs/app.txt"') == ["io.txt:1 lxml", "app.txt:2 six"]


def test_sets_of_all_kinds_stand_side_by_side() -> None:
    """They are sorted by name; a document that no set names is none."""
    files = {
        "requirements/base.txt": "six\n",
        "tool.py": SCRIPT,
        "requirements/pylock.toml": "",
        "pyproject.toml": PROJECT,
    }
    table = (
        'source = "../pyproject.toml"\n[sets.tool]\nsource = "../tool.py"\n[sets.dev]\nsource = "../pyproject.toml"\n'
    )
    sets = plan_of(files, f'{table}groups = ["test"]').sets
    assert [(one.name, len(one.requests)) for one in sets] == [("app", 2), ("base", 1), ("dev", 4), ("tool", 2)]


@pytest.mark.parametrize(
    ("table", "faults"),
    [
        ('source = "../gone.toml"', ["subset.toml:4: gone.toml is no document that is understood; name a pyproject.toml, a pylock.toml, a script.py, or a requirements file *.txt"]),
        ('source = "../uv.lock"', ["subset.toml:4: uv.lock is no document that is understood; name what this writes: uv export --no-emit-project --output-file pylock.toml"]),
        ('source = "../pyproject.toml"', ["subset.toml:4: pyproject.toml: No such file or directory; mend the path"]),
        ('source = "../gone.txt"', ["subset.toml:4: gone.txt: No such file or directory; mend the path"]),
        ('source = "https://user:secret@host/pylock.toml"', ["subset.toml:4: a URL as source is refused; copy the document here and name its path"]),
        ("source = 3.10", ['subset.toml:4: source is the number 3.10, 3.1 to TOML; quote it: "3.10"']),
        ('sauce = "x"\nsource = "../ok.txt"', ["subset.toml:4: unknown key 'sauce'; did you mean 'source'?"]),
        ('source = "../ok.txt"\nextras = ["a"]\ngroups = ["b"]', [f"subset.toml:{line}: {key} without a source that is a pyproject.toml or a pylock.toml; drop the line" for line, key in ((5, "extras"), (6, "groups"))]),
        ('source = "../ok.txt"\n[sets.base]\ngroups = ["b"]', ["subset.toml:6: groups without a source that is a pyproject.toml or a pylock.toml; drop the line"]),
        ('source = "../bad/pyproject.toml"\nextras = "x"', ['subset.toml:5: extras must be a list of names; write extras = ["…"]']),
        ('source = "../ok.txt"\n[sets.base]\nsource = "../ok.txt"', ["subset.toml:6: the set 'base' has a source and a file base.txt; drop the line, or rename one of the two"]),
        ('source = "../ok.txt"\n[sets."My.App"]\nsource = "../ok.txt"', ["subset.toml:3: 'My.App' is no name: lower-case letters, digits, and single - or _ between them; call the set 'my-app', say"]),
        ('source = "../empty.txt"', ["empty.txt: the set 'app' asks for nothing; add a requirement, or remove the file"]),
        ("", ["subset.toml:3: there is no app.txt for [sets.app]; the files are: base"]),
    ],
)  # fmt: skip
def test_fault_about_a_source_stands_in_subset_toml(table: str, faults: list[str]) -> None:
    """What cannot be a source, or not be read, is met at the line that names it."""
    files = {"ok.txt": "six\n", "empty.txt": "", "bad/pyproject.toml": PROJECT, "requirements/base.txt": "six\n"}
    assert faults_of(files, table) == faults


def test_faults_of_all_sources_come_at_once() -> None:
    """One run names every mistake of every document, in the order of files and lines."""
    files = {"pyproject.toml": '[project]\ndependencies = ["pan das"]\n', "tool.py": "", "reqs/app.txt": "--pre\nsix\n"}
    table = 'source = "../tool.py"\n[sets.b]\nsource = "../pyproject.toml"\n[sets.c]\nsource = "../reqs/app.txt"\n'
    places = [fault.split(" ")[0] for fault in faults_of(files, f"{table}[policy]\nx = 1")]
    assert places == ["pyproject.toml:2:", "reqs/app.txt:1:", "subset.toml:10:", "tool.py:"]


TOML = (
    "[project]", "[project.optional-dependencies]", "[dependency-groups]", "[[packages]]", "lock-version='1.0'", "created-by='x'",
    "dependencies", "dynamic", "requires-python", "environments", "name", "version", "marker", "wheels", "x", "=", "=[", "={", "}", "]",
    ",", "\n", "\n", "\n", "'x'", "'x[x]'", "'1.0'", "include-group", "1", "\"'x' in extras\"", "# /// script\n# ", "# ", "\n# ///\n", "\\", "é",
)  # fmt: skip


@settings(max_examples=300, deadline=None, database=None)
@given(
    st.one_of(st.binary(max_size=20), st.lists(st.sampled_from(TOML)).map(lambda parts: "".join(parts).encode())),
    st.sampled_from(["pyproject.toml", "pylock.x.toml", "x.py", "x.txt", "."]),
)
@example(b"\0", "\0.py")
@example(b"project = []", "pyproject.toml")
@example(b"[project]\nname = 1\ndynamic = 'dependencies'\nrequires-python = 3.10", "pyproject.toml")
@example(b"[project]\ndynamic = [1]\ndependencies = [[]]\noptional-dependencies = 'x'", "pyproject.toml")
@example(b"dependency-groups = ['x']", "pyproject.toml")
@example(b"[dependency-groups]\nx = {x = 1}", "pyproject.toml")
@example(b"packages = 1", "pylock.x.toml")
@example(b"packages = [1, 2]\nlock-version = '9.0'", "pylock.x.toml")
def test_any_document_is_a_plan_or_faults(data: bytes, name: str) -> None:
    """Whatever stands in a source, the answer is a plan or faults that each print, never another error."""
    table = "" if name.endswith((".py", ".txt")) else "extras = ['x']\ngroups = ['x']\n"
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "subset.toml").write_text(f"{LINUX}[sets.app]\nsource = {json.dumps(name)}\n{table}")
        if name.strip("\0.") == name:
            Path(folder, name).write_bytes(data)
        try:
            found = [job.name for job in read_subset(Path(folder)).jobs]
        except InputFaults as error:
            found = [str(fault) for fault in error.faults]
        assert all(found)
        assert found
