"""Options in requirements files: what changes nothing is read, what changes the meaning is refused with what works instead."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.model.intake.sources import Source, Sources
from pypi_subset.requirements.lines.options import options_in, refusal
from pypi_subset.requirements.reach import Reach
from tests.support.stages.requirements import LINUX, SHA, faults_of, lines_of, plan_of
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

FIRST, SECOND = "https://one.example/simple", "https://two.example/simple"
PIP = Reach(index_urls=(FIRST, SECOND), find_links=("/opt/wheels", "https://links.example/wheels.html"))


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty directory, so that paths are as short as users see them."""
    monkeypatch.chdir(tmp_path)


#: The heads that tools write: pip-compile with the options that it emits, uv with --emit-index-url, pip-tools before 7.
HEADS = {
    "pip-compile": f"--index-url {FIRST}\n--extra-index-url {SECOND}\n--trusted-host one.example\n",
    "uv": f"--index-url {FIRST}/\n--extra-index-url {SECOND}/\n--find-links /opt/wheels\n",
    "poetry": f"--extra-index-url {SECOND}\n\n",
    "conda": f"-i {FIRST}\n--only-binary :all:\n--prefer-binary\n",
    "pipenv": f"-i {FIRST}\n",
    "one line": f"-i{FIRST} --extra-index-url={SECOND} --trusted-host host --use-feature fast-deps\n",
    "variables": "-i https://${USER}:${TOKEN}@one.example/simple --extra-index-url=https://__token__:${A_B}@two.example/simple/\n",
    "spelling": "-i HTTPS://user:secret@One.example:443/simple/\n",
}


@pytest.mark.parametrize("head", HEADS)
def test_options_that_change_nothing_are_read(head: str) -> None:
    """An index and a place that pip is configured for, however they are spelt, and options about what is not done here."""
    subset = plan_of(f"{HEADS[head]}six==1.0\n", reach=PIP)
    assert [one.partition(" ")[2] for one in lines_of(subset.sets[0].requests)] == ["six==1.0"]


#: Why, and what works instead.
INDEX = "names another index than the one that pip is configured for; remove the line (`poetry export --without-urls` omits it), or run"
SOURCE = (
    "names an index that pip is not configured for; write [sources.NAME] with that index and its projects in subset.toml, "
    "remove the line (`poetry export --without-urls` omits it), or run"
)
LINKS = "names a place that pip is not configured for; copy its wheels to wheels and remove the line (`poetry export --without-urls` omits it), or run"


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("-i https://user:secret@other.example/simple", f"--index-url {INDEX}: pip config set global.index-url …"),
        (f"-i {SECOND}", f"--index-url {INDEX}: pip config set global.index-url …"),
        ("--pypi-url=http://one.example/simple", f"--index-url {INDEX}: pip config set global.index-url …"),
        ("-i http://[", f"--index-url {INDEX}: pip config set global.index-url …"),
        ("-i", f"--index-url {INDEX}: pip config set global.index-url …"),
        (
            "--extra-index-url https://three.example/",
            f"--extra-index-url {SOURCE}: pip config set global.extra-index-url …",
        ),
        ("-i https://${USER}@two.example/", f"--index-url {INDEX}: pip config set global.index-url …"),
        (
            "-i https://${USER}@${HOST}/simple",
            (
                "${HOST} is refused: the value of an environment variable would be published; write the value itself, "
                "or let a program of yours write this file"
            ),
        ),
        ("-f wheels", f"--find-links {LINKS}: pip config set global.find-links …"),
        (
            "--no-index",
            "--no-index shuts out every index; remove the line, and set pip's index-url to the index that is meant",
        ),
        (
            "--no-binary :all:",
            (
                "--no-binary asks for an sdist, which a line does not build; remove the line; to build its sdists, "
                'write build = ["PROJECT"] below [sdists] in subset.toml'
            ),
        ),
        (
            "--no-require-hashes",
            "--no-require-hashes allows files without a hash; remove the line, and the hashes that are not to count",
        ),
        (
            "--all-releases six",
            "--all-releases allows pre-releases of some projects; write --pre, or name the pre-release: 'PROJECT==2.0rc1'",
        ),
        (
            "--only-final=six",
            "--only-final shuts out pre-releases of some projects; remove the line, and exclude them: 'PROJECT!=2.0rc1'",
        ),
        ("--global-option x", "--global-option is refused: it has no meaning here; remove it"),
    ],
)
def test_options_that_change_the_meaning_are_refused(line: str, fault: str) -> None:
    """The refusal names what works instead, and shows no value: there may be a password in it."""
    assert faults_of(f"six\n{line}\n", reach=PIP) == [f"base.txt:2: {fault}"]


