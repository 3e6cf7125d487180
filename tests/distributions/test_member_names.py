"""Names that every system can hold."""

from __future__ import annotations

import io

import pytest

from pypi_subset.distributions.member_names import LONGEST, fault_in, fault_of, key_of
from pypi_subset.distributions.wheel import check_wheel, read_metadata
from pypi_subset.errors import BadDistribution
from tests.support.hostile.archives import NAME, NAMES
from tests.support.hostile.contents import hostile


@pytest.mark.parametrize("kind", NAMES)
def test_a_name_that_some_system_cannot_hold(kind: str) -> None:
    """A wheel with such a name is refused with the reason, also where only the end of a remote file is read."""
    data, said = hostile(kind)
    for read in (check_wheel, read_metadata):
        with pytest.raises(BadDistribution) as caught:
            read(io.BytesIO(data), NAME)
        assert said in str(caught.value)
        assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    "part",
    [
        *(
            "a.py",
            "__init__.py",
            "x",
            "a b.txt",
            "CONTRIBUTING",
            "auxiliary.py",
            "com10",
            "nul_.py",
            "con-1",
            ".hidden",
        ),
        *("\xe4.py", "\u4e00.txt", "a~1", "..b", "x" * 255, "[a](b){c}"),
    ],
)
def test_a_good_part(part: str) -> None:
    """A part that all systems hold has no fault."""
    assert fault_of(part) == ""


@pytest.mark.parametrize("device", ["con", "PRN", "aux.txt", "nul.tar.gz", "COM9", "lpt\xb2.x", "conin$", "CLOCK$.a"])
def test_a_device(device: str) -> None:
    """A device of Windows is one in any case and with any suffix."""
    assert "a device on Windows" in fault_of(device)


def test_good_names() -> None:
    """Directories with an entry of their own, the same name in two directories and the longest name have no fault."""
    assert fault_in(["a/", "a/b.py", "b/a/", "b/b.py", "b.py", "x/" * (LONGEST // 2 - 1) + "yz"]) == ""


def test_keys() -> None:
    """Names that some system takes for one have one key, others have not."""
    assert key_of("A.py") == key_of("a.py")
    assert key_of("\xc4") == key_of("a\u0308")
    assert key_of("stra\xdfe") == key_of("STRASSE")
    assert key_of("a") != key_of("\xe4")
