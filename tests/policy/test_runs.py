"""The policy in whole runs: what a resolution passes over, and what is judged again though nothing is resolved."""

from __future__ import annotations

import io
import json
import os
import zipfile
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from pypi_subset.cli.display import Display
from pypi_subset.cli.present import show_plan
from pypi_subset.errors import NoSolution, PolicyError, SubsetError
from pypi_subset.pipeline.plan import plan
from pypi_subset.pipeline.prove import prove
from pypi_subset.policy import advisories
from pypi_subset.publishing.publication import release_of
from pypi_subset.support.progress import SILENT
from tests.support.servers.index import Index
from tests.support.stages.mirroring import LINUX, WINDOWS, mirror, read_lock, versions
from tests.support.stages.planning import foresee
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from pypi_subset.model.intake.advisories import AdvisoryRules
    from tests.support.sites.workspace import Workspace

pytestmark = pytest.mark.usefixtures("configured_index")

WINDOWS_TAG = "py3-none-win_amd64"
OLD, NEW, LATER = (
    "2026-01-01T00:00:00Z",
    *((datetime.now(UTC) + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ") for hours in (-2, 1)),
)

GAP = '[[policy.accept]]\nrule = "gap"\nproject = "{project}"\ntargets = ["linux"]\nreason = "x"\nuntil = 9999-12-31\n'
FREE = '[[policy.accept]]\nrule = "min_age"\nproject = "free"\nreason = "ours"\nuntil = 9999-12-31\n'


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
    before = datetime.now(UTC)
    mirror(workspace)
    after = datetime.now(UTC)
    assert versions(workspace, "base--linux") == {"app": "1.0"}
    (found,) = read_lock(workspace, "base--linux").outdated or ()
    assert (found.newest, found.own) == ("2.0", True)
    assert found.why.startswith(f"min_age: uploaded {NEW[:10]}, the cut-off is ")
    assert 'rule = "min_age"' in found.step
    cutoff = datetime.fromisoformat(read_lock(workspace, "base--linux").as_of) + timedelta(days=7)
    # It is in whole seconds.
    assert before - timedelta(seconds=1) < cutoff <= after
    index.requests.clear()
    assert mirror(workspace)[0].resolved == 0
    assert index.requests == []


def test_a_release_with_an_admitted_file_is_not_passed_over(workspace: Workspace, index: Index) -> None:
    """A wheel was added to it this week; the older wheel is admitted, and another cause keeps the release away."""
    offer(index, ("app", "1.0", OLD))
    for tag, uploaded in (("py3-none-any", OLD), ("cp310-cp310-manylinux2014_x86_64", NEW)):
        wheel = make_wheel("app", "2.0", tag=tag, requires=["absent"])
        index.add(wheel)
        index.upload_times[wheel.filename] = uploaded
    policy(workspace, 'min_age = "7 days"')
    found = plan(workspace.paths, progress=SILENT)
    assert [(one.after, one.project) for one in found.changes] == [("1.0", "app")]
    assert found.passed_over == ()


def test_an_old_cutoff_gives_the_same_locks(workspace: Workspace, index: Index) -> None:
    """
    Resolved twice at a recorded ``as_of``, locks have the same bytes, though newer files appeared in between.

    Their list of older releases has what the cut-off kept away then, and mirror shows it again.
    """
    offer(index, ("app", "1.0", OLD), ("lib", "1.0", OLD), ("lib", "1.1", OLD), ("core", "1.0", OLD))
    offer(index, ("app", "1.5", NEW), ("core", "1.5", NEW), ("need", "1.5", NEW))
    # The one has no final release at that moment; what the other requires is too young.
    offer(index, ("early", "1.0rc1", OLD), ("early", "1.0rc2", NEW), ("young", "1.0", OLD), ("young", "2.0", NEW))
    wheel = make_wheel("left", "1.0", requires=["young>=2"])
    index.add(wheel)
    index.upload_times[wheel.filename] = OLD
    # One has no page at that moment, and of the other every age is accepted.
    wheel = make_wheel("lone", "1.0", requires=["nowhere"])
    index.add(wheel)
    index.upload_times[wheel.filename] = OLD
    offer(index, ("free", "1.0", OLD), ("free", "2.0", NEW))
    requests = "app\nlib==1.0\nneed\nearly\nleft\nlone\nfree\n"
    gap = GAP.format(project="left") + GAP.format(project="lone") + FREE
    wheel = make_wheel("need", "1.0", requires=["core"])
    index.add(wheel)
    index.upload_times[wheel.filename] = OLD
    policy(workspace, f'min_age = "7 days"\n{gap}', requests)
    mirror(workspace)
    cutoff = read_lock(workspace, "base--linux").as_of
    locks = sorted(workspace.paths.locks.iterdir())
    before = [path.read_bytes() for path in locks]
    policy(workspace, f'min_age = "7 days"\nas_of = "{cutoff}"\n{gap}', requests)
    assert mirror(workspace)[0].resolved == 0
    offer(index, ("app", "2.0", LATER), ("lib", "2.0", LATER), ("need", "2.0", LATER), ("core", "0.9", LATER))
    offer(index, ("early", "1.0", LATER), ("early", "1.0rc3", LATER), ("young", "3.0", LATER))
    offer(index, ("nowhere", "1.0", LATER), ("free", "3.0", LATER), ("lone", "0.9", LATER))
    more = make_wheel("app", "1.0", tag="cp310-cp310-manylinux2014_x86_64")
    index.add(more)
    index.upload_times[more.filename] = LATER
    for update in (True, False):
        older = mirror(workspace, update=update)[0].outdated
        assert [(one.project, one.newest) for one in older] == [
            ("app", "1.5"),
            ("early", "1.0rc2"),
            ("early", ""),
            ("lib", "1.1"),
            ("need", "1.5"),
        ]
        assert sorted(workspace.paths.locks.iterdir()) == locks
        assert [path.read_bytes() for path in locks] == before


def test_a_later_release_is_let_in_by_its_version_alone(workspace: Workspace, index: Index) -> None:
    """An entry about all versions lets in what was there at the moment that ``as_of`` repeats."""
    offer(index, ("free", "1.0", OLD), ("free", "2.0", NEW))
    as_of = 'as_of = "2026-02-01T00:00:00Z"\n'
    for entry, version in (("", "1.0"), ('version = "==2.0"\n', "2.0")):
        policy(workspace, f'min_age = "7 days"\n{as_of}{FREE}{entry}', "free\n")
        mirror(workspace, update=True)
        assert versions(workspace, "base--linux") == {"free": version}


def test_a_lock_with_another_cutoff_is_resolved_again(workspace: Workspace, index: Index) -> None:
    """``as_of`` was changed; pip's own option may be earlier, and then it is not resolved in each run."""
    offer(index, ("app", "1.0", OLD), ("app", "2.0", "2026-02-01T00:00:00Z"))
    policy(workspace, "")
    mirror(workspace)
    policy(workspace, 'as_of = "2026-02-02T00:00:00Z"')
    assert mirror(workspace)[0].resolved == 1
    policy(workspace, 'as_of = "2026-02-01T00:00:00Z"')
    assert mirror(workspace, allow_downgrade=True)[0].resolved == 1
    assert versions(workspace, "base--linux") == {"app": "1.0"}
    assert mirror(workspace)[0].resolved == 0


@pytest.mark.parametrize("source", [False, True])
def test_what_is_locked_must_be_old_enough(workspace: Workspace, index: Index, source: bool) -> None:  # noqa: FBT001
    """An age was added, or an acceptance removed: the next run that resolves nothing says so, and an update mends it."""
    offer(index, ("app", "1.0", OLD), ("app", "2.0", NEW))
    policy(workspace, "")
    mirror(workspace)
    age = 'min_age = "7 days"\n'
    if source:
        age = f'[sources.acme]\nindex = "{index.url}"\nprojects = ["app"]\n{age}'
    accepted = '[[policy.accept]]\nrule = "min_age"\nproject = "app"\nreason = "a fix"\nuntil = 9999-12-31\n'
    policy(workspace, f"{age}{accepted}")
    mirror(workspace, update=True)
    assert versions(workspace, "base--linux") == {"app": "2.0"}
    prove(workspace.paths)
    policy(workspace, age)
    for run in (mirror, plan_of, prove_of, publish_of):
        with pytest.raises(PolicyError, match=r"base--linux: app 2\.0: min_age: uploaded .*; admitted from "):
            run(workspace)
    mirror(workspace, update=True)
    assert versions(workspace, "base--linux") == {"app": "1.0"}


def test_a_locked_file_without_a_time(workspace: Workspace, index: Index) -> None:
    """It is refused as it is while resolving, unless its index is exempt."""
    index.facts = False
    index.add(make_wheel("app"))
    policy(workspace, "")
    mirror(workspace)
    policy(workspace, 'min_age = "7 days"')
    with pytest.raises(PolicyError, match=f"{index.url.rstrip(chr(47))} states no upload time of it"):
        prove_of(workspace)
    policy(workspace, f'min_age = "7 days"\nno_times = ["{index.url}"]')
    mirror(workspace)
    prove_of(workspace)


def test_pips_own_cutoff_is_named(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files without a time are left out by the option, and the note names it."""
    index.facts = False
    index.add(make_wheel("app"))
    policy(workspace, "")
    monkeypatch.setenv("PIP_UPLOADED_PRIOR_TO", "P7D")
    said = io.StringIO()
    with pytest.raises(NoSolution, match=r"pip's uploaded-prior-to: .* states no upload time of it"):
        plan(workspace.paths, progress=Display(Console(file=said, width=1000)))
    assert "note: pip's uploaded-prior-to leaves out 1 file of 1 project (app)" in said.getvalue()


def test_pips_own_cutoff_judges_locks(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set later, it refuses what is locked; the line names the option."""
    offer(index, ("app", "1.0", OLD), ("app", "2.0", NEW))
    policy(workspace, "")
    mirror(workspace)
    monkeypatch.setenv("PIP_UPLOADED_PRIOR_TO", "P7D")
    for run in (mirror, plan_of):
        with pytest.raises(PolicyError, match=r"app 2\.0: pip's uploaded-prior-to: uploaded"):
            run(workspace)


def plan_of(workspace: Workspace) -> None:
    """Run plan."""
    plan(workspace.paths, progress=SILENT)


def prove_of(workspace: Workspace) -> None:
    """Run verify."""
    prove(workspace.paths)


def publish_of(workspace: Workspace) -> None:
    """Read what publish would copy."""
    release_of(workspace.paths.site, force=True, requirements=workspace.paths.requirements)


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


def test_files_without_upload_times_are_counted(
    workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line for each index has the number of files and projects; it is no error where other files serve the request."""
    with Index(facts=False) as other:
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", other.url)
        offer(index, ("app", "1.0", OLD), ("lib", "1.0", OLD))
        other.add(make_wheel("app", "2.0"), make_wheel("app", "3.0"), make_wheel("lib", "2.0", tag=WINDOWS_TAG))
        other.add(make_wheel("lib", "3.0"))
        policy(workspace, 'min_age = "7 days"', "app\nlib\n")
        found, said = mirror(workspace)
        place = other.url.rstrip("/")
        line = (
            f"note: min_age leaves out 3 files of 2 projects (app, lib) on {place}, which states no upload time of them in the form of PEP 700; "
            f'no_times = ["{place}"] below [policy] admits them'
        )
        assert said.splitlines().count(line) == 1
        assert versions(workspace, "base--linux") == {"app": "1.0", "lib": "1.0"}
        assert found.document()["untimed"] == ({"index": place, "files": 3, "projects": ("app", "lib")},)
        assert mirror(workspace)[0].untimed == ()
        assert foresee(workspace, update=True).untimed == found.untimed


def test_a_file_that_is_let_in_is_not_counted(workspace: Workspace, index: Index) -> None:
    """An acceptance of ``min_age`` covers a file without an upload time."""
    index.facts = False
    index.add(make_wheel("app", "1.0"), make_wheel("app", "2.0"))
    entry = 'rule = "min_age"\nproject = "app"\nversion = "<2"\nreason = "known"\nuntil = 9999-12-31'
    policy(workspace, f'min_age = "7 days"\n[[policy.accept]]\n{entry}')
    found = mirror(workspace)[0]
    assert versions(workspace, "base--linux") == {"app": "1.0"}
    assert [one.files for one in found.untimed] == [1]


def test_a_plan_has_a_verdict_on_what_is_passed_over(workspace: Workspace, index: Index) -> None:
    """Each newer release that fits has its rule, since when and until when it holds, and what is taken instead."""
    offer(
        index, ("app", "1.0", OLD), ("app", "2.0", NEW), ("app", "3.0", NEW), ("lib", "1.0", OLD), ("lib", "2.0", OLD)
    )
    offer(index, ("other", "1.0", OLD), ("other", "2.0", NEW))
    wheel = make_wheel("app", "4.0", tag=WINDOWS_TAG)
    index.add(wheel)
    record = advisory("PYSEC-2026-7", "lib", "3.0") | {"published": "2026-05-06T07:08:09Z"}
    record["affected"][0]["ranges"][0]["events"][0] = {"introduced": "2.0"}  # type: ignore[index]
    database(workspace, record)
    more = 'min_age = "7 days"\ndeny = ["app==3.0"]\nadvisories = "osv.zip"'
    policy(workspace, more, "app\nlib\nother<2\n")
    said = io.StringIO()
    found = plan(workspace.paths, progress=SILENT)
    show_plan(found, Display(Console(file=said, width=1000)))
    until = (datetime.fromisoformat(NEW) + timedelta(days=7)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert [(one.project, one.version, one.rule, one.since, one.until, one.instead) for one in found.passed_over] == [
        ("app", "3.0", "min_age", NEW, until, "1.0"),
        ("app", "3.0", "deny", "", "", "1.0"),
        ("app", "2.0", "min_age", NEW, until, "1.0"),
        ("lib", "2.0", "advisory", "2026-05-06T07:08:09Z", "", "1.0"),
    ]
    assert found.passed_over[-1].ids == ("PYSEC-2026-7",)
    lines = said.getvalue().splitlines()
    start = lines.index("releases that the policy keeps away:")
    assert lines[start + 2] == "  app 3.0: deny: subset.toml has 'app==3.0'; 1.0 is taken (base--linux)"
    assert lines[start + 4] == ("  lib 2.0 has PYSEC-2026-7, severity high; fixed in 3.0; 1.0 is taken (base--linux)")
    mirror(workspace)
    again = plan(workspace.paths, progress=SILENT).passed_over
    assert [(one.version, one.rule, one.until) for one in again] == [
        (one.version, one.rule, one.until) for one in found.passed_over
    ]


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


def test_the_case_of_an_id_does_not_matter(workspace: Workspace, index: Index) -> None:
    """An id holds in any case, of an alias too; an entry whose id no advisory has is no longer needed."""
    offer(index, ("app", "1.0", OLD))
    database(workspace, advisory("PYSEC-2026-2", "app", "1.1") | {"aliases": ["GHSA-aaaa-bbbb-cccc"]})
    entry = '[[policy.accept]]\nrule = "advisory"\nproject = "app"\nreason = "not reachable"\nuntil = 9999-12-31\n'
    policy(
        workspace,
        f'advisories = "osv.zip"\n{entry}id = "ghsa-AAAA-bbbb-cccc"\n\n{entry}id = "GHSA-xxxx-yyyy-zzzz"',
    )
    result, _ = mirror(workspace)
    assert len(result.waived) == 1
    (line,) = [one for one in result.warnings if "policy.accept" in one]
    number = 1 + (workspace.paths.requirements / "subset.toml").read_text().splitlines().index(entry.splitlines()[0], 8)
    assert (
        line
        == f"{result.waived[0].entry[:-1]}{number}: [[policy.accept]] of advisory for app is no longer needed, remove it"
    )


def test_two_entries_for_one_id_are_one_too_many(workspace: Workspace) -> None:
    """Upper and lower case are one id."""
    entry = '[[policy.accept]]\nrule = "advisory"\nproject = "app"\nreason = "not reachable"\nuntil = 9999-12-31\n'
    policy(workspace, f'{entry}id = "GHSA-1"\n\n{entry}id = "ghsa-1"')
    with pytest.raises(SubsetError, match="accepts advisory for app as well; keep one of the two"):
        mirror(workspace)


def test_no_acceptance_lets_a_malicious_release_in(workspace: Workspace, index: Index) -> None:
    """It is passed over, refused where it is locked, and no error offers an acceptance."""
    offer(index, ("app", "1.0", OLD), ("app", "2.0", OLD))
    policy(workspace, "")
    mirror(workspace)
    database(workspace, advisory("MAL-2026-1", "app", "9") | {"aliases": ["GHSA-1"]})
    entry = '[[policy.accept]]\nrule = "advisory"\nproject = "app"\nreason = "x"\nuntil = 9999-12-31\n'
    for more in ("", 'id = "GHSA-1"\n'):
        policy(workspace, f'advisories = "osv.zip"\n{entry}{more}')
        with pytest.raises(PolicyError, match="is malicious") as caught:
            prove(workspace.paths)
        assert "accept it" not in caught.value.next_step
        with pytest.raises(NoSolution) as gap:
            mirror(workspace)
        assert "to accept it" not in str(gap.value)


def test_licences_are_judged_on_what_was_chosen(workspace: Workspace, index: Index) -> None:
    """If no release has an allowed licence, all that was chosen and is refused is listed; the user may state one."""
    index.add(make_wheel("app", more=["License-Expression: GPL-3.0-only"]), make_wheel("app", "0.9"))
    index.add(make_wheel("lib"), make_wheel("good", more=["License-Expression: MIT OR GPL-3.0-only"]))
    policy(workspace, 'allow_licenses = ["MIT"]', "app\nlib\ngood\n")
    with pytest.raises(PolicyError) as caught:
        mirror(workspace)
    assert caught.value.found == (
        "base--linux: app 1.0: license: its licence is GPL-3.0-only",
        "base--linux: lib 1.0: license: its metadata names no licence that SPDX knows, or differing ones",
    )
    assert "licenses = { NAME" in caught.value.next_step
    with pytest.raises(PolicyError) as caught:
        plan(workspace.paths)
    assert len(caught.value.found) == 2
    assert not workspace.paths.site.exists()
    policy(workspace, 'allow_licenses = ["MIT", "GPL-3.0-only"]\nlicenses = { lib = "MIT" }', "app\nlib\ngood\n")
    mirror(workspace)
    assert read_lock(workspace, "base--linux").pins[1].distribution.license == "MIT OR GPL-3.0-only"


def test_an_older_release_with_an_allowed_licence(workspace: Workspace, index: Index) -> None:
    """It is taken, with what it requires; the list of older releases and plan name the licences."""
    gpl, mit = ["License-Expression: GPL-3.0-only"], ["License-Expression: MIT"]
    index.add(make_wheel("app", "2.0", more=gpl), make_wheel("app", "1.9"))
    index.add(make_wheel("app", "1.8", requires=["dep"], more=mit), make_wheel("app", "1.0", more=mit))
    index.add(
        make_wheel("dep", "1.1", more=gpl), make_wheel("dep", "1.0", more=mit), make_wheel("dep", "1.2a1", more=mit)
    )
    policy(workspace, 'allow_licenses = ["MIT"]')
    result, _ = mirror(workspace)
    assert versions(workspace, "base--linux") == {"app": "1.8", "dep": "1.0"}
    (one,) = result.outdated
    assert (one.project, one.newest, one.why, one.own) == ("app", "2.0", "license: its licence is GPL-3.0-only", True)
    found = plan(workspace.paths, update=True)
    assert [(each.project, each.version, each.rule) for each in found.passed_over] == [
        ("app", "2.0", "license"),
        ("app", "1.9", "license"),
        ("dep", "1.1", "license"),
    ]
    accepted = '\n[[policy.accept]]\nrule = "license"\nproject = "app"\nreason = "bought"\nuntil = 9999-12-31'
    policy(workspace, f'allow_licenses = ["MIT"]{accepted}')
    mirror(workspace, update=True)
    assert versions(workspace, "base--linux") == {"app": "2.0"}


def test_what_no_older_release_can_replace(workspace: Workspace, index: Index) -> None:
    """A pin, and a project that has changed its licence long ago, stay an error with the release that was chosen."""
    gpl, mit = ["License-Expression: GPL-3.0-only"], ["License-Expression: MIT"]
    index.add(make_wheel("app", "2.0", more=gpl), make_wheel("app", "1.0", more=mit))
    index.add(
        *(make_wheel("lib", f"1.{number}", more=gpl) for number in range(1, 8)), make_wheel("lib", "1.0", more=mit)
    )
    policy(workspace, 'allow_licenses = ["MIT"]', "app==2.0\n")
    with pytest.raises(PolicyError, match=r"app 2\.0: license"):
        mirror(workspace)
    policy(workspace, 'allow_licenses = ["MIT"]', "lib\n")
    with pytest.raises(PolicyError, match=r"lib 1\.7: license"):
        mirror(workspace)
    assert len([one for one in index.requests if "lib-1" in str(one)]) < 14


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


def test_verify_and_publish_read_the_database_once(
    workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A result is remembered in the packages directory, and the database is not read for it again; a new one is."""
    offer(index, ("app", "1.0", OLD))
    database(workspace, advisory("PYSEC-2026-1", "other", "9"))
    policy(workspace, "")
    mirror(workspace)
    policy(workspace, 'advisories = "osv.zip"')
    os.utime(workspace.paths.requirements / "osv.zip", (1_700_000_000, 1_700_000_000))
    reads: list[str] = []
    read = advisories.read

    def counted(rules: AdvisoryRules, today: str) -> advisories.Advisories:
        reads.append(today)
        return read(rules, today)

    monkeypatch.setattr(advisories, "read", counted)
    for _ in range(2):
        prove_of(workspace)
        own = workspace.paths
        release_of(own.site, force=True, requirements=own.requirements, packages=own.packages)
    assert len(reads) == 1
    database(workspace, advisory("PYSEC-2026-2", "app", "9"))
    with pytest.raises(PolicyError, match="PYSEC-2026-2"):
        prove_of(workspace)


def test_waivers_are_shown(workspace: Workspace, index: Index) -> None:
    """Each accepted release has a line in mirror and verify, also where the judgement is remembered; idle entries a warning."""
    offer(index, ("app", "1.0", OLD), ("app", "2.0", NEW), ("lib", "1.0", OLD))
    entry = '[[policy.accept]]\nrule = "{}"\nproject = "{}"\nreason = "a fix"\nuntil = 9999-12-31\n'
    entries = "".join(entry.format(*one) for one in (("min_age", "app"), ("deny", "lib"), ("deny", "app")))
    policy(workspace, f'min_age = "7 days"\ndeny = ["lib"]\n{entries}', "app\nlib\n")
    warning = "[[policy.accept]] of deny for app is no longer needed, remove it"
    for _ in range(2):
        result, said = mirror(workspace)
        assert [(one.project, one.version, one.rule, one.reason) for one in result.waived] == [
            ("app", "2.0", "min_age", "a fix"),
            ("lib", "1.0", "deny", "a fix"),
        ]
        assert [one.split(": ", 1)[1] for one in result.warnings if "no longer needed" in one] == [warning]
        assert warning in said
    output = io.StringIO()
    prove(workspace.paths, progress=Display(Console(file=output, width=1000)))
    lines = output.getvalue().splitlines()
    accepted = "accepted: base on linux:"
    assert f"{accepted} lib 1.0 is accepted until 9999-12-31 (a fix); deny: subset.toml has 'lib'" in lines
    assert any(line.startswith(f"{accepted} app 2.0 is accepted until 9999-12-31 (a fix); min_age: ") for line in lines)
    assert any(line.startswith("warning: ") and line.endswith(warning) for line in lines)
