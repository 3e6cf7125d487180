"""
Walks the closures of a site: what each set needs on each target is there, and its pages link it.

No marker is evaluated. The manifest says which requirement holds on which target.
"""

from posixpath import dirname, join, normpath
from urllib.parse import unquote

from pypi_subset.standalone.errors import Refused, shown
from pypi_subset.standalone.importer.reading.metadata import (
    LONGEST_METADATA,
    fields_of,
    normalized,
    plain_version,
    required_project,
)
from pypi_subset.standalone.importer.reading.pages import LONGEST_PAGE, links_of_html, links_of_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Callable

    from pypi_subset.standalone.importer.reading.manifests import Closure, Distribution, SiteManifest

    #: The SHA-256 that a page gives for each file that it links, by path below the site.
    Links = dict[str, str]
    #: Project, version and required projects that METADATA state, by its SHA-256.
    Stated = dict[str, list[str]]


class Walk:
    """
    A walk over all closures.

    :param manifest: of the site.
    :param hashes: of every file of the site, by path.
    :param content: returns the bytes of the file at a path, which have that hash, and are no more than a number.
    :param known: whether the first of these paths, a pin of this target, was walked before with the others, its pages.
    :param stated: what METADATA state that were read before, by SHA-256.
    """

    def __init__(
        self,
        manifest: "SiteManifest",
        hashes: "dict[str, str]",
        content: "Callable[[str, int], bytes]",
        known: "Callable[[str, list[str]], bool]",
        stated: "Stated | None" = None,
    ) -> None:
        self.manifest = manifest
        self.hashes = hashes
        self.content = content
        self.known = known
        self.before = stated or {}
        self.links: dict[str, Links] = {}
        #: Project, version and required projects that METADATA state, by its SHA-256.
        self.stated: Stated = {}
        self.apart: dict[str, bool] = {}
        #: The paths of the pins that were walked, by target.
        self.walked: dict[str, set[str]] = {}
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
        """Check that requests lead to each pin, and that each request and each requirement leads to a pin."""
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
        for name in sorted(self.manifest.requested(closure) - leads.get("", set()) - brought):
            raise Refused(f"{closure.name}: {shown(name)} is requested, and no edge says so")
        for pin in [one for own in pins.values() for one in own]:
            for name in self._requirements(pin):
                if (pin.project, name) not in plain and name not in brought:
                    raise Refused(f"{closure.name}: {pin.filename} requires {shown(name)}, and no edge says so")

    def _requirements(self, pin: "Distribution") -> "list[str]":
        """
        Return the projects that *pin* requires without a condition, after comparing its name and version.

        :raises Refused: it is another project or version; or it is a wheel without METADATA beside it.
        """
        if not pin.metadata:
            # Beside an sdist there are no metadata. Beside each wheel, a site with closures has them.
            if pin.filename.endswith(".whl"):
                raise Refused(f"{pin.filename} has no METADATA beside it; make the bundle again")
            return []
        digest = pin.metadata
        if digest not in self.stated:
            known = self.before.get(digest)
            self.stated[digest] = known or stated_in(
                self.content(f"{pin.path}.metadata", LONGEST_METADATA), pin.filename
            )
        name, version = self.stated[digest][:2]
        # Most names and versions are written as they are compared.
        if (name != pin.project and normalized(name) != pin.project) or (
            version != pin.version and plain_version(version) != plain_version(pin.version)
        ):
            raise Refused(f"{pin.filename} says of itself that it is {shown(name)} {shown(version)}")
        return self.stated[digest][2:]

    def _linked(self, pin: "Distribution", closure: "Closure") -> None:
        """Check that *pin* is there, and that the view of the target and the union link it."""
        if self.hashes.get(pin.path) != pin.sha256:
            raise Refused(f"{closure.name}: {shown(pin.path)} is missing")
        view, union = f"targets/{closure.target}/simple/{pin.project}", f"simple/{pin.project}"
        walked = self.walked.setdefault(closure.target, set())
        if pin.path in walked:
            return
        walked.add(pin.path)
        if self.known(closure.target, [pin.path, *pages_of(view), *pages_of(union)]):
            return
        for page in pages_of(view):
            if self._links(page).get(pin.path) != pin.sha256:
                raise Refused(f"{closure.name}: {shown(page)} does not link {pin.filename}")
        html, other = pages_of(union)
        links = self._links(html)
        if self._is_apart(pin.project, links):
            # The pages of all targets list no file of a project with variants. They lead to the pages of views.
            if not {view, html_of(view)} & set(links) or self._links(other):
                raise Refused(f"{closure.name}: {shown(html)} links neither {pin.filename} nor its view")
            return
        for page in (html, other):
            if self._links(page).get(pin.path) != pin.sha256:
                raise Refused(f"{closure.name}: {shown(page)} does not link {pin.filename}")

    def _is_apart(self, project: str, links: "Links") -> bool:
        """Return whether the union page of *project*, which has these *links*, has none to a file of it."""
        if project not in self.apart:
            self.apart[project] = not any(file.path in links for file in self.of_project[project])
        return self.apart[project]

    def _links(self, page: str) -> "Links":
        """Return the links of a page of the index."""
        if page not in self.links:
            if page not in self.hashes:
                raise Refused(f"{shown(page)} is missing")
            data, folder = self.content(page, LONGEST_PAGE), dirname(page)
            pairs = links_of_json(data, page) if page.endswith(".v1_json") else links_of_html(data, page)
            self.links[page] = {normpath(join(folder, unquote(url))): digest for url, digest in pairs}
        return self.links[page]


def stated_in(data: bytes, filename: str) -> "list[str]":
    """
    Return name, version and the projects that are required without a condition, of the METADATA of a wheel.

    :raises Refused: they are damaged.
    """
    fields = fields_of(data, filename)
    required = [required_project(line, filename) for line in fields.get("requires-dist", ())]
    return [*((fields.get(one) or [""])[0] for one in ("name", "version")), *filter(None, required)]


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
