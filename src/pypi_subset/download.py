"""
Locks to verified files in ``packages/``, through ``pip download --no-deps --require-hashes`` for each target.

A file that lies there with the right hash is not fetched; one with a wrong hash is set aside and replaced: by a link to
what the site still holds, else from the index. pip copies into its destination piece by piece, so it gets a folder of
its own, and only whole, checked files move on.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from packaging.utils import InvalidName, InvalidSdistFilename, InvalidWheelFilename

from pypi_subset import files, piprun
from pypi_subset.crew import Crew
from pypi_subset.errors import BadDistribution, HashMismatch, PipFailed
from pypi_subset.filenames import project_and_version
from pypi_subset.intake import LIST, shown
from pypi_subset.memory import SMALL, identity_of
from pypi_subset.model import Artifact
from pypi_subset.offers import Offer
from pypi_subset.targets import pip_flags

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from pypi_subset.loopback import Loopback
    from pypi_subset.memory import Memory
    from pypi_subset.model import Distribution, Lock, Target
    from pypi_subset.piprun import Pips
    from pypi_subset.upstream import Upstream

#: Where files with a wrong hash are kept, below ``packages/``: somebody may want to look at them.
REJECTED = ".rejected"

#: What of ours lies in ``packages/`` beside distributions.
OWN = frozenset({"README.md", LIST})

#: The loopback index has its own patience and its own retries, so pip needs none.
_OPTIONS = (
    *("--no-deps", "--require-hashes", "--only-binary", ":all:", "--progress-bar", "off"),
    # The lock has decided for which patch levels of Python a file is.
    "--ignore-requires-python",
    *("--retries", "0", "--timeout", "86400"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Stock:
    """
    What of the locks lies in ``packages/`` before anything is fetched.

    :param present: files with the right hash.
    :param missing: what has to be fetched, for each job that is the first to need it.
    :param rejected: names of files whose hash was wrong; they were moved to ``.rejected/``.
    :param superseded: names of distributions that no lock needs.
    :param strangers: what else lies there, by name, with what is wrong with each.
    """

    present: tuple[Artifact, ...]
    missing: tuple[tuple[str, tuple[Distribution, ...]], ...]
    rejected: tuple[str, ...]
    superseded: tuple[str, ...]
    strangers: Mapping[str, BadDistribution]


def take_stock(locks: Sequence[Lock], packages: Path, *, site: Path, memory: Memory) -> Stock:
    """
    Return what *packages* holds of *locks*; files with a wrong hash are set aside.

    :param site: what *packages* lacks, and this site has, is linked back.
    :param memory: knows the hashes of files that have not changed.
    :raises HashMismatch: two locks want different bytes under one name.
    """
    wanted = _wanted(locks)
    lying, strangers = _lying(packages, wanted.keys())
    # Nothing of somebody else's is replaced: what it stands in the way of is not there, and told so.
    wanted = {name: one for name, one in wanted.items() if name not in strangers}
    identities = {name: identity_of(facts) for name, facts in lying.items() if name in wanted}
    hashes = {name: known for name, identity in identities.items() if (known := memory.recall(identity))}
    unread = {name: packages / name for name in identities if name not in hashes}
    with Crew(os.cpu_count()) as crew:
        # To hand a small file to a thread costs more than to read it.
        large = [name for name in unread if lying[name].st_size > SMALL]
        futures = {name: crew.submit(memory.sha256, unread.pop(name)) for name in large}
        hashes |= {name: memory.sha256(path, lying[name]) for name, path in unread.items()}
        hashes |= {name: future.result() for name, future in futures.items()}
    wrong = sorted(name for name, sha256 in hashes.items() if sha256 != wanted[name][0].sha256)
    for name in wrong:
        _reject(packages / name, hashes[name])
        del identities[name]
    right = {*identities}
    right |= _take_back((one for name, (one, _) in wanted.items() if name not in right), packages, site)
    missing: dict[str, list[Distribution]] = {}
    for name, (distribution, job) in wanted.items():
        if name not in right:
            missing.setdefault(job, []).append(distribution)
    return Stock(
        present=tuple(
            Artifact(
                distribution=wanted[name][0],
                folder=packages,
                identity=identities.get(name, ""),
            )
            for name in sorted(right)
        ),
        missing=tuple((job, tuple(group)) for job, group in sorted(missing.items())),
        rejected=tuple(wrong),
        superseded=tuple(sorted(lying.keys() - wanted.keys())),
        strangers=strangers,
    )


def strangers(locks: Iterable[Lock], packages: Path) -> Mapping[str, BadDistribution]:
    """Return what lies in *packages* and is no distribution, by name, with what is wrong with each."""
    return _lying(packages, {pin.distribution.filename for lock in locks for pin in lock.pins})[1]


def download(  # noqa: PLR0913 - all that fetching needs, each by name
    stock: Stock,
    *,
    targets: Mapping[str, Target],
    index: Loopback,
    pips: Pips,
    packages: Path,
    work: Path,
    admits: Callable[[Path, str], bool],
    progress: Callable[[int], None],
) -> tuple[Artifact, ...]:
    """
    Return every artifact that was missing and is admitted; all of them lie in *packages* now, bad ones too.

    :param targets: the target of each job, by the job's name.
    :param index: the loopback index to download from.
    :param pips: runs pip.
    :param work: a folder for this run, on the file system of *packages*.
    :param admits: whether the file at a path, of a name, is fit for the subset: pip is not asked for one that is not.
    :param progress: called with the number of files that arrived.
    :raises UpstreamError: a file cannot be fetched.
    :raises HashMismatch: a file is not what the lock says.
    """
    runs_of = {
        f"{job}.{number}": (job, [_offer(one, index.upstream) for one in layer])
        for job, group in stock.missing
        for number, layer in enumerate(_layers(group))
    }
    offers = {name: layer for name, (_, layer) in runs_of.items()}
    views = {name: index.locked_url(name, layer) for name, layer in offers.items()}
    with Crew(min(len(offers), 2 * (os.cpu_count() or 1)) + 1) as crew:
        ahead = crew.submit(index.upstream.fetch_all, [offer for group in offers.values() for offer in group])

        def one_run(name: str) -> list[Artifact]:
            job, whole = runs_of[name]
            layer, sources = _admitted([(offer, index.upstream.file(offer)) for offer in whole], packages, admits)
            progress(len(whole) - len(layer))
            if layer:
                _pip_download(sources, layer, target=targets[job], view=views[name], pips=pips, work=work / name)
            return [
                _settle(offer.distribution, source, work / name / "files", packages, progress)
                for offer, source in zip(layer, sources, strict=True)
            ]

        runs = [crew.submit(one_run, name) for name in runs_of]
        try:
            ahead.result()
            fetched = [artifact for run in runs for artifact in run.result()]
        except PipFailed as error:
            raise index.failure or error from error
    return tuple(fetched)


def _admitted(
    fetched: Iterable[tuple[Offer, Path]], packages: Path, admits: Callable[[Path, str], bool]
) -> tuple[list[Offer], list[Path]]:
    """The offers whose files pip may have, and where those lie; the others are put into *packages* at once."""
    good = []
    for offer, path in fetched:
        if admits(path, offer.distribution.filename):
            good.append((offer, path))
        else:
            # Its hash is right: a later run that refuses it again need not fetch it again.
            files.link(path, packages / offer.distribution.filename)
    return [offer for offer, _ in good], [path for _, path in good]


def _layers(group: Iterable[Distribution]) -> list[list[Distribution]]:
    """The distributions in as many lists as needed for no project to stand in one of them twice: pip takes one of each."""
    layers: list[list[Distribution]] = []
    for one in group:
        free = next((layer for layer in layers if all(other.project != one.project for other in layer)), None)
        if free is None:
            layers.append([one])
        else:
            free.append(one)
    return layers


def _wanted(locks: Iterable[Lock]) -> dict[str, tuple[Distribution, str]]:
    """Each file once, with the name of the first job that needs it."""
    wanted: dict[str, tuple[Distribution, str]] = {}
    for lock in locks:
        for one in (pin.distribution for pin in lock.pins):
            other, first = wanted.setdefault(one.filename, (one, lock.name))
            if other is one:
                continue
            wanted[one.filename] = other.joined(one), first
            if other.sha256 != one.sha256:
                msg = (
                    f"{one.filename} has two contents: sha256 {other.sha256} for {first}, {one.sha256} for {lock.name}"
                )
                step = "drop one of the two sources from pip's configuration, then run the update"
                raise HashMismatch(msg, project=one.project, target=lock.target_name, next_step=step)
    return wanted


def _take_back(absent: Iterable[Distribution], packages: Path, site: Path) -> set[str]:
    """Link what the site still holds into *packages*; return its names. Fetched anew, its bytes would lie here twice."""
    names = set()
    with files.known_as(packages, packages):
        for one in absent:
            published = site / "simple" / one.project / one.filename
            if published.is_file() and not published.is_symlink() and files.sha256_of(published) == one.sha256:
                files.link(published, packages / one.filename)
                names.add(one.filename)
    return names


def _lying(packages: Path, wanted: Collection[str]) -> tuple[dict[str, os.stat_result], dict[str, BadDistribution]]:
    """
    Names of the distributions in *packages* with what the system knows of them, and what else lies there.

    Hidden files and our own are neither.

    :param wanted: names that a lock has, and need not be looked at again.
    """
    lying, strange = {}, {}
    with files.folder_errors(packages), os.scandir(packages) as entries:
        for entry in entries:
            name = entry.name
            # Nearly always.
            if name in wanted and entry.is_file(follow_symlinks=False):
                lying[name] = entry.stat()
            elif name.startswith(".") or name in OWN:
                continue
            elif what := _strange(entry, wanted):
                strange[name] = what
            else:
                lying[name] = entry.stat()
    step = "move it away: this folder holds distributions alone"
    strangers = {
        name: BadDistribution(what, path=packages / shown(name), next_step=step) for name, what in strange.items()
    }
    return lying, strangers


def _strange(entry: os.DirEntry[str], wanted: Collection[str]) -> str:
    """Return why what lies there is none of ours; ``""`` if it may be."""
    if entry.is_file(follow_symlinks=False):
        return "" if entry.name in wanted or is_distribution(entry.name) else "this is no wheel and no sdist"
    if entry.is_symlink():
        return "this is a symbolic link, and no file"
    return "this is a folder" if entry.is_dir() else "this is no regular file"


def is_distribution(filename: str) -> bool:
    """Whether *filename* is the name of a wheel or an sdist, and of nothing else to a page, a shell or a server."""
    try:
        project_and_version(filename)
    except (InvalidName, InvalidWheelFilename, InvalidSdistFilename):
        return False
    return True


def _reject(path: Path, sha256: str) -> None:
    folder = path.parent / REJECTED
    with files.folder_errors(folder):
        folder.mkdir(exist_ok=True)
        path.replace(folder / f"{path.name}.{sha256[:12]}")


def _offer(distribution: Distribution, upstream: Upstream) -> Offer:
    return Offer(
        distribution=distribution,
        source="the lock",
        hashes=(("sha256", distribution.sha256 or ""),),
        path=None if distribution.url else upstream.find_local(distribution),
    )


def _pip_download(
    sources: Sequence[Path], offers: Sequence[Offer], *, target: Target, view: str, pips: Pips, work: Path
) -> None:
    """
    Let pip gather the files of one job in *work*``/files``, where they lie already.

    pip checks what it finds in its destination, and fetches it only if its hash is wrong: no byte is copied through the
    loopback index.
    """
    destination, requirements = work / "files", work / "locked.txt"
    with files.folder_errors(work):
        destination.mkdir(parents=True, exist_ok=True)
    for source, offer in zip(sources, offers, strict=True):
        files.link(source, destination / offer.distribution.filename)
    group = [offer.distribution for offer in offers]
    lines = [f"{one.project}=={one.version} --hash=sha256:{one.sha256}\n" for one in group]
    files.write(requirements, "".join(lines).encode())
    command = ["download", *_OPTIONS, "--index-url", view, "--dest", str(destination)]
    command += [*pip_flags(target), "--requirement", str(requirements)]
    result = pips.run(command, work=work, environment=target.environment)
    if result.returncode != 0:
        msg = f"pip download failed for target {target.name}: {piprun.complaint(result)}"
        raise PipFailed(msg, output=result.stderr, target=target.name, next_step="run the same command again")


def _settle(
    one: Distribution, source: Path, destination: Path, packages: Path, progress: Callable[[int], None]
) -> Artifact:
    """Move a whole, checked file to its place: *source* was checked on arrival, and by pip if it is still that file."""
    path = destination / one.filename
    with files.folder_errors(path):
        sha256 = one.sha256 if path.samefile(source) else files.sha256_of(path)
    if sha256 != one.sha256:
        msg = f"{one.filename} has sha256 {sha256} on arrival, the lock says {one.sha256}"
        raise HashMismatch(msg, project=one.project, next_step="run the same command again; the disk may be failing")
    files.move(path, packages / one.filename)
    progress(1)
    return Artifact(distribution=one, folder=packages)
