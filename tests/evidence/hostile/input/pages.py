"""Attacks by text that stands on a page: markup of a package that a browser would obey."""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from unittest import mock

import html5lib
from msgspec import structs
from packaging.utils import canonicalize_name

from pypi_subset.model import documents
from pypi_subset.model.distributions import Project, Standing
from pypi_subset.model.manifest import Manifest
from pypi_subset.model.report import Report
from pypi_subset.proof.report import page
from pypi_subset.proof.report.verdict import verdict_of
from pypi_subset.site import simple_index, web_servers
from pypi_subset.support import templates
from tests.evidence.hostile.input.attack import InputAttack
from tests.support.sites.published import GREEN
from tests.support.stages.manifests import document
from tests.support.stages.values import artifacts_of
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


MARKUP = "</pre></title><script>top.hacked = 1</script>"


def _runs(text: str) -> bool:
    """Whether a browser that takes *text* for HTML finds a script in it that the page's own policy does not forbid."""
    root = html5lib.HTMLParser().parse(text.encode(errors="replace"))
    name = "{http://www.w3.org/1999/xhtml}"
    scripts = [one for one in root.iter(f"{name}script") if "hacked" in "".join(one.itertext())]
    return bool(scripts)


def _allowed(text: str) -> bool:
    """Whether the policy of the page *text* lets a script run that is written into it."""
    root = html5lib.HTMLParser().parse(text.encode())
    metas = [dict(one.items()) for one in root.iter("{http://www.w3.org/1999/xhtml}meta")]
    policies = [one["content"] for one in metas if one.get("http-equiv") == "Content-Security-Policy"]
    rules: list[dict[str, str]] = [
        dict(rule.strip().partition(" ")[::2] for rule in policy.split(";")) for policy in policies
    ]
    return not any(
        "unsafe-inline" not in rule.get("script-src", rule.get("default-src", "unsafe-inline")) for rule in rules
    )


def _pages(folder: Path, standing: Standing | None = None, **facts: Any) -> dict[str, str]:
    """Return the index pages of a project with a file of which the index told *facts*."""
    (artifact,) = artifacts_of([make_wheel("demo")], folder)
    distribution = structs.replace(artifact.distribution, standing=standing, **facts)
    project = Project(name=canonicalize_name("demo"), artifacts=(replace(artifact, distribution=distribution),))
    rendering = simple_index.Rendering([project], views={"linux": {distribution.filename}})
    return {path: data.decode() for path, data in rendering.pages()}


def _report() -> Report:
    """Return a red report with markup in all of its texts."""
    check = replace(GREEN, status="failed", reason=MARKUP, command=MARKUP, request=MARKUP, interpreter=MARKUP)
    return structs.replace(_EMPTY_REPORT, checks=(check,))


_EMPTY_REPORT = documents.parse(
    json.dumps(
        {
            "schema": "1.3",
            "manifest_sha256": "a" * 64,
            "stale": False,
            "isolation": "none",
            "targets": [],
            "totals": {"passed": 0, "failed": 1, "skipped": 0},
            "checks": [],
        }
    ),
    Report,
)


def _manifest() -> str:
    """Return a manifest that quotes markup."""
    made = document()
    made["bad_files"][0] |= {"filename": MARKUP, "reason": MARKUP}
    made["files"][0]["requires_python"] = MARKUP
    return documents.encode(documents.parse(json.dumps(made), Manifest)).decode()


def _same(text: str) -> str:
    return text


@contextlib.contextmanager
def _unescaped() -> Iterator[None]:
    """Let pages quote text as it is."""
    with contextlib.ExitStack() as stack:
        for module in (simple_index, templates):
            stack.enter_context(mock.patch.object(module, "escape", _same))
        simple_index._attribute.cache_clear()  # noqa: SLF001 - it has kept escaped text
        yield
    simple_index._attribute.cache_clear()  # noqa: SLF001 - as above


