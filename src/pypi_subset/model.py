"""
The frozen values that flow between the stages; no input, no output, nothing but data.

``requirements/`` becomes a `Plan` of `Job` pairs; each job becomes a `Lock` of `Pin` values; pins become `Artifact`
files in ``packages/``; artifacts become `Project` pages in ``site/``; the proof turns cases into `Check` values.

A raw string becomes a `Requirement`, `NormalizedName`, `Version` or `Tag` once, at the door, through `packaging`.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

    from packaging.markers import Marker
    from packaging.requirements import Requirement
    from packaging.tags import Tag
    from packaging.utils import NormalizedName
    from packaging.version import Version

#: What a run does about a bad file.
Policy = Literal["stop", "skip"]

#: Marker values that follow from the running kernel, not from the kind of machine.
KERNEL_MARKERS = ("platform_release", "platform_version")


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """
    One kind of machine with one Python: everything that decides which wheels fit and which markers hold.

    :param name: the key in ``[targets]``.
    :param tag: the tag in full, e.g. ``cp310-cp310-manylinux2014_x86_64``; for a host, of the best native tag.
    :param implementation: ``cp``, ``pp``…: pip's ``--implementation``.
    :param python: full version of the interpreter, three numbers; of X.Y alone, X.Y.0.
    :param abis: most specific first, e.g. ``("cp310",)``: pip's ``--abi``.
    :param platforms: every platform tag that the machine accepts, best first: pip's ``--platform``.
    :param tags: every compatible tag, best first (PEP 425, 600, 656).
    :param markers: the marker environment (PEP 508), sorted by name; a value that nobody knows is absent.
    :param host: whether it describes the interpreter that runs the tool.
    :param described: whether the machine described itself; what it is, no setting changes.
    :param other_machines: what such a machine may say for ``platform_machine`` instead, where the user said nothing.
    :param unseen: platforms that its system takes and its pip is too old for, best first.
    :param exact: whether the patch level was named, and binds.
    :param notes: sentences that the user should hear about it; they decide nothing.
    """

    name: str
    tag: str
    implementation: str
    python: tuple[int, int, int]
    abis: tuple[str, ...]
    platforms: tuple[str, ...]
    tags: tuple[Tag, ...]
    markers: tuple[tuple[str, str], ...]
    host: bool = False
    described: bool = False
    other_machines: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    exact: bool = False
    notes: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """Its Python, as far as it was named: ``3.11``, ``3.11.4``; one of several patch levels is given in full."""
        return ".".join(map(str, self.python if self.exact or self.python[2] else self.python[:2]))

    @property
    def environment(self) -> dict[str, str]:
        """The marker environment as a new dict, for `packaging.markers.Marker.evaluate`."""
        return dict(self.markers)

    @property
    def digest(self) -> str:
        """
        SHA-256 over tags and markers, in hexadecimal.

        Of the host, the kernel's release and version are left out: a kernel update must not resolve it anew.
        """
        known = {name: value for name, value in self.markers if not (self.host and name in KERNEL_MARKERS)}
        return _digest({"tags": [str(tag) for tag in self.tags], "markers": known})


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One line of a set: a requirement, where it stands, and the hashes it insists on (``sha256:…``)."""

    requirement: Requirement
    path: Path
    line: int
    hashes: tuple[str, ...] = ()

    @property
    def origin(self) -> str:
        """``base.txt:3``: the file's name, without its folder, and the line."""
        return f"{self.path.name}:{self.line}"

    def __str__(self) -> str:
        """Return the request as pip reads it from a requirements file."""
        return " ".join([str(self.requirement), *(f"--hash={digest}" for digest in self.hashes)])


