"""``subset.toml``: targets, which sets serve which of them, and the policy; faults carry their line."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pypi_subset.errors import Fault, TargetError
from pypi_subset.requirements.toml import Settings, nearest, not_text, parse_toml, unknown_keys
from pypi_subset.targets.host import describe_host
from pypi_subset.targets.named_systems import is_named, tag_of
from pypi_subset.targets.self_described import read_description
from pypi_subset.targets.tag import OPEN_MARKERS, parse

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from pypi_subset.model.targets import Target


#: How sets and targets may be called: safe in a file name, and without the ``--`` that parts the two in a lock's name.
NAME = re.compile(r"[a-z0-9]+(?:[-_][a-z0-9]+)*")
SETTINGS = "subset.toml"
#: The stand-in for a tag: the interpreter that runs the tool.
HOST = "host"
#: The keys that say which machine it is; a target has one of them.
WAYS = ("tag", "on")
#: The shortest list of targets, shown to a user who has none.
EXAMPLE = ("[targets]", f'here = "{HOST}"')


def read_settings(path: Path, faults: list[Fault]) -> Settings:
    """Return the document at *path*, an empty one if it cannot be read."""
    try:
        settings = parse_toml(path, path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        what, step = "no such file, so there are no targets", "create it with the lines:"
        faults.append(Fault(what=what, path=path, next_step=step, excerpt=EXAMPLE))
    except OSError as error:
        faults.append(Fault(what=error.strerror or str(error), path=path, next_step="see that it is a readable file"))
    except UnicodeDecodeError as error:
        faults.append(Fault(what=f"not UTF-8 ({error.reason})", path=path, next_step="save it as UTF-8"))
    else:
        if isinstance(settings, Settings):
            faults.extend(unknown_keys(settings, settings.document, ("targets", "sets", "policy")))
            return settings
        faults.append(settings)
    return Settings(path=path, document={}, places={}, readable=False)


def name_fault(name: str) -> tuple[str, str]:
    """Return what is wrong with *name*, and a name that would be good."""
    better = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "base"
    return f"{name!r} is no name: lower-case letters, digits, and single - or _ between them", better


def read_targets(settings: Settings, faults: list[Fault]) -> dict[str, Target | None]:
    """Return the targets by name, in the order of the file; ``None`` for what was meant to be one."""
    table = settings.table("targets", faults)
    targets: dict[str, Target | None] = {}
    for name, value in table.items():
        if not NAME.fullmatch(name):
            what, better = name_fault(name)
            faults.append(settings.fault(what, "targets", name, next_step=f"call the target {better!r}, say"))
        targets[name] = _read_target(settings, name, value, faults)
    if not targets and settings.readable and isinstance(settings.document.get("targets", {}), dict):
        step = f'write here = "{HOST}", or another tag, below [targets]'
        faults.append(settings.fault("no targets", "targets", next_step=step))
    return targets


def _read_target(settings: Settings, name: str, value: object, faults: list[Fault]) -> Target | None:
    """Return the target that *value*, a tag, the name of a system, or a table, describes."""
    table: dict[str, Any] = value if isinstance(value, dict) else {"on" if _is_system(value) else "tag": value}
    if "file" in table:
        return _read_described(settings, name, table, faults)
    wrong = list(unknown_keys(settings, table, (*WAYS, "python", *OPEN_MARKERS), "targets", name))
    ways = [key for key in WAYS if key in table]
    if not ways:
        step = 'write tag = "<python>-<platform>", on = "<system>", or file = "<description>"'
        wrong.append(settings.fault("the target has no tag", "targets", name, next_step=step))
    elif len(ways) > 1:
        what = f"the target is described twice, by {' and by '.join(ways)}"
        wrong.append(settings.fault(what, "targets", name, ways[1], next_step="keep one of the two"))
    for key in (*WAYS, "python", *OPEN_MARKERS):
        if key in table and not isinstance(table[key], str):
            what, step = not_text(key, table[key])
            wrong.append(settings.fault(what, "targets", name, key, next_step=step))
    if table.get("tag") == HOST:
        step = "drop the line, or write the tag in full"
        wrong += [
            settings.fault("the host has values of its own", "targets", name, key, next_step=step)
            for key in ("python", *OPEN_MARKERS)
            if key in table
        ]
    faults.extend(wrong)
    return None if wrong else _make_target(settings, name, table, faults)


def _is_system(value: object) -> bool:
    return isinstance(value, str) and is_named(value)


def _read_described(settings: Settings, name: str, table: dict[str, Any], faults: list[Fault]) -> Target | None:
    """Return the target that the machine itself described, in a file beside ``subset.toml``."""
    wrong = list(unknown_keys(settings, table, ("file",), "targets", name))
    if not isinstance(table["file"], str):
        what, step = not_text("file", table["file"])
        wrong.append(settings.fault(what, "targets", name, "file", next_step=step))
    faults.extend(wrong)
    try:
        return None if wrong else read_description(name, settings.path.parent / table["file"])
    except TargetError as error:
        faults.append(settings.fault(error.what, "targets", name, "file", next_step=error.next_step))
        return None


def _make_target(settings: Settings, name: str, table: dict[str, str], faults: list[Fault]) -> Target | None:
    """Return the target that the *table* of strings describes."""
    try:
        if table.get("tag") == HOST:
            return describe_host(name)
        tag, python = table.get("tag", ""), table.get("python")
        if "on" in table:
            tag, python = tag_of(name, table["on"], python)
        return parse(name, tag, python, given={key: table[key] for key in OPEN_MARKERS if key in table})
    except TargetError as error:
        key = next(key for key in WAYS if key in table)
        faults.append(settings.fault(error.what, "targets", name, key, next_step=error.next_step))
        return None


@dataclass(frozen=True, kw_only=True, slots=True)
class Choice:
    """
    What ``[sets.NAME]`` says.

    :param targets: in the order of ``[targets]``.
    :param source: the document that the set is made of, where that is not ``NAME.txt``; normalized, so that one file
        has one path.
    :param extras: those of the project in *source*, or of the lock.
    :param groups: likewise its dependency groups; ``None`` where nothing is said, since a lock has default groups.
    """

    targets: tuple[str, ...]
    source: Path | None = None
    extras: tuple[str, ...] = ()
    groups: tuple[str, ...] | None = None


def read_choices(
    settings: Settings, targets: Collection[str], files: Collection[str], faults: list[Fault]
) -> dict[str, Choice]:
    """Return what ``[sets]`` says of each set that it speaks of; *files* are stems."""
    choices: dict[str, Choice] = {}
    for name, value in settings.table("sets", faults).items():
        table: dict[str, object] = value if isinstance(value, dict) else {}
        faults.extend(_misnamed(settings, name, table, files))
        if not isinstance(value, dict):
            faults.append(settings.fault(f"{name!r} must be a table", "sets", name, next_step=f"write [sets.{name}]"))
        faults.extend(unknown_keys(settings, table, ("targets", "source", "extras", "groups"), "sets", name))
        chosen = _read_choice(settings, name, table.get("targets", list(targets)), targets, faults)
        source, groups = (
            _read_source(settings, name, table, faults),
            _read_names(settings, name, table, "groups", faults),
        )
        choices[name] = Choice(
            targets=tuple(target for target in targets if target in chosen),
            source=source,
            extras=_read_names(settings, name, table, "extras", faults) or (),
            groups=groups,
        )
    return choices


def _misnamed(settings: Settings, name: str, table: Mapping[str, object], files: Collection[str]) -> Iterator[Fault]:
    """Yield what is wrong with a set's *name*, given the stems of the *files*."""
    if "source" not in table:
        if name not in files:
            step = nearest(name, files, "the files are")
            yield settings.fault(f"there is no {name}.txt for [sets.{name}]", "sets", name, next_step=step)
        return
    if name in files:
        what = f"the set {name!r} has a source and a file {name}.txt"
        yield settings.fault(what, "sets", name, "source", next_step="drop the line, or rename one of the two")
    if not NAME.fullmatch(name):
        what, better = name_fault(name)
        yield settings.fault(what, "sets", name, next_step=f"call the set {better!r}, say")


