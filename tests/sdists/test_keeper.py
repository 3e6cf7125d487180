"""Sdists that a site keeps, with real pip and a real index on loopback."""

from __future__ import annotations

import hashlib
import shutil
import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from packaging.pylock import Pylock

from pypi_subset.errors import Gaps, NoSolution, PolicyError
from pypi_subset.locks import lockfile
from pypi_subset.locks.judging import require_admitted, standing
from pypi_subset.model.door import read_manifest
from pypi_subset.model.intake.rules import IntakeRules
from pypi_subset.pipeline.plan import plan
from pypi_subset.requirements.subset import read_subset
from tests.support.stages.mirroring import LINUX, mirror, read_lock, versions
from tests.support.stages.sdists import make_buildable
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

MAC = "(cp312-cp312-macosx_13_0_arm64)"

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")


def keeping(workspace: Workspace, *projects: str, targets: dict[str, object] | None = None, more: str = "") -> None:
    """Write ``subset.toml``: the sdists of *projects* are kept."""
    workspace.toml(targets or {"here": "host"}, more=f"[sdists]\nkeep = {[*projects]}\n{more}")


def test_the_site_has_the_sdist_and_what_its_build_requires(workspace: Workspace, index: Index) -> None:
    """Lock, site and manifest name the sdist and the closure of its build, and no wheel of it."""
    index.add(
        make_buildable(
            "leaf", requires=["more"], tag="cp311-cp311-linux_x86_64", build_requires=["tool"], hook_requires=["late"]
        ),
        make_wheel("more"),
        make_wheel("tool", requires=["below"]),
        make_wheel("below"),
        make_wheel("late"),
    )
    workspace.write("base.txt", "leaf\n")
    keeping(workspace, "leaf")
    result, said = mirror(workspace)
    lock = read_lock(workspace, "base--here")
    assert versions(workspace, "base--here") == {"leaf": "1.0", "more": "1.0"}
    (pin,) = (one for one in lock.pins if one.is_kept)
    assert [one.filename for one in pin.build] == [f"{one}-1.0-py3-none-any.whl" for one in ("below", "late", "tool")]
    files = {one.filename: one for one in read_manifest(workspace.paths.site).files}
    assert [*files] == [
        *("below-1.0-py3-none-any.whl", "late-1.0-py3-none-any.whl", "leaf-1.0.tar.gz"),
        *("more-1.0-py3-none-any.whl", "tool-1.0-py3-none-any.whl"),
    ]
    chain = [link.requirement for link in files["below-1.0-py3-none-any.whl"].needed_by[0].chain]
    assert chain == ["leaf", "below==1.0"]
    assert (files["leaf-1.0.tar.gz"].metadata, result.kept) == (None, ("leaf-1.0.tar.gz",))
    assert "building leaf-1.0.tar.gz for here, which keeps the sdist" in said
    assert "Each client builds leaf 1.0 from an sdist." in (workspace.paths.site / "index.html").read_text()
    assert mirror(workspace)[0].published is False
    assert [row.fetch_files for row in plan(workspace.paths).rows] == [0]


def test_the_lock_is_one_of_the_standard(workspace: Workspace, index: Index) -> None:
    """The sdist stands where PEP 751 has it; the lock of the build is one of its own, in both copies of the lock."""
    index.add(make_buildable("leaf", build_requires=["tool"]), make_wheel("tool"))
    workspace.write("base.txt", "leaf\n")
    keeping(workspace, "leaf")
    mirror(workspace)
    for path in (
        lockfile.path_of(workspace.paths.locks, "base--here"),
        workspace.paths.site / "locks" / "pylock.base--here.toml",
    ):
        (package,) = Pylock.from_dict(tomllib.loads(path.read_text())).packages
        assert package.sdist is not None
        assert (package.sdist.filename, package.wheels) == ("leaf-1.0.tar.gz", None)
        build = Pylock.from_dict((package.tool or {})["pypi-subset"]["build-requires"])
        assert [(one.name, len(one.wheels or ())) for one in build.packages] == [("tool", 1)]
    assert not (workspace.paths.site / "simple" / "leaf" / "leaf-1.0.tar.gz.metadata").exists()


