"""``[[files]]``: what an entry says, and the line of each fault."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import InputFaults
from pypi_subset.proof.evidence.settings import subset_digest
from pypi_subset.requirements.intake.other_files import files_of
from pypi_subset.requirements.subset import read_subset
from tests.support.others.entries import SHA256, TO, entry

if TYPE_CHECKING:
    from pypi_subset.model.intake.other_files import OtherFile
    from tests.support.sites.workspace import Workspace

TARGETS = {"lab": "cp312-manylinux_2_28_x86_64"}
URL = "https://files.example/small.onnx"


def read(space: Workspace, more: str) -> tuple[OtherFile, ...]:
    """Return the other files of a subset whose settings end with *more*."""
    space.write("base.txt", "demo\n")
    space.toml(TARGETS, more=more)
    return read_subset(space.paths.requirements).other_files


def faults(space: Workspace, more: str) -> list[str]:
    """Return the lines of the faults of a subset whose settings end with *more*."""
    with pytest.raises(InputFaults) as caught:
        read(space, more)
    return [*caught.value.lines]


def test_an_entry_names_a_file_or_a_url(workspace: Workspace) -> None:
    """A path is one from the directory of ``subset.toml``; entries are sorted by where they go, and keep their line."""
    one, other = read(workspace, entry("z", path="../a.onnx") + entry("b/c", SHA256.upper(), url=URL))
    assert (one.to, one.url, one.source, one.sha256) == ("b/c", URL, None, SHA256)
    assert (other.to, other.url, other.source) == ("z", "", workspace.root / "a.onnx")
    assert (other.line, one.line) == (4, 8)


def test_other_files_are_a_part_of_what_is_proven(workspace: Workspace) -> None:
    """A report about a subset without them is none about one with them; without any, the digest is the old one."""
    read(workspace, "")
    before = subset_digest(read_subset(workspace.paths.requirements))
    read(workspace, entry(path="../a.onnx"))
    assert subset_digest(read_subset(workspace.paths.requirements)) != before


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (entry(), "an entry of files has either path or url"),
        (entry(path="../a", url=URL), "an entry of files has either path or url"),
        (f'[[files]]\npath = "../a"\nto = "{TO}"\n', "the entry has no sha256, and no file is taken without one"),
        (f'[[files]]\nurl = "{URL}"\nto = "{TO}"\n', "as its publisher states it"),
        (entry(sha256="abc", path="../a"), "sha256 must have 64 hexadecimal digits"),
        (f'[[files]]\npath = "../a"\nsha256 = "{SHA256}"\n', "the entry does not say where in the site the file goes"),
        (entry("../x", path="../a"), "to '../x' is no path below files/"),
        (entry(path="../a", size="5"), "unknown key 'size'"),
        (entry(path=""), "path has no text"),
        ('[[files]]\npath = 5\nsha256 = "x"\nto = "a"\n', "path is the number 5"),
        (entry(url="https://me:word@files.example/a"), "url holds a user, a password, a token"),
        (entry(url=f"{URL}?token=1"), "url holds a user, a password, a token"),
        (entry(url="ftp://files.example/a"), "url is no URL of a server"),
        (entry(url="https://[x/a"), "url is no URL"),
        (entry(path="../a") * 2, f"files/{TO} and files/{TO} (line 4) are one file on some systems"),
        (entry("A/b", path="../a") + entry("a/B", path="../a"), "files/a/B and files/A/b (line 4) are one file"),
        (entry("a/b", path="../a") + entry("a", path="../a"), "files/a and files/a/b (line 4) are a file and its"),
        (entry("a", path="../a") + entry("a/b", path="../a"), "files/a/b and files/a (line 4) are a file and its"),
        ("files = 5\n", "files must be tables"),
    ],
)
def test_faults_have_their_line(workspace: Workspace, more: str, said: str) -> None:
    """The error names file, line, what is wrong and the next step, and no password."""
    if not more.startswith("["):
        workspace.write("base.txt", "demo\n")
        path = workspace.toml(TARGETS)
        path.write_text(more + path.read_text())
        with pytest.raises(InputFaults) as caught:
            read_subset(workspace.paths.requirements)
        found = [*caught.value.lines]
    else:
        found = faults(workspace, more)
    head = next(line for line in found if said in line)
    assert head.startswith(f"{workspace.paths.requirements / 'subset.toml'}:")
    number = min(more.count("[[files]]"), 2)
    assert not more.startswith("[") or re.search(
        rf":\d+: \[\[files\]\] {number}( \(to = '[^']*'\))?: .*{re.escape(said)}", head
    )
    assert "; " in head
    assert "word" not in head.replace("password", "")


def test_a_link_that_leads_elsewhere_is_refused(workspace: Workspace, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A proposed change must not have a file of the machine published through a link; a path that says so may."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "a").write_bytes(b"")
    workspace.write("base.txt", "demo\n")
    (workspace.root / "link").symlink_to(elsewhere)
    assert "link/a: it stands outside" in "".join(faults(workspace, entry(path="../link/a")))
    (one,) = read(workspace, entry(path=str(elsewhere / "a")))
    assert one.source == elsewhere / "a"


def test_other_faults_hide_no_file(workspace: Workspace) -> None:
    """`prune` needs no other part of the settings; without them there are no files."""
    assert files_of(workspace.root / "missing") == ()
    workspace.toml(TARGETS, more=f"[zzz]\n{entry(path='../a')}")
    assert [one.to for one in files_of(workspace.paths.requirements)] == [TO]
    workspace.toml(TARGETS, more=entry("..", path="../a"))
    with pytest.raises(InputFaults, match="is no path below files"):
        files_of(workspace.paths.requirements)
