"""JSON of commands: each document is what its schema says."""

from __future__ import annotations

import functools
import http.server
import json
import threading
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from pypi_subset.support.resources import shipped
from tests.support.checkout import schema
from tests.support.pages.schemas import DOCUMENTS, generated
from tests.support.programs.commands import subset as command
from tests.support.sites.cases import CLICK, COLORAMA, WINDOWS
from tests.support.sites.subset_on_disk import SubsetOnDisk

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return the directory of a whole subset for Windows."""
    pins = {"windows": [CLICK, COLORAMA]}
    return SubsetOnDisk(tmp_path / "subset", targets=[WINDOWS], lines=["click"], pins=pins).write().looked().root


def answer(name: str, *words: str, cwd: Path) -> dict[str, Any]:
    """Return the document of the command *name*, which is valid."""
    done = command(name, *words, "--json", cwd=cwd)
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    jsonschema.Draft202012Validator(schema(name)).validate(document)
    return document


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_committed_schema_is_the_generated_one(name: str) -> None:
    """After a change of the Structs, ``python -m tests.support.pages.schemas`` writes it again."""
    assert shipped("schemas", name).decode() == generated(DOCUMENTS[name])


def test_questions(root: Path) -> None:
    """``why`` has the chains of each file, ``targets`` the systems, ``target`` markers and tags."""
    found = answer("why", "colorama", "windows", cwd=root)
    ((file),) = found["files"]
    assert (found["project"], file["version"], file["needed_by"][0]["target"]) == (
        "colorama",
        COLORAMA.filename.split("-")[1],
        "windows",
    )
    assert {"rhel-9", "windows-11"} <= {one["name"] for one in answer("targets", cwd=root)["systems"]}
    target = answer("target", "windows-11", "--python=3.12", cwd=root)
    assert (target["tag"], target["markers"]["sys_platform"]) == ("cp312-cp312-win_amd64", "win32")
    assert target["tags"][0] == "cp312-cp312-win_amd64"
    unknown = command("why", "colorma", "--json", cwd=root)
    assert (unknown.returncode, json.loads(unknown.stdout).keys()) == (2, {"schema", "error"})


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
