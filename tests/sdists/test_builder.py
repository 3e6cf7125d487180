"""Sdists that are built in a run, with real pip and a real index on loopback."""

from __future__ import annotations

import hashlib
import shutil
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import Gaps, NoSolution, UpstreamError
from pypi_subset.sdists.releases import MOST
from tests.support.stages.mirroring import THREE, mirror, read_lock, versions
from tests.support.stages.sdists import make_buildable
from tests.support.wheels import make_sdist, make_wheel

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")

HOST = {"here": "host"}


def building(workspace: Workspace, *projects: str, targets: dict[str, object] | None = None) -> None:
    """Write ``subset.toml``: the sdists of *projects* are built."""
    workspace.toml(targets or dict(HOST), more=f"[sdists]\nbuild = {[*projects]}\n")


def test_one_build_serves_all_targets(workspace: Workspace, index: Index) -> None:
    """A release is fetched once, built for every target, and its own requirements are resolved."""
    index.add(make_buildable("leaf", requires=["more"]), make_wheel("more"), make_wheel("app", requires=["leaf"]))
    workspace.write("base.txt", "app\n")
    building(workspace, "leaf", targets=dict(THREE))
    result, said = mirror(workspace)
    for name in THREE:
        assert versions(workspace, f"base--{name}") == {"app": "1.0", "leaf": "1.0", "more": "1.0"}
    assert (index.gets(".tar.gz"), said.count("building a wheel from leaf-1.0.tar.gz")) == (1, 1)
    assert (workspace.paths.site / "simple" / "leaf" / "leaf-1.0-0subset-py3-none-any.whl").is_file()
    assert (result.warnings, result.built) == ((), ("leaf-1.0-0subset-py3-none-any.whl",))


def test_nothing_is_built_that_pip_does_not_look_at(workspace: Workspace, index: Index) -> None:
    """Of many releases the newest is built; one that a requirement excludes is not."""
    index.add(*(make_buildable("leaf", f"{number}.0") for number in range(1, 9)))
    workspace.write("base.txt", "leaf<8\n")
    building(workspace, "leaf")
    mirror(workspace)
    assert versions(workspace, "base--here") == {"leaf": "7.0"}
    assert [hit.path for hit in index.hits(".tar.gz")] == ["/files/leaf-7.0.tar.gz"]


def test_a_newer_sdist_goes_before_an_older_wheel(workspace: Workspace, index: Index) -> None:
    """The user named the project, so that the newest release is meant; without the name, the wheel is taken."""
    index.add(make_wheel("leaf", "1.0"), make_buildable("leaf", "2.0"))
    workspace.write("base.txt", "leaf\n")
    for project, version in (("other", "1.0"), ("leaf", "2.0")):
        building(workspace, project)
        mirror(workspace)
        assert versions(workspace, "base--here") == {"leaf": version}


@pytest.mark.slow
def test_a_wheel_that_fits_is_not_built(workspace: Workspace, index: Index) -> None:
    """A release with a wheel for one target is built for the others alone."""
    index.add(make_buildable("leaf"), make_wheel("leaf", tag="cp310-cp310-win_amd64"))
    workspace.write("base.txt", "leaf\n")
    building(workspace, "leaf", targets=dict(THREE))
    mirror(workspace)
    names = {name: read_lock(workspace, f"base--{name}").pins[0].distribution.filename for name in THREE}
    built = "leaf-1.0-0subset-py3-none-any.whl"
    assert names == {"linux": built, "mac": built, "windows": "leaf-1.0-cp310-cp310-win_amd64.whl"}


def test_a_project_that_is_not_named_is_not_built(workspace: Workspace, index: Index) -> None:
    """Code of an sdist runs only where the user named its project."""
    index.add(make_buildable("leaf"), make_buildable("other"))
    workspace.write("base.txt", "leaf\nother\n")
    building(workspace, "leaf")
    with pytest.raises(NoSolution, match=r"other: the project offers sdists only"):
        mirror(workspace)


def test_a_wheel_for_this_system_ends_the_others_after_one_build(workspace: Workspace, index: Index) -> None:
    """A platform wheel is a gap for a foreign target: pip does not go back to older releases, which would be built too."""
    index.add(*(make_buildable("leaf", f"{number}.0", tag="cp311-cp311-linux_x86_64") for number in range(1, 5)))
    index.add(make_wheel("app", "2.0", requires=["leaf"]), make_wheel("app", requires=["leaf"]))
    workspace.write("base.txt", "app\n")
    building(workspace, "leaf", targets=dict(THREE))
    with pytest.raises(Gaps) as caught:
        mirror(workspace)
    assert [gap.target for gap in caught.value.gaps] == ["linux", "windows", "mac"]
    assert caught.value.gaps[1].problem == (
        "the wheel of leaf 4.0 that is built here is for cp311-cp311-linux_x86_64, which does not fit"
    )
    # Equal gaps are one line.
    assert caught.value.lines[0].startswith("base on linux, windows, mac: the wheel of leaf 4.0")
    assert caught.value.gaps[0].next_step.startswith(
        "install pypi-subset[sdists], whose auditwheel may make it fit; or "
    )
    assert caught.value.gaps[1].next_step.startswith(
        "build it on such a machine and put it into requirements/wheels, with only = false below [sources.wheels] in subset.toml"
    )
    assert [hit.path for hit in index.hits(".tar.gz")] == ["/files/leaf-4.0.tar.gz"]


