"""The document of the answers."""

from __future__ import annotations

import json

from pypi_subset.pipeline.requested.answers import Answer, RequestForecast, RequestTarget
from pypi_subset.support.resources import shipped
from tests.support.pages.schemas import generated


def test_the_committed_schema_is_the_generated_one() -> None:
    """The schema in the package describes this document; programs can tell "no bundle" from the number of one."""
    assert shipped("schemas", "plan-request.schema.json").decode() == generated(RequestForecast)
    one = Answer(requirement="app", target="lab", state="present")
    found = RequestForecast(
        set="base", machine="", targets=(RequestTarget(name="lab", tag="t", known=True),), answers=(one,)
    ).document()
    assert (found["answers"][0]["since"], found["last"]) == (None, None)
    assert json.loads(json.dumps(found))["answers"][0]["state"] == "present"
