"""What the site holds for web hosts does what it says, on the servers that people have."""

from __future__ import annotations

import contextlib
import json
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import TYPE_CHECKING, cast
from urllib.parse import urljoin, urlsplit

import pytest

from pypi_subset.model.paths import JSON_TYPE
from pypi_subset.site import web_servers
from pypi_subset.support.text import POLICY_HEADER
from tests.support.pages import browser, pyodide
from tests.support.programs.installers import install
from tests.support.servers import web as hosting
from tests.support.servers.served import Answer, Served, ask
from tests.support.sites.handmade import APP, TARGET, YANKED, handmade

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from pypi_subset.pip.pool import Pips

PIP = f"{JSON_TYPE}, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01"
UV = f"{JSON_TYPE}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"
V1_HTML = "application/vnd.pypi.simple.v1+html"
# Two names of one thing (PEP 691).
HTML = {"text/html", V1_HTML}
WHEEL_PATH = "simple/app/app-1.0%2Blocal-py3-none-any.whl"
FOLDERS = ("simple/", "simple/app/", f"targets/{TARGET}/simple/", f"targets/{TARGET}/simple/app/")
SNIPPETS = ("hosts/nginx.conf", "hosts/apache.conf", "hosts/Caddyfile")


@contextmanager
def htaccess(site: Path) -> Iterator[str]:
    """Yield the address of *site* on Apache as shared hosts have it."""
    with hosting.apache(site, htaccess=True) as url:
        yield url


@contextmanager
def ours(site: Path) -> Iterator[str]:
    """Yield the address of *site* on `pypi-subset serve`."""
    with Served(site, site.with_name("log")) as running:
        yield running.url


#: Other files of the user: a web server may take them for programs, or for compressed pages.
OTHER = ("files/tools/run.php", "files/tools/x.php.tar.gz", "files/tools/model.cgi")

