"""A request is read as hostile input: each manipulation is refused in one line, and what is read can be written to a file."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from pypi_subset.errors import SubsetError
from pypi_subset.requirements.requested.document import FACTS, read_request, requested_in
from pypi_subset.standalone.describe_target import describe
from pypi_subset.support import bounds
from pypi_subset.support.resources import shipped
from tests.support.gap.requests import run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LINE = {"name": "app", "extras": [], "specifier": ">=1", "marker": ""}


@pytest.fixture(scope="module")
def machine() -> dict[str, Any]:
    """Return the description of this machine."""
    found: dict[str, Any] = json.loads(json.dumps(describe()))
    return found


@pytest.fixture
def document(machine: dict[str, Any]) -> dict[str, Any]:
    """Return a good request."""
    head = {"schema": "1.0", "kind": "pypi-subset request", "set": "base", "target": "lab"}
    return {**head, "requirements": [dict(LINE)], "machine": json.loads(json.dumps(machine))}


def error_of(data: bytes, path: Path) -> str:
    """Return the line about a file that is refused."""
    path.write_bytes(data)
    with pytest.raises(SubsetError) as caught:
        read_request(path)
    lines = caught.value.lines
    assert len(lines) == 1
    assert lines[0].isprintable()
    assert len(lines[0]) < 500
    return lines[0]


def test_what_the_machine_writes_is_read(tmp_path: Path) -> None:
    """The request of this machine is that of its schema, with a target that has all tags."""
    path = tmp_path / "request.json"
    done = run("App[b,a]>=1,<2; python_version<'4'", "lib", "lib", "--set", "base", "--target", "lab", "--to", path)
    assert done.code == 0, done.err
    jsonschema.validate(json.loads(path.read_bytes()), json.loads(shipped("schemas", "request.schema.json")))
    found = read_request(path)
    assert [*map(str, found.requirements)] == ['App[a,b]<2,>=1; python_version < "4"', "lib"]
    assert (found.set_name, found.target_name, found.path) == ("base", "lab", path)
    assert found.machine is not None
    assert (found.machine.name, found.machine.described) == ("lab", True)
    assert run("lib", "--no-machine", "--to", path).code == 0
    assert (read_request(path).machine, read_request(path).description) == (None, None)


def test_facts_are_those_of_a_description() -> None:
    """Each fact that describe_target.py prints is known, and no other one."""
    assert describe().keys() == FACTS


def _line(**changes: object) -> Callable[[dict[str, Any]], None]:
    return lambda document: document["requirements"][0].update(changes)


def _fact(**changes: object) -> Callable[[dict[str, Any]], None]:
    return lambda document: document["machine"].update(changes)


def _top(**changes: object) -> Callable[[dict[str, Any]], None]:
    return lambda document: document.update(changes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_top(kind="pypi-subset receipt"), "Invalid enum value 'pypi-subset receipt'"),
        (_top(schema="2.0"), "the request has schema 2.0, and this version reads 1.0"),
        (_top(schema=1.5), "its schema is 1.5"),
        (_top(more=1), "unknown field `more`"),
        (_top(**{"\x1b[31m": 1}), "unknown field"),
        (_top(set="../base"), "set is not a name: lower-case letters, digits, and single - or _ between them"),
        (_top(set="Base"), "set is not a name: lower-case letters, digits, and single - or _ between them"),
        (_top(target="lab\n"), "target is not a name: lower-case letters, digits, and single - or _ between them"),
        (_top(target="a" * 101), "length <= 100"),
        (_top(requirements=[]), "length >= 1"),
        (_top(requirements=[LINE] * 1001), "length <= 1000"),
        (_top(requirements={}), "Expected `array`"),
        (_top(requirements=["app"]), "Expected `object`"),
        (_top(machine=[]), "Expected `object | null`"),
        (
            _line(name="-e"),
            "requirements[0].name is not the name of a project: letters, digits, and . _ - between them",
        ),
        (
            _line(name="--index-url=x"),
            "requirements[0].name is not the name of a project: letters, digits, and . _ - between them",
        ),
        (
            _line(name="app\n-e x"),
            "requirements[0].name is not the name of a project: letters, digits, and . _ - between them",
        ),
        (
            _line(name="app @ https://x.test/a.whl"),
            "requirements[0].name is not the name of a project: letters, digits, and . _ - between them",
        ),
        (_line(name="a" * 201), "length <= 200"),
        (_line(name=None), "Expected `str`"),
        (_line(url="https://x.test"), "unknown field `url`"),
        (_line(extras=["a]"]), "requirements[0].extras[0] is not the name of a project: letters"),
        (_line(extras=["a"] * 51), "length <= 50"),
        (_line(specifier=">=1; os_name == 'nt'"), "its name or its versions have further parts"),
        (_line(specifier="[x]>=1"), "its name or its versions have further parts"),
        (_line(specifier="@ https://x.test/a.whl"), "requirement 1: it is no requirement"),
        (_line(specifier=" @ file:///srv/a.whl"), "requirement 1: it is no requirement"),
        (_line(specifier=">=1 --hash=sha256:00"), "requirement 1: it is no requirement"),
        (_line(specifier=">=1\n-r /srv/secret"), "requirement 1: it is no requirement"),
        (_line(specifier=">=1 # x"), "requirement 1: it is no requirement"),
        (_line(specifier=">=${HOME}"), "requirement 1: it is no requirement"),
        (_line(specifier="==nonsense"), "requirement 1: Expected"),
        (_line(specifier=f"=={'9' * 301}"), "it has a number of more than 300 digits"),
        (_line(specifier="b>=1"), "its name or its versions have further parts"),
        (_line(marker="os_name == 'nt' # x"), "its marker is damaged"),
        (_line(marker="os_name == '${HOME}'"), "its marker is damaged, or has signs"),
        (_line(marker="os_name == 'x --hash=sha256'"), "its marker is damaged, or has signs"),
        (_line(marker="extra == 'x'"), "its marker has an unknown variable"),
        (_line(marker="(" * 60 + "os_name == 'nt'" + ")" * 60), "its marker is damaged"),
        (_line(marker="os_name == 'nt'\n-r x"), "its marker is damaged"),
        (_line(marker="os_name == 'nt'; c"), "its marker is damaged"),
        (_fact(user="alice"), "the description of the machine has the unknown key 'user'"),
        (_fact(kind="x"), "no description of a machine"),
        (_fact(schema=2), "schema 2 is newer"),
        (_fact(version=[3, -1, 0]), "version is damaged"),
        (_fact(markers={}), "is missing"),
        (_fact(pip={"version": "1", "tags": ["a b-c-d"]}), "pip.tags is damaged"),
        (_fact(pip={"version": "../..", "tags": None}), "pip.version is damaged"),
    ],
)
def test_manipulations(
    tmp_path: Path, document: dict[str, Any], change: Callable[[dict[str, Any]], None], message: str
) -> None:
    """Each is refused in one printable line that names the file and the cause."""
    change(document)
    line = error_of(json.dumps(document).encode(), tmp_path / "request.json")
    assert message in line
    assert line.startswith(str(tmp_path / "request.json"))


@pytest.mark.parametrize("key", ["schema", "kind", "set", "target", "requirements", "machine"])
def test_each_key_is_needed(tmp_path: Path, document: dict[str, Any], key: str) -> None:
    """A request without it is refused."""
    del document[key]
    assert "request.json: this is no request: " in error_of(json.dumps(document).encode(), tmp_path / "request.json")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 90_000,
        b'{"a":' * 50_000,
        b'{"schema": "1.0", "schema": "1.0"}',
        b'{"schema": NaN}',
        b'{"schema": 1e999}',
        b'{"schema": ' + b"9" * 500_000 + b"}",
        b"[" + b"1," * 110_000 + b"1]",
        b" " * ((1 << 20) + 1),
    ],
)
def test_what_is_no_document(tmp_path: Path, data: bytes) -> None:
    """Neither size nor depth nor numbers without end take time or memory."""
    started = time.process_time()
    error_of(data, tmp_path / "request.json")
    assert time.process_time() - started < 3


def test_a_device_is_no_request(tmp_path: Path) -> None:
    """A directory, a pipe and a missing file are refused before they are opened."""
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(SubsetError):
            read_request(path)
    assert bounds.LARGEST_REQUEST == 1 << 20


def test_the_text_is_what_was_checked(tmp_path: Path, document: dict[str, Any]) -> None:
    """A requirement that two spellings of a request share is there once."""
    document["requirements"] = [LINE, {**LINE, "name": "App"}, LINE]
    found = requested_in(json.dumps(document).encode(), tmp_path / "x")
    assert [*map(str, found.requirements)] == ["app>=1", "App>=1"]
