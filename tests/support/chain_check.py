"""The old name; import from `tests.support.sites.chain_check`."""

from tests.support.sites.chain_check import *  # noqa: F403
