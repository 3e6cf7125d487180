"""``pip download --no-deps --require-hashes``: pip takes the files of one lock for its target, with the hashes of the lock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pypi_subset.errors import HashMismatch, PipFailed
from pypi_subset.pip import runner, sharing
from pypi_subset.support import files
from pypi_subset.targets.pips.flags import pip_flags

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.distributions import Distribution
    from pypi_subset.model.targets import Target
    from pypi_subset.pip.pool import Pips
    from pypi_subset.upstream.gateway import Loopback

#: The loopback index has its own patience and its own retries, so pip needs none.
_OPTIONS = (
    *("--no-deps", "--require-hashes", "--only-binary", ":all:", "--progress-bar", "off"),
    # The lock has decided for which patch levels of Python a file is.
    "--ignore-requires-python",
    *("--retries", "0", "--timeout", "86400"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class PipDownload:
    """
    Runs pip for the files of one job, which are on this machine already.

    :param index: returns the loopback index.
    :param work: a directory for these runs, on the file system of the packages directory.
    """

    index: Callable[[], Loopback]
    pips: Pips
    work: Path

    def __call__(self, name: str, target: Target, arrived: Sequence[tuple[Candidate, Path]]) -> list[Path]:
        """
        Return the path of each file in pip's destination, in the order of *arrived*.

        The files are in the destination before pip starts: pip holds the hash of each wheel against the lock, and copies
        none. It gets the hash that a file had on arrival, if that is still the same file. A file of the user's own is a
        copy there, which no later change of the original reaches: pip reads that one.

        :param name: of the run, the same for no other.
        :param arrived: candidates with their files, one of a project at most.
        :raises PipFailed: pip refuses a file for *target*.
        :raises HashMismatch: a file changed while it was copied.
        """
        work = self.work / name
        destination = work / "files"
        with files.folder_errors(work):
            # Without parents: a thread that outlives Ctrl-C must not make a stage again that was removed.
            for folder in (self.work, work, destination):
                folder.mkdir(exist_ok=True)
        for candidate, source in arrived:
            put = files.link if candidate.path is None else files.copy
            put(source, destination / candidate.distribution.filename)
        # pip would run the code of an sdist to read its metadata. Its hash was compared on arrival.
        wheels = [candidate for candidate, _ in arrived if candidate.distribution.filename.endswith(".whl")]
        if wheels:
            self._run(name, target, wheels, destination, dict(_hashed(arrived, destination)))
        return [_checked(candidate.distribution, source, destination) for candidate, source in arrived]

    def _run(
        self,
        name: str,
        target: Target,
        wheels: Sequence[Candidate],
        destination: Path,
        hashed: Mapping[str, tuple[str, str]],
    ) -> None:
        """Have pip take *wheels*, which are in *destination*; *hashed* as for `sharing.take`."""
        work = self.work / name
        requirements = work / "locked.txt"
        ones = [candidate.distribution for candidate in wheels]
        lines = [f"{one.project}=={one.version} --hash=sha256:{one.sha256}\n" for one in ones]
        files.write(requirements, "".join(lines).encode())
        view = self.index().locked_url(name, wheels)
        command = ["download", *_OPTIONS, "--index-url", view, "--dest", str(destination)]
        command += [*pip_flags(target), "--requirement", str(requirements)]
        result = self.pips.run(command, work=work, environment=target.environment, known={"hashed": hashed})
        if result.returncode != 0:
            msg = f"pip download failed for target {target.name}: {runner.complaint(result)}"
            error = PipFailed(msg, output=result.stderr, target=target.name, next_step="run the same command again")
            raise self.index().failure or error


def layers(group: Iterable[Distribution]) -> list[list[Distribution]]:
    """Return the distributions in as many lists as needed for no project to be in one of them twice: pip takes one of each."""
    found: list[list[Distribution]] = []
    for one in group:
        free = next((layer for layer in found if all(other.project != one.project for other in layer)), None)
        if free is None:
            found.append([one])
        else:
            free.append(one)
    return found


def _hashed(arrived: Iterable[tuple[Candidate, Path]], destination: Path) -> Iterator[tuple[str, tuple[str, str]]]:
    """Yield the path of each file that is the one that was hashed on arrival, as pip spells it, with its identity and hash."""
    folder = destination.resolve()
    for candidate, source in arrived:
        path = folder / candidate.distribution.filename
        with files.folder_errors(path):
            if candidate.path is None and path.samefile(source):
                yield str(path), (sharing.identity(str(path)), candidate.distribution.sha256 or "")


def _checked(one: Distribution, source: Path, destination: Path) -> Path:
    """Return the file in *destination*, whose hash was compared on arrival, or now if it is no longer that file."""
    path = destination / one.filename
    with files.folder_errors(path):
        sha256 = one.sha256 if path.samefile(source) else files.sha256_of(path)
    if sha256 != one.sha256:
        msg = f"{one.filename} has sha256 {sha256} on arrival, the lock says {one.sha256}"
        raise HashMismatch(msg, project=one.project, next_step="run the same command again; the disk may be failing")
    return path
