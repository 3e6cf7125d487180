"""The old name; import from `tests.support.pages.browser`."""

from tests.support.pages.browser import *  # noqa: F403
