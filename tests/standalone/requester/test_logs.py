"""What pip and uv print when a site lacks a project: real runs of both, and lines of older versions."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
import uv

from pypi_subset.standalone.requester.logs import requirements_in
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

#: What uv prints at a narrow terminal.
FRAMED = (
    "  \u00d7 No solution found\n  \u2570\u2500\u25b6 Because a was not found in the package\n      registry and you\n"
    "      require a>=1, we can conclude that your requirements are unsatisfiable."
)

#: How uv begins an explanation.
UV = "No solution found when resolving dependencies: Because"

#: Runs whose output is read: what is asked, then what pip and uv lack. pip names no extra.
RUNS = {
    "nothere": (["nothere"], ["nothere"]),
    "nothere[x]>=2,<3": (["nothere<3,>=2"], ["nothere[x]>=2,<3"]),
    "lib==2": (["lib==2"], ["lib==2"]),
    "lib<0.5": (["lib<0.5"], ["lib<0.5"]),
    "app": (["inner>=2"], ["inner[x]>=2"]),
    "plat": (["plat"], ["plat"]),
    "later": (["later"], ["later"]),
}


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory of wheels, of which some fit no machine here."""
    folder = tmp_path_factory.mktemp("wheels")
    for one in (
        make_wheel("lib"),
        make_wheel("app", requires=["inner[x]>=2"]),
        make_wheel("inner"),
        make_wheel("plat", tag="cp36-cp36m-win32"),
        make_wheel("later", requires_python=">=3.99"),
    ):
        one.save(folder)
    return folder


def log_of(command: list[str], folder: Path) -> str:
    """Return what an installer prints; it fails."""
    options = ["--no-index", "--find-links", str(folder), "--target", str(folder / "target")]
    environment = {**os.environ, "COLUMNS": "60"}
    done = subprocess.run(
        [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, env=environment
    )
    assert done.returncode, done.stdout
    return done.stdout


@pytest.mark.parametrize("asked", RUNS)
def test_pip(wheels: Path, asked: str) -> None:
    """The log of a failed pip names the requirement, also that of another project."""
    log = log_of([sys.executable, "-m", "pip", "install", asked], wheels)
    assert [one.text for one in requirements_in(log)] == RUNS[asked][0], log


@pytest.mark.parametrize("asked", RUNS)
def test_uv(wheels: Path, asked: str) -> None:
    """The log of a failed uv does too, though it wraps its sentences."""
    command = [uv.find_uv_bin(), "pip", "install", "--no-config", "--python", sys.executable, "--color", "always"]
    log = log_of([*command, asked], wheels)
    assert [one.text for one in requirements_in(log)] == RUNS[asked][1], log


@pytest.mark.parametrize(
    ("log", "found"),
    [
        ("Collecting a\n  Could not find a version that satisfies the requirement a (from versions: )", ["a"]),
        ("No matching distribution found for a>=1 (from -r /srv/x/asked.txt (line 3))", ["a>=1"]),
        ("\x1b[31mERROR: No matching distribution found for a==1.0\x1b[0m\x1b[31m\n\x1b[0m", ["a==1.0"]),
        ('ERROR: No matching distribution found for a; python_version < "3.8" (from b)', ['a; python_version < "3.8"']),
        ("ERROR: No matching distribution found for file:///srv/x/a.whl", []),
        ("ERROR: No matching distribution found for a @ https://me:secret@h.test/a.whl", []),
        (FRAMED, ["a>=1"]),
        (f"{UV} there are no versions of a and b==1 depends on a, we can conclude", ["a"]),
        (f"{UV} a was not found in the cache, we can conclude", ["a"]),
        (f"{UV} only b==1 is available and you require b==2, we can conclude", ["b==2"]),
        # What the user has is there: a project of this machine alone.
        (
            (
                f"{UV} there is no version of six==9 and mine==1 depends on six==9. And because only mine==1 is available and "
                "you require mine, we can conclude that your requirements are unsatisfiable."
            ),
            ["six==9"],
        ),
        # Sentences of other programs.
        ("Package libffi was not found in the pkg-config search path.", []),
        ("Because a was not found in the cache, we can conclude", []),
        (f"{UV} /srv/me/secret was not found in the cache", []),
        (f"{UV} me@host.test was not found in the package registry", []),
        (
            (
                f"{UV} a was not found in the cache, and your requirements are unsatisfiable. host.test was not found in DNS, "
                "b was not found in the cache"
            ),
            ["a"],
        ),
        (f"{UV} there is no version of {'a' * 5000}", []),
        ("Successfully installed a-1.0", []),
        ("", []),
    ],
)
def test_lines(log: str, found: list[str]) -> None:
    """Lines of older versions, coloured lines, and lines that name a place."""
    assert [one.text for one in requirements_in(log)] == found


def test_many_brackets() -> None:
    """A bracket that nothing closes takes no long time."""
    started = time.process_time()
    log = "\n".join([UV, *["there is no version of " + "a[" * 4000] * 50])
    assert [one.text for one in requirements_in(log)] == ["a"]
    assert time.process_time() - started < 5


def test_a_log_without_spaces() -> None:
    """A long word, and a long line, take no long time."""
    started = time.process_time()
    assert requirements_in("a" * 2_000_000 + "\n" + "No matching distribution found for " + "a (from" * 300_000) == []
    assert time.process_time() - started < 5
