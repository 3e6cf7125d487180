"""Reading ``requirements/``: its ``*.txt``, ``subset.toml`` and what that names become a `Subset`; all faults come at once."""

from __future__ import annotations

import errno
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.errors import Fault, InputFaults, TargetError
from pypi_subset.model.policy import today
from pypi_subset.model.requests import Job, Request, RequirementSet, Subset
from pypi_subset.support import bounds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pypi_subset.model.targets import Target
    from pypi_subset.requirements.lines.requirements_txt import Line
    from pypi_subset.requirements.toml import Settings

from pypi_subset.requirements.documents import is_text, read_source
from pypi_subset.requirements.lines.requirements_txt import Entry, Include, Setting, read_file
from pypi_subset.requirements.places import Places, places_of
from pypi_subset.requirements.policy import read_accepted, read_policy, read_strict_imports
from pypi_subset.requirements.reach import NOWHERE, Reach
from pypi_subset.requirements.source import Source
from pypi_subset.requirements.subset_toml import (
    EXAMPLE,
    NAME,
    SETTINGS,
    Choice,
    name_fault,
    read_choices,
    read_outside,
    read_settings,
    read_targets,
)
from pypi_subset.targets.named_systems import is_named, tag_of
from pypi_subset.targets.tag import parse


def read_subset(root: Path, reach: Reach = NOWHERE, *, day: str = "") -> Subset:
    """
    Return everything that the folder *root* asks for.

    :param reach: what pip is configured for; without it, files may name any index.
    :param day: the date in UTC on which acceptances must hold, ``YYYY-MM-DD``; ``""`` for today.
    :raises InputFaults: with all faults of all files, in the order of paths and lines.
    """
    faults: list[Fault] = []
    _require_directory(root)
    # As in a shell, a leading dot hides a file: editors leave such things.
    paths = {path.stem: path for path in sorted(root.glob("*.txt")) if not path.name.startswith(".")}
    settings = read_settings(root / SETTINGS, faults)
    targets = read_targets(settings, faults)
    choices = read_choices(settings, targets, paths, faults)
    policy = read_policy(settings, faults)
    accepted = read_accepted(settings, targets, day or today(), faults)
    strict = read_strict_imports(settings, faults)
    good = {name: target for name, target in targets.items() if target}
    sources = [one.source for one in choices.values() if one.source]
    places = places_of(root).with_sources(root, sources, read_outside(settings, faults))
    outside = _Outside(places=places, reach=reach)
    files = _read_sets(paths, settings, choices, tuple(targets), outside, faults)
    sets = tuple(sorted([*files, *_read_documents(settings, choices, good, outside, faults)], key=lambda one: one.name))
    # A set that is described wrongly is a set all the same, and has its own fault.
    if not paths and not choices:
        step = "write one with a line such as 'pandas', for example base.txt"
        faults.append(Fault(what="no requirements file (*.txt) in the folder", path=root, next_step=step))
    if faults:
        told = dict.fromkeys(map(places.shown, faults))
        raise InputFaults(sorted(told, key=lambda fault: (str(fault.path), fault.line or 0)))
    jobs = tuple(Job(requirement_set=one, target=good[name]) for one in sets for name in one.targets)
    return Subset(
        root=root,
        sets=sets,
        targets=tuple(good.values()),
        jobs=jobs,
        policy=policy,
        accepted=accepted,
        strict_imports=strict,
    )


def _require_directory(root: Path) -> None:
    try:
        found = stat.S_ISDIR(root.stat().st_mode)
    except (OSError, ValueError) as error:
        if getattr(error, "errno", None) not in {errno.ENOENT, errno.ENOTDIR}:
            what = getattr(error, "strerror", None) or str(error)
            raise InputFaults([Fault(what=what, path=root, next_step="name another directory")]) from error
        found = False
    if not found:
        step = "create it, with a base.txt that says 'pandas' and a subset.toml that says:"
        raise InputFaults([Fault(what="no such folder", path=root, next_step=step, excerpt=EXAMPLE)])


