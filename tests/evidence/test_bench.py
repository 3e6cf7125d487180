"""The benchmark's own parts, without a network and without timing anything: jobs, commands, and the table."""

from __future__ import annotations

import json
import os
import socket
import sys
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.model.candidates import Candidate
from pypi_subset.model.distributions import Distribution
from pypi_subset.model.intake.advisories import AdvisoryRules
from pypi_subset.model.policy import today
from pypi_subset.policy import advisories
from pypi_subset.proof.access.forwarding import Reach
from pypi_subset.proof.access.routes import Way
from pypi_subset.proof.machines import interpreters
from pypi_subset.requirements.subset import read_subset
from tests.evidence.bench import filters, frozen, goals, large, measure, proving, table, tools
from tests.evidence.bench.index import generators, indexing, lister, people, stage, wheels
from tests.evidence.bench.index.generators import (
    ADDED,
    FASTEST,
    FULL,
    GENERATORS,
    INCREMENTAL,
    MORE,
    OURS,
    PHASES,
    Place,
)
from tests.evidence.bench.index.indexing import Timing
from tests.evidence.bench.jobs import JOBS, Job
from tests.evidence.bench.measure import AGAIN, COLD, Result
from tests.evidence.bench.pages import reading
from tests.evidence.bench.tools import TOOLS, Bench, Step
from tests.evidence.bench.trips import carrying, promoting
from tests.support.advisories.records import write_zip
from tests.support.checkout import ROOT
from tests.support.servers.index import Index

if TYPE_CHECKING:
    from collections.abc import Mapping


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
    return Result(
        job="j",
        phase=phase,
        tool=tool,
        seconds=seconds,
        files=7,
        bytes_=1_600_000_000,
        failure=failure,
        processor=2 * seconds,
    )


def test_ours_asks_for_the_job(job: Job, bench: Bench) -> None:
    """What our own run reads are the job's requirements and targets, as many as its name says."""
    TOOLS["pypi-subset"](job, bench)
    subset = read_subset(bench.folder / "requirements")
    assert [str(one.requirement) for one in subset.sets[0].requests] == list(job.requirements)
    assert [target.name for target in subset.targets] == [machine.name for machine in job.machines]
    assert f"{len(subset.targets)} targets" == job.name


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
    rows = [[str(cell).strip() for cell in row] for row in table.rows(runs, ours="ours", facts=table.what_is_there)]
    assert rows == [
        ["j, cold", "ours", "2.00", "1.00", "4.00", "7", "1,600", ""],
        ["j, cold", "other", "5.00", "2.50", "10.00", "7", "1,600", ""],
        ["j, nothing to do", "ours", "9.00", "1.00", "18.00", "7", "1,600", ""],
    ]


