"""Parity: any one volume can be made again from the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.bundle.packing import parity
from pypi_subset.bundle.packing.parity import parity_of

if TYPE_CHECKING:
    from pathlib import Path

CONTENTS = [b"a" * 5000, bytes(range(256)) * 12, b"", b"end"]


@pytest.mark.parametrize("chunk", [1 << 20, 7, 256])
@pytest.mark.parametrize("lost", range(len(CONTENTS)))
def test_any_one_volume_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int, lost: int) -> None:
    """The XOR of all the others and the parity is the lost volume, followed by zero bytes."""
    monkeypatch.setattr(parity, "_CHUNK", chunk)
    paths = [tmp_path / str(number) for number in range(len(CONTENTS))]
    for path, data in zip(paths, CONTENTS, strict=True):
        path.write_bytes(data)
    made = tmp_path / "parity"
    made.write_bytes(b"".join(parity_of(paths)))
    assert made.stat().st_size == max(map(len, CONTENTS))
    others = [path for number, path in enumerate(paths) if number != lost]
    again = b"".join(parity_of([*others, made]))
    assert again == CONTENTS[lost].ljust(len(again), b"\0")


def test_no_volume_no_parity() -> None:
    """Nothing is carried: the parity has no byte."""
    assert b"".join(parity_of([])) == b""
