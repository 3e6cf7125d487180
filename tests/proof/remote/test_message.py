"""What is sent to a worker, and what arrives there."""

from __future__ import annotations

import dataclasses
import json
import pickle
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pypi_subset.errors import ProofFailed
from pypi_subset.model.checks import Check
from pypi_subset.proof.cases.case import cases_of
from pypi_subset.proof.remote import message, pipe, worker
from pypi_subset.targets.tag import parse
from tests.support.sites.cases import CLICK, COLORAMA, HERE, LINUX, OWN, WINDOWS
from tests.support.sites.errands import digest_of, errands
from tests.support.sites.subset_on_disk import SubsetOnDisk

if TYPE_CHECKING:
    from pypi_subset.proof.cases.case import Case


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


def test_what_an_interpreter_brings_arrives(tmp_path: Path) -> None:
    """The worker sees the projects that the interpreter of a target brings as they are here."""
    target = parse("pypy", "pp310-win_amd64")
    subset = SubsetOnDisk(tmp_path, targets=[target], lines=["click"], pins={"pypy": [CLICK]}).write()
    (one, _) = errands(subset, "http://host")
    arrived = message.from_text(message.to_text(one)).case((), site=tmp_path, work=tmp_path)
    assert arrived.target == target
    assert dict(arrived.target.brought)["cffi"]


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


# --- answers ------------------------------------------------------------------------------------------------------


@pytest.fixture
def sent(tmp_path: Path) -> tuple[Case, str]:
    """Return a case, and the text that is sent of it."""
    subset = SubsetOnDisk(tmp_path, targets=[LINUX], lines=["click"], pins={"linux": [CLICK]}).write()
    (_, case) = cases_of(subset.plan, subset.paths, (), tmp_path)
    (_, errand) = errands(subset, "http://host")
    return case, message.to_text(errand)


def said(text: str, **change: Any) -> str:
    """Return an answer to *text* with one result, which has what *change* says."""
    check = Check(target="linux", set_name="base", request="click", proof="unpacked", way="simple", status="passed")
    document = json.loads(message.answer_to(text, [check]))
    document["results"][0] |= change
    return json.dumps(document)


def test_no_two_errands_are_the_same(tmp_path: Path) -> None:
    """The same case, sent twice, is another errand: an old answer is no answer to it."""
    subset = SubsetOnDisk(tmp_path, targets=[LINUX], lines=["click"], pins={"linux": [CLICK]}).write()
    texts = {message.to_text(one) for one in (*errands(subset, "http://host"), *errands(subset, "http://host"))}
    assert len(texts) == 4


def test_an_answer_has_all_results(sent: tuple[Case, str]) -> None:
    """Every field of a result arrives, but what a worker cannot know: whether an earlier run proved it."""
    case, text = sent
    every = Check(
        target="linux",
        set_name="base",
        request="click",
        proof="second opinion",
        status="differs",
        reason="why",
        seconds=1.5,
        interpreter="CPython",
        notes=("a", "\ud800"),
        way="target",
        command="pip",
        versions=("click==1",),
        remembered=True,
    )
    answer = message.read_answer(message.answer_to(text, [every]).decode(), case, text)
    assert message.checks_of(answer) == (dataclasses.replace(every, remembered=False),)


@pytest.mark.parametrize(
    "change",
    [{"target": "mac"}, {"set_name": "other"}, {"request": ""}, {"request": "click>1"}, {"target": ""}],
    ids=str,
)
def test_an_answer_with_results_of_another_case(sent: tuple[Case, str], change: dict[str, Any]) -> None:
    """A worker speaks for the case that it was sent, and for no other one."""
    case, text = sent
    with pytest.raises(ValueError, match="this is about another case"):
        message.read_answer(said(text, **change), case, text)


def test_an_answer_to_another_errand(sent: tuple[Case, str]) -> None:
    """What was answered to the same case in another run, or to another case, is refused."""
    case, text = sent
    again = json.dumps(json.loads(text) | {"nonce": "f" * 32})
    with pytest.raises(ValueError, match="this is about another case"):
        message.read_answer(said(again), case, text)
    assert message.read_answer(said(text), case, text).results


@pytest.mark.parametrize(
    "change",
    [
        {"proof": "inventory"},
        {"status": "green"},
        {"status": None},
        {"way": "elsewhere"},
        {"seconds": -1},
        {"seconds": 1e300},
        {"remembered": True},
        {"more": 1},
        {"reason": "x" * 100_001},
        {"notes": ["x"] * 10_001},
        {"notes": "x"},
        {"versions": ["x" * 1_001]},
    ],
    ids=lambda change: str(change)[:30],
)
def test_a_result_that_is_none(sent: tuple[Case, str], change: dict[str, Any]) -> None:
    """A word that there is not, a field too many, a text or a list beyond its limit: the answer is refused, in one line."""
    case, text = sent
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        message.read_answer(said(text, **change), case, text)


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "null",
        "[]",
        "{}",
        "[" * 100_000,
        " " * (pipe.MAX_BYTES + 1),
        '{"errand": "", "errand": ""}',
        '{"errand": NaN}',
    ],
    ids=lambda answer: answer[:10],
)
def test_what_is_no_answer(sent: tuple[Case, str], answer: str) -> None:
    """Nor is anything else: it is refused in one line, however deep or long."""
    case, text = sent
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        message.read_answer(answer, case, text)


def test_more_results_than_a_case_has(sent: tuple[Case, str]) -> None:
    """The number of results is limited too."""
    case, text = sent
    document = json.loads(said(text))
    with pytest.raises(ValueError, match="1000"):
        message.read_answer(json.dumps(document | {"results": document["results"] * 1_001}), case, text)


@pytest.mark.parametrize("change", [{"run": "../../home"}, {"digest": "0"}, {"nonce": ""}, {"pins": 1}], ids=str)
def test_an_errand_that_is_none(sent: tuple[Case, str], change: dict[str, Any]) -> None:
    """A worker uses the name of a run as that of a directory: only what we made is taken."""
    with pytest.raises(ValueError, match=r"^[^\n]+$"):
        message.from_text(json.dumps(json.loads(sent[1]) | change))


def test_what_is_too_long(sent: tuple[Case, str]) -> None:
    """It is not even read, in either direction."""
    with pytest.raises(ValueError, match="characters, and 16777216 are the most"):
        message.read_answer(" " * (pipe.MAX_BYTES + 1), *sent)
    with pytest.raises(ValueError, match="characters, and 16777216 are the most"):
        message.from_text(" " * (pipe.MAX_BYTES + 1))
