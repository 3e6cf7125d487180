"""
Runs pip as another machine: a script of its own, started by `piprun` in a child process, never imported.

pip's ``--platform``, ``--python-version``, ``--implementation`` and ``--abi`` choose wheels for a target, but markers are
still evaluated for the interpreter that runs pip (pypa/pip#11664). Here the vendored `packaging` is handed the target's
values before pip's own modules bind the function (`pypi_subset.pip.changes`), so that the resolver and the report see one
and the same machine.

Started with ``--serve``, it imports pip once and forks a child for each run, which saves half a second. With ``--serve-own``
it does so for the interpreter that it runs on, Python 3.9 or newer, whose pip stays as it is: nothing is replaced and nothing
refused. What it needs is loaded before anything is installed, so that no code of a package runs in it. With
``--serve-plans`` that pip runs once before the first order, and its runs share what the site answered.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib.util
import itertools
import json
import os
import select
import signal
import stat
import sys
import urllib.parse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def main(arguments: list[str]) -> int:
    """
    Return pip's exit code.

    :param arguments: ``--once``: then one order comes on standard input, with ``environment``, ``installed`` and ``arguments``. Or
        ``--serve``, ``--serve-own`` or ``--serve-plans``: then many orders come there. The process id of its parent may follow: with that one it ends.
    """
    if arguments[1:]:
        _end_with_parent(int(arguments[1]))
    if arguments[0] in {"--serve", "--serve-own", "--serve-plans"}:
        return _serve(own=arguments[0] != "--serve", plans=arguments[0] == "--serve-plans")
    order = json.loads(sys.stdin.read())
    if order["environment"] is not None:
        _become(order)
    return _pip(order["arguments"])


def _become(order: dict[str, Any] | None = None) -> None:
    """Let pip be on the machine of *order*; without one, only prepare for it."""
    if order is None:
        _beside("changes").replace_markers()
    else:
        _beside("changes").replace_markers(order["environment"])
        _beside("changes").take_for_installed(order["installed"])
        _beside("changes").read_newest_first()


@functools.cache
def _beside(name: str) -> Any:
    """Return a module beside this script; the interpreter of an environment has no package."""
    spec = importlib.util.spec_from_file_location(name, f"{os.path.dirname(__file__)}/{name}.py")  # noqa: PTH120
    module = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
    spec.loader.exec_module(module)  # type: ignore[union-attr]
    return module


def _pip(arguments: list[str], *, alone: bool = True) -> int:
    """Run pip in this process; *alone*, it may start and reach nothing else."""
    from pip._internal.cli.main import main as pip  # noqa: PLC0415 - must come after `_become`

    if alone and arguments[0] in {"install", "download"}:
        _take_releases_alone()
        sys.addaudithook(functools.partial(_stay_inside, frozenset(_ports(arguments))))
    return pip(arguments)


def _take_releases_alone() -> None:
    """
    Refuse a requirement that is an address (PEP 508): a file or a device of this machine, a server, a repository.

    ``--only-binary`` does not keep pip from building what is there: foreign code would run here, before anything
    could look at the answer.
    """
    from pip._internal.resolution.resolvelib.factory import Factory  # noqa: PLC0415 - as above

    def refuse(_factory: Factory, link: object) -> None:
        msg = f"{link}: {_ALONE}"
        raise PermissionError(msg)

    # pip asks it of such addresses alone.
    Factory._fail_if_link_is_unsupported_wheel = refuse  # type: ignore[method-assign, assignment] # noqa: SLF001


_ALONE = "only the loopback index is for pip"


def _ports(arguments: list[str]) -> Iterator[int]:
    """Yield the ports on this machine of the indexes and pages that pip is to read."""
    for option, value in itertools.pairwise(arguments):
        if option in {"--index-url", "--find-links"} and value.startswith("http://"):
            yield urllib.parse.urlsplit(value).port or 80


def _stay_inside(ports: frozenset[int], event: str, details: tuple[Any, ...]) -> None:
    """
    Refuse to start programs, to reach anything but the index, and to open what is no plain file.

    It is the second line: whatever a requirement or a page may lead to, it is none of these.
    """
    if event == "open":
        allowed = _is_plain(details[0])
    elif event == "socket.connect":
        address = details[1]
        allowed = isinstance(address, tuple) and address[0] in _LOOPBACK and address[1] in ports
    elif event == "socket.getaddrinfo":
        allowed = details[0] in (None, *_LOOPBACK)
    else:
        allowed = event not in {"subprocess.Popen", "os.exec", "os.posix_spawn", "os.system"}
    if not allowed:
        msg = f"{event}: {_ALONE}"
        raise PermissionError(msg)


def _is_plain(path: Any) -> bool:
    """Whether *path*, or the descriptor, is a file or a directory, a new one, or a source of nothing or of chance."""
    if not isinstance(path, (str, bytes)) or path in {os.devnull, "/dev/urandom", "/dev/random"}:
        return True
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - the path may be bytes
    except (OSError, ValueError):
        return True
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode)


_LOOPBACK = ("127.0.0.1", "::1", "localhost")


def _serve(*, own: bool, plans: bool) -> int:
    """
    Run pip once for each order, all at once, until standard input ends.

    An order is a line of JSON: ``id``, ``variables``, ``environment``, ``installed``, ``known`` and ``arguments``; or ``id`` and ``kill``,
    which ends the run of that number. ``known`` is what `sharing` takes: ``files`` and ``metadata`` for all later runs, ``pages`` and ``hashed``. ``libraries`` are directories in which
    a run finds what is installed. When a run has ended, ``[id, exit code, standard output, standard error]`` is written.

    :param own: whether runs evaluate markers as this interpreter does; an order's ``environment`` is ``null`` then.
    :param plans: whether pip runs once before the first order, and each run hands on what it noted.
    """
    _prepare(own=own, plans=plans)
    # All children share what is here now; the collector need not touch it.
    gc.freeze()
    # A child that ends wakes the loop below by a byte in this pipe; without a handler there would be none.
    awake, waker = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(waker)
    running: dict[int, _Run] = {}
    pending = bytearray()
    while True:
        ready, _, _ = select.select([0, awake], [], [])
        if awake in ready:
            os.read(awake, 4096)
            _report(running)
        if 0 in ready:
            arrived = os.read(0, 1 << 16)
            if not arrived:
                # No process waits for the runs that are left: they end with this one.
                return 0
            pending += arrived
            if b"\n" in arrived:
                *orders, pending = pending.split(b"\n")
                for line in orders:
                    _follow(json.loads(line), running, (awake, waker))


def _prepare(*, own: bool, plans: bool) -> None:
    """Load what all runs share, pip's modules last; the parameters as for `_serve`."""
    if own:
        # pip would read it at each run (PEP 600): a wheel that replaces it later has no say in this process.
        with contextlib.suppress(ImportError):
            import _manylinux  # type: ignore[import-not-found]  # noqa: F401, PLC0415
    else:
        _become()
    from pip._internal.cli import main  # noqa: F401, PLC0415
    from pip._internal.commands import check, download, install  # noqa: F401, PLC0415
    from pip._internal.resolution.resolvelib import resolver  # noqa: F401, PLC0415

    if plans:
        _beside("plans").run_once()
        _beside("sharing").note()
        _beside("repeated").leave_out_of_plans()
    elif not own:
        _beside("sharing").prepare()
        _beside("repeated").leave_out()


