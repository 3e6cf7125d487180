"""Attacks by where an answer comes from: redirects, plain http, pauses, the loopback index, addresses for pip and their secrets."""

from __future__ import annotations

import contextlib
import functools
import hmac
import io
import json
import logging
import os
import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

from packaging.utils import canonicalize_name
from pip._internal.network.session import PipSession
from pip._vendor import requests

from pypi_subset.cli import edge
from pypi_subset.errors import SubsetError, UpstreamError
from pypi_subset.model.locks import Inputs
from pypi_subset.model.paths import JSON_TYPE
from pypi_subset.pip import pool, runner
from pypi_subset.pip.pool import Pips
from pypi_subset.resolve.resolver import resolve
from pypi_subset.support import bounds, text
from pypi_subset.support.text import without_secrets
from pypi_subset.upstream import constraints, session, simple_api
from pypi_subset.upstream.catalog import Upstream
from pypi_subset.upstream.gateway import Loopback
from pypi_subset.upstream.http import Fetcher
from pypi_subset.upstream.pip_config import read_network
from pypi_subset.upstream.transport import bodies, hosts, replies
from tests.evidence.hostile.input.attack import InputAttack, both, lasts, setting, without
from tests.evidence.hostile.input.network import NONE, PAGE, page
from tests.support.servers.hostile import head, sending
from tests.support.servers.index import Index
from tests.support.stages.values import WINDOWS, plan_of
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pypi_subset.model.locks import Lock
    from tests.evidence.hostile.input.attack import Attempt, Door


def _from_a_file(folder: Path) -> bool:
    """Have an index read a file of this machine."""
    secret = folder / "secret"
    secret.write_bytes(b"secret")
    with sending(lambda _: [head(302, Location=secret.as_uri())]) as url:
        return Fetcher(read_network()).small(url, 1000) == b"secret"


def _many_redirects(_folder: Path) -> bool:
    """Lead from page to page."""
    seen = list[str]()
    with contextlib.suppress(SubsetError), sending(lambda path: [head(302, Location=f"/x{path}")], seen) as url:
        page(url)
    return len(seen) > 10


def _from_elsewhere(get: Callable[[Fetcher, str, Path], object], *, led: bool = False) -> Attempt:
    """Return an attempt to have bytes taken by plain http from a server that pip does not trust."""

    def attempt(folder: Path) -> bool:
        seen = list[str]()
        with sending(lambda _: [head(200, **PAGE), b"forged"], seen) as url:
            # The address of this machine that is none of the loopback network.
            other = url.replace("127.0.0.1", "0.0.0.0")  # noqa: S104 - a client's
            with sending(lambda _: [head(302, Location=f"{other}/app/")]) as first:
                get(Fetcher(read_network()), first if led else other, folder / "file")
        return bool(seen)

    return attempt


def _long_pause(_folder: Path) -> bool:
    """Ask for a pause of a year."""
    pauses, answers = list[float](), iter([head(503, Retry_After="31536000"), head(200, **PAGE)])
    # A pause takes no time here: the clock moves on by it.
    clock = setting(hosts, sleep=pauses.append, monotonic=lambda: sum(pauses))
    with clock(), sending(lambda _: [next(answers)]) as url:
        page(url)
    return max(pauses) > 3600


@contextlib.contextmanager
def _configured(folder: Path, *requires: str) -> Iterator[tuple[Index, Upstream]]:
    """Yield an index that has a wheel of ``app``, and what reads it."""
    wheel = make_wheel("app", requires=[*requires])
    with Index({"app": [wheel]}) as index, mock.patch.dict(os.environ, {"PIP_INDEX_URL": index.url}):
        yield index, Upstream(read_network(), store=folder / "store", shelf=folder)


def _by_port_alone(kind: str) -> Attempt:
    """Return an attempt of another user of this machine, who found the port of the loopback index."""

    def attempt(folder: Path) -> bool:
        with _configured(folder) as (_, upstream), Loopback(upstream, [WINDOWS]) as loopback:
            root = "/".join(loopback.target_url(WINDOWS).split("/")[:3])
            # A pip of the run has read the page.
            assert loopback.answer(f"/{loopback.token}/simple/{WINDOWS.name}/app/")
            (candidate,) = upstream.on("here").candidates(canonicalize_name("app"))
            name = f"files/{candidate.key}/{candidate.distribution.filename}"
            path = {"page": f"simple/{WINDOWS.name}/app/", "file": name, "metadata": f"{name}.metadata"}[kind]
            for guess in ("", "/", f"/{'0' * 32}"):
                with contextlib.suppress(OSError):
                    if requests.get(f"{root}{guess}/{path}", timeout=5).ok:
                        return True
        return False

    return attempt


