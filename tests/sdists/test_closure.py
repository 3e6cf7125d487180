"""What a build requires, resolved on a real index."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import HashMismatch, NoSolution, UpstreamError
from pypi_subset.pipeline.plan import plan
from tests.support.servers.index import Index
from tests.support.stages.mirroring import mirror, read_lock
from tests.support.stages.sdists import make_buildable
from tests.support.wheels import Wheel, make_wheel

if TYPE_CHECKING:
    from tests.support.sites.workspace import Workspace

pytestmark = pytest.mark.usefixtures("configured_index")


def required(workspace: Workspace) -> list[tuple[str, str]]:
    """Return what the one locked wheel was built with."""
    built = read_lock(workspace, "base--here").pins[0].distribution.built
    assert built is not None
    return [(name, version) for name, version, _ in built.requires]


def test_requirements_are_those_of_the_interpreter_that_builds(workspace: Workspace, index: Index) -> None:
    """Markers are evaluated for it; what its Python cannot have is passed over; dependencies come along."""
    index.add(
        make_buildable("leaf", build_requires=["tool<3", "never; sys_platform == 'win32'", "extra; extra == 'x'"]),
        make_wheel("tool", "1.0", requires=["below"]),
        make_wheel("tool", "2.0", requires_python=">=3.99"),
        make_wheel("tool", "3.0"),
        make_wheel("below"),
    )
    workspace.write("base.txt", "leaf\n")
    workspace.toml({"here": "host", "win": "cp312-win_amd64"}, more='[sdists]\nbuild = ["leaf"]\n')
    mirror(workspace)
    assert required(workspace) == [("below", "1.0"), ("tool", "1.0")]
    # They are for the build alone.
    assert {path.name for path in workspace.paths.site.rglob("*.whl")} == {"leaf-1.0-0subset-py3-none-any.whl"}


def test_what_a_build_lacks_is_named(workspace: Workspace, index: Index) -> None:
    """The gap names the release, its requirement and the sdist that states it."""
    index.add(make_buildable("leaf", build_requires=["tool>=2"]), make_wheel("tool"))
    workspace.write("base.txt", "leaf\n")
    workspace.toml(more='[sdists]\nbuild = ["leaf"]\n')
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert caught.value.problem == (
        "leaf 1.0 cannot be built from leaf-1.0.tar.gz, since its build requires tool>=2: "
        "no release satisfies it, the newest is 1.0"
    )


def test_the_policy_holds_for_builds(workspace: Workspace, index: Index) -> None:
    """A release that is refused is no part of a build environment; an older one may be, and a refused sdist is not built."""
    index.add(make_buildable("leaf", build_requires=["tool"]), make_wheel("tool"), make_wheel("tool", "2.0"))
    workspace.write("base.txt", "leaf\n")
    build = '[sdists]\nbuild = ["leaf"]\n'
    workspace.toml(more=f'{build}[policy]\ndeny = ["tool>=2"]\n')
    mirror(workspace)
    assert required(workspace) == [("tool", "1.0")]
    index.add(make_buildable("leaf", "2.0"))
    workspace.toml(more=f'{build}[policy]\ndeny = ["tool>=2", "leaf>=2"]\n')
    mirror(workspace)
    assert read_lock(workspace, "base--here").pins[0].distribution.version.major == 1
    assert index.gets("leaf-2.0.tar.gz") == 0


def test_a_wheel_of_a_build_has_its_hash(workspace: Workspace, index: Index) -> None:
    """A file that is not what the index promised is no part of an environment."""
    tool = make_wheel("tool")
    index.add(make_buildable("leaf", build_requires=["tool"]), tool)
    index.overrides[f"/files/{tool.filename}"] = make_wheel("tool", files={"tool.py": b"evil = 1\n"}).data
    workspace.write("base.txt", "leaf\n")
    workspace.toml(more='[sdists]\nbuild = ["leaf"]\n')
    with pytest.raises(HashMismatch, match=r"tool-1\.0-py3-none-any\.whl has sha256"):
        mirror(workspace)


def test_a_source_of_some_targets_serves_builds(workspace: Workspace, index: Index) -> None:
    """A build is for all targets: pip's index never learns the name of what it requires, private or not."""
    index.add(make_buildable("leaf", build_requires=["acme-build"]), make_wheel("acme-build", "99.0"))
    workspace.write("base.txt", "leaf\n")
    with Index() as own:
        own.add(make_wheel("acme-build"))
        source = f'[sources.acme]\nindex = "{own.url}"\nprojects = ["acme-*"]\ntargets = ["win"]\n'
        for private in ("", '[sources]\nprivate = ["acme-*"]\n'):
            more = f'{private}{source}[sdists]\nbuild = ["leaf"]\n'
            workspace.toml({"here": "host", "win": "cp312-win_amd64"}, more=more)
            mirror(workspace, update=True)
            assert required(workspace) == [("acme-build", "1.0")]
    assert index.gets("acme-build") == 0


