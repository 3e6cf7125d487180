"""Indexes that answer 403 or 410 for the page of a project, with real pip and indexes on loopback."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import NoSolution, UpstreamError
from pypi_subset.pipeline.plan import plan
from tests.resolve.test_accepted import accept
from tests.support.servers.index import Index
from tests.support.servers.index_http import Answer
from tests.support.stages.mirroring import LINUX, mirror, read_lock, versions
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.sites.workspace import Workspace

pytestmark = pytest.mark.usefixtures("configured_index")


def ask(workspace: Workspace, requests: str, *accepted: str) -> None:
    """Write requests for one target, and the gaps that are accepted."""
    workspace.write("base.txt", requests)
    workspace.toml({"linux": LINUX}, more="".join(accept(one, "linux") for one in accepted))


@pytest.mark.parametrize("project", ["priv", "dep"])
def test_a_forbidden_page_is_no_gap(workspace: Workspace, index: Index, project: str) -> None:
    """403 for what was accepted, or for what that requires, says nothing about a solution."""
    index.add(make_wheel("app"), make_wheel("priv", requires=["dep"]), make_wheel("dep"))
    index.on_request = lambda path: 403 if path.endswith(f"/{project}/") else None
    ask(workspace, "app\npriv\n", "priv")
    with pytest.raises(UpstreamError) as caught:
        mirror(workspace)
    assert f"{index.url.rstrip('/')} does not show its page of {project} to this machine (403)" in caught.value.what
    assert "credentials" in caught.value.next_step
    index.on_request = None
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"app": "1.0", "priv": "1.0", "dep": "1.0"}


def test_all_pages_are_forbidden(workspace: Workspace, index: Index) -> None:
    """Of an index that shows nothing, it is not known that 403 means an absent project."""
    index.add(make_wheel("priv"))
    index.on_request = lambda path: 403 if "/simple/" in path else None
    ask(workspace, "priv\n", "priv")
    with pytest.raises(UpstreamError, match="does not show its page of priv"):
        mirror(workspace)


def test_an_object_store_answers_403_for_what_is_absent(workspace: Workspace, index: Index) -> None:
    """It does so for a project that cannot exist, and shows pages: 403 means that the project is not there."""
    index.add(make_wheel("app"))
    index.on_request = lambda path: 403 if "/simple/" in path and not path.endswith("/app/") else None
    ask(workspace, "app\npriv\n", "priv")
    result, said = mirror(workspace)
    (gap,) = read_lock(workspace, "base--linux").gaps
    assert gap.why == "priv: no index has a project priv"
    assert ("answered 403" in said, result.denied) == (False, ())


@pytest.mark.parametrize("status", [403, 410])
def test_an_error_has_the_status(workspace: Workspace, index: Index, status: int) -> None:
    """It does not say that no index has the project."""
    index.add(make_wheel("app"), make_wheel("priv"))
    index.on_request = lambda path: status if path.endswith("/priv/") else None
    ask(workspace, "app\npriv\n")
    place = index.url.rstrip("/")
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert caught.value.what == f"base--linux: priv: no index shows a project priv: {place} answered {status}"
    assert caught.value.next_step.startswith("see who may read it")


def test_a_410_in_a_gap_is_named(workspace: Workspace, index: Index) -> None:
    """The server says that the project is gone; the lock says who said so."""
    index.add(make_wheel("app"), make_wheel("priv", requires=["dep"]))
    index.on_request = lambda path: 410 if path.endswith("/dep/") else None
    ask(workspace, "app\npriv\n", "priv")
    mirror(workspace)
    (gap,) = read_lock(workspace, "base--linux").gaps
    assert f"no index shows a project dep: {index.url.rstrip('/')} answered 410" in gap.why


def test_another_index_has_an_older_release(
    workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """pip takes it; a line and the JSON name the index that did not show its page, and what is on several indexes."""
    with Index() as other:
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", other.url)
        index.add(make_wheel("app", "2.0"), make_wheel("lib"))
        other.add(make_wheel("app", "1.0"), make_wheel("lib"))
        index.on_request = lambda path: 403 if path.endswith("/app/") else None
        ask(workspace, "app\nlib\n")
        result, said = mirror(workspace)
        place = index.url.rstrip("/")
        assert versions(workspace, "base--linux") == {"app": "1.0", "lib": "1.0"}
        line = (
            f"note: {place} answered 403 for 1 project (app), which count as absent there: see who may read these pages"
        )
        assert said.splitlines().count(line) == 1
        assert result.document()["denied"] == ({"index": place, "status": 403, "projects": ("app",)},)
        assert result.document()["on_several_indexes"] == ("lib",)
        found = plan(workspace.paths, update=True)
        assert (found.denied, found.on_several_indexes) == (result.denied, ("lib",))


@pytest.mark.parametrize("page", [b"<html><form action=/login><input name=user></form>", b"<!doctype html><script>"])
def test_a_login_is_no_page_of_an_index(
    workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch, page: bytes
) -> None:
    """It is an error, also where another index has the project."""
    with Index() as other:
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", other.url)
        index.style = "html"
        index.add(make_wheel("app", "2.0"))
        other.add(make_wheel("app", "1.0"))
        index.overrides["/simple/app/"] = page
        ask(workspace, "app\n")
        with pytest.raises(UpstreamError, match=r"app/ is no page of the simple API: .*as a page for a login"):
            mirror(workspace)


def test_a_page_without_files_is_no_gap(workspace: Workspace, index: Index) -> None:
    """HTML that neither lists a file nor states the API may be of a login."""
    index.style = "html"
    index.add(make_wheel("app"), make_wheel("priv"))
    index.overrides["/simple/priv/"] = b"<html>please log in</html>"
    ask(workspace, "app\npriv\n", "priv")
    with pytest.raises(UpstreamError, match="lists no file, and may be none of an index"):
        mirror(workspace)


def test_a_source_is_named_once(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error about a source that is down is raised at each question, and says it once."""
    monkeypatch.setenv("PIP_RETRIES", "0")
    index.on_request = lambda path: 503 if path.endswith("/acme/") else None
    workspace.write("base.txt", "acme\n")
    workspace.toml({"linux": LINUX}, more=f'[sources.own]\nindex = "{index.url}"\nprojects = ["acme"]\n')
    with pytest.raises(UpstreamError) as caught:
        mirror(workspace)
    assert caught.value.what.count("[sources.own]") == 1


