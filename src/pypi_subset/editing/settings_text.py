"""One target or one sdist more or less in the text of ``subset.toml``; comments and order stay (tomlkit)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import tomlkit
from packaging.utils import canonicalize_name
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import Array

from pypi_subset.errors import SubsetError
from pypi_subset.requirements.subset_toml import HOST
from pypi_subset.targets.named_systems import canonical, is_named

if TYPE_CHECKING:
    from collections.abc import Mapping

#: How a tag begins.
TAG = re.compile(r"(cp|pp|py)\d")


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """
    The text of ``subset.toml``.

    :param name: of the file, for errors.
    """

    text: str
    name: str

    def with_target(self, name: str, value: str, python: str) -> str:
        """
        Return the text with a target.

        :param value: the name of a system, a tag, ``host``, or a ``.json`` file that describes a machine.
        :param python: ``X.Y`` or ``X.Y.Z``; ``""`` for that of the system or the tag.
        :raises SubsetError: there is another target of that name.
        """
        document = self._document()
        targets = _table(document, "targets")
        entry = _target(value, python)
        if name in targets:
            if targets[name] == entry:
                return self.text
            msg = f"{self.name} has a target {name} already"
            raise SubsetError(
                msg, target=name, next_step=f"choose another name, or `pypi-subset remove --target {name}`"
            )
        targets[name] = entry if isinstance(entry, str) else _inline(entry)
        return tomlkit.dumps(document)

    def without_target(self, name: str) -> str:
        """
        Return the text without a target.

        :raises SubsetError: there is none of that name.
        """
        document = self._document()
        targets = document.get("targets", {})
        if name not in targets:
            known = ", ".join(targets) or "none"
            msg = f"{self.name} has no target {name}"
            raise SubsetError(msg, target=name, next_step=f"choose one that it has: {known}")
        del targets[name]
        return tomlkit.dumps(document)

    def with_built(self, project: str) -> str:
        """Return the text with *project* in ``build`` of ``[sdists]``."""
        document = self._document()
        names = self._built(document)
        if names is not None and canonicalize_name(project) in map(canonicalize_name, names):
            return self.text
        if names is None:
            _table(document, "sdists")["build"] = [project]
        elif "\n" in names.as_string():
            names.add_line(project)
        else:
            names.append(project)
        return tomlkit.dumps(document)

    def without_built(self, project: str) -> str:
        """
        Return the text without *project* in ``build`` of ``[sdists]``.

        :raises SubsetError: it is not there.
        """
        document = self._document()
        names: list[str] = self._built(document) or []
        wanted = canonicalize_name(project)
        kept = [one for one in names if canonicalize_name(one) != wanted]
        if len(kept) == len(names):
            msg = f"{self.name} does not build {project}"
            step = f"choose one that it builds: {', '.join(names) or 'none'}"
            raise SubsetError(msg, project=wanted, next_step=step)
        for number in reversed(range(len(names))):
            if canonicalize_name(names[number]) == wanted:
                del names[number]
        if not kept:
            del document["sdists"]["build"]
            if not document["sdists"]:
                del document["sdists"]
        return tomlkit.dumps(document)

    def _document(self) -> tomlkit.TOMLDocument:
        try:
            return tomlkit.parse(self.text)
        except TOMLKitError as error:
            msg = f"{self.name} is not TOML: {error}"
            raise SubsetError(msg, next_step="mend it, then run the same command again") from error

    def _built(self, document: Mapping[str, Any]) -> Array | None:
        value = document.get("sdists", {}).get("build")
        if value is not None and not isinstance(value, Array):
            msg = f"{self.name}: build of [sdists] is no list"
            raise SubsetError(msg, next_step='write build = ["docopt"]')
        return value


def _table(document: tomlkit.TOMLDocument, name: str) -> dict[str, Any]:
    """Return the table *name*, a new one at the end if there is none."""
    if name not in document:
        if document.as_string().strip():
            document.add(tomlkit.nl())
        document.add(name, tomlkit.table())
    table = document[name]
    if not isinstance(table, dict):
        msg = f"{name!r} must be a table"
        raise SubsetError(msg, next_step=f"write [{name}] on a line of its own")
    return cast("dict[str, Any]", table)


def example(name: str, value: str) -> str:
    """Return a whole ``NAME=SYSTEM`` for a target of which one half is missing."""
    if is_named(name) or name == HOST or TAG.match(name) or not name:
        return f"lab={canonical(name or value)}"
    return f"{name}={value or 'rhel-10'}"


def _target(value: str, python: str) -> str | dict[str, str]:
    """Return the value of a target, as short as it can be written."""
    key = "file" if value.endswith(".json") else "tag" if TAG.match(value) or value == HOST else "on"
    if not python and (key == "tag" or is_named(value)):
        return value
    return {key: value} | ({"python": python} if python else {})


def _inline(values: Mapping[str, str]) -> Any:
    table = tomlkit.inline_table()
    table.update(values)
    return table
