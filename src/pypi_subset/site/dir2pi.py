"""
Artifacts become a staged ``simple/<project>/<file>`` tree, laid out by dir2pi and checked by `packaging`.

dir2pi decides where a file belongs. It reads names with one regular expression, so sdists such as
``python-3parclient-4.2.12.tar.gz`` and wheels with a build tag land in a wrong directory: those are moved.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

from pypi_subset.distributions import filenames
from pypi_subset.errors import BadDistribution, HashMismatch, MachineError
from pypi_subset.model import paths
from pypi_subset.model.distributions import Project
from pypi_subset.site.stage_writer import StageWriter
from pypi_subset.support import files, staging
from pypi_subset.support.machine import memory

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from pypi_subset.model.distributions import Artifact


# dir2pi stops at an sdist whose version does not begin with a digit (``foo-v1.0.tar.gz``).
_READ_BY_DIR2PI = re.compile(r"-\d")

_DIR2PI = "import sys; from libpip2pi.commands import dir2pi; sys.exit(dir2pi(['dir2pi', *sys.argv[1:]]))"


def place(artifacts: Sequence[Artifact], stage: Path) -> None:
    """
    Put every file of *artifacts* into its project's directory below *stage*.

    Each is a hard link, or a copy if the file system has no links.

    :param stage: the staged directory; it holds nothing of these projects.
    :raises BadDistribution: a file name is not a distribution's, or a file is missing in the result.
    :raises HashMismatch: two artifacts have one name and different content.
    :raises FolderError: *stage* cannot be written, or the disk is full.
    """
    chosen = _unique(artifacts)
    owners = {filename: checked_project(artifact) for filename, artifact in chosen.items()}
    scratch = stage / ".layout.stage"
    simple = scratch / paths.SIMPLE
    with files.folder_errors(stage):
        scratch.mkdir(parents=True)
        try:
            if owners:
                waiting = StageWriter(scratch, live=scratch)
                for filename, artifact in chosen.items():
                    waiting.link(f"{artifact.folder}/{filename}", _waiting(filename))
                _settle(scratch, simple, run_dir2pi(scratch), owners)
            else:
                simple.mkdir()
            _check_complete(simple, owners)
            # The projects that are in the stage already are others.
            if (stage / paths.SIMPLE).is_dir():
                for folder in simple.iterdir():
                    folder.rename(stage / paths.SIMPLE / folder.name)
            else:
                simple.rename(stage / paths.SIMPLE)
        finally:
            staging.remove_tree(scratch)


def grouped(artifacts: Iterable[Artifact]) -> tuple[Project, ...]:
    """Return the projects of *artifacts*, sorted by name, each with its files in the order of its page."""
    grouped: dict[NormalizedName, list[Artifact]] = {}
    for one in artifacts:
        grouped.setdefault(one.distribution.project, []).append(one)
    return tuple(Project(name=name, artifacts=tuple(sorted(grouped[name], key=_age))) for name in sorted(grouped))


def _age(artifact: Artifact) -> tuple[Version, str]:
    return artifact.distribution.version, artifact.distribution.filename


def checked_project(artifact: Artifact) -> NormalizedName:
    """
    Return the project that the artifact's file name belongs to; only the name on disk and page counts, not METADATA.

    :raises BadDistribution: the name is not valid, or says something else than the index did.
    """
    distribution = artifact.distribution
    filename = distribution.filename
    try:
        project, version, _ = filenames.parse(filename)
    except filenames.INVALID as error:
        msg = f"{filename!r} is not the name of a wheel or source distribution"
        raise BadDistribution(msg, path=artifact.path, next_step="remove the file") from error
    if (project, version) != (distribution.project, distribution.version):
        msg = f"{filename!r} is a file of {project} {version}, not of {distribution.project} {distribution.version}"
        raise BadDistribution(
            msg, project=distribution.project, path=artifact.path, next_step="run `pypi-subset update`"
        )
    return project


def run_dir2pi(scratch: Path) -> dict[str, str]:
    """
    Return the directory below *scratch*``/simple`` that dir2pi chose for each file of *scratch*.

    That then holds dir2pi's own tree of symbolic links, or of copies where links are not possible.

    :param scratch: a directory that holds distributions and nothing else.
    :raises SubsetError: dir2pi failed.
    """
    # Its pages lack a doctype and hashes; ours replace them, so it writes none.
    arguments = ["--no-build-html", "--symlink" if _has_symlinks(scratch) else "--no-symlink", str(scratch.absolute())]
    # The modules of this process, wherever they were installed, and nothing else that is ambient.
    environment = {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "PYTHONDONTWRITEBYTECODE": "1"}
    environment |= {name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ}
    # A process of its own: dir2pi imports ``pkg_resources``, which warns and prints, and leaves by ``sys.exit``.
    command = [sys.executable, "-S", "-P", "-W", "ignore", "-c", _DIR2PI, *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, errors="replace", check=False)
    if done.returncode:
        files.blame(done.stderr, scratch)
        if why := memory.ran_out(done.returncode, done.stderr):
            msg = f"dir2pi {why}"
            raise MachineError(msg, next_step=memory.STEP)
        said = (done.stderr or done.stdout).strip().rpartition("\n")[2]
        msg = f"dir2pi failed: {said or f'exit code {done.returncode}'}"
        raise MachineError(msg, next_step="see that pip2pi and setuptools<82 are installed beside pypi-subset")
    return {path.rpartition("/")[2]: path.partition("/")[0] for path, _ in _lying(scratch / paths.SIMPLE)}


def _unique(artifacts: Sequence[Artifact]) -> dict[str, Artifact]:
    """Return the artifacts by file name, refusing names that one directory could not hold on every file system."""
    chosen: dict[str, Artifact] = {}
    spelling: dict[str, str] = {}
    for artifact in artifacts:
        distribution = artifact.distribution
        first = chosen.setdefault(distribution.filename, artifact)
        if first.distribution.sha256 != distribution.sha256:
            msg = f"two files are named {distribution.filename} and differ: {first.path} and {artifact.path}"
            raise HashMismatch(msg, project=distribution.project, next_step="remove one of their indexes")
        other = spelling.setdefault(distribution.filename.lower(), distribution.filename)
        if other != distribution.filename:
            msg = f"{other} and {distribution.filename} are one file on a disk that ignores case"
            raise BadDistribution(msg, project=distribution.project, next_step="pin the release to one of them")
    return dict(sorted(chosen.items()))


def _has_symlinks(folder: Path) -> bool:
    """Whether symbolic links can be made in *folder*: not on some file systems, nor by every user of Windows."""
    probe = folder / ".probe"
    try:
        probe.symlink_to("nowhere")
    except OSError:
        return False
    probe.unlink()
    return True


def _waiting(filename: str) -> str:
    """Under which name a file waits for its place: hidden from dir2pi if its own would stop it."""
    return filename if filename.endswith(".whl") or _READ_BY_DIR2PI.search(filename) else f".{filename}"


def _settle(scratch: Path, simple: Path, placed: Mapping[str, str], owners: Mapping[str, NormalizedName]) -> None:
    """Put each file of *scratch* where dir2pi's link to it stands; where that is wrong, into its project's directory."""
    for project in {*owners.values()} - {*placed.values()}:
        (simple / project).mkdir()
    before, after = os.fspath(scratch), os.fspath(simple)
    for filename, project in owners.items():
        folder = placed.get(filename)
        if folder is not None and folder != project:
            (simple / folder / filename).unlink()
        # Over dir2pi's link, which leads here.
        os.replace(f"{before}/{_waiting(filename)}", f"{after}/{project}/{filename}")  # noqa: PTH105 - many strings
    for folder in {*placed.values()} - {*owners.values()}:
        (simple / folder).rmdir()


def _check_complete(simple: Path, owners: Mapping[str, NormalizedName]) -> None:
    """Compare what is below *simple* with what was to be laid out: real files, all of them, and no others."""
    wanted = {f"{project}/{filename}" for filename, project in owners.items()}
    present = dict(_lying(simple))
    links = {path for path, regular in present.items() if not regular}
    if wrong := sorted((wanted ^ present.keys()) | links):
        more = f" and {len(wrong) - 3} more" if wrong[3:] else ""
        msg = f"the layout lost or added {', '.join(wrong[:3])}{more}"
        raise BadDistribution(msg, path=simple, next_step="run the same command again")


def _lying(simple: Path) -> Iterator[tuple[str, bool]]:
    """
    Yield the path below *simple*, and whether it is a regular file, of everything there or in a directory there.

    The system is not asked about each, so this is faster than `files.walk`.
    """
    with os.scandir(simple) as folders:
        for folder in folders:
            if not folder.is_dir(follow_symlinks=False):
                yield folder.name, folder.is_file(follow_symlinks=False)
                continue
            with os.scandir(folder) as entries:
                for entry in entries:
                    yield f"{folder.name}/{entry.name}", entry.is_file(follow_symlinks=False)
