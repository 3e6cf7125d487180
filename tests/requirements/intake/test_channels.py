"""``[channels]``: names and places, each once; every fault with its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import InputFaults
from pypi_subset.proof.evidence.settings import subset_digest
from pypi_subset.requirements.intake.channels import channels_of
from pypi_subset.requirements.subset import read_subset

if TYPE_CHECKING:
    from tests.support.sites.workspace import Workspace

TARGETS = {"lab": "cp312-manylinux_2_28_x86_64"}


def test_places_are_relative_to_the_settings(workspace: Workspace) -> None:
    """A path is one from the directory of ``subset.toml``; what rsync takes stays as it is."""
    workspace.write("base.txt", "demo\n")
    workspace.toml(TARGETS)
    before = subset_digest(read_subset(workspace.paths.requirements))
    workspace.toml(TARGETS, more='[channels]\ntest = "../www"\nfar = "host:/srv/www"\nprod = "/srv/pypi"\n')
    assert channels_of(workspace.paths.requirements) == {
        "far": "host:/srv/www",
        "prod": "/srv/pypi",
        "test": str(workspace.root / "www"),
    }
    # A channel changes no proof.
    assert subset_digest(read_subset(workspace.paths.requirements)) == before


def test_other_faults_hide_no_channel(workspace: Workspace) -> None:
    """A rollback needs no requirements file; without the directory there is no channel, and what is no TOML is an error."""
    workspace.toml(TARGETS, more='zzz = 1\n[channels]\nprod = "/srv/pypi"\n')
    assert channels_of(workspace.paths.requirements) == {"prod": "/srv/pypi"}
    assert channels_of(workspace.root / "missing") == {}
    workspace.toml(TARGETS, more="[channels")
    with pytest.raises(InputFaults):
        channels_of(workspace.paths.requirements)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("prod = 1", "prod is the number 1"),
        ('prod = ""', "the destination of the channel prod is ''"),
        ('prod = "--delete"', "the destination of the channel prod is '--delete'"),
        ('prod = "a\\u0007"', "the destination of the channel prod is"),
        ('Prod = "x"', "'Prod' is no name of a channel"),
        ('prn = "x"', "'prn' is a device on Windows"),
        ('site = "x"', "'site' is no name of a channel"),
        ('prod = "x"\ntest = "./x"', "the channels prod and test have one destination"),
    ],
)
def test_faults_have_their_line(workspace: Workspace, line: str, said: str) -> None:
    """The error names file, line and what is wrong."""
    workspace.write("base.txt", "demo\n")
    path = workspace.toml(TARGETS, more=f"[channels]\n{line}\n")
    for read in (read_subset, channels_of):
        with pytest.raises(InputFaults) as caught:
            read(workspace.paths.requirements)
        (fault,) = caught.value.faults
        text = path.read_text().splitlines()
        assert fault.what.startswith(said)
        assert fault.line == text.index(line.splitlines()[-1]) + 1
        assert fault.next_step
