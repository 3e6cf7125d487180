"""
What runs of pip share: answers of the index that are known already, and what was parsed of them.

The process that imports pip takes both from an order, and each run is forked from it. A run that finds an answer here does
not ask the index, and parses neither the name nor the address of a file, nor the metadata, again. Nothing here depends on
a target but the pages, which come with the order of that target.

Like `changes`, this module replaces functions of pip; the accepted range of versions of pip is capped for their sake.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.metadata
import io
import itertools
import tempfile
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: Media type of the pages (PEP 691).
_JSON = "application/vnd.pypi.simple.v1+json"

#: URL → page, of the target of this run; URL → metadata.
_PAGES: dict[str, str] = {}
_METADATA: dict[str, bytes] = {}
#: METADATA → what it says.
_MESSAGES: dict[str, Any] = {}
_NUMBERS = itertools.count()


def prepare() -> None:
    """Have pip look here first, and leave out what no run of ours can use, from now on."""
    from pip._internal.cache import WheelCache  # noqa: PLC0415 - must come after the markers were replaced
    from pip._internal.cli import index_command  # noqa: PLC0415 - as above
    from pip._internal.index import collector  # noqa: PLC0415 - as above
    from pip._internal.models import candidate, link, wheel  # noqa: PLC0415 - as above
    from pip._internal.operations import prepare as preparing  # noqa: PLC0415 - as above

    collector._get_simple_response = _page_or(collector._get_simple_response)  # noqa: SLF001
    preparing.get_http_url = _metadata_or(preparing.get_http_url, preparing.File)
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

    :param known: ``files``, name → URL of wheels; ``metadata``, URL → METADATA, each byte a character.
    """
    from pip._internal.exceptions import PipError  # noqa: PLC0415 - as above
    from pip._internal.models import candidate, link, wheel  # noqa: PLC0415 - as above
    from pip._internal.utils.packaging import get_requirement  # noqa: PLC0415 - as above

    # What pip cannot read is for the run to find that needs it: all others go on.
    unreadable = contextlib.suppress(ValueError, RecursionError, PipError)
    for filename, url in known["files"].items():
        with unreadable:
            link._ensure_quoted_url(url)  # noqa: SLF001
            candidate.parse_version(wheel.Wheel(filename).version)  # type: ignore[attr-defined]
    for url, text in known["metadata"].items():
        _METADATA[url] = text.encode("latin-1")
        with unreadable:
            for requirement in _Text(_METADATA[url]).metadata.get_all("Requires-Dist") or ():
                get_requirement(requirement.strip())


class _Text(importlib.metadata.Distribution):
    """METADATA without a file, read as one."""

    def __init__(self, data: bytes) -> None:
        self._text = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8").read()

    def read_text(self, filename: str) -> str | None:
        return self._text if filename == "METADATA" else None

    def locate_file(self, path: Any) -> Any:
        raise NotImplementedError


def take(pages: Mapping[str, str]) -> None:
    """Let this run find *pages*, URL → page, without asking for them."""
    _PAGES.update(pages)


def _page_or(ask: Callable[..., Any]) -> Callable[..., Any]:
    def page(url: str, *arguments: Any, **options: Any) -> Any:
        known = _PAGES.get(url)
        if known is None:
            return ask(url, *arguments, **options)
        return SimpleNamespace(content=known.encode(), headers={"Content-Type": _JSON}, url=url)

    return page


def _metadata_or(ask: Callable[..., Any], file: Callable[..., Any]) -> Callable[..., Any]:
    def fetched(link: Any, *arguments: Any, **options: Any) -> Any:
        known = _METADATA.get(link.url_without_fragment)
        if known is None:
            return ask(link, *arguments, **options)
        # The directory for temporary files of this run, which is removed with all that is in it.
        path = f"{tempfile.gettempdir()}/{next(_NUMBERS)}.metadata"
        with open(path, "xb") as stream:  # noqa: PTH123 - one call
            stream.write(known)
        return file(path, content_type="")

    return fetched


def _message(stated: Callable[[Any], Any], distribution: Any) -> Any:
    """Return what METADATA of *distribution* says, as *stated* finds it, parsed once for each text."""
    own = vars(distribution)
    if "_shared" not in own:
        text = distribution.read_text("METADATA")
        if text is None:
            return stated(distribution)
        if text not in _MESSAGES:
            _MESSAGES[text] = stated(distribution)
        own["_shared"] = _MESSAGES[text]
    return own["_shared"]
