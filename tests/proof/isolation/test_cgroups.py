"""Control groups, where this process may make one."""

from __future__ import annotations

from pathlib import Path

import pytest

from pypi_subset.proof.isolation import cgroups


@pytest.fixture(autouse=True)
def forgotten() -> None:
    """Look again."""
    cgroups._parent.cache_clear()  # noqa: SLF001


def test_made_and_removed() -> None:
    """A group limits memory as it was told; after that nothing is left of it."""
    group = cgroups.make(1 << 30, 99)
    if group is None:
        pytest.skip("no control group may be made here")
    (limit,) = [group / name for name in ("memory.max", "memory.limit_in_bytes") if (group / name).exists()]
    assert int(limit.read_text()) == 1 << 30
    cgroups.remove(group)
    assert not group.exists()


@pytest.mark.parametrize(
    ("mounts", "lines", "found"),
    [
        ("cgroup2 /c cgroup2 rw 0 0\n", "0::/user.slice/x\n", ["/c/user.slice/x"]),
        ("c /m cgroup rw,memory 0 0\nc /p cgroup rw,pids 0 0\n", "4:memory:/a\n8:pids:/\n", ["/m/a"]),
        ("tmpfs /t tmpfs rw 0 0\n", "0::/\n", []),
    ],
)
def test_where_groups_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mounts: str, lines: str, found: list[str]
) -> None:
    """Both versions of the interface are read; other file systems are none."""
    monkeypatch.setattr(cgroups, "_MOUNTS", tmp_path / "mounts")
    monkeypatch.setattr(cgroups, "_GROUPS", tmp_path / "cgroup")
    (tmp_path / "mounts").write_text(mounts)
    (tmp_path / "cgroup").write_text(lines)
    assert cgroups._own() == [Path(one) for one in found]  # noqa: SLF001


def test_where_none_can_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory that is no control group limits nothing, and nothing is left in it."""
    monkeypatch.setattr(cgroups, "_own", lambda: [tmp_path / "absent"])
    assert cgroups.make(1, 1) is None
    cgroups.remove(None)


def test_a_system_that_says_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the kernel lists no mounts there is no group."""
    monkeypatch.setattr(cgroups, "_MOUNTS", tmp_path / "absent")
    assert cgroups._own() == []  # noqa: SLF001
