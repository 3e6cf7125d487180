"""Whether this system allows boxes, and what it says if not."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import BoxFailed, SuiteFailed
from pypi_subset.proof.isolation import available
from pypi_subset.proof.isolation.box import Box

if TYPE_CHECKING:
    from collections.abc import Iterator


real = available.refusal


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    """Ask again, and leave nothing to other tests."""
    available.refusal.cache_clear()
    yield
    real.cache_clear()


def test_here() -> None:
    """The system of these tests allows boxes."""
    assert available.refusal() == ""


def test_another_system(monkeypatch: pytest.MonkeyPatch) -> None:
    """Namespaces are Linux's."""
    monkeypatch.setattr(sys, "platform", "darwin")
    assert available.refusal() == "darwin has no namespaces"


MASKED = {"/proc/self/mountinfo": "1 2 0:1 / /proc/kcore rw - tmpfs tmpfs rw\n"}


def refuse(monkeypatch: pytest.MonkeyPatch, texts: dict[str, str], what: str) -> None:
    """Have *what* refused to boxes, where the files in *texts* say what they say and no other of /proc is there."""

    def started(*_: object, **__: object) -> object:
        msg = f"a box could not do its work: this system refuses it: {what}"
        raise BoxFailed(msg)

    def read_text(self: Path, **_: object) -> str:
        if str(self) not in texts:
            raise FileNotFoundError
        return texts[str(self)]

    monkeypatch.setattr(Box, "started", started)
    monkeypatch.setattr(Path, "read_text", read_text)


@pytest.mark.parametrize(
    ("texts", "cause"),
    [
        (
            {"/proc/sys/kernel/apparmor_restrict_unprivileged_userns": "1\n"},
            " (sysctl kernel.apparmor_restrict_unprivileged_userns = 1, set by AppArmor, as on Ubuntu)",
        ),
        (
            {"/proc/sys/kernel/unprivileged_userns_clone": "0\n"},
            " (sysctl kernel.unprivileged_userns_clone = 0, set by Debian's kernel)",
        ),
        (
            {"/proc/sys/user/max_user_namespaces": "0\n"},
            " (sysctl user.max_user_namespaces = 0, set by the administrator)",
        ),
        ({"/proc/self/status": "Name:\tx\nSeccomp:\t2\n"}, " (a seccomp filter, as of a container)"),
        (
            {"/proc/self/status": "Name:\tx\n", **MASKED},
            " (parts of /proc are masked, as in a container)",
        ),
        ({}, ""),
    ],
)
def test_the_cause(monkeypatch: pytest.MonkeyPatch, texts: dict[str, str], cause: str) -> None:
    """What was refused, and the setting that refuses it."""
    refuse(monkeypatch, texts, "unshare: EPERM")
    assert available.refusal() == f"unshare: EPERM{cause}"


def test_a_masked_proc_under_a_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    """Containers have both; what refuses a new /proc are the masks."""
    refuse(monkeypatch, {"/proc/self/status": "Name:\tx\nSeccomp:\t2\n", **MASKED}, "mount: EPERM (proc at /proc)")
    words = "mount: EPERM (proc at /proc) (parts of /proc are masked, as in a container)"
    assert available.refusal() == words


@pytest.mark.skipif(os.geteuid() != 0, reason="another user needs no isolation")
def test_root_needs_isolation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where boxes are refused, root is refused too, with the cause; --unisolated says in the report what it means."""
    monkeypatch.setattr(available, "refusal", lambda: "unshare: EPERM (a seccomp filter, as of a container)")
    with pytest.raises(SuiteFailed, match=r"as root it must be isolated.*EPERM \(a seccomp filter.*`--unisolated`"):
        available.isolation()
    assert available.isolation(unisolated=True) == "none: --unisolated"
