"""JSON documents: reading one validates it, and equal values are written as equal bytes."""

from __future__ import annotations

import errno
import json
import re
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import msgspec

from pypi_subset.errors import FolderError, SubsetError
from pypi_subset.support import bounds, files
from pypi_subset.support.text import values

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """
    A document that other versions and other programs read; its first field is ``schema``, ``major.minor``.

    A new optional field raises the minor number. A removed field or a changed meaning raises the major number.
    """

    #: What messages call the document, and the version that is written.
    name: ClassVar[str]
    version: ClassVar[str]

    def document(self) -> dict[str, Any]:
        """Return it as JSON values."""
        found: dict[str, Any] = msgspec.to_builtins(self)
        return found


D = TypeVar("D", bound=Document)

#: What `msgspec.json.decode` raises for bytes that are no document of its type.
DAMAGED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)

#: What the user does about a document of a later major version.
UPGRADE = "upgrade pypi-subset"

# A web server that takes a document for HTML, or a page that embeds it, meets no markup; the value is the same.
_ESCAPES = {sign.encode(): f"\\u{ord(sign):04x}".encode() for sign in "<>&\u2028\u2029"}

_VERSION = re.compile(r"(0|[1-9][0-9]{0,8})\.(0|[1-9][0-9]{0,8})")


class _NewerError(ValueError):
    """A later major version wrote the document."""


def encode(value: object) -> bytes:
    """Return *value* as JSON: one space of indentation a level, non-ASCII characters as they are, a newline at the end; no markup."""
    try:
        data = msgspec.json.format(msgspec.json.encode(value), indent=1)
    except UnicodeEncodeError:
        # Half a surrogate pair, as a file name may hold, has no UTF-8. JSON's escape for it is Python's.
        text = json.dumps(msgspec.to_builtins(value), indent=1, ensure_ascii=False)
        data = text.encode(errors="backslashreplace")
    for sign, escaped in _ESCAPES.items():
        # One byte is found fifty times as fast as three.
        if sign[:1] in data:
            data = data.replace(sign, escaped)
    return data + b"\n"


def changed(data: bytes, **fields: object) -> bytes:
    """
    Return the document *data*, which `decode` has read, with other values of *fields*.

    It keeps its version, and what a later version wrote: this version may not know it.
    """
    return encode({**json.loads(data), **fields})


def parse(data: bytes | str, kind: type[T]) -> T:
    """
    Return the *kind* that *data* holds; unknown fields are ignored.

    :raises ValueError: *data* is not JSON, has very many values, holds a key twice, or is not a *kind* of this major
        version.
    """
    # A value of two characters may take a hundred bytes in memory, also in a field that is ignored.
    if values(data) > bounds.MOST_FACTS:
        msg = f"it has more than {bounds.MOST_FACTS:,} values"
        raise ValueError(msg)
    if issubclass(kind, Document) and (found := _as_written(data, kind)) is not None:
        return found
    try:
        document = json.loads(data, object_pairs_hook=_unique, parse_constant=_refuse)
        if issubclass(kind, Document):
            document = _at_own_version(document, kind)
        return msgspec.convert(document, kind)
    except (msgspec.ValidationError, RecursionError) as error:
        raise ValueError(str(error)) from error


def read(path: Path, kind: type[D], *, next_step: str) -> D:
    """
    Return the document in the file at *path*.

    :param next_step: what the user does about a damaged one.
    :raises SubsetError: it is damaged, or a later major version wrote it.
    :raises FolderError: it cannot be read.
    """
    with files.folder_errors(path):
        data = path.read_bytes()
    return decode(data, kind, path=path, next_step=next_step)


def read_named(path: Path, limit: int | None = None) -> bytes:
    """
    Return the bytes of the file at *path*, which a user names on the command line.

    :param limit: bytes; default: `bounds.LARGEST_INPUT`.
    :raises FolderError: it cannot be read, is no regular file, or is larger. The next step is another name: the file that is
        there is not the one that the user means.
    """
    try:
        return files.read_input(path, limit)
    except OSError as error:
        said = error.strerror or str(error)
        found = {
            errno.EISDIR: ("this is a directory", "name a file"),
            errno.EINVAL: ("this is no file, but a pipe, a socket or a device", "name a file"),
            errno.EFBIG: (said, "name a smaller file"),
        }
        if error.errno not in found:
            files.raise_as_folder_error(error, path)
        what, step = found[error.errno]
        raise FolderError(what, path=path, next_step=step) from error


def decode(data: bytes, kind: type[D], *, path: Path, next_step: str) -> D:
    """
    Return the document in *data*, which was read from *path*.

    :raises SubsetError: as `read`.
    """
    try:
        return parse(data, kind)
    except _NewerError as error:
        raise SubsetError(str(error), path=path, next_step=UPGRADE) from error
    except ValueError as error:
        msg = f"{kind.name} is damaged"
        raise SubsetError(msg, path=path, next_step=next_step) from error


def _as_written(data: bytes | str, kind: type[D]) -> D | None:
    """
    Return the *kind* that `encode` writes as just these bytes, ``None`` if there is none.

    Such a document holds no key twice and nothing unknown. A large one takes a third of the time of `parse`.
    """
    try:
        found = msgspec.json.decode(data, type=kind)
        is_own = kind.version == getattr(found, "schema", None)
        return found if is_own and encode(found) == (data if isinstance(data, bytes) else data.encode()) else None
    except (*DAMAGED, UnicodeEncodeError):
        return None


def _at_own_version(document: Any, kind: type[Document]) -> Any:
    """Return *document* as one of the version that *kind* is of; before 0.2 the version was the integer 1."""
    schema = document.get("schema") if isinstance(document, dict) else None
    version = f"{schema}.0" if type(schema) is int else schema
    match = _VERSION.fullmatch(version) if isinstance(version, str) else None
    if match is None:
        msg = f"its schema is {schema!r}"
        raise ValueError(msg)
    own = int(kind.version.partition(".")[0])
    if int(match[1]) > own:
        msg = f"{kind.name} has schema {match[0]}, and this version reads {kind.version}"
        raise _NewerError(msg)
    return document | {"schema": kind.version if int(match[1]) == own else match[0]}


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return *pairs* as an object; parsers disagree on which of two equal keys counts (RFC 8259, 4)."""
    found = dict(pairs)
    if len(found) != len(pairs):
        msg = "a key stands there twice"
        raise ValueError(msg)
    return found


def _refuse(word: str) -> None:
    """Refuse ``NaN`` and ``Infinity``, which Python reads and JSON does not know."""
    msg = f"{word} is not JSON"
    raise ValueError(msg)
