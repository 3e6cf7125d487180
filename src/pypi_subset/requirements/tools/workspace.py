"""Further files with settings of a project: the root of its workspace, and for uv ``uv.toml`` and directories above."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from packaging.utils import canonicalize_name

from pypi_subset.errors import Fault
from pypi_subset.requirements.encodings import UnreadableText, decoded
from pypi_subset.requirements.toml import Settings, parse_toml
from pypi_subset.requirements.tools.finding import table_at
from pypi_subset.requirements.tools.uv import UV
from pypi_subset.support import bounds, files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pypi_subset.requirements.places import Places

#: uv's settings in a file of their own.
SETTINGS = "uv.toml"
#: Such files of other tools.
FILES = ("pdm.toml", "hatch.toml")
_PROJECT = "pyproject.toml"
_WORKSPACE = (*UV, "workspace")
#: Other tools that have workspaces. Without ``members``, one of Rye has each project below its root.
_OTHERS, _WITHOUT_LIST = ("pdm", "rye"), "rye"
#: Tool → name of a file with its settings, and the keys that these settings have in ``pyproject.toml``.
_FILES: dict[str, tuple[str, tuple[str, ...]]] = {
    "pdm": (FILES[0], ("tool", "pdm", "source")),
    "hatch": (FILES[1], ("tool", "hatch")),
    "pip-tools": (".pip-tools.toml", ()),
}
#: Keys of ``[tool.uv]`` that concern the project, script or workspace that has them, and none below its directory.
_OWN = frozenset(
    {
        *("sources", "workspace", "managed", "package", "conflicts", "environments", "required-environments"),
        *("constraint-dependencies", "override-dependencies", "exclude-dependencies", "build-constraint-dependencies"),
        *("dev-dependencies", "default-groups", "dependency-groups"),
    }
)
#: Number of directories of a workspace that are searched at most, and names of those that contain no members.
_MOST_FOLDERS, _APART = 10_000, frozenset({"node_modules", "site-packages", "__pycache__"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Around:
    """
    What concerns a project beside its own document.

    :param root: the document of its workspace's root, ``None`` if it has no other.
    :param settings: each ``uv.toml``, its content below ``[tool.uv]``; and what a directory above sets.
    :param faults: why a file that may concern the project is not read.
    """

    root: Settings | None = None
    settings: tuple[Settings, ...] = ()
    faults: tuple[Fault, ...] = ()


def around(document: Settings, places: Places) -> Around:
    """Return what concerns the project in *document*, as uv finds it: by looking through the directories above."""
    faults: list[Fault] = []
    root = None if _is_root(document) else _root_of(document.path, places, faults)
    outer = root or document
    found = [
        settings
        for folder in dict.fromkeys((document.path.parent, outer.path.parent))
        if (settings := _settings_in(folder, places, faults))
    ]
    if not (faults or _sets(outer) or outer.path.with_name(SETTINGS).is_file()):
        found += _above(outer.path.absolute().parent.parents, places, faults)
    return Around(root=root, settings=tuple(found), faults=tuple(faults))


def around_script(document: Settings, places: Places) -> Around:
    """Return what concerns the script in *document* where uv runs in its directory; what it sets itself counts alone."""
    faults: list[Fault] = []
    folder = document.path.parent
    found = _above((folder, *folder.absolute().parents), places, faults)
    own = table_at(document.document, *UV)
    return Around(settings=tuple(_without(one, own) for one in found), faults=tuple(faults))


def _sets(document: Settings) -> bool:
    return UV[-1] in table_at(document.document, *UV[:-1])


def _settings_in(folder: Path, places: Places, faults: list[Fault]) -> Settings | None:
    """Return the ``uv.toml`` in *folder*, ``None`` if there is none that can be read."""
    path = folder / SETTINGS
    if not path.is_file() or (settings := _read(path, places, faults)) is None:
        return None
    lines = {(*UV, *keys): line for keys, line in settings.places.items()}
    return replace(settings, document={"tool": {"uv": settings.document}}, places=lines)


def _above(folders: Iterable[Path], places: Places, faults: list[Fault]) -> list[Settings]:
    """Return what uv takes from the first of *folders* that sets anything: its ``uv.toml``, else its project."""
    for folder in folders:
        if (folder / SETTINGS).is_file():
            settings = _settings_in(folder, places, faults)
            return [settings] if settings else []
        path = folder / _PROJECT
        document = _read(path, places, faults) if path.is_file() else None
        if document and _sets(document):
            return [_without(document, _OWN)]
        if faults:
            break
    return []


def _without(settings: Settings, keys: Iterable[str]) -> Settings:
    left = {key: value for key, value in table_at(settings.document, *UV).items() if key not in {*keys}}
    return replace(settings, document={"tool": {"uv": left}})


def files_of_tools(document: Settings, places: Places, faults: list[Fault]) -> dict[str, Settings]:
    """Return tool → the settings in its own file beside *document*, with the keys of ``pyproject.toml``."""
    found = {}
    for tool, (name, keys) in _FILES.items():
        path = document.path.with_name(name)
        settings = _read(path, places, faults) if path.is_file() else None
        if settings:
            content: object = settings.document if tool != "pdm" else [*_indexes_of_pdm(settings)]
            lines = {(*keys, *each): line for each, line in settings.places.items()}
            found[tool] = replace(settings, document=_nested(content, *keys), places=lines)
    return found


def _nested(content: Any, *keys: str) -> Mapping[str, object]:
    """Return a document that has *content* at *keys*."""
    for key in reversed(keys):
        content = {key: content}
    return content if isinstance(content, dict) else {}


def _indexes_of_pdm(settings: Settings) -> Iterator[dict[str, object]]:
    """Yield each index of a ``pdm.toml`` as a source of a project."""
    table = table_at(settings.document, "pypi")
    for name, one in (("pypi", table), *table.items()):
        if isinstance(one, dict) and "url" in one:
            yield {"name": name, "url": one["url"]}


def workspaces(document: Settings, places: Places) -> dict[str, Settings]:
    """Return tool → the root of its workspace, for each other tool than uv that has the project in *document* in one."""
    found = {}
    for tool in _OTHERS:
        keys = ("tool", tool, "workspace")
        root = document if _is_root(document, keys) else _root_of(document.path, places, [], keys)
        if root:
            found[tool] = root
    return found


def members(document: Settings, places: Places, tool: str = UV[-1]) -> Iterator[str]:
    """Yield the name of each member of the workspace of *tool* that *document* is the root of."""
    keys = ("tool", tool, "workspace")
    if not _patterns(document, keys)["members"]:
        return
    for path in islice(_projects(document.path.absolute().parent), bounds.MOST_FILES):
        member = _read(path, places, []) if _has(document, path, keys) else None
        name = table_at(member.document, "project").get("name") if member else None
        if isinstance(name, str):
            yield canonicalize_name(name)


def _projects(root: Path) -> Iterator[Path]:
    """Yield each project's document below *root*; hidden directories and environments have none that count."""
    for count, (folder, folders, names) in enumerate(os.walk(root)):
        if count >= _MOST_FOLDERS:
            return
        folders[:] = sorted(one for one in folders if not one.startswith(".") and one not in _APART)
        if _PROJECT in names:
            yield Path(folder, _PROJECT)


