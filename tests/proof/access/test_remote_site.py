"""A site that is read by its URL, held to the manifest byte for byte."""

from __future__ import annotations

import dataclasses
import http.client
import itertools
import json
import tempfile
import time
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import structs

from pypi_subset.errors import ProofFailed
from pypi_subset.proof.access import remote_site
from pypi_subset.proof.access.http_server import serving
from pypi_subset.proof.cases.case import cases_of
from pypi_subset.proof.methods.prove import prove
from pypi_subset.proof.remote import message, worker
from pypi_subset.support import bounds
from tests.support.servers.hostile import endless, head, sending
from tests.support.sites.cases import CLICK, COLORAMA, HERE, WINDOWS, outcome
from tests.support.sites.errands import errands, far
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from pypi_subset.model.checks import Check


def told(checks: tuple[Check, ...]) -> list[tuple[Any, ...]]:
    """Return what results say, but for seconds and the command, which has the site's place in it."""
    return [dataclasses.astuple(dataclasses.replace(one, seconds=0.0, command="")) for one in checks]


@pytest.mark.slow
@pytest.mark.usefixtures("forked_pip")
def test_a_foreign_target_from_afar(tmp_path: Path) -> None:
    """Over HTTP alone the same is found as with the site on disk, by all ways in."""
    lines, pins = ["click", "colorama"], {"windows": [CLICK, COLORAMA]}
    subset = SubsetOnDisk(tmp_path / "subset", targets=[WINDOWS], lines=lines, pins=pins).write()
    with serving(subset.paths.site) as url:
        for case, one in zip(
            cases_of(subset.plan, subset.paths, (), tmp_path / "near"), errands(subset, url), strict=True
        ):
            checks = prove(far(one, tmp_path / "far"))
            assert told(checks) == told(prove(case))
            assert [one.status for one in checks] == ["passed"] * 4


@pytest.mark.slow
def test_an_interpreter_from_afar(tmp_path: Path) -> None:
    """An interpreter of the worker's installs over HTTP alone."""
    subset = SubsetOnDisk(tmp_path / "subset", targets=[HERE], lines=["colorama"], pins={"here": [COLORAMA]}).write()
    with serving(subset.paths.site) as url:
        checks = prove(far(errands(subset, url)[1], tmp_path / "far", own=True))
    assert [(one.proof, one.status, one.versions) for one in checks][:3] == [
        ("installed", "passed", ("colorama==0.4.6",))
    ] * 3


@pytest.mark.slow
def test_a_site_that_is_published_anew_meanwhile(tmp_path: Path) -> None:
    """What was installed is held to the manifest too: pip may have seen another page than was read before."""
    subset = SubsetOnDisk(tmp_path / "subset", targets=[HERE], lines=["colorama"], pins={"here": [COLORAMA]}).write()
    other = make_wheel("colorama", "0.4.6", files={"other.py": b""})
    assert other.filename == COLORAMA.filename
    with serving(subset.paths.site) as url:
        case = far(errands(subset, url)[0], tmp_path / "far", own=True)
        subset.file(COLORAMA).write_bytes(other.data)
        for page in subset.paths.site.rglob("*.html"):
            page.write_text(page.read_text().replace(COLORAMA.sha256, other.sha256))
        for page in subset.paths.site.rglob("*.metadata"):
            page.write_bytes(other.metadata)
        checks = prove(case)
    assert [one.status for one in checks][:3] == ["failed"] * 3
    assert f"{COLORAMA.filename} was installed, but is not the file that the manifest names" in checks[1].reason


@pytest.mark.slow
@pytest.mark.usefixtures("forked_pip")
@pytest.mark.parametrize("fault", ["gone", "dependency"])
def test_faults_from_afar(tmp_path: Path, fault: str) -> None:
    """What is red of a site on disk is red of the same site over HTTP, in the same words."""
    pins = {"windows": [CLICK, *[COLORAMA] * (fault != "dependency")]}
    subset = SubsetOnDisk(tmp_path / "subset", targets=[WINDOWS], lines=["click"], pins=pins).write()
    if fault == "gone":
        subset.file(COLORAMA).unlink()
    (case, _) = cases_of(subset.plan, subset.paths, (), tmp_path / "near")
    with serving(subset.paths.site) as url:
        checks = prove(far(errands(subset, url)[0], tmp_path / "far"))
    near = prove(case)
    assert [one.status for one in checks][:3] == ["failed"] * 3
    assert [outcome(one) for one in checks][1:] == [outcome(one) for one in near][1:]
    assert "colorama (needed by click 8.1.7 on windows" in checks[0].reason