def find_target(name: str, python: str | None, root: Path) -> Target:
    """
    Return the target that *name* means: one of ``subset.toml``, a system by its name, or what a tag says.

    :param python: another Python version than that of the system or tag.
    :param root: the folder of requirements, which need not be there.
    :raises InputFaults: ``subset.toml`` has mistakes.
    :raises TargetError: it means nothing.
    """
    faults: list[Fault] = []
    is_tag = re.match(r"(cp|pp|py)\d", name)
    if (root / SETTINGS).is_file() and (python is None or not (is_tag or is_named(name))):
        found = read_targets(read_settings(root / SETTINGS, faults), faults)
        if name in found:
            if python is not None:
                msg = f"{name} is a target of {SETTINGS}, and has its Python from there"
                raise TargetError(msg, target=name, next_step="leave PY out, or name its system or its tag")
            if (target := found[name]) is not None:
                return target
            raise InputFaults([*map(places_of(root).shown, faults)])
    if not is_tag:
        try:
            tag, version = tag_of(name, name, python)
        except TargetError as error:
            step = error.next_step if python or error.nearest else f"as in `make target NAME={name} PY=3.12`"
            raise TargetError(error.what, target=name, next_step=step) from error
        return parse(name, tag, version)
    return parse(name, name, python)


@dataclass(frozen=True, kw_only=True, slots=True)
class _File:
    """What stands in a file, or why it cannot be opened, and what is to be done then."""

    entries: tuple[Entry, ...] = ()
    closed: str = ""
    step: str = ""


_Files = dict[Path, _File]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Outside:
    """Where files may stand, and what they may refer to."""

    places: Places
    reach: Reach


def _read_sets(
    paths: Mapping[str, Path],
    settings: Settings,
    choices: Mapping[str, Choice],
    targets: tuple[str, ...],
    outside: _Outside,
    faults: list[Fault],
) -> Iterator[RequirementSet]:
    """Yield the sets that are requirements files; *choices* and else *targets* say which targets they serve."""
    files: _Files = {}
    texts = [(name, one.source) for name, one in choices.items() if one.source and is_text(one.source)]
    for path in (*paths.values(), *(source for _, source in texts)):
        _load(path, files, outside, faults, ())
    closed = [(path, file) for path in paths.values() if (file := files[_key(path)]).closed]
    step = "see that it is a readable file"
    faults += [Fault(what=file.closed, path=path, next_step=file.step or step) for path, file in closed]
    for name, path in texts:
        if (file := files[_key(path)]).closed:
            step = file.step or "mend the path"
            faults.append(settings.fault(f"{path}: {file.closed}", "sets", name, "source", next_step=step))
    entries = (entry for file in files.values() for entry in file.entries)
    included = {_key(entry.path) for entry in entries if isinstance(entry, Include)}
    for name, path in paths.items():
        if name in choices or _key(path) not in included:
            if not NAME.fullmatch(name):
                what, better = name_fault(name)
                faults.append(Fault(what=what, path=path, next_step=f"rename the file, for example to {better}.txt"))
            yield _read_set(name, path, files, choices[name].targets if name in choices else targets, faults)
    for name, path in texts:
        yield _read_set(name, path, files, choices[name].targets, faults)


def _read_documents(
    settings: Settings,
    choices: Mapping[str, Choice],
    targets: Mapping[str, Target],
    outside: _Outside,
    faults: list[Fault],
) -> Iterator[RequirementSet]:
    for name, choice in choices.items():
        if choice.source and not is_text(choice.source):
            what, step = outside.places.refusal(choice.source)
            if what:
                faults.append(settings.fault(f"{choice.source}: {what}", "sets", name, "source", next_step=step))
                continue
            served = tuple(targets[target] for target in choice.targets if target in targets)
            source = Source(
                set_name=name,
                path=choice.source,
                choice=choice,
                targets=served,
                settings=settings,
                places=outside.places,
                reach=outside.reach,
            )
            yield read_source(source, faults)


