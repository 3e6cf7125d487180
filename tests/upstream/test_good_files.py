"""No good file is called bad: what an index says wrongly of a wheel is no fault of the wheel, which is read as a whole."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import pytest

import pypi_subset
from pypi_subset.errors import UpstreamError
from pypi_subset.model.door import read_manifest
from tests.support.servers.index import Index
from tests.support.servers.index_http import LOGIN, Answer
from tests.support.stages.mirroring import LINUX, mirror, read_lock, versions
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.sites.workspace import Workspace

#: Large enough for its end to be asked for alone.
ALPHA, BETA = make_wheel("alpha", requires=["beta"], ballast=1 << 18), make_wheel("beta", "2.0")
FILE = f"/files/{ALPHA.filename}"


def metadata(data: bytes) -> Callable[[Index], None]:
    """Let an index give *data* as METADATA of ``alpha``, with its hash on the page."""
    return lambda index: index.projects.update(alpha=[replace(ALPHA, metadata=data)])


def stating(**facts: object) -> Callable[[Index], None]:
    """Let the page of ``alpha`` state *facts* of its wheel."""
    return lambda index: index.entries.update({ALPHA.filename: facts})


def fragment(text: str) -> Callable[[Index], None]:
    """Let the page of ``alpha`` be one in HTML, with *text* behind the address of its wheel."""
    known = {"sha256": ALPHA.sha256, "md5": hashlib.md5(ALPHA.data, usedforsecurity=False).hexdigest()}

    def change(index: Index) -> None:
        index.style = "html"
        stating(fragment=text.format_map(known))(index)

    return change


def answering(path: str, answer: Answer) -> Callable[[Index], None]:
    """Let an index answer so at *path*."""
    return lambda index: index.answers.update({path: answer})


def whole_part(index: Index) -> None:
    """Let an index answer 206 (Partial Content) with all of the wheel, also where no range was asked for."""
    size = len(ALPHA.data)
    headers = {"Content-Range": f"bytes 0-{size - 1}/{size}"}
    index.answers[FILE] = Answer(status=206, body=ALPHA.data, headers=headers)


def forwarded_page(index: Index) -> None:
    """Let the page of ``alpha`` come with 203 (Non-Authoritative Information)."""
    found = index.body("/simple/alpha/", "")
    assert found is not None
    index.answers["/simple/alpha/"] = Answer(status=203, body=found[1], headers={"Content-Type": found[0]})


def ranges(kind: Literal["beginning", "short"]) -> Callable[[Index], None]:
    """Let an index have no separate METADATA, and answer a range counted from the end with another part."""

    def change(index: Index) -> None:
        index.metadata = False
        index.suffixes = kind

    return change


GOOD: dict[str, Callable[[Index], None]] = {
    "a suffix answered with the beginning": ranges("beginning"),
    "a suffix answered with less": ranges("short"),
    "METADATA that is a login": answering(f"{FILE}.metadata", LOGIN),
    "METADATA that is an error": answering(f"{FILE}.metadata", Answer(status=500)),
    "METADATA that wants a password": answering(f"{FILE}.metadata", Answer(status=401)),
    "METADATA that is a message": answering(f"{FILE}.metadata", Answer(body=b'{"error": "none"}')),
    "METADATA with other newlines": metadata(ALPHA.metadata.replace(b"\n", b"\r\n")),
    "METADATA with another description": metadata(ALPHA.metadata + b"More words.\n"),
    "METADATA of another project": metadata(BETA.metadata),
    "a size of -1": stating(size=-1),
    "a size of 0": stating(size=0),
    "a size in words": stating(size="12"),
    "a size that is true": stating(size=True),
    "a size that is too small": stating(size=1),
    "a size that is too large": stating(size=10**7),
    "a size of no disk": stating(size=10**30),
    "a wheel that a proxy forwards": answering(FILE, Answer(status=203, body=ALPHA.data)),
    "a wheel as the whole part of itself": whole_part,
    "a page that a proxy forwards": forwarded_page,
    "a fragment with an egg behind": fragment("#sha256={sha256}&egg=alpha"),
    "a fragment with an egg before": fragment("#egg=alpha&sha256={sha256}"),
    "a fragment with a semicolon": fragment("#sha256={sha256};egg=alpha"),
    "a fragment with two hashes": fragment("#md5={md5}&sha256={sha256}"),
    "a fragment with two signs": fragment("#sha256={sha256}#md5={md5}"),
    "a fragment with an empty hash": fragment("#sha256=&egg=alpha"),
    "a fragment with md5 alone": fragment("#md5={md5}"),
    "an empty fragment": fragment("#"),
}


@pytest.mark.parametrize("kind", GOOD)
def test_a_good_wheel_is_taken(kind: str, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wheel is locked with its own hash, with that of its own METADATA, and with what it requires."""
    with Index() as index:
        index.add(ALPHA, BETA)
        GOOD[kind](index)
        monkeypatch.setenv("PIP_INDEX_URL", index.url)
        monkeypatch.setenv("PIP_RETRIES", "0")
        workspace.write("base.txt", "alpha\n")
        workspace.toml({"linux": LINUX})
        mirror(workspace)
    assert versions(workspace, "base--linux") == {"alpha": "1.0", "beta": "2.0"}
    one = read_lock(workspace, "base--linux").pins[0].distribution
    assert one.sha256 == ALPHA.sha256
    assert one.metadata == hashlib.sha256(ALPHA.metadata).hexdigest()
    assert one.size == len(ALPHA.data)


@pytest.mark.parametrize("ballast", [0, 300_000])
@pytest.mark.parametrize("apart", [True, False])
@pytest.mark.parametrize("size", [10, 10**8])
def test_a_wrong_size_is_noted(
    size: int, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, *, apart: bool, ballast: int
) -> None:
    """The hash decides; the lock and the manifest have the size of the bytes, also after an update."""
    wheel = make_wheel("alpha", ballast=ballast)
    with Index(metadata=apart) as index:
        index.add(wheel)
        index.entries[wheel.filename] = {"size": size}
        monkeypatch.setenv("PIP_INDEX_URL", index.url)
        workspace.write("base.txt", "alpha\n")
        workspace.toml({"linux": LINUX})
        found = pypi_subset.mirror(workspace.paths)
        assert [line for line in found.warnings if "wrong size" in line and wheel.filename in line]
        locks = workspace.paths.requirements / "lock"
        before = {path: path.read_bytes() for path in locks.iterdir()}
        assert not pypi_subset.mirror(workspace.paths, update=True).changes
    assert {path: path.read_bytes() for path in locks.iterdir()} == before
    assert read_lock(workspace, "base--linux").pins[0].distribution.size == len(wheel.data)
    assert read_manifest(workspace.paths.site).files[0].size == len(wheel.data)


@pytest.mark.parametrize("apart", [True, False])
@pytest.mark.parametrize("hashes", [True, False])
def test_a_login_in_place_of_a_wheel(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, *, apart: bool, hashes: bool
) -> None:
    """The error blames the server, whether it gave METADATA and hashes or not, and no release is to be left out."""
    with Index(metadata=apart, hashes=hashes) as index:
        index.add(ALPHA, BETA)
        index.answers[FILE] = LOGIN
        monkeypatch.setenv("PIP_INDEX_URL", index.url)
        workspace.write("base.txt", "alpha\n")
        workspace.toml({"linux": LINUX})
        with pytest.raises(UpstreamError, match=rf"{FILE} answered with a page in HTML in place of") as caught:
            mirror(workspace)
    assert "alpha!=" not in str(caught.value)
    assert "login" in caught.value.next_step
