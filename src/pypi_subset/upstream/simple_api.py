"""
Pages of the simple API (PEP 503, 691), and directories of files, read into `Candidate` values.

Facts are kept as the index states them: size, upload time and yanks cannot be recovered later.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

from pypi_subset.model.candidates import Candidate
from pypi_subset.model.distributions import Distribution, Standing, digest
from pypi_subset.model.paths import JSON_TYPE
from pypi_subset.support import bounds
from pypi_subset.support.text import has_long_number, start_tags
from pypi_subset.upstream.checks import Named, upload_time
from pypi_subset.upstream.pip_config import without_credentials
from pypi_subset.upstream.places.entries import of_entry, of_link, parsed_name, read_entries
from pypi_subset.upstream.transport.json_pages import entries_of, require_few
from pypi_subset.upstream.transport.presence import require_index_page

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from packaging.tags import Tag
    from packaging.utils import NormalizedName
    from packaging.version import Version

    #: Whether a file is wanted, by its version, its tags and its entry as in PEP 691.
    Wants = Callable[[Version, "frozenset[Tag] | None", dict[str, Any]], bool]
    #: Receives the name of a file that no installer takes yet.
    OnVariant = Callable[[str], object]

#: Hashes that a client may choose from (PEP 691): those of a fixed length.
_ALGORITHMS = frozenset({"md5", "sha1", "sha224", "sha256", "sha384", "sha512"})

_HEXADECIMAL = re.compile("[0-9A-Fa-f]+")
#: A hash in the fragment of a URL, as pip finds it there.
_FRAGMENT = re.compile("(?:^|[&;#])(sha1|sha224|sha256|sha384|sha512|md5)=([^&;#]+)")

#: A link whose file name stands between its last slash and its fragment.
_PLAIN = re.compile(r"(?!//)(?:https?://[A-Za-z0-9.:-]+/)?[A-Za-z0-9/._~!+%-]*(?:#[A-Za-z0-9=&]*)?")

#: Statuses that say something (PEP 792), and where a page in HTML has them.
_UNUSUAL = frozenset({"archived", "quarantined", "deprecated"})
_STATUS = "pypi:project-status"


def read_page(  # noqa: PLR0913 - callbacks
    text: str,
    *,
    content_type: str,
    url: str,
    project: NormalizedName,
    quarantined: Callable[[Standing], object] = lambda _: None,
    wants: Wants = lambda *_: True,
    on_variant: OnVariant = lambda _: None,
    on_damaged: Callable[[str], object] = lambda _: None,
) -> tuple[Candidate, ...]:
    """
    Return what the page offers of *project*, in the page's order; files of other projects are passed over.

    :param content_type: as the server said; anything but PEP 691's JSON is read as HTML, as pip does.
    :param url: where the page was found, after redirects: relative links start there, or at the page's ``<base>``.
    :param wants: called with version, tags and entry of each file; those for which it returns false are passed over.
    :param on_variant: called with the name of each wheel variant, and of each file about them (PEP 825).
    :param on_damaged: called with the name of the file of each damaged entry, or with the place of the entry.
    :param quarantined: called with what the page says of a project in quarantine (PEP 792), which offers nothing.
    :raises ValueError: the page is not what its type says.
    """
    # Not its <base>: rules name indexes.
    source = without_credentials(_start_of(url))
    if content_type.partition(";")[0].strip().lower() == JSON_TYPE:
        entries, said = entries_of(text, project)
        standing, base = _standing(said), _start_of(url)
        reading = _Reading(project, standing, wants, on_variant, source, on_damaged)
        candidates = read_entries(entries, lambda entry: _from_json(entry, base, reading), of_entry, reading)
    else:
        tags = list(_tags(text))
        metas = {said.get("name", ""): said.get("content", "") for tag, said in tags if tag == "meta"}
        standing = _standing({"status": metas.get(_STATUS), "reason": metas.get(f"{_STATUS}-reason")})
        base = _start_of(url, next((said["href"] for tag, said in tags if tag == "base" and "href" in said), ""))
        reading = _Reading(project, standing, wants, on_variant, source, on_damaged)
        anchors = [said for tag, said in tags if tag == "a" and said.get("href")]
        require_index_page(text, (said["href"] for said in anchors), metas.get("pypi:repository-version"))
        candidates = read_entries(anchors, lambda said: _from_anchor(said, base, reading), of_link, reading)
    if standing is not None and standing.status == "quarantined":
        # Whatever the page has, none of it may be offered.
        quarantined(standing)
        return ()
    return tuple(candidates)


def from_folder(
    paths: Iterable[Path], *, source: str, project: NormalizedName, on_variant: OnVariant = lambda _: None
) -> tuple[Candidate, ...]:
    """Return what a directory of files offers of *project*, sorted by name; *on_variant* as for `read_page`."""
    ordered = sorted(paths, key=lambda one: one.name)
    found = []
    for path in ordered:
        if named := parsed_name(path.name, project, on_variant):
            one = Distribution(filename=path.name, project=project, version=named[0])
            found.append(Candidate(distribution=one, source=source, path=path, tags=named[1]))
    return tuple(found)


def _tags(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the tags of a page in HTML that mean something here."""
    wanted = (found for found in start_tags(text) if found[0] in {"a", "base", "meta"})
    for count, found in enumerate(wanted, start=1):
        require_few(count, bounds.MOST_LINKS, "links")
        yield found


