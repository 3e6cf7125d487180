"""Attacks by a medium: paths that lead out, bombs, older releases, foreign signers, links, and bytes that change."""

from __future__ import annotations

import hashlib
import json
import os
import struct
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from pypi_subset.standalone import command_line
from pypi_subset.standalone.importer import check, disk, importing, program, tree
from pypi_subset.standalone.importer.reading import archive, paths, strict_json, volumes
from pypi_subset.standalone.importer.reading import document as documents
from pypi_subset.standalone.importer.reading.closures import Walk
from pypi_subset.standalone.importer.trust import signers, sshsig
from tests.evidence.hostile.input.attack import InputAttack, both, costs, lasts, setting, without
from tests.evidence.hostile.input.gap.sticks import EVIL, KEY, NOTE, OTHER, Stick, far_of, serial_of
from tests.support.gap.bundles import members_of, pack, seal
from tests.support.gap.releases import LIB, Release, first, second

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tests.evidence.hostile.input.attack import Attempt, Door


def _imported(change: Callable[[Stick], object], options: str = "", **recipe: Any) -> Attempt:
    """Return an attempt that reaches its aim if the first bundle, after a *change*, is live."""

    def attempt(folder: Path) -> bool:
        far, stick = far_of(folder, options), Stick.made(folder, first(), **recipe)
        change(stick)
        far.run(stick.path)
        return serial_of(far) == 1

    return attempt


def _writes(path: str, aim: str) -> Attempt:
    """Return an attempt to have a file written at *path* below the new site, seen at *aim*."""

    def attempt(folder: Path) -> bool:
        far, stick = far_of(folder), Stick.made(folder, replace(first(), texts={NOTE: "obeyed"}))
        stick.edit(lambda document: _rename(document, path))
        far.run(stick.path)
        return (folder / aim).is_file()

    return attempt


def _rename(document: dict[str, Any], path: str) -> None:
    for own in ("paths", "beside"):
        document[own][path] = document[own].pop(NOTE)


def _twins(folder: Path) -> bool:
    """Name two files whose names differ in case: on some systems one takes the other's place."""
    far, stick, twin = (
        far_of(folder),
        Stick.made(folder, replace(first(), texts={NOTE: "obeyed"})),
        NOTE.replace("n", "N"),
    )

    def add(document: dict[str, Any]) -> None:
        for own in ("paths", "beside"):
            document[own][twin] = document[own][NOTE]

    stick.edit(add)
    far.run(stick.path)
    return (far.site / twin).is_file()


#: Bytes that a bomb unpacks to, and those that it states.
_UNPACKED, _STATED = 0x0412_3457, 1000


def _explodes(folder: Path) -> bool:
    """State a kilobyte, and have it unpacked to 65 MiB."""
    text = "\0" * _UNPACKED
    far, stick = far_of(folder), Stick.made(folder, replace(first(), texts={NOTE: text}))
    volume = (stick.path / "volume-001.zip").read_bytes()
    unpacked, stated = struct.pack("<L", _UNPACKED), struct.pack("<L", _STATED)
    # In the directory and before the member.
    assert volume.count(unpacked) == 2
    stick.recipe.repack(stick.path, volume.replace(unpacked, stated))
    blob = {"size": _STATED, "parts": [{"volume": 1, "offset": 0, "size": _STATED}]}
    digest = hashlib.sha256(text.encode()).hexdigest()
    stick.edit(lambda document: document["blobs"].update({digest: blob}))
    far.run(stick.path)
    return any(path.stat().st_size == _UNPACKED for path in far.into.rglob("*"))


def _many_values(folder: Path) -> bool:
    """Send a document whose values need hundreds of megabytes."""
    far, stick = far_of(folder), Stick.made(folder, first())
    stick.raw("bundle.json", lambda data: data.rstrip(b"}\n") + b', "x": [' + b"[]," * 3_000_000 + b"1]}")
    KEY.sign(stick.path / "bundle.json")
    return costs(lambda: far.run(stick.path), 120)


def _waits(folder: Path) -> bool:
    """Put a pipe in place of the document."""
    far, stick = far_of(folder), Stick.made(folder, first())
    (stick.path / "bundle.json").unlink()
    os.mkfifo(stick.path / "bundle.json")
    return lasts(lambda: program.main([str(stick.path), "--into", str(far.into)]), 10)


def _replaced_by(release: Release) -> Attempt:
    """Return an attempt to have *release* replace the fifth one."""

    def attempt(folder: Path) -> bool:
        far = far_of(folder)
        assert far.run(Stick.made(folder / "before", first(5)).path).code == 0
        before = (far.site / "manifest.json").read_bytes()
        far.run(Stick.made(folder / "after", release).path)
        return (far.site / "manifest.json").read_bytes() != before

    return attempt


def _exchanged(stick: Stick, *, signed: bool) -> None:
    """Give a wheel other bytes of the same length, with or without the key of the connected side."""
    members = [(name, EVIL if name.startswith(LIB.sha256) else data) for name, data in members_of(stick.path)]
    if signed:
        stick.recipe.repack(stick.path, pack(members))
    else:
        stick.raw("volume-001.zip", lambda _: pack(members))


def _other_bytes(*, signed: bool) -> Attempt:
    return _imported(lambda stick: _exchanged(stick, signed=signed))


def _says(folder: Path) -> bool:
    """Have the error of the importer send a terminal its codes."""
    far, stick = far_of(folder), Stick.made(folder, replace(first(), texts={NOTE: "obeyed"}))
    stick.edit(lambda document: _rename(document, "docs/\x1b]0;x\x07"))
    return "\x1b" in far.run(stick.path).err


