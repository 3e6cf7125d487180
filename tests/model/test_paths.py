"""The layout of a site: one module spells it, and says how each file is served and in which order files are published."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pypi_subset.model import paths

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]

DIRECTORIES = (
    *(paths.SIMPLE, paths.SIMPLE_JSON, paths.VIEWS, paths.LOCKS, paths.SERVERS, paths.PROOF),
    *(paths.PROJECTS, paths.REQUESTS),
)
FILES = (
    "manifest.json",
    "find-links.html",
    "index.html",
    "index.v1_json",
    "404.html",
    "_headers",
    ".nojekyll",
    "page.js",
    "page.css",
    "search.js",
    "release.json",
    "release.html",
)
REPORTS = ("report.json", "junit.xml", "badge.svg")
#: A path of a site, or a part of one.
SPELLED = re.compile(
    rf"(?:^|/)(?:{'|'.join(DIRECTORIES)})/|(?:^|/)(?:{'|'.join(map(re.escape, FILES + REPORTS))})$|^simple-json$"
)
#: Strings that look like a part of a site and belong to others.
OTHERS = {
    ("proof/methods/pip_install.py", "report.json"),  # what pip writes
    ("resolve/resolver.py", "report.json"),
    ("upstream/places/locations.py", "index.html"),  # an index in a directory of pip's find-links
    ("upstream/gateway.py", "/simple/"),  # addresses of the loopback index
}


def spelled(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and text of every string without a blank that spells a part of the layout; docstrings do not count."""
    tree = ast.parse(source)
    statements = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Expr)}
    for one in ast.walk(tree):
        match one:
            case ast.Constant(value=str(text)) if (
                id(one) not in statements and " " not in text and SPELLED.search(text)
            ):
                yield one.lineno, text
            case ast.BinOp(op=ast.Div(), right=ast.Constant(value=str(text))) if text in DIRECTORIES:
                yield one.lineno, text


#: What runs on machines without this package has names of its own, which a test there compares.
APART = ("standalone/importer/", "standalone/installer/")


def test_one_module_spells_the_layout() -> None:
    """Everybody else takes names and paths from ``model/paths.py``."""
    package = ROOT / "src" / "pypi_subset"
    sources = [(path, path.relative_to(package).as_posix()) for path in package.rglob("*.py")]
    sources += [(path, f"verify/{path.name}") for path in (ROOT / "verify").glob("*.py")]
    found = [
        f"{name}:{line}: {text!r}"
        for path, name in sorted(sources)
        if name != "model/paths.py" and not name.startswith(APART)
        for line, text in sorted(set(spelled(path.read_text(encoding="utf-8"))))
        if (name, text) not in OTHERS
    ]
    assert found == [], "take these from model/paths.py"


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('f"simple/{project}/{name}"', ["simple/"]),
        ('site / "proof" / "report.json"', ["report.json", "proof"]),
        ('path.glob("targets/*/simple")', ["targets/*/simple"]),
        ('"""Write simple/ and manifest.json."""', []),
        ('"see proof/report.json in the site"', []),
        ('document["targets"]', []),
    ],
)
def test_what_spells_the_layout(source: str, found: list[str]) -> None:
    """Paths count, also as parts of a join; docstrings, sentences and keys of documents do not."""
    assert sorted(text for _, text in spelled(source)) == sorted(found)


def test_paths() -> None:
    """Each file of a project, and the index of a target."""
    assert paths.file_path("demo", "demo-1.0.tar.gz") == "simple/demo/demo-1.0.tar.gz"
    assert paths.view_of("linux") == "targets/linux/simple"
    assert {paths.REPORT, paths.REPORT_PAGE, paths.JUNIT, paths.BADGE} == {
        *("proof/report.json", "proof/index.html", "proof/junit.xml", "proof/badge.svg")
    }


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("simple/demo/index.html", "text/html; charset=utf-8"),
        ("simple/demo/index.v1_json", paths.JSON_TYPE),
        ("simple-json/demo/index.html", paths.JSON_TYPE),
        ("simple/demo/demo-1.0.tar.gz", "application/octet-stream"),
        ("simple/demo/demo-1.0-py3-none-any.whl.metadata", "application/octet-stream"),
        ("manifest.json", "application/json"),
        ("proof/badge.svg", "image/svg+xml"),
        ("locks/pylock.base--linux.toml", "application/toml"),
        ("hosts/Caddyfile", "application/octet-stream"),
    ],
)
def test_types(path: str, kind: str) -> None:
    """Distributions are plain bytes: an encoding would be unpacked twice. A page has its own type."""
    assert paths.type_of(path) == kind
    assert paths.is_page(path) is not (kind == "application/octet-stream")


#: Paths by their turn: a file precedes what names it.
TURNS = (
    ("simple/a/a-1.0.tar.gz", "simple/a/a-1.0-py3-none-any.whl.metadata"),
    (
        "locks/pylock.a.toml",
        ".nojekyll",
        "404.html",
        "hosts/Caddyfile",
        "simple/.htaccess",
        "README.md",
        "page.js",
        "proof/page.css",
    ),
    (*("simple/a/index.html", "targets/t/simple/a/index.v1_json", "simple-json/a/index.html", "find-links.html"),),
    (
        *("simple/index.html", "simple-json/index.html", "targets/t/simple/index.v1_json"),
        *("project/a/index.html", "request/base--a/index.html", "list/2/index.html", "search.js"),
    ),
    ("proof/index.html", "proof/report.json"),
    ("manifest.json",),
    ("release.json",),
    ("index.html",),
)


@pytest.mark.parametrize("turn", range(len(TURNS)))
def test_order_of_publishing(turn: int) -> None:
    """Distributions first, the front page last; what has no turn of its own goes with the locks."""
    assert {path: paths.publish_order(path) for path in TURNS[turn]} == dict.fromkeys(TURNS[turn], turn)


def test_other_files_are_no_pages() -> None:
    """A file of the user is not read as a whole to be served; what mirror writes about such files is a page."""
    assert not paths.is_page("files/docs/index.html")
    assert not paths.is_page("files/model.json")
    assert paths.is_page("files/index.html")
    assert paths.is_page("files/python/downloads.json")
    assert paths.written({}, (), (), minor=7) & {"files/index.html", "files/a"} == set()
    assert paths.written({}, (), (), others=("files/a",), minor=7) >= {
        *("files/index.html", "files/a", "files/python/downloads.json"),
    }


def test_pages_for_people_have_paths() -> None:
    """One for each project and each request, and one for each part of a long list; the first part is the front page."""
    assert paths.project_page("demo") == "project/demo/index.html"
    assert paths.request_page("base", "demo") == "request/base--demo/index.html"
    assert [paths.list_page(number) for number in paths.lists_of(2 * paths.LISTED + 1)] == [
        *("index.html", "list/2/index.html", "list/3/index.html"),
    ]
    assert [len(paths.lists_of(count)) for count in (0, 1, paths.LISTED, paths.LISTED + 1)] == [1, 1, 1, 2]


def test_older_manifests_name_no_pages_for_people() -> None:
    """They are there since 1.4."""
    new = {*paths.written({}, ["demo"], (), [("base", "demo")], minor=4)}
    new -= paths.written({}, ["demo"], (), [("base", "demo")], minor=3)
    assert new == {"project/demo/index.html", "request/base--demo/index.html", "search.js"}
