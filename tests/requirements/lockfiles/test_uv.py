"""What uv.lock asks for, beside what uv itself exports from it."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from packaging.markers import Marker

from pypi_subset.errors import InputFaults, NoSolution
from pypi_subset.requirements.reach import Reach
from pypi_subset.requirements.subset import read_subset
from tests.support.programs.lock_tools import MACHINES, held, machines, pins, read, uv, wheels
from tests.support.servers.index import Index
from tests.support.stages.mirroring import mirror, releases, versions
from tests.support.stages.sdists import make_buildable
from tests.support.stages.sources import LINUX, TWO, faults_of, lines_of
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.sites.workspace import Workspace

PROJECT = """\
[project]
name = "Lab.App"
version = "1"
requires-python = ">=3.10"
dependencies = ["web[http2]", "service; sys_platform == 'linux'"]

[project.optional-dependencies]
cli = ["shell"]
gui = ["lab-app[cli]", "color"]
slow = ["fast<2"]
quick = ["fast>=2"]

[dependency-groups]
dev = ["check", { include-group = "lint" }]
lint = ["lint"]
docs = ["docs", "core<2"]

[tool.uv]
conflicts = [[{ extra = "slow" }, { extra = "quick" }]]
"""


@pytest.fixture(scope="module")
def projects() -> Iterator[Index]:
    """Yield an index of the projects that are locked."""
    with Index() as index:
        index.add(*wheels())
        yield index


@pytest.fixture
def lock(workspace: Workspace, projects: Index) -> Path:
    """Return the path of a lock that uv wrote for the project."""
    return locked(workspace, PROJECT, projects)


def locked(space: Workspace, text: str, projects: Index) -> Path:
    """Return the path of the lock that uv writes for the project in *text*."""
    space.write("../pyproject.toml", text)
    uv("lock", "--default-index", projects.url, cwd=space.root)
    return space.root / "uv.lock"


def export(space: Workspace, *options: str) -> str:
    """Return what uv exports from the lock."""
    return uv("export", "--frozen", "--no-emit-workspace", *options, cwd=space.root)


@pytest.mark.parametrize(
    ("lines", "options"),
    [
        ((), ()),
        (('extras = ["GUI", "slow"]',), ("--extra=gui", "--extra=slow")),
        (('extras = ["quick"]', "groups = []"), ("--extra=quick", "--no-default-groups")),
        (('groups = ["docs"]',), ("--no-default-groups", "--group=docs")),
        (('groups = ["docs", "dev"]', 'extras = ["slow"]'), ("--group=docs", "--extra=slow")),
    ],
)
def test_lock_asks_for_what_uv_exports(
    workspace: Workspace, lock: Path, lines: tuple[str, ...], options: tuple[str, ...]
) -> None:
    """Extras, groups, forks by Python, markers of systems and of patch levels: each machine gets what uv exports for it."""
    own = read(workspace, lock.name, *lines)
    assert held(workspace, own, export(workspace, *options)) > 3
    assert own.notices == ()


def test_members_are_left_out_and_what_they_require_is_locked(workspace: Workspace, projects: Index) -> None:
    """A workspace with a project, and one without: no index has its members; what they require is mirrored."""
    member = '[project]\nname = "part"\nversion = "1"\nrequires-python = ">=3.10"\ndependencies = ["shell"]\n[project.optional-dependencies]\nx = ["fast"]\n'
    workspace.write("../packages/part/pyproject.toml", member)
    table = '[tool.uv.workspace]\nmembers = ["packages/*"]\n'
    top = '[project]\nname = "top"\nversion = "1"\ndependencies = ["part[x]"]\nrequires-python = ">=3.10"\n'
    locked(workspace, f"{top}{table}[tool.uv.sources]\npart = {{ workspace = true }}\n", projects)
    own = read(workspace, "uv.lock")
    assert held(workspace, own, export(workspace)) == 6
    assert own.notices == ()
    (workspace.root / "uv.lock").unlink()
    locked(workspace, f'{table}[dependency-groups]\ndev = ["lint"]\nmore = ["docs"]\n', projects)
    assert held(workspace, read(workspace, "uv.lock"), export(workspace)) == 2
    assert (
        held(
            workspace,
            read(workspace, "uv.lock", 'groups = ["more"]'),
            export(workspace, "--no-default-groups", "--group=more"),
        )
        == 2
    )


MEMBERS = {
    "top": 'dependencies = ["part[x]", "docs"]\n',
    "part": 'dependencies = ["shell"]\n[project.optional-dependencies]\nx = ["fast"]\ny = ["color"]\n',
    "tool": 'dependencies = ["part"]\n[dependency-groups]\ndev = ["lint"]\nmore = ["check"]\n'
    '[tool.uv]\ndefault-groups = ["more"]\n',
}


@pytest.fixture
def members(workspace: Workspace, projects: Index) -> Path:
    """Return the path of the lock of a workspace whose project has two further members."""
    for name, rest in MEMBERS.items():
        text = f'[project]\nname = "{name}"\nversion = "1"\nrequires-python = ">=3.10"\n{rest}'
        own = "[tool.uv.sources]\npart = { workspace = true }\n" if name != "part" else ""
        if name == "top":
            own += '[tool.uv.workspace]\nmembers = ["packages/*"]\n[dependency-groups]\ndev = ["plug"]\n'
        workspace.write("../pyproject.toml" if name == "top" else f"../packages/{name}/pyproject.toml", text + own)
    uv("lock", "--default-index", projects.url, cwd=workspace.root)
    return workspace.root / "uv.lock"


@pytest.mark.parametrize(
    ("lines", "options", "least"),
    [
        (('package = "part"',), ("--package=part",), 1),
        (('package = "part"', 'extras = ["x", "y"]'), ("--package=part", "--extra=x", "--extra=y"), 4),
        (('package = "Tool"',), ("--package=tool",), 3),
        (('package = "tool"', 'groups = ["dev"]'), ("--package=tool", "--no-default-groups", "--group=dev"), 2),
        (('package = "top"',), ("--package=top",), 5),
    ],
)
def test_a_member_asks_for_what_uv_exports_of_it(
    workspace: Workspace, members: Path, lines: tuple[str, ...], options: tuple[str, ...], least: int
) -> None:
    """The member's own requirements, extras, groups and default groups count, and no others of the workspace."""
    own = read(workspace, members.name, *lines)
    assert held(workspace, own, export(workspace, *options)) >= least
    assert own.notices == ()


