"""The pages that installers read: valid, escaped, the same each time, and pip installs from them."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from packaging.utils import canonicalize_name
from packaging.version import Version
from pypi_simple import ProjectPage

from pypi_subset.model.distributions import Artifact, Distribution, Project, Standing
from pypi_subset.packages.file_cache import FileCache
from pypi_subset.site import simple_index
from pypi_subset.site.core_metadata import described, write_metadata
from pypi_subset.site.stage_writer import StageWriter
from pypi_subset.support.text import escape
from tests.support.pages.page_check import Anchor, anchors, elements, tags
from tests.support.programs.installers import install
from tests.support.stages.values import BRISK, artifacts_of, lay_out, projects_of, write_index
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pypi_subset.pip.pool import Pips

HOSTILE = [
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "a&amp;b",
    "<!--",
    "]]>",
    "\0\x1b\ud800\uffff",
]
TEXTS = st.text(max_size=20) | st.sampled_from(HOSTILE)


def project_with(filename: str, *, metadata: str | None = None, **facts: Any) -> Project:
    """Return a project named demo with one file of this name, and *facts* of its distribution."""
    demo = canonicalize_name("demo")
    distribution = Distribution(
        filename=filename, project=demo, version=Version("1.0"), size=1, sha256="0" * 64, **facts
    )
    artifact = Artifact(distribution=distribution, folder=Path(), metadata=metadata)
    return Project(name=demo, artifacts=(artifact,))


def rendered(*projects: Project, **views: frozenset[str]) -> dict[str, str]:
    """Return path below the site → text of every page."""
    return {path: data.decode() for path, data in simple_index.Rendering(projects, views=views).pages()}


def page_of(project: Project) -> str:
    """Return the page of *project* in HTML."""
    return rendered(project)[f"simple/{project.name}/index.html"]


def test_a_project_page_names_its_files_oldest_first(tmp_path: Path) -> None:
    """Each link has the file name as text, a relative URL and the file's hash; they come oldest release first."""
    wheels = [make_wheel("demo", version) for version in ("1.9", "1.10", "1.10rc1")]
    (project,) = projects_of(artifacts_of(wheels, tmp_path))

    found = anchors(page_of(project))

    hashes = {wheel.filename: f"sha256={wheel.sha256}" for wheel in wheels}
    names = [f"demo-{version}-py3-none-any.whl" for version in ("1.9", "1.10rc1", "1.10")]
    size = {wheel.filename: {"data-size": str(len(wheel.data))} for wheel in wheels}
    assert found == [Anchor(name, (name,), hashes[name], size[name]) for name in names]


@pytest.mark.parametrize("page", ["simple/demo/index.html", "find-links.html", "targets/linux/simple/demo/index.html"])
def test_a_plus_is_percent_encoded_in_links_and_plain_in_text(page: str, tmp_path: Path) -> None:
    """Object stores read a bare plus sign in a URL as a space."""
    (project,) = projects_of(artifacts_of([make_wheel("demo", "1!1.0+cpu")], tmp_path))

    text = rendered(project, linux=frozenset({project.artifacts[0].distribution.filename}))[page]

    assert "demo-1%211.0%2Bcpu-py3-none-any.whl#sha256=" in text
    assert ">demo-1!1.0+cpu-py3-none-any.whl</a>" in text


def test_requires_python_is_escaped() -> None:
    """PEP 503: the comparison signs in data-requires-python are written as character references."""
    text = page_of(project_with("demo-1.0.tar.gz", requires_python=">=3.9,<4"))

    assert 'data-requires-python="&gt;=3.9,&lt;4"' in text
    assert anchors(text)[0].attributes == {"data-requires-python": ">=3.9,<4", "data-size": "1"}


@pytest.mark.parametrize("reason", ["", "broken on <Windows>"])
def test_a_yanked_file_keeps_its_mark_and_reason(reason: str) -> None:
    """PEP 592: a yanked file must not be mirrored without the mark, whose value is never left out."""
    text = page_of(project_with("demo-1.0.tar.gz", yanked=reason))

    assert f'data-yanked="{escape(reason)}"' in text
    assert anchors(text)[0].attributes == {"data-yanked": reason, "data-size": "1"}


