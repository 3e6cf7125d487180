"""Imports, from the first bundle to the third."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pypi_subset.standalone.importer import check, disk, home, importing, installing
from pypi_subset.standalone.importer.reading import closures, pages
from tests.support.bundles.office import arrived, office
from tests.support.gap.bundles import Key, Recipe
from tests.support.gap.far import Far, Trip, run, run_alone
from tests.support.gap.releases import files_of, first, second, third, with_manifest, with_page
from tests.support.sites.handwritten import sha256
from tests.support.sites.workspace import Workspace, own_index
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def trip(tmp_path_factory: pytest.TempPathFactory) -> Trip:
    """Three releases and the bundles between them."""
    return Trip.made(tmp_path_factory.mktemp("trip"))


@pytest.fixture
def far(trip: Trip, tmp_path: Path) -> Far:
    """A directory that imported the first bundle."""
    return trip.far(f"far-{tmp_path.name}", 1)


def state(far: Far) -> dict[str, Any]:
    """Return ``state.json``."""
    found: dict[str, Any] = json.loads((far.into / "state.json").read_bytes())
    return found


def test_three_trips(trip: Trip) -> None:
    """A full bundle and two differences make each site byte for byte; files that are gone stay for a while."""
    far = trip.far("three")
    for number, (medium, site) in enumerate(zip(trip.media, trip.sites, strict=True), 1):
        done = far.run(medium)
        assert done.code == 0, done.err
        assert f"release {number}, signed by lab@example.org" in done.out
        graced = {one["path"] for one in state(far)["grace"]}
        assert {path: value for path, value in files_of(far.site).items() if path not in graced} == files_of(site)
        assert not (far.into / "incoming").exists()
    assert graced == {f"simple/app/app-1.0-py3-none-any.whl{suffix}" for suffix in ("", ".metadata")}
    assert [one["serial"] for one in state(far)["releases"]] == [1, 2]
    assert files_of(far.into / "releases/2") == files_of(trip.sites[1])


def test_kept_files_are_the_same_files(trip: Trip, far: Far) -> None:
    """A file that did not change keeps its inode and its time: rsync and caches see no change."""
    wheel = far.site / "simple/lib/lib-1.0-py3-none-any.whl"
    before = wheel.stat()
    assert far.run(trip.media[1]).code == 0
    after = wheel.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_equal_new_pages_are_files_of_their_own(far: Far) -> None:
    """An editor that writes one page in place changes no other."""
    same: dict[bytes, list[os.stat_result]] = {}
    for path in far.site.rglob("*.v1_json"):
        same.setdefault(path.read_bytes(), []).append(path.stat())
    pages = max(same.values(), key=len)
    assert len(pages) > 1
    assert len({one.st_ino for one in pages}) == len(pages)


def test_the_very_same_bundle_again(trip: Trip, far: Far) -> None:
    """The same bundle may be imported again: live, after a later one with its option, and after a rollback."""
    before = files_of(far.site)
    assert far.run(trip.media[0]).code == 0
    assert files_of(far.site) == before
    assert far.run(trip.media[1]).code == 0
    assert far.run(trip.media[1]).code == 0
    assert far.run("--rollback").code == 0
    assert files_of(far.site).items() >= files_of(trip.sites[0]).items()
    assert far.run(trip.media[1]).code == 0
    assert files_of(far.site).items() >= files_of(trip.sites[1]).items()


def test_lower_serial_is_refused_also_after_a_rollback(trip: Trip) -> None:
    """The highest serial counts that was ever imported, not the live one."""
    far = trip.far("lower", 3)
    assert far.run("--rollback").code == 0
    assert state(far)["live"]["serial"] == 2
    done = far.run(trip.media[1])
    assert done.code == 1
    assert "the bundle has the serial 2, and 3 was imported before" in done.error
    assert far.run(trip.media[1], "--allow-lower-serial").code == 0
    assert state(far)["live"]["overrides"] == ["lower serial"]
    assert state(far)["highest"]["serial"] == 3


def test_one_serial_has_one_manifest(trip: Trip) -> None:
    """Another manifest under the highest serial is refused: one of the two is forged or from another ledger."""
    far = trip.far("forked", 2)
    done = far.run(trip.bundle(third(2), "forked-stick"))
    assert "a release with the serial 2 and another manifest was imported before" in done.error


@pytest.mark.parametrize("options", [[], ["--trust-kept"]])
def test_changed_byte_of_a_kept_file(trip: Trip, far: Far, options: list[str]) -> None:
    """A kept file with another byte is refused by its path; size and time alone do not show a careful change."""
    wheel = far.site / "simple/lib/lib-1.0-py3-none-any.whl"
    look = wheel.stat()
    data = bytearray(wheel.read_bytes())
    data[100] ^= 1
    wheel.write_bytes(data)
    if options:
        # With the time of an editor, also --trust-kept finds it.
        assert far.run(trip.media[1], *options).code == 1
        os.utime(wheel, ns=(look.st_atime_ns, look.st_mtime_ns))
        assert far.run(trip.media[1], *options).code == 0
        assert far.run("--verify").code == 1
        return
    done = far.run(trip.media[1])
    assert done.code == 1
    assert done.error == (
        "1 files of the site have other bytes than they should, e.g. simple/lib/lib-1.0-py3-none-any.whl; "
        "import a full bundle"
    )


@pytest.mark.parametrize("page", ["targets/linux/simple/lib/index.html", "simple/lib/index.v1_json"])
def test_trust_is_for_links_that_were_checked(trip: Trip, tmp_path: Path, page: str) -> None:
    """``--trust-kept`` walks a page that is kept if no import has walked it: that of a manifest without closures was not."""
    empty = '{"files": []}' if page.endswith("json") else "<p>nothing"
    sites = [
        with_page(release.write(tmp_path / f"site{release.serial}"), page, empty)
        for release in (replace(first(), minor=4), second())
    ]
    far = trip.far(f"unwalked-{tmp_path.name}")
    old, new = (
        Recipe(1, trip.key).make(tmp_path / "old", sites[0]),
        Recipe(2, trip.key).make(tmp_path / "new", *sites[::-1]),
    )
    assert far.run(old).code == 0
    done = far.run(new, "--trust-kept")
    assert (done.code, done.error) == (1, f"base on linux: {page} does not link lib-1.0-py3-none-any.whl")


def test_trusted_pages_are_walked_once(trip: Trip, monkeypatch: pytest.MonkeyPatch) -> None:
    """The record says which links were checked, also after a rollback: later imports read only pages that are new."""
    far = trip.far("walked", 1)
    record = far.into / "releases/1.json"
    walked = json.loads(record.read_bytes())["walked"]
    assert set(walked) == {"linux", "windows"}
    assert far.run(trip.media[1]).code == 0
    assert far.run("--rollback").code == 0
    assert json.loads(record.read_bytes())["walked"] == walked
    read: list[str] = []
    links = pages.links_of_html

    def noted(data: bytes, page: str) -> list[tuple[str, str]]:
        read.append(page)
        return links(data, page)

    monkeypatch.setattr(closures, "links_of_html", noted)
    assert far.run(trip.media[1], "--trust-kept").code == 0
    views = [f"targets/{target}/simple/app/index.html" for target in ("linux", "windows")]
    assert sorted(read) == ["simple/app/index.html", *views]
    read.clear()
    assert far.run(trip.media[1]).code == 0
    assert len(read) == 12


def test_trusted_files_are_not_read(trip: Trip, far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    """With ``--trust-kept`` no file is hashed that an import placed."""
    read: list[str] = []

    def hashed(path: str) -> tuple[str, int]:
        read.append(path)
        return disk.digest_of_file(path)

    monkeypatch.setattr(home, "digest_of_file", hashed)
    assert far.run(trip.media[1], "--trust-kept").code == 0
    assert [path for path in read if path.endswith(".whl")] == []
    assert far.run(trip.media[1]).code == 0
    assert [path for path in read if path.endswith(".whl")]


def test_base_is_needed(trip: Trip) -> None:
    """A difference from a site that is not here is refused, and says which bundle fits."""
    far = trip.far("nothing")
    done = far.run(trip.media[1])
    assert done.code == 1
    assert done.error.endswith("which is not here; make a full bundle on the connected side")
    far = trip.far("one", 1)
    done = far.run(trip.media[2])
    live = files_of(far.site)["manifest.json"]
    assert done.error.endswith(f"run `pypi-subset bundle --since {live}` on the connected side")


def test_base_may_be_a_kept_release(trip: Trip) -> None:
    """After a rollback the next difference still fits: the release that it continues is kept."""
    far = trip.far("kept", 2)
    assert far.run("--rollback").code == 0
    assert far.run(trip.media[2]).code == 0
    assert files_of(far.site).items() >= files_of(trip.sites[2]).items()


def test_moved_files_are_found_by_their_bytes(trip: Trip, far: Far) -> None:
    """A file that a later release has under another path is taken from the old path."""
    moved = replace(second(), texts={"docs/copy.txt": "the same in each release\n"})
    site = moved.write(trip.root / "moved")
    base = shutil.copytree(trip.sites[0], trip.root / "moved-base")
    (base / "docs").mkdir()
    shutil.copy(base / "README.md", base / "docs/copy.txt")
    medium = Recipe(2, trip.key).make(trip.root / "moved-stick", site, base)
    assert "docs/copy.txt" not in json.loads((medium / "bundle.json").read_bytes())["paths"]
    done = far.run(medium)
    assert done.code == 0, done.err
    assert (far.site / "docs/copy.txt").read_text() == "the same in each release\n"


def test_unsigned(trip: Trip, tmp_path: Path) -> None:
    """A bundle without a signature is refused, and its option is recorded and shown."""
    far, medium = trip.far("unsigned"), shutil.copytree(trip.media[0], tmp_path / "stick")
    (medium / "bundle.json.sig").unlink()
    done = far.run(medium)
    assert done.code == 1
    assert (
        "has no bundle.json.sig; copy it to the medium, or import it in spite of that with --allow-unsigned"
        in done.error
    )
    done = far.run(medium, "--allow-unsigned")
    assert done.code == 0
    assert "warning: the bundle has no bundle.json.sig; --allow-unsigned was given" in done.err
    assert "unsigned" in done.out
    assert state(far)["live"]["overrides"] == ["unsigned"]
    assert "<td>unsigned</td>" in (far.site / "release.html").read_text()


def test_unknown_signer(trip: Trip, tmp_path: Path) -> None:
    """A bundle of a key that no line allows is refused with its fingerprint, and its option is recorded."""
    far = trip.far("unknown")
    other = Key.made(tmp_path)
    (far.into / "allowed_signers").write_text(other.line())
    done = far.run(trip.media[0])
    assert done.code == 1
    listed = subprocess.run(["ssh-keygen", "-l", "-f", trip.key.path], capture_output=True, text=True, check=True)
    assert listed.stdout.split()[1] in done.error
    assert "no line of it has this key" in done.error
    (far.into / "allowed_signers").unlink()
    assert "there is no " in far.run(trip.media[0]).error
    other_file = tmp_path / "signers"
    other_file.write_text(trip.key.line('valid-before="20200101"'))
    assert "valid-before" in far.run(trip.media[0], "--allowed-signers", other_file).error
    assert far.run(trip.media[0], "--allow-unknown-signer").code == 0
    assert state(far)["live"]["overrides"] == ["unknown signer"]
    other_file.write_text(trip.key.line())
    assert far.run(trip.media[0], "--allowed-signers", other_file).code == 0
    assert state(far)["live"]["signer"] == "lab@example.org"


def test_damaged_signature_has_no_option(trip: Trip, tmp_path: Path) -> None:
    """Every option together imports no bundle whose signature does not fit."""
    far, medium = trip.far("damaged"), shutil.copytree(trip.media[0], tmp_path / "stick")
    path = medium / "bundle.json"
    path.write_bytes(path.read_bytes() + b"\n")
    done = far.run(medium, *check.OVERRIDES.values())
    assert done.code == 1
    assert "is no signature of this bundle.json" in done.error


def test_expired_and_early(trip: Trip, monkeypatch: pytest.MonkeyPatch) -> None:
    """After its time a bundle is refused; a clock before its creation is a warning."""
    far = trip.far("expired")
    site = trip.sites[0]
    old = Recipe(1, trip.key, created="2020-01-01T00:00:00Z", expires="2020-04-01T00:00:00Z").make(
        trip.root / "old", site
    )
    done = far.run(old)
    assert "the bundle expired at 2020-04-01T00:00:00Z; make a bundle of the current site" in done.error
    assert far.run(old, "--allow-expired").code == 0
    assert state(far)["live"]["overrides"] == ["expired"]
    monkeypatch.setattr(time, "time", lambda: 1_700_000_000.0)
    done = far.run(trip.media[0])
    assert done.code == 0
    assert "warning: the clock of this machine is before the bundle's, 2026-01-01T00:00:00Z" in done.err


def test_volumes_on_several_media(trip: Trip, tmp_path: Path) -> None:
    """Volumes may come one medium after the other, in any order; only one needs ``bundle.json``."""
    far = trip.far("media", 2)
    volumes = sorted(trip.media[2].glob("volume-*.zip"))
    media = []
    for number, path in enumerate(volumes):
        (tmp_path / str(number)).mkdir()
        shutil.copy(path, tmp_path / str(number))
        media.append(tmp_path / str(number))
    for name in ("bundle.json", "bundle.json.sig", "REVIEW.md"):
        shutil.copy(trip.media[2] / name, media[1])
    assert "has no bundle.json" in far.run(media[0]).error
    before = files_of(far.site)
    done = far.run(media[1])
    assert done.code == 3
    assert done.error.startswith(f"volume 1 of {len(volumes)} is missing; insert it and run this again")
    for medium in media[:1:-1]:
        assert far.run(medium).code == 3
        assert files_of(far.site) == before
        assert far.loose_wheels() == []
    done = far.run(media[0])
    assert done.code == 0, done.err
    assert files_of(far.site).items() >= files_of(trip.sites[2]).items()


def test_room_is_checked_first(trip: Trip, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the disk is too small, nothing is taken; the message says how much is needed."""
    far = trip.far("full")
    usage = shutil.disk_usage(far.into)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    done = far.run(trip.media[0])
    assert done.code == 3
    assert "bytes, and 1,000 are free; make room and run this again" in done.error
    assert not far.site.exists()


