"""``yanked = "refuse"``: a yanked file is refused, with the reason that its project gave."""

from __future__ import annotations

from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.model.candidates import Candidate
from pypi_subset.model.distributions import Distribution
from pypi_subset.policy.withdrawn import Withdrawn


def sentences(yanked: str | None) -> list[str]:
    """Return what is said of a file with that reason of a yank."""
    one = Distribution(
        filename="app-1.0.tar.gz", project=canonicalize_name("app"), version=Version("1.0"), yanked=yanked
    )
    return [found.sentence for found in Withdrawn().verdicts(Candidate(distribution=one, source="x"))]


def test_a_yanked_file_is_refused() -> None:
    """An empty reason is a yank as well (PEP 592)."""
    assert sentences("broken") == ["yanked: broken"]
    assert sentences("") == ["yanked: no reason given"]
    assert sentences(None) == []
