"""A hostile medium: each manipulation is refused, the site stays, and no wheel is left behind."""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.gap.bundles import Recipe, members_of, pack, seal
from tests.support.gap.far import Far, Trip
from tests.support.gap.releases import EDGES, LIB, files_of, second

if TYPE_CHECKING:
    from collections.abc import Callable

    Change = Callable[["Stick"], object]


class Stick:
    """
    A copy of the second bundle, with its manifest as a whole, that a test changes.

    :param path: the medium.
    """

    def __init__(self, trip: Trip, path: Path) -> None:
        self.trip = trip
        self.path = path
        self.recipe = Recipe(2, trip.key)
        self.recipe.make(path, trip.sites[1], trip.sites[0])

    def raw(self, name: str, change: Callable[[bytes], bytes]) -> None:
        """Change the bytes of a file, and sign nothing."""
        (self.path / name).write_bytes(change((self.path / name).read_bytes()))

    def signed(self, change: Callable[[bytes], bytes]) -> None:
        """Change the bytes of the document, and sign them."""
        self.raw("bundle.json", change)
        self.trip.key.sign(self.path / "bundle.json")

    def replaced(self, name: str, make: Callable[[Path], object]) -> None:
        """Put something else where a file is, which stays under the name ``aside``."""
        path = self.path / name
        path.rename(self.path / "aside")
        make(path)

    def edit(self, change: Callable[[dict[str, Any]], object]) -> None:
        """Change the document, and sign it."""
        self.recipe.edit(self.path, change)

    def pack(self, **changes: Any) -> None:
        """Write the volume with something wrong, and sign its hash."""
        self.recipe.repack(self.path, pack(members_of(self.path), changes))

    def members(self, change: Callable[[list[tuple[str, bytes]]], list[tuple[str, bytes]]]) -> None:
        """Write the volume with other members, and sign its hash."""
        self.recipe.repack(self.path, pack(change(members_of(self.path))))

    def manifest(self, change: Callable[[dict[str, Any]], object], **release: Any) -> None:
        """Make the bundle of a site whose manifest is changed, and sign it: an exporter that is wrong."""
        site = self.path.with_name("site")
        replace(second(), **release).write(site)
        document = json.loads((site / "manifest.json").read_bytes())
        change(document)
        (site / "manifest.json").write_text(json.dumps(document))
        published = json.loads((site / "release.json").read_bytes())
        digest = seal((site / "manifest.json").read_bytes())["sha256"]
        (site / "release.json").write_text(json.dumps({**published, "manifest_sha256": digest}))
        self.recipe.make(self.path, site, self.trip.sites[0])


def blob_of(document: dict[str, Any], path: str) -> str:
    """Return the hash of a path of the document."""
    found: str = document["paths"][path]
    return found


WHEEL = "simple/app/app-2.0-py3-none-any.whl"


def rename(document: dict[str, Any], path: str) -> None:
    """Give the wheel another path."""
    document["paths"][path] = document["paths"].pop(WHEEL)


