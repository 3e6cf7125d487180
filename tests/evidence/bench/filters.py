"""
What the rules of ``[policy]`` cost while sets are resolved: with them and without, in turn, over the recorded index.

Each run is a process of its own, ``python -m tests.evidence.bench.filters URL DATABASE``, which prints its CPU seconds and a
digest of its answers. The rules look at every candidate and admit all of them, so that both sides come to the same answers.
The index is served by the process that starts them, and counts for neither.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.model.intake.advisories import AdvisoryRules
from pypi_subset.model.intake.rules import IntakeRules
from pypi_subset.model.intake.sources import Sources
from pypi_subset.policy import advisories
from pypi_subset.policy.age import MinAge
from pypi_subset.policy.judge import ADMIT_ALL, Judge, judge_of
from pypi_subset.support.fingerprint import digest_of
from tests.evidence.bench import table
from tests.evidence.differential import record
from tests.evidence.differential.__main__ import AGED_RECORD
from tests.evidence.differential.cases import AGED, TARGETS
from tests.evidence.differential.replay import Replay
from tests.evidence.differential.resolvers import ours
from tests.support.advisories.records import affected, write_zip
from tests.support.advisories.records import record as osv_record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pypi_subset.cli.display import Display

#: How many times the CPU seconds of a resolution without rules one with them may take.
GOAL = 1.05
#: Runs of each side at least: two of the same side differ by more than the goal.
RUNS = 7
COLUMNS = ("cases", "without, CPU s", "with, CPU s", "ratio", "goal", "met")
#: The 20 requests on three of the targets.
CASES = tuple(one for one in AGED if one.target in (TARGETS[0], TARGETS[5], TARGETS[7]))
#: No file is as new.
_LATER = "9999-01-01T00:00:00Z"


def run(display: Display, environment: Mapping[str, str], *, runs: int) -> None:
    """Print one row: medians of *runs* on each side, and their ratio."""
    source = record.read(AGED_RECORD)
    with tempfile.TemporaryDirectory() as folder, Replay(source) as index:
        database = write_zip(Path(folder, "osv.zip"), records_about(source.pages))
        sides: dict[str, list[float]] = {"": [], str(database): []}
        answers = set()
        for number in range(runs):
            # One after the other in turn: what else the machine does concerns both.
            for rules in (*sides,) if number % 2 else reversed((*sides,)):
                command = [sys.executable, "-m", "tests.evidence.bench.filters", index.url, rules]
                done = subprocess.run(command, env=dict(environment), check=True, stdout=subprocess.PIPE, text=True)
                found = json.loads(done.stdout)
                sides[rules].append(found["cpu"])
                answers.add(found["answers"])
                display.say(f"run {number + 1}, {'with' if rules else 'without'} rules: {found['cpu']:.2f} CPU s")
    display.table(COLUMNS, [row(*sides.values(), cases=len(CASES))], title=f"rules of [policy], medians of {runs}")
    if len(answers) != 1:
        display.say("the answers differ: the rules refused something")


def row(without: Sequence[float], having: Sequence[float], *, cases: int) -> tuple[object, ...]:
    """Return the row of the table: CPU seconds *without* rules and *having* them."""
    first, second = table.middle(without) or 0.0, table.middle(having) or 0.0
    met = "yes" if second <= GOAL * first else "NO"
    return cases, f"{first:.2f}", f"{second:.2f}", f"{second / first:.3f}", f"{GOAL:.2f}", met


def records_about(projects: Mapping[str, object]) -> Iterator[dict[str, object]]:
    """Yield three advisories about each of *projects*: one affects all versions, and none is refused."""
    modified = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for number, name in enumerate(sorted(projects)):
        for part, fixed in enumerate(("0.1", "1.0", "99999")):
            entry = affected(name, {"introduced": "0"}, {"fixed": fixed}, versions=["0.0.1"])
            more = {"modified": modified, "database_specific": {"severity": "LOW"}}
            yield osv_record(f"BENCH-{number}-{part}", entry, **more)


def judge_with(database: str) -> Judge:
    """Return every kind of rule, none of which refuses anything; no rule for ``""``."""
    if not database:
        return ADMIT_ALL
    rules = IntakeRules(as_of=_LATER, deny=(("no-such-project-*", ""),))
    judging = AdvisoryRules(path=Path(database), max_severity="critical")
    known = advisories.read(judging, datetime.now(UTC).date().isoformat())
    return judge_of(rules, (), [MinAge(rules, Sources(), datetime.now(UTC)), advisories.AdvisoryRule(known, judging)])


def _resolve(url: str, database: str) -> None:
    """Resolve all cases and print the CPU seconds that this process and its children took."""
    os.environ["PIP_CONFIG_FILE"] = os.devnull
    judge = judge_with(database)
    with (
        tempfile.TemporaryDirectory() as folder,
        ThreadPoolExecutor(os.cpu_count()) as pool,
        ours(TARGETS, url, Path(folder), judge) as resolver,
    ):
        found = [dict(answer.chosen or {}) for answer in pool.map(resolver, CASES)]
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    seconds = sum(one.ru_utime + one.ru_stime for one in used)
    sys.stdout.write(json.dumps({"cpu": seconds, "answers": digest_of(found)}))


if __name__ == "__main__":
    _resolve(*sys.argv[1:])
