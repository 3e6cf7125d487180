"""Real networks as they are: the same two wheels and the same server for mirror, pip and uv, one row for each kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import pytest

from pypi_subset.errors import SubsetError
from tests.support.programs.installers import install
from tests.support.servers.index import Index
from tests.support.servers.index_http import Answer
from tests.support.stages.mirroring import LINUX, mirror, versions
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pypi_subset.pip.pool import Pips
    from tests.support.sites.workspace import Workspace

#: Each row starts real pip and real uv.
pytestmark = [pytest.mark.long, pytest.mark.usefixtures("configured_index")]

ALPHA, BETA = make_wheel("alpha", requires=["beta"]), make_wheel("beta", "2.0")
OTHER, OLD = make_wheel("beta", "2.0", readme="other"), make_wheel("beta", "0.5")


@dataclass(frozen=True)
class Row:
    """
    One kind of trouble.

    :param change: makes it, of the first and of the second index.
    :param pip: the version of beta that pip installs, ``""`` if it ends with an error; and so *uv* for uv, which asks an
        extra index first.
    :param ours: a part of the error of mirror, ``""`` if it takes both projects.
    :param two: whether the second index is configured.
    """

    change: Callable[[Index, Index], object]
    pip: str
    uv: str
    ours: str = ""
    two: bool = False


def _closed(status: int) -> Callable[[Index, Index], object]:
    return lambda _, other: setattr(other, "on_request", lambda _: status)


def _entry(**facts: object) -> Callable[[Index, Index], object]:
    return lambda index, _: index.entries.update({BETA.filename: facts})


def _page(path: str) -> Callable[[Index, Index], object]:
    return lambda index, _: index.overrides.update({path: b"<html><form action=/login></form></html>"})


def _login(index: Index, other: Index) -> None:
    index.style = "html"
    _page("/simple/beta/")(index, other)


def _forwarded(index: Index, _: Index) -> None:
    index.answers[f"/files/{BETA.filename}"] = Answer(status=203, body=BETA.data)


def _beginnings(index: Index, _: Index) -> None:
    index.metadata, index.suffixes = False, "beginning"


def _fragment(index: Index, _: Index) -> None:
    index.style = "html"
    index.entries[BETA.filename] = {"fragment": f"#egg=beta&sha256={BETA.sha256}"}


def _old_differs(index: Index, other: Index) -> None:
    index.add(OLD)
    other.add(make_wheel("beta", "0.5", readme="other"))


ROWS = {
    "an entry that is none": Row(lambda index, _: index.strange.update(beta=[None]), pip="", uv=""),
    "an old file without an address": Row(
        lambda index, _: index.strange.update(beta=[{"filename": OLD.filename, "hashes": {}}]), pip="2.0", uv=""
    ),
    "a file of another kind": Row(
        lambda index, _: index.strange.update(beta=[{"filename": "beta.exe", "url": "x", "hashes": {}}]),
        pip="2.0",
        uv="2.0",
    ),
    "a size of -1": Row(_entry(size=-1), pip="2.0", uv=""),
    "a size that is too small": Row(_entry(size=10), pip="2.0", uv="2.0"),
    "a size that is too large": Row(_entry(size=10**6), pip="2.0", uv="2.0"),
    "a wheel that a proxy forwards": Row(_forwarded, pip="2.0", uv="2.0"),
    "a hash that is wrong": Row(_entry(hashes={"sha256": "0" * 64}), pip="", uv="", ours="beta"),
    "two contents": Row(lambda _, other: other.add(OTHER), pip="2.0", uv="2.0", ours="has two contents", two=True),
    "an old file with two contents": Row(
        _old_differs,
        pip="2.0",
        uv="0.5",
        two=True,
    ),
    "an index that is closed": Row(_closed(403), pip="2.0", uv="", ours="ignore_403", two=True),
    "an index without a project": Row(_closed(404), pip="2.0", uv="2.0", two=True),
    "an index that wants credentials": Row(_closed(401), pip="2.0", uv="", ours="401", two=True),
    "all releases are yanked": Row(lambda index, _: index.yank(BETA), pip="", uv="", ours="yanked"),
    "pages without hashes": Row(lambda index, _: setattr(index, "hashes", False), pip="2.0", uv="2.0"),
    "ranges are answered with the beginning": Row(_beginnings, pip="2.0", uv="2.0"),
    "a fragment with several keys": Row(_fragment, pip="", uv="2.0"),
    "a page that is forbidden": Row(
        lambda index, _: setattr(index, "on_request", lambda path: 403 if path.endswith("/beta/") else None),
        pip="",
        uv="",
        ours="answered 403",
    ),
    "METADATA is a page": Row(_page(f"/files/{BETA.filename}.metadata"), pip="", uv=""),
    "a login in place of a wheel": Row(_page(f"/files/{BETA.filename}"), pip="", uv="", ours="beta"),
    "a login in place of a page": Row(
        _login,
        pip="",
        uv="",
        ours="login",
    ),
}


@pytest.mark.parametrize("kind", ROWS)
def test_a_kind(
    kind: str, workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch, own_pips: Pips, tmp_path: Path
) -> None:
    """mirror, pip and uv answer as the table says."""
    row = ROWS[kind]
    index.add(ALPHA, BETA)
    with Index() as other:
        row.change(index, other)
        workspace.write("base.txt", "alpha\n")
        workspace.toml({"linux": LINUX})
        flags = f"--index-url {index.url}"
        if row.two:
            monkeypatch.setenv("PIP_EXTRA_INDEX_URL", other.url)
            flags += f" --extra-index-url {other.url}"
        installs = {}
        for tool in ("pip", "uv pip"):
            code, _, into = install(own_pips, f"{tool} install {flags} alpha", tmp_path / tool)
            found = [] if code else into.glob("beta-*.dist-info")
            installs[tool] = "".join(one.name.removesuffix(".dist-info").removeprefix("beta-") for one in found)
        said = ""
        try:
            mirror(workspace)
        except SubsetError as error:
            said = f"{error.what}; {error.next_step}"
        else:
            assert versions(workspace, "base--linux") == {"alpha": "1.0", "beta": "2.0"}
    assert (installs, bool(said)) == ({"pip": row.pip, "uv pip": row.uv}, bool(row.ours)), said
    assert row.ours in said


@pytest.mark.parametrize("style", ["json", "html"])
def test_pages_of_projects_as_links(
    style: Literal["json", "html"],
    workspace: Workspace,
    index: Index,
    monkeypatch: pytest.MonkeyPatch,
    own_pips: Pips,
    tmp_path: Path,
) -> None:
    """A location of ``find-links`` may be the page of one project, as for pip; it says nothing about the others."""
    index.style = style
    index.add(ALPHA, BETA)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", f"{index.url}alpha/ {index.url}beta/")
    links = f"--no-index --find-links {index.url}alpha/ --find-links {index.url}beta/"
    code, said, _ = install(own_pips, f"pip install {links} alpha", tmp_path / "pip")
    assert code == 0, said
    workspace.write("base.txt", "alpha\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"alpha": "1.0", "beta": "2.0"}
