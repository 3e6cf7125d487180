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


def test_all_above_a_version_is_denied() -> None:
    """Post-releases and local versions of it too, which PEP 440 leaves out of ``>`` in a requirement."""
    rule = Denied([("colors", ">1.4")])
    versions = ["1.3", "1.4rc1", "1.4", "1.4.0", "1.4+x", "1.4.post1", "1.4.post1+x", "1.4.1", "1.5.dev1", "2!1.0"]
    refused = [one for one in versions if rule.verdicts(candidate("colors", one))]
    assert refused == ["1.4+x", "1.4.post1", "1.4.post1+x", "1.4.1", "1.5.dev1", "2!1.0"]
    both = Denied([("colors", ">1.4,!=1.4.post1,<2")])
    assert [one for one in versions if both.verdicts(candidate("colors", one))] == [
        "1.4+x",
        "1.4.1",
        "1.5.dev1",
    ]


def test_all_below_a_version_is_denied() -> None:
    """Pre-releases of it too, which PEP 440 leaves out of ``<`` in a requirement."""
    rule = Denied([("colors", "<2.0")])
    versions = ["1.9", "1.9+x", "2.0.dev1", "2.0rc1", "2.0", "2.0+x", "2.0.post1"]
    refused = [one for one in versions if rule.verdicts(candidate("colors", one))]
    assert refused == ["1.9", "1.9+x", "2.0.dev1", "2.0rc1"]
    both = Denied([("colors", ">=1.9.post1,<2")])
    assert [one for one in versions if both.verdicts(candidate("colors", one))] == ["2.0.dev1", "2.0rc1"]


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
