"""The public API: what it exports, what an import loads, and the example of its docstring."""

from __future__ import annotations

import inspect
import json
import re
import subprocess
import sys
import textwrap
from typing import TYPE_CHECKING

import pytest

import pypi_subset
from pypi_subset import api
from pypi_subset.proof.report.report import lines_of
from tests.support.checkout import ROOT
from tests.support.programs.commands import subset
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

TARGETS = {"lab": "cp312-manylinux_2_28_x86_64"}


def example() -> str:
    """Return the code in the docstring of the API."""
    _, _, text = str(api.__doc__).partition(".. code-block:: python\n\n")
    code = textwrap.dedent("\n".join(line for line in text.splitlines() if not line or line.startswith("    ")))
    return code.strip() + "\n"


def test_every_name_is_there_and_documented() -> None:
    """The package and its api export the same names; each function documents its result and its errors."""
    assert vars(pypi_subset)["__all__"] == api.__all__
    assert {*api.__all__, "__version__"} <= {*dir(pypi_subset)}
    assert {*api.__all__} <= {*dir(api)}
    for name in api.__all__:
        assert getattr(pypi_subset, name) is getattr(api, name)
        function = getattr(api, name)
        if inspect.isfunction(function):
            assert ":raises " in str(function.__doc__)
            for parameter in inspect.signature(function).parameters.keys() - {"paths", "requirements", "root"}:
                assert f":param {parameter}:" in str(function.__doc__) or f"*{parameter}*" in str(function.__doc__)
    for module in (pypi_subset, api):
        with pytest.raises(AttributeError, match=f"module '{module.__name__}' has no attribute 'nothing'"):
            module.nothing  # noqa: B018 - the lookup is the test


def test_no_module_hides_a_function() -> None:
    """No sub-package has the name of a function: an import of it would replace the function."""
    source = ROOT / "src" / "pypi_subset"
    assert not {path.stem for path in source.iterdir()} & {*api.__all__}


@pytest.mark.parametrize("module", ["pypi_subset", "pypi_subset.api"])
def test_an_import_loads_nothing_heavy(module: str) -> None:
    """A fresh interpreter that imports it has loaded neither pip nor rich, invoke or pytest, nor any stage."""
    code = f"import json, sys, {module}; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    loaded = {*json.loads(done.stdout)}
    assert module in loaded
    assert not {name.partition(".")[0] for name in loaded} & {"pip", "rich", "invoke", "pytest", "uv", "msgspec"}
    assert not {name for name in loaded if re.match(r"pypi_subset\.(pipeline|resolve|site|proof|cli)", name)}


def test_the_example_runs(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """It mirrors, proves and publishes from a real index, and writes nothing to the screen."""
    index.add(make_wheel("demo", requires=["dep"]), make_wheel("dep"))
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    exec(compile(example(), "example", "exec"), names)  # noqa: S102 - our own docstring
    assert capfd.readouterr() == ("", "")
    assert sorted(path.name for path in tmp_path.glob("lab/published/simple/*/*.whl")) == [
        "demo-1.0-py3-none-any.whl",
        "dep-1.0-py3-none-any.whl",
    ]
    fetched = subprocess.run(
        [sys.executable, "-m", "pip", "download", "--no-deps", "-qd", "got", "--no-index", "--find-links",
         "lab/published/find-links.html", "demo"], check=True, capture_output=True,
    )  # fmt: skip
    assert (fetched.returncode, [path.name for path in (tmp_path / "got").iterdir()]) == (
        0,
        ["demo-1.0-py3-none-any.whl"],
    )
    assert 20 <= len(example().splitlines()) <= 25


def test_the_manual_has_the_same_example() -> None:
    """The page of the API shows the code of the docstring, and each function."""
    page = (ROOT / "docs" / "reference" / "api.md").read_text(encoding="utf-8")
    assert f"```python\n{example()}```" in page
    for name in api.__all__:
        assert f"| `{name}(" in page or not inspect.isfunction(getattr(api, name))


def test_a_red_proof_is_a_report(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is red stands in the report; the next mirror reads every file again."""
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    index.add(make_wheel("demo"))
    workspace.write("base.txt", "demo\n")
    workspace.toml(TARGETS)
    api.mirror(workspace.paths)
    page = workspace.paths.site / "find-links.html"
    page.write_bytes(page.read_bytes().replace(b"demo", b"damo", 1))
    report = api.prove(workspace.paths, processes=1)
    assert report.totals.failed
    assert "find-links.html" in "".join(lines_of(report))
    # What an index does not offer any more is no cache.
    kept = {".proven.json", ".gone.json"}
    assert not [path for path in workspace.paths.packages.glob(".*.json") if path.name not in kept]
    assert api.mirror(workspace.paths).published


def test_read_subset(workspace: Workspace) -> None:
    """Sets, targets and jobs are values; all faults are one error."""
    workspace.write("base.txt", "demo\n")
    workspace.toml(TARGETS)
    found = api.read_subset(workspace.paths.requirements)
    assert [(one.requirement_set.name, one.target.name) for one in found.jobs] == [("base", "lab")]
    workspace.write("base.txt", "demo=>1\nother=>2\n")
    with pytest.raises(api.SubsetError, match=r"(?s)base\.txt:1: .*base\.txt:2: "):
        api.read_subset(workspace.paths.requirements)


def test_the_documented_json(workspace: Workspace, index: Index) -> None:
    """The manual's document is what the command prints, but for the seconds."""
    text = (ROOT / "docs" / "reference" / "output.md").read_text(encoding="utf-8")
    shown = re.search(r"<!-- example:json -->\n```\n\$ pypi-subset (mirror --json)\n(.*?)```", text, re.DOTALL)
    assert shown
    index.add(make_wheel("demo"))
    workspace.write("base.txt", "demo\n")
    workspace.toml(TARGETS)
    done = subset(*shown[1].split(), cwd=workspace.root, PIP_INDEX_URL=index.url)
    seconds = re.compile(r'(?<="seconds": )[\d.]+')
    assert seconds.sub("0", done.stdout) == seconds.sub("0", shown[2])
