"""A published site, fetched to another machine: every file that its manifest names, each held against its hash."""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import quote

from pypi_subset import bounds
from pypi_subset.errors import HashMismatch, SubsetError, UpstreamError
from pypi_subset.model.documents import UPGRADE
from pypi_subset.model.door import read_manifest
from pypi_subset.model.manifest import manifest_path
from pypi_subset.model.paths import MANIFEST, PAGE, REPORT
from pypi_subset.model.report import report_path
from pypi_subset.proof.report.report import carry_over
from pypi_subset.site import builder, web_servers
from pypi_subset.site.ownership import require_own
from pypi_subset.support import files, staging
from pypi_subset.support.progress import SILENT, Progress
from pypi_subset.support.threads import DaemonThreadPool
from pypi_subset.upstream.http import Fetcher
from pypi_subset.upstream.pip_config import read_network, without_credentials

if TYPE_CHECKING:
    from collections.abc import Mapping


#: Number of files that are fetched at the same time: web servers may limit connections.
_AT_ONCE = 8

_AGAIN = "it may just be published anew: try again; else publish it again"


def fetch_site(url: str, site: Path, *, progress: Progress | None = None) -> int:
    """
    Copy the site that is published at *url*, with its report, to *site*; return the number of files that were fetched.

    Each file is checked against its hash in the manifest. On any error the old site stays as it is.

    :param url: the address of the front page.
    :param progress: receives lines and stages; ``None`` is silent.
    :raises SubsetError: there is no site at *url*, it contradicts its manifest, or *site* is not ours.
    """
    require_own(site)
    base = address_of(url)
    fetcher = Fetcher(read_network())
    with staging.staged(site) as stage:
        hashes, made = _named(fetcher, base, stage)
        with (progress or SILENT).stage("fetch", len(hashes)) as bar, DaemonThreadPool(_AT_ONCE) as pool:
            wanted = {path: digest for path, digest in hashes.items() if path not in made}
            # Beforehand: after an error the stage goes, and who is still fetching must not make it again.
            for path in hashes:
                with files.folder_errors(stage):
                    (stage / path).parent.mkdir(parents=True, exist_ok=True)
            for path, data in made.items():
                files.write(stage / path, data)
            done = [pool.submit(_fetch, fetcher, base, stage, path, digest) for path, digest in wanted.items()]
            bar.advance(len(made))
            for one in done:
                one.result()
                bar.advance()
        files.write(stage / "README.md", builder.readme_of("site"))
        _report(fetcher, base, stage)
    return len(wanted)


def address_of(url: str) -> str:
    """Return *url* as that of a folder."""
    if not url.startswith(("https://", "http://")):
        msg = f"no address of a published site: {url!r}" if url else "it has to be said from where"
        raise SubsetError(msg, next_step="as in --url=https://HOST/, where the front page is")
    return url.removesuffix(PAGE).rstrip("/") + "/"


def _named(fetcher: Fetcher, base: str, stage: Path) -> tuple[Mapping[str, str], Mapping[str, bytes]]:
    """Return path → SHA-256 of all that the manifest names, and the bytes of what need not be fetched."""
    place = f"{without_credentials(base)}{MANIFEST}"
    try:
        data = fetcher.small(f"{base}{MANIFEST}", bounds.LARGEST_DOCUMENT)
    except UpstreamError as error:
        step = "check the address and the network, and pip's 'proxy' and 'cert' settings"
        raise UpstreamError(error.what, next_step=step) from error
    if data is None:
        msg = f"there is no {place}, so no site of ours"
        raise UpstreamError(msg, next_step="name the address of the front page that shows what is here")
    files.write(manifest_path(stage), data)
    try:
        manifest = read_manifest(stage)
    except SubsetError as error:
        msg, again = f"{place}: {error.what}", "publish the site again, with the version that is used here"
        raise UpstreamError(msg, next_step=UPGRADE if error.next_step == UPGRADE else again) from error
    hashes = manifest.hashes
    # Web servers do not hand out settings such as ``.htaccess``: what this version writes with that hash is the same file.
    own = web_servers.render([target.name for target in manifest.targets])
    for name in hashes:
        if not _is_below(name):
            msg = f"{place} names {name!r}, which is no path below it"
            raise UpstreamError(msg, next_step="do not trust that site")
    return hashes, {name: text for name, text in own.items() if hashes.get(name) == hashlib.sha256(text).hexdigest()}


def _is_below(name: str) -> bool:
    """Whether *name* is a plain path below a folder, on any system."""
    parts = PurePosixPath(name).parts
    return bool(parts) and "/".join(parts) == name and not {"..", "/"} & {*parts} and not {"\\", ":"} & {*name}


def _fetch(fetcher: Fetcher, base: str, stage: Path, path: str, digest: str) -> None:
    url, place = base + quote(path), stage / path
    fetcher.save(url, place)
    if files.sha256_of(place) != digest:
        msg = f"{without_credentials(url)} has other bytes than the manifest there says"
        raise HashMismatch(msg, next_step=_AGAIN)


def _report(fetcher: Fetcher, base: str, stage: Path) -> None:
    """Fetch the report, and make its page and badge anew; where there is none, they say so."""
    with tempfile.TemporaryDirectory(prefix="pypi-subset-") as scratch:
        data = fetcher.small(f"{base}{REPORT}", bounds.LARGEST_DOCUMENT)
        if data is not None:
            report_path(Path(scratch)).parent.mkdir()
            files.write(report_path(Path(scratch)), data)
        carry_over(Path(scratch), stage)
