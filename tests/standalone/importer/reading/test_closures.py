"""The walk over closures: each pin and each edge that is missing is found."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from packaging.version import Version

from pypi_subset.standalone.importer.errors import Refused
from pypi_subset.standalone.importer.reading.closures import Walk, fields_of, links_of_html, plain_version
from pypi_subset.standalone.importer.reading.manifests import SiteManifest
from tests.support.gap.releases import APP1, DEEP, EDGES, LIB, OPT, Release, files_of, first
from tests.support.wheels import Wheel, make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ALL = [APP1, LIB, OPT, DEEP]


def walk(site: Path) -> int:
    """Return how many pins a walk over *site* sees."""
    manifest = SiteManifest((site / "manifest.json").read_bytes())
    return Walk(manifest, files_of(site), lambda path: (site / path).read_bytes(), lambda _: False).go()


def test_complete(tmp_path: Path) -> None:
    """Two targets with four pins each are complete."""
    assert walk(first().write(tmp_path / "site")) == 8


@pytest.mark.parametrize("edge", EDGES, ids=lambda edge: "->".join(filter(None, edge)))
def test_each_edge_is_needed(tmp_path: Path, edge: tuple[str, str, str]) -> None:
    """Without any one edge the walk is refused."""
    edges = [one for one in EDGES if one != edge]
    with pytest.raises(Refused, match=r"no request leads to|no edge says so"):
        walk(replace(first(), edges=edges).write(tmp_path / "site"))


@pytest.mark.parametrize("wheel", ALL, ids=lambda wheel: wheel.filename.partition("-")[0])
def test_each_pin_is_needed(tmp_path: Path, wheel: Wheel) -> None:
    """Without any one pin the walk is refused, while the file is there for the other target."""
    pins = {"linux": ALL, "windows": [one for one in ALL if one is not wheel]}
    with pytest.raises(Refused, match=r"base on windows: .* requires .*, and one of them is no pin"):
        walk(replace(first(), pins=pins).write(tmp_path / "site"))


@pytest.mark.parametrize("wheel", ALL, ids=lambda wheel: wheel.filename.partition("-")[0])
def test_pin_with_its_edges(tmp_path: Path, wheel: Wheel) -> None:
    """A pin that is missing with each of its edges is missed by METADATA, unless only a request or an extra led to it."""
    name = wheel.filename.partition("-")[0]
    edges = [one for one in EDGES if name not in one]
    pins = {"linux": [one for one in ALL if one is not wheel]}
    with pytest.raises(Refused, match=r"no edge says so|no request leads to"):
        walk(Release(1, pins, edges).write(tmp_path / "site"))


def test_pin_that_no_request_leads_to(tmp_path: Path) -> None:
    """A pin more than requests need is refused: it would be installed for no reason."""
    more = make_wheel("more")
    with pytest.raises(Refused, match="no request leads to more"):
        walk(Release(1, {"linux": [*ALL, more]}).write(tmp_path / "site"))


def test_what_the_interpreter_brings_needs_no_edge(tmp_path: Path) -> None:
    """A requirement on a project that the target's interpreter brings is met."""
    app = make_wheel("app", requires=["cffi>=1"])
    site = Release(1, {"linux": [app]}, [("", "", "app")]).write(tmp_path / "site")
    with pytest.raises(Refused, match=r"app-1.0-py3-none-any.whl requires cffi, and no edge says so"):
        walk(site)
    manifest = json.loads((site / "manifest.json").read_bytes())
    manifest["targets"][0]["brought"] = {"cffi": "1.17"}
    (site / "manifest.json").write_text(json.dumps(manifest))
    assert walk(site) == 1


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("lib", True),
        ("Lib.Sub_x[a,b] (>=1.0)", True),
        ("lib.sub-x @ https://example.org/x.whl", True),
        ("lib-sub-x~=1.0", True),
        ("lib-sub-x; python_version < '3'", None),
        ("lib-sub-x>=1 ; extra == 'x'", None),
    ],
)
def test_requirements_of_metadata(tmp_path: Path, line: str, found: bool | None) -> None:  # noqa: FBT001 - a table
    """A requirement without a marker needs an edge, in any spelling; one with a marker may have none."""
    app = make_wheel("app", requires=[line])
    site = Release(1, {"linux": [app]}, [("", "", "app")]).write(tmp_path / "site")
    if found is None:
        assert walk(site) == 1
    else:
        with pytest.raises(Refused, match=r"requires lib(-sub-x)?, and no edge says so"):
            walk(site)


def test_damaged_requirement(tmp_path: Path) -> None:
    """A requirement that is none is refused, not passed over."""
    site = Release(1, {"linux": [make_wheel("app", requires=["?? lib"])]}, [("", "", "app")]).write(tmp_path / "site")
    with pytest.raises(Refused, match="which is damaged"):
        walk(site)