def test_a_member_of_a_workspace_without_a_project(workspace: Workspace, projects: Index) -> None:
    """The groups of the workspace's root are not those of its member."""
    member = '[project]\nname = "part"\nversion = "1"\nrequires-python = ">=3.10"\ndependencies = ["shell"]\n'
    workspace.write("../packages/part/pyproject.toml", member)
    locked(workspace, '[tool.uv.workspace]\nmembers = ["packages/*"]\n[dependency-groups]\ndev = ["lint"]\n', projects)
    own = read(workspace, "uv.lock", 'package = "part"')
    assert held(workspace, own, export(workspace, "--package=part")) == 1


def test_a_member_that_has_changed_is_a_warning(workspace: Workspace, members: Path) -> None:
    """What is compared with the lock is the project of the member."""
    path = workspace.root / "packages" / "tool" / "pyproject.toml"
    path.write_text(path.read_text().replace('["lint"]', '["hyper"]'))
    (notice,) = read(workspace, members.name, 'package = "tool"').notices
    assert "packages/tool/pyproject.toml differs in hyper and lint" in notice
    assert read(workspace, members.name, 'package = "part"').notices == ()


@pytest.mark.parametrize(
    ("source", "package", "said"),
    [
        ("uv.lock", "prt", "uv.lock has no member 'prt'; did you mean 'part'?"),
        ("uv.lock", "shell", "uv.lock has no member 'shell'; it has: part, tool, top"),
        ("poetry.lock", "part", "package without a source that is a uv.lock; drop the line"),
    ],
)
def test_no_member_of_that_name(workspace: Workspace, members: Path, source: str, package: str, said: str) -> None:
    """The error has the members, and a lock of another tool has none."""
    members.with_name("poetry.lock").write_text("")
    with pytest.raises(InputFaults) as caught:
        read(workspace, source, f'package = "{package}"')
    assert said in str(caught.value)


