"""`plan`: what a run would change, and why a project is older than it might be; nothing is fetched and nothing written."""

from __future__ import annotations

import io
import json
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from pypi_subset.cli.display import Display
from pypi_subset.errors import SubsetError
from pypi_subset.locks.diff import Change
from pypi_subset.model.locks import Outdated
from pypi_subset.pipeline import mirror
from pypi_subset.pipeline import plan as pipeline_plan
from tests.support.programs.commands import PYPI_SUBSET
from tests.support.servers.index import Index
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.sites.workspace import Workspace

from tests.support.stages.planning import LINUX, NEW, foresee

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")


def test_nothing_is_fetched_or_written(workspace: Workspace, index: Index) -> None:
    """No file crosses the network, no lock and no site appear; the next mirror does what was foreseen."""
    index.add(make_wheel("app", requires=["lib"]), make_wheel("lib", ballast=3000))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX, "new": NEW})
    found = foresee(workspace)
    assert index.gets(".whl") == 0
    assert not workspace.paths.locks.exists()
    assert not workspace.paths.site.exists()
    size = sum(len(wheel.data) for wheel in (make_wheel("app", requires=["lib"]), make_wheel("lib", ballast=3000)))
    assert [(row.target, row.files, row.bytes, row.fetch_bytes) for row in found.rows] == [
        ("linux", 2, size, size),
        ("new", 2, size, size),
    ]
    mirror.mirror(workspace.paths, progress=Display(Console(file=io.StringIO())))
    again = foresee(workspace)
    assert [(row.files, row.fetch_files, row.fetch_bytes) for row in again.rows] == [(2, 0, 0)] * 2
    assert again.changes == ()


#: Files of two wheel variants of `app`, and the one that lists them (PEP 825, a draft).
VARIANTS = ("app-1.0-py3-none-any-x86_64_v3.whl", "app-1.0-py3-none-any-null.whl", "app-1.0-variants.json")


def put_variants(place: Index | Path) -> None:
    """Offer `app` in *place*, and its `VARIANTS`."""
    wheel = make_wheel("app", requires=["lib"])
    for one in (wheel, *(replace(wheel, filename=name) for name in VARIANTS)):
        if isinstance(place, Index):
            place.add(one)
        else:
            place.mkdir(parents=True, exist_ok=True)
            one.save(place)


@pytest.mark.parametrize("place", ["index", "html", "wheels", "requirements/wheels"])
def test_wheel_variants_are_counted_and_disturb_nothing(workspace: Workspace, index: Index, place: str) -> None:
    """On a page in JSON or HTML, in a directory of a source and in requirements/wheels; also of a lock that is kept."""
    index.add(make_wheel("lib"))
    index.style = "html" if place == "html" else "both"
    put_variants(workspace.root / place if "wheels" in place else index)
    workspace.write("base.txt", "app\n")
    own = '[sources.own]\nwheels = "../wheels"\nprojects = ["app"]\n' if place == "wheels" else ""
    workspace.toml({"linux": LINUX, "new": NEW}, more=own)
    for _ in range(2):
        found = foresee(workspace)
        assert found.wheel_variants == (pipeline_plan.WheelVariants(project="app", wheels=2, lists=1),)
        assert found.document()["wheel_variants"] == ({"project": "app", "wheels": 2, "lists": 1},)
        made = mirror.mirror(workspace.paths, progress=Display(Console(file=io.StringIO())))
    assert (made.warnings, made.bad_files) == ((), ())
    assert {path.name for path in workspace.paths.site.rglob("*.whl")} == {
        "app-1.0-py3-none-any.whl",
        "lib-1.0-py3-none-any.whl",
    }


