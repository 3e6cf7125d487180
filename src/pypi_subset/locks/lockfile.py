"""
`Lock` values to and from ``pylock.<set>--<target>.toml`` (PEP 751), through `packaging.pylock`.

What the standard has no field for stands under ``[tool.pypi-subset]``. Neither an absolute path, nor a ``file:`` URL, nor
credentials ever get into a lock: it is meant to be committed.
"""

from __future__ import annotations

import logging
import os
import re
import tomllib
from dataclasses import asdict, fields
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import tomli_w
from packaging.markers import Marker
from packaging.pylock import Package, PackageSdist, PackageWheel, Pylock, PylockValidationError
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.distributions import filenames
from pypi_subset.distributions.metadata import parse_requirement
from pypi_subset.errors import LockError
from pypi_subset.locks import gaps, provenance
from pypi_subset.locks.tables import as_toml
from pypi_subset.model.distributions import Distribution, Standing, digest
from pypi_subset.model.locks import Inputs, Lock, Outdated, Pin, Reason
from pypi_subset.support import bounds, files
from pypi_subset.support.text import has_long_number, printable, url_without_secrets, without_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pypi_subset.model.targets import Target

    #: From a file to its ``url`` and its ``path`` in a lock: one of the two.
    _Where = Callable[[Distribution], tuple[str | None, str | None]]

logger = logging.getLogger(__name__)

#: Major version of the layout below ``[tool.pypi-subset]``. A later minor version, ``"1.N"``, only adds fields.
SCHEMA = 1
_READ = re.compile(rf"{SCHEMA}(?:\.[0-9]+)?")

_TOOL = "pypi-subset"
#: Keys of a lock's inputs, and the fields of `Inputs`.
_INPUTS = {"set": "requirement_set", "target": "target", "policy": "policy", "constraint": "constraint"}
#: The marker values that identify a kind of machine for other readers of the lock.
_ENVIRONMENT = ("implementation_name", "platform_machine", "python_version", "sys_platform")


def path_of(folder: Path, name: str) -> Path:
    """Return the path of the lock of the job *name*; the standard requires ``pylock.<identifier>.toml``."""
    return folder / f"pylock.{name}.toml"


def write(lock: Lock, folder: Path, *, target: Target, packages: Path) -> bool:
    """
    Write *lock* into *folder*; whether that changed anything.

    :param packages: the directory that the ``path`` of a file from a local source leads into.
    :raises FolderError: the directory cannot be written.
    """
    path, data = path_of(folder, lock.name), dump(lock, folder=folder, target=target, packages=packages)
    with files.folder_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        if path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data:
            return False
    files.write(path, data)
    logger.info("%s: written", path)
    return True


def dump(lock: Lock, *, folder: Path, target: Target, packages: Path) -> bytes:
    """Return the bytes of the lock file: the same lock, the same bytes."""
    local = PurePosixPath(Path(os.path.relpath(packages, folder)).as_posix())
    found = [_kept(one) for one in lock.outdated] if lock.outdated is not None else None
    own = {**({"lost": [*lock.lost]} if lock.lost else {}), **({} if found is None else {"outdated": found})}
    return dump_with(lock, target, lambda one: (one.url, None if one.url else str(local / one.filename)), own)


def dump_with(lock: Lock, target: Target, where: _Where, own: Mapping[str, Any] | None = None) -> bytes:
    """Return the bytes of a lock file; *where* returns URL and path of each file, *own* is for the user's copy alone."""
    known = target.environment
    environment = " and ".join(f'{name} == "{known[name]}"' for name in _ENVIRONMENT if name in known)
    pylock = Pylock(
        lock_version=Version("1.0"),
        environments=[Marker(environment)],
        created_by=_TOOL,
        packages=[_package(pin, where, published=own is None) for pin in lock.pins],
        tool={
            _TOOL: {
                "schema": SCHEMA,
                "set": lock.set_name,
                "target": lock.target_name,
                "tag": target.tag,
                **({"patches": list(lock.patches)} if lock.patches != (0,) else {}),
                "inputs": {key: getattr(lock.inputs, name) for key, name in _INPUTS.items()},
                **(
                    {"fetched": [{"url": url, "sha256": sha256} for url, sha256 in lock.fetched]}
                    if lock.fetched
                    else {}
                ),
                **({"as-of": lock.as_of} if lock.as_of else {}),
                **({"gaps": [gaps.stated_of(one) for one in lock.gaps]} if lock.gaps else {}),
                **(own or {}),
            }
        },
    )
    return tomli_w.dumps(as_toml(pylock)).encode()


