"""Projects beside a lock: what their builds require and a site lacks, and indexes that they name themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from pypi_subset.requirements.encodings import UnreadableText, decoded
from pypi_subset.requirements.toml import Settings, parse_toml
from pypi_subset.requirements.tools.finding import table_at
from pypi_subset.support import files
from pypi_subset.targets.markers import decided
from pypi_subset.upstream.pip_config import without_credentials

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from pypi_subset.model.targets import Target
    from pypi_subset.relocking.address import Address
    from pypi_subset.relocking.holdings import Holdings

#: What a build requires if the project does not say so (PEP 518).
_LEGACY = "setuptools>=40.8.0"
#: uv has this back-end in its own program.
OF_UV = "uv-build"
_PROJECT, _UV_SETTINGS = "pyproject.toml", "uv.toml"


def read_project(folder: Path, name: str = _PROJECT) -> Settings | None:
    """Return the TOML document *name* in *folder*, ``None`` if there is none that can be read."""
    path = folder / name
    try:
        found = parse_toml(path, decoded(files.read_input(path)))
    except (OSError, ValueError, UnreadableText):
        return None
    return found if isinstance(found, Settings) else None


def is_built(folder: Path) -> bool:
    """Return whether the project in *folder* names what its build requires."""
    document = read_project(folder)
    return document is not None and "build-system" in document.document


def missing_builds(folder: Path, targets: Sequence[Target], holdings: Holdings) -> Iterator[tuple[str, str]]:
    """Yield project and line for each build requirement of the project in *folder* that the site lacks on a target."""
    document = read_project(folder)
    table = table_at(document.document, "build-system") if document else {}
    stated: Any = table.get("requires", [] if table else [_LEGACY])
    path = folder / _PROJECT
    line = document.line("build-system", "requires") if document else None
    place = f"{path}:{line}" if line else str(path)
    for text in stated if isinstance(stated, list) else ():
        try:
            one = Requirement(str(text))
        except InvalidRequirement:
            yield "", f"{place}: {str(text)!r} is no requirement"
            continue
        name = canonicalize_name(one.name)
        lacking = [target.name for target in targets if not _has(one, name, target, holdings)]
        if lacking:
            what = f"the build requires {one}, which the site lacks for {', '.join(lacking)}"
            yield name, f"{place}: {what}; {holdings.instead(name)}"


def _has(one: Requirement, name: str, target: Target, holdings: Holdings) -> bool:
    needed = one.marker is None or decided(one.marker, target.environment) is not False
    return not needed or holdings.serves(name, one.specifier, target.name)


def other_indexes(folder: Path, address: Address) -> list[str]:
    """Return a warning for each default index that the project in *folder* names for uv, and that is not the site's."""
    warnings = []
    for name, keys in ((_PROJECT, ("tool", "uv")), (_UV_SETTINGS, ())):
        document = read_project(folder, name)
        table = table_at(document.document, *keys) if document else {}
        urls = [one.get("url") for one in _tables(table.get("index")) if one.get("default") is True]
        urls.append(table.get("index-url"))
        for url in dict.fromkeys(one for one in urls if isinstance(one, str)):
            if url.rstrip("/") not in {address.url.rstrip("/"), address.registry.rstrip("/")}:
                what = (
                    f"{folder / name} names the default index {without_credentials(url)}: `uv sync --frozen` ignores it"
                )
                warnings.append(f"{what}; for `uv sync` and `--locked`, let it name {address.url}")
    return warnings


def _tables(value: Any) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
