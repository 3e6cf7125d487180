"""
Runs pip as another machine: a script of its own, started by `piprun` in a child process, never imported.

pip's ``--platform``, ``--python-version``, ``--implementation`` and ``--abi`` choose wheels for a target, but markers are
still evaluated for the interpreter that runs pip (pypa/pip#11664). Here the vendored `packaging` is handed the target's
values before pip's own modules bind the function, so that the resolver and the report see one and the same machine.

A value that nobody knows is absent from the environment: a marker that reads it raises ``UndefinedEnvironmentName``
instead of comparing with an empty string, silently false.
"""

from __future__ import annotations

import json
import signal
import sys


def main(arguments: list[str]) -> int:
    """
    Return pip's exit code.

    :param arguments: a JSON object with the marker environment, or ``null`` for this interpreter's own; then pip's.
    """
    _end_with_parent()
    environment = json.loads(arguments[0])
    if environment is not None:
        from pip._vendor.packaging import markers  # noqa: PLC0415 - must come before any other module of pip

        markers.default_environment = lambda: dict(environment)
    from pip._internal.cli.main import main as pip  # noqa: PLC0415 - must come after the line above

    return pip(arguments[1:])


def _end_with_parent() -> None:
    """Ask Linux to end this process when its parent dies, so that a killed run leaves nobody writing behind it."""
    if sys.platform == "linux":
        import ctypes  # noqa: PLC0415 - needed on Linux alone

        pr_set_pdeathsig = 1  # prctl(2)
        ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