def test_a_wheel_variant_alone_in_requirements(workspace: Workspace, index: Index) -> None:
    """The plan counts it, and the release of the index is taken: pip would not install the variant."""
    index.add(make_wheel("app", "2.0"))
    folder = workspace.paths.requirements / "wheels"
    folder.mkdir(parents=True)
    replace(make_wheel("app"), filename=VARIANTS[0]).save(folder)
    (folder / VARIANTS[2]).write_text("{}")
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    found = foresee(workspace)
    assert found.wheel_variants == (pipeline_plan.WheelVariants(project="app", wheels=1, lists=1),)
    assert [(one.project, one.after) for one in found.changes] == [("app", "2.0")]


def test_a_set_that_does_not_apply_is_named(workspace: Workspace, index: Index) -> None:
    """A set of which no line applies to a target is no error, and the plan says so, of a lock on disk too."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.write("mac.txt", "app; sys_platform == 'darwin'\n")
    workspace.toml({"linux": LINUX})
    for _ in range(2):
        said = io.StringIO()
        pipeline_plan.plan(workspace.paths, progress=Display(Console(file=said)))
        assert said.getvalue().splitlines()[-1:] == ["note: no line of mac applies to linux"]
        mirror.mirror(workspace.paths, progress=Display(Console(file=io.StringIO())))


def test_what_would_stop_a_mirror_stops_a_plan(workspace: Workspace, index: Index) -> None:
    """A directory in packages/, and a site that is somebody's own work: the plan says what the mirror would say."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    own = workspace.paths.site / "thesis.txt"
    stranger = workspace.paths.packages / "folder"
    for path in (stranger, own):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir()
        said = []
        for run in (pipeline_plan.plan, mirror.mirror):
            with pytest.raises(SubsetError) as caught:
                run(workspace.paths, progress=Display(Console(file=io.StringIO())))
            said.append(str(caught.value))
        assert said[0] == said[1]
        assert path.name in said[0]
        path.rmdir()


def test_what_a_mirror_would_pass_by(workspace: Workspace, index: Index) -> None:
    """With `bad_files = "skip"` a stranger is told, and the plan goes on."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX}, more='[policy]\nbad_files = "skip"\n')
    (workspace.paths.packages / "folder").mkdir(parents=True)
    shown = io.StringIO()
    found = pipeline_plan.plan(workspace.paths, progress=Display(Console(file=shown, width=300)))
    assert "folder: this is a directory" in shown.getvalue()
    assert [row.files for row in found.rows] == [1]


def test_what_would_change_is_told(workspace: Workspace, index: Index) -> None:
    """What comes, goes and gets another version, for a changed set at once, for newer releases when updating."""
    index.add(make_wheel("app", "1.0", requires=["lib"]), make_wheel("lib"), make_wheel("more"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror.mirror(workspace.paths, progress=Display(Console(file=io.StringIO())))
    index.add(make_wheel("app", "2.0"))
    assert foresee(workspace).changes == ()
    assert foresee(workspace).held == (
        Outdated(
            set="base",
            target="linux",
            project="app",
            version="1.0",
            newest="2.0",
            why="the lock was made without it",
            step="run `pypi-subset update`, which takes it if the rest allows",
            uploaded="2024-02-03",
            newest_uploaded="2024-02-03",
        ),
    )
    assert foresee(workspace, update=True).changes == (
        Change(set="base", target="linux", project="app", before="1.0", after="2.0"),
        Change(set="base", target="linux", project="lib", before="1.0", after=""),
    )
    workspace.write("base.txt", "app<2\nmore\n")
    assert foresee(workspace).changes == (Change(set="base", target="linux", project="more", before="", after="1.0"),)


def plan(space: Workspace, *flags: str) -> subprocess.CompletedProcess[str]:
    """Return what the command says."""
    command = [*PYPI_SUBSET, "plan", *flags]
    return subprocess.run(command, cwd=space.root, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_what_no_set_asks_for_any_more_is_told(workspace: Workspace, index: Index) -> None:
    """A target or a set that was taken out goes with its lock; locks of the user's own do not count."""
    index.add(make_wheel("app", requires=["lib"]), make_wheel("lib"))
    workspace.write("base.txt", "app\n")
    workspace.write("more.txt", "lib\n")
    workspace.toml({"linux": LINUX, "new": NEW})
    mirror.mirror(workspace.paths, progress=Display(Console(file=io.StringIO())))
    (workspace.paths.locks / "pylock.mine.toml").write_text("lock-version = '1.0'\n")
    (workspace.paths.requirements / "more.txt").unlink()
    workspace.toml({"linux": LINUX})
    found = foresee(workspace)
    assert found.removed == ("base--new", "more--linux", "more--new")
    assert found.changes == (
        Change(set="base", target="new", project="app", before="1.0", after=""),
        Change(set="base", target="new", project="lib", before="1.0", after=""),
        Change(set="more", target="linux", project="lib", before="1.0", after=""),
        Change(set="more", target="new", project="lib", before="1.0", after=""),
    )
    assert plan(workspace).stdout.splitlines()[:3] == [
        "- base--new: its lock goes, no set asks for this target any more (projects: 2)",
        "- more--linux: its lock goes, no set asks for this target any more (projects: 1)",
        "- more--new: its lock goes, no set asks for this target any more (projects: 1)",
    ]
    assert json.loads(plan(workspace, "--json").stdout)["removed"] == ["base--new", "more--linux", "more--new"]


