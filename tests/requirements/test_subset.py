"""Reading ``requirements/``: what pip reads there, and every mistake with its place."""

from __future__ import annotations

import codecs
import contextlib
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from packaging.requirements import Requirement
from pip._internal.network.session import PipSession
from pip._internal.req.req_file import parse_requirements

from pypi_subset.errors import InputFaults, TargetError
from pypi_subset.requirements.subset import find_target, read_subset

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pypi_subset.model.requests import Request, Subset

LINUX = '[targets]\nlinux = "cp310-manylinux2014_x86_64"\n'
SHA = "sha256:" + "0" * 64
SHA384 = "sha384:" + "a" * 96


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty folder, so that paths are as short as users see them."""
    monkeypatch.chdir(tmp_path)


def plan_of(files: Mapping[str, str | bytes] | str, toml: str = LINUX, root: Path | None = None) -> Subset:
    """Return the plan of a folder with *files* and a ``subset.toml``; a text alone is ``base.txt``."""
    root = root or Path("requirements")
    contents = {"base.txt": files} if isinstance(files, str) else files
    for name, content in {"subset.toml": toml, **contents}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_subset(root)


def faults_of(files: Mapping[str, str | bytes] | str, toml: str = LINUX) -> list[str]:
    """Return the faults of such a folder, each as it is printed."""
    with pytest.raises(InputFaults) as caught:
        plan_of(files, toml)
    return [str(fault).replace("requirements/", "") for fault in caught.value.faults]


def lines_of(requests: Iterable[Request]) -> list[str]:
    """Return requests as ``origin requirement``."""
    return [f"{request.origin} {request}" for request in requests]


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


def test_a_line_is_read_as_pip_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Specifiers, extras, markers, comments, joined lines, variables and hashes mean what they mean to pip."""
    monkeypatch.setenv("FLOOR", "1.5")
    text = (
        "# a comment \\\n"
        "pandas [excel, html] >= 1.4, < 3 ; python_version >= '3.9'   # why\n"
        "\n"
        "  numpy>=${FLOOR},\\\n"
        "    <3\\\n"
        "# a comment ends the joining\n"
        f"click==8.1.7 --hash={SHA} \\\n"
        f"    --hash {SHA384.upper().replace('SHA', 'sha')}\n"
        "\\six\\\n"
        "\nattrs\f\n"
        "flask\\"
    )
    requests = plan_of(text).sets[0].requests
    assert lines_of(requests) == [
        'base.txt:2 pandas[excel,html]<3,>=1.4; python_version >= "3.9"',
        "base.txt:4 numpy<3,>=1.5",
        f"base.txt:7 click==8.1.7 --hash={SHA} --hash={SHA384}",
        "base.txt:9 six",
        "base.txt:11 attrs",
        "base.txt:13 flask",
    ]
    assert requests[2].hashes == (SHA, SHA384)
    assert requests == tuple(request for request in requests if request.path == Path("requirements/base.txt"))


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


def as_pip(path: Path) -> list[tuple[str, str, bool, list[str]]]:
    """Return what pip reads in a requirements file: place, requirement, whether it is a constraint, hashes."""
    found = []
    for one in parse_requirements(str(path.absolute()), PipSession()):
        assert one.line_source is not None
        _, number, _, file = one.line_source.split(" ", 3)
        hashes = (one.options or {}).get("hashes", {})
        digests = sorted(f"{kind}:{digest}" for kind, digests in hashes.items() for digest in digests)
        found.append((f"{Path(file).name}:{number}", str(Requirement(one.requirement)), one.constraint, digests))
    return found


def as_we(subset: Subset) -> list[tuple[str, str, bool, list[str]]]:
    """Return the same of the one set in *plan*."""
    (base,) = subset.sets
    both = [*((one, False) for one in base.requests), *((one, True) for one in base.constraints)]
    return [(one.origin, str(one.requirement), constraint, sorted(one.hashes)) for one, constraint in both]


