"""One target or one sdist more or less in ``subset.toml``."""

from __future__ import annotations

import pytest

from pypi_subset.editing.settings_text import Settings
from pypi_subset.errors import SubsetError

TEXT = """\
# the machines
[targets]
lab = "rhel-10"  # the new ones

[sdists]
build = [
    "docopt",  # for num2words
]
"""


def of(text: str) -> Settings:
    """Return the settings that *text* is."""
    return Settings(text=text, name="subset.toml")


@pytest.mark.parametrize(
    ("value", "python", "line"),
    [
        ("debian-13", "", 'new = "debian-13"'),
        ("debian-13", "3.12", 'new = {on = "debian-13", python = "3.12"}'),
        ("cp312-win_amd64", "", 'new = "cp312-win_amd64"'),
        ("cp312-win_amd64", "3.12.4", 'new = {tag = "cp312-win_amd64", python = "3.12.4"}'),
        ("host", "", 'new = "host"'),
        ("office.json", "", 'new = {file = "office.json"}'),
    ],
)
def test_a_target_is_added(value: str, python: str, line: str) -> None:
    """It is written as shortly as it can be, and everything else stays."""
    assert of(TEXT).with_target("new", value, python) == TEXT.replace("\n\n[sdists]", f"\n{line}\n\n[sdists]")
    assert of("").with_target("new", value, python) == f"[targets]\n{line}\n"


def test_a_target_that_is_there() -> None:
    """The same target is no change, another one of its name is an error."""
    assert of(TEXT).with_target("lab", "rhel-10", "") == TEXT
    with pytest.raises(SubsetError, match=r"subset\.toml has a target lab already"):
        of(TEXT).with_target("lab", "rhel-9", "")


def test_a_target_is_removed() -> None:
    """With its comment; one that is not there is an error that names the others."""
    assert of(TEXT).without_target("lab") == TEXT.replace('lab = "rhel-10"  # the new ones\n', "")
    with pytest.raises(SubsetError, match="has no target other") as caught:
        of(TEXT).without_target("other")
    assert caught.value.next_step == "choose one that it has: lab"


def test_an_sdist_is_added() -> None:
    """To the list as it is laid out, or to a new one; what is there is not added again."""
    assert of(TEXT).with_built("odfpy") == TEXT.replace("num2words\n", 'num2words\n    "odfpy",\n')
    assert of(TEXT).with_built("DocOpt") == TEXT
    assert of('[sdists]\nbuild = ["a"] # b\n').with_built("c") == '[sdists]\nbuild = ["a", "c"] # b\n'
    assert of("[targets]\n").with_built("c") == '[targets]\n\n[sdists]\nbuild = ["c"]\n'


def test_an_sdist_is_removed() -> None:
    """The last one takes the table with it."""
    assert of('[sdists]\nbuild = ["a", "b-c"]\n').without_built("B_C") == '[sdists]\nbuild = ["a"]\n'
    assert "sdists" not in of(TEXT).without_built("docopt")
    with pytest.raises(SubsetError, match=r"subset\.toml does not build other"):
        of(TEXT).without_built("other")


@pytest.mark.parametrize(
    ("text", "message"),
    [("[targets", "is not TOML"), ("targets = 1\n", "must be a table"), ("[sdists]\nbuild = 1\n", "is no list")],
)
def test_a_document_that_cannot_be_edited(text: str, message: str) -> None:
    """What is wrong is said, and no document is made of it."""
    with pytest.raises(SubsetError, match=message):
        of(of(text).with_built("a")).with_target("a", "host", "")
