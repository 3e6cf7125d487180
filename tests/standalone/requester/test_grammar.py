"""Requirements as a request carries them: in one spelling, and nothing but names, versions and markers."""

from __future__ import annotations

import re

import pytest
from packaging.requirements import Requirement as Reference

from pypi_subset.standalone.errors import Misused
from pypi_subset.standalone.requester.grammar import (
    DEEPEST_MARKER,
    MARKER_TOKEN,
    REQUIREMENT,
    NoRequirement,
    requirement_of,
    typed_requirement,
)

#: Each as it is written, and as the request has it.
GOOD = {
    "pandas": "pandas",
    " Zope.Interface >= 5 , < 6 ": "Zope.Interface>=5,<6",
    "a [b , C-d]": "a[C-d,b]",
    "a[b]==1.*": "a[b]==1.*",
    "a (>=1, <2)": "a>=1,<2",
    "a>=1,": "a>=1",
    "torch==2.1.0+cu118": "torch==2.1.0+cu118",
    "a===1!2.0.post1.dev3": "a===1!2.0.post1.dev3",
    "backports.zip": "backports.zip",
    "tar.gz-reader": "tar.gz-reader",
    "a~=1.0; python_version<'3.8'": 'a~=1.0; python_version < "3.8"',
    'a;(os_name=="nt" and "x86" in platform_machine)or sys_platform not   in "linux darwin"': (
        'a; (os_name == "nt" and "x86" in platform_machine) or sys_platform not in "linux darwin"'
    ),
}


@pytest.mark.parametrize(("text", "spelt"), GOOD.items())
def test_one_spelling(text: str, spelt: str) -> None:
    """The spelling is one that packaging reads as the same requirement."""
    found = requirement_of(text)
    assert found.text == spelt
    assert Reference(found.text) == Reference(text)
    assert requirement_of(found.text).text == spelt
    assert found.document().keys() == {"name", "extras", "specifier", "marker"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "it is no requirement"),
        ("a b", "it is no requirement"),
        ("-a", "it is no requirement"),
        ("a @ https://example.test/a.whl", "it is no requirement"),
        ("a==/srv/x", "it is no requirement"),
        ("a==1 --hash=sha256:00", "it is no requirement"),
        ("a>=1 # note", "it is no requirement"),
        ("\u00e4", "it is no requirement"),
        ("a;", "its marker is damaged"),
        ("a; python_version", "its marker is damaged"),
        ("a; python_version < '3' and", "its marker is damaged"),
        ("a; (python_version < '3'", "its marker is damaged"),
        ("a; python_version < '3')", "its marker is damaged"),
        ("a; '3' < '4'", "its marker is damaged"),
        ("a; extra == 'b'", "its marker has an unknown variable"),
        ("a; platform_node == 'b'", "its marker has an unknown variable"),
        ("a; platform_version == 'tok3n'", "its marker reads platform_version, whose text may be private"),
        (
            "a; os_name == 'nt' or 'tok3n' in platform_release",
            "its marker reads platform_release, whose text may be private",
        ),
        ("six-1.16.0-py2.py3-none-any.whl", "it is the name of a file, and no project"),
        ("Six-1.16.0.ZIP", "it is the name of a file, and no project"),
        ("six-1.16.0.tar.gz", "it is the name of a file, and no project"),
        ("six.tgz[x]>=1", "it is the name of a file, and no project"),
        ("a; os_name == 'https://x.test'", "its marker is damaged, or has signs that a request cannot carry"),
        ("a; os_name == 'x --hash=1'", "its marker is damaged, or has signs that a request cannot carry"),
        ("a; os_name == 'x -e y'", "its marker is damaged, or has signs that a request cannot carry"),
        ("a; os_name == '-e'", "its marker is damaged, or has signs that a request cannot carry"),
        ("a; os_name == 'x #y'", "its marker is damaged, or has signs that a request cannot carry"),
        ("a; os_name == '/srv/x'", "its marker is damaged, or has signs that a request cannot carry"),
        (f"a; {'(' * (DEEPEST_MARKER + 1)}os_name == 'nt'{')' * (DEEPEST_MARKER + 1)}", "its marker is damaged"),
        ("a" * 1001, "it has more than 1000 characters"),
    ],
)
def test_what_is_none(text: str, message: str) -> None:
    """A text that is no plain requirement is refused with the cause, and the cause does not repeat it."""
    with pytest.raises(NoRequirement, match=f"^{re.escape(message)}$"):
        requirement_of(text)


def test_a_typed_one_is_not_repeated() -> None:
    """The error about an argument has nothing of it: it may be a URL with a password."""
    with pytest.raises(Misused, match=r"^an argument cannot go into a request: it is no requirement; write") as caught:
        typed_requirement("https://me:secret@example.test/a.whl")
    assert "secret" not in str(caught.value)


def test_no_text_takes_long() -> None:
    """Texts of the longest length that nearly fit are refused at once."""
    for text in ("a" * 999 + "!", "a[" + "b," * 498, "a" + ">=1," * 249 + "@", "a" + " " * 998 + "b"):
        with pytest.raises(NoRequirement):
            requirement_of(text)
    assert REQUIREMENT.flags & re.ASCII
    assert MARKER_TOKEN.flags & re.ASCII