def _is_root(document: Settings, keys: tuple[str, ...] = _WORKSPACE) -> bool:
    return keys[-1] in table_at(document.document, *keys[:-1])


def _root_of(path: Path, places: Places, faults: list[Fault], keys: tuple[str, ...] = _WORKSPACE) -> Settings | None:
    """Return the root of the workspace at *keys* that the project at *path* is a member of, ``None`` if it is none."""
    for folder in path.absolute().parent.parents:
        above = folder / _PROJECT
        if not above.is_file():
            continue
        document = _read(above, places, faults)
        if document is None:
            return None
        if _is_root(document, keys):
            return document if _has(document, path, keys) else None
    return None


def _patterns(root: Settings, keys: tuple[str, ...]) -> dict[str, list[object]]:
    table = table_at(root.document, *keys)
    found = {key: value if isinstance(value := table.get(key), list) else [] for key in ("members", "exclude")}
    return {**found, "members": ["**"]} if _WITHOUT_LIST in keys and "members" not in table else found


def _has(root: Settings, path: Path, keys: tuple[str, ...]) -> bool:
    """Whether the project at *path* is a member of the workspace at *keys* of *root*."""
    own = path.absolute().parent
    hit = {
        key: any(isinstance(one, str) and _fits(own, root.path.absolute().parent, one) for one in value)
        for key, value in _patterns(root, keys).items()
    }
    return hit["members"] and not hit["exclude"]


def _fits(folder: Path, root: Path, pattern: str) -> bool:
    """Whether *pattern*, relative to *root*, names *folder*; an asterisk matches one part of a path."""
    wanted, parts = Path(root, pattern).parts, folder.parts
    if "**" in wanted:
        return fnmatch(str(folder), str(Path(root, pattern)))
    return len(wanted) == len(parts) and all(map(fnmatch, parts, wanted))


def _read(path: Path, places: Places, faults: list[Fault]) -> Settings | None:
    """Return the document at *path*, ``None`` with a fault if it cannot be read."""
    what, step = places.refusal(path)
    if what:
        faults.append(Fault(what=f"it may concern a source, and {what}", path=path, next_step=step))
        return None
    try:
        document = parse_toml(path, decoded(files.read_input(path)))
    except UnreadableText as error:
        faults.append(Fault(what=error.what, path=path, line=error.line, next_step=error.next_step))
        return None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        faults.append(Fault(what=reason, path=path, next_step="correct the file, or remove it"))
        return None
    if isinstance(document, Fault):
        faults.append(document)
        return None
    return document
