"""The way in: Make goals, the environment that they make, and the flags that they hand to the tasks."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from invoke import Collection

from pypi_subset.cli import bootstrap
from pypi_subset.cli.goals import flags, read_goals
from pypi_subset.cli.invoke_tasks import tasks
from tests.support.checkout import ROOT, copy_checkout, tasks_module
from tests.support.programs.commands import run
from tests.support.programs.mounts import read_only, small_disk, unshare
from tests.support.servers.index import Index
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the front door is a Makefile")


def write_stamp(folder: Path) -> None:
    """Make bootstrap believe that it made the ``.venv`` in *folder*, from the locks that lie there."""
    origin = bootstrap._origin(folder / ".venv")  # noqa: SLF001 - what a stamp holds
    digest = bootstrap._digest(folder / "tool-lock.txt", folder / "pyproject.toml")  # noqa: SLF001
    (folder / ".venv" / ".ready").write_text(f"{origin}\n{digest}\n", encoding="utf-8")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a copy of the front door whose ``.venv`` is ready: its interpreter is the one that runs the tests."""
    folder = copy_checkout(tmp_path / "a checkout")
    python = folder / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    write_stamp(folder)
    return folder


def developers_tasks() -> Collection:
    """Return the tasks of the root ``tasks.py``."""
    return Collection.from_module(tasks_module())


