"""A small site for tests of what serves it: two projects, a local version, a yanked release, one view."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pypi_subset.site import web_servers
from tests.support.sites.handwritten import Entry, write_site
from tests.support.stages.manifests import document
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

APP = Entry(make_wheel("app", "1.0+local", requires=["lib"]), "2024-01-01T00:00:00Z")
OLD = Entry(make_wheel("lib", "1.0"), "2024-01-01T00:00:00Z")
NEW = Entry(make_wheel("lib", "2.0"), "2026-01-01T00:00:00Z")
YANKED = Entry(make_wheel("lib", "3.0"), "2026-02-01T00:00:00Z", yanked="it <broke> all")

#: The one target with a view of its own, which holds the old release.
TARGET = "linux"


def handmade(site: Path) -> Path:
    """Return *site*, now with two projects: `app`, which has a local version, and `lib` with a yanked release."""
    write_site(site, [APP, OLD, NEW, YANKED], {TARGET: [APP, OLD]})
    (site / "manifest.json").write_text(json.dumps(document()))
    for path, data in web_servers.render([TARGET]).items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_bytes(data)
    return site
