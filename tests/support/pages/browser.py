"""A real Chromium without a window, led by its DevTools protocol over two pipes, and what it did meanwhile."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import select
import shutil
import subprocess
from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.support.programs.ending import PATIENCE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: As quiet as it gets: nothing is asked of any server, and no sandbox, which root may not have.
_FLAGS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)


class Tab:
    """One page of the browser; *events* is all that it reported: requests, messages of the console, errors."""

    def __init__(self, said: int, heard: int) -> None:
        self._said, self._heard = said, heard
        self._rest, self._number, self._session = b"", 0, ""
        self.events: list[dict[str, Any]] = []
        target = self.send("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.send("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.send(f"{domain}.enable")

    def send(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Return the answer to one command of the protocol; what is reported before it is kept."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters}
        message |= {"sessionId": self._session} if self._session else {}
        os.write(self._said, json.dumps(message).encode() + b"\0")
        while (answer := self._read()).get("id") != self._number:
            self.events.append(answer)
        assert "error" not in answer, answer
        return cast("dict[str, Any]", answer["result"])

    def open(self, url: str) -> None:
        """Show *url*, and wait until it has loaded; what an earlier page reported is forgotten."""
        self.events.clear()
        self.send("Page.navigate", url=url)
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.events.append(self._read())

    def run(self, script: str) -> Any:
        """Return what *script* gives, as JSON can carry it."""
        given = self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in given, given
        return given["result"].get("value")

    def violations(self, axe: str) -> list[str]:
        """Return rule and element of each violation that *axe*, the script of axe-core, finds on the page."""
        self.run(f"{axe};0")
        judged = (
            "axe.run(document, {preload: false, resultTypes: ['violations']}).then((found) =>"
            " found.violations.flatMap((one) => one.nodes.map((node) => one.id + ': ' + node.html.slice(0, 200))))"
        )
        return cast("list[str]", self.run(judged))

    def press(self, key: str) -> None:
        """Press one key and let it go, e.g. ``Tab``."""
        for kind in ("keyDown", "keyUp"):
            self.send("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode={"Tab": 9}[key])

    def show(self, *, width: int, dark: bool) -> None:
        """Make the window *width* wide, on a system that is set to dark or light colours."""
        self.send("Emulation.setDeviceMetricsOverride", width=width, height=1000, deviceScaleFactor=1, mobile=False)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.send("Emulation.setEmulatedMedia", features=[scheme])

    def picture(self, file: Path) -> None:
        """Write what the window shows to *file*."""
        file.write_bytes(base64.b64decode(self.send("Page.captureScreenshot", format="png")["data"]))

    @property
    def requests(self) -> list[str]:
        """The addresses that the page asked for, in order."""
        sent = [event for event in self.events if event["method"] == "Network.requestWillBeSent"]
        return [event["params"]["request"]["url"] for event in sent]

    @property
    def complaints(self) -> list[dict[str, Any]]:
        """Whatever reached the console, and every error."""
        kinds = {"Runtime.consoleAPICalled", "Runtime.exceptionThrown", "Log.entryAdded"}
        return [event for event in self.events if event["method"] in kinds]

    def _read(self) -> dict[str, Any]:
        """Return the next message; each ends with a null byte."""
        while b"\0" not in self._rest:
            assert select.select([self._heard], [], [], PATIENCE)[0], "the browser says nothing"
            data = os.read(self._heard, 1 << 20)
            assert data, "the browser is gone"
            self._rest += data
        message, _, self._rest = self._rest.partition(b"\0")
        return cast("dict[str, Any]", json.loads(message))


@contextlib.contextmanager
def tab(folder: Path) -> Iterator[Tab]:
    """Yield a tab of a browser that starts again, with *folder* as its home; skip the test where there is none."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no chromium here")
    inner_in, said = os.pipe()
    heard, inner_out = os.pipe()
    # Beyond 3 and 4, which the browser reads and writes: moving one there must not close the other.
    ours = [fcntl.fcntl(one, fcntl.F_DUPFD, 10) for one in (inner_in, inner_out)]
    command = ["bash", "-c", f'exec "$0" "$@" 3<&{ours[0]} 4>&{ours[1]}', program, *_FLAGS]
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LANG": "C.UTF-8"}
    process = subprocess.Popen(
        [*command, f"--user-data-dir={folder}/profile"],
        pass_fds=ours,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    for one in (inner_in, inner_out, *ours):
        os.close(one)
    try:
        yield Tab(said, heard)
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        os.close(said)
        os.close(heard)
