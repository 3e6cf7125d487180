"""What the tables of PDM, Hatch, pip-tools, Rye, pixi, setuptools and flit say beside ``[project]`` or in its place."""

from __future__ import annotations

import re
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
#: Variables of an environment that name an index or a place of files, and others that change a choice.
_VARIABLES = frozenset(
    {
        *("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX"),
        *("UV_INDEX", "UV_INDEX_URL", "UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS"),
    }
)
_CHANGING = frozenset(
    {
        *("PIP_CONSTRAINT", "PIP_PRE", "PIP_NO_BINARY", "PIP_NO_DEPS", "PIP_UPLOADED_PRIOR_TO"),
        *("UV_CONSTRAINT", "UV_OVERRIDE", "UV_EXCLUDE", "UV_EXCLUDE_NEWER", "UV_PRERELEASE", "UV_RESOLUTION"),
        *("UV_NO_BINARY", "UV_NO_BINARY_PACKAGE", "UV_TORCH_BACKEND"),
    }
)
#: Settings of pip-compile that change a choice, and options of ``pdm lock`` that do.
_OF_COMPILE = frozenset({"constraint", "pre", "no-index", "pip-args", "override", "upgrade-package"})
_OF_LOCK = re.compile(r"--(?:override|exclude-newer)\b|.*\bdirect_minimal_versions\b")
#: Settings of pixi for PyPI that change a choice.
_OF_PIXI = ("find-links", "dependency-overrides", "no-binary", "prerelease-mode", "exclude-newer")
_PIXI_AS_PIP = {"prerelease-mode": ("if-necessary", "if-necessary-or-explicit")}
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
    for key in ("exclude-newer", "exclude-newer-override"):
        if table_at(table, "resolution").get(key):
            yield Finding(document=document, keys=(*PDM, "resolution", key), what="excludes files by their upload time")
    for command, words in table_at(table, "options").items():
        if any(isinstance(one, str) and _OF_LOCK.match(one) for one in (words if isinstance(words, list) else [words])):
            yield Finding(document=document, keys=(*PDM, "options", command), what=f"sets options of pdm {command}")
    if table_at(table, "resolution").get("allow-prereleases") is True or table.get("allow_prereleases") is True:
        yield Finding(document=document, keys=(*PDM, "resolution"), what="allows pre-releases")
    yield from _chosen(document, asked, (*PDM, "dev-dependencies"))
    yield from taken(document, asked, *PDM)


def hatch(document: Settings, asked: Asked) -> Iterator[Finding]:
    """Yield what Hatch's environments change: members of a workspace, and variables that name an index or a choice."""
    for name, environment in table_at(document.document, *HATCH, "envs").items():
        keys = (*HATCH, "envs", name)
        for key, value in table_at(environment, "env-vars").items():
            yield from _variable(document, asked, (*keys, "env-vars", key), value)
        for source, condition, table in _overrides(environment):
            for line in _lines(table.get("env-vars", table.get("set-env-vars"))):
                variable, _, value = line.partition("=")
                place = (*keys, "overrides", source, condition, "env-vars")
                yield from _variable(document, asked, (*place, variable), value)
        if table_at(environment, "workspace").get("members"):
            yield Finding(document=document, keys=(*keys, "workspace"), what="takes projects from this workspace")
    yield from taken(document, asked, *HATCH)


def _variable(document: Settings, asked: Asked, keys: tuple[str, ...], value: object) -> Iterator[Finding]:
    """Yield a finding if the variable that *keys* end with changes where files come from, or which of them are chosen."""
    key = keys[-1]
    if key in _CHANGING:
        yield Finding(document=document, keys=keys, what=f"sets {key}")
    elif key in _VARIABLES and not (isinstance(value, str) and _is_configured(key, value, asked)):
        index = _beside(key, value.split()) if isinstance(value, str) else None
        yield Finding(document=document, keys=keys, what=_ELSEWHERE, index=index)


def _overrides(environment: object) -> Iterator[tuple[str, str, Mapping[str, object]]]:
    """Yield source, condition and table of each override of an environment."""
    overrides = table_at(environment, "overrides") if isinstance(environment, Mapping) else {}
    for source, conditions in overrides.items():
        for condition, table in conditions.items() if isinstance(conditions, Mapping) else ():
            if isinstance(table, Mapping):
                yield source, condition, table


def _lines(value: object) -> Iterator[str]:
    """Yield the lines ``NAME=VALUE`` of an override: texts, or tables that have one as ``value``."""
    for one in value if isinstance(value, list) else [value]:
        line = one.get("value") if isinstance(one, Mapping) else one
        if isinstance(line, str):
            yield line


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
    """Yield what pip-compile's settings change; those of pip-sync concern no choice."""
    for keys in (PIP_TOOLS, (*PIP_TOOLS, "compile")):
        for written, value in table_at(document.document, *keys).items():
            key, urls = written.replace("_", "-"), value if isinstance(value, list) else [value]
            if key in {"index-url", "extra-index-url", "find-links"}:
                known = _knowing(key, asked)
                if not all(isinstance(url, str) and known(url) for url in urls):
                    index = _beside(key, urls)
                    yield Finding(document=document, keys=(*keys, written), what=_ELSEWHERE, index=index)
            elif key in _OF_COMPILE and value:
                yield Finding(document=document, keys=(*keys, written), what=f"sets {key}")


def rye(document: Settings, asked: Asked) -> Iterator[Finding]:
    """Yield what Rye's tables change: sources, what is left out, and the group of its own."""
    table = table_at(document.document, *RYE)
    yield from sources_elsewhere(
        document, (*RYE, "sources"), tables_in(table.get("sources", [])), asked.reach, "default", "pypi"
    )
    if table.get("excluded-dependencies"):
        yield Finding(document=document, keys=(*RYE, "excluded-dependencies"), what="leaves out what projects require")
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
    features = table_at(document.document, *PIXI, "feature")
    for keys in (PIXI, *((*PIXI, "feature", name) for name in features)):
        options = table_at(document.document, *keys, "pypi-options")
        found = [key for key in _OF_PIXI if options.get(key) and options[key] not in _PIXI_AS_PIP.get(key, ())]
        if found:
            yield Finding(
                document=document, keys=(*keys, "pypi-options", found[0]), what=f"sets {listed(sorted(found))}"
            )
    for name in ("workspace", "project"):
        if table_at(document.document, *PIXI, name).get("exclude-newer"):
            keys = (*PIXI, name, "exclude-newer")
            yield Finding(document=document, keys=keys, what="excludes files by their upload time")


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
