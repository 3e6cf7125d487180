"""The beginning of a subset: ``requirements/`` from nothing, or the one of a single command line."""

from __future__ import annotations

import shlex
import tomllib
from typing import TYPE_CHECKING

from msgspec import structs

from pypi_subset.editing import requirement_lines
from pypi_subset.editing.changes import USUAL, Texts
from pypi_subset.editing.settings_text import Settings
from pypi_subset.errors import FolderError, SubsetError, TargetError
from pypi_subset.requirements.subset_toml import HOST, SETTINGS, init_of
from pypi_subset.requirements.toml import name_fault
from pypi_subset.targets.named_systems import canonical, tag_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from pathlib import Path

    from pypi_subset.editing.changes import Edited

_SETTINGS = """\
# The machines that the packages are for. `pypi-subset targets` lists the systems.
# Each *.txt beside this file is a set: one project a line, as pip reads them.
# Further settings: the page "subset.toml" of the manual.

[targets]
"""
_BASE = """\
# The projects of the set "base", one a line, as pip reads them: pandas>=2
"""
#: The name of the target that is this machine.
_HERE = "here"


def init(
    root: Path, *, projects: Sequence[str] = (), on: Sequence[str] = (), pythons: Sequence[str] = (), dry: bool = False
) -> Edited:
    """
    Return what was written to the directory *root*: the targets, and the projects as its first set.

    :param projects: requirements (PEP 508) of the set ``base``.
    :param on: names of systems, or ``host``; none means ``host``.
    :param pythons: the Python of each system in turn, or one for all; none means that of the system.
    :param dry: change nothing.
    :raises FolderError: *root* has targets already, or sets that the projects would be added to.
    :raises SubsetError: a system, a Python or a requirement means nothing; then nothing is written.
    """
    if (root / SETTINGS).exists():
        step = "change it with `pypi-subset add`, or name another `--requirements`"
        msg = "there is a subset already"
        raise FolderError(msg, path=root / SETTINGS, next_step=step)
    if projects and (sets := Texts(root).requirement_files):
        step = f"{init_of(root)} writes {SETTINGS} beside it; `pypi-subset add` adds projects then"
        msg = "there is a set already"
        raise FolderError(msg, path=sets[0], next_step=step)
    return _written(root, projects, on, pythons, dry=dry)


def one_shot(
    root: Path,
    *,
    projects: Sequence[str],
    on: Sequence[str],
    pythons: Sequence[str],
    replace: bool = False,
    held: Collection[str] | None = None,
) -> Edited:
    """
    Return what changed in the directory *root*, which asks for exactly this now.

    The parameters are those of `init`; *root* belongs to one command line alone.

    :param replace: whether something that *root* asks for may be lost.
    :param held: the projects and targets that the site has. Others are dropped with a note: an earlier call asked for them
        and failed, as one with a misspelt name does. ``None`` means that the site has them all.
    :raises FolderError: something would be lost that the user did not allow; then nothing is written.
    """
    texts = _texts(root, projects, on, pythons)
    gone, lost = _dropped(texts), list[str]()
    if not replace:
        lost = [said for name, said in gone if held is None or not name or name in held]
    if lost:
        site = root.parent.with_name(root.parent.name.removeprefix(".").removesuffix(".subset"))
        msg = f"an earlier call asked for more, and this one would drop {', '.join(lost)}"
        words = shlex.join([*projects, "--site", str(site)])
        step = f"add to it with `pypi-subset add {words}`, or drop that with `--replace`"
        raise FolderError(msg, path=site, next_step=step)
    notes = (f"dropped what an earlier call requested: {', '.join(said for _, said in gone)}",) if gone else ()
    return structs.replace(texts.finish(dry=False), notes=notes)


def _dropped(texts: Texts) -> list[tuple[str, str]]:
    """
    Return what *texts* had and do not have any more: projects, targets, and further tables of the settings.

    Each has its name, ``""`` for a table, and what an error calls it.
    """
    base = texts.root / f"{USUAL}.txt"
    before, after = ({one.project for one in requirement_lines.entries(lines)} for lines in texts.both(base))
    was, now = (tomllib.loads(text) for text in map("".join, texts.both(texts.settings)))
    targets = [name for name, value in was.get("targets", {}).items() if now["targets"].get(name) != value]
    tables = [f"[{name}]" for name in was.keys() - now.keys()]
    named = [(name, name) for name in sorted(before - after)]
    named += [(name, f"the target {name}") for name in targets]
    return [*named, *(("", table) for table in sorted(tables))]


def _written(root: Path, projects: Sequence[str], on: Sequence[str], pythons: Sequence[str], *, dry: bool) -> Edited:
    texts = _texts(root, projects, on, pythons)
    # An empty set would stop mirror, and a source of another document may be all that comes.
    return texts.finish(dry=dry, empty=None if projects else root)


def _texts(root: Path, projects: Sequence[str], on: Sequence[str], pythons: Sequence[str]) -> Texts:
    """Return the texts of *root* with these targets, and these projects as the usual set."""
    texts = Texts(root)
    texts.set(texts.settings, _settings(on, pythons, str(texts.settings)))
    path, text = root / f"{USUAL}.txt", _BASE
    for one in projects:
        text = requirement_lines.added(text, requirement_lines.parsed(one), str(path))
    if projects:
        texts.set(path, text)
    return texts


def _settings(on: Sequence[str], pythons: Sequence[str], path: str) -> str:
    """Return the text of ``subset.toml`` for these systems."""
    settings = Settings(text=_SETTINGS, name=path)
    for name, value, python in _targets(on, pythons):
        settings = Settings(text=settings.with_target(name, value, python), name=path)
    return settings.text


def _targets(on: Sequence[str], pythons: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """
    Yield name, system and Python of each target.

    :raises SubsetError: the systems and the Pythons make no pairs.
    """
    if not on:
        if pythons:
            msg = "a Python is named without a system"
            raise SubsetError(
                msg, next_step=f"name the system before it, as in `--on debian-12` `--python {pythons[0]}`"
            )
        yield _HERE, HOST, ""
        return
    if len(pythons) not in {0, 1, len(on)}:
        msg = f"{len(on)} systems and {len(pythons)} Pythons make no pairs"
        raise SubsetError(msg, next_step="write --python after each --on, or once for all")
    chosen = [*pythons] * len(on) if len(pythons) == 1 else [*pythons] or [""] * len(on)
    taken: set[str] = set()
    for word, python in zip(on, chosen, strict=True):
        value = word if word == HOST else _known(word, python)
        name = _HERE if word == HOST else name_fault(value)[1]
        if name in taken:
            name = name_fault(f"{value}-py{python.replace('.', '')}")[1]
        taken.add(name)
        yield name, value, "" if word == HOST else python


def _known(word: str, python: str) -> str:
    """
    Return the name of a system as it is listed.

    :raises TargetError: there is none of that name, or it has no Python of its own and none is named.
    """
    try:
        tag_of(word, word, python or None)
    except TargetError as error:
        step = error.next_step if error.nearest or python else "add one, as in `--python 3.12`"
        raise TargetError(error.what, next_step=step) from error
    return canonical(word)
