"""``prove(case)``: real pip, real virtual environments, the files of the site and nothing else."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from virtualenv.seed.wheels import embed

from pypi_subset.distributions.wheel import read_metadata
from pypi_subset.proof.access.routes import WAYS, opened
from pypi_subset.proof.cases import case
from pypi_subset.proof.cases.case import Case, cases_of
from pypi_subset.proof.methods import second_opinion
from pypi_subset.proof.methods.by_unpacking import flags_of
from pypi_subset.proof.methods.prove import prove as prove_by_all
from pypi_subset.proof.reference.patch_levels import at_patch_levels
from pypi_subset.targets import platforms
from pypi_subset.targets import tag as targets
from tests.support.servers.index import Index
from tests.support.sites.cases import CLICK, COLORAMA, HERE, LINUX, OLDER, OWN, WINDOWS, cases, on_linux, outcome
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.wheels import Wheel, make_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pypi_subset.model.checks import Check

pytestmark = pytest.mark.usefixtures("forked_pip")


def prove(one: Case) -> Check:
    """Return the result by the first way in, from find-links.html."""
    return prove_by_all(one)[0]


# --- a target that is not here ------------------------------------------------------------------------------------


def test_foreign_target(tmp_path: Path) -> None:
    """A whole closure is green for a target that cannot run here; a case is small, and can be sent away."""
    (joint, _) = cases(tmp_path, WINDOWS, ["click"], [CLICK, COLORAMA])
    data = pickle.dumps(joint)
    check = prove(pickle.loads(data))  # noqa: S301 - our own bytes
    assert outcome(check) == ("passed", "")
    assert (check.target, check.set_name, check.request, check.proof) == ("windows", "base", "", "unpacked")
    assert check.seconds > 0
    assert len(data) < 100_000
    assert list((tmp_path / "work").glob("case-*")) == []


def test_dependency_that_markers_bring_is_missing(tmp_path: Path) -> None:
    """What Windows alone needs is missed on Windows: project, target and who requires it, in one sentence."""
    check = prove(cases(tmp_path, WINDOWS, ["click"], [CLICK])[0])
    sentence = (
        "colorama (needed by click 8.1.7 on windows: colorama; platform_system == 'Windows') is not in the subset"
    )
    assert outcome(check) == ("failed", sentence)


def test_a_wrong_line_in_targets_is_red(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With one marker value wrong in `targets`, pip is content with a subset that lacks something; the walk is not."""
    monkeypatch.setitem(platforms.SYSTEMS, "windows", ("nt", "win32", "Linux"))
    wrong = targets.parse("windows", "cp312-win_amd64")
    check = prove(cases(tmp_path, wrong, ["click"], [CLICK])[0])
    sentence = (
        "colorama (needed by click 8.1.7 on windows: colorama; platform_system == 'Windows') is not in the subset"
    )
    assert outcome(check) == ("failed", sentence)