def test_pages_declare_what_they_are(tmp_path: Path) -> None:
    """Each page has a doctype, a character set, and the API version whose demands it meets, 1.4."""
    pages = rendered(*projects_of(artifacts_of([make_wheel("demo")], tmp_path)))

    for path in ("simple/demo/index.html", "simple/index.html", "find-links.html"):
        assert pages[path].startswith("<!DOCTYPE html>\n")
        metas = [dict(element.items()) for element in elements(pages[path], "meta")]
        assert metas == [
            {"charset": "utf-8"},
            {"name": "pypi:repository-version", "content": "1.4"},
            {"http-equiv": "Content-Security-Policy", "content": "default-src 'none'"},
        ]
    for path in ("simple/demo/index.v1_json", "simple/index.v1_json", "simple-json/index.html"):
        assert json.loads(pages[path])["meta"] == {"api-version": "1.4"}


def test_the_root_lists_every_project_by_name(tmp_path: Path) -> None:
    """PEP 503: a link for each project, its normalized name as text, the URL ending in a slash."""
    pages = rendered(*projects_of(artifacts_of([make_wheel("abc"), make_wheel("Zope.Interface")][::-1], tmp_path)))

    assert anchors(pages["simple/index.html"]) == [
        Anchor("abc", ("abc", ""), "", {}),
        Anchor("zope-interface", ("zope-interface", ""), "", {}),
    ]
    assert json.loads(pages["simple/index.v1_json"])["projects"] == [{"name": "abc"}, {"name": "zope-interface"}]


def test_the_same_projects_give_the_same_bytes(tmp_path: Path) -> None:
    """The order in which projects and files come in does not show in any page."""
    wheels = [make_wheel(name, version) for name in "abc" for version in ("1.0", "2.0", "10.0")]
    artifacts = artifacts_of(wheels, tmp_path)
    expected = rendered(*projects_of(artifacts))
    dice = random.Random(1)  # noqa: S311 - an order, not a secret
    for _ in range(5):
        dice.shuffle(artifacts)
        assert rendered(*projects_of(artifacts)) == expected


def test_every_fact_in_both_forms() -> None:
    """pypi-simple, its warnings errors, reads the same of each file from HTML and from JSON, and all that was known."""
    facts: dict[str, Any] = {
        "requires_python": ">=3.9,!=3.9.7",
        "yanked": "wrong <tags>",
        "provenance": "https://index.example/provenance/demo",
        "upload_time": "2024-01-02T03:04:05.678901Z",
        "standing": Standing(status="archived", reason="see other & more"),
    }
    names = ["demo-1.0-py3-none-any.whl", "demo-1.0.tar.gz"]
    wheel, sdist = project_with(names[0], metadata="1" * 64, **facts), project_with(names[1], yanked="")
    project = Project(name=wheel.name, artifacts=wheel.artifacts + sdist.artifacts)
    pages = rendered(project, linux=frozenset(names))

    for prefix in ("simple", "targets/linux/simple"):
        address = f"https://host.example/{prefix}/demo/"
        html = ProjectPage.from_html("demo", pages[f"{prefix}/demo/index.html"], base_url=address)
        page = ProjectPage.from_json_data(json.loads(pages[f"{prefix}/demo/index.v1_json"]), base_url=address)
        assert html.repository_version == page.repository_version == "1.4"
        for read in (html, page):
            assert (read.status, read.status_reason) == ("archived", "see other & more")
        assert page.versions == ["1.0"]
        assert len(html.packages) == len(page.packages) == 2
        for one, other in zip(html.packages, page.packages, strict=True):
            # HTML has no attribute for these two in any standard.
            assert replace(other, size=None, upload_time=None, yanked_reason=one.yanked_reason) == one
            assert one.url == f"https://host.example/simple/demo/{one.filename}"
        first, second = page.packages
        assert (first.size, first.digests, first.requires_python) == (1, {"sha256": "0" * 64}, ">=3.9,!=3.9.7")
        assert (first.is_yanked, first.yanked_reason, second.is_yanked) == (True, "wrong <tags>", True)
        assert (first.metadata_digests, first.provenance_url) == ({"sha256": "1" * 64}, facts["provenance"])
        assert first.upload_time is not None
        assert first.upload_time.isoformat() == "2024-01-02T03:04:05.678901+00:00"
        assert (second.metadata_digests or {}, second.upload_time, second.provenance_url) == ({}, None, None)


