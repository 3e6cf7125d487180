"""Named sources in whole runs: a project comes from its source, and from nowhere else."""

from __future__ import annotations

import hashlib
import shutil
from functools import partial
from typing import TYPE_CHECKING

import pytest
from msgspec import UNSET

from pypi_subset.doctor.examination import diagnose
from pypi_subset.errors import HashMismatch, NoSolution, PolicyError, UpstreamError
from pypi_subset.model.door import read_manifest
from pypi_subset.model.manifest import manifest_path
from pypi_subset.model.paths import REPORT_PAGE
from pypi_subset.model.report import Origin
from pypi_subset.pipeline.origins import on_several_indexes
from pypi_subset.pipeline.plan import plan
from pypi_subset.proof.report.report import forms_of, report_of
from tests.support.servers.index import Index
from tests.support.sites import trees
from tests.support.stages.mirroring import LINUX, WINDOWS, mirror, read_lock, releases, versions
from tests.support.stages.sdists import make_buildable
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.sites.workspace import Workspace

pytestmark = pytest.mark.usefixtures("configured_index")


@pytest.fixture
def second() -> Iterator[Index]:
    """Yield an index that pip is not configured for."""
    with Index() as running:
        yield running


def named(index: Index, *projects: str, more: str = "") -> str:
    """Return the table of a source."""
    return f'[sources.own]\nindex = "{index.url}"\nprojects = [{", ".join(map(repr, projects))}]\n{more}'


def test_a_project_comes_from_its_source_alone(workspace: Workspace, index: Index, second: Index) -> None:
    """A higher version on pip's index does not win, and its name is not asked there; what it requires is from pip's."""
    index.add(make_wheel("acme-core", "9.0"), make_wheel("lib"))
    second.add(make_wheel("acme-core", "1.0", requires=["lib"]), make_wheel("lib", "5.0"))
    workspace.write("base.txt", "acme-core\n")
    workspace.toml({"linux": LINUX}, more=named(second, "acme-*"))
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"acme-core": "1.0", "lib": "1.0"}
    assert [hit.path for hit in index.requests if "acme" in hit.path] == []
    assert [hit.path for hit in second.requests if "lib" in hit.path] == []
    core, lib = (pin.distribution for pin in read_lock(workspace, "base--linux").pins)
    assert (core.source, core.index) == ("own", second.url.rstrip("/"))
    assert (lib.source, lib.index) == (None, index.url.rstrip("/"))
    index.requests.clear()
    assert mirror(workspace)[0].resolved == 0


