"""Bundles of real sites: they make the very site that publish would, in a base and in full, and never half of one."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from pypi_subset.bundle import ledger
from pypi_subset.bundle.document import NAMESPACE
from pypi_subset.bundle.ledger import SENT
from pypi_subset.cli.display import Display
from pypi_subset.errors import DiskError, FolderError, NotProven, PolicyError, SubsetError
from pypi_subset.model.report import read_report, report_path
from pypi_subset.publishing.destinations.folder import Folder
from pypi_subset.publishing.publisher import publish_to
from pypi_subset.publishing.release import LAST
from pypi_subset.standalone.joined import import_bundle
from pypi_subset.support.machine import holding
from tests.support.bundles.office import Office, arrived, contents, document, office
from tests.support.programs.mounts import PRELUDE, run_mounted, small_disk
from tests.support.sites.signed import allow
from tests.support.sites.trees import tree
from tests.support.sites.workspace import Workspace, own_index
from tests.support.wheels import make_sdist, make_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TARGETS = {"linux": "cp312-manylinux_2_28_x86_64", "windows": "cp312-win_amd64"}
EPOCH = 1_700_000_000


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Yield a directory with a connected side, whose site is mirrored and proven, and with the site after an update."""
    root = tmp_path_factory.mktemp("bundles")
    with own_index() as index:
        index.add(make_wheel("app", requires=["lib"]), make_wheel("lib"), make_wheel("old"), make_sdist("lib"))
        index.add(make_wheel("win", ballast=5000))
        side = office(Workspace(root / "work"), TARGETS)
        side.mirror("app", "old", 'win; sys_platform == "win32"')
        shutil.copytree(root / "work", root / "first")
        index.add(make_wheel("lib", "2.0"), make_wheel("new"))
        side.mirror("app", "new", 'win; sys_platform == "win32"')
        shutil.copytree(root / "work", root / "second")
        yield root


@pytest.fixture
def side(made: Path, tmp_path: Path) -> Office:
    """Return the connected side with the first site, for this test alone."""
    shutil.copytree(made / "first", tmp_path / "work")
    found = Office(Workspace(tmp_path / "work"), tmp_path / "work" / "office")
    found.prove()
    return found


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    """Return a directory for a bundle, which is not there yet."""
    return tmp_path / "media" / "stick"


def updated(side: Office, made: Path) -> None:
    """Put the second site with its requirements in the place of the first; the ledger stays."""
    for name in ("site", "requirements"):
        shutil.rmtree(side.space.root / name)
    shutil.copytree(made / "second", side.space.root, dirs_exist_ok=True)
    side.prove()


def published(side: Office, to: Path) -> dict[str, bytes]:
    """Return what publish puts into a directory, but its own release.json."""
    publish_to(side.site, Folder(to), force=False, grace=0, progress=Display())
    return {path: data for path, data in tree(to).items() if path != "release.json"}


def without_release(site: dict[str, bytes]) -> dict[str, bytes]:
    """Return the files of a site but its release.json."""
    return {path: data for path, data in site.items() if path != "release.json"}


def unpacked(site: dict[str, bytes], to: Path) -> Path:
    """Return *to*, now a directory with the files of *site*."""
    for path, data in site.items():
        (to / path).parent.mkdir(parents=True, exist_ok=True)
        (to / path).write_bytes(data)
    return to


def test_a_full_bundle_is_what_publish_publishes(side: Office, stick: Path, tmp_path: Path) -> None:
    """The same files with the same bytes; one volume, the importer, the review, and a signature that OpenSSH takes."""
    done = side.bundle(stick)
    assert without_release(arrived(stick)) == published(side, tmp_path / "public")
    release = json.loads(arrived(stick)["release.json"])
    assert (release["serial"], release["manifest_sha256"]) == (1, done.bundle.manifest)
    names = {"bundle.json", "bundle.json.sig", "import_bundle.py", "REVIEW.html", "REVIEW.md", "volume-001.zip"}
    assert {path.name for path in stick.iterdir()} == names
    assert (stick / "import_bundle.py").read_bytes() == import_bundle()
    allowed = allow(tmp_path / "allowed", namespaces=NAMESPACE, office=side.key)
    command = ["ssh-keygen", "-Y", "verify", "-f", str(allowed), "-I", "office", "-n", NAMESPACE]
    command += ["-s", str(stick / "bundle.json.sig")]
    subprocess.run(command, input=(stick / "bundle.json").read_bytes(), check=True, capture_output=True)
    assert done.size == sum(path.stat().st_size for path in stick.iterdir())
    assert done.digest == hashlib.sha256((stick / "bundle.json").read_bytes()).hexdigest()
    assert side.key.with_suffix(".pub").read_text().startswith(done.signer)


