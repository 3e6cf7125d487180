"""Findings about a bundle, and the option of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.standalone.importer.check import OVERRIDES, Ruling, check_order
from pypi_subset.standalone.importer.errors import Refused
from pypi_subset.standalone.importer.program import parser
from pypi_subset.standalone.importer.state import FIRST_STATE, State

if TYPE_CHECKING:
    from pypi_subset.standalone.importer.reading.document import Bundle


class Numbered:
    """A bundle of which only the order is looked at."""

    def __init__(self, serial: int, manifest: str) -> None:
        self.serial = serial
        self.manifest = manifest


def ordered(serial: int, manifest: str, *findings: str) -> list[str]:
    """Return what was overridden, after release 3 was imported."""
    ruling = Ruling(set(findings), lambda _: None)
    state = State({**FIRST_STATE, "highest": {"serial": 3, "manifest": "a" * 64}})
    bundle: Bundle = Numbered(serial, manifest)  # type: ignore[assignment]
    check_order(bundle, state, ruling)
    return ruling.overridden


def test_order() -> None:
    """A later serial, and the same release, are in order; others need the option."""
    assert ordered(4, "b" * 64) == ordered(3, "a" * 64) == []
    for serial, manifest in ((2, "b" * 64), (2, "a" * 64), (3, "b" * 64)):
        with pytest.raises(Refused, match="--allow-lower-serial"):
            ordered(serial, manifest)
        assert ordered(serial, manifest, "lower serial") == ["lower serial"]


def test_first_bundle_has_any_serial() -> None:
    """Before the first import no serial is too low."""
    bundle: Bundle = Numbered(1, "a")  # type: ignore[assignment]
    check_order(bundle, State(), Ruling(set(), lambda _: None))


@pytest.mark.parametrize("finding", OVERRIDES)
def test_each_finding_has_its_own_option(finding: str) -> None:
    """An option lets in what it names, and nothing else."""
    chosen = parser().parse_args(["stick", OVERRIDES[finding]])
    assert chosen.findings == [finding]
    warned: list[str] = []
    ruling = Ruling(set(chosen.findings), warned.append)
    for one in OVERRIDES:
        if one == finding:
            ruling.find(one, "it is so", "do this")
        else:
            with pytest.raises(
                Refused, match=f"^it is so; do this, or import it in spite of that with {OVERRIDES[one]}$"
            ):
                ruling.find(one, "it is so", "do this")
    assert ruling.overridden == [finding]
    assert warned == [f"it is so; {OVERRIDES[finding]} was given"]
