"""Reasons, pins and locks as values: equality, order, names."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.model.distributions import Distribution
from pypi_subset.model.locks import Inputs, Lock, Pin, Reason

ONE = Distribution(filename="app-1.0.tar.gz", project=canonicalize_name("app"), version=Version("1.0"))


def test_a_reason_is_known_by_its_text() -> None:
    """Equality, hash and order are those of text, project and place, as a lock writes them."""
    requirement = Requirement("Lib_X >=1.0,!=1.5; python_version<'3.11'")
    reason = Reason(requirement=requirement, by="app")
    assert reason.text == 'Lib_X!=1.5,>=1.0; python_version < "3.11"'
    # To packaging these two are the same requirement; a lock has both.
    other = Reason(requirement=Requirement(reason.text.replace("Lib_X", "lib-x")), by="app")
    assert requirement == other.requirement
    assert len({reason, other, Reason(requirement=requirement, by="app")}) == 2
    asked = [
        Reason(requirement=Requirement(text), origin=at) for text, at in (("b", "x:1"), ("a", "x:2"), ("a", "x:1"))
    ]
    assert [(one.text, one.origin) for one in sorted(asked)] == [("a", "x:1"), ("a", "x:2"), ("b", "x:1")]


def test_a_reason_keeps_the_spelling_of_its_lock() -> None:
    """A text that was read stays as it is, and takes part in the comparison."""
    requirement = Requirement("app >= 1")
    kept = Reason(requirement=requirement, text="app >= 1", origin="base.txt:1")
    assert kept.text == "app >= 1"
    assert kept != Reason(requirement=requirement, origin="base.txt:1")
    with pytest.raises(FrozenInstanceError):
        kept.text = "app"  # type: ignore[misc]


def test_a_request_has_no_project_behind_it() -> None:
    """A pin is requested if any line of the set names it."""
    app = Requirement("app")
    through, line = Reason(requirement=app, by="other"), Reason(requirement=app, origin="base.txt:1")
    assert Pin(distribution=ONE, reasons=(through, line)).requested
    assert not Pin(distribution=ONE, reasons=(through,)).requested


def test_a_lock_is_named_after_its_job() -> None:
    """The name has two dashes between set and target."""
    inputs = Inputs(requirement_set="a", target="b", policy="c", constraint="d")
    assert Lock(set_name="base", target_name="linux", inputs=inputs, pins=()).name == "base--linux"
