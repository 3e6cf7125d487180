"""A catalogue of broken settings: each is one line, which names the setting and where it was read from."""

from __future__ import annotations

import http.server
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pypi_subset.cli.edge import line_of
from pypi_subset.errors import SubsetError
from pypi_subset.pipeline.plan import plan
from tests.support.servers.index import Index
from tests.support.servers.index_http import Answer, moved
from tests.support.servers.ports import answering
from tests.support.stages.mirroring import LINUX
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.support.sites.workspace import Workspace

#: Nothing listens on this port.
DEAD = "http://127.0.0.1:9"
INDEX = {"PIP_INDEX_URL": "{index}"}
OTHER = {"PIP_INDEX_URL": "http://index.invalid/simple", "PIP_TRUSTED_HOST": "index.invalid"}

#: Name → variables, or the text of a configuration file, and what the line must have: the setting and its place.
BROKEN: dict[str, tuple[Mapping[str, str] | str | bytes, tuple[str, ...]]] = {
    "an index without a scheme": (
        {"PIP_INDEX_URL": "pypi.example/simple"},
        ("'index-url' (PIP_INDEX_URL)", "https://"),
    ),
    "a user without a scheme": ({"PIP_INDEX_URL": "me:S3CRET@h/simple"}, ("(PIP_INDEX_URL)", " h/simple,")),
    "a backslash in a password of links": (
        INDEX | {"PIP_FIND_LINKS": "http://me:S3CRET\\x@h/"},
        ("'find-links' (PIP_FIND_LINKS)", "encode"),
    ),
    "a backslash in a password of constraints": (
        INDEX | {"PIP_CONSTRAINT": "http://me:S3CRET\\x@h/c.txt"},
        ("'constraint' (PIP_CONSTRAINT)", "encode"),
    ),
    "a backslash in a password of a proxy": (
        INDEX | {"PIP_PROXY": "http://me:S3CRET\\x@h:3128"},
        ("'proxy' (PIP_PROXY)", "backslash"),
    ),
    "a slash in a password of a proxy": (
        INDEX | {"PIP_PROXY": "http://me:12/S3CRET@h:3128"},
        ("'proxy' (PIP_PROXY)", "no address"),
    ),
    "an index as host and port": ({"PIP_INDEX_URL": "localhost:8080/simple"}, ("'index-url' (PIP_INDEX_URL)",)),
    "an index with one slash": ({"PIP_INDEX_URL": "https:/pypi.example/simple"}, ("'index-url' (PIP_INDEX_URL)",)),
    "a misspelt scheme": ({"PIP_INDEX_URL": "htp://pypi.example/simple"}, ("'index-url' (PIP_INDEX_URL)", "htp")),
    "ftp": ({"PIP_INDEX_URL": "ftp://pypi.example/simple"}, ("'index-url' (PIP_INDEX_URL)", "ftp")),
    "a repository": ({"PIP_INDEX_URL": "git+https://pypi.example/x"}, ("'index-url' (PIP_INDEX_URL)", "git+https")),
    "an index in quotes": ({"PIP_INDEX_URL": '"https://pypi.example/simple"'}, ("'index-url' (PIP_INDEX_URL)",)),
    "a directory that is not there": ({"PIP_INDEX_URL": "file:///nowhere/simple"}, ("'index-url' (PIP_INDEX_URL)",)),
    "a file in place of an index": ({"PIP_INDEX_URL": "/etc/passwd"}, ("'index-url' (PIP_INDEX_URL)", "/etc/passwd")),
    "a file URL with a host": ({"PIP_INDEX_URL": "file://host/x"}, ("'index-url' (PIP_INDEX_URL)", "file://host/x")),
    "a blank": ({"PIP_INDEX_URL": "https://a b/simple"}, ("'index-url' (PIP_INDEX_URL)", "blank")),
    "a port in letters": ({"PIP_INDEX_URL": "https://h:port/simple"}, ("'index-url' (PIP_INDEX_URL)", "port")),
    "a port too high": ({"PIP_INDEX_URL": "https://h:99999/simple"}, ("'index-url' (PIP_INDEX_URL)", "port")),
    "no server": ({"PIP_INDEX_URL": "https:///simple"}, ("'index-url' (PIP_INDEX_URL)", "no server")),
    "a slash in a password": ({"PIP_INDEX_URL": "http://me:12/S3CRET@127.0.0.1:9/x"}, ("(PIP_INDEX_URL)", "encode")),
    "an at in a password": ({"PIP_INDEX_URL": "http://me:S3@CRET@127.0.0.1:9/x"}, ("'index-url' (PIP_INDEX_URL)",)),
    "the old name": ({"PIP_PYPI_URL": "pypi.example/simple"}, ("'pypi-url' (PIP_PYPI_URL)",)),
    "two URLs with a comma": (
        INDEX | {"PIP_EXTRA_INDEX_URL": f"{DEAD}/a,{DEAD}/b"},
        ("(PIP_EXTRA_INDEX_URL)", "blank"),
    ),
    "a second index without a scheme": (INDEX | {"PIP_EXTRA_INDEX_URL": "b.example/x"}, ("(PIP_EXTRA_INDEX_URL)",)),
    "a second index that refuses": (
        INDEX | {"PIP_EXTRA_INDEX_URL": DEAD},
        ("'extra-index-url' (PIP_EXTRA_INDEX_URL)",),
    ),
    "a host without an address": (
        {"PIP_INDEX_URL": "https://index.invalid/simple"},
        ("'index-url' (PIP_INDEX_URL)", "index.invalid"),
    ),
    "a server that refuses": ({"PIP_INDEX_URL": f"{DEAD}/simple"}, ("'index-url' (PIP_INDEX_URL)", "refused")),
    "https to a server of http": ({"PIP_INDEX_URL": "https://{host}/simple"}, ("(PIP_INDEX_URL)", "no TLS", "http://")),
    "an index that is none": (
        {"PIP_INDEX_URL": "http://{host}/nothing"},
        ("'index-url' (PIP_INDEX_URL)", "no page of"),
    ),
    "a page for people": ({"PIP_INDEX_URL": "http://{host}/home"}, ("'index-url' (PIP_INDEX_URL)",)),
    "an index that wants a password": (
        {"PIP_INDEX_URL": "http://{host}/closed"},
        ("'index-url' (PIP_INDEX_URL)", "401"),
    ),
    "plain http elsewhere": ({"PIP_INDEX_URL": "http://index.invalid/simple"}, ("index.invalid", "'trusted-host'")),
    "an unknown authority": ({"PIP_INDEX_URL": "{tls}"}, ("not trusted here", "'cert'")),
    "another authority": ({"PIP_INDEX_URL": "{tls}", "PIP_CERT": "{other}"}, ("not trusted here", "'cert' (PIP_CERT)")),
    "links that are not there": (INDEX | {"PIP_FIND_LINKS": "/nowhere"}, ("'find-links' (PIP_FIND_LINKS)", "/nowhere")),
    "links by a relative path": (INDEX | {"PIP_FIND_LINKS": "wheels"}, ("'find-links' (PIP_FIND_LINKS)", "wheels")),
    "links in a text file": (
        INDEX | {"PIP_FIND_LINKS": "{limits}"},
        ("'find-links' (PIP_FIND_LINKS)", "limits.txt", "no page (.html)"),
    ),
    "a project in colons": (INDEX | {"PIP_ONLY_BINARY": ":foo:"}, ("'only-binary' (PIP_ONLY_BINARY)", "':foo:'")),
    "projects without a comma": (
        INDEX | {"PIP_ONLY_BINARY": "six alpha"},
        ("'only-binary' (PIP_ONLY_BINARY)", "'six alpha'", "commas"),
    ),
    "a trusted URL": (
        INDEX | {"PIP_TRUSTED_HOST": "https://me:S3CRET@h/"},
        ("'trusted-host' (PIP_TRUSTED_HOST)", "no host", "HOST:PORT"),
    ),
    "links by ftp": (INDEX | {"PIP_FIND_LINKS": "ftp://x/wheels"}, ("'find-links' (PIP_FIND_LINKS)", "ftp")),
    "links without a page": (
        INDEX | {"PIP_FIND_LINKS": "http://{host}/no/"},
        ("'find-links' (PIP_FIND_LINKS)", "no page"),
    ),
    "links on a server that refuses": (INDEX | {"PIP_FIND_LINKS": DEAD}, ("'find-links' (PIP_FIND_LINKS)", "refused")),
    "no index and no links": ({"PIP_NO_INDEX": "1"}, ("'no-index' (PIP_NO_INDEX)",)),
    "a switch that is none": ({"PIP_NO_INDEX": "maybe"}, ("no-index", "(PIP_NO_INDEX)")),
    "a time in words": (INDEX | {"PIP_TIMEOUT": "soon"}, ("timeout", "(PIP_TIMEOUT)")),
    "a time of ages": (INDEX | {"PIP_TIMEOUT": "99999999999999"}, ("'timeout' (PIP_TIMEOUT)",)),
    "days before any calendar": (INDEX | {"PIP_UPLOADED_PRIOR_TO": "P999999D"}, ("(PIP_UPLOADED_PRIOR_TO)", "P30D")),
    "days without number": (INDEX | {"PIP_UPLOADED_PRIOR_TO": "P99999999999D"}, ("(PIP_UPLOADED_PRIOR_TO)", "P30D")),
    "a day after all calendars": (
        INDEX | {"PIP_UPLOADED_PRIOR_TO": "9999-12-31T23:59:59-23:00"},
        ("'uploaded-prior-to' (PIP_UPLOADED_PRIOR_TO)", "calendar"),
    ),
    "no time": (INDEX | {"PIP_TIMEOUT": "0"}, ("'timeout' (PIP_TIMEOUT)",)),
    "time that has passed": (INDEX | {"PIP_TIMEOUT": "-1"}, ("'timeout' (PIP_TIMEOUT)",)),
    "time that is no number": (INDEX | {"PIP_DEFAULT_TIMEOUT": "nan"}, ("'default-timeout' (PIP_DEFAULT_TIMEOUT)",)),
    "attempts in words": (INDEX | {"PIP_RETRIES": "many"}, ("retries", "(PIP_RETRIES)")),
    "fewer attempts than none": (INDEX | {"PIP_RETRIES": "-1"}, ("'retries' (PIP_RETRIES)",)),
    "resumptions in words": (INDEX | {"PIP_RESUME_RETRIES": "x"}, ("resume-retries", "(PIP_RESUME_RETRIES)")),
    "certificates that are not there": (
        INDEX | {"PIP_CERT": "/nowhere/ca.pem"},
        ("'cert' (PIP_CERT)", "/nowhere/ca.pem"),
    ),
    "certificates that are none": (INDEX | {"PIP_CERT": "/etc/passwd"}, ("'cert' (PIP_CERT)", "PEM")),
    "a stale bundle": (INDEX | {"REQUESTS_CA_BUNDLE": "/nowhere/ca.pem"}, ("(REQUESTS_CA_BUNDLE)", "/nowhere/ca.pem")),
    "a stale bundle of curl": (INDEX | {"CURL_CA_BUNDLE": "/nowhere/ca.pem"}, ("(CURL_CA_BUNDLE)", "/nowhere/ca.pem")),
    "a stale bundle of OpenSSL": (INDEX | {"SSL_CERT_FILE": "/nowhere/ca.pem"}, ("(SSL_CERT_FILE)", "/nowhere/ca.pem")),
    "a client's certificate": (INDEX | {"PIP_CLIENT_CERT": "/nowhere/c.pem"}, ("'client-cert' (PIP_CLIENT_CERT)",)),
    "a proxy with a port in letters": (INDEX | {"PIP_PROXY": "http://me:S3CRET@h:port"}, ("'proxy' (PIP_PROXY)",)),
    "a proxy of another kind": (INDEX | {"PIP_PROXY": "socks5://127.0.0.1:9"}, ("'proxy' (PIP_PROXY)", "socks5")),
    "a proxy that refuses": (OTHER | {"PIP_PROXY": f"{DEAD}"}, ("'proxy' (PIP_PROXY)", "refused")),
    "a proxy of the environment": (OTHER | {"http_proxy": DEAD}, ("'proxy' (http_proxy)", "refused")),
    "a proxy that is none": (INDEX | {"HTTPS_PROXY": "http://h:port"}, ("'proxy' (HTTPS_PROXY)",)),
    "a proxy that wants a password": (OTHER | {"PIP_PROXY": "http://{proxy}"}, ("'proxy' (PIP_PROXY)", "407")),
    "a proxy for https that wants one": (
        {"PIP_INDEX_URL": "https://index.invalid/simple", "PIP_PROXY": "http://me:S3CRET@{proxy}"},
        ("'proxy' (PIP_PROXY)", "407"),
    ),
    "a trusted port in letters": (INDEX | {"PIP_TRUSTED_HOST": "h:port"}, ("(PIP_TRUSTED_HOST)",)),
    "a keyring that is none": (
        INDEX | {"PIP_KEYRING_PROVIDER": "gnome"},
        ("keyring-provider", "(PIP_KEYRING_PROVIDER)"),
    ),
    "a feature that is none": (INDEX | {"PIP_USE_FEATURE": "warp"}, ("use-feature", "(PIP_USE_FEATURE)")),
    "a day in words": (
        INDEX | {"PIP_UPLOADED_PRIOR_TO": "yesterday"},
        ("uploaded-prior-to", "(PIP_UPLOADED_PRIOR_TO)"),
    ),
    "constraints that are not there": (INDEX | {"PIP_CONSTRAINT": "/nowhere/c"}, ("'constraint' (PIP_CONSTRAINT)",)),
    "constraints that are a directory": (INDEX | {"PIP_CONSTRAINT": "/etc"}, ("'constraint' (PIP_CONSTRAINT)", "/etc")),
    "constraints on a server that refuses": (
        INDEX | {"PIP_CONSTRAINT": f"{DEAD}/c.txt"},
        ("'constraint' (PIP_CONSTRAINT)", "9/c.txt"),
    ),
    "constraints without a page": (
        INDEX | {"PIP_CONSTRAINT": "http://{host}/c.txt"},
        ("(PIP_CONSTRAINT)", "404", "/c.txt"),
    ),
    "constraints that are a page": (
        INDEX | {"PIP_CONSTRAINT": "http://{host}/start/"},
        ("(PIP_CONSTRAINT)", "/start/"),
    ),
    "a configuration that is not there": ({"PIP_CONFIG_FILE": "/nowhere/pip.conf"}, ("PIP_CONFIG_FILE", "/nowhere")),
    "a configuration that is a directory": ({"PIP_CONFIG_FILE": "/etc"}, ("PIP_CONFIG_FILE", "/etc")),
    "a configuration without a section": ("index-url = x\n", ("pip.conf", "section")),
    "a configuration with a key twice": ("[global]\nindex-url = x\nindex-url = y\n", ("pip.conf", "index-url")),
    "a configuration in other bytes": (b"[global]\nindex-url = \xff\n", ("pip.conf", "UTF-8")),
    "a time in words in a file": ("[global]\ntimeout = soon\n", ("timeout", "pip.conf [global]")),
    "links in a section": ("[download]\nfind-links = /nowhere\n", ("'find-links'", "pip.conf [download]")),
    "an index in angle brackets": (
        {"PIP_INDEX_URL": "<https://pypi.example/simple>"},
        ("'index-url' (PIP_INDEX_URL)",),
    ),
    "a variable that no shell filled in": (
        {"PIP_INDEX_URL": "https://$HOST/simple"},
        ("'index-url' (PIP_INDEX_URL)", "$HOST"),
    ),
    "an index with a tab": ({"PIP_INDEX_URL": "https://h\t.example/simple"}, ("'index-url' (PIP_INDEX_URL)",)),
    "an index that is a mailbox": ({"PIP_INDEX_URL": "mailto:me@pypi.example"}, ("'index-url' (PIP_INDEX_URL)",)),
    "an empty address in brackets": ({"PIP_INDEX_URL": "https://[]/simple"}, ("'index-url' (PIP_INDEX_URL)",)),
    "an address of six parts without brackets": (
        {"PIP_INDEX_URL": "https://fe80::1/simple"},
        ("'index-url' (PIP_INDEX_URL)",),
    ),
    "an index that redirects to itself": (
        {"PIP_INDEX_URL": "http://{host}/loop"},
        ("'index-url' (PIP_INDEX_URL)", "redirect"),
    ),
    "an index that redirects to a file": ({"PIP_INDEX_URL": "http://{host}/away"}, ("file", "(PIP_INDEX_URL)")),
    "an index that sends a picture": ({"PIP_INDEX_URL": "http://{host}/picture"}, ("image/png", "(PIP_INDEX_URL)")),
    "an index that is another project": ({"PIP_INDEX_URL": "http://{host}/one"}, ("alpha", "(PIP_INDEX_URL)")),
    "an index that is a wheel": ({"PIP_INDEX_URL": "http://{host}/wheel.whl"}, ("(PIP_INDEX_URL)",)),
    "links that are a directory of no rights": (
        INDEX | {"PIP_FIND_LINKS": "/proc/1/task/1/fdinfo/x"},
        ("'find-links' (PIP_FIND_LINKS)",),
    ),
    "links by a file URL with a host": (
        INDEX | {"PIP_FIND_LINKS": "file://server/share/wheels"},
        ("'find-links' (PIP_FIND_LINKS)", "file://server/share/wheels"),
    ),
    "links to a repository": (INDEX | {"PIP_FIND_LINKS": "git+https://h/x"}, ("(PIP_FIND_LINKS)", "git+https")),
    "links that want a password": (
        INDEX | {"PIP_FIND_LINKS": "http://{host}/closed/alpha/"},
        ("'find-links' (PIP_FIND_LINKS)", "401"),
    ),
    "certificates in a directory that is empty": (INDEX | {"PIP_CERT": "{empty}"}, ("'cert' (PIP_CERT)", "{empty}")),
    "a key without its certificate": (
        {"PIP_INDEX_URL": "{tls}", "PIP_CERT": "{own}", "PIP_CLIENT_CERT": "{key}"},
        ("'client-cert' (PIP_CLIENT_CERT)",),
    ),
    "a directory as a client's certificate": (
        INDEX | {"PIP_CLIENT_CERT": "/etc"},
        ("'client-cert' (PIP_CLIENT_CERT)",),
    ),
    "a proxy that is a file": (INDEX | {"PIP_PROXY": "/etc/passwd"}, ("'proxy' (PIP_PROXY)",)),
    "a proxy without a server": (INDEX | {"PIP_PROXY": "http://"}, ("'proxy' (PIP_PROXY)",)),
    "a proxy in capitals": (OTHER | {"ALL_PROXY": "socks4://127.0.0.1:9"}, ("'proxy' (ALL_PROXY)", "socks4")),
    "a trusted host with a scheme": (INDEX | {"PIP_TRUSTED_HOST": "http://h:port/"}, ("(PIP_TRUSTED_HOST)",)),
    "an endless time": (INDEX | {"PIP_TIMEOUT": "inf"}, ("'timeout' (PIP_TIMEOUT)",)),
    "attempts with a comma": (INDEX | {"PIP_RETRIES": "1,5"}, ("retries", "(PIP_RETRIES)")),
    "a day that there is not": (INDEX | {"PIP_UPLOADED_PRIOR_TO": "2026-02-30"}, ("(PIP_UPLOADED_PRIOR_TO)",)),
    "constraints that are a wheel": (INDEX | {"PIP_CONSTRAINT": "{wheel}"}, ("{wheel}",)),
    "constraints with a fault": (INDEX | {"PIP_CONSTRAINT": "{limits}"}, ("{limits}", "PIP_CONSTRAINT")),
    "constraints with extras": (INDEX | {"PIP_CONSTRAINT": "{extras}"}, ("{extras}", "PIP_CONSTRAINT", "alpha[x]")),
    "constraints with a URL": (INDEX | {"PIP_CONSTRAINT": "{direct}"}, ("{direct}", "PIP_CONSTRAINT", "a URL")),
    "constraints that want a password": (
        INDEX | {"PIP_CONSTRAINT": "http://{host}/closed/alpha/"},
        ("(PIP_CONSTRAINT)", "401"),
    ),
    "a configuration with a wrong interpolation": (
        "[global]\nindex-url = %(nothing)s/simple\n",
        ("index-url", "pip.conf"),
    ),
    "a configuration with a section twice": (
        "[global]\nindex-url = x\n[global]\ntimeout = 3\n",
        ("pip.conf", "global"),
    ),
    "a configuration with nulls": (b"[global]\nindex-url = \0\n", ("index-url", "pip.conf")),
    "an index in a file": ("[global]\nindex-url = pypi.example/simple\n", ("'index-url'", "pip.conf [global]")),
}


