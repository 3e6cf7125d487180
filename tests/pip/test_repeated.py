"""What is computed once changes no answer of pip."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pypi_subset.pip.pool import Pips
from tests.support.stages.values import LINUX
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.support.servers.index import Index

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere each run starts pip again")

DRY = ("install", "--dry-run", "--ignore-installed", "--only-binary", ":all:")


def installs(
    options: Sequence[str], wanted: Sequence[str], work: Path, *, plans: bool
) -> list[tuple[dict[str, Any], str]]:
    """Return for each of *wanted* what a run of one process would install: metadata and address of each file."""
    found = []
    with Pips(work / "pips", Path(sys.executable), plans=plans) as pips:
        for number, one in enumerate(wanted):
            report = work / f"{number}.json"
            done = pips.run([*DRY, *options, "--report", str(report), one], work=work / "run", environment=None)
            assert done.returncode == 0, done.stderr
            items = json.loads(report.read_bytes())["install"]
            found += [(each["metadata"], each["download_info"]["url"]) for each in items]
    return found


def named(found: Sequence[tuple[dict[str, Any], str]]) -> list[tuple[str, str, str]]:
    """Return project, version and address of each file."""
    return [(metadata["name"], metadata["version"], url) for metadata, url in found]


def test_a_plan_is_that_of_a_plain_pip(index: Index, tmp_path: Path) -> None:
    """Of an index and of a page of links, where names are spelt in several ways and some are none, pip takes the same."""
    wheels = [make_wheel("App_One", requires=["fast.two"]), make_wheel("fast.two", "1.0"), make_wheel("other", "3.0")]
    newer = [make_wheel("Fast_Two", "2.0"), make_wheel("fast_two", "3.0", tag="cp27-cp27m-win32")]
    index.add(*wheels, *newer)
    tag = f"cp{sys.version_info[0]}{sys.version_info[1]}-none-any"
    both = [make_wheel("both"), make_wheel("both", tag=tag)]
    newer += both
    index.add(*both)
    page = tmp_path / "links.html"
    files = [(tmp_path / one.filename, one.data) for one in (*wheels, *newer)]
    for path, data in files:
        path.write_bytes(data)
    # The more specific of two wheels comes first for pip, whatever the order of the page.
    odd = ["fast_two-9.0.whl", "no-wheel", "fast_two-8.0-py3-none-any.whl#egg=fast_two", "other-1.tar.gz", "-.whl"]
    page.write_text(
        "".join(f'<a href="{name}">x</a>' for name in [*odd[:2], *(path.name for path, _ in files), *odd[3:]])
    )
    wanted = ["app-one", "fast_two", "other<4", "app_one", "both"]
    for number, options in enumerate((["--index-url", index.url], ["--no-index", "--find-links", page.as_uri()])):
        (own := tmp_path / str(number)).mkdir()
        planned, plain = (installs(options, wanted, own / name, plans=name == "plans") for name in ("plans", "plain"))
        assert named(planned) == named(plain)
        assert {url.rpartition("/")[2] for _, url in planned} == {
            wheels[0].filename,
            newer[0].filename,
            wheels[2].filename,
            both[1].filename,
        }
        # A plan says nothing else of a file: nothing else is read.
        assert {tuple(metadata) for metadata, _ in planned} == {("name", "version")}
        assert {len(metadata) > 2 for metadata, _ in plain} == {True}


def test_a_report_has_no_descriptions(index: Index, tmp_path: Path) -> None:
    """The report of a run for a target has all fields of a project's metadata but the description."""
    wheel = make_wheel("app", requires=["lib"])
    index.add(
        replace(wheel, metadata=wheel.metadata.rstrip() + b"\nSummary: short\n\n# A long text\n"), make_wheel("lib")
    )
    report = tmp_path / "report.json"
    words = [*DRY, "--index-url", index.url, "--report", str(report), "app"]
    with Pips(tmp_path / "pips") as pips:
        done = pips.run(words, work=tmp_path / "run", environment=LINUX.environment)
    assert done.returncode == 0, done.stderr
    (app,) = [one["metadata"] for one in json.loads(report.read_bytes())["install"] if one["requested"]]
    assert (app["summary"], app["requires_dist"], "description" in app) == ("short", ["lib"], False)
