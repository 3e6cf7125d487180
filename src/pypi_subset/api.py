"""
The public API: each function takes values, returns a value and raises `SubsetError`; none prints or exits.

A subset has three directories. This mirrors one requirement and proves that it installs:

.. code-block:: python

    from pathlib import Path

    import pypi_subset

    root = Path("lab")
    asked, packages, site = root / "requirements", root / "packages", root / "site"
    paths = pypi_subset.Paths(requirements=asked, packages=packages, site=site)
    asked.mkdir(parents=True)
    (asked / "base.txt").write_text("demo")
    (asked / "subset.toml").write_text('targets.lab = "cp312-manylinux_2_28_x86_64"')

    try:
        foreseen = pypi_subset.plan(paths)
        mirrored = pypi_subset.mirror(paths)
    except pypi_subset.SubsetError as error:
        raise SystemExit(f"{error.what}; {error.next_step}") from error
    assert mirrored.fetched == sum(row.fetch_files for row in foreseen.rows)

    report = pypi_subset.prove(paths, processes=1)
    assert not report.totals.failed
    pypi_subset.publish(paths, root / "published", grace=0)

Each name is loaded from its module at its first use (PEP 562): ``import pypi_subset`` is cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pypi_subset.bundle.arrivals import take_receipt
    from pypi_subset.bundle.exporter import make_bundle
    from pypi_subset.doctor.examination import diagnose
    from pypi_subset.editing.beginning import init
    from pypi_subset.editing.changes import add, remove
    from pypi_subset.editing.taking import add_request
    from pypi_subset.errors import SubsetError
    from pypi_subset.model.paths import Paths
    from pypi_subset.pipeline.clean import prune
    from pypi_subset.pipeline.mirror import mirror
    from pypi_subset.pipeline.plan import plan
    from pypi_subset.pipeline.prove import prove
    from pypi_subset.pipeline.requested.forecast import plan_request
    from pypi_subset.publishing.fetch_site import fetch_site
    from pypi_subset.publishing.publisher import publish
    from pypi_subset.relocking.relock import relock
    from pypi_subset.requirements.subset import read_subset
    from pypi_subset.site.builder import build_index
    from pypi_subset.snapshots.comparing import compare
    from pypi_subset.snapshots.listing import list_snapshots, remove_snapshots
    from pypi_subset.snapshots.promoting import promote
    from pypi_subset.snapshots.taking import publish_snapshot, take_snapshot
    from pypi_subset.support.progress import Progress

__all__ = [
    "Paths",
    "Progress",
    "SubsetError",
    "add",
    "add_request",
    "build_index",
    "compare",
    "diagnose",
    "fetch_site",
    "init",
    "list_snapshots",
    "make_bundle",
    "mirror",
    "plan",
    "plan_request",
    "promote",
    "prove",
    "prune",
    "publish",
    "publish_snapshot",
    "read_subset",
    "relock",
    "remove",
    "remove_snapshots",
    "take_receipt",
    "take_snapshot",
]

#: Name → the module that defines it.
_MODULES = {
    "__version__": "support.version",
    "Paths": "model.paths",
    "Progress": "support.progress",
    "SubsetError": "errors",
    "add": "editing.changes",
    "add_request": "editing.taking",
    "build_index": "site.builder",
    "compare": "snapshots.comparing",
    "diagnose": "doctor.examination",
    "fetch_site": "publishing.fetch_site",
    "init": "editing.beginning",
    "list_snapshots": "snapshots.listing",
    "make_bundle": "bundle.exporter",
    "mirror": "pipeline.mirror",
    "plan": "pipeline.plan",
    "plan_request": "pipeline.requested.forecast",
    "promote": "snapshots.promoting",
    "prove": "pipeline.prove",
    "prune": "pipeline.clean",
    "publish": "publishing.publisher",
    "publish_snapshot": "snapshots.taking",
    "read_subset": "requirements.subset",
    "relock": "relocking.relock",
    "remove": "editing.changes",
    "remove_snapshots": "snapshots.listing",
    "take_receipt": "bundle.arrivals",
    "take_snapshot": "snapshots.taking",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(f"pypi_subset.{_MODULES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
