"""Wheels that contradict their own RECORD, and what a RECORD may leave out."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from pypi_subset.proof.methods import record
from pypi_subset.proof.methods.prove import prove
from tests.support.sites.cases import HERE, WINDOWS, cases, outcome, prove_first
from tests.support.wheels import make_wheel, record_of, rewritten, without

if TYPE_CHECKING:
    from pathlib import Path


pytestmark = pytest.mark.usefixtures("forked_pip")


@pytest.mark.slow
def test_other_bytes_than_the_record_says(tmp_path: Path) -> None:
    """A wheel of which a member is not what RECORD promises is red, though page, lock and pip agree on the wheel."""
    wheel = make_wheel("aa")
    others = record_of(wheel).splitlines()[1:]
    record = b"\n".join([b"aa.py,sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU,0", *others, b""])
    broken = rewritten(wheel, record)
    first, second, *_ = prove(cases(tmp_path, WINDOWS, ["aa"], [broken])[0])
    words = "aa-1.0-py3-none-any.whl contradicts its own RECORD: hash / size of aa.py didn't match RECORD"
    assert outcome(first) == outcome(second) == ("failed", words)


@pytest.mark.slow
def test_a_file_of_the_record_that_is_not_there(tmp_path: Path) -> None:
    """A wheel that lacks a file which its RECORD names is red, though pip installs it and says nothing."""
    whole = make_wheel("aa", files={"aa/__init__.py": b"from aa import core\n", "aa/core.py": b""})
    check = prove(cases(tmp_path, WINDOWS, ["aa"], [without(whole, "aa/core.py")])[0])[0]
    words = "aa-1.0-py3-none-any.whl lacks 'aa/core.py' of its RECORD"
    assert outcome(check) == ("failed", words)


@pytest.mark.slow
def test_what_a_record_may_name_without_a_file(tmp_path: Path) -> None:
    """A signature of RECORD need not be there, nor need a directory of the wheel be a member."""
    wheel = make_wheel("aa", files={"aa/__init__.py": b"", "aa/data/x.txt": b""})
    more = b"aa-1.0.dist-info/RECORD.jws,,\naa-1.0.dist-info/RECORD.p7s,,\naa/data/,,\naa-1.0.dist-info/,,\n"
    check = prove(cases(tmp_path, WINDOWS, ["aa"], [rewritten(wheel, record_of(wheel) + more)])[0])[0]
    assert (*outcome(check), check.notes) == ("passed", "", ())


@pytest.mark.parametrize("row", ["six/", "../../../x/", "/abs/"])
def test_a_directory_that_is_not_there(tmp_path: Path, row: str) -> None:
    """A directory of RECORD in which the wheel has no file is an issue: pip removes it with what others have in it."""
    wheel = make_wheel("aa")
    path = rewritten(wheel, record_of(wheel) + f"{row},,\n".encode()).save(tmp_path)
    assert record.issues(path, 1) == (f"{row} is in RECORD, and not in the wheel",)


@pytest.mark.slow
@pytest.mark.parametrize("installed", [False, True])
def test_a_hash_of_the_record_is_compared(tmp_path: Path, installed: bool) -> None:  # noqa: FBT001 - a parameter
    """A member with another hash is red, on a machine that is not here as on this one."""
    wheel = make_wheel("aa", files={"aa_more.py": b""})
    record = record_of(wheel).replace(b"aa_more.py,sha256=47DEQ", b"aa_more.py,sha256=AADEQ")
    target, place = (HERE, tmp_path / "here") if installed else (WINDOWS, None)
    check = prove_first(cases(tmp_path, target, ["aa"], [rewritten(wheel, record)], installed=place)[0])
    words = "aa-1.0-py3-none-any.whl contradicts its own RECORD: hash / size of aa_more.py didn't match RECORD"
    assert outcome(check) == ("failed", words)


@pytest.mark.parametrize(("right", "count"), [(True, 0), (False, 1)])
def test_a_hash_in_hexadecimal(tmp_path: Path, right: bool, count: int) -> None:  # noqa: FBT001 - a parameter
    """Some builders write hashes in hexadecimal: they are read, and compared."""
    wheel = make_wheel("aa", files={"aa_more.py": b""})
    digest = hashlib.sha256(b"" if right else b"other").hexdigest().encode()
    lines = [line for line in record_of(wheel).splitlines() if not line.startswith(b"aa_more")]
    path = rewritten(wheel, b"\n".join([*lines, b"aa_more.py,sha256=" + digest + b",0", b""])).save(tmp_path)
    assert len(record.issues(path, 1)) == count


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
