"""Further files in which uv keeps settings of a project: the root of its workspace, and ``uv.toml`` beside either."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from pypi_subset.errors import Fault
from pypi_subset.requirements.encodings import UnreadableText, decoded
from pypi_subset.requirements.toml import Settings, parse_toml
from pypi_subset.requirements.tools.finding import table_at
from pypi_subset.requirements.tools.uv import UV
from pypi_subset.support import bounds, files

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pypi_subset.requirements.places import Places

#: uv's settings in a file of their own.
SETTINGS = "uv.toml"
_PROJECT = "pyproject.toml"
_WORKSPACE = (*UV, "workspace")
#: Number of directories of a workspace that are searched at most, and names of those that contain no members.
_MOST_FOLDERS, _APART = 10_000, frozenset({"node_modules", "site-packages", "__pycache__"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Around:
    """
    What concerns a project beside its own document.

    :param root: the document of its workspace's root, ``None`` if it has no other.
    :param settings: each ``uv.toml``, its content below ``[tool.uv]``.
    :param faults: why a file that may concern the project is not read.
    """

    root: Settings | None = None
    settings: tuple[Settings, ...] = ()
    faults: tuple[Fault, ...] = ()


def around(document: Settings, places: Places) -> Around:
    """Return what concerns the project in *document*, as uv finds it: by looking through the directories above."""
    faults: list[Fault] = []
    root = None if _is_root(document) else _root_of(document.path, places, faults)
    found = []
    for one in (document, root) if root else (document,):
        path = one.path.with_name(SETTINGS)
        if path.is_file() and (settings := _read(path, places, faults)):
            lines = {(*UV, *keys): line for keys, line in settings.places.items()}
            found.append(replace(settings, document={"tool": {"uv": settings.document}}, places=lines))
    return Around(root=root, settings=tuple(found), faults=tuple(faults))


def members(document: Settings, places: Places) -> Iterator[str]:
    """Yield the name of each member of the workspace that *document* is the root of."""
    if not table_at(document.document, *_WORKSPACE).get("members"):
        return
    for path in islice(_projects(document.path.absolute().parent), bounds.MOST_FILES):
        member = _read(path, places, []) if _has(document, path) else None
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


def _is_root(document: Settings) -> bool:
    return "workspace" in table_at(document.document, *UV)


def _root_of(path: Path, places: Places, faults: list[Fault]) -> Settings | None:
    """Return the root of the workspace that the project at *path* is a member of, ``None`` if it is none."""
    for folder in path.absolute().parent.parents:
        above = folder / _PROJECT
        if not above.is_file():
            continue
        document = _read(above, places, faults)
        if document is None:
            return None
        if _is_root(document):
            return document if _has(document, path) else None
    return None


def _has(root: Settings, path: Path) -> bool:
    """Whether the project at *path* is a member of the workspace of *root*."""
    own = path.absolute().parent
    table = table_at(root.document, *_WORKSPACE)
    patterns = {key: value if isinstance(value := table.get(key), list) else [] for key in ("members", "exclude")}
    hit = {
        key: any(isinstance(one, str) and _fits(own, root.path.parent, one) for one in value)
        for key, value in patterns.items()
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
