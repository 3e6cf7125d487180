"""
The user's network settings for pip, and sessions that follow them.

pip's own option parser reads its configuration, and pip's own session fetches: with its proxies, certificates,
credentials and keyrings. Only the settings in `Network` are taken, not ``no-deps``, ``target``, ``pre``…
"""

from __future__ import annotations

import contextlib
import copy
import io
import logging
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pypi_subset.errors import UpstreamError
from pypi_subset.model.intake.sources import Sources
from pypi_subset.support.secrets.paths import hide
from pypi_subset.support.text import url_without_secrets, without_secrets
from pypi_subset.upstream.settings import certificates
from pypi_subset.upstream.settings.blame import Blame
from pypi_subset.upstream.settings.origins import Given, given, read_from
from pypi_subset.upstream.settings.usable import require_usable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from optparse import Values

#: A URL of a server.
_REMOTE = re.compile(r"(https?|ftp):", re.IGNORECASE)

#: What pip says of a file that it cannot read, and what is in that text if its encoding is at fault.
_UNREADABLE, _ENCODED = "Configuration file", re.compile(r"invalid \S+ characters|\\x00|\\ufeff|\x00|\ufeff")
#: What separates two URLs for the user, and not for pip.
_SECOND = re.compile(r"[,;|]\s*https?:", re.IGNORECASE)

# What pip warns of would be printed as it is, if no handler took it; our own errors say what concerns the user.
logging.getLogger("pip").addHandler(logging.NullHandler())


@dataclass(frozen=True, kw_only=True, slots=True)
class Network:
    """
    pip's settings, as its own parser resolved them from command section, files and ``PIP_*`` variables.

    :param index_urls: ``index-url`` and every ``extra-index-url``, without a trailing slash.
    :param find_links: directories, pages and files, as configured.
    :param constraints: paths or URLs of constraint files.
    :param options: pip's parsed options, from which sessions are built.
    :param settings: what pip's configuration sets, by name, with the place of each.
    :param own_wheels: the directory of wheels that the user built; ``None`` without one.
    :param first_source_wins: whether a file counts as its first source has it, if another has other bytes of that name.
    :param asks_keyring: whether pip would ask a keyring that it finds by itself.
    :param sources: where projects come from that do not come from those indexes and links.
    :param entries: pairs of a URL in ``requirements/`` and the entry that names it.
    """

    index_urls: tuple[str, ...]
    find_links: tuple[str, ...]
    constraints: tuple[str, ...]
    options: Values
    settings: Mapping[str, Given] = field(default_factory=dict)
    own_wheels: Path | None = None
    first_source_wins: bool = False
    asks_keyring: bool = False
    sources: Sources = field(default_factory=Sources)
    entries: tuple[tuple[str, str], ...] = ()

    def blame(self) -> Blame:
        """Return what says of an error of the network which setting led to it."""
        lists: dict[str, Sequence[str | None]] = {
            "index-url": [self.options.index_url],
            "extra-index-url": self.options.extra_index_urls,
            "find-links": self.find_links,
            "constraint": self.constraints,
        }
        owners = [(url, f"pip's {name!r}{self.place(name)}") for name, urls in lists.items() for url in urls if url]
        owners += [(one.index, f"[sources.{one.name}] in subset.toml") for one in self.sources.named if one.index]
        owners += self.entries
        return Blame(owners=tuple(owners), settings=self.settings, options=self.options)

    def place(self, name: str) -> str:
        """Return where a setting was read from, in parentheses behind a blank; ``""`` if it has its default."""
        place = read_from(self.settings, name, *(["pypi-url"] if name == "index-url" else []))
        return f" ({place})" if place else ""

    def session(self) -> Any:
        """Return a new `requests` session of pip's for one thread, without a cache: every run asks the index again."""
        # Imported late: pip's commands take 0.2 s, and a run with nothing to do needs none of them.
        from pip._internal.commands import create_command  # noqa: PLC0415

        command: Any = create_command("download")
        certificates.read_once(self.options.cert, self.options.client_cert)
        options = copy.copy(self.options)
        # pip looks for credentials of the indexes that it knows.
        options.extra_index_urls = [*options.extra_index_urls, *(one.index for one in self.sources.named if one.index)]
        try:
            session = command._build_session(options)  # noqa: SLF001 - the hook that pip's own commands use
        except ValueError as error:
            place = read_from(self.settings, "trusted-host") or "'trusted-host' above all"
            msg = f"pip refuses its own configuration ({place}): {without_secrets(str(error))}"
            raise UpstreamError(msg, next_step="see 'pip config list' and 'pip config debug'") from error
        if self.asks_keyring:
            # pip takes ``auto`` for ``disabled`` where it may not ask on the terminal, as here.
            session.auth.__class__ = type("KeyringAuth", (type(session.auth),), {"use_keyring": True})
        return session


