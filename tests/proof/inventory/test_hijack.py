"""Wheels that bring the tools of an environment, or code that runs at each start of Python."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pypi_subset.proof.inventory import inventory
from pypi_subset.targets import tag
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from pypi_subset.model.checks import Check

WINDOWS = tag.parse("windows", "cp312-win_amd64")


def taken(root: Path, name: str, files: dict[str, bytes]) -> tuple[Check, ...]:
    """Return the inventory of a subset with one wheel of the project *name* that holds *files* besides its own."""
    wheel = make_wheel(name, files={f"{name}_own.py": b"", **files})
    subset = SubsetOnDisk(root, targets=[WINDOWS], lines=[name], pins={"windows": [wheel]}).write()
    return inventory.take(subset.paths, subset.plan)


@pytest.mark.parametrize(
    ("file", "what"),
    [
        ("aa-1.0.data/scripts/python", "bin/python"),
        ("aa-1.0.data/scripts/Python3.12.exe", "bin/Python3.12.exe"),
        ("aa-1.0.data/data/bin/python3", "bin/python3"),
        ("aa-1.0.data/data/Scripts/pip3.exe", "bin/pip3.exe"),
        ("aa-1.0.data/data/pyvenv.cfg", "pyvenv.cfg"),
        ("aa-1.0.data/data/lib/python3.12/site-packages/sitecustomize.py", "sitecustomize.py"),
        ("aa-1.0.data/platlib/usercustomize/__init__.py", "usercustomize"),
        ("sitecustomize.cpython-312-x86_64-linux-gnu.so", "sitecustomize.cpython-312-x86_64-linux-gnu.so"),
        ("SiteCustomize.py", "SiteCustomize.py"),
        ("pip/__main__.py", "pip"),
        ("pip.py", "pip.py"),
        ("_manylinux.py", "_manylinux.py"),
        ("./pip/x.py", "pip"),
        ("aa-1.0.data/scripts/pip.cmd", "bin/pip.cmd"),
        ("aa-1.0.data/scripts/python.com", "bin/python.com"),
        ("aa-1.0.data/scripts/activate", "bin/activate"),
        ("aa-1.0.data/data/bin/activate_this.py", "bin/activate_this.py"),
        ("aa-1.0.data/scripts/Activate.ps1", "bin/Activate.ps1"),
        ("aa-1.0.data/scripts/pyvenv.cfg", "bin/pyvenv.cfg"),
        ("aa-1.0.data/scripts/python312._pth", "bin/python312._pth"),
        ("aa-1.0.data/scripts/python3.dll", "bin/python3.dll"),
        ("aa-1.0.data/data/./pyvenv.cfg", "pyvenv.cfg"),
        ("aa-1.0.data/data/pip.conf", "pip.conf"),
        ("aa-1.0.data/data/pip.ini", "pip.ini"),
        ("aa-1.0.data/data/lib/python3.12/os.py", "lib/python3.12/os.py"),
        ("aa-1.0.data/data/Lib/os.py", "Lib/os.py"),
        ("aa-1.0.data/data/Lib/Site-Packages/sitecustomize.py", "sitecustomize.py"),
        ("msvcrt.py", "msvcrt.py"),
        ("_winapi/__init__.py", "_winapi"),
        ("org/python/core.py", "org/python"),
    ],
)
def test_what_replaces_a_tool_is_red(tmp_path: Path, file: str, what: str) -> None:
    """An interpreter, pip, or a module that Python or pip imports by itself: the inventory names wheel and file."""
    found = taken(tmp_path, "aa", {file: b""})
    words = f"aa-1.0-py3-none-any.whl (aa) brings {what}, which every environment has its own of"
    assert ("failed", words) in [(check.status, check.reason) for check in found]


@pytest.mark.parametrize("group", ["console_scripts", "gui_scripts"])
def test_an_entry_point_that_replaces_a_tool_is_red(tmp_path: Path, group: str) -> None:
    """A script that pip would write is as good as one in the wheel."""
    text = f"[{group}]\npython3 = aa:main\naa-tool = aa:main\n".encode()
    (check,) = taken(tmp_path, "aa", {"aa-1.0.dist-info/entry_points.txt": text})
    assert (check.status, "brings bin/python3," in check.reason) == ("failed", True)


def test_names_that_only_look_like_a_tool(tmp_path: Path) -> None:
    """Scripts such as pip-audit and python-argcomplete, and modules below a package, are nobody's tool."""
    files = {
        "aa-1.0.data/scripts/pip-audit": b"",
        "aa-1.0.data/scripts/python-argcomplete-tcsh": b"",
        "aa/pip/__init__.py": b"",
        "aa/sitecustomize.py": b"",
        "pip_api/__init__.py": b"",
        "aa-1.0.data/data/share/python": b"",
        "aa-1.0.data/scripts/activate-global-python-argcomplete": b"",
        "org/example/python.py": b"",
        "aa-1.0.data/data/etc/pip.conf": b"",
        "aa-1.0.data/data/lib/aa/os.py": b"",
        "aa-1.0.data/data/lib/python3.12/dist-packages/aa/os.py": b"",
        "aa/msvcrt.py": b"",
    }
    (check,) = taken(tmp_path, "aa", files)
    assert (check.status, check.notes) == ("passed", ())