#: The status that a private index answers for each path below it, or ``None`` for the true answer.
CLOSED: dict[str, Callable[[str], int | None]] = {
    "everything": lambda _: 403,
    "everything below its root": lambda path: 403 if path.startswith("/simple/") else None,
}
OPEN: dict[str, Callable[[str], int | None]] = {
    "its root is shown": lambda path: 403 if path != "/simple/" else None,
    "a project is absent": lambda path: 404 if path.endswith("/beta/") else 403,
    "a project is gone": lambda path: 410 if path.endswith("/beta/") else 403,
    "an object store": lambda path: 403 if not path.endswith("/beta/") else None,
}


@pytest.fixture
def private(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """Return an index of the user beside the public one, which has the same names; all that is asked for is there."""
    index.add(make_wheel("alpha", requires=["beta"]), make_wheel("beta", "2.0"))
    with Index() as other:
        other.add(make_wheel("alpha", "0.9"), make_wheel("beta", "2.0"))
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", other.url)
        ask(workspace, "alpha\n")
        yield other


@pytest.mark.parametrize("kind", CLOSED)
def test_a_closed_index_is_an_error(workspace: Workspace, index: Index, private: Index, kind: str) -> None:
    """Another index has the names: mirror and plan name both indexes, the setting, and the way past it."""
    private.on_request = CLOSED[kind]
    for run in (mirror, lambda one: plan(one.paths)):
        with pytest.raises(UpstreamError) as caught:
            run(workspace)
        place = private.url.rstrip("/")
        assert caught.value.what == (
            f"{place}, from pip's 'extra-index-url' (PIP_EXTRA_INDEX_URL), answered 403 to all requests, also for its root; "
            f"{index.url.rstrip('/')} has alpha, beta, perhaps another project"
        )
        assert caught.value.next_step.endswith(f'write ignore_403 = ["{place}"] below [policy] in subset.toml')
    assert not [*workspace.paths.locks.glob("*.toml")]


@pytest.mark.parametrize("kind", OPEN)
def test_an_index_that_answers_something(workspace: Workspace, private: Index, kind: str) -> None:
    """Its 403 is as pip takes it: the project is absent there."""
    private.on_request = OPEN[kind]
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"alpha": "1.0", "beta": "2.0"}


@pytest.mark.parametrize("slash", ["", "/"])
def test_403_of_a_closed_index_may_be_ignored(workspace: Workspace, private: Index, slash: str) -> None:
    """The policy names the index: its 403 means absent. The locks are no others if the line goes."""
    private.on_request = lambda _: 403
    place = private.url.rstrip("/") + slash
    workspace.toml({"linux": LINUX}, more=f'[policy]\nignore_403 = ["{place}"]\n')
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"alpha": "1.0", "beta": "2.0"}
    workspace.toml({"linux": LINUX})
    assert mirror(workspace)[0].reused == 1


def test_the_index_of_a_source_is_closed(workspace: Workspace, index: Index) -> None:
    """pip's index is not asked for its projects: there is no other project to take."""
    index.add(make_wheel("alpha"))
    with Index({"alpha": [make_wheel("alpha")]}) as other:
        other.on_request = lambda _: 403
        workspace.write("base.txt", "alpha\n")
        workspace.toml({"linux": LINUX}, more=f'[sources.acme]\nindex = "{other.url}"\nprojects = ["alpha"]\n')
        with pytest.raises(NoSolution, match="no index shows a project alpha"):
            mirror(workspace)


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ('{"meta": {"api-version": "2.0"}, "name": "dep", "files": []}', "of version 2.0 of the API"),
        ('{"meta": {"api-version": "1.0"}, "name": "other", "files": []}', "the page of other"),
        ('{"meta": {"api-version": "1.0"}, "name": "dep"}', "no list of files"),
        ('{"error": "try later"}', "no list of files"),
        ('{"files": []}', "lists no file, and may be none of an index"),
        ('<meta name="pypi:repository-version" content="2.0">', "of version 2.0 of the API"),
    ],
)
def test_a_page_that_is_no_answer(workspace: Workspace, index: Index, page: str, words: str) -> None:
    """It makes no gap, and no locked release is gone for it."""
    index.add(make_wheel("app"), make_wheel("dep"))
    ask(workspace, "app\ndep\n", "dep")
    mirror(workspace)
    kind = "application/vnd.pypi.simple.v1+json" if page.startswith("{") else "text/html"
    index.answers = {"/simple/dep/": Answer(status=200, headers={"Content-Type": kind}, body=page.encode())}
    with pytest.raises(UpstreamError, match=words):
        mirror(workspace, update=True)
    assert versions(workspace, "base--linux") == {"app": "1.0", "dep": "1.0"}
    shutil.rmtree(workspace.paths.locks)
    with pytest.raises(UpstreamError, match=words):
        mirror(workspace)
