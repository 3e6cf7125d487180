"""The installation of a whole set, kept for its requests: what one of them would install alone is linked from it."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from pypi_subset.model.checks import WAYS
from pypi_subset.proof.machines import bytecode, held, venvs
from pypi_subset.proof.methods import planning
from pypi_subset.support import staging

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import ExitStack

    from pypi_subset.model.requests import Request
    from pypi_subset.proof.access.routes import Way
    from pypi_subset.proof.cases.case import Case
    from pypi_subset.proof.machines.held import Held
    from pypi_subset.proof.machines.interpreters import Interpreter
    from pypi_subset.proof.methods.pip_install import Files

#: From how many requests on the installation of a whole set is kept for them, and its bytecode compiled.
MANY, COMPILED = 4, 24


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """An environment whose files are linked from an installation that is kept; all of it, or what a case takes of it."""

    fresh: venvs.Environment
    whole: Held

    @property
    def python(self) -> Path:
        """The interpreter, as a box sees it."""
        return self.whole.python


@dataclass(frozen=True, kw_only=True)
class Keeping:
    """
    What is kept of the set of a case.

    :param ending: what is ended with the case.
    """

    case: Case
    interpreter: Interpreter
    ending: ExitStack

    @property
    def whole(self) -> Held | None:
        """What is kept of the set as a whole, ``None`` as long as nothing is."""
        return held.held(self._place)

    def begins(self, way: Way) -> bool:
        """Whether the installation of the case by *way* is to be kept."""
        case = self.case
        return case.joint and len(case.requests) >= MANY and way.name == WAYS[0] and self.whole is None

    def new_folder(self) -> Path:
        """Return a new directory for an installation that is to be kept; an earlier attempt may have left its own."""
        self._place.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=self._place))
        folder.chmod(0o755)
        return folder

    def kept(self, files: Files, fresh: venvs.Environment, state: dict[str, str]) -> Part | None:
        """
        Keep *fresh*, and return it; ``None`` if a file of the environment itself was replaced.

        :param files: what was installed into it. No box can write it any more.
        :param state: what it held before, as `venvs.state_of` returns it.
        """
        if venvs.replaced(fresh.root, state):
            return None
        held.keep(fresh, state, [self.case.site / one.path for one in files], self._place)
        if len(self.case.requests) >= COMPILED:
            bytecode.compiled(self.interpreter, fresh, held.bytecode_in(self._place))
        return None if (whole := self.whole) is None else Part(fresh=fresh, whole=whole)

    def linked(self, files: Files, requests: Sequence[Request]) -> Part | None:
        """Return an environment with *files*, linked from what is kept; ``None`` if they are not all part of it."""
        wheels = [self.case.site / one.path for one in files]
        if (whole := self.whole) is None or not whole.has(wheels):
            return None
        requested = [canonicalize_name(one.requirement.name) for one in requests]
        folder = Path(tempfile.mkdtemp(dir=planning.parts(self.case, self.interpreter)))
        folder.chmod(0o755)
        self.ending.callback(staging.remove_tree, folder)
        try:
            return Part(fresh=whole.environment(wheels, requested, folder / "environment"), whole=whole)
        except OSError:
            # The file system has no more names for a file, or none of this user's.
            return None

    @cached_property
    def _place(self) -> Path:
        case, target = self.case, self.case.target
        # All processes of a run spell it alike.
        return held.place_of(case.work, case.site, case.set_name, target.name, target.tag, self.interpreter)
