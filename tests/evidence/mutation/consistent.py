"""
Mutants as a wrong resolver would make them: lock, manifest, pages and files agree with each other, and are wrong.

The inventory cannot see them. So what is red must be so because something did not install, or because of what was found
installed; `judging` says where that has to be.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from msgspec import structs
from packaging.requirements import Requirement

from pypi_subset.model.locks import Pin, Reason
from tests.evidence.mutation.ground import exchanged, without
from tests.support.stages.values import artifact_of
from tests.support.wheels import make_wheel, retagged

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from pypi_subset.model.distributions import Artifact, Distribution
    from pypi_subset.model.locks import Lock
    from tests.evidence.mutation.ground import Ground

#: Platforms that no target of any sane subset has, one for each mutant in turn.
ELSEWHERE = ("win32", "linux_ppc64le", "macosx_10_9_i386", "musllinux_1_2_s390x", "manylinux_2_17_armv7l")
#: For each family the same, but newer than anything.
NEWER = {"manylinux": "manylinux_2_99_{}", "musllinux": "musllinux_1_99_{}", "macosx": "macosx_99_0_{}"}
#: A version that every installer would rather have.
TEMPTING = "9999.0"
ABSENT = "not-in-any-subset"
NEEDLESS = "nobody-needs-this"


@dataclass(frozen=True, kw_only=True, slots=True)
class Mutant:
    """
    One change of the locks, from which everything else follows.

    :param filename: the file that it is about.
    :param targets: names of those whose installations it may spoil.
    :param tag: what the file is tagged as, where it is.
    """

    operator: str
    filename: str
    targets: tuple[str, ...]
    tag: str = ""

    def __str__(self) -> str:
        """Return what was done, in a few words."""
        tagged = f" as {self.tag}" if self.tag else ""
        return f"{self.operator}: {self.filename}{tagged} ({', '.join(self.targets)})"


def mutants(ground: Ground) -> Iterator[Mutant]:
    """Yield every mutant of *ground*, sorted by operator."""
    users = _users(ground)
    requested = {pin.distribution.filename for one in ground.locks for pin in one.pins if pin.requested}
    for operator in OPERATORS:
        for number, (filename, targets) in enumerate(sorted(users.items())):
            yield from _of(operator, filename, targets, number, requested=filename in requested)


def altered(ground: Ground, mutant: Mutant, folder: Path) -> tuple[Sequence[Lock], Sequence[Artifact]]:
    """Return the locks of *mutant*, and the files that it adds, which are written into *folder*."""
    return OPERATORS[mutant.operator](ground, mutant, folder)


def _users(ground: Ground) -> dict[str, tuple[str, ...]]:
    """By file, the targets whose locks name it."""
    found: dict[str, set[str]] = {}
    for one in ground.locks:
        for pin in one.pins:
            found.setdefault(pin.distribution.filename, set()).add(one.target_name)
    return {name: tuple(sorted(targets)) for name, targets in found.items()}


def _of(operator: str, filename: str, targets: tuple[str, ...], number: int, *, requested: bool) -> Iterator[Mutant]:
    tag = filename.removesuffix(".whl").split("-", 2)[2]
    python, abi, platform = tag.rsplit("-", 2)
    python = python.rpartition("-")[2]
    family, machine = platform.partition("_")[0], _machine(platform)
    if operator == FORGOTTEN and len(targets) > 1:
        yield from (Mutant(operator=operator, filename=filename, targets=(one,)) for one in targets)
    elif operator == UNNEEDED or (operator == TEMPTED and requested):
        # Who has it shows it to the others; it takes the place of a file, or stands beside it.
        yield Mutant(operator=operator, filename=filename, targets=targets[number % len(targets) :][:1])
    elif operator == GONE:
        yield Mutant(operator=operator, filename=filename, targets=targets)
    elif operator == ANOTHER:
        other = f"{python}-{abi}-{ELSEWHERE[number % len(ELSEWHERE)]}"
        yield Mutant(operator=operator, filename=filename, targets=targets, tag=other)
    elif operator == LATER and family.rstrip("0123456789") in NEWER:
        newer = NEWER[family.rstrip("0123456789")].format(machine)
        yield Mutant(operator=operator, filename=filename, targets=targets, tag=f"{python}-{abi}-{newer}")
    elif operator == PYTHON and platform != "any":
        yield Mutant(operator=operator, filename=filename, targets=targets, tag=f"cp38-cp38-{platform}")


def _machine(platform: str) -> str:
    """Return the processor of the first of *platform*'s tags: ``x86_64`` of ``manylinux_2_17_x86_64.manylinux2014_x86_64``."""
    parts = platform.split(".", maxsplit=1)[0].split("_")[1:]
    return "_".join(part for number, part in enumerate(parts) if not part.isdigit() or number > len(parts) - 2)


