"""uv's settings in a project: honoured where pip can do the same, refused where they change which files are meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from uv import find_uv_bin

from pypi_subset.requirements.reach import Reach
from tests.support.programs.commands import run
from tests.support.stages.sources import LINUX, TWO, bad_project, faults_of, lines_of, of_project, plan_of
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.index import Index


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty directory, so that paths are as short as users see them."""
    monkeypatch.chdir(tmp_path)


PIP = Reach(index_urls=("https://one.example/simple",))
NAME = '[project]\nname = "app"\nversion = "1"\n'
#: What follows the finding in each message.
REST = "the mirror cannot honour that; name what this writes as source: uv export --no-default-groups"
LAST = "--output-file requirements.txt"
OWN = "--no-emit-project --no-emit-local"
INDEX = "; pip's extra-index-url adds an index"


def served(name: str, url: str, *projects: str, targets: str = "") -> str:
    """Return the way out where a source of ``subset.toml`` can be the index."""
    names = ", ".join(f'"{one}"' for one in projects)
    lines = [f"[sources.{name}]", f'index = "{url}"', f"projects = [{names}]", *([targets] if targets else [])]
    step = "to take these projects from that index and from nowhere else, write in subset.toml:"
    return "\n    ".join([step, *lines])


#: Kind → lines below the project's, the lines of the set's table, and the fault behind the line's number.
KINDS = {
    "workspace": ("lib = { workspace = true }", "", f"lib from this workspace: {REST} {OWN} {LAST}"),
    "path": ('lib = { path = "../lib", editable = true }', "", f"lib from a path: {REST} {OWN} {LAST}"),
    "git": (
        'lib = { git = "https://user:secret@host/lib" }',
        "",
        f"lib from git: {REST} {OWN} --no-emit-package lib {LAST}",
    ),
    "url": ('Lib = { url = "https://host/lib.whl" }', "", f"lib from a URL: {REST} {OWN} --no-emit-package Lib {LAST}"),
    "index": ('lib = { index = "corp" }', "", f"lib from the index 'corp': {REST} {OWN} {LAST}{INDEX}"),
    "unknown": ("lib = { moon = true }", "", f"lib from elsewhere: {REST} {OWN} --no-emit-package lib {LAST}"),
    "no table": ("lib = true", "", f"lib from elsewhere: {REST} {OWN} --no-emit-package lib {LAST}"),
    "marker": (
        'lib = [{ path = "../lib", marker = "sys_platform == \'linux\'" }]',
        "",
        f"lib from a path: {REST} {OWN} {LAST}",
    ),
    "open marker": (
        'lib = { path = "x", marker = "platform_version == \'x\'" }',
        "",
        f"lib from a path: {REST} {OWN} {LAST}",
    ),
    "group": (
        'Dev_Lib = { path = "../x", group = "dev" }',
        'groups = ["lint"]',
        f"dev.lib from a path: {REST} --group lint {OWN} {LAST}",
    ),
    "extra": (
        'gui-lib = { index = "corp", extra = "gui" }',
        'extras = ["gui"]',
        f"gui-lib from the index 'corp': {REST} --extra gui {OWN} {LAST}{INDEX}",
    ),
}
SOURCES = f"""\
{NAME}dependencies = ["lib>=1", "other; sys_platform == 'win32'"]
optional-dependencies = {{ gui = ["gui-lib"] }}
[dependency-groups]
dev = ["dev.lib"]
lint = [{{ include-group = "dev" }}]
[tool.uv.sources]
"""


@pytest.mark.parametrize("kind", KINDS)
def test_a_source_elsewhere_is_refused(kind: str) -> None:
    """What a project takes from elsewhere is never taken from the index: one fault with table, project and export."""
    line, table, rest = KINDS[kind]
    text = SOURCES if kind in {"group", "extra"} else SOURCES.replace('"lib>=1"', '"lib"')
    base = text if kind not in {"group", "extra"} else text.replace('"lib>=1", ', "")
    assert bad_project(f"{base}{line}\n", table) == [f"pyproject.toml:10: [tool.uv.sources] takes {rest}"]


@pytest.mark.parametrize(
    "line",
    [
        'third = { git = "https://host/third" }',
        'lib = { path = "x", marker = "sys_platform == \'win32\'" }',
        'lib = { index = "corp", extra = "gui" }',
        'dev-lib = { path = "x" }',
        'other = { path = "x" }',
    ],
)
def test_a_source_of_what_is_not_requested_is_no_fault(line: str) -> None:
    """Another project, platform, extra or group: the index has what the set asks for on its target."""
    assert of_project("", f"{SOURCES}{line}\n") == [
        "pyproject.toml:4 lib>=1",
        'pyproject.toml:4 other; sys_platform == "win32"',
    ]


