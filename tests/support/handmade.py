"""The old name; import from `tests.support.sites.handmade`."""

from tests.support.sites.handmade import *  # noqa: F403