def test_what_is_not_known_is_not_said() -> None:
    """A fact that the upstream index lacks is in neither form, not even as nothing."""
    pages = rendered(project_with("demo-1.0.tar.gz"))

    (file,) = json.loads(pages["simple/demo/index.v1_json"])["files"]
    assert file == {"url": "demo-1.0.tar.gz", "filename": "demo-1.0.tar.gz", "hashes": {"sha256": "0" * 64}, "size": 1}
    assert anchors(pages["simple/demo/index.html"])[0].attributes == {"data-size": "1"}
    assert not any("dist-info-metadata" in text for text in pages.values())


def test_a_yank_is_never_an_empty_text_in_json() -> None:
    """pip takes an empty text for "not yanked", uv for "yanked"; it is true, or a reason."""
    for yanked, said in (("", True), ("why", "why"), (None, None)):
        pages = rendered(project_with("demo-1.0.tar.gz", yanked=yanked))
        (file,) = json.loads(pages["simple/demo/index.v1_json"])["files"]
        assert file.get("yanked") is said or file["yanked"] == said


def test_a_view_holds_what_its_target_gets(tmp_path: Path) -> None:
    """Each target has an index of its own with just its files, which leads to those of the union; none lies twice."""
    old, new, other = make_wheel("lib", "1.0"), make_wheel("lib", "2.0"), make_wheel("other")
    projects = projects_of(artifacts_of([old, new, other], tmp_path))

    pages = rendered(*projects, mac=frozenset({old.filename, other.filename}), linux=frozenset({new.filename}))

    links = {
        path: [one.segments for one in anchors(text)]
        for path, text in pages.items()
        if path.endswith(".html") and path.startswith("targets/")
    }
    up = ("..",) * 4
    assert links == {
        "targets/linux/simple/index.html": [("lib", "")],
        "targets/linux/simple/lib/index.html": [(*up, "simple", "lib", new.filename)],
        "targets/mac/simple/index.html": [("lib", ""), ("other", "")],
        "targets/mac/simple/lib/index.html": [(*up, "simple", "lib", old.filename)],
        "targets/mac/simple/other/index.html": [(*up, "simple", "other", other.filename)],
    }
    assert json.loads(pages["targets/mac/simple/lib/index.v1_json"])["versions"] == ["1.0"]


@BRISK
@given(TEXTS, st.none() | TEXTS, st.none() | TEXTS)
def test_nothing_hostile_gets_out_of_its_attribute(
    filename: str, requires_python: str | None, yanked: str | None
) -> None:
    """Whatever a name or a fact holds, the page is valid HTML5 with the same elements, and the facts read back."""
    project = project_with(filename, requires_python=requires_python, yanked=yanked)
    pages = rendered(project)

    for text in (pages["simple/demo/index.html"], pages["find-links.html"]):
        assert tags(text) == tags(page_of(project_with("demo-1.0.tar.gz")))
        (anchor,) = anchors(text)
        assert anchor.segments[-1] == filename.encode(errors="replace").decode()
        assert anchor.fragment == "sha256=" + "0" * 64
        wanted = {"data-requires-python": requires_python, "data-yanked": yanked, "data-size": "1"}
        assert anchor.attributes.keys() == {name for name, value in wanted.items() if value is not None}
        for name, value in anchor.attributes.items():
            assert len(value) == len(str(wanted[name]))
            assert all(shown in {true, "\ufffd"} for shown, true in zip(value, str(wanted[name]), strict=True))
    (file,) = json.loads(pages["simple/demo/index.v1_json"])["files"]
    assert (file["filename"], file.get("requires-python")) == (filename, requires_python)
    assert unquote(file["url"]) == filename.encode(errors="replace").decode()


