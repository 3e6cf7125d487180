"""Runs of ``request.py``: in this process, or as the one file in another Python."""

from __future__ import annotations

import contextlib
import io
import json
from functools import cache
from typing import TYPE_CHECKING, Any

from pypi_subset.standalone import joined as joiner
from pypi_subset.standalone.requester import program
from tests.support.gap.far import Done

if TYPE_CHECKING:
    from pathlib import Path

#: How errors begin.
ERROR = "request.py: error: "


def run(*arguments: str | Path) -> Done:
    """Return how a command ended, run in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = program.main([str(one) for one in arguments])
    return Done(code, out.getvalue(), err.getvalue())


def requested(*arguments: str | Path) -> list[str]:
    """Return the requirements of the request that a command prints, without the description of this machine."""
    done = run(*arguments, "--no-machine", "--dry-run")
    assert done.code == 0, done.err
    return [spelt(one) for one in json.loads(done.out)["requirements"]]


def spelt(one: dict[str, Any]) -> str:
    """Return a requirement of a request as a requirements file has it."""
    extras = f"[{','.join(one['extras'])}]" if one["extras"] else ""
    return f"{one['name']}{extras}{one['specifier']}" + (f"; {one['marker']}" if one["marker"] else "")


@cache
def joined() -> bytes:
    """Return the one file."""
    return joiner.request()
