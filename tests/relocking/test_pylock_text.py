"""The text of a lock of PEP 751, with the index and the files of a site."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from packaging.pylock import Pylock

from pypi_subset.errors import InputFaults
from pypi_subset.relocking.address import address_of
from pypi_subset.relocking.entries import Entries
from pypi_subset.relocking.holdings import read_holdings
from pypi_subset.relocking.pylock_text import rewritten
from tests.support.relocks.sites import Held, write_manifest
from tests.support.sites.handwritten import sha256
from tests.support.wheels import make_sdist, make_wheel

if TYPE_CHECKING:
    from pathlib import Path

DEMO, OLD, OLD_SDIST, DEMO_SDIST = make_wheel("demo"), make_wheel("old"), make_sdist("old"), make_sdist("demo")
URL = "https://site.example.test/"
_INDEX = 'index = "https://one.example.test/simple"'

#: Lists in lines, as uv exports.
LINES = f"""\
lock-version = "1.0" # ours
created-by = "tests"

[[packages]]
name = "demo"
version = "1.0"
{_INDEX}
dependencies = [{{ name = "old" }}, {{ name = "gone" }}]
sdist = {{ url = "https://files.example.test/demo-1.0.tar.gz", hashes = {{ sha256 = "{sha256(DEMO_SDIST.data)}" }} }}
wheels = [
    {{ url = "https://files.example.test/{DEMO.filename}", hashes = {{ sha256 = "{DEMO.sha256}", sha512 = "{"0" * 128}" }} }},
]

[[packages]]
name = "gone"
version = "1.0"
wheels = [{{ url = "https://files.example.test/gone-1.0-py3-none-any.whl", hashes = {{ sha256 = "{"0" * 64}" }} }}]

[[packages]]
name = "old"
version = "1.0"
{_INDEX}
sdist = {{ path = "wheels/old-1.0.tar.gz", upload-time = 2024-02-03T04:05:06Z, hashes = {{ sha256 = "{sha256(OLD_SDIST.data)}" }} }}
attestation-identities = [{{ kind = "GitHub" }}]
"""
#: Tables, as pip writes.
TABLES = f"""\
lock-version = "1.0"
created-by = "tests"

[[packages]]
name = "demo"
version = "1.0"

[[packages.wheels]]
name = "demo-1.0-cp311-cp311-win32.whl"
url = "https://files.example.test/demo-1.0-cp311-cp311-win32.whl"

[packages.wheels.hashes]
sha256 = "{"0" * 64}"

[[packages.wheels]]
name = "{DEMO.filename}"
path = "{DEMO.filename}"

[packages.wheels.hashes]
sha256 = "{DEMO.sha256}"

[[packages]]
name = "old"
version = "1.0"

[[packages.wheels]]
name = "old-1.0-cp311-cp311-win32.whl"
url = "https://files.example.test/old-1.0-cp311-cp311-win32.whl"

[packages.wheels.hashes]
sha256 = "{"0" * 64}"

[packages.sdist]
name = "old-1.0.tar.gz"
url = "https://files.example.test/old-1.0.tar.gz"

