"""
Documents that requirements files include by URL: each is fetched once, and kept beside the locks.

``fetched.txt`` has a line for each document, its SHA-256 and its URL; ``fetched/`` has the documents. Both are meant to be
committed with the locks: a machine that proves reads them, and needs no network for it.
"""

from __future__ import annotations

import hashlib
import re
import shutil
from typing import TYPE_CHECKING

from pypi_subset.errors import LockError, UpstreamError
from pypi_subset.model.distributions import digest
from pypi_subset.model.requests import Document
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

#: The list and the directory, in the directory of the locks.
FILE, FOLDER = "fetched.txt", "fetched"
_HEAD = "# Documents that requirements files include by URL. `pypi-subset update` fetches them again.\n"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST = 100


def place(locks: Path, url: str) -> Path:
    """Return where the document at *url* is kept: its name is that in the URL, for messages."""
    name = _UNSAFE.sub("_", url.rstrip("/").rpartition("/")[2])[-_LONGEST:].strip(".") or "document"
    return locks / FOLDER / hashlib.sha256(url.encode()).hexdigest()[:32] / name


def listed(locks: Path) -> dict[str, str]:
    """
    Return URL → SHA-256 of all documents that are kept in *locks*.

    :raises LockError: the list is damaged.
    """
    path = locks / FILE
    if not path.is_file():
        return {}
    with files.folder_errors(path):
        lines = files.read_input(path).decode(errors="replace").splitlines()
    try:
        pairs = [line.split("  ", 1) for line in lines if not line.startswith("#")]
        return {url: digest(sha256) for sha256, url in pairs}
    except ValueError as error:
        msg = "the list of fetched documents is damaged"
        raise LockError(
            msg, path=path, next_step="restore it from version control, or run `pypi-subset update`"
        ) from error


def read(locks: Path, url: str) -> Document:
    """
    Return the document at *url* as it is kept in *locks*.

    :raises UpstreamError: it was not fetched yet.
    :raises LockError: what is kept has another hash than when it was fetched.
    """
    known = listed(locks).get(url)
    if known is None:
        msg = f"{url} was not fetched yet"
        raise UpstreamError(msg, next_step="run `pypi-subset mirror`, and commit requirements/lock")
    path = place(locks, url)
    with files.folder_errors(path):
        document = Document(url=url, path=path, data=files.read_input(path))
    if document.sha256 != known:
        msg = f"the document of {url} has other bytes than when it was fetched"
        raise LockError(msg, path=path, next_step="restore it from version control, or run `pypi-subset update`")
    return document


def write(locks: Path, documents: Iterable[Document]) -> None:
    """
    Keep *documents* in *locks*, and no others.

    :raises FolderError: the directory cannot be written.
    """
    found = {one.url: one for one in documents}
    folder, path = locks / FOLDER, locks / FILE
    if not found and not path.exists():
        return
    with files.folder_errors(folder):
        for one in found.values():
            one.path.parent.mkdir(parents=True, exist_ok=True)
            if not (one.path.is_file() and one.path.read_bytes() == one.data):
                files.write(one.path, one.data)
        for other in folder.iterdir() if folder.is_dir() else ():
            if other not in {one.path.parent for one in found.values()}:
                shutil.rmtree(other)
    files.write(path, "".join([_HEAD, *(f"{found[url].sha256}  {url}\n" for url in sorted(found))]).encode())