def test_processor_seconds_of_all_commands(job: Job, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the commands of a tool compute is counted, and not what came before."""
    busy = Step(command=(sys.executable, "-c", "import time\nwhile time.process_time() < 0.3: pass"), variables={})
    monkeypatch.setitem(TOOLS, "pypi-subset", lambda *_: [busy, busy])
    assert all(one.processor > 0.3 for one in measure.run_job(job, "pypi-subset", bench, {}))
    moments = iter((5.0, 7.0, 7.0, 8.5))
    monkeypatch.setattr(measure, "_processor", lambda: next(moments))
    assert [one.processor for one in measure.run_job(job, "pypi-subset", bench, {})] == [2.0, 1.5]


@pytest.mark.parametrize("ours", [result("ours", 1), result("ours", 1, failure="broke")])
def test_a_failure_is_shown(ours: Result) -> None:
    """A tool that fails has no time, but a reason; if that is ours, nothing can be compared with it."""
    runs = [ours, result("other", 2), result("third", 3, failure="no network")]
    rows = table.rows(runs, ours="ours", facts=table.what_is_there)
    other, third = ([str(cell).strip() for cell in row] for row in rows[1:])
    assert other[3] == ("-" if ours.failure else "2.00")
    assert (third[2], third[3], third[4], third[7]) == ("-", "-", "-", "failed: no network")


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


@pytest.mark.parametrize(("group_name", "lock"), [("bench", "bench-lock.txt"), ("bench-index", "bench-index-lock.txt")])
def test_the_lock_fits_the_group(group_name: str, lock: str) -> None:
    """Every rival in pyproject.toml is pinned in its range; no index is named."""
    group = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"][group_name]
    text = (ROOT / "tests" / "evidence" / "bench" / lock).read_text(encoding="utf-8")
    pins = [Requirement(line.removesuffix("\\")) for line in text.splitlines() if "==" in line]
    versions = {canonicalize_name(pin.name): str(pin.specifier).removeprefix("==") for pin in pins}
    for rival in map(Requirement, group):
        assert rival.specifier.contains(versions[canonicalize_name(rival.name)])
    assert "://" not in text


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Return a place where an index is made."""
    return Place(folder=tmp_path / "work", programs=tmp_path / "bin")


def timing(tool: str, phase: str, seconds: float, **facts: float) -> Timing:
    """Return one run of a generator."""
    imports, peak, wheels_, processor = (facts.get(name, 0) for name in ("imports", "peak", "wheels", "processor"))
    job = f"{int(wheels_ or 10_000):,} wheels"
    run = Timing(job=job, phase=phase, tool=tool, seconds=seconds, imports=imports, peak=int(peak), pages=3)
    return replace(run, processor=processor)


def test_our_stage_makes_the_index(tmp_path: Path, place: Place, capsys: pytest.CaptureFixture[str]) -> None:
    """The process that is timed publishes every wheel, finds nothing changed, and adds what is new."""
    pool = generators.make_pool(tmp_path / "pool", 12)
    replaced, pages = [], []
    for phase in PHASES:
        generators.prepare(pool, place, phase)
        stage.main(place.folder)
        replaced.append(json.loads(capsys.readouterr().out)["replaced"])
        simple = place.folder / "site" / "simple"
        pages.append((simple / "project-00000" / "index.html").read_text(encoding="utf-8").count("data-core-metadata"))
    assert replaced == [True, False, True, True]
    assert pages == [10, 10, 11, 12]
    assert len(list(place.folder.glob("site/simple/*/*.whl"))) == 14


def test_a_cold_start_is_one(tmp_path: Path, place: Place) -> None:
    """Whatever was made of the wheels, and remembered of them, is gone before the next cold start, the new wheel too."""
    pool = generators.make_pool(tmp_path / "pool", 3)
    for phase in (*PHASES, PHASES[0]):
        generators.prepare(pool, place, phase)
        (place.folder / "packages" / ".file-cache.json").touch()
    generators.prepare(pool, place, PHASES[0])
    assert {path.name for path in place.folder.glob("**/*")} == {
        *("packages", "recorded.json"),
        *(one["filename"] for one in pool.recorded),
    }


def test_what_dumb_pypi_is_told(tmp_path: Path) -> None:
    """The list names each wheel with its hashes; the hash is the one that our lock has."""
    recorded = wheels.make(tmp_path / "wheels", count=2)
    lister.main(str(tmp_path / "wheels"), str(tmp_path / "list.json"))
    listed = [json.loads(line) for line in (tmp_path / "list.json").read_text(encoding="utf-8").splitlines()]
    assert [one["hash"] for one in listed] == [f"sha256={one['sha256']}" for one in recorded]
    assert {one["requires_python"] for one in listed} == {">=3.8"}
    assert all(one["core_metadata"] not in {None, one["hash"]} for one in listed)


def test_only_the_incremental_run_is_timed(place: Place) -> None:
    """What dumb-pypi does with the list before it has been made before, by a run that nobody times."""
    generator = GENERATORS[INCREMENTAL]
    assert not generator.commands(place, COLD)
    assert generator.before(place, COLD) == GENERATORS[FULL].commands(place, COLD)
    (command,) = generator.commands(place, ADDED)
    assert place.path("previous.json") in command
    assert generator.before(place, ADDED)[0][-1] == place.path("previous.json")


def test_a_launched_command_is_measured_alone() -> None:
    """What a command took and said is known, and its memory is not that of whoever had it started."""
    held = b"x" * 200_000_000
    outcome = indexing.launch([sys.executable, "-I", "-S", "-c", "print('said'); raise SystemExit(3)"], {})
    assert (outcome["code"], outcome["said"]) == (3, "said\n")
    assert 1_000_000 < int(str(outcome["peak"])) < len(held) / 4
    assert float(str(outcome["processor"])) > 0


def test_a_generator_that_fails(tmp_path: Path, place: Place) -> None:
    """It has no time, its last words are kept, and it goes through no further phase."""
    (place.programs).mkdir()
    program = place.programs / "piprepo"
    program.write_text("#!/bin/sh\necho broke >&2; exit 1\n", encoding="utf-8")
    program.chmod(0o755)
    pool = generators.make_pool(tmp_path / "pool", 1)
    (found,) = indexing.run_generator("piprepo", pool, place, {"PATH": "/usr/bin:/bin"})
    assert (found.phase, found.failure, found.job) == (COLD, "broke", "1 wheels")


def test_pages_for_people_are_measured(tmp_path: Path) -> None:
    """From nothing, with cached READMEs, and with one project more; each row has a cell below each heading."""
    found = list(people.measure(tmp_path, 11))
    assert [(one.phase, one.projects) for one in found] == [(COLD, 11), (people.AGAIN, 11), (people.MORE, 12)]
    assert all(one.pages > 0 and one.index > 0 for one in found)
    assert {len(people.row(one)) for one in found} == {len(people.COLUMNS)}
    pages = [*(tmp_path / "site" / "project").glob("*/index.html")]
    assert len(pages) == 12
    assert all("<h3" in page.read_text(encoding="utf-8") for page in pages)


@pytest.mark.parametrize(
    ("phase", "pages", "shown"),
    [
        (COLD, 0.2, "yes"),
        (COLD, 0.3, "NO"),
        (people.AGAIN, 9.0, ""),
        (people.MORE, 1.0, "yes"),
        (people.MORE, 1.1, "NO"),
    ],
)
def test_pages_have_goals(phase: str, pages: float, shown: str) -> None:
    """When cold, time for each project; with one project more, the time of the index."""
    cost = people.Cost(phase=phase, projects=10, index=1.0, pages=pages, processor=0.1)
    assert people.row(cost)[-1] == shown


def test_goals_are_ratios() -> None:
    """A cold run is held to a rival of the same run, the others to seconds; what failed is held to nothing."""
    found = [
        timing(OURS, COLD, 9.0, processor=2.1),
        timing(FASTEST, COLD, 1.0, processor=1.0),
        timing(OURS, AGAIN, 0.6, imports=0.5),
        timing(OURS, MORE, 0.4),
    ]
    assert [row[2:] for row in goals.rows(found)] == [
        ("2.00", "2.10", "NO"),
        ("0.30", "0.10", "yes"),
        ("-", "-", "not known"),
        ("1.10", "0.40", "yes"),
    ]
    assert goals.rows(found[:1])[0][2:] == ("-", "-", "not known")


def test_growth_is_told() -> None:
    """Ten times the wheels in ten times the time, imports left out, is 1.00; memory is held to its limit."""
    few = timing(OURS, COLD, 1.5, imports=0.5, wheels=10_000, peak=90e6)
    many = timing(OURS, COLD, 20.5, imports=0.5, wheels=100_000, peak=1.1e9)
    rows = [[str(cell).strip() for cell in row] for row in goals.growth([few, many], 10_000, 100_000)[:2]]
    assert rows == [
        ["cold", "10,000", "0.100", "1.00", "90", "yes"],
        ["cold", "100,000", "0.200", "2.00", "1100", "NO"],
    ]


def test_what_an_index_took_is_shown() -> None:
    """A row of the table of indexes has a cell below each heading."""
    runs = [timing(OURS, COLD, 2.0, peak=90e6), timing(FASTEST, COLD, 1.0, peak=30e6)]
    shown = [[str(cell).strip() for cell in row] for row in table.rows(runs, ours=OURS, facts=indexing.what_it_took)]
    assert shown[1] == ["10,000 wheels, cold", FASTEST, "1.00", "0.50", "0.00", "30", "3", ""]
    assert {len(row) for row in shown} == {len(table.INDEXES)}


@pytest.mark.parametrize(
    ("mounts", "said"),
    [
        ("tmpfs /dev/shm tmpfs rw 0 0\n", True),
        ("tmpfs /dev/shm tmpfs rw 0 0\n/dev/x /dev/shm ext4 rw 0 0\n", False),
        ("tmpfs /dev tmpfs rw 0 0\n", False),
        (None, False),
    ],
)
def test_a_place_in_memory_is_known(mounts: str | None, said: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a parameter
    """A directory is in memory if the last thing mounted there is."""
    if mounts is not None:
        (tmp_path / "mounts").write_text(mounts, encoding="utf-8")
    assert indexing.is_tmpfs(Path("/dev/shm"), tmp_path / "mounts") is said  # noqa: S108 - nothing is written there


# --- proof --------------------------------------------------------------------------------------------------------


def proof(what: str, cases: int, seconds: float, failure: str = "") -> proving.Timing:
    """Return one run of what proves."""
    return proving.Timing(job="small", what=what, cases=cases, seconds=seconds, failure=failure)


def test_the_loop_proves_as_one_would_by_hand(tmp_path: Path) -> None:
    """A new environment, an installation by one way to the files, a check: in that order, by that environment's pip."""
    (python,) = interpreters.find([Path(sys.executable)])
    reach = Reach(listen=("127.0.0.1", 1), hosts=(), serve=socket.socket.close)
    way = Way(name="find-links", page="find-links.html", root="file:///site", reach=reach)
    create, install, check = (step.command for step in proving.commands(python, way, ["click"], tmp_path))
    assert create == (str(python.path), "-m", "venv", "--clear", str(tmp_path / "venv"))
    assert install[:4] == (own := str(tmp_path / "venv/bin/python"), "-m", "pip", "install")
    assert install[-4:] == ("--no-index", "--find-links", "file:///site/find-links.html", "click")
    assert check == (own, "-m", "pip", "check")


def test_what_counts_as_proven(tmp_path: Path) -> None:
    """Green installations count; opinions, the inventory and what is red do not; without a report there are none."""
    assert proving.proven(tmp_path) == 0
    (tmp_path / "proof").mkdir()
    kinds = [("installed", "passed"), ("installed", "failed"), ("inventory", "passed"), ("second opinion", "passed")]
    document = {"checks": [{"proof": kind, "status": status} for kind, status in kinds]}
    (tmp_path / "proof/report.json").write_text(json.dumps(document))
    assert proving.proven(tmp_path) == 1


def test_cases_a_minute() -> None:
    """The goal is about everything proven again, in cases a minute, as a multiple of the loop's in the same run."""
    found = [
        proof(goals.LOOP, 30, 60.0),
        proof(goals.ONE_WAY, 10, 20.0),
        proof(goals.EVERYTHING, 30, 6.0),
        proof(goals.BEFORE, 30, 1.0),
    ]
    rows = [row[1:] for row in goals.proven(found)]
    assert rows == [
        (goals.LOOP, 30, "60.0", "30.0", "    1.0", "", ""),
        (goals.ONE_WAY, 10, "20.0", "30.0", "    1.0", "", ""),
        (goals.EVERYTHING, 30, "6.0", "300.0", "   10.0", "8", "yes"),
        (goals.BEFORE, 30, "1.0", "1800.0", "   60.0", "", ""),
    ]
    assert goals.proven([*found, proof(goals.OPEN, 30, 6.0)]) == goals.proven(found)
    assert goals.proven([*found[:2], proof(goals.EVERYTHING, 30, 8.0)])[-1][-1] == "NO"
    assert goals.proven([found[0], proof(goals.EVERYTHING, 30, 8.0, "no pip")])[-1][-1] == "no pip"
    assert goals.proven([proof(goals.LOOP, 30, 8.0, "no venv"), found[2]])[-1][-1] == "not known"


def test_isolation_beside_none() -> None:
    """With isolation a proof may take a tenth more; medians are compared, and a failure is shown."""
    found = [proof(goals.EVERYTHING, 30, seconds) for seconds in (9.0, 11.0, 50.0)]
    found += [proof(goals.OPEN, 30, 10.0), proof(goals.BEFORE, 30, 1.2), proof(goals.OPEN_BEFORE, 30, 1.0)]
    assert [row[2:] for row in goals.isolated(found)] == [
        (goals.EVERYTHING, "11.0", "10.0", "1.10", "1.10", "yes"),
        (goals.BEFORE, "1.2", "1.0", "1.20", "1.10", "NO"),
    ]
    assert goals.isolated([*found, proof(goals.OPEN, 30, 1.0, "no pip")])[0][-1] == "no pip"
    assert goals.isolated(found[:1])[0][-1] == "not known"


def test_both_resolve_the_large_list(tmp_path: Path) -> None:
    """Ours gets all targets at once, uv each of them; both read the same names."""
    for tool in (large.OURS, large.RIVAL):
        (tmp_path / tool).mkdir()
    ((command, _),) = large.commands(large.OURS, tmp_path / large.OURS, tmp_path, None)
    assert command[-1] == "plan"
    subset = read_subset(tmp_path / large.OURS / "requirements")
    assert len(subset.jobs) == len(large.MACHINES)
    assert {len(job.requirement_set.requests) for job in subset.jobs} == {len(large.requests())} == {205}
    theirs = large.commands(large.RIVAL, tmp_path / large.RIVAL, tmp_path, "http://127.0.0.1/simple/")
    assert [command[command.index("--python-version") + 1] for command, _ in theirs] == [
        *("3.11.0", "3.12.0", "3.12.0", "3.13.0")
    ]
    assert all("--no-cache" in command and "http://127.0.0.1/simple/" in command for command, _ in theirs)


@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory of processes as Linux shows it")
def test_the_memory_of_a_tree_is_measured(tmp_path: Path) -> None:
    """What a process of a process needs counts; a tool that fails is named with its last words."""
    inner = "import time; data = bytearray(b'x' * (64 << 20)); time.sleep(1)"
    outer = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {inner!r}])"
    run = large.measured("one", [([sys.executable, "-c", outer], {})], tmp_path, {})
    assert run.peak > 64 << 20
    assert not run.failure
    failed = large.measured("one", [([sys.executable, "-c", "raise SystemExit('no such name')"], {})], tmp_path, {})
    assert failed.failure == "no such name"


