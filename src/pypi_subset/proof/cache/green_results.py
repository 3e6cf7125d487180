"""
What was proven before, for the same bytes by the same means, and need not be proven again.

It is in ``packages/.proven.json`` and may be deleted at any time. A file that is damaged, was changed, or was made with
another key counts as none. What is red is never remembered.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import platform
import sys
from collections import Counter
from dataclasses import replace
from importlib.metadata import PackageNotFoundError, distribution
from importlib.resources import files as resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import Raw, Struct

from pypi_subset.errors import FolderError
from pypi_subset.model.checks import GOOD, WAYS, Check
from pypi_subset.model.documents import DAMAGED
from pypi_subset.proof.cache.reach import Opaque, Sight
from pypi_subset.proof.cases.case import unanswered
from pypi_subset.proof.methods import second_opinion
from pypi_subset.proof.reference.patch_levels import at_patch_levels
from pypi_subset.support import files
from pypi_subset.support.fingerprint import digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pypi_subset.model.targets import Target
    from pypi_subset.proof.cases.case import Case
    from pypi_subset.proof.evidence.key import Key


logger = logging.getLogger(__name__)

NAME = ".proven.json"
#: How many cases are remembered, those that were asked for last, and bytes above which nothing is read.
MOST, LARGEST = 50_000, 256_000_000

#: What proves: by the size and the time of each of its files.
_TOOLS = ("pip", "virtualenv", "pytest-virtualenv", "packaging", "installer", "uv", "distlib", "filelock")
#: Where the system's linker keeps what libraries there are.
_LIBRARIES = Path("/etc/ld.so.cache")
#: What a case sees of this machine's environment.
_PATHS = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")


class Cache(Struct, frozen=True, kw_only=True):
    """
    The file; another schema, or another HMAC than that of *cases*, counts as no file.

    :param mac: HMAC-SHA256 of *cases*, under the key of who proved them.
    :param cases: key → the results of a case, those that were asked for last at the end.
    """

    schema: Literal["2.0"] = "2.0"
    mac: str
    cases: Raw


class Proven:
    """
    What is known of the cases of one run.

    :param folder: where it is remembered; where there is no such directory, nothing is.
    :param site: the published directory.
    :param isolation: what keeps the code of packages away from this machine, or `none` and why.
    :param own: the key of who proves; what has no HMAC of it is not known.
    """

    def __init__(self, folder: Path, site: Path, isolation: str, own: Key) -> None:
        self._path, self._own = folder / NAME, own
        self._means = {**means(), "isolation": isolation}
        self._sight = Sight(site)
        self._cases = _read(self._path, own)

    @functools.cache  # noqa: B019 - it lives as long as the run
    def key(self, case: Case) -> str:
        """Return the hash of all that *case* can see, and of all that it is proven with; ``""`` if that is not known."""
        try:
            seen = self._sight.of(case)
        except (Opaque, OSError, FolderError, ValueError):
            return ""
        return digest_of({"means": self._means, "case": _facts(case), "seen": seen})

    def results(self, case: Case) -> tuple[Check, ...]:
        """Return the results of *case* from before, none if it must be proven."""
        key = self.key(case)
        try:
            checks = msgspec.json.decode(self._cases[key], type=tuple[Check, ...])
        except (KeyError, msgspec.DecodeError):
            return ()
        if not _is_answer(case, checks):
            return ()
        self._cases[key] = self._cases.pop(key)
        return tuple(replace(check, remembered=True) for check in checks)

    def learn(self, case: Case, checks: Sequence[Check]) -> None:
        """
        Remember the results of *case*, if nothing of them is red or came about by chance; else forget older ones.

        What was green and is red now, for the same bytes by the same means, depends on something that the key does not have.
        """
        if key := self.key(case):
            self._cases.pop(key, None)
            # Half a surrogate pair, as a file name may hold, has no UTF-8.
            with contextlib.suppress(UnicodeEncodeError):
                if _is_answer(case, checks):
                    self._cases[key] = Raw(msgspec.json.encode(checks))

    def keep(self) -> None:
        """Write what is known, unless the site was changed meanwhile; that it cannot be written is no harm."""
        if not self._path.parent.is_dir() or not self._sight.is_still():
            return
        cases = msgspec.json.encode(dict(list(self._cases.items())[-MOST:]))
        with contextlib.suppress(FolderError):
            mac = self._own.mac("green results", cases)
            files.write(self._path, msgspec.json.encode(Cache(mac=mac, cases=Raw(cases))))


def means() -> dict[str, Any]:
    """Return what cases are proven with on this machine: our code, the tools, the system."""
    folders = [Path(str(resources(name))) for name in ("pypi_subset", "pypi_subset.verify")]
    code = [path for folder in folders for path in sorted(folder.rglob("*")) if path.suffix in {".py", ".json"}]
    return {
        "code": [files.sha256_of(path) for path in code],
        "tools": {name: _record(name) for name in _TOOLS},
        "uv": _uv(),
        "python": [sys.version, build(Path(sys.executable).resolve())],
        "system": [platform.system(), platform.release(), platform.version(), platform.machine(), *platform.libc_ver()],
        "libraries": files.sha256_of(_LIBRARIES) if _LIBRARIES.is_file() else "",
        # An import or a script may look for a program or a library there.
        "paths": [os.environ.get(name, "") for name in _PATHS],
    }


@functools.cache
def build(path: Path) -> str:
    """Return the hash of an executable, ``""`` if it cannot be read."""
    try:
        return files.sha256_of(path)
    except FolderError:
        return ""


@functools.cache
def _library(path: Path, version: tuple[int, int, int]) -> str:
    """Return a digest of how the standard library of the interpreter at *path* looks, and its shared library."""
    prefix, name = path.parent.parent, f"python{version[0]}.{version[1]}"
    found = [*prefix.glob(f"lib/lib{name}*.so*"), *path.parent.glob("python*.dll")]
    for folder in (prefix / "lib" / name, prefix / "lib" / f"{name}t", path.parent / "Lib"):
        for place, inside, names in os.walk(folder):
            inside[:] = [one for one in inside if one not in {"__pycache__", "site-packages", "dist-packages", "test"}]
            found += [Path(place, one) for one in names]
    return digest_of(sorted(f"{one} {_looks(one)}" for one in found))


def _record(name: str) -> str:
    try:
        found = distribution(name)
    except PackageNotFoundError:
        return ""
    state = sorted(f"{path} {_looks(Path(str(path.locate())))}" for path in found.files or ())
    return f"{found.version} {digest_of(state)}"


def _looks(path: Path) -> str:
    """Return by what a file of a tool is known again, ``""`` if it is not there."""
    try:
        facts = path.stat()
    except OSError:
        return ""
    return f"{facts.st_size} {facts.st_mtime_ns}"


def _uv() -> list[str]:
    try:
        program, name = second_opinion.uv()
    except second_opinion.Unasked:
        return []
    return [name, build(program.resolve())]


def _facts(case: Case) -> dict[str, Any]:
    """Return all that makes *case* what it is, but where its directories are; of lines the text, not their number."""
    fixed = case.interpreter is not None and case.target.exact
    levels = [] if fixed else [one.python for one in at_patch_levels(case.target, case.site)]
    return {
        "target": _target(case.target),
        "levels": levels,
        "set": case.set_name,
        "requests": [str(one) for one in case.requests],
        "joint": case.joint,
        "constraints": case.constraints,
        "bounds": case.bounds,
        "pins": case.pins,
        "edges": case.closure and [*map(str, case.closure.steps)],
        "accepted": [(one.rule, one.project, one.reason, one.until) for one in case.accepted],
        "strict_imports": case.strict_imports,
        "interpreter": case.interpreter
        and [
            repr(case.interpreter),
            build(case.interpreter.path),
            _library(case.interpreter.path, case.interpreter.version),
        ],
    }


def _target(target: Target) -> dict[str, Any]:
    return {name: getattr(target, name) for name in target.__slots__} | {"tags": [str(tag) for tag in target.tags]}


def _is_answer(case: Case, checks: Sequence[Check]) -> bool:
    """Whether *checks* are results of *case* and of nothing else, by each route, and none of them is red."""
    places = sorted((str(check.proof), check.way) for check in checks)
    own, unpacked = ([(proof, way) for way in WAYS] for proof in (str(case.proof), "unpacked"))
    whole = [*own, ("second opinion", WAYS[-1])]
    wanted = [[(str(case.proof), "")], whole]
    if case.interpreter is not None:
        # It is of one patch level: what others get may have been unpacked besides, or in its stead.
        wanted += [unpacked, whole + unpacked, [*whole, ("unpacked", "")]]
    return places in map(sorted, wanted) and not unanswered([case], checks) and all(map(_is_sound, checks))


def _is_sound(check: Check) -> bool:
    """Whether a result may be remembered: it is not red, and would come out the same again."""
    allowed = {"passed", "differs", "skipped"} if check.proof == "second opinion" else {*GOOD}
    return (
        check.status in (allowed if check.way else {"skipped"})
        and not check.command
        and not check.reason.startswith(second_opinion.FAILED)
    )


def _read(path: Path, own: Key) -> dict[str, Raw]:
    """Return key → results, nothing if the file is not as we wrote it."""
    with contextlib.suppress(OSError, *DAMAGED):
        cache = msgspec.json.decode(files.read_input(path, LARGEST), type=Cache)
        if own.made(cache.mac, "green results", bytes(cache.cases)):
            return msgspec.json.decode(cache.cases, type=dict[str, Raw])
    if path.exists():
        logger.warning("%s was changed, or made with another key or version: everything is proven again", path)
    return {}


def known(memory: Proven, cases: Sequence[Case]) -> Iterator[tuple[str, tuple[Check, ...]]]:
    """Yield name and results of each case that need not be proven; of a name that two cases have, nothing is known."""
    names = Counter(case.name for case in cases)
    for case in cases:
        if names[case.name] == 1 and (checks := memory.results(case)):
            yield case.name, checks