def test_what_a_wrong_line_brings_too_much_is_red(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other way round: pip installed what real machines of the kind never ask for."""
    monkeypatch.setitem(platforms.SYSTEMS, "linux", ("posix", "linux", "Windows"))
    wrong = targets.parse("linux", "cp310-manylinux2014_x86_64")
    check = prove(cases(tmp_path, wrong, ["click"], [CLICK, COLORAMA])[0])
    assert outcome(check) == ("failed", "colorama 0.4.6 was installed on linux, but nothing there asks for it")


def test_every_patch_level_that_metadata_mentions(tmp_path: Path) -> None:
    """A target that says 3.10 alone is red where only 3.10.0 finds all it needs, and the patch level is named."""
    redis = make_wheel(
        "redis", requires=["timeout; python_full_version < '3.10.3'", "late; python_full_version >= '3.10.5'"]
    )
    files = [redis, make_wheel("timeout")]
    check = prove(cases(tmp_path / "open", LINUX, ["redis"], files)[0])
    assert check.status == "failed"
    assert check.reason.startswith("with Python 3.10.5: late (needed by redis 1.0 on linux")
    exact = targets.parse("exact", LINUX.tag, "3.10.4")
    assert outcome(prove(cases(tmp_path / "exact", exact, ["redis"], files)[0])) == ("passed", "")
    whole = cases(tmp_path / "whole", LINUX, ["redis"], [*files, make_wheel("late")])
    assert outcome(prove(whole[0])) == ("passed", "")


@pytest.mark.parametrize(
    ("bound", "requirement", "levels"),
    [
        (">=3.10", "lib", {0}),
        (">=3.9,!=3.10.4", "lib", {0, 4, 5}),
        ("!=3.10.*", "lib", {0}),
        (None, "lib; python_full_version < '3.10.3'", {0, 3}),
        (None, 'lib; python_full_version<="3.10.3"', {0, 3, 4}),
        (None, "lib; '3.10.3' <= python_full_version", {0, 3, 4}),
        (None, "lib; python_full_version > '3.10'", {0, 1}),
        (None, "lib>=3.10.4", {0, 4}),
        (None, "lib; python_full_version < '3.11.3'", {0}),
    ],
)
def test_patch_levels_to_try(tmp_path: Path, bound: str | None, requirement: str, levels: set[int]) -> None:
    """Every level at which something that metadata says may begin or end; one too many costs time alone."""
    wheel = make_wheel("app", "3.10.9", requires=[requirement], requires_python=bound)
    (tmp_path / "simple" / "app").mkdir(parents=True)
    wheel.save(tmp_path / "simple" / "app")
    assert {target.python[2] for target in at_patch_levels(LINUX, tmp_path)} == levels
    exact = targets.parse("exact", LINUX.tag, "3.10.4")
    assert [*at_patch_levels(exact, tmp_path)] == [exact]


def test_a_pin_for_another_patch_level_is_no_difference(tmp_path: Path) -> None:
    """What the lock has for a patch level is what counts for that one."""
    files = [make_wheel("lib", "2.0", requires_python="!=3.10.4"), make_wheel("lib", "1.0")]
    (joint, _) = cases(tmp_path, LINUX, ["lib"], files)
    apart = "python_full_version >= '3.10.4' and python_full_version < '3.10.5'"
    others = "python_full_version < '3.10.4' or python_full_version >= '3.10.5'"
    check = prove(replace(joint, pins=(f"lib==1.0 ; {apart}", f"lib==2.0 ; {others}")))
    assert (check.status, check.notes) == ("passed", ())
    check = prove(replace(joint, pins=(f"lib==2.0 ; {apart}", f"lib==1.0 ; {others}")))
    assert {*check.notes} == {"lib 2.0 installed, 1.0 locked", "lib 1.0 installed, 2.0 locked"}


def test_request_that_does_not_apply(tmp_path: Path) -> None:
    """A request whose marker is false for the target is skipped; one that is true is proven beside it."""
    lines = ["click", "winonly; sys_platform == 'win32'"]
    joint, first, second = cases(tmp_path, LINUX, lines, [CLICK])
    assert [one.request for one in (joint, first, second)] == ["", "click", 'winonly; sys_platform == "win32"']
    assert outcome(prove(second)) == ("skipped", "not requested here")
    assert outcome(prove(joint)) == ("passed", "")


def test_hashes_alone(tmp_path: Path) -> None:
    """A request with a hash is proven alone too: the set's other pins come along, hashed, as constraints."""
    aa, bb = make_wheel("aa", requires=["bb"]), make_wheel("bb")
    joint, alone, _ = cases(tmp_path, LINUX, ["aa", "bb"], [aa, bb], hashes={"aa": aa.sha256})
    assert str(alone.requests[0]) == f"aa --hash=sha256:{aa.sha256}"
    assert alone.constraints == (f"aa==1.0 --hash=sha256:{aa.sha256}", f"bb==1.0 --hash=sha256:{bb.sha256}")
    assert outcome(prove(alone)) == ("passed", "")
    assert outcome(prove(joint)) == ("passed", "")


def test_a_request_alone_takes_the_locked_bytes(tmp_path: Path) -> None:
    """Without any hash in the set, a request alone is still held to the hashes of the lock; the set jointly is not."""
    aa, bb = make_wheel("aa", requires=["bb"]), make_wheel("bb")
    joint, alone = cases(tmp_path, LINUX, ["aa"], [aa, bb])
    assert joint.constraints == ()
    assert alone.constraints == (f"aa==1.0 --hash=sha256:{aa.sha256}", f"bb==1.0 --hash=sha256:{bb.sha256}")
    assert outcome(prove(alone)) == ("passed", "")
    other = replace(alone, constraints=(alone.constraints[0], f"bb==1.0 --hash=sha256:{aa.sha256}"))
    assert prove(other).status == "failed"


def test_hashes_where_pip_is_old(tmp_path: Path) -> None:
    """Python 3.9 has a pip that takes no pin from a constraint: there the hashes are left to the inventory."""
    aa = make_wheel("aa")
    old = replace(OWN[0], version=(3, 9, 18), abi="cp39", kind="linux_x86_64", glibc=36)
    target = targets.parse("old", "cp39-manylinux2014_x86_64")
    subset = SubsetOnDisk(
        tmp_path, targets=[target], lines=["aa"], pins={"old": [aa]}, hashes={"aa": aa.sha256}
    ).write()
    joint, alone = cases_of(subset.plan, subset.paths, [old], tmp_path)
    assert (joint.interpreter, str(joint.requests[0]), joint.constraints) == (old, "aa", ())
    assert (str(alone.requests[0]), alone.constraints) == ("aa", ("aa==1.0",))


def test_undefined_marker(tmp_path: Path) -> None:
    """A request that reads what no tag can tell is red, not quietly left out."""
    check = prove(cases(tmp_path, LINUX, ["click; platform_release >= '5'"], [CLICK])[0])
    assert check.status == "failed"
    assert "reads platform_release, which nobody gave for this target" in check.reason


def test_unrecorded_machine(tmp_path: Path) -> None:
    """A kind of machine that nobody recorded is red with that reason."""
    mainframe = targets.parse("mainframe", "cp312-manylinux_2_28_s390x")
    check = prove(cases(tmp_path, mainframe, ["click"], [CLICK])[0])
    reason = "no real machine of the kind linux_s390x was ever recorded, so nothing can be proven for mainframe"
    assert outcome(check) == ("failed", f"{reason}; record one in verify/environments.json")


def test_another_version_than_the_locked_one_is_noted(tmp_path: Path) -> None:
    """Jointly, pip may take a version that another set put there; if it is complete, that is green and noted."""
    one, two = make_wheel("aa", "1.0"), make_wheel("aa", "2.0")
    subset = SubsetOnDisk(
        tmp_path, targets=[LINUX, WINDOWS], lines=["aa"], pins={"linux": [one], "windows": [two]}
    ).write()
    joint, alone, *_ = cases_of(subset.plan, subset.paths, (), tmp_path / "work")
    assert prove(joint).notes == ("aa 2.0 installed, 1.0 locked",)
    assert prove(alone).notes == ()


@pytest.fixture
def poison(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """
    Let this machine offer colorama and setuptools in every way that it has; yield an index that counts who asks.

    By variables, configuration files of pip, uv and virtualenv in all their places, a path, the user's own
    site-packages, the folder packages/, caches, and a seeded setuptools.
    """
    home, folder = Path(os.environ["HOME"]), tmp_path / "packages"
    folder.mkdir()
    setuptools = max(Path(embed.__file__).parent.glob("setuptools-*.whl"))
    shutil.copy(setuptools, folder)
    COLORAMA.save(folder)
    with Index({"colorama": [COLORAMA]}) as index:
        settings = f"find-links = {folder}\nextra-index-url = {index.url}\nno-deps = true\n"
        config = tmp_path / "pip.conf"
        config.write_text(f"[global]\n{settings}[install]\n{settings}")
        uv = f'extra-index-url = ["{index.url}"]\nfind-links = ["{folder}"]\n'
        seeds = f"[virtualenv]\nsetuptools = bundle\nextra-search-dir = {folder}\nsystem-site-packages = true\n"
        for place, text in {
            ".pip/pip.conf": config.read_text(),
            ".config/pip/pip.conf": config.read_text(),
            ".config/uv/uv.toml": uv,
            ".config/virtualenv/virtualenv.ini": seeds,
            "xdg/pip/pip.conf": config.read_text(),
            "xdg/uv/uv.toml": uv,
            "work/uv.toml": uv,
            "work/pip.conf": config.read_text(),
        }.items():
            (home / place).parent.mkdir(parents=True, exist_ok=True)
            (home / place).write_text(text)
        user = home / f".local/lib/python3.{sys.version_info.minor}/site-packages"
        for site in (user, folder):
            with zipfile.ZipFile(folder / COLORAMA.filename) as archive:
                archive.extractall(site)
        variables = {
            **dict.fromkeys(("PIP_FIND_LINKS", "UV_FIND_LINKS", "PYTHONPATH"), str(folder)),
            **dict.fromkeys(("PIP_EXTRA_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_INDEX", "UV_DEFAULT_INDEX"), index.url),
            "PIP_NO_DEPS": "1",
            "PIP_TARGET": str(folder),
            "PIP_CONFIG_FILE": str(config),
            "UV_NO_DEPS": "1",
            "XDG_CONFIG_HOME": str(home / "xdg"),
            "XDG_CONFIG_DIRS": str(home / "xdg"),
            "PYTHONUSERBASE": str(home / ".local"),
            "VIRTUALENV_CONFIG_FILE": str(home / ".config/virtualenv/virtualenv.ini"),
            "VIRTUALENV_SETUPTOOLS": "bundle",
            "VIRTUALENV_EXTRA_SEARCH_DIR": str(folder),
            "VIRTUALENV_SYSTEM_SITE_PACKAGES": "1",
            "PIP_CACHE_DIR": str(home / "cache"),
            "UV_CACHE_DIR": str(home / "uv-cache"),
        }
        # A pip and a uv that believe all this do find it, and fill their caches.
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.chdir(home / "work")
        sure = [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "colorama"]
        subprocess.run(sure, check=True, capture_output=True)
        index.requests.clear()
        yield index


def test_nothing_ambient_helps(tmp_path: Path, poison: Index) -> None:
    """What this machine offers beside the site does not help a foreign target: it is red by every way in."""
    *checks, skipped = prove_by_all(cases(tmp_path / "subset", WINDOWS, ["click"], [CLICK])[0])
    assert [one.status for one in (*checks, skipped)] == ["failed", "failed", "failed", "skipped"]
    assert {one.reason.partition(":")[0] for one in checks} == {"colorama (needed by click 8.1.7 on windows"}
    assert not poison.requests


def test_nothing_ambient_helps_uv(tmp_path: Path, poison: Index) -> None:
    """Nor does uv find more than the target's index has."""
    (joint, _) = cases(tmp_path / "subset", WINDOWS, ["click"], [CLICK])
    with opened(joint.site, "windows") as ways:
        said = second_opinion.second_opinion(joint, ways[-1], (), tmp_path)
    assert said.reason.startswith("uv finds no solution")
    assert not poison.requests


def test_nothing_ambient_helps_an_interpreter(tmp_path: Path, poison: Index) -> None:
    """Nor does it help where a target is installed: no import, no seed, no requirement is answered from outside."""
    aa = make_wheel("aa", requires=["setuptools"])
    bb = make_wheel("bb", files={"bb.py": b"import colorama\n"})
    work = tmp_path / "apart"
    missed = prove_by_all(cases(tmp_path / "subset", HERE, ["aa"], [aa], installed=work)[0])
    assert {one.reason for one in missed[:3]} == {
        "setuptools (needed by aa 1.0 on here: setuptools) is not in the subset"
    }
    other = cases(tmp_path / "other", HERE, ["bb"], [bb], installed=work)[0]
    assert "No module named 'colorama'" in prove(other).reason
    assert not poison.requests


def test_flags_mean_the_targets_own_tags() -> None:
    """The flags are made from the target's own fields, all four kinds, with no line of `targets`."""
    flags = flags_of(targets.parse("nogil", "cp313-cp313t-manylinux_2_17_x86_64", "3.13.4"))
    assert flags[:4] == ("--platform", "linux_x86_64", "--platform", "manylinux_2_17_x86_64")
    assert flags[-6:] == ("--python-version", "3.13.4", "--implementation", "cp", "--abi", "cp313t")


# --- what pip says, in one sentence -------------------------------------------------------------------------------

BOTH = (make_wheel("bb", "1.0"), make_wheel("bb", "2.0"))
GONE: dict[str, tuple[list[str], list[Wheel], str]] = {
    "request missing": (
        ["aa>=2"],
        [make_wheel("aa")],
        "aa (asked for by base.txt:1 on linux: aa>=2) is in the subset only as 1.0",
    ),
    "other targets only": (
        ["aa"],
        [make_wheel("aa", requires=["bb"]), make_wheel("bb", tag="cp310-cp310-win_amd64")],
        "bb (needed by aa 1.0 on linux: bb) is in the subset, but not for this target",
    ),
    "older version only": (
        ["aa[fast]"],
        [make_wheel("aa", requires=["bb>=2; extra == 'fast'"], extras=["fast"]), make_wheel("bb", "1.0")],
        "bb (needed by aa 1.0 on linux: bb>=2; extra == 'fast') is in the subset only as 1.0",
    ),
    "at odds": (
        ["aa", "dd"],
        [make_wheel("aa", requires=["bb>=2"]), make_wheel("dd", requires=["bb<2"]), *BOTH],
        "on linux nothing in the subset satisfies at once: aa 1.0 depends on bb>=2; dd 1.0 depends on bb<2",
    ),
    "newer python": (
        ["aa"],
        [make_wheel("aa", requires_python=">=3.10.1")],
        "aa (asked for by base.txt:1 on linux: aa) needs Python >=3.10.1, and linux has 3.10.0",
    ),
}


def test_locked_version_gone(tmp_path: Path) -> None:
    """Alone, a request is held to the lock: another version that pip would take is no answer."""
    aa, (old, new) = make_wheel("aa", requires=["bb"]), BOTH
    _, alone = cases(tmp_path, LINUX, ["aa"], [aa, new])
    page = alone.site / "find-links.html"
    page.write_text(page.read_text().replace("bb-2.0", "bb-1.0").replace(new.sha256, old.sha256))
    (alone.site / "simple" / "bb" / new.filename).unlink()
    old.save(alone.site / "simple" / "bb")
    sentence = "bb (needed by aa 1.0 on linux: bb) is in the subset only as 1.0, and locked as bb==2.0"
    assert outcome(prove(alone)) == ("failed", sentence)


@pytest.mark.parametrize("name", GONE)
def test_one_sentence(tmp_path: Path, name: str) -> None:
    """What pip says in many lines comes out as one: project, who needs it where, and what there is instead."""
    lines, wheels, sentence = GONE[name]
    assert outcome(prove(cases(tmp_path, LINUX, lines, wheels)[0])) == ("failed", sentence)


def test_other_bytes(tmp_path: Path) -> None:
    """A file that was replaced is named; so is one that is no archive."""
    aa = make_wheel("aa")
    joint, alone = cases(tmp_path, LINUX, ["aa"], [aa], hashes={"aa": aa.sha256})
    file = joint.site / "simple" / "aa" / aa.filename
    file.write_bytes(make_wheel("aa", ballast=9).data)
    words = "aa-1.0-py3-none-any.whl (asked for by base.txt:1 on linux: aa) has other bytes than the lock says"
    assert outcome(prove(alone)) == ("failed", words)
    page = joint.site / "find-links.html"
    page.write_text(page.read_text().replace(f"#sha256={aa.sha256}", ""))
    file.write_bytes(b"no archive")
    broken = cases(tmp_path / "second", LINUX, ["aa"], [aa])[0]
    shutil.copy(page, broken.site / "find-links.html")
    shutil.copy(file, broken.site / "simple" / "aa" / aa.filename)
    words = "aa-1.0-py3-none-any.whl (asked for by base.txt:1 on linux: aa) is damaged"
    assert outcome(prove(broken)) == ("failed", words)


# --- a target that runs here --------------------------------------------------------------------------------------


def test_installed(tmp_path: Path, shared: Path) -> None:
    """The running interpreter proves the host: installed, checked, imported, and named in the result."""
    files = {"aa_space/inner.py": b"import bb\n"}
    aa = make_wheel("aa", requires=["bb", "stubs"], files=files)
    stubs = make_wheel("stubs", files={"stubs.py": b"", "aa-stubs/__init__.pyi": b""})
    joint, *_ = cases(tmp_path, HERE, ["aa", "bb"], [aa, make_wheel("bb"), stubs], installed=shared)
    check = prove(joint)
    assert outcome(check) == ("passed", "")
    assert (check.proof, check.interpreter) == ("installed", str(OWN[0]))


def test_import_that_fails(tmp_path: Path, shared: Path) -> None:
    """A project that installs but needs a module that nothing declares is red."""
    wheel = make_wheel("aa", files={"aa.py": b"import undeclared\n"})
    _, alone = cases(tmp_path, HERE, ["aa"], [wheel], installed=shared)
    assert outcome(prove(alone)) == (
        "failed",
        "importing aa of aa on here failed: ModuleNotFoundError: No module named 'undeclared'",
    )


def test_import_of_what_an_extra_brings(tmp_path: Path, shared: Path) -> None:
    """A part of a project that needs an extra which nobody asked for may fail to import: that is a note."""
    files = {"aad.py": b"raise ImportError('for this, install aa[d]')\n"}
    check = prove(cases(tmp_path, HERE, ["aa"], [make_wheel("aa", files=files)], installed=shared)[0])
    assert (check.status, check.notes) == ("passed", ("aa: aad needs the extra d, which was not asked for",))


def test_import_of_what_an_extra_does_not_bring_here(tmp_path: Path, shared: Path) -> None:
    """The request asks for the extra, whose requirement is for other machines: what the module lacks is red."""
    needs = ["bb; extra == 'all' and sys_platform == 'elsewhere'"]
    aa = make_wheel("aa", files={"aa.py": b"import bb\n"}, extras=["all"], requires=needs)
    check = prove(cases(tmp_path, HERE, ["aa[all]"], [aa], installed=shared)[0])
    assert check.status == "failed"
    assert "No module named 'bb' (the extra all was asked for, and brings it only as bb;" in check.reason


def test_pip_check(tmp_path: Path, shared: Path) -> None:
    """What pip finds wrong with the environment is red: here a wheel that contradicts its own file name."""
    wheel = replace(make_wheel("aa", tag="cp27-none-any"), filename="aa-1.0-py3-none-any.whl")
    check = prove(cases(tmp_path, HERE, ["aa"], [wheel], installed=shared)[0])
    assert outcome(check) == ("failed", "pip check on here: aa 1.0 is not supported on this platform")


def test_setuptools_is_not_there_by_itself(tmp_path: Path, shared: Path) -> None:
    """A missing setuptools is missed: the fresh environment is seeded with pip alone."""
    wheel = make_wheel("aa", requires=["setuptools"])
    check = prove(cases(tmp_path, HERE, ["aa"], [wheel], installed=shared)[0])
    assert outcome(check) == ("failed", "setuptools (needed by aa 1.0 on here: setuptools) is not in the subset")


@pytest.mark.slow
def test_pip_of_the_subset_is_installed(tmp_path: Path, shared: Path) -> None:
    """A subset that contains pip has that very pip installed in the seeded one's place; a missing one is missed."""
    path = max(Path(embed.__file__).parent.glob("pip-*.whl"))
    own = Wheel(path.name, path.read_bytes(), read_metadata(path, path.name))
    wheel = make_wheel("aa", requires=["pip"])
    assert outcome(prove(cases(tmp_path / "with", HERE, ["aa"], [wheel, own], installed=shared)[0]))[0] == "passed"
    check = prove(cases(tmp_path / "without", HERE, ["aa"], [wheel], installed=shared)[0])
    assert outcome(check)[0] == "failed"
    assert "pip (needed by aa 1.0 on here: pip) is not in the subset" in check.reason


@on_linux
def test_held_to_an_older_libc(tmp_path: Path, shared: Path) -> None:
    """The newer glibc of this machine does not stand in for the target's: a wheel for 2.28 is no wheel for 2.17."""
    tag = f"cp3{sys.version_info.minor}-cp3{sys.version_info.minor}"
    wheels = [make_wheel("aa", tag=f"{tag}-manylinux_2_28_x86_64")]
    check = prove(cases(tmp_path, OLDER, ["aa"], wheels, installed=shared)[0])
    assert check.proof == "installed"
    sentence = "aa (asked for by base.txt:1 on older: aa) is in the subset, but not for this target"
    assert outcome(check) == ("failed", sentence)


# --- the cases ----------------------------------------------------------------------------------------------------


def test_every_request_has_a_case(tmp_path: Path) -> None:
    """Requests and cases are counted apart: one that was lost on the way is named, and so is one too many."""
    subset = SubsetOnDisk(
        tmp_path, targets=[LINUX, WINDOWS], lines=["aa", "bb"], pins={"linux": [], "windows": []}
    ).write()
    made = cases_of(subset.plan, subset.paths, (), tmp_path / "work")
    assert [one.name for one in made[:3]] == ["linux--base", "linux--base--base.txt:1", "linux--base--base.txt:2"]
    assert len(made) == 2 * (1 + 2)
    assert case.unproven(subset.plan, made) == []
    lost = [one for one in made if one.name not in {"windows--base", "linux--base--base.txt:2"}]
    assert case.unproven(subset.plan, lost) == [
        "bb (base.txt:2) on linux has no case",
        "the set base on windows has no case",
    ]
    assert case.unproven(subset.plan, lost, ["windows"])[0] == "the set base on windows has no case"
    assert case.unproven(subset.plan, [*made, *made[:1]], []) == ["the set base on linux has a case too many"]


def test_a_case_without_a_result_shows(tmp_path: Path) -> None:
    """The cases that nothing answered are found by what they are about."""
    made: Any = cases(tmp_path, LINUX, ["click; sys_platform == 'win32'"], [CLICK])
    assert case.unanswered(made, prove_by_all(made[1])) == [made[0]]


@on_linux
def test_a_patch_level_that_is_not_here(tmp_path: Path, shared: Path) -> None:
    """A target of X.Y with an interpreter here is unpacked where metadata tells other patch levels apart from it."""
    minor = f"3.{sys.version_info.minor}"
    early = make_wheel("app", requires=[f'gone; python_full_version < "{minor}.1"'])
    checks = prove_by_all(cases(tmp_path, OLDER, ["app"], [early], installed=shared)[0])
    told = {(check.proof, check.way): check.status for check in checks if check.proof != "second opinion"}
    assert told == {
        (kind, way): status for way in WAYS for kind, status in (("installed", "passed"), ("unpacked", "failed"))
    }
    assert (
        checks[-1].reason
        == f"gone (needed by app 1.0 on older: gone; python_full_version < '{minor}.1') is not in the subset"
    )
    whole = tmp_path / "whole"
    whole.mkdir()
    green = prove_by_all(cases(whole, OLDER, ["app"], [early, make_wheel("gone")], installed=shared)[0])
    assert {check.status for check in green} == {"passed"}
    assert [check.versions for check in green if check.proof == "unpacked"] == [("app==1.0", "gone==1.0")] * 3
