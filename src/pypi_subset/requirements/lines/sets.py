"""Sets that are requirements files, each read once with all that it includes; a fault has the line that led to it."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.errors import Fault, SubsetError
from pypi_subset.model.requests import Document, Request, RequirementSet
from pypi_subset.requirements.lines.requirements_txt import Entry, Include, Setting, read_file
from pypi_subset.requirements.source import Notice, is_text
from pypi_subset.requirements.toml import is_name, name_fault
from pypi_subset.support import bounds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pypi_subset.requirements.lines.requirements_txt import Line
    from pypi_subset.requirements.places import Places
    from pypi_subset.requirements.reach import Reach
    from pypi_subset.requirements.subset_toml import Choice
    from pypi_subset.requirements.toml import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class _File:
    """The entries of a file, or why it cannot be opened, and the next step."""

    entries: tuple[Entry, ...] = ()
    closed: str = ""
    step: str = ""


_Files = dict[Path, _File]


@dataclass(frozen=True, kw_only=True, slots=True)
class Outside:
    """Which files may be read, and what they may refer to."""

    places: Places
    reach: Reach


def read_sets(
    paths: Mapping[str, Path],
    settings: Settings,
    choices: Mapping[str, Choice],
    targets: tuple[str, ...],
    outside: Outside,
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
            if not is_name(name):
                what, better = name_fault(name)
                faults.append(Fault(what=what, path=path, next_step=f"rename the file, for example to {better}.txt"))
            yield _read_set(name, path, files, choices[name].targets if name in choices else targets, faults)
    for name, path in texts:
        yield _read_set(name, path, files, choices[name].targets, faults)


def _read_set(name: str, path: Path, files: _Files, targets: tuple[str, ...], faults: list[Fault]) -> RequirementSet:
    seen = {(_key(path), False)}
    walked = list(_walk(_key(path), files, seen, constraint=False))
    both = [(one, limits) for one, limits in walked if isinstance(one, Request)]
    requests, constraints = (tuple(one for one, limits in both if limits is kind) for kind in (False, True))
    fetched = {one.url: one.document for one, _ in walked if isinstance(one, Include) and one.document}
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
        name=name,
        path=path,
        requests=requests,
        constraints=constraints,
        targets=targets,
        pre="--pre" in said,
        fetched=tuple(fetched[url] for url in sorted(fetched)),
        notices=tuple(one.text for one, _ in walked if isinstance(one, Notice)),
    )


def _unhashed(requests: Iterable[Request], said: Mapping[str, Line]) -> Iterator[Fault]:
    """Yield a fault for the first request without a hash, if a line asks for hashes; pip asks for those of all others."""
    line, bare = said.get("--require-hashes"), next((one for one in requests if not one.hashes), None)
    if line is not None and bare is not None:
        what = f"{bare.requirement.name} has no hash, and {line.path.name}:{line.number} says --require-hashes"
        step = "add --hash=sha256:…, as `uv pip compile --generate-hashes` does, or remove that line"
        yield Fault(what=what, path=bare.path, line=bare.line, next_step=step)


def _walk(key: Path, files: _Files, seen: set[tuple[Path, bool]], *, constraint: bool) -> Iterator[tuple[Entry, bool]]:
    """Yield what a file and all below it say, each with whether it is a constraint; no file twice."""
    for entry in files[key].entries:
        if isinstance(entry, Request | Setting | Notice):
            yield entry, constraint
        elif (step := (_key(entry.path), entry.constraint)) not in seen:
            seen.add(step)
            yield entry, constraint
            # As in pip, what counts is the last option on the way: -r in a file of constraints makes requests.
            yield from _walk(step[0], files, seen, constraint=entry.constraint)


def _load(path: Path, files: _Files, outside: Outside, faults: list[Fault], above: tuple[Include, ...]) -> None:
    """Read the file at *path* and all that it includes into *files*; *above* are the lines that led here."""
    document = above[-1].document if above else None
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
        read = [*read_file(path, outside.reach, document)]
    except (OSError, ValueError) as error:
        files[key] = _File(closed=getattr(error, "strerror", None) or str(error))
        return
    faults.extend(_shown(entry, document) for entry in read if isinstance(entry, Fault))
    entries = [entry for entry in read if not isinstance(entry, Fault)]
    files[key] = _File(entries=tuple(entries))
    for number, entry in enumerate(entries):
        if isinstance(entry, Include):
            entries[number] = _follow(entry, files, outside, faults, above)
    # Only now it is known where a document is kept that has a URL.
    files[key] = _File(entries=tuple(entries))


def _follow(
    entry: Include, files: _Files, outside: Outside, faults: list[Fault], above: tuple[Include, ...]
) -> Include:
    """Return *entry* with its document, after reading that into *files*."""
    if entry.url:
        entry, closed = _fetched(entry, files, outside.reach, above)
        if closed:
            files[_key(entry.path)] = _File(closed=closed.what)
            faults.append(closed)
            return entry
    included, way = _key(entry.path), [_key(one.line.path) for one in (*above, entry)]
    if included in way:
        names = " -> ".join(one.name for one in [*way[way.index(included) :], included])
        faults.append(entry.line.fault(f"the file includes itself: {names}", "remove one of these lines"))
    _load(entry.path, files, outside, faults, (*above, entry))
    if (file := files[included]).closed:
        faults.append(entry.line.fault(f"{entry.url or entry.path}: {file.closed}", file.step or "mend the path"))
    return entry


def _fetched(entry: Include, files: _Files, reach: Reach, above: tuple[Include, ...]) -> tuple[Include, Fault | None]:
    """Return *entry* with the document at its URL; with why there is none, and a path that no file has."""
    closed = replace(entry, path=Path(entry.url))
    if many := _too_many(files, above):
        return closed, entry.line.fault(many, "copy what is needed into one file")
    if reach.documents is None:
        return closed, entry.line.fault(f"{entry.url} is not read here", "run `pypi-subset mirror`")
    try:
        document = reach.documents(entry.url)
    except SubsetError as error:
        return closed, entry.line.fault(error.what, error.next_step)
    return replace(entry, path=document.path, document=document), None


def _shown(fault: Fault, document: Document | None) -> Fault:
    """Return *fault* without any text of a document that came from a URL: it may be one of another network."""
    if document is None:
        return fault
    step = f"its text is not shown; see {document.url}"
    return replace(fault, what="there is a fault in this document", excerpt=(), next_step=step)


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
    """Return the one path of a file, however it was written."""
    return Path(os.path.normpath(path.absolute()))
