"""The old name; import from `tests.support.sites.handwritten`, `tests.support.sites.subset_on_disk`."""

from tests.support.sites.handwritten import *  # noqa: F403
from tests.support.sites.subset_on_disk import *  # noqa: F403
