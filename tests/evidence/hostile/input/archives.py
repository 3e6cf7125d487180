"""Attacks by wheels: archives with two readings, names that some system cannot hold, files that RECORD does not know."""

from __future__ import annotations

import contextlib
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING
from unittest import mock

from packaging.metadata import parse_email

from pypi_subset.distributions import contents, metadata, wheel
from pypi_subset.packages import file_cache
from pypi_subset.proof.access import archives
from pypi_subset.proof.inventory import inventory
from pypi_subset.proof.methods import overwritten, readable, record
from pypi_subset.site.builder import build_index
from pypi_subset.support import bounds
from tests.evidence.hostile.input.attack import InputAttack, both, setting, slow, without
from tests.support.hostile.archives import INFO, NAME, good
from tests.support.hostile.contents import hostile
from tests.support.sites.cases import WINDOWS, cases, prove_first
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.stages.archives import pack_parts, parts_of_wheel
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from tests.support.wheels import Wheel

_KIND = "archives"


def _by_the_directory_alone(source: Path, filename: str) -> bytes:
    """Read METADATA as pip does: what the directory names, and nothing else."""
    with zipfile.ZipFile(source) as archive:
        assert filename == NAME
        return archive.read(f"{INFO}/METADATA")


@contextlib.contextmanager
def _any_archive() -> Iterator[None]:
    with (
        mock.patch.object(file_cache, "check_wheel", _by_the_directory_alone),
        mock.patch.object(file_cache, "read_metadata", _by_the_directory_alone),
    ):
        yield


@contextlib.contextmanager
def _any_contents() -> Iterator[None]:
    with mock.patch.object(contents, "fault_of", return_value=""):
        yield


@contextlib.contextmanager
def _any_names() -> Iterator[None]:
    # Twins are files that are installed as one, too.
    with mock.patch.object(wheel, "fault_in", return_value=""), _any_contents():
        yield


def _by_each_name(head: bytes) -> dict[str, list[str]]:
    """Read METADATA as `packaging` does, which looks for each name among all fields."""
    known, others = parse_email(head)
    return {name.replace("_", "-"): [str(value)] for name, value in known.items()} | others


_uncounted = both(setting(bounds, MOST_FIELDS=1 << 30), setting(metadata, _fields=_by_each_name))


@contextlib.contextmanager
def _any_site() -> Iterator[None]:
    with (
        mock.patch.object(archives, "fault_of", return_value=""),
        mock.patch.object(readable, "fault_of", return_value=""),
    ):
        yield


def _published(kind: str) -> Callable[[Path], bool]:
    """Return an attempt to have an index built that offers the hostile wheel of a kind."""

    def attempt(folder: Path) -> bool:
        path = folder / NAME
        path.write_bytes(hostile(kind)[0])
        build_index((path,), folder / "site")
        return (folder / "site/simple/bad" / NAME).is_file()

    return attempt


def _proven(kind: str) -> Callable[[Path], bool]:
    """Return an attempt to have a site by others, which offers the hostile wheel of a kind, pass the inventory."""

    def attempt(folder: Path) -> bool:
        plain = {part.name: part.data for part in good()}
        bad = replace(make_wheel("bad"), data=hostile(kind)[0], metadata=plain[f"{INFO}/METADATA".encode()])
        subset = SubsetOnDisk(folder, targets=[WINDOWS], lines=["bad"], pins={"windows": [bad]}).write()
        return {check.status for check in inventory.take(subset.paths, subset.plan)} == {"passed"}

    return attempt


def _green(*made: Callable[[], Wheel]) -> Callable[[Path], bool]:
    """Return an attempt to have the first of the wheels *made* proven with all of them."""

    def attempt(folder: Path) -> bool:
        wheels = [make() for make in made]
        name = wheels[0].filename.partition("-")[0]
        return prove_first(cases(folder, WINDOWS, [name], wheels)[0]).status == "passed"

    return attempt


def _attacks(
    prefix: str, kinds: Sequence[str], attempt: Callable[[str], Callable[[Path], bool]], door: object
) -> list[InputAttack]:
    return [
        InputAttack(name=f"{prefix}-{kind}", kind=_KIND, attempt=attempt(kind), door=door)  # type: ignore[arg-type] # a door
        for kind in kinds
    ]


