"""What imports and scripts came to: notes, ambers and reds, by what the user has decided."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pypi_subset.errors import ProofFailed
from pypi_subset.model.checks import Finding
from pypi_subset.model.policy import IMPORT, UNDECLARED, Acceptance, acceptance_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pypi_subset.proof.imports.missing import Kind, Verdict

#: Seconds that the imports of one project may take together, and seconds that a script may run. A script that runs for so
#: long has imported all it needs.
OF_IMPORTS, OF_A_SCRIPT = 120, 10

#: How many reds of one case are named.
_FEW = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """
    One thing that an import or a script showed.

    :param words: a sentence.
    :param likely: the project that likely brings what is missing.
    """

    kind: Kind
    words: str
    project: str = ""
    likely: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """
    What is worth knowing of a case that is not red.

    :param findings: what makes it amber.
    """

    notes: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()


def found(words: str, verdict: Verdict | None = None, project: str = "", *, alone: bool = False) -> Found:
    """
    Return what *verdict* comes to, a note without one.

    :param alone: whether nothing else of the project was imported: then an extra that was not asked for is no excuse.
    """
    if verdict is None:
        return Found(kind="note", words=words)
    kind = "undeclared" if alone and verdict.kind == "extra" else verdict.kind
    return Found(kind=kind, words=words, project=project, likely=verdict.likely)


def settled(
    every: Iterable[Found], *, target: str, accepted: Sequence[Acceptance] = (), strict: bool = False
) -> Settled:
    """
    Return the notes and findings of *every*.

    :param accepted: what the user accepts.
    :param strict: whether what no metadata declares is red.
    :raises ProofFailed: something is red, and not accepted.
    """
    notes: list[str] = []
    findings: list[Finding] = []
    red: list[Found] = []
    for one in every:
        if one.kind in {"note", "extra"}:
            notes.append(one.words)
            continue
        rule = UNDECLARED if one.kind == "undeclared" else IMPORT
        by = acceptance_of(accepted, (rule, one.project, target))
        if by is None and (strict or rule == IMPORT):
            red.append(one)
        else:
            findings.append(_finding(rule, one, by))
    if red:
        more = f"; and {len(red) - _FEW} more" * (len(red) > _FEW)
        msg = "; ".join(dict.fromkeys(one.words for one in red[:_FEW])) + more
        raise ProofFailed(msg, project=red[0].project, target=target)
    return Settled(notes=tuple(notes), findings=tuple(findings))


def _finding(rule: str, one: Found, by: Acceptance | None) -> Finding:
    reason, until = (by.reason, by.until) if by else ("", "")
    return Finding(rule=rule, project=one.project, what=one.words, likely=one.likely, reason=reason, until=until)