def _read_set(name: str, path: Path, files: _Files, targets: tuple[str, ...], faults: list[Fault]) -> RequirementSet:
    seen = {(_key(path), False)}
    walked = list(_walk(_key(path), files, seen, constraint=False))
    both = [(one, limits) for one, limits in walked if isinstance(one, Request)]
    requests, constraints = (tuple(one for one, limits in both if limits is kind) for kind in (False, True))
    said = {one.name: one.line for one, _ in walked if isinstance(one, Setting)}
    faults.extend(_unhashed(requests, said))
    for request in constraints:
        if request.requirement.extras:
            what = f"a constraint has no extras, {request.requirement.name!r} has"
            faults.append(Fault(what=what, path=request.path, line=request.line, next_step="drop the brackets"))
    # A file with faults alone has its own errors, and so has one that cannot be read.
    known = not files[_key(path)].closed
    if known and not requests and not {_key(fault.path) for fault in faults if fault.path} & {one for one, _ in seen}:
        step = "add a requirement, or remove the file"
        faults.append(Fault(what=f"the set {name!r} asks for nothing", path=path, next_step=step))
    return RequirementSet(
        name=name, path=path, requests=requests, constraints=constraints, targets=targets, pre="--pre" in said
    )


def _unhashed(requests: Iterable[Request], said: Mapping[str, Line]) -> Iterator[Fault]:
    """Yield a fault for the first request without a hash, if a line asks for hashes; pip asks for those of all others."""
    line, bare = said.get("--require-hashes"), next((one for one in requests if not one.hashes), None)
    if line is not None and bare is not None:
        what = f"{bare.requirement.name} has no hash, and {line.path.name}:{line.number} says --require-hashes"
        step = "add --hash=sha256:…, as `uv pip compile --generate-hashes` does, or remove that line"
        yield Fault(what=what, path=bare.path, line=bare.line, next_step=step)


def _walk(
    key: Path, files: _Files, seen: set[tuple[Path, bool]], *, constraint: bool
) -> Iterator[tuple[Request | Setting, bool]]:
    """Yield what a file and all below it say, each with whether it is a constraint; no file twice."""
    for entry in files[key].entries:
        if isinstance(entry, Request | Setting):
            yield entry, constraint
        elif (step := (_key(entry.path), entry.constraint)) not in seen:
            seen.add(step)
            # As in pip, what counts is the last option on the way: -r in a file of constraints makes requests.
            yield from _walk(step[0], files, seen, constraint=entry.constraint)


def _load(path: Path, files: _Files, outside: _Outside, faults: list[Fault], above: tuple[Include, ...]) -> None:
    """Read the file at *path* and all that it includes into *files*; *above* are the lines that led here."""
    key = _key(path)
    if key in files:
        return
    what, step = outside.places.refusal(path)
    if what:
        files[key] = _File(closed=what, step=step)
        return
    if many := _too_many(files, above):
        files[key] = _File(closed=many)
        return
    try:
        found = list(read_file(path, outside.reach))
    except (OSError, ValueError) as error:
        files[key] = _File(closed=getattr(error, "strerror", None) or str(error))
        return
    faults.extend(entry for entry in found if isinstance(entry, Fault))
    files[key] = _File(entries=tuple(entry for entry in found if not isinstance(entry, Fault)))
    for entry in files[key].entries:
        if isinstance(entry, Include):
            included, way = _key(entry.path), [_key(one.line.path) for one in (*above, entry)]
            if included in way:
                names = " -> ".join(one.name for one in [*way[way.index(included) :], included])
                faults.append(entry.line.fault(f"the file includes itself: {names}", "remove one of these lines"))
            _load(entry.path, files, outside, faults, (*above, entry))
            if (file := files[included]).closed:
                faults.append(entry.line.fault(f"{entry.path}: {file.closed}", file.step or "mend the path"))


def _too_many(files: _Files, above: tuple[Include, ...]) -> str:
    """Return why no further file is read, ``""`` if one may be."""
    if len(above) > bounds.DEEPEST_INCLUDE:
        return f"more than {bounds.DEEPEST_INCLUDE} files that include each other"
    if len(files) >= bounds.MOST_FILES:
        return f"more than {bounds.MOST_FILES:,} files"
    if sum(len(file.entries) for file in files.values()) > bounds.MOST_REQUESTS:
        return f"more than {bounds.MOST_REQUESTS:,} lines together"
    return ""


def _key(path: Path) -> Path:
    """Return the one path of a file, however it was spelt."""
    return Path(os.path.normpath(path.absolute()))
