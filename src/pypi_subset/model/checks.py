"""The result of one case of the proof."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Proof = Literal["inventory", "installed", "unpacked", "second opinion", "emulated"]
#: ``differs`` is for the second opinion alone: another valid version, which is never red.
Status = Literal["passed", "failed", "skipped", "differs"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """
    The result of one case of the proof.

    :param target: target name; ``""`` for the inventory, which concerns all.
    :param set_name: set name; ``""`` for the inventory.
    :param request: the requested line, ``""`` for the whole set jointly.
    :param proof: how it was proven.
    :param status: ``skipped`` means "not requested here": its marker is false for the target.
    :param reason: for red, one sentence naming project, target and who requires it; for green, what is worth knowing.
    :param seconds: wall time.
    :param interpreter: path and version of the interpreter used, ``""`` if none.
    :param notes: further facts, e.g. ``installed, needs libGL.so.1``.
    :param way: how the files were reached: ``find-links``, ``simple`` or ``target``; ``""`` for the inventory.
    :param command: the command that failed, as one could type it; it names no folder of this machine.
    :param versions: what was installed, each as ``name==version``, sorted.
    :param remembered: whether it was proven before, for the same bytes by the same means, and not again.
    """

    target: str
    set_name: str
    request: str
    proof: Proof
    status: Status
    reason: str = ""
    seconds: float = 0.0
    interpreter: str = ""
    notes: tuple[str, ...] = ()
    way: str = ""
    command: str = ""
    versions: tuple[str, ...] = ()
    remembered: bool = False
