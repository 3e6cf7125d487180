"""Releases that go live, are kept, and come back."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support.gap.bundles import Key, Recipe
from tests.support.gap.far import Far, Trip
from tests.support.gap.releases import files_of, first, second

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def trip(tmp_path_factory: pytest.TempPathFactory) -> Trip:
    """Three releases and the bundles between them."""
    return Trip.made(tmp_path_factory.mktemp("trip"))


def serials(far: Far) -> tuple[int, list[int]]:
    """Return the serial of the live release, and those of kept ones."""
    state = json.loads((far.into / "state.json").read_bytes())
    return state["live"]["serial"], [one["serial"] for one in state["releases"]]


@pytest.mark.parametrize(("keep", "kept"), [("0", []), ("1", [2]), ("2", [1, 2])])
def test_releases_are_kept(trip: Trip, keep: str, kept: list[int]) -> None:
    """So many releases are kept beside the live one, with their records."""
    far = trip.far(f"keep-{keep}")
    for medium in trip.media:
        assert far.run(medium, "--keep", keep).code == 0
    assert serials(far) == (3, kept)
    names = {path.name for path in (far.into / "releases").iterdir()} if (far.into / "releases").exists() else set()
    assert names == {"3.json", *(f"{one}{suffix}" for one in kept for suffix in ("", ".json"))}
    for one in kept:
        assert files_of(far.into / "releases" / str(one)) == files_of(trip.sites[one - 1])


def test_rollback_goes_back_and_forth(trip: Trip) -> None:
    """Without a serial the release that was live last comes back; with one, that one."""
    far = trip.far("forth", 3)
    assert far.run("--rollback").code == 0
    assert serials(far) == (2, [1, 3])
    assert far.run("--rollback").code == 0
    assert serials(far) == (3, [1, 2])
    assert far.run("--rollback", "1").code == 0
    assert serials(far) == (1, [2, 3])
    assert files_of(far.site).items() >= files_of(trip.sites[0]).items()
    assert far.run("--verify").code == 0
    assert "release 1" in (far.into / "site/release.html").read_text().replace("</th><td>", " ").lower()
    done = far.run("--rollback", "1")
    assert (done.code, done.error) == (2, f"no such release is kept in {far.into}/releases; kept are: 2, 3")


@pytest.mark.parametrize("change", ["byte", "missing", "manifest"])
def test_damaged_release_does_not_come_back(trip: Trip, change: str) -> None:
    """A kept release is verified before it is live again."""
    far = trip.far(f"damaged-{change}", 2)
    live = files_of(far.site)
    name = "manifest.json" if change == "manifest" else "simple/app/index.html"
    path = far.into / "releases/1" / name
    data = path.read_bytes()
    path.unlink()
    if change != "missing":
        path.write_bytes(data + b" ")
    done = far.run("--rollback")
    assert done.code == 1
    assert "import its bundle again" in done.error
    assert files_of(far.site) == live
    assert far.loose_wheels() == []


def test_rollback_without_a_record(trip: Trip) -> None:
    """A kept release whose record is lost comes back by its manifest's hash."""
    far = trip.far("lost", 2)
    (far.into / "releases/1.json").unlink()
    assert far.run("--rollback").code == 0
    assert files_of(far.site).items() >= files_of(trip.sites[0]).items()


def test_rollback_through_a_link(trip: Trip, tmp_path: Path) -> None:
    """A kept release that a symbolic link replaced is no release of this directory."""
    far = trip.far("linked", 2)
    (far.into / "releases/1").rename(tmp_path / "elsewhere")
    (far.into / "releases/1").symlink_to(tmp_path / "elsewhere")
    before = files_of(far.site)
    for arguments in (["--rollback"], ["--rollback", "--trust-kept"], [trip.media[2]]):
        done = far.run(*arguments)
        assert done.code == 1
        assert "releases/1 is a symbolic link or a file, and must be a directory" in done.error
        assert files_of(far.site) == before
    assert (tmp_path / "elsewhere/manifest.json").exists()


def test_rollback_can_be_scanned(trip: Trip) -> None:
    """``--scan`` decides about a rollback as well."""
    far = trip.far("scanned", 2)
    assert far.run("--rollback", "--scan", "false").code == 1
    assert serials(far) == (2, [1])


def test_page_names_the_release(trip: Trip) -> None:
    """``release.html`` names signer, key, serial and both times, escaped."""
    far = trip.far("page")
    (far.into / "allowed_signers").write_text(trip.key.line().replace("lab@example.org", "<b>&lab"))
    assert far.run(trip.media[0]).code == 0
    text = (far.site / "release.html").read_text()
    assert "<td>&lt;b&gt;&amp;lab</td>" in text
    assert "<th>Release</th><td>1</td>" in text
    assert "SHA256:" in text
    assert "<script" not in text
    shutil.rmtree(far.into)


def prove(far: Far, text: str) -> None:
    """Write the files of a proof into the live site, as ``pypi-subset verify`` does, and remove the style."""
    for path in ("proof/report.json", "proof/junit.xml"):
        (far.site / path).unlink(missing_ok=True)
        (far.site / path).write_text(text)
    (far.site / "proof/page.css").unlink(missing_ok=True)


@pytest.fixture(scope="module")
def proven(tmp_path_factory: pytest.TempPathFactory) -> Trip:
    """Two releases whose proof has a badge and a style that are the same in both."""
    root = tmp_path_factory.mktemp("proven")
    key, texts = Key.made(root), {"proof/junit.xml": "passed", "proof/page.css": "style"}
    one, two = (replace(each(), texts=texts).write(root / each.__name__) for each in (first, second))
    full, difference = Recipe(1, key).make(root / "stick1", one), Recipe(2, key, difference=True)
    return Trip(root, key, (one, two, two), (full, difference.make(root / "stick2", two, one), full))


def test_a_proof_on_arrival_is_verified(proven: Trip) -> None:
    """A proof that was made here is a warning of ``--verify``; another file below ``proof/`` is still refused."""
    far = proven.far("verified", 1)
    prove(far, "red here")
    (far.site / "proof/badge.svg").write_text("red here")
    done = far.run("--verify")
    assert (done.code, done.err) == (
        0,
        "warning: site/proof is from a proof that was made here, and not from the bundle\n",
    )
    (far.site / "proof/other.html").write_text("")
    assert "site/proof/other.html is from no bundle" in far.run("--verify").err


def test_a_proof_on_arrival_is_no_base(proven: Trip) -> None:
    """A difference is imported after a red proof here: its own files of the proof come, and the others stay."""
    far = proven.far("base", 1)
    prove(far, "red here")
    done = far.run(proven.media[1])
    assert (done.code, done.err.count("warning")) == (0, 0), done.err
    assert (far.site / "proof/report.json").read_text() == (proven.sites[1] / "proof/report.json").read_text()
    assert (far.site / "proof/junit.xml").read_text() == "red here"
    assert not (far.site / "proof/page.css").exists()
    assert (far.run("--verify").code, far.run("--verify").err.count("proof")) == (0, 0)


def test_a_proof_on_arrival_is_no_damage(proven: Trip) -> None:
    """A release that was proven here comes back with that proof, and a line says so."""
    far = proven.far("back", 1)
    prove(far, "red here")
    assert far.run(proven.media[1]).code == 0
    done = far.run("--rollback")
    assert (done.code, done.err) == (
        0,
        "warning: release 1 has the proof that was made here, and not the one of its bundle\n",
    )
    assert (far.site / "proof/report.json").read_text() == "red here"
    assert far.run("--verify").code == 0
