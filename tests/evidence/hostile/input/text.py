"""Attacks on readers: text of others that a terminal, a log, a page or a program obeys; errors that nobody foresaw."""

from __future__ import annotations

import contextlib
import functools
import io
import json
import logging
import os
from typing import TYPE_CHECKING
from unittest import mock

import invoke
import typer
from invoke import Collection
from rich.console import Console
from rich.text import Text

from pypi_subset.cli import command, display, edge, invoke_tasks, logs, present
from pypi_subset.errors import SubsetError, SuiteFailed
from pypi_subset.model import checks
from pypi_subset.model.checks import Check
from pypi_subset.packages import stock
from pypi_subset.proof.remote import cluster
from pypi_subset.proof.report import report as reports
from pypi_subset.requirements.subset import read_subset
from pypi_subset.support import templates
from tests.evidence.hostile.input.attack import InputAttack
from tests.evidence.hostile.input.secrets import TARGETS, unchanged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pypi_subset.model.checks import Status
    from pypi_subset.model.report import Report

#: Codes for a terminal: its title is set, a line is removed. Then a text that turns its direction, and a line of its own.
CODES, TURNED, FORGED = "\x1b]0;owned\x1b\\\x1b[2K", "a\u202eb", "\nerror: forged"


def _terminal(write: Callable[[display.Display], object]) -> str:
    """Return all that a terminal receives."""
    stream = io.StringIO()
    with mock.patch.dict(os.environ, {"TERM": "xterm-256color"}):
        write(display.Display(Console(file=stream, force_terminal=True, width=200, color_system="256")))
    return stream.getvalue()


def _report(folder: Path, status: Status, text: str) -> Report:
    (folder / "manifest.json").write_text("{}")
    one = Check(
        target="linux",
        set_name="base",
        request="app",
        proof="installed",
        status=status,
        reason=text,
        notes=(text,),
        way="simple",
    )
    return reports.report_of([one], site=folder, isolation="none: a test")


def _under_a_verdict(status: Status, text: str, found: str) -> Callable[[Path], bool]:
    def attempt(folder: Path) -> bool:
        shown = _report(folder, status, text)
        return found in _terminal(lambda screen: present.show_report(shown, screen))

    return attempt


def _said(text: str, found: str) -> Callable[[Path], bool]:
    return lambda _: found in _terminal(lambda screen: screen.say(f"yanked: {text}"))


def _in_a_table(_: Path) -> bool:
    return CODES in _terminal(lambda screen: screen.table(["file"], [[CODES]]))


def _in_a_bar(_: Path) -> bool:
    def show(screen: display.Display) -> None:
        with screen.stage(f"resolve [link=http://evil.example]{CODES}", 1):
            pass

    return "\x1b]8;" in (shown := _terminal(show)) or "\x1b]0;" in shown


def _in_an_error_of_requirements(folder: Path) -> bool:
    root = folder / "requirements"
    root.mkdir()
    (root / "subset.toml").write_text(f"{TARGETS}x = {CODES}\n", encoding="utf-8")
    try:
        read_subset(root)
    except SubsetError as error:
        return CODES in edge.line_of(error)
    return False


def _in_a_detail(_: Path) -> bool:
    return "\nerror: forged" in edge.line_of(SuiteFailed("nothing was proven", said=[f"x{FORGED}"]))


def _in_the_log(text: str, found: str) -> Callable[[Path], bool]:
    def attempt(folder: Path) -> bool:
        with logs.logging_to(verbose=False, file=str(folder / "log")):
            logging.getLogger("pypi_subset.x").info("pip said %s", text)
        return found in (folder / "log").read_text(encoding="utf-8")

    return attempt


def _in_a_form(name: str, text: str, found: str) -> Callable[[Path], bool]:
    return lambda folder: found in reports.forms_of(_report(folder, "failed", text))[name].decode()


def _as_json(_: Path) -> bool:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        present.write_json({"warnings": [f"\x9b2J{TURNED}"]})
    assert json.loads(out.getvalue())["warnings"] == [f"\x9b2J{TURNED}"]
    return "\x9b" in out.getvalue() or "\u202e" in out.getvalue()


def _as_a_file_name(folder: Path) -> bool:
    (folder / f"x{TURNED}.txt").write_text("")
    return any("\u202e" in str(error.path) for error in stock.strangers((), folder).values())


def _in_a_result(_: Path) -> bool:
    return CODES in checks.bounded(f"ImportError: {CODES}")


def _of_a_worker(_: Path) -> bool:
    return "\u202e" in cluster.line_of(TURNED)


@contextlib.contextmanager
def _as_markup() -> Iterator[None]:
    """Let the display read markup, as rich does by itself."""
    with mock.patch.object(display, "literal", lambda text, style="": Text.from_markup(text, style=style)):
        yield


def _keeping(module: object) -> Callable[[], contextlib.AbstractContextManager[object]]:
    """Return a door: what is printable is everything."""
    return unchanged(module, "printable")


