"""Bytes of an input file as text, or why they are none, with the line."""

from __future__ import annotations

import codecs
import re

#: Marks at the beginning of a text, and their encodings. UTF-32 comes first: its little-endian mark begins with UTF-16's.
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
#: A comment that names an encoding (PEP 263).
_CODING = re.compile(rb"coding[:=]\s*([-\w.]+)")
#: Encodings that are none of files, and whose decoders take a time that grows with the square.
_NO_FILES = frozenset({"idna", "punycode"})
#: Number of bytes by which a wide encoding is recognized, and the part of them that is zero in it.
_SAMPLE, _MANY, _FEW = 4096, 0.4, 0.1


class UnreadableText(ValueError):
    """
    Bytes that are no text.

    :param line: the line, if it is known.
    :param named: whether a comment that names its encoding can make it readable.
    """

    def __init__(self, what: str, line: int | None = None, *, named: bool = False) -> None:
        super().__init__(what)
        self.what, self.line, self.named = what, line, named

    @property
    def next_step(self) -> str:
        """What the user can do about it."""
        step = "save it as UTF-8"
        return f"{step}; in PowerShell: … | Out-File -Encoding utf8 FILE" if "UTF-16" in self.what else step


def decoded(data: bytes, encoding: str = "utf-8") -> str:
    """
    Return the text in *data*, without a mark of UTF-8.

    :raises UnreadableText: *data* is in another encoding, or is no text.
    """
    if encoding == "utf-8":
        found = next((name for mark, name in MARKS if data.startswith(mark)), encoding)
        if found != encoding:
            msg = f"the text is {_shown(found)}"
            raise UnreadableText(msg, 1)
        data = data.removeprefix(codecs.BOM_UTF8)
    try:
        if codecs.lookup(encoding).name in _NO_FILES:
            raise LookupError(encoding)  # noqa: TRY301 - one message for all that decodes no text
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        msg = f"not {_shown(encoding)}: byte 0x{data[error.start]:02x}"
        wide = _wide(data)
        raise UnreadableText(wide or msg, data.count(b"\n", 0, error.start) + 1, named=not wide) from error
    except (UnicodeError, LookupError) as error:
        msg = f"no encoding of text: {encoding}"
        raise UnreadableText(msg, named=True) from error
    position = text.find("\0")
    if position >= 0:
        wide = _wide(data) if encoding == "utf-8" else ""
        raise UnreadableText(wide or "a NUL character, which no text holds", text.count("\n", 0, position) + 1)
    return text


def by_comment(data: bytes) -> str:
    """
    Return the text of requirements in *data*: by its byte order mark, by a PEP 263 comment in the first two lines, or UTF-8.

    pip would try the locale's encoding after that; then one file would mean two things on two machines.

    :raises UnreadableText: *data* is in another encoding, or is no text.
    """
    for mark, encoding in MARKS:
        if data.startswith(mark):
            return decoded(data.removeprefix(mark), encoding)
    comments = (line for line in data.split(b"\n")[:2] if line.startswith(b"#"))
    match = next(filter(None, map(_CODING.search, comments)), None)
    name = match[1].decode("ascii") if match else "utf-8"
    return decoded(data, name)


def _shown(encoding: str) -> str:
    return encoding.upper().removesuffix("-LE").removesuffix("-BE")


def _wide(data: bytes) -> str:
    """Return that *data* is UTF-16 or UTF-32 without a mark, if it looks like that; ``""`` otherwise."""
    sample = data[:_SAMPLE]
    parts = [sample[start::4] for start in range(4)]
    zero = [part.count(0) / (len(part) or 1) for part in parts]
    for name, wide in (
        ("UTF-32", (min(zero[1:]), zero[0])),
        ("UTF-32", (min(zero[:3]), zero[3])),
        ("UTF-16", (min(zero[1], zero[3]), max(zero[0], zero[2]))),
        ("UTF-16", (min(zero[0], zero[2]), max(zero[1], zero[3]))),
    ):
        if wide[0] >= _MANY and wide[1] <= _FEW:
            return f"the text is {name} without a byte order mark"
    return ""
