"""
The way from ``make GOAL`` to the Invoke task of that name: makes ``.venv`` once, then becomes the task.

Run by the Makefile as ``python3 -I src/pypi_subset/cli/bootstrap.py GOAL``. It works before anything is installed, so it
imports the standard library alone, and no part of the package imports it. `goals` reads what may be asked for.
"""

from __future__ import annotations

import ast
import contextlib
import difflib
import errno
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pypi_subset.cli.goals import Goal

# The package is not installed yet, and ``-I`` leaves this directory out.
sys.path.append(str(Path(__file__).resolve().parents[2]))

from pypi_subset.cli.goals import flags, help_of, listing, read_goals, refusal

#: The oldest Python that runs the tool; ``requires-python`` in pyproject.toml says the same.
OLDEST = (3, 11)

#: Invoke's program for the tasks of this checkout, without Invoke's configuration.
PROGRAM = "from pypi_subset.cli.invoke_tasks import goals; goals()"

LOCK, DEV_LOCK = "tool-lock.txt", "tool-lock-dev.txt"

#: The settings of pip that decide how indexes are reached. A ``target``, ``user`` or ``constraint`` of the user's is no
#: business of an environment in which every file is pinned by hash.
NETWORK = (
    *("index-url", "no-index", "trusted-host", "proxy", "cert", "client-cert"),
    *("timeout", "default-timeout", "retries", "keyring-provider", "cache-dir"),
)
#: Further sources: asked only when the index alone does not do, since they may be slow, out of reach, or offer rebuilt
#: wheels that the lock's hashes refuse.
SOURCES = ("extra-index-url", "find-links")

#: Bytes that ``.venv`` needs, about.
_ROOM = 150 << 20

_PIP = ("--quiet", "--disable-pip-version-check", "--no-input", "--no-color")


class SetupFailed(Exception):
    """The environment cannot be made; the message is one line for the user, with the next step."""


def main(arguments: Sequence[str]) -> int:
    """Return an exit code, or become the task that *arguments* name; without a name, print the goals."""
    root = Path(__file__).resolve().parents[3]
    goals = read_goals(root)
    word = arguments[0] if arguments else "help"
    goal = next((goal for goal in goals if goal.name == word), None)
    if goal is None:
        asked = os.environ.get("GOAL", "") if "--given=GOAL" in arguments else ""
        return _help(goals, asked if word == "help" else word)
    named = {word.removeprefix("--given=") for word in arguments if word.startswith("--given=")}
    given = {name: value for name, value in os.environ.items() if name in named}
    if wrong := refusal(goal, named, given):
        sys.stderr.write(f"error: {wrong}\n")
        return 2
    try:
        python = _prepared(root, developer=goal.developer, chosen="--chosen" in arguments)
    except SetupFailed as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("interrupted: the next run makes .venv again\n")
        return 130
    # What some of these add to the search path would come before what the lock installed; others end Python as it starts.
    environment = {name: value for name, value in os.environ.items() if name == "PYTHON" or name[:6] != "PYTHON"}
    command = [str(python), "-c", PROGRAM, "--write-pyc", goal.name, *flags(goal, given)]
    sys.stdout.flush()
    return os.execve(python, command, environment)  # noqa: S606 - no shell is wanted


def _prepared(root: Path, *, developer: bool, chosen: bool) -> Path:
    """Return what `set_up` returns; what the file system refuses to `set_up` itself is a `SetupFailed` too."""
    try:
        return set_up(root, developer=developer, chosen=chosen)
    except OSError as error:
        if said := _refused(root / ".venv", str(error)):
            raise SetupFailed(said) from error
        raise


def _help(goals: Sequence[Goal], name: str) -> int:
    """Print the help of the goal *name*, the list without one; return the exit code."""
    found = [goal for goal in goals if goal.name == name]
    if name and not found:
        near = difflib.get_close_matches(name, [goal.name for goal in goals], n=1)
        hint = f"did you mean {near[0]}?" if near else "`make` lists them"
        sys.stderr.write(f"error: there is no goal {name!r}; {hint}\n")
        return 2
    sys.stdout.write(help_of(found[0]) if found else listing(goals))
    return 0


