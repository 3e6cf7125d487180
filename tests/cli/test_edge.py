"""The edge: one line for every error, a log for those that are a defect, and no configuration of Invoke's."""

from __future__ import annotations

import io
import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import typer
from rich.console import Console
from typer.exceptions import TyperException

from pypi_subset.cli import edge, present
from pypi_subset.cli.command import Run, command
from pypi_subset.cli.display import Display
from pypi_subset.errors import SubsetError, SuiteFailed, Unforeseen
from pypi_subset.model.checks import Check
from tests.support.checkout import ROOT
from tests.support.programs.commands import PYPI_SUBSET, run, subset
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

HOSTILE = "pkg\x1b]0;owned\x07\u202e[red]\nerror: forged"


@pytest.fixture
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return the directory for state of this user."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state" / "pypi-subset"


def test_an_unforeseen_error_is_one_line(state: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The line names kind, text and a log; that has the traceback, no secret, and only its owner can read it."""

    @command()
    def body(_run: Run) -> None:
        msg = "https://user:word@host/x?sig=3 \x1b[2J\nsecond"
        raise KeyError(msg)

    with pytest.raises(typer.Exit) as raised:
        body()
    (log,) = state.iterdir()
    assert raised.value.exit_code == 3
    line = capsys.readouterr().err.removesuffix("\n")
    assert line.startswith("error: unforeseen: KeyError: 'https://host/x")
    assert line.endswith(f"; details in {log}")
    assert line.isprintable()
    text = log.read_text(encoding="utf-8")
    assert "Traceback (most recent call last)" in text
    assert "in body" in text
    assert "word" not in line + text.replace("in body", "")
    assert "sig=3" not in line
    assert stat.S_IMODE(log.stat().st_mode) == 0o600
    assert stat.S_IMODE(state.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "command",
    [
        *(
            "mirror --site",
            "mirror --packages",
            "mirror --requirements",
            "plan --site",
            "verify --site",
            "serve --site",
        ),
        *("clean --packages", "mirror --log-file", "target linux --requirements", "workflow --requirements"),
    ],
)
def test_a_path_that_is_too_long_is_one_line(command: str, tmp_path: Path, state: Path) -> None:
    """Wherever a command looks at it first, the line names the path and what is wrong; there is no log to report."""
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "subset.toml").write_text('[targets]\nlinux = "cp312-manylinux_2_28_x86_64"\n')
    (tmp_path / "requirements" / "base.txt").write_text("six\n")
    done = subset(*command.split(), "x" * 300, cwd=tmp_path)
    assert done.returncode == 2
    line, *rest = done.stderr.splitlines()
    assert line.startswith(f"error: {'x' * 300}")
    assert "too long; " in line
    assert (rest, state.exists()) == ([], False)


def test_a_long_value_is_shortened(tmp_path: Path) -> None:
    """Whichever command repeats it: the line has its beginning, and the next step at the end."""
    for words in (["clean", "x" * 5000], ["verify", "--shard", "x" * 5000], ["targets", "--" + "x" * 5000]):
        line = subset(*words, cwd=tmp_path).stderr
        assert "x" * 200 in line
        assert len(line) < 600
        assert line.count("\n") == 1


def test_few_logs_are_kept(state: Path) -> None:
    """The newest twenty logs stay."""
    for _ in range(edge.KEPT + 3):
        edge.line_of(Unforeseen("x", evidence="y"))
    assert len([*state.iterdir()]) == edge.KEPT


def test_a_planted_link_is_not_followed(state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no state can be kept, the log is a new file elsewhere; where nothing can, the line says so."""
    state.parent.mkdir()
    state.write_text("a file in its place")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    line = edge.line_of(Unforeseen("x", next_step="report it", evidence="y"))
    assert line.startswith(f"error: x; report it; details in {tmp_path}/error-")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "nowhere"))
    assert edge.line_of(Unforeseen("x", evidence="y")).endswith("; no log of it can be written here")

    def none() -> str:
        msg = "no usable temporary directory"
        raise FileNotFoundError(msg)

    monkeypatch.setattr("tempfile.gettempdir", none)
    assert edge.line_of(Unforeseen("x", evidence="y")).endswith("; no log of it can be written here")


def test_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """An account without a home has no directory for state."""

    def homeless() -> Path:
        msg = "Could not determine home directory."
        raise RuntimeError(msg)

    monkeypatch.setattr(Path, "home", homeless)
    assert edge.state_directory({}) is None
    assert edge.state_directory({"XDG_STATE_HOME": "relative", "HOME": "/h"}) == Path("/h/.local/state/pypi-subset")


@pytest.mark.parametrize("error", [SubsetError("x"), typer.Exit(7), TyperException("x"), KeyError("x")])
def test_what_is_foreseen_passes(error: Exception) -> None:
    """Errors that have a line of their own keep it."""
    with pytest.raises(type(error), check=lambda one: one is error), edge.foreseen(KeyError):
        raise error


