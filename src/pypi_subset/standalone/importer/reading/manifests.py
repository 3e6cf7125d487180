"""``manifest.json`` of a site, as far as an import needs it, and the difference between two of them."""

import hashlib
import re

from pypi_subset.standalone.errors import Refused, shown
from pypi_subset.standalone.importer.reading.metadata import required_project
from pypi_subset.standalone.importer.reading.numbers import numbers_in
from pypi_subset.standalone.importer.reading.paths import MANIFEST_NAME, check_paths
from pypi_subset.standalone.importer.reading.strict_json import Fields, digest_in, digests_in, parse_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: Bytes and values of a manifest: ten times those of a site of 10,000 wheels.
LONGEST_MANIFEST, MOST_FACTS = 512 << 20, 20_000_000
#: Pins and edges of all closures together.
MOST_STEPS = 8_000_000
#: Operations of a difference.
MOST_OPERATIONS = 2_000_000

#: Names of sets and targets, and of projects (PEP 503).
NAME, PROJECT = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*"), re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
#: Since this minor version of the manifest, closures are in it.
CLOSURES_SINCE = 5


class Distribution:
    """One file of the manifest that pip installs."""

    def __init__(self, found: "Any") -> None:
        fields = Fields(found, "a file of the manifest")
        self.path: str = fields.get("path", str)
        self.filename: str = fields.get("filename", str)
        self.project = fields.text("project", PROJECT)
        self.version: str = fields.get("version", str)
        self.sha256 = fields.digest("sha256")
        self.metadata = fields.digest_or_none("metadata")
        needs = [Fields(one, "needed_by of a file of the manifest") for one in fields.get("needed_by", list)]
        self.targets: set[str] = {one.get("target", str) for one in needs}
        if self.path != f"simple/{self.project}/{self.filename}":
            raise Refused(f"{MANIFEST_NAME} has {shown(self.filename)} at another path than that of its project")
        requires = fields.found.get("requires_python")
        self.requires_python = requires if type(requires) is str else ""


class Set:
    """
    A set.

    :param targets: names of its targets.
    :param requested: projects that are requested on each of them.
    :param gaps: target and project of each request that is left out, because the user accepts that.
    """

    def __init__(self, found: "Any") -> None:
        fields = Fields(found, "a set of the manifest")
        self.name = fields.text("name", NAME)
        self.targets: list[str] = fields.get("targets", list)
        if any(type(one) is not str for one in self.targets):
            raise Refused(f"{MANIFEST_NAME} has a set with a target that is no text")
        requests = [Fields(one, "a request of the manifest") for one in fields.get("requests", list)]
        lines = [one.get("requirement", str) for one in requests]
        self.requested = {required_project(line, f"the set {self.name}") for line in lines} - {""}
        gaps = fields.get("gaps", list) if "gaps" in fields.found else []
        self.gaps = {gap_in(one) for one in gaps}


class Closure:
    """
    What one set needs on one target.

    :param pins: positions in the files of the manifest.
    :param edges: positions in its edges.
    """

    def __init__(self, set_name: str, target: str, pins: "list[int]", edges: "list[int]") -> None:
        self.set_name = set_name
        self.target = target
        self.pins = pins
        self.edges = edges

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"{shown(self.set_name)} on {shown(self.target)}"