def read_network() -> Network:
    """
    Return what pip would use for ``pip download`` in this environment.

    :raises UpstreamError: pip refuses its own configuration; says what pip said.
    """
    complaint, parser = io.StringIO(), _parser()
    logger, handler = logging.getLogger("pip"), logging.StreamHandler(complaint)
    logger.addHandler(handler)
    try:
        with contextlib.redirect_stderr(complaint):
            options, _ = parser.parse_args([])
    except SystemExit as error:
        reason = _reason(complaint.getvalue(), parser)
        msg, step = f"pip refuses its own configuration: {reason}", "see 'pip config list' and 'pip config debug'"
        if _UNREADABLE in reason:
            # pip's own commands read that file too, and say no more.
            step = "mend that file" if _ENCODED.search(reason) is None else "save it as UTF-8 without a byte order mark"
        raise UpstreamError(msg, next_step=step) from error
    except OverflowError as error:
        one = given(parser.config.items()).get("uploaded-prior-to")
        msg = f"pip's setting 'uploaded-prior-to' ({one.place if one else 'pip'}) names no day of a calendar"
        raise UpstreamError(msg, next_step="write a number of days, such as P30D, or a date") from error
    finally:
        logger.removeHandler(handler)
    settings = given(parser.config.items())
    for name in ("index_url", "extra_index_urls", "find_links", "constraints"):
        _require_urls(name, getattr(options, name), settings)
    require_usable(settings, options, local_path)
    for url in (options.index_url, *options.extra_index_urls, *options.find_links, *options.constraints):
        if url and _REMOTE.match(url):
            hide(url)
    asks_keyring = options.keyring_provider == "auto" and not options.no_input
    # A page that asks for a password in the middle of parallel work could not be answered.
    options.no_input = True
    options.cache_dir = None
    return Network(
        index_urls=tuple(
            url.rstrip("/")
            for url in ([] if options.no_index else [options.index_url, *options.extra_index_urls])
            if url
        ),
        find_links=tuple(options.find_links),
        constraints=tuple(options.constraints),
        options=options,
        settings=settings,
        asks_keyring=asks_keyring,
    )


def _reason(complaint: str, parser: Any) -> str:
    """Return what pip said of its configuration, in one line, with the place of the setting that it names."""
    lines = [line.strip().removeprefix("ERROR: ") for line in complaint.splitlines() if line.strip()]
    whole = " ".join(line for line in lines if not line.startswith(("Usage:", "pip download"))) or "no reason given"
    said = whole.partition(" Check your pip configuration files")[0].rpartition("error: ")[2].rstrip(". ")
    settings = given(parser.config.items())
    named = [one for name, one in settings.items() if re.search(rf"(?<![\w-]){name}(?![\w-])", said)]
    # Some of pip's own errors have the value alone.
    one = next(iter(named or [one for one in settings.values() if repr(one.value) in said]), None)
    what = said if one is None or named else f"{one.name!r}: {said}"
    return without_secrets(f"{what} ({one.place})" if one else what)


def _require_urls(name: str, values: str | Sequence[str] | None, settings: Mapping[str, Given]) -> None:
    """
    Return if every URL in a setting has a server and no blank: behind one, a password would be shown.

    :param name: of pip's option, in Python.
    :raises UpstreamError: one has not; it is not shown.
    """
    for url in [values] if isinstance(values, str) else values or ():
        if not _REMOTE.match(url):
            continue
        try:
            parts = urlsplit(url)
            # Behind a sign that ends the user and password, a part of them would be shown.
            # A backslash is such a sign for pip, and none for Python.
            usable = bool(parts.hostname) and (parts.port or 0) >= 0 and "@" not in parts.path and "\\" not in url
        except ValueError:
            usable = False
        if not usable or not url.isprintable() or " " in url or _SECOND.search(url):
            setting = name.removesuffix("s").replace("_", "-").replace("find-link", "find-links")
            place = read_from(settings, setting, "pypi-url" if setting == "index-url" else setting)
            shown = f"pip's setting {setting!r}{f' ({place})' if place else ''}"
            msg = f"{shown} is no URL: it has a blank or a backslash, no server, or a port that is no number"
            step = "percent-encode signs such as /, \\, ?, # and blanks in a password; separate two URLs by a blank"
            raise UpstreamError(msg, next_step=step)


def without_credentials(url: str) -> str:
    """Return *url* without user, password, query and fragment: what may be printed and written into a lock."""
    return url_without_secrets(url)


def local_path(location: str) -> Path | None:
    """Return the path that *location* names, if it is a ``file:`` URL or a path; ``None`` for other URLs."""
    from pip._internal.utils.urls import url_to_path  # noqa: PLC0415

    if location.startswith("file:"):
        return Path(url_to_path(location))
    # Not Path.expanduser, which raises where an account has no home.
    return None if "://" in location else Path(os.path.expanduser(location))  # noqa: PTH111


def _parser() -> Any:
    """Return pip's own parser with those options of ``pip download`` that concern the network."""
    # Imported late: --help does not need it. The whole command would take twice the time.
    from pip._internal.cli import cmdoptions  # noqa: PLC0415
    from pip._internal.cli.parser import ConfigOptionParser  # noqa: PLC0415

    parser = ConfigOptionParser(usage="", add_help_option=False, prog="pip download", name="download", isolated=False)
    for group in (cmdoptions.general_group, cmdoptions.index_group):
        parser.add_option_group(cmdoptions.make_option_group(group, parser))
    parser.add_option(cmdoptions.constraints())
    return parser
