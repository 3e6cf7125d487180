"""What an officer reads of each target: what came, went and changed, and all that is known of each new file."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from pypi_subset.bundle.review.changes import UNKNOWN, changes_of, gone_targets
from pypi_subset.model.door import read_manifest
from pypi_subset.model.intake.verdicts import Waived
from tests.support.sites.handwritten import sha256
from tests.support.sites.workspace import Workspace, own_index
from tests.support.stages.mirroring import LINUX, WINDOWS, mirror
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pypi_subset.bundle.review.changes import TargetChanges
    from pypi_subset.model.manifest import Manifest

#: Ten days after the time that the index states for each file.
MOMENT = datetime(2024, 2, 13, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Manifest, Manifest, Path]]:
    """Yield the manifest of a site, that of the site after an update, and the directory of that."""
    space = Workspace(tmp_path_factory.mktemp("changes"))
    space.paths.requirements.mkdir()
    with own_index() as index:
        licensed = make_wheel("app", "2.0", requires=["lib"], more=["License-Expression: MIT"])
        index.add(make_wheel("app", requires=["lib"]), make_wheel("lib"), make_wheel("old"))
        index.add(make_wheel("win"), make_wheel("own", "3.0"))
        space.toml({"linux": LINUX, "windows": WINDOWS})
        space.write("base.txt", 'app\nold\nwin; sys_platform == "win32"')
        mirror(space)
        before = read_manifest(space.paths.site)
        index.add(licensed, make_wheel("new"))
        (space.root / "wheels").mkdir()
        make_wheel("own", "4.0").save(space.root / "wheels")
        more = '[sources.house]\nwheels = "../wheels"\nprojects = ["own"]\n'
        space.toml({"linux": LINUX}, more=more)
        space.write("base.txt", "app\nnew\nown")
        mirror(space, update=True)
        yield before, read_manifest(space.paths.site), space.paths.site


def linux(made: tuple[Manifest, Manifest, Path], *waived: Waived) -> TargetChanges:
    """Return what differs on linux."""
    before, after, site = made
    (found,) = changes_of(after, before, site, waived, MOMENT)
    return found


def test_what_came_went_and_changed(made: tuple[Manifest, Manifest, Path]) -> None:
    """By project: a new one, one with another file, one that is gone; what is the same is not named."""
    found = linux(made)
    assert [(one.project, one.version) for one in found.added] == [("new", "1.0"), ("own", "4.0")]
    assert [(one.project, one.before, one.version) for one in found.changed] == [("app", "1.0", "2.0")]
    assert found.removed == (("old", "1.0"),)
    assert (found.name, found.files, found.size > 0) == ("linux", 4, True)


def test_a_removed_file_of_a_project_that_stays(made: tuple[Manifest, Manifest, Path]) -> None:
    """A version that is gone beside one that stays is removed, and a file of a version that stays by its name."""
    _, after, site = made
    app = next(one for one in after.files if one.project == "app")
    more = [("app", "1.5", "app-1.5.whl"), ("app", "1.7", "app-1.7.whl"), ("app", "2.0", "app-2.0-other.whl")]
    extra = [
        replace(
            app,
            project=project,
            version=version,
            filename=name,
            path=f"simple/app/{name}",
            sha256=sha256(name.encode()),
        )
        for project, version, name in more
    ]
    before = replace(after, files=(*after.files, *extra))
    (found,) = changes_of(after, before, site, (), MOMENT)
    assert (found.added, found.changed) == ((), ())
    assert found.removed == (("app", "1.5 and 1.7 and app-2.0-other.whl"),)
    two = replace(after, files=(*extra[:2], *(one for one in after.files if one is not app)))
    (found,) = changes_of(after, two, site, (), MOMENT)
    assert [(one.project, one.before, one.version) for one in found.changed] == [("app", "1.5 and 1.7", "2.0")]
    assert found.removed == (("app", "1.5 and 1.7"),)


def test_all_that_is_known_of_a_file(made: tuple[Manifest, Manifest, Path]) -> None:
    """When it was uploaded and how long ago, its licence, its source, whether it was built, and why it is there."""
    (app,), (new, own) = linux(made).changed, linux(made).added
    assert (app.uploaded, app.age, app.license, app.built) == ("2024-02-03", "10 days", "MIT", "")
    assert (app.source, own.source) == ("the indexes of pip", "house")
    assert (new.license, own.uploaded, own.age) == (UNKNOWN, UNKNOWN, UNKNOWN)
    assert app.why == ("base.txt:1: app",)
    assert len(app.sha256) == 64


def test_the_chain_of_requirements(made: tuple[Manifest, Manifest, Path]) -> None:
    """A dependency has the way from the request to it; for the first bundle, everything is new."""
    _, after, site = made
    (found,) = changes_of(after, None, site, (), MOMENT)
    (lib,) = (one for one in found.added if one.project == "lib")
    assert lib.why == ("base.txt:1: app → lib",)
    assert (found.changed, found.removed) == ((), ())


def test_the_same_site_differs_in_nothing(made: tuple[Manifest, Manifest, Path]) -> None:
    """Compared with itself."""
    _, after, site = made
    (found,) = changes_of(after, after, site, (), MOMENT)
    assert (found.added, found.changed, found.removed) == ((), (), ())


def test_what_the_user_accepts(made: tuple[Manifest, Manifest, Path]) -> None:
    """A waiver stands at its release on its target, with rule, reason and last day."""
    facts: dict[str, Any] = {
        "set": "base",
        "rule": "min_age",
        "sentence": "too new",
        "reason": "needed",
        "until": "2026-12-31",
    }
    own = Waived(target="linux", project="app", version="2.0", entry="subset.toml:3", **facts)
    others = [
        Waived(target="windows", project="app", version="2.0", entry="", **facts),
        Waived(target="linux", project="app", version="1.0", entry="", **facts),
    ]
    found = linux(made, own, *others)
    assert found.changed[0].waived == ("min_age: too new; accepted until 2026-12-31: needed",)
    assert found.added[0].waived == ()


def test_targets_that_are_gone(made: tuple[Manifest, Manifest, Path]) -> None:
    """A target that the new site does not have any more is named; the first bundle has none."""
    before, after, _ = made
    assert gone_targets(after, before) == ("windows",)
    assert gone_targets(after, None) == gone_targets(before, before) == ()


def test_a_site_without_locks(made: tuple[Manifest, Manifest, Path], tmp_path: Path) -> None:
    """A lock that is missing or damaged says nothing: what it would say is not known."""
    before, after, _ = made
    (tmp_path / "locks").mkdir()
    for text in (None, "damaged"):
        if text:
            (tmp_path / "locks" / "pylock.base--linux.toml").write_text(text)
        (found,) = changes_of(after, before, tmp_path, (), MOMENT)
        assert {(one.uploaded, one.license) for one in found.added} == {(UNKNOWN, UNKNOWN)}
