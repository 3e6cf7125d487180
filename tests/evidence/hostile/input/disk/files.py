"""Attacks by files that the tool reads or writes."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING
from unittest import mock

from packaging.requirements import Requirement

from pypi_subset.distributions import metadata
from pypi_subset.locks import lockfile
from pypi_subset.packages.file_cache import FileCache
from pypi_subset.proof.cases import lock_reader
from pypi_subset.requirements import documents, encodings
from pypi_subset.requirements import toml as settings
from pypi_subset.requirements.lines import requirements_txt
from pypi_subset.requirements.subset import read_subset
from pypi_subset.site import builder
from pypi_subset.site.builder import build_index
from pypi_subset.support import bounds, files
from pypi_subset.targets.self_described import read_description
from pypi_subset.upstream.constraints import read_constraints
from pypi_subset.upstream.pip_config import read_network
from tests.evidence.hostile.input.attack import InputAttack, both, breaks, lasts, setting, slow, without

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pypi_subset.model.requests import Subset
    from tests.evidence.hostile.input.attack import Attempt, Door


def _pipe(path: Path) -> Path:
    """Return *path*, which is a pipe now."""
    os.mkfifo(path)
    return path


def _replaces_a_directory_of_others(folder: Path) -> bool:
    """Have an index built over a directory that holds something else."""
    letter = folder / "letters" / "to-a-friend.txt"
    letter.parent.mkdir()
    letter.write_text("dear friend")
    build_index((), letter.parent)
    return not letter.exists()


def _unread(path: Path, _limit: int | None = None) -> bytes:
    """Read a file as any file is read."""
    return path.read_bytes()


def _subset(folder: Path, contents: Mapping[str, str], toml: str = "") -> Subset:
    """Read requirements with *contents*, by path below their directory."""
    root = folder / "requirements"
    settings_of = f'[targets]\nlinux = "cp310-manylinux2014_x86_64"\n{toml}'
    for name, text in {"subset.toml": settings_of, "base.txt": "six\n", **contents}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        if not (root / name).exists():
            (root / name).write_text(text)
    return read_subset(root)


def _waits(name: str, read: Callable[[Path], object]) -> Attempt:
    """Return an attempt to let a run wait: a pipe stands at *name*, and is read."""

    def attempt(folder: Path) -> bool:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(folder / name)
        return lasts(lambda: read(folder), 5)

    return attempt


def _constraints(folder: Path) -> object:
    """Read the user's constraints, which include a file that a change may replace."""
    (folder / "limits.txt").write_text("-c more.txt")
    with mock.patch.dict(os.environ, {"PIP_CONSTRAINT": str(folder / "limits.txt")}):
        return read_constraints(read_network())


def _chain(count: int) -> dict[str, str]:
    return {"base.txt": "-r parts/0.txt", **{f"parts/{n}.txt": f"-r {n + 1}.txt\nsix" for n in range(count)}}


def _source(folder: Path, name: str, text: str, more: str = "") -> Subset:
    (folder / name).write_text(text)
    return _subset(folder, {}, f'[sets.app]\nsource = "../{name}"\n{more}')


def _groups(count: int, times: int) -> str:
    lines = (f"g{n} = [{', '.join([f'{{include-group = {chr(34)}g{n + 1}{chr(34)}}}'] * times)}]" for n in range(count))
    return "\n".join(["[dependency-groups]", *lines, f'g{count} = ["six"]'])


def _requested(name: str, text: str, sought: str) -> Attempt:
    """Return an attempt to get what is *sought* into a request for pip, by a document at *name*."""

    def attempt(folder: Path) -> bool:
        found = _source(folder, name, text).sets
        return any(sought in str(one) for each in found for one in each.requests)

    return attempt


_PYLOCK = f"""lock-version = "1.0"
created-by = "x"
[[packages]]
name = "six"
version = "1.0"
marker = "platform_release != '%s'"
wheels = [{{name = "six-1.0-py3-none-any.whl", url = "https://h.example/x", hashes = {{sha256 = "{"0" * 64}"}}}}]
"""
_VARIABLE, _DIGITS = "${HOME}", "9" * 5000

_DEEP = f"six; {'(' * 5000}os_name == 'a'{')' * 5000}"
_METADATA = f"Metadata-Version: 2.1\nName: app\nVersion: 1.0\nRequires-Dist: {_DEEP}\n\n".encode()


def _metadata_of_brackets(_folder: Path) -> bool:
    """Have a wheel judged whose markers no parser can read."""

    def read() -> None:
        metadata.check_metadata(_METADATA, "app-1.0-py3-none-any.whl")
        for text in metadata.dependencies_of(_METADATA).requires:
            Requirement(text)

    return breaks(read)


def _by_the_expression(lines: list[str]) -> list[tuple[int, list[str]]]:
    """Find blocks by the expression of PEP 723."""
    found = re.finditer(r"(?m)^# /// script$\s(?P<content>(^#(| .*)$\s)+)^# ///$", "\n".join(lines))
    return [(0, one["content"].split("\n")) for one in found]


