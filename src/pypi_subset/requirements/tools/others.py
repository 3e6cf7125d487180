"""What the tables of PDM, Hatch, pip-tools, Rye, pixi, setuptools and flit say beside ``[project]`` or in its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from pypi_subset.requirements.tools.elsewhere import taken
from pypi_subset.requirements.tools.finding import (
    Asked,
    Finding,
    Index,
    listed,
    sources_elsewhere,
    table_at,
    tables_in,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from pypi_subset.requirements.toml import Settings

PDM, HATCH, PIP_TOOLS = ("tool", "pdm"), ("tool", "hatch"), ("tool", "pip-tools")
RYE, PIXI = ("tool", "rye"), ("tool", "pixi")
#: Tools whose tables are read one by one.
_READ = frozenset({"uv", "poetry", "pdm", "hatch", "pip-tools", "pixi"})
#: Variables of an environment that name an index or a place of files.
_VARIABLES = frozenset(
    {
        *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX"),
        *("UV_INDEX", "UV_INDEX_URL", "UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS"),
    }
)
#: The field of ``[project]`` that has the extras.
_EXTRAS = "optional-dependencies"
_ELSEWHERE = "names an index or a place of files, which pip is not configured for"


def pdm(document: Settings, asked: Asked) -> Iterator[Finding]:
    """Yield what PDM's tables change: sources, ``resolution``, and chosen groups that they contain."""
    table = table_at(document.document, *PDM)
    yield from sources_elsewhere(document, (*PDM, "source"), tables_in(table.get("source", [])), asked.reach, "pypi")
    for key in ("overrides", "excludes"):
        if table_at(table, "resolution").get(key):
            yield Finding(document=document, keys=(*PDM, "resolution", key), what=f"{key} what other projects require")
    if table_at(table, "resolution").get("allow-prereleases") is True or table.get("allow_prereleases") is True:
        yield Finding(document=document, keys=(*PDM, "resolution"), what="allows pre-releases")
    yield from _chosen(document, asked, (*PDM, "dev-dependencies"))
    yield from taken(document, asked, *PDM)


def hatch(document: Settings, asked: Asked) -> Iterator[Finding]:
    """Yield what Hatch's environments change: members of a workspace, and variables that name an index."""
    for name, environment in table_at(document.document, *HATCH, "envs").items():
        keys = (*HATCH, "envs", name)
        variables = table_at(environment, "env-vars")
        for key in sorted(_VARIABLES & variables.keys()):
            value = variables[key]
            if not isinstance(value, str) or not _is_configured(key, value, asked):
                index = _beside(key, value.split()) if isinstance(value, str) else None
                yield Finding(document=document, keys=(*keys, "env-vars", key), what=_ELSEWHERE, index=index)
        if table_at(environment, "workspace").get("members"):
            yield Finding(document=document, keys=(*keys, "workspace"), what="takes projects from this workspace")
    yield from taken(document, asked, *HATCH)


def _is_configured(key: str, value: str, asked: Asked) -> bool:
    if key == "PIP_NO_INDEX":
        return False
    return all(map(_knowing(key, asked), value.split()))


def _knowing(key: str, asked: Asked) -> Callable[[str], bool]:
    """Return what knows an index or a place of files: one in place of PyPI serves every project, and no source does."""
    if canonicalize_name(key).endswith("find-links"):
        return asked.reach.is_linked
    return asked.reach.is_known if _is_beside(key) else asked.reach.is_asked


def _is_beside(key: str) -> bool:
    return canonicalize_name(key) in {"pip-extra-index-url", "uv-extra-index-url", "uv-index", "extra-index-url"}


def _beside(key: str, urls: Sequence[object]) -> Index | None:
    """Return the one index that is asked beside PyPI, ``None`` if there is no such or there are several."""
    url = urls[0] if len(urls) == 1 and _is_beside(key) else None
    return Index(url=url) if isinstance(url, str) else None


