"""The bytes of the files of a run: what is counted, and what is still to come."""

from __future__ import annotations

from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.model.distributions import Distribution
from pypi_subset.packages.meter import Meter
from pypi_subset.support.progress import Silent


class Bar(Silent):
    """Keeps the numbers."""

    def __init__(self) -> None:
        self.total = self.done = 0

    def advance(self, count: int = 1) -> None:
        """Count."""
        self.done += count

    def expect(self, count: int) -> None:
        """Expect."""
        self.total += count


ONE = Distribution(
    filename="one-1.0-py3-none-any.whl", project=canonicalize_name("one"), version=Version("1.0"), size=100
)


def test_what_is_left_of_a_file() -> None:
    """It is the stated size without what arrived, and nothing of a file that is whole or was never expected."""
    meter = Meter(Bar())
    assert meter.left(ONE) == 0
    meter.expect(ONE)
    meter.arrived(ONE.filename, 30)
    assert meter.left(ONE) == 70
    meter.end(ONE, is_left=False)
    assert meter.left(ONE) == 0


def test_bytes_beyond_the_size_are_not_counted() -> None:
    """The bar never shows more than all."""
    bar = Bar()
    meter = Meter(bar)
    meter.expect(ONE)
    meter.arrived(ONE.filename, 130)
    assert (bar.total, bar.done, meter.end(ONE, is_left=False)) == (100, 100, 130)


def test_what_a_stopped_run_left_is_not_to_come() -> None:
    """It goes from the total, and did not arrive in this run."""
    bar = Bar()
    meter = Meter(bar)
    meter.expect(ONE)
    assert (meter.end(ONE, is_left=True), bar.total, bar.done) == (None, 0, 0)
