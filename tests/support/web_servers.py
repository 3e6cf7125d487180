"""The old name; import from `tests.support.servers.web`."""

from tests.support.servers.web import *  # noqa: F403
