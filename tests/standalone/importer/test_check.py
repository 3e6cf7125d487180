"""Findings about a bundle, and the option of each."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from pypi_subset.standalone.errors import Refused
from pypi_subset.standalone.importer.check import OVERRIDES, Ruling, check_order
from pypi_subset.standalone.importer.program import parser
from pypi_subset.standalone.importer.state import FIRST_STATE, State
from tests.support.gap.far import Trip, run
from tests.support.gap.odd import VALUES, changed
from tests.support.gap.releases import files_of

if TYPE_CHECKING:
    from pathlib import Path

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
    check_order(bundle, state, "/none", ruling)
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
    check_order(bundle, State(), "/none", Ruling(set(), lambda _: None))


@pytest.mark.parametrize(
    ("serial", "manifest", "good"), [(4, "b", True), (3, "a", True), (3, "b", False), (2, "a", False)]
)
def test_a_lost_state(tmp_path: Path, serial: int, manifest: str, good: bool) -> None:  # noqa: FBT001 - a table
    """Without ``state.json`` the live site says which serial is the highest."""
    bundle: Bundle = Numbered(serial, manifest * 64)  # type: ignore[assignment]
    (tmp_path / "release.json").write_text(json.dumps({"serial": 3, "manifest_sha256": "a" * 64}))
    if good:
        check_order(bundle, State(), str(tmp_path), Ruling(set(), lambda _: None))
        return
    with pytest.raises(Refused, match=r"3 .*is what the live site states; .* with --allow-lower-serial"):
        check_order(bundle, State(), str(tmp_path), Ruling(set(), lambda _: None))
    ruling = Ruling({"lower serial"}, lambda _: None)
    check_order(bundle, State(), str(tmp_path), ruling)
    assert ruling.overridden == ["lower serial"]


@pytest.mark.parametrize("value", VALUES)
def test_a_damaged_release_file(tmp_path: Path, value: str) -> None:
    """A ``release.json`` of the live site with odd values is one line that says what to do."""
    bundle: Bundle = Numbered(4, "b" * 64)  # type: ignore[assignment]
    for where, data in changed({"serial": 3, "manifest_sha256": "a" * 64}, value):
        (tmp_path / "release.json").write_bytes(data)
        if where == "serial" and value == "3":
            continue
        with pytest.raises(Refused, match=r"; compare the live site with its bundle, or move .* away$") as caught:
            check_order(bundle, State(), str(tmp_path), Ruling(set(), lambda _: None))
        assert str(caught.value).isprintable()


@pytest.mark.parametrize("finding", OVERRIDES)
def test_each_finding_has_its_own_option(finding: str) -> None:
    """An option lets in what it names, and nothing else."""
    chosen = parser().read(["stick", OVERRIDES[finding]])
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


@pytest.fixture(scope="module")
def trip(tmp_path_factory: pytest.TempPathFactory) -> Trip:
    """Three releases and the bundles between them."""
    return Trip.made(tmp_path_factory.mktemp("trip"))


@pytest.mark.parametrize("place", ["incoming", "incoming/next", "releases/7", "site", "site/bundle", "a link"])
def test_a_bundle_in_a_directory_of_the_importer(trip: Trip, tmp_path: Path, place: str) -> None:
    """A bundle that a user copied to where an import removes files is refused, and stays."""
    far = trip.far(tmp_path.name, 1)
    copied = far.into / ("incoming" if place == "a link" else place)
    shutil.copytree(trip.media[1], copied, dirs_exist_ok=True)
    named = tmp_path / "stick" if place == "a link" else copied
    if place == "a link":
        named.symlink_to(copied)
    before = files_of(copied)
    for option in ([], ["--dry-run"]):
        done = far.run(named, *option)
        assert done.code == 2
        assert f"{named} is in {far.into}/" in done.error
        assert done.error.endswith(f"copy the bundle to a directory outside of {far.into}")
        assert files_of(copied) == before
    assert far.run(trip.media[1]).code == 0


def test_signers_of_the_medium_count_for_nothing(trip: Trip, tmp_path: Path) -> None:
    """Who changes a stick brings a file of signers too: a file on the medium allows no key, also behind a link."""
    far, stick = trip.far(tmp_path.name, 1), tmp_path / "stick"
    shutil.copytree(trip.media[1], stick)
    (stick / "allowed_signers").write_text(trip.key.line())
    (tmp_path / "link").symlink_to(stick)
    for medium, signers in ((stick, stick / "allowed_signers"), (stick, tmp_path / "link/allowed_signers")):
        for words in (["--into", far.into], ["--verify"]):
            done = run(medium, "--allowed-signers", signers, *words)
            assert done.code == 1
            assert f"{signers} is on the medium, which vouches for no key" in done.error
            assert "; name a file that came by another way with --allowed-signers, or import it" in done.error
    done = far.run(stick, "--allowed-signers", stick / "allowed_signers", "--allow-unknown-signer")
    assert (done.code, "signed by an unknown key" in done.out) == (0, True)
