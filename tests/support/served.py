"""The old name; import from `tests.support.servers.served`."""

from tests.support.servers.served import *  # noqa: F403
