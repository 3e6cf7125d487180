"""Builds the tree of the next release from blobs and from what other releases have."""

import html
import os
import shutil
import time

from pypi_subset.standalone.errors import Refused, shown
from pypi_subset.standalone.importer.disk import Owner, Placing, digest_of_file, exists, remove
from pypi_subset.standalone.importer.home import Shelf
from pypi_subset.standalone.importer.reading.paths import MANIFEST_NAME, RELEASE_PAGE, is_distribution, is_proof
from pypi_subset.standalone.importer.reading.strict_json import moment_text
from pypi_subset.standalone.importer.records import Checked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from pypi_subset.standalone.importer.home import Home
    from pypi_subset.standalone.importer.records import Record
    from pypi_subset.standalone.importer.state import State

#: Paths that an error about missing files names.
NAMED_MISSING = 3


class Sources:
    """
    Where the files of the next release come from.

    :param home: has the live site and kept releases.
    :param state: says which.
    :param blobs: SHA-256 of the blobs in ``incoming/``.
    :param trust: whether files that an earlier import placed are compared by size and time alone.
    """

    def __init__(self, home: "Home", state: "State", blobs: "set[str]", *, trust: bool) -> None:
        self.home = home
        self.state = state
        self.blobs = blobs
        self.trust = trust
        self.live: Shelf | None = None
        #: What was checked: of the live site, then of the next one.
        self.checked = Checked()
        if exists(home.site):
            record, self.checked = home.record(state.live["serial"]) if state.live else ({}, Checked())
            self.live = Shelf(home.site, record)
        self._others: list[Shelf] | None = None
        self._by_digest: dict[str, list[tuple[Shelf, str]]] = {}

    def find(self, wanted: "dict[str, str]") -> "dict[str, tuple[Shelf, str] | None]":
        """
        Return where each file comes from: ``None`` for a blob.

        A proof that was made here after the import stays: *wanted* gets the hashes of its files.

        :param wanted: the SHA-256 of each file, by path.
        :raises Refused: a file is in no blob and in no release, or its bytes there are other ones.
        """
        found: dict[str, tuple[Shelf, str] | None] = {}
        missing: list[str] = []
        live, blobs, trust = self.live, self.blobs, self.trust
        trusted = live.trusted() if live is not None and trust else {}
        for path, digest in wanted.items():
            if digest in blobs:
                found[path] = None
            elif live is not None and (trusted.get(path) == digest or live.has(path, digest, trust=trust)):
                found[path] = (live, path)
            else:
                other = self._elsewhere(path, digest)
                if other is None:
                    missing.append(path)
                else:
                    found[path] = other
        if live is not None:
            replaced = keep_proofs(live, wanted, missing)
            found.update((path, (live, path)) for path in replaced if path in wanted)
            missing = [path for path in missing if path not in replaced]
        if missing:
            raise self._lack(missing)
        return found

    def _elsewhere(self, path: str, digest: str) -> "tuple[Shelf, str] | None":
        """Return a file of any release that has the bytes, under any path."""
        if self._others is None:
            self._others = [
                Shelf(self.home.release(one["serial"]), self.home.record(one["serial"])[0])
                for one in self.state.releases
                if exists(self.home.release(one["serial"]))
            ]
            for shelf in [*([self.live] if self.live else []), *self._others]:
                for name, known in shelf.record.items():
                    self._by_digest.setdefault(known[0], []).append((shelf, name))
        for shelf, name in [*((one, path) for one in self._others), *self._by_digest.get(digest, ())]:
            if shelf.has(name, digest, trust=self.trust):
                return shelf, name
        return None

    def _lack(self, missing: "list[str]") -> Refused:
        """Return the error about files that are nowhere."""
        damaged = [one for one in missing if self.live is not None and one in self.live.looks]
        names = ", ".join(shown(one) for one in (damaged or missing)[:NAMED_MISSING])
        if damaged:
            return Refused(
                f"{len(damaged)} files of the site have other bytes than they should, e.g. {names}; import a full bundle"
            )
        return Refused(f"{len(missing)} files are neither in the bundle nor here, e.g. {names}; import a full bundle")


