"""A target that leaves the patch level open gets what each patch level needs."""

from __future__ import annotations

import json
import shutil
import tomllib
from typing import TYPE_CHECKING, Any, cast

import pytest
from packaging.pylock import Pylock

from pypi_subset.locks import lockfile
from pypi_subset.model.closures.closure import closures_in
from pypi_subset.model.door import read_manifest
from pypi_subset.resolve import resolver
from pypi_subset.targets.tag import parse
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from packaging.markers import Environment

    from pypi_subset.model.requests import Job
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

from tests.support.stages.mirroring import mirror, read_lock, releases, versions

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")


def test_patch_level_counts(workspace: Workspace, index: Index) -> None:
    """Requires-Python and markers see the target's full version; X.Y alone means every X.Y.z."""
    index.add(make_wheel("lib", "2.0", requires_python=">3.9.1"), make_wheel("lib", "1.0"), make_wheel("timeout"))
    index.add(make_wheel("redis", requires=["timeout; python_full_version < '3.9.3'"]))
    workspace.write("base.txt", "lib\nredis\n")
    exact = {"tag": "cp39-manylinux2014_x86_64", "python": "3.9.20"}
    workspace.toml({"exact": exact, "minor": "cp39-manylinux2014_x86_64"})
    mirror(workspace)
    assert versions(workspace, "base--exact") == {"lib": "2.0", "redis": "1.0"}
    assert releases(workspace, "base--minor") == [
        ("lib", "1.0", 'python_full_version < "3.9.2"'),
        ("lib", "2.0", 'python_full_version >= "3.9.2"'),
        ("redis", "1.0", ""),
        ("timeout", "1.0", 'python_full_version < "3.9.3"'),
    ]


def test_a_requirement_that_begins_within_a_span_is_locked(workspace: Workspace, index: Index) -> None:
    """It changes no file, because another requirement leads to it at each level; the lock has both reasons."""
    index.add(make_wheel("app", requires=["lib[x]; python_full_version >= '3.11.4'"]))
    index.add(make_wheel("lib", requires=["deep; extra == 'x'"], extras=["x"]), make_wheel("deep"))
    workspace.write("base.txt", "app\nlib\ndeep\n")
    workspace.toml({"minor": "cp311-manylinux2014_x86_64"})
    mirror(workspace)
    lock = read_lock(workspace, "base--minor")
    reasons = {str(pin.distribution.project): [reason.by for reason in pin.reasons] for pin in lock.pins}
    assert (reasons["lib"], reasons["deep"], lock.patches) == (["", "app"], ["", "lib"], (0,))
    (stated,) = closures_in(read_manifest(workspace.paths.site)).values()
    assert [*map(str, sorted(stated.steps))][3:] == ["app -> lib", "lib[x] -> deep"]


@pytest.mark.slow
def test_what_every_patch_level_needs_is_there(workspace: Workspace, index: Index) -> None:
    """A standard reader of the lock selects for each patch level what pip on it installs from the site."""
    index.add(make_wheel("lib", "2.0", requires_python="!=3.11.4"), make_wheel("lib", "1.0"))
    index.add(make_wheel("redis", requires=["timeout; python_full_version < '3.11.3'", "lib"]))
    index.add(make_wheel("timeout", requires=["deep; python_full_version < '3.11.2'"]), make_wheel("deep"))
    workspace.write("base.txt", "redis\n")
    workspace.toml({"minor": "cp311-manylinux2014_x86_64"})
    mirror(workspace)
    pylock = Pylock.from_dict(tomllib.loads(lockfile.path_of(workspace.paths.locks, "base--minor").read_text()))
    environment = parse("minor", "cp311-manylinux2014_x86_64").environment
    unknown = {"platform_release": "", "platform_version": ""}
    found = {}
    for patch in range(7):
        full = f"3.11.{patch}"
        selected = pylock.select(
            environment=cast("Environment", environment | {"python_full_version": full} | unknown),
            tags=parse("minor", "cp311-manylinux2014_x86_64").tags,
        )
        found[patch] = {package.name: str(package.version) for package, _ in selected}
    new, old = {"redis": "1.0", "lib": "2.0"}, {"redis": "1.0", "lib": "1.0"}
    assert found == {
        **dict.fromkeys((0, 1), new | {"timeout": "1.0", "deep": "1.0"}),
        2: new | {"timeout": "1.0"},
        **dict.fromkeys((3, 5, 6), new),
        4: old,
    }
    assert {path.name for path in workspace.paths.site.rglob("*.whl")} == {
        f"{name}-py3-none-any.whl" for name in ("lib-1.0", "lib-2.0", "redis-1.0", "timeout-1.0", "deep-1.0")
    }
    assert json.loads((workspace.paths.site / "manifest.json").read_bytes())
    index.requests.clear()
    assert not mirror(workspace)[0].published
    shutil.rmtree(workspace.paths.packages)
    shutil.rmtree(workspace.paths.site)
    assert mirror(workspace)[0].fetched == 5


@pytest.mark.slow
def test_patch_levels_are_asked_only_where_metadata_does(
    workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One resolution for a minor version, unless something that was looked at reads the patch level."""
    index.add(make_wheel("app", requires=["lib; python_version < '3.12'"], requires_python=">=3.8"), make_wheel("lib"))
    index.add(make_wheel("old", "1.0", requires_python="!=3.11.4"), make_wheel("old", "2.0", requires_python=">=3.8"))
    workspace.write("base.txt", "app\nold\n")
    workspace.toml({"minor": "cp311-manylinux2014_x86_64"})
    patches: list[int] = []
    answer = resolver._answer  # noqa: SLF001

    def counted(job: Job, **others: Any) -> Any:
        patches.append(job.target.python[2])
        return answer(job, **others)

    monkeypatch.setattr(resolver, "_answer", counted)
    mirror(workspace)
    assert patches == [0]
    workspace.write("base.txt", "app\nold\nlib; python_full_version < '3.11.6'\n")
    mirror(workspace)
    assert patches == [0, 0, 6]
    # What Python 3.11.6 gets is what 3.11.0 gets: the lock does not tell them apart.
    assert releases(workspace, "base--minor") == [("app", "1.0", ""), ("lib", "1.0", ""), ("old", "2.0", "")]


def test_a_release_that_only_later_patch_levels_may_have(workspace: Workspace, index: Index) -> None:
    """The first patch level never looks into it: that its page shuts that one out alone is enough to ask again."""
    index.add(make_wheel("lib", "2.0", requires_python=">=3.11.2"), make_wheel("lib", "1.0"))
    index.add(make_wheel("lib", "0.9", requires_python=">=3.11.5"))
    workspace.write("base.txt", "lib\n")
    workspace.toml({"minor": "cp311-manylinux2014_x86_64"})
    mirror(workspace)
    assert releases(workspace, "base--minor") == [
        ("lib", "1.0", 'python_full_version < "3.11.2"'),
        ("lib", "2.0", 'python_full_version >= "3.11.2"'),
    ]


def test_an_exact_version_is_just_that(workspace: Workspace, index: Index) -> None:
    """`python = "3.11.2"` has one answer, without markers."""
    index.add(make_wheel("redis", requires=["timeout; python_full_version < '3.11.3'"]), make_wheel("timeout"))
    workspace.write("base.txt", "redis\n")
    workspace.toml({"exact": {"tag": "cp311-manylinux2014_x86_64", "python": "3.11.2"}})
    mirror(workspace)
    assert releases(workspace, "base--exact") == [("redis", "1.0", ""), ("timeout", "1.0", "")]
