"""A token in the path of a URL is hidden, and names, versions, hashes and files are not."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pypi_subset.support.secrets import paths
from pypi_subset.support.secrets.paths import HIDDEN, hide, looks_secret, without_tokens
from pypi_subset.support.text import url_without_secrets, without_secrets

TOKENS = (
    "aB3dE5fG7hI9jK1l",
    "x7kq2m9vb4tz",
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "pypi-AgEIcHlwaS5vcmcCJDQ4Zm",
    "s3cr3t",
    "TOKEN",
    "tok-12345",
    "token_abc123",
    "SECRET-PART",
    "secret-token",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N",
)
NAMES = (
    *("simple", "pypi", "root", "+f", "whl", "cu124", "rocm6.2.4", "2.0", "projects", "12345", "team-pypi-local"),
    *(
        "python3-internal-2024",
        "tokenizers",
        "secretstorage",
        "manylinux2014",
        "nvidia-cublas-cu12",
        "types-s3transfer",
    ),
    *("149a00dd717a5a02a3fbc5a6ae1d4e8f", "0123456789abc", "7f3d2c1b-1a2b-3c4d-5e6f-7a8b9c0d1e2f", "h2o-wave"),
    *("torch-2.6.0%2Bcu124-cp310-cp310-linux_x86_64.whl", "alpha-1.0.tar.gz", "my-project-4f3a2b", "api", "v4"),
)


@pytest.mark.parametrize("part", TOKENS)
def test_a_token_is_hidden(part: str) -> None:
    """Wherever it stands in the path, and in a sentence too."""
    url = f"https://index.example/{part}/team/simple/alpha/"
    assert without_tokens(url) == f"https://index.example/{HIDDEN}/team/simple/alpha/"
    assert part not in url_without_secrets(f"https://me:pw@index.example/{part}/x?y=z")
    assert part not in without_secrets(f"cannot fetch https://index.example/simple/{part}/alpha.whl: refused")


@pytest.mark.parametrize("part", NAMES)
def test_a_name_is_shown(part: str) -> None:
    """Parts of the addresses of common indexes stay as they are."""
    assert not looks_secret(part)
    assert url_without_secrets(f"https://index.example/{part}/simple") == f"https://index.example/{part}/simple"


PARTS = st.one_of(
    st.sampled_from([*TOKENS, *NAMES, "secret", "passw0rd", "tokentok", "passwtok", "apikeytok", "credent"]),
    st.text("abcdef0123456789", min_size=1, max_size=64),
    st.text("oaknpstwrcdie-._40", min_size=1, max_size=12),
)


@example(["passwtok"], "alpha", ".whl")
@given(st.lists(PARTS, max_size=4), PARTS, st.sampled_from([".whl", ".tar.gz", ".zip", ".exe", ""]))
def test_the_short_way_hides_as_much(parts: list[str], name: str, end: str) -> None:
    """An address of words, hashes and a file is taken as it is at once, where a closer look would find no token."""
    url = "/".join(["https://index.example", *parts, name]) + end
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(paths, "_OWN", set())
        short = without_tokens(url)
        patched.setattr(paths, "_PLAIN", re.compile("(?!)"))
        assert without_tokens(url) == short


def test_the_addresses_of_pypi_take_the_short_way() -> None:
    """It is for them: a page has thousands."""
    end = "packages/4f/4c/36a0832d2dba52bb27c4aa6bd3f5d2b3ae4b4b2fa0b16ffd13ab4d9bdc2c/numpy-2.5.5-cp313-cp313-win_amd64.whl"
    assert paths._PLAIN.fullmatch(f"https://files.example/{end}")  # noqa: SLF001 - it is about speed alone


def test_a_part_that_the_user_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    """What may be a hash in any other URL is taken for a token in the URL of an index; links have it as well."""
    monkeypatch.setattr(paths, "_OWN", set())
    part = "149a00dd717a5a02a3fbc5a6ae1d4e8f149a00dd717a5a02"
    assert part in without_tokens(f"https://cdn.example/{part}/alpha.whl")
    hide(f"https://me@index.example/priv/{part}/team/simple")
    assert without_tokens(f"https://cdn.example/{part}/alpha.whl") == f"https://cdn.example/{HIDDEN}/alpha.whl"
    assert without_tokens("https://cdn.example/priv/team/alpha.whl") == "https://cdn.example/priv/team/alpha.whl"


@pytest.mark.parametrize("name", ["jsessionid", "v", "sig"])
def test_a_parameter_of_a_part(name: str) -> None:
    """Its value is hidden, also in front of an ending (RFC 3986, 3.3); a part without a value is a name."""
    url = f"https://index.example/files/alpha-1.0-py3-none-any.whl;{name}=0815"
    hidden = f"https://index.example/files/alpha-1.0-py3-none-any.whl;{name}={HIDDEN}"
    assert url_without_secrets(url) == hidden
    assert without_secrets(f"GET {url}.metadata : 404") == f"GET {hidden} : 404"
    assert url_without_secrets("https://index.example/a;b/alpha.whl") == "https://index.example/a;b/alpha.whl"
