"""How a lock tells that a wheel was built: the standard's ``sdist`` (PEP 751), and the rest below ``[tool.pypi-subset]``."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from packaging.pylock import PackageSdist
from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.distributions import filenames
from pypi_subset.model.distributions import Built, Distribution, digest
from pypi_subset.support.text import printable, url_without_secrets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from packaging.pylock import Package


def sdist_of(one: Distribution) -> PackageSdist | None:
    """Return the sdist that a wheel was built from; ``None`` without one, or if it is in a directory of pip's configuration."""
    built = one.built
    if built is None or (built.url or built.path) is None:
        return None
    return PackageSdist(
        name=built.filename,
        url=built.url,
        path=None if built.url else built.path,
        upload_time=datetime.fromisoformat(one.upload_time) if one.upload_time else None,
        hashes={"sha256": digest(built.sha256)},
    )


def stated_of(one: Distribution) -> dict[str, Any] | None:
    """Return what a lock says of a build besides, ``None`` of a wheel that was not built."""
    built = one.built
    if built is None:
        return None
    own = {} if built.url or built.path else {"sdist": built.filename, "sha256": built.sha256}
    known = dict(built.licenses)
    requires = [
        {"name": name, "version": version, "sha256": sha256, **({"license": known[name]} if name in known else {})}
        for name, version, sha256 in built.requires
    ]
    made = {"epoch": built.epoch, "python": built.python, "isolation": built.isolation}
    grafted = [{"name": name, "sha256": sha256, "package": package} for name, sha256, package in built.grafted]
    more = ({"repaired": built.repaired} if built.repaired else {}) | ({"grafted": grafted} if grafted else {})
    listed = [_file_of(each) for each in built.files]
    return {**own, **made, **more, "requires": requires, **({"files": listed} if listed else {})}


def _file_of(one: Distribution) -> dict[str, Any]:
    """Return what a lock says of a file of a build environment."""
    facts = {"name": one.filename, "url": one.url, "sha256": one.sha256, "source": one.source, "yanked": one.yanked}
    facts["license"] = one.license
    uploaded = {"upload-time": datetime.fromisoformat(one.upload_time)} if one.upload_time else {}
    return {key: value for key, value in facts.items() if value is not None} | uploaded


def _read_file(stated: Mapping[str, Any]) -> Distribution:
    project, version, _ = filenames.parse(stated["name"])
    uploaded = stated.get("upload-time")
    if uploaded is not None and (not isinstance(uploaded, datetime) or uploaded.tzinfo is None):
        msg = f"the upload time of {stated['name']} is no moment"
        raise ValueError(msg)
    return Distribution(
        filename=stated["name"],
        project=project,
        version=version,
        sha256=digest(stated["sha256"]),
        url=url_without_secrets(stated["url"]) if "url" in stated else None,
        source=printable(stated["source"]) if "source" in stated else None,
        yanked=printable(stated["yanked"]) if "yanked" in stated else None,
        upload_time=stamp(uploaded),
        license=printable(stated["license"]) if "license" in stated else None,
    )


def read(package: Package, tool: Mapping[str, Any]) -> Built | None:
    """
    Return how the wheel of *package* was built, ``None`` if it was not.

    :raises ValueError: what is said of it is damaged.
    :raises TypeError: as above.
    :raises KeyError: as above.
    """
    if "built" not in tool:
        return None
    own, sdist = tool["built"], package.sdist
    name = sdist.filename if sdist else own["sdist"]
    project, version, tags = filenames.parse(name)
    if tags is not None or (project, version) != (package.name, package.version):
        msg = f"{name} is no sdist of {package.name} {package.version}"
        raise ValueError(msg)
    if type(own["epoch"]) is not int or not _has_place(sdist):
        msg = f"how {name} was built is damaged"
        raise ValueError(msg)
    return Built(
        filename=name,
        sha256=digest(sdist.hashes["sha256"] if sdist else own["sha256"]),
        url=url_without_secrets(sdist.url) if sdist and sdist.url else None,
        path=sdist.path if sdist and not sdist.url else None,
        epoch=own["epoch"],
        python=printable(own["python"]),
        requires=tuple(
            (canonicalize_name(one["name"], validate=True), str(Version(one["version"])), digest(one["sha256"]))
            for one in own["requires"]
        ),
        isolation=printable(own["isolation"]),
        licenses=tuple(
            (canonicalize_name(one["name"]), printable(one["license"])) for one in own["requires"] if "license" in one
        ),
        repaired=printable(own.get("repaired", "")),
        grafted=tuple(
            (printable(one["name"]), digest(one["sha256"]), printable(one["package"])) for one in own.get("grafted", ())
        ),
        files=tuple(map(_read_file, own.get("files", ()))),
    )


def stamp(moment: datetime | None) -> str | None:
    """Return ``yyyy-mm-ddThh:mm:ss[.ffffff]Z`` (PEP 700), ``None`` without a moment."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z") if moment else None


def _has_place(sdist: PackageSdist | None) -> bool:
    """Whether an sdist, if there is one, is at an address or at a relative path."""
    if sdist is None or sdist.url is not None:
        return sdist is None or (sdist.url or "").startswith(("https://", "http://"))
    path = sdist.path or "/"
    return printable(path) == path and not PurePosixPath(path).is_absolute()
