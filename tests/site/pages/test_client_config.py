"""The configuration of each client: each in the client's own format, with the address of the index where it belongs."""

from __future__ import annotations

import configparser
import tomllib
from typing import Any

import pytest

from pypi_subset.site.pages.client_config import snippets

SECURE, PLAIN = "https://packages.example/lab/", "http://packages.example:8080/lab/"


def value(text: str, *keys: str) -> Any:
    """Return what TOML *text* holds at *keys*; of an array, its only item."""
    found: Any = tomllib.loads(text)
    for key in keys:
        found = found[key]
    if isinstance(found, list):
        (found,) = found
    return found


@pytest.mark.parametrize(
    ("client", "keys", "wanted"),
    [
        ("uv", ["index"], {"url": f"{SECURE}simple/", "default": True}),
        ("uv, in a project", ["tool", "uv", "index"], {"name": "subset", "url": f"{SECURE}simple/", "default": True}),
        ("poetry", ["tool", "poetry", "source"], {"name": "subset", "url": f"{SECURE}simple/", "priority": "primary"}),
        # Under another name pdm would ask PyPI as well.
        ("pdm", ["tool", "pdm", "source"], {"name": "pypi", "url": f"{SECURE}simple/", "verify_ssl": True}),
        ("pipenv", ["source"], {"name": "subset", "url": f"{SECURE}simple", "verify_ssl": True}),
        ("nab", ["tool", "nab", "indexes"], {"name": "subset", "url": f"{SECURE}simple/"}),
    ],
)
def test_clients_with_toml(client: str, keys: list[str], wanted: dict[str, object]) -> None:
    """One index, in place of PyPI."""
    assert value(snippets(SECURE)[client], *keys) == wanted


@pytest.mark.parametrize("url", [SECURE, PLAIN])
def test_pip(url: str) -> None:
    """pip takes plain HTTP from another machine only if it is told to trust it."""
    parser = configparser.ConfigParser()
    parser.read_string(snippets(url)["pip"])
    trusted = {"trusted-host": "packages.example:8080"} if url == PLAIN else {}
    assert dict(parser["global"]) == {"index-url": f"{url}simple/", **trusted}


@pytest.mark.parametrize(("client", "keys"), [("pdm", ["tool", "pdm", "source"]), ("pipenv", ["source"])])
def test_over_plain_http_no_certificate_is_checked(client: str, keys: list[str]) -> None:
    """These two have a setting for that."""
    assert value(snippets(PLAIN)[client], *keys)["verify_ssl"] is False


@pytest.mark.parametrize(
    ("client", "lines"),
    [
        ("hatch", [f"PIP_INDEX_URL={SECURE}simple/", f"UV_DEFAULT_INDEX={SECURE}simple/"]),
        ("pip-tools", [f"--index-url {SECURE}simple/"]),
        ("pex", [f"--no-pypi --index {SECURE}simple/"]),
    ],
)
def test_clients_with_variables_and_arguments(client: str, lines: list[str]) -> None:
    """What is set, below the comment that says where."""
    comment, *found = snippets(SECURE)[client].splitlines()
    assert comment.startswith("# ")
    assert found == lines


def test_each_text_says_where_it_goes() -> None:
    """The first line is a comment, whatever the format."""
    assert all(text.startswith("# ") and text.endswith("\n") for text in snippets(SECURE).values())


def test_the_index_of_a_target() -> None:
    """Where the union lacks what a target needs, each text names the target's own index."""
    for client, text in snippets(SECURE, "targets/linux/simple").items():
        assert f"{SECURE}targets/linux/simple" in text, client
        assert f"{SECURE}simple" not in text
