"""
A case as it is sent to another machine, and the answer to it: JSON, of limited length, and each bound to the other.

A case holds the site's URL and its manifest's hash, and no path. An answer names the SHA-256 of the case that it is about.
A case holds a nonce, so that this is the answer to no other one.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta
from packaging.requirements import Requirement
from packaging.tags import parse_tag
from packaging.utils import parse_sdist_filename, parse_wheel_filename

from pypi_subset.errors import ProofFailed
from pypi_subset.model import documents
from pypi_subset.model.checks import Check, Finding, Status
from pypi_subset.model.closures.closure import Step
from pypi_subset.model.manifest import Sha256
from pypi_subset.model.policy import Acceptance
from pypi_subset.model.requests import Job, Request, RequirementSet
from pypi_subset.model.targets import Target
from pypi_subset.proof.cases import left_out
from pypi_subset.proof.cases.case import Case, cases_of_job, pins_of
from pypi_subset.proof.cases.lock_reader import Locked
from pypi_subset.proof.machines.matching import fitting
from pypi_subset.proof.remote.pipe import MAX_BYTES
from pypi_subset.support.version import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pypi_subset.model.paths import Paths
    from pypi_subset.model.requests import Subset
    from pypi_subset.proof.machines.interpreters import Interpreter


#: Requirement, file name, line number and hashes of a request.
Line: TypeAlias = tuple[str, str, int, tuple[str, ...]]


Name: TypeAlias = Annotated[str, Meta(max_length=1_000)]
Words: TypeAlias = Annotated[str, Meta(max_length=100_000)]
#: Used as the name of a directory.
Hex: TypeAlias = Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]


class Result(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A `Check` as a worker sends it: everything has a limit, and no result is one of an earlier run."""

    target: Name
    set_name: Name
    request: Words
    proof: Literal["installed", "unpacked", "second opinion", "emulated"]
    status: Status
    reason: Words
    seconds: Annotated[float, Meta(ge=0, lt=1e6)]
    interpreter: Name
    notes: Annotated[tuple[Words, ...], Meta(max_length=10_000)]
    way: Literal["", "find-links", "simple", "target"]
    command: Words
    versions: Annotated[tuple[Name, ...], Meta(max_length=10_000)]
    findings: Annotated[tuple[Finding, ...], Meta(max_length=10_000)] = ()


class Answer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    What a worker sends back.

    :param errand: SHA-256 of the text that it was sent.
    :param refused: why the case was not begun, ``""`` if it was.
    :param isolation: what isolated the code of packages on the worker.
    """

    errand: Sha256
    results: Annotated[tuple[Result, ...], Meta(max_length=1_000)] = ()
    refused: Words = ""
    isolation: Words = ""


class _Sender(msgspec.Struct, frozen=True, kw_only=True):
    version: str = __version__


class Errand(_Sender, frozen=True, kw_only=True):
    """
    One case of a job, for a machine that reaches the site by URL.

    :param url: where the site is served, no slash at its end.
    :param digest: SHA-256 of its manifest.
    :param run: tells runs apart.
    :param nonce: tells this case from all others that were ever sent.
    :param pins: file name, SHA-256 and marker of what the lock of the job names.
    :param number: which case of the job, 0 for the set as a whole.
    :param unisolated: whether the user wants no isolation.
    :param accepted: what the user accepts on the target.
    :param strict_imports: as in `Case`.
    :param gaps: the requests that are left out on the target, each with what the user accepts.
    :param steps: the edges that the manifest states of the set on the target, for the set as a whole.
    """

    url: str
    digest: Sha256
    run: Hex
    nonce: Hex
    target: dict[str, Any]
    set_name: str
    set_targets: tuple[str, ...]
    requests: tuple[Line, ...]
    constraints: tuple[Line, ...]
    pins: tuple[tuple[str, str, str], ...]
    number: int
    unisolated: bool = False
    accepted: tuple[Acceptance, ...] = ()
    strict_imports: bool = False
    gaps: dict[str, Finding] = {}
    steps: tuple[Step, ...] | None = None

    @property
    def job(self) -> Job:
        """The job; what was the sender's own machine is a target like any other here."""
        requests, constraints = (tuple(map(_request, lines)) for lines in (self.requests, self.constraints))
        wanted = RequirementSet(
            name=self.set_name,
            path=Path(self.set_name),
            requests=requests,
            constraints=constraints,
            targets=self.set_targets,
        )
        return Job(requirement_set=wanted, target=_target(self.target))

    def case(self, interpreters: Sequence[Interpreter], *, site: Path, work: Path, isolated: bool = True) -> Case:
        """
        Return the case as this machine proves it.

        :param interpreters: those that run here.
        :param site: a directory that holds what was read of the site.
        :param work: a directory for scratch files.
        :param isolated: whether its programs run in boxes.
        """
        job, pins = self.job, tuple(_pin(*one) for one in self.pins)
        made = cases_of_job(
            job,
            pins,
            fitting(job.target, interpreters),
            site=site,
            work=work,
            url=self.url,
            isolated=isolated,
            accepted=self.accepted,
            strict_imports=self.strict_imports,
            gaps=self.gaps,
            steps=self.steps,
        )
        return list(made)[self.number]


