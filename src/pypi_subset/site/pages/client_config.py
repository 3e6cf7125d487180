"""
What to write where, so that a client installs from a site: one text for each client, made for the site's address.

Each opens with a comment that says where it goes. The very same texts configure the clients of ``make clients``.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from pypi_subset.model.paths import SIMPLE

_PIP = """\
# pip.conf: ~/.config/pip/pip.conf, on Windows %APPDATA%\\pip\\pip.ini
[global]
index-url = {simple}
{trusted}"""

_UV = """\
# uv.toml: ~/.config/uv/uv.toml, on Windows %APPDATA%\\uv\\uv.toml
[[index]]
url = "{simple}"
default = true
"""

_UV_PROJECT = """\
# pyproject.toml
[[tool.uv.index]]
name = "subset"
url = "{simple}"
default = true
"""

_POETRY = """\
# pyproject.toml; a primary source takes the place of PyPI
[[tool.poetry.source]]
name = "subset"
url = "{simple}"
priority = "primary"
"""

# Under any other name it would be asked beside PyPI, not in its place.
_PDM = """\
# pyproject.toml; PDM_CHECK_UPDATE=0 keeps pdm itself from asking PyPI for a newer pdm
[[tool.pdm.source]]
name = "pypi"
url = "{simple}"
verify_ssl = {secure}
"""

# With a slash at its end pipenv asks for `simple//project/`, which some web servers do not know.
_PIPENV = """\
# Pipfile; no slash at the end of the address
[[source]]
name = "subset"
url = "{slashless}"
verify_ssl = {secure}
"""

_HATCH = """\
# environment; the first is for environments made with pip, the second for those with installer = "uv"
PIP_INDEX_URL={simple}
UV_DEFAULT_INDEX={simple}
"""

_PIP_TOOLS = """\
# requirements.in, first line; pip-compile hands it on to requirements.txt
--index-url {simple}
"""

_NAB = """\
# pyproject.toml
[[tool.nab.indexes]]
name = "subset"
url = "{simple}"
"""

_PEX = """\
# arguments
--no-pypi --index {simple}
"""

_TEXTS = {
    "pip": _PIP,
    "uv": _UV,
    "uv, in a project": _UV_PROJECT,
    "poetry": _POETRY,
    "pdm": _PDM,
    "pipenv": _PIPENV,
    "hatch": _HATCH,
    "pip-tools": _PIP_TOOLS,
    "nab": _NAB,
    "pex": _PEX,
}


def snippets(url: str) -> dict[str, str]:
    """
    Return client → text.

    :param url: address of the site, of the folder that holds ``simple/``; ends in a slash.
    """
    parts = urlsplit(url)
    # pip accepts plain HTTP from another machine only if it trusts that machine.
    trusted = f"trusted-host = {parts.netloc}\n" if parts.scheme == "http" else ""
    values = {
        "simple": f"{url}{SIMPLE}/",
        "slashless": f"{url}{SIMPLE}",
        "trusted": trusted,
        "secure": "false" if parts.scheme == "http" else "true",
    }
    return {client: text.format(**values) for client, text in _TEXTS.items()}
