"""``add`` and ``remove``: what they change in ``requirements/``, checked as a whole before it stays."""

from __future__ import annotations

import contextlib
import difflib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar, Literal

from packaging.utils import canonicalize_name

from pypi_subset.editing import requirement_lines
from pypi_subset.editing.settings_text import Settings, example
from pypi_subset.errors import FolderError, InputFaults, SubsetError
from pypi_subset.model.documents import Document
from pypi_subset.requirements.encodings import UnreadableText, decoded
from pypi_subset.requirements.subset import read_subset
from pypi_subset.requirements.subset_toml import SETTINGS, init_of
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pypi_subset.errors import Fault
    from pypi_subset.model.requests import Subset

#: The set that is meant if there are several, or none.
USUAL = "base"


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """What differs in one file; *removed* and *added* are lines."""

    path: str
    removed: tuple[str, ...]
    added: tuple[str, ...]


class Edited(Document, frozen=True, kw_only=True):
    """
    What `init`, `add` or `remove` did.

    :param schema: version of this form, major.minor.
    :param changes: one for each file that differs; none if all that was asked for is there already.
    :param written: whether the files were written.
    :param faults: what is wrong with the directory beside that, and stops mirror, one line each.
    :param notes: what a request asks for and is there already, and how its machine becomes a target.
    """

    name: ClassVar[str] = "the result of init, add and remove"
    version: ClassVar[Literal["1.1"]] = "1.1"

    schema: Literal["1.1"] = "1.1"
    changes: tuple[Edit, ...]
    written: bool
    faults: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """
    What is to be added or removed.

    :param projects: requirements (PEP 508) to add, or names of projects to remove.
    :param set_name: the set, ``""`` for the usual one: the only one, or ``base``.
    :param targets: ``NAME=VALUE`` to add, ``NAME`` to remove.
    :param python: the Python of the added targets.
    :param build: projects whose sdists are built.
    """

    projects: Sequence[str] = ()
    set_name: str = ""
    targets: Sequence[str] = ()
    python: str = ""
    build: Sequence[str] = ()


def add(root: Path, wanted: Wanted, *, dry: bool = False) -> Edited:
    """
    Return what differs after *wanted* was added to the directory *root*.

    :param dry: change nothing.
    :raises SubsetError: it cannot be added, or *root* would have a new fault; then nothing is changed.
    """
    texts = Texts(root)
    settings = texts.settings
    if not (settings.is_file() or texts.requirement_files or wanted.targets):
        raise _no_subset(root, wanted)
    if settings.is_file() or wanted.targets or wanted.build:
        text = Settings(text=texts.of(settings), name=str(settings))
        for one in wanted.targets:
            name, equals, value = one.partition("=")
            if not (name and equals and value):
                msg = f"{one!r} does not say which machine the target is"
                raise SubsetError(msg, next_step=f"write NAME=SYSTEM, as in {example(name, value)}")
            text = Settings(text=text.with_target(name, value, wanted.python), name=text.name)
        for one in wanted.build:
            text = Settings(text=text.with_built(one), name=text.name)
        texts.set(settings, text.text)
    if wanted.projects:
        path = texts.file_of(wanted.set_name)
        for one in wanted.projects:
            asked = requirement_lines.parsed(one)
            texts.set(path, requirement_lines.added(texts.of(path), asked, str(path)))
    return texts.finish(dry=dry)


def remove(root: Path, wanted: Wanted, *, dry: bool = False) -> Edited:
    """
    Return what differs after *wanted* was removed from the directory *root*.

    :param dry: change nothing.
    :raises SubsetError: it is not there, or *root* would have a new fault; then nothing is changed.
    """
    texts = Texts(root)
    text = Settings(text=texts.of(texts.settings), name=str(texts.settings))
    for one in wanted.targets:
        text = Settings(text=text.without_target(one), name=text.name)
    for one in wanted.build:
        text = Settings(text=text.without_built(one), name=text.name)
    texts.set(texts.settings, text.text)
    paths = [texts.file_of(wanted.set_name)] if wanted.set_name else texts.requirement_files
    if not (texts.settings.is_file() or paths):
        raise _no_subset(root, wanted)
    for one in wanted.projects:
        project, found = canonicalize_name(one), False
        for path in paths:
            before = texts.of(path)
            texts.set(path, requirement_lines.removed(before, project))
            found |= texts.of(path) != before
        if not found:
            names = ", ".join(map(str, paths)) or f"{root}/*.txt"
            msg = f"no line of {names} requests {project}"
            step = f"`pypi-subset why {project}` prints what does: a requirement of another project, or another file"
            near = requirement_lines.suggestion(project, map(texts.of, paths))
            raise SubsetError(msg, project=project, next_step=near + step)
    return texts.finish(dry=dry)