@contextlib.contextmanager
def _without_policy() -> Iterator[None]:
    """Let pages have a policy that allows everything."""
    with (
        mock.patch.object(templates, "POLICY", "script-src 'unsafe-inline'"),
        mock.patch.object(simple_index, "NO_PARTS", "default-src 'unsafe-inline'"),
    ):
        templates._environment.cache_clear()  # noqa: SLF001 - it has the policy
        yield
    templates._environment.cache_clear()  # noqa: SLF001 - as above


def _plain_json() -> contextlib.AbstractContextManager[object]:
    return mock.patch.object(simple_index, "escape_json", _same)


def _plain_documents() -> contextlib.AbstractContextManager[object]:
    return mock.patch.object(documents, "_ESCAPES", {})


def _no_header() -> contextlib.AbstractContextManager[object]:
    return mock.patch.object(web_servers, "POLICY_HEADER", "upgrade-insecure-requests")


def _framed(_folder: Path) -> bool:
    """Show the site in a frame of another one, whatever serves it."""
    snippets = web_servers.render([])
    names = ("hosts/nginx.conf", "hosts/apache.conf", "hosts/Caddyfile", "_headers")
    return any("frame-ancestors 'self'" not in snippets[name].decode() for name in names)


def _json_of(path: str, **facts: Any) -> Callable[[Path], bool]:
    return lambda folder: _runs(_pages(folder, **facts)[path])


def _breaks_a_line(folder: Path) -> bool:
    """End a line of a script that a page made of the JSON."""
    text = _pages(folder, yanked="\u2028\u2029")["simple/demo/index.v1_json"] + _line(folder)
    return bool(re.search("[\u2028\u2029]", text))


def _line(_folder: Path) -> str:
    return documents.encode({"reason": "\u2028"}).decode()


def _proof_page(_folder: Path) -> bool:
    return _runs(page.render(_report(), verdict_of(_report())))


def _injected(_folder: Path) -> bool:
    """Get markup into a page in spite of all: the policy must keep it from running."""
    return _allowed(page.render(_report(), verdict_of(_report())))


def _attack(name: str, attempt: Callable[[Path], bool], door: Callable[[], Any]) -> InputAttack:
    return InputAttack(name=name, kind="pages", attempt=attempt, door=door)


ATTACKS = [
    _attack("yank-reason-in-json-taken-for-html", _json_of("simple-json/demo/index.html", yanked=MARKUP), _plain_json),
    _attack("yank-reason-in-negotiated-json", _json_of("simple/demo/index.v1_json", yanked=MARKUP), _plain_json),
    _attack(
        "yank-reason-in-json-of-a-view", _json_of("targets/linux/simple/demo/index.v1_json", yanked=MARKUP), _plain_json
    ),
    _attack("requires-python-in-json", _json_of("simple-json/demo/index.html", requires_python=MARKUP), _plain_json),
    _attack(
        "status-of-a-project-in-json",
        _json_of("simple-json/demo/index.html", standing=Standing(status="archived", reason=MARKUP)),
        _plain_json,
    ),
    _attack("provenance-in-json", _json_of("simple-json/demo/index.html", provenance=MARKUP), _plain_json),
    _attack("line-separator-in-json", _breaks_a_line, _plain_documents),
    _attack("manifest-taken-for-html", lambda _folder: _runs(_manifest()), _plain_documents),
    _attack("report-taken-for-html", lambda _folder: _runs(documents.encode(_report()).decode()), _plain_documents),
    _attack("yank-reason-in-html", _json_of("simple/demo/index.html", yanked='">' + MARKUP), _unescaped),
    _attack(
        "requires-python-in-the-page-of-links", _json_of("find-links.html", requires_python='">' + MARKUP), _unescaped
    ),
    _attack("reason-in-the-page-of-the-proof", _proof_page, _unescaped),
    _attack("script-in-spite-of-all", _injected, _without_policy),
    _attack(
        "script-in-an-index-page",
        lambda folder: _allowed(_pages(folder)["simple/demo/index.html"]),
        _without_policy,
    ),
    _attack("site-in-a-frame", _framed, _no_header),
]
