"""A target that runs here: a fresh environment, a real installation, real imports."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pypi_subset.model.checks import Finding
from pypi_subset.model.policy import Acceptance
from pypi_subset.proof.methods.prove import prove
from tests.support.sites.cases import HERE, OWN, cases, outcome
from tests.support.wheels import Wheel, make_wheel

if TYPE_CHECKING:
    from pathlib import Path
from pathlib import Path
from typing import TYPE_CHECKING

from virtualenv.seed.wheels import embed

from pypi_subset.distributions.wheel import read_metadata
from pypi_subset.proof.cases.case import cases_of
from pypi_subset.targets import tag
from tests.support.sites.cases import interpreters_here, prove_first
from tests.support.sites.subset_on_disk import SubsetOnDisk

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
    """A project that installs and lacks a part of itself is red; if the user accepts that, it is amber until then."""
    wheel = make_wheel("aa", files={"aa.py": b"import aa.part\n"})
    _, alone = cases(tmp_path, HERE, ["aa"], [wheel], installed=shared)
    words = "importing aa of aa on here failed: ModuleNotFoundError: No module named 'aa.part'; 'aa' is not a package"
    assert outcome(prove_first(alone)) == ("failed", words)
    one = Acceptance(rule="import", project="aa", reason="known", until="9999-12-31")
    check = prove_first(replace(alone, accepted=(one,)))
    assert outcome(check) == ("amber", f"{words} (accepted until 9999-12-31: known)")
    assert check.findings == (Finding(rule="import", project="aa", what=words, reason="known", until="9999-12-31"),)


@pytest.mark.slow
def test_import_of_what_nothing_declares(tmp_path: Path, shared: Path) -> None:
    """It is amber by each route, with the likely project; with strict_imports it is red."""
    wheel = make_wheel("aa", files={"aa.py": b"import bs4\n"})
    _, alone = cases(tmp_path, HERE, ["aa"], [wheel], installed=shared)
    words = "importing aa of aa on here lacks bs4, which nothing here declares: likely the project beautifulsoup4"
    checks = [check for check in prove(alone) if check.proof == "installed"]
    assert [outcome(check) for check in checks] == [("amber", words)] * 3
    assert {one.likely for check in checks for one in check.findings} == {"beautifulsoup4"}
    assert outcome(prove_first(replace(alone, strict_imports=True))) == ("failed", words)


@pytest.mark.slow
def test_names_in_the_metadata_decide(tmp_path: Path, shared: Path) -> None:
    """Import-Name of METADATA 2.5 names what is public; a private module may fail."""
    wheel = make_wheel(
        "aa", files={"aa.py": b"", "bb.py": b"1/0\n"}, more=["Import-Name: aa", "Import-Name: bb; private"]
    )
    _, alone = cases(tmp_path, HERE, ["aa"], [wheel], installed=shared)
    assert outcome(prove_first(alone)) == ("passed", "")
    wheel = make_wheel("aa", files={"aa.py": b"1/0\n"}, more=["Import-Name:"])
    (folder := tmp_path / "again").mkdir()
    check = prove_first(cases(folder, HERE, ["aa"], [wheel], installed=shared)[1])
    assert (check.status, check.notes) == ("passed", ("aa names no public module, nothing to import",))


@pytest.mark.slow
def test_import_of_what_an_extra_brings(tmp_path: Path, shared: Path) -> None:
    """A part of a project that needs an extra which nobody asked for may fail to import: that is a note."""
    files = {"aad.py": b"raise ImportError('for this, install aa[d]')\n"}
    check = prove_first(
        cases(tmp_path, HERE, ["aa"], [make_wheel("aa", files=files, extras=["d"])], installed=shared)[0]
    )
    assert (check.status, check.notes) == ("passed", ("aa: aad needs the extra d, which was not asked for",))


@pytest.mark.slow
def test_import_of_what_an_extra_does_not_bring_here(tmp_path: Path, shared: Path) -> None:
    """The request asks for the extra, whose requirement is for other machines: what the module lacks is undeclared."""
    needs = ["bb; extra == 'all' and sys_platform == 'elsewhere'"]
    aa = make_wheel("aa", files={"aa.py": b"import bb\n"}, extras=["all"], requires=needs)
    check = prove_first(cases(tmp_path, HERE, ["aa[all]"], [aa], installed=shared)[0])
    assert check.status == "amber"
    assert "lacks bb, which nothing here declares: likely the project bb; aa requires it only as bb;" in check.reason


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


@pytest.mark.slow
def test_projects_that_pypy_brings(tmp_path: Path) -> None:
    """pip on a PyPy finds what that brings installed, and so does the walk; each PyPy of this machine is tried."""
    for one in interpreters_here():
        if one.implementation != "pp" or one.kind != "linux_x86_64":
            continue
        own = dict(one.markers)["implementation_version"]
        target = tag.parse("pypy", f"pp3{one.version[1]}-manylinux2014_x86_64", given={"implementation_version": own})
        app = make_wheel("app", requires=["cffi>=1", "greenlet"])
        lines = ["app", "cffi", "greenlet"]
        root = tmp_path / one.path.name
        subset = SubsetOnDisk(root, targets=[target], lines=lines, pins={"pypy": [app]}).write()
        for case in cases_of(subset.plan, subset.paths, [one], root / "work"):
            checks = [check for check in prove(case) if check.proof == "installed"]
            assert [(check.status, check.reason) for check in checks if check.status != "passed"] == []
            assert len(checks) == 3
