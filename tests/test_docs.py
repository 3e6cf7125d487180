"""The manual in docs/: it builds without a warning, its records have one form. Its sentences: test_prose.py."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.support.checkout import ROOT
from tests.support.pages import browser, reference
from tests.support.servers.served import Served
from tests.support.sites.handmade import handmade

if TYPE_CHECKING:
    from pathlib import Path

DOCS = ROOT / "docs"
PAGES = sorted(DOCS.rglob("*.md"))
RECORDS = [path for path in PAGES if path.parent.name == "decisions" and path.name != "index.md"]


def named(path: Path) -> str:
    """Return the name of a page, for the names of tests."""
    return path.relative_to(DOCS).as_posix()


def test_there_is_something_to_measure() -> None:
    """The manual has explanations and a record for each decision, numbered from 1 without a hole."""
    assert {"index.md", "decisions/index.md", "explanation/how-the-proof-works.md"} <= set(map(named, PAGES))
    assert [int(path.name[:4]) for path in RECORDS] == [*range(1, len(RECORDS) + 1)]


@pytest.mark.parametrize("path", RECORDS, ids=named)
def test_a_record_has_the_form_of_a_decision(path: Path) -> None:
    """A record has 10 to 40 lines, its number in the title, and says context, decision and consequences."""
    lines = path.read_text(encoding="utf-8").splitlines()
    assert 10 <= len(lines) <= 40
    assert lines[0].startswith(f"# {path.name[:4]}: ")
    assert [line for line in lines if line.startswith("## ")] == ["## Context", "## Decision", "## Consequences"]


def test_every_wing_is_described() -> None:
    """The page on the structure names every sub-package."""
    page = (DOCS / "explanation" / "structure.md").read_text(encoding="utf-8")
    source = ROOT / "src" / "pypi_subset"
    wings = {path.parent.name for path in source.glob("*/__init__.py")}
    assert "proof" in wings
    assert wings <= set(re.findall(r"^\| `([a-z_]+)` \|", page, re.MULTILINE))


@pytest.mark.parametrize(("path", "text"), [*reference.pages()], ids=[*reference.PAGES])
def test_a_generated_page_is_current(path: Path, text: str) -> None:
    """The page is what the code says today: `make docs RENEW=yes` writes it."""
    assert path.read_text(encoding="utf-8") == text


def leads_somewhere(built: Path, page: str, link: str) -> bool:
    """Whether *link* on *page* names a file of the built manual, and in it the part that it may name."""
    name, _, part = link.partition("?")[0].partition("#")
    target = (built / page).with_suffix(".html") if not name else (built / page).parent / name
    if not target.is_file():
        return False
    return not part or f'id="{part}"' in target.read_text(encoding="utf-8")


#: The addresses of the results of a search, as soon as the glossary is among them.
FOUND = """
new Promise((done) => {
  const look = () => {
    const links = [...document.querySelectorAll("#search-results li a")].map((one) => one.href);
    if (links.some((one) => one.includes("glossary"))) done(links); else setTimeout(look, 50);
  };
  look();
})
"""


@pytest.fixture(scope="module")
def manual(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the built manual; no test changes it."""
    path = tmp_path_factory.mktemp("manual") / "html"
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-b", "html", str(DOCS), str(path)]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (built.returncode, built.stderr) == (0, "")
    return path


@pytest.mark.browser
def test_the_search_works_in_a_site_and_from_a_disk(manual: Path, tmp_path: Path) -> None:
    """Under the policy of `make serve` and from ``file://``, the search finds pages, and nothing is refused."""
    site = tmp_path / "site"
    handmade(site)
    shutil.copytree(manual, site / "docs")
    with Served(site, tmp_path / "log") as served, browser.tab(tmp_path / "profile") as tab:
        for address in (f"{served.url}docs/search.html?q=closure", f"{manual.as_uri()}/search.html?q=closure"):
            tab.open(address)
            assert tab.run(FOUND)
            reported = [
                one["params"] for one in tab.events if one["method"] in {"Log.entryAdded", "Runtime.exceptionThrown"}
            ]
            # A sheet has each icon twice, for a site and for a disk: one of the two is refused.
            assert [one for one in reported if not re.search("favicon|icon-|data:image", str(one))] == []
        tab.open(f"{served.url}docs/index.html")
        assert tab.run("getComputedStyle(document.querySelector('.sidebar-drawer')).position") != "static"


@pytest.mark.manual
def test_make_docs_says_where_the_manual_is() -> None:
    """The last lines name the front page, which is there, and the next step."""
    inv = [sys.executable, "-m", "invoke", "--search-root", str(ROOT), "docs"]
    done = subprocess.run(inv, cwd=ROOT, capture_output=True, text=True, check=False)
    first, following = done.stdout.splitlines()[-2:]
    assert (done.returncode, following) == (0, "Next: `make docs SITE=site` lays it into a site"), done.stderr
    page = re.fullmatch(r"the manual is built: open (\S+) in a browser", first)
    assert page
    assert (ROOT / page[1]).is_file()


@pytest.mark.slow
def test_the_manual_builds_without_a_warning(manual: Path) -> None:
    """Sphinx builds every page, and a page loads nothing from another host."""
    tmp_path = manual
    assert leads_somewhere(tmp_path, "index.md", "reference/locks.html#lower-versions")
    assert not leads_somewhere(tmp_path, "index.md", "reference/locks.html#nothing")
    assert not leads_somewhere(tmp_path, "reference/locks.md", "nothing.html")
    for page in PAGES:
        html = tmp_path.joinpath(named(page)).with_suffix(".html").read_text(encoding="utf-8")
        assert not re.findall(r"<(?:script|link|img|iframe)\b[^>]*(?:src|href)=[\"']?(?:https?:)?//[^>]*>", html)
        for link in re.findall(r'\shref="([^"]*)"', html):
            assert link.startswith("https://") or leads_somewhere(tmp_path, named(page), link), f"{named(page)}: {link}"
        assert not re.search(r"<style|<script>|\sstyle=|\son[a-z]+=", html), "the policy of a site refuses this"
