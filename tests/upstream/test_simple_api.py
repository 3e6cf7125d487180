"""Reading what an index offers: HTML and JSON pages, directories, and several sources at once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urljoin, urlsplit

import pytest
from packaging.utils import canonicalize_name

from pypi_subset.errors import HashMismatch
from pypi_subset.support import bounds
from pypi_subset.upstream.checks import merge
from pypi_subset.upstream.places.entries import parsed_name
from pypi_subset.upstream.simple_api import from_folder, read_page
from tests.support.programs.ending import ending

if TYPE_CHECKING:
    from packaging.tags import Tag
    from packaging.version import Version

    from pypi_subset.model.candidates import Candidate

APP = canonicalize_name("app")
PAGE = "https://index.example/simple/app/"
JSON = "application/vnd.pypi.simple.v1+json; charset=utf-8"

#: Two hashes; an index may write them in large letters.
A, B = "AB" * 32, "cd" * 32


def html(*anchors: str, head: str = "") -> tuple[Candidate, ...]:
    """Return what an HTML page with these anchors offers of ``app``."""
    text = f"<!DOCTYPE html><html><head>{head}</head><body>{''.join(anchors)}</body></html>"
    return read_page(text, content_type="text/html", url=PAGE, project=APP)


def from_json(**entry: object) -> Candidate:
    """Return what a JSON page with one file offers of ``app``."""
    whole = {"filename": "app-1.0-py3-none-any.whl", "url": "app-1.0-py3-none-any.whl", "hashes": {}} | entry
    (candidate,) = read_page(json.dumps({"files": [whole]}), content_type=JSON, url=PAGE, project=APP)
    return candidate


def test_html_attributes() -> None:
    """Hash, Requires-Python, yank, metadata hash and the non-standard size and time are read and unescaped."""
    (candidate,) = html(
        f'<a href="../../f/app-1.0%2Bcpu-py3-none-any.whl#egg=app&sha256={A}" data-requires-python="&gt;=3.8,&lt;4"'
        f' data-yanked="bad &amp; ugly" data-core-metadata="sha256={B}" data-size="12"'
        ' data-upload-time="2024-01-02T03:04:05Z">app</a>'
    )
    one = candidate.distribution
    assert one.filename == "app-1.0+cpu-py3-none-any.whl"
    assert str(one.version) == "1.0+cpu"
    assert one.url == "https://index.example/f/app-1.0%2Bcpu-py3-none-any.whl"
    assert (one.sha256, one.size, one.upload_time) == (A.lower(), 12, "2024-01-02T03:04:05Z")
    assert (one.requires_python, one.yanked) == (">=3.8,<4", "bad & ugly")
    assert candidate.metadata == B


def test_html_without_attributes() -> None:
    """Facts that a page does not state are unknown, never invented."""
    (candidate,) = html('<a href="app-1.0-py3-none-any.whl">app</a>')
    one = candidate.distribution
    assert (one.sha256, one.size, one.upload_time, one.requires_python, one.yanked) == (None,) * 5
    assert candidate.metadata is None
    assert candidate.hashes == ()


@pytest.mark.parametrize(
    ("attribute", "metadata"), [("data-core-metadata", ""), ("data-dist-info-metadata=true", ""), ("", None)]
)
def test_metadata_that_is_merely_promised(attribute: str, metadata: str | None) -> None:
    """``true``, or an attribute without a value, promises metadata without a hash (PEP 658, 714)."""
    (candidate,) = html(f'<a href="app-1.0-py3-none-any.whl" {attribute}>app</a>')
    assert candidate.metadata == metadata


def test_a_bare_yanked_attribute_is_a_yank() -> None:
    """``data-yanked`` without a value is a yank without a reason (PEP 592), though pip overlooks it."""
    (candidate,) = html('<a href="app-1.0-py3-none-any.whl" data-yanked>app</a>')
    assert candidate.distribution.yanked == ""


def test_a_base_shifts_relative_links() -> None:
    """A page's ``<base>`` is where its relative links start."""
    (candidate,) = html('<a href="app-1.0-py3-none-any.whl">app</a>', head='<base href="https://files.example/x/">')
    assert candidate.distribution.url == "https://files.example/x/app-1.0-py3-none-any.whl"


