"""Targets as values: the tag of three fields, and the digest by which a lock is kept."""

from __future__ import annotations

import dataclasses
import hashlib
import json

from pypi_subset.model.targets import KERNEL_MARKERS
from pypi_subset.targets.host import describe_host
from pypi_subset.targets.tag import parse


def test_kernel_update_leaves_the_digest_of_the_host() -> None:
    """The digest covers tags and markers except the kernel's two."""
    host = describe_host("here")
    newer = tuple((name, "999" if name in KERNEL_MARKERS else value) for name, value in host.markers)
    other = tuple((name, "999" if name == "python_full_version" else value) for name, value in host.markers)
    assert dataclasses.replace(host, markers=newer).digest == host.digest
    assert dataclasses.replace(host, markers=other).digest != host.digest


def test_the_digest_is_that_of_0_1() -> None:
    """Tags and markers alone count, written as version 0.1 wrote them; another digest would resolve every set again."""
    target = parse("windows", "cp312-win_amd64")
    tags = [str(tag) for tag in target.tags]
    written = json.dumps({"markers": dict(target.markers), "tags": tags}, sort_keys=True)
    assert target.digest == hashlib.sha256(written.encode()).hexdigest()
    assert (
        dataclasses.replace(target, name="other", platform="other", exact=True, notes=("one",)).digest == target.digest
    )
    assert dataclasses.replace(target, tags=target.tags[::-1]).digest != target.digest


def test_a_tag_is_interpreter_abi_and_platform() -> None:
    """The three fields make the tag; the version is as exact as it was named."""
    target = parse("free", "cp313-cp313t-musllinux_1_2_aarch64")
    assert (target.interpreter, target.abi, target.platform) == ("cp313", "cp313t", "musllinux_1_2_aarch64")
    assert target.tag == "cp313-cp313t-musllinux_1_2_aarch64"
    assert target.version == "3.13"
    assert dataclasses.replace(target, python=(3, 13, 2)).version == "3.13.2"
    assert dataclasses.replace(target, exact=True).version == "3.13.0"
    assert target.environment == dict(target.markers)
    assert target.environment is not target.environment