class TestMake:
    """The Makefile and what stands behind it."""

    def test_alone_it_prints_a_line_for_each_goal(self, tmp_path: Path) -> None:
        """``make`` lists every task with the first line of its docstring, before anything is installed."""
        folder = copy_checkout(tmp_path / "fresh")
        done = run(["make"], folder)
        assert done.returncode == 0, done.stderr
        for goal in read_goals(ROOT):
            line = re.search(rf"^  make {goal.name} +{re.escape(goal.help)}$", done.stdout, re.MULTILINE)
            assert (line is None) == goal.former
            assert goal.help
        assert done.stdout.startswith("First steps:\n")
        assert not (folder / ".venv").exists()

    def test_goals_are_the_tasks(self) -> None:
        """Makefile, root tasks.py and package name the same tasks, each goal is phony, and each can be imported."""
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        goals = re.search(r"^GOALS := (.*)$", makefile, re.MULTILINE)
        assert goals
        assert goals[1].split() == [goal.name for goal in read_goals(ROOT)]
        assert ".PHONY: goals help $(GOALS)" in makefile
        listed = run([sys.executable, "-m", "invoke", "--list-format=json", "--list"], ROOT).stdout
        assert sorted(each["name"] for each in json.loads(listed)["tasks"]) == sorted(goals[1].split())
        product = {goal.name for goal in read_goals(ROOT) if not goal.developer}
        assert tasks().keys() == product

    def test_variables_reach_the_task(self, checkout: Path) -> None:
        """A Make variable becomes the flag of that name; blanks, quotes and dollars in it survive."""
        name = """it's "my" folder"""
        done = run(["make", "mirror", f"REQUIREMENTS={name}"], checkout)
        assert done.returncode != 0
        assert name in done.stderr
        assert "Traceback" not in done.stderr

    def test_a_variable_that_no_flag_answers_to_is_refused(self, checkout: Path) -> None:
        """A slip of the pen in a variable's name must not quietly work on the default folder."""
        done = run(["make", "mirror", "REQUIREMENT=other"], checkout)
        assert done.returncode == 2
        assert (
            "takes no REQUIREMENT; it takes PROJECT, ON, PY, REPLACE, ALLOW_DOWNGRADE, UNISOLATED, REQUIREMENTS, PACKAGES, SITE, "
            "QUIET, VERBOSE, LOG_FILE, NO_COLOR, JSON and PYTHON; did you mean REQUIREMENTS?"
        ) in done.stderr

    @pytest.mark.parametrize("off", ["no", "0"])
    def test_a_switch_is_on_or_off(self, checkout: Path, off: str) -> None:
        """``yes`` and ``1`` give the switch, ``no`` and ``0`` leave it out, anything else is refused."""
        (mirror,) = (goal for goal in read_goals(ROOT) if goal.name == "mirror")
        for on in ("yes", "1"):
            assert flags(mirror, {"UNISOLATED": on, "JSON": off}) == ["--unisolated"]
        done = run(["make", "mirror", "UNISOLATED=maybe"], checkout)
        assert done.returncode == 2
        assert "UNISOLATED is a switch, and takes no 'maybe'; say UNISOLATED=yes, or leave it out" in done.stderr

    def test_help_needs_nothing_installed(self, tmp_path: Path) -> None:
        """``make help`` is the list, with a goal its variables; a slip of the pen gets the nearest goal."""
        folder = copy_checkout(tmp_path / "fresh")
        assert run(["make", "help"], folder).stdout == run(["make"], folder).stdout
        shown = run(["make", "help", "GOAL=serve"], folder)
        assert "  PORT" in shown.stdout
        wrong = run(["make", "help", "GOAL=mirrot"], folder)
        assert "error: there is no goal 'mirrot'; did you mean mirror?\n" in wrong.stderr
        alone = run(["make", "mirrot"], folder)
        assert alone.returncode == 2
        assert "error: there is no goal 'mirrot'; did you mean mirror?\n" in alone.stderr
        assert not (folder / ".venv").exists()

    def test_errors_speak_of_goals(self, checkout: Path) -> None:
        """A next step is a goal with variables: through Make no one knows the command."""
        done = run(["make", "serve"], checkout)
        assert "there is no site to serve; run `make init`, then `make mirror`" in done.stderr
        described = run(["make", "target", "NAME=macos-14"], checkout)
        assert "as in `make target NAME=macos-14 PY=3.12`" in described.stderr

    def test_variables_of_the_environment_are_no_flags(self, checkout: Path, tmp_path: Path) -> None:
        """A shell that has SITE set for something else does not have that folder emptied."""
        (tmp_path / "index.html").write_text("mine")
        assert run(["make", "clean"], checkout, SITE=str(tmp_path)).returncode == 0
        assert (tmp_path / "index.html").read_text() == "mine"

    def test_every_variable_of_every_goal_becomes_a_flag_that_the_task_knows(self) -> None:
        """What bootstrap makes of variables is what Invoke accepts."""
        developers, product = developers_tasks(), tasks()
        for goal in read_goals(ROOT):
            task = developers[goal.name] if goal.developer else product[goal.name]
            given = flags(goal, dict.fromkeys(goal.variables, "1"))
            known = {arg.names[0] for arg in task.get_arguments()}
            assert {flag.removeprefix("--").partition("=")[0] for flag in given} == known

    def test_exit_code_of_the_task_is_that_of_make(self, checkout: Path) -> None:
        """An error is one line on standard error and fails the goal; a task that succeeds lets it pass."""
        done = run(["make", "serve"], checkout)
        lines = [line for line in done.stderr.splitlines() if not line.startswith("make")]
        assert done.returncode == 2
        assert len(lines) == 1
        assert lines[0].startswith("error: site: there is no site")
        assert run(["make", "clean"], checkout).returncode == 0

    def test_search_path_of_the_user_is_left_behind(self, checkout: Path) -> None:
        """A module on PYTHONPATH does not come before what the lock installed."""
        (checkout / "poison").mkdir()
        (checkout / "poison" / "rich.py").write_text("raise SystemExit('poisoned')\n", encoding="utf-8")
        done = run(["make", "clean"], checkout, PYTHONPATH=str(checkout / "poison"))
        assert done.returncode == 0, done.stderr

    @pytest.mark.parametrize("name", ["PYTHONHASHSEED", "PYTHONUTF8", "PYTHONMALLOC", "PYTHONINTMAXSTRDIGITS"])
    def test_variables_that_end_python_are_left_behind(self, checkout: Path, name: str) -> None:
        """With a value that Python refuses as it starts, the goal runs all the same."""
        assert run([sys.executable, "-c", ""], checkout, **{name: "abc"}).returncode != 0
        done = run(["make", "clean"], checkout, **{name: "abc"})
        assert (done.returncode, done.stderr) == (0, "")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a ``.venv`` that was made over the remains of one that a kill cut off."""
    folder = tmp_path_factory.mktemp("set up") / ".venv"
    (folder / "bin").mkdir(parents=True)
    (folder / "remains").write_text("half done", encoding="utf-8")
    bootstrap._make(folder, folder / "bin" / "python", chosen=False)
    return folder


@pytest.fixture
def hashed_lock(index: Index, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a lock of one project on the loopback index, which is the user's ``index-url``."""
    wheel = make_wheel("demo", requires=["elsewhere"])
    index.add(wheel)
    lock = tmp_path / "lock.txt"
    lock.write_text(f"demo==1.0 --hash=sha256:{wheel.sha256}\n", encoding="utf-8")
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    return lock


def install(environment: Path, lock: Path) -> None:
    """Install *lock* again as the set-up does, and see that it can be imported."""
    python = environment / "bin" / "python"
    arguments = ["--require-hashes", "--no-deps", "--only-binary", ":all:", "-r", str(lock), "--force-reinstall"]
    bootstrap._install(python, arguments)  # noqa: SLF001 - the second of the two steps
    subprocess.run([python, "-I", "-c", "import demo"], check=True)