def errands_of(  # noqa: PLR0913 - what a run is about
    subset: Subset, paths: Paths, cases: Iterable[Case], *, url: str, digest: str, run: str, unisolated: bool = False
) -> Iterator[Errand]:
    """Yield an errand for each of *cases*, which are some of those of *subset*; the rest is as in `Errand`."""
    jobs = {(job.requirement_set.name, job.target.name): (job, pins_of(job, paths)) for job in subset.jobs}
    for case in cases:
        job, pins = jobs[case.set_name, case.target.name]
        target, wanted = job.target, job.requirement_set
        yield Errand(
            url=url,
            digest=digest,
            run=run,
            nonce=secrets.token_hex(16),
            target={**asdict(replace(target, tags=())), "tags": [*map(str, target.tags)]},
            set_name=wanted.name,
            set_targets=wanted.targets,
            requests=tuple(map(_line, wanted.requests)),
            constraints=tuple(map(_line, wanted.constraints)),
            pins=tuple((pin.filename, pin.sha256, pin.marker) for pin in pins),
            number=case.number,
            unisolated=unisolated,
            accepted=case.accepted,
            strict_imports=case.strict_imports,
            gaps=left_out.accepted_of(job, subset, paths),
            steps=None if case.closure is None else case.closure.steps,
        )


def to_text(errand: Errand) -> str:
    """Return *errand* as JSON, for `from_text` of the same version."""
    return documents.encode(errand).decode()


def from_text(text: str) -> Errand:
    """
    Return what `to_text` wrote.

    :raises ProofFailed: another version of us wrote it.
    :raises ValueError: it is too long, or no case.
    """
    _require_short(text)
    sender = documents.parse(text, _Sender).version
    if sender != __version__:
        msg = f"this machine has pypi-subset {__version__}, and was sent a case of {sender}"
        raise ProofFailed(msg, next_step="install the same version there")
    return documents.parse(text, Errand)


def answer_to(text: str, checks: Iterable[Check] = (), *, refused: str = "", isolation: str = "") -> bytes:
    """Return the answer to the errand *text*: what was proven, or why it was not begun; and what isolated it."""
    names = [field.name for field in fields(Check) if field.name != "remembered"]
    results = tuple(Result(**{name: getattr(check, name) for name in names}) for check in checks)
    return documents.encode(Answer(errand=_sha256(text), results=results, refused=refused, isolation=isolation))


def read_answer(answer: str, case: Case, text: str) -> Answer:
    """
    Return what a worker answered to the errand *text*, which is *case*.

    :raises ValueError: it is too long, no answer, the answer to another case, or has a result of another one.
    """
    _require_short(answer)
    said = documents.parse(answer, Answer)
    own = (case.target.name, case.set_name, case.request)
    if said.errand != _sha256(text) or any((one.target, one.set_name, one.request) != own for one in said.results):
        msg = "this is about another case"
        raise ValueError(msg)
    return said


def checks_of(answer: Answer) -> tuple[Check, ...]:
    """Return the results in *answer*."""
    return tuple(Check(**msgspec.structs.asdict(one)) for one in answer.results)


def _require_short(text: str) -> None:
    if len(text) > MAX_BYTES:
        msg = f"{len(text)} characters, and {MAX_BYTES} are the most"
        raise ValueError(msg)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _line(request: Request) -> Line:
    return str(request.requirement), request.path.name, request.line, request.hashes


def _request(line: Line) -> Request:
    requirement, name, number, hashes = line
    return Request(requirement=Requirement(requirement), path=Path(name), line=number, hashes=hashes)


def _pin(filename: str, sha256: str, marker: str) -> Locked:
    kept = not filename.endswith(".whl")
    project, version = parse_sdist_filename(filename) if kept else parse_wheel_filename(filename)[:2]
    return Locked(filename=filename, project=project, version=version, sha256=sha256, marker=marker)


def _target(values: dict[str, Any]) -> Target:
    tags = tuple(one for tag in values["tags"] for one in parse_tag(tag))
    lists = {name: tuple(value) for name, value in values.items() if isinstance(value, list)}
    markers = tuple((name, value) for name, value in values["markers"])
    brought = tuple((name, version) for name, version in values["brought"])
    return Target(**{**values, **lists, "tags": tags, "markers": markers, "brought": brought, "host": False})
