"""The tags that a version of pip knows: an old pip passes over wheels that the system would take."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.version import InvalidVersion, Version

from pypi_subset.errors import TargetError
from pypi_subset.targets.platforms import machine_of
from pypi_subset.targets.tag import tags_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from packaging.tags import Tag

    from pypi_subset.model.targets import Target

#: The first pip that knows a platform tag (PEP 513, 571, 599, 600, 656; macOS 11 with universal2).
_FIRST_PIP = (
    (re.compile(r"manylinux1_\w+"), (8, 1)),
    (re.compile(r"manylinux2010_\w+"), (19, 0)),
    (re.compile(r"manylinux2014_\w+"), (19, 3)),
    (re.compile(r"manylinux_\w+"), (20, 3)),
    (re.compile(r"musllinux_\w+"), (21, 2)),
    (re.compile(r"macosx_(?:\w+_universal2|(?:1[1-9]|[2-9][0-9])_\w+)"), (20, 3)),
)
#: From here on pip's tags are those of packaging; before, there were no ``py3X-none-<platform>``.
_TAGS_OF_PACKAGING = (20, 0)
#: The first that lists ``abi3t`` (PEP 803).
_ABI3T = (26, 1)
#: From here on what was built on the machine itself outranks what was built for many.
_LINUX_FIRST = (26, 3)
#: Before it, pip named macOS 11 and its successors in its own way.
_MACOS_11 = (20, 3)
#: The first that reads ``data-requires-python``. An older one takes releases that are too new for its Python.
_OLDEST = (9, 0)
#: Systems whose pip may be named.
_SYSTEMS = ("linux", "macos", "windows")


def knows(pip: Version | None, platform: str) -> bool:
    """Return whether *pip* is new enough for a platform tag; ``None`` is the newest pip."""
    return all(pip is None or pip.release >= first for name, first in _FIRST_PIP if name.fullmatch(platform))


def lists(pip: Version | None, tag: Tag) -> bool:
    """Return whether *pip* is new enough for a kind of tag, its platform aside."""
    specific = re.fullmatch(r"py3[0-9]+", tag.interpreter) and tag.platform != "any"
    first = _ABI3T if tag.abi == "abi3t" else _TAGS_OF_PACKAGING if specific else (0,)
    return pip is None or pip.release >= first


def sees(pip: Version, tag: Tag) -> bool:
    """Return whether *pip* accepts wheels with *tag* on a machine whose newest pip does."""
    return knows(pip, tag.platform) and lists(pip, tag)


def puts_linux_first(pip: Version | None) -> bool:
    """Return whether *pip* prefers ``linux_x86_64`` to ``manylinux``."""
    return pip is None or pip.release >= _LINUX_FIRST


def names_macos(pip: Version | None, system: tuple[int, int]) -> bool:
    """Return whether *pip* names macOS 11 and its successors as wheels do."""
    return system < (11, 0) or pip is None or pip.release >= _MACOS_11


def too_old_for(pip: Version, unseen: Sequence[str]) -> str:
    """Return the sentence about the platforms that *pip* does not know, best first."""
    more = f" and {len(unseen) - 1} more platforms" if len(unseen) > 1 else ""
    return f"pip {pip} is too old for {unseen[0]}{more}: wheels for them alone are left out"


def with_pip(target: Target, text: str) -> Target:
    """
    Return *target* with the tags that its pip knows, in the order of that pip.

    :param text: the version of that pip.
    :raises TargetError: *text* is no version, or the pip is of no use on this target.
    """
    try:
        pip = Version(text)
    except InvalidVersion as error:
        msg = f"{text!r} is no version of pip"
        raise TargetError(msg, target=target.name, next_step='write pip = "20.2.4", say') from error
    _require_useful(target, pip)
    platforms = _ordered(pip, (one for one in target.platforms if knows(pip, one)))
    unseen = tuple(one for one in target.platforms if not knows(pip, one))
    tags = tags_of(target.implementation, target.python[:2], target.abis, platforms)
    return replace(
        target,
        platforms=platforms,
        tags=tuple(tag for tag in tags if lists(pip, tag)),
        unseen=unseen,
        pip=str(pip),
        system_pip="",
        notes=(*target.notes, *([f"{target.name}: {too_old_for(pip, unseen)}"] if unseen else [])),
    )


def _require_useful(target: Target, pip: Version) -> None:
    """Refuse a pip whose choice of wheels no flag can express."""
    machine = machine_of(target.platform)
    system = machine.system if machine else ""
    if system not in _SYSTEMS:
        msg = f"a pip cannot be named for {target.platform}"
        raise TargetError(msg, target=target.name, next_step="drop the line")
    if pip.release < _OLDEST:
        msg = f"pip {pip} ignores Requires-Python, and takes releases that do not run there"
        raise TargetError(msg, target=target.name, next_step='write pip = "9.0" or newer, and upgrade pip there')
    macos = re.match("macosx_([0-9]+)_([0-9]+)_", target.platform)
    if macos and not names_macos(pip, (int(macos[1]), int(macos[2]))):
        msg = f"pip {pip} names macOS {macos[1]} in a way of its own"
        raise TargetError(msg, target=target.name, next_step='write pip = "20.3" or newer, and upgrade pip there')


def _ordered(pip: Version, platforms: Iterable[str]) -> tuple[str, ...]:
    """Return *platforms* in the order of *pip*."""
    found = tuple(platforms)
    if puts_linux_first(pip):
        return found
    return tuple(sorted(found, key=lambda one: one.startswith("linux_")))