def test_too_little_memory_is_no_defect(capsys: pytest.CaptureFixture[str]) -> None:
    """The line says that memory ran out, and has no log of a defect."""

    @command()
    def body(_run: Run) -> None:
        bytearray(1 << 62)

    with pytest.raises(typer.Exit) as raised:
        body()
    assert raised.value.exit_code == 3
    said = capsys.readouterr().err
    assert said.startswith("error: pypi-subset ran out of memory; give this machine or its container more memory")
    assert "details in" not in said


def test_a_reader_that_leaves_is_no_error() -> None:
    """`why … | head` ends as other programs do, with no message."""
    code = "from pypi_subset.cli import app\nimport sys\n"
    code += "def far(arguments): sys.stdout.write('x' * 1000000); sys.stdout.flush()\n"
    code += "app._code_of = far\napp.main()"
    done = run(["bash", "-c", f'"{sys.executable}" -c "{code}" | head -c 1; echo " ${{PIPESTATUS[0]}}"'], ROOT)
    assert (done.stdout, done.stderr) == (f"x {edge.READER_LEFT}\n", "")


@pytest.mark.parametrize("words", ["--help", "mirror --help", "targets"])
def test_a_reader_that_reads_nothing_is_no_error(words: str, tmp_path: Path) -> None:
    """Help and tables end without an error too."""
    line = f'"{sys.executable}" -m pypi_subset {words} | (exec <&-; sleep 1); echo "${{PIPESTATUS[0]}}"'
    done = run(["bash", "-c", line], tmp_path)
    assert (done.stdout, done.stderr) == (f"{edge.READER_LEFT}\n", "")


def test_every_sink_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """Lines, tables, errors and the table of a report show the escapes; each text stays on its line."""
    stream = io.StringIO()
    display = Display(Console(file=stream, force_terminal=True, width=200))
    display.say(HOSTILE, "https://user:word@host/?sig=1")
    display.warn(HOSTILE)
    display.table([HOSTILE], [[HOSTILE]], title=HOSTILE)
    check = Check(target=HOSTILE, set_name=HOSTILE, request="", proof="installed", status="passed")
    display.console.print(present.table_of([check]))
    with display.stage(HOSTILE, 1):
        pass
    print(edge.line_of(SuiteFailed(HOSTILE, said=[HOSTILE])))  # noqa: T201
    shown = stream.getvalue() + capsys.readouterr().out
    assert "word" not in shown
    assert "sig" not in shown
    assert "\x1b]" not in shown
    assert "\u202e" not in shown
    assert "\x07" not in shown
    assert not [line for line in shown.splitlines() if line.strip().startswith("error: forged")]
    assert shown.count(r"pkg\x1b]0;owned\x07\u202e[red]\nerror: forged") >= 6


def test_json_stays_json(capsys: pytest.CaptureFixture[str]) -> None:
    """A document has JSON's escapes for what a terminal would obey, and means the same."""
    document = {"a": [HOSTILE, "\udc80 \U000e0041 \u2028 é"]}
    present.write_json(document)
    text = capsys.readouterr().out
    assert json.loads(text) == document
    assert "é" in text
    present.write_json({"gaps": [{"seen": ("see https://me:word@h/x?sig=1\\",)}]})
    assert json.loads(capsys.readouterr().out) == {"gaps": [{"seen": ["see https://h/x"]}]}
    assert text.replace("\n", "").isprintable()


def test_a_closed_directory_is_written_nowhere(state: Path) -> None:
    """The log of an unforeseen error is never in the site or in the working directory."""
    before = sorted(Path.cwd().iterdir())
    edge.line_of(Unforeseen("x", evidence="y"))
    assert sorted(Path.cwd().iterdir()) == before
    assert len([*state.iterdir()]) == 1


@pytest.mark.parametrize("arguments", [["--help"], ["mirror", "--help"], ["targets"]])
@pytest.mark.parametrize("buffered", ["", "1"])
def test_a_full_disk_behind_the_output_is_one_line(arguments: list[str], buffered: str, state: Path) -> None:
    """The line says what is full, whether Python keeps output back or not; there is no log to report."""
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*PYPI_SUBSET, *arguments],
            cwd=state.parents[1],
            env={**os.environ, "PYTHONUNBUFFERED": buffered},
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    said = "error: standard output cannot be written: No space left on device; make room where it leads to\n"
    assert (done.returncode, done.stderr, state.exists()) == (3, said, False)


def test_a_current_directory_that_was_removed_is_one_line(state: Path, tmp_path: Path) -> None:
    """The line says what to do; there is no log to report."""
    (tmp_path / "gone").mkdir()
    command = f'cd gone && rmdir ../gone && exec "{sys.executable}" -P -m pypi_subset plan'
    done = run(["bash", "-c", command], tmp_path)
    said = (
        "error: there is no current directory any more: No such file or directory; change to one that is there (cd)\n"
    )
    assert (done.returncode, done.stderr, state.exists()) == (3, said, False)


def test_closed_streams_are_no_files(tmp_path: Path) -> None:
    """With standard streams closed, no file of a run gets one of their numbers."""
    code = "import os; from pypi_subset.cli import edge; edge._open_streams()"
    code += (
        "; print([os.path.samefile(f'/proc/self/fd/{one}', os.devnull) for one in range(3)], file=open('said', 'w'))"
    )
    run(["bash", "-c", f'"{sys.executable}" -c "{code}" <&- >&- 2>&-'], tmp_path)
    assert (tmp_path / "said").read_text() == "[True, True, True]\n"


