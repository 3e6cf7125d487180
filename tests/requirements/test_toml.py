"""TOML documents: each fault names its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from pypi_subset.errors import Fault
from pypi_subset.requirements.toml import Number, Settings, nearest, not_text, parse_toml, unknown_keys
from tests.support.programs.ending import ending

PATH = Path("subset.toml")
TEXT = """\
[targets]
linux = "cp310-win32"
"a b" = { tag = "x", python = "3.12" }

[sets.base]
targets = [
  "linux",
  'quo"ted',
]
[sets.other.deep]
key.below = 1
"""


def document(text: str = TEXT) -> Settings:
    """Return the document in *text*."""
    found = parse_toml(PATH, text)
    assert isinstance(found, Settings)
    return found


@pytest.mark.parametrize(
    ("keys", "item", "line"),
    [
        (("targets",), None, 1),
        (("targets", "linux"), None, 2),
        (("targets", "a b"), None, 3),
        (("targets", "a b", "python"), None, 3),
        (("targets", "nowhere"), None, 1),
        (("sets",), None, 5),
        (("sets", "base", "targets"), "linux", 7),
        (("sets", "base", "targets"), 'quo"ted', 8),
        (("sets", "base", "targets"), "absent", 6),
        (("sets", "other"), None, 10),
        (("sets", "other", "deep", "key", "below"), None, 11),
        (("nothing",), None, None),
    ],
)
def test_the_line_of_a_key(keys: tuple[str, ...], item: str | None, line: int | None) -> None:
    """A key has its own line, or that of the nearest table around it; an item has the line below that it stands on."""
    settings = document()
    assert settings.line(*keys, item=item) == line
    assert settings.fault("wrong", *keys, item=item).line == line


def test_a_number_keeps_its_spelling() -> None:
    """3.10 is not 3.1: a number with a point is no float."""
    assert document("python = 3.10\n").document == {"python": Number(text="3.10")}
    assert not_text("python", Number(text="3.10")) == ("python is the number 3.10, 3.1 to TOML", 'quote it: "3.10"')
    assert not_text("python", Number(text="3.12")) == ("python is the number 3.12", 'quote it: "3.12"')
    assert not_text("tag", 312) == ("tag is the number 312", 'quote it: "312"')
    assert not_text("tag", ["x"]) == ("tag must be a string", 'write tag = "…"')


@pytest.mark.parametrize(
    ("text", "line", "step"),
    [
        ("a = 1\na = 2\n", 2, ""),
        ("a = 3.12.4", 1, "put versions in quotes"),
        ("a = [", None, ""),
        ("a = " + "[" * 10_000, None, ""),
    ],
)
def test_what_is_no_toml_is_a_fault(text: str, line: int | None, step: str) -> None:
    """The parser's message is kept; where it names a place, a caret stands under it."""
    fault = parse_toml(PATH, text)
    assert isinstance(fault, Fault)
    assert fault.what.startswith("not TOML: ")
    assert (fault.line, fault.next_step) == (line, step)
    assert bool(fault.excerpt) == (line is not None)


def test_a_table_is_a_table() -> None:
    """A table that is missing is empty, and one that is none is a fault."""
    faults: list[Fault] = []
    settings = document("[targets]\n")
    assert (settings.table("targets", faults), settings.table("sets", faults), faults) == ({}, {}, [])
    assert document("sets = 1\n").table("sets", faults) == {}
    assert [str(fault) for fault in faults] == [
        "subset.toml:1: 'sets' must be a table; write [sets] on a line of its own"
    ]


def test_an_unknown_key_names_the_nearest() -> None:
    """Each unknown key is a fault with the nearest known one, or all of them."""
    settings = document("target = 1\nzebra = 2\npolicy = 3\n")
    found = [str(fault) for fault in unknown_keys(settings, dict(settings.document), ("targets", "policy"))]
    assert found == [
        "subset.toml:1: unknown key 'target'; did you mean 'targets'?",
        "subset.toml:2: unknown key 'zebra'; known here: targets, policy",
    ]
    assert nearest("x", (), "known here") == "known here: nothing"


@pytest.mark.parametrize(
    "text",
    [
        "a." * 60 + "a = 1",
        "[" + "a." * 60 + "a]",
        "a = {" + "'a' . " * 60 + "a = 1}",
        "x = 1\na = '" + "(" * 60 + ")" * 60 + "'",
    ],
)
def test_parts_are_counted(text: str) -> None:
    """A key of very many parts costs its length squared; it is a mistake with its line."""
    fault = parse_toml(PATH, text)
    assert isinstance(fault, Fault)
    assert fault.what == "more than 50 parts or brackets within each other"
    assert fault.line == text.count("\n") + 1


@pytest.mark.parametrize(
    "text",
    [
        "a." * 200_000 + "a = 1",
        'a = """\n[' + " " * 1_000_000 + '"""',
        'a = """\n' + "[x" * 300_000 + '"""',
        'a = """\n' + "a" * 1_000_000 + '"""',
        'a = """\n' + "a ." * 300_000 + '"""',
        'a = """\n' + "'" * 2 + "a" * 1_000_000 + '"""',
        "a = [" + "[]," * 100_000 + "]",
        "a = " + "[" * 100_000,
        "a = " + "{a = " * 100_000,
    ],
    ids=range(9),
)
def test_no_document_takes_long(text: str) -> None:
    """A document is read, or refused, in a time that grows with its length."""
    with ending():
        parse_toml(PATH, text)


def test_sentences_and_versions_are_no_keys() -> None:
    """A long sentence, dots and a long version stand in strings, as they may."""
    text = f"a = '{'so it is. ' * 60}'\nb = '{'.' * 100}'\nc = '{'(x) ' * 100}'\nd = 'https://{'a/b.c/' * 60}'"
    assert isinstance(parse_toml(PATH, text), Settings)


def test_names_are_counted() -> None:
    """A next step lists a hundred names, not a million, and compares no longer ones."""
    with ending():
        assert nearest("x" * 100_000, [f"n{number}" for number in range(1000)], "it has").endswith("n99, …")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (f'a = 1\nb = "x{"9" * 301}"', 2),
        (f"a = 1\nb = [{{c = '{'9' * 301}'}}]", 2),
        (f"a = 0x{'f' * 301}", None),
        ('a = "' + r"\u0039" * 301 + '"', None),
        ('a = """' + "9\\\n" * 301 + '"""', None),
        (f"a.{'9' * 301} = 1", 1),
    ],
)
def test_long_numbers_are_refused(text: str, line: int | None) -> None:
    """`int` refuses a number of very many digits, wherever one is read; however it is written, the document has none."""
    found = parse_toml(PATH, text)
    assert isinstance(found, Fault)
    assert (found.what, found.line) == ("a number of more than 300 digits", line)
    assert document(f'a = "{"9" * 300}"')


def test_a_line_that_ends_with_cr_alone_is_named() -> None:
    """Editors of old Macs wrote such lines; TOML allows LF, and CR before LF."""
    fault = parse_toml(PATH, TEXT.replace("\n", "\r"))
    assert isinstance(fault, Fault)
    assert (fault.what, fault.line) == ("a line ends with CR alone, which TOML does not allow", 1)
    assert isinstance(parse_toml(PATH, TEXT.replace("\n", "\r\n")), Settings)
