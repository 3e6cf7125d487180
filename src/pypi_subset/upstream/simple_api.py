"""
Pages of the simple API (PEP 503, 691), and directories of files, read into `Candidate` values.

Facts are kept as the index states them: size, upload time and yanks cannot be recovered later.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

from pypi_subset.model.candidates import Candidate
from pypi_subset.model.distributions import Distribution, Standing
from pypi_subset.model.paths import JSON_TYPE
from pypi_subset.support import bounds
from pypi_subset.support.markup.start_tags import start_tags
from pypi_subset.upstream.checks import Named, upload_time
from pypi_subset.upstream.pip_config import without_credentials
from pypi_subset.upstream.places.entries import of_entry, of_link, parsed_name, read_entries
from pypi_subset.upstream.places.facts import hashes_of, https_of, metadata_hash, requires_python, standing_of, yanked
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

#: A hash in the fragment of a URL, as pip finds it there.
_FRAGMENT = re.compile("(?:^|[&;#])(sha1|sha224|sha256|sha384|sha512|md5)=([^&;#]+)")

#: A link whose file name stands between its last slash and its fragment.
_PLAIN = re.compile(
    r"(?!//)(?:https?://[A-Za-z0-9.:-]+/)?(?:[A-Za-z0-9._~!+%-]*/)*([A-Za-z0-9._~!+%-]*)(?:#[A-Za-z0-9=&]*)?"
)

#: Where a page in HTML has the status of a project (PEP 792).
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
    index: str | None = None,
) -> tuple[Candidate, ...]:
    """
    Return what the page offers of *project*, in the page's order; files of other projects are passed over.

    :param content_type: as the server said; anything but PEP 691's JSON is read as HTML, as pip does.
    :param url: where the page was found, after redirects: relative links start there, or at the page's ``<base>``.
    :param wants: called with version, tags and entry of each file; those for which it returns false are passed over.
    :param on_variant: called with the name of each wheel variant, and of each file about them (PEP 825).
    :param on_damaged: called with the name of the file of each damaged entry, or with the place of the entry.
    :param index: the URL of the index that has the page, without credentials; ``None`` for another page.
    :param quarantined: called with what the page says of a project in quarantine (PEP 792), which offers nothing.
    :raises ValueError: the page is not what its type says.
    """
    # Not its <base>: rules name indexes.
    source = without_credentials(_start_of(url))
    if content_type.partition(";")[0].strip().lower() == JSON_TYPE:
        entries, said = entries_of(text, project, linked=index is None)
        standing, base = standing_of(said), _start_of(url)
        reading = _Reading(project, standing, wants, on_variant, source, on_damaged, index)
        candidates = read_entries(entries, lambda entry: _from_json(entry, base, reading), of_entry, reading)
    else:
        tags = list(_tags(text))
        metas = {said.get("name", ""): said.get("content", "") for tag, said in tags if tag == "meta"}
        standing = standing_of({"status": metas.get(_STATUS), "reason": metas.get(f"{_STATUS}-reason")})
        base = _start_of(url, next((said["href"] for tag, said in tags if tag == "base" and "href" in said), ""))
        reading = _Reading(project, standing, wants, on_variant, source, on_damaged, index)
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
    index_url: str | None


def _from_json(entry: dict[str, Any], page: str, reading: _Reading) -> Candidate | None:
    """PEP 691 and 700; PEP 714 renamed ``dist-info-metadata`` to ``core-metadata``."""
    project, standing, wants, on_variant, source, _, index_url = reading
    filename, link = entry["filename"], entry["url"]
    if isinstance(wants, Named) and filename not in wants.names:
        # Most of the time of a page is in its names.
        return None
    named = parsed_name(filename, project, on_variant)
    if named is None or not wants(*named, entry):
        return None
    version, tags = named
    hashes = hashes_of(entry.get("hashes") or {})
    address = _joined(page, link)
    url = without_credentials(address)
    size = entry.get("size")
    one = Distribution(
        filename=filename,
        project=project,
        version=version,
        url=url,
        # Some indexes have no size and say -1, 0 or true; no file above the bound is taken.
        size=size if type(size) is int and 0 < size <= bounds.LARGEST_FILE else None,
        sha256=hashes.get("sha256"),
        requires_python=requires_python(entry.get("requires-python")),
        upload_time=upload_time(entry.get("upload-time")),
        yanked=yanked(entry.get("yanked", False)),
        provenance=https_of(entry.get("provenance")),
        standing=standing,
        index=index_url,
    )
    return Candidate(
        distribution=one,
        tags=tags,
        source=source,
        hashes=tuple(sorted(hashes.items())),
        metadata=metadata_hash(entry.get("core-metadata", entry.get("dist-info-metadata"))),
        address=None if url == address.partition("#")[0] else address,
    )


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
    if (found := _PLAIN.fullmatch(link)) is None:
        return False
    filename = unquote(found[1]) if "%" in found[1] else found[1]
    if isinstance(reading.wants, Named) and filename not in reading.wants.names:
        return True
    named = parsed_name(filename, reading.project, reading.on_variant)
    entry = {
        "yanked": said.get("data-yanked") or "data-yanked" in said,
        "requires-python": said.get("data-requires-python"),
    }
    return named is None or not reading.wants(*named, entry)
