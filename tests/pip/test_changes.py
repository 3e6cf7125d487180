"""What pip's own process changes in pip."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from packaging.markers import Marker
from pip._vendor.packaging import markers

from pypi_subset.pip import changes, runner
from pypi_subset.targets.markers import decided
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.servers.index import Index

#: A machine that leaves the two values of the kernel open.
VALUES = {
    "implementation_name": "cpython",
    "implementation_version": "3.11.4",
    "os_name": "posix",
    "platform_machine": "riscv64",
    "platform_python_implementation": "CPython",
    "platform_system": "Linux",
    "python_full_version": "3.11.4",
    "python_version": "3.11",
    "sys_platform": "linux",
}


@pytest.fixture
def changed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Change the pip of this process for the length of a test."""
    for name in ("default_environment", "_evaluate_markers"):
        monkeypatch.setattr(markers, name, getattr(markers, name))
    monkeypatch.setattr(changes, "_VALUES", {})
    monkeypatch.setattr(changes, "_DONE", [])
    changes.replace_markers()
    changes.replace_markers(VALUES)
    yield
    monkeypatch.undo()


@pytest.mark.usefixtures("changed")
@pytest.mark.parametrize(
    "text",
    [
        "platform_machine == 'riscv64'",
        "sys_platform == 'win32' or python_version < '3'",
        "platform_release >= '5'",
        "platform_release != '5'",
        "'arm' not in platform_version",
        "platform_system == 'Darwin' and 'arm' not in platform_version",
        "platform_system == 'Linux' or 'arm' not in platform_version",
        "(platform_release == '5' or os_name == 'posix') and (platform_version == '1' or extra == 'x')",
        "platform_release == '5' and os_name == 'posix' or extra == 'x'",
        "'linux' == sys_platform and '5' == platform_release",
    ],
)
@pytest.mark.parametrize("extra", ["", "x"])
def test_an_open_marker_is_false_for_pip(text: str, extra: str) -> None:
    """pip evaluates as `decided`, and takes what that leaves open for false."""
    wanted = decided(Marker(text), VALUES, [extra])
    assert any(markers.Marker(text).evaluate({"extra": one}) for one in ("", extra)) == (wanted is True)


@pytest.mark.parametrize(
    ("wanted", "installed", "taken"),
    [
        ("lib", {"lib": "1.0"}, []),
        ("lib>=0.5", {"lib": "1.0.dev3+local"}, []),
        ("lib[more]", {"lib": "1.0"}, []),
        ("lib>=2", {"lib": "1.0"}, ["lib-2.0"]),
        ("lib", {}, ["lib-2.0"]),
        ("lib", {"other": "1.0"}, ["lib-2.0"]),
        ("app", {"lib": "1.0"}, ["app-1.0"]),
        ("app[new]", {"lib": "1.0"}, ["app-1.0", "lib-2.0"]),
    ],
)
def test_what_is_installed_is_kept(
    index: Index, tmp_path: Path, wanted: str, installed: dict[str, str], taken: list[str]
) -> None:
    """pip keeps a project that satisfies, although the index has a newer one, and installs any other beside it."""
    index.add(make_wheel("lib", "2.0"), make_wheel("app", requires=["lib", "lib>=2; extra == 'new'"], extras=["new"]))
    command = ["install", "--index-url", index.url, "--target", str(tmp_path / "there"), wanted]
    environment = VALUES | {"platform_release": "", "platform_version": ""}
    result = runner.run(command, work=tmp_path, environment=environment, installed=installed)
    assert result.returncode == 0, result.stderr
    assert "uninstall" not in result.stdout
    assert sorted(path.name.removesuffix(".dist-info") for path in (tmp_path / "there").glob("*.dist-info")) == taken
