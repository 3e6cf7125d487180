"""The platform tags that a machine accepts, best first."""

from __future__ import annotations

import re

from pypi_subset.targets.tag import parse


def options(tag: str) -> tuple[str, ...]:
    """Return the platforms of a target, best first, without the architecture."""
    return tuple(re.sub("_(x86_64|aarch64|i686)$", "", platform) for platform in parse("t", tag).platforms)


def test_manylinux_expands_down_with_both_names() -> None:
    """A glibc takes wheels of all older ones down to 2.17, on x86 to 2.5, under the old names as well (PEP 600)."""
    older = [name for minor in range(16, 12, -1) for name in [f"manylinux_2_{minor}"]]
    oldest = [f"manylinux_2_{minor}" for minor in range(11, 5, -1)]
    until_2014 = ("linux", "manylinux_2_17", "manylinux2014")
    rest = (*older, "manylinux_2_12", "manylinux2010", *oldest, "manylinux_2_5", "manylinux1")
    assert options("cp310-manylinux2014_x86_64") == options("cp310-manylinux_2_17_i686") == (*until_2014, *rest)
    assert options("cp310-manylinux_2_18_x86_64") == ("linux", "manylinux_2_18", *until_2014[1:], *rest)
    assert options("cp310-manylinux_2_18_aarch64") == ("linux", "manylinux_2_18", *until_2014[1:])


def test_musllinux_expands_down_and_never_fits_manylinux() -> None:
    """A musl takes wheels of all older ones (PEP 656), and none that want a glibc."""
    assert options("cp311-musllinux_1_2_aarch64") == ("linux", "musllinux_1_2", "musllinux_1_1", "musllinux_1_0")


def test_macos_expands_to_older_systems_and_universal2() -> None:
    """A Mac takes wheels of its architecture and universal2, for its own and older systems."""
    platforms = parse("t", "cp310-macosx_12_3_arm64").platforms
    assert platforms[:4] == tuple(f"macosx_{v}_0_{a}" for v in (12, 11) for a in ("arm64", "universal2"))
    assert platforms == parse("t", "cp310-macosx_12_0_arm64").platforms
    assert "macosx_10_9_universal2" in platforms
    assert not any("x86_64" in platform for platform in platforms)


def test_windows_is_as_it_is() -> None:
    """Windows has one platform tag each."""
    assert [parse("t", f"cp312-{one}").platforms for one in ("win_amd64", "win32")] == [("win_amd64",), ("win32",)]
