"""Where files come from, and the tree that they make."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.standalone.errors import Refused
from pypi_subset.standalone.importer.home import Home, Shelf
from pypi_subset.standalone.importer.records import Checked
from pypi_subset.standalone.importer.state import FIRST_STATE, State
from pypi_subset.standalone.importer.tree import Sources, Tree, graced, release_page, strangers
from tests.support.gap.releases import files_of
from tests.support.sites.handwritten import sha256

if TYPE_CHECKING:
    from pathlib import Path


def home_with(root: Path, **files: str) -> Home:
    """Return a directory whose live site has *files*, and a record of them under the serial 1."""
    (root / "site").mkdir(parents=True)
    for name, text in files.items():
        (root / "site" / name).write_text(text)
    home = Home(str(root))
    (root / "releases").mkdir()
    (root / "incoming").mkdir()
    return home


UNSIGNED = {"signer": "", "key": "", "created": "", "imported": "", "overrides": []}
LIVE = {"serial": 1, "manifest": "0" * 64, **UNSIGNED}


def test_files_come_from_blobs_the_site_and_kept_releases(tmp_path: Path) -> None:
    """A blob comes first, then the same path, then any path of any release with the bytes."""
    home = home_with(tmp_path, a="A", b="B")
    (tmp_path / "releases/0").mkdir()
    (tmp_path / "releases/0/c").write_text("C")
    (tmp_path / "incoming" / sha256(b"D")).write_text("D")
    home.save_record({"a": (sha256(b"A"), 1, 0), "b": (sha256(b"B"), 1, 0)}, Checked())
    (tmp_path / "incoming/record.json").rename(tmp_path / "releases/1.json")
    state = State({**FIRST_STATE, "live": LIVE, "releases": [{**LIVE, "serial": 0}]})
    sources = Sources(home, state, {sha256(b"D")}, trust=False)
    wanted = {"a": sha256(b"A"), "x/moved": sha256(b"B"), "c": sha256(b"C"), "d": sha256(b"D"), "e": sha256(b"D")}
    found = sources.find(wanted)
    assert {path: source and source[1] for path, source in found.items()} == {
        "a": "a",
        "x/moved": "b",
        "c": "c",
        "d": None,
        "e": None,
    }
    record = Tree(home, sources).build(found, wanted)
    assert files_of(tmp_path / "incoming/next") == wanted
    assert {path: known[0] for path, known in record.items()} == wanted
    looks = Shelf(home.next, {}).looks
    assert {path: known[1:] for path, known in record.items()} == looks
    assert (tmp_path / "incoming/next/d").stat().st_ino != (tmp_path / "incoming/next/e").stat().st_ino
    with pytest.raises(Refused, match=r"^1 files are neither in the bundle nor here, e.g. z; import a full bundle$"):
        sources.find({"z": "0" * 64})
    with pytest.raises(Refused, match=r"^1 files of the site have other bytes than they should, e.g. a;"):
        sources.find({"a": "0" * 64})


def test_gone_distributions_stay_for_a_while(tmp_path: Path) -> None:
    """Only distributions stay; pages do not, and neither does what no import placed."""
    home = home_with(tmp_path, page="P")
    for name in ("simple/a/a.whl", "simple/a/index.html", "simple/a/foreign.whl"):
        (tmp_path / "site" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "site" / name).write_text(name)
    digest = sha256(b"simple/a/a.whl")
    home.save_record(dict.fromkeys(("simple/a/a.whl", "simple/a/index.html", "page"), (digest, 1, 0)), Checked())
    (tmp_path / "incoming/record.json").rename(tmp_path / "releases/1.json")
    sources = Sources(home, State({**FIRST_STATE, "live": LIVE}), set(), trust=True)
    lines: list[str] = []
    assert [one["path"] for one in graced(sources, {}, 1, lines.append)] == ["simple/a/a.whl"]
    assert graced(sources, {"simple/a/a.whl": ""}, 1, lines.append) == []
    assert graced(sources, {}, 0, lines.append) == []
    assert lines == []
    assert strangers(sources, {}) == ["simple/a/foreign.whl"]


def test_page_is_small_and_needs_no_script() -> None:
    """The page fits into the front page of a site."""
    release = {
        "serial": 3,
        "manifest": "0" * 64,
        "signer": "",
        "key": "",
        "created": "then",
        "imported": "now",
        "overrides": ["unsigned", "expired"],
    }
    text = release_page(release).decode()
    assert "<td>unsigned, expired</td>" in text
    assert "<td>unknown</td>" in text
    assert "<td>none</td>" in text
    assert len(text) < 2000