SERVERS: dict[str, Callable[[Path], AbstractContextManager[str]]] = {
    "nginx": hosting.nginx,
    "apache": hosting.apache,
    "htaccess": htaccess,
    "caddy": hosting.caddy,
    "serve": ours,
}
INSTALLED = [pytest.param(name, marks=() if name == "serve" else pytest.mark.hosts) for name in SERVERS]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a site that no test changes, in a directory whose name has a space in it."""
    built = handmade(tmp_path_factory.mktemp("hosts") / "the site")
    # What Apache would run, and declare as compressed.
    (built / "simple" / "app" / "app.php.x-1.0.tar.gz").write_bytes(b"\x1f\x8b<?php")
    for name in OTHER:
        (built / name).parent.mkdir(parents=True, exist_ok=True)
        (built / name).write_bytes(b"\x1f\x8b<?php")
    return built


@pytest.fixture(scope="module", params=INSTALLED)
def url(site: Path, request: pytest.FixtureRequest) -> Iterator[str]:
    """Yield the address of the site on each web server that chooses by what the client accepts."""
    with SERVERS[cast("str", request.param)](site) as address:
        yield address


@pytest.fixture(scope="module")
def store(site: Path) -> Iterator[str]:
    """Yield the address of the site in an object store."""
    with hosting.object_store(site) as address:
        yield address


def get(url: str, path: str, method: str = "GET", **headers: str) -> Answer:
    """Return the answer to one request for *path* below *url*."""
    return ask(int(url.rstrip("/").rpartition(":")[2]), f"/{path}", method, **headers)


def media_type(answer: Answer) -> str:
    """Return the type of an answer without parameters, as every client compares it."""
    return answer.headers["content-type"].partition(";")[0].strip()


@pytest.mark.parametrize("path", FOLDERS)
@pytest.mark.parametrize("accept", [PIP, UV, f"{JSON_TYPE}, */*;q=0.1"])
def test_pages_come_as_json_to_who_prefers_it(url: str, site: Path, path: str, accept: str) -> None:
    """Every page of every index is JSON for pip, uv and poetry, and is asked for each time."""
    answer = get(url, path, Accept=accept)

    assert (answer.status, media_type(answer)) == (200, JSON_TYPE)
    assert answer.body == (site / path / "index.v1_json").read_bytes()
    assert answer.headers["cache-control"] == "no-cache"
    assert "accept" in answer.headers["vary"].lower()


@pytest.mark.parametrize("path", FOLDERS)
@pytest.mark.parametrize(
    "accept", ["*/*", "text/html,application/xml;q=0.9,*/*;q=0.8", V1_HTML, f"{JSON_TYPE};q=0, */*"]
)
def test_pages_come_as_html_to_everybody_else(url: str, site: Path, path: str, accept: str) -> None:
    """Whoever does not ask for JSON sees HTML; nobody is turned away."""
    answer = get(url, path, Accept=accept)

    assert (answer.status, media_type(answer) in HTML) == (200, True)
    assert answer.body == (site / path / "index.html").read_bytes()
    assert answer.headers["cache-control"] == "no-cache"
    assert "accept" in answer.headers["vary"].lower()


@pytest.mark.parametrize("path", [*FOLDERS[:2], WHEEL_PATH])
def test_head_is_answered(url: str, path: str) -> None:
    """HEAD has the type and length of GET, and no body."""
    whole, head = get(url, path, Accept=PIP), get(url, path, "HEAD", Accept=PIP)

    assert (head.status, head.body) == (200, b"")
    assert media_type(head) == media_type(whole)
    assert head.headers.get("content-length", str(len(whole.body))) == str(len(whole.body))


def test_a_page_that_the_client_has_is_not_sent_again(url: str) -> None:
    """The ETag of the JSON page gets 304, and the HTML page has another."""
    etag = get(url, "simple/lib/", Accept=PIP).headers["etag"]

    assert get(url, "simple/lib/", Accept=PIP, If_None_Match=etag).status == 304
    assert get(url, "simple/lib/", Accept="text/html", If_None_Match=etag).status == 200


def test_a_page_without_json_is_html(url: str, site: Path) -> None:
    """Where there is no JSON page, who prefers it gets the HTML one."""
    (site / "simple" / "html-alone").mkdir(exist_ok=True)
    (site / "simple" / "html-alone" / "index.html").write_bytes(b"<!DOCTYPE html>alone")

    answer = get(url, "simple/html-alone/", Accept=PIP)

    assert (answer.status, media_type(answer) in HTML) == (200, True)
    assert answer.body == b"<!DOCTYPE html>alone"


def test_a_view_that_is_added_needs_no_new_settings(url: str, site: Path) -> None:
    """The snippets name no target: a view that a later mirror adds is negotiated as well."""
    view = site / "targets" / "later" / "simple"
    view.mkdir(parents=True, exist_ok=True)
    for name, data in (("index.html", b"html"), ("index.v1_json", b"{}")):
        (view / name).write_bytes(data)
    (view / ".htaccess").write_bytes(web_servers.render(["later"])["targets/later/simple/.htaccess"])

    assert media_type(get(url, "targets/later/simple/", Accept=PIP)) == JSON_TYPE


@pytest.mark.parametrize("path", ["simple-json/", "simple-json/lib/", "simple-json/lib/index.html"])
def test_the_json_prefix_is_json_for_everybody(url: str, path: str) -> None:
    """JSON under the type of HTML would be an index without projects: the prefix has its own type."""
    answer = get(url, path, Accept="text/html")

    assert (answer.status, media_type(answer), answer.headers["cache-control"]) == (200, JSON_TYPE, "no-cache")
    assert "meta" in json.loads(answer.body)


@pytest.mark.parametrize("path", [WHEEL_PATH, f"{WHEEL_PATH}.metadata", "simple/app/app.php.x-1.0.tar.gz"])
def test_files_are_sent_as_they_are(url: str, site: Path, path: str) -> None:
    """No encoding is declared, nothing is run, and a client may keep the file."""
    answer = get(url, path, Accept_Encoding="gzip, deflate")

    assert (answer.status, answer.body) == (200, (site / path.replace("%2B", "+")).read_bytes())
    assert media_type(answer) == "application/octet-stream"
    assert not {"content-encoding", "cache-control"} & answer.headers.keys()


@pytest.mark.parametrize("path", OTHER)
@pytest.mark.parametrize("url", [one for one in INSTALLED if one.values[0] != "htaccess"], indirect=True)
def test_other_files_are_data(url: str, site: Path, path: str) -> None:
    """The server runs none, and declares no encoding; only hosts that read `.htaccess` alone may, as the manual says."""
    answer = get(url, path, Accept_Encoding="gzip, deflate")
    assert (answer.status, answer.body) == (200, (site / path).read_bytes())
    assert "content-encoding" not in answer.headers


def test_a_part_of_a_file_can_be_had(url: str) -> None:
    """Range gives the bytes asked for; one beyond the end is refused."""
    part = get(url, WHEEL_PATH, Range="bytes=2-5")

    assert (part.status, part.body) == (206, APP.wheel.data[2:6])
    assert get(url, WHEEL_PATH, Range="bytes=9999999-").status == 416


@pytest.mark.parametrize("path", ["simple/.htaccess", f"targets/{TARGET}/simple/.htaccess"])
def test_settings_are_not_shown(url: str, path: str) -> None:
    """A hidden file is for the host alone."""
    assert get(url, path).status in {403, 404}


@pytest.mark.parametrize("path", ["simple/nothing/", "simple/app/app-9.whl", "simple/app/app-1.0"])
def test_what_is_not_there_is_not_found(url: str, path: str) -> None:
    """A project or file that is not there is 404: pip and uv then look at their next index."""
    assert get(url, path, Accept=PIP).status == 404


def test_a_folder_without_slash_is_redirected(url: str) -> None:
    """Relative links hold only if the address of a page ends in a slash."""
    answer = get(url, "simple/app", Accept=PIP)

    assert answer.status in {301, 307, 308}
    assert urljoin(f"{url}simple/app", answer.headers["location"]).endswith("/simple/app/")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "version"),
    [
        ("pip install --index-url {url}simple/ app", "2.0"),
        ("pip install --index-url {url}simple/ --uploaded-prior-to 2025-01-01T00:00:00Z app", "1.0"),
        ("uv pip install --default-index {url}simple/ --exclude-newer 2025-01-01T00:00:00Z app", "1.0"),
        (f"uv pip install --default-index {{url}}targets/{TARGET}/simple/ app", "1.0"),
    ],
)
def test_real_clients_install(url: str, tmp_path: Path, command: str, version: str, own_pips: Pips) -> None:
    """pip and uv find a local version, leave the yanked release, obey a cut-off date, and a target's view."""
    code, said, into = install(own_pips, command.format(url=url), tmp_path)

    assert code == 0, said
    assert version in (into / "lib.py").read_text()
    assert (into / "app.py").is_file()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("command", "version"),
    [
        ("pip install --index-url {url}simple/ app", "2.0"),
        ("pip install --index-url {url}simple-json/ --uploaded-prior-to 2025-01-01T00:00:00Z app", "1.0"),
        ("uv pip install --default-index {url}simple-json/ app", "2.0"),
        (f"uv pip install --default-index {{url}}targets/{TARGET}/simple/ app", "1.0"),
        ("pip install --no-index --find-links {url}find-links.html app", "2.0"),
    ],
)
def test_real_clients_install_from_an_object_store(
    store: str, tmp_path: Path, command: str, version: str, own_pips: Pips
) -> None:
    """Where keys are there or not, and "+" is a space, both prefixes install; the JSON one knows upload times."""
    code, said, into = install(own_pips, command.format(url=store), tmp_path)

    assert code == 0, said
    assert version in (into / "lib.py").read_text()
    assert (into / "app.py").is_file()