def test_lock_of_a_script_asks_for_what_uv_exports(workspace: Workspace, projects: Index) -> None:
    """``script.py.lock`` has the requirements of the script, with their markers."""
    block = "# /// script\n# requires-python = '>=3.10'\n# dependencies = [\"web[http2]; sys_platform != 'win32'\", 'docs']\n# ///\n"
    workspace.write("../report.py", block)
    uv("lock", "--script", "report.py", "--default-index", projects.url, cwd=workspace.root)
    own = read(workspace, "report.py.lock")
    assert held(workspace, own, uv("export", "--frozen", "--script", "report.py", cwd=workspace.root)) == 8


def test_variants_come_from_the_index_that_the_lock_names(workspace: Workspace, projects: Index) -> None:
    """A project of another index is refused until a source serves it; the error prints the table, which mends it."""
    with Index() as other:
        other.add(make_wheel("torch", "2.0+cpu"), make_wheel("torch", "2.0+cu1"))
        text = f"""
[project]
name = "gpu"
version = "1"
requires-python = ">=3.10"
dependencies = ["torch==2.0+cpu; sys_platform == 'linux'", "docs"]
[tool.uv.sources]
torch = {{ index = "pt" }}
[[tool.uv.index]]
name = "pt"
url = "{other.url}"
explicit = true
"""
        locked(workspace, text, projects)
        with pytest.raises(InputFaults) as caught:
            read(workspace, "uv.lock", index=[projects.url])
        (fault,) = caught.value.faults
        assert fault.what == "the lock takes torch from an index that pip is not configured for"
        index = other.url.rstrip("/")
        assert fault.excerpt[1:] == (f'index = "{index}"', 'projects = ["torch"]')
        own = read(workspace, "uv.lock", index=[projects.url], more="\n".join(fault.excerpt))
        assert held(workspace, own, export(workspace)) == 2
        # Any index of pip may have the file: its hash decides.
        assert read(workspace, "uv.lock", index=[projects.url, other.url]).requests == own.requests


def test_a_changed_project_is_named(workspace: Workspace, lock: Path) -> None:
    """If requirements of the project differ from those that were locked, a notice names them and the command."""
    changed = (
        PROJECT.replace('"shell"', '"shell>=1"').replace('"docs", ', '"docs", "plug", ').replace(">=3.10", ">=3.10.0")
    )
    workspace.write("../pyproject.toml", changed)
    (notice,) = read(workspace, lock.name).notices
    path = workspace.root / "pyproject.toml"
    assert notice.replace(f"{workspace.paths.requirements}/../", "").endswith(
        f"is out of date: {path} differs in plug and shell; `uv lock` renews it"
    )
    workspace.write(
        "../pyproject.toml", PROJECT.replace('"lint"]', '"lint"] # same').replace("web[http2]", "Web[http2]")
    )
    assert read(workspace, lock.name).notices == ()


@pytest.mark.slow
def test_a_lock_is_mirrored_as_it_is(workspace: Workspace, configured_index: Index) -> None:
    """Each target gets what uv locked for it, no newer release and no other file; an old lock is named once."""
    index = configured_index
    index.add(*wheels())
    locked(workspace, PROJECT, index)
    index.add(make_wheel("web", "2.0"), make_wheel("core", "3.0"), make_wheel("color", tag="cp311-cp311-win_amd64"))
    workspace.write("../pyproject.toml", PROJECT.replace('"shell"', '"shell>=1"'))
    workspace.toml(MACHINES, sets={"app": {"source": "../uv.lock", "extras": ["cli", "slow"]}})
    summary, said = mirror(workspace)
    assert said.count("is out of date") == 1
    assert any("differs in shell" in one for one in summary.warnings)
    (own,) = read_subset(workspace.paths.requirements).sets
    for target in machines(workspace):
        expected = {name: version.removeprefix("==") for name, version, _ in pins(own, target)}
        selected = {
            name: version
            for name, version, marker in releases(workspace, f"app--{target.name}")
            if not marker or Marker(marker).evaluate(target.environment)
        }
        assert selected == expected
    assert versions(workspace, "app--windows")["color"] == "1.0"
    assert {path.name for path in workspace.paths.site.rglob("color*.whl")} == {"color-1.0-py3-none-any.whl"}
    summary, said = mirror(workspace)
    assert summary.resolved == 0
    assert said.count("is out of date") == 1


