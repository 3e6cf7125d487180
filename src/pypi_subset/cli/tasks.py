"""
The tasks: flags to values, one call, errors to exit codes; also the command ``pypi-subset``.

This module alone knows the machine it runs on: the folder, the screen, the command line. The first line of each
docstring is what ``make``, ``inv --list`` and ``pypi-subset --list`` show.
"""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from invoke import Collection, Context, Program, task
from rich.console import Console

from pypi_subset import __version__
from pypi_subset.cli.arguments import FOLDERS, check_place, choice_of, edge, named, paths_of, whole_number, words_after
from pypi_subset.cli.display import Display
from pypi_subset.cli.present import show_plan, write_json
from pypi_subset.errors import FolderError, Gaps, NoSolution, ProofFailed, SubsetError
from pypi_subset.support import files, staging

# A stage is imported by the task that needs it: `--help` and a run with nothing to do load neither pip nor a server.

if TYPE_CHECKING:
    from typing import ParamSpec

    from pypi_subset.model.paths import Paths

    P = ParamSpec("P")


@task(help=dict(FOLDERS))  # a copy: Invoke takes out what it has read
@edge
def mirror(
    _context: Context, requirements: str = "requirements", packages: str = "packages", site: str = "site"
) -> None:
    """
    Build site/ from requirements/; a lock that still fits is kept.

    Resolves for each set and target, locks, downloads, writes pages. A lock that matches its inputs is kept: nothing is
    resolved anew, exactly what it says is fetched. On any error the old site stays as it is. A target that names
    Python as X.Y is served for every X.Y.z.
    """
    _mirror(paths_of(requirements, packages, site), update=False)


@task(help=dict(FOLDERS))  # a copy: Invoke takes out what it has read
@edge
def update(
    _context: Context, requirements: str = "requirements", packages: str = "packages", site: str = "site"
) -> None:
    """
    Resolve anew, print what changed, and mirror.

    The newest versions that requirements/ allows are chosen, whatever the locks say.
    """
    _mirror(paths_of(requirements, packages, site), update=True)


@task(
    help={
        **FOLDERS,
        "update": "yes for what an update would do (default: no)",
        "form": "text, or json for programs (default: text)",
    }
)
@edge
def plan(
    _context: Context,
    requirements: str = "requirements",
    packages: str = "packages",
    site: str = "site",
    update: str = "no",
    form: str = "text",
) -> None:
    """
    Say what mirror would add, remove and change, and what is held back.

    Resolves and fetches no files. Each project that is older than its newest release is listed with what stands in the
    way: a tag, a Requires-Python or a requirement. Where a target has a gap, that is told, as JSON too.
    """
    from pypi_subset.pipeline import plan as pipeline_plan  # noqa: PLC0415
    from pypi_subset.pipeline.mirror import SCHEMA  # noqa: PLC0415

    paths, anew = paths_of(requirements, packages, site), choice_of("update", update, ("no", "yes")) == "yes"
    if choice_of("form", form, ("text", "json")) == "json":
        try:
            # What is said besides would be no JSON.
            found = pipeline_plan.foresee(paths, progress=Display(Console(file=sys.stderr)), update=anew)
        except NoSolution as error:
            write_json({"schema": SCHEMA, "gaps": [error.document()]})
            raise
        except Gaps as error:
            write_json({"schema": SCHEMA, "gaps": [gap.document() for gap in error.gaps]})
            raise
        write_json(found.document())
        return
    display = Display()
    show_plan(pipeline_plan.foresee(paths, progress=display, update=anew), display)