@dataclass(frozen=True, kw_only=True, slots=True)
class RequirementSet:
    """
    One requirements file with all it includes, or one other document: what is resolved together.

    :param name: stem of *path*; where ``[sets.NAME]`` has a source, ``NAME``.
    :param requests: the lines of the file and of every ``-r`` below it, in order of reading.
    :param constraints: the lines of every ``-c``.
    :param targets: names of the targets that it serves, sorted as in ``subset.toml``.
    """

    name: str
    path: Path
    requests: tuple[Request, ...]
    constraints: tuple[Request, ...]
    targets: tuple[str, ...]

    @property
    def digest(self) -> str:
        """SHA-256 over what is asked for: a comment or a blank line does not change it."""
        return _digest({"requests": [*map(str, self.requests)], "constraints": [*map(str, self.constraints)]})


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
class Plan:
    """
    Everything that ``requirements/`` asks for.

    :param policy: the pairs of the ``[policy]`` table that differ from what holds without it, sorted.
    """

    root: Path
    sets: tuple[RequirementSet, ...]
    targets: tuple[Target, ...]
    jobs: tuple[Job, ...]
    policy: tuple[tuple[str, str], ...] = ()

    @property
    def bad_files(self) -> Policy:
        """What is done about bad files."""
        return "skip" if ("bad_files", "skip") in self.policy else "stop"

    @property
    def policy_digest(self) -> str:
        """SHA-256 over the policy."""
        return _digest(dict(self.policy))


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """The status of a project (PEP 792): ``archived``, ``deprecated``…, and the reason, ``""`` if none is given."""

    status: str
    reason: str = ""


#: What two indexes, or one at two times, may know of a file or not.
_FACTS = ("size", "requires_python", "upload_time", "yanked", "provenance", "metadata", "standing")


@dataclass(frozen=True, kw_only=True, slots=True)
class Distribution:
    """
    One file of one release, as an index or a lock describes it.

    :param filename: as on the index; its project, version and tags were read from it by `packaging.utils`.
    :param size: bytes; ``None`` until an index or the file itself has told.
    :param sha256: hexadecimal; ``None`` where an index gives no hash and the file was not read yet.
    :param requires_python: as written by the project (PEP 345), not normalized.
    :param url: where it is fetched from, no fragment, no credentials; ``None`` for a file from a local folder.
    :param upload_time: ``yyyy-mm-ddThh:mm:ss[.ffffff]Z`` (PEP 700), or ``None``.
    :param yanked: reason (perhaps empty) if it was yanked (PEP 592), else ``None``.
    :param provenance: where the index keeps its attestations, an https URL (PEP 740), or ``None``.
    :param metadata: SHA-256 of the METADATA that the resolver went by; ``None`` where an older lock does not say.
    :param standing: what the index says of the whole project (PEP 792), ``None`` for the usual one.
    """

    filename: str
    project: NormalizedName
    version: Version
    size: int | None = None
    sha256: str | None = None
    requires_python: str | None = None
    url: str | None = None
    upload_time: str | None = None
    yanked: str | None = None
    provenance: str | None = None
    metadata: str | None = None
    standing: Standing | None = None

    def joined(self, other: Distribution) -> Distribution:
        """Return the same file with what *other* knows of it besides; what both know is as it is here."""
        facts = {name: getattr(other, name) for name in _FACTS if getattr(self, name) is None}
        return replace(self, **facts) if any(value is not None for value in facts.values()) else self


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Reason:
    """
    Why a pin is there: one requirement and who stated it.

    :param requirement: as written, e.g. ``numpy>=1.22.4; python_version < "3.11"``.
    :param by: the project whose metadata says so; ``""`` for a request.
    :param origin: ``base.txt:3`` for a request, else ``""``.
    """

    requirement: str
    by: str = ""
    origin: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pin:
    """
    One distribution chosen for one job.

    :param extras: those that somebody asked of it.
    :param marker: where a project stands in a lock more than once, when this one counts; the markers are disjoint.
    """

    distribution: Distribution
    reasons: tuple[Reason, ...]
    extras: tuple[NormalizedName, ...] = ()
    marker: Marker | None = None

    @property
    def requested(self) -> bool:
        """Whether a line of the set names it."""
        return any(not reason.by for reason in self.reasons)


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """What a lock was resolved from, as digests: it is valid as long as all of them stay."""

    requirement_set: str
    target: str
    policy: str
    constraint: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Lock:
    """
    The answer for one job.

    :param pins: sorted by project and version.
    :param patches: where the target leaves the patch level open, those from which on the answer is another one; the
        markers of the pins say the same.
    """

    set_name: str
    target_name: str
    inputs: Inputs
    pins: tuple[Pin, ...]
    patches: tuple[int, ...] = (0,)

    @property
    def name(self) -> str:
        """``<set>--<target>``."""
        return f"{self.set_name}--{self.target_name}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Artifact:
    """
    A distribution that lies on disk, its hash checked: ``size`` and ``sha256`` are never ``None`` here.

    :param folder: where it lies, under the name that the index gives it.
    :param metadata: SHA-256 of the METADATA in a wheel, which is served beside it (PEP 658); ``None`` until it was read.
    :param identity: by what the file is known again in this run and the next, ``""`` until it was looked at.
    """

    distribution: Distribution
    folder: Path
    metadata: str | None = None
    identity: str = field(default="", compare=False)

    @property
    def path(self) -> Path:
        """The file. Of most files of a large subset nobody asks for it, and paths take time to make."""
        return self.folder / self.distribution.filename


