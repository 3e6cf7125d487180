"""The old name; import from `tests.support.sites.trees`, `tests.support.sites.links`, `tests.support.sites.places`, `tests.support.sites.published`."""

from tests.support.sites.links import *  # noqa: F403
from tests.support.sites.places import *  # noqa: F403
from tests.support.sites.published import *  # noqa: F403
from tests.support.sites.trees import *  # noqa: F403
