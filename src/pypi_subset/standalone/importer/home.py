"""The directory of ``--into``: the live site, kept releases, what an import left, and ``state.json``."""

import contextlib
import hashlib
import json
import os
import re

from pypi_subset.standalone.errors import Hindered, Misused, Refused, shown
from pypi_subset.standalone.importer.disk import (
    digest_of_file,
    exchange,
    exists,
    is_folder,
    looks_below,
    put_reserved,
    read_file,
    remove,
    reserve_file,
    sync_folder,
    write_file,
)
from pypi_subset.standalone.importer.reading.paths import MANIFEST_NAME, RELEASE_PAGE
from pypi_subset.standalone.importer.reading.strict_json import Fields, parse_json
from pypi_subset.standalone.importer.records import LONGEST_OWN, MOST_OWN, Checked, record_in, record_of
from pypi_subset.standalone.importer.state import State

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterator

    from pypi_subset.standalone.importer.disk import Look
    from pypi_subset.standalone.importer.records import Record

OWN_RELEASE = re.compile(r"(0|[1-9][0-9]{0,15})(?:\.json)?")


class Home:
    """
    The places below ``--into``.

    :param into: the directory.
    :raises Refused: one of its parts is a symbolic link.
    """

    def __init__(self, into: str) -> None:
        self.root = os.path.realpath(into)
        self.site, self.releases = self.of("site"), self.of("releases")
        self.incoming, self.state_file, self.lock = self.of("incoming"), self.of("state.json"), self.of(".lock")
        self.signers, self.new_state = self.of("allowed_signers"), self.of("state.json.new")
        self.next, self.old = self.of("incoming", "next"), self.of("incoming", "old")
        self.journal, self.new_record = self.of("incoming", "journal.json"), self.of("incoming", "record.json")
        for folder in (self.site, self.releases, self.incoming):
            is_folder(folder)

    def of(self, *parts: str) -> str:
        """Return a path below the directory."""
        return os.path.join(self.root, *parts)

    def release(self, serial: int) -> str:
        """Return the directory of a kept release."""
        return os.path.join(self.releases, str(serial))

    def record_of(self, serial: int) -> str:
        """Return the path of the record of a release."""
        return os.path.join(self.releases, f"{serial}.json")

    def manifest(self) -> str:
        """Return the SHA-256 of the live manifest, ``""`` if no site is there."""
        path = os.path.join(self.site, MANIFEST_NAME)
        return digest_of_file(path)[0] if is_folder(self.site) and exists(path) else ""

    @contextlib.contextmanager
    def locked(self) -> "Iterator[None]":
        """
        Hold the directory for this process.

        :raises Hindered: another import runs there.
        """
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
        descriptor = os.open(self.lock, flags, 0o644)
        try:
            try:
                hold(descriptor)
            except OSError:
                raise Hindered(f"another import runs in {self.root}; wait until it has ended") from None
            yield
        finally:
            os.close(descriptor)

    def state(self) -> State:
        """
        Return what ``state.json`` says.

        :raises Misused: it is damaged.
        """
        if not exists(self.state_file):
            return State()
        try:
            return State(parse_json(read_file(self.state_file, LONGEST_OWN), "state.json", MOST_OWN))
        except Refused as error:
            raise Misused(f"{error}; move {self.state_file} away, and import a bundle again") from error

    def record(self, serial: int) -> "tuple[Record, Checked]":
        """
        Return hash, size and time of each file of a release, as they were when it was imported, and what was checked.

        :raises Misused: the record is damaged.
        """
        return record_in(self.record_of(serial))

    def save(self, state: State) -> None:
        """Write ``state.json``."""
        write_file(self.state_file, encoded(state.document()))

    def save_record(self, files: "Record", checked: Checked) -> None:
        """Write the record of the release that goes live next."""
        write_file(self.new_record, record_of(files, checked))

    def swap(self, state: State, retire: "int | None") -> None:
        """
        Make ``incoming/next`` the live site.

        :param state: what holds afterwards.
        :param retire: serial under which the site before is kept; ``None``: it is removed.
        """
        page = digest_of_file(os.path.join(self.next, RELEASE_PAGE))[0]
        try:
            # The new state has its room before the swap: a disk that fills up later keeps no release out of it.
            reserve_file(self.state_file, encoded(state.document()))
            os.makedirs(self.releases, exist_ok=True)
            write_file(self.journal, encoded({"page": page, "retire": retire, "state": state.document()}))
        except OSError:
            if not exists(self.journal):
                self._forget()
            raise
        if not exists(self.site):
            os.rename(self.next, self.site)
        elif not exchange(self.next, self.site):
            os.rename(self.site, self.old)
            try:
                os.rename(self.next, self.site)
            except OSError:
                os.rename(self.old, self.site)
                raise
        for folder in (self.root, self.incoming):
            sync_folder(folder)
        self.recover()

    def recover(self) -> bool:
        """
        Finish a swap that began, or forget it if the site before is live; return whether one was finished.

        A tree that no swap made live is removed: its wheels must not stay if the next bundle is refused.
        """
        if not exists(self.journal):
            self._forget()
            return False
        digest, state, retire = self._journal()
        if not exists(self.site) and exists(self.next):
            os.rename(self.next, self.site)
        page = os.path.join(self.site, RELEASE_PAGE)
        if not exists(page) or digest_of_file(page)[0] != digest:
            remove(self.journal)
            self._forget()
            return False
        os.makedirs(self.releases, exist_ok=True)
        for place in (self.next, self.old):
            if exists(place) and retire is not None:
                remove(self.release(retire))
                os.rename(place, self.release(retire))
            remove(place)
        if exists(self.new_record) and state.live is not None:
            os.replace(self.new_record, self.record_of(state.live["serial"]))
        self._save_reserved(state)
        remove(self.journal)
        self.prune(state)
        return True

    def _forget(self) -> None:
        """Remove the tree and the state of a swap that did not begin."""
        remove(self.next)
        remove(self.new_state)

    def _save_reserved(self, state: State) -> None:
        """Write ``state.json``; one that was reserved needs no more room."""
        data = encoded(state.document())
        if exists(self.new_state) and digest_of_file(self.new_state)[0] == hashlib.sha256(data).hexdigest():
            put_reserved(self.new_state, self.state_file)
        else:
            self.save(state)

    def _journal(self) -> "tuple[str, State, int | None]":
        """
        Return the SHA-256 of the release's page, the state and the serial that the journal of a swap has.

        :raises Misused: it is damaged.
        """
        try:
            found = Fields(parse_json(read_file(self.journal, LONGEST_OWN), "journal.json", MOST_OWN), "journal.json")
            return found.digest("page"), State(found.get("state", dict)), found.get("retire", int, type(None))
        except Refused as error:
            raise Misused(f"{error}; remove {self.journal}, and import the bundle again") from error

    def prune(self, state: State) -> None:
        """Remove what the state does not name: older releases, and all of ``incoming/``."""
        kept = {str(one["serial"]) for one in state.releases}
        records = {f"{one}.json" for one in kept} | ({f"{state.live['serial']}.json"} if state.live else set())
        for name in sorted(os.listdir(self.releases)) if exists(self.releases) else ():
            if OWN_RELEASE.fullmatch(name) and name not in kept and name not in records:
                remove(os.path.join(self.releases, name))
        remove(self.incoming)


