"""The committed recording: the locks of each state and the SHA-256 of each wheel; the wheels come from PyPI."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.evidence.same_bytes.cases import FIRST
from tests.evidence.same_bytes.sides import SideError, Work

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.evidence.same_bytes.cases import Case
    from tests.evidence.same_bytes.sides import Side

#: Compressed: a lock holds the address of each file, and no file of this repository names a registry's host.
FILE = Path(__file__).with_name("recording.json.gz")


@dataclass(frozen=True, kw_only=True, slots=True)
class Recording:
    """
    What both sides start from in one case.

    :param locks: by state, then by file name.
    :param wheels: file name to SHA-256, in hexadecimal.
    """

    locks: Mapping[str, Mapping[str, str]]
    wheels: Mapping[str, str]


def read() -> dict[str, Recording]:
    """Return the committed recording of each case."""
    document = json.loads(gzip.decompress(FILE.read_bytes()))
    return {name: Recording(locks=one["locks"], wheels=one["wheels"]) for name, one in document.items()}


def write(recordings: Mapping[str, Recording]) -> None:
    """Replace the committed recording: the same content gives the same bytes."""
    document = {name: {"locks": one.locks, "wheels": one.wheels} for name, one in recordings.items()}
    text = json.dumps(document, indent=1, sort_keys=True) + "\n"
    FILE.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))


def record(case: Case, side: Side, folder: Path, known: Recording | None) -> Recording:
    """
    Return locks and wheels of every state, made by *side* in *folder*; the wheels stay in its ``packages/``.

    A known lock is reused, and the files that it pins come from PyPI once. A lock that does not fit, such as that of
    the target ``here`` on another machine, is resolved again.

    :param known: the committed recording, or ``None`` to resolve everything again.
    :raises SideError: mirror fails, or a wheel has other bytes than the recorded one.
    """
    if known is None:
        shutil.rmtree(folder, ignore_errors=True)
    work = Work(folder)
    locks: dict[str, Mapping[str, str]] = {}
    shutil.rmtree(work.requirements, ignore_errors=True)
    for state in (FIRST, *case.edits):
        work.ask(case.texts(state), {**locks.get(FIRST, {}), **(known.locks[state] if known else {})})
        side.mirror(work, network=True)
        locks[state] = work.locks()
    named = {name for one in locks.values() for text in one.values() for name in _wheels_of(text)}
    wheels = {name: hashlib.sha256((work.packages / name).read_bytes()).hexdigest() for name in sorted(named)}
    wrong = sorted(
        name for name, digest in (known.wheels if known else {}).items() if wheels.get(name, digest) != digest
    )
    if wrong:
        msg = f"{case.name}: {wrong[0]} has other bytes than the recorded one"
        raise SideError(msg)
    return Recording(locks=locks, wheels=wheels)


def _wheels_of(lock: str) -> list[str]:
    """Return the names of the wheels that the text of a lock pins."""
    return [wheel["name"] for package in tomllib.loads(lock)["packages"] for wheel in package["wheels"]]