@task(
    help={
        **FOLDERS,
        "processes": "how many proofs run at a time (default: 0, one for each core)",
        "pythons": "further interpreters to prove with: paths or folders, separated as in PATH (default: none)",
        "target": "names of targets to prove, separated by commas (default: all)",
        "shard": "a part of what there is to prove, as in 2/8; merge-reports joins the parts (default: all)",
        "all": "yes to prove again what was proven before for the same bytes (default: no)",
        "on": "here, or dask for the workers of a cluster (default: here)",
        "scheduler": "address of the cluster's scheduler, as tcp://host:8786 (default: none)",
        "url": "where the workers find the site (default: it is served from here meanwhile)",
    },
    optional=["all"],
    # -h is --help.
    auto_shortflags=False,
)
@edge
def verify(  # noqa: PLR0913, PLR0917 - each is a flag, given by its name
    _context: Context,
    requirements: str = "requirements",
    packages: str = "packages",
    site: str = "site",
    processes: str = "0",
    pythons: str = "",
    target: str = "",
    shard: str = "",
    all: Any = "no",  # noqa: A002 - the flag's own name; alone it is True
    on: str = "here",
    scheduler: str = "",
    url: str = "",
) -> None:
    """
    Prove that every request installs, on every target.

    Installs see site/ alone. Ends with a table and writes proof/report.json into the site. Interpreters are looked for
    on PATH, among those of pyenv, and where --pythons says; workers of a cluster look for their own. What an earlier run
    proved green for the same bytes is taken from packages/.proven.json, and told apart; the files are always read.
    """
    from pypi_subset.proof.cases import shards  # noqa: PLC0415
    from pypi_subset.proof.inventory import inventory  # noqa: PLC0415
    from pypi_subset.proof.run import suite  # noqa: PLC0415
    from pypi_subset.proof.run.session import require_targets  # noqa: PLC0415
    from pypi_subset.requirements.subset import read_subset  # noqa: PLC0415

    targets = [name.strip() for name in target.split(",") if name.strip()]
    if target and not targets:
        msg = f"target wants names, not {target!r}"
        raise SubsetError(msg, next_step="as in --target=linux,mac, or leave it out for all")
    anew = all is True or choice_of("all", str(all), ("no", "yes")) == "yes"
    paths = paths_of(requirements, packages, site)
    number, away = whole_number("processes", processes), choice_of("on", on, ("here", "dask")) == "dask"
    check_place(away=away, scheduler=scheduler, far=bool(scheduler or url), near=bool(number or pythons))
    shards.parse(shard)
    inventory.read_manifest(paths.site)
    subset = read_subset(paths.requirements)
    require_targets(subset, targets)
    try:
        if away:
            from pypi_subset.proof.remote.dask import prove_on_dask  # noqa: PLC0415

            prove_on_dask(subset, paths, scheduler=scheduler, url=url, targets=targets, shard=shard)
        else:
            suite.run_suite(paths, processes=number, pythons=pythons, targets=targets, shard=shard, anew=anew)
    except ProofFailed:
        # What changed and kept its time, the next mirror would not notice: let it read everything.
        (paths.packages / ".memory.json").unlink(missing_ok=True)
        raise


# As below for `why`: a flag for Make, a bare word for those who type.
@task(
    positional=["reports"][: len(words_after("merge-reports", sys.argv))],
    help={
        "reports": "reports to join, or folders of them, separated by blanks (default: none, it has to be said)",
        "requirements": FOLDERS["requirements"],
        "packages": FOLDERS["packages"],
        "site": FOLDERS["site"],
    },
)
@edge
def merge_reports(
    _context: Context,
    reports: str | None = None,
    requirements: str = "requirements",
    packages: str = "packages",
    site: str = "site",
) -> None:
    """
    Join what several machines have proven of site/ to one report.

    Each part is a proof/report.json that verify left in a copy of this site; one about other bytes is refused. What
    requirements/ asks for and no part has a result of is red, and so is what changed here since. The joined report
    replaces the one in site/.
    """
    from pypi_subset.proof.report import report  # noqa: PLC0415
    from pypi_subset.proof.report.verdict import checks_in  # noqa: PLC0415
    from pypi_subset.proof.run import merge  # noqa: PLC0415
    from pypi_subset.requirements.subset import read_subset  # noqa: PLC0415

    paths, display = paths_of(requirements, packages, site), Display()
    # A path may hold blanks; a list of paths is none itself.
    named = reports or " "
    places = map(Path, [named] if Path(named).exists() else named.split())
    document = merge.merge(paths, read_subset(paths.requirements), [*places])
    display.console.print(report.table_of(checks_in(document)))
    for line in report.lines_of(document):
        display.say(line)
    if document["totals"]["failed"]:
        msg = "the subset is not proven"
        raise ProofFailed(msg, next_step="see the lines above, and proof/report.json in the site")


@task(help={"site": FOLDERS["site"], "port": "port to listen on, 0 for any free one (default: 8080)"})
@edge
def serve(_context: Context, site: str = "site", port: str = "8080") -> None:
    """
    Offer site/ on this machine, for pip, uv and browsers.

    It listens on 127.0.0.1 until Ctrl-C. For other machines, `make hosts` says how to publish.
    """
    from pypi_subset.serve import server  # noqa: PLC0415

    display = Display()

    def ready(url: str) -> None:
        for line in [*server.address_lines(url), "stop with Ctrl-C"]:
            display.say(line)

    server.serve(Path(site), host="127.0.0.1", port=whole_number("port", port), ready=ready)


