"""What ``packages/`` holds of what the locks name."""

from __future__ import annotations

import shutil
import zipfile
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import BadDistribution, HashMismatch
from tests.support.servers.index import Index
from tests.support.sites.trees import tree
from tests.support.stages.mirroring import LINUX, WINDOWS, mirror
from tests.support.stages.sdists import make_buildable
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.sites.workspace import Workspace

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")


@pytest.mark.parametrize("damaged", [False, True])
def test_files_come_back_from_the_site(workspace: Workspace, index: Index, damaged: bool) -> None:  # noqa: FBT001
    """packages/ can be deleted: what the site holds with the right hash is linked back, and no byte lies here twice."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    name = "app-1.0-py3-none-any.whl"
    published, kept = workspace.paths.site / "simple" / "app" / name, workspace.paths.packages / name
    shutil.rmtree(workspace.paths.packages)
    index.requests.clear()
    if damaged:
        published.write_bytes(b"damaged")
    summary, _ = mirror(workspace)
    # With packages/, the memory of earlier looks is gone as well: the page is read.
    assert (summary.fetched, len(index.requests)) == (damaged, damaged + 1)
    assert published.samefile(kept)
    assert kept.read_bytes() == make_wheel("app").data


def test_a_wrong_hash_is_set_aside(workspace: Workspace, index: Index) -> None:
    """A file in packages/ that is not what the lock says is named, kept in .rejected/, and replaced."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    before = tree(workspace.paths.site)
    path = workspace.paths.packages / "app-1.0-py3-none-any.whl"
    path.unlink()
    path.write_bytes(b"something else")
    summary, said = mirror(workspace)
    assert summary.rejected == ("app-1.0-py3-none-any.whl",)
    assert "app-1.0-py3-none-any.whl had a wrong hash" in said
    (kept,) = (workspace.paths.packages / ".rejected").iterdir()
    assert kept.read_bytes() == b"something else"
    assert tree(workspace.paths.site) == before


NAME = "app-1.0-py3-none-any.whl"
REPLACED = "is locked with other bytes now: the file of before is in "


def test_a_wheel_that_was_accepted_again_has_no_wrong_hash(workspace: Workspace) -> None:
    """The cause is the user's own wheel, whose new bytes the update takes; the file of before is kept."""
    folder = workspace.paths.requirements / "wheels"
    folder.mkdir(parents=True)
    make_wheel("app").save(folder)
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    (folder / NAME).unlink()
    make_wheel("app", files={"more.py": b""}).save(folder)
    with pytest.raises(HashMismatch, match=f"was rebuilt since it was locked.*update --forget {NAME}"):
        mirror(workspace)
    summary, said = mirror(workspace, update=True, forget=[NAME])
    assert f"{NAME} {REPLACED}" in said
    assert "wrong hash" not in said
    assert summary.rejected == ()
    (kept,) = (workspace.paths.packages / ".rejected").iterdir()
    assert kept.read_bytes() == make_wheel("app").data
    assert "more.py" in zipfile.ZipFile(workspace.paths.packages / NAME).namelist()


def test_a_wheel_that_was_built_again_has_no_wrong_hash(workspace: Workspace, index: Index) -> None:
    """Its build requires another release now."""
    code = ["import tool", "body = repr(tool.__version__)"]
    index.add(make_buildable("leaf", build_requires=["tool"], code=code), make_wheel("tool"), make_wheel("tool", "0.9"))
    workspace.write("base.txt", "leaf\n")
    build = '[sdists]\nbuild = ["leaf"]\n'
    workspace.toml({"here": "host"}, more=build)
    mirror(workspace)
    workspace.toml({"here": "host"}, more=f'{build}[policy]\ndeny = ["tool==1.0"]\n')
    summary, said = mirror(workspace, update=True)
    assert f"leaf-1.0-0subset-py3-none-any.whl {REPLACED}" in said
    assert "wrong hash" not in said
    assert summary.rejected == ()


@pytest.mark.parametrize("size", ["longer", "as long"])
def test_other_bytes_in_a_fresh_checkout(workspace: Workspace, index: Index, size: str) -> None:
    """To try again helps only if the way was broken; the other way out that the error names leads to the file of today."""
    index.add(make_wheel("app", files={"x.py": b"1"}))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    body = b"2" if size == "as long" else b"".join(b"%d" % number for number in range(2000))
    index.projects["app"] = [make_wheel("app", files={"x.py": body})]
    for path in (workspace.paths.packages, workspace.paths.site):
        shutil.rmtree(path)
    with pytest.raises(HashMismatch) as caught:
        mirror(workspace)
    assert f"if you trust the new file, run `pypi-subset update --forget {NAME}`" in caught.value.next_step
    mirror(workspace, update=True, forget=[NAME])
    assert mirror(workspace)[0].resolved == 0
    assert zipfile.ZipFile(workspace.paths.packages / NAME).read("x.py") == body


def test_a_stray_file_stops_the_run(workspace: Workspace, index: Index) -> None:
    """A file in packages/ that is no distribution is named; the site stays."""
    index.add(make_wheel("app"), make_wheel("lib"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    before = tree(workspace.paths.site)
    stray = workspace.paths.packages / "foo.whl"
    stray.write_bytes(b"")
    workspace.write("base.txt", "app\nlib\n")
    with pytest.raises(BadDistribution, match=r"foo\.whl: this is no wheel and no sdist; move it away"):
        mirror(workspace)
    assert tree(workspace.paths.site) == before


def test_two_sources_with_one_file_name(workspace: Workspace, index: Index) -> None:
    """The error names their tables: pip's configuration has neither."""
    with Index() as second:
        for each, body in ((index, b"x = 1\n"), (second, b"x = 2\n")):
            each.add(make_wheel("app", files={"app.py": body}))
        tables = [
            f'[sources.{name}]\nindex = "{url}"\nprojects = ["app"]\ntargets = ["{target}"]\n'
            for name, url, target in (("one", index.url, "linux"), ("two", second.url, "windows"))
        ]
        workspace.write("base.txt", "app\n")
        workspace.toml({"linux": LINUX, "windows": WINDOWS}, more="".join(tables))
        with pytest.raises(HashMismatch, match="has two contents") as caught:
            mirror(workspace)
        assert caught.value.next_step == (
            "have one source serve both targets (see [sources.one] and [sources.two] in subset.toml) "
            "or give one file another version, then run `pypi-subset update`"
        )
        # The way that it names leads out, whichever of them is meant: nothing was locked.
        for url, number in ((index.url, "1"), (second.url, "2")):
            shutil.rmtree(workspace.paths.locks, ignore_errors=True)
            with pytest.raises(HashMismatch, match="has two contents"):
                mirror(workspace)
            assert not [*workspace.paths.locks.glob("*")]
            only = f'[sources.one]\nindex = "{url}"\nprojects = ["app"]\n'
            workspace.toml({"linux": LINUX, "windows": WINDOWS}, more=only)
            mirror(workspace, update=True)
            kept = zipfile.ZipFile(workspace.paths.packages / NAME)
            assert kept.read("app.py").decode() == f"x = {number}\n"
            workspace.toml({"linux": LINUX, "windows": WINDOWS}, more="".join(tables))
