"""What is done with an installation: walking its closure, and importing what it brings."""

from __future__ import annotations

import dataclasses
import venv
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from pypi_subset.errors import ProofFailed
from pypi_subset.model.requests import Request
from pypi_subset.proof import closure
from pypi_subset.proof.methods import imports
from pypi_subset.proof.reference import recorded_markers
from pypi_subset.targets import tag as targets


def lay(folder: Path, name: str, version: str = "1.0", *, python: str = "", requires: tuple[str, ...] = ()) -> None:
    """Put a distribution into *folder*, as pip leaves it."""
    info = folder / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Python: {python}"] * bool(python) + [f"Requires-Dist: {line}" for line in requires]
    (info / "METADATA").write_text("\n".join([*lines, ""]))
    (info / "RECORD").write_text(f"{name}.py,,\n")


def walk(folder: Path, *lines: str, tag: str = "cp312-win_amd64") -> tuple[str, ...]:
    """Return what is wrong with *folder* when *lines* are requested on Windows."""
    requests = [Request(requirement=Requirement(line), path=Path("base.txt"), line=1) for line in lines]
    environment = recorded_markers.recorded(targets.parse("win", tag))
    return closure.gaps(closure.present_in([folder]), requests, environment, "win")


def test_whole_closure(tmp_path: Path) -> None:
    """Dependencies, those of an extra, a circle, a false marker and a prerelease: nothing is wrong."""
    lay(tmp_path, "Aa", requires=("bb[fast]>=1", "dd; sys_platform == 'linux'"))
    lay(tmp_path, "bb", requires=("aa", "cc>=1; extra == 'fast'", "ee; extra == 'slow'"))
    lay(tmp_path, "cc", "1.1rc1", python=">=3.8")
    assert walk(tmp_path, "aa") == ()


def test_missing_dependency(tmp_path: Path) -> None:
    """The sentence names the project, the target, and who requires it under which marker."""
    lay(tmp_path, "click", "8.1.7", requires=('colorama; platform_system == "Windows"',))
    sentence = "colorama (needed by click 8.1.7 on win: colorama; platform_system == 'Windows') is not in the subset"
    assert walk(tmp_path, "click") == (sentence,)
    assert walk(tmp_path, "click", tag="cp312-manylinux_2_28_x86_64") == ()


def test_extra_of_a_request(tmp_path: Path) -> None:
    """What an extra brings is needed when a request asks for the extra, and only then."""
    lay(tmp_path, "aa", requires=("bb; extra == 'fast'",))
    assert walk(tmp_path, "aa") == ()
    assert walk(tmp_path, "aa[fast]") == ("bb (needed by aa 1.0 on win: bb; extra == 'fast') is not in the subset",)


def test_wrong_version(tmp_path: Path) -> None:
    """A version that its requirement excludes is no answer."""
    lay(tmp_path, "aa", requires=("bb>=2",))
    lay(tmp_path, "bb")
    assert walk(tmp_path, "aa") == ("bb (needed by aa 1.0 on win: bb>=2) is there as 1.0",)


def test_other_python(tmp_path: Path) -> None:
    """Requires-Python is held against the full version: 3.12.0 is below 3.12.1."""
    lay(tmp_path, "aa", python=">=3.12.1")
    assert walk(tmp_path, "aa") == ("aa 1.0 needs Python >=3.12.1, and win has 3.12.0",)


def test_what_nobody_asks_for(tmp_path: Path) -> None:
    """A distribution that no metadata names is wrong, and so are two versions of one project."""
    lay(tmp_path, "aa")
    lay(tmp_path, "bb")
    lay(tmp_path, "bb", "2.0")
    assert [sentence.split(",")[0] for sentence in walk(tmp_path, "aa")] == [
        "bb is installed more than once on win",
        "bb 1.0 was installed on win",
        "bb 2.0 was installed on win",
    ]


