"""The old name; import from `tests.support.sites.cases`."""

from tests.support.sites.cases import *  # noqa: F403