def test_a_standing_lock_is_fetched_and_not_built(workspace: Workspace, index: Index) -> None:
    """Without packages and site, a run with locks fetches all files by their hashes; no code runs."""
    index.add(make_buildable("leaf", build_requires=["tool"]), make_wheel("tool"))
    workspace.write("base.txt", "leaf\n")
    keeping(workspace, "leaf")
    mirror(workspace)
    shutil.rmtree(workspace.paths.packages)
    for path in workspace.paths.site.rglob("*.whl"):
        path.unlink()
    (workspace.paths.site / "simple" / "leaf" / "leaf-1.0.tar.gz").unlink()
    result, said = mirror(workspace)
    assert (result.fetched, "building" in said) == (2, False)


def test_a_foreign_target_is_a_gap_with_the_way_out(workspace: Workspace, index: Index) -> None:
    """Where no interpreter of this machine is the target, nothing is built, and pip does not try older releases."""
    index.add(*(make_buildable("leaf", f"{number}.0") for number in range(1, 4)))
    workspace.write("base.txt", "leaf\n")
    keeping(workspace, "leaf", targets={"win": "cp312-win_amd64", "mac": "cp312-macosx_13_0_arm64"})
    with pytest.raises(Gaps) as caught:
        mirror(workspace)
    assert [one.problem for one in caught.value.gaps] == [
        "leaf 3.0 is not built: no interpreter of this machine is win (cp312-cp312-win_amd64), so no proof could build it",
        f"leaf 3.0 is not built: no interpreter of this machine is mac {MAC}, so no proof could build it",
    ]
    assert caught.value.gaps[0].next_step == (
        "build its wheel on such a machine, with auditwheel on Linux, and put it into requirements/wheels, with "
        "only = false below [sources.wheels] in subset.toml; or leave leaf out there"
    )
    assert index.gets(".tar.gz") == 0


@pytest.mark.parametrize("kind", ["build", "keep"])
def test_a_wheel_of_another_machine_is_beside_the_sdist(workspace: Workspace, index: Index, kind: str) -> None:
    """The way out of a foreign target: the host still has what is built from the sdist on the index."""
    index.add(make_buildable("leaf", tag="cp311-cp311-linux_x86_64"))
    workspace.write("base.txt", "leaf\n")
    targets, own = {"here": "host", "win": "cp312-win_amd64"}, f'[sdists]\n{kind} = ["leaf"]\n'
    workspace.toml(targets, more=own)
    with pytest.raises(NoSolution, match=r"with only = false below \[sources\.wheels\]"):
        mirror(workspace)
    folder = workspace.paths.requirements / "wheels"
    folder.mkdir()
    make_wheel("leaf", tag="cp312-cp312-win_amd64").save(folder)
    workspace.toml(targets, more=f"{own}[sources.wheels]\nonly = false\n")
    mirror(workspace)
    files = [one.filename for name in ("here", "win") for one in read_lock(workspace, f"base--{name}").distributions]
    assert [one.startswith("leaf-1.0-cp312") for one in files] == [False, True]


def test_a_wheel_that_fits_is_taken(workspace: Workspace, index: Index) -> None:
    """The sdist is kept for the targets alone that no wheel fits."""
    index.add(make_buildable("leaf"), make_wheel("leaf", tag="cp312-cp312-win_amd64"))
    workspace.write("base.txt", "leaf\n")
    keeping(workspace, "leaf", targets={"here": "host", "win": "cp312-win_amd64"})
    mirror(workspace)
    names = [read_lock(workspace, f"base--{name}").pins[0].distribution.filename for name in ("here", "win")]
    assert names == ["leaf-1.0.tar.gz", "leaf-1.0-cp312-cp312-win_amd64.whl"]


@pytest.mark.slow
def test_each_target_is_built_by_its_own_python(workspace: Workspace, index: Index) -> None:
    """What the metadata says for a Python is asked of that Python, and so is what its build requires."""
    index.add(
        make_buildable("leaf", code=["REQUIRES.append('py%d%d' % sys.version_info[:2])"], build_requires=["tool"]),
        *(
            make_wheel("py310"),
            make_wheel("py311"),
            make_wheel("tool"),
            make_wheel("tool", "2.0", requires_python=">3.10.99"),
        ),
    )
    workspace.write("base.txt", "leaf\n")
    keeping(workspace, "leaf", targets={"ten": LINUX, "eleven": "cp311-manylinux2014_x86_64"})
    mirror(workspace)
    assert [[*versions(workspace, f"base--{name}")] for name in ("ten", "eleven")] == [
        ["leaf", "py310"],
        ["leaf", "py311"],
    ]
    tools = [str(read_lock(workspace, f"base--{name}").pins[0].build[0].version) for name in ("ten", "eleven")]
    assert tools == ["1.0", "2.0"]


