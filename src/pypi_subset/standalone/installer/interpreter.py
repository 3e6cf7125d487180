"""The Python that a set is installed for, and what the pip of the site answers there."""

import json
import os
import subprocess

from pypi_subset.standalone.errors import Hindered, shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: Prints version, implementation, and whether it is the Python of a virtual environment.
ASK_PYTHON = """
import json, platform, sys
print(json.dumps([list(sys.version_info[:3]), platform.python_implementation(), sys.prefix != sys.base_prefix]))
"""
#: Prints the tags that pip accepts, best first: it reads the list that `pip install` itself uses.
ASK_PIP = """
import json, sys
sys.path.insert(0, sys.argv[1])
try:
    from pip._internal.utils.compatibility_tags import get_supported
except ImportError:
    from pip._internal.pep425tags import get_supported
print(json.dumps(["-".join(tag) if isinstance(tag, tuple) else str(tag) for tag in get_supported()]))
"""
#: Prints each installed project and its version.
ASK_PROJECTS = """
import json, os, re, sys, sysconfig
found = {}
for place in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
    for name in os.listdir(place) if os.path.isdir(place) else ():
        match = re.fullmatch(r"([^-]+)-([^-]+)\\.(?:dist|egg)-info", name)
        if match:
            found[re.sub(r"[-_.]+", "-", match.group(1)).lower()] = match.group(2)
print(json.dumps(found))
"""
#: Variables that let pip and Python read configuration of this machine.
CONFIGURING = ("PIP_", "PYTHON", "VIRTUAL_ENV", "__PYVENV")


class Interpreter:
    """
    A Python.

    :param path: that of its program.
    :raises Hindered: it cannot be run.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        version, self.implementation, self.is_virtual = self.ask(ASK_PYTHON)
        self.version: tuple[int, ...] = tuple(version)

    @property
    def name(self) -> str:
        """What messages call it."""
        return f"{self.implementation} {'.'.join(map(str, self.version))}"

    def tags(self, pip: str) -> "list[str]":
        """Return the tags of wheels that it takes, best first; *pip* is the path of a wheel of pip."""
        found: list[str] = self.ask(ASK_PIP, pip)
        return found

    def projects(self) -> "dict[str, str]":
        """Return the version of each installed project."""
        found: dict[str, str] = self.ask(ASK_PROJECTS)
        return found

    def ask(self, program: str, *arguments: str) -> "Any":
        """Return the JSON document that *program* prints."""
        done = self.run(["-c", program, *arguments])
        if done.returncode:
            raise Hindered(f"{shown(self.path)} does not answer: {last_line(done.stderr)}")
        return json.loads(done.stdout)

    def run(self, arguments: "list[str]") -> "subprocess.CompletedProcess[str]":
        """Return how a program of this Python ended; it reads no configuration of this machine."""
        try:
            return subprocess.run(
                [self.path, "-I", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                universal_newlines=True,
                env=plain_environment(),
                check=False,
            )
        except OSError as error:
            raise Hindered(f"{shown(self.path)} cannot be run: {shown(error.strerror)}") from error


def plain_environment() -> "dict[str, str]":
    """Return the variables of this process without those that configure pip and Python."""
    found = {name: value for name, value in os.environ.items() if not name.upper().startswith(CONFIGURING)}
    # pip then reads no file of configuration; its own --isolated ignores those of the user alone.
    return {**found, "PIP_CONFIG_FILE": os.devnull}


def last_line(text: str) -> str:
    """Return the last line of *text* that is not empty."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return shown(lines[-1]) if lines else "it said nothing"
