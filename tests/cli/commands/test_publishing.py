"""The commands that offer a site to others: servers, publish, fetch, serve."""

from __future__ import annotations

import functools
import hashlib
import http.server
import json
import re
import signal
import subprocess
import threading
import urllib.request
from typing import TYPE_CHECKING

import pytest

from tests.support.programs.commands import PYPI_SUBSET, subset
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace


def mirrored(workspace: Workspace, index: Index) -> Workspace:
    """Return *workspace* with a site of one wheel."""
    index.add(make_wheel("demo"))
    workspace.write("base.txt", "demo\n")
    workspace.toml({"lab": "cp312-manylinux_2_28_x86_64"})
    assert subset("mirror", cwd=workspace.root, PIP_INDEX_URL=index.url).returncode == 0
    return workspace


@pytest.mark.slow
def test_publish_and_fetch(workspace: Workspace, index: Index) -> None:
    """An unproven site is published with force and a warning, and fetched again byte for byte."""
    root = mirrored(workspace, index).root
    refused = subset("publish", "--to=public", cwd=root)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "nothing is proven yet" in refused.stderr
    forced = subset("publish", "--to=public", "--force", "--grace=0", cwd=root)
    warning, summary, digest, following = forced.stdout.splitlines()
    assert following.startswith("Next: `pip config set global.index-url https://HOST/simple/` on each client")
    assert warning == "warning: site: nothing is proven yet; the published manifest says that it is unproven"
    assert re.fullmatch(r"public is published: \d+ files sent, 0 removed, 0 as they were", summary)
    made = hashlib.sha256((root / "public/manifest.json").read_bytes()).hexdigest()
    assert made in digest
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(root / "public"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_address[1]}/"
        fetched = subset("fetch", f"--url={url}", "--site=copy", cwd=root)
        (root / "mine").mkdir()
        (root / "mine" / "thesis.doc").write_bytes(b"")
        kept = subset("fetch", f"--url={url}", "--site=mine", cwd=root)
        server.shutdown()
    first, following = fetched.stdout.splitlines()
    assert re.fullmatch(r"copy is what is published there: \d+ files fetched", first), fetched.stderr
    assert following == "Next: `pypi-subset verify --site copy`"
    wheel = "simple/demo/demo-1.0-py3-none-any.whl"
    assert (root / "copy" / wheel).read_bytes() == (root / "site" / wheel).read_bytes()
    assert (kept.returncode, "thesis.doc" in kept.stderr, (root / "mine" / "thesis.doc").exists()) == (2, True, True)


@pytest.mark.slow
def test_publish_names_what_the_union_leaves_out(workspace: Workspace) -> None:
    """A user of the published site learns which index has a project with variants; mirror says it too, and in JSON."""
    for folder, version in (("cpu", "1.0+cpu"), ("plain", "1.0")):
        (workspace.root / folder).mkdir()
        make_wheel("demo", version).save(workspace.root / folder)
    workspace.write("base.txt", "demo\n")
    table = '[sources.{0}]\nwheels = "../{0}"\nprojects = ["demo"]\ntargets = ["{1}"]\n'
    targets = {"lab": "cp312-manylinux_2_28_x86_64", "desk": "cp312-win_amd64"}
    workspace.toml(targets, more=table.format("cpu", "lab") + table.format("plain", "desk"))
    note = "note: the union index simple/ leaves out demo (1.0 on desk, 1.0+cpu on lab), as the build differs by target"
    made = subset("mirror", "--json", cwd=workspace.root, PIP_NO_INDEX="1")
    assert json.loads(made.stdout)["views_only"] == [
        {"project": "demo", "versions": {"desk": ["1.0"], "lab": ["1.0+cpu"]}, "index": "targets/TARGET/simple/"}
    ]
    assert note in subset("mirror", cwd=workspace.root, PIP_NO_INDEX="1").stdout
    done = subset("publish", "--to=public", "--force", cwd=workspace.root)
    assert note in done.stdout, done.stderr


@pytest.mark.slow
def test_servers_and_objects(workspace: Workspace, index: Index) -> None:
    """A row for each kind of web host; with objects, a line of four columns for each file; no site is one line."""
    none = subset("servers", cwd=workspace.root)
    assert (none.returncode, none.stdout) == (2, "")
    assert "there is no site to publish" in none.stderr
    root = mirrored(workspace, index).root
    shown = subset("servers", cwd=root).stdout.splitlines()
    assert shown[0].split() == ["server", "fits", "index", "pages", "how", "to", "publish"]
    assert {line.split("  ")[0] for line in shown[2:] if line} >= {"nginx"}
    objects = [line.split("\t") for line in subset("servers", "--objects", cwd=root).stdout.splitlines()]
    assert {len(columns) for columns in objects} == {4}
    assert "simple/demo/demo-1.0-py3-none-any.whl" in {columns[0] for columns in objects}


@pytest.mark.slow
def test_serve_until_it_is_stopped(workspace: Workspace, index: Index) -> None:
    """The address is printed, the site is answered there, and Ctrl-C ends it with one line."""
    root = mirrored(workspace, index).root
    command = [*PYPI_SUBSET, "serve", "--port=0"]
    with subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout
        lines = []
        for line in process.stdout:
            lines.append(line)
            if line == "stop with Ctrl-C\n":
                break
        found = re.search(r"http://127\.0\.0\.1:\d+/", "".join(lines))
        assert found
        with urllib.request.urlopen(f"{found[0]}simple/demo/") as answer:  # noqa: S310 - the address that was printed
            assert b"demo-1.0-py3-none-any.whl" in answer.read()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert said.count("\n") <= 1
