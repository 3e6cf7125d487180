"""The values that a shell completes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from pypi_subset.cli.terminal import values

if TYPE_CHECKING:
    from pathlib import Path


def test_systems() -> None:
    """The last name of several is completed, and the system of a target behind its equals sign."""
    assert values.systems("windows-1") == ["windows-10", "windows-11"]
    assert values.systems("rhel9,windows-11") == ["rhel9,windows-11"]
    assert values.systems("nothing-like-it") == []
    assert values.pairs("lab=windows-11") == ["lab=windows-11"]
    assert values.pairs("lab") == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('[targets]\nlab = "rhel9"\nold = "rhel8"\n', ["a,lab"]),
        ("targets = 1\n", []),
        ("[targets\n", []),
        ("", []),
        (None, []),
    ],
)
def test_targets(text: str | None, found: list[str], tmp_path: Path) -> None:
    """Those of the file in the directory that the command line names; a damaged one is for the command to refuse."""
    if text is not None:
        (tmp_path / "subset.toml").write_text(text, encoding="utf-8")
    context = cast("Any", SimpleNamespace(params={"requirements": str(tmp_path)}))
    assert values.targets(context, "a,l") == found
