"""The text of uv's lock, with the index and the files of a site."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import pytest

from pypi_subset.errors import InputFaults
from pypi_subset.relocking.address import address_of
from pypi_subset.relocking.entries import Entries
from pypi_subset.relocking.holdings import read_holdings
from pypi_subset.relocking.uv_text import rewritten
from tests.support.relocks.sites import Held, write_manifest
from tests.support.sites.handwritten import sha256
from tests.support.wheels import make_sdist, make_wheel

if TYPE_CHECKING:
    from pathlib import Path

DEMO, DEMO_WIN = make_wheel("demo"), make_wheel("demo", tag="cp312-cp312-win_amd64")
OLD, OLD_SDIST = make_wheel("old"), make_sdist("old")
URL = "https://site.example.test/"

#: In the layout of uv, but for two comments.
LOCK = f"""\
version = 1
revision = 3
requires-python = ">=3.11" # ours

[[package]]
name = "app"
version = "1.0"
source = {{ editable = "." }}
dependencies = [
    {{ name = "demo", version = "1.0", source = {{ registry = "https://one.example.test/simple" }}, marker = "sys_platform == 'win32'" }},
    {{ name = "old" }},
]

[package.metadata]
requires-dist = [
    {{ name = "demo", index = "https://one.example.test/simple" }},
    {{ name = "old" }},
]

[[package]]
name = "demo"
version = "1.0"
source = {{ registry = "https://one.example.test/simple" }}
sdist = {{ url = "https://files.example.test/demo-1.0.tar.gz", hash = "sha256:{"0" * 64}", size = 9 }}
wheels = [
    {{ url = "https://files.example.test/{DEMO_WIN.filename}", hash = "sha256:{DEMO_WIN.sha256}", size = 9 }},
    {{ url = "https://files.example.test/{DEMO.filename}", hash = "sha256:{DEMO.sha256}", size = 9, upload-time = "2024-02-03T04:05:06.789Z" }},
]

# a comment of the user
[[package]]
name = "old"
version = "1.0"
source = {{ registry = "https://two.example.test/simple" }}
dependencies = [
    {{ name = "demo" }},
]
sdist = {{ url = "https://files.example.test/old-1.0.tar.gz", hash = "sha256:{sha256(OLD_SDIST.data)}", size = 9, upload-time = "2024-02-03T04:05:06.789Z" }}