def test_an_object_store_has_types_and_no_cached_pages(store: str) -> None:
    """Each object has the type and the Cache-Control that the list says; a plus sign that is not encoded is lost."""
    page, json_page, wheel = (get(store, path) for path in ("simple/lib/", "simple-json/lib/", WHEEL_PATH))

    assert (media_type(page), media_type(json_page)) == ("text/html", JSON_TYPE)
    assert {one.headers.get("cache-control") for one in (page, json_page)} == {"no-cache"}
    assert (wheel.body, wheel.headers.get("cache-control")) == (APP.wheel.data, None)
    assert get(store, WHEEL_PATH.replace("%2B", "+")).status == 404


def test_objects_are_listed_so_that_no_reader_misses_a_file(site: Path) -> None:
    """Distributions and metadata first, then pages from below, the root pages last; no hidden file."""
    keys = [one.key for one in web_servers.objects(site)]

    assert len({*keys}) == len(keys)
    assert not [key for key in keys if "/." in f"/{key}"]
    last_file = max(keys.index(key) for key in keys if key.endswith((".whl", ".metadata")))
    assert last_file < keys.index("simple/lib/") < keys.index("simple/") < keys.index("index.html")
    assert keys.index(f"simple/lib/{YANKED.wheel.filename}") < keys.index("simple/lib/index.html")


