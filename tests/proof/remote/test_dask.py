"""The proof away from here: what is sent of a case, a site that is read by its URL, and Dask workers, some of which die."""

from __future__ import annotations

import dataclasses
import json
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any

import distributed
import pytest

from pypi_subset.cli.app import main
from pypi_subset.errors import SubsetError
from pypi_subset.model.checks import WAYS
from pypi_subset.model.report import read_report, report_path
from pypi_subset.proof.access.http_server import serving
from pypi_subset.proof.cases.case import cases_of
from pypi_subset.proof.methods import pip_install
from pypi_subset.proof.methods.prove import prove
from pypi_subset.proof.remote import cluster as pipe_end
from pypi_subset.proof.remote import dask as cluster
from pypi_subset.proof.remote.dask import prove_on_dask
from pypi_subset.proof.report import report
from tests.support.programs.commands import PYPI_SUBSET, STAGE
from tests.support.programs.dask_cluster import CONNECTED, Cluster, Scripted
from tests.support.sites.cases import CLICK, COLORAMA, HERE, WINDOWS, outcome
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.mark.long
def test_a_pip_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pip waits for a server that never answers, each way in is red when its time is up, and says so."""
    monkeypatch.setattr(pip_install, "PATIENCE", 2)
    subset = SubsetOnDisk(tmp_path / "subset", targets=[WINDOWS], lines=["click"], pins={"windows": [CLICK]}).write()
    (case, _) = cases_of(subset.plan, subset.paths, (), tmp_path / "work")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        checks = prove(dataclasses.replace(case, url=f"http://127.0.0.1:{silent.getsockname()[1]}"))
    assert [outcome(one) for one in checks[:3]] == [("failed", "pip install did not end within 2 s")] * 3


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("host/site", "is not where a site is served"),
        ("ftp://host/site", "is not where a site is served"),
        ("https://me:secret@host/site", "holds a user name or a password"),
    ],
)
def test_addresses_that_are_refused(tmp_path: Path, url: str, words: str) -> None:
    """Nothing is sent for an address that is none, or that holds a password; the password is not shown."""
    subset = SubsetOnDisk(tmp_path, targets=[WINDOWS], lines=["click"], pins={"windows": [CLICK, COLORAMA]}).write()
    with pytest.raises(SubsetError, match=words) as error:
        prove_on_dask(subset.plan, subset.paths, scheduler="tcp://127.0.0.1:9", url=url)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--on=dsk"], "invalid value for '--on': 'dsk' is not one of 'here', 'dask'"),
        (["--on=dask"], "a cluster is known by its scheduler; name it"),
        (["--scheduler=tcp://host:1"], "scheduler, url and insecure-cluster are about a cluster"),
        (["--on=dask", "--scheduler=tcp://host:1", "--processes=2"], "processes and pythons are about this machine"),
    ],
)
def test_flags_that_contradict(capsys: pytest.CaptureFixture[str], flags: list[str], words: str) -> None:
    """A flag that would have no effect is refused, in one line."""
    with pytest.raises(SystemExit) as ended:
        main(["verify", *flags])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert (said.count("\n"), words in said) == (1, True)


def test_dask_is_an_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Dask one line says what to install."""
    subset = SubsetOnDisk(tmp_path, targets=[WINDOWS], lines=["click"], pins={"windows": [CLICK, COLORAMA]}).write()
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(SubsetError, match=r"Dask is not installed here; run `pip install 'pypi-subset\[dask\]'`"):
        prove_on_dask(subset.plan, subset.paths, scheduler="tcp://127.0.0.1:9")


#: What the process sends → why both cases are red. Any answer is to no case that was sent: it cannot know the nonce yet.
RULES = {
    "": ["the process that talks to the cluster ended, or broke the rules"] * 2,
    'say(type="Answered", number=99, answer="")': ["the process that talks to the cluster ended, or broke the rules"]
    * 2,
    'say(type="Refused", what="", next_step="")': ["the process that talks to the cluster ended, or broke the rules"]
    * 2,
    'say(type="Answered", number=0, answer="{}"); say(type="Answered", number=0, answer="{}")': [
        "the worker's answer is refused: Object missing required field `errand`",
        "the process that talks to the cluster ended, or broke the rules",
    ],
    'for number in (0, 1): say(type="Answered", number=number, answer=json.dumps({"errand": "0" * 64}))': [
        "the worker's answer is refused: this is about another case"
    ]
    * 2,
    'for number in (0, 1): say(type="Broke", number=number, words="a\\x1b[2J\\nb")': [
        r"the proof itself broke: a\x1b[2J b",
        r"the proof itself broke: a\x1b[2J b",
    ],
    # Whoever claims that workers died gets the case once more, alone, and no third time.
    'for number in (0, 1, 0, 1): say(type="Died", number=number, workers=2)': [
        "the proof itself broke: 2 workers died of it, one after the other"
    ]
    * 2,
}


