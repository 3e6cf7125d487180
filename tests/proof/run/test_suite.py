"""The suite as a whole: pytest in a process of its own, its table, its report, and what it does when things break."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from pypi_subset.cli.app import main
from pypi_subset.errors import ProofFailed, SubsetError, SuiteFailed
from pypi_subset.model.checks import WAYS
from pypi_subset.model.documents import encode
from pypi_subset.model.report import read_report, report_path
from pypi_subset.proof.isolation.available import isolation
from pypi_subset.proof.report import report
from pypi_subset.proof.report.verdict import is_red
from pypi_subset.proof.run.suite import conclude, run_suite, seal
from pypi_subset.targets import host as targets_host
from pypi_subset.targets import tag
from tests.support.checkout import schema
from tests.support.programs.commands import PYPI_SUBSET
from tests.support.sites.cases import HERE
from tests.support.sites.published import own_key
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = schema("report")
WINDOWS = tag.parse("windows", "cp312-win_amd64")
LINUX = tag.parse("linux", "cp38-manylinux2014_x86_64")
CLICK = make_wheel("click", "8.1.7", requires=['colorama; platform_system == "Windows"'])
COLORAMA = make_wheel("colorama", "0.4.6")


@pytest.fixture
def subset(tmp_path: Path) -> SubsetOnDisk:
    """Return a whole subset for Windows."""
    pins = {"windows": [CLICK, COLORAMA]}
    return SubsetOnDisk(tmp_path / "subset", targets=[WINDOWS], lines=["click"], pins=pins).write()


def reported(subset: SubsetOnDisk) -> dict[str, Any]:
    """Return the report, which follows its schema."""
    document: dict[str, Any] = json.loads(report_path(subset.paths.site).read_bytes())
    jsonschema.validate(document, SCHEMA)
    return document


@pytest.mark.slow
def test_a_strict_umask(tmp_path: Path) -> None:
    """Boxes of root have another user: they read what was made for them, and a web server reads the report."""
    pins = {"here": [make_wheel("demo")]}
    subset = SubsetOnDisk(tmp_path / "subset", targets=[HERE], lines=["demo"], pins=pins).write()
    before = os.umask(0o077)
    try:
        found = run_suite(subset.paths, processes=1)
    finally:
        os.umask(before)
    assert not is_red(found)
    assert report_path(subset.paths.site).stat().st_mode & 0o044 == 0o044


@pytest.mark.slow
def test_green(
    subset: SubsetOnDisk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """From any directory, whatever pytest settings lie there or in the environment: a table, a report, no error."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n")
    (elsewhere / "conftest.py").write_text("raise RuntimeError\n")
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("PYTEST_ADDOPTS", "--collect-only")
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    found = run_suite(subset.paths, processes=1)
    document = reported(subset)
    assert document["totals"] == {"passed": 9, "failed": 0, "skipped": 0, "differs": 0, "amber": 0, "accepted": 0}
    assert sorted((one["target"], one["request"], one["proof"], one["way"]) for one in document["checks"]) == [
        ("", "", "inventory", ""),
        *(
            ("windows", request, proof, way)
            for request in ("", "click")
            for proof, ways in (("second opinion", WAYS[2:]), ("unpacked", WAYS))
            for way in ways
        ),
    ]
    assert (document["stale"], document["isolation"]) == (False, isolation())
    assert json.loads(encode(found)) == document
    assert report.lines_of(found)[-1].startswith("9 passed, 0 failed, 0 skipped")
    assert capfd.readouterr() == ("", "")
    assert sorted(path.name for path in elsewhere.iterdir()) == ["conftest.py", "pytest.ini"]


@pytest.mark.slow
def test_one_file_gone(subset: SubsetOnDisk) -> None:
    """The run is red, and both the screen and the report name the file, the target and who requires it."""
    subset.file(COLORAMA).unlink()
    found = run_suite(subset.paths, processes=1)
    document = reported(subset)
    assert document["totals"] == {"passed": 0, "failed": 7, "skipped": 2, "differs": 0, "amber": 0, "accepted": 0}
    inventory, joint = [check["reason"] for check in document["checks"] if check["way"] in {"", "find-links"}][:2]
    assert inventory.startswith(
        "colorama-0.4.6-py3-none-any.whl (colorama 0.4.6, needed on windows by base.txt:1 click"
    )
    needed = "needed by click 8.1.7 on windows: colorama; platform_system == 'Windows'"
    assert joint == f"colorama ({needed}) is not in the subset: {COLORAMA.filename} is gone"
    # It is so by each way in, and said once.
    assert report.lines_of(found).count(f"failed: windows, base, all together: {joint}") == 1


