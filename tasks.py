"""
The Invoke tasks of this checkout: those of the product, and below them those for developers.

The product's live in the package, where ``pypi-subset`` finds them too. The developers' live here, because they are
about this directory (its tests, its linters) and mean nothing to a user who installed the wheel.
"""

from __future__ import annotations

import os
import shlex
import sys
import sysconfig
from pathlib import Path

from invoke import Collection, Context, Exit, task

from pypi_subset.cli.invoke_tasks import Settings, tasks

#: import-linter has no module to start; the contracts stand in pyproject.toml.
IMPORTS = '-c "from importlinter.cli import lint_imports_command as main; main()" --no-cache'
#: The files of the forge, each kind with the schema that check-jsonschema carries for it.
SCHEMAS = {
    "github-workflows": (".github/workflows/ci.yml", ".github/workflows/release.yml"),
    "github-issue-forms": (".github/ISSUE_TEMPLATE/bug.yml", ".github/ISSUE_TEMPLATE/feature.yml"),
    "github-issue-config": (".github/ISSUE_TEMPLATE/config.yml",),
}
#: Linters that are programs of .venv, and no modules.
PROGRAMS = frozenset({"typos", "zizmor"})
#: An idle process takes over half of the tests that wait for another process.
PYTEST = "pytest -q --dist=worksteal"
LINTERS = (
    "ruff check .",
    "ruff format --check .",
    "mypy",
    IMPORTS,
    "typos .",
    "zizmor --offline --quiet .github/workflows",
    *(f"check_jsonschema --quiet --builtin-schema vendor.{kind} {' '.join(paths)}" for kind, paths in SCHEMAS.items()),
    "pre_commit validate-config",
)


def run(*commands: str) -> None:
    """
    Run each command: a program of .venv, or a module or options for this interpreter, with arguments.

    The first command that fails ends this process, with its exit code.
    """
    context = Context(Settings())
    for command in commands:
        sys.stdout.write(f"+ {command}\n")
        sys.stdout.flush()
        done = context.run(_line(command), warn=True, in_stream=False)
        if done is None or done.exited:
            raise Exit(code=done.exited if done else 1)


def _line(command: str) -> str:
    """Return the line for the shell that runs *command* with what .venv holds."""
    if command.partition(" ")[0] in PROGRAMS:
        return f'"{sysconfig.get_path("scripts")}{os.sep}"{command}'
    return f'"{sys.executable}" {"" if command.startswith("-") else "-m "}{command}'


@task
def test(_context: Context) -> None:
    """
    Lint, then run the tests that need no network.

    ruff, mypy and pytest on all cores; branch coverage is reported.
    """
    run(
        *LINTERS,
        # One more than there are cores: some wait for servers.
        f"{PYTEST} -n {1 + (os.cpu_count() or 1)} --cov --cov-branch --cov-report=term",
    )


@task
def test_slow(_context: Context) -> None:
    """Run the tests that take seconds each, or ask every interpreter of this machine."""
    # They wait for most of their time, for clusters, limits and machines that hang.
    run(f"{PYTEST} -n {3 * (os.cpu_count() or 2)} -m slow")


@task
def test_hosts(_context: Context) -> None:
    """Run the tests on nginx, Apache and Caddy, and in Chromium; one that is not installed is skipped."""
    run(f'{PYTEST} -n auto -m "hosts or browser"')


@task
def test_long(_context: Context) -> None:
    """Run the tests that take half a minute or more each; some need PyPI."""
    run(f"{PYTEST} -n auto -m long")


@task
def test_manual(_context: Context) -> None:
    """Walk the pages of the manual that test-slow leaves out."""
    run(f"{PYTEST} -n auto -m manual")


@task
def test_network(_context: Context) -> None:
    """Run the tests that need PyPI."""
    # They wait for it.
    run(f"{PYTEST} -n {1 + (os.cpu_count() or 1)} -m 'network and not (browser or long)'")


@task
def sweep(_context: Context) -> None:
    """Kill and interrupt a mirror after every single step, for half an hour."""
    run(f"{PYTEST} -n auto -m sweep")


@task(
    help={
        "runs": "how often each tool runs each job (default: 1)",
        "jobs": "numbers of targets (default: 4,12)",
        "tools": "those that mirror, of pypi-subset, nab, pex3 and uv + pip (default: all)",
        "mirrors": "1 leaves the rest out: whole mirrors alone",
        "index": "1 leaves the rest out: the index stage alone",
        "proof": "1 leaves the rest out: the proof alone, beside a plain loop",
        "policy": "1 leaves the rest out: what the rules of [policy] cost",
        "large": "1 leaves the rest out: the resolution of a large list alone, beside uv",
        "start": "1 leaves the rest out: help and a wrong command line alone",
        "pages": "1 leaves the rest out: a page of 60,000 links, beside html.parser and pip",
        "bundle": "1 leaves the rest out: a bundle of one changed wheel in 10,000, beside cp -al and tar",
        "states": "1 leaves the rest out: two snapshots of 10,000 wheels, promotions and a rollback",
        "line": "1 leaves the rest out: a slow and limited line, beside pip and uv; in no other run",
        "wheels": "how many are indexed; other than 10000: by ours alone, beside 10000",
    }
)
def bench(  # noqa: PLR0913, PLR0917 - one for each option
    _context: Context,
    runs: int = 1,
    jobs: str = "4,12",
    tools: str = "",
    mirrors: str = "",
    index: str = "",
    proof: str = "",
    policy: str = "",
    large: str = "",
    start: str = "",
    pages: str = "",
    bundle: str = "",
    states: str = "",
    line: str = "",
    wheels: int = 10_000,
) -> None:
    """Time mirroring beside pex3, uv and nab, indexing and proof beside others; needs PyPI."""
    parts = {"mirrors": mirrors, "index": index, "proof": proof, "policy": policy, "large": large, "start": start}
    parts |= {"pages": pages, "line": line, "bundle": bundle, "states": states}
    alone = "".join(f" --{name}" for name, given in parts.items() if given not in {"", "0"})
    chosen = f" --tools {shlex.quote(tools)}" if tools else ""
    run(f"tests.evidence.bench{alone} --runs {runs} --jobs {jobs}{chosen} --wheels {wheels}")


