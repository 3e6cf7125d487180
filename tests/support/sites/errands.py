"""Cases as they are sent to a worker, and as it has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pypi_subset.proof.access import remote_site
from pypi_subset.proof.cases.case import cases_of
from pypi_subset.proof.remote import message
from pypi_subset.support import files
from tests.support.sites.cases import OWN

if TYPE_CHECKING:
    from pathlib import Path

    from pypi_subset.proof.cases.case import Case
    from tests.support.sites.subset_on_disk import SubsetOnDisk


#: Tells this run apart.
RUN = "0123456789abcdef" * 2


def digest_of(subset: SubsetOnDisk) -> str:
    """Return the SHA-256 of the manifest."""
    return files.sha256_of(subset.paths.site / "manifest.json")


def errands(subset: SubsetOnDisk, url: str) -> list[message.Errand]:
    """Return all cases as they are sent."""
    cases, digest = cases_of(subset.plan, subset.paths, (), subset.root), digest_of(subset)
    return [*message.errands_of(subset.plan, subset.paths, cases, url=url, digest=digest, run=RUN)]


def far(one: message.Errand, folder: Path, *, own: bool = False) -> Case:
    """
    Return the case as a worker has it.

    :param folder: where the worker keeps its files.
    :param own: whether the running Python is an interpreter of the worker.
    """
    arrived = message.from_text(message.to_text(one))
    site = remote_site.outline(arrived.url, arrived.digest, arrived.job.target.name, folder / "site")
    return arrived.case(OWN if own else (), site=site, work=folder / "work")
