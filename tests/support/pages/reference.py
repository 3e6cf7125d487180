"""
Pages of the reference that follow from the code: keys of ``subset.toml``, errors, and JSON documents.

``python -m tests.support.pages.reference`` writes them.
"""

from __future__ import annotations

import json
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pypi_subset import errors
from pypi_subset.errors import SubsetError
from pypi_subset.requirements.subset import read_subset
from pypi_subset.upstream.settings.table import SETTINGS
from tests.support.checkout import ROOT, schema
from tests.support.pages import commands
from tests.support.pages.keys import MEANINGS, TABLES
from tests.support.pages.schemas import DOCUMENTS, RESULT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

FOLDER = ROOT / "docs" / "reference"
_KNOWN = re.compile(r"unknown key 'zzzz'; known here: (.*)")
KEYS = """\
# Keys of `subset.toml`

[`requirements/` and `subset.toml`](subset.md) has examples. An unknown key is an error, which lists
the known ones.
"""
ERRORS = """\
# Errors

Every error is one line: what is wrong, where, and the next step. The functions of the [API](api.md)
raise these classes. The exit code is that of the command `pypi-subset`; behind `make` it is 2.
"""
PIP_SETTINGS = """\
# pip's settings

mirror, update and plan read pip's configuration: its files and the variables `PIP_*`. `pip config
debug` lists where pip looks. Sections `[global]` and `[download]` count. A line of a requirements
file is no setting; see [what is refused](refused.md).

- **obeyed**: the setting counts for mirror as for pip.
- **overridden**: the setting changes nothing.
- **refused**: the run stops if it is set. The error names it and where it was read from.

A setting that cannot be used is an error before a server is asked: an address without a scheme, a
directory or a file of certificates that is not there, a proxy that is none. To run without a
setting of a file, set its variable to nothing that counts, such as `PIP_NO_BINARY=:none:`.
"""
SCHEMAS = """\
# JSON documents

Each document has a JSON Schema in the package, in `src/pypi_subset/schemas/`. `schema` is its
version, major.minor: a new minor version only adds fields. A field in brackets may be absent.
`verify --json` and `merge-reports --json` print the report.
"""
_HEAD = "<!-- `make docs RENEW=yes` writes this page from the code. -->\n\n"


def known_keys(document: str) -> list[str]:
    """Return the keys that the reader of ``subset.toml`` knows where *document* has the key ``zzzz``."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "base.txt").write_text("six\n", encoding="utf-8")
        Path(folder, "subset.toml").write_text(document, encoding="utf-8")
        with pytest.raises(SubsetError, match=_KNOWN) as raised:
            read_subset(Path(folder))
    (found,) = _KNOWN.findall(str(raised.value))
    return str(found).split(", ")


def keys_page() -> str:
    """Return the page of the keys of ``subset.toml``."""
    parts = [KEYS]
    for name, document in TABLES.items():
        found, meanings = known_keys(document), MEANINGS[name]
        assert sorted(found) == sorted(meanings), f"{name}: {sorted(set(found) ^ set(meanings))}"
        parts += [f"## {name}\n", _table(("Key", "Content"), ((f"`{key}`", meanings[key]) for key in found))]
    return "\n".join(parts)


def errors_page() -> str:
    """Return the page of the classes of errors."""
    classes = [getattr(errors, name) for name in errors.__all__]
    tree = [one for one in classes if isinstance(one, type) and issubclass(one, SubsetError)]
    rows = ((f"`{one.__name__}`", str(one.exit_code), _sentence(one.__doc__ or "")) for one in tree)
    return f"{ERRORS}\n{_table(('Class of `pypi_subset.errors`', 'Exit code', 'Raised if'), rows)}"


def schemas_page() -> str:
    """Return the page of the JSON documents that have a schema."""
    parts = [SCHEMAS]
    documents = {one: f"{one}.json" for one in ("manifest", "report", "release")}
    documents["bundle-document"] = "bundle.json"
    documents["promotions"] = "promotions.json"
    results = {name.partition(".")[0]: kind for name, kind in DOCUMENTS.items() if kind.name.startswith(RESULT)}
    for name, heading in (documents | {one: _heading(kind.name) for one, kind in results.items()}).items():
        found = schema(name)
        version = found["$id"].rpartition(":")[2]
        parts.append(f"## {heading}, version {version}\n")
        root = found["$ref"].rpartition("/")[2]
        for title, one in sorted(found["$defs"].items(), key=lambda item: (item[0] != root, item[0])):
            # An array has its fields in order.
            fields = one.get("properties") or {str(place): own for place, own in enumerate(one.get("prefixItems", ()))}
            if not fields:
                continue
            required = set(one.get("required", fields))
            rows = (
                (
                    f"`{field}`" if field in required else f"[`{field}`]",
                    _kind(kind),
                    _sentence(kind.get("description", "")),
                )
                for field, kind in fields.items()
            )
            parts += [f"### {name}: {title}\n", _table(("Field", "Type", "Content"), rows)]
    return "\n".join(parts)


def _heading(name: str) -> str:
    """Return the commands of a result that is called *name*, each with the option."""
    return re.sub(r"(?!and\b)\b[a-z-]+", r"`\g<0> --json`", name.removeprefix(RESULT))


def settings_page() -> str:
    """Return the page of pip's settings, in the order of the alphabet."""
    heads, texts = ("Setting", "What becomes of it", "Why"), sorted(SETTINGS.items())
    rows = (
        (f"`{name}`", one.treatment, f"{one.why}. {one.instead}" if one.instead else one.why) for name, one in texts
    )
    return f"{PIP_SETTINGS}\n{_table(heads, rows)}"


def _kind(field: dict[str, Any]) -> str:
    """Return the type of a field in words."""
    match field:
        case {"$ref": str(reference)}:
            return reference.rpartition("/")[2]
        case {"anyOf": list(kinds)}:
            words = " or ".join(map(_kind, kinds))
        case {"enum": list(values)}:
            words = " or ".join(f"`{one}`" if one else "empty" for one in values)
        case {"const": value}:
            words = f"`{json.dumps(value)}`"
        case {"type": "array", "items": dict(items)}:
            words = f"list of {_kind(items)}"
        case {"type": "object", "additionalProperties": dict(values)}:
            words = f"object of {_kind(values)}"
        case _:
            words = str(field.get("type", "any"))
    return words


def _sentence(text: str) -> str:
    """Return the first paragraph of a docstring as one line of Markdown, for a cell of a table."""
    first = " ".join(text.strip().partition("\n\n")[0].split())
    return first.replace("``", "`").replace("|", "\\|")


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    lines = [[*heads], *map(list, rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


PAGES: dict[str, Callable[[], str]] = {
    "commands.md": commands.page,
    "errors.md": errors_page,
    "keys.md": keys_page,
    "pip-settings.md": settings_page,
    "schemas.md": schemas_page,
}


def pages() -> Iterator[tuple[Path, str]]:
    """Yield path and text of each generated page."""
    for name, page in PAGES.items():
        title, _, rest = page().partition("\n\n")
        yield FOLDER / name, f"{title}\n\n{_HEAD}{rest}"


if __name__ == "__main__":
    for path, text in pages():
        path.write_text(text, encoding="utf-8")