#: Two readings of one file: readers from the front and from the end find other members, or other bytes.
_LAYOUT = (
    *("bytes-before", "two-archives", "member-before-the-first", "gap-between-members", "gap-before-the-directory"),
    *("comment", "comment-of-a-member", "fewer-members", "overlapping-members", "overlapping-bomb"),
    *("twice-in-the-directory", "another-name-before-the-member", "another-size-before-the-member"),
    *("another-descriptor", "hidden-behind-the-data", "another-size", "another-path-in-a-field", "encrypted"),
    *("symbolic-link", "set-user-id"),
)
_NAMES = (
    *("upwards", "backslash", "drive", "stream", "device", "dot-at-the-end", "control", "bidi", "long-part"),
    *("case-twins", "composed-twins", "file-and-directory", "unseen-letter", "unseen-variant"),
)
_CONTENTS = (
    *("not-in-record", "in-record-alone", "another-hash", "no-hash", "weak-hash", "twice-in-record"),
    *("entry-points-twice", "script-with-code", "unknown-scheme", "over-a-module", "metadata-of-another"),
    *("directory-of-another-in-record", "directory-elsewhere-in-record", "shared-directory-in-record"),
    *("programs-in-two-cases", "program-in-two-groups", "entry-point-beside-a-script-of-windows"),
    *("module-twice-below-the-prefix", "metadata-of-another-below-the-prefix", "script-like-an-option"),
    *("file-like-an-option", "script-with-a-keyword"),
)
_SITES = (
    *("two-archives", "overlapping-bomb", "another-size", "case-twins", "stream", "not-in-record", "over-a-module"),
    *("directory-of-another-in-record", "programs-in-two-cases", "module-twice-below-the-prefix", "unseen-letter"),
    *("metadata-of-another-version", "file-like-an-option"),
)


def _needing() -> Wheel:
    """Return a wheel with a program, which needs another project."""
    return make_wheel("aa", requires=["bb"], files={"aa-1.0.data/scripts/tool": b"#!python\n"})


def _module_of_aa() -> Wheel:
    return make_wheel("bb", files={"aa.py": b"evil = 1\n"})


def _program_of_aa() -> Wheel:
    return make_wheel("bb", files={"bb-1.0.data/scripts/tool": b"#!python\nevil = 1\n"})


def _module_below_the_prefix() -> Wheel:
    return make_wheel("bb", files={"bb-1.0.data/data/lib/python3.12/site-packages/aa.py": b"evil = 1\n"})


def _with_a_program() -> Wheel:
    """Return a wheel with an entry point, which needs another project."""
    points = {"aa-1.0.dist-info/entry_points.txt": b"[console_scripts]\ntool = aa:main\n"}
    return make_wheel("aa", requires=["bb"], files=points)


def _program_of_windows() -> Wheel:
    return make_wheel("bb", files={"bb-1.0.data/scripts/tool.exe": b"MZ evil"})


def _many_fields(folder: Path) -> bool:
    """Have METADATA of 100 kB read, which has a field on each line."""
    path = folder / NAME
    plain = parts_of_wheel("bad")
    fields = b"".join(b"X%d: a\n" % number for number in range(10_100))
    files = {f"{INFO}/METADATA": plain[1].data + fields}
    path.write_bytes(pack_parts(parts_of_wheel("bad", files)))
    return slow(lambda: metadata.dependencies_of(wheel.check_wheel(path, NAME)), 2)


def _other_bytes() -> Wheel:
    return replace(make_wheel("bad"), data=hostile("another-hash")[0])


def _zeros() -> Wheel:
    """Return a wheel of 80 kB that unpacks to 80 MB."""
    return replace(make_wheel("bad"), data=pack_parts(parts_of_wheel("bad", {"zeros.bin": bytes(80 << 20)})))


ATTACKS = [
    *_attacks("wheel", _LAYOUT, _published, _any_archive),
    *_attacks("wheel-name", _NAMES, _published, _any_names),
    *_attacks("wheel-files", _CONTENTS, _published, _any_contents),
    InputAttack(
        name="wheel-metadata-of-another-version",
        kind=_KIND,
        attempt=_published("metadata-of-another-version"),
        door=without(wheel, "is_version", result=True),
    ),
    InputAttack(name="metadata-of-many-fields", kind=_KIND, attempt=_many_fields, door=_uncounted),
    *_attacks("site-with", _SITES, _proven, _any_site),
    *(
        InputAttack(name=name, kind="unpacking", attempt=_green(*wheels), door=door)
        for name, wheels, door in (
            ("module-of-another-project", (_needing, _module_of_aa), without(overwritten, "validate", ())),
            ("program-of-another-project", (_needing, _program_of_aa), without(overwritten, "validate", ())),
            ("module-below-the-prefix", (_needing, _module_below_the_prefix), without(overwritten, "validate", ())),
            ("program-of-windows", (_with_a_program, _program_of_windows), without(overwritten, "validate", ())),
            ("other-bytes-than-record", (_other_bytes,), without(record, "validate")),
            ("bomb-unpacked-by-pip", (_zeros,), without(readable, "check")),
        )
    ),
]