def swap_blobs(members: list[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    """Return the members with the contents of the last two exchanged."""
    one, other = members[-1], members[-2]
    return [*members[:-2], (other[0], one[1]), (one[0], other[1])]


TABLE: list[tuple[str, Change, str]] = [
    # Without the key of the connected side.
    (
        "document",
        lambda one: one.raw("bundle.json", lambda data: data.replace(b'"serial": 2', b'"serial": 9')),
        "no signature of this",
    ),
    ("document, one space", lambda one: one.raw("bundle.json", lambda data: data + b" "), "no signature of this"),
    (
        "signature of the first bundle",
        lambda one: shutil.copy(one.trip.media[0] / "bundle.json.sig", one.path),
        "no signature of this",
    ),
    (
        "document and signature of the first bundle",
        lambda one: [shutil.copy(one.trip.media[0] / name, one.path) for name in ("bundle.json", "bundle.json.sig")],
        "was imported before|volume-001.zip is damaged",
    ),
    ("no signature", lambda one: (one.path / "bundle.json.sig").unlink(), "has no bundle.json.sig"),
    (
        "empty signature",
        lambda one: one.raw("bundle.json.sig", lambda _: b""),
        "has no bundle.json.sig|no signature of",
    ),
    ("long signature", lambda one: one.raw("bundle.json.sig", lambda data: data * 100), "more than 4096 bytes"),
    ("signature for e-mail", lambda one: one.trip.key.sign(one.path / "bundle.json", "email"), "namespace email"),
    (
        "volume, one bit",
        lambda one: one.raw("volume-001.zip", lambda data: bytes([data[0] ^ 1]) + data[1:]),
        "volume-001.zip is damaged",
    ),
    ("volume, cut off", lambda one: one.raw("volume-001.zip", lambda data: data[:-1]), "volume-001.zip is damaged"),
    ("volume, longer", lambda one: one.raw("volume-001.zip", lambda data: data + b"\0"), "volume-001.zip is damaged"),
    ("volume, empty", lambda one: one.raw("volume-001.zip", lambda _: b""), "volume-001.zip is damaged"),
    ("volume missing", lambda one: (one.path / "volume-001.zip").unlink(), "volume 1 of 1 is missing; insert it"),
    (
        "volume of the first bundle",
        lambda one: shutil.copy(one.trip.media[0] / "volume-001.zip", one.path),
        "volume-001.zip is damaged",
    ),
    (
        "volume is a directory",
        lambda one: one.replaced("volume-001.zip", Path.mkdir),
        "is no regular file|Is a directory",
    ),
    (
        "volume is a link",
        lambda one: one.replaced("volume-001.zip", lambda path: path.symlink_to("aside")),
        "is a symbolic link",
    ),
    (
        "volume is a pipe",
        lambda one: one.replaced("volume-001.zip", os.mkfifo),
        "is no regular file",
    ),
    (
        "document is a link",
        lambda one: one.replaced("bundle.json", lambda path: path.symlink_to("aside")),
        "is a symbolic link",
    ),
    (
        "page of the officer",
        lambda one: one.raw("REVIEW.md", lambda data: data + b"approved"),
        "REVIEW.md on the medium was changed",
    ),
    # With the key: an exporter that was taken over, or is wrong.
    (
        "not JSON",
        lambda one: one.signed(lambda _: b"{"),
        "bundle.json is damaged",
    ),
    (
        "key twice",
        lambda one: one.signed(lambda data: data.replace(b"{", b'{"serial": 1,', 1)),
        "a key twice",
    ),
    (
        "nested",
        lambda one: one.signed(lambda _: b'{"a":' * 60_000),
        "bundle.json is damaged",
    ),
    ("other kind", lambda one: one.edit(lambda document: document.update(kind="x")), "no bundle of pypi-subset"),
    (
        "expired",
        lambda one: one.edit(
            lambda document: document.update(created="2020-01-01T00:00:00Z", expires="2020-01-01T00:00:00Z")
        ),
        "the bundle expired",
    ),
    ("other base", lambda one: one.edit(lambda document: document.update(base="0" * 64)), "which is not here"),
    ("way out", lambda one: one.edit(lambda document: rename(document, "../../etc/cron.d/x")), "the path"),
    (
        "way out of the site",
        lambda one: one.edit(lambda document: rename(document, "simple/../../state.json")),
        "the path",
    ),
    ("absolute path", lambda one: one.edit(lambda document: rename(document, "/etc/passwd")), "the path"),
    ("path of Windows", lambda one: one.edit(lambda document: rename(document, "simple\\app\\x")), "the path"),
    ("drive", lambda one: one.edit(lambda document: rename(document, "C:/x")), "the path"),
    ("stream of NTFS", lambda one: one.edit(lambda document: rename(document, "simple/app/x:y")), "the path"),
    ("device", lambda one: one.edit(lambda document: rename(document, "simple/aux/x")), "the path"),
    (
        "terminal",
        lambda one: one.edit(lambda document: rename(document, "simple/\x1b]0;x\x07/x")),
        r"the path simple/\\x1b",
    ),
    ("other top", lambda one: one.edit(lambda document: rename(document, "cgi-bin/x")), "the path"),
    (
        "settings of a web server",
        lambda one: one.edit(lambda document: rename(document, "simple/app/.htaccess")),
        "is hidden, and no site has it",
    ),
    (
        "page of the importer",
        lambda one: one.edit(lambda document: rename(document, "release.html")),
        "the path|must not be",
    ),
    (
        "twins",
        lambda one: one.edit(
            lambda document: document["paths"].update({WHEEL.replace("app-", "App-"): blob_of(document, WHEEL)})
        ),
        "one file on some systems",
    ),
    (
        "file and directory",
        lambda one: one.edit(lambda document: document["paths"].update({f"{WHEEL}/x": blob_of(document, WHEEL)})),
        "a file and a directory",
    ),
    (
        "path that the manifest has not",
        lambda one: one.edit(lambda document: rename(document, "simple/app/x.whl")),
        "the new site has not",
    ),
    (
        "path with other bytes",
        lambda one: one.edit(lambda document: document["paths"].update({WHEEL: blob_of(document, "release.json")})),
        "no path has it|the new site has not",
    ),
    (
        "more beside",
        lambda one: one.edit(lambda document: document["beside"].update({"docs/x.html": "0" * 64})),
        "neither in the bundle nor here",
    ),
    (
        "manifest names it too",
        lambda one: one.edit(lambda document: document["beside"].update({WHEEL: "0" * 64})),
        "name the same file",
    ),
    (
        "removes what is there",
        lambda one: one.edit(lambda document: document["removed"].append(WHEEL)),
        "removes simple/app/app-2.0",
    ),
    (
        "one blob less",
        lambda one: one.edit(lambda document: document["blobs"].pop(blob_of(document, WHEEL))),
        "is not in the bundle",
    ),
    (
        "one path less",
        lambda one: one.edit(lambda document: document["blobs"].pop(document["paths"].pop(WHEEL))),
        "members, and should have",
    ),
    (
        "blob of another size",
        lambda one: one.edit(
            lambda document: document["blobs"][blob_of(document, WHEEL)].update(
                size=7, parts=[{"volume": 1, "offset": 0, "size": 7}]
            )
        ),
        "bytes of a blob",
    ),
    (
        "blob of a terabyte",
        lambda one: one.edit(
            lambda document: document["blobs"][blob_of(document, WHEEL)].update(
                size=1 << 40, parts=[{"volume": 1, "offset": 0, "size": 1 << 40}]
            )
        ),
        "bytes are free|are free|bytes of a blob",
    ),
    (
        "another manifest",
        lambda one: one.edit(
            lambda document: [document.update(manifest="0" * 64), document["paths"].update({"manifest.json": "0" * 64})]
        ),
        "no path has it|is not in the bundle",
    ),
    (
        "higher serial",
        lambda one: one.edit(lambda document: document.update(serial=8)),
        "release.json is about another release",
    ),
    (
        "members, one more",
        lambda one: one.members(lambda members: [*members, ("x.whl", b"x")]),
        "members, and should have",
    ),
    ("members, one less", lambda one: one.members(lambda members: members[1:]), "members, and should have"),
    ("members, one twice", lambda one: one.members(lambda members: [*members[1:], members[1]]), "is there twice"),
    (
        "members, a path",
        lambda one: one.members(lambda members: [("../../x.whl", members[0][1]), *members[1:]]),
        "is not named",
    ),
    (
        "members, absolute",
        lambda one: one.members(lambda members: [("/etc/cron.d/x", members[0][1]), *members[1:]]),
        "is not named",
    ),
    ("contents exchanged", lambda one: one.members(swap_blobs), "other bytes than its name says|bytes of a blob"),
    (
        "content changed",
        lambda one: one.members(lambda members: [*members[:-1], (members[-1][0], b"x" * len(members[-1][1]))]),
        "other bytes than its name says",
    ),
    ("archive with a prefix", lambda one: one.pack(before=b"#!/bin/sh\n"), "bytes before"),
    ("archive with a comment", lambda one: one.pack(last=b"comment"), "does not end"),
    ("archive with a gap", lambda one: one.pack(gap=b"\0" * 9), "between its directory and its end"),
    ("archive with a link", lambda one: one.pack(mode=0o120777 << 16), "unusual member"),
    ("archive with a directory", lambda one: one.pack(mode=0o040755 << 16), "unusual member"),
    ("archive with encryption", lambda one: one.pack(flags=1), "unusual member"),
    ("archive with descriptors", lambda one: one.pack(flags=8), "unusual member"),
    ("archive with two names", lambda one: one.pack(own_name=b"x" * 66), "two readings"),
    ("archive with two sizes", lambda one: one.pack(own_size=1, method=8), "two readings"),
    ("archive that overlaps", lambda one: one.pack(place=0), "members that overlap"),
    ("archive with another checksum", lambda one: one.pack(crc=7), "checksum is another one"),
    ("archive with an extra field", lambda one: one.pack(extra=b"\x75\x70\1\0x"), "extra field"),
    ("archive packed otherwise", lambda one: one.pack(method=14), "unusual member"),
    ("archive with another count", lambda one: one.pack(count=3), "members, and should have"),
    ("archive that is none", lambda one: one.recipe.repack(one.path, b"PK" * 500), "does not end"),
    (
        "manifest of a later version",
        lambda one: one.manifest(lambda document: document.update(schema="2.0")),
        "has schema 2.0",
    ),
    (
        "manifest with a way out",
        lambda one: one.manifest(lambda document: document["pages"].update({"../x": "0" * 64})),
        "the path ../x",
    ),
    (
        "manifest with twins",
        lambda one: one.manifest(lambda document: document["pages"].update({"Index.html": "0" * 64})),
        "begins with a name",
    ),
    (
        "manifest with more pages",
        lambda one: one.manifest(lambda document: document["pages"].update({"docs/x": "0" * 64})),
        "neither in the bundle nor here",
    ),
    (
        "manifest with a pin less",
        lambda one: one.manifest(lambda document: document["closures"][0].update(pins="0,2-3")),
        "base on linux",
    ),
    (
        "manifest with an edge less",
        lambda one: one.manifest(lambda _: None, edges=EDGES[:-1]),
        "no edge says so|no request leads",
    ),
    (
        "manifest with a closure less",
        lambda one: one.manifest(lambda document: document["closures"].pop()),
        "no closure, or two",
    ),
    (
        "wheel of another hash",
        lambda one: one.manifest(lambda document: document["files"][-1].update(sha256=LIB.sha256)),
        "does not link opt-0.5",
    ),
]


@pytest.fixture(scope="module")
def trip(tmp_path_factory: pytest.TempPathFactory) -> Trip:
    """Three releases and the bundles between them."""
    return Trip.made(tmp_path_factory.mktemp("trip"))


@pytest.fixture(scope="module")
def far(trip: Trip) -> Far:
    """A directory that imported the first bundle."""
    return trip.far("victim", 1)


def test_the_table_is_long() -> None:
    """There are at least 60 manipulations, each with a name of its own."""
    assert len({one[0] for one in TABLE}) == len(TABLE) >= 60


def test_the_stick_itself_is_good(trip: Trip, tmp_path: Path) -> None:
    """Without a manipulation the medium is imported: what is refused below is refused for the manipulation."""
    fresh = trip.far("fresh", 1)
    stick = Stick(trip, tmp_path / "stick")
    stick.edit(lambda _: None)
    stick.members(lambda members: members)
    assert fresh.run(stick.path, "--dry-run").code == 0
    stick.manifest(lambda _: None)
    assert fresh.run(stick.path).code == 0


@pytest.mark.parametrize(("change", "message"), [one[1:] for one in TABLE], ids=[one[0] for one in TABLE])
def test_manipulation(trip: Trip, far: Far, tmp_path: Path, change: Change, message: str) -> None:
    """The import is refused in one line, nothing of the live site or of the state changes, and no wheel is left."""
    stick = Stick(trip, tmp_path / "stick")
    change(stick)
    before = {path: data for path, data in far.everything().items() if not path.startswith("incoming")}
    inodes = {path: path.stat().st_ino for path in far.site.rglob("*")}
    for options in ([], ["--trust-kept"], ["--dry-run"]):
        # What another run read and verified would be taken from there.
        shutil.rmtree(far.into / "incoming", ignore_errors=True)
        done = far.run(stick.path, *options)
        assert done.code in {1, 3}
        assert done.out == ""
        assert done.error.isascii()
        assert done.error.isprintable()
        assert re.search(message, done.error), done.error
    assert far.loose_wheels() == []
    assert {path: data for path, data in far.everything().items() if not path.startswith("incoming")} == before
    assert {path: path.stat().st_ino for path in far.site.rglob("*")} == inodes
    known = {".lock", "allowed_signers", "incoming", "releases", "site", "state.json"}
    assert {path.name for path in far.into.iterdir()} <= known


def test_after_all_of_them_a_good_bundle_is_imported(trip: Trip, far: Far) -> None:
    """What refused imports left in ``incoming/`` is in no one's way."""
    assert far.run(trip.media[1]).code == 0
    assert files_of(far.site).items() >= files_of(trip.sites[1]).items()
