"""The pip part of a conda environment, as lines of a requirements file; its other packages are named and left out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pypi_subset.errors import Fault
from pypi_subset.requirements.encodings import UnreadableText, decoded
from pypi_subset.requirements.source import Notice
from pypi_subset.requirements.tools.finding import listed
from pypi_subset.support import bounds
from pypi_subset.support.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: The endings of such a document.
ENDINGS = frozenset({".yml", ".yaml"})
#: A package of conda: a channel, and the name.
_PACKAGE = re.compile(r"(?:[^\s:]+::)?([\w.-]+)", re.ASCII)
_BRACKET = re.compile(r"[][{}]")
_STEP = "write what pip installs below '- pip:'; or name what this writes in that environment: "
_FREEZE = "python -m pip list --format=freeze > requirements.txt"


def read_environment(path: Path, data: bytes) -> Iterator[tuple[int, str] | Notice | Fault]:
    """Yield number and text of each line of the pip part in *data*, the file at *path*; then a notice about the rest."""
    root = _root(path, data)
    if isinstance(root, Fault):
        yield root
        return
    found = [value for key, value in _pairs(root) if key == "dependencies"]
    stated = found[0] if len(found) == 1 else None
    if stated is None or not isinstance(stated.value, list) or _is_table(stated):
        what = "no environment of conda: it does not have one list 'dependencies'"
        yield Fault(what=what, path=path, line=1, next_step="name an environment.yml, or a requirements file *.txt")
        return
    packages: list[str] = []
    count = 0
    for one in stated.value:
        if not _is_table(one):
            packages.append(_name(one))
        for key, value in _pairs(one):
            lines = value.value if key == "pip" and isinstance(value.value, list) and not _is_table(value) else None
            if lines is None:
                what = f"{printable(key)!r} is no list of requirements"
                yield Fault(
                    what=what, path=path, line=_line(value), next_step="write '- pip:' and its lines below that"
                )
            for line in lines or ():
                count += 1
                yield _read(path, line)
    if not count:
        yield Fault(
            what="it has no pip part, and packages of conda are not mirrored", path=path, next_step=_STEP + _FREEZE
        )
    elif left := [name for name in packages if name != "pip"]:
        yield Notice(f"{path}: packages of conda are not mirrored: {listed(left)}")


def _root(path: Path, data: bytes) -> Any | Fault:
    """Return the topmost node of the document in *data*, or what is wrong with it."""
    # Imported late: few sets have such a document.
    from ruamel.yaml import YAML  # noqa: PLC0415
    from ruamel.yaml.error import MarkedYAMLError, YAMLError  # noqa: PLC0415

    if len(data) > bounds.LARGEST_ENVIRONMENT:
        what = f"it has more than {bounds.LARGEST_ENVIRONMENT:,} bytes"
        return Fault(what=what, path=path, next_step="name a requirements file *.txt instead")
    deep = Fault(what="not YAML: lists and tables are nested too deeply", path=path, next_step="write it with fewer")
    try:
        text = decoded(data)
        return deep if _is_deep(text) else YAML(typ="safe", pure=True).compose(text)
    except UnreadableText as error:
        return Fault(what=error.what, path=path, line=error.line, next_step=error.next_step)
    except RecursionError:
        return deep
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = f"not YAML: {printable(str(error.problem or error.context))}"
        return Fault(what=what, path=path, line=mark.line + 1 if mark else None)
    except (YAMLError, ValueError) as error:
        return Fault(what=f"not YAML: {printable(str(error).splitlines()[0])}", path=path)


def _is_deep(text: str) -> bool:
    """Whether very many brackets are open at once; the reader takes a time that grows with the square for these."""
    opened = 0
    for sign in _BRACKET.findall(text):
        opened += 1 if sign in "[{" else -1
        if opened > bounds.DEEPEST:
            return True
    return False


def _read(path: Path, node: Any) -> tuple[int, str] | Fault:
    number, text = _line(node), node.value
    if isinstance(text, str) and "\n" not in text:
        return number, text
    return Fault(what="no line of requirements", path=path, line=number, next_step="write one requirement on one line")


def _is_table(node: Any) -> bool:
    return getattr(node, "id", "") == "mapping"


def _pairs(node: Any) -> Iterator[tuple[str, Any]]:
    """Yield key and value of a table, nothing of another node."""
    for key, value in node.value if _is_table(node) else ():
        yield str(key.value), value


def _name(node: Any) -> str:
    found = _PACKAGE.match(node.value) if isinstance(node.value, str) else None
    return found[1] if found else "?"


def _line(node: Any) -> int:
    return int(node.start_mark.line) + 1
