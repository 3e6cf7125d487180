"""Why a project has an older release than the newest, or a pre-release."""

from __future__ import annotations

import json
import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import OlderReleases
from pypi_subset.locks import lockfile
from pypi_subset.requirements.subset import read_subset
from pypi_subset.resolve.explain.older.listing import outdated_heading
from tests.support.programs.commands import PYPI_SUBSET
from tests.support.stages.mirroring import mirror, versions
from tests.support.wheels import make_sdist, make_wheel

if TYPE_CHECKING:
    from pypi_subset.pipeline.mirror import MirrorResult
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

from tests.support.stages.planning import LINUX, WINDOWS, foresee, held

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")


def test_the_tag_in_the_way_is_named(workspace: Workspace, index: Index) -> None:
    """A newer release whose wheels start at a newer glibc, want another Python, or are for other systems alone."""
    index.add(
        *(make_wheel("numpy", "2.2.6", tag=f"cp310-cp310-{one}") for one in ("manylinux2014_x86_64", "win_amd64"))
    )
    index.add(
        *(make_wheel("numpy", "2.5.5", tag=f"cp310-cp310-{one}") for one in ("manylinux_2_27_x86_64", "win_amd64"))
    )
    index.add(make_wheel("tool", "1.0"), make_wheel("tool", "2.0", requires_python=">=3.12"))
    index.add(make_wheel("fast", "1.0"), make_wheel("fast", "2.0", tag="cp312-cp312-win_arm64"))
    workspace.write("base.txt", "numpy\ntool\nfast\n")
    workspace.toml({"linux": LINUX, "windows": WINDOWS})
    assert held(foresee(workspace)) == {
        ("linux", "numpy"): "2.5.5: wheels start at manylinux_2_27, the target stops at 2_17",
        ("linux", "tool"): "2.0: Requires-Python >=3.12, the target has 3.10",
        ("linux", "fast"): "2.0: wheels for win_arm64",
        ("windows", "tool"): "2.0: Requires-Python >=3.12, the target has 3.10",
        ("windows", "fast"): "2.0: wheels for win_arm64",
    }


def test_what_another_target_has_is_explained(workspace: Workspace, index: Index) -> None:
    """Where the newest release is for neither, why the one has not even what the other has is said beside that."""
    index.add(make_wheel("pandas", "3.1", tag="cp312-cp312-win_amd64"), make_wheel("pandas", "2.2"))
    index.add(
        *(make_wheel("pandas", "2.3", tag=f"cp310-cp310-{one}") for one in ("manylinux_2_24_x86_64", "win_amd64"))
    )
    workspace.write("base.txt", "pandas\n")
    workspace.toml({"linux": LINUX, "windows": WINDOWS, "newer": "cp312-win_amd64"})
    assert held(foresee(workspace)) == {
        ("linux", "pandas"): (
            "3.1: wheels for win_amd64; 2.3, as on windows: wheels start at manylinux_2_24, the target stops at 2_17"
        ),
        ("windows", "pandas"): "3.1: wheels for cp312, not for cp310-cp310",
    }


def test_what_some_patch_levels_get_is_explained(workspace: Workspace, index: Index) -> None:
    """Where patch levels get different releases, each older one is explained by what it has against the newest."""
    index.add(make_wheel("lib", "2.0", requires_python="!=3.10.4"), make_wheel("lib", "1.0"))
    index.add(make_wheel("late", "2.0", requires_python=">=3.10.2"), make_wheel("late", "1.0"))
    workspace.write("base.txt", "lib\nlate\n")
    workspace.toml({"linux": LINUX})
    assert held(foresee(workspace)) == {
        ("linux", "lib"): "2.0: Requires-Python !=3.10.4, the target has 3.10.4",
        ("linux", "late"): "2.0: Requires-Python >=3.10.2, the target has 3.10.0",
    }


