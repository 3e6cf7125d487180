"""What a request alone installs is linked from the installation of the whole set, and nothing else of that is there."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pypi_subset.proof.access.routes import opened
from pypi_subset.proof.methods import by_installing, keeping
from pypi_subset.proof.methods.by_installing import Installing
from pypi_subset.proof.methods.keeping import Part
from pypi_subset.proof.methods.prove import prove
from tests.support.sites.cases import HERE, cases, outcome, prove_first
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pypi_subset.proof.cases.case import Case
    from tests.support.wheels import Wheel

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there are no boxes"),
    pytest.mark.usefixtures("forked_pip"),
]


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two requests are enough for their set to be kept, and compiled."""
    monkeypatch.setattr(keeping, "MANY", 2)
    monkeypatch.setattr(keeping, "COMPILED", 2)


def kept(folder: Path, shared: Path, lines: Sequence[str], wheels: Sequence[Wheel]) -> list[Case]:
    """Return the cases of single requests, after the set was proven as a whole, and is kept."""
    joint, *alone = cases(folder, HERE, lines, wheels, installed=shared)
    assert outcome(prove_first(joint)) == ("passed", "")
    return alone


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the names of the environments into which pip installs from now on."""
    found: list[str] = []
    real = Installing._fresh  # noqa: SLF001 - what is counted

    def fresh(self: Installing, name: str, folder: Path, way: object) -> by_installing.Environment:
        found.append(f"{self.case.name} {name}")
        return real(self, name, folder, way)  # type: ignore[arg-type]

    monkeypatch.setattr(Installing, "_fresh", fresh)
    return found


def test_a_request_installs_nothing_that_the_set_has(tmp_path: Path, shared: Path, installed: list[str]) -> None:
    """The set is installed once; each request alone is asked of pip by each route, and its files are linked."""
    wheels = [make_wheel("aa", requires=["bb"]), make_wheel("bb"), make_wheel("cc")]
    aa, cc = kept(tmp_path, shared, ["aa", "cc"], wheels)
    assert installed == ["here--base find-links"]
    checks = prove(aa)
    assert [outcome(check) for check in checks] == [
        ("passed", ""),
        *[("passed", "the same files as by find-links")] * 2,
        ("passed", ""),
    ]
    assert {check.versions for check in checks} == {("aa==1.0", "bb==1.0")}
    assert prove(cc)[0].versions == ("cc==1.0",)
    assert installed == ["here--base find-links"]


def test_what_another_request_brings_is_not_there(tmp_path: Path, shared: Path) -> None:
    """A project that imports what nothing of its own requires is green with the set, and amber alone."""
    wheels = [make_wheel("aa", files={"aa.py": b"import bb\n"}), make_wheel("bb")]
    aa, bb = kept(tmp_path, shared, ["aa", "bb"], wheels)
    check = prove_first(aa)
    assert check.status == "amber"
    assert "lacks bb, which nothing here declares: likely the project bb" in check.reason
    assert outcome(prove_first(bb)) == ("passed", "")


def test_what_another_request_requires_too_is_no_lost_file(tmp_path: Path, shared: Path) -> None:
    """pip marks a request by name: a part without the mark is whole, and an undeclared import there is amber."""
    wheels = [make_wheel("aa", requires=["bb"], files={"aa.py": b"import cc\n"}), make_wheel("bb"), make_wheel("cc")]
    aa, *_ = kept(tmp_path, shared, ["aa", "bb", "cc"], wheels)
    check = prove_first(aa)
    assert (check.status, "likely the project cc" in check.reason) == ("amber", True)


def test_no_file_of_another_request_is_seen(tmp_path: Path, shared: Path) -> None:
    """Modules, data files, scripts and a ``.pth`` of another request are not in the environment, nor anywhere else in the box."""
    looks = b"""
import os, sys
def main(): 0
if not hasattr(sys, "zyx"):
    for place in (os.path.dirname(sys.executable) + "/..", *sys.path):
        for folder, _, names in os.walk(place):
            for name in names:
                assert "zyx" not in name, os.path.join(folder, name)