[package.optional-dependencies]
more = [
    {{ name = "demo" }},
]
"""


@pytest.fixture
def entries(tmp_path: Path) -> Entries:
    """Return what decides about the entries of the lock."""
    site = write_manifest(tmp_path / "site", Held(DEMO), Held(OLD, built_from=OLD_SDIST))
    return Entries(path=tmp_path / "uv.lock", holdings=read_holdings(address_of(str(site)), site))


def lines_of(text: str) -> list[int]:
    """Return the line of each package."""
    return [number for number, line in enumerate(text.splitlines(), 1) if line == "[[package]]"]


def made(text: str, entries: Entries, place: str = URL) -> str:
    """Return *text* with the site at *place*."""
    return rewritten(text, lines_of(text), address_of(place), entries)


def package(text: str, name: str) -> dict[str, Any]:
    """Return the one package of that name."""
    (found,) = (one for one in tomllib.loads(text)["package"] if one["name"] == name)
    return dict(found)


def test_lines_that_stay_keep_their_bytes(entries: Entries) -> None:
    """Comments, order and spaces stay; what is new looks as uv writes it."""
    new = made(LOCK, entries).splitlines()
    old = LOCK.splitlines()
    wheel = f'    {{ url = "{URL}simple/demo/{DEMO.filename}", hash = "sha256:{DEMO.sha256}", size = 9, upload-time = "2024-02-03T04:05:06.789Z" }},'
    built = f'    {{ url = "{URL}simple/old/{OLD.filename}", hash = "sha256:{OLD.sha256}", size = {len(OLD.data)}, upload-time = "2024-02-03T04:05:06.789Z" }},'
    index = f'registry = "{URL}simple/"'
    assert [line for line in new if line not in old] == [
        f'    {{ name = "demo", version = "1.0", source = {{ {index} }}, marker = "sys_platform == \'win32\'" }},',
        f"source = {{ {index} }}",
        wheel,
        f"source = {{ {index} }}",
        built,
    ]
    gone = [line.split(" = ")[0].strip() for line in old if line not in new]
    assert gone == ["{ name", "source", "sdist", "{ url", "{ url", "source", "sdist"]


def test_files_of_the_site(entries: Entries) -> None:
    """A file that the site lacks is gone, an sdist becomes the wheel that was built from it, and all is counted."""
    new = made(LOCK, entries)
    entries.require_all()
    assert [one["url"] for one in package(new, "demo")["wheels"]] == [f"{URL}simple/demo/{DEMO.filename}"]
    assert "sdist" not in package(new, "demo")
    assert "sdist" not in package(new, "old")
    assert [one["hash"] for one in package(new, "old")["wheels"]] == [f"sha256:{OLD.sha256}"]
    assert (entries.kept, entries.dropped, entries.built) == (1, 2, 1)
    assert [(one.name, one.version, len(one.files)) for one in entries.packages] == [
        ("demo", "1.0", 1),
        ("old", "1.0", 1),
    ]
    assert entries.folders == ["."]


def test_a_second_time_changes_nothing(entries: Entries) -> None:
    """The lock of a site names the site already."""
    new = made(LOCK, entries)
    assert made(new, entries) == new


def test_a_kept_sdist_beside_its_wheel(tmp_path: Path) -> None:
    """A site may have both: the lock names both, the wheel once."""
    site = write_manifest(tmp_path / "site", Held(DEMO), Held(OLD, built_from=OLD_SDIST), Held(OLD_SDIST))
    held = Entries(path=tmp_path / "uv.lock", holdings=read_holdings(address_of(str(site)), site))
    new = made(LOCK, held)
    assert package(new, "old")["sdist"]["url"] == f"{URL}simple/old/{OLD_SDIST.filename}"
    assert [one["url"] for one in package(new, "old")["wheels"]] == [f"{URL}simple/old/{OLD.filename}"]
    assert made(new, held) == new


def test_a_directory_and_back(entries: Entries, tmp_path: Path) -> None:
    """uv takes the files of a directory by their paths; such a lock becomes one with addresses again."""
    site = str(tmp_path / "site")
    local = made(LOCK, entries, site)
    assert package(local, "demo")["wheels"][0]["path"] == f"{site}/simple/demo/{DEMO.filename}"
    assert package(local, "demo")["source"] == {"registry": f"{site}/simple/"}
    assert made(local, entries) == made(LOCK, entries)


def test_a_package_without_a_file_stays(entries: Entries) -> None:
    """uv reads it, and needs it where the resolution counts; its lists of files are gone."""
    text = LOCK.replace("old-1.0", "older-1.0")
    new = made(text, entries)
    assert package(new, "old").keys() == {"name", "version", "source", "dependencies", "optional-dependencies"}


SOURCES = {
    'git = "https://ada:secret@host/x?rev=1#abc"': "git (https://host/x?rev=1#abc)",
    'url = "https://host/x-1.0.tar.gz"': "a URL (https://host/x-1.0.tar.gz)",
    'path = "../x-1.0.tar.gz"': "a path outside of the project (../x-1.0.tar.gz)",
    'directory = "../x"': "a directory outside of the project (../x)",
    'editable = "../x"': "a directory outside of the project (../x)",
    'virtual = "../x"': "a directory outside of the project (../x)",
}


def test_what_no_index_has(entries: Entries) -> None:
    """git, URLs and paths to elsewhere are refused, all in one error, each by its name."""
    text = "version = 1\n" + "".join(
        f'[[package]]\nname = "x{number}"\nversion = "1"\nsource = {{ {source} }}\n'
        for number, source in enumerate(SOURCES)
    )
    made(text, entries)
    with pytest.raises(InputFaults) as caught:
        entries.require_all()
    assert [(one.line, one.what) for one in caught.value.faults] == [
        (line, f"x{number} comes from {words}, which no index has")
        for number, (line, words) in enumerate(zip(lines_of(text), SOURCES.values(), strict=True))
    ]


def test_what_is_inside_of_the_project_stays(entries: Entries) -> None:
    """Archives and members of a workspace move with the project; uv builds those that are no virtual ones."""
    sources = 'path = "vendor/x-1.0.tar.gz"', 'directory = "part"', 'editable = "packages/tool"', 'virtual = "docs"'
    text = "version = 1\n" + "".join(
        f'\n[[package]]\nname = "x{number}"\nversion = "1"\nsource = {{ {source} }}\n'
        for number, source in enumerate(sources)
    )
    assert made(text, entries) == text
    entries.require_all()
    assert entries.folders == ["part", "packages/tool"]


def test_two_indexes_with_one_release(entries: Entries) -> None:
    """With one index, the two entries would be one package."""
    text = LOCK + LOCK[LOCK.index('[[package]]\nname = "demo"') : LOCK.index("# a comment")].replace("one.", "three.")
    made(text, entries)
    with pytest.raises(InputFaults, match=r"demo 1\.0 is in the lock twice, from two indexes"):
        entries.require_all()
