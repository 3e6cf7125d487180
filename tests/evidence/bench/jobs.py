"""What is mirrored: requirements and targets, as plain data that every tool's own words are made from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pypi_subset.targets import tag as targets

if TYPE_CHECKING:
    from pypi_subset.model.targets import Target

#: nab's table and uv's name of a platform; what uv leaves open is said in a variable. Keys are platform tags.
NAB = {
    "win_amd64": 'id = "windows_amd64"',
    "manylinux_2_28_x86_64": 'id = "linux_x86_64", runs-on-libc = "2.28"',
    "macosx_13_0_arm64": 'id = "macos_arm64", runs-on-macos = "13.0"',
    "macosx_14_0_arm64": 'id = "macos_arm64", runs-on-macos = "14.0"',
}
UV = {
    "win_amd64": ("x86_64-pc-windows-msvc", {}),
    "manylinux_2_28_x86_64": ("x86_64-manylinux_2_28", {}),
    "macosx_13_0_arm64": ("aarch64-apple-darwin", {"MACOSX_DEPLOYMENT_TARGET": "13.0"}),
    "macosx_14_0_arm64": ("aarch64-apple-darwin", {"MACOSX_DEPLOYMENT_TARGET": "14.0"}),
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Machine:
    """One target: the minor of CPython 3, and a platform tag that `NAB` and `UV` know."""

    minor: int
    platform: str

    @property
    def name(self) -> str:
        """A target's name as in ``subset.toml``."""
        return f"py3{self.minor}-{self.platform.partition('_')[0]}"

    @property
    def tag(self) -> str:
        """``<python>-<platform>``."""
        return f"cp3{self.minor}-{self.platform}"

    @property
    def target(self) -> Target:
        """Tags and markers, from our own table."""
        return targets.parse(self.name, self.tag)


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """What is asked for, and for which machines."""

    name: str
    requirements: tuple[str, ...]
    machines: tuple[Machine, ...]

    @property
    def requirements_txt(self) -> str:
        """A requirements file."""
        return "".join(f"{line}\n" for line in self.requirements)

    @property
    def subset_toml(self) -> str:
        """Our own settings."""
        return "[targets]\n" + "".join(f'{machine.name} = "{machine.tag}"\n' for machine in self.machines)


_MARKERS = ("click", "pytest", "ipython", "uvicorn[standard]", "jupyter-core", "keyring")

#: Requirements whose markers differ from machine to machine, and those with the big binary wheels of the classic example.
JOBS = (
    Job(
        name="4 targets",
        requirements=_MARKERS,
        machines=(
            Machine(minor=10, platform="win_amd64"),
            Machine(minor=10, platform="manylinux_2_28_x86_64"),
            Machine(minor=13, platform="manylinux_2_28_x86_64"),
            Machine(minor=12, platform="macosx_13_0_arm64"),
        ),
    ),
    Job(
        name="12 targets",
        requirements=("pandas", "scikit-learn", *_MARKERS),
        machines=tuple(
            Machine(minor=minor, platform=platform)
            for minor in (10, 11, 12, 13)
            for platform in ("manylinux_2_28_x86_64", "macosx_14_0_arm64", "win_amd64")
        ),
    ),
)
