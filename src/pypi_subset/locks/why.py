"""Why a file is there: the shortest chain of requirements that leads to it from a request, on one target."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, TypeAlias

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from pypi_subset.errors import LockError
from pypi_subset.model.closures.closure import Step
from pypi_subset.model.locks import Lock, Pin, Reason
from pypi_subset.targets.markers import holds
from pypi_subset.targets.patch_levels import at_patch, of_marker

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from pypi_subset.model.targets import Target

#: A project together with one extra asked of it, ``""`` for the project alone.
Node: TypeAlias = tuple[NormalizedName, str]
Chain: TypeAlias = tuple[Reason, ...]
#: What each node requires: a reason and the required project, in a fixed order.
Requires: TypeAlias = "Mapping[Node, Iterable[tuple[Reason, NormalizedName]]]"

#: The set itself, which states the requests.
ROOT: Node = (NormalizedName(""), "")


def chains(lock: Lock, target: Target) -> dict[str, Chain]:
    """
    Return, for each file name of *lock*, the requirements that lead from a request to it: the shortest, ties by name.

    What only some patch levels of Python need is followed at the first of those. An extra is a stop of its own:
    ``httptools; extra == "standard"`` counts only for who asked for ``uvicorn[standard]``.

    :raises LockError: nothing requires a pin.
    """
    found: dict[str, Chain] = {}
    for part, environment in _patches(lock, target):
        found = _chains(part, environment) | found
    return found


def requires(lock: Lock, target: Target) -> Requires:
    """
    Return what each project of *lock*, and each extra of one, requires on *target*: reasons, each with the required project.

    `ROOT` is the set itself, whose reasons are its requests. What only some patch levels of Python need is among them.
    """
    found: defaultdict[Node, dict[tuple[Reason, NormalizedName], None]] = defaultdict(dict)
    for part, environment in _patches(lock, target):
        for node, steps in _edges(part, _stated(part, environment)).items():
            found[node] |= dict.fromkeys(steps)
    return dict(found)


def edges(lock: Lock, target: Target) -> frozenset[Step]:
    """
    Return each requirement that leads from the requests of *lock* to one of its pins, at any patch level of *target*.

    A requirement that holds with an extra alone counts if something asks for that extra.
    """
    found: set[Step] = set()
    for part, environment in _patches(lock, target, _levels(lock, target)):
        steps = _edges(part, _stated(part, environment))
        waiting, seen = [ROOT], {ROOT}
        while waiting:
            node = waiting.pop()
            for reason, project in steps.get(node, ()):
                found.add(Step(*node, project))
                for further in ((project, extra) for extra in ("", *_extras(reason))):
                    if further not in seen:
                        seen.add(further)
                        waiting.append(further)
    return frozenset(found)


def closure(
    steps: Mapping[Node, Iterable[tuple[Reason, NormalizedName]]], reason: Reason
) -> set[tuple[str, Reason, str]]:
    """
    Return what the request *reason* brings: requiring project, requirement and required project of each step.

    :param steps: what `requires` returned for the lock.
    """
    first = canonicalize_name(reason.requirement.name)
    waiting: list[Node] = [(first, extra) for extra in ("", *_extras(reason))]
    seen, found = set(waiting), set[tuple[str, Reason, str]]()
    while waiting:
        node = waiting.pop()
        for step, project in steps.get(node, ()):
            found.add((node[0], step, project))
            further = {(project, extra) for extra in ("", *_extras(step))} - seen
            seen |= further
            waiting += further
    return found


def _levels(lock: Lock, target: Target) -> tuple[int, ...]:
    """Return the patch levels at which a pin or a requirement of *lock* begins or ceases to count."""
    if target.exact:
        return lock.patches
    asked = _extras_asked(lock)
    found = {
        patch
        for pin in lock.pins
        for one in pin.reasons
        for patch in of_marker(one.requirement.marker, target, asked.get(one.by, ()))
    }
    return tuple(sorted({*lock.patches} | found))


def _patches(
    lock: Lock, target: Target, levels: Sequence[int] | None = None
) -> Iterator[tuple[Lock, Mapping[str, str]]]:
    """
    Yield the lock with the pins of each patch level, and the environment there.

    :param levels: patch levels; ``None`` for those that the lock tells apart.
    """
    levels = lock.patches if levels is None else levels
    for patch in levels:
        at = at_patch(target, patch) if tuple(levels) != (0,) else target
        chosen = tuple(pin for pin in lock.pins if holds(pin.marker, at.environment))
        yield replace(lock, pins=chosen), at.environment


def _stated(lock: Lock, environment: Mapping[str, str]) -> dict[Reason, list[Node]]:
    # What the target leaves open cannot have decided anything: a marker that reads it is refused when resolving.
    closed = dict.fromkeys(default_environment(), "") | dict(environment)
    extras = _extras_asked(lock)
    return {reason: _stated_by(reason, closed, extras) for pin in lock.pins for reason in pin.reasons}


def _edges(lock: Lock, stated: Mapping[Reason, Iterable[Node]]) -> dict[Node, list[tuple[Reason, NormalizedName]]]:
    edges: defaultdict[Node, list[tuple[Reason, NormalizedName]]] = defaultdict(list)
    for pin in lock.pins:
        for reason in pin.reasons:
            for node in stated[reason]:
                edges[node].append((reason, pin.distribution.project))
    return edges


def _chains(lock: Lock, environment: Mapping[str, str]) -> dict[str, Chain]:
    """The same for the pins of one patch level."""
    stated = _stated(lock, environment)
    reached = _shortest(_edges(lock, stated))
    found = {pin.distribution.filename: _chain(lock, pin, reached, stated) for pin in lock.pins}
    return _of_builds(lock, found) | found


def _of_builds(lock: Lock, found: Mapping[str, Chain]) -> dict[str, Chain]:
    """Return the chain of each file that the build of a kept sdist needs: to that sdist, and one step more."""
    steps: dict[str, Chain] = {}
    for pin in lock.pins:
        for one in pin.build:
            text = f"{one.project}=={one.version}"
            step = Reason(requirement=Requirement(text), text=text, by=pin.distribution.project)
            chain = (*found[pin.distribution.filename], step)
            steps[one.filename] = min(
                steps.get(one.filename, chain), chain, key=lambda each: (len(each), _by_name(each))
            )
    return steps


def _stated_by(reason: Reason, environment: Mapping[str, str], extras: Mapping[str, set[str]]) -> list[Node]:
    """Return the nodes that state *reason*: the root for a request, else the project or the extras that bring it."""
    if not reason.by:
        return [ROOT]
    by, marker = canonicalize_name(reason.by), reason.requirement.marker
    if holds(marker, environment):
        return [(by, "")]
    return [(by, extra) for extra in sorted(extras.get(by, ())) if holds(marker, environment, [extra])]


def _extras_asked(lock: Lock) -> dict[str, set[str]]:
    asked: defaultdict[str, set[str]] = defaultdict(set)
    for pin in lock.pins:
        for reason in pin.reasons:
            asked[pin.distribution.project] |= set(_extras(reason))
    return asked


def _extras(reason: Reason) -> list[str]:
    extras = reason.requirement.extras
    # A large lock has tens of thousands of reasons, and hardly any has extras.
    return sorted(map(canonicalize_name, extras)) if extras else []


def _shortest(edges: Mapping[Node, Iterable[tuple[Reason, NormalizedName]]]) -> dict[Node, Chain]:
    """Return the shortest chain from the root to each node it reaches: breadth first, the first by name on a tie."""
    reached: dict[Node, Chain] = {ROOT: ()}
    frontier = [ROOT]
    while frontier:
        found: defaultdict[Node, list[Chain]] = defaultdict(list)
        for node in frontier:
            for reason, project in edges.get(node, ()):
                for extra in ("", *_extras(reason)):
                    found[project, extra].append((*reached[node], reason))
        frontier = sorted(found.keys() - reached.keys())
        reached |= {node: min(found[node], key=_by_name) for node in frontier}
    return reached


def _chain(lock: Lock, pin: Pin, reached: Mapping[Node, Chain], stated: Mapping[Reason, Iterable[Node]]) -> Chain:
    """Return the best chain to *pin* over its own reasons: other pins of its project have others."""
    found = [(*reached[node], reason) for reason in pin.reasons for node in stated[reason] if node in reached]
    if not found:
        msg = f"nothing in the lock {lock.name} requires {pin.distribution.filename}"
        project = pin.distribution.project
        raise LockError(msg, project=project, target=lock.target_name, next_step="run `pypi-subset update`")
    return min(found, key=lambda chain: (len(chain), _by_name(chain)))


def _by_name(chain: Chain) -> list[tuple[str, str, str]]:
    return [(step.by, step.text, step.origin) for step in chain]


def lines_of(lock: Lock, project: str) -> set[str]:
    """Return the requests of a set that need *project*, themselves or by what they require."""
    reasons: dict[str, list[Reason]] = {}
    for pin in lock.pins:
        reasons.setdefault(pin.distribution.project, []).extend(pin.reasons)
    found, waiting, seen = set[str](), [project], {project}
    while waiting:
        for reason in reasons.get(waiting.pop(), ()):
            if not reason.by:
                found.add(reason.text)
            elif reason.by not in seen:
                seen.add(reason.by)
                waiting.append(reason.by)
    return found
