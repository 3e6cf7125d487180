"""What imports came to: notes, ambers and reds, by what the user has decided."""

from __future__ import annotations

import pytest

from pypi_subset.errors import ProofFailed
from pypi_subset.model.checks import Finding
from pypi_subset.model.policy import Acceptance
from pypi_subset.proof.imports.missing import Verdict
from pypi_subset.proof.imports.settling import Found, found, settled

LACKS = Found(kind="undeclared", words="aa lacks bs4", project="aa", likely="beautifulsoup4")
FAILS = Found(kind="failed", words="bb failed", project="bb")


def accepting(project: str, rule: str = "import", *targets: str) -> Acceptance:
    """Return an acceptance."""
    return Acceptance(rule=rule, project=project, reason="known", until="9999-12-31", targets=targets)


def test_what_nothing_declares_is_amber() -> None:
    """It is a finding with the likely project; notes stay notes."""
    both = settled([Found(kind="note", words="needs libX"), LACKS], target="linux")
    assert both.notes == ("needs libX",)
    assert both.findings == (Finding(rule="undeclared", project="aa", what="aa lacks bs4", likely="beautifulsoup4"),)


def test_what_nothing_declares_is_red_if_the_user_says_so() -> None:
    """With strict_imports, only an acceptance keeps it amber."""
    with pytest.raises(ProofFailed, match=r"^aa lacks bs4$"):
        settled([LACKS], target="linux", strict=True)
    for rule in ("import", "undeclared"):
        (one,) = settled([LACKS], target="linux", strict=True, accepted=[accepting("aa", rule)]).findings
        assert (one.reason, one.until) == ("known", "9999-12-31")
        assert str(one) == "aa lacks bs4 (accepted until 9999-12-31: known)"


def test_a_red_that_is_accepted_is_amber() -> None:
    """The rule, the project and the target must be those of the acceptance."""
    (one,) = settled([FAILS], target="linux", accepted=[accepting("bb", "import", "linux")]).findings
    assert (one.rule, one.what, one.reason) == ("import", "bb failed", "known")
    others = (accepting("bb", "import", "mac"), accepting("aa"), accepting("bb", "undeclared"))
    for other in others:
        with pytest.raises(ProofFailed, match=r"^bb failed$"):
            settled([FAILS], target="linux", accepted=[other])


def test_many_reds_are_counted() -> None:
    """The first three are named."""
    many = [Found(kind="failed", words=f"{number} failed", project="bb") for number in range(5)]
    with pytest.raises(ProofFailed, match=r"^0 failed; 1 failed; 2 failed; and 2 more$"):
        settled(many, target="linux")


def test_an_extra_is_no_excuse_for_a_project_of_which_nothing_imports() -> None:
    """Alone it is amber; beside a module that imports it is a note."""
    verdict = Verdict(kind="extra", fact="needs the extra all", likely="cc")
    assert found("aa needs it", verdict, "aa", alone=True).kind == "undeclared"
    assert settled([found("aa needs it", verdict, "aa")], target="linux").notes == ("aa needs it",)
