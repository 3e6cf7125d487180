"""The edge of the process: its streams, one line for every error, and a log of those that are a defect."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from typer.exceptions import TyperException

from pypi_subset.cli.door import spoken
from pypi_subset.errors import MachineError, SubsetError, Unforeseen
from pypi_subset.support import files
from pypi_subset.support.machine import memory
from pypi_subset.support.text import printable, shortened, without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


_STDERR = 2
#: What a shell reports for a program whose reader went away: 128 + SIGPIPE.
READER_LEFT = 141
#: Logs of unforeseen errors that are kept; older ones go.
KEPT = 20
#: What the system says of a disk that takes no more.
_FULL = frozenset({errno.ENOSPC, errno.EFBIG, errno.EIO, getattr(errno, "EDQUOT", errno.ENOSPC)})
#: Maximum number of characters of the error message in the line. The log has the full message.
_SHOWN = 300


@contextlib.contextmanager
def program(*passing: type[Exception]) -> Iterator[None]:
    """
    Run the whole of a command line in the block: streams are open, and what was written has arrived at the end.

    :param passing: what is foreseen besides errors of ours.

    :raises SubsetError: something went wrong that is no exit code yet.
    """
    for stream in (sys.stdout, sys.stderr):
        # A terminal that knows few characters is no reason to fail.
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    with foreseen(*passing):
        _open_streams()
        _require_directory()
        try:
            yield
        finally:
            # Here, and not at the end of Python, which would print its own error.
            if sys.stdout is not None:
                sys.stdout.flush()


def line_of(error: SubsetError) -> str:
    """Return what is printed of *error*; where it has evidence, that is in a file which the line names."""
    lines = [spoken(shortened(printable(without_secrets(line)))) for line in error.lines]
    if error.evidence:
        log = _written(error.evidence)
        lines[0] += f"; details in {printable(str(log))}" if log else "; no log of it can be written here"
    return "\n".join(["error: " + lines[0], *lines[1:]])


@contextlib.contextmanager
def foreseen(*passing: type[Exception]) -> Iterator[None]:
    """
    Turn every error of the block that is none of ours into one.

    :param passing: what passes as it is.

    :raises Unforeseen: with the traceback as evidence.
    """
    known: tuple[type[Exception], ...] = (SubsetError, typer.Exit, TyperException, *passing)
    try:
        yield
    except known:
        raise
    except BrokenPipeError as error:
        # As `why … | head`: what is still to be written at exit must not fail again.
        _drop_output()
        raise typer.Exit(READER_LEFT) from error
    except MemoryError as error:
        msg = "pypi-subset ran out of memory"
        raise MachineError(msg, next_step=memory.STEP) from error
    except OSError as error:
        if error.filename is None and error.errno in _FULL:
            # Of a file of ours the error has a path.
            _drop_output()
            msg = f"standard output cannot be written: {error.strerror}"
            raise MachineError(msg, next_step="make room where it leads to") from error
        if error.errno == errno.EACCES and isinstance(error.filename, str):
            raise _closed(Path(error.filename)) from error
        if error.errno != errno.ENAMETOOLONG or not isinstance(error.filename, str):
            raise _unforeseen(error) from error
        # Any path that a user names may be too long, wherever it is looked at first.
        files.raise_as_folder_error(error, Path(error.filename))
    except Exception as error:  # the one place that must let no error pass
        raise _unforeseen(error) from error


def _open_streams() -> None:
    """Open standard streams that are closed: else the next file would be one of them, and pip's messages would go there."""
    with contextlib.suppress(OSError):
        while (descriptor := os.open(os.devnull, os.O_RDWR)) <= _STDERR:
            os.set_inheritable(descriptor, True)  # noqa: FBT003 - positional alone
        os.close(descriptor)


def _require_directory() -> None:
    """
    Return if there is a current directory: paths that the user names start there.

    :raises SubsetError: it was removed, or cannot be read.
    """
    try:
        Path.cwd()
    except OSError as error:
        msg = f"there is no current directory any more: {error.strerror}"
        raise MachineError(msg, next_step="change to one that is there (cd)") from error


def _drop_output() -> None:
    """Let what is still to be written to standard output go nowhere: Python would try, and fail, at its end."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _closed(path: Path) -> MachineError:
    """Return the error about a path that this user may not use, with the directory that is closed."""
    above = [*reversed(path.absolute().parents)]
    # Not Path.is_dir, which raises where a directory is closed to this user.
    closed = next((one for one in above if os.path.isdir(one) and not os.access(one, os.X_OK)), path)  # noqa: PTH112
    what = f"{path}: this user may not use it" + (f", since {closed} is closed to others" if closed != path else "")
    step = f"open it (`chmod o+rx {closed}`), or run the command as the user who owns it"
    if path.is_relative_to(sys.prefix) or path == Path(sys.executable):
        what += "; it is a part of the Python that runs pypi-subset"
        step = "install pypi-subset where this user can read it, or run the command as the user who owns it"
    return MachineError(what, next_step=step)


def _unforeseen(error: Exception) -> Unforeseen:
    # Before the text is cut: half a URL shows its password.
    said = without_secrets((str(error).strip().splitlines() or [""])[0])[:_SHOWN]
    what = ": ".join(filter(None, ("unforeseen", type(error).__name__, said)))
    step = "report it with that file, which may name files of yours"
    return Unforeseen(what, next_step=step, evidence="".join(traceback.format_exception(error)))


def state_directory(environment: Mapping[str, str] = os.environ) -> Path | None:
    """Return the directory for logs of this user (XDG Base Directory Specification), ``None`` without a home."""
    if (given := Path(environment.get("XDG_STATE_HOME", ""))).is_absolute():
        return given / "pypi-subset"
    try:
        return Path(environment.get("HOME") or Path.home()) / ".local" / "state" / "pypi-subset"
    except RuntimeError:
        return None


def _written(evidence: str) -> Path | None:
    """Return the new file that has *evidence*, which its owner alone can read; ``None`` if none can be written."""
    import platform  # noqa: PLC0415 - few runs need it

    from pypi_subset.support.version import __version__  # noqa: PLC0415 - metadata is read

    head = f"pypi-subset {__version__}, Python {platform.python_version()}, {platform.platform()}\n"
    # No half of a surrogate pair is left.
    text = "\n".join(printable(line) for line in without_secrets(f"{head}{evidence}").split("\n"))
    for place in (state_directory, lambda: Path(tempfile.gettempdir())):
        # The second raises where no directory can be written.
        with contextlib.suppress(OSError):
            folder = place()
            if folder is None:
                continue
            if folder.name == "pypi-subset":
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                for old in sorted(folder.glob("error-*.log"), key=lambda one: one.lstat().st_mtime)[: -KEPT + 1]:
                    old.unlink()
            # mkstemp: a new file, mode 0600, no link is followed.
            descriptor, name = tempfile.mkstemp(prefix="error-", suffix=".log", dir=folder)
            with open(descriptor, "w", encoding="utf-8") as stream:  # noqa: PTH123 - a descriptor
                stream.write(text)
            return Path(name)
    return None
