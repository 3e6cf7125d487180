"""Importing what a project brings: which modules, and which failures are notes."""

from __future__ import annotations

import dataclasses
import time
import venv
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from pypi_subset.errors import ProofFailed
from pypi_subset.proof import closure
from pypi_subset.proof.methods import imports
from tests.support.sites.cases import box_of


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
    box = box_of(folder, bare[0].parent.parent)
    return imports.try_imports([one], python=bare[0], box=box, target="here")


def test_missing_library_is_a_note(bare: tuple[Path, Path], tmp_path: Path) -> None:
    """A shared library that the system lacks is no fault of the subset."""
    text = "raise ImportError('libGL.so.1: cannot open shared object file: No such file or directory')"
    assert importing(bare, tmp_path, "cv", text) == ("cv: installed, needs libGL.so.1",)


def test_module_that_exits_is_a_note(bare: tuple[Path, Path], tmp_path: Path) -> None:
    """A script that was installed beside a module says nothing about completeness."""
    (bare[1] / "beside.py").write_text("")
    notes = importing(bare, tmp_path, "script", "raise SystemExit(3)", files=("beside.py",))
    assert notes == ("script: script is not meant to be imported",)


@pytest.mark.parametrize("text", ["raise SystemExit(0)", "import os; os._exit(0)", "import sys; sys.exit()"])
def test_an_exit_of_its_own_choice_proves_nothing(bare: tuple[Path, Path], tmp_path: Path, text: str) -> None:
    """A project whose only module ends the interpreter, with whatever code, is red: nothing of it was imported."""
    with pytest.raises(ProofFailed, match=r"importing leaving of leaving on here (proves nothing|ended)"):
        importing(bare, tmp_path, "leaving", text)


LACKS = "try:\n    import nobody_has_this\nexcept ImportError:\n    raise SystemExit('needs more')"


@pytest.mark.slow
def test_a_message_without_end(bare: tuple[Path, Path], tmp_path: Path) -> None:
    """A long message costs no time to speak of: no pattern is matched against more than its first part."""
    started = time.monotonic()
    with pytest.raises(ProofFailed, match="failed: ImportError: xxx") as error:
        importing(bare, tmp_path, "long", "raise ImportError('x' * (4 << 20))")
    assert len(str(error.value)) < 5000
    assert time.monotonic() - started < 30


@pytest.mark.slow
def test_more_modules_than_a_command_line_holds(tmp_path: Path) -> None:
    """All are imported, in several commands; a path that is too long for a file is no module."""
    venv.create(tmp_path / "environment", with_pip=False)
    (library,) = (tmp_path / "environment").glob("lib/python*/site-packages")
    names = [f"{'m' * 200}{number}.py" for number in range(11_000)]
    for name in names[:2]:
        (library / name).write_text("")
    bare = tmp_path / "environment" / "bin" / "python", library
    with pytest.raises(ProofFailed, match="No module named 'mmm"):
        importing(bare, tmp_path, "many", "", files=(*names, f"{'m' * 200_000}.py"))


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


@pytest.mark.slow
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
    assert imports.try_imports([plain, bare], python=Path("unused"), box=box_of(tmp_path), target="here") == (
        "types-aa holds type stubs, nothing to import",
        "meta holds no module, nothing to import",
    )