@pytest.mark.parametrize("fault", ["page", "metadata", "wheel", "other site", "no site", "no server"])
@pytest.mark.usefixtures("forked_pip")
def test_a_site_that_contradicts_its_manifest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    """What is served is held to the manifest that was sent along: anything else is red, with its name."""
    monkeypatch.setattr(remote_site, "TRIES", 1)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    subset = SubsetOnDisk(
        tmp_path / "subset", targets=[WINDOWS], lines=["click"], pins={"windows": [CLICK, COLORAMA]}
    ).write()
    sent, site = errands(subset, "")[0], subset.paths.site
    if fault == "page":
        (site / "simple" / "click" / "index.html").write_text("something else")
    elif fault == "metadata":
        subset.file(CLICK).with_name(f"{CLICK.filename}.metadata").write_bytes(b"Name: else\n")
    elif fault == "other site":
        (site / "manifest.json").write_text("{}")
    elif fault == "no site":
        (site / "manifest.json").unlink()
    with serving(site) as url:
        if fault == "wheel":
            case = far(structs.replace(sent, url=url), tmp_path / "far")
            subset.file(CLICK).write_bytes(COLORAMA.data)
            with pytest.raises(ProofFailed, match=f"{CLICK.filename} has other bytes than the manifest says, at {url}"):
                case.file(f"simple/click/{CLICK.filename}")
            return
        words = {
            "page": f"the page simple/click/index.html has other bytes than the manifest says, at {url}",
            "metadata": f"the metadata of {CLICK.filename} has other bytes than the manifest says, at {url}",
            "other site": f"another site is served at {url}: the hash of its manifest is ",
            "no site": f"there is no site at {url}: it has no manifest.json",
            "no server": "http://127.0.0.1:9/manifest.json cannot be read: ",
        }[fault]
        place = "http://127.0.0.1:9" if fault == "no server" else url
        refused = json.loads(worker.answer(message.to_text(structs.replace(sent, url=place, run="0" * 32))))["refused"]
    assert refused.startswith(words)


def hostile_site(tmp_path: Path, answer: Callable[[str], Iterable[bytes]]) -> str:
    """Return what `outline` says of a server of that kind."""
    with sending(answer) as url, pytest.raises(ProofFailed) as caught:
        remote_site.outline(url, "0" * 64, "windows", tmp_path)
    return str(caught.value)


@pytest.mark.parametrize("target", ["file:///etc/hostname", "ftp://127.0.0.1/x", "/again"])
def test_redirects_are_few_and_lead_to_the_web(tmp_path: Path, target: str) -> None:
    """A redirect to a file of this machine, or one after the other, is an error."""
    said = hostile_site(tmp_path, lambda path: [head(302, Location=f"{path}{target}" if target[0] == "/" else target)])
    assert "manifest.json" in said
    assert "cannot be read" in said


def test_a_body_without_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A manifest of any size, or at any pace, is not read."""
    monkeypatch.setattr(bounds, "LARGEST_DOCUMENT", 1 << 20)
    assert "has more than 1048576 bytes" in hostile_site(tmp_path, lambda _: itertools.chain([head()], endless()))
    monkeypatch.setattr(bounds, "PATIENCE", 0.3)

    def slow(_path: str) -> Iterator[bytes]:
        yield head()
        while True:
            yield b"x"
            time.sleep(0.1)

    assert "is slower than 16 KiB a second" in hostile_site(tmp_path, slow)


def test_a_body_that_breaks_off(tmp_path: Path) -> None:
    """What ends before its stated length is a lost connection, tried again, and not other bytes."""
    seen = list[str]()

    def answer(path: str) -> list[bytes]:
        seen.append(path)
        return [head(Content_Length=100), b"x"]

    assert "cannot be read" in hostile_site(tmp_path, answer)
    assert len(seen) == remote_site.TRIES


@pytest.mark.parametrize(
    ("first", "then", "followed"),
    [("https", "https", True), ("https", "http", False), ("http", "https", True), ("http", "http", True)],
)
def test_a_redirect_leads_to_nothing_less(first: str, then: str, followed: bool) -> None:  # noqa: FBT001
    """A site over https does not lead to plain http."""
    asked = urllib.request.Request(f"{first}://site.example/a")  # noqa: S310 - it is never sent
    headers = http.client.HTTPMessage()
    found = remote_site.Redirects().redirect_request(asked, None, 302, "", headers, f"{then}://site.example/b")
    assert (found is not None) is followed