def test_what_no_source_has_for_a_build_is_named(workspace: Workspace, index: Index) -> None:
    """A private build requirement that its source lacks is an error, and is asked nowhere else."""
    index.add(make_buildable("leaf", build_requires=["acme-build"]), make_wheel("acme-build"))
    workspace.write("base.txt", "leaf\n")
    with Index() as own:
        source = f'[sources.acme]\nindex = "{own.url}"\nprojects = ["acme-*"]\ntargets = ["here"]\n'
        workspace.toml(more=f'[sources]\nprivate = ["acme-*"]\n{source}[sdists]\nbuild = ["leaf"]\n')
        with pytest.raises(NoSolution, match=r"acme-build comes from .* alone, by \[sources\.acme\]"):
            mirror(workspace)
    assert index.gets("acme-build") == 0


@pytest.mark.parametrize("others", [False, True], ids=["the same bytes", "other bytes"])
def test_a_refused_build_requirement_has_the_wheel_built_again(
    workspace: Workspace, index: Index, *, others: bool
) -> None:
    """A mirror of the standing lock names it; an update takes what is admitted. Other bytes are said and accepted."""
    code = ["import tool", "body = repr(tool.NUMBER)"] if others else []
    wheels = [make_wheel("tool", one, files={"tool.py": f"NUMBER = {one}\n".encode()}) for one in ("1.0", "2.0")]
    index.add(make_buildable("leaf", build_requires=["tool"], code=code), wheels[0])
    workspace.write("base.txt", "leaf\n")
    build = '[sdists]\nbuild = ["leaf"]\n'
    workspace.toml(more=build)
    mirror(workspace)
    index.add(wheels[1])
    mirror(workspace, update=True)
    assert required(workspace) == [("tool", "1.0")]
    refused = f'{build}[policy]\ndeny = ["tool==1.0"]\n'
    waiver = (
        '[[policy.accept]]\nrule = "deny"\nproject = "tool"\ntargets = ["here"]\nreason = "x"\nuntil = 2030-01-01\n'
    )
    workspace.toml(more=f"{refused}{waiver}")
    mirror(workspace, update=True)
    assert required(workspace) == [("tool", "1.0")]
    workspace.toml(more=refused)
    result, said = mirror(workspace, update=True)
    assert "leaf 1.0 was built with tool 1.0, which is refused now (deny: " in said
    assert required(workspace) == [("tool", "2.0")]
    # The user named no file.
    assert any("built again, before sha256" in one for one in result.changes) is others
    assert not any("forgotten" in one for one in result.changes)


