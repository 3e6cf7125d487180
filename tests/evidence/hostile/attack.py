"""One attack: the wheel that carries it, the door that it is about, and by what it is known to have succeeded."""

from __future__ import annotations

import json
import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.support.wheels import Wheel, make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from contextlib import AbstractContextManager

    from pypi_subset.model.checks import Check
    from pypi_subset.proof.cases.case import Case
    from tests.evidence.hostile.world import World
    from tests.support.sites.subset_on_disk import SubsetOnDisk

#: What every attack's code may use. ``W`` are the facts of the world; the mark stands there backwards, so that no file of
#: the wheel contains it.
PRELUDE = """
import ctypes, json, os, signal, socket, struct, subprocess, sys, threading, time
W = json.loads({facts!r})
MARK = W["kram"][::-1]
libc = ctypes.CDLL(None, use_errno=True)
def say(found):
    raise ImportError("found: " + ascii(found))
def tried(function, *arguments):
    try:
        return function(*arguments)
    except Exception as error:
        return error
def read(path):
    with open(path, "rb") as stream:
        return stream.read(1 << 20)
def mark(path, mode="a"):
    with open(path, mode) as stream:
        stream.write(MARK)
def call(number, *arguments):
    return libc.syscall(number, *[ctypes.c_long(one) if isinstance(one, int) else one for one in arguments])
def spawn(code, **options):
    return subprocess.Popen([sys.executable, "-I", "-S", "-c", HEAD + code, W["marker"]], **options)
HEAD = "import ctypes, os, signal, socket, sys, threading, time\\nlibc = ctypes.CDLL(None, use_errno=True)\\n"
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """
    What the judge said.

    :param error: class and text of what it raised, ``""`` if it ended with results.
    """

    checks: tuple[Check, ...]
    error: str = ""

    @property
    def text(self) -> str:
        """Everything that the judge reports, as one text."""
        told = [text for one in self.checks for text in (one.reason, *one.notes, one.command)]
        return "\n".join([*told, self.error])

    @property
    def red(self) -> bool:
        """Whether anything is red, or nothing was proven."""
        return bool(self.error) or not self.checks or any(one.status == "failed" for one in self.checks)


@dataclass(frozen=True, kw_only=True)
class Attack:
    """
    One attack.

    :param name: unique; the documentation refers to it.
    :param kind: the kind of attack.
    :param code: what the module does after `PRELUDE`.
    :param when: ``import``: when it is imported; ``script``: when its console script starts; ``pth``: when Python starts.
    :param succeeded: whether the attack reached its aim, as seen from outside.
    :param door: opens the door that the attack is about; ``None``: the case runs without isolation.
    :param held: applied whether or not the door is open, e.g. narrower limits.
    :param wheels: makes the wheels, in place of one that has *code*; the first is requested.
    :param lines: the requests.
    :param prove: proves in place of `prove`.
    :param users: who can try it: an attack that needs rights which only root has fails for others with an open door.
    """

    name: str
    kind: str
    succeeded: Callable[[World, Result], bool]
    code: str = ""
    when: str = "import"
    door: Callable[[], AbstractContextManager[Any]] | None = None
    held: Callable[[], AbstractContextManager[Any]] | None = None
    wheels: Callable[[World], Sequence[Wheel]] | None = None
    lines: tuple[str, ...] = ("evil",)
    prove: Callable[[Case, SubsetOnDisk, World], tuple[Check, ...]] | None = None
    users: tuple[str, ...] = ("root", "user")
    files: Mapping[str, bytes] = field(default_factory=dict)

    def made(self, world: World) -> Sequence[Wheel]:
        """Return the wheels of the attack."""
        return self.wheels(world) if self.wheels else [evil(self.source(world), when=self.when, files=self.files)]

    def source(self, world: World) -> str:
        """Return the code that attacks *world*."""
        return PRELUDE.format(facts=json.dumps(world.facts)) + textwrap.dedent(self.code)


def evil(source: str, *, when: str = "import", files: Mapping[str, bytes] | None = None) -> Wheel:
    """Return a wheel of the project ``evil`` that runs *source* at the given moment."""
    held = dict(files or {})
    if when == "pth":
        held |= {"evil.pth": b"import evil_at_start\n", "evil_at_start.py": source.encode()}
    elif when == "script":
        body = textwrap.indent(source, "    ")
        held |= {
            "evil.py": f"def main():\n{body}\n".encode(),
            "evil-1.0.dist-info/entry_points.txt": b"[console_scripts]\nevil = evil:main\n",
        }
    else:
        held["evil.py"] = source.encode()
    return make_wheel("evil", files=held)