[packages.sdist.hashes]
sha256 = "{sha256(OLD_SDIST.data)}"
"""


@pytest.fixture
def entries(tmp_path: Path) -> Entries:
    """Return what decides about the entries of the lock."""
    site = write_manifest(tmp_path / "site", Held(DEMO), Held(OLD, built_from=OLD_SDIST))
    return Entries(path=tmp_path / "pylock.toml", holdings=read_holdings(address_of(str(site)), site))


def made(text: str, entries: Entries, place: str = URL) -> dict[str, dict[str, Any]]:
    """Return the packages of *text* with the site at *place*, by their names; the whole is a lock of PEP 751."""
    document = tomllib.loads(changed(text, entries, place))
    Pylock.from_dict(document)
    return {one["name"]: one for one in document["packages"]}


def changed(text: str, entries: Entries, place: str = URL) -> str:
    """Return *text* with the site at *place*."""
    lines = [number for number, line in enumerate(text.splitlines(), 1) if line == "[[packages]]"]
    return rewritten(text, lines, address_of(place), entries)


@pytest.mark.parametrize("text", [LINES, TABLES], ids=["lines", "tables"])
def test_files_of_the_site(entries: Entries, text: str) -> None:
    """Files name the site, hashes stay, and an sdist becomes the wheel that was built from it."""
    found = made(text, entries)
    entries.require_all()
    assert found.keys() == {"demo", "old"}
    (demo,), (old,) = found["demo"]["wheels"], found["old"]["wheels"]
    assert (demo["url"], demo["hashes"]["sha256"]) == (f"{URL}simple/demo/{DEMO.filename}", DEMO.sha256)
    assert "path" not in demo
    assert (old["name"], old["url"]) == (OLD.filename, f"{URL}simple/old/{OLD.filename}")
    assert (old["size"], old["hashes"]) == (len(OLD.data), {"sha256": OLD.sha256})
    assert not any("sdist" in one or "attestation-identities" in one for one in found.values())
    assert (entries.kept, entries.built) == (1, 1)
    assert {one["index"] for one in found.values() if "index" in one} == ({f"{URL}simple/"} if text is LINES else set())


def test_other_text_stays(entries: Entries) -> None:
    """A comment and other hashes stay; a package without a file, and what depends on it, is gone (PEP 751)."""
    new = changed(LINES, entries)
    assert new.startswith('lock-version = "1.0" # ours\n')
    assert made(LINES, entries)["demo"]["wheels"][0]["hashes"]["sha512"] == "0" * 128
    assert made(LINES, entries)["demo"]["dependencies"] == [{"name": "old"}]
    assert str(made(LINES, entries)["old"]["wheels"][0]["upload-time"]) == "2024-02-03 04:05:06+00:00"


def test_a_second_time_changes_nothing(entries: Entries) -> None:
    """The lock of a site names the site already."""
    for text in (LINES, TABLES):
        new = changed(text, entries)
        assert changed(new, entries) == new


def test_a_kept_sdist_beside_its_wheel(tmp_path: Path) -> None:
    """A site may have both: the lock names both, the wheel once."""
    site = write_manifest(tmp_path / "site", Held(DEMO), Held(OLD, built_from=OLD_SDIST), Held(OLD_SDIST))
    held = Entries(path=tmp_path / "pylock.toml", holdings=read_holdings(address_of(str(site)), site))
    for text in (LINES, TABLES):
        new = changed(text, held)
        old = made(text, held)["old"]
        assert (old["sdist"]["url"], len(old["wheels"])) == (f"{URL}simple/old/{OLD_SDIST.filename}", 1)
        assert changed(new, held) == new


def test_a_directory_is_a_url(entries: Entries, tmp_path: Path) -> None:
    """pip and uv read a path in such a lock from its own directory, so the site is named by a whole URL."""
    (wheel,) = made(LINES, entries, str(tmp_path / "site"))["demo"]["wheels"]
    assert wheel["url"] == f"{(tmp_path / 'site').as_uri()}/simple/demo/{DEMO.filename}"


def test_what_no_index_has(entries: Entries) -> None:
    """git, archives at a URL and directories elsewhere are refused by name; what is inside of the project stays."""
    places = {
        'vcs = { type = "git", url = "https://host/a", commit-id = "1" }': "git (https://host/a)",
        'archive = { url = "https://host/b.zip", hashes = { sha256 = "0" } }': "a URL (https://host/b.zip)",
        'archive = { path = "../c.zip", hashes = { sha256 = "0" } }': "a path outside of the project (../c.zip)",
        'directory = { path = "../d" }': "a path outside of the project (../d)",
        'directory = { path = "." }': "",
        'archive = { path = "f.zip", hashes = { sha256 = "0" } }': "",
    }
    text = 'lock-version = "1.0"\ncreated-by = "tests"\n' + "".join(
        f'[[packages]]\nname = "x{number}"\n{place}\n' for number, place in enumerate(places)
    )
    assert changed(text, entries) == text
    assert entries.folders == ["."]
    with pytest.raises(InputFaults) as caught:
        entries.require_all()
    assert [one.what for one in caught.value.faults] == [
        f"x{number} comes from {words}, which no index has" for number, words in enumerate(places.values()) if words
    ]


def test_other_hashes_alone_are_refused(entries: Entries) -> None:
    """The manifest of a site has SHA-256 alone, so another hash can be held against nothing."""
    changed(LINES.replace(f'sha256 = "{DEMO.sha256}", ', ""), entries)
    with pytest.raises(InputFaults, match=f"{DEMO.filename} has no sha256 in the lock"):
        entries.require_all()
