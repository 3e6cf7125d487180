"""The disconnected side: a directory of ``--into``, and runs of the importer in this process or in another Python."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.standalone.importer import program
from pypi_subset.standalone.joined import import_bundle
from tests.support.gap import releases
from tests.support.gap.bundles import Key, Recipe

if TYPE_CHECKING:
    from tests.support.gap.releases import Release


@dataclass(frozen=True)
class Done:
    """How a run ended."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The line of the error, which is the last one and the only one."""
        lines = [line for line in self.err.splitlines() if line.startswith("import_bundle.py: error: ")]
        assert len(lines) == 1, self.err
        assert self.err.splitlines()[-1] == lines[0]
        return lines[0].removeprefix("import_bundle.py: error: ")


@dataclass(frozen=True)
class Far:
    """A directory of ``--into``."""

    into: Path

    @property
    def site(self) -> Path:
        """The live site."""
        return self.into / "site"

    def run(self, *arguments: str | Path) -> Done:
        """Return how a command about this directory ended."""
        return run(*arguments, "--into", self.into)

    def loose_wheels(self) -> list[str]:
        """Return the wheels that are neither in the live site nor in a kept release."""
        found = [path.relative_to(self.into).as_posix() for path in self.into.rglob("*.whl*")]
        return [path for path in found if not path.startswith(("site/", "releases/"))]

    def everything(self) -> dict[str, bytes | None]:
        """Return the content of each file of the directory, ``None`` for a directory."""
        paths = sorted(self.into.rglob("*"))
        return {path.relative_to(self.into).as_posix(): None if path.is_dir() else path.read_bytes() for path in paths}


@dataclass(frozen=True)
class Trip:
    """Three releases on the connected side, the bundles between them, and the key."""

    root: Path
    key: Key
    sites: tuple[Path, Path, Path]
    media: tuple[Path, Path, Path]

    @classmethod
    def made(cls, root: Path) -> Trip:
        """Return a trip, made in the directory *root*."""
        key = Key.made(root)
        written = [one().write(root / one.__name__) for one in (releases.first, releases.second, releases.third)]
        first, second, third = written
        media = (
            Recipe(1, key).make(root / "stick1", first),
            Recipe(2, key, difference=True).make(root / "stick2", second, first),
            Recipe(3, key, limit=3000, parity=True).make(root / "stick3", third, second),
        )
        return cls(root, key, (first, second, third), media)

    def far(self, name: str, imported: int = 0) -> Far:
        """
        Return a directory that allows the key.

        :param imported: how many of the bundles it imported.
        """
        found = Far(self.root / name)
        found.into.mkdir()
        (found.into / "allowed_signers").write_text(self.key.line())
        for medium in self.media[:imported]:
            done = found.run(medium)
            assert done.code == 0, done.err
        return found

    def bundle(self, release: Release, name: str, base: Path | None = None) -> Path:
        """Return the medium with a bundle of *release*, written in the directory *name*."""
        site = release.write(self.root / name / "site")
        return Recipe(release.serial, self.key).make(self.root / name / "stick", site, base)


def run(*arguments: str | Path) -> Done:
    """Return how a command ended, run in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = program.main([str(one) for one in arguments])
    return Done(code, out.getvalue(), err.getvalue())


def run_alone(python: str | Path, script: Path, *arguments: str | Path) -> Done:
    """Return how the one file ended, run by *python*."""
    command = [str(python), "-E", str(script), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    return Done(done.returncode, done.stdout, done.stderr)


@cache
def joined() -> bytes:
    """Return the one file."""
    return import_bundle()


def pythons() -> dict[str, Path]:
    """Return the interpreters of this machine by version, as pyenv installs them; this one at least."""
    found = {path.parent.parent.name: path for path in (Path.home() / ".pyenv/versions").glob("*/bin/python")}
    return found or {".".join(map(str, sys.version_info[:3])): Path(sys.executable)}
