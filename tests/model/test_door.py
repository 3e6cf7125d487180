"""The door for manifests: what names anything that this tool does not write is refused, with the name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pypi_subset.errors import SubsetError
from pypi_subset.model import door
from pypi_subset.model.documents import parse
from pypi_subset.model.door import decode, require_readable
from pypi_subset.model.manifest import Manifest
from pypi_subset.support import bounds
from tests.support.programs.ending import ending
from tests.support.stages.manifests import WHEEL, document

if TYPE_CHECKING:
    from collections.abc import Callable

_Made = dict[str, Any]


def read(made: _Made) -> Manifest:
    """Return *made* as it comes through the door."""
    return decode(json.dumps(made).encode(), path=Path("manifest.json"), next_step="do not trust that site")


def page(*paths: str) -> Callable[[_Made], object]:
    """Return a change that lets the manifest name pages."""
    return lambda made: made["pages"].update(dict.fromkeys(paths, "f" * 64))


def wheel(**fields: object) -> Callable[[_Made], object]:
    """Return a change of the wheel's entry."""
    return lambda made: made["files"][1].update(fields)


def renamed(filename: str, **fields: object) -> Callable[[_Made], object]:
    """Return a change of the wheel's file name, with the path that belongs to it."""
    return wheel(filename=filename, path=f"simple/my-lib/{filename}", **fields)


def project(name: str) -> Callable[[_Made], object]:
    """Return a change of the wheel's project, in every field."""
    filename = f"{name.replace('-', '_')}-1.0-py3-none-any.whl"
    return wheel(filename=filename, path=f"simple/{name}/{filename}", project=name, version="1.0")


def again(**fields: object) -> Callable[[_Made], object]:
    """Return a change that adds the wheel's entry once more."""
    return lambda made: made["files"].append({**made["files"][1], **fields})


def gap(**fields: str) -> Callable[[_Made], object]:
    """Let the set leave out its first request, with other *fields*."""

    def change(made: _Made) -> None:
        own = made["sets"][0]
        usual = {"requirement": own["requests"][0]["requirement"], "target": own["targets"][0], "project": "app"}
        facts = {"why": "no wheel fits", "reason": "known", "until": "9999-12-31"}
        own["gaps"] = [{**usual, **facts, **fields}]

    return change


def closure(**fields: str) -> Callable[[_Made], object]:
    """Return a change of the one closure."""
    return lambda made: made["closures"][0].update(fields)


def other(path: str, *, page: str = "f" * 64, size: int = 1) -> Callable[[_Made], object]:
    """Return a change that adds another file; *page* is its hash among pages, empty for none."""

    def change(made: _Made) -> None:
        made.setdefault("other_files", []).append({"path": path, "size": size, "sha256": "f" * 64})
        if page:
            made["pages"][path] = page

    return change


STRANGE = "which no site with these projects, sets and targets has"
#: Every kind of path that leads elsewhere, or to a file that something else obeys.
PATHS = (
    *("../mine.txt", "simple/../../mine.txt", "/etc/passwd", "//host/share", "C:/mine.txt", "C:mine.txt", "~/mine.txt"),
    *("..\\mine.txt", "simple\\index.html", "", ".", "./index.html", "simple//index.html", "simple/", "index.html/"),
    *(".git/config", ".git/hooks/pre-commit", ".bashrc", "simple/.git/config", ".gitattributes", ".env", ".htaccess"),
    *(".github/workflows/run.yml", ".vscode/tasks.json", ".publishing", "simple/my-lib/.htaccess", "locks/.htaccess"),
    *(
        "con",
        "simple/nul",
        "index.html:stream",
        "index.html ",
        "index.html.",
        "index.html\n",
        "index.html\0",
        "Index.html",
    ),
    *(
        "\uff49ndex.html",
        "s\u0131mple/index.html",
        "simple/my-lib/index.html\u200b",
        "proof/report.json",
        "proof/index.html",
    ),
    *("manifest.json", "README.md", "release.json", "Makefile", "tasks.py", "setup.py", "index.html/x", "sw.js"),
    *("simple/other/index.html", "simple/my_lib/index.html", "simple-json/my-lib/index.v1_json", "find-links.html.gz"),
    *(
        "docs",
        "docs/",
        "docs/.htaccess",
        "docs/../index.html",
        "docs/a//b",
        "docs/a.",
        "docs/nul.html",
        "docs/a b",
        "Docs/a",
    ),
    *("files/a", "files/index.html", "files/python/downloads.json"),
    *("targets/win/simple/index.html", "targets/linux/index.html", "targets/linux/simple/other/index.html"),
    *("locks/pylock.base--win.toml", "locks/pylock.other--linux.toml", "locks/base--linux.txt", "hosts/evil.conf"),
    *(WHEEL, f"{WHEEL}.metadata", "simple/my-lib/other-1.0-py3-none-any.whl", "packages/my_lib-1.0-py3-none-any.whl"),
)


