"""
Walks the closures of a site: what each set needs on each target is there, and its pages link it.

No marker is evaluated. The manifest says which requirement holds on which target.
"""

import json
import re
from html.parser import HTMLParser
from posixpath import dirname, join, normpath
from urllib.parse import unquote, urldefrag

from pypi_subset.standalone.importer.errors import Refused, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from pypi_subset.standalone.importer.reading.manifests import Closure, Distribution, SiteManifest

    #: The SHA-256 that a page gives for each file that it links, by path below the site.
    Links = dict[str, str]

#: Name, and what follows it, of a requirement without a marker (PEP 508).
REQUIRED = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:[\[(<>=!~@][^;]*)?")

#: A version in any spelling (PEP 440, appendix B), in lower case.
VERSION = re.compile(
    r"v?(?:(\d{1,18})!)?(\d{1,18}(?:\.\d{1,18})*)"
    r"(?:[-_.]?(alpha|beta|preview|pre|rc|a|b|c)(?:[-_.]?(\d{1,18}))?)?"
    r"(?:-(\d{1,18})|[-_.]?(post|rev|r)(?:[-_.]?(\d{1,18}))?)?"
    r"(?:[-_.]?(dev)(?:[-_.]?(\d{1,18}))?)?"
    r"(?:\+([a-z0-9]{1,64}(?:[-_.][a-z0-9]{1,64})*))?",
    re.ASCII,
)
PRE_RELEASES = {"alpha": "a", "beta": "b", "c": "rc", "pre": "rc", "preview": "rc"}


class Walk:
    """
    A walk over all closures.

    :param manifest: of the site.
    :param hashes: of every file of the site, by path.
    :param content: returns the bytes of the file at a path, which have that hash.
    :param known: whether files at these paths were walked before, and are the same since.
    """

    def __init__(
        self,
        manifest: "SiteManifest",
        hashes: "dict[str, str]",
        content: "Callable[[str], bytes]",
        known: "Callable[[list[str]], bool]",
    ) -> None:
        self.manifest = manifest
        self.hashes = hashes
        self.content = content
        self.known = known
        self.links: dict[str, Links] = {}
        self.required: dict[str, list[str]] = {}
        self.of_project: dict[str, list[Distribution]] = {}
        for file in manifest.files:
            self.of_project.setdefault(file.project, []).append(file)

    def go(self) -> int:
        """
        Return how many pins were walked.

        :raises Refused: a file, a link, a pin or an edge is missing, or contradicts another one.
        """
        for closure in self.manifest.closures or ():
            self._graph(closure)
            for number in closure.pins:
                self._linked(self.manifest.files[number], closure)
        return sum(len(closure.pins) for closure in self.manifest.closures or ())

    def _graph(self, closure: "Closure") -> None:
        """Check that requests lead to each pin, and that each requirement leads to a pin."""
        pins: dict[str, list[Distribution]] = {}
        for number in closure.pins:
            pin = self.manifest.files[number]
            pins.setdefault(pin.project, []).append(pin)
        leads: dict[str, set[str]] = {}
        plain: set[tuple[str, str]] = set()
        for number in closure.edges:
            start, extra, end = self.manifest.edges[number]
            if (start and start not in pins) or end not in pins:
                raise Refused(f"{closure.name}: {shown(start)} requires {shown(end)}, and one of them is no pin")
            leads.setdefault(start, set()).add(end)
            if not extra:
                plain.add((start, end))
        unreached = set(pins) - reached_in(leads)
        if unreached:
            raise Refused(f"{closure.name}: no request leads to {shown(min(unreached))}")
        brought = self.manifest.brought.get(closure.target, set()) - set(pins)
        for pin in [one for own in pins.values() for one in own]:
            for name in self._requirements(pin):
                if (pin.project, name) not in plain and name not in brought:
                    raise Refused(f"{closure.name}: {pin.filename} requires {shown(name)}, and no edge says so")

    def _requirements(self, pin: "Distribution") -> "list[str]":
        """Return the projects that *pin* requires without a condition, after comparing its name and version."""
        if not pin.metadata:
            # Beside an sdist there are no metadata.
            return []
        if pin.path not in self.required:
            fields = fields_of(self.content(f"{pin.path}.metadata"))
            name, version = [(fields.get(one) or [""])[0] for one in ("name", "version")]
            if normalized(name) != pin.project or plain_version(version) != plain_version(pin.version):
                raise Refused(f"{pin.filename} says of itself that it is {shown(name)} {shown(version)}")
            found = []
            for line in fields.get("requires-dist", ()):
                match = REQUIRED.fullmatch(line)
                if match is not None:
                    found.append(normalized(match.group(1)))
                elif ";" not in line:
                    raise Refused(f"{pin.filename} has the requirement {shown(line)}, which is damaged")
            self.required[pin.path] = found
        return self.required[pin.path]

    def _linked(self, pin: "Distribution", closure: "Closure") -> None:
        """Check that *pin* is there, and that the view of the target and the union link it."""
        if self.hashes.get(pin.path) != pin.sha256:
            raise Refused(f"{closure.name}: {shown(pin.path)} is missing")
        view, union = f"targets/{closure.target}/simple/{pin.project}", f"simple/{pin.project}"
        if self.known([pin.path, *pages_of(view), *pages_of(union)]):
            return
        for page in pages_of(view):
            if self._links(page).get(pin.path) != pin.sha256:
                raise Refused(f"{closure.name}: {shown(page)} does not link {pin.filename}")
        html, other = pages_of(union)
        links = self._links(html)
        if pin.path not in links and not any(file.path in links for file in self.of_project[pin.project]):
            # The pages of all targets list no file of a project with variants. They lead to the pages of views.
            if not {view, html_of(view)} & set(links) or self._links(other):
                raise Refused(f"{closure.name}: {shown(html)} links neither {pin.filename} nor its view")
            return
        for page in (html, other):
            if self._links(page).get(pin.path) != pin.sha256:
                raise Refused(f"{closure.name}: {shown(page)} does not link {pin.filename}")

    def _links(self, page: str) -> "Links":
        """Return the links of a page of the index."""
        if page not in self.links:
            if page not in self.hashes:
                raise Refused(f"{shown(page)} is missing")
            data, folder = self.content(page), dirname(page)
            pairs = links_of_json(data, page) if page.endswith(".v1_json") else links_of_html(data)
            self.links[page] = {normpath(join(folder, unquote(url))): digest for url, digest in pairs}
        return self.links[page]


def fields_of(data: bytes) -> "dict[str, list[str]]":
    """Return the fields of core metadata by name in lower case; email.parser takes ten times as long."""
    found: dict[str, list[str]] = {}
    name = ""
    for line in data.decode("utf-8", "replace").replace("\r\n", "\n").partition("\n\n")[0].split("\n"):
        if line[:1] in (" ", "\t") and name:
            found[name][-1] += line
        else:
            name, _, value = line.partition(":")
            name = name.strip().lower()
            found.setdefault(name, []).append(value.strip())
    return found


def reached_in(leads: "dict[str, set[str]]") -> "set[str]":
    """Return the projects that requests, called ``""``, lead to over any number of edges."""
    reached: set[str] = set()
    waiting = [""]
    while waiting:
        new = leads.get(waiting.pop(), set()) - reached
        reached |= new
        waiting.extend(new)
    return reached


def html_of(folder: str) -> str:
    """Return the path of the page of a project in HTML."""
    return f"{folder}/index.html"


def pages_of(folder: str) -> "list[str]":
    """Return the paths of the page of a project in both forms."""
    return [html_of(folder), f"{folder}/index.v1_json"]


def links_of_json(data: bytes, page: str) -> "list[tuple[str, str]]":
    """Return address and SHA-256 of each file of a page in JSON (PEP 691)."""
    try:
        files = json.loads(data.decode("utf-8"))["files"]
        return [(str(one["url"]), str(one["hashes"]["sha256"])) for one in files]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise Refused(f"{shown(page)} is no page of an index") from error


def links_of_html(data: bytes) -> "list[tuple[str, str]]":
    """Return address and SHA-256 of each link of a page in HTML (PEP 503)."""
    reader = Anchors()
    reader.feed(data.decode("utf-8", "replace"))
    reader.close()
    return reader.found


class Anchors(HTMLParser):
    """Collects the links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: "list[tuple[str, str | None]]") -> None:
        """Keep the address of a link."""
        for name, value in attrs:
            if tag == "a" and name == "href" and value:
                url, fragment = urldefrag(value)
                self.found.append((url, fragment[7:] if fragment.startswith("sha256=") else ""))


def normalized(name: str) -> str:
    """Return the normalized name of a project (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def plain_version(version: str) -> "Any":
    """Return the same for all spellings of a version (PEP 440)."""
    match = VERSION.fullmatch(version.strip().lower())
    if match is None:
        return version
    epoch, release, kind, pre, implicit, post, post_number, dev, dev_number, local = match.groups()
    numbers = [int(one) for one in release.split(".")]
    while numbers[1:] and not numbers[-1]:
        numbers.pop()
    return (
        int(epoch or 0),
        numbers,
        kind and (PRE_RELEASES.get(kind, kind), int(pre or 0)),
        (implicit or post) and int(implicit or post_number or 0),
        dev and int(dev_number or 0),
        local and [int(one) if one.isdigit() else one for one in re.split("[-_.]", local)],
    )
