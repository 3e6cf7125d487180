"""
What runs of pip share: answers of the index that are known already, what was parsed of them, and hashes of files.

The process that imports pip takes both from an order, and each run is forked from it. A run that finds an answer here does
not ask the index, and parses neither the name nor the address of a file, nor the metadata, again. Nothing here depends on
a target but the pages, which come with the order of that target.

A pip that plans (``--serve-plans``) is not given answers: each of its runs notes what the site answered, and later runs find
that here. A page is asked for once by each process, and parsed once.

A run that downloads finds its files in its destination, with the hashes that they had on arrival. pip would read each of
them twice.

Like `changes`, this module replaces functions of pip; the accepted range of versions of pip is capped for their sake.
"""

from __future__ import annotations

import contextlib
import functools
import gc
import importlib.metadata
import io
import itertools
import json
import os
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: Media type of the pages (PEP 691).
_JSON = "application/vnd.pypi.simple.v1+json"

#: URL → page: of the target of this run, or as an earlier run noted it; URL → metadata.
_PAGES: dict[str, Any] = {}
_METADATA: dict[str, bytes] = {}
#: Path of a file of this run → what `identity` said of it, and its SHA-256 by then.
_HASHED: dict[str, tuple[str, str]] = {}
#: URL and content of a page → its links, where runs note pages.
_LINKS: dict[tuple[str, bytes], list[Any]] = {}
#: What this run asked for, ``pages`` and ``metadata``; empty where runs note nothing.
_NOTED: dict[str, dict[str, Any]] = {}
#: METADATA → what it says.
_MESSAGES: dict[str, Any] = {}
_NUMBERS = itertools.count()
#: End of the URL of a core metadata file (PEP 658).
_CORE_METADATA = ".metadata"


def prepare() -> None:
    """Have pip look here first, and leave out what no run of ours can use, from now on."""
    from pip._internal.cache import WheelCache  # noqa: PLC0415 - must come after the markers were replaced
    from pip._internal.cli import index_command  # noqa: PLC0415 - as above
    from pip._internal.index import collector  # noqa: PLC0415 - as above
    from pip._internal.models import candidate, link, wheel  # noqa: PLC0415 - as above
    from pip._internal.operations import prepare as preparing  # noqa: PLC0415 - as above
    from pip._internal.utils import hashes  # noqa: PLC0415 - as above

    collector._get_simple_response = _page_or(collector._get_simple_response)  # noqa: SLF001
    preparing.get_http_url = _metadata_or(preparing.get_http_url, preparing.File)
    hashes.Hashes.check_against_path = _hash_or(hashes.Hashes.check_against_path)  # type: ignore[method-assign, assignment]
    link._ensure_quoted_url = functools.cache(link._ensure_quoted_url)  # noqa: SLF001
    wheel.parse_wheel_filename = functools.cache(wheel.parse_wheel_filename)  # type: ignore[attr-defined]
    candidate.parse_version = functools.cache(candidate.parse_version)  # type: ignore[attr-defined]
    # The index is plain http on loopback, and nothing is ever built here.
    index_command._create_truststore_ssl_context = lambda: None  # type: ignore[assignment] # noqa: SLF001
    WheelCache.get_cache_entry = lambda *_, **__: None  # type: ignore[method-assign]
    stated = importlib.metadata.Distribution.metadata.fget  # type: ignore[attr-defined]
    importlib.metadata.Distribution.metadata = property(functools.partial(_message, stated))  # type: ignore[assignment]


def learn(known: Mapping[str, Any]) -> None:
    """
    Parse what is *known* and was not before; all runs that are forked later share it.

    :param known: ``files``, name → URL of wheels; ``metadata``, URL → METADATA, each byte a character; nothing for none.
    """
    from pip._internal.exceptions import PipError  # noqa: PLC0415 - as above
    from pip._internal.models import candidate, link, wheel  # noqa: PLC0415 - as above
    from pip._internal.utils.packaging import get_requirement  # noqa: PLC0415 - as above

    # What pip cannot read is for the run to find that needs it: all others go on.
    unreadable = contextlib.suppress(ValueError, RecursionError, PipError)
    for filename, url in known.get("files", {}).items():
        with unreadable:
            link._ensure_quoted_url(url)  # noqa: SLF001
            candidate.parse_version(wheel.Wheel(filename).version)  # type: ignore[attr-defined]
    for url, text in known.get("metadata", {}).items():
        _METADATA[url] = text.encode("latin-1")
        with unreadable:
            for requirement in _Text(_METADATA[url]).metadata.get_all("Requires-Dist") or ():
                get_requirement(requirement.strip())
    # The collector need not touch what all runs share.
    gc.freeze()


class _Text(importlib.metadata.Distribution):
    """METADATA without a file, read as one."""

    def __init__(self, data: bytes) -> None:
        self._text = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8").read()

    def read_text(self, filename: str) -> str | None:
        return self._text if filename == "METADATA" else None

    def locate_file(self, path: Any) -> Any:
        raise NotImplementedError


