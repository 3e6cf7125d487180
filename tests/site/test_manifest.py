"""The manifest: of its schema, the same each time, and with chains that the wheels themselves confirm."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs, to_builtins
from packaging.requirements import Requirement

from pypi_subset.errors import LockError, SubsetError
from pypi_subset.model.closures.closure import closures_in, reached
from pypi_subset.model.distributions import Built
from pypi_subset.model.documents import encode
from pypi_subset.model.door import read_manifest
from pypi_subset.model.locks import Lock, Reason
from pypi_subset.proof.closure import walk
from pypi_subset.site import manifest
from tests.support.checkout import schema
from tests.support.sites import chain_check as chaincheck
from tests.support.sites.cases import present
from tests.support.stages.values import BRISK, LINUX, WINDOWS, artifacts_of, lay_out, lock_of, plan_of, projects_of
from tests.support.wheels import Wheel, make_wheel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pypi_subset.model.distributions import Artifact, Project
    from pypi_subset.model.manifest import Link, Manifest
    from pypi_subset.model.requests import Subset

#: `colour` is for Windows, `fast` comes by an extra that only `web` asks of `server`, `deep` by two ways.
WHEELS = (
    make_wheel("app", requires=["web", "colour; sys_platform == 'win32'"]),
    make_wheel("web", requires=["server[Turbo.Plus]>=1", "deep"]),
    make_wheel("server", extras=["turbo-plus", "all"], requires=["fast; extra == 'turbo-plus'", "tiny"]),
    make_wheel("fast", requires=["deep>=1"]),
    make_wheel("deep"),
    make_wheel("colour"),
    make_wheel("tiny"),
)


def locks_of(subset: Subset, folder: Path, wheels: Sequence[Wheel] = WHEELS) -> tuple[list[Lock], tuple[Project, ...]]:
    """Return a lock for each job of *plan*, and the projects laid out in *folder*."""
    artifacts = artifacts_of(wheels, folder / "packages")
    locks = [lock_of(job, artifacts, wheels) for job in subset.jobs]
    needed = {pin.distribution.filename for lock in locks for pin in lock.pins}
    used = [artifact for artifact in artifacts if artifact.distribution.filename in needed]
    return locks, lay_out(used, folder / "site")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a site for two targets, with its manifest."""
    folder, subset = tmp_path_factory.mktemp("manifest"), plan_of(["app", "server"], [LINUX, WINDOWS])
    locks, projects = locks_of(subset, folder)
    pages = {"index.html": "0" * 64}
    (folder / "site" / "manifest.json").write_bytes(encode(manifest.manifest_of(subset, locks, projects, pages=pages)))
    return folder / "site"


@pytest.fixture
def made(site: Path) -> Manifest:
    """Return the manifest of that site, read back from the disk."""
    return read_manifest(site)


def steps(made: Manifest, project: str, target: str) -> list[str]:
    """Return the requirements that lead to *project* on *target*."""
    ((need,),) = (
        [need for need in file.needed_by if need.target == target] for file in made.files if file.project == project
    )
    return [link.requirement for link in need.chain]


def test_files_carry_hash_size_and_place(made: Manifest, site: Path) -> None:
    """Each file of the site is listed once, by its path below the site, with the size and hash of its bytes."""
    listed = {entry.path: (entry.size, entry.sha256) for entry in made.files}

    assert listed == {
        f"simple/{wheel.filename.partition('-')[0]}/{wheel.filename}": (len(wheel.data), wheel.sha256)
        for wheel in WHEELS
    }
    assert [*listed] == sorted(listed)
    assert {path for path in listed if not (site / path).is_file()} == set()


def test_sets_and_targets_are_told(made: Manifest) -> None:
    """The manifest names each set with its lines and where they stand, and each target with its marker values."""
    assert to_builtins(made.sets) == (
        {
            "name": "base",
            "requests": (
                {"requirement": "app", "origin": "base.txt:1"},
                {"requirement": "server", "origin": "base.txt:2"},
            ),
            "targets": ("linux", "windows"),
        },
    )
    assert [(entry.name, entry.python, entry.markers["sys_platform"]) for entry in made.targets] == [
        ("linux", "3.10.0", "linux"),
        ("windows", "3.12.0", "win32"),
    ]


def test_a_chain_is_the_shortest_and_ends_at_the_file(made: Manifest) -> None:
    """Two ways lead to `deep`; the shorter one is told."""
    assert steps(made, "deep", "linux") == ["app", "web", "deep"]
    assert steps(made, "app", "linux") == ["app"]
    assert steps(made, "tiny", "linux") == ["server", "tiny"]


def test_an_extra_counts_only_for_who_asked_for_it(made: Manifest) -> None:
    """`server` is requested without extras, so `fast` is there because `web` asks for the extra that brings it."""
    assert steps(made, "fast", "linux") == ["app", "web", "server[Turbo.Plus]>=1", 'fast; extra == "turbo-plus"']


