"""``add`` and ``remove`` edit a directory of requirements as a whole, or leave it as it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from pypi_subset.editing.changes import Wanted, add, remove
from pypi_subset.errors import SubsetError
from pypi_subset.requirements.subset import read_subset
from tests.support.sites.trees import tree


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a directory of requirements with one set and one target."""
    root = tmp_path / "requirements"
    root.mkdir()
    (root / "base.txt").write_text("numpy  # arrays\n")
    (root / "subset.toml").write_text('# machines\n[targets]\nlab = "rhel-10"\n')
    return root


def test_all_of_it_at_once(root: Path) -> None:
    """Requirements, targets and sdists; the reader of requirements takes it."""
    wanted = Wanted(projects=["pandas>=2", "numpy>=2"], targets=["win=windows-11"], python="3.12", build=["docopt"])
    done = add(root, wanted)
    assert done.written
    assert (root / "base.txt").read_text() == "numpy>=2  # arrays\npandas>=2\n"
    subset = read_subset(root)
    assert ([one.name for one in subset.targets], subset.build) == (["lab", "win"], ("docopt",))
    assert {Path(change.path).name: (change.removed, change.added) for change in done.changes}["base.txt"] == (
        ("numpy  # arrays",),
        ("numpy>=2  # arrays", "pandas>=2"),
    )
    assert add(root, wanted).changes == ()
    back = Wanted(projects=["pandas"], targets=["win"], build=["docopt"])
    assert remove(root, back).written
    assert (root / "base.txt").read_text() == "numpy>=2  # arrays\n"
    assert (root / "subset.toml").read_text().strip() == '# machines\n[targets]\nlab = "rhel-10"'


def test_what_is_wrong_already_is_named(root: Path) -> None:
    """An expired acceptance does not prevent an edit; it is in the result, for mirror stops at it."""
    entry = '[[policy.accept]]\nrule = "deny"\nproject = "six"\nreason = "r"\nuntil = 2026-01-01\n'
    with (root / "subset.toml").open("a") as settings:
        settings.write(entry)
    for done in (add(root, Wanted(projects=["pandas"])), add(root, Wanted(projects=["pandas"]))):
        (line,) = done.faults
        assert "the acceptance of deny for six ended on 2026-01-01" in line
        assert done.document()["faults"] == (line,)
    assert remove(root, Wanted(projects=["pandas"])).faults == (line,)
    assert (root / "base.txt").read_text() == "numpy  # arrays\n"


def test_a_dry_run_changes_nothing(root: Path) -> None:
    """What would change is returned, with the same checks."""
    before = tree(root)
    done = add(root, Wanted(projects=["pandas"]), dry=True)
    assert (done.written, [change.added for change in done.changes]) == (False, [("pandas",)])
    assert tree(root) == before
    with pytest.raises(SubsetError, match="there is no system 'no-system'"):
        add(root, Wanted(targets=["a=no-system"]), dry=True)


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(projects=["pandas"], targets=["win=windows-19"]),
        Wanted(projects=["pandas"], targets=["WIN=windows-11"]),
        Wanted(projects=["pandas"], build=["no name"]),
    ],
)
def test_a_new_fault_changes_nothing(root: Path, wanted: Wanted) -> None:
    """The error is that of the reader, and each file is as it was."""
    before = tree(root)
    with pytest.raises(SubsetError):
        add(root, wanted)
    assert tree(root) == before


def test_a_fault_of_the_command_line_has_no_line_of_a_file(root: Path) -> None:
    """What the user typed is in no file: a line number would send the user to a line that is not there."""
    with pytest.raises(SubsetError) as caught:
        add(root, Wanted(targets=["x=windos-11"], python="3.12"))
    assert str(caught.value).startswith("there is no system 'windos-11'; did you mean 'windows-11'")
    with pytest.raises(SubsetError, match=r"^unknown platform 'win_amd65'"):
        add(root, Wanted(targets=["x=cp312-win_amd65"]))


def test_a_set_that_would_ask_for_nothing(root: Path) -> None:
    """The last requirement of a set stays."""
    before = tree(root)
    with pytest.raises(SubsetError) as caught:
        remove(root, Wanted(projects=["numpy"]))
    assert "the set 'base' asks for nothing" in "\n".join(caught.value.lines)
    assert tree(root) == before


