"""What may be published of releases that are gone, with real mirrors against an index on loopback."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import LockError, NotProven, PolicyError, SubsetError
from pypi_subset.packages import gone_list
from pypi_subset.pipeline.plan import plan
from pypi_subset.publishing.publication import release_of
from tests.support.stages.mirroring import LINUX, mirror, versions
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pypi_subset.model.paths import Paths
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

pytestmark = pytest.mark.usefixtures("configured_index")

OLD, NEW = make_wheel("acme", "1.0"), make_wheel("acme", "2.0")
EMPTY = b"<!DOCTYPE html><html><body></body></html>"
WAIVER = """[[policy.accept]]
rule = "gone"
project = "acme"
reason = "we reviewed it"
until = 9999-12-31
"""


@pytest.fixture
def locked(workspace: Workspace, index: Index) -> Workspace:
    """Return a mirrored subset with acme 2.0; its index answers with pages in HTML."""
    index.style = "html"
    index.add(OLD, NEW)
    setting(workspace)
    mirror(workspace)
    return workspace


def setting(space: Workspace, more: str = "") -> None:
    """Ask for acme, and write *more* settings."""
    space.write("base.txt", "acme\n")
    space.toml({"linux": LINUX}, more=more)


def vanish(index: Index) -> None:
    """Remove acme 2.0 from its page; its URL still serves the file, as that of a content network does."""
    index.projects["acme"] = [OLD]
    index.overrides[f"/files/{NEW.filename}"] = NEW.data


def publish(paths: Paths) -> None:
    """Make a release of the site as it is, proven or not."""
    release_of(paths.site, force=True, requirements=paths.requirements, packages=paths.packages)


def test_without_requirements(locked: Workspace, index: Index) -> None:
    """What is gone is not published without them, by force either; with them, the user decides."""
    vanish(index)
    plan(locked.paths)
    kept = locked.paths.requirements.rename(locked.root / "kept")
    with pytest.raises(PolicyError, match=r"publish it with its requirements/.*\n.*gone, refused: acme 2\.0 \(base--"):
        publish(locked.paths)
    kept.rename(locked.paths.requirements)
    setting(locked, WAIVER)
    publish(locked.paths)


def test_without_requirements_and_without_a_look(locked: Workspace) -> None:
    """A site alone does not say whether its files are still offered. The list of its mirror does."""
    locked.paths.requirements.rename(locked.root / "kept")
    publish(locked.paths)
    listed = (locked.paths.packages / gone_list.FILE).rename(locked.root / "listed")
    with pytest.raises(NotProven, match="no run here has asked; publish it with its requirements/, or copy this file"):
        publish(locked.paths)
    listed.rename(locked.paths.packages / gone_list.FILE)
    publish(locked.paths)


def test_requirements_that_cannot_be_read(locked: Workspace) -> None:
    """No force publishes then, whatever is wrong in them: it is not known what the policy refuses."""
    ended = '[[policy.accept]]\nrule = "min_age"\nproject = "zz"\nreason = "x"\nuntil = 2020-02-02\n'
    for more, what in (
        ("[policy\n", r"subset\.toml:"),
        (ended, "the acceptance of min_age for zz ended on 2020-02-02"),
    ):
        setting(locked, more)
        with pytest.raises(SubsetError, match=what):
            publish(locked.paths)
    setting(locked)
    publish(locked.paths)


def test_a_lock_that_cannot_be_read(locked: Workspace) -> None:
    """No force publishes then if a rule counts: it is not known what the lock names."""
    setting(locked, '[policy]\ndeny = ["other"]\n')
    (locked.paths.locks / "pylock.base--linux.toml").write_text("no lock")
    with pytest.raises(LockError, match=r"pylock\.base--linux\.toml: the lock cannot be read"):
        publish(locked.paths)


@pytest.mark.parametrize("more", ["", '[policy]\ngone = "drop"\n'])
def test_a_site_that_is_older_than_the_locks(locked: Workspace, index: Index, more: str) -> None:
    """The locks do not have the file any more, and the site does: it is not published. The next mirror mends that."""
    vanish(index)
    plan(locked.paths)
    old = shutil.copytree(locked.paths.site, locked.root / "old")
    setting(locked, '[policy]\ngone = "drop"\n')
    mirror(locked)
    assert versions(locked, "base--linux") == {"acme": "1.0"}
    setting(locked, more)
    with pytest.raises(PolicyError, match=r"acme 2\.0 \(base--linux\)"):
        publish(replace(locked.paths, site=old))
    publish(locked.paths)


def test_a_look_without_an_answer(locked: Workspace, index: Index) -> None:
    """It is none: publish stops, and mirror asks again. A waiver makes the answer needless."""
    good = dict(index.overrides)
    index.overrides["/simple/acme/"] = EMPTY
    index.overrides[f"/files/{NEW.filename}"] = NEW.data
    shutil.rmtree(locked.paths.packages)
    shutil.rmtree(locked.paths.site)
    assert "may be none of an index" in mirror(locked)[0].unknown[0]
    with pytest.raises(
        NotProven, match=r"whether their .* acme-2.0-py3-none-any.whl is not known.*run `pypi-subset mir"
    ):
        publish(locked.paths)
    setting(locked, WAIVER)
    publish(locked.paths)
    setting(locked)
    assert mirror(locked)[0].unknown
    index.overrides = good
    assert mirror(locked)[0].unknown == ()
    publish(locked.paths)
    index.requests.clear()
    mirror(locked)
    assert index.requests == []


def test_the_list_of_the_mirror_may_come_along(locked: Workspace) -> None:
    """A machine that cannot ask publishes with a copy of it."""
    other = replace(locked.paths, packages=locked.root / "elsewhere" / "packages")
    with pytest.raises(NotProven, match="or copy this file from the packages/ of the mirror"):
        publish(other)
    other.packages.mkdir(parents=True)
    shutil.copy(locked.paths.packages / gone_list.FILE, other.packages)
    publish(other)
