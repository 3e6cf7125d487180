"""The ``source`` of a set that is no requirements file, as requests with lines: a project, a script, or a lock."""

from __future__ import annotations

import io
import itertools
import re
import tokenize
from typing import TYPE_CHECKING

from packaging.pylock import is_valid_pylock_path
from packaging.specifiers import InvalidSpecifier, SpecifierSet

from pypi_subset.errors import Fault
from pypi_subset.model.requests import Request, RequirementSet
from pypi_subset.requirements.pylock import read_pylock
from pypi_subset.requirements.pyproject import read_list, read_project
from pypi_subset.requirements.toml import Settings, parse_toml
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pypi_subset.requirements.source import Source

    #: A kind of document: what finds the TOML in its bytes, each line where it stands in the file; where that says which
    #: Pythons it is for; what yields the requests.
    _Kind = tuple[Callable[[bytes], str], tuple[str, ...], Callable[[Source, Settings], Iterator[Request | Fault]]]

#: The first and the last line of a block of inline metadata in a script, and a line between them (PEP 723).
_FIRST, _LAST, _BETWEEN = "# /// script", "# ///", re.compile("#(| .*)")
_OPENING = re.compile(r"(?m)^# /// script$")
#: Lock files of a tool's own, and how the tool writes what can be read here.
_EXPORTS = {
    "uv.lock": "uv export --no-emit-project --output-file pylock.toml",
    "poetry.lock": "poetry export --without-urls --output requirements.txt",
    "pdm.lock": "pdm export --format pylock --output pylock.toml",
}


def is_text(path: Path) -> bool:
    """Whether the document at *path* is a requirements file."""
    return path.suffix == ".txt"


def read_source(source: Source, faults: list[Fault]) -> RequirementSet:
    """Return the set that *source* makes; its mistakes go to *faults*."""
    found = list(dict.fromkeys(_read(source)))
    wrong = [one for one in found if isinstance(one, Fault)]
    requests = tuple(one for one in found if isinstance(one, Request))
    if not found:
        step = "choose extras or groups of it, or drop the set"
        wrong.append(source.fault(f"the set {source.set_name!r} asks for nothing", "source", step))
    faults.extend(wrong)
    return RequirementSet(
        name=source.set_name, path=source.path, requests=requests, constraints=(), targets=source.choice.targets
    )


def _read(source: Source) -> Iterator[Request | Fault]:
    kind = _kind_of(source.path)
    if kind is None:
        step = "name a pyproject.toml, a pylock.toml, a script.py, or a requirements file *.txt"
        step = f"name what this writes: {_EXPORTS[source.path.name]}" if source.path.name in _EXPORTS else step
        yield source.fault(f"{source.path} is no document that is understood", "source", step)
        return
    text_of, python, requests_of = kind
    try:
        text = text_of(files.read_input(source.path))
    except (UnicodeError, SyntaxError) as error:
        yield Fault(what=f"unreadable text ({error})", path=source.path, next_step="save it as UTF-8")
    except _NoBlockError as error:
        step = "have one, from '# /// script' to '# ///' (PEP 723)"
        yield Fault(what=str(error), path=source.path, next_step=step)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        yield source.fault(f"{source.path}: {reason}", "source", "mend the path")
    else:
        document = parse_toml(source.path, text)
        if isinstance(document, Fault):
            yield document
            return
        yield from _shut_out(source, document, python)
        yield from requests_of(source, document)


def _kind_of(path: Path) -> _Kind | None:
    if path.name == "pyproject.toml":
        return _whole, ("project", "requires-python"), read_project
    if is_valid_pylock_path(path):
        return _whole, ("requires-python",), read_pylock
    return (_metadata, ("requires-python",), _script) if path.suffix == ".py" else None


def _whole(data: bytes) -> str:
    return data.decode("utf-8-sig")


class _NoBlockError(ValueError):
    """A script has no inline metadata, or has them twice."""


def _metadata(data: bytes) -> str:
    """Return the inline metadata of a script, every other line blank, so that the numbers of lines stay."""
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    script = io.TextIOWrapper(io.BytesIO(data), encoding).read()
    blocks = list(_blocks(script.split("\n")))
    if len(blocks) != 1:
        opened = _OPENING.search(script)
        if opened and not re.search(r"(?m)^# ///$", script[opened.end() :]):
            number = script.count("\n", 0, opened.start()) + 1
            msg = f"the block of line {number} is not closed"
        else:
            msg = "the script has more than one block of metadata" if blocks else "the script has no inline metadata"
        raise _NoBlockError(msg)
    first, content = blocks[0]
    return "\n" * first + "".join(f"{line[2:]}\n" for line in content)


def _blocks(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """
    Yield each block of inline metadata: how many lines stand above its content, and these.

    PEP 723's own expression means the same, and takes a time that grows with the square.
    """
    start = 0
    for comments, group in itertools.groupby(lines, key=lambda line: _BETWEEN.fullmatch(line) is not None):
        run = [*group]
        if comments and _FIRST in run and _LAST in run:
            first = run.index(_FIRST) + 1
            # A block reaches as far as comments do.
            last = len(run) - 1 - run[::-1].index(_LAST)
            if first < last:
                yield start + first, run[first:last]
        start += len(run)


def _script(_source: Source, document: Settings) -> Iterator[Request | Fault]:
    yield from read_list(document, document.document.get("dependencies", []), "dependencies")


def _shut_out(source: Source, document: Settings, keys: tuple[str, ...]) -> Iterator[Fault]:
    """Yield a fault for each target whose Python the document is not for, as it says at *keys*."""
    value: object = document.document
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    if value is None:
        return
    try:
        bound = SpecifierSet(value) if isinstance(value, str) else None
    except InvalidSpecifier:
        bound = None
    if bound is None:
        what = "requires-python is no version specifier"
        yield document.fault(what, *keys, next_step='write requires-python = ">=3.11", say')
        return
    for target in source.targets:
        if not bound.contains(".".join(map(str, target.python)), prereleases=True):
            what = f"requires-python {value!r} shuts out the target {target.name!r}, Python {target.version}"
            step = f"leave it out of targets in [sets.{source.set_name}], or give it another python"
            yield document.fault(what, *keys, next_step=step)
