"""dir2pi lays the files out; what it misfiles is mended, and nothing is lost or stored twice."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import structs
from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.errors import BadDistribution, HashMismatch, SubsetError
from pypi_subset.model.distributions import Artifact, Distribution
from pypi_subset.site import dir2pi as layout
from tests.support.sites.trees import texts
from tests.support.stages.values import artifact_of, artifacts_of, lay_out
from tests.support.wheels import make_sdist, make_wheel

#: What dir2pi misfiles, and the directory it chooses.
MISFILED = {
    "python-3parclient-4.2.12.tar.gz": "python",
    "tagged-1.0-1-py3-none-any.whl": "tagged-1-0",
    "tagged-1.0-1build-py3-none-any.whl": "tagged-1-0",
}
#: What dir2pi files rightly.
ORDINARY = {
    "Zope.Interface-5.0-py3-none-any.whl": "zope-interface",
    "under_score-1.0+cpu.1-py3-none-any.whl": "under-score",
    "under_score-2!1.0-py3-none-any.whl": "under-score",
    "plain-1.0.tar.gz": "plain",
}
#: What dir2pi stops at: a version that begins with a letter.
UNREADABLE = "odd-v1.0.tar.gz"


def save(folder: Path, *names: str) -> list[Artifact]:
    """Return artifacts in *folder* with these file names, each with other bytes."""
    folder.mkdir(exist_ok=True)
    for name in names:
        (folder / name).write_text(f"bytes of {name}", encoding="utf-8")
    return [artifact_of(folder / name) for name in names]


def test_dir2pi_places_ordinary_files_and_misfiles_known_ones(tmp_path: Path) -> None:
    """The directories that dir2pi itself chooses: right for ordinary names, wrong for those that we mend."""
    save(tmp_path / "scratch", *ORDINARY, *MISFILED)

    assert layout.run_dir2pi(tmp_path / "scratch") == ORDINARY | MISFILED


def test_every_file_ends_in_its_projects_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A misfiled file is moved, one that dir2pi cannot read is placed, the others stay where dir2pi put them."""
    placed: dict[str, str] = {}
    run_dir2pi = layout.run_dir2pi
    monkeypatch.setattr(layout, "run_dir2pi", lambda scratch: placed.update(run_dir2pi(scratch)) or placed)
    names = [*ORDINARY, *MISFILED, UNREADABLE]

    projects = lay_out(save(tmp_path / "packages", *names), tmp_path / "stage")

    right = ORDINARY | {"python-3parclient-4.2.12.tar.gz": "python-3parclient", UNREADABLE: "odd"}
    right |= {name: "tagged" for name in MISFILED if name.startswith("tagged")}
    assert texts(tmp_path / "stage") == {f"simple/{right[name]}/{name}": f"bytes of {name}" for name in names}
    assert {name: right[name] for name in ORDINARY} == {name: placed[name] for name in ORDINARY}
    assert placed.keys() == {*ORDINARY, *MISFILED}
    folders = {path.name for path in (tmp_path / "stage" / "simple").iterdir()}
    assert folders == {*right.values()} == {project.name for project in projects}


def test_projects_are_sorted(tmp_path: Path) -> None:
    """Projects come by name, their files oldest release first."""
    wheels = [make_wheel("b", version) for version in ("1.10", "1.9", "1.9.dev1")] + [make_wheel("a")]
    artifacts = artifacts_of(wheels, tmp_path / "packages")

    projects = lay_out(artifacts, tmp_path / "stage")

    assert [project.name for project in projects] == ["a", "b"]
    versions = [artifact.distribution.version for artifact in projects[1].artifacts]
    assert versions == [Version("1.9.dev1"), Version("1.9"), Version("1.10")]


