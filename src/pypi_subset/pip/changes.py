"""
What pip's own process changes in pip, to be on another machine: marker values, and projects that are installed there.

pip has no options for either. The accepted range of versions of pip is capped for their sake.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

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
