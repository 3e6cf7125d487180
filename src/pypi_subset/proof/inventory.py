"""Before anything is installed: is every file that lock and manifest name in the site, byte for byte, and nothing else."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from pypi_subset import files
from pypi_subset.errors import LockError, SubsetError
from pypi_subset.model import Check
from pypi_subset.proof import links, locks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pypi_subset.model import Paths, Plan

#: What lies in a site besides its files and the pages of its projects.
PAGES = ("index.html", "find-links.html", "manifest.json", "simple/index.html", "README.md")
#: Folders that the inventory does not look into: what the proof itself writes.
OWN = ("proof",)


def read_manifest(site: Path) -> dict[str, Any]:
    """
    Return what ``manifest.json`` says.

    :raises SubsetError: there is none, or it is damaged: there is nothing to prove.
    """
    path = site / "manifest.json"
    if not path.is_file():
        msg = "there is nothing to prove: the site has no manifest"
        raise SubsetError(msg, path=path, next_step="run `make mirror`")
    with files.folder_errors(path):
        data = path.read_bytes()
    try:
        manifest: dict[str, Any] = json.loads(data)
        iter(manifest["files"])
    except (ValueError, KeyError, TypeError) as error:
        msg = "the site's manifest is damaged"
        raise SubsetError(msg, path=path, next_step="run `make mirror`") from error
    return manifest


def take(paths: Paths, plan: Plan) -> tuple[Check, ...]:
    """
    Return one red check for each thing that is wrong with the site, or a single green one.

    One wheel that is gone is red here even if pip would be content with an older one.
    """
    manifest = read_manifest(paths.site)
    entries = {entry["path"]: entry for entry in manifest["files"]}
    present = {path.relative_to(paths.site).as_posix(): path for path in _all_files(paths.site)}
    found = [
        *_outdated(paths, plan),
        *_locked(paths, plan, entries),
        *(sentence for name in sorted(entries) if (sentence := _held(entries[name], present.get(name)))),
        *_pages(present, entries),
        *_root(present, entries),
        *_strangers(present, entries),
    ]
    if found:
        return tuple(check("failed", sentence) for sentence in found)
    size = sum(entry["size"] for entry in entries.values())
    return (check("passed", f"{len(entries)} files, {size} bytes: all there, and nothing else"),)


def check(status: Any, reason: str, seconds: float = 0.0) -> Check:
    """Return a result of the inventory, which concerns all targets and sets."""
    return Check(target="", set_name="", request="", proof="inventory", status=status, reason=reason, seconds=seconds)


def _all_files(site: Path) -> Iterator[Path]:
    """Yield everything below *site* that is no folder, and every link."""
    for path in sorted(site.rglob("*")):
        inside = path.relative_to(site).parts
        if inside[0] not in OWN and (path.is_symlink() or not path.is_dir()):
            yield path


def _outdated(paths: Paths, plan: Plan) -> Iterator[str]:
    """Yield a sentence for each lock that was made before its set or target was changed."""
    for job in plan.jobs:
        path = locks.lock_path(paths.locks, job.requirement_set.name, job.target.name)
        if (made_for := locks.made_for(path)) not in {None, (job.requirement_set.digest, job.target.digest)}:
            changed = "set" if made_for and made_for[0] != job.requirement_set.digest else "target"
            yield f"{path.name} was made before its {changed} was changed: run `make mirror`"


def _locked(paths: Paths, plan: Plan, entries: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield a sentence for each locked file that the manifest does not name alike, and the other way round."""
    named: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for job in plan.jobs:
        path = locks.lock_path(paths.locks, job.requirement_set.name, job.target.name)
        try:
            pins = locks.read(path)
        except LockError as error:
            yield f"{path.name}: {error.what}"
            continue
        for pin in pins:
            where = f"simple/{pin.project}/{pin.filename}"
            named[where].add((job.requirement_set.name, job.target.name))
            if where not in entries:
                yield f"{pin.filename} ({pin.project}, locked in {path.name}) is not in the site's manifest"
            elif pin.sha256 and pin.sha256 != entries[where]["sha256"]:
                yield f"{pin.filename} ({pin.project}) has one hash in {path.name} and another in the manifest"
            elif str(pin.version) != entries[where]["version"]:
                yield f"{pin.filename} ({pin.project}) is of {pin.version} in {path.name}, and not in the manifest"
    for where, pairs in sorted(named.items()):
        needs = {(need["set"], need["target"]) for need in entries.get(where, {}).get("needed_by", ())}
        for set_name, target in sorted(pairs ^ needs) if where in entries else ():
            told, other = ("a lock", "the manifest") if (set_name, target) in pairs else ("the manifest", "a lock")
            yield f"{entries[where]['filename']} is needed by {set_name} on {target} says {told}, but not {other}"
    for where in sorted(entries.keys() - named.keys()):
        yield f"{entries[where]['filename']} ({entries[where]['project']}) is in the manifest, but in no lock"


