"""Attacks by what stands in the directory of an import: wheels that changed, and links."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.standalone.importer import disk, home
from tests.evidence.hostile.input.attack import InputAttack, both, setting
from tests.evidence.hostile.input.gap.sticks import EVIL, WHEEL, Stick, far_of, serial_of
from tests.support.gap.releases import LIB, first, second

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.evidence.hostile.input.attack import Attempt, Door
    from tests.support.gap.far import Far


def _second(folder: Path) -> tuple[Far, Stick]:
    """Return a directory with the first release, and a bundle of what the second one changes."""
    far, stick = far_of(folder), Stick.made(folder, first())
    assert far.run(stick.path).code == 0
    return far, Stick.made(folder, second(), folder / "site1")


def _changed_here(folder: Path) -> bool:
    """Change a wheel of the live site, which the next release keeps."""
    far, stick = _second(folder)
    _overwrite(far.site / WHEEL)
    far.run(stick.path)
    return serial_of(far) == 2


def _changed_in_a_kept_release(folder: Path) -> bool:
    """Change a wheel of a kept release, to which the user returns."""
    far, stick = _second(folder)
    assert far.run(stick.path).code == 0
    _overwrite(far.into / "releases" / "1" / WHEEL)
    far.run("--rollback")
    return (far.site / WHEEL).read_bytes() == EVIL


def _overwrite(path: Path) -> None:
    # Other releases may have the same file.
    path.unlink()
    path.write_bytes(EVIL)


def _link_in_the_site(folder: Path) -> bool:
    """Put a link in place of a wheel of the live site; the file behind it has the right bytes, for now."""
    far, stick = _second(folder)
    (folder / "outside.whl").write_bytes(LIB.data)
    (far.site / WHEEL).unlink()
    (far.site / WHEEL).symlink_to(folder / "outside.whl")
    far.run(stick.path)
    return serial_of(far) == 2


def _link_in_place_of_incoming(folder: Path) -> bool:
    """Lead the directory that each import empties to one of the user's."""
    far, stick = far_of(folder), Stick.made(folder, first())
    (folder / "thesis").mkdir()
    (folder / "thesis" / "chapter").write_text("one")
    (far.into / "incoming").symlink_to(folder / "thesis")
    far.run(stick.path)
    return not (folder / "thesis" / "chapter").exists()


def _link_in_place_of_the_lock(folder: Path) -> bool:
    """Have a file made elsewhere."""
    far, stick = far_of(folder), Stick.made(folder, first())
    (far.into / ".lock").symlink_to(folder / "made")
    far.run(stick.path)
    return (folder / "made").exists()


def _following(root: str) -> Iterator[tuple[str, tuple[int, int]]]:
    """Yield path and look of each file below *root*; links are followed."""
    for place, _, names in os.walk(root):
        for name in names:
            found = Path(place, name).stat()
            yield os.path.relpath(Path(place, name), root), (found.st_size, found.st_mtime_ns)


_ANY_FILE: Door = setting(disk, open_file=lambda path: open(path, "rb"))  # noqa: PTH123, SIM115 - for a caller that closes it
_KEPT: Door = setting(home.Shelf, has=lambda *_, **__: True)
_FOLLOWED: Door = setting(os, O_NOFOLLOW=0)


def _attack(name: str, attempt: Attempt, door: Door) -> InputAttack:
    return InputAttack(name=name, kind="imports", attempt=attempt, door=door)


ATTACKS = [
    _attack("import-of-a-changed-wheel", _changed_here, _KEPT),
    _attack("import-of-a-changed-kept-release", _changed_in_a_kept_release, _KEPT),
    _attack("import-of-a-link", _link_in_the_site, both(_ANY_FILE, setting(home, looks_below=_following))),
    _attack("import-empties-by-a-link", _link_in_place_of_incoming, setting(home, is_folder=os.path.isdir)),
    _attack("import-locks-by-a-link", _link_in_place_of_the_lock, _FOLLOWED),
]
