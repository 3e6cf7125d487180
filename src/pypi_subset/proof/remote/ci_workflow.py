"""Workflow files: the proof on machines that GitHub and GitLab lend, each for the targets that it can stand for."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from typing import TYPE_CHECKING

from pypi_subset.errors import TargetError
from pypi_subset.support import templates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pypi_subset.model.targets import Target


#: virtualenv seeds no older Python.
_OLDEST = (3, 9)

#: (``sys_platform``, ``platform_machine``) → the label of a machine of GitHub's, and the word for its Python's architecture.
_GITHUB = {
    ("linux", "x86_64"): ("ubuntu-latest", "x64"),
    ("linux", "aarch64"): ("ubuntu-24.04-arm", "arm64"),
    ("darwin", "arm64"): ("macos-latest", "arm64"),
    ("darwin", "x86_64"): ("macos-15-intel", "x64"),
    ("win32", "AMD64"): ("windows-latest", "x64"),
    ("win32", "x86"): ("windows-latest", "x86"),
    ("win32", "ARM64"): ("windows-11-arm", "arm64"),
}
#: Versions of macOS that GitHub has under a label of their own. A newer system cannot stand for an older one.
_MACS = {("15", "arm64"): "macos-15", ("26", "arm64"): "macos-26", ("15", "x86_64"): "macos-15-intel"}

#: The same for GitLab: its machines for Linux, which run an image.
_GITLAB = {
    ("linux", "x86_64"): "saas-linux-small-amd64",
    ("linux", "aarch64"): "saas-linux-small-arm64",
}


def render(form: str, targets: Sequence[Target], url: str) -> str:
    """
    Return the workflow file for ``github`` or ``gitlab``.

    :param targets: those of the subset; one that no machine of theirs can stand for is named in a comment.
    :param url: where the site is published.
    :raises TargetError: no machine can stand for any of them.
    """
    row = {"github": _on_github, "gitlab": _on_gitlab}[form]
    rows, others = _rows(targets, row)
    if not rows:
        msg = f"no machine of {form} can stand for any target"
        raise TargetError(
            msg, next_step="prove them where such machines are, and join the reports by `make merge-reports`"
        )
    told = [json.dumps({**dict(key), _plural(form): ",".join(names)}) for key, names in rows]
    return templates.render_text(f"workflow.{form}.yml", url=json.dumps(url), comments=[*_comments(others)], rows=told)


def _plural(form: str) -> str:
    return "targets" if form == "github" else "TARGETS"


def _rows(
    targets: Sequence[Target], row: Callable[[Target], Mapping[str, str] | None]
) -> tuple[list[tuple[tuple[tuple[str, str], ...], list[str]]], list[Target]]:
    """Return each machine with the names of its targets, and the targets that have none."""
    found: defaultdict[tuple[tuple[str, str], ...], list[str]] = defaultdict(list)
    others: list[Target] = []
    for target in sorted(targets, key=lambda one: one.name):
        own = None if target.host else row(target)
        if own is None:
            others.append(target)
        else:
            found[tuple(own.items())].append(target.name)
    return sorted(found.items()), others


def _on_github(target: Target) -> Mapping[str, str] | None:
    place, python = _place(target), _python(target)
    if place not in _GITHUB or python is None or _is_musl(target):
        return None
    machine, architecture = _GITHUB[place]
    if macos := re.search(r"macosx_(\d+)_", target.platform):
        machine = _MACS.get((macos[1], place[1]), machine)
    return {"machine": machine, "python": python, "architecture": architecture}


def _on_gitlab(target: Target) -> Mapping[str, str] | None:
    place, python = _place(target), _python(target)
    if place not in _GITLAB or python is None or _is_musl(target):
        return None
    return {"MACHINE": _GITLAB[place], "PYTHON": python}


def _place(target: Target) -> tuple[str, str]:
    markers = target.environment
    return markers.get("sys_platform", ""), markers.get("platform_machine", "")


def _is_musl(target: Target) -> bool:
    return any(platform.startswith("musllinux") for platform in target.platforms)


def _python(target: Target) -> str | None:
    """Return the name of its Python, as ``3.12``, ``3.13t``, ``3.12.4`` or ``pypy3.10``, ``None`` if it is not to be had."""
    if target.python < _OLDEST or target.implementation not in {"cp", "pp"}:
        return None
    if target.implementation == "pp":
        return f"pypy{target.python[0]}.{target.python[1]}"
    return f"{target.version}{'t' * target.abis[0].endswith('t')}"


def _comments(others: Sequence[Target]) -> Iterator[str]:
    yield "# A machine proves as `installed` what it can stand for; the report says so of each, `unpacked` of the others."
    if others:
        names = ", ".join(f"{one.name} ({'the host' if one.host else one.tag})" for one in others)
        yield f"# No machine here is like these, of which the report that was published tells: {names}."