@pytest.mark.parametrize("since", ["last", "hash", "receipt", "manifest"])
def test_a_difference_makes_the_new_site(side: Office, made: Path, tmp_path: Path, since: str) -> None:
    """With the site of the first bundle, the second one makes the new site; it has what differs and no more."""
    first = side.bundle(tmp_path / "one").bundle
    live = unpacked(arrived(tmp_path / "one"), tmp_path / "live")
    receipt = {"schema": "1.0", "kind": "pypi-subset receipt", "serial": 1, "manifest": first.manifest, "imported": ""}
    (tmp_path / "receipt.json").write_text(json.dumps(receipt))
    named = {"last": "last", "hash": first.manifest, "receipt": str(tmp_path / "receipt.json")}
    named |= {"manifest": str(live / "manifest.json")}
    updated(side, made)
    done = side.bundle(tmp_path / "two", since=named[since]).bundle
    assert (done.base, done.serial, bool(done.manifest_from)) == (first.manifest, 2, True)
    now = arrived(tmp_path / "two", live)
    assert without_release(now) == published(side, tmp_path / "public")
    before = tree(live)
    assert {*done.paths} == {path for path, data in now.items() if before.get(path) != data} - {"manifest.json"}
    assert {*done.removed} == before.keys() - now.keys()
    assert "simple/lib/lib-2.0-py3-none-any.whl" in done.paths
    assert "simple/app/app-1.0-py3-none-any.whl" not in done.paths


def test_equal_inputs_make_equal_bytes(side: Office, made: Path, tmp_path: Path) -> None:
    """Also signature and review; and again after the run, since a medium may be lost."""
    limit = side.bundle(tmp_path / "one").size - 5001
    for name in ("one", "two"):
        side.bundle(tmp_path / name, volume=str(limit), parity=True)
    assert len(document(tmp_path / "one")["volumes"]) == 2
    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    updated(side, made)
    for name in ("three", "four"):
        side.bundle(tmp_path / name, since="last")
    assert tree(tmp_path / "three") == tree(tmp_path / "four")
    assert document(tmp_path / "four")["base"] == document(tmp_path / "one")["manifest"]


def test_the_time_is_that_of_the_proof(side: Office, tmp_path: Path) -> None:
    """It expires after so many days; SOURCE_DATE_EPOCH is a time as well."""
    created = read_report(report_path(side.site)).created
    side.bundle(tmp_path / "one", days=10)
    found = document(tmp_path / "one")
    assert found["created"] == f"{created[:19]}Z"
    start, end = (
        datetime.strptime(found[name], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC) for name in ("created", "expires")
    )
    assert (end - start).days == 10
    side.bundle(tmp_path / "two", created=EPOCH)
    assert document(tmp_path / "two")["created"] == "2023-11-14T22:13:20Z"


@pytest.mark.parametrize("epoch", [253402300799, 253402300800, 1 << 80])
def test_a_time_after_which_no_bundle_expires(side: Office, tmp_path: Path, epoch: int) -> None:
    """The last second of the year 9999, and what is later, is no time; nothing is written."""
    with pytest.raises(SubsetError, match=f"^SOURCE_DATE_EPOCH={epoch} is no time"):
        side.bundle(tmp_path / "one", created=epoch)
    assert not (tmp_path / "one" / "bundle.json").exists()


def test_volumes_and_parity(side: Office, stick: Path) -> None:
    """No file has a byte too many, the first medium counts all that lies beside it, and all contents come back."""
    whole = side.bundle(stick).size
    limit = whole - 10_001
    side.bundle(stick, volume=str(limit), parity=True)
    assert without_release(arrived(stick)).keys() >= {"manifest.json", "proof/report.json"}
    found = document(stick)
    assert len(found["volumes"]) > 1
    assert max(one["size"] for one in found["volumes"]) == found["parity"]["size"] <= limit
    others = {one["name"] for one in found["volumes"][1:]} | {"parity.xor"}
    assert sum(path.stat().st_size for path in stick.iterdir() if path.name not in others) <= limit


def test_numbers_go_on(side: Office, made: Path, tmp_path: Path) -> None:
    """Each other site has the next number; the same site keeps its own."""
    serials = [side.bundle(tmp_path / "a").bundle.serial, side.bundle(tmp_path / "b").bundle.serial]
    updated(side, made)
    serials += [side.bundle(tmp_path / "c").bundle.serial, side.bundle(tmp_path / "d", since="last").bundle.serial]
    previous = json.loads(arrived(tmp_path / "c")["release.json"])["previous"]
    assert previous == hashlib.sha256(arrived(tmp_path / "a")["release.json"]).hexdigest()
    assert serials == [1, 1, 2, 2]


