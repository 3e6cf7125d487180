"""``request/<set>--<project>/index.html``: what one request brings, as a picture and as a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pypi_subset.model.paths import project_page
from pypi_subset.site.pages.layers import BOX, picture_of
from pypi_subset.support import templates
from pypi_subset.support.text import href, printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pypi_subset.model.locks import AcceptedGap
    from pypi_subset.site.pages.facts import RequestFacts

#: From this number of projects on there is no picture: it would be larger than any screen.
MOST = 60
#: Pixels: one character of a label on average, and what is left and right of it.
_LETTER, _EDGES = 7.4, 20
#: Characters of a label.
_LABEL = 34


class Box(NamedTuple):
    """One box of the picture: its place in pixels, its label, and the address of the project's page."""

    x: int
    y: int
    width: int
    label: str
    page: str
    is_root: bool


class Drawn(NamedTuple):
    """The picture: its size in pixels, its boxes, and each edge as the path of SVG."""

    width: int
    height: int
    box: int
    boxes: list[Box]
    lines: list[str]


def request_page(facts: RequestFacts, gaps: Sequence[AcceptedGap]) -> str:
    """
    Return the page of a request.

    :param gaps: those of its set and project.
    """
    held = {name: [version for version, _ in versions] for name, versions in facts.versions}
    steps = [step for step in facts.steps if step[0]]
    by: dict[str, list[tuple[str, str, str]]] = {name: [] for name in held}
    names = [target for target, _ in facts.targets]
    for one, other, text, targets in steps:
        by[other].append((one, text, where(targets, names)))
    return templates.render(
        "request.html",
        root="../../",
        facts=facts,
        gaps={one.target: one for one in gaps},
        rows=[(name, facts.versions[at][1], by[name]) for at, name in enumerate(held)],
        picture=_drawn(facts.project, held, [(one, other) for one, other, _, _ in steps]),
        most=MOST,
        page_of=_page_of,
        where=lambda targets: where(targets, names),
    )


def where(targets: Sequence[str], every: Sequence[str]) -> str:
    """Return on which of *every* target something counts, ``""`` for all."""
    return "" if len(targets) == len(every) else ", ".join(targets)


def _page_of(project: str) -> str:
    return f"../../{href(*project_page(project).split('/'))}"


def _drawn(root: str, held: Mapping[str, Sequence[str]], edges: Sequence[tuple[str, str]]) -> Drawn | None:
    """Return the picture, ``None`` where there is nothing or too much to draw."""
    if root not in held or not 1 < len(held) <= MOST:
        return None
    labels = {name: _label(name, versions) for name, versions in held.items()}
    widths = {name: round(_LETTER * len(label)) + _EDGES for name, label in labels.items()}
    picture = picture_of(root, widths, edges)
    return Drawn(
        width=picture.width,
        height=picture.height,
        box=BOX,
        boxes=[Box(*picture.boxes[name], labels[name], _page_of(name), name == root) for name in sorted(labels)],
        lines=[_curve(points) for _, points in sorted(picture.lines.items())],
    )


def _label(name: str, versions: Sequence[str]) -> str:
    label = f"{name} {versions[0]}" if len(versions) == 1 else f"{name} ({len(versions)} versions)"
    return printable(label if len(label) <= _LABEL else f"{label[: _LABEL - 1]}…")


def _curve(points: Sequence[tuple[int, int]]) -> str:
    """Return the path through *points* (SVG 2, 9.3): each part leaves and arrives level."""
    (x, y), *others = points
    path = [f"M{x} {y}"]
    for left, top in others:
        middle = (x + left) // 2
        path.append(f"L{left} {top}" if top == y else f"C{middle} {y} {middle} {top} {left} {top}")
        x, y = left, top
    return "".join(path)
