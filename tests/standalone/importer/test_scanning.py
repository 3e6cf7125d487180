"""``--scan``: a program decides about the next site, and changes nothing in it."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.gap.far import Far, Trip, joined, run_alone
from tests.support.gap.releases import files_of

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


def test_scan_decides(trip: Trip, far: Far, tmp_path: Path) -> None:
    """A program sees the new tree; its exit code decides before the swap."""
    log, script = tmp_path / "log", tmp_path / "scan.sh"
    script.write_text(f'#!/bin/sh\nls "$2" > {log}\nexit "$1"\n')
    script.chmod(0o755)
    before = far.everything()
    done = far.run(trip.media[1], "--scan", f"{script} 4")
    assert done.code == 1
    assert done.error == f"`{script} 4` refused the new site with exit code 4"
    assert "manifest.json" in log.read_text().split()
    assert far.loose_wheels() == []
    assert {path: data for path, data in far.everything().items() if path.startswith("site/")} == {
        path: data for path, data in before.items() if path.startswith("site/")
    }
    for wrong, why in (
        ("/no/such/program", "No such file"),
        ("sh -c 'x", "No closing quotation"),
        ("a\0b", "null byte"),
    ):
        done = far.run(trip.media[1], "--scan", wrong)
        assert done.code == 2
        assert "cannot be run: " in done.error
        assert why in done.error
        assert done.error.isprintable()
    assert far.run(trip.media[1], "--scan", f"{script} 0").code == 0


SCANNERS = {
    "a file more": 'touch "$1/simple/x.html"',
    "a file less": 'rm "$1/README.md"',
    "a new file": 'f=$1/simple/app/index.html; t=$(stat -c %y "$f"); printf x | '
    'dd of="$f" bs=1 seek=9 conv=notrunc status=none; touch -d "$t" "$f"',
    "a kept file": 'cp "$1/README.md" "$1/x" && rm "$1/README.md" && mv "$1/x" "$1/README.md" && echo >> "$1/README.md"',
    "a file with a time of grace": 'f=$1/simple/app/app-1.0-py3-none-any.whl; rm "$f"; echo x > "$f"',
    "the page of the release": 'echo x >> "$1/release.html"',
    "a link": 'ln -s /etc "$1/docs"',
    "a directory": 'mkdir "$1/simple/x"',
    "a directory less": 'rm -r "$1/simple/app"',
    "a kept file at its time": 'f=$1/simple/app/app-2.0-py3-none-any.whl; t=$(stat -c %y "$f"); cp "$f" "$f.x"; '
    'printf x | dd of="$f.x" bs=1 seek=9 conv=notrunc status=none; mv "$f.x" "$f"; touch -d "$t" "$f"',
}


@pytest.mark.parametrize("options", [[], ["--trust-kept"]], ids=["", "trust"])
@pytest.mark.parametrize("change", SCANNERS)
def test_what_a_scanner_writes_is_not_live(trip: Trip, tmp_path: Path, change: str, options: list[str]) -> None:
    """The new site goes live as it was verified: a program that changes it is refused, whatever its exit code is."""
    far = trip.far(f"written-{tmp_path.name}", 2)
    before, script = files_of(far.site), tmp_path / "scan.sh"
    script.write_text(f"#!/bin/sh\n{SCANNERS[change]}\n")
    script.chmod(0o755)
    done = far.run(trip.media[2], "--scan", str(script), *options)
    assert done.code == 1
    assert "changed the new site: " in done.error or "is a symbolic link" in done.error
    assert files_of(far.site) == before
    assert not (far.into / "incoming/next").exists()


def test_what_a_scanner_prints_is_no_result(trip: Trip, far: Far, tmp_path: Path) -> None:
    """Its output goes to standard error: standard output has the JSON document alone."""
    script, scanner = tmp_path / "import_bundle.py", tmp_path / "scan.sh"
    script.write_bytes(joined())
    scanner.write_text("#!/bin/sh\necho scanned\n")
    scanner.chmod(0o755)
    done = run_alone(sys.executable, script, trip.media[1], "--into", far.into, "--scan", scanner, "--json")
    assert json.loads(done.out)["import"]["imported"]["serial"] == 2
    assert "scanned\n" in done.err


KEPT = "simple/app/app-2.0-py3-none-any.whl"
GIVEN = {
    "a kept file": (f'chmod 0 "$1/{KEPT}"', f"the mode of {KEPT}"),
    "a new file": ('chmod a+x "$1/simple/app/index.html"', "the mode of simple/app/index.html"),
    "a directory": ('chmod 700 "$1/simple/lib"', "the mode of simple/lib"),
    "the site": ('chmod 700 "$1"', "the mode of "),
    "a file with a time of grace": (
        'chmod 600 "$1/simple/app/app-1.0-py3-none-any.whl"',
        "the mode of simple/app/app-1.0-py3-none-any.whl",
    ),
    "an owner": (f'chown 77:77 "$1/{KEPT}"', f"the owner of {KEPT}"),
}


def facts(site: Path) -> dict[Path, tuple[int, int, int]]:
    """Return mode and owner of all that is in a site."""
    found = {path: path.lstat() for path in (site, *site.rglob("*"))}
    return {path: (one.st_mode, one.st_uid, one.st_gid) for path, one in found.items()}


@pytest.mark.parametrize("code", [0, 4])
@pytest.mark.parametrize("given", GIVEN)
def test_a_mode_that_a_scanner_changes(trip: Trip, tmp_path: Path, given: str, code: int) -> None:
    """A program that changes a mode or an owner is refused, and files of the live site get those of before."""
    command, message = GIVEN[given]
    if "owner" in message and os.geteuid():
        pytest.skip("only root gives files to another user")
    far = trip.far(f"given-{tmp_path.name}", 2)
    before, script = facts(far.site), tmp_path / "scan.sh"
    script.write_text(f"#!/bin/sh\n{command}\nexit {code}\n")
    script.chmod(0o755)
    done = far.run(trip.media[2], "--scan", str(script), "--trust-kept")
    assert done.code == 1
    assert f" changed the new site: {message}" in done.error if not code else done.error.endswith("with exit code 4")
    assert facts(far.site) == before
    assert not (far.into / "incoming/next").exists()


@pytest.mark.parametrize("options", [[], ["--trust-kept"]], ids=["", "trust"])
def test_what_a_scanner_may_do(trip: Trip, far: Far, tmp_path: Path, options: list[str]) -> None:
    """A program that reads, that marks files as read, or that puts the same bytes there again is no danger."""
    script = tmp_path / "scan.sh"
    script.write_text(
        '#!/bin/sh\nfind "$1" -type f -exec touch -a {} +\n'
        'f=$1/simple/lib/index.html; cp -p "$f" "$f.x"; mv "$f.x" "$f"\n'
    )
    script.chmod(0o755)
    done = far.run(trip.media[1], "--scan", str(script), *options)
    assert (done.code, "release 2" in done.out) == (0, True), done.err
    assert files_of(far.site).items() >= files_of(trip.sites[1]).items()
    assert far.run("--verify").code == 0
