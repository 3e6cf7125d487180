"""Every way in, and what is looked at besides: scripts that start, wheels that keep their RECORD, tags, servers."""

from __future__ import annotations

import io
import re
import sys
import urllib.error
import urllib.request
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from pypi_subset.errors import ProofFailed
from pypi_subset.proof.access.http_server import serving
from pypi_subset.proof.access.routes import WAYS
from pypi_subset.proof.cases.case import cases_of
from pypi_subset.proof.closure import Present
from pypi_subset.proof.machines import interpreters
from pypi_subset.proof.methods import console_scripts
from pypi_subset.proof.methods.prove import prove
from pypi_subset.proof.reference.tags import may_fit
from pypi_subset.targets import tag as targets
from tests.support.sites.cases import CLICK, COLORAMA, HERE, LINUX, OWN, WINDOWS, cases, outcome
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.wheels import Wheel, make_wheel

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("forked_pip")

MISSING = "colorama (needed by click 8.1.7 on windows: colorama; platform_system == 'Windows')"


def test_every_way_in(tmp_path: Path) -> None:
    """One installation, from find-links.html; the two indexes lead to the same files; uv would take them too."""
    checks = prove(cases(tmp_path, WINDOWS, ["click"], [CLICK, COLORAMA])[0])
    assert [(one.way, one.proof, *outcome(one)) for one in checks] == [
        ("find-links", "unpacked", "passed", ""),
        ("simple", "unpacked", "passed", "the same files as by find-links"),
        ("target", "unpacked", "passed", "the same files as by find-links"),
        ("target", "second opinion", "passed", ""),
    ]
    assert {one.versions for one in checks} == {("click==8.1.7", "colorama==0.4.6")}
    assert {one.command for one in checks} == {""}


def for_two(tmp_path: Path, other: Wheel) -> dict[str, tuple[str, str, tuple[str, ...]]]:
    """Return how aa alone goes on Linux, by each way in, where its lock has 1.0, and that of Windows has *other*."""
    pins = {"linux": [make_wheel("aa", "1.0")], "windows": [other]}
    subset = SubsetOnDisk(tmp_path, targets=[LINUX, WINDOWS], lines=["aa"], pins=pins).write()
    alone = cases_of(subset.plan, subset.paths, (), tmp_path / "work")[1]
    assert alone.name == "linux--base--base.txt:1"
    return {one.way: (*outcome(one), one.versions) for one in prove(alone) if one.proof == "unpacked"}


def test_a_version_for_another_target_breaks_this_one(tmp_path: Path) -> None:
    """The index of all leads pip to what was mirrored for another target: there it is installed, and judged."""
    other = rewritten(make_wheel("aa", "2.0"), b"aa.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\n")
    found = for_two(tmp_path, other)
    status, reason, versions = found.pop("simple")
    assert (status, versions) == ("failed", ("aa==2.0",))
    assert reason.startswith("aa-2.0-py3-none-any.whl contradicts its own RECORD")
    assert found == {
        "find-links": ("passed", "", ("aa==1.0",)),
        "target": ("passed", "the same files as by find-links", ("aa==1.0",)),
    }


def test_a_version_for_another_target_that_lacks_something(tmp_path: Path) -> None:
    """A tempting newer version without its dependencies ends in a complete installed set of older ones."""
    found = for_two(tmp_path, make_wheel("aa", "2.0", requires=["nowhere"]))
    assert {status for status, *_ in found.values()} == {"passed"}
    assert {versions for *_, versions in found.values()} == {("aa==1.0",)}


def test_another_version_by_one_way_is_reported(tmp_path: Path) -> None:
    """What differs and holds is green, and its versions are those that were installed for it."""
    found = for_two(tmp_path, make_wheel("aa", "2.0"))
    assert found["simple"] == ("passed", "", ("aa==2.0",))
    assert found["target"][2] == ("aa==1.0",)