@pytest.mark.parametrize("path", PATHS)
def test_a_path_that_no_site_has_is_refused(path: str) -> None:
    """The error names it, escaped, in one line."""
    made = document()
    page(path)(made)
    with pytest.raises(SubsetError) as raised:
        read(made)
    assert f"the manifest is refused: it names {path!r}, {STRANGE}; do not trust" in str(raised.value)
    assert str(raised.value).isprintable()


REFUSED: dict[str, tuple[Callable[[_Made], object], str]] = {
    "path elsewhere": (wheel(path="simple/app/my_lib-1.0+a-py3-none-any.whl"), "is not where"),
    "name of a page": (renamed("index.html"), "is not the name of a distribution"),
    "name of settings": (renamed("setup.cfg"), "is not the name of a distribution"),
    "other project": (renamed("other-1.0+a-py3-none-any.whl"), "is not the name of a distribution of 'my-lib'"),
    "other version": (renamed("my_lib-2.0-py3-none-any.whl"), "is not the name of a distribution of 'my-lib' '1.0+a'"),
    "version as written": (renamed("my_lib-1.0.0+A-py3-none-any.whl", version="1.0.0+A"), "is not the name"),
    "no version": (renamed("my_lib-x-py3-none-any.whl", version="x"), "is not the name of a distribution"),
    "metadata as a file": (renamed("my_lib-1.0+a-py3-none-any.whl.metadata"), "is not the name of a distribution"),
    "too few parts": (renamed("my_lib-1.0+a.whl"), "is not the name of a distribution"),
    "too many parts": (renamed("my_lib-1.0+a-1-2-py3-none-any.whl"), "is not the name of a distribution"),
    "device": (project("nul"), "'nul' is no name of a directory on Windows"),
    "device with a number": (project("com1"), "'com1' is no name of a directory on Windows"),
    "the same file": (again(), "are one file on some systems"),
    "other case": (
        again(filename="My_Lib-1.0+a-py3-none-any.whl", path="simple/my-lib/My_Lib-1.0+a-py3-none-any.whl"),
        "are one file on some systems",
    ),
    "target twice": (lambda made: made["targets"].append(made["targets"][0]), "a set or a target stands there twice"),
    "set twice": (lambda made: made["sets"].append(made["sets"][0]), "a set or a target stands there twice"),
    "set for no target": (lambda made: made["sets"][0].update(targets=["linux", "win"]), "a set of it is for 'win'"),
    "gap of no request": (gap(requirement="other"), "a gap of 'base' is none of its requests"),
    "gap elsewhere": (gap(target="win"), "a gap of 'base' is none of its requests"),
    "needed elsewhere": (lambda made: made["files"][1]["needed_by"][0].update(target="win"), "which it does not have"),
    "needed by no set": (lambda made: made["files"][1]["needed_by"][0].update(set="other"), "which it does not have"),
    "no closures": (lambda made: made.pop("closures"), "its closures are not one for each set on each of its targets"),
    "closure twice": (lambda made: made["closures"].append(made["closures"][0]), "are not one for each set"),
    "closure of no set": (closure(set="other"), "are not one for each set"),
    "closure elsewhere": (closure(target="win"), "are not one for each set"),
    "pin of no file": (closure(pins="0-2"), "the list '0-2' is none of numbers from 0 to 1"),
    "pins without end": (closure(pins="0-99999999"), "is none of numbers from 0 to 1"),
    "no such edge": (closure(edges="2"), "is none of numbers from 0 to 1"),
    "edge twice": (lambda made: made["edges"].append(made["edges"][1]), "its edges are not sorted, or one stands"),
    "edges in disorder": (lambda made: made["edges"].reverse(), "its edges are not sorted, or one stands there twice"),
    "more than a disk": (
        lambda made: made["files"].extend(
            {**made["files"][0], "filename": f"app-2.0-{n}-py3-none-any.whl", "size": 1 << 40}
            | {"path": f"simple/app/app-2.0-{n}-py3-none-any.whl"}
            for n in range(1100)
        ),
        "larger than any disk",
    ),
    "other file hidden": (other("files/.htaccess"), "'files/.htaccess' is no path of another file"),
    "other file elsewhere": (other("files/../index.html"), "'files/../index.html' is no path of another file"),
    "other file as a page": (other("files/index.html"), "'files/index.html' is no path of another file"),
    "other file of two hashes": (other("files/a", page="e" * 64), "'files/a' has one hash among other files and"),
    "other file on no page": (other("files/a", page=""), "'files/a' has one hash among other files and another one"),
    "other file in two cases": (
        lambda made: [other(path)(made) for path in ("files/a", "files/A")],
        "are one file on some systems",
    ),
    "other file as a directory": (
        lambda made: [other(path)(made) for path in ("files/a", "files/a/b")],
        "is a file and a directory",
    ),
    "other files larger than a disk": (
        lambda made: [other(f"files/{n}", size=1 << 40)(made) for n in range(1100)],
        "larger than any disk",
    ),
    "long name": (page("x" * 100_000), "x…', which no site"),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_does_not_fit_together_is_refused(what: str) -> None:
    """Names, paths, projects, versions, sets, targets and sizes."""
    change, words = REFUSED[what]
    made = document()
    change(made)
    with pytest.raises(SubsetError) as raised:
        read(made)
    assert words in str(raised.value)
    assert len(str(raised.value)) < 1000


def test_a_gap_of_a_request_comes_through() -> None:
    """It is one of the set, for a target of the set."""
    made = document()
    gap()(made)
    (left,) = read(made).sets[0].gaps or ()
    assert left.reason == "known"


def test_what_mirror_writes_comes_through() -> None:
    """With a build tag, as an sdist in a ZIP file, and with a name that is spelled otherwise than normalized."""
    made = document()
    made["files"][1] |= {
        "filename": "My.Lib-1.0+a-1-py3-none-any.whl",
        "path": "simple/my-lib/My.Lib-1.0+a-1-py3-none-any.whl",
    }
    made["files"][0] |= {"filename": "app-2.zip", "path": "simple/app/app-2.zip", "version": "2"}
    assert read(made).hashes.keys() > made["pages"].keys()


def test_other_files_have_pages() -> None:
    """With other files, the site has their page and the list of archives as well; the hashes are those of pages."""
    made = document()
    other("files/models/a.onnx")(made)
    page("files/index.html", "files/python/downloads.json")(made)
    found = read(made)
    assert found.hashes.keys() > {"files/models/a.onnx", "files/index.html", "files/python/downloads.json"}
    (one,) = found.other_files or ()
    assert (one.path, one.sha256) == ("files/models/a.onnx", found.hashes["files/models/a.onnx"])


def test_a_manifest_before_1_5_has_no_closures() -> None:
    """One of 1.4 is read without them, and one of 1.5 is not."""
    older = {name: value for name, value in document().items() if name not in {"edges", "closures"}}
    assert read(older | {"schema": "1.4"}).closures == ()
    with pytest.raises(SubsetError, match="its closures are not one for each set on each of its targets"):
        read(older)


def test_the_list_of_paths_belongs_to_the_schema() -> None:
    """1.0 had no scripts; of a later minor version, a known path is read and an unknown one needs an upgrade."""
    made = document()
    assert "page.js" in read(made).pages
    with pytest.raises(SubsetError, match=r"it names 'page\.js', which no site"):
        read(made | {"schema": "1.0"})
    with pytest.raises(SubsetError, match=r"it names 'page\.js', which no site"):
        read(made | {"schema": 1})
    assert read(made | {"schema": "1.9"}) == read(made)
    for path in ("search.js", "project/my-lib/index.html", "request/base--app/index.html"):
        page(path)(made)
        assert path in read(made).pages
        with pytest.raises(SubsetError, match=rf"it names '{path}', which no site"):
            read(made | {"schema": "1.3"})
        del made["pages"][path]
    page("search/index.html")(made)
    with pytest.raises(SubsetError, match=r"1\.9 and names 'search/index.html', .* does not know; upgrade pypi-subset"):
        read(made | {"schema": "1.9"})


def test_a_manifest_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not decoded, and 10,000 files are well below the bound."""
    monkeypatch.setattr(bounds, "LARGEST_DOCUMENT", 100)
    with pytest.raises(SubsetError, match="the manifest has more than 100 bytes"):
        read(document())


def test_what_is_built_is_held_to_the_same_rules() -> None:
    """A manifest that no reader would take is never written."""
    made = document()
    project("aux")(made)
    with pytest.raises(
        SubsetError, match="'aux' is no name of a directory on Windows; leave that out of requirements/"
    ):
        require_readable(parse(json.dumps(made), Manifest))


def test_the_door_is_quick() -> None:
    """Ten thousand files are checked in a moment: every command reads the manifest."""
    made = document()
    for number in range(10_000):
        name = f"p{number}"
        filename = f"{name}-1.{number}-py3-none-any.whl"
        entry = {"filename": filename, "path": f"simple/{name}/{filename}", "project": name, "version": f"1.{number}"}
        made["files"].append(made["files"][0] | entry)
    whole = parse(json.dumps(made), Manifest)
    with ending():
        door.check(whole, minor=1, own=1)
