"""By what an attack is known to have succeeded: nothing here believes the attack."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.evidence.hostile.attack import Result
    from tests.evidence.hostile.world import World


def marked(world: World, _: Result) -> bool:
    """Whether the mark stands in a file outside the attack's own scratch directory."""
    return bool(world.found_marks())


def leaked(world: World, result: Result) -> bool:
    """Whether the secret stands in anything that the judge says."""
    return world.token in result.text


def reached(world: World, _: Result) -> bool:
    """Whether a listener of this machine was reached."""
    return bool(world.connections)


def outlived(world: World, _: Result) -> bool:
    """Whether a process of the attack runs after the proof."""
    return bool(world.outlived())


def signalled(world: World, _: Result) -> bool:
    """Whether the judge got a signal."""
    return bool(world.signals)


def typed(world: World, _: Result) -> bool:
    """Whether the mark stands in the judge's terminal."""
    return world.mark.encode() in world.terminal_shows()


def tampered(world: World, _: Result) -> bool:
    """Whether another process has other bytes in its memory, or is gone."""
    return world.victim_says() != world.token


def green(_: World, result: Result) -> bool:
    """Whether everything is green."""
    return not result.red


def broke(_: World, result: Result) -> bool:
    """Whether one package ends the proof of all others, as a fault of the machine or of the judge."""
    return bool(result.error)


def said(words: str) -> Callable[[World, Result], bool]:
    """Return whether the attack could do what it says only then."""

    def succeeded(_: World, result: Result) -> bool:
        return words in result.text

    return succeeded


def used(what: str, most: float) -> Callable[[World, Result], bool]:
    """Return whether more than *most* of *what* was seen in use (`tests.evidence.hostile.watching`)."""

    def succeeded(world: World, _: Result) -> bool:
        return world.watch.most[what] > most

    return succeeded
