"""The ``source`` of a set that is no requirements file, as requests with lines: a project, a script, or a lock."""

from __future__ import annotations

import codecs
import io
import itertools
import re
import tokenize
from typing import TYPE_CHECKING

from packaging.pylock import is_valid_pylock_path
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name

from pypi_subset.errors import Fault
from pypi_subset.model.requests import Request, RequirementSet
from pypi_subset.requirements.encodings import UnreadableText, decoded
from pypi_subset.requirements.lockfiles.pdm import read_pdm_lock
from pypi_subset.requirements.lockfiles.pipfile import parse_json, read_pipfile_lock
from pypi_subset.requirements.lockfiles.poetry import read_poetry_lock
from pypi_subset.requirements.lockfiles.uv import read_uv_lock
from pypi_subset.requirements.pylock import read_pylock
from pypi_subset.requirements.pyproject import read_excludes, read_limits, read_list, read_project
from pypi_subset.requirements.source import Notice, is_lock
from pypi_subset.requirements.toml import Settings, parse_toml
from pypi_subset.requirements.tools.finding import Asked, table_at
from pypi_subset.requirements.tools.tables import Tables, instead, read_tables
from pypi_subset.requirements.tools.uv import UV
from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pypi_subset.requirements.source import Source

    #: A kind of document: what finds the TOML in its bytes, each line where it stands in the file; where that says which
    #: Pythons it is for; what yields the requests.
    _Kind = tuple[
        Callable[[bytes], str], tuple[str, ...], Callable[[Source, Settings], Iterator[Request | Fault | Notice]]
    ]

#: The first and the last line of a block of inline metadata in a script, and a line between them (PEP 723).
_FIRST, _LAST, _BETWEEN = "# /// script", "# ///", re.compile("#(| .*)")
_OPENING = re.compile(r"(?m)^# /// script$")
#: Files of other tools, and the command that writes what can be read here.
_EXPORTS = {
    "setup.py": "uv pip compile --generate-hashes setup.py --output-file requirements.txt",
    "setup.cfg": "uv pip compile --generate-hashes setup.cfg --output-file requirements.txt",
    "Pipfile": "pipenv requirements --hash > requirements.txt",
    "requirements.lock": "cp requirements.lock requirements.txt",
    "requirements-dev.lock": "cp requirements-dev.lock requirements.txt",
    "pixi.toml": "pixi run python -m pip list --format=freeze > requirements.txt",
    "pixi.lock": "pixi run python -m pip list --format=freeze > requirements.txt",
}
#: The one of them that is JSON.
_PIPFILE = "Pipfile.lock"
#: Locks of other tools, and what reads each.
_LOCKS = {
    "uv.lock": read_uv_lock,
    "poetry.lock": read_poetry_lock,
    "pdm.lock": read_pdm_lock,
    _PIPFILE: read_pipfile_lock,
}


def read_source(source: Source, faults: list[Fault]) -> RequirementSet:
    """Return the set that *source* makes; its mistakes go to *faults*."""
    document = _document(source)
    if not isinstance(document, Fault):
        document = _replaced(source, document) or document
    if isinstance(document, Fault):
        faults.append(document)
        return RequirementSet(
            name=source.set_name, path=source.path, requests=(), constraints=(), targets=source.choice.targets
        )
    found = list(dict.fromkeys(_requests(source, document)))
    wrong = [one for one in found if isinstance(one, Fault)]
    requests = tuple(one for one in found if isinstance(one, Request))
    notices = tuple(one.text for one in found if isinstance(one, Notice))
    if len(found) == len(notices):
        step = "choose extras or groups of it, or drop the set"
        wrong.append(source.fault(f"the set {source.set_name!r} asks for nothing", "source", step))
    tables = _tables(source, document, requests)
    limits, overrides = (
        [one for each in tables.limits for one in read_limits(each, key)]
        for key in ("constraint-dependencies", "override-dependencies")
    )
    excludes = [one for each in tables.limits for one in read_excludes(each)]
    faults.extend(
        (*wrong, *tables.faults, *(one for one in (*limits, *overrides, *excludes) if isinstance(one, Fault)))
    )
    return RequirementSet(
        name=source.set_name,
        path=source.path,
        requests=requests,
        constraints=tuple(one for one in (*limits, *overrides) if isinstance(one, Request)),
        overrides=tuple(one for one in overrides if isinstance(one, Request)),
        excludes=tuple(one for one in excludes if isinstance(one, str)),
        targets=source.choice.targets,
        pre=tables.pre,
        elsewhere=tables.elsewhere,
        notices=notices,
    )


