"""Where cases install: in memory or on the disk, and what killed runs leave."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from pypi_subset.proof.run import scratch
from pypi_subset.support.machine import holding


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is no such place")
class TestScratch:
    """Where cases install."""

    def test_in_memory(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """It is in memory where there is plenty, and on the disk where there is not, or the user said where."""
        monkeypatch.setattr(scratch, "available", lambda: 10**12)
        monkeypatch.setattr(scratch, "SHARED", Path("/dev/shm"))  # noqa: S108
        if not scratch.roomy(1):
            pytest.skip("there is no such place here")
        with scratch.scratch(tmp_path, 2, {}) as work:
            assert work.parent == scratch.SHARED
        assert not work.exists()
        with scratch.scratch(tmp_path, 2, {"TMPDIR": str(tmp_path)}) as work:
            assert work.parent != scratch.SHARED
        monkeypatch.setattr(scratch, "available", lambda: 0)
        with scratch.scratch(tmp_path, 2, {}) as work:
            assert work.parent != scratch.SHARED

    def test_what_is_needed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """All wheels, unpacked for each process and once more, must find room."""
        asked: list[int] = []
        monkeypatch.setattr(scratch, "roomy", lambda needed: bool(asked.append(needed)))  # type: ignore[func-returns-value]
        (tmp_path / "simple/aa").mkdir(parents=True)
        (tmp_path / "simple/aa/aa-1.0-py3-none-any.whl").write_bytes(b"x" * 1000)
        with scratch.scratch(tmp_path, 3, {}):
            assert asked == [16_000]

    def test_no_programs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """A place that runs no programs is none, since a library there could not be loaded; nor is a plain directory."""
        monkeypatch.setattr(scratch, "available", lambda: 10**12)
        monkeypatch.setattr(scratch, "SHARED", Path("/proc"))
        assert not scratch.roomy(1)
        monkeypatch.setattr(scratch, "SHARED", Path("/usr"))
        assert not scratch.roomy(1)

    def test_the_kernel_says_nothing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Where it is not known how much memory there is, none is used."""
        assert scratch.available() > 0
        monkeypatch.setattr(scratch, "MEMORY", tmp_path / "absent")
        assert scratch.available() == 0

    def test_what_a_killed_run_left(self, tmp_path: Path) -> None:
        """It goes with the next run; the directory of a run that works or starts stays."""
        for name, line in (("dead", "{}\n"), ("alive", "{}\n"), ("starting", "")):
            (tmp_path / f"pypi-subset-proof-{name}").mkdir()
            (tmp_path / f"pypi-subset-proof-{name}/.running").write_text(line)
        (tmp_path / "pypi-subset-proof-ended").mkdir()
        (tmp_path / "pypi-subset-proof-ended/.running").touch()
        os.utime(tmp_path / "pypi-subset-proof-ended/.running", (1, 1))
        (tmp_path / "pypi-subset-proof-strange").mkdir()
        with holding.exclusive(tmp_path / "pypi-subset-proof-alive"):
            scratch.sweep(tmp_path)
        assert sorted(path.name.rpartition("-")[2] for path in tmp_path.iterdir()) == ["alive", "starting", "strange"]
