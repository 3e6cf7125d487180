"""
A machine in its own words: what ``describe_target.py`` printed there becomes a `Target`.

The description holds facts, and the tags follow from them as `packaging.tags.sys_tags` works on the machine itself. But
what counts there is pip, which may be older than a tag; so the list that pip itself gave wins wherever there is one.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from packaging import tags as packaging_tags
from packaging.markers import default_environment
from packaging.tags import Tag
from packaging.version import InvalidVersion, Version

from pypi_subset.model.targets import Target
from pypi_subset.standalone.describe_target import KIND, SCHEMA
from pypi_subset.support import bounds, files
from pypi_subset.support.text import has_long_number, values
from pypi_subset.targets.brought import brought_by
from pypi_subset.targets.described_platforms import UPGRADE_PIP, WORD, Facts, platforms_of, untold
from pypi_subset.targets.grammar import FREE_THREADED, NO_PYMALLOC
from pypi_subset.targets.pips.versions import knows, lists, too_old_for
from pypi_subset.targets.tag import flagged, tags_of, telling

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_TAG = re.compile(r"[a-z0-9_.]+-[a-z0-9_.]+-[a-z0-9_.]+", re.ASCII | re.IGNORECASE)


def read_description(name: str, path: Path) -> Target:
    """
    Return the machine that the file *path* describes, with all eleven marker values and the tags that its pip sees.

    :param name: the target's name, for the result and for errors.
    :raises TargetError: the file cannot be read, is no description, or of a machine that pip's flags cannot express.
    """
    return _target_of(_load(name, path))


def described(name: str, path: Path, document: object) -> Target:
    """
    Return the same of a description that another document contains.

    :param path: of that document, for errors.
    :raises TargetError: as `read_description`.
    """
    return _target_of(_checked(Facts(target=name, path=path, document={}), document))


def _target_of(facts: Facts) -> Target:
    """Return the machine that *facts* describe."""
    python, implementation = _python(facts), _implementation(facts)
    interpreter = f"{implementation}{python[0]}{python[1]}"
    pip, listed = _pip(facts)
    if listed:
        abis, platforms = flagged(interpreter, listed)
        if not abis:
            facts.fail(f"its pip {pip} lists no tag for {interpreter}", next_step=UPGRADE_PIP)
        tags = _as_listed(facts, listed, tags_of(implementation, python[:2], abis, platforms))
    else:
        abis = _abis(facts, implementation, python)
        platforms = tuple(one for one in platforms_of(facts, pip) if knows(pip, one))
        tags = tuple(tag for tag in tags_of(implementation, python[:2], abis, platforms) if lists(pip, tag))
    unseen = _unseen(facts, pip, platforms)
    markers = {key: facts.fact(str, "markers", key) for key in default_environment()}
    return Target(
        name=facts.target,
        interpreter=interpreter,
        abi=abis[0],
        platform=telling(platforms),
        implementation=implementation,
        python=python,
        abis=abis,
        platforms=platforms,
        tags=tags,
        markers=tuple(sorted(markers.items())),
        described=True,
        unseen=unseen,
        exact=True,
        brought=brought_by(markers),
        notes=tuple(_notes(facts, pip, unseen, listed=bool(listed))),
    )


def _load(name: str, path: Path) -> Facts:
    """Return the facts in a file; a shell of Windows may have written it as UTF-16, which `json` finds out."""
    facts = Facts(target=name, path=path, document={})
    try:
        text = files.read_input(path)
        if values(text) > bounds.MOST_OF_A_TARGET:
            msg = f"it has more than {bounds.MOST_OF_A_TARGET:,} values"
            raise ValueError(msg)  # noqa: TRY301 - one message for all that is not JSON
        document = json.loads(text)
    except FileNotFoundError:
        step = "run there: python3 describe_target.py > lab.json, and lay that beside subset.toml"
        facts.fail("no such file", next_step=step)
    except OSError as error:
        facts.fail(error.strerror or str(error), next_step="see that it is a readable file")
    except (ValueError, RecursionError) as error:
        facts.fail(f"not JSON: {error}")
    return _checked(facts, document)


def _checked(facts: Facts, document: object) -> Facts:
    """Return the facts in *document*, which may come from anywhere."""
    if not isinstance(document, dict) or document.get("kind") != KIND:
        facts.fail("no description of a machine", next_step="name a file that describe_target.py printed")
    facts = Facts(target=facts.target, path=facts.path, document=document)
    if has_long_number(document):
        facts.fail(f"a number of more than {bounds.LONGEST_NUMBER} digits")
    schema = facts.fact(int, "schema")
    if schema > SCHEMA:
        what = f"schema {schema} is newer than this pypi-subset, which knows {SCHEMA}"
        facts.fail(what, next_step="upgrade pypi-subset, or use the describe_target.py that came with this one")
    if schema != SCHEMA:
        facts.fail(f"unknown schema {schema}")
    return facts


def _python(facts: Facts) -> tuple[int, int, int]:
    numbers = facts.fact(list, "version")[:3]
    if len(numbers) != 3 or not all(type(one) is int and one >= 0 for one in numbers):  # noqa: PLR2004 - X.Y.Z
        facts.fail("version is damaged")
    if numbers[0] != 3:  # noqa: PLR2004 - Python 3
        facts.fail(f"Python {numbers[0]} has no place here", next_step="describe the machine with its python3")
    return numbers[0], numbers[1], numbers[2]


def _implementation(facts: Facts) -> str:
    name = facts.fact(str, "implementation", "name")
    if not WORD.fullmatch(name):
        facts.fail("implementation.name is damaged")
    return packaging_tags.INTERPRETER_SHORT_NAMES.get(name, name)


def _pip(facts: Facts) -> tuple[Version | None, tuple[Tag, ...]]:
    """Return the version of the machine's pip, ``None`` where there is none, and the tags that it listed, if it did."""
    if facts.maybe(dict, "pip") is None:
        return None, ()
    version, tags = facts.fact(str, "pip", "version"), facts.maybe(list, "pip", "tags") or []
    if not all(isinstance(tag, str) and _TAG.fullmatch(tag) for tag in tags):
        facts.fail("pip.tags is damaged")
    try:
        return Version(version), tuple(dict.fromkeys(Tag(*tag.split("-")) for tag in tags))
    except InvalidVersion:
        facts.fail("pip.version is damaged")


