"""The commands about states, as a user runs them: what they print, and what is wrong in one line."""

from __future__ import annotations

import getpass
import re
from typing import TYPE_CHECKING

import pytest

from tests.support.programs.commands import STAGE, complaints, subset
from tests.support.states.lab import Lab, two_states
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    """Return a lab with the snapshots one and two."""
    return two_states(tmp_path / "lab")


def printed(lab: Lab, *words: str) -> list[str]:
    """Return the lines of a command that succeeds."""
    done = subset(*words, cwd=lab.root)
    assert done.returncode == 0, done.stderr
    return STAGE.sub("", done.stdout).splitlines()


def test_a_snapshot_says_its_hash_and_the_next_step(lab: Lab) -> None:
    """The second time it says that it was there."""
    sizes = r"2 distributions, [\d.]+ (k?B|bytes)"
    first, digest, following = printed(lab, "snapshot", "--name=three")
    assert re.fullmatch(f"the snapshot three is taken: {sizes}", first)
    assert digest == f"manifest.json has the SHA-256 {lab.store.read('three').manifest}"
    assert following == "Next: `pypi-subset promote --from three --to CHANNEL`"
    assert "was taken before, and the site is still the same" in printed(lab, "snapshot", "--name=three")[0]


def test_a_forced_snapshot_is_a_warning(lab: Lab) -> None:
    """It says that no channel takes it, and a publication of it names the snapshot."""
    lab.build(make_wheel("app"), prove=False)
    done = subset("snapshot", "--name=raw", "--force", cwd=lab.root)
    assert "warning: nothing is proven yet; the snapshot raw is not proven, and no channel takes it" in done.stdout
    published = printed(lab, "publish", "--snapshot=raw", "--to=public", "--force", "--grace=0")
    assert "packages/.snapshots/named/raw.json: nothing is proven yet" in published[0]
    refused = subset("promote", "--from=raw", "--to=prod", cwd=lab.root)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("error: the snapshot raw is not proven: nothing is proven yet; ")


def test_diff_has_a_line_for_each_difference(lab: Lab) -> None:
    """Requests, projects and files with a sign, and the sums at the end."""
    *lines, sums = printed(lab, "diff", "--from=one")
    assert lines == [
        "- request base: old",
        "+ request base: new",
        "~ project app 1.0 -> 2.0 on linux",
        "+ project new 1.0 on linux",
        "- project old 1.0 on linux",
        "- file app-1.0-py3-none-any.whl",
        "- file old-1.0-py3-none-any.whl",
        "+ file app-2.0-py3-none-any.whl",
        "+ file new-1.0-py3-none-any.whl",
    ]
    assert re.fullmatch(
        r"2 files \(.*\) added, 2 files \(.*\) removed: one has 2 files \(.*\), site has 2 files \(.*\)", sums
    )
    assert printed(lab, "diff", "--from=two", "--to=site")[0] == "two and site have the same files"


def test_promote_says_what_happened(lab: Lab) -> None:
    """Published, renamed, or nothing; the login name is the default of who."""
    first, digest = printed(lab, "promote", "--from=one", "--to=prod", "--grace=0", "--why=first")
    assert re.fullmatch(r"prod has the snapshot one: .*www/prod is published", first)
    assert digest == f"release 1, manifest.json has the SHA-256 {lab.store.read('one').manifest}"
    assert printed(lab, "promote", "--from=two", "--to=prod", "--grace=0")[1].startswith("release 2, ")
    back, _ = printed(lab, "promote", "--from=one", "--to=prod", "--grace=0", "--why=back")
    assert re.fullmatch(r"prod has the snapshot one again, by a rename in \d+\.\d\d s", back)
    assert printed(lab, "promote", "--from=one", "--to=prod")[0] == (
        "prod had the snapshot one before: nothing changed"
    )
    head, one, two, _, row = (
        printed(lab, "snapshots")[0],
        *[line for line in printed(lab, "snapshots") if "─" not in line][1:],
    )
    assert head.split()[0] == "snapshot"
    assert (one.split()[0], one.split()[-1], two.split()[-1]) == ("one", "prod", "-")
    assert row.split()[:4] == ["prod", "one", "one", getpass.getuser()]
    assert row.split()[-1] == "back"


def test_what_is_missing_is_one_line(lab: Lab) -> None:
    """Without names, each command says what to name."""
    for words, said in (
        (["snapshot"], "the snapshot has no name"),
        (["diff"], "diff has no state to begin with"),
        (["promote"], "promote has nothing to promote"),
        (["promote", "--from=one"], "the channel to promote to has no name"),
        (["publish", "--snapshot=three", "--to=public"], "there is no snapshot 'three'"),
        (["snapshots", "--remove=three"], "there is no snapshot 'three'"),
    ):
        done = subset(*words, cwd=lab.root)
        assert (done.returncode, done.stdout) == (2, ""), words
        (line,) = complaints(done).splitlines()
        assert said in line


def test_an_empty_list(tmp_path: Path) -> None:
    """Without a snapshot, the next step takes one."""
    done = subset("snapshots", cwd=tmp_path)
    assert done.stdout.splitlines() == ["there is no snapshot", "Next: `pypi-subset snapshot --name NAME`"]