def test_an_sdist_that_states_no_build_gets_what_older_pips_want(workspace: Workspace, index: Index) -> None:
    """Without a pyproject.toml the environment has setuptools, and wheel beside it, which a pip before 24.1 installs."""
    index.add(
        make_buildable("leaf", files={"pyproject.toml": ""}), make_wheel("wheel"), make_wheel("setuptools", "84.0")
    )
    workspace.write("base.txt", "leaf\n")
    keeping(workspace, "leaf")
    with pytest.raises(NoSolution, match=r"leaf 1\.0 cannot be built") as caught:
        mirror(workspace)
    # The made setuptools is no back-end; both were fetched for it.
    assert caught.value.target == "here"
    assert {hit.path for hit in index.hits(".whl")} >= {
        "/files/wheel-1.0-py3-none-any.whl",
        "/files/setuptools-84.0-py3-none-any.whl",
    }


def test_a_build_requirement_is_no_kept_sdist(workspace: Workspace, index: Index) -> None:
    """What a build requires needs a wheel, or a place in build; one that is there is built, and locked as a wheel."""
    index.add(make_buildable("leaf", build_requires=["tool"]), make_buildable("tool"))
    workspace.write("base.txt", "leaf\n")
    keeping(workspace, "leaf", "tool")
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert caught.value.next_step == (
        "add 'tool' to build below [sdists] as well, and take it out of keep if it is there"
    )
    keeping(workspace, "leaf", more='build = ["tool"]\n')
    result, _ = mirror(workspace)
    assert (result.built, result.kept) == (("tool-1.0-0subset-py3-none-any.whl",), ("leaf-1.0.tar.gz",))


def test_a_hash_of_the_sdist_is_honoured(workspace: Workspace, index: Index) -> None:
    """A line with the hash of the sdist, as pip-compile writes it, is resolved."""
    sdist = make_buildable("leaf")
    digest = hashlib.sha256(sdist.data).hexdigest()
    index.add(sdist)
    workspace.write("base.txt", f"leaf==1.0 --hash=sha256:{digest}\n")
    keeping(workspace, "leaf")
    mirror(workspace)
    assert read_lock(workspace, "base--here").pins[0].distribution.sha256 == digest


def test_what_is_locked_is_judged_again(workspace: Workspace, index: Index) -> None:
    """A rule about a build requirement of a standing lock ends a run that resolves nothing; its licence counts too."""
    index.add(make_buildable("leaf", build_requires=["tool"]), make_wheel("tool"))
    workspace.write("base.txt", "leaf\n")
    keeping(workspace, "leaf")
    mirror(workspace)
    subset = read_subset(workspace.paths.requirements)
    locks = standing(subset, workspace.paths.locks)
    for rules, words in (
        (IntakeRules(deny=(("tool", ""),)), "leaf 1.0 needs tool 1.0 to be built: "),
        (IntakeRules(allow_licenses=("MIT",)), "leaf 1.0 needs tool 1.0 to be built: "),
    ):
        with pytest.raises(PolicyError) as caught:
            require_admitted(replace(subset, rules=rules), locks)
        assert any(words in line for line in caught.value.found)


def test_the_policy_counts_for_what_a_build_requires(workspace: Workspace, index: Index) -> None:
    """A rule that refuses a build requirement refuses the lock, by name; the sdist itself is judged as well."""
    index.add(make_buildable("leaf", build_requires=["tool"]), make_wheel("tool"))
    workspace.write("base.txt", "leaf\n")
    keeping(workspace, "leaf", more='[policy]\ndeny = ["tool"]\n')
    with pytest.raises(
        NoSolution, match=r"leaf 1\.0 cannot be built from leaf-1\.0\.tar\.gz, since its build requires tool"
    ):
        mirror(workspace)
    keeping(workspace, "leaf", more='[policy]\ndeny = ["leaf"]\n')
    with pytest.raises(NoSolution, match="leaf"):
        mirror(workspace)
