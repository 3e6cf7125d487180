"""Attacks by what a published site says of itself: paths, releases, bytes that change, and names of a server."""

from __future__ import annotations

import contextlib
import hashlib
import http.client
import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock
from urllib.parse import unquote

from pypi_subset.errors import SubsetError
from pypi_subset.model import door
from pypi_subset.proof.access import remote_site
from pypi_subset.publishing import fetch_site
from pypi_subset.upstream.http import Fetcher
from tests.evidence.hostile.input.attack import InputAttack, without
from tests.support.servers.hostile import head, sending
from tests.support.stages.manifests import WHEEL, document
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

_Manifest = dict[str, Any]
#: The closure of a site with one file.
_CLOSED = [{"set": "base", "target": "linux", "pins": "0", "edges": "0"}]
_EMPTY = hashlib.sha256(b"").hexdigest()
_LIB = make_wheel("lib")


@contextlib.contextmanager
def _published(change: Callable[[_Manifest], object], files: Mapping[str, bytes], **more: bytes) -> Iterator[str]:
    """
    Yield the address of a site in which every file is empty but *files*.

    :param change: of its manifest.
    :param more: bytes of ``release.json``, as *release*.
    """
    made = document()
    made["pages"] = dict.fromkeys(made["pages"], _EMPTY)
    for one in made["files"]:
        one.update(sha256=_EMPTY, size=0, metadata=one["metadata"] and _EMPTY)
    change(made)
    data = json.dumps(made).encode()
    own = {"manifest.json": data, **{f"{name}.json": text for name, text in more.items()}, **files}

    def answer(path: str) -> list[bytes]:
        name = unquote(path).removeprefix("/")
        if name in {"release.json", "proof/report.json"} - own.keys():
            return [head(404)]
        return [head(Content_Length=len(own.get(name, b""))), own.get(name, b"")]

    with sending(answer) as url:
        yield f"{url}/"


def _writes(path: str, folder: Path, text: bytes = b"obeyed", *, aim: str = "") -> bool:
    """Return whether a manifest that names a page at *path* made fetch write it."""
    name = path.replace("FOLDER", str(folder))

    def change(made: _Manifest) -> None:
        made["pages"][name] = hashlib.sha256(text).hexdigest()

    with _published(change, {name: text, name.removeprefix("/"): text, name.removeprefix("../"): text}) as url:
        fetch_site.fetch_site(url, folder / "site")
    return Path(folder, "site", aim or name).is_file()


def _runs_by_git(folder: Path) -> bool:
    """Let the next ``git status`` in the fetched site run a program."""
    mark = folder / "ran"
    made = {
        ".git/HEAD": b"ref: refs/heads/main\n",
        ".git/config": f"[core]\n\trepositoryformatversion = 0\n\tfsmonitor = touch {mark} #\n".encode(),
        ".git/objects/x": b"",
        ".git/refs/x": b"",
    }
    pages = {path: hashlib.sha256(data).hexdigest() for path, data in made.items()}
    with _published(lambda one: one["pages"].update(pages), made) as url:
        fetch_site.fetch_site(url, folder / "site")
    subprocess.run(["git", "-C", folder / "site", "status"], capture_output=True, check=False)
    return mark.exists()


def _entry(folder: Path, *, aim: str, **fields: object) -> bool:
    """Return whether a manifest with other fields for its wheel made fetch write *aim*."""
    with _published(lambda made: made["files"][1].update(fields), {}) as url:
        fetch_site.fetch_site(url, folder / "site")
    return Path(folder, "site", aim).is_file()


def _other_bytes_for_a_wheel(folder: Path) -> bool:
    """Name the wheel as a page too, with another hash: one of the two counts."""

    def change(made: _Manifest) -> None:
        made["files"][1]["size"] = len(b"evil")
        made["pages"][WHEEL] = hashlib.sha256(b"evil").hexdigest()

    with _published(change, {WHEEL: b"evil"}) as url:
        fetch_site.fetch_site(url, folder / "site")
    return Path(folder, "site", WHEEL).read_bytes() == b"evil"


