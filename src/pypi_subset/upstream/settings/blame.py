"""Errors of the network: which setting led to a server, where that was read from, and what to correct."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pypi_subset.errors import UpstreamError
from pypi_subset.support.text import url_without_secrets, without_secrets

if TYPE_CHECKING:
    from collections.abc import Mapping
    from optparse import Values

    from pypi_subset.upstream.settings.origins import Given

_UNAUTHORIZED, _FORBIDDEN, _PROXY = 401, 403, 407
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")


@dataclass(frozen=True, kw_only=True, slots=True)
class Blame:
    """
    What led to servers.

    :param owners: pairs of a URL and the setting that names it, ``pip's 'index-url' (PIP_INDEX_URL)``.
    :param settings: pip's settings, by name.
    :param options: as pip parsed them.
    """

    owners: tuple[tuple[str, str], ...]
    settings: Mapping[str, Given]
    options: Values

    def owner(self, url: str) -> str:
        """Return the setting that names *url* or what is above it, ``""`` if none does."""
        bare = url_without_secrets(url)
        owners = [(url_without_secrets(own).rstrip("/"), name) for own, name in self.owners]
        fitting = [(len(own), name) for own, name in owners if bare == own or bare.startswith(f"{own}/")]
        return max(fitting, default=(0, ""))[1]

    def named(self, url: str) -> str:
        """Return the setting that names *url* or what is above it, and ``index-url`` with its place if none does."""
        return self.owner(url) or self._setting("index-url")

    def failure(self, url: str, said: str, kind: str) -> UpstreamError:
        """
        Return the error about a server that gave no answer.

        :param said: by pip or a library, about the cause.
        :param kind: of the error, if nothing was said.
        """
        bare = url_without_secrets(url)
        server = bare.partition("//")[2].partition("/")[0]
        reason = without_secrets(said.strip().partition("\n")[0].replace(url, bare)) or kind
        step = f"check the network, and {self.named(url)}"
        if "407" in said and "roxy" in said:
            return self._proxy_wants(f"cannot fetch {bare}")
        if "proxy" in reason.lower():
            inner = reason.rpartition(": ")[2].rstrip("')\"")
            reason, step = (
                f"the proxy does not answer: {inner}",
                f"correct {self._proxy()}, or name {server} in no_proxy",
            )
        elif "CERTIFICATE_VERIFY_FAILED" in reason or "certificate verify failed" in reason:
            inner = reason.partition("certificate verify failed: ")[2].partition(" (_ssl")[0]
            reason = f"the certificate of {server} is not trusted here{f' ({inner})' if inner else ''}"
            step = f"set {self._setting('cert')} to a file with the certificate of its authority"
        elif "WRONG_VERSION_NUMBER" in reason:
            reason, step = f"{server} speaks no TLS", f"write http:// in {self.owner(url) or 'its address'}"
        elif "(_ssl.c" in reason or "PEM" in reason:
            step = f"check {self._setting('cert')} and {self._setting('client-cert')}, and {self.owner(url) or 'its address'}"
        return UpstreamError(f"cannot fetch {bare}: {reason}", next_step=step)

    def answered(self, url: str, status: int, reason: str) -> UpstreamError:
        """Return the error about an answer of another kind than the request."""
        bare, owner = url_without_secrets(url), self.owner(url)
        if status == _PROXY:
            return self._proxy_wants(f"{bare} answered {status} {reason}")
        what, step = f"{bare} answered {status} {reason}", "try again later, or name another index"
        if status in {_UNAUTHORIZED, _FORBIDDEN}:
            what += f" to {self._tried(url)}"
            step = "give pip credentials for it (in the URL, .netrc or a keyring)"
            step = step if status == _UNAUTHORIZED else "see who may read it, and pip's credentials for it"
        error = UpstreamError(f"{what} ({owner})" if owner and owner not in what else what, next_step=step)
        error.status = status
        return error

    def _tried(self, url: str) -> str:
        """Return in words which credentials were sent, or where pip looked for some."""
        # Imported late: only for errors.
        from pip._vendor.requests.utils import get_netrc_auth  # noqa: PLC0415

        server = urlsplit(url).netloc.rpartition("@")[2]
        for own, name in self.owners:
            parts = urlsplit(own)
            if parts.username is not None and parts.netloc.rpartition("@")[2] == server:
                return f"the user and password in {name}"
        if urlsplit(url).username is not None:
            return "the user and password in its link"
        if get_netrc_auth(url):
            return "the user and password in .netrc"
        provider = self.options.keyring_provider
        asked = (
            "no keyring" if provider == "disabled" else "no keyring has them" if provider != "auto" else "no keyring"
        )
        return f"no credentials: neither its URL nor .netrc has any, and {asked}"

    def _proxy_wants(self, what: str) -> UpstreamError:
        step = f"write them into {self._proxy()}: http://USER:PASSWORD@HOST:PORT"
        return UpstreamError(f"{what}: the proxy wants a user and a password (407)", next_step=step)

    def _proxy(self) -> str:
        """Return the setting that names the proxy."""
        if self.options.proxy:
            return self._setting("proxy")
        names = [name for name in os.environ if name.lower() in _PROXIES]
        return f"pip's 'proxy' ({' or '.join(sorted(names))})" if names else "pip's 'proxy'"

    def _setting(self, name: str) -> str:
        return f"pip's {name!r} ({self.settings[name].place})" if name in self.settings else f"pip's {name!r}"


def name_source(error: UpstreamError, source: str, project: str, *, only: bool) -> None:
    """
    Let *error* name the source of the page that it is about, once: it is raised at each question about that page.

    :param only: whether *project* has no other source.
    """
    own = f"[sources.{source}]"
    note = f" ({own}, {'the only' if only else 'a'} source of {project})"
    error.what = error.what.removesuffix(note).removesuffix(f" ({own} in subset.toml)") + note
    if error.next_step.endswith("name another index"):
        error.next_step += f" in {own}"
    # A user in the URL of a source is an error.
    error.next_step = error.next_step.replace("(in the URL, .netrc or a keyring)", "(in .netrc or a keyring)")
