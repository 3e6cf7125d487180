"""TOML documents: each fault names its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from pypi_subset.errors import Fault
from pypi_subset.requirements.toml import Number, Settings, nearest, not_text, parse_toml, unknown_keys

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