def test_goals_of_the_large_list() -> None:
    """Memory has an absolute bound, time is compared with the rival; who fails meets nothing."""

    def run(tool: str, seconds: float, peak: int, failure: str = "") -> large.Run:
        return large.Run(tool=tool, seconds=seconds, processor=seconds, peak=peak, failure=failure)

    def met(*found: large.Run) -> list[object]:
        return [row[-1] for row in large.goals(found)]

    rival = run(large.RIVAL, 60.0, 1)
    assert met(run(large.OURS, 59.0, 399 * 10**6), rival) == ["yes", "yes"]
    assert met(run(large.OURS, 61.0, 401 * 10**6), rival) == ["no", "no"]
    assert met(run(large.OURS, 1.0, 1, "killed"), rival) == ["no", "no"]
    assert [row[:3] for row in large.rows([run(large.OURS, 10.0, 10**8), rival])] == [
        (large.OURS, table.right("10.0"), table.right("1.00")),
        (large.RIVAL, table.right("60.0"), table.right("6.00")),
    ]


def test_the_frozen_list(tmp_path: Path) -> None:
    """It pins each of its projects, for one target that a CPython here can stand for; a run that failed meets no goal."""
    frozen.write(tmp_path)
    subset = read_subset(tmp_path / "requirements")
    (one,) = subset.sets
    assert len(one.requests) == len({request.requirement.name for request in one.requests}) == 335
    assert all(len(request.requirement.specifier) == 1 for request in one.requests)
    assert [target.tag for target in subset.targets] == ["cp312-cp312-manylinux_2_28_x86_64"]
    assert [frozen.row(60, 100, failure)[4] for failure in ("", "broken")] == ["yes", "no"]
    assert frozen.row(60, 121, "")[4] == "no"


