"""Candidates compared with what an index promised about them, and with each other."""

from __future__ import annotations

import contextlib
import hashlib
import heapq
import re
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from msgspec import structs

from pypi_subset.distributions.metadata import check_metadata
from pypi_subset.errors import BadDistribution, HashMismatch, UpstreamError
from pypi_subset.model.candidates import LOCK
from pypi_subset.support import bounds, files
from pypi_subset.upstream.pip_config import local_path, without_credentials
from pypi_subset.upstream.transport.bodies import TooLargeError
from pypi_subset.upstream.transport.replies import START

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from pathlib import Path

    from packaging.tags import Tag
    from packaging.version import Version

    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.distributions import Distribution
    from pypi_subset.model.intake.sources import Source

#: The form of an upload time (PEP 700).
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", re.ASCII)
#: What the text begins with that servers send in place of a file: no archive does.
_TEXTS = {b"<": "a page in HTML", b"{": "a message in JSON", b"[": "a message in JSON"}
#: What to do about a page in place of a file.
LOGIN = "it may want a login: see who may read it, and pip's credentials for it"
_DAMAGED = "try again; if it stays so, the index is damaged, or the file was changed on the way"


class Named:
    """Wants the files *names* alone: the names of others are not even parsed."""

    def __init__(self, names: Collection[str]) -> None:
        self.names = names

    def __call__(self, _version: Version, _tags: frozenset[Tag] | None, _entry: dict[str, Any], /) -> bool:
        """Want each of them."""
        return True


def called(names: Collection[str], candidates: Iterable[Candidate]) -> dict[str, Distribution]:
    """Return those of *candidates* that have one of *names*, by name."""
    return {one.filename: one for one in (each.distribution for each in candidates) if one.filename in names}


def hashed(candidate: Candidate) -> Candidate:
    """Return the candidate of a local file with its hash, for a comparison with another of that name."""
    if candidate.path is None or not candidate.path.is_file():
        return candidate
    hashes = dict(candidate.hashes) | {"sha256": files.sha256_of(candidate.path)}
    return replace(candidate, hashes=tuple(sorted(hashes.items())))


def merge(
    groups: Iterable[tuple[Candidate, ...]], *, left_out: Callable[[Candidate], object] | None = None
) -> tuple[Candidate, ...]:
    """
    Return one candidate for each file name; the first source wins, as the user ordered them.

    If two sources give one name to different bytes, the candidate has that as its fault: no target may take it.

    :param left_out: called with the candidate of the later source, if the first source counts then; ``None`` if it does not.
    """
    merged: dict[str, Candidate] = {}
    for candidate in (candidate for group in groups for candidate in group):
        name = candidate.distribution.filename
        first = merged.setdefault(name, candidate)
        if first is candidate:
            continue
        one, other = dict(first.hashes), dict(candidate.hashes)
        differing = [algorithm for algorithm in sorted(one.keys() & other.keys()) if one[algorithm] != other[algorithm]]
        if left_out is not None:
            if differing:
                left_out(candidate)
            continue
        for algorithm in differing:
            places = f"{one[algorithm]} on {first.source}, {other[algorithm]} on {candidate.source}"
            merged[name] = replace(first, fault=_two_contents(f"{algorithm} {places}", first, candidate))
        if one and other and one.keys().isdisjoint(other):
            merged[name] = replace(first, also=(*first.also, *((*each, candidate.source) for each in candidate.hashes)))
    return tuple(merged.values())


def _two_contents(what: str, first: Candidate, other: Candidate) -> HashMismatch:
    msg = f"{first.distribution.filename} has two contents: {what}"
    return HashMismatch(msg, project=first.distribution.project, next_step=_apart(first, other))


def _apart(first: Candidate, other: Candidate) -> str:
    """Return what ends a conflict of two files of one name: the place of each is the user's."""
    project = first.distribution.project
    # A directory alone can have that line.
    own = [one for one in (first, other) if one.distribution.source]
    named = [one.distribution.source for one in sorted(own, key=lambda one: one.path is None)]
    local = next((one.path for one in (first, other) if one.path is not None), None)
    ways = [
        f"remove {local}" if local else "",
        f"drop only = false of [sources.{named[0]}]: then all of {project} comes from there" if named else "",
        "" if named else "drop one of the two sources from pip's configuration",
        "" if local or named else "write first_source_wins = true below [policy] in subset.toml",
    ]
    return "; or ".join(filter(None, ways))


def wanted(
    kept: Iterable[Candidate], wants: Callable[[Version, frozenset[Tag] | None, dict[str, Any]], bool]
) -> list[Candidate]:
    """Return those of *kept* that are wanted: they have no entry of a page, and so the facts of their lock."""
    known = ((one, one.distribution) for one in kept)
    return [
        one
        for one, facts in known
        if wants(facts.version, one.tags, {"requires-python": facts.requires_python, "yanked": facts.yanked})
    ]


