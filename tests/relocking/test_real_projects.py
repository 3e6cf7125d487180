"""Locks of five public projects, trimmed: after relock, uv syncs each from a mirrored site alone."""

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pypi_subset import api
from pypi_subset.relocking.relock import relock
from pypi_subset.site.pages.client_config import snippets
from tests.support.relocks.projects import configured, installed, uv
from tests.support.servers.served import Served
from tests.support.sites.workspace import AMBIENT, ORIGINAL, Workspace

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.network

REAL = Path(__file__).with_name("real")
PROJECTS = sorted(path.name for path in REAL.iterdir() if path.is_dir())
#: What the builds of these projects require; hatchling requires editables for an editable install, and says so in a hook.
BUILDS = ("flit_core>=3.11,<4", "hatchling", "editables~=0.3", "pdm-backend")


def releases(project: str) -> set[str]:
    """Return a requirement for each release that the lock of *project* takes from an index."""
    packages = tomllib.loads((REAL / project / "uv.lock").read_text(encoding="utf-8"))["package"]
    return {f"{one['name']}=={one['version']}" for one in packages if "registry" in one["source"]}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """Yield a site with all releases of the locks and of the builds, a set for each project, and its address."""
    space = Workspace(tmp_path_factory.mktemp("real"))
    for name in PROJECTS:
        space.write(f"{name}.txt", "".join(f"{one}\n" for one in sorted(releases(name))))
    space.write("builds.txt", "".join(f"{one}\n" for one in BUILDS))
    space.toml()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ORIGINAL.items():
            if name.upper().startswith(AMBIENT) or name.lower().endswith("_proxy"):
                patch.setenv(name, value)
        if "PIP_CONFIG_FILE" not in ORIGINAL:
            patch.delenv("PIP_CONFIG_FILE", raising=False)
        patch.setenv("HOME", ORIGINAL["HOME"])
        api.mirror(space.paths)
    with Served(space.paths.site, space.root / "log") as server:
        yield space.paths.site, server.url


def test_there_are_five() -> None:
    """Five projects, with four back-ends of three kinds, a group, forks of a resolution and a cut-off date."""
    assert len(PROJECTS) == 5


@pytest.mark.parametrize("name", PROJECTS)
def test_a_real_project_syncs(served: tuple[Path, str], tmp_path: Path, name: str) -> None:
    """uv sync, with --frozen, with --locked and without, installs the releases of the lock and leaves its bytes."""
    site, url = served
    project = shutil.copytree(REAL / name, tmp_path / name)
    module = project / "src" / name.replace("-", "_")
    module.mkdir(parents=True)
    (module / "__init__.py").write_text('"""A module."""\n\n__version__ = "1.0"\n', encoding="utf-8")
    done = relock(project / "uv.lock", url, site, in_place=True)
    assert done.missing == ()
    assert done.packages == len(releases(name))
    config, written = configured(tmp_path / "config", snippets(url)["uv"]), (project / "uv.lock").read_bytes()
    assert b"example.test" not in written
    for options in (["--frozen"], ["--locked"], []):
        shutil.rmtree(project / ".venv", ignore_errors=True)
        synced = uv("sync", *options, cwd=project, config=config)
        assert synced.returncode == 0, (options, synced.stderr)
        assert (project / "uv.lock").read_bytes() == written, options
    names = {one.replace("==", "-").replace("-", "_").lower() for one in releases(name)}
    found = {one.replace("-", "_").lower() for one in installed(project)}
    assert len(found & names) >= 2
    assert {one for one in found - names if not one.startswith(name.replace("-", "_"))} == set()
