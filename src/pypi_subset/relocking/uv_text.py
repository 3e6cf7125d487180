"""``uv.lock`` and ``script.py.lock`` with the index and the files of a site; all other text stays as it is (tomlkit)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tomlkit
from tomlkit.items import AbstractTable, AoT, Array

from pypi_subset.relocking.entries import Package, filename_of, sha256_in
from pypi_subset.requirements.lockfiles.entries import name_of, version_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pypi_subset.model.manifest import File
    from pypi_subset.relocking.address import Address
    from pypi_subset.relocking.entries import Entries

#: Kinds of source that are a directory of the user's, and whether uv builds it.
_DIRECTORIES = {"virtual": False, "editable": True, "directory": True}
_REGISTRY, _WHEELS, _SDIST = "registry", "wheels", "sdist"


def rewritten(text: str, lines: Sequence[int], address: Address, entries: Entries) -> str:
    """
    Return uv's lock *text* with the index and the files of the site at *address*.

    :param text: TOML that was read before.
    :param lines: the line of each package.
    :param entries: receives each package, and what is refused.
    :raises Malformed: a package has no name, or no version that is one.
    """
    document = tomlkit.parse(text)
    packages: Any = document.get("package", [])
    own: dict[tuple[str, str], int] = {}
    for package, line in zip(packages, lines, strict=True):
        name = name_of(str(package["name"]), line)
        source = package["source"]
        if _REGISTRY in source:
            version = version_of(str(package.get("version", "")), name, line)
            if (first := own.setdefault((name, version), line)) != line:
                what = (
                    f"{name} {version} is in the lock twice, from two indexes (line {first} too): a site has one index"
                )
                entries.refuse(what, line, "lock one of the two")
            files = _from_site(package, line, address, entries)
            entries.packages.append(Package(name=name, version=version, line=line, files=files))
        else:
            _require_inside(name, source, line, entries)
    _rename_indexes(document, address)
    return tomlkit.dumps(document)


def _require_inside(name: str, source: dict[str, Any], line: int, entries: Entries) -> None:
    """Refuse a package that is neither from an index nor inside the project, and remember what uv builds."""
    for kind, is_built in _DIRECTORIES.items():
        if kind in source:
            if not entries.is_inside(str(source[kind])):
                entries.refuse_origin(name, "a directory outside of the project", str(source[kind]), line)
            elif is_built:
                entries.folders.append(str(source[kind]))
            return
    if "path" in source and entries.is_inside(str(source["path"])):
        return
    kind = next((one for one in ("git", "url", "path") if one in source), next(iter(source), "elsewhere"))
    words = {"git": "git", "url": "a URL", "path": "a path outside of the project"}
    entries.refuse_origin(name, words.get(kind, kind), str(source.get(kind, "")), line)


def _from_site(package: Any, line: int, address: Address, entries: Entries) -> tuple[File, ...]:
    """Let *package* name the files that the site has of it, and return them."""
    found: dict[str, File] = {}
    added: dict[str, tuple[File, dict[str, Any]]] = {}
    sdist, wheels = package.get(_SDIST), package.get(_WHEELS)
    if sdist is not None:
        name = filename_of(sdist)
        held = {one.filename: one for one in entries.files(name, sha256_in(sdist.get("hash")), line)}
        found |= held
        added |= {one: (file, sdist) for one, file in held.items() if one != name}
        if name in held:
            package[_SDIST] = _entry(sdist, held[name], address)
    gone = []
    for number, wheel in enumerate(wheels if wheels is not None else ()):
        name = filename_of(wheel)
        held = {one.filename: one for one in entries.files(name, sha256_in(wheel.get("hash")), line)}
        found |= held
        added.pop(name, None)
        if name in held:
            wheels[number] = _entry(wheel, held[name], address)
        else:
            gone.append(number)
    for number in reversed(gone):
        del wheels[number]
    new = [_entry({**was, "size": file.size}, file, address) for _, (file, was) in sorted(added.items())]
    _append(package, wheels, new)
    if wheels is not None and not len(wheels):
        del package[_WHEELS]
    if sdist is not None and filename_of(sdist) not in found:
        del package[_SDIST]
    return tuple(found.values())


def _append(package: Any, wheels: Array | None, new: Sequence[Any]) -> None:
    """Add the entries *new* to the wheels of *package*, a line each."""
    if not new:
        return
    lines = wheels
    if lines is None:
        lines = tomlkit.array()
        lines.multiline(multiline=True)
    for one in new:
        lines.add_line(one)
    if wheels is None:
        lines.add_line(indent="")
        package[_WHEELS] = lines


def _entry(was: dict[str, Any], file: File, address: Address) -> Any:
    """Return the entry *was* for *file* of the site: the place and the hash are new, all other keys stay."""
    place = {address.key: address.place(file), "hash": f"sha256:{file.sha256}"}
    kept = {key: value for key, value in was.items() if key in {"size", "upload-time"}}
    # uv writes a space inside of the braces.
    pairs = (f"{key} = {tomlkit.item(value).as_string()}" for key, value in (place | kept).items())
    return tomlkit.parse(f"one = {{ {', '.join(pairs)} }}")["one"]


def _rename_indexes(document: Any, address: Address) -> None:
    """
    Let all sources name the index of the site.

    What the project requires keeps its own index: uv compares that with ``pyproject.toml``, and the source with its indexes.
    """
    for table in _tables(document):
        if isinstance(table.get(_REGISTRY), str):
            table[_REGISTRY] = address.registry


def _tables(value: Any) -> Iterator[Any]:
    """Yield *value* if it is a table, and all tables in it."""
    below: Iterable[Any] = ()
    if isinstance(value, (AbstractTable, tomlkit.TOMLDocument)):
        yield value
        below = value.values()
    elif isinstance(value, (Array, AoT)):
        below = value
    for one in below:
        yield from _tables(one)
