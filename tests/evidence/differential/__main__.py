"""Compares and prints: ``python -m tests.evidence.differential [--renew]``, by ``make differential``."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.cli.display import Display
from pypi_subset.upstream.catalog import Upstream
from pypi_subset.upstream.pip_config import read_network
from tests.evidence.bench import rivals
from tests.evidence.bench.tools import shared_environment
from tests.evidence.differential import compare, record
from tests.evidence.differential.cases import ALL, TARGETS
from tests.evidence.differential.run import RIVALS, run
from tests.support.checkout import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.evidence.differential.record import Source

RECORD = Path(__file__).with_name("record.json.gz")


def main() -> int:
    """Return the exit code: 0 if every difference is explained by a rule."""
    arguments = argparse.ArgumentParser(prog="differential")
    arguments.add_argument("--renew", action="store_true", help="make the record again, from PyPI")
    renew = arguments.parse_args().renew
    _, network = rivals.network_settings()
    programs = rivals.set_up(ROOT / ".bench", ROOT / "tests/evidence/bench/bench-lock.txt", shared_environment(network))
    found = {name: programs / name for name in RIVALS}
    with tempfile.TemporaryDirectory() as folder:
        if renew:
            _renew(found, Path(folder))
        _forget_settings()
        return _compare(found, record.read(RECORD), Path(folder, "work"))


def _renew(programs: Mapping[str, Path], folder: Path) -> None:
    """Write what all resolvers ask for, of pip's first index; what it is told about the way there holds."""
    settings = read_network()
    network = replace(settings, index_urls=settings.index_urls[:1], find_links=())
    recorder = record.Recorder(Upstream(network, store=folder / "store", shelf=folder / "shelf"), TARGETS)
    _forget_settings()
    _compare(programs, recorder, folder / "recording")
    record.write(recorder.record.trimmed(), RECORD)


def _compare(programs: Mapping[str, Path], source: Source, work: Path) -> int:
    display = Display()
    work.mkdir()
    done = run(ALL, programs, source, work, display.say)
    wrong = [line for name, verdicts in done.verdicts.items() for line in compare.complaints(name, verdicts)]
    wrong += [f"the record lacks {name}: make it again by 'make differential RENEW=1'" for name in done.missing]
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