def _solve(folder: Path, *requires: str) -> Lock:
    """Resolve a release that requires that."""
    with _configured(folder, *requires) as (_, upstream):
        job = plan_of(["app"], [WINDOWS]).jobs[0]
        (folder / job.name).mkdir()
        inputs = Inputs(requirement_set="", target="", policy="", constraint="")
        with Loopback(upstream, [WINDOWS]) as loopback, Pips(folder) as pips:
            return resolve(job, inputs=inputs, constraints=(), index=loopback, pips=pips, work=folder / job.name).lock


def _reaches(address: str) -> Attempt:
    """Return an attempt to have pip connect to a server by a requirement."""

    def attempt(folder: Path) -> bool:
        seen = list[str]()
        with contextlib.suppress(SubsetError), sending(lambda _: [head(404)], seen) as url:
            _solve(folder, f"evil @ {address.format(url=url)}")
        return bool(seen)

    return attempt


def _waits_for_a_pipe(folder: Path) -> bool:
    """Have pip open a pipe, by a requirement."""
    os.mkfifo(folder / "evil-1.0-py3-none-any.whl")
    place = (folder / "evil-1.0-py3-none-any.whl").as_uri()
    return lasts(functools.partial(_solve, folder, f"evil @ {place}"), 15)


def _reads_a_file(folder: Path) -> bool:
    """Have pip read a wheel of this machine, whose METADATA then leads further, by a requirement."""
    trap = make_wheel("evil", requires=["lib"])
    (folder / trap.filename).write_bytes(trap.data)
    asked = list[str]()
    with _configured(folder, f"evil @ {(folder / trap.filename).as_uri()}") as (index, upstream):
        job = plan_of(["app"], [WINDOWS]).jobs[0]
        (folder / job.name).mkdir()
        with contextlib.suppress(SubsetError), Loopback(upstream, [WINDOWS]) as loopback, Pips(folder) as pips:
            inputs = Inputs(requirement_set="", target="", policy="", constraint="")
            resolve(job, inputs=inputs, constraints=(), index=loopback, pips=pips, work=folder / job.name)
        asked += [hit.path for hit in index.requests]
    return any("/lib/" in path for path in asked)


@contextlib.contextmanager
def _as_pip_is() -> Iterator[None]:
    """Run pip without a rule about what it opens."""
    text = runner.SCRIPT.read_text(encoding="utf-8")
    rule = 'if alone and arguments[0] in {"install", "download"}:'
    if rule not in text:
        msg = "the rule stands elsewhere"
        raise AssertionError(msg)
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder, "plain.py")
        script.write_text(text.replace(rule, "if False:"), encoding="utf-8")
        for name in ("changes.py", "sharing.py", "repeated.py"):
            shutil.copy(runner.SCRIPT.with_name(name), folder)
        with mock.patch.object(pool, "SCRIPT", script):
            yield


def _on_a_page(address: str, sought: str) -> bool:
    """Whether a candidate with the *address* shows what is *sought*, or breaks what reads it."""
    entry = {"filename": "app-1.0-py3-none-any.whl", "url": address, "hashes": {}}
    project = canonicalize_name("app")
    try:
        listed = json.dumps({"files": [entry]})
        (one,) = simple_api.read_page(listed, content_type=JSON_TYPE, url="https://h.example/", project=project)
    except ValueError:
        return False
    try:
        return sought in f"{one.distribution} {one.source} {one.key}"
    except UnicodeEncodeError:
        return True


def _in_a_failure(_: Path) -> bool:
    """Whether a server of constraints that does not answer has its query in a line or in a log."""
    own = {"PIP_CONSTRAINT": f"http://127.0.0.1:9/c.txt?x={_KEPT}", "PIP_RETRIES": "0"}
    try:
        with mock.patch.dict(os.environ, own), edge.foreseen():
            constraints.read_constraints(read_network())
    except SubsetError as error:
        return _KEPT in without_secrets(f"{error}{error.evidence or ''}")
    return False


