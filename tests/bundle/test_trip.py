"""The trip with the stick, twice: what a site goes through between two sides that no network joins."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from pypi_subset.model.paths import GENERATED
from tests.support.pages.console import Sandbox
from tests.support.servers.index import Index
from tests.support.sites.cases import interpreters_here
from tests.support.sites.trees import tree
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

IMPORT = "far-python /media/stick/import_bundle.py"
INSTALL = (
    "python3 -m pip install --quiet --no-index --find-links /srv/pypi/site/find-links.html --target {0} app && ls {0}"
)


@pytest.fixture
def index() -> Iterator[Index]:
    """Yield an index as it is before the first trip."""
    with Index() as made:
        made.add(make_wheel("app", "1.0", requires=["lib", "old"]), make_wheel("lib"), make_wheel("old"))
        yield made


@pytest.fixture
def lab(tmp_path: Path, index: Index) -> Iterator[Sandbox]:
    """Yield both sides: the oldest Python of this machine is the one of the disconnected side."""
    oldest = min(interpreters_here(), key=lambda one: one.version)
    with Sandbox(tmp_path, variables={"PIP_INDEX_URL": index.url}) as made:
        made.program("far-python", f'exec {oldest.path} "$@"')
        yield made


def do(lab: Sandbox, command: str) -> str:
    """Return what *command* prints, which succeeds."""
    code, printed = lab.run(lab.here(command))
    assert code == 0, f"{command}\n{printed}"
    return printed


def refused(lab: Sandbox, command: str) -> str:
    """Return the one line that *command* prints on refusing."""
    code, printed = lab.run(lab.here(command))
    assert code == 1, f"{command}\n{printed}"
    lines = [line for line in printed.splitlines() if "error:" in line]
    assert len(lines) == 1
    assert "Traceback" not in printed
    return lines[0]


def brought(site: Path) -> dict[str, bytes]:
    """Return the files of *site* that travel: without what says how it came there."""
    return {path: data for path, data in tree(site).items() if path not in {"release.html", "release.json"}}


@pytest.mark.slow
def test_the_trip_twice(lab: Sandbox, index: Index) -> None:
    """A full bundle, a difference after an update, a stick that was changed, and a way back."""
    site, far = lab.root / "site", lab.folder / "pypi"
    stick, old = lab.folder / "stick", lab.folder / "old-stick"

    # The connected side mirrors a subset, proves it, and has a key.
    do(lab, "pypi-subset init --on rhel9 --python 3.12 app && pypi-subset mirror && pypi-subset verify")
    do(lab, "ssh-keygen -q -t ed25519 -N '' -f office")
    # The key goes by another way than the stick.
    far.mkdir()
    do(lab, 'echo "office $(cat office.pub)" > /srv/pypi/allowed_signers')

    # The first trip carries all of it.
    printed = do(lab, "pypi-subset bundle --to /media/stick --key office")
    assert "has release 1, all of the site" in printed
    assert "the medium can be removed" in printed
    printed = do(lab, f"{IMPORT} /media/stick --into /srv/pypi")
    assert "closures: 1, 3 pins, complete" in printed
    assert "release 1, signed by office" in printed
    assert brought(far / "site") == brought(site)
    assert "app-1.0.dist-info" in do(lab, INSTALL.format("first"))

    shutil.copytree(stick, old)

    # Weeks later there is a newer release, which needs less.
    index.add(make_wheel("app", "2.0", requires=["lib"]))
    do(lab, "pypi-subset update && pypi-subset verify")
    printed = do(lab, "pypi-subset bundle --to /media/stick --key office --since last")
    assert "has release 2, the difference to the site" in printed
    carried = json.loads((stick / "bundle.json").read_bytes())["paths"]
    assert "simple/app/app-2.0-py3-none-any.whl" in carried
    assert "simple/lib/lib-1.0-py3-none-any.whl" not in carried

    # On the way, a byte of the volume is changed, then a hash in bundle.json. Neither gets in.
    before, volume, listed = tree(far / "site"), stick / "volume-001.zip", stick / "bundle.json"
    for path, words in ((volume, "volume-001.zip is damaged"), (listed, "signature")):
        whole = path.read_bytes()
        at = whole.rindex(b'"sha256": "') + 11 if path == listed else len(whole) // 2
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert words in refused(lab, f"{IMPORT} /media/stick --into /srv/pypi")
        path.write_bytes(whole)
        assert tree(far / "site") == before
        assert [one for one in far.rglob("*.whl") if one.relative_to(far).parts[0] not in {"site", "releases"}] == []

    # The whole stick gets in. Clients that read the pages before still find the files of the first release.
    assert "release 2, signed by office" in do(lab, f"{IMPORT} /media/stick --into /srv/pypi")
    gone = {path for path in before if "/app-1.0-" in path or "/old-1.0-" in path}
    arrived = brought(far / "site")
    assert {path: data for path, data in arrived.items() if path not in gone} == brought(site)
    assert gone <= arrived.keys()
    assert {path.partition("/")[0] for path in tree(far / "site")} <= GENERATED
    assert "app-2.0.dist-info" in do(lab, INSTALL.format("second"))

    # There is no requirements/ on the disconnected side, and the proof is as green as here.
    printed = do(lab, "cd /srv/pypi && pypi-subset verify --json")
    report = json.loads(printed[printed.index("{\n") :])
    assert (report["totals"]["failed"], len(report["checks"])) == (0, 9)
    notes = [note for check in report["checks"] for note in check["notes"] if "earlier release" in note]
    assert {note.partition(" ")[0] for note in notes} == gone

    # The site itself knows why it has a project.
    assert do(lab, "cd /srv/pypi && pypi-subset why lib") == "lib 1.0 (rhel-9, base): base.txt:2 app -> lib\n"

    # The new release is not wanted. The old one is live at once, and the new one again after that.
    assert "release 1, signed by office" in do(lab, f"{IMPORT} --into /srv/pypi --rollback")
    assert "app-1.0.dist-info" in do(lab, INSTALL.format("back"))
    assert "release 2, signed by office" in do(lab, f"{IMPORT} /media/stick --into /srv/pypi")
    assert "app-2.0.dist-info" in do(lab, INSTALL.format("again"))

    # The stick of the first trip is not taken for a new one.
    assert "has the serial 1, and 2 was imported" in refused(lab, f"{IMPORT} {old} --into /srv/pypi")
    assert "live: release 2" in do(lab, f"{IMPORT} --into /srv/pypi --list")
