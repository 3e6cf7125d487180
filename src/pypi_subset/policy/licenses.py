"""Licences: what METADATA states, as an SPDX expression, and whether a list of allowed ones satisfies it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

from pypi_subset.model.intake.rules import LICENSE
from pypi_subset.model.intake.verdicts import Verdict
from pypi_subset.support import bounds
from pypi_subset.support.text import depth

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from pypi_subset.distributions.metadata import Licensing
    from pypi_subset.model.distributions import Distribution

#: Characters of a text that may be an expression; ``License`` holds whole licence texts too.
_LONGEST = 500
#: Classifiers that name one licence. Others, such as "BSD License", name a family.
_CLASSIFIERS = {
    "MIT License": "MIT",
    "MIT No Attribution License (MIT-0)": "MIT-0",
    "ISC License (ISCL)": "ISC",
    "The Unlicense (Unlicense)": "Unlicense",
    "Python Software Foundation License": "PSF-2.0",
    "Zope Public License": "ZPL-2.1",
    "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Mozilla Public License 1.1 (MPL 1.1)": "MPL-1.1",
    "Boost Software License 1.0 (BSL-1.0)": "BSL-1.0",
    "zlib/libpng License": "Zlib",
    "GNU General Public License v2 (GPLv2)": "GPL-2.0-only",
    "GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
    "GNU General Public License v3 (GPLv3)": "GPL-3.0-only",
    "GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
    "GNU Lesser General Public License v2 (LGPLv2)": "LGPL-2.0-only",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.0-or-later",
    "GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0-only",
    "GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    "GNU Affero General Public License v3": "AGPL-3.0-only",
    "GNU Affero General Public License v3 or later (AGPLv3+)": "AGPL-3.0-or-later",
    "European Union Public Licence 1.2 (EUPL 1.2)": "EUPL-1.2",
    "Universal Permissive License (UPL)": "UPL-1.0",
}
#: How the SPDX identifiers of a family begin, by classifier.
_FAMILIES = {
    "Apache Software License": ("apache-",),
    "BSD License": ("bsd-", "0bsd"),
    "GNU General Public License (GPL)": ("gpl-",),
    "GNU Lesser General Public License (LGPL)": ("lgpl-",),
    "GNU Library or Lesser General Public License (LGPL)": ("lgpl-",),
    "Academic Free License (AFL)": ("afl-",),
    "Artistic License": ("artistic-",),
    "Eclipse Public License 1.0 (EPL-1.0)": ("epl-1.0",),
    "Eclipse Public License 2.0 (EPL-2.0)": ("epl-2.0",),
    "Mozilla Public License 1.0 (MPL)": ("mpl-1.0",),
    "Python Software Foundation License": ("psf-2.0", "python-2.0"),
}
_OSI = re.compile(r"License :: (?:OSI Approved :: )?(?P<name>.+)")
_TOKEN = re.compile(r"\(|\)|[^\s()]+")


def license_of(stated: Licensing) -> str:
    """
    Return the SPDX expression that METADATA states, ``""`` if it states none that can be read.

    ``License-Expression`` (PEP 639) counts first, then a short ``License`` that every classifier of a licence agrees with,
    then the one classifier of a licence. METADATA that contradicts itself states none.
    """
    if stated.repeated:
        return ""
    if stated.expression:
        return _expression(stated.expression)
    names = {match["name"] for text in stated.classifiers if (match := _OSI.fullmatch(text))} - {"OSI Approved"}
    if written := _expression(" ".join(stated.text.split())):
        return written if all(_agrees(name, written) for name in names) else ""
    # Several classifiers, or one of a family, leave the question open.
    named = {_CLASSIFIERS.get(name, "") for name in names}
    return named.pop() if len(named) == 1 else ""


def _agrees(classifier: str, expression: str) -> bool:
    """Return whether *expression* has a licence that *classifier* names; versions of GNU licences have older spellings."""
    known = _CLASSIFIERS.get(classifier, "").lower()
    spelt = {known, known.removesuffix("-only"), known.replace("-or-later", "+")} - {""}
    families = _FAMILIES.get(classifier, ())
    return any(one.lower() in spelt or one.lower().startswith(families) for one in _TOKEN.findall(expression))


def is_allowed(expression: str, allowed: Collection[str]) -> bool:
    """
    Return whether *allowed* satisfies an SPDX expression: each side of ``AND``, one side of ``OR``.

    A licence ``WITH`` an exception is allowed if it, or the licence without the exception, is in *allowed*: an exception
    only adds permissions (SPDX specification, annex D).
    """
    known = {one.lower() for one in allowed}
    value, rest = _either(_TOKEN.findall(expression), known)
    return value and not rest


def verdict_of(
    one: Distribution, license_expression: str, allowed: Collection[str], known: Mapping[str, str]
) -> Verdict | None:
    """
    Return why the licence of *one* is refused, ``None`` if it is allowed.

    :param license_expression: what its METADATA states; ``""`` if it states none.
    :param known: what the user states, by project; it counts where METADATA states none.
    """
    expression = license_expression or known.get(one.project, "")
    if expression and is_allowed(expression, allowed):
        return None
    what = (
        f"its licence is {expression}"
        if expression
        else "its metadata names no licence that SPDX knows, or differing ones"
    )
    if license_expression and one.project in known:
        what += "; licenses in subset.toml counts where the metadata names none"
    return Verdict(rule=LICENSE, project=one.project, version=one.version, sentence=f"license: {what}")


def _expression(text: str) -> str:
    if not 0 < len(text) <= _LONGEST or depth(text) > bounds.DEEPEST:
        return ""
    try:
        return str(canonicalize_license_expression(text))
    except (InvalidLicenseExpression, ValueError):
        return ""


def _either(tokens: Sequence[str], allowed: Collection[str]) -> tuple[bool, Sequence[str]]:
    value, rest = _both(tokens, allowed)
    while rest and rest[0].upper() == "OR":
        other, rest = _both(rest[1:], allowed)
        value = value or other
    return value, rest


def _both(tokens: Sequence[str], allowed: Collection[str]) -> tuple[bool, Sequence[str]]:
    value, rest = _one(tokens, allowed)
    while rest and rest[0].upper() == "AND":
        other, rest = _one(rest[1:], allowed)
        value = value and other
    return value, rest


def _one(tokens: Sequence[str], allowed: Collection[str]) -> tuple[bool, Sequence[str]]:
    if not tokens:
        return False, ()
    if tokens[0] == "(":
        value, rest = _either(tokens[1:], allowed)
        return value, rest[1:]
    name, rest = tokens[0].lower(), tokens[1:]
    if len(rest) > 1 and rest[0].upper() == "WITH":
        return name in allowed or f"{name} with {rest[1].lower()}" in allowed, rest[2:]
    return name in allowed, rest