def test_the_first_base_counts_for_all_links() -> None:
    """A ``<base>`` holds for the links before it too, and a second one means nothing, as in HTML and for pip."""
    names = [f"app-{one}.0-py3-none-any.whl" for one in (1, 2)]
    first, second = (f'<a href="{name}">app</a>' for name in names)
    found = html(first, '<base href="../x/"><base href="https://other.example/">', second)
    assert [one.distribution.url for one in found] == [f"https://index.example/simple/x/{name}" for name in names]


@pytest.mark.parametrize("kind", ["text/html", JSON])
def test_links_start_at_no_long_address(kind: str) -> None:
    """Thousands of links that start at a long address would take a time that grows with both."""
    long = "x/" * bounds.LONGEST_BASE
    text = '{"files": []}' if kind == JSON else f'<base href="{long}">'
    with pytest.raises(ValueError, match="more than 1,000 characters"):
        read_page(text, content_type=kind, url=f"https://h/{long}" if kind == JSON else "https://h/", project=APP)
    (candidate,) = read_page('<a href="app-1.0.zip">', content_type="text/html", url=f"https://h/a?{long}", project=APP)
    assert candidate.distribution.url == "https://h/app-1.0.zip"


def test_bases_are_read_in_linear_time() -> None:
    """Very many of them take no time that grows with the square of their number, here or in the proof."""
    with ending():
        assert html('<base href="x/">' * 100_000) == ()


@pytest.mark.parametrize(
    "url",
    [
        "https://me:p'S3CRET@h/app.whl",
        "https://h/app.whl?s='S3CRET",
        'https://h/app.whl?s="<S3CRET>',
        "//u:'S3CRET@h/a",
    ],
)
def test_no_character_keeps_a_secret(url: str) -> None:
    """Passwords and queries may hold what ends a URL in a sentence; they are kept for fetching alone."""
    one = from_json(url=url)
    assert "S3CRET" not in f"{one!r} {one.distribution}"
    assert "S3CRET" in (one.at() or "")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({"url": "http://u:S3CRET@h/\ud800/app.whl"}, "a link is no URL"),
        ({"url": "//u:S3CRET\u2100@h/app.whl"}, "a link is no URL"),
        ({"url": "//[S3CRET/app.whl"}, "a link is no URL"),
        ({"requires-python": f">=3.{'9' * 5000}"}, "a number of more than 300 digits"),
    ],
)
def test_what_a_page_cannot_say(entry: dict[str, str], said: str) -> None:
    """An address that is none and a number that `int` refuses are faults of the entry, and are not shown."""
    fault = from_json(**entry).fault
    assert said in str(fault)
    assert "S3CRET" not in repr(fault)


def test_files_of_others_are_passed_over() -> None:
    """Eggs, installers, signatures, broken names and other projects' files are no offers; sdists are, without tags."""
    names = ["app-1.0.egg", "app-1.0.exe", "app-1.0-py3-none-any.whl.asc", "foo.whl", "other-1.0.tar.gz", "app-1.0.zip"]
    candidates = html(*(f'<a href="{name}">{name}</a>' for name in names))
    assert [(candidate.distribution.filename, candidate.tags) for candidate in candidates] == [("app-1.0.zip", None)]


@pytest.mark.parametrize(("stated", "kept"), [(False, None), (True, ""), ("", None), ("broken", "broken")])
def test_json_yanks(stated: object, kept: str | None) -> None:
    """``true`` or a reason is a yank; ``false`` is none, nor is the empty string that the standard forbids."""
    assert from_json(yanked=stated).distribution.yanked == kept


