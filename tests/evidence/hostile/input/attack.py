"""One attack by what the tool reads: what it tries, and the defence that its door switches off."""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unittest import mock

from pypi_subset.errors import SubsetError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path


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
