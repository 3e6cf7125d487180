"""METADATA is read from any wheel that installers take, and from no other."""

from __future__ import annotations

import io
import re
import tracemalloc
import zipfile
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pypi_subset.distributions.wheel import check_wheel, read_metadata
from pypi_subset.errors import BadDistribution
from pypi_subset.support.bounds import LARGEST_METADATA
from tests.support.hostile.contents import hostile
from tests.support.stages.bad_wheels import BROKEN, GOOD, NAME, lying
from tests.support.stages.values import BRISK
from tests.support.wheels import pack

if TYPE_CHECKING:
    from pathlib import Path

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")


@pytest.mark.parametrize("kind", BROKEN)
def test_what_is_refused(kind: str) -> None:
    """A wheel whose name is right, and whose content is not, is refused by name, with a reason and a next step."""
    make, reason = BROKEN[kind]
    with pytest.raises(BadDistribution, match=re.escape(reason)) as caught:
        read_metadata(io.BytesIO(make("bad")), NAME)
    assert str(caught.value).startswith(f"{NAME} ")
    assert str(caught.value).endswith("; leave it out, as with 'bad!=1.0', and report it to that project")
    assert str(caught.value).isprintable()


def test_a_bomb_takes_no_memory() -> None:
    """Of a METADATA that is larger than it claims, and than is allowed, no more than allowed is unpacked."""
    bomb = lying("bad", 200 << 20)
    tracemalloc.start()
    try:
        with pytest.raises(BadDistribution, match="holds other bytes than its size"):
            read_metadata(io.BytesIO(bomb), NAME)
        assert tracemalloc.get_traced_memory()[1] < 4 * LARGEST_METADATA
    finally:
        tracemalloc.stop()


@BRISK
@given(st.binary(max_size=60), st.integers(0, len(GOOD.data)), st.integers(0, 60))
def test_any_damage_is_one_kind_of_error(junk: bytes, place: int, cut: int) -> None:
    """Whatever the bytes of a wheel are: its METADATA, or `BadDistribution`."""
    data = GOOD.data[:place] + junk + GOOD.data[place + cut :]
    try:
        assert check_wheel(io.BytesIO(data), NAME)
    except BadDistribution as error:
        assert str(error).isprintable()  # noqa: PT017 - either way is right


@pytest.mark.parametrize("source", ["memory", "disk"])
@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_a_wheel_of_an_unusual_form(tmp_path: Path, source: str, method: int) -> None:
    """A wheel that is stored or deflated, with thousands of members, is read."""
    with zipfile.ZipFile(io.BytesIO(GOOD.data)) as old:
        members = {f"bad/{'x' * 60}{number}": b"" for number in range(2000)}
        members |= {name: old.read(name) for name in old.namelist()}
    path = tmp_path / NAME
    path.write_bytes(pack(members, "bad-1.0.dist-info", method))
    for read in (read_metadata, check_wheel):
        assert read(path if source == "disk" else io.BytesIO(path.read_bytes()), NAME) == GOOD.metadata


@pytest.mark.parametrize("kind", ["comment", "bytes-before", "overlapping-bomb", "symbolic-link", "encrypted"])
def test_the_end_of_a_wheel_shows_much(kind: str) -> None:
    """What the directory of an archive shows is refused before the whole wheel is here."""
    data, said = hostile(kind)
    with pytest.raises(BadDistribution, match=re.escape(said)):
        read_metadata(io.BytesIO(data), NAME)