class Shelf:
    """
    A tree that has files of a release: the live site, or a kept one.

    :param root: its directory.
    :param record: of the release; empty if no import wrote it.
    :raises Refused: a symbolic link is there.
    """

    def __init__(self, root: str, record: "Record") -> None:
        is_folder(root)
        self.root = root
        self.record = record
        self.looks: dict[str, Look] = dict(looks_below(root))
        self.verified: dict[str, str] = {}

    def place(self, path: str) -> str:
        """Return the path of a file of the tree."""
        return f"{self.root}/{path}"

    def trusted(self) -> "dict[str, str]":
        """Return the recorded hash of each file whose size and time are those of the record."""
        looks = self.looks
        return {path: known[0] for path, known in self.record.items() if looks.get(path) == known[1:]}

    def has(self, path: str, digest: str, *, trust: bool) -> bool:
        """
        Return whether the file at *path* has the SHA-256 *digest*.

        :param trust: size and time of the record are enough; else the file is read.
        """
        if path not in self.looks:
            return False
        if trust:
            known = self.record.get(path)
            if known is not None and known[0] == digest and known[1:] == self.looks[path]:
                return True
        if path not in self.verified:
            self.verified[path] = digest_of_file(self.place(path))[0]
        return self.verified[path] == digest


def hold(descriptor: int) -> None:
    """Lock an open file for this process, or raise ``OSError``; the lock ends with the process."""
    try:
        import fcntl
    except ImportError:
        import msvcrt

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
    else:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


def encoded(document: "Any") -> bytes:
    """Return *document* as JSON that people can read."""
    return (json.dumps(document, indent=1) + "\n").encode()


def check_home(into: str, *, make: bool) -> Home:
    """
    Return the places below *into*.

    :param make: whether a missing directory is made.
    :raises Misused: it is no directory, or its site is not one of pypi-subset.
    """
    if not os.path.isdir(into):
        if exists(into) or not make:
            raise Misused(f"{shown(into)} is no directory; name the directory of the imported site with --into")
        os.makedirs(into)
    home = Home(into)
    if is_folder(home.site) and os.listdir(home.site) and not exists(os.path.join(home.site, MANIFEST_NAME)):
        raise Misused(f"{home.site} has files and no {MANIFEST_NAME}; choose another directory with --into")
    return home