@pytest.mark.usefixtures("state")
def test_a_long_error_shows_no_half_of_a_url() -> None:
    """A password goes before the text is cut."""
    with pytest.raises(Unforeseen) as raised, edge.foreseen():
        raise KeyError("x" * 270 + " https://user:s3cret-and-more@host/")
    assert "s3cret" not in edge.line_of(raised.value)


#: The beginning of a command of root that obeys the modes of files, as other users do.
PLAIN_ROOT = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search")
OWNER = 65534


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    """Return a directory that its owner alone may use, who is not this user."""
    if os.name != "posix" or os.geteuid() or shutil.which("setpriv") is None:
        pytest.skip("root and setpriv make a directory that is closed to this process")
    folder = tmp_path / "home-of-other"
    (folder / ".venv/bin").mkdir(parents=True)
    (folder / ".venv/bin/python").symlink_to(sys.executable)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, OWNER, OWNER, follow_symlinks=False)
    folder.chmod(0o700)
    return folder


def plain(words: list[str], space: Workspace, **variables: str) -> subprocess.CompletedProcess[str]:
    """Return how a command ended that obeys the modes of files."""
    return run([*PLAIN_ROOT, *words], space.root, **variables)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME", "PYENV_ROOT", "PATH"])
def test_a_closed_home(name: str, closed: Path, workspace: Workspace, configured_index: Index) -> None:
    """mirror needs none, and verify says in one line what it does without; neither ends for it."""
    configured_index.add(make_wheel("alpha"))
    workspace.write("base.txt", "alpha\n")
    workspace.toml({"here": "host"})
    value = os.pathsep.join([str(closed), os.environ["PATH"]]) if name == "PATH" else str(closed)
    for words in (["mirror"], ["verify", "--unisolated", "--processes", "1"]):
        done = plain([*PYPI_SUBSET, *words], workspace, **{name: value})
        assert (done.returncode, "Traceback" in done.stderr, "unforeseen" in done.stderr) == (0, False, False), (
            done.stderr
        )
        assert done.stderr.count(str(closed)) <= 1
        assert all(" " in line for line in done.stderr.splitlines() if str(closed) in line)


@pytest.mark.slow
@pytest.mark.parametrize("words", [["mirror"], ["verify", "--unisolated"]])
def test_an_interpreter_in_a_closed_home(
    words: list[str], closed: Path, workspace: Workspace, configured_index: Index
) -> None:
    """The line names the path, the closed directory, and what to do: nothing was unforeseen."""
    configured_index.add(make_wheel("alpha"))
    workspace.write("base.txt", "alpha\n")
    workspace.toml({"here": "host"})
    if words[0] == "verify":
        assert plain([*PYPI_SUBSET, "mirror"], workspace).returncode == 0
    python = closed / ".venv/bin/python"
    start = f"import sys; sys.executable = {str(python)!r}; from pypi_subset.cli.app import main; sys.exit(main())"
    done = plain([sys.executable, "-c", start, *words], workspace)
    assert done.returncode == 3
    (line,) = (one for one in done.stderr.splitlines() if one.startswith("error: "))
    assert f"error: {python}: this user may not use it, since {closed} is closed to others; it is a part of" in line
    assert line.endswith("install pypi-subset where this user can read it, or run the command as the user who owns it")


def test_a_closed_file(closed: Path) -> None:
    """Any other path that is closed is named with the directory to open."""
    program = f"""
from pathlib import Path
from pypi_subset.cli import edge
from pypi_subset.errors import SubsetError
try:
    with edge.foreseen():
        Path({str(closed / "notes.txt")!r}).read_text()
except SubsetError as error:
    print(edge.line_of(error))
"""
    done = run([*PLAIN_ROOT, sys.executable, "-c", program], closed.parent)
    step = f"open it (`chmod o+rx {closed}`), or run the command as the user who owns it"
    assert done.stdout == (
        f"error: {closed / 'notes.txt'}: this user may not use it, since {closed} is closed to others; {step}\n"
    )


@pytest.mark.slow
def test_a_wheel_of_the_site_that_is_closed(closed: Path, workspace: Workspace, configured_index: Index) -> None:
    """verify is red, names it, and asks for no report of a defect."""
    configured_index.add(make_wheel("alpha"))
    workspace.write("base.txt", "alpha\n")
    workspace.toml({"here": "host"})
    assert plain([*PYPI_SUBSET, "mirror"], workspace).returncode == 0
    wheel = workspace.paths.site / f"simple/alpha/{make_wheel('alpha').filename}"
    os.chown(wheel, OWNER, OWNER)
    wheel.chmod(0o600)
    done = plain([*PYPI_SUBSET, "verify", "--unisolated"], workspace)
    assert (done.returncode, closed.exists()) == (1, True)
    assert f"{wheel.resolve()}: permission denied; " in done.stdout + done.stderr
    assert "report it" not in done.stderr
