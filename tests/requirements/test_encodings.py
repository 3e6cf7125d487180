"""Texts in other encodings, and bytes that are no text: each is said, with its line where it has one."""

from __future__ import annotations

from pathlib import Path

import pytest

from pypi_subset.requirements.encodings import UnreadableText, decoded
from tests.support.stages.requirements import LINUX, faults_of

TEXT = "six==1.0\nattrs\n"
WIDE = "save it as UTF-8; in PowerShell: … | Out-File -Encoding utf8 FILE"
PLAIN = "save it as UTF-8"
NAMED = ", or name its encoding in a first line '# -*- coding: … -*-'"

#: Kind → bytes; line, fault and next step.
KINDS = {
    "UTF-16 LE without mark": (TEXT.encode("utf-16-le"), ":1", "the text is UTF-16 without a byte order mark", WIDE),
    "UTF-16 BE without mark": (TEXT.encode("utf-16-be"), ":1", "the text is UTF-16 without a byte order mark", WIDE),
    "UTF-16 with letters": (
        "# Grüße\nsix\n".encode("utf-16-le"),
        ":1",
        "the text is UTF-16 without a byte order mark",
        WIDE,
    ),
    "UTF-32 without mark": (TEXT.encode("utf-32-le"), ":1", "the text is UTF-32 without a byte order mark", PLAIN),
    "UTF-32 BE without mark": (TEXT.encode("utf-32-be"), ":1", "the text is UTF-32 without a byte order mark", PLAIN),
    "UTF-16 of one line": ("six".encode("utf-16-le"), ":1", "the text is UTF-16 without a byte order mark", WIDE),
    "Latin-1": ("six\n# é\n".encode("latin-1"), ":2", "not UTF-8: byte 0xe9", PLAIN),
    "Windows": ("six\n\n# “x”\n".encode("cp1252"), ":3", "not UTF-8: byte 0x93", PLAIN),
    "surrogate": (b"\xed\xa0\x80six\n", ":1", "not UTF-8: byte 0xed", PLAIN),
    "NUL": (b"six\nattrs\0\n", ":2", "a NUL character, which no text holds", PLAIN),
    "gzip": (b"\x1f\x8b\x08\0\0\0\0\0", ":1", "not UTF-8: byte 0x8b", PLAIN),
}


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty directory, so that paths are as short as users see them."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "name", ["base.txt", "more.txt", "subset.toml", "../pyproject.toml", "../pylock.toml", "../a.py"]
)
def test_a_text_in_another_encoding_has_its_line(kind: str, name: str) -> None:
    """The fault is the same in each kind of input file, included or a source."""
    data, line, what, step = KINDS[kind]
    toml = f'{LINUX}[sets.app]\nsource = "{name}"\n' if name.startswith("..") else LINUX
    files = {"base.txt": "-r more.txt\n" if name == "more.txt" else "six\n", name: data}
    (fault,) = faults_of(files, toml)
    shown = name.removeprefix("../")
    # A comment in bytes of another width, or beside a zero byte, names nothing that pip could find.
    named = NAMED if name.endswith(".txt") and what.startswith("not UTF-8") else ""
    assert fault == f"{shown}{line}: {what}; {step}{named}"


@pytest.mark.parametrize("encoding", ["base64", "rot13", "hex", "undefined", "klingon", "idna"])
@pytest.mark.parametrize("name", ["base.txt", "../a.py"])
def test_a_name_that_is_no_encoding_of_text(encoding: str, name: str) -> None:
    """A comment (PEP 263) may name what decodes no text, or nothing at all."""
    toml = f'{LINUX}[sets.app]\nsource = "{name}"\n' if name.startswith("..") else LINUX
    (fault,) = faults_of({"base.txt": "six\n", name: f"# coding: {encoding}\nsix\n"}, toml)
    assert encoding in fault
    assert "save it as UTF-8" in fault


def test_a_mark_is_no_part_of_the_text() -> None:
    """UTF-8's is dropped, and another one says that a document in TOML has the wrong encoding."""
    assert decoded(b"\xef\xbb\xbfsix") == "six"
    assert decoded("# é".encode("latin-1"), "latin-1") == "# é"
    with pytest.raises(UnreadableText, match="the text is UTF-16") as caught:
        decoded("six".encode("utf-16"))
    assert caught.value.line == 1


@pytest.mark.parametrize("path", ["x" * 300, "y/" * 3000, "a\0b", "ü" * 200])
def test_a_path_that_cannot_be_is_a_fault_of_its_line(path: str) -> None:
    """An include and a source with a path that is too long, or holds a NUL, are faults as other missing files are."""
    (fault,) = faults_of(f"six\n-r {path}\n")
    assert fault.startswith("base.txt:2: ")
    spelt = path.replace("\0", "\\u0000")
    (fault,) = faults_of("six\n", f'{LINUX}[sets.app]\nsource = "{spelt}/pyproject.toml"\n')
    assert fault.startswith("subset.toml:4: ")
    (Path("requirements") / "subset.toml").unlink()
