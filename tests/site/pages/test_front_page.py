"""The page for people: valid and escaped, true about what the site holds, and its commands work."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pypi_subset.model.distributions import Project
from pypi_subset.model.intake.other_files import CarriedFile
from pypi_subset.model.requests import BOOTSTRAP, Subset
from pypi_subset.site.content import views
from pypi_subset.site.manifest import needs_of
from pypi_subset.site.pages import front_page
from pypi_subset.site.pages.client_config import snippets
from pypi_subset.site.pages.facts import projects_of as facts_of_projects
from pypi_subset.site.pages.search import Entry, entry_of
from pypi_subset.site.pages.sizes import readable_size
from tests.support.gap.installs import Lab, answer
from tests.support.pages.page_check import anchors, elements, parts_of, tags
from tests.support.programs.installers import install
from tests.support.stages.values import (
    BRISK,
    LINUX,
    WINDOWS,
    artifacts_of,
    lay_out,
    lock_of,
    plan_of,
    projects_of,
    write_index,
)
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from pypi_subset.model.locks import Lock
    from pypi_subset.pip.pool import Pips

WHEELS = (
    make_wheel("app", requires=["lib-one<2; sys_platform == 'linux'", "lib-one>=2; sys_platform == 'win32'"]),
    make_wheel("lib-one", "1.0+cpu"),
    make_wheel("lib-one", "2.0+cpu", ballast=3_000_000),
)


def made(folder: Path) -> tuple[Subset, tuple[Lock, ...], tuple[Project, ...]]:
    """Return a plan for two targets that need other releases of `lib-one`, the locks, and the projects."""
    subset = plan_of(["App[x]>=1", "absent; sys_platform == 'darwin'"], [LINUX, WINDOWS])
    app, one, two = artifacts_of(WHEELS, folder)
    linux = lock_of(subset.jobs[0], [app, one], WHEELS)
    windows = lock_of(subset.jobs[1], [app, two], WHEELS)
    return subset, (linux, windows), projects_of([app, one, two])


def text_of(page: str, tag: str) -> list[str]:
    """Return the text of each element with this tag, white space collapsed."""
    return [" ".join("".join(element.itertext()).split()) for element in elements(page, tag)]


def commands_of(page: str) -> list[str]:
    """Return the commands that the page shows: all that is preformatted but the settings of clients."""
    settings = {" ".join(text.split()) for text in settings_of(page).values()}
    return [text for text in text_of(page, "pre") if text not in settings]


def settings_of(page: str) -> dict[str, str]:
    """Return client → what it is told, as the page shows it."""
    blocks = [["".join(part.itertext()) for part in block] for block in elements(page, "details")]
    return {client: f"{text}\n" for client, text in blocks}


def test_the_page_says_how_much_there_is(tmp_path: Path) -> None:
    """The numbers of projects, files, bytes and targets."""
    subset, locks, projects = made(tmp_path)
    size = sum(len(wheel.data) for wheel in WHEELS) / 1_000_000

    assert (
        text_of(front_page.front_page(subset, locks, projects), "p")[0]
        == f"2 projects · 3 files · {size:.1f} MB · 2 targets"
    )


def test_the_page_names_sets_targets_and_projects(tmp_path: Path) -> None:
    """Each set with its requests, each target with what it needs, each project with its versions."""
    subset, locks, projects = made(tmp_path)
    page = front_page.front_page(subset, locks, projects, entries_of(subset, locks, projects))

    both = readable_size(len(WHEELS[0].data) + len(WHEELS[1].data))
    larger = readable_size(len(WHEELS[0].data) + len(WHEELS[2].data))
    app, libs = readable_size(len(WHEELS[0].data)), readable_size(len(WHEELS[1].data) + len(WHEELS[2].data))
    lines = [text for text in text_of(page, "li") if text not in {"Install", "Sets", "Targets", "Projects"}]
    assert lines == [
        *("App[x]>=1", 'absent; sys_platform == "darwin"'),
        f"linux Python 3.10.0cp310-cp310-manylinux2014_x86_642 files{both}",
        f"windows Python 3.12.0cp312-cp312-win_amd642 files{larger}",
        f"app 1.0 {app}all targets",
        f"lib-one 2.0+cpu, 1.0+cpu {libs}all targets",
    ]
    assert text_of(page, "h3")[3:6] == ["base", "linux", "windows"]


def test_other_files_have_a_link(tmp_path: Path) -> None:
    """The page leads to the list of other files, with their number and size; without any, it does not name them."""
    subset, locks, projects = made(tmp_path)
    one = CarriedFile(path="files/a", sha256="a" * 64, size=1500, url="", place=tmp_path)
    page = front_page.front_page(subset, locks, projects, others=[one])
    assert ["/".join(link.segments) for link in anchors(page)].count("files/index.html") == 2
    assert "Files that no installer reads: 1 file · 1.5 kB." in text_of(page, "p")
    assert "other files" not in front_page.front_page(subset, locks, projects).lower()


def entries_of(subset: Subset, locks: tuple[Lock, ...], projects: tuple[Project, ...]) -> list[Entry]:
    """Return the entries of the list, without what METADATA says."""
    facts = facts_of_projects(locks, projects, needs_of(subset, locks))
    return [entry_of(one, ("", ""), len(subset.targets)) for one in facts]


def test_a_yanked_release_is_marked(tmp_path: Path) -> None:
    """Who reads the page sees that a release was withdrawn, and why."""
    subset, locks, (project, *_) = made(tmp_path)
    distribution = structs.replace(project.artifacts[0].distribution, yanked="loses <data>")
    yanked = (replace(project, artifacts=(replace(project.artifacts[0], distribution=distribution),)),)

    page = front_page.front_page(subset, locks, yanked, entries_of(subset, locks, yanked))
    assert "<strong>1.0 yanked: loses &lt;data&gt;</strong>" in page


def test_links_work_from_a_disk(tmp_path: Path) -> None:
    """A browser that opens the file shows no directory's index.html by itself, so links name the page."""
    subset, locks, projects = made(tmp_path)

    found = anchors(front_page.front_page(subset, locks, projects, entries_of(subset, locks, projects)))

    assert ["/".join(anchor.segments) or f"#{anchor.fragment}" for anchor in found] == [
        *("proof/index.html", "#install", "#sets", "#targets", "#projects"),
        *("request/base--app/index.html", "request/base--absent/index.html"),
        *("project/app/index.html", "project/lib-one/index.html"),
        *("manifest.json", "proof/index.html"),
    ]


