"""Each wheel that pip unpacked for a machine that is not here, read once more by code that is not pip's."""

from __future__ import annotations

import functools
import hashlib
import re
import zipfile
import zlib
from typing import TYPE_CHECKING

from installer.exceptions import InstallerError
from installer.records import parse_record_file
from installer.sources import WheelFile
from packaging.utils import parse_wheel_filename

from pypi_subset.errors import ProofFailed
from pypi_subset.proof.access.well_formed import folders_of
from pypi_subset.proof.cases.once import once
from pypi_subset.proof.reference.tags import may_fit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pypi_subset.proof.cases.case import Case
    from pypi_subset.proof.methods.pip_install import Installed


_OTHER = "didn't match RECORD"
_HEXADECIMAL = re.compile(r"sha256=([0-9a-f]{64})")

#: What `installer` says of bytes that are not those that the wheel was made of, or of a RECORD that says nothing.
_RED = (_OTHER, "Unable to retrieve")

#: What we say of a line of RECORD that promises what is not there: `installer` walks the archive alone, as pip does.
_ABSENT = "is in RECORD, and not in the wheel"

#: Members that sign RECORD, which no installer reads.
_SIGNATURES = ("RECORD.jws", "RECORD.p7s")


def validate(case: Case, installed: Sequence[Installed]) -> None:
    """
    Compare each installed wheel with its RECORD; each may be for the target by all its tags say.

    pip installs what RECORD does not mention, and what is not as it says. A later change of it would not be found.

    :raises ProofFailed: RECORD does not name a member with its hash and its size, a member is not there or has others, or
        the wheel is for others.
    """
    for one in installed:
        path = case.file(one.path)
        if not any(may_fit(case.target, tag) for tag in parse_wheel_filename(path.name)[3]):
            msg = f"{path.name} was installed, and is for no machine like {case.target.name} ({case.target.tag})"
            raise ProofFailed(msg, project=one.project, target=case.target.name)
        look = functools.partial(issues, path, path.stat().st_mtime_ns)
        for issue in once(case, "record", path, look):
            msg = f"{path.name} contradicts its own RECORD: {issue}"
            raise ProofFailed(msg, project=one.project, target=case.target.name)


@functools.cache
def issues(path: Path, changed: int) -> tuple[str, ...]:
    """
    Return what is wrong between a wheel and its RECORD, in the words of `installer`, and then what is not there.

    :param changed: when; the same file is in many cases, and read once by each process.
    """
    del changed
    try:
        with WheelFile.open(path) as wheel:
            found: tuple[str, ...] = ()
            try:
                wheel.validate_record()
            except wheel.validation_error as error:
                found = _told(path, [one for one in error.issues if not _is_spelt_otherwise(wheel, path, one)])
            # If RECORD itself cannot be read, it is unknown what should be there.
            return found if any(one.startswith(_RED) for one in found) else (*found, *_absent(wheel, path))
    except (InstallerError, ValueError) as error:
        return _told(path, [str(error)])
    except (OSError, KeyError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        return (f"Unable to retrieve a member: {error}",)


def _absent(wheel: WheelFile, path: Path) -> Iterator[str]:
    """Yield a sentence for each line of RECORD whose file or directory the archive lacks."""
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
    there = {*names, *folders_of(names), *(f"{wheel.dist_info_dir}/{name}" for name in _SIGNATURES)}
    for name, _, _ in parse_record_file(wheel.read_dist_info("RECORD").splitlines()):
        if name not in there:
            yield f"{name} {_ABSENT}"


def _is_spelt_otherwise(wheel: WheelFile, path: Path, issue: str) -> bool:
    """Whether *issue* is about a hash that is right, and in hexadecimal, which `installer` does not read."""
    if not issue.endswith(_OTHER):
        return False
    with zipfile.ZipFile(path) as archive:
        for name, stated, _ in parse_record_file(wheel.read_dist_info("RECORD").splitlines()):
            hexadecimal = _HEXADECIMAL.fullmatch(stated)
            if hexadecimal and issue.endswith(f" {name} {_OTHER}"):
                digest = hashlib.sha256()
                with archive.open(name) as stream:
                    for piece in iter(functools.partial(stream.read, 1 << 20), b""):
                        digest.update(piece)
                return digest.hexdigest() == hexadecimal[1]
    return False


def _told(path: Path, found: Sequence[str]) -> tuple[str, ...]:
    """Return *found* without the directory of the wheel on this machine."""
    return tuple(one.removeprefix(f"In {path}, ").replace(f"{path}", path.name) for one in found)
