"""
Everything that can go wrong, as values; `SubsetError` is the root of all of them.

Each error carries data and the exit code of a command that ends with it; the command alone prints and exits.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from pypi_subset.errors.ways import ways_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

#: Exit code: the run did its work, and its result is a finding: not proven, a gap, refused by the policy.
FINDING = 1
#: Exit code: the command line, ``requirements/`` or another input is wrong.
INPUT = 2
#: Exit code: network, disk, rights or another program failed, or the tool itself.
SURROUNDINGS = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One mistake in one document: what is wrong, where, and what to do next."""

    what: str
    path: Path | None = None
    line: int | None = None
    #: The offending text with a caret line below it, if the reader could tell the column.
    excerpt: tuple[str, ...] = ()
    next_step: str = ""
    #: Whether it may concern no request: other faults come first.
    is_last: bool = False

    @property
    def lines(self) -> tuple[str, ...]:
        """``file:line: what; next step``, the excerpt below it; any of them may hold foreign text as it is."""
        where = "" if self.path is None else f"{self.path}:" if self.line is None else f"{self.path}:{self.line}:"
        head = " ".join(part for part in (where, self.what) if part)
        if self.next_step:
            head += f"; {self.next_step}"
        return head, *(f"    {text}" for text in self.excerpt)

    def __str__(self) -> str:
        """Return the lines as one text."""
        return "\n".join(self.lines)


class SubsetError(Exception):
    """
    Root of all errors that a user may see: a sentence, where it happened, and the next step.

    :param what: what is wrong, one line, no full stop.
    :param next_step: what the user can do about it, one line.
    :param project: normalized project name, if one is to blame.
    :param target: target name, if it happened for one target.
    :param path: file or directory concerned, as the user wrote it.
    :param line: line number in *path*, from 1.
    """

    #: What a command ends with.
    exit_code: ClassVar[int] = INPUT
    #: What is printed below the line.
    details: tuple[str, ...] = ()
    #: What is for those who mend the tool, as a traceback: it goes to a log file, and is not printed.
    evidence: str = ""
    #: Lists that the JSON form of the error has beside the line, by key.
    documents: Mapping[str, Sequence[Any]] = MappingProxyType({})

    def __init__(
        self,
        what: str,
        *,
        next_step: str = "",
        project: str | None = None,
        target: str | None = None,
        path: Path | None = None,
        line: int | None = None,
    ) -> None:
        super().__init__(what)
        self.what, self.next_step = what, next_step
        self.project, self.target = project, target
        self.path, self.line = path, line

    @property
    def lines(self) -> tuple[str, ...]:
        """The line that is printed after ``error:``, the details below it; any may hold foreign text as it is."""
        fault = Fault(what=self.what, path=self.path, line=self.line, next_step=self.next_step, excerpt=self.details)
        return fault.lines

    def __str__(self) -> str:
        """Return the lines as one text."""
        return "\n".join(self.lines)


class Unforeseen(SubsetError):
    """An unexpected exception: a defect in the tool or in a library; ``evidence`` is the traceback."""

    exit_code = SURROUNDINGS

    def __init__(self, what: str, *, next_step: str = "", evidence: str = "") -> None:
        self.evidence = evidence
        super().__init__(what, next_step=next_step)


class InputFaults(SubsetError):
    """All mistakes of all input files, found in one reading."""

    exit_code = INPUT

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__(f"{len(self.faults)} fault{'s' * (len(self.faults) != 1)} in the requirements")

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of each fault."""
        return tuple(line for fault in self.faults for line in fault.lines)


class TargetError(SubsetError):
    """A target's tag or marker values cannot be understood; ``nearest`` holds valid spellings."""

    exit_code = INPUT

    def __init__(
        self, what: str, *, nearest: Sequence[str] = (), target: str | None = None, next_step: str = ""
    ) -> None:
        self.nearest = tuple(nearest)
        hint = f"did you mean {' or '.join(map(repr, self.nearest))}?" if self.nearest else ""
        super().__init__(what, next_step=" ".join(filter(None, (hint, next_step))), target=target)


class PipFailed(SubsetError):
    """pip ended with an exit code other than 0; ``output`` is what it wrote to standard error."""

    exit_code = SURROUNDINGS

    def __init__(self, what: str, *, output: str = "", target: str | None = None, next_step: str = "") -> None:
        self.output = output
        super().__init__(what, next_step=next_step, target=target)


