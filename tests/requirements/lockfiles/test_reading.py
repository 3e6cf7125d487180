"""What readers of locks share."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from pypi_subset.errors import Fault, InputFaults
from pypi_subset.requirements.lockfiles.entries import Malformed
from pypi_subset.requirements.lockfiles.reading import converted, fault_of, package_lines, project_beside, unknown
from pypi_subset.requirements.places import places_of
from pypi_subset.requirements.source import Source
from pypi_subset.requirements.subset import read_subset
from pypi_subset.requirements.subset_toml import Choice
from pypi_subset.requirements.toml import Settings, parse_toml
from pypi_subset.support import bounds
from tests.support.stages.sources import LINUX


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


SHA = "sha256:" + "0" * 64
UV = {
    "version": 1,
    "requires-python": ">=3.9",
    "supported-markers": ["os_name == 'posix'"],
    "conflicts": [[{"package": "app", "extra": "x"}, {"package": "app", "group": "dev"}]],
    "manifest": {
        "members": ["app", "part"],
        "dependency-groups": {"dev": [{"name": "a"}]},
        "overrides": [{"name": "a"}],
    },
    "package": [
        {
            "name": "app",
            "source": {"editable": "."},
            "dependencies": [{"name": "a", "extra": ["x"], "marker": "extra == 'extra-3-app-x'"}, {"name": "part"}],
            "optional-dependencies": {"x": [{"name": "a", "version": "1.0", "source": {"registry": "r"}}]},
            "dev-dependencies": {"dev": [{"name": "a"}]},
            "metadata": {"requires-dist": [{"name": "a", "specifier": ">=1"}], "provides-extras": ["x"]},
        },
        {"name": "part", "source": {"virtual": "part"}},
        {"name": "a", "version": "1.0", "source": {"registry": "r"}, "wheels": [{"hash": SHA}], "sdist": {"hash": SHA}},
    ],
}
POETRY = {
    "package": [
        {
            "name": "a",
            "version": "1.0",
            "groups": ["main", "x"],
            "markers": {"x": "extra == 'x'"},
            "files": [{"hash": SHA}],
        }
    ],
    "extras": {"x": ["a"]},
    "metadata": {"lock-version": "2.1", "python-versions": ">=3.9", "content-hash": "0"},
}
PDM = {
    "metadata": {
        "groups": ["default", "x"],
        "strategy": ["inherit_metadata"],
        "lock_version": "4.5",
        "targets": [{"requires_python": ">=3.9", "platform": "linux", "implementation": "cpython"}],
    },
    "package": [
        {
            "name": "a",
            "version": "1.0",
            "groups": ["x"],
            "marker": "os_name == 'posix'",
            "files": [{"hash": SHA}],
            "extras": ["y"],
        }
    ],
}
PIPFILE = {
    "_meta": {
        "pipfile-spec": 6,
        "requires": {"python_version": "3.10"},
        "sources": [{"name": "a", "url": "u"}, {"name": "b", "url": "u"}],
    },
    "default": {
        "a": {"version": "==1.0", "hashes": [SHA], "markers": "os_name == 'posix'", "extras": ["x"], "index": "b"}
    },
    "x": {},
}
PROJECT = {
    "project": {"name": "app", "dependencies": ["a>=1"], "optional-dependencies": {"x": ["a"]}},
    "dependency-groups": {"dev": ["a", {"include-group": "x"}], "x": []},
    "tool": {
        "uv": {"default-groups": ["dev"], "sources": {"a": {"git": "x"}}},
        "poetry": {"group": {"x": {"optional": True}}},
    },
}
JUNK = st.sampled_from(
    [
        1,
        1.5,
        True,
        "",
        "x",
        "\x00",
        "9" * 400,
        "==",
        ">=9" * 300,
        "(" * 60,
        [],
        [[]],
        [1],
        {},
        {"": {}},
        {"x": 1},
        "é",
        "\ud800",
    ]
)


def replaced(value: object, path: list[object], junk: object) -> object:
    """Return *value* with *junk* at the *path*, whose parts choose the entry of each level."""
    if not path or not value or not isinstance(value, dict | list):
        return junk
    keys = [*value] if isinstance(value, dict) else [*range(len(value))]
    key = keys[hash(path[0]) % len(keys)]
    made = dict(value) if isinstance(value, dict) else [*value]
    made[key] = replaced(value[key], path[1:], junk)
    return made


@settings(max_examples=250, deadline=None, database=None)
@given(
    st.sampled_from([("uv.lock", UV), ("poetry.lock", POETRY), ("pdm.lock", PDM), ("Pipfile.lock", PIPFILE)]),
    st.lists(st.integers(0, 20), max_size=7),
    JUNK,
    st.booleans(),
    st.sampled_from(["", "extras = ['x']", "groups = ['x']", "extras = ['x']\ngroups = []"]),
)
def test_a_damaged_lock_is_a_plan_or_faults(
    lock: tuple[str, dict[str, object]],
    way: list[object],
    junk: object,
    in_project: bool,  # noqa: FBT001
    table: str,
) -> None:
    """Whatever one value of a lock, or of the project beside it, is replaced by: faults print, no other error comes."""
    name, content = lock
    project: object = PROJECT
    if in_project:
        project = replaced(project, way, junk)
    else:
        content = replaced(content, way, junk)  # type: ignore[assignment]
    with tempfile.TemporaryDirectory() as folder:
        try:
            text = json.dumps(content) if name == "Pipfile.lock" else tomli_w.dumps(content)
            Path(folder, name).write_text(text, encoding="utf-8")
            Path(folder, "pyproject.toml").write_text(tomli_w.dumps(project), encoding="utf-8")  # type: ignore[arg-type]
        except (AttributeError, UnicodeEncodeError, TypeError):
            # TOML has neither such a document nor such a text.
            return
        Path(folder, "subset.toml").write_text(f"{LINUX}[sets.app]\nsource = {name!r}\n{table}\n")
        try:
            (own,) = read_subset(Path(folder)).sets
            found = [bool(one.hashes) for one in own.requests]
        except InputFaults as error:
            found = [bool(str(one)) for one in error.faults]
        assert all(found)


def test_an_unknown_choice_is_a_fault() -> None:
    """Names are compared as they are normalized."""
    assert [one.what for one in unknown(source(Path("x.lock")), {"gui"}, {"DEV"})] == ["x.lock has no group 'x'"]
