"""What documents say is so: commands exist, shown output is real, locks fit the metadata, nothing local leaks."""

from __future__ import annotations

import io
import re
import shlex
import shutil
import subprocess
import tomllib
from functools import cache
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from rich.console import Console

from pypi_subset.cli import bootstrap
from pypi_subset.cli.goals import listing, read_goals
from pypi_subset.cli.present import table_of
from pypi_subset.model.checks import WAYS, Check
from pypi_subset.proof.inventory import inventory
from pypi_subset.requirements.subset import read_subset
from pypi_subset.site import builder
from tests.support.checkout import ROOT, page
from tests.support.programs.commands import PYPI_SUBSET
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from pypi_subset.model.checks import Proof
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

README, MAKE = page("README.md"), page("docs/reference/make.md")
GOALS = {goal.name: goal for goal in read_goals(ROOT)}

#: Code in Markdown: a fenced block, or a word between backticks.
CODE = re.compile(r"^```[a-z]*\n(.*?)^```|`([^`\n]+)`", re.MULTILINE | re.DOTALL)


@cache
def tracked() -> tuple[Path, ...]:
    """Return the files that a commit would hold; outside a repository, all but what is generated."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        skipped = {".venv", "packages", "site", ".git"}
        return tuple(path for path in ROOT.rglob("*") if path.is_file() and not skipped & {*path.parts})
    return tuple(path for name in listed.stdout.split("\0") if name and (path := ROOT / name).is_file())


def documents() -> list[Path]:
    """Return every Markdown file of ours."""
    return [path for path in tracked() if path.suffix == ".md"]


def commands(text: str, *programs: str) -> list[list[str]]:
    """Return the words of each command in a code block or between backticks that starts one of *programs*."""
    text = re.sub(r"<!-- output:.*?<!-- /output -->", "", text, flags=re.DOTALL)
    lines = (line.strip() for block, inline in CODE.findall(text) for line in (block or inline).splitlines())
    # Where the output goes is the shell's business.
    split = (shlex.split(line.partition(" > ")[0], comments=True) for line in lines)
    return [words for words in split if words and words[0] in programs]


def block(text: str, name: str) -> str:
    """Return what stands between the marks of the output *name*, without its fence."""
    found = re.search(rf"<!-- output:{name} -->\n```\n(.*?)```\n<!-- /output -->", text, re.DOTALL)
    assert found, f"the page shows no output of {name}"
    return found[1]


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_commands_in_documents_exist(path: Path) -> None:
    """Every ``make GOAL NAME=value`` names a goal and a variable that this goal takes; likewise every task's flag."""
    text = path.read_text(encoding="utf-8")
    for _, *words in commands(text, "make"):
        goals = [word for word in words if "=" not in word and word not in {"&&", "make"}]
        assert goals or not words or words[0].startswith("PYTHON=")
        assert set(goals) <= GOALS.keys()
        given = {word.partition("=")[0] for word in words if "=" in word}
        assert given <= {"PYTHON", *(name for goal in goals for name in GOALS[goal].variables)}
    for _, *words in commands(text, "pypi-subset", "inv", ".venv/bin/inv"):
        names = [word for word in words if not word.startswith("-")]
        assert not names or names[0] in {*GOALS, "GOAL"}


def test_the_reader_finds_commands() -> None:
    """The test above reads something: README opens with its two commands."""
    assert commands(README, "make")[:2] == [["make", "mirror"], ["make", "verify"]]
    assert ["pypi-subset", "why", "numpy", "linux"] in commands(MAKE, "pypi-subset")


def test_the_manual_shows_what_make_prints() -> None:
    """The list of goals in the manual is the output of ``make``."""
    assert block(MAKE, "make") == listing(read_goals(ROOT))


