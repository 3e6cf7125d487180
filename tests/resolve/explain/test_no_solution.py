"""A set without a solution: the reason in one line, and the ways out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import NoSolution, SubsetError
from tests.support.wheels import make_sdist, make_wheel

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

from tests.support.stages.mirroring import LINUX, WINDOWS, mirror, read_lock

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")


def test_a_gap_says_who_asks(workspace: Workspace, index: Index) -> None:
    """A requirement that no set has is reported with the project that has it."""
    index.add(make_wheel("app", requires=["lib>=3"]), make_wheel("lib"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert caught.value.what == "base--linux: lib>=3 (required by app 1.0): no release satisfies it, the newest is 1.0"


def test_an_sdist_only_project_is_a_finding(workspace: Workspace, index: Index) -> None:
    """A project without wheels is named with the way out, never a silent gap and never built."""
    index.add(make_wheel("app", requires=["docopt"]), make_sdist("docopt"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"windows": WINDOWS})
    with pytest.raises(
        NoSolution,
        match=r"docopt \(required by app 1\.0\): the project offers sdists only.*pip wheel --no-deps docopt==1.0 -w",
    ):
        mirror(workspace)


def test_a_project_that_no_index_has(workspace: Workspace) -> None:
    """A misspelt project is named as such."""
    workspace.write("base.txt", "pandsa\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(NoSolution, match="no index has a project pandsa; check the spelling") as caught:
        mirror(workspace)
    assert "; or put a wheel of your own into requirements/wheels\n" in f"{caught.value}\n"


def test_a_page_that_lists_no_file(workspace: Workspace, index: Index) -> None:
    """What is there is said: an index with a page has the project. It may show quarantine in that way."""
    index.projects["dep"] = []
    index.add(make_wheel("app", "2.0", requires=["dep"]), make_wheel("app", "1.0"))
    place = index.url.rstrip("/")
    workspace.write("base.txt", "dep\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(NoSolution, match=f"dep: the page of dep at {place} lists no file of it; see why") as caught:
        mirror(workspace)
    assert "removed or in quarantine; or put a wheel of your own" in str(caught.value)
    workspace.write("base.txt", "app\n")
    mirror(workspace)
    (one,) = read_lock(workspace, "base--linux").outdated or ()
    assert one.why == f"it requires dep, which has a page without files at {place}"
    assert one.step == "see why on that index: its files may be removed or in quarantine"


def test_a_conflict_is_boiled_down(workspace: Workspace, index: Index) -> None:
    """Requirements that contradict each other are shown with who has them, and what each rules out."""
    index.add(make_wheel("a", requires=["c<2"]), make_wheel("b", requires=["c>=2"]))
    index.add(make_wheel("c", "1.0"), make_wheel("c", "2.0"))
    workspace.write("base.txt", "a\nb\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert str(caught.value).splitlines() == [
        (
            "base--linux: the requirements contradict each other on c; "
            "loosen one of these requirements, or put them into separate sets"
        ),
        "    a 1.0 asks for c<2",
        "    b 1.0 asks for c>=2",
        "    c 2.0: not c<2, says a 1.0",
        "    c 1.0: not c>=2, says b 1.0",
    ]


def test_a_conflict_of_the_users_own_lines(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines of the set and of its constraints are named by file and line, pip's own constraint by its name."""
    index.add(make_wheel("c", "1.0"), make_wheel("c", "2.0"))
    workspace.write("limits.in", "c<2\n")
    workspace.write("base.txt", "-c limits.in\n\nc>=2\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert caught.value.project == "c"
    assert caught.value.seen == ("base.txt:3 asks for c>=2", "limits.in:1 asks for c<2", *caught.value.seen[2:])
    workspace.write("base.txt", "c>=2\n")
    limits = workspace.write("own.limits", "c<1.5\n")
    monkeypatch.setenv("PIP_CONSTRAINT", str(limits))
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert "pip's setting 'constraint' asks for c<1.5" in caught.value.seen


def accepting(project: str) -> str:
    """Return the line about the acceptance that leaves the request out."""
    how = 'accept it by [[policy.accept]] in subset.toml with rule = "gap"'
    return f'    to mirror without it, {how}, project = "{project}", targets = ["linux"]'


def test_a_dependency_without_a_wheel_is_the_headline(workspace: Workspace, index: Index) -> None:
    """Where every release asks for a project that has nothing for the target, that is the error, and it is short."""
    index.add(*(make_wheel("app", f"{number}.0", requires=["native"]) for number in range(1, 30)))
    index.add(make_wheel("native", tag="cp312-cp312-win_arm64"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert str(caught.value).splitlines() == [
        (
            "base--linux: native (required by app 29.0): no wheel fits cp310-cp310-manylinux2014_x86_64; "
            "nothing is for this system, so leave the project out for this target; "
            "nearest is cp312-win_arm64, which gets 1.0"
        ),
        "    1.0: wheels for win_arm64",
        "    tags of 1.0: cp312 for win_arm64",
        accepting("app"),
    ]


def test_requirements_that_agree_do_not_contradict_each_other(
    workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pin and a constraint that allow it are no conflict: it is the wheel that is missing, and that is said."""
    index.add(make_wheel("torch", "2.14", tag="cp310-cp310-manylinux_2_28_x86_64"))
    index.add(make_wheel("torch", "2.10", tag="cp310-cp310-manylinux_2_17_x86_64"))
    workspace.write("base.txt", "torch==2.14\n")
    monkeypatch.setenv("PIP_CONSTRAINT", str(workspace.write("own.limits", "torch<=2.14.1\n")))
    workspace.toml({"linux": LINUX})
    with pytest.raises(NoSolution, match=r"torch.*: no wheel fits .*; lowest glibc that works is 2\.28") as caught:
        mirror(workspace)
    assert "2.14: wheels start at manylinux_2_28, the target stops at 2_17" in str(caught.value)


_BUILD = ", or build one there: pip wheel --no-deps lib==0.1 -w DIRECTORY"


def test_a_gap_keeps_to_what_is_asked_for(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a project with nothing for the target, only versions that the requirement and the constraints allow are listed."""
    for version in ("2.15", "2.9", "2.8", "1.0"):
        index.add(make_wheel("torch", version, tag=f"cp310-cp310-win_{'amd64' if version == '2.8' else 'arm64'}"))
    workspace.write("base.txt", "torch>=2,<2.10\n")
    monkeypatch.setenv("PIP_CONSTRAINT", str(workspace.write("own.limits", "torch<=2.8\n")))
    workspace.toml({"linux": LINUX})
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert str(caught.value).splitlines() == [
        (
            "base--linux: torch<2.10,<=2.8,>=2 (required by base.txt:1, pip's setting 'constraint'): no wheel fits "
            "cp310-cp310-manylinux2014_x86_64; nothing is for this system, so leave the project out for this target; "
            "nearest is cp310-win_amd64, which gets 2.8"
        ),
        "    2.8: wheels for win_amd64",
        "    tags of 2.8: cp310 for win_amd64",
        accepting("torch"),
    ]


@pytest.mark.parametrize(
    ("lines", "other", "way"),
    [
        (
            "lib<2\n",
            "cp310-cp310-win_amd64",
            (
                "3.0, 2.0 have a wheel for this target, but base.txt:1 asks for lib<2: loosen that; "
                "nearest is cp310-win_amd64, which gets 1.0"
            ),
        ),
        (
            "app\n",
            "cp310-cp310-manylinux_2_28_x86_64",
            (
                "3.0, 2.0 have a wheel for this target, but app 1.0 asks for lib<2: ask for another version of app; lowest "
                "glibc that works is 2.28 (rhel-8, debian-10): make the target cp310-manylinux_2_28_x86_64, which gets 1.0"
            ),
        ),
        (
            "lib==0.1\n",
            "cp310-cp310-win_amd64",
            (
                "3.0, 2.0 have a wheel for this target, but base.txt:1 asks for lib==0.1: loosen that; or "
                'write build = ["lib"] below [sdists] in subset.toml, or build the wheel: '
                "pip wheel --no-deps lib==0.1 -w DIRECTORY"
            ),
        ),
    ],
)
def test_a_requirement_in_the_way_comes_first(
    workspace: Workspace, index: Index, lines: str, other: str, way: str
) -> None:
    """Versions that the target could have are named, with the requirement that shuts them out, before other targets."""
    index.add(
        *(make_wheel("lib", version, tag="cp310-cp310-manylinux1_x86_64") for version in ("2.0", "3.0", "4.0rc1"))
    )
    index.add(make_wheel("lib", "1.0", tag=other), make_wheel("app", requires=["lib<2"]), make_sdist("lib", "0.1"))
    workspace.write("base.txt", lines)
    workspace.toml({"linux": LINUX})
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    expected = way.replace("; nearest", f"{_BUILD}; nearest") + _BUILD * ("lowest" in way)
    assert caught.value.next_step == expected.replace("DIRECTORY", str(workspace.paths.requirements / "wheels"))


@pytest.mark.parametrize(
    ("requirement", "reason"),
    [
        ("app==9", "no release satisfies it, the newest is 3.0"),
        ("app==2.0", "2.0: Requires-Python >=3.12, the target has 3.10"),
        ("app==3.0", "3.0: sdist only"),
        ("app==1.0", "1.0: wheels for cp311, not for cp310-cp310"),
        ("app==0.9", "0.9: wheels for win_arm64, manylinux2014_x86_64"),
    ],
)
def test_why_each_release_was_rejected(workspace: Workspace, index: Index, requirement: str, reason: str) -> None:
    """What was seen is listed, with the obstacle of each release."""
    index.add(make_wheel("app", "1.0", tag="cp311-cp311-win_amd64"), make_sdist("app", "3.0"))
    index.add(make_wheel("app", "2.0", requires_python=">=3.12"))
    index.add(*(make_wheel("app", "0.9", tag=f"cp310-cp310-{name}") for name in ("manylinux2014_x86_64", "win_arm64")))
    workspace.write("base.txt", f"{requirement}\n")
    workspace.toml({"windows": WINDOWS})
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert reason in str(caught.value)


def test_metadata_that_pip_cannot_read(workspace: Workspace, index: Index) -> None:
    """A release that pip passes over for its own requirements is reported as that, not as one that fits and is excluded."""
    index.add(make_wheel("app", "1.0"), make_wheel("app", "2.0", requires=[";;;nonsense"]))
    workspace.write("base.txt", "app>1\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert caught.value.what == (
        "base--linux: app>1: pip cannot read the metadata of what fits cp310-cp310-manylinux2014_x86_64"
    )
    assert caught.value.next_step == "1.0 has a wheel for this target, but base.txt:1 asks for app>1: loosen that"
    assert caught.value.seen == (
        "2.0: its metadata is invalid: Expected package name at the start of dependency specifier",
    )


def test_a_quarantined_project_offers_nothing(workspace: Workspace, index: Index) -> None:
    """Files of a project in quarantine are not taken, though the page lists them (PEP 792); the error says why."""
    index.add(make_wheel("app", requires=["lib"]), make_wheel("lib"))
    index.status["lib"] = {"status": "quarantined", "reason": "it steals keys"}
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert caught.value.lines == (
        "base--linux: lib (required by app 1.0): lib is in quarantine (it steals keys); do without it: it may do harm",
        accepting("app"),
    )


def test_an_older_release_because_of_a_quarantine(workspace: Workspace, index: Index) -> None:
    """What keeps the newest release away is said as for a request: the project is in quarantine."""
    index.add(make_wheel("app", "1.0"), make_wheel("app", "2.0", requires=["lib"]), make_wheel("lib"))
    index.status["lib"] = {"status": "quarantined", "reason": "it steals keys"}
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    (one,) = mirror(workspace)[0].outdated
    assert (one.why, one.step) == ("it requires lib, which is in quarantine (it steals keys)", "")


def errors_of(workspace: Workspace) -> list[str]:
    """Return the lines of the error that a mirror ends with."""
    with pytest.raises(SubsetError) as caught:
        mirror(workspace)
    return str(caught.value).splitlines()


def test_the_newest_release_is_the_headline(workspace: Workspace, index: Index) -> None:
    """After backtracking, what the newest release lacks is reported with its chain, and not what the oldest one lacks."""
    index.add(
        make_wheel("airflow", "3.0", requires=["provider>=2"]), make_wheel("airflow", "1.0", requires=["kerberos"])
    )
    index.add(make_wheel("provider", "2.0", requires=["native"]), make_sdist("kerberos", "1.1.1"))
    index.add(make_wheel("native", tag="cp310-cp310-win_amd64"))
    workspace.write("base.txt", "airflow\n")
    workspace.toml({"linux": LINUX})
    (head, *_) = errors_of(workspace)
    assert head.startswith("base--linux: native (required by provider 2.0, by airflow 3.0): no wheel fits cp310")


@pytest.mark.parametrize("limit", ["app<10", "app>=1"])
def test_a_version_that_does_not_exist_is_no_contradiction(workspace: Workspace, index: Index, limit: str) -> None:
    """A line that no release satisfies is reported as that, whatever another line or a project asks for."""
    index.add(make_wheel("app"), make_wheel("lib", requires=["app<10"]))
    workspace.write("base.txt", "app==9\nlib\n-c limits.in\n")
    workspace.write("limits.in", f"{limit}\n")
    workspace.toml({"linux": LINUX})
    assert errors_of(workspace) == [
        "base--linux: app==9: no release satisfies it, the newest is 1.0; ask for a version that exists",
        accepting("app"),
    ]


def test_a_project_with_wheel_variants_alone(workspace: Workspace, index: Index) -> None:
    """The error does not say that there is no such project."""
    index.add(replace(make_wheel("torch"), filename="torch-1.0-py3-none-any-cu128.whl"))
    workspace.write("base.txt", "torch\n")
    workspace.toml({"linux": LINUX})
    (line, *_) = errors_of(workspace)
    assert "torch has wheel variants alone (PEP 825, a draft), which pip does not install yet" in line


def test_a_local_version_is_on_another_index(workspace: Workspace, index: Index) -> None:
    """A version with a label is on the project's own index, and the error has pip's setting for it."""
    index.add(make_wheel("torch", "2.5.1"))
    workspace.write("base.txt", "torch==2.5.1+cpu\n")
    workspace.toml({"linux": LINUX})
    line, last = errors_of(workspace)
    assert last == accepting("torch")
    assert "a version with +cpu is on the project's own index: name that in [sources.NAME] of subset.toml" in line
    assert line.endswith("or ask for torch==2.5.1")


@pytest.mark.parametrize(
    "address",
    ["https://x.example/evil.whl", "git+https://x.example/evil", "file:///nowhere/evil-1.0.tar.gz"],
)
@pytest.mark.parametrize("older", [False, True])
def test_a_url_in_metadata_is_named(workspace: Workspace, index: Index, address: str, older: bool) -> None:  # noqa: FBT001
    """The release that requires a URL is named with it, whatever pip raises, and also where an older one is without."""
    index.add(make_wheel("app", "2.0", requires=["via"]), make_wheel("via", requires=[f"evil @ {address}"]))
    index.add(*([make_wheel("via", "0.9")] if older else []))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    line, last = errors_of(workspace)
    assert last == accepting("app")
    assert line.startswith(f"base--linux: via 1.0 requires a URL, and no release of an index, for evil: {address};")
    workspace.write("base.txt", "app\nvia!=1.0\n")
    if older:
        mirror(workspace)


def test_the_newest_release_is_said_where_an_old_one_fits(workspace: Workspace, index: Index) -> None:
    """The gap of the old release has the reason of the newest one beside it, and what gets that."""
    index.add(make_wheel("app", "3.0", requires_python="<3.10"), make_wheel("app", "1.0", requires=["old"]))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    line, seen, _ = errors_of(workspace)
    assert line.startswith("base--linux: old (required by app 1.0): no index has a project old; check the spelling")
    assert line.endswith(
        "; or for app 3.0, the newest: nearest Python that works is 3.9: make the target cp39-manylinux2014_x86_64, "
        "which gets 3.0"
    )
    assert seen == "    app 3.0: Requires-Python <3.10, the target has 3.10"


def test_the_sdist_to_build_is_one_for_the_python(workspace: Workspace, index: Index) -> None:
    """A list of sdists names the release whose Requires-Python admits the target."""
    index.add(*(make_sdist("lite", one) for one in ("1.0", "2.0")), make_sdist("other", "1.0"))
    index.entries["lite-2.0.tar.gz"] = {"requires-python": ">=3.11"}
    workspace.write("base.txt", "lite\nother\n")
    workspace.toml({"linux": LINUX})
    assert "pip wheel --no-deps lite==1.0 other==1.0 -w" in errors_of(workspace)[0]


def test_two_lines_that_contradict_each_other_are_one_gap(workspace: Workspace, index: Index) -> None:
    """Each line excludes the other: that is one contradiction, and not one for each line."""
    index.add(make_wheel("app", "1.0"), make_wheel("app", "2.0"))
    workspace.write("base.txt", "app==1.0\napp==2.0\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert caught.value.requests == ("base.txt:1", "base.txt:2")


def test_old_wheels_do_not_hide_that_the_newest_release_is_an_sdist(workspace: Workspace, index: Index) -> None:
    """Old wheels for another Python do not hide that the newest release is an sdist; the command names that release."""
    index.add(make_wheel("lite", "1.0", tag="cp27-none-any"), make_sdist("lite", "2.0"))
    workspace.write("base.txt", "lite\n")
    workspace.toml({"linux": LINUX})
    line = errors_of(workspace)[0]
    assert (
        "lite: no wheel fits cp310-cp310-manylinux2014_x86_64, 2.0 has sdists only, and a subset holds wheels" in line
    )
    assert "pip wheel --no-deps lite==2.0 -w" in line


def test_a_gap_has_at_most_eight_lines(workspace: Workspace, index: Index) -> None:
    """Releases that were seen and tags are cut to what fits."""
    index.add(*(make_wheel("many", f"{number}.0", tag="cp310-cp310-win_amd64") for number in range(1, 30)))
    workspace.write("base.txt", "many\n")
    workspace.toml({"linux": LINUX})
    lines = errors_of(workspace)
    assert len(lines) <= 8
    assert "    and 24 older releases" in lines


def test_lines_of_the_user_exclude_what_a_project_needs(workspace: Workspace, index: Index) -> None:
    """The project's requirement and the user's constraint are both named."""
    index.add(make_wheel("app", requires=["lib>=2"]), make_wheel("lib", "2.0"), make_wheel("lib", "1.0"))
    workspace.write("base.txt", "app\n-c limits.in\n")
    workspace.write("limits.in", "lib<2\n")
    workspace.toml({"linux": LINUX})
    assert errors_of(workspace)[:3] == [
        (
            "base--linux: the requirements contradict each other on lib; "
            "loosen one of these requirements, or put them into separate sets"
        ),
        "    app 1.0 asks for lib>=2",
        "    limits.in:1 asks for lib<2",
    ]
