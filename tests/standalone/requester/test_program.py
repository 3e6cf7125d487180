"""The command line of the requester: all of the text is printed before it is written, and what is wrong is one line."""

from __future__ import annotations

import json
import os
import re
import sys
from typing import TYPE_CHECKING

import pytest

from pypi_subset.standalone.errors import Misused
from pypi_subset.standalone.requester import program
from pypi_subset.standalone.requester.asked import RequirementsFile
from pypi_subset.standalone.requester.program import parser
from tests.support.checkout import page
from tests.support.gap.installs import run_alone
from tests.support.gap.requests import ERROR, joined, requested, run

if TYPE_CHECKING:
    from pathlib import Path

#: What no request may have.
SECRETS = ("alice", "hunter2", "secret", "buran", "/srv", "://", "sha256", "token", "index-url", "${", "\\\\")


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the current directory: an empty one."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_what_is_printed_is_written(place: Path) -> None:
    """The file has exactly the printed text; the last lines say what is next."""
    done = run("pandas>=2", "numpy", "--set", "base", "--target", "lab")
    assert done.code == 0, done.err
    assert (place / "request.json").read_text() == done.out
    assert [*place.iterdir()] == [place / "request.json"]
    document = json.loads(done.out)
    assert (document["set"], document["target"], document["machine"]["kind"]) == ("base", "lab", "pypi-subset target")
    assert done.err.splitlines()[-2:] == [
        "wrote request.json with 2 requirements: pandas, numpy",
        "Next: carry it to the connected side, and run `pypi-subset plan --request request.json` there",
    ]
    again = run("other", "--no-machine")
    assert json.loads((place / "request.json").read_text()) == json.loads(again.out)


def test_dry_run_writes_nothing(place: Path) -> None:
    """The text is printed, and the last line says so."""
    done = run("pandas", "--dry-run", "--no-machine")
    assert (done.code, done.err) == (0, "1 requirement: pandas; nothing was written\n")
    assert json.loads(done.out)["requirements"][0]["name"] == "pandas"
    assert not [*place.iterdir()]


def test_each_requirement_once(place: Path) -> None:
    """The same requirement of the command line, a file and a log is one; another version is another."""
    (place / "asked.txt").write_text("Pandas>=2\nlib\n")
    (place / "pip.log").write_text(
        "ERROR: No matching distribution found for lib\nNo matching distribution found for x\n"
    )
    assert requested("pandas>=2", "pandas", "-r", "asked.txt", "--log", "pip.log") == [
        "pandas>=2",
        "pandas",
        "lib",
        "x",
    ]


