"""
Static package indexes for networks that cannot reach PyPI: resolved per target, complete, and proven.

`pypi_subset.api` describes the functions. They are importable from here, and each is loaded at its first use.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pypi_subset import api
from pypi_subset.api import __all__

if TYPE_CHECKING:
    from pypi_subset.api import *  # noqa: F403 - the names of its __all__, for type checkers

    __version__: str


def __getattr__(name: str) -> Any:
    """Return a name of the API, or ``__version__``, whose lookup takes longer than a run that does not need it (PEP 562)."""
    if name in {*__all__, "__version__"}:
        return getattr(api, name)
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "__version__"})
