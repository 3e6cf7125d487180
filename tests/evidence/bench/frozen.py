"""The proof of a frozen list on one target that an interpreter here stands for; a part of ``--large``."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from tests.evidence.bench.jobs import Job, Machine
from tests.evidence.bench.measure import timed
from tests.evidence.bench.table import right
from tests.evidence.bench.tools import Step

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pypi_subset.cli.display import Display

LIST = Path(__file__).with_name("frozen.txt")
MACHINE = Machine(minor=12, platform="manylinux_2_28_x86_64")
#: Seconds that the proof may take, nothing cached, on two idle cores.
SECONDS = 120.0
COLUMNS = ("projects", "mirror, s", "verify, s", "may take", "met", "")


def run(display: Display, environment: Mapping[str, str], *, runs: int) -> None:
    """Mirror the list, prove it with nothing cached, and print what that took."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        # The user of a box must reach the site.
        Path(folder).chmod(0o755)
        write(Path(folder))
        fetched, failure = timed([command("mirror")], Path(folder), environment)
        for _ in range(0 if failure else runs):
            proven, failure = timed([command("verify", "--all")], Path(folder), environment)
            display.say(f"verify of {len(requests())} frozen projects: {proven:.1f} s {failure}")
            display.table(COLUMNS, [row(fetched, proven, failure)], title=f"one target, {MACHINE.tag}")
        if failure:
            display.say(failure)


def requests() -> tuple[str, ...]:
    """Return the lines of the list, ``name==version``."""
    lines = LIST.read_text(encoding="utf-8").splitlines()
    return tuple(line for line in lines if not line.startswith("#"))


def write(folder: Path) -> None:
    """Write what ours reads to *folder*."""
    job = Job(name="frozen", requirements=requests(), machines=(MACHINE,))
    (inputs := folder / "requirements").mkdir()
    (inputs / "base.txt").write_text(job.requirements_txt, encoding="utf-8")
    (inputs / "subset.toml").write_text(job.subset_toml, encoding="utf-8")


def command(*words: str) -> Step:
    """Return one command of ours."""
    return Step(command=(sys.executable, "-m", "pypi_subset", *words), variables={})


def row(fetched: float, proven: float, failure: str) -> tuple[object, ...]:
    """Return the row of one run; one that failed meets no goal."""
    met = "yes" if not failure and proven <= SECONDS else "no"
    return (
        len(requests()),
        *(right(f"{one:.1f}") for one in (fetched, proven)),
        right(f"{SECONDS:.0f}"),
        met,
        failure,
    )
