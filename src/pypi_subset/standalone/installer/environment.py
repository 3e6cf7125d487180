"""The virtual environment that a set is installed into: made, or used as it is."""

import os
import shutil
import sys

from pypi_subset.standalone.errors import Hindered, Misused, shown
from pypi_subset.standalone.installer.interpreter import Interpreter

#: Marks an environment that a run made and did not finish. The next run makes it again.
UNFINISHED = "pypi-subset-unfinished"
SETTINGS = "pyvenv.cfg"


class Environment:
    """
    A directory with a virtual environment, or for one.

    :param folder: its path.
    :raises Misused: it holds something else.
    """

    def __init__(self, folder: str) -> None:
        self.folder = os.path.abspath(folder)
        self.is_unfinished = os.path.isfile(os.path.join(self.folder, UNFINISHED))
        #: Whether the directory itself is kept if a run fails.
        self.was_there = os.path.isdir(self.folder) and not self.is_unfinished
        self.is_new = self.is_unfinished or not os.path.isfile(os.path.join(self.folder, SETTINGS))
        if self.is_new and not self.is_unfinished and os.path.lexists(self.folder):
            if not os.path.isdir(self.folder):
                raise Misused(f"{shown(self.folder)} is no directory; name another one")
            if os.listdir(self.folder):
                raise Misused(f"{shown(self.folder)} has files, and is no virtual environment; name another directory")

    @property
    def programs(self) -> str:
        """The directory of its programs."""
        return os.path.join(self.folder, "Scripts" if os.name == "nt" else "bin")

    @property
    def python(self) -> str:
        """The path of its Python."""
        return os.path.join(self.programs, "python.exe" if os.name == "nt" else "python")

    def interpreter(self) -> Interpreter:
        """
        Return the Python that decides what fits: its own, before it is made this one.

        :raises Misused: what is there is no virtual environment.
        """
        if self.is_new:
            return Interpreter(sys.executable)
        found = Interpreter(self.python)
        if not found.is_virtual:
            raise Misused(f"{shown(self.folder)} is not a virtual environment; name another directory")
        return found

    def make(self) -> None:
        """
        Make it, without pip.

        :raises Hindered: this Python cannot.
        """
        try:
            import venv
        except ImportError as error:
            raise Hindered(
                "this Python has no module venv; run install.py with another Python, or install its package"
            ) from error
        self.remove()
        os.makedirs(self.folder, exist_ok=True)
        with open(os.path.join(self.folder, UNFINISHED), "w") as stream:
            stream.write("A run of install.py that did not finish left this environment. Run it again, or remove it.\n")
        venv.EnvBuilder(symlinks=os.name != "nt", with_pip=False).create(self.folder)

    def finish(self) -> None:
        """Mark it as complete."""
        os.remove(os.path.join(self.folder, UNFINISHED))

    def remove(self) -> None:
        """Remove it, if a run made it and did not finish."""
        if not os.path.isfile(os.path.join(self.folder, UNFINISHED)):
            return
        # The mark goes last: a removal that stops half way can be continued.
        for name in os.listdir(self.folder):
            path = os.path.join(self.folder, name)
            if os.path.isdir(path) and not os.path.islink(path):
                shutil.rmtree(path)
            elif name != UNFINISHED:
                os.remove(path)
        os.remove(os.path.join(self.folder, UNFINISHED))
        if not self.was_there:
            os.rmdir(self.folder)

    def usage(self) -> str:
        """Return the command that activates it."""
        if os.name == "nt":
            return os.path.join(self.programs, "activate.bat")
        return f". {quoted(os.path.join(self.programs, 'activate'))}"

    def removal(self) -> str:
        """Return the command that removes it."""
        return f"{'rmdir /s' if os.name == 'nt' else 'rm -r'} {quoted(self.folder)}"


def quoted(path: str) -> str:
    """Return *path* as an argument of a shell."""
    if os.name == "nt":
        return f'"{path}"' if " " in path else path
    import shlex

    return shlex.quote(path)