class Tree:
    """
    The tree of the next release, ``incoming/next``.

    :param home: where it is built.
    :param sources: where its files come from.
    """

    def __init__(self, home: "Home", sources: Sources) -> None:
        self.home = home
        self.sources = sources
        self.owner = Owner(home.site)
        self.placing = Placing(self.owner)
        self.folders: set[str] = set()

    def build(self, found: "dict[str, tuple[Shelf, str] | None]", wanted: "dict[str, str]") -> "Record":
        """
        Return the record of the release, after placing each file.

        :param found: where files come from, by path.
        """
        root = self.home.next
        record: Record = {}
        remove(root)
        self._make_one(root)
        used: set[str] = set()
        put = self.placing.put
        for path, source in found.items():
            target, digest = f"{root}/{path}", wanted[path]
            folder = target.rpartition("/")[0]
            if folder not in self.folders:
                self._make(folder)
            if source is None:
                self._put_blob(digest, target, again=digest in used)
                used.add(digest)
                look = os.lstat(target)
                record[path] = (digest, look.st_size, look.st_mtime_ns)
            else:
                shelf, name = source
                put(shelf.place(name), target)
                record[path] = (digest, *shelf.looks[name])
        return record

    def add(self, path: str, shelf: Shelf) -> None:
        """Place a file of an earlier release for a time of grace."""
        target = f"{self.home.next}/{path}"
        self._make(target.rpartition("/")[0])
        self.placing.put(shelf.place(path), target)

    def write(self, path: str, data: bytes) -> None:
        """Write a file of the importer's own."""
        target = f"{self.home.next}/{path}"
        with open(target, "xb") as stream:
            stream.write(data)
        self.owner.give(target, self.owner.file_mode)

    def _put_blob(self, digest: str, target: str, *, again: bool) -> None:
        """Place a blob. Its second path is a copy: an editor that writes in place would change both."""
        blob = self.home.of("incoming", digest)
        if again:
            shutil.copyfile(blob, target)
        else:
            self.placing.put(blob, target)
        self.owner.give(target, self.owner.file_mode)

    def _make(self, folder: str) -> None:
        """Make a directory of the tree, and those above it."""
        missing: list[str] = []
        while folder not in self.folders:
            missing.append(folder)
            folder = folder.rpartition("/")[0]
        for one in reversed(missing):
            self._make_one(one)

    def _make_one(self, folder: str) -> None:
        """Make a directory whose parent is there."""
        os.mkdir(folder, self.owner.folder_mode)
        if not self.owner.gives_folders:
            self.owner.give(folder, self.owner.folder_mode)
        self.folders.add(folder)


def keep_proofs(shelf: Shelf, wanted: "dict[str, str]", differ: "list[str]") -> "list[str]":
    """
    Return the files of *differ* that belong to the proof; *wanted* gets the hashes that they have in *shelf*.

    `pypi-subset verify` replaces them in an imported site. A file that *shelf* does not have is wanted no more.
    """
    proofs = [path for path in differ if is_proof(path)]
    for path in proofs:
        if path in shelf.looks:
            wanted[path] = digest_of_file(shelf.place(path))[0]
        else:
            del wanted[path]
    return proofs


def graced(
    sources: Sources, wanted: "dict[str, str]", hours: float, warn: "Callable[[str], None]"
) -> "list[dict[str, Any]]":
    """
    Return what the state says of files that stay for a time of grace.

    These are distributions and their metadata that the live site has and the next one has not. Clients that read a page
    before the swap may still ask for them. One with other bytes than an import placed does not stay.

    :param wanted: the files of the next release.
    """
    live = sources.live
    if live is None:
        return []
    now = time.time()
    known = {one["path"]: one for one in sources.state.grace}
    found = []
    for path in sorted(set(live.looks) - set(wanted)):
        size, changed = live.looks[path]
        if path in known and known[path]["until"] > moment_text(now):
            entry = known[path]
        elif path not in known and hours > 0 and path in live.record and is_distribution(path):
            until = moment_text(now + hours * 3600)
            entry = {"path": path, "sha256": live.record[path][0], "size": size, "mtime": changed, "until": until}
        else:
            continue
        if live.has(path, entry["sha256"], trust=sources.trust):
            found.append(entry)
        else:
            warn(f"site/{shown(path)} is damaged, and does not stay for a time of grace")
    return found


def strangers(sources: Sources, wanted: "dict[str, str]") -> "list[str]":
    """Return the files of the live site that no import placed, and that the next one has not."""
    live = sources.live
    if live is None or not live.record:
        return []
    own = {RELEASE_PAGE, MANIFEST_NAME, *(one["path"] for one in sources.state.grace)}
    return sorted(path for path in set(live.looks) - set(wanted) - set(live.record) - own if not is_proof(path))


def release_page(release: "dict[str, Any]") -> bytes:
    """Return the page that names the live release; the front page of the site shows it."""
    rows = [
        ("Release", release["serial"]),
        ("Signed by", release["signer"] or "unknown"),
        ("Key", release["key"] or "none"),
        *([("Proof", "none: the connected side carried this site with --force")] if release.get("unproven") else []),
        ("Created", release["created"]),
        ("Imported", release["imported"]),
        ("Manifest", release["manifest"]),
        *([("Overridden", ", ".join(release["overrides"]))] if release["overrides"] else []),
    ]
    cells = "\n".join(f"<tr><th>{name}</th><td>{html.escape(str(value))}</td></tr>" for name, value in rows)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Release</title>\n'
        '<link rel="stylesheet" href="page.css">\n</head>\n<body>\n'
        f"<table>\n{cells}\n</table>\n</body>\n</html>\n"
    ).encode()
