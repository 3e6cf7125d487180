"""A proven site, as a signed bundle on a medium."""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.bundle import bases, ledger, medium
from pypi_subset.bundle.contents import contents_of
from pypi_subset.bundle.document import BUNDLE, IMPORTER, MOMENT, REVIEW_PAGE, REVIEW_TEXT, SIGNATURE, Bundle
from pypi_subset.bundle.packing.assembly import Plan, assemble, planned
from pypi_subset.bundle.packing.blobs import Blobs, gathered
from pypi_subset.bundle.packing.volumes import limit_of
from pypi_subset.bundle.review.facts import facts_of
from pypi_subset.bundle.review.page import page_of, text_of
from pypi_subset.bundle.signing import SIZE, signer_of
from pypi_subset.errors import FolderError, SubsetError
from pypi_subset.model.documents import encode
from pypi_subset.model.paths import MANIFEST, RELEASE, Paths
from pypi_subset.model.report import TIME
from pypi_subset.proof.report.verdict import weakness
from pypi_subset.publishing.destinations.rsync import is_remote
from pypi_subset.publishing.publication import Release, record, release_of
from pypi_subset.publishing.release import LAST, SiteRelease, decode, following
from pypi_subset.standalone.joined import import_bundle
from pypi_subset.support import files, staging
from pypi_subset.support.machine import holding
from pypi_subset.support.machine.room import Need, require_room
from pypi_subset.support.progress import SILENT, Progress

if TYPE_CHECKING:
    from pypi_subset.bundle.bases import Start
    from pypi_subset.bundle.ledger import Ledger
    from pypi_subset.errors import NotProven

#: Days for which the importer takes a bundle, if nothing else is asked for.
DAYS = 90
_MOST_DAYS = 36_500
#: How far a receipt may be ahead of the last bundle, and what it may state if no ledger is there. A wrong receipt would
#: otherwise use up the numbers, which never go back.
_AHEAD, _FIRST = 1_000_000, 1_000_000_000
_COMPARE = "compare it with `import_bundle.py --list` on the disconnected side"
_TO = "name a directory, as in `--to /media/stick`"


@dataclass(frozen=True, kw_only=True, slots=True)
class Bundled:
    """
    What a run made.

    :param bundle: the document of the bundle.
    :param size: bytes of all of its files.
    :param digest: SHA-256 of ``bundle.json``.
    :param signer: the public key that signed it, as in ``allowed_signers``.
    :param fingerprint: the key that signed it, as ``ssh-keygen -l`` and the importer print it.
    :param doubt: why nothing proves the site, ``None`` if something does.
    :param note: why it is a full bundle though another was asked for, ``""`` if it is not.
    """

    bundle: Bundle
    size: int
    digest: str
    signer: str
    fingerprint: str
    doubt: NotProven | None
    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asked:
    """What the user asked for, checked."""

    since: str
    limit: int | None
    parity: bool
    days: int
    created: int | None


@staging.readable()
def make_bundle(  # noqa: PLR0913 - one for each option
    paths: Paths,
    to: str | Path,
    *,
    since: str = "",
    volume: str = "",
    parity: bool = False,
    key: Path | None = None,
    days: int = DAYS,
    force: bool = False,
    created: int | None = None,
    progress: Progress | None = None,
) -> Bundled:
    """
    Write the proven site, or what differs from an earlier one, as a signed bundle to the directory *to*.

    The old bundle there is replaced when all files of the new one are on the medium and were read back.

    :param to: the directory of the bundle, made if it is missing; its other files stay.
    :param since: empty for all of the site; ``last``, the SHA-256 of a manifest that a bundle carried, or a receipt.
    :param volume: ``fat32``, ``dvd``, ``bd25`` or bytes that no volume exceeds; empty: one volume.
    :param parity: add a file that replaces any one lost volume.
    :param key: the file of an Ed25519 key of OpenSSH; ``None``: the only one of the agent.
    :param days: for which the importer takes the bundle.
    :param force: carry a site that no green report is about; its manifest then says so.
    :param created: seconds since 1970 (SOURCE_DATE_EPOCH); ``None``: when the site was proven.
    :param progress: receives lines and stages; ``None`` is silent.
    :raises NotProven: no complete green report is about these bytes, or not by this user with this tool.
    :raises SubsetError: an option is wrong, or there is no key that can sign.
    :raises DiskError: the medium is full or broken.
    """
    asked = _Asked(since=since, limit=limit_of(volume), parity=parity, days=_days(days), created=created)
    place = _place(to, paths)
    signer, progress = signer_of(key), progress or SILENT
    with holding.exclusive(paths.packages), contextlib.ExitStack() as stack:
        if paths.site.is_dir():
            stack.enter_context(holding.beside(paths.site))
        release = release_of(paths.site, force=force, requirements=paths.requirements, packages=paths.packages)
        if release.report is not None:
            if weak := weakness(release.report):
                progress.warn(weak)
            record(release.report)
        moment, known = _created(release, asked.created), ledger.read(paths.packages)
        start = bases.start_of(asked.since, paths.packages, known, release.manifest_sha256)
        release, known = _numbered(release, known, start, moment)
        blobs = stack.enter_context(gathered())
        plan = _planned(release, start, asked, moment, blobs, progress)
        with medium.staged(place) as stage:
            require_room([Need(stage, plan.size)], "bundle")
            medium.require_size(stage, plan.largest)
            bundle = assemble(plan, blobs, stage, progress)
            data = encode(bundle)
            medium.write(stage / SIGNATURE, signer.sign(data))
            medium.write(stage / BUNDLE, data)
            sizes = [(name, size) for name, (size, _) in bundle.files.items()]
            sizes += [(name, (stage / name).stat().st_size) for name in (BUNDLE, SIGNATURE)]
            # The number is taken before anyone can see it: no other site gets it, also if this run dies now.
            ledger.keep(paths.packages, known)
            medium.install(stage, place)
        medium.require_whole(place, sizes)
        sent = ledger.Sent(manifest=bundle.manifest, serial=bundle.serial, created=bundle.created, beside=bundle.beside)
        ledger.keep(paths.packages, ledger.with_sent(known, sent), release.made[MANIFEST])
    return Bundled(
        bundle=bundle,
        size=sum(size for _, size in sizes),
        digest=hashlib.sha256(data).hexdigest(),
        signer=signer.public,
        fingerprint=signer.fingerprint,
        doubt=release.doubt,
        note=start.note,
    )


