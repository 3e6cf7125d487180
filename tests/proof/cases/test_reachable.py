"""The projects that a request can lead to."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.requirements import Requirement

from pypi_subset.proof.cases.lock_reader import pin_of
from pypi_subset.proof.cases.reachable import reachable
from tests.support.sites.cases import LINUX, cases
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from pypi_subset.proof.cases.case import Case


def reached(case: Case, line: str) -> Collection[str] | None:
    """Return what *line* leads to on the site of *case*."""
    request = replace(case.requests[0], requirement=Requirement(line))
    return reachable(replace(case, requests=(request,)))


def test_an_extra_counts_if_it_is_asked_for(tmp_path: Path) -> None:
    """By any spelling of it, and along the chain; what no extra decides counts on every machine."""
    aa = make_wheel("aa", extras=["a-b"], requires=["bb", "cc[x]; extra == 'A_b'", "dd; sys_platform == 'win32'"])
    cc = make_wheel("cc", extras=["x"], requires=["ee; extra == 'x'", "ff; extra == 'y'"])
    case = cases(tmp_path, LINUX, ["aa"], [aa, cc, *map(make_wheel, ("bb", "dd", "ee", "ff"))])[1]
    assert reached(case, "aa") == {"aa", "bb", "dd"}
    assert reached(case, "aa[a.b]") == {"aa", "bb", "dd", "cc", "ee"}
    assert reached(case, "absent") == {"absent"}


def test_every_version_counts(tmp_path: Path) -> None:
    """Whichever is installed; the core metadata file beside a wheel counts too, which an installer may read instead."""
    wheels = [make_wheel("aa", "1.0", requires=["bb"]), make_wheel("aa", "2.0", requires=["cc"])]
    case = cases(tmp_path, LINUX, ["aa"], wheels)[1]
    assert reached(case, "aa==2.0") == {"aa", "bb", "cc"}
    (tmp_path / "site/simple/aa/aa-2.0-py3-none-any.whl.metadata").unlink()
    (tmp_path / "site/simple/aa/aa-2.0-py3-none-any.whl.metadata").write_text("Requires-Dist: dd\n")
    assert reached(case, "aa") == {"aa", "bb", "cc", "dd"}


def test_what_cannot_be_read_leads_anywhere(tmp_path: Path) -> None:
    """A damaged wheel, a requirement that is none, and a site elsewhere."""
    case = cases(tmp_path, LINUX, ["aa"], [make_wheel("aa", requires=["bb"]), make_wheel("bb", requires=["?"])])[1]
    assert reached(case, "aa") is None
    (tmp_path / "site/simple/aa/aa-1.0-py3-none-any.whl").unlink()
    (tmp_path / "site/simple/aa/aa-1.0-py3-none-any.whl").write_bytes(b"none")
    assert reached(case, "aa") is None
    assert reachable(replace(case, url="http://127.0.0.1:9")) is None


def test_a_pin_without_its_hashes() -> None:
    """A line of a constraints file is a requirement, and hashes."""
    assert pin_of("aa==1.0 ; python_version < '3' --hash=sha256:00") == Requirement("aa==1.0; python_version < '3'")
