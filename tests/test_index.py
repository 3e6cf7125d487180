"""The pages that installers read: valid, escaped, the same each time, and pip installs from them."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name
from packaging.version import Version

from installers import install
from pagecheck import Anchor, anchors, elements, tags
from pypi_subset import index, layout, piprun
from pypi_subset.errors import FolderError
from pypi_subset.markup import escape
from pypi_subset.model import Artifact, Distribution, Project
from values import BRISK, artifacts_of, projects_of
from wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

HOSTILE = [
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "a&amp;b",
    "<!--",
    "]]>",
    "\0\x1b\ud800\uffff",
]
TEXTS = st.text(max_size=20) | st.sampled_from(HOSTILE)


def project_with(filename: str, *, requires_python: str | None = None, yanked: str | None = None) -> Project:
    """Return a project named demo with one file of this name."""
    demo = canonicalize_name("demo")
    distribution = Distribution(
        filename=filename,
        project=demo,
        version=Version("1.0"),
        size=1,
        sha256="0" * 64,
        requires_python=requires_python,
        yanked=yanked,
    )
    return Project(name=demo, artifacts=(Artifact(distribution=distribution, path=Path(filename)),))


def test_a_project_page_names_its_files_oldest_first(tmp_path: Path) -> None:
    """Each link has the file name as text, a relative URL and the file's hash; they come oldest release first."""
    wheels = [make_wheel("demo", version) for version in ("1.9", "1.10", "1.10rc1")]
    (project,) = projects_of(artifacts_of(wheels, tmp_path))

    found = anchors(index.project_page(project))

    hashes = {wheel.filename: f"sha256={wheel.sha256}" for wheel in wheels}
    names = [f"demo-{version}-py3-none-any.whl" for version in ("1.9", "1.10rc1", "1.10")]
    assert found == [Anchor(name, (name,), hashes[name], {}) for name in names]


@pytest.mark.parametrize("page", [index.project_page, lambda project: index.find_links_page([project])])
def test_a_plus_is_percent_encoded_in_links_and_plain_in_text(page: Callable[[Project], str], tmp_path: Path) -> None:
    """Object stores read a bare plus sign in a URL as a space."""
    (project,) = projects_of(artifacts_of([make_wheel("demo", "1!1.0+cpu")], tmp_path))

    text = page(project)

    assert "demo-1%211.0%2Bcpu-py3-none-any.whl#sha256=" in text
    assert ">demo-1!1.0+cpu-py3-none-any.whl</a>" in text


def test_requires_python_is_escaped() -> None:
    """PEP 503: the comparison signs in data-requires-python are written as character references."""
    text = index.project_page(project_with("demo-1.0.tar.gz", requires_python=">=3.9,<4"))

    assert 'data-requires-python="&gt;=3.9,&lt;4"' in text
    assert anchors(text)[0].attributes == {"data-requires-python": ">=3.9,<4"}


@pytest.mark.parametrize("reason", ["", "broken on <Windows>"])
def test_a_yanked_file_keeps_its_mark_and_reason(reason: str) -> None:
    """PEP 592: a yanked file must not be mirrored without the mark, whose value is never left out."""
    text = index.project_page(project_with("demo-1.0.tar.gz", yanked=reason))

    assert f'data-yanked="{escape(reason)}"' in text
    assert anchors(text)[0].attributes == {"data-yanked": reason}


def test_pages_declare_what_they_are(tmp_path: Path) -> None:
    """Each page has a doctype, a character set, and the API version whose demands it meets, 1.0."""
    projects = projects_of(artifacts_of([make_wheel("demo")], tmp_path))

    for text in (index.project_page(projects[0]), index.root_page(projects), index.find_links_page(projects)):
        assert text.startswith("<!DOCTYPE html>\n")
        metas = [dict(element.items()) for element in elements(text, "meta")]
        assert metas == [{"charset": "utf-8"}, {"name": "pypi:repository-version", "content": "1.0"}]


def test_the_root_lists_every_project_by_name(tmp_path: Path) -> None:
    """PEP 503: a link for each project, its normalized name as text, the URL ending in a slash."""
    projects = projects_of(artifacts_of([make_wheel("Zope.Interface"), make_wheel("abc")], tmp_path))

    assert anchors(index.root_page(projects[::-1])) == [
        Anchor("abc", ("abc", ""), "", {}),
        Anchor("zope-interface", ("zope-interface", ""), "", {}),
    ]