@pytest.mark.slow
def test_builds_of_one_project_are_limited(workspace: Workspace, index: Index) -> None:
    """If what is built does not satisfy, older releases are built up to a limit; the gap is that of the newest one."""
    index.add(*(make_buildable("leaf", f"{number}.0", requires=["gone"]) for number in range(1, MOST + 3)))
    index.add(make_sdist("gone"))
    workspace.write("base.txt", "leaf\n")
    building(workspace, "leaf")
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert caught.value.problem == (
        f"gone (required by leaf {MOST + 2}.0): the project offers sdists only, and a subset holds wheels"
    )
    assert caught.value.next_step.startswith('write build = ["gone"] below [sdists] in subset.toml')
    assert caught.value.next_step.endswith(
        "; leaf 2.0 and older releases were not tried, since 5 releases were built in this run; "
        "to try one, name it in a set, as in `leaf==2.0`, or pin a project that requires it"
    )
    assert caught.value.requests == ("base.txt:1",)
    assert [hit.path for hit in index.hits(".tar.gz")] == [f"/files/leaf-{MOST + 2 - n}.0.tar.gz" for n in range(MOST)]


@pytest.mark.slow
def test_what_lines_and_locks_name_is_built_without_a_limit(workspace: Workspace, index: Index) -> None:
    """Many releases of one project, each pinned by a set, are built; a new checkout builds all of them again."""
    for number in range(1, MOST + 2):
        index.add(make_buildable("leaf", f"{number}.0"))
        workspace.write(f"s{number}.txt", f"leaf=={number}.0\n")
    building(workspace, "leaf")
    assert len(mirror(workspace)[0].built) == MOST + 1
    for number in range(1, MOST + 2):
        # The locks alone name the releases now.
        index.add(make_wheel("top", f"{number}.0", requires=[f"leaf=={number}.0"]))
        workspace.write(f"s{number}.txt", f"top=={number}.0\n")
    mirror(workspace)
    shutil.rmtree(workspace.paths.packages)
    shutil.rmtree(workspace.paths.site)
    assert mirror(workspace)[0].resolved == 0


@pytest.mark.slow
def test_the_limit_names_what_is_against_the_newest_release(workspace: Workspace, index: Index) -> None:
    """It may be met through releases of another project, each of which requires another release to be built."""
    index.add(*(make_buildable("leaf", f"{number}.0", requires=["gone"]) for number in range(1, MOST + 3)))
    index.add(*(make_wheel("top", f"{number}.0", requires=[f"leaf=={number}.0"]) for number in range(1, MOST + 3)))
    workspace.write("base.txt", "top\n")
    building(workspace, "leaf")
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    newest = f"{MOST + 2}.0"
    assert caught.value.problem == f"gone (required by leaf {newest}, by top {newest}): no index has a project gone"
    assert caught.value.requests == ("base.txt:1",)
    assert len(index.hits(".tar.gz")) == MOST
    assert "; leaf 2.0 and older releases were not tried, since 5 releases were built" in caught.value.next_step


def test_what_explains_a_failed_build_may_build(workspace: Workspace, index: Index) -> None:
    """Why a build environment has no solution is asked of another release that is to be built: no build waits for itself."""
    index.add(make_buildable("leaf", build_requires=["tool", "gone"]), make_buildable("tool"), make_sdist("gone"))
    workspace.write("base.txt", "leaf\n")
    building(workspace, "leaf", "tool")
    with pytest.raises(NoSolution, match=r"leaf 1\.0 cannot be built .* since its build requires gone"):
        mirror(workspace)


def test_a_build_that_fails_is_a_gap_with_its_reason(workspace: Workspace, index: Index) -> None:
    """The last line that the back-end said, and the way out; nothing older is tried."""
    index.add(make_buildable("leaf", "2.0", code=["raise SystemExit('no lber.h here')"]), make_buildable("leaf"))
    workspace.write("base.txt", "leaf\n")
    building(workspace, "leaf")
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert caught.value.problem == ("leaf 2.0 cannot be built from leaf-2.0.tar.gz: build_wheel failed: no lber.h here")
    assert (caught.value.project, caught.value.requests) == ("leaf", ("base.txt:1",))
    assert index.gets(".tar.gz") == 1


