"""Paths below a site that every system can hold, each as a file of its own."""

import re

from pypi_subset.standalone.errors import Refused, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Collection, Iterable

#: What can stand at the top of a site.
TOPS = frozenset(
    (
        *(".nojekyll", "404.html", "README.md", "_headers", "docs", "files", "find-links.html", "hosts", "index.html"),
        *("install.cmd", "install.py", "install.sh"),
        *("list", "locks", "manifest.json", "page.css", "page.js", "project", "proof", "release.json"),
        *("request", "request.py", "search.js", "simple", "simple-json", "targets"),
    )
)
#: The page that the importer itself writes into a site.
RELEASE_PAGE = "release.html"
MANIFEST_NAME = "manifest.json"
#: Bytes of the longest path.
LONGEST_PATH = 240

#: One to twelve parts. None begins with a hyphen, ends with a dot, or is a device of Windows.
PART = (
    r"(?!(?i:con|prn|aux|nul|com[1-9]|lpt[1-9])(?:[./]|\Z))"
    r"(?:[A-Za-z0-9_+!]|[A-Za-z0-9._+!][A-Za-z0-9._+!-]*[A-Za-z0-9_+!-])"
)
DISTRIBUTION = re.compile(r"simple/[^/]+/(?!index\.(?:html|v1_json)\Z|\.htaccess\Z)[^/]+")
#: The files of a proof, which `pypi-subset verify` writes into the imported site again.
PROOF = re.compile(r"proof/(?:report\.json(?:\.sig)?|index\.html|page\.css|page\.js|junit\.xml|badge\.svg)")
# A pattern that ignores case as a whole takes half as long again.
PATH = re.compile(f"{PART}(?:/{PART}){{0,11}}", re.ASCII)
#: The hidden files of a site. Web servers and git obey others: settings of a directory, a repository.
HIDDEN = re.compile(r"\.nojekyll|(?:simple|simple-json|targets/[^/]+/simple)/\.htaccess")


def check_path(path: str) -> None:
    """
    Check one path.

    :raises Refused: some system cannot hold it, or it leads to something else than a site has.
    """
    if len(path) > LONGEST_PATH or not PATH.fullmatch(path):
        raise Refused(f"the path {shown(path)} is not one of a site")
    if "/." in f"/{path}" and not HIDDEN.fullmatch(path):
        raise Refused(f"the path {shown(path)} is hidden, and no site has it")
    if path.partition("/")[0] not in TOPS:
        raise Refused(f"the path {shown(path)} begins with a name that no site has at its top")


def check_paths(paths: "Iterable[str]") -> None:
    """
    Check the paths of all files of a site.

    :raises Refused: one of them is wrong; two are the same file on a system that does not distinguish upper from lower
        case; one is the directory of another.
    """
    every = sorted(set(paths))
    for path in every:
        check_path(path)
    folders: set[str] = set()
    for path in {path.rpartition("/")[0] for path in every} - {""}:
        folder = path
        while folder and folder not in folders:
            folders.add(folder)
            folder = folder.rpartition("/")[0]
    files, places = lowered(every, "file"), lowered(folders, "directory")
    both = files.keys() & places.keys()
    if both:
        raise Refused(f"the path {shown(files[min(both)])} is a file and a directory")


def lowered(names: "Collection[str]", kind: str) -> "dict[str, str]":
    """Return *names* by themselves in lower case, which no two of them share."""
    found = {name.lower(): name for name in names}
    if len(found) != len(names):
        twin = next(name for name in names if found[name.lower()] != name)
        raise Refused(f"the paths {shown(twin)} and {shown(found[twin.lower()])} are one {kind} on some systems")
    return found


def is_proof(path: str) -> bool:
    """Return whether the file at *path* belongs to the proof: a proof on this side replaces it."""
    return bool(PROOF.fullmatch(path))


def is_distribution(path: str) -> bool:
    """Return whether the file at *path* is a distribution or its metadata: what clients still read after an import."""
    return bool(DISTRIBUTION.fullmatch(path))
