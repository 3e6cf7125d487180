"""Commands that look, and the end of a time of grace."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from tests.support.gap.far import Far, Trip, run
from tests.support.gap.releases import files_of

if TYPE_CHECKING:
    from pathlib import Path

GONE = "simple/app/app-1.0-py3-none-any.whl"


@pytest.fixture(scope="module")
def trip(tmp_path_factory: pytest.TempPathFactory) -> Trip:
    """Three releases and the bundles between them."""
    return Trip.made(tmp_path_factory.mktemp("trip"))


@pytest.fixture
def far(trip: Trip, tmp_path: Path) -> Far:
    """A directory that imported all three."""
    return trip.far(f"far-{tmp_path.name}", 3)


def test_verified_site(far: Far) -> None:
    """A whole site is verified; files with a time of grace are a warning each."""
    done = far.run("--verify")
    assert done.code == 0
    assert done.out.startswith(
        "release 3, signed by lab@example.org, created 2026-01-01T00:00:00Z, is whole: 49 files, 8 pins"
    )
    assert done.err.count("has no page any more, and stays until") == 2
    assert f"warning: site/{GONE} has no page" in done.err


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("simple/lib/lib-1.0-py3-none-any.whl", "is damaged"),
        ("README.md", "is damaged"),
        ("simple/deep/index.html", "is missing"),
        ("simple/x.html", "is from no bundle"),
    ],
)
def test_site_that_was_changed(far: Far, path: str, line: str) -> None:
    """A file that is damaged, missing or strange is named, and the exit code is 1."""
    place = far.site / path
    if line == "is missing":
        place.unlink()
    else:
        place.write_bytes(place.read_bytes()[:-1] + b"!" if place.exists() else b"")
    done = far.run("--verify")
    assert done.code == 1
    assert f"site/{path} {line}\n" in done.err
    assert done.error == f"1 files of {far.site} are not as they were imported; import the bundle again"


def test_changed_manifest(far: Far) -> None:
    """A manifest that is not that of the release is refused."""
    path = far.site / "manifest.json"
    path.write_bytes(path.read_bytes() + b"\n")
    assert far.run("--verify").error == "manifest.json is not that of release 3; import its bundle again"


def test_nothing_imported(trip: Trip) -> None:
    """Commands about an imported site say that there is none."""
    far = trip.far("empty")
    assert "import a bundle first" in far.run("--verify").error
    assert "import a bundle first" in far.run("--hash").error
    assert far.run("--list").out == "live: nothing was imported\n"


def test_list(far: Far) -> None:
    """Live release, kept ones, and files with a time of grace are listed; as JSON it is the state."""
    lines = far.run("--list").out.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["live", "kept", "kept", "grace", "grace"]
    assert lines[0] == "live: release 3, signed by lab@example.org, created 2026-01-01T00:00:00Z"
    assert json.loads(far.run("--list", "--json").out)["list"] == json.loads((far.into / "state.json").read_bytes())


def test_hash_and_receipt(trip: Trip, far: Far, tmp_path: Path) -> None:
    """The hash and the receipt name the live manifest, for ``SINCE=``."""
    manifest = files_of(trip.sites[2])["manifest.json"]
    assert far.run("--hash").out == f"{manifest}\n"
    assert far.run("--receipt", tmp_path / "receipt.json").code == 0
    receipt = json.loads((tmp_path / "receipt.json").read_bytes())
    assert receipt.pop("imported").startswith("20")
    assert receipt == {"schema": "1.0", "kind": "pypi-subset receipt", "serial": 3, "manifest": manifest}
    assert far.run(trip.media[2], "--receipt", tmp_path / "other.json").code == 0
    assert json.loads((tmp_path / "other.json").read_bytes())["manifest"] == manifest


def test_receipt_leaves_other_files_alone(far: Far, tmp_path: Path) -> None:
    """A receipt replaces its own file, and nothing beside it."""
    (tmp_path / "receipt.json").write_text('{"kind": "pypi-subset receipt", "serial": 1}')
    (tmp_path / "receipt.json.new").mkdir()
    (tmp_path / "receipt.json.new/notes").write_text("mine")
    assert far.run("--receipt", tmp_path / "receipt.json").code == 0
    assert json.loads((tmp_path / "receipt.json").read_bytes())["serial"] == 3
    assert (tmp_path / "receipt.json.new/notes").read_text() == "mine"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["receipt.json", "receipt.json.new"]


@pytest.mark.parametrize("name", ["state.json", "allowed_signers", "site/index.html"])
def test_a_receipt_replaces_no_other_file(trip: Trip, tmp_path: Path, name: str) -> None:
    """A slip of the hand costs neither the state nor the keys: what is there must be a receipt, or empty."""
    far = trip.far(tmp_path.name, 1)
    before = far.everything()
    for words in ([trip.media[1]], []):
        done = far.run(*words, "--receipt", far.into / name)
        assert done.code == 2
        assert done.error.endswith(f"{name} is there, and is no receipt; name another file with --receipt")
    assert far.everything() == before
    (tmp_path / "empty").touch()
    assert far.run("--receipt", tmp_path / "empty").code == 0


def test_receipt_that_cannot_be_written(trip: Trip, tmp_path: Path) -> None:
    """The path of a receipt is checked before an import makes its release live."""
    far = trip.far(f"far-{tmp_path.name}", 1)
    for path, line in (("nodir/receipt.json", "nodir is no directory"), ("", f"{tmp_path.name} is a directory")):
        done = far.run(trip.media[1], "--receipt", tmp_path / path)
        assert done.code == 2
        assert done.error.endswith(f"{line}; name another file with --receipt")
        assert far.run("--list").out.startswith("live: release 1,")


def test_grace_ends(far: Far) -> None:
    """``--expire`` removes what is over, and nothing before; with ``--grace 0`` everything."""
    assert far.run("--expire").out == "0 files removed, 2 stay for a time of grace\n"
    assert (far.site / GONE).exists()
    state = json.loads((far.into / "state.json").read_bytes())
    state["grace"][0]["until"] = "2020-01-01T00:00:00Z"
    (far.into / "state.json").write_text(json.dumps(state))
    assert far.run("--expire").out == "1 files removed, 1 stay for a time of grace\n"
    assert not (far.site / GONE).exists()
    assert far.run("--expire", "--grace", "0").out == "1 files removed, 0 stay for a time of grace\n"
    assert list((far.site / "simple/app").glob("app-1.0*")) == []
    assert far.run("--verify").code == 0


def test_expire_removes_nothing_elsewhere(far: Far) -> None:
    """A state that names a file outside of the site is refused, and a link in the site is not followed."""
    victim = far.into.parent / "victim.whl"
    victim.write_bytes(b"mine")
    text = (far.into / "state.json").read_text()
    state = json.loads(text)
    state["grace"][0].update(path="../../victim.whl", sha256=files_of(far.into.parent)["victim.whl"])
    (far.into / "state.json").write_text(json.dumps(state))
    assert "state.json away, and import a bundle again" in far.run("--expire", "--grace", "0").error
    assert victim.exists()
    (far.into / "state.json").write_text(text)
    (far.site / "simple/app").rename(far.into.parent / "app")
    (far.site / "simple/app").symlink_to(far.into.parent / "app")
    assert "is behind a symbolic link" in far.run("--expire", "--grace", "0").error
    assert (far.into.parent / "app" / GONE.rpartition("/")[2]).exists()


def test_next_import_ends_grace(trip: Trip, far: Far) -> None:
    """An import carries files along whose time is not over, and drops the others."""
    state = json.loads((far.into / "state.json").read_bytes())
    state["grace"][0]["until"] = "2020-01-01T00:00:00Z"
    (far.into / "state.json").write_text(json.dumps(state))
    assert far.run(trip.media[2]).code == 0
    assert [path.name for path in (far.site / "simple/app").glob("app-1.0*")] == ["app-1.0-py3-none-any.whl.metadata"]
    assert "index.html" not in json.dumps(json.loads((far.into / "state.json").read_bytes())["grace"])


def test_expire_removes_files_that_were_changed(far: Far) -> None:
    """A file whose time is over goes, whatever bytes it has by then."""
    (far.site / GONE).write_bytes(b"mine")
    assert far.run("--expire", "--grace", "0").code == 0
    assert not (far.site / GONE).exists()


def test_changed_file_has_no_time_of_grace(trip: Trip, far: Far) -> None:
    """A file that was changed since is damage, and no import carries it along."""
    (far.site / GONE).write_bytes(b"mine")
    done = far.run("--verify")
    assert (done.code, done.err.count(f"site/{GONE} is damaged\n")) == (1, 1)
    done = far.run(trip.media[2])
    assert f"warning: site/{GONE} is damaged, and does not stay for a time of grace\n" in done.err
    assert done.code == 0
    assert not (far.site / GONE).exists()
    assert far.run("--verify").code == 0


def test_wheel_that_was_changed_before_it_is_gone(trip: Trip) -> None:
    """A wheel of the release before with other bytes is not served on, though the record has its hash."""
    far = trip.far("changed", 2)
    (far.site / GONE).write_bytes(b"mine")
    done = far.run(trip.media[2])
    assert f"warning: site/{GONE} is damaged, and does not stay for a time of grace\n" in done.err
    assert done.code == 0
    assert not (far.site / GONE).exists()
    assert (far.site / f"{GONE}.metadata").exists()


def test_verified_bundle(trip: Trip, tmp_path: Path) -> None:
    """A whole bundle is verified without a site; one byte of any file counts but of a volume to rebuild."""
    signers = tmp_path / "signers"
    signers.write_text(trip.key.line())
    medium = shutil.copytree(trip.media[2], tmp_path / "stick")
    done = run(medium, "--verify", "--allowed-signers", signers)
    assert done.code == 0
    assert "release 3, signed by lab@example.org, created 2026-01-01T00:00:00Z, is whole: " in done.out
    for path in sorted(medium.iterdir()):
        data = path.read_bytes()
        path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        done = run(medium, "--verify", "--allowed-signers", signers)
        rebuilds = path.suffix == ".zip"
        assert (done.code, "rebuilt from the parity file" in done.err) == (1 - rebuilds, rebuilds), path
        path.write_bytes(data)
    (medium / "REVIEW.md").unlink()
    assert "warning: REVIEW.md is not on the medium" in run(medium, "--verify", "--allowed-signers", signers).err
    assert "there is no " in run(medium, "--verify").error
    assert run(tmp_path / "none", "--verify").code == 3
