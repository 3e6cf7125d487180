"""What the tests stand on: an index on loopback, a folder to work in, and nothing of this machine's configuration."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from pypi_subset.model.paths import Paths
from pypi_subset.pip import runner
from pypi_subset.pip.pool import Pips
from pypi_subset.pipeline import workspace as pipeline_workspace
from tests.support.index_server import Index

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from pypi_subset.pip.runner import PipResult
    from tests.support.scenes import Scenes

#: Variables that would let this machine's configuration into a test.
AMBIENT = ("PIP_", "UV_", "VIRTUALENV_", "PYTEST_ADDOPTS", "PYTHON", "MAKE", "MFLAGS", "XDG_", "NETRC", "INVOKE_")

#: What the variables were before any test changed them.
ORIGINAL = dict(os.environ)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what waits longest, beside which all others can run."""
    items.sort(key=lambda item: item.name != "test_a_hang_a_crash_and_a_kill")


@pytest.fixture(autouse=True)
def clean_pip(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an empty home folder; pip, uv and virtualenv find no configuration, no cache and no proxy."""
    for name in list(os.environ):
        if name.upper().startswith(AMBIENT) or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    return home


@pytest.fixture(scope="session")
def pips(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pips]:
    """Yield what runs pip in many tests: imported once, and still a process of its own for each run."""
    with Pips(tmp_path_factory.mktemp("pips")) as running:
        yield running


@pytest.fixture(autouse=True)
def one_pip(pips: Pips, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Let every mirror of this process share one import of pip, half of what a small mirror takes.

    What starts and stops with a mirror is tested where mirrors are processes: `test_kill`, `test_front_door`.
    """
    monkeypatch.setattr(pipeline_workspace, "Pips", lambda _work: contextlib.nullcontext(pips))


@pytest.fixture
def forked_pip(pips: Pips, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let proofs for foreign targets share one import of pip; `test_verify` starts it as users do."""
    start = runner.run

    def run(
        arguments: Sequence[str],
        *,
        work: Path,
        environment: Mapping[str, str] | None = None,
        python: Path | None = None,
        timeout: float | None = None,
    ) -> PipResult:
        if environment is None or python is not None:
            return start(arguments, work=work, environment=environment, python=python, timeout=timeout)
        return pips.run(arguments, work=work, environment=environment)

    monkeypatch.setattr(runner, "run", run)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder to work in, where all virtual environments share what they are seeded with."""
    return tmp_path_factory.mktemp("shared")


@pytest.fixture
def index() -> Iterator[Index]:
    """Yield an empty index that answers."""
    with Index() as running:
        yield running


@pytest.fixture(scope="session")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scenes]:
    """Yield the maker of scenes: workspaces, and a process that forks runs of them, which may mount where allowed."""
    # Imported late: `scenes` builds on this module.
    from tests.support.mounts import may_mount  # noqa: PLC0415
    from tests.support.process_killer import Nursery  # noqa: PLC0415
    from tests.support.scenes import Scenes  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("nursery")
    with Nursery(folder, may_mount()[0]) as nursery, Index(metadata=False) as index:
        yield Scenes(nursery, index, tmp_path_factory.mktemp("scenes"))


@dataclass(frozen=True)
class Workspace:
    """A folder with the three folders of a subset, ``requirements/`` empty."""

    root: Path

    @property
    def paths(self) -> Paths:
        """The three folders."""
        return Paths(requirements=self.root / "requirements", packages=self.root / "packages", site=self.root / "site")

    def write(self, name: str, text: str) -> Path:
        """Return the path of ``requirements/<name>``, which now holds *text*."""
        path = self.paths.requirements / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def toml(
        self, targets: Mapping[str, object] | None = None, *, sets: Mapping[str, object] | None = None, more: str = ""
    ) -> Path:
        """
        Return the path of ``subset.toml``, written.

        :param targets: name → tag, or a table of strings; without any, the host alone.
        :param sets: name → a table, e.g. ``{"targets": ["here"]}``.
        :param more: text put behind everything.
        """
        lines = ["[targets]", *(f"{key} = {_toml(value)}" for key, value in (targets or {"here": "host"}).items())]
        for name, table in (sets or {}).items():
            lines += ["", f"[sets.{name}]"]
            lines += [f"{key} = {_toml(value)}" for key, value in _table(table).items()]
        return self.write("subset.toml", "\n".join([*lines, "", more]))


def _toml(value: object) -> str:
    """Return *value* as TOML; strings, numbers and lists are written as in JSON."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + " }"
    return json.dumps(value)


def _table(value: object) -> dict[str, object]:
    assert isinstance(value, dict)
    return value


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Return a folder to mirror in: ``requirements/`` exists, ``packages/`` and ``site/`` do not yet."""
    space = Workspace(tmp_path / "work")
    space.paths.requirements.mkdir(parents=True)
    return space
