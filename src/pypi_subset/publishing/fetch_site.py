"""A published site, fetched to another machine: every file that its manifest names, each held against its hash."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from pypi_subset.errors import HashMismatch, SubsetError, UpstreamError
from pypi_subset.errors.tree import SURROUNDINGS
from pypi_subset.model.manifest import manifest_path
from pypi_subset.model.paths import MANIFEST, README, RELEASE, REPORT
from pypi_subset.model.report import report_path
from pypi_subset.proof.report.report import carry_over
from pypi_subset.publishing import published
from pypi_subset.publishing.release import MAX_BYTES, SiteRelease, decode, read_release, release_path
from pypi_subset.site import builder, web_servers
from pypi_subset.site.ownership import require_own
from pypi_subset.support import bounds, files, staging
from pypi_subset.support.machine import holding
from pypi_subset.support.machine.room import Need, require_room
from pypi_subset.support.progress import SILENT, Progress
from pypi_subset.support.threads import DaemonThreadPool
from pypi_subset.upstream.http import Fetcher
from pypi_subset.upstream.pip_config import read_network, without_credentials
from pypi_subset.upstream.transport.unfinished import PART

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pypi_subset.model.manifest import Manifest


#: Number of files that are fetched at the same time: web servers may limit connections.
_AT_ONCE = 8

_AGAIN = "it may be published at this moment: try again; else publish it again"


@staging.readable()
def fetch_site(url: str, site: Path, *, sha256: str = "", progress: Progress | None = None) -> int:
    """
    Copy the site that is published at *url*, with its report, to *site*; return the number of files that were fetched.

    Each file is checked against its hash in the manifest. On any error the old site stays as it is.

    :param url: the address of the front page.
    :param sha256: SHA-256 that its manifest must have, in hexadecimal; empty: any.
    :param progress: receives lines and stages; ``None`` is silent.
    :raises HashMismatch: the manifest has another hash, or a file has other bytes than it says.
    :raises SubsetError: there is no site at *url*, it contradicts its manifest, an older one is served than *site* was
        fetched from, or *site* is not ours.
    """
    require_own(site)
    base, pin = published.address_of(url), _pin(sha256)
    with holding.beside(site):
        return _fetched(base, site, pin, progress or SILENT)


def _fetched(base: str, site: Path, pin: str, progress: Progress) -> int:
    """Return the number of files that were fetched for *site*, which this run holds, as `fetch_site`."""
    fetcher, last = Fetcher(read_network(), say=progress.say), read_release(site)
    here = _Here(site)
    with contextlib.ExitStack() as ending, here.until_whole(), staging.staged(site) as stage:
        ending.callback(fetcher.close)
        # Before the manifest: while the site is published, that one may be the later of the two.
        release = published.small(fetcher, f"{base}{RELEASE}", MAX_BYTES)
        data = published.manifest_at(fetcher, base)
        _require_pinned(base, data, pin)
        _require_later(base, release, last, hashlib.sha256(data).hexdigest(), release_path(site))
        manifest = published.decoded(base, data)
        require_room([Need(site, here.lacks(manifest))], "fetch")
        files.write(manifest_path(stage), data)
        if release is not None:
            files.write(release_path(stage), release)
        count = _all(fetcher, base, stage, manifest, here, progress)
        files.write(stage / README, builder.readme_of("site"))
        _report(fetcher, base, stage)
    return count


def _all(fetcher: Fetcher, base: str, stage: Path, manifest: Manifest, here: _Here, progress: Progress) -> int:
    """Bring all that *manifest* names into *stage*; return how many files were fetched for that."""
    hashes, sizes = manifest.hashes, _sizes(manifest)
    made = _own(manifest, hashes)
    with progress.stage("fetch", len(hashes)) as bar, DaemonThreadPool(_AT_ONCE) as pool:
        wanted = {path: digest for path, digest in hashes.items() if path not in made}
        alike: defaultdict[str, list[str]] = defaultdict(list)
        for path, digest in wanted.items():
            alike[digest].append(path)
        # Beforehand: after an error the stage goes, and who is still fetching must not make it again.
        for path in hashes:
            with files.folder_errors(stage):
                (stage / path).parent.mkdir(parents=True, exist_ok=True)
        for path, data in made.items():
            files.write(stage / path, data)
        done = [
            pool.submit(_bring, fetcher, base, stage, paths, digest, sizes.get(paths[0], bounds.LARGEST_PAGE), here)
            for digest, paths in alike.items()
        ]
        bar.advance(len(made))
        count = 0
        for one in done:
            fetched, placed = one.result()
            count += fetched
            bar.advance(placed)
    return count


class _Here:
    """
    What need not be fetched: files of the old site, and what a fetch that was cut off has fetched.

    :param site: the directory of the site, which may not be there yet.
    """

    def __init__(self, site: Path) -> None:
        self._site = Path(os.path.realpath(site))
        self._cut_off = self._site.with_name(f".{self._site.name}.fetched")

    def place(self, digest: str) -> Path:
        """Return where a file with the SHA-256 *digest* is fetched to; it stays there until all of the site is here."""
        with files.folder_errors(self._cut_off):
            self._cut_off.mkdir(exist_ok=True)
        return self._cut_off / digest

    def take(self, path: str, digest: str, to: Path) -> bool:
        """Return whether *to* has got the bytes of SHA-256 *digest*, from the old site under *path* or what was fetched."""
        for one in (self._cut_off / digest, self._site / path):
            with files.folder_errors(one), contextlib.suppress(FileNotFoundError, NotADirectoryError):
                if stat.S_ISREG(one.lstat().st_mode) and files.sha256_of(one) == digest:
                    files.link(one, to)
                    return True
        return False

    def lacks(self, manifest: Manifest) -> int:
        """Return the bytes of the files of *manifest* that are to be fetched, by their names and sizes."""
        found = 0
        hashes = manifest.hashes
        for path, size in _sizes(manifest).items():
            digest = hashes.get(path, "")
            part = self._cut_off / f".{digest}{PART}"
            places = (self._site / path, self._cut_off / digest)
            here = any(place.is_file() and place.stat().st_size == size for place in places)
            found += 0 if here else size - (part.stat().st_size if part.is_file() else 0)
        return found

    @contextlib.contextmanager
    def until_whole(self) -> Iterator[None]:
        """Remove what was fetched after the block: the site has it, or it is not wanted. A fetch that is cut off keeps it."""
        try:
            yield
        except SubsetError as error:
            if error.exit_code != SURROUNDINGS:
                staging.remove_tree(self._cut_off)
            raise
        with files.folder_errors(self._cut_off):
            staging.remove_tree(self._cut_off)


def _sizes(manifest: Manifest) -> dict[str, int]:
    """Return path → bytes of distributions and other files."""
    own = {one.path: one.size for one in manifest.files}
    return own | {one.path: one.size for one in manifest.other_files or ()}


def _pin(sha256: str) -> str:
    """Return the hash that the user named, ``""`` for none."""
    pin = sha256.strip().lower().removeprefix("sha256:")
    if pin and not re.fullmatch("[0-9a-f]{64}", pin):
        msg = f"no SHA-256: {sha256!r}"
        raise SubsetError(msg, next_step="take the 64 hexadecimal digits that `pypi-subset publish` printed")
    return pin


def _require_pinned(base: str, data: bytes, pin: str) -> None:
    """Raise if the manifest is not the one that the user named."""
    found = hashlib.sha256(data).hexdigest()
    if pin and found != pin:
        msg = f"{without_credentials(base)}{MANIFEST} has the SHA-256 {found}, not {pin}"
        raise HashMismatch(
            msg, next_step="ask who publishes the site for the hash that `pypi-subset publish` printed last"
        )


def _require_later(base: str, data: bytes | None, last: SiteRelease | None, digest: str, own: Path) -> None:
    """
    Raise if the published release is none about this manifest, or an earlier one than was fetched before.

    :param data: the bytes of the published ``release.json``, ``None`` if there is none, as of older versions.
    :param last: the release that was fetched before.
    :param digest: SHA-256 of the published manifest.
    :param own: where *last* was read from.
    """
    place = f"{without_credentials(base)}{RELEASE}"
    release = None
    if data is not None:
        try:
            release = decode(data, path=own, next_step="publish the site again")
        except SubsetError as error:
            msg = f"{place}: {error.what}"
            raise UpstreamError(msg, next_step=error.next_step) from error
        if release.manifest_sha256 != digest:
            msg = f"{place} is about another manifest than the one there"
            raise HashMismatch(msg, next_step=_AGAIN)
    if last is None:
        return
    step = f"{published.DISTRUST}; if it was published again from the beginning, remove {own} and fetch again"
    if release is None:
        msg = f"there is no {place}, and release {last.serial} was fetched before"
        raise UpstreamError(msg, next_step=step)
    if release.serial < last.serial:
        msg = f"{place} is release {release.serial}, and release {last.serial} was fetched before"
        raise UpstreamError(msg, next_step=step)
    if release.serial == last.serial and release.manifest_sha256 != last.manifest_sha256:
        msg = f"{place} is release {release.serial}, as what was fetched before, and about another manifest"
        raise UpstreamError(msg, next_step=step)
    with files.folder_errors(own):
        before = hashlib.sha256(own.read_bytes()).hexdigest()
    if release.serial == last.serial + 1 and release.previous != before:
        msg = f"{place} is release {release.serial}, and follows another release {last.serial} than was fetched before"
        raise UpstreamError(msg, next_step=step)


def _own(manifest: Manifest, hashes: Mapping[str, str]) -> dict[str, bytes]:
    """Return path → bytes of what need not be fetched: web servers do not hand out settings such as ``.htaccess``."""
    # What this version writes with that hash is the same file.
    own = web_servers.render([target.name for target in manifest.targets])
    return {name: text for name, text in own.items() if hashes.get(name) == hashlib.sha256(text).hexdigest()}


def _bring(  # noqa: PLR0913, PLR0917 - files of one fetch
    fetcher: Fetcher, base: str, stage: Path, paths: Sequence[str], digest: str, limit: int, here: _Here
) -> tuple[int, int]:
    """Return how many of *paths*, which have the same bytes and are in *stage* then, had to be fetched, and how many are there."""
    missing = [path for path in paths if not here.take(path, digest, stage / path)]
    if not missing:
        return 0, len(paths)
    url, place = base + quote(missing[0]), here.place(digest)
    if fetcher.save(url, place, limit, sha256=digest) != digest:
        with files.folder_errors(place):
            place.unlink()
        msg = f"{without_credentials(url)} has other bytes than the manifest there says"
        raise HashMismatch(msg, next_step=_AGAIN)
    for path in missing:
        files.link(place, stage / path)
    return 1, len(paths)


def _report(fetcher: Fetcher, base: str, stage: Path) -> None:
    """Fetch the report, and make its page and badge again; where there is none, they say so."""
    with tempfile.TemporaryDirectory(prefix="pypi-subset-") as scratch:
        data = fetcher.small(f"{base}{REPORT}", bounds.LARGEST_DOCUMENT)
        if data is not None:
            report_path(Path(scratch)).parent.mkdir()
            files.write(report_path(Path(scratch)), data)
        carry_over(Path(scratch), stage)
