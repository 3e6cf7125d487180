"""
What pip's own process changes in pip, to be on another machine: marker values, and projects that are installed there.

It also lets pip read the newest releases of a project first. pip has no options for any of these. The accepted range of
versions of pip is capped for their sake.
"""

from __future__ import annotations

import copy
import functools
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pip._internal.index.package_finder import BestCandidateResult, PackageFinder
    from pip._internal.models.candidate import InstallationCandidate
    from pip._internal.resolution.resolvelib.factory import Factory

#: The marker environment of this process, once it is known.
_VALUES: dict[str, str] = {}
#: Whether pip has been changed.
_DONE: list[bool] = []


def replace_markers(values: Mapping[str, str] | None = None) -> None:
    """
    Have pip evaluate markers with *values*, which may follow later, from now on.

    A value that the target leaves open is absent. A marker whose truth depends on one counts as false, and so does a
    comparison that is not defined. A requirement less never takes a solution away: the caller looks for such markers in
    the answer alone.
    """
    _VALUES.update(values or {})
    if _DONE:
        return
    _DONE.append(True)
    from pip._vendor.packaging import markers  # noqa: PLC0415 - must come before any other module of pip
    from pip._vendor.packaging._parser import Variable  # noqa: PLC0415 - as above

    markers.default_environment = lambda: dict(_VALUES)  # type: ignore[assignment, return-value]
    evaluate = markers._evaluate_markers  # noqa: SLF001 - the public method has no place for a missing value

    def known(tree: list[Any], environment: dict[str, Any]) -> bool:
        ways: list[list[bool]] = [[]]
        for part in tree:
            if part == "or":
                ways.append([])
            elif isinstance(part, list):
                ways[-1].append(known(part, environment))
            elif part != "and":
                name = next(side.value for side in part[::2] if isinstance(side, Variable))
                ways[-1].append(name in environment and holds(part, environment))
        return any(map(all, ways))

    def holds(comparison: Any, environment: dict[str, Any]) -> bool:
        try:
            return evaluate([comparison], environment)
        except markers.UndefinedComparison:
            return False

    markers._evaluate_markers = known  # type: ignore[assignment] # noqa: SLF001 - as above


def take_for_installed(projects: Mapping[str, str]) -> None:
    """
    Let pip find *projects*, name → version, installed, as on a machine whose interpreter brings them.

    pip keeps one that satisfies, and takes any other from the index. ``--target`` and ``--ignore-installed`` concern what
    is on this machine, of which pip sees nothing in either case.
    """
    if not projects:
        return
    from pip._internal.metadata import get_metadata_distribution  # noqa: PLC0415 - must come after `replace_markers`
    from pip._internal.resolution.resolvelib.factory import Factory  # noqa: PLC0415 - as above

    stated = {name: f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n" for name, version in projects.items()}
    begin = Factory.__init__

    def with_projects(factory: Factory, *arguments: Any, **options: Any) -> None:
        begin(factory, *arguments, **options)
        # pip's directory for temporary files is there from now on.
        found: Any = {name: get_metadata_distribution(text.encode(), name, name) for name, text in stated.items()}
        factory._installed_dists = found  # noqa: SLF001 - no option does it

    Factory.__init__ = with_projects  # type: ignore[method-assign, assignment]
    # Nothing is there that a newer release could replace.
    Factory.get_dist_to_uninstall = lambda _factory, _candidate: None  # type: ignore[method-assign, assignment]


#: The view of `pypi_subset.upstream.gateway` that has all releases, up to where the other one differs: token, then target
#: and number of the run. The address of a site that is proven has no such part.
_WHOLE_VIEW = re.compile(r"(/[0-9a-f]{32})/simple(?=/[^/]+\.[0-9]+/)")


def read_newest_first() -> None:
    """
    Let pip read the page of newest releases of each project, and the whole page only if it asks for an older one.

    The candidates and their order are those of the whole page: pip makes a link of each file on a page, and of some
    hundred projects it tries hardly any older release. It concerns the views of the loopback index alone.
    """
    from pip._internal.index.package_finder import BestCandidateResult, PackageFinder  # noqa: PLC0415 - as above

    of_whole_page = PackageFinder.find_best_candidate

    def find(finder: PackageFinder, project_name: str, specifier: Any = None, hashes: Any = None) -> Any:
        whole = functools.partial(of_whole_page, finder, project_name, specifier, hashes)
        newest = _finder_of_newest(finder)
        # A file with one of the hashes comes before all others, whatever its release.
        if newest is None or hashes:
            return whole()
        found = of_whole_page(newest, project_name, specifier, hashes)
        kept = [one for one in found.applicable_candidates if not one.link.is_yanked]
        # Without a final release among them, or with yanked ones alone, older releases decide what is applicable.
        if all(one.version.is_prerelease for one in found.applicable_candidates) or not kept:
            return whole()
        applicable = _NewestFirst(found.applicable_candidates, whole)
        return BestCandidateResult(found.all_candidates, applicable, found.best_candidate)

    PackageFinder.find_best_candidate = find  # type: ignore[method-assign, assignment]


class _NewestFirst(list["InstallationCandidate"]):
    """
    Applicable candidates, worst first; read backwards, all others follow.

    :param whole: returns the result for the whole page.
    """

    def __init__(self, newest: list[InstallationCandidate], whole: functools.partial[BestCandidateResult]) -> None:
        super().__init__(newest)
        self._whole = whole

    def __reversed__(self) -> Iterator[InstallationCandidate]:
        yield from super().__reversed__()
        read = {one.link.url for one in self}
        yield from (one for one in reversed(self._whole().applicable_candidates) if one.link.url not in read)


def _finder_of_newest(finder: PackageFinder) -> PackageFinder | None:
    """Return a finder like *finder* that reads the pages of newest releases; ``None`` if its index has none."""
    from pip._internal.models.search_scope import SearchScope  # noqa: PLC0415 - as above

    found: PackageFinder | None = vars(finder).get("newest_first")
    if (
        found is None
        and finder.index_urls
        and all(map(_WHOLE_VIEW.search, finder.index_urls))
        and not finder.find_links
    ):
        found = copy.copy(finder)
        found._link_collector = copy.copy(finder._link_collector)  # noqa: SLF001 - no option does it
        views = [_WHOLE_VIEW.sub(r"\1/newest", url) for url in finder.index_urls]
        found.search_scope = SearchScope.create(find_links=[], index_urls=views, no_index=False)
        found._all_candidates, found._best_candidates = {}, {}  # noqa: SLF001 - what it remembers
        vars(finder)["newest_first"] = found
    return found
