"""Lists of numbers as Linux writes its lists of processors: ``0-3,7``. They name places in another list."""

import re

from pypi_subset.standalone.errors import Refused, shown

RUN = re.compile(r"(0|[1-9][0-9]{0,8})(?:-([1-9][0-9]{0,8}))?")


def numbers_in(text: str, count: int, where: str) -> "list[int]":
    """
    Return the numbers of a list like ``0-3,7``, which is ascending and as short as it can be.

    :param count: each number is below it.
    :param where: what messages call the document.
    :raises Refused: it is no such list.
    """
    found: list[int] = []
    last = -2
    for run in text.split(",") if text else ():
        match = RUN.fullmatch(run)
        first = int(match.group(1)) if match else 0
        end = int(match.group(2) or first) if match else 0
        if match is None or first < last + 2 or (match.group(2) and end <= first) or end >= count:
            raise Refused(f"{where} has a damaged list of numbers: {shown(run)}")
        found.extend(range(first, end + 1))
        last = end
    return found


def listed(numbers: "list[int]") -> str:
    """Return ascending *numbers* as such a list."""
    runs: list[list[int]] = []
    for one in numbers:
        if runs and runs[-1][1] == one - 1:
            runs[-1][1] = one
        else:
            runs.append([one, one])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)
