"""``pylock.toml`` (PEP 751) with the index and the files of a site; all other text stays as it is (tomlkit)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import tomlkit
from packaging.utils import canonicalize_name
from tomlkit.items import AoT

from pypi_subset.relocking.entries import Package, filename_of, sha256_in
from pypi_subset.requirements.lockfiles.entries import name_of, version_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pypi_subset.model.manifest import File
    from pypi_subset.relocking.address import Address
    from pypi_subset.relocking.entries import Entries

_WHEELS, _SDIST, _IDENTITIES = "wheels", "sdist", "attestation-identities"


def rewritten(text: str, lines: Sequence[int], address: Address, entries: Entries) -> str:
    """
    Return the lock *text* with the index and the files of the site at *address*.

    :param text: a lock that was validated before.
    :param lines: the line of each package.
    :param entries: receives each package, and what is refused.
    :raises Malformed: a package has no version that is one.
    """
    document = tomlkit.parse(text)
    packages: Any = document["packages"]
    empty = []
    for number, (package, line) in enumerate(zip(packages, lines, strict=True)):
        name = name_of(str(package["name"]), line)
        if _is_elsewhere(name, package, line, entries):
            continue
        version = version_of(str(package["version"]), name, line) if "version" in package else ""
        if "index" in package:
            package["index"] = address.url
        files = _from_site(package, line, address, entries)
        entries.packages.append(Package(name=name, version=version, line=line, files=files))
        if not files:
            empty.append(number)
    _remove(packages, empty)
    return tomlkit.dumps(document)


def _remove(packages: Any, empty: Sequence[int]) -> None:
    """Remove the packages of which the site has no file: a package of this format has one (PEP 751)."""
    for number in reversed(empty):
        del packages[number]
    left = {canonicalize_name(str(one["name"])) for one in packages}
    for package in packages if empty else ():
        stated = package.get("dependencies", ())
        for number in reversed(range(len(stated))):
            if canonicalize_name(str(stated[number].get("name", ""))) not in left:
                del stated[number]


def _is_elsewhere(name: str, package: dict[str, Any], line: int, entries: Entries) -> bool:
    """Whether a package is from elsewhere than an index; refuse one that is outside of the project."""
    if "vcs" in package:
        table = package["vcs"]
        kind = str(table.get("type", "version control"))
        entries.refuse_origin(name, kind, str(table.get("url", table.get("path", ""))), line)
        return True
    for key in ("directory", "archive"):
        if key in package:
            path, url = package[key].get("path"), package[key].get("url")
            if path is None or not entries.is_inside(str(path)):
                kind = "a URL" if path is None else "a path outside of the project"
                entries.refuse_origin(name, kind, str(url if path is None else path), line)
            elif key == "directory":
                entries.folders.append(str(path))
            return True
    return False


def _from_site(package: Any, line: int, address: Address, entries: Entries) -> tuple[File, ...]:
    """Let *package* name the files that the site has of it, and return them."""
    found: dict[str, File] = {}
    new: dict[str, tuple[File, Any]] = {}
    sdist, wheels = package.get(_SDIST), package.get(_WHEELS)
    if sdist is not None:
        name = filename_of(sdist)
        held = {one.filename: one for one in entries.files(name, _sha256(sdist), line)}
        found |= held
        new |= {one: (file, sdist) for one, file in held.items() if one != name}
        if name in held:
            _point(sdist, held[name], address)
        else:
            del package[_SDIST]
    gone = []
    for number, wheel in enumerate(wheels if wheels is not None else ()):
        name = filename_of(wheel)
        held = {one.filename: one for one in entries.files(name, _sha256(wheel), line)}
        found |= held
        new.pop(name, None)
        if name in held:
            _point(wheel, held[name], address)
        else:
            gone.append(number)
    for number in reversed(gone):
        del wheels[number]
    if wheels is not None and not len(wheels):
        del package[_WHEELS]
    if new:
        _append(package, [_built(file, was, address) for _, (file, was) in sorted(new.items())])
    return tuple(found.values())


def _point(entry: Any, file: File, address: Address) -> None:
    """Let *entry* name *file* of the site."""
    entry["url"] = address.url_of(file)
    if "path" in entry:
        del entry["path"]
    if "sha256" not in entry["hashes"]:
        entry["hashes"]["sha256"] = file.sha256


def _built(file: File, sdist: Any, address: Address) -> dict[str, Any]:
    """Return the values of the entry of a wheel that was built from *sdist*."""
    values: dict[str, Any] = {"name": file.filename}
    if "upload-time" in sdist:
        values["upload-time"] = sdist["upload-time"]
    return values | {"url": address.url_of(file), "size": file.size, "hashes": {"sha256": file.sha256}}


def _append(package: Any, new: Sequence[dict[str, Any]]) -> None:
    """Add the entries *new* to the wheels of *package*, in the form of those that are there."""
    # Attestations are about files of the index, and none is about what was built.
    package.pop(_IDENTITIES, None)
    wheels = package.get(_WHEELS)
    if isinstance(wheels, AoT):
        for values in new:
            wheels.append(tomlkit.item(values))
        return
    lines = wheels
    if lines is None:
        lines = tomlkit.array()
        lines.multiline(multiline=True)
    for values in new:
        lines.add_line(_inline(values))
    if wheels is None:
        lines.add_line(indent="")
        package[_WHEELS] = lines


def _inline(values: dict[str, Any]) -> Any:
    table = tomlkit.inline_table()
    for key, value in values.items():
        table[key] = _inline(value) if isinstance(value, dict) else value
    return table


def _sha256(entry: Any) -> str | None:
    """Return the SHA-256 of an entry, ``""`` if it states no hash, ``None`` if it states others alone."""
    hashes = {str(name).lower(): value for name, value in entry.get("hashes", {}).items()}
    return sha256_in(f"sha256:{hashes['sha256']}") if "sha256" in hashes else None if hashes else ""
