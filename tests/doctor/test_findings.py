"""Findings of an examination."""

from __future__ import annotations

from pathlib import Path

from pypi_subset.doctor.findings import Diagnosis, Finding, State, examined
from pypi_subset.errors import Fault, FolderError, InputFaults


def fail(error: Exception) -> None:
    """Raise *error*."""
    raise error


def test_an_error_is_a_finding() -> None:
    """It keeps its place and its next step; what the block found before stays."""
    full = "it is full"
    found = [Finding(name="first", state="ok", what="good")]
    with examined("second", found):
        fail(FolderError(full, path=Path("a/b"), next_step="make room"))
    assert found[1:] == [Finding(name="second", state="error", what="a/b: it is full", next_step="make room")]


def test_each_fault_is_a_finding() -> None:
    """The faults of several files are several findings, each with its line."""
    found: list[Finding] = []
    with examined("files", found):
        fail(InputFaults([Fault(what="one", path=Path("a.txt"), line=2), Fault(what="two")]))
    assert [one.what for one in found] == ["a.txt:2: one", "two"]


def test_errors_are_counted() -> None:
    """A warning prevents no command."""
    states: tuple[State, ...] = ("ok", "warning", "error", "error")
    found = Diagnosis(findings=tuple(Finding(name="x", state=state, what="y") for state in states))
    assert found.errors == 2
