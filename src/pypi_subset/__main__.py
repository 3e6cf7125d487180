"""The command ``pypi-subset``, as a script and as ``python -m pypi_subset``."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command that the command line names, and end the process."""
    try:
        # It takes a moment to load, in which a user may press Ctrl-C.
        from pypi_subset.cli.app import main as run  # noqa: PLC0415

        run()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted: nothing was done; run the same command again\n")
        # As shells report it: 128 + SIGINT. The module with that number may not be loaded.
        sys.exit(130)


if __name__ == "__main__":
    main()
