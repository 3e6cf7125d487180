"""Parts of a lock as values of TOML."""

from __future__ import annotations

from packaging.markers import Marker
from packaging.pylock import Package, PackageSdist, PackageWheel, Pylock
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.locks.tables import as_toml


def test_values_of_toml_are_those_of_the_library() -> None:
    """What is made without copies is what `packaging` makes of the same lock."""
    hashes = {"sha256": "0" * 64}
    wheel = PackageWheel(name="a-1-py3-none-any.whl", path="../a-1-py3-none-any.whl", size=1, hashes=hashes)
    package = Package(
        name=canonicalize_name("a"),
        version=Version("1"),
        marker=Marker("python_full_version < '3.10.3'"),
        requires_python=SpecifierSet(">=3.9"),
        sdist=PackageSdist(name="a-1.tar.gz", url="https://index.example/a-1.tar.gz", hashes=hashes),
        wheels=[wheel],
        tool={"own": {"list": ["x", 1], "flag": True}},
    )
    lock = Pylock(lock_version=Version("1.0"), created_by="tests", packages=[package])
    assert as_toml(lock) == lock.to_dict()
