"""Paths that every system can hold."""

from __future__ import annotations

import pytest

from pypi_subset.model import paths as model_paths
from pypi_subset.proof.report.report import FORMS
from pypi_subset.standalone.errors import Refused
from pypi_subset.standalone.importer.reading.paths import TOPS, check_path, check_paths, is_distribution, is_proof


def test_tops_are_those_of_a_site() -> None:
    """A bundle may hold what the tool writes, and ``files``, which it will write; no page of the importer itself."""
    assert model_paths.GENERATED - {model_paths.RELEASE_PAGE} | {"files"} == TOPS


@pytest.mark.parametrize(
    "path",
    [
        "manifest.json",
        ".nojekyll",
        "simple/.htaccess",
        "simple-json/.htaccess",
        "targets/linux/simple/.htaccess",
        "simple/a/a-1.0+cpu-py3-none-any.whl.metadata",
        "simple/a/a-1!2.0.tar.gz",
        "locks/pylock.base--linux.toml",
        "docs/_static/a_b.css",
        "files/1/2/3/4/5/6/7/8/9/10/11",
        "simple/console/x",
        "simple/com/x",
        "simple/com10/x",
        "simple/" + "x" * 233,
    ],
)
def test_good(path: str) -> None:
    """What sites have is accepted."""
    check_path(path)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/simple/x",
        "../x",
        "simple/../../x",
        "simple/./x",
        "simple//x",
        "simple/x/",
        "simple/-x",
        "simple/x.",
        "simple/x /y",
        "simple/x y",
        "simple/x\\y",
        "simple\\x",
        "simple/C:/x",
        "simple/x:y",
        "simple/CON",
        "simple/con.txt",
        "simple/Aux.whl.metadata",
        "simple/nul/x",
        "simple/COM1/x",
        "simple/lpt9.x/y",
        "simple/x\n",
        "simple/x\0",
        "simple/\u00e9",
        "simple/\u0661",
        "simple/\u017f",
        "docs/\u212aelvin.html",
        "simple/\uff0e\uff0e/x",
        "simple/x~1",
        "simple/$x",
        "simple/" + "x" * 234,
        "files/1/2/3/4/5/6/7/8/9/10/11/12",
        "Simple/x",
        "other/x",
        "release.html",
        "state.json",
        ".lock",
        "~/x",
        "simple/...",
        "simple/a/.htaccess",
        "docs/.htaccess",
        ".htaccess",
        "simple/.HTACCESS",
        "simple/.git/config",
        "targets/a/b/simple/.htaccess",
        "docs/.nojekyll",
    ],
)
def test_bad(path: str) -> None:
    """Ways out, names that Windows reserves, other alphabets and other tops are refused, in a message of ASCII."""
    with pytest.raises(Refused, match=r"^the path [ -~]*$"):
        check_path(path)


@pytest.mark.parametrize(
    ("paths", "message"),
    [
        (["simple/a/b", "simple/a/B"], "one file on some systems"),
        (["simple/a/b", "simple/A/c"], "one directory on some systems"),
        (["simple/a", "simple/a/b"], "a file and a directory"),
        (["simple/a", "simple/A/b"], "a file and a directory"),
        (["docs/x/y/z", "docs/X/y/z2"], "one directory on some systems"),
    ],
)
def test_twins(paths: list[str], message: str) -> None:
    """Two paths that one system takes for the same are refused, in any order."""
    for order in (paths, paths[::-1]):
        with pytest.raises(Refused, match=message):
            check_paths(order)
    check_paths(paths[:1])


def test_distributions() -> None:
    """Distributions and their metadata are what clients ask for after they read a page."""
    assert is_distribution("simple/a/a-1.0-py3-none-any.whl")
    assert is_distribution("simple/a/a-1.0-py3-none-any.whl.metadata")
    for path in (
        "simple/index.html",
        "simple/a/index.html",
        "simple/a/index.v1_json",
        "simple/a/.htaccess",
        "docs/a/b",
    ):
        assert not is_distribution(path)


def test_files_of_the_proof() -> None:
    """A proof on the disconnected side replaces exactly what `pypi-subset verify` writes."""
    for path in (*FORMS, model_paths.SIGNATURE):
        assert is_proof(path)
    for path in ("proof/other.html", "proof/a/report.json", "index.html", "proof/index.html.sig"):
        assert not is_proof(path)


def test_same_path_twice_is_one_path() -> None:
    """A path that a list has twice is no twin of itself."""
    check_paths(["simple/a/b", "simple/a/b"])