@dataclass(frozen=True, kw_only=True, slots=True)
class BadFile:
    """
    A file that was refused.

    :param filename: its name, control characters and the like escaped.
    :param reason: what is wrong with it, one line.
    :param action: what became of the run: it stopped, or went on without the file.
    """

    filename: str
    reason: str
    action: Policy


@dataclass(frozen=True, kw_only=True, slots=True)
class Project:
    """One page of the index: a project's artifacts, oldest release first, then by file name."""

    name: NormalizedName
    artifacts: tuple[Artifact, ...]

    @property
    def standing(self) -> Standing | None:
        """What the index said of the project, as far as any file's lock has kept it."""
        return next((one.distribution.standing for one in self.artifacts if one.distribution.standing), None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Paths:
    """The three folders of a subset, as the user spelt them."""

    requirements: Path
    packages: Path
    site: Path

    @property
    def locks(self) -> Path:
        """Where the lock files lie."""
        return self.requirements / "lock"


Proof = Literal["inventory", "installed", "unpacked", "second opinion", "emulated"]
#: ``differs`` is for the second opinion alone: another valid version, which is never red.
Status = Literal["passed", "failed", "skipped", "differs"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """
    The result of one case of the proof.

    :param target: target name; ``""`` for the inventory, which concerns all.
    :param set_name: set name; ``""`` for the inventory.
    :param request: the requested line, ``""`` for the whole set jointly.
    :param proof: how it was proven.
    :param status: ``skipped`` means "not requested here": its marker is false for the target.
    :param reason: for red, one sentence naming project, target and who requires it; for green, what is worth knowing.
    :param seconds: wall time.
    :param interpreter: path and version of the interpreter used, ``""`` if none.
    :param notes: further facts, e.g. ``installed, needs libGL.so.1``.
    :param way: how the files were reached: ``find-links``, ``simple`` or ``target``; ``""`` for the inventory.
    :param command: the command that failed, as one could type it; it names no folder of this machine.
    :param versions: what was installed, each as ``name==version``, sorted.
    :param remembered: whether it was proven before, for the same bytes by the same means, and not again.
    """

    target: str
    set_name: str
    request: str
    proof: Proof
    status: Status
    reason: str = ""
    seconds: float = 0.0
    interpreter: str = ""
    notes: tuple[str, ...] = ()
    way: str = ""
    command: str = ""
    versions: tuple[str, ...] = ()
    remembered: bool = False


def _digest(value: object) -> str:
    """SHA-256, in hexadecimal, of *value* written as canonical JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