@pytest.mark.slow
def test_what_uv_excludes_is_not_added(workspace: Workspace, configured_index: Index) -> None:
    """A requirement that uv excludes is an error for pip; a warning before it names the project."""
    configured_index.add(make_wheel("app", requires=["lib"]), make_wheel("lib"))
    text = '[project]\nname = "x"\nversion = "1"\nrequires-python = ">=3.10"\ndependencies = ["app"]\n'
    locked(workspace, f'{text}[tool.uv]\nexclude-dependencies = ["Lib"]\n', configured_index)
    workspace.toml({"linux": MACHINES["linux"]}, sets={"app": {"source": "../uv.lock"}})
    (own,) = read_subset(workspace.paths.requirements).sets
    what = "overrides or excludes what releases require of lib"
    step = "pip installs by what they require, so a target may have no solution"
    assert own.notices[0].endswith(f"uv.lock {what}: {step}")
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    assert caught.value.what == "app--linux: uv.lock does not have lib (from app==1.0), and nothing is added to a lock"


@pytest.mark.slow
def test_a_locked_sdist_is_built(workspace: Workspace, configured_index: Index) -> None:
    """A release without a wheel is built from the sdist that the lock names, if ``[sdists]`` says that."""
    sdist = make_buildable("old")
    configured_index.add(sdist)
    file = f'sdist = {{ url = "old.tar.gz", hash = "sha256:{hashlib.sha256(sdist.data).hexdigest()}" }}'
    locked = package("old", "1.0", file, "wheels = []", source=f'registry = "{configured_index.url}"')
    workspace.write("../uv.lock", HEAD + own('{ name = "old" }') + locked)
    workspace.toml(
        {"linux": MACHINES["linux"]}, sets={"app": {"source": "../uv.lock"}}, more='[sdists]\nbuild = ["old"]\n'
    )
    mirror(workspace)
    assert versions(workspace, "app--linux") == {"old": "1.0"}


HEAD = 'version = 1\nrequires-python = ">=3.10"\n'
SHA = "sha256:" + "0" * 64


def own(*edges: str, more: str = "") -> str:
    """Return the project's own package, which depends on *edges*."""
    listed = ", ".join(edges)
    return f'[[package]]\nname = "app"\nversion = "1"\nsource = {{ virtual = "." }}\ndependencies = [{listed}]\n{more}'


