"""Attacks by files that the tool reads or writes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pypi_subset.site import builder
from pypi_subset.site.builder import build_index
from tests.evidence.hostile.input.attack import InputAttack, without

if TYPE_CHECKING:
    from pathlib import Path


def _replaces_a_directory_of_others(folder: Path) -> bool:
    """Have an index built over a directory that holds something else."""
    letter = folder / "letters" / "to-a-friend.txt"
    letter.parent.mkdir()
    letter.write_text("dear friend")
    build_index((), letter.parent)
    return not letter.exists()


ATTACKS = [
    InputAttack(
        name="site-over-a-directory-of-others",
        kind="files",
        attempt=_replaces_a_directory_of_others,
        door=without(builder, "require_own"),
    )
]
