"""What ``[policy]`` says about candidates: how old, which releases, which licences."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: Names of rules, as ``[[policy.accept]]`` and verdicts have them.
MIN_AGE, DENY, YANKED, LICENSE, GONE = "min_age", "deny", "yanked", "license", "gone"


@dataclass(frozen=True, kw_only=True, slots=True)
class IntakeRules:
    """
    The keys of ``[policy]`` that refuse candidates, beside advisories.

    :param min_age: seconds that must have passed since the upload of a file; 0: none.
    :param as_of: the moment before which a file must be uploaded, ``yyyy-mm-ddThh:mm:ssZ``; ``""``: now minus *min_age*.
    :param no_times: indexes, URLs without the last slash, whose pages state no upload times and need none.
    :param ignore_403: indexes, URLs without the last slash, whose 403 means an absent project, also if they answer nothing
        else. No lock depends on it.
    :param deny: normalized project, or prefix with ``*``, and the versions that are refused (PEP 440); ``""``: all.
    :param yanked: ``pinned``: a yanked release serves a request that pins it, as in pip; ``refuse``: none does.
    :param gone: what is done about locked files that their index does not offer any more: ``keep``, ``drop``, or ``""``: the
        user decides. No lock depends on it before a file is gone.
    :param allow_licenses: SPDX licence identifiers; none: all licences.
    :param known_licenses: normalized project and SPDX expression, for projects whose metadata names none.
    """

    min_age: int = 0
    as_of: str = ""
    no_times: tuple[str, ...] = ()
    ignore_403: tuple[str, ...] = ()
    deny: tuple[tuple[str, str], ...] = ()
    yanked: Literal["pinned", "refuse"] = "pinned"
    gone: Literal["", "keep", "drop"] = ""
    allow_licenses: tuple[str, ...] = ()
    known_licenses: tuple[tuple[str, str], ...] = ()

    @property
    def stated(self) -> dict[str, object]:
        """
        What differs from the defaults, as plain values: a lock depends on it.

        ``as_of`` is not part of it: the lock holds its cut-off, and is compared by that.
        """
        values: dict[str, object] = {
            "min_age": self.min_age,
            "no_times": [*self.no_times],
            "deny": [[*one] for one in self.deny],
            "yanked": self.yanked if self.yanked != "pinned" else "",
            "allow_licenses": [*self.allow_licenses],
            "licenses": [[*one] for one in self.known_licenses],
        }
        return {key: value for key, value in values.items() if value}