def test_nothing_private_leaves(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Addresses, tokens, paths, options, hashes, variables and names of this machine are in none of the texts."""
    monkeypatch.setattr(program, "own_names", lambda: ["alice", "buran"])
    monkeypatch.setenv("SECRET_VERSION", "hunter2")
    (place / "asked.txt").write_text(
        "--index-url https://alice:hunter2@index.secret.test/simple?token=1\n"
        "pkg @ file:///srv/alice/pkg.whl\n-e /srv/alice/project\n-e git+ssh://alice@secret.test/x.git\n"
        "https://${TOKEN}@secret.test/x.whl\nmore==${SECRET_VERSION}\nC:\\Users\\alice\\x.whl\n"
        "pinned==1.0 --hash=sha256:0123456789abcdef # by alice\nmarked; platform_release == 'buran'\n"
        "local==1.0+alice\nother; python_version >= '3'\n"
    )
    (place / "pip.log").write_text(
        "Looking in indexes: https://alice:hunter2@index.secret.test/simple\nProcessing /srv/alice/x\n"
        "ERROR: No matching distribution found for gone>=1 (from -r /srv/alice/asked.txt (line 3))\n"
        "ERROR: No matching distribution found for x @ https://hunter2@secret.test/x.whl\n"
    )
    done = run("-r", "asked.txt", "--log", "pip.log")
    assert done.code == 0, done.err
    assert [one["name"] for one in json.loads(done.out)["requirements"]] == ["pinned", "other", "gone"]
    for text in (done.out, done.err, (place / "request.json").read_text()):
        assert [one for one in SECRETS if one in text.lower()] == []
    assert (
        done.err.splitlines()[:11]
        == [
            "left out: asked.txt:1: an option of pip",
            "left out: asked.txt:2: an address",
            "left out: asked.txt:3: an editable project",
            "left out: asked.txt:4: an editable project",
            "left out: asked.txt:5: a variable of the environment",
            "left out: asked.txt:6: a variable of the environment",
            "left out: asked.txt:7: a file",
            "left out: asked.txt: hashes and other options of 1 lines",
            "left out: marked, whose extra, version or marker has a name of this machine or its user",
            "left out: local, whose extra, version or marker has a name of this machine or its user",
            "wrote request.json with 3 requirements: pinned, other, gone",
        ][: len(done.err.splitlines())]
        or "machine." in done.err
    )


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], 2, "there is nothing to request; name projects, a file with -r, or the output of pip with --log"),
        (["--frob=me:hunter2@x"], 2, "there is no option --frob; see `request.py --help`"),
        (["pkg @ https://me:hunter2@x.test/"], 2, "an argument cannot go into a request: it is no requirement"),
        (["-r", "none.txt"], 2, "none.txt cannot be read: No such file or directory; name a readable file"),
        (["a", "--set", "My Set"], 2, "--set is no name of a subset; write letters in lower case, digits and hyphens"),
        (["a", "--target", "../x"], 2, "--target is no name of a subset"),
        (["a", "--target", "aux"], 2, "--target aux is a device on Windows, and no subset has that name"),
        (["a", "--to", "other.txt"], 2, "other.txt is another file; name a new one with --to"),
        (["a", "--to", "."], 2, ". is a directory; name a file"),
        (["a", "--to", ""], 2, "--to is empty; write a value, or leave it out"),
        (["a", "--to", "none/request.json"], 3, "No such file or directory"),
        ([f"a{one}" for one in range(1001)], 2, "a request has at most 1000 requirements; write several requests"),
    ],
)
def test_wrong_use(place: Path, arguments: list[str], code: int, message: str) -> None:
    """One line, its exit code, and no new file."""
    (place / "other.txt").write_text("my own\n")
    done = run(*arguments, "--no-machine")
    assert done.code == code, done.err
    *_, line = done.err.splitlines()
    assert line.startswith(ERROR)
    assert message in line
    assert "hunter2" not in done.err
    assert [path.name for path in place.iterdir()] == ["other.txt"]
    assert (place / "other.txt").read_text() == "my own\n"


def test_a_log_without_a_missing_project(place: Path) -> None:
    """One line reports it, and the command reads the other inputs."""
    (place / "pip.log").write_text("Successfully installed a\n")
    done = run("a", "--log", "pip.log", "--no-machine")
    assert (done.code, done.err.splitlines()[0]) == (0, "pip.log names no project that pip or uv did not find")


def test_a_full_disk(place: Path) -> None:
    """What cannot be printed is one line, and no file is written."""
    (place / "request.py").write_bytes(joined())
    command = f"{sys.executable} request.py a --no-machine > /dev/full"
    assert os.waitstatus_to_exitcode(os.system(f"{command} 2>{place}/err")) == 3  # noqa: S605 - a redirection
    line = "request.py: error: No space left on device; make room and run this again\n"
    assert (place / "err").read_text() == line
    assert not (place / "request.json").exists()


def test_help_names_each_option(place: Path) -> None:
    """The one file prints its help, and the manual has a row for each option."""
    (place / "request.py").write_bytes(joined())
    done = run_alone(sys.executable, place / "request.py", "--help")
    assert done.code == 0, done.err
    text = page("docs/reference/requests.md")
    options = set(re.findall(r"(--[a-z-]+)", parser().format_help())) - {"--help"}
    assert set(re.findall(r"^\| `(?:-r, )?(--[a-z-]+)", text, re.MULTILINE)) == options


def test_a_project_with_a_private_name_is_named_by_the_user(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A log or a requirements file does not bring it into a request; an argument does."""
    monkeypatch.setattr(program, "own_names", lambda: ["alice"])
    (place / "asked.txt").write_text("alice-app\nlib\n")
    (place / "pip.log").write_text("ERROR: No matching distribution found for alice_tools>=1\n")
    done = run("-r", "asked.txt", "--log", "pip.log")
    assert [one["name"] for one in json.loads(done.out)["requirements"]] == ["lib"]
    for name in ("alice-app", "alice_tools"):
        assert f"left out: {name}, which has a name of this machine or its user" in done.err
    assert requested("alice-app", "-r", "asked.txt") == ["alice-app", "lib"]


@pytest.mark.usefixtures("place")
def test_an_extra_with_a_private_name_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no part of the request, even as an argument."""
    monkeypatch.setattr(program, "own_names", lambda: ["alice"])
    assert requested("lib", "six[alice]") == ["lib"]


def test_a_file_that_quotes_a_request_stays(tmp_path: Path) -> None:
    """Only an earlier request is replaced: a text that speaks of one is another file."""
    for name, text in (("page.md", "a pypi-subset request"), ("list.json", '["pypi-subset request"]')):
        (tmp_path / name).write_text(text)
        with pytest.raises(Misused, match="is another file"):
            program.check_place(str(tmp_path / name))
        assert (tmp_path / name).read_text() == text
    (tmp_path / "request.json").write_text('{"kind": "pypi-subset request"}')
    program.check_place(str(tmp_path / "request.json"))


def test_a_pipe_is_no_file(place: Path) -> None:
    """Nothing waits for a pipe, whichever option names it: one line, and exit code 2."""
    os.mkfifo(place / "pipe")
    (place / "asked.txt").write_text("-r pipe\n")
    for arguments in (("-r", "pipe"), ("-r", "asked.txt"), ("--log", "pipe"), ("a", "--to", "pipe")):
        done = run(*arguments, "--no-machine")
        assert (done.code, done.out) == (2, "")
        assert done.err == f"{ERROR}pipe is no file, but a pipe, a socket or a device; name a file\n"


@pytest.mark.usefixtures("place")
def test_the_next_command_names_the_file() -> None:
    """With another name than the usual one, too."""
    done = run("a", "--no-machine", "--to", "lab 7.json")
    assert done.err.splitlines()[-1].endswith("run `pypi-subset plan --request 'lab 7.json'` there")


def test_a_name_that_no_file_can_have(tmp_path: Path) -> None:
    """A null in the name of an included file is one line."""
    (tmp_path / "asked.txt").write_bytes(b"-r a\0b\n")
    with pytest.raises(Misused, match="no name of a file"):
        RequirementsFile(str(tmp_path / "asked.txt"))
