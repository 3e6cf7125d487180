"""A lock names bytes, not addresses: what its address does not give is taken from where a source lists the same bytes."""

from __future__ import annotations

import shutil
from functools import partial
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import SubsetError, UpstreamError
from pypi_subset.locks import lockfile
from pypi_subset.pipeline.plan import plan
from tests.support.servers.index import Index
from tests.support.servers.index_http import LOGIN, Answer, moved
from tests.support.stages.mirroring import LINUX, mirror
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.sites.workspace import Workspace

ALPHA, BETA = make_wheel("alpha", requires=["beta"]), make_wheel("beta", "2.0")
WHEELS = (ALPHA, BETA)


def lock_on(index: Index, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Lock ``alpha`` with *index*, lose all files, and return the lock."""
    workspace.write("base.txt", "alpha\n")
    workspace.toml({"linux": LINUX})
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    mirror(workspace)
    for folder in (workspace.paths.packages, workspace.paths.site):
        shutil.rmtree(folder)
    return lockfile.path_of(workspace.paths.locks, "base--linux").read_bytes()


def answer_files(index: Index, answer: Answer) -> None:
    """Let *index* give *answer* in place of each file."""
    index.answers |= {f"/files/{one.filename}": answer for one in WHEELS}


REFUSALS: dict[str, Callable[[Index], object]] = {
    **{str(status): partial(answer_files, answer=Answer(status=status)) for status in (401, 403, 404, 410, 500)},
    "refused": Index.close,
    "another host": lambda one: answer_files(one, moved("http://127.0.0.1:9/files/x.whl")),
    "a login": lambda one: answer_files(one, LOGIN),
    "other bytes": lambda one: answer_files(one, Answer(body=make_wheel("alpha", "3.0").data)),
    "half of it": lambda one: answer_files(one, Answer(body=ALPHA.data[:400])),
    "an expired token": lambda one: setattr(one, "secret", ("query", "token=new")),
}


@pytest.mark.parametrize("kind", REFUSALS)
def test_a_file_is_found_at_another_source(kind: str, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the address in a lock fails, name and SHA-256 find the file on another index; the lock stays as it is."""
    with Index() as old, Index() as new:
        for index in (old, new):
            index.add(*WHEELS)
        before = lock_on(old, workspace, monkeypatch)
        REFUSALS[kind](old)
        monkeypatch.setenv("PIP_INDEX_URL", new.url)
        result, _ = mirror(workspace)
        assert (result.resolved, result.fetched) == (0, 2)
        assert lockfile.path_of(workspace.paths.locks, "base--linux").read_bytes() == before


def test_a_directory_of_links_has_the_file(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file is taken from a directory of ``find-links`` as well."""
    with Index() as index:
        index.add(*WHEELS)
        lock_on(index, workspace, monkeypatch)
        answer_files(index, Answer(status=403))
        links = workspace.root / "links"
        links.mkdir()
        for one in WHEELS:
            one.save(links)
        monkeypatch.setenv("PIP_FIND_LINKS", str(links))
        assert mirror(workspace)[0].fetched == 2


def test_other_bytes_of_the_name_are_not_taken(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A source that lists the name with another SHA-256 gives nothing."""
    with Index() as old, Index() as new:
        old.add(*WHEELS)
        new.add(make_wheel("alpha", requires=["beta"], files={"alpha.py": b"other = True\n"}), BETA)
        lock_on(old, workspace, monkeypatch)
        answer_files(old, Answer(status=404))
        monkeypatch.setenv("PIP_INDEX_URL", new.url)
        with pytest.raises(UpstreamError, match=r"alpha-1\.0-.*: its address comes from the lock, and no source has"):
            mirror(workspace)


def test_no_other_source_has_the_file(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """The line says that the address comes from the lock, what the server answered, and what to do."""
    with Index() as index:
        index.add(*WHEELS)
        lock_on(index, workspace, monkeypatch)
        answer_files(index, Answer(status=403))
        with pytest.raises(UpstreamError) as caught:
            mirror(workspace)
    assert "its address comes from the lock" in caught.value.what
    assert "answered 403 Forbidden" in caught.value.what
    assert "set pip's index-url to an index that has it" in caught.value.next_step


def test_a_private_project_is_looked_up_at_its_source_alone(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No index of pip's configuration learns the name of a private project."""
    with Index() as own, Index() as public:
        own.add(*WHEELS)
        public.add(*WHEELS)
        table = f'[sources]\nprivate = ["alpha", "beta"]\n\n[sources.own]\nindex = "{own.url}"\nprojects = ["alpha", "beta"]\n'
        workspace.write("base.txt", "alpha\n")
        workspace.toml({"linux": LINUX}, more=table)
        monkeypatch.setenv("PIP_INDEX_URL", public.url)
        mirror(workspace)
        for folder in (workspace.paths.packages, workspace.paths.site):
            shutil.rmtree(folder)
        answer_files(own, Answer(status=403))
        with pytest.raises(SubsetError, match="its address comes from the lock"):
            mirror(workspace)
        assert public.requests == []


@pytest.mark.parametrize("secret", [("query", "token=s3cret1"), ("path", "s3cret1")], ids=lambda one: one[0])
def test_a_token_is_used_and_never_kept(
    secret: tuple[str, str], workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files whose addresses have a token are fetched, also by a lock; no file and no message has the token."""
    with Index(secret=secret) as index:
        index.add(*WHEELS)
        lock = lock_on(index, workspace, monkeypatch)
        assert b"/files/alpha-1.0" in lock
        assert plan(workspace.paths).warnings == ()
        result, said = mirror(workspace)
        assert (result.resolved, result.fetched) == (0, 2)
        kept = [path.read_bytes() for path in workspace.root.rglob("*") if path.is_file()]
        assert not [data for data in (*kept, said.encode()) if b"s3cret1" in data]
        index.projects.clear()
        index.answers["/simple/alpha/"] = Answer(status=500)
        with pytest.raises(SubsetError, match="/simple/alpha/") as caught:
            mirror(workspace, update=True)
        assert "s3cret1" not in str(caught.value)


def test_plan_says_it_as_well(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """plan names each file whose address in the lock fails, why, and where mirror takes it from."""
    with Index() as old, Index() as new:
        old.add(*WHEELS)
        new.add(BETA)
        lock_on(old, workspace, monkeypatch)
        assert plan(workspace.paths).warnings == ()
        answer_files(old, Answer(status=410))
        monkeypatch.setenv("PIP_INDEX_URL", new.url)
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", old.url)
        first, second = plan(workspace.paths).warnings
    assert "alpha-1.0-py3-none-any.whl: the address in the lock does not give it" in first
    assert "410 Gone" in first
    assert "no source has it elsewhere" in first
    assert f"mirror takes the file from {new.url}beta/" in second


SENT = {
    "a login": (LOGIN, "answered with a page in HTML in place of alpha-1.0-py3-none-any.whl"),
    "half of it": (Answer(body=ALPHA.data[:400]), f"has 400 bytes, and the lock promised {len(ALPHA.data):,}"),
}


@pytest.mark.parametrize("ranges", ["with ranges", "without ranges"])
@pytest.mark.parametrize("kind", SENT)
def test_plan_sees_what_mirror_would(
    kind: str, ranges: str, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page in place of a file, or a file of another length: plan says so, and mirror refuses it."""
    answer, said = SENT[kind]
    with Index(ranges=ranges == "with ranges") as index:
        index.add(*WHEELS)
        lock_on(index, workspace, monkeypatch)
        answer_files(index, answer)
        first, _ = plan(workspace.paths).warnings
        with pytest.raises(SubsetError, match="its address comes from the lock"):
            mirror(workspace)
    assert said in first
    assert "no source has it elsewhere" in first