def test_a_source_counts_on_each_target() -> None:
    """A project that comes from elsewhere on one target alone is refused for a set that serves it."""
    text = f"{SOURCES}other = {{ path = 'x' }}\n"
    assert bad_project(text, toml=TWO)[0].startswith("pyproject.toml:10: [tool.uv.sources] takes other from a path")
    assert of_project('targets = ["linux"]', text, TWO)


def test_all_findings_are_one_fault() -> None:
    """A document has one fault for all that uv's tables change, eight of them in full."""
    lines = [f'p{number} = {{ path = "x" }}' for number in range(10)]
    text = f"{NAME}dependencies = {[f'p{number}' for number in range(10)]}\n[tool.uv.sources]\n" + "\n".join(lines)
    (fault,) = bad_project(f'{text}\n[tool.uv]\nexclude-newer = "2025-01-01"\n')
    assert fault.startswith("pyproject.toml:6: [tool.uv.sources] takes p0 from a path, takes p1 from a path, ")
    assert " and 3 more: the mirror cannot honour that; " in fault


CPU, CUDA = "https://torch.example/whl/cpu", "https://torch.example/whl/cu128"
#: As uv's guide for PyTorch has it: two explicit indexes, one for each system.
TORCH = f"""\
{NAME}dependencies = ["torch>=2", "numpy"]
[tool.uv.sources]
torch = [
  {{ index = "torch-cpu", marker = "sys_platform == 'win32'" }},
  {{ index = "torch-cu128", marker = "sys_platform == 'linux'" }},
]
[[tool.uv.index]]
name = "torch-cpu"
url = "{CPU}/"
explicit = true
[[tool.uv.index]]
name = "torch-cu128"
url = "{CUDA}"
explicit = true
"""
SERVING = f"""\
{TWO}
[sources.cpu]
index = "{CPU}"
projects = ["torch*"]
targets = ["windows"]
[sources.cuda]
index = "{CUDA}/"
projects = ["torch"]
targets = ["linux"]
"""


def test_the_lines_of_an_error_serve_the_project() -> None:
    """An index that no source serves is refused with whole tables, which are accepted when they are pasted."""
    (fault,) = bad_project(TORCH, toml=TWO, reach=PIP)
    head, *lines = fault.split("\n    ")
    assert head.startswith(
        "pyproject.toml:6: [tool.uv.sources] takes torch from the index 'torch-cpu' and takes torch from"
    )
    assert lines == [
        "[sources.torch-cpu]",
        f'index = "{CPU}"',
        'projects = ["torch"]',
        'targets = ["windows"]',
        "[sources.torch-cu128]",
        f'index = "{CUDA}"',
        'projects = ["torch"]',
        'targets = ["linux"]',
    ]
    pasted = "\n".join([TWO, *lines, ""])
    assert of_project(text=TORCH, toml=pasted, reach=PIP) == ["pyproject.toml:4 torch>=2", "pyproject.toml:4 numpy"]


def test_a_source_that_serves_the_project_is_enough() -> None:
    """uv's index is accepted where the source with its URL serves the project on each target that the entry means."""
    assert of_project(text=TORCH, toml=SERVING, reach=PIP)
    (fault,) = bad_project(TORCH, toml=SERVING.replace('["torch*"]', '["torch-geometric"]'), reach=PIP)
    assert "takes torch from the index 'torch-cpu': the mirror" in fault
    assert fault.endswith(served("torch-cpu", CPU, "torch", targets='targets = ["windows"]'))
    swapped = SERVING.replace('["windows"]', '["x"]').replace('["linux"]', '["windows"]').replace('["x"]', '["linux"]')
    (fault,) = bad_project(TORCH, toml=swapped, reach=PIP)
    assert "takes torch from the index 'torch-cpu' and takes torch from the index 'torch-cu128': the mirror" in fault


def test_what_comes_from_a_source_is_not_elsewhere() -> None:
    """A project that nothing requests and that a source serves may be required by another one."""
    text = f'{NAME}dependencies = ["app-core"]\n[tool.uv.sources]\n{TORCH.partition("[tool.uv.sources]")[2]}'
    files = {"pyproject.toml": text}
    (served_one,) = plan_of(files, 'source = "../pyproject.toml"', SERVING, PIP).sets
    (other,) = plan_of(files, 'source = "../pyproject.toml"', TWO, PIP).sets
    assert served_one.elsewhere == ()
    assert {name for name, _, _ in other.elsewhere} == {"torch"}