@pytest.mark.parametrize(
    ("key", "stated", "kept"),
    [
        ("core-metadata", {"sha256": A}, A.lower()),
        ("core-metadata", True, ""),
        ("core-metadata", False, None),
        ("dist-info-metadata", {"sha256": A}, A.lower()),
    ],
)
def test_json_metadata(key: str, stated: object, kept: str | None) -> None:
    """Either name of the key is understood (PEP 714)."""
    assert from_json(**{key: stated}).metadata == kept


def test_credentials_are_left_out() -> None:
    """User and password of the page's address reach neither the file's URL nor the source."""
    text = json.dumps({"files": [{"filename": "app-1.0-py3-none-any.whl", "url": "x.whl", "hashes": {}}]})
    (candidate,) = read_page(text, content_type=JSON, url="https://me:secret@index.example/simple/app/", project=APP)
    assert "secret" not in f"{candidate.distribution.url} {candidate.source}"
    assert candidate.distribution.url == "https://index.example/simple/app/x.whl"


def test_a_query_is_for_fetching_alone() -> None:
    """The query of a signed address is kept to fetch by, and stands in nothing that is written, shown or compared."""
    (one,) = html(f'<a href="https://cdn.example/app-1.0-py3-none-any.whl?sig=s3cret#sha256={A}">app</a>')
    assert one.distribution.url == "https://cdn.example/app-1.0-py3-none-any.whl"
    assert one.at() == "https://cdn.example/app-1.0-py3-none-any.whl?sig=s3cret"
    assert one.at(".metadata") == "https://cdn.example/app-1.0-py3-none-any.whl.metadata?sig=s3cret"
    assert "s3cret" not in repr(one)
    (plain,) = html('<a href="https://cdn.example/app-1.0-py3-none-any.whl">app</a>')
    assert (plain.address, plain.key) == (None, one.key)
    other = from_json(
        filename="app-2.0-py3-none-any.whl", url="https://cdn.example/get?id=2", provenance="https://p.example/a?b=c"
    )
    first = from_json(url="https://cdn.example/get?id=1")
    assert first.key != other.key
    assert other.distribution.provenance == "https://p.example/a"


@pytest.mark.parametrize(
    "wrong",
    ["abc", A + "0", "", "g" * 64, f"{A[:-1]}\n", f"{A} --index-url=http://evil.example", "\u0661" * 64, 5, None],
)
def test_a_sha256_is_one(wrong: object) -> None:
    """An entry with anything else cannot be taken: it would stand in locks, and in lines for pip."""
    entries: list[dict[str, object]] = [{"hashes": {"sha256": wrong}}]
    entries += [{"core-metadata": {"sha256": wrong}}] if wrong else []
    for one in (from_json(**entry) for entry in entries):
        assert "a sha256 has 64 hexadecimal digits" in str(one.fault)
        assert (one.hashes, one.distribution.sha256, one.distribution.url) == ((), None, None)


def test_a_folder_is_an_offer() -> None:
    """A directory's files are offered by path, sorted, without a URL."""
    paths = [Path("w", name) for name in ("app-2.0-py3-none-any.whl", "app-1.0-py3-none-any.whl", "other-1.0.zip")]
    candidates = from_folder(paths, source="w", project=APP)
    assert [(candidate.path, candidate.distribution.url) for candidate in candidates] == [
        (paths[1], None),
        (paths[0], None),
    ]


def test_the_first_source_wins() -> None:
    """The same file from two sources is one candidate, the first; other files are added."""
    first, second = from_json(hashes={"sha256": A}), from_json(hashes={"sha256": A}, url="https://b.example/x")
    third = from_json(filename="app-2.0-py3-none-any.whl")
    assert merge([(first,), (second, third)]) == (first, third)


