"""Every command of the tutorial and of the how-to pages runs, in an empty directory, and prints what the page shows."""

from __future__ import annotations

import hashlib
import json
import platform
import shutil
import subprocess
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler
from typing import TYPE_CHECKING

import pytest
from uv import find_uv_bin

from tests.support.checkout import ROOT
from tests.support.gap.installs import pip_wheel
from tests.support.others.cpython import ARCHIVE, VERSION, stand_in
from tests.support.pages.console import Sandbox, Step, matches, steps
from tests.support.programs.dask_cluster import Cluster
from tests.support.relocks.projects import BACKEND
from tests.support.servers import web
from tests.support.servers.index import Index
from tests.support.servers.ports import answering
from tests.support.servers.served import Served
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGES = sorted(path for folder in ("tutorial", "how-to") for path in (ROOT / "docs" / folder).glob("*.md"))
#: A page whose commands another test runs.
ELSEWHERE = {"intake.md": "test_network.py"}


def test_the_reader_of_pages() -> None:
    """Commands with their output, and files with their names; other blocks are none, and none of a shell is passed over."""
    page = "1. a\n\n   ```console\n   $ one\n   …\n   $ two\n   out\n   ```\n\n```{code-block} toml\n:caption: a/b.toml\nx = 1\n```\n"
    page += "```toml\ny = 2\n```\n"
    assert [*steps(page)] == [
        Step("one", output=("…",)),
        Step("two", output=("out",)),
        Step("x = 1\n", name="a/b.toml"),
    ]
    with pytest.raises(ValueError, match="not run: rm"):
        [*steps("```\nrm -r x\n```\n")]


@pytest.mark.parametrize(
    ("shown", "printed", "same"),
    [
        ("a  b\n───\n", "a b\n", True),
        ("", "a\n", False),
        ("…", "a\nb\n", True),
        ("…\nb", "a\nb\n", True),
        ("…\nb", "b\n", True),
        ("…\nb", "a\n", False),
        ("a … c", "a 1 c\n", True),
        ("a …", "b 1\n", False),
        ("a.c", "abc\n", False),
    ],
)
def test_output_is_compared(shown: str, printed: str, *, same: bool) -> None:
    """Blanks and rules of tables are equal, ``…`` is any text, and all else is as it is shown."""
    assert matches(shown, printed) is same


@pytest.fixture(scope="module")
def index() -> Iterator[Index]:
    """Yield an index with small projects of the names that pages use."""
    with Index() as made:
        made.add(
            make_wheel("pandas", "3.1.1", requires=["numpy", "python-dateutil", 'tzdata; sys_platform == "win32"']),
            make_wheel("numpy", "2.5.5"),
            make_wheel("python-dateutil", "2.9.0", requires=["six>=1.5"], files={"dateutil/__init__.py": b""}),
            make_wheel("six", "1.17.0"),
            make_wheel("tzdata", "2026.2"),
            make_wheel("jupyterlab", "4.6.0", requires=["six"]),
            make_wheel("requests", "2.34.0", requires=["six"]),
        )
        yield made


@pytest.fixture
def sandbox(tmp_path: Path, index: Index) -> Iterator[Sandbox]:
    """Yield an empty directory in which ``pypi-subset`` reaches the index."""
    with Sandbox(tmp_path, variables={"PIP_INDEX_URL": index.url}) as made:
        made.program("sudo", 'exec "$@"')
        yield made


def page(name: str) -> str:
    """Return the text of a page below ``docs/``."""
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def proven(sandbox: Sandbox, request: str, target: str = "lab=rhel9") -> None:
    """Mirror and prove *request* for one target."""
    commands = (
        f"pypi-subset add {request} --target {target} --python 3.12",
        "pypi-subset mirror",
        "pypi-subset verify",
    )
    for command in commands:
        code, printed = sandbox.run(command)
        assert code == 0, printed


