"""What a mirror does to get from locks and ``packages/`` to an index, without reading locks and without pages for people."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset import build, download, files
from pypi_subset.memory import Memory
from pypi_subset.model import Distribution, Inputs, Lock, Pin, Plan

if TYPE_CHECKING:
    from pathlib import Path

#: The one target.
TARGET = "linux"


def index(folder: Path) -> bool:
    """Put a new index of *folder*``/packages`` in place of *folder*``/site``; whether there was anything to do."""
    packages, site = folder / "packages", folder / "site"
    memory = Memory(packages / ".memory.json")
    lock = _lock(folder / "recorded.json")
    artifacts = download.take_stock([lock], packages, site=site, memory=memory).present
    plan = Plan(root=folder, sets=(), targets=(), jobs=())
    inputs = build.digest_of(build.Content(plan=plan, locks=[lock], artifacts=artifacts))
    replaced = not build.is_current(inputs, site, memory)
    if replaced:
        with files.staged(site) as stage:
            build.fill_index(artifacts, build.views([lock]), files.Filling(stage, before=site), memory)
        memory.site = (inputs, build.tree_of(site))
    memory.keep(forget=replaced)
    return replaced


def _lock(recorded: Path) -> Lock:
    digests = Inputs(requirement_set="", target="", policy="", constraint="")
    pins = tuple(Pin(distribution=_distribution(facts), reasons=()) for facts in json.loads(recorded.read_bytes()))
    return Lock(set_name="base", target_name=TARGET, inputs=digests, pins=pins)


def _distribution(facts: dict[str, str]) -> Distribution:
    return Distribution(
        filename=facts["filename"],
        project=canonicalize_name(facts["project"]),
        version=Version(facts["version"]),
        size=int(facts["size"]),
        sha256=facts["sha256"],
        requires_python=">=3.8",
        upload_time="2024-01-02T03:04:05Z",
    )
