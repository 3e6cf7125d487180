"""Workflow files: valid for GitHub and GitLab, with a machine for each target, and shell lines that do what they say."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import tomllib
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from packaging.utils import canonicalize_name
from ruamel.yaml import YAML

from pypi_subset.cli.display import Display
from pypi_subset.errors import SubsetError, TargetError
from pypi_subset.model.report import read_report, report_path
from pypi_subset.pipeline import mirror
from pypi_subset.proof.evidence import key
from pypi_subset.proof.remote import ci_workflow
from pypi_subset.proof.report.verdict import verdict_of
from pypi_subset.proof.run.suite import run_suite
from pypi_subset.publishing.publisher import publish
from pypi_subset.targets import tag as targets
from pypi_subset.targets.host import describe_host
from tests.support.checkout import ROOT, SOURCE, copy_checkout
from tests.support.programs.commands import subset as command
from tests.support.servers.web import object_store
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

ADDRESS = "https://packages.example/lab/"
FORMS = {"github": "github-workflows", "gitlab": "gitlab-ci"}
MINOR = sys.version_info.minor
NAMES = ("PYTHON", "TARGETS")

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
    """Return what a workflow file says of each job in which packages run."""
    document = read(text)
    jobs = [job for name, job in document.get("jobs", document).items() if name.startswith("prove-")]
    if form == "gitlab":
        return [{"machine": job["tags"][0], **{name.lower(): job["variables"][name] for name in NAMES}} for job in jobs]
    found = []
    for job in jobs:
        (python, *_) = (step["with"] for step in job["steps"] if step.get("name") == "The target's Python")
        (proof,) = (step for step in job["steps"] if step.get("name", "").startswith("Prove"))
        machine, targets = job["runs-on"], proof["env"]["TARGETS"]
        own = {"python": python["python-version"], "architecture": python["architecture"]}
        found.append({"machine": machine, "targets": targets, "proof": proof["name"], **own})
    return found


@pytest.mark.slow
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
    assert "speaks for them: here (the host)." in text


@pytest.mark.parametrize(("form", "python"), [("github", "3.15.0-rc.1"), ("gitlab", "3.15.0rc1")])
def test_a_pre_release_is_named_as_its_installer_does(form: str, python: str) -> None:
    """GitHub's action wants the spelling of npm, and uv that of Python."""
    target = targets.parse("next", "cp315-manylinux2014_x86_64", "3.15.0rc1")
    assert [row["python"] for row in rows(form, ci_workflow.render(form, [target], ADDRESS))] == [python]


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
        (
            ["--form=jenkins", f"--url={ADDRESS}"],
            "error: invalid value for '--form': 'jenkins' is not one of 'github', 'gitlab'",
        ),
        ([], "error: no address is named; as in `--url "),
        (["--url=https://me:secret@host/"], "error: url holds a user name or a password"),
    ):
        wrong = command("workflow", *words, cwd=workspace.root)
        assert (wrong.returncode, wrong.stdout, len(wrong.stderr.splitlines())) == (2, "", 1)
        assert wrong.stderr.startswith(said)


# --- what a job may do --------------------------------------------------------------------------------------------


def uses(text: str) -> list[str]:
    """Return what stands behind each ``uses``, with its comment, which YAML does not read."""
    return re.findall(r"uses: (.*)", text)


