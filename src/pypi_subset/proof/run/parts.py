"""The parts that are joined: which reports they are, and for which targets each may speak."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.errors import SubsetError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pypi_subset.model.report import Report


def parts_of(words: Iterable[str]) -> dict[Path, tuple[str, ...]]:
    """
    Return path → targets of each part that *words* name: ``PATH``, or ``PATH=TARGET,TARGET``; no targets for any.

    :raises SubsetError: targets are named for a directory, or none stand behind the sign.
    """
    return dict(_part(word) for word in words)


def require_own(path: Path, report: Report, targets: Sequence[str]) -> None:
    """
    Return if *report* is about *targets*, all of them and no others, or if there are none.

    :raises SubsetError: it was made for others, or has a result of another one.
    """
    named = {*report.targets, *(check.target for check in report.checks if check.target)}
    if targets and not (report.targets and named == {*targets}):
        about = ", ".join(sorted(named)) if report.targets else "all targets"
        msg = f"this report is about {about}, and its job is about {', '.join(targets)}"
        raise SubsetError(msg, path=path, next_step="run that job again, and join the report that it keeps")


def _part(word: str) -> tuple[Path, tuple[str, ...]]:
    path, sign, names = word.rpartition("=")
    if not sign or Path(word).exists():
        return Path(word), ()
    targets = tuple(name for name in names.split(",") if name)
    if Path(path).is_dir() or not targets:
        msg = f"{word!r} does not name a report and the targets that it is about"
        raise SubsetError(
            msg, next_step="as in `pypi-subset merge-reports one/report.json=linux,mac two/report.json=windows`"
        )
    return Path(path), targets
