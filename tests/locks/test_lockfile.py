"""Lock files: the standard's form, nothing lost, the same lock the same bytes."""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs
from packaging.markers import Marker
from packaging.pylock import Pylock
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.errors import FolderError, LockError
from pypi_subset.locks import lockfile
from pypi_subset.model.distributions import Distribution, Standing
from pypi_subset.model.locks import Inputs, Lock, Outdated, Pin, Reason
from tests.support.stages.values import BRISK, LINUX, WINDOWS

if TYPE_CHECKING:
    from packaging.markers import Environment

    from pypi_subset.model.targets import Target

INPUTS = Inputs(requirement_set="a", target="b", policy="c", constraint="d")

#: Whatever a project may write where TOML, the standard and we must agree.
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)

REQUIREMENT = st.sampled_from(["App", "lib_x >=1,!=1.5", "a[B,c]; extra == 'd'", 'b ; os_name=="nt"']).map(Requirement)


@st.composite
def pins(draw: st.DrawFn) -> Pin:
    """Return a pin with any mixture of known and unknown facts."""
    name, version = draw(st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)), draw(st.integers(0, 99))
    moment = "2024-02-03T04:05:06" + draw(st.sampled_from(["Z", ".789000Z", ".000001Z"]))
    distribution = Distribution(
        filename=f"{name}-{version}-py3-none-any.whl",
        project=canonicalize_name(name),
        version=Version(str(version)),
        size=draw(st.integers(0, 1 << 40)),
        sha256=draw(st.from_regex(r"[0-9a-f]{64}", fullmatch=True)),
        requires_python=draw(st.sampled_from([None, ">=3.8", ">=3.8, <4.0", "<4,>=3.6,!=3.7.*", ">=3.6.*", "any"])),
        url=draw(st.sampled_from([None, f"https://index.example/files/{name}-{version}-py3-none-any.whl"])),
        upload_time=draw(st.sampled_from([None, moment])),
        yanked=draw(st.none() | TEXT),
        provenance=draw(st.sampled_from([None, "https://index.example/attested"])),
        metadata=draw(st.sampled_from([None, "1" * 64])),
        standing=draw(st.none() | st.builds(Standing, status=st.just("archived"), reason=TEXT)),
    )
    reasons = draw(
        st.lists(
            st.builds(Reason, requirement=REQUIREMENT, by=st.just("other"))
            | st.builds(Reason, requirement=REQUIREMENT, origin=st.just("base.txt:1")),
            max_size=3,
        )
    )
    extras = draw(st.lists(st.sampled_from([canonicalize_name("fast"), canonicalize_name("all")]), unique=True))
    marker = draw(st.sampled_from([None, Marker('python_full_version < "3.11.3"')]))
    return Pin(distribution=distribution, reasons=tuple(reasons), extras=tuple(extras), marker=marker)


def lock_of(*chosen: Pin, target: Target = LINUX) -> Lock:
    """Return a lock of *chosen*."""
    return Lock(set_name="base", target_name=target.name, inputs=INPUTS, pins=chosen)


@given(st.lists(pins(), max_size=4, unique_by=lambda pin: pin.distribution.project))
@BRISK
def test_nothing_is_lost(tmp_path_factory: pytest.TempPathFactory, chosen: list[Pin]) -> None:
    """What is written is read back as it was, and written again it is the same to the byte."""
    folder = tmp_path_factory.getbasetemp()
    one = lock_of(*chosen)
    data = lockfile.dump(one, folder=folder, target=LINUX, packages=folder / "packages")
    path = lockfile.path_of(folder, one.name)
    path.write_bytes(data)
    assert lockfile.read(path) == one
    assert lockfile.dump(lockfile.read(path), folder=folder, target=LINUX, packages=folder / "packages") == data


def simple(**facts: object) -> Pin:
    """Return a pin of ``app 1.0``, a request."""
    known = {"size": 10, "sha256": "0" * 64, "url": "https://index.example/app-1.0-py3-none-any.whl"} | facts
    distribution = Distribution(
        filename="app-1.0-py3-none-any.whl",
        project=canonicalize_name("app"),
        version=Version("1.0"),
        **known,  # type: ignore[arg-type]
    )
    return Pin(distribution=distribution, reasons=(Reason(requirement=Requirement("app"), origin="base.txt:1"),))


def environment(target: Target) -> Environment:
    """Return all eleven values of *target*'s machine."""
    return cast("Environment", {"platform_release": "", "platform_version": "", **target.environment})


