"""Requests that the user accepts as gaps, with real pip against an index on loopback."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import Gaps, InputFaults, NoSolution, UpstreamError
from pypi_subset.pipeline.plan import plan
from tests.support.stages.mirroring import LINUX, WINDOWS, mirror, read_lock, versions
from tests.support.wheels import make_sdist, make_wheel

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

pytestmark = pytest.mark.usefixtures("configured_index")


def accept(project: str, *targets: str, until: str = "9999-12-31") -> str:
    """Return the entry that accepts a gap."""
    names = ", ".join(f'"{name}"' for name in targets)
    return (
        f'[[policy.accept]]\nrule = "gap"\nproject = "{project}"\ntargets = [{names}]\n'
        f'reason = "only on Windows"\nuntil = {until}\n'
    )


def ask(workspace: Workspace, requests: str, *accepted: str) -> None:
    """Write requests for two targets, and what is accepted."""
    workspace.write("base.txt", requests)
    workspace.toml({"linux": LINUX, "windows": WINDOWS}, more="".join(accepted))


def test_a_request_without_a_solution_is_left_out(workspace: Workspace, index: Index) -> None:
    """The rest of the set is resolved; the other target has all of it; the next run resolves nothing."""
    index.add(make_wheel("app"), make_wheel("fast", tag="cp310-cp310-win_amd64", requires=["extra"]))
    index.add(make_wheel("extra"))
    ask(workspace, "app\nfast>=1\n", accept("fast", "linux"))
    result, said = mirror(workspace)
    assert versions(workspace, "base--linux") == {"app": "1.0"}
    assert versions(workspace, "base--windows") == {"app": "1.0", "extra": "1.0", "fast": "1.0"}
    (gap,) = read_lock(workspace, "base--linux").gaps
    assert (gap.request, gap.project) == ("fast>=1", "fast")
    assert gap.why == "fast>=1: no wheel fits (1.0: wheels for win_amd64)"
    (shown,) = result.accepted_gaps
    assert (shown.set, shown.target, shown.request, shown.until) == ("base", "linux", "fast>=1", "9999-12-31")
    assert (shown.reason, said) == ("only on Windows", "")
    assert (mirror(workspace)[0].resolved, plan(workspace.paths).accepted_gaps) == (0, result.accepted_gaps)


def test_mirror_resolves_again_without_an_entry(workspace: Workspace, index: Index) -> None:
    """What verify says of a gap that no entry covers: `pypi-subset mirror`, which takes what came since, or says why not."""
    index.add(make_wheel("app"), make_wheel("fast", tag="cp310-cp310-win_amd64"))
    ask(workspace, "app\nfast\n", accept("fast", "linux"))
    mirror(workspace)
    ask(workspace, "app\nfast\n")
    with pytest.raises(NoSolution, match="no wheel fits"):
        mirror(workspace)
    index.add(make_wheel("fast", "2.0"))
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"app": "1.0", "fast": "2.0"}


def test_a_dependency_without_a_wheel_is_the_gap_of_its_request(workspace: Workspace, index: Index) -> None:
    """An acceptance is about the line; what only that line needs goes with it."""
    index.add(make_wheel("app"), make_wheel("words", requires=["docopt", "other"]), make_sdist("docopt"))
    index.add(make_wheel("other"))
    ask(workspace, "app\nwords\n", accept("words", "linux", "windows"))
    assert len(mirror(workspace)[0].accepted_gaps) == 2
    assert versions(workspace, "base--linux") == {"app": "1.0"}


def test_the_cause_is_the_first_obstacle(workspace: Workspace, index: Index) -> None:
    """A wheel that fits and needs another Python is no lack of wheels."""
    index.add(make_wheel("app"), make_wheel("fast", requires_python=">=3.13"))
    ask(workspace, "app\nfast\n", accept("fast", "linux", "windows"))
    mirror(workspace)
    (gap,) = read_lock(workspace, "base--linux").gaps
    assert gap.why == "fast: no wheel fits (1.0: Requires-Python >=3.13, the target has 3.10)"


def test_nothing_may_be_left(workspace: Workspace, index: Index) -> None:
    """A set of which every request is an accepted gap has a lock without files."""
    index.add(make_wheel("fast", tag="cp310-cp310-win_amd64"))
    ask(workspace, "fast\n", accept("fast", "linux"))
    assert len(mirror(workspace)[0].accepted_gaps) == 1
    assert read_lock(workspace, "base--linux").pins == ()


@pytest.mark.parametrize("project", ["one", "two"])
def test_a_contradiction_is_no_gap(workspace: Workspace, index: Index, project: str) -> None:
    """Two requests that have a solution alone and none together stay an error, whichever of them is accepted."""
    index.add(make_wheel("one", requires=["shared<2"]), make_wheel("two", requires=["shared>=2"]))
    index.add(make_wheel("shared", "1.0"), make_wheel("shared", "2.0"))
    ask(workspace, "one\ntwo\n", accept(project, "linux", "windows"))
    with pytest.raises(Gaps, match="the requirements contradict each other on shared") as caught:
        mirror(workspace)
    assert "[[policy.accept]]" not in str(caught.value)


def test_a_contradiction_beside_a_gap_is_an_error(workspace: Workspace, index: Index) -> None:
    """What is left out hides nothing: the others are resolved as a set of their own."""
    index.add(make_wheel("fast", tag="cp310-cp310-win_amd64"), make_wheel("one", requires=["shared<2"]))
    index.add(make_wheel("shared", "1.0"), make_wheel("shared", "2.0"))
    ask(workspace, "fast\none\nshared>=2\n", accept("fast", "linux"), accept("one", "linux"))
    with pytest.raises(Gaps) as caught:
        mirror(workspace)
    assert {gap.target for gap in caught.value.gaps} == {"linux", "windows"}
    assert {gap.project for gap in caught.value.gaps} == {"shared"}


def test_an_error_names_the_acceptance(workspace: Workspace, index: Index) -> None:
    """The last line of a gap is what leaves the request out; JSON has the projects."""
    index.add(make_wheel("words", requires=["docopt"]), make_sdist("docopt"))
    ask(workspace, "words\n")
    with pytest.raises(Gaps) as caught:
        mirror(workspace)
    assert caught.value.lines[-1] == (
        "    to mirror without it, accept it by [[policy.accept]] in subset.toml with "
        'rule = "gap", project = "words", targets = ["linux", "windows"]'
    )
    assert caught.value.gaps[0].document()["accept"] == ["words"]


def test_an_acceptance_that_nothing_needs_is_named(workspace: Workspace, index: Index) -> None:
    """A solution is taken, and each later run says so too; an update finds a wheel that came since."""
    index.add(make_wheel("app"), make_wheel("fast", tag="cp310-cp310-win_amd64"))
    ask(workspace, "app\nfast\n", accept("fast", "linux", "windows"), accept("app", "linux"))
    for _ in range(2):
        _, said = mirror(workspace)
        assert "[[policy.accept]] of gap for fast is no longer needed on windows, remove the name" in said
        assert "[[policy.accept]] of gap for app is no longer needed, remove it" in said
    index.add(make_wheel("fast", tag="cp310-cp310-manylinux2014_x86_64"))
    assert mirror(workspace)[0].accepted_gaps
    result, said = mirror(workspace, update=True)
    assert result.accepted_gaps == ()
    assert "[[policy.accept]] of gap for fast is no longer needed, remove it" in said
    assert versions(workspace, "base--linux") == {"app": "1.0", "fast": "1.0"}


def test_without_its_acceptance_a_lock_does_not_hold(workspace: Workspace, index: Index) -> None:
    """The entry is removed: the gap is an error again. Another reason or day resolves nothing again."""
    index.add(make_wheel("app"), make_wheel("fast", tag="cp310-cp310-win_amd64"))
    ask(workspace, "app\nfast\n", accept("fast", "linux"))
    mirror(workspace)
    ask(workspace, "app\nfast\n", accept("fast", "linux", until="9998-12-31"))
    result, _ = mirror(workspace)
    assert (result.resolved, result.accepted_gaps[0].until, result.published) == (0, "9998-12-31", True)
    ask(workspace, "app\nfast\n")
    with pytest.raises(NoSolution, match="fast: no wheel fits"):
        mirror(workspace)


def test_locks_of_sets_without_accepted_gaps_stay(workspace: Workspace, index: Index) -> None:
    """An acceptance resolves only the pairs again that request its project."""
    index.add(make_wheel("app"), make_wheel("fast", tag="cp310-cp310-win_amd64"))
    workspace.write("other.txt", "app\n")
    ask(workspace, "app\n")
    mirror(workspace)
    ask(workspace, "app\nfast\n", accept("fast", "linux"))
    assert mirror(workspace)[0].resolved == 2


def test_wrong_hashes_are_no_gap(workspace: Workspace, index: Index) -> None:
    """A file with other bytes than the line states is an error, accepted or not."""
    index.add(make_wheel("app"))
    ask(workspace, f"app==1.0 --hash=sha256:{'0' * 64}\n", accept("app", "linux", "windows"))
    with pytest.raises(Gaps, match="the set wants"):
        mirror(workspace)


def test_an_index_that_fails_is_no_gap(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether there is a solution is not known then."""
    monkeypatch.setenv("PIP_RETRIES", "0")
    index.add(make_wheel("app"))
    ask(workspace, "app\nfast\n", accept("fast", "linux", "windows"))
    index.on_request = lambda path: 503 if "/fast/" in path else None
    with pytest.raises(UpstreamError):
        mirror(workspace)