@task(
    help={
        "renew": "1 makes the recorded index again, from PyPI",
        "cutoff": "1 compares the first 20 requests alone, with as_of beside uv --exclude-newer",
    }
)
def differential(_context: Context, renew: str = "", cutoff: str = "") -> None:
    """Hold locks against those of uv and nab, for many projects and targets."""
    flags = [f" --{name}" for name, given in (("renew", renew), ("cutoff", cutoff)) if given not in {"", "0"}]
    run(f"tests.evidence.differential{''.join(flags)}")


@task
def clients(_context: Context) -> None:
    """Install with every client from every web server, offline."""
    run("tests.evidence.compatibility")


@task(help={"only": "NAME takes one machine alone, as in debian or cpython-3.6"})
def bare(_context: Context, only: str = "") -> None:
    """Import pandas on machines that have a Python and nothing else, from a stick, offline."""
    run("tests.evidence.bare" + (f' --only "{only}"' if only else ""))


@task(
    help={
        "renew": "1 takes what is newest on PyPI, and writes tests/evidence/mutation/requirements/versions.txt",
        "sample": "N takes one mutant in N, for a quick look",
        "every": "1 proves each case that needs a mutated file, which takes hours",
    }
)
def prove_the_proof(_context: Context, renew: str = "", every: str = "", sample: int = 1) -> None:
    """Break a real subset in thousands of ways: the proof must notice each."""
    flags = [f" --{name}" for name, given in (("renew", renew), ("every", every)) if given not in {"", "0"}]
    run(f"tests.evidence.mutation --sample {sample}" + "".join(flags))


@task(
    help={
        "jobs": "attacks at a time (default: one for each processor)",
        "only": "these attacks or kinds, separated by commas",
    }
)
def hostile(_context: Context, jobs: int = 0, only: str = "") -> None:
    """Attack the machine that proves, from real wheels: each attack must be refused."""
    flags = [f" --jobs {jobs}"] if jobs else []
    flags += [f' --only "{only}"'] if only else []
    run("tests.evidence.hostile" + "".join(flags))


@task(
    help={
        "site": "lay the manual into this site as docs/, and list it in its manifest",
        "renew": "yes writes the pages that follow from the code",
    }
)
def docs(_context: Context, site: str = "", renew: str = "") -> None:
    """Build the manual as HTML in build/docs; a warning is an error."""
    if renew not in {"", "0", "no"}:
        run("tests.support.pages.reference")
    run("sphinx -q -W --keep-going -b html -d build/doctrees docs build/docs")
    built = Path("build/docs")
    sys.stdout.write(f"the manual is built: open {built}/index.html in a browser\n")
    if not site:
        sys.stdout.write("Next: `make docs SITE=site` lays it into a site\n")
    else:
        from pypi_subset.proof.report.report import carry_over  # noqa: PLC0415 - no other task needs them
        from pypi_subset.site.pages.manual import lay  # noqa: PLC0415

        count = lay(built, Path(site), carry_over)
        place = "" if site == "site" else f" SITE={shlex.quote(site)}"
        sys.stdout.write(f"{site}/docs has {count} files of the manual\nNext: `make verify{place}`\n")


@task(
    help={
        "before": "the commit to compare with (default: the last one before the sources were divided into wings)",
        "renew": "1 resolves again from PyPI, and writes the recording",
    }
)
def same_bytes(_context: Context, before: str = "", renew: str = "") -> None:
    """Build sites with an older commit and with this checkout: all bytes must be equal."""
    flags = [f' --before "{before}"'] if before else []
    flags += [" --renew"] if renew not in {"", "0"} else []
    run("tests.evidence.same_bytes" + "".join(flags))


@task
def lint(_context: Context) -> None:
    """Run ruff, mypy, import-linter, typos, zizmor and the schemas of the files of the forge."""
    run(*LINTERS)


namespace = Collection(
    *tasks().values(),
    *(
        test,
        test_slow,
        test_hosts,
        test_long,
        test_manual,
        test_network,
        sweep,
        bench,
        differential,
        clients,
        bare,
        prove_the_proof,
        hostile,
        docs,
        same_bytes,
        lint,
    ),
)
