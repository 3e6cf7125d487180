"""Locked files that their index does not offer any more, with real pip against an index on loopback."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from msgspec import structs

from pypi_subset.errors import NoSolution, PolicyError, SubsetError, UpstreamError
from pypi_subset.locks.gone.look import look
from pypi_subset.locks.offered import judged, require_decided
from pypi_subset.model.distributions import Built
from pypi_subset.packages import gone_list
from pypi_subset.pipeline.plan import plan
from pypi_subset.requirements.subset import read_subset
from pypi_subset.upstream.catalog import Upstream
from pypi_subset.upstream.pip_config import read_network
from tests.support.servers.index import Index
from tests.support.stages.mirroring import LINUX, mirror, read_lock, versions
from tests.support.stages.sdists import make_buildable
from tests.support.wheels import make_sdist, make_wheel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pypi_subset.model.intake.gone import Gone
    from tests.support.sites.workspace import Workspace

pytestmark = pytest.mark.usefixtures("configured_index")

WAIVER = """[[policy.accept]]
rule = "gone"
project = "acme"
version = "==2.0"
reason = "we built it ourselves"
until = 9999-12-31
"""


@pytest.fixture
def locked(workspace: Workspace, index: Index) -> Workspace:
    """Return a mirrored subset with acme 2.0 and app 1.0."""
    index.add(make_wheel("acme", "1.0"), make_wheel("acme", "2.0"), make_wheel("app"))
    setting(workspace)
    mirror(workspace)
    return workspace


def setting(workspace: Workspace, more: str = "", requests: str = "acme\napp\n") -> None:
    """Write requests for one target, and *more* settings."""
    workspace.write("base.txt", requests)
    workspace.toml({"linux": LINUX}, more=more)


def vanish(index: Index, project: str, version: str) -> None:
    """Let the index offer that release no more."""
    index.projects[project] = [one for one in index.projects[project] if f"-{version}-" not in one.filename]


def short(found: Sequence[Gone]) -> list[tuple[str, str, str, str]]:
    """Return project, version, state and decision of each."""
    return [(one.project, one.version, one.state, one.decision) for one in found]


REFUSED = [("acme", "2.0", "gone", "refused")]


def test_plan_asks_and_mirror_repeats(locked: Workspace, index: Index) -> None:
    """A release that vanished is named by plan; mirror asks nothing and says the same; the site stays as it is."""
    assert plan(locked.paths).gone == ()
    vanish(index, "acme", "2.0")
    assert mirror(locked)[0].gone == ()
    (found,) = plan(locked.paths).gone
    assert short([found]) == REFUSED
    assert found.what == "the index does not list acme-2.0-py3-none-any.whl any more, and did not yank it"
    assert found.locks == ("base--linux",)
    index.requests.clear()
    result, _ = mirror(locked)
    assert (result.gone, result.resolved, index.requests) == ((found,), 0, [])
    assert json.loads(json.dumps(result.document()))["gone"][0]["decision"] == "refused"


def test_a_file_that_is_there_again_is_forgotten(locked: Workspace, index: Index) -> None:
    """A later look clears what an earlier one found."""
    before = list(index.projects["acme"])
    vanish(index, "acme", "2.0")
    assert plan(locked.paths).gone
    index.projects["acme"] = before
    assert plan(locked.paths).gone == ()
    assert gone_list.read(locked.paths.packages).files == ()


def test_an_update_stops(locked: Workspace, index: Index) -> None:
    """It names the release, the lock and both ways out, resolves nothing, and mirror repeats it."""
    vanish(index, "acme", "2.0")
    with pytest.raises(PolicyError) as caught:
        mirror(locked, update=True)
    text = str(caught.value)
    assert "gone, refused: acme 2.0 (base--linux): the index does not list acme-2.0-py3-none-any.whl any more" in text
    assert 'write gone = "drop" below [policy]' in text
    assert '[[policy.accept]] with rule = "gone"' in text
    (entry,) = caught.value.documents["gone"]
    assert {key: entry[key] for key in ("project", "version", "state", "decision", "locks")} == {
        "project": "acme",
        "version": "2.0",
        "state": "gone",
        "decision": "refused",
        "locks": ("base--linux",),
    }
    assert versions(locked, "base--linux")["acme"] == "2.0"
    assert short(mirror(locked)[0].gone) == REFUSED


@pytest.mark.parametrize("more", ['[policy]\ngone = "keep"\n', WAIVER], ids=["keep", "waiver"])
def test_what_is_kept_stays_in_the_lock(locked: Workspace, index: Index, more: str) -> None:
    """It is a candidate beside what the index offers: an update takes it from packages/, and a newer release before it."""
    vanish(index, "acme", "2.0")
    setting(locked, more)
    for _ in range(2):
        result, _ = mirror(locked, update=True)
        assert short(result.gone) == [("acme", "2.0", "gone", "kept")]
        assert versions(locked, "base--linux") == {"acme": "2.0", "app": "1.0"}
    index.add(make_wheel("acme", "3.0"))
    assert short(mirror(locked, update=True)[0].gone) == [("acme", "2.0", "gone", "replaced")]
    assert versions(locked, "base--linux")["acme"] == "3.0"
    assert mirror(locked)[0].gone == ()


def test_a_waiver_is_for_its_release(locked: Workspace, index: Index) -> None:
    """Another version is not covered."""
    vanish(index, "acme", "2.0")
    setting(locked, WAIVER.replace("==2.0", "==1.0"))
    with pytest.raises(PolicyError):
        mirror(locked, update=True)


@pytest.mark.parametrize("update", [True, False])
def test_what_is_dropped_is_resolved_without(locked: Workspace, index: Index, *, update: bool) -> None:
    """mirror resolves again what has it, and update does; another file of the same release is not taken either."""
    vanish(index, "acme", "2.0")
    plan(locked.paths)
    index.add(make_wheel("acme", "2.0", tag="cp310-cp310-manylinux2014_x86_64"))
    setting(locked, '[policy]\ngone = "drop"\n')
    result, said = mirror(locked, update=update)
    assert short(result.gone) == [("acme", "2.0", "gone", "replaced")]
    assert versions(locked, "base--linux")["acme"] == "1.0"
    assert ("base--linux: acme 2.0 is gone, and dropped by the policy, resolving again" in said) is not update
    assert "gone: the index does not list" in said
    assert mirror(locked)[0].gone == ()


def test_plan_foresees_what_is_dropped(locked: Workspace, index: Index) -> None:
    """The look that finds a release gone is the one that says which lock is resolved without it."""
    vanish(index, "acme", "2.0")
    setting(locked, '[policy]\ngone = "drop"\n')
    found = plan(locked.paths)
    assert short(found.gone) == [("acme", "2.0", "gone", "dropped")]
    assert [(one.project, one.before, one.after) for one in found.changes] == [("acme", "2.0", "1.0")]


def test_a_yank_is_said_and_kept(locked: Workspace, index: Index) -> None:
    """PyPI's reason is shown; nothing stops for it."""
    index.yanked["acme-2.0-py3-none-any.whl"] = "breaks on Fridays"
    (found,) = plan(locked.paths).gone
    assert (found.state, found.decision, found.what) == ("yanked", "kept", "yanked: breaks on Fridays")
    assert mirror(locked)[0].gone == (found,)
    mirror(locked, update=True)
    assert versions(locked, "base--linux")["acme"] == "1.0"


