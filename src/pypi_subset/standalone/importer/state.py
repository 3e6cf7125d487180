"""``state.json`` of the directory of ``--into``: which release is live, which are kept, and which files stay."""

from pypi_subset.standalone.errors import Refused, shown
from pypi_subset.standalone.importer.reading.paths import check_path, is_distribution
from pypi_subset.standalone.importer.reading.strict_json import Fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

STATE_SCHEMA, STATE_KIND = "1.0", "pypi-subset import state"
FIRST_STATE: "dict[str, Any]" = {"kind": STATE_KIND, "live": None, "highest": None, "releases": [], "grace": []}
#: Serials, sizes and times are below it.
LARGEST = 1 << 63


class State:
    """
    What ``state.json`` says.

    :param live: serial, manifest, signer, key, created, imported, overrides and unproven of the live release; ``None``
        before the first import.
    :param highest: serial and manifest of the highest release that was ever imported.
    :param releases: kept releases, each like *live*.
    :param grace: files that no release has any more, and that stay for a while: path, sha256, size, mtime, until.
    :raises Refused: the document is damaged.
    """

    def __init__(self, found: "dict[str, Any] | None" = None) -> None:
        fields = Fields(FIRST_STATE if found is None else found, "state.json")
        if fields.get("kind", str) != STATE_KIND:
            raise Refused("state.json is another document")
        self.live: dict[str, Any] | None = fields.get("live", dict, type(None))
        self.highest: dict[str, Any] | None = fields.get("highest", dict, type(None))
        self.releases: list[dict[str, Any]] = fields.get("releases", list)
        self.grace: list[dict[str, Any]] = fields.get("grace", list)
        if self.highest is not None:
            check_number(self.highest)
        for one in [*([] if self.live is None else [self.live]), *self.releases]:
            check_release(one)
        for one in self.grace:
            check_entry(one)

    def document(self) -> "dict[str, Any]":
        """Return it as JSON values."""
        return {
            "schema": STATE_SCHEMA,
            "kind": STATE_KIND,
            "live": self.live,
            "highest": self.highest,
            "releases": self.releases,
            "grace": self.grace,
        }


def check_number(found: "Any") -> Fields:
    """Return the fields of a release, after checking its serial and manifest."""
    fields = Fields(found, "a release of state.json")
    fields.number("serial", 0, 1 << 53)
    fields.digest("manifest")
    return fields


def check_release(found: "Any") -> None:
    """Check the live release or a kept one."""
    fields = check_number(found)
    for name in ("signer", "key", "created", "imported"):
        fields.get(name, str)
    # Releases that an earlier importer imported do not have it.
    if "unproven" in fields.found:
        fields.get("unproven", bool)
    if not all(type(one) is str for one in fields.get("overrides", list)):
        raise Refused("a release of state.json: overrides has another value than a text")


def check_entry(found: "Any") -> None:
    """
    Check a file with a time of grace; its path is one that an import gives such a time.

    :raises Refused: the entry is damaged, or its path leads elsewhere.
    """
    fields = Fields(found, "a file with a time of grace")
    path = fields.get("path", str)
    check_path(path)
    if not is_distribution(path):
        raise Refused(f"state.json: {shown(path)} is no distribution, and has no time of grace")
    fields.digest("sha256")
    fields.number("size", 0, LARGEST)
    fields.number("mtime", -LARGEST, LARGEST)
    fields.moment("until")
