"""The difference between two manifests: runs of bytes that the old one has, and text that it lacks."""

from __future__ import annotations

import hashlib
from collections import Counter
from itertools import accumulate
from typing import TYPE_CHECKING

import msgspec
from msgspec import Struct

from pypi_subset.model.manifest import Sha256

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class Difference(Struct, frozen=True, kw_only=True):
    """
    How a text is made from a base.

    :param base: SHA-256 of the base.
    :param size: bytes of the text.
    :param ops: in their order: a range of the base as start and length in bytes, or text.
    """

    base: Sha256
    size: int
    ops: tuple[tuple[int, int] | str, ...]


def difference(base: bytes, new: bytes) -> bytes:
    """
    Return a `Difference` as JSON: it makes *new* from *base*.

    Lines of *new* that stand once in *base* are its anchors; a range reaches from an anchor as far as both texts are equal.
    That takes one pass, where a shortest difference takes the product of both lengths.
    """
    old, lines = base.splitlines(keepends=True), new.splitlines(keepends=True)
    starts = [0, *accumulate(map(len, old))]
    ops: list[tuple[int, int] | str] = []
    for first, last, literal in _runs(old, lines):
        if literal:
            ops.append(b"".join(literal).decode())
        if last > first:
            ops.append((starts[first], starts[last] - starts[first]))
    found = Difference(base=hashlib.sha256(base).hexdigest(), size=len(new), ops=tuple(ops))
    return msgspec.json.encode(found)


def _runs(old: Sequence[bytes], new: Sequence[bytes]) -> Iterator[tuple[int, int, Sequence[bytes]]]:
    """Yield lines of *new* that *old* lacks, each time with the range of lines of *old* that follows them."""
    anchors: dict[bytes, int] = {}
    if old != new:
        counts = Counter(old)
        anchors = {line: place for place, line in enumerate(old) if counts[line] == 1}
    here = done = following = 0
    while here < len(new):
        is_next = following < len(old) and old[following] == new[here]
        place = following if is_next else anchors.get(new[here], -1)
        if place < 0:
            here += 1
            continue
        first, start = place, here
        # Equal lines before the anchor were passed over, since each may occur many times.
        while start > done and first > 0 and old[first - 1] == new[start - 1]:
            first, start = first - 1, start - 1
        equal = _equal(old, place, new, here)
        here, place = here + equal, place + equal
        yield first, place, new[done:start]
        done, following = here, place
    yield 0, 0, new[done:]


def _equal(old: Sequence[bytes], place: int, new: Sequence[bytes], here: int) -> int:
    """Return how many lines of *old* from *place* on are those of *new* from *here* on."""
    most, found, step = min(len(old) - place, len(new) - here), 0, 1
    # Manifests differ in few places: pieces that double compare as fast as bytes, and pieces that halve find the end.
    while step:
        end = found + step
        if end <= most and old[place + found : place + end] == new[here + found : here + end]:
            found, step = end, step * 2
        else:
            step //= 2
    return found


def rebuilt(base: bytes, document: bytes) -> bytes:
    """
    Return the text that *document* makes from *base*.

    :raises ValueError: it is no difference from this base, or a range of it is not there.
    """
    found = msgspec.json.decode(document, type=Difference)
    if found.base != hashlib.sha256(base).hexdigest():
        msg = "the difference has another base"
        raise ValueError(msg)
    new = b"".join(one.encode() if isinstance(one, str) else base[one[0] : one[0] + one[1]] for one in found.ops)
    if len(new) != found.size:
        msg = "the difference makes a text of another length"
        raise ValueError(msg)
    return new
