"""
The layout of a dependency picture: boxes in layers from left to right, each behind all that require it.

It follows Sugiyama's four steps: break circles, assign layers, order each layer, assign coordinates. It reads no clock and no
random number, so equal graphs are drawn alike.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

#: Pixels: the height of a box, the distances between boxes and between layers, the margin.
BOX, APART, BETWEEN, MARGIN = 28, 12, 48, 4
#: Pixels that an edge takes which passes a layer.
_PASS = 10
#: How often the order and the heights of all layers are improved.
_SWEEPS = 8

#: A box has a name and no number; a place where an edge passes a layer has its two ends and the number of the layer.
Place: TypeAlias = "tuple[str, str, int]"
Edge: TypeAlias = "tuple[str, str]"


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """
    Where everything is, in pixels.

    :param boxes: left, top and width of each box.
    :param lines: for each edge the points from the right side of one box to the left side of the other.
    """

    width: int
    height: int
    boxes: Mapping[str, tuple[int, int, int]]
    lines: Mapping[Edge, Sequence[tuple[int, int]]]


def picture_of(root: str, widths: Mapping[str, int], edges: Collection[Edge]) -> Picture:
    """
    Return the layout of the boxes that *root* leads to.

    :param widths: the width of each box in pixels, by name.
    :param edges: pairs of names; one from a box to itself is not drawn.
    """
    steps: dict[str, list[str]] = {name: [] for name in sorted(widths)}
    for one, other in sorted({*edges}):
        if one != other:
            steps[one].append(other)
    level = _levels(root, steps)
    forward = {(a, b) if level[a] <= level[b] else (b, a) for a, others in steps.items() for b in others}
    layers, parts = _layers(level, sorted(forward))
    _order(layers, parts)
    heights = _heights(layers, parts)
    return _placed(layers, heights, widths, [(a, b) for a, others in steps.items() for b in others])


def _levels(root: str, steps: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Return the layer of each box: the longest way from *root*, without the edges that close a circle."""
    order: list[str] = []
    state = dict.fromkeys(steps, 0)
    closing: set[Edge] = set()
    for start in (root, *steps):
        if state[start]:
            continue
        state[start] = 1
        waiting = [(start, iter(steps[start]))]
        while waiting:
            name, left = waiting[-1]
            following = next(left, None)
            if following is None:
                state[name] = 2
                order.append(name)
                waiting.pop()
            elif state[following] == 1:
                closing.add((name, following))
            elif not state[following]:
                state[following] = 1
                waiting.append((following, iter(steps[following])))
    level = dict.fromkeys(steps, 0)
    for name in reversed(order):
        for following in steps[name]:
            if (name, following) not in closing:
                level[following] = max(level[following], level[name] + 1)
    return level


def _layers(level: Mapping[str, int], edges: Sequence[Edge]) -> tuple[list[list[Place]], list[tuple[Place, Place]]]:
    """Return the places of each layer, and the edges cut into parts that lead from one layer to the next."""
    layers: list[list[Place]] = [[] for _ in range(max(level.values()) + 1)]
    for name, at in sorted(level.items()):
        layers[at].append((name, "", -1))
    parts = []
    for one, other in edges:
        way: list[Place] = [(one, "", -1)]
        for at in range(level[one] + 1, level[other]):
            layers[at].append((one, other, at))
            way.append((one, other, at))
        way.append((other, "", -1))
        parts += [*pairwise(way)]
    return layers, parts


def _neighbours(parts: Sequence[tuple[Place, Place]]) -> tuple[dict[Place, list[Place]], dict[Place, list[Place]]]:
    before, behind = defaultdict[Place, list[Place]](list), defaultdict[Place, list[Place]](list)
    for one, other in parts:
        behind[one].append(other)
        before[other].append(one)
    return before, behind


def _order(layers: list[list[Place]], parts: Sequence[tuple[Place, Place]]) -> None:
    """Order each layer by the middle of its neighbours, in turn from both sides; the order with the fewest crossings stays."""
    before, behind = _neighbours(parts)
    best = (_crossings(layers, behind), [[*one] for one in layers])
    for sweep in range(_SWEEPS):
        if sweep % 2 == 0:
            for one, other in pairwise(layers):
                _sort(other, one, before)
        else:
            for one, other in pairwise(reversed(layers)):
                _sort(other, one, behind)
        best = min(best, (_crossings(layers, behind), [[*one] for one in layers]), key=lambda pair: pair[0])
    layers[:] = best[1]


