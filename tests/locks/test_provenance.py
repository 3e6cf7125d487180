"""How a lock tells that a wheel was built."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from packaging.pylock import Pylock
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.errors import LockError
from pypi_subset.locks import exports, lockfile
from pypi_subset.model.distributions import Built, Distribution
from pypi_subset.model.locks import Inputs, Lock, Pin, Reason
from tests.support.stages.values import LINUX

if TYPE_CHECKING:
    from pathlib import Path

URL = "https://index.example/files/app-1.0.tar.gz"
BUILT = Built(
    filename="app-1.0.tar.gz",
    sha256="1" * 64,
    url=URL,
    epoch=1402917537,
    python="cp311 3.11.7",
    requires=(("setuptools", "84.2.1", "2" * 64), ("wheel", "0.45", "3" * 64)),
    licenses=(("wheel", "MIT"),),
    isolation="namespaces",
    repaired="auditwheel 6.8.2",
    grafted=(("libpq.so.5.16", "4" * 64, "libpq5 15.3"),),
)


def lock_with(built: Built = BUILT) -> Lock:
    """Return a lock of one wheel that was built."""
    one = Distribution(
        filename="app-1.0-0subset-py3-none-any.whl",
        project=canonicalize_name("app"),
        version=Version("1.0"),
        size=10,
        sha256="0" * 64,
        upload_time="2014-06-16T11:18:57.406351Z",
        built=built,
    )
    pin = Pin(distribution=one, reasons=(Reason(requirement=Requirement("app"), origin="base.txt:1"),))
    inputs = Inputs(requirement_set="a", target="b", policy="c", constraint="d")
    return Lock(set_name="base", target_name=LINUX.name, inputs=inputs, pins=(pin,))


def written(tmp_path: Path, lock: Lock) -> Path:
    """Return the path of the lock file."""
    lockfile.write(lock, tmp_path / "lock", target=LINUX, packages=tmp_path / "packages")
    return lockfile.path_of(tmp_path / "lock", lock.name)


def test_one_package_has_the_sdist_and_the_wheel(tmp_path: Path) -> None:
    """The standard's fields say where the sdist is from, and that the wheel is here."""
    path = written(tmp_path, lock_with())
    (package,) = Pylock.from_dict(tomllib.loads(path.read_text())).packages
    assert package.sdist is not None
    assert (package.sdist.filename, package.sdist.url, package.sdist.hashes) == (
        "app-1.0.tar.gz",
        URL,
        {"sha256": "1" * 64},
    )
    (wheel,) = package.wheels or ()
    assert (wheel.path, wheel.url) == ("../packages/app-1.0-0subset-py3-none-any.whl", None)
    assert lockfile.read(path) == lock_with()


def test_a_local_sdist_has_no_address(tmp_path: Path) -> None:
    """Its name and its hash are kept beside the rest."""
    local = lock_with(replace(BUILT, url=None))
    path = written(tmp_path, local)
    assert lockfile.read(path) == local
    assert "[packages.sdist]" not in path.read_text()


def test_an_sdist_of_a_source_has_a_path(tmp_path: Path) -> None:
    """It is relative to the lock, as the standard says; an absolute one is damage."""
    local = lock_with(replace(BUILT, url=None, path="../../mine/app-1.0.tar.gz"))
    path = written(tmp_path, local)
    assert lockfile.read(path) == local
    (package,) = Pylock.from_dict(tomllib.loads(path.read_text())).packages
    assert package.sdist is not None
    assert (package.sdist.path, package.sdist.url) == ("../../mine/app-1.0.tar.gz", None)
    path.write_text(path.read_text().replace("../../mine/", "/mine/"))
    with pytest.raises(LockError):
        lockfile.read(path)


def test_a_site_has_the_wheel_alone() -> None:
    """A client that reads the published lock installs no sdist."""
    found = exports.published([lock_with()], {LINUX.name: LINUX})
    text = found["locks/pylock.base--linux.toml"].decode()
    assert "app-1.0-0subset-py3-none-any.whl" in text
    assert "tar.gz" not in text
    assert "built" not in text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('name = "app-1.0.tar.gz"', 'name = "app-2.0.tar.gz"'),
        ('name = "app-1.0.tar.gz"', 'name = "other-1.0.tar.gz"'),
        (URL, "file:///etc/passwd"),
        ('sha256 = "' + "1" * 64, 'sha256 = "' + "x" * 64),
        ("epoch = 1402917537", 'epoch = "now"'),
        ('name = "setuptools"', 'name = "set up"'),
        ('version = "84.2.1"', 'version = "new"'),
        ('sha256 = "' + "2" * 64, 'sha256 = "2'),
        ('isolation = "namespaces"\n', ""),
    ],
)
def test_what_is_damaged_is_refused(tmp_path: Path, old: str, new: str) -> None:
    """A proposed change of a lock gets no strange file fetched, and no traceback."""
    path = written(tmp_path, lock_with())
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(LockError, match="cannot be read"):
        lockfile.read(path)