def test_readme_shows_what_mirror_prints(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """The output of ``make mirror`` in README is that of a run of the shipped example, but for the numbers."""
    index.add(make_wheel("pandas"), make_wheel("scikit-learn"))
    shutil.copytree(ROOT / "requirements", workspace.paths.requirements, dirs_exist_ok=True)
    shutil.rmtree(workspace.paths.locks, ignore_errors=True)
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    monkeypatch.chdir(workspace.root)
    command = [*PYPI_SUBSET, "mirror"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert without_numbers(block(README, "mirror")) == without_numbers(printed)


@pytest.mark.parametrize("folder", ["packages", "site"])
def test_a_readme_that_is_lost_comes_back_as_it_was(folder: str) -> None:
    """What mirror writes where there is none is what the repository holds: `git status` stays clean."""
    assert (ROOT / folder / "README.md").read_bytes() == builder.readme_of(folder)


def test_readme_shows_what_verify_prints() -> None:
    """The table of ``make verify`` in README is what its results would print, one row for each target of the example."""
    *table, _, last, following = block(README, "verify").splitlines()
    checks = [inventory.check("passed", "")]
    kinds: dict[bool, tuple[Proof, str]] = {
        True: ("installed", "CPython 3.11.2 (/usr/bin/python3.11)"),
        False: ("unpacked", ""),
    }
    uv: tuple[Proof, str] = ("second opinion", "uv 0.13.9")
    for job in read_subset(ROOT / "requirements").jobs:
        checks += [
            Check(
                target=job.target.name,
                set_name=job.requirement_set.name,
                request=request,
                proof=proof,
                status="passed",
                reason="",
                seconds=1.0,
                interpreter=interpreter,
                way=way,
            )
            for request in ("", *(str(one.requirement) for one in job.requirement_set.requests))
            for way, (proof, interpreter) in [*((way, kinds[job.target.host]) for way in WAYS), (WAYS[-1], uv)]
        ]
    out = io.StringIO()
    Console(file=out, width=140).print(table_of(checks))
    printed = [line.rstrip() for line in out.getvalue().splitlines()]
    assert table == [line for line in printed if line]
    assert last == f"{len(checks)} passed, 0 failed, 0 skipped; isolation: namespaces"
    assert following == "Next: `make publish TO=DIR`"


def without_numbers(text: str) -> list[list[str]]:
    """Return the words of each line, rules left out and each number replaced."""
    plain = (re.sub("─+", "", line).replace("pypi-subset", "make") for line in text.splitlines())
    lines = [re.sub(r"\d[\d,.]*( [kM]B)?", "#", line).split() for line in plain]
    return [line for line in lines if line]


@pytest.mark.parametrize("path", documents(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_links_between_documents_lead_somewhere(path: Path) -> None:
    """A relative link names a file that is there."""
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target


def test_the_example_of_targets_is_understood(tmp_path: Path) -> None:
    """The ``subset.toml`` that the manual shows is one that the tool reads."""
    shown = re.search(r"```toml\n(.*?)```", page("docs/reference/subset.md"), re.DOTALL)
    assert shown
    (tmp_path / "subset.toml").write_text(shown[1], encoding="utf-8")
    (tmp_path / "base.txt").write_text("demo\n", encoding="utf-8")
    subset = read_subset(tmp_path)
    assert [target.name for target in subset.targets] == ["here", "linux", "alpine", "mac", "windows", "nogil"]
    assert [job.target.name for job in subset.jobs] == ["here", "linux", "mac"]


def test_shipped_example() -> None:
    """A fresh clone asks for pandas and scikit-learn on three targets."""
    subset = read_subset(ROOT / "requirements")
    assert [str(request.requirement) for one in subset.sets for request in one.requests] == ["pandas", "scikit-learn"]
    assert [target.name for target in subset.targets] == ["here", "linux", "mac"]
    assert [target.tag for target in subset.targets[1:]] == [
        "cp310-cp310-manylinux2014_x86_64",
        "cp310-cp310-macosx_12_0_arm64",
    ]


def test_no_host_and_no_place_of_a_machine_in_any_file() -> None:
    """Registries are named "PyPI", not by address; no file knows where somebody's checkout lies."""
    hosts = "|".join(rf"{name}\.(?:org|io)" for name in ("pypi", "pythonhosted", "test\\.pypi"))
    homes = "|".join(rf"/{name}/[a-z]" for name in ("root", "home", "Users", "work", "tmp"))
    forbidden = re.compile(rf"{hosts}|(?<![\w.}}])(?:{homes})")
    faults = [
        f"{path.relative_to(ROOT)}: {found[0]}"
        for path in tracked()
        for found in forbidden.finditer(path.read_bytes().decode("utf-8", "replace"))
    ]
    assert not faults


def pins(name: str) -> dict[str, tuple[str, int]]:
    """Return project → (version, number of hashes) of a tool lock."""
    text = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.lstrip().startswith("#")]
    found = {}
    for line in lines:
        requirement, *hashes = line.split(" --hash=sha256:")
        project, _, version = requirement.partition(";")[0].strip().partition("==")
        assert canonicalize_name(project) not in found, f"{project} is pinned twice"
        found[str(canonicalize_name(project))] = (version, len(hashes))
    return found


@pytest.mark.parametrize(("name", "groups"), [("tool-lock.txt", ()), ("tool-lock-dev.txt", ("dev",))])
def test_tool_locks_fit_the_metadata(name: str, groups: tuple[str, ...]) -> None:
    """Every dependency of pyproject.toml is pinned, in its range, with hashes; no index and no place is named."""
    with (ROOT / "pyproject.toml").open("rb") as stream:
        metadata = tomllib.load(stream)
    wanted = [*metadata["project"]["dependencies"]]
    wanted += [line for group in groups for line in metadata["dependency-groups"][group]]
    locked = pins(name)
    for requirement in map(Requirement, wanted):
        version, _ = locked[str(canonicalize_name(requirement.name))]
        assert requirement.specifier.contains(version), f"{requirement} is locked as {version}"
    assert all(count for _, count in locked.values())
    text = (ROOT / name).read_text(encoding="utf-8")
    assert "://" not in text
    assert not re.search(r"^-", text, re.MULTILINE)
    assert locked.items() >= {key: locked[key] for key in pins("tool-lock.txt")}.items()


def test_tool_locks_agree() -> None:
    """What both locks pin, they pin alike: adding the test tools replaces nothing."""
    developer = pins("tool-lock-dev.txt")
    assert {project: developer.get(project) for project in pins("tool-lock.txt")} == pins("tool-lock.txt")


def test_versions_agree() -> None:
    """The changelog knows the version of pyproject.toml; bootstrap and metadata want the same Python."""
    with (ROOT / "pyproject.toml").open("rb") as stream:
        project = tomllib.load(stream)["project"]
    assert f"## {project['version']}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert project["requires-python"] == ">=" + ".".join(map(str, bootstrap.OLDEST))
    assert project["scripts"] == {"pypi-subset": "pypi_subset.__main__:main"}


def test_generated_files_are_ignored() -> None:
    """``git status`` is clean after a mirror: the READMEs are tracked, all that is made beside them is not."""
    made = ["packages/x.whl", "site/index.html", "site/simple/x/x.whl", "requirements/lock/pylock.base--here.toml"]
    made += [".site.1.stage/x", ".site.old.stage/x", ".venv/bin/python", "packages/.running"]
    kept = ["packages/README.md", "site/README.md", "requirements/base.txt", "src/pypi_subset/cli/app.py"]
    command = ["git", "check-ignore", "--no-index", *made, *kept]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if "not a git repository" in listed.stderr:
        pytest.skip("no repository here")
    assert listed.stdout.split() == made


def test_scripts_are_valid_and_executable() -> None:
    """``.ci/run`` parses as bash and may be executed."""
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    subprocess.run(["bash", "-n", script], check=True)
