"""What readers of locks share."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from msgspec import Struct

from pypi_subset.errors import Fault
from pypi_subset.requirements.lockfiles.entries import Malformed
from pypi_subset.requirements.lockfiles.reading import converted, fault_of, package_lines, project_beside, unknown
from pypi_subset.requirements.places import places_of
from pypi_subset.requirements.source import Source
from pypi_subset.requirements.subset_toml import Choice
from pypi_subset.requirements.toml import Settings, parse_toml
from pypi_subset.support import bounds


class _Named(Struct):
    name: str


class _Lock(Struct):
    package: list[_Named]


def document(text: str) -> Settings:
    """Return a document in TOML."""
    found = parse_toml(Path("x.lock"), text)
    assert not isinstance(found, Fault)
    return found


def source(path: Path) -> Source:
    """Return the source of a set at *path*."""
    return Source(
        set_name="app",
        path=path,
        choice=Choice(targets=(), extras=("Gui",), groups=("dev", "x")),
        targets=(),
        settings=replace(document("[sets.app]"), path=Path("subset.toml")),
        places=places_of(path.parent / "requirements"),
    )


def test_a_mistake_is_at_the_line_of_its_package() -> None:
    """Of a list that is written in another way, at the line of the list."""
    for text, line in (
        ('[[package]]\nname = "a"\n\n[[package]]\nname = 1\n', 4),
        ('x = 1\npackage = [{ name = "a" }, { name = 1 }]', 2),
    ):
        found = document(text)
        with pytest.raises(Malformed) as caught:
            converted(found, _Lock, package_lines(found))
        assert (caught.value.what, caught.value.line) == ("expected 'str', got 'int' - at '$.package[1].name'", line)
        assert str(fault_of(caught.value, source(Path("x.lock")), "tool lock")) == (
            f"x.lock:{line}: expected 'str', got 'int' - at '$.package[1].name'; write it again: tool lock"
        )


def test_many_packages_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock has an upper bound."""
    monkeypatch.setattr(bounds, "MOST_REQUESTS", 1)
    with pytest.raises(Malformed, match="more than 1 packages"):
        package_lines(document("[[package]]\n[[package]]\n"))


def test_the_project_beside_a_lock_is_read_if_it_may_be(tmp_path: Path) -> None:
    """One that is broken, or stands elsewhere, is not there."""
    lock = tmp_path / "uv.lock"
    assert project_beside(source(lock)) is None
    for text, readable in (("a = 1", True), ("a = ", False), ("a = 1\xff", False)):
        lock.with_name("pyproject.toml").write_bytes(text.encode("latin-1"))
        assert (project_beside(source(lock)) is not None) is readable
    lock.with_name("pyproject.toml").unlink()
    (tmp_path.parent / "away.toml").write_text("a = 1")
    lock.with_name("pyproject.toml").symlink_to(tmp_path.parent / "away.toml")
    assert project_beside(source(lock)) is None


def test_an_unknown_choice_is_a_fault() -> None:
    """Names are compared as they are normalized."""
    assert [one.what for one in unknown(source(Path("x.lock")), {"gui"}, {"DEV"})] == ["x.lock has no group 'x'"]
