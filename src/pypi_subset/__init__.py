"""Static package indexes for networks that cannot reach PyPI: resolved per target, complete, and proven."""

from importlib.metadata import version

__version__ = version("pypi-subset")
