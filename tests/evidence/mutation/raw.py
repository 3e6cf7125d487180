"""
Raw mutants: one file of the site or one lock is changed, and nothing else, as a broken disk or a careless hand would.

The inventory has to be red and to name what was changed. There are thousands, so they are tried in one process, each on
the same tree, and undone.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pypi_subset.errors import SubsetError
from pypi_subset.proof.inventory import inventory
from tests.evidence.mutation.judging import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from pypi_subset.model.paths import Paths
    from pypi_subset.model.requests import Subset

REMOVED, TRUNCATED, SWAPPED = "a file is removed", "a file is cut off", "a file is another's"
DROPPED, TOLD = "an entry leaves a page", "an entry leaves a page, and the manifest knows that page"
CORRUPT, EXTRA = "a hash is another", "a file is there that no lock names"
OPERATORS = (REMOVED, TRUNCATED, SWAPPED, DROPPED, TOLD, CORRUPT, EXTRA)

_HASH = re.compile(rb"(?<![0-9a-f])[0-9a-f]{64}(?![0-9a-f])")
_ANCHOR = re.compile(rb"<a [^>]*?href=\"([^\"#]+)[^>]*>.*?</a>(?:<br ?/?>)?")
#: What a lock was resolved from: `mirror` compares these, and no file is known by them.
_OF_INPUTS = re.compile(rb"^(?:policy|constraint) = ", re.MULTILINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class Mutant:
    """
    One change of the tree.

    :param change: what each changed file has from now on, ``None`` if it is gone; paths below the tree's root.
    :param culprits: words that the findings must have, all of them.
    """

    operator: str
    what: str
    change: Callable[[], Mapping[str, bytes | None]]
    culprits: tuple[str, ...]


def tried(mutants: Iterable[Mutant], paths: Paths, subset: Subset) -> Iterator[Outcome]:
    """
    Yield what the inventory made of each of *mutants*; the tree is as it was after each.

    :param paths: all below one directory, the tree's root; ``aside/`` in it is ours.
    """
    root = paths.site.parent
    for mutant in mutants:
        undo = _apply(mutant.change(), root)
        try:
            found = [check.reason for check in inventory.take(paths, subset) if check.status == "failed"]
        except SubsetError as error:
            # No manifest, no proof: the run ends, and names it.
            found = [f"{error.path}: {error.what}" if error.path else str(error)]
        finally:
            undo()
        why = "" if found else "the inventory is green"
        unnamed = [word for word in mutant.culprits if not any(word in sentence for sentence in found)]
        if found and unnamed:
            why = f"{' and '.join(unnamed)} not named: {found[0]}"
        what = f"{mutant.operator}: {mutant.what}"
        yield Outcome(operator=mutant.operator, what=what, state="surviving" if why else "red", why=why)


def mutants(paths: Paths) -> Iterator[Mutant]:
    """Yield every mutant of the tree below the directory that *paths* lie in."""
    root = paths.site.parent
    # What the proof writes is no part of the site; README is the user's own, and only has to be there.
    inside = [path for path in sorted(paths.site.rglob("*")) if path.is_file() and path.parent.name != "proof"]
    listed = [*inside, *sorted(paths.locks.glob("*.toml"))]
    names = [path.relative_to(root).as_posix() for path in listed]
    sizes = {name: (root / name).stat().st_size for name in names}
    for name in names:
        yield _mutant(REMOVED, name, _replacing(name, None))
        if name != "site/README.md":
            yield from _cut(root, name, sizes[name])
            yield from _swapped(root, name, names)
            yield from _entries(root, name)
            yield from _hashes(root, name)
        if name.endswith(".whl"):
            yield from _extra(root, name)


def _cut(root: Path, name: str, size: int) -> Iterator[Mutant]:
    if size:
        yield _mutant(TRUNCATED, name, lambda: {name: (root / name).read_bytes()[: size // 2]})


def _swapped(root: Path, name: str, names: list[str]) -> Iterator[Mutant]:
    """The file and the next one of its kind, in each other's place: one of other bytes, else nothing changes."""
    kind, place = name.rpartition(".")[2], names.index(name)
    rotated = [*names[place + 1 :], *names[:place]]
    data = (root / name).read_bytes()
    other = next((one for one in rotated if one.endswith(f".{kind}") and (root / one).read_bytes() != data), None)
    if other is not None:
        yield Mutant(
            operator=SWAPPED,
            what=f"{name} <-> {other}",
            change=lambda: {name: (root / other).read_bytes(), other: data},
            culprits=(_known_as(name), _known_as(other)),
        )


def _entries(root: Path, name: str) -> Iterator[Mutant]:
    """Each file or project that a page leads to, taken out of it."""
    if name.rpartition(".")[2] not in {"html", "v1_json"} or "/proof/" in name or name.startswith(_NO_INDEX):
        return
    data = (root / name).read_bytes()
    for entry, shorter in _json_entries(data) if data.startswith(b"{") else _html_entries(data):
        what = f"{name}: {entry}"
        yield _mutant(DROPPED, name, _replacing(name, shorter), what, entry)
        yield _mutant(TOLD, name, functools.partial(_told, root, name, shorter), what, entry)


