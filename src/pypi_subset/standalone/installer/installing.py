"""Installation of one set: the files of its lock, each compared with its hash, by the pip of the site."""

import contextlib
import hashlib
import os
import re
import shutil
import tempfile

from pypi_subset.standalone.errors import Hindered, Refused, shown
from pypi_subset.standalone.importer.reading.manifests import SiteManifest
from pypi_subset.standalone.installer.choosing import newest_pip, requirements_path, set_for, target_for
from pypi_subset.standalone.installer.interpreter import Interpreter, last_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable, Iterator

    from pypi_subset.standalone.installer.environment import Environment
    from pypi_subset.standalone.installer.origin import Origin

#: Options of each installation. The lock is complete, so pip looks for nothing that it does not name.
OPTIONS = (
    *("install", "--isolated", "--disable-pip-version-check", "--no-input", "--no-cache-dir"),
    *("--no-warn-script-location", "--no-deps", "--require-hashes"),
)
#: A line of pip about an error, and a line of a lock about pip itself.
ERROR_OF_PIP = re.compile(r"^ERROR: (.+)$", re.MULTILINE)
PIN_OF_PIP = re.compile(r"^pip={2,3}", re.MULTILINE)


class Installation:
    """
    A set of a site, chosen for a Python, before anything is written.

    :param origin: the site.
    :param environment: where it is installed.
    :param wanted: SHA-256 of the manifest, ``""`` if any is good.
    :param scratch: directory for temporary files.
    :raises ImporterError: the site has nothing for this machine.
    """

    def __init__(self, origin: "Origin", environment: "Environment", wanted: str, scratch: str) -> None:
        self.origin = origin
        self.environment = environment
        self.scratch = scratch
        data = origin.manifest(wanted)
        self.digest = hashlib.sha256(data).hexdigest()
        self.manifest = SiteManifest(data)
        self.manifest.hashes()
        self.python = environment.interpreter()
        self.pip = newest_pip(self.manifest, self.python)
        self.wheel = os.path.join(scratch, self.pip.filename)
        origin.save(self.pip.path, self.pip.sha256, self.wheel)

    def choose(self, set_name: str, target: str) -> None:
        """
        Choose what is installed.

        :param set_name: the set, ``""`` for the only one.
        :param target: the target, ``""`` for the one that fits best.
        """
        self.target = target_for(self.manifest, self.python, self.python.tags(self.wheel), target)
        self.set_name = set_for(self.manifest, self.target, set_name)
        path, digest = requirements_path(self.manifest, self.set_name, self.target)
        self.requirements = self.origin.text(path, digest)
        if not PIN_OF_PIP.search(self.requirements):
            self.requirements += f"pip=={self.pip.version} --hash=sha256:{self.pip.sha256}\n"

    def document(self) -> "dict[str, Any]":
        """Return what is chosen."""
        environment = self.environment
        return {
            "environment": environment.folder,
            "python": self.python.name,
            "site": self.origin.place,
            "manifest": self.digest,
            "target": self.target.name,
            "set": self.set_name,
            "pip": self.pip.version,
            "files": sum(not line.startswith("#") for line in self.requirements.splitlines()),
            "new": environment.is_new,
            "note": self.note(),
        }

    def note(self) -> str:
        """Return a warning about the target, ``""`` if it is just this machine."""
        if self.target.exact and self.target.python != self.python.version:
            stated = ".".join(map(str, self.target.python))
            return f"{self.target.name} states Python {stated}, and this is {self.python.name}"
        return ""

    def run(self, talk: "Callable[[str], None]") -> "dict[str, Any]":
        """
        Install the set; return what changed.

        :param talk: gets each line that pip prints.
        :raises Refused: a file has another hash.
        :raises Hindered: pip cannot install it.
        """
        if not self.environment.is_new:
            return self.install(self.python, talk)
        with self.made():
            return self.install(Interpreter(self.environment.python), talk)

    @contextlib.contextmanager
    def made(self) -> "Iterator[None]":
        """Make the environment; remove it again if the block fails."""
        try:
            self.environment.make()
            yield
            self.environment.finish()
        except BaseException:
            self.environment.remove()
            raise

    def install(self, python: Interpreter, talk: "Callable[[str], None]") -> "dict[str, Any]":
        """Install the set for *python*; return what changed."""
        path = os.path.join(self.scratch, "requirements.txt")
        with open(path, "w", encoding="utf-8") as stream:
            stream.write(self.requirements)
        origin, before = self.origin, python.projects()
        where = ["--index-url", origin.url_of(f"targets/{self.target.name}/simple")]
        where += ["--trusted-host", origin.plain_host] if origin.plain_host else []
        where += ["--cert", origin.certificates] if origin.certificates else []
        # The view of a target has the pip of its own set alone.
        arguments = [*OPTIONS, *where, "--find-links", self.scratch, "-r", path]
        done = python.run([os.path.join(self.wheel, "pip"), *arguments])
        for line in (done.stdout + done.stderr).splitlines():
            talk(line)
        if done.returncode:
            raise fault(done.stdout + done.stderr)
        after = python.projects()
        return {
            "installed": {name: after[name] for name in sorted(after) if before.get(name) != after[name]},
            "before": {name: before[name] for name in sorted(after) if name in before and before[name] != after[name]},
        }


def fault(output: str) -> Exception:
    """Return the error that pip's *output* is about."""
    if "THESE PACKAGES DO NOT MATCH THE HASHES" in output:
        names = re.findall(r"^\s+(\S+==\S+|https?:\S+|file:\S+).*:$", output, re.MULTILINE)
        return Refused(
            f"a file of the site is not the one of the lock: {shown(names[0] if names else output)}; copy it again"
        )
    found = ERROR_OF_PIP.findall(output)
    return Hindered(f"pip could not install the set: {shown(found[-1]) if found else last_line(output)}")


@contextlib.contextmanager
def temporary() -> "Iterator[str]":
    """Yield a directory for temporary files."""
    try:
        folder = tempfile.mkdtemp(prefix="pypi-subset-install-")
    except OSError as error:
        raise Hindered(f"there is no room for temporary files: {shown(error.strerror)}; set TMPDIR") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
