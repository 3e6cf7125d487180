"""The digest of a target, by which a lock is kept."""

from __future__ import annotations

import dataclasses

from pypi_subset.model.targets import KERNEL_MARKERS
from pypi_subset.targets.host import describe_host


def test_kernel_update_leaves_the_digest_of_the_host() -> None:
    """The digest covers tags and markers except the kernel's two."""
    host = describe_host("here")
    newer = tuple((name, "999" if name in KERNEL_MARKERS else value) for name, value in host.markers)
    other = tuple((name, "999" if name == "python_full_version" else value) for name, value in host.markers)
    assert dataclasses.replace(host, markers=newer).digest == host.digest
    assert dataclasses.replace(host, markers=other).digest != host.digest
