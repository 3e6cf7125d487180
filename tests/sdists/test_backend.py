"""What an sdist says of its build."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import BadDistribution
from pypi_subset.sdists.backend import LEGACY, BuildSystem, read_build_system, required

if TYPE_CHECKING:
    from pathlib import Path

NAME = "app-1.0.tar.gz"


def texts(found: BuildSystem) -> list[str]:
    """Return the requirements as text."""
    return [*map(str, found.requires)]


@pytest.mark.parametrize("document", [None, "", "[project]\nname = 'app'\n"])
def test_setuptools_is_the_usual_one(tmp_path: Path, document: str | None) -> None:
    """Without the table, PEP 517 names the back-end and PEP 518 what it requires."""
    if document is not None:
        (tmp_path / "pyproject.toml").write_text(document)
    found = read_build_system(tmp_path, NAME)
    assert (texts(found), found.backend, found.path) == (["setuptools>=40.8.0"], LEGACY, ())


def test_what_is_said_counts(tmp_path: Path) -> None:
    """Requirements without a back-end are for setuptools."""
    path = tmp_path / "pyproject.toml"
    path.write_text('[build-system]\nrequires = ["a>=1", "b; extra == \'x\'"]\n')
    found = read_build_system(tmp_path, NAME)
    assert (texts(found), found.backend) == (["a>=1", 'b; extra == "x"'], LEGACY)
    path.write_text('[build-system]\nrequires = []\nbuild-backend = "own.part:object"\nbackend-path = ["tools/x"]\n')
    assert read_build_system(tmp_path, NAME) == BuildSystem(requires=(), backend="own.part:object", path=("tools/x",))


@pytest.mark.parametrize(
    ("table", "why"),
    [
        ('requires = "a"', "requires is no list of requirements"),
        ("requires = [1]", "requires is no list of requirements"),
        ('requires = ["a=="]', "'a==' is no requirement"),
        ('requires = ["a @ https://one.example/a.zip"]', "a is required from a URL, and no release of an index"),
        ('build-backend = "a b"', "build-backend is no name of an object"),
        ("build-backend = 1", "build-backend is no name of an object"),
        ('backend-path = ["../x"]', "backend-path leads out of the sdist"),
        ('backend-path = ["/usr"]', "backend-path leads out of the sdist"),
        ('backend-path = "."', "backend-path leads out of the sdist"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, table: str, why: str) -> None:
    """The error names the sdist."""
    (tmp_path / "pyproject.toml").write_text(f"[build-system]\n{table}\n")
    with pytest.raises(BadDistribution) as caught:
        read_build_system(tmp_path, NAME)
    assert caught.value.what == f"{NAME} cannot be built: {why}"


@pytest.mark.parametrize("text", ["[build-system", "build-system = 1", "a = [" * 500])
def test_a_damaged_document_is_an_error(tmp_path: Path, text: str) -> None:
    """Not a traceback, however deep its lists are."""
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(BadDistribution, match="cannot be built"):
        read_build_system(tmp_path, NAME)


def test_what_a_hook_returns_is_read_likewise() -> None:
    """A URL is refused there too."""
    assert [*map(str, required(["a>=1"], NAME))] == ["a>=1"]
    with pytest.raises(BadDistribution, match="from a URL"):
        required(["a @ file:///etc/passwd"], NAME)