def test_a_standard_reader_selects_from_it() -> None:
    """`packaging` picks the file for the lock's own machine, and refuses the lock on another one (PEP 751)."""
    data = lockfile.dump(lock_of(simple()), folder=Path("lock"), target=LINUX, packages=Path("packages"))
    pylock = Pylock.from_dict(tomllib.loads(data.decode()))
    pylock.validate()
    chosen = list(pylock.select(environment=environment(LINUX), tags=LINUX.tags))
    assert [package.name for package, _ in chosen] == ["app"]
    with pytest.raises(Exception, match="environment"):
        list(pylock.select(environment=environment(WINDOWS), tags=WINDOWS.tags))


def test_a_project_may_stand_there_twice(tmp_path: Path) -> None:
    """Two versions under disjoint markers are two entries, and a standard reader takes the one that holds."""
    early, late = (Marker(f'python_full_version {sign} "3.10.5"') for sign in ("<", ">="))
    one = replace(simple(), marker=early)
    changed = structs.replace(one.distribution, version=Version("2.0"), filename="app-2.0-py3-none-any.whl", url=None)
    other = replace(one, marker=late, distribution=changed)
    path = lockfile.path_of(tmp_path, "base--linux")
    path.write_bytes(lockfile.dump(lock_of(one, other), folder=tmp_path, target=LINUX, packages=tmp_path))
    assert lockfile.read(path).pins == (one, other)
    pylock = Pylock.from_dict(tomllib.loads(path.read_text()))
    ((package, _),) = pylock.select(environment=environment(LINUX), tags=LINUX.tags)
    assert str(package.version) == "1.0"


def test_requires_python_is_kept_as_written() -> None:
    """The standard's field is normalized; what the project wrote stays beside it, so that pages never change."""
    bound = ">=3.8, <4.0"
    data = lockfile.dump(lock_of(simple(requires_python=bound)), folder=Path("l"), target=LINUX, packages=Path("p"))
    (package,) = tomllib.loads(data.decode())["packages"]
    assert package["tool"]["pypi-subset"]["requires-python"] == bound
    assert SpecifierSet(package["requires-python"]) == SpecifierSet(bound)


def test_a_local_file_has_a_relative_path(tmp_path: Path) -> None:
    """Where there is no URL, the path leads from the lock's directory into packages/, wherever that is."""
    folder = tmp_path / "requirements" / "lock"
    data = lockfile.dump(
        lock_of(simple(url=None)), folder=folder, target=LINUX, packages=tmp_path / "other" / "packages"
    )
    (wheel,) = tomllib.loads(data.decode())["packages"][0]["wheels"]
    assert wheel["path"] == "../../other/packages/app-1.0-py3-none-any.whl"
    assert "url" not in wheel


@pytest.mark.parametrize("schema", ['"1"', '"1.0"', '"1.12"'])
def test_a_later_minor_schema_is_read(tmp_path: Path, schema: str) -> None:
    """A lock of the same major schema is read; fields that this version does not know are ignored."""
    lock = lock_of(simple())
    data = lockfile.dump(lock, folder=tmp_path, target=LINUX, packages=tmp_path).decode()
    path = lockfile.path_of(tmp_path, "base--linux")
    path.write_text(data.replace("schema = 1\n", f"schema = {schema}\nsigned-by = ['us']\n"))
    assert lockfile.read(path) == lock
    assert data.count("schema = 1\n") == 1


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("schema = 1", "schema = 2", "schema 2, this version reads 1; upgrade pypi-subset"),
        ("schema = 1", 'schema = "2.0"', "schema 2.0, this version reads 1; upgrade pypi-subset"),
        ("schema = 1", 'schema = "10"', "schema 10, this version reads 1; upgrade pypi-subset"),
        ("schema = 1", "schema = true", "schema True, this version reads 1; upgrade pypi-subset"),
        ('lock-version = "1.0"', 'lock-version = "9.0"', "the lock cannot be read"),
        ("sha256 = ", "md5 = ", "the lock cannot be read"),
        ('version = "1.0"\n\n', "\n", "the lock cannot be read"),
        ("[tool.pypi-subset]", "[tool.other]", "the lock cannot be read"),
        ("[[packages]]", "[[packages", "the lock cannot be read"),
    ],
)
def test_a_damaged_lock_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    """A lock that is damaged, or of another version, is an error with the file's name and a next step."""
    data = lockfile.dump(lock_of(simple()), folder=tmp_path, target=LINUX, packages=tmp_path).decode()
    assert old in data
    path = lockfile.path_of(tmp_path, "base--linux")
    path.write_text(data.replace(old, new, 1))
    with pytest.raises(LockError, match=said) as caught:
        lockfile.read(path)
    assert caught.value.path == path
    assert "delete it" in str(caught.value)


