"""Taking more than a box may use: processes, memory, disk, time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from unittest import mock

from pypi_subset.proof.isolation.box import Limits
from pypi_subset.proof.machines import boxes
from tests.evidence.hostile.attack import Attack
from tests.evidence.hostile.attacks.aims import used

if TYPE_CHECKING:
    from collections.abc import Callable

_KIND = "exhausting"
_MIB = 1 << 20


def limited(**limits: int) -> Callable[[], Any]:
    """Return what makes the limits of boxes narrower, so that an attack needs less of this machine."""
    return lambda: mock.patch.object(boxes, "Limits", _Narrow(limits))


class _Narrow:
    """Makes `Limits` with other numbers."""

    def __init__(self, limits: dict[str, int]) -> None:
        self._limits = limits

    def __call__(self, **limits: int) -> Limits:
        return Limits(**{**limits, **self._limits})


#: Name → (what is counted from outside, what a box may use, what must not be exceeded, the code).
_CODE: dict[str, tuple[str, dict[str, int], float, str]] = {
    "fork-bomb": (
        "processes",
        {"processes": 60},
        100,
        (
            'spawn("import time\\nfor _ in range(200):\\n  try:\\n    if os.fork() == 0: time.sleep(5); os._exit(0)\\n'
            '  except OSError: pass\\ntime.sleep(2)").wait()'
        ),
    ),
    "threads": (
        "threads",
        {"processes": 60},
        100,
        'spawn("for _ in range(200):\\n  try: threading.Thread(target=time.sleep, args=(3,)).start()\\n  except RuntimeError: pass").wait()',
    ),
    "memory": (
        "memory",
        {"memory": 300 * _MIB, "address_space": 500 * _MIB},
        600 * _MIB,
        "spawn(\"held = [bytearray(b'x' * (1 << 24)) for _ in range(50)]; time.sleep(1)\").wait()",
    ),
    "large-file": (
        "largest",
        {"file": 100 * _MIB},
        150 * _MIB,
        "place = sys.pycache_prefix or '.'\nwith open(place + '/evil', 'wb') as stream: stream.truncate(200 * 2**20)",
    ),
    "many-bytes": (
        "disk",
        {"written": 50 * _MIB},
        250 * _MIB,
        (
            "place = sys.pycache_prefix or '.'\n"
            "for number in range(80):\n"
            "    with open(f'{place}/evil{number}', 'wb') as stream: stream.write(bytes(5 * 2**20))\n"
            "    time.sleep(0.03)"
        ),
    ),
    "temporary-files": (
        "disk",
        {"scratch": 50 * _MIB},
        150 * _MIB,
        (
            "import tempfile\nplace = tempfile.gettempdir()\n"
            "for number in range(40):\n"
            "    with open(f'{place}/evil{number}', 'wb') as stream: stream.write(bytes(5 * 2**20))\n"
            "    time.sleep(0.02)"
        ),
    ),
    "processor-time": (
        "seconds",
        {"cpu": 2},
        4,
        'spawn("until = time.monotonic() + 40\\nwhile time.process_time() < 6 and time.monotonic() < until: pass").wait()',
    ),
    "open-files": (
        "descriptors",
        {},
        5000,
        (
            'spawn("""\nimport resource\nmost = resource.getrlimit(resource.RLIMIT_NOFILE)[1]\n'
            "resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))\n"
            'held = [os.open(\'/dev/null\', os.O_RDONLY) for _ in range(min(most, 9000) - 50)]\ntime.sleep(1)\n""").wait()'
        ),
    ),
    "many-files": (
        "files",
        {"written": 10 * _MIB},
        60_000,
        (
            "place = sys.pycache_prefix or '.'\n"
            "for number in range(70_000):\n    os.close(os.open(f'{place}/{number}', os.O_CREAT))\n    number % 1000 or time.sleep(0.1)"
        ),
    ),
}

ATTACKS = tuple(
    Attack(
        name=name,
        kind=_KIND,
        code=code,
        held=limited(**limits),
        succeeded=used(what, most),
    )
    for name, (what, limits, most, code) in _CODE.items()
)