def read(path: Path) -> Lock:
    """
    Return the lock in the file at *path*.

    :raises LockError: as `decode`.
    """
    with files.folder_errors(path):
        data = files.read_input(path)
    return decode(data, path)


def decode(data: bytes, path: Path) -> Lock:
    """
    Return the lock in *data*, which was read from *path*.

    :raises LockError: it is damaged, or written by a version with another layout.
    """
    try:
        document = tomllib.loads(data.decode())
        if has_long_number(document):
            msg = f"a number of more than {bounds.LONGEST_NUMBER} digits"
            raise ValueError(msg)  # noqa: TRY301 - one message for all damage
        pylock = Pylock.from_dict(document)
        tool = (pylock.tool or {})[_TOOL]
        schema = tool["schema"]
        if type(schema) not in {int, str} or not _READ.fullmatch(str(schema)):
            msg = f"the lock has schema {schema}, this version reads {SCHEMA}"
            raise LockError(msg, path=path, next_step="upgrade pypi-subset, or delete it")
        return Lock(
            set_name=tool["set"],
            target_name=tool["target"],
            inputs=Inputs(**{name: tool["inputs"][key] for key, name in _INPUTS.items()}),
            pins=tuple(pin_of(package) for package in pylock.packages),
            patches=tuple(int(patch) for patch in tool.get("patches", (0,))),
            outdated=_outdated(tool),
            as_of=printable(tool.get("as-of", "")),
            gaps=tuple(gaps.read(one) for one in tool.get("gaps", ())),
            lost=tuple(map(gaps.file_name, tool.get("lost", ()))),
            fetched=tuple((url_without_secrets(one["url"]), digest(one["sha256"])) for one in tool.get("fetched", ())),
        )
    except (PylockValidationError, AttributeError, KeyError, TypeError, ValueError, RecursionError) as error:
        msg = f"the lock cannot be read: {str(error) or type(error).__name__}"
        raise LockError(msg, path=path, next_step="delete it; the next run resolves this pair again") from error


def _kept(one: Outdated) -> dict[str, Any]:
    """Return what a lock holds of a finding, no secret of a URL in metadata among it: what differs from the usual."""
    usual = Outdated(set=one.set, target=one.target, project="", version="", newest="", why="")
    found = {key: value for key, value in asdict(one).items() if value != getattr(usual, key)}
    return {key: printable(without_secrets(value)) if isinstance(value, str) else value for key, value in found.items()}


def _outdated(tool: Mapping[str, Any]) -> tuple[Outdated, ...] | None:
    """Return the findings that a lock holds; ``None`` if it has no list of them."""
    if "outdated" not in tool:
        return None
    names = {one.name: str(one.type) for one in fields(Outdated)}
    found = []
    for one in tool["outdated"]:
        for key, value in one.items():
            if key in names and type(value).__name__ != names[key]:
                msg = f"{key} of an outdated project is {value!r}"
                raise ValueError(msg)
        texts = {key: printable(value) if isinstance(value, str) else value for key, value in one.items()}
        values = {"set": tool["set"], "target": tool["target"], "newest": "", "why": "", **texts}
        found.append(Outdated(**{key: value for key, value in values.items() if key in names}))
    return tuple(found)


