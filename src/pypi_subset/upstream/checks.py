"""What an index offers, held against what it promised."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from pypi_subset.errors import HashMismatch
from pypi_subset.support import files
from pypi_subset.upstream.http import matches
from pypi_subset.upstream.pip_config import local_path

if TYPE_CHECKING:
    from pathlib import Path

    from pypi_subset.model.candidates import Candidate


def hashed(offer: Candidate) -> Candidate:
    """The offer of a local file with its hash, so that it can be held against another of that name."""
    if offer.path is None or not offer.path.is_file():
        return offer
    with files.folder_errors(offer.path):
        return replace(
            offer, hashes=tuple(sorted({**dict(offer.hashes), "sha256": files.sha256_of(offer.path)}.items()))
        )


def remote(offers: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """Offers of a page from elsewhere, without those that name files of this machine."""
    return tuple(offer for offer in offers if (offer.distribution.url or "").startswith(("http://", "https://")))


def localized(offers: tuple[Candidate, ...]) -> tuple[Candidate, ...]:
    """Offers with a ``file:`` URL become offers with a path: such a URL must never reach a lock."""

    def localize(offer: Candidate) -> Candidate:
        url = offer.distribution.url
        if url is None or not url.startswith("file:"):
            return offer
        return replace(offer, distribution=replace(offer.distribution, url=None), path=local_path(url))

    return tuple(map(localize, offers))


def checked(offer: Candidate, path: Path) -> Path:
    """Return *path*, held against what the index promised of the file."""
    with files.folder_errors(path):
        wrong = matches(path, offer.hashes)
        size = path.stat().st_size
    if wrong is None and offer.distribution.size not in {None, size}:
        wrong = ("size", str(offer.distribution.size), str(size))
    if wrong is not None:
        algorithm, promised, found = wrong
        if offer.path is None:
            path.unlink()
        msg = f"{offer.distribution.filename} has {algorithm} {found}, but {offer.source} promised {promised}"
        step = "try again; if it stays so, the index is damaged or somebody changed the file on the way"
        raise HashMismatch(msg, project=offer.distribution.project, next_step=step)
    return path


def checked_metadata(offer: Candidate, data: bytes) -> bytes:
    """Return *data*, held against what the index promised of the metadata."""
    found = hashlib.sha256(data).hexdigest()
    if offer.metadata and found != offer.metadata:
        name = f"{offer.distribution.filename}.metadata"
        msg = f"{name} has sha256 {found}, but {offer.source} promised {offer.metadata}"
        raise HashMismatch(msg, project=offer.distribution.project, next_step="try again, or tell the index's operator")
    return data
