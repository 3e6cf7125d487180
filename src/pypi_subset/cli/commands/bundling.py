"""The command that writes a site as a signed bundle, to be carried over a gap."""

from __future__ import annotations

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pypi_subset import api
from pypi_subset.cli.command import Run, command
from pypi_subset.errors import SubsetError

if TYPE_CHECKING:
    from pypi_subset.bundle.exporter import Bundled

#: The variable that states the time of a build (reproducible-builds.org).
_EPOCH = "SOURCE_DATE_EPOCH"


@command(result=True)
def bundle(  # noqa: PLR0913 - one for each option
    run: Run,
    *,
    to: Annotated[
        str,
        typer.Option(
            "--to", metavar="DIR", help="Directory of the bundle, as on a stick.", show_default="none, it must be given"
        ),
    ] = "",
    since: Annotated[
        str,
        typer.Option(
            "--since",
            metavar="SITE",
            help="Carry what differs from: last, arrived, the SHA-256 of a manifest, or a receipt of the importer.",
            show_default="all of the site is carried",
        ),
    ] = "",
    volume: Annotated[
        str,
        typer.Option(
            "--volume",
            metavar="SIZE",
            help="Split the bundle for media of this size: fat32, dvd, bd25, or a number of bytes.",
            show_default="one volume",
        ),
    ] = "",
    parity: Annotated[bool, typer.Option("--parity", help="Add a file that replaces any one lost volume.")] = False,
    key: Annotated[
        str,
        typer.Option(
            "--key", metavar="FILE", help="The Ed25519 key of OpenSSH that signs.", show_default="the one of the agent"
        ),
    ] = "",
    days: Annotated[int, typer.Option("--days", metavar="DAYS", help="How long the importer takes the bundle.")] = 90,
    force: Annotated[
        bool, typer.Option("--force", help="Carry what is not proven; the manifest in the bundle then says so.")
    ] = False,
) -> None:
    """
    Write a proven site/, or what changed in it, as a signed bundle for machines beyond a gap.

    bundle writes import_bundle.py, bundle.json with its signature, REVIEW.html and the volumes. It writes them aside, reads
    them back from the medium, and then replaces the bundle that is there. It refuses a site that publish would refuse.
    packages/.sent/ remembers what was carried: `--since last` carries the difference to the bundle before, and `--since
    arrived` the difference to the last receipt that `pypi-subset add --request` took. The time of the bundle is that of the
    proof, or SOURCE_DATE_EPOCH.
    """
    done = api.make_bundle(
        run.paths,
        to,
        since=since,
        volume=volume,
        parity=parity,
        key=Path(key).expanduser() if key else None,
        days=days,
        force=force,
        created=_epoch(os.environ.get(_EPOCH, "")),
        progress=run.display,
    )
    if done.doubt is not None:
        run.display.warn(f"{done.doubt.path}: {done.doubt.what}; the manifest in the bundle says that it is unproven")
    if done.note:
        run.display.warn(done.note)
    if run.json:
        _answer(run, to, done)
        return
    _say(run, to, done)


def _epoch(text: str) -> int | None:
    """
    Return the seconds that SOURCE_DATE_EPOCH names, ``None`` if it is not set.

    :raises SubsetError: it is no number.
    """
    if not text:
        return None
    if not (text.isascii() and text.isdigit()):
        msg = f"{_EPOCH}={text!r} is no number of seconds"
        raise SubsetError(msg, next_step="set it to seconds since 1970, or unset it")
    return int(text)


def _say(run: Run, to: str, done: Bundled) -> None:
    """Say what the bundle is and what comes next."""
    from pypi_subset.site.pages.sizes import counted  # noqa: PLC0415
    from pypi_subset.support.machine.sizes import readable_size  # noqa: PLC0415

    made = done.bundle
    kind = "the difference to the site" if made.base else "all of the site"
    run.display.say(
        f"{to} has release {made.serial}, {kind}: {counted(len(made.paths), 'file')} in "
        f"{counted(len(made.volumes), 'volume')}, {readable_size(done.size)}; it was read back"
    )
    if made.base:
        run.display.say(f"the disconnected side must have the site whose manifest.json has the SHA-256 {made.base}")
    run.display.say(f"signed with {done.fingerprint}", f"manifest.json has the SHA-256 {made.manifest}")
    run.display.say("the medium can be removed")
    step = f"python3 {shlex.quote(f'{to}/import_bundle.py')} {shlex.quote(to)} --into DIR"
    run.display.say(f"Next: read REVIEW.html, then `{step}` on the disconnected side")


def _answer(run: Run, to: str, done: Bundled) -> None:
    """Write the result as JSON."""
    from pypi_subset.cli.answers import BundleAnswer  # noqa: PLC0415

    made = done.bundle
    document = BundleAnswer(
        schema="1.1",
        to=to,
        serial=made.serial,
        created=made.created,
        expires=made.expires,
        base=made.base or "",
        manifest_sha256=made.manifest,
        bundle_sha256=done.digest,
        signer=done.signer,
        fingerprint=done.fingerprint,
        files=len(made.paths),
        removed=len(made.removed),
        volumes=tuple(one.name for one in made.volumes),
        bytes=done.size,
        note=done.note,
        doubt=done.doubt.what if done.doubt else "",
    )
    run.write_answer(document)
