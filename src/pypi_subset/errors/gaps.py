"""Gaps: what is asked for and has no solution."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Literal

from pypi_subset.errors.tree import FINDING, SubsetError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

#: Lines that are shown of an error about gaps; the others are counted or cut.
_LINES = 8
#: Acceptances that are shown.
_FEW = 3
#: Targets of a set that are named in a line; the others are counted.
_NAMED = 6


class NoSolution(SubsetError):
    """
    Nothing on the indexes satisfies a set on a target; ``seen`` says what was found and why each was rejected.

    :param problem: *what* without set and target, the same for all targets that have the same gap.
    :param requests: the lines that have no solution for it, ``base.txt:3``.
    :param sdist: the release, if an sdist is all that there is, and the directory for a wheel that pip builds of it; ``""``
        if pip's indexes do not serve the project.
    """

    exit_code = FINDING

    #: ``hash``: without all hashes there may be a solution; ``clash``: without the last of *requests*.
    kind: Literal["", "hash", "clash"] = ""
    #: The rules of the policy that refuse what the target could have.
    refused: tuple[str, ...] = ()
    #: The next step if a build has the gap, where that is another one: no set names what a build requires.
    step_of_build = ""

    def __init__(  # noqa: PLR0913 - what a gap consists of
        self,
        what: str,
        *,
        target: str,
        set_name: str = "",
        project: str | None = None,
        seen: Sequence[str] = (),
        next_step: str = "",
        problem: str = "",
        requests: Sequence[str] = (),
        sdist: tuple[str, str] | None = None,
    ) -> None:
        self.set_name, self.problem = set_name, problem or what
        self.details = self.seen = tuple(seen)
        self.requests, self.sdist = tuple(requests), sdist
        #: Projects whose requests the user can accept as gaps.
        self.accept: tuple[str, ...] = ()
        super().__init__(what, next_step=next_step, project=project, target=target)

    def document(self) -> dict[str, object]:
        """Return it as JSON's values; ``project`` is null where no single one is to blame."""
        where = {"set": self.set_name, "target": self.target, "project": self.project}
        said = {"what": self.what, "seen": list(self.seen), "next_step": self.next_step}
        return {**where, **said, "requests": list(self.requests), "accept": list(self.accept)}

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of any error, and the acceptance that leaves the request out."""
        accepted = _acceptances([self])
        return *super().lines[: _LINES - len(accepted)], *accepted


class Gaps(SubsetError):
    """All gaps of a run. Equal ones are one entry, and what has sdists only is one list."""

    exit_code = FINDING

    def __init__(self, gaps: Sequence[NoSolution]) -> None:
        self.gaps = tuple(gaps)
        super().__init__(f"{len(self.gaps)} gaps: what is asked for has no solution")

    @property
    def lines(self) -> tuple[str, ...]:
        """A line for each entry; with one entry alone, what was seen of it below; the acceptances at the end."""
        accepted = _acceptances(self.gaps)
        return *self._entries(_LINES - len(accepted)), *accepted

    def _entries(self, most: int) -> tuple[str, ...]:
        is_list = len({gap.sdist[0] for gap in self.gaps if gap.sdist}) > 1
        groups = _grouped(self.gaps, lambda gap: "" if gap.sdist and is_list else gap.problem)
        if len(groups) == 1 and not is_list:
            return self._alone(most)
        entries = [self._sdists(those) if not key else self._entry(those) for key, those in groups.items()]
        if len(entries) == 1:
            return (entries[0],)
        what = f"{len(entries)} gaps"
        shown = entries[: most - 1]
        if len(entries) > len(shown):
            shown = [*shown[:-1], f"and {len(entries) - len(shown) + 1} more: `--json`"]
        return what, *(f"    {entry}" for entry in shown)

    def _alone(self, most: int) -> tuple[str, ...]:
        """The only entry: what was seen below it, or the next step of each target where they differ."""
        steps = _grouped(self.gaps, lambda gap: gap.next_step)
        if len(steps) == 1:
            return self._entry(self.gaps), *(f"    {text}" for text in self.gaps[0].details[: most - 1])
        own = [f"    {self._places(those)}: {step}" for step, those in steps.items()]
        left = [f"    and {len(own) - most + 2} more: `--json`"] if len(own) >= most else []
        return f"{self._places(self.gaps)}: {self.gaps[0].problem}", *own[: most - 1 - len(left)], *left

    def _entry(self, those: Sequence[NoSolution]) -> str:
        steps = list(dict.fromkeys(gap.next_step for gap in those if gap.next_step))
        more = f" ({len(steps) - 1} more for the other targets: `--json`)" if len(steps) > 1 else ""
        return f"{self._places(those)}: {those[0].problem}{f'; {steps[0]}' if steps else ''}{more}"

    def _sdists(self, those: Sequence[NoSolution]) -> str:
        releases = _grouped(those, lambda gap: gap.sdist[0] if gap.sdist else "")
        names = [f"{name} ({self._lines(gaps)}{self._places(gaps)})" for name, gaps in releases.items()]
        # pip would ask its own indexes for a project of a source.
        folders = {release: folder for release, folder in (gap.sdist for gap in those if gap.sdist) if folder}
        named = " ".join(map(shlex.quote, folders))
        which = "the wheels" if len(folders) == len(releases) else "wheels of those without a source"
        command = (
            f", or build {which}: pip wheel --no-deps {named} -w {shlex.quote(min(folders.values()))}"
            if folders
            else ""
        )
        build = ", ".join(f'"{release.partition("==")[0]}"' for release in releases)
        step = f"write build = [{build}] below [sdists] in subset.toml{command}"
        return f"sdists only, and a subset holds wheels: {', '.join(names)}; {step}"

    def _lines(self, those: Sequence[NoSolution]) -> str:
        """Return ``base.txt:1, base.txt:2, `` for the lines that lead to gaps; ``""`` if they are not known."""
        return "".join(f"{origin}, " for origin in dict.fromkeys(origin for gap in those for origin in gap.requests))

    def _places(self, those: Sequence[NoSolution]) -> str:
        sets = _grouped(those, lambda gap: gap.set_name)
        names = {own: dict.fromkeys(gap.target or "" for gap in gaps) for own, gaps in sets.items()}
        return "; ".join(f"{own} on {_some([*targets])}" for own, targets in names.items())


def _acceptances(gaps: Sequence[NoSolution]) -> tuple[str, ...]:
    """Return one line that names the acceptances which leave requests out, nothing if none of *gaps* can be accepted."""
    places: dict[str, dict[str, None]] = {}
    for gap in gaps:
        for project in gap.accept:
            places.setdefault(project, {})[gap.target or ""] = None
    if not places:
        return ()
    said = [f'project = "{name}", targets = [{_quoted(own)}]' for name, own in places.items()]
    rest = f", and {len(said) - _FEW} more" * (len(said) > _FEW)
    how = 'accept it by [[policy.accept]] in subset.toml with rule = "gap", '
    return (f"    to mirror without it, {how}{'; '.join(said[:_FEW])}{rest}",)


def _some(targets: Sequence[str]) -> str:
    """Return the names in one line; of many the first, and how many more there are."""
    rest = len(targets) - _NAMED
    return ", ".join(targets[:_NAMED]) + f" and {rest} more" * (rest > 0)


def _quoted(names: Iterable[str]) -> str:
    return ", ".join(f'"{name}"' for name in names)


def _grouped(gaps: Sequence[NoSolution], key: Callable[[NoSolution], str]) -> dict[str, list[NoSolution]]:
    return {one: [gap for gap in gaps if key(gap) == one] for one in dict.fromkeys(map(key, gaps))}


class UndefinedMarker(NoSolution):
    """The truth of a marker depends on a value that a target leaves open, such as ``platform_release``."""

    exit_code = FINDING


class MissingInSite(SubsetError):
    """A site lacks packages of a lock, or what the build of a project requires: *found* in lines."""

    exit_code = FINDING

    def __init__(self, found: Sequence[str], manifest: str) -> None:
        self.details, self.documents = tuple(found), {"missing": [*found]}
        step = (
            "request them and mirror again, name the targets that count with `--target`, or accept it with `--partial`"
        )
        count = f"{len(found)} item{'s' * (len(found) != 1)}"
        super().__init__(f"the site lacks {count} that the lock needs ({manifest})", next_step=step)
