"""Installs on each bare machine: ``python -m tests.evidence.bare [--only NAME]``, by ``make bare``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from tests.evidence.bare.roots import RootError, copied, debian
from tests.evidence.bare.run import PROJECT, bring, install, made
from tests.support.gap.far import pythons

if TYPE_CHECKING:
    from collections.abc import Callable

#: The name of the machine that debootstrap makes, and the system that it is.
DEBIAN, SYSTEM = "debian", "debian-12"


def machines() -> dict[str, tuple[str, Callable[[Path], Path]]]:
    """Return the target of each machine and what makes its root, by name: Debian, and each CPython here from 3.6 on."""
    found: dict[str, tuple[str, Callable[[Path], Path]]] = {DEBIAN: (SYSTEM, debian)}
    for version, python in sorted(pythons().items(), key=lambda one: [*map(int, one[0].split("."))]):
        major, minor = version.split(".")[:2]
        if major == "3" and int(minor) >= 6:
            name = f"cpython-{major}.{minor}"
            found.setdefault(name, (f"cp{major}{minor}-manylinux2014_x86_64", partial(copied, python)))
    return found


def main() -> int:
    """Return the exit code: 0 if the project was imported on each machine that this one can make."""
    parser = argparse.ArgumentParser(prog="bare", description=__doc__)
    parser.add_argument("--only", metavar="NAME", choices=machines(), help="this machine alone: %(choices)s")
    chosen = parser.parse_args().only
    known = {name: one for name, one in machines().items() if chosen in {None, name}}
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        site = made(Path(folder) / "work", {name: target for name, (target, _) in known.items()})
        for name, (_, root_in) in known.items():
            try:
                root = root_in(Path(folder) / name)
            except RootError as error:
                sys.stdout.write(f"\n== {name}: not made: {error}\n")
                continue
            outcome = install(name, bring(site, root))
            failed += not outcome.imported
            result = f"{PROJECT} {outcome.imported}" if outcome.imported else f"failed with exit code {outcome.code}"
            sys.stdout.write(f"\n== {name}: {result}, {outcome.seconds:.1f} s\n{outcome.log}")
            sys.stdout.flush()
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