def _document(source: Source) -> Settings | Fault:
    """Return the document in TOML that *source* is or has, or why there is none."""
    path, kind = source.path, _kind_of(source.path)
    if kind is None:
        step = "name a pyproject.toml, a lock (uv.lock, pylock.toml, …), a script.py, or a requirements file *.txt"
        step = f"name what this writes: {_EXPORTS[path.name]}" if path.name in _EXPORTS else step
        return source.fault(f"{path} is no document that is understood", "source", step)
    text_of, _, _ = kind
    try:
        text = text_of(files.read_input(path))
    except UnreadableText as error:
        return Fault(what=error.what, path=path, line=error.line, next_step=error.next_step)
    except SyntaxError as error:
        return Fault(what=f"unreadable text ({error})", path=path, next_step="save it as UTF-8")
    except _NoBlockError as error:
        step = "have one, from '# /// script' to '# ///' (PEP 723)"
        return Fault(what=str(error), path=path, next_step=step)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return source.fault(f"{path}: {reason}", "source", "mend the path")
    return parse_json(path, text) if path.name == _PIPFILE else parse_toml(path, text)


def _requests(source: Source, document: Settings) -> Iterator[Request | Fault | Notice]:
    kind = _kind_of(source.path)
    if kind is None:
        return
    _, python, requests_of = kind
    yield from _shut_out(source, document, python)
    for name in table_at(document.document, *UV, "dependency-groups"):
        if canonicalize_name(name) in map(canonicalize_name, source.choice.groups or ()):
            yield from _shut_out(source, document, (*UV, "dependency-groups", name, "requires-python"))
    yield from requests_of(source, document)


def _tables(source: Source, document: Settings, requests: tuple[Request, ...]) -> Tables:
    """Return what tables of tools say; a lock has none that count."""
    if is_lock(source.path):
        return Tables()
    return read_tables(source, document, _asked(source, requests))


def _asked(source: Source, requests: tuple[Request, ...]) -> Asked:
    return Asked(requests=requests, choice=source.choice, targets=source.targets, reach=source.reach)


def _replaced(source: Source, document: Settings) -> Fault | None:
    """Return a fault if another table or file has the dependencies of a project; ``None`` otherwise."""
    return instead(document, _asked(source, ())) if source.path.name == "pyproject.toml" else None


def _kind_of(path: Path) -> _Kind | None:
    if path.name in _EXPORTS:
        return None
    if path.name == "pyproject.toml":
        return decoded, ("project", "requires-python"), read_project
    if is_valid_pylock_path(path):
        return decoded, ("requires-python",), read_pylock
    if path.name in _LOCKS or path.name.endswith(".py.lock"):
        return decoded, ("requires-python",), _LOCKS.get(path.name, read_uv_lock)
    return (_metadata, ("requires-python",), _script) if path.suffix == ".py" else None


class _NoBlockError(ValueError):
    """A script has no inline metadata, or has them twice."""


def _metadata(data: bytes) -> str:
    """Return the inline metadata of a script, every other line blank, so that the numbers of lines stay."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    except SyntaxError:
        # Where no line names an encoding, the bytes tell what they are.
        decoded(data)
        raise
    script = decoded(data.removeprefix(codecs.BOM_UTF8), encoding.removesuffix("-sig"))
    script = re.sub("\r\n?", "\n", script)
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
        if not bound.contains(target.release, prereleases=True):
            what = f"requires-python {value!r} shuts out the target {target.name!r}, Python {target.version}"
            step = f"leave it out of targets in [sets.{source.set_name}], or give it another python"
            yield document.fault(what, *keys, next_step=step)