def package(name: str, version: str = "1.0", *more: str, source: str = 'registry = "https://host/simple"') -> str:
    """Return a package of a lock."""
    wheel = f'wheels = [{{ url = "https://host/{name}.whl", hash = "{SHA}" }}]'
    lines = ["[[package]]", f'name = "{name}"', f'version = "{version}"', f"source = {{ {source} }}", *more]
    return "\n".join([*lines, *([] if any("wheels" in one for one in more) else [wheel]), ""])


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty directory, so that paths are as short as users see them."""
    monkeypatch.chdir(tmp_path)


def of(*packages: str, head: str = HEAD, table: str = "", toml: str = LINUX, project: str = "") -> list[str]:
    """Return the requests of a lock."""
    files = {"uv.lock": "\n".join([head, *packages]), **({"pyproject.toml": project} if project else {})}
    return lines_of(files, f'source = "../uv.lock"\n{table}', toml)


def bad(*packages: str, head: str = HEAD, table: str = "", toml: str = LINUX) -> list[str]:
    """Return the faults of a lock."""
    return faults_of({"uv.lock": "\n".join([head, *packages])}, f'source = "../uv.lock"\n{table}', toml)


@pytest.mark.usefixtures("inside")
def test_requests_have_line_extras_and_hashes() -> None:
    """A request is at the line of its package; each file counts, also the sdist, which may be built."""
    sdist = f'sdist = {{ url = "https://host/a.tar.gz", hash = "{SHA.replace("0", "1")}" }}'
    found = of(
        own('{ name = "A", extra = ["X"] }'),
        package("a", "1.0", sdist, "wheels = []", "[package.optional-dependencies]", "x = []"),
    )
    assert found == [f"uv.lock:10 a[x]==1.0 --hash={SHA.replace('0', '1')}"]


@pytest.mark.usefixtures("inside")
@pytest.mark.parametrize(
    ("packages", "head", "table", "faults"),
    [
        ([own()], "version = 2\n", "", ["uv.lock:1: the lock is of version 2, and only version 1 is known; write it with a uv that writes version 1"]),
        ([], "[[distribution]]\n", "", ["uv.lock: the lock has no version, or is of a uv before 0.3; write it again: uv lock"]),
        ([package("a")], HEAD, "", ["uv.lock: the lock has no project: no package has the source '.'; write it again: uv lock"]),
        ([own('{ name = "b" }')], HEAD, "", ["uv.lock:4: a dependency on b means no package of the lock; write it again: uv lock"]),
        ([own('{ name = "a" }'), package("a"), package("a", "2.0")], HEAD, "", ["uv.lock:4: a dependency on a means several packages of the lock; write it again: uv lock"]),
        ([own('{ name = "a" }'), package("a", "1.0", "wheels = 1")], HEAD, "", ["uv.lock:10: expected 'array', got 'int' - at '$.package[1].wheels'; write it again: uv lock"]),
        ([own('{ name = "a" }'), package("a", "one")], HEAD, "", ["uv.lock:10: a has no version that is one: 'one'; write it again: uv lock"]),
        ([own('{ name = "a" }'), package("a", "1.0", 'wheels = [{ hash = "md5:x" }]')], HEAD, "", ["uv.lock:10: a has a hash that is none: 'md5:x'; write it again: uv lock"]),
        ([own('{ name = "a" }'), package("a", "1.0", "wheels = []")], HEAD, "", ["uv.lock:10: a 1.0 has no hash that pip takes; lock it from an index that states sha256"]),
        ([own('{ name = "a", marker = "x" }'), package("a")], HEAD, "", ["uv.lock:4: not a marker: 'x'; write it again: uv lock"]),
        ([own('{ name = "a" }'), package("a", source='git = "https://host/a"').replace("wheels", "w")], HEAD, "", ["uv.lock:10: a comes from git: an index offers releases; lock a release from an index, or choose extras and groups without it"]),
        ([own('{ name = "a", marker = "platform_release > \'5\'" }'), package("a")], HEAD, "", ["uv.lock:4: what is locked for the target 'linux' depends on platform_release, which it leaves open; write in [targets]: linux = { tag = \"cp310-cp310-manylinux2014_x86_64\", platform_release = \"…\" }"]),
        ([own('{ name = "a" }', '{ name = "a", version = "2.0" }').replace('"a" }', '"a", version = "1.0" }', 1), package("a"), package("a", "2.0")], HEAD, "", ["uv.lock:16: a is locked twice for 'linux': 1.0 and 2.0; choose extras and groups that the tool installs together, or write the lock again"]),
        ([own()], f'{HEAD}supported-markers = ["sys_platform == \'win32\'"]\n', "", ["uv.lock:3: the lock is for other environments than the target 'linux'; lock for it too, or leave it out of targets in [sets.app]"]),
        ([own('{ name = "a" }'), package("a")], f'{HEAD}supported-markers = ["?"]\n', "", ["uv.lock:3: supported-markers has a marker that is none; write it again: uv lock"]),
        ([own('{ name = "a" }'), package("a")], 'version = 1\nrequires-python = ">=3.11"\n', "", ["uv.lock:2: requires-python '>=3.11' shuts out the target 'linux', Python 3.10; leave it out of targets in [sets.app], or give it another python"]),
        ([own('{ name = "a" }', more='[package.metadata]\nprovides-extras = ["gui"]\n'), package("a")], HEAD, 'extras = ["guy"]\ngroups = ["x"]', ["subset.toml:5: uv.lock has no extra 'guy'; did you mean 'gui'?", "subset.toml:6: uv.lock has no group 'x'; it has: nothing"]),
        ([own(more="[package.optional-dependencies]\na = []\n[package.dev-dependencies]\ndev = []\n")], f'{HEAD}conflicts = [[{{ package = "app", extra = "a" }}, {{ package = "app", group = "dev" }}]]\n', 'extras = ["a"]', ["subset.toml:5: uv does not install the extra 'a' and the group 'dev' together; choose one of them"]),
        (["package = 1"], HEAD, "", ["uv.lock:4: 'package' must be a list of tables; write it again: uv lock"]),
        ([own("1")], HEAD, "", ["uv.lock:4: expected 'object', got 'int' - at '$.package[0].dependencies[0]'; write it again: uv lock"]),
        (["x = ["], HEAD, "", ["uv.lock: not TOML: Invalid value (at end of document)"]),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_line(packages: list[str], head: str, table: str, faults: list[str]) -> None:
    """Each fault has the file, the line and what to do."""
    assert [one.split("\n")[0] for one in bad(*packages, head=head, table=table)] == faults


@pytest.mark.usefixtures("inside")
def test_default_groups_are_those_of_uv() -> None:
    """Without a choice ``default-groups`` of the project counts, ``dev`` without that; a choice counts alone."""
    groups = '[package.dev-dependencies]\ndev = [{ name = "a" }]\ntest = [{ name = "b" }]\n'
    lock = [own(more=groups), package("a"), package("b")]

    def names(project: str, table: str = "") -> list[str]:
        return [line.split("==")[0].split()[-1] for line in of(*lock, project=project, table=table)]

    assert names("") == ["a"]
    assert names('[tool.uv]\ndefault-groups = ["test"]\n') == ["b"]
    assert names('[tool.uv]\ndefault-groups = "all"\n') == ["a", "b"]
    assert names("[tool.uv]\ndefault-groups = 1\n") == ["a"]
    assert names("no TOML") == ["a"]
    assert names("", 'groups = ["Test"]') == ["b"]


@pytest.mark.usefixtures("inside")
def test_each_target_gets_its_fork() -> None:
    """Several versions of one project are told apart by the Pythons of the targets."""
    edges = [
        '{ name = "a", version = "1.0", source = { registry = "https://host/simple" }, marker = "python_full_version < \'3.12\'" }',
        '{ name = "a", version = "2.0", source = { registry = "https://host/simple" }, marker = "python_full_version >= \'3.12\'" }',
    ]
    found = of(own(*edges), package("a"), package("a", "2.0"), toml=TWO)
    assert [line.split(" --")[0] for line in found] == [
        'uv.lock:10 a==1.0; python_version == "3.10"',
        'uv.lock:16 a==2.0; python_version == "3.12"',
    ]


@pytest.mark.usefixtures("inside")
def test_a_locked_file_from_elsewhere_needs_a_source() -> None:
    """A file that the lock has by its hash from a path is accepted if a source serves its project."""
    files = {"uv.lock": "\n".join([HEAD, own('{ name = "a" }'), package("a", source='path = "a.whl"')])}
    table, reach = 'source = "../uv.lock"', Reach(index_urls=("https://host/simple",))
    step = "lock a release from an index; or serve the locked file by [sources.NAME] with projects = ['a']"
    fault = f"uv.lock:10: a comes from a path: an index offers releases; {step}"
    assert faults_of(files, table, reach=reach) == [fault]
    served = f'{table}\n[sources.mine]\nindex = "https://mine/simple"\nprojects = ["a"]'
    expected = [f"uv.lock:10 a==1.0 --hash={SHA}"]
    assert lines_of(files, served, reach=reach) == expected
    # A machine that resolves nothing takes files from the site.
    assert lines_of(files, table) == expected
