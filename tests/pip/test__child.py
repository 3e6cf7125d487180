"""What runs inside pip's process."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import PipFailed
from pypi_subset.model.locks import Inputs
from pypi_subset.pip import pool, runner
from pypi_subset.pip.pool import Pips
from pypi_subset.resolve.resolver import resolve
from pypi_subset.upstream.catalog import Upstream
from pypi_subset.upstream.gateway import Loopback
from pypi_subset.upstream.pip_config import read_network
from tests.support.values import WINDOWS, plan_of
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pypi_subset.model.locks import Lock
    from tests.support.servers.index import Index


INPUTS = Inputs(requirement_set="", target="", policy="", constraint="")


def test_a_pip_that_breaks_down(index: Index, tmp_path: Path) -> None:
    """Of a traceback the last line is told, which says what it was: here, metadata that is not UTF-8."""
    wheel = make_wheel("bad")
    index.add(replace(wheel, metadata=wheel.metadata + b"Author: J\xe4ger\n"))
    command = ["download", "--index-url", index.url, "--only-binary", ":all:", "--dest", str(tmp_path / "files"), "bad"]
    result = runner.run(command, work=tmp_path)
    assert "Traceback" in result.stderr
    assert "'utf-8' codec can't decode" in runner.complaint(result)
    assert "\n" not in runner.complaint(result)


def resolve_one(index: Index, work: Path) -> Lock:
    """Return the lock of a project with a Windows-only dependency, for Windows."""
    index.add(make_wheel("app", requires=["lib; sys_platform == 'win32'"]), make_wheel("lib"))
    upstream = Upstream(read_network(), store=work / "store", shelf=work)
    job = plan_of(["app"], [WINDOWS]).jobs[0]
    (work / job.name).mkdir(parents=True)
    with Loopback(upstream, [WINDOWS]) as loopback, Pips(work) as pips:
        return resolve(job, inputs=INPUTS, constraints=(), index=loopback, pips=pips, work=work / job.name).lock


def test_a_report_about_another_machine_is_refused(
    index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """If pip ever stops taking the target's markers, its answer is refused, never used."""
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    assert {pin.distribution.project for pin in resolve_one(index, tmp_path / "good").pins} == {"app", "lib"}
    # The script as it is, but for the one name that it sets: as if pip had renamed its own.
    script = Path(runner.__file__).with_name("_child.py").read_text()
    assert "markers.default_environment = " in script
    plain = tmp_path / "plain.py"
    plain.write_text(script.replace("markers.default_environment = ", "markers.renamed_environment = "))
    monkeypatch.setattr(pool, "SCRIPT", plain)
    with pytest.raises(PipFailed, match=r"pip evaluated markers for another machine than windows: .*sys_platform"):
        resolve_one(index, tmp_path / "bad")
