"""The text of a request."""

from __future__ import annotations

import json

from pypi_subset.standalone.requester.document import WIDTH, request_text
from pypi_subset.standalone.requester.grammar import requirement_of


def test_text_is_json_that_fits_a_terminal() -> None:
    """Each key has a line, a long list fills lines, and the values are those that went in."""
    machine = {
        "kind": "x",
        "none": {},
        "empty": [],
        "tags": [f"cp312-abi3-manylinux_2_{one}_x86_64" for one in range(99)],
    }
    text = request_text([requirement_of("a[b]>=1")], "base", "lab", {**machine, "deep": [[1, None], {"a": True}]})
    found = json.loads(text)
    assert list(found) == ["schema", "kind", "set", "target", "requirements", "machine"]
    assert found["requirements"] == [{"name": "a", "extras": ["b"], "specifier": ">=1", "marker": ""}]
    assert found["machine"] == {**machine, "deep": [[1, None], {"a": True}]}
    lines = text.splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert len(lines) < 90
    assert json.loads(request_text([], "", "", None))["machine"] is None
