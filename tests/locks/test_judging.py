"""What is locked is judged by the rules of today, once for each state of locks, rules and database."""

from __future__ import annotations

import re
import shutil
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import NoSolution, PolicyError
from pypi_subset.locks.judging import require_admitted, standing
from pypi_subset.packages.file_cache import FileCache
from pypi_subset.pipeline.plan import plan
from pypi_subset.pipeline.prove import prove
from pypi_subset.publishing.publication import release_of
from pypi_subset.requirements.subset import read_subset
from tests.support.advisories.records import affected, record, write_zip
from tests.support.stages.mirroring import LINUX, mirror, read_lock, versions
from tests.support.stages.sdists import make_buildable
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

pytestmark = pytest.mark.usefixtures("configured_index")


class Counting(FileCache):
    """A cache that counts how often something is remembered."""

    kept = 0

    def wrote(self, key: str, sha256: str) -> None:
        """Count and remember."""
        self.kept += 1
        super().wrote(key, sha256)


def test_a_judgement_is_remembered(workspace: Workspace, index: Index, tmp_path: Path) -> None:
    """The same locks, rules and database are judged once; another database is judged again."""
    index.add(make_wheel("demo"))
    workspace.write("base.txt", "demo\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    workspace.toml({"linux": LINUX}, more='[policy]\nadvisories = "osv.zip"\n')
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    path = workspace.paths.requirements / "osv.zip"
    write_zip(path, [record("PYSEC-1", affected("other", {"introduced": "0"}), modified=now)])
    subset, cache = read_subset(workspace.paths.requirements), Counting(tmp_path / "cache")
    locks = standing(subset, workspace.paths.locks)
    assert [one.name for one in locks] == ["base--linux"]
    for _ in range(2):
        require_admitted(subset, locks, cache)
    assert cache.kept == 1
    path.unlink()
    write_zip(path, [record("PYSEC-2", affected("demo", {"introduced": "0"}), modified=now)])
    with pytest.raises(PolicyError, match="PYSEC-2"):
        require_admitted(subset, locks, cache)
    assert cache.kept == 1


def test_what_a_wheel_was_built_with_is_judged(workspace: Workspace, index: Index) -> None:
    """A build requirement that is refused since ends verify and publish, though the wheel is there."""
    index.add(make_buildable("leaf", build_requires=["tool"]), make_wheel("tool"))
    workspace.write("base.txt", "leaf\n")
    build = '[sdists]\nbuild = ["leaf"]\n'
    workspace.toml({"linux": LINUX}, more=build)
    mirror(workspace)
    workspace.toml({"linux": LINUX}, more=f'{build}[policy]\ndeny = ["tool"]\n')
    subset = read_subset(workspace.paths.requirements)
    with pytest.raises(PolicyError, match=r"leaf 1\.0 is built with tool 1\.0: "):
        require_admitted(subset, standing(subset, workspace.paths.locks))


def test_licences_of_what_a_wheel_was_built_with(workspace: Workspace, index: Index) -> None:
    """The lock has them: one that is not allowed ends the run, until the list or an acceptance admits it."""
    mit = ["License-Expression: MIT"]
    index.add(make_buildable("leaf", build_requires=["tool", "quiet"]), make_wheel("quiet"))
    index.add(make_wheel("tool", more=["License-Expression: AGPL-3.0-only"]))
    workspace.write("base.txt", "leaf\n")
    build, stated = '[sdists]\nbuild = ["leaf"]\n', 'licenses = { leaf = "MIT", quiet = "MIT" }\n'
    workspace.toml({"linux": LINUX}, more=f'{build}[policy]\nallow_licenses = ["MIT"]\n{stated}')
    with pytest.raises(PolicyError, match=r"leaf 1\.0 is built with tool 1\.0: license: its licence is AGPL") as caught:
        mirror(workspace)
    assert len(caught.value.found) == 1
    workspace.toml({"linux": LINUX}, more=f'{build}[policy]\nallow_licenses = ["MIT", "AGPL-3.0-only"]\n{stated}')
    mirror(workspace)
    subset = read_subset(workspace.paths.requirements)
    (lock,) = standing(subset, workspace.paths.locks)
    (built,) = (one.built for one in lock.distributions)
    assert built is not None
    assert built.licenses == (("tool", "AGPL-3.0-only"),)
    workspace.toml({"linux": LINUX}, more=f'{build}[policy]\nallow_licenses = ["AGPL-3.0-only"]\n{stated}')
    subset = read_subset(workspace.paths.requirements)
    with pytest.raises(PolicyError, match=r"is built with quiet 1\.0: license: its licence is MIT"):
        require_admitted(subset, [lock])
    index.add(make_wheel("tool", "1.1", more=mit))
    workspace.toml({"linux": LINUX}, more=f'{build}[policy]\nallow_licenses = ["MIT"]\n{stated}')
    mirror(workspace)
    (lock,) = standing(read_subset(workspace.paths.requirements), workspace.paths.locks)
    assert lock.distributions[0].built is not None
    assert lock.distributions[0].built.licenses == (("tool", "MIT"),)


def test_locks_that_cannot_be_read_are_left_out(workspace: Workspace) -> None:
    """Another command names them."""
    workspace.write("base.txt", "demo\n")
    workspace.toml({"linux": LINUX})
    subset, folder = read_subset(workspace.paths.requirements), workspace.paths.locks
    folder.mkdir(parents=True)
    (folder / "pylock.base--linux.toml").write_text("no lock")
    assert standing(subset, folder) == ()


REFUSE = '[policy]\nyanked = "refuse"\n'


#: The day on which a run finds out that a file is yanked.
DAY = "2026-01-31"


@pytest.fixture
def _one_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pypi_subset.locks.gone.look.today", lambda: DAY)


def yanked(workspace: Workspace, index: Index, name: str, *, more: str, targets: dict[str, str]) -> None:
    """Mirror, yank a file, and let plan find that out: nothing says so before."""
    workspace.toml(targets, more=more)
    mirror(workspace)
    index.yanked[name] = "breaks; badly"
    with pytest.raises(PolicyError):
        plan(workspace.paths)


def commands(workspace: Workspace) -> Iterator[Callable[[], object]]:
    """Yield what judges the standing locks and resolves nothing."""
    paths = workspace.paths
    yield lambda: mirror(workspace)
    yield lambda: prove(paths)
    yield lambda: release_of(paths.site, force=True, requirements=paths.requirements, packages=paths.packages)
    yield lambda: plan(paths)


@pytest.mark.usefixtures("_one_day")
def test_a_known_yank_stops_each_command(workspace: Workspace, index: Index) -> None:
    """Under ``"refuse"`` the lock of before has a release that is refused now; the step that it names takes another."""
    index.add(make_wheel("app"), make_wheel("app", "2.0"))
    workspace.write("base.txt", "app\n")
    yanked(workspace, index, "app-2.0-py3-none-any.whl", more=REFUSE, targets={"linux": LINUX})
    for command in commands(workspace):
        with pytest.raises(PolicyError) as caught:
            command()
        (line,) = caught.value.found
        assert line == f"base--linux: app 2.0: yanked: breaks; badly (since {DAY})"
        assert caught.value.next_step.startswith("run `pypi-subset update`, which takes what the policy admits, or ")
    mirror(workspace, update=True)
    assert versions(workspace, "base--linux") == {"app": "1.0"}
    mirror(workspace)


def test_an_acceptance_covers_a_known_yank(workspace: Workspace, index: Index) -> None:
    """It is the second step that the error names; each run says what is accepted."""
    index.add(make_wheel("app"), make_wheel("app", "2.0"))
    workspace.write("base.txt", "app\n")
    yanked(workspace, index, "app-2.0-py3-none-any.whl", more=REFUSE, targets={"linux": LINUX})
    entry = '[[policy.accept]]\nrule = "yanked"\nproject = "app"\nreason = "ours"\nuntil = 9999-12-31\n'
    workspace.toml({"linux": LINUX}, more=f"{REFUSE}{entry}")
    for _ in range(2):
        result, said = mirror(workspace)
        assert [(one.project, one.rule) for one in result.waived] == [("app", "yanked")]
        assert "no longer needed" not in said
    assert versions(workspace, "base--linux") == {"app": "2.0"}
    # pip takes what was not yanked.
    mirror(workspace, update=True)
    assert versions(workspace, "base--linux") == {"app": "1.0"}


def test_a_yank_is_kept_without_the_rule(workspace: Workspace, index: Index) -> None:
    """``"pinned"`` is the default: what is locked stays, and is named."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    index.yanked["app-1.0-py3-none-any.whl"] = ""
    assert [(one.state, one.decision) for one in plan(workspace.paths).gone] == [("yanked", "kept")]
    mirror(workspace)


@pytest.mark.usefixtures("_one_day")
@pytest.mark.parametrize("kind", ["build", "keep"])
def test_a_known_yank_of_a_build_requirement(workspace: Workspace, index: Index, kind: str) -> None:
    """The line names the release that is built with it."""
    index.add(make_buildable("leaf", build_requires=["tool"]), make_wheel("tool"), make_wheel("tool", "0.9"))
    workspace.write("base.txt", "leaf\n")
    more = f'[sdists]\n{kind} = ["leaf"]\n{REFUSE}'
    yanked(workspace, index, "tool-1.0-py3-none-any.whl", more=more, targets={"here": "host"})
    with pytest.raises(PolicyError) as caught:
        mirror(workspace)
    (line,) = caught.value.found
    assert line == f"base--here: tool 1.0: yanked: breaks; badly; leaf 1.0 is built with it (since {DAY})"
    mirror(workspace, update=True)
    mirror(workspace)


def test_a_yank_that_was_taken_back(workspace: Workspace, index: Index) -> None:
    """mirror asks no index; update does, and the lock stays as it was."""
    index.add(make_wheel("app"))
    workspace.write("base.txt", "app\n")
    yanked(workspace, index, "app-1.0-py3-none-any.whl", more=REFUSE, targets={"linux": LINUX})
    index.yanked.clear()
    with pytest.raises(PolicyError):
        mirror(workspace)
    mirror(workspace, update=True)
    assert mirror(workspace)[0].resolved == 0


NOW = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
BUILD, WEEK = '[sdists]\nbuild = ["leaf", "tool"]\n', '[policy]\nmin_age = "7 days"\n'
ACCEPT = '[[policy.accept]]\nrule = "{}"\nproject = "{}"\nreason = "ours"\nuntil = 9999-12-31\n'


def fresh(index: Index, *, nested: bool = False) -> str:
    """Let leaf be built with what was uploaded just now, and return its name; *nested*, by the build of what it requires."""
    wheel = make_wheel("helper" if nested else "tool")
    index.upload_times[wheel.filename] = NOW
    index.add(make_buildable("leaf", build_requires=["tool"]), wheel)
    if nested:
        index.add(make_buildable("tool", build_requires=["helper"]))
    return "helper" if nested else "tool"


@pytest.mark.parametrize("nested", [False, True])
def test_the_age_of_what_a_wheel_was_built_with(workspace: Workspace, index: Index, nested: bool) -> None:  # noqa: FBT001
    """An acceptance lets it in, and is needed; without it each command refuses the lock, and nothing is built."""
    name = fresh(index, nested=nested)
    workspace.write("base.txt", "leaf\n")
    workspace.toml({"linux": LINUX}, more=f"{BUILD}{WEEK}{ACCEPT.format('min_age', name)}")
    for _ in range(2):
        result, said = mirror(workspace)
        assert [(one.project, one.rule) for one in result.waived] == [(name, "min_age")]
        assert "no longer needed" not in said
    workspace.toml({"linux": LINUX}, more=BUILD + WEEK)
    for command in commands(workspace):
        with pytest.raises(PolicyError, match=rf"leaf 1\.0 is built with {name} 1\.0: min_age: uploaded "):
            command()
    shutil.rmtree(workspace.paths.packages)
    with pytest.raises(PolicyError):
        mirror(workspace)
    assert not [*workspace.paths.packages.glob("*.whl")]


def test_an_age_that_is_added_counts_for_earlier_builds(workspace: Workspace, index: Index) -> None:
    """The wheel is not taken as it is, since its build requirement is too young."""
    fresh(index)
    workspace.write("base.txt", "leaf\n")
    workspace.toml({"linux": LINUX}, more=BUILD)
    mirror(workspace)
    workspace.toml({"linux": LINUX}, more=BUILD + WEEK)
    with pytest.raises(NoSolution, match=r"its build requires tool: the policy refuses 1\.0: min_age"):
        mirror(workspace)


def test_a_lock_without_upload_times_of_a_build(workspace: Workspace, index: Index) -> None:
    """It is refused as a pin without one is, and update adds the times: the wheel stays."""
    fresh(index)
    index.upload_times["tool-1.0-py3-none-any.whl"] = "2020-02-02T00:00:00Z"
    workspace.write("base.txt", "leaf\n")
    workspace.toml({"linux": LINUX}, more=BUILD + WEEK)
    mirror(workspace)
    path = workspace.paths.locks / "pylock.base--linux.toml"
    text = path.read_text()
    path.write_text(re.sub(r"(, |\n)upload-time = 2020-02-02 ?T?00:00:00(Z|\+00:00)", "", text))
    assert path.read_text() != text
    refusal = r"leaf 1\.0 is built with tool 1\.0: min_age: the lock states no upload time of it"
    with pytest.raises(PolicyError, match=refusal):
        mirror(workspace)
    said = mirror(workspace, update=True)[1]
    assert "building" not in said
    ((file, _),) = read_lock(workspace, "base--linux").built_with
    assert (file.filename, file.upload_time) == ("tool-1.0-py3-none-any.whl", "2020-02-02T00:00:00Z")


def test_deny_holds_for_builds_of_build_requirements(workspace: Workspace, index: Index) -> None:
    """What the build of a build requirement had is judged too."""
    fresh(index, nested=True)
    workspace.write("base.txt", "leaf\n")
    workspace.toml({"linux": LINUX}, more=BUILD)
    mirror(workspace)
    workspace.toml({"linux": LINUX}, more=f'{BUILD}[policy]\ndeny = ["helper"]\n')
    subset = read_subset(workspace.paths.requirements)
    with pytest.raises(PolicyError, match=r"leaf 1\.0 is built with helper 1\.0: deny: "):
        require_admitted(subset, standing(subset, workspace.paths.locks))


def test_a_licence_of_the_build_of_a_build_requirement(workspace: Workspace, index: Index) -> None:
    """The lock has it."""
    index.add(make_buildable("leaf", build_requires=["tool"]), make_buildable("tool", build_requires=["helper"]))
    index.add(make_wheel("helper", more=["License-Expression: MIT"]))
    workspace.write("base.txt", "leaf\n")
    stated = 'allow_licenses = ["{}"]\nlicenses = {{ leaf = "MIT", tool = "MIT" }}\n'
    workspace.toml({"linux": LINUX}, more=f"{BUILD}[policy]\n{stated.format('MIT')}")
    mirror(workspace)
    workspace.toml({"linux": LINUX}, more=f"{BUILD}[policy]\n{stated.format('BSD-3-Clause')}")
    subset = read_subset(workspace.paths.requirements)
    with pytest.raises(PolicyError, match=r"leaf 1\.0 is built with helper 1\.0: license: its licence is MIT"):
        require_admitted(subset, standing(subset, workspace.paths.locks))


@pytest.mark.parametrize("rule", ["", REFUSE])
@pytest.mark.parametrize("kind", ["build", "keep"])
def test_an_acceptance_of_a_yanked_build_requirement(workspace: Workspace, index: Index, kind: str, rule: str) -> None:
    """The error names it, and it works: the build takes the release, and each run says so."""
    index.add(make_buildable("leaf", build_requires=["tool"]), make_wheel("tool"))
    index.yanked["tool-1.0-py3-none-any.whl"] = "broken"
    workspace.write("base.txt", "leaf\n")
    more = f'{rule}[sdists]\n{kind} = ["leaf"]\n'
    workspace.toml({"here": "host"}, more=more)
    with pytest.raises(NoSolution) as caught:
        mirror(workspace)
    why = "the policy refuses 1.0: yanked: broken" if rule else "1.0 was yanked"
    assert f"its build requires tool: {why}" in caught.value.what
    assert caught.value.next_step == (
        'to accept it, write [[policy.accept]] with rule = "yanked", project = "tool", version = "==1.0", '
        "a reason and a last day"
    )
    workspace.toml({"here": "host"}, more=more + ACCEPT.format("yanked", "tool"))
    for _ in range(2):
        result, said = mirror(workspace)
        assert [(one.project, one.rule) for one in result.waived] == [("tool", "yanked")]
        assert "no longer needed" not in said
    if rule:
        workspace.toml({"here": "host"}, more=more)
        with pytest.raises(PolicyError, match=r"tool 1\.0( to be built)?: yanked: broken"):
            mirror(workspace)