def _twins(folder: Path) -> bool:
    """Name two wheels whose names differ in case: on some systems one takes the other's place."""
    name = "My_Lib-1.0+a-py3-none-any.whl"
    twin = {"filename": name, "path": f"simple/my-lib/{name}"}
    with _published(lambda made: made["files"].append({**made["files"][1], **twin}), {}) as url:
        fetch_site.fetch_site(url, folder / "site")
    return Path(folder, "site", twin["path"]).is_file()


def _grows(folder: Path) -> bool:
    """Send a thousand times what the manifest says, and fill the disk."""
    sent: list[int] = []

    def answer(path: str) -> Iterator[bytes]:
        if not unquote(path).endswith(".whl"):
            yield from ([head(404)] if "release" in path else [head(), data if "manifest" in path else b""])
            return
        yield head()
        for _ in range(1 << 12):
            yield bytes(1 << 14)
            sent.append(1)

    made = document()
    made["pages"] = {}
    made["files"] = [{**made["files"][1], "sha256": _EMPTY, "size": 1000, "metadata": None}]
    made["closures"] = _CLOSED
    data = json.dumps(made).encode()
    with sending(answer) as url, contextlib.suppress(SubsetError):
        fetch_site.fetch_site(url, folder / "site")
    return len(sent) == 1 << 12


_save = Fetcher.save


def _unbounded() -> contextlib.AbstractContextManager[object]:
    return mock.patch.object(Fetcher, "save", lambda self, url, path, *_, **more: _save(self, url, path, **more))


def _release(serial: int, manifest: str) -> bytes:
    made = {"schema": "1.0", "serial": serial, "manifest_sha256": manifest, "previous": ""}
    return json.dumps({**made, "published": "2026-01-01T00:00:00.000000Z"}).encode()


def _digest(change: Callable[[_Manifest], object]) -> str:
    """Return the SHA-256 of the manifest that `_published` serves."""
    with _published(change, {}) as url, contextlib.closing(http.client.HTTPConnection(url.split("/")[2])) as client:
        client.request("GET", "/manifest.json")
        return hashlib.sha256(client.getresponse().read()).hexdigest()


def _unproven(made: _Manifest) -> None:
    made["unproven"] = True


def _as_it_is(_made: _Manifest) -> None:
    pass


def _replaces_by(folder: Path, release: Callable[[], dict[str, bytes]]) -> bool:
    """Return whether a site with *release* replaced one that is the fifth publication."""
    site = folder / "site"
    with _published(_as_it_is, {}, release=_release(5, _digest(_as_it_is))) as url:
        fetch_site.fetch_site(url, site)
    with _published(_unproven, {}, **release()) as url:
        fetch_site.fetch_site(url, site)
    return b"unproven" in (site / "manifest.json").read_bytes()


def _rolls_back(folder: Path) -> bool:
    """Serve the fourth publication again."""
    return _replaces_by(folder, lambda: {"release": _release(4, _digest(_unproven))})


def _loses_the_release(folder: Path) -> bool:
    """Serve another site and no release."""
    return _replaces_by(folder, dict)


def _reuses_a_number(folder: Path) -> bool:
    """Serve another site under the same number."""
    return _replaces_by(folder, lambda: {"release": _release(5, _digest(_unproven))})


def _exchanges_the_manifest(folder: Path) -> bool:
    """Serve a later release, and beside it a manifest that it is not about."""
    return _replaces_by(folder, lambda: {"release": _release(6, _digest(_as_it_is))})


def _another_than_named(folder: Path) -> bool:
    """Serve another manifest than the one whose hash the user named."""
    with _published(_unproven, {}) as url:
        fetch_site.fetch_site(url, folder / "site", sha256=_digest(_as_it_is))
    return (folder / "site").is_dir()


def _rewritten_on_a_worker(folder: Path) -> bool:
    """Write another manifest into the worker's directory while cases run: the code of a package may be able to."""
    made = document()
    made["pages"], made["files"] = {}, [{**made["files"][0], "sha256": _EMPTY, "size": 0}]
    made["closures"] = _CLOSED
    data = json.dumps(made).encode()
    with sending(lambda path: [head(), data if "manifest" in path else b""]) as url:
        remote_site.outline(url, hashlib.sha256(data).hexdigest(), "linux", folder)
        path = made["files"][0]["path"]
        made["files"][0]["sha256"] = "f" * 64
        (folder / "manifest.json").write_text(json.dumps(made))
        return remote_site.sha256_of(folder, path) == "f" * 64


