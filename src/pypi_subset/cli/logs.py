"""Where the log goes: to standard error with ``--verbose``, to a file with ``--log``, else nowhere."""

from __future__ import annotations

import contextlib
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.errors import FolderError
from pypi_subset.support import files
from pypi_subset.support.text import printable, without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterator


class Literal(logging.Formatter):
    """Formats records so that no text in them moves a cursor, looks like a record of its own or is a secret of a URL."""

    def format(self, record: logging.LogRecord) -> str:
        """Return *record* as printable text; only its first line begins at the margin."""
        return printable(without_secrets(super().format(record)), lines=True)


class _File(logging.FileHandler):
    """A log file. If it cannot be written, it writes one warning to standard error and the run continues."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name in the base class
        """Say why no more can be written, once."""
        del record
        error = sys.exception()
        why = error.strerror if isinstance(error, OSError) and error.strerror else error
        self.setLevel(logging.CRITICAL + 1)
        sys.stderr.write(f"warning: {printable(self.baseFilename)}: the log ends here: {printable(str(why))}\n")


@contextlib.contextmanager
def logging_to(*, verbose: bool, file: str) -> Iterator[None]:
    """
    Write the log of all wings to standard error and to *file* while the block runs.

    :param verbose: whether it goes to standard error.
    :param file: a path, or ``""`` for no file.
    :raises FolderError: *file* cannot be written.
    """
    if not (verbose or file):
        yield
        return
    handlers: list[logging.Handler] = [logging.StreamHandler()] if verbose else []
    if file:
        if Path(file).is_dir():
            msg = "this is a directory, and the log is a file"
            raise FolderError(msg, path=Path(file), next_step="name a file by `--log-file`")
        with files.folder_errors(Path(file)):
            handlers.append(_File(file, encoding="utf-8"))
    root = logging.getLogger("pypi_subset")
    level = root.level
    root.setLevel(logging.DEBUG)
    for handler in handlers:
        handler.setFormatter(Literal("%(asctime)s %(name)s: %(message)s"))
        root.addHandler(handler)
    try:
        yield
    finally:
        root.setLevel(level)
        for handler in handlers:
            root.removeHandler(handler)
            # What could not be written was said once; it cannot be written now either.
            with contextlib.suppress(OSError):
                handler.close()
