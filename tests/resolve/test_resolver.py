"""Locks from pip's own resolver, for machines that are not this one."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import NoSolution, SubsetError
from pypi_subset.proof.cases.case import cases_of
from pypi_subset.proof.methods.prove import prove
from pypi_subset.requirements.subset import read_subset
from tests.support.wheels import make_sdist, make_wheel

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

from tests.support.stages.mirroring import LINUX, THREE, mirror, pylock, versions

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")


@pytest.mark.slow
def test_markers_are_the_targets(workspace: Workspace, index: Index) -> None:
    """A Windows-only and an old-Python-only dependency are locked where they are needed, and nowhere else."""
    index.add(
        make_wheel(
            "app",
            requires=[
                "colorama; sys_platform == 'win32'",
                "uvloop; sys_platform != 'win32'",
                "tomli; python_version < '3.11'",
                "arm; platform_machine == 'arm64'",
            ],
        ),
        *map(make_wheel, ("colorama", "uvloop", "tomli", "arm")),
    )
    workspace.write("base.txt", "app\n")
    workspace.toml(THREE)
    mirror(workspace)
    assert set(versions(workspace, "base--windows")) == {"app", "colorama", "tomli"}
    assert set(versions(workspace, "base--linux")) == {"app", "uvloop", "tomli"}
    assert set(versions(workspace, "base--mac")) == {"app", "uvloop", "arm"}
    site = {path.name for path in workspace.paths.site.rglob("*.whl")}
    assert site == {f"{name}-1.0-py3-none-any.whl" for name in ("app", "colorama", "uvloop", "tomli", "arm")}


def test_each_target_has_its_own_version(workspace: Workspace, index: Index) -> None:
    """The newest release without a wheel for one target does not take the project away from it, nor hold others back."""
    index.add(make_wheel("fast", "1.0", tag="cp310-cp310-manylinux2014_x86_64"))
    index.add(make_wheel("fast", "2.0", tag="cp310-cp310-manylinux_2_28_x86_64"))
    index.add(make_wheel("fast", "2.0", tag="cp310-cp310-macosx_11_0_arm64"))
    workspace.write("base.txt", "fast\n")
    workspace.toml({"old": LINUX, "new": "cp310-manylinux_2_28_x86_64", "mac": "cp310-macosx_12_0_arm64"})
    mirror(workspace)
    assert [versions(workspace, f"base--{name}")["fast"] for name in ("old", "new", "mac")] == ["1.0", "2.0", "2.0"]


def test_a_free_threaded_wheel_is_not_a_plain_one(workspace: Workspace, index: Index) -> None:
    """``cp313`` does not get a ``cp313t`` wheel, and a free-threaded target no ``abi3`` wheel."""
    index.add(make_wheel("fast", "1.0", tag="cp38-abi3-manylinux2014_x86_64"))
    index.add(make_wheel("fast", "0.9", tag="cp313-cp313t-manylinux2014_x86_64"))
    workspace.write("base.txt", "fast\n")
    workspace.toml({"plain": "cp313-manylinux2014_x86_64", "nogil": "cp313-cp313t-manylinux2014_x86_64"})
    mirror(workspace)
    assert versions(workspace, "base--plain") == {"fast": "1.0"}
    assert versions(workspace, "base--nogil") == {"fast": "0.9"}


@pytest.mark.slow
def test_a_lock_as_source_is_mirrored_as_it_is(workspace: Workspace, index: Index) -> None:
    """Each target gets exactly what the lock pins for it, no newer release, no other file; all of it is proven."""
    app, lib, newer = make_wheel("app", requires=["lib"]), make_wheel("lib"), make_wheel("lib", "2.0")
    colorama, gui = make_wheel("colorama"), make_wheel("gui")
    index.add(app, lib, newer, colorama, gui, make_wheel("app", "1.1"), make_wheel("lib", "2.1"))
    # Published after the lock was made, and the better fit.
    index.add(make_wheel("app", tag="cp310-cp310-manylinux2014_x86_64"))
    text = pylock(
        (app, ""),
        (lib, "python_version < '3.12'"),
        (newer, "python_version >= '3.12' and 'gui' not in extras"),
        (colorama, "sys_platform == 'win32'"),
        (gui, "'gui' in extras"),
    )
    workspace.write("../pylock.toml", text)
    workspace.toml({"linux": LINUX, "windows": "cp312-win_amd64"}, sets={"app": {"source": "../pylock.toml"}})
    mirror(workspace)
    assert versions(workspace, "app--linux") == {"app": "1.0", "lib": "1.0"}
    assert versions(workspace, "app--windows") == {"app": "1.0", "colorama": "1.0", "lib": "2.0"}
    site = {path.name: path.read_bytes() for path in workspace.paths.site.rglob("*.whl")}
    assert site == {wheel.filename: wheel.data for wheel in (app, lib, newer, colorama)}
    assert mirror(workspace)[0].resolved == 0
    work = workspace.root / "work"
    work.mkdir()
    # By the first way in; the others are compared with it.
    checks = [prove(case)[0] for case in cases_of(read_subset(workspace.paths.requirements), workspace.paths, (), work)]
    assert [check.reason for check in checks if check.status == "failed"] == []
    # For each target the set jointly, then app, the two of lib, and colorama.
    assert [check.status for check in checks[:5]] == ["passed", "passed", "passed", "skipped", "skipped"]
    assert [check.status for check in checks[5:]] == ["passed", "passed", "skipped", "passed", "passed"]


def test_a_lock_as_source_is_not_completed(workspace: Workspace, index: Index) -> None:
    """What a pin requires and the lock has not is an error that names it, not a file more."""
    app = make_wheel("app", requires=["lib"])
    index.add(app, make_wheel("lib"))
    workspace.write("../pylock.toml", pylock((app, "")))
    workspace.toml({"linux": LINUX}, sets={"app": {"source": "../pylock.toml"}})
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert caught.value.what == (
        "app--linux: pylock.toml does not have lib (from app==1.0), and nothing is added to a lock"
    )


def test_a_lock_of_pipenv_is_of_one_system(workspace: Workspace, index: Index) -> None:
    """What another system needs beside it is named in the Pipfile: pipenv leaves it out without any setting."""
    app = make_wheel("app", requires=["lib; sys_platform == 'win32'"])
    index.add(app, make_wheel("lib"))
    locked = {"app": {"version": "==1.0", "hashes": [f"sha256:{app.sha256}"]}}
    workspace.write("../Pipfile.lock", json.dumps({"_meta": {"pipfile-spec": 6}, "default": locked, "develop": {}}))
    workspace.toml({"windows": "cp312-win_amd64"}, sets={"app": {"source": "../Pipfile.lock"}})
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert caught.value.what.startswith("app--windows: Pipfile.lock does not have lib (from app==1.0), and")
    assert caught.value.next_step == (
        "pipenv locks for its own system alone: name what is missing in the Pipfile, and lock again"
    )


def test_hashes_in_requests_are_obeyed(workspace: Workspace, index: Index) -> None:
    """``--hash`` lines choose the file, and a hash that fits nothing is an error that shows it."""
    app, lib = make_wheel("app", requires=["lib"]), make_wheel("lib")
    index.add(app, lib)
    line = f"app==1.0 --hash=sha256:{app.sha256}\nlib==1.0 \\\n    --hash=sha256:{lib.sha256}\n"
    workspace.write("base.txt", line)
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"app": "1.0", "lib": "1.0"}
    workspace.write("base.txt", line.replace(app.sha256, "0" * 64))
    with pytest.raises(SubsetError, match=r"(?i)hash"):
        mirror(workspace)


def test_sets_may_disagree(workspace: Workspace, index: Index) -> None:
    """Two sets lock two versions of a project for one target, and the site has both."""
    index.add(make_wheel("app", "1.0"), make_wheel("app", "2.0"))
    workspace.write("new.txt", "app\n")
    workspace.write("old.txt", "app<2\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    assert versions(workspace, "new--linux") == {"app": "2.0"}
    assert versions(workspace, "old--linux") == {"app": "1.0"}
    assert len(list(workspace.paths.site.rglob("*.whl"))) == 2


def test_code_of_strangers_is_not_run(workspace: Workspace, index: Index) -> None:
    """A release that requires a URL is refused, and what lies there is neither fetched nor built."""
    trap = make_sdist("evil")
    index.add(make_wheel("app", requires=[f"evil @ {index.url.replace('simple', 'files')}{trap.filename}"]), trap)
    outside = workspace.root / trap.filename
    outside.write_bytes(trap.data)
    index.add(make_wheel("near", requires=[f"evil @ {outside.as_uri()}"]))
    workspace.toml({"linux": LINUX})
    for name in ("app", "near"):
        workspace.write("base.txt", f"{name}\n")
        with pytest.raises(SubsetError, match="requires a URL"):
            mirror(workspace)


def test_a_yanked_release_is_passed_over(workspace: Workspace, index: Index) -> None:
    """Unless it is pinned, a yanked release is not chosen (PEP 592)."""
    index.add(make_wheel("app"), make_wheel("app", "2.0"))
    index.yank(index.projects["app"][1])
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"app": "1.0"}


def test_pre_releases_are_those_of_the_set_that_asks(workspace: Workspace, index: Index) -> None:
    """``--pre`` takes a pre-release of what is requested and of what that requires; another set keeps to final releases."""
    index.add(*(make_wheel("app", number, requires=["part"]) for number in ("1.0", "2.0rc1")))
    index.add(*(make_wheel("part", number) for number in ("1.0", "1.1b2")))
    workspace.write("base.txt", f"-i {index.url}\napp\n")
    workspace.write("early.txt", f"--index-url={index.url}/\n--pre\napp\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"app": "1.0", "part": "1.0"}
    assert versions(workspace, "early--linux") == {"app": "2.0rc1", "part": "1.1b2"}
