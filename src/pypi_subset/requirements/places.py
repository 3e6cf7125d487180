"""Which files ``requirements/`` may name: a proposed change must not have the files of this machine read or shown."""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pypi_subset.errors import Fault


@dataclass(frozen=True, kw_only=True, slots=True)
class Places:
    """
    Where input files may stand, by real paths: links are followed before anything is compared.

    :param base: the directory above ``requirements/``.
    :param root: ``requirements/`` itself, which may be a link that leads elsewhere.
    :param named: files and directories elsewhere that ``subset.toml`` names.
    """

    base: str
    root: str
    named: tuple[str, ...] = ()

    def with_sources(self, root: Path, sources: Iterable[Path], outside: Iterable[Path] = ()) -> Places:
        """
        Return these places and those that ``subset.toml`` names.

        :param root: ``requirements/``, as the user wrote it.
        :param sources: each is named where its path as it is written leads elsewhere; a link that leads elsewhere is not.
        :param outside: files and directories that are named in any case.
        """
        above = os.path.normpath(root.absolute().parent)
        away = [path for path in sources if not _is_below(os.path.normpath(path.absolute()), above)]
        return replace(self, named=(*self.named, *map(os.path.realpath, (*away, *outside))))

    def refusal(self, path: Path) -> tuple[str, str]:
        """Return why the file at *path* is not read, and the next step; two empty texts if it may be."""
        if "\0" in str(path):
            # No such path exists; the attempt to read it says so.
            return "", ""
        real = os.path.realpath(path)
        if any(_is_below(real, place) for place in (self.base, self.root, *self.named)):
            return "", ""
        step = f'put a copy below {self.base}, or name it at the top of subset.toml: outside = ["PATH"]'
        return f"it stands outside {self.base}", step

    def shown(self, fault: Fault) -> Fault:
        """Return *fault* without any text of its file, if that stands elsewhere."""
        # What is refused was not read.
        if fault.path is None or self.refusal(fault.path)[0] or _is_below(os.path.realpath(fault.path), self.base):
            return fault
        step = f"its text is not shown, since the file stands outside {self.base}; check a copy below that directory"
        if _is_below(os.path.realpath(fault.path), self.root):
            step += f", or name the directory itself: `--requirements {shlex.quote(str(self.root))}`"
        return replace(fault, what="there is a fault in this file", excerpt=(), next_step=step)


def places_of(root: Path) -> Places:
    """Return the places of ``requirements/`` at *root*."""
    return Places(base=os.path.realpath(root.absolute().parent), root=os.path.realpath(root))


def _is_below(path: str, place: str) -> bool:
    return path == place or path.startswith(f"{place.rstrip(os.sep)}{os.sep}")
