"""
The JSON Schemas of manifest, release and report, generated from the Structs.

``python -m tests.support.pages.schemas`` writes them into the package.
"""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from pypi_subset.bundle.arrivals import Arrival
from pypi_subset.bundle.document import Bundle
from pypi_subset.cli import answers
from pypi_subset.doctor.findings import Diagnosis
from pypi_subset.editing.changes import Edited
from pypi_subset.model.manifest import Manifest
from pypi_subset.model.report import Report
from pypi_subset.pipeline.clean import Cleaned, Pruned
from pypi_subset.pipeline.mirror import MirrorResult
from pypi_subset.pipeline.plan import Forecast
from pypi_subset.pipeline.requested.answers import RequestForecast
from pypi_subset.publishing.release import SiteRelease
from pypi_subset.relocking.relock import Relocked
from pypi_subset.requirements.requested.document import RequestDocument
from pypi_subset.snapshots.comparing import Differences
from pypi_subset.snapshots.listing import Snapshots
from pypi_subset.snapshots.promotions import PromoteAnswer, Promotions
from tests.support.checkout import SOURCE

if TYPE_CHECKING:
    from pypi_subset.model.documents import Document

FOLDER = SOURCE / "schemas"
#: File name → version → `form`.
FORMS = Path(__file__).with_name("forms.json")

#: File name → the document that it describes.
DOCUMENTS: dict[str, type[Document]] = {
    "bundle-document.schema.json": Bundle,
    "manifest.schema.json": Manifest,
    "release.schema.json": SiteRelease,
    "report.schema.json": Report,
    "clean.schema.json": Cleaned,
    "diff.schema.json": Differences,
    "doctor.schema.json": Diagnosis,
    "edit.schema.json": Edited,
    "bundle.schema.json": answers.BundleAnswer,
    "fetch.schema.json": answers.FetchAnswer,
    "mirror.schema.json": MirrorResult,
    "plan.schema.json": Forecast,
    "plan-request.schema.json": RequestForecast,
    "arrival.schema.json": Arrival,
    "request.schema.json": RequestDocument,
    "promote.schema.json": PromoteAnswer,
    "promotions.schema.json": Promotions,
    "prune.schema.json": Pruned,
    "publish.schema.json": answers.PublishAnswer,
    "relock.schema.json": Relocked,
    "servers.schema.json": answers.ServersAnswer,
    "sizes.schema.json": answers.SizesAnswer,
    "snapshot.schema.json": answers.SnapshotAnswer,
    "snapshots.schema.json": Snapshots,
    "target.schema.json": answers.TargetAnswer,
    "targets.schema.json": answers.TargetsAnswer,
    "why.schema.json": answers.WhyAnswer,
}

#: How the name of the result of a command begins.
RESULT = "the result of "
_PARAM = re.compile(r":param (\w+): (.*?)(?=\n:|\Z)", re.DOTALL)


def generated(kind: type[Document]) -> str:
    """
    Return the JSON Schema of the documents that this version writes.

    It allows no other fields, though a reader ignores them. A result of a command has every field. Field descriptions
    come from the docstrings.
    """
    (reference,), components = msgspec.json.schema_components([kind], ref_template="#/$defs/{name}")
    for name, component in components.items():
        _describe(component)
        if "properties" in component:
            component["additionalProperties"] = False
            if kind.name.startswith(RESULT):
                component["required"] = [*component["properties"]]
        elif "prefixItems" in component:
            component["items"] = False
        assert component["title"] == name, "two types have one name"
        del component["title"]
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:pypi-subset:{kind.__name__.lower()}:{kind.version}",
    }
    return json.dumps({**head, **reference, "$defs": dict(sorted(components.items()))}, indent=1) + "\n"


def form(kind: type[Document]) -> str:
    """Return a hash of the names, types and values of all fields; a program that reads them needs no descriptions."""
    plain = _bare(json.loads(generated(kind)))
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]


def _bare(value: Any) -> Any:
    if isinstance(value, list):
        return [*map(_bare, value)]
    if not isinstance(value, dict):
        return value
    return {key: _bare(one) for key, one in value.items() if not (key == "description" and isinstance(one, str))}


def _describe(component: dict[str, Any]) -> None:
    """Keep the first paragraph of a docstring, and give each field its own words."""
    text = component["description"]
    component["description"] = text.partition("\n\n")[0]
    for number, (field, words) in enumerate(_PARAM.findall(text)):
        plain = " ".join(words.split()).replace("``", "")
        # A Struct that is an array has its fields in order.
        own = component["properties"][field] if "properties" in component else component["prefixItems"][number]
        own["description"] = plain[:1].upper() + plain[1:]


if __name__ == "__main__":
    known: dict[str, dict[str, str]] = json.loads(FORMS.read_bytes())
    for filename, document in DOCUMENTS.items():
        (FOLDER / filename).write_text(generated(document), encoding="utf-8")
        # The form of a version that is known stays: another form needs another version.
        known.setdefault(filename, {}).setdefault(document.version, form(document))
    FORMS.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n", encoding="utf-8")
