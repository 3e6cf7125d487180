"""What mirror needs of the network: pip's configuration, its indexes and links, and the sources of a subset."""

from __future__ import annotations

import copy
import shutil
from dataclasses import replace
from time import monotonic
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from packaging.utils import canonicalize_name

from pypi_subset.doctor.findings import Finding, examined
from pypi_subset.site.pages.sizes import counted
from pypi_subset.support.threads import DaemonThreadPool
from pypi_subset.upstream.http import Fetcher
from pypi_subset.upstream.pip_config import local_path, read_network, without_credentials
from pypi_subset.upstream.settings.usable import require_admitted

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pypi_subset.model.intake.sources import Sources
    from pypi_subset.upstream.pip_config import Network

#: Seconds that each attempt to reach an index may take. A run of mirror waits as long as pip's ``timeout`` says.
PATIENCE = 10
#: Indexes that are asked at the same time.
_AT_ONCE = 8
#: What is asked of an index if ``requirements/`` names nothing: the first that no source has.
_USUAL = ("pip", "setuptools", "wheel", "packaging")


def configuration(into: list[Finding]) -> Network | None:
    """Return pip's configuration, ``None`` if pip refuses it; *into* receives what it names, or what is wrong with it."""
    network = None
    with examined("pip configuration", into):
        network = read_network()
        require_admitted(network.settings)
        places = ", ".join(map(without_credentials, network.index_urls)) or "none"
        more = [counted(len(network.find_links), "place") + " of find-links"] if network.find_links else []
        more += [counted(len(network.constraints), "constraints file")] if network.constraints else []
        what = "; ".join([f"indexes: {places}", *more])
        if network.index_urls or network.find_links:
            into.append(Finding(name="pip configuration", state="ok", what=what))
        else:
            step = "set index-url or find-links (pip config set global.index-url URL)"
            into.append(
                Finding(name="pip configuration", state="error", what="no index and no find-links", next_step=step)
            )
    return network


def reached(network: Network, sources: Sources, project: str) -> list[Finding]:
    """
    Return whether each index answers now, and how its credentials were found.

    :param project: the project whose page is asked; ``""`` for one that most indexes have.
    """
    usual = next((name for name in map(canonicalize_name, _USUAL) if not sources.has(name)), "")
    asked = {url: project or usual for url in network.index_urls if local_path(url) is None}
    for one in sources.named:
        if one.index:
            # The first name of a source that is no pattern; the index itself is not asked to list all.
            asked[one.index] = next((name for name in one.projects if not name.endswith("*")), "")
    fetcher = Fetcher(_impatient(network, sources))
    with DaemonThreadPool(min(len(asked), _AT_ONCE) or 1) as pool:
        futures = {url: pool.submit(_answer, fetcher, url, name) for url, name in asked.items()}
        return [one for url, future in futures.items() for one in (*future.result(), *_credentials(url))]


def _impatient(network: Network, sources: Sources) -> Network:
    """Return *network* with one short attempt for each request."""
    options = copy.copy(network.options)
    options.retries, options.timeout = 0, min(options.timeout, PATIENCE)
    return replace(network, options=options, sources=sources)


def _answer(fetcher: Fetcher, url: str, project: str) -> list[Finding]:
    found: list[Finding] = []
    shown, before = without_credentials(url), monotonic()
    with examined("index", found):
        page = fetcher.page(f"{url}/{project}/" if project else f"{url}/")
        answer = f"{shown} answers in {monotonic() - before:.1f} s"
        if page is None:
            what = f"{answer}, and has no {f'page of {project}' if project else 'list of projects'}"
            step = "check its URL, if it should have one"
            found.append(Finding(name="index", state="warning", what=what, next_step=step))
        else:
            found.append(Finding(name="index", state="ok", what=f"{answer} with {len(page.text):,} characters"))
    return found


def _credentials(url: str) -> Iterable[Finding]:
    """Yield where pip finds the user name and password for *url*, if there are any; neither is shown."""
    from pip._vendor.requests.utils import get_netrc_auth  # noqa: PLC0415 - as pip's own sessions

    where = [name for name, given in (("its URL", urlsplit(url).username), ("netrc", get_netrc_auth(url))) if given]
    if not where and shutil.which("keyring"):
        where = ["the program keyring, if the index asks for them"]
    if where:
        what = f"credentials for {without_credentials(url)} come from {where[0]}"
        yield Finding(name="credentials", state="ok", what=what)
