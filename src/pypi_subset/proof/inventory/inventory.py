"""Before anything is installed: is every file that lock and manifest name in the site, byte for byte, and nothing else."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from pypi_subset.errors import LockError
from pypi_subset.model.checks import Check, bounded
from pypi_subset.model.door import read_manifest
from pypi_subset.model.paths import MANIFEST, METADATA, OF_THE_PLACE, PAGE, PROOF, README, file_path
from pypi_subset.proof.access import archives
from pypi_subset.proof.cases import left_out, lock_reader
from pypi_subset.proof.inventory import closures, grace, hijack, index_pages, other_files, unneeded
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pypi_subset.model.checks import Status
    from pypi_subset.model.manifest import File, Manifest
    from pypi_subset.model.paths import Paths
    from pypi_subset.model.requests import Subset
    from pypi_subset.proof.cases.lock_reader import Locked


#: What a site holds besides its files and its indexes.
PAGES = (PAGE, MANIFEST, README)
#: Directories that the inventory does not look into: what the proof itself writes.
OWN = (PROOF,)


def take(paths: Paths, subset: Subset, targets: Sequence[str] = ()) -> tuple[Check, ...]:
    """
    Return one red check for each thing that is wrong with the site, or a single green one.

    One wheel that is gone is red here even if pip would be content with an older one.

    :param targets: names of the targets that the run is restricted to; none means all.
    """
    manifest = read_manifest(paths.site)
    entries = {entry.path: entry for entry in manifest.files}
    wheels = [
        hijack.of_wheel(entry, paths.site / name) for name, entry in sorted(entries.items()) if name.endswith(".whl")
    ]
    present = {name: paths.site / name for name, _ in files.walk(paths.site, but=OWN) if not name.endswith("/")}
    kept = grace.kept(paths.site, present.keys() - manifest.hashes.keys())
    present = {name: path for name, path in present.items() if name not in kept}
    found = [
        *_outdated(paths, subset, targets),
        *_described(subset, manifest, targets),
        *_locked(paths, subset, entries),
        *left_out.unaccepted(paths, subset, manifest),
        *closures.faults(paths, subset, manifest),
        *_recalled(paths, entries),
        *(sentence for name in sorted(entries) if (sentence := _wrong(entries[name], present.get(name)))),
        *(
            f"{words} ({_needed(entry)})"
            for name, entry in sorted(entries.items())
            if (words := index_pages.of_metadata(entry, present.get(name), present.get(f"{name}{METADATA}")))
        ),
        *(sentence for faults, _ in wheels for sentence in faults),
        *other_files.faults(subset, manifest, present),
        *_pages(
            other_files.without(manifest, present),
            entries,
            {job.target.name for job in subset.jobs},
            other_files.without(manifest, manifest.pages),
        ),
    ]
    if found:
        return tuple(check("failed", sentence) for sentence in found)
    size = sum(entry.size for entry in entries.values())
    others = other_files.counted(manifest)
    notes = (
        *unneeded.needless(paths, subset),
        *(sentence for _, stated in wheels for sentence in stated),
        *kept.values(),
    )
    return (check("passed", f"{len(entries)} files, {size} bytes{others}: all there, and nothing else", notes=notes),)


def check(status: Status, reason: str, notes: tuple[str, ...] = ()) -> Check:
    """Return a result of the inventory, which concerns all targets and sets."""
    reason, notes = bounded(reason), tuple(map(bounded, notes))
    return Check(target="", set_name="", request="", proof="inventory", status=status, reason=reason, notes=notes)


def _outdated(paths: Paths, subset: Subset, targets: Sequence[str]) -> Iterator[str]:
    """
    Yield a sentence for each lock that was made before its set or target was changed.

    The host is another machine if the proof runs elsewhere, for targets of its own.
    """
    # A site that states its sets itself was not changed since.
    for job in () if paths.locked else subset.jobs:
        if job.target.host and targets and job.target.name not in targets:
            continue
        path = lock_reader.lock_path(paths.locks, job.requirement_set.name, job.target.name)
        if (made_for := lock_reader.made_for(path)) not in {None, (job.requirement_set.digest, job.target.digest)}:
            changed = "set" if made_for and made_for[0] != job.requirement_set.digest else "target"
            yield f"{path.name} was made before its {changed} was changed: run `pypi-subset mirror`"


def _described(subset: Subset, manifest: Manifest, targets: Sequence[str]) -> Iterator[str]:
    """Yield a sentence for each target that the manifest tells of as another machine than it is; of the host as above."""
    known = {target.name: target for target in subset.targets}
    elsewhere = {target.name for target in subset.targets if target.host and targets and target.name not in targets}
    for stated in manifest.targets:
        target = known.get(stated.name)
        same = target is not None and target.digest == stated.digest
        # Before 1.5 a manifest had neither closures nor what an interpreter brings.
        if same and target and manifest.closures:
            same = dict(target.brought) == (stated.brought or {})
        if stated.name not in elsewhere and not same:
            yield f"the target {stated.name} is another machine in the manifest than in requirements/: run `pypi-subset mirror`"


def _locked(paths: Paths, subset: Subset, entries: Mapping[str, File]) -> Iterator[str]:
    """Yield a sentence for each locked file that the manifest does not name alike, and the other way round."""
    named: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for job in subset.jobs:
        path = lock_reader.lock_path(paths.locks, job.requirement_set.name, job.target.name)
        try:
            pins = lock_reader.read(path)
        except LockError as error:
            yield f"{path.name}: {error.what}"
            continue
        for pin in pins:
            where = file_path(pin.project, pin.filename)
            named[where].add((job.requirement_set.name, job.target.name))
            if sentence := _alike(pin, entries.get(where), path.name):
                yield sentence
    for where, pairs in sorted(named.items()):
        if (entry := entries.get(where)) is None:
            continue
        for set_name, target in sorted(pairs ^ {(need.set_name, need.target) for need in entry.needed_by}):
            stated, other = ("a lock", "the manifest") if (set_name, target) in pairs else ("the manifest", "a lock")
            yield f"{entry.filename} is needed by {set_name} on {target} says {stated}, but not {other}"
    for where in sorted(entries.keys() - named.keys()):
        yield f"{entries[where].filename} ({entries[where].project}) is in the manifest, but in no lock"


def _recalled(paths: Paths, entries: Mapping[str, File]) -> Iterator[str]:
    """Yield a sentence for each file that was once locked with another hash: a file never changes under its name."""
    try:
        known = lock_reader.remembered(paths.locks)
    except LockError as error:
        yield f"hashes.txt: {error.what}"
        return
    for _, entry in sorted(entries.items()):
        if (then := known.get(entry.filename, entry.sha256)) != entry.sha256:
            yield (
                f"{entry.filename} ({entry.project}) has sha256 {entry.sha256} in the manifest, and {then} when it was "
                f"locked: run `pypi-subset update --forget {entry.filename}` if you trust it"
            )


def _alike(pin: Locked, entry: File | None, lock: str) -> str:
    """Return how a locked file differs from what the manifest says of it, ``""`` if it does not."""
    if entry is None:
        return f"{pin.filename} ({pin.project}, locked in {lock}) is not in the site's manifest"
    if pin.sha256 and pin.sha256 != entry.sha256:
        return f"{pin.filename} ({pin.project}) has one hash in {lock} and another in the manifest"
    if pin.metadata and entry.metadata and pin.metadata != entry.metadata:
        return f"{pin.filename} ({pin.project}) was locked in {lock} by other metadata than the manifest says"
    return ""


def _wrong(entry: File, path: Path | None) -> str:
    """Return what is wrong with one file of the manifest, or with the archive that it is; ``""`` if nothing."""
    held = _held(entry, path)
    what = "" if held or path is None or not entry.filename.endswith(".whl") else archives.fault_of(path)
    return f"{entry.filename} ({entry.project}) {what}" if what else held


def _held(entry: File, path: Path | None) -> str:
    """Return what is wrong with one file of the manifest, ``""`` if nothing."""
    what = f"{entry.filename} ({entry.project} {entry.version}, {_needed(entry)})"
    if path is None:
        return f"{what} is not in the site"
    if path.is_symlink():
        return f"{what} is a link, which is lost when the site is copied"
    if path.stat().st_size != entry.size:
        return f"{what} has {path.stat().st_size} bytes in the site, and should have {entry.size}"
    return "" if files.sha256_of(path) == entry.sha256 else f"{what} has other bytes than the manifest says"


def _needed(entry: File) -> str:
    """Return who needs a file: ``needed on linux by base.txt:3 pandas -> numpy>=1.22.4``."""
    need = entry.needed_by[0]
    first, *rest = need.chain
    steps = [f"{first.origin} {first.requirement}", *(step.requirement for step in rest)]
    return f"needed on {need.target} by {' -> '.join(steps)}"


def _pages(
    present: Mapping[str, Path], entries: Mapping[str, File], targets: set[str], stated: Mapping[str, str]
) -> Iterator[str]:
    """Yield a sentence for each page that is missing or not what it should be, and each file that belongs to nothing."""
    pages, roots = index_pages.pages_of(entries.values(), targets)
    for page in sorted({*PAGES, *pages, *roots, *stated} - present.keys()):
        yield f"the page {page} is not in the site"
    views = index_pages.views_from(entries.values())
    for page, wanted in sorted(pages.items()):
        leads = index_pages.of_page(page, present[page], wanted, views.get(page, ())) if page in present else ()
        for entry, words in leads:
            yield f"{words} ({_needed(entry)})" if entry else words
    for page, projects in sorted(roots.items()):
        yield from index_pages.of_root(page, present[page], projects) if page in present else ()
    for page, digest in sorted(stated.items()):
        if page in present and files.sha256_of(present[page]) != digest:
            yield f"the page {page} has other bytes than the manifest says"
    beside = {f"{name}{METADATA}" for name, entry in entries.items() if entry.metadata}
    # One that belongs to nothing could win over one that was chosen.
    for name in sorted(present.keys() - entries.keys() - beside - {*PAGES, *OF_THE_PLACE, *pages, *roots, *stated}):
        yield f"{name} is in the site, but neither a lock nor the manifest names it"
