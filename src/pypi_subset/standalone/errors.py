"""The errors of the joined files; each is one line, and has an exit code."""

#: Characters of a foreign text that a message shows.
LONGEST_SHOWN = 160


class ImporterError(Exception):
    """A run ends with this line and this exit code."""

    exit_code = 1


class Refused(ImporterError):
    """The bundle, or what is there already, is not what it should be."""


class Misused(ImporterError):
    """The command line or a file of the user is wrong."""

    exit_code = 2


class Hindered(ImporterError):
    """The surroundings do not allow it: a missing volume, a full disk, another run."""

    exit_code = 3


def shown(text: object) -> str:
    """Return a foreign *text* in printable ASCII: a name on a medium may hold control sequences of a terminal."""
    safe = ascii(str(text))[1:-1]
    return safe if len(safe) <= LONGEST_SHOWN else safe[:LONGEST_SHOWN] + "..."


def plain(text: str) -> str:
    """Return a line of *text* whose characters that are not printable are escapes; letters of all scripts stay."""
    return text if text.isprintable() else "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)