def test_two_contents_are_a_fault() -> None:
    """The fault names file, both hashes and both sources."""
    first, second = from_json(hashes={"sha256": A}), from_json(hashes={"sha256": B, "md5": "c"})
    (one,) = merge([(first,), (second,)])
    assert isinstance(one.fault, HashMismatch)
    assert f"app-1.0-py3-none-any.whl has two contents: sha256 {A.lower()} on " in one.fault.what
    assert f", {B} on" in one.fault.what
    left_out: list[Candidate] = []
    assert merge([(first,), (second,)], left_out=left_out.append)[0].fault is None
    assert left_out == [second]


@pytest.mark.parametrize(
    "name",
    ["app-1.0-1\nx-py3-none-any.whl", "app-1.0-1é-py3-none-any.whl", "app-1.0-1/../../x-py3-none-any.whl", "a" * 300],
)
def test_names_that_are_no_names(name: str) -> None:
    """A name with anything that could become a path, a line or a link is no candidate."""
    page = json.dumps({"files": [{"filename": name, "url": "x.whl", "hashes": {}}]})
    assert read_page(page, content_type=JSON, url=PAGE, project=APP) == ()


def test_facts_that_nobody_can_read() -> None:
    """A size in words, a time of day, hashes of unknown kinds and broken text are left out, not believed."""
    one = from_json(
        **{
            "size": "12",
            "upload-time": "yesterday",
            "requires-python": 5,
            "hashes": {"sha256": A, "md5": "x", "shake_128": "x", "blake3": "y"},
            "yanked": "bad \ud800",
        }
    )
    known = one.distribution
    assert (known.size, known.upload_time, known.requires_python) == (None, None, None)
    assert (known.sha256, one.hashes) == (A.lower(), (("sha256", A.lower()),))
    assert known.yanked == "bad ?"
    assert from_json(hashes=None).hashes == ()


