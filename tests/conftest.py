"""What the tests stand on: an index on loopback, a directory to work in, and nothing of this machine's configuration."""

from __future__ import annotations

import contextlib
import datetime as dt
import shutil
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pypi_subset.pip import runner
from pypi_subset.pip.pool import Pips
from pypi_subset.pipeline import workspace as pipeline_workspace
from pypi_subset.proof.evidence import key
from pypi_subset.targets.named_systems import overdue
from pypi_subset.upstream.transport import hosts
from tests.support.servers.index import Index
from tests.support.sites.workspace import Workspace, without_configuration

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pypi_subset.pip.runner import PipResult
    from tests.support.killer.scenes import Scenes


def pytest_configure() -> None:
    """Let Ctrl-C reach what tests start: a shell starts what runs in the background with this signal ignored."""
    # Signals belong to the main thread.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_report_header() -> list[str]:
    """Return a line that names the families of systems without a review for a year; such a family fails no test."""
    late = overdue(dt.datetime.now(tz=dt.UTC).date())
    return [f"systems.toml: no review for a year: {', '.join(late)}"] if late else []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what waits longest, beside which all others can run."""
    items.sort(key=lambda item: item.name != "test_a_hang_a_crash_and_a_kill")


@pytest.fixture(scope="session", autouse=True)
def session_key(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Yield the file of a key of reports for fixtures of a module or a session; no test reads the user's own."""
    path = tmp_path_factory.mktemp("key") / "key"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(key.VARIABLE, str(path))
        yield key.made(path).path


@pytest.fixture(autouse=True)
def clean_pip(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory, session_key: Path) -> Path:
    """
    Return an empty home directory; pip, uv and virtualenv find no configuration, no cache and no proxy.

    The key of reports is that of the session in a file of this test, with nothing recorded beside it.
    """
    without_configuration(monkeypatch)
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.setenv(key.VARIABLE, str(shutil.copy(session_key, tmp_path_factory.mktemp("key") / "key")))
    return home


@pytest.fixture(scope="session")
def pips(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pips]:
    """Yield what runs pip in many tests: imported once, and still a process of its own for each run."""
    with Pips(tmp_path_factory.mktemp("pips")) as running:
        yield running


@pytest.fixture(scope="session")
def own_pips(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pips]:
    """Yield what runs the pip of this interpreter, as a user does: imported once, a process of its own for each run."""
    with Pips(tmp_path_factory.mktemp("own_pips"), Path(sys.executable)) as running:
        yield running


@pytest.fixture(autouse=True)
def one_pip(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    Let every mirror of this process share one import of pip, half of what a small mirror takes.

    What starts and stops with a mirror is tested where mirrors are processes: `pipeline/stopped/test_kill.py`, `cli/test_tasks.py`.
    """

    def shared_pips(_work: Path) -> contextlib.AbstractContextManager[Pips]:
        # Started by the first mirror: most tests need no pip at all.
        return contextlib.nullcontext(request.getfixturevalue("pips"))

    monkeypatch.setattr(pipeline_workspace, "Pips", shared_pips)


@pytest.fixture
def forked_pip(pips: Pips, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let proofs for foreign targets share one import of pip; `cli/test_proving.py` starts it as users do."""
    start = runner.run

    def run(
        arguments: Sequence[str],
        *,
        work: Path,
        environment: Mapping[str, str] | None = None,
        installed: Mapping[str, str] | None = None,
        python: Path | None = None,
        timeout: float | None = None,
    ) -> PipResult:
        if environment is None or python is not None:
            return start(arguments, work=work, environment=environment, python=python, timeout=timeout)
        return pips.run(arguments, work=work, environment=environment, installed=installed)

    monkeypatch.setattr(runner, "run", run)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory to work in, where all virtual environments share what they are seeded with."""
    return tmp_path_factory.mktemp("shared")


@pytest.fixture
def index() -> Iterator[Index]:
    """Yield an empty index that answers."""
    with Index() as running:
        yield running


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the pauses that are made from now on: a clock stands still except for them."""
    made = list[float]()
    monkeypatch.setattr(hosts, "sleep", made.append)
    monkeypatch.setattr(hosts, "monotonic", lambda: sum(made))
    return made


@pytest.fixture
def configured_index(index: Index, monkeypatch: pytest.MonkeyPatch) -> Index:
    """Return an empty index that the user's pip is configured for."""
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    return index


@pytest.fixture(scope="session")
def scenes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scenes]:
    """Yield the maker of scenes: workspaces, and a process that forks runs of them, which may mount where allowed."""
    # Imported late: `scenes` builds on this module.
    from tests.support.killer.nursery import Nursery  # noqa: PLC0415
    from tests.support.killer.scenes import Scenes  # noqa: PLC0415
    from tests.support.programs.mounts import may_mount  # noqa: PLC0415

    folder = tmp_path_factory.mktemp("nursery")
    with Nursery(folder, may_mount()[0]) as nursery, Index(metadata=False) as index:
        yield Scenes(nursery, index, tmp_path_factory.mktemp("scenes"))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """Return a directory to mirror in: ``requirements/`` exists, ``packages/`` and ``site/`` do not yet."""
    space = Workspace(tmp_path / "work")
    space.paths.requirements.mkdir(parents=True)
    return space