def test_a_lost_ledger(side: Office, made: Path, tmp_path: Path) -> None:
    """The bundle is a full one, which a line says; a receipt knows what number comes next."""
    first = side.bundle(tmp_path / "one").bundle
    receipt = {"schema": "1.0", "kind": "pypi-subset receipt", "serial": 7, "manifest": first.manifest}
    (tmp_path / "receipt.json").write_text(json.dumps(receipt))
    shutil.rmtree(side.space.paths.packages / SENT)
    updated(side, made)
    done = side.bundle(tmp_path / "two", since="last")
    assert (done.bundle.base, done.bundle.serial) == (None, 1)
    assert "this bundle was to start from (no bundle was sent): it is a full one" in done.note
    shutil.rmtree(side.space.paths.packages / SENT)
    for _ in range(2):
        done = side.bundle(tmp_path / "two", since=str(tmp_path / "receipt.json"))
        assert (done.bundle.base, done.bundle.serial) == (None, 8)


def test_a_receipt_leaves_a_number(side: Office, made: Path, tmp_path: Path) -> None:
    """After the last number there is none: a receipt that states it is refused, and the ledger stays as it is."""
    first = side.bundle(tmp_path / "one").bundle
    receipt = {"schema": "1.0", "kind": "pypi-subset receipt", "serial": LAST, "manifest": first.manifest}
    (tmp_path / "receipt.json").write_text(json.dumps(receipt))
    updated(side, made)
    before = tree(side.space.paths.packages / SENT)
    with pytest.raises(SubsetError, match=f"number {LAST}, after which there is none"):
        side.bundle(tmp_path / "two", since=str(tmp_path / "receipt.json"))
    assert tree(side.space.paths.packages / SENT) == before
    assert side.bundle(tmp_path / "two", since="last").bundle.serial == 2


def test_a_receipt_uses_up_no_numbers(side: Office, made: Path, tmp_path: Path) -> None:
    """A number far above the last one is an error; without a ledger the limit is higher."""
    first = side.bundle(tmp_path / "one").bundle
    path = tmp_path / "receipt.json"

    def state(serial: int) -> None:
        path.write_text(
            json.dumps({"schema": "1.0", "kind": "pypi-subset receipt", "serial": serial, "manifest": first.manifest})
        )

    updated(side, made)
    state(1_000_002)
    with pytest.raises(SubsetError, match="states the number 1,000,002, and the last bundle had 1") as caught:
        side.bundle(tmp_path / "two", since=str(path))
    assert "import_bundle.py --list" in str(caught.value)
    state(1_000_001)
    assert side.bundle(tmp_path / "two", since=str(path)).bundle.serial == 1_000_002
    shutil.rmtree(side.space.paths.packages / SENT)
    state(1_000_000_001)
    with pytest.raises(SubsetError, match="and the last bundle had 0"):
        side.bundle(tmp_path / "three", since=str(path))
    state(1_000_000_000)
    assert side.bundle(tmp_path / "three", since=str(path)).bundle.serial == 1_000_000_001


def test_only_what_is_proven(side: Office, stick: Path) -> None:
    """A report that is gone: refused as publish refuses it, and carried with force; manifest and review say so."""
    report_path(side.site).unlink()
    with pytest.raises(NotProven, match="nothing is proven yet"):
        side.bundle(stick)
    done = side.bundle(stick, force=True)
    assert done.doubt
    found = arrived(stick)
    assert json.loads(found["manifest.json"])["unproven"] is True
    assert "Nothing proves this site." in (stick / "REVIEW.html").read_text()


@pytest.mark.parametrize("force", [True, False])
@pytest.mark.parametrize("change", ["changed", "gone"])
def test_only_what_the_manifest_says(side: Office, stick: Path, change: str, *, force: bool) -> None:
    """The importer takes no file with another hash than the manifest says: no force carries one."""
    page = side.site / "find-links.html"
    page.unlink()
    if change == "changed":
        page.write_text("changed")
    with pytest.raises(SubsetError, match=r"find-links\.html.*run `pypi-subset mirror`"):
        side.bundle(stick, force=force)
    assert not stick.exists()


