"""What a mirror does to get from locks and ``packages/`` to an index, without reading locks and without pages for people."""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING

from packaging.version import Version

from pypi_subset.distributions.filenames import normalized
from pypi_subset.model.distributions import Distribution
from pypi_subset.model.locks import Inputs, Lock, Pin
from pypi_subset.model.requests import Subset
from pypi_subset.packages import stock
from pypi_subset.packages.file_cache import Memory
from pypi_subset.site import content, incremental
from pypi_subset.site.assembly import Words, assemble
from pypi_subset.site.stage_writer import Filling
from pypi_subset.support import staging

if TYPE_CHECKING:
    from pathlib import Path

#: The one target.
TARGET = "linux"


def index(folder: Path) -> bool:
    """Put a new index of *folder*``/packages`` in place of *folder*``/site``; whether there was anything to do."""
    packages, site = folder / "packages", folder / "site"
    memory = Memory(packages / ".memory.json")
    lock = _lock(folder / "recorded.json")
    artifacts = stock.take_stock([lock], packages, site=site, memory=memory).present
    subset, words = Subset(root=folder, sets=(), targets=(), jobs=()), Words()
    inputs = incremental.digest_of(content.Content(subset=subset, locks=[lock], artifacts=artifacts), words)
    before = incremental.look_at(site)
    replaced = not incremental.is_current(inputs, before, memory)
    if replaced:
        with staging.staged(site) as stage:
            filling, known = Filling(stage, before=site), incremental.known(before, memory)
            done = assemble(artifacts, content.views([lock]), filling, memory, known, words)
        memory.site = incremental.left(inputs, site, done, before)
    memory.keep(forget=replaced)
    return replaced


def _lock(recorded: Path) -> Lock:
    digests = Inputs(requirement_set="", target="", policy="", constraint="")
    pins = tuple(Pin(distribution=_distribution(facts), reasons=()) for facts in json.loads(recorded.read_bytes()))
    return Lock(set_name="base", target_name=TARGET, inputs=digests, pins=pins)


def _distribution(facts: dict[str, str]) -> Distribution:
    return Distribution(
        filename=facts["filename"],
        project=normalized(facts["project"]),
        version=_version(facts["version"]),
        size=int(facts["size"]),
        sha256=facts["sha256"],
        requires_python=">=3.8",
        upload_time="2024-01-02T03:04:05Z",
    )


@functools.cache
def _version(text: str) -> Version:
    return Version(text)
