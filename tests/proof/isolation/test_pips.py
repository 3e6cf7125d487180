"""The pip of an environment, in a box: one run, many runs, and how it is ended."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import PipFailed
from pypi_subset.pip.pool import Pips
from pypi_subset.proof.access.routes import opened
from pypi_subset.proof.isolation.box import Limits, new_uid
from pypi_subset.proof.isolation.pips import Place
from pypi_subset.proof.machines import boxes
from pypi_subset.proof.machines.venvs import fresh_environment
from tests.support.sites.cases import HERE, OWN, cases
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pypi_subset.proof.access.routes import Way

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="namespaces are Linux's")]

#: Bytes of the module of the wheel.
SIZE = 1 << 22


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Path, Way, Place]]:
    """Return a directory, the Python of an environment in it, the way to a site with one wheel, and its place."""
    root = tmp_path_factory.mktemp("pips")
    wheel = make_wheel("aa", files={"aa.py": b"#" * SIZE})
    case = cases(root / "case", HERE, ["aa"], [wheel], installed=root / "shared")[0]
    work = root / "work"
    work.mkdir()
    fresh = fresh_environment(OWN[0], work, root / "shared")
    with opened(case.site, "here") as ways:
        box = boxes.installing(
            OWN[0], ways[1].reach, (case.site, fresh.seed), work, size=3 * SIZE, uid=new_uid(), isolated=True
        )
        yield work, fresh.python, ways[1], Place(box=box, folder=work, serve=ways[1].reach.serve)


def test_one_run(prepared: tuple[Path, Path, Way, Place]) -> None:
    """pip reaches the index of its case, writes below its directory, and what it says comes back."""
    work, python, way, place = prepared
    done = place.run(["download", *way.options(), "-d", str(work / "downloaded"), "aa"], python=python, timeout=60)
    assert done.returncode == 0, done
    assert (work / "downloaded/aa-1.0-py3-none-any.whl").is_file()
    assert "Successfully downloaded aa" in done.stdout
    done = place.run(["download", *way.options(), "-d", str(work / "downloaded"), "bb"], python=python, timeout=60)
    assert (done.returncode, "No matching distribution found for bb" in done.stderr) == (1, True)


def test_many_runs(prepared: tuple[Path, Path, Way, Place]) -> None:
    """One start of pip serves many runs, and ends with the ``with`` block."""
    work, python, way, place = prepared
    with Pips(work, python, place) as pips:
        for name in ("one", "two"):
            options = [*way.options(), "-d", str(work / name), "aa"]
            assert pips.run(["download", *options], work=work, environment=None).returncode == 0
            assert (work / name / "aa-1.0-py3-none-any.whl").is_file()
        with pytest.raises(PipFailed, match="did not end within"):
            pips.run(
                ["download", "--index-url", "http://127.0.0.1:9/", "slow"], work=work, environment=None, timeout=0.2
            )
        assert pips.run(["list"], work=work, environment=None).returncode == 0
    assert pips.gone


def test_time_and_bytes_are_bounded(prepared: tuple[Path, Path, Way, Place]) -> None:
    """A pip that takes too long or writes too much is ended, with the reason."""
    work, python, way, place = prepared
    with pytest.raises(PipFailed, match=r"pip download did not end within 0\.2 s"):
        place.run(["download", "--index-url", "http://127.0.0.1:9/", "slow"], python=python, timeout=0.2)
    small = replace(place.box, limits=Limits(written=1 << 20))
    options = [*way.options(), "-t"]
    with Pips(work, python, Place(box=small, folder=work, serve=way.reach.serve)) as pips:

        def fill() -> None:
            # One of them may end between two looks.
            for number in range(20):
                pips.run(["install", *options, str(work / f"more-{number}"), "aa"], work=work, environment=None)

        with pytest.raises(PipFailed, match="pip wrote more than 1048576 bytes"):
            fill()
