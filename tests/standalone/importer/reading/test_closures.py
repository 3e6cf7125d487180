"""The walk over closures: each pin and each edge that is missing is found."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pypi_subset.standalone.errors import Refused
from pypi_subset.standalone.importer.reading.closures import Walk
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
    return Walk(manifest, files_of(site), lambda path, _: (site / path).read_bytes(), lambda *_: False).go()


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
    ("targets/linux/simple/lib/index.v1_json", lambda _: "[]", "index.v1_json is no JSON object"),
    ("simple/lib/index.html", lambda _: "<p>nothing", "links neither lib-1.0"),
    ("simple/lib/index.v1_json", lambda _: '{"files": []}', "index.v1_json does not link"),
    ("simple/lib/index.html", lambda text: text.replace("#sha256=", "#sha256=0"), "is no SHA-256"),
    ("simple/lib/index.html", lambda text: text.replace(LIB.sha256, "0" * 64), "index.html does not link"),
    ("simple/lib/index.html", lambda text: text.replace("<body>", '<body><base href="/x/">'), "is no page of an index"),
    (
        "targets/linux/simple/lib/index.html",
        lambda text: text.replace("<head>", '<head><base href="/x/">'),
        "is no page of an index: it has <base",
    ),
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

    def content(path: str, _: int) -> bytes:
        read.append(path)
        return (site / path).read_bytes()

    assert Walk(manifest, files_of(site), content, lambda *_: True).go() == 8
    assert {path.rpartition(".")[2] for path in read} == {"metadata"}
    manifest.edges.remove(["app", "", "lib"])
    for closure in manifest.closures or ():
        closure.edges.pop()
    with pytest.raises(Refused, match="no request leads to"):
        Walk(manifest, files_of(site), content, lambda *_: True).go()


def test_known_metadata_are_not_read_again(tmp_path: Path) -> None:
    """Their statements still count: a name, a version or an edge that contradicts them is refused."""
    site = first().write(tmp_path / "site")

    def walk_again(stated: dict[str, list[str]]) -> Walk:
        return Walk(
            manifest, files_of(site), lambda path, _: b"" if path in kept else (site / path).read_bytes(), never, stated
        )

    def never(*_: object) -> bool:
        return False

    manifest, kept = SiteManifest((site / "manifest.json").read_bytes()), set[str]()
    before = walk_again({})
    assert before.go() == 8
    kept |= {f"{one.path}.metadata" for one in manifest.files}
    again = walk_again(before.stated)
    assert (again.go(), again.stated) == (8, before.stated)
    (app,) = (one for one in manifest.files if one.project == "app")
    for other in (["app", "7.0", "lib"], ["lib", app.version, "lib"]):
        with pytest.raises(Refused, match="says of itself that it is"):
            walk_again({**before.stated, app.metadata: other}).go()
    with pytest.raises(Refused, match="requires strange, and no edge says so"):
        walk_again({**before.stated, app.metadata: ["app", app.version, "strange"]}).go()


def test_what_was_walked(tmp_path: Path) -> None:
    """The walk has the pins of each target, with which it asks whether the pages are known."""
    site = first().write(tmp_path / "site")
    asked: list[tuple[str, str]] = []

    def known(target: str, paths: list[str]) -> bool:
        asked.append((target, paths[0]))
        return False

    found = Walk(
        SiteManifest((site / "manifest.json").read_bytes()),
        files_of(site),
        lambda path, _: (site / path).read_bytes(),
        known,
    )
    found.go()
    assert set(asked) == {(target, path) for target, paths in found.walked.items() for path in paths}
    assert {target: len(paths) for target, paths in found.walked.items()} == {"linux": 4, "windows": 4}


@pytest.mark.parametrize(
    ("line", "needs"),
    [
        ("tool", True),
        ("Tool[x,y]>=1", True),
        ("tool @ https://example.org/tool.whl", True),
        ("tool; sys_platform == 'win32'", False),
        ("tool @ https://example.org/tool.whl ; sys_platform == 'win32'", False),
    ],
)
def test_each_request_needs_an_edge(tmp_path: Path, line: str, needs: bool) -> None:  # noqa: FBT001 - a table
    """A request without a marker leads to a pin on each target; one with a marker may not hold there."""
    site = replace(first(), requests=["app[fast]", line]).write(tmp_path / "site")
    if not needs:
        assert walk(site) == 8
        return
    with pytest.raises(Refused, match="base on linux: tool is requested, and no edge says so"):
        walk(site)


def test_a_closure_without_anything(tmp_path: Path) -> None:
    """A set with requests whose closure was emptied is refused."""
    site = first().write(tmp_path / "site")
    manifest = json.loads((site / "manifest.json").read_bytes())
    manifest["closures"][1].update(pins="", edges="")
    (site / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(Refused, match="base on windows: app is requested, and no edge says so"):
        walk(site)


def test_requests_that_are_left_out_or_brought(tmp_path: Path) -> None:
    """A request needs no edge where its gap is accepted, or where the interpreter brings the project."""
    site = replace(first(), requests=["app[fast]", "tool"]).write(tmp_path / "site")
    manifest = json.loads((site / "manifest.json").read_bytes())
    manifest["sets"][0]["gaps"] = [{"requirement": "tool", "project": "tool", "target": "linux"}]
    (site / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(Refused, match="base on windows: tool is requested"):
        walk(site)
    manifest["targets"][1]["brought"] = {"tool": "1.0"}
    (site / "manifest.json").write_text(json.dumps(manifest))
    assert walk(site) == 8


def test_a_wheel_without_metadata(tmp_path: Path) -> None:
    """A manifest that states no METADATA of a wheel hides name, version and requirements: it is refused."""
    site = first().write(tmp_path / "site")
    manifest = json.loads((site / "manifest.json").read_bytes())
    manifest["files"][0]["metadata"] = None
    (site / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(Refused, match=r"app-1\.0-py3-none-any\.whl has no METADATA beside it"):
        walk(site)


def test_many_files_of_a_project_take_a_time_that_grows_with_them() -> None:
    """Whether a union page lists a file of a project is asked once, not for each file of it."""
    count = 20_000
    paths = [f"simple/a/a-{number}.tar.gz" for number in range(count)]
    page = b'{"files": []}'
    document = {
        "schema": "1.5",
        "targets": [{"name": "t"}],
        "sets": [{"name": "s", "targets": ["t"], "requests": []}],
        "files": [
            {
                "path": path,
                "filename": path.rpartition("/")[2],
                "project": "a",
                "version": "1",
                "sha256": "0" * 64,
                "metadata": None,
                "needed_by": [],
            }
            for path in paths
        ],
        "pages": {},
        "edges": [["", "", "a"]],
        "closures": [{"set": "s", "target": "t", "pins": f"0-{count - 1}", "edges": "0"}],
    }
    links = "".join(f'<a href="../../../../{path}#sha256={"0" * 64}">a</a>' for path in paths)
    files = [{"url": f"../../../../{path}", "hashes": {"sha256": "0" * 64}} for path in paths]
    contents = {
        "targets/t/simple/a/index.html": links.encode(),
        "targets/t/simple/a/index.v1_json": json.dumps({"files": files}).encode(),
        "simple/a/index.html": b'<a href="../../targets/t/simple/a/">a</a>',
        "simple/a/index.v1_json": page,
    }
    manifest = SiteManifest(json.dumps(document).encode())
    hashes = {**manifest.hashes(), **dict.fromkeys(contents, "0" * 64)}
    begin = time.process_time()
    assert Walk(manifest, hashes, lambda path, _: contents[path], lambda *_: False).go() == count
    assert time.process_time() - begin < 8


@pytest.mark.parametrize(
    "change",
    [
        lambda one: one["sets"].append(one["sets"][0]),
        lambda one: one["targets"].append({"name": "linux", "brought": {"app": "1"}}),
    ],
)
def test_names_that_are_there_twice(tmp_path: Path, change: Callable[[Any], object]) -> None:
    """Two sets or targets of one name would have two answers."""
    site = first().write(tmp_path / "site")
    manifest = json.loads((site / "manifest.json").read_bytes())
    change(manifest)
    (site / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(Refused, match="names a set or a target twice"):
        walk(site)
