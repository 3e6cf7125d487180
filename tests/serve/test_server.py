"""The server: only files of the site, with what installers need to know, and the newest site at once."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import SubsetError
from pypi_subset.model.paths import JSON_TYPE
from pypi_subset.serve import server
from pypi_subset.site import web_servers
from pypi_subset.support import files, staging
from pypi_subset.support.text import POLICY_HEADER
from tests.support.programs.commands import PYPI_SUBSET
from tests.support.programs.installers import install
from tests.support.servers.served import Answer, Served, ask
from tests.support.sites.cases import LINUX, WINDOWS
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.stages.manifests import document
from tests.support.stages.values import artifacts_of, lay_out, write_index
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pypi_subset.pip.pool import Pips

WHEEL = make_wheel("app", "1.0+local", requires=["lib"])
WHEEL_PATH = "/simple/app/app-1.0%2Blocal-py3-none-any.whl"


def build(folder: Path, *names: str) -> Path:
    """Return a site in *folder* with WHEEL, `lib`, and wheels of further *names*."""
    wheels = [WHEEL, make_wheel("lib"), *map(make_wheel, names)]
    projects = lay_out(artifacts_of(wheels, folder.with_name(f"{folder.name}-packages")), folder)
    write_index(projects, folder)
    files.write(folder / "index.html", b"<!DOCTYPE html><title>front</title>")
    files.write(folder / "manifest.json", json.dumps(document()).encode())
    files.write(folder / ".secret", b"hidden")
    files.write(folder / "simple" / "app" / f"{WHEEL.filename}.metadata", WHEEL.metadata)
    for path in ("simple", "simple/app", "targets/linux/simple", "targets/linux/simple/app"):
        (folder / path).mkdir(parents=True, exist_ok=True)
        files.write(folder / path / "index.v1_json", json_page(path))
    (folder / "simple" / "lib" / "index.v1_json").unlink(missing_ok=True)
    for path in ("targets/linux/simple", "targets/linux/simple/app"):
        files.write(folder / path / "index.html", f"<!DOCTYPE html><title>{path}</title>".encode())
    rest = dict.fromkeys(("simple-json/index.html", "locks/pylock.base.toml"), b"{}")
    for path, data in (rest | web_servers.render(["linux"])).items():
        (folder / path).parent.mkdir(exist_ok=True)
        files.write(folder / path, data)
    return folder


def json_page(path: str) -> bytes:
    """Return an index page as JSON that tells, by a private key, where it stands; the one of `app` has WHEEL."""
    url = WHEEL_PATH.rpartition("/")[2]
    file = {"filename": WHEEL.filename, "url": url, "hashes": {"sha256": WHEEL.sha256}, "size": len(WHEEL.data)}
    page = {"meta": {"api-version": "1.4"}, "name": "app", "versions": ["1.0+local"], "files": [file]}
    return json.dumps(page | {"_path": path}).encode()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Yield a served site beside a file that must stay out of reach."""
    folder = tmp_path_factory.mktemp("served")
    (folder / "outside.html").write_text("outside")
    site = build(folder / "site")
    (site / "way-out").symlink_to(folder)
    with Served(site, folder / "log") as running:
        yield running


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/index.html", "text/html; charset=utf-8"),
        ("/simple/", "text/html; charset=utf-8"),
        ("/simple/app/", "text/html; charset=utf-8"),
        ("/find-links.html", "text/html; charset=utf-8"),
        ("/manifest.json", "application/json"),
        ("/simple/app/index.html", "text/html; charset=utf-8"),
        ("/simple/app/index.v1_json", "application/vnd.pypi.simple.v1+json"),
        ("/simple-json/", "application/vnd.pypi.simple.v1+json"),
        ("/simple-json/index.html", "application/vnd.pypi.simple.v1+json"),
        ("/locks/pylock.base.toml", "application/toml"),
        (WHEEL_PATH, "application/octet-stream"),
        (f"{WHEEL_PATH}.metadata", "application/octet-stream"),
    ],
)
def test_each_file_has_its_type_and_pages_are_asked_for_anew(served: Served, path: str, kind: str) -> None:
    """Installers read a page by its type alone, and must not keep it: uv would for ten minutes."""
    answer = ask(served.port, path)

    assert answer.status == 200
    assert answer.headers["content-type"] == kind
    assert answer.headers.get("cache-control") == (None if path.startswith(WHEEL_PATH) else "no-cache")
    assert int(answer.headers["content-length"]) == len(answer.body)