def test_a_target_needs_only_what_its_markers_ask_for(made: Manifest) -> None:
    """A dependency of Windows alone is needed by the Windows target alone."""
    (file,) = (entry for entry in made.files if entry.project == "colour")

    assert [need.target for need in file.needed_by] == ["windows"]
    assert steps(made, "colour", "windows") == ["app", 'colour; sys_platform == "win32"']


def test_every_chain_is_rebuilt_from_the_wheels(made: Manifest, site: Path) -> None:
    """Each link of each chain stands in METADATA of the wheel before it; a link made up is found out."""
    assert chaincheck.faults(made, site) == []

    chains = [need.chain for file in made.files for need in file.needed_by if len(need.chain) > 1]
    assert len(chains) > 1
    for chain in chains:
        false = (*chain[:-1], structs.replace(chain[-1], requirement="nonsense"))
        assert chaincheck.faults(_with_chain(made, chain, false), site) != []


def _with_chain(made: Manifest, old: tuple[Link, ...], new: tuple[Link, ...]) -> Manifest:
    """Return *made* with the chain *new* in the place of *old*."""
    files = []
    for file in made.files:
        needs = (structs.replace(need, chain=new if need.chain is old else need.chain) for need in file.needed_by)
        files.append(structs.replace(file, needed_by=tuple(needs)))
    return structs.replace(made, files=tuple(files))


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, list[str]]:
    """Return project → what it requires, cycles and extras included; all are reached by asking for `p0` to `p2`."""
    names = [f"p{number}" for number in range(draw(st.integers(3, 7)))]
    line = st.builds(
        lambda name, asked, own: f"{name}{asked}{own}",
        st.sampled_from(names),
        st.sampled_from(["", "[x]", "[y]", "[x,y]"]),
        st.sampled_from(["", "", "; extra == 'x'", "; extra == 'y'", "; sys_platform == 'win32'"]),
    )
    return {name: draw(st.lists(line, max_size=4)) for name in names}


@BRISK
@given(graphs(), st.lists(st.sampled_from(["p0", "p1[x]", "p2[x,y]"]), min_size=1, unique=True))
def test_chains_of_any_graph_hold_and_are_the_shortest(
    tmp_path_factory: pytest.TempPathFactory, graph: Mapping[str, Sequence[str]], lines: list[str]
) -> None:
    """With cycles, extras and several ways: every chain is in the wheels, and no walk over the lock is shorter."""
    folder = tmp_path_factory.mktemp("graph")
    wheels = [make_wheel(name, requires=requires, extras=["x", "y"]) for name, requires in graph.items()]
    artifacts = artifacts_of(wheels, folder / "packages")
    subset = plan_of(lines, [WINDOWS])
    lock = lock_of(subset.jobs[0], artifacts, wheels)
    for artifact in artifacts:
        place = folder / "simple" / artifact.distribution.project / artifact.distribution.filename
        place.parent.mkdir(parents=True)
        artifact.path.rename(place)
    needed = {pin.distribution.filename for pin in lock.pins}
    used = [artifact for artifact in artifacts if artifact.distribution.filename in needed]

    made = manifest.manifest_of(subset, [lock], projects_of(used))

    assert chaincheck.faults(made, folder) == []
    assert {file.filename for file in made.files} == needed
    assert len(made.files) == len(lock.pins)
    for file in made.files:
        (need,) = file.needed_by
        assert len(need.chain) == chaincheck.distance(made, folder, need, file.project)


@BRISK
@given(graphs(), st.lists(st.sampled_from(["p0", "p1[x]", "p2[x,y]"]), min_size=1, unique=True))
def test_edges_of_any_graph_are_those_of_the_metadata(
    tmp_path_factory: pytest.TempPathFactory, graph: Mapping[str, Sequence[str]], lines: list[str]
) -> None:
    """The proof, which reads METADATA and markers by itself, walks over the same pins and edges."""
    folder, subset = tmp_path_factory.mktemp("graph"), plan_of(lines, [WINDOWS])
    wheels = [make_wheel(name, requires=requires, extras=["x", "y"]) for name, requires in graph.items()]
    artifacts = artifacts_of(wheels, folder)
    lock = lock_of(subset.jobs[0], artifacts, wheels)
    needed = {pin.distribution.filename for pin in lock.pins}
    used = [artifact for artifact in artifacts if artifact.distribution.filename in needed]

    (stated,) = closures_in(manifest.manifest_of(subset, [lock], projects_of(used))).values()

    there = [present(name, requires=tuple(requires)) for name, requires in graph.items()]
    walked = walk(there, subset.sets[0].requests, WINDOWS.environment, "windows")
    assert stated.steps == walked.steps
    assert {one.project for one in stated.pins} == {name for name, _ in walked.seen} == reached(stated.steps)


