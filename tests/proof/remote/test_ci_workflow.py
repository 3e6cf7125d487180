"""Workflow files: valid for GitHub and GitLab, with a machine for each target, and shell lines that do what they say."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from pypi_subset.cli.display import Display
from pypi_subset.errors import TargetError
from pypi_subset.model.report import read_report, report_path
from pypi_subset.pipeline import mirror
from pypi_subset.proof.remote import ci_workflow
from pypi_subset.proof.report.verdict import verdict_of
from pypi_subset.proof.run.suite import run_suite
from pypi_subset.targets import tag as targets
from pypi_subset.targets.host import describe_host
from tests.support.checkout import copy_checkout
from tests.support.programs.commands import subset as command
from tests.support.servers.web import object_store
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

ADDRESS = "https://packages.example/lab/"
FORMS = {"github": "github-workflows", "gitlab": "gitlab-ci"}
MINOR = sys.version_info.minor

#: Tag → the Python and the machine that GitHub and GitLab have for it; None for none.
MACHINES: dict[str, tuple[str, str | None, str | None]] = {
    "cp312-manylinux2014_x86_64": ("3.12", "ubuntu-latest x64", "saas-linux-small-amd64"),
    "cp312-manylinux_2_28_aarch64": ("3.12", "ubuntu-24.04-arm arm64", "saas-linux-small-arm64"),
    "cp313-cp313t-manylinux_2_28_x86_64": ("3.13t", "ubuntu-latest x64", "saas-linux-small-amd64"),
    "pp310-manylinux_2_28_x86_64": ("pypy3.10", "ubuntu-latest x64", "saas-linux-small-amd64"),
    "cp312-macosx_15_0_arm64": ("3.12", "macos-15 arm64", None),
    "cp312-macosx_26_0_arm64": ("3.12", "macos-26 arm64", None),
    "cp312-macosx_12_0_arm64": ("3.12", "macos-latest arm64", None),
    "cp312-macosx_15_0_x86_64": ("3.12", "macos-15-intel x64", None),
    "cp312-win_amd64": ("3.12", "windows-latest x64", None),
    "cp312-win32": ("3.12", "windows-latest x86", None),
    "cp312-win_arm64": ("3.12", "windows-11-arm arm64", None),
    "cp312-musllinux_1_2_x86_64": ("", None, None),
    "cp312-manylinux_2_28_ppc64le": ("", None, None),
    "cp38-manylinux2014_x86_64": ("", None, None),
    "cp313-android_24_arm64_v8a": ("", None, None),
}
ALL = [targets.parse(f"t{number}", tag) for number, tag in enumerate(MACHINES)]


def read(text: str) -> dict[str, Any]:
    """Return the values of a YAML file; keys and strings as GitHub and GitLab read them (YAML 1.2)."""
    found: dict[str, Any] = YAML(typ="safe", pure=True).load(text)
    return found


def rows(form: str, text: str) -> list[dict[str, str]]:
    """Return the matrix of a workflow file."""
    document = read(text)
    if form == "github":
        found: list[dict[str, str]] = document["jobs"]["prove"]["strategy"]["matrix"]["include"]
        return found
    return [{name.lower(): value for name, value in row.items()} for row in document["prove"]["parallel"]["matrix"]]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("own", [ALL, ALL[:1]], ids=["all", "one"])
def test_files_are_valid(form: str, own: list[Any], tmp_path: Path) -> None:
    """They follow the schemas that GitHub and GitLab publish, as far as check-jsonschema carries them."""
    path = tmp_path / "workflow.yml"
    path.write_text(ci_workflow.render(form, own, ADDRESS), encoding="utf-8")
    check = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{FORMS[form]}", str(path)]
    done = subprocess.run(check, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("target", ALL, ids=[*MACHINES])
def test_each_target_has_its_machine(form: str, target: Any) -> None:
    """System, processor and Python are those of the target; what no machine is like is named, and has no row."""
    python, *machines = MACHINES[target.tag if target.tag in MACHINES else list(MACHINES)[int(target.name[1:])]]
    machine = machines[form == "gitlab"]
    other = targets.parse("other", "cp311-manylinux2014_x86_64")
    text = ci_workflow.render(form, [target, other], ADDRESS)
    found = [row for row in rows(form, text) if row["targets"] == target.name]
    assert [f"{row['machine']} {row.get('architecture', '')}".strip() for row in found] == [machine] * bool(machine)
    assert [row["python"] for row in found] == [python] * bool(machine)
    assert (f"{target.name} ({target.tag})" in text) is not bool(machine)
    assert len(rows(form, text)) == 1 + bool(machine)


def test_targets_that_share_a_machine_share_a_job() -> None:
    """One row for them, which names them all; an exact Python is asked for exactly, and the host is nobody's job."""
    tags = ["cp312-manylinux2014_x86_64", "cp312-manylinux_2_28_x86_64"]
    own = [targets.parse(name, tag) for name, tag in zip("ba", tags, strict=True)]
    own += [targets.parse("exact", tags[0], "3.12.4"), describe_host("here")]
    text = ci_workflow.render("github", own, ADDRESS)
    assert [(row["python"], row["targets"]) for row in rows("github", text)] == [("3.12", "a,b"), ("3.12.4", "exact")]
    assert "tells: here (the host)." in text


