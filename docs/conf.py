"""Settings of the manual: Sphinx reads this file. The build needs no network."""  # noqa: INP001 - no package

from __future__ import annotations

import tomllib
from pathlib import Path

_METADATA = tomllib.loads((Path(__file__).resolve().parents[1] / "pyproject.toml").read_text(encoding="utf-8"))

project: str = _METADATA["project"]["name"]
release: str = _METADATA["project"]["version"]

extensions: list[str] = ["myst_parser"]
source_suffix: dict[str, str] = {".md": "markdown"}
exclude_patterns: list[str] = []
nitpicky: bool = True

# Headings get anchors, for links into a page.
myst_heading_anchors: int = 3

html_theme: str = "furo"
html_title: str = f"{project} {release}"
# The same sources give the same pages.
html_last_updated_fmt: str | None = None
html_copy_source: bool = False
html_show_sphinx: bool = False