@pytest.mark.parametrize(("having", "met"), [((5.2, 9.0, 5.1), "yes"), ((5.3, 5.3, 5.0), "NO")])
def test_rules_are_compared_by_medians(having: tuple[float, ...], met: str) -> None:
    """The row has both medians and their ratio, and says whether the goal is met."""
    row = filters.row((5.0, 4.0, 8.0), having, cases=60)
    middle = sorted(having)[1]
    assert row == (60, "5.00", f"{middle:.2f}", f"{middle / 5:.3f}", "1.05", met)


def test_rules_that_are_timed_refuse_nothing(tmp_path: Path) -> None:
    """Each kind of rule looks at a candidate that it could refuse, and admits it."""
    database = write_zip(tmp_path / "osv.zip", filters.records_about({"app": ()}))
    judge = filters.judge_with(str(database))
    assert len(judge.rules) == 3
    one = Distribution(
        filename="app-1.0-py3-none-any.whl",
        project=canonicalize_name("app"),
        version=Version("1.0"),
        upload_time="2026-01-01T00:00:00Z",
    )
    candidate = Candidate(distribution=one, source="x")
    assert judge.judged(candidate) == ()
    rules = AdvisoryRules(path=database)
    known = advisories.read(rules, today())
    assert advisories.AdvisoryRule(known, rules).verdicts(candidate)


