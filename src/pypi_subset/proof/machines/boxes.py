"""The two boxes of a case: Install writes its environment, Ask runs the code in it."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.errors import SubsetError
from pypi_subset.pip.runner import SCRIPT
from pypi_subset.proof.isolation.box import Box, Limits, hand_over
from pypi_subset.proof.isolation.views import TMP, of_interpreter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pypi_subset.proof.access.forwarding import Reach
    from pypi_subset.proof.machines.interpreters import Interpreter

#: Where an Ask box keeps bytecode, as it sees it.
_BYTECODE = f"{TMP}/bytecode"
_MIB = 1 << 20
#: What a case may write beyond the files of its wheels, in bytes: records, scripts, logs.
_SPARE = 64 * _MIB
#: Seconds of processor time that an installation may take.
_INSTALLING = 1800


def installing(  # noqa: PLR0913 - what makes a box
    interpreter: Interpreter, reach: Reach, seen: tuple[Path, ...], folder: Path, *, size: int, uid: int, isolated: bool
) -> Box:
    """
    Return the box in which pip installs for *interpreter*: it sees the site, and writes the environment.

    :param reach: how it reaches the site.
    :param seen: further paths that it sees: the site, the seeded pip, the requirements.
    :param folder: existing directory, the only one that it writes.
    :param size: bytes of the wheels, and of the files in them.
    :param uid: its user, as in `Box`.
    """
    beside = (str(SCRIPT.with_name(name)) for name in ("plans.py", "sharing.py", "repeated.py"))
    shown = (str(SCRIPT), *beside, *map(str, seen), *of(interpreter))
    limits = Limits(written=int(1.2 * size) + _SPARE, cpu=_INSTALLING)
    return Box(
        shown=shown,
        writable=(str(folder),),
        folder=folder,
        limits=limits,
        isolated=isolated,
        uid=uid,
        listen=reach.listen,
        hosts=reach.hosts,
    )


def building(
    interpreter: Interpreter, reach: Reach, seen: tuple[Path, ...], folder: Path, *, uid: int, isolated: bool
) -> Box:
    """
    Return the box in which pip builds an sdist: the one of an installation, with the bounds of a build.

    :param reach: as in `installing`; so are all others.
    """
    box = installing(interpreter, reach, seen, folder, size=0, uid=uid, isolated=isolated)
    return replace(box, limits=Limits(written=8 << 30, cpu=2 * _INSTALLING))


def asking(  # noqa: PLR0913 - what makes a box
    interpreter: Interpreter,
    seen: tuple[Path, ...],
    folder: Path,
    *,
    uid: int,
    isolated: bool,
    placed: tuple[tuple[str, str], ...] = (),
    compiled: Path | None = None,
) -> Box:
    """
    Return the box in which imports and scripts of a case run: it sees the environment, and writes its own ``/tmp``.

    Each command has a ``/tmp`` of its own, but they share their bytecode.

    :param seen: the environment, and the seeded pip.
    :param folder: directory of this case alone, which holds bytecode.
    :param uid: its user, as in `Box`: the one that owns the environment.
    :param placed: directories that are seen in another place, as in `Box`.
    :param compiled: directory with bytecode that commands read and do not write; without one they share what they compile.
    """
    bytecode = folder / "bytecode"
    bytecode.mkdir(exist_ok=True)
    own = isolated and compiled is None
    return Box(
        shown=(*map(str, seen), *of(interpreter), *([] if compiled is None else [str(compiled)])),
        placed=placed,
        mounted=((str(bytecode), _BYTECODE),) if own else (),
        bytecode=_BYTECODE if own else str(compiled or bytecode),
        folder=folder,
        limits=Limits(written=512 * _MIB),
        isolated=isolated,
        uid=uid,
    )


def making(interpreter: Interpreter, folder: Path, *, isolated: bool) -> Box:
    """Return the box in which our own virtualenv makes an environment of *interpreter* in the directory *folder*."""
    return Box(shown=(*own(), *of(interpreter)), writable=(str(folder),), folder=folder, isolated=isolated)


def own() -> tuple[str, ...]:
    """Return the directories that the running interpreter needs for our own code."""
    # The code of a checkout is outside the prefix.
    return (*of_interpreter(Path(sys.executable), (sys.prefix, sys.base_prefix)), str(Path(__file__).parents[3]))


def of(interpreter: Interpreter) -> tuple[str, ...]:
    """Return the directories that *interpreter* needs."""
    return of_interpreter(interpreter.path, interpreter.prefixes)


def require_unseen(paths: Iterable[Path], interpreters: Iterable[Interpreter]) -> None:
    """
    Return if no box of *interpreters* shows any of *paths*.

    :raises SubsetError: one of them is inside of an installation of Python, which boxes show as a whole.
    """
    shown = sorted({path for interpreter in interpreters for path in of(interpreter)})
    for path in paths:
        real = os.path.realpath(path)
        for place in shown:
            if f"{real}/".startswith(f"{place}/"):
                msg = f"it is in {place}, which has a Python that proves: packages could read it"
                raise SubsetError(msg, path=path, next_step="move it out of that directory")


def give_back(folder: Path) -> None:
    """Make *folder*, which a box has written, this user's own again."""
    if os.name == "posix" and os.geteuid() == 0:
        hand_over(str(folder), 0)