@pytest.mark.parametrize("path", ["/simple/app", "/simple"])
def test_a_folder_without_slash_is_redirected(served: Served, path: str) -> None:
    """Relative links in a page hold only if its address ends in a slash."""
    answer = ask(served.port, path)

    assert answer.status == 307
    assert answer.headers["location"] == f"./{path.rpartition('/')[2]}/"
    assert ask(served.port, f"{path}?a=1&b").headers["location"] == f"./{path.rpartition('/')[2]}/?a=1&b"


def test_a_redirect_leads_nowhere_else(served: Served) -> None:
    """Whatever a path begins with, the address that follows is on this server."""
    for path in ("//elsewhere.example/..//simple", "/%2F%2Felsewhere.example/%2e%2e/%2e%2e/simple", "//simple/app"):
        answer = ask(served.port, path)
        assert answer.headers.get("location", "./").startswith("./"), path


JUNK = [
    *("junk", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=5-2", "items=0-5", "bytes=0-1,junk", "bytes=0-1,4-5"),
    *("bytes=--5", "bytes=" + "9" * 5000 + "-", "bytes=0x1-2", "bytes=1-2;3", "=0-1", "bytes=1.0-2"),
]


@pytest.mark.parametrize("value", JUNK)
def test_a_range_that_is_none_is_ignored(served: Served, value: str) -> None:
    """The answer is the whole file, as RFC 9110, 14.2 has it."""
    answer = ask(served.port, WHEEL_PATH, Range=value)

    assert (answer.status, answer.body) == (200, WHEEL.data)


FOLDERS = ("/simple/", "/simple/app/", "/targets/linux/simple/", "/targets/linux/simple/app/")
PIP = f"{JSON_TYPE}, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01"
UV = f"{JSON_TYPE}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
V1_HTML = "application/vnd.pypi.simple.v1+html"


@pytest.mark.parametrize("path", FOLDERS)
@pytest.mark.parametrize("accept", [PIP, UV, f"{JSON_TYPE}, */*;q=0.1", JSON_TYPE.replace("v1", "latest")])
def test_an_index_page_is_json_for_who_prefers_it(served: Served, path: str, accept: str) -> None:
    """The page of every index, and of every project in it, comes as JSON to pip, uv and poetry."""
    answer = ask(served.port, path, Accept=accept)

    assert (answer.status, answer.headers["content-type"]) == (200, JSON_TYPE)
    assert json.loads(answer.body)["_path"] == path.strip("/")
    assert (answer.headers["vary"], answer.headers["cache-control"]) == ("Accept", "no-cache")


@pytest.mark.parametrize("path", FOLDERS)
@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("*/*", "text/html; charset=utf-8"),
        ("", "text/html; charset=utf-8"),
        (BROWSER, "text/html; charset=utf-8"),
        ("image/png", "text/html; charset=utf-8"),
        (f"{JSON_TYPE};q=0, */*", "text/html; charset=utf-8"),
        (V1_HTML, V1_HTML),
    ],
)
def test_an_index_page_is_html_for_everybody_else(served: Served, path: str, accept: str, kind: str) -> None:
    """Whoever does not ask for JSON gets HTML, under the name that was asked for; nobody is turned away."""
    answer = ask(served.port, path, Accept=accept)

    assert (answer.status, answer.headers["content-type"]) == (200, kind)
    assert answer.body.startswith(b"<!DOCTYPE html>")
    assert (answer.headers["vary"], answer.headers["cache-control"]) == ("Accept", "no-cache")


def test_a_page_without_json_is_html(served: Served) -> None:
    """Where there is no JSON page, who prefers it gets the HTML one."""
    answer = ask(served.port, "/simple/lib/", Accept=PIP)

    assert (answer.status, answer.headers["content-type"]) == (200, V1_HTML)
    assert b"lib-1.0" in answer.body