def test_no_force_carries_what_the_policy_refuses(side: Office, stick: Path) -> None:
    """A rule of today about what is locked: no bundle, whatever the force."""
    side.space.toml(dict(TARGETS), more='[policy]\ndeny = ["lib"]\n')
    with pytest.raises(PolicyError):
        side.bundle(stick, force=True)
    assert not stick.exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"volume": "floppy"}, "'floppy' is no size of a volume"),
        ({"volume": "2000"}, "a volume of 2,000 bytes is too small"),
        ({"days": 0}, "1 to 36,500 days, not 0"),
        ({"since": "yesterday"}, "'yesterday' is neither a file nor the beginning of a SHA-256"),
        ({"created": 1 << 60}, "is no time"),
    ],
)
def test_options_that_are_wrong(side: Office, stick: Path, options: dict[str, object], said: str) -> None:
    """One line, before anything is written."""
    with pytest.raises(SubsetError, match=said):
        side.bundle(stick, **options)
    assert not stick.exists()
    assert not (side.space.paths.packages / SENT).exists()


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("", "bundle has no directory to write to"),
        ("host:/srv/pypi", "'host:/srv/pypi' is no directory of this machine"),
        ("rsync://host/module", "is no directory of this machine"),
        ("-x", "bundle has no directory to write to"),
        ("site", "one of the bundle and site contains the other"),
        ("packages/below", "one of the bundle and packages contains the other"),
        (".", "one of the bundle and site contains the other"),
    ],
)
def test_places_that_are_wrong(side: Office, monkeypatch: pytest.MonkeyPatch, to: str, said: str) -> None:
    """A server, or a directory of the subset: one line with the next step."""
    monkeypatch.chdir(side.space.root)
    before = tree(side.space.root)
    with pytest.raises(FolderError, match=said) as caught:
        side.bundle(to)  # type: ignore[arg-type]
    assert caught.value.next_step
    assert tree(side.space.root) == before


def test_no_key_no_work(side: Office, stick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The key is tried first: also a site that nothing proves is not looked at before."""
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    report_path(side.site).unlink()
    with pytest.raises(SubsetError, match="there is no key"):
        side.bundle(stick, key=None)
    assert not stick.exists()


def test_a_proof_that_is_too_old(side: Office, stick: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bundle that has expired when it is made is none; with a time that is given, the time is the user's."""
    monkeypatch.setattr("pypi_subset.bundle.exporter.datetime", _Later)
    with pytest.raises(SubsetError, match="a bundle that is good for 90 days has expired"):
        side.bundle(stick)
    assert not stick.exists()
    side.bundle(stick, created=EPOCH)


class _Later(datetime):
    """A clock that is a year ahead."""

    @classmethod
    def now(cls, tz: object = None) -> datetime:  # type: ignore[override]
        found = datetime.now(UTC)
        assert tz is UTC
        return found.replace(year=found.year + 1, day=min(found.day, 28))


def test_one_run_at_a_time(side: Office, stick: Path) -> None:
    """While another run works in the packages, nothing is written."""
    with holding.exclusive(side.space.paths.packages), pytest.raises(DiskError, match="another run is working"):
        side.bundle(stick)
    assert not stick.exists()


def test_a_full_medium(side: Office, tmp_path: Path) -> None:
    """Room is looked at first, and what does not fit after all is one line: no bundle, no entry in the ledger."""
    code = f"""{PRELUDE}
from pypi_subset.bundle import exporter
from pypi_subset.model.paths import Paths

root, key = Path(sys.argv[2]), Path(sys.argv[3])
paths = Paths(requirements=root / "requirements", packages=root / "packages", site=root / "site")
run = lambda: attempt(lambda: exporter.make_bundle(paths, directory, key=key))
first = run()
exporter.require_room = lambda *_: None
print(json.dumps([first, run(), names(), sorted(path.name for path in (root / "packages").glob(".sent/*"))]))
"""
    (tmp_path / "media").mkdir()
    arguments = (tmp_path / "media", side.space.root, side.key)
    room, full, left, sent = run_mounted(small_disk(tmp_path / "media", "32k"), code, *arguments)
    assert "there is not enough room: bundle needs" in room
    assert full == f"{tmp_path / 'media'}: the disk is full; free some space and run the same command again"
    assert (left, sent) == ([], [])


def test_the_ledger_is_written_when_the_medium_is_whole(
    side: Office, made: Path, stick: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that fails at the last file: its number is taken, and the site is not known as one that was sent."""
    side.bundle(stick)
    before = tree(stick)
    updated(side, made)

    def fail(*_: object) -> None:
        raise DiskError("gone", path=stick)  # noqa: EM101

    with monkeypatch.context() as patch:
        patch.setattr("pypi_subset.bundle.medium.install", fail)
        with pytest.raises(DiskError, match="gone"):
            side.bundle(stick, since="last")
    assert tree(stick) == before
    known = ledger.read(side.space.paths.packages)
    last = ledger.last_release(known)
    assert ([one.serial for one in known.sent], last and last.serial) == ([1], 2)
    assert side.bundle(stick, since="last").bundle.serial == 2


def test_what_others_may_read(side: Office, stick: Path) -> None:
    """Whatever the umask is, the files of a bundle can be read by another user."""
    side.bundle(stick)
    assert {path.stat().st_mode & 0o044 for path in stick.iterdir()} == {0o044}
    assert contents(stick)