def test_an_index_for_all_projects() -> None:
    """An index that uv asks beside PyPI is a source; one that uv asks in its place is pip's index-url, and no source."""
    project = f'{NAME}dependencies = ["lib", "six"]\n'
    beside = f'{project}[[tool.uv.index]]\nname = "Corp 1"\nurl = "https://user:secret@corp.example/simple/"\n'
    (fault,) = bad_project(beside, reach=PIP)
    assert fault.endswith(served("corp-1", "https://corp.example/simple", "lib", "six"))
    own = f'{LINUX}[sources.corp]\nindex = "https://corp.example/simple"\nprojects = ["lib"]\n'
    assert of_project(text=beside, toml=own, reach=PIP)
    for more in ("default = true", 'format = "flat"'):
        (fault,) = bad_project(f"{beside}{more}\n", toml=own, reach=PIP)
        assert fault.endswith(f"{REST} {OWN} {LAST}{INDEX}")


def test_two_kinds_of_findings() -> None:
    """An index goes into ``subset.toml``; for the rest, the export is named before those lines."""
    text = TORCH.replace('"numpy"]', '"numpy", "lib"]').replace("torch = [", 'lib = { git = "https://x/y" }\ntorch = [')
    (fault,) = bad_project(text, reach=PIP)
    assert f"{REST} {OWN} --no-emit-package lib {LAST}; {served('torch-cu128', CUDA, 'torch')}" in fault


def test_a_script_has_sources() -> None:
    """The block of a script (PEP 723) is judged as a project is."""
    block = TORCH.partition("dependencies")[2]
    script = "".join(f"# {line}\n" for line in ["/// script", *f"dependencies{block}".splitlines(), "///"])
    files, table = {"tool.py": script}, 'source = "../tool.py"'
    assert lines_of(files, table, SERVING, PIP) == ["tool.py:2 torch>=2", "tool.py:2 numpy"]
    (fault,) = faults_of(files, table, LINUX, PIP)
    assert fault.endswith(served("torch-cu128", CUDA, "torch"))


#: Setting → why it is refused.
SETTINGS = {
    'exclude-newer = "7 days"': "excludes files by their upload time",
    "exclude-newer-package = { six = false }": "excludes files of some projects by their upload time",
    'dependency-metadata = [{ name = "six" }]': "replaces the metadata of projects",
    "no-binary = true": "asks for sdists",
    'no-binary-package = ["six"]': "asks for sdists of some projects",
    'resolution = "lowest"': "sets resolution to 'lowest'",
    'prerelease = "disallow"': "sets prerelease to 'disallow'",
    "no-index = true": "sets no-index to True",
    'index-url = "https://user:secret@host/simple"': "names an index, which pip is not configured for",
    'find-links = ["./wheels"]': "names a place of files, which pip is not configured for",
    'index = [{ name = "corp", url = "https://host/simple" }]': "names the index 'corp', which pip is not configured for",
    'index = [{ url = "https://one.example/", explicit = true, exclude-newer = "7 days" }]': (
        "excludes files of an index by their upload time"
    ),
    'dev-dependencies = ["six"]': "has a group 'dev' of its own",
    'conflicts = [[{ extra = "a" }, { group = "Dev" }]]': "says that 'Dev' and 'a' are not to be chosen together",
}


@pytest.mark.parametrize("setting", SETTINGS)
@pytest.mark.parametrize("table", ["tool.uv", "tool.uv.pip"])
def test_a_setting_that_changes_the_choice_is_refused(setting: str, table: str) -> None:
    """What pip cannot be asked for is one fault, in ``[tool.uv]`` and in ``[tool.uv.pip]``."""
    if table == "tool.uv.pip" and setting.startswith(("dev-", "conflicts")):
        return
    text = f'{NAME}dependencies = ["lib"]\noptional-dependencies = {{ a = [] }}\n[dependency-groups]\ndev = ["six"]\n'
    (fault,) = bad_project(f"{text}[{table}]\n{setting}\n", 'extras = ["a"]\ngroups = ["dev"]', reach=PIP)
    rest = f"{REST} --extra a --group dev {OWN} {LAST}"
    if setting.startswith("index = [{ name"):
        rest = f"the mirror cannot honour that; {served('corp', 'https://host/simple', 'lib', 'six')}"
    assert fault.startswith(f"pyproject.toml:9: [{table}] {SETTINGS[setting]}: {rest}")
    assert "secret" not in fault


@pytest.mark.parametrize(
    "setting",
    [
        'prerelease = "if-necessary"',
        'resolution = "highest"',
        "no-index = false",
        "override-dependencies = []",
        'index-url = "https://one.example/simple/"',
        'index = [{ name = "pypi", url = "https://one.example/simple", default = true }]',
        'index = [{ name = "corp", url = "https://two.example/simple", explicit = true }]\nsources = { six = { index = "corp" } }',
        'index = [{ name = "corp", url = "https://one.example/simple" }]\nsources = { lib = { index = "corp" } }',
        "required-environments = [\"sys_platform == 'darwin'\"]",
        'required-version = ">=0.1"',
        "package = false",
        'conflicts = [[{ extra = "a" }, { extra = "b" }]]',
    ],
)
def test_a_setting_that_changes_nothing_is_read(setting: str) -> None:
    """The configured index, pip's own way of choosing, and what concerns other things than the choice of files."""
    text = f'{NAME}dependencies = ["lib"]\noptional-dependencies = {{ a = ["x"], b = [] }}\n[tool.uv]\n{setting}\n'
    assert of_project('extras = ["a"]', text, reach=PIP) == ["pyproject.toml:4 lib", "pyproject.toml:5 x"]


