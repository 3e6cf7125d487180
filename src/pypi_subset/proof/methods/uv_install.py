"""A real installation by uv, offline and into a directory of its own: what it refuses of what pip installs."""

from __future__ import annotations

import os
import re
import shutil
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pypi_subset.errors import ProofFailed
from pypi_subset.proof.access.unpacked_size import size_of
from pypi_subset.proof.cases.once import keep, recall
from pypi_subset.proof.isolation.box import Box, Limits
from pypi_subset.proof.isolation.launching import failed
from pypi_subset.proof.isolation.outcome import outcome
from pypi_subset.proof.machines import boxes
from pypi_subset.support import staging
from pypi_subset.support.machine import memory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pypi_subset.proof.cases.case import Case
    from pypi_subset.proof.methods.pip_install import Files

#: Seconds that one installation may take.
PATIENCE = 600
#: Bytes that it may write beyond what the wheels hold.
_SPARE = 64 << 20
#: Characters of what uv says that are reported.
_LONGEST = 300
_OPTIONS = ("--quiet", "--no-config", "--offline", "--no-index", "--no-deps", "--no-build", "--no-python-downloads")
#: Causes are drawn as a tree, or named.
_DRAWN = re.compile(r"×|╰─▶|├─▶|│|\b(?:error|cause|Caused by): ")  # noqa: RUF001 - as uv writes it


@dataclass(frozen=True, kw_only=True, slots=True)
class Installer:
    """
    A uv, and the machine that it installs for.

    :param program: its path.
    :param name: what it calls itself: ``uv 0.13.9``.
    :param python: the interpreter that it asks.
    :param options: version and platform of the target, as options of uv.
    :param variables: further variables of its environment.
    """

    program: Path
    name: str
    python: str
    options: tuple[str, ...]
    variables: Mapping[str, str]

    def notes(self, case: Case, found: Files, folder: Path) -> tuple[str, ...]:
        """
        Return a note for each wheel of *found* that this uv does not install, with its reason.

        A wheel that it installed for such a machine before is not installed again in this run.

        :param folder: a directory for this case alone.
        """
        wheels = [wheel for wheel in (self._file(case, one.path) for one in found if one.path) if wheel]
        keys = {wheel: (wheel, wheel.stat().st_mtime_ns, self.options) for wheel in wheels}
        what = f"uv {self.name} {self.options}"
        for wheel in wheels:
            if keys[wheel] not in _INSTALLED and (before := recall(case, what, wheel)) is not None:
                _INSTALLED[keys[wheel]] = "".join(before)
        new = [wheel for wheel, key in keys.items() if key not in _INSTALLED]
        refused = dict(self._refused(case, new, folder)) if new else {}
        for wheel in new:
            _INSTALLED[keys[wheel]] = refused.get(wheel, "")
            keep(case, what, wheel, (refused.get(wheel, ""),))
        reasons = sorted((wheel.name, _INSTALLED[key]) for wheel, key in keys.items() if _INSTALLED[key])
        return tuple(f"{self.name} does not install {name}, which pip takes: {words}" for name, words in reasons)

    def _file(self, case: Case, path: str) -> Path | None:
        try:
            return case.file(path)
        except ProofFailed:
            # The case itself is red for it.
            return None

    def _refused(self, case: Case, wheels: Sequence[Path], folder: Path) -> Iterator[tuple[Path, str]]:
        """Yield those of *wheels* that are refused, with the reason; a wheel that is alone to blame is found alone."""
        words = self._install(case, wheels, folder)
        if words and len(wheels) == 1:
            yield wheels[0], words
        elif words:
            for wheel in wheels:
                yield from self._refused(case, [wheel], folder)

    def _install(self, case: Case, wheels: Sequence[Path], folder: Path) -> str:
        """Return what uv says against *wheels*, ``""`` if it installs them."""
        work = folder / "uv-install"
        work.mkdir(exist_ok=True)
        shown = [_readable(wheel, work) for wheel in wheels]
        box = Box(
            shown=(*boxes.own(), str(self.program.resolve()), *map(str, shown)),
            writable=(str(work),),
            folder=work,
            limits=Limits(written=2 * sum(map(size_of, wheels)) + _SPARE),
            isolated=case.isolated,
        )
        # The interpreter of a virtual environment is a link out of it: uv is to see that one.
        command = [str(self.program.resolve()), "pip", "install", *_OPTIONS, "--target", str(work / "site-packages")]
        command += ["--python", self.python, *self.options, *map(str, shown)]
        own = {"UV_CACHE_DIR": str(work / "cache"), "UV_NO_PROGRESS": "1"}
        try:
            done = outcome(box, command, PATIENCE, variables={**box.variables(), **self.variables, **own})
        except OSError as error:
            raise failed(str(error)) from error
        finally:
            staging.remove_tree(work)
        words = " ".join(_DRAWN.sub(" ", done.stderr.decode(errors="replace").replace(f"{work}", "")).split())
        for wheel in shown:
            words = words.replace(str(wheel.parent), "").replace(f"{wheel.parent.as_uri()}", "")
        short = memory.ran_out(done.code, words)
        return (
            ""
            if done.code == 0
            else (done.why or (short and f"uv {short}") or words[:_LONGEST] or f"exit code {done.code}")
        )


def _readable(wheel: Path, folder: Path) -> Path:
    """Return *wheel*, or a copy of it in *folder* if the user of a box could not read it."""
    if os.name != "posix" or wheel.stat().st_mode & stat.S_IROTH:
        return wheel
    copy = folder / wheel.name
    shutil.copyfile(wheel, copy)
    copy.chmod(0o644)
    return copy


#: What this process has installed: wheel, time of its change and options of uv → why it was refused, ``""`` if it was not.
_INSTALLED: dict[tuple[Path, int, tuple[str, ...]], str] = {}
