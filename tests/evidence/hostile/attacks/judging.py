"""Attacks on the judge itself: what it reads, removes, counts, prints and waits for."""

from __future__ import annotations

import json
import os
import textwrap
from typing import TYPE_CHECKING

from pypi_subset.cli.display import literal
from tests.evidence.hostile.attack import PRELUDE, Attack, Result
from tests.evidence.hostile.attacks import doors
from tests.evidence.hostile.attacks.aims import broke
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.evidence.hostile.world import World
    from tests.support.wheels import Wheel

_KIND = "judge"


def lost_its_owner(world: World, _: Result) -> bool:
    """Whether a file outside every box belongs to another user than before."""
    return any(path.lstat().st_uid != os.getuid() for path in (world.canaries, *world.canaries.iterdir()))


def left_behind(world: World, result: Result) -> bool:
    """Whether something is left of the case, or the judge broke over it."""
    return bool(result.error) or any(one.name != "case-neighbour" for one in world.work.glob("case-*"))


def long_report(_: World, result: Result) -> bool:
    """Whether a package fills the report."""
    return len(result.text) > 1 << 20


def controls(_: World, result: Result) -> bool:
    """Whether the terminal gets control characters of a package's text."""
    return any(sign < " " for line in result.text.split("\n") for sign in literal(line).plain)


#: Swaps a directory of its bytecode for a link to the canaries, over and over, while further scripts are started.
_RACE = """
place = sys.pycache_prefix or "."
os.makedirs(place + "/dir/below", exist_ok=True)
for number in range(3000):
    tried(open, f"{place}/dir/{number}", "w")
os.makedirs(place + "/other", exist_ok=True)
tried(os.symlink, W["canaries"], place + "/link")
until = time.monotonic() + 8
libc.renameat2.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]
while time.monotonic() < until:
    libc.renameat2(-100, (place + "/dir").encode(), -100, (place + "/link").encode(), 2)
    time.sleep(0.002)
"""


def _racing(world: World) -> list[Wheel]:
    for number in range(40):
        (world.canaries / str(number)).write_text("")
    source = PRELUDE.format(facts=json.dumps(world.facts)) + _RACE
    scripts = "".join(f"s{number} = evil:main\n" for number in range(24))
    body = textwrap.indent(source, "    ")
    first = "def main():\n    import sys\n    if not sys.argv[0].endswith('s0'):\n        import time\n        time.sleep(1)\n        return\n"
    return [
        make_wheel(
            "evil",
            files={
                "evil.py": f"{first}{body}\n".encode(),
                "evil-1.0.dist-info/entry_points.txt": f"[console_scripts]\n{scripts}".encode(),
            },
        )
    ]


def _many_modules(_: World) -> list[Wheel]:
    name = "m" * 200
    return [make_wheel("evil", files={f"{name}{number}.py": b"" for number in range(11_000)})]


ATTACKS = (
    Attack(
        name="owner-by-race",
        kind=_KIND,
        wheels=_racing,
        door=doors.owners_each_time,
        succeeded=lost_its_owner,
        users=("root",),
    ),
    Attack(
        name="interrupt-to-process-1",
        kind=_KIND,
        code="os.kill(1, signal.SIGINT); time.sleep(1)",
        door=doors.interruptible,
        succeeded=broke,
    ),
    Attack(
        name="any-signal-to-process-1",
        kind=_KIND,
        code="[tried(os.kill, 1, number) for number in range(1, 65)]; time.sleep(1)",
        door=doors.interruptible,
        succeeded=broke,
    ),
    Attack(
        name="more-modules-than-a-command-holds",
        kind=_KIND,
        wheels=_many_modules,
        door=doors.one_command,
        succeeded=broke,
    ),
    Attack(
        name="deep-directories",
        kind=_KIND,
        code="""
            os.chdir(sys.pycache_prefix or ".")
            for _ in range(3000):
                os.mkdir("d")
                os.chdir("d")
        """,
        door=doors.recursive_removal,
        succeeded=left_behind,
    ),
    Attack(
        name="closed-directories",
        kind=_KIND,
        code="""
            os.chdir(sys.pycache_prefix or ".")
            os.makedirs("a/b/c")
            open("a/b/c/file", "w").close()
            for one in ("a/b/c", "a/b", "a"):
                os.chmod(one, 0)
        """,
        door=doors.recursive_removal,
        succeeded=left_behind,
        users=("user",),
    ),
    Attack(
        name="odd-names",
        kind=_KIND,
        code="""
            os.chdir(sys.pycache_prefix or ".")
            for name in (b"\\xff\\xfe", b"a\\nb", b"-rf", b"*", b"\\x1b[2J", b"x" * 255):
                open(name, "w").close()
            os.mkfifo("fifo")
            socket.socket(socket.AF_UNIX).bind("socket")
            os.symlink("/", "link")
            os.symlink("loop", "loop")
        """,
        door=doors.nothing_removed,
        succeeded=left_behind,
    ),
    Attack(
        name="long-reason",
        kind=_KIND,
        code="say('/ ' * (4 << 20))",
        door=doors.long_texts,
        succeeded=long_report,
    ),
    Attack(
        name="terminal-codes",
        kind=_KIND,
        code="raise ImportError('\\x1b[2J\\x1b[1;1Hall green \\x1b]0;title\\x07 \\x9b31m \\x00')",
        door=doors.any_text,
        succeeded=controls,
    ),
)
