"""JSON documents: read strictly, written with the bytes of Python's own encoder, and open to later minor versions."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta, to_builtins

from pypi_subset.errors import FolderError, SubsetError
from pypi_subset.model import documents
from pypi_subset.model.checks import Check
from pypi_subset.model.documents import Document, changed, encode, parse, read
from pypi_subset.support import bounds
from tests.support.stages.values import BRISK


class Note(Document, frozen=True, kw_only=True):
    """A document."""

    name: ClassVar[str] = "the note"
    version: ClassVar[Literal["2.1"]] = "2.1"

    schema: Literal["2.1"]
    text: str
    pages: Annotated[int, Meta(ge=0)] = 0


def plainly(value: object) -> bytes:
    """Return *value* as Python's own encoder writes it."""
    text = json.dumps(value, indent=1, ensure_ascii=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return f"{text}\n".encode(errors="backslashreplace")


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.text()
    | st.just("\udc80\x7f\x00\u2028")
    | st.just("</script>&\u2029"),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@BRISK
@given(VALUES)
def test_the_bytes_are_those_of_pythons_encoder(value: Any) -> None:
    """Order, indentation and non-ASCII characters are kept; markup and half a surrogate pair are escaped; it is read back."""
    data = encode(value)
    assert data == plainly(value)
    assert json.loads(data) == value


@given(st.integers(0, 10**11).map(lambda hundredths: round(hundredths / 100, 2)))
def test_seconds_are_written_as_python_does(seconds: float) -> None:
    """Seconds of a result, which are rounded to hundredths, have the same digits in both encoders."""
    check = Check(target="t", set_name="", request="", proof="inventory", status="passed", seconds=seconds)
    assert encode(check) == plainly(to_builtins(check))


@pytest.mark.parametrize(
    ("schema", "more"), [("2.1", {}), ("2.0", {}), (2, {}), ("2.7", {"colour": "red"}), ("2.1", {"colour": "red"})]
)
def test_the_same_major_version_is_read(schema: object, more: dict[str, str]) -> None:
    """Minor versions, lower and higher, are read as our own; a whole number is one without a minor number."""
    assert parse(json.dumps({"schema": schema, "text": "a", **more}), Note) == Note(schema="2.1", text="a")


@pytest.mark.parametrize("schema", ["3.0", "10.2", 3])
def test_a_higher_major_version_says_to_upgrade(tmp_path: Path, schema: object) -> None:
    """The line names the version of the document and our own."""
    path = tmp_path / "note.json"
    path.write_text(json.dumps({"schema": schema, "colour": "red"}))
    with pytest.raises(SubsetError) as caught:
        read(path, Note, next_step="write it again")
    found = schema if isinstance(schema, str) else f"{schema}.0"
    assert str(caught.value) == f"{path}: the note has schema {found}, and this version reads 2.1; upgrade pypi-subset"


DAMAGED = [
    *("", "{", "[]", "7", "null", "[" * 100_000, '{"schema": ' + "9" * 10_000 + "}", "\udc80"),
    *('{"text": "a"}', '{"schema": "2.1"}', '{"schema": "2.1", "text": 7}', '{"schema": "2.1", "text": null}'),
    *(f'{{"schema": {schema}, "text": "a"}}' for schema in ("true", "2.1", '"2"', '"02.1"', '"2.1.0"', "1", '"1.9"')),
    *('{"schema": "2.1", "text": "a", "text": "a"}', '{"schema": "2.1", "text": "a", "b": [{"c": 1, "c": 2}]}'),
    *('{"schema": "2.1", "text": "a", "pages": NaN}', '{"schema": "2.1", "text": "a", "b": Infinity}'),
    *('{"schema": "2.1", "text": "a", "pages": -1}', '{"schema": "2.1", "text": "a", "pages": true}'),
]


@pytest.mark.parametrize("text", DAMAGED, ids=lambda text: text[:40])
def test_a_damaged_document_is_one_line(tmp_path: Path, text: str) -> None:
    """No JSON, a key twice at any depth, a wrong type or version: the line has the path and the next step."""
    path = tmp_path / "note.json"
    path.write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(SubsetError) as caught:
        read(path, Note, next_step="write it again")
    assert str(caught.value) == f"{path}: the note is damaged; write it again"


def test_very_many_values_are_counted_before_any_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A field that is ignored has no value in memory either, if there are very many of them."""
    monkeypatch.setattr(bounds, "MOST_FACTS", 100)
    few, many = (f'{{"schema": "2.1", "text": "a", "x": [{", ".join(["[]"] * count)}]}}' for count in (40, 60))
    assert parse(few, Note).text == parse(few.encode(), Note).text == "a"
    for document in (many, many.encode(), many.encode("utf-16")):
        with pytest.raises(ValueError, match="more than 100 values"):
            parse(document, Note)


def test_a_directory_in_its_place_is_no_document(tmp_path: Path) -> None:
    """What the system does not let us read is said as the system says it."""
    with pytest.raises(FolderError):
        read(tmp_path, Note, next_step="write it again")


def test_a_changed_document_keeps_its_version_and_what_is_unknown() -> None:
    """A manifest of an older version must not claim the fields of this one, nor lose those of a later one."""
    older = b'{"schema": 1, "later": [1], "pages": {}}'
    assert json.loads(changed(older, pages={"a": "b"})) == {"schema": 1, "later": [1], "pages": {"a": "b"}}


def test_a_file_that_a_user_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no file has one line, and the next step is another name: nothing is removed, and no pipe is waited for."""
    (tmp_path / "one.json").write_bytes(b"1234")
    assert documents.read_named(tmp_path / "one.json", 4) == b"1234"
    os.mkfifo(tmp_path / "pipe")
    for name, limit, said in (
        (".", None, "this is a directory; name a file"),
        ("pipe", None, "this is no file, but a pipe, a socket or a device; name a file"),
        ("one.json", 3, "larger than 3 bytes; name a smaller file"),
        ("none", None, "No such file or directory; see that the path is right"),
    ):
        monkeypatch.chdir(tmp_path)
        with pytest.raises(FolderError, match=f"^{re.escape(name)}: {said}"):
            documents.read_named(Path(name), limit)