def test_an_index_is_not_judged_where_nothing_is_resolved() -> None:
    """A machine that proves may have another configuration of pip than the one that mirrors."""
    assert plan_of("-i https://other.example/simple\nsix\n").sets


def test_a_place_beside_the_file_is_found() -> None:
    """As in pip, a path in find-links starts at the file, or where the command runs."""
    for place in ("requirements/wheels", "wheels"):
        assert plan_of("-f wheels\nsix\n", reach=Reach(index_urls=(), find_links=(place,))).sets


def test_a_directory_of_a_source_is_no_other_place(tmp_path: Path) -> None:
    """The wheels in it are taken without a line; a directory that serves nothing is another place."""
    reach = Reach(index_urls=(FIRST,))
    assert faults_of("-f wheels\nsix\n", reach=reach)
    (tmp_path / "requirements" / "wheels").mkdir()
    make_wheel("six").save(tmp_path / "requirements" / "wheels")
    for place in ("wheels", "requirements/wheels", "./wheels/", (tmp_path / "requirements" / "wheels").as_uri()):
        assert plan_of(f"--find-links {place}\nsix\n", reach=reach).sets
    assert faults_of("-f others\nsix\n", reach=reach)


@pytest.mark.parametrize("line", ["--pre", "--all-releases :all:", "--prefer-binary --pre"])
def test_pre_releases_are_asked_for(line: str) -> None:
    """``--pre`` concerns the set whose file has it, includes and constraints too, and no other set."""
    files = {"base.txt": f"{line}\nsix\n", "other.txt": "six\n", "third.txt": "-c limits.txt\nsix\n"}
    files["limits.txt"] = f"{line}\nsix\n"
    found = {one.name: one for one in plan_of(files).sets}
    assert {name: one.pre for name, one in found.items()} == {"base": True, "other": False, "third": True}
    assert found["base"].digest != found["other"].digest


def test_every_request_needs_a_hash_if_the_file_says_so() -> None:
    """``--require-hashes`` finds the request without a hash, in whichever file it is."""
    good = {"base.txt": f"--require-hashes\nsix==1.0 --hash={SHA}\n"}
    assert plan_of(good).sets[0].requests[0].hashes == (SHA,)
    bad = {"base.txt": "--require-hashes\n-r more.txt\n", "more.txt": f"six==1.0 --hash={SHA}\nattrs==2\n"}
    assert faults_of(bad, LINUX) == [
        (
            "more.txt:2: attrs has no hash, and base.txt:1 says --require-hashes; "
            "add --hash=sha256:…, as `uv pip compile --generate-hashes` does, or remove that line"
        )
    ]


def test_words_behind_an_unknown_option_are_not_read() -> None:
    """It cannot be known whether they are its value."""
    assert [*options_in(["--pre", "-ibla", "--what", "--pre"])] == [
        ("--pre", ""),
        ("--index-url", "bla"),
        ("--what", ""),
    ]
    assert [*options_in(["--pre=x", "-r"])] == [("--pre", "")]


def test_an_index_of_a_source() -> None:
    """``--extra-index-url`` of a source of ``subset.toml`` changes nothing; ``--index-url`` would serve all projects."""
    sources = Sources(named=(Source(name="corp", index="https://three.example", projects=("six",)),))
    reach = Reach(index_urls=(FIRST,), sources=sources)
    assert refusal("--extra-index-url", "https://three.example/", "", reach) is None
    assert refusal("--index-url", "https://three.example/", "", reach) is not None
