"""What pages show of projects and requests: releases, requirements in both directions, and the ways from requests."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from msgspec import structs

from pypi_subset.site.manifest import needs_of
from pypi_subset.site.pages.facts import Chain, Step, projects_of, requests_of, users_of
from tests.support.stages.values import LINUX, WINDOWS, artifacts_of, lock_of, plan_of
from tests.support.stages.values import projects_of as grouped
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from pypi_subset.model.distributions import Project
    from pypi_subset.model.locks import Lock
    from pypi_subset.model.requests import Subset
    from pypi_subset.site.pages.facts import ProjectFacts

WHEELS = (
    make_wheel("app", requires=["lib-one", "tiny; extra == 'x'", "win; sys_platform == 'win32'"], extras=["x"]),
    make_wheel("lib-one", "1.0"),
    make_wheel("lib-one", "2.0"),
    make_wheel("tiny"),
    make_wheel("win", requires=["lib-one>=1"]),
)


def made(folder: Path, *lines: str) -> tuple[Subset, tuple[Lock, ...], tuple[Project, ...]]:
    """Return a subset with *lines* for two targets that get other releases of `lib-one`, its locks and its projects."""
    subset = plan_of(lines or ["App[x]>=1"], [LINUX, WINDOWS])
    app, one, two, tiny, win = artifacts_of(WHEELS, folder)
    linux = lock_of(subset.jobs[0], [app, one, tiny], WHEELS)
    windows = lock_of(subset.jobs[1], [app, two, tiny, win], WHEELS)
    return subset, (linux, windows), grouped([app, one, two, tiny, win])


def facts_of(folder: Path, *lines: str) -> dict[str, ProjectFacts]:
    """Return what is shown of each project of `made`."""
    subset, locks, projects = made(folder, *lines)
    return {one.name: one for one in projects_of(locks, projects, needs_of(subset, locks))}


def test_releases_are_newest_first(tmp_path: Path) -> None:
    """Each with the targets that need it, and the project with all of them."""
    lib = facts_of(tmp_path)["lib-one"]
    assert [(one.version, one.targets) for one in lib.releases] == [("2.0", ["windows"]), ("1.0", ["linux"])]
    assert (lib.targets, lib.size) == (["linux", "windows"], len(WHEELS[1].data) + len(WHEELS[2].data))


def test_requirements_lead_both_ways(tmp_path: Path) -> None:
    """With the targets where each counts."""
    facts = facts_of(tmp_path)
    both = ("linux", "windows")
    assert facts["app"].requires == (
        Step("lib-one", "lib-one", both),
        Step("tiny", 'tiny; extra == "x"', both),
        Step("win", 'win; sys_platform == "win32"', ("windows",)),
    )
    assert facts["lib-one"].required_by == (Step("app", "lib-one", both), Step("win", "lib-one>=1", ("windows",)))
    assert facts["app"].required_by == ()


def test_chains_lead_from_a_request(tmp_path: Path) -> None:
    """Each requirement with its project; the same chain on two targets is one."""
    facts = facts_of(tmp_path)
    both = ("linux", "windows")
    first = ("App[x]>=1", "app")
    assert facts["app"].chains == (Chain(("base", "app"), "base.txt:1", (first,), both),)
    assert facts["win"].chains == (
        Chain(("base", "app"), "base.txt:1", (first, ('win; sys_platform == "win32"', "win")), ("windows",)),
    )


def test_what_the_index_states_is_shown(tmp_path: Path) -> None:
    """The first upload of a release, a yank with its reasons, the source; a build requirement is one."""
    _, (linux, _), (app, lib, *_) = made(tmp_path)
    (old,) = (one for one in lib.artifacts if str(one.distribution.version) == "1.0")
    fact = structs.replace(old.distribution, yanked="bad", upload_time="2024-02-03T04:05:06Z", source="lab")
    changed = replace(lib, artifacts=(replace(old, distribution=fact, metadata="a" * 64),))
    pins = [replace(pin, build=(fact,)) if pin.distribution.project == "app" else pin for pin in linux.pins]
    shown, other = projects_of([replace(linux, pins=tuple(pins))], [app, changed], {})
    (release,) = other.releases
    assert (release.yanked, release.uploaded, release.files[0].source) == ("bad", "2024-02-03", "lab")
    assert other.described_by == release.files[0]
    assert shown.described_by is None
    assert Step("app", "lib-one==1.0 (to build it)", ("linux",)) in other.required_by


def test_a_request_brings_what_its_extras_bring(tmp_path: Path) -> None:
    """What another request of the set alone brings is none of it."""
    subset, locks, _ = made(tmp_path, "app", "tiny; sys_platform == 'linux'")
    app, tiny = requests_of(subset, locks)
    assert [name for name, _ in app.versions] == ["app", "lib-one", "win"]
    assert dict(app.versions)["lib-one"] == (("1.0", ("linux",)), ("2.0", ("windows",)))
    assert ("win", "lib-one", "lib-one>=1", ("windows",)) in app.steps
    assert app.targets == (("linux", ("1.0",)), ("windows", ("1.0",)))
    assert (tiny.lines, tiny.targets) == (
        (('tiny; sys_platform == "linux"', "base.txt:2"),),
        (("linux", ("1.0",)), ("windows", ())),
    )
    subset, locks, _ = made(tmp_path, "app[x]")
    (both,) = requests_of(subset, locks)
    assert [name for name, _ in both.versions] == ["app", "lib-one", "tiny", "win"]


def test_a_request_without_a_lock_is_shown() -> None:
    """As a gap that the user accepts is."""
    (gone,) = requests_of(plan_of(["gone"], [LINUX]), [])
    assert (gone.project, gone.targets, gone.steps) == ("gone", (), ())


def test_users(tmp_path: Path) -> None:
    """Each file with the targets that need it."""
    _, locks, _ = made(tmp_path)
    assert users_of(locks)["lib_one-1.0-py3-none-any.whl"] == {"linux"}
