"""Compares and prints: ``python -m tests.evidence.differential [--renew] [--cutoff]``, by ``make differential``."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.cli.display import Display
from pypi_subset.upstream.catalog import Upstream
from pypi_subset.upstream.pip_config import read_network
from tests.evidence.bench import rivals
from tests.evidence.bench.tools import shared_environment
from tests.evidence.differential import compare, record
from tests.evidence.differential.cases import AGED, ALL, CUTOFF, TARGETS
from tests.evidence.differential.run import RIVALS, run
from tests.support.checkout import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pypi_subset.upstream.pip_config import Network
    from tests.evidence.differential.cases import Case
    from tests.evidence.differential.record import Source

RECORD = Path(__file__).with_name("record.json.gz")
#: The record with upload times, of what is asked for at the cut-off.
AGED_RECORD = Path(__file__).with_name("record-aged.json.gz")


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """
    What is compared.

    :param rivals: the names of the resolvers that are asked.
    :param cutoff: the moment before which files must be uploaded, ``""`` without one.
    """

    cases: tuple[Case, ...]
    record: Path
    rivals: tuple[str, ...]
    cutoff: str = ""


WHOLE = Table(cases=ALL, record=RECORD, rivals=(*RIVALS,))
AT_CUTOFF = Table(cases=AGED, record=AGED_RECORD, rivals=("uv",), cutoff=CUTOFF)


def main() -> int:
    """Return the exit code: 0 if every difference is explained by a rule."""
    arguments = argparse.ArgumentParser(prog="differential")
    arguments.add_argument("--renew", action="store_true", help="make the record again, from PyPI")
    arguments.add_argument("--cutoff", action="store_true", help="compare at the cut-off alone")
    given = arguments.parse_args()
    _, network = rivals.network_settings()
    programs = rivals.set_up(ROOT / ".bench", ROOT / "tests/evidence/bench/bench-lock.txt", shared_environment(network))
    found = {name: programs / name for name in RIVALS}
    settings = read_network()
    _forget_settings()
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for number, table in enumerate((AT_CUTOFF,) if given.cutoff else (WHOLE, AT_CUTOFF)):
            work = Path(folder, str(number))
            work.mkdir()
            if given.renew:
                _renew(table, found, settings, work)
            failed |= _compare(table, found, record.read(table.record), work / "work")
    return failed


def _renew(table: Table, programs: Mapping[str, Path], settings: Network, folder: Path) -> None:
    """Write what the resolvers ask for, of pip's first index; what it is told about the way there holds."""
    network = replace(settings, index_urls=settings.index_urls[:1], find_links=())
    upstream = Upstream(network, store=folder / "store", shelf=folder / "shelf")
    recorder = record.Recorder(upstream, TARGETS, times=bool(table.cutoff))
    _compare(table, programs, recorder, folder / "recording")
    record.write(recorder.record.trimmed(), table.record)


def _compare(table: Table, programs: Mapping[str, Path], source: Source, work: Path) -> int:
    display = Display()
    work.mkdir()
    if table.cutoff:
        display.say(f"at the cut-off {table.cutoff}:")
    asked = {name: programs[name] for name in table.rivals}
    done = run(table.cases, asked, source, work, display.say, cutoff=table.cutoff)
    wrong = [
        line
        for name, verdicts in done.verdicts.items()
        for line in compare.complaints(name, verdicts, whole=not table.cutoff)
    ]
    wrong += [f"the record lacks {name}: make it anew by 'make differential RENEW=1'" for name in done.missing]
    # What another looked at on the way and did not get matters only if it came to another answer: that is wrong above.
    lacking = [f"another resolver asked for {name}, which the record lacks" for name in done.passed_over]
    for line in [
        *wrong,
        *lacking,
        *(line for name, verdicts in done.verdicts.items() for line in compare.summary(name, verdicts)),
    ]:
        display.say(line)
    return 1 if wrong else 0


def _forget_settings() -> None:
    """Let nothing that this machine's pip was told reach the resolvers: they are to ask the index on loopback alone."""
    for name in list(os.environ):
        if name.startswith(("PIP_", "UV_", "NAB_")):
            del os.environ[name]
    os.environ["PIP_CONFIG_FILE"] = os.devnull
    # A way out that the variables name is none to this machine itself.
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"


if __name__ == "__main__":
    sys.exit(main())
