"""The copy of a site with a wheel beside a kept sdist."""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pypi_subset.proof.access.page_links import links
from pypi_subset.proof.cases.case import cases_of
from pypi_subset.proof.kept import site_copy
from pypi_subset.proof.machines import interpreters
from pypi_subset.requirements.subset import read_subset
from tests.support.stages.mirroring import mirror
from tests.support.stages.sdists import make_buildable
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

PAGES = [
    *("find-links.html", "simple/leaf/index.html", "simple/leaf/index.v1_json", "simple-json/leaf/index.html"),
    *("targets/here/simple/leaf/index.html", "targets/here/simple/leaf/index.v1_json"),
]


def state_of(site: Path) -> dict[Path, tuple[int, ...]]:
    """Return by what the proof knows that a site did not change."""
    facts = {path: path.stat() for path in site.rglob("*")}
    return {path: (one.st_ino, one.st_size, one.st_mtime_ns, one.st_ctime_ns) for path, one in facts.items()}


@pytest.mark.usefixtures("configured_index")
def test_each_page_leads_to_the_wheel_as_well(workspace: Workspace, index: Index, tmp_path: Path) -> None:
    """Name, hash and size are those of the wheel, on every page; the site itself keeps its bytes and its times."""
    index.add(make_buildable("leaf", "1.0+local", requires=["more"]), make_wheel("more"))
    workspace.write("base.txt", "leaf\n")
    workspace.toml({"here": "host"}, more='[sdists]\nkeep = ["leaf"]\n')
    mirror(workspace)
    site = workspace.paths.site
    before = state_of(site)
    subset = read_subset(workspace.paths.requirements)
    case = cases_of(subset, workspace.paths, interpreters.find([Path(sys.executable)]), tmp_path)[0]
    wheel = tmp_path / "leaf-1.0+local-py3-none-any.whl"
    wheel.write_bytes(b"wheel")
    copied = tmp_path / "copy"
    site_copy.make(case, copied, {"leaf-1.0+local.tar.gz": wheel})
    place = f"simple/leaf/{wheel.name}"
    for page in PAGES:
        own, found = links(site / page, page), links(copied / page, page)
        assert found.keys() == own.keys() | {place}
        assert found[place].sha256 == hashlib.sha256(b"wheel").hexdigest()
    files = json.loads((copied / "simple" / "leaf" / "index.v1_json").read_text())["files"]
    assert [one["size"] for one in files if one["filename"] == wheel.name] == [5]
    assert (copied / place).read_bytes() == b"wheel"
    assert (copied / "simple" / "more" / "more-1.0-py3-none-any.whl").is_file()
    assert state_of(site) == before
