"""The page of a project: valid and escaped, and everything on it leads somewhere."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from pypi_subset.model.distributions import Standing
from pypi_subset.site.pages.facts import Chain, FileFacts, ProjectFacts, ReleaseFacts, Step
from pypi_subset.site.pages.project_page import page_of
from pypi_subset.site.readme.cache import NOTHING, Shown
from tests.support.pages.page_check import anchors, elements, parts_of, tags
from tests.support.stages.values import BRISK

FILE = FileFacts(
    *(
        "demo-2.0+a-py3-none-any.whl",
        1500,
        "a" * 64,
        "b" * 64,
        ">=3.9",
        "2026-01-02T03:04:05Z",
        "lab",
        "demo-2.0.tar.gz",
    ),
    targets=("linux",),
)
FACTS = ProjectFacts(
    name="demo",
    standing=Standing(status="archived", reason="no more"),
    releases=(
        ReleaseFacts("2.0+a", "bad", "2026-01-02", (FILE,)),
        ReleaseFacts("1.0", None, "", (FILE._replace(filename="demo-1.0.tar.gz", metadata=None, targets=("mac",)),)),
    ),
    requires=(Step("lib", "lib>=1", ("linux", "mac")), Step("win", "win; x", ("linux",))),
    required_by=(Step("app", "demo<3", ("linux",)),),
    chains=(Chain(("base", "app"), "base.txt:3", (("app", "app"), ("demo<3", "demo")), ("linux",)),),
)
SHOWN = Shown(summary="Fits & well", license="MIT", markup="<h3>Usage</h3><p>text</p>")


def text_of(page: str, tag: str) -> list[str]:
    """Return the text of each element with this tag, white space collapsed."""
    return [" ".join("".join(element.itertext()).split()) for element in elements(page, tag)]


def test_everything_is_there() -> None:
    """Summary, licence, day, Python, status, command, versions by target, files with hashes, README."""
    page = page_of(FACTS, SHOWN)
    assert text_of(page, "h1") == ["demo 2.0+a"]
    names, values = text_of(page, "dt"), text_of(page, "dd")
    assert dict(zip(names, values, strict=True)) == {
        "Licence": "MIT",
        "Uploaded": "2026-01-02",
        "Python": ">=3.9",
        "Size": "3.0 kB in 2 files",
        "Status": "archived: no more",
        "linux": "2.0+a",
        "mac": "1.0",
    }
    assert text_of(page, "pre") == ["pip install --index-url https://HOST/PATH/simple/ demo"]
    assert text_of(page, "h3") == ["demo 2.0+a 2026-01-02 yanked", "demo 1.0", "Usage"]
    words = text_of(page, "main")[0]
    for one in ("Yanked: bad", "from lab", "built from demo-2.0.tar.gz", "a" * 64, "lib>=1", "win; x on linux"):
        assert one in words
    assert "lib>=1 on" not in words


def test_links_lead_to_pages_of_the_site() -> None:
    """Files, other projects, the request, and the proof of this project; each names its page, for a disk."""
    links = [("/".join(one.segments), one.fragment) for one in anchors(page_of(FACTS, SHOWN))]
    assert links == [
        ("../../index.html", ""),
        ("../../proof/index.html", "demo"),
        ("../../index.html", "install"),
        ("../../request/base--app/index.html", ""),
        ("../../project/app/index.html", ""),
        ("../../project/lib/index.html", ""),
        ("../../project/win/index.html", ""),
        ("../../project/app/index.html", ""),
        ("../../simple/demo/demo-2.0+a-py3-none-any.whl", ""),
        ("../../simple/demo/demo-1.0.tar.gz", ""),
        ("../../manifest.json", ""),
        ("../../proof/index.html", ""),
    ]
    (image,) = elements(page_of(FACTS, SHOWN), "img")
    assert image.get("src") == "../../proof/badge.svg"


def test_the_page_needs_nothing_from_elsewhere() -> None:
    """Style, script and badge of the site."""
    page = page_of(FACTS, SHOWN)
    assert parts_of(page) == (["../../page.css"], ["../../page.js"])
    assert set(re.findall(r"\w+://[^/\"< ]+", page)) == {"https://HOST"}


def test_a_project_without_metadata() -> None:
    """An sdist alone has no README here, and the page none of its parts; variants install from a view."""
    bare = FACTS._replace(standing=None, releases=FACTS.releases[1:], requires=(), required_by=(), chains=())
    page = page_of(bare, NOTHING, index="targets/TARGET/simple")
    assert text_of(page, "h2") == ["Facts", "Install", "Targets", "Why it is here", "Requires", "Required by", "Files"]
    assert text_of(page, "pre") == ["pip install --index-url https://HOST/PATH/targets/TARGET/simple/ demo"]


def test_variants_are_in_views_only() -> None:
    """The page says whose name the reader puts into the address, and why the union index has no such project."""
    view = "targets/TARGET/simple"
    assert "TARGET" not in page_of(FACTS, SHOWN)
    assert "Put the name of your target in place of TARGET." in text_of(page_of(FACTS, SHOWN, index=view), "p")
    (note,) = (one for one in text_of(page_of(FACTS, SHOWN, index=view, in_views_only=True), "p") if "TARGET" in one)
    assert note.endswith("The index simple/ has no file of demo: its builds differ by target.")


def test_many_chains_are_counted() -> None:
    """The page has the shortest, and names the command for all."""
    page = page_of(FACTS._replace(chains=FACTS.chains * 42), SHOWN)
    assert "2 more chains of requirements: pypi-subset why demo prints all." in text_of(page, "p")


HOSTILE = st.text(max_size=15) | st.sampled_from(["<script>", "\"'>", "{{ x }}", "<!--", "\0\ud800", "</pre>"])


@BRISK
@given(words=st.lists(HOSTILE, min_size=9, max_size=9))
def test_nothing_hostile_gets_into_the_page(words: list[str]) -> None:
    """Whatever METADATA, index and locks hold, the page is valid HTML5 with the same elements."""

    def page(one: list[str]) -> str:
        file = FILE._replace(requires_python=one[0] or "x", uploaded=one[1], built=one[2] or "x")
        release = ReleaseFacts("1.0", one[3] or "x", "2026-01-01", (file,))
        facts = FACTS._replace(
            standing=Standing(status=one[4], reason=one[5] or "x"),
            releases=(release,),
            requires=(Step("lib", one[6], ("linux",)),),
            chains=(Chain(("base", "app"), one[7], ((one[6], "app"),), ("linux",)),),
        )
        return page_of(facts, Shown(summary=one[8] or "x", license=one[0] or "x"))

    assert tags(page(words)) == tags(page(["x"] * 9)) or not words[1]