def _follow(order: dict[str, Any], running: dict[int, _Run], ours: tuple[int, ...]) -> None:
    """Start the run that *order* asks for, or end one of *running*; *ours* as for `_fork`."""
    if "kill" not in order:
        if order.get("known"):
            _beside("sharing").learn(order["known"])
        running[order["id"]] = _fork(order, ours)
    elif order["id"] in running:
        os.kill(running[order["id"]][0], signal.SIGKILL)


#: Process id of a child, and the file descriptors that receive its standard output and error, and what it notes.
_Run = tuple[int, tuple[int, int, int]]


def _fork(order: dict[str, Any], ours: tuple[int, ...]) -> _Run:
    """
    Return a child that runs pip as *order* says.

    :param ours: descriptors that are none of the child's business.
    """
    server = os.getpid()
    # What pip says is kept in memory: that the disk is full could not be written to it.
    said = (os.memfd_create("stdout"), os.memfd_create("stderr"), os.memfd_create("notes"))
    child = os.fork()
    if child == 0:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        _end_with_parent(server)
        for descriptor in ours:
            os.close(descriptor)
        _obey(order, said)
    return child, said


def _report(running: dict[int, _Run]) -> None:
    """Write how each child that has ended did, and take it out of *running*, which maps orders' ids to children."""
    for number, (child, said) in list(running.items()):
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            del running[number]
            stdout, stderr, notes = map(_read, said)
            # If no process reads it, standard input will end too.
            with contextlib.suppress(BrokenPipeError):
                sys.stdout.write(f"{json.dumps([number, os.waitstatus_to_exitcode(status), stdout, stderr])}\n")
                sys.stdout.flush()
            if notes:
                _beside("repeated").look_at(_beside("sharing").recall(notes))


def _read(descriptor: int) -> str:
    """Return what a child wrote, at most the first `_MOST` bytes, and close *descriptor*."""
    with open(descriptor, "rb") as stream:
        stream.seek(0)
        return stream.read(_MOST).decode(errors="replace")


#: Bytes of output that are handed on; pip's own are some thousands.
_MOST = 1 << 24


def _obey(order: dict[str, Any], said: tuple[int, int, int]) -> None:
    """Become pip; never returns."""
    os.environ.clear()
    os.environ.update(order["variables"])
    if order["environment"] is not None:
        # While it is open, the tool knows that this process lives: the end of the pipe is the end of all of them.
        os.dup(1)
    for descriptor, source in enumerate((os.open(os.devnull, os.O_RDONLY), *said[:2])):
        os.dup2(source, descriptor)
    code = 1
    try:
        if order["environment"] is not None:
            _become(order)
        if order.get("known"):
            _beside("sharing").take(order["known"])
        if order.get("libraries"):
            _beside("plans").look_into(order["libraries"])
        code = _pip(order["arguments"], alone=order["environment"] is not None)
        if order.get("notes"):
            os.write(said[2], _beside("sharing").noted())
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _end_with_parent(parent: int) -> None:
    """Ask Linux to end this process with its *parent*; if that has ended already, end now."""
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415 - needed on Linux alone

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # prctl(2), PR_SET_PDEATHSIG
        if parent != os.getppid():
            os._exit(1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
