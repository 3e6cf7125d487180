"""
A README as HTML that is safe on a page of the site: no script, no style, nothing that is loaded from elsewhere.

readme-renderer makes HTML of it, as the Python Package Index does. A second pass fits it into the page: images become links or
their texts, headings begin below those of the page, links to files of the repository become text. nh3 comes last.
"""

from __future__ import annotations

import re
from email.message import Message

import nh3
from readme_renderer.clean import clean

from pypi_subset.support.text import escape, writable

#: Characters of a README that are rendered; a longer one is shown as it is, up to this length.
LONGEST = 300_000
#: Characters of its HTML; what becomes longer is shown as plain text.
LARGEST = 2_000_000

#: The level of a README's first heading: the page and the README have titles of their own.
_FIRST, _LAST = 3, 6
#: What the renderers put before each id; others could take the place of the page's own.
_OWN = "user-content-"
_SCHEMES = {"http", "https", "mailto"}
_WEB = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
_TAGS = {
    *("a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "dd", "del", "div", "dl", "dt", "em", "hr", "i"),
    *("h3", "h4", "h5", "h6", "kbd", "li", "ol", "p", "pre", "strong", "sub", "sup", "table", "tbody", "td"),
    *("th", "thead", "tr", "ul", "var"),
}
_ATTRIBUTES = {
    "*": {"id"},
    "a": {"href"},
    "ol": {"start"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
}
_VOID = {"br", "hr"}
#: What nh3 writes: tags with values in double quotes, and text.
_TOKEN = re.compile(r'<(/?)([a-z][a-z0-9]*)((?: [^\s=>"]+(?:="[^"]*")?)*) ?/?>|([^<]+|<)')
_ATTRIBUTE = re.compile(r' ([^\s=>"]+)="([^"]*)"')
_HEADING = re.compile("<h([1-6])[ >]")
_ID = re.compile(r' id="([^"]*)"')
#: Elements whose content is no text of the page.
_HIDDEN = {"script", "style"}
#: What the content of an element becomes, where the element itself has no place on the page.
_INSTEAD = {"acronym": "abbr", "details": "div", "summary": "p", "tt": "code"}
#: The only children of lists and rows that the standard has; they stand nowhere else.
_PARENTS = {"li": ("ul", "ol"), "dt": ("dl", "div"), "dd": ("dl", "div")}


def markup_of(text: str, kind: str) -> str:
    """
    Return the HTML of the README *text*, ``""`` for an empty one.

    :param kind: its media type with parameters, as METADATA has it; ``""`` means reStructuredText.
    """
    if len(text) > LONGEST:
        return plain(text)
    rendered = _rendered(text, kind)
    found = "" if rendered is None else fitted(rendered)
    return found if found and len(found) <= LARGEST else plain(text)


def plain(text: str) -> str:
    """Return the README *text* as it was written, without a rest that is too long."""
    shown = text if len(text) <= LONGEST else f"{text[:LONGEST]}\n…"
    return f"<pre>{escape(shown.strip())}</pre>" if shown.strip() else ""


def fitted(rendered: str) -> str:
    """Return the HTML *rendered*, which nh3 has cleaned once, as it may stand on a page of the site."""
    levels = [int(level) for level in _HEADING.findall(rendered)]
    fitting = _Fitting(shift=_FIRST - min(levels, default=_FIRST), ids=frozenset(_ID.findall(rendered)))
    for end, tag, attributes, text in _TOKEN.findall(rendered):
        if text:
            fitting.text(text)
        elif end:
            fitting.end(tag)
        else:
            fitting.start(tag, dict(_ATTRIBUTE.findall(attributes)))
    made = nh3.clean(
        "".join(fitting.parts),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes=_SCHEMES,
        link_rel="nofollow noreferrer",
        attribute_filter=_kept,
    )
    return writable(made).strip()


def _rendered(text: str, kind: str) -> str | None:
    """Return the HTML of readme-renderer, ``None`` if the text is not what *kind* says."""
    header = Message()
    header["content-type"] = kind or "text/x-rst"
    name = header.get_content_type()
    if name == "text/markdown":
        from readme_renderer import markdown  # noqa: PLC0415 - a run that renders none does not load it

        # Without the colours of code, which take as long as all the rest.
        variant = str(header.get_param("variant", "GFM"))
        found = clean(markdown.variants.get(variant, markdown.variants["GFM"])(text))
    elif name == "text/x-rst":
        from readme_renderer import rst  # noqa: PLC0415

        rst.SETTINGS["syntax_highlight"] = "none"
        found = rst.render(text)
    else:
        return None
    return None if found is None else str(found)


def _kept(tag: str, name: str, value: str) -> str | None:
    """Return the *value* of an attribute as it may stand there, ``None`` if it may not."""
    if name == "id":
        return value if value.startswith(_OWN) else None
    if name == "href":
        return value if _WEB.match(value) or value.startswith(f"#{_OWN}") else None
    if name in {"colspan", "rowspan", "start"}:
        return value if value.isascii() and value.isdigit() and 0 < int(value[:5]) <= 1000 else None  # noqa: PLR2004 - as the standard has it
    return value if tag else None


class _Fitting:
    """Collects in *parts* the document as it stands on the page; nh3 reads that, so it need not be well formed."""

    def __init__(self, *, shift: int, ids: frozenset[str]) -> None:
        self.parts: list[str] = []
        self._shift, self._ids = shift, ids
        self._level = _FIRST - 1
        #: The open elements, each with what it became and how many parts there were before it.
        self._open: list[tuple[str, str, int]] = []

    def start(self, tag: str, values: dict[str, str]) -> None:
        """Add the start of an element; *values* are its attributes, as they are written."""
        if tag == "img":
            self._image(values)
        elif tag == "input":
            self.parts.append("☑ " if "checked" in values else "☐ ")
        elif tag in _VOID:
            self.parts.append(f"<{tag}>")
        elif tag != "col":
            became = self._place(_INSTEAD.get(tag, tag), values)
            self._open.append((tag, became, len(self.parts)))
            if became:
                written = "".join(f' {name}="{value}"' for name, value in values.items())
                self.parts.append(f"<{became}{written}>")

    def end(self, tag: str) -> None:
        """Add the end of the last open element of that name, and of all within it."""
        if any(one == tag for one, _, _ in self._open):
            while True:
                name, became, start = self._open.pop()
                self._close(became, start)
                if name == tag:
                    break

    def text(self, text: str) -> None:
        """Add text as it is written."""
        if not (self._open and self._open[-1][0] in _HIDDEN):
            self.parts.append(text)

    def _place(self, tag: str, values: dict[str, str]) -> str:
        """Return what an element becomes on the page, ``""`` if its content alone stays."""
        if re.fullmatch("h[1-6]", tag):
            # No level is left out, for those who go from heading to heading.
            self._level = max(_FIRST, min(int(tag[1]) + self._shift, self._level + 1, _LAST))
            return f"h{self._level}"
        if tag == "a":
            href = values.get("href", "")
            leads = _WEB.match(href) or (href[:1] == "#" and href[1:] in self._ids)
            return "a" if leads and not self._inside("a") else ""
        if tag in _PARENTS:
            above = next((became for _, became, _ in reversed(self._open) if became), "")
            return tag if above in _PARENTS[tag] else "div"
        return tag if tag in _TAGS else ""

    def _close(self, became: str, start: int) -> None:
        if not became:
            return
        content = "".join(self.parts[start + 1 :])
        if became in {"a", "th", "p", "h3", "h4", "h5", "h6"} and not re.sub("<[^>]*>", "", content).strip():
            # A link or a heading without a text has no name for a screen reader.
            self.parts[start] = "<td>" if became == "th" else ""
            self.parts.append("</td>" if became == "th" else "")
            return
        self.parts.append(f"</{became}>")

    def _image(self, values: dict[str, str]) -> None:
        """Write an image as a link to it, inside of a link as its text alone: nothing is loaded from elsewhere."""
        source, words = values.get("src", ""), " ".join(values.get("alt", "").split())
        if words == source:
            words = ""
        name = words or source.rpartition("/")[2].partition("?")[0][:80] or "image"
        if _WEB.match(source) and not self._inside("a"):
            self.parts.append(f'<a href="{source}">{name}</a> ')
        else:
            self.parts.append(f"{name} ")

    def _inside(self, tag: str) -> bool:
        return any(became == tag for _, became, _ in self._open)
