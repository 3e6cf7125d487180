"""
``site/manifest.json``: what the site holds, for which target, and which requirement led to each file.

Its form is fixed by ``schemas/manifest.schema.json``. It holds no clock and no path of the machine that made it.
"""

from __future__ import annotations

import difflib
import json
from collections import defaultdict
from typing import TYPE_CHECKING, NoReturn, TypedDict, cast

from packaging.utils import canonicalize_name

from pypi_subset.errors import SubsetError
from pypi_subset.locks.why import chains
from pypi_subset.model.targets import KERNEL_MARKERS
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from pypi_subset.model.distributions import Artifact, Project
    from pypi_subset.model.locks import Lock
    from pypi_subset.model.policy import BadFile
    from pypi_subset.model.requests import RequirementSet, Subset
    from pypi_subset.model.targets import Target


#: The number of the form; a reader refuses a higher one.
SCHEMA = 1


class Link(TypedDict):
    """One requirement of a chain; `by` is ``""`` and `origin` is set for the request that it starts with."""

    requirement: str
    by: str
    origin: str


class Need(TypedDict):
    """One (set, target) pair that needs a file, and the shortest chain of requirements that led to it."""

    set: str
    target: str
    chain: list[Link]


class File(TypedDict):
    """One distribution; `path` is relative to the site, `metadata` the SHA-256 of what lies beside a wheel."""

    filename: str
    path: str
    project: str
    version: str
    size: int
    sha256: str
    requires_python: str | None
    metadata: str | None
    needed_by: list[Need]


class TargetEntry(TypedDict):
    """One target with its marker values; of the host, those that its kernel decides are left out."""

    name: str
    tag: str
    python: str
    markers: dict[str, str]
    digest: str


class RequestEntry(TypedDict):
    """One requested line, and where it stands."""

    requirement: str
    origin: str


class SetEntry(TypedDict):
    """One set: what it asks for, and for which targets."""

    name: str
    requests: list[RequestEntry]
    targets: list[str]


class BadFileEntry(TypedDict):
    """One file that the site was left without, or that lay in ``packages/`` and is none."""

    filename: str
    reason: str
    action: str


class _Added(TypedDict, total=False):
    """What a manifest may lack: a list that came later than the rest, and what stands in published copies alone."""

    bad_files: list[BadFileEntry]
    unproven: bool


class Manifest(_Added):
    """The whole document; `unproven` is set where it was published without a green report about these bytes."""

    # Not by NotRequired: written as text, as annotations are here, the class would not know it from a required key.
    schema: int
    targets: list[TargetEntry]
    sets: list[SetEntry]
    files: list[File]
    pages: dict[str, str]


def render(
    subset: Subset,
    locks: Sequence[Lock],
    projects: Sequence[Project],
    bad: Sequence[BadFile] = (),
    *,
    pages: Mapping[str, str] | None = None,
) -> bytes:
    """
    Return the bytes of the manifest: the same site, the same bytes.

    :raises LockError: a lock lists a file that nothing requires.
    """
    document = manifest_of(subset, locks, projects, bad, pages=pages)
    return f"{json.dumps(document, indent=1, ensure_ascii=False)}\n".encode()


def manifest_of(
    subset: Subset,
    locks: Sequence[Lock],
    projects: Sequence[Project],
    bad: Sequence[BadFile] = (),
    *,
    pages: Mapping[str, str] | None = None,
) -> Manifest:
    """
    Return the manifest of a site, everything sorted by name.

    :param pages: SHA-256 of everything else in the site, by its path below it.
    :raises LockError: a lock lists a file that nothing requires.
    """
    targets = {target.name: target for target in subset.targets}
    needs: defaultdict[str, list[Need]] = defaultdict(list)
    for lock in sorted(locks, key=lambda one: (one.set_name, one.target_name)):
        for filename, chain in chains(lock, targets[lock.target_name]).items():
            links = [Link(requirement=step.text, by=step.by, origin=step.origin) for step in chain]
            needs[filename].append(Need(set=lock.set_name, target=lock.target_name, chain=links))
    entries = [_file(project, artifact, needs) for project in projects for artifact in project.artifacts]
    return Manifest(
        schema=SCHEMA,
        targets=sorted(map(_target, subset.targets), key=lambda entry: entry["name"]),
        sets=sorted(map(_set, subset.sets), key=lambda entry: entry["name"]),
        files=sorted(entries, key=lambda entry: entry["path"]),
        pages=dict(sorted((pages or {}).items())),
        bad_files=[BadFileEntry(filename=one.filename, reason=one.reason, action=one.action) for one in bad],
    )


