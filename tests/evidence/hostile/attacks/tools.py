"""Wheels that bring the tools of an environment, and what runs at each start of Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pypi_subset.proof.inventory import inventory
from tests.evidence.hostile.attack import Attack
from tests.evidence.hostile.attacks import doors
from tests.evidence.hostile.attacks.aims import green
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pypi_subset.model.checks import Check
    from pypi_subset.proof.cases.case import Case
    from tests.evidence.hostile.attack import Result
    from tests.evidence.hostile.world import World
    from tests.support.sites.subset_on_disk import SubsetOnDisk

_KIND = "tools"
_ENTRIES = "evil-1.0.dist-info/entry_points.txt"
_SCRIPT = b"#!/bin/sh\nexit 0\n"

#: Name → files of the wheel, beside its module.
_WHEELS: dict[str, dict[str, bytes]] = {
    "sitecustomize": {"sitecustomize.py": b""},
    "sitecustomize-as-bytecode": {"sitecustomize.pyc": b""},
    "usercustomize": {"usercustomize/__init__.py": b""},
    "manylinux-policy": {"evil-1.0.data/platlib/_manylinux.py": b""},
    "another-pip": {"pip/__main__.py": b""},
    "pip-as-extension": {"pip.cpython-311-x86_64-linux-gnu.so": b""},
    "interpreter-as-script": {"evil-1.0.data/scripts/python3": _SCRIPT},
    "interpreter-as-data": {"evil-1.0.data/data/bin/python3.11": _SCRIPT},
    "module-as-data": {"evil-1.0.data/data/lib/python3.11/site-packages/sitecustomize.py": b""},
    "settings-of-the-environment": {"evil-1.0.data/data/pyvenv.cfg": b"home = /tmp\n"},
    "pip-as-console-script": {_ENTRIES: b"[console_scripts]\npip3 = evil:main\n"},
    "interpreter-as-gui-script": {_ENTRIES: b"[gui_scripts]\npythonw = evil:main\n"},
    "script-behind-a-fault": {_ENTRIES: b"a = b\n[console_scripts]\npython3 = evil:main\n"},
    "script-as-a-continuation": {_ENTRIES: b"[console_scripts]\nx = evil:main\n  python3 = evil:main\n"},
    "script-in-two-brackets": {_ENTRIES: b"[[console_scripts]]\npython3 = evil:main\n"},
    "script-behind-a-comment": {_ENTRIES: b"#" * (1 << 20) + b"\n[console_scripts]\npython3 = evil:main\n"},
    "script-by-a-path": {_ENTRIES: b"[console_scripts]\n../bin/pip3 = evil:main\n"},
    "module-by-a-path": {"evil/../sitecustomize.py": b""},
}


def _inventory(_: Case, subset: SubsetOnDisk, __: World) -> tuple[Check, ...]:
    return inventory.take(subset.paths, subset.plan)


def _unnoted(_: World, result: Result) -> bool:
    return not any("at each start" in note for one in result.checks for note in one.notes)


def _stray(name: str, files: dict[str, bytes]) -> Attack:
    return Attack(
        name=name,
        kind=_KIND,
        wheels=lambda _: [make_wheel("evil", files=files)],
        prove=_inventory,
        door=doors.any_wheel,
        succeeded=green,
    )


ATTACKS = (
    *(_stray(name, files) for name, files in _WHEELS.items()),
    *(
        Attack(
            name=name,
            kind=_KIND,
            files={file: b"import os\n"},
            prove=_inventory,
            door=doors.any_wheel,
            succeeded=_unnoted,
        )
        for name, file in (
            ("code-at-each-start", "evil.pth"),
            ("code-at-each-start-new", "evil-1.0.data/purelib/evil.start"),
        )
    ),
)
