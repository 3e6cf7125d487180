"""What one target is offered: by its own source, with all that explanations ask."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.model.intake.sources import Source, Sources
from pypi_subset.upstream.catalog import Upstream
from pypi_subset.upstream.pip_config import read_network
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.index import Index

APP = canonicalize_name("app")


def test_each_target_has_its_source(configured_index: Index, tmp_path: Path) -> None:
    """One target gets the wheels of a directory, another those of the index; a private name gets none."""
    configured_index.add(make_wheel("app", "2.0", requires_python=">=3.8"), make_wheel("acme", "1.0"))
    folder = tmp_path / "own"
    folder.mkdir()
    make_wheel("app", "1.0+cpu").save(folder)
    source = Source(name="own", wheels=folder, projects=("app",), targets=("laptop",))
    network = replace(read_network(), sources=Sources(named=(source,), private=("acme",)), own_wheels=folder)
    upstream = Upstream(network, store=tmp_path / "store", shelf=tmp_path)
    laptop, server = upstream.on("laptop"), upstream.on("server")
    (own,) = laptop.candidates(APP)
    (other,) = server.candidates(APP)
    assert (own.distribution.source, str(own.distribution.version)) == ("own", "1.0+cpu")
    assert (other.distribution.source, str(other.distribution.version)) == (None, "2.0")
    assert (laptop.newest(APP), server.newest(APP)) == (Version("1.0+cpu"), Version("2.0"))
    assert (laptop.bounds(APP), server.bounds(APP)) == ({}, {">=3.8": Version("2.0")})
    assert laptop.source_of(APP) is source
    assert laptop.quarantine(APP) is None
    assert laptop.own_wheels == folder
    assert own.path is not None
    assert laptop.sha256(own) == hashlib.sha256(own.path.read_bytes()).hexdigest()
    assert laptop.size(own) == own.path.stat().st_size
    assert b"Name: app" in laptop.metadata(own)
    assert [str(one.version) for one, _ in laptop.metadata_seen()] == ["1.0+cpu"]
    assert server.candidates(canonicalize_name("acme")) == ()
    assert server.is_private(canonicalize_name("acme"))
    assert [path for path in configured_index.counts() if "acme" in path] == []


def test_wheel_variants_are_known_by_project(configured_index: Index, tmp_path: Path) -> None:
    """Their names, once each, though the page is read twice; of another project there are none."""
    wheel = make_wheel("app")
    strange = [replace(wheel, filename=name) for name in ("app-1.0-py3-none-any-v3.whl", "app-1.0-variants.json")]
    configured_index.add(wheel, *strange)
    offers = Upstream(read_network(), store=tmp_path / "store", shelf=tmp_path).on("laptop")
    assert offers.newest(APP) == Version("1.0")
    assert [one.distribution.filename for one in offers.candidates(APP)] == [wheel.filename]
    assert offers.wheel_variants(APP) == {one.filename for one in strange}
    assert offers.wheel_variants(canonicalize_name("lib")) == frozenset()