def test_a_long_list_has_further_pages(tmp_path: Path) -> None:
    """The front page lists the first part, and leads to the others."""
    subset, locks, projects = made(tmp_path)
    (entry, _) = entries_of(subset, locks, projects)
    page = front_page.front_page(subset, locks, projects, [entry] * 450)
    found = [one.segments for one in anchors(page)]
    assert found.count(("project", "app", "index.html")) == 200
    assert [one for one in found if one[0] == "list"] == [("list", "2", "index.html"), ("list", "3", "index.html")]


def test_a_long_set_is_no_long_command(tmp_path: Path) -> None:
    """Commands show how it is done with the first requests."""
    wheels = [make_wheel(f"p{number}") for number in range(9)]
    subset = plan_of([f"p{number}" for number in range(9)], [LINUX])
    page = front_page.front_page(subset, (), projects_of(artifacts_of(wheels, tmp_path)))
    assert commands_of(page)[0].endswith("simple/ p0 p1 p2 p3")


def test_the_page_needs_nothing_from_elsewhere(tmp_path: Path) -> None:
    """A style and a script beside it, and the proof's badge; the only addresses are placeholders."""
    page = front_page.front_page(*made(tmp_path))

    assert set(re.findall(r"\w+://[^/\"< ]+", page)) <= {"https://HOST"}
    assert "iframe" not in tags(page)
    (part,) = elements(page, "object")
    assert dict(part.items()) | {"title": ""} == {
        "class": "release",
        "data": "release.html",
        "type": "text/html",
        "title": "",
    }
    assert parts_of(page) == (["page.css"], ["page.js"])
    assert [dict(image.items())["src"] for image in elements(page, "img")] == ["proof/badge.svg"]


@pytest.mark.slow
@pytest.mark.parametrize("number", range(5))
def test_each_command_on_the_page_works(tmp_path: Path, number: int, own_pips: Pips) -> None:
    """Every command shown, the placeholder filled in as the script does, installs from a directory with no server."""
    subset, locks, _ = made(tmp_path / "packages")
    artifacts = artifacts_of(WHEELS[:2], tmp_path / "packages")
    site = tmp_path / "site"
    projects = lay_out(artifacts, site)
    write_index(projects, site)
    (site / "index.html").write_text(front_page.front_page(subset, locks, projects), encoding="utf-8")

    command = commands_of((site / "index.html").read_text(encoding="utf-8"))[number]

    assert command.endswith(' "App[x]"')

    # The directory stands for the server too: what is different there is tried in test_serve.
    code, said, into = install(
        own_pips, re.sub(r"https://HOST/PATH/|file:///PATH/", f"{site.as_uri()}/", command), tmp_path
    )

    assert code == 0, said
    assert (into / "lib_one.py").is_file()


