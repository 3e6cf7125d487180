"""What came back over the gap, as a user runs it: plan and add with a request and with a receipt."""

from __future__ import annotations

import json
import shlex
from typing import TYPE_CHECKING

import jsonschema
import pytest

from pypi_subset.support.resources import shipped
from tests.support.bundles.office import document, office
from tests.support.gap.requests import run
from tests.support.programs.commands import subset
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.bundles.office import Office
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")


@pytest.fixture
def lab(workspace: Workspace, index: Index) -> Office:
    """Return a connected side whose two bundles carried ``app``, the second one ``lib`` too, and whose site has more."""
    index.add(
        make_wheel("app"), make_wheel("lib"), make_wheel("late"), make_wheel("new", ballast=3000), make_wheel("bad")
    )
    made = office(workspace, {"here": "host"})
    workspace.toml({"here": "host"}, more='[policy]\ndeny = ["bad"]\n')
    for number, lines in enumerate((["app"], ["app", "lib"]), 1):
        made.mirror(*lines)
        made.bundle(workspace.root / f"stick{number}")
    made.mirror("app", "lib", "late")
    return made


def receipt_of(root: Path, number: int) -> None:
    """Write the receipt of the bundle *number*."""
    bundle = document(root / f"stick{number}")
    found = {"schema": "1.0", "kind": "pypi-subset receipt", "serial": bundle["serial"], "manifest": bundle["manifest"]}
    (root / "receipt.json").write_text(json.dumps(found))


def test_a_request_and_a_receipt(lab: Office) -> None:
    """Each answer is one line; a receipt says what has arrived, and the answers know it then."""
    root = lab.space.root
    assert run("app", "lib", "late", "new", "bad", "none", "--to", root / "my request.json").code == 0
    done = subset("plan", "--request=my request.json", cwd=root)
    assert done.returncode == 0, done.stderr
    head, *lines, last = done.stdout.splitlines()
    assert head.startswith("the machine, cp3")
    assert head.endswith(", is the target here")
    assert lines[:4] == [
        "app for here: 1.0 is in the subset since serial 1",
        "lib for here: 1.0 is in the subset since serial 2",
        "late for here: 1.0 is in the subset, and the last bundle did not carry it",
        f"new for here: would add 1.0: 1 file, {_size(make_wheel('new', ballast=3000).data)}",
    ]
    assert lines[4].startswith("bad for here: refused because of deny: bad: the policy refuses 1.0: ")
    assert lines[5].startswith("none for here: not available: none: no index has a project none; ")
    assert last == "Next: `pypi-subset add --request 'my request.json' new`"
    receipt_of(root, 1)
    seen = subset("plan", "--request=receipt.json", cwd=root)
    first, second, following = seen.stdout.splitlines()
    assert first == f"release 1 has arrived: manifest {document(root / 'stick1')['manifest']}"
    assert second.startswith("the site has 2 files, ")
    assert second.endswith(" that did not arrive")
    assert following == "Next: `pypi-subset add --request receipt.json`"
    taken = subset("add", "--request=receipt.json", "--json", cwd=root)
    found = json.loads(taken.stdout)
    jsonschema.validate(found, json.loads(shipped("schemas", "arrival.schema.json")))
    assert (found["serial"], found["new_files"], found["recorded"]) == (1, 2, True)
    assert (
        "Next: `pypi-subset bundle --to DIR --since arrived`"
        in subset("add", "--request=receipt.json", cwd=root).stdout
    )
    answers = json.loads(subset("plan", "--request=my request.json", "--json", cwd=root).stdout)["answers"]
    assert [(one["since"], one["arrived"]) for one in answers[:3]] == [(1, True), (2, False), (None, False)]
    done = subset("plan", "--request=my request.json", cwd=root)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[1:3] == [
        "app for here: 1.0 is in the subset since serial 1; it has arrived",
        "lib for here: 1.0 is in the subset since serial 2; the last receipt does not have it",
    ]
    command = shlex.split(last.removeprefix("Next: `pypi-subset ").removesuffix("`"))
    added = subset(*command, cwd=root)
    assert added.stdout.splitlines() == ["requirements/base.txt: + new", "Next: `pypi-subset mirror`"], added.stderr


def test_a_line_for_another_system(workspace: Workspace, index: Index) -> None:
    """It does not apply on the machine, though the subset has the project; the next command leaves it out."""
    index.add(make_wheel("app"), make_wheel("new"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"here": "host"})
    subset("mirror", cwd=workspace.root)
    assert run("app; os_name == 'nt'", "new; os_name == 'nt'", "--to", workspace.root / "request.json").code == 0
    lines = subset("plan", "--request=request.json", cwd=workspace.root).stdout.splitlines()
    assert lines[1:] == [
        f'{name}; os_name == "nt" for here: does not apply there: its marker is false' for name in ("app", "new")
    ]


def _size(data: bytes) -> str:
    return f"{len(data) / 1000:.1f} kB"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("plan", "--update", "--request=x"), "--update and --request exclude each other"),
        (("plan", "--request=none.json"), "none.json: No such file or directory"),
        (("plan", "--request=broken.json"), "broken.json: this is no request: "),
        (("add", "--request=broken.json"), "broken.json: this is no request: "),
        (("add", "--request=broken.json", "--build=x"), "--request says what is added"),
        (("add", "--request=broken.json", "--target=a,b"), "a request is about one machine, not a, b"),
        (("add", "--request=broken.json", "--target=a=rhel-9"), "a request is about one machine, not a=rhel-9"),
        (("add", "--request=receipt.json", "--set=x"), "a receipt goes into the ledger of bundles, and into no set"),
        (("add", "--request=receipt.json"), "no bundle carried the site that the receipt names"),
    ],
)
def test_wrong_use(workspace: Workspace, arguments: tuple[str, ...], message: str) -> None:
    """One line on standard error, the exit code of wrong input, and nothing is written."""
    workspace.write("base.txt", "app\n")
    workspace.toml()
    (workspace.root / "broken.json").write_text("{")
    receipt = {"schema": "1.0", "kind": "pypi-subset receipt", "serial": 1, "manifest": "0" * 64}
    (workspace.root / "receipt.json").write_text(json.dumps(receipt))
    done = subset(*arguments, cwd=workspace.root)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert workspace.write("base.txt", "app\n").read_text() == "app\n"


def test_a_machine_becomes_a_target(workspace: Workspace) -> None:
    """The line that offers it is a command that does it."""
    workspace.write("base.txt", "app\n")
    workspace.toml({"windows": "cp310-win_amd64"})
    assert run("app", "--to", workspace.root / "request.json").code == 0
    offered = subset("add", "--request=request.json", cwd=workspace.root).stdout.splitlines()
    assert offered[0] == "app: base.txt:1 has it already"
    assert offered[1].startswith("no target of subset.toml is this machine, cp3")
    assert offered[1].endswith("; `pypi-subset add --request request.json --target NAME` writes it")
    assert offered[2] == "nothing changes: it is there already"
    done = subset("add", "--request=request.json", "--target=lab", cwd=workspace.root)
    described, target, *_ = done.stdout.splitlines()
    count = len((workspace.paths.requirements / "lab.json").read_text().splitlines())
    assert described == f"requirements/lab.json: the description of the machine, {count:,} lines"
    assert target == 'requirements/subset.toml: + lab = {file = "lab.json"}'
    assert done.stdout.splitlines()[-1] == "Next: `pypi-subset mirror`"
