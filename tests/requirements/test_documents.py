"""Sets made of other documents: projects, scripts, locks, and what other tools export."""

from __future__ import annotations

import json
import os
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pypi_subset.errors import InputFaults
from pypi_subset.requirements.documents import _blocks
from pypi_subset.requirements.subset import read_subset
from tests.support.programs.ending import ending
from tests.support.stages.sources import (
    LINUX,
    OTHER,
    PROJECT,
    SHA,
    TWO,
    UV,
    bad_project,
    faults_of,
    lines_of,
    of_project,
    plan_of,
)


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty directory, so that paths are as short as users see them."""
    monkeypatch.chdir(tmp_path)


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
        (b"# \xe9\n", ["tool.py:1: not UTF-8: byte 0xe9; save it as UTF-8"]),
    ],
)
def test_fault_in_a_script_has_its_line(script: str | bytes, faults: list[str]) -> None:
    """No block, two, one that is no TOML, one for other Pythons: each is a mistake."""
    assert faults_of({"tool.py": script}, 'source = "../tool.py"') == faults


POETRY = f"""\
click==8.1.7 ; python_version >= "3.10" and python_version < "4.0" \\
    --hash={SHA} \\
    --hash={OTHER}
colorama==0.4.6 ; python_version >= "3.10" and sys_platform == "win32" --hash={SHA}
"""


def test_what_poetry_exports_is_read() -> None:
    """Markers stand before the hashes."""
    assert lines_of({"reqs/app.txt": POETRY}, 'source = "../reqs/app.txt"') == [
        f'app.txt:1 click==8.1.7; python_version >= "3.10" and python_version < "4.0" --hash={SHA} --hash={OTHER}',
        f'app.txt:4 colorama==0.4.6; python_version >= "3.10" and sys_platform == "win32" --hash={SHA}',
    ]


def test_export_with_what_no_index_offers_says_how_to_leave_it_out() -> None:
    """The project itself, other directories, and addresses of indexes are refused with the option that omits them."""
    text = f"--no-index\n\n-e .\n./libs/b\n{UV}"
    index, editable, folder = faults_of({"app.txt": text}, 'source = "../app.txt"')
    assert index.startswith("app.txt:1: --no-index shuts out every index")
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


TOML = (
    "[[package]]", "[metadata]", "lock-version='2.1'", "lock_version='4.5'", "strategy=['inherit_metadata']", "version=1\n", "- pip:\n  - ",
    "[project]", "[project.optional-dependencies]", "[dependency-groups]", "[[packages]]", "lock-version='1.0'", "created-by='x'",
    "dependencies", "dynamic", "requires-python", "environments", "name", "version", "marker", "wheels", "x", "=", "=[", "={", "}", "]",
    ",", "\n", "\n", "\n", "'x'", "'x[x]'", "'1.0'", "include-group", "1", "\"'x' in extras\"", "# /// script\n# ", "# ", "\n# ///\n", "\\", "é",
)  # fmt: skip


@settings(max_examples=300, deadline=None, database=None)
@given(
    st.one_of(st.binary(max_size=20), st.lists(st.sampled_from(TOML)).map(lambda parts: "".join(parts).encode())),
    st.sampled_from(
        ["pyproject.toml", "pylock.x.toml", "x.py", "x.txt", ".", "uv.lock", "poetry.lock", "pdm.lock", "x.yml"]
    ),
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
    table = "" if name.endswith((".py", ".txt", ".yml")) else "extras = ['x']\ngroups = ['x']\n"
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


_PEP_723 = re.compile(r"(?m)^# /// script$\s(?P<content>(^#(| .*)$\s)+)^# ///$")


@given(
    lines=st.lists(st.sampled_from(["# /// script", "# ///", "#", "# a", "#b", "", " # ///", "# /// script ", "x"])),
)
@example(lines=["# /// script", "# a", "# ///", "# /// script", "# a", "# ///"])
def test_blocks_are_those_of_the_standard(lines: list[str]) -> None:
    """PEP 723's own expression finds the same blocks."""
    script = "\n".join([*lines, ""])
    found = [(script.count("\n", 0, one.start("content")), one["content"]) for one in _PEP_723.finditer(script)]
    assert [(first, "".join(f"{line}\n" for line in block)) for first, block in _blocks(script.split("\n"))] == found


def test_a_script_of_openings_takes_no_time() -> None:
    """A script of many blocks that are never closed is read in a time that grows with it."""
    with ending():
        for text in ("# /// script\n" * 100_000, "# /// script\n#\n" * 100_000, "# /// script\n# ///\n" * 100_000):
            assert faults_of({"tool.py": text}, 'source = "../tool.py"')


@pytest.mark.parametrize(
    "name", ["pyproject.toml", "pylock.toml", "tool.py", "uv.lock", "Pipfile.lock", "environment.yml"]
)
def test_a_source_is_a_regular_file(name: str, tmp_path: Path) -> None:
    """A pipe as source is a mistake; nobody waits for it."""
    os.mkfifo(tmp_path / name)
    (fault,) = faults_of({}, f'source = "../{name}"')
    assert f"{name}: not a regular file" in fault
