"""Each wheel that pip unpacked for a machine that is not here, read once more by code that is not pip's."""

from __future__ import annotations

import functools
import zipfile
import zlib
from typing import TYPE_CHECKING

from installer.exceptions import InstallerError
from installer.sources import WheelFile
from packaging.utils import parse_wheel_filename

from pypi_subset.errors import ProofFailed
from pypi_subset.proof.tagged import may_fit

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pypi_subset.proof.case import Case
    from pypi_subset.proof.installing import Installed

#: What `installer` says of bytes that are not those that the wheel was made of, or of a RECORD that says nothing.
_RED = ("didn't match RECORD", "Unable to retrieve")


def validate(case: Case, installed: Sequence[Installed]) -> tuple[str, ...]:
    """
    Return notes on what the RECORD of each installed wheel leaves out; each may be for the target by all its tags say.

    A member that RECORD does not mention, or has no hash for, is installed all the same, by pip as by others: that is
    how its author built it. Other bytes than RECORD promises are not.

    :raises ProofFailed: a member of a wheel does not have the hash or size of its RECORD, or the wheel is for others.
    """
    notes: list[str] = []
    for one in installed:
        path = case.file(one.path)
        if not any(may_fit(case.target, tag) for tag in parse_wheel_filename(path.name)[3]):
            msg = f"{path.name} was installed, and is for no machine like {case.target.name} ({case.target.tag})"
            raise ProofFailed(msg, project=one.project, target=case.target.name)
        for issue in issues(path, path.stat().st_mtime_ns):
            if issue.startswith(_RED) or issue.endswith(_RED):
                msg = f"{path.name} contradicts its own RECORD: {issue}"
                raise ProofFailed(msg, project=one.project, target=case.target.name)
            notes.append(f"{path.name}: {issue}")
    return tuple(notes)


@functools.cache
def issues(path: Path, changed: int) -> tuple[str, ...]:
    """
    Return what is wrong between a wheel and its RECORD, in the words of `installer`.

    :param changed: when; the same file is in many cases, and read once by each process.
    """
    del changed
    try:
        with WheelFile.open(path) as wheel:
            wheel.validate_record()
    except (InstallerError, ValueError) as error:
        found = getattr(error, "issues", [str(error)])
        return tuple(str(issue).removeprefix(f"In {path}, ").replace(f"{path}", path.name) for issue in found)
    except (OSError, KeyError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        return (f"Unable to retrieve a member: {error}",)
    return ()
