"""RECORD is complete and true; entry points and schemes are well-formed."""

from __future__ import annotations

import base64
import hashlib
import io

import pytest

from pypi_subset.distributions import wheel
from pypi_subset.distributions.wheel import check_wheel
from pypi_subset.errors import BadDistribution
from tests.support.hostile.archives import INFO, NAME, entries, good, holding
from tests.support.hostile.contents import CONTENTS, hostile, recorded
from tests.support.stages.archives import Part, pack_parts, parts_of_wheel

_OTHER = base64.urlsafe_b64encode(hashlib.sha512(b"value = 1\n").digest()).rstrip(b"=").decode()
_HEX = hashlib.sha256(b"value = 1\n").hexdigest()


@pytest.mark.parametrize("kind", CONTENTS)
def test_what_is_refused(kind: str) -> None:
    """A wheel that says wrong things of its own files is refused with the reason."""
    data, said = hostile(kind)
    with pytest.raises(BadDistribution) as caught:
        check_wheel(io.BytesIO(data), NAME)
    assert said in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "data",
    [
        recorded(f"bad.py,sha512={_OTHER},10", "bad.py"),
        recorded(f"bad.py,sha256={_HEX},10", "bad.py"),
        recorded(f'"bad.py",sha512={_OTHER}==,10', "bad.py"),
        recorded(f"{INFO}/,,"),
        recorded("bad/data/,,", files={"bad/__init__.py": b"", "bad/data/x.txt": b""}),
        recorded("", f"{INFO}/RECORD"),
        recorded(f"{INFO}/RECORD.jws,,"),
        pack_parts([*good(), Part(name=f"{INFO}/RECORD.p7s".encode(), data=b"signed")]),
        entries("[console_scripts]\nbad = bad:main.run [extra]\nbad-2.x = bad:main\n\n[other]\na b = bad\n"),
        holding("bad-1.0.data/scripts/bad", "bad-1.0.data/data/share/x", "bad-1.0.data/purelib/new.py"),
        holding("bad-1.0.data/headers/bad.py", "bad-1.0.data/data/bad.py"),
        holding("bad-1.0.data/scripts/x", "bad-1.0.data/scripts/x.exe", "bad-1.0.data/data/lib/x"),
        entries(
            "[console_scripts]\na = bad:x\na-b.py = bad:y\n_c = bad:match.case\n[plugins]\nimport = bad.lambda:x\n"
        ),
    ],
)
def test_what_is_taken(data: bytes) -> None:
    """Hashes in other spellings, directories, signatures, and files of all five schemes are as they may be."""
    assert check_wheel(io.BytesIO(data), NAME)


def test_a_script_beside_an_entry_point() -> None:
    """A script that an entry point of the same name would replace is refused, also in another case."""
    points = {f"{INFO}/entry_points.txt": b"[console_scripts]\nBad = bad:main\n", "bad-1.0.data/scripts/bad": b""}
    with pytest.raises(BadDistribution, match="and an entry point of that name"):
        check_wheel(io.BytesIO(pack_parts(parts_of_wheel("bad", points))), NAME)


def test_large_wheels_are_not_hashed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A wheel that unpacks to more than `HASHED` bytes is not compared with its hashes here: the proof does that."""
    data = hostile("another-hash")[0]
    monkeypatch.setattr(wheel, "HASHED", 10)
    assert check_wheel(io.BytesIO(data), NAME)