def test_an_index_that_does_not_lead_there(tmp_path: Path) -> None:
    """A project that the target's index has lost is red by that way alone, with the page and a command to try."""
    (joint, _) = cases(tmp_path, WINDOWS, ["click"], [CLICK, COLORAMA])
    page = joint.site / "targets/windows/simple/colorama/index.html"
    page.write_text("<!DOCTYPE html>\n")
    *good, bad, opinion = prove(joint)
    assert [outcome(one)[0] for one in (*good, bad, opinion)] == ["passed", "passed", "failed", "skipped"]
    where = "the page targets/windows/simple/colorama/ does not lead there"
    assert bad.reason == f"{MISSING} is in the subset only as 0.4.6, and {where}"
    start = "pip install --only-binary=:all: --index-url <site>/targets/windows/simple/ --platform win_amd64"
    assert bad.command.startswith(start)
    assert bad.command.endswith(" click")
    assert str(tmp_path) not in bad.command


def test_the_lock_is_part_of_the_command(tmp_path: Path) -> None:
    """What a request alone is held to is named in the command, by its path in the site."""
    alone = cases(tmp_path, WINDOWS, ["click; python_version >= '3'"], [CLICK])[1]
    first, second, *_ = prove(alone)
    assert first.command.startswith("pip install --only-binary=:all: --no-index --find-links <site>/find-links.html ")
    assert first.command.endswith(""" 'click; python_version >= "3"' -c <site>/locks/base--windows.constraints.txt""")
    assert "constraints" not in second.command


def test_an_index_with_another_hash(tmp_path: Path) -> None:
    """An index that promises other bytes is not the same files: they are really installed, which pip refuses."""
    (joint, _) = cases(tmp_path, WINDOWS, ["click"], [CLICK, COLORAMA])
    page = joint.site / "simple/colorama/index.html"
    page.write_text(page.read_text().replace(COLORAMA.sha256, "0" * 64))
    by = {one.way: one for one in prove(joint) if one.proof == "unpacked"}
    assert [by[way].status for way in WAYS] == ["passed", "failed", "passed"]
    needed = "needed by click 8.1.7 on windows: colorama; platform_system == 'Windows'"
    words = "has other bytes than the page simple/colorama/index.html says"
    assert by["simple"].reason == f"colorama-0.4.6-py3-none-any.whl ({needed}) {words}"


def test_patch_levels_that_install_the_same_are_unpacked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A patch level for which pip takes the same files is walked under its own marker values, over what lies there."""
    from pypi_subset.proof.methods import pip_install  # noqa: PLC0415 - to count its calls

    real, dry = pip_install.install, []

    def install(*arguments: object, **options: object) -> object:
        dry.append(options.get("dry", False))
        return real(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(pip_install, "install", install)
    aa = make_wheel("aa", requires=["bb; python_full_version >= '3.10.4'"])
    (joint, _) = cases(tmp_path, LINUX, ["aa", "bb"], [aa, make_wheel("bb")])[:2]
    assert {one.status for one in prove(joint)} == {"passed"}
    # Two levels by three ways in, of which the very first is installed.
    assert dry == [False, *[True] * 5]


# --- scripts ------------------------------------------------------------------------------------------------------


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


def start(tmp_path: Path, code: str) -> tuple[str, ...]:
    """Return the notes on a script of aa that runs *code*; net-lib is what the extra ``net`` of aa would bring."""
    script = tmp_path / "aa-run"
    script.write_text(f"#!{sys.executable} -I\n{code}\n")
    script.chmod(0o755)
    aa = Present(
        project=canonicalize_name("aa"),
        version="1.0",
        requires=(Requirement("net-lib; extra == 'net'"),),
        requires_python=SpecifierSet(),
        files=(),
        scripts=("aa-run",),
    )
    return console_scripts.try_scripts([aa], python=tmp_path / "python", folder=tmp_path, target="here")


@pytest.mark.parametrize("name", STARTED)
def test_how_scripts_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """An error of its own, no end, a library of the system, an extra that nobody asked for: each is worth a note."""
    monkeypatch.setattr(console_scripts, "PATIENCE", 1 if name == "hangs" else 20)
    code, note = STARTED[name]
    assert start(tmp_path, code) == tuple(filter(None, [note]))


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("import elsewhere", "ModuleNotFoundError: No module named 'elsewhere'"),
        ("from os import nothing", "ImportError: cannot import name 'nothing' from 'os'"),
    ],
)
def test_a_script_that_cannot_import_is_red(tmp_path: Path, code: str, reason: str) -> None:
    """What a script lacks is what the subset lacks."""
    with pytest.raises(ProofFailed, match=re.escape(f"the script aa-run of aa on here failed: {reason}")):
        start(tmp_path, code)


def test_scripts_of_what_is_requested_are_started(tmp_path: Path, shared: Path) -> None:
    """Where a target is installed, each script does start, unless its entry names an extra; the others' do not."""
    entries = b"[console_scripts]\naa-run = aa:main\naa-net = aa:net [net]\n"
    code = b"def main():\n    import elsewhere\nnet = main\n"
    wheels = [
        make_wheel(name, files={f"{name}.py": code, f"{name}-1.0.dist-info/entry_points.txt": entries}, requires=needs)
        for name, needs in (("aa", ["bb"]), ("bb", []))
    ]
    check = prove(cases(tmp_path, HERE, ["aa"], wheels, installed=shared)[1])[0]
    words = "the script aa-run of aa on here failed: ModuleNotFoundError: No module named 'elsewhere'"
    assert outcome(check) == ("failed", words)
    assert check.proof == "installed"