def test_a_source_that_is_named_later_has_the_wheel_built_again(workspace: Workspace, index: Index) -> None:
    """What another project of that name built is not kept; what the source itself has is."""
    code = ["import acme_build", "body = repr(acme_build.OWN)"]
    index.add(
        make_buildable("leaf", build_requires=["acme-build"], code=code),
        make_wheel("acme-build", "99.0", files={"acme_build.py": b"OWN = False\n"}),
    )
    workspace.write("base.txt", "leaf\n")
    build = '[sdists]\nbuild = ["leaf"]\n'
    workspace.toml(more=build)
    mirror(workspace)
    assert required(workspace) == [("acme-build", "99.0")]
    with Index() as own:
        own.add(make_wheel("acme-build", files={"acme_build.py": b"OWN = True\n"}))
        workspace.toml(more=f'{build}[sources.acme]\nindex = "{own.url}"\nprojects = ["acme-*"]\n')
        _, said = mirror(workspace)
        assert "leaf 1.0 was built with acme-build 99.0, which is not from [sources.acme]: building it again" in said
        assert required(workspace) == [("acme-build", "1.0")]
        _, said = mirror(workspace, update=True)
    assert "building" not in said


#: Fails where the module of another tool can be imported: its code was part of the build.
WATCHED = ["import importlib.util", "assert importlib.util.find_spec('other') is None, 'another tool ran'"]


def leaf_and_tool(workspace: Workspace, index: Index, more: str = "") -> Wheel:
    """Mirror leaf, which is built with tool 1.0, and return that wheel."""
    tool = make_wheel("tool")
    index.add(make_buildable("leaf", build_requires=["tool"], code=WATCHED), tool)
    workspace.write("base.txt", "leaf\n")
    workspace.toml({"here": "host"}, more=f'[sdists]\nbuild = ["leaf"]\n{more}')
    mirror(workspace)
    return tool


def fresh(workspace: Workspace) -> None:
    """Leave what a checkout has."""
    shutil.rmtree(workspace.paths.packages)
    shutil.rmtree(workspace.paths.site)


@pytest.mark.parametrize("hashes", [True, False], ids=["hashes", "no hashes"])
def test_a_locked_build_requirement_with_other_bytes_never_runs(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, *, hashes: bool
) -> None:
    """The error names the file, both hashes and the way out, also where the index states no hashes."""
    with Index(hashes=hashes) as index:
        monkeypatch.setenv("PIP_INDEX_URL", index.url)
        tool = leaf_and_tool(workspace, index)
        lock = read_lock(workspace, "base--here")
        fresh(workspace)
        mirror(workspace)
        assert read_lock(workspace, "base--here") == lock
        index.projects["tool"] = [make_wheel("tool", files={"other.py": b""})]
        fresh(workspace)
        with pytest.raises(HashMismatch) as caught:
            mirror(workspace)
    assert caught.value.what.startswith("tool-1.0-py3-none-any.whl has other bytes than when it was locked")
    assert tool.sha256 in caught.value.what
    assert "--forget tool-1.0-py3-none-any.whl" in caught.value.next_step


def test_a_forgotten_build_requirement_is_taken_as_it_is_now(workspace: Workspace, index: Index) -> None:
    """The wheel is built again with it, though packages/ has the earlier one."""
    tool = leaf_and_tool(workspace, index)
    changed = make_wheel("tool", files={"changed.py": b""})
    index.projects["tool"] = [changed]
    mirror(workspace, update=True, forget=[tool.filename])
    built = read_lock(workspace, "base--here").pins[0].distribution.built
    assert built is not None
    assert built.requires == (("tool", "1.0", changed.sha256),)


def test_a_new_resolution_takes_no_other_bytes_for_a_build(workspace: Workspace, index: Index) -> None:
    """What was ever locked is known for build requirements too: also where the lock and the wheel are gone."""
    leaf_and_tool(workspace, index)
    index.projects["tool"] = [make_wheel("tool", files={"other.py": b""})]
    fresh(workspace)
    (workspace.paths.locks / "pylock.base--here.toml").unlink()
    with pytest.raises(HashMismatch, match=r"tool-1\.0-py3-none-any\.whl has other bytes"):
        mirror(workspace)


