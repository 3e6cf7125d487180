"""
Calls a hook of a build back-end (PEP 517): a script of its own, which runs inside the box of a build, on its interpreter.

Standard library only, Python 3.9 or newer. What the hook returns goes into a file, since a back-end may print anything.
"""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import Any


def backend_of(name: str, folders: list[str]) -> Any:
    """Return the object that *name*, as in ``module:object``, names; *folders* are searched first, and must hold it."""
    own = [os.path.realpath(folder) for folder in folders]
    sys.path[:0] = own
    module, _, place = name.partition(":")
    found = importlib.import_module(module)
    where = os.path.realpath(getattr(found, "__file__", None) or "")
    if own and not any(where.startswith(folder + os.sep) for folder in own):
        msg = f"{module} is not in backend-path"
        raise ImportError(msg)
    for part in filter(None, place.split(".")):
        found = getattr(found, part)
    return found


def main(arguments: list[str]) -> None:
    """Call a hook; *arguments*: its name, back-end, directories of that as JSON, source, output, file of the result."""
    hook, name, folders, source, output, result = arguments
    # The directory of this script is no place for modules.
    del sys.path[0]
    os.umask(0o022)
    os.chdir(source)
    backend = backend_of(name, json.loads(folders))
    if hook == "get_requires_for_build_wheel":
        ask = getattr(backend, hook, None)
        returned: object = [] if ask is None else [str(one) for one in ask(None)]
    else:
        returned = str(backend.build_wheel(output, None))
    with open(result, "w", encoding="utf-8") as stream:
        json.dump(returned, stream)


if __name__ == "__main__":
    main(sys.argv[1:])
