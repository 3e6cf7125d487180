"""
What uv's settings say: ``[tool.uv]`` in a project or a script, and in the root of a project's workspace.

Constraints, overrides, excludes, markers of environments and ``prerelease = "allow"`` are read elsewhere. Whatever else changes which files are meant
is a finding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from pypi_subset.requirements.tools.finding import PLACES, Asked, Finding, Index, may_hold, quoted, table_at, tables_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from pypi_subset.requirements.toml import Settings

UV = ("tool", "uv")
SOURCES, DEV = (*UV, "sources"), (*UV, "dev-dependencies")
#: Settings that leave every choice as it is.
_AS_PIP = {
    "prerelease": ("allow", "if-necessary", "if-necessary-or-explicit"),
    "resolution": ("highest",),
    "no-index": (False,),
}
#: Settings that change a choice whatever their value is, unless it is empty.
_CHANGING = {
    "exclude-newer": "excludes files by their upload time",
    "exclude-newer-package": "excludes files of some projects by their upload time",
    "dependency-metadata": "replaces the metadata of projects",
    "no-binary": "asks for sdists",
    "no-binary-package": "asks for sdists of some projects",
    "torch-backend": "takes projects from the indexes of PyTorch",
    "no-deps": "leaves out what projects require",
}
#: Settings that name an index or a place of files.
_INDEXES = ("index", "index-url", "extra-index-url", "find-links")


def findings(document: Settings, asked: Asked) -> Iterator[Finding]:
    """Yield what *document* changes beyond what pip can be asked for."""
    yield from _sources(document, asked)
    for keys in (UV, (*UV, "pip")):
        settings = table_at(document.document, *keys)
        for key, value in settings.items():
            if key in _AS_PIP and value not in _AS_PIP[key]:
                yield Finding(document=document, keys=(*keys, key), what=f"sets {key} to {quoted(value)}")
            elif key in _CHANGING and value:
                yield Finding(document=document, keys=(*keys, key), what=_CHANGING[key])
            elif key in _INDEXES:
                yield from _indexes(document, (*keys, key), value, asked)
    yield from _conflicts(document, asked)
    if "dev" in asked.groups and DEV[-1] in table_at(document.document, *UV):
        yield Finding(document=document, keys=DEV, what="has a group 'dev' of its own")


def elsewhere(document: Settings, asked: Asked) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """
    Yield each project that ``sources`` take from another place: name, place, and the entry.

    pip's only index is none, and neither is the source of ``subset.toml`` that serves the project.
    """
    urls = _urls(document)
    for name, value in table_at(document.document, *SOURCES).items():
        for one in tables_in(value) or [{}]:
            conditions = [(kind, one[kind]) for kind in ("extra", "group") if kind in one]
            if conditions and not any(asked.chooses(*condition) for condition in conditions):
                continue
            if place := _place(name, one, urls, asked):
                yield name, place, one


def _urls(document: Settings) -> dict[str, str]:
    """Return name and URL of each index that *document* names; pages of files are none."""
    indexes = tables_in(table_at(document.document, *UV).get("index", []))
    return {
        one["name"]: one["url"]
        for one in indexes
        if isinstance(one.get("name"), str) and isinstance(one.get("url"), str) and one.get("format") != "flat"
    }


def _sources(document: Settings, asked: Asked) -> Iterator[Finding]:
    """Yield a finding for each of these that is requested."""
    for name, place, one in elsewhere(document, asked):
        if spelt := asked.spelling(name, [one.get("marker")]):
            omit = "" if "index" in one or one.keys() & {"workspace", "path"} else name
            keys, what = (*SOURCES, name), f"takes {spelt} from {place}"
            yield Finding(document=document, keys=keys, what=what, omit=omit, index=_index(name, one, document))


def _index(project: str, entry: Mapping[str, Any], document: Settings) -> Index | None:
    """Return the index that *entry* takes *project* from, ``None`` if it is another place or has no URL."""
    name = entry.get("index")
    url = _urls(document).get(name) if isinstance(name, str) else None
    if url is None:
        return None
    return Index(url=url, name=str(name), projects=(project,), marker=entry.get("marker"))


def _place(project: str, entry: Mapping[str, Any], urls: Mapping[str, str], asked: Asked) -> str:
    """Return where *entry* takes *project* from, ``""`` if that is pip's only index or the source of the project."""
    if "index" in entry:
        name = entry["index"]
        url = urls.get(name) if isinstance(name, str) else None
        return "" if asked.is_served(url, project, entry.get("marker")) else f"the index {quoted(name)}"
    return next((place for key, place in PLACES.items() if entry.get(key)), "elsewhere")


