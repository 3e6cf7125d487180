"""Directories of requirements, from texts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pypi_subset.errors import InputFaults
from pypi_subset.requirements.reach import NOWHERE, Reach
from pypi_subset.requirements.subset import read_subset

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pypi_subset.model.requests import Request, Subset


LINUX = '[targets]\nlinux = "cp310-manylinux2014_x86_64"\n'


SHA = "sha256:" + "0" * 64


def plan_of(
    files: Mapping[str, str | bytes] | str, toml: str = LINUX, root: Path | None = None, reach: Reach = NOWHERE
) -> Subset:
    """Return the plan of a directory with *files* and a ``subset.toml``; a text alone is ``base.txt``."""
    root = root or Path("requirements")
    contents = {"base.txt": files} if isinstance(files, str) else files
    for name, content in {"subset.toml": toml, **contents}.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_subset(root, reach)


def faults_of(files: Mapping[str, str | bytes] | str, toml: str = LINUX, reach: Reach = NOWHERE) -> list[str]:
    """Return the faults of such a directory, each as it is printed."""
    with pytest.raises(InputFaults) as caught:
        plan_of(files, toml, reach=reach)
    return [str(fault).replace("requirements/", "") for fault in caught.value.faults]


def lines_of(requests: Iterable[Request]) -> list[str]:
    """Return requests as ``origin requirement``."""
    return [f"{request.origin} {request}" for request in requests]


PIECES = (
    "pandas", "pandas<3", " numpy>=1", ";python_version<'3'", "six [a]", f"--hash={SHA}", f"--hash {SHA}", "-r more.txt",
    "-c  limits.txt", "#", " #", "\\", "\\\\", "\n", "\n", "\n", "\\\n", "\r\n", "\f", "\t", " ", "${FLOOR}", "${NONE}", "'",
    "--pre", "--prefer-binary", "--only-binary :all:", " -i https://one.example/simple", "--trusted-host x", "-f /opt/wheels",
)  # fmt: skip


TOML = (
    "[targets]", "[sets.base]", "[sets]", "[policy]", "x", "=", "'host'", "3.10", "{", "}", "tag", "python", "[", "]", ",",
    "\n", "\n", '"', "'cp310-win32'", "targets", "base", ".", " ", "\ufeff", "é", "#",
)  # fmt: skip
