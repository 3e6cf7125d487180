"""Files that are damaged, hostile or strange: what is let in, what is refused, and that no page ever shows it raw."""

from __future__ import annotations

import io
import json
import os
import re
import struct
import subprocess
import sys
import tracemalloc
import warnings
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from packaging.utils import canonicalize_name
from packaging.version import Version
from rich.console import Console

from pypi_subset.cli.display import Display
from pypi_subset.distributions import metadata as wheelfile_metadata
from pypi_subset.distributions import wheel as wheelfile
from pypi_subset.distributions.metadata import check_metadata
from pypi_subset.distributions.wheel import LARGEST_METADATA, read_metadata
from pypi_subset.errors import BadDistribution, BadFiles, HashMismatch, InputFaults, NoSolution
from pypi_subset.locks import lockfile
from pypi_subset.model.distributions import Artifact, Distribution, Project
from pypi_subset.packages.bad_files import LIST, shown
from pypi_subset.pipeline import mirror as pipeline
from pypi_subset.proof.cases.case import cases_of
from pypi_subset.proof.inventory import inventory
from pypi_subset.proof.methods.prove import prove
from pypi_subset.requirements.subset import read_subset
from pypi_subset.site import manifest
from pypi_subset.site import simple_index as simple
from pypi_subset.site.pages import front_page
from tests.support.checkout import schema
from tests.support.pages.page_check import anchors, tags
from tests.support.servers.index import Index
from tests.support.sites.trees import tree
from tests.support.values import BRISK, plan_of
from tests.support.wheels import Wheel, make_sdist, make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable

    from pypi_subset.model.locks import Lock
    from tests.support.sites.workspace import Workspace

LINUX = "cp310-manylinux2014_x86_64"
NAME = "bad-1.0-py3-none-any.whl"
POLICIES = ("stop", "skip")


