"""Projects that an interpreter brings itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pypi_subset.targets.brought import brought_by
from pypi_subset.targets.host import description
from pypi_subset.targets.tag import parse
from tests.support.sites.cases import interpreters_here


@pytest.mark.parametrize(
    ("tag", "own", "brought"),
    [
        ("cp311-manylinux2014_x86_64", None, {}),
        (
            "pp311-manylinux2014_x86_64",
            None,
            {"cffi": "1.18.0.dev0", "greenlet": "0.4.13", "hpy": "0.9.1.dev61+g79fb330d"},
        ),
        ("pp310-win_amd64", "7.3.17", {"cffi": "1.17.0", "greenlet": "0.4.13", "hpy": "0.9.0", "readline": "6.2.4.1"}),
        ("pp39-macosx_14_0_arm64", "7.3.13", {"cffi": "1.15.1", "hpy": "0.0.4.dev179+g9b5d200"}),
        ("pp39-macosx_14_0_arm64", "7.3.7", {}),
        ("pp36-manylinux2014_x86_64", "7.3.3", {"cffi": "1.14.3"}),
        ("pp312-manylinux2014_x86_64", None, {}),
    ],
)
def test_what_an_interpreter_brings(tag: str, own: str | None, brought: dict[str, str]) -> None:
    """PyPy has others with each of its releases; without its version the newest of that Python is meant."""
    found = dict(parse("t", tag, given={"implementation_version": own} if own else {}).brought)
    assert {name: version for name, version in found.items() if name in brought} == brought
    assert bool(found) == bool(brought)


def test_a_version_that_is_none_means_the_newest() -> None:
    """A machine may state anything."""
    values = {"implementation_name": "pypy", "python_version": "3.10", "implementation_version": "unknown"}
    assert dict(brought_by(values))["cffi"] == "1.18.0.dev0"


def test_it_belongs_to_the_target() -> None:
    """It is part of the digest of a target, so that locks follow it, and of its description."""
    one = parse("t", "pp310-win_amd64", given={"implementation_version": "7.3.17"})
    assert replace(one, brought=(("cffi", "1.17.0"),)).digest != one.digest
    assert replace(one, brought=()).digest != one.digest
    assert "  cffi 1.17.0" in description(one)
    assert "projects that the interpreter brings" not in description(parse("t", "cp310-win_amd64"))


def test_interpreters_here_bring_what_the_list_says() -> None:
    """Each interpreter of this machine has the projects of the list, and no other beside its standard library."""
    for one in interpreters_here():
        assert one.brought == brought_by(dict(one.markers)), one
