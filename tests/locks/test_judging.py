"""What is locked is judged by the rules of today, once for each state of locks, rules and database."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import PolicyError
from pypi_subset.locks.judging import require_admitted, standing
from pypi_subset.packages.file_cache import FileCache
from tests.support.advisories.records import affected, record, write_zip
from tests.support.stages.mirroring import LINUX, mirror
from tests.support.stages.sdists import make_buildable
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

from datetime import UTC, datetime

from pypi_subset.requirements.subset import read_subset

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
