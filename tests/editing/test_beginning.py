"""``init`` writes ``requirements/`` from nothing, with comments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.editing.beginning import init, one_shot
from pypi_subset.editing.changes import Wanted, add
from pypi_subset.errors import SubsetError
from pypi_subset.requirements.subset import read_subset

if TYPE_CHECKING:
    from pathlib import Path


def targets(root: Path) -> dict[str, str]:
    """Return name → tag of the targets of *root*."""
    return {one.name: one.tag for one in read_subset(root).targets}


def test_targets_and_projects(tmp_path: Path) -> None:
    """Each system has the Python after it, in the order of the command line; the names are those of the list."""
    root = tmp_path / "requirements"
    done = init(root, projects=["pandas", "six>=1"], on=["windows-11", "rhel8"], pythons=["3.12", "3.9"])
    assert (done.written, len(done.changes)) == (True, 2)
    assert targets(root) == {"windows-11": "cp312-cp312-win_amd64", "rhel-8": "cp39-cp39-manylinux_2_28_x86_64"}
    assert (root / "subset.toml").read_text().startswith("# The machines that the packages are for.")
    assert (root / "base.txt").read_text().splitlines()[1:] == ["pandas", "six>=1"]


def test_one_python_is_for_all(tmp_path: Path) -> None:
    """Without a Python each system has its own; a system that comes twice has its Python in the second name."""
    root = tmp_path / "requirements"
    init(root, projects=["six"], on=["rhel-9", "ubuntu-22.04", "debian-12-aarch64"], pythons=["3.12"])
    assert [*targets(root)] == ["rhel-9", "ubuntu-22-04", "debian-12-aarch64"]
    assert all(tag.startswith("cp312-") for tag in targets(root).values())
    root = tmp_path / "own"
    init(root, projects=["six"], on=["rhel-9", "rhel9"], pythons=["3.9", "3.12"])
    assert [*targets(root)] == ["rhel-9", "rhel-9-py312"]


def test_this_machine_without_a_system(tmp_path: Path) -> None:
    """The target is the host. There is no set, and no fault of one, until a project is added."""
    root = tmp_path / "requirements"
    done = init(root)
    assert (done.faults, [path.name for path in root.iterdir()]) == ((), ["subset.toml"])
    assert '\n[targets]\nhere = "host"\n' in (root / "subset.toml").read_text()
    add(root, Wanted(projects=["six"]))
    assert [str(one.requirement) for one in read_subset(root).sets[0].requests] == ["six"]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"on": ["rhel88"]}, "there is no system 'rhel88'; did you mean 'rhel-8'"),
        ({"on": ["windows-11"]}, "windows-11 brings no Python of its own, .*; add one, as in `--python 3.12`"),
        ({"on": ["windows-11"], "pythons": ["3.99"]}, "Python '3.99' is not supported; write one from"),
        ({"on": ["rhel8", "rhel9", "rhel-10"], "pythons": ["3.9", "3.12"]}, "3 systems and 2 Pythons make no pairs"),
        ({"pythons": ["3.9"]}, "a Python is named without a system; .* `--on debian-12`"),
        ({"projects": ["six>"]}, "'six>' is no requirement"),
    ],
)
def test_nothing_is_written_after_an_error(tmp_path: Path, given: dict[str, list[str]], said: str) -> None:
    """The error names what would be good."""
    with pytest.raises(SubsetError, match=said):
        init(tmp_path / "requirements", **given)  # type: ignore[arg-type]
    assert [*tmp_path.iterdir()] == []


def test_another_document_may_be_the_only_set(tmp_path: Path) -> None:
    """After init without projects, a source is all that is to be written."""
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "app"\nversion = "1"\ndependencies = ["six"]\n')
    root = tmp_path / "requirements"
    init(root, on=["debian-12"])
    with (root / "subset.toml").open("a") as stream:
        stream.write('[sets.app]\nsource = "../pyproject.toml"\n')
    assert [one.name for one in read_subset(root).sets] == ["app"]


@pytest.mark.parametrize("name", ["subset.toml", "gpu.txt"])
def test_a_subset_is_not_overwritten(tmp_path: Path, name: str) -> None:
    """If there is a file already, the error names it and the command that changes it."""
    (tmp_path / name).write_text("mine")
    with pytest.raises(SubsetError, match=rf"{name}: there is a subset already; change it with `pypi-subset add`"):
        init(tmp_path, projects=["six"])
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_single_command_line_is_the_whole_subset(tmp_path: Path) -> None:
    """Run again it changes nothing; with other words it asks for those alone."""
    first = one_shot(tmp_path / "one", projects=["six"], on=["rhel8"], pythons=["3.12"])
    again = one_shot(tmp_path / "one", projects=["six"], on=["rhel8"], pythons=["3.12"])
    other = one_shot(tmp_path / "one", projects=["rich"], on=["rhel8"], pythons=["3.12"])
    assert (first.written, again.changes, other.changes[0].added) == (True, (), ("rich",))
    assert other.changes[0].removed == ("six",)