class SiteManifest:
    """
    A manifest.

    :param data: its bytes.
    :raises Refused: it is damaged, a later major version wrote it, or its closures are not complete.
    """

    def __init__(self, data: bytes) -> None:
        self.digest = hashlib.sha256(data).hexdigest()
        fields = Fields(parse_json(data, MANIFEST_NAME, MOST_FACTS), MANIFEST_NAME)
        self.minor = minor_of(fields.get("schema", str, int))
        self.files = [Distribution(one) for one in fields.get("files", list)]
        #: Whether the connected side carried a site that nothing proves (``--force``).
        self.unproven = "unproven" in fields.found and bool(fields.get("unproven", bool))
        self.pages: dict[str, str] = digests_in(fields.get("pages", dict), "pages")
        self.targets = [Fields(one, "a target of the manifest") for one in fields.get("targets", list)]
        self.brought: dict[str, set[str]] = dict(map(brought_in, fields.get("targets", list)))
        sets = [Set(one) for one in fields.get("sets", list)]
        self.jobs = [(one.name, target) for one in sets for target in one.targets]
        self._sets = {one.name: one for one in sets}
        if len(self._sets) != len(sets) or len(self.brought) != len(fields.get("targets", list)):
            raise Refused(f"{MANIFEST_NAME} names a set or a target twice")
        self.edges: list[list[str]] = []
        self.closures: list[Closure] | None = None
        if self.minor >= CLOSURES_SINCE:
            self.edges = edges_in(fields.get("edges", list))
            self._facts = 0
            self.closures = [self._closure(one) for one in fields.get("closures", list)]
            if sorted((one.set_name, one.target) for one in self.closures) != sorted(self.jobs):
                raise Refused(f"{MANIFEST_NAME} has no closure, or two, for a set on a target")

    def requested(self, closure: Closure) -> "set[str]":
        """Return the projects that the set of *closure* requests on its target, without those that are left out."""
        own = self._sets[closure.set_name]
        return {one for one in own.requested if (closure.target, one) not in own.gaps}

    def hashes(self) -> "dict[str, str]":
        """
        Return the hash of every file that the manifest names, by path.

        :raises Refused: as `named`; paths contradict each other.
        """
        found = self.named()
        check_paths(found)
        return found

    def named(self) -> "dict[str, str]":
        """
        Return the same, whose paths are not checked yet.

        :raises Refused: it names a file twice.
        """
        found = dict(self.pages)
        for one in self.files:
            found[one.path] = one.sha256
            if one.metadata:
                found[f"{one.path}.metadata"] = one.metadata
        if len(found) != len(self.pages) + len(self.files) + sum(bool(one.metadata) for one in self.files):
            raise Refused(f"{MANIFEST_NAME} names a file twice")
        return found

    def _closure(self, found: "Any") -> Closure:
        """Return one closure, whose numbers are positions in files and edges."""
        fields = Fields(found, "a closure of the manifest")
        pins = numbers_in(fields.get("pins", str), len(self.files), MANIFEST_NAME)
        edges = numbers_in(fields.get("edges", str), len(self.edges), MANIFEST_NAME)
        # A list of a few characters may name very many.
        self._facts += len(pins) + len(edges)
        if self._facts > MOST_STEPS:
            raise Refused(f"{MANIFEST_NAME} has closures with more than {MOST_STEPS} pins and edges")
        return Closure(fields.get("set", str), fields.get("target", str), pins, edges)


def brought_in(found: "Any") -> "tuple[str, set[str]]":
    """Return the name of a target, and the projects that its interpreter brings."""
    fields = Fields(found, "a target of the manifest")
    return fields.text("name", NAME), set(fields.get("brought", dict) if "brought" in fields.found else ())


def gap_in(found: "Any") -> "tuple[str, str]":
    """Return target and project of a request that is left out."""
    fields = Fields(found, "a gap of the manifest")
    return fields.get("target", str), fields.text("project", PROJECT)


def minor_of(schema: "Any") -> int:
    """Return the minor number of a manifest's schema; the first ones were whole numbers."""
    match = re.fullmatch(r"1(?:\.(0|[1-9][0-9]{0,3}))?", str(schema))
    if match is None:
        raise Refused(f"{MANIFEST_NAME} has schema {shown(schema)}; use the program that came with it")
    return int(match.group(1) or 0)


def edges_in(found: "list[Any]") -> "list[list[str]]":
    """Return the edges: project, its extra, and the project that it requires."""
    for one in found:
        if type(one) is not list or [type(part) for part in one] != [str, str, str]:
            raise Refused(f"{MANIFEST_NAME} has an edge that is damaged")
    return found


def patched(base: bytes, difference: bytes, wanted: str) -> bytes:
    """
    Return the manifest that *difference* makes of *base*.

    :param wanted: its SHA-256.
    :raises Refused: the difference is damaged, or is one from another manifest.
    """
    fields = Fields(parse_json(difference, "the difference", 2 * MOST_OPERATIONS), "the difference")
    if fields.digest("base") != hashlib.sha256(base).hexdigest():
        raise Refused("the difference is one from another manifest")
    size, found, length = fields.number("size", 0, LONGEST_MANIFEST), [], 0
    for one in fields.get("ops", list):
        if type(one) is str:
            piece = one.encode("utf-8", "replace")
        elif type(one) is list and [type(number) for number in one] == [int, int] and min(one) >= 0:
            piece = base[one[0] : one[0] + one[1]]
            if len(piece) != one[1]:
                raise Refused("the difference reads beyond its base")
        else:
            raise Refused("the difference is damaged")
        length += len(piece)
        if length > size:
            break
        found.append(piece)
    data = b"".join(found)
    if length != size or hashlib.sha256(data).hexdigest() != digest_in(wanted, "manifest"):
        raise Refused("the difference makes another manifest than bundle.json names")
    return data