@pytest.mark.parametrize("sent", RULES)
def test_a_process_that_breaks_the_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sent: str) -> None:
    """The process that talks to the cluster is not trusted either: each case is red once, and the run ends."""
    monkeypatch.setattr(pipe_end, "_FAREWELL", 2)
    subset = SubsetOnDisk(tmp_path, targets=[WINDOWS], lines=["click"], pins={"windows": [CLICK, COLORAMA]}).write()
    script = f"{CONNECTED}import json\ndef say(**message): send(json.dumps(message).encode())\n{sent}\n"
    proven = prove_on_dask(
        subset.plan,
        subset.paths,
        scheduler="tcp://127.0.0.1:9",
        url="http://127.0.0.1:9/site",
        start=Scripted(script),
    )
    assert [check.reason for check in proven.checks if check.target] == RULES[sent]
    assert {check.status for check in proven.checks if check.target} == {"failed"}


@pytest.mark.long
def test_a_scheduler_elsewhere_has_to_be_accepted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An address that is neither loopback nor TLS is one line; with the flag it is tried."""
    monkeypatch.setattr(cluster, "PATIENCE", 1)
    subset = SubsetOnDisk(tmp_path, targets=[WINDOWS], lines=["click"], pins={"windows": [CLICK, COLORAMA]}).write()
    folders = [f"--{name}={getattr(subset.paths, name)}" for name in ("requirements", "packages", "site")]
    words = ["verify", *folders, "--on=dask", "--scheduler=tcp://0.0.0.0:9"]
    said = {}
    for flags in ((), ("--insecure-cluster",)):
        with pytest.raises(SystemExit):
            main([*words, *flags])
        said[flags] = capsys.readouterr().err
    assert said[()].startswith("error: each machine on the way to tcp://0.0.0.0:9 can read and forge ")
    assert said["--insecure-cluster",].startswith("error: no Dask scheduler answers at tcp://0.0.0.0:9: ")


# --- workers ------------------------------------------------------------------------------------------------------


@pytest.fixture
def cluster_folder(tmp_path: Path) -> Path:
    """Return an empty directory."""
    folder = tmp_path / "cluster"
    folder.mkdir()
    return folder


@pytest.fixture
def dask(cluster_folder: Path) -> Iterator[Cluster]:
    """Yield a scheduler without workers, which forgives a case one worker that died of it, and no second one."""
    running = Cluster(cluster_folder, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES="1")
    yield running
    running.stop()


def reported(subset: SubsetOnDisk) -> dict[str, Any]:
    """Return the report."""
    document: dict[str, Any] = json.loads(report_path(subset.paths.site).read_bytes())
    return document


def whole(document: dict[str, Any]) -> Counter[tuple[str, str]]:
    """Return how many results there are of each case by each way; more than one of a kind is one too many."""
    counted = Counter((one["target"], one["request"], one["proof"], one["way"]) for one in document["checks"])
    assert set(counted.values()) == {1}
    return Counter((target, request) for target, request, _, _ in counted)


#: Ends the process that started the interpreter, which is the worker.
_KILL = "import os, signal\n{when}os.kill(os.getppid(), signal.SIGKILL)\nimport time; time.sleep(1)\n"


def killer(when: str = "") -> bytes:
    """Return a module that kills the worker which imports it."""
    return _KILL.format(when=when).encode()


@pytest.mark.long
def test_a_worker_that_dies(tmp_path: Path, dask: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    """Without isolation one of two workers is killed in the midst of a case: each case has just one set of results, and all are green."""
    flag = tmp_path / "died"
    once = make_wheel(
        "once",
        files={
            "once.py": f"import os\nif not os.path.exists({str(flag)!r}):\n    open({str(flag)!r}, 'w')\n    exec({killer()!r})\n".encode()
        },
    )
    pins = {"here": [once, COLORAMA], "windows": [COLORAMA]}
    lines = ['once; sys_platform == "linux"', "colorama"]
    subset = SubsetOnDisk(tmp_path / "subset", targets=[HERE, WINDOWS], lines=lines, pins=pins).write()
    workers = [dask.add(), dask.add()]
    assert prove_on_dask(subset.plan, subset.paths, scheduler=dask.address, unisolated=True).totals.failed == 0
    assert sorted(one.poll() is None for one in workers) == [False, True]
    document = reported(subset)
    assert (document["totals"]["failed"], document["isolation"]) == (0, "none: --unisolated")
    requests = ["", *(str(line.requirement) for line in subset.plan.sets[0].requests)]
    places = {(target, request): 4 for target in ("here", "windows") for request in requests}
    assert whole(document) == {("", ""): 1, **places, ("windows", requests[1]): 1}
    assert {one["way"] for one in document["checks"]} == {"", *WAYS}
    assert {one["proof"] for one in document["checks"] if one["target"] == "here"} >= {"installed"}
    assert capsys.readouterr().err == ""
    # What the dead one has left is Dask's to remove, when the next worker starts in that directory.
    assert len(list(dask.folder.glob("worker-*/*/*/pypi-subset-*/site/simple"))) <= 1


@pytest.mark.long
def test_a_case_that_kills_every_worker(tmp_path: Path, dask: Cluster) -> None:
    """Without isolation, what ends each worker that takes it is red with a reason; who stood behind it in the queue is proven all the same."""
    pins = {"here": [make_wheel("killer", files={"killer.py": killer()}), COLORAMA]}
    subset = SubsetOnDisk(tmp_path / "subset", targets=[HERE], lines=["colorama"] * 2 + ["killer"], pins=pins).write()
    dask.add("--nanny"), dask.add("--nanny")
    assert prove_on_dask(subset.plan, subset.paths, scheduler=dask.address, unisolated=True).totals.failed
    red = [one for one in reported(subset)["checks"] if one["status"] == "failed"]
    assert [(one["request"], one["reason"]) for one in red] == [
        (request, "the proof itself broke: 2 workers died of it, one after the other") for request in ("", "killer")
    ]
    assert {one["request"] for one in reported(subset)["checks"]} == {"", "colorama", "killer"}


@pytest.mark.long
def test_in_boxes(tmp_path: Path, dask: Cluster) -> None:
    """Workers prove in boxes, which reach the site by its address, and the client of the cluster is in one: the report says so."""
    pins = {"here": [make_wheel("killer", files={"killer.py": killer()}), COLORAMA]}
    subset = SubsetOnDisk(tmp_path / "subset", targets=[HERE], lines=["colorama", "killer"], pins=pins).write()
    worker = dask.add()
    assert prove_on_dask(subset.plan, subset.paths, scheduler=dask.address).totals.failed == 0
    assert worker.poll() is None
    document = reported(subset)
    assert document["isolation"] == "namespaces"
    assert {(one["way"], one["status"]) for one in document["checks"] if one["proof"] == "installed"} == {
        (way, "passed") for way in WAYS
    }


@pytest.mark.long
def test_another_site_is_served(tmp_path: Path, dask: Cluster) -> None:
    """Workers that are sent to the site of another manifest refuse, and each case is red."""
    pins = {"windows": [CLICK, COLORAMA]}
    subset = SubsetOnDisk(tmp_path / "subset", targets=[WINDOWS], lines=["click"], pins=pins).write()
    shutil.copytree(subset.paths.site, tmp_path / "other")
    (tmp_path / "other" / "manifest.json").write_text('{"files": [], "pages": {}}')
    dask.add()
    with serving(tmp_path / "other") as url:
        assert prove_on_dask(subset.plan, subset.paths, scheduler=dask.address, url=f"{url}/").totals.failed
    (inventory, *red) = reported(subset)["checks"]
    assert inventory["status"] == "passed"
    assert [(one["request"], one["status"]) for one in red] == [("", "failed"), ("click", "failed")]
    assert all(one["reason"].startswith(f"another site is served at {url}: ") for one in red)


@pytest.mark.long
def test_nobody_is_left(tmp_path: Path, dask: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where all workers are gone for good, what is left is red, and the run ends."""
    monkeypatch.setattr(cluster, "LONELY", 2)
    pins = {"here": [make_wheel("killer", files={"killer.py": killer()})]}
    subset = SubsetOnDisk(tmp_path / "subset", targets=[HERE], lines=["killer"], pins=pins).write()
    dask.add()
    assert prove_on_dask(subset.plan, subset.paths, scheduler=dask.address, unisolated=True).totals.failed
    checks = reported(subset)["checks"]
    assert [outcome_of(one) for one in checks if one["target"]] == [
        ("failed", "no worker was left to prove it for 2 s")
    ] * 2


