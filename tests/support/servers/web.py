"""
A site on the web servers that people have, each a process of our own on loopback, set up by the site's own snippet.

Every context manager yields a base URL that ends in a slash. Nothing of the machine's own servers is touched.
"""

from __future__ import annotations

import contextlib
import http.server
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote_plus

import pytest

from pypi_subset.site import web_servers
from tests.support.servers.ports import answering, free_port, running

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

MODULES = Path("/usr/lib/apache2/modules")

# What Debian loads from the beginning, mod_headers, and what runs programs.
_APACHE_MODULES = "mpm_event authz_core authz_host alias dir mime negotiation setenvif deflate filter headers cgi"

_NGINX = """\
daemon off;
master_process off;
pid {work}/pid;
error_log stderr;
events {{}}
http {{
    include /etc/nginx/mime.types;
    default_type application/octet-stream;
    gzip on;
    access_log off;
    client_body_temp_path {work}/body;
    proxy_temp_path {work}/proxy;
    fastcgi_temp_path {work}/fastcgi;
    uwsgi_temp_path {work}/uwsgi;
    scgi_temp_path {work}/scgi;
    server {{
        listen 127.0.0.1:{port};
        include {snippet};
    }}
}}
"""

# With what makes it hard: `.gz` is an encoding, files named `.php.` are programs, and extensions mean languages.
_APACHE = """\
ServerRoot {work}
ServerName localhost
PidFile {work}/pid
DefaultRuntimeDir {work}
ErrorLog /dev/stderr
Listen 127.0.0.1:{port}
{modules}
TypesConfig /etc/mime.types
AddEncoding x-gzip .gz .tgz
AddHandler cgi-script .php .cgi
AddLanguage de .de
<Directory />
    Require all denied
    AllowOverride None
    Options FollowSymLinks
</Directory>
<VirtualHost 127.0.0.1:{port}>
{body}
</VirtualHost>
"""

_HTACCESS = """\
DocumentRoot "{site}"
<Directory "{site}">
    AllowOverride All
    Require all granted
</Directory>
<FilesMatch "^\\.ht">
    Require all denied
</FilesMatch>
"""

_CADDY = """\
{{
    admin off
    auto_https off
}}
http://127.0.0.1:{port} {{
    bind 127.0.0.1
    import {snippet}
}}
"""


@contextlib.contextmanager
def nginx(site: Path) -> Iterator[str]:
    """Yield the address of *site* on nginx, by ``hosts/nginx.conf``."""

    def settings(work: Path, port: int) -> str:
        return _NGINX.format(work=work, port=port, snippet=_placed(site, "hosts/nginx.conf", work))

    with _running(settings, lambda path: [_program("nginx"), "-p", str(path.parent), "-c", str(path)]) as url:
        yield url


@contextlib.contextmanager
def apache(site: Path, *, htaccess: bool = False) -> Iterator[str]:
    """
    Yield the address of *site* on Apache, by ``hosts/apache.conf``.

    :param htaccess: by the ``.htaccess`` files of the site instead, as on a shared host.
    """

    def settings(work: Path, port: int) -> str:
        own = _HTACCESS.format(site=site.absolute())
        body = own if htaccess else f"Include {_placed(site, 'hosts/apache.conf', work)}"
        modules = "\n".join(f"LoadModule {name}_module {MODULES}/mod_{name}.so" for name in _APACHE_MODULES.split())
        return _APACHE.format(work=work, port=port, modules=modules, body=body)

    with _running(settings, lambda path: [*unprivileged(), _program("apache2"), "-X", "-f", str(path)]) as url:
        yield url


@contextlib.contextmanager
def caddy(site: Path) -> Iterator[str]:
    """Yield the address of *site* on Caddy, by ``hosts/Caddyfile``."""

    def settings(work: Path, port: int) -> str:
        return _CADDY.format(port=port, snippet=_placed(site, "hosts/Caddyfile", work))

    arguments = ["run", "--adapter", "caddyfile", "--config"]
    with _running(settings, lambda path: [_program("caddy"), *arguments, str(path)]) as url:
        yield url


@contextlib.contextmanager
def object_store(site: Path) -> Iterator[str]:
    """
    Yield the address of *site* in an object store: a key is there or not, and a plus sign in a URL is a space.

    It holds what `hosts.objects` lists, with the headers that it says.
    """
    listed = [(one.key, one.kind, one.cache, one.path) for one in web_servers.objects(site)]
    with _store(lambda: listed) as url:
        yield url


@contextlib.contextmanager
def stored(listed: Path) -> Iterator[str]:
    """Yield the address of an object store with the objects of *listed*: key, type, ``Cache-Control`` and file in each line."""

    def objects() -> Iterator[tuple[str, str, str, Path]]:
        for line in listed.read_text(encoding="utf-8").splitlines():
            key, kind, cache, path = line.split("\t")
            yield key, kind, cache, Path(path)

    with _store(objects) as url:
        yield url


@contextlib.contextmanager
def _store(objects: Callable[[], Iterable[tuple[str, str, str, Path]]]) -> Iterator[str]:
    """Yield the address of an object store; each request asks for its *objects*."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """Answer with one object."""
            found = {key: (kind, cache, path) for key, kind, cache, path in objects()}.get(
                unquote_plus(self.path.partition("?")[0]).removeprefix("/")
            )
            kind, cache, path = found or ("", "", Path(os.devnull))
            data = path.read_bytes() if found else b"NoSuchKey"
            self.send_response(200 if found else 404)
            for name, value in (("Content-Type", kind), ("Cache-Control", cache)):
                if value:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(data)

        do_HEAD = do_GET  # noqa: N815 - the library's name

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with answering(Handler) as port:
        yield f"http://127.0.0.1:{port}/"


@contextlib.contextmanager
def _running(settings: Callable[[Path, int], str], command: Callable[[Path], Sequence[str]]) -> Iterator[str]:
    """
    Yield the address of a server, which ends with the block.

    :param settings: working directory, port → text of its settings.
    :param command: file of settings → command that runs the server in the foreground.
    """
    with tempfile.TemporaryDirectory() as folder:
        work, port = Path(folder), free_port()
        # Caddy goes by the name: a Caddyfile.
        path = work / "Settings"
        path.write_text(settings(work, port))
        environment = {**os.environ, "HOME": folder, "XDG_CONFIG_HOME": folder, "XDG_DATA_HOME": folder}
        with running(command(path), port, work / "log", environment=environment):
            yield f"http://127.0.0.1:{port}/"


def _placed(site: Path, name: str, work: Path) -> Path:
    """Return a copy of the site's snippet *name* with its one line changed, as a user would."""
    own = site / name
    text = own.read_text() if own.is_file() else web_servers.render(())[name].decode()
    assert text.count(web_servers.PLACE) == 1
    copy = work / "snippet"
    copy.write_text(text.replace(web_servers.PLACE, str(site.absolute())))
    return copy


def _program(name: str) -> str:
    """Return where the server is; skip the test where there is none."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if found is None:
        pytest.skip(f"no {name} here")
    return found


def unprivileged() -> list[str]:
    """Return the beginning of a command that is not root's, since Apache refuses that, yet may read what root may."""
    if os.geteuid() != 0:
        return []
    keep = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override"]
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *keep]
