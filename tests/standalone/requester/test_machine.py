"""The description of a machine in a request: what decides about wheels, and no name of the machine or its user."""

from __future__ import annotations

import json
import platform
from typing import TYPE_CHECKING

import pytest

from pypi_subset.standalone.describe_target import describe
from pypi_subset.standalone.requester import machine
from pypi_subset.standalone.requester.machine import description, is_private, own_names
from pypi_subset.targets.self_described import read_description

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def alice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let this be the machine of a user, with a kernel that she has built."""
    monkeypatch.setattr(platform, "node", lambda: "buran.lab.test")
    monkeypatch.setattr(platform, "version", lambda: "#1 SMP alice@buran 2026")
    monkeypatch.setattr(platform, "release", lambda: "6.1.0-Buran")
    monkeypatch.setenv("USER", "alice")
    monkeypatch.setenv("SUDO_USER", "Root")
    monkeypatch.setenv("HOME", "/srv/alice")


@pytest.mark.usefixtures("alice")
def test_names_of_this_machine() -> None:
    """Its name in full and in short, and the name of the user; names that all machines have are none."""
    assert {"buran.lab.test", "buran", "alice"} <= set(own_names())
    assert not {"root", ""} & {one.lower() for one in own_names()}


@pytest.mark.usefixtures("alice")
def test_facts_with_a_name_are_emptied(tmp_path: Path) -> None:
    """The text that has a name is empty, and the rest is still a description that can become a target."""
    found, emptied = description(own_names())
    text = json.dumps(found)
    assert "alice" not in text
    assert "uran" not in text
    assert "/" not in text
    assert emptied == ["machine.markers.platform_release", "machine.markers.platform_version"]
    (tmp_path / "lab.json").write_text(text)
    assert read_description("lab", tmp_path / "lab.json").markers


def test_the_target_is_that_of_the_whole_description(tmp_path: Path) -> None:
    """Without the directory of the loader, tags and lasting markers are the same."""
    (tmp_path / "one.json").write_text(json.dumps(describe()))
    (tmp_path / "two.json").write_text(json.dumps(description([])[0]))
    one, two = (read_description("lab", tmp_path / name) for name in ("one.json", "two.json"))
    assert one.tags == two.tags


def test_the_loader_keeps_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """It tells the C library; its directory may be one of the user."""
    facts = {**describe(), "elf": {"interpreter": "/srv/alice/lib/ld-musl-x86_64.so.1"}}
    monkeypatch.setattr(machine, "describe", lambda: facts)
    assert description([])[0]["elf"] == {"interpreter": "ld-musl-x86_64.so.1"}


@pytest.mark.parametrize(
    ("text", "private"),
    [
        ("6.1.0-13-amd64", False),
        ("#1 SMP Debian 6.1.55-1 (2023-09-29)", False),
        ("root:xnu-8796.141.3~6/RELEASE_ARM64_T6000", False),
        ("Intel64 Family 6 Model 158", False),
        ("built by alice", True),
        ("ALICE-kernel", True),
        ("malice", False),
        ("/srv/x", True),
        ("in ~/x", True),
        ("C:\\x", True),
        ("\\\\server\\x", True),
        ("https://x.test", True),
        ("me@x", True),
    ],
)
def test_what_is_private(text: str, *, private: bool) -> None:
    """A path, an address and a name as a word are; parts of other words are not."""
    assert is_private(text, ["alice"]) is private