def _warned(_: Path) -> bool:
    """Whether pip itself prints the address of a server that is not trusted."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.suppress(UpstreamError):
        Fetcher(read_network()).page("http://index.invalid/")
    return "index.invalid" in said.getvalue()


_KEPT = "hunter2"
#: What ended a URL once.
_QUOTED = re.compile(r"""//(?:[^/?#\s"'<>]*@)?([^?#\s"'<>]*)([?#][^\s"'<>]*)?""")
_QUERIES = setting(text, _QUERY=re.compile("(?!)()()()"))
_AS_IT_IS = setting(simple_api, without_credentials=lambda url: url)

_ANY_FILE = both(
    without(session, "_require_web"),
    without(session, "_require_trust"),
    setting(bodies, content=lambda response, *_: response.content),
    setting(PipSession, get_redirect_target=requests.Session.get_redirect_target),
)
_TRUSTING: Door = without(session, "_require_trust")
_ANY_TOKEN: Door = setting(hmac, compare_digest=lambda *_: True)


def _attack(name: str, attempt: Attempt, door: Door) -> InputAttack:
    return InputAttack(name=name, kind="trust", attempt=attempt, door=door)


ATTACKS = [
    _attack("redirect-to-a-file", _from_a_file, _ANY_FILE),
    _attack("many-redirects", _many_redirects, setting(bounds, MOST_REDIRECTS=30)),
    _attack("page-by-plain-http", _from_elsewhere(lambda fetcher, url, _: fetcher.page(url)), _TRUSTING),
    _attack("file-by-plain-http", _from_elsewhere(lambda fetcher, url, path: fetcher.save(url, path)), _TRUSTING),
    _attack("metadata-by-plain-http", _from_elsewhere(lambda fetcher, url, _: fetcher.small(url, 100)), _TRUSTING),
    _attack("piece-by-plain-http", _from_elsewhere(lambda fetcher, url, path: fetcher.tail(url, path)), _TRUSTING),
    _attack("redirect-to-plain-http", _from_elsewhere(lambda fetcher, url, _: fetcher.page(url), led=True), _TRUSTING),
    _attack("pause-of-a-year", _long_pause, setting(bounds, LONGEST_PAUSE=float(NONE))),
    *(
        _attack(f"loopback-{kind}-by-port-alone", _by_port_alone(kind), _ANY_TOKEN)
        for kind in ("page", "file", "metadata")
    ),
    _attack("quoted-password", lambda _: _on_a_page(f"https://me:a'{_KEPT}@h/app.whl", _KEPT), _AS_IT_IS),
    _attack("quoted-query", lambda _: _on_a_page(f"/app.whl?s='{_KEPT}", _KEPT), _AS_IT_IS),
    _attack(
        "surrogate-in-an-address",
        lambda _: _on_a_page("https://h/\ud800/app.whl", _KEPT),
        setting(simple_api, _joined=lambda _, link: link),
    ),
    _attack(
        "quoted-query-in-a-message",
        lambda _: _KEPT in edge.line_of(UpstreamError(f"cannot fetch https://h.example/x?s='{_KEPT}")),
        both(setting(text, _URL=_QUOTED), _QUERIES),
    ),
    _attack(
        "query-of-a-path-in-a-message",
        lambda _: _KEPT in edge.line_of(UpstreamError(f"exceeded with url: /x?{_KEPT} (Caused by x)")),
        _QUERIES,
    ),
    _attack("query-in-a-failure", _in_a_failure, both(setting(replies, FAILURES=()), _QUERIES)),
    _attack("warning-of-pip", _warned, setting(logging.getLogger("pip"), handlers=[])),
    _attack("requirement-is-a-server", _reaches("{url}/evil-1.0-py3-none-any.whl"), _as_pip_is),
    _attack("requirement-is-a-page", _reaches("{url}/evil.tar.gz"), _as_pip_is),
    _attack("requirement-is-a-pipe", _waits_for_a_pipe, _as_pip_is),
    _attack("requirement-is-a-file", _reads_a_file, _as_pip_is),
]
