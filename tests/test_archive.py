"""METADATA by the quick way: what it says is what `zipfile` says, and where in doubt it says nothing."""

from __future__ import annotations

import io
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pypi_subset import archive
from values import BRISK
from wheels import make_wheel

WHEEL = make_wheel("app", requires=["lib"], files={"app/data": bytes(range(256)) * 20})
NAME = "app-1.0.dist-info/METADATA"
LIMIT = 1 << 16


def quick(data: bytes, limit: int = LIMIT) -> bytes | None:
    """Return METADATA as the quick way reads it."""
    stream = io.BytesIO(data)
    found = [one for one in archive.directory(stream) or () if one.name == NAME.encode()]
    return archive.content(stream, found[0], limit=limit) if len(found) == 1 else None


def thorough(data: bytes) -> bytes | None:
    """Return it as `zipfile` does; ``None`` if that refuses."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            return opened.read(NAME)
    except (zipfile.BadZipFile, zlib.error, ValueError, KeyError, EOFError, RuntimeError, NotImplementedError):
        return None


def packed(
    method: int = zipfile.ZIP_DEFLATED, *, comment: bytes = b"", text: bytes = WHEEL.metadata, many: int = 0
) -> bytes:
    """Return an archive with METADATA in it, and *many* other members before it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", method) as opened:
        for number in range(many):
            opened.writestr(f"app/{'x' * 60}{number}", b"")
        opened.writestr(NAME, text)
        opened.comment = comment
    return stream.getvalue()


@pytest.mark.parametrize(
    "data", [WHEEL.data, packed(), packed(zipfile.ZIP_STORED), packed(text=b""), packed(many=2000)]
)
def test_the_usual_form_is_read(data: bytes) -> None:
    """Stored or deflated, small or with a directory that is longer than what is read at once."""
    assert quick(data) == thorough(data) is not None


@pytest.mark.parametrize(
    "data",
    [
        b"",
        WHEEL.data[:-1],
        WHEEL.data + b"x",
        b"x" + WHEEL.data,
        packed(comment=b"a comment"),
        packed(zipfile.ZIP_LZMA),
        packed().replace(NAME.encode(), b"app-1.0.dist-info/METADATB", 1),
        packed(many=1).replace(b"\0\0\0\0app/xx", b"\0\0\0\0app/x\xff").replace(b"\3\x14\0\0\0", b"\3\x14\0\0\x08"),
        packed().replace(b"PK\1\2\x14\3\x14", b"PK\1\2\x14\3\x40"),
        packed().replace(b"PK\1\2\x14\3\x14\0\0", b"PK\1\2\x14\3\x14\0\x20"),
    ],
)
def test_another_form_is_left_to_zipfile(data: bytes) -> None:
    """Cut off, something before or behind it, packed otherwise, two names of one member, a form of the future: no answer."""
    assert quick(data) is None


def test_no_more_is_unpacked_than_is_allowed() -> None:
    """A member that would unpack to more than the limit is not unpacked to the end."""
    data = packed(text=b"x" * 1000)
    assert quick(data, 1000) == b"x" * 1000
    assert quick(data, 999) is None


@BRISK
@given(st.data())
def test_it_never_says_otherwise_than_zipfile(data: st.DataObject) -> None:
    """Whatever bytes are changed: if there is an answer, it is that of `zipfile`."""
    spoilt = bytearray(packed(data.draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])), many=1))
    for _ in range(data.draw(st.integers(1, 3))):
        spoilt[data.draw(st.integers(0, len(spoilt) - 1))] = data.draw(st.integers(0, 255))
    found = quick(bytes(spoilt))
    assert found is None or found == thorough(bytes(spoilt))


def test_every_wheel_that_is_installed_here() -> None:
    """The two ways agree on wheels that real tools have written: those that came with Python itself."""
    import ensurepip  # noqa: PLC0415 - not everywhere

    wheels = [*Path(ensurepip.__file__).parent.glob("_bundled/*.whl")]
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as opened, wheel.open("rb") as stream:
            members = archive.directory(stream)
            assert members is not None
            assert [one.name.decode() for one in members] == opened.namelist()
            for member in members:
                assert archive.content(stream, member, limit=1 << 24) == opened.read(member.name.decode())
