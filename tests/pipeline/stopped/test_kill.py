"""
Killed at any moment, a run loses nothing: one undisturbed run later the directories are what they would have been.

The fast cut stands for the sweep, which stops after every single step: ``make sweep``.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support.killer.scenes import NAMES
from tests.support.killer.ticks import AUDITED
from tests.support.programs.ending import PATIENCE
from tests.support.sites.trees import copy, difference
from tests.support.sites.trees import whole_tree as tree

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.killer.scenes import Scene, Scenes

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="forks, /proc and prctl(2)")


def test_the_hook_sees_every_step(scenes: Scenes) -> None:
    """Whatever the interpreter itself reports of changed files below the workspace is a step to be killed after."""
    done = scenes("first").done
    wrapped = {name: event for event, names in AUDITED.items() for name in names}
    steps = Counter(wrapped[step.split()[0]] for step in done.ticks if step.split()[0] in wrapped)
    assert steps == Counter(line.split()[0] for line in done.audited)
    assert steps.keys() == AUDITED.keys() - {"os.truncate"}
    assert {step.split()[0] for step in done.ticks} >= {"write", "answer", "start", "exchange", "sendfile"}


#: After what a run is killed in the fast cut: where it begins, around each lock, around the exchange, at each child.
POINTS = {
    "first": (
        ("start dir2pi", 1),
        ("write requirements/lock", 1),
        ("replace requirements/lock", 1),
        ("replace packages/.work.PID.stage/download/", 1),
    ),
    "update": (("replace requirements/lock", 1), ("replace requirements/lock", 2)),
    "repair": (("replace packages/lib-1.0-py3-none-any.whl packages/.rejected", 1), ("start pip", 1)),
    "rebuild": (
        ("link", 2),
        ("write .site.PID.new.stage", 3),
        ("exchange", 1),
        ("unlink .site", 1),
    ),
    "rebuild by two renames": (("rename site .site.old.stage", 1), ("rename .site.PID.new.stage site", 1)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_killed_after_a_step(scenes: Scenes, tmp_path: Path, name: str) -> None:
    """SIGKILL around each lock, around the exchange, at the birth of each child: the next run makes good."""
    for number, (after, nth) in enumerate(POINTS[name]):
        killed = scenes(name).killed(tmp_path / str(number), after=after, nth=nth)
        assert killed.status == -signal.SIGKILL, (after, nth)


@pytest.mark.slow
def test_killed_after_a_response(scenes: Scenes, tmp_path: Path) -> None:
    """SIGKILL when the index has sent an answer: the next run makes good."""
    assert killed_after_answer(scenes("update"), tmp_path / "second", 2)


@pytest.mark.slow
def test_killed_from_outside(scenes: Scenes, tmp_path: Path) -> None:
    """SIGKILL at any moment, in the middle of whatever the children do: the next run makes good."""
    for number in range(2):
        killed_at_random(scenes("update"), tmp_path / str(number))


@pytest.mark.slow
def test_pip_starts_no_program(scenes: Scenes, tmp_path: Path) -> None:
    """pip would ask a Rust compiler for its version: no such child is there to outlive a run and write behind it."""
    scene = scenes("repair")
    compiler = tmp_path / "bin" / "rustc"
    compiler.parent.mkdir()
    compiler.write_text('#!/bin/sh\ntouch "$0.was-started"\n')
    compiler.chmod(0o755)
    root = copy(scene.base, tmp_path / "work")
    variables = {**scene.order.variables, "PATH": f"{compiler.parent}{os.pathsep}{os.environ['PATH']}"}
    assert scene.run(replace(scene.order, root=str(root), variables=variables, watched=False)).error == ()
    assert [path.name for path in compiler.parent.iterdir()] == ["rustc"]


def killed_after_answer(scene: Scene, folder: Path, nth: int) -> bool:
    """Return whether there was an *nth* answer of the index to be killed after."""
    left = nth
    victims: list[int] = []

    def count(_: str) -> None:
        nonlocal left
        left -= 1
        # The run that follows asks too, and may be the one to ask for the nth time.
        if left == 0 and scene.nursery.pid in victims:
            scene.nursery.kill()

    scene.index.on_sent = count
    try:
        return scene.killed(folder, victims.append).status == -signal.SIGKILL
    finally:
        scene.index.on_sent = None


def killed_at_random(scene: Scene, folder: Path) -> bool:
    """Return whether the run was killed in time."""
    seconds = random.uniform(0, scene.done.seconds)  # noqa: S311 - no secret

    def kill(_: int) -> None:
        time.sleep(seconds)
        scene.nursery.kill()

    return scene.killed(folder, kill).status == -signal.SIGKILL


#: After what Ctrl-C comes in the fast cut.
STOPS = {
    "first": (("answer", 1), ("start pip", 1)),
    "update": (("replace packages/.work.PID.stage/download", 1),),
    "rebuild": (("link", 2), ("exchange", 1), ("unlink .site", 1)),
    "rebuild by two renames": (("rename site .site.old.stage", 1),),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", STOPS)
def test_interrupted_after_a_step(scenes: Scenes, tmp_path: Path, name: str) -> None:
    """Ctrl-C leaves nothing half done, an old or a new site that is whole, and no pip; the next run makes good."""
    for number, (after, nth) in enumerate(STOPS[name]):
        scenes(name).interrupted(tmp_path / str(number), after=after, nth=nth, group=bool(number % 2))


@pytest.mark.parametrize(
    ("name", "path", "nth"),
    [
        pytest.param("update", "/simple/app/", 1, marks=pytest.mark.slow),
        ("first", "/files/lib-1.0-py3-none-any.whl", 2),
    ],
)
def test_interrupted_while_an_index_is_silent(scenes: Scenes, tmp_path: Path, name: str, path: str, nth: int) -> None:
    """Ctrl-C waits neither for an answer that may never come, nor for runs of pip that have not begun."""
    scene, asked, done = scenes(name), threading.Event(), threading.Event()
    scene = replace(scene, order=replace(scene.order, cores=1))
    told: list[float] = []
    before = scene.index.gets(path)

    def silent(asked_for: str) -> None:
        if asked_for == path and scene.index.gets(path) - before >= nth - 1:
            asked.set()
            done.wait()

    def interrupt(pid: int) -> None:
        assert asked.wait(PATIENCE)
        told.append(time.monotonic())
        os.killpg(pid, signal.SIGINT)

    scene.index.on_request = silent
    try:
        ended = scene.interrupted(tmp_path / "work", interrupt, then=done.set)
    finally:
        done.set()
        scene.index.on_request = None
    # The index answers afterwards, and the timeout of a request is 15 s.
    assert ended.ended - told[0] < 10


@pytest.mark.parametrize(
    "how", ["error", *(pytest.param(name, marks=pytest.mark.slow) for name in ("SIGINT", "SIGKILL"))]
)
def test_what_was_fetched_is_not_fetched_again(scenes: Scenes, tmp_path: Path, how: str) -> None:
    """However a run ends, files that it fetched whole are taken by the next one, unless they are not what is locked."""
    scene = scenes("first")
    root = copy(scene.base, tmp_path / "work")
    order = replace(scene.order, root=str(root), watched=False)
    app, extra, lib = (f"/files/{name}-1.0-py3-none-any.whl" for name in ("app", "extra", "lib"))
    before = scene.index.counts()

    def end(path: str) -> int | None:
        # The end of this wheel is fetched to resolve, the whole of it later.
        if path == lib and scene.index.gets(lib) > before[lib]:
            if how == "error":
                return 404
            scene.nursery.kill(signal.Signals[how])
        return None

    scene.index.on_request = end
    try:
        ended = scene.run(order)
    finally:
        scene.index.on_request = None
    assert ended.status != 0
    if how == "error":
        (kept,) = (root / "packages" / ".fetched").glob("*/extra*.whl")
        kept.write_bytes(b"changed")
    assert scene.run(order).error == ()
    assert scene.index.counts()[app] - before[app] == 1
    assert scene.index.counts()[extra] - before[extra] == 1 + (how == "error")
    assert difference(tree(root), scene.wanted) == []


#: Into how many tests each sweep is cut, for as many cores.
SHARDS = 6


@pytest.mark.sweep
@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.parametrize("name", NAMES)
def test_killed_after_every_step(scenes: Scenes, tmp_path: Path, name: str, shard: int) -> None:
    """SIGKILL after each write, link, rename, start and answer of ours: the next run makes good."""
    steps = range(1 + shard, len(scenes(name).done.ticks) + 1, SHARDS)
    ended = [scenes(name).killed(tmp_path / str(nth), nth=nth).status for nth in steps]
    print(f"{name}: {ended.count(-signal.SIGKILL)} of {len(steps)} killed")  # noqa: T201 - shown by -rP


@pytest.mark.sweep
@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.parametrize("name", NAMES)
def test_interrupted_after_every_step(scenes: Scenes, tmp_path: Path, name: str, shard: int) -> None:
    """Ctrl-C after each of these steps: nothing half done is left, and the next run makes good."""
    steps = range(1 + shard, len(scenes(name).done.ticks) - 1, SHARDS)
    for nth in steps:
        scenes(name).interrupted(tmp_path / str(nth), nth=nth, group=bool(nth % 2))
    print(f"{name}: {len(steps)} interrupted")  # noqa: T201


@pytest.mark.sweep
@pytest.mark.parametrize("name", ["first", "update", "repair"])
def test_killed_after_every_response(scenes: Scenes, tmp_path: Path, name: str) -> None:
    """SIGKILL after each answer of the index: the next run makes good."""
    count = 0
    while killed_after_answer(scenes(name), tmp_path / str(count), count + 1):
        count += 1
    assert count
    print(f"{name}: {count} killed")  # noqa: T201


@pytest.mark.sweep
@pytest.mark.parametrize("shard", range(SHARDS))
@pytest.mark.parametrize("name", NAMES)
def test_killed_at_random(scenes: Scenes, tmp_path: Path, name: str, shard: int) -> None:
    """SIGKILL from outside at any moment: the next run makes good."""
    killed = [killed_at_random(scenes(name), tmp_path / f"{shard}-{number}") for number in range(10)]
    print(f"{name}: {sum(killed)} of {len(killed)} killed")  # noqa: T201
