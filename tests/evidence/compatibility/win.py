"""What a client fetches to resolve, from our site and from a bare dir2pi site of the same wheels, counted."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from tests.evidence.compatibility.run import environment
from tests.support.servers.ports import answering

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

#: What is resolved; pandas is large, the other has many dependencies.
REQUESTS = ("uvicorn[standard]", "pandas")

MARKS = ("<!-- resolving: begin -->", "<!-- resolving: end -->")

#: The names of the two indexes in the table.
OURS, BARE = "our site", "dir2pi"


@dataclass(frozen=True, kw_only=True, slots=True)
class Fetched:
    """What a client fetched from an index: path → bytes, in order; what was not there counts as a request."""

    client: str
    index: str
    answers: tuple[tuple[str, int], ...]

    @property
    def bytes_(self) -> int:
        """All bytes of bodies."""
        return sum(size for _, size in self.answers)

    @property
    def wheels(self) -> int:
        """How many wheels."""
        return sum(path.endswith(".whl") for path, _ in self.answers)


def bare(site: Path, folder: Path) -> Path:
    """Return *folder* as a site that dir2pi made of the wheels of *site*, copies of them."""
    for wheel in site.glob("simple/*/*.whl"):
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(wheel, folder)
    command = [str(Path(sys.executable).with_name("dir2pi")), "--no-symlink", str(folder)]
    subprocess.run(command, check=True, capture_output=True)
    return folder


def measure(
    sites: Mapping[str, Path], programs: Mapping[str, Path], requests: Sequence[str], folder: Path
) -> list[Fetched]:
    """
    Return what pip and uv fetched from each of *sites* to resolve *requests*, with nothing kept from before.

    :param sites: name of the index → its directory.
    :param folder: empty.
    :raises RuntimeError: a client could not resolve.
    """
    venv = folder / "venv"
    subprocess.run([sys.executable, "-I", "-m", "venv", "--without-pip", str(venv)], check=True)
    into = str(venv / "bin" / "python")
    pip = [str(programs["pip"] / "pip"), "--python", into, "install", "--dry-run", "--index-url"]
    uv = [str(programs["uv"] / "uv"), "pip", "install", "--dry-run", "--python", into, "--default-index"]
    found = []
    for client, command in (("pip", pip), ("uv", uv)):
        for name, site in sites.items():
            work = folder / f"{client}-{name}"
            with counted(site) as (url, answers):
                _resolve([*command, f"{url}simple/", *requests], work)
            found.append(Fetched(client=client, index=name, answers=tuple(answers)))
    return found


@contextlib.contextmanager
def counted(site: Path) -> Iterator[tuple[str, list[tuple[str, int]]]]:
    """Yield the address of *site* on ``http.server``, and the list of path and bytes of each answer so far."""
    answers: list[tuple[str, int]] = []
    with answering(partial(_Handler, answers, directory=str(site))) as port:
        yield f"http://127.0.0.1:{port}/", answers


def render(found: Iterable[Fetched], versions: Mapping[str, str]) -> str:
    """Return the table in Markdown."""
    rows = ["| to resolve | from | requests | bytes | wheels among them |", "| --- | --- | ---: | ---: | ---: |"]
    rows += [
        f"| {one.client} {versions[one.client]} | {one.index} | {len(one.answers)} | {one.bytes_:,} | {one.wheels} |"
        for one in found
    ]
    return "\n".join([*rows, ""])


def faults(found: Iterable[Fetched]) -> list[str]:
    """Return what is wrong: each wheel that was fetched from our site in order to resolve."""
    return [
        f"{one.client} fetched {path.rpartition('/')[2]} from our site to resolve"
        for one in found
        for path, _ in one.answers
        if one.index == OURS and path.endswith(".whl")
    ]


def _resolve(command: Sequence[str], work: Path) -> None:
    variables = environment(work)
    done = subprocess.run(command, env=variables, cwd=work, capture_output=True, text=True, check=False)
    if done.returncode:
        msg = f"{Path(command[0]).name} cannot resolve: {done.stderr[-1000:]}"
        raise RuntimeError(msg)


class _Handler(SimpleHTTPRequestHandler):
    """``http.server``'s own way with files, which notes what it sends."""

    def __init__(self, answers: list[tuple[str, int]], *arguments: Any, **more: Any) -> None:
        self._answers = answers
        super().__init__(*arguments, **more)

    def copyfile(self, source: IO[bytes], outputfile: IO[bytes]) -> None:  # type: ignore[override]
        """Send the file, and note how much that is."""
        data = source.read()
        self._answers.append((self.path, len(data)))
        outputfile.write(data)

    def send_error(self, code: int, *arguments: Any, **more: Any) -> None:
        """Note what was asked for in vain."""
        self._answers.append((self.path, 0))
        super().send_error(code, *arguments, **more)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