@task(
    help={
        "site": FOLDERS["site"],
        "objects": "yes for what to upload to an object store: key, type, Cache-Control, file (default: no)",
    }
)
@edge
def hosts(_context: Context, site: str = "site", objects: str = "no") -> None:
    """
    Say for each kind of web host whether site/ fits, and how to publish there.

    Sizes, counts, lengths and names of files are held against what the host takes. The objects of a store are printed
    with tabs between the columns, files before the pages that name them.
    """
    from pypi_subset.publishing import host_limits  # noqa: PLC0415
    from pypi_subset.site import web_servers as web  # noqa: PLC0415

    folder, display = Path(site), Display()
    if not (folder / "simple" / "index.html").is_file():
        msg = "there is no site to publish"
        raise SubsetError(msg, path=folder, next_step="run `make mirror`")
    if choice_of("objects", objects, ("no", "yes")) == "yes":
        for each in web.objects(folder):
            sys.stdout.write(f"{each.key}\t{each.kind}\t{each.cache}\t{each.path}\n")
        return
    found = host_limits.limits(folder)
    wrong = {one.host for one in found}
    rows = [
        (one.name, "no" if {one.name, host_limits.EVERY} & wrong else "yes", one.pages, one.how)
        for one in host_limits.HOSTS
    ]
    display.table(["host", "fits", "index pages", "how to publish"], rows)
    for one in found:
        display.say(str(one))


@task(
    help={
        "to": "a folder, or what rsync takes: host:path, rsync://host/module (default: none, it has to be said)",
        "site": FOLDERS["site"],
        "packages": FOLDERS["packages"],
        "force": "yes to publish what is not proven; the published manifest then says so (default: no)",
        "grace": "seconds for which files stay that no page names any more (default: 10)",
    }
)
@edge
def publish(
    _context: Context,
    to: str = "",
    site: str = "site",
    packages: str = "packages",
    force: str = "no",
    grace: str = "10",
) -> None:
    """
    Copy what changed in a proven site/ to a folder or a host, safely.

    Files go before the pages that name them, and what is no longer needed goes last: whoever installs meanwhile misses
    nothing. Refused if the last verify was not green, or was about other bytes.
    """
    from pypi_subset.publishing import publisher as publishing  # noqa: PLC0415

    display, folder, stock = Display(), Path(site), Path(packages)
    forced, seconds = choice_of("force", force, ("no", "0", "1", "yes")) in {"1", "yes"}, whole_number("grace", grace)
    destination = publishing.destination_of(to, folder, stock)
    # So that no mirror replaces the site meanwhile. Only where it stands already: holding a folder makes it.
    with files.exclusive(stock) if stock.is_dir() else contextlib.nullcontext():
        done = publishing.publish(folder, destination, force=forced, grace=seconds, progress=display)
    if done.doubt is not None:
        display.warn(f"{done.doubt.path}: {done.doubt.what}; the published manifest says that it is unproven")
    display.say(f"{to} is published: {done.sent} files sent, {done.removed} removed, {done.kept} as they were")


@task(
    help={
        "url": "address of the site's front page (default: none, it has to be said)",
        "site": FOLDERS["site"],
    }
)
@edge
def fetch(_context: Context, url: str = "", site: str = "site") -> None:
    """
    Copy a published site to site/ on this machine, each file held against its hash.

    For another machine that is to prove it, as a workflow does. The report that lies there comes along; on any error
    the old site stays as it was.
    """
    from pypi_subset.publishing import fetch_site  # noqa: PLC0415
    from pypi_subset.site.ownership import require_own  # noqa: PLC0415

    display, folder = Display(), named(site)
    require_own(folder)
    count = fetch_site.obtain(url, folder, progress=display)
    display.say(f"{folder} is what is published there: {count} files fetched")


@task(
    help={
        "form": "github, or gitlab (default: github)",
        "url": "address at which the site is published (default: none, it has to be said)",
        "requirements": FOLDERS["requirements"],
    }
)
@edge
def workflow(_context: Context, form: str = "github", url: str = "", requirements: str = "requirements") -> None:
    """
    Print a workflow file that proves the published site on real machines.

    For GitHub Actions or GitLab CI, with a job for each system and Python that the targets name. A last job joins what
    they found with the report that was published.
    """
    from pypi_subset.proof.remote import ci_workflow  # noqa: PLC0415
    from pypi_subset.publishing import fetch_site  # noqa: PLC0415
    from pypi_subset.requirements.subset import read_subset  # noqa: PLC0415

    chosen = choice_of("form", form, ("github", "gitlab"))
    subset = read_subset(Path(requirements))
    sys.stdout.write(ci_workflow.render(chosen, subset.targets, fetch_site.address_of(url)))


