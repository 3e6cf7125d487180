"""Files elsewhere: read only where subset.toml names them, by real path, and never shown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pypi_subset.errors import InputFaults, TargetError
from pypi_subset.requirements.places import places_of
from pypi_subset.requirements.subset import find_target, read_subset
from tests.support.stages.requirements import LINUX, lines_of, plan_of

OTHERS = "machine host login me password hunter2\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return ``requirements/`` in a checkout beside which there are files of others."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret.txt").write_text(OTHERS)
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared" / "limits.txt").write_text("six<2\n")
    (tmp_path / "checkout" / "requirements").mkdir(parents=True)
    return tmp_path / "checkout" / "requirements"


def faults(root: Path, files: dict[str, str | bytes], toml: str = LINUX) -> str:
    """Return what is wrong with such a directory, as it is printed."""
    with pytest.raises(InputFaults) as raised:
        plan_of(files, toml, root)
    return str(raised.value)


@pytest.mark.parametrize(
    "line", ["-r ../../secret.txt", "-c ../../secret.txt", "-r {away}/secret.txt", "-r link.txt", "-c up/secret.txt"]
)
def test_an_include_stays_below(root: Path, line: str, tmp_path: Path) -> None:
    """Upwards, by an absolute path, by a link to a file or to a directory: refused, with the remedy, and nothing shown."""
    (root / "link.txt").symlink_to(tmp_path / "secret.txt")
    (root / "up").symlink_to(tmp_path)
    said = faults(root, {"base.txt": f"six\n{line.format(away=tmp_path)}\n"})
    assert "base.txt:2: " in said
    assert f"it stands outside {root.parent}; put a copy below {root.parent}, or name it at the top" in said
    assert "hunter2" not in said


def test_a_set_is_no_link_elsewhere(root: Path, tmp_path: Path) -> None:
    """Neither a set nor subset.toml nor a description of a machine may be a link that leads elsewhere."""
    (root / "base.txt").symlink_to(tmp_path / "secret.txt")
    said = faults(root, {})
    assert "base.txt: it stands outside" in said
    (root / "base.txt").unlink()
    (root / "lab.json").symlink_to(tmp_path / "secret.txt")
    said += faults(root, {"base.txt": "six"}, '[targets]\nlab = { file = "lab.json" }\n')
    assert "lab.json: it stands outside" in said
    (root / "subset.toml").unlink()
    (root / "subset.toml").symlink_to(tmp_path / "secret.txt")
    with pytest.raises(InputFaults, match=r"subset\.toml: it stands outside") as raised:
        read_subset(root)
    with pytest.raises(TargetError) as other:
        find_target("lab", None, root)
    said += f"{raised.value}{other.value}"
    assert "hunter2" not in said


def test_a_source_is_named_as_it_is_spelt(root: Path, tmp_path: Path) -> None:
    """A source that is spelt as a path elsewhere is named; a link below that leads elsewhere is not."""
    limits = '[sets.app]\nsource = "../../shared/limits.txt"\n'
    (app,) = plan_of({}, LINUX + limits, root).sets
    assert lines_of(app.requests) == ["limits.txt:1 six<2"]
    for name in ("app.txt", "pyproject.toml"):
        (root.parent / name).symlink_to(tmp_path / "secret.txt")
        said = faults(root, {}, f'{LINUX}[sets.app]\nsource = "../{name}"\n')
        assert f"{name}: it stands outside {root.parent}" in said
        assert "hunter2" not in said


def test_what_is_named_outside_may_be_included(root: Path) -> None:
    """A file or a directory that subset.toml names is read, through a link as well; what it includes is named apart."""
    (root / "link.txt").symlink_to("../../shared/limits.txt")
    for outside in ("../../shared/limits.txt", "../../shared"):
        (base,) = plan_of(
            {"base.txt": "six\n-c ../../shared/limits.txt\n-c link.txt"}, f'outside = ["{outside}"]\n{LINUX}', root
        ).sets
        assert lines_of(base.constraints)[0] == "limits.txt:1 six<2"
    (root / "link.txt").unlink()
    (root.parent.parent / "shared" / "limits.txt").write_text("-r ../secret.txt\n")
    said = faults(root, {"base.txt": "six\n-c ../../shared/limits.txt"}, f'outside = ["../../shared"]\n{LINUX}')
    assert "hunter2" not in said


def test_no_text_of_a_file_elsewhere_is_shown(root: Path) -> None:
    """Of a named file that is faulty, the line is told, and neither its text nor what is wrong with it."""
    toml = f'outside = ["../../secret.txt"]\n{LINUX}[sets.app]\nsource = "../../app/pyproject.toml"\n'
    place = root.parent.parent / "app"
    place.mkdir()
    (place / "pyproject.toml").write_text("[project]\ndependencies = [hunter2]\n")
    said = faults(root, {"base.txt": "-r ../../secret.txt"}, toml)
    assert "secret.txt:1: there is a fault in this file; its text is not shown" in said
    assert "pyproject.toml:2: there is a fault in this file" in said
    assert "hunter2" not in said


@pytest.mark.parametrize("value", ['"x"', "[1]", '[""]', '["a\\u0000b"]'])
def test_outside_is_a_list_of_paths(root: Path, value: str) -> None:
    """Anything else is a fault."""
    said = faults(root, {"base.txt": "six"}, f"outside = {value}\n{LINUX}")
    assert said == f'{root}/subset.toml:1: outside must be a list of paths; write outside = ["../shared/limits.txt"]'


def test_requirements_may_be_a_link(root: Path, tmp_path: Path) -> None:
    """What stands in a directory that ``requirements`` is a link to is read; beside that directory, nothing is."""
    (tmp_path / "elsewhere").mkdir()
    root.rmdir()
    root.symlink_to("../elsewhere")
    (base,) = plan_of("six", LINUX, root).sets
    assert lines_of(base.requests) == ["base.txt:1 six"]
    said = faults(root, {"base.txt": f"-r {tmp_path}/secret.txt\n"})
    assert "base.txt:1: there is a fault in this file" in said
    assert said.endswith(f"or name the directory itself: `--requirements {tmp_path}/elsewhere`")
    assert "it stands outside" in faults(tmp_path / "elsewhere", {"base.txt": "-r ../../secret.txt\n"})


def test_a_name_that_begins_alike_is_elsewhere(tmp_path: Path) -> None:
    """``/a/bc`` is not below ``/a/b``, and everything is below the root of the file system."""
    places = places_of(tmp_path / "b" / "requirements")
    assert places.refusal(tmp_path / "bc")[0]
    assert places.refusal(tmp_path / "b")[0] == ""
    assert places_of(Path(os.sep, "requirements")).refusal(tmp_path)[0] == ""
