"""The certificates that sessions trust: read once, and none of another setting."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import UpstreamError
from pypi_subset.upstream.http import Fetcher
from pypi_subset.upstream.pip_config import read_network
from tests.support.servers.index import Index

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system judges certificates")


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file with a certificate of 127.0.0.1, which is its own authority, and with its key."""
    for name in ("PIP_CERT", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_RETRIES", "0")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-days", "2", "-subj", "/CN=own", "-addext", "subjectAltName=IP:127.0.0.1"]
    key, certificate = tmp_path / "key", tmp_path / "own.pem"
    subprocess.run([*command, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    certificate.write_text(certificate.read_text() + key.read_text())
    return certificate


@pytest.fixture
def index(own: Path) -> Iterator[Index]:
    """Yield an index that shows that certificate."""
    with Index(tls=own) as index:
        yield index


def fetched(index: Index, fetcher: Fetcher | None = None) -> int:
    """Return how many bytes come over a connection of its own: each fetcher has its own sessions."""
    page = (fetcher or Fetcher(read_network())).page(f"{index.url}aa/")
    return len(page.text) if page else 0


@pytest.mark.parametrize("name", ["PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"])
def test_a_named_authority_is_trusted_where_it_is_named(
    index: Index, own: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before and after the setting its server is refused: a context that has read a file is for that setting alone."""
    index.projects["aa"] = []
    for _ in range(2):
        with pytest.raises(UpstreamError, match="is not trusted here"):
            fetched(index)
        with monkeypatch.context() as patched:
            patched.setenv(name, str(own))
            assert fetched(index) > 0
    assert {hit.path for hit in index.requests} == {"/simple/aa/"}


def test_a_file_is_read_once(index: Index, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second session trusts what was read for the first, whatever the file has become."""
    index.projects["aa"] = []
    monkeypatch.setenv("PIP_CERT", str(own))
    network = read_network()
    assert fetched(index, Fetcher(network)) > 0
    own.write_text("nothing")
    assert fetched(index, Fetcher(network)) > 0


def test_another_host_is_refused(index: Index, own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name of a server has to be the one in its certificate."""
    index.projects["aa"] = []
    monkeypatch.setenv("PIP_CERT", str(own))
    with pytest.raises(UpstreamError, match="certificate"):
        Fetcher(read_network()).page(f"{index.url.replace('127.0.0.1', 'localhost')}aa/")


def test_a_client_certificate_is_shown_for_its_setting_alone(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A context shows what was loaded into it: sessions without that setting have another one."""
    plain = read_network().session()
    monkeypatch.setenv("PIP_CLIENT_CERT", str(own))
    showing = read_network().session()
    contexts = [one.get_adapter("https://127.0.0.1")._ssl_context for one in (plain, showing)]  # noqa: SLF001 - pip's
    assert None not in contexts
    assert contexts[0] is not contexts[1]