def _pin_less(stick: Stick) -> None:
    """Leave a wheel out of a closure; the manifest and the release agree about that."""
    site = stick.path.with_name("site1")
    manifest = json.loads((site / "manifest.json").read_bytes())
    manifest["closures"][0]["pins"] = "0,2-3"
    (site / "manifest.json").write_text(json.dumps(manifest))
    release = json.loads((site / "release.json").read_bytes())
    release["manifest_sha256"] = seal((site / "manifest.json").read_bytes())["sha256"]
    (site / "release.json").write_text(json.dumps(release))
    stick.recipe.make(stick.path, site)


def _key_twice(stick: Stick) -> None:
    """Let readers disagree about the serial."""
    stick.raw("bundle.json", lambda data: data.replace(b"{", b'{"serial": 9,', 1))
    KEY.sign(stick.path / "bundle.json")


_written = volumes.write_blob
_ANY_PATH: Door = without(paths, "check_path")


def _make_again(own: tree.Tree, folder: str) -> None:
    """Make a directory, or leave it where it is there: as one above is."""
    os.makedirs(folder, exist_ok=True)  # noqa: PTH103 - a string
    own.folders.add(folder)


_ANY_FOLDER: Door = setting(tree.Tree, _make_one=_make_again)
_ANY_ORDER: Door = without(importing, "check_order")
_ANY_FINDING: Door = setting(check.Ruling, find=lambda *_: None)
_ANY_FILE: Door = setting(disk, open_file=lambda path: open(path, "rb"))  # noqa: PTH123, SIM115 - for a caller that closes it
_ANY_BYTES: Door = setting(volumes, write_blob=lambda target, pieces, _: _written(target, pieces, ""))

#: Name → the path that a bundle names, and the file that is there then.
_PATHS: Mapping[str, tuple[str, str]] = {
    "bundle-writes-above": ("../../../mine.txt", "mine.txt"),
    "bundle-writes-settings-of-a-server": (".htaccess", "into/site/.htaccess"),
    "bundle-writes-settings-of-a-project": ("simple/app/.htaccess", "into/site/simple/app/.htaccess"),
    "bundle-runs-a-program-by-git": ("simple/.git/config", "into/site/simple/.git/config"),
    "bundle-writes-a-program": ("cgi-bin/run.py", "into/site/cgi-bin/run.py"),
    "bundle-writes-a-device": ("docs/nul.txt", "into/site/docs/nul.txt"),
    "bundle-writes-with-backslashes": ("docs\\mine.txt", "into/site/docs\\mine.txt"),
}


def _attack(name: str, attempt: Attempt, door: Door) -> InputAttack:
    return InputAttack(name=name, kind="bundles", attempt=attempt, door=door)


ATTACKS = [
    *(_attack(name, _writes(*row), both(_ANY_PATH, _ANY_FOLDER)) for name, row in _PATHS.items()),
    _attack("bundle-of-twins", _twins, setting(paths, lowered=lambda names, _: dict(zip(names, names, strict=True)))),
    _attack(
        "bundle-bomb",
        _explodes,
        setting(archive.Volume, pieces=lambda own, one: own._inflated(one) if one.method else own._stored(one)),  # noqa: SLF001
    ),
    _attack("bundle-of-many-values", _many_values, setting(documents, MOST_VALUES=1 << 40)),
    _attack("bundle-is-a-pipe", _waits, _ANY_FILE),
    _attack("bundle-of-a-lower-serial", _replaced_by(second(4)), _ANY_ORDER),
    _attack("bundle-of-a-serial-used-again", _replaced_by(second(5)), _ANY_ORDER),
    _attack(
        "bundle-of-a-foreign-signer",
        _imported(lambda _: None, key=OTHER),
        setting(check.Signed, _identify=lambda *_: None),
    ),
    _attack("bundle-unsigned", _imported(lambda one: (one.path / "bundle.json.sig").unlink()), _ANY_FINDING),
    _attack("bundle-expired", _imported(lambda _: None, expires="2026-01-02T00:00:00Z"), _ANY_FINDING),
    _attack(
        "bundle-signed-for-another-use",
        _imported(lambda one: KEY.sign(one.path / "bundle.json", "git")),
        setting(sshsig, NAMESPACE="git"),
    ),
    _attack(
        "bundle-changed-after-it-was-signed",
        _imported(lambda one: one.raw("bundle.json", lambda data: data.replace(b"2999", b"2998"))),
        setting(sshsig, is_signature_of=lambda *_: True),
    ),
    _attack(
        "bundle-of-a-key-that-ended",
        _imported(lambda _: None, options='valid-before="20200101"'),
        setting(signers.Signer, fault=lambda *_: ""),
    ),
    _attack("bundle-with-a-key-twice", _imported(_key_twice), setting(strict_json, unique=dict)),
    _attack(
        "bundle-with-another-page-for-the-officer",
        _imported(lambda one: one.raw("REVIEW.md", lambda data: data + b"approved")),
        without(importing, "check_helpers"),
    ),
    _attack("bundle-of-other-bytes", _other_bytes(signed=True), _ANY_BYTES),
    _attack(
        "bundle-changed-on-its-way",
        _other_bytes(signed=False),
        both(_ANY_BYTES, without(volumes, "is_whole", result=True)),
    ),
    _attack("bundle-with-a-pin-less", _imported(_pin_less), setting(Walk, go=lambda _: 0)),
    _attack("bundle-with-codes-in-a-path", _says, both(setting(paths, shown=str), setting(command_line, plain=str))),
]
