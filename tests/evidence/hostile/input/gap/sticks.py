"""Media with bundles, and the directory that they are imported into."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.evidence.hostile.input.gap.keys import OwnKey
from tests.support.gap.bundles import Recipe
from tests.support.gap.far import Far
from tests.support.gap.releases import LIB

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.gap.releases import Release

KEY, OTHER = OwnKey(Path("key")), OwnKey(Path("other"))
#: A file that no manifest names, and a wheel that both releases have.
NOTE, WHEEL = "docs/note.txt", f"simple/lib/{LIB.filename}"
EVIL = LIB.data[::-1]


@dataclass(frozen=True)
class Stick:
    """A medium with a bundle that *recipe* made."""

    path: Path
    recipe: Recipe

    @classmethod
    def made(cls, folder: Path, release: Release, base: Path | None = None, **recipe: Any) -> Stick:
        """Return the medium with a bundle of *release*; its site stands beside it, as ``site`` and the serial."""
        own = Recipe(release.serial, **{"key": KEY, **recipe})
        path = folder / f"stick{release.serial}"
        own.make(path, release.write(folder / f"site{release.serial}"), base)
        return cls(path, own)

    def edit(self, change: Callable[[dict[str, Any]], object]) -> None:
        """Change the document, and sign it."""
        self.recipe.edit(self.path, change)

    def raw(self, name: str, change: Callable[[bytes], bytes]) -> None:
        """Change the bytes of a file, and sign nothing."""
        (self.path / name).write_bytes(change((self.path / name).read_bytes()))


def far_of(folder: Path, options: str = "") -> Far:
    """Return an empty directory of ``--into`` that allows the key."""
    far = Far(folder / "into")
    far.into.mkdir()
    (far.into / "allowed_signers").write_text(KEY.line(options))
    return far


def serial_of(far: Far) -> int:
    """Return the serial of the live release, 0 before the first."""
    state = far.into / "state.json"
    return int(json.loads(state.read_bytes())["live"]["serial"]) if state.is_file() else 0
