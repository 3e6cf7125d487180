"""`add` with a request: lines go into the set, comments stay, and the machine becomes a target."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pypi_subset.editing.taking import add_request
from pypi_subset.errors import SubsetError
from pypi_subset.requirements.subset import read_subset
from tests.support.gap.requests import run
from tests.support.sites.trees import tree

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a directory of requirements with one set, and a target that is not this machine."""
    root = tmp_path / "requirements"
    root.mkdir()
    (root / "base.txt").write_text("# arrays\nnumpy>=2  # fast\nlib; os_name == 'nt'\n")
    (root / "subset.toml").write_text('# machines\n[targets]\nwin = "cp312-win_amd64" # the lab\n')
    return root


@pytest.fixture
def request_of(tmp_path: Path) -> RequestMaker:
    """Return what writes a request."""
    return RequestMaker(tmp_path / "request.json")


class RequestMaker:
    """Writes requests of this machine."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __call__(self, *arguments: str) -> Path:
        """Return the path of the request that ``request.py`` writes."""
        done = run(*arguments, "--to", self.path)
        assert done.code == 0, done.err
        return self.path


def test_lines_and_comments(root: Path, request_of: RequestMaker) -> None:
    """New lines come last, a line with other versions is replaced, and what is there is named."""
    file = request_of("Pandas>=2", "numpy", "scipy[all]; python_version >= '3'", "--no-machine")
    done = add_request(root, file)
    assert done.written
    assert (root / "base.txt").read_text() == (
        "# arrays\nnumpy>=2  # fast\nlib; os_name == 'nt'\nPandas>=2\nscipy[all]; python_version >= \"3\"\n"
    )
    assert done.notes == ("numpy: base.txt:2 has it already",)
    again = add_request(root, file)
    assert (again.changes, len(again.notes)) == ((), 3)
    replaced = add_request(root, request_of("numpy>=2.1,<3", "--no-machine"))
    assert replaced.changes[0].added == ("numpy<3,>=2.1  # fast",)
    assert replaced.notes == ()


def test_a_set_of_its_own(root: Path, request_of: RequestMaker) -> None:
    """The request names the set, the command line names another one; a new set is a new file."""
    add_request(root, request_of("a", "--set", "ml", "--no-machine"))
    add_request(root, request_of("b", "--set", "ml", "--no-machine"), set_name="tools")
    assert (root / "ml.txt").read_text() == "a\n"
    assert (root / "tools.txt").read_text() == "b\n"


def test_some_of_the_projects(root: Path, request_of: RequestMaker) -> None:
    """Projects on the command line choose lines of the request; another name is an error."""
    file = request_of("a", "B.c>1", "d", "--no-machine")
    add_request(root, file, projects=["b-C"])
    assert (root / "base.txt").read_text().splitlines()[3:] == ["B.c>1"]
    with pytest.raises(SubsetError, match="the request has no x; choose of a, b-c, d"):
        add_request(root, file, projects=["x"])


def test_several_lines_of_a_project(root: Path, request_of: RequestMaker) -> None:
    """Lines of one marker become one line, others stay apart; a project with such lines is left to the user."""
    file = request_of("a>=1", "a[x]<3", "b<2; python_version < '3'", "b>=2; python_version >= '3'", "--no-machine")
    add_request(root, file)
    assert (root / "base.txt").read_text().splitlines()[3:] == [
        "a[x]<3,>=1",
        'b<2; python_version < "3"',
        'b>=2; python_version >= "3"',
    ]
    assert add_request(root, file).changes == ()
    before = tree(root)
    with pytest.raises(
        SubsetError, match=r"lib is in .*base.txt already, in line 3, and the new lines for it have markers"
    ):
        add_request(root, request_of("lib<2; python_version < '3'", "lib>=2; python_version >= '3'", "--no-machine"))
    assert tree(root) == before


def test_the_machine_becomes_a_target(root: Path, request_of: RequestMaker) -> None:
    """With a name, its description is a file beside subset.toml, and a target that the reader takes; comments stay."""
    file = request_of("a")
    offered = add_request(root, file, dry=True)
    assert offered.notes[0].startswith("no target of subset.toml is this machine, cp3")
    assert offered.notes[0].endswith(f"; `pypi-subset add --request {file} --target NAME` writes it")
    assert not (root / "lab.json").exists()
    done = add_request(root, file, target="lab")
    assert done.notes == ()
    assert (root / "subset.toml").read_text() == (
        '# machines\n[targets]\nwin = "cp312-win_amd64" # the lab\nlab = {file = "lab.json"}\n'
    )
    assert json.loads((root / "lab.json").read_bytes())["kind"] == "pypi-subset target"
    assert [(one.name, one.described) for one in read_subset(root).targets] == [("win", False), ("lab", True)]
    assert add_request(root, file).notes == ("a: base.txt:4 has it already",)
    assert add_request(root, file, target="lab").notes[0] == "subset.toml has the target lab already"


def test_a_dry_run_changes_nothing(root: Path, request_of: RequestMaker) -> None:
    """What would change is returned, also the description of the machine."""
    before = tree(root)
    done = add_request(root, request_of("a"), target="lab", dry=True)
    assert (done.written, len(done.changes)) == (False, 3)
    assert tree(root) == before


@pytest.mark.parametrize(
    ("arguments", "target", "message"),
    [
        (("a", "--no-machine"), "lab", "the request does not describe its machine; name its system, as in"),
        (("a",), "win", "the target win is another machine: cp312-cp312-win_amd64; choose another name"),
        (("a",), "own", "own.json: another file has the name of the description; choose another name"),
        (("a",), "LAB", "LAB"),
        (("a",), "../lab", "lab"),
    ],
)
def test_what_cannot_be_added(
    root: Path, request_of: RequestMaker, arguments: tuple[str, ...], target: str, message: str
) -> None:
    """One error, and nothing is changed, nor is a file written outside of the directory."""
    (root / "own.json").write_text("{}")
    before, around = tree(root), sorted(root.parent.iterdir())
    file = request_of(*arguments)
    with pytest.raises(SubsetError) as caught:
        add_request(root, file, target=target)
    assert message in str(caught.value)
    assert tree(root) == before
    assert sorted(root.parent.iterdir()) == sorted({*around, file})


def test_hostile_requests_change_nothing(root: Path, tmp_path: Path) -> None:
    """A line that would be an option in the requirements file is refused before anything is written."""
    before = tree(root)
    line = {"name": "a", "extras": [], "specifier": "", "marker": "os_name == 'x'\n--index-url https://x.test"}
    document = {"schema": "1.0", "kind": "pypi-subset request", "set": "", "target": "", "requirements": [line]}
    (tmp_path / "request.json").write_text(json.dumps({**document, "machine": None}))
    with pytest.raises(SubsetError, match="this is no request: requirement 1: its marker is damaged"):
        add_request(root, tmp_path / "request.json")
    assert tree(root) == before


def test_lines_of_one_project_that_are_joined(root: Path, request_of: RequestMaker) -> None:
    """A note has the lines and what they become; lines with different markers stay apart, and each once."""
    file = request_of("Idna", "idna<4", "IDNA[x]>3", "six", "six; os_name == 'nt'", "--no-machine")
    done = add_request(root, file)
    assert done.changes[0].added == ("Idna[x]<4,>3", "six", 'six; os_name == "nt"')
    assert done.notes == ("Idna, idna<4, IDNA[x]>3: joined to Idna[x]<4,>3",)
    assert add_request(root, file, projects=["six"]).notes == ('six, six; os_name == "nt": base.txt:5 has it already',)


def test_a_line_for_other_machines(root: Path, request_of: RequestMaker) -> None:
    """It is added, and a note says that it does not count on the machine of the request."""
    file = request_of("six; os_name == 'nt'", "lib; os_name != 'nt'", "--target", "lab")
    note, *_ = add_request(root, file).notes
    assert note == 'six; os_name == "nt": its marker is false on lab'
    assert not any(one.startswith("lib") for one in add_request(root, file, dry=True).notes if "false" in one)