def test_a_project_in_quarantine(locked: Workspace, index: Index) -> None:
    """Its status on the page is the reason (PEP 792)."""
    index.status["acme"] = {"status": "quarantined", "reason": "it steals keys"}
    (found,) = plan(locked.paths).gone
    assert (found.state, found.decision, found.what) == (
        "quarantined",
        "refused",
        "acme is in quarantine (it steals keys)",
    )


def test_what_is_dropped_in_quarantine_names_its_waiver(locked: Workspace, index: Index) -> None:
    """No release is left: the error says that the project is in quarantine, and which entry keeps the release."""
    index.status["acme"] = {"status": "quarantined", "reason": "it steals keys"}
    plan(locked.paths)
    setting(locked, '[policy]\ngone = "drop"\n')
    with pytest.raises(
        NoSolution, match=r"2\.0, which was locked, is not taken: quarantined: acme is in quarantine"
    ) as caught:
        mirror(locked)
    assert 'rule = "gone", project = "acme", version = "==2.0"' in caught.value.next_step


def test_a_project_without_a_page(locked: Workspace, index: Index) -> None:
    """404 for one project is its absence if the index is there."""
    del index.projects["acme"]
    assert short(plan(locked.paths).gone) == REFUSED


def test_other_bytes_under_the_name_are_named(locked: Workspace, index: Index) -> None:
    """plan says so; an update ends with the error of other bytes."""
    vanish(index, "acme", "2.0")
    index.add(make_wheel("acme", "2.0", files={"acme.py": b"other = 1\n"}))
    (found,) = plan(locked.paths).gone
    assert (found.state, found.decision) == ("changed", "kept")
    with pytest.raises(SubsetError, match="has other bytes than when it was locked"):
        mirror(locked, update=True)


