"""The first obstacle on the way of the newest releases, each kind with a scenario of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.distributions import filenames
from pypi_subset.errors import BadDistribution
from pypi_subset.model.candidates import Candidate
from pypi_subset.model.distributions import Distribution, Standing
from pypi_subset.model.intake.sources import Source, Sources
from pypi_subset.resolve.explain.obstacles import RELEASES, Inspector, joined_of
from pypi_subset.targets.tag import parse

if TYPE_CHECKING:
    from pathlib import Path

    from packaging.utils import NormalizedName

    from pypi_subset.model.intake.verdicts import Verdict

TARGET = parse("linux", "cp310-manylinux2014_x86_64")


@dataclass
class Shelf:
    """Releases in memory: file name → what it requires; a text in place of a list is METADATA that cannot be read."""

    files: dict[str, list[str] | str]
    bounds: dict[str, str] = field(default_factory=dict)
    read: list[str] = field(default_factory=list)
    own_wheels: Path | None = None
    source: str | None = None
    sources: Sources = field(default_factory=Sources)

    def candidates(self, project: NormalizedName, /) -> tuple[Candidate, ...]:
        """Return the files of a project."""
        found = []
        for name in self.files:
            own, version, tags = filenames.parse(name)
            if own == project:
                bound = self.bounds.get(name)
                one = Distribution(
                    filename=name, project=own, version=version, requires_python=bound, source=self.source
                )
                found.append(Candidate(distribution=one, source="here", tags=tags))
        return tuple(found)

    def license_refusal(self, candidate: Candidate, /) -> Verdict | None:
        """Return nothing: all licences are allowed."""
        del candidate
        return None

    def denied(self, project: NormalizedName, /) -> str:
        """Return nothing: each page is shown."""
        del project
        return ""

    def bare(self, project: NormalizedName, /) -> str:
        """Return nothing: each page lists files."""
        del project
        return ""

    def quarantine(self, project: NormalizedName, /) -> Standing | None:
        """Return nothing: no project is in quarantine."""
        del project
        return None

    def source_of(self, project: NormalizedName, /) -> Source | None:
        """Return the source that serves a project."""
        return self.sources.source_of(project, TARGET.name)

    def is_private(self, project: NormalizedName, /) -> bool:
        """Return whether a project is private."""
        return self.sources.is_private(project)

    def vanished(self, project: NormalizedName, /) -> tuple[Verdict, ...]:
        """Return nothing: no release vanished."""
        del project
        return ()

    def newest(self, project: NormalizedName, /) -> Version | None:
        """Return the newest final version."""
        found = (one.distribution.version for one in self.candidates(project))
        return max((one for one in found if not one.is_prerelease), default=None)

    def metadata(self, candidate: Candidate, /) -> bytes:
        """Return METADATA of a wheel."""
        name = candidate.distribution.filename
        self.read.append(name)
        requires = self.files[name]
        if isinstance(requires, str):
            raise BadDistribution(requires)
        return "\n".join(["Name: x", *(f"Requires-Dist: {one}" for one in requires), "", ""]).encode()


def wheel(name: str, version: str = "1.0", tag: str = "py3-none-any") -> str:
    """Return the name of a wheel."""
    return f"{name}-{version}-{tag}.whl"


def obstacle_of(shelf: Shelf, requirement: str = "app", **more: Any) -> tuple[str, str, list[str]] | None:
    """Return kind, project and chain of what is in the way of *requirement*."""
    inspector = Inspector(target=TARGET, offers=shelf, **more)
    found = inspector.obstacle("base.txt:1", Requirement(requirement))
    if found is None:
        return None
    return found.kind, found.project, [f"{who} > {str(one).partition(';')[0]}" for who, one in found.chain]


def asks(**those: str) -> dict[NormalizedName, list[tuple[str, Requirement]]]:
    """Return who asks for a project, by its name: one requirement each."""
    return {canonicalize_name(name): [("limits.in:1", Requirement(f"{name}{one}"))] for name, one in those.items()}


@pytest.mark.parametrize(
    ("name", "files", "expected"),
    [
        ("nothing", {wheel("lib"): []}, None),
        ("no such project", {}, ("absent", "lib", ["app 2.0 > lib>=1"])),
        ("no such version", {wheel("lib", "0.5"): []}, ("version", "lib", ["app 2.0 > lib>=1"])),
        ("sdist only", {"lib-1.0.tar.gz": []}, ("files", "lib", ["app 2.0 > lib>=1"])),
        ("other systems", {wheel("lib", tag="cp310-cp310-win_amd64"): []}, ("files", "lib", ["app 2.0 > lib>=1"])),
        (
            "an address",
            {wheel("lib"): ["evil @ https://x.example/evil.whl"]},
            ("url", "evil", ["app 2.0 > lib>=1", "lib 1.0 > evil @ https://x.example/evil.whl"]),
        ),
        ("damaged", {wheel("lib"): "damaged"}, ("metadata", "lib", ["app 2.0 > lib>=1"])),
        ("two steps", {wheel("lib"): ["deep"]}, ("absent", "deep", ["app 2.0 > lib>=1", "lib 1.0 > deep"])),
        ("a way round", {wheel("lib", "2.0"): ["deep"], wheel("lib"): []}, None),
        ("a circle", {wheel("lib"): ["app"]}, None),
        ("a circle's end", {wheel("lib"): ["app==9"]}, ("version", "app", ["app 2.0 > lib>=1", "lib 1.0 > app==9"])),
        ("another system's", {wheel("lib"): ["deep; sys_platform == 'win32'"]}, None),
        ("an open marker", {wheel("lib"): ["deep; platform_release == '1'"]}, None),
    ],
)
def test_the_first_obstacle_of_the_newest_release(
    name: str, files: dict[str, list[str] | str], expected: tuple[str, str, list[str]] | None
) -> None:
    """The chain leads from the newest release to the first thing that cannot be had, and to nothing that has a way round."""
    shelf = Shelf({wheel("app", "2.0"): ["lib>=1"], **files})
    found = obstacle_of(shelf)
    assert (found and (*found[:2], found[2][1:])) == expected, name


def test_older_releases_with_other_obstacles_are_not_the_headline() -> None:
    """What the newest release needs is reported, though the oldest one fails for another reason."""
    shelf = Shelf({wheel("app", "2.0"): ["newer"], wheel("app", "1.0"): ["kerberos"], "kerberos-1.1.1.tar.gz": []})
    assert obstacle_of(shelf) == ("absent", "newer", ["base.txt:1 > app", "app 2.0 > newer"])


def test_a_limit_excludes_what_is_asked_for() -> None:
    """A line of the user's own that leaves no release is a clash of these two; one that leaves some is none."""
    shelf = Shelf({wheel("app", "2.0"): ["lib>=2"], wheel("lib", "2.0"): [], wheel("lib", "1.0"): []})
    assert obstacle_of(shelf, limits=asks(lib="<2")) == ("clash", "lib", ["base.txt:1 > app", "app 2.0 > lib>=2"])
    assert obstacle_of(shelf, limits=asks(lib="<3")) is None


