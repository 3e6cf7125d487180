"""Pickles that would call something call nothing here, and plain values come out as they were."""

from __future__ import annotations

import contextlib
import os
import pickle
import subprocess
import sys
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pypi_subset.proof.remote import inert

if TYPE_CHECKING:
    from collections.abc import Callable


class Calls:
    """Calls *function* with *arguments* where it is unpickled, and sets what *state* says."""

    def __init__(self, function: Any, *arguments: Any, state: Any = None) -> None:
        self.function, self.arguments, self.state = function, arguments, state

    def __reduce__(self) -> Any:
        """Return what `pickle` runs."""
        return self.function, self.arguments, self.state


#: Name → an object of which the pickle writes the file at the path that it is made with.
ATTACKS: dict[str, Callable[[str], Any]] = {
    "a function": lambda path: Calls(os.system, f"touch {path}"),
    "in a list": lambda path: [1, {"a": (Calls(os.mkdir, path),)}],
    "exec": lambda path: Calls(exec, f"import os; os.mkdir({path!r})"),
    "a method": lambda path: Calls(Path.mkdir, Path(path)),
    "by getattr": lambda path: Calls(getattr(Calls(os.system, f"touch {path}"), "function"), f"touch {path}"),  # noqa: B009
    "with a state": lambda path: Calls(os.mkdir, path, state={"__class__": int, "append": 1}),
    "items of a mapping": lambda path: OrderedDict(a=Calls(os.mkdir, path)),
    "a process": lambda path: Calls(subprocess.call, ["touch", path]),
}


@pytest.mark.parametrize("name", ATTACKS)
@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_nothing_is_called(tmp_path: Path, name: str, protocol: int) -> None:
    """Loaded as everybody does, the pickle makes a file; here it makes none."""
    path = tmp_path / "written"
    data = pickle.dumps(ATTACKS[name](str(path)), protocol=protocol)
    inert.loads(data)
    assert not path.exists()
    with contextlib.suppress(AttributeError):
        pickle.loads(data)  # noqa: S301 - the attack works, and may break what comes behind it
    assert path.exists()


def test_nothing_is_imported() -> None:
    """A module that a pickle names is not loaded: to load it may run code as well."""
    sys.modules.pop("antigravity", None)
    made: Any = inert.loads(b"cantigravity\nfly\n(S'x'\ntR.")
    assert "antigravity" not in sys.modules
    assert (made.origin, made.args) == ("antigravity.fly", ("x",))
    assert inert.loads(b"cantigravity\nbytes\n.").origin == "antigravity.bytes"


@pytest.mark.parametrize(
    "value", [b"bytes", "text", 1, 1.5, True, None, [1, {"a": (2, {3})}], bytearray(b"x"), frozenset({1})]
)
def test_plain_values_stay(value: Any) -> None:
    """What Dask itself sends is made of these, and so are the types of them."""
    assert inert.loads(pickle.dumps(value)) == value
    assert value is None or inert.loads(pickle.dumps(type(value))) is type(value)


def test_an_exception_keeps_its_name_and_arguments() -> None:
    """It stays an exception, as Dask wants it, and says what it was."""
    made: Any = inert.loads(b"cbuiltins\nKeyError\n(S'a'\nI1\ntR.")
    assert isinstance(made, inert.Inert)
    assert (made.origin, made.args) == ("builtins.KeyError", ("a", 1))


@pytest.mark.parametrize("data", [b"", b"\x80\x05nonsense", b"(l" * 3, b"cos\nsystem\n(S'x'\ntR}b", b"\x80\xff."])
def test_what_is_no_pickle(data: bytes) -> None:
    """Damaged bytes are an inert value too: an error would cut off the workers that send good ones."""
    (words,) = inert.loads(data).args
    assert words.startswith("a pickle that cannot be read: ")


@pytest.mark.slow
def test_installed_it_serves_all_of_dask(tmp_path: Path) -> None:
    """In a process that installed it first, Dask's own loading of an exception calls nothing."""
    path = tmp_path / "written"
    data = pickle.dumps(ATTACKS["a function"](str(path)))
    code = (
        "from pypi_subset.proof.remote import inert; inert.install()\n"
        "from distributed.core import clean_exception\n"
        "from distributed.protocol import deserialize\n"
        f"data = {data!r}\n"
        "print(type(clean_exception(data)[1]).__name__)\n"
        "deserialize({'serializer': 'pickle', 'writeable': ()}, [data])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "system\n"), done.stderr
    assert not path.exists()