def _held(entry: Mapping[str, Any], path: Path | None) -> str:
    """Return what is wrong with one file of the manifest, ``""`` if nothing."""
    what = f"{entry['filename']} ({entry['project']} {entry['version']}, {_needed(entry)})"
    if path is None:
        return f"{what} is not in the site"
    if path.is_symlink():
        return f"{what} is a link, which is lost when the site is copied"
    if path.stat().st_size != entry["size"]:
        return f"{what} has {path.stat().st_size} bytes in the site, and should have {entry['size']}"
    return "" if files.sha256_of(path) == entry["sha256"] else f"{what} has other bytes than the manifest says"


def _needed(entry: Mapping[str, Any]) -> str:
    """Return who needs a file: ``needed on linux by base.txt:3 pandas -> numpy>=1.22.4``."""
    for need in entry["needed_by"]:
        first, *rest = need["chain"]
        steps = [f"{first['origin']} {first['requirement']}", *(step["requirement"] for step in rest)]
        return f"needed on {need['target']} by {' -> '.join(steps)}"
    return "needed by nobody"


def _pages(present: Mapping[str, Path], entries: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield a sentence for each page that is missing, and each file that a page does not lead to by its hash."""
    per_project: defaultdict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for entry in entries.values():
        per_project[f"simple/{entry['project']}/index.html"].append(entry)
    for page in [*PAGES, *sorted(per_project)]:
        if page not in present:
            yield f"the page {page} is not in the site"
    for page, wanted in [("find-links.html", [*entries.values()]), *sorted(per_project.items())]:
        if page in present:
            found = links.links(present[page], page)
            for entry in sorted(wanted, key=lambda one: str(one["path"])):
                link = found.pop(entry["path"], None)
                if link is None or link.sha256 != entry["sha256"]:
                    yield f"the page {page} does not lead to {entry['filename']} by its hash ({_needed(entry)})"
                elif link.requires_python != entry["requires_python"]:
                    yield f"the page {page} has another Requires-Python for {entry['filename']} ({_needed(entry)})"
            yield from (f"the page {page} leads to {where}, which is not in the manifest" for where in sorted(found))


def _root(present: Mapping[str, Path], entries: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield a sentence for each project that the root page does not lead to, and each that it should not."""
    page = "simple/index.html"
    if page in present:
        wanted = {f"simple/{entry['project']}" for entry in entries.values()}
        found = set(links.links(present[page], page))
        yield from (f"the page {page} does not lead to {name}/" for name in sorted(wanted - found))
        yield from (f"the page {page} leads to {name}, where there is no project" for name in sorted(found - wanted))
    if "index.html" in present and not present["index.html"].stat().st_size:
        yield "the page index.html is empty"


def _strangers(present: Mapping[str, Path], entries: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield a sentence for each file that belongs to nothing: it could win over one that was chosen."""
    pages = {f"simple/{entry['project']}/index.html" for entry in entries.values()}
    for name in sorted(present.keys() - entries.keys() - pages - {*PAGES}):
        yield f"{name} is in the site, but neither a lock nor the manifest names it"
