"""
Locks to verified files in ``packages/``, through ``pip download --no-deps --require-hashes`` for each target.

A file that lies there with the right hash is not fetched; one with a wrong hash is set aside and replaced: by a link to
what the site still holds, else from the index. pip copies into its destination piece by piece, so it gets a folder of
its own, and only whole, checked files move on.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING

from pypi_subset.errors import HashMismatch, PipFailed
from pypi_subset.model.candidates import Candidate
from pypi_subset.model.distributions import Artifact
from pypi_subset.pip import runner
from pypi_subset.support import files
from pypi_subset.support.threads import DaemonThreadPool
from pypi_subset.targets.pip_flags import pip_flags

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from pypi_subset.model.distributions import Distribution
    from pypi_subset.model.targets import Target
    from pypi_subset.packages.stock import Stock
    from pypi_subset.pip.pool import Pips
    from pypi_subset.upstream.catalog import Upstream
    from pypi_subset.upstream.gateway import Loopback


logger = logging.getLogger(__name__)

#: The loopback index has its own patience and its own retries, so pip needs none.
_OPTIONS = (
    *("--no-deps", "--require-hashes", "--only-binary", ":all:", "--progress-bar", "off"),
    # The lock has decided for which patch levels of Python a file is.
    "--ignore-requires-python",
    *("--retries", "0", "--timeout", "86400"),
)


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
    Return every artifact that was missing and is admitted. All fetched files are in *packages* afterwards, bad ones too.

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
        f"{job}.{number}": (job, [_candidate(one, index.upstream) for one in layer])
        for job, group in stock.missing
        for number, layer in enumerate(_layers(group))
    }
    with files.folder_errors(work):
        work.mkdir(parents=True, exist_ok=True)
    candidates = {name: layer for name, (_, layer) in runs_of.items()}
    views = {name: index.locked_url(name, layer) for name, layer in candidates.items()}
    with DaemonThreadPool(min(len(candidates), 2 * (os.cpu_count() or 1)) + 1) as pool:
        ahead = pool.submit(
            index.upstream.fetch_all, [candidate for group in candidates.values() for candidate in group]
        )

        def one_run(name: str) -> list[Artifact]:
            job, whole = runs_of[name]
            layer, sources = _admitted(
                [(candidate, index.upstream.file(candidate)) for candidate in whole], packages, admits
            )
            progress(len(whole) - len(layer))
            if layer:
                _pip_download(sources, layer, target=targets[job], view=views[name], pips=pips, work=work / name)
            logger.info("%s: %d of %d files are admitted", name, len(layer), len(whole))
            return [
                _settle(candidate.distribution, source, work / name / "files", packages, progress)
                for candidate, source in zip(layer, sources, strict=True)
            ]

        runs = [pool.submit(one_run, name) for name in runs_of]
        try:
            ahead.result()
            fetched = [artifact for run in runs for artifact in run.result()]
        except PipFailed as error:
            raise index.failure or error from error
    return tuple(fetched)


def _admitted(
    fetched: Iterable[tuple[Candidate, Path]], packages: Path, admits: Callable[[Path, str], bool]
) -> tuple[list[Candidate], list[Path]]:
    """Return the candidates that pip may have, with their files; put the others into *packages* at once."""
    good = []
    for candidate, path in fetched:
        if admits(path, candidate.distribution.filename):
            good.append((candidate, path))
        else:
            # Its hash is right: a later run that refuses it again need not fetch it again.
            _put(candidate, path, packages / candidate.distribution.filename)
    return [candidate for candidate, _ in good], [path for _, path in good]


def _put(candidate: Candidate, source: Path, destination: Path) -> None:
    """Give what was fetched another name; of a file of the user's own make a copy, which nothing that befalls it changes."""
    if candidate.path is None:
        files.link(source, destination)
    else:
        files.copy(source, destination)


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


def _candidate(distribution: Distribution, upstream: Upstream) -> Candidate:
    return Candidate(
        distribution=distribution,
        source="the lock",
        hashes=(("sha256", distribution.sha256 or ""),),
        path=None if distribution.url else upstream.pages.find_local(distribution),
    )


def _pip_download(
    sources: Sequence[Path], candidates: Sequence[Candidate], *, target: Target, view: str, pips: Pips, work: Path
) -> None:
    """
    Let pip gather the files of one job in *work*``/files``, where they lie already.

    pip checks what it finds in its destination, and fetches it only if its hash is wrong: no byte is copied through the
    loopback index.
    """
    destination, requirements = work / "files", work / "locked.txt"
    with files.folder_errors(work):
        # Without parents: a thread that outlives Ctrl-C must not make a stage again that was removed.
        for folder in (work, destination):
            folder.mkdir(exist_ok=True)
    for source, candidate in zip(sources, candidates, strict=True):
        _put(candidate, source, destination / candidate.distribution.filename)
    group = [candidate.distribution for candidate in candidates]
    lines = [f"{one.project}=={one.version} --hash=sha256:{one.sha256}\n" for one in group]
    files.write(requirements, "".join(lines).encode())
    command = ["download", *_OPTIONS, "--index-url", view, "--dest", str(destination)]
    command += [*pip_flags(target), "--requirement", str(requirements)]
    result = pips.run(command, work=work, environment=target.environment)
    if result.returncode != 0:
        msg = f"pip download failed for target {target.name}: {runner.complaint(result)}"
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
    with files.folder_errors(packages / one.filename):
        path.replace(packages / one.filename)
    progress(1)
    return Artifact(distribution=one, folder=packages)
