"""The text of a request: JSON that a person can read before it is carried away."""

import json
import textwrap

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pypi_subset.standalone.requester.grammar import Requirement

#: What the document says it is, and its version.
REQUEST_KIND, REQUEST_SCHEMA = "pypi-subset request", "1.0"
#: Columns of a line.
WIDTH = 110


def request_text(
    requirements: "list[Requirement]", set_name: str, target: str, machine: "dict[str, Any] | None"
) -> str:
    """
    Return the document.

    :param set_name: the set that is to request them, ``""`` for the usual one.
    :param target: the target that this machine is, ``""`` if that is not known.
    :param machine: its description, ``None`` to leave it out.
    """
    document = {
        "schema": REQUEST_SCHEMA,
        "kind": REQUEST_KIND,
        "set": set_name,
        "target": target,
        "requirements": [one.document() for one in requirements],
        "machine": machine,
    }
    return laid_out(document, "") + "\n"


def laid_out(value: "Any", margin: str) -> str:
    """
    Return *value* as JSON with a line for each key; a list of plain values fills lines.

    :param margin: the blanks before each of its lines but the first.
    """
    inner = margin + " "
    if isinstance(value, dict) and value:
        lines = [f"{inner}{json.dumps(key)}: {laid_out(one, inner)}" for key, one in value.items()]
        return "{\n" + ",\n".join(lines) + f"\n{margin}}}"
    if not (isinstance(value, list) and value):
        return json.dumps(value)
    if any(isinstance(one, (dict, list)) for one in value):
        lines = [inner + laid_out(one, inner) for one in value]
        return "[\n" + ",\n".join(lines) + f"\n{margin}]"
    text = json.dumps(value)
    if len(text) + len(margin) <= WIDTH // 2:
        return text
    # Texts of JSON have no line ends, and tags and suffixes have no blanks.
    filled = textwrap.wrap(text[1:-1], WIDTH - len(inner), break_long_words=False, break_on_hyphens=False)
    return "[\n" + "\n".join(inner + line for line in filled) + f"\n{margin}]"
