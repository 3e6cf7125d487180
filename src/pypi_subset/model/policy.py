"""What a run does about files that it refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from msgspec import Meta

#: What a run does about a bad file.
Policy = Literal["stop", "skip"]


@dataclass(frozen=True, kw_only=True, slots=True)
class BadFile:
    """
    A file that was refused.

    :param filename: its name, control characters and the like escaped.
    :param reason: what is wrong with it, one line.
    :param action: what became of the run: it stopped, or went on without the file.
    """

    filename: Annotated[str, Meta(min_length=1)]
    reason: Annotated[str, Meta(min_length=1)]
    action: Policy