def test_actions_are_commits() -> None:
    """Each action is a full commit of the table, with its release beside it; the table names no other."""
    table = tomllib.loads((SOURCE / "ci_actions.toml").read_text())
    found = {line.partition("@")[0]: line for line in uses(ci_workflow.render("github", ALL, ADDRESS))}
    assert found == {name: f"{name}@{one['commit']} # {one['release']}" for name, one in table.items()}
    assert all(re.fullmatch(r"actions/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line) for line in found.values())


@pytest.mark.parametrize("to", ["", "host:/srv/www"])
def test_who_may_do_what(to: str) -> None:
    """One job reads the repository, and keeps no credentials; where packages run there are no permissions, no secrets."""
    text = ci_workflow.render("github", ALL, ADDRESS, to)
    document = read(text)
    assert document["permissions"] == {}
    for name, job in document["jobs"].items():
        assert job["permissions"] == ({"contents": "read"} if name == "prepare" else {}), name
        checkouts = [step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]
        assert [step["with"] for step in checkouts] == [{"persist-credentials": False}] * (name == "prepare")
        assert ("secrets." in json.dumps(job)) is (name == "join"), name
        assert job.get("environment") == ("proof" if name == "join" else None), name
    for job in document["jobs"].values():
        for step in job["steps"]:
            assert "${{" not in step.get("run", "")
    assert "secrets." not in json.dumps({key: value for key, value in document.items() if key != "jobs"})


@pytest.mark.parametrize("form", FORMS)
def test_only_locked_files_are_installed(form: str) -> None:
    """Each line that installs takes the hashes of the lock, or a file that an earlier job made."""
    lines = [line for line in ci_workflow.render(form, ALL, ADDRESS).splitlines() if "pip install" in line]
    assert len(lines) >= 4
    locked = re.compile(
        r"pip install --require-hashes --no-deps --only-binary=:all: --requirement=(tool/)?tool-lock.txt\"?$"
    )
    made = re.compile(r"pip install --no-index --no-deps \"\$wheel\"(; done)?$")
    assert [line for line in lines if not locked.search(line) and not made.search(line)] == []


def test_a_part_is_known_by_its_job() -> None:
    """Each artifact is requested by the ID that its job gave out, and its report may speak for the job's targets alone."""
    document = read(ci_workflow.render("github", ALL, ADDRESS))
    proofs = [name for name in document["jobs"] if name.startswith("prove-")]
    loads = [
        step["with"]
        for step in document["jobs"]["join"]["steps"]
        if "actions/download-artifact@" in step.get("uses", "")
    ]
    assert loads == [
        {"artifact-ids": "${{ needs.prepare.outputs.tool || 0 }}"},
        *(
            {"artifact-ids": f"${{{{ needs.{name}.outputs.part || 0 }}}}", "path": f"part-{number}"}
            for number, name in enumerate(proofs, 1)
        ),
    ]
    assert document["jobs"]["join"]["needs"] == ["prepare", *proofs]


@pytest.mark.parametrize("form", FORMS)
def test_a_part_speaks_for_its_job(form: str) -> None:
    """The last job joins the report of each job by its exact name, for the targets of that job alone."""
    text = ci_workflow.render(form, ALL, ADDRESS)
    owners = [row["targets"] for row in rows(form, text)]
    words = " ".join(f'"part-{number}/report.json={names}"' for number, names in enumerate(owners, 1))
    assert f"merge-reports site/proof/report.json {words}\n" in text


def test_no_isolation_is_visible() -> None:
    """Linux isolates, after a visible step; macOS and Windows say --unisolated, and nothing else does."""
    document = read(ci_workflow.render("github", ALL, ADDRESS))
    for job in document["jobs"].values():
        lines = {step.get("name"): step["run"] for step in job["steps"] if "run" in step}
        proof = [name for name in lines if name.startswith("Prove")]
        if proof:
            linux = job["runs-on"].startswith("ubuntu")
            assert proof == ["Prove" if linux else "Prove with --unisolated"]
            assert lines[proof[0]].endswith(" --unisolated") is not linux
            assert ("Allow namespaces to ordinary users" in lines) is linux
    assert " --unisolated" not in ci_workflow.render("github", ALL[:1], ADDRESS)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("url", "to", "words"),
    [
        ("https://host/${{ secrets.X }}/", "", "url holds '$'"),
        ("https://host/$HOME/", "", "url holds '$'"),
        ("https://host/a b/", "", "url holds ' '"),
        ("https://host/", 'host:/srv/"x', "to holds '\"'"),
        ("https://host/", "host:/srv/`x`", "to holds '`'"),
        ("https://me:secret@host/", "", "url holds a user name or a password, which every reader"),
    ],
)
def test_addresses_that_a_file_does_not_keep(form: str, url: str, to: str, words: str) -> None:
    """What GitHub, GitLab or a shell would replace is refused, and so is a password."""
    with pytest.raises(SubsetError) as raised:
        ci_workflow.render(form, ALL[:1], url, to)
    assert str(raised.value).startswith(words)
    assert "secret@" not in str(raised.value)


# --- the shell lines ----------------------------------------------------------------------------------------------


@pytest.fixture
def published(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """Return a workspace whose site is published in ``public``: for a machine like this one, for one that is not, and for this one."""
    index.add(make_wheel("app", requires=["lib; platform_machine == 'aarch64'"]), make_wheel("lib"))
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    workspace.write("base.txt", "app\n")
    tags = {"linux": "manylinux2014_x86_64", "arm": "manylinux_2_28_aarch64", "windows": "win_amd64"}
    workspace.toml({"here": "host"} | {name: f"cp3{MINOR}-{tag}" for name, tag in tags.items()})
    mirror.mirror(workspace.paths, progress=Display())
    run_suite(workspace.paths, processes=1)
    publish(workspace.paths, workspace.root / "public")
    return workspace


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return site-packages with what tool-lock.txt names, as this environment has it, and nothing else."""
    folder = tmp_path_factory.mktemp("locked") / "lib" / "python" / "site-packages"
    lines = (ROOT / "tool-lock.txt").read_text().splitlines()
    names = {canonicalize_name(line.partition("==")[0]) for line in lines if "==" in line}
    for one in metadata.distributions():
        for file in one.files or () if canonicalize_name(one.name) in names else ():
            # Scripts name the interpreter of this environment; uv is a program.
            if file.parts[0] != ".." or file.name == "uv":
                place = folder / file
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(str(one.locate_file(file)), place)
    return folder


class Machine:
    """
    What runs the steps of a job: an empty directory, the locked packages without the tool, no network but loopback.

    `sudo` and `setpriv` write down what they are asked for. To change this machine's kernel or user is not for a test.
    """

    def __init__(self, root: Path, locked: Path) -> None:
        self.workspace, self.home = root / "workspace", root / "home"
        self.workspace.mkdir(parents=True)
        self.home.mkdir()
        venv = root / "python"
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
        (packages,) = venv.glob("lib/python*/site-packages")
        shutil.copytree(locked, packages, dirs_exist_ok=True)
        shutil.copy(locked.parents[2] / "bin" / "uv", venv / "bin" / "uv")
        self.asked = root / "asked"
        for name, then in (("sudo", ""), ("setpriv", 'while [ "${1#--}" != "$1" ]; do shift; done; exec "$@"')):
            program = venv / "bin" / name
            program.write_text(f'#!/bin/sh\necho {name} "$@" >> {self.asked}\n{then}\n')
            program.chmod(0o755)
        programs = f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}"
        own = {"PATH": programs, "PIP_NO_INDEX": "1", "HOME": str(self.home)}
        self.environment = {name: text for name, text in os.environ.items() if name != key.VARIABLE} | own

    def run(self, script: str, variables: Mapping[str, str], *, by: Sequence[str]) -> int:
        """Return the exit code of *script*, run as a runner does."""
        done = subprocess.run(
            [*by, "-c", script],
            cwd=self.workspace,
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


class GitHub:
    """What GitHub gives to the jobs of a run: a checkout, artifacts that have IDs, outputs of earlier jobs, secrets."""

    def __init__(self, root: Path, locked: Path, space: Workspace, document: Mapping[str, Any]) -> None:
        self.root, self.locked, self.space, self.document = root, locked, space, document
        self.outputs: dict[str, dict[str, str]] = {}
        self.artifacts: dict[str, Path] = {}
        self.machines: dict[str, Machine] = {}

    def run(self, name: str) -> list[tuple[str, int]]:
        """Run the job *name* to its end; return what each shell step is called and how it ended."""
        job = self.document["jobs"][name]
        machine = Machine(Path(tempfile.mkdtemp(prefix=f"{name}-", dir=self.root)), self.locked)
        self.machines[name] = machine
        known: dict[str, str] = {}
        done, red = [], False
        for step in job["steps"]:
            if red and "cancelled" not in step.get("if", ""):
                continue
            if "run" in step:
                own = {key: self.filled(value, known) for key, value in step.get("env", {}).items()}
                code = machine.run(step["run"], {**self.document["env"], **own}, by=BASH)
                done.append((step["name"], code))
                red = red or code != 0
            else:
                settings = {key: self.filled(str(value), known) for key, value in step.get("with", {}).items()}
                action = step["uses"].partition("@")[0].removeprefix("actions/")
                known |= self.act(action, machine.workspace, settings)
        self.outputs[name] = {key: self.filled(value, known) for key, value in job.get("outputs", {}).items()}
        return done

    def act(self, action: str, workspace: Path, settings: Mapping[str, str]) -> dict[str, str]:
        """Do what an action does; return its outputs, by the name that the file calls them."""
        if action == "checkout":
            assert settings["persist-credentials"] == "False"
            copy_checkout(workspace)
            shutil.copytree(self.space.paths.requirements, workspace / "requirements")
        elif action == "download-artifact":
            source = self.artifacts[settings["artifact-ids"]]
            shutil.copytree(source, workspace / settings.get("path", ""), dirs_exist_ok=True)
        elif action == "upload-artifact":
            paths = [workspace / path for path in settings["path"].split()]
            place = self.artifacts[str(len(self.artifacts) + 1)] = self.root / f"artifact {len(self.artifacts) + 1}"
            # One directory is the root of the artifact; of several things, that is the directory that holds them.
            for path in paths:
                copy = place / path.name if len(paths) > 1 or path.is_file() else place
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copytree(path, copy) if path.is_dir() else shutil.copy(path, copy)
            return {"steps.keep.outputs.artifact-id": str(len(self.artifacts))}
        return {}

    def filled(self, value: str, steps: Mapping[str, str]) -> str:
        """Return *value* with what GitHub puts in the place of ``${{ … }}``."""
        needs = {f"needs.{job}.outputs.{key}": said for job, own in self.outputs.items() for key, said in own.items()}
        secrets = {
            "PYPI_SUBSET_KEY": key.key_path().read_text(),
            "PUBLISH_KEY": "a key",
            "PUBLISH_KNOWN_HOSTS": "a host",
        }
        known = {**{f"secrets.{name}": text for name, text in secrets.items()}, **needs, **steps}
        return re.sub(r"\$\{\{ (.*?)( \|\| 0)? \}\}", lambda found: known.get(found[1], "") or "0", value)


@pytest.fixture
def own() -> list[Any]:
    """Return targets of a machine like this one, of one that is not, and of this one."""
    tags = {"linux": "manylinux2014_x86_64", "arm": "manylinux_2_28_aarch64", "windows": "win_amd64"}
    return [*(targets.parse(name, f"cp3{MINOR}-{tag}") for name, tag in tags.items()), describe_host("here")]


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="stands for a machine of GitHub's that runs Linux")
def test_steps_for_github(published: Workspace, tmp_path: Path, locked: Path, own: list[Any]) -> None:
    """Every job proves its own targets and keeps its report; the last joins them to a whole green one and publishes."""
    place = tmp_path / "www"
    with object_store(published.root / "public") as url:
        document = read(ci_workflow.render("github", own, url, str(place)))
        assert document["defaults"]["run"]["shell"] == "bash"
        host = GitHub(tmp_path, locked, published, document)
        done = {name: host.run(name) for name in document["jobs"]}
    assert {code for steps in done.values() for _, code in steps} == {0}, done
    lines = [step["name"] for job in document["jobs"].values() for step in job["steps"] if "run" in step]
    assert [name for steps in done.values() for name, _ in steps] == lines
    allowed = "sudo sysctl --write kernel.apparmor_restrict_unprivileged_userns=0\n"
    assert host.machines["prove-1"].asked.read_text() == allowed
    for number, name in ((1, "arm"), (2, "linux"), (3, "windows")):
        part = json.loads((host.artifacts[host.outputs[f"prove-{number}"]["part"]] / "report.json").read_bytes())
        assert (part["targets"], part["totals"]["failed"]) == ([name], 0)
    whole = read_report(report_path(place))
    assert (verdict_of(whole).state, whole.manifest_sha256) == ("green", part["manifest_sha256"])
    assert {(check.target, check.proof) for check in whole.checks if check.proof != "second opinion"} == {
        ("", "inventory"),
        *(("here", "installed"), ("linux", "installed"), ("arm", "unpacked"), ("windows", "unpacked")),
    }
    proof = host.artifacts[str(len(host.artifacts))]
    assert {path.name for path in proof.iterdir()} >= {"index.html", "junit.xml", "badge.svg"}
    assert stat.S_IMODE((place / "index.html").stat().st_mode) & 0o044 == 0o044


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="stands for a machine of GitHub's that runs Linux")
def test_a_part_of_another_job_is_not_joined(
    published: Workspace, tmp_path: Path, locked: Path, own: list[Any]
) -> None:
    """A job that keeps a report of other targets than its own ends the run: nothing is joined, nothing is published."""
    place, own = tmp_path / "www", [target for target in own if target.name != "windows"]
    with object_store(published.root / "public") as url:
        host = GitHub(tmp_path, locked, published, read(ci_workflow.render("github", own, url, str(place))))
        for name in ("prepare", "prove-1"):
            host.run(name)
        host.outputs["prove-2"] = host.outputs["prove-1"]
        done = host.run("join")
        host.outputs["prove-2"] = {"part": ""}
        with pytest.raises(KeyError, match="0"):
            host.run("join")
    assert done[-1] == ("Join the reports and publish", 2)
    assert not place.exists()


@pytest.mark.long
@pytest.mark.skipif(sys.platform != "linux", reason="stands for a machine of GitLab's, which runs Linux")
def test_steps_for_gitlab(published: Workspace, tmp_path: Path, locked: Path, own: list[Any]) -> None:
    """The same in GitLab's way; a job that is red keeps its report as well, and the joined report is red for it."""
    with object_store(published.root / "public") as url:
        own = [target for target in own if target.name in {"linux", "here"}]
        for red in (False, True):
            place = tmp_path / f"www {red}"
            document = read(ci_workflow.render("gitlab", own, url, str(place).replace(" ", "")))
            done, joined = gitlab(document, tmp_path / f"{red}", locked, published, red=red)
            assert {job: code != 0 for job, code in done.items()} == {
                "prepare": False,
                "prove-1": red,
                "join": red,
            }
            whole = read_report(report_path(joined / "site"))
            assert verdict_of(whole).state == ("red" if red else "green")
            kinds = {(check.target, check.proof) for check in whole.checks}
            assert kinds >= {("here", "installed"), ("linux", "installed")}
            assert Path(document["variables"]["TO"]).exists() is not red


def gitlab(
    document: Mapping[str, Any], root: Path, locked: Path, space: Workspace, *, red: bool
) -> tuple[dict[str, int], Path]:
    """Run all jobs as GitLab does; return the exit code of each and the directory of the last one."""
    done: dict[str, int] = {}
    kept: dict[str, list[tuple[Path, str]]] = {}
    workspace = root
    for name in ("prepare", "prove-1", "join"):
        job, machine = document[name], Machine(root / name, locked)
        workspace = machine.workspace
        if name == "prepare":
            copy_checkout(workspace)
            shutil.copytree(space.paths.requirements, workspace / "requirements")
        for source, path in (one for need in job.get("needs", ()) for one in kept[need]):
            (workspace / path).parent.mkdir(parents=True, exist_ok=True)
            copy = shutil.copytree if (source / path).is_dir() else shutil.copy
            copy(source / path, workspace / path)
        lines = list(job["script"])
        if red and name == "prove-1":
            # Behind what fetches: the file is no longer what was published.
            after = 1 + next(number for number, line in enumerate(lines) if "fetch" in line)
            lines.insert(after, "cp site/README.md site/simple/app/app-1.0-py3-none-any.whl")
        variables = {**document["variables"], **job.get("variables", {}), "CI_JOB_TOKEN": "the token"}
        if job.get("environment", {}).get("name") == "proof":
            # GitLab lets everybody on the machine read such files.
            variables[key.VARIABLE] = str(shutil.copy(key.key_path(), root / "variable"))
            (root / "variable").chmod(0o666)
        done[name] = machine.run("\n".join(lines), variables, by=SH)
        assert machine.run("\n".join(job.get("after_script", ["true"])), variables, by=SH) == 0
        kept[name] = [(workspace, path) for path in job["artifacts"]["paths"]]
        if name == "prove-1":
            asked = machine.asked.read_text().splitlines()
            start = "setpriv --reuid=nobody --regid=nogroup --clear-groups --no-new-privs env -i "
            assert [line.startswith(start) and "the token" not in line for line in asked] == [True, True]
    return done, workspace


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="the jobs of GitLab run as root")
def test_a_link_in_the_place_of_a_report() -> None:
    """What packages left there is read as their own user: the kept file holds no variable of the job."""
    # Not below pytest's own directory, which is closed to others.
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    (folder / "site" / "proof").mkdir(parents=True)
    (folder / "site" / "proof" / "report.json").symlink_to("/proc/self/environ")
    lines = read(ci_workflow.render("gitlab", ALL[:1], ADDRESS))["prove-1"]["after_script"]
    variables = {**os.environ, "CI_JOB_TOKEN": "the token"}
    subprocess.run(["sh", "-c", "\n".join(lines)], cwd=folder, env=variables, check=False)
    kept = (folder / "part-1" / "report.json").read_bytes()
    shutil.rmtree(folder)
    assert b"the token" not in kept


@pytest.mark.network
@pytest.mark.skipif(sys.platform != "linux", reason="stands for a machine of GitHub's that runs Linux")
@pytest.mark.long
def test_the_lock_installs_the_tool(tmp_path: Path) -> None:
    """In an environment that holds pip alone, the lines of the files install the tool and all that it needs, by hash."""
    document = read(ci_workflow.render("github", ALL[:1], ADDRESS))
    jobs = document["jobs"]
    steps = [step["run"] for job in (jobs["prepare"], jobs["join"]) for step in job["steps"] if "run" in step]
    checkout = copy_checkout(tmp_path / "checkout")
    for number, script in enumerate(steps[:2]):
        venv = tmp_path / f"python {number}"
        subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
        environment = {**os.environ, "PATH": f"{venv / 'bin'}{os.pathsep}{os.environ['PATH']}"}
        subprocess.run([*BASH, "-c", script], cwd=checkout, env=environment, check=True)
    said = subprocess.run([venv / "bin" / "python", "-m", "pip", "check"], capture_output=True, text=True, check=False)
    assert (said.returncode, said.stdout) == (0, "No broken requirements found.\n")
    subprocess.run([venv / "bin" / "pypi-subset", "--version"], check=True)
