"""The old name; import from `tests.support.programs.installers`."""

from tests.support.programs.installers import *  # noqa: F403