def test_the_example_keeps_extras_and_leaves_out_what_not_all_targets_have(tmp_path: Path) -> None:
    """The commands work on every target: a request under a marker is left out, and brackets are quoted for shells."""
    subset = plan_of(["App[x,y]>=1", "lib-one; sys_platform == 'win32'"], [LINUX, WINDOWS])
    page = front_page.front_page(subset, (), projects_of(artifacts_of(WHEELS, tmp_path)))

    assert commands_of(page)[0].endswith(' "App[x,y]"')


def test_the_example_begins_with_what_no_other_project_requires(tmp_path: Path) -> None:
    """The lock of another tool requests all projects, and names what is required before what requires it."""
    subset = plan_of(["lib-one", "App"], [LINUX])
    app, one, _ = artifacts_of(VARIANTS, tmp_path)
    lock = lock_of(subset.jobs[0], [app, one], VARIANTS)
    page = front_page.front_page(subset, (lock,), projects_of([app, one]))

    assert commands_of(page)[0].endswith("/simple/ App lib-one")


#: As `WHEELS`, but the targets get variants of `lib-one`.
VARIANTS = (make_wheel("app", requires=["lib-one"]), make_wheel("lib-one", "1.0+cpu"), make_wheel("lib-one", "1.0"))


def varied(folder: Path) -> tuple[Subset, tuple[Lock, ...], tuple[Project, ...]]:
    """Return the same as `made` for two targets that get variants."""
    subset = plan_of(["App"], [LINUX, WINDOWS])
    app, one, two = artifacts_of(VARIANTS, folder)
    linux = lock_of(subset.jobs[0], [app, one], VARIANTS)
    windows = lock_of(subset.jobs[1], [app, two], VARIANTS)
    return subset, (linux, windows), projects_of([app, one, two])


def test_with_variants_the_page_sends_clients_to_views(tmp_path: Path) -> None:
    """Commands and settings name the index of a target, the page says why, and its table of targets leads to each index."""
    page = front_page.front_page(*varied(tmp_path))

    assert not [text for text in text_of(page, "pre") if re.search(r"[^T]/simple", text)]
    assert settings_of(page) == snippets("https://HOST/PATH/", "targets/TARGET/simple")
    (why,) = (text for text in text_of(page, "p") if "differ by target" in text)
    assert "lib-one (1.0+cpu on linux, 1.0 on windows)" in why
    views = [one.segments for one in anchors(page) if one.segments[0] == "targets"]
    assert views == [("targets", "linux", "simple", "index.html"), ("targets", "windows", "simple", "index.html")]


@pytest.mark.slow
@pytest.mark.parametrize("number", range(5))
def test_each_command_for_variants_works(tmp_path: Path, number: int, own_pips: Pips) -> None:
    """Every command shown, with the name of a target filled in, installs that target's variant."""
    subset, locks, projects = varied(tmp_path / "packages")
    site = tmp_path / "site"
    lay_out([one for project in projects for one in project.artifacts], site)
    write_index(projects, site, **views(locks))
    page = front_page.front_page(subset, locks, projects)

    command = commands_of(page)[number].replace("TARGET", "windows")

    code, said, into = install(
        own_pips, re.sub(r"https://HOST/PATH/|file:///PATH/", f"{site.as_uri()}/", command), tmp_path
    )
    assert code == 0, said
    assert [path.name for path in into.glob("lib_one-*")] == ["lib_one-1.0.dist-info"]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """Return a mirrored site with a pip."""
    return Lab.made(tmp_path_factory.mktemp("lab"))


def test_a_site_with_pip_shows_the_installer(lab: Lab) -> None:
    """Each target has the command of its system, and the section on installation leads there."""
    page = (lab.site / "index.html").read_text(encoding="utf-8")
    commands = [text for text in commands_of(page) if " ENV" in text]
    assert commands == [
        "python3 install.py ENV",
        "python3 install.py ENV --target here",
        "install.cmd ENV --target windows",
    ]
    assert "With nothing but Python" in text_of(page, "h3")


def test_a_site_without_pip_shows_no_installer(tmp_path: Path) -> None:
    """The installer needs a pip of the site; a target without one has no command."""
    assert "install.py" not in front_page.front_page(*made(tmp_path))