@pytest.mark.parametrize("hidden", [403, "empty"])
@pytest.mark.parametrize("newest", ["hidden", "absent"])
def test_a_hidden_page_below_is_no_gap(workspace: Workspace, index: Index, newest: str, hidden: int | str) -> None:
    """Whichever release requires the project of that page: pip might take it, and says something else of the newest one."""
    index.style = "html"
    index.add(make_wheel("app"), make_wheel("other"))
    old, new = ("absent", "other") if newest == "hidden" else ("other", "absent")
    index.add(make_wheel("fast", "1.0", requires=["middle"]), make_wheel("fast", "2.0", requires=[new]))
    index.add(make_wheel("middle", requires=[old]))
    ask(workspace, "app\nfast\n", accept("fast", "linux", "windows"))
    if hidden == "empty":
        index.projects["other"] = []
    else:
        index.on_request = lambda path: 403 if "/other/" in path else None
    with pytest.raises(UpstreamError, match=r"whether fast has a solution is not known: .*page of other") as caught:
        mirror(workspace)
    assert caught.value.next_step.startswith("see who may read that page")


def test_a_hidden_page_elsewhere_is_no_doubt(workspace: Workspace, index: Index) -> None:
    """Only pages count that the request leads to on the target."""
    index.add(make_wheel("app", requires=["other; sys_platform == 'darwin'"]), make_wheel("fast", requires=["absent"]))
    index.add(make_wheel("more", requires=["other"]), make_wheel("more", "0.9"), make_wheel("other"))
    index.on_request = lambda path: 403 if "/other/" in path else None
    ask(workspace, "app\nmore\nfast\n", accept("fast", "linux", "windows"))
    assert len(mirror(workspace)[0].accepted_gaps) == 2
    assert versions(workspace, "base--linux") == {"app": "1.0", "more": "0.9"}