@pytest.fixture(autouse=True)
def _use_index(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's pip is configured for the loopback index."""
    monkeypatch.setenv("PIP_INDEX_URL", index.url)


def packed(members: list[tuple[str, bytes]], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return an archive with these members; a name may stand there twice."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive, warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Duplicate name")
        for path, data in members:
            archive.writestr(path, data)
    return buffer.getvalue()


def true(name: str = "bad") -> str:
    """Return the METADATA of a wheel of *name* 1.0."""
    return f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"


def wheel_of(*metadata: str, name: str = "bad", method: int = zipfile.ZIP_DEFLATED, size: int = 0) -> bytes:
    """Return a wheel of *name* 1.0 with each of these as METADATA, and *size* bytes more, which pack well."""
    info = f"{name}-1.0.dist-info"
    members = [(f"{info}/WHEEL", b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\n"), ("zeros", bytes(size))]
    return packed([*members, *((f"{info}/METADATA", text.encode()) for text in metadata)], method)


def saying(before: str, after: str) -> Callable[[str], bytes]:
    """Return what makes a wheel whose METADATA has *after* where *before* should stand; ``@`` is its name."""
    return lambda name: wheel_of(true(name).replace(before.replace("@", name), after.replace("@", name)), name=name)


def of(name: str, *others: str, **info: bytes) -> bytes:
    """Return a wheel of *name* 1.0 with other members besides, and other bytes of METADATA or WHEEL."""
    usual = {"METADATA": true(name).encode(), "WHEEL": b"Wheel-Version: 1.0\n", "RECORD": b""} | info
    members = [(f"{name}-1.0.dist-info/{path}", data) for path, data in usual.items()]
    return packed([*members, *((other, b"") for other in others)])


def bombed(name: str) -> bytes:
    """Return a wheel whose WHEEL is packed so that a piece of it unpacks to no end."""
    buffer = io.BytesIO(of(name))
    with zipfile.ZipFile(buffer) as opened:
        held = {one: opened.read(one) for one in opened.namelist()}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, data in held.items():
            is_wheel = path.endswith("/WHEEL")
            archive.writestr(
                path, data + bytes(50_000_000) * is_wheel, zipfile.ZIP_LZMA if is_wheel else zipfile.ZIP_STORED
            )
    return buffer.getvalue()


def latin(name: str, version: str = "1.0") -> bytes:
    """Return METADATA as some wrote it before they knew UTF-8."""
    return f"{true(name)}Author: J\xe4ger\n".replace("1.0", version).encode("latin-1")


def lying(name: str, size: int = 4_000_000) -> bytes:
    """Return a wheel whose METADATA unpacks to more than its directory says."""
    honest = wheel_of(f"{true(name)}\n{'0' * size}", name=name)
    return honest.replace(struct.pack("<L", len(true(name)) + 1 + size), struct.pack("<L", 400_000))


GOOD = make_wheel("bad")

#: What is wrong → what makes a wheel of some name like that, and what is said of it.
BROKEN: dict[str, tuple[Callable[[str], bytes], str]] = {
    "truncated": (lambda name: make_wheel(name).data[:-40], "is a damaged wheel"),
    "no archive": (lambda _: b"<!DOCTYPE html>", "is a damaged wheel"),
    "empty": (lambda _: b"", "is a damaged wheel"),
    "another name": (saying("@", "good"), "is of the project 'good'"),
    "another version": (saying("1.0", "1.1"), "is of version '1.1'"),
    "two names": (saying("Version", "Name: good\nVersion"), "is of the project 'good'"),
    "an absolute path": (saying("@", "/etc/passwd"), "is of the project '/etc/passwd'"),
    "a path upwards": (saying("@", "../../@"), "is of the project '../../"),
    "HTML": (saying("@", "<script>"), "is of the project '<script>'"),
    "no name": (saying("Name", "Nome"), "has no Name"),
    "no version": (saying("\nVersion", "\nX"), "has no Version"),
    "no METADATA": (lambda name: wheel_of(name=name), "holds 0 METADATA files"),
    "no WHEEL": (lambda name: wheel_of(true(name), name=name).replace(b"/WHEEL", b"/WHEAT"), "holds no WHEEL"),
    "duplicate METADATA": (lambda name: wheel_of(true(name), true(name), name=name), "holds 2 METADATA files"),
    "two METADATA": (
        lambda name: packed([(f"{one}-1.0.dist-info/METADATA", b"") for one in (name, name.upper())]),
        "holds 2 METADATA files",
    ),
    "a bomb": (lambda name: wheel_of(true(name), name=name, size=65 << 20), "claims to unpack to"),
    "a large METADATA": (
        lambda name: wheel_of(true(name) + "X" * LARGEST_METADATA, name=name),
        "claims a METADATA of more than",
    ),
    "a size that lies": (lying, "is a damaged wheel: Bad CRC-32"),
    "another packing": (
        lambda name: wheel_of(true(name), name=name, method=zipfile.ZIP_BZIP2),
        "is neither stored nor deflated",
    ),
    "METADATA in another encoding": (
        lambda name: of(name, METADATA=latin(name)),
        "its METADATA is not UTF-8",
    ),
    "WHEEL in another encoding": (
        lambda name: of(name, WHEEL=b"Wheel-Version: 1.0\nGenerator: J\xe4ger\n"),
        "its WHEEL is not UTF-8",
    ),
    "a WHEEL in another packing": (bombed, "has a WHEEL that is neither stored nor deflated"),
    "a later wheel": (lambda name: of(name, WHEEL=b"Wheel-Version: 2.0\n"), "its WHEEL has Wheel-Version '2.0', not 1"),
    "no Wheel-Version": (lambda name: of(name, WHEEL=b"Generator: x\n"), "its WHEEL has no Wheel-Version"),
    "another dist-info": (lambda name: of(name, "evil-1.0.dist-info/METADATA"), "holds 2 folders *.dist-info"),
    "another dist-info, empty": (lambda name: of(name, "evil-1.0.dist-info/"), "holds 2 folders *.dist-info"),
    "a member upwards": (lambda name: of(name, "a/../../evil.py"), "holds 'a/../../evil.py', which leads out"),
    "a member of the root": (lambda name: of(name, "/etc/evil.py"), "holds '/etc/evil.py', which leads out"),
    "a member upwards on Windows": (lambda name: of(name, "..\\evil.py"), "which leads out of where it is installed"),
    "a later major version": (saying("2.1", "3.0"), "has Metadata-Version '3.0'"),
    "no number of a version": (saying("2.1", "new"), "has Metadata-Version 'new'"),
}

#: Those that go through the whole pipeline: one for each row of the README's table.
ROWS = (
    *("truncated", "another name", "another version", "an absolute path", "HTML", "duplicate METADATA", "a bomb"),
    *("a size that lies", "a later major version"),
    *("WHEEL in another encoding", "a later wheel", "another dist-info", "a member upwards"),
)


def broken(kind: str) -> tuple[Wheel, str]:
    """Return a wheel with this wrong about it, of a project of its own, and what is said of it."""
    make, reason = BROKEN[kind]
    name = f"b{ROWS.index(kind)}"
    return replace(make_wheel(name), data=make(name)), reason


#: What else may lie in packages/.
STRANGERS = ("foo.whl", "a-1.0-py3-none-any.whl", "folder", "<script>alert(1)<-1.0.tar.gz", "\x1b[2J\udcff-1.0.tar.gz")


def lay(folder: Path, name: str) -> Path:
    """Put something strange into *folder*; return where it lies."""
    path = folder / name
    if name.startswith("a-"):
        (folder.parent / "elsewhere.whl").write_bytes(make_wheel("a").data)
        path.symlink_to(folder.parent / "elsewhere.whl")
    elif name == "folder":
        path.mkdir()
    else:
        path.write_bytes(b"")
    return path


def mirror(space: Workspace, policy: str, *, update: bool = False) -> str:
    """Return what one run under *policy* said."""
    space.toml({"linux": LINUX}, more=f'[policy]\nbad_files = "{policy}"\n')
    said = io.StringIO()
    pipeline.mirror(space.paths, progress=Display(Console(file=said, width=200)), update=update)
    return said.getvalue()


def listed(space: Workspace) -> list[dict[str, str]]:
    """Return the list in packages/."""
    found: list[dict[str, str]] = json.loads((space.paths.packages / LIST).read_bytes())
    return found


def published(space: Workspace) -> list[dict[str, str]]:
    """Return the list in the site's manifest, which is what its schema says."""
    document = json.loads((space.paths.site / "manifest.json").read_bytes())
    Draft202012Validator(schema("manifest")).validate(document)
    found: list[dict[str, str]] = document["bad_files"]
    return found


def standing(space: Workspace) -> Lock:
    """Return the one lock."""
    return lockfile.read(lockfile.path_of(space.paths.locks, "base--linux"))


@pytest.fixture
def space(workspace: Workspace, index: Index) -> Workspace:
    """Return a workspace with a site of one good project."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    pipeline.mirror(workspace.paths, progress=Display(Console(file=io.StringIO())))
    return workspace


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_refused(kind: str) -> None:
    """A wheel whose name is right, and whose content is not, is refused by name, with a reason and a next step."""
    make, reason = BROKEN[kind]
    with pytest.raises(BadDistribution, match=re.escape(reason)) as caught:
        read_metadata(io.BytesIO(make("bad")), NAME)
    assert str(caught.value).startswith(f"{NAME} ")
    assert str(caught.value).endswith("; leave it out, as with 'bad!=1.0', and tell whoever offers it")
    assert str(caught.value).isprintable()


def test_a_bomb_takes_no_memory() -> None:
    """Of a METADATA that is larger than it claims, and than is allowed, no more than allowed is unpacked."""
    bomb = lying("bad", 200 << 20)
    tracemalloc.start()
    try:
        with pytest.raises(BadDistribution, match="Bad CRC-32"):
            read_metadata(io.BytesIO(bomb), NAME)
        assert tracemalloc.get_traced_memory()[1] < 4 * LARGEST_METADATA
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("policy", POLICIES)
def test_bad_wheels_on_an_index(space: Workspace, index: Index, policy: str) -> None:
    """Wheels whose hash and separate metadata are right, and whose content is not: they stop the run, or stay out."""
    before = tree(space.paths.site)
    wheels = dict(broken(kind) for kind in ROWS)
    index.add(*wheels)
    space.write("base.txt", "\n".join(["app", *(wheel.filename.partition("-")[0] for wheel in wheels), ""]))
    names = sorted(wheel.filename for wheel in wheels)
    if policy == "stop":
        with pytest.raises(BadFiles) as caught:
            mirror(space, policy)
        *lines, last = str(caught.value).splitlines()
        assert last.startswith(f"{len(ROWS)} files refused, and the site is as it was; ")
        assert tree(space.paths.site) == before
    else:
        said = mirror(space, policy).splitlines()
        lines = [line.removeprefix("warning: left out: ") for line in said if line.startswith("warning")]
        assert {path.name for path in space.paths.site.rglob("*.whl")} == {"app-1.0-py3-none-any.whl"}
        assert [path.name for path in (space.paths.site / "simple").iterdir() if path.is_dir()] == ["app"]
        assert published(space) == listed(space)
        red = inventory.take(space.paths, read_subset(space.paths.requirements))
        assert {check.reason.partition(" ")[0] for check in red if check.status == "failed"} == {*names}
    told = {line.partition(" ")[0]: line for line in lines}
    assert {name: told[name] for name in names} == told
    for wheel, reason in wheels.items():
        assert reason in told[wheel.filename]
    assert [(one["filename"], one["action"]) for one in listed(space)] == [(name, policy) for name in names]


@pytest.mark.parametrize("policy", POLICIES)
def test_metadata_that_pip_could_not_read(space: Workspace, index: Index, policy: str) -> None:
    """Metadata in another encoding, with which pip ends by a traceback: one bad file, and the release before it will do."""
    old, new = make_wheel("bad", "0.9"), make_wheel("bad")
    data = latin("bad")
    index.add(old, replace(new, data=of("bad", METADATA=data), metadata=data))
    space.write("base.txt", "app\nbad\n")
    if policy == "stop":
        with pytest.raises(BadFiles, match="its METADATA is not UTF-8"):
            mirror(space, policy)
    else:
        assert "passed over: bad-1.0-py3-none-any.whl cannot be read: its METADATA is not UTF-8" in mirror(
            space, policy
        )
        assert "bad-0.9-py3-none-any.whl" in {path.name for path in space.paths.site.rglob("*.whl")}
    assert [(one["filename"], one["action"]) for one in listed(space)] == [(new.filename, policy)]


@pytest.mark.parametrize("policy", POLICIES)
def test_what_is_no_distribution(space: Workspace, index: Index, policy: str) -> None:
    """A stranger in packages/ is named: it stops the run, or is passed by; it is never followed, moved or published."""
    before = tree(space.paths.site)
    strangers = [lay(space.paths.packages, name) for name in STRANGERS]
    index.add(make_wheel("lib"))
    space.write("base.txt", "app\nlib\n")
    if policy == "stop":
        with pytest.raises(BadFiles) as caught:
            mirror(space, policy)
        said = str(caught.value)
        assert tree(space.paths.site) == before
    else:
        said = mirror(space, policy)
        assert published(space) == listed(space)
        assert {path.name for path in space.paths.site.rglob("*.whl")} == {
            f"{one}-1.0-py3-none-any.whl" for one in ("app", "lib")
        }
        checks = inventory.take(space.paths, read_subset(space.paths.requirements))
        assert [check.status for check in checks] == ["passed"]
    for name in STRANGERS:
        assert f"{space.paths.packages / shown(name)}: this is " in said
    assert said.replace("\n", "").isprintable()
    assert [(one["filename"], one["action"]) for one in listed(space)] == sorted(
        (shown(name), policy) for name in STRANGERS
    )
    assert all(os.path.lexists(path) for path in strangers)


@pytest.mark.parametrize("policy", POLICIES)
def test_a_link_where_a_file_is_needed(space: Workspace, policy: str) -> None:
    """A symbolic link under the name of a locked file is not followed and not replaced: that file is not to be had."""
    path, before = space.paths.packages / "app-1.0-py3-none-any.whl", tree(space.paths.site)
    path.rename(space.root / path.name)
    path.symlink_to(space.root / path.name)
    if policy == "stop":
        with pytest.raises(BadFiles, match="this is a symbolic link"):
            mirror(space, policy)
        assert tree(space.paths.site) == before
    else:
        assert "this is a symbolic link" in mirror(space, policy)
        assert not [*space.paths.site.rglob("*.whl")]
    assert path.is_symlink()


def test_all_bad_files_come_at_once(space: Workspace, index: Index) -> None:
    """Strangers, what lay there before and what was fetched now: one error names them all."""
    for name in ("foo.whl", "folder"):
        lay(space.paths.packages, name)
    for project in ("bad", "worse"):
        wheel = make_wheel(project)
        index.add(replace(wheel, data=wheel.data[:-40]))
    space.write("base.txt", "app\nbad\nworse\n")
    with pytest.raises(BadFiles, match="4 files refused") as caught:
        mirror(space, "stop")
    names = ["bad-1.0-py3-none-any.whl", "folder", "foo.whl", "worse-1.0-py3-none-any.whl"]
    assert [one["filename"] for one in listed(space)] == names
    assert len(caught.value.found) == 4
    index.requests.clear()
    with pytest.raises(BadFiles, match="4 files refused"):
        mirror(space, "stop")
    assert not index.requests


def test_the_proof_is_red_about_what_needs_it(space: Workspace, index: Index) -> None:
    """What was left out fails the request that leads to it, with its name, and no other request."""
    index.add(make_wheel("outer", requires=["bad"]), replace(GOOD, data=GOOD.data[:-40]))
    space.write("base.txt", "app\nouter\n")
    mirror(space, "skip")
    subset = read_subset(space.paths.requirements)
    checks = {case.request: prove(case)[0] for case in cases_of(subset, space.paths, (), space.root / "work")}
    wanted = {"": "failed", "app": "passed", "outer": "failed"}
    assert {name: check.status for name, check in checks.items()} == wanted
    assert "bad" in checks["outer"].reason


def test_the_command_ends_with_an_error(space: Workspace, index: Index) -> None:
    """On a command line, bad files are lines on standard error and exit code 1; clean takes the list away."""
    index.add(broken("truncated")[0], broken("HTML")[0])
    space.write("base.txt", "app\nb0\nb4\n")

    def run(task: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", "from pypi_subset.cli.tasks import main; main()", task],
            cwd=space.root,
            env={**os.environ, "PYTHONPATH": str(Path(manifest.__file__).parents[2])},
            capture_output=True,
            text=True,
            check=False,
        )

    done = run("mirror")
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 3), done.stderr
    assert done.stderr.startswith("error: b0-1.0-py3-none-any.whl is a damaged wheel")
    assert len(listed(space)) == 2
    done = run("clean")
    assert done.returncode == 0, done.stderr
    assert not (space.paths.packages / LIST).exists()


def test_leaving_out_is_the_same_each_time(space: Workspace, index: Index) -> None:
    """The next run fetches nothing, publishes nothing, and says and lists the same."""
    index.add(replace(GOOD, data=GOOD.data[:-40]))
    space.write("base.txt", "app\nbad\n")
    first = mirror(space, "skip")
    before = tree(space.paths.site)
    index.requests.clear()
    assert mirror(space, "skip") == first[first.index("warning: left out: bad-1.0") :]
    assert tree(space.paths.site) == before
    assert not index.requests


def test_the_list_goes_with_the_bad_file(space: Workspace) -> None:
    """A run that refuses nothing leaves no list behind, and an empty one in the manifest."""
    stray = lay(space.paths.packages, "foo.whl")
    mirror(space, "skip")
    assert [one["filename"] for one in published(space)] == ["foo.whl"]
    stray.unlink()
    mirror(space, "skip")
    assert published(space) == []
    assert not (space.paths.packages / LIST).exists()


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("metadata", [True, False])
def test_what_the_resolver_meets(
    space: Workspace,
    policy: str,
    metadata: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A release that contradicts its name stops the run, or is passed over for an older one, which needs no red."""
    before = tree(space.paths.site)
    wrong = make_wheel("bad", "2.0", metadata_name="/etc/passwd")
    with Index({"app": [make_wheel("app")], "bad": [GOOD, wrong]}, metadata=metadata) as other:
        monkeypatch.setenv("PIP_INDEX_URL", other.url)
        space.write("base.txt", "app\nbad\n")
        if policy == "stop":
            with pytest.raises(BadFiles, match=r"bad-2\.0-py3-none-any\.whl contradicts its name"):
                mirror(space, policy)
            assert tree(space.paths.site) == before
            assert "bad" not in {pin.distribution.project for pin in standing(space).pins}
        else:
            said = mirror(space, policy)
            assert "warning: passed over: bad-2.0-py3-none-any.whl contradicts its name: its METADATA is of" in said
            assert (space.paths.site / "simple" / "bad" / NAME).is_file()
            assert published(space) == []
        assert [(one["filename"], one["action"]) for one in listed(space)] == [("bad-2.0-py3-none-any.whl", policy)]


def test_nothing_else_to_take(space: Workspace, index: Index) -> None:
    """Where only a bad release satisfies a set, the gap comes with the warning that explains it."""
    index.add(make_wheel("bad", metadata_name="good"))
    space.write("base.txt", "app\nbad\n")
    space.toml({"linux": LINUX}, more='[policy]\nbad_files = "skip"\n')
    said = io.StringIO()
    with pytest.raises(NoSolution):
        pipeline.mirror(space.paths, progress=Display(Console(file=said, width=200)))
    assert f"warning: passed over: {NAME} contradicts its name" in said.getvalue()


@pytest.mark.parametrize("policy", POLICIES)
def test_one_name_with_other_bytes(
    space: Workspace, index: Index, policy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two files of one name are no bad file but two truths: no policy decides between them."""
    before = tree(space.paths.site)
    index.add(GOOD)
    space.write("base.txt", "app\nbad\n")
    with Index({"bad": [make_wheel("bad", files={"bad.py": b"evil = True\n"})]}) as other:
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", other.url)
        with pytest.raises(HashMismatch, match="has two contents"):
            mirror(space, policy)
    assert tree(space.paths.site) == before


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(
    "name",
    [
        "<script>-2.0-py3-none-any.whl",
        "bad-2.0-py3-none-any.<b>.whl",
        "../../bad-2.0-py3-none-any.whl",
        "bad-2.0-py3-none-any/../x.whl",
        "/etc/bad-2.0-py3-none-any.whl",
        "bad-2.0-py3-none-any.whl\n",
    ],
)
def test_an_index_with_a_hostile_name(space: Workspace, index: Index, policy: str, name: str) -> None:
    """On a page, a name with characters that no distribution has is not seen, and what else is offered is taken."""
    index.projects["bad"] = [replace(make_wheel("bad", "2.0"), filename=name), GOOD]
    space.write("base.txt", "app\nbad\n")
    mirror(space, policy)
    assert {path.name for path in space.paths.site.rglob("*.whl")} == {NAME, "app-1.0-py3-none-any.whl"}


@pytest.mark.parametrize(
    ("filename", "text"),
    [
        ("bad-1.0-py3-none-any.whl", true().replace("2.1", "2.7")),
        ("bad-1.0-py3-none-any.whl", true().replace("2.1", "2.99")),
        ("bad-1.0-py3-none-any.whl", true().replace("2.1", "1.0")),
        ("bad-1.0-py3-none-any.whl", true().partition("\n")[2]),
        ("bad-1.0-py3-none-any.whl", true().replace("\n", "\r\n")),
        ("bad-1.0-py3-none-any.whl", f"{true()}\nName: of another in its description\n"),
        ("bad-1.0-py3-none-any.whl", "Version: 1.0\nname:bad\nMetadata-Version: 2.1\n"),
        ("bad-1.0-py3-none-any.whl", true().replace("1.0", "1")),
        ("bad-1.0-py3-none-any.whl", true().replace("1.0", "v1.0.0")),
        ("bad-1.0.post1-py3-none-any.whl", true().replace("1.0", "1.0-1")),
        ("bad-1.0rc1-py3-none-any.whl", true().replace("1.0", "1.0.RC-1")),
        ("bad-1.0+cpu.1-py3-none-any.whl", true().replace("1.0", "1.0+CPU-1")),
        ("Bad_One.Two-1.0-1build-py3-none-any.whl", true().replace("bad", "bad.one-TWO")),
    ],
)
def test_what_real_wheels_say(filename: str, text: str) -> None:
    """A later minor version, no version at all, and every spelling of the same name and version are accepted."""
    check_metadata(text.encode(), filename)


@pytest.mark.parametrize("policy", POLICIES)
def test_metadata_newer_than_we_know(space: Workspace, index: Index, policy: str) -> None:
    """Metadata-Version 2.7 is published as it is, whatever the policy."""
    text = true().replace("2.1", "2.7") + "Import-Flavour: new\n"
    index.add(replace(GOOD, data=wheel_of(text), metadata=text.encode()))
    space.write("base.txt", "app\nbad\n")
    mirror(space, policy)
    assert read_metadata(space.paths.site / "simple" / "bad" / NAME, NAME) == text.encode()


@BRISK
@given(st.binary(max_size=60), st.integers(0, len(GOOD.data)), st.integers(0, 60))
def test_any_damage_is_one_kind_of_error(junk: bytes, place: int, cut: int) -> None:
    """Whatever the bytes of a wheel are: its METADATA, or `BadDistribution`."""
    data = GOOD.data[:place] + junk + GOOD.data[place + cut :]
    try:
        assert wheelfile.read_metadata(io.BytesIO(data), NAME)
    except BadDistribution as error:
        assert str(error).isprintable()  # noqa: PT017 - either way is right


@pytest.mark.parametrize("source", ["memory", "disk"])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_wheel_of_an_unusual_form(tmp_path: Path, source: str, method: int) -> None:
    """Stored or deflated, with a comment, something before the archive or thousands of members: METADATA is read."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(GOOD.data)) as old, zipfile.ZipFile(stream, "w", method) as new:
        for number in range(2000):
            new.writestr(f"bad/{'x' * 60}{number}", b"")
        for name in old.namelist():
            new.writestr(name, old.read(name))
        new.comment = b"a comment"
    for data in (stream.getvalue(), b"before" + GOOD.data):
        path = tmp_path / NAME
        path.write_bytes(data)
        assert read_metadata(path if source == "disk" else io.BytesIO(data), NAME) == GOOD.metadata


LINES = st.sampled_from(
    [" bad", "\t1.0", "", "garbage", "Name: good", "name:bad", "Name : bad", "VERSION: 1.1", "Version:", "X: Name: x"]
)


@BRISK
@given(st.lists(LINES, max_size=3), st.integers(0, 3), st.sampled_from(["\n", "\r\n", "\r"]))
@example([" bad"], 3, "\n")
@example(["Name: good"], 3, "\r\n")
@example(["garbage"], 0, "\n")
def test_the_quick_reader_reads_as_the_slow_one(lines: list[str], place: int, end: str) -> None:
    """Whatever stands around them, name and version are what the parser of mail headers, which pip uses, finds."""
    own = true().splitlines()
    text = end.join([*own[:place], *lines, *own[place:], "", ""])

    def verdict() -> bool:
        try:
            check_metadata(text.encode(), NAME)
        except BadDistribution:
            return False
        return True

    with pytest.MonkeyPatch.context() as patch:
        quick = verdict()
        patch.setattr(wheelfile_metadata, "_USUAL", re.compile(rb"(?!)"))
        assert verdict() == quick


def test_the_policy_of_a_plan(workspace: Workspace) -> None:
    """To say what holds anyway changes no lock; a policy that does not exist is a fault with its line."""
    workspace.write("base.txt", "app\n")
    digests = {}
    for policy in ("", 'bad_files = "stop"', 'bad_files = "skip"'):
        workspace.toml({"linux": LINUX}, more=f"[policy]\n{policy}\n")
        subset = read_subset(workspace.paths.requirements)
        digests[policy] = subset.bad_files, subset.policy_digest
    assert [policy for policy, _ in digests.values()] == ["stop", "stop", "skip"]
    assert len({digest for _, digest in digests.values()}) == 2
    for wrong in ('"ignore"', '["stop"]', "true", "1.0"):
        workspace.toml({"linux": LINUX}, more=f"[policy]\nbad_files = {wrong}\n")
        with pytest.raises(InputFaults, match=r'subset\.toml:5: bad_files must be "stop" or "skip"; write bad_files'):
            read_subset(workspace.paths.requirements)


def test_an_sdist_that_nobody_asked_for(space: Workspace) -> None:
    """A distribution that no lock names is not read: it is told as before, and is no bad file."""
    (space.paths.packages / make_sdist("other").filename).write_bytes(b"damaged")
    (space.paths.packages / "other-1.0-py3-none-any.whl").write_bytes(b"damaged")
    mirror(space, "stop")
    assert not (space.paths.packages / LIST).exists()


HOSTILE = st.text(max_size=20) | st.sampled_from(
    [
        "<script>alert(1)</script>",
        "\"'><img src=x onerror=alert(1)>",
        "--><b>",
        "]]>",
        "&lt;b&gt;",
        "</a><a href=//evil>",
        "javascript:alert(1)",
        "../../../etc/passwd",
        "\0\x1b[2J\u2028\ud800\uffff",
    ]
)


def unescaped(page: str, *texts: str | None) -> list[str]:
    """Return those of *texts* that hold a sign of markup and stand in *page* as they are."""
    return [text for text in texts if text and set(text) & set("<>\"'") and text in page]


@BRISK
@given(filename=HOSTILE, name=HOSTILE, requires_python=st.none() | HOSTILE, yanked=st.none() | HOSTILE)
def test_no_page_shows_anything_raw(filename: str, name: str, requires_python: str | None, yanked: str | None) -> None:
    """Whatever names and metadata hold, each page is valid HTML5 with the elements it has for harmless ones."""

    def rendered(file: str, project: str, bound: str | None, reason: str | None) -> list[str]:
        facts: dict[str, Any] = {"version": Version("1.0"), "size": 1, "sha256": "0" * 64}
        one = Distribution(
            filename=file, project=canonicalize_name(project), requires_python=bound, yanked=reason, **facts
        )
        owner = Project(name=one.project, artifacts=(Artifact(distribution=one, folder=Path("x")),))
        index = dict(simple.render([owner], views={"linux": frozenset({file})}))
        made = [data.decode() for path, data in index.items() if path.endswith("index.html") and b"<!DOCTYPE" in data]
        return [*made, index["find-links.html"].decode(), front_page.front_page(plan_of([]), (), [owner])]

    harmless = rendered("a.whl", "a", requires_python and "1", yanked and "1")
    for page, other in zip(rendered(filename, name, requires_python, yanked), harmless, strict=True):
        assert tags(page) == tags(other)
        assert len(re.findall("<", page)) == len(re.findall("<", other))
        assert all(
            not anchor.attributes.keys() - {"data-requires-python", "data-yanked", "data-size"}
            for anchor in anchors(page)
        )


@BRISK
@given(st.text(min_size=1, max_size=30))
def test_a_name_is_shown_on_one_line(name: str) -> None:
    """A file name that would move a terminal's cursor, or is no text at all, is written as escapes."""
    assert shown(name).isprintable()
    assert shown(name).encode()
