"""
The tasks about a subset, and the command ``pypi-subset`` with the tasks of all modules.

The command line is the one place that knows this machine: its directories, its screen. The first line of each docstring is
what ``make``, ``inv --list`` and ``pypi-subset --list`` show.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from invoke import Collection, Context

from pypi_subset import api
from pypi_subset.cli.arguments import choice_of, named, paths_of, task, words_after
from pypi_subset.cli.display import Display
from pypi_subset.cli.edge import program
from pypi_subset.cli.editing import add, joined, remove
from pypi_subset.cli.present import display_for, json_errors, show_mirror, show_plan, write_json
from pypi_subset.cli.proving import merge_reports, verify, workflow
from pypi_subset.cli.publishing import fetch, hosts, publish, serve
from pypi_subset.support.version import __version__

# A stage is imported by the task that needs it: `--help` and a run with nothing to do load neither pip nor a server.

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pypi_subset.model.paths import Paths


_UNISOLATED = "yes to build sdists without isolation (default: no)"
_DOWNGRADE = "yes to accept a lower version than the lock has, though the newer one is offered (default: no)"


@task(help={"allow_downgrade": _DOWNGRADE, "unisolated": _UNISOLATED})
def mirror(
    _context: Context,
    requirements: str = "requirements",
    packages: str = "packages",
    site: str = "site",
    allow_downgrade: str = "no",
    unisolated: str = "no",
    *,
    json: bool = False,
) -> None:
    """
    Build site/ from requirements/; a lock that still fits is kept.

    Resolves for each set and target, locks, downloads, writes pages. A lock that matches its inputs is kept: nothing is
    resolved, exactly what it says is fetched. On any error the old site stays as it is. A target that names
    Python as X.Y is served for every X.Y.z.
    """
    paths = paths_of(requirements, packages, site)
    _mirror(paths, update=False, allow_downgrade=allow_downgrade, unisolated=unisolated, json=json)


@task(
    help={
        "forget": "files that may have other bytes than when they were locked, separated by commas (default: none)",
        "allow_downgrade": _DOWNGRADE,
        "unisolated": _UNISOLATED,
    }
)
def update(  # noqa: PLR0913 - each is a flag, given by its name
    _context: Context,
    requirements: str = "requirements",
    packages: str = "packages",
    site: str = "site",
    forget: str = "",
    allow_downgrade: str = "no",
    unisolated: str = "no",
    *,
    json: bool = False,
) -> None:
    """
    Resolve again, print what changed, and mirror.

    The newest versions that requirements/ allows are chosen, whatever the locks say. A file that has other bytes than when
    it was locked is an error. --forget accepts it, and prints both hashes. A locked release that vanished from its index
    is an error until the policy decides about it.
    """
    names = [name for name in forget.split(",") if name]
    paths = paths_of(requirements, packages, site)
    _mirror(paths, update=True, forget=names, allow_downgrade=allow_downgrade, unisolated=unisolated, json=json)


def _mirror(
    paths: Paths,
    *,
    update: bool,
    allow_downgrade: str,
    unisolated: str,
    json: bool,
    forget: Sequence[str] = (),
) -> None:
    """Run the pipeline and print its result."""
    lower = choice_of("allow-downgrade", allow_downgrade, ("no", "yes")) == "yes"
    open_ = choice_of("unisolated", unisolated, ("no", "yes")) == "yes"
    display = display_for(json=json)
    with json_errors(json=json):
        result = api.mirror(
            paths, update=update, forget=forget, allow_downgrade=lower, unisolated=open_, progress=display
        )
    if json:
        write_json(result.document())
    else:
        show_mirror(result, paths, display, update=update)


@task(
    help={
        "update": "yes for what an update would do (default: no)",
        "form": "text, or json for the same as --json (default: text)",
        "unisolated": _UNISOLATED,
    }
)
def plan(  # noqa: PLR0913 - each is a flag, given by its name
    _context: Context,
    requirements: str = "requirements",
    packages: str = "packages",
    site: str = "site",
    update: str = "no",
    form: str = "text",
    unisolated: str = "no",
    *,
    json: bool = False,
) -> None:
    """
    Say what mirror would add, remove and change, and what is held back.

    Resolves and fetches no files. Each project that is older than its newest release is listed with what stands in the
    way: a tag, a Requires-Python or a requirement. Locked releases that an index does not offer any more are named.
    A gap of a target is printed, in JSON too.
    """
    json = choice_of("form", form, ("text", "json")) == "json" or json
    paths, renew = paths_of(requirements, packages, site), choice_of("update", update, ("no", "yes")) == "yes"
    open_ = choice_of("unisolated", unisolated, ("no", "yes")) == "yes"
    display = display_for(json=json)
    with json_errors(json=json):
        found = api.plan(paths, update=renew, unisolated=open_, progress=display)
    if json:
        write_json(found.document())
    else:
        show_plan(found, display)


# Invoke knows no optional positional parameter, so the second word counts as one only when it is there.
@task(
    positional=["project", "target"][: max(1, len(words_after("why", sys.argv)))],
    help={"project": "the project to explain", "target": "for this target alone (default: all)"},
)
def why(_context: Context, project: str, target: str | None = None, site: str = "site") -> None:
    """
    Print what led to a project: why PROJECT [TARGET].

    One line for each file, set and target that needs it.
    """
    from pypi_subset.model.door import read_manifest  # noqa: PLC0415
    from pypi_subset.site import manifest  # noqa: PLC0415

    Display().say(*manifest.why(read_manifest(Path(site)), project, target))


@task
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
    },
)
def target(_context: Context, name: str, py: str = "", requirements: str = "requirements") -> None:
    """
    Print the marker values and the tags of a target: target NAME.

    The tags stand best first, as the pip of that machine has them.
    """
    from pypi_subset.requirements.subset import find_target  # noqa: PLC0415
    from pypi_subset.targets.host import description  # noqa: PLC0415

    Display().say(*description(find_target(name, py or None, Path(requirements))))


@task
def clean(_context: Context, packages: str = "packages", site: str = "site") -> None:
    """
    Empty packages/ and site/; READMEs and locks stay.

    The next mirror fetches the same files again. If a folder holds anything that mirror did not put there, nothing is
    removed.
    """
    from pypi_subset.pipeline import clean as pipeline  # noqa: PLC0415

    pipeline.clean(Path(packages), named(site))


namespace = Collection(
    add,
    remove,
    mirror,
    update,
    plan,
    verify,
    merge_reports,
    serve,
    hosts,
    publish,
    fetch,
    workflow,
    why,
    targets,
    target,
    clean,
)

_PROGRAM = program(name="pypi-subset", binary="pypi-subset", version=__version__, namespace=namespace)


def main(argv: list[str] | None = None) -> None:
    """Run the tasks that *argv*, or the command line, names."""
    _PROGRAM.run(joined(sys.argv if argv is None else argv))