#: A marker with a line of its own, as TOML.
INJECTED = "marker = \"sys_platform == 'linux' or platform_release == '\\u000b--index-url=http://evil.example'\""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0" * 64, "0" * 63),
        ("0" * 64, "0" * 64 + " --index-url=http://evil.example"),
        ("0" * 64, "0" * 64 + "\\n-r x"),
        ("app-1.0-py3-none-any.whl", "../../app-1.0-py3-none-any.whl"),
        ("app-1.0-py3-none-any.whl", "app-2.0-py3-none-any.whl"),
        ("app-1.0-py3-none-any.whl", "other-1.0-py3-none-any.whl"),
        ("app-1.0-py3-none-any.whl", "app-1.0-1/../../x-py3-none-any.whl"),
        ("app-1.0-py3-none-any.whl", "app-1.0-1é-py3-none-any.whl"),
        ("https://index.example/app", "file:///etc/app"),
        ('version = "1.0"', f'version = "1.0"\n{INJECTED}'),
    ],
)
def test_a_lock_of_others_smuggles_nothing(tmp_path: Path, old: str, new: str) -> None:
    """Hash, name, address and marker are checked: they become paths, requests and lines for pip."""
    path = lockfile.path_of(tmp_path, "base--linux")
    text = lockfile.dump(lock_of(simple()), folder=tmp_path, target=LINUX, packages=tmp_path).decode()
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(LockError, match="the lock cannot be read"):
        lockfile.read(path)


def test_an_address_in_a_lock_has_no_secret(tmp_path: Path) -> None:
    """User and query go when a lock is read, whoever wrote it; large digits become small."""
    path = lockfile.path_of(tmp_path, "base--linux")
    text = lockfile.dump(lock_of(simple(sha256="a" * 64)), folder=tmp_path, target=LINUX, packages=tmp_path).decode()
    text = text.replace(
        "https://index.example/app-1.0-py3-none-any.whl", "https://me:pw@index.example/app-1.0-py3-none-any.whl?s=1"
    )
    path.write_text(text.replace("a" * 64, "A" * 64), encoding="utf-8")
    (pin,) = lockfile.read(path).pins
    assert pin.distribution.url == "https://index.example/app-1.0-py3-none-any.whl"
    assert pin.distribution.sha256 == "a" * 64


def test_a_lock_is_a_regular_file(tmp_path: Path) -> None:
    """A pipe in the place of a lock is an error; nobody waits for it."""
    os.mkfifo(tmp_path / "pylock.base--linux.toml")
    with pytest.raises(FolderError, match="not a regular file"):
        lockfile.read(tmp_path / "pylock.base--linux.toml")


def test_what_is_outdated_is_kept(tmp_path: Path) -> None:
    """The findings of a lock come back as they were, without secrets; a lock without a list is not one without findings."""
    found = Outdated(
        set="base",
        target="linux",
        project="app",
        version="1.0",
        newest="2.0",
        why="it requires x @ https://me:geheim@h.example/x.whl: a URL",
        step="wait",
        own=True,
    )
    for outdated in (None, (), (found, replace(found, early=True, newest="", own=False))):
        one = replace(Lock(set_name="base", target_name="linux", inputs=INPUTS, pins=()), outdated=outdated)
        lockfile.write(one, tmp_path, target=LINUX, packages=tmp_path)
        path = lockfile.path_of(tmp_path, one.name)
        assert "geheim" not in path.read_text()
        read = lockfile.read(path).outdated
        assert read == (outdated and tuple(replace(each, why=read[0].why) for each in outdated if read))


@pytest.mark.parametrize("text", ["version = 1", 'own = "yes"', "why = []"])
def test_a_finding_of_another_form_is_an_error(tmp_path: Path, text: str) -> None:
    """A value that is not of the kind that it should be is a damaged lock, and no traceback later."""
    found = Outdated(set="base", target="linux", project="app", version="1.0", newest="2.0", why="x", own=True)
    one = Lock(set_name="base", target_name="linux", inputs=INPUTS, pins=(), outdated=(found,))
    lockfile.write(one, tmp_path, target=LINUX, packages=tmp_path)
    path = lockfile.path_of(tmp_path, one.name)
    key = text.partition(" ")[0]
    path.write_text(re.sub(rf'(?<![-\w]){key} = ("[^"]*"|true)', text, path.read_text()))
    with pytest.raises(LockError, match=f"{key} of an outdated project"):
        lockfile.read(path)