def test_one_set_that_cannot_have_a_build_leaves_the_others_alone(workspace: Workspace, index: Index) -> None:
    """A gap is one of its set and target; another set of the same target has no part in it."""
    index.add(make_buildable("leaf", code=["raise SystemExit('no')"]), make_wheel("app"))
    workspace.write("base.txt", "leaf\n")
    workspace.write("more.txt", "app\n")
    building(workspace, "leaf")
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert caught.value.set_name == "base"


def test_a_locked_wheel_is_not_built_again(workspace: Workspace, index: Index) -> None:
    """An update takes the wheel from packages/: newer build requirements change no locked file."""
    index.add(make_buildable("leaf", build_requires=["tool"]), make_wheel("tool"))
    workspace.write("base.txt", "leaf\n")
    building(workspace, "leaf")
    mirror(workspace)
    first = read_lock(workspace, "base--here")
    index.add(make_wheel("tool", "2.0"))
    _, said = mirror(workspace, update=True)
    assert "building" not in said
    assert read_lock(workspace, "base--here") == first


@pytest.mark.slow
def test_a_checkout_without_packages_builds_the_locked_bytes(workspace: Workspace, index: Index) -> None:
    """Build requirements are those of the lock, though newer ones are offered by then."""
    tool = {"tool.py": b"TEXT = 'one'\n"}
    code = ["import tool", "body += tool.TEXT"]
    index.add(make_buildable("leaf", build_requires=["tool"], code=code), make_wheel("tool", files=tool))
    workspace.write("base.txt", "leaf\n")
    building(workspace, "leaf")
    mirror(workspace)
    lock = read_lock(workspace, "base--here")
    index.add(make_wheel("tool", "2.0", files={"tool.py": b"TEXT = 'two'\n"}))
    shutil.rmtree(workspace.paths.packages)
    shutil.rmtree(workspace.paths.site)
    _, said = mirror(workspace)
    assert said.count("building a wheel from leaf-1.0.tar.gz") == 1
    assert read_lock(workspace, "base--here") == lock
    # Where the locked requirement is gone, nothing is built with another one.
    index.projects["tool"] = index.projects["tool"][1:]
    shutil.rmtree(workspace.paths.packages)
    shutil.rmtree(workspace.paths.site)
    with pytest.raises(UpstreamError) as caught:
        mirror(workspace)
    assert "it was built with tool 1.0, and tool-1.0-py3-none-any.whl is not offered any more" in caught.value.what
    assert "copy leaf-1.0-0subset-py3-none-any.whl into packages/" in caught.value.next_step


def test_hashes_are_those_of_the_sdist(workspace: Workspace, index: Index) -> None:
    """A request that states the sdist's hash, as other tools write it, gets the wheel; another hash does not."""
    leaf = make_buildable("leaf")
    index.add(leaf)
    stated = f"sha256:{hashlib.sha256(leaf.data).hexdigest()}"
    workspace.write("base.txt", f"leaf==1.0 --hash={stated}\n")
    building(workspace, "leaf")
    mirror(workspace)
    assert versions(workspace, "base--here") == {"leaf": "1.0"}
    workspace.write("base.txt", f"leaf==1.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert caught.value.problem == (
        f"base.txt:1: leaf-1.0.tar.gz, which leaf==1.0 is built from, has sha256 {stated[7:]}, the set wants {'0' * 64}"
    )
    # A page that states no hash: what is known is that it is another one.
    index.facts = False
    with pytest.raises(NoSolution, match=r"leaf-1\.0\.tar\.gz, which leaf==1\.0 is built from, has "):
        mirror(workspace)


def test_what_is_built_differently_is_warned_of(workspace: Workspace, index: Index) -> None:
    """A build that does not give the same bytes twice names the members that differ."""
    index.add(make_buildable("leaf", code=["import uuid", "body += str(uuid.uuid4())"]))
    workspace.write("base.txt", "leaf\n")
    building(workspace, "leaf")
    result, said = mirror(workspace)
    (warning,) = result.warnings
    assert warning.startswith("leaf 1.0 was built to other bytes with Python 3.")
    assert warning.endswith(": leaf-1.0.dist-info/RECORD, leaf.py differ")
    assert warning.partition(" with ")[0] in said


