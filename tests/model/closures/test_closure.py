"""The closures of a manifest, with the files and requirements that their numbers mean."""

from __future__ import annotations

import json

import pytest

from pypi_subset.model.closures.closure import Step, closures_in, reached
from pypi_subset.model.documents import parse
from pypi_subset.model.manifest import Manifest
from pypi_subset.support import bounds
from tests.support.stages.manifests import document


def test_numbers_become_files_and_steps() -> None:
    """Each set on each target has its pins, its steps, and what the interpreter of the target brings."""
    made = document()
    made["targets"][0]["brought"] = {"cffi": "1.17.1"}
    ((place, found),) = closures_in(parse(json.dumps(made), Manifest)).items()
    assert place == ("base", "linux")
    assert [one.project for one in found.pins] == ["app", "my-lib"]
    assert found.steps == {Step("", "", "app"), Step("app", "", "my-lib")}
    assert found.brought == {"cffi"}


def test_a_manifest_before_closures_has_none() -> None:
    """It is read as one without."""
    made = {name: value for name, value in document().items() if name not in {"edges", "closures"}}
    assert closures_in(parse(json.dumps(made | {"schema": "1.4"}), Manifest)) == {}


def test_the_number_of_pins_and_edges_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A short list may state very many."""
    made = parse(json.dumps(document()), Manifest)
    monkeypatch.setattr(bounds, "MOST_FACTS", 3)
    with pytest.raises(ValueError, match="more than 3 pins and edges"):
        closures_in(made)


def test_requests_lead_to_what_they_reach() -> None:
    """Over any extra; a circle that no request leads to is not reached."""
    steps = [Step("", "", "app"), Step("app", "x", "lib"), Step("lib", "", "app"), Step("one", "", "two")]
    assert reached([*steps, Step("two", "", "one")]) == {"app", "lib"}


def test_a_step_is_shown_with_its_extra() -> None:
    """As in a requirement; a request has the set as its owner."""
    assert str(Step("app", "x", "lib")) == "app[x] -> lib"
    assert str(Step("", "", "app")) == "the set -> app"