PIECES = (
    "pandas", "pandas<3", " numpy>=1", ";python_version<'3'", "six [a]", f"--hash={SHA}", f"--hash {SHA}", "-r more.txt",
    "-c  limits.txt", "#", " #", "\\", "\\\\", "\n", "\n", "\n", "\\\n", "\r\n", "\f", "\t", " ", "${FLOOR}", "${NONE}", "'",
)  # fmt: skip


@settings(max_examples=300, deadline=None, database=None)
@given(st.lists(st.sampled_from(PIECES), max_size=12).map("".join))
@example("pandas\\\n #\\\nnumpy")
@example("# \\\npandas")
@example("\\\\pandas\\\n\\\n-c limits.txt\n")
@example(f"six --hash {SHA}\\\n--hash={SHA}")
def test_accepted_text_means_the_same_to_pip(text: str) -> None:
    """Whatever text is taken here, pip takes too, and reads the same requirements from the same lines."""
    files = {"base.txt": text, "more.txt": "flask\n", "limits.txt": "numpy<2\n"}
    # more.txt and limits.txt are sets as well where nothing includes them; so they always are included.
    files["keep.txt"] = "-r base.txt\n-r more.txt\n-c limits.txt\nlast\n"
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLOOR", "2")
        patch.delenv("NONE", raising=False)
        with contextlib.suppress(InputFaults):
            ours = as_we(plan_of(files, root=Path(folder)))
            # pip reads a file as often as it is named; once is enough.
            pips = {str(one): one for one in as_pip(Path(folder, "keep.txt"))}
            assert sorted(ours) == sorted(pips.values())


def test_a_byte_order_mark_or_a_comment_tells_the_encoding() -> None:
    """As in pip: UTF-8, with or without mark, UTF-16, UTF-32, or what a PEP 263 comment says."""
    text = "# -*- héllo -*-\npandas\n"
    marks = {"utf-8": codecs.BOM_UTF8, "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}
    marks |= {"utf-32-le": codecs.BOM_UTF32_LE, "utf-32-be": codecs.BOM_UTF32_BE}
    for encoding, mark in marks.items():
        assert lines_of(plan_of({"base.txt": mark + text.encode(encoding)}).sets[0].requests) == ["base.txt:2 pandas"]
    latin = "\n# -*- coding: latin-1 -*- é\npandas\n".encode("latin-1")
    assert lines_of(plan_of({"base.txt": latin}).sets[0].requests) == ["base.txt:3 pandas"]
    assert lines_of(plan_of({"base.txt": text}, "\ufeff" + LINUX).sets[0].requests) == ["base.txt:2 pandas"]


@pytest.mark.parametrize("data", [b"pandas\n# \xe9\n", b"# coding: klingon\n", b"# coding: undefined\n", b"\xff\xfe1"])
def test_unreadable_text_is_a_fault(data: bytes) -> None:
    """pip would guess by the locale; one file must mean one thing on all machines."""
    (fault,) = faults_of({"base.txt": data})
    assert fault.startswith("base.txt: unreadable text (")
    assert fault.endswith("; save it as UTF-8, or name its encoding in a first line '# -*- coding: … -*-'")


REFUSED = "refused: only -r, -c and --hash have a meaning here; remove it"
CONFIGURED = (
    "is refused in a requirements file; set it in pip's configuration, which is read; "
    "poetry's export omits it with --without-urls"
)
EDITABLE = "-e is refused: an index offers releases, no folders; name the project and a version, or export with --no-emit-project"
DIRECT = "a URL or a path is refused: an index offers releases; name the project and a version"
FOLDER = f"{DIRECT}, or export with --no-emit-project"


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ("-e .", EDITABLE),
        ("--editable=git+https://host/x", EDITABLE),
        ("-i https://user:secret@host/", f"--index-url {CONFIGURED}"),
        ("--index-url=https://user:secret@host/", f"--index-url {CONFIGURED}"),
        ("--extra-index-url https://user:secret@host/", f"--extra-index-url {CONFIGURED}"),
        ("-fwheels", f"--find-links {CONFIGURED}"),
        ("--trusted-host host", f"--trusted-host {CONFIGURED}"),
        ("--pre", f"--pre is {REFUSED}"),
        ("--no-binary :all:", f"--no-binary is {REFUSED}"),
        ("pandas --config-settings x=y", f"--config-settings is {REFUSED}"),
        ("pandas -r more.txt", "-r and -c stand on lines of their own; start a new line"),
        (f"pandas --hash {SHA} numpy", "only --hash may follow a requirement; start a new line"),
        (f"--hash {SHA}", "--hash without a requirement; put it behind the requirement that it is for"),
        ("pandas --hash=md5:00", "'md5:00' is no hash; write --hash=sha256: and 64 digits 0-9 a-f"),
        ("pandas --hash=sha256:xyz", "'sha256:xyz' is no hash; write --hash=sha256: and 64 digits 0-9 a-f"),
        ("pandas --hash", "'' is no hash; write --hash=sha256: and 64 digits 0-9 a-f"),
        ("pandas --hash='", "options cannot be read: No closing quotation; close the quotation"),
        ("-r a.txt -r b.txt", "two files on one line, of which pip reads the first; give each a line of its own"),
        ("-r", "--requirement names no file; write the file's path behind it"),
        ("-r https://host/a.txt", "--requirement of a URL is refused; copy the file into the folder and name its path"),
        ("-c nowhere.txt", "nowhere.txt: No such file or directory; mend the path"),
        ("-c subset.toml/x", "subset.toml/x: Not a directory; mend the path"),
        ("-r \0", "\0: embedded null byte; mend the path"),
        ("pandas @ https://user:secret@host/p.whl", DIRECT),
        ("pandas@file:///p.whl", DIRECT),
        ("https://user:secret@host/p.whl", DIRECT),
        ("git+https://user:secret@host/p@main", DIRECT),
        ("./pandas", FOLDER),
        (".", FOLDER),
        ("../pandas[excel]", FOLDER),
        ("/opt/pandas", FOLDER),
        ("C:\\pandas", FOLDER),
        ("folder/pandas", FOLDER),
        ("pandas-2.0.tar.gz", DIRECT),
        ("pandas.whl[excel]", DIRECT),
        ("pandas.ZIP ; python_version > '3'", DIRECT),
    ],
)
def test_what_an_index_cannot_offer_is_refused(line: str, fault: str) -> None:
    """Other options, URLs and paths are refused with file and line, and no password is printed."""
    assert faults_of(f"flask\n{line}\n") == [f"base.txt:2: {fault}"]


