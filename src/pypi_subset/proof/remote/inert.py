"""
Pickles that do nothing: Dask loads what workers send, and a pickle may call any function.

Loaded here, it calls none. Each global that it names becomes a class of its own, which takes all arguments and only
keeps them. `install` puts this in the place of `pickle.loads` before Dask is imported, in the process that talks to the
cluster and nowhere else.
"""

from __future__ import annotations

import io
import pickle
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Plain values: to make one of them does nothing else.
_PLAIN = {
    kind.__name__: kind
    for kind in (bool, bytearray, bytes, complex, dict, float, frozenset, int, list, set, str, tuple)
}


class Inert(Exception):
    """Stands for any object that a pickle describes; its `origin` is the name of what the pickle would have called."""

    origin = ""

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Return an instance that keeps the positional arguments."""
        del kwargs
        return super().__new__(cls, *args)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        del kwargs
        super().__init__(*args)

    def __call__(self, *args: Any, **kwargs: Any) -> Inert:
        """Return one more, where a pickle calls what a call returned."""
        del kwargs
        return type(self)(*args)

    def __setstate__(self, state: object) -> None:
        """Keep no state: names in it could replace methods."""

    def __setitem__(self, key: object, value: object) -> None:
        """Keep nothing: a pickle fills what it takes for a mapping in this way."""

    def append(self, value: object) -> None:
        """Keep nothing: a pickle fills what it takes for a list in this way."""

    extend = add = update = append


def loads(data: Any, *, buffers: Iterable[Any] | None = None, **_: Any) -> Any:
    """
    Return what *data* describes, with an `Inert` in the place of all that is no plain value, or of all of it if it is damaged.

    An error would end Dask's connection, and with it the cases of all workers.
    """
    try:
        return _Unpickler(io.BytesIO(data), buffers=buffers).load()
    except Exception as error:  # noqa: BLE001 - bytes of a stranger's choice can raise anything
        return Inert(f"a pickle that cannot be read: {error!r}")


def install() -> None:
    """Make `loads` what this process loads pickles with; call it before Dask is imported."""
    pickle.loads = loads


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Return the plain type, or what stands for the global *name* of *module*, which is not imported."""
        if name == "unpickle_traceback":
            # Dask insists on a traceback or none.
            return lambda *_: None
        if module == "builtins" and name in _PLAIN:
            return _PLAIN[name]
        return type(name.rpartition(".")[2], (Inert,), {"origin": f"{module}.{name}"})

    def persistent_load(self, pid: Any) -> Any:
        """Return an `Inert`; no pickle of Dask's has such a reference."""
        return Inert(pid)
