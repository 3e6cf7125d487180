"""What is known of the licences of releases whose METADATA was read."""

from __future__ import annotations

import pytest
from msgspec import structs
from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.model.candidates import Candidate
from pypi_subset.model.distributions import Distribution
from pypi_subset.model.intake.rules import IntakeRules
from pypi_subset.policy.licensed import Licenses

APP = Candidate(
    distribution=Distribution(
        filename="app-1.0-py3-none-any.whl", project=canonicalize_name("app"), version=Version("1.0")
    ),
    source="https://index.example/simple/",
)
HEAD = b"Metadata-Version: 2.4\nName: app\nVersion: 1.0\n"


def test_what_was_read_is_remembered() -> None:
    """A refused licence is a verdict from then on; what was not read, and what is allowed, has none."""
    licenses = Licenses(IntakeRules(allow_licenses=("MIT",)))
    assert licenses.refused(APP) == ()
    verdict = licenses.read(APP, HEAD + b"License-Expression: GPL-3.0-only\n")
    assert verdict is not None
    assert (verdict.rule, verdict.sentence) == ("license", "license: its licence is GPL-3.0-only")
    assert licenses.refused(APP) == (verdict,)
    assert Licenses(IntakeRules(allow_licenses=("MIT",))).read(APP, HEAD + b"License-Expression: MIT\n") is None


@pytest.mark.parametrize(("stated", "refused"), [("MIT", False), ("ISC", True), ("", True), (None, True)])
def test_a_lock_states_the_licence(stated: str | None, *, refused: bool) -> None:
    """A licence that no lock states is refused."""
    licenses = Licenses(IntakeRules(allow_licenses=("MIT",)))
    found = licenses.of_locked(structs.replace(APP.distribution, license=stated))
    assert (found is not None, bool(licenses.refused(APP))) == (refused, refused)


def test_the_user_states_a_licence() -> None:
    """It counts where METADATA states none, or two."""
    licenses = Licenses(IntakeRules(allow_licenses=("MIT",), known_licenses=(("app", "MIT"),)))
    assert licenses.read(APP, HEAD + b"License-Expression: AGPL-3.0-only\n") is not None
    assert licenses.read(APP, HEAD + b"License-Expression: MIT\nLicense-Expression: AGPL-3.0-only\n") is None
    assert Licenses(IntakeRules(allow_licenses=("MIT",))).read(APP, HEAD + b"License: MIT\nLicense: ISC\n") is not None
    assert licenses.read(APP, HEAD) is None
