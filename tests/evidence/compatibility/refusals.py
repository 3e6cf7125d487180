"""What a client itself cannot do: each is run all the same, and must fail with these words; else the run is red."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """Why a client does not work with a host, and a pattern of what it then says."""

    reason: str
    said: str


#: (client, host) → refusal.
REFUSALS: Mapping[tuple[str, str], Refusal] = {
    ("poetry", "file://"): Refusal(
        reason="poetry reads indexes by http alone", said="All attempts to connect to  failed"
    ),
}