def _start_of(page: str, stated: str = "") -> str:
    """
    Return the address at which the relative links of *page* start; a query of it is no part of them.

    :param stated: the first ``<base>``, which counts for the whole page (HTML Living Standard, 4.2.3).
    :raises ValueError: it is so long that thousands of links would take long, or is none.
    """
    start = urljoin(page, stated) if len(stated) <= bounds.LONGEST_BASE else stated
    start = urlsplit(start)._replace(query="", fragment="").geturl()
    if len(start) > bounds.LONGEST_BASE:
        msg = f"its links start at an address of more than {bounds.LONGEST_BASE:,} characters"
        raise ValueError(msg)
    return start


class _Reading(NamedTuple):
    """What holds for all files of a page."""

    project: NormalizedName
    standing: Standing | None
    wants: Wants
    on_variant: OnVariant
    source: str
    on_damaged: Callable[[str], object]


def _standing(said: object) -> Standing | None:
    """The status of a project (PEP 792); the usual one is nothing to tell, and what is unknown counts as usual."""
    facts = said if isinstance(said, dict) else {}
    status, reason = _text(facts.get("status")), _text(facts.get("reason"))
    return Standing(status=status, reason=reason) if status in _UNUSUAL else None


def _from_json(entry: dict[str, Any], page: str, reading: _Reading) -> Candidate | None:
    """PEP 691 and 700; PEP 714 renamed ``dist-info-metadata`` to ``core-metadata``."""
    project, standing, wants, on_variant, source, _ = reading
    filename, link = entry["filename"], entry["url"]
    if isinstance(wants, Named) and filename not in wants.names:
        # Most of the time of a page is in its names.
        return None
    named = parsed_name(filename, project, on_variant)
    if named is None or not wants(*named, entry):
        return None
    version, tags = named
    hashes = _hashes(entry.get("hashes") or {})
    address = _joined(page, link)
    url = without_credentials(address)
    size = entry.get("size")
    one = Distribution(
        filename=filename,
        project=project,
        version=version,
        url=url,
        # Some indexes have no size and say -1, 0 or true.
        size=size if type(size) is int and size > 0 else None,
        sha256=hashes.get("sha256"),
        requires_python=requires_python(entry.get("requires-python")),
        upload_time=upload_time(entry.get("upload-time")),
        yanked=yanked(entry.get("yanked", False)),
        provenance=_https(entry.get("provenance")),
        standing=standing,
    )
    return Candidate(
        distribution=one,
        tags=tags,
        source=source,
        hashes=tuple(sorted(hashes.items())),
        metadata=_metadata_hash(entry.get("core-metadata", entry.get("dist-info-metadata"))),
        address=None if url == address.partition("#")[0] else address,
    )


def yanked(stated: object) -> str | None:
    """Return the reason for which a page says that a file was yanked (PEP 592), ``""`` without one; ``None`` if it was not."""
    if isinstance(stated, str):
        return _text(stated) if stated else None
    return "" if stated is True else None


