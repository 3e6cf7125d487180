"""The flags that make pip resolve for a target."""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pypi_subset.model.targets import Target


def pip_flags(target: Target) -> tuple[str, ...]:
    """
    Return the flags from which pip derives exactly ``target.tags``, in that order, on any machine.

    If a machine described itself and its pip is too old for a tag that no flag can leave out, pip derives that tag too:
    the caller must hide wheels with such tags alone. All four kinds of flags are given: pip takes a missing one
    from this interpreter.
    """
    platforms = chain.from_iterable(("--platform", _unexpanded(platform)) for platform in target.platforms)
    abis = chain.from_iterable(("--abi", abi) for abi in target.abis)
    return (*platforms, "--python-version", target.release, "--implementation", target.implementation, *abis)


def _unexpanded(platform: str) -> str:
    """
    Return *platform*, written so that pip takes it as it is.

    pip lets ``manylinux2014`` mean 2010 and 1 as well, and puts those before glibc 2.16 to 2.6, where no machine has
    them; and it lets a macOS mean all older ones, of which a machine with an older pip knows some. It compares before
    it folds case, as all tags are; so a capital letter keeps the list as it is.
    """
    return re.sub("^m(?=anylinux[12]|acosx)", "M", platform)
