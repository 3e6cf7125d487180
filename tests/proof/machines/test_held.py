"""An installation that is kept: which wheels can be linked from it, and what an environment of a part holds."""

from __future__ import annotations

from pathlib import Path

from pypi_subset.proof.machines import held
from pypi_subset.proof.machines.venvs import Environment
from tests.support.wheels import make_wheel

LIBRARY = "lib/python3/site-packages"


def lay(root: Path, name: str, *lines: str) -> None:
    """Write a distribution whose RECORD has *lines*, and each file of it that is not there."""
    info = root / LIBRARY / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "RECORD").write_text("".join(f"{line}\n" for line in [*lines, f"{info.name}/RECORD,,"]))
    for path in (root / LIBRARY / line.split(",")[0] for line in lines):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def keep(folder: Path, *names: str) -> tuple[held.Held, list[Path]]:
    """Return what is kept of the environment in *folder*, in which wheels of *names* were installed, and these."""
    root, place = folder / "environment", folder / "place"
    place.mkdir()
    (root / "bin").mkdir(parents=True, exist_ok=True)
    (root / "bin/python").symlink_to("/usr/bin/python3")
    wheels = [make_wheel(name).save(folder) for name in names]
    fresh = Environment(root=root, python=root / "bin/python", libraries=(root / LIBRARY,), seed=folder / "seed")
    held.keep(fresh, ["bin/python"], wheels, place)
    one = held.held(place)
    assert one is not None
    return one, wheels


def names_in(root: Path) -> set[str]:
    """Return the paths of all files below *root*."""
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_symlink() or path.is_file()}


def test_a_part_has_its_own_files(tmp_path: Path) -> None:
    """Wherever they lie; the mark of what was requested by name is that of the part."""
    root = tmp_path / "environment"
    requested = "{0}-1.0.dist-info/REQUESTED,sha256=0,0"
    lay(root, "aa", "aa.py,sha256=1,1", "../../../bin/aa,sha256=2,1", requested.format("aa"))
    vendored = requested.format("bb/vendor/aa")
    lay(root, "bb", "bb/in/bb.py,sha256=3,1", "../../../share/bb.txt,sha256=4,1", requested.format("bb"), vendored)
    one, (aa, bb) = keep(tmp_path, "aa", "bb")
    assert one.has([aa, bb])
    fresh = one.environment([aa], ["aa"], tmp_path / "a")
    own = {f"{LIBRARY}/aa-1.0.dist-info/{name}" for name in ("RECORD", "REQUESTED")}
    assert names_in(tmp_path / "a") == {"bin/python", "bin/aa", f"{LIBRARY}/aa.py", *own}
    assert (fresh.root, fresh.libraries) == (tmp_path / "a", (tmp_path / "a" / LIBRARY,))
    assert (tmp_path / "a/bin/python").readlink() == Path("/usr/bin/python3")
    assert (tmp_path / "a/bin/aa").samefile(root / "bin/aa")
    assert one.python == root / "bin/python"
    one.environment([aa, bb], ["bb"], tmp_path / "both")
    marked = {name for name in names_in(tmp_path / "both") if name.endswith("REQUESTED")}
    within = f"{LIBRARY}/bb/vendor/aa-1.0.dist-info/REQUESTED"
    assert marked == {f"{LIBRARY}/bb-1.0.dist-info/REQUESTED", within}
    # What a package vendors is a file like any other.
    one.environment([bb], [], tmp_path / "vendored")
    assert {name for name in names_in(tmp_path / "vendored") if name.endswith("REQUESTED")} == {within}
    assert "share/bb.txt" in names_in(tmp_path / "both")


def test_wheels_that_cannot_be_linked(tmp_path: Path) -> None:
    """One that was not installed or was changed since, and one whose files are not all its own."""
    root = tmp_path / "environment"
    lay(root, "aa", "aa.py,sha256=1,1", "equal.py,sha256=5,1")
    lay(root, "bb", "bb.py,sha256=1,1", "equal.py,sha256=5,1", "both.py,sha256=2,1")
    lay(root, "cc", "both.py,sha256=3,1")
    lay(root, "dd", "../../../bin/python,sha256=3,1")
    lay(root, "ee", "../../../../outside.py,sha256=3,1")
    lay(root, "ff", "gone.py,sha256=3,1")
    (root / LIBRARY / "gone.py").unlink()
    lay(root, "gg", "gg.py,sha256=3,1", "gg.py,sha256=4,1")
    (root / "bin").rename(root / "old")
    one, wheels = keep(tmp_path, "aa", "bb", "cc", "dd", "ee", "ff", "gg", "hh")
    assert [path.name[:2] for path in wheels if one.has([path])] == ["aa"]
    other = make_wheel("other").save(tmp_path)
    assert not one.has([wheels[0], other])
    wheels[0].unlink()
    make_wheel("aa").save(tmp_path)
    assert not one.has([wheels[0]])


def test_nothing_is_kept_before_it_is_whole(tmp_path: Path) -> None:
    """A directory without facts is one in which pip installs; facts that are written later are seen."""
    place = held.place_of(tmp_path, "site", "base")
    assert place == held.place_of(tmp_path, "site", "base") != held.place_of(tmp_path, "site", "other")
    assert held.held(tmp_path / "place") is None
    keep(tmp_path, "aa")
    assert held.held(tmp_path / "place") is not None
    assert held.bytecode_in(tmp_path / "place") == tmp_path / "place/bytecode"
