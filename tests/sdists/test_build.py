"""One wheel from one sdist, in a real box."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.model.distributions import Distribution
from pypi_subset.pipeline.rooms import BuildRooms
from pypi_subset.proof.isolation.views import HOME, TMP
from pypi_subset.sdists.build import EARLIEST, Made, build, epoch_of, tagged
from pypi_subset.support.machine import memory
from pypi_subset.upstream.builds import NotBuilt
from tests.support.stages.sdists import make_buildable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from packaging.requirements import Requirement

    from pypi_subset.sdists.build import Required


def nothing(_requires: Sequence[Requirement]) -> tuple[Required, ...]:
    """Return an empty build environment."""
    return ()


def distribution(filename: str = "leaf-1.0.tar.gz", uploaded: str | None = None) -> Distribution:
    """Return the facts of an sdist."""
    return Distribution(
        filename=filename, project=canonicalize_name("leaf"), version=Version("1.0"), upload_time=uploaded
    )


def built(tmp_path: Path, *code: str, tag: str = "py3-none-any", unisolated: bool = False) -> Made:
    """Return what comes of an sdist whose back-end runs *code*."""
    sdist = make_buildable("leaf", code=code, tag=tag)
    path, work = tmp_path / sdist.filename, tmp_path / "work"
    path.write_bytes(sdist.data)
    work.mkdir()
    return build(path, distribution(), rooms=BuildRooms(unisolated=unisolated), work=work, resolve=nothing)


def test_the_epoch_is_the_upload_time() -> None:
    """A ZIP archive holds no time before 1980; without an upload time that is what counts."""
    assert epoch_of(distribution(uploaded="2014-06-16T11:18:57.406351Z")) == 1402917537
    assert epoch_of(distribution(uploaded="1970-01-01T00:00:00Z")) == EARLIEST
    assert epoch_of(distribution()) == EARLIEST


def test_a_build_tag_keeps_the_name_apart() -> None:
    """A build tag of the back-end's own gives way."""
    assert tagged("a_b-1.0-py2.py3-none-any.whl") == "a_b-1.0-0subset-py2.py3-none-any.whl"
    assert tagged("a-1.0-5x-cp311-cp311-linux_x86_64.whl") == "a-1.0-0subset-cp311-cp311-linux_x86_64.whl"


def test_what_a_build_sees(tmp_path: Path) -> None:
    """One place, one seed, one zone, one umask; no home of a user, no network, a read-only environment."""
    made = built(
        tmp_path,
        "import sys, socket",
        f"assert os.getcwd() == {f'{TMP}/build/source/leaf-1.0'!r}, os.getcwd()",
        f"assert sys.prefix == {f'{TMP}/environment'!r}, sys.prefix",
        "names = ('PYTHONHASHSEED', 'TZ', 'LC_ALL', 'CFLAGS', 'SOURCE_DATE_EPOCH', 'HOME')",
        f"assert [os.environ[name] for name in names] == ['0', 'UTC', 'C.UTF-8', '-g0', '315532800', {HOME!r}]",
        "umask = os.umask(0)",
        "os.umask(umask)",
        "assert umask == 0o022",
        "assert not os.path.exists(os.path.expanduser('~root'))",
        "assert [name for _, name in socket.if_nameindex()] == ['lo']",
        "assert not os.access(sys.prefix, os.W_OK)",
        "assert not os.environ.get('PIP_INDEX_URL')",
    )
    assert (made.path.name, made.differs) == ("leaf-1.0-0subset-py3-none-any.whl", "")
    assert (made.python.tag, made.epoch) == ("cp311", EARLIEST)


def test_a_pure_wheel_is_built_by_two_pythons(tmp_path: Path) -> None:
    """Where the version of Python gets into it, the members that differ are named."""
    made = built(tmp_path, "import sys", "body += sys.version")
    assert made.differs.startswith("with Python 3.")
    assert made.differs.endswith("leaf-1.0.dist-info/RECORD, leaf.py differ")


def test_a_platform_wheel_is_built_twice_by_one_python(tmp_path: Path) -> None:
    """Another Python would make another wheel."""
    made = built(tmp_path, "import sys", "body += sys.version", tag="cp311-cp311-linux_x86_64")
    assert made.differs == ""


def test_what_needs_this_python_is_built_by_it(tmp_path: Path) -> None:
    """A back-end that fails with the other Python is no worse for that."""
    made = built(tmp_path, "import sys", "assert sys.version_info[:2] == (3, 11)")
    assert made.differs == ""


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("raise SystemExit('one\\n  two')", "build_wheel failed: two"),
        ("os.kill(os.getpid(), 9)", f"build_wheel {memory.KILLED}"),
        ("raise MemoryError", f"build_wheel {memory.SHORT}"),
        ("return 'other-1.0-py3-none-any.whl'", "its back-end made other-1.0-py3-none-any.whl"),
        ("return '../leaf-1.0-py3-none-any.whl'", "which is no wheel"),
        ("return 'leaf-1.0.tar.gz'", "its back-end made leaf-1.0.tar.gz"),
        ("return 'leaf-1.0-py3-none-any.whl'", "its back-end left no wheel leaf-1.0-py3-none-any.whl"),
        (
            "os.symlink('/etc/passwd', wheel_directory + '/leaf-1.0-py3-none-any.whl'); return 'leaf-1.0-py3-none-any.whl'",
            "its back-end left no wheel",
        ),
        (
            "os.mkfifo(wheel_directory + '/leaf-1.0-py3-none-any.whl'); return 'leaf-1.0-py3-none-any.whl'",
            "its back-end left no wheel",
        ),
        (
            "open(wheel_directory + '/leaf-1.0-py3-none-any.whl', 'w').close(); return 'leaf-1.0-py3-none-any.whl'",
            "its wheel is refused",
        ),
        (f"os.symlink('/dev/zero', '{TMP}/build/build_wheel.json'); os._exit(0)", "left no result of build_wheel"),
    ],
)
def test_a_build_that_fails_says_why(tmp_path: Path, code: str, why: str) -> None:
    """What a back-end leaves is read as a stranger's: no link is followed, no pipe waited for."""
    with pytest.raises(NotBuilt) as caught:
        built(tmp_path, code)
    assert caught.value.what.startswith("leaf 1.0 cannot be built from leaf-1.0.tar.gz: ")
    assert why in caught.value.what
    assert (caught.value.next_step == memory.STEP) is (why.endswith((memory.KILLED, memory.SHORT)))


def test_a_build_without_isolation(tmp_path: Path) -> None:
    """The user may accept it; the paths are those of this machine then."""
    made = built(tmp_path, "assert os.getcwd().endswith('/source/leaf-1.0')", unisolated=True)
    assert made.path.is_file()
