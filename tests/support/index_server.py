"""The old name; import from `tests.support.wheels`, `tests.support.servers.index_http`, `tests.support.servers.index_pages`, `tests.support.servers.index`."""

from tests.support.servers.index import *  # noqa: F403
from tests.support.servers.index_http import *  # noqa: F403
from tests.support.servers.index_pages import *  # noqa: F403
from tests.support.wheels import *  # noqa: F403
