"""
Workspaces before a run, and what an undisturbed run makes of them: what tests kill, interrupt and starve.

All runs go through a `Nursery`, so that a test costs what its runs cost and no import.
"""

from __future__ import annotations

import re
import shutil
import signal
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tests.support.killer.nursery import Nursery, all_gone, survivors
from tests.support.killer.orders import Order
from tests.support.sites.trees import Tree, below, copy, difference, whole_tree
from tests.support.sites.workspace import Workspace
from tests.support.wheels import Wheel, make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from tests.support.killer.orders import Outcome
    from tests.support.servers.index import Index

TARGETS = {"linux": "cp310-manylinux2014_x86_64", "windows": "cp310-win_amd64"}
OLD: tuple[Wheel, ...] = (
    make_wheel("app", requires=["lib", "extra; sys_platform == 'win32'"]),
    make_wheel("extra"),
    make_wheel("lib", ballast=200_000),
)
NEW: tuple[Wheel, ...] = (make_wheel("app", "1.1", requires=["lib", "added"]), make_wheel("added"))

#: Runs by name: what each begins with, is said in `Scenes`.
NAMES = ("first", "update", "repair", "rebuild", "rebuild by two renames")


@dataclass(frozen=True)
class Scene:
    """
    A workspace before a run.

    :param nursery: runs it.
    :param index: what it mirrors from.
    :param offered: what the index offers then.
    :param base: the workspace, which stays as it is: every run gets a copy.
    :param order: the run, undisturbed; its root is exchanged for the copy's.
    :param wanted: what the run leaves behind.
    :param done: how it ended.
    """

    nursery: Nursery
    index: Index
    offered: tuple[Wheel, ...]
    base: Path
    order: Order
    wanted: Tree
    done: Outcome

    def run(self, order: Order, meanwhile: Callable[[int], object] | None = None) -> Outcome:
        """Return how *order* ended, with the index offering what it should."""
        offer(self.index, self.offered)
        return self.nursery.run(order, meanwhile)

    def killed(
        self, folder: Path, meanwhile: Callable[[int], object] | None = None, *, after: str = "", nth: int = 0
    ) -> Outcome:
        """Return how the run ended that was killed; an undisturbed one has followed it, and made good."""
        root = copy(self.base, folder)
        order = replace(self.order, root=str(root), after=after, nth=nth)
        killed = self.run(order, meanwhile)
        again = self.run(replace(order, nth=0, watched=False))
        last = killed.ticks[-3:]
        assert (again.status, again.error, again.said) == (0, (), ""), (last, again.status, again.error, again.said)
        assert all_gone(root, 20) == [], last
        assert difference(whole_tree(root), self.wanted) == [], last
        shutil.rmtree(root)
        return killed

    def interrupted(
        self,
        folder: Path,
        meanwhile: Callable[[int], object] | None = None,
        *,
        after: str = "",
        nth: int = 0,
        group: bool = True,
        then: Callable[[], object] = lambda: None,
    ) -> Outcome:
        """
        Return how the run ended that Ctrl-C stopped: with nothing half done; another has followed it, and made good.

        :param then: called between the two.
        """
        root = copy(self.base, folder)
        before = whole_tree(root)
        order = replace(self.order, root=str(root), after=after, nth=nth, kill=signal.SIGINT, group=group)
        ended = self.run(order, meanwhile)
        left, last = whole_tree(root), ended.ticks[-3:]
        then()
        assert others_than_dir2pi(root) == []
        assert (ended.error[:1], ended.said) == (("KeyboardInterrupt",), ""), (last, ended.error, ended.said)
        assert [name for name in left if name.endswith((".stage", ".part"))] == [], last
        assert below(left, "site") in (below(before, "site"), below(self.wanted, "site")), last
        # Beside whole files, the next run has answers of the index and the beginnings of files.
        known = {*(before | self.wanted).values()}
        new = [name for name in below(left, "packages") if left[name] not in known]
        assert [name for name in new if not re.search(r"/\.fetched/(answers/|.*\.(unfinished|etag)$)", name)] == [], (
            last
        )
        again = self.run(replace(order, nth=0, watched=False))
        assert (again.status, again.error) == (0, ()), (last, again.error)
        assert difference(whole_tree(root), self.wanted) == [], last
        shutil.rmtree(root)
        return ended


def others_than_dir2pi(root: Path) -> list[str]:
    """Return the processes that outlive a run; dir2pi may for a moment, since it finds its directory gone."""
    return [line for line in survivors(root) if "dir2pi" not in line]


def offer(index: Index, wheels: Sequence[Wheel]) -> None:
    """Let *index* offer *wheels* and nothing else."""
    index.projects.clear()
    index.add(*wheels)


class Scenes:
    """Makes each scene when it is first asked for."""

    def __init__(self, nursery: Nursery, index: Index, folder: Path) -> None:
        self._nursery, self._index, self._folder = nursery, index, folder
        self._made: dict[str, Scene] = {}

    def __call__(self, name: str) -> Scene:
        """
        Return the scene called *name*.

        ``first`` begins with requirements and READMEs alone, the others with what that makes: ``update`` finds a newer
        release, ``repair`` a damaged wheel in packages/, ``rebuild`` a page missing in site/.
        """
        if name not in self._made:
            self._made[name] = self._first() if name == "first" else self._later(name)
        return self._made[name]

    def _first(self) -> Scene:
        space = Workspace(self._folder / "nothing yet")
        space.write("base.txt", "app\n")
        space.toml(TARGETS)
        for folder in (space.paths.packages, space.paths.site):
            folder.mkdir(exist_ok=True)
            (folder / "README.md").write_text(f"about {folder.name}\n")
        order = Order(root=str(space.root), variables={"PIP_INDEX_URL": self._index.url})
        return self._scene("first", space.root, order, OLD)

    def _later(self, name: str) -> Scene:
        first = self("first")
        space = Workspace(copy(self._folder / "first", self._folder / f"before {name}"))
        order, offered = first.order, OLD
        if name == "update":
            order, offered = replace(order, update=True), OLD + NEW
        elif name == "repair":
            # One file with two names: the site's is damaged too, or the wheel would come from there.
            (space.paths.packages / "lib-1.0-py3-none-any.whl").write_bytes(b"no wheel")
        else:
            (space.paths.site / "simple" / "app" / "index.html").unlink()
            order = replace(order, atomic=name == "rebuild")
        return self._scene(name, space.root, order, offered)

    def _scene(self, name: str, base: Path, order: Order, offered: tuple[Wheel, ...]) -> Scene:
        root = copy(base, self._folder / name)
        offer(self._index, offered)
        done = self._nursery.run(replace(order, root=str(root)))
        assert (done.error, done.said) == ((), "")
        return Scene(self._nursery, self._index, offered, base, order, whole_tree(root), done)
