"""Obstacles in words, with what the user can do."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.model.intake.sources import Source, Sources
from pypi_subset.resolve.explain.obstacles import Inspector
from pypi_subset.resolve.explain.sentences import build_command, step_of, way_to, why_of
from tests.resolve.explain.test_obstacles import TARGET, Shelf, asks, wheel

APP = canonicalize_name("app")


@pytest.mark.parametrize(
    ("files", "why", "step"),
    [
        (
            {wheel("lib", "2.0"): ["antlr==4.9.*"], "antlr-4.9.3.tar.gz": [], wheel("antlr", "4.10"): []},
            "it requires lib>=2; lib 2.0 requires antlr==4.9.*; antlr 4.9.3: sdist only",
            (
                'write build = ["antlr"] below [sdists] in subset.toml and run `pypi-subset mirror`; '
                "or pip wheel --no-deps antlr==4.9.3 -w requirements/wheels, then `pypi-subset update`"
            ),
        ),
        ({}, "it requires lib>=2, which no index has", "check pip's 'index-url'"),
        ({wheel("lib"): []}, "it requires lib>=2: no release satisfies that, the newest is 1.0", ""),
        (
            {wheel("lib", "2.0", "cp312-cp312-win_amd64"): []},
            "it requires lib>=2; lib 2.0: wheels for win_amd64",
            "nearest is cp312-win_amd64, which gets 2.0",
        ),
        ({wheel("lib", "2.0"): "x"}, "it requires lib>=2; the metadata of lib 2.0 cannot be read", ""),
        (
            {wheel("lib", "2.0"): ["deep @ https://x.example/y.whl"]},
            "it requires lib>=2; lib 2.0 requires deep @ https://x.example/y.whl: a URL, and no release of an index",
            "",
        ),
        (
            {wheel("lib", "2.0"): ["held>=2"], wheel("held", "2.0"): [], wheel("held"): []},
            "it requires lib>=2; lib 2.0 requires held>=2, and limits.in:1 asks for held<2",
            "change limits.in:1",
        ),
    ],
)
def test_the_chain_has_the_next_step(files: dict[str, list[str] | str], why: str, step: str) -> None:
    """Each kind of obstacle names who requires what, down to the first thing that cannot be had."""
    shelf = Shelf({wheel("app", "2.0"): ["lib>=2"], **files})
    inspector = Inspector(target=TARGET, offers=shelf, limits=asks(held="<2"))
    found = inspector.inside(APP, shelf.candidates(APP), frozenset())
    assert found is not None
    assert why_of(found, "app", TARGET, shelf) == why
    assert step_of(found, TARGET, shelf) == step


ACME = Source(name="acme", index="https://acme.example/simple", projects=("acme-*",))
OPEN = Source(name="wheels", wheels=Path("requirements/wheels"), projects=("acme-lib",), only=False)


@pytest.mark.parametrize(
    ("sources", "why", "step"),
    [
        (Sources(named=(ACME,)), "[sources.acme] does not have", "check [sources.acme] in subset.toml"),
        (
            Sources(named=(OPEN, ACME)),
            "[sources.wheels] and [sources.acme] do not have",
            "check [sources.wheels] and [sources.acme] in subset.toml",
        ),
        (Sources(private=("acme-*",)), "no source serves", "check [sources] in subset.toml"),
        (Sources(named=(OPEN,)), "no index has", "check pip's 'index-url'"),
    ],
)
def test_an_absent_project_of_a_source_is_not_looked_up_elsewhere(sources: Sources, why: str, step: str) -> None:
    """pip's indexes may have another project of that name: only if they serve it, the step names them."""
    shelf = Shelf({wheel("app", "2.0"): ["acme-lib"]}, sources=sources)
    found = Inspector(target=TARGET, offers=shelf).inside(APP, shelf.candidates(APP), frozenset())
    assert found is not None
    assert why_of(found, "app", TARGET, shelf) == f"it requires acme-lib, which {why}"
    assert step_of(found, TARGET, shelf) == step


def test_the_build_command_is_complete() -> None:
    """It can be pasted into a shell: releases and the directory are quoted where that is needed."""
    shelf = Shelf({}, own_wheels=Path("my files/wheels"))
    releases = [("a", Version("1.0")), ("b", Version("1!2.0"))]
    assert build_command(releases, shelf) == "pip wheel --no-deps a==1.0 'b==1!2.0' -w 'my files/wheels'"
    shelf.own_wheels = Path("/somewhere/requirements/wheels")
    assert build_command(releases[:1], shelf) == "pip wheel --no-deps a==1.0 -w /somewhere/requirements/wheels"
    assert build_command(releases[:1], shelf, to_keep=True) == "pip wheel --no-deps a==1.0 -w requirements/wheels"


def test_the_sdist_of_a_source_is_built_by_mirror() -> None:
    """No command has pip ask its own indexes for the name; the wheel of another machine goes to the source."""
    files: dict[str, list[str] | str] = {"app-2.0.tar.gz": []}
    shelf = Shelf(files, source="acme")
    assert way_to(shelf.candidates(APP), TARGET, shelf) == (
        'write build = ["app"] below [sdists] in subset.toml and run `pypi-subset mirror`'
    )
    shelf.files |= {wheel("app", "2.0", "cp312-cp312-win_amd64"): []}
    way = way_to(shelf.candidates(APP), TARGET, shelf)
    assert way.startswith("build one there: from app-2.0.tar.gz, for [sources.acme]; nearest is ")


def test_another_target_is_the_way_to_a_wheel() -> None:
    """A release with wheels for another Python is had with that Python."""
    shelf = Shelf({wheel("app", "1.0", "cp312-cp312-manylinux2014_x86_64"): []})
    assert way_to(shelf.candidates(APP), TARGET, shelf).startswith("nearest Python that works is 3.12: make the target")
