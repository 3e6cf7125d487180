"""What an obstacle is in words, and what the user can do about it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pypi_subset.resolve.explain.alternatives import way_out
from pypi_subset.resolve.explain.obstacles import Offers, joined_of
from pypi_subset.resolve.explain.refused import letting_in, naming, refused, way_in
from pypi_subset.resolve.explain.rejections import admits, allows, by_release, obstacle

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.distributions import Distribution, Standing
    from pypi_subset.model.intake.sources import Source
    from pypi_subset.model.intake.verdicts import Verdict
    from pypi_subset.model.targets import Target
    from pypi_subset.resolve.explain.obstacles import Asking, Obstacle


#: What helps where an index has a page of a project, and no file on it. An index may show quarantine in that way.
BARE = "see why on that index: its files may be removed or in quarantine"


class Shelves(Offers, Protocol):
    """What the indexes have, and where the user puts wheels of their own."""

    @property
    def own_wheels(self) -> Path | None:
        """The directory of wheels that the user built."""

    def license_refusal(self, candidate: Candidate, /) -> Verdict | None:
        """Return why the licence of a wheel is refused, after reading its METADATA; ``None`` if it is not."""

    def denied(self, project: NormalizedName, /) -> str:
        """Return which index answered 403 or 410 for its page of a project, and what; ``""`` without one."""

    def quarantine(self, project: NormalizedName, /) -> Standing | None:
        """Return what an index says of a project that is in quarantine there (PEP 792)."""

    def bare(self, project: NormalizedName, /) -> str:
        """Return the index whose page of a project lists no file of it, ``""`` if no index has a page of it."""

    def source_of(self, project: NormalizedName, /) -> Source | None:
        """Return the source that a project comes from, ``None`` for pip's indexes."""

    def is_private(self, project: NormalizedName, /) -> bool:
        """Return whether pip's indexes are never asked for a project."""

    def vanished(self, project: NormalizedName, /) -> tuple[Verdict, ...]:
        """Return why locked releases that an index does not offer any more are not taken, newest first."""

    def newest(self, project: NormalizedName, /) -> Version | None:
        """Return the newest final release of a project that was not yanked, with any file; ``None`` without one."""


def build_command(releases: Iterable[tuple[str, Version]], offers: Shelves, *, to_keep: bool = False) -> str:
    """
    Return the command that builds wheels of *releases*, pairs of project and version, where mirror reads them.

    :param to_keep: whether a lock will hold it, which is for other machines too: it has no absolute path.
    """
    names = " ".join(shlex.quote(f"{project}=={version}") for project, version in releases)
    folder = offers.own_wheels or Path("requirements", "wheels")
    if to_keep and folder.is_absolute():
        folder = Path(folder.parent.name, folder.name)
    return f"pip wheel --no-deps {names} -w {shlex.quote(folder.as_posix())}"


def in_settings(project: str) -> str:
    """Return what has mirror build the sdists of *project*."""
    return f'write build = ["{project}"] below [sdists] in subset.toml'


def admitted_by(asking: Sequence[Asking], candidates: Iterable[Candidate]) -> dict[Version, list[Candidate]]:
    """Return the releases that all of *asking* admit: without pre-releases if there are others, for pip does so too."""
    joined = joined_of(asking)
    found = by_release(one for one in candidates if admits(joined, one.distribution.version))
    return {version: files for version, files in found.items() if not version.is_prerelease} or found


def why_of(found: Obstacle, project: str, target: Target, offers: Shelves) -> str:
    """Return the chain to an obstacle inside a release of *project*: ``it requires core==2.0; core 2.0: sdist only``."""
    steps = [
        f"{'it' if who.partition(' ')[0] == project else who} requires {requirement.name}{requirement.specifier}"
        for who, requirement in found.chain
    ]
    return "; ".join([*steps[:-1], _last(steps[-1:], found, target, offers)])


def _last(step: Sequence[str], found: Obstacle, target: Target, offers: Shelves) -> str:
    who, requirement = found.asking[0]
    head = "; ".join(step)
    if found.kind == "url":
        return f"{head} @ {requirement.url}: a URL, and no release of an index"
    if found.kind == "absent":
        return f"{head}, which {absence_of(found.project, offers)}"
    if found.kind in {"metadata", "limit"}:
        return "; ".join([*step, found.limit.what if found.limit else f"the metadata of {who} cannot be read"])
    candidates = offers.candidates(found.project)
    if found.kind == "version":
        return f"{head}: no release satisfies that, the newest is {max(by_release(candidates))}"
    if found.kind == "clash":
        other, rival = found.asking[1]
        return f"{head}, and {other} asks for {rival.name}{rival.specifier}"
    releases = admitted_by(found.asking, candidates)
    return f"{head}; {found.project} {max(releases)}: {obstacle(releases[max(releases)], target)}"


