"""The policy in whole runs: what a resolution passes over, and what is judged again though nothing is resolved."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import NoSolution, PolicyError
from pypi_subset.pipeline.prove import prove
from pypi_subset.publishing.publication import release_of
from tests.support.stages.mirroring import LINUX, WINDOWS, mirror, read_lock, versions
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

pytestmark = pytest.mark.usefixtures("configured_index")

OLD, NEW = "2026-01-01T00:00:00Z", (datetime.now(UTC) - timedelta(hours=2)).strftime("%Y-%m-%dT%H:%M:%SZ")


def offer(index: Index, *wheels: tuple[str, str, str]) -> None:
    """Offer wheels by project, version and upload time."""
    for project, version, uploaded in wheels:
        wheel = make_wheel(project, version)
        index.add(wheel)
        index.upload_times[wheel.filename] = uploaded


def policy(workspace: Workspace, text: str, requests: str = "app\n") -> None:
    """Write requests and a policy for one target."""
    workspace.write("base.txt", requests)
    workspace.toml({"linux": LINUX}, more=f"[policy]\n{text}\n")


def database(workspace: Workspace, *records: dict[str, object]) -> Path:
    """Write a database of advisories."""
    path = workspace.paths.requirements / "osv.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for record in records:
            archive.writestr(f"{record['id']}.json", json.dumps(record))
    return path


def advisory(name: str, project: str, fixed: str) -> dict[str, object]:
    """Return a record that all versions before *fixed* are affected by."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    events = [{"introduced": "0"}, {"fixed": fixed}]
    entry = {
        "package": {"ecosystem": "PyPI", "name": project},
        "ranges": [{"type": "ECOSYSTEM", "events": events}],
        "database_specific": {"severity": "HIGH"},
    }
    return {"id": name, "modified": now, "affected": [entry], "database_specific": {"severity": "HIGH"}}


def test_a_new_release_is_left_out(workspace: Workspace, index: Index) -> None:
    """The older one is taken, and the list of older releases says why; the lock keeps the cut-off."""
    offer(index, ("app", "1.0", OLD), ("app", "2.0", NEW))
    policy(workspace, 'min_age = "7 days"')
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"app": "1.0"}
    (found,) = read_lock(workspace, "base--linux").outdated or ()
    assert (found.newest, found.own) == ("2.0", True)
    assert found.why.startswith(f"min_age: uploaded {NEW[:10]}, the cut-off is ")
    assert 'rule = "min_age"' in found.step
    cutoff = read_lock(workspace, "base--linux").as_of
    assert cutoff[:10] == (datetime.now(UTC) - timedelta(days=7)).date().isoformat()
    index.requests.clear()
    assert mirror(workspace)[0].resolved == 0
    assert index.requests == []


def test_an_old_cutoff_gives_the_same_lock(workspace: Workspace, index: Index) -> None:
    """``as_of`` repeats it, whatever was uploaded since."""
    offer(index, ("app", "1.0", OLD), ("lib", "1.0", OLD))
    policy(workspace, 'as_of = "2026-02-01T00:00:00Z"', "app\nlib\n")
    mirror(workspace)
    (path,) = workspace.paths.locks.glob("pylock.*.toml")
    before = path.read_bytes()
    offer(index, ("app", "2.0", "2026-02-01T00:00:00Z"), ("lib", "0.9", "2026-01-31T23:59:59Z"))
    mirror(workspace, update=True)
    assert path.read_bytes().partition(b"outdated")[0].replace(b" ", b"") == before.partition(b"outdated")[0].replace(
        b" ", b""
    )


def test_an_exception_is_an_acceptance(workspace: Workspace, index: Index) -> None:
    """By project, version and date, and for its targets alone."""
    offer(index, ("app", "1.0", OLD), ("app", "2.0", NEW), ("app", "3.0", NEW))
    workspace.write("base.txt", "app\n")
    entry = 'rule = "min_age"\nproject = "app"\nversion = "==2.0"\ntargets = ["linux"]\nreason = "a fix"\nuntil = 9999-12-31'
    workspace.toml(
        {"linux": LINUX, "windows": WINDOWS}, more=f'[policy]\nmin_age = "7 days"\n[[policy.accept]]\n{entry}\n'
    )
    mirror(workspace)
    assert (versions(workspace, "base--linux"), versions(workspace, "base--windows")) == (
        {"app": "2.0"},
        {"app": "1.0"},
    )


def test_what_has_no_upload_time(workspace: Workspace, index: Index) -> None:
    """It is left out; where nothing else is there, the gap says so, and ``no_times`` exempts the index."""
    index.facts = False
    index.add(make_wheel("app"))
    policy(workspace, 'min_age = "7 days"')
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert "states no upload time" in str(caught.value)
    policy(workspace, f'min_age = "7 days"\nno_times = ["{index.url}"]')
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"app": "1.0"}


