"""Attacks on the connected side, by a medium that comes back: what stands on it when the next bundle is written there."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING

from pypi_subset.bundle import medium
from pypi_subset.errors import FolderError
from tests.evidence.hostile.input.attack import InputAttack, setting, without
from tests.evidence.hostile.input.gap.sticks import Stick
from tests.support.gap.bundles import seal
from tests.support.gap.releases import first

if TYPE_CHECKING:
    from pathlib import Path

    from tests.evidence.hostile.input.attack import Attempt, Door


def _thesis(folder: Path) -> Path:
    """Return a file of the user's."""
    path = folder / "papers" / "thesis"
    path.parent.mkdir()
    path.write_text("one")
    return path


def _written(stick: Stick) -> None:
    """Write another bundle to *stick*, as the exporter does."""
    with contextlib.suppress(FolderError), medium.staged(stick.path) as stage:
        names = ["bundle.json", "bundle.json.sig", "REVIEW.md", "volume-001.zip"]
        for name in names:
            (stage / name).write_bytes((stick.path / name).read_bytes())
        document = json.loads((stage / "bundle.json").read_bytes())
        document["helpers"] = {"REVIEW.md": seal((stage / "REVIEW.md").read_bytes())}
        (stage / "bundle.json").write_text(json.dumps(document))
        medium.install(stage, stick.path)


def _empties_by_a_link(folder: Path) -> bool:
    """Lead the directory that each export empties to one of the user's."""
    path, stick = _thesis(folder), Stick.made(folder, first())
    (stick.path / medium.STAGE).symlink_to(path.parent)
    _written(stick)
    return not path.exists()


def _removes_by_name(folder: Path) -> bool:
    """Name a file of the user's among those of the old bundle, which the next one replaces."""
    path, stick = _thesis(folder), Stick.made(folder, first())
    stick.edit(lambda document: document["helpers"].update({"../papers/thesis": seal(b"one")}))
    _written(stick)
    return not path.exists()


def _removes_after_a_crash(folder: Path) -> bool:
    """Name a file of the user's in what a run left that died, as it seems."""
    path, stick = _thesis(folder), Stick.made(folder, first())
    stick.edit(lambda document: document["helpers"].update({"../papers/thesis": seal(b"one")}))
    (stick.path / medium.STAGE).mkdir()
    (stick.path / "bundle.json").rename(stick.path / medium.STAGE / "replaced.json")
    with contextlib.suppress(FolderError), medium.staged(stick.path):
        pass
    return not path.exists()


_ANY_NAME: Door = setting(medium, _may_be_ours=lambda name: name != medium.STAGE)


def _attack(name: str, attempt: Attempt, door: Door) -> InputAttack:
    return InputAttack(name=name, kind="media", attempt=attempt, door=door)


ATTACKS = [
    _attack("medium-empties-by-a-link", _empties_by_a_link, without(medium, "_require_no_link")),
    _attack("medium-removes-a-file-above", _removes_by_name, _ANY_NAME),
    _attack("medium-removes-a-file-after-a-crash", _removes_after_a_crash, _ANY_NAME),
]
