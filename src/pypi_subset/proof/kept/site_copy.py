"""A copy of the site for one set: each page with a kept sdist also lists the wheel that was built from it."""

from __future__ import annotations

import json
import re
import shutil
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from packaging.utils import canonicalize_name

from pypi_subset.model.paths import FIND_LINKS, JSON_PAGE, PAGE, SIMPLE, SIMPLE_JSON, view_of
from pypi_subset.proof.cases.lock_reader import pin_of
from pypi_subset.proof.cases.reachable import reached_from
from pypi_subset.support import bounds, files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from packaging.utils import NormalizedName

    from pypi_subset.proof.cases.case import Case


def make(case: Case, site: Path, wheels: Mapping[str, Path]) -> None:
    """
    Write the copy into the new directory *site*.

    A hard link would change the ctime of a file in the site, and the proof would report a changed site.

    :param wheels: file name of each kept sdist, with its wheel.
    """
    with files.folder_errors(site):
        site.mkdir()
        for page in _pages(case):
            if (case.site / page).is_file():
                (site / page).parent.mkdir(parents=True, exist_ok=True)
                text = files.read_input(case.site / page, bounds.LARGEST_PAGE).decode(errors="surrogateescape")
                (site / page).write_bytes(_with(text, wheels).encode(errors="surrogateescape"))
        for project in _projects(case):
            if (case.site / SIMPLE / project).is_dir():
                shutil.copytree(
                    case.site / SIMPLE / project,
                    site / SIMPLE / project,
                    symlinks=True,
                    dirs_exist_ok=True,
                    ignore=shutil.ignore_patterns(PAGE, JSON_PAGE),
                )
        for one in case.kept:
            wheel = wheels[one.filename]
            shutil.copyfile(wheel, site / SIMPLE / one.project / wheel.name)
        for path in site.rglob("*"):
            # Boxes have other users, whatever this one's mask is.
            if not path.is_symlink():
                path.chmod(0o755 if path.is_dir() else 0o644)


def _projects(case: Case) -> list[NormalizedName]:
    """Return what pip can come to ask for: what is locked, and what any file of it requires."""
    pinned = {canonicalize_name(pin_of(line).name) for line in case.pins}
    found = reached_from(case.site, [(name, "") for name in pinned])
    if found is None:
        return sorted(canonicalize_name(path.name) for path in (case.site / SIMPLE).iterdir() if path.is_dir())
    return sorted(found)


def _pages(case: Case) -> Iterator[str]:
    """Yield the paths of all pages that an installer of the case reads."""
    yield FIND_LINKS
    for folder in (SIMPLE, SIMPLE_JSON, view_of(case.target.name)):
        for page in (PAGE, JSON_PAGE):
            yield f"{folder}/{page}"
            for project in _projects(case):
                yield f"{folder}/{project}/{page}"


def _with(text: str, wheels: Mapping[str, Path]) -> str:
    """Return the page *text*, in which an entry for its wheel follows that of each sdist."""
    return _with_json(text, wheels) if text.startswith("{") else _with_html(text, wheels)


def _with_html(text: str, wheels: Mapping[str, Path]) -> str:
    lines = []
    for line in text.split("\n"):
        lines.append(line)
        for sdist, wheel in wheels.items():
            if found := re.search(rf'["/]{re.escape(quote(sdist))}#sha256=[0-9a-f]{{64}}', line):
                place = f"{found[0][0]}{quote(wheel.name)}#sha256={files.sha256_of(wheel)}"
                rest = line[found.end() :].replace(escape(sdist), escape(wheel.name))
                lines.append(f"{line[: found.start()]}{place}{rest}")
    return "\n".join(lines)


def _with_json(text: str, wheels: Mapping[str, Path]) -> str:
    page: Any = json.loads(text)
    for one in [*page.get("files", ())]:
        wheel = wheels.get(one["filename"])
        if wheel is not None:
            folder, mark, _ = one["url"].rpartition("/")
            url = f"{folder}{mark}{quote(wheel.name)}"
            own = {"filename": wheel.name, "url": url, "hashes": {"sha256": files.sha256_of(wheel)}}
            page["files"].append({**one, **own, "size": wheel.stat().st_size})
    return json.dumps(page)
