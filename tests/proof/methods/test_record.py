"""Wheels that contradict their own RECORD, and what a RECORD may leave out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.proof.methods import record
from pypi_subset.proof.methods.prove import prove
from tests.support.sites.cases import WINDOWS, cases, outcome
from tests.support.wheels import make_wheel, record_of, rewritten, without

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = pytest.mark.usefixtures("forked_pip")


@pytest.mark.slow
def test_other_bytes_than_the_record_says(tmp_path: Path) -> None:
    """A wheel of which a member is not what RECORD promises is red, though page, lock and pip agree on the wheel."""
    broken = make_wheel("aa", files={"aa-1.0.dist-info/RECORD": b""})
    record = b"aa.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0\naa-1.0.dist-info/RECORD,,\n"
    broken = rewritten(broken, record)
    first, second, *_ = prove(cases(tmp_path, WINDOWS, ["aa"], [broken])[0])
    words = "aa-1.0-py3-none-any.whl contradicts its own RECORD: hash / size of aa.py didn't match RECORD"
    assert outcome(first) == outcome(second) == ("failed", words)


@pytest.mark.slow
def test_a_file_of_the_record_that_is_not_there(tmp_path: Path) -> None:
    """A wheel that lacks a file which its RECORD names is red, though pip installs it and says nothing."""
    whole = make_wheel("aa", files={"aa/__init__.py": b"from aa import core\n", "aa/core.py": b""})
    check = prove(cases(tmp_path, WINDOWS, ["aa"], [without(whole, "aa/core.py")])[0])[0]
    words = "aa-1.0-py3-none-any.whl contradicts its own RECORD: aa/core.py is in RECORD, and not in the wheel"
    assert outcome(check) == ("failed", words)


@pytest.mark.slow
def test_what_a_record_may_name_without_a_file(tmp_path: Path) -> None:
    """A signature of RECORD, and a folder, need not be there."""
    wheel = make_wheel("aa")
    more = b"aa-1.0.dist-info/RECORD.jws,,\naa-1.0.dist-info/RECORD.p7s,,\naa/,,\n"
    check = prove(cases(tmp_path, WINDOWS, ["aa"], [rewritten(wheel, record_of(wheel) + more)])[0])[0]
    assert (*outcome(check), check.notes) == ("passed", "", ())


@pytest.mark.slow
def test_what_the_record_leaves_out_is_noted(tmp_path: Path) -> None:
    """A member that RECORD does not mention was installed as its author built it; people are told."""
    wheel = make_wheel("aa", files={"aa_more.py": b""})
    lines = [line for line in record_of(wheel).splitlines() if not line.startswith(b"aa_more")]
    check = prove(cases(tmp_path, WINDOWS, ["aa"], [rewritten(wheel, b"\n".join(lines) + b"\n")])[0])[0]
    assert (check.status, check.notes) == (
        "passed",
        ("aa-1.0-py3-none-any.whl: aa_more.py is not mentioned in RECORD",),
    )


def test_the_same_file_is_read_once(tmp_path: Path) -> None:
    """A file that did not change since is not read again; one that did is."""
    path = make_wheel("aa").save(tmp_path)
    assert record.issues(path, 1) == ()
    path.write_bytes(rewritten(make_wheel("aa"), b"aa.py,sha256=AA,1\n").data)
    assert record.issues(path, 1) == ()
    assert record.issues(path, 2)


@pytest.mark.parametrize("data", [b"", b"no archive", make_wheel("aa").data[:-40]])
def test_a_damaged_archive(tmp_path: Path, data: bytes) -> None:
    """A file that is no archive is an issue in one line, not an error."""
    path = tmp_path / "aa-1.0-py3-none-any.whl"
    path.write_bytes(data)
    (issue,) = record.issues(path, len(data))
    assert issue.startswith("Unable to retrieve")


def test_no_issue_names_a_directory(tmp_path: Path) -> None:
    """What is said of a wheel does not tell where it lies."""
    path = rewritten(make_wheel("aa"), b"nonsense").save(tmp_path)
    found = record.issues(path, 1)
    assert found
    assert not any(str(tmp_path) in issue for issue in found)
