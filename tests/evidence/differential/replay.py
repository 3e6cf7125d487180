"""An index on loopback that serves a record: pages and METADATA, never a file."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING
from urllib.parse import quote

from tests.evidence.differential.record import project_of
from tests.support.servers.index import Index
from tests.support.servers.index_http import FailedError
from tests.support.servers.index_pages import JSON, as_json

if TYPE_CHECKING:
    from tests.evidence.differential.record import File, Source


class Replay(Index):
    """
    The index, while the ``with`` block lasts.

    :param source: what it serves.
    """

    def __init__(self, source: Source) -> None:
        # Nothing changes while a comparison lasts: each resolver needs to ask once.
        super().__init__(cache_headers=True)
        self._source = source
        #: Paths that the source does not have, or the reason why: such a record is too old for the comparison.
        self.missing: set[str] = set()

    def body(self, path: str, accept: str) -> tuple[str, bytes] | None:  # noqa: ARG002 - always JSON
        """Return content type and bytes of a page or of METADATA; ``None``: the source has none."""
        try:
            return self._found(path)
        except Exception as error:
            # Kept, since a resolver may hide it.
            self.missing.add(f"{path}: {error}")
            raise FailedError from error

    def _found(self, path: str) -> tuple[str, bytes] | None:
        if path.startswith("/simple/"):
            files = self._source.page(project_of(path))
            return None if files is None else (JSON, _page(project_of(path), files))
        found = None
        if path.endswith(".metadata"):
            found = self._source.metadata(path.rpartition("/")[2].removesuffix(".metadata"))
        if found is None:
            self.missing.add(path.rpartition("/")[2])
            return None
        return JSON, found


def _page(project: str, files: tuple[File, ...]) -> bytes:
    return as_json({"meta": {"api-version": "1.1"}, "name": project, "files": list(map(_entry, files))})


def _entry(file: File) -> dict[str, object]:
    """
    Return one file of a page (PEP 691).

    No resolver downloads it: hash and size only have to be there. They are made from the name, and take no room in the record.
    """
    entry: dict[str, object] = {
        "filename": file.filename,
        "url": f"../../files/{quote(file.filename)}",
        "hashes": {"sha256": hashlib.sha256(file.filename.encode()).hexdigest()},
        "size": 1,
        "core-metadata": True,
        "yanked": file.yanked or True if file.yanked is not None else False,
    }
    if file.requires_python is not None:
        entry["requires-python"] = file.requires_python
    if file.uploaded is not None:
        entry["upload-time"] = file.uploaded
    return entry
