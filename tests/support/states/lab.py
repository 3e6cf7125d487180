"""A subset with a proven site that changes from state to state, and two channels beside it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pypi_subset.model.paths import Paths
from pypi_subset.proof.evidence.settings import subset_digest
from pypi_subset.requirements.subset import read_subset
from pypi_subset.snapshots.promoting import Promoted, promote
from pypi_subset.snapshots.store import Snapshot, Store
from pypi_subset.snapshots.taking import take_snapshot
from pypi_subset.targets import tag
from tests.support.sites.published import proven
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.wheels import Wheel, make_wheel

if TYPE_CHECKING:
    from pathlib import Path

#: A moment for each day of a month.
MOMENT = "2026-11-{:02d}T10:00:00.000000Z"
LINUX = tag.parse("linux", "cp310-manylinux2014_x86_64")
CHANNELS = '\n[channels]\nprod = "../www/prod"\ntest = "../www/test"\n'


@dataclass
class Lab:
    """The three directories; *day* is the one of the last snapshot."""

    root: Path
    day: int = 0

    @property
    def paths(self) -> Paths:
        """The three directories."""
        return Paths(requirements=self.root / "requirements", packages=self.root / "packages", site=self.root / "site")

    @property
    def store(self) -> Store:
        """The snapshots."""
        return Store(self.paths.packages)

    def channel(self, name: str) -> Path:
        """Return the directory of a channel."""
        return self.root / "www" / name

    def build(self, *wheels: Wheel, more: str = CHANNELS, prove: bool = True) -> None:
        """Replace requirements and site by a subset that asks for *wheels*; packages/ keeps what snapshots need."""
        fresh = self.root / "fresh"
        lines = [wheel.filename.partition("-")[0] for wheel in wheels]
        made = SubsetOnDisk(fresh, targets=[LINUX], lines=lines, pins={"linux": wheels}).write().looked()
        with (fresh / "requirements" / "subset.toml").open("a") as settings:
            settings.write(more)
        for name in ("requirements", "site"):
            shutil.rmtree(self.root / name, ignore_errors=True)
            (fresh / name).rename(self.root / name)
        self.paths.packages.mkdir(exist_ok=True)
        for path in made.paths.packages.iterdir():
            path.replace(self.paths.packages / path.name)
        shutil.rmtree(fresh)
        if prove:
            self.prove()

    def prove(self) -> None:
        """Write a green report about the site as it is."""
        proven(self.paths.site, subset_sha256=subset_digest(read_subset(self.paths.requirements)))

    def take(self, name: str, *, force: bool = False) -> Snapshot:
        """Return the snapshot *name* of the site."""
        self.day += 1
        return take_snapshot(self.paths, name, now=MOMENT.format(self.day), force=force).snapshot

    def promote(self, source: str, channel: str, *, why: str = "", grace: float = 0) -> Promoted:
        """Promote *source* to *channel*, as ada."""
        return promote(self.paths, source, channel, by="ada", now=MOMENT.format(28), why=why, grace=grace)


def two_states(root: Path) -> Lab:
    """Return a lab with the snapshots one (app 1.0, old) and two (app 2.0, new); the site is the second of them."""
    lab = Lab(root)
    root.mkdir(exist_ok=True)
    lab.build(make_wheel("app", "1.0"), make_wheel("old"))
    lab.take("one")
    lab.build(make_wheel("app", "2.0"), make_wheel("new"))
    lab.take("two")
    return lab
