"""``add`` with a request: its lines and its machine go into ``requirements/``."""

from __future__ import annotations

import json
from copy import copy
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from pypi_subset.editing.changes import Edited, Texts
from pypi_subset.editing.requirement_lines import added, appended, entries
from pypi_subset.editing.settings_text import Settings
from pypi_subset.errors import SubsetError
from pypi_subset.requirements.requested.document import read_request
from pypi_subset.requirements.requested.machine import fits, matched
from pypi_subset.requirements.subset import read_subset
from pypi_subset.requirements.subset_toml import SETTINGS
from pypi_subset.targets.markers import decided

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from packaging.requirements import Requirement

    from pypi_subset.requirements.requested.document import Requested


def add_request(
    root: Path,
    file: Path,
    *,
    projects: Sequence[str] = (),
    set_name: str = "",
    target: str = "",
    dry: bool = False,
) -> Edited:
    """
    Return what differs after the request in *file* was added to the directory *root*.

    :param projects: names of those that are added; none for all of the request.
    :param set_name: the set that is to request it, ``""`` for the one of the request.
    :param target: the name that the machine gets in ``subset.toml``, or has there; ``""``: no target is written.
    :param dry: change nothing.
    :raises SubsetError: *file* is no request, it cannot be added, or *root* would have a new fault; nothing is changed then.
    """
    asked = read_request(file)
    targets = read_subset(root).targets
    texts = Texts(root)
    notes = [*_written_machine(asked, texts, target, file)] if target else []
    path = texts.file_of(set_name or asked.set_name)
    machines = matched(asked, targets).targets or tuple(filter(None, [asked.machine]))
    for project, lines in _chosen(asked, projects, notes).items():
        notes += [
            f"{one}: its marker is false on {', '.join(each.name for each in machines)}"
            for one in lines
            if machines and all(decided(one.marker, each.environment) is False for each in machines)
        ]
        before = texts.of(path)
        there = {one.text: one for one in entries(before.splitlines(keepends=True)) if one.project == project}
        after = added(before, lines[0], str(path)) if len(lines) == 1 else appended(before, lines, str(path))
        texts.set(path, after)
        if after == before:
            place = next((f"{path.name}:{one.first + 1}" for one in there.values()), path.name)
            notes.append(f"{', '.join(map(str, lines))}: {place} has it already")
    if not target and asked.machine is not None and not matched(asked, targets).targets:
        name = asked.target_name or "NAME"
        notes.append(
            f"no target of {SETTINGS} is this machine, {asked.machine.tag}; `pypi-subset add --request {file} --target {name}`"
            " writes it"
        )
    done = texts.finish(dry=dry)
    return Edited(changes=done.changes, written=done.written, faults=done.faults, notes=tuple(notes))


def _chosen(asked: Requested, projects: Sequence[str], notes: list[str]) -> dict[str, list[Requirement]]:
    """
    Return the requirements of each project: one, or several whose markers differ. Those of one marker are joined.

    :param projects: names of those that count; none for all.
    :param notes: gets a sentence about lines that are joined.
    :raises SubsetError: the request has no such project.
    """
    same: dict[tuple[str, str], list[Requirement]] = {}
    for one in asked.requirements:
        same.setdefault((canonicalize_name(one.name), str(one.marker or "")), []).append(one)
    found: dict[str, dict[str, Requirement]] = {}
    joins: dict[str, list[str]] = {}
    for (project, marker), lines in same.items():
        joined = copy(lines[0])
        for one in lines[1:]:
            joined.specifier &= one.specifier
            joined.extras |= one.extras
        if len(lines) > 1:
            joins.setdefault(project, []).append(f"{', '.join(map(str, lines))}: joined to {joined}")
        found.setdefault(project, {})[marker] = joined
    wanted: list[str] = [*map(canonicalize_name, projects)] or [*found]
    if strange := [one for one in wanted if one not in found]:
        msg = f"the request has no {strange[0]}"
        raise SubsetError(msg, path=asked.path, next_step=f"choose of {', '.join(found)}")
    notes += [line for project in found if project in wanted for line in joins.get(project, ())]
    return {project: [*lines.values()] for project, lines in found.items() if project in wanted}


def _written_machine(asked: Requested, texts: Texts, name: str, file: Path) -> Iterator[str]:
    """
    Write the machine of a request as a target; yield a sentence if it is one already.

    :raises SubsetError: the request does not describe it, or another machine has that name.
    """
    if asked.machine is None or asked.description is None:
        msg = "the request does not describe its machine"
        raise SubsetError(msg, path=file, next_step=f"name its system, as in `pypi-subset add --target {name}=rhel-9`")
    known = {one.name: one for one in read_subset(texts.root).targets}
    if name in known:
        if fits(asked.machine, known[name]):
            yield f"{SETTINGS} has the target {name} already"
            return
        msg = f"the target {name} is another machine: {known[name].tag}"
        raise SubsetError(msg, target=name, next_step=f"choose another name; the request is about {asked.machine.tag}")
    place = texts.root / f"{name}.json"
    text = json.dumps(asked.description, indent=1, sort_keys=True) + "\n"
    if texts.of(place) not in {"", text}:
        msg = "another file has the name of the description"
        raise SubsetError(msg, path=place, next_step="choose another name with `--target`, or move that file away")
    texts.set(place, text)
    settings = Settings(text=texts.of(texts.settings), name=str(texts.settings))
    texts.set(texts.settings, settings.with_target(name, place.name, ""))
