"""Programs and places that all installers read alike."""

from __future__ import annotations

import io
import zipfile

import pytest

from pypi_subset.proof.access.well_formed import faults
from tests.support.hostile.archives import INFO, entries, holding
from tests.support.stages.archives import pack_parts, parts_of_wheel


def found(data: bytes) -> list[str]:
    """Return the faults of the wheel *data*."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [*faults(archive)]


@pytest.mark.parametrize(
    "data",
    [
        entries("# a comment\n[console_scripts]\nbad = bad:main.run [extra]\n\n[other]\na b = bad\n"),
        holding("bad-1.0.data/scripts/bad", "bad-1.0.data/data/share/x", "bad-1.0.data/headers/bad.py"),
    ],
)
def test_what_is_well_formed(data: bytes) -> None:
    """Entry points with extras, other groups, and files of all places are as they may be."""
    assert found(data) == []


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (entries("[console_scripts]\na = bad:x\n  b = bad:y\n"), "not all installers read alike: 'b = bad:y'"),
        (entries("[console_scripts\na = bad:x\n"), "not all installers read alike"),
        (entries("[gui_scripts]\nnul = bad:x\n"), "an entry point 'nul' that is no program"),
        (holding("bad-1.0.data/x"), "for which no place is known"),
        (
            holding("bad-1.0.data/purelib/BAD.py"),
            "'bad.py' and 'bad-1.0.data/purelib/BAD.py', which are installed as one",
        ),
        (holding("x.egg-info/PKG-INFO"), "the metadata of another distribution"),
        (holding("bad-2.0.dist-info/METADATA"), "holds 2 directories"),
    ],
)
def test_what_is_not(data: bytes, said: str) -> None:
    """What installers would read or place differently is a fault."""
    assert any(said in fault for fault in found(data))


def test_a_script_beside_an_entry_point() -> None:
    """A script and a program of one name would replace each other."""
    files = {f"{INFO}/entry_points.txt": b"[console_scripts]\nBad = bad:main\n", "bad-1.0.data/scripts/bad": b""}
    (fault,) = found(pack_parts(parts_of_wheel("bad", files)))
    assert fault == "holds 'bad-1.0.data/scripts/bad', and an entry point of that name"