def test_an_sdist_with_other_bytes_is_not_built(workspace: Workspace, index: Index) -> None:
    """The sdist is compared with the one that was locked before its code runs."""
    leaf_and_tool(workspace, index)
    index.projects["leaf"] = [make_buildable("leaf", code=["raise SystemExit('it ran')"])]
    with pytest.raises(HashMismatch, match=r"leaf-1\.0\.tar\.gz has other bytes"):
        mirror(workspace, update=True)


def test_an_sdist_of_a_build_requirement_with_other_bytes_is_not_built(workspace: Workspace, index: Index) -> None:
    """The same for what is built for a build."""
    index.add(make_buildable("leaf", build_requires=["tool"]), make_buildable("tool"))
    workspace.write("base.txt", "leaf\n")
    workspace.toml({"here": "host"}, more='[sdists]\nbuild = ["leaf", "tool"]\n')
    mirror(workspace)
    lock = read_lock(workspace, "base--here")
    fresh(workspace)
    mirror(workspace)
    assert read_lock(workspace, "base--here") == lock
    index.projects["tool"] = [make_buildable("tool", code=["raise SystemExit('it ran')"])]
    fresh(workspace)
    with pytest.raises(HashMismatch, match=r"tool-1\.0\.tar\.gz has other bytes"):
        mirror(workspace)


def test_a_locked_build_requirement_that_is_gone_is_named(workspace: Workspace, index: Index) -> None:
    """A mirror builds with no other version; an update that may do without it says why it resolves again."""
    leaf_and_tool(workspace, index)
    lock = read_lock(workspace, "base--here")
    index.projects["tool"] = [make_wheel("tool", "0.9")]
    fresh(workspace)
    with pytest.raises(UpstreamError) as caught:
        mirror(workspace)
    assert "it was built with tool 1.0, and tool-1.0-py3-none-any.whl is not offered any more" in caught.value.what
    assert caught.value.next_step == (
        "copy leaf-1.0-0subset-py3-none-any.whl into packages/; or run `pypi-subset plan`, which lists what is gone, decide "
        "about it by gone or [[policy.accept]], and run `pypi-subset update`, which resolves what the build requires again"
    )
    assert [one.state for one in plan(workspace.paths).gone] == ["gone"]
    assert read_lock(workspace, "base--here") == lock
    workspace.toml({"here": "host"}, more='[sdists]\nbuild = ["leaf"]\n[policy]\ngone = "keep"\n')
    _, said = mirror(workspace, update=True)
    assert "tool-1.0-py3-none-any.whl is not offered any more: what its build requires is resolved again" in said
    assert required(workspace) == [("tool", "0.9")]


def test_a_requirement_that_is_built_to_other_bytes_can_be_accepted(workspace: Workspace, index: Index) -> None:
    """An update does not take it by itself: the name to forget is that of its sdist."""
    code = ["import time", "body = repr(time.time_ns())"]
    index.add(make_buildable("leaf", build_requires=["tool"]), make_buildable("tool", code=code))
    workspace.write("base.txt", "leaf\n")
    workspace.toml({"here": "host"}, more='[sdists]\nbuild = ["leaf", "tool"]\n')
    mirror(workspace)
    fresh(workspace)
    for update in (False, True):
        with pytest.raises(HashMismatch) as caught:
            mirror(workspace, update=update)
        assert caught.value.next_step == (
            "copy leaf-1.0-0subset-py3-none-any.whl into packages/, or accept what is built now: "
            "`pypi-subset update --forget tool-1.0.tar.gz`"
        )
    mirror(workspace, update=True, forget=["tool-1.0.tar.gz"])
    assert mirror(workspace)[0].resolved == 0


