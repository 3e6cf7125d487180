"""The tables ``[[files]]`` of ``subset.toml``: files that the site carries besides, and no installer reads."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pypi_subset.errors import Fault, InputFaults
from pypi_subset.model.intake.other_files import OtherFile, entry_name, fault_of
from pypi_subset.requirements.places import places_of
from pypi_subset.requirements.subset_toml import SETTINGS, read_settings
from pypi_subset.requirements.toml import nearest, not_text
from pypi_subset.support.secrets.paths import looks_secret

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pypi_subset.requirements.places import Places
    from pypi_subset.requirements.toml import Settings

#: The name of the tables.
FILES = "files"
#: A complete entry, shown to a user whose entry is not.
EXAMPLE = (
    "[[files]]",
    'path = "../models/small.onnx"',
    'sha256 = "…"                       # 64 hexadecimal digits',
    'to = "models/small.onnx"           # below files/ in the site',
)
_KEYS = ("path", "url", "sha256", "to")
_SHA256 = re.compile(r"[0-9A-Fa-f]{64}")
_HEADER = re.compile(r"\s*\[\[\s*files\s*\]\]")
#: Entries of one document.
_MOST = 10_000


def read_files(settings: Settings, places: Places, faults: list[Fault]) -> tuple[OtherFile, ...]:
    """
    Return what ``[[files]]`` asks for, sorted by path; whether files are there is for the run that copies them.

    :param places: where files may be; a path of ``subset.toml`` itself may lead elsewhere, a link may not.
    """
    tables = settings.document.get(FILES, [])
    if not isinstance(tables, list) or not all(isinstance(one, dict) for one in tables) or len(tables) > _MOST:
        what = f"files must be tables, at most {_MOST:,}"
        faults.append(
            Fault(what=what, path=settings.path, line=settings.line(FILES), next_step="write:", excerpt=EXAMPLE)
        )
        return ()
    headers = [line for line, text in enumerate(settings.lines, start=1) if _HEADER.match(text)]
    found: list[OtherFile] = []
    taken: dict[str, OtherFile] = {}
    above: dict[str, OtherFile] = {}
    for number, values in enumerate(tables):
        line = headers[number] if len(headers) == len(tables) else settings.line(FILES)
        entry = _Entry(settings=settings, number=number + 1, line=line, values=values, faults=faults)
        if (one := entry.file(places)) is not None:
            entry.require_apart(one, taken, above)
            found.append(one)
    return tuple(sorted(found, key=lambda one: one.path))


def files_of(root: Path) -> tuple[OtherFile, ...]:
    """
    Return what ``[[files]]`` asks for in the directory of requirements *root*; of its files, subset.toml alone is read.

    :raises InputFaults: an entry is described wrongly, or the file cannot be read.
    """
    if not (root / SETTINGS).is_file():
        return ()
    faults: list[Fault] = []
    settings, places = read_settings(root / SETTINGS, faults), places_of(root)
    if settings.readable:
        # What else is wrong there is said by those who read it.
        faults.clear()
    found = read_files(settings, places, faults)
    if faults:
        raise InputFaults([places.shown(fault) for fault in faults])
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class _Entry:
    """The table *number* at *line*."""

    settings: Settings
    number: int
    line: int | None
    values: Mapping[str, Any]
    faults: list[Fault]

    def fault(self, what: str, step: str, excerpt: tuple[str, ...] = ()) -> None:
        """Add a fault of the entry."""
        to = self.values.get("to", "")
        name = entry_name(self.number, to if isinstance(to, str) else "")
        fault = Fault(what=f"{name}: {what}", path=self.settings.path, line=self.line, next_step=step, excerpt=excerpt)
        self.faults.append(fault)

    def file(self, places: Places) -> OtherFile | None:
        """Return what the entry says, ``None`` if something of it is wrong."""
        before = len(self.faults)
        for key in self.values:
            if key not in _KEYS:
                self.fault(f"unknown key {key!r}", nearest(key, _KEYS, "known here"))
        if ("path" in self.values) == ("url" in self.values):
            self.fault("an entry of files has either path or url", "a whole entry is:", EXAMPLE)
        source = self._source(places)
        found = OtherFile(
            to=self._to(),
            sha256=self._sha256(source),
            source=source,
            url=self._url(),
            document=self.settings.path,
            line=self.line,
            number=self.number,
        )
        return found if len(self.faults) == before else None

    def require_apart(self, one: OtherFile, taken: dict[str, OtherFile], above: dict[str, OtherFile]) -> None:
        """
        Add a fault if *one* and an earlier entry cannot both be there, on any system, and remember its path.

        :param taken: path in lower case → the earlier entry of that path.
        :param above: directory in lower case → the first earlier entry below it.
        """
        own = one.path.lower()
        parents = [own[:end] for end, sign in enumerate(own) if sign == "/"]
        for other in filter(None, (taken.get(own), above.get(own), *map(taken.get, parents))):
            same = "are one file on some systems" if own == other.path.lower() else "are a file and its directory"
            what = f"{one.path} and {other.path} (line {other.line}) {same}"
            self.fault(what, "give one of the two another `to`")
        taken.setdefault(own, one)
        for parent in parents:
            above.setdefault(parent, one)

    def _text(self, key: str) -> str:
        value = self.values.get(key)
        if isinstance(value, str) and value and value.isprintable():
            return value
        if key in self.values:
            what, step = (
                not_text(key, value) if not isinstance(value, str) else (f"{key} has no text", f'write {key} = "…"')
            )
            self.fault(what, step)
        return ""

    def _to(self) -> str:
        to = self._text("to")
        if "to" not in self.values:
            self.fault("the entry does not say where in the site the file goes", 'write to = "models/small.onnx", say')
        what, step = fault_of(to) if to else ("", "")
        if what:
            self.fault(f"to {to!r} {what}", step)
        return to

    def _sha256(self, source: Path | None) -> str:
        value = self._text("sha256")
        if "sha256" not in self.values:
            step = 'write sha256 = "…", as its publisher states it'
            if source is not None:
                step = f'write sha256 = "…": `sha256sum {source}` prints it'
            self.fault("the entry has no sha256, and no file is taken without one", step)
        elif value and not _SHA256.fullmatch(value):
            self.fault("sha256 must have 64 hexadecimal digits", "copy it as `sha256sum` prints it")
        return value.lower()

    def _source(self, places: Places) -> Path | None:
        value = self._text("path")
        if not value:
            return None
        root = self.settings.path.parent
        path = type(root)(os.path.normpath(root / value))
        what, step = places.with_sources(root, [path]).refusal(path)
        if what:
            self.fault(f"{value}: {what}", step)
        return path

    def _url(self) -> str:
        url = self._text("url")
        if not url:
            return ""
        try:
            parts = urlsplit(url)
            usable = parts.scheme in {"https", "http"} and bool(parts.hostname) and (parts.port or 1) > 0
        except ValueError:
            self.fault("url is no URL", 'write url = "https://…"')
            return ""
        if "@" in parts.netloc or parts.query or parts.fragment or any(map(looks_secret, parts.path.split("/"))):
            # Not shown: it may hold a password.
            what = "url holds a user, a password, a token, a query or a fragment, which the manifest would publish"
            self.fault(what, "write it without; credentials belong into netrc or a keyring")
        elif not usable or " " in url:
            self.fault("url is no URL of a server", 'write url = "https://…", or path = "…" for a file of this machine')
        return url
