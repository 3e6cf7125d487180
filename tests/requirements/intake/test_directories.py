"""Files of the user that pip would pass over are faults with their names."""

from __future__ import annotations

from pathlib import Path

import pytest

from pypi_subset.errors import InputFaults
from pypi_subset.requirements.intake.directories import unread
from tests.support.stages.requirements import LINUX, plan_of
from tests.support.wheels import make_wheel

DATA = make_wheel("app", "2.0").data


def lay(folder: Path, *names: str) -> list[str]:
    """Put files into *folder*, and return the faults, each as its path and what is wrong."""
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(DATA)
    return [f"{one.path.relative_to(folder)}: {one.what}; {one.next_step}" for one in unread(folder) if one.path]


WHEEL = "NAME-VERSION-PYTHON-ABI-PLATFORM.whl"


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("app-2.0.whl", WHEEL),
        ("app-2.0-py3-none-any (1).whl", WHEEL),
        ("app-2.0-py3-none-any.WHL", WHEEL),
        ("app_2.0_py3_none_any.whl", WHEEL),
        ("app.tar.gz", "NAME-VERSION.tar.gz"),
        ("app-2.0.tgz", "NAME-VERSION.tar.gz"),
        ("app-2.0.tar.bz2", "NAME-VERSION.tar.gz"),
        ("App 2.0.ZIP", "NAME-VERSION.tar.gz"),
        ("app-2.0-py3-none-any-copy.whl", WHEEL),
        ("app-2.0-py3-none-any-1.whl", WHEEL),
        ("app-2.0-py3-none-any.whl ", WHEEL),
        ("app-2.0-py3-none-any.whl~", WHEEL),
        ("app-2.0-py3-none-any.whl.bak", WHEEL),
        ("app-2.0-py3-none-any.wheel", WHEEL),
        ("app-2.0-py3-none-any", WHEEL),
        ("#app-2.0-py3-none-any.whl#", WHEEL),
        ("app-2.0-py3.12.egg", WHEEL),
        ("app-2.0.tar", "NAME-VERSION.tar.gz"),
        ("app-2.0.tar.gz.1", "NAME-VERSION.tar.gz"),
    ],
)
def test_a_misnamed_file(tmp_path: Path, name: str, form: str) -> None:
    """It is named, with the form of a right name."""
    (found,) = lay(tmp_path, name)
    assert found.startswith(f"{name}: this is no name of a")
    assert f"{form}, such as app-2.0" in found


@pytest.mark.parametrize("ending", [".crdownload", ".part"])
def test_a_download_that_is_incomplete(tmp_path: Path, ending: str) -> None:
    """It is finished, not renamed."""
    (found,) = lay(tmp_path, f"app-2.0-py3-none-any.whl{ending}")
    assert found.endswith("passed over; finish its download, or move it away")


def test_a_wheel_variant_needs_the_file_that_lists_it(tmp_path: Path) -> None:
    """That of its own release, since a copy has a name of the same form."""
    (found,) = lay(tmp_path, "app-2.0-py3-none-any-1.whl", "app-2.1-variants.json", "other-2.0-variants.json")
    assert found.endswith("a wheel variant needs app-2.0-variants.json beside it")
    assert lay(tmp_path, "app-2.0-variants.json") == []


def test_a_name_of_a_distribution_that_is_no_file(tmp_path: Path) -> None:
    """A directory, and a link that leads nowhere; a link to a file is one."""
    (tmp_path / "app-2.0-py3-none-any.whl").mkdir()
    (tmp_path / "app-2.1.tar.gz").symlink_to(tmp_path / "none")
    (tmp_path / "app-2.2-py3-none-any.whl").symlink_to(Path(__file__))
    (tmp_path / "app.egg-info").mkdir()
    found = [one.path.name for one in unread(tmp_path) if one.path and "is no file that can be read" in one.what]
    assert found == ["app-2.0-py3-none-any.whl", "app-2.1.tar.gz"]
    assert len([*unread(tmp_path)]) == len(found)


def test_a_link_to_a_directory(tmp_path: Path) -> None:
    """It is not followed, and is a fault unless its directory is a source itself."""
    (tmp_path / "other").mkdir()
    (tmp_path / "own").mkdir()
    (tmp_path / "own/sub").symlink_to(tmp_path / "other")
    (found,) = unread(tmp_path / "own")
    assert found.what == "this is a link to a directory, and only files of own itself are read"
    assert [*unread(tmp_path / "own", [(tmp_path / "other").resolve()])] == []


@pytest.mark.parametrize("dangling", [False, True])
def test_no_directory(tmp_path: Path, *, dangling: bool) -> None:
    """A file in its place, or a link that leads nowhere."""
    path = tmp_path / "wheels"
    if dangling:
        path.symlink_to(tmp_path / "none")
    else:
        path.write_text("x")
    (found,) = unread(path)
    assert (found.what, found.path) == ("this is no directory, and wheels are read from one", path)


def test_what_is_in_order(tmp_path: Path) -> None:
    """Wheels, sdists, wheel variants, hidden files and files of other kinds."""
    variants = "app-2.0-py3-none-any-x86_64_v3.whl", "app-2.0-variants.json"
    others = [".app.whl", ".old/app.whl", "notes.txt", "sub/notes.txt", "app-2.0.whl.asc", "app-2.0.tar.gz.sha256"]
    others += ["app-2.0.tar.gz.publish.attestation", "app-2.0-py3-none-any.whl.metadata"]
    assert lay(tmp_path, "app-2.0-py3-none-any.whl", "app-2.0.tar.gz", "app-2.0.zip", *variants, *others) == []
    assert [*unread(tmp_path / "none")] == []


def test_a_directory_with_wheels(tmp_path: Path) -> None:
    """One fault for each, which names the first file, unless it is a source itself."""
    found = lay(tmp_path, "sub/deep/app-2.0-py3-none-any.whl", "sub/zz.txt", "other/app.whl")
    assert [one.partition(":")[0] for one in found] == ["other/app.whl", "sub/deep/app-2.0-py3-none-any.whl"]
    assert "move it up, or name its directory in a [sources.NAME]" in found[0]
    assert [*unread(tmp_path, [(tmp_path / "sub/deep").resolve(), (tmp_path / "other").resolve()])] == []


@pytest.mark.parametrize("place", ["requirements/wheels", "own"])
def test_a_run_ends_with_each(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    """Also in a directory that a table names."""
    monkeypatch.chdir(tmp_path)
    lay(Path(place), "app-2.0.whl", "sub/app-2.0-py3-none-any.whl")
    table = '[sources.own]\nwheels = "../own"\nprojects = ["app"]\n' if place == "own" else ""
    with pytest.raises(InputFaults) as caught:
        plan_of("app", LINUX + table)
    first, second = caught.value.lines
    assert first.startswith(f"{place}/app-2.0.whl: this is no name of a wheel")
    assert second.startswith(f"{place}/sub/app-2.0-py3-none-any.whl: this is in a directory below")
