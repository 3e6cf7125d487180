"""The interpreter that runs the tool, as a target."""

from __future__ import annotations

import sys

from packaging import tags as packaging_tags
from packaging.markers import default_environment

from pypi_subset.targets.host import describe_host
from pypi_subset.targets.tag import parse


def test_host_is_the_running_interpreter() -> None:
    """The host has the tags of this interpreter, in their order, and all eleven marker values."""
    host = describe_host("here")
    assert host.tags == tuple(packaging_tags.sys_tags())
    assert host.environment == default_environment()
    assert (host.name, host.host, host.python) == ("here", True, sys.version_info[:3])


def test_host_has_a_tag_that_describes_it() -> None:
    """The host's tag, read as a target's, gives the same tags on a released CPython."""
    host = describe_host("here")
    assert parse("copy", host.tag).tags == host.tags