def _gone(ground: Ground, mutant: Mutant, folder: Path) -> tuple[Sequence[Lock], Sequence[Artifact]]:
    del folder
    return without(ground.locks, mutant.filename, mutant.targets), ()


def _retagged(ground: Ground, mutant: Mutant, folder: Path) -> tuple[Sequence[Lock], Sequence[Artifact]]:
    one = ground.artifacts[mutant.filename]
    old, path = one.distribution, retagged(one.path, mutant.tag, folder)
    made = artifact_of(path, requires_python=old.requires_python)

    def change(other: Distribution) -> Distribution:
        return structs.replace(made.distribution, metadata=old.metadata) if other.filename == old.filename else other

    return exchanged(ground.locks, change), (made,)


def _tempting(ground: Ground, mutant: Mutant, folder: Path) -> tuple[Sequence[Lock], Sequence[Artifact]]:
    """The targets' own locks get a newer release that needs what is not there; all others see it in the union."""
    old = ground.artifacts[mutant.filename].distribution
    made = artifact_of(make_wheel(old.project, TEMPTING, requires=[ABSENT]).save(folder))
    own = [one for one in ground.locks if one.target_name in mutant.targets]

    def change(other: Distribution) -> Distribution:
        return made.distribution if other.filename == old.filename else other

    changed = {one.name: one for one in exchanged(own, change)}
    return [changed.get(one.name, one) for one in ground.locks], (made,)


def _needless(ground: Ground, mutant: Mutant, folder: Path) -> tuple[Sequence[Lock], Sequence[Artifact]]:
    """One lock gets a project more; that anybody needs it is what the lock says."""
    made = artifact_of(make_wheel(NEEDLESS).save(folder))
    by = ground.artifacts[mutant.filename].distribution.project
    own = [one for one in ground.locks if one.target_name in mutant.targets]
    first, owner = next((one, pin) for one in own for pin in one.pins if pin.distribution.project == by)
    # What is there at some patch levels alone can be the reason at those alone.
    reasons = (Reason(requirement=Requirement(NEEDLESS), by=by),)
    pin = Pin(distribution=made.distribution, reasons=reasons, marker=owner.marker)
    longer = replace(first, pins=tuple(sorted((*first.pins, pin), key=lambda one: one.distribution.project)))
    return [longer if one is first else one for one in ground.locks], (made,)


GONE, FORGOTTEN = "a file is gone from all locks", "a file is gone from one target's locks"
ANOTHER, LATER = "a wheel is for another platform", "a wheel is for a newer system"
PYTHON, TEMPTED = "a wheel is for another Python", "a newer release lacks what it needs"
UNNEEDED = "a file that nothing needs"
OPERATORS: dict[str, Callable[[Ground, Mutant, Path], tuple[Sequence[Lock], Sequence[Artifact]]]] = {
    GONE: _gone,
    FORGOTTEN: _gone,
    ANOTHER: _retagged,
    LATER: _retagged,
    PYTHON: _retagged,
    TEMPTED: _tempting,
    UNNEEDED: _needless,
}
