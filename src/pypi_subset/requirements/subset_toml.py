"""``subset.toml``: targets, which sets serve which of them, and the policy; faults carry their line."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pypi_subset.errors import Fault, TargetError
from pypi_subset.requirements.encodings import UnreadableText, decoded
from pypi_subset.requirements.places import places_of
from pypi_subset.requirements.toml import Settings, is_name, name_fault, nearest, not_text, parse_toml, unknown_keys
from pypi_subset.support import files
from pypi_subset.targets.host import describe_host
from pypi_subset.targets.named_systems import canonical, is_named, pip_of, tag_of
from pypi_subset.targets.pips.versions import with_pip
from pypi_subset.targets.self_described import read_description
from pypi_subset.targets.tag import OPEN_MARKERS, parse

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from pypi_subset.model.targets import Target

SETTINGS = "subset.toml"
#: What the document may have at its top.
TABLES = ("targets", "sets", "sources", "policy", "proof", "outside", "sdists", "channels", "bootstrap", "files")
#: The stand-in for a tag: the interpreter that runs the tool.
HOST = "host"
#: The keys that say which machine it is; a target has one of them.
WAYS = ("file", "tag", "on")
#: The shortest list of targets, shown to a user who has none.
EXAMPLE: tuple[str, ...] = ("[targets]", f'here = "{HOST}"')


def init_of(root: Path, *words: str) -> str:
    """Return the command that writes what is missing in the directory of requirements *root*, between backticks."""
    place = () if root == Path("requirements") else ("--requirements", str(root))
    return f"`{shlex.join(['pypi-subset', 'init', *words, *place])}`"


def read_settings(path: Path, faults: list[Fault]) -> Settings:
    """Return the document at *path*, an empty one if it cannot be read."""
    what, step = places_of(path.parent).refusal(path)
    if what:
        faults.append(Fault(what=what, path=path, next_step=step))
        return Settings(path=path, document={}, places={}, readable=False)
    try:
        settings = parse_toml(path, decoded(files.read_input(path)))
    except FileNotFoundError:
        what, step = "no such file, so there are no targets", f"{init_of(path.parent)} writes it, with the lines:"
        faults.append(Fault(what=what, path=path, next_step=step, excerpt=EXAMPLE))
    except OSError as error:
        faults.append(Fault(what=error.strerror or str(error), path=path, next_step="see that it is a readable file"))
    except UnreadableText as error:
        faults.append(Fault(what=error.what, path=path, line=error.line, next_step=error.next_step))
    else:
        if isinstance(settings, Settings):
            faults.extend(unknown_keys(settings, settings.document, TABLES))
            return settings
        faults.append(settings)
    return Settings(path=path, document={}, places={}, readable=False)


def read_outside(settings: Settings, faults: list[Fault]) -> tuple[Path, ...]:
    """Return the paths in ``outside``: files and directories elsewhere that requirements files may include."""
    value = settings.document.get("outside", [])
    if isinstance(value, list) and all(isinstance(one, str) and one and "\0" not in one for one in value):
        return tuple(settings.path.parent / one for one in value)
    what, step = "outside must be a list of paths", 'write outside = ["../shared/limits.txt"]'
    faults.append(settings.fault(what, "outside", next_step=step))
    return ()


def read_targets(settings: Settings, faults: list[Fault]) -> dict[str, Target | None]:
    """Return the targets by name, in the order of the file; ``None`` for what was meant to be one."""
    table = settings.table("targets", faults)
    targets: dict[str, Target | None] = {}
    for name, value in table.items():
        if not is_name(name):
            what, better = name_fault(name)
            faults.append(settings.fault(what, "targets", name, next_step=f"call the target {better!r}, say"))
        targets[name] = _read_target(settings, name, value, faults)
    if not targets and settings.readable and isinstance(settings.document.get("targets", {}), dict):
        step = f'write here = "{HOST}", or another tag, below [targets]'
        faults.append(settings.fault("no targets", "targets", next_step=step))
    return targets


@dataclass(frozen=True, kw_only=True, slots=True)
class _Table:
    """A table at *keys* of the document, and what is wrong with it."""

    settings: Settings
    keys: tuple[str, ...]
    values: Mapping[str, Any]
    faults: list[Fault] = field(default_factory=list)

    def fault(self, what: str, *keys: str, step: str, item: str | None = None) -> None:
        """Add a fault at *keys* below the table."""
        self.faults.append(self.settings.fault(what, *self.keys, *keys, next_step=step, item=item))

    def allow(self, *known: str) -> None:
        """Add a fault for each key that is not among the *known*."""
        self.faults.extend(unknown_keys(self.settings, self.values, known, *self.keys))

    def text(self, key: str) -> str | None:
        """Return the string at *key*, ``None`` without one."""
        value = self.values.get(key)
        if value is None or isinstance(value, str):
            return value
        what, step = not_text(key, value)
        self.fault(what, key, step=step)
        return None

    def names(self, key: str) -> tuple[str, ...] | None:
        """Return the list of names at *key*, ``None`` without one."""
        value = self.values.get(key)
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return tuple(value)
        self.fault(f"{key} must be a list of names", key, step=f'write {key} = ["…"]')
        return None


def _read_target(settings: Settings, name: str, value: object, faults: list[Fault]) -> Target | None:
    """Return the target that *value*, a tag, the name of a system, or a table, describes."""
    way = "on" if isinstance(value, str) and is_named(value) else "tag"
    table = _Table(settings=settings, keys=("targets", name), values=value if isinstance(value, dict) else {way: value})
    _check_target(table)
    try:
        return None if table.faults else _make_target(name, table)
    except TargetError as error:
        table.fault(error.what, next(key for key in WAYS if key in table.values), step=error.next_step)
        return None
    finally:
        faults.extend(table.faults)


def _check_target(table: _Table) -> None:
    """Add a fault for each key that is missing, unknown, or of no use beside another."""
    # A machine that described itself has values of its own.
    keys = ("file",) if "file" in table.values else (*WAYS[1:], "python", "pip", *OPEN_MARKERS)
    table.allow(*keys)
    ways = [key for key in keys if key in WAYS and key in table.values]
    if not ways:
        step = 'write tag = "<python>-<platform>", on = "<system>", or file = "<description>"'
        table.fault("the target has no tag", step=step)
    elif len(ways) > 1:
        table.fault(f"the target is described twice, by {' and by '.join(ways)}", ways[1], step="keep one of the two")
    for key in keys:
        table.text(key)
    if table.values.get("tag") == HOST:
        for key in keys:
            if key in table.values and key not in WAYS:
                table.fault("the host has values of its own", key, step="drop the line, or write the tag in full")


def _make_target(name: str, table: _Table) -> Target | None:
    values = table.values
    if "file" in values:
        return _described(name, table)
    if values.get("tag") == HOST:
        return describe_host(name)
    tag, python = values.get("tag", ""), values.get("python")
    system, known = values.get("on", ""), ""
    if system:
        known = pip_of(system, python)
        tag, python = tag_of(name, system, python)
    target = parse(name, tag, python, given={key: values[key] for key in OPEN_MARKERS if key in values})
    target = replace(target, system=canonical(system), system_pip=known)
    try:
        return with_pip(target, values["pip"]) if "pip" in values else target
    except TargetError as error:
        table.fault(error.what, "pip", step=error.next_step)
        return None


def _described(name: str, table: _Table) -> Target:
    root = table.settings.path.parent
    path = root / table.values["file"]
    what, step = places_of(root).with_sources(root, [path], read_outside(table.settings, [])).refusal(path)
    if what:
        msg = f"{path}: {what}"
        raise TargetError(msg, target=name, next_step=step)
    return read_description(name, path)


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """
    What ``[sets.NAME]`` says.

    :param targets: in the order of ``[targets]``.
    :param source: normalized path of the document that the set is made of; ``None`` for ``NAME.txt``.
    :param extras: those of the project in *source*, or of the lock.
    :param groups: likewise its dependency groups; ``None`` means the default groups of a lock.
    :param package: the member of the workspace that is meant, as in ``uv export --package``; ``""`` for the project of
        the lock.
    """

    targets: tuple[str, ...]
    source: Path | None = None
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] | None = None
    package: str = ""


def read_choices(
    settings: Settings, targets: Collection[str], files: Collection[str], faults: list[Fault]
) -> dict[str, Choice]:
    """Return what ``[sets]`` says of each set that it speaks of; *files* are stems."""
    choices: dict[str, Choice] = {}
    for name, value in settings.table("sets", faults).items():
        table = _Table(settings=settings, keys=("sets", name), values=value if isinstance(value, dict) else {})
        _check_name(table, name, files)
        if not isinstance(value, dict):
            table.fault(f"{name!r} must be a table", step=f"write [sets.{name}]")
        table.allow("targets", "source", "extras", "groups", "package")
        chosen = _read_chosen(table, name, targets)
        choices[name] = Choice(
            targets=tuple(target for target in targets if target in chosen),
            source=_read_source(table),
            extras=_read_parts(table, "extras") or (),
            groups=_read_parts(table, "groups"),
            package=_read_package(table),
        )
        faults.extend(table.faults)
    return choices


def _check_name(table: _Table, name: str, files: Collection[str]) -> None:
    if "source" not in table.values:
        if name not in files:
            table.fault(f"there is no {name}.txt for [sets.{name}]", step=nearest(name, files, "the files are"))
        return
    if name in files:
        what = f"the set {name!r} has a source and a file {name}.txt"
        table.fault(what, "source", step="drop the line, or rename one of the two")
    if not is_name(name):
        what, better = name_fault(name)
        table.fault(what, step=f"call the set {better!r}, say")


def _read_source(table: _Table) -> Path | None:
    """Return the path that ``source`` names, relative to the directory of ``subset.toml``."""
    value = table.text("source")
    if value is None:
        return None
    if "://" in value:
        # Not shown: there may be a password in it.
        table.fault("a URL as source is refused", "source", step="copy the document here and name its path")
        return None
    return Path(os.path.normpath(table.settings.path.parent / value))


def _read_parts(table: _Table, key: str) -> tuple[str, ...] | None:
    """Return the ``extras`` or ``groups``, which only a project or a lock can have; ``None`` without any."""
    if key not in table.values:
        return None
    if str(table.values.get("source", "")).endswith((".toml", ".lock")):
        return table.names(key)
    table.fault(f"{key} without a source that is a pyproject.toml or a lock", key, step="drop the line")
    return None


def _read_package(table: _Table) -> str:
    """Return the member of a workspace, which only a lock of uv tells apart; ``""`` without one."""
    value = table.text("package")
    if value is not None and not str(table.values.get("source", "")).endswith("uv.lock"):
        table.fault("package without a source that is a uv.lock", "package", step="drop the line")
        return ""
    return value or ""


def _read_chosen(table: _Table, name: str, targets: Collection[str]) -> Collection[str]:
    if "targets" not in table.values:
        return targets
    chosen = table.names("targets")
    if chosen == () and targets:
        step = "name a target, or drop the line to serve all of them"
        table.fault(f"the set {name!r} serves no target", "targets", step=step)
    for one in chosen or ():
        if one not in targets and table.settings.readable:
            what = f"the set {name!r} names the target {one!r}, which is not in [targets]"
            table.fault(what, "targets", item=one, step=nearest(one, targets, "targets"))
    return chosen or ()
