"""``deny`` and ``yanked``: releases that the user or their own project refuses."""

from __future__ import annotations

from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.model.candidates import Candidate
from pypi_subset.model.distributions import Distribution
from pypi_subset.policy.denied import Denied


def candidate(project: str, version: str) -> Candidate:
    """Return a wheel."""
    one = Distribution(
        filename=f"{project}-{version}-py3-none-any.whl", project=canonicalize_name(project), version=Version(version)
    )
    return Candidate(distribution=one, source="https://index.example/simple/")


def test_releases_are_denied() -> None:
    """A project as a whole, some versions of one, pre-releases among them, and a prefix."""
    rule = Denied([("evil", ""), ("colors", ">1.4"), ("acme-*", "")])
    refused = [
        f"{project} {version}"
        for project in ("evil", "colors", "acme-core", "acme", "evil-twin")
        for version in ("1.4", "1.5rc1", "2.0")
        if rule.verdicts(candidate(project, version))
    ]
    assert refused == [
        "evil 1.4", "evil 1.5rc1", "evil 2.0", "colors 1.5rc1", "colors 2.0", "acme-core 1.4", "acme-core 1.5rc1", "acme-core 2.0",
    ]  # fmt: skip
    (found,) = rule.verdicts(candidate("colors", "2.0"))
    assert (found.rule, found.sentence) == ("deny", "deny: subset.toml has 'colors>1.4'")
