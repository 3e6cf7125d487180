"""Lines, proxies and certificates as they are: the same two wheels for mirror, pip and uv, one row for each kind."""

from __future__ import annotations

import base64
import http.server
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest

from pypi_subset.errors import SubsetError
from tests.support.programs.installers import install
from tests.support.servers.index import Index
from tests.support.servers.index_http import Answer
from tests.support.servers.ports import answering, free_port
from tests.support.stages.mirroring import LINUX, mirror, versions
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from pypi_subset.pip.pool import Pips
    from tests.support.sites.workspace import Workspace

#: Each row starts real pip and real uv.
pytestmark = pytest.mark.long

ALPHA, BETA = make_wheel("alpha", requires=["beta"]), make_wheel("beta", "2.0")
FILE, PAGE = f"/files/{BETA.filename}", "/simple/beta/"
#: An index that a proxy alone can reach.
BEHIND = "http://index.invalid/simple/"


@dataclass(frozen=True)
class Row:
    """
    One kind of trouble.

    :param variables: of all three; ``{proxy}``, ``{strict}`` (a proxy without a password), ``{own}`` and ``{other}``
        (certificates) stand in them.
    :param change: makes it, of the index.
    :param pip: the version of beta that pip installs, ``""`` if it ends with an error; and so *uv* for uv.
    :param ours: a part of the error of mirror, ``""`` if it takes both projects.
    :param place: the index: as it is, behind TLS, or behind the proxy.
    """

    pip: str
    uv: str
    ours: str = ""
    change: Callable[[Index], object] = lambda _: None
    variables: Mapping[str, str] | None = None
    place: str = "index"


