"""The script that calls the hooks of a back-end, on real back-ends."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

from pypi_subset.sdists.build import HOOK

if TYPE_CHECKING:
    from pathlib import Path


def called(folder: Path, hook: str, backend: str, *paths: str) -> tuple[int, str, object]:
    """Return exit code, standard error and result of a call of *hook*; the source is *folder*."""
    output, result = folder / "out", folder / "result.json"
    output.mkdir(exist_ok=True)
    words = [hook, backend, json.dumps([str(folder / one) for one in paths]), folder, output, result]
    command = [sys.executable, "-s", str(HOOK), *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.returncode, done.stderr, json.loads(result.read_bytes()) if result.exists() else None


def test_a_back_end_of_the_source(tmp_path: Path) -> None:
    """It works in the source, and the result is what the hook returned, whatever it prints."""
    (tmp_path / "own.py").write_text(
        "import os\nclass Inner:\n  @staticmethod\n  def build_wheel(directory, settings):\n"
        "    print('x'); open(directory + '/made', 'w'); return os.path.basename(os.getcwd()) + str(settings)\n"
    )
    code, said, result = called(tmp_path, "build_wheel", "own:Inner", ".")
    assert (code, said, result) == (0, "", f"{tmp_path.name}None")
    assert oct((tmp_path / "out" / "made").stat().st_mode & 0o777) == "0o644"


def test_a_hook_that_is_not_there(tmp_path: Path) -> None:
    """``get_requires_for_build_wheel`` is optional (PEP 517)."""
    (tmp_path / "own.py").write_text("")
    assert called(tmp_path, "get_requires_for_build_wheel", "own", ".") == (0, "", [])


def test_a_back_end_elsewhere_than_it_says(tmp_path: Path) -> None:
    """What ``backend-path`` names must hold the back-end; the source itself is on no path without it."""
    (tmp_path / "json_").mkdir()
    code, said, _ = called(tmp_path, "build_wheel", "json", "json_")
    assert code == 1
    assert "json is not in backend-path" in said
    (tmp_path / "own.py").write_text("")
    code, said, _ = called(tmp_path, "build_wheel", "own")
    assert code == 1
    assert "No module named 'own'" in said
