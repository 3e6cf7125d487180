"""Each wheel that pip unpacked for a machine that is not here, read once more by code that is not pip's."""

from __future__ import annotations

import functools
import zipfile
import zlib
from typing import TYPE_CHECKING

from installer.exceptions import InstallerError
from installer.records import parse_record_file
from installer.sources import WheelFile
from packaging.utils import parse_wheel_filename

from pypi_subset.errors import ProofFailed
from pypi_subset.proof.reference.tags import may_fit

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pypi_subset.proof.cases.case import Case
    from pypi_subset.proof.methods.pip_install import Installed


#: What `installer` says of bytes that are not those that the wheel was made of, or of a RECORD that says nothing.
_RED = ("didn't match RECORD", "Unable to retrieve")

#: What we say of a line of RECORD that promises what is not there: `installer` walks the archive alone, as pip does.
_ABSENT = "is in RECORD, and not in the wheel"

#: Members that sign RECORD: what becomes of them is nobody's affair here.
_SIGNATURES = ("RECORD.jws", "RECORD.p7s")


def validate(case: Case, installed: Sequence[Installed]) -> tuple[str, ...]:
    """
    Return notes on what the RECORD of each installed wheel leaves out; each may be for the target by all its tags say.

    A member that RECORD does not mention, or has no hash for, is installed all the same, by pip as by others: that is
    how its author built it. Other bytes than RECORD promises are not.

    :raises ProofFailed: a member of a wheel is not there, or does not have the hash or size of its RECORD, or the wheel is
        for others.
    """
    notes: list[str] = []
    for one in installed:
        path = case.file(one.path)
        if not any(may_fit(case.target, tag) for tag in parse_wheel_filename(path.name)[3]):
            msg = f"{path.name} was installed, and is for no machine like {case.target.name} ({case.target.tag})"
            raise ProofFailed(msg, project=one.project, target=case.target.name)
        for issue in issues(path, path.stat().st_mtime_ns):
            if issue.startswith(_RED) or issue.endswith((*_RED, _ABSENT)):
                msg = f"{path.name} contradicts its own RECORD: {issue}"
                raise ProofFailed(msg, project=one.project, target=case.target.name)
            notes.append(f"{path.name}: {issue}")
    return tuple(notes)


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
                found = _told(path, error.issues)
            # Where RECORD itself cannot be read, nobody knows what should be there.
            return found if any(one.startswith(_RED) for one in found) else (*found, *_absent(wheel, path))
    except (InstallerError, ValueError) as error:
        return _told(path, [str(error)])
    except (OSError, KeyError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        return (f"Unable to retrieve a member: {error}",)


def _absent(wheel: WheelFile, path: Path) -> Iterator[str]:
    """Yield a sentence for each line of RECORD whose file the archive lacks; one may name a folder."""
    with zipfile.ZipFile(path) as archive:
        there = {*archive.namelist(), *(f"{wheel.dist_info_dir}/{name}" for name in _SIGNATURES)}
    for name, _, _ in parse_record_file(wheel.read_dist_info("RECORD").splitlines()):
        if name not in there and not name.endswith("/"):
            yield f"{name} {_ABSENT}"


def _told(path: Path, found: Sequence[str]) -> tuple[str, ...]:
    """Return *found* without what tells where the wheel lies here."""
    return tuple(one.removeprefix(f"In {path}, ").replace(f"{path}", path.name) for one in found)