def _raised(error: Exception) -> Callable[[Path], bool]:
    """Return an attempt that ends a task by *error*: it succeeds if a traceback would be shown."""

    def attempt(folder: Path) -> bool:
        @command.command()
        def body(_run: command.Run) -> None:
            raise error

        said = io.StringIO()
        with mock.patch.dict(os.environ, {"XDG_STATE_HOME": str(folder)}), contextlib.redirect_stderr(said):
            try:
                body()
            except typer.Exit:
                return "Traceback" in said.getvalue()
            except Exception:  # noqa: BLE001 - whatever it is, Python would show it
                return True
        return False

    return attempt


def _configured(place: str, variable: str = "") -> Callable[[Path], bool]:
    """Return an attempt that lets Invoke read *place*, a file that runs as a program, or a variable."""

    def attempt(folder: Path) -> bool:
        ran = folder / "ran"
        program = folder / place if variable else folder.parent / "home" / place
        program.write_text(f"open({str(ran)!r}, 'w').close()\n")
        with mock.patch.dict(os.environ, {variable: str(program)} if variable else {}):
            invoked = invoke.task(lambda _context: None, name="body")
            _program(invoked).run(["inv", "body"], exit=False)
        return ran.exists()

    return attempt


def _program(invoked: Callable[..., object]) -> invoke_tasks.Program:
    # A patched class of settings is looked up when the program starts.
    return invoke_tasks.Program(config_class=invoke_tasks.Settings, namespace=Collection(body=invoked))


def _shell_by_variable(_: Path) -> bool:
    found: list[str] = []
    with mock.patch.dict(os.environ, {"INVOKE_RUN_SHELL": "/bin/evil"}):
        invoked = invoke.task(lambda context: found.append(context.config.run.shell), name="body")
        _program(invoked).run(["inv", "body"], exit=False)
    return found == ["/bin/evil"]


_KIND, _EDGE = (functools.partial(InputAttack, kind=kind) for kind in ("text", "edge"))
_UNCAUGHT = functools.partial(mock.patch.object, command, "foreseen", contextlib.nullcontext)
_INVOKES_OWN = functools.partial(mock.patch.object, invoke_tasks, "Settings", invoke.Config)

ATTACKS = [
    _KIND(name="codes-under-green", attempt=_under_a_verdict("passed", CODES, CODES), door=_keeping(display)),
    _KIND(name="codes-under-red", attempt=_under_a_verdict("failed", CODES, CODES), door=_keeping(display)),
    _KIND(
        name="verdict-of-its-own",
        attempt=_under_a_verdict("passed", "\n9 passed", "\n9 passed"),
        door=_keeping(display),
    ),
    _KIND(name="codes-in-a-line", attempt=_said(CODES, CODES), door=_keeping(display)),
    _KIND(name="direction-in-a-line", attempt=_said(TURNED, TURNED), door=_keeping(display)),
    _KIND(name="line-in-a-line", attempt=_said(FORGED, FORGED), door=_keeping(display)),
    _KIND(name="codes-in-a-table", attempt=_in_a_table, door=_keeping(display)),
    _KIND(name="markup-in-a-line", attempt=_said("[link=http://evil.example]x[/link]", "\x1b]8;"), door=_as_markup),
    _KIND(name="codes-in-a-bar", attempt=_in_a_bar, door=_keeping(display)),
    _KIND(name="codes-in-an-error", attempt=_in_an_error_of_requirements, door=_keeping(edge)),
    _KIND(name="line-in-a-detail", attempt=_in_a_detail, door=_keeping(edge)),
    _KIND(name="codes-in-the-log", attempt=_in_the_log(CODES, CODES), door=_keeping(logs)),
    _KIND(name="record-in-the-log", attempt=_in_the_log("\n2026-01-01 ", "\n2026-01-01 "), door=_keeping(logs)),
    _KIND(name="direction-in-junit", attempt=_in_a_form("proof/junit.xml", TURNED, "\u202e"), door=_keeping(templates)),
    _KIND(
        name="direction-in-a-page", attempt=_in_a_form("proof/index.html", TURNED, "\u202e"), door=_keeping(templates)
    ),
    _KIND(name="codes-in-json", attempt=_as_json, door=_keeping(present)),
    _KIND(name="direction-in-a-file-name", attempt=_as_a_file_name, door=_keeping(stock)),
    _KIND(name="codes-in-a-result", attempt=_in_a_result, door=_keeping(checks)),
    _KIND(name="direction-of-a-worker", attempt=_of_a_worker, door=_keeping(cluster)),
    _EDGE(name="traceback-by-a-key", attempt=_raised(KeyError("x")), door=_UNCAUGHT),
    _EDGE(name="traceback-by-depth", attempt=_raised(RecursionError("x")), door=_UNCAUGHT),
    _EDGE(name="traceback-by-text", attempt=_raised(UnicodeDecodeError("utf-8", b"\xff", 0, 1, "x")), door=_UNCAUGHT),
    _EDGE(name="configuration-in-the-home", attempt=_configured(".invoke.py"), door=_INVOKES_OWN),
    _EDGE(
        name="configuration-by-a-variable", attempt=_configured("run.py", "INVOKE_RUNTIME_CONFIG"), door=_INVOKES_OWN
    ),
    _EDGE(name="shell-by-a-variable", attempt=_shell_by_variable, door=_INVOKES_OWN),
]
