"""What a lock of another tool asks for: its pins with their hashes."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from packaging.markers import Marker

from pypi_subset.requirements.pylock import settled
from pypi_subset.support import bounds
from pypi_subset.targets.markers import reads
from tests.support.stages.sources import OTHER, SDIST, SHA, TWO, UV, bad_lock, faults_of, lines_of, of_lock, package

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty directory, so that paths are as short as users see them."""
    monkeypatch.chdir(tmp_path)


def test_lock_asks_for_its_pins() -> None:
    """Each package is pinned with its marker and the hashes of its files, also of the sdist, which may be built."""
    wheels = f"""
[packages.sdist]
url = "b-1.0.tar.gz"
hashes = {{ sha256 = "{SDIST[7:]}" }}
[[packages.wheels]]
url = "b-1.0-cp310-cp310-win_amd64.whl"
hashes = {{ sha256 = "{SHA[7:]}", md5 = "00" }}
[[packages.wheels]]
url = "b-1.0-cp310-cp310-win32.whl"
hashes = {{ sha256 = "{OTHER[7:].upper()}" }}
"""
    found = of_lock(package("a"), package("b", "marker = \"sys_platform == 'win32'\"", wheels=wheels))
    assert found == [
        f"pylock.app.toml:5 a==1.0 --hash={SHA}",
        f'pylock.app.toml:11 b==1.0; sys_platform == "win32" --hash={SHA} --hash={OTHER} --hash={SDIST}',
    ]


CHOOSING = (
    package("gui", "marker = \"'GUI' in extras\""),
    package("test", "marker = \"'test' in dependency_groups and python_version < '3.11'\""),
    package("docs", "marker = \"('docs' in dependency_groups or 'gui' in extras) and 'x' not in extras\""),
)


CHOICES = 'extras = ["gui", "x"]\ndependency-groups = ["docs", "test"]\ndefault-groups = ["test"]\n'


@pytest.mark.parametrize(
    ("table", "kept"),
    [
        ("", ["test"]),
        ('groups = ["docs"]', ["docs"]),
        ('groups = []\nextras = ["gui"]', ["gui", "docs"]),
        ('groups = ["Docs", "test"]\nextras = ["x"]', ["test"]),
    ],
)
def test_lock_is_asked_for_chosen_extras_and_groups(table: str, kept: list[str]) -> None:
    """What was not chosen is left out, and pip sees nothing of it; without a choice the default groups count."""
    found = [line.split(" ", 1)[1] for line in of_lock(*CHOOSING, package("a"), head=CHOICES, table=table)]
    markers = {"test": '; python_version < "3.11"'}
    assert found == [f"{name}==1.0{markers.get(name, '')} --hash={SHA}" for name in [*kept, "a"]]


def test_an_sdist_alone_is_a_pin() -> None:
    """Whether it is built is said in ``[sdists]``; the resolver names a project that is not."""
    sdist = f'sdist = {{ url = "a-1.0.tar.gz", hashes = {{ sha256 = "{SDIST[7:]}" }} }}'
    assert of_lock(package("a", sdist, wheels="")) == [f"pylock.app.toml:5 a==1.0 --hash={SDIST}"]


ATOMS = ("'a' in extras", "'b' not in extras", "'a' in dependency_groups", "os_name == 'nt'", "python_version < '3.11'")


MARKERS = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(lambda parts: f"({' '.join(parts)})"),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None, database=None)
@given(MARKERS, st.frozensets(st.sampled_from("ab")), st.frozensets(st.sampled_from("ab")))
@example("('a' in extras or os_name == 'nt' or python_version < '3.11') and os_name == 'nt'", frozenset(), frozenset())
def test_what_is_left_of_a_marker_means_the_same(text: str, extras: frozenset[str], groups: frozenset[str]) -> None:
    """For any marker and choice, what pip gets to see is as true as the whole was to a reader of locks."""
    chosen = {"extras": extras, "dependency_groups": groups}
    left = settled(Marker(text), chosen)
    assert isinstance(left, bool) or not {"extras", "dependency_groups"} & reads(left)
    for os_name, version in product(["nt", "posix"], ["3.10", "3.12"]):
        machine = {"os_name": os_name, "python_version": version}
        whole = Marker(text).evaluate({**machine, **chosen}, context="lock_file")
        assert whole == (left if isinstance(left, bool) else left.evaluate(machine))


def test_unwanted_package_may_come_from_anywhere() -> None:
    """What the choice leaves out is not looked at."""
    away = package("b", "marker = \"'gui' in extras\"", 'directory = { path = "." }', wheels="")
    assert of_lock(package("a"), away, head='extras = ["gui"]') == [f"pylock.app.toml:5 a==1.0 --hash={SHA}"]


