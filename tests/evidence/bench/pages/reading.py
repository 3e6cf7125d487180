"""
One page with 60,000 links: our reading beside a bare pass of ``html.parser``, and a whole mirror beside ``pip download``.

Both are ratios of one run. The bare pass calls no handler of ours: no reader of the standard library can take less.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from packaging.tags import parse_tag
from packaging.utils import canonicalize_name

from pypi_subset.upstream.catalog import Upstream
from pypi_subset.upstream.pip_config import read_network
from tests.evidence.bench import table
from tests.support.servers.index import Index
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from pypi_subset.cli.display import Display

#: Links of the page: each release has a wheel for each tag, and an sdist.
LINKS = 60_000
PYTHONS = ("cp39", "cp310", "cp311", "cp312", "cp313")
PLATFORMS = (
    "manylinux_2_17_x86_64.manylinux2014_x86_64",
    "manylinux_2_17_aarch64.manylinux2014_aarch64",
    "macosx_11_0_arm64",
    "win_amd64",
)
TARGET = "cp312-manylinux_2_28_x86_64"
#: Tags of the wheels that it takes.
FITS = parse_tag("cp312-cp312-manylinux_2_17_x86_64")
#: How many times the seconds of a bare pass our reading may take, and those of ``pip download`` a mirror.
READING, WHOLE = 2.0, 1.3
#: Passes of each reader, in turn, of which the fastest counts.
PASSES = 5
COLUMNS = ("what", "beside", "seconds of", "theirs", "ours", "ratio", "goal", "met")


class Pair(NamedTuple):
    """Seconds of another tool, and ours."""

    theirs: float
    ours: float


def names() -> list[str]:
    """Return the file names of the page, newest release last."""
    tags = [f"{python}-{python}-{platform}" for python in PYTHONS for platform in PLATFORMS]
    releases = LINKS // (len(tags) + 1) + 1
    found = []
    for number in range(releases):
        version = f"1.{number // 100}.{number % 100}"
        found += [*(f"big-{version}-{tag}.whl" for tag in tags), f"big-{version}.tar.gz"]
    return found[-LINKS:]


def page(files: Sequence[str], last: str, sha256: str) -> bytes:
    """
    Return the page in HTML; the hash of all files but one is made up.

    :param last: the name of the file that is there, and *sha256* its hash.
    """
    lines = []
    for number, name in enumerate(files):
        digest = sha256 if name == last else f"{number:064x}"
        requires = ' data-requires-python="&gt;=3.9"'
        lines.append(f'<a href="/files/{name}#sha256={digest}"{requires}>{name}</a><br />')
    head = (
        '<!DOCTYPE html><html><head><meta name="pypi:repository-version" content="1.0"><title>big</title></head><body>'
    )
    return "\n".join([head, *lines, "</body></html>"]).encode()


def run(display: Display, environment: Mapping[str, str], *, runs: int) -> None:
    """Print a row for the reading, and one for whole runs: medians of *runs*."""
    with Index(style="html", metadata=False) as index:
        fill(index)
        reading = read(index)
        wholes = [whole(index, environment) for _ in range(runs)]
    middle = Pair(*(table.middle([getattr(one, side) for one in wholes]) or 0.0 for side in Pair._fields))
    rows = [
        row("page to candidates", "html.parser", "CPU", reading, READING),
        row("whole run", "pip download", "clock", middle, WHOLE),
    ]
    display.table(COLUMNS, rows, title=f"a page of {LINKS:,} links, one target, nothing cached")


def fill(index: Index) -> None:
    """Let *index* have the page, the newest file of it for the target, and a project that requires it."""
    files = names()
    version = files[-1].removesuffix(".tar.gz").rpartition("-")[2]
    big = make_wheel("big", version, tag="cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64")
    index.add(big, make_wheel("alpha", requires=["big"]))
    index.overrides["/simple/big/"] = page(files, big.filename, big.sha256)


def read(index: Index) -> Pair:
    """Return the CPU seconds of a bare pass, and of our reading from the page to the candidates of a target."""
    text = index.overrides["/simple/big/"].decode()

    def bare() -> None:
        parser = HTMLParser()
        parser.feed(text)
        parser.close()

    with tempfile.TemporaryDirectory() as folder:
        os.environ["PIP_INDEX_URL"] = index.url
        store = Path(folder, "work", "store")
        store.mkdir(parents=True)
        upstream = Upstream(read_network(), store=store, shelf=Path(folder))
        where = upstream.pages.where(canonicalize_name("big"), "here")
        # Fetched before.
        upstream.pages.page_at((index.url.rstrip("/"), where[0]))
        passes = [(took(bare), took(lambda: upstream.pages.fitting(where, FITS))) for _ in range(PASSES)]
    return Pair(*map(min, zip(*passes, strict=True)))


def took(action: Callable[[], object]) -> float:
    """Return the CPU seconds of a call: on a busy machine, others take most of the elapsed time."""
    started = time.process_time()
    action()
    return time.process_time() - started


def whole(index: Index, environment: Mapping[str, str]) -> Pair:
    """Return the seconds of ``pip download``, and of a mirror."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        variables = {**environment, "PIP_INDEX_URL": index.url, "HOME": name, "PIP_NO_CACHE_DIR": "1"}
        pip = [*(sys.executable, "-m", "pip", "download", "--dest", "wheels", "--only-binary", ":all:"), "--quiet"]
        pip += ["--python-version", "3.12", "--platform", "manylinux_2_28_x86_64", "--disable-pip-version-check"]
        # pip takes a platform as it is written.
        pip += ["--platform", "manylinux_2_17_x86_64", "alpha"]
        (folder / "requirements").mkdir()
        (folder / "requirements/base.txt").write_text("alpha\n", encoding="utf-8")
        (folder / "requirements/subset.toml").write_text(f'[targets]\nlinux = "{TARGET}"\n', encoding="utf-8")
        commands = (pip, [sys.executable, "-m", "pypi_subset", "mirror"])
        return Pair(*(_seconds(command, folder, variables) for command in commands))


def _seconds(command: Sequence[str], folder: Path, variables: Mapping[str, str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, env=dict(variables), check=True, capture_output=True)
    return time.perf_counter() - started


def row(what: str, beside: str, clock: str, found: Pair, goal: float) -> tuple[str, ...]:
    """Return a row of the table."""
    ratio = found.ours / found.theirs
    met = "yes" if ratio <= goal else "NO"
    return what, beside, clock, f"{found.theirs:.2f}", f"{found.ours:.2f}", f"{ratio:.2f}", f"{goal:.1f}", met