class _FromDisk(dict[Path, Any]):
    """Reads the manifest of a directory at each use."""

    def __getitem__(self, folder: Path) -> Any:
        return door.read_manifest(folder)


_open_door = without(door, "check")

#: Name → the path that a manifest names, and the file that then lies somewhere.
_PATHS = {
    "manifest-writes-above": ("../mine.txt", ""),
    "manifest-writes-anywhere": ("FOLDER/mine.txt", ""),
    "manifest-writes-a-workflow": (".github/workflows/run.yml", ""),
    "manifest-writes-settings-of-a-server": (".htaccess", ""),
    "manifest-writes-settings-of-a-project": ("simple/my-lib/.htaccess", ""),
    "manifest-writes-a-drive": ("C:mine.txt", ""),
    "manifest-writes-with-backslashes": ("..\\mine.txt", ""),
    "manifest-writes-a-device": ("hosts/nul", ""),
    "manifest-writes-a-stream": ("index.html:stream", ""),
    "manifest-writes-a-file-twice": ("Index.html", ""),
    "manifest-writes-a-line-end": ("index.html\n", ""),
    "manifest-writes-a-program": ("tasks.py", ""),
    "manifest-writes-a-service-worker": ("sw.js", ""),
    "manifest-writes-a-page-of-the-proof": ("proof/run.js", ""),
    "manifest-adds-a-project": ("simple/requests/index.html", ""),
    "manifest-adds-a-view": ("targets/win/simple/index.html", ""),
    "manifest-adds-a-file-to-a-project": ("simple/my-lib/my_lib-9.0-py3-none-any.whl", ""),
    "manifest-adds-a-lock": ("locks/pylock.other--linux.toml", ""),
}


def _by_path(name: str, path: str, aim: str) -> InputAttack:
    return InputAttack(
        name=name,
        kind="manifests",
        attempt=lambda folder: _writes(path, folder, aim=aim),
        door=_open_door,
    )


def _attack(name: str, attempt: Callable[[Path], bool], opened: Callable[[], Any] = _open_door) -> InputAttack:
    return InputAttack(name=name, kind="manifests", attempt=attempt, door=opened)


_ELSEWHERE = "simple/other/my_lib-1.0+a-py3-none-any.whl"
_later = without(fetch_site, "_require_later")

ATTACKS = [
    _attack("manifest-runs-a-program-by-git", _runs_by_git),
    *(_by_path(name, *row) for name, row in _PATHS.items()),
    _attack("manifest-of-a-wheel-elsewhere", lambda folder: _entry(folder, aim=_ELSEWHERE, path=_ELSEWHERE)),
    _attack(
        "manifest-of-a-wheel-in-place-of-a-page",
        lambda folder: _entry(
            folder, aim="simple/my-lib/index.html", filename="index.html", path="simple/my-lib/index.html"
        ),
    ),
    _attack("manifest-of-another-version", lambda folder: _entry(folder, aim=WHEEL, version="9.0")),
    _attack("manifest-of-another-bytes-of-a-wheel", _other_bytes_for_a_wheel),
    _attack("manifest-of-twins", _twins),
    _attack("manifest-of-less-than-comes", _grows, _unbounded),
    _attack(
        "manifest-rewritten-on-a-worker",
        _rewritten_on_a_worker,
        lambda: mock.patch.object(remote_site, "_READ", _FromDisk()),
    ),
    _attack("release-rolled-back", _rolls_back, _later),
    _attack("release-lost", _loses_the_release, _later),
    _attack("release-number-used-again", _reuses_a_number, _later),
    _attack("release-beside-another-manifest", _exchanges_the_manifest, _later),
    _attack("manifest-other-than-named", _another_than_named, without(fetch_site, "_require_pinned")),
]
