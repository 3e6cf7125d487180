"""
Values that pip computes for each project, or twice in a run, are computed once here: they stay the same.

No answer of pip changes, but for fields of its report that are not read. Like `changes`, this module replaces functions of
pip; the accepted range of versions of pip is capped for their sake. It is loaded by ``_child.py`` in the interpreter of an environment.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

#: URL of a link → the project of its wheel; ``None`` for what is no wheel.
_NAMES: dict[str, str | None] = {}
#: Identity of a list of tags → that list, and tag → place in it.
_RANKS: dict[int, tuple[Any, dict[Any, int]]] = {}


def leave_out() -> None:
    """Have each run compute the tags of its target, and their order, once, and report no descriptions."""
    from pip._internal.index.package_finder import CandidateEvaluator  # noqa: PLC0415 - must come after the markers
    from pip._internal.metadata.base import BaseDistribution  # noqa: PLC0415 - as above
    from pip._internal.models import target_python  # noqa: PLC0415 - as above
    from pip._internal.resolution.resolvelib import factory  # noqa: PLC0415 - as above

    target_python.get_supported = factory.get_supported = _tags_by(target_python.get_supported)  # type: ignore[attr-defined]
    CandidateEvaluator.__init__ = _ranked(CandidateEvaluator.__init__)  # type: ignore[method-assign]
    stated = BaseDistribution.metadata_dict.fget  # type: ignore[attr-defined]
    BaseDistribution.metadata_dict = property(_undescribed(stated))  # type: ignore[method-assign, assignment]


def leave_out_of_plans() -> None:
    """Have runs that plan look at no wheel of another project, and report of each project its name and version alone."""
    from pip._internal.index.package_finder import PackageFinder  # noqa: PLC0415 - as above
    from pip._internal.metadata.base import BaseDistribution  # noqa: PLC0415 - as above
    from pip._internal.models import target_python  # noqa: PLC0415 - as above

    leave_out()
    # The tags of this interpreter, for all runs that are forked later.
    target_python.get_supported()  # type: ignore[attr-defined]
    PackageFinder.evaluate_links = _of_project(PackageFinder.evaluate_links)  # type: ignore[method-assign]
    BaseDistribution.metadata_dict = property(_named)  # type: ignore[method-assign, assignment]


def look_at(links: Iterable[Any]) -> None:
    """Find out now of which projects *links* are, for all runs that are forked later."""
    for link in links:
        _name_of(link)


def _tags_by(find: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    @functools.cache
    def found(version: Any, platforms: Any, impl: Any, abis: Any) -> list[Any]:
        return find(version, platforms and [*platforms], impl, abis and [*abis])

    def tags(version: Any = None, platforms: Any = None, impl: Any = None, abis: Any = None) -> list[Any]:
        return found(version, platforms and tuple(platforms), impl, abis and tuple(abis))

    return tags


def _ranked(initialize: Callable[..., None]) -> Callable[..., None]:
    def begin(self: Any, project_name: str, supported_tags: list[Any], *arguments: Any, **options: Any) -> None:
        initialize(self, project_name, [], *arguments, **options)
        if id(supported_tags) not in _RANKS:
            _RANKS[id(supported_tags)] = supported_tags, {tag: place for place, tag in enumerate(supported_tags)}
        self._supported_tags, self._wheel_tag_preferences = _RANKS[id(supported_tags)]

    return begin


def _of_project(evaluate: Callable[..., list[Any]]) -> Callable[..., list[Any]]:
    def candidates(self: Any, evaluator: Any, links: Any) -> list[Any]:
        own = (None, evaluator._canonical_name)  # noqa: SLF001
        return evaluate(self, evaluator, [link for link in links if _name_of(link) in own])

    return candidates


def _name_of(link: Any) -> str | None:
    """Return the project of the wheel behind *link*; ``None`` for what pip has to look at itself."""
    if link.url not in _NAMES:
        _NAMES[link.url] = None if link.egg_fragment else _project_of(link.filename)
    return _NAMES[link.url]


def _project_of(filename: str) -> str | None:
    from pip._internal.models import wheel  # noqa: PLC0415 - as above
    from pip._vendor.packaging.utils import canonicalize_name  # noqa: PLC0415 - as above

    if not filename.endswith(".whl"):
        return None
    try:
        return canonicalize_name(wheel.Wheel(filename).name)
    except wheel.InvalidWheelFilename:  # type: ignore[attr-defined]
        return None


def _undescribed(stated: Callable[[Any], dict[str, Any]]) -> Callable[[Any], dict[str, Any]]:
    """Return *stated* without descriptions, the longest part of a report."""

    def found(distribution: Any) -> dict[str, Any]:
        return {name: value for name, value in stated(distribution).items() if name != "description"}

    return found


def _named(distribution: Any) -> dict[str, str]:
    return {"name": distribution.metadata["Name"], "version": distribution.metadata["Version"]}
