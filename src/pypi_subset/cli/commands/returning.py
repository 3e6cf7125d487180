"""What came back over the gap, a request or a receipt: what `plan` and `add` do with it; and what an edit changed."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pypi_subset import api
from pypi_subset.errors import SubsetError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pypi_subset.bundle.arrivals import Arrival
    from pypi_subset.cli.command import Run
    from pypi_subset.editing.changes import Edited
    from pypi_subset.pipeline.requested.answers import Answer, RequestForecast


def plan_of(run: Run, file: Path, *, unisolated: bool) -> None:
    """Print what the request in *file* would add, or what the receipt says."""
    from pypi_subset.bundle.arrivals import is_receipt  # noqa: PLC0415 - help loads little

    if is_receipt(file):
        _show_arrival(run, api.take_receipt(run.paths, file, dry=True), file)
        return
    found = api.plan_request(run.paths, file, unisolated=unisolated, progress=run.display)
    if run.json:
        run.write_answer(found)
        return
    run.answer.say(*_lines(found))
    new = [*dict.fromkeys(_project(one) for one in found.answers if one.state == "new")]
    others = {_project(one) for one in found.answers if one.state in {"refused", "unavailable"}}
    if new:
        run.say_next("add", "--request", shlex.quote(str(file)), *(new if others else ()))


def _project(one: Answer) -> str:
    from packaging.requirements import Requirement  # noqa: PLC0415

    return Requirement(one.requirement).name


@dataclass(frozen=True, kw_only=True, slots=True)
class Chosen:
    """What the command line says beside the request: projects of it, a set, and the name of its machine."""

    projects: Sequence[str]
    set_name: str
    targets: Sequence[str]


def add_of(run: Run, file: Path, chosen: Chosen, *, dry: bool) -> None:
    """
    Add the request in *file* to requirements/, or the receipt to the ledger of bundles.

    :raises SubsetError: an option does not go with it.
    """
    from pypi_subset.bundle.arrivals import is_receipt  # noqa: PLC0415

    if is_receipt(file):
        if chosen.set_name or chosen.targets or chosen.projects:
            msg = "a receipt goes into the ledger of bundles, and into no set"
            raise SubsetError(msg, path=file, next_step="leave projects, `--set` and `--target` out")
        _show_arrival(run, api.take_receipt(run.paths, file, dry=dry), file)
        return
    if len(chosen.targets) > 1 or any("=" in one for one in chosen.targets):
        msg = f"a request is about one machine, not {', '.join(chosen.targets)}"
        raise SubsetError(msg, next_step="write one name, as in `--target lab`: its description comes from the request")
    name = chosen.targets[0] if chosen.targets else ""
    done = api.add_request(
        run.requirements, file, projects=chosen.projects, set_name=chosen.set_name, target=name, dry=dry
    )
    show_edit(run, done)


def _lines(found: RequestForecast) -> Iterator[str]:
    """Yield a line about the machine, and one for each answer."""
    names = ", ".join(one.name for one in found.targets if one.known)
    if found.next_step:
        yield f"no target is this machine, {found.machine}; {found.next_step}"
    elif found.machine:
        yield f"the machine, {found.machine}, is the target {names}"
    for warning in found.warnings:
        yield f"warning: {warning}"
    for one in found.answers:
        yield f"{one.requirement} for {one.target}: {_sentence(one, found.last)}"


def _sentence(one: Answer, last: int | None) -> str:
    """Return what becomes of one requirement."""
    from pypi_subset.site.pages.sizes import counted, readable_size  # noqa: PLC0415

    if one.state == "new":
        added = f"{counted(one.files, 'file')}, {readable_size(one.bytes)}" if one.files else "no file"
        return f"would add {one.version}: {added}"
    if one.state == "inapplicable":
        return f"does not apply there: {one.why}"
    if one.state == "present":
        since = f" since serial {one.since}" if one.since else ""
        later = ", and the last bundle did not carry it" if last and not one.since else ""
        arrived = {True: "; it has arrived", False: "; the last receipt does not have it", None: ""}[one.arrived]
        return f"{one.version} is in the subset{since}{later}{arrived}"
    kind = f"refused because of {', '.join(one.rules) or 'the policy'}" if one.state == "refused" else "not available"
    return f"{kind}: {one.why}{f'; {one.next_step}' if one.next_step else ''}"


def _show_arrival(run: Run, found: Arrival, file: Path) -> None:
    """Print what a receipt says, and what the site has beside that."""
    if run.json:
        run.write_answer(found)
        return
    from pypi_subset.site.pages.sizes import counted, readable_size  # noqa: PLC0415

    imported = f", imported {found.imported}" if found.imported else ""
    run.answer.say(f"release {found.serial} has arrived{imported}: manifest {found.manifest}")
    gone = f"; {counted(found.gone_files, 'file')} of it are no longer needed" if found.gone_files else ""
    new = f"{counted(found.new_files, 'file')}, {readable_size(found.new_bytes)}" if found.new_files else "no file"
    run.answer.say(f"the site has {new} that did not arrive{gone}")
    if found.recorded:
        run.say_next("bundle", "--to", "DIR", "--since", "arrived")
    else:
        run.say_next("add", "--request", shlex.quote(str(file)))


def show_edit(run: Run, done: Edited, *, then: str = "mirror") -> None:
    """Print what an edit changed."""
    if run.json:
        run.write_answer(done)
        return
    for change in done.changes:
        marked = [*(("-", line) for line in change.removed), *(("+", line) for line in change.added)]
        if change.path.endswith(".json"):
            # The description of a machine has a thousand lines, and no user wrote one of them.
            run.display.say(f"{change.path}: the description of the machine, {len(change.added):,} lines")
            continue
        run.display.say(
            *(f"{change.path}: {mark} {line}" for mark, line in marked if line.strip() and not line.startswith("#"))
        )
    run.display.say(*done.notes)
    for line in done.faults:
        run.display.warn(f"mirror stops at this: {line}")
    if not done.changes:
        run.display.say("nothing changes: it is there already")
    elif done.written:
        run.say_next(then)
    else:
        run.display.say("nothing was changed (`--dry-run`)")