def test_one_form_is_not_taken_for_the_other(served: Served) -> None:
    """The ETag of the HTML page is not that of the JSON page, so a kept one is sent again."""
    kept = ask(served.port, "/simple/app/").headers["etag"]
    answer = ask(served.port, "/simple/app/", Accept=PIP, If_None_Match=kept)
    again = ask(served.port, "/simple/app/", Accept=PIP, If_None_Match=f'"x", W/{answer.headers["etag"]}')

    assert (answer.status, answer.headers["content-type"]) == (200, JSON_TYPE)
    assert (again.status, again.headers["vary"], again.headers["cache-control"]) == (304, "Accept", "no-cache")


@pytest.mark.parametrize("accept", [PIP, "*/*"])
def test_head_of_an_index_page_is_that_of_get(served: Served, accept: str) -> None:
    """HEAD negotiates as GET does."""
    get = ask(served.port, "/simple/app/", Accept=accept)
    head = ask(served.port, "/simple/app/", "HEAD", Accept=accept)

    assert head.body == b""
    assert {**head.headers, "date": ""} == {**get.headers, "date": ""}


def test_metadata_is_served_beside_its_wheel(served: Served) -> None:
    """`.metadata` has the bytes of the wheel's own (PEP 658)."""
    assert ask(served.port, f"{WHEEL_PATH}.metadata").body == WHEEL.metadata


@pytest.mark.parametrize("path", ["/", WHEEL_PATH])
def test_head_gives_the_headers_of_get_and_no_body(served: Served, path: str) -> None:
    """HEAD is answered for pages and for files."""
    get, head = ask(served.port, path), ask(served.port, path, "HEAD")

    assert head.body == b""
    assert {**head.headers, "date": ""} == {**get.headers, "date": ""}


@pytest.mark.parametrize("path", ["/simple/app/", WHEEL_PATH])
def test_what_the_client_has_is_not_sent_again(served: Served, path: str) -> None:
    """A request with the ETag of the last answer gets 304, one with another gets the whole."""
    first = ask(served.port, path)
    again = ask(served.port, path, If_None_Match=first.headers["etag"])

    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert ask(served.port, path, If_None_Match='"other"').body == first.body


def test_a_part_of_a_wheel_can_be_had(served: Served) -> None:
    """Range requests give the bytes asked for; one beyond the end is refused."""
    part = ask(served.port, WHEEL_PATH, Range="bytes=2-5")

    assert (part.status, part.body) == (206, WHEEL.data[2:6])
    assert part.headers["content-range"] == f"bytes 2-5/{len(WHEEL.data)}"
    assert ask(served.port, WHEEL_PATH, Range="bytes=9999999-").status == 416


@pytest.mark.parametrize(
    "path",
    [
        "/../outside.html",
        "/%2e%2e/outside.html",
        "/simple/..%2f..%2foutside.html",
        "/simple/../../outside.html",
        "//outside.html",
        "/way-out/outside.html",
        "/.secret",
        "/simple/.htaccess",
        "/%2esecret",
        "/simple/.hidden/x",
        "/simple/app/%00",
        "/simple/app/" + "a" * 300,
        "/" + "a/" * 3000,
        "/nothing",
        "/C:/x",
        "/..\\outside.html",
        "/simple/app/app-1.0-py3-none-any.whl/",
        f"{WHEEL_PATH}/",
        "/simple/app/index.html/",
    ],
)
def test_nothing_else_can_be_read(served: Served, path: str) -> None:
    """No way leads out of the site, no hidden file is shown, and an odd path is no error of the server."""
    answer = ask(served.port, path)

    assert answer.status == 404
    assert b"outside" not in answer.body
    assert served.said == ""


def test_a_part_is_of_the_file_that_the_client_knows(served: Served) -> None:
    """A range goes with If-Range alone to who names the file's ETag; anybody else gets the whole."""
    etag = ask(served.port, WHEEL_PATH).headers["etag"]

    assert ask(served.port, WHEEL_PATH, Range="bytes=2-5", If_Range=etag).status == 206
    assert ask(served.port, WHEEL_PATH, Range="bytes=2-5", If_Range='"other"').body == WHEEL.data