def absence_of(project: NormalizedName, offers: Shelves) -> str:
    """Return why there is no file of *project*: ``is in quarantine``, ``no index has`` …."""
    if (quarantine := offers.quarantine(project)) is not None:
        return f"is in quarantine{f' ({quarantine.reason})' if quarantine.reason else ''}"
    if vanished := offers.vanished(project):
        return f"no index offers any more ({vanished[0].sentence})"
    denied = offers.denied(project)
    if denied:
        return f"no index shows: {denied}"
    if bare := offers.bare(project):
        return f"has a page without files at {bare}"
    source = offers.source_of(project)
    if source is not None and not source.is_open:
        return f"{tables_of(source)} {'does' if len(source.chain) == 1 else 'do'} not have"
    return "no source serves" if offers.is_private(project) else "no index has"


def tables_of(source: Source) -> str:
    """Return the tables of the sources that serve a project together: ``[sources.a] and [sources.b]``."""
    return " and ".join(f"[sources.{one.name}]" for one in source.chain)


def _asked(project: NormalizedName, offers: Shelves) -> str:
    """Return the setting that says where *project* comes from; pip's indexes may have another one of that name."""
    source = offers.source_of(project)
    if source is not None and not source.is_open:
        return f"{tables_of(source)} in subset.toml"
    return "[sources] in subset.toml" if offers.is_private(project) else "pip's 'index-url'"


def step_of(found: Obstacle, target: Target, offers: Shelves) -> str:
    """Return what the user can do about an obstacle; ``""`` if only another version of the project that requires it helps."""
    if found.kind == "clash":
        place = next((who for who, _ in found.asking if ":" in who or "'" in who), "")
        return place and f"change {place}"
    if found.kind == "absent" and offers.quarantine(found.project) is None:
        vanished = offers.vanished(found.project)
        if vanished:
            return letting_in(vanished[0])
        return BARE if offers.bare(found.project) else f"check {_asked(found.project, offers)}"
    if found.kind != "files":
        return ""
    releases = admitted_by(found.asking, offers.candidates(found.project))
    return way_to(releases[max(releases)], target, offers)


def way_to(files: Sequence[Candidate], target: Target, offers: Shelves) -> str:
    """Return how the user gets the release that *files* belong to on *target*, as a lock may hold it: built, or elsewhere."""
    named = naming(files, target)
    if (kept_away := refused(files, target)) is not None:
        return f"{named}, for pip takes no yanked release else; and {way_in(kept_away)}" if named else way_in(kept_away)
    if named:
        return f"{named} to take it all the same"
    if all(each.tags is None for each in files):
        build = build_of(files, target, offers, to_keep=True)
        other = f"; or {build}, then `pypi-subset update`" if build else ""
        return f"{in_settings(files[0].distribution.project)} and run `pypi-subset mirror`{other}"
    return way_out(files, target, build=there(files, target, offers, to_keep=True), served=True)


def build_of(files: Iterable[Candidate], target: Target, offers: Shelves, *, to_keep: bool = False) -> str:
    """
    Return the command that builds a wheel of the newest sdist in *files* that the Python of *target* may have.

    Without such an sdist it is ``""``, and for one of a source too: pip would ask its own indexes for the name, and build
    what another project has there.
    """
    newest = newest_sdist(files, target)
    return (
        build_command([(newest.project, newest.version)], offers, to_keep=to_keep)
        if newest and not newest.source
        else ""
    )


def there(files: Iterable[Candidate], target: Target, offers: Shelves, *, to_keep: bool = False) -> str:
    """Return the same for another machine; for an sdist of a source, the file and that source."""
    newest = newest_sdist(files, target)
    if newest is None or not newest.source:
        return build_of(files, target, offers, to_keep=to_keep)
    return f"from {newest.filename}, for [sources.{newest.source}]"


def newest_sdist(files: Iterable[Candidate], target: Target) -> Distribution | None:
    """Return the newest sdist in *files*, of those that the Python of *target* may have if there is one."""
    sdists = [one.distribution for one in files if one.tags is None]
    fitting = [one for one in sdists if allows(one.requires_python, target.release)] or sdists
    return max(fitting, key=lambda one: (not one.version.is_prerelease, one.version), default=None)