def test_a_gap_asks_no_index_for_a_private_name(workspace: Workspace, index: Index) -> None:
    """``private`` names are asked of their source alone, also where a gap must be certain."""
    index.add(make_wheel("app"), make_wheel("fast", requires=["acme-x"]))
    (workspace.root / "own").mkdir()
    source = '[sources]\nprivate = ["acme-*"]\n[sources.own]\nwheels = "../own"\nprojects = ["acme-*"]\ntargets = ["windows"]\n'
    ask(workspace, "app\nfast\n", accept("fast", "linux", "windows"), source)
    assert len(mirror(workspace)[0].accepted_gaps) == 2
    assert [one for one in index.requests if "acme" in one.path] == []


def test_an_index_that_is_none_is_no_gap(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """A URL under which there is no index has no page of any project."""
    monkeypatch.setenv("PIP_INDEX_URL", index.url.replace("simple", "nosuch"))
    ask(workspace, "fast\n", accept("fast", "linux", "windows"))
    with pytest.raises(UpstreamError, match=r"nosuch has no page of an index; check that URL"):
        mirror(workspace)


def test_links_that_are_not_there_are_no_gap(
    workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They may have what the index does not."""
    monkeypatch.setenv("PIP_FIND_LINKS", index.url.replace("simple", "nosuch"))
    index.add(make_wheel("app"))
    ask(workspace, "app\nfast\n", accept("fast", "linux", "windows"))
    with pytest.raises(UpstreamError, match=r"nosuch/ has no page, and pip's 'find-links' \(PIP_FIND_LINKS\) names it"):
        mirror(workspace)


def test_an_index_without_a_page_of_its_own(workspace: Workspace, index: Index) -> None:
    """A gap is taken where it shows the page of another project."""
    index.add(make_wheel("app"))
    index.on_request = lambda path: 404 if path == "/simple/" else None
    ask(workspace, "app\nfast\n", accept("fast", "linux", "windows"))
    assert [one.request for one in mirror(workspace)[0].accepted_gaps] == ["fast", "fast"]


def test_an_open_marker_is_no_gap(workspace: Workspace, index: Index) -> None:
    """What depends on a value that the target leaves open is not known to have no solution."""
    index.add(make_wheel("app", requires=['other; platform_release >= "5"']), make_wheel("other"))
    accepted = accept("app", "linux", "windows"), accept("fast", "linux", "windows")
    ask(workspace, "app\nfast\n", *accepted)
    with pytest.raises(Gaps, match="platform_release") as caught:
        mirror(workspace)
    assert "[[policy.accept]]" not in str(caught.value)


def test_an_expired_acceptance_is_an_error(workspace: Workspace, index: Index) -> None:
    """It ends on its day in every command."""
    index.add(make_wheel("app"))
    ask(workspace, "app\n", accept("app", "linux", until="2026-01-31"))
    with pytest.raises(InputFaults, match="the acceptance of gap for app ended on 2026-01-31"):
        mirror(workspace)


def test_a_lock_holds_no_directory_of_this_machine(workspace: Workspace, index: Index) -> None:
    """Where a local source is the cause, its last name is enough."""
    index.add(make_wheel("app"))
    folder = workspace.paths.requirements.parent / "ours"
    folder.mkdir()
    wheel = make_wheel("acme", tag="cp310-cp310-win_amd64")
    (folder / wheel.filename).write_bytes(wheel.data)
    source = '[sources.ours]\nwheels = "../ours"\nprojects = ["acme"]\n'
    ask(workspace, "app\nacme\n", source, accept("acme", "linux"))
    mirror(workspace)
    (gap,) = read_lock(workspace, "base--linux").gaps
    assert gap.why == "acme: no wheel fits; acme comes from ours alone, by [sources.ours] (1.0: wheels for win_amd64)"