"""
    more = {
        "zyx.pth": b"import sys; sys.zyx = 1\n",
        "zyx-1.0.data/data/share/zyx.txt": b"data",
        "zyx-1.0.dist-info/entry_points.txt": b"[console_scripts]\nzyx = zyx:main\n",
        "zyx.py": b"def main(): 0\n",
    }
    aa, zyx = kept(
        tmp_path, shared, ["aa", "zyx"], [make_wheel("aa", files={"aa.py": looks}), make_wheel("zyx", files=more)]
    )
    assert outcome(prove_first(aa)) == ("passed", "")
    check = prove_first(zyx)
    assert (check.status, check.notes) == ("passed", ())


def test_another_answer_is_installed(tmp_path: Path, shared: Path, installed: list[str]) -> None:
    """Where pip takes another release for a request alone than for its set, it installs that one."""
    wheels = [make_wheel("aa", "1.0", files={"aa.py": b"1/0\n"}), make_wheel("aa", "2.0"), make_wheel("bb")]
    aa, _ = kept(tmp_path, shared, ["aa", "bb"], wheels)
    checks = prove(replace(aa, constraints=("aa==1.0",)))
    told = {check.way: (check.status, check.versions) for check in checks if check.proof == "installed"}
    assert told == {
        "find-links": ("failed", ("aa==1.0",)),
        "simple": ("passed", ("aa==2.0",)),
        "target": ("passed", ("aa==2.0",)),
    }
    assert installed == ["here--base find-links", "here--base--base.txt:1 find-links"]


def test_a_file_that_two_wheels_install_is_not_linked(tmp_path: Path, shared: Path, installed: list[str]) -> None:
    """Each of them gets its own bytes: pip installs it alone."""
    wheels = [
        make_wheel(name, files={"both.txt": name.encode(), f"{name}.py": _reads(name)}) for name in ("aa", "bb", "cc")
    ]
    wheels[2] = make_wheel("cc")
    joint, aa, bb, cc = cases(tmp_path, HERE, ["aa", "bb", "cc"], wheels, installed=shared)
    assert prove_first(joint).status == "failed"
    for case in (aa, bb, cc):
        assert outcome(prove_first(case)) == ("passed", "")
    assert installed == [f"here--base{which} find-links" for which in ("", "--base.txt:1", "--base.txt:2")]


def _reads(name: str) -> bytes:
    return f"import os\nassert open(os.path.dirname(__file__) + '/both.txt').read() == {name!r}\n".encode()


def test_a_wheel_that_changed_is_refused(tmp_path: Path, shared: Path) -> None:
    """What is kept is of the bytes that pip read: a wheel that another one replaced is read again."""
    aa, _ = kept(tmp_path, shared, ["aa", "bb"], [make_wheel("aa"), make_wheel("bb")])
    path = tmp_path / "site/simple/aa/aa-1.0-py3-none-any.whl"
    path.unlink()
    path.write_bytes(make_wheel("aa", files={"aa.py": b"other"}).data)
    check = prove_first(aa)
    assert check.status == "failed"
    assert "has other bytes" in check.reason


def test_no_command_writes_what_another_reads(tmp_path: Path, shared: Path) -> None:
    """Neither files that are linked nor bytecode can be written by an import, and no bytecode of a wheel is read."""
    tries = b"""
import os, sys
for path in (__file__, os.path.dirname(__file__) + "/new", sys.pycache_prefix + "/new", __cached__):
    try:
        open(path, "ab")
    except OSError:
        continue
    raise AssertionError("writes " + path)
assert os.path.exists(__cached__), __cached__
"""
    shipped = f"__pycache__/aa.{sys.implementation.cache_tag}.pyc"
    wheels = [make_wheel("aa", files={"aa.py": tries, shipped: b"no bytecode"}), make_wheel("bb")]
    aa, _ = kept(tmp_path, shared, ["aa", "bb"], wheels)
    assert outcome(prove_first(aa)) == ("passed", "")


def test_what_is_linked_is_what_pip_marks(tmp_path: Path, shared: Path) -> None:
    """The environment of a request holds the files that pip writes for it, byte for byte, and no other file."""
    script = {"aa-1.0.dist-info/entry_points.txt": b"[console_scripts]\naa = aa:main\n", "aa.py": b"def main(): 0\n"}
    wheels = [make_wheel("aa", requires=["bb"], files=script), make_wheel("bb"), make_wheel("cc")]
    aa, *_ = kept(tmp_path, shared, ["aa", "bb", "cc"], wheels)
    (linked, root), (own, other) = (_files(case, tmp_path / name) for case, name in ((aa, "a"), (_elsewhere(aa), "b")))
    assert linked.keys() == own.keys()
    # The path of the environment is in these.
    differ = {name for name in own if linked[name].replace(root, b"") != own[name].replace(other, b"")}
    assert differ <= {name for name in own if name.endswith("/RECORD")}


def _elsewhere(case: Case) -> Case:
    """Return *case* where nothing is kept."""
    return replace(case, set_name="other")


def _files(case: Case, folder: Path) -> tuple[dict[str, bytes], bytes]:
    """Return what an installation of *case* holds, path → bytes, and the path by which boxes see it."""
    folder.mkdir(mode=0o755)
    assert case.interpreter is not None
    with opened(case.site, case.target.name) as ways, ExitStack() as ending:
        kind = Installing(case=case, interpreter=case.interpreter, requests=case.requests, folder=folder, ending=ending)
        _, environment = kind.install(ways[0])
        assert isinstance(environment, Part) == (case.set_name == "base")
        root = environment.fresh.root
        found = {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}
        return found, bytes(environment.python.parent.parent)


def test_what_cannot_be_linked_is_installed(tmp_path: Path, shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the file system refuses a further name for a file, pip installs."""

    def link(*_: object, **__: object) -> None:
        raise OSError

    aa, _ = kept(tmp_path, shared, ["aa", "bb"], [make_wheel("aa"), make_wheel("bb")])
    monkeypatch.setattr(os, "link", link)
    assert outcome(prove_first(aa)) == ("passed", "")
