"""The site that is installed from: a directory, or the address of a web server."""

import hashlib
import http.client
import os
import pathlib
import ssl
import urllib.error
import urllib.parse
import urllib.request

from pypi_subset.standalone.errors import Hindered, Misused, Refused, shown
from pypi_subset.standalone.importer.reading.manifests import LONGEST_MANIFEST
from pypi_subset.standalone.importer.reading.paths import MANIFEST_NAME
from pypi_subset.standalone.user_files import open_user_file, require_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO, Iterator

#: Bytes that are read at once, and seconds without an answer of the server.
PIECE, PATIENCE = 1 << 20, 60
#: Bytes of a file of requirements.
LONGEST_TEXT = 64 << 20


class Origin:
    """
    A site.

    :param place: a directory, or a URL that begins with ``http://`` or ``https://``.
    :param certificates: a file of certificates that the server may have, ``""`` for those of the system.
    :raises Misused: it is neither.
    """

    def __init__(self, place: str, certificates: str = "") -> None:
        self.certificates = os.path.abspath(certificates) if certificates else ""
        self.is_remote = "://" in place
        if self.is_remote:
            parts = urllib.parse.urlsplit(place)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise Misused(f"{shown(place)} is no address; write http://HOST/ or https://HOST/")
            if "@" in parts.netloc:
                raise Misused("the address of the site has a user; leave it out, and give the site without a password")
            place = urllib.parse.urlunsplit((parts.scheme, parts.netloc, parts.path.rstrip("/"), "", ""))
            #: The name and the port that pip has to trust without TLS.
            self.plain_host = parts.netloc if parts.scheme == "http" else ""
        else:
            if not os.path.isdir(place):
                raise Misused(
                    f"{shown(place)} is no directory; name the directory or the address of a site with --site"
                )
            place = os.path.abspath(place)
            self.plain_host = ""
        self.place = place
        self.opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=self._context()))

    def _context(self) -> ssl.SSLContext:
        """Return how servers are checked."""
        try:
            if self.certificates:
                require_file(self.certificates)
            return ssl.create_default_context(cafile=self.certificates or None)
        except (OSError, ssl.SSLError) as error:
            raise Misused(f"{shown(self.certificates)} is no file of certificates: {shown(error)}") from error

    def url_of(self, path: str) -> str:
        """Return the address of *path* below the site, for pip."""
        if self.is_remote:
            return f"{self.place}/{urllib.parse.quote(path)}"
        return pathlib.Path(self.place, *path.split("/")).as_uri()

    def manifest(self, wanted: str) -> bytes:
        """
        Return the bytes of the manifest.

        :param wanted: its SHA-256, ``""`` if any is good.
        :raises Refused: it has another one.
        """
        data = b"".join(self.pieces(MANIFEST_NAME, LONGEST_MANIFEST))
        found = hashlib.sha256(data).hexdigest()
        if wanted and found != wanted:
            raise Refused(
                f"{MANIFEST_NAME} of {shown(self.place)} has the SHA-256 {found}, and --manifest says another one"
            )
        return data

    def text(self, path: str, digest: str) -> str:
        """
        Return the text at *path*.

        :param digest: its SHA-256.
        :raises Refused: it has another one, or is no text.
        """
        data = b"".join(self.pieces(path, LONGEST_TEXT))
        self.check(path, hashlib.sha256(data).hexdigest(), digest)
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise Refused(f"{path} of the site is no text") from error

    def save(self, path: str, digest: str, to: str) -> None:
        """
        Write the file at *path* to *to*.

        :param digest: its SHA-256.
        :raises Refused: it has another one.
        """
        found = hashlib.sha256()
        with open(to, "wb") as stream:
            for piece in self.pieces(path, 1 << 40):
                found.update(piece)
                stream.write(piece)
        self.check(path, found.hexdigest(), digest)

    def check(self, path: str, found: str, wanted: str) -> None:
        """Raise if the SHA-256 *found* is not the one that the manifest states."""
        if found != wanted:
            raise Refused(f"{path} of {shown(self.place)} is not the file that the manifest names; copy the site again")

    def pieces(self, path: str, most: int) -> "Iterator[bytes]":
        """
        Yield the bytes at *path*.

        :param most: how many there may be.
        :raises Hindered: they cannot be read.
        """
        size = 0
        try:
            with self._open(path) as stream:
                stated = str(getattr(stream, "headers", {}).get("Content-Length") or "")
                while True:
                    piece = stream.read(PIECE)
                    if not piece:
                        break
                    size += len(piece)
                    if size > most:
                        raise Refused(f"{path} of {shown(self.place)} has more than {most} bytes")
                    yield piece
            if stated.isdigit() and size < int(stated):
                raise Hindered(f"{shown(self.place)}: the answer for {path} is incomplete; run it again")
        except urllib.error.HTTPError as error:
            if error.code == 404:  # noqa: PLR2004 - not found
                raise self.missing(path) from error
            raise Hindered(f"{shown(self.place)}: the server answers {error.code} for {path}") from error
        except (FileNotFoundError, NotADirectoryError) as error:
            raise self.missing(path) from error
        except (OSError, http.client.HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)
            what = getattr(reason, "strerror", None) or reason
            raise Hindered(f"{shown(self.place)}: {path} cannot be read: {shown(what)}") from error

    def missing(self, path: str) -> Misused:
        """Return the error about a file that the site does not have."""
        if path == MANIFEST_NAME:
            return Misused(
                f"{shown(self.place)} has no {MANIFEST_NAME}; name the directory or the address of a site with --site"
            )
        return Misused(f"{shown(self.place)} has no {path}, which its manifest names; copy the site again")

    def _open(self, path: str) -> "IO[bytes]":
        """Return the file at *path*, open for reading."""
        if self.is_remote:
            answer: IO[bytes] = self.opener.open(self.url_of(path), timeout=PATIENCE)
            return answer
        return open_user_file(os.path.join(self.place, *path.split("/")))