def test_a_kept_sdist_takes_no_other_bytes_for_a_build(workspace: Workspace, index: Index) -> None:
    """An update builds again, and compares each wheel of the environment before it does."""
    index.add(make_buildable("leaf", build_requires=["tool"], code=WATCHED), make_wheel("tool"))
    workspace.write("base.txt", "leaf\n")
    workspace.toml({"here": "host"}, more='[sdists]\nkeep = ["leaf"]\n[policy]\ngone = "keep"\n')
    mirror(workspace)
    index.projects["tool"] = [make_wheel("tool", files={"other.py": b""})]
    with pytest.raises(HashMismatch, match=r"tool-1\.0-py3-none-any\.whl has other bytes"):
        mirror(workspace, update=True)


def older(workspace: Workspace) -> None:
    """Leave of the build requirements what locks had at first: project, version and SHA-256, and no file names."""
    path = workspace.paths.locks / "pylock.base--here.toml"
    text = path.read_text()
    stripped = re.sub(r"\[\[packages\.tool\.pypi-subset\.built\.files\]\]\n(?:[^\[\n].*\n|\n)*", "", text)
    assert stripped != text
    path.write_text(stripped)
    known = workspace.paths.locks / "hashes.txt"
    known.write_text("".join(line for line in known.read_text().splitlines(keepends=True) if "tool" not in line))


@pytest.mark.parametrize("hashes", [True, False], ids=["hashes", "no hashes"])
@pytest.mark.parametrize("update", [False, True])
def test_a_lock_without_file_names_lets_no_other_bytes_run(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, *, hashes: bool, update: bool
) -> None:
    """The hash that it has is compared; the error has both hashes, and the way out works."""
    with Index(hashes=hashes) as index:
        monkeypatch.setenv("PIP_INDEX_URL", index.url)
        tool = leaf_and_tool(workspace, index)
        older(workspace)
        fresh(workspace)
        mirror(workspace)
        changed = make_wheel("tool", files={"other.py": b""})
        index.projects["tool"] = [changed]
        fresh(workspace)
        with pytest.raises(HashMismatch) as caught:
            mirror(workspace, update=update)
        assert caught.value.what == (
            "tool 1.0 has other bytes than when a wheel was built with it: "
            f"sha256 {changed.sha256} of {tool.filename} now, {tool.sha256} then"
        )
        assert f"--forget {tool.filename}" in caught.value.next_step
        index.projects["leaf"] = [make_buildable("leaf", build_requires=["tool"])]
        result, _ = mirror(workspace, update=True, forget=[tool.filename, "leaf-1.0.tar.gz"])
    assert f"{tool.filename}: forgotten sha256 {tool.sha256}; now sha256 {changed.sha256}" in result.changes


def test_a_resolution_beside_a_lock_without_file_names_takes_no_other_bytes(workspace: Workspace, index: Index) -> None:
    """It is what another build required that is compared; a further file of that release is none of these."""
    tool = leaf_and_tool(workspace, index)
    older(workspace)
    index.add(make_buildable("other", build_requires=["tool"]))
    workspace.write("base.txt", "leaf\nother\n")
    workspace.toml({"here": "host"}, more='[sdists]\nbuild = ["leaf", "other"]\n')
    changed = make_wheel("tool", tag="py2.py3-none-any", files={"other.py": b""})
    index.projects["tool"] = [changed]
    with pytest.raises(HashMismatch, match=r"tool 1\.0 has other bytes than when a wheel was built with it"):
        mirror(workspace)
    index.add(tool)
    mirror(workspace)


def test_a_lock_without_file_names_and_a_release_that_is_gone(workspace: Workspace, index: Index) -> None:
    """What is not offered is named, and nothing else is built with."""
    leaf_and_tool(workspace, index)
    older(workspace)
    index.projects["tool"] = [make_wheel("tool", "0.9")]
    fresh(workspace)
    with pytest.raises(UpstreamError, match=r"it was built with tool 1\.0, and that is not offered any more"):
        mirror(workspace)
    assert required(workspace) == [("tool", "1.0")]