def _package(pin: Pin, where: _Where, *, published: bool) -> Package:
    """Return the package of *pin*; *published*, without how it was built: a site has the wheel alone."""
    one = pin.distribution
    url, path = where(one)
    facts: dict[str, Any] = {
        "name": one.filename,
        "url": url,
        "path": path,
        "size": one.size,
        "upload_time": datetime.fromisoformat(one.upload_time) if one.upload_time else None,
        "hashes": {"sha256": digest(one.sha256)},
    }
    sdist = None if published else provenance.sdist_of(one)
    bound = _specifiers(one.requires_python)
    tool: dict[str, Any] = {
        "requested": pin.requested,
        "extras": list(pin.extras) or None,
        "yanked": one.yanked,
        "provenance": one.provenance,
        "metadata-sha256": one.metadata,
        "vouched": None if pin.vouched else False,
        "source": one.source,
        "license": one.license,
        "project-status": asdict(one.standing) if one.standing else None,
        "built": None if published else provenance.stated_of(one),
        "build-requires": _build_lock(pin, where, published=published),
        # The standard's field is normalized, and cannot hold what PEP 440 does not allow; pages show what was written.
        "requires-python": one.requires_python if one.requires_python and str(bound) != one.requires_python else None,
        "required-by": [
            {"requirement": reason.text, **({"by": reason.by} if reason.by else {"origin": reason.origin})}
            for reason in pin.reasons
        ],
    }
    return Package(
        name=one.project,
        version=one.version,
        marker=pin.marker,
        requires_python=bound,
        index=one.index,
        sdist=PackageSdist(**facts) if pin.is_kept else sdist,
        wheels=None if pin.is_kept else [PackageWheel(**facts)],
        tool={_TOOL: {key: value for key, value in tool.items() if value is not None}},
    )


def _build_lock(pin: Pin, where: _Where, *, published: bool) -> dict[str, Any] | None:
    """Return what the build of a kept sdist needs, as a lock of its own (PEP 751 has no place for it)."""
    if not pin.is_kept:
        return None
    needs = [_package(Pin(distribution=one, reasons=()), where, published=published) for one in pin.build]
    lock: dict[str, Any] = as_toml(Pylock(lock_version=Version("1.0"), created_by=_TOOL, packages=needs))
    return lock


def pin_of(package: Package) -> Pin:
    """Return the pin that a package of a lock states."""
    held: list[PackageWheel | PackageSdist] = [*(package.wheels or ())]
    (wheel,) = held or filter(None, [package.sdist])
    tool: Mapping[str, Any] = (package.tool or {})[_TOOL]
    if package.version is None:
        msg = f"{package.name} has no version"
        raise ValueError(msg)
    # It names a file in directories of the user's; `packaging` compares its parts, and lets a build tag hold anything.
    filenames.parse(wheel.filename)
    if wheel.url is not None and not wheel.url.startswith(("https://", "http://")):
        msg = f"{wheel.filename} comes from no web server"
        raise ValueError(msg)
    if printable(str(package.marker or "")) != str(package.marker or ""):
        msg = f"the marker of {wheel.filename} holds a character that is not seen"
        raise ValueError(msg)
    bound = tool.get("requires-python") or (str(package.requires_python) if package.requires_python else None)
    return Pin(
        distribution=Distribution(
            filename=wheel.filename,
            project=package.name,
            version=package.version,
            size=wheel.size,
            sha256=digest(wheel.hashes["sha256"]),
            requires_python=bound,
            url=wheel.url and url_without_secrets(wheel.url),
            upload_time=provenance.stamp(wheel.upload_time),
            yanked=tool.get("yanked"),
            provenance=url_without_secrets(tool["provenance"]) if "provenance" in tool else None,
            metadata=digest(tool["metadata-sha256"]) if "metadata-sha256" in tool else None,
            standing=Standing(**tool["project-status"]) if "project-status" in tool else None,
            source=printable(tool["source"]) if "source" in tool else None,
            license=printable(tool["license"]) if "license" in tool else None,
            index=package.index and url_without_secrets(package.index),
            built=provenance.read(package, tool),
        ),
        reasons=tuple(
            Reason(
                requirement=parse_requirement(one["requirement"]),
                text=one["requirement"],
                by=one.get("by", ""),
                origin=one.get("origin", ""),
            )
            for one in tool["required-by"]
        ),
        extras=tuple(canonicalize_name(extra) for extra in tool.get("extras", ())),
        marker=package.marker,
        vouched=tool.get("vouched", True) is not False,
        build=tuple(pin_of(one).distribution for one in Pylock.from_dict(tool["build-requires"]).packages)
        if "build-requires" in tool
        else (),
    )


def _specifiers(text: str | None) -> SpecifierSet | None:
    try:
        return SpecifierSet(text) if text else None
    except InvalidSpecifier:
        return None