def test_pips_own_cutoff_counts(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """``uploaded-prior-to`` of pip's configuration, without a policy."""
    monkeypatch.setenv("PIP_UPLOADED_PRIOR_TO", "P7D")
    offer(index, ("app", "1.0", OLD), ("app", "2.0", NEW))
    policy(workspace, "")
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"app": "1.0"}


def test_a_denied_release(workspace: Workspace, index: Index) -> None:
    """It is passed over; if nothing is left, the gap names the rule."""
    offer(index, ("app", "1.4", OLD), ("app", "1.5", OLD))
    policy(workspace, 'deny = ["app>1.4"]')
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"app": "1.4"}
    policy(workspace, 'deny = ["app"]')
    with pytest.raises(NoSolution, match=r"deny: subset\.toml has 'app'"):
        mirror(workspace)


def test_a_new_advisory_stops_what_is_locked(workspace: Workspace, index: Index) -> None:
    """Nothing is resolved, and the run ends with a line; an update takes the fixed release."""
    offer(index, ("app", "1.0", OLD))
    database(workspace, advisory("PYSEC-2026-1", "other", "9"))
    policy(workspace, 'advisories = "osv.zip"')
    mirror(workspace)
    index.requests.clear()
    assert mirror(workspace)[0].resolved == 0
    database(workspace, advisory("PYSEC-2026-1", "other", "9"), advisory("PYSEC-2026-2", "app", "1.1"))
    with pytest.raises(PolicyError) as caught:
        mirror(workspace)
    assert "base--linux: app 1.0: app 1.0 has PYSEC-2026-2" in str(caught.value)
    assert "fixed in 1.1" in str(caught.value)
    assert index.requests == []
    offer(index, ("app", "1.1", OLD))
    mirror(workspace, update=True)
    assert versions(workspace, "base--linux") == {"app": "1.1"}


def test_an_accepted_advisory(workspace: Workspace, index: Index) -> None:
    """It is named by its id, and holds for the lock that stands too."""
    offer(index, ("app", "1.0", OLD))
    database(workspace, advisory("PYSEC-2026-2", "app", "1.1"))
    text = 'advisories = "osv.zip"\n[[policy.accept]]\nrule = "advisory"\nproject = "app"\nreason = "not reachable"\n'
    policy(workspace, f'{text}id = "PYSEC-2026-2"\nuntil = 9999-12-31')
    mirror(workspace)
    assert mirror(workspace)[0].resolved == 0
    assert versions(workspace, "base--linux") == {"app": "1.0"}
    policy(workspace, f'{text}id = "PYSEC-2026-3"\nuntil = 9999-12-31')
    with pytest.raises(PolicyError, match="PYSEC-2026-2"):
        mirror(workspace)


def test_licences_are_judged_on_what_was_chosen(workspace: Workspace, index: Index) -> None:
    """No older release is taken instead; all of them are listed; the user may state one."""
    index.add(make_wheel("app", more=["License-Expression: GPL-3.0-only"]), make_wheel("app", "0.9"))
    index.add(make_wheel("lib"), make_wheel("good", more=["License-Expression: MIT OR GPL-3.0-only"]))
    policy(workspace, 'allow_licenses = ["MIT"]', "app\nlib\ngood\n")
    with pytest.raises(PolicyError) as caught:
        mirror(workspace)
    assert caught.value.found == (
        "base--linux: app 1.0: license: its licence is GPL-3.0-only",
        "base--linux: lib 1.0: license: its metadata names no licence that SPDX knows",
    )
    assert not workspace.paths.site.exists()
    policy(workspace, 'allow_licenses = ["MIT", "GPL-3.0-only"]\nlicenses = { lib = "MIT" }', "app\nlib\ngood\n")
    mirror(workspace)
    assert read_lock(workspace, "base--linux").pins[1].distribution.license == "MIT OR GPL-3.0-only"


def test_verify_and_publish_judge_again(workspace: Workspace, index: Index) -> None:
    """They resolve nothing, and refuse what the policy refuses by now; no force publishes it."""
    offer(index, ("app", "1.0", OLD))
    policy(workspace, "")
    mirror(workspace)
    policy(workspace, 'deny = ["app"]')
    with pytest.raises(PolicyError, match=r"app 1\.0: deny"):
        prove(workspace.paths)
    with pytest.raises(PolicyError, match=r"app 1\.0: deny"):
        release_of(workspace.paths.site, force=True, requirements=workspace.paths.requirements)
