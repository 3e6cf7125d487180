"""Plans of a workspace."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from rich.console import Console

from pypi_subset.cli.display import Display
from pypi_subset.pipeline import plan as pipeline_plan

if TYPE_CHECKING:
    from pypi_subset.pipeline.plan import Forecast
    from tests.support.sites.workspace import Workspace


LINUX, NEW, WINDOWS = "cp310-manylinux2014_x86_64", "cp312-manylinux_2_28_x86_64", "cp310-win_amd64"


def foresee(space: Workspace, *, update: bool = False) -> Forecast:
    """Return what a run would do."""
    return pipeline_plan.plan(space.paths, progress=Display(Console(file=io.StringIO())), update=update)


def held(found: Forecast) -> dict[tuple[str, str], str]:
    """Return why a project is held back, by target and project, with the newest release in front."""
    return {(one.target, one.project): f"{one.newest}: {one.why}" for one in found.held}
