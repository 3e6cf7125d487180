"""Where the log goes, and what every run writes to it."""

from __future__ import annotations

import logging
import os
import re
from typing import TYPE_CHECKING

import pytest

from pypi_subset.cli.logs import logging_to
from pypi_subset.errors import FolderError
from tests.support.programs.commands import complaints, subset
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

LOGGER = logging.getLogger("pypi_subset.a_wing")


def test_nothing_is_logged_unless_asked(capfd: pytest.CaptureFixture[str]) -> None:
    """Without a flag no handler exists: a line goes nowhere."""
    with logging_to(verbose=False, file=""):
        assert not LOGGER.isEnabledFor(logging.INFO)
        LOGGER.info("a line")
    assert capfd.readouterr() == ("", "")


def test_both_places_get_every_line_while_the_block_runs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Standard error and the file get the same lines, and none after the block, even if the block raised."""
    file = tmp_path / "run.log"

    def run() -> None:
        with logging_to(verbose=True, file=str(file)):
            LOGGER.debug("a name: %s", "é")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run()
    LOGGER.warning("later")
    line = r"\d{4}-\d\d-\d\d [\d:,]+ pypi_subset\.a_wing: a name: é\n"
    assert re.fullmatch(line, file.read_text(encoding="utf-8"))
    assert capsys.readouterr().err.startswith(file.read_text(encoding="utf-8")[:24])
    assert "later" not in file.read_text(encoding="utf-8")


def test_a_directory_is_no_log(tmp_path: Path) -> None:
    """The step is another name: a directory of the user's is not to be removed for a log."""
    said = "this is a directory, and the log is a file; name a file by `--log-file`"
    with pytest.raises(FolderError, match=said), logging_to(verbose=False, file=str(tmp_path)):
        pass


def test_no_text_is_more_than_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Escapes stand for what a terminal obeys, no secret of a URL is logged, and no text looks like a record."""
    file = tmp_path / "run.log"
    with logging_to(verbose=True, file=str(file)):
        LOGGER.info("a\x1b[2J\u202e %s", "\n2026-01-01 00:00:00,000 pypi_subset.x: https://user:word@h/x?sig=1")
    for said in (file.read_text(encoding="utf-8"), capsys.readouterr().err):
        first, second = said.splitlines()
        assert first.endswith(r"pypi_subset.a_wing: a\x1b[2J\u202e ")
        assert second == "    2026-01-01 00:00:00,000 pypi_subset.x: https://h/x"


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    """The error names the file."""
    with (
        pytest.raises(FolderError, match=r"no/run\.log"),
        logging_to(verbose=False, file=str(tmp_path / "no" / "run.log")),
    ):
        pass


@pytest.mark.slow
def test_a_mirror_logs_all_of_its_steps_and_pips_output(workspace: Workspace, index: Index) -> None:
    """``--log-file`` and ``--verbose`` show requests, pip's own output, locks, fetched files; the credentials of an index never."""
    index.add(make_wheel("demo"))
    workspace.write("base.txt", "demo\n")
    workspace.toml({"lab": "cp312-manylinux_2_28_x86_64"})
    url = index.url.replace("//", "//user:secret@")
    done = subset("mirror", "--verbose", "--log-file=run.log", cwd=workspace.root, PIP_INDEX_URL=url)
    log = (workspace.root / "run.log").read_text(encoding="utf-8")
    for wing in ("upstream.http: GET", "pip.runner: pip install", "resolve.resolver: base--lab", "locks.lockfile:"):
        assert f"pypi_subset.{wing}" in log
    assert "Would install demo-1.0" in log
    assert "demo-1.0-py3-none-any.whl: fetched" in log
    assert "secret" not in log
    assert complaints(done) == log
    assert "1 lock resolved; 1 file fetched" in done.stdout
    silent = subset("mirror", cwd=workspace.root, PIP_INDEX_URL=url)
    assert (silent.returncode, silent.stderr) == (0, "")


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="Linux has a file that is always full")  # noqa: PTH110
def test_a_log_that_cannot_grow_ends_with_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """The run goes on; the line says why the log ends."""
    with logging_to(verbose=False, file="/dev/full"):
        LOGGER.info("one")
        LOGGER.info("two")
    assert capsys.readouterr().err == "warning: /dev/full: the log ends here: No space left on device\n"
