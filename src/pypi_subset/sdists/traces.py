"""Where the build script of an sdist looks at the machine: its wheel may be another one elsewhere, whatever its tag says."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pypi_subset.support import bounds, files

if TYPE_CHECKING:
    from pathlib import Path

#: What tells a script about system, Python, environment and time, or starts programs that do.
_LOOKS = re.compile(
    r"\b(sys\.platform|sys\.version_info|platform\.\w+|os\.name|os\.environ|os\.getenv|os\.uname|subprocess|os\.system"
    r"|os\.popen|time\.(?:time|localtime|gmtime|strftime|ctime)|(?:datetime|date)\.(?:now|utcnow|today))\b"
)
#: Places that are named.
_SHOWN = 3


def traces_in(root: Path) -> tuple[str, ...]:
    """Return the first places in the ``setup.py`` of an unpacked sdist that look at the machine, as ``line 7: os.name``."""
    path = root / "setup.py"
    if not path.is_file():
        return ()
    with files.folder_errors(path):
        lines = files.read_input(path, bounds.LARGEST_INPUT).decode(errors="replace").splitlines()
    stated = ((number, line.partition("#")[0]) for number, line in enumerate(lines, start=1))
    found = (
        (number, _LOOKS.search(line)) for number, line in stated if not line.lstrip().startswith(("import ", "from "))
    )
    return tuple(f"line {number}: {match[1]}" for number, match in found if match)[:_SHOWN]