@pytest.mark.parametrize("form", FORMS)
def test_no_machine_at_all(form: str) -> None:
    """Then there is no file to write, and the next step is said."""
    with pytest.raises(TargetError, match=f"no machine of {form} can stand for any target; prove them where"):
        ci_workflow.render(form, [ALL[11]], ADDRESS)


@pytest.mark.slow
def test_printed_from_the_command_line(workspace: Workspace) -> None:
    """To standard output and nothing else; without an address, or for another kind of server, it is one line."""
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": "cp312-manylinux2014_x86_64"})
    done = command("workflow", f"--url={ADDRESS}", "--form=gitlab", cwd=workspace.root)
    (target,) = [targets.parse("linux", "cp312-manylinux2014_x86_64")]
    assert (done.stdout, done.stderr) == (ci_workflow.render("gitlab", [target], ADDRESS), "")
    for words, said in (
        (["--form=jenkins", f"--url={ADDRESS}"], "error: form wants github or gitlab, not 'jenkins'"),
        ([], "error: it has to be said from where; as in --url="),
    ):
        wrong = command("workflow", *words, cwd=workspace.root)
        assert (wrong.returncode, wrong.stdout, len(wrong.stderr.splitlines())) == (1, "", 1)
        assert wrong.stderr.startswith(said)


# --- the shell lines ----------------------------------------------------------------------------------------------


@pytest.fixture
def published(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Return a workspace whose site is proven: for a machine like this one, for one that is not, and for this one."""
    index.add(make_wheel("app", requires=["lib; sys_platform == 'win32'"]), make_wheel("lib"))
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    workspace.write("base.txt", "app\n")
    workspace.toml({"here": "host", "linux": f"cp3{MINOR}-manylinux2014_x86_64", "windows": f"cp3{MINOR}-win_amd64"})
    mirror.mirror(workspace.paths, progress=Display())
    run_suite(workspace.paths, processes=1)
    return workspace


class Machine:
    """
    What runs the steps of a job: a checkout, the tool's packages without the tool, and no network but loopback.

    :param space: whose requirements are checked out.
    """

    def __init__(self, root: Path, space: Workspace) -> None:
        self.checkout = copy_checkout(root / "checkout")
        shutil.copytree(space.paths.requirements, self.checkout / "requirements")
        (self.checkout / "site").mkdir()
        (self.checkout / "site" / "README.md").write_text("about site\n")
        venv = root / "python"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
        (packages,) = venv.glob("lib/python*/site-packages")
        others = [path for path in sys.path if path.endswith("site-packages")]
        (packages / "others.pth").write_text("\n".join(others))
        # What an installation from an index would have put there as well.
        (venv / "bin" / "uv").symlink_to(Path(sys.executable).with_name("uv"))
        programs = f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}"
        self.environment = {**os.environ, "PATH": programs, "PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0"}

    def run(self, script: str, variables: Mapping[str, str], *, by: Sequence[str]) -> int:
        """Return the exit code of *script*, run as a runner does."""
        done = subprocess.run(
            [*by, "-c", script],
            cwd=self.checkout,
            env={**self.environment, **variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        sys.stdout.write(f"$ {script}\n{done.stdout}{done.stderr}")
        return done.returncode


#: As GitHub documents it for `shell: bash`; and what GitLab finds in any image.
BASH, SH = ("bash", "--noprofile", "--norc", "-eo", "pipefail"), ("sh", "-e")


def filled(value: str, row: Mapping[str, Any], number: int) -> str:
    """Return *value* with what GitHub puts in the place of ``${{ … }}``."""
    known = {f"matrix.{name}": text for name, text in row.items()} | {"strategy.job-index": str(number)}
    return re.sub(r"\$\{\{ (.*?) \}\}", lambda found: known[found[1]], value)


def steps(machine: Machine, job: Mapping[str, Any], store: Path, **given: Any) -> Iterator[tuple[str, int]]:
    """Run the steps of a job of GitHub's; yield what each shell step ran and how it ended."""
    row, number, variables = given["row"], given["number"], given["variables"]
    for step in job["steps"]:
        action, settings = step.get("uses", "").partition("@")[0], step.get("with", {})
        if action == "actions/upload-artifact":
            source, place = machine.checkout / settings["path"], store / filled(settings["name"], row, number)
            place.mkdir(parents=True)
            shutil.copytree(source, place, dirs_exist_ok=True) if source.is_dir() else shutil.copy(source, place)
        elif action == "actions/download-artifact":
            for place in store.glob(settings["pattern"]):
                shutil.copytree(place, machine.checkout / settings["path"] / place.name)
        elif "run" in step:
            own = {name: filled(value, row, number) for name, value in step.get("env", {}).items()}
            yield step["run"], machine.run(step["run"], {**variables, **own}, by=BASH)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="stands for a machine of GitHub's that runs Linux")
