"""``init`` writes ``requirements/`` from nothing, with comments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.editing.beginning import init, one_shot
from pypi_subset.editing.changes import Wanted, add
from pypi_subset.errors import SubsetError
from pypi_subset.requirements.subset import read_subset
from tests.support.sites.trees import tree

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


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("subset.toml", "there is a subset already; change it with `pypi-subset add`"),
        ("gpu.txt", "there is a set already; `pypi-subset init .*` writes subset.toml beside it; `pypi-subset add`"),
    ],
)
def test_a_subset_is_not_overwritten(tmp_path: Path, name: str, said: str) -> None:
    """If there is a file already, the error names it and the command that changes it."""
    (tmp_path / name).write_text("mine")
    with pytest.raises(SubsetError, match=f"{name}: {said}"):
        init(tmp_path, projects=["six"])
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_targets_beside_requirements_files(tmp_path: Path) -> None:
    """A directory that has sets alone gets its targets, and the sets stay as they are."""
    (tmp_path / "gpu.txt").write_text("# mine\nsix\n")
    init(tmp_path, on=["rhel8"])
    assert [*targets(tmp_path)] == ["rhel-8"]
    assert (tmp_path / "gpu.txt").read_text() == "# mine\nsix\n"


def test_a_single_command_line_is_the_whole_subset(tmp_path: Path) -> None:
    """Run again it changes nothing; with other words it asks for those alone, if that is allowed."""
    first = one_shot(tmp_path / "one", projects=["six"], on=["rhel8"], pythons=["3.12"])
    again = one_shot(tmp_path / "one", projects=["six"], on=["rhel8"], pythons=["3.12"])
    other = one_shot(tmp_path / "one", projects=["rich"], on=["rhel8"], pythons=["3.12"], replace=True)
    assert (first.written, again.changes, other.changes[0].added) == (True, (), ("rich",))
    assert other.changes[0].removed == ("six",)


@pytest.mark.parametrize(
    ("projects", "on", "pythons", "lost"),
    [
        (["rich"], ["rhel8"], ["3.12"], "six"),
        (["six", "rich"], ["rhel9"], ["3.12"], "the target rhel-8"),
        (["six"], ["rhel8"], ["3.9"], "the target rhel-8"),
        (["rich"], ["windows-11"], ["3.12"], "six, the target rhel-8, [policy]"),
    ],
)
def test_a_single_command_line_drops_nothing_in_silence(
    tmp_path: Path, projects: list[str], on: list[str], pythons: list[str], lost: str
) -> None:
    """Projects, targets and settings that would be lost are an error, which names the ways on; nothing is written."""
    root = tmp_path / ".my stick.subset" / "requirements"
    one_shot(root, projects=["six"], on=["rhel8"], pythons=["3.12"])
    if "[policy]" in lost:
        with (root / "subset.toml").open("a") as stream:
            stream.write("[policy]\nmin_age = 7\n")
    before = tree(root)
    with pytest.raises(SubsetError) as caught:
        one_shot(root, projects=projects, on=on, pythons=pythons)
    assert caught.value.what == f"an earlier call asked for more, and this one would drop {lost}"
    site = tmp_path / "my stick"
    step = f"add to it with `pypi-subset add {' '.join(projects)} --site '{site}'`, or drop that with `--replace`"
    assert (caught.value.next_step, tree(root)) == (step, before)


def test_what_the_site_does_not_have_is_dropped_with_a_note(tmp_path: Path) -> None:
    """A name or a target that was misspelt stops one call alone; a table that the user wrote is never dropped so."""
    root = tmp_path / ".stick.subset" / "requirements"
    one_shot(root, projects=["six", "pandsa"], on=["rhel8"], pythons=["3.6"])
    held = frozenset({"six", "rhel-9"})
    later = one_shot(root, projects=["six", "pandas"], on=["rhel8"], pythons=["3.12"], held=held)
    assert later.notes == ("dropped what an earlier call requested: pandsa, the target rhel-8",)
    assert [str(one.requirement) for one in read_subset(root).sets[0].requests] == ["six", "pandas"]
    with pytest.raises(SubsetError, match=r"would drop six;"):
        one_shot(root, projects=["pandas"], on=["rhel8"], pythons=["3.12"], held=held)
    with (root / "subset.toml").open("a") as stream:
        stream.write("[policy]\nmin_age = 7\n")
    with pytest.raises(SubsetError, match=r"would drop \[policy\];"):
        one_shot(root, projects=["six", "pandas"], on=["rhel8"], pythons=["3.12"], held=frozenset())


def test_a_single_command_line_may_name_more(tmp_path: Path) -> None:
    """Further projects and targets, and other versions of the same project, drop nothing."""
    root = tmp_path / "one"
    one_shot(root, projects=["six"], on=["rhel8"], pythons=["3.12"])
    one_shot(root, projects=["six>=1", "rich"], on=["windows-11", "rhel8"], pythons=["3.12"])
    assert [*targets(root)] == ["windows-11", "rhel-8"]
    assert [str(one.requirement) for one in read_subset(root).sets[0].requests] == ["six>=1", "rich"]
