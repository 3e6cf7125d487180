"""
What to write where, so that a client installs from a site: one text for each client, made for the site's address.

Each opens with a comment that says where it goes. The same texts, ``templates/clients.toml``, configure the clients of
``make clients``.
"""

from __future__ import annotations

import tomllib
from urllib.parse import urlsplit

from pypi_subset.model.paths import SIMPLE
from pypi_subset.support.resources import shipped


def snippets(url: str, index: str = SIMPLE) -> dict[str, str]:
    """
    Return client → text.

    :param url: address of the site, of the directory that holds ``simple/``; ends in a slash.
    :param index: the directory of the index, relative to the site.
    """
    parts = urlsplit(url)
    # pip accepts plain HTTP from another machine only if it trusts that machine.
    trusted = f"trusted-host = {parts.netloc}\n" if parts.scheme == "http" else ""
    values = {
        "simple": f"{url}{index}/",
        "slashless": f"{url}{index}",
        "trusted": trusted,
        "secure": "false" if parts.scheme == "http" else "true",
    }
    texts = tomllib.loads(shipped("templates", "clients.toml").decode())
    return {client: text.format(**values) for client, text in texts.items()}
