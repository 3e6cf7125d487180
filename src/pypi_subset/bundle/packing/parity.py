"""The parity of volumes: from it and all volumes but one, the missing one is made again."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_CHUNK = 1 << 20


def parity_of(volumes: Sequence[Path]) -> Iterator[bytes]:
    """Yield the XOR of the files at *volumes*, each followed by zero bytes up to the length of the longest."""
    with ExitStack() as stack:
        streams = [stack.enter_context(path.open("rb")) for path in volumes]
        while chunks := [chunk for stream in streams if (chunk := stream.read(_CHUNK))]:
            longest = max(map(len, chunks))
            found = 0
            # As one large number: byte by byte it takes a hundred times as long.
            for chunk in chunks:
                found ^= int.from_bytes(chunk.ljust(longest, b"\0"), "big")
            yield found.to_bytes(longest, "big")