def pip_tools(document: Settings, asked: Asked) -> Iterator[Finding]:
    """Yield what pip-compile's settings change."""
    for key, value in table_at(document.document, *PIP_TOOLS).items():
        urls = value if isinstance(value, list) else [value]
        if key in {"index-url", "extra-index-url", "find-links"}:
            known = _knowing(key, asked)
            if not all(isinstance(url, str) and known(url) for url in urls):
                index = _beside(key, urls)
                yield Finding(document=document, keys=(*PIP_TOOLS, key), what=_ELSEWHERE, index=index)
        elif key in {"constraint", "pre", "no-index", "pip-args", "override"} and value:
            yield Finding(document=document, keys=(*PIP_TOOLS, key), what=f"sets {key}")


def rye(document: Settings, asked: Asked) -> Iterator[Finding]:
    """Yield what Rye's tables change: sources, and the group of its own."""
    table = table_at(document.document, *RYE)
    yield from sources_elsewhere(
        document, (*RYE, "sources"), tables_in(table.get("sources", [])), asked.reach, "default", "pypi"
    )
    if table.get("dev-dependencies") and "dev" in asked.groups:
        yield Finding(document=document, keys=(*RYE, "dev-dependencies"), what="has a group 'dev' of its own")


def rest(document: Settings, asked: Asked) -> Iterator[Finding]:
    """Yield what the tables of all other tools take from elsewhere."""
    for name in table_at(document.document, "tool"):
        if name not in _READ:
            yield from taken(document, asked, "tool", name)


def pixi(document: Settings, asked: Asked) -> Iterator[Finding]:
    """Yield what pixi's tables for PyPI change: where requested projects come from, indexes, overrides."""
    yield from taken(document, asked, *PIXI)
    options = table_at(document.document, *PIXI, "pypi-options")
    if found := sorted(key for key in ("find-links", "dependency-overrides") if options.get(key)):
        yield Finding(document=document, keys=(*PIXI, "pypi-options", found[0]), what=f"sets {listed(found)}")


def _chosen(document: Settings, asked: Asked, keys: tuple[str, ...]) -> Iterator[Finding]:
    """Yield each chosen group that the table at *keys* has too."""
    known = {canonicalize_name(name) for name in table_at(document.document, *keys)}
    for name in asked.choice.groups or ():
        if canonicalize_name(name) in known:
            yield Finding(document=document, keys=(*keys, name), what=f"has a group {name!r} of its own")


def flit(document: Settings) -> Finding | None:
    """Return a finding if flit's old table has the dependencies; ``None`` otherwise."""
    keys = ("tool", "flit", "metadata")
    if "requires" not in table_at(document.document, *keys) or "project" in document.document:
        return None
    return Finding(document=document, keys=(*keys, "requires"), what="has the dependencies, in a form of its own")


def dynamic(document: Settings, field: str, extras: Collection[str] = ()) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """
    Return the keys of the table that says which files a dynamic *field* is read from, and the files; two empty tuples if none.

    setuptools and the plugin hatch-requirements-txt have such tables.

    :param extras: those whose files are looked for, if *field* has the extras.
    """
    hook = ("tool", "hatch", "metadata", "hooks", "requirements_txt")
    own = ("tool", "setuptools", "dynamic", field)
    if field == _EXTRAS:
        wanted = frozenset(map(canonicalize_name, extras))
        places: tuple[tuple[str, ...], ...] = (own, (*hook, _EXTRAS))
        for keys in places:
            table = table_at(document.document, *keys)
            values = [value for name, value in table.items() if canonicalize_name(name) in wanted]
            if found := [name for value in values for name in _files(value)]:
                return keys, tuple(dict.fromkeys(found))
        return (), ()
    for keys, value in (
        (own, table_at(document.document, *own)),
        (hook, table_at(document.document, *hook).get("files")),
    ):
        if files := _files(value):
            return keys, files
    return (), ()


def _files(value: object) -> tuple[str, ...]:
    """Return the files in *value*: a name, a list of names, or a table that has either as ``file``."""
    value = value.get("file") if isinstance(value, Mapping) else value
    names = [value] if isinstance(value, str) else value
    return tuple(names) if isinstance(names, list) and all(isinstance(name, str) for name in names) else ()
