"""Reading ``requirements/``: what pip reads there, and every mistake with its place."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pypi_subset.errors import InputFaults, TargetError
from pypi_subset.requirements.subset import find_target, read_subset
from pypi_subset.support import bounds
from tests.support.stages.requirements import LINUX, PIECES, SHA, TOML, faults_of, lines_of, plan_of


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty directory, so that paths are as short as users see them."""
    monkeypatch.chdir(tmp_path)


def test_a_plan_has_all_sets_on_all_targets() -> None:
    """A set serves all targets, in the order of ``subset.toml``, unless it says otherwise; sets are sorted by name."""
    toml = """
        [targets]
        nogil   = "cp313-cp313t-manylinux_2_28_x86_64"
        here    = "host"
        windows = { tag = "cp312-win_amd64", python = "3.12.4" }
        [targets.linux]
        tag = "cp310-manylinux2014_x86_64"
        [sets.base]
        targets = ["windows", "here", "here"]
        [policy]
    """
    subset = plan_of({"ml-extra.txt": "scikit-learn\n", "base.txt": "pandas\n"}, toml)
    assert [target.name for target in subset.targets] == ["nogil", "here", "windows", "linux"]
    assert [(target.host, target.python[:2]) for target in subset.targets[2:]] == [(False, (3, 12)), (False, (3, 10))]
    assert (subset.targets[1].host, subset.targets[2].python) == (True, (3, 12, 4))
    assert [(one.name, one.targets) for one in subset.sets] == [
        ("base", ("here", "windows")),
        ("ml-extra", ("nogil", "here", "windows", "linux")),
    ]
    names = ["base--here", "base--windows", *(f"ml-extra--{name}" for name in ("nogil", "here", "windows", "linux"))]
    assert [job.name for job in subset.jobs] == names
    assert (subset.root, subset.sets[0].path) == (Path("requirements"), Path("requirements/base.txt"))
    assert (subset.policy, subset.sets[0].constraints) == ((), ())


def test_includes_are_relative_to_the_including_file() -> None:
    """``-r`` adds requests and ``-c`` constraints, in the order of reading, each with the place it stands at."""
    subset = plan_of(
        {
            "base.txt": "pandas\n-r parts/io.txt\n-cparts/limits.txt\nflask\n",
            "parts/io.txt": "--requirement=../common.txt\nlxml\n",
            "parts/limits.txt": f"numpy<2 --hash={SHA}\n--constraint ../../outside.txt\n",
            "common.txt": "tqdm\n",
            "../outside.txt": "six<2\n",
        }
    )
    (base,) = subset.sets
    assert lines_of(base.requests) == ["base.txt:1 pandas", "common.txt:1 tqdm", "io.txt:2 lxml", "base.txt:4 flask"]
    assert lines_of(base.constraints) == [f"limits.txt:1 numpy<2 --hash={SHA}", "outside.txt:1 six<2"]
    assert [request.path for request in base.constraints] == [
        Path("requirements/parts/limits.txt"),
        Path("outside.txt"),
    ]


def test_included_file_is_no_set_unless_named() -> None:
    """What another file includes, by ``-r`` or ``-c``, is resolved with that one; ``[sets.NAME]`` makes it a set too."""
    files = {"a.txt": "-r b.txt\n-c c.txt\n", "b.txt": "pandas\n", "c.txt": "pandas<3\n", "d.txt": "-r b.txt\n"}
    assert [one.name for one in plan_of(files).sets] == ["a", "d"]
    assert [one.name for one in plan_of(files, LINUX + "[sets.b]\n").sets] == ["a", "b", "d"]
    assert [one.name for one in plan_of(files, LINUX + "[sets.c]\n").sets] == ["a", "c", "d"]


def test_file_on_two_ways_is_read_once() -> None:
    """Two files may include a third: its requests are there once."""
    files = {
        "a.txt": "-r b.txt\n-r c.txt\n",
        "b.txt": "-r d.txt\n",
        "c.txt": "-r d.txt\n-r ./d.txt\n",
        "d.txt": "pandas\n",
    }
    assert lines_of(plan_of(files).sets[0].requests) == ["d.txt:1 pandas"]


