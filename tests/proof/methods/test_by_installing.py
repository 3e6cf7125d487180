"""A target that runs here: a fresh environment, a real installation, real imports."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from tests.support.sites.cases import HERE, OWN, cases, outcome
from tests.support.wheels import Wheel, make_wheel

if TYPE_CHECKING:
    from pathlib import Path
from pathlib import Path
from typing import TYPE_CHECKING

from virtualenv.seed.wheels import embed

from pypi_subset.distributions.wheel import read_metadata
from tests.support.sites.cases import prove_first

pytestmark = pytest.mark.usefixtures("forked_pip")


@pytest.mark.slow
def test_installed(tmp_path: Path, shared: Path) -> None:
    """The running interpreter proves the host: installed, checked, imported, and named in the result."""
    files = {"aa_space/inner.py": b"import bb\n"}
    aa = make_wheel("aa", requires=["bb", "stubs"], files=files)
    stubs = make_wheel("stubs", files={"stubs.py": b"", "aa-stubs/__init__.pyi": b""})
    joint, *_ = cases(tmp_path, HERE, ["aa", "bb"], [aa, make_wheel("bb"), stubs], installed=shared)
    check = prove_first(joint)
    assert outcome(check) == ("passed", "")
    assert (check.proof, check.interpreter) == ("installed", str(OWN[0]))


@pytest.mark.slow
def test_import_that_fails(tmp_path: Path, shared: Path) -> None:
    """A project that installs but needs a module that nothing declares is red."""
    wheel = make_wheel("aa", files={"aa.py": b"import undeclared\n"})
    _, alone = cases(tmp_path, HERE, ["aa"], [wheel], installed=shared)
    assert outcome(prove_first(alone)) == (
        "failed",
        "importing aa of aa on here failed: ModuleNotFoundError: No module named 'undeclared'",
    )


@pytest.mark.slow
def test_import_of_what_an_extra_brings(tmp_path: Path, shared: Path) -> None:
    """A part of a project that needs an extra which nobody asked for may fail to import: that is a note."""
    files = {"aad.py": b"raise ImportError('for this, install aa[d]')\n"}
    check = prove_first(cases(tmp_path, HERE, ["aa"], [make_wheel("aa", files=files)], installed=shared)[0])
    assert (check.status, check.notes) == ("passed", ("aa: aad needs the extra d, which was not asked for",))


@pytest.mark.slow
def test_import_of_what_an_extra_does_not_bring_here(tmp_path: Path, shared: Path) -> None:
    """The request asks for the extra, whose requirement is for other machines: what the module lacks is red."""
    needs = ["bb; extra == 'all' and sys_platform == 'elsewhere'"]
    aa = make_wheel("aa", files={"aa.py": b"import bb\n"}, extras=["all"], requires=needs)
    check = prove_first(cases(tmp_path, HERE, ["aa[all]"], [aa], installed=shared)[0])
    assert check.status == "failed"
    assert "No module named 'bb' (the extra all was asked for, and brings it only as bb;" in check.reason


@pytest.mark.slow
def test_pip_check(tmp_path: Path, shared: Path) -> None:
    """What pip finds wrong with the environment is red: here a wheel that contradicts its own file name."""
    wheel = replace(make_wheel("aa", tag="cp27-none-any"), filename="aa-1.0-py3-none-any.whl")
    check = prove_first(cases(tmp_path, HERE, ["aa"], [wheel], installed=shared)[0])
    assert outcome(check) == ("failed", "pip check on here: aa 1.0 is not supported on this platform")


@pytest.mark.slow
def test_setuptools_is_not_there_by_itself(tmp_path: Path, shared: Path) -> None:
    """A missing setuptools is missed: the fresh environment is seeded with pip alone."""
    wheel = make_wheel("aa", requires=["setuptools"])
    check = prove_first(cases(tmp_path, HERE, ["aa"], [wheel], installed=shared)[0])
    assert outcome(check) == ("failed", "setuptools (needed by aa 1.0 on here: setuptools) is not in the subset")


@pytest.mark.slow
def test_pip_of_the_subset_is_installed(tmp_path: Path, shared: Path) -> None:
    """A subset that contains pip has that very pip installed in the seeded one's place; a missing one is missed."""
    path = max(Path(embed.__file__).parent.glob("pip-*.whl"))
    own = Wheel(path.name, path.read_bytes(), read_metadata(path, path.name))
    wheel = make_wheel("aa", requires=["pip"])
    assert (
        outcome(prove_first(cases(tmp_path / "with", HERE, ["aa"], [wheel, own], installed=shared)[0]))[0] == "passed"
    )
    check = prove_first(cases(tmp_path / "without", HERE, ["aa"], [wheel], installed=shared)[0])
    assert outcome(check)[0] == "failed"
    assert "pip (needed by aa 1.0 on here: pip) is not in the subset" in check.reason
