"""The list of projects: what one entry shows, the pages of a long list, and the script that the search looks through."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, NamedTuple

from pypi_subset.model.paths import LISTED, SEARCH, list_page, lists_of, project_page
from pypi_subset.support import templates
from pypi_subset.support.machine.sizes import readable_size
from pypi_subset.support.text import escape_json, href, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pypi_subset.site.pages.facts import ProjectFacts

#: Up to so many targets of an entry are named.
_NAMED = 3


class Entry(NamedTuple):
    """
    One project in the list, each field as it is shown.

    :param versions: newest first.
    :param note: what a reader has to know, such as a yank; ``""`` for most.
    """

    name: str
    versions: str
    summary: str
    license: str
    size: str
    targets: str
    note: str

    @property
    def page(self) -> str:
        """The address of its page, relative to the site."""
        return href(*project_page(self.name).split("/"))


def entry_of(facts: ProjectFacts, about: Sequence[str], targets: int) -> Entry:
    """
    Return the entry of a project.

    :param about: the summary and the licence that METADATA states.
    :param targets: how many targets the subset has.
    """
    named = facts.targets
    shown = "all targets" if len(named) == targets else f"{len(named)} of {targets} targets"
    return Entry(
        name=facts.name,
        versions=", ".join(one.version for one in facts.releases),
        summary=printable(about[0]),
        license=printable(about[1]),
        size=readable_size(facts.size),
        targets=", ".join(named) if len(named) <= min(_NAMED, targets - 1) else shown,
        note=printable("; ".join(_notes(facts))),
    )


def script_of(entries: Sequence[Entry]) -> bytes:
    """Return the script with all entries: an array of arrays, in a form that is JSON as well."""
    lines = ",\n".join(json.dumps(one, ensure_ascii=False) for one in entries)
    return escape_json(f"const PROJECTS = [\n{lines}\n];\n").encode(errors="replace")


def lists(entries: Sequence[Entry]) -> Iterator[tuple[str, bytes]]:
    """Yield path and bytes of the script, and of each page of the list behind the front page."""
    yield SEARCH, script_of(entries)
    for number in lists_of(len(entries))[1:]:
        values = part_of(entries, number)
        yield list_page(number), templates.render("list.html", root="../../", **values).encode()


def part_of(entries: Sequence[Entry], number: int) -> dict[str, object]:
    """Return what the page *number* of the list shows."""
    numbers = lists_of(len(entries))
    first = (number - 1) * LISTED
    return {
        "entries": entries[first : first + LISTED],
        "first": first + 1,
        "count": len(entries),
        "number": number,
        "parts": [(one, list_page(one), entries[(one - 1) * LISTED].name) for one in numbers]
        if len(numbers) > 1
        else [],
    }


def _notes(facts: ProjectFacts) -> Iterator[str]:
    """Yield what a reader has to know: the status of the project, yanks, and sources of its files."""
    if facts.standing is not None:
        yield facts.standing.status
    for one in facts.releases:
        if one.yanked is not None:
            yield f"{one.version} yanked: {one.yanked}" if one.yanked else f"{one.version} yanked"
    for source in sorted({file.source for one in facts.releases for file in one.files if file.source}):
        yield f"from {source}"
