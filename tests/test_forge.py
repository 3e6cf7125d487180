"""The files of the forge: pinned actions and hooks, checked files, and forms that ask for what a report needs."""

from __future__ import annotations

import re
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from tests.support.checkout import ROOT, tasks_module

if TYPE_CHECKING:
    from pathlib import Path

FORGE = ROOT / ".github"
WORKFLOWS = sorted((FORGE / "workflows").glob("*.yml"))
FORMS = sorted((FORGE / "ISSUE_TEMPLATE").glob("*.yml"))


def read(path: Path) -> Any:
    """Return the document at *path*."""
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


def test_lint_checks_each_file() -> None:
    """A workflow or a form that is added is checked by its schema as well."""
    listed = {path for paths in tasks_module().SCHEMAS.values() for path in paths}
    assert listed == {path.relative_to(ROOT).as_posix() for path in (*WORKFLOWS, *FORMS)}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_actions_are_commits(path: Path) -> None:
    """Each action is a commit beside its release; one that a printed workflow uses too is the same in both."""
    uses = re.findall(r"uses: (\S+)@([0-9a-f]{40}) # (v[\d.]+)\n", path.read_text(encoding="utf-8"))
    assert len(uses) == path.read_text(encoding="utf-8").count("uses:")
    table = tomllib.loads((ROOT / "src/pypi_subset/ci_actions.toml").read_text(encoding="utf-8"))
    for name, commit, release in uses:
        if name in table:
            assert (commit, release) == (table[name]["commit"], table[name]["release"])


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_jobs_get_rights_one_by_one(path: Path) -> None:
    """No job has a right by default, each has a time limit, and no checkout leaves a token behind."""
    document = read(path)
    assert document["permissions"] == {}
    for job in document["jobs"].values():
        assert job["timeout-minutes"] <= 60
        assert set(job["permissions"]) <= {"attestations", "contents", "id-token"}
        for step in job["steps"]:
            if str(step.get("uses", "")).startswith("actions/checkout@"):
                assert step["with"] == {"persist-credentials": False}


def test_the_workflow_calls_the_gates_of_a_contributor() -> None:
    """On Linux it runs `.ci/run`, before a release too; elsewhere the fast tests, from the locks."""
    jobs = read(FORGE / "workflows/ci.yml")["jobs"]
    assert jobs["linux"]["steps"][-1] == {"run": ".ci/run"}
    assert jobs["fast"]["steps"][-1] == {"run": "python -m pytest -q -n auto"}
    release = read(FORGE / "workflows/release.yml")["jobs"]
    assert release["test"]["steps"][-1] == {"run": ".ci/run"}
    assert release["publish"]["needs"] == ["test", "build"]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_what_is_installed_is_hashed(path: Path) -> None:
    """Each installation from an index names a lock, and that file is here."""
    for line in re.findall(r"pip install .*", path.read_text(encoding="utf-8")):
        if "--no-index" not in line:
            named = re.search(r"--require-hashes .*--requirement=(\S+)$", line)
            assert named, line
            assert (ROOT / named[1]).is_file()


def test_hooks_are_the_pinned_tools() -> None:
    """pre-commit installs each tool from PyPI, at the version of the lock."""
    lock = (ROOT / "tool-lock-dev.txt").read_text(encoding="utf-8")
    (repo,) = read(ROOT / ".pre-commit-config.yaml")["repos"]
    assert repo["repo"] == "local"
    for hook in repo["hooks"]:
        (pin,) = hook["additional_dependencies"]
        # Its sdist takes a program from elsewhere when it is built, so no lock of wheels has it.
        if hook["id"] != "actionlint":
            assert f"\n{pin} " in lock
    assert {hook["id"] for hook in repo["hooks"]} == {"ruff-check", "ruff-format", "typos", "actionlint", "zizmor"}


def test_forms_ask_for_the_report_of_the_machine() -> None:
    """Each form has a field for `pypi-subset doctor --json`; the form for faults requires it."""
    for path in FORMS:
        if path.name == "config.yml":
            continue
        asked = [one for one in read(path)["body"] if one["attributes"]["label"] == "pypi-subset doctor --json"]
        assert len(asked) == 1
        assert asked[0].get("validations", {}).get("required", False) == (path.name == "bug.yml")


def test_the_policy_leads_to_the_threat_model() -> None:
    """SECURITY.md says how to report a fault, and its links are files."""
    text = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
    assert "security advisory" in text
    links = re.findall(r"\]\(([^)]+)\)", text)
    assert links
    for link in links:
        assert (ROOT / link).is_file()
