"""A proof as a function: what it is told, what it returns, and what a red one makes the next mirror do."""

from __future__ import annotations

import json
import shutil
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import SubsetError, TargetError
from pypi_subset.model.report import read_report, report_path
from pypi_subset.packages import file_cache
from pypi_subset.pipeline.mirror import mirror
from pypi_subset.pipeline.prove import prove
from pypi_subset.publishing.publisher import publish
from pypi_subset.site import build_state
from pypi_subset.support.progress import Silent
from tests.support.sites.cases import CLICK, COLORAMA, HERE, WINDOWS
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pypi_subset.support.progress import Unit
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace


class Counter(Silent):
    """Counts the steps of one stage."""

    def __init__(self) -> None:
        self.total, self.done, self.parts = 0, 0, list[str]()

    @contextmanager
    def stage(self, name: str, total: int, unit: Unit = "steps") -> Iterator[Counter]:
        """Keep the total."""
        assert (name, unit) == ("proving", "steps")
        self.total = total
        yield self

    def advance(self, count: int = 1) -> None:
        """Count."""
        self.done += count

    def finished(self, part: str, seconds: float) -> None:
        """Keep the part."""
        assert seconds > 0
        self.parts.append(part)


class Saying(Silent):
    """Keeps what is said."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        """Keep the line."""
        self.lines.append(line)


@pytest.fixture
def subset(tmp_path: Path) -> SubsetOnDisk:
    """Return a whole subset for Windows, with the caches that a mirror leaves."""
    found = SubsetOnDisk(
        tmp_path / "subset", targets=[WINDOWS], lines=["click"], pins={"windows": [CLICK, COLORAMA]}
    ).write()
    found.paths.packages.mkdir()
    for name in (file_cache.FILE, build_state.FILE):
        (found.paths.packages / name).write_bytes(b"{}")
    return found


def caches(subset: SubsetOnDisk) -> int:
    """Return how many of the mirror's caches are there."""
    return sum((subset.paths.packages / name).exists() for name in (file_cache.FILE, build_state.FILE))


@pytest.mark.slow
def test_green(subset: SubsetOnDisk, capfd: pytest.CaptureFixture[str]) -> None:
    """The report is the one in the site; every case is a step, and nothing is shown; caches stay."""
    counter = Counter()
    report = prove(subset.paths, processes=1, targets=["windows"], pythons=[sys.executable], progress=counter)
    assert report == read_report(report_path(subset.paths.site))
    assert (report.totals.failed, report.targets) == (0, ("windows",))
    # Two cases, and two of the inventory.
    assert (counter.total, counter.done, counter.parts) == (4, 4, ["windows"])
    assert caches(subset) == 2
    assert capfd.readouterr() == ("", "")


@pytest.mark.slow
def test_red_forgets_hashes(subset: SubsetOnDisk) -> None:
    """A red proof is a report; the caches that would hide the fault from a mirror are gone."""
    subset.file(COLORAMA).unlink()
    report = prove(subset.paths, processes=1)
    assert report.totals.failed
    assert caches(subset) == 0


ACCEPTING = """
[proof]
strict_imports = true

[[policy.accept]]
rule = "undeclared"
project = "aa"
reason = "bs4 is installed by hand"
until = 9999-12-31
"""


@pytest.mark.slow
def test_what_the_user_accepts(tmp_path: Path) -> None:
    """Undeclared is amber, red with strict_imports, amber once accepted and published; then the entry is needed no more."""
    lacking = make_wheel("aa", files={"aa.py": b"import not_there_at_all\n"})
    subset = SubsetOnDisk(tmp_path / "one", targets=[HERE], lines=["aa"], pins={"here": [lacking]}).write()
    settings = subset.paths.requirements / "subset.toml"
    plain = settings.read_text()
    totals = []
    for more in ("", ACCEPTING.partition("[[")[0], ACCEPTING):
        settings.write_text(plain + more)
        found = prove(subset.paths, processes=1).totals
        totals.append((found.amber, found.failed))
    assert totals == [(6, 0), (0, 6), (6, 0)]
    subset.looked()
    publish(subset.paths, tmp_path / "published")
    assert b"bs4 is installed by hand" in (tmp_path / "published" / "proof" / "report.json").read_bytes()
    whole = SubsetOnDisk(tmp_path / "two", targets=[HERE], lines=["aa"], pins={"here": [make_wheel("aa")]}).write()
    (whole.paths.requirements / "subset.toml").write_text(plain + ACCEPTING)
    words = "subset.toml:7: [[policy.accept]] of undeclared for aa is no longer needed, remove it"
    assert prove(whole.paths, processes=1).warnings == (words,)


def test_what_cannot_be_proven_starts_nothing(subset: SubsetOnDisk, tmp_path: Path) -> None:
    """An unknown target, a wrong shard, faults in the requirements and a missing site are errors before any process."""
    with pytest.raises(TargetError, match="no target 'windos'"):
        prove(subset.paths, targets=["windos"])
    with pytest.raises(SubsetError, match="shard"):
        prove(subset.paths, shard="9/8")
    with pytest.raises(SubsetError, match="not where a site is served"):
        prove(subset.paths, scheduler="tcp://127.0.0.1:1", url="ftp://example.org/")
    (subset.paths.requirements / "base.txt").write_text("click=>8\n")
    with pytest.raises(SubsetError, match=r"base\.txt:1"):
        prove(subset.paths)
    subset.paths.site.rename(tmp_path / "gone")
    with pytest.raises(SubsetError, match="no manifest"):
        prove(subset.paths)
    assert not report_path(tmp_path / "gone").exists()


@pytest.mark.slow
def test_a_site_is_proven_without_requirements(workspace: Workspace, index: Index, configured_index: None) -> None:
    """Sets, targets and locks are those that the site states; an edge that is missing is red there too."""
    del configured_index
    index.add(make_wheel("app", requires=["lib"]), make_wheel("lib"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"windows": "cp312-win_amd64"})
    mirror(workspace.paths)
    whole = prove(workspace.paths, processes=1)
    for folder in (workspace.paths.requirements, workspace.paths.packages):
        shutil.rmtree(folder)
    said = Saying()
    alone = prove(workspace.paths, processes=1, progress=said)
    assert said.lines == [
        f"note: {workspace.paths.requirements} is not there: {workspace.paths.site} itself states its sets and targets"
    ]
    assert [(one.request, one.way, one.status) for one in alone.checks] == [
        (one.request, one.way, one.status) for one in whole.checks
    ]
    assert not alone.totals.failed
    assert not workspace.paths.packages.exists()
    path = workspace.paths.site / "manifest.json"
    made = json.loads(path.read_bytes())
    made["closures"][0]["edges"] = "0"
    path.write_text(json.dumps(made))
    found = [one.reason for one in prove(workspace.paths, processes=1).checks if one.status == "failed"]
    assert "the closure of base is another: the manifest lacks the edge app -> lib: run `pypi-subset mirror`" in found
