"""A release that requires a URL: which one is named, and lines that avoid it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import NoSolution
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

from tests.support.stages.mirroring import LINUX, mirror, versions

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")

URL = "lib @ https://x.example/lib.whl"


def gap_of(space: Workspace, line: str) -> tuple[str, str]:
    """Return who requires the URL in the set *line*, and the next step."""
    space.write("base.txt", line)
    space.toml({"linux": LINUX})
    with pytest.raises(NoSolution) as caught:
        mirror(space)
    return caught.value.problem.partition(" requires ")[0], caught.value.next_step.removesuffix(
        ": it cannot be mirrored"
    )


def test_the_newest_release_is_named_and_the_line_skips_all_that_require_it(workspace: Workspace, index: Index) -> None:
    """Several releases require the URL: one line leads to the newest that does not."""
    index.add(make_wheel("app", requires=["via"]), make_wheel("via", "1.0"))
    index.add(*(make_wheel("via", f"{number}.0", requires=[URL]) for number in range(2, 6)))
    assert gap_of(workspace, "app\n") == ("via 5.0", "write 'via<=1.0' in the set")
    workspace.write("base.txt", "app\nvia<=1.0\n")
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"app": "1.0", "via": "1.0"}


def test_what_requires_the_release_is_avoided_where_there_is_no_other(workspace: Workspace, index: Index) -> None:
    """If a project has only the release that requires the URL, the step takes an older release of the project above it."""
    index.add(make_wheel("app", requires=["via"]), make_wheel("deep", requires=[URL]))
    index.add(make_wheel("via", "2.0", requires=["deep"]), make_wheel("via", "1.0"))
    assert gap_of(workspace, "app\n") == ("deep 1.0", "write 'via!=2.0' in the set")
    workspace.write("base.txt", "app\nvia!=2.0\n")
    mirror(workspace)


def test_the_request_is_left_out_where_nothing_else_helps(workspace: Workspace, index: Index) -> None:
    """No line is proposed that has no solution."""
    index.add(
        make_wheel("app", requires=["via"]), make_wheel("via", requires=["deep"]), make_wheel("deep", requires=[URL])
    )
    assert gap_of(workspace, "app\n") == ("deep 1.0", "leave app out of the set")
