"""The recorded index: names of wheels and what resolvers read of their METADATA; made from PyPI, kept in one file."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from email import message_from_bytes
from typing import TYPE_CHECKING, Protocol

from packaging.utils import canonicalize_name, parse_wheel_filename

from pypi_subset.support.once import Once

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from packaging.tags import Tag
    from packaging.version import Version

    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.targets import Target
    from pypi_subset.upstream.catalog import Upstream

#: What a resolver reads of METADATA; the rest is description, and most of it.
_HEADERS = ("Metadata-Version", "Name", "Version", "Requires-Python", "Provides-Extra", "Requires-Dist")


@dataclass(frozen=True, kw_only=True, slots=True)
class File:
    """A wheel as a page names it: Requires-Python, why it was yanked (``""``: no reason given), and when it was uploaded."""

    filename: str
    requires_python: str | None = None
    yanked: str | None = None
    uploaded: str | None = None

    @property
    def version(self) -> Version:
        """The version in its name."""
        return parse_wheel_filename(self.filename)[1]

    @property
    def tags(self) -> frozenset[Tag]:
        """The tags in its name."""
        return parse_wheel_filename(self.filename)[3]


class Source(Protocol):
    """What can be served: a `Record`, or a `Recorder` that makes one."""

    def page(self, project: str) -> tuple[File, ...] | None:
        """Return the wheels of a project; ``None``: there is no such project."""

    def metadata(self, filename: str) -> bytes | None:
        """Return the METADATA of a wheel, without its description."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """
    What an index said one day.

    :param pages: project → its wheels; ``None`` where there is no such project.
    :param texts: file name → METADATA.
    """

    pages: Mapping[str, tuple[File, ...] | None]
    texts: Mapping[str, str]

    def page(self, project: str) -> tuple[File, ...] | None:
        """Return the wheels of a project; ``None``: there is no such project, or nobody asked for it that day."""
        return self.pages.get(project)

    def metadata(self, filename: str) -> bytes | None:
        """Return the METADATA of a wheel; ``None``: nobody asked for it that day."""
        return self.texts[filename].encode() if filename in self.texts else None

    def trimmed(self) -> Record:
        """
        Return the record without releases older than all that any resolver looked into.

        None of them can be chosen any more, by nobody: whoever chooses a release has read its METADATA.
        """
        oldest: dict[str, Version] = {}
        for filename in self.texts:
            project, version, *_ = parse_wheel_filename(filename)
            oldest[project] = min(version, oldest.get(project, version))
        pages = {
            project: None
            if files is None
            else tuple(file for file in files if project not in oldest or file.version >= oldest[project])
            for project, files in self.pages.items()
        }
        return Record(pages=pages, texts=self.texts)


def read(path: Path) -> Record:
    """Return what `write` wrote."""
    document = json.loads(gzip.decompress(path.read_bytes()))
    pages = {project: None if rows is None else tuple(map(_read, rows)) for project, rows in document["pages"].items()}
    return Record(pages=pages, texts=document["metadata"])


def write(record: Record, path: Path) -> None:
    """Write *record* so that the same one has the same bytes."""
    pages = {
        project: None if files is None else sorted(map(_row, files), key=lambda row: str(row[0]))
        for project, files in record.pages.items()
    }
    document = {"pages": pages, "metadata": record.texts}
    text = json.dumps(document, sort_keys=True, ensure_ascii=False, indent=0, separators=(",", ":"))
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


def _row(file: File) -> list[str | None]:
    """Return a wheel as the record has it: without an upload time, if it was made without."""
    return [file.filename, file.requires_python, file.yanked, *([file.uploaded] if file.uploaded else [])]


def _read(row: list[str | None]) -> File:
    name, python, yanked, *times = row
    return File(filename=str(name), requires_python=python, yanked=yanked, uploaded=next(iter(times), None))


class Recorder:
    """
    Passes an index on, and remembers what was asked for.

    :param upstream: reads the index.
    :param targets: wheels that fit none of them are left out, and so is everything that is no wheel.
    :param times: whether pages state upload times.
    """

    def __init__(self, upstream: Upstream, targets: Iterable[Target], *, times: bool = False) -> None:
        self._upstream, self._times = upstream, times
        self._tags = frozenset(tag for target in targets for tag in target.tags)
        self._candidates: dict[str, Candidate] = {}
        self._pages, self._texts = Once(self._read_page), Once(self._read_metadata)

    @property
    def record(self) -> Record:
        """What was asked for so far."""
        texts = {name: data.decode() for name, data in self._texts.results() if data is not None}
        return Record(pages=dict(self._pages.results()), texts=texts)

    def page(self, project: str) -> tuple[File, ...] | None:
        """Return the wheels of a project; ``None``: there is no such project."""
        return self._pages(project)

    def metadata(self, filename: str) -> bytes | None:
        """Return the METADATA of a wheel on a page that was read."""
        return self._texts(filename)

    def _read_page(self, project: str) -> tuple[File, ...] | None:
        candidates = self._upstream.on("any").candidates(canonicalize_name(project))
        fitting = [
            candidate
            for candidate in candidates
            if candidate.tags is not None and not self._tags.isdisjoint(candidate.tags)
        ]
        self._candidates.update({candidate.distribution.filename: candidate for candidate in fitting})
        return tuple(_file(one, times=self._times) for one in fitting) if candidates else None

    def _read_metadata(self, filename: str) -> bytes | None:
        candidate = self._candidates.get(filename)
        return None if candidate is None else _brief(self._upstream.metadata(candidate))


def headers(metadata: bytes, name: str) -> list[str]:
    """Return the values of one header of METADATA, each on one line."""
    head = message_from_bytes(metadata.replace(b"\r\n", b"\n").partition(b"\n\n")[0])
    return [" ".join(str(value).split()) for value in head.get_all(name, [])]


def project_of(url: str) -> str:
    """Return the project that the last part of a page's URL names."""
    return canonicalize_name(url.strip("/").rpartition("/")[2])


def _file(candidate: Candidate, *, times: bool) -> File:
    one = candidate.distribution
    uploaded = one.upload_time if times else None
    return File(filename=one.filename, requires_python=one.requires_python, yanked=one.yanked, uploaded=uploaded)


def _brief(metadata: bytes) -> bytes:
    lines = [f"{name}: {value}\n" for name in _HEADERS for value in headers(metadata, name)]
    return "".join([*lines, "\n"]).encode()
