"""
The commands of a page in the manual, run in an empty directory, and their output held against the page.

A block ``console`` has commands after ``$`` and their output. A block with a caption is a file of that name. ``…`` stands
for the rest of a word or of a line; alone on its line, for any lines.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from markdown_it import MarkdownIt

from tests.support.programs.commands import STAGE
from tests.support.programs.ending import PATIENCE
from tests.support.servers.ports import free_port, listens

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

#: Seconds after which a command is killed.
LIMIT = 300
ANY = "…"
#: What a block of commands or of a shell script begins with.
SHELLS = frozenset({"", "bash", "console", "sh", "shell"})


@dataclass(frozen=True, slots=True)
class Step:
    """A command with its output, or a file: *name* is empty for a command."""

    text: str
    name: str = ""
    output: tuple[str, ...] = ()


def steps(page: str) -> Iterator[Step]:
    """
    Yield the commands and the files of *page*, in its order.

    :raises ValueError: a block of a shell is neither ``console`` nor a file, so that it would not be run.
    """
    for token in MarkdownIt().parse(page):
        if token.type != "fence":
            continue
        info, content = token.info.strip(), token.content
        caption = re.match(r":caption: (.+)\n+", content) if info.startswith("{code-block}") else None
        if caption:
            yield Step(content[caption.end() :], name=caption[1])
        elif info == "console":
            yield from _commands(content)
        elif info in SHELLS:
            msg = f"this block is not run: {content}"
            raise ValueError(msg)


def _commands(block: str) -> Iterator[Step]:
    first, *parts = re.split(r"^\$ ", block, flags=re.MULTILINE)
    if first:
        msg = f"output without a command: {first}"
        raise ValueError(msg)
    for part in parts:
        command, *output = part.splitlines()
        yield Step(command, output=tuple(output))


def plain(text: str) -> str:
    """Return *text* without rules of tables, without empty lines, and with one blank between words."""
    lines = (" ".join(line.replace("─", "").split()) for line in text.splitlines())
    return "".join(f"{line}\n" for line in lines if line)


def matches(expected: str, found: str) -> bool:
    """Whether *found* is the output that a page shows as *expected*."""
    lines = [r"(?:.*\n)*?" if line == ANY else _pattern(line) for line in plain(expected).splitlines()]
    return re.fullmatch("".join(lines), plain(found)) is not None


def _pattern(line: str) -> str:
    return ".*?".join(map(re.escape, line.split(ANY))) + "\n"


@dataclass
class Sandbox:
    """
    An empty directory, a ``PATH`` with a few programs, and no configuration of the machine.

    :param folder: an empty directory for all of it.
    :param replaced: what is written in a page → what it is here.
    :param variables: environment of ``pypi-subset`` alone.
    """

    folder: Path
    replaced: dict[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)

    def __post_init__(self) -> None:
        self.root, self.bin = self.folder / "work", self.folder / "bin"
        for one in (self.root, self.bin, self.folder / "home"):
            one.mkdir()
        self.replaced |= {
            "8080": str(self.port),
            "/media/stick": f"{self.folder}/stick",
            "/srv/www": f"{self.folder}/www",
            "/srv/pypi": f"{self.folder}/pypi",
        }
        (self.folder / "stick").mkdir()
        (self.folder / "www").mkdir()
        self.program("python3", f'exec {sys.executable} "$@"')
        own = " ".join(f"{name}='{value}'" for name, value in self.variables.items())
        self.program("pypi-subset", f'{own} exec {sys.executable} -m pypi_subset "$@"')
        self._pids = self.folder / "pids"
        self._started: list[subprocess.Popen[str]] = []

    def __enter__(self) -> Self:
        """Return the sandbox."""
        return self

    def __exit__(self, *_: object) -> None:
        """End what runs in the background."""
        for number in self._pids.read_text().split() if self._pids.is_file() else ():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(number), signal.SIGTERM)
        for process in self._started:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def program(self, name: str, script: str) -> None:
        """Put a program into ``PATH``, a script of bash."""
        path = self.bin / name
        path.write_text(f"#!/bin/bash\nset -eu\n{script}\n", encoding="utf-8")
        path.chmod(0o755)

    def service(self, name: str, command: str) -> None:
        """Let ``systemctl reload NAME`` start *command* until the end of the sandbox."""
        wait = f"until (: < /dev/tcp/127.0.0.1/{self.port}) 2> {os.devnull}; do sleep 0.1; done"
        start = f"{command} < {os.devnull} > {self.folder}/log 2>&1 &"
        self.program("systemctl", f'[[ "$1 $2" == "reload {name}" ]]\n{start}\necho $! >> {self._pids}\n{wait}')

    def here(self, text: str) -> str:
        """Return *text* of a page with the addresses and paths of this sandbox."""
        for written, meant in sorted(self.replaced.items(), key=lambda one: -len(one[0])):
            text = text.replace(written, meant)
        return text

    def walk(self, page: str) -> int:
        """
        Do every step of *page*; return how many commands it has.

        :raises AssertionError: a command fails, or prints other than the page shows.
        """
        count = 0
        for step in steps(page):
            if step.name:
                path = self.root / self.here(step.name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(self.here(step.text), encoding="utf-8")
                continue
            count += 1
            if step.text.endswith("&"):
                self._start(self.here(step.text.removesuffix("&")))
                continue
            code, printed = self.run(self.here(step.text))
            assert code == 0, f"$ {step.text}\n{printed}"
            expected = self.here("\n".join(step.output))
            assert matches(expected, printed), f"$ {step.text}\n{printed}\nthe page shows:\n{expected}"
        return count

    def run(self, command: str) -> tuple[int, str]:
        """Return exit code and output of *command*, which bash runs in the directory."""
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=self.root,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=LIMIT,
        )
        # On a terminal these are bars.
        return done.returncode, STAGE.sub("", done.stdout)

    def _environment(self) -> dict[str, str]:
        names = {"HOME": str(self.folder / "home"), "LC_ALL": "C.UTF-8", "PATH": f"{self.bin}:/usr/bin:/bin:/usr/sbin"}
        pip = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PIP_NO_INDEX": "0"}
        who = {
            f"GIT_{role}_{what}": "lab@lab.example" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")
        }
        return {**names, **pip, **who, "COLUMNS": "160"}

    def _start(self, command: str) -> None:
        """Run *command* until the end of the sandbox; return when something listens on the port."""
        process = subprocess.Popen(
            ["bash", "-c", f"exec {command}"],
            cwd=self.root,
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            text=True,
        )
        self._started.append(process)
        until = time.monotonic() + PATIENCE
        while process.poll() is None and not listens(self.port):
            assert time.monotonic() < until, f"nothing listens after {command}"
            time.sleep(0.05)
        assert process.poll() is None, f"{command} ended"