@dataclass(frozen=True, slots=True)
class Texts:
    """The texts of a directory, as they were and as they are to be."""

    root: Path
    #: The bytes of each file, ``None`` if it was not there, and its text.
    _bytes: dict[Path, bytes | None] = field(default_factory=dict)
    _before: dict[Path, str] = field(default_factory=dict)
    _after: dict[Path, str] = field(default_factory=dict)

    @property
    def settings(self) -> Path:
        """The file of the settings."""
        return self.root / SETTINGS

    @property
    def requirement_files(self) -> list[Path]:
        """The requirements files, sorted."""
        return [path for path in sorted(self.root.glob("*.txt")) if not path.name.startswith(".")]

    def of(self, path: Path) -> str:
        """Return the text of the file at *path* as it is to be, ``""`` if there is none."""
        if path not in self._after:
            data = _bytes_of(path)
            try:
                text = decoded(data or b"")
            except UnreadableText as error:
                raise FolderError(error.what, path=path, next_step=error.next_step) from error
            self._bytes[path] = data
            self._before[path] = self._after[path] = text
        return self._after[path]

    def set(self, path: Path, text: str) -> None:
        """Let the file at *path* have *text*."""
        self.of(path)
        self._after[path] = text

    def both(self, path: Path) -> tuple[list[str], list[str]]:
        """Return the lines of the file at *path* as it was and as it is to be, with their ends."""
        after = self.of(path)
        return self._before[path].splitlines(keepends=True), after.splitlines(keepends=True)

    def file_of(self, name: str) -> Path:
        """
        Return the requirements file of the set *name*, which need not be there.

        :raises SubsetError: it is no set of requirements lines, or there are several sets and none is named.
        """
        there = {path.stem: path for path in self.requirement_files}
        if not name:
            if len(there) > 1 and USUAL not in there:
                msg = f"there are several sets: {', '.join(there)}"
                raise SubsetError(msg, next_step=f"name one, as in `--set {next(iter(there))}`")
            name = USUAL if USUAL in there or not there else next(iter(there))
        source = next((one for one in self._sets() if one == name and name not in there), None)
        if source:
            msg = f"the set {name} is made of another document, see [sets.{name}] in {self.settings}"
            raise SubsetError(msg, next_step="add the requirement there, or name another set")
        return there.get(name, self.root / f"{name}.txt")

    def finish(self, *, dry: bool, empty: Path | None = None) -> Edited:
        """
        Return what differs, after writing it.

        :param empty: a path whose fault does not matter yet: a directory without a set.
        :raises SubsetError: the directory would have a new fault.
        """
        changed = {path: text for path, text in self._after.items() if text != self._before[path]}
        changes = tuple(_edit(path, self._before[path], text) for path, text in changed.items())
        standing = _faults(self.root)
        if not changed:
            return Edited(changes=(), written=False, faults=_lines(standing))
        known = {(one.what, one.path) for one in standing}
        is_new = not self.root.exists()
        kept = False
        try:
            with files.folder_errors(self.root):
                self.root.mkdir(parents=True, exist_ok=True)
            for path, text in changed.items():
                files.write(path, text.encode())
            left = _faults(self.root)
            new = [one for one in left if (one.what, one.path) not in known and one.path != empty]
            kept = not (new or dry)
        finally:
            if not kept:
                self._restore(changed, is_new=is_new)
        if new:
            raise InputFaults([self._as_typed(one) for one in new])
        return Edited(changes=changes, written=kept, faults=_lines(one for one in left if one.path != empty))

    def _as_typed(self, fault: Fault) -> Fault:
        """Return *fault* without its place if that is a line which no file has: the user wrote it on the command line."""
        if fault.line is None or fault.path not in self._after:
            return fault
        line = self._after[fault.path].splitlines()[fault.line - 1]
        return fault if line in self._before[fault.path].splitlines() else replace(fault, path=None, line=None)

    def _restore(self, changed: Iterable[Path], *, is_new: bool) -> None:
        for path in changed:
            before = self._bytes[path]
            if before is None:
                path.unlink(missing_ok=True)
            else:
                files.write(path, before)
        if is_new:
            with contextlib.suppress(OSError):
                self.root.rmdir()

    def _sets(self) -> list[str]:
        subset = _subset(self.root)
        return [one.name for one in subset.sets] if subset else []


def _no_subset(root: Path, wanted: Wanted) -> FolderError:
    step = f"{init_of(root, *(wanted.projects or ['PROJECT']))} makes one; `--on` names the machine"
    return FolderError("there is no subset yet", path=root, next_step=step)


def _lines(faults: Iterable[Fault]) -> tuple[str, ...]:
    # An example below a line is left out, with the words that lead to it.
    return tuple(one.lines[0].removesuffix(", with the lines:") for one in faults)


def _bytes_of(path: Path) -> bytes | None:
    """
    Return the bytes of the file at *path*, ``None`` if there is none.

    :raises FolderError: it cannot be read.
    """
    try:
        return files.read_input(path)
    except FileNotFoundError:
        return None
    except OSError as error:
        msg = error.strerror or str(error)
        raise FolderError(msg, path=path, next_step="see that it is a readable file") from error


def _subset(root: Path) -> Subset | None:
    try:
        return read_subset(root)
    except InputFaults:
        return None


def _faults(root: Path) -> tuple[Fault, ...]:
    """Return what is wrong with the directory *root* as it is."""
    try:
        read_subset(root)
    except InputFaults as error:
        return tuple(error.faults)
    return ()


def _edit(path: Path, before: str, after: str) -> Edit:
    lines = [*difflib.ndiff(before.splitlines(), after.splitlines())]
    removed, added = (tuple(line[2:] for line in lines if line.startswith(mark)) for mark in ("- ", "+ "))
    return Edit(path=str(path), removed=removed, added=added)
