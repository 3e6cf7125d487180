"""The benchmark's own parts, without a network and without timing anything: jobs, commands, and the table."""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from bench import measure, table, tools
from bench.jobs import JOBS, Job
from bench.measure import AGAIN, COLD, Result
from bench.tools import TOOLS, Bench, Step
from pypi_subset.inputs import read_plan

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the benchmark is a goal of the Makefile")


@pytest.fixture(params=JOBS, ids=lambda job: job.name)
def job(request: pytest.FixtureRequest) -> Job:
    """Return each job."""
    assert isinstance(request.param, Job)
    return request.param


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    """Return a place to work."""
    return Bench(folder=tmp_path, programs=tmp_path / "bin", index="https://me:secret@index.example/simple")


def result(tool: str, seconds: float, *, failure: str = "", phase: str = COLD) -> Result:
    """Return one run of a job."""
    return Result(job="j", phase=phase, tool=tool, seconds=seconds, files=7, bytes_=1_600_000_000, failure=failure)


def test_ours_asks_for_the_job(job: Job, bench: Bench) -> None:
    """What our own run reads are the job's requirements and targets, as many as its name says."""
    TOOLS["pypi-subset"](job, bench)
    plan = read_plan(bench.folder / "requirements")
    assert [str(one.requirement) for one in plan.sets[0].requests] == list(job.requirements)
    assert [target.name for target in plan.targets] == [machine.name for machine in job.machines]
    assert f"{len(plan.targets)} targets" == job.name


def test_pex_is_told_every_target(job: Job, bench: Bench) -> None:
    """Each target is a file with markers and tags."""
    (step,) = TOOLS["pex3"](job, bench)
    paths = [
        after for word, after in zip(step.command, step.command[1:], strict=False) if word == "--complete-platform"
    ]
    told = [json.loads(Path(path).read_text(encoding="utf-8")) for path in paths]
    assert [one["marker_environment"]["python_version"] for one in told] == [f"3.{one.minor}" for one in job.machines]
    assert all(one["compatible_tags"] for one in told)


def test_uv_and_pip_take_turns(job: Job, bench: Bench) -> None:
    """For each target uv chooses for it, and pip downloads what was chosen."""
    steps = TOOLS["uv + pip"](job, bench)
    assert [Path(step.command[0]).name for step in steps] == ["uv", "pip"] * len(job.machines)
    for chosen, fetched in zip(steps[::2], steps[1::2], strict=True):
        assert chosen.command[chosen.command.index("--output-file") + 1] in fetched.command


def test_nab_is_told_the_same_targets(job: Job, bench: Bench) -> None:
    """The matrices of nab's projects make just the job's targets, none twice."""
    locks = [step for step in TOOLS["nab"](job, bench) if step.command[1] == "lock"]
    told = []
    for step in locks:
        project = tomllib.loads(Path(step.command[2]).read_text(encoding="utf-8"))
        assert project["project"]["dependencies"] == list(job.requirements)
        matrix = project["tool"]["nab"]["matrix"]
        minors = [minor for minor in range(9, 15) if f"3.{minor}" in SpecifierSet(matrix["python"])]
        told += [(minor, one["id"].partition("_")[0]) for minor in minors for one in matrix["platforms"]]
    systems = {"win": "windows", "manylinux": "linux", "macosx": "macos"}
    wanted = [(one.minor, systems[one.platform.partition("_")[0]]) for one in job.machines]
    assert sorted(told) == sorted(wanted)


@pytest.mark.parametrize("tool", TOOLS)
def test_the_index_is_handed_on(tool: str, bench: Bench) -> None:
    """Where pip was told another index, every rival is; ours, and pip beside uv, read pip's own variable."""
    steps = TOOLS[tool](JOBS[0], bench)
    written = [path.read_text(encoding="utf-8") for path in bench.folder.rglob("*.toml")]
    seen = "\n".join([*written, *(str(step) for step in steps)])
    assert ("me:secret" in seen) == (tool != "pypi-subset")


def test_what_configures_a_tool_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """No tool sees the user's settings for it; all see how to reach the index."""
    for name in ("PIP_FIND_LINKS", "UV_INDEX", "PEX_ROOT", "NAB_CACHE_DIR", "PYTHONPATH", "MAKEFLAGS"):
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("SSL_CERT_FILE", "kept")
    seen = tools.shared_environment({"PIP_CERT": "ca.pem"})
    assert "x" not in seen.values()
    assert (seen["SSL_CERT_FILE"], seen["PIP_CERT"]) == ("kept", "ca.pem")


def test_ratios_and_medians() -> None:
    """A row shows the median of a tool's runs, how it compares to ours, and what it ended with."""
    runs = [result("ours", 3), result("ours", 1), result("ours", 2), result("other", 5), result("ours", 9, phase=AGAIN)]
    rows = [[str(cell).strip() for cell in row] for row in table.rows(runs, ours="ours")]
    assert rows == [
        ["j, cold", "ours", "2.00", "1.00", "7", "1,600", ""],
        ["j, cold", "other", "5.00", "2.50", "7", "1,600", ""],
        ["j, nothing to do", "ours", "9.00", "1.00", "7", "1,600", ""],
    ]


@pytest.mark.parametrize("ours", [result("ours", 1), result("ours", 1, failure="broke")])
def test_a_failure_is_shown(ours: Result) -> None:
    """A tool that fails has no time, but a reason; if that is ours, nothing can be compared with it."""
    rows = table.rows([ours, result("other", 2), result("third", 3, failure="no network")], ours="ours")
    other, third = ([str(cell).strip() for cell in row] for row in rows[1:])
    assert other[3] == ("-" if ours.failure else "2.00")
    assert (third[2], third[3], third[6]) == ("-", "-", "failed: no network")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("", ""),
        ("import sys; sys.exit('first\\n last https://me:secret@index.example/x ')", "last https://index.example/x"),
        ("print('only'); raise SystemExit(3)", "only"),
        ("raise SystemExit(3)", "no reason given"),
    ],
)
def test_last_words(code: str, said: str, tmp_path: Path) -> None:
    """What is told of a command that failed is its last line, without credentials."""
    environment: Mapping[str, str] = {"PATH": ""}
    step = Step(command=(sys.executable, "-I", "-c", code), variables={})
    assert measure.timed([step], tmp_path, environment)[1] == said


def test_the_lock_fits_the_group() -> None:
    """Every rival in pyproject.toml is pinned in its range; no index is named."""
    group = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]["bench"]
    text = (ROOT / "bench-lock.txt").read_text(encoding="utf-8")
    pins = [Requirement(line.removesuffix("\\")) for line in text.splitlines() if "==" in line]
    versions = {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in pins}
    for rival in map(Requirement, group):
        assert rival.specifier.contains(versions[canonicalize_name(rival.name)])
    assert "://" not in text