# --- wheels, once more --------------------------------------------------------------------------------------------


def test_other_bytes_than_the_record_says(tmp_path: Path) -> None:
    """A wheel of which a member is not what RECORD promises is red, though page, lock and pip agree on the wheel."""
    broken = make_wheel("aa", files={"aa-1.0.dist-info/RECORD": b""})
    record = b"aa.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\naa-1.0.dist-info/RECORD,,\n"
    broken = rewritten(broken, record)
    first, second, *_ = prove(cases(tmp_path, WINDOWS, ["aa"], [broken])[0])
    words = "aa-1.0-py3-none-any.whl contradicts its own RECORD: hash / size of aa.py didn't match RECORD"
    assert outcome(first) == outcome(second) == ("failed", words)


def test_a_file_of_the_record_that_is_not_there(tmp_path: Path) -> None:
    """A wheel that lacks a file which its RECORD names is red, though pip installs it and says nothing."""
    whole = make_wheel("aa", files={"aa/__init__.py": b"from aa import core\n", "aa/core.py": b""})
    check = prove(cases(tmp_path, WINDOWS, ["aa"], [without(whole, "aa/core.py")])[0])[0]
    words = "aa-1.0-py3-none-any.whl contradicts its own RECORD: aa/core.py is in RECORD, and not in the wheel"
    assert outcome(check) == ("failed", words)


def test_what_a_record_may_name_without_a_file(tmp_path: Path) -> None:
    """A signature of RECORD, and a folder, need not be there."""
    wheel = make_wheel("aa")
    more = b"aa-1.0.dist-info/RECORD.jws,,\naa-1.0.dist-info/RECORD.p7s,,\naa/,,\n"
    check = prove(cases(tmp_path, WINDOWS, ["aa"], [rewritten(wheel, record_of(wheel) + more)])[0])[0]
    assert (*outcome(check), check.notes) == ("passed", "", ())


def test_what_the_record_leaves_out_is_noted(tmp_path: Path) -> None:
    """A member that RECORD does not mention was installed as its author built it; people are told."""
    wheel = make_wheel("aa", files={"aa_more.py": b""})
    lines = [line for line in record_of(wheel).splitlines() if not line.startswith(b"aa_more")]
    check = prove(cases(tmp_path, WINDOWS, ["aa"], [rewritten(wheel, b"\n".join(lines) + b"\n")])[0])[0]
    assert (check.status, check.notes) == (
        "passed",
        ("aa-1.0-py3-none-any.whl: aa_more.py is not mentioned in RECORD",),
    )


def record_of(wheel: Wheel) -> bytes:
    """Return the RECORD of *wheel*."""
    with zipfile.ZipFile(io.BytesIO(wheel.data)) as archive:
        return next(archive.read(name) for name in archive.namelist() if name.endswith("/RECORD"))


