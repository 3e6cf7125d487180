"""The old name; import from `tests.support.pages.page_check`."""

from tests.support.pages.page_check import *  # noqa: F403
