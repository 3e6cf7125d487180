"""Packages with an ``__init__.py`` that are namespaces all the same: what made one before PEP 420."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, TypeGuard

from packaging.utils import canonicalize_name

from pypi_subset.support import files

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path

    from pypi_subset.proof.closure import Present


#: Bytes of an ``__init__.py`` that is read, and number of those that are read for one distribution.
_LARGEST, _MOST = 1 << 16, 200
#: What adds the directories of other distributions to the path of a package.
_EXTENDING = frozenset({"extend_path", "declare_namespace"})
#: What setuptools wrote for ``namespace_packages``.
_STATED = ".dist-info/namespace_packages.txt"
#: Modules whose names a namespace may import for that.
_HELPERS = frozenset({"__future__", "modulefinder", "os", "pkg_resources", "pkgutil", "sys", "typing"})
#: A backslash and what it escapes: without it, the parser has no warning to write.
_ESCAPED = re.compile(r"\\[\s\S]")


def old_namespaces(one: Present, modules: Iterable[str]) -> frozenset[str]:
    """
    Return those of *modules* that are namespaces by the text of their ``__init__.py``, which is parsed and never run.

    Such a file extends the path of its package and defines nothing that is public. One that is empty or extends the path makes
    a namespace if the project has its name from it (``backports.thing`` from ``backports``), or if the old metadata of
    setuptools say so. Any other empty one is that of a package, whose modules may need what is optional.

    :param modules: with dots; those that are no packages are left out.
    """
    if one.library is None:
        return frozenset()
    known = frozenset(one.files)
    packages = [name for name in modules if _init_of(name) in known][:_MOST]
    stated = _stated(one.library, one.files) if packages else frozenset()
    return frozenset(name for name in packages if _is_namespace(one, one.library, name, stated))


def _init_of(package: str) -> str:
    return f"{package.replace('.', '/')}/__init__.py"


def _stated(library: Path, paths: Iterable[str]) -> frozenset[str]:
    """Return the names in ``namespace_packages.txt``."""
    path = next((one for one in paths if one.endswith(_STATED) and one.count("/") == 1), "")
    try:
        return frozenset(files.read_input(library / path, _LARGEST).decode(errors="replace").split() if path else ())
    except OSError:
        return frozenset()


def _is_namespace(one: Present, library: Path, name: str, stated: Collection[str]) -> bool:
    body = _body(library / _init_of(name))
    if body is None:
        return False
    is_meant = name in stated or one.project.startswith(f"{canonicalize_name(name)}-")
    if any(map(_extends, body)):
        return is_meant or not any(map(_defines, body))
    return is_meant and not any(map(_says, body))


def _body(path: Path) -> list[ast.stmt] | None:
    """Return the statements of the file at *path*, ``None`` if it is not there, too large or no Python."""
    try:
        text = files.read_input(path, _LARGEST).decode(errors="replace")
        return ast.parse(_ESCAPED.sub("  ", text.removeprefix("\ufeff"))).body
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _extends(statement: ast.stmt) -> bool:
    """Whether *statement* calls what extends the path, assigns ``__path__`` or calls a method of it."""
    return any(
        (isinstance(node, ast.Call) and _called(node.func) in _EXTENDING)
        or (isinstance(node, ast.Attribute) and _is_path(node.value))
        or (_is_path(node) and isinstance(node.ctx, ast.Store))
        for node in ast.walk(statement)
    )


def _is_path(node: ast.AST) -> TypeGuard[ast.Name]:
    return isinstance(node, ast.Name) and node.id == "__path__"


def _called(function: ast.expr) -> str:
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )


def _defines(statement: ast.stmt) -> bool:
    """Whether *statement* gives the package a public name of its own."""
    return any(not name.startswith("_") for name in _names(statement))


def _names(statement: ast.stmt) -> Iterator[str]:
    for node in ast.walk(statement):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (each.id for one in targets for each in ast.walk(one) if isinstance(each, ast.Name))
        elif isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").split(".")[0] not in _HELPERS):
            yield from (one.asname or one.name for one in node.names)


def _says(statement: ast.stmt) -> bool:
    """Whether *statement* is more than a text or a ``pass``."""
    return not isinstance(statement, ast.Pass) and not (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
    )