class TestSetUp:
    """The environment that the first goal makes."""

    @pytest.mark.slow
    def test_half_made_environment_is_made_afresh(self, environment: Path) -> None:
        """Without a stamp, whatever lies in ``.venv`` is removed."""
        assert (environment / "bin" / "python").exists()
        assert not (environment / "remains").exists()

    def test_what_fits_stays_when_the_rest_cannot_be_had(self, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Without a network, `make test` cannot get the test tools; `make mirror` works afterwards as before."""
        monkeypatch.setattr(
            bootstrap, "_make", lambda folder, *_, **__: (folder / "bin").mkdir(parents=True, exist_ok=True)
        )
        monkeypatch.setattr(bootstrap, "_install", lambda *_: None)
        bootstrap.set_up(checkout, developer=False, chosen=False)
        stamps = sorted((checkout / ".venv").glob(".ready*"))

        def refuse(*_: object) -> None:
            raise bootstrap.SetupFailed

        monkeypatch.setattr(bootstrap, "_install", refuse)
        with pytest.raises(bootstrap.SetupFailed):
            bootstrap.set_up(checkout, developer=True, chosen=False)
        assert sorted((checkout / ".venv").glob(".ready*")) == stamps
        bootstrap.set_up(checkout, developer=False, chosen=False)

    @pytest.mark.slow
    def test_user_configuration_is_no_obstacle(
        self, environment: Path, hashed_lock: Path, index: Index, clean_pip: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Of pip's configuration only the network settings count; all else could spoil the set-up."""
        configuration = clean_pip / "messy.conf"
        configuration.write_text(
            "[global]\ntarget = elsewhere\nuser = true\npre = true\nconstraint = missing.txt\nplatform = win_amd64\n"
            "no-binary = :all:\nrequire-virtualenv = true\n[install]\nindex-url = http://127.0.0.1:9/\n",
            encoding="utf-8",
        )
        monkeypatch.setenv("PIP_CONFIG_FILE", str(configuration))
        monkeypatch.setenv("PIP_DRY_RUN", "1")
        monkeypatch.setenv("PIP_ROOT", str(clean_pip))
        install(environment, hashed_lock)
        assert index.gets(".whl") == 1

    @pytest.mark.slow
    def test_further_sources_are_not_asked_without_need(
        self, environment: Path, hashed_lock: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """An ``extra-index-url`` that is out of reach, or offers other bytes, costs neither time nor the set-up."""
        other = make_wheel("demo", files={"demo.py": b"raise SystemExit('the wrong one')\n"})
        other.save(tmp_path)
        with Index({"demo": [other]}, hashes=False) as further:
            monkeypatch.setenv("PIP_EXTRA_INDEX_URL", further.url)
            monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
            install(environment, hashed_lock)
        assert further.requests == []

    @pytest.mark.slow
    def test_further_index_is_asked_where_the_first_does_not_have_it(
        self, environment: Path, hashed_lock: Path, index: Index, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A company's own index first, the one with everything as ``extra-index-url``: that works too."""
        with Index() as first:
            monkeypatch.setenv("PIP_INDEX_URL", first.url)
            monkeypatch.setenv("PIP_EXTRA_INDEX_URL", index.url)
            install(environment, hashed_lock)

    @pytest.mark.slow
    def test_wrong_bytes_are_refused_with_a_next_step(
        self, environment: Path, hashed_lock: Path, index: Index, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """A file whose hash differs from the lock is not installed; pip's reason and what to do are shown."""
        index.projects = {"demo": [make_wheel("demo", ballast=10)]}
        with pytest.raises(bootstrap.SetupFailed, match="check the network"):
            install(environment, hashed_lock)
        assert "DO NOT MATCH" in capsys.readouterr().err

    def test_python_too_old_is_said(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """An interpreter below ``requires-python`` gives the way out, not a traceback."""
        monkeypatch.setattr(bootstrap, "OLDEST", (4, 0))
        with pytest.raises(bootstrap.SetupFailed, match=r"Python 4\.0 or newer is needed, .*make PYTHON="):
            bootstrap._make(tmp_path / ".venv", tmp_path / ".venv/bin/python", chosen=False)

    def test_moved_checkout_gets_a_new_environment(self, checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """An environment holds absolute paths: in another place its stamp counts for nothing."""
        python = checkout / ".venv/bin/python"
        python.unlink()
        python.symlink_to(sys.executable)
        write_stamp(checkout)
        monkeypatch.setattr(bootstrap, "OLDEST", (4, 0))
        assert bootstrap.set_up(checkout, developer=False, chosen=False) == python
        with pytest.raises(bootstrap.SetupFailed, match=r"Python 4\.0"):
            bootstrap.set_up(checkout.rename(checkout.with_name("moved")), developer=False, chosen=False)

    @pytest.mark.network
    def test_fresh_clone_sets_itself_up(self, tmp_path: Path) -> None:
        """The first goal makes ``.venv`` from the lock, the second reuses it, a killed set-up is made again."""
        folder = copy_checkout(tmp_path / "a fresh clone")
        with (tmp_path / "said").open("wb") as said:
            killed = subprocess.Popen(["make", "clean"], cwd=folder, start_new_session=True, stderr=said)
        # As soon as pip has installed the first of many.
        while {one.name.partition("-")[0] for one in folder.glob(".venv/lib/*/site-packages/*.dist-info")} <= {
            "pip",
            "setuptools",
        }:
            assert killed.poll() is None, (tmp_path / "said").read_text()
            time.sleep(0.05)
        os.killpg(killed.pid, signal.SIGKILL)
        killed.wait()
        assert not (folder / ".venv" / ".ready").exists()
        done = run(["make", "clean"], folder)
        assert done.returncode == 0, done.stderr
        ready = (folder / ".venv" / ".ready").stat().st_mtime_ns
        again = run(["make", "clean"], folder)
        assert (folder / ".venv" / ".ready").stat().st_mtime_ns == ready
        assert (again.returncode, again.stderr) == (0, "")
        version = run([folder / ".venv/bin/pypi-subset", "--version"], tmp_path)
        assert version.stdout == "pypi-subset 0.1.0\n"


def test_an_unforeseen_error_of_the_set_up_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A checkout that cannot be read ends with a line that names a log; that has the traceback."""

    def fail(_: object) -> None:
        msg = "no\x1b[2J\nsecond"
        raise PermissionError(msg)

    monkeypatch.setattr(bootstrap, "read_goals", fail)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert bootstrap.foreseen(["mirror"]) == 1
    (log,) = tmp_path.iterdir()
    assert capsys.readouterr().err == (
        f"error: unforeseen: PermissionError: no\ufffd[2J second; report it; details in {log}\n"
    )
    assert "Traceback (most recent call last)" in log.read_text(encoding="utf-8")
    assert log.stat().st_mode & 0o777 == 0o600


def test_windows_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where Python has no ``fcntl``, as on Windows, the error names the way that works there; nothing is made."""
    folder = copy_checkout(tmp_path / "fresh")
    monkeypatch.setitem(sys.modules, "fcntl", None)
    monkeypatch.setattr(bootstrap, "__file__", str(folder / "src/pypi_subset/cli/bootstrap.py"))
    assert bootstrap.main(["mirror"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: make works on Linux and macOS; on Windows, run `python -m pip install .`")
    assert not (folder / ".venv").exists()


def mounted(folder: Path, mounts: str) -> subprocess.CompletedProcess[str]:
    """Return how ``make mirror`` in *folder* ended, where *mounts* hold."""
    return run([*unshare(), "sh", "-c", f"{mounts} && exec make mirror"], folder)


def test_a_checkout_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    """The error names the path and the cause; it does not advise to install venv."""
    folder = copy_checkout(tmp_path / "fresh")
    done = mounted(folder, f"{read_only(folder)} && cd {folder}")
    (line,) = [one for one in done.stderr.splitlines() if one.startswith("error: ")]
    assert line == (
        f"error: cannot write {folder}/.venv: the file system is read-only; make it writable, or copy the project to a "
        "directory of yours, and run it again"
    )
    assert "python3-venv" not in done.stderr


@pytest.mark.parametrize("size", ["200k", pytest.param("30m", marks=pytest.mark.slow)])
def test_a_full_disk_is_one_line(tmp_path: Path, size: str) -> None:
    """venv hides the cause, and pip blames the network: the error has the numbers."""
    folder = copy_checkout(tmp_path / "fresh")
    (folder / ".venv").mkdir()
    done = mounted(folder, small_disk(folder / ".venv", size))
    (line,) = [one for one in done.stderr.splitlines() if one.startswith("error: ")]
    assert re.match(
        rf"error: there is no room for \.venv, which needs about \d+ MB: \d+ MB are free in {folder}/\.venv", line
    )
    assert line.endswith("make room and run it again")


def test_a_file_in_the_place_of_the_environment_is_one_line(tmp_path: Path) -> None:
    """The error names it."""
    folder = copy_checkout(tmp_path / "fresh")
    (folder / ".venv").write_text("", encoding="utf-8")
    done = run(["make", "mirror"], folder)
    assert f"error: {folder}/.venv is no directory; remove it, and run it again\n" in done.stderr


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.ENOSPC])
def test_what_the_set_up_itself_cannot_write(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], code: int
) -> None:
    """The stamp is written last: if that fails, it is the same line, and no unforeseen error."""

    def refuse(*_: object, **__: object) -> Path:
        raise OSError(code, os.strerror(code), str(checkout / ".venv" / ".ready"))

    monkeypatch.setattr(bootstrap, "set_up", refuse)
    assert bootstrap.main(["mirror"]) == 1
    line = capsys.readouterr().err
    assert line.startswith(("error: cannot write ", "error: there is no room for .venv"))
