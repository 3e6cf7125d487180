"""Where the files of a wheel are installed, as the proof reads it."""

from __future__ import annotations

import pytest

from pypi_subset.distributions.programs import place_of
from pypi_subset.proof.access.places import installed_at, programs_on_windows, started_as

_SPELT = {"purelib": "", "scripts": "bin:", "headers": "headers:", "data": "prefix:"}


@pytest.mark.parametrize("scheme", ["purelib", "platlib", "scripts", "headers", "data"])
@pytest.mark.parametrize(
    "inside",
    [
        *("x", "a/b.py", "bin/x", "Scripts/x.exe", "share/bin/x", "bin"),
        *("lib/python3.12/site-packages/a/b.py", "Lib/site-packages/a.py", "local/lib/python3.12/dist-packages/a.py"),
        *("include/python3.12/aa/x.h", "include/site/pypy3.11/aa/x.h", "include/x.h", "lib/x"),
    ],
)
def test_both_readers_agree(scheme: str, inside: str) -> None:
    """The proof finds the same place as the reader of mirror."""
    found, parts = installed_at(f"aa-1.0.data/{scheme}/{inside}")
    assert f"{_SPELT[found]}{'/'.join(parts)}" == place_of(scheme, inside, "aa")


@pytest.mark.parametrize(
    ("name", "place"),
    [
        ("a/b.py", ("purelib", ["a", "b.py"])),
        ("aa-1.0.data\\scripts\\x", ("scripts", ["x"])),
        ("./aa-1.0.DATA/data/BIN/x", ("scripts", ["x"])),
        ("aa-1.0.data/x", ("purelib", ["aa-1.0.data", "x"])),
    ],
)
def test_other_spellings(name: str, place: tuple[str, list[str]]) -> None:
    """Names that mirror refuses have the place that some installer finds."""
    assert installed_at(name) == place


def test_programs_of_windows() -> None:
    """Windows starts several files by one name, and drops the suffix of a script in Python."""
    assert {"foo.exe", "foo-script.py"} <= programs_on_windows("Foo")
    assert "foo.exe" in programs_on_windows("foo.py")
    assert [started_as(f"x{end}", entry_point=False) for end in ("", ".exe", ".COM", ".bat", ".py")] == [
        *"xxxx",
        "x.py",
    ]
    assert started_as("x.py", entry_point=True) == "x"
