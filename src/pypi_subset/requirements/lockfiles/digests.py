"""Whether the project beside a lock has changed since: its digest, as each tool computes it for its lock."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from pypi_subset.requirements.toml import Number
from pypi_subset.requirements.tools.finding import table_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pypi_subset.requirements.toml import Settings

_OF_PROJECT = ("requires-python", "dependencies", "optional-dependencies")
#: Keys of ``[tool.poetry]`` that count even without a value if no standard table has the dependencies, and one more.
_OF_POETRY = ("dependencies", "source", "extras", "dev-dependencies")
#: Tables of a ``Pipfile`` that are no categories of packages.
_NO_CATEGORIES = frozenset(
    {"source", "packages", "dev-packages", "requires", "scripts", "pipfile", "pipenv", "default", "develop"}
)


def of_poetry(project: Settings) -> frozenset[str]:
    """Return the values that ``content-hash`` may have for *project*: versions before 2.2 omit its dependency groups."""
    return frozenset({_of_poetry(project.document, groups=True), _of_poetry(project.document, groups=False)})


def _of_poetry(document: Mapping[str, Any], *, groups: bool) -> str:
    table, own = table_at(document, "project"), table_at(document, "tool", "poetry")
    standard = {key: table[key] for key in _OF_PROJECT if key in table}
    grouped = table_at(document, "dependency-groups") if groups else {}
    stated = {key: own[key] for key in ("group",) if key in own}
    if standard or grouped:
        stated |= {key: own[key] for key in _OF_POETRY if key in own}
        counting: dict[str, Any] = {"tool": {"poetry": stated}}
        counting |= {"project": standard} if standard else {}
        counting |= {"dependency-groups": grouped} if grouped else {}
        return _sha256(counting)
    return _sha256({key: own.get(key) for key in _OF_POETRY} | stated)


def of_pdm(project: Settings) -> frozenset[str]:
    """
    Return the values that ``content_hash`` may have for *project*.

    Versions before 2.20 omit its dependency groups, versions before 2.13 all of ``resolution`` but the overrides.
    """
    table, own = table_at(project.document, "project"), table_at(project.document, "tool", "pdm")
    dev, resolution = table_at(own, "dev-dependencies"), table_at(own, "resolution")
    groups: dict[str, list[Any]] = {}
    for stated in (table_at(project.document, "dependency-groups"), dev):
        for name, values in stated.items():
            groups.setdefault(canonicalize_name(name), []).extend(values if isinstance(values, list) else [])
    found = {
        "sources": own.get("source", []),
        "dependencies": table.get("dependencies", []),
        "optional-dependencies": table.get("optional-dependencies", {}),
        "requires-python": table.get("requires-python", ""),
    }
    resolved = {"resolution": resolution}, {"overrides": resolution.get("overrides", {})}
    return frozenset(
        f"sha256:{_sha256({**found, 'dev-dependencies': stated, **rules})}"
        for stated in (groups, dev)
        for rules in resolved
    )


def of_pipfile(pipfile: Settings) -> frozenset[str]:
    """Return the values that ``sha256`` may have for *pipfile*: newer versions normalize names of projects."""
    return frozenset({_of_pipfile(pipfile.document, plain=True), _of_pipfile(pipfile.document, plain=False)})


def _of_pipfile(document: Mapping[str, Any], *, plain: bool) -> str:
    def named(table: Any) -> Any:
        if not (plain and isinstance(table, dict)):
            return table
        return {canonicalize_name(name): value for name, value in table.items()}

    found: dict[str, Any] = {
        "_meta": {"sources": document.get("source", []), "requires": document.get("requires", {})},
        "default": named(document.get("packages", {})),
        "develop": named(document.get("dev-packages", {})),
    }
    found |= {name: named(value) for name, value in document.items() if name not in _NO_CATEGORIES}
    return _sha256(found, separators=(",", ":"))


def _sha256(value: Any, separators: tuple[str, str] | None = None) -> str:
    text = json.dumps(value, sort_keys=True, separators=separators, default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: object) -> object:
    return float(value.text) if isinstance(value, Number) else str(value)