def test_a_large_page_is_read_by_both(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page has as many links as it says, the newest wheel of the target is there, and both passes take time."""
    monkeypatch.setattr(reading, "LINKS", 210)
    monkeypatch.setattr(reading, "PASSES", 1)
    names = reading.names()
    assert len(set(names)) == 210
    with Index(style="html", metadata=False) as index, monkeypatch.context() as patch:
        patch.setenv("PIP_INDEX_URL", index.url)
        reading.fill(index)
        text = index.overrides["/simple/big/"].decode()
        assert text.count("<a href=") == 210
        assert index.projects["big"][0].filename in names
        pair = reading.read(index)
    assert min(pair) > 0
    assert reading.row("a", "b", "CPU", reading.Pair(2.0, 4.1), 2.0)[-2:] == ("2.0", "NO")
    assert reading.row("a", "b", "CPU", reading.Pair(2.0, 4.0), 2.0)[-3:] == ("2.00", "2.0", "yes")


@pytest.mark.slow
def test_states_are_promoted(tmp_path: Path) -> None:
    """A small site has two states; the way back and the way forward again are renames, and each has its row."""
    found = promoting.measure(tmp_path / "office", 200, dict(os.environ))
    assert promoting.rename_of(found.back) < found.back.seconds
    assert promoting.rename_of(found.again) < found.again.seconds
    assert (
        0
        < found.added
        < sum(path.stat().st_size for path in (tmp_path / "office" / "site").rglob("*") if path.is_file())
    )
    rows = promoting.rows(
        found._replace(back=found.back._replace(seconds=1.1), again=found.again._replace(seconds=1.0))
    )
    assert [row[-1] for row in rows] == ["-", "-", "-", "-", "NO", "yes"]


@pytest.mark.slow
def test_trips_are_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small site goes there and back: the second bundle has what changed alone, and each goal has its row."""
    monkeypatch.setattr(carrying, "SMALL", 20)
    monkeypatch.setattr(carrying, "EACH", 1000)
    found = carrying.carry(tmp_path / "large", 200, dict(os.environ))
    assert min(found.export, found.imported, found.copy) > 0
    assert found.size <= found.changed + carrying.MORE + carrying.SHARE * found.manifest
    rows = carrying.rows(found._replace(export=1.99, imported=3.1, copy=1.0))
    assert [row[-1] for row in rows] == ["yes", "yes", "NO"]
    assert [row[0] for row in carrying.small(tmp_path / "small", dict(os.environ))][1] == "tar"
