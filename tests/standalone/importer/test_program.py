"""The command line: what is wrong is one line, and an exit code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pypi_subset.standalone.importer.program import parser, place_fault
from tests.support.checkout import page
from tests.support.gap.far import Trip, joined, run


@pytest.fixture(scope="module")
def trip(tmp_path_factory: pytest.TempPathFactory) -> Trip:
    """Three releases and the bundles between them."""
    return Trip.made(tmp_path_factory.mktemp("trip"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "name the directory of the imported site with --into"),
        (["stick"], "name the directory of the imported site with --into"),
        (["--into", "."], "name the directory of the bundle"),
        (["--into", ".", "--frob"], "there is no option --frob; see `import_bundle.py --help`"),
        (["stick", "--list", "--into", "."], "stick is one argument too many"),
        (["--list", "--hash", "--into", "."], "not allowed with argument"),
        (["--dry-run", "--into", "."], "name the directory of the bundle"),
        (["stick", "--into", ".", "--keep", "-1"], "--keep and --grace are 0 or more"),
        (["stick", "--into", ".", "--grace", "nan"], "--keep and --grace are 0 or more"),
        (["stick", "--into", ".", "--keep", "x"], "invalid int value"),
        (["--list", "--into", "/none\x1b[2J"], r"/none\x1b[2J is no directory"),
        (["--rollback", "x", "--into", "."], "invalid serial value"),
        (["--rollback", "-5", "--into", "."], "invalid serial value"),
        *(
            ([*task, "--into", ".", "--receipt", "receipt.json"], "--receipt is for an import, --rollback or --expire")
            for task in (["stick", "--dry-run"], ["--verify"], ["stick", "--verify"], ["--list"], ["--hash"])
        ),
    ],
)
def test_wrong_use(arguments: list[str], message: str) -> None:
    """A slip on the command line is one line, and exit code 2."""
    done = run(*arguments)
    assert (done.code, done.out) == (2, "")
    assert message in done.error
    assert done.error.isprintable()


def test_surroundings(trip: Trip, tmp_path: Path) -> None:
    """A medium that is not there is exit code 3; a directory without a bundle is 2."""
    far = trip.far("none")
    assert far.run(tmp_path / "none").code == 3
    assert far.run(tmp_path).code == 2


def test_interrupted(trip: Trip, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C is one line and exit code 130; the next call continues."""
    far = trip.far("interrupted")
    from pypi_subset.standalone.importer import tree  # noqa: PLC0415 - the module itself

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(tree.Tree, "build", interrupt)
    done = far.run(trip.media[0])
    assert (done.code, done.error) == (130, "interrupted; run it again to continue")
    assert far.loose_wheels() == []
    monkeypatch.undo()
    assert far.run(trip.media[0]).code == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full device")
def test_full_disk_of_the_output(trip: Trip, tmp_path: Path) -> None:
    """An output that cannot be written is one line."""
    script = tmp_path / "import_bundle.py"
    script.write_bytes(joined())
    far = trip.far("output", 1)
    with Path("/dev/full").open("wb") as full:
        command = [sys.executable, "-I", str(script), "--list", "--into", str(far.into)]
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == 3
    assert re.fullmatch(rb"import_bundle.py: error: [^\n]*\n", done.stderr)


def test_results_as_json(trip: Trip) -> None:
    """``--json`` prints one document, and progress does not stand in it."""
    far = trip.far("json")
    found = json.loads(far.run(trip.media[0], "--json").out)
    assert found["import"]["imported"]["serial"] == 1
    assert json.loads(far.run("--verify", "--json").out)["verified"]["files"] == 49
    assert json.loads(far.run("--expire", "--json").out)["expired"] == {"removed": [], "grace": 0}


@pytest.mark.parametrize("encoding", ["ascii", "utf-8"])
def test_a_path_that_the_terminal_cannot_show(tmp_path: Path, encoding: str) -> None:
    """An error about a directory is one line, whatever its name is and whatever the terminal can show."""
    script, place = tmp_path / "import_bundle.py", tmp_path / "\u00fcber\x1b[2J"
    script.write_bytes(joined())
    place.mkdir()
    command = [sys.executable, "-X", "utf8=0", str(script), "--verify", "--into", str(place)]
    done = subprocess.run(
        command, capture_output=True, check=False, env={"LC_ALL": "C.UTF-8", "PYTHONIOENCODING": encoding}
    )
    assert done.returncode == 2
    assert done.stderr.decode(encoding).splitlines()[0].startswith("import_bundle.py: error: ")
    assert len(done.stderr.splitlines()) == 1
    assert b"\x1b" not in done.stderr


def test_help_names_every_option() -> None:
    """Each option has its line in ``--help``."""
    text = parser().format_help()
    options = re.findall(r"^  (--[a-z-]+)", text, re.MULTILINE)
    assert {"--into", "--verify", "--rollback", "--allow-unsigned", "--trust-kept", "--json"} <= set(options)
    assert "Exit codes: 0 done, 1 refused, 2 wrong use, 3" in re.sub(r"\s+", " ", text)


def test_documented_example(tmp_path: Path) -> None:
    """The commands of the manual print what it shows."""
    trip = Trip.made(tmp_path)
    far = trip.far("srv")
    text = page("docs/reference/importer.md")
    found = re.search(r"<!-- output:importer -->\n```\n(.*?)```\n<!-- /output -->", text, re.DOTALL)
    assert found
    places = {"/srv/pypi": str(far.into)} | {f"/media/stick{number}": str(trip.media[number - 1]) for number in (1, 2)}
    shown = []
    for command in re.findall(r"^\$ python3 import_bundle\.py (.*)$", found[1], re.MULTILINE):
        done = run(*(places.get(word, word) for word in command.split()))
        assert done.code == 0, done.err
        lines = [line for line in done.out.splitlines() if not line.startswith("grace: ")]
        shown += [f"$ python3 import_bundle.py {command}", *lines]
    assert "\n".join([*shown, ""]) == found[1]


def test_manual_has_every_option() -> None:
    """Each option of the command line has a row in the manual, and each row is an option."""
    text = page("docs/reference/importer.md")
    options = set(re.findall(r"(--[a-z-]+)", parser().format_help())) - {"--help"}
    assert {one for code in re.findall("`[^`\n]+`", text) for one in re.findall(r"--[a-z-]+", code)} >= options
    for option in re.findall(r"^\| `(--[a-z-]+)", text, re.MULTILINE):
        assert option in options


def test_a_receipt_replaces_no_pipe(tmp_path: Path) -> None:
    """It would end the program that reads from there."""
    os.mkfifo(tmp_path / "pipe")
    assert place_fault(str(tmp_path / "pipe")) == f"{tmp_path}/pipe is no file"
