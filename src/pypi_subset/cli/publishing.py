"""The tasks that offer a site to others: serve, hosts, publish, fetch."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset import api
from pypi_subset.cli.arguments import choice_of, named, paths_of, task, whole_number
from pypi_subset.cli.display import Display
from pypi_subset.errors import SubsetError
from pypi_subset.model.door import read_manifest
from pypi_subset.model.intake.variants import notice, variants_in
from pypi_subset.model.paths import PAGE, SIMPLE
from pypi_subset.support.text import printable

if TYPE_CHECKING:
    from invoke import Context


@task(
    help={
        "port": "port to listen on, 0 for any free one (default: 8080)",
        "host-names": "further names of this server, as behind a proxy or a tunnel, separated by commas (default: none)",
    }
)
def serve(_context: Context, site: str = "site", port: str = "8080", host_names: str = "") -> None:
    """
    Offer site/ on this machine, for pip, uv and browsers.

    It listens on 127.0.0.1 until Ctrl-C, and refuses requests under names that are not its own. For other machines, `make hosts` says how to publish.
    """
    from pypi_subset.serve import own_names, server  # noqa: PLC0415

    display = Display()

    def ready(url: str) -> None:
        display.say(*server.address_lines(url, Path(site)), "stop with Ctrl-C")

    names = own_names.names_of(host_names)
    server.serve(Path(site), address="127.0.0.1", port=whole_number("port", port), names=names, ready=ready)


@task(help={"objects": "yes for what to upload to an object store: key, type, Cache-Control, file (default: no)"})
def hosts(_context: Context, site: str = "site", objects: str = "no") -> None:
    """
    Say for each kind of web host whether site/ fits, and how to publish there.

    Sizes, counts, lengths and names of files are held against what the host takes. The objects of a store are printed
    with tabs between the columns, files before the pages that name them.
    """
    from pypi_subset.publishing import limits  # noqa: PLC0415
    from pypi_subset.site import web_servers as web  # noqa: PLC0415

    folder, display = Path(site), Display()
    if not (folder / SIMPLE / PAGE).is_file():
        msg = "there is no site to publish"
        raise SubsetError(msg, path=folder, next_step="run `make mirror`")
    if choice_of("objects", objects, ("no", "yes")) == "yes":
        for each in web.objects(folder):
            columns = (each.key, each.kind, each.cache, str(each.path))
            sys.stdout.write("\t".join(map(printable, columns)) + "\n")
        return
    found = limits.limits(folder)
    wrong = {one.hosting for one in found}
    rows = [
        (one.name, "no" if {one.name, limits.EVERY} & wrong else "yes", one.pages, one.how) for one in limits.kinds()
    ]
    display.table(["host", "fits", "index pages", "how to publish"], rows)
    for one in found:
        display.say(str(one))


@task(
    help={
        "to": "a folder, or what rsync takes: host:path, rsync://host/module (default: none, it has to be said)",
        "force": "yes to publish what is not proven; the published manifest then says so (default: no)",
        "check": "yes to compare every file there by its bytes, not by size and time (default: no)",
        "grace": "seconds for which files stay that no page names any more (default: 10)",
    }
)
def publish(  # noqa: PLR0913, PLR0917 - one for each flag
    _context: Context,
    to: str = "",
    site: str = "site",
    packages: str = "packages",
    requirements: str = "requirements",
    force: str = "no",
    check: str = "no",
    grace: str = "10",
) -> None:
    """
    Copy what changed in a proven site/ to a folder or a host, safely.

    Files go before the pages that name them, and what is no longer needed goes last: a client that installs meanwhile misses
    nothing. Refused if the last verify was not green or complete, was about other bytes, requirements or settings, or was
    not yours: the report must have the HMAC of your key. publish renders proof/ from the report, and prints the SHA-256
    of the manifest: `make fetch SHA256=…` takes no other.
    """
    forced, seconds = choice_of("force", force, ("no", "0", "1", "yes")) in {"1", "yes"}, whole_number("grace", grace)
    display, paths = Display(), paths_of(requirements, packages, site)
    every = choice_of("check", check, ("no", "0", "1", "yes")) in {"1", "yes"}
    done = api.publish(paths, to, force=forced, grace=seconds, check=every, progress=display)
    if done.doubt is not None:
        display.warn(f"{done.doubt.path}: {done.doubt.what}; the published manifest says that it is unproven")
    display.say(f"{to} is published: {done.sent} files sent, {done.removed} removed, {done.kept} as they were")
    if variants := notice(variants_in(read_manifest(paths.site))):
        display.say(f"note: {variants}")
    display.say(f"release {done.serial}, manifest.json has the SHA-256 {done.manifest_sha256}")


@task(
    help={
        "url": "address of the site's front page (default: none, it has to be said)",
        "sha256": "SHA-256 that its manifest.json must have, as publish prints it (default: any)",
    }
)
def fetch(_context: Context, url: str = "", site: str = "site", sha256: str = "") -> None:
    """
    Copy a published site to site/ on this machine, each file held against its hash.

    For another machine that is to prove it, as a workflow does. The report there comes along; on any error
    the old site stays as it was. Refused if the manifest names what no site has, or an older publication is served than
    the one in site/.
    """
    display, folder = Display(), named(site)
    count = api.fetch_site(url, folder, sha256=sha256, progress=display)
    display.say(f"{folder} is what is published there: {count} files fetched")
