"""Doors: checks of the judge that are switched off, so that an attack on them is seen to be real."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

from pypi_subset.cli import display
from pypi_subset.model import checks
from pypi_subset.proof.access import archives
from pypi_subset.proof.imports import importing, missing
from pypi_subset.proof.inventory import hijack, unchanged
from pypi_subset.proof.isolation import box, launching, running
from pypi_subset.proof.machines import venvs
from pypi_subset.support import staging

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def off(where: Any, name: str, instead: Any) -> Callable[[], Any]:
    """Return what puts *instead* in the place of a function of the judge."""
    return lambda: mock.patch.object(where, name, instead)


def _given_each_time(folder: str, uid: int) -> None:
    for here, folders, names in os.walk(folder):
        for name in ("", *folders, *names):
            with contextlib.suppress(OSError):
                os.chown(os.path.join(here, name), uid, uid, follow_symlinks=False)  # noqa: PTH118


#: Root gives away by path, at each start of a box.
owners_each_time = off(box, "hand_over", _given_each_time)


@contextlib.contextmanager
def launcher_without(line: str, instead: str) -> Iterator[None]:
    """Start boxes by a launcher in which *line* is another one."""
    text = launching.SCRIPT.read_text(encoding="utf-8")
    # A door that is not there cannot be opened.
    assert text.count(line) == 1, line
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "launcher.py")
        script.write_text(text.replace(line, instead), encoding="utf-8")
        with mock.patch.object(launching, "SCRIPT", script):
            yield


def _judged(message: bytes) -> int:
    word, _, rest = message.decode(errors="replace").partition(" ")
    if word == "ended":
        return int(rest)
    what = f"{word} {rest}"
    raise launching.failed(what)


@contextlib.contextmanager
def long_texts() -> Iterator[None]:
    """Take texts of any length into the report."""
    with mock.patch.object(importing, "LONGEST", 1 << 30), mock.patch.object(checks, "LONGEST", 1 << 30):
        yield


@contextlib.contextmanager
def any_text() -> Iterator[None]:
    """Take texts of any characters into the report, and show them."""
    with mock.patch.object(checks, "printable", str), mock.patch.object(display, "printable", str):
        yield


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Start boxes whose process 1 handles the signal of Ctrl-C."""
    line = "signal.signal(signal.SIGINT, signal.SIG_DFL)"
    with launcher_without(line, "pass"), mock.patch.object(running, "_ended", _judged):
        yield


def believed_exits() -> Any:
    """Believe an interpreter that ends with 0: what it did not answer passed."""
    honest = importing._run  # noqa: SLF001 - the answers of a run

    def run(modules: Any, python: Path, where: Any) -> Any:
        ended, answers = honest(modules, python, where)
        believed = dict.fromkeys(modules, ()) if "exit code 0" in ended else {}
        return ended, believed | answers

    return mock.patch.object(importing, "_run", run)


@contextlib.contextmanager
def any_wheel() -> Iterator[None]:
    """Take any wheel, whatever its names and its entry points are."""
    with (
        mock.patch.object(hijack, "of_wheel", return_value=([], [])),
        mock.patch.object(archives, "fault_of", return_value=""),
    ):
        yield


nobody_answers = off(missing, "_who_answers", lambda *_: "")
any_extra = off(missing, "_extras_named", lambda *_: ["all"])
nothing_removed = off(staging, "remove_tree", lambda _: None)
recursive_removal = off(staging, "_flatten", lambda _: None)
any_environment = off(venvs, "replaced", lambda *_: [])
any_site = off(unchanged.Snapshot, "changes", lambda _: [])
one_command = off(importing, "_parts", lambda modules: [modules])
