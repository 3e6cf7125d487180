"""Constraints, overrides and excludes of uv: the same answer as uv's own, or an error that says why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from uv import find_uv_bin

from pypi_subset.errors import Gaps, NoSolution
from tests.support.programs.commands import run
from tests.support.stages.mirroring import mirror, versions
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")

#: Kind → lines of ``[tool.uv]``, and the reason if pip cannot obey them.
KINDS = {
    "none": ("", ""),
    "constraint": ('constraint-dependencies = ["part<2", "absent<1"]', ""),
    "constraint of a request": ('constraint-dependencies = ["app<2"]', ""),
    "constraint elsewhere": ("constraint-dependencies = [\"part<2; sys_platform == 'win32'\"]", ""),
    "pre-releases": ('prerelease = "allow"', ""),
    "narrower override": ('override-dependencies = ["part<2"]', ""),
    "override of an exact version": ('override-dependencies = ["part==1.5"]', ""),
    "override of a request": ('override-dependencies = ["app==1.0"]', ""),
    "override and constraint": ('override-dependencies = ["part"]\nconstraint-dependencies = ["part<1.5"]', ""),
    "override of what none requires": ('override-dependencies = ["absent==9"]', ""),
    "override on another platform": ("override-dependencies = [\"absent==9; sys_platform == 'win32'\"]", ""),
    "exclude of what none requires": ('exclude-dependencies = ["absent", "gone"]', ""),
    "wider override": ('override-dependencies = ["bound"]', "it admits 2.0, and what requires bound does not"),
    "contradicting override": (
        'override-dependencies = ["bound>=2"]',
        "the override bound>=2 (pyproject.toml:6) is a constraint here: pip installs by what releases require",
    ),
    "exclude of an sdist": (
        'exclude-dependencies = ["sdist-only"]\nconstraint-dependencies = ["late>=2"]',
        "the exclude of sdist-only is not honoured: pip installs by what releases require",
    ),
    "override to no platform": (
        "override-dependencies = [\"part; sys_platform == 'win32'\"]",
        "its marker is false on linux, and part is required all the same",
    ),
    "override to every platform": (
        'override-dependencies = ["winonly"]',
        "app names winonly with a marker that is false on linux",
    ),
    "override of an extra": ('override-dependencies = ["more"]', "app names more with a marker that is false on linux"),
    "override against the newest": (
        'override-dependencies = ["held>=2"]',
        "new 2.0 requires held<2, and an older release is chosen",
    ),
    "override of a project that only the newest release requires": (
        'override-dependencies = ["far<2"]',
        "lead 2.0 requires far>=2, and an older release is chosen",
    ),
    "override to no platform, against the newest": (
        'override-dependencies = ["far; sys_platform == \'win32\'"]\nconstraint-dependencies = ["far<2"]',
        "lead 2.0 requires far>=2, and an older release is chosen",
    ),
    "override against what the newest leads to": (
        'override-dependencies = ["deep>=2"]',
        "middle 1.0 requires deep<2, and it is not chosen",
    ),
    "override of a project that a release requires on other systems": (
        'override-dependencies = ["deep<2", "far>=2"]',
        "",
    ),
    "exclude of what is required": ('exclude-dependencies = ["part"]', "it is required on linux"),
    "exclude of a request": ('exclude-dependencies = ["App"]', "it is required on linux"),
    "exclude against the newest": (
        'exclude-dependencies = ["sdist-only"]',
        "late 2.0 requires sdist-only, and an older release is chosen",
    ),
}


def publish(index: Index) -> None:
    """Offer what the project requests."""
    requires = ["part", "bound<2", "winonly; sys_platform == 'win32'", "more; extra == 'x' and sys_platform == 'win32'"]
    index.add(
        *(make_wheel("app", number, requires=[*requires, "rest; extra == 'y'"]) for number in ("1.0", "2.0", "3.0rc1"))
    )
    index.add(*(make_wheel("part", number) for number in ("1.0", "1.5", "2.0", "2.1a1")))
    index.add(*(make_wheel(name, number) for name in ("bound", "winonly", "more", "rest") for number in ("1.0", "2.0")))
    index.add(make_wheel("new", "1.0", requires=["held"]), make_wheel("new", "2.0", requires=["held<2"]))
    index.add(make_wheel("held", "1.0"), make_wheel("held", "2.0"))
    index.add(make_wheel("lead", "1.0"), make_wheel("lead", "2.0", requires=["far>=2"]))
    index.add(make_wheel("chain", "1.0"), make_wheel("chain", "2.0", requires=["middle", "far>=2"]))
    index.add(make_wheel("middle", "1.0", requires=["deep<2", "far<2; sys_platform == 'win32'"]))
    index.add(*(make_wheel(name, number) for name in ("far", "deep") for number in ("1.0", "2.0")))
    index.add(make_wheel("late", "1.0"), make_wheel("late", "2.0", requires=["sdist-only"]))


def compiled(folder: Path, index: Index) -> dict[str, str]:
    """Return project → version of what ``uv pip compile`` chooses for Python 3.10 on Linux."""
    platform = ("--python-platform", "x86_64-manylinux2014", "--python-version", "3.10", "--only-binary", ":all:")
    command = [find_uv_bin(), "pip", "compile", "pyproject.toml", "--no-header", "--no-annotate", *platform]
    done = run([*command, "--default-index", index.url, "--cache-dir", str(folder / "uv")], folder)
    assert done.returncode == 0, done.stderr
    return dict(line.split("==") for line in done.stdout.splitlines())


@pytest.mark.parametrize("kind", KINDS)
def test_uv_chooses_the_same(kind: str, workspace: Workspace, index: Index) -> None:
    """A lock has the versions that ``uv pip compile`` has for the same file; where pip could not install them, there is none."""
    lines, why = KINDS[kind]
    publish(index)
    workspace.toml({"linux": "cp310-manylinux2014_x86_64"}, sets={"own": {"source": "../pyproject.toml"}})
    text = f'[project]\nname = "own"\nversion = "1"\ndependencies = ["app[x]", "new", "late", "lead", "chain"]\n[tool.uv]\n{lines}\n'
    (workspace.root / "pyproject.toml").write_text(text, encoding="utf-8")
    if not why:
        mirror(workspace)
        assert versions(workspace, "own--linux") == compiled(workspace.root, index)
        return
    with pytest.raises((NoSolution, Gaps)) as caught:
        mirror(workspace)
    assert why in str(caught.value)
    assert not workspace.paths.locks.exists()
