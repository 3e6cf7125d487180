"""What a site has for one Python: its pip, the target, the set."""

from pypi_subset.standalone.errors import Misused, Refused, shown
from pypi_subset.standalone.importer.reading.manifests import SiteManifest
from pypi_subset.standalone.installer.versions import admits, numbers_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterable, Sequence

    from pypi_subset.standalone.importer.reading.manifests import Distribution
    from pypi_subset.standalone.installer.interpreter import Interpreter

#: The set that `[bootstrap]` of subset.toml makes. It is installed only if it is named.
BOOTSTRAP = "bootstrap"
#: Names that a message lists.
MOST_NAMES = 12


class Target:
    """
    A target of the manifest.

    :param tag: Python, ABI and platform.
    :param python: its release.
    :param exact: whether the patch level is known.
    """

    def __init__(self, name: str, tag: str, python: "tuple[int, ...]", *, exact: bool) -> None:
        self.name = name
        self.tag = tag
        self.python = python
        self.exact = exact

    @property
    def text(self) -> str:
        """What messages call it."""
        return f"{shown(self.name)} ({shown(self.tag)})"


def targets_of(manifest: SiteManifest) -> "list[Target]":
    """Return the targets of *manifest*."""
    return [
        Target(
            one.get("name", str),
            one.get("tag", str),
            numbers_of(one.get("python", str)),
            exact=one.found.get("exact") is True,
        )
        for one in manifest.targets
    ]


def newest_pip(manifest: SiteManifest, python: "Interpreter") -> "Distribution":
    """
    Return the newest wheel of pip that runs on *python*.

    :raises Misused: the site has none.
    """
    wheels = [one for one in manifest.files if one.project == "pip" and one.filename.endswith("-none-any.whl")]
    fitting = [one for one in wheels if numbers_of(one.version) and admits(one.requires_python, python.version)]
    if not fitting:
        others = ", ".join(sorted({one.version for one in wheels}, key=numbers_of))
        has = f"has pip {shown(others)}, and none of them runs on" if others else "has no pip for"
        raise Misused(f"the site {has} {python.name}; on the connected side write `pip = true` below [bootstrap]")
    return max(fitting, key=lambda one: numbers_of(one.version))


def target_for(manifest: SiteManifest, python: "Interpreter", tags: "Sequence[str]", name: str) -> "Target":
    """
    Return the target that *python* is.

    :param tags: those of wheels that it takes, best first.
    :param name: that of the target, ``""`` if it is to be found.
    :raises Misused: none fits, or two fit equally.
    """
    every = targets_of(manifest)
    ranks = {tag: rank for rank, tag in enumerate(tags)}
    # `linux_x86_64` says nothing about the C library.
    best = next((tag for tag in tags if not tag.split("-")[-1].startswith("linux_")), tags[0])
    this = f"this is {best}, {python.name}"
    if name:
        every = [one for one in every if one.name == name]
        if not every:
            raise Misused(
                f"the site has no target {shown(name)}; it has {enumerated(one.text for one in targets_of(manifest))}"
            )
    fitting = [one for one in every if one.tag in ranks]
    if not fitting:
        raise Misused(
            f"no target of the site fits: {this}, and it has {enumerated(one.text for one in every)}; run this with another"
            " Python, or add a target on the connected side"
        )

    def rank(one: Target) -> "tuple[bool, int, bool]":
        """Return how well a target fits: its patch level first, if it states one."""
        return one.exact and one.python != python.version, ranks[one.tag], not one.exact

    fitting.sort(key=rank)
    if len(fitting) > 1 and rank(fitting[0]) == rank(fitting[1]):
        raise Misused(f"{fitting[0].name} and {fitting[1].name} both fit: {this}; choose one with --target")
    return fitting[0]


def set_for(manifest: SiteManifest, target: "Target", name: str) -> str:
    """
    Return the set to install.

    :param name: the one that was asked for, ``""`` if the only one is meant.
    :raises Misused: there is no such set for the target, or there are several.
    """
    known = sorted(set_name for set_name, served in manifest.jobs if served == target.name)
    if name:
        if name not in known:
            raise Misused(f"{target.text} has no set {shown(name)}; it has {enumerated(map(shown, known))}")
        return name
    found = [one for one in known if one != BOOTSTRAP] or known
    if len(found) != 1:
        raise Misused(f"{target.text} has the sets {enumerated(map(shown, found))}; choose one with --set")
    return str(found[0])


def requirements_path(manifest: SiteManifest, set_name: str, target: "Target") -> "tuple[str, str]":
    """
    Return path and SHA-256 of the requirements of *set_name* on *target*.

    :raises Refused: the manifest names no such file.
    """
    path = f"locks/{set_name}--{target.name}.requirements.txt"
    if path not in manifest.pages:
        raise Refused(f"the manifest names no {shown(path)}; run `pypi-subset mirror` again on the connected side")
    return path, manifest.pages[path]


def enumerated(names: "Iterable[str]") -> str:
    """Return *names* as a list in a sentence."""
    every = list(names)
    more = [f"{len(every) - MOST_NAMES} more"] if len(every) > MOST_NAMES else []
    return ", ".join([*every[:MOST_NAMES], *more]) or "none"