def test_the_command_names_a_set_if_there_are_several(tmp_path: Path) -> None:
    """The first set that a target has is named; the set of the tools is none."""
    wheels = [make_wheel("app"), make_wheel("pip", "26.3")]
    app, pip = artifacts_of(wheels, tmp_path)
    subset = plan_of(["app", "pip"], [LINUX, WINDOWS])
    one = subset.sets[0]
    tools = replace(one, name=BOOTSTRAP)
    other = replace(one, name="zoo", targets=("linux",))
    several = replace(subset, sets=(one, tools, other))
    locks = [lock_of(job, [app, pip], wheels) for job in subset.jobs]
    shown = commands_of(front_page.front_page(several, locks, projects_of([app, pip])))
    assert shown[-2:] == ["python3 install.py ENV --set base --target linux", "install.cmd ENV --target windows"]
    # Only the tools are for this target.
    bare = replace(several, sets=(tools, replace(other, targets=("windows",))))
    shown = commands_of(front_page.front_page(bare, locks, projects_of([app, pip])))
    assert shown[-1:] == ["install.cmd ENV --target windows"]
    assert not [text for text in shown if "--target linux" in text]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="the commands are those of a shell")
@pytest.mark.parametrize("target", ["", " --target here"])
def test_the_command_of_the_installer_works(lab: Lab, tmp_path: Path, target: str) -> None:
    """Typed in the directory of the site, the command makes an environment with the set."""
    page = (lab.site / "index.html").read_text(encoding="utf-8")
    (command,) = [text for text in commands_of(page) if text == f"python3 install.py ENV{target}"]
    words = command.replace("python3", sys.executable).replace("ENV", str(tmp_path / "env")).split()
    subprocess.run(words, cwd=lab.site, check=True, stdin=subprocess.DEVNULL)
    assert answer(tmp_path / "env", "import app; print(app.__version__)") == "2.0"


def test_an_empty_site_has_a_page_too() -> None:
    """With nothing asked for, the page is valid and its commands name a placeholder."""
    subset = Subset(root=plan_of([]).root, sets=(), targets=(), jobs=())

    page = front_page.front_page(subset, [], [])

    assert text_of(page, "p")[0] == "0 projects · 0 files · 0 bytes · 0 targets"
    assert all(command.endswith(" PROJECT") for command in commands_of(page))


def test_the_same_site_gives_the_same_bytes(tmp_path: Path) -> None:
    """The order of locks, projects and files does not show."""
    subset, locks, projects = made(tmp_path)
    turned = projects_of([artifact for project in projects[::-1] for artifact in project.artifacts[::-1]])

    expected = front_page.front_page(subset, locks, projects)
    assert front_page.front_page(replace(subset, targets=subset.targets[::-1]), locks[::-1], turned) == expected


def test_the_page_shows_what_each_client_is_told(tmp_path: Path) -> None:
    """The settings are those that the clients are tried with, and the address in each is the script's to fill in."""
    page = front_page.front_page(*made(tmp_path))

    assert settings_of(page) == snippets("https://HOST/PATH/")
    places = [element for element in elements(page, "span") if element.get("class") == "server"]
    assert {"".join(place.itertext()) for place in places} == {"https://HOST/PATH/"}
    assert len(places) == len(re.findall("https://HOST", page))


HOSTILE = st.text(max_size=15) | st.sampled_from(
    ["<script>", "</script>", "\"'>", "$example", "${x}", "<!--", "\0\ud800"]
)


@BRISK
@given(set_name=HOSTILE, target=HOSTILE, tag=HOSTILE, requirement=HOSTILE, yanked=HOSTILE)
def test_nothing_hostile_gets_into_the_page(
    tmp_path_factory: pytest.TempPathFactory, set_name: str, target: str, tag: str, requirement: str, yanked: str
) -> None:
    """Whatever names, tags, requirements and reasons hold, the page is valid HTML5 with the same elements."""
    (artifact,) = artifacts_of([make_wheel("app")], tmp_path_factory.mktemp("page"))

    class Odd(Requirement):
        def __str__(self) -> str:
            return requirement

    def page(machine_name: str, platform: str, name: str, reason: str, line: Requirement) -> str:
        distribution = structs.replace(artifact.distribution, yanked=reason)
        project = Project(name=canonicalize_name("app"), artifacts=(replace(artifact, distribution=distribution),))
        subset = plan_of(["app"], [replace(LINUX, name=machine_name, platform=platform)])
        requests = (replace(subset.sets[0].requests[0], requirement=line),)
        sets = (replace(subset.sets[0], name=name, requests=requests),)
        return front_page.front_page(replace(subset, sets=sets), [], [project])

    hostile = page(target, tag, set_name, yanked, Odd("app"))
    assert tags(hostile) == tags(page("linux", "tag", "base", "reason", Requirement("app")))
