"""What is compared: requests whose answer differs from machine to machine, and the machines, for uv and nab too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pypi_subset.targets import tag as targets
from tests.evidence.bench.jobs import NAB, UV

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pypi_subset.model.targets import Target

#: Projects with markers on the system, on Python or on its implementation, or with binary wheels, or above such.
REQUESTS = (
    *("aiohttp", "alembic", "altair", "black", "bokeh", "boto3", "build", "celery[redis]", "click", "colorlog"),
    *("concurrent-log-handler", "coverage[toml]", "cryptography", "dask[complete]", "debugpy", "distributed", "django"),
    *("eventlet", "fastapi", "flake8", "flask", "gevent", "grpcio", "gunicorn", "hatch", "httpx[http2]"),
    *("hypothesis[zoneinfo]", "importlib-metadata", "ipykernel", "ipython", "isort", "jsonschema[format]"),
    *("jupyter-core", "keyring", "loguru", "matplotlib", "mkdocs", "mypy", "nbconvert", "notebook", "numba"),
    *("onnxruntime", "opencv-python", "pandas", "paramiko", "pip-tools", "poetry-core", "polars", "portalocker"),
    *("prompt-toolkit", "psutil", "pyarrow", "pyinstaller", "pylint", "pyside6", "pystray", "pytest", "pyzmq"),
    *("redis", "requests[socks]", "rich", "scikit-learn", "scrapy", "send2trash", "spyder-kernels", "sqlalchemy"),
    *("streamlit", "terminado", "tornado", "tox", "tqdm", "twine", "twisted[tls]", "typer", "uvicorn[standard]"),
    *("virtualenv", "watchdog", "watchfiles"),
)

#: By platform tag: nab's table, uv's name, and what uv wants to be told in a variable.
NAB_PLATFORMS: Mapping[str, str] = {
    **NAB,
    "manylinux2014_x86_64": 'id = "linux_x86_64", runs-on-libc = "2.17"',
    "manylinux_2_28_aarch64": 'id = "linux_aarch64", runs-on-libc = "2.28"',
    "macosx_13_0_x86_64": 'id = "macos_x86_64", runs-on-macos = "13.0"',
    "musllinux_1_2_x86_64": 'id = "linux_x86_64", libc = "musl", runs-on-libc = "1.2"',
}
UV_PLATFORMS: Mapping[str, tuple[str, Mapping[str, str]]] = {
    **UV,
    "manylinux2014_x86_64": ("x86_64-manylinux2014", {}),
    "manylinux_2_28_aarch64": ("aarch64-manylinux_2_28", {}),
    "macosx_13_0_x86_64": ("x86_64-apple-darwin", {"MACOSX_DEPLOYMENT_TARGET": "13.0"}),
    "musllinux_1_2_x86_64": ("x86_64-unknown-linux-musl", {}),
}


def _target(minor: int, platform: str, patch: int = 0) -> Target:
    """A target at one patch level, as uv and nab can be told no other: X.Y alone would stand for all of them."""
    tag = f"cp3{minor}-{platform}"
    return targets.parse(tag, tag, f"3.{minor}.{patch}")


TARGETS = (
    _target(9, "manylinux2014_x86_64"),
    # Others are shut out at this patch level than at 3.9.0.
    _target(9, "win_amd64", patch=7),
    _target(10, "manylinux_2_28_aarch64"),
    _target(10, "macosx_13_0_x86_64"),
    _target(11, "manylinux_2_28_x86_64"),
    _target(11, "macosx_13_0_arm64"),
    _target(12, "manylinux2014_x86_64"),
    _target(12, "win_amd64"),
    _target(13, "macosx_14_0_arm64"),
    _target(13, "musllinux_1_2_x86_64"),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One request on one target."""

    request: str
    target: Target

    @property
    def name(self) -> str:
        """``<request> on <target>``."""
        return f"{self.request} on {self.target.name}"

    @property
    def platform(self) -> str:
        """The platform tag, by which uv's and nab's words for it are found."""
        return self.target.platform

    @property
    def python(self) -> str:
        """The full version of Python."""
        return ".".join(map(str, self.target.python))


ALL = tuple(Case(request=request, target=target) for request in REQUESTS for target in TARGETS)

#: A moment before which files must be uploaded, some months before the record of the table below was made.
CUTOFF = "2026-09-01T00:00:00Z"
#: What is compared at the cut-off.
AGED = tuple(one for one in ALL if one.request in REQUESTS[:20])

#: What `make test` compares: an old Linux, a Mac and a Windows, and what asks each for something else.
CUT = tuple(
    Case(request=request, target=TARGETS[number])
    for request in ("keyring", "uvicorn[standard]", "redis")
    for number in (0, 5, 7)
)

#: What `make test` compares at the cut-off: projects with releases on both sides of it.
AGED_CUT = tuple(
    Case(request=request, target=TARGETS[number])
    for request in ("boto3", "coverage[toml]", "django")
    for number in (0, 5, 7)
)