def remote(candidates: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """Return candidates of a remote page without those that name files of this machine."""
    return tuple(
        one for one in candidates if one.fault or (one.distribution.url or "").startswith(("http://", "https://"))
    )


def localized(candidates: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """Give candidates with a ``file:`` URL a path instead: such a URL must never reach a lock."""
    return tuple(
        replace(one, distribution=structs.replace(one.distribution, url=None), path=local_path(url))
        if (url := one.distribution.url or "").startswith("file:")
        else one
        for one in candidates
    )


def of_source(candidate: Candidate, source: Source) -> Candidate:
    """Return *candidate* with the name of its source; a page of an index gave it that index already."""
    return replace(candidate, distribution=structs.replace(candidate.distribution, source=source.name))


def checked(candidate: Candidate, path: Path, sha256: str | None = None) -> Path:
    """
    Return *path*, held against what the index promised of the file.

    :param sha256: that of the file, if it is known: the file is not read for it.
    """
    with files.folder_errors(path):
        wrong = matches(path, candidate.hashes, sha256)
        size = path.stat().st_size
    # Hashes decide: a wrong size beside them is one of the page alone.
    if not candidate.hashes and candidate.distribution.size not in {None, size}:
        wrong = ("size", str(candidate.distribution.size), str(size))
    if wrong is not None:
        algorithm, promised, found = wrong
        if candidate.path is None:
            path.unlink()
        msg = f"{candidate.distribution.filename} has {algorithm} {found}, but {candidate.source} promised {promised}"
        raise HashMismatch(msg, project=candidate.distribution.project, next_step=_way_on(candidate))
    for algorithm, promised, source in candidate.also:
        if wrong := matches(path, ((algorithm, promised),)):
            places = f"{wrong[2]} on {candidate.source}, {promised} on {source}"
            what = f"{algorithm} {places}"
            raise _two_contents(what, candidate, candidate)
    return path


def is_text(path: Path) -> str:
    """Return what stands at *path* in place of a distribution: ``a page in HTML`` or ``a message in JSON``; else ``""``."""
    with files.folder_errors(path), path.open("rb") as stream:
        return text_in(stream.read(START))


def text_in(start: bytes) -> str:
    """Return what `is_text` does, of a file that begins with *start*."""
    start = start.removeprefix(b"\xef\xbb\xbf").lstrip()
    return next((name for sign, name in _TEXTS.items() if start.startswith(sign)), "")


def require_file(path: Path, url: str) -> None:
    """
    Return if what *url* gave is no page or message in place of a distribution.

    :raises UpstreamError: it is; then nothing is at *path* any more.
    """
    if kind := is_text(path):
        path.unlink()
        raise UpstreamError(instead(url, kind, path.name), next_step=LOGIN)


def instead(url: str, kind: str, name: str) -> str:
    """Return the sentence about a server that sends *kind*, as `text_in` names it, in place of the file *name*."""
    return f"{without_credentials(url)} answered with {kind} in place of {name}"


def checked_metadata(candidate: Candidate, data: bytes) -> bytes:
    """
    Return *data*, METADATA that was fetched apart, held against what the index promised of it.

    :raises HashMismatch: it is not that.
    :raises BadDistribution: it says something else than the name of its wheel, or is none.
    """
    found = hashlib.sha256(data).hexdigest()
    if candidate.metadata and found != candidate.metadata:
        name = f"{candidate.distribution.filename}.metadata"
        msg = f"{name} has sha256 {found}, but {candidate.source} promised {candidate.metadata}"
        step = "try again, or tell the index's operator"
        raise HashMismatch(msg, project=candidate.distribution.project, next_step=step)
    if candidate.tags is not None:
        check_metadata(data, candidate.distribution.filename)
    return data


def most(candidate: Candidate) -> int:
    """Return how many bytes are taken of a file: as many as the page promised, where it did and no hash decides."""
    size = candidate.distribution.size
    return bounds.LARGEST_FILE if size is None or candidate.hashes else min(size, bounds.LARGEST_FILE)


@contextlib.contextmanager
def promised(candidate: Candidate) -> Iterator[None]:
    """Let the error for a file with too many bytes say who promised less."""
    try:
        yield
    except TooLargeError as error:
        one = candidate.distribution
        if one.size is None or candidate.hashes:
            raise
        msg = f"{one.filename} has more than the {one.size} bytes that {candidate.source} promised"
        raise HashMismatch(msg, project=one.project, next_step=_way_on(candidate)) from error


def _way_on(candidate: Candidate) -> str:
    """Return what the user can do about a file that is not what was promised."""
    if candidate.source != LOCK:
        return _DAMAGED
    forget = f"`pypi-subset update --forget {candidate.distribution.filename}`"
    return f"try again; if it stays so, find out who changed it; if you trust the new file, run {forget}"


@contextlib.contextmanager
def own_file(candidate: Candidate) -> Iterator[None]:
    """Let the error for a damaged file from a directory of the user say what the user can do."""
    try:
        yield
    except BadDistribution as error:
        if candidate.path is not None:
            error.next_step = f"build it again, or remove {candidate.path}"
        raise


def newest_of(candidates: Sequence[Candidate], count: int) -> list[Candidate]:
    """Return the files of the *count* newest final releases, and of pre-releases newer than the oldest of those."""
    finals = {one.distribution.version for one in candidates if not one.distribution.version.is_prerelease}
    oldest = min(heapq.nlargest(count, finals), default=None)
    return [one for one in candidates if oldest is None or one.distribution.version >= oldest]


def upload_time(value: object) -> str | None:
    """Return an upload time as PEP 700 has it, else ``None``: an unreadable fact is left out."""
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        return None
    try:
        datetime.fromisoformat(value)
    except ValueError:
        # There is no such day or hour.
        return None
    return value


def matches(path: Path, hashes: tuple[tuple[str, str], ...], sha256: str | None = None) -> tuple[str, str, str] | None:
    """
    Return ``None`` if the file has all *hashes*, else the first ``(algorithm, promised, found)`` that differs.

    :param sha256: that of the file, if it is known: the file is read for other algorithms alone.
    """
    for algorithm, promised in hashes:
        found = sha256 if algorithm == "sha256" else None
        if found is None:
            with path.open("rb") as stream:
                found = hashlib.file_digest(stream, algorithm).hexdigest()
        if found != promised:
            return algorithm, promised, found
    return None