_MANIFEST = "site/manifest.json"
#: Pages for people: no client reads them, and the manifest alone knows what they say.
_NO_INDEX = ("site/index.html", "site/404.html", "site/project/", "site/request/", "site/list/")


def _html_entries(data: bytes) -> Iterator[tuple[str, bytes]]:
    for found in _ANCHOR.finditer(data):
        yield (
            found[1].decode().rstrip("/").rpartition("/")[2].replace("%2B", "+"),
            data[: found.start()] + data[found.end() :],
        )


def _json_entries(data: bytes) -> Iterator[tuple[str, bytes]]:
    document = json.loads(data)
    for listed in ("files", "projects"):
        for number, one in enumerate(document.get(listed, ())):
            rest = [*document[listed][:number], *document[listed][number + 1 :]]
            yield one.get("filename") or one["name"], json.dumps({**document, listed: rest}).encode()


def _replacing(
    name: str, data: bytes | None, at: int = 0, digit: bytes = b""
) -> Callable[[], Mapping[str, bytes | None]]:
    """Return what gives a file other bytes, one of them changed if there is one to change; none removes it."""
    return lambda: {name: data if data is None else data[:at] + digit + data[at + len(digit) :]}


def _told(root: Path, name: str, data: bytes) -> Mapping[str, bytes | None]:
    """Return a page's new bytes, and the manifest with their hash: nothing but the page's own words is wrong."""
    old, new = (hashlib.sha256(one).hexdigest().encode() for one in ((root / name).read_bytes(), data))
    key = json.dumps(name.removeprefix("site/")).encode()
    text = (root / _MANIFEST).read_bytes()
    return {name: data, _MANIFEST: text.replace(key + b': "' + old, key + b': "' + new)}


def _hashes(root: Path, name: str) -> Iterator[Mutant]:
    """Each hash in a page, a lock or the manifest, with another digit at its beginning."""
    if name.rpartition(".")[2] not in {"html", "v1_json", "json", "toml", "txt"}:
        return
    data = (root / name).read_bytes()
    for number, found in enumerate(_HASH.finditer(data)):
        line = data[data.rfind(b"\n", 0, found.start()) + 1 : found.end()]
        if _OF_INPUTS.match(line):
            continue
        at, digit = found.start(), b"1" if found[0].startswith(b"0") else b"0"
        change = _replacing(name, data, at, digit)
        what = f"{name}: hash {number}, {found[0].decode()[:12]}…"
        if name == _MANIFEST:
            yield Mutant(operator=CORRUPT, what=what, change=change, culprits=(_owner(data[:at].decode()),))
        else:
            yield _mutant(CORRUPT, name, change, what)


def _owner(before: str) -> str:
    """Return what a hash of the manifest is about: a page by its path, else the file or the target that is told of."""
    key = before.rpartition("\n")[2].split('"')[1]
    if key not in {"sha256", "metadata", "digest"}:
        return key
    return str(re.findall(r'"name": "([^"]+)"' if key == "digest" else r'"filename": "([^"]+)"', before)[-1])


def _extra(root: Path, name: str) -> Iterator[Mutant]:
    stem, _, rest = name.rpartition("/")[2].partition("-")
    other = f"{name.rpartition('/')[0]}/{stem}-9999.0-{rest.partition('-')[2]}"
    yield _mutant(EXTRA, other, lambda: {other: (root / name).read_bytes()})


def _mutant(
    operator: str, name: str, change: Callable[[], Mapping[str, bytes | None]], what: str = "", *culprits: str
) -> Mutant:
    return Mutant(operator=operator, what=what or name, change=change, culprits=(_known_as(name), *culprits))


def _known_as(name: str) -> str:
    """What a finding calls a file: a lock by its name alone, all else by its path below the site."""
    if not name.startswith("site/"):
        return name.rpartition("/")[2]
    last = name.rpartition("/")[2]
    return last.removesuffix(".metadata") if ".whl" in last else name.removeprefix("site/")


def _apply(change: Mapping[str, bytes | None], root: Path) -> Callable[[], None]:
    """Change the tree, and return what makes it as it was: originals are moved aside, so that their inodes come back."""
    aside = root / "aside"
    aside.mkdir(exist_ok=True)
    moved = []
    for number, (name, data) in enumerate(change.items()):
        path, kept = root / name, aside / str(number)
        if path.exists():
            path.rename(kept)
        moved.append((path, kept))
        if data is not None:
            path.write_bytes(data)

    def undo() -> None:
        for path, kept in moved:
            if kept.exists():
                kept.replace(path)
            else:
                path.unlink()

    return undo
