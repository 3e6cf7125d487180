"""Files of the user as text: what a shell or an editor wrote, in one of the encodings that they use."""

import codecs
import sys

from pypi_subset.standalone.errors import Misused, shown
from pypi_subset.standalone.user_files import read_user_file

#: Bytes of a file of requirements or of a log.
LONGEST_INPUT = 16 << 20
#: The name of standard input on the command line.
STANDARD_INPUT = "-"
MARKS_OF_ENCODINGS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def text_at(path: str) -> str:
    """
    Return the text of the file at *path*, or of standard input for ``-``.

    :raises Misused: it cannot be read, or is too large.
    """
    try:
        if path == STANDARD_INPUT:
            data = sys.stdin.buffer.read(LONGEST_INPUT + 1)
        else:
            data = read_user_file(path, LONGEST_INPUT)
    except OSError as error:
        raise Misused(f"{shown(path)} cannot be read: {shown(error.strerror)}; name a readable file") from error
    except ValueError as error:
        raise Misused(f"{shown(path)} is no name of a file on this machine; name a readable file") from error
    if len(data) > LONGEST_INPUT:
        raise Misused(f"standard input has more than {LONGEST_INPUT} bytes; give it less")
    # Windows PowerShell writes UTF-16 behind `>`.
    encoding = next((name for mark, name in MARKS_OF_ENCODINGS if data.startswith(mark)), "utf-8")
    return data.decode(encoding, "replace")
