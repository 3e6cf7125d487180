"""Requirements files are read as pip reads them, and what an index cannot offer is refused."""

from __future__ import annotations

import codecs
import contextlib
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from pip._internal.network.session import PipSession
from pip._internal.req.req_file import parse_requirements

from pypi_subset.errors import InputFaults
from pypi_subset.requirements.lines.requirements_txt import _without_comment
from pypi_subset.support import bounds
from tests.support.programs.ending import ending

if TYPE_CHECKING:
    from pypi_subset.model.requests import Subset
from tests.support.stages.requirements import LINUX, PIECES, SHA, faults_of, lines_of, plan_of

SHA384 = "sha384:" + "a" * 96


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty directory, so that paths are as short as users see them."""
    monkeypatch.chdir(tmp_path)


def test_a_line_is_read_as_pip_reads_it() -> None:
    """Specifiers, extras, markers, comments, joined lines and hashes mean what they mean to pip."""
    text = (
        "# a comment \\\n"
        "pandas [excel, html] >= 1.4, < 3 ; python_version >= '3.9'   # why\n"
        "\n"
        "  numpy>=1.5,\\\n"
        "    <3\\\n"
        "# a comment ends the joining\n"
        f"click==8.1.7 --hash={SHA} \\\n"
        f"    --hash {SHA384.upper().replace('SHA', 'sha')}\n"
        "\\six\\\n"
        "\nattrs\f\n"
        "flask\\"
    )
    requests = plan_of(text).sets[0].requests
    assert lines_of(requests) == [
        'base.txt:2 pandas[excel,html]<3,>=1.4; python_version >= "3.9"',
        "base.txt:4 numpy<3,>=1.5",
        f"base.txt:7 click==8.1.7 --hash={SHA} --hash={SHA384}",
        "base.txt:9 six",
        "base.txt:11 attrs",
        "base.txt:13 flask",
    ]
    assert requests[2].hashes == (SHA, SHA384)
    assert requests == tuple(request for request in requests if request.path == Path("requirements/base.txt"))


def as_pip(path: Path) -> list[tuple[str, str, bool, list[str]]]:
    """Return what pip reads in a requirements file: place, requirement, whether it is a constraint, hashes."""
    found = []
    for one in parse_requirements(str(path.absolute()), PipSession()):
        assert one.line_source is not None
        _, number, _, file = one.line_source.split(" ", 3)
        hashes = (one.options or {}).get("hashes", {})
        digests = sorted(f"{kind}:{digest}" for kind, digests in hashes.items() for digest in digests)
        found.append((f"{Path(file).name}:{number}", str(Requirement(one.requirement)), one.constraint, digests))
    return found


def as_we(subset: Subset) -> list[tuple[str, str, bool, list[str]]]:
    """Return the same of the one set in *plan*."""
    (base,) = subset.sets
    both = [*((one, False) for one in base.requests), *((one, True) for one in base.constraints)]
    return [(one.origin, str(one.requirement), constraint, sorted(one.hashes)) for one, constraint in both]


@settings(max_examples=300, deadline=None, database=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
@example("pandas\\\n #\\\nnumpy")
@example("# \\\npandas")
@example("\\\\pandas\\\n\\\n-c limits.txt\n")
@example(f"six --hash {SHA}\\\n--hash={SHA}")
def test_accepted_text_means_the_same_to_pip(text: str) -> None:
    """Whatever text is taken here, pip takes too, and reads the same requirements from the same lines."""
    files = {"base.txt": text, "more.txt": "flask\n", "limits.txt": "numpy<2\n"}
    # more.txt and limits.txt are sets as well where nothing includes them; so they always are included.
    files["keep.txt"] = "-r base.txt\n-r more.txt\n-c limits.txt\nlast\n"
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLOOR", "2")
        patch.delenv("NONE", raising=False)
        with contextlib.suppress(InputFaults):
            ours = as_we(plan_of(files, root=Path(folder)))
            # pip reads a file as often as it is named; once is enough.
            pips = {str(one): one for one in as_pip(Path(folder, "keep.txt"))}
            assert sorted(ours) == sorted(pips.values())


def test_a_byte_order_mark_or_a_comment_tells_the_encoding() -> None:
    """As in pip: UTF-8, with or without mark, UTF-16, UTF-32, or what a PEP 263 comment says."""
    text = "# -*- héllo -*-\npandas\n"
    marks = {"utf-8": codecs.BOM_UTF8, "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
    marks |= {"utf-32-le": codecs.BOM_UTF32_LE, "utf-32-be": codecs.BOM_UTF32_BE}
    for encoding, mark in marks.items():
        assert lines_of(plan_of({"base.txt": mark + text.encode(encoding)}).sets[0].requests) == ["base.txt:2 pandas"]
    latin = "\n# -*- coding: latin-1 -*- é\npandas\n".encode("latin-1")
    assert lines_of(plan_of({"base.txt": latin}).sets[0].requests) == ["base.txt:3 pandas"]
    assert lines_of(plan_of({"base.txt": text}, "\ufeff" + LINUX).sets[0].requests) == ["base.txt:2 pandas"]


EDITABLE = "-e is refused: an index offers releases, no directories; name the project and a version, or export with --no-emit-project"


DIRECT = "a URL or a path is refused: an index offers releases; name the project and a version"


FOLDER = f"{DIRECT}, or export with --no-emit-project"


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("-e .", EDITABLE),
        ("--editable=git+https://host/x", EDITABLE),
        ("pandas --config-settings x=y", "--config-settings is refused: it has no meaning here; remove it"),
        ("pandas --pre", "only --hash may follow a requirement; start a new line"),
        ("-r more.txt --pre", "-r and -c need a line of their own; start a new line"),
        ("pandas -r more.txt", "-r and -c need a line of their own; start a new line"),
        (f"pandas --hash {SHA} numpy", "only --hash may follow a requirement; start a new line"),
        (f"--hash {SHA}", "--hash without a requirement; put it behind the requirement that it is for"),
        ("pandas --hash=md5:00", "'md5:00' is no hash; write --hash=sha256: and 64 digits 0-9 a-f"),
        ("pandas --hash=sha256:xyz", "'sha256:xyz' is no hash; write --hash=sha256: and 64 digits 0-9 a-f"),
        ("pandas --hash", "'' is no hash; write --hash=sha256: and 64 digits 0-9 a-f"),
        ("pandas --hash='", "options cannot be read: No closing quotation; close the quotation"),
        ("-r a.txt -r b.txt", "two files on one line, of which pip reads the first; give each a line of its own"),
        ("-r", "--requirement names no file; write the file's path behind it"),
        (
            "-r https://host/a.txt",
            "https://host/a.txt was not fetched yet; run `pypi-subset mirror`, and commit lock",
        ),
        ("-c nowhere.txt", "nowhere.txt: No such file or directory; mend the path"),
        ("-c subset.toml/x", "subset.toml/x: Not a directory; mend the path"),
        ("pandas @ https://user:secret@host/p.whl", DIRECT),
        ("pandas@file:///p.whl", f"{DIRECT}; `python -m pip list --format=freeze` writes such lines"),
        ("idna @ file:///croot/idna_17/work", f"{DIRECT}; `python -m pip list --format=freeze` writes such lines"),
        ("-e file:///${PROJECT_ROOT}/#egg=app", EDITABLE),
        ("https://user:secret@host/p.whl", DIRECT),
        ("git+https://user:secret@host/p@main", DIRECT),
        ("./pandas", FOLDER),
        (".", FOLDER),
        ("../pandas[excel]", FOLDER),
        ("/opt/pandas", FOLDER),
        ("C:\\pandas", FOLDER),
        ("folder/pandas", FOLDER),
        ("pandas-2.0.tar.gz", DIRECT),
        ("pandas.whl[excel]", DIRECT),
        ("pandas.ZIP ; python_version > '3'", DIRECT),
    ],
)
def test_what_an_index_cannot_offer_is_refused(line: str, fault: str) -> None:
    """Other options, URLs and paths are refused with file and line, and no password is printed."""
    assert faults_of(f"flask\n{line}\n") == [f"base.txt:2: {fault}"]


def test_caret_stands_under_the_fault() -> None:
    """A malformed requirement is shown as it was typed, packaging's caret under the column."""
    assert faults_of("pandas\n  scikit-learn >= 1.x  # no\nclick ; python_versio < '3'\na,\\\n b\n\tsix[\n") == [
        (
            "base.txt:2: malformed requirement: expected comma (within version specifier), semicolon (after version "
            "specifier) or end\n"
            "      scikit-learn >= 1.x  # no\n"
            "                   ~~~~^"
        ),
        (
            "base.txt:3: malformed requirement: expected a marker variable or quoted string\n"
            "    click ; python_versio < '3'\n"
            "            ^"
        ),
        (
            "base.txt:4: malformed requirement: expected semicolon (after name with no version specifier) or end\n"
            "    a, b\n"
            "     ^"
        ),
        (
            "base.txt:6: malformed requirement: expected matching RIGHT_BRACKET for LEFT_BRACKET, after extras\n"
            "     six[\n"
            "        ~^"
        ),
    ]


