"""
Static package indexes for networks that cannot reach PyPI: resolved per target, complete, and proven.

`pypi_subset.api` describes the functions; they are importable from here, and each loads what it needs when it is called.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pypi_subset.api import (
        Paths,
        Progress,
        SubsetError,
        build_index,
        fetch_site,
        mirror,
        plan,
        prove,
        publish,
        read_subset,
    )

    __version__: str

__all__ = [
    "Paths",
    "Progress",
    "SubsetError",
    "build_index",
    "fetch_site",
    "mirror",
    "plan",
    "prove",
    "publish",
    "read_subset",
]


def __getattr__(name: str) -> Any:
    """Return a name of the API, or ``__version__``, whose lookup takes longer than a run that does not need it (PEP 562)."""
    if name == "__version__":
        from pypi_subset.support.version import __version__  # noqa: PLC0415

        return __version__
    if name in __all__:
        from pypi_subset import api  # noqa: PLC0415

        return getattr(api, name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
