"""Workflow files: the proof on machines that GitHub and GitLab lend, each for the targets that it can stand for."""

from __future__ import annotations

import json
import re
import tomllib
from collections import defaultdict
from typing import TYPE_CHECKING

from pypi_subset.errors import SubsetError, TargetError
from pypi_subset.support import templates
from pypi_subset.support.resources import shipped

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pypi_subset.model.targets import Target


#: virtualenv seeds no older Python.
_OLDEST = (3, 9)

#: The stages of a pre-release of Python, as the action that installs it spells them.
_STAGES = {"a": "-alpha.", "b": "-beta.", "rc": "-rc."}

#: How a job installs the tool: the files that tool-lock.txt names, and no others.
_LOCKED = "--require-hashes --no-deps --only-binary=:all:"

#: What an address may hold (RFC 3986, 2), without ``$``: GitLab replaces variables, and GitHub replaces ``${{ … }}``.
_ADDRESS = re.compile(r"[\w\-.~:/?#\[\]@!&'()*+,;=%]*", re.ASCII)


def render(form: str, targets: Sequence[Target], url: str, to: str = "") -> str:
    """
    Return the workflow file for ``github`` or ``gitlab``.

    :param targets: those of the subset; one that no machine of theirs can stand for is named in a comment.
    :param url: where the site is published.
    :param to: where the last job publishes the proven site; ``""``: it keeps the report alone.
    :raises TargetError: no machine can stand for any of them.
    :raises SubsetError: *url* or *to* would be read as something else, or *url* holds a password.
    """
    rows: defaultdict[tuple[str, ...], list[str]] = defaultdict(list)
    others: list[str] = []
    machines = tomllib.loads(shipped("ci_machines.toml").decode())[form]
    for target in sorted(targets, key=lambda one: one.name):
        if row := _row(target, machines, form):
            rows[row].append(target.name)
        else:
            others.append(f"{target.name} ({'the host' if target.host else target.tag})")
    if not rows:
        msg = f"no machine of {form} can stand for any target"
        raise TargetError(
            msg, next_step="prove them where such machines are, and join the reports by `pypi-subset merge-reports`"
        )
    jobs = [_job(row, rows[row]) for row in sorted(rows)]
    return templates.render_text(
        f"workflow.{form}.yml",
        url=json.dumps(_checked("url", url)),
        to=json.dumps(_checked("to", to)) if to else "",
        others=others,
        rows=jobs,
        parts=" ".join(
            f'"part-{number}/report.json={",".join(rows[row])}"' for number, row in enumerate(sorted(rows), 1)
        ),
        locked=_LOCKED,
        actions=_actions(),
    )


def _job(row: Sequence[str], names: Sequence[str]) -> dict[str, object]:
    """Return what the file says of a job: each value as YAML, and whether its system can isolate packages."""
    machine, python, *architecture = row
    words = {
        "title": f"{', '.join(names)} on {machine}",
        "machine": machine,
        "python": python,
        "architecture": "".join(architecture),
        "targets": ",".join(names),
    }
    # JSON is YAML (YAML 1.2.2, 1.3), and quotes what would be a number.
    quoted: dict[str, object] = {name: json.dumps(word) for name, word in words.items()}
    return quoted | {"isolated": not machine.startswith(("macos", "windows"))}


def _actions() -> dict[str, str]:
    """Return name → what ``uses`` says: the commit that is run, and a comment with the release."""
    table = tomllib.loads(shipped("ci_actions.toml").decode())
    return {name: f"{name}@{one['commit']} # {one['release']}" for name, one in table.items()}


def _checked(flag: str, address: str) -> str:
    """Return *address*, if the file can carry it to a shell as it is."""
    if strange := _ADDRESS.sub("", address, count=1):
        msg = f"{flag} holds {strange[0]!r}, which a workflow file would not keep as it is"
        raise SubsetError(msg, next_step="write it percent-encoded, or choose another address")
    if flag == "url" and "@" in address.partition("://")[2].partition("/")[0]:
        msg = "url holds a user name or a password, which every reader of the file would see"
        raise SubsetError(msg, next_step="name an address that needs none")
    return address


def _row(target: Target, machines: Mapping[str, Sequence[str]], form: str) -> tuple[str, ...]:
    """Return what a job needs that stands for *target*: the machine's label, its Python, perhaps more; else nothing."""
    place = " ".join(target.environment.get(name, "") for name in ("sys_platform", "platform_machine"))
    macos = re.search(r"macosx_(\d+)_", target.platform)
    found = machines.get(f"{place} {macos[1]}" if macos else place) or machines.get(place)
    python = _python(target, form)
    if target.host or found is None or python is None or target.platform.startswith("musllinux"):
        return ()
    return (found[0], python, *found[1:])


def _python(target: Target, form: str) -> str | None:
    """Return the name of its Python, as ``3.12``, ``3.13t``, ``3.12.4`` or ``pypy3.10``, ``None`` if it is not to be had."""
    if target.python < _OLDEST or target.implementation not in {"cp", "pp"}:
        return None
    if target.implementation == "pp":
        return f"pypy{target.python[0]}.{target.python[1]}"
    version = target.version
    if form == "github":
        # Its action names pre-releases as npm does: 3.15.0-rc.1.
        version = re.sub(r"(?<=[0-9])(a|b|rc)(?=[0-9])", lambda found: _STAGES[found[1]], version)
    return f"{version}{'t' * target.abis[0].endswith('t')}"