@pytest.mark.parametrize("name", SNIPPETS)
def test_the_place_is_one_marked_line(name: str) -> None:
    """The directory on the host stands once, below a line that says so; nothing tells where the site was made."""
    lines = web_servers.render([])[name].decode().splitlines()
    (number,) = (number for number, line in enumerate(lines) if web_servers.PLACE in line)

    assert lines[number - 1] == "# CHANGE THE NEXT LINE: the directory of the site on this machine."


def test_settings_depend_on_the_targets_alone() -> None:
    """The order of the targets does not matter; each has its settings for Apache."""
    one, other = web_servers.render(["b", "a"]), web_servers.render(["a", "b"])

    assert [*one.items()] == [*other.items()]
    assert [path for path in one if path.startswith("targets/")] == [
        f"targets/{name}/simple/.htaccess" for name in "ab"
    ]
    assert one[".nojekyll"] == b""


@pytest.mark.parametrize("path", [*FOLDERS, "simple-json/app/", WHEEL_PATH])
def test_what_installers_read_has_the_policy(url: str, path: str) -> None:
    """Whatever a browser takes a file for, it runs no script that is written into it, and shows it in no frame."""
    assert get(url, path).headers["content-security-policy"] == POLICY_HEADER


@pytest.mark.parametrize("name", [one for one in INSTALLED if one.values[0] != "htaccess"])
def test_pages_for_people_have_the_policy_and_their_parts(site: Path, name: str) -> None:
    """The policy allows style and script of the site, which come with the type without which a browser ignores them."""
    for part in ("index.html", "page.css", "page.js", "search.js"):
        (site / part).write_text("")
    with SERVERS[name](site) as address:
        found = {path: get(address, path) for path in ("", "index.html", "page.css", "page.js", "search.js")}
    assert {one.headers["content-security-policy"] for one in found.values()} == {POLICY_HEADER}
    assert [media_type(one) for one in found.values()] == [
        "text/html",
        "text/html",
        "text/css",
        *["text/javascript"] * 2,
    ]
    assert {one.headers["cache-control"] for one in found.values()} == {"no-cache"}


def test_hosts_that_read_headers_from_a_file_have_the_policy() -> None:
    """Cloudflare Pages and Netlify set it for every path."""
    headers = web_servers.render([])["_headers"].decode()
    assert f"/*\n  Content-Security-Policy: {POLICY_HEADER}\n  Access-Control-Allow-Origin: *\n" in headers


@pytest.mark.parametrize("path", [*FOLDERS, "simple-json/app/", WHEEL_PATH, "simple/nothing/"])
def test_pages_of_other_sites_may_read_the_index(url: str, path: str) -> None:
    """By GET and HEAD, once for each answer, also for what is not there."""
    for method in ("GET", "HEAD"):
        with contextlib.closing(HTTPConnection("127.0.0.1", urlsplit(url).port, timeout=30)) as connection:
            connection.request(method, f"/{path}", headers={"Origin": "https://other.example"})
            # A browser takes two of them for none.
            assert connection.getresponse().headers.get_all("access-control-allow-origin") == ["*"]


@pytest.mark.browser
@pytest.mark.network
def test_micropip_installs_in_a_browser(url: str, tmp_path: Path) -> None:
    """On a page of another site: CPython in WebAssembly reads the index and the files, and imports what it installed."""
    program = f"""
import micropip
await micropip.install("app", index_urls="{url}simple/{{package_name}}/index.html")
import app, lib
[app.__version__, lib.__version__]
"""
    with browser.tab(tmp_path / "home") as tab, pyodide.page(tmp_path / "page") as address:
        assert pyodide.run(tab, address, program) == "['1.0+local', '2.0']"


@pytest.mark.parametrize("name", [one for one in INSTALLED if one.values[0] != "htaccess"])
@pytest.mark.parametrize("project", ["simple", "simple-json", "lib"])
def test_a_project_with_the_name_of_an_index_has_its_page(site: Path, name: str, project: str) -> None:
    """Its page for people is HTML, whatever a client prefers."""
    page = site / "project" / project / "index.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text("<!DOCTYPE html>", encoding="utf-8")
    with SERVERS[name](site) as address:
        for path in (f"project/{project}/", f"project/{project}/index.html"):
            answer = get(address, path, Accept="text/html, */*;q=0.1")
            assert (answer.status, media_type(answer), answer.body) == (200, "text/html", b"<!DOCTYPE html>")