def test_pip_brings_pip(tmp_path: Path) -> None:
    """The wheel of pip itself is green, but no interpreter may come with it."""
    files = {"pip/__init__.py": b"", "pip-1.0.dist-info/entry_points.txt": b"[console_scripts]\npip3 = pip:main\n"}
    (check,) = taken(tmp_path / "one", "pip", files)
    assert check.status == "passed"
    (check,) = taken(tmp_path / "other", "pip", {**files, "pip-1.0.data/scripts/python3": b""})
    assert (check.status, "brings bin/python3" in check.reason) == ("failed", True)


def test_code_at_each_start_is_a_note(tmp_path: Path) -> None:
    """Each ``.pth`` and ``.start`` file at the top is noted; elsewhere Python does not read it."""
    files = {"aa-nspkg.pth": b"", "aa-1.0.data/purelib/zz.start": b"", "aa/inner.pth": b""}
    (check,) = taken(tmp_path, "aa", files)
    assert (check.status, check.notes) == (
        "passed",
        (
            "aa-1.0-py3-none-any.whl brings aa-nspkg.pth, which Python reads at each start",
            "aa-1.0-py3-none-any.whl brings zz.start, which Python reads at each start",
        ),
    )


@pytest.mark.parametrize(
    "text",
    [
        "a = b\n[console_scripts]\npython3 = aa:main\n",
        "[[console_scripts]]\npython3 = aa:main\n",
        "[console_scripts]\nx = aa:main\n  python3 = aa:main\n",
        "[console_scripts]\npython3 = aa:main\n[x]\n=\n",
        "[console_scripts]\n./../bin/python3 = aa:main\n",
    ],
)
def test_entry_points_that_a_strict_reader_refuses(tmp_path: Path, text: str) -> None:
    """What pip reads as a script counts, although other readers see a fault or the continuation of a line."""
    red = [check.reason for check in taken(tmp_path, "aa", {"aa-1.0.dist-info/entry_points.txt": text.encode()})]
    assert any("brings bin/python3, which" in reason for reason in red)


def test_names_that_lead_elsewhere(tmp_path: Path) -> None:
    """A script or a file whose name is a way to another directory is red, whatever it is called there."""
    long = b"#" * (1 << 20) + b"\n[console_scripts]\npython3 = aa:main\n"
    text = b"[console_scripts]\n../lib/x = aa:main\n/abs/y = aa:main\n"
    files = {"aa/../sitecustomize.py": b"", "aa-1.0.dist-info/entry_points.txt": text}
    reasons = [check.reason for check in taken(tmp_path / "one", "aa", files)]
    assert {reason.partition("brings ")[2] for reason in reasons if "brings " in reason} == {
        "a file named 'aa/../sitecustomize.py', which leads elsewhere",
        "a script named '../lib/x', which leads elsewhere",
        "a script named '/abs/y', which leads elsewhere",
    }
    *_, check = taken(tmp_path / "other", "aa", {"aa-1.0.dist-info/entry_points.txt": long})
    assert check.reason.endswith("entry_points.txt, which is longer than 1048576 bytes")