def test_each_set_has_a_closure_on_each_of_its_targets(made: Manifest) -> None:
    """An edge of one target alone is none of the others; all closures share one list."""
    found = closures_in(made)
    shown = {target: sorted(map(str, one.steps)) for (_, target), one in found.items()}
    both = [*("app -> web", "fast -> deep", "server -> tiny", "server[turbo-plus] -> fast", "the set -> app")]
    both += [*("the set -> server", "web -> deep", "web -> server")]
    assert shown == {"linux": both, "windows": ["app -> colour", *both]}
    assert {one.project for one in found["base", "windows"].pins} - {
        one.project for one in found["base", "linux"].pins
    } == {"colour"}
    assert [(one.set_name, one.target, one.edges) for one in made.closures] == [
        ("base", "linux", "0-1,3-8"),
        ("base", "windows", "0-8"),
    ]


def test_a_pin_that_nothing_requires_is_an_error(tmp_path: Path) -> None:
    """A lock that lists a file without a way to it is damaged, and the file is named."""
    subset = plan_of(["app"])
    (lock,), projects = locks_of(subset, tmp_path)
    pins = [replace(pin, reasons=(Reason(requirement=Requirement("web"), by="colour"),)) for pin in lock.pins]

    with pytest.raises(LockError, match=r"nothing in the lock base--linux requires app-1\.0-py3-none-any\.whl"):
        manifest.manifest_of(subset, [replace(lock, pins=tuple(pins))], projects)


def test_the_same_site_gives_the_same_bytes(tmp_path: Path) -> None:
    """The order of locks, projects and targets does not show, and neither does the directory."""
    subset = plan_of(["app", "server"], [LINUX, WINDOWS])
    locks, projects = locks_of(subset, tmp_path / "one")
    one = manifest.manifest_of(subset, locks, projects, pages={"404.html": "1", "index.html": "2"})
    turned = replace(subset, targets=subset.targets[::-1])
    locks, projects = locks_of(turned, tmp_path / "two")
    two = manifest.manifest_of(turned, locks[::-1], projects[::-1], pages={"index.html": "2", "404.html": "1"})

    assert encode(one) == encode(two)


def test_a_kernel_update_does_not_change_the_manifest(tmp_path: Path) -> None:
    """What the running kernel decides is not told of the host, as the target's digest leaves it out."""
    host = replace(LINUX, host=True, markers=tuple(sorted([*LINUX.markers, ("platform_release", "6.1")])))
    updated = replace(host, markers=tuple((name, value.replace("6.1", "6.2")) for name, value in host.markers))
    plans = [plan_of(["app"], [machine]) for machine in (host, updated)]
    locks, projects = locks_of(plans[0], tmp_path)

    assert manifest.manifest_of(plans[0], locks, projects) == manifest.manifest_of(plans[1], locks, projects)


def test_why_prints_release_pair_and_chain(made: Manifest) -> None:
    """One line for each pair that needs the project, written in any way."""
    assert manifest.why(made, "Fast", "linux") == (
        'fast 1.0 (linux, base): base.txt:1 app -> web -> server[Turbo.Plus]>=1 -> fast; extra == "turbo-plus"',
    )
    assert [line.partition(":")[0] for line in manifest.why(made, "app")] == [
        "app 1.0 (linux, base)",
        "app 1.0 (windows, base)",
    ]


def test_why_says_where_a_project_is_needed_instead(made: Manifest) -> None:
    """A project that the target does not need is no error: the answer names the targets that do."""
    assert manifest.why(made, "colour", "linux") == ("colour: not needed on linux; needed on windows",)


@pytest.mark.parametrize(
    ("project", "target", "message"),
    [
        ("color", None, "the site holds no project 'color'; did you mean 'colour'?"),
        ("app", "linus", "there is no target 'linus'; did you mean 'linux'?"),
        ("zzz", None, "the site holds no project 'zzz'; see `site/index.html` for what there is"),
    ],
)
def test_why_names_what_comes_near(made: Manifest, project: str, target: str | None, message: str) -> None:
    """An unknown project or target is an error with the nearest names."""
    with pytest.raises(SubsetError) as caught:
        manifest.why(made, project, target)

    assert str(caught.value) == message


def test_a_wheel_that_was_built_names_its_sdist(tmp_path: Path) -> None:
    """Name, hash and address of the sdist; of other files nothing is said, as before."""
    url = "https://index.example/tiny-1.0.tar.gz"
    built = Built(
        filename="tiny-1.0.tar.gz", sha256="1" * 64, url=url, epoch=1, python="cp311", requires=(), isolation="none"
    )
    subset = plan_of(["app", "tiny"], [LINUX])
    locks, projects = locks_of(subset, tmp_path)
    of_built = [
        replace(one, artifacts=tuple(_built(each, built) for each in one.artifacts)) if one.name == "tiny" else one
        for one in projects
    ]
    document = json.loads(encode(manifest.manifest_of(subset, locks, of_built)))
    jsonschema.validate(document, schema("manifest"))
    told = {one["project"]: one["built_from"] for one in document["files"] if "built_from" in one}
    assert told == {"tiny": {"filename": "tiny-1.0.tar.gz", "sha256": "1" * 64, "url": url}}


def _built(artifact: Artifact, built: Built) -> Artifact:
    return replace(artifact, distribution=structs.replace(artifact.distribution, built=built))
