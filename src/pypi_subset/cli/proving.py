"""The tasks about the proof: verify, merge-reports, workflow."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pypi_subset import api
from pypi_subset.cli.arguments import check_place, choice_of, paths_of, task, whole_number, words_after
from pypi_subset.cli.display import Display
from pypi_subset.cli.present import display_for, json_errors, show_report, write_json
from pypi_subset.errors import ProofFailed, SubsetError

if TYPE_CHECKING:
    from invoke import Context

    from pypi_subset.model.report import Report


@task(
    help={
        "processes": "how many proofs run at a time (default: 0, one for each core)",
        "pythons": "further interpreters to prove with: paths or folders, separated as in PATH (default: none)",
        "target": "names of targets to prove, separated by commas (default: all)",
        "shard": "a part of what there is to prove, as in 2/8; merge-reports joins the parts (default: all)",
        "all": "yes to prove again what was proven before for the same bytes (default: no)",
        "on": "here, or dask for the workers of a cluster (default: here)",
        "scheduler": "address of the cluster's scheduler, as tls://host:8786 or tcp://127.0.0.1:8786 (default: none)",
        "url": "where the workers find the site (default: it is served from here meanwhile)",
        "insecure_cluster": "yes to accept a scheduler that is neither on loopback nor tls:// (default: no)",
        "sign_with": "a private key of OpenSSH that signs the report as a part for another machine (default: none)",
        "unisolated": "run the code of the packages without isolation, yes or no (default: no)",
    },
    optional=["all"],
    auto_shortflags=False,  # -h is --help.
)
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
    insecure_cluster: str = "no",
    sign_with: str = "",
    unisolated: str = "no",
    *,
    json: bool = False,
) -> None:
    """
    Prove that every request installs, on every target.

    Installs see site/ alone. Ends with a table and writes proof/report.json into the site. Interpreters are looked for
    on PATH, among those of pyenv, and where --pythons says; workers of a cluster look for their own. What an earlier run
    proved green for the same bytes is taken from packages/.proven.json, and marked; the files are always read.
    Report and cache carry an HMAC under a key of yours, which the first verify makes: the file that the variable
    PYPI_SUBSET_KEY_FILE names, else pypi-subset/key in your configuration directory.
    """
    names = [name.strip() for name in target.split(",") if name.strip()]
    if target and not names:
        msg = f"target wants names, not {target!r}"
        raise SubsetError(msg, next_step="as in --target=linux,mac, or leave it out for all")
    again = all is True or choice_of("all", str(all), ("no", "yes")) == "yes"
    number, away = whole_number("processes", processes), choice_of("on", on, ("here", "dask")) == "dask"
    insecure = choice_of("insecure-cluster", insecure_cluster, ("no", "yes")) == "yes"
    check_place(away=away, scheduler=scheduler, far=bool(scheduler or url or insecure), near=bool(number or pythons))
    display = display_for(json=json)
    with json_errors(json=json):
        report = api.prove(
            paths_of(requirements, packages, site),
            processes=number,
            pythons=[word for word in pythons.split(os.pathsep) if word],
            targets=names,
            shard=shard,
            again=again,
            unisolated=choice_of("unisolated", unisolated, ("no", "yes")) == "yes",
            scheduler=scheduler,
            url=url,
            insecure_cluster=insecure,
            sign_with=sign_with,
            progress=display,
        )
    _conclude(report, display, json=json)


# As below for `why`: a flag for Make, a bare word for those who type.
@task(
    positional=["reports"][: len(words_after("merge-reports", sys.argv))],
    help={
        "reports": "reports to join, or folders of them, separated by blanks; PATH=TARGETS for one of these targets alone "
        "(default: none, it has to be said)"
    },
)
def merge_reports(
    _context: Context,
    reports: str | None = None,
    requirements: str = "requirements",
    packages: str = "packages",
    site: str = "site",
) -> None:
    """
    Join what several machines have proven of site/ to one report.

    Each part is a proof/report.json that verify left in a copy of this site; one about other bytes is refused. So is one
    that was made with neither the key here nor, with its report.json.sig beside it, one in requirements/allowed-signers,
    and one named as PATH=TARGETS that is about other targets. What requirements/ asks for and no part has a result of is
    red, and so is what changed here since. The joined report replaces the one in site/.
    """
    from pypi_subset.proof.run import merge, parts  # noqa: PLC0415

    paths, display = paths_of(requirements, packages, site), Display()
    # A path may hold blanks; a list of paths is none itself.
    named = reports or " "
    own = parts.parts_of([named] if Path(named).exists() else named.split())
    _conclude(merge.merge(paths, api.read_subset(paths.requirements), [*own], bound=own), display, json=False)


@task(
    help={
        "form": "github, or gitlab (default: github)",
        "url": "address at which the site is published (default: none, it has to be said)",
        "to": "where the last job publishes what is proven, as publish takes it (default: nowhere)",
    }
)
def workflow(
    _context: Context, form: str = "github", url: str = "", to: str = "", requirements: str = "requirements"
) -> None:
    """
    Print a workflow file that proves the published site on real machines.

    For GitHub Actions or GitLab CI, with a job for each system and Python that the targets name. A last job joins what
    they found with the report that was published. With --to, that job then publishes the site, if all of it is green.
    """
    from pypi_subset.proof.remote import ci_workflow  # noqa: PLC0415
    from pypi_subset.publishing import fetch_site  # noqa: PLC0415

    chosen = choice_of("form", form, ("github", "gitlab"))
    subset = api.read_subset(Path(requirements))
    sys.stdout.write(ci_workflow.render(chosen, subset.targets, fetch_site.address_of(url), to))


def _conclude(report: Report, display: Display, *, json: bool) -> None:
    """Print the report; a red one raises `ProofFailed`."""
    from pypi_subset.proof.report.verdict import is_red  # noqa: PLC0415

    if json:
        from msgspec import to_builtins  # noqa: PLC0415

        write_json(to_builtins(report))
    else:
        show_report(report, display)
    if is_red(report):
        msg = "the subset is not proven"
        raise ProofFailed(msg, next_step="see the lines above, and proof/report.json in the site")
