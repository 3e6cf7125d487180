"""The commands of ``pypi-subset``, one module a topic; `pypi_subset.cli.app` has their order."""
