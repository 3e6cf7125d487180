"""JSON of commands: each document is what its schema says."""

from __future__ import annotations

import functools
import http.server
import json
import re
import shutil
import threading
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from pypi_subset.support.resources import shipped
from tests.support.checkout import schema
from tests.support.pages.schemas import DOCUMENTS, FORMS, form, generated
from tests.support.programs.commands import subset as command
from tests.support.sites.cases import CLICK, COLORAMA, WINDOWS
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.states.lab import two_states
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return the directory of a whole subset for Windows."""
    pins = {"windows": [CLICK, COLORAMA]}
    return SubsetOnDisk(tmp_path / "subset", targets=[WINDOWS], lines=["click"], pins=pins).write().looked().root


def answer(name: str, *words: str, cwd: Path, kind: str = "", **variables: str) -> dict[str, Any]:
    """Return the document of the command *name*, which is valid by the schema *kind*, or by that of its name."""
    done = command(name, *words, "--json", cwd=cwd, **variables)
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    jsonschema.Draft202012Validator(schema(kind or name)).validate(document)
    return document


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_committed_schema_is_the_generated_one(name: str) -> None:
    """After a change of the Structs, ``python -m tests.support.pages.schemas`` writes it again."""
    assert shipped("schemas", name).decode() == generated(DOCUMENTS[name])


@pytest.mark.parametrize("name", DOCUMENTS)
def test_another_form_has_another_version(name: str) -> None:
    """A field more raises the minor number; ``python -m tests.support.pages.schemas`` keeps the form of the new version."""
    known = json.loads(FORMS.read_bytes())
    assert known[name][DOCUMENTS[name].version] == form(DOCUMENTS[name])


def test_results(workspace: Workspace, index: Index) -> None:
    """Each command that edits, builds or examines has a document: ``init``, ``plan``, ``mirror``, ``update``, ``prune``."""
    cwd = workspace.root
    shutil.rmtree(workspace.paths.requirements)
    made = answer("init", "demo", "--on=rhel9", "--python=3.12", cwd=cwd, kind="edit")
    assert [change["path"] for change in made["changes"]] == ["requirements/subset.toml", "requirements/base.txt"]
    index.add(make_wheel("demo", "1.0", requires=["lib"]), make_wheel("lib"))
    planned = answer("plan", cwd=cwd, PIP_INDEX_URL=index.url)
    assert [(one["project"], one["after"]) for one in planned["changes"]] == [("demo", "1.0"), ("lib", "1.0")]
    assert [row["fetch_files"] for row in planned["rows"]] == [2]
    built = answer("mirror", cwd=cwd, PIP_INDEX_URL=index.url)
    assert (built["fetched"], [row["files"] for row in built["rows"]]) == (2, [2])
    index.add(make_wheel("demo", "2.0", requires=["lib"]))
    updated = answer("update", cwd=cwd, kind="mirror", PIP_INDEX_URL=index.url)
    assert (updated["fetched"], updated["superseded"]) == (1, ["demo-1.0-py3-none-any.whl"])
    pruned = answer("prune", "--yes", cwd=cwd)
    assert ([one["path"] for one in pruned["files"]], pruned["removed"]) == (["demo-1.0-py3-none-any.whl"], True)
    added = answer("add", "lib", cwd=cwd, kind="edit")
    removed = answer("remove", "lib", cwd=cwd, kind="edit")
    assert (added["changes"][0]["added"], removed["changes"][0]["removed"]) == (["lib"], ["lib"])
    found = answer("doctor", cwd=cwd, PIP_INDEX_URL=index.url)
    assert ({one["name"] for one in found["findings"]} >= {"python", "disk"}, len(found["targets"])) == (True, 1)


def test_questions(root: Path) -> None:
    """``why`` has the chains of each file, ``targets`` the systems, ``target`` markers and tags."""
    found = answer("why", "colorama", "windows", cwd=root)
    ((file),) = found["files"]
    assert (found["project"], file["version"], file["needed_by"][0]["target"]) == (
        "colorama",
        COLORAMA.filename.split("-")[1],
        "windows",
    )
    sizes = answer("sizes", "--most=1", cwd=root)
    ((largest),) = sizes["files"]
    assert (largest["filename"], largest["requested_by"]) == (CLICK.filename, ["click"])
    assert (largest["targets"], sizes["total_files"]) == (["windows"], 2)
    assert largest["bytes"] < sizes["total_bytes"]
    assert {"rhel-9", "windows-11"} <= {one["name"] for one in answer("targets", cwd=root)["systems"]}
    target = answer("target", "windows-11", "--python=3.12", cwd=root)
    assert (target["tag"], target["markers"]["sys_platform"]) == ("cp312-cp312-win_amd64", "win32")
    assert target["tags"][0] == "cp312-cp312-win_amd64"
    unknown = command("why", "colorma", "--json", cwd=root)
    assert (unknown.returncode, json.loads(unknown.stdout).keys()) == (2, {"schema", "error"})


def test_sizes_in_words(root: Path) -> None:
    """The largest file comes first, the last line has the sums, and an unknown target is an error."""
    shown = command("sizes", "--most=1", cwd=root).stdout.splitlines()
    assert shown[0].split() == ["file", "bytes", "targets", "requested", "by"]
    assert shown[2].split() == [CLICK.filename, f"{len(CLICK.data):,}", "windows", "click"]
    assert re.fullmatch(r"1 of 2 files, [\d.]+ k?B?(bytes)? of [\d.]+ kB", shown[3])
    wrong = command("sizes", "--target=window", cwd=root)
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "there is no target 'window'; did you mean 'windows'?" in wrong.stderr


def test_states(tmp_path: Path) -> None:
    """``snapshot``, ``snapshots``, ``diff`` and ``promote`` have a document; a second promotion changes nothing."""
    lab = two_states(tmp_path)
    taken = answer("snapshot", "--name=three", cwd=tmp_path)
    assert (taken["is_new"], taken["snapshot"]["name"], taken["snapshot"]["proven"]) == (True, "three", True)
    found = answer("diff", "--from=one", "--to=three", cwd=tmp_path)
    assert (found["from"], found["to"], [one["project"] for one in found["projects"]]) == (
        "one",
        "three",
        ["app", "new", "old"],
    )
    promoted = answer("promote", "--from=one", "--to=prod", "--by=ada", "--why=first", cwd=tmp_path)
    assert (promoted["is_new"], promoted["promotion"]["how"], promoted["promotion"]["why"]) == (
        True,
        "published",
        "first",
    )
    again = answer("promote", "--from=one", "--to=prod", cwd=tmp_path)
    assert (again["is_new"], again["promotion"]) == (False, promoted["promotion"])
    listed = answer("snapshots", "--remove=two,three", cwd=tmp_path)
    assert ([one["name"] for one in listed["snapshots"]], listed["removed"]) == (["one"], ["two", "three"])
    published = answer("publish", "--snapshot=one", "--to=public", cwd=tmp_path)
    assert published["manifest_sha256"] == lab.store.read("one").manifest


def test_what_offers_a_site(root: Path) -> None:
    """``servers`` has a row for each kind, and the objects if asked; ``publish`` and ``fetch`` count files."""
    servers = answer("servers", cwd=root)
    assert all(one["fits"] is not bool(one["limits"]) for one in servers["servers"])
    assert ("nginx" in {one["name"] for one in servers["servers"]}, servers["objects"]) == (True, [])
    objects = answer("servers", "--objects", cwd=root)["objects"]
    assert "manifest.json" in {one["key"] for one in objects}
    published = answer("publish", "--to=public", "--force", "--grace=0", cwd=root)
    assert (published["to"], published["serial"], published["doubt"]) == ("public", 1, "nothing is proven yet")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(root / "public"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/"
        fetched = answer("fetch", f"--url={url}", f"--sha256={published['manifest_sha256']}", "--site=copy", cwd=root)
        server.shutdown()
    assert (fetched["site"], fetched["files"] > 0) == ("copy", True)
