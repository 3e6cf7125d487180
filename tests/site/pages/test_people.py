"""The pages for people as a whole: every link leads somewhere, what did not change is linked, and people can use them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urljoin

import pytest

from pypi_subset.model import paths
from pypi_subset.model.door import read_manifest
from pypi_subset.packages.file_cache import FileCache
from pypi_subset.proof.report import report
from pypi_subset.site import build_state, builder
from pypi_subset.site.content import Content
from pypi_subset.site.readme.cache import NAME
from tests.support.gap.installs import Lab
from tests.support.pages import browser, npm
from tests.support.pages.page_check import anchors, document, elements, parts_of
from tests.support.servers.served import Served
from tests.support.stages.values import LINUX, WINDOWS, artifact_of, lock_of, plan_of
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.support.wheels import Wheel

README = """# The library

It [works](https://docs.example/) & has a [file](docs/a.md), ![a chart](https://img.example/a.png).

| a | b |
| - | - |
| 1 |   |

```python
print("one")
```

- [x] done

<details><summary>More</summary><script>alert(1)</script></details>
"""


def described(name: str, version: str = "1.0", *, requires: Sequence[str] = (), text: str = README) -> Wheel:
    """Return a wheel with summary, licence and README."""
    more = ("Summary: Does what it says", "License-Expression: MIT", "Description-Content-Type: text/markdown")
    return make_wheel(name, version, requires=requires, more=more, readme=text)


def wheels(*more: Wheel) -> list[Wheel]:
    """Return what the subset of these tests needs."""
    return [
        described("app", requires=["lib", "win; sys_platform == 'win32'"]),
        described("lib"),
        described("win"),
        *more,
    ]


def build(folder: Path, made: Sequence[Wheel], *lines: str) -> Path:
    """Return the site below *folder* after a build of it."""
    subset = plan_of(lines or ["app"], [LINUX, WINDOWS])
    packages = folder / "packages"
    packages.mkdir(parents=True, exist_ok=True)
    for one in made:
        if not (packages / one.filename).exists():
            one.save(packages)
    artifacts = {one.distribution.project: one for one in [artifact_of(packages / one.filename) for one in made]}
    locks = [lock_of(job, artifacts.values(), made) for job in subset.jobs]
    used = {one.filename for lock in locks for one in lock.distributions}
    content = Content(
        subset=subset, locks=locks, artifacts=[one for one in artifacts.values() if one.distribution.filename in used]
    )
    cache = FileCache(packages / "cache")
    with builder.staged_site(content, folder / "site", cache, packages / build_state.FILE) as stage:
        if stage is not None:
            report.carry_over(folder / "site", stage)
    cache.save(forget=True)
    return folder / "site"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a site that no test changes."""
    return build(tmp_path_factory.mktemp("people"), wheels())


def people(site: Path) -> list[Path]:
    """Return the pages for people."""
    return [site / path for path in read_manifest(site).pages if path.endswith(paths.PAGE) and not _is_index(path)]


def _is_index(path: str) -> bool:
    return path.startswith((paths.SIMPLE, paths.VIEWS, paths.SIMPLE_JSON))


def test_every_page_is_in_the_manifest(site: Path) -> None:
    """One for each project and request, and what the search looks through."""
    assert {path.relative_to(site).as_posix() for path in people(site)} == {
        *("index.html", "request/base--app/index.html"),
        *(f"project/{name}/index.html" for name in ("app", "lib", "win")),
    }
    assert paths.SEARCH in read_manifest(site).pages


def test_every_link_leads_to_a_file(site: Path) -> None:
    """On each page, also for pictures, styles and scripts; a page that is opened from a disk needs no server."""
    for page in people(site):
        text = page.read_text(encoding="utf-8")
        document(text)
        parts_of(text)
        found = [dict(one.items()) for tag in ("a", "img", "link", "script") for one in elements(text, tag)]
        for one in found:
            address = one.get("href") or one.get("src") or ""
            if not address.startswith(("http", "#")):
                path = Path(unquote(urljoin(page.as_uri(), address).removeprefix("file://").partition("#")[0]))
                assert path.is_file(), (page, address)


def test_the_readme_is_on_the_page(site: Path) -> None:
    """Rendered, without its script, its image and its link into a repository."""
    text = (site / "project" / "lib" / "index.html").read_text(encoding="utf-8")
    readme = text[text.index('<section aria-labelledby="readme"') :]
    assert '<a href="https://docs.example/" rel="nofollow noreferrer">works</a> &amp; has a file, ' in readme
    assert '<a href="https://img.example/a.png" rel="nofollow noreferrer">a chart</a>' in readme
    assert "<script" not in readme.partition("</section>")[0]
    assert "<h3" in readme


def test_the_search_has_every_project(site: Path) -> None:
    """With version, summary, licence, size and targets."""
    text = (site / paths.SEARCH).read_text(encoding="utf-8")
    rows = json.loads(text.removeprefix("const PROJECTS = ").removesuffix(";\n"))
    assert [row[:4] for row in rows] == [[name, "1.0", "Does what it says", "MIT"] for name in ("app", "lib", "win")]
    assert [row[5] for row in rows] == ["all targets", "all targets", "windows"]


def inodes(site: Path) -> dict[str, int]:
    """Return the number of each page for people, by path: a link has the same."""
    return {path.relative_to(site).as_posix(): path.stat().st_ino for path in people(site)}


def test_what_did_not_change_is_linked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a project more that requires one of the others, that page is made again, and no README is rendered again."""
    before = inodes(build(tmp_path, wheels()))
    more = described("more", requires=["lib"], text="")
    monkeypatch.setattr("pypi_subset.site.readme.pool.MODULE", "pypi_subset.nowhere")
    site = build(tmp_path, wheels(more), "app", "more")
    after = inodes(site)
    changed = {path for path, number in after.items() if before.get(path) != number}
    assert changed == {
        "index.html",
        "project/lib/index.html",
        "project/more/index.html",
        "request/base--more/index.html",
    }
    assert "more" in (site / "project" / "lib" / "index.html").read_text(encoding="utf-8")


def test_a_page_that_was_changed_is_made_again(tmp_path: Path) -> None:
    """And a state of another program counts for nothing."""
    site = build(tmp_path, wheels())
    page = site / "project" / "lib" / "index.html"
    data = page.read_bytes()
    page.write_bytes(b"another")
    assert build(tmp_path, wheels()) == site
    assert page.read_bytes() == data


def test_the_same_input_has_the_same_bytes(tmp_path: Path) -> None:
    """Cold and warm, with READMEs remembered and rendered, whatever was built before."""
    more = described("more", requires=["lib"])
    build(tmp_path / "one", wheels())
    one = build(tmp_path / "one", wheels(more), "app", "more")
    other = build(tmp_path / "other", wheels(more), "app", "more")
    assert read_manifest(one) == read_manifest(other)
    kept = {path.name for path in (tmp_path / "one" / "packages" / NAME).iterdir()}
    assert kept == {path.name for path in (tmp_path / "other" / "packages" / NAME).iterdir()}
    assert len(kept) == 4
    build(tmp_path / "one", wheels())
    assert len([*(tmp_path / "one" / "packages" / NAME).iterdir()]) == 3


def test_no_page_depends_on_a_result(site: Path) -> None:
    """Each project leads to its place in the report, whatever the report says."""
    found = [one for one in anchors((site / "project" / "lib" / "index.html").read_text()) if "proof" in one.segments]
    assert {(one.segments, one.fragment) for one in found} == {
        (("..", "..", "proof", "index.html"), "lib"),
        (("..", "..", "proof", "index.html"), ""),
    }


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[browser.Tab]:
    """Yield a tab of a real browser."""
    with browser.tab(tmp_path_factory.mktemp("home")) as opened:
        yield opened


PAGES = ("index.html", "project/lib/index.html", "request/base--app/index.html", "proof/index.html")


@pytest.mark.browser
@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_no_rule_of_accessibility_is_violated(tab: browser.Tab, site: Path, page: str, width: int, dark: bool) -> None:  # noqa: FBT001 - a case
    """axe-core finds nothing, nothing is wider than the window, and the page says nothing to the console."""
    tab.show(width=width, dark=dark)
    tab.open((site / page).as_uri())
    assert tab.complaints == []
    assert {one.partition(":")[0] for one in tab.requests} == {"file"}
    assert tab.run("document.documentElement.scrollWidth") <= width
    assert tab.violations(npm.axe()) == []


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 390])
def test_the_commands_of_the_installer_fit(tab: browser.Tab, tmp_path: Path, width: int) -> None:
    """The front page of a site with pip has a command for each target, with the address of its server in the note."""
    site = Lab.made(tmp_path, {"here": "host", "a-target-with-a-rather-long-name-of-its-own": "rhel-10"}).site
    tab.show(width=width, dark=False)
    with Served(site, tmp_path / "log") as server:
        tab.open(f"{server.url}index.html")
        assert tab.run("document.querySelectorAll('.targets pre').length") == 2
        assert tab.run("document.querySelector('#bare ~ .note .server').textContent") == server.url
        assert tab.run("document.documentElement.scrollWidth") <= width
        assert tab.violations(npm.axe()) == []


#: What an importer writes.
RELEASE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Release</title><link rel="stylesheet" href="page.css"></head>
<body><main><h1>Release 3</h1><p>Signed by ann</p></main></body></html>
"""


def height(tab: browser.Tab) -> int:
    """Return the height of the page about the release, in pixels, once it does not change any more."""
    # The page has loaded when its object may not yet have failed.
    script = """new Promise((done) => {
        const measured = () => Math.round(document.querySelector("object").getBoundingClientRect().height);
        const look = (left) => (measured() && left) ? setTimeout(look, 50, left - 1) : done(measured());
        look(20);
    })"""
    return int(tab.run(script))


@pytest.mark.browser
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("at", ["disk", "server"])
def test_the_front_page_shows_the_release_of_an_import(
    tab: browser.Tab,
    site: Path,
    tmp_path: Path,
    at: str,
    dark: bool,  # noqa: FBT001 - a case
) -> None:
    """A site that was imported has a page that names it; any other says nothing about imports."""
    own = tmp_path / "site"
    shutil.copytree(site, own)
    tab.show(width=390, dark=dark)
    with Served(own, tmp_path / "log") as server:
        address = (own / "index.html").as_uri() if at == "disk" else f"{server.url}index.html"
        tab.open(address)
        assert height(tab) == 0
        assert "import" not in tab.run("document.body.innerText")
        (own / "release.html").write_text(RELEASE)
        tab.open(address)
        assert height(tab) > 100
        # A browser asks servers for an icon too.
        assert not [one for one in tab.complaints if "favicon" not in str(one)]
        assert tab.run("document.documentElement.scrollWidth") <= 390
        assert tab.violations(npm.axe()) == []
        if at == "server":
            # A browser keeps pages from a disk apart.
            assert tab.run("document.querySelector('object').contentDocument.title") == "Release"


@pytest.mark.browser
def test_without_scripts_the_release_is_shown(tab: browser.Tab, site: Path, tmp_path: Path) -> None:
    """From a disk, as a page within the page."""
    own = tmp_path / "site"
    shutil.copytree(site, own)
    (own / "release.html").write_text(RELEASE)
    tab.send("Emulation.setScriptExecutionDisabled", value=True)
    try:
        tab.open((own / "index.html").as_uri())
        (inner,) = tab.send("Page.getFrameTree")["frameTree"]["childFrames"]
        assert inner["frame"]["url"] == (own / "release.html").as_uri()
    finally:
        tab.send("Emulation.setScriptExecutionDisabled", value=False)


def search(tab: browser.Tab, words: str) -> list[str]:
    """Return the names that the search shows, and behind them what it says."""
    tab.run(
        "(async () => {const box = document.querySelector('#search'); box.focus(); box.value = "
        f"{json.dumps(words)}; box.dispatchEvent(new Event('input')); await new Promise((done) => setTimeout(done, 200))}})()"
    )
    script = (
        "[...document.querySelectorAll('#found a'), document.querySelector('output')].map((one) => one.textContent)"
    )
    return [str(one) for one in tab.run(script)]


@pytest.mark.browser
def test_the_search_finds_projects(tab: browser.Tab, site: Path) -> None:
    """From a disk: by name and summary, in any spelling of the name; its entries lead to the pages."""
    tab.open((site / "index.html").as_uri())
    assert search(tab, "LI") == ["lib", "1 project"]
    assert search(tab, "what says") == ["app", "lib", "win", "3 projects"]
    assert search(tab, "lib_") == ["no projects"]
    assert search(tab, "<b>") == ["no projects"]
    assert search(tab, "win") == ["win", "1 project"]
    assert tab.violations(npm.axe()) == []
    assert tab.run("document.querySelector('#found a').href").endswith("site/project/win/index.html")
    assert search(tab, "") == [""]
    assert tab.run("document.querySelector('#found').checkVisibility()") is False


@pytest.mark.browser
def test_the_keyboard_reaches_the_search(tab: browser.Tab, site: Path) -> None:
    """Behind the link to the proof; what has the focus is seen."""
    tab.open((site / "index.html").as_uri())
    for _ in range(2):
        tab.press("Tab")
    assert tab.run("document.activeElement.id") == "search"
    assert tab.run("getComputedStyle(document.activeElement).outlineStyle") == "solid"


@pytest.mark.browser
def test_without_scripts_all_is_there(tab: browser.Tab, site: Path) -> None:
    """The list of projects, and no box that searches nothing."""
    tab.send("Emulation.setScriptExecutionDisabled", value=True)
    try:
        tab.open((site / "index.html").as_uri())
        root = tab.send("DOM.getDocument", depth=-1)["root"]["nodeId"]
        assert len(tab.send("DOM.querySelectorAll", nodeId=root, selector="#projects ~ .projects li")["nodeIds"]) == 3
        form = tab.send("DOM.querySelector", nodeId=root, selector="form")["nodeId"]
        assert "hidden" in tab.send("DOM.getAttributes", nodeId=form)["attributes"]
    finally:
        tab.send("Emulation.setScriptExecutionDisabled", value=False)