def test_every_page_is_run() -> None:
    """Each page has commands, and a test in this module that names it."""
    source = (ROOT / "tests" / "test_walkthroughs.py").read_text(encoding="utf-8")
    names = {path.name for path in PAGES}
    assert {"first-subset.md", "nginx.md", *ELSEWHERE} <= names
    assert {name for name in names - ELSEWHERE.keys() if f'/{name}"' not in source} == set()
    for path in PAGES:
        if path.name not in ELSEWHERE:
            assert any(not step.name for step in steps(path.read_text(encoding="utf-8"))), path


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("tutorial/first-subset.md", marks=pytest.mark.slow),
        pytest.param("tutorial/across-the-gap.md", marks=pytest.mark.manual),
        pytest.param("how-to/windows-lab.md", marks=pytest.mark.manual),
        pytest.param("how-to/rhel-8.md", marks=pytest.mark.manual),
    ],
)
def test_a_page_from_nothing(sandbox: Sandbox, name: str) -> None:
    """The page starts in an empty directory and ends with an installation."""
    assert sandbox.walk(page(name)) > 5


@pytest.mark.manual
def test_private_wheels(sandbox: Sandbox) -> None:
    """The page mirrors and proves a wheel that is on no index."""
    wheel = make_wheel("acme-tools", requires=["six"])
    (sandbox.root / "dist").mkdir()
    (sandbox.root / "dist" / wheel.filename).write_bytes(wheel.data)
    assert sandbox.walk(page("how-to/private-wheels.md")) == 6


@pytest.mark.manual
@pytest.mark.skipif(sys.platform != "linux" or platform.libc_ver()[0] != "glibc", reason="the archive is for glibc")
def test_other_files(sandbox: Sandbox, index: Index) -> None:
    """The page carries three files, and uv installs an interpreter from the served site."""
    (sandbox.root / "models").mkdir()
    (sandbox.root / "models" / "small.onnx").write_bytes(b"weights\n")
    index.overrides["/files/htop_3.2.2-2_amd64.deb"] = b"htop\n"
    data = stand_in()
    (sandbox.root / ARCHIVE).write_bytes(data)
    sandbox.replaced |= {
        "https://files.example": f"http://{index.host}/files",
        hashlib.sha256(b"cpython\n").hexdigest(): hashlib.sha256(data).hexdigest(),
        "cpython-3.12.16+20261110-x86_64-unknown-linux-gnu-install_only_stripped.tar.gz": ARCHIVE,
        "3.12.16-linux-x86_64": f"{VERSION}-linux-{platform.machine()}",
        "install 3.12": f"install {VERSION}",
    }
    sandbox.program("uv", f'exec {find_uv_bin()} "$@" --no-config --no-bin --install-dir {sandbox.folder}/managed 2>&1')
    assert sandbox.walk(page("how-to/other-files.md")) == 6


@pytest.mark.manual
def test_uv_project(sandbox: Sandbox, index: Index) -> None:
    """The page mirrors and proves what uv locked, from the project to an installation."""
    sandbox.program("uv", f'exec {find_uv_bin()} "$@" --no-config --default-index {index.url} 2>&1')
    assert sandbox.walk(page("how-to/uv-project.md")) == 8
    code, names = sandbox.run("ls site/simple")
    assert code == 0
    assert {"jupyterlab", "tzdata"} <= {*names.split()} - {"requests"} == {*names.split()}


@pytest.mark.manual
def test_uv_disconnected(sandbox: Sandbox, index: Index) -> None:
    """The page relocks a project with a back-end, and uv syncs it from the site alone."""
    back_end = {"hatchling/__init__.py": b"", "hatchling/build.py": BACKEND}
    index.add(make_wheel("hatchling", "1.33.0", files=back_end), make_wheel("editables", "0.6"))
    own = f'[[ "$1" == lock ]] && set -- "$@" --no-config --default-index {index.url}'
    sandbox.program("uv", f'{own}\nexec {find_uv_bin()} "$@" 2>&1')
    served = partial(SimpleHTTPRequestHandler, directory=str(sandbox.root / "site"))
    with answering(served) as port:
        sandbox.replaced |= {"https://pypi.lab.example/": f"http://127.0.0.1:{port}/"}
        assert sandbox.walk(page("how-to/uv-disconnected.md")) == 6
    (info,) = (sandbox.root / ".venv").rglob("lab_app-1.0.dist-info")
    assert (info.parent / "pandas.py").is_file()