def test_the_root_comes_last(tmp_path: Path) -> None:
    """Whoever finds a project in the root finds its page, in every index."""
    projects = projects_of(artifacts_of([make_wheel("b"), make_wheel("a")], tmp_path))

    pages = [*rendered(*projects, linux=frozenset({"a-1.0-py3-none-any.whl"}))]

    assert pages[-2:] == ["simple/index.v1_json", "simple/index.html"]
    for folder in ("simple", "targets/linux/simple"):
        own = [path for path in pages if path.startswith(f"{folder}/")]
        assert [path.removeprefix(f"{folder}/") for path in own[-2:]] == ["index.v1_json", "index.html"]


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Return a site of five projects; one file is yanked, one wants another Python."""
    wheels = [
        make_wheel("app", requires=["Lib.Rary>=1", "local-one"]),
        make_wheel("Lib.Rary"),
        make_wheel("lib-rary", "2.0"),
        make_wheel("lib-rary", "3.0"),
        make_wheel("local-one", "1.0+cpu.1"),
    ]
    app, first, too_new, yanked, local = artifacts_of(wheels, tmp_path / "packages")
    too_new = replace(too_new, distribution=structs.replace(too_new.distribution, requires_python=">=99"))
    yanked = replace(yanked, distribution=structs.replace(yanked.distribution, yanked=""))
    stage = tmp_path / "a site"
    cache = FileCache(tmp_path / "memory")
    projects = lay_out([described(one, cache) for one in (app, first, too_new, yanked, local)], stage)
    write_metadata(projects, StageWriter(stage, live=tmp_path / "nowhere"), cache)
    write_index(projects, stage)
    return stage


@pytest.mark.parametrize(
    ("tool", "way"),
    [
        ("pip", "--index-url {0}/simple/"),
        ("pip", "--no-index --find-links {0}/find-links.html"),
        # Not with --find-links: there uv takes yanked files like any other.
        ("uv pip", "--default-index {0}/simple/"),
    ],
)
def test_installers_need_no_server(site: Path, tmp_path: Path, tool: str, way: str, own_pips: Pips) -> None:
    """From a directory, each project is found by its page, or all by one flat page; yanks and Requires-Python hold."""
    code, said, into = install(own_pips, f"{tool} install {way.format(site.as_uri())} app", tmp_path)

    assert code == 0, said
    assert sorted(path.name.lower() for path in into.glob("*.dist-info")) == [
        "app-1.0.dist-info",
        "lib_rary-1.0.dist-info",
        "local_one-1.0+cpu.1.dist-info",
    ]


def test_pip_takes_the_flat_page_by_its_path(site: Path, tmp_path: Path, own_pips: Pips) -> None:
    """A plain path, even with a space in it, does as well as a URL for `--find-links`."""
    command = [
        "install",
        "--no-index",
        "--find-links",
        str(site / "find-links.html"),
        "--target",
        str(tmp_path / "into"),
    ]

    result = own_pips.run([*command, "app"], work=tmp_path / "work", environment=None)

    assert result.returncode == 0, result.stderr
    assert (tmp_path / "into" / "lib_rary.py").is_file()


def test_pip_refuses_a_file_that_was_changed(site: Path, tmp_path: Path, own_pips: Pips) -> None:
    """The hashes in the pages are the files' own: a file exchanged on the disk is not installed."""
    path = site / "simple" / "app" / "app-1.0-py3-none-any.whl"
    path.unlink()
    make_wheel("app", files={"app.py": b"evil = True\n"}).save(path.parent)

    source = ["--no-index", "--find-links", str(site / "find-links.html")]
    result = own_pips.run(
        ["install", *source, "--target", str(tmp_path / "into"), "app"], work=tmp_path / "work", environment=None
    )

    assert result.returncode != 0
    assert "DO NOT MATCH THE HASHES" in result.stderr


MARKUP = "</script><script>top.hacked = 1</script>&\u2028\u2029<!--"


def test_json_holds_no_markup(tmp_path: Path) -> None:
    """A server that sends JSON as HTML shows no element of a reason or a version range, and clients read the same value."""
    (artifact,) = artifacts_of([make_wheel("demo")], tmp_path)
    distribution = structs.replace(artifact.distribution, yanked=MARKUP, requires_python=">=3.8")
    pages = rendered(Project(name=canonicalize_name("demo"), artifacts=(replace(artifact, distribution=distribution),)))
    for path in ("simple/demo/index.v1_json", "simple-json/demo/index.html"):
        assert not set("<>&\u2028\u2029") & {*pages[path]}
        (file,) = json.loads(pages[path])["files"]
        assert (file["yanked"], file["requires-python"]) == (MARKUP, ">=3.8")