def _days(days: int) -> int:
    if not 1 <= days <= _MOST_DAYS:
        msg = f"a bundle is good for 1 to {_MOST_DAYS:,} days, not {days:,}"
        raise SubsetError(msg, next_step="name another number with `--days`")
    return days


def _place(to: str | Path, paths: Paths) -> Path:
    """
    Return the directory that the user named.

    :raises FolderError: it is no directory, or is inside a directory of the subset.
    """
    text = str(to)
    if not text or text.startswith("-"):
        msg = "bundle has no directory to write to"
        raise FolderError(msg, next_step=_TO)
    if is_remote(text):
        msg = f"{text!r} is no directory of this machine"
        raise FolderError(msg, next_step=f"{_TO}; `pypi-subset publish` copies a site to a server")
    place = Path(text).absolute()
    files.require_apart(Path(text), "the bundle", (paths.site, paths.packages, paths.requirements))
    return place


def _created(release: Release, epoch: int | None) -> datetime:
    """Return when the bundle is said to be made: the time of the proof, or of this run if nothing is proven."""
    if epoch is not None:
        try:
            moment = datetime.fromtimestamp(epoch, UTC)
            # A year of five digits has no form in the document: the bundle must expire before it.
            _ = moment + timedelta(days=_MOST_DAYS)
        except (OverflowError, ValueError, OSError) as error:
            msg = f"SOURCE_DATE_EPOCH={epoch} is no time"
            raise SubsetError(msg, next_step="set it to seconds since 1970, or unset it") from error
        return moment
    stated = release.report.created if release.report else ""
    found = datetime.strptime(stated, TIME).replace(tzinfo=UTC) if stated else datetime.now(UTC)
    return found.replace(microsecond=0)


def _numbered(release: Release, known: Ledger, start: Start, moment: datetime) -> tuple[Release, Ledger]:
    """Return *release* with the ``release.json`` that comes after the one of the last bundle, and the ledger with it."""
    last, digest, now = ledger.last_release(known), release.manifest_sha256, moment.strftime(TIME)
    if start.serial >= LAST:
        msg = f"the receipt states the number {start.serial}, after which there is none"
        raise SubsetError(msg, next_step=_COMPARE)
    if start.serial > (last.serial + _AHEAD if last else _FIRST):
        msg = f"the receipt states the number {start.serial:,}, and the last bundle had {last.serial if last else 0:,}"
        raise SubsetError(msg, next_step=_COMPARE)
    if start.serial > (last.serial if last else 0):
        # The ledger was lost, or another one numbered what is over there: the receipt knows a higher number.
        own = SiteRelease(schema="1.0", serial=start.serial + 1, manifest_sha256=digest, published=now)
        made = encode(own)
    else:
        made = following(last, known.release.encode(), digest, now)
    return replace(release, made={**release.made, RELEASE: made}), ledger.with_release(known, made)


def _planned(
    release: Release,
    start: Start,
    asked: _Asked,
    moment: datetime,
    blobs: Blobs,
    progress: Progress,
) -> Plan:
    """Return what the medium will hold, with all contents in *blobs*; nothing is written yet."""
    contents = contents_of(release, release.manifest.hashes, start.base, blobs, progress)
    expires = moment + timedelta(days=asked.days)
    if asked.created is None and expires <= datetime.now(UTC):
        msg = (
            f"the site was proven at {moment.strftime(MOMENT)}: a bundle that is good for {asked.days} days has expired"
        )
        raise SubsetError(msg, next_step="run `pypi-subset verify` again, or name more days with `--days`")
    draft = Bundle(
        schema="1.0",
        kind="pypi-subset bundle",
        serial=decode(release.made[RELEASE], path=Path(RELEASE), next_step="").serial,
        created=moment.strftime(MOMENT),
        expires=expires.strftime(MOMENT),
        base=start.base.sha256 if start.base else None,
        manifest=release.manifest_sha256,
        manifest_from=contents.manifest_from,
        paths=dict(contents.paths),
        beside=dict(contents.beside),
        removed=contents.removed,
        blobs={},
        volumes=(),
        parity=None,
        helpers={},
    )
    facts = facts_of(draft, start.before, release, sum(one.size for one in blobs.packed.values()))
    helpers = {
        IMPORTER: import_bundle(),
        REVIEW_PAGE: page_of(facts).encode(),
        REVIEW_TEXT: text_of(facts).encode(),
    }
    return planned(draft, helpers, blobs.packed, asked.limit, SIZE, parity=asked.parity)
