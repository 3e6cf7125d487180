"""The entries of a page in JSON (PEP 691), without reading all of them at once."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import msgspec
from packaging.utils import canonicalize_name

from pypi_subset.support import bounds
from pypi_subset.support.text import printable, values

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence


#: Characters of the version of the API that a page states, and its form (PEP 629).
_LONGEST, _VERSION = 40, re.compile(r"\s*([0-9]+)(\.[0-9]+)*\s*")


class _Document(msgspec.Struct):
    """A page whose files are not read yet: as values they take several times its bytes."""

    files: list[msgspec.Raw]
    meta: Any = None
    name: Any = None
    project_status: Any = msgspec.field(name="project-status", default=None)


def entries_of(text: str, project: str, *, linked: bool = False) -> tuple[Iterator[Any], object]:
    """
    Return the entries of a page of *project* in JSON, each read when its turn comes, and what the page says of the project.

    :param linked: whether the page is a location of ``find-links``, which lists files of any project.
    :raises ValueError: it is no JSON, has too many values or files or no list of files, is of another version of the API
        than 1, or of another project.
    """
    # A value of two characters may take fifty bytes in memory.
    require_few(values(text), bounds.MOST_VALUES, "values")
    try:
        page = msgspec.json.decode(text, type=_Document)
    except (msgspec.DecodeError, UnicodeEncodeError):
        # It is no page; or has halves of surrogate pairs, or numbers that are none, which are read all the same.
        document = json.loads(text)
        if type(document) is not dict or type(document.get("files")) not in {list, dict}:
            msg = "it has no list of files"
            raise ValueError(msg) from None
        own = _is_own(document.get("meta"), document.get("name"), project, document["files"], linked=linked)
        require_few(len(document["files"]), bounds.MOST_LINKS, "files")
        return iter(document["files"]), document.get("project-status") if own else None
    require_few(len(page.files), bounds.MOST_LINKS, "files")
    own = _is_own(page.meta, page.name, project, page.files, linked=linked)
    return map(_value, page.files), page.project_status if own else None


def _is_own(meta: Any, name: Any, project: str, entries: Sequence[Any], *, linked: bool) -> bool:
    """
    Return whether a page can be that of *project*.

    :raises ValueError: it is of another version of the API; or it is not *linked*, names another project and lists no file
        of this one.
    """
    require_version(meta.get("api-version") if isinstance(meta, dict) else None)
    named = not isinstance(name, str) or canonicalize_name(name) == project
    if not (named or linked or _names(entries, project)):
        msg = f"it is the page of {printable(name)}"
        raise ValueError(msg)
    return named or not linked


def _names(entries: Iterable[Any], project: str) -> bool:
    """Whether one of *entries* names a file whose name begins as those of *project* do."""
    values = (_value(one) if isinstance(one, msgspec.Raw) else one for one in entries)
    names = (one.get("filename") for one in values if isinstance(one, dict))
    return any(isinstance(one, str) and canonicalize_name(one).startswith(f"{project}-") for one in names)


def require_version(stated: object) -> None:
    """
    Return if a page states version 1 of the API, or none.

    A client must not read pages of another major version (PEP 629).

    :raises ValueError: it is another one.
    """
    found = _VERSION.fullmatch(str(stated)[:_LONGEST]) if stated is not None else None
    if found and found[1].lstrip("0") != "1":
        msg = f"it is of version {found[0].strip()} of the API, and this program reads version 1"
        raise ValueError(msg)


def _value(raw: msgspec.Raw) -> Any:
    """Return one value of JSON."""
    try:
        return msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return json.loads(bytes(raw))


def require_few(count: int, most: int, what: str) -> None:
    """
    Return if *count* is at most *most*.

    :raises ValueError: it is more; *what* names the things.
    """
    if count > most:
        msg = f"it has more than {most:,} {what}"
        raise ValueError(msg)
