"""What an import lacked, and who answers for it: the declared closure, the system, or no metadata at all."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, TypeAlias

from packaging.utils import canonicalize_name

from pypi_subset.proof.closure import plain
from pypi_subset.proof.imports import likely
from pypi_subset.proof.imports.public_modules import extensions_of, own_modules
from pypi_subset.proof.imports.system_libraries import files_in, library_of, says_library

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from packaging.requirements import Requirement

    from pypi_subset.proof.closure import Declared, Present


#: What a failed import means; ``extra``: only an extra that was not asked for brings what is missing.
Kind: TypeAlias = Literal["note", "extra", "undeclared", "failed"]

#: Characters of a text that an import wrote: patterns are not matched against more.
LONGEST = 4000
#: Characters of a path that are shown.
_SHOWN = 200

_MODULE = re.compile(r"No module named '([^']+)'")
_NAME = re.compile(r"cannot import name '([^']*)' from (?:partially initialized module )?'([^']+)'")
#: Where a namespace is, by the text of an import.
_NOWHERE = "(unknown location)"
_ADVICE = re.compile(r"\bpip3? install ['\"`]?([A-Za-z0-9][A-Za-z0-9._-]*[A-Za-z0-9])")
_EXTRA = re.compile(r"extra == [\"']([^\"']+)[\"']")
_NO_MODULE = "does not define module export function"
#: pip writes this file for a project that the user requests by name. The RECORD of an installation that a part was linked
#: from names it for the others too.
_MARK = re.compile(r"[^/]+\.dist-info/REQUESTED")

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
        for project, needed in ((one.project, each) for one in self.declared.present for each in one.requires):
            found.setdefault(canonicalize_name(needed.name), []).append((project, needed))
        return found

    @cached_property
    def extensions(self) -> frozenset[str]:
        """The modules whose file is a shared library."""
        return extensions_of(file for one in self.declared.present for file in one.files)

    @cached_property
    def lost(self) -> str:
        """What is declared and not there: a project, or a file that its RECORD names, bytecode aside; ``""`` for nothing."""
        if self.declared.absent:
            return f"asked for, and not installed: {', '.join(self.declared.absent)}"
        here = ((one.project, _gone(one.library, one.files)) for one in self.declared.present if one.library)
        return next((f"{project} is installed without {file[:_SHOWN]}" for project, file in here if file), "")

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
    chain = [*_chain(errors)]
    lacking, said = [one for one in chain if one.is_import], f"failed: {errors[0]}"
    if ground.lost:
        return Verdict(kind="failed", fact=f"{said} ({ground.lost})")
    if excuse := _excuse(chain, ground, module):
        return Verdict(kind="note", fact=excuse)
    for one in lacking:
        # The module itself is not there, though METADATA or RECORD names it.
        own = bool(name := _lacks(one)) and f"{module}.".startswith(f"{name}.")
        if who := owner.project if own else _who_answers(one, ground):
            return Verdict(kind="failed", fact=f"{said}{_of_whom(who, owner, one, errors[0])}")
    if found := _of_system(chain, errors, ground):
        return found
    return _undeclared(lacking, errors[0], owner, ground) if lacking else Verdict(kind="failed", fact=said)


def _gone(library: Path, files: Iterable[str]) -> str:
    """Return the first of *files* that is not in *library*, ``""`` for none; programs, bytecode and marks do not count."""
    counting = (
        file for file in files if not file.startswith("..") and not file.endswith(".pyc") and not _MARK.fullmatch(file)
    )
    # This function is false for a name that no file can have.
    return next((file for file in counting if not os.path.exists(library / file)), "")  # noqa: PTH110


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


def _excuse(chain: Iterable[Error], ground: Ground, module: str) -> str:
    """Return what is worth a note about a failed import; ``""`` for one that is judged by what it lacks."""
    for one in chain:
        # A library that a project brings is none of the system.
        if (library := library_of(one.text)) and ground.names.isdisjoint(files_in(one.text)):
            return f"installed, needs {library}"
        if one.is_import and _NO_MODULE in one.text and module in ground.extensions:
            return f"{module} is not meant to be imported"
    return ""


def _of_system(chain: Iterable[Error], errors: Iterable[Error], ground: Ground) -> Verdict | None:
    """
    Return what it means that a package looked for a library itself; ``None`` if none of *chain* says that it did.

    What lacks a module anywhere in *errors* is judged by that.
    """
    if any(_MODULE.search(one.text) for one in errors):
        return None
    for one in chain:
        how = says_library(one.kind, one.text)
        if not how or not ground.names.isdisjoint(files_in(one.text)):
            continue
        if how == "surely":
            return Verdict(kind="note", fact=f"installed, needs a library of the system ({one})")
        return Verdict(kind="undeclared", fact=f"failed: {one} (likely a library of the system)")
    return None


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
    # A namespace that projects of the closure fill cannot be missing itself.
    if _MODULE.search(error.text):
        for module, owner in ground.owners.items():
            if module.startswith(f"{name}."):
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
    extras = _extras_of(own, owner) or _extras_named(owner, text)
    brought = next((canonicalize_name(one.name) for one in (*own, *others)), "")
    if extras and owner.asked.isdisjoint(map(canonicalize_name, extras)):
        fact = f"needs the extra {extras[0]}, which was not asked for"
        return Verdict(kind="extra", fact=fact, likely=brought)
    if not name:
        name = brought = next(map(canonicalize_name, _ADVICE.findall(text)), "")
        if not name or name in ground.projects:
            return Verdict(kind="failed", fact=f"failed: {outermost}")
    project, whose = brought or likely.project_of(name), "a module of Python that this one does not have"
    if likely.is_namespace(name) and not brought:
        project, whose = "", "a project whose modules are below it"
    elif project:
        whose = f"likely the project {project}"
    only = f"; {owner.project} requires it only as {plain(own[0])}" if own else ""
    fact = f"lacks {name}, which nothing here declares: {whose}{only}"
    return Verdict(kind="undeclared", fact=fact, likely=project)


def _extras_of(requirements: Iterable[Requirement], owner: Present) -> list[str]:
    """Return the extras of *owner* that bring *requirements*, the smallest first: ``all`` is rarely what is meant."""
    every = [extra for one in owner.requires for extra in _EXTRA.findall(str(one.marker))]
    found = {extra for one in requirements for extra in _EXTRA.findall(str(one.marker))}
    return sorted(found, key=lambda one: (every.count(one), one))


def _extras_named(owner: Present, text: str) -> list[str]:
    """Return the extras of *owner* that *text* advises to take, as in ``black[d]``; one that is not provided is none."""
    named = re.findall(rf"\b{re.escape(owner.project)}\[(?:[^\]]*,)?([\w.-]+)\]", text, re.IGNORECASE)
    return [one for one in named if canonicalize_name(one) in owner.extras]


def _bringing(module: str, owner: Present, ground: Ground) -> tuple[list[Requirement], list[Requirement]]:
    """Return the requirements that would bring *module*: those of *owner*, then those of other projects."""
    names = {likely.project_of(module), *map(canonicalize_name, (module, module.split(".", maxsplit=1)[0]))}
    if likely.is_namespace(module):
        # An import of zope.interface lacks zope, if nothing else fills that.
        names |= {name for name in ground.requirers if name.startswith(f"{canonicalize_name(module)}-")}
    found = [each for name in sorted(names) for each in ground.requirers.get(name, ())]
    return (
        [requirement for project, requirement in found if project == owner.project],
        [requirement for project, requirement in found if project != owner.project],
    )
