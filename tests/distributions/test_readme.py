"""What METADATA says for people: summary, README and licence, in the forms of old and new releases."""

from __future__ import annotations

import pytest

from pypi_subset.distributions.readme import Readme, readme_of

HEAD = "Metadata-Version: 2.1\nName: demo\nVersion: 1.0\n"


def read(more: str, body: str = "") -> Readme:
    """Return what METADATA with these further lines says."""
    return readme_of(f"{HEAD}{more}\n{body}".encode())


def test_the_readme_is_what_follows_the_fields() -> None:
    """With its media type, which may name a variant; the summary is one line."""
    found = read("Summary: Fits\n  well\nDescription-Content-Type: text/markdown; variant=GFM\n", "# Demo\n\nText\n")
    assert found == Readme(summary="Fits well", text="# Demo\n\nText\n", kind="text/markdown; variant=GFM", license="")


@pytest.mark.parametrize("indent", ["       |", "        "])
def test_older_releases_have_it_as_a_field(indent: str) -> None:
    """Each further line is indented, by eight characters."""
    assert read(f"Description: Demo\n{indent}====\n{indent}\n{indent}Text\n").text == "Demo\n====\n\nText"


def test_no_readme() -> None:
    """Blanks are none."""
    assert read("", "\n \n") == Readme(summary="", text="", kind="", license="")


def test_letters_of_every_language() -> None:
    """METADATA is UTF-8, with any ends of lines; what is none is replaced."""
    assert read("Summary: Größe 大\n").summary == "Größe 大"
    assert readme_of(f"{HEAD}Summary: é\n\nä\n".replace("\n", "\r\n").encode()).text == "ä\n"
    assert readme_of(HEAD.encode() + b"\n\xff\n").text == "\ufffd\n"


@pytest.mark.parametrize(
    ("lines", "shown"),
    [
        ("License-Expression: MIT\nLicense: other\n", "MIT"),
        ("License: BSD\n", "BSD"),
        ("License: UNKNOWN\nClassifier: License :: OSI Approved :: MIT License\n", "MIT License"),
        (f"License: {'Permission is granted ' * 9}\nClassifier: License :: OSI Approved\n", ""),
        ("", ""),
    ],
)
def test_the_licence_is_one_line(lines: str, shown: str) -> None:
    """The expression, else a short text, else the classifiers; the text of a licence is none of them."""
    assert read(lines).license == shown