def test_include_below_a_constraint_makes_requests() -> None:
    """As in pip, what counts is the last option on the way to a line."""
    files = {"base.txt": "flask\n-c limits.txt\n", "limits.txt": "-r more.txt\nsix<2\n", "more.txt": "pandas\n"}
    (base,) = plan_of(files).sets
    assert (lines_of(base.requests), lines_of(base.constraints)) == (
        ["base.txt:1 flask", "more.txt:1 pandas"],
        ["limits.txt:2 six<2"],
    )


def test_constraint_has_no_extras() -> None:
    """pip refuses a constraint with extras in the middle of its work; here it has a place, named once."""
    files = {"a.txt": "pandas\n-c c.txt\n", "b.txt": "flask\n-c c.txt\n", "c.txt": "six\nnumpy[x]<2\n"}
    assert faults_of(files) == ["c.txt:2: a constraint has no extras, 'numpy' has; drop the brackets"]


def test_circle_of_includes_is_a_fault() -> None:
    """Files that include each other are named in a row, each circle once, at the line that closes it."""
    files = {"a.txt": "pandas\n-r b.txt\n", "b.txt": "\n-c c.txt\n", "c.txt": "-r a.txt\n", "d.txt": "x\n-r ./d.txt\n"}
    assert faults_of(files) == [
        "c.txt:1: the file includes itself: a.txt -> b.txt -> c.txt -> a.txt; remove one of these lines",
        "d.txt:2: the file includes itself: d.txt -> d.txt; remove one of these lines",
    ]


def test_each_line_that_names_a_missing_file_is_a_fault() -> None:
    """A missing file is the fault of all lines that name it."""
    assert faults_of({"a.txt": "x\n-r gone.txt\n", "b.txt": "-r gone.txt\ny\n"}) == [
        "a.txt:2: gone.txt: No such file or directory; mend the path",
        "b.txt:1: gone.txt: No such file or directory; mend the path",
    ]


@pytest.mark.parametrize("stem", ["Base", "a--b", "a.b", "_a", "a-", "ä", "a b"])
def test_set_has_a_plain_name(stem: str) -> None:
    """A stem that could not be part of a lock's file name is a fault; an included file may be called anything."""
    (fault,) = faults_of({f"{stem}.txt": "pandas\n", "good-1_name.txt": "flask\n"})
    assert fault.startswith(
        f"{stem}.txt: {stem!r} is no name: lower-case letters, digits, and single - or _ between them; "
    )
    Path("requirements/good-1_name.txt").write_text(f"-r {stem}.txt\n", encoding="utf-8")
    if " " not in stem:
        assert [one.name for one in read_subset(Path("requirements")).sets] == ["good-1_name"]


@pytest.mark.parametrize("stem", ["con", "lpt1"])
def test_a_device_of_windows_is_no_set(stem: str) -> None:
    """No file there can have its name."""
    (fault,) = faults_of({f"{stem}.txt": "pandas\n"})
    assert fault == (
        f"{stem}.txt: {stem!r} is a device on Windows, where no file has that name; "
        f"rename the file, for example to {stem}-1.txt"
    )


def test_a_long_name_is_no_set() -> None:
    """The files that are named after a set and a target have names that each file system takes."""
    (fault,) = faults_of({f"{'s' * 101}.txt": "pandas\n", f"{'s' * 100}.txt": "pandas\n"})
    said = "has 101 characters, a name has at most 100; rename the file, for example to ssss"
    assert said in fault


def test_set_that_asks_for_nothing_is_a_fault() -> None:
    """An empty file would pass every proof; one whose lines are all at fault, or that is included, is not empty."""
    files = {
        "a.txt": "# nothing yet\n",
        "b.txt": "-c d.txt\n",
        "c.txt": "pan das\n",
        "d.txt": "",
        "e.txt": "-r d.txt\nx\n",
    }
    empty, limits, malformed, *rest = faults_of(files)
    assert empty == "a.txt: the set 'a' asks for nothing; add a requirement, or remove the file"
    assert limits.startswith("b.txt: the set 'b' asks for nothing; ")
    assert malformed.startswith("c.txt:1: malformed requirement")
    assert rest == []


