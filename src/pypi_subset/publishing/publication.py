"""What is to be published of a site, and whether a green report is about just these bytes."""

from __future__ import annotations

import stat
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from pypi_subset.errors import FolderError, NotProven, SubsetError
from pypi_subset.model.documents import UPGRADE, encode
from pypi_subset.model.manifest import manifest_path, read_manifest
from pypi_subset.model.paths import MANIFEST, PROOF, README
from pypi_subset.model.report import read_report, report_path
from pypi_subset.proof.report.report import carry_over
from pypi_subset.proof.report.verdict import cases_in, part_of
from pypi_subset.support import files

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping

#: Files of a site that its manifest does not name: itself, and what is the user's own.
BESIDE = (MANIFEST, README)

_FORCE = "or publish it unproven with FORCE=yes"
_VERIFY = f"run `make verify`, {_FORCE}"
_ASK = f"ask for something that a target needs in requirements/, run `make mirror` and `make verify`, {_FORCE}"
_JOIN = f"run `make verify` for all of it, or join the reports of all parts by `make merge-reports`, {_FORCE}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """
    A site as it is published.

    :param files: path below the site → what the system knows of the file, of all that is published as it is there.
    :param made: path below the site → bytes, of what publish makes: the manifest, and a report that nothing backs.
    :param doubt: why nothing proves these bytes, ``None`` if something does.
    """

    site: Path
    files: Mapping[str, os.stat_result]
    made: Mapping[str, bytes]
    doubt: NotProven | None

    @property
    def sizes(self) -> dict[str, int]:
        """Path → size of all that is published, sorted."""
        own = {path: facts.st_size for path, facts in self.files.items()}
        return dict(sorted((own | {path: len(data) for path, data in self.made.items()}).items()))


def release_of(site: Path, *, force: bool) -> Release:
    """
    Return what is to be published of *site*: what its manifest names, the proof, and the README.

    :param force: publish it though nothing proves it; the manifest then says so, but only where it is published. So its
        hash is not the one that a report is bound to, and the report beside it shows itself stale, in all of its forms.
    :raises NotProven: no green report is about just these bytes.
    :raises SubsetError: there is no site, or it holds a symbolic link.
    """
    path, manifest = manifest_path(site), read_manifest(site)
    with files.folder_errors(path):
        data = path.read_bytes()
    present, hashes = _present(site), manifest.hashes
    doubt = next(_doubts(site, files.sha256_of(path), present, hashes), None)
    if doubt is not None and not force:
        raise doubt
    made, known = {MANIFEST: data}, {name for name in present if name in hashes or _beside(name)}
    if doubt is not None:
        made = _doubted(site, encode(msgspec.structs.replace(manifest, unproven=True)))
        # What would still be green is made anew, or stays behind.
        known = {name for name in known if not name.startswith(f"{PROOF}/")}
    return Release(
        site=site, files={name: present[name] for name in sorted(known - made.keys())}, made=made, doubt=doubt
    )


def _doubted(site: Path, data: bytes) -> dict[str, bytes]:
    """Return the manifest with these bytes, and the report of *site* as it stands beside that one."""
    with tempfile.TemporaryDirectory(prefix="pypi-subset-publish-") as scratch:
        stage = Path(scratch)
        files.write(manifest_path(stage), data)
        carry_over(site, stage)
        return {name: (stage / name).read_bytes() for name, _ in files.walk(stage) if not name.endswith("/")}


def _present(site: Path) -> dict[str, os.stat_result]:
    with files.folder_errors(site):
        found = dict(sorted((path, facts) for path, facts in files.walk(site) if not path.endswith("/")))
    for path, facts in found.items():
        if not stat.S_ISREG(facts.st_mode):
            msg = "this is no plain file, and a copy would lose it"
            raise FolderError(msg, path=site / path, next_step="remove it and run `make mirror`")
    return found


def _beside(path: str) -> bool:
    return path in BESIDE or path.startswith(f"{PROOF}/")


def _doubts(
    site: Path, digest: str, present: Mapping[str, os.stat_result], hashes: Mapping[str, str]
) -> Iterator[NotProven]:
    """Yield why nothing proves *site*: first what the report says, then what has changed since."""
    place = report_path(site)
    if not place.is_file():
        yield NotProven("nothing is proven yet", path=site, next_step=_VERIFY)
        return
    what, mend = _wrong(place, digest)
    if what:
        yield NotProven(what, path=place, next_step=mend)
    step = f"run `make mirror` and `make verify`, {_FORCE}"
    for path in sorted(hashes.keys() | present.keys()):
        if path not in present:
            yield NotProven("the manifest names this, and it is not there", path=site / path, next_step=step)
        elif path not in hashes and not _beside(path):
            yield NotProven("the manifest does not name this", path=site / path, next_step=step)
        elif path in hashes and files.sha256_of(site / path) != hashes[path]:
            yield NotProven("this has other bytes than the manifest says", path=site / path, next_step=step)


def _wrong(path: Path, digest: str) -> tuple[str, str]:
    """Return why the report does not prove a site whose manifest has this *digest*, ``""`` if it does; the next step."""
    try:
        report = read_report(path)
    except FolderError:
        raise
    except SubsetError as error:
        return error.what, UPGRADE if error.next_step == UPGRADE else _VERIFY
    if report.manifest_sha256 != digest:
        return "the report is about other bytes than these", _VERIFY
    if part := part_of(report):
        return f"only a part was proven: {part}", _JOIN
    statuses = [check.status for check in report.checks]
    red = statuses.count("failed")
    if red or "passed" not in statuses:
        return f"{red} of {len(statuses)} checks are red" if red else "nothing was proven", _VERIFY
    # The inventory installs nothing.
    proven = any(check.status == "passed" for check in cases_in(report))
    return ("", "") if proven else ("nothing was proven but that the files are there", _ASK)