def test_room_for_a_content_at_many_paths(trip: Trip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each further path of a blob is a copy, which needs room too: a small bundle must not fill the disk."""
    release = first(4)
    texts = {f"docs/{number}.html": "x" * 10_000 for number in range(500)}
    stick = trip.bundle(replace(release, texts=texts), tmp_path.name)
    far = trip.far(f"copies-{tmp_path.name}")
    usage = shutil.disk_usage(far.into)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1_000_000))
    done = far.run(stick)
    assert done.code == 3
    assert re.search("needs 4,99[0-9],[0-9]{3} bytes, and 1,000,000 are free; make room and run this again", done.error)
    assert far.loose_wheels() == []
    assert not far.site.exists()
    monkeypatch.undo()
    assert far.run(stick).code == 0


def test_owner_and_mode_follow_the_old_site(trip: Trip, far: Far) -> None:
    """New files and directories have owner and mode of the site before; the umask does not count."""
    for path in [far.site, *far.site.rglob("*")]:
        path.chmod(0o2750 if path.is_dir() else 0o640)
        if os.geteuid() == 0:
            os.chown(path, 12, 34)
    before = os.umask(0o077)
    try:
        assert far.run(trip.media[1]).code == 0
    finally:
        os.umask(before)
    for path in (far.site, far.site / "simple/app"):
        assert path.stat().st_mode & 0o7777 == 0o2750, path
    for path in (
        far.site / "simple/app/app-2.0-py3-none-any.whl",
        far.site / "manifest.json",
        far.site / "release.html",
    ):
        assert path.stat().st_mode & 0o7777 == 0o640, path
    if os.geteuid() == 0:
        owners = {(path.stat().st_uid, path.stat().st_gid) for path in [far.site, *far.site.rglob("*")]}
        assert owners == {(12, 34)}


def test_first_site_can_be_read_by_a_web_server(trip: Trip) -> None:
    """The first site is readable for others, whatever the umask is."""
    before = os.umask(0o077)
    try:
        far = trip.far("umask", 1)
    finally:
        os.umask(before)
    modes = {path.is_dir(): path.stat().st_mode & 0o777 for path in [far.site, *far.site.rglob("*")]}
    assert modes == {True: 0o755, False: 0o644}


@pytest.mark.parametrize("place", ["site", "releases", "incoming", ".lock", "state.json"])
def test_symbolic_links_below_the_directory_are_refused(trip: Trip, tmp_path: Path, place: str) -> None:
    """No part of the directory may lead out of it: nothing outside is written or read."""
    far = trip.far(f"link-{tmp_path.name}", 1)
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "manifest.json").write_text("{}")
    path = far.into / place
    if path.is_dir():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.symlink_to(outside / "state" if "." in place else outside)
    before = sorted(outside.rglob("*"))
    done = far.run(trip.media[1])
    assert done.code in {1, 2, 3}
    assert done.error
    assert sorted(outside.rglob("*")) == before


@pytest.mark.parametrize("place", ["site/simple", "site/simple/lib/lib-1.0-py3-none-any.whl"])
def test_symbolic_links_in_the_site_are_refused(trip: Trip, far: Far, tmp_path: Path, place: str) -> None:
    """A kept file that is a link is refused, though it leads to the right bytes."""
    path = far.into / place
    path.rename(tmp_path / "aside")
    path.symlink_to(tmp_path / "aside")
    done = far.run(trip.media[1])
    assert done.code == 1
    assert "is a symbolic link" in done.error


def test_foreign_files_of_the_site(trip: Trip, far: Far) -> None:
    """A file that no bundle brought is not carried along; the kept release has it, and a warning says so."""
    (far.site / "robots.txt").write_text("mine")
    done = far.run(trip.media[1])
    assert done.code == 0
    assert "warning: site/robots.txt is from no bundle; the release before has it" in done.err
    assert (far.into / "releases/1/robots.txt").read_text() == "mine"
    assert not (far.site / "robots.txt").exists()


def test_a_site_that_nothing_proves(trip: Trip, tmp_path: Path) -> None:
    """What ``--force`` carried is announced at each look, stands in state and page, and is still known after a rollback."""
    site = with_manifest(first().write(tmp_path / "site"), lambda one: one.update(unproven=True))
    stick = Recipe(1, trip.key).make(tmp_path / "stick", site)
    far = trip.far("unproven")
    line = "warning: nothing proves the site of this bundle: the connected side carried it with --force\n"
    for arguments in (["--verify"], ["--dry-run"], []):
        done = far.run(stick, *arguments)
        assert done.code == 0
        assert line in done.err
    assert "release 1, signed by lab@example.org, not proven, created" in done.out
    assert state(far)["live"]["unproven"] is True
    assert "carried this site with --force" in (far.site / "release.html").read_text()
    assert "live: release 1, signed by lab@example.org, not proven, created" in far.run("--list").out
    done = far.run(Recipe(2, trip.key).make(tmp_path / "next", trip.sites[1], site))
    assert (done.code, "not proven" in done.out, line in done.err) == (0, False, False)
    assert state(far)["live"]["unproven"] is False
    assert "--force" not in (far.site / "release.html").read_text()
    assert "kept: release 1, signed by lab@example.org, not proven, created" in far.run("--list").out
    assert "not proven" in far.run("--rollback").out
    assert "carried this site with --force" in (far.site / "release.html").read_text()


def test_a_state_of_an_earlier_importer(trip: Trip, far: Far) -> None:
    """A release without the word whether it is proven is read as one that nothing is known of."""
    found = state(far)
    del found["live"]["unproven"]
    (far.into / "state.json").write_text(json.dumps(found))
    assert far.run(trip.media[1]).code == 0
    assert far.run("--list").code == 0


def test_site_that_another_way_brought(trip: Trip) -> None:
    """A difference fits a site that was copied there; it is kept as release 0, and can be rolled back to."""
    far = trip.far("copied")
    shutil.copytree(trip.sites[0], far.site)
    done = far.run(trip.media[1])
    assert done.code == 0, done.err
    assert files_of(far.into / "releases/0") == files_of(trip.sites[0])
    assert far.run("--rollback").code == 0
    assert files_of(far.site).items() >= files_of(trip.sites[0]).items()
    assert far.run("--verify").code == 0


def test_other_directories_are_left_alone(tmp_path: Path, trip: Trip) -> None:
    """A directory with a site of another kind is not touched."""
    far = Far(tmp_path)
    far.site.mkdir()
    (far.site / "index.html").write_text("mine")
    done = far.run(trip.media[0])
    assert done.code == 2
    assert "has files and no manifest.json; choose another directory" in done.error
    assert far.everything() == {"site": None, "site/index.html": b"mine"}


def test_two_importers_at_once(trip: Trip, far: Far) -> None:
    """The second one ends with a line; the lock is gone with its process."""
    import fcntl  # noqa: PLC0415 - Windows has none

    with (far.into / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = far.run(trip.media[1])
        assert (done.code, done.error) == (3, f"another import runs in {far.into}; wait until it has ended")
    assert far.run(trip.media[1]).code == 0


def test_without_hard_links(trip: Trip, far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where links fail, files are copied; the result is the same."""

    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    for medium in trip.media[1:]:
        done = far.run(medium)
        assert done.code == 0, done.err
    assert files_of(far.site).items() >= files_of(trip.sites[2]).items()
    assert far.run("--verify").code == 0
    assert {path.stat().st_nlink for path in far.site.rglob("*") if path.is_file() and path.name != "x"} <= {1, 2}


def test_without_the_exchange(trip: Trip, far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where directories cannot be exchanged, two renames do."""
    monkeypatch.setattr(home, "exchange", lambda *_: False)
    assert far.run(trip.media[1]).code == 0
    assert files_of(far.site).items() >= files_of(trip.sites[1]).items()
    assert files_of(far.into / "releases/1") == files_of(trip.sites[0])


def test_manifest_without_closures_is_a_warning(trip: Trip) -> None:
    """A site of an older version is imported; a line says what was not checked."""
    far = trip.far("older")
    done = far.run(trip.bundle(replace(first(), minor=4), "older-stick"))
    assert done.code == 0
    assert "warning: manifest.json is older than schema 1.5" in done.err


def test_preview_writes_nothing(trip: Trip, far: Far) -> None:
    """``--dry-run`` says what each target gains and loses, and writes nothing."""
    before = far.everything()
    done = far.run(trip.media[1], "--dry-run")
    assert done.code == 0, done.err
    assert done.out.splitlines() == [
        "release 2 can be imported; nothing was changed",
        "linux: 1 added, 1 removed",
        "  + app-2.0-py3-none-any.whl",
        "  - app-1.0-py3-none-any.whl",
        "windows: 0 added, 0 removed",
    ]
    assert far.everything() == before
    found = json.loads(far.run(trip.media[1], "--dry-run", "--json").out)
    assert found["preview"]["targets"]["windows"] == {"added": [], "removed": []}


def test_preview_of_the_first_bundle_needs_the_directory(trip: Trip, tmp_path: Path) -> None:
    """A preview makes no directory."""
    done = run(trip.media[0], "--into", tmp_path / "none", "--dry-run")
    assert done.code == 2
    assert not (tmp_path / "none").exists()


def test_failed_swap_puts_the_old_site_back(trip: Trip, far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    """If the second rename fails, the first one is undone."""
    before, rename = files_of(far.site), os.rename
    monkeypatch.setattr(home, "exchange", lambda *_: False)

    def fail(source: str, target: str) -> None:
        if source.endswith("next"):
            raise OSError(18, "Invalid cross-device link", source)
        rename(source, target)

    monkeypatch.setattr(os, "rename", fail)
    done = far.run(trip.media[1])
    assert done.code == 3
    assert files_of(far.site) == before
    monkeypatch.undo()
    assert far.run(trip.media[1]).code == 0


def test_changes_of_a_target_that_goes() -> None:
    """A target that a release does not have any more loses its files."""
    assert importing.changes(None, None) == {}  # type: ignore[arg-type]
    assert installing.Options().keep == 2


@pytest.mark.slow
def test_bundles_of_the_exporter(tmp_path: Path) -> None:
    """Sites that the tool mirrored arrive byte for byte: full, then by a difference in volumes with a parity file."""
    with own_index() as index:
        index.add(make_wheel("app", requires=["lib"], ballast=90_000), make_wheel("lib"), make_wheel("old"))
        side = office(Workspace(tmp_path / "work"), {"linux": "cp312-manylinux_2_28_x86_64", "win": "cp312-win_amd64"})
        side.mirror("app", "old")
        side.bundle(tmp_path / "stick1")
        far = Far(tmp_path / "far")
        far.into.mkdir()
        public = side.key.with_suffix(".pub").read_text()
        (far.into / "allowed_signers").write_text(f'office namespaces="pypi-subset-bundle" {public}')
        done = run_alone(sys.executable, tmp_path / "stick1/import_bundle.py", tmp_path / "stick1", "--into", far.into)
        assert done.code == 0, done.err
        assert "closures: 2, 6 pins, complete" in done.err
        assert files_of(far.site) == {name: sha256(data) for name, data in arrived(tmp_path / "stick1").items()}
        index.add(make_wheel("lib", "2.0"), make_wheel("new", ballast=200_000))
        side.mirror("app", "new")
    one = side.bundle(tmp_path / "one", since="last")
    side.bundle(tmp_path / "stick2", since=far.run("--hash").out.strip(), volume=str(one.size // 2), parity=True)
    shutil.copytree(far.site, tmp_path / "base")
    (tmp_path / "base/release.html").unlink()
    wanted = {name: sha256(data) for name, data in arrived(tmp_path / "stick2", tmp_path / "base").items()}
    (tmp_path / "stick2/volume-001.zip").unlink()
    done = far.run(tmp_path / "stick2", "--grace", "0")
    assert done.code == 0, done.err
    assert "rebuilt from the parity file" in done.err
    assert files_of(far.site) == wanted
    assert far.run("--verify").code == 0
    assert far.run(tmp_path / "one").code == 0
