"""Projects beside a lock: what their builds require, and which indexes they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.relocking.address import address_of
from pypi_subset.relocking.holdings import Holdings, read_holdings
from pypi_subset.relocking.projects import is_built, missing_builds, other_indexes, read_project
from pypi_subset.targets.tag import parse
from tests.support.relocks.sites import TARGETS, Held, write_manifest
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

OWN = [parse(name, tag) for name, tag in TARGETS.items()]
URL = "https://site.example.test/"


@pytest.fixture
def holdings(tmp_path: Path) -> Holdings:
    """Return the holdings of a site with a back-end, and with one that a closure of Windows alone has."""
    site = write_manifest(tmp_path / "site", Held(make_wheel("backend", "1.2")), Held(make_wheel("win-tool"), ["win"]))
    return read_holdings(address_of(str(site)), site)


@pytest.mark.parametrize(
    ("table", "found"),
    [
        ('requires = ["Backend>=1"]', []),
        ('requires = []\nbackend-path = ["."]', []),
        ('requires = ["backend>=2"]', ["backend>=2, which the site lacks for lab, win; the site has 1.2"]),
        ('requires = ["win_tool"]', ["win_tool, which the site lacks for lab; the site has 1.0"]),
        ("requires = [\"win-tool; sys_platform == 'win32'\"]", []),
        (
            'requires = ["one", "two[x]"]',
            [
                "one, which the site lacks for lab, win; the site does not have the project",
                "two[x], which the site lacks for lab, win; the site does not have the project",
            ],
        ),
    ],
)
def test_build_requirements(tmp_path: Path, holdings: Holdings, table: str, found: list[str]) -> None:
    """Version, marker and closure of each target count."""
    path = tmp_path / "pyproject.toml"
    path.write_text(f"[build-system]\n{table}\n", encoding="utf-8")
    lines = [line for _, line in missing_builds(tmp_path, OWN, holdings)]
    assert lines == [f"{path}:2: the build requires {one}" for one in found]
    assert is_built(tmp_path)


def test_a_project_that_does_not_say_needs_setuptools(tmp_path: Path, holdings: Holdings) -> None:
    """PEP 518 has a default; a project without pyproject.toml has it too."""
    path, what = tmp_path / "pyproject.toml", "the build requires setuptools>=40.8.0, which the site lacks for lab, win"
    for text in (None, "[project]\n"):
        if text is not None:
            path.write_text(text, encoding="utf-8")
        ((name, line),) = missing_builds(tmp_path, OWN, holdings)
        assert (name, line) == ("setuptools", f"{path}: {what}; the site does not have the project")
        assert not is_built(tmp_path)


def test_what_is_no_requirement_is_named(tmp_path: Path, holdings: Holdings) -> None:
    """uv would stop there as well."""
    path = tmp_path / "pyproject.toml"
    path.write_text('[build-system]\nrequires = ["a b c"]\n', encoding="utf-8")
    assert [*missing_builds(tmp_path, OWN, holdings)] == [("", f"{path}:2: 'a b c' is no requirement")]


def test_a_document_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    """What is no TOML, no text or no file."""
    path = tmp_path / "pyproject.toml"
    for data in (b"?", b"\xff\xff", None):
        if data is None:
            path.unlink()
        else:
            path.write_bytes(data)
        assert read_project(tmp_path) is None


def test_other_default_indexes_are_warnings(tmp_path: Path) -> None:
    """The default index of the project is in the place of the user's, and the lock is for another one then."""
    (tmp_path / "pyproject.toml").write_text(
        '[[tool.uv.index]]\nname = "gpu"\nurl = "https://ada:secret@one.example.test/whl"\ndefault = true\n'
        '[[tool.uv.index]]\nname = "own"\nurl = "https://two.example.test/"\nexplicit = true\n',
        encoding="utf-8",
    )
    (tmp_path / "uv.toml").write_text('index-url = "https://three.example.test/"\n', encoding="utf-8")
    found = other_indexes(tmp_path, address_of(URL))
    assert [host for line in found for host in ("one", "two", "three") if f"//{host}." in line] == ["one", "three"]
    assert all(line.endswith(f"for `uv sync` and `--locked`, let it name {URL}simple/") for line in found)
    assert "secret" not in str(found)
    (tmp_path / "uv.toml").write_text(f'[[index]]\nurl = "{URL}simple"\ndefault = true\n', encoding="utf-8")
    assert len(other_indexes(tmp_path, address_of(URL))) == 1


def test_no_index_is_no_warning(tmp_path: Path) -> None:
    """A project without settings, or with others."""
    assert other_indexes(tmp_path, address_of(URL)) == []
    (tmp_path / "pyproject.toml").write_text("[tool.uv]\nindex = 1\nindex-url = 2\n", encoding="utf-8")
    assert other_indexes(tmp_path, address_of(URL)) == []
