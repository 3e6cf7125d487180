"""Results in words, or as JSON."""

from __future__ import annotations

import itertools
import json as jsonlib
import sys
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table

from pypi_subset.cli.display import literal
from pypi_subset.cli.door import spoken
from pypi_subset.errors import Gaps, NoSolution, SubsetError
from pypi_subset.locks.judging import waived_lines
from pypi_subset.locks.offered import STEP
from pypi_subset.resolve.explain.older.listing import LINES, outdated_heading, outdated_lines
from pypi_subset.resolve.explain.older.refused import refused_lines
from pypi_subset.site.pages.sizes import counted, readable_size
from pypi_subset.support.text import printable, without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pypi_subset.cli.display import Display
    from pypi_subset.doctor.findings import Diagnosis
    from pypi_subset.model.checks import Check
    from pypi_subset.model.intake.gone import Gone
    from pypi_subset.model.locks import AcceptedGap, Outdated
    from pypi_subset.model.paths import Paths
    from pypi_subset.model.report import Report
    from pypi_subset.packages.other_changes import OtherChange
    from pypi_subset.pipeline.clean import Cleaned, Pruned
    from pypi_subset.pipeline.mirror import MirrorResult
    from pypi_subset.pipeline.plan import Forecast


#: Up to this number, the projects of a new lock are listed one by one.
FEW = 20

#: The order of the counts of results, and how some of them are shown.
STATUSES = ("passed", "amber", "failed", "skipped", "differs", "accepted")
_STYLES = {"failed": "bold red", "amber": "yellow"}

#: The version of the JSON form of errors.
SCHEMA = "1.0"


def write_json(document: Mapping[str, Any]) -> None:
    """
    Write *document*, and nothing else, to standard output.

    Characters that no reader sees, or that a terminal obeys, are JSON's own escapes: a program reads the same text.
    """
    text = jsonlib.dumps(_plain(document), indent=1, ensure_ascii=False)
    lines = (line if printable(line) == line else "".join(map(_escaped, line)) for line in text.split("\n"))
    sys.stdout.write("\n".join([*lines, ""]))