def test_a_failure_is_no_verdict(locked: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index that fails is an error; what was known before stays."""
    monkeypatch.setenv("PIP_RETRIES", "0")
    vanish(index, "acme", "2.0")
    plan(locked.paths)
    index.on_request = lambda path: 503 if "/simple/" in path else None
    with pytest.raises(UpstreamError):
        plan(locked.paths)
    assert short(mirror(locked)[0].gone) == REFUSED


@pytest.mark.parametrize(("status", "words"), [(404, "has no page of an index"), (403, "does not show its page of")])
def test_an_index_that_moved_is_no_verdict(
    locked: Workspace, index: Index, status: int, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where all of it answers "not here", or a page is not shown, nothing is known of a file."""
    from pypi_subset.cli.display import Display  # noqa: PLC0415

    index.on_request = lambda path: status if "/simple/" in path else None
    assert plan(locked.paths, progress=Display()).gone == ()
    said = " ".join(capsys.readouterr().out.split())
    assert "whether locked files are gone is not known" in said
    assert words in said


def test_a_page_of_another_kind_is_no_verdict(locked: Workspace, index: Index) -> None:
    """A server that answers everything with a page for people lists no file, and says nothing of one."""
    index.style = "html"
    for project in ("acme", "app"):
        index.overrides[f"/simple/{project}/"] = b"<!DOCTYPE html><title>Log in</title><p>Please log in."
    assert plan(locked.paths).gone == ()


def test_mirror_looks_where_it_asks(locked: Workspace, index: Index) -> None:
    """A run that resolves one set looks on the pages that it reads, also for the files of the locks that it reuses."""
    locked.write("other.txt", "app\n")
    mirror(locked)
    vanish(index, "acme", "2.0")
    vanish(index, "app", "1.0")
    index.add(make_wheel("app", "1.1"), make_wheel("new", requires=["app"]))
    locked.write("other.txt", "app\nnew\n")
    found = mirror(locked)[0].gone
    assert [(one.project, one.decision, one.locks) for one in found] == [
        ("app", "refused", ("base--linux",)),
        ("app", "replaced", ("other--linux",)),
    ]


def test_a_local_file_that_is_not_there_is_said(locked: Workspace) -> None:
    """A directory of the user is no index: packages/ keeps the file, and nothing stops."""
    wheels = locked.paths.requirements / "wheels"
    wheels.mkdir()
    wheel = make_wheel("ours")
    (wheels / wheel.filename).write_bytes(wheel.data)
    (wheels / "ours-0.5-py3-none-any.whl").write_bytes(make_wheel("ours", "0.5").data)
    setting(locked, requests="acme\napp\nours\n")
    mirror(locked)
    (wheels / wheel.filename).unlink()
    (found,) = plan(locked.paths).gone
    assert (found.state, found.decision) == ("local", "kept")
    assert found.what == "ours-1.0-py3-none-any.whl is not in its directory any more"


def test_a_source_of_now_is_asked_alone(locked: Workspace, index: Index) -> None:
    """A project that comes from elsewhere now is not looked for on the index of before."""
    folder = locked.root / "ours"
    folder.mkdir()
    wheel = make_wheel("acme", "2.5")
    (folder / wheel.filename).write_bytes(wheel.data)
    setting(locked, '[sources.ours]\nwheels = "../ours"\nprojects = ["acme"]\n')
    index.requests.clear()
    assert plan(locked.paths).gone == ()
    assert index.gets("/simple/acme/") == 0


def test_since_is_the_first_look(locked: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """A day later the same file has the day of before."""
    vanish(index, "acme", "2.0")
    monkeypatch.setattr("pypi_subset.locks.gone.look.today", lambda: "2026-01-01")
    plan(locked.paths)
    monkeypatch.setattr("pypi_subset.locks.gone.look.today", lambda: "2026-01-02")
    (found,) = plan(locked.paths).gone
    assert found.since == "2026-01-01"


def test_a_damaged_list_is_an_error(locked: Workspace) -> None:
    """What was gone is not forgotten in silence."""
    (locked.paths.packages / gone_list.FILE).write_text("{}")
    with pytest.raises(
        SubsetError, match="the list of files that are gone is damaged; delete it, and run `pypi-subset plan`"
    ):
        mirror(locked)


def test_publish_waits_for_a_decision(locked: Workspace, index: Index) -> None:
    """What is refused is not published, nor what is to be dropped and is locked still; what is kept is no obstacle."""
    from pypi_subset.publishing.publication import release_of  # noqa: PLC0415

    def published() -> None:
        release_of(
            locked.paths.site, force=True, requirements=locked.paths.requirements, packages=locked.paths.packages
        )

    published()
    vanish(index, "acme", "2.0")
    plan(locked.paths)
    with pytest.raises(PolicyError, match="gone, refused: acme"):
        published()
    setting(locked, '[policy]\ngone = "drop"\n')
    with pytest.raises(PolicyError, match="run `pypi-subset mirror`, which resolves without them"):
        published()
    setting(locked, WAIVER)
    published()


def test_a_decision_changes_no_other_lock(locked: Workspace) -> None:
    """No lock depends on the policy about what is gone before something is."""
    setting(locked, '[policy]\ngone = "keep"\n')
    assert mirror(locked)[0].resolved == 0


def test_links_that_are_not_there_are_no_verdict(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of a page of links may be there all the same; without it on that page, it is gone."""
    with Index() as other:
        other.style = "html"
        other.add(make_wheel("linked"))
        monkeypatch.setenv("PIP_FIND_LINKS", f"{other.url}linked/")
        setting(workspace, requests="linked\n")
        mirror(workspace)
        assert plan(workspace.paths).gone == ()
        before = other.projects.pop("linked")
        with pytest.raises(UpstreamError, match=r"linked/ has no page, and pip's 'find-links'"):
            plan(workspace.paths)
        other.projects["linked"] = [make_wheel("linked", "2.0")]
        assert short(plan(workspace.paths).gone) == [("linked", "1.0", "gone", "refused")]
        other.projects["linked"] = before
        assert plan(workspace.paths).gone == ()


def test_of_what_was_built_the_sdist_is_looked_for(locked: Workspace, index: Index) -> None:
    """No index has the wheel; the release is gone if the index does not list the sdist any more."""
    sdist = make_sdist("acme", "2.0")
    built = Built(
        filename=sdist.filename,
        sha256=hashlib.sha256(sdist.data).hexdigest(),
        url=f"{index.url}x",
        epoch=0,
        python="cp 3.11.7",
        requires=(),
        isolation="namespaces",
    )
    lock = read_lock(locked, "base--linux")
    pins = [replace(pin, distribution=structs.replace(pin.distribution, built=built)) for pin in lock.pins[:1]]
    assert pins[0].distribution.project == "acme"
    pages = Upstream(read_network(), store=locked.root / "store", shelf=locked.root).pages
    (missing,) = look([replace(lock, pins=tuple(pins))], pages).missing
    assert missing.what == f"the index does not list {sdist.filename} any more, and did not yank it"
    index.add(sdist)
    again = Upstream(read_network(), store=locked.root / "again", shelf=locked.root).pages
    found = look([replace(lock, pins=tuple(pins))], again)
    assert (found.missing, found.asked) == ((), frozenset({"acme-2.0-py3-none-any.whl"}))


def building(workspace: Workspace, kind: str, more: str = "") -> None:
    """Write a request for leaf, which is built or kept, and *more* settings."""
    workspace.write("base.txt", "leaf\n")
    workspace.toml({"here": "host"}, more=f'[sdists]\n{kind} = ["leaf"]\n{more}')


def with_tool(workspace: Workspace, index: Index, kind: str) -> None:
    """Mirror leaf, which is built with tool 1.0."""
    index.add(make_buildable("leaf", build_requires=["tool"]), make_wheel("tool", "0.9"), make_wheel("tool", "1.0"))
    building(workspace, kind)
    mirror(workspace)


def tools(workspace: Workspace) -> list[str]:
    """Return the versions of tool that the locked release is built with."""
    (pin,) = read_lock(workspace, "base--here").pins
    held = [str(one.version) for one in pin.build]
    return held or [version for _, version, _ in (pin.distribution.built.requires if pin.distribution.built else ())]


BUILDS = pytest.mark.parametrize("kind", ["build", "keep"])


@BUILDS
def test_what_a_build_required_is_looked_for(workspace: Workspace, index: Index, kind: str) -> None:
    """plan names it with the release that is built, an update stops, and so would a publication; mirror repeats it."""
    with_tool(workspace, index, kind)
    assert plan(workspace.paths).gone == ()
    vanish(index, "tool", "1.0")
    (found,) = plan(workspace.paths).gone
    assert short([found]) == [("tool", "1.0", "gone", "refused")]
    assert found.what.endswith("; leaf 1.0 is built with it")
    assert found.locks == ("base--here",)
    with pytest.raises(PolicyError, match=r"gone, refused: tool 1\.0 \(base--here\)"):
        mirror(workspace, update=True)
    assert mirror(workspace)[0].gone == (found,)
    locks = [read_lock(workspace, "base--here")]
    seen = read_subset(workspace.paths.requirements)
    with pytest.raises(PolicyError):
        require_decided(judged(seen, gone_list.read(workspace.paths.packages).files, locks), dropped=True)


@BUILDS
def test_a_build_is_resolved_without_what_is_dropped(workspace: Workspace, index: Index, kind: str) -> None:
    """The lock changes, and the change is said with the release that is built."""
    with_tool(workspace, index, kind)
    vanish(index, "tool", "1.0")
    building(workspace, kind, '[policy]\ngone = "drop"\n')
    assert short(plan(workspace.paths).gone) == [("tool", "1.0", "gone", "dropped")]
    result, said = mirror(workspace)
    assert "base--here: tool 1.0, which leaf 1.0 is built with, is gone, and dropped by the policy" in said
    assert "base--here: tool 1.0 -> 0.9, to build leaf" in result.changes
    assert short(result.gone) == [("tool", "1.0", "gone", "replaced")]
    assert tools(workspace) == ["0.9"]


@BUILDS
def test_a_build_requirement_that_is_kept(workspace: Workspace, index: Index, kind: str) -> None:
    """With ``gone = "keep"`` an update keeps what was built, and the closure of a kept sdist."""
    with_tool(workspace, index, kind)
    vanish(index, "tool", "1.0")
    building(workspace, kind, '[policy]\ngone = "keep"\n')
    for _ in range(2):
        assert short(mirror(workspace, update=True)[0].gone) == [("tool", "1.0", "gone", "kept")]
        assert tools(workspace) == ["1.0"]


@BUILDS
def test_a_yanked_build_requirement(workspace: Workspace, index: Index, kind: str) -> None:
    """It is named; with ``yanked = "refuse"`` the release is built again without it."""
    with_tool(workspace, index, kind)
    index.yanked["tool-1.0-py3-none-any.whl"] = "broken"
    (found,) = plan(workspace.paths).gone
    assert short([found]) == [("tool", "1.0", "yanked", "kept")]
    assert found.what == "yanked: broken; leaf 1.0 is built with it"
    building(workspace, kind, '[policy]\nyanked = "refuse"\n')
    result, _ = mirror(workspace)
    assert tools(workspace) == ["0.9"]
    assert "base--here: tool 1.0 -> 0.9, to build leaf" in result.changes


def test_the_sdist_of_a_build_requirement_is_looked_for(workspace: Workspace, index: Index) -> None:
    """What was built for a build has an sdist on the index."""
    index.add(make_buildable("leaf", build_requires=["tool"]), make_buildable("tool"))
    workspace.write("base.txt", "leaf\n")
    workspace.toml({"here": "host"}, more='[sdists]\nbuild = ["leaf", "tool"]\n')
    mirror(workspace)
    assert plan(workspace.paths).gone == ()
    index.projects["tool"] = [make_buildable("tool", "0.9")]
    (found,) = plan(workspace.paths).gone
    assert (found.filename, found.state) == ("tool-1.0.tar.gz", "gone")


def test_a_checkout_without_the_file_names_the_ways(locked: Workspace, index: Index) -> None:
    """A locked file that is gone from index and packages/ is no failure that passes by itself."""
    vanish(index, "acme", "2.0")
    for path in (locked.paths.packages, locked.paths.site):
        shutil.rmtree(path)
    with pytest.raises(UpstreamError) as caught:
        mirror(locked)
    assert caught.value.what == (
        "acme-2.0-py3-none-any.whl is locked and not in packages/, and its index does not offer it any more"
    )
    assert 'write gone = "drop" below [policy]' in caught.value.next_step
    # The way that it names leads out.
    plan(locked.paths)
    setting(locked, '[policy]\ngone = "drop"\n')
    mirror(locked)
    assert versions(locked, "base--linux")["acme"] == "1.0"


def test_a_file_that_its_index_lists_is_no_gone_one(
    locked: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the index lists a file that cannot be fetched, the error is that of the index."""
    monkeypatch.setenv("PIP_RETRIES", "0")
    for path in (locked.paths.packages, locked.paths.site):
        shutil.rmtree(path)
    index.on_request = lambda path: 500 if path.endswith(".whl") else None
    with pytest.raises(UpstreamError, match="answered 500"):
        mirror(locked)


@pytest.mark.parametrize("request_", ["acme", "acme==2.0"])
def test_without_an_alternative_the_drop_is_named(locked: Workspace, index: Index, request_: str) -> None:
    """The error has the release that is dropped, and the acceptance that keeps it."""
    index.projects["acme"] = [] if request_ == "acme" else index.projects["acme"][:1]
    plan(locked.paths)
    setting(locked, '[policy]\ngone = "drop"\n', requests=f"{request_}\napp\n")
    with pytest.raises(NoSolution) as caught:
        mirror(locked)
    assert "2.0, which was locked, is not taken: gone: the index does not list acme-2.0" in caught.value.problem
    assert 'with rule = "gone", project = "acme", version = "==2.0"' in caught.value.next_step
