"""What is to be published of a site, and whether a green report is about just these bytes."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pypi_subset.errors import FolderError, HashMismatch, NotProven, SubsetError
from pypi_subset.model.checks import GOOD
from pypi_subset.model.documents import UPGRADE, changed
from pypi_subset.model.door import read_bytes
from pypi_subset.model.manifest import manifest_path
from pypi_subset.model.paths import LOCKS, MANIFEST, OF_THE_PLACE, PROOF, README, SIGNATURE
from pypi_subset.model.policy import has_expired, today
from pypi_subset.model.report import read_report, report_path
from pypi_subset.proof.evidence import author, complete, newest
from pypi_subset.proof.evidence.key import key_path, read
from pypi_subset.proof.evidence.settings import difference, subset_digest
from pypi_subset.proof.inventory import grace
from pypi_subset.proof.report.report import FORMS, carry_over, forms_of
from pypi_subset.proof.report.verdict import cases_in, part_of
from pypi_subset.publishing.admission import admitted, asked_by
from pypi_subset.publishing.release import read_release
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from pypi_subset.model.intake.verdicts import Waived
    from pypi_subset.model.manifest import Manifest
    from pypi_subset.model.report import Report
    from pypi_subset.model.requests import Subset

#: Files of a site that its manifest does not name: itself, and what is the user's own.
BESIDE = (MANIFEST, README)

_FORCE = "or publish it unproven with `--force`"
_VERIFY = f"run `pypi-subset verify`, {_FORCE}"
_MEND = f"mend what it names, run `pypi-subset mirror` and `pypi-subset verify`, {_FORCE}"
_ASK = f"ask for something that a target needs in requirements/, run `pypi-subset mirror` and `pypi-subset verify`, {_FORCE}"
_JOIN = (
    f"run `pypi-subset verify` for all of it, or join the reports of all parts by `pypi-subset merge-reports`, {_FORCE}"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """
    A site as it is published.

    :param manifest: the manifest as it is in the site; the published one may say more.
    :param files: path below the site → size, of all that is published as it is there.
    :param made: path below the site → bytes, of what publish makes: the manifest, and all forms of the report.
    :param digests: path below the site → SHA-256 that the file must have while it is copied; none of what is forced.
    :param report: what proves these bytes, ``None`` if nothing does.
    :param doubt: why nothing proves these bytes, ``None`` if something does.
    :param waived: the locked releases that a rule of the policy refuses and the user accepts.
    :param subset: what the requirements ask for, ``None`` if they are not there.
    """

    site: Path
    manifest: Manifest
    files: dict[str, int]
    made: Mapping[str, bytes]
    digests: Mapping[str, str]
    report: Report | None
    doubt: NotProven | None
    waived: tuple[Waived, ...] = ()
    subset: Subset | None = None

    @property
    def manifest_sha256(self) -> str:
        """The SHA-256 of the manifest as it is published."""
        return hashlib.sha256(self.made[MANIFEST]).hexdigest()

    @property
    def sizes(self) -> dict[str, int]:
        """Path → size of all that is published, sorted."""
        return dict(sorted((self.files | {path: len(data) for path, data in self.made.items()}).items()))


def release_of(
    site: Path, *, force: bool, requirements: Path | None = None, packages: Path | None = None, kept: bool = False
) -> Release:
    """
    Return what is to be published of *site*: what its manifest names, the proof, and the README.

    The forms of the report are made of the report alone; those that are in the site are not looked at.

    :param force: publish it though nothing proves it; the manifest then says so, but only where it is published. So its
        hash is not the one that a report is bound to, and the report beside it shows itself stale, in all of its forms.
    :param requirements: what the report must be about as well, if that directory is there.
    :param packages: the directory that remembers which locked files are gone from their index.
    :param kept: whether *site* is a snapshot. It was held to the requirements and the settings of the day when it was
        taken; the policy of today judges its own locks.
    :raises NotProven: no complete green report by this user is about just these bytes.
    :raises HashMismatch: a file has other bytes than when it was locked.
    :raises PolicyError: the policy refuses what is locked; no force changes that.
    :raises SubsetError: there is no site, it holds a symbolic link, or the requirements cannot be read.
    """
    (manifest, data), present = read_bytes(site), _present(site)
    hashes, sizes = manifest.hashes, dict[str, int]()
    waived: tuple[Waived, ...] = ()
    subset = asked_by(requirements) if requirements is not None else None
    if requirements is not None:
        last = read_release(site)
        # A site that was fetched has its release: what is published again was admitted when it was published first.
        again = last is not None and last.manifest_sha256 == hashlib.sha256(data).hexdigest()
        own_locks = sorted(site.joinpath(LOCKS).glob("pylock.*.toml")) if kept else None
        waived = admitted(manifest, requirements, packages, again=again or kept, subset=subset, own_locks=own_locks)
    report, doubt = _report(report_path(site))
    if report is not None:
        place, digest = report_path(site), hashlib.sha256(data).hexdigest()
        doubt = next(_doubts(report, place, digest, manifest, subset, kept=kept), None)
    doubt = doubt or next(_changed(site, hashes, present, sizes), None)
    if doubt is not None and not force:
        raise doubt
    if doubt is not None:
        _require_files(site, manifest, present)
    if doubt is None and report is not None:
        made = {MANIFEST: data, **forms_of(msgspec.structs.replace(report, stale=False))}
    else:
        made = _doubted(site, changed(data, unproven=True))
    known = (present & (hashes.keys() | {*BESIDE})) - made.keys()
    distributions = {one.path for one in manifest.files}
    return Release(
        site=site,
        manifest=manifest,
        files={name: sizes[name] if name in sizes else _size(site / name) for name in sorted(known)},
        made=made,
        digests={name: hashes[name] for name in known & (distributions if doubt else {*hashes})},
        report=report if doubt is None else None,
        doubt=doubt,
        waived=waived,
        subset=subset,
    )


def proof_of(place: Path, manifest: Manifest, digest: str) -> Report:
    """
    Return the report at *place* if it proves the snapshot with *manifest*, whose files are not looked at.

    :param digest: SHA-256 of the manifest.
    :raises NotProven: it does not prove that, or cannot be read.
    """
    report, doubt = _report(place)
    if report is not None:
        doubt = next(_doubts(report, place, digest, manifest, None, kept=True), None)
    if report is None or doubt is not None:
        raise doubt or NotProven("nothing is proven", path=place, next_step=_VERIFY)
    return report


def record(report: Report) -> None:
    """Let no report older than *report* about the same manifest be published here any more."""
    own = read(key_path())
    with newest.held(own):
        newest.record(own, report)


def _doubted(site: Path, data: bytes) -> dict[str, bytes]:
    """Return the manifest with these bytes, and the report of *site* as it stands beside that one."""
    with tempfile.TemporaryDirectory(prefix="pypi-subset-publish-") as scratch:
        stage = Path(scratch)
        files.write(manifest_path(stage), data)
        carry_over(site, stage)
        return {name: (stage / name).read_bytes() for name, _ in files.walk(stage) if not name.endswith("/")}


def _present(site: Path) -> set[str]:
    """Return the paths of all files of *site*."""
    with files.folder_errors(site):
        found = {path: entry.is_file(follow_symlinks=False) for path, entry in files.entries(site) if entry}
    if other := sorted(path for path, is_plain in found.items() if not is_plain):
        msg = "this is no plain file, and a copy would lose it"
        raise FolderError(msg, path=site / other[0], next_step="remove it and run `pypi-subset mirror`")
    return {*found}


def _size(path: Path) -> int:
    with files.folder_errors(path):
        return path.lstat().st_size


def _report(place: Path) -> tuple[Report | None, NotProven | None]:
    """Return the report at *place*, or why there is none that can be read."""
    if not place.is_file():
        return None, NotProven("nothing is proven yet", path=place.parent.parent, next_step=_VERIFY)
    try:
        return read_report(place), None
    except FolderError:
        raise
    except SubsetError as error:
        step = UPGRADE if error.next_step == UPGRADE else _VERIFY
        return None, NotProven(error.what, path=place, next_step=step)


def _changed(
    site: Path, hashes: Mapping[str, str], present: AbstractSet[str], sizes: dict[str, int]
) -> Iterator[NotProven]:
    """Yield what in *site* is not as its manifest says; *sizes* gets the bytes of each file that is."""
    step = f"run `pypi-subset mirror` and `pypi-subset verify`, {_FORCE}"
    kept = grace.kept(site, present - hashes.keys())
    root, proof = f"{site}/", f"{PROOF}/"
    for path in sorted(hashes.keys() | present - kept.keys()):
        if path.startswith(proof):
            if path not in {*FORMS, SIGNATURE}:
                yield NotProven("the proof does not write this", path=site / path, next_step=f"remove it, {_FORCE}")
        elif path not in present:
            yield NotProven("the manifest names this, and it is not there", path=site / path, next_step=step)
        elif path in hashes:
            digest, sizes[path] = files.hashed(root + path)
            if digest != hashes[path]:
                yield NotProven("this has other bytes than the manifest says", path=site / path, next_step=step)
        elif path not in (*BESIDE, *OF_THE_PLACE):
            yield NotProven("the manifest does not name this", path=site / path, next_step=step)


def _require_files(site: Path, manifest: Manifest, present: AbstractSet[str]) -> None:
    """
    Return if each distribution in *site* has the bytes that the manifest says, which by no force may be others.

    :raises HashMismatch: one has others.
    """
    for one in manifest.files:
        if one.path in present and files.sha256_of(site / one.path) != one.sha256:
            msg = f"{site / one.path} has other bytes than when it was locked, and FORCE does not change that"
            raise HashMismatch(msg, project=one.project, next_step="run `pypi-subset mirror` and `pypi-subset verify`")


def _doubts(
    report: Report, place: Path, digest: str, manifest: Manifest, subset: Subset | None, *, kept: bool
) -> Iterator[NotProven]:
    """
    Yield why *report* does not prove the site with *manifest*.

    :param place: where the report was read.
    :param digest: SHA-256 of the manifest.
    :param subset: what the requirements ask for, ``None`` if they are not there.
    :param kept: as in `release_of`.
    """
    if report.manifest_sha256 != digest:
        yield NotProven("the report is about other bytes than these", path=place, next_step=_VERIFY)
    if error := author.doubt(report):
        yield NotProven(error.what, path=error.path or place, next_step=f"{error.next_step}, {_FORCE}")
        return
    what, step = _red(report)
    if what:
        yield NotProven(what, path=place, next_step=step)
    asked = subset_digest(subset) if subset else None
    if not kept and (other := difference(report, asked)):
        yield NotProven(f"the report was made with {other}", path=place, next_step=_VERIFY)
    if ended := _expired(report):
        yield NotProven(
            ended, path=place, next_step="mend it, or accept it again in subset.toml and run `pypi-subset verify`"
        )
    if lack := complete.summary(complete.gaps(manifest, report.checks)):
        yield NotProven(lack, path=place, next_step=_VERIFY)
    if older := newest.doubt(read(key_path()), report):
        yield NotProven(older.what, path=older.path or place, next_step=f"{older.next_step}, {_FORCE}")


def _expired(report: Report) -> str:
    """Return an acceptance in *report* that no longer holds, ``""`` if all do."""
    day = today()
    every = [one for check in report.checks for one in check.findings if one.until and has_expired(one.until, day)]
    return f"the acceptance of {every[0].rule} for {every[0].project} ended on {every[0].until}" if every else ""


def _red(report: Report) -> tuple[str, str]:
    """Return why *report* is no green one of a whole, ``""`` if it is; the next step."""
    if part := part_of(report):
        return f"only a part was proven: {part}", _JOIN
    statuses = [check.status for check in report.checks]
    red = statuses.count("failed")
    if red:
        return f"{red} of {len(statuses)} checks are red", _MEND
    if not {*statuses} & {*GOOD}:
        return "nothing was proven", _VERIFY
    # The inventory installs nothing.
    proven = any(check.status in GOOD for check in cases_in(report))
    if proven:
        return "", ""
    why = "every request is an accepted gap, and " * ("accepted" in statuses)
    return f"{why}nothing was proven but that the files are there", _ASK