def _plain(value: Any) -> Any:
    """Return a JSON value whose texts hold no secret of a URL, and commands in the form of the door."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return spoken(without_secrets(value)) if isinstance(value, str) else value


def _escaped(sign: str) -> str:
    """Return one character of a JSON text as it may stand on a terminal."""
    return sign if printable(sign) == sign else jsonlib.dumps(sign)[1:-1]


def write_error(error: SubsetError) -> None:
    """Write the document of a run that failed to standard output: ``gaps``, or ``error``."""
    gaps = error.gaps if isinstance(error, Gaps) else [error] if isinstance(error, NoSolution) else []
    found: dict[str, Any] = {"gaps": [gap.document() for gap in gaps]} if gaps else {"error": str(error)}
    write_json({"schema": SCHEMA, **found, **error.documents})


def show_mirror(result: MirrorResult, paths: Paths, display: Display, *, update: bool, prune: str) -> None:
    """Print what changed and what each target needs; *prune* is the command that removes files."""
    for line in result.changes or (["nothing changed: every lock is what it was"] if update else []):
        display.say(line)
    if names := result.superseded:
        shown = ", ".join(names[:FEW]) + ", …" * (len(names) > FEW)
        held = f"{paths.packages} also holds {counted(len(names), 'file')} that no lock names: {shown}"
        display.say(f"{held}; {prune} can remove them")
    if names := result.unvouched:
        shown = ", ".join(names[:FEW]) + ", …" * (len(names) > FEW)
        count = counted(len(names), "file")
        step = "other bytes later are an error; to state one, write --hash=sha256:… into the requirement's line"
        display.say(
            f"the index states no sha256 for {count}, so the lock has that of the first download: {shown}; {step}"
        )
    display.table(
        ["target", "projects", "files", "bytes", "seconds"],
        [(row.target, row.projects, row.files, row.bytes, row.seconds) for row in result.rows],
    )
    state = "built" if result.published else "up to date"
    display.say(f"{paths.site} is {state}: {'; '.join(_counts(result))}")
    show_outdated(result.outdated, display)
    show_gaps(result.accepted_gaps, display)
    for line in waived_lines(result.waived):
        display.say(line)
    show_gone(result.gone, display)


def _counts(result: MirrorResult) -> Iterator[str]:
    """Yield how many locks and files are new, and how many were there: these need no work."""
    locks = f"{counted(result.resolved, 'lock')} resolved"
    yield f"{locks}, {result.reused} unchanged" if result.reused else locks
    files = f"{counted(result.fetched, 'file')} fetched"
    files += f" ({readable_size(result.fetched_bytes)})" if result.fetched else ""
    yield f"{files}, {result.present} here already" if result.present else files
    if result.other_files:
        yield counted(result.other_files, "other file")


def show_outdated(found: Sequence[Outdated], display: Display, *, most: int | None = LINES) -> None:
    """Print which requested projects are older than the newest release, and which pre-releases no line asks for."""
    if found:
        display.say(f"{outdated_heading(found)}:", *outdated_lines(found, most=most))


def show_gaps(found: Sequence[AcceptedGap], display: Display) -> None:
    """Print each request that is left out, with the acceptance: equal ones of several targets in one line."""
    places: dict[str, list[str]] = defaultdict(list)
    for one in found:
        said = f"accepted until {one.until}: {one.reason}"
        places[f"{one.request} is left out ({said}); {one.why}"].append(f"{one.set} on {one.target}")
    for sentence, where in places.items():
        display.say(f"gap: {', '.join(where)}: {sentence}")


def show_gone(found: Sequence[Gone], display: Display) -> None:
    """Print which locked files an index does not offer any more, and what the user must decide."""
    if found:
        display.say(*map(str, found))
    if any(one.decision == "refused" for one in found):
        display.say(f"update and publish stop at what is refused: {STEP}")


def show_plan(found: Forecast, display: Display) -> None:
    """Print what a run would do: changes, then what is held back, then how much there is to fetch."""
    for name, group in itertools.groupby(found.changes, key=lambda one: f"{one.set}--{one.target}"):
        own = list(group)
        if name in found.removed:
            continue
        if len(own) > FEW and not any(one.before for one in own):
            display.say(f"+ {name}: {len(own)} projects, none were locked before")
            continue
        for one in own:
            sign = "~" if one.before and one.after else "+" if one.after else "-"
            display.say(f"{sign} {name}: {one.project} {' -> '.join(filter(None, (one.before, one.after)))}")
    for name in found.removed:
        count = sum(name == f"{one.set}--{one.target}" for one in found.changes)
        display.say(f"- {name}: its lock goes, no set asks for this target any more (projects: {count})")
    display.say(*([] if found.changes else ["nothing would change: every lock stays as it is"]))
    _show_other_files(found.other_files, display)
    show_outdated([*(one for one in found.held if one.requested), *found.early], display, most=None)
    places: dict[str, list[str]] = defaultdict(list)
    for each in (one for one in found.held if not one.requested):
        places[f"{each.project} {each.version}, not {each.newest}: {each.why}"].append(f"{each.set}--{each.target}")
    for sentence, where in sorted(places.items()):
        display.say(f"{sentence} ({', '.join(where)})")
    show_gaps(found.accepted_gaps, display)
    if lines := refused_lines(found.passed_over):
        display.say(*lines)
    for passed in found.wheel_variants:
        counts = ((passed.wheels, "wheel variant"), (passed.lists, "variants.json"))
        words = " and ".join(f"{count} {noun}{'s' * (count > 1)}" for count, noun in counts if count)
        display.say(f"{passed.project}: {words} not taken (PEP 825, a draft)")
    show_gone(found.gone, display)
    display.table(
        ["target", "files", "bytes", "to fetch", "bytes to fetch"],
        [(row.target, row.files, row.bytes, row.fetch_files, row.fetch_bytes) for row in found.rows],
    )


def _show_other_files(found: Sequence[OtherChange], display: Display) -> None:
    """Print which other files would come, change or go."""
    for one in found:
        sign = "~" if one.before and one.after else "+" if one.after else "-"
        size = "size not known" if one.bytes is None else readable_size(one.bytes)
        display.say(f"{sign} {one.path} ({size}{', to fetch' if one.fetch else ''})")


def show_pruned(found: Pruned, packages: Path, display: Display) -> None:
    """Print each file that goes, each that stays without a lock, and what they amount to."""
    if others := [one for one in found.staying if not one.why.endswith(" names it")]:
        display.table(["stays", "bytes", "why"], [(one.path, one.size, one.why) for one in others])
    if not found.files:
        display.say(f"{packages} has no file that nothing needs")
        return
    display.table(["file", "bytes", "why"], [(one.path, one.size, one.why) for one in found.files])
    amount = f"{counted(len(found.files), 'file')}, {readable_size(found.bytes)}"
    if found.removed:
        display.say(f"removed from {packages}: {amount}")
    else:
        display.say(f"nothing is removed yet: {amount}")


def show_cleaned(found: Cleaned, display: Display) -> None:
    """Print how much was removed from each directory."""
    for one in found.directories:
        if not Path(one.path).exists():
            display.say(f"there is no directory {one.path}")
            continue
        amount = f"{counted(one.files, 'file')}, {readable_size(one.bytes)}" if one.files else "nothing"
        display.say(f"removed from {one.path}: {amount}")


def show_diagnosis(found: Diagnosis, display: Display) -> None:
    """Print each finding with its state, and how each target would be proven."""
    for one in found.findings:
        display.say("; ".join(filter(None, (f"{one.state}: {one.name}: {one.what}", one.next_step))))
    if found.targets:
        rows = [(one.target, one.tag, one.proof, one.interpreter or "-") for one in found.targets]
        display.table(["target", "tag", "proven how", "interpreter"], rows)


def show_report(report: Report, display: Display) -> None:
    """Print what a proof found: a table of sets and targets, notes, what is red, and the totals."""
    # Few runs show a report.
    from pypi_subset.proof.report.report import lines_of  # noqa: PLC0415

    display.print(table_of(report.checks))
    display.say(*lines_of(report))


def table_of(checks: Sequence[Check]) -> Table:
    """Return one row for each set on each target: how it was proven, with what, and how it went."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for heading in ("target", "set", "proven how", "interpreter"):
        table.add_column(heading, overflow="fold")
    had = {check.status for check in checks}
    words = [word for word in STATUSES if word in had or word not in {"amber", "differs", "accepted"}]
    for heading in words:
        table.add_column(heading, justify="right", no_wrap=True)
    rows: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for check in checks:
        proof = f"{check.proof}, proven before" if check.remembered else check.proof
        rows[check.target, check.set_name, proof, check.interpreter][check.status] += 1
    for (target, set_name, proof, interpreter), counts in sorted(rows.items()):
        cells = [target or "all", set_name or "all", proof, interpreter or "-"]
        styles = {word: style for word, style in _STYLES.items() if counts[word]}
        numbers = [literal(str(counts[word]), style=styles.get(word, "")) for word in words]
        table.add_row(*map(literal, cells), *numbers)
    return table
