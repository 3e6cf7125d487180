"""Bytecode for all boxes of a run: compiled without running anything, and read from where no import writes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from pypi_subset.proof.isolation.outcome import outcome
from pypi_subset.proof.machines import boxes, bytecode
from pypi_subset.proof.machines.venvs import fresh_environment
from tests.support.sites.cases import OWN

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there are no boxes")
def test_what_is_compiled(tmp_path: Path, shared: Path) -> None:
    """Modules of the environment and of Python, but no tests; a file with an error and a ``.pth`` do no harm."""
    (tmp_path / "case").mkdir(mode=0o755)
    tmp_path.chmod(0o755)
    fresh = fresh_environment(OWN[0], tmp_path / "case", shared)
    library = fresh.libraries[0]
    (library / "tests").mkdir()
    for name, text in (("good", ""), ("bad", "("), ("tests/test", "")):
        (library / f"{name}.py").write_text(text)
    (library / "ran.pth").write_text(f"import os; open({str(tmp_path / 'into' / 'ran')!r}, 'w').close()\n")
    bytecode.compiled(OWN[0], fresh, tmp_path / "into")
    found = {path.name.partition(".")[0] for path in (tmp_path / "into").rglob("*") if path.is_file()}
    assert {"good", "json", "decoder"} - {"json"} <= found
    assert not found & {"bad", "test", "ran"}
    box = boxes.asking(
        OWN[0], (fresh.root, fresh.seed), tmp_path / "case", uid=1, isolated=True, compiled=tmp_path / "into"
    )
    code = "import good, json.decoder, os; print(*map(os.path.exists, (good.__cached__, json.decoder.__cached__)))"
    assert outcome(box, [fresh.python, "-I", *box.options, "-c", code], 30).stdout == b"True True\n"
    code = "import good; open(good.__cached__, 'ab')"
    assert b"Read-only file system" in outcome(box, [fresh.python, "-I", *box.options, "-c", code], 30).stderr
