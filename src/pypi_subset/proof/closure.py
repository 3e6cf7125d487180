"""Walking what was installed: is everything there that its metadata asks for, and nothing else."""

from __future__ import annotations

import re
from collections import Counter, deque
from dataclasses import dataclass, replace
from importlib.metadata import PathDistribution
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from pypi_subset.errors import ProofFailed
from pypi_subset.model.closures.closure import Step
from pypi_subset.proof.reference.markers import holds, known
from pypi_subset.support import bounds
from pypi_subset.support.text import has_long_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from pypi_subset.model.requests import Request


@dataclass(frozen=True, kw_only=True, slots=True)
class Present:
    """One distribution on disk, as its METADATA describes it."""

    project: NormalizedName
    version: str
    requires: tuple[Requirement, ...]
    requires_python: SpecifierSet
    #: The paths of its RECORD, relative to the directory it is in.
    files: tuple[str, ...]
    #: The names of its console scripts, as far as they need no extra.
    scripts: tuple[str, ...] = ()
    #: The extras that are asked of it, if that is known.
    asked: frozenset[str] = frozenset()
    #: The values of Import-Name and Import-Namespace (PEP 794), ``None`` where METADATA has no such field.
    import_names: tuple[str, ...] | None = None
    import_namespaces: tuple[str, ...] | None = None
    #: Group and module of each entry point.
    entry_points: tuple[tuple[str, str], ...] = ()
    #: The extras that it provides, normalized.
    extras: frozenset[str] = frozenset()
    #: The directory that its paths are relative to, ``None`` where it is not installed.
    library: Path | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Walk:
    """
    What requests and metadata ask for.

    :param missing: one sentence for each requirement that what is there does not answer.
    :param seen: all projects that are asked for, each once for itself, with ``""``, and, if it is there, for each extra.
    :param steps: the requirements between projects that are there.
    """

    missing: list[str]
    seen: set[tuple[NormalizedName, str]]
    steps: set[Step]


@dataclass(frozen=True, kw_only=True, slots=True)
class Declared:
    """
    The declared closure: what requests and metadata ask for, by markers and asked extras, held against what is there.

    :param present: what is there, each with the extras asked of it.
    :param absent: the projects that are asked for and are not there, sorted.
    """

    present: tuple[Present, ...]
    absent: tuple[NormalizedName, ...] = ()

    @property
    def projects(self) -> frozenset[str]:
        """The names of all projects that are there or asked for."""
        return frozenset([*(one.project for one in self.present), *self.absent])


def present_in(folders: Iterable[Path]) -> tuple[Present, ...]:
    """Return the distributions that lie in *folders*, sorted by project."""
    found = [_read(path) for folder in folders for path in folder.glob("*.dist-info")]
    return tuple(sorted(found, key=lambda one: (one.project, one.version)))


def gaps(
    present: Sequence[Present],
    requests: Sequence[Request],
    environment: Mapping[str, str],
    target: str,
    brought: Mapping[str, str] | None = None,
) -> tuple[str, ...]:
    """
    Return one sentence for each thing that is wrong with *present* on a machine with *environment*, empty if nothing.

    Wrong is: a requirement, of a request or of a distribution with the extras asked of it, that nothing or another
    version answers; a distribution that wants another Python; two versions of one project; one that nothing requires.

    :param environment: marker values; recorded ones, where the machine is another.
    :param target: the target's name, for the sentences.
    :param brought: project → version of the distributions that the target's interpreter includes.
    """
    walked = walk(present, requests, environment, target, brought)
    reached = {name for name, _ in walked.seen}
    # pip compares Requires-Python with the three numbers alone, also of a pre-release.
    version = ".".join(re.findall("[0-9]+", environment["python_full_version"])[:3])
    counted = Counter(one.project for one in present)
    found = [f"{name} is installed more than once on {target}" for name, count in counted.items() if count > 1]
    found += walked.missing
    found += [
        f"{one.project} {one.version} needs Python {one.requires_python}, and {target} has {version}"
        for one in present
        if one.project in reached and not one.requires_python.contains(version, prereleases=True)
    ]
    found += [
        f"{one.project} {one.version} was installed on {target}, but nothing there asks for it"
        for one in present
        if one.project not in reached
    ]
    return tuple(dict.fromkeys(found))