def test_steps_for_github(published: Workspace, tmp_path: Path) -> None:
    """Each job fetches, proves its own targets and keeps its report; the last joins them to a whole green one."""
    subset = [
        targets.parse("linux", f"cp3{MINOR}-manylinux2014_x86_64"),
        targets.parse("windows", f"cp3{MINOR}-win_amd64"),
    ]
    with object_store(published.paths.site) as url:
        document = read(ci_workflow.render("github", [*subset, describe_host("here")], url))
        assert document["defaults"]["run"]["shell"] == "bash"
        store, jobs, variables = tmp_path / "store", document["jobs"], document["env"]
        for number, row in enumerate(jobs["prove"]["strategy"]["matrix"]["include"]):
            machine = Machine(tmp_path / str(number), published)
            done = list(steps(machine, jobs["prove"], store, row=row, number=number, variables=variables))
            assert [code for _, code in done] == [0, 0, 0], done
            part = json.loads((store / f"part-{number}" / "report.json").read_bytes())
            assert (part["targets"], part["totals"]["failed"]) == ([row["targets"]], 0)
        last = Machine(tmp_path / "last", published)
        done = list(steps(last, jobs["join"], store, row={}, number=0, variables=variables))
    assert [code for _, code in done] == [0, 0], done
    whole = read_report(store / "proof" / "report.json")
    assert (verdict_of(whole).state, whole.manifest_sha256) == ("green", part["manifest_sha256"])
    assert {(check.target, check.proof) for check in whole.checks if check.proof != "second opinion"} == {
        ("", "inventory"),
        *(("here", "installed"), ("linux", "installed"), ("windows", "unpacked")),
    }
    assert {path.name for path in (store / "proof").iterdir()} >= {"index.html", "junit.xml", "badge.svg"}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="stands for a machine of GitLab's, which runs Linux")
def test_steps_for_gitlab(published: Workspace, tmp_path: Path) -> None:
    """The same in GitLab's way; a job that is red keeps its report as well, and the joined report is red for it."""
    subset = [targets.parse("linux", f"cp3{MINOR}-manylinux2014_x86_64")]
    with object_store(published.paths.site) as url:
        document = read(ci_workflow.render("gitlab", [*subset, describe_host("here")], url))
        (row,) = document["prove"]["parallel"]["matrix"]
        variables = {**document["variables"], **row, "CI_NODE_INDEX": "1"}
        for red in (False, True):
            machine = Machine(tmp_path / f"red {red}", published)
            lines = document["prove"]["script"]
            if red:
                # Behind what fetches: what then lies there is no longer what was published.
                wheel = "site/simple/app/app-1.0-py3-none-any.whl"
                lines = [*lines[:3], f"cp site/README.md {wheel}", *lines[3:]]
            code = machine.run("\n".join(lines), variables, by=SH)
            assert (code != 0) is red
            assert machine.run("\n".join(document["prove"]["after_script"]), variables, by=SH) == 0
            last = Machine(tmp_path / f"last {red}", published)
            shutil.copytree(machine.checkout / "parts", last.checkout / "parts")
            code = last.run("\n".join(document["join"]["script"]), variables, by=SH)
            whole = read_report(report_path(last.checkout / "site"))
            assert (code != 0, verdict_of(whole).state) == (red, "red" if red else "green")
            kinds = {(check.target, check.proof) for check in whole.checks}
            assert kinds >= {("here", "installed"), ("linux", "installed")}
