"""What is wrong with pip's settings, before a server is asked: each error names the setting and where it was read from."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import ssl
import threading
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from packaging.utils import InvalidName, canonicalize_name

from pypi_subset.distributions.filenames import INVALID, parse
from pypi_subset.errors import UpstreamError
from pypi_subset.support.text import without_secrets
from pypi_subset.upstream.settings.origins import Given
from pypi_subset.upstream.settings.table import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping
    from optparse import Values

#: What pip takes for a switch that is off, and for no project.
_OFF = frozenset({"0", "false", "no", "off", "n", "f", ":none:"})
#: Variables of pip's HTTP library and of OpenSSL that name files or directories of certificates.
_CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
#: Schemes of proxies that pip knows without a further library.
_PROXY_SCHEMES = frozenset({"http", "https", ""})
#: How the name of a page on this machine ends.
PAGES = frozenset({".html", ".htm"})
_UNSET = "correct it, or remove it (`pip config debug` lists all sources)"


def refused(given: Given, what: str, step: str = _UNSET) -> UpstreamError:
    """Return the error that names a setting and where it was read from."""
    return UpstreamError(f"pip's setting {given.name!r} ({given.place}) {what}", next_step=step)


def require_usable(settings: Mapping[str, Given], options: Values, local: Callable[[str], Path | None]) -> None:
    """
    Return if each of *settings* that counts can be used.

    :param options: as pip parsed them.
    :param local: returns the path that a location names, ``None`` for a URL.
    :raises UpstreamError: one cannot be used.
    """
    _require_configuration_file()
    _require_numbers(settings, options)
    _require_day(settings, options)
    _require_places(settings, options, local)
    _require_projects(settings)
    _require_hosts(settings)
    trusts_environment = options.proxy is None and not options.no_proxy_env
    for one in _certificates(settings, options, os.environ if trusts_environment else {}):
        _require_certificates(one)
    for one in _proxies(settings, options, os.environ if trusts_environment else {}):
        _require_proxy(one)


def require_admitted(settings: Mapping[str, Given]) -> None:
    """
    Return if *settings* are none that a resolution refuses.

    :raises UpstreamError: one is.
    """
    for one in settings.values():
        setting = SETTINGS.get(one.name)
        if setting is not None and setting.treatment == "refused" and one.value.strip().lower() not in _OFF:
            raise refused(one, f"is refused: it {setting.why}", setting.instead)


def require_agreement(settings: Mapping[str, Given], *, built: Collection[str], indexes: Collection[str]) -> None:
    """
    Return if pip's settings do not contradict ``subset.toml``.

    :param built: the projects of ``[sdists]``, normalized.
    :param indexes: the names of the tables of ``[sources]`` that have an index.
    :raises UpstreamError: one does.
    """
    only = settings.get("only-binary")
    words = [word.strip() for word in only.value.split(",")] if only else []
    names = {str(canonicalize_name(word)) for word in words}
    if only and (found := [one for one in built if ":all:" in words or one in names]):
        what = f"allows wheels alone for {found[0]}, and [sdists] in subset.toml builds it"
        raise refused(only, what, "drop the project from one of the two")
    none = settings.get("no-index")
    if none and none.value.strip().lower() not in _OFF and indexes:
        what = f"shuts out every index, and [sources.{min(indexes)}] in subset.toml names one"
        raise refused(none, what, "drop one of the two")


def _given(settings: Mapping[str, Given], *names: str) -> Given:
    """Return the first of *names* that is set; a value that is not from the configuration has no other place."""
    default = Given(name=names[0], value="", place="its default")
    return next((settings[name] for name in names if name in settings), default)


def _require_configuration_file() -> None:
    name = os.environ.get("PIP_CONFIG_FILE")
    if name and name != os.devnull and not Path(name).is_file():
        msg = f"the variable PIP_CONFIG_FILE names {name}, and there is no such file"
        raise UpstreamError(msg, next_step=_UNSET)


def _require_numbers(settings: Mapping[str, Given], options: Values) -> None:
    # Neither sockets nor threads wait longer.
    if not 0 < options.timeout <= threading.TIMEOUT_MAX:
        raise refused(_given(settings, "timeout", "default-timeout"), f"is {options.timeout:g}, and no time in seconds")
    for name in ("retries", "resume-retries"):
        if getattr(options, name.replace("-", "_"), 0) < 0:
            raise refused(_given(settings, name), "is less than 0")


def _require_day(settings: Mapping[str, Given], options: Values) -> None:
    day = getattr(options, "uploaded_prior_to", None)
    with contextlib.suppress(OverflowError):
        if day is None or day.astimezone(UTC):
            return
    raise refused(_given(settings, "uploaded-prior-to"), "names no day of a calendar")


def _require_projects(settings: Mapping[str, Given]) -> None:
    """Return if ``only-binary`` lists projects. pip takes each other word for a project that no index has."""
    one = _given(settings, "only-binary")
    for word in map(str.strip, one.value.split(",")):
        try:
            word and word not in {":all:", ":none:"} and canonicalize_name(word, validate=True)
        except InvalidName as error:
            what = f"has {without_secrets(word)!r}, which is no name of a project"
            raise refused(one, what, "write :all:, :none:, or names with commas between") from error


def _require_hosts(settings: Mapping[str, Given]) -> None:
    """Return if ``trusted-host`` lists hosts. pip takes the scheme of a URL for a host."""
    one = _given(settings, "trusted-host")
    for word in one.value.split():
        if "/" in word:
            shown = without_secrets(word)
            raise refused(one, f"has {shown}, which is no host", "write HOST or HOST:PORT, without scheme and path")


def _require_places(settings: Mapping[str, Given], options: Values, local: Callable[[str], Path | None]) -> None:
    indexes = [] if options.no_index else options.extra_index_urls
    places = [(_given(settings, "index-url", "pypi-url"), options.index_url)] if not options.no_index else []
    places += [(_given(settings, "extra-index-url"), url) for url in indexes]
    places += [(_given(settings, "find-links"), place) for place in options.find_links]
    places += [(_given(settings, "constraint"), place) for place in options.constraints]
    for one, place in places:
        if place:
            _require_place(one, place, local)


def _require_place(one: Given, place: str, local: Callable[[str], Path | None]) -> None:
    shown = without_secrets(place if "//" in place else re.sub(r"^(?![./~]).*@", "", place))
    scheme = place.partition(":")[0].lower() if "://" in place else ""
    if scheme in {"https", "http"}:
        return
    try:
        path = local(place)
    except ValueError as error:
        raise refused(one, f"is no address: {shown}") from error
    if path is None:
        raise refused(one, f"has {shown}, and {scheme} is no scheme that mirror asks", "write https:// or file://")
    wants = one.name in {"index-url", "extra-index-url", "pypi-url"}
    try:
        there = path.is_dir() if wants else path.exists()
        if there and path.is_dir():
            next(path.iterdir(), None)
    except OSError as error:
        raise refused(one, f"has {shown}, which cannot be read: {error.strerror}") from error
    if there and one.name == "find-links" and path.is_file() and path.suffix not in PAGES:
        try:
            parse(path.name)
        except INVALID as error:
            what = f"has {shown}, which is no directory, no page (.html) and no file of a release"
            raise refused(one, what) from error
    if not there:
        kind = "directory" if wants else "file or directory"
        scheme = "" if place.startswith(("file:", "/", ".", "~")) else ", and a URL needs https://"
        raise refused(one, f"has {shown}, and there is no such {kind} on this machine{scheme}")


def _certificates(settings: Mapping[str, Given], options: Values, environment: Mapping[str, str]) -> Iterator[Given]:
    for name, value in (("cert", options.cert), ("client-cert", options.client_cert)):
        if value:
            known = _given(settings, name)
            yield Given(name=name, value=value, place=known.place)
    for name in _CERTIFICATES:
        if environment.get(name):
            yield Given(name="cert", value=environment[name], place=name)


def _require_certificates(one: Given) -> None:
    """Return if the file or directory of certificates that *one* names can be used."""
    path = Path(os.path.expanduser(one.value))  # noqa: PTH111 - an account may have no home
    try:
        there = path.exists()
        if there and path.is_file() and path.stat().st_size == 0:
            raise refused(one, f"names {path}, which is empty")
        if there and path.is_dir() and (one.name == "client-cert" or next(path.iterdir(), None) is None):
            raise refused(one, f"names {path}, which is {'a directory' if one.name == 'client-cert' else 'empty'}")
        if there and path.is_file() and one.name == "cert":
            facts = path.stat()
            _load(path, (facts.st_ino, facts.st_size, facts.st_mtime_ns))
    except ssl.SSLError as error:
        raise refused(one, f"names {path}, which has no certificates in the form PEM") from error
    except OSError as error:
        raise refused(one, f"names {path}, which cannot be read: {error.strerror}") from error
    if not there:
        raise refused(one, f"names {path}, and there is no such file")


@functools.lru_cache(maxsize=16)
def _load(path: Path, _facts: tuple[int, ...]) -> None:
    """
    Load the certificates of the file *path*: once in a process, since several settings often name one file.

    :raises ssl.SSLError: it has none in the form PEM.
    """
    ssl.create_default_context(cafile=path)


def _proxies(settings: Mapping[str, Given], options: Values, environment: Mapping[str, str]) -> Iterator[Given]:
    if options.proxy:
        yield Given(name="proxy", value=options.proxy, place=_given(settings, "proxy").place)
    for name, value in environment.items():
        if name.lower() in _PROXIES and value:
            yield Given(name="proxy", value=value, place=name)


def _require_proxy(one: Given) -> None:
    """Return if *one* names a proxy that pip can use; it is not shown, there may be a password in it."""
    value = one.value if "://" in one.value else f"//{one.value}"
    try:
        parts = urlsplit(value)
        usable = bool(parts.hostname) and (parts.port or 1) > 0 and not {" ", "\\"} & {*value} and value.isprintable()
        # Behind a sign that ends the user and password, a part of them would be shown.
        usable = usable and "@" not in parts.path
    except ValueError:
        parts, usable = urlsplit(""), False
    if not usable:
        raise refused(
            one, "is no address of a proxy: it has a blank or a backslash, no server, or a port that is no number"
        )
    if parts.scheme not in _PROXY_SCHEMES:
        raise refused(one, f"names a proxy of the kind {parts.scheme}, which pip does not know", "name an http proxy")