def test_the_same_projects_give_the_same_bytes(tmp_path: Path) -> None:
    """The order in which projects and files come in does not show in any page."""
    wheels = [make_wheel(name, version) for name in "abc" for version in ("1.0", "2.0", "10.0")]
    projects = list(projects_of(artifacts_of(wheels, tmp_path)))

    def pages(given: Sequence[Project]) -> list[str]:
        ordered = sorted(given, key=lambda project: project.name)
        return [index.root_page(given), index.find_links_page(given), *map(index.project_page, ordered)]

    expected = pages(projects)
    dice = random.Random(1)  # noqa: S311 - an order, not a secret
    for _ in range(5):
        dice.shuffle(projects)
        mixed = [replace(one, artifacts=tuple(dice.sample(one.artifacts, len(one.artifacts)))) for one in projects]
        assert pages(mixed) == expected


@BRISK
@given(TEXTS, st.none() | TEXTS, st.none() | TEXTS)
def test_nothing_hostile_gets_out_of_its_attribute(
    filename: str, requires_python: str | None, yanked: str | None
) -> None:
    """Whatever a name or a fact holds, the page is valid HTML5 with the same elements, and the facts read back."""
    project = project_with(filename, requires_python=requires_python, yanked=yanked)

    for text in (index.project_page(project), index.find_links_page([project])):
        assert tags(text) == tags(index.project_page(project_with("demo-1.0.tar.gz")))
        (anchor,) = anchors(text)
        assert anchor.segments[-1] == filename.encode(errors="replace").decode()
        assert anchor.fragment == "sha256=" + "0" * 64
        wanted = {"data-requires-python": requires_python, "data-yanked": yanked}
        assert anchor.attributes.keys() == {name for name, value in wanted.items() if value is not None}
        for name, value in anchor.attributes.items():
            assert len(value) == len(str(wanted[name]))
            assert all(shown in {true, "\ufffd"} for shown, true in zip(value, str(wanted[name]), strict=True))


def test_pages_are_written_below_the_site_the_root_last(tmp_path: Path) -> None:
    """Whoever finds a project in the root finds its page; what is written is what `render` gives."""
    projects = projects_of(artifacts_of([make_wheel("b"), make_wheel("a")], tmp_path))
    pages = index.render(projects[::-1])
    for path in pages:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)

    index.write_index(projects, tmp_path)

    assert [*pages] == ["simple/a/index.html", "simple/b/index.html", "find-links.html", "simple/index.html"]
    assert {path: (tmp_path / path).read_bytes() for path in pages} == pages


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A stage without the project's folder gives an error with the path, not a traceback."""
    with pytest.raises(FolderError, match=r"demo/index\.html: "):
        index.write_index([project_with("demo-1.0.tar.gz")], tmp_path)


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
    too_new = replace(too_new, distribution=replace(too_new.distribution, requires_python=">=99"))
    yanked = replace(yanked, distribution=replace(yanked.distribution, yanked=""))
    stage = tmp_path / "a site"
    index.write_index(layout.lay_out([app, first, too_new, yanked, local], stage), stage)
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
def test_installers_need_no_server(site: Path, tmp_path: Path, tool: str, way: str) -> None:
    """From a folder, each project is found by its page, or all by one flat page; yanks and Requires-Python hold."""
    code, said, into = install(f"{tool} install {way.format(site.as_uri())} app", tmp_path)

    assert code == 0, said
    assert sorted(path.name.lower() for path in into.glob("*.dist-info")) == [
        "app-1.0.dist-info",
        "lib_rary-1.0.dist-info",
        "local_one-1.0+cpu.1.dist-info",
    ]


def test_pip_takes_the_flat_page_by_its_path(site: Path, tmp_path: Path) -> None:
    """A plain path, even with a space in it, does as well as a URL for `--find-links`."""
    command = [
        "install",
        "--no-index",
        "--find-links",
        str(site / "find-links.html"),
        "--target",
        str(tmp_path / "into"),
    ]

    result = piprun.run([*command, "app"], work=tmp_path / "work")

    assert result.returncode == 0, result.stderr
    assert (tmp_path / "into" / "lib_rary.py").is_file()


def test_pip_refuses_a_file_that_was_changed(site: Path, tmp_path: Path) -> None:
    """The hashes in the pages are the files' own: a file exchanged on the disk is not installed."""
    path = site / "simple" / "app" / "app-1.0-py3-none-any.whl"
    path.unlink()
    make_wheel("app", files={"app.py": b"evil = True\n"}).save(path.parent)

    source = ["--no-index", "--find-links", str(site / "find-links.html")]
    result = piprun.run(["install", *source, "--target", str(tmp_path / "into"), "app"], work=tmp_path / "work")

    assert result.returncode != 0
    assert "DO NOT MATCH THE HASHES" in result.stderr
