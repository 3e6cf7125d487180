"""The old name; import from `tests.support.programs.mounts`."""

from tests.support.programs.mounts import *  # noqa: F403
