"""What pip's own process changes in pip."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

import pytest
from packaging.markers import Marker
from pip._vendor.packaging import markers

from pypi_subset.pip import changes, runner
from pypi_subset.targets.markers import decided
from pypi_subset.targets.pips.flags import pip_flags
from pypi_subset.upstream.catalog import Upstream
from pypi_subset.upstream.gateway import Loopback
from pypi_subset.upstream.pip_config import read_network
from tests.support.stages.values import LINUX
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


#: More releases than pip reads first.
MANY = range(9)


def add_releases(index: Index) -> None:
    """Give *index* projects of which the newest releases do, or do not, decide."""
    for project, since in (("app", 7), ("deep", 2)):
        index.add(*(make_wheel(project, f"{one}.0", requires=["lib>=2"] * (one >= since)) for one in MANY))
    index.add(make_wheel("app", "10.0rc1"), make_wheel("lib"), make_wheel("old", requires=["app<3"]))
    index.add(*(make_wheel("young", f"1.{one}", requires_python=">=3.99") for one in MANY), make_wheel("young", "0.9"))
    index.add(*(make_wheel("late", f"1.0a{one}") for one in MANY))
    gone = [make_wheel("gone", f"{one}.0") for one in MANY]
    index.add(*gone)
    for one in gone[2:]:
        index.yank(one)


def tried(url: str, work: Path, wanted: str, environment: dict[str, str] | None) -> tuple[int, list[str], list[str]]:
    """Return pip's exit code, what it read and would install, in that order, and its complaint."""
    command = ["install", "--dry-run", "--ignore-installed", "--only-binary", ":all:", "--index-url", url]
    done = runner.run([*command, *pip_flags(LINUX), *wanted.split()], work=work, environment=environment)
    lines = [line for line in done.stdout.splitlines() if line.startswith(("Collecting", "  Downloading", "Would"))]
    return done.returncode, lines, [runner.complaint(done)] if done.returncode else []


@pytest.mark.parametrize(
    ("wanted", "whole", "taken"),
    [
        ("app", {"lib"}, "app-6.0"),
        ("app<6", set(), "app-5.0"),
        ("deep", {"deep", "lib"}, "deep-1.0"),
        ("app old", {"app", "lib"}, "app-2.0 old-1.0"),
        ("app!=5,!=6,!=7,!=8", {"app"}, "app-4.0"),
        ("app>=10.0rc1", {"app"}, "app-10.0rc1"),
        ("young", {"young"}, "young-0.9"),
        ("late", {"late"}, "late-1.0a8"),
        ("gone", {"gone"}, "gone-1.0"),
        ("gone==8.0", {"gone"}, "gone-8.0"),
        ("app lib>1", {"lib"}, ""),
        ("app>20", {"app"}, ""),
    ],
)
def test_the_newest_releases_are_read_first(
    configured_index: Index,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    wanted: str,
    whole: set[str],
    taken: str,
) -> None:
    """pip tries what it tries with whole pages, in that order, and reads a whole page only if older releases decide."""
    add_releases(configured_index)
    caplog.set_level(logging.DEBUG)
    for place in ("1", "2"):
        (tmp_path / place).mkdir()
    with Loopback(Upstream(read_network(), store=tmp_path / "store", shelf=tmp_path), [LINUX]) as loopback:
        url = loopback.run_of(LINUX)[1]
        plain = tried(url, tmp_path / "1", wanted, None)
        caplog.clear()
        found = tried(url, tmp_path / "2", wanted, dict(LINUX.environment))
    assert found == plain
    assert found[1][-1:] == [f"Would install {taken}"] or not taken
    assert set(re.findall(r"/simple/linux\.\d+/([a-z]+)/", caplog.text)) == whole
