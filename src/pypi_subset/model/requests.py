"""What `requirements/` asks for: requests, sets, jobs, the whole subset."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from packaging.utils import canonicalize_name

from pypi_subset.model.intake.rules import IntakeRules
from pypi_subset.model.intake.sources import Sources
from pypi_subset.model.policy import GAP
from pypi_subset.support.fingerprint import digest_of

if TYPE_CHECKING:
    from pathlib import Path

    from packaging.requirements import Requirement

    from pypi_subset.model.distributions import Policy
    from pypi_subset.model.intake.advisories import AdvisoryRules
    from pypi_subset.model.intake.other_files import OtherFile
    from pypi_subset.model.policy import Acceptance
    from pypi_subset.model.targets import Target


#: The table of ``subset.toml`` that asks for pip and uv, and the set that it makes.
BOOTSTRAP = "bootstrap"


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One line of a set: a requirement, where it stands, and the hashes it insists on (``sha256:…``)."""

    requirement: Requirement
    path: Path
    line: int
    hashes: tuple[str, ...] = ()

    @property
    def origin(self) -> str:
        """``base.txt:3``: the file's name, without its directory, and the line."""
        return f"{self.path.name}:{self.line}"

    def __str__(self) -> str:
        """Return the request as pip reads it from a requirements file."""
        return " ".join([str(self.requirement), *(f"--hash={digest}" for digest in self.hashes)])


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """A requirements file at *url*, and the *path* where it is kept."""

    url: str
    path: Path
    data: bytes

    @property
    def sha256(self) -> str:
        """SHA-256 of its bytes, in hexadecimal."""
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, kw_only=True, slots=True)
class RequirementSet:
    """
    One requirements file with all it includes, or one other document: what is resolved together.

    :param name: stem of *path*; where ``[sets.NAME]`` has a source, ``NAME``.
    :param requests: the lines of the file and of every ``-r`` below it, in order of reading.
    :param constraints: the lines of every ``-c``.
    :param targets: names of the targets that it serves, sorted as in ``subset.toml``.
    :param pre: whether pre-releases count as any release, as pip's ``--pre`` has it.
    :param elsewhere: normalized name, place and marker (``""``: none) of each project that must not come from pip's index.
        It depends on pip's configuration, and so is no part of the digest: a machine that proves may have another one.
    :param overrides: constraints that replace the requirements in metadata (uv's ``override-dependencies``).
    :param excludes: projects that are removed from the requirements in metadata (uv's ``exclude-dependencies``).
    :param fetched: the documents at URLs that its files include, sorted by URL.
    :param notices: warnings about its documents, which change nothing of the set.
    """

    name: str
    path: Path
    requests: tuple[Request, ...]
    constraints: tuple[Request, ...]
    targets: tuple[str, ...]
    pre: bool = False
    elsewhere: tuple[tuple[str, str, str], ...] = ()
    overrides: tuple[Request, ...] = ()
    excludes: tuple[str, ...] = ()
    fetched: tuple[Document, ...] = ()
    notices: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 over what is asked for: a comment or a blank line does not change it."""
        asked: dict[str, object] = {
            "requests": [*map(str, self.requests)],
            "constraints": [*map(str, self.constraints)],
        }
        # What few sets have is left out, so that locks of older versions still match.
        rare: dict[str, object] = {
            "pre": self.pre,
            "overrides": [*map(str, self.overrides)],
            "excludes": [*self.excludes],
        }
        return digest_of(asked | {key: value for key, value in rare.items() if value})


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """One (set, target) pair: what is resolved, locked and proven together."""

    requirement_set: RequirementSet
    target: Target

    @property
    def name(self) -> str:
        """``<set>--<target>``, as in the lock's file name and in every table."""
        return f"{self.requirement_set.name}--{self.target.name}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Subset:
    """
    Everything that ``requirements/`` asks for.

    :param policy: the pairs of the ``[policy]`` table that differ from what holds without it, sorted.
    :param accepted: the entries of ``[[policy.accept]]``; of these, locks depend on the projects of gaps alone.
    :param advisories: the database of advisories and what of it is let in; ``None`` without one.
    :param strict_imports: whether an import that lacks what no metadata declares is red.
    :param rules: what ``[policy]`` says about candidates, beside advisories.
    :param sources: where projects come from that do not come from pip's indexes.
    :param build: normalized names of the projects whose sdists are built, sorted.
    :param keep: the same of those whose sdists are in the index, sorted; none is in *build*.
    :param other_files: what the site carries besides, sorted by path.
    """

    root: Path
    sets: tuple[RequirementSet, ...]
    targets: tuple[Target, ...]
    jobs: tuple[Job, ...]
    policy: tuple[tuple[str, str], ...] = ()
    accepted: tuple[Acceptance, ...] = ()
    advisories: AdvisoryRules | None = None
    strict_imports: bool = False
    rules: IntakeRules = field(default_factory=IntakeRules)
    sources: Sources = field(default_factory=Sources)
    build: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    other_files: tuple[OtherFile, ...] = ()

    @property
    def bad_files(self) -> Policy:
        """What is done about bad files."""
        return "skip" if ("bad_files", "skip") in self.policy else "stop"

    @property
    def outdated(self) -> Literal["list", "error"]:
        """What is done about requested projects that are older than the newest release, and about pre-releases."""
        return "error" if ("outdated", "error") in self.policy else "list"

    @property
    def first_source_wins(self) -> bool:
        """Whether the first source counts where two have a file of one name with different contents."""
        return ("first_source_wins", "true") in self.policy

    @property
    def policy_digest(self) -> str:
        """SHA-256 over what of the policy a lock depends on."""
        return digest_of(self._policy)

    def policy_digest_on(self, target: str) -> str:
        """SHA-256 over what of the policy and the sources a lock of *target* depends on."""
        sources = self.sources.stated_on(target)
        return digest_of({**self._policy, **({"sources": sources} if sources else {})})

    def policy_digest_of(self, job: Job) -> str:
        """SHA-256 over what of the policy and the sources the lock of *job* depends on."""
        projects = sorted({one.project for one in self.gaps_of(job)})
        # Left out where there is none, so that locks of older versions still match.
        own = self.policy_digest_on(job.target.name)
        return digest_of({"policy": own, "gaps": projects}) if projects else own

    def gaps_of(self, job: Job) -> tuple[Acceptance, ...]:
        """Return the acceptances of gaps that are about a request of *job*."""
        asked = {canonicalize_name(one.requirement.name) for one in job.requirement_set.requests}
        return tuple(
            one
            for one in self.accepted
            if one.rule == GAP and one.project in asked and one.covers((GAP, one.project, job.target.name))
        )

    @property
    def _policy(self) -> dict[str, object]:
        stated: dict[str, object] = {key: value for key, value in self.policy if key != "outdated"}
        # Left out where there is none, so that locks of older versions still match.
        stated |= {"sdists.build": [*self.build]} if self.build else {}
        stated |= {"sdists.keep": [*self.keep]} if self.keep else {}
        # The database of advisories changes often: a lock is judged again by a new one, and not resolved again.
        own = (
            {"advisories": [self.advisories.max_severity, self.advisories.unknown_severity]} if self.advisories else {}
        )
        return {**stated, **self.rules.stated, **own}
