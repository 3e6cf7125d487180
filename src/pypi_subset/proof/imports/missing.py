"""What an import lacked, and who answers for it: the declared closure, the system, or no metadata at all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal, TypeAlias

from packaging.utils import canonicalize_name

from pypi_subset.proof.closure import plain
from pypi_subset.proof.imports import likely
from pypi_subset.proof.imports.public_modules import extensions_of, own_modules

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from packaging.requirements import Requirement

    from pypi_subset.proof.closure import Declared, Present


#: What a failed import means; ``extra``: only an extra that was not asked for brings what is missing.
Kind: TypeAlias = Literal["note", "extra", "undeclared", "failed"]

#: Characters of a text that an import wrote: patterns are not matched against more.
LONGEST = 4000

#: The text of an import for which a shared library of the system is missing, on Linux, macOS and Windows.
_LIBRARY = re.compile(
    r"(?P<linux>[^\s:']+\.so[\w.]*): cannot open shared object file|Library not loaded: (?P<macos>\S+)|(?P<windows>DLL load failed)"
)
_MODULE = re.compile(r"No module named '([^']+)'")
_NAME = re.compile(r"cannot import name '([^']*)' from (?:partially initialized module )?'([^']+)'")
#: Where a namespace is, by the text of an import.
_NOWHERE = "(unknown location)"
_ADVICE = re.compile(r"\bpip3? install ['\"`]?([A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9])")
_EXTRA = re.compile(r"extra == [\"']([^\"']+)[\"']")
_NO_MODULE = "does not define module export function"

#: The ImportError of ``importlib.metadata``, which names a project and no module.
_NO_METADATA = "PackageNotFoundError"

#: What answers for a name that a module of Python itself does not have.
PYTHON = "Python"


@dataclass(frozen=True, kw_only=True, slots=True)
class Error:
    """
    An exception that ended an import, or one that it was raised from.

    :param kind: the name of its class.
    :param name: the module that an ImportError names, ``""`` if it names none.
    :param direct: whether the exception before it in the chain was raised ``from`` it.
    """

    kind: str
    text: str
    is_import: bool
    name: str = ""
    direct: bool = True

    def __str__(self) -> str:
        """Return it as the last line of a traceback shows it."""
        return f"{self.kind}: {self.text}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """
    What a failed import means.

    :param fact: the end of a sentence that begins with what was tried.
    :param likely: the project that likely brings what is missing.
    """

    kind: Kind
    fact: str
    likely: str = ""


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What failed imports are held against: the declared closure, and what follows from it."""

    declared: Declared

    @cached_property
    def projects(self) -> frozenset[str]:
        """The names of all projects that are there or asked for."""
        return self.declared.projects

    @cached_property
    def owners(self) -> dict[str, str]:
        """Module → the project that is there and brings it."""
        return {module: one.project for one in self.declared.present for module in own_modules(one)}

    @cached_property
    def fillers(self) -> dict[str, set[str]]:
        """First part of a name → the projects that bring something below it."""
        found: dict[str, set[str]] = {}
        for module, project in self.owners.items():
            found.setdefault(module.split(".")[0], set()).add(project)
        return found

    @cached_property
    def requirers(self) -> dict[str, list[tuple[str, Requirement]]]:
        """Project → the projects that are there and require it in any case, each with its requirement."""
        found: dict[str, list[tuple[str, Requirement]]] = {}
        for one in self.declared.present:
            for requirement in one.requires:
                found.setdefault(canonicalize_name(requirement.name), []).append((one.project, requirement))
        return found

    @cached_property
    def extensions(self) -> frozenset[str]:
        """The modules whose file is a shared library."""
        return extensions_of(file for one in self.declared.present for file in one.files)

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of all files, without directories."""
        return frozenset(file.rpartition("/")[2] for one in self.declared.present for file in one.files)


def judged(errors: Sequence[Error], owner: Present, ground: Ground, module: str = "") -> Verdict:
    """
    Return what it means that a module or a script of *owner* ended with *errors*, the last exception first.

    The package chooses every word of *errors*. If the declared closure is not whole, no word makes it less than red. If the
    words name a module of an installed project, it is red too.

    :param module: the module that was imported, ``""`` for a script.
    """
    lacking = [one for one in _chain(errors) if one.is_import]
    said = f"failed: {errors[0]}"
    if not lacking:
        return Verdict(kind="failed", fact=said)
    if ground.declared.absent:
        absent = ", ".join(ground.declared.absent)
        return Verdict(kind="failed", fact=f"{said} (asked for, and not installed: {absent})")
    if excuse := _excuse(lacking, ground, module):
        return Verdict(kind="note", fact=excuse)
    for one in lacking:
        # The module itself is not there, though METADATA or RECORD names it.
        own = bool(name := _lacks(one)) and f"{module}.".startswith(f"{name}.")
        if who := owner.project if own else _who_answers(one, ground):
            return Verdict(kind="failed", fact=f"{said}{_of_whom(who, owner, one, errors[0])}")
    return _undeclared(lacking, errors[0], owner, ground)


def library_of(text: str) -> str:
    """Return the library of the system that an import asked for in vain, ``""`` if *text* names none."""
    library = _LIBRARY.search(text)
    return (library["linux"] or library["macos"] or "a DLL of the system") if library else ""


def _chain(errors: Sequence[Error]) -> Iterator[Error]:
    """
    Yield the exceptions that count: those of ImportErrors and exits, and what another exception was raised ``from``.

    An exception that merely happens while an ImportError is handled is none of an import.
    """
    wraps = errors[0].is_import or errors[0].kind == "SystemExit"
    for number, one in enumerate(errors):
        if number and not one.direct and not wraps:
            return
        yield one


def _excuse(lacking: Iterable[Error], ground: Ground, module: str) -> str:
    """Return what is worth a note about a failed import; ``""`` for one that is judged by what it lacks."""
    for one in lacking:
        library = library_of(one.text)
        # A library that a project brings is none of the system.
        if library and PurePosixPath(library).name not in ground.names:
            return f"installed, needs {library}"
        if _NO_MODULE in one.text and module in ground.extensions:
            return f"{module} is not meant to be imported"
    return ""


def _lacks(error: Error) -> str:
    """Return the module that *error* names, ``""`` if it names none."""
    if module := _MODULE.search(error.text):
        return error.name or module[1]
    if (named := _NAME.search(error.text)) is None:
        return error.name
    # Of a namespace, a part is missing, and not a name in a file.
    return f"{named[2]}.{named[1]}" if _NOWHERE in error.text else named[2]


def _who_answers(error: Error, ground: Ground) -> str:
    """Return the project of the closure that what is missing belongs to, `PYTHON` for one of its own modules."""
    name = _lacks(error)
    # A wheel may lack the module that its project is known for.
    project = canonicalize_name(name) if error.kind == _NO_METADATA else likely.project_of(name)
    if project in ground.projects:
        return project
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        if owner := ground.owners.get(".".join(parts[:length])):
            return owner
    # A namespace that only its own project fills: what is missing below it is a part of that project.
    if ground.fillers.get(parts[0]) == {canonicalize_name(parts[0])}:
        return canonicalize_name(parts[0])
    return PYTHON if _NAME.search(error.text) and likely.is_python_own(name) else ""


def _of_whom(who: str, owner: Present, one: Error, outermost: Error) -> str:
    """Return whose part is missing, and what named it."""
    cause = "" if one is outermost else f", from {one}"
    whose = f" ({_lacks(one)} is a part of {who}, which is installed)"
    return cause + whose * (who not in {owner.project, PYTHON})


def _undeclared(lacking: Sequence[Error], outermost: Error, owner: Present, ground: Ground) -> Verdict:
    """Return what it means that nothing in the closure answers for what is missing."""
    name, text = next(filter(None, map(_lacks, lacking)), ""), " ".join(one.text for one in lacking)
    own, others = _bringing(name, owner, ground) if name else ([], [])
    extras = [extra for one in own for extra in _EXTRA.findall(str(one.marker))] or _extras_named(owner, text)
    brought = next((canonicalize_name(one.name) for one in (*own, *others)), "")
    if extras and owner.asked.isdisjoint(map(canonicalize_name, extras)):
        fact = f"needs the extra {extras[0]}, which was not asked for"
        return Verdict(kind="extra", fact=fact, likely=brought)
    if not name:
        name = brought = next(map(canonicalize_name, _ADVICE.findall(text)), "")
        if not name or name in ground.projects:
            return Verdict(kind="failed", fact=f"failed: {outermost}")
    project = brought or likely.project_of(name)
    whose = f"likely the project {project}" if project else "a module of Python that this one does not have"
    only = f"; {owner.project} requires it only as {plain(own[0])}" if own else ""
    fact = f"lacks {name}, which nothing here declares: {whose}{only}"
    return Verdict(kind="undeclared", fact=fact, likely=project)


def _extras_named(owner: Present, text: str) -> list[str]:
    """Return the extras of *owner* that *text* advises to take, as in ``black[d]``; one that is not provided is none."""
    named = re.findall(rf"\b{re.escape(owner.project)}\[(?:[^\]]*,)?([\w.-]+)\]", text, re.IGNORECASE)
    return [one for one in named if canonicalize_name(one) in owner.extras]


def _bringing(module: str, owner: Present, ground: Ground) -> tuple[list[Requirement], list[Requirement]]:
    """Return the requirements that would bring *module*: those of *owner*, then those of other projects."""
    names = {likely.project_of(module), *map(canonicalize_name, (module, module.split(".", maxsplit=1)[0]))}
    found = [each for name in sorted(names) for each in ground.requirers.get(name, ())]
    return (
        [requirement for project, requirement in found if project == owner.project],
        [requirement for project, requirement in found if project != owner.project],
    )