def _read_source(settings: Settings, name: str, table: Mapping[str, object], faults: list[Fault]) -> Path | None:
    """Return the path that ``source`` in *table* names, relative to the folder of ``subset.toml``."""
    value, where = table.get("source"), ("sets", name, "source")
    if value is None:
        return None
    if not isinstance(value, str):
        what, step = not_text("source", value)
        faults.append(settings.fault(what, *where, next_step=step))
        return None
    if "://" in value:
        # Not shown: there may be a password in it.
        step = "copy the document here and name its path"
        faults.append(settings.fault("a URL as source is refused", *where, next_step=step))
        return None
    return Path(os.path.normpath(settings.path.parent / value))


def _read_names(
    settings: Settings, name: str, table: Mapping[str, object], key: str, faults: list[Fault]
) -> tuple[str, ...] | None:
    """Return the ``extras`` or ``groups`` in *table*, which only a source in TOML can have; ``None`` without any."""
    if key not in table:
        return None
    value, where = table[key], ("sets", name, key)
    if not str(table.get("source", "")).endswith(".toml"):
        what = f"{key} without a source that is a pyproject.toml or a pylock.toml"
        faults.append(settings.fault(what, *where, next_step="drop the line"))
    elif not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        step = f'write {key} = ["…"]'
        faults.append(settings.fault(f"{key} must be a list of names", *where, next_step=step))
    else:
        return tuple(value)
    return None


def _read_choice(
    settings: Settings, name: str, value: object, targets: Collection[str], faults: list[Fault]
) -> list[str]:
    """Return the targets in *value*, a list of names."""
    where = ("sets", name, "targets")
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        faults.append(settings.fault("targets must be a list of names", *where, next_step='write targets = ["…"]'))
        return []
    if not value and targets:
        step = "name a target, or drop the line to serve all of them"
        faults.append(settings.fault(f"the set {name!r} serves no target", *where, next_step=step))
    for one in value:
        if one not in targets and settings.readable:
            what = f"the set {name!r} names the target {one!r}, which is not in [targets]"
            faults.append(settings.fault(what, *where, item=one, next_step=nearest(one, targets, "targets")))
    return value


def read_policy(settings: Settings, faults: list[Fault]) -> tuple[tuple[str, str], ...]:
    """Return the pairs of ``[policy]`` that differ from what holds without them: no lock is made anew for the others."""
    table = settings.table("policy", faults)
    faults.extend(unknown_keys(settings, table, ("bad_files",), "policy"))
    value = table.get("bad_files", "stop")
    if value not in ("stop", "skip"):
        what, step = 'bad_files must be "stop" or "skip"', 'write bad_files = "stop" to end the run at a bad file'
        faults.append(settings.fault(what, "policy", "bad_files", next_step=step))
    return (("bad_files", "skip"),) if value == "skip" else ()