def test_the_requirement_in_the_way_is_named(
    workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A line of the set, a constraint of the set or of pip's configuration, another project, or its own requirements."""
    for name in ("asked", "limited", "set-up", "deep", "picky"):
        index.add(make_wheel(name, "1.0"), make_wheel(name, "2.0", requires=["absent"] if name == "picky" else []))
    index.add(make_wheel("app", requires=["deep<2"]), make_wheel("yanked", "2.0"), make_wheel("yanked", "1.0"))
    index.add(make_wheel("early", "1.0"), make_wheel("early", "2.0rc1"))
    index.yank(make_wheel("yanked", "2.0"))
    workspace.write("limits.in", "limited<2\n")
    workspace.write("base.txt", "asked<2\n-c limits.in\nlimited\nset-up\napp\npicky\nyanked\nearly\n")
    monkeypatch.setenv("PIP_CONSTRAINT", str(workspace.write("own.limits", "set-up<2\n")))
    workspace.toml({"linux": LINUX})
    assert held(foresee(workspace)) == {
        ("linux", "asked"): "2.0: base.txt:1 asks for asked<2",
        ("linux", "limited"): "2.0: limits.in:1 asks for limited<2",
        ("linux", "set-up"): "2.0: pip's setting 'constraint' asks for set-up<2",
        ("linux", "deep"): "2.0: app 1.0 asks for deep<2",
        ("linux", "picky"): "2.0: it requires absent, which no index has",
    }


def test_a_requirement_is_in_the_way_of_what_fits(workspace: Workspace, index: Index) -> None:
    """Where the newest release has no wheel, what keeps away the newest that has one is named beside that."""
    for version, tag in {"1.0": "cp310", "2.0": "cp310", "3.0": "cp312"}.items():
        index.add(*(make_wheel(name, version, tag=f"{tag}-{tag}-win_amd64") for name in ("pinned", "deep", "free")))
    index.add(make_wheel("app", requires=["deep<2"]))
    workspace.write("base.txt", "pinned==1.0\napp\nfree\n")
    workspace.toml({"windows": WINDOWS})
    newest = "3.0: wheels for cp312, not for cp310-cp310"
    assert held(foresee(workspace)) == {
        ("windows", "pinned"): "3.0: base.txt:1 asks for pinned==1.0",
        ("windows", "deep"): f"{newest}; 2.0 fits, but app 1.0 asks for deep<2",
        ("windows", "free"): newest,
    }


def test_what_a_release_requires_itself_is_named(workspace: Workspace, index: Index) -> None:
    """A release that fits may require what does not: no wheel for the target, or a version that the rest shuts out."""
    index.add(make_wheel("core", "2.0", tag="cp310-cp310-win_amd64"), make_wheel("core", "1.0"))
    index.add(make_wheel("app", "2.0", requires=["core==2.0"]), make_wheel("app", "1.0", requires=["core==1.0"]))
    index.add(make_wheel("top", "2.0", requires=["shared>=2"]), make_wheel("top", "1.0", requires=["shared"]))
    index.add(make_wheel("shared", "2.0"), make_wheel("shared", "1.0"), make_wheel("old", requires=["shared<2"]))
    index.add(make_wheel("deep", "2.0", requires=["absent; extra == 'no'", "via"]), make_wheel("deep", "1.0"))
    index.add(make_wheel("via", requires=["absent"]))
    workspace.write("base.txt", "app\nold\ntop\ndeep\n")
    workspace.toml({"linux": LINUX})
    assert held(foresee(workspace)) == {
        ("linux", "app"): "2.0: it requires core==2.0; core 2.0: wheels for win_amd64",
        ("linux", "core"): "2.0: wheels for win_amd64",
        ("linux", "shared"): "2.0: old 1.0 asks for shared<2",
        ("linux", "top"): "2.0: it requires shared>=2, and old 1.0 asks for shared<2",
        ("linux", "deep"): "2.0: it requires via; via 1.0 requires absent, which no index has",
    }


@pytest.mark.slow
def test_a_pre_release_is_listed(workspace: Workspace, index: Index) -> None:
    """Where pip took a pre-release, why it is no settled release is said, in the text and in JSON."""
    index.add(make_wheel("fast", "2.0rc1"), make_wheel("fast", "1.0", tag="cp310-cp310-win_amd64"))
    index.add(make_wheel("asked", "2.0rc1"), make_wheel("asked", "1.0"), make_wheel("young", "1.0b1"))
    workspace.write("base.txt", "fast\nasked==2.0rc1\nyoung\n")
    workspace.toml({"linux": LINUX})
    assert [(one.project, one.version, one.newest, one.why) for one in foresee(workspace).early] == [
        ("asked", "2.0rc1", "1.0", "base.txt:2 asks for asked==2.0rc1"),
        ("fast", "2.0rc1", "1.0", "wheels for win_amd64"),
        ("young", "1.0b1", "", "there is no other release yet"),
    ]
    day = "of 2024-02-03"
    lines = plan(workspace).stdout.splitlines()[3:7]
    assert lines[0] == "2 pre-releases that no line asks for:"
    fast = f"  fast 2.0rc1 {day}, a pre-release, newest final 1.0 {day} on base--linux: wheels for win_amd64. "
    assert lines[1] == (
        f"{fast}Nearest is cp310-win_amd64, which gets 1.0; or write 'fast==2.0rc1' in base.txt:1 if it is meant"
    )
    young = f"  young 1.0b1 {day}, a pre-release, no final release on base--linux: there is no other release yet. "
    assert lines[2] == f"{young}Write 'young==1.0b1' in base.txt:3 if it is meant"
    assert lines[3] == "  by your own lines: asked 2.0rc1 (newest final 1.0)"
    assert json.loads(plan(workspace, "--json").stdout)["early"][2]["project"] == "young"


def test_constraints_with_hashes_are_read(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """What follows a requirement in pip's own constraints does not keep the plan from naming it."""
    index.add(make_wheel("app", "1.0"), make_wheel("app", "2.0"))
    limits = workspace.write("own.limits", f"app==1.0 --hash=sha256:{make_wheel('app', '1.0').sha256}\n")
    monkeypatch.setenv("PIP_CONSTRAINT", str(limits))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    assert held(foresee(workspace)) == {("linux", "app"): "2.0: pip's setting 'constraint' asks for app==1.0"}


def plan(space: Workspace, *flags: str) -> subprocess.CompletedProcess[str]:
    """Return what the command says."""
    command = [*PYPI_SUBSET, "plan", *flags]
    return subprocess.run(command, cwd=space.root, capture_output=True, text=True, check=False)


def listed(result: MirrorResult) -> list[tuple[str, str, str]]:
    """Return project, version and cause of what a mirror lists."""
    return [(one.project, one.version, one.why) for one in result.outdated]


def hydra(index: Index) -> None:
    """Offer a project whose newest release needs, two steps away, what is an sdist only."""
    index.add(make_wheel("hydra", "1.3", requires=["omega<3,>=2"]), make_wheel("hydra", "0.1", requires=["omega<2"]))
    index.add(make_wheel("omega", "2.3", requires=["antlr==4.9.*"]), make_wheel("omega", "1.4"))
    index.add(make_sdist("antlr", "4.9.3"), make_wheel("antlr", "4.13"))


HYDRA = ("hydra", "0.1", "it requires omega<3,>=2; omega 2.3 requires antlr==4.9.*; antlr 4.9.3: sdist only")


def test_an_old_release_is_explained_by_the_end_of_the_chain(workspace: Workspace, index: Index) -> None:
    """The sdist at the end of the chain is named, not the projects that ask for each other; the command builds it."""
    hydra(index)
    workspace.write("base.txt", "hydra\n")
    workspace.toml({"linux": LINUX})
    result, _ = mirror(workspace)
    assert listed(result) == [HYDRA]
    # A lock has no path of this machine.
    assert workspace.root.is_absolute()
    assert result.outdated[0].step == (
        'write build = ["antlr"] below [sdists] in subset.toml and run `pypi-subset mirror`; '
        "or pip wheel --no-deps antlr==4.9.3 -w requirements/wheels, then `pypi-subset update`"
    )
    assert result.document()["outdated"][0]["newest"] == "1.3"


def test_the_lock_remembers_the_cause(workspace: Workspace, index: Index) -> None:
    """A mirror with nothing to do, and a plan, say the same the next day; no page is read by the mirror."""
    hydra(index)
    workspace.write("base.txt", "hydra\n")
    workspace.toml({"linux": LINUX})
    first, _ = mirror(workspace)
    index.requests.clear()
    again, _ = mirror(workspace)
    assert (again.resolved, index.requests) == (0, [])
    assert again.outdated == first.outdated
    assert [one for one in foresee(workspace).held if one.requested] == [*first.outdated]
    # What appears later is said to be later.
    index.add(make_wheel("hydra", "1.4"))
    (newer,) = (one for one in foresee(workspace).held if one.requested)
    assert (newer.newest, newer.why) == ("1.4", "the lock was made without it")
    assert mirror(workspace)[0].outdated == first.outdated
    assert mirror(workspace, update=True)[0].outdated == ()


def test_wheels_in_requirements_are_a_source(workspace: Workspace, index: Index) -> None:
    """A wheel that the user built is taken from requirements/wheels with no further line, as a copy."""
    hydra(index)
    workspace.write("base.txt", "hydra\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    built = make_wheel("antlr", "4.9.3")
    own = workspace.paths.requirements / "wheels" / built.filename
    own.parent.mkdir()
    own.write_bytes(built.data)
    (own.parent / "README.md").write_text("built here\n")
    # What the lock remembers is not repeated: the wheel is there.
    assert [one.why for one in foresee(workspace).held if one.requested] == ["the lock was made without it"]
    assert mirror(workspace, update=True)[0].outdated == ()
    assert versions(workspace, "base--linux") == {"hydra": "1.3", "omega": "2.3", "antlr": "4.9.3"}
    (served,) = workspace.paths.site.rglob(built.filename)
    assert served.read_bytes() == built.data
    assert own.stat().st_nlink == 1
    # A lock of it works without the index.
    assert mirror(workspace)[0].resolved == 0


def test_two_requests_that_exclude_each_other_are_both_named(workspace: Workspace, index: Index) -> None:
    """One project takes its newest release and pushes another back: both are named, with the line that turns it round."""
    index.add(make_wheel("boto", "1.44", requires=["core>=1.44"]), make_wheel("boto", "1.40", requires=["core<1.41"]))
    index.add(make_wheel("core", "1.44"), make_wheel("core", "1.40"))
    index.add(make_wheel("s3", "2026.9", requires=["aio>=2"]), make_wheel("s3", "0.4", requires=["core>=1"]))
    index.add(make_wheel("aio", "3.0", requires=["core<1.44"]), make_wheel("aio", "2.0", requires=["core<1.41"]))
    workspace.write("base.txt", "boto\ns3\n")
    workspace.toml({"linux": LINUX})
    result, _ = mirror(workspace)
    why = "it requires aio>=2; aio 3.0 requires core<1.44, and boto 1.44 asks for core>=1.44"
    assert listed(result) == [("s3", "0.4", why)]
    step = "write 's3>=2026.9' in base.txt:2 and run `pypi-subset update --allow-downgrade`, or put it into a set of its own"
    assert result.outdated[0].step == step
    # As the remedy says.
    workspace.write("base.txt", "boto\ns3>=2026.9\n")
    assert listed(mirror(workspace, update=True, allow_downgrade=True)[0]) == [
        ("boto", "1.40", "it requires core>=1.44, and aio 3.0 asks for core<1.44"),
    ]


def test_an_extra_that_cannot_be_had_is_named(workspace: Workspace, index: Index) -> None:
    """An old release without the extra is taken where the newest needs an sdist for it."""
    index.add(make_wheel("frame", "3.0", requires=["odf>=1; extra == 'excel'"], extras=["excel"]))
    index.add(make_wheel("frame", "1.5"), make_sdist("odf", "1.4.1"))
    workspace.write("base.txt", "frame[excel]\n")
    workspace.toml({"linux": LINUX})
    assert listed(mirror(workspace)[0]) == [("frame", "1.5", "it requires odf>=1; odf 1.4.1: sdist only")]


def test_a_yanked_release_is_not_newer(workspace: Workspace, index: Index) -> None:
    """A line that excludes nothing but a release that was yanked holds nothing back."""
    index.add(make_wheel("app", "1.0"), make_wheel("app", "2.0"))
    index.yank(make_wheel("app", "2.0"))
    workspace.write("base.txt", "app<2\n")
    workspace.toml({"linux": LINUX})
    assert listed(mirror(workspace)[0]) == []


def test_a_choice_of_the_user_is_no_error(workspace: Workspace, index: Index) -> None:
    """With `outdated = "error"` what the user's own line holds back is listed, and the run goes on."""
    index.add(make_wheel("app", "1.0"), make_wheel("app", "2.0"))
    workspace.write("base.txt", "app<2\n")
    workspace.toml({"linux": LINUX}, more='[policy]\noutdated = "error"\n')
    result, _ = mirror(workspace)
    assert [(one.project, one.own) for one in result.outdated] == [("app", True)]


def test_the_policy_makes_an_error_of_it(workspace: Workspace, index: Index) -> None:
    """With `outdated = "error"` the run ends before anything is written, with a lock from before too; plan as well."""
    hydra(index)
    workspace.write("base.txt", "hydra\n")
    strict = '[policy]\noutdated = "error"\n'
    workspace.toml({"linux": LINUX}, more=strict)
    for _ in range(2):
        for run in (mirror, foresee):
            with pytest.raises(OlderReleases) as caught:
                run(workspace)
            assert caught.value.what == "1 requested project is older than the newest release"
            assert "antlr 4.9.3: sdist only" in caught.value.details[0]
            assert [one["project"] for one in caught.value.documents["outdated"]] == ["hydra"]
        # The policy does not decide what is locked: the lock of a run without it is not made again.
        workspace.toml({"linux": LINUX})
        mirror(workspace)
        workspace.toml({"linux": LINUX}, more=strict)
        index.projects.clear()


def test_a_lock_without_the_list_has_a_note(workspace: Workspace, index: Index) -> None:
    """Of a lock that release 0.1 made, mirror says that it does not know, and plan finds out."""
    hydra(index)
    workspace.write("base.txt", "hydra\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    path = lockfile.path_of(workspace.paths.locks, "base--linux")
    one = lockfile.read(path)
    (target,) = read_subset(workspace.paths.requirements).targets
    old = replace(one, outdated=None)
    path.write_bytes(lockfile.dump(old, folder=workspace.paths.locks, target=target, packages=workspace.paths.packages))
    result, said = mirror(workspace)
    assert (result.resolved, result.outdated) == (0, ())
    assert "note: the lock base--linux does not say which releases are older than the newest" in said
    assert [(one.project, one.version, one.why) for one in foresee(workspace).held if one.requested] == [HYDRA]


def test_a_pre_release_that_a_project_names_is_asked_for(workspace: Workspace, index: Index) -> None:
    """What another project requires as a pre-release is listed as that, and is no error; others are."""
    index.add(make_wheel("sdk", requires=["names==0.66b2", "loose", "both>=1b1"]), make_wheel("names", "0.66b2"))
    index.add(make_wheel("loose", "1.0rc1"), make_wheel("both", "1.0b1"))
    workspace.write("base.txt", "sdk\nboth\n")
    workspace.toml({"linux": LINUX})
    assert [(one.project, one.own, one.why) for one in mirror(workspace)[0].outdated] == [
        ("both", False, "sdk asks for both>=1b1, and there is no other release yet"),
        ("loose", False, "sdk asks for loose, and there is no other release yet"),
        ("names", True, "sdk asks for names==0.66b2, and there is no other release yet"),
    ]
    assert [(one.project, one.own) for one in foresee(workspace).early] == [
        ("both", False),
        ("loose", False),
        ("names", True),
    ]
    lines = plan(workspace).stdout.splitlines()
    assert "  pre-releases that other requirements name: names 0.66b2 (no final release)" in lines


def test_pre_releases_of_a_set_that_takes_them(workspace: Workspace, index: Index) -> None:
    """With `--pre` they are the user's own choice; a line that admits one alone says so, and nothing is called older."""
    index.add(make_wheel("top", "2.0rc1", requires=["deep"]), make_wheel("top", "1.0"), make_wheel("deep", "1.0b1"))
    workspace.write("base.txt", "--pre\ntop\n")
    index.add(make_wheel("new", "2.0rc1"), make_wheel("new", "1.0"))
    workspace.write("more.txt", "new>1\n")
    workspace.toml({"linux": LINUX})
    result, _ = mirror(workspace)
    assert [(one.project, one.early, one.own, one.why) for one in result.outdated] == [
        ("deep", True, True, "the set takes pre-releases"),
        ("top", True, True, "the set takes pre-releases"),
        ("new", True, True, "more.txt:1 asks for new>1"),
    ]
    assert outdated_heading(result.outdated) == "3 pre-releases that a requirement asks for"


@pytest.mark.parametrize("broken", ["/simple/new/", "/files/hydra-1.4-py3-none-any.whl.metadata"])
def test_a_release_that_cannot_be_looked_into_stops_no_run(workspace: Workspace, index: Index, broken: str) -> None:
    """Where an index refuses what pip did not ask for, the mirror goes on: an explanation is no reason to fail."""
    hydra(index)
    index.add(
        make_wheel("hydra", "1.2", requires=["omega==2.2"]), make_wheel("omega", "2.2", requires=["antlr==4.9.*"])
    )
    workspace.write("base.txt", "hydra\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    index.add(make_wheel("hydra", "1.4", requires=["new"]), make_wheel("new"))
    index.overrides[broken] = b"{"
    (newer,) = (one for one in foresee(workspace).held if one.requested)
    assert (newer.newest, newer.why) == ("1.4", "the lock was made without it")


def test_a_pip_for_an_old_python_is_not_outdated(workspace: Workspace, index: Index) -> None:
    """The set of `[bootstrap]` has it on purpose; what a line or a rule holds back there is listed."""
    index.add(make_wheel("pip", "26.3", requires_python=">=3.11"), make_wheel("pip", "25.0"), make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX}, more="[bootstrap]\npip = true\n")
    found, said = mirror(workspace)
    assert (found.outdated, "older than the newest" in said) == ((), False)
    assert (workspace.paths.site / "locks/bootstrap--linux.requirements.txt").read_text().count("pip==25.0 ") == 1
