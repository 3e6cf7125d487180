"""The commands about named states of a site: snapshot, snapshots, diff, promote."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from pypi_subset import api
from pypi_subset.cli.command import Run, command, names_in
from pypi_subset.errors import SubsetError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pypi_subset.snapshots.comparing import Amount, Differences, Lines
    from pypi_subset.snapshots.listing import Snapshots
    from pypi_subset.snapshots.promoting import Promoted

#: Digits of a hash that a table shows, and characters of a moment.
_FEW, _MINUTES = 12, 16


@command(result=True)
def snapshot(
    run: Run,
    *,
    name: Annotated[
        str, typer.Option("--name", metavar="NAME", help="Its name, as 2026-11.", show_default="none, it must be given")
    ] = "",
    force: Annotated[
        bool, typer.Option("--force", help="Keep a site that is not proven; no channel takes that snapshot.")
    ] = False,
) -> None:
    """
    Keep the proven site/ under a name, to publish it again later, byte for byte.

    A snapshot is a manifest and a pool of files in packages/.snapshots/, which all snapshots share as hard links. snapshot
    refuses a site that publish would refuse. A name is given once.
    """
    done = api.take_snapshot(run.paths, name, now=_now(), force=force, progress=run.display)
    one = done.snapshot
    if one.doubt:
        run.display.warn(f"{one.doubt}; the snapshot {one.title} is not proven, and no channel takes it")
    if run.json:
        from pypi_subset.cli.answers import SnapshotAnswer  # noqa: PLC0415
        from pypi_subset.snapshots.listing import entry  # noqa: PLC0415

        run.write_answer(SnapshotAnswer(schema="1.0", snapshot=entry(one, ()), is_new=done.is_new))
        return
    from pypi_subset.site.pages.sizes import counted, readable_size  # noqa: PLC0415

    state = "is taken" if done.is_new else "was taken before, and the site is still the same"
    run.display.say(
        f"the snapshot {one.title} {state}: {counted(one.distributions, 'distribution')}, {readable_size(one.bytes)}",
        f"manifest.json has the SHA-256 {one.manifest}",
    )
    run.say_next(f"promote --from {one.title} --to CHANNEL")


@command(result=True)
def snapshots(
    run: Run,
    *,
    remove: Annotated[
        list[str] | None,
        typer.Option("--remove", metavar="NAME", help="Remove these snapshots, with commas between."),
    ] = None,
) -> None:
    """
    List the snapshots, and what each channel got last.

    With --remove, snapshots removes them and the files that no other snapshot has. It refuses one that a channel has.
    """
    names = names_in(remove, "--remove")
    found = api.remove_snapshots(run.paths, names) if names else api.list_snapshots(run.paths)
    if run.json:
        run.write_answer(found)
    else:
        _show(run, found)


def _show(run: Run, found: Snapshots) -> None:
    """Print a table of snapshots, and one of channels."""
    if found.removed:
        run.display.say(f"removed: {', '.join(found.removed)}")
    if not found.snapshots:
        run.answer.say("there is no snapshot")
        run.say_next("snapshot --name NAME")
        return
    run.answer.table(
        ["snapshot", "taken (UTC)", "proven", "files", "bytes", "manifest", "channels"],
        [
            (
                one.name,
                _minute(one.taken),
                "yes" if one.proven else "no",
                one.distributions,
                one.bytes,
                one.manifest_sha256[:_FEW],
                ", ".join(one.channels) or "-",
            )
            for one in found.snapshots
        ],
    )
    if found.promotions:
        run.answer.table(
            ["channel", "snapshot", "from", "by", "when (UTC)", "why"],
            [
                (one.channel, one.snapshot, one.source, one.by, _minute(one.when), one.why or "-")
                for one in found.promotions
            ],
        )


@command(result=True)
def diff(
    run: Run,
    *,
    from_: Annotated[
        str,
        typer.Option(
            "--from", metavar="STATE", help="A snapshot, a channel, or site.", show_default="none, it must be given"
        ),
    ] = "",
    to: Annotated[str, typer.Option("--to", metavar="STATE", help="The state to compare it with.")] = "site",
) -> None:
    """
    Say what differs between two states: requests, targets, projects, files and bytes.

    A state is a snapshot, a channel of subset.toml, or site for the site of this directory.
    """
    if not from_:
        msg = "diff has no state to begin with"
        raise SubsetError(msg, next_step="name one, as in `pypi-subset diff --from 2026-10 --to 2026-11`")
    found = api.compare(run.paths, from_, to)
    if run.json:
        run.write_answer(found)
    else:
        run.answer.say(*_lines(found))


def _lines(found: Differences) -> Iterator[str]:
    """Yield what differs, a line for each."""
    yield from _signed("request", found.requests)
    yield from _signed("target", found.targets)
    for one in found.projects:
        sign = "~" if one.before and one.after else "+" if one.after else "-"
        versions = " -> ".join(filter(None, (one.before, one.after)))
        yield f"{sign} project {one.project} {versions} on {', '.join(one.targets)}"
    yield from _signed("file", found.files)
    yield from _signed("other file", found.other_files)
    if found.is_empty:
        yield f"{found.before} and {found.after} have the same files"
    yield (
        f"{_amount(found.added)} added, {_amount(found.removed)} removed: {found.before} has "
        f"{_amount(found.total_before)}, {found.after} has {_amount(found.total_after)}"
    )


def _signed(kind: str, found: Lines) -> Iterator[str]:
    yield from (f"- {kind} {one}" for one in found.removed)
    yield from (f"+ {kind} {one}" for one in found.added)


def _amount(one: Amount) -> str:
    from pypi_subset.site.pages.sizes import counted, readable_size  # noqa: PLC0415

    return f"{counted(one.files, 'file')} ({readable_size(one.bytes)})"


@command(result=True)
def promote(
    run: Run,
    *,
    from_: Annotated[
        str,
        typer.Option(
            "--from",
            metavar="STATE",
            help="A snapshot, or a channel that has one.",
            show_default="none, it must be given",
        ),
    ] = "",
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="CHANNEL",
            help="A name below [channels] in subset.toml.",
            show_default="none, it must be given",
        ),
    ] = "",
    why: Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason, for the record.")] = "",
    by: Annotated[str, typer.Option("--by", metavar="NAME", help="Who promotes.", show_default="your login name")] = "",
    grace: Annotated[
        int,
        typer.Option("--grace", min=0, metavar="SECONDS", help="How long files stay that no page names any more."),
    ] = 10,
) -> None:
    """
    Give a channel a proven snapshot, or what another channel has; to roll back, name an earlier one.

    promote takes the files from the snapshot and publishes them as publish does. If the channel is a directory of this
    machine, its last three states stay beside it, and one rename puts them back. It refuses a snapshot that is not proven.
    packages/.snapshots/promotions.json records the manifest, from, to, who, when and why.
    """
    if not from_:
        msg = "promote has nothing to promote"
        raise SubsetError(
            msg, next_step="name a snapshot or a channel, as in `pypi-subset promote --from test --to prod`"
        )
    done = api.promote(run.paths, from_, to, by=by or _login(), now=_now(), why=why, grace=grace, progress=run.display)
    if run.json:
        from pypi_subset.snapshots.promotions import PromoteAnswer  # noqa: PLC0415

        run.write_answer(PromoteAnswer(schema="1.0", promotion=done.promotion, is_new=done.is_new))
        return
    run.display.say(*_said(done))


def _said(done: Promoted) -> Iterator[str]:
    """Yield what a promotion did."""
    one = done.promotion
    if not done.is_new:
        yield f"{one.channel} had the snapshot {one.snapshot} before: nothing changed"
    elif one.how == "renamed":
        yield f"{one.channel} has the snapshot {one.snapshot} again, by a rename in {done.seconds:.2f} s"
    else:
        yield f"{one.channel} has the snapshot {one.snapshot}: {one.to} is published"
    yield f"release {one.serial}, manifest.json has the SHA-256 {one.manifest}"


def _login() -> str:
    """Return the login name of the user, ``""`` if the system knows none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        # A container may run under a number without a name.
        return ""


def _now() -> str:
    from pypi_subset.model.report import TIME  # noqa: PLC0415

    return datetime.now(UTC).strftime(TIME)


def _minute(moment: str) -> str:
    return moment[:_MINUTES].replace("T", " ")