def test_a_lock_without_file_names_and_a_requirement_that_was_built(workspace: Workspace, index: Index) -> None:
    """It is built again, to the locked hash."""
    index.add(make_buildable("leaf", build_requires=["tool"]), make_buildable("tool"))
    workspace.write("base.txt", "leaf\n")
    workspace.toml({"here": "host"}, more='[sdists]\nbuild = ["leaf", "tool"]\n')
    mirror(workspace)
    older(workspace)
    fresh(workspace)
    mirror(workspace)
    assert required(workspace) == [("tool", "1.0")]


def test_a_page_that_says_nothing_is_no_answer_for_a_build(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other index has an older release: nothing is built with it, by a mirror or an update. The ways out work."""
    with Index(style="html") as index, Index(style="html") as other:
        monkeypatch.setenv("PIP_INDEX_URL", index.url)
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", other.url)
        leaf_and_tool(workspace, index)
        other.add(make_wheel("tool", "0.9"))
        built = (workspace.paths.packages / "leaf-1.0-0subset-py3-none-any.whl").read_bytes()
        tool = index.projects["tool"]
        index.projects["tool"] = []
        fresh(workspace)
        for update in (False, True):
            with pytest.raises(
                UpstreamError, match=r"whether tool 1\.0 is gone, which leaf 1\.0 is built with"
            ) as caught:
                mirror(workspace, update=update)
            assert "copy leaf-1.0-0subset-py3-none-any.whl into packages/" in caught.value.next_step
        workspace.paths.packages.mkdir(exist_ok=True)
        (workspace.paths.packages / "leaf-1.0-0subset-py3-none-any.whl").write_bytes(built)
        assert mirror(workspace)[0].unknown
        assert required(workspace) == [("tool", "1.0")]
        # The page is right: there is no lock any more that names the release.
        fresh(workspace)
        for lock in workspace.paths.locks.glob("pylock.*"):
            lock.unlink()
        mirror(workspace)
        assert required(workspace) == [("tool", "0.9")]
        index.projects["tool"] = tool


def test_an_update_adds_file_names_to_a_lock_without(workspace: Workspace, index: Index) -> None:
    """The wheel stays as it is; until then, each mirror says that nothing is known of the files of its build."""
    tool = leaf_and_tool(workspace, index)
    whole = read_lock(workspace, "base--here")
    older(workspace)
    result, said = mirror(workspace)
    assert "the lock base--here does not state the files that leaf 1.0 was built with" in said
    assert any("run `pypi-subset update`" in one for one in result.warnings)
    assert "does not state the files" not in mirror(workspace, update=True)[1]
    assert read_lock(workspace, "base--here") == whole
    index.projects["tool"] = []
    (found,) = plan(workspace.paths).gone
    assert (found.filename, found.decision) == (tool.filename, "refused")


def test_an_update_does_without_a_build_requirement_that_is_gone(workspace: Workspace, index: Index) -> None:
    """A lock without file names could not be asked about it: the wheel is built again, with what is offered."""
    leaf_and_tool(workspace, index)
    older(workspace)
    index.projects["tool"] = [make_wheel("tool", "0.9")]
    _, said = mirror(workspace, update=True)
    assert (
        "it was built with tool 1.0, and that is not offered any more: what its build requires is resolved again"
        in said
    )
    assert required(workspace) == [("tool", "0.9")]


def test_a_source_that_says_nothing_is_no_other_one(workspace: Workspace, index: Index) -> None:
    """The only source of a build requirement does not show its page: the wheel is not built again without it."""
    with Index() as own:
        index.add(make_buildable("leaf", build_requires=["tool"]))
        own.add(make_wheel("tool"))
        workspace.write("base.txt", "leaf\n")
        source = f'[sources.own]\nindex = "{own.url}"\nprojects = ["tool"]\n'
        workspace.toml({"here": "host"}, more=f'[sdists]\nbuild = ["leaf"]\n{source}')
        mirror(workspace)
        own.on_request = lambda path: 403 if path == "/simple/tool/" else None
        result, said = mirror(workspace, update=True)
        assert "403" in result.unknown[0]
        assert "building it again" not in said
        assert required(workspace) == [("tool", "1.0")]