def outcome_of(check: dict[str, Any]) -> tuple[str, str]:
    """Return status and reason."""
    return check["status"], check["reason"]


@pytest.mark.long
def test_the_scheduler_dies(tmp_path: Path, dask: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scheduler that is gone in the midst of a run leaves no case without a result, and no traceback."""
    monkeypatch.setattr(cluster, "LONELY", 2)
    flag = tmp_path / "begun"
    code = f"open({str(flag)!r}, 'w')\nimport time; time.sleep(60)\n".encode()
    wheel = make_wheel("sleeper", files={"sleeper.py": code})
    subset = SubsetOnDisk(tmp_path / "subset", targets=[HERE], lines=["sleeper"], pins={"here": [wheel]}).write()
    dask.add()

    def kill() -> None:
        while not flag.exists():
            time.sleep(0.1)
        dask.processes[0].kill()

    threading.Thread(target=kill, daemon=True).start()
    assert prove_on_dask(subset.plan, subset.paths, scheduler=dask.address, unisolated=True).totals.failed
    checks = reported(subset)["checks"]
    assert [one["status"] for one in checks if one["target"]] == ["failed"] * 2


@pytest.mark.long
def test_workers_that_are_not_fit(
    tmp_path: Path, dask: Cluster, monkeypatch: pytest.MonkeyPatch, cluster_folder: Path
) -> None:
    """No scheduler, no worker, a worker without us, one with another version: one line, and nothing is sent."""
    monkeypatch.setattr(cluster, "PATIENCE", 2)
    subset = SubsetOnDisk(
        tmp_path / "subset", targets=[WINDOWS], lines=["click"], pins={"windows": [CLICK, COLORAMA]}
    ).write()

    def refused(scheduler: str = dask.address) -> str:
        with pytest.raises(SubsetError) as error:
            prove_on_dask(subset.plan, subset.paths, scheduler=scheduler)
        assert "\n" not in str(error.value)
        return str(error.value)

    assert refused("tcp://127.0.0.1:9").startswith("no Dask scheduler answers at tcp://127.0.0.1:9: ")
    assert refused("nonsense://127.0.0.1:9").startswith("no Dask scheduler answers at nonsense://127.0.0.1:9: ")
    assert refused().startswith(f"the Dask scheduler at {dask.address} has no worker; start some: dask worker ")
    # A module, not a package: an editable installation would find the sub-packages all the same.
    stranger = cluster_folder / "stranger" / "pypi_subset.py"
    stranger.parent.mkdir()
    stranger.write_text("")
    monkeypatch.setattr(cluster, "PATIENCE", 30)
    dask.add(PYTHONPATH=str(stranger.parent))
    assert "has no pypi-subset that it could load, and this is " in refused()
    monkeypatch.setattr(cluster, "__version__", "9.9")
    dask.add()
    assert not report_path(subset.paths.site).exists()


@pytest.mark.long
def test_an_interrupted_run_calls_its_cases_off(tmp_path: Path, dask: Cluster) -> None:
    """
    After Ctrl-C nothing waits at the scheduler any more, and one line is said.

    As on one machine, a report is written if something was red by then.
    """
    flag = tmp_path / "begun"
    code = f"open({str(flag)!r}, 'w')\nimport time; time.sleep(20)\n".encode()
    wheel = make_wheel("sleeper", files={"sleeper.py": code})
    subset = SubsetOnDisk(tmp_path / "subset", targets=[HERE], lines=["sleeper"] * 4, pins={"here": [wheel]}).write()
    (subset.paths.site / "simple" / "stranger.whl").write_bytes(b"")
    dask.add()
    folders = [f"--{name}={getattr(subset.paths, name)}" for name in ("requirements", "packages", "site")]
    # The case says through a file when it has begun.
    words = ["verify", *folders, "--on=dask", f"--scheduler={dask.address}", "--unisolated"]
    command = [*PYPI_SUBSET, *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as run:
        for _ in range(600):
            if flag.exists() or run.poll() is not None:
                break
            time.sleep(0.1)
        run.send_signal(signal.SIGINT)
        _, said = run.communicate(timeout=60)
    said = STAGE.sub("", said)
    assert (run.returncode, said.count("\n"), said.startswith("interrupted: ")) == (130, 1, True), said
    told = report.findings(read_report(report_path(subset.paths.site)).checks)
    assert "stranger.whl" in told[0]
    assert "failed: here, base, sleeper: the run was interrupted" in told
    with distributed.Client(dask.address, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        assert client.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.tasks)) <= 1
