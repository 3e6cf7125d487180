"""Workflow files: the proof on machines that GitHub and GitLab lend, each for the targets that it can stand for."""

from __future__ import annotations

import json
import re
import tomllib
from collections import defaultdict
from typing import TYPE_CHECKING

from pypi_subset.errors import TargetError
from pypi_subset.support import templates
from pypi_subset.support.resources import shipped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pypi_subset.model.targets import Target


#: virtualenv seeds no older Python.
_OLDEST = (3, 9)

#: By `form`, the names of what a row says of its machine, and of its targets.
_NAMES = {"github": ("machine", "python", "architecture", "targets"), "gitlab": ("MACHINE", "PYTHON", "TARGETS")}


def render(form: str, targets: Sequence[Target], url: str) -> str:
    """
    Return the workflow file for ``github`` or ``gitlab``.

    :param targets: those of the subset; one that no machine of theirs can stand for is named in a comment.
    :param url: where the site is published.
    :raises TargetError: no machine can stand for any of them.
    """
    rows: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    others: list[str] = []
    machines = tomllib.loads(shipped("ci_machines.toml").decode())[form]
    for target in sorted(targets, key=lambda one: one.name):
        if row := _row(target, machines):
            rows[row].append(target.name)
        else:
            others.append(f"{target.name} ({'the host' if target.host else target.tag})")
    if not rows:
        msg = f"no machine of {form} can stand for any target"
        raise TargetError(
            msg, next_step="prove them where such machines are, and join the reports by `make merge-reports`"
        )
    said = [json.dumps(dict(zip(_NAMES[form], [*row, ",".join(rows[row])], strict=True))) for row in sorted(rows)]
    return templates.render_text(f"workflow.{form}.yml", url=json.dumps(url), others=others, rows=said)


def _row(target: Target, machines: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Return what a job needs that stands for *target*: the machine's label, its Python, perhaps more; else nothing."""
    place = " ".join(target.environment.get(name, "") for name in ("sys_platform", "platform_machine"))
    macos = re.search(r"macosx_(\d+)_", target.platform)
    found = machines.get(f"{place} {macos[1]}" if macos else place) or machines.get(place)
    python = _python(target)
    if target.host or found is None or python is None or target.platform.startswith("musllinux"):
        return ()
    return (found[0], python, *found[1:])


def _python(target: Target) -> str | None:
    """Return the name of its Python, as ``3.12``, ``3.13t``, ``3.12.4`` or ``pypy3.10``, ``None`` if it is not to be had."""
    if target.python < _OLDEST or target.implementation not in {"cp", "pp"}:
        return None
    if target.implementation == "pp":
        return f"pypy{target.python[0]}.{target.python[1]}"
    return f"{target.version}{'t' * target.abis[0].endswith('t')}"