def _sort(layer: list[Place], fixed: Sequence[Place], beside: Mapping[Place, Sequence[Place]]) -> None:
    """Sort *layer* by the middle of the neighbours that each place has in the *fixed* layer beside it."""
    rank = {place: at for at, place in enumerate(fixed)}
    own = {place: at for at, place in enumerate(layer)}

    def middle(place: Place) -> tuple[float, int]:
        found = [rank[one] for one in beside[place]]
        return (sum(found) / len(found) if found else own[place], own[place])

    layer.sort(key=middle)


def _crossings(layers: Sequence[Sequence[Place]], behind: Mapping[Place, Sequence[Place]]) -> int:
    found = 0
    for one, other in pairwise(layers):
        rank = {place: at for at, place in enumerate(other)}
        ends = [sorted(rank[each] for each in behind.get(place, ())) for place in one]
        flat: list[int] = []
        for group in ends:
            found += sum(1 for end in group for earlier in flat if earlier > end)
            flat += group
    return found


def _tall(place: Place) -> int:
    return BOX if place[2] < 0 else _PASS


def _heights(layers: Sequence[Sequence[Place]], parts: Sequence[tuple[Place, Place]]) -> dict[Place, float]:
    """Return the middle of each place: near its neighbours, in the order of its layer, and apart from the next one."""
    before, behind = _neighbours(parts)
    found: dict[Place, float] = {}
    for layer in layers:
        total = sum(_tall(one) + APART for one in layer)
        at = -total / 2
        for one in layer:
            found[one] = at + (_tall(one) + APART) / 2
            at += _tall(one) + APART
    for sweep in range(_SWEEPS):
        for layer in layers if sweep % 2 == 0 else reversed(layers):
            beside = before if sweep % 2 == 0 else behind
            wanted = []
            for one in layer:
                near = [found[each] for each in beside[one]]
                wanted.append(sum(near) / len(near) if near else found[one])
            found |= zip(layer, _apart(layer, wanted), strict=True)
    return found


def _apart(layer: Sequence[Place], wanted: Sequence[float]) -> list[float]:
    """Return heights near the *wanted* ones, in this order and without overlaps: neighbours that collide share their shift."""
    offsets = [0.0]
    for one, other in pairwise(layer):
        offsets.append(offsets[-1] + (_tall(one) + _tall(other)) / 2 + APART)
    # Without the distances, the heights only must not fall: blocks of equal height have the mean of what they want.
    blocks: list[tuple[float, int]] = []
    for height, offset in zip(wanted, offsets, strict=True):
        mean, count = height - offset, 1
        while blocks and blocks[-1][0] > mean:
            above, number = blocks.pop()
            mean = (above * number + mean * count) / (number + count)
            count += number
        blocks.append((mean, count))
    flat = [mean for mean, count in blocks for _ in range(count)]
    return [mean + offset for mean, offset in zip(flat, offsets, strict=True)]


def _placed(
    layers: Sequence[Sequence[Place]], heights: Mapping[Place, float], widths: Mapping[str, int], edges: Sequence[Edge]
) -> Picture:
    """Return the picture with whole pixels."""
    top = min(heights[one] - _tall(one) / 2 for layer in layers for one in layer)
    middle = {one: round(heights[one] - top) + MARGIN for layer in layers for one in layer}
    boxes: dict[str, tuple[int, int, int]] = {}
    left, starts = MARGIN, []
    for layer in layers:
        wide = max((widths[one[0]] for one in layer if one[2] < 0), default=0)
        starts.append((left, left + wide))
        for one in layer:
            if one[2] < 0:
                boxes[one[0]] = (left, middle[one] - BOX // 2, widths[one[0]])
        left += wide + BETWEEN
    level = {one[0]: at for at, layer in enumerate(layers) for one in layer if one[2] < 0}
    lines = {edge: _line(edge, level, boxes, starts, middle) for edge in edges}
    height = max(one + BOX for _, one, _ in boxes.values()) + MARGIN
    return Picture(
        width=left - BETWEEN + MARGIN,
        height=max(height, *(each for points in lines.values() for _, each in points), 0) + MARGIN,
        boxes=boxes,
        lines=lines,
    )


def _line(
    edge: Edge,
    level: Mapping[str, int],
    boxes: Mapping[str, tuple[int, int, int]],
    starts: Sequence[tuple[int, int]],
    middle: Mapping[Place, int],
) -> list[tuple[int, int]]:
    """Return the points of an edge; one that closes a circle is drawn as its opposite."""
    first, last = edge if level[edge[0]] <= level[edge[1]] else edge[::-1]
    left, top, width = boxes[first]
    points = [(left + width, top + BOX // 2)]
    for at in range(level[first] + 1, level[last]):
        height = middle[first, last, at]
        points += [(starts[at][0], height), (starts[at][1], height)]
    left, top, _ = boxes[last]
    return [*points, (left, top + BOX // 2)]