@pytest.mark.parametrize("symlinks", [True, False])
def test_files_are_real_and_stored_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, symlinks: bool) -> None:
    """What lies in the stage is no symbolic link and no second copy, even where dir2pi had to copy."""
    made: list[bool] = []
    run_dir2pi = layout.run_dir2pi

    def watched(scratch: Path) -> dict[str, str]:
        placed = run_dir2pi(scratch)
        made.extend((scratch / "simple" / folder / name).is_symlink() for name, folder in placed.items())
        return placed

    def refuse(*_: object) -> None:
        raise PermissionError

    monkeypatch.setattr(layout, "run_dir2pi", watched)
    if not symlinks:
        monkeypatch.setattr(Path, "symlink_to", refuse)
    (artifact,) = artifacts_of([make_wheel("demo")], tmp_path / "packages")

    (project,) = lay_out([artifact], tmp_path / "stage")

    placed = tmp_path / "stage" / "simple" / project.name / artifact.path.name
    assert made == [symlinks]
    assert not placed.is_symlink()
    assert placed.samefile(artifact.path)
    assert [path.name for path in (tmp_path / "stage").iterdir()] == ["simple"]


def test_the_same_artifact_twice_is_one_file(tmp_path: Path) -> None:
    """Two targets that need one wheel lead to one placed file."""
    (artifact,) = artifacts_of([make_wheel("demo")], tmp_path / "packages")

    (project,) = lay_out([artifact, artifact], tmp_path / "stage")

    assert len(project.artifacts) == 1


def test_nothing_is_laid_out_from_nothing(tmp_path: Path) -> None:
    """No artifacts give an empty directory and no projects."""
    assert lay_out([], tmp_path / "stage") == ()
    assert list((tmp_path / "stage" / "simple").iterdir()) == []


@pytest.mark.parametrize(
    "name",
    [
        "foo.whl",
        "README.md",
        "-1.0-py3-none-any.whl",
        "_-1.0-py3-none-any.whl",
        "..-1.0-py3-none-any.whl",
        "demo_-1.0-py3-none-any.whl",
        "demo.-1.0.tar.gz",
        ".hidden-1.0-py3-none-any.whl",
        "../../escape-1.0.tar.gz",
        "/etc/escape-1.0.tar.gz",
        "a\\b-1.0.tar.gz",
        "<script>-1.0.tar.gz",
        "demo-1.0-1<script>-py3-none-any.whl",
        "demo- 1.0 .tar.gz",
        "demo-1.0-py3-none-any.whl\n",
        "dëmo-1.0-py3-none-any.whl",
        "demo-1.0-py3-none-any.whl.metadata",
        "demo-1.0.tar.gz.part",
    ],
)
def test_a_name_that_is_no_distributions_is_refused(tmp_path: Path, name: str) -> None:
    """A file name that a page or a path could misread is refused by name, before anything is written."""
    distribution = Distribution(
        filename=name, project=canonicalize_name("demo"), version=Version("1.0"), size=1, sha256="0" * 64
    )

    with pytest.raises(BadDistribution, match="is not the name of a wheel or source distribution") as caught:
        lay_out([Artifact(distribution=distribution, folder=tmp_path)], tmp_path / "stage")

    assert repr(name) in str(caught.value)
    assert not (tmp_path / "stage").exists()


def test_the_file_name_decides_and_metadata_does_not(tmp_path: Path) -> None:
    """`Name:` in METADATA as an absolute path writes nothing outside the stage."""
    escape = tmp_path / "escape"
    artifacts = artifacts_of([make_wheel("demo", metadata_name=str(escape))], tmp_path / "packages")

    lay_out(artifacts, tmp_path / "stage")

    assert not escape.exists()
    assert (tmp_path / "stage" / "simple" / "demo" / "demo-1.0-py3-none-any.whl").is_file()


def test_a_file_that_contradicts_the_index_is_refused(tmp_path: Path) -> None:
    """An artifact whose name says another project than the index did is named."""
    (artifact,) = artifacts_of([make_wheel("demo")], tmp_path / "packages")
    other = replace(artifact, distribution=structs.replace(artifact.distribution, project=canonicalize_name("other")))

    with pytest.raises(
        BadDistribution, match=r"demo-1\.0-py3-none-any\.whl' is a file of demo 1\.0, not of other 1\.0"
    ):
        lay_out([other], tmp_path / "stage")


