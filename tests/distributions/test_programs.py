"""Where installers write programs and files, on any system."""

from __future__ import annotations

import pytest

from pypi_subset.distributions.programs import files_of, is_program, place_of, wrong_entries


def test_the_files_of_a_program() -> None:
    """Windows has a program in another file, whose name lacks the suffix of a script in Python."""
    assert {"foo", "foo.exe", "foo-script.py"} <= files_of("Foo")
    assert {"foo.py", "foo.exe", "foo.py.exe"} <= files_of("foo.py")
    assert files_of("foo").isdisjoint(files_of("foo-bar"))
    assert files_of("a.b").isdisjoint(files_of("a"))


@pytest.mark.parametrize(
    ("scheme", "inside", "place"),
    [
        ("purelib", "a/b.py", "a/b.py"),
        ("platlib", "a.py", "a.py"),
        ("scripts", "x", "bin:x"),
        ("headers", "x.h", "headers:aa/x.h"),
        ("data", "share/x", "prefix:share/x"),
        ("data", "bin/x", "bin:x"),
        ("data", "Scripts/x/y", "bin:x/y"),
        ("data", "bin", "prefix:bin"),
        ("data", "lib/python3.12/site-packages/aa/b.py", "aa/b.py"),
        ("data", "lib64/pypy3.11/Site-Packages/aa.py", "aa.py"),
        ("data", "Lib/site-packages/aa.py", "aa.py"),
        ("data", "local/lib/python3/dist-packages/aa.py", "aa.py"),
        ("data", "lib/site-packages", "prefix:lib/site-packages"),
        ("data", "include/site/python3.12/aa/x.h", "headers:aa/x.h"),
        ("data", "include/aa/x.h", "prefix:include/aa/x.h"),
    ],
)
def test_the_place_of_a_file(scheme: str, inside: str, place: str) -> None:
    """A file below the prefix, in the directory of another scheme, is a file of that scheme."""
    assert place_of(scheme, inside, "aa") == place


@pytest.mark.parametrize(("name", "good"), [("x", True), ("_x", True), ("-x", False), (".x", False)])
def test_the_name_of_a_program(name: str, good: bool) -> None:  # noqa: FBT001 - a parameter
    """A shell takes a name that begins like an option for one, and hides one that begins with a dot."""
    assert is_program(name) is good
    assert (wrong_entries(f"[console_scripts]\n{name} = a:b\n".encode(), set()) == "") is good


def test_programs_are_collected() -> None:
    """The programs of both groups are collected, those of other groups are not."""
    programs: set[str] = set()
    text = b"[console_scripts]\na = x:y\n[gui_scripts]\nb = x:y\n[plugins]\nc = import\n"
    assert wrong_entries(text, programs) == ""
    assert {"a", "b.exe"} <= programs
    assert "c" not in programs
