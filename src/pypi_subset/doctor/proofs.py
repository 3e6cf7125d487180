"""What verify can show here: the interpreters that were found, and how each target would be proven."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pypi_subset.doctor.findings import Finding, Provable
from pypi_subset.proof.machines import interpreters
from pypi_subset.proof.machines.matching import difference, fitting
from pypi_subset.site.pages.sizes import counted

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pypi_subset.model.targets import Target
    from pypi_subset.proof.machines.interpreters import Interpreter


def found(pythons: Sequence[str]) -> tuple[Interpreter, ...]:
    """
    Return the interpreters that verify would find: on PATH, of pyenv, and *pythons*.

    :raises SubsetError: one of *pythons* is not there.
    """
    root = interpreters.pyenv_root(os.environ)
    return interpreters.find(interpreters.candidates(os.environ.get("PATH", ""), root, pythons))


def named(known: Sequence[Interpreter]) -> Finding:
    """Return the finding that lists the interpreters."""
    what = (
        f"{counted(len(known), 'interpreter')} found: {', '.join(map(str, known))}" if known else "no interpreter found"
    )
    step = "" if known else "install Python, or name one with `--pythons`"
    return Finding(name="interpreters", state="ok" if known else "warning", what=what, next_step=step)


def provable(targets: Iterable[Target], known: Sequence[Interpreter]) -> tuple[Provable, ...]:
    """Return how each of *targets* would be proven with the interpreters that are *known*."""
    rows = []
    for target in targets:
        one = fitting(target, known)
        proof = "unpacked" if one is None else "emulated" if one.emulated else "installed"
        rows.append(
            Provable(target=target.name, tag=target.tag, proof=proof, interpreter="" if one is None else str(one))
        )
    return tuple(rows)


def unproven(rows: Sequence[Provable], targets: Iterable[Target], known: Sequence[Interpreter]) -> Iterable[Finding]:
    """Yield one finding that names the targets of which nothing can be run here, each with the fact that differs."""
    unpacked = {one.target for one in rows if one.proof == "unpacked"}
    names = [f"{one.name} ({difference(one, known)})" for one in targets if one.name in unpacked]
    if names:
        what = f"no interpreter here is like {', '.join(names)}: verify unpacks their wheels, and runs nothing"
        step = "install their Python, name it with `--pythons`, or let such machines prove (`pypi-subset workflow`)"
        yield Finding(name="targets", state="ok", what=what, next_step=step)