@pytest.mark.slow
def test_a_worker_that_dies(tmp_path: Path) -> None:
    """Without isolation, a case that takes its worker down is red with a reason; all others still have their result."""
    killer = b"import os, signal\nos.kill(os.getppid(), signal.SIGKILL)\n"
    wheel = make_wheel("killer", files={"killer.py": killer})
    pins = {"here": [wheel], "mac": [wheel]}
    mac = tag.parse("mac", "cp312-macosx_14_0_arm64")
    lines = ["killer; sys_platform != 'darwin'"]
    subset = SubsetOnDisk(tmp_path, targets=[targets_host.describe_host("here"), mac], lines=lines, pins=pins).write()
    assert run_suite(subset.paths, processes=2, unisolated=True).totals.failed
    checks = reported(subset)["checks"]
    assert [(one["target"], one["status"]) for one in checks] == [
        ("", "passed"),
        *[("here", "failed"), ("here", "failed")],
        *[("mac", "skipped"), ("mac", "skipped")],
    ]
    assert checks[1]["reason"].startswith("the proof itself broke: worker 'gw")
    assert "crashed" in checks[1]["reason"]


@pytest.mark.slow
def test_packages_are_not_given_the_key(tmp_path: Path) -> None:
    """What a package finds in its arguments, its environment and its open files holds neither the key nor its name."""
    code = """
import os, pathlib
found = [pathlib.Path("/proc/self", name).read_bytes().decode() for name in ("environ", "cmdline")]
for number in os.listdir("/proc/self/fd"):
    try:
        found.append(os.readlink(f"/proc/self/fd/{number}"))
    except OSError:
        pass
text = " ".join(found)
if os.environ.get("PYPI_SUBSET_KEY_FILE") or SECRET in text or FILE in text:
    raise ImportError("the key was given to a package")
"""
    own = own_key()
    code = f"SECRET, FILE = {own.secret.hex()!r}, {str(own.path)!r}\n{code}"
    wheel = make_wheel("nosy", files={"nosy.py": code.encode()})
    subset = SubsetOnDisk(tmp_path, targets=[HERE], lines=["nosy"], pins={"here": [wheel]}).write()
    assert report.findings(run_suite(subset.paths, processes=1).checks) == []


#: What the import of a module does to who started it, or to its own case.
FAULTS = {
    "abort": b"import os, signal, time\nos.kill(os.getppid(), signal.SIGABRT)\ntime.sleep(1)\n",
    "kill": b"import os, signal, time\nos.kill(os.getppid(), signal.SIGKILL)\ntime.sleep(1)\n",
    "sleep": b"import time\ntime.sleep(10**6)\n",
}


@pytest.mark.long
def test_a_hang_a_crash_and_a_kill(tmp_path: Path) -> None:
    """Without isolation, each is red with a reason, in the time that imports have; what else there is is proven."""
    wheels = [make_wheel(name, files={f"{name}.py": code}) for name, code in FAULTS.items()]
    here = targets_host.describe_host("here")
    lines = [*FAULTS, "colorama"]
    subset = SubsetOnDisk(tmp_path, targets=[here], lines=lines, pins={"here": [*wheels, COLORAMA]}).write()
    assert run_suite(subset.paths, processes=2, unisolated=True).totals.failed
    checks = reported(subset)["checks"]
    found = {line: [one for one in checks if one["request"] == line and one["target"]] for line in ["", *lines]}
    assert [(one["proof"], one["status"]) for one in found["colorama"]] == [
        *[("installed", "passed")] * 3,
        ("second opinion", "passed"),
    ]
    for name in ("", "abort", "kill"):
        (red,) = found[name]
        assert (red["status"], red["reason"].startswith("the proof itself broke: worker 'gw")) == ("failed", True)
    hung = "importing sleep of sleep on here did not end within 120 s"
    assert [(one["status"], one["reason"]) for one in found["sleep"][:3]] == [("failed", hung)] * 3


@pytest.mark.slow
def test_more_workers_die_than_there_are(tmp_path: Path) -> None:
    """Without isolation, a new worker takes the place of each that a case takes down, and the rest is proven."""
    wheel = make_wheel("kill", files={"kill.py": FAULTS["kill"]})
    here, lines = targets_host.describe_host("here"), [*(f"kill!={number}" for number in range(6, 10)), "colorama"]
    subset = SubsetOnDisk(tmp_path, targets=[here], lines=lines, pins={"here": [wheel, COLORAMA]}).write()
    assert run_suite(subset.paths, processes=1, unisolated=True).totals.failed
    checks = [one for one in reported(subset)["checks"] if one["target"]]
    red = [one["request"] for one in checks if one["status"] == "failed"]
    assert (sorted(red), {one["request"] for one in checks} - {*red}) == (sorted(["", *lines[:-1]]), {"colorama"})


@pytest.mark.slow
def test_in_a_box_there_is_nothing_to_kill(tmp_path: Path) -> None:
    """Signals to a parent, to all processes and to oneself reach the box of the case alone: no worker dies."""
    killer = b"import os, signal\nfor one in (os.getppid(), 1, -1):\n    os.kill(one, signal.SIGKILL)\n"
    wheels = [make_wheel("killer", files={"killer.py": killer}), COLORAMA]
    here = targets_host.describe_host("here")
    subset = SubsetOnDisk(tmp_path, targets=[here], lines=["killer", "colorama"], pins={"here": wheels}).write()
    assert run_suite(subset.paths, processes=2).totals.failed
    found = {(one["request"], one["status"]) for one in reported(subset)["checks"] if one["proof"] == "installed"}
    assert ("colorama", "passed") in found
    assert not any("the proof itself broke" in one["reason"] for one in reported(subset)["checks"])


