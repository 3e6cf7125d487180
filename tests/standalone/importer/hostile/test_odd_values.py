"""Odd values in signed documents and in the importer's own: one line each, and never a traceback."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from pypi_subset.standalone.errors import ImporterError
from pypi_subset.standalone.importer.importing import changes
from pypi_subset.standalone.importer.program import lines_of
from pypi_subset.standalone.importer.reading.closures import Walk
from pypi_subset.standalone.importer.reading.document import Bundle
from pypi_subset.standalone.importer.reading.manifests import SiteManifest
from pypi_subset.standalone.importer.reading.strict_json import parse_json
from pypi_subset.standalone.importer.state import State
from tests.support.gap.far import Trip
from tests.support.gap.odd import VALUES, changed, renamed
from tests.support.gap.releases import files_of, first

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def trip(tmp_path_factory: pytest.TempPathFactory) -> Trip:
    """Three releases and the bundles between them."""
    return Trip.made(tmp_path_factory.mktemp("trip"))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site whose manifest has every field that the importer reads."""
    made = first().write(tmp_path_factory.mktemp("odd") / "site")
    document = json.loads((made / "manifest.json").read_bytes())
    document["targets"][0]["brought"] = {"cffi": "1.17"}
    document["sets"][0]["gaps"] = [{"requirement": "tool", "project": "tool", "target": "linux"}]
    (made / "manifest.json").write_text(json.dumps(document))
    return made


def odd(document: Any, value: str) -> Iterator[tuple[str, bytes]]:
    """Yield *document* with the odd value in each place, and as each key if it is a text."""
    yield from changed(document, value)
    if value.startswith('"'):
        yield from renamed(document, value)


def outcome(act: Callable[[], object]) -> str:
    """Return the line that people see, ``""`` if the act ended well."""
    try:
        act()
    except ImporterError as error:
        return str(error)
    return ""


def require_line(where: str, line: str) -> bool:
    """Return whether there is an error; it is one printable line."""
    assert line.isascii(), where
    assert not line or line.isprintable(), where
    return bool(line)


@pytest.mark.parametrize("value", VALUES)
def test_manifest(site: Path, value: str) -> None:
    """A manifest with the value anywhere is walked, or refused with one line; a preview of it is printable."""
    hashes = files_of(site)
    document = json.loads((site / "manifest.json").read_bytes())

    def act(data: bytes) -> None:
        manifest = SiteManifest(data)
        manifest.hashes()
        Walk(manifest, hashes, lambda path, _: (site / path).read_bytes(), lambda *_: False).go()
        lines = lines_of({"preview": {"serial": 1, "targets": changes(None, manifest)}})
        assert all(line.isprintable() for line in lines)

    refused = [require_line(where, outcome(partial(act, data))) for where, data in odd(document, value)]
    assert refused.count(True) > len(refused) / 3


@pytest.mark.parametrize("value", VALUES)
def test_bundle(trip: Trip, value: str) -> None:
    """A ``bundle.json`` with the value anywhere is read, or refused with one line."""
    document = json.loads((trip.media[2] / "bundle.json").read_bytes())

    def act(data: bytes) -> None:
        bundle = Bundle(data)
        for number in range(1, len(bundle.volumes) + 1):
            bundle.members(number)

    refused = [require_line(where, outcome(partial(act, data))) for where, data in odd(document, value)]
    assert refused.count(True) > len(refused) / 2


@pytest.mark.parametrize("value", VALUES)
def test_state(trip: Trip, value: str) -> None:
    """A ``state.json`` with the value anywhere is read, or refused with one line."""
    far = trip.far(f"state{VALUES.index(value)}", 2)
    document = json.loads((far.into / "state.json").read_bytes())

    def act(data: bytes) -> None:
        lines = lines_of({"list": State(parse_json(data, "state.json", 1000)).document()})
        assert all(line.isprintable() for line in lines)

    refused = [require_line(where, outcome(partial(act, data))) for where, data in odd(document, value)]
    assert refused.count(True) > len(refused) / 2
