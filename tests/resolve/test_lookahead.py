"""What pip will ask for soon is fetched before, and decides nothing."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement

from pypi_subset.model.requests import Job, Request, RequirementSet
from pypi_subset.resolve.lookahead import LARGE, Lookahead
from pypi_subset.upstream.catalog import Upstream
from pypi_subset.upstream.gateway import Loopback
from pypi_subset.upstream.pip_config import read_network
from tests.support.programs.ending import PATIENCE
from tests.support.stages.values import LINUX
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.servers.index import Index


def job_of(*lines: str) -> Job:
    """Return a job with those requests, and as many that are false here as a large set has."""
    every = [*lines, *(f"never{number}; sys_platform == 'win32'" for number in range(LARGE - len(lines)))]
    requests = tuple(
        Request(requirement=Requirement(line), path=Path("base.txt"), line=number)
        for number, line in enumerate(every, start=1)
    )
    own = RequirementSet(name="base", path=Path("base.txt"), requests=requests, constraints=(), targets=(LINUX.name,))
    return Job(requirement_set=own, target=LINUX)


#: The releases whose METADATA is fetched.
SEEN = ("app-2.0", "lib-1.0", "gui-1.0", "deep-1.0")


def test_requirements_are_followed(configured_index: Index, tmp_path: Path) -> None:
    """Pages and METADATA of the newest releases that are admitted, with extras and markers; nothing counts as seen."""
    left = {"/simple/gone/", *(f"/files/{name}-py3-none-any.whl.metadata" for name in SEEN)}
    last = threading.Event()

    def sent(path: str) -> None:
        left.discard(path)
        if not left:
            last.set()

    configured_index.on_sent = sent
    configured_index.add(
        make_wheel("app", "1.0"),
        make_wheel(
            "app", "2.0", requires=["lib<2", "gui; extra == 'gui'", "win; sys_platform == 'win32'"], extras=["gui"]
        ),
        make_wheel("app", "3.0rc1", requires=["early"]),
        make_wheel("lib", "1.0", requires=["deep"]),
        make_wheel("lib", "2.0", requires=["late"]),
        make_wheel("gui"),
        make_wheel("deep", requires=["gone", "broken @ https://example.invalid/x.whl"]),
        *(make_wheel(name) for name in ("win", "early", "late")),
    )
    upstream = Upstream(read_network(), store=tmp_path / "store", shelf=tmp_path)
    with Loopback(upstream, [LINUX]) as loopback:
        with Lookahead(loopback) as ahead:
            ahead.begin(job_of("app[gui]"))
            assert last.wait(PATIENCE)
            ahead._pool.__exit__(None, None, None)  # noqa: SLF001 - until all of it is fetched
        assert {path for path in configured_index.counts() if path.startswith("/simple/")} == {
            f"/simple/{name}/" for name in ("app", "lib", "gui", "deep", "gone")
        }
        assert {path for path in configured_index.counts() if path.endswith(".metadata")} == {
            f"/files/{name}-py3-none-any.whl.metadata" for name in SEEN
        }
        assert upstream.metadata_seen() == []
        assert loopback.failure is None


@pytest.mark.parametrize("count", [1, LARGE - 1])
def test_a_small_set_needs_none(configured_index: Index, tmp_path: Path, count: int) -> None:
    """pip is quick enough."""
    job = job_of("app")
    requests = job.requirement_set.requests[:count]
    small = Job(
        requirement_set=RequirementSet(
            name="base", path=Path("base.txt"), requests=requests, constraints=(), targets=("linux",)
        ),
        target=LINUX,
    )
    upstream = Upstream(read_network(), store=tmp_path / "store", shelf=tmp_path)
    with Loopback(upstream, [LINUX]) as loopback, Lookahead(loopback) as ahead:
        ahead.begin(small)
    assert configured_index.requests == []


def test_an_index_that_fails_is_no_error_yet(configured_index: Index, tmp_path: Path) -> None:
    """It shows when pip asks; after the end, nothing more is begun."""
    answered = threading.Event()
    configured_index.on_request = lambda _: 500
    configured_index.on_sent = lambda _: answered.set()
    upstream = Upstream(read_network(), store=tmp_path / "store", shelf=tmp_path)
    with Loopback(upstream, [LINUX]) as loopback:
        with Lookahead(loopback) as ahead:
            ahead.begin(job_of("app"))
            assert answered.wait(PATIENCE)
        assert loopback.failure is None
        before = len(configured_index.requests)
        ahead.begin(job_of("lib"))
        assert [hit for hit in configured_index.requests[before:] if "lib" in hit.path] == []