@pytest.mark.slow
def test_faults_in_the_requirements(subset: SubsetOnDisk) -> None:
    """What to prove is read again: a fault there is shown as it is, and the old report stays."""
    (subset.paths.requirements / "base.txt").write_text("click=>8\n")
    with pytest.raises(
        ProofFailed, match=r"nothing was proven: pytest ended with 4; see the lines below\n    Exit: .*base\.txt:1"
    ):
        run_suite(subset.paths, processes=1)
    assert not report_path(subset.paths.site).exists()


def test_nothing_to_prove(subset: SubsetOnDisk) -> None:
    """Without a site, or with an interpreter that is not there, the suite does not start."""
    with pytest.raises(SubsetError, match="there is no Python interpreter"):
        run_suite(subset.paths, pythons=[sys.executable, "python4"])
    shutil.rmtree(subset.paths.site)
    with pytest.raises(SubsetError, match="run `pypi-subset mirror`"):
        run_suite(subset.paths)


def test_no_seal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the network cannot be shut, the report says so."""
    monkeypatch.setenv("PATH", "")
    assert seal().prefix == ()
    assert seal().name.startswith("none")


@pytest.mark.slow
def test_ctrl_c_after_a_fault(tmp_path: Path) -> None:
    """A run that is interrupted when the inventory was red writes that; one line is said, and nothing waits."""
    flag = tmp_path / "begun"
    code = f"open({str(flag)!r}, 'w')\nimport time; time.sleep(20)\n".encode()
    wheel = make_wheel("sleeper", files={"sleeper.py": code})
    subset = SubsetOnDisk(tmp_path / "subset", targets=[HERE], lines=["sleeper"], pins={"here": [wheel]}).write()
    (subset.paths.site / "simple" / "stranger.whl").write_bytes(b"")
    folders = [f"--{name}={getattr(subset.paths, name)}" for name in ("requirements", "packages", "site")]
    command = [
        *PYPI_SUBSET,
        "verify",
        "--processes=1",
        # The case says through a file when it has begun.
        "--unisolated",
        *folders,
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as run:
        for _ in range(600):
            if flag.exists() or run.poll() is not None:
                break
            time.sleep(0.1)
        os.killpg(run.pid, signal.SIGINT)
        _, said = run.communicate(timeout=60)
    assert (run.returncode, said.count("\n"), said.startswith("interrupted: ")) == (130, 1, True), said
    told = report.findings(read_report(report_path(subset.paths.site)).checks)
    assert "stranger.whl" in told[0]
    assert "failed: here, base, sleeper: the run was interrupted" in told


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--target=nope"], "there is no target 'nope'; did you mean"),
        (["--target=,"], "--target wants names, not ','; write them with commas between, as in --target=one,two"),
        (["--shard=9/8"], "shard wants a part of so many, not '9/8'"),
    ],
)
def test_a_wrong_flag_is_one_line(
    subset: SubsetOnDisk, capfd: pytest.CaptureFixture[str], flags: list[str], words: str
) -> None:
    """It is told before anything is started, and what to write instead."""
    folders = {"requirements": subset.paths.requirements, "packages": subset.paths.packages, "site": subset.paths.site}
    own = [f"--{name}={path}" for name, path in folders.items() if not any(f"--{name}" in flag for flag in flags)]
    with pytest.raises(SystemExit) as ended:
        main(["verify", *own, *flags])
    assert ended.value.code == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert words in line


def test_h_is_help(capfd: pytest.CaptureFixture[str]) -> None:
    """No flag of the task takes the short form that everybody knows."""
    with pytest.raises(SystemExit) as ended:
        main(["verify", "-h"])
    assert ended.value.code in {0, None}
    assert "Prove that every request installs" in capfd.readouterr().out


@pytest.mark.slow
def test_a_proof_of_nothing_is_red(tmp_path: Path) -> None:
    """Where no target asks for any request nothing was installed, and the run fails."""
    lines = ["click; sys_platform == 'linux'"]
    empty = SubsetOnDisk(tmp_path / "subset", targets=[WINDOWS], lines=lines, pins={"windows": []}).write()
    found = run_suite(empty.paths, processes=1)
    assert is_red(found)
    assert "nothing was proven" in "".join(report.lines_of(found))


def test_a_traceback_of_the_suite_is_for_the_log(subset: SubsetOnDisk) -> None:
    """What went wrong is one line; the traceback is evidence, and not shown."""
    said = [
        "INTERNALERROR> Traceback (most recent call last):",
        'INTERNALERROR>   File "x.py"',
        "INTERNALERROR> Boom: no",
    ]
    with pytest.raises(SuiteFailed, match=r"^nothing was proven: pytest ended with 3: Boom: no; report it$") as raised:
        conclude(3, None, subset.paths, said=said)
    assert raised.value.evidence == "\n".join(said)
    assert raised.value.details == ()