@pytest.mark.slow
def test_gaps_are_written_as_json(workspace: Workspace, index: Index) -> None:
    """Programs get each gap as values; the text still stands on standard error, and the exit code is 1."""
    index.add(make_wheel("fast", tag="cp310-cp310-win_amd64"))
    workspace.write("base.txt", "fast\n")
    for names in (["linux"], ["linux", "new"]):
        workspace.toml(dict.fromkeys(names, LINUX))
        done = plan(workspace, "--json")
        where = "base--linux" if len(names) == 1 else "base on linux, new"
        assert done.returncode == 1
        assert done.stderr.startswith(f"error: {where}: fast: no wheel fits")
        document = json.loads(done.stdout)
        assert document["schema"] == "1.0"
        assert [(gap["set"], gap["target"], gap["project"]) for gap in document["gaps"]] == [
            ("base", name, "fast") for name in names
        ]
        assert document["gaps"][0] == {
            "set": "base",
            "target": "linux",
            "project": "fast",
            "what": "base--linux: fast: no wheel fits cp310-cp310-manylinux2014_x86_64",
            "seen": ["1.0: wheels for win_amd64", "tags of 1.0: cp310 for win_amd64"],
            "next_step": (
                "nothing is for this system, so leave the project out for this target; "
                "nearest is cp310-win_amd64, which gets 1.0"
            ),
            "requests": ["base.txt:1"],
            "accept": ["fast"],
        }


@pytest.mark.slow
def test_it_is_printed_and_written_as_json(workspace: Workspace, index: Index) -> None:
    """A line for each finding, targets with the same one together; with ``--json`` a document and nothing else."""
    index.add(make_wheel("app"), make_wheel("app", "2.0", requires_python=">=3.13"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX, "new": NEW})
    day = "of 2024-02-03"
    assert plan(workspace).stdout.splitlines()[:4] == [
        "+ base--linux: app 1.0",
        "+ base--new: app 1.0",
        "1 requested project is older than the newest release:",
        (
            f"  app 1.0 {day}, newest 2.0 {day} on base--linux: Requires-Python >=3.13, the target has 3.10. "
            "Nearest Python that works is 3.13: make the target cp313-manylinux2014_x86_64, which gets 2.0"
        ),
    ]
    document = json.loads(plan(workspace, "--json").stdout)
    assert (document["schema"], len(document["held"]), len(document["changes"])) == ("1.1", 2, 2)
    wrong = plan(workspace, "--form=yaml")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr == "error: no such option: --form; see `pypi-subset plan --help`\n"
