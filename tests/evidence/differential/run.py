"""One run: cases put to all resolvers over one source, and what came of it."""

from __future__ import annotations

import functools
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.evidence.differential import resolvers
from tests.evidence.differential.cases import TARGETS
from tests.evidence.differential.compare import judge
from tests.evidence.differential.replay import Replay

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from tests.evidence.differential.cases import Case
    from tests.evidence.differential.compare import Verdict
    from tests.evidence.differential.record import Source

#: The other resolvers by the names of their programs.
RIVALS = {"uv": resolvers.uv, "nab": resolvers.nab}


@dataclass(frozen=True, kw_only=True, slots=True)
class Run:
    """
    What came of it.

    :param verdicts: resolver → a verdict for each case.
    :param missing: what the source could not give to ours: it was not judged on the same facts.
    :param passed_over: what it could not give to the others; without it they came to the answers that were judged.
    """

    verdicts: Mapping[str, Sequence[Verdict]]
    missing: tuple[str, ...]
    passed_over: tuple[str, ...]


def run(
    cases: Sequence[Case],
    programs: Mapping[str, Path],
    source: Source,
    work: Path,
    say: Callable[[str], None],
    *,
    cutoff: str = "",
) -> Run:
    """
    Return the verdicts on *cases*.

    :param programs: those of `RIVALS` that are to be asked, by name.
    :param work: an empty directory.
    :param say: told what is being done.
    :param cutoff: the moment before which files must be uploaded, ``""`` without one; nab knows none.
    """
    verdicts: dict[str, Sequence[Verdict]] = {}
    with Replay(source) as index, ThreadPoolExecutor(os.cpu_count()) as pool:
        say(f"asking pypi-subset about {len(cases)} cases")
        with resolvers.ours(TARGETS, index.url, work, resolvers.judge_at(cutoff)) as ours:
            answers = list(pool.map(ours, cases))
        missing = frozenset(index.missing)
        for name, program in programs.items():
            say(f"asking {name}")
            ask = functools.partial(RIVALS[name], program=program, url=index.url, work=work)
            if cutoff:
                ask = functools.partial(ask, cutoff=cutoff)

            def verdict(case: Case, mine: resolvers.Answer, ask: functools.partial[resolvers.Answer] = ask) -> Verdict:
                return judge(case, mine, ask(case, {}), ask=ask, source=source)

            verdicts[name] = list(pool.map(verdict, cases, answers))
        others = tuple(sorted(index.missing - missing))
        return Run(verdicts=verdicts, missing=tuple(sorted(missing)), passed_over=others)