def set_up(root: Path, *, developer: bool, chosen: bool) -> Path:
    """
    Return the interpreter of ``.venv``, which holds what the lock says and the project itself.

    A stamp is written last: an environment without one was cut off half-way and is made afresh.

    :param developer: whether the test tools are needed too.
    :param chosen: whether the user named this interpreter, so that an environment made with another is replaced.
    :raises SetupFailed: this is Windows, Python is too old or has no working venv, or pip cannot install.
    """
    try:
        import fcntl  # noqa: PLC0415 - Windows has none
    except ImportError:
        msg = "make works on Linux and macOS; on Windows, run `python -m pip install .` here, and then `pypi-subset mirror`"
        raise SetupFailed(msg) from None
    folder = root / ".venv"
    python = folder / "bin" / "python"
    with (root / "pyproject.toml").open("rb") as held:
        # Two goals that start at once wait for each other's set-up.
        fcntl.flock(held, fcntl.LOCK_EX)
        _make(folder, python, chosen=chosen)
        for stamp, lock in ((folder / ".ready", LOCK), (folder / ".ready-dev", DEV_LOCK))[: 1 + developer]:
            wanted = f"{_origin(folder)}\n{_digest(root / lock, root / 'pyproject.toml')}\n"
            if _read(stamp) == wanted:
                continue
            stamp.unlink(missing_ok=True)
            sys.stderr.write(f"Installing {lock} into .venv (once) …\n")
            _install(python, ["--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", str(root / lock)])
            if lock == LOCK:
                _install(python, ["--no-index", "--no-deps", "--no-build-isolation", "-e", str(root)])
            stamp.write_text(wanted, encoding="utf-8")
    return python


def _make(folder: Path, python: Path, *, chosen: bool) -> None:
    """Make *folder* an environment with pip, unless it is one already."""
    stamp = _read(folder / ".ready")
    if stamp.startswith(f"{_origin(folder)}\n") and not (chosen and _base(python) != _base(Path(sys.executable))):
        return
    if sys.version_info[:2] < OLDEST:
        have, need = ".".join(map(str, sys.version_info[:3])), ".".join(map(str, OLDEST))
        msg = f"Python {need} or newer is needed, this one is {have}; name another, as in `make PYTHON=python3.12`"
        raise SetupFailed(msg)
    sys.stderr.write("Making .venv (once) …\n")
    made = _run([sys.executable, "-I", "-m", "venv", "--clear", str(folder)], os.environ)
    if made.returncode:
        sys.stderr.write(_plain(made.stdout))
        msg = "no virtual environment could be made; on Debian and Ubuntu: apt install python3-venv"
        raise SetupFailed(_refused(folder, made.stdout) or msg)


def _install(python: Path, arguments: Sequence[str]) -> None:
    """
    Run ``pip install``: first with the user's index alone, then with the further sources that pip's configuration names.

    :raises SetupFailed: pip did not manage either.
    """
    settings = _settings(python)
    network = {key: value for key, value in settings.items() if key in NETWORK}
    attempts = [network, settings] if len(settings) > len(network) else [network]
    if network.get("no-index", "").lower() in {"1", "true", "yes", "on"}:
        attempts = [settings]
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON"))}
    for attempt in attempts:
        # As variables, not as arguments: an index URL may hold a password, which a list of processes would show.
        own = {f"PIP_{key.upper().replace('-', '_')}": value for key, value in attempt.items()}
        environment = {**clean, "PIP_CONFIG_FILE": os.devnull, **own}
        done = _run([str(python), "-I", "-m", "pip", "install", *_PIP, *arguments], environment)
        if not done.returncode:
            return
    sys.stderr.write(_plain(done.stdout))
    msg = "pip could not install what .venv needs (see above); check the network and pip's index-url, then run it again"
    raise SetupFailed(_refused(python.parents[1], done.stdout) or msg)


