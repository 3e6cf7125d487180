"""Results that are green and should be red."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

from pypi_subset.errors import ProofFailed
from pypi_subset.pip.runner import PipResult
from pypi_subset.proof.access.routes import opened
from pypi_subset.proof.inventory import unchanged
from pypi_subset.proof.inventory.inventory import check
from pypi_subset.proof.methods import pip_install
from pypi_subset.proof.methods.prove import check_of, prove
from tests.evidence.hostile.attack import Attack
from tests.evidence.hostile.attacks import doors
from tests.evidence.hostile.attacks.aims import green
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from pypi_subset.model.checks import Check
    from pypi_subset.proof.cases.case import Case
    from tests.evidence.hostile.world import World
    from tests.support.sites.subset_on_disk import SubsetOnDisk

_KIND = "forging"

_EXITS = {
    "exit-at-once": "os._exit(0)",
    "exit-by-signal-handler": "signal.signal(signal.SIGALRM, lambda *_: os._exit(0)); signal.alarm(1); time.sleep(5)",
    "exit-by-thread": "threading.Thread(target=os._exit, args=(0,)).start(); time.sleep(5)",
    "exit-by-library": "libc.exit(0)",
    "exit-as-another-program": "os.execv('/bin/true', ['true'])",
    "exit-after-closing-the-pipe": "os.closerange(1, 100); os._exit(0)",
}

#: What an import that fails says to be less than red, and the check that it meets.
_EXCUSES = {
    "excused-as-undeclared": ("raise ModuleNotFoundError('x', name='evil.part')", doors.nobody_answers),
    "excused-by-an-extra": ("raise ImportError('install evil[all]')", doors.any_extra),
}

#: What someone else does to the site while it is proven.
_CHANGES: dict[str, Callable[[Path], object]] = {
    "site-page-changed-meanwhile": lambda site: (site / "simple/evil/index.html").write_text("x"),
    "site-wheel-replaced-meanwhile": lambda site: (site / "new").rename(next(site.glob("simple/evil/*.whl"))),
    "site-manifest-changed-meanwhile": lambda site: (site / "manifest.json").write_text(
        (site / "manifest.json").read_text() + " "
    ),
    "site-file-added-meanwhile": lambda site: (site / "simple/evil/evil-2.0-py3-none-any.whl").write_bytes(b""),
    "site-page-removed-meanwhile": lambda site: (site / "index.html").unlink(),
    "site-wheel-same-size-and-time": lambda site: _same_looks(next(site.glob("simple/evil/*.whl"))),
    "site-file-became-a-link": lambda site: _linked(site / "README.md"),
}


def _linked(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/passwd")


def _same_looks(path: Path) -> None:
    facts, data = path.stat(), path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))


def _meanwhile(change: Callable[[Path], object]) -> Callable[[Case, SubsetOnDisk, World], tuple[Check, ...]]:
    def proven(case: Case, subset: SubsetOnDisk, _: World) -> tuple[Check, ...]:
        site = subset.paths.site
        if change is _CHANGES["site-wheel-replaced-meanwhile"]:
            (site / "new").write_bytes(make_wheel("evil", files={"evil.py": b"trojan = True\n"}).data)
        before = unchanged.snapshot(site)
        checks = prove(case)
        change(site)
        return (*checks, *(check("failed", sentence) for sentence in before.changes()))

    return proven


def _report_of_pip(plant: Callable[[Path, Path], object]) -> Callable[[Case, SubsetOnDisk, World], tuple[Check, ...]]:
    """Return a proof whose pip leaves something else in the place of its report, as code in its box could."""

    def proven(case: Case, _: SubsetOnDisk, world: World) -> tuple[Check, ...]:
        folder = world.root / "pip"
        folder.mkdir()
        secret = world.root / "secret.json"
        secret.write_text(json.dumps({"install": []}))
        report = folder / "installed.json"

        def run(arguments: Sequence[str], /, **_: Any) -> PipResult:
            plant(report, secret)
            return PipResult(arguments, 0, "", "")

        with opened(case.site, case.target.name) as ways:
            try:
                pip_install.install(case, ways[0], folder, run, (), report=report)
            except ProofFailed as error:
                return (check_of(case, "failed", error.what),)
        return (check_of(case, "passed"),)

    return proven


def _credulous(report: Path) -> list[dict[str, Any]]:
    """Read whatever is there; what never ends is given up after its first bytes."""
    number = os.open(report, os.O_RDONLY | os.O_NONBLOCK)
    data = os.read(number, 1 << 20)
    os.close(number)
    return list(json.loads(data or b'{"install": []}')["install"])


_REPORTS: dict[str, Callable[[Path, Path], object]] = {
    "report-of-pip-is-a-link": lambda report, secret: report.symlink_to(secret),
    "report-of-pip-is-a-fifo": lambda report, _: os.mkfifo(report),
    "report-of-pip-is-a-device": lambda report, _: report.symlink_to(os.devnull),
}


def _unneeded(_: World) -> list[Any]:
    return [
        make_wheel(
            "evil", files={"evil.py": b"import a_module_that_is_nowhere\n", "evil.pth": b"import os; os._exit(0)\n"}
        )
    ]


ATTACKS = (
    *(
        Attack(name=name, kind=_KIND, code=code, door=doors.believed_exits, succeeded=green)
        for name, code in _EXITS.items()
    ),
    *(Attack(name=name, kind=_KIND, code=code, door=door, succeeded=green) for name, (code, door) in _EXCUSES.items()),
    Attack(
        name="exit-at-start",
        kind=_KIND,
        wheels=_unneeded,
        door=doors.believed_exits,
        succeeded=green,
    ),
    *(
        Attack(name=name, kind=_KIND, prove=_meanwhile(change), door=doors.any_site, succeeded=green)
        for name, change in _CHANGES.items()
    ),
    *(
        Attack(
            name=name,
            kind=_KIND,
            prove=_report_of_pip(plant),
            door=doors.off(pip_install, "_items", _credulous),
            succeeded=green,
        )
        for name, plant in _REPORTS.items()
    ),
)
