"""Results in words, or as JSON."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace
from rich.console import Console

from pypi_subset.cli.display import Display, display_for
from pypi_subset.cli.present import FEW, show_mirror, show_plan, table_of, write_error
from pypi_subset.errors import Gaps, NoSolution, OlderReleases, SubsetError
from pypi_subset.locks.diff import Change
from pypi_subset.model.checks import Check
from pypi_subset.model.intake.gone import Gone
from pypi_subset.model.locks import AcceptedGap
from pypi_subset.model.paths import Paths
from pypi_subset.pipeline.mirror import MirrorResult, Row
from pypi_subset.pipeline.plan import Forecast, WheelVariants

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pytest

PATHS = Paths(requirements=Path("requirements"), packages=Path("packages"), site=Path("site"))


def printed(show: object, *arguments: object, **flags: object) -> list[str]:
    """Return the lines that *show* prints, without blanks at their ends."""
    stream = io.StringIO()
    assert callable(show)
    show(*arguments, Display(Console(file=stream)), **flags)
    return [line.rstrip() for line in stream.getvalue().splitlines()]


def result(*, changes: tuple[str, ...] = (), superseded: tuple[str, ...] = (), published: bool = True) -> MirrorResult:
    """Return what a mirror of one target did."""
    return MirrorResult(
        rows=(Row(target="lab", projects=1, files=2, bytes=1234567, seconds=0.25),),
        changes=changes,
        rejected=(),
        superseded=superseded,
        bad_files=(),
        warnings=(),
        resolved=1,
        fetched=2,
        fetched_bytes=3_400_000,
        published=published,
    )


COMMAND = "`pypi-subset prune --site stick`"
PRUNE = f"packages also holds 1 file that no lock names: b.whl; {COMMAND} can remove them"


def test_a_mirror_in_words() -> None:
    """Changes, files of no lock, a row for each target, and what became of the site."""
    lines = printed(
        show_mirror, result(changes=("base--lab: a 1 -> 2",), superseded=("b.whl",)), PATHS, update=True, prune=COMMAND
    )
    assert lines[:2] == ["base--lab: a 1 -> 2", PRUNE]
    assert lines[-2].split() == ["lab", "1", "2", "1,234,567", "0.2"]
    assert lines[-1] == "site is built: 1 lock resolved; 2 files fetched (3.4 MB)"
    some = replace(result(), resolved=2, fetched=0, fetched_bytes=0, reused=3, present=1)
    last = printed(show_mirror, some, PATHS, update=False, prune=COMMAND)[-1]
    assert last == "site is built: 2 locks resolved, 3 unchanged; 0 files fetched, 1 here already"
    assert (
        printed(show_mirror, result(published=False), PATHS, update=True, prune=COMMAND)[0]
        == "nothing changed: every lock is what it was"
    )
    assert printed(show_mirror, result(published=False), PATHS, update=False, prune=COMMAND)[-1].startswith(
        "site is up to date: "
    )


def change(project: str, before: str, after: str, target: str = "lab") -> Change:
    """Return what becomes of *project* on *target*."""
    return Change(set="base", target=target, project=project, before=before, after=after)


def test_a_plan_in_words() -> None:
    """A line for each project, but one for many new ones and for a lock that goes."""
    many = [change(f"p{number}", "", "1", "new") for number in range(FEW + 1)]
    changes = (change("a", "1", "2"), change("b", "", "1"), change("c", "1", ""), *many, change("d", "1", "", "gone"))
    found = Forecast(rows=(), changes=changes, removed=("base--gone",), held=(), early=())
    assert printed(show_plan, found)[:5] == [
        "~ base--lab: a 1 -> 2",
        "+ base--lab: b 1",
        "- base--lab: c 1",
        f"+ base--new: {FEW + 1} projects, none were locked before",
        "- base--gone: its lock goes, no set asks for this target any more (projects: 1)",
    ]


def test_a_plan_of_nothing_says_so() -> None:
    """A sentence comes before the table, where no lock would change."""
    lines = printed(show_plan, Forecast(rows=(), changes=(), removed=(), held=(), early=()))
    assert lines[0] == "nothing would change: every lock stays as it is"


def test_gaps_in_words() -> None:
    """Equal ones are one line with all places, at the end of a mirror and of a plan."""
    places = [("base", "lab"), ("base", "mac")]
    common = {"request": "fast>=1", "project": "fast", "why": "fast>=1: no wheel fits"}
    gaps = tuple(
        AcceptedGap(set=own, target=target, reason="not there", until="2027-01-31", **common) for own, target in places
    )
    line = "gap: base on lab, base on mac: fast>=1 is left out (accepted until 2027-01-31: not there); "
    mirrored = " ".join(printed(show_mirror, replace(result(), accepted_gaps=gaps), PATHS, update=False, prune=COMMAND))
    planned = Forecast(rows=(), changes=(), removed=(), held=(), early=(), accepted_gaps=gaps)
    for text in (mirrored, " ".join(printed(show_plan, planned))):
        assert f"{line}fast>=1: no wheel fits" in text
    assert planned.document()["accepted_gaps"][0]["target"] == "lab"


def test_a_plan_counts_wheel_variants() -> None:
    """A line for each project, before the table."""
    passed = (WheelVariants(project="demo", wheels=2, lists=1), WheelVariants(project="torch", wheels=1, lists=0))
    found = Forecast(rows=(), changes=(), removed=(), held=(), early=(), wheel_variants=passed)
    assert printed(show_plan, found)[1:3] == [
        "demo: 2 wheel variants and 1 variants.json not taken (PEP 825, a draft)",
        "torch: 1 wheel variant not taken (PEP 825, a draft)",
    ]


def test_what_is_gone_in_words() -> None:
    """A line for each, and what the user can do where something is refused; nothing without any."""
    facts = {
        "project": "acme",
        "version": "2.0",
        "filename": "acme.whl",
        "since": "2026-01-31",
        "locks": ("base--lab",),
    }
    refused = Gone(**facts, state="gone", what="it is not listed", decision="refused")  # type: ignore[arg-type]
    kept = Gone(**facts, state="yanked", what="yanked: broken", decision="kept")  # type: ignore[arg-type]
    text = " ".join(printed(show_mirror, replace(result(), gone=(refused, kept)), PATHS, update=False, prune=COMMAND))
    assert "gone, refused: acme 2.0 (base--lab): it is not listed (since 2026-01-31) yanked, kept: acme 2.0" in text
    assert 'update and publish stop at what is refused: see what became of it; then write gone = "drop"' in text
    planned = Forecast(rows=(), changes=(), removed=(), held=(), early=(), gone=(kept,))
    assert "update and publish stop" not in " ".join(printed(show_plan, planned))
    assert planned.document()["gone"][0]["state"] == "yanked"


def check(request: str, status: str, *, remembered: bool = False) -> Check:
    """Return one result on ``lab``."""
    kinds = {"passed": "passed", "failed": "failed", "differs": "differs"}
    proof = "second opinion" if status == "differs" else "unpacked"
    document = {"target": "lab", "set_name": "base", "request": request, "proof": proof, "status": kinds[status]}
    return Check(**document, reason="it breaks", remembered=remembered)  # type: ignore[arg-type]


def cells(checks: Sequence[Check]) -> list[list[str]]:
    """Return the words of each row of the table."""
    stream = io.StringIO()
    Console(file=stream, width=140).print(table_of(checks))
    return [line.split() for line in stream.getvalue().splitlines() if line.strip()]


def test_the_table_of_a_report() -> None:
    """A row for each kind of proof of each set on each target; the column of other opinions only where there are any."""
    head, _, *rows = cells([check("a", "passed"), check("b", "failed"), check("c", "passed", remembered=True)])
    assert head[-3:] == ["passed", "failed", "skipped"]
    assert rows == [
        ["lab", "base", "unpacked", "-", "1", "1", "0"],
        ["lab", "base", "unpacked,", "proven", "before", "-", "1", "0", "0"],
    ]
    head, _, row = cells([check("a", "differs")])
    assert (head[-1], row[-4:]) == ("differs", ["0", "0", "0", "1"])


def test_errors_are_documents(capsys: pytest.CaptureFixture[str]) -> None:
    """Gaps are written one by one, any other error as its line."""
    gap = NoSolution("nothing fits", target="lab", set_name="base", project="demo", seen=["demo 1: too new"])
    old = OlderReleases("1 is older", ["  app"], [{"project": "app"}])
    for error, document in (
        (old, {"outdated": [{"project": "app"}], "error": str(old)}),
        (Gaps([gap, gap]), {"gaps": [gap.document()] * 2}),
        (gap, {"gaps": [gap.document()]}),
        (SubsetError("it is gone", next_step="look"), {"error": "it is gone; look"}),
    ):
        write_error(error)
        found = json.loads(capsys.readouterr().out)
        assert found.pop("schema") == "1.0"
        assert found == document


def test_words_leave_standard_output_to_the_document(capsys: pytest.CaptureFixture[str]) -> None:
    """With JSON the display writes to standard error."""
    display_for(json=True).say("beside it")
    display_for(json=False).say("in words")
    assert capsys.readouterr() == ("in words\n", "beside it\n")
