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
    from collections.abc import Iterator, Mapping

#: Bytes in which a line is looked for behind the last range, and that must be equal there: lines of JSON repeat.
_NEAR, _ENOUGH = 1 << 16, 256
#: Lines that may fail to be there; each further one is looked for anywhere, which needs all lines of the base.
_PATIENCE = 300


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

    A range reaches as far as both texts are equal. The lines of *new* behind it are looked for a little further on in *base*.
    Texts that differ in many places have other anchors: lines that stand once in *base*. So it takes one pass, where a
    shortest difference takes the product of both lengths.
    """
    ops: list[tuple[int, int] | str] = []
    for start, length, literal in _runs(base, new):
        if literal:
            ops.append(literal.decode())
        if length:
            ops.append((start, length))
    found = Difference(base=hashlib.sha256(base).hexdigest(), size=len(new), ops=tuple(ops))
    return msgspec.json.encode(found)


def _runs(old: bytes, new: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield lines of *new* that *old* lacks, each time with the start and the length of the range of *old* that follows them."""
    once: Mapping[bytes, int] | None = None
    here = done = following = passed = 0
    while here < len(new):
        end = _end_of_line(new, here)
        line = new[here:end]
        if old.startswith(line, following):
            place = following
        elif once is None:
            place = _near(old, following, new, here, line)
            passed += place < 0
            once = _once(old) if passed > _PATIENCE else None
        else:
            place = once.get(line, -1)
        if place < 0:
            here = end
            continue
        equal = _equal(old, place, new, here)
        # Equal lines before this one were passed over, since each may occur many times.
        back = _back(old, place, new, here, done)
        yield place - back, back + equal, new[done : here - back]
        here = done = here + equal
        following = place + equal
    yield 0, 0, new[done:]


def _near(old: bytes, following: int, new: bytes, here: int, line: bytes) -> int:
    """Return where *line*, at *here* in *new*, stands at or soon after *following* in *old*, with equal text behind it; else -1."""
    place = following
    while True:
        place = old.find(line, place, following + _NEAR)
        if place < 0:
            return -1
        is_line = not place or old[place - 1 : place] == b"\n"
        enough = min(_ENOUGH, len(new) - here)
        if is_line and old[place : place + enough] == new[here : here + enough]:
            return place
        place += 1


def _once(text: bytes) -> Mapping[bytes, int]:
    """Return each line that stands once in *text*, and where."""
    lines = text.splitlines(keepends=True)
    starts = [0, *accumulate(map(len, lines))]
    counts = Counter(lines)
    return {line: start for line, start in zip(lines, starts, strict=False) if counts[line] == 1}


def _end_of_line(text: bytes, start: int) -> int:
    return text.find(b"\n", start) + 1 or len(text)


def _equal(old: bytes, place: int, new: bytes, here: int) -> int:
    """Return how many bytes of *old* from *place* on are those of *new* from *here* on, whole lines alone."""
    most, found, step = min(len(old) - place, len(new) - here), 0, 1
    # Manifests differ in few places: pieces that double compare as fast as bytes, and pieces that halve find the end.
    while step:
        end = found + step
        if end <= most and old[place + found : place + end] == new[here + found : here + end]:
            found, step = end, step * 2
        else:
            step //= 2
    if here + found == len(new):
        return found
    return new.rfind(b"\n", here, here + found) + 1 - here


def _back(old: bytes, place: int, new: bytes, here: int, done: int) -> int:
    """Return how many bytes before *place* in *old* are those before *here* in *new*, from *done* on, whole lines alone."""
    found = 0
    while here - found > done:
        start = new.rfind(b"\n", done, here - found - 1) + 1 or done
        first = place - (here - start)
        if first < 0 or old[first:place] != new[start:here] or (first and old[first - 1 : first] != b"\n"):
            break
        found = here - start
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