def _indexes(document: Settings, keys: tuple[str, ...], value: object, asked: Asked) -> Iterator[Finding]:
    """Yield each index or place of files that pip is not configured for; an explicit index is one of ``sources`` alone."""
    for one in value if isinstance(value, list) else [value]:
        table = one if isinstance(one, dict) else {}
        url, named = table.get("url") if table else one, table.get("name")
        called = (
            f"the index {quoted(named)}" if named else "a place of files" if keys[-1] == "find-links" else "an index"
        )
        if "exclude-newer" in table:
            yield Finding(document=document, keys=keys, what=f"excludes files of {called} by their upload time")
        if table.get("explicit") is True:
            continue
        known = _known(keys[-1], table, asked)
        if not (isinstance(url, str) and known(url)):
            beside = isinstance(url, str) and known == asked.reach.is_known and table.get("format") != "flat"
            index = Index(url=str(url), name=named if isinstance(named, str) else "") if beside else None
            what = f"names {called}, which pip is not configured for"
            yield Finding(document=document, keys=keys, what=what, index=index)


def _known(key: str, table: Mapping[str, Any], asked: Asked) -> Callable[[str], bool]:
    """Return what knows an index: one in place of PyPI serves every project, and no source does."""
    if key == "find-links":
        return asked.reach.is_linked
    in_place = key == "index-url" or table.get("default") is True or table.get("format") == "flat"
    return asked.reach.is_asked if in_place else asked.reach.is_known


def _conflicts(document: Settings, asked: Asked) -> Iterator[Finding]:
    """Yield each pair of chosen extras and groups that the project declares to conflict."""
    chosen = {("extra", canonicalize_name(one)) for one in asked.choice.extras}
    chosen |= {("group", canonicalize_name(one)) for one in asked.choice.groups or ()}
    declared = table_at(document.document, *UV).get("conflicts", [])
    for row in declared if isinstance(declared, list) else []:
        found = {
            (kind, one[kind]) for one in tables_in(row) for kind in ("extra", "group") if isinstance(one.get(kind), str)
        }
        both = sorted(name for kind, name in found if (kind, canonicalize_name(name)) in chosen)
        if len(both) > 1:
            what = f"says that {' and '.join(map(repr, both))} are not to be chosen together"
            yield Finding(document=document, keys=(*UV, "conflicts"), what=what)


def shut_out(document: Settings, asked: Asked) -> Iterable[str]:
    """Yield the name of each target that is none of the ``environments`` of *document*."""
    stated = table_at(document.document, *UV).get("environments", [])
    markers = [stated] if isinstance(stated, str) else stated if isinstance(stated, list) else []
    for target in asked.targets if markers else ():
        if not any(may_hold(marker, target) for marker in markers):
            yield target.name


def allows_pre(document: Settings) -> bool:
    """Whether pre-releases count as any release."""
    return any(table_at(document.document, *keys).get("prerelease") == "allow" for keys in (UV, (*UV, "pip")))


def export(asked: Asked, found: Iterable[Finding], script: str = "") -> str:
    """
    Return the command that writes what uv locks as a requirements file.

    :param script: the path of a script, ``""`` for a project.
    """
    words = ["uv export"]
    if script:
        words.append(f"--script {script}")
    else:
        words += ["--no-default-groups", *(f"--extra {one}" for one in asked.choice.extras)]
        words += [f"--group {one}" for one in asked.choice.groups or ()]
        words.append("--no-emit-project --no-emit-local")
    words += [f"--no-emit-package {one.omit}" for one in found if one.omit]
    return " ".join([*dict.fromkeys(words), "--output-file"])