def _busy(path: str, status: int, times: int, **headers: str) -> Callable[[Index], object]:
    """Let the index answer so at *path*, the first *times* times."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    def change(index: Index) -> None:
        left = [times]
        index.answers[path] = Answer(status=status, headers=named)

        def sent(at: str) -> None:
            left[0] -= at == path
            if left[0] == 0:
                index.answers.pop(path, None)

        index.on_sent = sent

    return change


def _unranged(index: Index) -> None:
    index.ranges = False
    _cut(1000)(index)


def _cut(times: int) -> Callable[[Index], object]:
    return lambda index: index.cuts.update({FILE: times})


PROXY, STRICT = "http://me:S3cret@{proxy}", "http://{proxy}"
ROWS = {
    "a proxy with a password": Row("2.0", "2.0", variables={"http_proxy": PROXY}, place="behind"),
    "a proxy that wants a password": Row("", "", "password (407)", variables={"http_proxy": STRICT}, place="behind"),
    "a proxy that is away": Row("", "", "(http_proxy)", variables={"http_proxy": "http://{nothing}"}, place="behind"),
    "an unknown authority": Row("", "", "is not trusted here", place="tls"),
    # uv takes no certificate of a server for an authority.
    "a known authority": Row("2.0", "", variables={"PIP_CERT": "{own}", "SSL_CERT_FILE": "{own}"}, place="tls"),
    "another authority": Row(
        "", "", "'cert' (PIP_CERT)", variables={"PIP_CERT": "{other}", "SSL_CERT_FILE": "{other}"}, place="tls"
    ),
    "a stale path of a bundle": Row(
        "",
        "",
        "(REQUESTS_CA_BUNDLE)",
        variables={"REQUESTS_CA_BUNDLE": "/nowhere/ca.pem", "SSL_CERT_FILE": "{own}"},
        place="tls",
    ),
    "a file that is cut once": Row("2.0", "2.0", change=_cut(1)),
    "a file that is cut each time": Row("", "", change=_cut(1000)),
    "a file that is cut each time, without ranges": Row(
        "", "", "cannot fetch", change=_unranged, variables={"PIP_RETRIES": "0", "UV_HTTP_RETRIES": "0"}
    ),
    "a page that is busy, with a moment": Row("2.0", "2.0", change=_busy(PAGE, 429, 2, Retry_After="1")),
    "a file that is busy, with a moment": Row("2.0", "2.0", change=_busy(FILE, 429, 2, Retry_After="1")),
    "a server that is down for a while": Row("2.0", "2.0", change=_busy(PAGE, 503, 2, Retry_After="1")),
    "a server that fails once": Row("2.0", "2.0", change=_busy(FILE, 500, 1)),
    "a server that fails each time": Row(
        "", "", "answered 502", change=_busy(PAGE, 502, 10_000), variables={"PIP_RETRIES": "0", "UV_HTTP_RETRIES": "0"}
    ),
}


@dataclass(frozen=True)
class World:
    """An index, the same behind TLS, and the addresses of both and of a proxy, by their names in `Row`."""

    plain: Index
    secure: Index
    names: Mapping[str, str]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Yield servers with both wheels."""
    for name in ("own", "other"):
        subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"]
        files = ["-keyout", str(tmp_path / f"{name}.key"), "-out", str(tmp_path / f"{name}.crt")]
        command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
        subprocess.run([*command, "-days", "2", *subject, *files], check=True, capture_output=True)
    both = tmp_path / "both.pem"
    both.write_text((tmp_path / "own.key").read_text() + (tmp_path / "own.crt").read_text())
    with Index() as index, Index(tls=both) as tls:
        for one in (index, tls):
            one.add(ALPHA, BETA)

        class Proxy(http.server.BaseHTTPRequestHandler):
            """Leads to the index whatever server is named, with the right password alone."""

            def do_GET(self) -> None:
                """Answer one request."""
                wanted = f"Basic {base64.b64encode(b'me:S3cret').decode()}"
                if self.headers["Proxy-Authorization"] != wanted:
                    self.send_response(407)
                    self.send_header("Proxy-Authenticate", 'Basic realm="x"')
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                    return
                with urlopen(f"http://{index.host}{urlsplit(self.path).path}") as found:
                    body, kind = found.read(), found.headers["Content-Type"]
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Stay quiet."""

        with answering(Proxy) as port:
            own = {name: str(tmp_path / f"{name}.crt") for name in ("own", "other")}
            nothing = f"127.0.0.1:{free_port()}"
            yield World(plain=index, secure=tls, names={**own, "proxy": f"127.0.0.1:{port}", "nothing": nothing})


@pytest.mark.parametrize("kind", ROWS)
def test_a_kind(
    kind: str, workspace: Workspace, world: World, monkeypatch: pytest.MonkeyPatch, own_pips: Pips, tmp_path: Path
) -> None:
    """mirror, pip and uv answer as the table says; no password is shown."""
    row, index = ROWS[kind], world.secure if ROWS[kind].place == "tls" else world.plain
    url = BEHIND if row.place == "behind" else index.url
    variables = {name: value.format_map(world.names) for name, value in (row.variables or {}).items()}
    installs = {}
    flags = {"pip": "", "uv pip": ""}
    if row.place == "behind":
        monkeypatch.setenv("PIP_TRUSTED_HOST", "index.invalid")
        flags = {"pip": "--trusted-host index.invalid", "uv pip": "--allow-insecure-host index.invalid"}
    for tool, more in flags.items():
        row.change(index)
        command = f"{tool} install {more} --index-url {url} alpha"
        code, _, into = install(own_pips, command, tmp_path / tool, variables)
        found = [] if code else into.glob("beta-*.dist-info")
        installs[tool] = "".join(one.name.removesuffix(".dist-info").removeprefix("beta-") for one in found)
    row.change(index)
    monkeypatch.setenv("PIP_INDEX_URL", url)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    said = ""
    try:
        workspace.write("base.txt", "alpha\n")
        workspace.toml({"linux": LINUX})
        mirror(workspace)
    except SubsetError as error:
        said = f"{error.what}; {error.next_step}"
    else:
        assert versions(workspace, "base--linux") == {"alpha": "1.0", "beta": "2.0"}
    assert (installs, bool(said)) == ({"pip": row.pip, "uv pip": row.uv}, bool(row.ours)), said
    assert row.ours in said
    assert "S3cret" not in said


@pytest.mark.parametrize("status", [0, 401, 403, 404, 410])
def test_an_address_of_a_lock_that_fails(
    status: int, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, own_pips: Pips, tmp_path: Path
) -> None:
    """mirror finds the file by its name and hash; pip and uv end with an error for the same lock."""
    workspace.write("base.txt", "alpha\n")
    workspace.toml({"linux": LINUX})
    with Index() as old, Index() as now:
        for one in (old, now):
            one.add(ALPHA, BETA)
        monkeypatch.setenv("PIP_INDEX_URL", old.url)
        mirror(workspace)
        lock = workspace.paths.locks / "pylock.base--linux.toml"
        before = lock.read_bytes()
        for folder in (workspace.paths.packages, workspace.paths.site):
            shutil.rmtree(folder)
        if status:
            old.on_request = lambda _: status
        else:
            old.close()
        monkeypatch.setenv("PIP_INDEX_URL", now.url)
        for tool in ("pip", "uv pip"):
            shutil.copy(lock, tmp_path / "pylock.toml")
            command = f"{tool} install --index-url {now.url} -r {tmp_path / 'pylock.toml'}"
            assert install(own_pips, command, tmp_path / tool, {"PIP_RETRIES": "0", "UV_HTTP_RETRIES": "0"})[0] != 0
        mirror(workspace)
    assert lock.read_bytes() == before
    assert sorted(path.name for path in workspace.paths.packages.glob("*.whl")) == [ALPHA.filename, BETA.filename]
