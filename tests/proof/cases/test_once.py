"""What one process of a run found of a file, for all others."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from pypi_subset.proof.cases.once import once
from tests.support.sites.cases import WINDOWS, cases
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path


def test_it_is_found_once(tmp_path: Path) -> None:
    """A second call reads what the first found; another question, a changed file, and another run find it again."""
    case = replace(cases(tmp_path, WINDOWS, ["aa"], [make_wheel("aa")])[0], isolated=True)
    (path := tmp_path / "file").write_bytes(b"1")
    calls: list[str] = []

    def found(what: str, work: Path = case.work) -> tuple[str, ...]:
        def find() -> tuple[str, ...]:
            calls.append(what)
            return (what, f"{len(calls)}")

        return once(replace(case, work=work), what, path, find)

    assert found("record") == found("record") == ("record", "1")
    assert found("uv") == ("uv", "2")
    path.write_bytes(b"22")
    assert found("record") == found("record") == ("record", "3")
    assert found("record", tmp_path / "other") == ("record", "4")


def test_without_isolation_nothing_is_read(tmp_path: Path) -> None:
    """The code of packages could write such a file: each call finds for itself."""
    case = replace(cases(tmp_path, WINDOWS, ["aa"], [make_wheel("aa")])[0], isolated=False)
    (path := tmp_path / "file").write_bytes(b"1")
    assert [once(case, "record", path, partial(tuple, one)) for one in "ab"] == [("a",), ("b",)]
    assert not (case.work / "once").exists()


def test_what_cannot_be_kept_is_returned(tmp_path: Path) -> None:
    """A name of a file that is no Unicode, and a directory that cannot be made, cost time alone."""
    case = replace(cases(tmp_path, WINDOWS, ["aa"], [make_wheel("aa")])[0], isolated=True)
    (path := tmp_path / "file").write_bytes(b"1")
    for work in (case.work, path):
        assert once(replace(case, work=work), "record", path, lambda: ("\udc80",)) == ("\udc80",)