def _as_listed(facts: Facts, listed: Sequence[Tag], derived: Sequence[Tag]) -> tuple[Tag, ...]:
    """
    Return the tags of *listed* that some pip can be made to look for: those that our pip *derived* from flags.

    With every pip since 20.0 they are all that it listed. An older one lists a name that no wheel has (``cp3-none-any``).
    It also lacks some that flags cannot leave out, as free-threaded Pythons lack ``abi3t`` with every pip before PEP 803:
    wheels with those alone never come before our pip (`Loopback.target_url`).
    """
    ours, theirs = frozenset(derived), frozenset(listed)
    tags = tuple(tag for tag in listed if tag in ours)
    beyond = next((tag for tag in listed if tag not in ours and (tag.abi, tag.platform) != ("none", "any")), None)
    if beyond or tags != tuple(tag for tag in derived if tag in theirs):
        what = f"its pip ranks tags as no flags can tell ours{f', {beyond} for one' if beyond else ''}"
        facts.fail(what, next_step=UPGRADE_PIP)
    return tags


def _unseen(facts: Facts, pip: Version | None, platforms: Sequence[str]) -> tuple[str, ...]:
    """Return the platforms that the newest pip would see there, and the machine's own does not."""
    newest = () if untold(facts) else platforms_of(facts, None)
    return tuple(one for one in newest if one not in platforms and not knows(pip, one))


def _notes(facts: Facts, pip: Version | None, unseen: Sequence[str], *, listed: bool) -> Iterator[str]:
    """Yield what the user should hear: where the tags are from if not from pip, and what its pip is too old for."""
    if pip is None:
        yield f"{facts.path}: there is no pip; the tags are those that a new one would list"
    elif not listed:
        yield f"{facts.path}: pip {pip} did not list its tags; they follow from its version"
    if pip is not None and unseen:
        yield f"{facts.path}: {too_old_for(pip, unseen)}; {UPGRADE_PIP}"


def _abis(facts: Facts, implementation: str, python: tuple[int, int, int]) -> tuple[str, ...]:
    """Return the ABIs that the interpreter loads, best first, the stable one aside (PEP 425, 703)."""
    if implementation == "cp":
        return _cpython_abis(facts, python)
    # Such as .pypy311-pp73-x86_64-linux-gnu.so, whose platform is no part of the ABI.
    _, suffix, *_ = *(facts.maybe(str, "config", "EXT_SUFFIX") or "").split("."), ""
    length = {"graalpy": 3, "pypy": 2}.get(re.split("[-0-9]", suffix)[0], 1)
    abi = "_".join(suffix.split("-")[:length])
    if not WORD.fullmatch(abi):
        facts.fail(f"config.EXT_SUFFIX does not tell the ABI of {implementation}")
    return (abi,)


def _cpython_abis(facts: Facts, python: tuple[int, int, int]) -> tuple[str, ...]:
    """Return the ABIs of a CPython; a debug build loads ordinary extension modules too, from 3.8 on."""
    set_by = facts.maybe(int, "config", "Py_DEBUG")
    seems = bool(facts.maybe(bool, "counts_references")) or "_d.pyd" in facts.fact(list, "extension_suffixes")
    debug = seems if set_by is None else bool(set_by)
    threads = python[1] >= FREE_THREADED and bool(facts.maybe(int, "config", "Py_GIL_DISABLED"))
    plain = f"cp{python[0]}{python[1]}{'t' * threads}"
    if python[1] < NO_PYMALLOC:
        pymalloc = facts.maybe(int, "config", "WITH_PYMALLOC")
        return (f"{plain}{'d' * debug}{'m' * (pymalloc is None or bool(pymalloc))}",)
    return (f"{plain}d", plain) if debug else (plain,)
