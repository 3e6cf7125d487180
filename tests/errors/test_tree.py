"""Errors: what the user sees of each, in one line or one below the other."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import pypi_subset
from pypi_subset import errors
from pypi_subset.errors import BadDistribution, BadFiles, Fault, InputFaults, PolicyError, SubsetError, TargetError
from pypi_subset.errors.tree import FINDING, INPUT, SURROUNDINGS

if TYPE_CHECKING:
    from collections.abc import Iterator

PATH = Path("requirements/base.txt")


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({}, "it is wrong"),
        ({"path": PATH}, f"{PATH}: it is wrong"),
        ({"path": PATH, "line": 3}, f"{PATH}:3: it is wrong"),
        ({"path": PATH, "line": 3, "next_step": "mend it"}, f"{PATH}:3: it is wrong; mend it"),
        ({"line": 3}, "it is wrong"),
    ],
)
def test_an_error_is_one_line(given: dict[str, object], text: str) -> None:
    """Place, what is wrong and the next step; a line without a file says nothing."""
    assert str(SubsetError("it is wrong", **given)) == str(Fault(what="it is wrong", **given)) == text  # type: ignore[arg-type]


def test_an_excerpt_stands_below_its_fault() -> None:
    """The offending text and its caret are indented."""
    assert str(Fault(what="wrong", line=1, excerpt=("aa ??", "   ^"))) == "wrong\n    aa ??\n       ^"


@pytest.mark.parametrize(("count", "words"), [(1, "1 fault in"), (2, "2 faults in")])
def test_all_faults_are_told(count: int, words: str) -> None:
    """Every fault of every file comes in one error, a line each."""
    error = InputFaults([Fault(what=f"wrong {number}") for number in range(count)])
    assert error.what.startswith(words)
    assert str(error).splitlines() == [f"wrong {number}" for number in range(count)]


def test_a_target_error_suggests() -> None:
    """Near spellings are the next step, and the step that was given follows them."""
    near = TargetError("no", nearest=["linux", "mac"], next_step="`pypi-subset targets` lists all", target="linx")
    assert (str(near), near.nearest, near.target) == (
        "no; did you mean 'linux' or 'mac'? `pypi-subset targets` lists all",
        ("linux", "mac"),
        "linx",
    )
    assert str(TargetError("no", next_step="name one")) == "no; name one"


@pytest.mark.parametrize(("count", "words"), [(1, "1 file refused"), (2, "2 files refused")])
def test_bad_files_are_told_with_the_way_out(count: int, words: str) -> None:
    """Each refusal is a line; the last one says how to mirror without those files."""
    error = BadFiles([BadDistribution(f"bad {number}") for number in range(count)])
    *each, last = str(error).splitlines()
    assert each == [f"bad {number}" for number in range(count)]
    assert last.startswith(words)
    assert 'bad_files = "skip"' in last


def test_all_errors_have_one_root() -> None:
    """Whoever catches `SubsetError` catches every error that a user may see."""
    found = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, Exception)]
    assert len(found) > 10
    assert all(issubclass(one, SubsetError) and one.__doc__ for one in found)


CODES = {
    FINDING: {
        *(
            "BadDistribution",
            "BadFiles",
            "Gaps",
            "FaultsFound",
            "HashMismatch",
            "LowerVersions",
            "MissingInSite",
            "NoSolution",
            "NotBuilt",
            "RequirementGone",
            "NotProven",
        ),
        *("OlderReleases", "PolicyError", "ProofFailed", "UndefinedMarker"),
    },
    INPUT: {"FolderError", "InputFaults", "KeyMissing", "LockError", "SubsetError", "TargetError"},
    SURROUNDINGS: {
        *(
            "BoxFailed",
            "DiskError",
            "MachineError",
            "PipFailed",
            "SuiteFailed",
            "TooLargeError",
            "Unforeseen",
            "UpstreamError",
        ),
    },
}


def classes(root: type[SubsetError]) -> Iterator[type[SubsetError]]:
    """Yield *root* and all classes below it."""
    yield root
    for one in root.__subclasses__():
        yield from classes(one)


def test_every_error_has_an_exit_code_on_purpose() -> None:
    """Each class of the package states its own, and the table has it."""
    for module in pkgutil.walk_packages(pypi_subset.__path__, "pypi_subset."):
        if not module.name.endswith("__main__") and ".verify" not in module.name and "._" not in module.name:
            importlib.import_module(module.name)
    found = {one for one in classes(SubsetError) if one.__module__.startswith("pypi_subset")}
    assert {one.__name__ for one in found if "exit_code" not in vars(one)} == set()
    table = {code: {one.__name__ for one in found if one.exit_code == code} for code in (1, 2, 3)}
    assert table == CODES


def test_refusals_of_the_policy_are_counted() -> None:
    """Each is a line, as far as they fit on a screen; the last line of all says how many there are."""
    few, many = (PolicyError([f"app {number}: deny" for number in range(count)]) for count in (2, 25))
    assert str(few).startswith("the policy refuses 2 releases; run `pypi-subset update`")
    assert few.details == ("app 0: deny", "app 1: deny")
    assert (len(many.details), many.details[-1], len(many.found)) == (21, "and 5 more", 25)
