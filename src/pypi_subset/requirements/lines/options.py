"""Options in a requirements file: which change nothing, which have a meaning here, and why all others are refused."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pypi_subset.requirements.reach import Reach

#: pip's short and other spellings.
_SPELLINGS = {
    "-r": "--requirement",
    "-c": "--constraint",
    "-e": "--editable",
    "-i": "--index-url",
    "-f": "--find-links",
    "--pypi-url": "--index-url",
}
#: Options that take no value.
_FLAGS = frozenset({"--pre", "--prefer-binary", "--require-hashes", "--no-require-hashes", "--no-index"})
#: Options with a value. Words behind an option that is not known may be its value or options.
_VALUED = frozenset(
    {
        *("--requirement", "--constraint", "--hash", "--index-url", "--extra-index-url", "--find-links", "--editable"),
        *("--trusted-host", "--no-binary", "--only-binary", "--all-releases", "--only-final", "--use-feature"),
    }
)
#: Options that name a file, each on a line of its own.
INCLUDES = ("--requirement", "--constraint")
#: Options that change no file that is chosen here: only wheels are, and pip's configuration decides how to reach an index.
_WITHOUT_EFFECT = frozenset({"--trusted-host", "--only-binary", "--prefer-binary", "--use-feature"})
#: Options whose value is compared without a user and a password.
_OF_PLACES = re.compile(r"(?:-i|-f|--(?:index-url|extra-index-url|pypi-url|find-links)(?=[=\s]))")
_USER = re.compile(r"(?<=://)[^\s/@]*@")
#: Options that say how all lines are read; the set keeps them.
ABOUT_SET = ("--pre", "--require-hashes")

_CONFIGURE = "remove the line (`poetry export --without-urls` omits it), or run: pip config set global.{} …"
#: Why an option is refused, and what works instead.
_REFUSED = {
    "--index-url": ("names another index than the one that pip is configured for", _CONFIGURE.format("index-url")),
    "--extra-index-url": (
        "names an index that pip is not configured for",
        f"write [sources.NAME] with that index and its projects in subset.toml, {_CONFIGURE.format('extra-index-url')}",
    ),
    "--find-links": (
        "names a place that pip is not configured for",
        f"copy its wheels to requirements/wheels and {_CONFIGURE.format('find-links')}",
    ),
    "--no-index": ("shuts out every index", "remove the line, and set pip's index-url to the index that is meant"),
    "--no-binary": (
        "asks for an sdist, which a line does not build",
        'remove the line; to build its sdists, write build = ["PROJECT"] below [sdists] in subset.toml',
    ),
    "--no-require-hashes": ("allows files without a hash", "remove the line, and the hashes that are not to count"),
    "--all-releases": (
        "allows pre-releases of some projects",
        "write --pre, or name the pre-release: 'PROJECT==2.0rc1'",
    ),
    "--only-final": ("shuts out pre-releases of some projects", "remove the line, and exclude them: 'PROJECT!=2.0rc1'"),
    "--editable": (
        "is refused: an index offers releases, no directories",
        "name the project and a version, or export with --no-emit-project",
    ),
}


def options_in(words: Iterable[str]) -> Iterator[tuple[str, str]]:
    """
    Yield the name of each option of *words*, in its long spelling, and its value.

    What is no option of pip's is the last one: it cannot be known whether it has a value.
    """
    rest = iter(words)
    for word in rest:
        name, given, value = word.partition("=") if word.startswith("--") else (word[:2], word[2:], word[2:])
        name = _SPELLINGS.get(name, name) if word.startswith("-") else word
        if name in _FLAGS and not given:
            # ":all:" is what pip makes of --pre.
            yield name, ""
        elif name in _VALUED:
            value = value if given else next(rest, "")
            yield ("--pre", "") if (name, value) == ("--all-releases", ":all:") else (name, value)
        else:
            yield name, ""
            return


def without_users(text: str) -> str:
    """Return the line *text* without users and passwords, if it begins with an option that needs none of them."""
    return _USER.sub("", text) if _OF_PLACES.match(text) else text


def refusal(name: str, value: str, folder: str, reach: Reach) -> tuple[str, str] | None:
    """
    Return why the option *name* with *value* is refused, and what to do; ``None`` if it may be there.

    The value is not shown, since there may be a password in it.

    :param folder: the directory of the file.
    :param reach: what pip is configured for, and the sources of ``subset.toml``.
    """
    if not name.startswith("-"):
        return "only --hash may follow a requirement", "start a new line"
    if name in {*INCLUDES, *ABOUT_SET, *_WITHOUT_EFFECT, "--hash"} or _changes_nothing(name, value, folder, reach):
        return None
    if name not in _REFUSED:
        return f"{name} is refused: it has no meaning here", "remove it"
    what, step = _REFUSED[name]
    return f"{'-e' if name == '--editable' else name} {what}", step


def _changes_nothing(name: str, value: str, folder: str, reach: Reach) -> bool:
    """Whether pip would look for files where it looks in any case."""
    if name == "--index-url":
        return reach.is_index(value)
    if name == "--extra-index-url":
        return reach.is_known(value)
    if name == "--find-links":
        # As in pip, a path starts at the file, or where the command runs.
        places = (value,) if "://" in value else (value, os.path.join(folder, value))  # noqa: PTH118
        return reach.is_linked(*places) or reach.is_wheels(*places)
    return name == "--no-binary" and value == ":none:"
