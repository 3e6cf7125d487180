"""One requirement more or less in a requirements file."""

from __future__ import annotations

import pytest

from pypi_subset.editing import requirement_lines
from pypi_subset.editing.requirement_lines import added, parsed, removed
from pypi_subset.errors import SubsetError

TEXT = """\
# the lab's packages
--pre
-r more.txt
numpy>=1  # for pandas

Typing_Extensions
pandas[excel] >=2 ; python_version < "3.13"
"""


def test_entries() -> None:
    """Options and comments are no requirements; a backslash joins lines."""
    hashed = f"{TEXT}six==1.17.0 \\\n    --hash=sha256:{'0' * 64}  # pinned\n"
    found = [*requirement_lines.entries(hashed.splitlines(keepends=True))]
    assert [(one.project, one.first, one.last) for one in found] == [
        ("numpy", 3, 3),
        ("typing-extensions", 5, 5),
        ("pandas", 6, 6),
        ("six", 7, 8),
    ]
    assert (found[0].text, found[0].comment) == ("numpy>=1", "  # for pandas")
    assert found[3].text.endswith("0" * 64)


@pytest.mark.parametrize(
    ("asked", "before", "after"),
    [
        ("rich", "", "rich\n"),
        ("rich>=14", "numpy", "numpy\nrich>=14\n"),
        ("rich", "numpy\r\n", "numpy\r\nrich\r\n"),
        ("numpy", TEXT, TEXT),
        ("numpy<2,>=1.26", TEXT, TEXT.replace("numpy>=1  #", "numpy<2,>=1.26  #")),
        ("typing.extensions>4", TEXT, TEXT.replace("Typing_Extensions", "typing.extensions>4")),
        ("numpy>=2", "numpy \\\n  >=1\nsix\n", "numpy>=2\nsix\n"),
    ],
)
def test_added(asked: str, before: str, after: str) -> None:
    """A new project is appended; the line of one that is there is replaced, and keeps its comment and line end."""
    assert added(before, parsed(asked), "base.txt") == after


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("numpy<2; python_version < '3.9'\nNumPy>=2\n", r"numpy is in base\.txt more than once, in lines 1 and 2"),
        ("numpy==2.0 --hash=sha256:0\n", r"the line of numpy has options, base\.txt:1"),
    ],
)
def test_lines_that_are_not_replaced(text: str, message: str) -> None:
    """Several lines of a project, or hashes, are the user's to edit."""
    with pytest.raises(SubsetError, match=message):
        added(text, parsed("numpy>=1"), "base.txt")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("not a name", "is no requirement"),
        ("numpy>=", "is no requirement"),
        ("a @ https://x/a.whl", "names an address"),
        (
            "../dist/acme_tool-1.0-py3-none-any.whl",
            "is a file, .*copy it to requirements/wheels/, and add acme_tool alone",
        ),
        ("acme-1.0.tar.gz", "pip wheel --no-deps acme-1.0.tar.gz -w requirements/wheels, and add acme alone"),
        ("requirements.txt", r"is a file, .*copy it to requirements/, where each \*.txt is a set"),
        ("uv.lock", r'is a file, .*source = "../uv.lock" below \[sets.app\]'),
        ("app/pyproject.toml", r'is a file, .*source = "../app/pyproject.toml" below'),
        ("environment.yml", r'source = "../environment.yml"'),
        (".", "'.' is a path, .*pip wheel --no-deps . -w requirements/wheels"),
        ("../app", "'../app' is a path"),
        ("..\\app", "is a path"),
    ],
)
def test_what_is_no_requirement(text: str, message: str) -> None:
    """A requirement is a project with its versions."""
    with pytest.raises(SubsetError, match=message):
        parsed(text)


@pytest.mark.parametrize("text", ["ruamel.yaml", "web.py>=0.6", "zope.interface", "six>=1 ; os_name == 'a/b'"])
def test_a_project_that_is_like_a_file(text: str) -> None:
    """Dots in names, and slashes in markers, are no paths."""
    assert parsed(text).name == text.partition(">")[0]


def test_removed() -> None:
    """All lines of a project go, whatever its spelling; others stay byte for byte."""
    assert removed(TEXT, "pandas") == TEXT.rpartition("pandas")[0]
    text = "six \\\n ==1.0 # a\nNumPy>=2\nsix2\nnumpy ; python_version < '3'\n"
    assert removed(text, "numpy") == "six \\\n ==1.0 # a\nsix2\n"
    assert removed(text, "six") == "NumPy>=2\nsix2\nnumpy ; python_version < '3'\n"
    assert removed(text, "absent") == text
