"""The story from requirements to site, with real pip against a real index on loopback."""

from __future__ import annotations

import io
import json
import re
import shutil
import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, cast

import pytest
import tomli_w
from packaging.pylock import Pylock
from rich.console import Console

from pypi_subset.cli.display import Display
from pypi_subset.errors import (
    BadDistribution,
    FolderError,
    Gaps,
    HashMismatch,
    NoSolution,
    SubsetError,
    UndefinedMarker,
)
from pypi_subset.locks import lockfile
from pypi_subset.model.checks import Check
from pypi_subset.model.manifest import read_manifest
from pypi_subset.packages import download
from pypi_subset.pipeline import mirror as pipeline
from pypi_subset.proof.cases.case import cases_of
from pypi_subset.proof.methods.prove import prove
from pypi_subset.proof.report import report
from pypi_subset.requirements.subset import read_subset
from pypi_subset.resolve import resolver
from pypi_subset.site import manifest
from pypi_subset.targets.tag import parse
from tests.support.servers.index import Index
from tests.support.servers.index_pages import project_of, version_of
from tests.support.sites import chain_check as chaincheck
from tests.support.sites.trees import CACHES, tree
from tests.support.values import artifacts_of
from tests.support.wheels import make_sdist, make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from packaging.markers import Environment

    from pypi_subset.model.locks import Lock
    from pypi_subset.model.requests import Job
    from pypi_subset.pipeline.mirror import MirrorResult
    from tests.support.sites.workspace import Workspace
    from tests.support.wheels import Wheel

LINUX, WINDOWS, MAC = "cp310-manylinux2014_x86_64", "cp310-win_amd64", "cp312-macosx_13_0_arm64"
THREE = {"linux": LINUX, "windows": WINDOWS, "mac": MAC}


