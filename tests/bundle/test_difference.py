"""The difference between manifests: it makes the new one byte for byte, and has no more than what changed."""

from __future__ import annotations

import hashlib
import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pypi_subset.bundle import difference as module
from pypi_subset.bundle.difference import difference, rebuilt
from pypi_subset.model.documents import encode

LINES = st.lists(st.sampled_from(["{", "},", ' "a": 1,', ' "sha256": "é",', "", "\r", "x" * 40]), max_size=30)


@given(LINES, LINES)
def test_the_new_text_comes_back(old: list[str], new: list[str]) -> None:
    """Whatever the two texts are, what the difference makes of the one is the other."""
    base, text = "\n".join(old).encode(), "\n".join(new).encode()
    assert rebuilt(base, difference(base, text)) == text


def manifest(entries: dict[str, str]) -> bytes:
    """Return a document with an entry for each file, as manifests have them."""
    files = [
        {"filename": name, "needed_by": [{"set": "base"}] * 2, "sha256": digest} for name, digest in entries.items()
    ]
    return encode({"files": files, "pages": {f"simple/{name}/index.html": digest for name, digest in entries.items()}})


def digest(text: str) -> str:
    """Return a hash."""
    return hashlib.sha256(text.encode()).hexdigest()


def test_what_changed_is_all_that_it_has() -> None:
    """Of 2,000 files one changed, one came and one went: a few ranges, and text of a few lines."""
    entries = {f"f{number}": digest(str(number)) for number in range(2000)}
    other = {name: value for name, value in entries.items() if name != "f77"}
    other |= {"f900": digest("new"), "g1": digest("more")}
    found = json.loads(difference(manifest(entries), manifest(other)))
    assert len(found["ops"]) < 20
    assert sum(len(one) for one in found["ops"] if isinstance(one, str)) < 800
    assert digest("new") in "".join(one for one in found["ops"] if isinstance(one, str))


def test_other_orders_are_found_too() -> None:
    """Blocks that moved are ranges as well: each has a line that stands once in the base."""
    names = [f"f{number}" for number in range(500)]
    entries = {name: digest(name) for name in names}
    Random(1).shuffle(names)  # noqa: S311 - the same each time
    text = manifest({name: entries[name] for name in names})
    found = difference(manifest(entries), text)
    assert rebuilt(manifest(entries), found) == text
    assert sum(len(one) for one in json.loads(found)["ops"] if isinstance(one, str)) < len(text) // 20


def test_equal_texts_are_one_range() -> None:
    """Nothing changed: one range."""
    text = manifest({"a": digest("a")})
    assert json.loads(difference(text, text)) == {
        "base": hashlib.sha256(text).hexdigest(),
        "size": len(text),
        "ops": [[0, len(text)]],
    }


def test_lengths_count_bytes() -> None:
    """A range counts bytes, not characters."""
    base, text = "éé\nb\n".encode(), "éé\nc\n".encode()
    assert json.loads(difference(base, text))["ops"] == [[0, 5], "c\n"]


def test_a_damaged_difference_is_refused() -> None:
    """Another base, another length and other types are errors."""
    good = json.loads(difference(b"a\n", b"b\n"))
    for change, said in ({"base": "0" * 64}, "another base"), ({"size": 7}, "another length"):
        with pytest.raises(ValueError, match=said):
            rebuilt(b"a\n", json.dumps(good | change).encode())
    with pytest.raises(ValueError, match="Expected `array`"):
        rebuilt(b"a\n", json.dumps(good | {"ops": "no"}).encode())


def test_equal_inputs_make_equal_bytes() -> None:
    """The document depends on both texts alone."""
    base, text = manifest({"a": digest("a")}), manifest({"a": digest("b"), "c": digest("c")})
    assert difference(base, text) == difference(base, text)


def test_few_changes_need_no_list_of_all_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed line, also a long one, and one that came: what follows is found close to it."""
    entries = {f"f{number}": digest(str(number)) for number in range(2000)}
    base = manifest(entries).replace(b'"pages"', b'"pins": "' + b"0-9," * 5000 + b'",\n "pages"')
    text = manifest(entries | {"f900": digest("new"), "f901a": digest("more")}).replace(
        b'"pages"', b'"pins": "' + b"1-9," * 5000 + b'",\n "pages"'
    )
    whole = difference(base, text)
    monkeypatch.setattr(module, "_once", None)
    assert difference(base, text) == whole
    assert sum(len(one) for one in json.loads(whole)["ops"] if isinstance(one, str)) < 22_000


def test_many_changes_have_lines_that_stand_once_as_anchors() -> None:
    """Each entry but the last ones is another; the lines of those are found far behind."""
    entries = {f"f{number}": digest(str(number)) for number in range(3000)}
    text = manifest(
        {name: digest(name) for name in entries} | {f"g{number}": digest(f"g{number}") for number in range(9)}
    )
    base = manifest(
        {f"h{number}": digest(f"h{number}") for number in range(3000)}
        | {f"g{number}": digest(f"g{number}") for number in range(9)}
    )
    found = difference(base, text)
    assert rebuilt(base, found) == text
    literal = "".join(one for one in json.loads(found)["ops"] if isinstance(one, str))
    assert "f2999" in literal
    assert digest("g5") not in literal
