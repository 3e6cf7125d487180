"""The command ``pypi-subset``, as a script and as ``python -m pypi_subset``."""

from __future__ import annotations

import sys

from pypi_subset.cli.terminal import interrupts


def main() -> None:
    """Run the command that the command line names, and end the process."""
    try:
        interrupts.listen()
        # It takes a moment to load, in which a user may press Ctrl-C.
        from pypi_subset.cli.app import main as run  # noqa: PLC0415

        run()
    except KeyboardInterrupt:
        interrupts.report("nothing was done; run the same command again")
        sys.exit(interrupts.INTERRUPTED)


if __name__ == "__main__":
    main()
