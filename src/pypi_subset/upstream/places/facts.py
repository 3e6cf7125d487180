"""What a page states of a file or a project, one fact at a time; a fact that cannot be read is none."""

from __future__ import annotations

import functools
import re
from typing import Any

from pypi_subset.model.distributions import Standing, digest
from pypi_subset.support import bounds
from pypi_subset.support.text import has_long_number
from pypi_subset.upstream.pip_config import without_credentials

#: Hashes that a client may choose from (PEP 691): those of a fixed length.
_ALGORITHMS = frozenset({"md5", "sha1", "sha224", "sha256", "sha384", "sha512"})

_HEXADECIMAL = re.compile("[0-9A-Fa-f]+")
#: Statuses that say something (PEP 792).
_UNUSUAL = frozenset({"archived", "quarantined", "deprecated"})


def standing_of(said: object) -> Standing | None:
    """The status of a project (PEP 792); the usual one is nothing to tell, and what is unknown counts as usual."""
    facts = said if isinstance(said, dict) else {}
    status, reason = _text(facts.get("status")), _text(facts.get("reason"))
    return Standing(status=status, reason=reason) if status in _UNUSUAL else None


def yanked(stated: object) -> str | None:
    """Return the reason for which a page says that a file was yanked (PEP 592), ``""`` without one; ``None`` if it was not."""
    if isinstance(stated, str):
        return _text(stated) if stated else None
    return "" if stated is True else None


def hashes_of(stated: dict[str, Any]) -> dict[str, str]:
    """Return the hashes of a file; a sha256 goes into locks, and must be one."""
    if stated.keys() == {"sha256"}:
        return {"sha256": digest(stated["sha256"])}
    # As pip, which takes nothing for a hash that has other digits.
    hashes = {
        name: str(text).lower()
        for name, text in stated.items()
        if name in _ALGORITHMS and _HEXADECIMAL.fullmatch(str(text))
    }
    return hashes | {"sha256": digest(stated["sha256"])} if "sha256" in stated else hashes


# Thousands of files of a page have one of these in common.


@functools.lru_cache(1 << 10)
def _shared(stated: str) -> str | None:
    if has_long_number(stated):
        msg = f"a Requires-Python has a number of more than {bounds.LONGEST_NUMBER} digits"
        raise ValueError(msg)
    return _text(stated) or None


def requires_python(stated: object) -> str | None:
    """Return the Requires-Python that a page states (PEP 503), ``None`` if it states none."""
    return _shared(stated) if isinstance(stated, str) else None


def metadata_hash(stated: object) -> str | None:
    """Return the SHA-256 that a page states of METADATA (PEP 714), ``""`` if it states none, ``None`` without METADATA."""
    if isinstance(stated, dict):
        return digest(stated["sha256"]) if stated.get("sha256") else ""
    return "" if stated else None


def _text(value: object) -> str:
    """What an index says in words, without what no file can hold; ``""`` for what is no text."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def https_of(value: object) -> str | None:
    """A fully qualified address, as PEP 740 wants it for attestations, else ``None``."""
    usable = isinstance(value, str) and value.startswith("https://") and _text(value) == value
    return without_credentials(str(value)) if usable else None
