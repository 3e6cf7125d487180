"""One attack by what the tool reads: what it tries, and the defence that its door switches off."""

from __future__ import annotations

import contextlib
import os
import re
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

from pypi_subset.errors import SubsetError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    #: What `InputAttack` takes.
    Attempt = Callable[[Path], bool]
    Door = Callable[[], AbstractContextManager[object]]


@dataclass(frozen=True, kw_only=True, slots=True)
class InputAttack:
    """
    One attack.

    :param name: unique; the documentation refers to it.
    :param kind: the kind of attack.
    :param attempt: makes what is hostile in an empty directory, lets the tool read it, and returns whether the attack
        reached its aim. An error that a user would see is an attack that was refused. It starts servers on loopback only.
    :param door: switches off the defence that the attack is about, in this process.
    :param users: who can try it.
    """

    name: str
    kind: str
    attempt: Callable[[Path], bool]
    door: Callable[[], AbstractContextManager[Any]]
    users: tuple[str, ...] = ("root", "user")


def without(module: object, name: str, result: object = None) -> Callable[[], AbstractContextManager[object]]:
    """Return a door: the function *name* of *module* does nothing, and returns *result*."""
    return lambda: mock.patch.object(module, name, return_value=result)


def run(attack: InputAttack, folder: Path, *, opened: bool) -> dict[str, object]:
    """
    Return whether *attack* succeeded, and the error that refused it.

    :param folder: an empty directory.
    :param opened: whether the door that the attack is about is open.
    """
    home, place = folder / "home", folder / "place"
    for made in (home, place):
        made.mkdir()
    # No configuration of pip or of this machine: the suite starts with few variables, and HOME is not among them.
    own = mock.patch.dict(os.environ, {"HOME": str(home), "PIP_CONFIG_FILE": os.devnull})
    with own, attack.door() if opened else contextlib.nullcontext():
        try:
            return {"succeeded": attack.attempt(place), "said": ""}
        except SubsetError as error:
            return {"succeeded": False, "said": str(error)[:2000]}


# What attacks aim at, as it is measured: time, memory, and programs that end with a traceback.


def lasts(action: Callable[[], object], seconds: float) -> bool:
    """Return whether *action* is not done after *seconds*; it goes on in a thread of its own, which ends with the process."""
    refused = list[SubsetError]()

    def act() -> None:
        try:
            action()
        except SubsetError as error:
            refused.append(error)

    thread = threading.Thread(target=act, daemon=True)
    thread.start()
    thread.join(seconds)
    if refused:
        raise refused[0]
    return thread.is_alive()


def costs(action: Callable[[], object], megabytes: int) -> bool:
    """Return whether *action* makes this process larger by that for a time; also if it is refused afterwards."""
    # The peak starts again here (proc_pid_clear_refs(5)): what this process, or the one that started it, needed before
    # would hide what *action* needs.
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    before = _peak()
    with contextlib.suppress(SubsetError):
        action()
    return _peak() - before > megabytes << 20


def _peak() -> int:
    """Return the most memory that this process had, in bytes."""
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    (kibibytes,) = re.findall(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return int(kibibytes) << 10


def breaks(action: Callable[[], object]) -> bool:
    """Return whether *action* ends with what a user would see as a traceback."""
    try:
        action()
    except SubsetError:
        return False
    except (RecursionError, ValueError):
        return True
    return False


def slow(action: Callable[[], object], seconds: float) -> bool:
    """Return whether *action* takes more processor time than *seconds*; also if it is refused afterwards."""
    start = time.process_time()
    with contextlib.suppress(SubsetError):
        action()
    return time.process_time() - start > seconds


def setting(place: object, **values: object) -> Door:
    """Return a door: the attributes of *place* have other values."""

    @contextlib.contextmanager
    def door() -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            for name, value in values.items():
                stack.enter_context(mock.patch.object(place, name, value))
            yield

    return door


def both(*doors: Door) -> Door:
    """Return a door that opens all *doors*."""

    @contextlib.contextmanager
    def door() -> Iterator[None]:
        with contextlib.ExitStack() as stack:
            for one in doors:
                stack.enter_context(one())
            yield

    return door