@pytest.mark.parametrize("line", ["numpy=1.26.4=py311h_0", "numpy=1.26", "@EXPLICIT"])
def test_lines_of_conda_name_the_command_that_writes_pips(line: str) -> None:
    """conda's own lists have one equals sign; pip in that environment writes two."""
    (fault,) = faults_of(f"six\n{line}\n")
    head, step = fault.splitlines()[0].split("; ", 1)
    assert head.startswith("base.txt:2: malformed requirement: ")
    assert step == "write NAME==VERSION; `python -m pip list --format=freeze` writes such lines"


def test_a_variable_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its value may be a password, and would be published: in a marker, a path, a hash, an option, set or not."""
    monkeypatch.setenv("SECRET", "hunter2")
    monkeypatch.setenv("DIR", str(tmp_path))
    lines = (
        "${SECRET}",
        "six; platform_release != '${SECRET}'",
        "-c ${DIR}/x.txt",
        "six --hash=${SECRET}",
        "six \\\n==${NO}",
    )
    faults = faults_of("\n".join(["six  # ${SECRET} is a comment", *lines]))
    name = iter(["SECRET", "SECRET", "DIR", "SECRET", "NO"])
    assert faults == [
        f"base.txt:{number}: ${{{next(name)}}} is refused: the value of an environment variable would be published; "
        "write the value itself, or let a program of yours write this file"
        for number in range(2, 7)
    ]
    assert "hunter2" not in "".join(faults)


def test_what_is_pips_business_is_allowed() -> None:
    """Two targets alike, a project asked for twice, and a target that no set serves are no faults."""
    toml = f"{LINUX}twin = 'cp310-cp310-manylinux2014_x86_64'\nidle = 'cp312-win32'\n[sets.base]\ntargets = ['twin', 'linux']"
    subset = plan_of("Pandas\npandas<3\n", toml)
    assert subset.targets[0].digest == subset.targets[1].digest
    assert [job.name for job in subset.jobs] == ["base--linux", "base--twin"]
    assert lines_of(subset.sets[0].requests) == ["base.txt:1 Pandas", "base.txt:2 pandas<3"]


@pytest.mark.parametrize("sign", ["\\n--index-url=http://evil.example", "\\u001b[2J", "\\u202e", "\\u2028"])
def test_a_requirement_holds_no_line_of_its_own(sign: str) -> None:
    """A string in TOML may hold lines: what stands behind one would be an option for pip."""
    project = f"[project]\ndependencies = [\"six; platform_release != '{sign}'\"]\n"
    toml = f'{LINUX}[sets.app]\nsource = "../pyproject.toml"\n'
    assert faults_of({"../pyproject.toml": project}, toml) == [
        "pyproject.toml:2: the requirement holds a character that is not seen; write it in visible characters"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "x" + " " * 60_000 + "y",
        "#x" * 30_000,
        "x; " + "(" * 30_000,
        "x; " + "(" * 30_000 + "os_name == 'a'" + ")" * 30_000,
        "x[" + "," * 60_000,
        "\\\n" * 500_000,
        " \n" * 1_000_000,
        "x" * 1_000_000,
        "--hash=" * 8000,
        "x " + "'" * 60_000,
        "# coding: punycode\n-" + "a" * 400_000,
        "# coding: idna\n" + "a" * 200_000,
        "./" * 30_000,
        "a.zip" * 12_000,
        "x==" + "1." * 30_000,
    ],
    ids=range(15),
)
def test_no_text_takes_long(text: str) -> None:
    """Whatever stands in a file, it is read, or refused in one line, in seconds."""
    with ending(), contextlib.suppress(InputFaults):
        plan_of(f"six\n{text}")


@given(line=st.text(alphabet="a# \t\f\u2003\x1c;", max_size=12))
def test_a_comment_begins_where_pip_says(line: str) -> None:
    """The number sign at the beginning or behind a blank, as pip's own expression has it."""
    assert _without_comment(line).strip() == re.sub(r"(^|\s+)#.*$", "", line).strip()


