"""What runs of pip share, and that it changes no answer."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import pytest

from pypi_subset.model.locks import Inputs
from pypi_subset.pip import sharing
from pypi_subset.pip.pool import Pips
from pypi_subset.resolve.resolver import resolve
from pypi_subset.upstream import shared as bounds
from pypi_subset.upstream.catalog import Upstream
from pypi_subset.upstream.gateway import Loopback
from pypi_subset.upstream.pip_config import read_network
from tests.support.stages.values import LINUX, WINDOWS, plan_of
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pypi_subset.model.locks import Lock
    from tests.support.servers.index import Index

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere nothing is forked, and nothing shared")

INPUTS = Inputs(requirement_set="", target="", policy="", constraint="")


@pytest.fixture(autouse=True)
def _offered(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Offer ``app`` with a requirement for Windows alone, and ``fast`` with another wheel for each target."""
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    index.add(make_wheel("app", requires=["fast", "only; sys_platform == 'win32'"]), make_wheel("only"))
    index.add(make_wheel("fast", "1.0"), make_wheel("fast", "2.0", tag="cp312-cp312-win_amd64"))
    index.add(make_wheel("fast", "2.0", tag="cp310-cp310-manylinux2014_x86_64"))


def solve(work: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[list[Lock], list[list[str]]]:
    """Return the locks of two targets, resolved one after the other, and what pip asked the index for each of them."""
    locks: list[Lock] = []
    asked: list[list[str]] = []
    answer = Loopback.answer

    def noted(self: Loopback, path: str) -> object:
        asked[-1].append(path.split("/", 2)[2])
        return answer(self, path)

    monkeypatch.setattr(Loopback, "answer", noted)
    work.mkdir()
    upstream = Upstream(read_network(), store=work / "store", shelf=work)
    with Loopback(upstream, [WINDOWS, LINUX]) as index, Pips(work / "pips") as pips:
        for job in plan_of(["app"], [WINDOWS, LINUX]).jobs:
            (own := work / job.name).mkdir()
            asked.append([])
            locks.append(resolve(job, inputs=INPUTS, constraints=(), index=index, pips=pips, work=own).lock)
    monkeypatch.setattr(Loopback, "answer", answer)
    return locks, asked


def files(lock: Lock) -> list[str]:
    """Return the names of the files in *lock*."""
    return [pin.distribution.filename for pin in lock.pins]


def test_a_run_asks_only_for_what_is_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second target asks for the metadata of its own wheel: pages and other metadata came with the order."""
    (windows, linux), (first, second) = solve(tmp_path / "work", monkeypatch)
    assert len([path for path in first if path.startswith("newest/")]) == 3
    assert [path.rpartition("/")[2] for path in second] == ["fast-2.0-cp310-cp310-manylinux2014_x86_64.whl.metadata"]
    assert files(windows) == [
        "app-1.0-py3-none-any.whl",
        "fast-2.0-cp312-cp312-win_amd64.whl",
        "only-1.0-py3-none-any.whl",
    ]
    assert files(linux) == ["app-1.0-py3-none-any.whl", "fast-2.0-cp310-cp310-manylinux2014_x86_64.whl"]


def test_what_is_shared_changes_no_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With nothing shared, and with bounds that leave no room, both targets get the same locks."""
    shared, _ = solve(tmp_path / "shared", monkeypatch)
    for name in ("MOST_PAGES", "MOST_METADATA", "MOST_FILES"):
        monkeypatch.setattr(bounds, name, 0)
    bounded, (first, second) = solve(tmp_path / "bounded", monkeypatch)
    assert len(first) == len(second) + 2
    monkeypatch.setattr(Loopback, "known", lambda *_: None)
    apart, _ = solve(tmp_path / "apart", monkeypatch)
    assert shared == bounded == apart


def test_damaged_metadata_concerns_the_run_that_needs_it(index: Index, tmp_path: Path) -> None:
    """Names, metadata and requirements that pip cannot read do not stop the process that all runs are forked from."""
    wheel = make_wheel("bad", requires=["never"])
    bad = wheel.metadata.replace(b"never", b"not a requirement!") + b"Author: J\xe4ger\n"
    index.add(replace(wheel, metadata=bad))
    known = {
        "files": {"x.whl": "http://[", "y-1-any.whl": "http://127.0.0.1/y"},
        "metadata": {
            "http://127.0.0.1/1.metadata": bad.decode("latin-1"),
            "http://127.0.0.1/2.metadata": "Requires-Dist: ?\n",
            "http://127.0.0.1/3.metadata": f"Requires-Dist: a; {'(' * 9999}\n",
        },
        "pages": {},
    }
    options = ["--index-url", index.url, "--dry-run", "--ignore-installed", "--only-binary", ":all:"]
    with Pips(tmp_path / "pips") as pips:
        for name, code in (("bad", 2), ("fast", 0)):
            done = pips.run(
                ["install", *options, name], work=tmp_path / name, environment=LINUX.environment, known=known
            )
            assert done.returncode == code, done.stderr


DRY = ("install", "--dry-run", "--ignore-installed", "--only-binary", ":all:")


@pytest.mark.parametrize("style", ["json", "html"])
def test_a_pip_that_plans_asks_once(index: Index, tmp_path: Path, style: Literal["json", "html"]) -> None:
    """Its second run gets the same answer, and asks the index for nothing."""
    index.style = style
    told = []
    with Pips(tmp_path / "all", Path(sys.executable), plans=True) as pips:
        for number in range(2):
            report = tmp_path / f"{number}.json"
            words = [*DRY, "--index-url", index.url, "--report", str(report), "app"]
            done = pips.run(words, work=tmp_path / "run", environment=None)
            assert done.returncode == 0, done.stderr
            told.append((json.loads(report.read_bytes())["install"], index.gets()))
    assert told[0] == told[1]
    # A page and the metadata of each project.
    assert [len(told[0][0]), told[0][1]] == [2, 4]


def test_known_metadata_is_held_to_the_hash_of_each_page(index: Index, tmp_path: Path) -> None:
    """A second page states another hash of the same metadata: pip refuses it, as if it had fetched it for this page."""
    page = tmp_path / "links.html"
    with Pips(tmp_path / "all", Path(sys.executable), plans=True) as pips:
        words = [*DRY, "--index-url", index.url, "--report", str(tmp_path / "report.json"), "fast"]
        assert pips.run(words, work=tmp_path / "run", environment=None).returncode == 0
        (one,) = json.loads((tmp_path / "report.json").read_bytes())["install"]
        url = one["download_info"]["url"]
        page.write_text(f'<a href="{url}" data-core-metadata="sha256={"0" * 64}">{url.rpartition("/")[2]}</a>')
        words = [*DRY, "--no-index", "--find-links", page.as_uri(), "fast"]
        done = pips.run(words, work=tmp_path / "run", environment=None)
    assert done.returncode == 1
    assert "DO NOT MATCH THE HASHES" in done.stderr
    assert index.gets(".metadata") == 1


def test_what_was_refused_is_asked_for_again(index: Index, tmp_path: Path) -> None:
    """A page that the index did not have is no known page: the next run finds what is there by then."""
    index.on_request = lambda path: 404 if path.endswith("/fast/") else None
    with Pips(tmp_path / "all", Path(sys.executable), plans=True) as pips:
        words = [*DRY, "--index-url", index.url, "app"]
        assert pips.run(words, work=tmp_path / "run", environment=None).returncode == 1
        index.on_request = None
        done = pips.run(words, work=tmp_path / "run", environment=None)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("what", "is_read"),
    [("as it was", False), ("touched", True), ("other hash", True), ("another place", True)],
)
def test_a_file_that_was_hashed_is_not_read_again(tmp_path: Path, index: Index, what: str, is_read: bool) -> None:  # noqa: FBT001
    """pip takes the hash that a file had on arrival, if it is still that file and the lock has that hash; else it reads."""
    wheel = make_wheel("late")
    index.add(wheel)
    (to := tmp_path / "to").mkdir()
    path = to / wheel.filename
    # Other bytes than those of that hash: a pip that reads them refuses them, and fetches the file.
    other = make_wheel("late", files={"late.py": b"other"})
    path.write_bytes(other.data)
    hashed = {f"{path}": (sharing.identity(f"{path}"), other.sha256 if what == "other hash" else wheel.sha256)}
    if what == "touched":
        os.utime(path, ns=(0, 0))
    if what == "another place":
        hashed = {f"{path}.part": hashed[f"{path}"]}
    locked = tmp_path / "locked.txt"
    locked.write_text(f"late==1.0 --hash=sha256:{wheel.sha256}\n", encoding="utf-8")
    command = [
        "download",
        "--no-deps",
        "--require-hashes",
        "--index-url",
        index.url,
        "--dest",
        f"{to}",
        "-r",
        f"{locked}",
    ]
    with Pips(tmp_path / "pips") as pips:
        done = pips.run(command, work=tmp_path / "work", environment=LINUX.environment, known={"hashed": hashed})
    assert (done.returncode, path.read_bytes() == wheel.data) == (0, is_read)