def test_a_target_of_the_folder_takes_no_other_python(tmp_path: Path) -> None:
    """Whoever asks for a target of ``subset.toml`` with another Python is told that it has one, not that it is no system."""
    (tmp_path / "subset.toml").write_text(
        '[targets]\nlinux = "cp310-manylinux2014_x86_64"\nwindows-11 = "cp310-win32"\n'
    )
    with pytest.raises(TargetError, match=r"linux is a target of subset\.toml, .*; leave `--python` out"):
        find_target("linux", "3.12", tmp_path)
    assert find_target("linux", None, tmp_path).tag == "cp310-cp310-manylinux2014_x86_64"
    assert find_target("windows-11", "3.12", tmp_path).tag == "cp312-cp312-win_amd64"


def test_a_misspelt_target_is_suggested_before_systems(tmp_path: Path) -> None:
    """A name like one in ``subset.toml`` gets that one; any other name gets the systems."""
    (tmp_path / "subset.toml").write_text('[targets]\nlaptop = "cp310-manylinux2014_x86_64"\n')
    with pytest.raises(TargetError) as near:
        find_target("labtop", None, tmp_path)
    assert str(near.value).endswith(
        "subset.toml has no target 'labtop'; did you mean 'laptop'? `pypi-subset targets` lists the systems"
    )
    with pytest.raises(TargetError, match="there is no system 'rhel99'; did you mean 'rhel-"):
        find_target("rhel99", None, tmp_path)


@pytest.mark.parametrize("root", ["requirements", "../here/wanted", "absolute"])
def test_all_faults_of_all_files_come_in_one_message(root: str, tmp_path: Path) -> None:
    """One run names every mistake, in the order of files and lines, the paths spelt as the user spelt the directory."""
    folder = tmp_path / root if root == "absolute" else Path(root)
    with pytest.raises(InputFaults) as caught:
        plan_of(
            {"base.txt": "-e .\n-r more/io.txt\n", "more/io.txt": "pan das\n", "ml.txt": "pandas\n--no-index\n"},
            "[policy]\na = 1\n[sets.nix]\n[targets]\nx = 3.9\n",
            folder,
        )
    places = [str(fault).split(": ")[0] for fault in caught.value.faults]
    files = ["base.txt:1", "ml.txt:2", "more/io.txt:1", "subset.toml:2", "subset.toml:3", "subset.toml:5"]
    assert places == [f"{folder}/{file}" for file in files]
    assert str(caught.value).splitlines() == [line for one in caught.value.faults for line in str(one).splitlines()]


def test_missing_folder_says_what_to_create() -> None:
    """Who has nothing yet is told the two files that make a start."""
    with pytest.raises(InputFaults) as caught:
        read_subset(Path("nowhere"))
    assert str(caught.value) == (
        "nowhere: no such directory; `pypi-subset init pandas --requirements nowhere` makes it, with a subset.toml that says:\n"
        "    [targets]\n"
        '    here = "host"'
    )


def test_a_file_is_no_directory_of_requirements() -> None:
    """`init` could not make a directory there either."""
    Path("requirements").write_text("six\n", encoding="utf-8")
    with pytest.raises(
        InputFaults, match="requirements: a file is in the place of the directory; move it away, or name"
    ):
        read_subset(Path("requirements"))


def test_missing_folder_beside_a_lock_of_a_tool() -> None:
    """The error shows the table that makes a set of that lock, which is then read as written."""
    Path("uv.lock").write_text("version = 1\n")
    Path("pyproject.toml").write_text("")
    with pytest.raises(InputFaults) as caught:
        read_subset(Path("requirements"))
    first, *lines = str(caught.value).splitlines()
    assert first == (
        "requirements: no such directory; `pypi-subset init` makes it; for a set as in uv.lock, its subset.toml says:"
    )
    Path("requirements").mkdir()
    Path("requirements/subset.toml").write_text("\n".join(line.strip() for line in lines))
    with pytest.raises(InputFaults, match=r"uv\.lock"):
        read_subset(Path("requirements"))