class UpstreamError(SubsetError):
    """An index page or a file could not be fetched or read; ``status`` is that of the server's answer, 0 without one."""

    exit_code = SURROUNDINGS
    status: int = 0


class FaultsFound(SubsetError):
    """An examination of this machine found errors."""

    exit_code = FINDING


class HashMismatch(SubsetError):
    """Bytes differ from the hash that a lock or an index promised."""

    exit_code = FINDING


class BadDistribution(SubsetError):
    """A file is not the distribution that its name says it is."""

    exit_code = FINDING


class BadFiles(BadDistribution):
    """Files are refused; the error names all of them. ``found`` holds what is wrong with each."""

    exit_code = FINDING

    def __init__(self, found: Sequence[BadDistribution]) -> None:
        self.found = tuple(found)
        count = f"{len(self.found)} file{'s' * (len(self.found) != 1)}"
        step = 'mend that, or write bad_files = "skip" below [policy] in subset.toml to mirror without them'
        super().__init__(f"{count} refused, and the site is as it was", next_step=step)

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines of each file that is refused, and what that comes to."""
        return *(line for one in self.found for line in one.lines), *super().lines


class LowerVersions(SubsetError):
    """Projects would get lower versions than before, and nothing that the user wrote asks for that."""

    exit_code = FINDING

    def __init__(self, found: Sequence[str]) -> None:
        self.details = tuple(found)
        count = f"{len(found)} project{'s' * (len(found) != 1)}"
        step = "find out why the newer one is passed over; to accept it, say `--allow-downgrade`"
        super().__init__(f"{count} would get a lower version than the lock has", next_step=step)


class OlderReleases(SubsetError):
    """Projects are older than the newest release, or pre-releases, against the policy: *found* in lines, and as JSON's values."""

    exit_code = FINDING

    def __init__(self, what: str, found: Sequence[str], documents: Sequence[dict[str, object]] = ()) -> None:
        self.details, self.documents = tuple(line.strip() for line in found), {"outdated": [*documents]}
        step = 'change what the lines say, or drop outdated = "error" below [policy] in subset.toml'
        super().__init__(what, next_step=step)


class PolicyError(SubsetError):
    """
    What is locked, or would be, is refused by the policy: *found* in lines, one for each lock, pin and rule.

    :param step: what the user can do, if that is not to update or to accept.
    :param final: the number of those in *found* that no acceptance covers.
    :param resolves: whether it was found by a run that resolves what the rules of today do not match.
    :param gone: those in *found* that their index does not offer any more, as JSON's values.
    """

    exit_code = FINDING

    #: Lines that are shown; the others are counted.
    LINES = 20

    def __init__(
        self,
        found: Sequence[str],
        *,
        step: str = "",
        final: int = 0,
        resolves: bool = False,
        gone: Sequence[dict[str, object]] = (),
    ) -> None:
        if gone:
            self.documents = {"gone": [*gone]}
        self.found = tuple(found)
        rest = len(self.found) - self.LINES
        self.details = (*self.found[: self.LINES], *([f"and {rest} more"] if rest > 0 else []))
        step = step or ways_of(self.found, final, resolves=resolves)
        count = f"{len(self.found)} release{'s' * (len(self.found) != 1)}"
        super().__init__(f"the policy refuses {count}", next_step=step)


class LockError(SubsetError):
    """A lock file is damaged or written by a newer version."""

    exit_code = INPUT


class FolderError(SubsetError):
    """A directory cannot be read or written."""

    exit_code = INPUT


class DiskError(FolderError):
    """The disk, the file system, its rights or another run refuse a directory that is the right one."""

    exit_code = SURROUNDINGS


class MachineError(SubsetError):
    """The machine, its network or a program that the tool starts refuses; the input is not at fault."""

    exit_code = SURROUNDINGS


class ProofFailed(SubsetError):
    """At least one case of the proof is red."""

    exit_code = FINDING


class BoxFailed(SubsetError):
    """A box for the code of packages failed. This is an error of the machine, never of a package."""

    exit_code = SURROUNDINGS


class SuiteFailed(ProofFailed):
    """The suite could not prove anything; ``said`` holds the complaints of pytest."""

    exit_code = SURROUNDINGS

    def __init__(self, what: str, *, next_step: str = "", said: Sequence[str] = (), evidence: str = "") -> None:
        self.details, self.evidence = tuple(said), evidence
        self.said = self.details
        super().__init__(what, next_step=next_step)


class NotProven(SubsetError):
    """A site has no green report, or not of the bytes that it holds now."""

    exit_code = FINDING