@pytest.mark.manual
def test_pytorch(sandbox: Sandbox) -> None:
    """The page mirrors a variant for each target, each from an index of its own."""
    with Index() as cpu, Index() as cuda:
        cpu.add(make_wheel("torch", "2.13.0+cpu", requires=["six"]))
        cuda.add(make_wheel("torch", "2.13.0+cu128", requires=["six"]))
        sandbox.replaced |= {
            "https://download.example/whl/cpu": cpu.url,
            "https://download.example/whl/cu128": cuda.url,
        }
        assert sandbox.walk(page("how-to/pytorch.md")) == 6


@pytest.mark.manual
def test_weekly_update(sandbox: Sandbox) -> None:
    """The script of the page updates, proves and publishes."""
    proven(sandbox, "pandas")
    assert sandbox.walk(page("how-to/weekly-update.md")) == 4
    assert (sandbox.folder / "www" / "pypi" / "release.json").is_file()


@pytest.mark.slow
def test_states(sandbox: Sandbox) -> None:
    """The page keeps two states, promotes them from test to prod, and rolls back; pip then gets the earlier state."""
    proven(sandbox, "six")
    assert sandbox.walk(page("how-to/states.md")) == 15
    states = {name: sandbox.folder / "www" / name for name in ("test", "prod", "archive")}
    assert {name: (path / "simple" / "pandas").is_dir() for name, path in states.items()} == dict.fromkeys(states, True)
    assert [path.name for path in (sandbox.root / "packages" / ".snapshots" / "named").iterdir()] == ["2026-11.json"]


@pytest.mark.manual
def test_bundles(sandbox: Sandbox) -> None:
    """A full bundle, the same again after an update without news, volumes, and a key of an agent."""
    proven(sandbox, "pandas")
    assert sandbox.walk(page("how-to/bundles.md")) == 8
    assert (sandbox.folder / "stick" / "bundle.json.sig").is_file()
    assert (sandbox.root / "discs" / "parity.xor").is_file()


@pytest.mark.manual
def test_bare_machine(sandbox: Sandbox, index: Index) -> None:
    """From a site with a pip to an import, in an environment that the launcher makes."""
    index.add(pip_wheel())
    assert sandbox.walk(page("how-to/bare-machine.md")) == 9


@pytest.mark.slow
def test_way_back(sandbox: Sandbox) -> None:
    """A failed pip, its request, the answer, and what it requested: carried, imported and installed; then the receipt."""
    far = sandbox.folder / "pypi"
    far.mkdir()
    for command in (
        "pypi-subset init pandas && pypi-subset mirror && pypi-subset verify",
        f"ssh-keygen -q -t ed25519 -N '' -f office && echo \"office $(cat office.pub)\" > {far}/allowed_signers",
        "pypi-subset bundle --to /media/stick --key office",
        "python3 /media/stick/import_bundle.py /media/stick --into /srv/pypi",
    ):
        code, printed = sandbox.run(sandbox.here(command))
        assert code == 0, printed
    (far / "site" / "request.py").stat()
    assert sandbox.walk(page("how-to/way-back.md")) == 11
    assert "No matching distribution found for jupyterlab" in (sandbox.root / "pip.log").read_text()
    text = (sandbox.folder / "stick" / "request.json").read_text()
    assert not [one for one in (str(sandbox.folder), "://") if one in text]
    assert [*(sandbox.root / "lab").glob("jupyterlab-4.6.0.dist-info")]
    carried = json.loads((sandbox.folder / "stick" / "bundle.json").read_bytes())
    assert carried["base"]
    assert [path for path in carried["paths"] if path.endswith(".whl")] == [
        "simple/jupyterlab/jupyterlab-4.6.0-py3-none-any.whl"
    ]


