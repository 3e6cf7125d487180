"""Files of requirements: nothing but names, versions and markers leaves them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.standalone.errors import Misused
from pypi_subset.standalone.requester import asked
from pypi_subset.standalone.requester.asked import RequirementsFile

if TYPE_CHECKING:
    from pathlib import Path

#: Each line with a secret, and the words for it.
HOSTILE = {
    "--index-url https://alice:hunter2@pypi.secret.test/simple": "an option of pip",
    "-i https://secret.test/simple": "an option of pip",
    "--extra-index-url=https://secret.test/simple": "an option of pip",
    "-f /srv/alice/wheels": "an option of pip",
    "--trusted-host secret.test": "an option of pip",
    "-e /srv/alice/project": "an editable project",
    "--editable git+ssh://alice@secret.test/x.git#egg=x": "an editable project",
    "-c /srv/alice/constraints.txt": "a file of constraints",
    "-r https://secret.test/requirements.txt": "an option of pip",
    "-r ${HOME}/requirements.txt": "an option of pip",
    "pkg @ file:///srv/alice/pkg.whl": "an address",
    "pkg[x]@https://alice:hunter2@secret.test/pkg.whl": "an address",
    "https://secret.test/pkg.whl?token=hunter2": "an address",
    "git+https://hunter2@secret.test/pkg.git": "an address",
    "https://${TOKEN}@secret.test/pkg.whl": "a variable of the environment",
    "pkg==${SECRET_VERSION}": "a variable of the environment",
    "./pkg": "a file",
    "~alice/pkg": "a file",
    "/srv/alice/pkg": "a file",
    "C:\\Users\\alice\\pkg": "a file",
    "alice/pkg": "a file",
    "hunter2-1.0-py3-none-any.whl": "a file",
    "hunter2-1.0.tar.bz2": "a file",
    "pkg; platform_version == 'hunter2'": "its marker reads platform_version, whose text may be private",
    "pkg; platform_node == 'secret'": "its marker has an unknown variable",
    "pkg; os_name == '/srv/alice'": "its marker is damaged, or has signs that a request cannot carry",
    "pkg secret": "it is no requirement",
    "{alice: hunter2}": "it is no requirement",
}


@pytest.mark.parametrize(("line", "why"), HOSTILE.items())
def test_a_line_that_is_left_out(tmp_path: Path, line: str, why: str) -> None:
    """The words name the file, the line and the kind; they repeat nothing of the line."""
    path = tmp_path / "asked.txt"
    path.write_text(f"one\n{line}\ntwo\n")
    found = RequirementsFile(str(path))
    assert [one.text for one in found.requirements] == ["one", "two"]
    assert found.left_out == [f"asked.txt:2: {why}"]


def test_lines_of_all_kinds(tmp_path: Path) -> None:
    """Comments, joined lines, hashes and included files are read as pip reads them."""
    (tmp_path / "more").mkdir()
    (tmp_path / "more/base.txt").write_text("-r ../asked.txt\nlib>1 # why\n")
    path = tmp_path / "asked.txt"
    path.write_text(
        "# all of it\napp==1.0 \\\n    --hash=sha256:0123 \\\n    --hash=sha256:4567\n\n-r more/base.txt\nx\t# y\nz#1\n"
        "--requirement 'more/base.txt'\nend \\"
    )
    found = RequirementsFile(str(path))
    assert [one.text for one in found.requirements] == ["app==1.0", "lib>1", "x", "end"]
    assert found.left_out == [
        "asked.txt:8: it is no requirement",
        "asked.txt: hashes and other options of 1 lines",
    ]


def test_an_endless_chain_of_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of included files has a limit, and a file that includes itself is read once."""
    monkeypatch.setattr(asked, "MOST_INCLUDED", 3)
    for number in range(5):
        (tmp_path / f"{number}.txt").write_text(f"-r {number + 1}.txt\na{number}\n")
    with pytest.raises(Misused, match="includes more than 3 others"):
        RequirementsFile(str(tmp_path / "0.txt"))
    (tmp_path / "own.txt").write_text("-r own.txt\na\n")
    assert [one.text for one in RequirementsFile(str(tmp_path / "own.txt")).requirements] == ["a"]


def test_a_line_that_goes_on(tmp_path: Path) -> None:
    """What is left out of several lines has the number of the first one."""
    (tmp_path / "asked.txt").write_text("one\npkg \\\n  secret\n")
    assert RequirementsFile(str(tmp_path / "asked.txt")).left_out == ["asked.txt:2: it is no requirement"]
