"""Markers, evaluated for another machine."""

from __future__ import annotations

import pytest
from packaging.requirements import Requirement

from pypi_subset.errors import ProofFailed
from pypi_subset.proof.reference import markers, recorded_markers
from tests.support.sites.cases import LINUX


def test_undefined_marker_is_an_error() -> None:
    """A marker that depends on an open value is named, and not answered with this machine's value."""
    marker = Requirement("aa; platform_release >= '20'").marker
    with pytest.raises(ProofFailed, match="depends on platform_release, which the target leaves open"):
        markers.holds(marker, recorded_markers.recorded(LINUX))
    # The word inside a string is no reading.
    assert not markers.holds(
        Requirement("aa; sys_platform == 'platform_release'").marker, recorded_markers.recorded(LINUX)
    )


def test_a_comparison_that_is_not_defined() -> None:
    """It is red, and no traceback."""
    marker = Requirement("aa; python_version ~= 'x' and platform_release == '5'").marker
    with pytest.raises(ProofFailed, match="has a comparison that is not defined"):
        markers.known(marker, recorded_markers.recorded(LINUX))


pytestmark = pytest.mark.usefixtures("forked_pip")


@pytest.mark.parametrize(
    ("text", "extras", "holds"),
    [
        ("aa", [], True),
        ("aa; sys_platform == 'linux'", [], True),
        ("aa; sys_platform == 'win32'", [], False),
        ("aa; extra == 'fast'", [], False),
        ("aa; extra == 'fast'", ["slow", "fast"], True),
        ("aa; extra == 'fast' and sys_platform == 'win32'", ["fast"], False),
        ("aa; sys_platform == 'linux'", ["fast"], True),
        ("aa; python_version >= '3.10'", [], True),
        ("aa; platform_system == 'Darwin' and 'arm' not in platform_version", [], False),
        ("aa; sys_platform == 'linux' or platform_release >= '5'", [], True),
        ("aa; platform_release >= '5' or extra == 'fast'", ["fast"], True),
        ("aa; platform_version == \"it's\" and os_name == 'nt'", [], False),
    ],
)
def test_markers_hold_for_the_target(text: str, extras: list[str], *, holds: bool) -> None:
    """A marker is evaluated with the target's values: without an extra, or with one of those that are asked for."""
    marker = Requirement(text).marker
    assert markers.holds(marker, recorded_markers.recorded(LINUX), extras) is holds
