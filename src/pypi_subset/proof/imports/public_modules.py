"""The modules of a distribution: all that its RECORD lists, and those that are public."""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from pypi_subset.proof.imports import likely
from pypi_subset.proof.imports.old_namespaces import old_namespaces

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from pypi_subset.proof.closure import Present


#: Leftovers of a project's own checkout, which many wheels install by mistake.
LEFTOVERS = {
    *("benchmark", "benchmarks", "conftest", "doc", "docs", "example", "examples", "noxfile", "samples", "scripts"),
    *("setup", "test", "tests"),
}

#: Characters of the longest path: patterns are not matched against more.
_LONGEST = 4000
#: Namespaces within each other.
_DEEPEST = 10
#: Characters of a name that no import can spell, as far as they are shown.
_SHOWN = 100
#: A module's file: ``.py``, or an extension for one Python (``.cpython-310-x86_64-linux-gnu.so``, ``.abi3.so``, ``.pyd``).
_SOURCE = re.compile(r"([^.]+)\.py")
_EXTENSION = re.compile(r"([^.]+)(?:\.(?:cpython-[\w-]+|pypy[\w-]+|graalpy[\w-]+|abi3t?|cp\d+-[\w-]+))?\.(?:so|pyd)")
#: A module that holds tests, by its name; a directory of that kind is found by `_TESTS`.
_TEST = re.compile(r"tests?_.*|.*_test|.*tests")
_TESTS = {"conftest", "test", "tests"}
#: Groups of entry points that are programs, and belong to no project.
_PROGRAMS = {"console_scripts", "gui_scripts"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Public:
    """
    What of a distribution is imported.

    :param modules: the names, sorted.
    :param notes: why a module, or the whole distribution, is left out.
    """

    modules: tuple[str, ...]
    notes: tuple[str, ...] = ()


def modules_of(files: Iterable[str], namespaces: Collection[str] = ()) -> tuple[str, ...]:
    """
    Return the modules that a distribution brings: the topmost packages and modules of its RECORD, sorted.

    A directory without ``__init__`` is a part of a namespace (PEP 420): what is below it counts, ``google.cloud.storage``
    and not ``google``.

    :param files: paths of the RECORD, relative to ``site-packages``.
    :param namespaces: packages that count as namespaces although they have an ``__init__``.
    """
    paths = [path for path in map(PurePosixPath, files) if _counts(path)]
    packages = {path.parent for path in paths if _module(path) == "__init__" and path.parent.parts}
    packages = {one for one in packages if ".".join(one.parts) not in namespaces}
    topmost = {one for one in packages if packages.isdisjoint(one.parents)}
    modules = {".".join(one.parts) for one in topmost}
    for path in paths:
        if topmost.isdisjoint(path.parents) and (name := _module(path)) not in {"", "__init__", "__main__"}:
            modules.add(".".join([*path.parent.parts, name]))
    kept = {name for name in modules if name.split(".")[0] not in LEFTOVERS}
    return tuple(sorted(kept or modules))


def own_modules(one: Present, namespaces: Iterable[str] = ()) -> tuple[str, ...]:
    """
    Return the modules that *one* brings, sorted: of a namespace with an ``__init__``, its own portions.

    A namespace in which nothing is public counts as a module.

    :param namespaces: packages that METADATA calls namespaces.
    """
    stated, old = frozenset(namespaces), set[str]()
    every = modules_of(one.files, stated)
    for _ in range(_DEEPEST):
        if not (found := old_namespaces(one, every)):
            break
        old |= found
        every = modules_of(one.files, stated | old)
    if old:
        # A shared library in a directory of data below a package with an ``__init__`` is hardly a module.
        loose = {name for name in extensions_of(one.files) if name.rpartition(".")[0] not in old}
        loose = {name for name in loose if any(name.startswith(f"{space}.") for space in old)}
        every = tuple(name for name in every if name not in loose)
    spaces = {name for name in every if not _is_hidden(name)}
    spaces = {
        ".".join(parts[:length]) for parts in (name.split(".") for name in spaces) for length in range(len(parts))
    }
    return tuple(sorted({*every, *(old - spaces)}))


def extensions_of(files: Iterable[str]) -> frozenset[str]:
    """Return those modules of a RECORD whose file is a shared library, which may be no module at all."""
    found = (PurePosixPath(file) for file in files if len(file) < _LONGEST)
    return frozenset(".".join([*path.parent.parts, _module(path)]) for path in found if _EXTENSION.fullmatch(path.name))


def public_modules(one: Present, projects: Collection[str]) -> Public:
    """
    Return the public modules of *one*: what its METADATA names (PEP 794), else what its RECORD shows.

    Without such names, a module is public if no part of its name begins with an underscore, it holds no tests, and it is
    no plugin of a project outside the declared closure. What has the project's own name is public whatever it is. So are
    plugins, or else tests, of a project that has no other module: else nothing of it would be tried.

    :param projects: the projects of the declared closure.
    """
    if one.import_names is not None:
        return _named(one, [*one.import_names, *(one.import_namespaces or ())])
    spaces = {name: private for name, private in map(_split, one.import_namespaces or ()) if name}
    every = own_modules(one, spaces)
    hosts = _hosts(one, projects, every)
    modules, plugins, tests = list[str](), list[str](), list[str]()
    for name in every:
        private = any(hidden and f"{name}.".startswith(f"{space}.") for space, hidden in spaces.items())
        if not private and not _is_hidden(name):
            (tests if _is_test(name, one.project) else plugins if name in hosts else modules).append(name)
    if not modules:
        modules, plugins = plugins or tests, []
    notes = [
        f"{one.project}: {name} is a plugin of {hosts[name]}, which is not asked for: not imported" for name in plugins
    ]
    if not modules:
        # Type stubs have a suffix of their own (PEP 561).
        held = "type stubs" if any(path.endswith(".pyi") for path in one.files) else "no public module"
        notes = [f"{one.project} holds {held}, nothing to import"]
    return Public(modules=tuple(modules), notes=tuple(notes))


def _named(one: Present, values: Sequence[str]) -> Public:
    """Return what METADATA names; a name that no import statement can spell is left out with a note."""
    names = dict(_split(value) for value in values)
    public = sorted(name for name, private in names.items() if name and not private)
    strange = {name for name in public if len(name) > _LONGEST or not all(map(_importable, name.split(".")))}
    modules = tuple(name for name in public if name not in strange)
    notes = [f"{one.project} names {name[:_SHOWN]!r} as public, and no import can spell it" for name in sorted(strange)]
    if not modules:
        notes.append(f"{one.project} names no public module, nothing to import")
    return Public(modules=modules, notes=tuple(notes))


def _split(value: str) -> tuple[str, bool]:
    """Return the name in ``name ; private``, and whether it is private."""
    name, _, word = value.partition(";")
    return name.strip(), word.strip() == "private"


def _is_hidden(name: str) -> bool:
    return any(part.startswith("_") for part in name.split("."))


def _is_test(name: str, project: str) -> bool:
    parts = name.split(".")
    if project in {canonicalize_name(parts[0]), canonicalize_name(name)}:
        return False
    return parts[0] in LEFTOVERS or not _TESTS.isdisjoint(parts) or bool(_TEST.fullmatch(parts[-1]))


def _hosts(one: Present, projects: Collection[str], modules: Iterable[str]) -> dict[str, str]:
    """Return module → project, of all that are plugins of projects outside the closure and nothing else."""
    own = {one.project, *(canonicalize_name(module.split(".")[0]) for module in modules)}
    groups: dict[str, list[str]] = {}
    for group, module in one.entry_points:
        if group not in _PROGRAMS:
            # ``pandas_plotting_backends`` is read by pandas.
            ours = next((name for name in own if f"{canonicalize_name(group)}-".startswith(f"{name}-")), "")
            groups.setdefault(module, []).append(ours or likely.host_of(group))
    known = {*projects, *own}
    return {
        module: hosts[0]
        for module, hosts in groups.items()
        if known.isdisjoint(hosts) and canonicalize_name(module) != one.project
    }


def _counts(path: PurePosixPath) -> bool:
    """Whether *path* is a module that an import statement can spell."""
    # A RECORD may name files that are longer than any file can be.
    return len(str(path)) < _LONGEST and bool(_module(path)) and all(map(_importable, path.parent.parts))


def _module(path: PurePosixPath) -> str:
    """Return the name of the module in the file *path*, ``""`` if there is none."""
    found = _SOURCE.fullmatch(path.name) or _EXTENSION.fullmatch(path.name)
    return found[1] if found and _importable(found[1]) else ""


def _importable(name: str) -> bool:
    return name.isidentifier() and not keyword.iskeyword(name)
