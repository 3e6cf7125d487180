"""What an import remembers of a release: hash, size and time of each file, and what was checked."""

import json

from pypi_subset.standalone.errors import Misused, Refused
from pypi_subset.standalone.importer.disk import exists, read_file
from pypi_subset.standalone.importer.reading.numbers import listed, numbers_in
from pypi_subset.standalone.importer.reading.strict_json import Fields, are_digests, parse_json
from pypi_subset.standalone.importer.state import STATE_SCHEMA

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    #: SHA-256, size and time of the last change of each file, by path.
    Record = dict[str, tuple[str, int, int]]
    #: The paths of pins, by target.
    Walked = dict[str, set[str]]
    #: Project, version and required projects that METADATA state, by its SHA-256.
    Stated = dict[str, list[str]]

RECORD_KIND = "pypi-subset import record"
#: Bytes and values of documents that an import writes itself.
LONGEST_OWN, MOST_OWN = 1 << 30, 20_000_000
#: Hash, size and time.
FACTS_OF_A_FILE = 3


class Checked:
    """
    What was checked of a release.

    :param walked: the paths of the pins whose links were checked, by target.
    :param stated: project, version and required projects that METADATA state, by its SHA-256.
    """

    def __init__(self, walked: "Walked | None" = None, stated: "Stated | None" = None) -> None:
        self.walked: Walked = walked or {}
        self.stated: Stated = stated or {}


def record_in(path: str) -> "tuple[Record, Checked]":
    """
    Return what the record at *path* says of the files of a release, and what was checked; nothing if it is not there.

    :raises Misused: it is damaged.
    """
    if not exists(path):
        return {}, Checked()
    try:
        fields = Fields(parse_json(read_file(path, LONGEST_OWN), "the record", MOST_OWN), "the record")
        record = files_in(fields.get("files", dict))
        names = list(record)
        # Before these keys, no record said what was checked.
        walked = Fields(fields.found.get("walked", {}), "the record")
        lists = {target: numbers_in(walked.get(target, str), len(names), "the record") for target in walked.found}
        stated = Fields(fields.found.get("stated", {}), "the record").found
        for one in stated.values():
            require_texts(one)
    except Refused as error:
        raise Misused(f"{path} is damaged; remove it") from error
    return record, Checked({target: {names[number] for number in own} for target, own in lists.items()}, stated)


def require_texts(found: "Any") -> None:
    """Return if *found* is a list of texts: a name, a version, and more."""
    if type(found) is not list or not found[1:] or {type(one) for one in found} != {str}:
        raise Refused("what the record says of METADATA is damaged")


def record_of(files: "Record", checked: Checked) -> bytes:
    """Return the record of a release."""
    lists = {
        target: listed([number for number, path in enumerate(files) if path in paths])
        for target, paths in sorted(checked.walked.items())
    }
    document = {
        "schema": STATE_SCHEMA,
        "kind": RECORD_KIND,
        "files": files,
        "walked": lists,
        "stated": dict(sorted(checked.stated.items())),
    }
    return json.dumps(document, separators=(",", ":")).encode()


def files_in(found: "dict[str, Any]") -> "Record":
    """Return hash, size and time of each file of a record. It checks tens of thousands at once, which is faster."""
    every = list(found.values())
    if not set(map(type, every)) <= {list} or not set(map(len, every)) <= {FACTS_OF_A_FILE}:
        raise Refused("a file of the record is damaged")
    if not every:
        return {}
    digests, sizes, moments = zip(*every)
    if not are_digests(digests) or not {*map(type, sizes), *map(type, moments)} <= {int}:
        raise Refused("a file of the record is damaged")
    return dict(zip(found, zip(digests, sizes, moments)))
