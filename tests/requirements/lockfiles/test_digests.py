"""Digests of projects, held against what real tools wrote."""

from __future__ import annotations

from pathlib import Path

import pytest

from pypi_subset.errors import Fault
from pypi_subset.requirements.lockfiles import digests
from pypi_subset.requirements.toml import Settings, parse_toml

PROJECT = """
[project]
name = "lab"
requires-python = ">=3.10"
dependencies = ["web"]
[project.optional-dependencies]
gui = ["color"]
[dependency-groups]
dev = ["check"]
"""


def read(text: str) -> Settings:
    """Return a document in TOML."""
    found = parse_toml(Path("pyproject.toml"), text)
    assert not isinstance(found, Fault)
    return found


@pytest.mark.parametrize(
    ("function", "base", "change"),
    [
        (digests.of_poetry, PROJECT, ('"web"', '"web>1"')),
        (digests.of_poetry, PROJECT, (">=3.10", ">=3.11")),
        (digests.of_poetry, "[tool.poetry.dependencies]\nweb = '*'\n", ("'*'", "'^1'")),
        (digests.of_poetry, f"{PROJECT}[tool.poetry.group.docs.dependencies]\na = 1.5\n", ("1.5", "1.6")),
        (digests.of_pdm, PROJECT, ('"color"', '"colour"')),
        (digests.of_pdm, f"{PROJECT}[tool.pdm.dev-dependencies]\nDev = ['x']\n", ("'x'", "'y'")),
        (digests.of_pdm, f"{PROJECT}[tool.pdm.resolution]\noverrides = {{ a = '1' }}\n", ("'1'", "'2'")),
        (digests.of_pipfile, "[packages]\nweb = '*'\n", ("'*'", "'==1'")),
        (digests.of_pipfile, "[docs]\nsphinx = '*'\n", ("sphinx", "mkdocs")),
    ],
)
def test_a_digest_changes_with_what_counts(function: object, base: str, change: tuple[str, str]) -> None:
    """Another requirement is another digest; a comment is not."""
    assert callable(function)
    assert function(read(base)) == function(read(f"# a comment\n{base}"))
    assert function(read(base)).isdisjoint(function(read(base.replace(*change))))


def test_groups_and_names_have_two_digests() -> None:
    """Older versions of poetry omit dependency groups; newer ones of pipenv normalize names."""
    changed = PROJECT.replace('"check"', '"check>1"')
    assert len(digests.of_poetry(read(PROJECT)) & digests.of_poetry(read(changed))) == 1
    one, other = read("[packages]\nMy_App = '*'\n"), read("[packages]\nmy-app = '*'\n")
    assert digests.of_pipfile(one) > digests.of_pipfile(other)


def test_an_older_pdm_has_a_digest_of_its_own() -> None:
    """The digest that PDM 2.12.4 wrote into the lock of a project is one of those that count."""
    text = """
[project]
name = "lab-app"
version = "0.1"
requires-python = ">=3.9"
dependencies = ["httpx[http2]>=0.27", "tomli; python_full_version < '3.11'", "click>=8"]
[project.optional-dependencies]
cli = ["rich>=13", "colorama; sys_platform == 'win32'"]
[tool.pdm.dev-dependencies]
dev = ["pytest>=8"]
"""
    stated = "sha256:17537f320a64062050aa03da8329755c4c3c1d93d6866564051d26cb86a0e0f2"
    assert stated in digests.of_pdm(read(text))
    assert stated not in digests.of_pdm(read(text.replace("pytest>=8", "pytest>=9")))