def _refused(folder: Path, said: str) -> str:
    """
    Return why the file system refuses to hold the environment, and the next step; ``""`` if that is not the cause.

    :param folder: the environment.
    :param said: the output of venv or pip. venv hides what ensurepip wrote, so the room is looked at as well.
    """
    found = re.search(r"\[Errno (\d+)\] [^:\n]+(?:: '([^'\n]+)')?", said)
    number, place = (int(found[1]), found[2] or str(folder)) if found else (0, str(folder))
    held = folder if folder.is_dir() else folder.parent
    free = shutil.disk_usage(held).free
    if number in {errno.ENOSPC, errno.EDQUOT} or ("ensurepip" in said and free < _ROOM):
        # A directory for temporary files may be full as well: pip names no file then.
        numbers = (
            f"{free >> 20} MB are free in {held}, and {shutil.disk_usage(_temporary()).free >> 20} MB in {_temporary()}"
        )
        return f"there is no room for .venv, which needs about {_ROOM >> 20} MB: {numbers}; make room and run it again"
    if number in {errno.EACCES, errno.EPERM, errno.EROFS}:
        why = "the file system is read-only" if number == errno.EROFS else "this user may not write it"
        step = "make it writable, or copy the project to a directory of yours, and run it again"
        return f"cannot write {_plain(place)}: {why}; {step}"
    if number in {errno.ENOTDIR, errno.EEXIST}:
        return f"{_plain(place)} is no directory; remove it, and run it again"
    return ""


def _temporary() -> str:
    """Return the directory for temporary files."""
    import tempfile  # noqa: PLC0415 - needed for an error alone

    return tempfile.gettempdir()


def _settings(python: Path) -> dict[str, str]:
    """Return the user's settings for pip that concern the network, as pip itself reads them."""
    done = _run([str(python), "-I", "-m", "pip", "config", "list"], os.environ)
    found: dict[str, str] = {}
    # What pip's own order is: the command's section goes before [global], a variable before both.
    for section in ("global.", "install.", ":env:."):
        for line in done.stdout.splitlines():
            key, _, value = line.removeprefix(section).partition("=")
            if line.startswith(section) and key in {*NETWORK, *SOURCES}:
                with contextlib.suppress(ValueError, SyntaxError):
                    found[key] = str(ast.literal_eval(value))
    return {key: value for key, value in found.items() if value}


def _run(command: Sequence[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """Return how *command* ended; both its streams are in ``stdout``."""
    return subprocess.run(
        command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, check=False,
    )  # fmt: skip


def _plain(text: str) -> str:
    """Return what a program wrote without what a terminal would obey; no part of the package can be imported yet."""
    return "".join(sign if sign.isprintable() or sign == "\n" else "\N{REPLACEMENT CHARACTER}" for sign in text)


def _origin(folder: Path) -> str:
    """Return where the environment stands and what it runs on; a moved or orphaned one no longer matches its stamp."""
    return f"{folder} {_base(folder / 'bin' / 'python')}"


def _base(python: Path) -> str:
    """Return the interpreter behind *python*'s links, ``""`` if it is gone."""
    return str(python.resolve()) if python.exists() else ""


def _digest(*paths: Path) -> str:
    """Return the SHA-256 of the files' bytes."""
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in paths)).hexdigest()


def _read(path: Path) -> str:
    """Return the text at *path*, ``""`` if there is none."""
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def foreseen(arguments: Sequence[str]) -> int:
    """Return what `main` does; an error that nothing foresaw is one line, with the traceback in a file of its own."""
    try:
        return main(arguments)
    except Exception as error:  # noqa: BLE001 - the one place that must let no error pass
        import tempfile  # noqa: PLC0415 - hardly ever needed
        import traceback  # noqa: PLC0415

        descriptor, log = tempfile.mkstemp(prefix="pypi-subset-", suffix=".log")
        with open(descriptor, "w", encoding="utf-8", errors="backslashreplace") as stream:  # noqa: PTH123
            traceback.print_exc(file=stream)
        said = _plain(" ".join(str(error).split())[:300])
        sys.stderr.write(f"error: unforeseen: {type(error).__name__}: {said}; report it; details in {log}\n")
        return 1


if __name__ == "__main__":
    sys.exit(foreseen(sys.argv[1:]))
