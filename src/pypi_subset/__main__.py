"""The command ``pypi-subset``, as ``python -m pypi_subset``."""

from __future__ import annotations

from pypi_subset.cli.app import main

if __name__ == "__main__":
    main()