def test_a_source_that_is_down_is_an_error(
    workspace: Workspace, index: Index, second: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pip's index is no substitute."""
    monkeypatch.setenv("PIP_RETRIES", "0")
    index.add(make_wheel("acme-core", "9.0"))
    second.on_request = lambda _: 500
    workspace.write("base.txt", "acme-core\n")
    workspace.toml({"linux": LINUX}, more=named(second, "acme-*"))
    with pytest.raises(UpstreamError, match=r"\[sources\.own\], the only source of acme-core"):
        mirror(workspace)
    assert index.requests == []


def test_a_source_counts_on_its_targets(workspace: Workspace, index: Index, second: Index) -> None:
    """On others the index of pip's configuration serves."""
    index.add(make_wheel("app", "2.0"))
    second.add(make_wheel("app", "1.0+cpu"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX, "windows": WINDOWS}, more=named(second, "app", more='targets = ["windows"]\n'))
    mirror(workspace)
    assert (versions(workspace, "base--linux"), versions(workspace, "base--windows")) == (
        {"app": "2.0"},
        {"app": "1.0+cpu"},
    )


def test_a_private_name_is_never_asked_elsewhere(workspace: Workspace, index: Index, second: Index) -> None:
    """Where its source does not count, there is no project of that name."""
    index.add(make_wheel("acme-core", "9.0"))
    second.add(make_wheel("acme-core", "1.0"))
    workspace.write("base.txt", "acme-core\n")
    more = f'[sources]\nprivate = ["acme-*"]\n{named(second, "acme-*", more="""targets = ["windows"]""")}\n'
    workspace.toml({"linux": LINUX, "windows": WINDOWS}, more=more)
    with pytest.raises(NoSolution, match="acme-core is private, and no source serves it on linux"):
        mirror(workspace)
    assert index.requests == []


def test_a_wheel_that_is_laid_in_requirements(workspace: Workspace, index: Index) -> None:
    """It is taken with no further line, also by a lock that has the project from the index."""
    index.add(make_wheel("app", "2.0"), make_wheel("lib"))
    workspace.write("base.txt", "app\nlib\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"app": "2.0", "lib": "1.0"}
    folder = workspace.paths.requirements / "wheels"
    folder.mkdir()
    own = make_wheel("app", "1.5").save(folder)
    index.requests.clear()
    _, said = mirror(workspace)
    assert "base--linux: app comes from [sources.wheels] now, resolving again" in said
    assert versions(workspace, "base--linux") == {"app": "1.5", "lib": "1.0"}
    assert [hit.path for hit in index.requests if "app" in hit.path] == []
    kept = workspace.paths.packages / own.name
    assert kept.read_bytes() == own.read_bytes()
    assert kept.stat().st_ino != own.stat().st_ino


@pytest.mark.parametrize(
    "table",
    [
        "[sources.wheels]\nonly = false\n",
        '[sources.wheels]\nprojects = ["acme-*"]\nonly = false\n',
        '[sources.own]\nwheels = "wheels"\nprojects = ["acme-*"]\nonly = false\n',
    ],
)
def test_private_outranks_what_allows_the_index(workspace: Workspace, index: Index, table: str) -> None:
    """The index, where a higher version is, is not asked for a private project, nor by an update."""
    index.add(make_wheel("acme-core", "9.0"), make_wheel("app", requires=["acme-core"]))
    folder = workspace.paths.requirements / "wheels"
    folder.mkdir()
    make_wheel("acme-core", "1.0").save(folder)
    workspace.write("base.txt", "app\nacme-core\n")
    workspace.toml({"linux": LINUX}, more=f'[sources]\nprivate = ["acme-core"]\n{table}')
    _, said = mirror(workspace)
    assert "only = false" not in said
    mirror(workspace, update=True)
    assert versions(workspace, "base--linux") == {"acme-core": "1.0", "app": "1.0"}
    assert [one.path for one in index.requests if "acme" in one.path] == []


@pytest.mark.parametrize(("offered", "taken", "source"), [("9.0", "9.0", None), ("0.5", "1.0", "wheels")])
def test_a_directory_may_allow_the_index(
    workspace: Workspace, index: Index, offered: str, taken: str, source: str | None
) -> None:
    """The higher version counts, wherever it is, and each run warns of it."""
    index.add(make_wheel("acme-core", offered))
    folder = workspace.paths.requirements / "wheels"
    folder.mkdir()
    make_wheel("acme-core", "1.0").save(folder)
    workspace.write("base.txt", "acme-core\n")
    workspace.toml({"linux": LINUX}, more="[sources.wheels]\nonly = false\n")
    for _ in range(2):
        _, said = mirror(workspace)
        assert "[sources.wheels] has only = false: a higher version on the index is taken for acme-core" in said
    assert "/simple/acme-core/" in [hit.path for hit in index.requests]
    (pin,) = read_lock(workspace, "base--linux").pins
    assert (str(pin.distribution.version), pin.distribution.source) == (taken, source)


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("pattern", ["acme-*", "acme-core"])
def test_what_allows_the_index_allows_another_source(
    workspace: Workspace,
    index: Index,
    second: Index,
    pattern: str,
    private: bool,  # noqa: FBT001
) -> None:
    """A wheel beside the versions of a source: pip's indexes are not asked, nor by doctor and a look."""
    index.add(make_wheel("acme-core", "9.0"))
    second.add(make_wheel("acme-core", "2.0", tag="py3-none-manylinux2014_x86_64"))
    workspace.write("base.txt", "acme-core\n")
    folder = workspace.paths.requirements / "wheels"
    folder.mkdir()
    make_wheel("acme-core", "2.0", tag="py3-none-win_amd64").save(folder)
    more = f"[sources]\nprivate = {[pattern] * private}\n{named(second, pattern)}[sources.wheels]\nonly = false\n"
    workspace.toml({"linux": LINUX, "windows": WINDOWS}, more=more)
    result, said = mirror(workspace)
    assert {
        name: read_lock(workspace, f"base--{name}").pins[0].distribution.source for name in ("linux", "windows")
    } == {
        "linux": "own",
        "windows": "wheels",
    }
    assert ("warning" in said, result.warnings) == (False, ())
    assert mirror(workspace)[0].resolved == 0
    mirror(workspace, update=True)
    diagnose(workspace.paths)
    shutil.rmtree(workspace.paths.packages)
    mirror(workspace)
    assert [hit.path for hit in index.requests if "acme" in hit.path] == []
    second.projects["acme-core"] = []
    second.add(make_wheel("acme-core", "1.0"))
    with pytest.raises(PolicyError, match=r"acme-core 2\.0"):
        mirror(workspace, update=True)
    assert [hit.path for hit in index.requests if "acme" in hit.path] == []


def test_a_source_that_answers_with_an_error(
    workspace: Workspace, second: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the source and its projects once, and the table where another index can be named."""
    monkeypatch.setenv("PIP_RETRIES", "0")
    second.on_request = lambda _: 500
    workspace.write("base.txt", "acme-core\n")
    workspace.toml({"linux": LINUX}, more=named(second, "acme-*"))
    with pytest.raises(UpstreamError) as caught:
        mirror(workspace)
    where = f"{second.url.rstrip('/')}/acme-core/"
    assert (
        caught.value.what == f"{where} answered 500 Internal Server Error ([sources.own], the only source of acme-core)"
    )
    assert caught.value.next_step == "try again later, or name another index in [sources.own]"


def test_a_lock_that_took_a_private_project_from_the_index(workspace: Workspace, index: Index) -> None:
    """It is resolved again once the project is private."""
    index.add(make_wheel("acme-core", "9.0"))
    folder = workspace.paths.requirements / "wheels"
    folder.mkdir()
    make_wheel("acme-core", "1.0").save(folder)
    workspace.write("base.txt", "acme-core\n")
    workspace.toml({"linux": LINUX}, more="[sources.wheels]\nonly = false\n")
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"acme-core": "9.0"}
    index.requests.clear()
    workspace.toml({"linux": LINUX}, more='[sources]\nprivate = ["acme-core"]\n[sources.wheels]\nonly = false\n')
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"acme-core": "1.0"}
    assert index.requests == []


def test_a_wheel_of_the_user_that_is_lost(workspace: Workspace, index: Index) -> None:
    """A project of that name on the index takes its place only if the user says so; the index is not even asked."""
    index.add(make_wheel("app", "3.0"))
    folder = workspace.paths.requirements / "wheels"
    folder.mkdir()
    own = make_wheel("app", "1.0").save(folder)
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    own.unlink()
    assert mirror(workspace)[0].resolved == 0
    with pytest.raises(NoSolution, match=r"app-1\.0-py3-none-any\.whl, which is not in requirements/wheels") as caught:
        mirror(workspace, update=True)
    assert caught.value.what.partition(": ")[2].startswith(
        "app: no source has a file of app; it was locked from app-1.0-py3"
    )
    assert caught.value.next_step == (
        "put the file there again; if the project of the index is meant, write [sources.wheels] with only = false"
    )
    assert index.requests == []
    workspace.toml({"linux": LINUX}, more="[sources.wheels]\nonly = false\n")
    mirror(workspace, update=True)
    assert versions(workspace, "base--linux") == {"app": "3.0"}
    workspace.toml({"linux": LINUX})
    mirror(workspace, update=True)
    assert versions(workspace, "base--linux") == {"app": "3.0"}


def test_a_table_that_the_user_removed(workspace: Workspace, index: Index, second: Index) -> None:
    """Without its source a project comes from pip's index: that change is the user's own."""
    index.add(make_wheel("app", "3.0"))
    second.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX}, more=named(second, "app"))
    mirror(workspace)
    workspace.toml({"linux": LINUX})
    _, said = mirror(workspace)
    assert "base--linux: policy or sources changed, resolving again" in said
    assert versions(workspace, "base--linux") == {"app": "3.0"}


@pytest.mark.parametrize("request_of", ["app", "top"])
def test_a_lost_wheel_whose_gap_is_accepted(workspace: Workspace, index: Index, request_of: str) -> None:
    """The lock remembers it: pip's index is not asked for the project by later updates either, until the user says so."""
    index.add(make_wheel("app", "3.0"), make_wheel("lib"), make_wheel("top", requires=["app"]))
    folder = workspace.paths.requirements / "wheels"
    folder.mkdir()
    own = make_wheel("app", "1.0")
    own.save(folder)
    workspace.write("base.txt", f"{request_of}\nlib\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    (folder / own.filename).unlink()
    entry = (
        f'[[policy.accept]]\nrule = "gap"\nproject = "{request_of}"\ntargets = ["linux"]\n'
        'reason = "r"\nuntil = 9999-12-31\n'
    )
    workspace.toml({"linux": LINUX}, more=entry)
    for _ in range(3):
        mirror(workspace, update=True)
        assert versions(workspace, "base--linux") == {"lib": "1.0"}
        assert mirror(workspace)[0].resolved == 0
    plan(workspace.paths, update=True)
    diagnose(workspace.paths)
    assert [hit.path for hit in index.requests if "app" in hit.path] == []
    own.save(folder)
    mirror(workspace, update=True)
    assert versions(workspace, "base--linux")["app"] == "1.0"
    (folder / own.filename).unlink()
    workspace.toml({"linux": LINUX}, more=f"{entry}[sources.wheels]\nonly = false\n")
    mirror(workspace, update=True)
    assert versions(workspace, "base--linux")["app"] == "3.0"


def test_a_wheel_that_no_line_of_its_directory_names(workspace: Workspace, index: Index) -> None:
    """``[sources.wheels]`` names a prefix: another wheel there keeps the index away from its project all the same."""
    index.add(make_wheel("tool", "9.0"))
    folder = workspace.paths.requirements / "wheels"
    folder.mkdir()
    make_wheel("acme-core").save(folder)
    make_wheel("tool").save(folder)
    workspace.write("base.txt", "acme-core\ntool\n")
    workspace.toml({"linux": LINUX}, more='[sources]\nprivate = ["acme-*"]\n[sources.wheels]\nprojects = ["acme-*"]\n')
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"acme-core": "1.0", "tool": "1.0"}
    assert "/simple/tool/" not in [hit.path for hit in index.requests]


def test_an_error_that_follows_from_own_wheels_says_so(workspace: Workspace, index: Index) -> None:
    """The versions of the index do not count, unless the table allows them."""
    index.add(make_wheel("app", "2.0"))
    folder = workspace.paths.requirements / "wheels"
    folder.mkdir()
    make_wheel("app", "1.0").save(folder)
    workspace.write("base.txt", "app>=2\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert "all versions of app come from requirements/wheels" in str(caught.value)
    assert "[sources.wheels]" in caught.value.next_step
    workspace.toml({"linux": LINUX}, more="[sources.wheels]\nonly = false\n")
    _, said = mirror(workspace)
    assert versions(workspace, "base--linux") == {"app": "2.0"}
    assert "[sources.wheels] has only = false" in said


def test_a_wheel_that_was_rebuilt(workspace: Workspace) -> None:
    """Other bytes under the version of the lock are an error that says so."""
    folder = workspace.paths.requirements / "wheels"
    folder.mkdir()
    make_wheel("app", "1.0").save(folder)
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    make_wheel("app", "1.0", files={"app/more.py": b"x = 1\n"}).save(folder)
    with pytest.raises(HashMismatch, match="rebuilt"):
        mirror(workspace)


@pytest.mark.slow
def test_an_sdist_that_was_replaced(workspace: Workspace) -> None:
    """It is an error as for a wheel, until it is forgotten: then the wheel is built again."""
    folder = workspace.paths.requirements / "wheels"
    folder.mkdir()
    sdist, other = make_buildable("app"), make_buildable("app", code=["body = 'x = 1'"])
    path = folder / sdist.filename
    path.write_bytes(sdist.data)
    workspace.write("base.txt", "app\n")
    workspace.toml({"here": "host"}, more='[sdists]\nbuild = ["app"]\n')
    (before,) = mirror(workspace)[0].built
    path.write_bytes(other.data)
    for run in (mirror, partial(mirror, update=True), lambda space: plan(space.paths)):
        with pytest.raises(HashMismatch, match=r"app-1\.0\.tar\.gz (was rebuilt|has other bytes)"):
            run(workspace)
    (found,) = [one for one in diagnose(workspace.paths).findings if one.name == "locked files"]
    assert (found.state, "app-1.0.tar.gz was rebuilt" in found.what) == ("error", True)
    result, _ = mirror(workspace, update=True, forget=[path.name])
    assert result.built == (before,)
    (pin,) = read_lock(workspace, "base--here").pins
    assert pin.distribution.built is not None
    assert pin.distribution.built.sha256 == hashlib.sha256(other.data).hexdigest()
    assert f"{path.name}: forgotten sha256 {hashlib.sha256(sdist.data).hexdigest()}; now sha256" in " ".join(
        result.changes
    )
    assert mirror(workspace)[0].resolved == 0


def test_an_sdist_that_is_lost(workspace: Workspace, index: Index) -> None:
    """Each run names the sdist, and no run names the wheel that was built of it."""
    index.add(make_wheel("app", "9.0"))
    folder = workspace.paths.requirements / "wheels"
    folder.mkdir()
    sdist = make_buildable("app")
    path = folder / sdist.filename
    path.write_bytes(sdist.data)
    workspace.write("base.txt", "app\n")
    workspace.toml({"here": "host"}, more='[sdists]\nbuild = ["app"]\n')
    mirror(workspace)
    path.unlink()
    (gone,) = mirror(workspace)[0].gone
    assert (gone.state, gone.what) == ("local", "app-1.0.tar.gz is not in its directory any more")
    (found,) = [one for one in diagnose(workspace.paths).findings if one.name == "locked files"]
    assert (found.state, "app-1.0.tar.gz is not in its directory" in found.what) == ("warning", True)
    with pytest.raises(NoSolution, match=r"app-1\.0\.tar\.gz, which is not in requirements/wheels any more"):
        mirror(workspace, update=True)
    assert [hit.path for hit in index.requests if "app" in hit.path] == []


def test_variants_for_two_targets(workspace: Workspace, index: Index, second: Index) -> None:
    """Each target locks its own; both files are in the site, each in one view, and a second run has nothing to do."""
    index.add(make_wheel("app", requires=["torch"]), make_wheel("torch", "2.13.0"))
    second.add(make_wheel("torch", "2.13.0+cpu"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX, "windows": WINDOWS}, more=named(second, "torch", more='targets = ["windows"]\n'))
    result, said = mirror(workspace)
    (one,) = result.document()["views_only"]
    assert one == {
        "project": "torch",
        "versions": {"linux": ("2.13.0",), "windows": ("2.13.0+cpu",)},
        "index": "targets/TARGET/simple/",
    }
    assert "note: the union index simple/ leaves out torch (2.13.0 on linux, 2.13.0+cpu on windows)" in said
    site = workspace.paths.site
    held = {path.name for path in (site / "simple/torch").glob("*.whl")}
    assert held == {"torch-2.13.0-py3-none-any.whl", "torch-2.13.0+cpu-py3-none-any.whl"}
    for target, version in (("linux", "2.13.0"), ("windows", "2.13.0%2Bcpu")):
        page = (site / "targets" / target / "simple/torch/index.html").read_text()
        assert page.count("<a ") == page.count(f"torch-{version}-py3-none-any.whl#") == 1
    assert ".whl" not in (site / "simple/torch/index.html").read_text()
    again, _ = mirror(workspace)
    assert (again.resolved, again.fetched, again.published) == (0, 0, False)


@pytest.mark.parametrize("name", ["torch-1.0-1-py3-none-any.whl", "torch-1.0-cp310-abi3-manylinux2014_x86_64.whl"])
def test_one_version_from_two_sources(workspace: Workspace, name: str) -> None:
    """The pages for all targets list no file of it, since a client could get the build of another target."""
    for folder, wheel in (("cu", name), ("cpu", "torch-1.0-py3-none-any.whl")):
        (workspace.root / folder).mkdir()
        made = make_wheel("torch", "1.0", files={"torch.py": f"K = {folder!r}\n".encode()})
        (workspace.root / folder / wheel).write_bytes(made.data)
    tables = (
        f'[sources.{folder}]\nwheels = "../{folder}"\nprojects = ["torch"]\ntargets = ["{target}"]\n'
        for folder, target in (("cu", "a"), ("cpu", "b"))
    )
    workspace.write("base.txt", "torch\n")
    workspace.toml({"a": LINUX, "b": LINUX}, more="".join(tables))
    result, said = mirror(workspace)
    assert [one["project"] for one in result.document()["views_only"]] == ["torch"]
    assert "leaves out torch (1.0 on a, 1.0 on b), as the build differs by target" in said
    site = workspace.paths.site
    for page in ("simple/torch/index.html", "simple/torch/index.v1_json", "find-links.html"):
        assert ".whl" not in (site / page).read_text()
    assert name in (site / "targets/a/simple/torch/index.html").read_text()
    assert "torch-1.0-py3-none-any.whl" in (site / "targets/b/simple/torch/index.html").read_text()


def test_variants_that_come_and_go(workspace: Workspace, index: Index, second: Index) -> None:
    """A site that is changed is the same as one that is built again."""
    index.add(make_wheel("app", requires=["torch"]), make_wheel("torch", "2.13.0"))
    second.add(make_wheel("torch", "2.13.0+cpu"))
    workspace.write("base.txt", "app\n")
    targets, pages = {"linux": LINUX, "windows": WINDOWS}, workspace.paths.site / "simple/torch/index.html"
    workspace.toml(targets)
    mirror(workspace)
    assert ".whl" in pages.read_text()
    workspace.toml(targets, more=named(second, "torch", more='targets = ["windows"]\n'))
    mirror(workspace)
    assert ".whl" not in pages.read_text()
    changed = trees.tree(workspace.paths.site)
    shutil.rmtree(workspace.paths.site)
    mirror(workspace)
    assert trees.tree(workspace.paths.site) == changed
    workspace.toml(targets)
    mirror(workspace)
    assert ".whl" in pages.read_text()


def test_names_on_several_indexes(
    workspace: Workspace, index: Index, second: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pip's own indexes stay one heap, with one line in a run."""
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", second.url)
    for each in (index, second):
        each.add(make_wheel("app"), make_wheel("lib"))
    workspace.write("base.txt", "app\nlib\n")
    workspace.toml({"linux": LINUX, "windows": WINDOWS})
    _, said = mirror(workspace)
    assert said.count("on more than one index of pip's configuration") == 1
    assert "note: 2 projects are on more than one index of pip's configuration" in said
    assert on_several_indexes(()) == ""
    assert "a, b, c and 2 more;" in on_several_indexes(["c", "e", "d", "b", "a"])


def test_two_sources_in_one_lock(workspace: Workspace, second: Index) -> None:
    """PEP 751 has a field for the index of a package."""
    second.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX}, more=named(second, "app"))
    mirror(workspace)
    (path,) = workspace.paths.locks.glob("pylock.*.toml")
    text = path.read_text(encoding="utf-8")
    assert f'index = "{second.url.rstrip("/")}"' in text
    assert 'source = "own"' in text
    assert [name for name, *_ in releases(workspace, "base--linux")] == ["app"]


def test_each_file_names_its_index(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lock, manifest and report name it without user, token and query; a run that asks no index keeps the bytes."""
    own, links = make_wheel("gamma"), workspace.root / "links"
    links.mkdir()
    own.save(links)
    with Index(secret=("path", "S3cretT0ken1234")) as other:
        index.add(make_wheel("alpha", requires=["beta", "gamma"]))
        other.add(make_wheel("beta", "2.0"))
        monkeypatch.setenv("PIP_INDEX_URL", index.url.replace("://", "://me:S3cretPassw0rd@"))
        monkeypatch.setenv("PIP_EXTRA_INDEX_URL", other.url)
        monkeypatch.setenv("PIP_FIND_LINKS", str(links))
        workspace.write("base.txt", "alpha\n")
        workspace.toml({"linux": LINUX})
        mirror(workspace)
        shown = other.url.replace("S3cretT0ken1234", "***").rstrip("/")
    wanted = {"alpha": index.url.rstrip("/"), "beta": shown, "gamma": None}
    lock = read_lock(workspace, "base--linux")
    assert {pin.distribution.project: pin.distribution.index for pin in lock.pins} == wanted
    manifest = manifest_path(workspace.paths.site)
    before = manifest.read_bytes()
    assert {one.project: one.index or None for one in read_manifest(workspace.paths.site).files} == wanted
    made = report_of([], site=workspace.paths.site, isolation="none: a test")
    assert made.indexes == tuple(
        Origin(index=url, files=(make_wheel(name, version).filename,))
        for url, name, version in sorted([(str(wanted["alpha"]), "alpha", "1.0"), (shown, "beta", "2.0")])
    )
    page = forms_of(made)[REPORT_PAGE].decode()
    assert f"1 file from {shown}" in page
    texts = [path.read_bytes() for path in workspace.root.rglob("*") if path.suffix in {".json", ".toml", ".html"}]
    assert not any(b"S3cret" in one for one in texts)
    index.close()
    shutil.rmtree(workspace.paths.site)
    mirror(workspace)
    assert manifest.read_bytes() == before


def test_an_older_lock_names_no_index(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """It stays as it is, and so do the files of the manifest; an update adds the index."""
    index.add(make_wheel("alpha"))
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    workspace.write("base.txt", "alpha\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    path = workspace.paths.locks / "pylock.base--linux.toml"
    whole = path.read_text()
    older = whole.replace(f'index = "{index.url.rstrip("/")}"\n', "")
    assert older != whole
    path.write_text(older)
    mirror(workspace)
    assert path.read_text() == older
    assert [one.index for one in read_manifest(workspace.paths.site).files] == [UNSET]
    mirror(workspace, update=True)
    assert path.read_text() == whole
    assert [one.index for one in read_manifest(workspace.paths.site).files] == [index.url.rstrip("/")]


@pytest.mark.parametrize("laid", ["index", "directory", "own"])
def test_no_remedy_has_pip_ask_for_a_project_of_a_source(
    workspace: Workspace, index: Index, second: Index, laid: str
) -> None:
    """pip's indexes may have another project of that name, which the command would build."""
    sdist = make_buildable("acme-x")
    index.add(make_buildable("acme-x", code=["body = 'x = 1'"]), make_wheel("acme-y"))
    second.add(sdist)
    tables = {"index": named(second, "acme-x"), "directory": '[sources.a]\nwheels = "../a"\nprojects = ["acme-x"]\n'}
    folder = workspace.root / {"index": "none", "directory": "a", "own": "requirements/wheels"}[laid]
    folder.mkdir()
    (folder / sdist.filename).write_bytes(sdist.data)
    workspace.write("base.txt", "acme-x\n")
    workspace.toml({"linux": LINUX}, more=tables.get(laid, ""))
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    (line, *_) = caught.value.lines
    assert ('write build = ["acme-x"] below [sdists]' in line, "pip wheel" in line) == (True, False)
    assert "/simple/acme-x/" not in [hit.path for hit in index.requests]


@pytest.mark.parametrize("status", [404, 403])
def test_no_remedy_leads_to_pips_indexes_for_a_project_of_a_source(
    workspace: Workspace, index: Index, second: Index, status: int
) -> None:
    """A source has no page of it, or does not show that: in an error, and in the list of older releases."""
    index.add(make_wheel("acme-lib"), make_wheel("app", "2.0", requires=["acme-lib"]))
    second.on_request = lambda path: status if "acme-lib" in path else None
    workspace.toml({"linux": LINUX}, more=named(second, "acme-*"))
    workspace.write("base.txt", "app\n")
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert "see [sources.own] in subset.toml" in caught.value.next_step
    assert "index-url" not in str(caught.value)
    index.add(make_wheel("app", "1.0"))
    (found,) = mirror(workspace)[0].outdated
    assert ("acme-lib, which" in found.why, found.step) == (True, "check [sources.own] in subset.toml")
    assert "/simple/acme-lib/" not in [hit.path for hit in index.requests]