class _Proxy(http.server.BaseHTTPRequestHandler):
    """A proxy that wants a password."""

    def do_GET(self) -> None:
        self.send_response(407)
        self.send_header("Proxy-Authenticate", 'Basic realm="x"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    do_CONNECT = do_GET  # noqa: N815 - the names that http.server calls

    def log_message(self, *_: object) -> None:
        """Stay quiet."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """Yield the addresses of an index, of one behind TLS, and of a proxy."""
    folder = tmp_path_factory.mktemp("tls")
    for name in ("own", "other"):
        subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
        files = ["-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.crt")]
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        subprocess.run([*command, "-days", "2", *subject, *files], check=True, capture_output=True)
    both = folder / "both.pem"
    both.write_text((folder / "own.key").read_text() + (folder / "own.crt").read_text())
    with Index() as index, Index(tls=both) as tls, answering(_Proxy) as proxy:
        for one in (index, tls):
            one.add(make_wheel("alpha", requires=["beta"]), make_wheel("beta", "2.0"))
        page = Answer(body=b"<html><body>Welcome</body></html>", headers={"Content-Type": "text/html"})
        index.answers |= {"/start/": page, "/start/alpha/": page}
        index.answers["/loop/alpha/"] = moved(f"http://{index.host}/loop/alpha/")
        index.answers["/away/alpha/"] = moved("file:///etc/passwd")
        picture = Answer(body=b"\x89PNG", headers={"Content-Type": "image/png"})
        index.answers |= {"/picture/alpha/": picture, "/wheel.whl/alpha/": Answer(status=404)}
        listed = b'{"meta": {"api-version": "1.0"}, "name": "beta", "files": []}'
        kind = {"Content-Type": "application/vnd.pypi.simple.v1+json"}
        index.answers["/one/alpha/"] = Answer(body=listed, headers=kind)
        (folder / "empty").mkdir()
        (folder / "limits.txt").write_text("alpha==1.0 oops\n")
        (folder / "extras.txt").write_text("alpha[x]==1.0\n")
        (folder / "direct.txt").write_text("alpha @ https://me:S3CRET@h/alpha-1.0-py3-none-any.whl\n")
        wheel = make_wheel("alpha").save(folder)
        index.answers["/closed/alpha/"] = Answer(status=401, headers={"WWW-Authenticate": 'Basic realm="x"'})
        yield {
            "index": index.url,
            "host": index.host,
            "tls": tls.url,
            "proxy": f"127.0.0.1:{proxy}",
            "other": str(folder / "other.crt"),
            "own": str(folder / "own.crt"),
            "key": str(folder / "own.key"),
            "empty": str(folder / "empty"),
            "limits": str(folder / "limits.txt"),
            "extras": str(folder / "extras.txt"),
            "direct": str(folder / "direct.txt"),
            "wheel": str(wheel),
        }


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_setting(
    kind: str, workspace: Workspace, world: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The line names the setting and the variable or the file that has it; no password is shown."""
    setting, wanted = BROKEN[kind]
    monkeypatch.setenv("PIP_RETRIES", "0")
    if isinstance(setting, str | bytes):
        (tmp_path / "pip.conf").write_bytes(setting if isinstance(setting, bytes) else setting.encode())
        setting = {"PIP_CONFIG_FILE": str(tmp_path / "pip.conf")}
    for name, value in setting.items():
        monkeypatch.setenv(name, value.format_map(_Known(world)))
    workspace.write("base.txt", "alpha\n")
    workspace.toml({"linux": LINUX})
    with pytest.raises(SubsetError) as caught:
        plan(workspace.paths)
    line = line_of(caught.value)
    assert all(below.startswith("    ") for below in line.splitlines()[1:]), line
    assert [part for part in wanted if part.format_map(_Known(world)) not in line] == [], line
    assert "S3" not in line
    assert "Traceback" not in line


def test_certificates_are_read_again_once_they_changed(
    workspace: Workspace, world: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A file that several runs of one process name is refused by the run that finds it broken."""
    own = tmp_path / "own.crt"
    own.write_bytes(Path(world["own"]).read_bytes())
    for name, value in {"PIP_INDEX_URL": world["index"], "PIP_CERT": str(own), "SSL_CERT_FILE": str(own)}.items():
        monkeypatch.setenv(name, value)
    workspace.write("base.txt", "alpha\n")
    workspace.toml({"linux": LINUX})
    plan(workspace.paths)
    own.write_text("no certificate\n")
    with pytest.raises(SubsetError, match=r"'cert' \(PIP_CERT\).* in the form PEM"):
        plan(workspace.paths)


class _Known(dict[str, Any]):
    """Leaves what it does not know as it is."""

    def __missing__(self, key: str) -> str:
        return f"{{{key}}}"
