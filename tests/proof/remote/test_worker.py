"""A worker: what it answers, and what it refuses."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from importlib import metadata
from types import SimpleNamespace
from typing import TYPE_CHECKING

import msgspec
import pytest

from pypi_subset.proof.access.http_server import serving
from pypi_subset.proof.remote import message, worker
from tests.support.sites.cases import CLICK, COLORAMA, HERE, SIX, WINDOWS
from tests.support.sites.errands import RUN, errands
from tests.support.sites.subset_on_disk import SubsetOnDisk

if TYPE_CHECKING:
    from pathlib import Path


def test_a_case_of_another_version_is_refused(tmp_path: Path) -> None:
    """A worker that joined late and has another version says so, for that case."""
    subset = SubsetOnDisk(tmp_path, targets=[WINDOWS], lines=["click"], pins={"windows": [CLICK, COLORAMA]}).write()
    document = json.loads(message.to_text(errands(subset, "http://host")[0])) | {"version": "0.0.9"}
    refused = json.loads(worker.answer(json.dumps(document)))["refused"]
    assert refused.endswith("and was sent a case of 0.0.9; install the same version there")


@pytest.mark.slow
@pytest.mark.usefixtures("forked_pip")
def test_a_worker_proves_what_it_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer has the results of the case; what is fetched for it lies in a directory of the run."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    pins = {"windows": [CLICK, COLORAMA]}
    subset = SubsetOnDisk(tmp_path / "subset", targets=[WINDOWS], lines=["click"], pins=pins).write()
    with serving(subset.paths.site) as url:
        text = message.to_text(errands(subset, url)[0])
        answer = msgspec.json.decode(worker.answer(text), type=message.Answer)
    assert (answer.refused, answer.errand) == ("", hashlib.sha256(text.encode()).hexdigest())
    assert [(one.status, one.way) for one in answer.results[:3]] == [
        ("passed", "find-links"),
        ("passed", "simple"),
        ("passed", "target"),
    ]
    assert (tmp_path / f"pypi-subset-{RUN}" / "site" / "manifest.json").is_file()
    worker.forget(RUN)
    assert not (tmp_path / f"pypi-subset-{RUN}").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("forked_pip")
def test_a_worker_under_a_strict_umask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Boxes of root have another user: they read what the worker fetches and installs for them."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    subset = SubsetOnDisk(tmp_path / "subset", targets=[HERE], lines=["six"], pins={"here": [SIX]}).write()
    before = os.umask(0o077)
    try:
        with serving(subset.paths.site) as url:
            text = message.to_text(errands(subset, url)[0])
            answer = msgspec.json.decode(worker.answer(text), type=message.Answer)
        assert os.umask(0o077) == 0o077
    finally:
        os.umask(before)
    assert [(one.proof, one.status) for one in answer.results[:3]] == [("installed", "passed")] * 3


def test_a_run_that_is_over_is_forgotten_where_dask_keeps_it(tmp_path: Path) -> None:
    """With a worker of Dask, a run lies in the worker's own directory; another run stays."""
    for run in ("one", "two"):
        (tmp_path / f"pypi-subset-{run}").mkdir()
    worker.forget("one", SimpleNamespace(local_directory=str(tmp_path)))
    assert [path.name for path in tmp_path.iterdir()] == ["pypi-subset-two"]


def test_the_version_is_text() -> None:
    """A worker says which version it has; the sender compares."""
    assert worker.version() == metadata.version("pypi-subset")
