"""Settings of the manual: Sphinx reads this file. The build needs no network."""  # noqa: INP001 - no package

from __future__ import annotations

import hashlib
import html
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

if TYPE_CHECKING:
    from sphinx.application import Sphinx

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
# The search fetches nothing: it works from a disk, and under the policy of a site.
html_show_search_summary: bool = False

# The policy of a site (Content Security Policy) refuses what is written into a page: each part becomes a file.
_PARTS = (
    (re.compile(r"<style>(.*?)</style>", re.DOTALL), "colors.css", '<link rel="stylesheet" href="{}">'),
    (re.compile(r"<script>(.*?)</script>", re.DOTALL), "theme.js", '<script src="{}"></script>'),
)
_STYLES = {'style="display: none;"': 'width="0" height="0"', 'style="opacity: 50%"': 'opacity="0.5"'}
_ICON = re.compile(r"""url\((["'])data:image/svg\+xml;charset=utf-8,(.*?)\1\)""", re.DOTALL)
_LINK = re.compile(r'\shref="(https?://[^"]*)"')


def setup(app: Sphinx) -> None:
    """Register `finish`."""
    app.connect("build-finished", finish)


def finish(app: Sphinx, error: Exception | None) -> None:
    """
    Make the built pages ready for a site, and list their links to other sites beside the directory of the manual.

    No link is opened.
    """
    if error or app.builder.name != "html":
        return
    links: dict[str, set[str]] = {}
    for page in sorted(Path(app.outdir).rglob("*.html")):
        text = _without_parts(page.read_text(encoding="utf-8"), page, Path(app.outdir))
        page.write_text(text, encoding="utf-8")
        for link in _LINK.findall(text):
            links.setdefault(html.unescape(link), set()).add(page.relative_to(app.outdir).as_posix())
    for sheet in sorted(Path(app.outdir).rglob("*.css")):
        _move_icons(sheet)
    lines = (f"{link}\t{' '.join(sorted(pages))}\n" for link, pages in sorted(links.items()))
    Path(app.outdir).with_name(f"{Path(app.outdir).name}-links.txt").write_text("".join(lines), encoding="utf-8")


def _without_parts(text: str, page: Path, root: Path) -> str:
    """Return the *text* of a page with links to its inline style and script, which are written to files."""
    up = "../" * (len(page.relative_to(root).parts) - 1)
    for pattern, name, link in _PARTS:
        if found := pattern.search(text):
            (root / "_static" / name).write_text(found[1], encoding="utf-8")
            text = text.replace(found[0], link.format(f"{up}_static/{name}"))
    for written, meant in _STYLES.items():
        text = text.replace(written, meant)
    return text


def _move_icons(sheet: Path) -> None:
    """
    Name a file for each picture in a style sheet, beside the picture.

    The policy of a site refuses the picture in the sheet, and a browser refuses the file where a page is read from a disk.
    """

    def moved(found: re.Match[str]) -> str:
        picture = unquote(found[2])
        name = f"icon-{hashlib.sha256(picture.encode()).hexdigest()[:12]}.svg"
        sheet.with_name(name).write_text(picture, encoding="utf-8")
        return f'url("{name}"), {found[0]}'

    text = sheet.read_text(encoding="utf-8")
    if _ICON.search(text):
        sheet.write_text(_ICON.sub(moved, text), encoding="utf-8")