NGINX = """\
daemon off;
master_process off;
pid {etc}/pid;
error_log stderr;
events {{}}
http {{
    include /etc/nginx/mime.types;
    access_log off;
    client_body_temp_path {etc}/body;
    proxy_temp_path {etc}/proxy;
    fastcgi_temp_path {etc}/fastcgi;
    uwsgi_temp_path {etc}/uwsgi;
    scgi_temp_path {etc}/scgi;
    include {etc}/conf.d/*.conf;
}}
"""
APACHE = """\
ServerRoot {etc}
ServerName localhost
PidFile {etc}/pid
DefaultRuntimeDir {etc}
ErrorLog /dev/stderr
TypesConfig /etc/mime.types
Include {etc}/modules.conf
Include {etc}/sites-enabled/*.conf
"""


@pytest.fixture
def nginx(sandbox: Sandbox) -> Sandbox:
    """Return a sandbox with nginx as Debian installs it, in a directory of its own."""
    etc = etc_of(sandbox, "nginx", "snippets", "conf.d")
    (etc / "nginx.conf").write_text(NGINX.format(etc=etc))
    sandbox.program("nginx", f'exec {program("nginx")} -p {etc} -c {etc}/nginx.conf "$@"')
    sandbox.service("nginx", "nginx")
    return sandbox


@pytest.fixture
def apache(sandbox: Sandbox) -> Sandbox:
    """Return a sandbox with Apache as Debian installs it, in a directory of its own."""
    etc = etc_of(sandbox, "apache2", "sites-enabled")
    (etc / "apache2.conf").write_text(APACHE.format(etc=etc))
    usual = "mpm_event authz_core alias dir mime setenvif filter"
    load = f"for one in $@; do echo LoadModule ${{one}}_module {web.MODULES}/mod_$one.so; done"
    (sandbox.root / "loaded").write_text("")
    sandbox.program("a2enmod", f"set -- {usual} $@; ({load}) | tee {etc}/modules.conf")
    start = " ".join([*web.unprivileged(), program("apache2"), "-f", f"{etc}/apache2.conf"])
    sandbox.program("apachectl", f"exec {start} -t 2>&1")
    sandbox.service("apache2", f"{start} -X")
    return sandbox


@pytest.fixture
def caddy(sandbox: Sandbox) -> Sandbox:
    """Return a sandbox with Caddy as Debian installs it, in a directory of its own."""
    etc = etc_of(sandbox, "caddy")
    sandbox.program("caddy", f'exec {program("caddy")} "$@" 2>&1')
    sandbox.service("caddy", f"caddy run --config {etc}/Caddyfile")
    return sandbox


def etc_of(sandbox: Sandbox, name: str, *inside: str) -> Path:
    """Return the directory that stands for ``/etc/<name>`` in *sandbox*, with the directories *inside*."""
    etc = sandbox.folder / "etc" / name
    for one in ("", *inside):
        (etc / one).mkdir(parents=True)
    sandbox.replaced[f"/etc/{name}"] = str(etc)
    return etc


def program(name: str) -> str:
    """Return the path of a server; skip the test if it is not installed."""
    found = shutil.which(name, path="/usr/bin:/usr/sbin")
    if found is None:
        pytest.skip(f"no {name} here")
    return found


@pytest.mark.hosts
@pytest.mark.parametrize("name", ["nginx", "apache", "caddy"])
def test_a_web_server(request: pytest.FixtureRequest, name: str) -> None:
    """The page publishes, configures the real server with the file of the site, and installs from it."""
    sandbox: Sandbox = request.getfixturevalue(name)
    proven(sandbox, "six")
    pages = {"nginx": "how-to/nginx.md", "apache": "how-to/apache.md", "caddy": "how-to/caddy.md"}
    assert sandbox.walk(page(pages[name])) >= 6


