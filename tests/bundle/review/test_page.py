"""The review as a page and as text: the same facts, no script, and no foreign text that counts as markup."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import html5lib
import pytest

from pypi_subset.bundle.document import Bundle
from pypi_subset.bundle.review.changes import Row, TargetChanges
from pypi_subset.bundle.review.facts import Facts, grouped
from pypi_subset.bundle.review.page import code, page_of, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

DIGEST = "0123456789abcdef" * 4
HOSTILE = "</td><script>alert(1)</script>`|\n# [x](javascript:1) <img src=x> \x1b[31m\u202e&amp;\\"
ROW = Row(
    project="app",
    version="2.0",
    before="",
    filename="app-2.0-py3-none-any.whl",
    size=1234,
    sha256=DIGEST,
    uploaded="2026-01-01",
    age="2 days",
    license="MIT",
    source="house",
    built="app-2.0.tar.gz",
    why=("base.txt:1: app", "gui.txt:4: tool → app"),
    waived=(),
)
FACTS = Facts(
    bundle=Bundle(
        schema="1.0",
        kind="pypi-subset bundle",
        serial=4,
        created="2026-01-02T03:04:05Z",
        expires="2026-04-02T03:04:05Z",
        base=DIGEST,
        manifest=DIGEST,
        manifest_from=DIGEST,
        paths={"index.html": DIGEST},
        beside={},
        removed=("simple/old/index.html",),
        blobs={},
        volumes=(),
        parity=None,
        helpers={},
    ),
    digest=grouped(DIGEST),
    base=grouped(DIGEST),
    before=grouped(DIGEST[::-1]),
    targets=(
        TargetChanges(
            name="linux",
            tag="cp312-cp312-manylinux_2_28_x86_64",
            python="3.12.0",
            added=(ROW,),
            changed=(replace(ROW, project="lib", before="1.0", built="", waived=("min_age: too new; accepted: yes",)),),
            removed=(("old", "0.9"),),
            files=3,
            size=5000,
        ),
        TargetChanges(name="mac", tag="t", python="3.11.0", added=(), changed=(), removed=(), files=1, size=1),
    ),
    gone=("windows",),
    requests=("base: app",),
    rules=("min_age: 604800",),
    accepted=("gap: x on mac",),
    proof=(("Result", "proven: 9 of 9."), ("Isolation", "namespaces")),
    doubt="",
    site=9_000_000,
    carried=1500,
    files=77,
)
FORMS = pytest.mark.parametrize("form", [page_of, text_of], ids=["page", "text"])


def hostile(value: Any) -> Any:
    """Return *value* with hostile text in the place of each text that may be foreign."""
    if isinstance(value, Row | TargetChanges):
        return replace(value, **{name: hostile(getattr(value, name)) for name in value.__slots__})
    if isinstance(value, tuple):
        return tuple(hostile(one) for one in value)
    return HOSTILE if isinstance(value, str) else value


BAD = replace(
    FACTS,
    targets=hostile(FACTS.targets),
    gone=(HOSTILE,),
    requests=(HOSTILE,),
    rules=(HOSTILE,),
    accepted=(HOSTILE,),
    proof=(("Result", HOSTILE),),
    doubt=HOSTILE,
)


@FORMS
def test_every_field_is_there(form: Callable[[Facts], str]) -> None:
    """Hash, times, base, sizes, proof, policy, and for each file all that is known of it."""
    found = form(FACTS)
    for said in (
        *("release 4", grouped(DIGEST), grouped(DIGEST[::-1]), "2026-01-02T03:04:05Z", "2026-04-02T03:04:05Z"),
        *("77 files", "9.0 MB", "1.5 kB", "proven: 9 of 9.", "namespaces", "min_age: 604800", "gap: x on mac"),
        *("windows", "linux", "3.12.0", "base.txt:1: app", "2026-01-01", "2 days", "MIT", "house", "app-2.0.tar.gz"),
        *("1.2 kB", DIGEST, "min_age: too new; accepted: yes", "not built", "admitted", "0.9", "Nothing differs."),
        *("base: app", "import_bundle.py", "bundle.json.sig"),
    ):
        assert said in found, said


@FORMS
def test_equal_facts_make_equal_bytes(form: Callable[[Facts], str]) -> None:
    """No clock and no machine is in it."""
    assert form(FACTS) == form(FACTS)


@FORMS
def test_what_is_not_there_is_said(form: Callable[[Facts], str]) -> None:
    """The first bundle, no proof, no policy."""
    bundle = FACTS.bundle
    first = replace(FACTS, base="", before="", rules=None, accepted=(), proof=(), doubt="nothing is proven yet")
    found = form(replace(first, bundle=bundle))
    for said in (
        *("a full bundle", "No earlier bundle is known", "No report proves these bytes.", "no policy is known"),
        *("No gap and no finding of the proof is accepted.", "Nothing proves this site.", "not known"),
    ):
        assert said.lower() in found.lower(), said
    assert "No rule is set." in form(replace(FACTS, rules=()))


def test_the_page_is_html_without_a_script() -> None:
    """A strict reader accepts it; nothing is loaded, nothing runs, and the style is the one whose hash the policy names."""
    found = page_of(FACTS)
    document = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(found)
    assert not [one for one in document.iter() if one.tag in {"script", "link", "img", "iframe", "object", "a", "base"}]
    assert not [name for one in document.iter() for name in one.attrib if name.startswith("on") or name == "style"]
    policy = next(one.get("content") for one in document.iter("meta") if one.get("http-equiv"))
    assert re.fullmatch(r"default-src 'none'; style-src 'sha256-[A-Za-z0-9+/]{43}='", policy)
    assert "@media print" in found


def test_hostile_text_is_no_markup_of_the_page() -> None:
    """Names, reasons and licences are text: the page has the same elements as with harmless ones."""

    def elements(facts: Facts) -> list[str]:
        document = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(page_of(facts))
        return [one.tag for one in document.iter() if isinstance(one.tag, str)]

    assert "script" not in elements(BAD)
    assert elements(BAD) == elements(replace(BAD, **harmless()))
    assert "\x1b" not in page_of(BAD)
    assert "\u202e" not in page_of(BAD)


def harmless() -> dict[str, Any]:
    """Return what `BAD` replaces, with harmless text of the same shape."""

    def plain(value: Any) -> Any:
        if isinstance(value, Row | TargetChanges):
            return replace(value, **{name: plain(getattr(value, name)) for name in value.__slots__})
        if isinstance(value, tuple):
            return tuple(plain(one) for one in value)
        return "x" if isinstance(value, str) else value

    names = ("targets", "gone", "requests", "rules", "accepted", "proof", "doubt")
    return {name: plain(getattr(BAD, name)) for name in names} | {"proof": (("Result", "x"),)}


def test_hostile_text_is_no_markup_of_the_text() -> None:
    """Each foreign text is one code span: no line begins with it, and no bar of it ends a cell."""
    found = text_of(BAD)
    assert "\x1b" not in found
    assert "\u202e" not in found
    without_code = re.sub(r"`[^`\n]*`", "", found)
    assert not re.search(r"[<>\[\]]|javascript|script", without_code)
    plain = text_of(replace(BAD, **harmless()))
    assert [line.count("|") for line in found.splitlines()] == [line.count("|") for line in plain.splitlines()]


def test_code_of_nothing() -> None:
    """An empty text is a hyphen: two backticks would begin a span."""
    assert [code(text) for text in ("", " ", "a`b|c\\d\n")] == ["-", "-", r"`a\x60b\x7cc\d\n`"]
