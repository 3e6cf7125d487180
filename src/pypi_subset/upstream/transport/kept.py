"""
Answers of an unfinished run: pages, METADATA and parts of files, which the next run need not ask for again.

A run that ends removes them with its directory. One that was cut off leaves them: a host that allows few requests in a
time would else never let a run come to its end.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import time
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from pypi_subset.support import bounds, files
from pypi_subset.support.secrets.paths import holds_token
from pypi_subset.support.text import url_without_secrets

if TYPE_CHECKING:
    from pathlib import Path

#: Seconds for which a page is used as it is; after that it is asked for by its ETag.
FRESH = 600.0
#: Seconds after which an answer is of no use.
USABLE = 86400.0
#: The directory, below that of the files of a run.
FOLDER = "answers"
#: A user in a link of a page.
_USER = re.compile(rb"(?:\\?/){2}[^/?#\s\"'<>\\]{1,999}@")
#: The name of a file, and the beginning of a query or of a parameter behind it.
_QUERIES = [f".{end}{mark}".encode() for end in ("whl", "gz", "zip", "bz2", "xz", "tgz", "egg") for mark in "?;"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """
    An answer that was good.

    :param data: its body, decoded.
    :param url: after redirects.
    :param etag: its validator, ``""`` without one.
    :param first: the position in the file of the first byte, for a part of a file.
    :param total: bytes of the whole file, for a part of it.
    :param moment: seconds since 1970 when it was good last.
    """

    data: bytes
    url: str = ""
    content_type: str = ""
    etag: str = ""
    first: int = 0
    total: int = 0
    moment: float = 0.0

    @property
    def fresh(self) -> bool:
        """Whether a page need not be asked for again. A clock that was set back makes it old."""
        return 0 <= time.time() - self.moment < FRESH


class Kept:
    """
    The answers in a directory; any thread may use it. What cannot be written is not kept.

    :param folder: the directory, which the first answer makes; the one above exists as long as the run lasts. ``None``
        keeps nothing.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder

    def find(self, url: str, part: str = "") -> Answer | None:
        """
        Return what is kept of *url*, ``None`` if there is nothing.

        :param part: the range that was asked for, as in the ``Range`` header.
        """
        if self._folder is None:
            return None
        try:
            data = files.read_input(self._folder / _name(url, part), bounds.LARGEST_PAGE + bounds.LARGEST_INPUT)
            head, _, body = data.partition(b"\n")
            facts: dict[str, Any] = json.loads(head)
            length = facts.pop("length")
            facts["url"] = facts["url"] or url
            found = Answer(data=body, **facts)
            usable = length == len(body) and 0 <= time.time() - found.moment < USABLE
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            # Not there, or what a killed run left.
            return None
        return found if usable else None

    def keep(self, url: str, answer: Answer, part: str = "") -> Answer:
        """
        Return *answer* with the moment of now, after keeping it; what has a secret is not kept.

        :param part: as in `find`.
        """
        answer = replace(answer, moment=time.time())
        if self._folder is not None and not _has_secret(url, answer):
            facts = {**asdict(answer), "length": len(answer.data)}
            del facts["data"]
            # The name of the file says under which URL it was found.
            facts["url"] = "" if answer.url == url else answer.url
            with contextlib.suppress(OSError):
                # A page is for this user alone. A thread that outlives its run finds no directory above.
                self._folder.parent.mkdir(exist_ok=True)
                self._folder.mkdir(mode=0o700, exist_ok=True)
                place = self._folder / _name(url, part)
                written = files.part_of(place)
                written.write_bytes(json.dumps(facts).encode() + b"\n" + answer.data)
                os.replace(written, place)  # noqa: PTH105 - names the directory once less in an error
        return answer


def _has_secret(url: str, answer: Answer) -> bool:
    """Whether a link of a page, or the address that it came from, has a password, a token or a query that may sign it."""
    moved = answer.url not in {"", url} and answer.url != url_without_secrets(answer.url)
    return moved or (answer.content_type != "" and (_shows_secret(answer.data) or holds_token(answer.data)))


def _shows_secret(page: bytes) -> bool:
    # A pattern takes as long as the rest of reading a large page: most pages have no such character at all.
    user = b"@" in page and _USER.search(page) is not None
    return user or any(query in page for query in _QUERIES)


def _name(url: str, part: str) -> str:
    return hashlib.sha256(f"{url}\n{part}".encode(errors="replace")).hexdigest()