def test_an_old_fault_hinders_no_one(root: Path) -> None:
    """A directory that has a fault already can be edited: this may be how it is mended."""
    (root / "subset.toml").write_text('[targets]\nlab = "rhel-99"\n')
    assert add(root, Wanted(projects=["pandas"])).written
    assert add(root, Wanted(targets=["win=windows-11"], python="3.12")).written
    assert remove(root, Wanted(targets=["lab"])).written
    assert [one.name for one in read_subset(root).targets] == ["win"]


def test_a_new_directory(tmp_path: Path) -> None:
    """It is made if a target comes with the requirement; without one nothing is left."""
    root = tmp_path / "deep" / "requirements"
    with pytest.raises(
        SubsetError, match=r"there is no subset yet; `pypi-subset init 'pandas>=2' --requirements .*` makes one"
    ):
        add(root, Wanted(projects=["pandas>=2"]), dry=True)
    assert not root.exists()
    assert add(root, Wanted(projects=["pandas"], targets=["lab=rhel-10"])).written
    assert [one.name for one in read_subset(root).sets] == ["base"]


def test_which_set_is_meant(root: Path) -> None:
    """The only one, or base; a named one may be new; one of several must be named."""
    assert add(root, Wanted(projects=["torch"], set_name="gpu")).changes[0].path == str(root / "gpu.txt")
    assert add(root, Wanted(projects=["rich"])).changes[0].path == str(root / "base.txt")
    (root / "base.txt").rename(root / "cpu.txt")
    with pytest.raises(SubsetError, match="there are several sets: cpu, gpu") as caught:
        add(root, Wanted(projects=["rich"]))
    assert caught.value.next_step == "name one, as in `--set cpu`"
    (root / "gpu.txt").unlink()
    assert add(root, Wanted(projects=["six"])).changes[0].path == str(root / "cpu.txt")


def test_a_set_of_another_document(root: Path) -> None:
    """Its requirements are edited where they are."""
    (root.parent / "pyproject.toml").write_text('[project]\nname = "app"\nversion = "1"\ndependencies = ["six"]\n')
    with (root / "subset.toml").open("a") as stream:
        stream.write('[sets.app]\ntargets = ["lab"]\nsource = "../pyproject.toml"\n')
    with pytest.raises(SubsetError, match="the set app is made of another document"):
        add(root, Wanted(projects=["rich"], set_name="app"))


def test_what_is_not_there_cannot_be_removed(root: Path) -> None:
    """The error names the files, and the command that says what leads to a project."""
    with pytest.raises(SubsetError, match=r"no line of .*base\.txt requests rich") as caught:
        remove(root, Wanted(projects=["Rich"]))
    assert "pypi-subset why rich" in caught.value.next_step
    add(root, Wanted(projects=["rich-argparse"]))
    with pytest.raises(SubsetError) as misspelt:
        remove(root, Wanted(projects=["Rich_argprase"]))
    assert misspelt.value.next_step.startswith("did you mean 'rich-argparse'? If not, `pypi-subset why rich-argprase` ")


def test_a_text_that_is_not_utf8(root: Path) -> None:
    """It is not converted."""
    (root / "base.txt").write_bytes("numpy  # für\n".encode("latin-1"))
    before = tree(root)
    with pytest.raises(SubsetError, match="not UTF-8"):
        add(root, Wanted(projects=["rich"]))
    assert tree(root) == before


def test_a_target_without_a_system(root: Path) -> None:
    """``--target lab`` alone says too little; the example keeps the half that is there."""
    for given, example in (
        *(("lab", "lab=rhel-10"), ("gpu=", "gpu=rhel-10"), ("rhel9", "lab=rhel-9"), ("=debian12", "lab=debian-12")),
        *(("host", "lab=host"), ("cp312-win_amd64", "lab=cp312-win_amd64")),
    ):
        with pytest.raises(SubsetError, match=f"{given!r} does not say which machine the target is") as caught:
            add(root, Wanted(targets=[given]))
        assert caught.value.next_step == f"write NAME=SYSTEM, as in {example}"
