"""Files that are damaged, hostile or strange: what is let in, what is refused, and that no page ever shows it raw."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from packaging.utils import canonicalize_name
from packaging.version import Version
from rich.console import Console

from pypi_subset.cli.display import Display
from pypi_subset.distributions.wheel import read_metadata
from pypi_subset.errors import BadFiles, HashMismatch, InputFaults, NoSolution
from pypi_subset.locks import lockfile
from pypi_subset.model.distributions import Artifact, Distribution, Project
from pypi_subset.packages.bad_files import LIST
from pypi_subset.pipeline import mirror as pipeline
from pypi_subset.proof.cases.case import cases_of
from pypi_subset.proof.inventory import inventory
from pypi_subset.proof.methods.prove import prove
from pypi_subset.requirements.subset import read_subset
from pypi_subset.site import manifest
from pypi_subset.site import simple_index as simple
from pypi_subset.site.pages import front_page
from pypi_subset.support.text import printable
from tests.support.checkout import schema
from tests.support.pages.page_check import anchors, tags
from tests.support.programs.commands import PYPI_SUBSET, complaints
from tests.support.servers.index import Index
from tests.support.sites.trees import tree
from tests.support.stages.values import BRISK, plan_of
from tests.support.wheels import make_sdist, make_wheel

if TYPE_CHECKING:
    from pypi_subset.model.locks import Lock
    from tests.support.sites.workspace import Workspace

from tests.support.stages.bad_wheels import GOOD, NAME, ROWS, broken, latin, of, true, wheel_of

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")


LINUX = "cp310-manylinux2014_x86_64"


POLICIES = ("stop", "skip")


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


@pytest.mark.slow
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
        assert f"{space.paths.packages / printable(name)}: this is " in said
    assert said.replace("\n", "").isprintable()
    assert [(one["filename"], one["action"]) for one in listed(space)] == sorted(
        (printable(name), policy) for name in STRANGERS
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


def test_a_bad_file_of_an_old_release_is_not_the_only_reason(space: Workspace, index: Index) -> None:
    """The resolution came to it since the newest release is kept away: the error says by what."""
    broken_wheel = make_wheel("old", "1.0", files={"A.py": b"", "a.py": b""})
    # METADATA is read from the wheel then, while the versions are found.
    index.metadata = False
    index.add(make_wheel("old", "2.0", requires=["nowhere"]), broken_wheel, make_wheel("old", "0.5"))
    index.add(make_wheel("other", "2.0", requires=["nowhere"]), make_wheel("other", "1.0"))
    space.write("base.txt", "old\nother\n")
    with pytest.raises(BadFiles) as caught:
        mirror(space, "stop")
    first, _, heading, line = str(caught.value).splitlines()
    assert first.startswith("old-1.0-py3-none-any.whl holds ")
    assert heading == "    older releases were tried, since the newest ones are kept away:"
    assert line.strip().startswith(
        "old 0.5 of 2024-02-03, newest 2.0 of 2024-02-03 on base--linux: it requires nowhere,"
    )
    index.projects["old"] = [broken_wheel, make_wheel("old", "0.5")]
    with pytest.raises(BadFiles) as caught:
        mirror(space, "stop")
    assert len(str(caught.value).splitlines()) == 2


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


@pytest.mark.slow
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


@pytest.mark.slow
def test_the_command_ends_with_an_error(space: Workspace, index: Index) -> None:
    """On a command line, bad files are lines on standard error and exit code 1; clean takes the list away."""
    index.add(broken("truncated")[0], broken("HTML")[0])
    space.write("base.txt", "app\nb0\nb4\n")

    def run(task: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*PYPI_SUBSET, task],
            cwd=space.root,
            env={**os.environ, "PYTHONPATH": str(Path(manifest.__file__).parents[2])},
            capture_output=True,
            text=True,
            check=False,
        )

    done = run("mirror")
    said = complaints(done)
    assert (done.returncode, len(said.splitlines())) == (1, 3), said
    assert said.startswith("error: b0-1.0-py3-none-any.whl is a damaged wheel")
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


@pytest.mark.slow
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


@pytest.mark.slow
@pytest.mark.parametrize("policy", POLICIES)
def test_an_index_with_hostile_names(space: Workspace, index: Index, policy: str) -> None:
    """On a page, names with characters that no distribution has are not seen, and what else is offered is taken."""
    names = [
        "<script>-2.0-py3-none-any.whl",
        "bad-2.0-py3-none-any.<b>.whl",
        "../../bad-2.0-py3-none-any.whl",
        "bad-2.0-py3-none-any/../x.whl",
        "/etc/bad-2.0-py3-none-any.whl",
        "bad-2.0-py3-none-any.whl\n",
    ]
    index.projects["bad"] = [*(replace(make_wheel("bad", "2.0"), filename=name) for name in names), GOOD]
    space.write("base.txt", "app\nbad\n")
    mirror(space, policy)
    assert {path.name for path in space.paths.site.rglob("*.whl")} == {NAME, "app-1.0-py3-none-any.whl"}


@pytest.mark.slow
@pytest.mark.parametrize("policy", POLICIES)
def test_metadata_newer_than_we_know(space: Workspace, index: Index, policy: str) -> None:
    """Metadata-Version 2.7 is published as it is, whatever the policy."""
    text = true().replace("2.1", "2.7") + "Import-Flavour: new\n"
    index.add(replace(GOOD, data=wheel_of(text), metadata=text.encode()))
    space.write("base.txt", "app\nbad\n")
    mirror(space, policy)
    assert read_metadata(space.paths.site / "simple" / "bad" / NAME, NAME) == text.encode()


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


@pytest.mark.slow
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
        index = dict(simple.Rendering([owner], views={"linux": frozenset({file})}).pages())
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
    assert printable(name).isprintable()
    assert printable(name).encode()