@pytest.mark.parametrize(
    ("files", "modules"),
    [
        (["six.py", "six-1.0.dist-info/RECORD", "__pycache__/six.cpython-310.pyc"], ["six"]),
        (
            ["pkg/__init__.py", "pkg/sub/__init__.py", "pkg/mod.py", "_pkg.cpython-310-x86_64-linux-gnu.so"],
            ["_pkg", "pkg"],
        ),
        (
            ["google/cloud/storage/__init__.py", "google/cloud/storage/a.py", "google/api.py"],
            ["google.api", "google.cloud.storage"],
        ),
        (["fast.abi3.so", "win.cp310-win_amd64.pyd", "pkg/__init__.cpython-310-darwin.so"], ["fast", "pkg", "win"]),
        (["np/__init__.py", "np.libs/libgfortran-1.so", "nv/lib/libcublas.so.12"], ["np"]),
        (["requests-stubs/__init__.pyi", "requests-stubs/api.pyi"], []),
        (["../../bin/tool", "data/x.json", "distutils-precedence.pth", "class.py", "my-script.py"], []),
        (["aa/__init__.py", "tests/__init__.py", "setup.py"], ["aa"]),
        (["tests/__init__.py"], ["tests"]),
        (["__init__.py", "__main__.py", "aa.py"], ["aa"]),
    ],
)
def test_modules_come_from_the_record(files: list[str], modules: list[str]) -> None:
    """Packages, single files, extensions and namespaces are found; stubs, data, scripts and leftovers are not."""
    assert list(imports.modules_of(files)) == modules


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return the Python of an empty environment, and its site-packages."""
    root = tmp_path_factory.mktemp("bare") / "environment"
    venv.create(root, symlinks=True)
    (library,) = root.glob("lib/*/site-packages")
    return root / "bin" / "python", library


def importing(  # noqa: PLR0913 - what a distribution says of itself
    bare: tuple[Path, Path],
    folder: Path,
    name: str,
    text: str,
    *,
    files: tuple[str, ...] = (),
    requires: tuple[Requirement, ...] = (),
    asked: frozenset[str] = frozenset(),
) -> tuple[str, ...]:
    """Return the notes on importing the module *name*, which holds *text*, and those in *files*."""
    (bare[1] / f"{name}.py").write_text(text)
    one = closure.Present(
        project=canonicalize_name(name),
        version="1.0",
        requires=requires,
        requires_python=SpecifierSet(),
        files=(f"{name}.py", *files),
        asked=asked,
    )
    return imports.try_imports([one], python=bare[0], folder=folder, target="here")


def test_missing_library_is_a_note(bare: tuple[Path, Path], tmp_path: Path) -> None:
    """A shared library that the system lacks is no fault of the subset."""
    text = "raise ImportError('libGL.so.1: cannot open shared object file: No such file or directory')"
    assert importing(bare, tmp_path, "cv", text) == ("cv: installed, needs libGL.so.1",)


def test_module_that_exits_is_a_note(bare: tuple[Path, Path], tmp_path: Path) -> None:
    """A script that was installed as a module says nothing about completeness."""
    assert importing(bare, tmp_path, "script", "raise SystemExit(3)") == ("script: script is not meant to be imported",)


LACKS = "try:\n    import nobody_has_this\nexcept ImportError:\n    raise SystemExit('needs more')"


def test_only_module_that_exits_for_want_of_another_is_red(bare: tuple[Path, Path], tmp_path: Path) -> None:
    """What a project's one module caught before it exited is what the subset lacks."""
    with pytest.raises(ProofFailed) as error:
        importing(bare, tmp_path, "leaving", LACKS)
    words = "failed: ModuleNotFoundError: No module named 'nobody_has_this'"
    assert str(error.value) == f"importing leaving of leaving on here {words}"


def test_one_module_of_several_that_exits_for_want_of_another_is_a_note(
    bare: tuple[Path, Path], tmp_path: Path
) -> None:
    """It may be a script, for those who have what it wants."""
    (bare[1] / "whole.py").write_text("")
    notes = importing(bare, tmp_path, "partly", LACKS, files=("whole.py",))
    assert notes == ("partly: partly is not meant to be imported",)


def test_what_an_extra_brings_is_excused_only_where_it_was_not_asked_for(
    bare: tuple[Path, Path], tmp_path: Path
) -> None:
    """The extra was asked for, and its other marker keeps out what the module imports: red, with that requirement."""
    needs = (Requirement("net-lib; extra == 'all' and sys_platform == 'win32'"),)
    for asked in ("", "other"):
        (folder := tmp_path / f"asked-{asked}").mkdir()
        notes = importing(bare, folder, "aa", "import net_lib", requires=needs, asked=frozenset({asked} - {""}))
        assert notes == ("aa: aa needs the extra all, which was not asked for",)
    with pytest.raises(ProofFailed, match=r"No module named 'net_lib' .the extra all was asked for, .* as net-lib;"):
        importing(bare, tmp_path, "aa", "import net_lib", requires=needs, asked=frozenset({"all"}))


def test_advice_to_take_an_extra_that_was_asked_for_is_no_excuse(bare: tuple[Path, Path], tmp_path: Path) -> None:
    """A module that asks for an extra which is there lacks something else."""
    with pytest.raises(ProofFailed, match=r"install aa\[d\]"):
        importing(bare, tmp_path, "aa", "raise ImportError('install aa[d]')", asked=frozenset({"d"}))


def test_extras_are_those_of_requests_and_of_others(tmp_path: Path) -> None:
    """A distribution is told what a request asks of it, and what another distribution does."""
    lay(tmp_path, "aa", requires=("bb[fast]", "cc[slow]; sys_platform == 'linux'"))
    lay(tmp_path, "bb")
    lay(tmp_path, "cc")
    request = Request(requirement=Requirement("aa[All_Of]"), path=Path("base.txt"), line=1)
    environment = recorded_markers.recorded(targets.parse("win", "cp312-win_amd64"))
    found = closure.asked_of(closure.present_in([tmp_path]), [request], environment, "win")
    assert [(one.project, sorted(one.asked)) for one in found] == [("aa", ["all-of"]), ("bb", ["fast"]), ("cc", [])]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import nobody_has_this", "failed: ModuleNotFoundError: No module named 'nobody_has_this'"),
        ("import os; os.abort()", "ended the interpreter with signal 6"),
        ("import os; os._exit(7)", "ended the interpreter with exit code 7"),
        ("import time; time.sleep(60)", "did not end within 0.5 s"),
    ],
)
def test_import_that_fails_is_red(
    bare: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, words: str
) -> None:
    """A failing, aborting, exiting or hanging import is red and names module, project and target."""
    monkeypatch.setattr(imports, "PATIENCE", 0.5 if "sleep" in text else 20)
    with pytest.raises(ProofFailed) as error:
        importing(bare, tmp_path, "red", text)
    assert str(error.value) == f"importing red of red on here {words}"


def test_stubs_say_so(tmp_path: Path) -> None:
    """Stubs, and a distribution without any module, are told, not passed over in silence."""
    plain = closure.Present(
        project=canonicalize_name("types-aa"),
        version="1.0",
        requires=(),
        requires_python=SpecifierSet(),
        files=("aa-stubs/__init__.pyi",),
    )
    bare = dataclasses.replace(plain, project=canonicalize_name("meta"), files=())
    assert imports.try_imports([plain, bare], python=Path("unused"), folder=tmp_path, target="here") == (
        "types-aa holds type stubs, nothing to import",
        "meta holds no module, nothing to import",
    )
