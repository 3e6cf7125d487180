"""What a command in a box sees, and what it may do."""

from __future__ import annotations

import json
import os
import pwd
import resource
import socket
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pypi_subset.proof.isolation.box import Box, Limits, size_of
from pypi_subset.proof.isolation.outcome import outcome
from pypi_subset.proof.isolation.views import HOME
from tests.support.sites.cases import OWN, box_of

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")


def said(box: Box, code: str, *, timeout: float = 30) -> Any:
    """Return what *code* prints as JSON in *box*."""
    done = outcome(box, [OWN[0].path, "-I", "-B", "-c", f"import json, os, sys\n{code}"], timeout)
    assert done.code == 0, done
    return json.loads(done.stdout)


@pytest.fixture
def box(tmp_path: Path) -> Box:
    """Return a box that sees the running interpreter alone."""
    return box_of(tmp_path)


def test_a_user_without_rights(box: Box) -> None:
    """The command is an ordinary user without capabilities, and cannot get any."""
    lines = said(box, "print(json.dumps(dict(l.split(':', 1) for l in open('/proc/self/status').read().splitlines())))")
    status = {name: value.strip() for name, value in lines.items()}
    assert {status[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {"0" * 16}
    assert (status["NoNewPrivs"], status["Uid"].split(), status["Groups"]) == (
        "1",
        ["1000"] * 4,
        "" if os.geteuid() == 0 else status["Groups"],
    )


def test_an_environment_from_nothing(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable of this process is seen, but where the interpreter's own libraries lie."""
    monkeypatch.setenv("SECRET", "x")
    monkeypatch.setenv("LD_LIBRARY_PATH", f"{OWN[0].path.parent.parent / 'lib'}:/somewhere/else")
    found = said(box, "print(json.dumps(dict(os.environ)))")
    assert found.pop("LD_LIBRARY_PATH") == str(OWN[0].path.parent.parent / "lib")
    assert sorted(found) == [
        *("HOME", "LC_ALL", "LOGNAME", "PATH", "PIP_CONFIG_FILE", "PYTHONDONTWRITEBYTECODE", "PYTHONNOUSERSITE"),
        *("PYTHONUTF8", "TEMP", "TMP", "TMPDIR", "USER"),
    ]
    assert str(Path.home()) not in found.values()


def test_what_programs_expect(box: Box) -> None:
    """Home, user, host name, locks of multiprocessing, shared memory and random numbers work."""
    code = """
import getpass, multiprocessing, multiprocessing.shared_memory, pathlib, secrets, socket, tempfile
from concurrent.futures import ProcessPoolExecutor
with multiprocessing.Lock(), tempfile.TemporaryFile(), ProcessPoolExecutor(2) as pool:
    total = sum(pool.map(abs, (-1, -2)))
memory = multiprocessing.shared_memory.SharedMemory(create=True, size=10)
memory.close(); memory.unlink()
server = socket.create_server(("localhost", 0))
socket.create_connection(("localhost", server.getsockname()[1])).close()
home = pathlib.Path.home()
(home / "x").write_text("")
print(json.dumps([str(home), getpass.getuser(), total, socket.gethostname(), os.path.expanduser("~user")]))
"""
    assert said(box, code) == [HOME, "user", 3, "box", HOME]


def test_the_root(box: Box, tmp_path: Path) -> None:
    """Programs and libraries of the system are seen, and nothing that belongs to a user or to another process."""
    (tmp_path / "secret").write_text("x")
    code = f"""
def there(path):
    return os.path.lexists(path)
print(json.dumps([there(path) for path in ("/usr/bin", "/etc/passwd", "/proc/self", "/etc/shadow", "/var", "/sys",
    {f"{pwd.getpwuid(0).pw_dir}/.ssh"!r}, "/run", "/mnt", {str(tmp_path / "secret")!r}, {str(Path(__file__))!r}, "/dev/kmsg", "/dev/tty")]
    + [sorted(os.listdir("/dev")), [int(one) for one in os.listdir("/proc") if one.isdigit()] == [1, os.getpid()]]))
"""
    assert said(box, code) == [
        *[True] * 3,
        *[False] * 10,
        ["fd", "full", "null", "random", "shm", "stderr", "stdin", "stdout", "urandom", "zero"],
        True,
    ]


def test_read_only_but_what_is_writable(tmp_path: Path) -> None:
    """A shown directory is read-only, a writable one is not, also where one lies in the other; nothing else is either."""
    outer, inner = tmp_path / "shown", tmp_path / "shown/inner"
    inner.mkdir(parents=True)
    box = replace(box_of(tmp_path, outer), writable=(str(inner),))
    code = f"""
def written(path):
    try:
        open(path + "/new", "w").close()
    except OSError as error:
        return error.strerror
    return ""
print(json.dumps([written(path) for path in ({str(outer)!r}, {str(inner)!r}, "/", "/usr", "/etc", "/dev", "/tmp")]))
"""
    told = said(box, code)
    assert (told[1], told[-1]) == ("", "")
    assert {*told[:1], *told[2:-1]} <= {"Read-only file system", "Permission denied"}
    assert (inner / "new").exists()
    assert not (outer / "new").exists()


@pytest.mark.parametrize("place", ["/dev/shm", "/tmp"])  # noqa: S108 - each is a directory of the box too
def test_inputs_below_a_place_of_its_own(tmp_path: Path, place: str) -> None:
    """What it is shown may lie below /tmp or /dev/shm, where it has directories of its own: both are seen."""
    folder = Path(place, f"box-{os.getpid()}")
    folder.mkdir()
    try:
        (folder / "input").write_text("seen")
        folder.chmod(0o755)
        new = f"{folder}-new"
        code = f"open({new!r}, 'w').close(); print(json.dumps(open({str(folder / 'input')!r}).read()))"
        assert said(box_of(tmp_path, folder), code) == "seen"
        assert not Path(new).exists()
    finally:
        (folder / "input").unlink()
        folder.rmdir()


def test_a_mount_below_what_is_shown_is_read_only(tmp_path: Path) -> None:
    """What is mounted below a shown directory is no way to write: /dev/shm lies below /dev."""
    code = """
try:
    open("/dev/shm/../shm-x", "w")
except OSError as error:
    print(json.dumps(error.strerror))
"""
    assert said(box_of(tmp_path), code) in {"Read-only file system", "Permission denied"}


def test_no_network_but_its_own(box: Box) -> None:
    """A port that listens on this machine's loopback is not there."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        code = f"print(json.dumps(__import__('socket').socket().connect_ex(('127.0.0.1', {server.getsockname()[1]}))))"
        assert said(box, code) == 111


@pytest.fixture
def descriptor() -> Iterator[int]:
    """Return a descriptor that may be inherited."""
    end, other = os.pipe()
    os.set_inheritable(other, True)  # noqa: FBT003 - the name says it
    yield other
    os.close(end)
    os.close(other)


def test_no_descriptor_but_three(box: Box, descriptor: int) -> None:
    """Nothing that this process holds open is open in it."""
    assert descriptor > 2
    code = "print(json.dumps(sorted(int(name) for name in os.listdir('/proc/self/fd'))))"
    assert said(box, code)[:4] == [0, 1, 2, 3]
    assert len(said(box, code)) == 4


@pytest.mark.slow
@pytest.mark.parametrize(
    ("limits", "code", "words"),
    [
        (Limits(processes=20), "[os.fork() or __import__('time').sleep(20) for _ in range(99)]", "BlockingIOError"),
        (Limits(file=1 << 20), "open('x', 'wb').write(bytes(1 << 21))", "OSError"),
        (Limits(scratch=1 << 20), "open('x', 'wb').write(bytes(1 << 22))", "No space left"),
        (Limits(scratch=1 << 20), "open('/dev/shm/x', 'wb').write(bytes(1 << 22))", "No space left"),
    ],
)
def test_limits(box: Box, limits: Limits, code: str, words: str) -> None:
    """Processes, the size of a file and of /tmp and /dev/shm are bounded."""
    command: list[str | Path] = [
        OWN[0].path,
        "-I",
        "-B",
        "-c",
        f"import os, signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN); os.chdir('/tmp')\n{code}",
    ]
    done = outcome(replace(box, limits=limits), command, 60)
    assert done.code == 1
    assert words in done.stderr.decode()


@pytest.mark.slow
def test_memory_is_bounded(box: Box) -> None:
    """A command that takes more memory than it may is killed, or refused; this process lives."""
    limits = Limits(memory=200 << 20, address_space=200 << 20)
    command: list[str | Path] = [
        OWN[0].path,
        "-I",
        "-B",
        "-c",
        "held = [bytearray(b'x' * (1 << 24)) for _ in range(64)]",
    ]
    done = outcome(replace(box, limits=limits), command, 60)
    assert done.code in {1, -9}


@pytest.mark.slow
def test_processor_time_is_bounded(box: Box) -> None:
    """A command that computes for longer than it may is killed."""
    done = outcome(replace(box, limits=Limits(cpu=1)), [OWN[0].path, "-I", "-c", "while True: pass"], 60)
    assert done.code in {-24, -9}


def test_what_is_written_is_bounded(tmp_path: Path) -> None:
    """A command that writes more than it may into its directory is ended, with the reason; a little less is let be."""
    folder = tmp_path / "written"
    folder.mkdir()
    box = replace(box_of(tmp_path), writable=(str(folder),), limits=Limits(written=1 << 20))
    code = "import time\nfor number in range(%d):\n    open(f'{number}', 'wb').write(bytes(1 << 16))\ntime.sleep(%d)"
    with_cwd = f"import os; os.chdir({str(folder)!r})\n"
    done = outcome(box, [OWN[0].path, "-I", "-B", "-c", with_cwd + code % (15, 0)], 60)
    assert (done.code, done.why) == (0, "")
    done = outcome(box, [OWN[0].path, "-I", "-B", "-c", with_cwd + code % (20, 60)], 120)
    assert (done.code, done.why) == (None, "wrote more than 1048576 bytes")


def test_the_size_of_a_directory(tmp_path: Path) -> None:
    """Small files count what they hold, holes and what lies behind a link nothing, each name a kibibyte."""
    (tmp_path / "a/b").mkdir(parents=True)
    (tmp_path / "a/b/small").write_bytes(b"12345")
    with (tmp_path / "a/sparse").open("wb") as stream:
        stream.truncate(1 << 30)
    (tmp_path / "link").symlink_to("/usr")
    # A directory may have a size of its own.
    assert 5 + 5 * 1024 <= size_of(str(tmp_path)) < 20_000 + 5 * 1024


def test_nothing_is_left(box: Box) -> None:
    """When the command ends, so does what it started, whatever that did to escape."""
    code = """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        import signal, time
        for number in range(1, 64):
            try:
                signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        time.sleep(3600)
    os._exit(0)
print(json.dumps("begun"))
"""
    marker = f"x-{os.getpid()}"
    command: list[str | Path] = [OWN[0].path, "-I", "-B", "-c", f"import json, os\n{code}", marker]
    assert outcome(box, command, 30).code == 0
    assert not [one for one in Path("/proc").glob("[0-9]*/cmdline") if marker.encode() in _read(one)]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


@pytest.mark.slow
def test_a_command_that_does_not_end(box: Box) -> None:
    """After its time it is ended, and the reason says so."""
    done = outcome(box, [OWN[0].path, "-I", "-c", "import time; time.sleep(60)"], 0.5)
    assert (done.code, done.why) == (None, "did not end within 0.5 s")


@pytest.mark.slow
def test_without_isolation(tmp_path: Path) -> None:
    """Where the system has no namespaces the command runs beside everything, in a process group that ends with it."""
    box = replace(box_of(tmp_path), isolated=False)
    code = f"print(json.dumps([os.getcwd(), os.path.exists({str(tmp_path)!r}), os.environ['HOME']]))"
    assert said(box, code) == [str(tmp_path), True, str(tmp_path / "home")]
    done = outcome(box, [OWN[0].path, "-I", "-c", "import time; time.sleep(60)"], 0.5)
    assert (done.code, done.why) == (None, "did not end within 0.5 s")


@pytest.mark.skipif(os.geteuid() != 0, reason="another user gives nothing away")
def test_what_a_box_may_write_is_given_once(tmp_path: Path) -> None:
    """A directory of the box's user is left alone: while boxes write there, root gives nothing away by its path."""
    folder = tmp_path / "given"
    (folder / "a").mkdir(parents=True)
    (folder / "link").symlink_to(tmp_path)
    box = replace(box_of(tmp_path), writable=(str(folder),), uid=1_900_000_001)
    assert outcome(box, ["/bin/true"], 30).code == 0
    assert {path.lstat().st_uid for path in (folder, folder / "a", folder / "link")} == {1_900_000_001}
    (folder / "b").mkdir()
    assert outcome(box, ["/bin/true"], 30).code == 0
    assert [(folder / "b").stat().st_uid, tmp_path.stat().st_uid] == [0, 0]


def test_no_limit_above_its_own(tmp_path: Path) -> None:
    """A machine that allows fewer open files than a box may have still makes boxes; crashes stay in the box."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    code = "import resource as r; print(json.dumps([r.getrlimit(one) for one in (r.RLIMIT_NOFILE, r.RLIMIT_CORE)]))"
    box = replace(box_of(tmp_path), limits=Limits(descriptors=(1 << 30)))
    assert said(box, code) == [[hard, hard], [1, 1]]
    assert said(box_of(tmp_path), code)[0] == [4096, 4096]
    assert soft <= hard