def read(path: Path) -> Manifest:
    """
    Return the manifest at *path*.

    :raises SubsetError: there is none, it is damaged, or a newer version wrote it.
    """
    if not path.is_file():
        msg = "there is no manifest: nothing is mirrored yet"
        raise SubsetError(msg, path=path, next_step="run `make mirror`")
    with files.folder_errors(path):
        data = path.read_bytes()
    try:
        document = json.loads(data)
    except ValueError as error:
        msg = "the manifest is damaged"
        raise SubsetError(msg, path=path, next_step="run `make mirror`") from error
    schema = document.get("schema") if isinstance(document, dict) else None
    if schema != SCHEMA:
        msg = f"the manifest has schema {schema!r}, and this version reads {SCHEMA}"
        raise SubsetError(msg, path=path, next_step="run `make mirror`, or use the version that wrote it")
    if not Manifest.__required_keys__ <= document.keys():
        msg = "the manifest is damaged"
        raise SubsetError(msg, path=path, next_step="delete it and run `make mirror`")
    return cast("Manifest", document)


def why(manifest: Manifest, project: str, target: str | None = None) -> tuple[str, ...]:
    """
    Return one line for each (file, set, target) of *project*: release, who needs it, and the chain of requirements.

    :param target: the name of one target, or ``None`` for all.
    :raises SubsetError: the site does not hold the project, or the target is unknown; the nearest names are given.
    """
    name = canonicalize_name(project)
    held = [entry for entry in manifest["files"] if entry["project"] == name]
    if not held:
        _refuse("the site holds no project", name, {entry["project"] for entry in manifest["files"]})
    targets = {entry["name"] for entry in manifest["targets"]}
    if target is not None and target not in targets:
        _refuse("there is no target", target, targets)
    needs = [(entry, need) for entry in held for need in entry["needed_by"]]
    lines = [_line(entry, need) for entry, need in needs if target in {None, need["target"]}]
    elsewhere = ", ".join(sorted({need["target"] for _, need in needs}))
    return tuple(lines or [f"{name}: not needed on {target}; needed on {elsewhere}"])


def _file(project: Project, artifact: Artifact, needs: Mapping[str, list[Need]]) -> File:
    distribution = artifact.distribution
    return File(
        filename=distribution.filename,
        path=f"simple/{project.name}/{distribution.filename}",
        project=project.name,
        version=str(distribution.version),
        # An artifact's size and hash are known: its file was read.
        size=cast("int", distribution.size),
        sha256=cast("str", distribution.sha256),
        requires_python=distribution.requires_python,
        metadata=artifact.metadata,
        needed_by=list(needs.get(distribution.filename, ())),
    )


def _target(target: Target) -> TargetEntry:
    # A kernel update must not change the site: the digest leaves these two out for the same reason.
    left_out = KERNEL_MARKERS if target.host else ()
    return TargetEntry(
        name=target.name,
        tag=target.tag,
        python=".".join(map(str, target.python)),
        markers={name: value for name, value in sorted(target.markers) if name not in left_out},
        digest=target.digest,
    )


def _set(requirement_set: RequirementSet) -> SetEntry:
    requests = [RequestEntry(requirement=str(one.requirement), origin=one.origin) for one in requirement_set.requests]
    return SetEntry(name=requirement_set.name, requests=requests, targets=list(requirement_set.targets))


def _line(entry: File, need: Need) -> str:
    first, *rest = need["chain"]
    path = " -> ".join([f"{first['origin']} {first['requirement']}", *(step["requirement"] for step in rest)])
    return f"{entry['project']} {entry['version']} ({need['target']}, {need['set']}): {path}"


def _refuse(what: str, name: str, known: Iterable[str]) -> NoReturn:
    """Raise an error that says that *name* is unknown, and what comes near."""
    near = difflib.get_close_matches(name, sorted(known), n=3)
    hint = f"did you mean {' or '.join(map(repr, near))}?" if near else "see `site/index.html` for what there is"
    msg = f"{what} {name!r}"
    raise SubsetError(msg, next_step=hint)
