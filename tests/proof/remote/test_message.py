"""What is sent to a worker, and what arrives there."""

from __future__ import annotations

import dataclasses
import json
import pickle
import sys
from pathlib import Path
from typing import Any

import pytest

from pypi_subset.errors import ProofFailed
from pypi_subset.proof.cases.case import cases_of
from pypi_subset.proof.remote import message, worker
from tests.support.sites.cases import CLICK, COLORAMA, HERE, LINUX, OWN, WINDOWS
from tests.support.sites.errands import digest_of, errands
from tests.support.sites.subset_on_disk import SubsetOnDisk


@pytest.mark.parametrize("target", [WINDOWS, HERE], ids=lambda one: one.name)
def test_what_is_sent_holds_no_path(tmp_path: Path, target: Any) -> None:
    """What goes to a worker names the site by URL and hash, and nothing of this machine."""
    hashes = {"click": CLICK.sha256}
    subset = SubsetOnDisk(
        tmp_path, targets=[target], lines=["click", "colorama"], pins={target.name: [CLICK, COLORAMA]}, hashes=hashes
    )
    sent = [message.to_text(one) for one in errands(subset.write(), "https://host/site")]
    assert [json.loads(text)["number"] for text in sent] == [0, 1, 2]
    for text in sent:
        assert (json.loads(text)["url"], json.loads(text)["digest"]) == ("https://host/site", digest_of(subset))
        data = pickle.dumps((worker.answer, text))
        for path in (tmp_path, tmp_path.resolve(), Path.home(), Path.cwd(), sys.prefix, sys.executable, "\\u002f"):
            assert str(path).encode() not in data
        assert "/" not in json.dumps({**json.loads(text), "url": ""})


@pytest.mark.parametrize("blind", [False, True])
def test_what_arrives_is_the_same_case(tmp_path: Path, *, blind: bool) -> None:
    """A worker proves what would be proven here, as it is fit for the interpreter that the worker has."""
    pins = {"linux": [CLICK, COLORAMA]}
    lines = ['click; python_version > "3"', "colorama>=0.4"]
    subset = SubsetOnDisk(tmp_path, targets=[LINUX], lines=lines, pins=pins, hashes={"click": CLICK.sha256}).write()
    own = [dataclasses.replace(OWN[0], version=(3, 9, 0) if blind else (3, 10, 1), abi="cp310", kind="linux_x86_64")]
    if blind:
        subset = dataclasses.replace(subset, targets=[dataclasses.replace(LINUX, python=(3, 9, 0))])
    here = cases_of(subset.plan, subset.paths, own, tmp_path / "work")
    assert here[0].interpreter is not None
    for case, one in zip(here, errands(subset, "http://host"), strict=True):
        there = message.from_text(message.to_text(one)).case(own, site=case.site, work=case.work)
        assert [str(line) for line in there.requests] == [str(line) for line in case.requests]
        assert [line.origin for line in there.requests] == [line.origin for line in case.requests]
        same = dataclasses.replace(there, requests=case.requests, url="")
        assert same == case


def test_the_senders_own_machine_is_another_one_there(tmp_path: Path) -> None:
    """A target `host` is no claim about the worker's Python: it stands for it only if it is the same."""
    subset = SubsetOnDisk(tmp_path, targets=[HERE], lines=["click"], pins={"here": [CLICK]}).write()
    (one, _) = errands(subset, "http://host")
    arrived = message.from_text(message.to_text(one))
    other = dataclasses.replace(OWN[0], version=(3, 10, 0), abi="cp310")
    assert arrived.case([other], site=tmp_path, work=tmp_path).interpreter is None
    assert arrived.case(OWN, site=tmp_path, work=tmp_path).interpreter == OWN[0]


def test_what_is_sent_comes_back(tmp_path: Path) -> None:
    """Every field of an errand arrives; target and pins are those of the subset."""
    subset = SubsetOnDisk(tmp_path, targets=[LINUX], lines=["click"], pins={"linux": [CLICK]}).write()
    for one in errands(subset, "http://host"):
        there = message.from_text(message.to_text(one))
        assert message.to_text(there) == message.to_text(one)
        assert there.job.target == LINUX
        assert there.pins == ((CLICK.filename, CLICK.sha256, ""),)


def test_another_version_wrote_it(tmp_path: Path) -> None:
    """A text of another version is refused, with both versions."""
    subset = SubsetOnDisk(tmp_path, targets=[LINUX], lines=["click"], pins={"linux": [CLICK]}).write()
    document = json.loads(message.to_text(errands(subset, "http://host")[0]))
    with pytest.raises(ProofFailed, match=f"has pypi-subset {document['version']}, and was sent a case of 9"):
        message.from_text(json.dumps(document | {"version": "9"}))
