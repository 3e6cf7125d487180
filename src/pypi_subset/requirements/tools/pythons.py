"""Pythons that tables of poetry and pixi are for, in their own form of version specifiers."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from pypi_subset.requirements.tools.finding import table_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pypi_subset.errors import Fault
    from pypi_subset.model.targets import Target
    from pypi_subset.requirements.toml import Settings

#: The tables that may say which Pythons a project is locked for, beside ``requires-python``.
_TABLES = (("tool", "poetry", "dependencies"), ("tool", "pixi", "dependencies"))
_PART = re.compile(r"(\^|~=|~|>=|<=|==|!=|>|<|=|)\s*(\d{1,9}(?:\.\d{1,9}){0,3})(\.\*)?")
#: Characters of a text that is read.
_LONGEST = 200


def shut_out(document: Settings, targets: Iterable[Target], set_name: str) -> Iterator[Fault]:
    """Yield a fault for each of *targets* whose Python such a table of *document* excludes, or for one that cannot be read."""
    for keys in _TABLES:
        value = table_at(document.document, *keys).get("python")
        text = value.get("version") if isinstance(value, dict) else value
        if text is None:
            continue
        here = (*keys, "python")
        bounds = bounds_of(text) if isinstance(text, str) else None
        if bounds is None:
            what = f"python of [{'.'.join(keys)}] is no version specifier"
            yield document.fault(what, *here, next_step='write python = ">=3.11", say')
            continue
        for target in targets:
            if not any(one.contains(target.release, prereleases=True) for one in bounds):
                what = f"python = {text!r} of [{'.'.join(keys)}] shuts out the target {target.name!r}, Python {target.version}"
                step = f"leave it out of targets in [sets.{set_name}], or give it another python"
                yield document.fault(what, *here, next_step=step)


def bounds_of(text: str) -> list[SpecifierSet] | None:
    """Return the alternatives in *text*, ``None`` if it cannot be read."""
    if len(text) > _LONGEST:
        return None
    found = [_specifiers(one.strip()) for one in re.split(r"\|\|?", text)]
    return None if None in found else [one for one in found if one is not None]


def _specifiers(text: str) -> SpecifierSet | None:
    """Return what *text*, parts with commas or spaces between them, means by PEP 440."""
    if text == "*":
        return SpecifierSet()
    said, end = list[str](), 0
    for part in _PART.finditer(text):
        if text[end : part.start()].strip(" ,"):
            return None
        said += _plain(part[1], part[2], star=bool(part[3]))
        end = part.end()
    try:
        return None if text[end:].strip() or not said else SpecifierSet(",".join(said))
    except InvalidSpecifier:
        return None


def _plain(sign: str, version: str, *, star: bool) -> list[str]:
    numbers = [int(one) for one in version.split(".")]
    if sign == "^":
        return [f">={version}", f"<{numbers[0] + 1}"]
    if sign == "~":
        return [f">={version}", f"=={'.'.join(map(str, numbers[:2]))}.*"]
    if sign in {"", "="} or (sign == "==" and star):
        return [f"=={version}.*"]
    # ``<3.13.*`` and its like mean the version alone.
    return [f"{sign}{version}{'.*' if star and sign == '!=' else ''}"]