def test_links_and_values_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of more links, files or values than any real one is refused before it fills the memory."""
    monkeypatch.setattr(bounds, "MOST_LINKS", 10)
    monkeypatch.setattr(bounds, "MOST_VALUES", 100)
    with pytest.raises(ValueError, match="more than 10 links"):
        html("<a href=x>" * 11)
    files = [{"filename": "x", "url": "x"}] * 11
    for page, said in (({"files": files}, "more than 10 files"), ({"files": [], "x": [[]] * 101}, "100 values")):
        with pytest.raises(ValueError, match=said):
            read_page(json.dumps(page), content_type=JSON, url=PAGE, project=APP)


def test_tags_in_a_name_are_counted() -> None:
    """A name of a hundred and fifty characters can state a hundred thousand tags; such a file is none."""
    parts = (".".join(f"{letter}{number:x}" for number in range(16)) for letter in "abc")
    assert html(f'<a href="app-1-{"-".join(parts)}.whl">app</a>') == ()
    assert len(html('<a href="app-1-py2.py3.cp27.cp310-none.abi3-macosx_10_6_intel.win32.any.whl">app</a>')) == 1


#: Files of PEP 825, a draft, beside one that pip takes, and others that it does not.
STRANGE = ("app-1.0-py3-none-any-x86_64_v3.whl", "app-1.0-variants.json")
LISTED = ("app-1.0-py3-none-any.whl", *STRANGE, "other-1.0-py3-none-any-x86_64_v3.whl", "app-1.0.egg", "app-1.0.exe")


def test_wheel_variants_are_passed_over_and_named(tmp_path: Path) -> None:
    """In both forms of a page and in a directory: pip installs none of them yet."""
    found: list[str] = []
    files = [{"filename": name, "url": name, "hashes": {}} for name in LISTED]
    text = "".join(f'<a href="{name}">{name}</a>' for name in LISTED)
    for kind, page in ((JSON, json.dumps({"files": files})), ("text/html", text)):
        (one,) = read_page(page, content_type=kind, url=PAGE, project=APP, on_variant=found.append)
        assert one.distribution.filename == LISTED[0]
    paths = [tmp_path / name for name in LISTED]
    (one,) = from_folder(paths, source="w", project=APP, on_variant=found.append)
    assert one.distribution.filename == LISTED[0]
    assert sorted(found) == sorted(STRANGE * 3)


@pytest.mark.parametrize(
    ("stated", "read"),
    [
        ("2026-01-02T03:04:05Z", True),
        ("2026-01-02T03:04:05.678901Z", True),
        ("2026-13-02T03:04:05Z", False),
        ("2026-02-30T03:04:05Z", False),
        ("0000-00-00T00:00:00Z", False),
        ("2026-01-02T24:00:00Z", False),
        ("2026-01-02T03:04:60Z", False),
        ("٢٠٢٦-01-02T03:04:05Z", False),
        ("2026-01-02T03:04:05+00:00", False),
        ("2026-01-02 03:04:05Z", False),
        (" 2026-01-02T03:04:05Z", False),
        ("1767323045", False),
        (1767323045, False),
        (["2026-01-02T03:04:05Z"], False),
    ],
)
def test_upload_times(stated: object, read: bool) -> None:  # noqa: FBT001
    """A moment is read in the form of PEP 700 alone, and only if there is such a day and hour."""
    page = {
        "meta": {"api-version": "1.1"},
        "name": "app",
        "files": [{"filename": "app-1.0-py3-none-any.whl", "url": "x"}],
    }
    page["files"][0] |= {"hashes": {}, "upload-time": stated}  # type: ignore[index]
    (one,) = read_page(json.dumps(page), content_type=JSON, url="https://host/simple/app/", project=APP)
    assert one.distribution.upload_time == (stated if read else None)


#: Links as indexes write them, and as none should: what is passed over early must be what is passed over late.
LINKS = (
    "app-1.0-py3-none-any.whl",
    f"../../packages/aa/app-1.1-cp312-cp312-win_amd64.whl#sha256={A}",
    f"https://files.example:8443/app-1.2.tar.gz#sha256={B}&egg=app",
    "/app-1.3%2Blocal-py3-none-any.whl",
    "app-1.4-py3-none-any.whl?token=a/b.whl",
    "//files.example/app-1.5-py3-none-any.whl",
    "?file=app-1.6-py3-none-any.whl",
    "http://user:word@files.example/app-1.7-py3-none-any.whl",
    "other-1.0-py3-none-any.whl",
    "https://files.example",
    "https://app-1.8.tar.gz",
    "//app-1.8.1.tar.gz",
    "app-1.9-py3-none-any.whl/",
    "#app-2.0-py3-none-any.whl",
    "app-2.1-py3-none-any.whl;x=y",
    "app-2.2-py3-none-any.whl%23",
    "packages%2Fapp-2.3-py3-none-any.whl",
    "app-2.4-1-py3-none-any.whl.asc",
)


@pytest.mark.parametrize("link", LINKS)
def test_what_is_passed_over_needs_no_parsing(link: str) -> None:
    """A link that is wanted is read as it was always read; one that is not wanted gives nothing, however it is written."""
    text = f'<!DOCTYPE html><body><a href="{link}" data-requires-python="&gt;=3.9" data-yanked="bad">x</a></body>'
    asked: list[tuple[str, object, object]] = []

    def read(*, wanted: bool) -> tuple[Candidate, ...]:
        def wants(version: Version, _tags: frozenset[Tag] | None, entry: dict[str, Any]) -> bool:
            asked.append((str(version), entry["requires-python"], entry["yanked"]))
            return wanted

        return read_page(text, content_type="text/html", url=PAGE, project=APP, wants=wants)

    found = read(wanted=True)
    parsed = unquote(urlsplit(urljoin(PAGE, link)).path.rpartition("/")[2])
    assert [one.distribution.filename for one in found] == (
        [parsed] if parsed_name(parsed, APP, lambda _: None) else []
    )
    assert len({*asked}) == len(found)
    assert not asked or asked[0][1:] == (">=3.9", "bad")
    assert read(wanted=False) == ()
    assert len({*asked}) == len(found)