def rewritten(wheel: Wheel, record: bytes) -> Wheel:
    """Return *wheel* with another RECORD."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(wheel.data)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in dict.fromkeys(old.namelist()):
            new.writestr(name, record if name.endswith("/RECORD") else old.read(name))
    return replace(wheel, data=buffer.getvalue())


def without(wheel: Wheel, member: str) -> Wheel:
    """Return *wheel* without one of its members, which its RECORD still names."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(wheel.data)) as old, zipfile.ZipFile(buffer, "w") as new:
        for name in old.namelist():
            if name != member:
                new.writestr(name, old.read(name))
    return replace(wheel, data=buffer.getvalue())


def test_a_wheel_for_other_machines(tmp_path: Path) -> None:
    """With a wrong list of tags, pip takes a wheel for a newer system; read from the user's own tag, it is red."""
    newer = targets.parse("linux", "cp310-manylinux_2_28_x86_64")
    wrong = replace(newer, platform=LINUX.platform)
    wheel = make_wheel("aa", tag="cp310-cp310-manylinux_2_28_x86_64")
    check = prove(cases(tmp_path, wrong, ["aa"], [wheel])[0])[0]
    words = "was installed, and is for no machine like linux (cp310-cp310-manylinux2014_x86_64)"
    assert outcome(check) == ("failed", f"{wheel.filename} {words}")


TAGS = (
    *(
        "cp312-win_amd64",
        "cp312-win32",
        "cp310-macosx_12_0_arm64",
        "cp310-macosx_10_9_x86_64",
        "cp311-macosx_14_0_x86_64",
    ),
    *("cp313-cp313t-manylinux_2_28_x86_64", "cp310-manylinux2014_aarch64", "cp311-musllinux_1_2_x86_64"),
    *(
        "cp311-manylinux_2_31_armv7l",
        "cp311-manylinux1_x86_64",
        "pp310-manylinux_2_28_x86_64",
        "cp38-manylinux2010_x86_64",
    ),
    *("cp313-ios_13_0_arm64_iphoneos", "cp313-android_24_arm64_v8a", "cp313-pyodide_2025_0_wasm32"),
)


def test_tags_read_twice() -> None:
    """What the tool lists for a target, read from the tag alone, fits; what it lists for others only does not."""
    known = [targets.parse("one", tag) for tag in TAGS]
    everything = {tag for target in known for tag in target.tags}
    for target in known:
        assert {tag for tag in everything if may_fit(target, tag)} == everything & {*target.tags}, target.tag


# --- servers and machines -----------------------------------------------------------------------------------------


def test_the_server_is_a_plain_one(tmp_path: Path) -> None:
    """A folder answers with its page, one without a page does not, and what lies outside is not there."""
    (tmp_path / "secret").write_text("")
    (tmp_path / "site" / "simple").mkdir(parents=True)
    (tmp_path / "site" / "index.html").write_text("hello")
    with serving(tmp_path / "site") as url:
        with urllib.request.urlopen(f"{url}/") as answer:  # noqa: S310 - our own address
            assert (answer.read(), answer.headers["Content-Type"]) == (b"hello", "text/html")
        for path in ("simple/", "../secret", "%2e%2e/secret", "nothing"):
            with pytest.raises(urllib.error.HTTPError, match="404"):
                urllib.request.urlopen(f"{url}/{path}")  # noqa: S310 - our own address


@pytest.mark.parametrize(
    ("machine", "own", "emulated"),
    [
        ("x86_64", "x86_64", False),
        ("amd64", "AMD64", False),
        ("i686", "x86_64", False),
        ("armv7l", "aarch64", False),
        ("", "AMD64", False),
        ("aarch64", "x86_64", True),
        ("riscv64", "x86_64", True),
        ("x86_64", "arm64", True),
    ],
)
def test_whose_processor_it_is(machine: str, own: str, *, emulated: bool) -> None:
    """An interpreter for another processor runs by imitation; one for the 32-bit half of this one does not."""
    assert interpreters.is_emulated(machine, own) is emulated


def test_an_imitated_machine_is_a_kind_of_its_own(tmp_path: Path) -> None:
    """What ran on an imitated processor is not called installed."""
    joint = cases(tmp_path, HERE, ["aa"], [make_wheel("aa")], installed=tmp_path)[0]
    assert joint.proof == "installed"
    assert replace(joint, interpreter=replace(OWN[0], emulated=True)).proof == "emulated"