def take(known: Mapping[str, Any]) -> None:
    """
    Let this run find what is *known* for it alone.

    :param known: ``pages``, URL → page, which it need not ask for; ``hashed``, path of a file → what `identity` says of it and
        its SHA-256, which it need not compute; nothing for none.
    """
    _PAGES.update({url: _answer(url, text.encode(), _JSON) for url, text in known.get("pages", {}).items()})
    _HASHED.update({path: tuple(stated) for path, stated in known.get("hashed", {}).items()})


def identity(path: str) -> str:
    """Return by what the file at *path* is known again."""
    facts = os.stat(path)  # noqa: PTH116 - in a process that has no use for pathlib
    return f"{facts.st_dev} {facts.st_ino} {facts.st_size} {facts.st_mtime_ns}"


def note() -> None:
    """Prepare, and have each run that is forked later note the pages and the metadata that it asks for."""
    from pip._internal.index import collector, package_finder  # noqa: PLC0415 - as above

    prepare()
    _NOTED.update(pages={}, metadata={})
    package_finder.parse_links = _links_or(collector.parse_links)  # type: ignore[attr-defined]


def noted() -> bytes:
    """Return what this run noted, as `recall` takes it; nothing if it asked for nothing."""
    return json.dumps(_NOTED).encode() if any(_NOTED.values()) else b""


def recall(text: str) -> list[Any]:
    """
    Let all runs that are forked later find what a run *noted*, and what can be parsed of it now.

    :returns: the links of the pages.
    """
    from pip._internal.index import collector, package_finder  # noqa: PLC0415 - as above

    links: list[Any] = []
    try:
        found = json.loads(text)
    except ValueError:
        # The run was killed while it wrote them.
        return links
    for url, (content, kind, final) in found["pages"].items():
        _PAGES[url] = _answer(final, content.encode("latin-1"), kind)
        # What cannot be parsed is for the run to find that needs it.
        with contextlib.suppress(ValueError, RecursionError):
            page = collector._make_index_content(_PAGES[url])  # noqa: SLF001
            links += package_finder.parse_links(page)  # type: ignore[attr-defined]
    learn({"files": {link.filename: link.url for link in links}, "metadata": found["metadata"]})
    return links


def _answer(url: str, content: bytes, kind: str) -> SimpleNamespace:
    """Return a page, as far as pip looks at a response."""
    return SimpleNamespace(content=content, headers={"Content-Type": kind}, url=url)


def _page_or(ask: Callable[..., Any]) -> Callable[..., Any]:
    def page(url: str, *arguments: Any, **options: Any) -> Any:
        found = _PAGES.get(url)
        if found is None:
            found = ask(url, *arguments, **options)
            if _NOTED and (kind := found.headers.get("Content-Type")):
                _NOTED["pages"][url] = found.content.decode("latin-1"), kind, found.url
        return found

    return page


def _links_or(parse: Callable[..., Any]) -> Callable[..., Any]:
    def links(page: Any) -> list[Any]:
        key = page.url, page.content
        if key not in _LINKS:
            _LINKS[key] = [*parse(page)]
        return _LINKS[key]

    return links


def _metadata_or(ask: Callable[..., Any], file: Callable[..., Any]) -> Callable[..., Any]:
    def fetched(link: Any, *arguments: Any, **options: Any) -> Any:
        url = link.url_without_fragment
        known = _METADATA.get(url)
        if known is None:
            found = ask(link, *arguments, **options)
            if _NOTED and url.endswith(_CORE_METADATA):
                with open(found.path, "rb") as stream:  # noqa: PTH123 - one call
                    _NOTED["metadata"][url] = stream.read().decode("latin-1")
            return found
        path = f"{_folder()}/{next(_NUMBERS)}.metadata"
        with open(path, "xb") as stream:  # noqa: PTH123 - one call
            stream.write(known)
        if _NOTED and options.get("hashes"):
            # Another page may state another hash.
            options["hashes"].check_against_path(path)
        return file(path, content_type="")

    return fetched


def _hash_or(read: Callable[[Any, str], None]) -> Callable[[Any, str], None]:
    def check(self: Any, path: str) -> None:
        was, sha256 = _HASHED.get(path, ("", ""))
        # A file that is another one by now is read, and so is one of which pip will say that it has the wrong hash.
        if not was or was != identity(path) or not self.is_hash_allowed("sha256", sha256):
            read(self, path)

    return check


@functools.cache
def _folder() -> str:
    """Return the directory of the metadata that this run finds here, which pip removes when it ends."""
    from pip._internal.utils.temp_dir import TempDirectory  # noqa: PLC0415 - as above

    return TempDirectory(kind="metadata", globally_managed=True).path


def _message(stated: Callable[[Any], Any], distribution: Any) -> Any:
    """Return what METADATA of *distribution* says, as *stated* finds it, parsed once for each text."""
    own = vars(distribution)
    if "_shared" not in own:
        text = distribution.read_text("METADATA")
        if not text:
            return stated(distribution)
        if text not in _MESSAGES:
            _MESSAGES[text] = stated(distribution)
        own["_shared"] = _MESSAGES[text]
    return own["_shared"]
