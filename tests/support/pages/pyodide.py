"""CPython in a browser, with micropip: a page of another site that reads an index."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import shutil
import subprocess
import sys
import tempfile
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.checkout import ROOT
from tests.support.pages.npm import package, take
from tests.support.servers.ports import serving
from tests.support.sites.workspace import AMBIENT, ORIGINAL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.pages.browser import Tab

#: What Pyodide has no wheel of in its package for npm.
_WHEELS = ("--python-version=3.13", "--only-binary=:all:", "micropip==0.11.1", "packaging==26.2")


@contextlib.contextmanager
def page(folder: Path) -> Iterator[str]:
    """Yield the address of a page, alone on its server, that can load CPython and micropip."""
    shutil.copytree(package("pyodide"), folder)
    for wheel in _wheels():
        shutil.copy(wheel, folder)
    (folder / "index.html").write_text(
        '<!DOCTYPE html><title>x</title><script src="pyodide.js"></script>', encoding="utf-8"
    )

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder)) as server, serving(server):
        yield f"http://127.0.0.1:{server.server_address[1]}/"


def run(tab: Tab, address: str, program: str) -> str:
    """Return, as text, the value of the last line of *program*, which runs in the page at *address* with micropip."""
    tab.open(address)
    wheels = json.dumps([f"{address}{path.name}" for path in _wheels()])
    answer = tab.run(
        "(async () => {const python = await loadPyodide(); "
        f"await python.loadPackage({wheels}); "
        f"return String(await python.runPythonAsync({json.dumps(program)}))}})()"
    )
    return str(answer)


def _wheels() -> list[Path]:
    """Return the wheels of micropip and what it requires, as they are kept for the next run."""
    place = ROOT / ".bench" / "npm" / "micropip"
    if not place.is_dir():
        place.parent.mkdir(parents=True, exist_ok=True)
        # As the user of this machine reaches PyPI.
        ambient = {name: value for name, value in ORIGINAL.items() if name.upper().startswith(AMBIENT)}
        with tempfile.TemporaryDirectory(dir=place.parent) as scratch:
            whole = Path(scratch, "wheels")
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(whole), *_WHEELS]
            subprocess.run(command, check=True, env={**os.environ, **ambient, "HOME": ORIGINAL["HOME"]})
            take(whole, place)
    return sorted(place.glob("*.whl"))
