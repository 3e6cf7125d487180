"""The configuration of pip and uv for a site: merged into the files that are there, with a backup and a difference."""

import difflib
import os
import re
import sys
import tempfile

from pypi_subset.standalone.errors import Misused, shown
from pypi_subset.standalone.user_files import read_user_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: What a backup is called: the name of the file, and this.
BACKUP = ".before-pypi-subset"
#: A section of pip.conf, and a key with its value; both begin a line.
SECTION, KEY = re.compile(r"\[([^\]]*)\]"), re.compile(r"([A-Za-z0-9_-]+)\s*[=:]")
#: A table of uv.toml, and the keys in other forms that name an index.
TABLE = re.compile(r"\s*\[")
OTHER_INDEX = re.compile(r"^\s*(index|index-url|default-index|\"index\"|pip\.index-url)\s*=", re.MULTILINE)
LONGEST_SETTINGS = 1 << 20


def places(scope: str) -> "dict[str, str]":
    """Return the path of the configuration of pip and uv, for this *user* or for the whole *system*."""
    if os.name == "nt":
        name = "APPDATA" if scope == "user" else "PROGRAMDATA"
        root = os.environ.get(name, "")
        if not root:
            raise Misused(f"the variable {name} is not set; set it, or write the configuration by hand")
        return {"pip": os.path.join(root, "pip", "pip.ini"), "uv": os.path.join(root, "uv", "uv.toml")}
    if scope == "user":
        root = os.environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
        return {"pip": os.path.join(root, "pip", "pip.conf"), "uv": os.path.join(root, "uv", "uv.toml")}
    pip = "/Library/Application Support/pip/pip.conf" if sys.platform == "darwin" else "/etc/pip.conf"
    return {"pip": pip, "uv": "/etc/uv/uv.toml"}


def configure(scope: str, index: str, host: str, *, dry: bool) -> "dict[str, Any]":
    """
    Let pip and uv install from *index*.

    :param scope: ``user`` or ``system``.
    :param host: the server that pip trusts without TLS, ``""`` for none.
    :param dry: write nothing.
    :raises Misused: a file names an index in a form that cannot be merged; nothing is written then.
    """
    plans = []
    for client, path in places(scope).items():
        old = read_settings(path)
        wanted = {"index-url": index}
        if host:
            wanted["trusted-host"] = " ".join([*(one for one in value_of(old, "trusted-host") if one != host), host])
        new = with_keys(old, wanted) if client == "pip" else with_index(old, index, path)
        plans.append((path, old, new))
    found = []
    for path, old, new in plans:
        # Only the first state is kept: it is the one of before all runs.
        backup = path + BACKUP if old and old != new else ""
        if not dry and old != new:
            if backup and not os.path.lexists(backup):
                write_settings(backup, old)
            write_settings(path, new)
        lines = difflib.unified_diff(old.splitlines(), new.splitlines(), path, path, lineterm="")
        found.append({"path": path, "backup": backup, "difference": list(lines)})
    others = value_of(plans[0][1], "extra-index-url")
    note = f"{plans[0][0]} has extra-index-url, so pip asks other indexes too; remove that line" if others else ""
    return {"configured": found, "done": not dry, "note": note}


def read_settings(path: str) -> str:
    """Return the text at *path*, ``""`` if there is none."""
    try:
        data = read_user_file(path, LONGEST_SETTINGS)
    except FileNotFoundError:
        return ""
    except Misused as error:
        # The user did not name this file: another name is no remedy.
        raise Misused(str(error).rpartition("; ")[0] + "; write the configuration by hand") from error
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Misused(f"{shown(path)} is not UTF-8; write the configuration by hand") from error
    return text


def write_settings(path: str, text: str) -> None:
    """Make the file at *path* hold *text*: a reader sees the old one or the new one, and its mode stays."""
    folder = os.path.dirname(path)
    os.makedirs(folder, exist_ok=True)
    path = os.path.realpath(path)
    descriptor, new = tempfile.mkstemp(dir=os.path.dirname(path), prefix=".pypi-subset-")
    try:
        with open(descriptor, "w", encoding="utf-8", newline="") as stream:
            stream.write(text)
        os.chmod(new, os.stat(path).st_mode & 0o777 if os.path.exists(path) else 0o644)
        os.replace(new, path)
    except BaseException:
        os.remove(new)
        raise


def value_of(text: str, wanted: str) -> "list[str]":
    """Return the words of the value that a pip.conf *text* has for a key in ``[global]``."""
    found: list[str] = []
    section, name = "", ""
    for line in text.splitlines():
        match, key, value = SECTION.match(line), KEY.match(line), ""
        if match:
            section, name = match.group(1).strip(), ""
        elif key:
            name, value = key.group(1).lower().replace("_", "-"), line[key.end() :]
        elif line[:1] in (" ", "\t"):
            value = line
        if section == "global" and name == wanted and not value.lstrip().startswith(("#", ";")):
            found += value.split()
    return found


def with_keys(text: str, wanted: "dict[str, str]") -> str:
    """Return a pip.conf *text* with the *wanted* keys in ``[global]``; every other line stays as it is."""
    lines, left = text.splitlines(), dict(wanted)
    found: list[str] = []
    section, last, is_dropped = "", -1, False
    for line in lines:
        match, key = SECTION.match(line), KEY.match(line)
        if match:
            section = match.group(1).strip()
        # Indented lines continue a value.
        is_dropped = is_dropped and line[:1] in (" ", "\t") and bool(line.strip())
        name = key.group(1).lower().replace("_", "-") if key and not match else ""
        if section == "global" and name in wanted:
            is_dropped = True
            if name in left:
                found.append(f"{name} = {left.pop(name)}")
        elif not is_dropped:
            found.append(line)
        if section == "global" and (match or found[-1].strip()):
            last = len(found)
    if last < 0:
        found += ["", "[global]"] if found and found[-1].strip() else ["[global]"]
        last = len(found)
    found[last:last] = [f"{name} = {value}" for name, value in left.items()]
    return "\n".join([*found, ""])


def with_index(text: str, index: str, path: str) -> str:
    """
    Return a uv.toml *text* whose default index is *index*; every other line stays as it is.

    :raises Misused: it names an index in another form than ``[[index]]``.
    """
    other = OTHER_INDEX.search(text)
    if other:
        raise Misused(f"{shown(path)} has the key {other.group(1)}; move it into [[index]], and run this again")
    lines = text.splitlines()
    starts = [number for number, line in enumerate(lines) if TABLE.match(line)]
    for start, end in zip(starts, [*starts[1:], len(lines)]):
        body = range(start + 1, end)
        if re.sub(r"\s|#.*", "", lines[start]) == "[[index]]" and any(
            re.match(r"\s*default\s*=\s*true\b", lines[number]) for number in body
        ):
            urls = [number for number in body if re.match(r"\s*url\s*=", lines[number])]
            for number in urls:
                lines[number] = f'url = "{index}"'
            if not urls:
                lines.insert(start + 1, f'url = "{index}"')
            return "\n".join([*lines, ""])
    before = [*lines, ""] if lines and lines[-1].strip() else lines
    return "\n".join([*before, "[[index]]", f'url = "{index}"', "default = true", ""])