def _hashes(stated: dict[str, Any]) -> dict[str, str]:
    """Return the hashes of a file; a sha256 goes into locks, and must be one."""
    if stated.keys() == {"sha256"}:
        return {"sha256": digest(stated["sha256"])}
    # As pip, which takes nothing for a hash that has other digits.
    hashes = {
        name: str(text).lower()
        for name, text in stated.items()
        if name in _ALGORITHMS and _HEXADECIMAL.fullmatch(str(text))
    }
    return hashes | {"sha256": digest(stated["sha256"])} if "sha256" in stated else hashes


# Thousands of files of a page have one of these in common.


@functools.lru_cache(1 << 10)
def _shared(stated: str) -> str | None:
    if has_long_number(stated):
        msg = f"a Requires-Python has a number of more than {bounds.LONGEST_NUMBER} digits"
        raise ValueError(msg)
    return _text(stated) or None


def requires_python(stated: object) -> str | None:
    """Return the Requires-Python that a page states (PEP 503), ``None`` if it states none."""
    return _shared(stated) if isinstance(stated, str) else None


def _metadata_hash(stated: object) -> str | None:
    """Return the SHA-256 that a page states of METADATA (PEP 714), ``""`` if it states none, ``None`` without METADATA."""
    if isinstance(stated, dict):
        return digest(stated["sha256"]) if stated.get("sha256") else ""
    return "" if stated else None


def _text(value: object) -> str:
    """What an index says in words, without what no file can hold; ``""`` for what is no text."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""


def _https(value: object) -> str | None:
    """A fully qualified address, as PEP 740 wants it for attestations, else ``None``."""
    usable = isinstance(value, str) and value.startswith("https://") and _text(value) == value
    return without_credentials(str(value)) if usable else None


def _joined(page: str, link: str) -> str:
    """
    Where *link* on *page* leads; most indexes spell links out, and joining costs more than all else in a link.

    :raises ValueError: it is none; what it says is not shown, there may be a password in it.
    """
    try:
        address = link if link.startswith(("https://", "http://")) else urljoin(page, link)
        if not address.isascii():
            address.encode()
    except ValueError:
        msg = "a link is no URL"
        raise ValueError(msg) from None
    return address


def _from_anchor(attributes: dict[str, str], page: str, reading: _Reading) -> Candidate | None:
    """PEP 503, 592, 658; ``data-size`` and ``data-upload-time`` are no standard, but uv and nab read them too."""
    if _is_passed_over(attributes, reading):
        return None
    address = _joined(page, attributes["href"])
    try:
        parts = urlsplit(address)
    except ValueError:
        msg = "a link is no URL"
        raise ValueError(msg) from None
    metadata = attributes.get("data-core-metadata", attributes.get("data-dist-info-metadata"))
    size = attributes.get("data-size", "")
    entry = {
        "filename": unquote(parts.path.rpartition("/")[2]),
        "url": parts._replace(fragment="").geturl(),
        "hashes": dict(_FRAGMENT.findall(parts.fragment)),
        "size": int(size) if size.isdecimal() else None,
        "core-metadata": {"sha256": metadata[7:]}
        if metadata and metadata.startswith("sha256=")
        else metadata is not None,
        "yanked": attributes.get("data-yanked") or "data-yanked" in attributes,
    }
    entry |= {key: attributes.get(f"data-{key}") for key in ("requires-python", "upload-time", "provenance")}
    return _from_json(entry, page, reading)


def _is_passed_over(said: dict[str, str], reading: _Reading) -> bool:
    """Return whether the file of a link that needs no parsing is unwanted: on a large page, nearly all are."""
    link = said["href"]
    if not _PLAIN.fullmatch(link):
        return False
    filename = unquote(link.partition("#")[0].rpartition("/")[2])
    if isinstance(reading.wants, Named) and filename not in reading.wants.names:
        return True
    named = parsed_name(filename, reading.project, reading.on_variant)
    entry = {
        "yanked": said.get("data-yanked") or "data-yanked" in said,
        "requires-python": said.get("data-requires-python"),
    }
    return named is None or not reading.wants(*named, entry)
