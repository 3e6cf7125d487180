"""What gaps say of the source of their project."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from packaging.utils import NormalizedName, canonicalize_name

from pypi_subset.errors import NoSolution
from pypi_subset.model.intake.sources import Source, Sources
from pypi_subset.resolve.explain.served import with_source

if TYPE_CHECKING:
    from pypi_subset.upstream.offers import TargetOffers


@dataclass(frozen=True)
class Served:
    """What `with_source` asks."""

    sources: Sources
    target: str = "linux"

    def source_of(self, project: NormalizedName) -> Source | None:
        """Return the source of a project."""
        return self.sources.source_of(project, self.target)

    def beside_own(self, project: NormalizedName) -> Source | None:
        """Return the source that would serve a project beside requirements/wheels."""
        return self.sources.beside_own(project, self.target)

    def is_private(self, project: NormalizedName) -> bool:
        """Return whether it is private."""
        return self.sources.is_private(project)

    def lost_file(self, project: NormalizedName) -> str | None:
        """Return the lost wheel of a project."""
        return self.sources.lost_file(project)


def said(project: str | None, sources: Sources) -> tuple[str, str, str]:
    """Return what, problem and next step of a gap of *project*."""
    gap = NoSolution("no release", target="linux", project=project, next_step="loosen that")
    (found,) = with_source([gap], cast("TargetOffers", Served(sources)))
    return found.what, found.problem, found.next_step


def test_the_source_is_named() -> None:
    """A directory, an index, and a private project that no source serves here; all others stay as they are."""
    own = Source(name="wheels", wheels=Path("requirements/wheels"), projects=("app",), found=("app",))
    index = Source(name="acme", index="https://acme.example/simple", projects=("acme-*",), targets=("linux",))
    away = Source(name="away", index="https://away.example", projects=("away",), targets=("mac",))
    sources = Sources(named=(own, index, away), private=("away",))
    assert said("app", sources) == (
        ("no release; all versions of app come from requirements/wheels",) * 2
        + (
            "put another wheel there, or write [sources.wheels] with only = false, which allows the index too; or loosen that",
        )
    )
    assert said("acme-core", sources)[0] == (
        "no release; acme-core comes from https://acme.example/simple alone, by [sources.acme]"
    )
    what, _, step = said(canonicalize_name("away"), sources)
    assert what == "no release; away is private, and no source serves it on linux"
    assert step.startswith("name linux in the targets of its source")
    what, _, step = said("app", Sources(lost=(("app", "app-1.0-py3-none-any.whl"),)))
    assert what == (
        "no release; it was locked from app-1.0-py3-none-any.whl, which is not in requirements/wheels any more"
    )
    assert step.startswith("put the file there again; ")
    for project in ("other", None):
        assert said(project, sources) == ("no release", "no release", "loosen that")


def test_the_other_place_of_an_own_wheel_is_its_source() -> None:
    """``only = false`` allows the source that would serve the project without the wheel, for private projects too."""
    own = Source(name="wheels", wheels=Path("requirements/wheels"), projects=("acme-core",), found=("acme-core",))
    index = Source(name="acme", index="https://acme.example/simple", projects=("acme-*",))
    sources = Sources(named=(index, own), private=("acme-*",))
    step = "put another wheel there, or write [sources.wheels] with only = false, which allows [sources.acme] too; or loosen that"
    assert said("acme-core", sources)[2] == step
    assert said("acme-core", Sources(named=(own,), private=("acme-*",)))[2] == "put another wheel there; or loosen that"
    both = Sources(named=(index, replace(own, only=False)), private=("acme-*",))
    assert said("acme-core", both) == (
        *(
            "no release; acme-core comes from requirements/wheels and https://acme.example/simple alone, by [sources.wheels] and [sources.acme]",
        )
        * 2,
        "see [sources.wheels] and [sources.acme] in subset.toml; or loosen that",
    )
