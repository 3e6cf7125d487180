"""The commands that bring a site to its users: serve, servers, publish, fetch."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from pypi_subset import api
from pypi_subset.cli.command import Run, command, names_in
from pypi_subset.errors import SubsetError

if TYPE_CHECKING:
    from pathlib import Path

    from pypi_subset.cli.answers import ServersAnswer
    from pypi_subset.model.manifest import Manifest

Objects = Annotated[
    bool,
    typer.Option("--objects", help="Print what to upload to an object store: key, type, Cache-Control, file."),
]


@command()
def serve(
    run: Run,
    *,
    port: Annotated[int, typer.Option("--port", metavar="PORT", help="Port to listen on, 0 for any free one.")] = 8080,
    host_names: Annotated[
        list[str] | None,
        typer.Option(
            "--host-names",
            "--hostname",
            metavar="NAME",
            help="Further names of this server, as behind a proxy or a tunnel.",
        ),
    ] = None,
) -> None:
    """
    Serve site/ on this machine, for pip, uv and browsers.

    serve listens on 127.0.0.1 until Ctrl-C, and refuses requests under names that are not its own. For other machines,
    `pypi-subset servers` says how to publish.
    """
    from pypi_subset.serve import own_names, server  # noqa: PLC0415

    def ready(url: str) -> None:
        run.answer.say(*server.address_lines(url, run.site), "stop with Ctrl-C")

    names = own_names.names_of(",".join(names_in(host_names, "--host-names")))
    server.serve(run.site, address="127.0.0.1", port=port, names=names, ready=ready)


@command(result=True)
def servers(run: Run, *, objects: Objects = False) -> None:
    """
    Say for each kind of web server whether site/ fits, and how to publish there.

    servers compares sizes, counts, lengths and names of files with what each service takes. The objects of a store are
    printed with tabs between the columns, files before the pages that name them.
    """
    from pypi_subset.model.paths import PAGE, SIMPLE  # noqa: PLC0415
    from pypi_subset.publishing import limits  # noqa: PLC0415
    from pypi_subset.site import web_servers as web  # noqa: PLC0415
    from pypi_subset.support.text import printable  # noqa: PLC0415

    if not (run.site / SIMPLE / PAGE).is_file():
        msg = "there is no site to publish"
        raise SubsetError(msg, path=run.site, next_step="run `pypi-subset mirror`")
    if run.json:
        run.write_answer(_answer(run.site, objects=objects))
        return
    if objects:
        for each in web.objects(run.site):
            columns = (each.key, each.kind, each.cache, str(each.path))
            sys.stdout.write("\t".join(map(printable, columns)) + "\n")
        return
    found = limits.limits(run.site)
    wrong = {one.hosting for one in found}
    rows = [
        (one.name, "no" if {one.name, limits.EVERY} & wrong else "yes", one.pages, one.how) for one in limits.kinds()
    ]
    run.answer.table(["server", "fits", "index pages", "how to publish"], rows)
    for one in found:
        run.answer.say(str(one))
    run.say_next("publish --to DIR")


def _answer(site: Path, *, objects: bool) -> ServersAnswer:
    """Return the document about *site*."""
    from pypi_subset.cli import answers  # noqa: PLC0415
    from pypi_subset.publishing import limits  # noqa: PLC0415
    from pypi_subset.site import web_servers as web  # noqa: PLC0415

    found = limits.limits(site)
    servers = [
        answers.ServerEntry(
            name=one.name,
            fits=not any(each.hosting in {one.name, limits.EVERY} for each in found),
            pages=one.pages,
            how=one.how,
            limits=tuple(str(each) for each in found if each.hosting in {one.name, limits.EVERY}),
        )
        for one in limits.kinds()
    ]
    held = [
        answers.ObjectEntry(key=one.key, type=one.kind, cache=one.cache, path=str(one.path))
        for one in (web.objects(site) if objects else ())
    ]
    return answers.ServersAnswer(schema="1.0", servers=tuple(servers), objects=tuple(held))


@command(result=True)
def hosts(run: Run, *, objects: Objects = False) -> None:
    """Do what servers does; this is its former name."""
    sys.stderr.write("note: hosts is now called servers\n")
    shared = {"requirements": run.requirements, "packages": run.packages, "site": run.site}
    flags = {"quiet": run.quiet, "no_color": run.no_color, "json": run.json}
    servers(**{name: str(value) for name, value in shared.items()}, **flags, objects=objects)


@command(result=True)
def publish(
    run: Run,
    *,
    to: Annotated[
        str,
        typer.Option(
            "--to",
            metavar="PLACE",
            help="A directory, or what rsync takes: host:path, rsync://host/module.",
            show_default="none, it must be given",
        ),
    ] = "",
    force: Annotated[
        bool, typer.Option("--force", help="Publish what is not proven; the published manifest then says so.")
    ] = False,
    snapshot: Annotated[
        str,
        typer.Option("--snapshot", metavar="NAME", help="Publish this snapshot.", show_default="the site"),
    ] = "",
    check: Annotated[
        bool, typer.Option("--check", help="Compare every file there by its bytes, not by size and time.")
    ] = False,
    grace: Annotated[
        int,
        typer.Option("--grace", min=0, metavar="SECONDS", help="How long files stay that no page names any more."),
    ] = 10,
) -> None:
    """
    Copy what changed in a proven site/ to a directory or a server, safely.

    publish copies files before the pages that name them, and removes what is no longer needed last: a client that
    installs meanwhile misses nothing. It refuses a site if the last verify was not green or complete, was about other
    bytes, requirements or settings, or was not yours: the report must have the HMAC of your key. publish renders proof/
    from the report, and prints the SHA-256 of the manifest: `pypi-subset fetch --sha256 …` takes no other.

    With --snapshot, publish copies that snapshot in place of site/. Its proof must still hold. It need not be what
    requirements/ asks for today, and the policy of today judges its locks.
    """
    from pypi_subset.model.intake.variants import notice, variants_in  # noqa: PLC0415
    from pypi_subset.model.paths import SIMPLE, view_of  # noqa: PLC0415

    if snapshot:
        done = api.publish_snapshot(
            run.paths, snapshot, to, force=force, grace=grace, check=check, progress=run.display
        )
    else:
        done = api.publish(run.paths, to, force=force, grace=grace, check=check, progress=run.display)
    if done.doubt is not None:
        run.display.warn(f"{done.doubt.path}: {done.doubt.what}; the published manifest says that it is unproven")
    if run.json:
        from pypi_subset.cli.answers import PublishAnswer  # noqa: PLC0415

        document = PublishAnswer(
            schema="1.0",
            to=to,
            sent=done.sent,
            removed=done.removed,
            kept=done.kept,
            serial=done.serial,
            manifest_sha256=done.manifest_sha256,
            doubt=done.doubt.what if done.doubt else "",
        )
        run.write_answer(document)
        return
    run.display.say(f"{to} is published: {done.sent} files sent, {done.removed} removed, {done.kept} as they were")
    variants = variants_in(_published(run, snapshot))
    if variants:
        run.display.say(f"note: {notice(variants)}")
    run.display.say(f"release {done.serial}, manifest.json has the SHA-256 {done.manifest_sha256}")
    index = view_of("TARGET") if variants else SIMPLE
    said = f"`pip config set global.index-url https://HOST/{index}/` on each client"
    run.display.say(f"Next: {said}, once a web server offers {to}")


def _published(run: Run, snapshot: str) -> Manifest:
    """Return the manifest that was published."""
    from pypi_subset.model.door import read_manifest  # noqa: PLC0415
    from pypi_subset.snapshots.comparing import manifest_named  # noqa: PLC0415

    return manifest_named(run.paths, snapshot) if snapshot else read_manifest(run.paths.site)


@command(result=True)
def fetch(
    run: Run,
    *,
    url: Annotated[
        str,
        typer.Option(
            "--url", metavar="URL", help="Address of the site's front page.", show_default="none, it must be given"
        ),
    ] = "",
    sha256: Annotated[
        str,
        typer.Option("--sha256", metavar="HEX", help="SHA-256 that its manifest.json must have.", show_default="any"),
    ] = "",
) -> None:
    """
    Copy a published site to site/ on this machine, each file held against its hash.

    fetch is for another machine that is to prove the site, as a workflow does. It takes the report along; after any
    error the old site stays as it was. It refuses a manifest that names what no site has, and an older publication
    than the one in site/.
    """
    count = api.fetch_site(url, run.site, sha256=sha256, progress=run.display)
    if run.json:
        from pypi_subset.cli.answers import FetchAnswer  # noqa: PLC0415

        run.write_answer(FetchAnswer(schema="1.0", site=str(run.site), files=count))
        return
    run.display.say(f"{run.site} is what is published there: {count} files fetched")
    if run.requirements.is_dir():
        run.say_next("verify")
    else:
        run.display.say(f"Next: copy here the requirements/ that the site was built from, then {run.spelt('verify')}")