_PLAIN: Door = setting(files, read_input=_unread)
_UNCOUNTED: Door = setting(bounds, DEEPEST=1 << 40, MOST_GROUPS=1 << 40)


def _attack(name: str, attempt: Attempt, door: Door) -> InputAttack:
    return InputAttack(name=name, kind="files", attempt=attempt, door=door)


def _slow_requirements(text: str) -> Attempt:
    return lambda folder: slow(lambda: _subset(folder, {"base.txt": text}), 3)


ATTACKS = [
    _attack("pipe-as-requirements", _waits("requirements/base.txt", lambda folder: _subset(folder, {})), _PLAIN),
    _attack("pipe-as-settings", _waits("requirements/subset.toml", lambda folder: _subset(folder, {})), _PLAIN),
    _attack(
        "pipe-as-include",
        _waits("requirements/more.txt", lambda folder: _subset(folder, {"base.txt": "-r more.txt"})),
        _PLAIN,
    ),
    _attack(
        "pipe-as-source",
        _waits("tool.py", lambda folder: _subset(folder, {}, '[sets.app]\nsource = "../tool.py"')),
        _PLAIN,
    ),
    _attack(
        "pipe-as-description", _waits("lab.json", lambda folder: read_description("lab", folder / "lab.json")), _PLAIN
    ),
    _attack(
        "pipe-as-lock", _waits("pylock.a--b.toml", lambda folder: lockfile.read(folder / "pylock.a--b.toml")), _PLAIN
    ),
    _attack("pipe-as-lock-of-a-proof", _waits("lock", lambda folder: lock_reader.read(folder / "lock")), _PLAIN),
    _attack(
        "pipe-as-constraints",
        _waits("more.txt", _constraints),
        lambda: mock.patch("pypi_subset.upstream.constraints._require_text"),
    ),
    _attack(
        "chain-of-includes",
        lambda folder: breaks(lambda: _subset(folder, _chain(2000))),
        setting(bounds, DEEPEST_INCLUDE=1 << 40, MOST_FILES=1 << 40),
    ),
    _attack(
        "groups-that-double",
        lambda folder: lasts(lambda: _source(folder, "pyproject.toml", _groups(40, 2), 'groups = ["g0"]'), 8),
        _UNCOUNTED,
    ),
    _attack(
        "chain-of-groups",
        lambda folder: breaks(lambda: _source(folder, "pyproject.toml", _groups(2000, 1), 'groups = ["g0"]')),
        _UNCOUNTED,
    ),
    _attack(
        "key-of-many-parts",
        lambda folder: slow(lambda: _source(folder, "pyproject.toml", "a." * 20_000 + "a = 1"), 3),
        without(settings, "_is_deep", result=False),
    ),
    _attack(
        "variable-in-a-project",
        _requested(
            "pyproject.toml", f"[project]\ndependencies = [\"six; platform_release != '{_VARIABLE}'\"]", _VARIABLE
        ),
        without(requirements_txt, "_unusable"),
    ),
    _attack(
        "variable-in-a-lock-of-a-tool",
        _requested("pylock.toml", _PYLOCK % _VARIABLE, _VARIABLE),
        without(requirements_txt, "_unusable"),
    ),
    _attack(
        "codes-in-a-lock-of-a-tool",
        _requested("pylock.toml", _PYLOCK % "\\u001b[2J", "\x1b"),
        setting(requirements_txt, printable=lambda text: text),
    ),
    _attack(
        "python-of-many-digits",
        lambda folder: breaks(
            lambda: _subset(folder, {}, f'new = {{tag = "cp312-win_amd64", python = "3.12.{_DIGITS}"}}')
        ),
        setting(bounds, LONGEST_NUMBER=1 << 40),
    ),
    _attack("marker-of-brackets", lambda folder: breaks(lambda: _subset(folder, {"base.txt": _DEEP})), _UNCOUNTED),
    _attack("metadata-of-brackets", _metadata_of_brackets, _UNCOUNTED),
    _attack(
        "line-of-blanks",
        _slow_requirements("six" + " " * 36_000 + "x"),
        setting(requirements_txt, _without_comment=lambda line: re.sub(r"(^|\s+)#.*$", "", line)),
    ),
    _attack(
        "slow-encoding-of-requirements",
        _slow_requirements("# coding: punycode\n-" + "a" * 300_000),
        both(setting(encodings, _NO_FILES=frozenset()), setting(bounds, LONGEST_LINE=1 << 40)),
    ),
    _attack(
        "script-of-openings",
        lambda folder: slow(lambda: _source(folder, "tool.py", "# /// script\n" * 8_000), 3),
        setting(documents, _blocks=_by_the_expression),
    ),
    _attack(
        "cache-that-is-a-pipe",
        lambda folder: lasts(lambda: FileCache(_pipe(folder / "cache")), 2),
        setting(files, read_input=lambda path, _limit=None: path.read_bytes()),
    ),
    InputAttack(
        name="site-over-a-directory-of-others",
        kind="files",
        attempt=_replaces_a_directory_of_others,
        door=without(builder, "require_own"),
    ),
]