# Invoke knows no optional positional parameter, so the second word counts as one only when it is there.
@task(
    positional=["project", "target"][: max(1, len(words_after("why", sys.argv)))],
    help={
        "project": "the project to explain",
        "target": "for this target alone (default: all)",
        "site": FOLDERS["site"],
    },
)
@edge
def why(_context: Context, project: str, target: str | None = None, site: str = "site") -> None:
    """
    Print what led to a project: why PROJECT [TARGET].

    One line for each file, set and target that needs it.
    """
    from pypi_subset.site import manifest  # noqa: PLC0415

    display = Display()
    for line in manifest.why(manifest.read(Path(site) / "manifest.json"), project, target):
        display.say(line)


@task
@edge
def targets(_context: Context) -> None:
    """
    List the names of systems that a target may be on.

    Each with the platforms of wheels that it takes, its architectures, and its own Python. In subset.toml:
    lab = { on = "debian-12", python = "3.12" }, or on = "debian-12-aarch64".
    """
    from pypi_subset.targets.named_systems import expanded, systems  # noqa: PLC0415

    rows = [(one.name, expanded(one), ", ".join(one.arches), one.python or "-") for one in systems()]
    Display().table(["name", "takes wheels for", "architectures", "Python"], rows)


@task(
    positional=["name"],
    help={
        "name": "a target of subset.toml, the name of a system, or a tag",
        "py": "its Python, as 3.12 or 3.12.4 (default: the one that it says)",
        "requirements": FOLDERS["requirements"],
    },
)
@edge
def target(_context: Context, name: str, py: str = "", requirements: str = "requirements") -> None:
    """
    Print the marker values and the tags of a target: target NAME.

    The tags stand best first, as the pip of that machine has them.
    """
    from pypi_subset.requirements.subset import find_target  # noqa: PLC0415
    from pypi_subset.targets.host import description  # noqa: PLC0415

    display = Display()
    for line in description(find_target(name, py or None, Path(requirements))):
        display.say(line)


@task(help={"packages": FOLDERS["packages"], "site": FOLDERS["site"]})
@edge
def clean(_context: Context, packages: str = "packages", site: str = "site") -> None:
    """
    Empty packages/ and site/; READMEs and locks stay.

    The next mirror fetches the same files again. If a folder holds anything that mirror did not put there, nothing is
    removed.
    """
    from pypi_subset.packages.stock import is_distribution  # noqa: PLC0415
    from pypi_subset.site.ownership import require_own  # noqa: PLC0415

    stock, built = Path(packages), named(site)
    require_own(built)
    # Only where it stands already: holding a folder makes it.
    with files.exclusive(stock) if stock.is_dir() else contextlib.nullcontext():
        for path in _content(stock):
            if not (is_distribution(path.name) or _is_working(path.name)):
                msg = "mirror did not make this"
                raise FolderError(msg, path=path, next_step="move it away, then run clean again")
        for folder in (stock, built):
            staging.recover(folder)
            # The manifest last: what is left of a site without one would be taken for somebody's own.
            for path in sorted(_content(folder), key=lambda one: one.name == "manifest.json"):
                with files.folder_errors(path):
                    staging.remove_tree(path)


def _content(folder: Path) -> list[Path]:
    """Return what stands in *folder*, sorted, apart from its README; nothing if there is no folder."""
    with files.folder_errors(folder):
        return sorted(path for path in folder.iterdir() if path.name != "README.md") if folder.is_dir() else []


def _is_working(name: str) -> bool:
    """Whether mirror keeps something of its own under that name in packages/."""
    return name in {
        ".running",
        ".rejected",
        ".fetched",
        ".memory.json",
        ".proven.json",
        ".last-site",
        "bad-files.json",
    } or (name[0] == "." and name.endswith((".part", ".stage")))


def _mirror(paths: Paths, *, update: bool) -> None:
    """Run the pipeline, then show what changed and what came out."""
    from pypi_subset.pipeline import mirror as pipeline  # noqa: PLC0415

    display = Display()
    summary = pipeline.mirror(paths, update=update, progress=display)
    for line in summary.changes or (["nothing changed: every lock is what it was"] if update else []):
        display.say(line)
    if summary.superseded:
        count, names = len(summary.superseded), ", ".join(summary.superseded)
        display.say(
            f"{paths.packages} also holds {count} {'file' if count == 1 else 'files'} that no lock names: {names}"
        )
    display.table(
        ["target", "projects", "files", "bytes", "seconds"],
        [(row.target, row.projects, row.files, row.bytes, row.seconds) for row in summary.rows],
    )
    state = "built" if summary.published else "up to date"
    display.say(f"{paths.site} is {state}: {summary.resolved} locks resolved, {summary.fetched} files fetched")


namespace = Collection(
    mirror, update, plan, verify, merge_reports, serve, hosts, publish, fetch, workflow, why, targets, target, clean
)

main = Program(name="pypi-subset", binary="pypi-subset", version=__version__, namespace=namespace).run
