"""A site of which little changed: what is linked from the last one is what would have been made."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from msgspec import structs
from packaging.requirements import Requirement

from pypi_subset.model.locks import Inputs, Lock, Pin, Reason
from pypi_subset.packages.file_cache import FileCache
from pypi_subset.site import builder, incremental, simple_index
from pypi_subset.site import content as build_content
from tests.support.sites.trees import tree
from tests.support.stages.values import LINUX, WINDOWS, artifact_of, plan_of
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pypi_subset.model.distributions import Artifact

LONG_AGO = 1_700_000_000_123_456_789
#: What ends a line, for Python and for HTML, and nothing in an attribute.
BROKEN = "one\ntwo\u2028three\x85four"

Wanted = "Mapping[str, Sequence[Artifact]]"


@pytest.fixture
def stock(tmp_path: Path) -> dict[str, Artifact]:
    """Return some artifacts by a short name: two releases of ``b``, one of ``a``, ``c`` and ``d`` each."""
    folder = tmp_path / "packages"
    folder.mkdir()
    found = {}
    for name, version in (("a", "1"), ("b", "1"), ("b", "2"), ("c", "1"), ("d", "1")):
        path = make_wheel(name, version).save(folder)
        os.utime(path, ns=(LONG_AGO, LONG_AGO))
        one = artifact_of(path)
        found[f"{name}{version}"] = replace(one, distribution=structs.replace(one.distribution, yanked=BROKEN))
    return found


def asked(artifact: Artifact) -> Reason:
    """Return that a line of the set asks for it."""
    project = artifact.distribution.project
    return Reason(requirement=Requirement(project), origin=f"base.txt:{1 + [*'abcd'].index(project)}")


def content(wanted: Mapping[str, Sequence[Artifact]]) -> build_content.Content:
    """Return what a site is made of that has *wanted* for each target."""
    inputs = Inputs(requirement_set="0", target="0", policy="0", constraint="0")
    locks = [
        Lock(
            set_name="base",
            target_name=target,
            inputs=inputs,
            pins=tuple(Pin(distribution=one.distribution, reasons=(asked(one),)) for one in own),
        )
        for target, own in wanted.items()
    ]
    machines = [machine for machine in (LINUX, WINDOWS) if machine.name in wanted]
    artifacts = {one.distribution.filename: one for own in wanted.values() for one in own}
    return build_content.Content(subset=plan_of([*"abcd"], machines), locks=locks, artifacts=[*artifacts.values()])


def built(site: Path, memory: Path, wanted: Mapping[str, Sequence[Artifact]]) -> bool:
    """Return whether a run that wants this made a new site."""
    cache = FileCache(memory)
    with builder.staged_site(content(wanted), site, cache, memory.with_name("state")) as stage:
        pass
    cache.save(forget=stage is not None)
    return stage is not None


def first(folder: Path, wanted: Mapping[str, Sequence[Artifact]]) -> dict[str, bytes]:
    """Return all files of the site that a first run makes below *folder*."""
    folder.mkdir()
    assert built(folder / "site", folder / "memory", wanted)
    return tree(folder / "site")


def pages_put(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the paths of the pages that are put into words from here on."""
    found: list[str] = []
    pages = simple_index.Rendering.pages

    def watched(self: simple_index.Rendering) -> object:
        for path, data in pages(self):
            found.append(path)
            yield path, data

    monkeypatch.setattr(simple_index.Rendering, "pages", watched)
    return found


CHANGES: Mapping[str, Callable[[dict[str, Artifact]], Mapping[str, Sequence[Artifact]]]] = {
    "a release more": lambda all_: {"linux": [all_["a1"], all_["b1"], all_["b2"], all_["c1"]]},
    "another release": lambda all_: {"linux": [all_["a1"], all_["b2"], all_["c1"]]},
    "a project more": lambda all_: {"linux": [all_["a1"], all_["b1"], all_["c1"], all_["d1"]]},
    "a project less": lambda all_: {"linux": [all_["a1"], all_["c1"]]},
    "a target more": lambda all_: {"linux": [all_["a1"], all_["b1"], all_["c1"]], "windows": [all_["b1"]]},
    "another fact": lambda all_: {
        "linux": [
            all_["a1"],
            replace(all_["b1"], distribution=structs.replace(all_["b1"].distribution, yanked=None)),
            all_["c1"],
        ]
    },
}


