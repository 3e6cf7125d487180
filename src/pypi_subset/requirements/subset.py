"""Reading ``requirements/``: its ``*.txt``, ``subset.toml`` and what that names become a `Subset`; all faults come at once."""

from __future__ import annotations

import difflib
import errno
import re
import stat
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from pypi_subset.errors import Fault, InputFaults, TargetError
from pypi_subset.model.paths import Paths
from pypi_subset.model.policy import today
from pypi_subset.model.requests import Job, Subset

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pypi_subset.model.requests import RequirementSet
    from pypi_subset.model.targets import Target
    from pypi_subset.requirements.toml import Settings

from pypi_subset.requirements import fetched
from pypi_subset.requirements.intake.advisories import read_advisories
from pypi_subset.requirements.intake.bootstrap import read_bootstrap
from pypi_subset.requirements.intake.channels import read_channels
from pypi_subset.requirements.intake.other_files import read_files
from pypi_subset.requirements.intake.policy import read_accepted, read_policy, read_strict_imports
from pypi_subset.requirements.intake.rules import read_rules
from pypi_subset.requirements.intake.sdists import read_sdists
from pypi_subset.requirements.intake.sources import read_sources
from pypi_subset.requirements.lines.sets import Outside, read_sets
from pypi_subset.requirements.places import places_of
from pypi_subset.requirements.reach import NOWHERE, Reach
from pypi_subset.requirements.source import Source, document_beside, is_text, table_of
from pypi_subset.requirements.subset_toml import (
    EXAMPLE,
    SETTINGS,
    Choice,
    init_of,
    read_choices,
    read_outside,
    read_settings,
    read_targets,
)
from pypi_subset.targets.named_systems import is_named, pip_of, tag_of
from pypi_subset.targets.tag import parse


def read_subset(root: Path, reach: Reach = NOWHERE, *, day: str = "") -> Subset:
    """
    Return everything that the directory *root* asks for.

    :param reach: what pip is configured for; without it, files may name any index.
    :param day: the date in UTC on which acceptances must hold, ``YYYY-MM-DD``; ``""`` for today.
    :raises InputFaults: with all faults of all files, in the order of paths and lines; a source without its directory comes last.
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
    build, keep = read_sdists(settings, faults)
    read_channels(settings, faults)
    good = {name: target for name, target in targets.items() if target}
    sources = [one.source for one in choices.values() if one.source]
    places = places_of(root).with_sources(root, sources, read_outside(settings, faults))
    origins = read_sources(settings, targets, places, faults)
    advisories = read_advisories(settings, places, faults)
    rules = read_rules(settings, faults)
    others = read_files(settings, places, faults)
    locks = Paths(requirements=root, packages=root, site=root).locks
    kept = replace(reach, sources=origins, documents=reach.documents or partial(fetched.read, locks))
    outside = Outside(places=places, reach=kept)
    files = read_sets(paths, settings, choices, tuple(targets), outside, faults)
    found = [*files, *_read_documents(settings, choices, good, outside, faults)]
    tools = read_bootstrap(settings, tuple(targets), {one.name for one in found}, faults)
    sets = tuple(sorted([*found, *([tools] if tools else [])], key=lambda one: one.name))
    # A set that is described wrongly is a set all the same, and has its own fault.
    if not paths and not choices:
        first = "`pypi-subset add pandas`" if settings.path.is_file() else init_of(root, "pandas")
        step = f"{first} writes base.txt; or write [sets.app] with source = '../uv.lock' to mirror a project as it is locked"
        faults.append(Fault(what="no requirements file (*.txt) in the directory", path=root, next_step=step))
    if faults:
        shown = dict.fromkeys(map(places.shown, faults))
        raise InputFaults(sorted(shown, key=lambda fault: (fault.is_last, str(fault.path), fault.line or 0)))
    jobs = tuple(Job(requirement_set=one, target=good[name]) for one in sets for name in one.targets)
    return Subset(
        root=root,
        sets=sets,
        targets=tuple(good.values()),
        jobs=jobs,
        policy=policy,
        accepted=accepted,
        advisories=advisories,
        rules=rules,
        strict_imports=strict,
        sources=origins,
        build=build,
        keep=keep,
        other_files=others,
    )


def _require_directory(root: Path) -> None:
    try:
        found = stat.S_ISDIR(root.stat().st_mode)
    except (OSError, ValueError) as error:
        if getattr(error, "errno", None) not in {errno.ENOENT, errno.ENOTDIR}:
            what = getattr(error, "strerror", None) or str(error)
            raise InputFaults([Fault(what=what, path=root, next_step="name another directory")]) from error
        found = False
    if root.exists() and not found:
        step = "move it away, or name another directory by `--requirements`"
        raise InputFaults([Fault(what="a file is in the place of the directory", path=root, next_step=step)])
    if not found:
        example: tuple[str, ...] = EXAMPLE
        step = f"{init_of(root, 'pandas')} makes it, with a subset.toml that says:"
        if name := document_beside(root):
            step = f"{init_of(root)} makes it; for a set as in {name}, its subset.toml says:"
            example = (*EXAMPLE, *table_of(name))
        raise InputFaults([Fault(what="no such directory", path=root, next_step=step, excerpt=example)])


def find_target(name: str, python: str | None, root: Path) -> Target:
    """
    Return the target that *name* means: one of ``subset.toml``, a system by its name, or what a tag says.

    :param python: another Python version than that of the system or tag.
    :param root: the directory of requirements, which need not be there.
    :raises InputFaults: ``subset.toml`` has mistakes.
    :raises TargetError: it means nothing.
    """
    faults: list[Fault] = []
    own: list[str] = []
    is_tag = re.match(r"(cp|pp|py)\d", name)
    if (root / SETTINGS).is_file() and (python is None or not (is_tag or is_named(name))):
        found = read_targets(read_settings(root / SETTINGS, faults), faults)
        if name in found:
            if python is not None:
                msg = f"{name} is a target of {SETTINGS}, and has its Python from there"
                raise TargetError(msg, target=name, next_step="leave `--python` out, or name its system or its tag")
            if (target := found[name]) is not None:
                return target
            raise InputFaults([*map(places_of(root).shown, faults)])
        own = difflib.get_close_matches(name, found)
    if not is_tag:
        try:
            tag, version = tag_of(name, name, python)
        except TargetError as error:
            if own:
                msg = f"{SETTINGS} has no target {name!r}"
                step = "`pypi-subset targets` lists the systems"
                raise TargetError(msg, nearest=own, target=name, next_step=step) from error
            step = error.next_step if python or error.nearest else f"as in `pypi-subset target {name} --python 3.12`"
            raise TargetError(error.what, target=name, next_step=step) from error
        return replace(parse(name, tag, version), system_pip=pip_of(name, python))
    return parse(name, name, python)


def _read_documents(
    settings: Settings,
    choices: Mapping[str, Choice],
    targets: Mapping[str, Target],
    outside: Outside,
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
            # Few sets are documents, and their readers take long to load.
            from pypi_subset.requirements.documents import read_source  # noqa: PLC0415

            yield read_source(source, faults)