@pytest.mark.slow
def test_a_build_requirement_without_a_wheel_is_built_too(workspace: Workspace, index: Index) -> None:
    """It must be named as well; it is no part of the subset."""
    index.add(make_buildable("leaf", build_requires=["tool"], code=["import tool"]), make_buildable("tool"))
    workspace.write("base.txt", "leaf\n")
    building(workspace, "leaf")
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert (
        "its build requires tool (required by" in caught.value.problem
        or "its build requires tool:" in caught.value.problem
    )
    assert caught.value.next_step == (
        "add 'tool' to build below [sdists] as well, and take it out of keep if it is there"
    )
    building(workspace, "leaf", "tool")
    mirror(workspace)
    pin = read_lock(workspace, "base--here").pins[0].distribution
    assert pin.built is not None
    assert [name for name, *_ in pin.built.requires] == ["tool"]
    assert versions(workspace, "base--here") == {"leaf": "1.0"}


def test_builds_that_require_each_other_are_an_error(workspace: Workspace, index: Index) -> None:
    """The circle is named."""
    index.add(make_buildable("one", build_requires=["two"]), make_buildable("two", build_requires=["one"]))
    workspace.write("base.txt", "one\n")
    building(workspace, "one", "two")
    with pytest.raises(NoSolution, match=r"one 1\.0 requires two 1\.0 requires one 1\.0"):
        mirror(workspace)


@pytest.mark.slow
def test_builds_go_three_levels_deep(workspace: Workspace, index: Index) -> None:
    """The chain that is too long is named."""
    names = ["aa", "bb", "cc", "dd"]
    for name, needed in zip(names, [*names[1:], ""], strict=True):
        index.add(make_buildable(name, build_requires=[needed] if needed else []))
    workspace.write("base.txt", "aa\n")
    building(workspace, *names)
    with pytest.raises(NoSolution, match=r"more than 3 builds require each other: aa 1\.0, bb 1\.0, cc 1\.0, dd 1\.0"):
        mirror(workspace)
    workspace.write("base.txt", "bb\n")
    mirror(workspace)
    assert versions(workspace, "base--here") == {"bb": "1.0"}


def test_what_the_hook_requires_is_locked_too(workspace: Workspace, index: Index) -> None:
    """The hook runs in the static environment, and what it adds is in the final one; markers have no extras."""
    index.add(
        make_buildable(
            "leaf",
            build_requires=["tool"],
            hook_requires=["plugin", "never; extra == 'all'"],
            code=["import tool, plugin"],
        ),
        make_wheel("tool"),
        make_wheel("plugin"),
    )
    workspace.write("base.txt", "leaf\n")
    building(workspace, "leaf")
    mirror(workspace)
    pin = read_lock(workspace, "base--here").pins[0].distribution
    assert pin.built is not None
    assert [name for name, *_ in pin.built.requires] == ["plugin", "tool"]


def test_a_local_sdist_is_built(workspace: Workspace, index: Index) -> None:
    """The first mirror has the wheel of an sdist in the directory of a source; so does a checkout without packages/."""
    sdist, folder = make_buildable("acme-s"), workspace.root / "mine"
    folder.mkdir()
    (folder / sdist.filename).write_bytes(sdist.data)
    workspace.write("base.txt", "acme-s\n")
    source = '[sources.own]\nwheels = "../mine"\nprojects = ["acme-s"]\n'
    workspace.toml(dict(HOST), more=f'{source}[sdists]\nbuild = ["acme-s"]\n')
    assert mirror(workspace)[0].built == ("acme_s-1.0-0subset-py3-none-any.whl",)
    built = read_lock(workspace, "base--here").pins[0].distribution.built
    assert built is not None
    assert (built.url, built.path) == (None, "../../mine/acme_s-1.0.tar.gz")
    assert (workspace.paths.locks / str(built.path)).resolve() == (folder / sdist.filename).resolve()
    shutil.rmtree(workspace.paths.packages)
    shutil.rmtree(workspace.paths.site)
    assert mirror(workspace)[0].resolved == 0
    assert index.requests == []


def test_a_wheel_is_built_again_with_newer_requirements(workspace: Workspace, index: Index) -> None:
    """Without the wheel and its lock, an update that may forget the file takes the newest build requirement."""
    code = ["import tool", "body = repr(tool.NUMBER)"]
    tools = [make_wheel("tool", one, files={"tool.py": f"NUMBER = {one}\n".encode()}) for one in ("1.0", "2.0")]
    index.add(make_buildable("leaf", build_requires=["tool"], code=code), tools[0])
    workspace.write("base.txt", "leaf\n")
    building(workspace, "leaf")
    mirror(workspace)
    index.add(tools[1])
    name = "leaf-1.0-0subset-py3-none-any.whl"
    (workspace.paths.packages / name).unlink()
    (workspace.paths.locks / "pylock.base--here.toml").unlink()
    mirror(workspace, update=True, forget=[name])
    built = read_lock(workspace, "base--here").pins[0].distribution.built
    assert built is not None
    assert [version for _, version, _ in built.requires] == ["2.0"]