def test_one_name_with_other_bytes_is_fatal(tmp_path: Path) -> None:
    """Two files of one name and different content are refused, naming both."""
    (one,) = artifacts_of([make_wheel("demo")], tmp_path / "one")
    (two,) = artifacts_of([make_wheel("demo", files={"more.py": b""})], tmp_path / "two")

    with pytest.raises(HashMismatch) as caught:
        lay_out([one, two], tmp_path / "stage")

    assert str(one.path) in str(caught.value)
    assert str(two.path) in str(caught.value)


def test_names_that_differ_by_case_alone_are_refused(tmp_path: Path) -> None:
    """Two names that are one file on a disk that ignores case are refused, naming both."""
    artifacts = save(tmp_path / "packages", "Demo-1.0-py3-none-any.whl", "demo-1.0-py3-none-any.whl")

    with pytest.raises(BadDistribution, match=r"Demo-1\.0-\S+ and demo-1\.0-\S+ are one file"):
        lay_out(artifacts, tmp_path / "stage")


def test_a_lost_or_added_file_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tree that is not exactly what was asked for is refused: a file lost, a file too many, a symbolic link."""
    artifacts = save(tmp_path / "packages", "demo-1.0-py3-none-any.whl", "other-1.0-py3-none-any.whl")
    settle = layout._settle  # noqa: SLF001 - damaged on purpose, right after it did its work

    def damage(scratch: Path, simple: Path, placed: dict[str, str], owners: dict[str, str]) -> None:
        settle(scratch, simple, placed, owners)  # type: ignore[arg-type]
        lost = simple / "demo" / "demo-1.0-py3-none-any.whl"
        lost.rename(simple / "demo" / "strange")
        link = simple / "other" / "other-1.0-py3-none-any.whl"
        shutil.copy(link, simple / "strange")
        link.unlink()
        link.symlink_to(simple / "strange")

    monkeypatch.setattr(layout, "_settle", damage)

    with pytest.raises(BadDistribution) as caught:
        lay_out(artifacts, tmp_path / "stage")

    assert caught.value.what == (
        "the layout lost or added demo/demo-1.0-py3-none-any.whl, demo/strange, other/other-1.0-py3-none-any.whl"
        " and 1 more"
    )


def test_dir2pi_failing_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """If dir2pi stops, its last line is the reason, and no scratch directory is left."""
    monkeypatch.setattr(layout, "_waiting", lambda filename: filename)

    with pytest.raises(SubsetError, match=r"^dir2pi failed: .*InvalidFilePackageName: .*odd-v1\.0\.tar\.gz"):
        lay_out(save(tmp_path / "packages", UNREADABLE), tmp_path / "stage")

    assert list((tmp_path / "stage").iterdir()) == []


def test_dir2pi_sees_nothing_ambient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A module of the same name in the working directory, or a warning turned into an error, does not reach dir2pi."""
    (tmp_path / "libpip2pi").mkdir()
    (tmp_path / "libpip2pi" / "__init__.py").write_text("raise SystemExit('wrong dir2pi')")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONWARNINGS", "error")
    sdist = make_sdist("demo")
    (tmp_path / sdist.filename).write_bytes(sdist.data)

    (project,) = lay_out([artifact_of(tmp_path / sdist.filename)], tmp_path / "stage")

    assert project.name == "demo"


def test_a_dir2pi_that_does_not_load_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it said when it died is the reason."""
    (tmp_path / "libpip2pi").mkdir()
    (tmp_path / "libpip2pi" / "__init__.py").write_text("raise ImportError('broken')")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(SubsetError, match=r"^dir2pi failed: ImportError: broken; see"):
        lay_out(save(tmp_path / "packages", *ORDINARY), tmp_path / "stage")
    assert list((tmp_path / "stage").iterdir()) == []
