"""The checkout that the tests run in: its directories, documents and schemas."""

from __future__ import annotations

import importlib.util
import json
import shutil
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

#: The root directory of the checkout.
ROOT = Path(__file__).resolve().parents[2]
#: The directory of the package's sources.
SOURCE = ROOT / "src" / "pypi_subset"
#: The directory of the tests.
TESTS = ROOT / "tests"

#: What the front door consists of.
_FILES = ("Makefile", "tasks.py", "pyproject.toml", "tool-lock.txt", "tool-lock-dev.txt", "README.md", "LICENSE")
_DIRECTORIES = ("src", "verify")


def page(name: str) -> str:
    """Return the text of a document, ``README.md`` or a page in ``docs/``."""
    return (ROOT / name).read_text(encoding="utf-8")


def schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema of ``manifest`` or ``report``, as it is installed with the package."""
    path = resources.files("pypi_subset").joinpath("schemas", f"{name}.schema.json")
    document: dict[str, Any] = json.loads(path.read_bytes())
    return document


def tasks_module() -> ModuleType:
    """Return the module of the ``tasks.py`` at the top of the checkout."""
    specification = importlib.util.spec_from_file_location("root_tasks", ROOT / "tasks.py")
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def copy_checkout(folder: Path) -> Path:
    """Return *folder*, which now holds a copy of the Makefile, the tasks, the locks and the sources."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in _FILES:
        shutil.copy(ROOT / name, folder / name)
    ignored = shutil.ignore_patterns("__pycache__", "*.egg-info")
    for name in _DIRECTORIES:
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    return folder
