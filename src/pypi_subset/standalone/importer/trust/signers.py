"""The file of allowed signers (ssh-keygen(1), ALLOWED SIGNERS): which key signs bundles, for whom, and since when."""

import calendar
import re
import time

from pypi_subset.standalone.errors import Misused, Refused, shown
from pypi_subset.standalone.importer.trust.sshsig import KEY_KIND, NAMESPACE, decoded, key_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Iterator

#: Bytes of the file.
LONGEST_SIGNERS = 1 << 20

#: Principals, options, kind and key; what follows is a comment.
MOST_FIELDS = 4
#: A field ends at a space that is outside of double quotes.
FIELD = re.compile(r'((?:[^\s"]|"[^"]*")+)(?:[ \t]+|\Z)')
OPTION = re.compile(r'([A-Za-z-]+)(?:=("[^"]*"|[^",]*))?(?:,|\Z)')
KEY_KINDS = re.compile(r"(?:sk-)?(?:ssh|ecdsa)-[a-z0-9@.-]+")
#: A time of day is in the time zone of this machine, unless a Z follows.
MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:(\d\d)(\d\d)(\d\d)?)?(Z?)", re.ASCII)


class Signer:
    """
    One line of the file.

    :param number: that of the line.
    :param principals: who owns the key.
    :param key: 32 bytes.
    :param namespaces: patterns, ``None`` for every namespace.
    :param after: seconds since 1970 from which on the key is valid, and *before* until when; ``None`` for no limit.
    """

    def __init__(self, number: int, principals: str, key: bytes) -> None:
        self.number = number
        self.principals = principals
        self.key = key
        self.namespaces: list[str] | None = None
        self.after: float | None = None
        self.before: float | None = None

    def fault(self, now: float) -> str:
        """Return why the key may sign no bundle *now*, ``""`` if it may."""
        if self.namespaces is not None and not is_matched(NAMESPACE, self.namespaces):
            return f"line {self.number} does not allow the namespace {NAMESPACE}"
        if self.after is not None and now < self.after:
            return f"line {self.number} allows the key later only (valid-after)"
        if self.before is not None and now > self.before:
            return f"line {self.number} does not allow the key any more (valid-before)"
        return ""


def allowed(text: bytes, key: bytes, now: float) -> "tuple[str, str]":
    """
    Return who owns *key* and ``""``, or ``""`` and why no line of the file allows it.

    :param text: the file.
    :param now: seconds since 1970.
    :raises Misused: a line is damaged, or has an option or a kind of key that is not supported.
    """
    faults = []
    found = ""
    for signer in signers_of(text):
        if signer.key == key and not found:
            fault = signer.fault(now)
            found = "" if fault else signer.principals
            faults.append(fault)
    return found, "" if found else (faults[0] if faults else "no line of it has this key")


def signers_of(text: bytes) -> "Iterator[Signer]":
    """Yield each line that names a key."""
    try:
        # An editor of Windows may begin a file with a mark of its encoding.
        lines = text.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError:
        raise Misused("the file of allowed signers is not UTF-8; save it with that encoding") from None
    for number, line in enumerate(lines, 1):
        stripped = line.strip()
        if stripped and not stripped.startswith("#"):
            yield signer_from(stripped, number)


def signer_from(line: str, number: int) -> Signer:
    """Return the signer that *line* names."""
    fields: list[str] = []
    at = 0
    while at < len(line) and len(fields) < MOST_FIELDS:
        match = FIELD.match(line, at)
        if match is None:
            raise damaged(number, "a quote is not closed")
        fields.append(match.group(1))
        at = match.end()
    has_options = len(fields) > 1 and not KEY_KINDS.fullmatch(fields[1])
    if len(fields) < 3 + has_options:
        raise damaged(number, "it is no `PRINCIPALS [OPTIONS] ssh-ed25519 KEY`")
    kind, encoded = fields[1 + has_options : 3 + has_options]
    if kind != KEY_KIND.decode():
        raise damaged(number, f"keys of kind {shown(kind)} are not supported, only ssh-ed25519")
    try:
        key = key_of(decoded(encoded.encode()))
    except Refused as error:
        raise damaged(number, str(error)) from error
    signer = Signer(number, shown(fields[0].replace('"', "")), key)
    if has_options:
        set_options(signer, fields[1])
    return signer


def set_options(signer: Signer, text: str) -> None:
    """Set what the options of a line say."""
    at, seen = 0, set()
    while at < len(text):
        match = OPTION.match(text, at)
        if match is None:
            raise damaged(signer.number, "its options are damaged")
        name, quoted = match.group(1).lower(), match.group(2) or ""
        value = quoted[1:-1] if quoted.startswith('"') else ""
        at = match.end()
        if name in seen:
            raise damaged(signer.number, f"it has the option {name} twice")
        seen.add(name)
        if name not in ("namespaces", "valid-after", "valid-before"):
            raise damaged(signer.number, f"the option {shown(name)} is not supported")
        if not value:
            # As ssh-keygen has it.
            raise damaged(signer.number, f"the option {name} has no value in double quotes")
        if name == "namespaces":
            signer.namespaces = value.split(",")
        elif name == "valid-after":
            signer.after = moment(value, signer.number)
        else:
            signer.before = moment(value, signer.number)
    if signer.after is not None and signer.before is not None and signer.after >= signer.before:
        raise damaged(signer.number, "valid-before is not after valid-after")


def moment(text: str, number: int) -> float:
    """Return a time of the file as seconds since 1970."""
    wrong = f"{shown(text)} is no time like 20270131 or 202701311200Z"
    match = MOMENT.fullmatch(text)
    if match is None:
        raise damaged(number, wrong)
    try:
        fields = [int(one or 0) for one in match.groups()[:6]]
        read = time.strptime("{:04}-{:02}-{:02} {:02}:{:02}:{:02}".format(*fields), "%Y-%m-%d %H:%M:%S")
        return calendar.timegm(read) if match.group(7) else time.mktime(read)
    except (ValueError, OverflowError):
        raise damaged(number, wrong) from None


def is_matched(text: str, patterns: "list[str]") -> bool:
    """Return whether *text* matches a list of patterns; one with ``!`` before it refuses (ssh_config(5), PATTERNS)."""
    verdicts = []
    for pattern in patterns:
        plain = pattern[1:] if pattern.startswith("!") else pattern
        signs = [".*" if sign == "*" else "." if sign == "?" else re.escape(sign) for sign in plain]
        if re.fullmatch("".join(signs), text, re.DOTALL):
            verdicts.append(plain == pattern)
    return bool(verdicts) and all(verdicts)


def damaged(number: int, what: str) -> Misused:
    """Return the error about a line of the file."""
    return Misused(f"line {number} of the file of allowed signers: {what}")