#: In place of the program of that name: it takes the options of the real one, and puts the object below ``bucket``.
AWS = """\
[[ "$1 $2" == "s3api put-object" ]]
shift 2
cache=
while (($#)); do
    case "$1" in
        --bucket) bucket=$2 ;;
        --key) key=$2 ;;
        --body) body=$2 ;;
        --content-type) type=$2 ;;
        --cache-control) cache=$2 ;;
        *) exit 252 ;;
    esac
    shift 2
done
[[ $bucket == pypi-lab && -f $body ]]
printf '%s\t%s\t%s\t%s\n' "$key" "$type" "$cache" "$PWD/$body" >> bucket.tsv
"""


@pytest.mark.manual
def test_s3(sandbox: Sandbox) -> None:
    """The script of the page uploads every object, and pip installs from the store."""
    proven(sandbox, "six")
    sandbox.program("aws", AWS)
    listed = sandbox.root / "bucket.tsv"
    with web.stored(listed) as url:
        sandbox.replaced["https://pypi-lab.s3.example/"] = url
        assert sandbox.walk(page("how-to/s3.md")) == 4
    keys = {line.split("\t")[0] for line in listed.read_text().splitlines()}
    assert {"simple/six/", "simple/six/index.html", "manifest.json"} <= keys


@pytest.mark.manual
def test_github_pages(sandbox: Sandbox) -> None:
    """The page pushes the published site to a branch, with its hidden file."""
    proven(sandbox, "six")
    remote = sandbox.folder / "remote.git"
    assert sandbox.run(f"git init --quiet --bare {remote}")[0] == 0
    sandbox.replaced["https://github.example/acme/pypi.git"] = str(remote)
    assert sandbox.walk(page("how-to/github-pages.md")) == 6
    code, listed = sandbox.run(f"git -C {remote} ls-tree -r --name-only gh-pages")
    assert code == 0
    assert {".nojekyll", "simple/six/index.html", "manifest.json"} <= {*listed.splitlines()}
    checked("vendor.github-workflows", sandbox.root / ".github" / "workflows" / "pages.yml")


@pytest.mark.manual
def test_gitlab(sandbox: Sandbox) -> None:
    """The commands of the job work, and the file fits the schema of GitLab."""
    assert sandbox.run("pypi-subset add six --target lab=rhel9 --python 3.12")[0] == 0
    assert sandbox.walk(page("how-to/gitlab.md")) == 3
    checked("vendor.gitlab-ci", sandbox.root / ".gitlab-ci.yml")


@pytest.mark.manual
def test_ci(sandbox: Sandbox, tmp_path: Path) -> None:
    """The printed workflows fit their schemas, and a fetched site is proven."""
    proven(sandbox, "six", "windows=windows-11,linux=ubuntu-24.04")
    assert sandbox.run("pypi-subset publish --to=published && rm -r site")[0] == 0
    with Served(sandbox.root / "published", tmp_path / "log") as served:
        sandbox.replaced["https://pypi.example/"] = served.url
        assert sandbox.walk(page("how-to/ci.md")) == 5
    checked("vendor.github-workflows", sandbox.root / ".github" / "workflows" / "proof.yml")
    checked("vendor.gitlab-ci", sandbox.root / ".gitlab-ci.yml")


@pytest.mark.manual
def test_cluster(sandbox: Sandbox, tmp_path: Path) -> None:
    """The workers of a cluster on loopback prove the cases."""
    proven(sandbox, "six")
    folder = tmp_path / "cluster"
    folder.mkdir()
    cluster = Cluster(folder)
    try:
        cluster.add()
        sandbox.replaced["tcp://127.0.0.1:8786"] = cluster.address
        assert sandbox.walk(page("how-to/cluster.md")) == 1
    finally:
        cluster.stop()


def checked(schema: str, path: Path) -> None:
    """Hold the file at *path* against a schema that check-jsonschema brings."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
