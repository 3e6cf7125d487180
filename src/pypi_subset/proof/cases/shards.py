"""Part k of n: which cases one machine proves, so that n machines prove them all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pypi_subset.errors import SubsetError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pypi_subset.proof.cases.case import Case


@dataclass(frozen=True, kw_only=True, slots=True)
class Shard:
    """Part *number* of *count*, from 1."""

    number: int
    count: int

    def __str__(self) -> str:
        """Return it as users write it, ``2/8``."""
        return f"{self.number}/{self.count}"

    def of(self, cases: Sequence[Case]) -> tuple[Case, ...]:
        """
        Return the cases of this part.

        They are dealt out like cards, whole sets first, since these take longest: parts differ by one case at most. The
        order is that of the names, which the subset alone decides; what a machine has to prove with has no say.
        """
        dealt = sorted(cases, key=lambda case: (not case.joint, case.name, case.request))
        return tuple(dealt[self.number - 1 :: self.count])


def parse(text: str) -> Shard | None:
    """
    Return the part that *text* names, ``None`` for all if it is empty.

    :raises SubsetError: it names none.
    """
    if not text:
        return None
    found = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        msg = f"shard wants a part of so many, not {text!r}"
        raise SubsetError(msg, next_step="as in `--shard 2/8`, from 1/8 to 8/8")
    return Shard(number=int(found[1]), count=int(found[2]))
