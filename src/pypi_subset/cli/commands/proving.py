"""The commands about the proof: verify, merge-reports, workflow."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pypi_subset import api
from pypi_subset.cli.command import Run, command, names_in
from pypi_subset.cli.terminal import values
from pypi_subset.errors import ProofFailed, SubsetError

if TYPE_CHECKING:
    from pypi_subset.model.report import Report


@command(result=True)
def verify(  # noqa: PLR0913 - each is a flag, given by its name
    run: Run,
    *,
    target: Annotated[
        list[str] | None,
        typer.Option(
            "--target",
            metavar="NAME",
            help="Targets to prove, with commas between.",
            show_default="all targets",
            autocompletion=values.targets,
        ),
    ] = None,
    all_: Annotated[bool, typer.Option("--all", help="Prove again what was proven before for the same bytes.")] = False,
    processes: Annotated[
        int,
        typer.Option("--processes", min=0, metavar="N", help="Proofs at a time.", show_default="0, one for each core"),
    ] = 0,
    pythons: Annotated[
        str,
        typer.Option(
            "--pythons", metavar="PATHS", help="Further interpreters: paths or directories, separated as in PATH."
        ),
    ] = "",
    shard: Annotated[
        str,
        typer.Option(
            "--shard",
            metavar="N/M",
            help="A part of the cases; merge-reports joins the parts.",
            show_default="all cases",
        ),
    ] = "",
    sign_with: Annotated[
        str,
        typer.Option(
            "--sign-with", metavar="KEY", help="Sign the report with a private key of OpenSSH, for another machine."
        ),
    ] = "",
    unisolated: Annotated[
        bool, typer.Option("--unisolated", help="Run the code of the packages without isolation.")
    ] = False,
    on: Annotated[
        Literal["here", "dask"],
        typer.Option("--on", metavar="here|dask", help="Prove here, or by the workers of a Dask cluster."),
    ] = "here",
    scheduler: Annotated[
        str,
        typer.Option(
            "--scheduler", metavar="ADDRESS", help="The cluster's scheduler: tls://host:8786 or tcp://127.0.0.1:8786."
        ),
    ] = "",
    url: Annotated[
        str,
        typer.Option(
            "--url", metavar="URL", help="Where the workers find the site.", show_default="served from here meanwhile"
        ),
    ] = "",
    insecure_cluster: Annotated[
        bool, typer.Option("--insecure-cluster", help="Accept a scheduler that is neither on loopback nor tls://.")
    ] = False,
) -> None:
    """
    Prove that every request installs, on every target.

    Installs see site/ alone. verify ends with a table and writes proof/report.json into the site. It looks for
    interpreters on PATH, among those of pyenv, and where --pythons says; workers of a cluster look for their own. What
    an earlier run proved for the same bytes comes from packages/.proven.json, and is marked; verify always reads the
    files. Report and cache carry an HMAC under a key of yours, which the first verify makes: the file that the
    variable PYPI_SUBSET_KEY_FILE names, else pypi-subset/key in your configuration directory.

    Without requirements/, as for a site that was imported or fetched, verify takes sets, targets and locks from the
    site itself.
    """
    away = on == "dask"
    far, near = bool(scheduler or url or insecure_cluster), bool(processes or pythons)
    check_place(away=away, scheduler=scheduler, far=far, near=near)
    report = api.prove(
        run.paths,
        processes=processes,
        pythons=[word for word in pythons.split(os.pathsep) if word],
        targets=names_in(target, "--target"),
        shard=shard,
        again=all_,
        unisolated=unisolated,
        scheduler=scheduler,
        url=url,
        insecure_cluster=insecure_cluster,
        sign_with=sign_with,
        progress=run.display,
    )
    _conclude(run, report)
    if not (shard or target or run.json):
        run.say_next("publish --to DIR")


@command(result=True)
def merge_reports(
    run: Run,
    *,
    reports: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="REPORT", help="Reports, or directories of them; PATH=TARGETS for one of these targets alone."
        ),
    ] = None,
) -> None:
    """
    Join what several machines have proven of site/ to one report.

    Each part is a proof/report.json that verify left in a copy of this site. merge-reports refuses a part about other
    bytes, and one named as PATH=TARGETS that is about other targets. A part of another key needs its report.json.sig
    beside it, signed by a key in requirements/allowed-signers.

    What requirements/ requests and no part has a result of is red, and so is what changed here since. The joined report
    replaces the one in site/.
    """
    from pypi_subset.proof.run import merge, parts  # noqa: PLC0415

    own = parts.parts_of(reports or [])
    subset = api.read_subset(run.requirements)
    _conclude(run, merge.merge(run.paths, subset, [*own], bound=own))
    if not run.json:
        run.say_next("publish --to DIR")


@command()
def workflow(
    run: Run,
    *,
    url: Annotated[str, typer.Option("--url", metavar="URL", help="Address at which the site is published.")] = "",
    form: Annotated[
        Literal["github", "gitlab"], typer.Option("--form", metavar="github|gitlab", help="The service that runs it.")
    ] = "github",
    to: Annotated[
        str,
        typer.Option("--to", metavar="PLACE", help="Where the last job publishes what is proven, as publish takes it."),
    ] = "",
) -> None:
    """
    Print a workflow file that proves the published site on real machines.

    The file is for GitHub Actions or GitLab CI, with a job for each system and Python that the targets name. Its last
    job joins the results with the report that was published. With --to, that job then publishes the site, if all of it
    is green.
    """
    from pypi_subset.proof.remote import ci_workflow  # noqa: PLC0415
    from pypi_subset.publishing import published  # noqa: PLC0415

    subset = api.read_subset(run.requirements)
    sys.stdout.write(ci_workflow.render(form, subset.targets, published.address_of(url), to))


def check_place(*, away: bool, scheduler: str, far: bool, near: bool) -> None:
    """Raise if an option about a cluster is given without one, one about this machine with one, or a cluster unnamed."""
    if far and not away:
        msg = "scheduler, url and insecure-cluster are about a cluster"
        next_step = "add `--on dask`, or leave them out"
    elif away and near:
        msg = "processes and pythons are about this machine"
        next_step = "leave them out: workers have their own number of threads, and look for interpreters on their PATH"
    elif away and not scheduler:
        msg, next_step = "a cluster is known by its scheduler", "name it, as in `--scheduler tls://host:8786`"
    else:
        return
    raise SubsetError(msg, next_step=next_step)


def _conclude(run: Run, report: Report) -> None:
    """Print the report; a red one raises `ProofFailed`."""
    from pypi_subset.proof.report.verdict import is_red  # noqa: PLC0415

    if run.json:
        run.write_answer(report)
    else:
        from pypi_subset.cli.present import show_report  # noqa: PLC0415

        show_report(report, run.display)
    if is_red(report):
        msg = "the subset is not proven"
        raise ProofFailed(msg, next_step="see the lines above, and proof/report.json in the site")