def test_a_file_that_did_not_change_is_not_sent_again(served: Served) -> None:
    """If-Modified-Since with the date of the last answer gets 304."""
    date = ask(served.port, WHEEL_PATH).headers["last-modified"]

    assert ask(served.port, WHEEL_PATH, If_Modified_Since=date).status == 304
    assert ask(served.port, WHEEL_PATH, If_Modified_Since="Mon, 01 Jan 2001 00:00:00 GMT").status == 200


def test_only_reading_is_allowed(served: Served) -> None:
    """POST, PUT and DELETE are refused."""
    assert {ask(served.port, WHEEL_PATH, method).status for method in ("POST", "PUT", "DELETE")} == {405}


@pytest.mark.parametrize("accept", [PIP, "*/*"])
def test_an_exchanged_site_is_seen_at_once(tmp_path: Path, accept: str) -> None:
    """A new site put in place while the server runs is what the next request gets, whatever the client kept."""
    old, new = build(tmp_path / "site"), build(tmp_path / "new", "fresh")
    files.write(new / "simple" / "index.v1_json", b"fresh")
    with Served(old, tmp_path / "log") as running:
        before = ask(running.port, "/simple/", Accept=accept)
        staging.exchange(new, old)
        kept = before.headers["etag"]

        assert b"fresh" not in before.body
        assert b"fresh" in ask(running.port, "/simple/", Accept=accept).body
        assert b"fresh" in ask(running.port, "/simple/", Accept=accept, If_None_Match=kept).body
        assert ask(running.port, "/simple/fresh/").status == 200


def test_no_request_fails_while_the_site_is_exchanged(tmp_path: Path) -> None:
    """With exchanges one after the other, each answer is one site's page or the other's, whole."""
    site, other = build(tmp_path / "site"), build(tmp_path / "other", "fresh")
    whole = {(folder / "simple" / "index.html").read_bytes() for folder in (site, other)}
    got: list[Answer] = []
    with Served(site, tmp_path / "log") as running, ThreadPoolExecutor(1) as pool:
        reader = pool.submit(lambda: got.extend(ask(running.port, "/simple/") for _ in range(150)))
        while not reader.done():
            shutil.copytree(other, tmp_path / "stage")
            shutil.rmtree(other)
            shutil.copytree(site, other)
            staging.exchange(tmp_path / "stage", site)
        reader.result()

    assert {answer.status for answer in got} == {200}
    assert {answer.body for answer in got} == whole
    assert running.said == ""


def test_ctrl_c_ends_quietly(tmp_path: Path) -> None:
    """Ctrl-C ends the server with exit code 0; it wrote nothing, not even for the requests it answered."""
    with Served(build(tmp_path / "site"), tmp_path / "log") as running:
        ask(running.port, "/simple/")

    assert (running.exitcode, running.said) == (0, "")


@pytest.mark.parametrize("path", ["/", "/large.whl"])
def test_ctrl_c_does_not_wait_for_a_client(tmp_path: Path, path: str) -> None:
    """A client that keeps its connection open, or does not read on, keeps the server for a second at most, quietly."""
    site = build(tmp_path / "site")
    with (site / "large.whl").open("wb") as stream:
        stream.truncate(50_000_000)
    with Served(site, tmp_path / "log") as running:
        client = socket.create_connection(("127.0.0.1", running.port))
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        client.recv(100)
        started = time.monotonic()
    client.close()

    assert (running.exitcode, running.said) == (0, "")
    assert time.monotonic() - started < 8


def test_a_port_in_use_is_one_line(tmp_path: Path) -> None:
    """Another program on the port: the message says so, and how to choose another."""
    site = build(tmp_path / "site")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        with pytest.raises(SubsetError) as caught:
            server.serve(site, address="127.0.0.1", port=port)

    assert str(caught.value) == f"port {port} is in use; choose another, as in `pypi-subset serve --port 8081`"


@pytest.mark.parametrize(
    ("host", "port", "message"),
    [
        ("127.0.0.1", 70000, "there is no port 70000; "),
        ("no host", 0, "cannot listen on no host:0: "),
    ],
)
def test_an_address_that_cannot_be_is_one_line(tmp_path: Path, host: str, port: int, message: str) -> None:
    """A port or host that does not exist is an error with the next step."""
    with pytest.raises(SubsetError) as caught:
        server.serve(build(tmp_path / "site"), address=host, port=port)

    assert str(caught.value).startswith(message)
    assert "--port 8081" in caught.value.next_step