def test_empty_folder_says_what_to_create() -> None:
    """No set and no targets are two faults of the directory."""
    Path("requirements/lock").mkdir(parents=True)
    with pytest.raises(InputFaults) as caught:
        read_subset(Path("requirements"))
    assert [str(fault).splitlines() for fault in caught.value.faults] == [
        [
            (
                "requirements: no requirements file (*.txt) in the directory; "
                "`pypi-subset init pandas` writes base.txt; "
                "or write [sets.app] with source = '../uv.lock' to mirror a project as it is locked"
            )
        ],
        [
            "requirements/subset.toml: no such file, so there are no targets; `pypi-subset init` writes it, with the lines:",
            "    [targets]",
            '    here = "host"',
        ],
    ]


def test_only_visible_text_files_of_the_folder_are_sets() -> None:
    """Locks, other files, hidden files and what lies deeper are not read."""
    ignored = dict.fromkeys(
        ["lock/old.txt", "README.md", "lock/pylock.base--x.toml", "._base.txt", "notes.TXT"], "-e ."
    )
    assert [one.name for one in plan_of({"base.txt": "pandas\n", **ignored}).sets] == ["base"]


def test_entry_that_cannot_be_read_is_no_set_passed_over() -> None:
    """What is called like a set and cannot be opened is a fault, not a set less."""
    Path("requirements/x.txt").mkdir(parents=True)
    Path("requirements/y.txt").symlink_to("nowhere")
    assert faults_of("pandas\n") == [
        "x.txt: Is a directory; see that it is a readable file",
        "y.txt: No such file or directory; see that it is a readable file",
    ]


def test_comment_leaves_the_digest_of_a_set() -> None:
    """What is asked for counts, not how the file looks."""
    digests = [plan_of(text).sets[0].digest for text in ("pandas>=1,<3\n", "# x\n\npandas <3, >=1 # y", "pandas<3\n")]
    assert digests[0] == digests[1] != digests[2]


@settings(max_examples=200, deadline=None, database=None)
@given(
    st.one_of(st.binary(max_size=20), st.lists(st.sampled_from(PIECES)).map(lambda parts: "".join(parts).encode())),
    st.one_of(st.binary(max_size=20), st.lists(st.sampled_from(TOML)).map(lambda parts: "".join(parts).encode())),
)
@example(b"# coding: idna\n\xff", b"[targets]\nx = 1979-05-27")
@example(b"pandas", b"x = " + b"1" * 5000)
@example(b"pandas", b"x = " + b"[" * 5000)
@example(b"-r " + b"a" * 300, b"[targets]\n'' = ''\n[sets.'']")
def test_any_bytes_are_a_plan_or_faults(text: bytes, toml: bytes) -> None:
    """Whatever stands in the two files, the answer is a plan or faults that each print, never another error."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            subset = plan_of({"base.txt": text, "subset.toml": toml}, root=Path(folder))
        except InputFaults as error:
            found = [str(fault) for fault in error.faults]
        else:
            found = [job.name for job in subset.jobs]
        assert all(found)
        assert found


def test_includes_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A chain of includes, a number of files and their lines have a limit; what is within it is read."""
    chain = {f"parts/p{number}.txt": f"-r p{number + 1}.txt\nsix\n" for number in range(400)}
    (fault,) = faults_of({"base.txt": "-r parts/p0.txt\nsix\n", **chain})
    assert "more than 50 files that include each other" in fault
    monkeypatch.setattr(bounds, "MOST_FILES", 10)
    wide = {f"parts/p{number}.txt": "six\n" for number in range(12)}
    lines = "".join(f"-r {name}\n" for name in wide)
    assert len([one for one in faults_of({"base.txt": lines, **wide}) if "more than 10 files" in one]) == 3
    monkeypatch.setattr(bounds, "MOST_FILES", 1000)
    monkeypatch.setattr(bounds, "MOST_REQUESTS", 10)
    wide = dict.fromkeys(wide, "six\n" * 5)
    lines = "".join(f"-r {name}\n" for name in [*wide][:5])
    assert any("more than 10 lines together" in one for one in faults_of({"base.txt": lines, **wide}))


def test_includes_that_double_are_read_once() -> None:
    """Thirty files, each of which includes the next one twice, are thirty files."""
    files = {f"parts/p{number}.txt": f"-r p{number + 1}.txt\n-r ./p{number + 1}.txt\n" for number in range(30)}
    assert plan_of({"base.txt": "-r parts/p0.txt", **files, "parts/p30.txt": "six"}).sets[0].requests
