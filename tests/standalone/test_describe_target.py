"""The script that describes a machine, run as users run it."""

from __future__ import annotations

import ast
import json
import platform
import re
import subprocess
import sys
import venv
from pathlib import Path

import pytest
from packaging._elffile import ELFFile

from pypi_subset.standalone import describe_target
from pypi_subset.targets.self_described import read_description
from tests.support.stages.descriptions import ENVIRONMENT, SCRIPT, describe


def test_the_script_is_written_for_python_3_6() -> None:
    """Nothing in it is newer than 3.6, as far as the grammar tells; the interpreters here tell the rest."""
    assert ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 6))


def test_machine_without_pip_is_described(tmp_path: Path) -> None:
    """No pip is a fact like others."""
    venv.create(tmp_path / "bare", with_pip=False, symlinks=True)
    python = tmp_path / "bare" / "bin" / "python"
    file = describe(python, tmp_path / "lab.json")
    assert json.loads(file.read_bytes())["pip"] is None
    assert "there is no pip" in read_description("lab", file).notes[0]


def test_broken_pip_does_not_break_the_description(tmp_path: Path) -> None:
    """A pip that tells its version and nothing else is described by that."""
    (tmp_path / "pip").mkdir()
    (tmp_path / "pip" / "__init__.py").touch()
    main = "import sys\nif sys.argv[1:] != ['--version']:\n    sys.exit('broken')\nprint('pip 21.1 from somewhere')\n"
    (tmp_path / "pip" / "__main__.py").write_text(main)
    file = describe(Path(sys.executable), tmp_path / "lab.json", PYTHONPATH=str(tmp_path))
    assert json.loads(file.read_bytes())["pip"] == {"version": "21.1", "tags": None, "tags_from": None}


def test_files_that_lie_around_are_no_modules(tmp_path: Path) -> None:
    """A file called ``pip.py`` where somebody happens to stand is not taken for pip."""
    (tmp_path / "pip.py").write_text("print('pip 99 from here')\n")
    done = subprocess.run([sys.executable, SCRIPT], capture_output=True, check=True, env=ENVIRONMENT, cwd=tmp_path)
    assert json.loads(done.stdout)["pip"]["version"] != "99"


def test_pip_debug_is_asked_if_pips_code_is_not_to_be_had(tmp_path: Path) -> None:
    """The list may come from ``pip debug`` too."""
    (tmp_path / "pip").mkdir()
    (tmp_path / "pip" / "__init__.py").touch()
    debug = "Compatible tags: 2\\n  cp312-cp312-linux_x86_64\\n  py3-none-any\\n"
    main = f"import sys\nprint('pip 21.1 from somewhere' if sys.argv[1] == '--version' else {debug!r})\n"
    (tmp_path / "pip" / "__main__.py").write_text(main.replace("\\\\n", "\\n"))
    file = describe(Path(sys.executable), tmp_path / "lab.json", PYTHONPATH=str(tmp_path))
    told = {"version": "21.1", "tags": ["cp312-cp312-linux_x86_64", "py3-none-any"], "tags_from": "pip debug"}
    assert json.loads(file.read_bytes())["pip"] == told


def test_help_says_how_to_use_it() -> None:
    """``--help`` shows the command and the line for ``subset.toml``."""
    done = subprocess.run([sys.executable, SCRIPT, "--help"], capture_output=True, text=True, check=True)
    assert "python3 describe_target.py > lab.json" in done.stdout
    assert 'lab = { file = "lab.json" }' in done.stdout


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full device")
def test_full_disk_is_told_in_one_line(tmp_path: Path) -> None:
    """What cannot be written is an error of one line, and of the exit code."""
    # Without pip's list the text is short enough to wait in a buffer until Python ends.
    (tmp_path / "pip.py").touch()
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, SCRIPT],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            env=ENVIRONMENT | {"PYTHONPATH": str(tmp_path)},
        )
    assert done.returncode == 1
    assert re.fullmatch(rb"describe_target.py: error: OSError: [^\n]*\n", done.stderr)


def test_unknown_argument_is_told_in_one_line() -> None:
    """A slip on the command line is one line and an exit code."""
    done = subprocess.run([sys.executable, SCRIPT, "--out=x"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "describe_target.py: error: it takes no argument; see --help\n"


@pytest.mark.parametrize(
    ("info", "text"),
    [
        ((3, 14, 0, "final", 0), "3.14.0"),
        ((3, 15, 0, "candidate", 2), "3.15.0c2"),
        ((3, 15, 0, "alpha", 1), "3.15.0a1"),
    ],
)
def test_version_of_a_release_to_come(info: tuple[int, int, int, str, int], text: str) -> None:
    """``implementation_version`` is spelt as the specification's own code spells it."""
    assert describe_target.full_version(info) == text


def test_musl_is_told_by_its_loader(tmp_path: Path) -> None:
    """The loader of musl, run alone, tells its version on standard error, and fails."""
    loader = tmp_path / "ld-musl-x86_64.so.1"
    loader.write_text(
        "#!/bin/sh\nprintf 'musl libc (x86_64)\\nVersion 1.2.5\\nDynamic Program Loader\\n' >&2\nexit 1\n"
    )
    loader.chmod(0o755)
    assert describe_target.musl_version(str(loader)) == "1.2"


def test_elf_header_is_read_as_packaging_reads_it() -> None:
    """Class, machine, flags and loader of an executable are those that `packaging` finds."""
    if not sys.platform.startswith("linux"):
        pytest.skip("needs an ELF executable")
    with Path(sys.executable).open("rb") as file:
        header = ELFFile(file)
        assert describe_target.read_elf(sys.executable) == {
            "class": header.capacity,
            "data": header.encoding,
            "machine": header.machine,
            "flags": header.flags,
            "interpreter": header.interpreter,
        }
    assert describe_target.read_elf(__file__) is None


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="needs a glibc")
def test_both_ways_to_glibc_lead_to_the_same_version() -> None:
    """Where confstr says nothing, the symbol that glibc alone has tells the version."""
    assert describe_target.glibc_by_ctypes() == describe_target.glibc_by_confstr()


def test_macos_10_16_is_asked_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """10.16 is what an old build says of every newer macOS, unless a variable is set."""
    python = tmp_path / "python"
    python.write_text('#!/bin/sh\ntest "$SYSTEM_VERSION_COMPAT" = 0 && echo 14.5\n')
    python.chmod(0o755)
    monkeypatch.setattr(platform, "mac_ver", lambda: ("10.16", ("", "", ""), "arm64"))
    monkeypatch.setattr(sys, "executable", str(python))
    assert describe_target.macos() == {"version": "14.5", "machine": "arm64"}
