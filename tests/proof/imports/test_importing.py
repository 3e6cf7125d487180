"""Importing what a project brings: a process for each project, and what each end of an import means."""

from __future__ import annotations

import time
import venv
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from pypi_subset.errors import ProofFailed
from pypi_subset.proof.closure import Declared, Present
from pypi_subset.proof.imports import importing
from pypi_subset.proof.imports.settling import Settled, settled
from tests.support.sites.cases import box_of, present

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return the Python of an empty environment, and its site-packages."""
    root = tmp_path_factory.mktemp("bare") / "environment"
    venv.create(root, symlinks=True)
    (library,) = root.glob("lib/*/site-packages")
    return root / "bin" / "python", library


def tried(bare: tuple[Path, Path], folder: Path, *present: Present, absent: tuple[str, ...] = ()) -> Settled:
    """Return what importing all of *present* comes to."""
    box = box_of(folder, bare[0].parent.parent)
    declared = Declared(present=present, absent=tuple(map(canonicalize_name, absent)))
    found = importing.try_imports(present, declared, python=bare[0], box=box, target="here")
    return settled(found, target="here")


def lay(bare: tuple[Path, Path], name: str, text: str, *files: str, **more: object) -> Present:
    """Return a distribution whose module *name* holds *text*, after writing that."""
    (bare[1] / f"{name}.py").write_text(text)
    return replace(present(name, f"{name}.py", *files), **more)  # type: ignore[arg-type]


def test_missing_library_is_a_note(bare: tuple[Path, Path], tmp_path: Path) -> None:
    """A shared library that the system lacks is no fault of the subset; one that a project of the subset ships is."""
    text = "raise ImportError('libGL.so.1: cannot open shared object file: No such file or directory')"
    one = lay(bare, "cv", text)
    assert tried(bare, tmp_path, one).notes == ("cv: installed, needs libGL.so.1",)
    (tmp_path / "again").mkdir()
    with pytest.raises(ProofFailed, match=r"cv on here failed: ImportError: libGL.so.1: cannot open"):
        tried(bare, tmp_path / "again", one, present("mesa", "mesa/lib/libGL.so.1"))


@pytest.mark.parametrize(
    "text", ["raise SystemExit(0)", "import os; os._exit(0)", "import sys; sys.exit('no display')"]
)
def test_an_exit_is_red(bare: tuple[Path, Path], tmp_path: Path, text: str) -> None:
    """A public module that ends the interpreter, with whatever code, was not imported."""
    with pytest.raises(ProofFailed, match=r"importing leaving of leaving on here (failed: SystemExit|ended)"):
        tried(bare, tmp_path, lay(bare, "leaving", text))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import atexit, os; atexit.register(os.abort)", "ended afterwards with signal 6"),
        ("import atexit, os; atexit.register(os._exit, 3)", "ended afterwards with exit code 3"),
        pytest.param(
            "import threading, time; threading.Thread(target=time.sleep, args=(3600,)).start()",
            "did not end within 10 s",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_an_interpreter_that_does_not_end_as_it_should_is_red(
    bare: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, words: str
) -> None:
    """All modules were imported, and what they left behind aborts, exits or never ends."""
    monkeypatch.setattr(importing, "PATIENCE", 10 if "10 s" in words else 120)
    with pytest.raises(ProofFailed) as caught:
        tried(bare, tmp_path, lay(bare, "leaving", text))
    assert str(caught.value) == f"the interpreter that imported leaving on here {words}"


def test_an_exit_for_want_of_a_module_is_read_along_its_chain(bare: tuple[Path, Path], tmp_path: Path) -> None:
    """A module that catches an ImportError, and exits for it, lacks what that error names."""
    text = "try:\n    import not_there\nexcept ImportError:\n    raise SystemExit('needs more')"
    (one,) = tried(bare, tmp_path, lay(bare, "leaving", text)).findings
    assert (one.rule, one.project, one.likely) == ("undeclared", "leaving", "not-there")
    words = "lacks not_there, which nothing here declares: likely the project not-there"
    assert one.what == f"importing leaving of leaving on here {words}"


@pytest.mark.parametrize(
    "text",
    [
        "raise ImportError('install it') from None",
        "raise ImportError('install it')",
        "raise RuntimeError('no backend') from error",
    ],
)
def test_a_wrapped_import_error_is_read_along_its_chain(bare: tuple[Path, Path], tmp_path: Path, text: str) -> None:
    """An error of any class that was raised from an ImportError, and an ImportError that followed one."""
    text = f"try:\n    import not_there\nexcept ImportError as error:\n    {text}"
    (one,) = tried(bare, tmp_path, lay(bare, "wrapping", text)).findings
    assert one.likely == "not-there"


def test_another_error_while_an_import_error_is_handled_is_red(bare: tuple[Path, Path], tmp_path: Path) -> None:
    """Without ``from``, the ImportError is not what ended the import."""
    text = "try:\n    import not_there\nexcept ImportError:\n    {}['fallback']"
    with pytest.raises(ProofFailed, match="failed: KeyError: 'fallback'"):
        tried(bare, tmp_path, lay(bare, "falling", text))


def test_no_module_sees_arguments(bare: tuple[Path, Path], tmp_path: Path) -> None:
    """Some modules parse the arguments when they are imported, and refuse what they do not know."""
    one = lay(bare, "parsing", "import argparse; argparse.ArgumentParser().parse_args()")
    assert tried(bare, tmp_path, one) == Settled()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (r"raise RuntimeError('\ud800 bad')", r"failed: RuntimeError: \ud800 bad"),
        ("class Mute(Exception):\n    __str__ = None\nraise Mute", "failed: Mute: "),
    ],
)
def test_an_error_that_has_no_text_is_named(bare: tuple[Path, Path], tmp_path: Path, text: str, words: str) -> None:
    """What no encoding can write is escaped, and an exception without a text has its class."""
    with pytest.raises(ProofFailed) as caught:
        tried(bare, tmp_path, lay(bare, "strange", text))
    assert str(caught.value) == f"importing strange of strange on here {words}"


def test_each_project_has_a_process(bare: tuple[Path, Path], tmp_path: Path) -> None:
    """What the modules of one project change is not seen by those of another."""
    first = lay(bare, "aa_first", "import sys\nsys.modules['bb_second'] = sys\nsys.meta_path.clear()")
    second = lay(bare, "bb_second", "raise ValueError('imported')")
    with pytest.raises(ProofFailed, match="importing bb_second of bb-second on here failed: ValueError: imported"):
        tried(bare, tmp_path, first, second)


def test_a_path_begins_below_the_environment(bare: tuple[Path, Path], tmp_path: Path) -> None:
    """The directory of one run is no part of a reason: equal reds of two runs are equal."""
    with pytest.raises(ProofFailed) as caught:
        tried(bare, tmp_path, lay(bare, "itself", "from itself import name"))
    assert str(caught.value).endswith(f"({(bare[1] / 'itself.py').relative_to(bare[0].parent.parent)})")


def test_all_that_is_red_is_named(bare: tuple[Path, Path], tmp_path: Path) -> None:
    """The reds of several projects are one line."""
    with pytest.raises(ProofFailed) as caught:
        tried(bare, tmp_path, lay(bare, "one_red", "1/0"), lay(bare, "two_red", "{}[1]"))
    assert str(caught.value) == (
        "importing one_red of one-red on here failed: ZeroDivisionError: division by zero; "
        "importing two_red of two-red on here failed: KeyError: 1"
    )


def test_a_lost_dependency_is_red(bare: tuple[Path, Path], tmp_path: Path) -> None:
    """What is asked for and not installed makes every failed import red, whatever its text says."""
    for number, text in enumerate(
        ("import unrelated", "raise ImportError('libGL.so.1: cannot open shared object file')")
    ):
        (folder := tmp_path / str(number)).mkdir()
        with pytest.raises(ProofFailed, match=r"failed: .* \(asked for, and not installed: pyyaml\)"):
            tried(bare, folder, lay(bare, "losing", text, requires=(Requirement("pyyaml"),)), absent=("pyyaml",))


def test_an_extra_that_was_not_asked_for(bare: tuple[Path, Path], tmp_path: Path) -> None:
    """It is a note if another module imports; else nothing of the project did, and that is amber."""
    lay(bare, "whole", "")
    one = lay(bare, "partly", "import net_lib", requires=(Requirement("net-lib; extra == 'all'"),))
    words = "partly: partly needs the extra all, which was not asked for"
    both = replace(one, files=(*one.files, "whole.py"))
    assert tried(bare, tmp_path, both).notes == (words,)
    (tmp_path / "again").mkdir()
    assert [each.what for each in tried(bare, tmp_path / "again", one).findings] == [words]


def test_a_portion_of_an_old_namespace_is_imported(bare: tuple[Path, Path], tmp_path: Path) -> None:
    """The namespace imports whatever its portions do; what these lack or raise counts, and the others answer for theirs."""
    files = {
        "old/__init__.py": "__path__ = __import__('pkgutil').extend_path(__path__, __name__)",
        "old/ours.py": "1/0",
    }
    files["old/lacking.py"] = "import old.others"
    for name, text in files.items():
        (bare[1] / name).parent.mkdir(exist_ok=True)
        (bare[1] / name).write_text(text)
    ours, lacking = (
        replace(present(name, "old/__init__.py", f"old/{name}.py"), library=bare[1]) for name in ("ours", "lacking")
    )
    with pytest.raises(ProofFailed, match=r"importing old\.ours of ours on here failed: ZeroDivisionError"):
        tried(bare, tmp_path, ours)
    (tmp_path / "again").mkdir()
    (one,) = tried(bare, tmp_path / "again", lacking).findings
    assert "lacks old.others, which nothing here declares" in one.what


@pytest.mark.slow
def test_a_message_without_end(bare: tuple[Path, Path], tmp_path: Path) -> None:
    """A long message costs no time to speak of: no pattern is matched against more than its first part."""
    started = time.monotonic()
    with pytest.raises(ProofFailed, match="failed: ImportError: xxx") as error:
        tried(bare, tmp_path, lay(bare, "long", "raise ImportError('x' * (4 << 20))"))
    assert len(str(error.value)) < 5000
    assert time.monotonic() - started < 30


@pytest.mark.slow
def test_a_chain_without_end(bare: tuple[Path, Path], tmp_path: Path) -> None:
    """Exceptions that name each other as their context end after a few."""
    text = "one, two = ImportError('1'), ImportError('2')\none.__context__, two.__context__ = two, one\nraise one"
    with pytest.raises(ProofFailed, match="failed: ImportError: 1"):
        tried(bare, tmp_path, lay(bare, "circling", text))


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
        tried(bare, tmp_path, present("many", *names, f"{'m' * 200_000}.py"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("import red.part", "failed: ModuleNotFoundError: No module named 'red.part'; 'red' is not a package"),
        ("from os import nothing_there", "failed: ImportError: cannot import name 'nothing_there' from 'os'"),
        ("import os; os.abort()", "ended the interpreter with signal 6"),
        (
            "import os; os.kill(os.getpid(), 9)",
            "ended the interpreter with signal 9: it was killed, as the kernel does where memory runs out",
        ),
        ("import os; os._exit(7)", "ended the interpreter with exit code 7"),
        ("import time; time.sleep(600)", "did not end within 8 s"),
    ],
)
def test_import_that_fails_is_red(
    bare: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, words: str
) -> None:
    """A failing, aborting, exiting or hanging import is red and names module, project and target."""
    monkeypatch.setattr(importing, "PATIENCE", 8 if "sleep" in text else 120)
    with pytest.raises(ProofFailed) as error:
        tried(bare, tmp_path, lay(bare, "red", text))
    assert str(error.value).startswith(f"importing red of red on here {words}")


def test_what_holds_no_module_says_so(bare: tuple[Path, Path], tmp_path: Path) -> None:
    """Stubs, and a distribution without any module, are a note each."""
    found = tried(bare, tmp_path, present("types-aa", "aa-stubs/__init__.pyi"), present("meta"))
    assert found.notes == (
        "types-aa holds type stubs, nothing to import",
        "meta holds no public module, nothing to import",
    )