def test_one_of_several_indexes_cannot_be_held() -> None:
    """Where pip asks two indexes, a source that names one of them might come from the other."""
    text = (
        f'{NAME}dependencies = ["lib"]\n[tool.uv]\nindex = [{{ name = "corp", url = "https://one.example/simple" }}]\n'
    )
    text += 'sources = { lib = { index = "corp" } }\n'
    both = Reach(index_urls=("https://one.example/simple", "https://two.example/simple"))
    assert "[tool.uv.sources] takes lib from the index 'corp'" in bad_project(text, reach=both)[0]


def test_constraints_and_pre_releases_are_honoured() -> None:
    """``constraint-dependencies`` are the set's constraints, and ``prerelease = "allow"`` is pip's ``--pre``."""
    text = f'{NAME}dependencies = ["lib"]\n[tool.uv]\nprerelease = "allow"\nconstraint-dependencies = ["lib<2",\n"six<1"]\n'
    (app,) = plan_of({"pyproject.toml": text}, 'source = "../pyproject.toml"').sets
    assert [f"{one.origin} {one}" for one in app.constraints] == ["pyproject.toml:7 lib<2", "pyproject.toml:8 six<1"]
    assert app.pre


def test_environments_shut_out_a_target() -> None:
    """uv resolves for its environments alone: another target is a mistake."""
    text = f'{NAME}dependencies = ["lib"]\n[tool.uv]\nenvironments = ["sys_platform == \'win32\'"]\n'
    assert bad_project(text) == [
        (
            "pyproject.toml:6: the target 'linux' is in none of the environments of [tool.uv]; "
            "add its marker there, or leave it out of targets in [sets.app]"
        )
    ]
    assert of_project('targets = ["windows"]', text, TWO)


def test_a_group_may_need_a_newer_python() -> None:
    """``requires-python`` of a chosen group is that of the project for this set."""
    text = f'{NAME}[dependency-groups]\ndev = ["lib"]\n[tool.uv.dependency-groups]\nDev = {{ requires-python = ">=3.12" }}\n'
    assert bad_project(text, 'groups = ["dev"]') == [
        (
            "pyproject.toml:7: requires-python '>=3.12' shuts out the target 'linux', Python 3.10; "
            "leave it out of targets in [sets.app], or give it another python"
        )
    ]


def test_a_script_has_the_same_tables() -> None:
    """In inline metadata (PEP 723) too, with lines of the script and uv's export of a script."""
    lines = ['dependencies = ["lib"]', "[tool.uv]", 'constraint-dependencies = ["six<2"]', "[tool.uv.sources]"]
    script = "".join(f"# {line}\n" for line in ["/// script", *lines, "third = { workspace = true }", "///"])
    (app,) = plan_of({"tool.py": script}, 'source = "../tool.py"').sets
    assert [str(one) for one in app.constraints] == ["six<2"]
    assert faults_of({"tool.py": script.replace("third", "lib")}, 'source = "../tool.py"') == [
        (
            "tool.py:6: [tool.uv.sources] takes lib from this workspace: the mirror cannot honour that; "
            "name what this writes as source: uv export --script tool.py --output-file requirements.txt"
        )
    ]
    assert lines_of({"tool.py": script}, 'source = "../tool.py"', LINUX) == ["tool.py:2 lib"]


def test_the_export_that_a_fault_names_can_be_read(
    tmp_path: Path, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """uv writes what it locks without the workspace's own projects, and a set is made of that."""
    monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    index.add(make_wheel("six"), make_wheel("part"))
    text = f'{NAME}requires-python = ">=3.10"\ndependencies = ["lib", "six"]\n[tool.uv.sources]\nlib = {{ workspace = true }}\n'
    text += '[tool.uv.workspace]\nmembers = ["lib"]\n'
    lib = '[project]\nname = "lib"\nversion = "1"\nrequires-python = ">=3.10"\ndependencies = ["part"]\n'
    (fault,) = faults_of({"pyproject.toml": text, "lib/pyproject.toml": lib}, 'source = "../pyproject.toml"')
    command = fault.rpartition("name what this writes as source: uv ")[2].split()
    done = run([find_uv_bin(), *command], tmp_path)
    assert done.returncode == 0, done.stderr
    found = lines_of({}, 'source = "../requirements.txt"')
    assert [line.split(" ")[1] for line in found] == ["part==1.0", "six==1.0"]
