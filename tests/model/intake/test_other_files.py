"""Paths of other files: each system can hold them, each importer takes them, and nothing else is one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pypi_subset.bundle.contents import require_portable
from pypi_subset.model.intake.other_files import OtherFile, fault_of, is_other
from pypi_subset.standalone.importer.reading.paths import check_path

GOOD = (
    *("a", "models/small.onnx", "deb/htop_3.2.2-2_amd64.deb", "vscode/ms-python.python-2026.1.0.vsix"),
    *("python/20261110/cpython-3.12.16+20261110-x86_64-unknown-linux-gnu-install_only_stripped.tar.gz", "a!b", "_x"),
)
BAD = {
    "../a": "is no path below files/",
    "a/../b": "is no path below files/",
    "/etc/passwd": "is no path below files/",
    "a//b": "is no path below files/",
    "a/": "is no path below files/",
    "": "is no path below files/",
    ".": "is no path below files/",
    "a\\b": "is no path below files/",
    "C:/a": "has ':', which not every system can hold",
    "a b": "has ' ', which not every system can hold",
    "a\x07": "has '\\x07', which not every system can hold",
    "\u00e9": "has '\u00e9', which not every system can hold",
    "e\u0301": "has '\u0301', which not every system can hold",
    "a~1": "has '~', which not every system can hold",
    ".htaccess": "has the hidden part '.htaccess'",
    "a/.git/config": "has the hidden part '.git'",
    "-rf": "has the part '-rf'",
    "a.": "has the part 'a.'",
    "CON": "has the part 'CON', a device on Windows",
    "a/nul.txt": "has the part 'nul.txt', a device on Windows",
    "com0": "has the part 'com0', a device on Windows",
    "a" * 300: "is too long",
    "/".join("a" * 12): "is too long",
    "index.html": "is a file that mirror writes",
    "Index.HTML": "is a file that mirror writes",
    "python/downloads.json": "is a file that mirror writes",
    "index.html/x": "is below a file that mirror writes",
    "python/downloads.json/x": "is below a file that mirror writes",
    "Python": "is the directory of a file that mirror writes",
}


@pytest.mark.parametrize("to", GOOD)
def test_good_paths(to: str) -> None:
    """The path stands below ``files/``."""
    assert fault_of(to) == ("", "")
    assert OtherFile(to=to, sha256="").path == f"files/{to}"
    assert is_other(f"files/{to}")


@pytest.mark.parametrize("to", BAD)
def test_bad_paths(to: str) -> None:
    """The fault is named, with a next step."""
    what, step = fault_of(to)
    assert (what, bool(step)) == (BAD[to], True)
    assert not is_other(f"files/{to}")


@pytest.mark.parametrize("path", ["a", "models/a", "files", "filesa", "simple/a/b", ""])
def test_paths_elsewhere(path: str) -> None:
    """What is not below ``files/`` is no other file."""
    assert not is_other(path)


@given(st.text(st.sampled_from("aZ9.-_+!/ \\~:\u00e9"), max_size=30) | st.sampled_from(["aux/x", "x/lpt9.gz"]))
def test_bundles_carry_every_good_path(to: str) -> None:
    """The bundle and its importer take each path that is no fault here."""
    if fault_of(to) == ("", ""):
        check_path(f"files/{to}")
        require_portable([f"files/{to}"])