@pytest.mark.parametrize(
    ("more", "wheels", "fault"),
    [
        (
            'directory = { path = "." }',
            "",
            "a comes from a directory: an index offers releases; lock without it (uv export --no-emit-project)",
        ),
        (
            'vcs = { type = "git", url = "https://host/a", commit-id = "0" }',
            "",
            "a comes from version control: an index offers releases; lock a release from an index instead",
        ),
        (
            f'archive = {{ url = "https://host/a.zip", hashes = {{ sha256 = "{SHA[7:]}" }} }}',
            "",
            "a comes from an archive's address: an index offers releases; lock a release from an index instead",
        ),
        (
            "",
            'wheels = [{ url = "a-1.0-py3-none-any.whl", hashes = { md5 = "00" } }]',
            "a has no hash that pip takes; lock it with sha256",
        ),
        (
            "",
            'wheels = [{ url = "a-1.0-py3-none-any.whl", hashes = { sha256 = "00 --index-url=http://evil.example" } }]',
            "a has a hash that is none; lock it again",
        ),
        (
            "marker = \"platform_release != '${HOME}'\"",
            None,
            (
                "${HOME} is refused: the value of an environment variable would be published; "
                "write the value itself, or let a program of yours write this file"
            ),
        ),
        (
            "marker = \"platform_release != '\\u001b'\"",
            None,
            "the requirement holds a character that is not seen; write it in visible characters",
        ),
        (
            "marker = \"extra == 'x'\"",
            None,
            "a has a marker that cannot be evaluated: 'extra' has no meaning in a lock; write the lock again",
        ),
        (
            "marker = 1",
            None,
            "not a lock of PEP 751: Unexpected type int (expected str) in 'packages[1].marker'; write it again with the tool that made it",
        ),
    ],
)
def test_what_a_lock_pins_and_no_index_offers_is_a_fault(more: str, wheels: str | None, fault: str) -> None:
    """Directories, repositories and archives, and what pip could not check, are refused at the package's line."""
    assert bad_lock(package("ok"), package("a", more, wheels=wheels)) == [f"pylock.app.toml:11: {fault}"]


def test_lock_for_other_machines_is_a_fault() -> None:
    """The environments and the Pythons that a lock is for must hold each target (PEP 751)."""
    head = "requires-python = '>=3.11'\nenvironments = [\n  \"sys_platform == 'win32'\",\n]"
    assert bad_lock(package("a"), head=head, toml=TWO) == [
        (
            "pylock.app.toml:3: requires-python '>=3.11' shuts out the target 'linux', Python 3.10; "
            "leave it out of targets in [sets.app], or give it another python"
        ),
        (
            "pylock.app.toml:4: the lock is for other environments than the target 'linux'; "
            "lock for it too, or leave it out of targets in [sets.app]"
        ),
    ]
    assert of_lock(package("a"), head=head, table='targets = ["windows"]', toml=TWO)


def test_lock_for_machines_that_are_open() -> None:
    """If an open value decides whether a lock is for a target, the fault gives the line with a place for it."""
    head = "environments = [\n  \"sys_platform == 'linux' and platform_release >= '5'\",\n  \"os_name == 'nt'\",\n]"
    assert bad_lock(package("a"), head=head, toml=TWO) == [
        (
            "pylock.app.toml:3: whether the lock is for the target 'linux' depends on platform_release, which it leaves open; "
            'write in [targets]: linux = { tag = "cp310-cp310-manylinux2014_x86_64", platform_release = "…" }'
        )
    ]


def test_a_lock_of_tomorrow_is_a_fault() -> None:
    """A version of the format that nobody knows yet is told as that, whatever else it holds."""
    text = 'lock-version = "2.0"\n[[packages]]\nnew = 1\n'
    assert faults_of({"pylock.toml": text}, 'source = "../pylock.toml"') == [
        "pylock.toml: the lock is of version 2.0, and only 1.x (PEP 751) is known; write it again with a tool that writes 1.0"
    ]


def test_unknown_extra_of_a_lock_is_a_fault() -> None:
    """A lock says which extras and groups it was made with."""
    assert bad_lock(package("a"), head=CHOICES, table='extras = ["guy"]\ngroups = ["zebra"]') == [
        "subset.toml:5: pylock.app.toml has no extra 'guy'; did you mean 'gui'?",
        "subset.toml:6: pylock.app.toml has no group 'zebra'; it has: docs, test",
    ]


def test_packages_in_one_list_have_its_line() -> None:
    """A lock may write its packages in another way than tools do."""
    text = 'lock-version = "1.0"\ncreated-by = "x"\npackages = [\n { name = "a", version = "1.0", wheels = '
    text += f'[{{ url = "a-1.0-py3-none-any.whl", hashes = {{ sha256 = "{SHA[7:]}" }} }}] }},\n]\n'
    assert lines_of({"pylock.toml": text}, 'source = "../pylock.toml"') == [f"pylock.toml:3 a==1.0 --hash={SHA}"]


def test_what_uv_exports_is_read() -> None:
    """Hashes on lines of their own, markers, and comments about who asks."""
    assert lines_of({"reqs/app-uv.txt": UV}, 'source = "../reqs/app-uv.txt"') == [
        f"app-uv.txt:3 click==8.1.7 --hash={SHA} --hash={OTHER}",
        f'app-uv.txt:9 colorama==0.4.6; sys_platform == "win32" --hash={SHA}',
    ]


@pytest.mark.parametrize("count", [60, 5000])
@pytest.mark.parametrize("joint", ["", "\\\n"])
def test_brackets_are_counted(count: int, joint: str) -> None:
    """A marker of many brackets is a mistake, also where it is written over many lines."""
    opened = joint.join(["os_name == 'a' and ("] * count)
    (fault,) = bad_lock(package("a", f'marker = """{opened}os_name == \'a\'{")" * count}"""'))
    assert "brackets" in fault or "recursion" in fault


def test_packages_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lock of more packages than any real one is a mistake."""
    monkeypatch.setattr(bounds, "MOST_REQUESTS", 1)
    assert bad_lock(package("a"), package("b")) == ["pylock.app.toml: the lock has more than 1 packages; divide it"]
