"""Wheels that are repaired so that they fit other Linux systems, by a program that stands in for auditwheel."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pypi_subset.pipeline.rooms import BuildRooms
from pypi_subset.proof.isolation.views import TMP
from pypi_subset.sdists import repair
from pypi_subset.sdists.build import Made
from pypi_subset.sdists.repair import grafted_in, package_of, repaired
from pypi_subset.sdists.rooms import Python
from tests.support.wheels import Wheel, make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable

PYTHON = Python(path=Path(sys.executable), tag="cp311", version="3.11.7")
TAG, WIDER = "0subset-cp311-cp311-linux_x86_64", "0subset-cp311-cp311-manylinux_2_17_x86_64"
LIBRARY = b"\x7fELF not really"

#: What stands in for auditwheel: it takes the same words.
PROGRAM = """
import os, shutil, sys

def main():
    repair, plat, auto, option, out, wheel = sys.argv[1:]
    assert (repair, plat, auto, option) == ("repair", "--plat", "auto", "--wheel-dir"), sys.argv
    assert shutil.which("patchelf"), os.environ["PATH"]
    {code}
"""


def made_in(tmp_path: Path, tag: str = TAG) -> tuple[Made, Wheel]:
    """Return a wheel that was built, and the wheel that a repair makes of it."""
    raw = make_wheel("leaf", tag=tag)
    wider = make_wheel("leaf", tag=WIDER, files={"leaf.libs/libpq-0123abcd.so.5.16": LIBRARY})
    made = Made(path=raw.save(tmp_path), sha256=raw.sha256, requires=(), epoch=1_400_000_000, python=PYTHON)
    return made, wider


@pytest.fixture
def auditwheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Return a function that installs a stand-in which runs *code*."""
    library = tmp_path / "library"
    (library / "auditwheel").mkdir(parents=True)
    (library / "auditwheel-9.9.dist-info").mkdir()
    (library / "auditwheel-9.9.dist-info" / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: auditwheel\nVersion: 9.9\n"
    )
    (library / "auditwheel" / "__init__.py").write_text("")
    (library / "bin").mkdir()
    (library / "bin" / "patchelf").write_text("#!/bin/sh\n")
    (library / "bin" / "patchelf").chmod(0o755)
    monkeypatch.setattr(sys, "path", [str(library), *sys.path])
    monkeypatch.delitem(sys.modules, "auditwheel", raising=False)

    def install(code: str) -> None:
        (library / "auditwheel" / "main.py").write_text(PROGRAM.format(code=code))

    return install


def test_a_repaired_wheel_takes_the_place(tmp_path: Path, auditwheel: Callable[[str], None]) -> None:
    """Its name, its hash, what repaired it and what was copied into it; it runs in a box, with the time of the build."""
    made, wider = made_in(tmp_path)
    auditwheel(
        f"assert os.environ['SOURCE_DATE_EPOCH'] == '1400000000'; assert wheel.startswith({TMP + '/'!r}), wheel; "
        f"open(os.path.join(out, {wider.filename!r}), 'wb').write(bytes.fromhex({wider.data.hex()!r}))"
    )
    found, why = repaired(made, BuildRooms(), tmp_path)
    assert (found.path.name, found.sha256, found.repaired, why) == (wider.filename, wider.sha256, "auditwheel 9.9", "")
    assert [(name, sha256) for name, sha256, _ in found.grafted] == [
        ("libpq.so.5.16", hashlib.sha256(LIBRARY).hexdigest())
    ]


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("raise SystemExit('too new a glibc')", "auditwheel does not repair it: too new a glibc"),
        ("pass", "auditwheel does not repair it: exit code 0"),
        ("open(os.path.join(out, 'other-1.0-py3-none-any.whl'), 'wb')", "auditwheel made other-1.0-py3-none-any.whl"),
        (f"open(os.path.join(out, 'leaf-1.0-{WIDER}.whl'), 'wb')", "what auditwheel made is refused: "),
        (f"os.symlink('/etc/passwd', os.path.join(out, 'leaf-1.0-{WIDER}.whl'))", "auditwheel does not repair it"),
    ],
)
def test_a_wheel_that_is_not_repaired_stays(
    tmp_path: Path, auditwheel: Callable[[str], None], code: str, why: str
) -> None:
    """It serves this system as before, and the reason is said."""
    made, _ = made_in(tmp_path)
    auditwheel(code)
    found, said = repaired(made, BuildRooms(), tmp_path)
    assert found == made
    assert said.startswith(why)


def test_a_pure_wheel_needs_no_repair(tmp_path: Path, auditwheel: Callable[[str], None]) -> None:
    """It is not even looked at."""
    made, _ = made_in(tmp_path, "0subset-py3-none-any")
    auditwheel("raise SystemExit('never')")
    assert repaired(made, BuildRooms(), tmp_path) == (made, "")


def test_without_auditwheel_nothing_is_repaired(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is an extra of the tool."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    made, _ = made_in(tmp_path)
    assert repaired(made, BuildRooms(), tmp_path) == (made, "")


def test_the_package_of_a_library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the system's own program says, on systems with dpkg and with rpm; an unknown library has none."""
    monkeypatch.setattr(repair, "_FOLDERS", (str(tmp_path),))
    (tmp_path / "libpq.so.5.16").write_bytes(LIBRARY)
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    for name, text in {
        "rpm": 'echo "libpq 15.3"',
        "dpkg-query": f'if [ "$1" = -S ]; then echo "libpq5:amd64: {tmp_path}/x"; else echo "libpq5 15.3-1"; fi',
    }.items():
        # A program without an answer, as on a system of the other kind.
        (programs / "dpkg-query").write_text("#!/bin/sh\nexit 1\n")
        (programs / name).write_text(f"#!/bin/sh\n{text}\n")
        for path in programs.iterdir():
            path.chmod(0o755)
        assert package_of("libpq.so.5.16") == {"rpm": "libpq 15.3", "dpkg-query": "libpq5 15.3-1"}[name]
    assert package_of("libother.so.1") == ""


def test_libraries_in_a_wheel_are_listed(tmp_path: Path) -> None:
    """Those that auditwheel copied: other files with such an ending are the project's own."""
    _, wider = made_in(tmp_path)
    assert [name for name, *_ in grafted_in(wider.save(tmp_path))] == ["libpq.so.5.16"]
    own = make_wheel("own", files={"own/libpq-0123abcd.so.5": LIBRARY})
    assert grafted_in(own.save(tmp_path)) == ()
