"""Names of members that every system can hold, each as a file of its own (POSIX, and "Naming Files" of Windows)."""

from __future__ import annotations

import functools
import re
import unicodedata
from typing import TYPE_CHECKING

from pypi_subset.distributions.metadata import short
from pypi_subset.support.text import is_seen

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Characters of the longest name: macOS holds paths of 1024 bytes, and the directory of an environment comes before.
LONGEST = 512
#: Bytes of the longest part, in UTF-8, and in UTF-16 half as many units: what ext4, APFS and NTFS hold.
LONGEST_PART = 255

#: A part that needs no further look, unless it is a device.
_USUAL = re.compile(
    r"[A-Za-z0-9_+@=,()~$%&'#{}^`;!-](?:[A-Za-z0-9_+@=,()~$%&'#{}^`;!. \[\]-]{0,98}[A-Za-z0-9_+@=,()~$%&'#{}^`;!\]-])?"
)
_DEVICE = re.compile(
    r"(?:con|prn|aux|nul|clock\$|conin\$|conout\$|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3])\ *(?:\..*)?",
    re.IGNORECASE,
)
#: What Windows reserves; a colon names a drive or a stream there, a backslash is a separator.
_RESERVED = re.compile(r'[<>:"|?*\\]')


def fault_in(names: Iterable[str]) -> str:
    """
    Return what is wrong with the first of *names* that some system cannot hold, ``""`` if nothing is.

    Two names that one system takes for the same file are wrong, and a name that is a file and a directory.

    :param names: of members, ``/`` at the end of those of directories.
    """
    named = [*names]
    good: set[str] = set()
    for name in named:
        if len(name) > LONGEST:
            return f"holds {short(name)}, whose name is longer than {LONGEST} characters"
        for part in name.removesuffix("/").split("/"):
            if part in good:
                continue
            if fault := fault_of(part):
                return f"holds {short(name)}, {fault}"
            good.add(part)
    return _twins(named)


@functools.lru_cache(4096)
def fault_of(part: str) -> str:
    """Return why some system cannot hold a file called *part*, ``""`` if each can."""
    if _USUAL.fullmatch(part) and not _DEVICE.fullmatch(part):
        return ""
    faults = (
        (part in {"", ".", ".."} or "\\" in part, "which leads out of where it is installed, or is no plain path"),
        (not is_seen(part), "which has a character that cannot be shown"),
        (_RESERVED.search(part), "which has a character that Windows reserves"),
        (part.endswith((".", " ")), "whose dot or space at the end Windows drops"),
        (_DEVICE.fullmatch(part), "which is a device on Windows"),
        (len(part.encode(errors="replace")) > LONGEST_PART, f"a part of which is longer than {LONGEST_PART} bytes"),
    )
    return next((what for wrong, what in faults if wrong), "")


def key_of(name: str) -> str:
    """Return the same for all names that some system takes for one: macOS and Windows compare without case."""
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFD", name).casefold())


def _twins(names: Iterable[str]) -> str:
    """Return which two of *names* are one file on some system, ``""`` if none are."""
    files: dict[str, str] = {}
    folders: dict[str, str] = {}
    for name in names:
        folder, is_folder = name.rstrip("/"), name.endswith("/")
        if not is_folder:
            other = files.setdefault(key_of(name), name)
            if other is not name:
                return f"holds {short(other)} and {short(name)}, which are one file on some systems"
            folder = name.rpartition("/")[0]
        while folder:
            key = key_of(folder)
            other = folders.setdefault(key, folder)
            if other != folder:
                return f"holds the directories {short(other)} and {short(folder)}, which are one on some systems"
            if other is not folder:
                break
            folder = folder.rpartition("/")[0]
    both = files.keys() & folders.keys()
    return f"holds {short(files[min(both)])} as a file and as a directory" if both else ""
