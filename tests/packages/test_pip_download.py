"""``pip download`` takes the files of a lock: layers of one file for each project."""

from __future__ import annotations

from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.model.distributions import Distribution
from pypi_subset.packages.pip_download import layers


def one(name: str, version: str) -> Distribution:
    """Return a wheel."""
    return Distribution(
        filename=f"{name}-{version}-py3-none-any.whl", project=canonicalize_name(name), version=Version(version)
    )


def test_no_layer_has_a_project_twice() -> None:
    """A lock with several patch levels may have several files of a project; pip takes one of each."""
    a, b, c, d = one("app", "1.0"), one("app", "2.0"), one("lib", "1.0"), one("app", "3.0")
    assert layers([a, b, c, d]) == [[a, c], [b], [d]]
    assert layers([]) == []
