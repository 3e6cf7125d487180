"""Console scripts: which ends of one are red, which are worth a note."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from pypi_subset.errors import ProofFailed
from pypi_subset.proof.closure import Declared, Present
from pypi_subset.proof.imports import console_scripts
from pypi_subset.proof.imports.settling import Settled, settled
from pypi_subset.proof.methods.prove import prove
from tests.support.sites.cases import HERE, box_of, cases, outcome
from tests.support.wheels import Wheel, make_wheel

pytestmark = pytest.mark.usefixtures("forked_pip")


def with_script(module: bytes, *, entry: str = "aa-run = aa:main", requires: tuple[str, ...] = ()) -> Wheel:
    """Return a wheel of aa with one console script, and *module* as its code, which imports nothing at the top."""
    entries = f"[console_scripts]\n{entry}\n".encode()
    extras = ["net"] if requires else []
    files = {"aa.py": module, "aa-1.0.dist-info/entry_points.txt": entries}
    return make_wheel("aa", files=files, requires=requires, extras=extras)


#: What a script does: its code, and the note on it.
STARTED = {
    "well": ("print('hello')", ""),
    "other": ("raise SystemExit(3)", "the script aa-run of aa ended with 3"),
    "hangs": ("import time; time.sleep(60)", "the script aa-run of aa did not end within 1 s"),
    "library": (
        "raise ImportError('libGL.so.1: cannot open shared object file: No such file')",
        "the script aa-run of aa: installed, needs libGL.so.1",
    ),
    "extra": ("import net_lib", "the script aa-run of aa needs the extra net, which was not asked for"),
    "advice": (
        "raise ImportError('for this, install aa[net]')",
        "the script aa-run of aa needs the extra net, which was not asked for",
    ),
}


def start(tmp_path: Path, code: str, *, times: int = 1) -> Settled:
    """Return what comes of *times* scripts of aa that run *code*; net-lib is what its extra ``net`` would bring."""
    script = tmp_path / "aa-run"
    script.write_text(f"#!{sys.executable} -I\n{code}\n")
    for path in (script, tmp_path):
        path.chmod(0o755)
    aa = Present(
        project=canonicalize_name("aa"),
        version="1.0",
        requires=(Requirement("net-lib; extra == 'net'"),),
        requires_python=SpecifierSet(),
        files=("aa.py",),
        scripts=("aa-run",) * times,
        extras=frozenset({"net"}),
    )
    box = box_of(tmp_path, tmp_path, Path(sys.prefix))
    found = console_scripts.try_scripts(
        [aa], Declared(present=(aa,)), python=tmp_path / "python", box=box, target="here"
    )
    return settled(found, target="here")


@pytest.mark.slow
@pytest.mark.parametrize("name", STARTED)
def test_how_scripts_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """An error of its own, no end, a library of the system, an extra that was not asked for: each is a note."""
    monkeypatch.setattr(console_scripts, "PATIENCE", 1 if name == "hangs" else 20)
    code, note = STARTED[name]
    assert start(tmp_path, code).notes == tuple(filter(None, [note]))


@pytest.mark.slow
def test_all_scripts_together_end_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project with many scripts that never end holds up the proof for a bounded time; the others get a note."""
    monkeypatch.setattr(console_scripts, "TOTAL", 2)
    # All that are started at once begin at the same time, and the others when it is over, however slow the machine is.
    moments = iter([0.0] * (1 + console_scripts._AT_ONCE))  # noqa: SLF001
    monkeypatch.setattr(console_scripts, "time", SimpleNamespace(monotonic=lambda: next(moments, 2.0)))
    notes = start(tmp_path, "import time; time.sleep(60)", times=40).notes
    waited, left = "did not end within 2 s", "was not started: the scripts before it took 2 s"
    assert {note.partition(" of aa ")[2] for note in notes} == {waited, left}
    assert len(notes) == 2


@pytest.mark.parametrize(
    ("code", "end"),
    [
        ("raise SystemExit(3)", " of aa ended with 3"),
        ("import net_lib", " of aa needs the extra net, which was not asked for"),
        (
            "raise ImportError('libGL.so.1: cannot open shared object file: No such file')",
            " of aa: installed, needs libGL.so.1",
        ),
    ],
)
def test_scripts_that_end_alike_are_one_note(tmp_path: Path, code: str, end: str) -> None:
    """The note names the first eight."""
    names = ", ".join(["aa-run"] * 3)
    assert start(tmp_path, code, times=3).notes == (f"each of the scripts {names}{end}",)
    names = ", ".join(["aa-run"] * 8)
    assert start(tmp_path, code, times=10).notes == (f"each of the scripts {names} and 2 more{end}",)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import aa.part", "ModuleNotFoundError: No module named 'aa'"),
        ("from os import nothing", "ImportError: cannot import name 'nothing' from 'os'"),
        (
            "try:\n    import elsewhere\nexcept ImportError:\n    from os import nothing",
            "ImportError: cannot import name 'nothing'",
        ),
    ],
)
def test_a_script_that_cannot_import_is_red(tmp_path: Path, code: str, reason: str) -> None:
    """A part of the project itself, or of Python, is not there."""
    with pytest.raises(ProofFailed, match=re.escape(f"the script aa-run of aa on here failed: {reason}")):
        start(tmp_path, code)


@pytest.mark.parametrize(
    "code",
    [
        "import elsewhere",
        "try:\n    import elsewhere\nexcept ImportError:\n    raise ImportError('install more')",
        "try:\n    import elsewhere\nexcept ImportError as error:\n    raise ImportError('install more') from error",
        "import sys, traceback\ntry:\n    import aa\nexcept ImportError:\n    traceback.print_exc()\nimport elsewhere",
    ],
)
def test_a_script_that_lacks_what_nothing_declares_is_amber(tmp_path: Path, code: str) -> None:
    """The traceback is read along its chain, and what was printed before it is none of it."""
    (one,) = start(tmp_path, code).findings
    assert (one.rule, one.project, one.likely) == ("undeclared", "aa", "elsewhere")
    words = "lacks elsewhere, which nothing here declares: likely the project elsewhere"
    assert one.what == f"the script aa-run of aa on here {words}"


@pytest.mark.slow
def test_scripts_of_what_is_requested_are_started(tmp_path: Path, shared: Path) -> None:
    """Where a target is installed, each script does start, unless its entry names an extra; the others' do not."""
    entries = b"[console_scripts]\naa-run = aa:main\naa-net = aa:net [net]\n"
    code = b"def main():\n    import elsewhere\nnet = main\n"
    wheels = [
        make_wheel(name, files={f"{name}.py": code, f"{name}-1.0.dist-info/entry_points.txt": entries}, requires=needs)
        for name, needs in (("aa", ["bb"]), ("bb", []))
    ]
    check = prove(cases(tmp_path, HERE, ["aa"], wheels, installed=shared)[1])[0]
    words = "lacks elsewhere, which nothing here declares: likely the project elsewhere"
    assert outcome(check) == ("amber", f"the script aa-run of aa on here {words}")
    assert check.proof == "installed"
