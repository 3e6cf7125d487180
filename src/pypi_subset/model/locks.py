"""The answer for one set on one target."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.markers import Marker
    from packaging.requirements import Requirement
    from packaging.utils import NormalizedName

    from pypi_subset.model.distributions import Distribution


@dataclass(frozen=True, kw_only=True, slots=True, order=True)
class Reason:
    """
    Why a pin is there: one requirement and who stated it.

    Reasons are compared, sorted and hashed by the text of the requirement.

    :param text: the requirement as the lock has it, e.g. ``numpy>=1.22.4; python_version < "3.11"``.
    :param by: the project whose metadata states it; ``""`` for a request.
    :param origin: ``base.txt:3`` for a request, else ``""``.
    """

    requirement: Requirement = field(compare=False, repr=False)
    text: str = ""
    by: str = ""
    origin: str = ""

    def __post_init__(self) -> None:
        """Take the usual spelling where no other was given."""
        if not self.text:
            object.__setattr__(self, "text", str(self.requirement))


@dataclass(frozen=True, kw_only=True, slots=True)
class Pin:
    """
    One distribution chosen for one job.

    :param extras: the extras that are requested of it.
    :param marker: when this pin counts, if the lock has several of the project; the markers are disjoint.
    :param build: what the build of an sdist needs, if the sdist itself is in the index; empty for a wheel.
    :param vouched: whether the index or the request stated its SHA-256; else it is that of what came at the first time.
    """

    distribution: Distribution
    reasons: tuple[Reason, ...]
    extras: tuple[NormalizedName, ...] = ()
    marker: Marker | None = None
    vouched: bool = True
    build: tuple[Distribution, ...] = ()

    @property
    def requested(self) -> bool:
        """Whether a line of the set requests it."""
        return any(not reason.by for reason in self.reasons)

    @property
    def is_kept(self) -> bool:
        """Whether it is an sdist, which each machine builds."""
        return not self.distribution.filename.endswith(".whl")


@dataclass(frozen=True, kw_only=True, slots=True)
class Inputs:
    """Digests of what a lock was resolved from; it is valid while all of them are the same."""

    requirement_set: str
    target: str
    policy: str
    constraint: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Outdated:
    """
    A project that has an older release than the newest of its index, or a pre-release, and why.

    :param newest: the newest release; for a pre-release the newest final one, ``""`` without any.
    :param why: the first obstacle on the way to *newest*.
    :param step: what the user can change; ``""`` if nothing is known.
    :param uploaded: the day of *version*, ``yyyy-mm-dd``; ``""`` if the index does not state it.
    :param newest_uploaded: the same of *newest*.
    :param early: whether *version* is a pre-release.
    :param own: whether a line or a constraint of the user's own excludes *newest*, or a requirement names a pre-release.
    :param requested: whether a line of the set requests the project.
    """

    set: str
    target: str
    project: str
    version: str
    newest: str
    why: str
    step: str = ""
    uploaded: str = ""
    newest_uploaded: str = ""
    early: bool = False
    own: bool = False
    requested: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftOut:
    """
    A request that has no solution on a target, and that the user accepts there as a gap.

    :param request: the requirement, as the set states it.
    :param project: normalized name of the requested project.
    :param why: why it has no solution, one sentence.
    """

    request: str
    project: str
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class AcceptedGap(LeftOut):
    """
    The same with its place, and with the acceptance.

    :param reason: why the user accepts it.
    :param until: the last day of the acceptance, ``YYYY-MM-DD``.
    """

    set: str
    target: str
    reason: str
    until: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Lock:
    """
    The answer for one job.

    :param pins: sorted by project and version.
    :param patches: the first patch level of each span with its own answer, if the target leaves the patch level open; the
        markers of the pins state the same.
    :param outdated: what was known, when the lock was made, of requested projects with newer releases and of pre-releases;
        ``None`` in locks of release 0.1.
    :param as_of: the moment before which each of its files was uploaded, if the policy has a cut-off.
    :param fetched: URL and SHA-256 of each document that the set includes by URL.
    :param gaps: the requests that are left out, in the order of the set.
    :param lost: names of files from ``requirements/wheels`` that are gone from there, and that *gaps* need: pip's indexes are
        not asked for their projects.
    """

    set_name: str
    target_name: str
    inputs: Inputs
    pins: tuple[Pin, ...]
    patches: tuple[int, ...] = (0,)
    outdated: tuple[Outdated, ...] | None = None
    fetched: tuple[tuple[str, str], ...] = ()
    as_of: str = ""
    gaps: tuple[LeftOut, ...] = ()
    lost: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """``<set>--<target>``."""
        return f"{self.set_name}--{self.target_name}"

    @property
    def distributions(self) -> tuple[Distribution, ...]:
        """What it names: each pin, and behind a kept sdist what its build needs."""
        return tuple(one for pin in self.pins for one in (pin.distribution, *pin.build))

    @property
    def built_with(self) -> tuple[tuple[Distribution, Pin], ...]:
        """Each file that a build required, with the pin that is built: what indexes have of it."""
        found = ((pin, (pin.distribution, *pin.build)) for pin in self.pins)
        own = ((pin, [*pin.build, *(file for one in every for file in _files_of(one))]) for pin, every in found)
        return tuple((file, pin) for pin, files in own for file in files)


def _files_of(one: Distribution) -> tuple[Distribution, ...]:
    return one.built.files if one.built else ()
