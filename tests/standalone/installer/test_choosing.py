"""What a site has for a Python: the newest pip that runs there, the best target, the only set."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest

from pypi_subset.standalone.errors import ImporterError, Misused, Refused
from pypi_subset.standalone.importer.reading.manifests import SiteManifest
from pypi_subset.standalone.installer import choosing

DIGEST = "0" * 64


@dataclass(frozen=True)
class Python:
    """A Python, as far as a choice asks it."""

    version: tuple[int, ...] = (3, 11, 2)
    name: str = "CPython 3.11.2"


def file(version: str, requires_python: str | None, name: str = "pip", tag: str = "py3-none-any") -> dict[str, Any]:
    """Return a file of a manifest."""
    filename = f"{name}-{version}-{tag}.whl"
    return {
        "filename": filename,
        "path": f"simple/{name}/{filename}",
        "project": name,
        "version": version,
        "sha256": DIGEST,
        "metadata": None,
        "needed_by": [],
        "requires_python": requires_python,
    }


def target(name: str, tag: str, python: str = "3.11.0", **more: object) -> dict[str, Any]:
    """Return a target of a manifest."""
    return {"name": name, "tag": tag, "python": python, **more}


def manifest(*targets: dict[str, Any], files: tuple[dict[str, Any], ...] = (), **sets: list[str]) -> SiteManifest:
    """Return a manifest of before closures."""
    pages = {f"locks/{name}--{one}.requirements.txt": DIGEST for name, served in sets.items() for one in served}
    document = {"schema": "1.4", "targets": targets, "files": files, "pages": pages}
    document["sets"] = [{"name": name, "requests": [], "targets": served} for name, served in sets.items()]
    return SiteManifest(json.dumps(document).encode())


PIPS = (file("9.0.3", None), file("21.3.1", ">=3.6"), file("25.0.1", ">=3.8"), file("26.3", ">=3.10"))


@pytest.mark.parametrize(
    ("python", "version"),
    [((3, 6, 15), "21.3.1"), ((3, 5, 0), "9.0.3"), ((3, 9, 1), "25.0.1"), ((3, 10, 0), "26.3"), ((3, 14, 0), "26.3")],
)
def test_newest_pip_that_runs(python: tuple[int, ...], version: str) -> None:
    """By number, not by letter; pre-releases, other projects and wheels of one platform do not count."""
    others = (file("27.0b1", None), file("99", None, "pip-tools"), file("99", None, tag="py3-none-win_amd64"))
    found = choosing.newest_pip(manifest(files=(*PIPS, *others)), Python(python))  # type: ignore[arg-type]
    assert found.version == version


def test_no_pip() -> None:
    """The message says what there is, and what to write on the connected side."""
    step = "; on the connected side write `pip = true` below [bootstrap]"
    with pytest.raises(Misused) as caught:
        choosing.newest_pip(manifest(), Python())  # type: ignore[arg-type]
    assert str(caught.value) == f"the site has no pip for CPython 3.11.2{step}"
    with pytest.raises(Misused) as caught:
        choosing.newest_pip(manifest(files=(file("26.3", ">=3.12"),)), Python())  # type: ignore[arg-type]
    assert str(caught.value) == f"the site has pip 26.3, and none of them runs on CPython 3.11.2{step}"


TAGS = ("cp311-cp311-linux_x86_64", "cp311-cp311-manylinux_2_36_x86_64", "cp311-cp311-manylinux_2_28_x86_64")
OLD, NEW = target("old", TAGS[2]), target("new", TAGS[1])


def chosen(*targets: dict[str, Any], name: str = "") -> str:
    """Return the name of the target that is chosen, or the error."""
    try:
        return choosing.target_for(manifest(*targets), Python(), TAGS, name).name  # type: ignore[arg-type]
    except ImporterError as error:
        return str(error)


def test_the_best_target() -> None:
    """The newest C library that this machine has; one with just this patch level before it; never another patch level first."""
    far = target("far", "cp311-cp311-manylinux_2_39_x86_64")
    assert chosen(OLD, NEW, far) == "new"
    assert chosen(OLD, NEW, target("exact", TAGS[1], "3.11.2", exact=True)) == "exact"
    assert chosen(OLD, target("other", TAGS[1], "3.11.9", exact=True)) == "old"
    assert chosen(target("other", TAGS[1], "3.11.9", exact=True)) == "other"
    assert chosen(OLD, NEW, name="old") == "old"


def test_no_target() -> None:
    """The message names this machine, and every target; the platform is the one that says most."""
    this = "this is cp311-cp311-manylinux_2_36_x86_64, CPython 3.11.2"
    far = target("far", "cp39-cp39-win_amd64", "3.9.0")
    step = "run this with another Python, or add a target on the connected side"
    assert chosen(far) == f"no target of the site fits: {this}, and it has far (cp39-cp39-win_amd64); {step}"
    assert chosen(NEW, far, name="far") == chosen(far)
    assert chosen(far, name="none") == "the site has no target none; it has far (cp39-cp39-win_amd64)"
    assert chosen(NEW, {**NEW, "name": "same"}) == f"new and same both fit: {this}; choose one with --target"


def test_a_long_list_is_cut() -> None:
    """A message stays a line that people read."""
    every = [target(f"t{number}", f"cp3{number}-win") for number in range(14)]
    assert chosen(*every, name="none").endswith("t11 (cp311-win), 2 more")


def test_the_set() -> None:
    """The only set of the target; `bootstrap` counts only if it is named or alone."""
    found = manifest(OLD, NEW, base=["old", "new"], bootstrap=["old", "new"], lab=["new"])
    old, new = choosing.targets_of(found)
    assert choosing.set_for(found, old, "") == "base"
    assert choosing.set_for(found, old, "bootstrap") == "bootstrap"
    assert choosing.set_for(manifest(OLD, bootstrap=["old"]), old, "") == "bootstrap"
    with pytest.raises(Misused, match=r"^new \(\S+\) has the sets base, lab; choose one with --set$"):
        choosing.set_for(found, new, "")
    with pytest.raises(Misused, match=r"^old \(\S+\) has no set lab; it has base, bootstrap$"):
        choosing.set_for(found, old, "lab")


def test_requirements() -> None:
    """Path and hash are those of the manifest; one without them is refused."""
    found = manifest(OLD, base=["old"])
    (old,) = choosing.targets_of(found)
    assert choosing.requirements_path(found, "base", old) == ("locks/base--old.requirements.txt", DIGEST)
    with pytest.raises(Refused, match=r"names no locks/lab--old\.requirements\.txt"):
        choosing.requirements_path(found, "lab", old)