CHANGES: list[tuple[str, Callable[[str], str], str]] = [
    ("targets/linux/simple/lib/index.html", lambda _: "<p>nothing", "index.html does not link lib-1.0"),
    ("targets/linux/simple/lib/index.v1_json", lambda _: '{"files": []}', "index.v1_json does not link lib-1.0"),
    ("targets/linux/simple/lib/index.v1_json", lambda _: "[]", "is no page of an index"),
    ("simple/lib/index.html", lambda _: "<p>nothing", "links neither lib-1.0"),
    ("simple/lib/index.v1_json", lambda _: '{"files": []}', "index.v1_json does not link"),
    ("simple/lib/index.html", lambda text: text.replace("#sha256=", "#sha256=0"), "index.html does not link"),
    ("targets/linux/simple/lib/index.html", lambda text: text.replace("../simple/", "../simpel/"), "does not link"),
    (
        "simple/lib/lib-1.0-py3-none-any.whl.metadata",
        lambda text: text.replace("Name: lib", "Name: l"),
        "that it is l 1.0",
    ),
    (
        "simple/lib/lib-1.0-py3-none-any.whl.metadata",
        lambda text: text.replace("n: 1.0", "n: 1.1"),
        "that it is lib 1.1",
    ),
    ("simple/lib/lib-1.0-py3-none-any.whl", lambda _: "x", "whl is missing"),
]


@pytest.mark.parametrize(("path", "change", "message"), CHANGES, ids=[f"{one[0]} {one[2]}" for one in CHANGES])
def test_changed_files(tmp_path: Path, path: str, change: Callable[[str], str], message: str) -> None:
    """A page without a link, and METADATA about another project, are refused, though the manifest names their bytes."""
    site = first().write(tmp_path / "site")
    place = site / path
    text = place.read_bytes().decode(errors="replace")
    place.write_text(change(text))
    with pytest.raises(Refused, match=message):
        walk(site)


def test_missing_page(tmp_path: Path) -> None:
    """A page that is not there is refused."""
    site = first().write(tmp_path / "site")
    (site / "simple/lib/index.html").unlink()
    with pytest.raises(Refused, match=r"simple/lib/index\.html is missing"):
        walk(site)


def test_variants_are_in_views_alone(tmp_path: Path) -> None:
    """The union page of a project with variants has no file, and leads to the page of each view."""
    site = first().write(tmp_path / "site")
    views = [f"../../targets/{one}/simple/lib/" for one in ("linux", "windows")]
    (site / "simple/lib/index.v1_json").write_text('{"files": []}')
    (site / "simple/lib/index.html").write_text("".join(f'<a href="{one}">view</a>' for one in views))
    assert walk(site) == 8
    (site / "simple/lib/index.html").write_text(f'<a href="{views[0]}">view</a>')
    with pytest.raises(Refused, match=r"base on windows: simple/lib/index.html links neither"):
        walk(site)


def test_known_pins_are_not_read_again(tmp_path: Path) -> None:
    """Pages that were walked before are not read; METADATA and edges still count."""
    site = first().write(tmp_path / "site")
    manifest = SiteManifest((site / "manifest.json").read_bytes())
    read: list[str] = []

    def content(path: str) -> bytes:
        read.append(path)
        return (site / path).read_bytes()

    assert Walk(manifest, files_of(site), content, lambda _: True).go() == 8
    assert {path.rpartition(".")[2] for path in read} == {"metadata"}
    manifest.edges.remove(["app", "", "lib"])
    for closure in manifest.closures or ():
        closure.edges.pop()
    with pytest.raises(Refused, match="no request leads to"):
        Walk(manifest, files_of(site), content, lambda _: True).go()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("1.0", "1", True),
        ("1.0.0", "v1", True),
        ("1.0-rc.1", "1rc1", True),
        ("1.0alpha", "1a0", True),
        ("1.0-1", "1.post1", True),
        ("1.0.REV", "1.post0", True),
        ("1-dev", "1.dev0", True),
        ("0!1.0+Ubuntu-1", "1+ubuntu.1", True),
        ("1!1", "1", False),
        ("1.0", "1.0.1", False),
        ("1.0", "1.0+cpu", False),
        ("1.0", "1.0.post0", False),
        ("1.0a0", "1.0", False),
        ("1.0.dev0", "1.0", False),
        ("1.0+1", "1.0+01", True),
        ("1.01", "1.1", True),
    ],
)
def test_versions_are_compared_as_packaging_does(one: str, other: str, same: bool) -> None:  # noqa: FBT001 - a table
    """Two spellings of one version are the same, and two versions are not."""
    assert (Version(one) == Version(other)) is same
    assert (plain_version(one) == plain_version(other)) is same


def test_text_that_is_no_version() -> None:
    """It is compared as it is."""
    assert plain_version("x") == "x"


def test_links_of_html() -> None:
    """Addresses are unescaped; other tags and empty ones have none."""
    text = b'<a href="a&amp;b.whl#sha256=12">x</a><b href="c">y</b><a>z</a><a href="d#e">'
    assert links_of_html(text) == [("a&b.whl", "12"), ("d", "")]


def test_fields_of_metadata() -> None:
    """Fields have any case, may be folded, end with any line end, and are none in the description."""
    text = b"NAME: a\r\nRequires-Dist: x\r\n (>=1)\r\nrequires-dist : y\r\n\r\nRequires-Dist: z\r\n"
    assert fields_of(text) == {"name": ["a"], "requires-dist": ["x (>=1)", "y"]}