def test_a_version_that_does_not_exist_is_no_clash() -> None:
    """A requirement that no release satisfies is reported as that, whatever other lines say."""
    shelf = Shelf({wheel("app", "2.0"): ["lib>=1"], wheel("lib", "1.0"): []})
    assert obstacle_of(shelf, "app==9", limits=asks(app="<3")) == ("version", "app", ["base.txt:1 > app==9"])
    # Nor does another line of that kind contradict what a release requires.
    assert obstacle_of(shelf, limits=asks(lib="==99")) is None


def test_rivals_exclude_what_a_release_needs() -> None:
    """What other chosen projects ask for is held against the newest release only if it is given."""
    shelf = Shelf({wheel("app", "2.0"): ["lib>=2"], wheel("lib", "2.0"): [], wheel("lib", "1.0"): []})
    assert obstacle_of(shelf) is None
    assert obstacle_of(shelf, rivals=asks(lib="<2")) == ("clash", "lib", ["base.txt:1 > app", "app 2.0 > lib>=2"])


def test_what_is_chosen_already_is_not_followed() -> None:
    """A version that a lock holds, with its extras, can be had; an extra that the lock lacks is inspected."""
    shelf = Shelf({wheel("app"): ["lib[more]"], wheel("lib"): ["deep; extra == 'more'"]})
    pinned = {canonicalize_name("lib"): (Version("1.0"), frozenset({canonicalize_name("more")}))}
    assert obstacle_of(shelf, pinned=pinned) is None
    pinned = {canonicalize_name("lib"): (Version("1.0"), frozenset())}
    assert obstacle_of(shelf, pinned=pinned) == (
        "absent",
        "deep",
        ["base.txt:1 > app", "app 1.0 > lib[more]", "lib 1.0 > deep"],
    )


def test_pre_releases_count_as_pip_counts_them() -> None:
    """A pre-release is taken only where it is asked for, where nothing else fits, or with ``--pre``."""
    shelf = Shelf({wheel("app", "2.0rc1"): ["absent"], wheel("app", "1.0"): []})
    assert obstacle_of(shelf) is None
    assert obstacle_of(shelf, "app>=2.0rc1") is not None
    assert obstacle_of(shelf, pre=True) is None
    del shelf.files[wheel("app", "1.0")]
    assert obstacle_of(shelf) is not None


def test_each_asker_of_one_obstacle_is_named() -> None:
    """What is known of a requirement is reported again with the one who asks this time."""
    shelf = Shelf({wheel("a"): ["lib"], wheel("b"): ["lib"]})
    inspector = Inspector(target=TARGET, offers=shelf)
    found = [inspector.obstacle(f"base.txt:{name}", Requirement(name)) for name in ("a", "b")]
    assert [one and one.asking[0][0] for one in found] == ["a 1.0", "b 1.0"]


def test_few_releases_are_read() -> None:
    """Of a project with many releases, as many are looked into as the bound says."""
    shelf = Shelf({wheel("app", f"{number}.0"): ["absent"] for number in range(1, 40)})
    assert obstacle_of(shelf) == ("absent", "absent", ["base.txt:1 > app", "app 39.0 > absent"])
    assert len(shelf.read) == RELEASES


def test_requirements_are_joined() -> None:
    """Several requirements of one project become one with all of their versions."""
    found = joined_of([("a", Requirement("lib>=1")), ("b", Requirement("lib<2"))])
    assert str(found.specifier) == "<2,>=1"