@pytest.mark.slow
@pytest.mark.parametrize("change", CHANGES)
def test_a_site_after_a_change_is_that_of_a_first_run(
    stock: dict[str, Artifact], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    """Whatever changes: byte for byte the same, and of what did not change no page is put into words again."""
    start = {"linux": [stock["a1"], stock["b1"], stock["c1"]]}
    wanted = CHANGES[change](stock)
    assert built(tmp_path / "site", tmp_path / "memory", start)

    pages = pages_put(monkeypatch)
    assert built(tmp_path / "site", tmp_path / "memory", wanted)
    assert not [page for page in pages if "/a/" in page or "/c/" in page]

    assert tree(tmp_path / "site") == first(tmp_path / "fresh", wanted)


def test_what_was_linked_once_is_linked_again(
    stock: dict[str, Artifact], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that linked most of a site leaves as much to the next as one that made all of it."""
    for wanted in (["a1", "b1", "c1"], ["a1", "b2", "c1"]):
        assert built(tmp_path / "site", tmp_path / "memory", {"linux": [stock[name] for name in wanted]})
    pages = pages_put(monkeypatch)

    assert built(tmp_path / "site", tmp_path / "memory", {"linux": [stock["a1"], stock["b1"], stock["c1"]]})
    assert not [page for page in pages if "/a/" in page or "/c/" in page]
    assert not built(tmp_path / "site", tmp_path / "memory", {"linux": [stock["a1"], stock["b1"], stock["c1"]]})


@pytest.mark.slow
@pytest.mark.parametrize(
    "damage", ["simple/a/index.html", "simple/a/a-1-py3-none-any.whl.metadata", "targets/linux/simple/a/index.html"]
)
def test_what_somebody_changed_is_made_again(stock: dict[str, Artifact], tmp_path: Path, damage: str) -> None:
    """A page that was edited is not linked, whatever else changes in the same run."""
    assert built(tmp_path / "site", tmp_path / "memory", {"linux": [stock["a1"], stock["b1"]]})
    (tmp_path / "site" / damage).write_bytes(b"edited")

    assert built(tmp_path / "site", tmp_path / "memory", {"linux": [stock["a1"], stock["b2"]]})

    assert tree(tmp_path / "site") == first(tmp_path / "fresh", {"linux": [stock["a1"], stock["b2"]]})


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["program", "projects", "damage", "schema"])
def test_a_state_of_something_else_is_not_used(
    stock: dict[str, Artifact], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    """The state of another program, or one that is damaged or incomplete: every page is rendered again."""
    start, then = {"linux": [stock["a1"], stock["b1"]]}, {"linux": [stock["a1"], stock["b2"]]}
    assert built(tmp_path / "site", tmp_path / "memory", start)
    document = json.loads((tmp_path / "state").read_bytes())
    document |= {
        "program": {"program": "another"},
        "projects": {"projects": {}},
        "damage": {"projects": []},
        "schema": {"schema": 0},
    }[damage]
    (tmp_path / "state").write_text(json.dumps(document))

    pages = pages_put(monkeypatch)
    assert built(tmp_path / "site", tmp_path / "memory", then)
    assert "simple/a/index.html" in pages

    assert tree(tmp_path / "site") == first(tmp_path / "fresh", then)


def test_a_wheel_that_came_anew_is_stored_once(stock: dict[str, Artifact], tmp_path: Path) -> None:
    """The same bytes under another inode in ``packages/`` take the place of the old ones in the site."""
    start, then = {"linux": [stock["a1"], stock["b1"]]}, {"linux": [stock["a1"], stock["b2"]]}
    assert built(tmp_path / "site", tmp_path / "memory", start)
    path = stock["a1"].path
    data = path.read_bytes()
    path.rename(tmp_path / "old")
    path.write_bytes(data)

    assert built(tmp_path / "site", tmp_path / "memory", then)
    assert path.samefile(tmp_path / "site" / "simple" / "a" / path.name)


#: One after the other: a release comes, goes, another project comes, and all of it again.
STORY = (["a1", "b1"], ["a1", "b1", "c1"], ["a1", "b2", "c1"], ["a1", "b2", "c1", "d1"], ["a1", "b1", "c1", "d1"])


@pytest.mark.slow
def test_run_after_run_is_as_a_first_run(stock: dict[str, Artifact], tmp_path: Path) -> None:
    """Run after run a site is byte for byte that of a first run, and known again as it was left."""
    for number, names in enumerate(STORY):
        wanted = {"linux": [stock[name] for name in names], "windows": [stock["a1"]]}
        assert built(tmp_path / "site", tmp_path / "memory", wanted)
        assert tree(tmp_path / "site") == first(tmp_path / f"fresh{number}", wanted)
        assert not built(tmp_path / "site", tmp_path / "memory", wanted)
    known = json.loads((tmp_path / "state").read_bytes())["directories"]
    assert known == incremental.look_at(tmp_path / "site")


def test_of_the_replaced_site_nothing_is_kept(stock: dict[str, Artifact], tmp_path: Path) -> None:
    """The site that was replaced is gone; rendered READMEs are beside the state, as in the packages directory."""
    for names in STORY[:3]:
        assert built(tmp_path / "site", tmp_path / "memory", {"linux": [stock[name] for name in names]})
    assert sorted(path.name for path in tmp_path.iterdir()) == [".readmes", "memory", "packages", "site", "state"]


def test_a_site_that_was_made_for_one_alone(stock: dict[str, Artifact], tmp_path: Path) -> None:
    """After a run under a strict umask, all is made again: a web server could not read the pages that did not change."""
    before = os.umask(0o077)
    try:
        assert built(tmp_path / "site", tmp_path / "memory", {"linux": [stock["a1"], stock["b1"]]})
        os.umask(0o022)
        for names in (["a1", "b1"], ["a1", "b1", "c1"]):
            assert built(tmp_path / "site", tmp_path / "memory", {"linux": [stock[name] for name in names]})
            made = [path for path in (tmp_path / "site").rglob("*") if path.name != "README.md"]
            assert {path.stat().st_mode & 0o777 for path in made} == {0o644, 0o755}
    finally:
        os.umask(before)


@pytest.mark.slow
def test_one_memory_for_two_sites(stock: dict[str, Artifact], tmp_path: Path) -> None:
    """What is remembered of one site is used for no other."""
    for number, names in enumerate([*STORY, *STORY]):
        wanted = {"linux": [stock[name] for name in names]}
        assert built(tmp_path / f"site{number % 3 % 2}", tmp_path / "memory", wanted)
        assert tree(tmp_path / f"site{number % 3 % 2}") == first(tmp_path / f"fresh{number}", wanted)


@pytest.mark.slow
def test_folders_that_are_not_on_one_disk(stock: dict[str, Artifact], tmp_path: Path) -> None:
    """Where the old site lies on another disk than ``packages/``, files are copied, and nothing else is left there."""
    elsewhere = Path("/dev/shm")  # noqa: S108 - a disk of its own, and nothing is read there
    if not elsewhere.is_dir() or elsewhere.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is one disk")
    with tempfile.TemporaryDirectory(dir=elsewhere) as folder:
        site = Path(folder, "site")
        for number, names in enumerate(STORY):
            wanted = {"linux": [stock[name] for name in names]}
            assert built(site, tmp_path / "memory", wanted)
            assert tree(site) == first(tmp_path / f"fresh{number}", wanted)
            assert [path.name for path in Path(folder).iterdir()] == ["site"]
