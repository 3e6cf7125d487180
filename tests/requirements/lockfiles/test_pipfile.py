"""What Pipfile.lock asks for, beside what pipenv itself exports from it."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from pypi_subset.requirements.reach import Reach
from tests.support.programs.lock_tools import MACHINES, held, installed, output, read, wheels
from tests.support.servers.index import Index
from tests.support.stages.sources import LINUX, faults_of, lines_of, plan_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.sites.workspace import Workspace

SHA = "sha256:" + "0" * 64
PIPFILE = """\
[[source]]
name = "own"
url = "URL"
verify_ssl = false

[packages]
web = { extras = ["http2"], version = "*" }
Service = { version = "*", markers = "sys_platform == 'linux'" }

[dev-packages]
check = "*"

[docs]
docs = "*"
"""


@pytest.fixture(scope="module")
def pipenv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return pipenv from PyPI."""
    return installed(tmp_path_factory.mktemp("tool") / "pipenv", "pipenv") / "pipenv"


@pytest.mark.network
def test_lock_asks_for_what_pipenv_exports(workspace: Workspace, pipenv: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Categories, extras and markers: the machine gets what pipenv exports for it; a changed Pipfile is named."""
    # pipenv locks for the machine that it runs on.
    for name in [*MACHINES]:
        monkeypatch.delitem(MACHINES, name)
    monkeypatch.setitem(MACHINES, "here", f"cp3{sys.version_info[1]}-manylinux_2_28_x86_64")
    with Index() as index:
        index.add(*wheels())
        workspace.write("../Pipfile", PIPFILE.replace("URL", index.url))
        output([pipenv, "lock"], workspace.root)
        for lines, options in (
            ((), ()),
            (('groups = ["dev-packages"]',), ("--dev",)),
            (('groups = ["docs"]',), ("--categories", "packages docs")),
        ):
            own = read(workspace, "Pipfile.lock", *lines)
            text = output([pipenv, "requirements", "--hash", *options], workspace.root)
            assert held(workspace, own, text) > 3
            assert own.notices == ()
        workspace.write("../Pipfile", PIPFILE)
        (notice,) = read(workspace, "Pipfile.lock").notices
        assert notice.endswith("Pipfile has changed since; `pipenv lock` renews it")


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty directory, so that paths are as short as users see them."""
    monkeypatch.chdir(tmp_path)


def lock(
    default: object, spec: object = 6, requires: dict[str, str] | None = None, **more: object
) -> dict[str, str | bytes]:
    """Return the files of a project."""
    sources = [{"name": "own", "url": "https://own/simple"}, {"name": "more", "url": "https://more/simple"}]
    meta = {"pipfile-spec": spec, "sources": sources, "requires": requires or {}, "hash": {"sha256": "0"}}
    return {"Pipfile.lock": json.dumps({"_meta": meta, "default": default, **more}, indent=4)}


def one(version: str = "==1.0", **more: object) -> dict[str, object]:
    """Return a package of a lock."""
    return {"hashes": [SHA], "version": version, **more}


SOURCE = 'source = "../Pipfile.lock"\n'


@pytest.mark.usefixtures("inside")
def test_categories_are_groups() -> None:
    """Default packages always count; ``dev-packages``, ``dev`` and ``develop`` are one category."""
    content = lock(
        {"A": one(extras=["x"])}, develop={"b": one(markers="os_name == 'posix'")}, docs={"c": one(index="own")}
    )

    def names(table: str) -> list[str]:
        return [line.split(" --")[0] for line in lines_of(content, SOURCE + table)]

    assert names("") == ["Pipfile.lock:20 a[x]==1.0"]
    for name in ("dev-packages", "dev", "develop"):
        assert names(f'groups = ["{name}"]') == ["Pipfile.lock:20 a[x]==1.0", "Pipfile.lock:31 b==1.0"]
    assert [line.split()[1] for line in names('groups = ["docs"]')] == ["a[x]==1.0", "c==1.0"]
    content["Pipfile"] = "[packages]\n"
    (app,) = plan_of(content, SOURCE).sets
    assert app.notices == ("Pipfile.lock is out of date: Pipfile has changed since; `pipenv lock` renews it",)


@pytest.mark.usefixtures("inside")
def test_only_the_first_index_is_that_of_pip() -> None:
    """A package of another index needs a source."""
    (fault,) = faults_of(lock({"a": one(index="more")}), SOURCE, reach=Reach(index_urls=("https://mirror/simple",)))
    assert fault.endswith('[sources.more]\n    index = "https://more/simple"\n    projects = ["a"]')
    assert lines_of(lock({"a": one(index="own")}), SOURCE, reach=Reach(index_urls=("https://mirror/simple",)))


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize(
    ("content", "faults"),
    [
        (lock({}, 5), ["Pipfile.lock:2: the lock is of version 5 (pipfile-spec), and only 6 is known; write it again: pipenv lock"]),
        (lock({"a": one(hashes=1)}), ["Pipfile.lock:20: default.a: expected 'array', got 'int' - at '$.hashes'; write it again: pipenv lock"]),
        (lock({"a": one(hashes=["x"])}), ["Pipfile.lock:20: a has a hash that is none: 'x'; write it again: pipenv lock"]),
        (lock({"a": one(markers="?")}), ["Pipfile.lock:20: not a marker: '?'; write it again: pipenv lock"]),
        (lock({"a": {"git": "https://host/a", "ref": "0"}}), ["Pipfile.lock:20: a comes from git: an index offers releases; lock a release from an index, or choose extras and groups without it"]),
        (lock({"a": one("*", hashes=[])}), ["Pipfile.lock:20: a has no version: the tool locked for another system than that of a target; pin it in the project, as NAME==VERSION, and lock again; or lock on such a system"]),
        (lock(1), ["Pipfile.lock: 'default' must be a table; write it again: pipenv lock"]),
        (lock({"a": one()}, requires={"python_version": "3.11"}), ["Pipfile.lock:14: the lock is for Python 3.11, and the target 'linux' has 3.10; lock for its Python too, or leave it out of targets in [sets.app]"]),
        (lock({"a": one()}, requires={"python_full_version": "3.10.4"}), ["Pipfile.lock:14: the lock is for Python 3.10.4, and the target 'linux' has 3.10; lock for its Python too, or leave it out of targets in [sets.app]"]),
        ({"Pipfile.lock": "{\n1"}, ["Pipfile.lock:2: not JSON: expecting property name enclosed in double quotes; write it again: pipenv lock"]),
        ({"Pipfile.lock": "[" * 100_000}, ["Pipfile.lock: not JSON: lists and tables are nested too deeply; write it again: pipenv lock"]),
        ({"Pipfile.lock": "[]"}, ["Pipfile.lock:1: not a lock of pipenv: no table; write it again: pipenv lock"]),
        ({"Pipfile.lock": "9" * 5000}, ["Pipfile.lock: not JSON: a number is too long; write it again: pipenv lock"]),
        ({"Pipfile.lock": "[" + "1," * 1_000_000}, ["Pipfile.lock: more than 1,000,000 values; write it again: pipenv lock"]),
        ({"Pipfile.lock": b"\xff\xfe{\x00"}, ["Pipfile.lock:1: the text is UTF-16; save it as UTF-8; in PowerShell: … | Out-File -Encoding utf8 FILE"]),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_line(content: dict[str, str | bytes], faults: list[str]) -> None:
    """Each fault has the file, the line and what to do."""
    assert faults_of(content, SOURCE, LINUX) == faults


@pytest.mark.usefixtures("inside")
def test_an_unknown_category_is_a_fault() -> None:
    """Extras are none of a lock of pipenv."""
    assert faults_of(lock({"a": one()}, develop={}), f'{SOURCE}extras = ["x"]\ngroups = ["docs"]') == [
        "subset.toml:5: Pipfile.lock has no extra 'x'; it has: nothing",
        "subset.toml:6: Pipfile.lock has no group 'docs'; it has: default, dev, dev-packages, develop",
    ]
