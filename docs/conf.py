"""Settings of the manual: Sphinx reads this file. The build needs no network."""  # noqa: INP001 - no package

from __future__ import annotations

import html
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

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

# The pages that a site serves run no script and no style that is written into them (Content Security Policy).
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)
_ELSEWHERE = re.compile(r'\shref="(https?://[^"]*)"')
_SCRIPT = re.compile(r"<script>(.*?)</script>", re.DOTALL)


def setup(app: Sphinx) -> None:
    """Register `finish`."""
    app.connect("build-finished", finish)


def finish(app: Sphinx, error: Exception | None) -> None:
    """
    Move the inline style and the inline script of the theme into files.

    Each link to another site is listed beside the directory of the manual, with the pages that have it. No link is opened.
    """
    if error or app.builder.name != "html":
        return
    static = Path(app.outdir, "_static")
    links: dict[str, set[str]] = {}
    for page in sorted(Path(app.outdir).rglob("*.html")):
        text = page.read_text(encoding="utf-8")
        up = "../" * (len(page.relative_to(app.outdir).parts) - 1)
        for pattern, name, link in (
            (_STYLE, "colors.css", '<link rel="stylesheet" href="{}">'),
            (_SCRIPT, "theme.js", '<script src="{}"></script>'),
        ):
            if found := pattern.search(text):
                (static / name).write_text(found[1], encoding="utf-8")
                text = text.replace(found[0], link.format(f"{up}_static/{name}"))
        text = text.replace('style="display: none;"', 'width="0" height="0"').replace(
            'style="opacity: 50%"', 'opacity="0.5"'
        )
        page.write_text(text, encoding="utf-8")
        for link in _ELSEWHERE.findall(text):
            links.setdefault(html.unescape(link), set()).add(page.relative_to(app.outdir).as_posix())
    lines = (f"{link}\t{' '.join(sorted(pages))}\n" for link, pages in sorted(links.items()))
    Path(app.outdir).with_name(f"{Path(app.outdir).name}-links.txt").write_text("".join(lines), encoding="utf-8")
