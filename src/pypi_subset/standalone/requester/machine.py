"""The description of this machine, without what names it or its user."""

import os
import platform
import re

from pypi_subset.standalone.describe_target import describe

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Iterable

#: Variables that hold the name of the user.
USER_VARIABLES = ("USER", "LOGNAME", "USERNAME", "SUDO_USER", "DOAS_USER")
#: Names that most machines have, and that tell nothing.
COMMON_NAMES = frozenset(("root", "localhost", "localdomain", "user", "admin", "linux"))
#: A path, an address, or a name at a host.
PLACE = re.compile(r"(?:^|[\s\"'=(;,])(?:~?/|[A-Za-z]:[\\/])|\\\\|://|@")


def own_names() -> "list[str]":
    """Return the names of this machine and of its user."""
    node = platform.node()
    home = os.path.basename(os.path.expanduser("~").rstrip("/\\"))
    found = {node, node.partition(".")[0], home, *(os.environ.get(one, "") for one in USER_VARIABLES)}
    return sorted(one for one in found if len(one) > 1 and one.lower() not in COMMON_NAMES)


def is_private(text: str, names: "Iterable[str]") -> bool:
    """Return whether *text* has a path, an address, or one of *names* as a word."""
    if PLACE.search(text):
        return True
    return any(re.search(rf"(?<![A-Za-z0-9]){re.escape(one)}(?![A-Za-z0-9])", text, re.IGNORECASE) for one in names)


def description(names: "Iterable[str]") -> "tuple[dict[str, Any], list[str]]":
    """
    Return what describe_target.py says of this machine, and which facts are left empty since they are private.

    :param names: those of the machine and of its user.
    """
    facts = describe()
    elf = facts.get("elf")
    if isinstance(elf, dict) and elf.get("interpreter"):
        # The directory of the loader may be one of the user; its name alone tells the C library.
        elf["interpreter"] = os.path.basename(str(elf["interpreter"]))
    emptied: list[str] = []
    clean = without_private(facts, tuple(names), "machine", emptied)
    return clean, emptied


def without_private(value: "Any", names: "tuple[str, ...]", where: str, emptied: "list[str]") -> "Any":
    """
    Return *value* of JSON with an empty text in the place of each private one.

    :param where: the keys that lead to it.
    :param emptied: gets the places of these texts.
    """
    if isinstance(value, dict):
        return {key: without_private(one, names, f"{where}.{key}", emptied) for key, one in value.items()}
    if isinstance(value, list):
        return [without_private(one, names, where, emptied) for one in value]
    if isinstance(value, str) and is_private(value, names):
        emptied.append(where)
        return ""
    return value
