"""``import_bundle.py``, ``install.py`` and ``request.py``: modules joined into one file each, for machines without pypi-subset."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

_PACKAGE = "pypi_subset.standalone"
_FOLDER = Path(__file__).parent
#: The module that all others lead to.
_LAST = "program"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Script:
    """
    A file to join.

    :param package: the directory of its modules, which may import those of other directories.
    :param name: its file name.
    :param about: the text at its top.
    """

    package: str
    name: str
    about: str


_IMPORTER = _Script(
    package="importer",
    name="import_bundle.py",
    about="""\
Import a bundle of pypi-subset on a machine behind the gap.

    python3 import_bundle.py /media/stick --into /srv/pypi

The web server's root is /srv/pypi/site. The keys that may sign bundles are in /srv/pypi/allowed_signers. Copy that file
there by another way than the bundle. `python3 import_bundle.py --help` lists all options.

It needs Python 3.6 or newer and nothing else. It uses no network, and writes nothing outside of the directory of --into
but the receipt.""",
)
_INSTALLER = _Script(
    package="installer",
    name="install.py",
    about="""\
Install a set of a site of pypi-subset into a virtual environment of this machine.

    python3 install.py /srv/lab
    python3 install.py /srv/lab --site http://pypi.lab/ --set base

It makes the environment, or uses the one that is there, and installs exactly what the lock for this machine names. Each
file is compared with its SHA-256. `python3 install.py --help` lists all options.

It needs Python 3.6 or newer and nothing else: pip comes from the site. It reads the site alone, and writes only into
the environment.""",
)
_REQUESTER = _Script(
    package="requester",
    name="request.py",
    about="""\
Write what this machine lacks to request.json, for the connected side of a site of pypi-subset.

    python3 request.py "pandas>=2" -r requirements.txt
    python3 -m pip install pandas 2>&1 | python3 request.py --log -

It prints the whole text before it writes the file: names, versions and markers of projects, and a description of this
Python. It leaves out addresses, paths, options of pip, and names of this machine and its user. Run it with the Python
that is to install them. `python3 request.py --help` lists all options.

It needs Python 3.6 or newer and nothing else. It uses no network, and writes one file, request.json or the one of
--to.""",
)
_HEAD = '''\
#!/usr/bin/env python3
"""
{about} pypi-subset joined this file from the modules below; each begins with a line of its name. The program is
a text, so that an older Python, which cannot read it, reaches the line that says which Python it needs.
"""

import sys

if sys.version_info < (3, 6):
    sys.exit("{name}: error: it needs Python 3.6 or newer; run it with another python3")

'''
_TAIL = """
# Lines of the program keep their numbers in this file.
exec(compile("\\n" * LINE + PROGRAM, __file__, "exec"))
"""


def import_bundle() -> bytes:
    """Return ``import_bundle.py``: the same modules, the same bytes."""
    return _joined(_IMPORTER)


def install() -> bytes:
    """Return ``install.py``: the same modules, the same bytes."""
    return _joined(_INSTALLER)


def request() -> bytes:
    """Return ``request.py``: the same modules, the same bytes."""
    return _joined(_REQUESTER)


def _joined(script: _Script) -> bytes:
    """
    Return the file of *script*.

    :raises ValueError: two modules define the same name, or one has a text that cannot stand in the file.
    """
    standard: set[str] = set()
    bodies: list[str] = []
    owners: dict[str, str] = {}
    last = f"{_PACKAGE}.{script.package}.{_LAST}"
    for module, (source, tree) in _in_order(last).items():
        standard |= {ast.unparse(one) for one in tree.body if _is_import(one) and not _is_own(one)}
        # An import of a name is the same in each module, so it has one owner: the name of the import.
        for name, owner in [*((one, module) for one in _defined(tree)), *_imported(tree).items()]:
            if owners.setdefault(name, owner) != owner:
                msg = f"{owners[name]} and {owner} both define {name}"
                raise ValueError(msg)
        title = module.removeprefix(f"{_PACKAGE}.").removeprefix(f"{script.package}.").replace(".", "/")
        bodies.append(f"# {f' {title}.py ':=^118}\n\n{_body(source, tree, is_last=module == last)}")
    imports = sorted(standard, key=lambda line: (line.startswith("from"), line))
    program = "\n".join([*imports, "", "\n\n\n".join(bodies)])
    if "'''" in program or not program.isascii():
        msg = "the program has three single quotes, or a character that is not ASCII"
        raise ValueError(msg)
    head = _HEAD.format(about=script.about, name=script.name)
    line = head.count("\n")
    return f"{head}LINE, PROGRAM = {line}, r'''\n{program}\n'''\n{_TAIL}".encode()


def _in_order(last: str) -> dict[str, tuple[str, ast.Module]]:
    """Return the modules that *last* leads to, as text and tree by name: each behind those that it imports."""
    found: dict[str, tuple[str, ast.Module]] = {}

    def add(module: str) -> None:
        if module in found:
            return
        source = _path(module).read_text(encoding="utf-8")
        tree = ast.parse(source)
        for one in tree.body:
            if isinstance(one, ast.ImportFrom) and _is_own(one):
                add(str(one.module))
        found[module] = source, tree

    add(last)
    return found


def _path(module: str) -> Path:
    """Return the path of a module."""
    return _FOLDER.joinpath(*module.removeprefix(f"{_PACKAGE}.").split(".")).with_suffix(".py")


def _is_import(node: ast.stmt) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


def _is_own(node: ast.stmt) -> bool:
    """Return whether *node* imports from another module of a script."""
    return isinstance(node, ast.ImportFrom) and str(node.module).startswith(f"{_PACKAGE}.")


def _is_for_types(node: ast.stmt) -> bool:
    """Return whether *node* is only there for type checkers."""
    if isinstance(node, ast.If):
        return _is_switch(node.test)
    # A long text is not written out again to see that it is none.
    return isinstance(node, ast.Assign) and _is_switch(node.targets[0]) and ast.unparse(node) == "TYPE_CHECKING = False"


def _is_switch(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id == "TYPE_CHECKING"


def _is_start(node: ast.stmt) -> bool:
    """Return whether *node* runs a module that was started as a program."""
    return isinstance(node, ast.If) and ast.unparse(node.test) == "__name__ == '__main__'"


def _defined(tree: ast.Module) -> set[str]:
    """Return the names that a module defines at its top."""
    found: set[str] = set()
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign) and not _is_for_types(node):
            found |= {one.id for target in node.targets for one in ast.walk(target) if isinstance(one, ast.Name)}
    return found


def _imported(tree: ast.Module) -> dict[str, str]:
    """Return the names that a module imports from the standard library, and from where."""
    found: dict[str, str] = {}
    for node in tree.body:
        if isinstance(node, ast.Import):
            found |= {one.asname or one.name.partition(".")[0]: f"import {one.name}" for one in node.names}
        elif isinstance(node, ast.ImportFrom) and not _is_own(node):
            found |= {one.asname or one.name: f"{node.module}.{one.name}" for one in node.names}
    return found


def _body(source: str, tree: ast.Module, *, is_last: bool) -> str:
    """Return the lines of a module without its imports and what is for type checkers; the last one alone starts."""
    lines = source.splitlines()
    for node in tree.body:
        if _is_import(node) or _is_for_types(node) or (_is_start(node) and not is_last):
            lines[node.lineno - 1 : node.end_lineno] = [""] * (int(node.end_lineno or 0) - node.lineno + 1)
    text = "\n".join(lines).strip()
    while "\n\n\n\n" in text:
        text = text.replace("\n\n\n\n", "\n\n\n")
    return text
