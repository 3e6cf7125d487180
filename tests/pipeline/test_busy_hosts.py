"""Hosts that are busy, slow or away for a while: the run comes to its end, and what was fetched is not fetched again."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import threading
import time
from typing import TYPE_CHECKING

import pytest

from pypi_subset.cli.display import Display
from pypi_subset.errors import SubsetError
from pypi_subset.pipeline import mirror
from pypi_subset.pipeline.workspace import KEPT
from tests.evidence.bench.line.slow import Line, slow_line
from tests.support.programs.commands import PYPI_SUBSET, subset
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

#: A chain of projects: each is known when the one before it was read.
CHAIN = [make_wheel(f"part{number}", requires=[f"part{number + 1}"] if number < 5 else []) for number in range(6)]

#: Bytes that do not compress.
BALLAST = random.Random(17).randbytes(14_000_000)  # noqa: S311 - no secret


@pytest.fixture
def chained(workspace: Workspace, configured_index: Index) -> Workspace:
    """Return a workspace that asks for the chain."""
    configured_index.add(*CHAIN)
    workspace.write("base.txt", "part0\n")
    workspace.toml({"linux": "cp312-manylinux_2_28_x86_64"})
    return workspace


class Limit:
    """Allows some requests, however slowly they come, and answers 429 to all others for a second."""

    def __init__(self, most: int) -> None:
        self.most, self.refused = most, 0
        self._allowed, self._until = 0, 0.0
        self._lock = threading.Lock()

    def __call__(self, _path: str) -> int | None:
        """Return the status of an answer, or ``None`` for a good one."""
        with self._lock:
            now = time.monotonic()
            if self._allowed == self.most:
                self._allowed, self._until = 0, now + 1
            if now < self._until:
                self.refused += 1
                return 429
            self._allowed += 1
            return None


def test_a_host_that_allows_few_requests(chained: Workspace, configured_index: Index) -> None:
    """The subset is complete after one run, and the user hears of each longer pause."""
    limit = Limit(4)
    configured_index.on_request = limit
    done = subset("mirror", cwd=chained.root, PIP_INDEX_URL=configured_index.url)
    assert done.returncode == 0, done.stderr
    assert limit.refused > 0
    assert len([*chained.paths.packages.glob("*.whl")]) == len(CHAIN)
    # Each page and file once, whatever was refused.
    good = [hit.path for hit in configured_index.requests if hit.status == 200]
    assert len(good) == len(set(good))


def fail(workspace: Workspace, configured_index: Index, ending: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a mirror fail at the path with that *ending*, which is answered with 503."""
    monkeypatch.setenv("PIP_RETRIES", "0")
    configured_index.on_request = lambda path: 503 if path.endswith(ending) else None
    with pytest.raises(SubsetError, match="answered 503"):
        mirror.mirror(workspace.paths, progress=Display())
    configured_index.on_request = None
    configured_index.requests.clear()


def test_what_a_failed_run_fetched_is_there(
    chained: Workspace, configured_index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages, METADATA and files before the fault are not asked for again; afterwards nothing of them is kept."""
    fail(chained, configured_index, "/part5/", monkeypatch)
    mirror.mirror(chained.paths, progress=Display())
    asked = {hit.path for hit in configured_index.requests}
    assert not {path for path in asked if path.startswith("/simple/")} - {"/simple/part5/"}
    assert not any(path.endswith("part0-1.0-py3-none-any.whl.metadata") for path in asked)
    assert not (chained.paths.packages / KEPT).exists()


def test_pages_of_a_run_that_failed_for_another_reason_are_not_kept(
    chained: Workspace, configured_index: Index
) -> None:
    """Who lays the missing wheel into the index, and runs again at once, gets it."""
    chained.write("base.txt", "part0\nlib\n")
    with pytest.raises(SubsetError):
        mirror.mirror(chained.paths, progress=Display())
    configured_index.add(make_wheel("lib"))
    mirror.mirror(chained.paths, progress=Display())
    assert (chained.paths.packages / "lib-1.0-py3-none-any.whl").is_file()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "etags"),
    [(signal.SIGINT, True), (signal.SIGKILL, False), (None, False)],
    ids=["ctrl-c", "kill", "outage"],
)
def test_a_large_file_is_not_fetched_twice(
    workspace: Workspace,
    index: Index,
    how: signal.Signals | None,
    etags: bool,  # noqa: FBT001
) -> None:
    """However the first attempt ends in the middle of 14 MB, less than 1 MB of them crosses the line again."""
    index.cache_headers = etags
    index.add(make_wheel("alpha", requires=["beta"]), make_wheel("beta", files={"beta/x.bin": BALLAST}))
    workspace.write("base.txt", "alpha\n")
    workspace.toml({"linux": "cp312-manylinux_2_28_x86_64"})
    line = Line(speed=3e6, most=10**6, seconds=1.0, cut=10.0**6)
    with slow_line(index.port, line) as slow:
        environment = {**os.environ, "PIP_INDEX_URL": f"http://127.0.0.1:{slow.server_address[1]}/simple/"}
        command = [*PYPI_SUBSET, "mirror"]
        with subprocess.Popen(
            command, cwd=workspace.root, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        ) as first:
            while slow.sent < len(BALLAST) // 2:
                time.sleep(0.01)
            if how is None:
                slow.away(3.0)
            else:
                first.send_signal(how)
            _, said = first.communicate(timeout=120)
        if how is not None:
            assert first.returncode != 0
            done = subprocess.run(command, cwd=workspace.root, env=environment, capture_output=True, check=False)
            assert done.returncode == 0, done.stderr
        else:
            assert first.returncode == 0, said
    assert len(BALLAST) <= slow.sent < len(BALLAST) + 1_000_000
    assert (workspace.paths.packages / "beta-1.0-py3-none-any.whl").stat().st_size > len(BALLAST)