def test_caret_stands_under_the_fault() -> None:
    """A malformed requirement is shown as it was typed, packaging's caret under the column."""
    assert faults_of("pandas\n  scikit-learn >= 1.x  # no\nclick ; python_versio < '3'\na,\\\n b\n\tsix[\n") == [
        (
            "base.txt:2: malformed requirement: expected comma (within version specifier), semicolon (after version "
            "specifier) or end\n"
            "      scikit-learn >= 1.x  # no\n"
            "                   ~~~~^"
        ),
        (
            "base.txt:3: malformed requirement: expected a marker variable or quoted string\n"
            "    click ; python_versio < '3'\n"
            "            ^"
        ),
        (
            "base.txt:4: malformed requirement: expected semicolon (after name with no version specifier) or end\n"
            "    a, b\n"
            "     ^"
        ),
        (
            "base.txt:6: malformed requirement: expected matching RIGHT_BRACKET for LEFT_BRACKET, after extras\n"
            "     six[\n"
            "        ~^"
        ),
    ]


def test_value_of_a_variable_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable may hold a password: a fault shows its name; one that is not set is named."""
    monkeypatch.setenv("SECRET", "x y z")
    monkeypatch.delenv("NOTHING", raising=False)
    malformed, unset = faults_of("${SECRET}\npandas${NOTHING}\n")
    assert "x y z" not in malformed
    assert malformed.endswith("\n    ${SECRET}")
    assert unset == "base.txt:2: the environment variable NOTHING is not set; set it, or write what it stands for"


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


@pytest.mark.parametrize(
    ("toml", "faults"),
    [
        ("", ['subset.toml: no targets; write here = "host", or another tag, below [targets]']),
        ("\n[targets]\n", ['subset.toml:2: no targets; write here = "host", or another tag, below [targets]']),
        ("targets = 'host'", ["subset.toml:1: 'targets' must be a table; write [targets] on a line of its own"]),
        (f"sets = 1\n{LINUX}", ["subset.toml:1: 'sets' must be a table; write [sets] on a line of its own"]),
        (f"{LINUX}[[policy]]", ["subset.toml:3: 'policy' must be a table; write [policy] on a line of its own"]),
        (f"{LINUX}[target]", ["subset.toml:3: unknown key 'target'; did you mean 'targets'?"]),
        (f"{LINUX}[zebra]", ["subset.toml:3: unknown key 'zebra'; known here: targets, sets, policy"]),
        (
            f"{LINUX}[policy]\n\nmax-age = 3\nyanked = 1",
            [
                "subset.toml:5: unknown key 'max-age'; known here: bad_files",
                "subset.toml:6: unknown key 'yanked'; known here: bad_files",
            ],
        ),
        (f"{LINUX}x = 3.10", ['subset.toml:3: tag is the number 3.10, 3.1 to TOML; quote it: "3.10"']),
        (f"{LINUX}x = 312", ['subset.toml:3: tag is the number 312; quote it: "312"']),
        (f"{LINUX}x = true", ['subset.toml:3: tag must be a string; write tag = "…"']),
        (f"{LINUX}x = ['host']", ['subset.toml:3: tag must be a string; write tag = "…"']),
        (
            f"{LINUX}x = {{ tag = 'cp312-win32', python = 3.12 }}",
            ['subset.toml:3: python is the number 3.12; quote it: "3.12"'],
        ),
        (
            f"{LINUX}[targets.x]\ntag = 'cp310-win32'\npython = 3.10",
            ['subset.toml:5: python is the number 3.10, 3.1 to TOML; quote it: "3.10"'],
        ),
        (
            f"{LINUX}x.tag = 'cp312-win32'\nx.python = '3.13.1'",
            [
                (
                    "subset.toml:3: Python 3.13.1 contradicts the tag 'cp312-cp312-win32', which is for 3.12; "
                    "did you mean '3.12.1'?"
                )
            ],
        ),
        (
            f"{LINUX}x = {{ python = '3.12' }}",
            [
                'subset.toml:3: the target has no tag; write tag = "<python>-<platform>", on = "<system>", or file = "<description>"'
            ],
        ),
        (
            f"{LINUX}x = {{ tag = 'cp312-win32', on = 'rhel8' }}",
            ["subset.toml:3: the target is described twice, by tag and by on; keep one of the two"],
        ),
        (
            f"{LINUX}x = {{ on = 'debain-12' }}",
            [
                (
                    "subset.toml:3: there is no system 'debain-12'; "
                    "did you mean 'debian-12' or 'debian-13' or 'debian-11'?"
                )
            ],
        ),
        (
            f"{LINUX}x = 'macos-14'",
            [
                (
                    "subset.toml:3: macos-14 brings no Python of its own, so the version must be named; "
                    'add python = "3.12", say'
                )
            ],
        ),
        (
            f"{LINUX}x = {{ on = 'rhel8', python = '3.12', platform_release = 4.18 }}",
            ['subset.toml:3: platform_release is the number 4.18; quote it: "4.18"'],
        ),
        (
            f"{LINUX}x = {{ on = 'rhel8', python = '3.12', platform_machine = 'arm64' }}",
            [
                (
                    "subset.toml:3: platform_machine = 'arm64' contradicts the tag 'cp312-cp312-manylinux_2_28_x86_64', "
                    "from which 'x86_64' follows; did you mean 'x86_64'?"
                )
            ],
        ),
        (
            f"{LINUX}x = {{ tag = 'host', python = '3.12' }}",
            ["subset.toml:3: the host has values of its own; drop the line, or write the tag in full"],
        ),
        (
            f"{LINUX}x = {{ tag = 'host', pyton = '3.12' }}",
            ["subset.toml:3: unknown key 'pyton'; did you mean 'python'?"],
        ),
        (
            f"{LINUX}mac = 'cp310-macosx_12_arm64'",
            [
                (
                    "subset.toml:3: unknown platform 'macosx_12_arm64' in the tag 'cp310-macosx_12_arm64'; "
                    "did you mean 'cp310-macosx_12_0_arm64'?"
                )
            ],
        ),
        (
            f"{LINUX}'My.Box' = 'host'",
            [
                (
                    "subset.toml:1: 'My.Box' is no name: lower-case letters, digits, and single - or _ between them; "
                    "call the target 'my-box', say"
                )
            ],
        ),
        (
            f"{LINUX}[sets.bass]\n[sets.zebra]",
            [
                "subset.toml:3: there is no bass.txt for [sets.bass]; did you mean 'base'?",
                "subset.toml:4: there is no zebra.txt for [sets.zebra]; the files are: base",
            ],
        ),
        (f"{LINUX}[sets]\nbase = ['linux']", ["subset.toml:4: 'base' must be a table; write [sets.base]"]),
        (f"{LINUX}[sets.base]\ntarget = []", ["subset.toml:4: unknown key 'target'; did you mean 'targets'?"]),
        (
            f"{LINUX}[sets.base]\ntargets = 'linux'",
            ['subset.toml:4: targets must be a list of names; write targets = ["…"]'],
        ),
        (
            f"{LINUX}[sets.base]\ntargets = [1]",
            ['subset.toml:4: targets must be a list of names; write targets = ["…"]'],
        ),
        (
            f"{LINUX}[sets.base]\ntargets = []",
            ["subset.toml:4: the set 'base' serves no target; name a target, or drop the line to serve all of them"],
        ),
        (
            f"{LINUX}[sets.base]\ntargets = [\n  'linux',\n  'lniux',\n  'zebra',\n]",
            [
                (
                    "subset.toml:6: the set 'base' names the target 'lniux', which is not in [targets]; "
                    "did you mean 'linux'?"
                ),
                "subset.toml:7: the set 'base' names the target 'zebra', which is not in [targets]; targets: linux",
            ],
        ),
        (
            "[targets]\nlinux = 'cp99-linux'\n[sets.base]\ntargets = ['linux']",
            [
                (
                    "subset.toml:2: unknown Python 'cp99' in the tag 'cp99-linux'; did you mean "
                    "'cp39-manylinux_2_28_x86_64' or 'cp39-musllinux_1_2_x86_64'?"
                )
            ],
        ),
        (
            "[targets]\nx = { tag = 'cp312-win32', python = 3.12.4 }",
            [
                (
                    "subset.toml:2: not TOML: Unclosed inline table; put versions in quotes\n"
                    "    x = { tag = 'cp312-win32', python = 3.12.4 }\n"
                    "                                            ^"
                )
            ],
        ),
        (
            "[targets]\nlinux = \nx = 1",
            ["subset.toml:2: not TOML: Invalid value\n    linux =\n            ^"],
        ),
        ("[targets]\nlinux = [", ["subset.toml: not TOML: Invalid value (at end of document)"]),
    ],
)
def test_fault_in_subset_toml_has_its_line(toml: str, faults: list[str]) -> None:
    """Each mistake is met with its line and the mend, and nothing is reported that only follows from it."""
    assert faults_of("pandas\n", toml) == faults


def test_subset_toml_that_is_no_text_is_a_fault() -> None:
    """TOML is UTF-8."""
    (fault,) = faults_of({"base.txt": "pandas\n", "subset.toml": b"[targets] # \xe9\n"})
    assert fault == "subset.toml: not UTF-8 (invalid continuation byte); save it as UTF-8"


def test_a_target_of_the_folder_takes_no_other_python(tmp_path: Path) -> None:
    """Whoever asks for a target of ``subset.toml`` with another Python is told that it has one, not that it is no system."""
    (tmp_path / "subset.toml").write_text(
        '[targets]\nlinux = "cp310-manylinux2014_x86_64"\nwindows-11 = "cp310-win32"\n'
    )
    with pytest.raises(TargetError, match=r"linux is a target of subset\.toml, .*; leave PY out"):
        find_target("linux", "3.12", tmp_path)
    assert find_target("linux", None, tmp_path).tag == "cp310-cp310-manylinux2014_x86_64"
    assert find_target("windows-11", "3.12", tmp_path).tag == "cp312-cp312-win_amd64"


def test_a_target_may_be_a_system_by_its_name() -> None:
    """``on`` with or without a Python, or the bare name; values that the tag leaves open stand beside it."""
    subset = plan_of(
        "pandas",
        """
        [targets]
        lab = { on = "rhel8", python = "3.12.4", platform_release = "4.18.0-553" }
        pi = "raspberry-pi-os-12"
        [targets.desk]
        on = "windows-11-arm64"
        python = "3.13t"
        """,
    )
    assert [(one.name, one.tag, one.python, one.exact) for one in subset.targets] == [
        ("lab", "cp312-cp312-manylinux_2_28_x86_64", (3, 12, 4), True),
        ("pi", "cp311-cp311-manylinux_2_36_aarch64", (3, 11, 0), False),
        ("desk", "cp313-cp313t-win_arm64", (3, 13, 0), False),
    ]
    assert subset.targets[0].environment["platform_release"] == "4.18.0-553"


@pytest.mark.parametrize("root", ["requirements", "../here/wanted", "absolute"])
def test_all_faults_of_all_files_come_in_one_message(root: str, tmp_path: Path) -> None:
    """One run names every mistake, in the order of files and lines, the paths spelt as the user spelt the folder."""
    folder = tmp_path / root if root == "absolute" else Path(root)
    with pytest.raises(InputFaults) as caught:
        plan_of(
            {"base.txt": "-e .\n-r more/io.txt\n", "more/io.txt": "pan das\n", "ml.txt": "pandas\n--pre\n"},
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
        "nowhere: no such folder; create it, with a base.txt that says 'pandas' and a subset.toml that says:\n"
        "    [targets]\n"
        '    here = "host"'
    )


def test_empty_folder_says_what_to_create() -> None:
    """No set and no targets are two faults of the folder."""
    Path("requirements/lock").mkdir(parents=True)
    with pytest.raises(InputFaults) as caught:
        read_subset(Path("requirements"))
    assert [str(fault).splitlines() for fault in caught.value.faults] == [
        [
            (
                "requirements: no requirements file (*.txt) in the folder; "
                "write one with a line such as 'pandas', for example base.txt"
            )
        ],
        [
            "requirements/subset.toml: no such file, so there are no targets; create it with the lines:",
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


def test_subset_toml_that_cannot_be_opened_is_a_fault() -> None:
    """A folder, or a file that may not be read, is not the same as no file."""
    Path("requirements/subset.toml").mkdir(parents=True)
    Path("requirements/base.txt").write_text("pandas", encoding="utf-8")
    with pytest.raises(InputFaults) as caught:
        read_subset(Path("requirements"))
    assert str(caught.value) == "requirements/subset.toml: Is a directory; see that it is a readable file"


def test_what_is_pips_business_is_allowed() -> None:
    """Two targets alike, a project asked for twice, and a target that no set serves are no faults."""
    toml = f"{LINUX}twin = 'cp310-cp310-manylinux2014_x86_64'\nidle = 'cp312-win32'\n[sets.base]\ntargets = ['twin', 'linux']"
    subset = plan_of("Pandas\npandas<3\n", toml)
    assert subset.targets[0].digest == subset.targets[1].digest
    assert [job.name for job in subset.jobs] == ["base--linux", "base--twin"]
    assert lines_of(subset.sets[0].requests) == ["base.txt:1 Pandas", "base.txt:2 pandas<3"]


def test_comment_leaves_the_digest_of_a_set() -> None:
    """What is asked for counts, not how the file looks."""
    digests = [plan_of(text).sets[0].digest for text in ("pandas>=1,<3\n", "# x\n\npandas <3, >=1 # y", "pandas<3\n")]
    assert digests[0] == digests[1] != digests[2]


TOML = (
    "[targets]", "[sets.base]", "[sets]", "[policy]", "x", "=", "'host'", "3.10", "{", "}", "tag", "python", "[", "]", ",",
    "\n", "\n", '"', "'cp310-win32'", "targets", "base", ".", " ", "\ufeff", "é", "#",
)  # fmt: skip


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