def test_no_site_is_one_line(tmp_path: Path) -> None:
    """A directory without an index is not served."""
    with pytest.raises(SubsetError, match=r"there is no site to serve; run `pypi-subset mirror`"):
        server.serve(tmp_path, address="127.0.0.1", port=-1)


@pytest.mark.parametrize("tool", ["pip", "uv"])
def test_the_printed_command_installs(served: Served, tmp_path: Path, tool: str, own_pips: Pips) -> None:
    """The line that is printed for pip works with real pip, the one for uv with real uv."""
    (line,) = (line for line in server.address_lines(served.url) if line.startswith(f"install with {tool}:"))
    command = line.partition(":")[2].replace("PROJECT", "app")

    code, said, into = install(own_pips, command, tmp_path)

    assert code == 0, said
    assert (into / "app.py").is_file()
    assert (into / "lib.py").is_file()


@pytest.mark.parametrize("tool", ["pip", "uv pip"])
def test_the_flat_page_works_over_http(served: Served, tmp_path: Path, tool: str, own_pips: Pips) -> None:
    """`--no-index --find-links URL` finds all files by the one flat page."""
    code, said, into = install(
        own_pips, f"{tool} install --no-index --find-links {served.url}find-links.html app", tmp_path
    )

    assert code == 0, said
    assert (into / "lib.py").is_file()


def test_the_printed_lines_name_address_and_commands() -> None:
    """What `pypi-subset serve` prints: the address, and a command each for pip and uv."""
    assert server.address_lines("http://127.0.0.1:8080/") == [
        "open in a browser:  http://127.0.0.1:8080/",
        "install with pip:   pip install --index-url http://127.0.0.1:8080/simple/ PROJECT",
        "install with uv:    uv pip install --default-index http://127.0.0.1:8080/simple/ PROJECT",
    ]


def test_the_printed_lines_of_a_site_with_variants(tmp_path: Path) -> None:
    """They name the index of a target, and the first says why."""
    pins = {"linux": [make_wheel("aa", "1.0+cpu")], "windows": [make_wheel("aa")]}
    subset = SubsetOnDisk(tmp_path, targets=[LINUX, WINDOWS], lines=["aa"], pins=pins).write()
    note, page, pip, uv = server.address_lines("http://127.0.0.1:8080/", subset.paths.site)
    assert note.startswith("note: the union index simple/ leaves out aa (1.0+cpu on linux, 1.0 on windows)")
    assert page == "open in a browser:  http://127.0.0.1:8080/"
    assert pip.endswith("pip install --index-url http://127.0.0.1:8080/targets/TARGET/simple/ PROJECT")
    assert uv.endswith("pip install --default-index http://127.0.0.1:8080/targets/TARGET/simple/ PROJECT")
    plain = SubsetOnDisk(tmp_path / "plain", targets=[LINUX], lines=["aa"], pins={"linux": [make_wheel("aa")]}).write()
    assert len(server.address_lines("http://127.0.0.1:8080/", plain.paths.site)) == 3


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost", 200), ("127.0.0.1:1", 200), ("evil.example", 421), ("localhost.evil.example", 421), ("", 421)],
)
def test_a_name_of_a_stranger_is_refused(served: Served, host: str, status: int) -> None:
    """A page of another site cannot read this one by a name that it makes lead here."""
    for path in ("/", "/simple/", WHEEL_PATH, "/nothing"):
        answer = ask(served.port, path, Host=host)
        assert answer.status == (404 if status == 200 and path == "/nothing" else status)
        assert status == 200 or b"--host-names" in answer.body


def test_every_answer_has_the_policy(served: Served) -> None:
    """What is not found has it too: a page of the site is shown then."""
    for path in ("/", "/simple/app/", "/nothing", WHEEL_PATH):
        assert ask(served.port, path).headers["content-security-policy"] == POLICY_HEADER


