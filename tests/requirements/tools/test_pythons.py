"""Pythons in tables of poetry and pixi."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.stages.sources import LINUX, bad_project, of_project

if TYPE_CHECKING:
    from pathlib import Path

#: The target of the tests has Python 3.10.
PROJECT = '[project]\nname = "app"\nrequires-python = ">=3.9"\ndependencies = ["six"]\n'
IN = [
    "^3.9",
    "^3.10",
    "~3.10",
    "~3",
    ">=3.9,<4",
    ">=3.9 <4",
    "3.10",
    "=3.10",
    "3.10.*",
    "==3.10.*",
    "3.*",
    "*",
    "3.9 || 3.10",
]
IN += ["~=3.9", ">=3.9, <3.11", "3.9.*|3.10.*", "!=3.9.*", "<3.11.*"]
OUT = [
    "^3.11",
    "~3.9",
    ">=3.13",
    "<3.10",
    "3.9",
    "3.11.*",
    "3.9 || >=3.12",
    "~=3.11",
    "^2.7",
    "!=3.10.*",
    ">=3.13,<3.14",
]
UNREAD = ["new", ">=x", "", ">=3.9 and", "3.9 ||", "9" * 300, "3.9\n!"]


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty directory, so that paths are as short as users see them."""
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("tool", ["poetry", "pixi"])
def test_a_target_with_another_python_is_refused(tool: str) -> None:
    """Beside ``requires-python`` too: the tool has locked for none of these."""
    assert '"cp310-' in LINUX
    for text in OUT:
        (fault,) = bad_project(f'{PROJECT}[tool.{tool}.dependencies]\npython = "{text}"\n')
        what = f"python = {text!r} of [tool.{tool}.dependencies] shuts out the target 'linux', Python 3.10"
        assert fault.startswith(f"pyproject.toml:6: {what}; leave it out of targets in [sets.")


@pytest.mark.parametrize("text", IN)
def test_a_target_that_fits_is_taken(text: str) -> None:
    """Signs of poetry, of conda and of PEP 440."""
    for value in (f'"{text}"', f'{{ version = "{text}" }}'):
        assert of_project("", f"{PROJECT}[tool.poetry.dependencies]\npython = {value}\n")


@pytest.mark.parametrize("text", UNREAD)
def test_what_cannot_be_read_is_refused(text: str) -> None:
    """It is no bound, and taking it for none would lock in silence."""
    value = text.replace("\n", "\\n")
    (fault,) = bad_project(f'{PROJECT}[tool.poetry.dependencies]\npython = "{value}"\n')
    assert fault.startswith("pyproject.toml:6: python of [tool.poetry.dependencies] is no version specifier; write")
