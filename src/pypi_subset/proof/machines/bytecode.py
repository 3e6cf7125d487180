"""Bytecode of an environment, compiled where no code of a package runs, and read by all boxes that show its files."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from pypi_subset.proof.isolation.box import Box, Limits
from pypi_subset.proof.isolation.outcome import outcome
from pypi_subset.proof.machines import boxes

if TYPE_CHECKING:
    from pathlib import Path

    from pypi_subset.proof.machines.interpreters import Interpreter
    from pypi_subset.proof.machines.venvs import Environment

logger = logging.getLogger(__name__)

#: Seconds that compiling may take, and bytes that it may write.
PATIENCE, _MOST = 900.0, 4 << 30

#: How many processes compile.
_AT_ONCE = 2

#: Runs in the interpreter of the environment, without `site`: a ``.pth`` file there would run code. What cannot be compiled
#: is left out: an import compiles it again, and says what is wrong.
_SCRIPT = """
import os, py_compile, sys, sysconfig, warnings
warnings.simplefilter("ignore")
number, *roots = sys.argv[1:]
left_out = {"test", "tests", "idlelib", "lib2to3", "turtledemo", "ensurepip", "site-packages", "__pycache__"}
found = []
for root in [sysconfig.get_path("stdlib"), *roots]:
    for place, inside, names in os.walk(root):
        inside[:] = [name for name in inside if name not in left_out]
        found += [os.path.join(place, name) for name in names if name.endswith(".py")]
children = []
for part in range(int(number)):
    child = os.fork()
    if child:
        children.append(child)
        continue
    for path in sorted(found)[part :: int(number)]:
        try:
            py_compile.compile(path, doraise=True)
        except BaseException:
            pass
    os._exit(0)
for child in children:
    os.waitpid(child, 0)
"""


def compiled(interpreter: Interpreter, fresh: Environment, into: Path) -> None:
    """
    Compile the standard library of *interpreter* and all of *fresh* into the new directory *into*, as a cache for imports.

    Directories of tests are left out: few imports read them. It is a matter of speed alone: what is missing there is
    compiled by each import.

    :param fresh: the environment, which no box can write any more.
    """
    into.mkdir()
    box = Box(
        shown=(str(fresh.root), *boxes.of(interpreter)),
        writable=(str(into),),
        folder=into,
        bytecode=str(into),
        limits=Limits(written=_MOST, cpu=int(PATIENCE)),
    )
    command: list[str | Path] = [
        fresh.python,
        "-I",
        "-S",
        *box.options,
        "-c",
        _SCRIPT,
        str(_AT_ONCE),
        *map(str, fresh.libraries),
    ]
    done = outcome(box, command, PATIENCE)
    if done.code != 0:
        logger.info("not all bytecode was compiled: %s", done.why or done.stderr.decode(errors="replace")[-500:])