def test_pages_of_other_sites_may_read_the_index(served: Served) -> None:
    """Whatever GET and HEAD give, also what is not there: a client asks the next index then. Under a foreign name nothing."""
    for path in ("/", "/simple/app/", "/nothing", WHEEL_PATH):
        for method in ("GET", "HEAD"):
            answer = ask(served.port, path, method=method, Origin="https://other.example")
            assert answer.headers["access-control-allow-origin"] == "*"
            assert "access-control-allow-credentials" not in answer.headers
        assert "access-control-allow-origin" not in ask(served.port, path, Host="evil.example").headers
        assert "access-control-allow-origin" not in ask(served.port, path, method="POST").headers


def test_a_manifest_that_is_refused_is_not_served(tmp_path: Path) -> None:
    """The door is that of everybody; an index alone has no manifest."""
    site = build(tmp_path / "site")
    made = document()
    made["pages"][".git/config"] = "0" * 64
    (site / "manifest.json").write_text(json.dumps(made))
    with pytest.raises(SubsetError, match=r"the manifest is refused: it names '\.git/config'"):
        server.serve(site, address="127.0.0.1", port=0)


@pytest.mark.parametrize("kind", ["link", "pipe", "directory"])
def test_the_other_form_of_a_page_is_looked_up_as_any_file(tmp_path: Path, kind: str) -> None:
    """A link that leads out, or a pipe, in place of the JSON form is not read: the client gets HTML."""
    site = build(tmp_path / "site")
    other, secret = site / "simple" / "app" / "index.v1_json", tmp_path / "secret"
    secret.write_text("secret")
    other.unlink()
    if kind == "link":
        other.symlink_to(secret)
    elif kind == "pipe":
        os.mkfifo(other)
    else:
        other.mkdir()
    with Served(site, tmp_path / "log") as served:
        answer = ask(served.port, "/simple/app/", Accept=JSON_TYPE)
    assert (answer.status, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert b"secret" not in answer.body


@pytest.mark.skipif(sys.platform != "linux", reason="counts memory in /proc")
def test_few_files_and_many_clients(tmp_path: Path) -> None:
    """Where the process may have few files open, clients wait or are refused: no line, no traceback, and it goes on."""
    site = build(tmp_path / "site")
    command = [*PYPI_SUBSET, "serve", "--site", str(site), "--port", "0"]
    with subprocess.Popen(
        ["prlimit", "--nofile=96:96", *command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        assert server.stderr is not None
        line = next(line for line in server.stdout if "http://" in line)
        port = int(line.rstrip("/\n").rpartition(":")[2])
        clients = [socket.create_connection(("127.0.0.1", port), timeout=10) for _ in range(100)]
        for client in clients:
            with contextlib.suppress(OSError):
                client.sendall(b"GET /simple/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
        time.sleep(1.5)
        for client in clients:
            client.close()
        answer = again(port)
        server.send_signal(signal.SIGINT)
        assert (server.wait(10), server.stderr.read()) == (0, "")
    assert answer == 200


def again(port: int) -> int:
    """Return the status of a page, as soon as there is an answer that is not 503."""
    while True:
        with contextlib.suppress(OSError):
            if (status := ask(port, "/simple/").status) != HTTPStatus.SERVICE_UNAVAILABLE:
                return status
        time.sleep(0.1)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="counts memory in /proc")
def test_two_hundred_connections(tmp_path: Path) -> None:
    """All at the same time, each with many requests: none fails, and the memory does not grow with them."""
    site = build(tmp_path / "site")
    failures = list[object]()

    def client(port: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        for number in range(40):
            try:
                connection.request("GET", (WHEEL_PATH, "/simple/app/", "/simple/")[number % 3])
                answer = connection.getresponse()
                if answer.status != HTTPStatus.OK or not answer.read():
                    failures.append(answer.status)
            except (OSError, http.client.HTTPException) as error:
                failures.append(error)
        connection.close()

    with Served(site, tmp_path / "log") as served:
        threads = [threading.Thread(target=client, args=(served.port,)) for _ in range(200)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        status = Path(f"/proc/{served.pid}/status").read_text()
        (peak,) = [int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")]
        assert served.said == ""
    assert failures == []
    assert peak < 100_000
