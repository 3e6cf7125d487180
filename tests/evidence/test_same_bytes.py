"""The comparison of two sites: each kind of difference is found, and a listed schema number is the only exception."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.evidence.same_bytes.cases import CASES, CHANGED, FIRST, REMOVED, Case, Edit
from tests.evidence.same_bytes.compare import LINES, Allowed, compare, span

if TYPE_CHECKING:
    from pathlib import Path

PAGE, WHEEL, MANIFEST = "simple/lib/index.html", "simple/lib/lib-1.0-py3-none-any.whl", "manifest.json"
DOCUMENT = {"files": {"schema": 1}, "note": 'a "schema": 1 {of text}', "schema": 1, "targets": [{"schema": 1}]}
NUMBER = Allowed(MANIFEST, "/schema", "1", '"1.0"')


@pytest.fixture
def sites(tmp_path: Path) -> tuple[Path, Path]:
    """Return two equal sites."""
    before, after = tmp_path / "before", tmp_path / "after"
    (before / "simple" / "lib").mkdir(parents=True)
    (before / PAGE).write_text("<h1>lib</h1>\n<p>é</p>\n", encoding="utf-8")
    (before / WHEEL).write_bytes(b"PK\x03\x04\xff\xfe")
    (before / MANIFEST).write_text(json.dumps(DOCUMENT, indent=1) + "\n", encoding="utf-8")
    (before / ".nojekyll").touch()
    (before / "newest").symlink_to(PAGE)
    shutil.copytree(before, after, symlinks=True)
    return before, after


def test_equal_trees_are_identical(sites: tuple[Path, Path]) -> None:
    """Every file counts once, hidden ones too; directories and links do not count."""
    found = compare(*sites)
    assert (found.files, found.allowed, found.differences) == (4, (), ())


def test_a_changed_byte_in_text_shows_the_lines(sites: tuple[Path, Path]) -> None:
    """The difference has a unified diff."""
    (sites[1] / PAGE).write_text("<h1>lib</h1>\n<p>e</p>\n", encoding="utf-8")
    found = compare(*sites)
    (one,) = found.differences
    assert (found.files, one.path) == (3, PAGE)
    assert {"-<p>é</p>", "+<p>e</p>"} <= set(one.excerpt)


def test_a_changed_line_end_is_a_difference(sites: tuple[Path, Path]) -> None:
    """Lines that look the same in a diff have other bytes."""
    (sites[1] / PAGE).write_bytes((sites[0] / PAGE).read_bytes().replace(b"\n", b"\r\n"))
    assert [one.path for one in compare(*sites).differences] == [PAGE]


def test_an_excerpt_is_short(sites: tuple[Path, Path]) -> None:
    """A page with many changed lines shows the first ones."""
    (sites[1] / PAGE).write_text("".join(f"{number}\n" for number in range(100)), encoding="utf-8")
    (one,) = compare(*sites).differences
    assert len(one.excerpt) == LINES


def test_a_changed_byte_in_a_wheel_is_a_difference(sites: tuple[Path, Path]) -> None:
    """Bytes that are no text have no excerpt."""
    (sites[1] / WHEEL).write_bytes(b"PK\x03\x04\xff\xff")
    (one,) = compare(*sites).differences
    assert (one.path, one.excerpt) == (WHEEL, ())


def test_a_missing_file_is_a_difference(sites: tuple[Path, Path]) -> None:
    """What only the old site has is named."""
    (sites[1] / ".nojekyll").unlink()
    assert [(one.path, one.what) for one in compare(*sites).differences] == [(".nojekyll", "missing after")]


def test_an_additional_file_is_a_difference(sites: tuple[Path, Path]) -> None:
    """What only the new site has is named."""
    (sites[1] / "simple" / ".left").touch()
    assert [(one.path, one.what) for one in compare(*sites).differences] == [("simple/.left", "additional after")]


def test_an_additional_empty_directory_is_a_difference(sites: tuple[Path, Path]) -> None:
    """A directory counts although it has no bytes."""
    (sites[1] / "proof").mkdir()
    assert [one.path for one in compare(*sites).differences] == ["proof"]


@pytest.mark.parametrize("path", [WHEEL, "simple/lib"])
def test_another_mode_is_a_difference(sites: tuple[Path, Path], path: str) -> None:
    """A web server reads as another user, so a mode is a part of the result."""
    (sites[0] / path).chmod(0o755)
    (sites[1] / path).chmod(0o700)
    (one,) = compare(*sites).differences
    assert one.path == path
    assert "rwxr-xr-x before" in one.what
    assert "rwx------ after" in one.what


def test_another_type_is_a_difference(sites: tuple[Path, Path]) -> None:
    """A link to the same bytes is no file."""
    (sites[1] / PAGE).rename(sites[1] / "page")
    (sites[1] / PAGE).symlink_to(sites[1] / "page")
    (sites[0] / "page").write_bytes((sites[0] / PAGE).read_bytes())
    assert [one.path for one in compare(*sites).differences] == [PAGE]


def test_another_link_target_is_a_difference(sites: tuple[Path, Path]) -> None:
    """The target of a symbolic link is its content."""
    (sites[1] / "newest").unlink()
    (sites[1] / "newest").symlink_to(WHEEL)
    assert [one.path for one in compare(*sites).differences] == ["newest"]


def test_a_listed_schema_number_may_differ(sites: tuple[Path, Path]) -> None:
    """The file passes, and is counted apart."""
    _put(sites[1], DOCUMENT | {"schema": "1.0"})
    found = compare(*sites, [NUMBER])
    assert (found.files, found.allowed, found.differences) == (3, (MANIFEST,), ())


def test_a_number_that_nobody_listed_is_a_difference(sites: tuple[Path, Path]) -> None:
    """Without a row, the same change fails."""
    _put(sites[1], DOCUMENT | {"schema": "1.0"})
    assert [one.path for one in compare(*sites).differences] == [MANIFEST]


@pytest.mark.parametrize(
    "document",
    [
        DOCUMENT | {"schema": "1.3"},
        DOCUMENT | {"schema": "1.0", "files": {"schema": "1.0"}},
        DOCUMENT | {"files": {"schema": "1.0"}},
        DOCUMENT | {"schema": "1.0", "note": ""},
        dict(reversed((DOCUMENT | {"schema": "1.0"}).items())),
    ],
    ids=["another number", "and at another pointer", "at another pointer alone", "and other text", "other key order"],
)
def test_a_listed_number_excuses_nothing_else(sites: tuple[Path, Path], document: dict[str, object]) -> None:
    """Any change but the listed one fails, with the listed one or without."""
    _put(sites[1], document)
    assert [one.path for one in compare(*sites, [NUMBER]).differences] == [MANIFEST]


def test_a_listed_number_is_for_one_file(sites: tuple[Path, Path]) -> None:
    """The same pointer in another file is not excused."""
    for side, number in zip(sites, (1, "1.0"), strict=True):
        (side / "report.json").write_text(json.dumps({"schema": number}), encoding="utf-8")
    assert [one.path for one in compare(*sites, [NUMBER]).differences] == ["report.json"]


def test_a_span_is_that_of_the_pointer() -> None:
    """Keys in strings, in arrays and at other depths do not count."""
    text = json.dumps(DOCUMENT, indent=1)
    found = span(text, "/schema")
    assert found is not None
    assert text[: found[0]].endswith('{of text}",\n "schema": ')
    assert text[slice(*found)] == "1"
    assert span(text, "/files/schema") == (text.index("1"), text.index("1") + 1)
    assert span(text, "/targets/schema") is None
    assert span("{}", "/schema") is None
    assert span('["schema", 1]', "/schema") is None


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_each_state_asks_for_something_else(case: Case) -> None:
    """The edits fit the requirements that they change."""
    states = [case.texts(state) for state in (FIRST, CHANGED, REMOVED)]
    assert all(states[0] != other for other in states[1:])


def test_an_edit_that_does_not_fit_is_an_error(tmp_path: Path) -> None:
    """A case in which nothing changes would compare the same site twice."""
    (tmp_path / "base.txt").write_text("tqdm\ntqdm\n", encoding="utf-8")
    for old in ("tqdm\n", "rich\n"):
        edits = {CHANGED: Edit("base.txt", old, None)}
        case = Case(name="one", requirements=tmp_path, edits=edits, files=1, targets=1)
        with pytest.raises(ValueError, match="not once"):
            case.texts(CHANGED)


def _put(site: Path, document: dict[str, object]) -> None:
    (site / MANIFEST).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