def test_lines_and_brackets_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many lines, too long a line and too many brackets are mistakes with a line."""
    monkeypatch.setattr(bounds, "MOST_REQUESTS", 100)
    assert faults_of("six\n" * 101) == ["base.txt:101: more than 100 lines; divide the file"]
    long = faults_of(f"six\nsix # {'x' * bounds.LONGEST_LINE}")
    assert long == ["base.txt:2: a line of more than 65,536 characters; divide the file"]
    deep = f"six; {'(' * 51}os_name == 'a'{')' * 51}"
    assert faults_of(deep) == ["base.txt:1: more than 50 brackets within each other; write it with fewer"]
    assert plan_of(deep.replace("(", "", 1).replace(")", "", 1)).sets[0].requests


@pytest.mark.parametrize("kind", ["pipe", "device", "large"])
def test_files_that_are_none(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe, a device and a file above the bound are mistakes, included or not."""
    monkeypatch.setattr(bounds, "LARGEST_INPUT", 1000)
    (tmp_path / "requirements").mkdir()
    path = tmp_path / "requirements" / "more.txt"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.write_text("#" * 1001)
    told = faults_of("six\n-r more.txt")
    said = "larger than 1,000 bytes" if kind == "large" else "not a regular file"
    assert len(told) == 2
    assert all(said in one or "stands outside" in one for one in told)


@pytest.mark.parametrize("text", ["six=={}", "six; python_version == '{}'", "six --hash={}", "-r {}.txt"])
def test_long_numbers_are_refused(text: str) -> None:
    """`int` refuses a number of very many digits, wherever a version is read; the line is the fault."""
    assert faults_of(text.format("9" * 5000)) == ["base.txt:1: a number of more than 300 digits; write a shorter one"]