@pytest.fixture(autouse=True)
def _use_index(index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's pip is configured for the loopback index."""
    monkeypatch.setenv("PIP_INDEX_URL", index.url)


def mirror(space: Workspace, *, update: bool = False) -> tuple[MirrorResult, str]:
    """Return the summary of one run, and what it said."""
    said = io.StringIO()
    summary = pipeline.mirror(space.paths, progress=Display(Console(file=said, width=200)), update=update)
    return summary, said.getvalue()


def read_lock(space: Workspace, name: str) -> Lock:
    """Return one lock of the workspace."""
    return lockfile.read(lockfile.path_of(space.paths.locks, name))


def versions(space: Workspace, name: str) -> dict[str, str]:
    """Return project → version of one lock."""
    return {pin.distribution.project: str(pin.distribution.version) for pin in read_lock(space, name).pins}


def releases(space: Workspace, name: str) -> list[tuple[str, str, str]]:
    """Return project, version and marker of each pin of one lock, in its order."""
    pins = [(pin.distribution, pin.marker) for pin in read_lock(space, name).pins]
    return [(one.project, str(one.version), str(marker or "")) for one, marker in pins]


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


def test_patch_level_counts(workspace: Workspace, index: Index) -> None:
    """Requires-Python and markers see the target's full version; X.Y alone means every X.Y.z."""
    index.add(make_wheel("lib", "2.0", requires_python=">3.9.1"), make_wheel("lib", "1.0"), make_wheel("timeout"))
    index.add(make_wheel("redis", requires=["timeout; python_full_version < '3.9.3'"]))
    workspace.write("base.txt", "lib\nredis\n")
    exact = {"tag": "cp39-manylinux2014_x86_64", "python": "3.9.20"}
    workspace.toml({"exact": exact, "minor": "cp39-manylinux2014_x86_64"})
    mirror(workspace)
    assert versions(workspace, "base--exact") == {"lib": "2.0", "redis": "1.0"}
    assert releases(workspace, "base--minor") == [
        ("lib", "1.0", 'python_full_version < "3.9.2"'),
        ("lib", "2.0", 'python_full_version >= "3.9.2"'),
        ("redis", "1.0", ""),
        ("timeout", "1.0", 'python_full_version < "3.9.3"'),
    ]


def test_what_every_patch_level_needs_is_there(workspace: Workspace, index: Index) -> None:
    """A standard reader of the lock selects for each patch level what pip on it installs from the site."""
    index.add(make_wheel("lib", "2.0", requires_python="!=3.11.4"), make_wheel("lib", "1.0"))
    index.add(make_wheel("redis", requires=["timeout; python_full_version < '3.11.3'", "lib"]))
    index.add(make_wheel("timeout", requires=["deep; python_full_version < '3.11.2'"]), make_wheel("deep"))
    workspace.write("base.txt", "redis\n")
    workspace.toml({"minor": "cp311-manylinux2014_x86_64"})
    mirror(workspace)
    pylock = Pylock.from_dict(tomllib.loads(lockfile.path_of(workspace.paths.locks, "base--minor").read_text()))
    environment = parse("minor", "cp311-manylinux2014_x86_64").environment
    unknown = {"platform_release": "", "platform_version": ""}
    found = {}
    for patch in range(7):
        full = f"3.11.{patch}"
        selected = pylock.select(
            environment=cast("Environment", environment | {"python_full_version": full} | unknown),
            tags=parse("minor", "cp311-manylinux2014_x86_64").tags,
        )
        found[patch] = {package.name: str(package.version) for package, _ in selected}
    new, old = {"redis": "1.0", "lib": "2.0"}, {"redis": "1.0", "lib": "1.0"}
    assert found == {
        **dict.fromkeys((0, 1), new | {"timeout": "1.0", "deep": "1.0"}),
        2: new | {"timeout": "1.0"},
        **dict.fromkeys((3, 5, 6), new),
        4: old,
    }
    assert {path.name for path in workspace.paths.site.rglob("*.whl")} == {
        f"{name}-py3-none-any.whl" for name in ("lib-1.0", "lib-2.0", "redis-1.0", "timeout-1.0", "deep-1.0")
    }
    assert json.loads((workspace.paths.site / "manifest.json").read_bytes())
    index.requests.clear()
    assert not mirror(workspace)[0].published
    shutil.rmtree(workspace.paths.packages)
    shutil.rmtree(workspace.paths.site)
    assert mirror(workspace)[0].fetched == 5


def test_patch_levels_are_asked_only_where_metadata_does(
    workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One resolution for a minor version, unless something that was looked at reads the patch level."""
    index.add(make_wheel("app", requires=["lib; python_version < '3.12'"], requires_python=">=3.8"), make_wheel("lib"))
    index.add(make_wheel("old", "1.0", requires_python="!=3.11.4"), make_wheel("old", "2.0", requires_python=">=3.8"))
    workspace.write("base.txt", "app\nold\n")
    workspace.toml({"minor": "cp311-manylinux2014_x86_64"})
    patches: list[int] = []
    answer = resolver._answer  # noqa: SLF001

    def counted(job: Job, **others: Any) -> Any:
        patches.append(job.target.python[2])
        return answer(job, **others)

    monkeypatch.setattr(resolver, "_answer", counted)
    mirror(workspace)
    assert patches == [0]
    workspace.write("base.txt", "app\nold\nlib; python_full_version < '3.11.6'\n")
    mirror(workspace)
    assert patches == [0, 0, 6]
    # What Python 3.11.6 gets is what 3.11.0 gets: the lock does not tell them apart.
    assert releases(workspace, "base--minor") == [("app", "1.0", ""), ("lib", "1.0", ""), ("old", "2.0", "")]


def test_a_release_that_only_later_patch_levels_may_have(workspace: Workspace, index: Index) -> None:
    """The first patch level never looks into it: that its page shuts that one out alone is enough to ask again."""
    index.add(make_wheel("lib", "2.0", requires_python=">=3.11.2"), make_wheel("lib", "1.0"))
    index.add(make_wheel("lib", "0.9", requires_python=">=3.11.5"))
    workspace.write("base.txt", "lib\n")
    workspace.toml({"minor": "cp311-manylinux2014_x86_64"})
    mirror(workspace)
    assert releases(workspace, "base--minor") == [
        ("lib", "1.0", 'python_full_version < "3.11.2"'),
        ("lib", "2.0", 'python_full_version >= "3.11.2"'),
    ]


def test_an_exact_version_is_just_that(workspace: Workspace, index: Index) -> None:
    """`python = "3.11.2"` has one answer, without markers."""
    index.add(make_wheel("redis", requires=["timeout; python_full_version < '3.11.3'"]), make_wheel("timeout"))
    workspace.write("base.txt", "redis\n")
    workspace.toml({"exact": {"tag": "cp311-manylinux2014_x86_64", "python": "3.11.2"}})
    mirror(workspace)
    assert releases(workspace, "base--exact") == [("redis", "1.0", ""), ("timeout", "1.0", "")]


@pytest.mark.parametrize("update", [False, True])
def test_each_page_and_file_crosses_the_network_once(workspace: Workspace, update: bool) -> None:  # noqa: FBT001
    """An index without metadata, ranges and cache headers is asked once for each page and file, for three targets."""
    with Index(metadata=False, ranges=False) as bare, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_INDEX_URL", bare.url)
        bare.add(make_wheel("app", requires=["lib", "other"], ballast=300_000), make_wheel("lib", ballast=300_000))
        bare.add(make_wheel("other", requires=["lib"], ballast=200), make_wheel("unused"))
        workspace.write("base.txt", "app\n")
        workspace.write("more.txt", "lib\nother\n")
        workspace.toml(THREE)
        mirror(workspace, update=update)
        pages = {f"/simple/{name}/": 1 for name in ("app", "lib", "other")}
        files = {f"/files/{name}-1.0-py3-none-any.whl": 1 for name in ("app", "lib", "other")}
        assert bare.counts() == pages | files


def test_metadata_comes_from_a_wheels_end(workspace: Workspace) -> None:
    """Where the index has ranges but no metadata, a wheel that is not chosen costs its end alone."""
    with Index(metadata=False) as ranged, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PIP_INDEX_URL", ranged.url)
        ranged.add(make_wheel("app", "2.0", requires=["lib>=2"], ballast=400_000))
        ranged.add(make_wheel("app", "1.0", requires=["lib"], ballast=400_000), make_wheel("lib", "1.0"))
        workspace.write("base.txt", "app\n")
        workspace.toml({"linux": LINUX})
        mirror(workspace)
        assert versions(workspace, "base--linux") == {"app": "1.0", "lib": "1.0"}
        assert [hit.status for hit in ranged.hits("app-2.0-py3-none-any.whl")] == [206]
        assert [hit.status for hit in ranged.hits("app-1.0-py3-none-any.whl")] == [206, 200]


def test_the_lock_is_enough(workspace: Workspace, index: Index) -> None:
    """With a lock that matches, nothing is resolved: files alone are fetched, at the locked URLs, and no page."""
    index.add(make_wheel("app", requires=["lib"]), make_wheel("lib", "1.0"))
    workspace.write("base.txt", "app\n")
    workspace.toml(THREE)
    mirror(workspace)
    first = tree(workspace.root)
    index.add(make_wheel("lib", "2.0"))
    index.requests.clear()
    shutil.rmtree(workspace.paths.packages)
    shutil.rmtree(workspace.paths.site)
    summary, _ = mirror(workspace)
    assert (summary.resolved, summary.fetched) == (0, 2)
    assert set(index.counts()) == {"/files/app-1.0-py3-none-any.whl", "/files/lib-1.0-py3-none-any.whl"}
    assert tree(workspace.root) == first


@pytest.mark.parametrize("damaged", [False, True])
def test_files_come_back_from_the_site(workspace: Workspace, index: Index, damaged: bool) -> None:  # noqa: FBT001
    """packages/ can be deleted: what the site holds with the right hash is linked back, and no byte lies here twice."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    name = "app-1.0-py3-none-any.whl"
    published, kept = workspace.paths.site / "simple" / "app" / name, workspace.paths.packages / name
    shutil.rmtree(workspace.paths.packages)
    index.requests.clear()
    if damaged:
        published.write_bytes(b"damaged")
    summary, _ = mirror(workspace)
    assert (summary.fetched, len(index.requests)) == (damaged, damaged)
    assert published.samefile(kept)
    assert kept.read_bytes() == make_wheel("app").data


def test_what_is_unlikely_to_be_meant_is_said(workspace: Workspace, index: Index) -> None:
    """An extra that a release does not have and a yanked release are installed without, as by pip, but not in silence."""
    index.add(make_wheel("app", extras=["standard"], requires=["lib[fast]"]), make_wheel("lib"), make_wheel("old"))
    index.yank(make_wheel("old"), "broken")
    workspace.write("base.txt", "app[standart]\nold==1.0\n")
    workspace.toml(THREE)
    warnings = [line for line in mirror(workspace)[1].splitlines() if line.startswith("warning: ")]
    assert warnings == [
        "warning: app 1.0: lib 1.0 has no extra 'fast'; it has: none",
        "warning: base.txt:1: app 1.0 has no extra 'standart'; did you mean 'standard'?",
        "warning: old 1.0 was yanked: broken",
    ]
    assert "warning" not in mirror(workspace)[1]


def test_a_32_bit_python_may_say_another_machine(workspace: Workspace, index: Index) -> None:
    """Where that would decide otherwise, the value taken is named once for a set and target, until the user gives one."""
    wide, both = "wide; platform_machine in 'AMD64 ARM64'", "both; platform_machine != 'arm64'"
    index.add(
        make_wheel("app", requires=[wide, both, "deep; platform_machine == 'x86' and extra == 'x'"], extras=["x"])
    )
    index.add(*map(make_wheel, ("wide", "both", "deep")))
    workspace.write("base.txt", "app[x]\nboth; platform_machine == 'x86'\n")
    workspace.toml({"small": "cp312-win32", "windows": WINDOWS})
    printed = mirror(workspace)[1]
    assert [line for line in printed.splitlines() if "platform_machine" in line] == [
        (
            "warning: base--small: whether base.txt:2 asks for both (and 2 more) was decided for "
            "platform_machine = 'x86'; a 32-bit Python on a 64-bit system says 'AMD64' or 'ARM64': add platform_machine = "
            '"AMD64" to the target in subset.toml, or "x86" if it is so'
        )
    ]
    assert set(versions(workspace, "base--small")) == {"app", "both", "deep"}
    for value, expected in {"x86": {"app", "both", "deep"}, "AMD64": {"app", "both", "wide"}}.items():
        text = f'[targets]\nsmall = {{ tag = "cp312-win32", platform_machine = "{value}" }}\n'
        (workspace.paths.requirements / "subset.toml").write_text(text)
        assert "platform_machine" not in mirror(workspace)[1]
        assert set(versions(workspace, "base--small")) == expected


def test_a_gap_says_who_asks(workspace: Workspace, index: Index) -> None:
    """A requirement that no set has is told with the project that has it."""
    index.add(make_wheel("app", requires=["lib>=3"]), make_wheel("lib"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert caught.value.what == "base--linux: lib>=3 (required by app): no release satisfies it, the newest is 1.0"


def test_nothing_to_do(workspace: Workspace, index: Index) -> None:
    """A second run asks the index for nothing and leaves the site as it is."""
    index.add(make_wheel("app", requires_python=">=3.8, <4.0"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    assert mirror(workspace)[0].published
    before = workspace.paths.site.stat().st_ino
    index.requests.clear()
    summary, _ = mirror(workspace)
    assert (summary.resolved, summary.fetched, summary.published) == (0, 0, False)
    assert index.requests == []
    assert workspace.paths.site.stat().st_ino == before


def test_what_is_missing_in_the_site_comes_back(workspace: Workspace, index: Index) -> None:
    """A file that somebody removed from the site is put back by the next run."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    before = tree(workspace.paths.site)
    for name in ("app-1.0-py3-none-any.whl", "index.html"):
        (workspace.paths.site / "simple" / "app" / name).unlink()
        assert mirror(workspace)[0].published
        assert tree(workspace.paths.site) == before


@pytest.mark.parametrize("page", ["index.html", "find-links.html", "simple/index.html", "simple/app/index.html"])
def test_a_damaged_page_is_written_again(workspace: Workspace, index: Index, page: str) -> None:
    """Whatever somebody did to a page, or put beside it, is undone by the next run."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    before = tree(workspace.paths.site)
    path = workspace.paths.site / page
    path.write_bytes(path.read_bytes().replace(b"app", b"oops"))
    (workspace.paths.site / "simple" / "stray.txt").write_text("")
    assert mirror(workspace)[0].published
    assert tree(workspace.paths.site) == before


def test_chains_hold_against_the_wheels(workspace: Workspace, index: Index) -> None:
    """Every chain in the manifest can be rebuilt from the METADATA of the wheels in the site."""
    index.add(make_wheel("app", requires=["lib[x]", "win; os_name == 'nt'"]), make_wheel("win", requires=["lib"]))
    index.add(make_wheel("lib", requires=["deep; extra == 'x'"], extras=["x"]), make_wheel("deep"))
    workspace.write("base.txt", "app\n")
    workspace.write("more.txt", "lib[x]\nwin; os_name == 'nt'\n")
    workspace.toml(THREE)
    mirror(workspace)
    assert chaincheck.faults(read_manifest(workspace.paths.site), workspace.paths.site) == []


def test_a_changed_set_resolves_its_own_pairs(workspace: Workspace, index: Index) -> None:
    """A change in one set says so and resolves that set's pairs; a comment changes nothing."""
    index.add(*map(make_wheel, ("one", "two", "three")))
    workspace.write("first.txt", "one\n")
    workspace.write("second.txt", "two\n")
    workspace.toml({"linux": LINUX, "windows": WINDOWS})
    mirror(workspace)
    workspace.write("first.txt", "# a comment\n\none\n")
    assert mirror(workspace)[0].resolved == 0
    workspace.write("second.txt", "two\nthree\n")
    summary, said = mirror(workspace)
    assert summary.resolved == 2
    assert "second--linux: set changed, resolving anew" in said
    assert "first" not in said
    assert "second--linux: three 1.0 added" in summary.changes


def test_changed_constraints_resolve_anew(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pip's own constraint setting is obeyed and is an input of the lock; a set's ``-c`` is obeyed as well."""
    index.add(*(make_wheel("app", version) for version in ("1.0", "2.0", "3.0")))
    workspace.write("base.txt", "-c limit.in\napp\n")
    workspace.write("limit.in", "app<3\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"app": "2.0"}
    limit = workspace.root / "constraints.txt"
    limit.write_text("app<2\n")
    monkeypatch.setenv("PIP_CONSTRAINT", str(limit))
    _, said = mirror(workspace)
    assert "base--linux: pip's constraints changed, resolving anew" in said
    assert versions(workspace, "base--linux") == {"app": "1.0"}


def test_update_tells_what_changed(workspace: Workspace, index: Index) -> None:
    """An update resolves anew and names what came, went and moved; the superseded file stays, unpublished."""
    index.add(make_wheel("app", "1.0", requires=["old"]), make_wheel("old"), make_wheel("new"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    index.add(make_wheel("app", "1.1", requires=["new"]))
    assert mirror(workspace)[0].changes == ()
    summary, _ = mirror(workspace, update=True)
    assert summary.changes == (
        "base--linux: app 1.0 -> 1.1",
        "base--linux: new 1.0 added",
        "base--linux: old 1.0 is not needed any more",
    )
    assert summary.superseded == ("app-1.0-py3-none-any.whl", "old-1.0-py3-none-any.whl")
    assert (workspace.paths.packages / "old-1.0-py3-none-any.whl").is_file()
    assert {path.name for path in (workspace.paths.site / "simple").iterdir()} == {
        *("app", "new", "index.html", "index.v1_json", ".htaccess"),
    }


def test_a_set_that_is_gone_takes_its_lock_along(workspace: Workspace, index: Index) -> None:
    """The lock of a removed set is removed, and so are its pages."""
    index.add(make_wheel("one"), make_wheel("two"))
    workspace.write("first.txt", "one\n")
    second = workspace.write("second.txt", "two\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    second.unlink()
    summary, _ = mirror(workspace)
    assert [path.name for path in workspace.paths.locks.iterdir()] == ["pylock.first--linux.toml"]
    assert summary.superseded == ("two-1.0-py3-none-any.whl",)
    assert not (workspace.paths.site / "simple" / "two").exists()


def test_a_wrong_hash_is_set_aside(workspace: Workspace, index: Index) -> None:
    """A file in packages/ that is not what the lock says is named, kept in .rejected/, and replaced."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    before = tree(workspace.paths.site)
    path = workspace.paths.packages / "app-1.0-py3-none-any.whl"
    path.unlink()
    path.write_bytes(b"something else")
    summary, said = mirror(workspace)
    assert summary.rejected == ("app-1.0-py3-none-any.whl",)
    assert "app-1.0-py3-none-any.whl had a wrong hash" in said
    (kept,) = (workspace.paths.packages / ".rejected").iterdir()
    assert kept.read_bytes() == b"something else"
    assert tree(workspace.paths.site) == before


def test_a_stray_file_stops_the_run(workspace: Workspace, index: Index) -> None:
    """A file in packages/ that is no distribution is named; the site stays."""
    index.add(make_wheel("app"), make_wheel("lib"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    before = tree(workspace.paths.site)
    stray = workspace.paths.packages / "foo.whl"
    stray.write_bytes(b"")
    workspace.write("base.txt", "app\nlib\n")
    with pytest.raises(BadDistribution, match=r"foo\.whl: this is no wheel and no sdist; move it away"):
        mirror(workspace)
    assert tree(workspace.paths.site) == before


def test_same_name_other_bytes_is_fatal(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """One wheel name with two contents on two indexes stops the run and names both sources."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    with Index({"app": [make_wheel("app", files={"app.py": b"evil = True\n"})]}) as other:
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", other.url)
        with pytest.raises(HashMismatch) as caught:
            mirror(workspace)
    assert f"{index.url}app/" in str(caught.value)
    assert f"{other.url}app/" in str(caught.value)
    assert not workspace.paths.site.exists()


def test_an_index_that_lies_about_a_hash(workspace: Workspace, index: Index) -> None:
    """A file that is not what the page promised is refused, wherever pip meets it; no half file stays."""
    wheel = make_wheel("app")
    index.add(wheel)
    index.overrides[f"/files/{wheel.filename}"] = wheel.data + b"\0"
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(HashMismatch, match=r"app-1\.0-py3-none-any\.whl has sha256 .* promised"):
        mirror(workspace)
    assert not list(workspace.paths.packages.rglob("*.whl"))


def test_what_pip_put_there_is_checked_again(tmp_path: Path) -> None:
    """A file that pip fetched itself, since it found another than the locked one, is held against the lock."""
    wheel = make_wheel("app")
    (artifact,) = artifacts_of([wheel], tmp_path)
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / wheel.filename).write_bytes(b"something else")
    with pytest.raises(HashMismatch, match=r"app-1\.0-py3-none-any\.whl has sha256 .* on arrival"):
        download._settle(artifact.distribution, artifact.path, tmp_path / "files", tmp_path / "packages", print)  # noqa: SLF001


def test_local_files_become_relative_paths(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file from a find-links folder is locked as a path into packages/; the lock names no folder of this machine."""
    folder = workspace.root / "wheelhouse"
    folder.mkdir()
    make_wheel("app", requires=["lib"]).save(folder)
    index.add(make_wheel("lib"))
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    text = lockfile.path_of(workspace.paths.locks, "base--linux").read_text()
    assert 'path = "../../packages/app-1.0-py3-none-any.whl"' in text
    assert "file:" not in text
    assert str(workspace.root) not in text
    shutil.rmtree(workspace.paths.packages)
    shutil.rmtree(workspace.paths.site)
    assert mirror(workspace)[0].fetched == 2
    monkeypatch.delenv("PIP_FIND_LINKS")
    shutil.rmtree(workspace.paths.packages)
    # The site has it still, whether or not the folder that it came from is at hand.
    assert mirror(workspace)[0].fetched == 0
    shutil.rmtree(workspace.paths.packages)
    shutil.rmtree(workspace.paths.site)
    with pytest.raises(SubsetError, match=r"app-1\.0-py3-none-any\.whl came from a local folder and is not there"):
        mirror(workspace)


def test_a_file_index_is_local(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """An extra index on this disk is read as pip reads it, and its files are locked as paths too."""
    folder = workspace.root / "index"
    (folder / "simple" / "app").mkdir(parents=True)
    wheel = make_wheel("app")
    wheel.save(folder)
    (folder / "simple" / "app" / "index.html").write_text(f'<a href="../../{wheel.filename}">{wheel.filename}</a>')
    index.add(make_wheel("lib"))
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", (folder / "simple").as_uri())
    workspace.write("base.txt", "app\nlib\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    text = lockfile.path_of(workspace.paths.locks, "base--linux").read_text()
    assert 'path = "../../packages/app-1.0-py3-none-any.whl"' in text
    assert "file:" not in text


def test_credentials_never_reach_a_lock(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index that asks for a password is mirrored, and the password stands nowhere in what was written."""
    with Index(auth=("me", "s3cret")) as closed:
        closed.add(make_wheel("app", requires=["lib"]), make_wheel("lib"))
        monkeypatch.setenv("PIP_INDEX_URL", closed.login_url)
        workspace.write("base.txt", "app\n")
        workspace.toml({"linux": LINUX})
        mirror(workspace)
        assert versions(workspace, "base--linux") == {"app": "1.0", "lib": "1.0"}
        assert not any(b"s3cret" in data for data in tree(workspace.root).values())
        monkeypatch.setenv("PIP_INDEX_URL", f"http://me:wr0ng@{closed.host}/simple/")
        with pytest.raises(SubsetError, match="401") as caught:
            mirror(workspace, update=True)
    assert "wr0ng" not in str(caught.value)


@pytest.mark.parametrize("style", ["json", "html"])
def test_a_poor_index_is_enough(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, style: str) -> None:
    """Without hashes, sizes, metadata or ranges the lock still has hash and size of every file."""
    app = make_wheel("app", requires=["lib"])
    with Index(style=style, hashes=False, facts=False, metadata=False, ranges=False) as poor:  # type: ignore[arg-type]
        poor.add(app, make_wheel("lib"))
        monkeypatch.setenv("PIP_INDEX_URL", poor.url)
        workspace.write("base.txt", "app\n")
        workspace.toml({"linux": LINUX, "windows": WINDOWS})
        mirror(workspace)
        assert set(poor.counts().values()) == {1}
    one = read_lock(workspace, "base--linux").pins[0].distribution
    assert (one.sha256, one.size) == (app.sha256, len(app.data))


def test_a_yanked_release_keeps_its_mark(workspace: Workspace, index: Index) -> None:
    """A pinned release that was yanked is mirrored with its mark and reason, and stays so from lock to page (PEP 592)."""
    index.add(make_wheel("app"), make_wheel("app", "2.0"))
    index.yank(index.projects["app"][0], "leaks <secrets>")
    workspace.write("base.txt", "app==1.0\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    assert read_lock(workspace, "base--linux").pins[0].distribution.yanked == "leaks <secrets>"
    page = (workspace.paths.site / "simple" / "app" / "index.html").read_text()
    assert 'data-yanked="leaks &lt;secrets&gt;"' in page


def pylock(*packages: tuple[Wheel, str]) -> str:
    """Return a lock as another tool writes it: wheels, each with a marker or none."""
    entries = [
        {
            "name": project_of(wheel.filename),
            "version": version_of(wheel.filename),
            **({"marker": marker} if marker else {}),
            "wheels": [{"url": f"files/{wheel.filename}", "hashes": {"sha256": wheel.sha256}}],
        }
        for wheel, marker in packages
    ]
    return tomli_w.dumps({"lock-version": "1.0", "extras": ["gui"], "created-by": "test", "packages": entries})


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
        "app--linux: one line has a --hash, so everything needs '==' and a --hash; lib (from app==1.0) has not"
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


def test_extras_are_followed(workspace: Workspace, index: Index) -> None:
    """An extra, and an extra that asks for another, bring their dependencies; the reasons say through whom."""
    requires = ["core", "demo[fast]; extra == 'all'", "speed; extra == 'fast'", "docs; extra == 'doc'"]
    index.add(make_wheel("demo", requires=requires, extras=["all", "fast", "doc"]))
    index.add(*map(make_wheel, ("core", "speed", "docs")))
    workspace.write("base.txt", "demo[all]\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    pins = {str(pin.distribution.project): pin for pin in read_lock(workspace, "base--linux").pins}
    assert set(pins) == {"demo", "core", "speed"}
    assert pins["demo"].extras == ("all", "fast")
    assert [reason.by for reason in pins["speed"].reasons] == ["demo"]
    assert pins["demo"].requested
    assert not pins["core"].requested


def test_a_request_for_other_machines(workspace: Workspace, index: Index) -> None:
    """A request whose marker is false for a target is not requested there; a lock may even be empty."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app; sys_platform == 'win32'\n")
    workspace.toml({"linux": LINUX, "windows": WINDOWS})
    mirror(workspace)
    assert versions(workspace, "base--linux") == {}
    assert versions(workspace, "base--windows") == {"app": "1.0"}


def test_an_unknown_marker_value_is_an_error(workspace: Workspace, index: Index) -> None:
    """A marker that reads platform_release is an error naming project, marker and target, never silently false."""
    index.add(make_wheel("app", requires=["lib; platform_release >= '20'"]), make_wheel("lib"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(UndefinedMarker, match=r"app-1\.0.*platform_release.*linux"):
        mirror(workspace)
    workspace.write("base.txt", "lib; platform_version == '1'\n")
    with pytest.raises(UndefinedMarker, match=r"base\.txt:1.*platform_version.*linux"):
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


def test_all_gaps_at_once(workspace: Workspace, index: Index) -> None:
    """Every target without a solution is named in one error, with the lowest system that would do."""
    index.add(make_wheel("fast", tag="cp310-cp310-macosx_12_0_arm64"))
    index.add(make_wheel("fast", tag="cp310-cp310-manylinux_2_28_x86_64"))
    workspace.write("base.txt", "fast\n")
    workspace.toml({"mac": "cp310-macosx_11_0_arm64", "linux": LINUX, "good": "cp310-macosx_13_0_arm64"})
    with pytest.raises(Gaps) as caught:
        mirror(workspace)
    text = str(caught.value)
    assert "lowest macOS that works is 12.0 (macos-12): make the target cp310-macosx_12_0_arm64, which gets 1.0" in text
    assert "lowest glibc that works is 2.28 (rhel-8, debian-10): make the target cp310-manylinux_2_28_x86_64" in text
    assert "good" not in text


@pytest.mark.parametrize("trouble", ["status", "garbage", "type"])
def test_trouble_behind_pips_back_is_trouble(workspace: Workspace, index: Index, trouble: str) -> None:
    """A page that cannot be had is an error even where pip finds an older release that does without it."""
    index.add(make_wheel("app", "2.0", requires=["lib"]), make_wheel("app", "1.0"), make_wheel("lib"))
    if trouble == "status":
        index.on_request = lambda path: 418 if path == "/simple/lib/" else None
    elif trouble == "garbage":
        index.overrides["/simple/lib/"] = b"{"
    else:
        index.overrides["/simple/lib"] = b""
        index.on_request = lambda path: 301 if path == "/simple/lib/" else None
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(SubsetError, match="/simple/lib/"):
        mirror(workspace)
    assert not workspace.paths.locks.exists()


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


def test_metadata_that_contradicts_the_wheel(workspace: Workspace, index: Index) -> None:
    """A wheel whose separate metadata hides a requirement is refused: it would be published without it."""
    wheel, hidden = make_wheel("app", requires=["lib"]), make_wheel("app")
    index.add(replace(wheel, metadata=hidden.metadata), make_wheel("lib"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    for _ in range(2):
        # The lock that the first run wrote does not make it any better.
        with pytest.raises(
            BadDistribution, match=r"app-1\.0-py3-none-any\.whl and the metadata .* contradict each other"
        ):
            mirror(workspace)
        assert not workspace.paths.site.exists()


def test_metadata_with_another_hash(workspace: Workspace, index: Index) -> None:
    """Metadata that is not what the page promised is refused."""
    wheel = make_wheel("app")
    index.add(wheel)
    index.overrides[f"/files/{wheel.filename}.metadata"] = wheel.metadata + b"Requires-Dist: evil\n"
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(HashMismatch, match=r"app-1\.0-py3-none-any\.whl\.metadata has sha256"):
        mirror(workspace)


def test_a_local_file_with_other_bytes(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wheel in a find-links folder that differs from the index's of that name is fatal, though nobody gave its hash."""
    folder = workspace.root / "wheelhouse"
    folder.mkdir()
    make_wheel("app", files={"app.py": b"patched = True\n"}).save(folder)
    index.add(make_wheel("app"))
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(HashMismatch, match="has two contents"):
        mirror(workspace)


def test_hashes_in_pips_constraints_bind(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hash in the user's own constraint file is obeyed, as pip obeys it."""
    app = make_wheel("app")
    index.add(app)
    limit = workspace.root / "constraints.txt"
    monkeypatch.setenv("PIP_CONSTRAINT", str(limit))
    workspace.write("base.txt", "app==1.0\n")
    workspace.toml({"linux": LINUX})
    limit.write_text(f"app==1.0 --hash=sha256:{app.sha256}\n")
    mirror(workspace)
    limit.write_text(f"app==1.0 --hash=sha256:{'0' * 64}\n")
    with pytest.raises(SubsetError, match=r"(?i)hash"):
        mirror(workspace)


def test_a_renamed_lock_is_none(workspace: Workspace, index: Index) -> None:
    """A lock file under another pair's name is not that pair's lock."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    lockfile.path_of(workspace.paths.locks, "base--linux").rename(
        lockfile.path_of(workspace.paths.locks, "base--other")
    )
    workspace.toml({"other": LINUX})
    assert mirror(workspace)[0].resolved == 1
    assert read_lock(workspace, "base--other").target_name == "other"


def test_origins_move_with_the_lines(workspace: Workspace, index: Index) -> None:
    """A comment above a request resolves nothing, and the manifest says where the request stands now."""
    index.add(make_wheel("app", requires=["lib"]), make_wheel("lib"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    workspace.write("base.txt", "# one\n# two\napp\n")
    summary, _ = mirror(workspace)
    assert (summary.resolved, summary.published, summary.changes) == (0, True, ())
    (line, *_) = manifest.why(read_manifest(workspace.paths.site), "lib")
    assert "base.txt:3" in line


def test_an_update_mends_a_broken_lock(workspace: Workspace, index: Index) -> None:
    """A lock full of conflict markers stops a mirror, but not an update, which resolves it anew."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    path = lockfile.path_of(workspace.paths.locks, "base--linux")
    good = path.read_bytes()
    path.write_bytes(b"<<<<<<< \xff")
    with pytest.raises(SubsetError, match="the lock cannot be read"):
        mirror(workspace)
    mirror(workspace, update=True)
    assert path.read_bytes() == good


def test_a_yanked_release_is_passed_over(workspace: Workspace, index: Index) -> None:
    """Unless it is pinned, a yanked release is not chosen (PEP 592)."""
    index.add(make_wheel("app"), make_wheel("app", "2.0"))
    index.yank(index.projects["app"][1])
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"app": "1.0"}


def test_an_index_that_lies_about_a_size(workspace: Workspace, index: Index) -> None:
    """A file that is longer than the page promised is refused: lock and manifest would be wrong for ever."""
    wheel = make_wheel("app")
    index.add(wheel)
    page = index.body("/simple/app/", "")
    assert page is not None
    index.overrides["/simple/app/"] = page[1].replace(f'"size": {len(wheel.data)}'.encode(), b'"size": 1')
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(HashMismatch, match=f"has size {len(wheel.data)}, but .* promised 1"):
        mirror(workspace)


def test_an_sdist_only_project_is_a_finding(workspace: Workspace, index: Index) -> None:
    """A project without wheels is named with the way out, never a silent gap and never built."""
    index.add(make_wheel("app", requires=["docopt"]), make_sdist("docopt"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"windows": WINDOWS})
    with pytest.raises(
        NoSolution, match=r"docopt \(required by app\): the project offers sdists only.*pip wheel --no-deps docopt"
    ):
        mirror(workspace)


def test_a_project_that_nobody_has(workspace: Workspace) -> None:
    """A misspelt project is named as such."""
    workspace.write("base.txt", "pandsa\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(NoSolution, match="no index has a project pandsa; check the spelling"):
        mirror(workspace)


def test_a_conflict_is_boiled_down(workspace: Workspace, index: Index) -> None:
    """Requirements that contradict each other are shown with who has them, and what each rules out."""
    index.add(make_wheel("a", requires=["c<2"]), make_wheel("b", requires=["c>=2"]))
    index.add(make_wheel("c", "1.0"), make_wheel("c", "2.0"))
    workspace.write("base.txt", "a\nb\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert str(caught.value).splitlines() == [
        (
            "base--linux: the requirements contradict each other on c; "
            "loosen one of these requirements, or put them into separate sets"
        ),
        "    a 1.0 asks for c<2",
        "    b 1.0 asks for c>=2",
        "    c 2.0: not c<2, says a 1.0",
        "    c 1.0: not c>=2, says b 1.0",
    ]


def test_a_conflict_of_the_users_own_lines(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines of the set and of its constraints are told by file and line, pip's own constraint by its name."""
    index.add(make_wheel("c", "1.0"), make_wheel("c", "2.0"))
    workspace.write("limits.in", "c<2\n")
    workspace.write("base.txt", "-c limits.in\n\nc>=2\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert caught.value.project == "c"
    assert caught.value.seen == ("base.txt:3 asks for c>=2", "limits.in:1 asks for c<2", *caught.value.seen[2:])
    workspace.write("base.txt", "c>=2\n")
    limits = workspace.write("own.limits", "c<1.5\n")
    monkeypatch.setenv("PIP_CONSTRAINT", str(limits))
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert "pip's setting 'constraint' asks for c<1.5" in caught.value.seen


def test_a_dependency_without_a_wheel_is_the_headline(workspace: Workspace, index: Index) -> None:
    """Where every release asks for a project that has nothing for the target, that is what is told, and briefly."""
    index.add(*(make_wheel("app", f"{number}.0", requires=["native"]) for number in range(1, 30)))
    index.add(make_wheel("native", tag="cp312-cp312-win_arm64"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert str(caught.value).splitlines() == [
        (
            "base--linux: native (required by app 29.0): no wheel fits cp310-cp310-manylinux2014_x86_64; "
            "nothing is for this system, so leave the project out for this target; "
            "nearest is cp312-win_arm64, which gets 1.0"
        ),
        "    1.0: wheels for win_arm64",
        "    tags of 1.0: cp312 for win_arm64",
    ]


def test_requirements_that_agree_do_not_contradict_each_other(
    workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pin and a constraint that allow it are no conflict: it is the wheel that is missing, and that is said."""
    index.add(make_wheel("torch", "2.14", tag="cp310-cp310-manylinux_2_28_x86_64"))
    index.add(make_wheel("torch", "2.10", tag="cp310-cp310-manylinux_2_17_x86_64"))
    workspace.write("base.txt", "torch==2.14\n")
    monkeypatch.setenv("PIP_CONSTRAINT", str(workspace.write("own.limits", "torch<=2.14.1\n")))
    workspace.toml({"linux": LINUX})
    with pytest.raises(NoSolution, match=r"torch.*: no wheel fits .*; lowest glibc that works is 2\.28") as caught:
        mirror(workspace)
    assert "2.14: wheels start at manylinux_2_28, the target stops at 2_17" in str(caught.value)


_BUILD = ", or build one there from the sdist and name its folder in pip's 'find-links'"


def test_a_gap_keeps_to_what_is_asked_for(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a project with nothing for the target, only versions that the requirement and the constraints allow are told."""
    for version in ("2.15", "2.9", "2.8", "1.0"):
        index.add(make_wheel("torch", version, tag=f"cp310-cp310-win_{'amd64' if version == '2.8' else 'arm64'}"))
    workspace.write("base.txt", "torch>=2,<2.10\n")
    monkeypatch.setenv("PIP_CONSTRAINT", str(workspace.write("own.limits", "torch<=2.8\n")))
    workspace.toml({"linux": LINUX})
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert str(caught.value).splitlines() == [
        (
            "base--linux: torch<2.10,<=2.8,>=2 (required by base.txt:1, pip's setting 'constraint'): no wheel fits "
            "cp310-cp310-manylinux2014_x86_64; nothing is for this system, so leave the project out for this target; "
            "nearest is cp310-win_amd64, which gets 2.8"
        ),
        "    2.8: wheels for win_amd64",
        "    tags of 2.8: cp310 for win_amd64",
    ]


@pytest.mark.parametrize(
    ("lines", "other", "told"),
    [
        (
            "lib<2\n",
            "cp310-cp310-win_amd64",
            (
                "3.0, 2.0 have a wheel for this target, but base.txt:1 asks for lib<2: loosen that; "
                "nearest is cp310-win_amd64, which gets 1.0"
            ),
        ),
        (
            "app\n",
            "cp310-cp310-manylinux_2_28_x86_64",
            (
                "3.0, 2.0 have a wheel for this target, but app asks for lib<2: ask for another version of app; lowest "
                "glibc that works is 2.28 (rhel-8, debian-10): make the target cp310-manylinux_2_28_x86_64, which gets 1.0"
            ),
        ),
        (
            "lib==0.1\n",
            "cp310-cp310-win_amd64",
            (
                "3.0, 2.0 have a wheel for this target, but base.txt:1 asks for lib==0.1: loosen that; or build the wheel "
                "yourself ('pip wheel --no-deps lib') and name its folder in pip's 'find-links'"
            ),
        ),
    ],
)
def test_a_requirement_in_the_way_comes_first(
    workspace: Workspace, index: Index, lines: str, other: str, told: str
) -> None:
    """Versions that the target could have are named, with the requirement that shuts them out, before other targets."""
    index.add(
        *(make_wheel("lib", version, tag="cp310-cp310-manylinux1_x86_64") for version in ("2.0", "3.0", "4.0rc1"))
    )
    index.add(make_wheel("lib", "1.0", tag=other), make_wheel("app", requires=["lib<2"]), make_sdist("lib", "0.1"))
    workspace.write("base.txt", lines)
    workspace.toml({"linux": LINUX})
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert caught.value.next_step == told.replace("; nearest", f"{_BUILD}; nearest") + _BUILD * ("lowest" in told)


def test_hashes_of_the_set_that_are_missing_or_wrong(workspace: Workspace, index: Index) -> None:
    """One line that names the project and what to do, not pip's several."""
    app, lib = make_wheel("app", requires=["lib"]), make_wheel("lib")
    index.add(app, lib)
    workspace.toml({"linux": LINUX})
    for text, message in {
        f"app==1.0 --hash=sha256:{app.sha256}\n": "a --hash; lib (from app==1.0) has not; add them",
        f"app==1.0 --hash=sha256:{app.sha256}\nlib\n": "everything needs '==' and a --hash; lib has not; add them",
        f"app==1.0 --hash=sha256:{lib.sha256}\n": (
            f"base.txt:1: app==1.0 has sha256 {app.sha256}, the set wants {lib.sha256}; correct the hash"
        ),
    }.items():
        workspace.write("base.txt", text)
        with pytest.raises(NoSolution, match=re.escape(message)) as caught:
            mirror(workspace)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("requirement", "reason"),
    [
        ("app==9", "no release satisfies it, the newest is 3.0"),
        ("app==2.0", "2.0: Requires-Python >=3.12, the target has 3.10"),
        ("app==3.0", "3.0: sdist only"),
        ("app==1.0", "1.0: wheels for cp311, not for cp310-cp310"),
        ("app==0.9", "0.9: wheels for win_arm64, manylinux2014_x86_64"),
    ],
)
def test_why_each_release_was_rejected(workspace: Workspace, index: Index, requirement: str, reason: str) -> None:
    """What was seen is listed, with the obstacle of each release."""
    index.add(make_wheel("app", "1.0", tag="cp311-cp311-win_amd64"), make_sdist("app", "3.0"))
    index.add(make_wheel("app", "2.0", requires_python=">=3.12"))
    index.add(*(make_wheel("app", "0.9", tag=f"cp310-cp310-{name}") for name in ("manylinux2014_x86_64", "win_arm64")))
    workspace.write("base.txt", f"{requirement}\n")
    workspace.toml({"windows": WINDOWS})
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert reason in str(caught.value)


def test_no_network_is_one_line(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """An index that does not answer is named in one line with the next step."""
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(
        SubsetError, match=r"cannot fetch http://127\.0\.0\.1:9/simple/app/: .*refused; check the network"
    ) as e:
        mirror(workspace)
    assert "\n" not in str(e.value)


def test_a_damaged_wheel_is_named(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wheel that is no archive stops the run in one line that names it; the old site stays."""
    folder = workspace.root / "wheelhouse"
    folder.mkdir()
    (folder / "app-1.0-py3-none-any.whl").write_bytes(make_wheel("app").data[:100])
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(BadDistribution, match=r"app-1\.0-py3-none-any\.whl is a damaged wheel"):
        mirror(workspace)
    assert not workspace.paths.site.exists()


def test_a_kernel_update_does_not_resolve_the_host(
    workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The host's lock stays valid when nothing but the kernel's release and version changed."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"here": "host"})
    mirror(workspace)
    told = {"release": "99.9", "version": "#1 tomorrow"}
    for name, value in told.items():
        monkeypatch.setattr(f"platform.{name}", lambda value=value: value)
    summary, _ = mirror(workspace)
    assert (summary.resolved, summary.published) == (0, False)


POISON = {
    "PIP_NO_DEPS": "1",
    "PIP_TARGET": "elsewhere",
    "PIP_USER": "1",
    "PIP_PRE": "1",
    "PIP_ONLY_BINARY": ":none:",
    "PIP_NO_BINARY": ":all:",
    "PIP_PLATFORM": "win_amd64",
    "PIP_PYTHON_VERSION": "2.7",
    "PIP_IMPLEMENTATION": "pp",
    "PIP_ABI": "none",
    "PIP_DEST": "elsewhere",
    "PIP_NO_INDEX": "1",
    "PIP_REQUIRE_HASHES": "1",
    "PIP_IGNORE_REQUIRES_PYTHON": "1",
    "PIP_PREFER_BINARY": "1",
    "PIP_REQUIREMENT": "absent.txt",
    "PIP_QUIET": "3",
    "PIP_VERBOSE": "3",
    "PIP_LOG": "pip.log",
    "PIP_PREFIX": "elsewhere",
    "PIP_ROOT": "elsewhere",
    "PIP_DRY_RUN": "1",
    "PIP_REPORT": "elsewhere.json",
    "PIP_UPLOADED_PRIOR_TO": "2001-01-01",
    "PIP_PYTHON": "/nowhere/python",
    "PIP_REQUIRE_VIRTUALENV": "1",
    "PIP_ISOLATED": "1",
    "PIP_CACHE_DIR": "elsewhere",
    "PIP_EXISTS_ACTION": "a",
}


@pytest.mark.parametrize("where", ["variables", "file"])
def test_other_settings_of_pip_change_nothing(
    workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    """Whatever else the user told pip is overridden, by variable or by file: the lock is what it always is."""
    index.add(make_wheel("app", requires=["lib"]), make_wheel("lib"), make_wheel("lib", "2.0rc1"))
    index.add(make_wheel("app", "2.0", requires_python=">=3.12"), make_sdist("app", "3.0"))
    if where == "variables":
        for name, value in POISON.items():
            monkeypatch.setenv(name, value)
    else:
        lines = [f"{name.removeprefix('PIP_').lower().replace('_', '-')} = {value}" for name, value in POISON.items()]
        config = workspace.root / "pip.conf"
        config.write_text("\n".join(["[global]", *lines, "[download]", *lines, "[install]", *lines, ""]))
        monkeypatch.setenv("PIP_CONFIG_FILE", str(config))
    monkeypatch.chdir(workspace.root)
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"app": "1.0", "lib": "1.0"}
    left = {path.name for path in workspace.root.iterdir()} - {"pip.conf"}
    assert left == {"requirements", "packages", "site"}


def test_a_setting_that_pip_refuses(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value that pip itself cannot read is one line, in pip's words."""
    monkeypatch.setenv("PIP_TIMEOUT", "soon")
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(SubsetError, match=r"pip refuses its own configuration: .*soon"):
        mirror(workspace)


def test_building_twice_gives_the_same_bytes(workspace: Workspace, index: Index, tmp_path: Path) -> None:
    """Two mirrors of the same inputs, in two folders, are identical to the byte."""
    index.add(make_wheel("app", requires=["lib"]), make_wheel("lib", requires_python=">=3.7,<4"))
    workspace.write("base.txt", "app\n")
    workspace.toml(THREE)
    mirror(workspace)
    second = type(workspace)(tmp_path / "other")
    second.write("base.txt", "app\n")
    second.toml(THREE)
    mirror(second)
    assert tree(workspace.root) == tree(second.root)


def test_no_byte_is_stored_twice(workspace: Workspace, index: Index) -> None:
    """The site's files are the very files in packages/, by another name."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    (published,) = workspace.paths.site.rglob("*.whl")
    assert published.samefile(workspace.paths.packages / published.name)
    assert not any(path.is_symlink() for path in workspace.paths.site.rglob("*"))


def test_readmes_are_carried_along(workspace: Workspace, index: Index) -> None:
    """A README in packages/ and site/ survives every rebuild."""
    index.add(make_wheel("app"), make_wheel("lib"))
    workspace.toml({"linux": LINUX})
    for folder in (workspace.paths.packages, workspace.paths.site):
        folder.mkdir()
        (folder / "README.md").write_text(f"about {folder.name}\n")
    for text in ("app\n", "app\nlib\n"):
        workspace.write("base.txt", text)
        assert mirror(workspace)[0].published
    assert (workspace.paths.site / "README.md").read_text() == "about site\n"
    assert (workspace.paths.packages / "README.md").read_text() == "about packages\n"


def test_readmes_come_back(workspace: Workspace, index: Index) -> None:
    """Whoever deletes packages/ or site/, as README allows, gets its README back, and the files from the other one."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    index.requests.clear()
    for folder in (workspace.paths.packages, workspace.paths.site):
        assert (folder / "README.md").read_text().startswith(f"# {folder.name}/\n")
        before = tree(folder)
        shutil.rmtree(folder)
        mirror(workspace)
        assert tree(folder) == before
    (workspace.paths.site / "README.md").unlink()
    assert mirror(workspace)[0].published
    assert index.requests == []


@pytest.mark.parametrize("name", ["notes.txt", ".git", "src"])
def test_a_site_folder_with_other_things_is_refused(workspace: Workspace, index: Index, name: str) -> None:
    """A folder that holds anything that mirror did not make is never replaced: it may be somebody's home."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    workspace.paths.site.mkdir()
    (workspace.paths.site / name).mkdir()
    with pytest.raises(FolderError, match=f"mirror did not make {re.escape(name)}, .*; move it away"):
        mirror(workspace)
    assert [path.name for path in workspace.paths.site.iterdir()] == [name]
    assert index.requests == []


@pytest.mark.parametrize("name", ["index.html", "simple/mine.txt", "proof/thesis.pdf", "manifest.json"])
def test_a_folder_with_our_names_is_not_ours(workspace: Workspace, index: Index, name: str) -> None:
    """Somebody's pages under the names that ours have are never replaced."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    path = workspace.paths.site / name
    path.parent.mkdir(parents=True)
    path.write_text("mine")
    with pytest.raises(FolderError, match="mirror did not make"):
        mirror(workspace)
    assert path.read_text() == "mine"


def test_a_report_is_about_the_bytes_that_were_proven(workspace: Workspace, index: Index) -> None:
    """Nothing is proven of a new site; a report stays as it is until the site has other bytes, and then says so."""
    index.add(make_wheel("app"), make_wheel("lib"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    page = workspace.paths.site / "proof" / "index.html"
    assert "Nothing proven yet" in page.read_text()
    green = Check(target="linux", set_name="base", request="", proof="unpacked", status="passed")
    report.write_report(report.report_of([green], site=workspace.paths.site, seal="none"), workspace.paths.site)
    mirror(workspace)
    assert "Proven: 1 of 1" in page.read_text()
    workspace.write("base.txt", "app\nlib\n")
    mirror(workspace)
    assert "<title>Stale" in page.read_text()
    workspace.write("base.txt", "app\n")
    mirror(workspace)
    assert "Proven: 1 of 1" in page.read_text()


def test_locks_of_others_stay(workspace: Workspace, index: Index) -> None:
    """A lock that we did not write is not removed, whatever it is called."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    theirs = workspace.write("lock/pylock.mine.toml", 'lock-version = "1.0"\ncreated-by = "me"\npackages = []\n')
    assert mirror(workspace)[0].changes == ()
    assert theirs.is_file()


@pytest.mark.parametrize("site", [".", "packages", "packages/site", "requirements", "requirements/lock"])
def test_folders_in_one_another_are_refused(workspace: Workspace, site: str) -> None:
    """A site that is, holds, or stands in another of the folders is refused before anything is touched."""
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    before = tree(workspace.root)
    with pytest.raises(FolderError, match="stand in one another"):
        pipeline.mirror(replace(workspace.paths, site=workspace.root / site), progress=Display())
    assert tree(workspace.root) == before


def test_two_runs_at_once(workspace: Workspace, index: Index) -> None:
    """A second run in the same folders is refused while the first one works."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    refusals = []

    def second(path: str) -> None:
        if path == "/simple/app/":
            with pytest.raises(SubsetError, match="another run is working in this folder") as caught:
                mirror(workspace)
            refusals.append(caught.value)

    index.on_request = second
    mirror(workspace)
    assert len(refusals) == 1


def test_the_manifest_says_who_needs_what(workspace: Workspace, index: Index) -> None:
    """The manifest has the chain from a request to a file, for each target that needs it."""
    index.add(make_wheel("app", requires=["lib; sys_platform == 'win32'"]), make_wheel("lib", requires=["deep"]))
    index.add(make_wheel("deep"))
    workspace.write("base.txt", "\napp\n")
    workspace.toml({"linux": LINUX, "windows": WINDOWS})
    mirror(workspace)
    written = json.loads((workspace.paths.site / "manifest.json").read_text())
    (deep,) = (entry for entry in written["files"] if entry["project"] == "deep")
    (need,) = deep["needed_by"]
    assert (need["set"], need["target"]) == ("base", "windows")
    assert [(step["by"], step["origin"]) for step in need["chain"]] == [("", "base.txt:2"), ("app", ""), ("lib", "")]


def test_an_unreadable_lock_is_named(workspace: Workspace, index: Index) -> None:
    """A lock that somebody broke is named with its file and the next step."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    path = lockfile.path_of(workspace.paths.locks, "base--linux")
    path.write_text(path.read_text().replace("schema = 1", "schema = 99"))
    with pytest.raises(SubsetError, match="schema 99, this version reads 1"):
        mirror(workspace)
    path.write_text("[[packages")
    with pytest.raises(SubsetError, match=f"{path.name}: the lock cannot be read"):
        mirror(workspace)


def test_nothing_of_the_run_stays_behind(workspace: Workspace, index: Index) -> None:
    """After a run, and after one that failed, there is no working folder and no part of a file."""
    index.add(make_wheel("app"))
    workspace.toml({"linux": LINUX})
    for text, fine in (("app\n", True), ("nothing\n", False)):
        workspace.write("base.txt", text)
        if fine:
            mirror(workspace)
        else:
            with pytest.raises(NoSolution):
                mirror(workspace)
        hidden = {path.name for path in workspace.root.rglob(".*")}
        assert hidden == {".running", *CACHES, ".htaccess", ".nojekyll"}
        assert {path.name for path in workspace.root.iterdir()} == {"requirements", "packages", "site"}


def test_a_site_is_known_again_without_reading_it(
    workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing to do is found out by looking at names and times; whatever is touched is noticed, and mended."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    site = workspace.paths.site
    before = tree(site)
    with monkeypatch.context() as patched:
        patched.setattr("pypi_subset.site.builder.fill", None)
        assert not mirror(workspace)[0].published
    # A site without a manifest is not ours; the README is the user's, what was proven is no matter of the build's.
    for path in [
        path
        for path in site.rglob("*.*")
        if path.is_file() and path.name not in {"README.md", "manifest.json"} and path.stat().st_size
        if path.parent != site / "proof"
    ]:
        facts = path.stat()
        path.unlink()
        path.write_bytes(b"x" * facts.st_size)
        assert mirror(workspace)[0].published, path
        assert tree(site) == before, path
    (site / "simple" / "stray").mkdir()
    assert mirror(workspace)[0].published
    assert not (site / "simple" / "stray").exists()
    (site / "simple" / "app" / "index.html").chmod(0)
    assert mirror(workspace)[0].published
    assert (site / "simple" / "app" / "index.html").stat().st_mode & 0o400
    for name in CACHES:
        (workspace.paths.packages / name).unlink()
    assert not mirror(workspace)[0].published


@pytest.mark.parametrize("style", ["json", "html"])
def test_what_the_index_knows_reaches_the_site(
    workspace: Workspace, index: Index, style: Literal["json", "html"]
) -> None:
    """Times, provenance and the status of a project come from the upstream's page, by way of the lock."""
    index.style = style
    index.add(make_wheel("app"))
    index.told["app"] = {"provenance": "https://index.example/app", "upload-time": "2024-01-02T03:04:05Z"}
    index.status["app"] = {"status": "deprecated", "reason": "use another"}
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    for _ in range(2):
        # The second time from the lock alone.
        shutil.rmtree(workspace.paths.site, ignore_errors=True)
        mirror(workspace)
        page = json.loads((workspace.paths.site / "simple" / "app" / "index.v1_json").read_bytes())
        assert page["project-status"] == {"status": "deprecated", "reason": "use another"}
        (file,) = page["files"]
        assert {name: file[name] for name in index.told["app"]} == index.told["app"]


def test_metadata_that_pip_cannot_read(workspace: Workspace, index: Index) -> None:
    """A release that pip passes over for its own requirements is told as that, not as one that fits and is excluded."""
    index.add(make_wheel("app", "1.0"), make_wheel("app", "2.0", requires=[";;;nonsense"]))
    workspace.write("base.txt", "app>1\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert caught.value.what == (
        "base--linux: app>1: pip cannot read the metadata of what fits cp310-cp310-manylinux2014_x86_64"
    )
    assert caught.value.next_step == "1.0 has a wheel for this target, but base.txt:1 asks for app>1: loosen that"
    assert caught.value.seen == (
        "2.0: its metadata is invalid: Expected package name at the start of dependency specifier",
    )


def test_a_quarantined_project_offers_nothing(workspace: Workspace, index: Index) -> None:
    """Files of a project in quarantine are not taken, though the page lists them (PEP 792); the user is told why."""
    index.add(make_wheel("app", requires=["lib"]), make_wheel("lib"))
    index.status["lib"] = {"status": "quarantined", "reason": "it steals keys"}
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert str(caught.value) == (
        "base--linux: lib (required by app): lib is in quarantine (it steals keys); do without it: it may do harm"
    )


def test_the_site_has_locks_of_its_own(workspace: Workspace, index: Index) -> None:
    """Each lock stands in the site with ways to the site's files, and as requirements with hashes and as constraints."""
    app, lib = make_wheel("app", requires=["lib"]), make_wheel("lib")
    index.add(app, lib)
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    folder = workspace.paths.site / "locks"
    assert {path.name for path in folder.iterdir()} == {
        *("pylock.base--linux.toml", "base--linux.requirements.txt", "base--linux.constraints.txt"),
    }
    lock_of_site = Pylock.from_dict(tomllib.loads((folder / "pylock.base--linux.toml").read_text()))
    for package in lock_of_site.packages:
        (wheel,) = package.wheels or ()
        assert wheel.url is None
        assert (folder / str(wheel.path)).resolve().is_file()
    head = "# base on linux: cp310-cp310-manylinux2014_x86_64, Python 3.10\n"
    hashed = f"app==1.0 --hash=sha256:{app.sha256}\nlib==1.0 --hash=sha256:{lib.sha256}\n"
    assert (folder / "base--linux.requirements.txt").read_text() == head + hashed
    assert (folder / "base--linux.constraints.txt").read_text() == f"{head}app==1.0\nlib==1.0\n"


def test_a_checkout_of_an_earlier_release_is_upgraded_silently(workspace: Workspace, index: Index) -> None:
    """Its second site goes, whatever is left of it, its cache is built anew, and the site stays as it is: no message."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    packages = workspace.paths.packages
    before = tree(workspace.paths.site)
    for name in (".last-site", ".last-site.99999.gone.stage"):
        shutil.copytree(workspace.paths.site / "simple", packages / name / "simple")
    (packages / ".last-site" / "simple").chmod(0o500)
    for name in CACHES:
        (packages / name).unlink()
    (packages / ".memory.json").write_text('{"schema": 4, "site": {}, "known": {}}')

    summary, said = mirror(workspace)

    assert not summary.published
    assert "last-site" not in said
    assert {path.name for path in packages.glob(".*")} == {".running", *CACHES}
    assert tree(workspace.paths.site) == before
