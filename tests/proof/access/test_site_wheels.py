"""The wheels that a site has of some projects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pypi_subset.proof.access.site_wheels import wheels_of

if TYPE_CHECKING:
    from pathlib import Path


def test_the_wheels_of_some_projects_and_of_all(tmp_path: Path) -> None:
    """They come by project and name; other files, files beside the projects, and projects that are not there are none."""
    index = tmp_path / "simple"
    for name in ("b/b-2.whl", "b/b-10.whl", "b/b-2.whl.metadata", "a/a-1.whl", "a/index.html", "index.html"):
        (index / name).parent.mkdir(parents=True, exist_ok=True)
        (index / name).touch()
    b = [index / "b/b-10.whl", index / "b/b-2.whl"]
    assert wheels_of(tmp_path, ["b", "absent", "index.html"]) == b
    assert wheels_of(tmp_path, []) == []
    assert wheels_of(tmp_path, None) == [index / "a/a-1.whl", *b]
    assert wheels_of(tmp_path / "none", None) == []