def walk(
    present: Sequence[Present],
    requests: Sequence[Request],
    environment: Mapping[str, str],
    target: str,
    brought: Mapping[str, str] | None = None,
) -> Walk:
    """
    Return what *requests*, and the metadata of *present*, ask for on a machine with *environment*.

    :raises ProofFailed: a marker depends on a value that *environment* leaves open.
    """
    by_name = {one.project: one for one in present}
    found: list[str] = []
    seen: set[tuple[NormalizedName, str]] = set()
    steps: set[Step] = set()
    undecided: list[tuple[NormalizedName, Requirement]] = []
    waiting = deque((NormalizedName(""), f"requested by {one.origin}", one.requirement, "") for one in requests)
    while waiting:
        owner, who, requirement, asked = waiting.popleft()
        truth = known(requirement.marker, environment, [asked])
        if not truth:
            undecided += [(owner, requirement)] * (truth is None)
            continue
        name = canonicalize_name(requirement.name)
        answer = by_name.get(name)
        sentence = f"({who} on {target}: {plain(requirement)})"
        if answer is None:
            own = (brought or {}).get(name)
            if own is not None and requirement.specifier.contains(own, prereleases=True):
                continue
            seen.add((name, ""))
            found.append(
                f"{name} {sentence} is not in the subset" + (f", and the interpreter brings {own}" if own else "")
            )
            continue
        if not requirement.specifier.contains(answer.version, prereleases=True):
            found.append(f"{name} {sentence} is there as {answer.version}")
        # With an extra, a project still requires what it requires without any.
        alone = not asked or known(requirement.marker, environment)
        steps.add(Step(owner, "" if alone else asked, name))
        extras = {canonicalize_name(extra) for extra in requirement.extras}
        for extra in sorted({"", *extras} - {extra for project, extra in seen if project == name}):
            seen.add((name, extra))
            by = f"needed by {name} {answer.version}"
            waiting.extend((name, by, each, extra) for each in answer.requires)
    for owner, requirement in undecided:
        # Another extra may have decided it.
        holds(requirement.marker, environment, [extra for project, extra in seen if project == owner])
    return Walk(missing=found, seen=seen, steps=steps)


def declared(
    present: Sequence[Present],
    requests: Sequence[Request],
    environment: Mapping[str, str],
    target: str,
    brought: Mapping[str, str] | None = None,
) -> Declared:
    """Return the declared closure of *requests*, held against *present* and what the interpreter *brought*."""
    seen = walk(present, requests, environment, target, brought).seen
    there = {one.project for one in present}
    return Declared(
        present=tuple(
            replace(one, asked=frozenset(extra for name, extra in seen if extra and name == one.project))
            for one in present
        ),
        absent=tuple(sorted({name for name, _ in seen} - there)),
    )


def plain(requirement: Requirement) -> str:
    """Return *requirement* as it stands in a sentence."""
    return str(requirement).replace('"', "'")


def _read(path: Path) -> Present:
    distribution = PathDistribution(path)
    metadata, scripts = distribution.metadata, distribution.entry_points.select(group="console_scripts")
    said = [line for field in ("Requires-Dist", "Requires-Python") for line in metadata.get_all(field) or ()]
    if has_long_number(said):
        what = f"a number of more than {bounds.LONGEST_NUMBER} digits"
        msg = f"the METADATA of {metadata['Name']} {metadata['Version']} cannot be read: {what}"
        raise ProofFailed(msg)
    try:
        return Present(
            project=canonicalize_name(metadata["Name"]),
            version=metadata["Version"],
            requires=tuple(Requirement(line) for line in metadata.get_all("Requires-Dist") or ()),
            requires_python=SpecifierSet(",".join(metadata.get_all("Requires-Python") or ())),
            files=tuple(file.as_posix() for file in distribution.files or ()),
            # One that needs an extra (``name = module:function [extra]``) runs only with it.
            scripts=tuple(sorted(one.name for one in scripts if "[" not in one.value)),
            import_names=_values(metadata.get_all("Import-Name")),
            import_namespaces=_values(metadata.get_all("Import-Namespace")),
            entry_points=tuple(sorted({(one.group, _module(one.value)) for one in distribution.entry_points})),
            extras=frozenset(map(canonicalize_name, metadata.get_all("Provides-Extra") or ())),
            library=path.parent,
        )
    except (InvalidRequirement, InvalidSpecifier, RecursionError) as error:
        msg = f"the METADATA of {metadata['Name']} {metadata['Version']} cannot be read: {error}"
        raise ProofFailed(msg) from error


def _values(lines: Sequence[object] | None) -> tuple[str, ...] | None:
    return None if lines is None else tuple(map(str, lines))


def _module(value: str) -> str:
    """Return the module of an entry point: ``a.b`` of ``a.b:c [extra]``."""
    return value.partition("[")[0].partition(":")[0].strip()
