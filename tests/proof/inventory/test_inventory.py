"""Before anything is installed: what was locked is there, byte for byte, and nothing else is."""

from __future__ import annotations

import json
import shutil
import tomllib
from typing import TYPE_CHECKING

import pytest
import tomli_w

from pypi_subset.errors import SubsetError
from pypi_subset.proof.inventory import inventory
from pypi_subset.targets import tag
from tests.support.sites.handwritten import sha256
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LINUX = tag.parse("linux", "cp310-manylinux2014_x86_64")
WINDOWS = tag.parse("windows", "cp312-win_amd64")
AA, BB, OLD = make_wheel("aa", requires=["bb"]), make_wheel("bb", "2.0"), make_wheel("bb", "1.0")

WHEELS = {
    "aa-1.0": "(aa 1.0, needed on linux by base.txt:1 aa)",
    "bb-1.0": "(bb 1.0, needed on windows by base.txt:1 aa -> bb)",
    "bb-2.0": "(bb 2.0, needed on linux by base.txt:1 aa -> bb)",
}
PAGES = (
    *("find-links.html", "index.html", "README.md"),
    *(f"{folder}/index.html" for folder in ("simple-json", "simple-json/aa", "simple-json/bb")),
    *(
        f"{root}simple/{project}index.{form}"
        for root in ("", "targets/linux/", "targets/windows/")
        for project in ("", "aa/", "bb/")
        for form in ("html", "v1_json")
    ),
)


def _path(stem: str) -> str:
    return f"simple/{stem[:2]}/{stem}-py3-none-any.whl"


#: Every file of the site below, and words of the sentence that its loss must lead to.
FILES = {
    **{_path(stem): f"{needed} is not in the site" for stem, needed in WHEELS.items()},
    **{
        f"{_path(stem)}.metadata": f"the metadata of {stem}-py3-none-any.whl is not in the site ({needed.split(', ')[1]}"
        for stem, needed in WHEELS.items()
    },
    **{page: f"the page {page} is not in the site" for page in PAGES},
}


@pytest.fixture
def subset(tmp_path: Path) -> SubsetOnDisk:
    """Return a whole subset: two targets with two versions of ``bb``, as two sets would have them."""
    pins = {"linux": [AA, BB], "windows": [AA, OLD]}
    return SubsetOnDisk(tmp_path, targets=[LINUX, WINDOWS], lines=["aa"], pins=pins).write()


def reds(subset: SubsetOnDisk) -> list[str]:
    """Return the reasons of all red checks; what is not red is one green one."""
    checks = inventory.take(subset.paths, subset.plan)
    assert {check.proof for check in checks} == {"inventory"}
    if [check.status for check in checks] == ["passed"]:
        assert checks[0].reason.startswith("3 files, ")
        return []
    assert {check.status for check in checks} == {"failed"}
    return [check.reason for check in checks]


def test_whole_site(subset: SubsetOnDisk) -> None:
    """Nothing is missing, nothing is left over; README and the proof's own directory may be there."""
    (subset.paths.site / "proof").mkdir()
    (subset.paths.site / "proof" / "report.json").write_text("{}")
    assert reds(subset) == []


@pytest.mark.parametrize("name", ["release.json", "release.html"])
def test_what_says_how_the_site_came_here_belongs_to_it(subset: SubsetOnDisk, name: str) -> None:
    """fetch and an import leave such a file; below another directory it belongs to nothing."""
    (subset.paths.site / name).write_text("")
    assert reds(subset) == []
    (subset.paths.site / "locks").mkdir()
    (subset.paths.site / "locks" / name).write_text("")
    assert reds(subset) == [f"locks/{name} is in the site, but neither a lock nor the manifest names it"]


def test_the_table_below_is_complete(subset: SubsetOnDisk) -> None:
    """Each file of the site is removed once below, but for the manifest."""
    present = {
        path.relative_to(subset.paths.site).as_posix() for path in subset.paths.site.rglob("*") if path.is_file()
    }
    assert present == FILES.keys() | {"manifest.json"}


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_gone_is_named(subset: SubsetOnDisk, name: str) -> None:
    """One file gone is red and named, even where an older version would satisfy pip."""
    (subset.paths.site / name).unlink()
    (reason,) = reds(subset)
    assert FILES[name] in reason


def test_no_manifest_is_nothing_to_prove(subset: SubsetOnDisk) -> None:
    """Without a manifest, or with half of one, there is no proof, and the next step is said."""
    path = subset.paths.site / "manifest.json"
    path.write_text(path.read_text()[:-20])
    with pytest.raises(SubsetError, match=r"manifest is damaged; run `pypi-subset mirror`"):
        reds(subset)
    path.unlink()
    with pytest.raises(SubsetError, match=r"the site has no manifest; run `pypi-subset mirror`"):
        reds(subset)


def truncate(subset: SubsetOnDisk) -> None:
    """Cut a file off."""
    subset.file(AA).write_bytes(AA.data[:-1])


def corrupt(subset: SubsetOnDisk) -> None:
    """Change one byte of a file."""
    subset.file(AA).write_bytes(bytes([AA.data[0] ^ 1]) + AA.data[1:])


def swap(subset: SubsetOnDisk) -> None:
    """Put another wheel in a file's place."""
    shutil.copy(subset.file(BB), subset.file(AA))


def make_link(subset: SubsetOnDisk) -> None:
    """Turn a file into a symbolic link."""
    target = subset.file(AA).rename(subset.root / "elsewhere.whl")
    subset.file(AA).symlink_to(target)


def add_newer(subset: SubsetOnDisk) -> None:
    """Add a version that nobody chose."""
    make_wheel("aa", "9.0").save(subset.file(AA).parent)


def leave_page(subset: SubsetOnDisk) -> None:
    """Leave the page of a project that is gone."""
    (subset.paths.site / "simple" / "zz").mkdir()
    (subset.paths.site / "simple" / "zz" / "index.html").write_text("")


def drop_entry(subset: SubsetOnDisk) -> None:
    """Drop a file from its page."""
    (subset.paths.site / "simple" / "aa" / "index.html").write_text("<!DOCTYPE html>")


def other_metadata(subset: SubsetOnDisk) -> None:
    """Let what lies beside a wheel say that it needs nothing."""
    path = subset.file(AA).with_name(f"{AA.filename}.metadata")
    path.write_bytes(path.read_bytes().replace(b"Requires-Dist: bb\n", b""))


def false_metadata(subset: SubsetOnDisk) -> None:
    """The same, and everything in the site agrees with it."""
    other_metadata(subset)
    path = subset.file(AA).with_name(f"{AA.filename}.metadata")
    true, false = sha256(AA.metadata), sha256(path.read_bytes())
    for page in subset.paths.site.rglob("index.*"):
        page.write_text(page.read_text().replace(true, false))
    entry_of_aa(subset, metadata=false)


def no_metadata(subset: SubsetOnDisk) -> None:
    """Take the hash of the metadata off a page."""
    page = subset.paths.site / "targets" / "linux" / "simple" / "aa" / "index.v1_json"
    page.write_text(page.read_text().replace("core-metadata", "no-metadata"))


def view_of_another(subset: SubsetOnDisk) -> None:
    """Let a target's own index have a version that was chosen for another target."""
    views = subset.paths.site / "targets"
    shutil.copy(views / "linux" / "simple" / "bb" / "index.html", views / "windows" / "simple" / "bb" / "index.html")


def broken_json(subset: SubsetOnDisk) -> None:
    """Cut a page in JSON off."""
    page = subset.paths.site / "simple" / "aa" / "index.v1_json"
    page.write_text(page.read_text()[:-3])


def other_words(subset: SubsetOnDisk) -> None:
    """Change a page where it leads nowhere."""
    page = subset.paths.site / "index.html"
    page.write_text(page.read_text().replace("here", "there"))


def wrong_hash(subset: SubsetOnDisk) -> None:
    """Give a file another hash on the page for --find-links."""
    page = subset.paths.site / "find-links.html"
    page.write_text(page.read_text().replace(AA.sha256, sha256(b"")))


def stale_entry(subset: SubsetOnDisk) -> None:
    """Keep a file on a page that the manifest does not name."""
    page = subset.paths.site / "find-links.html"
    page.write_text(page.read_text() + f'<a href="simple/cc/cc-1.0-py3-none-any.whl#sha256={sha256(b"")}">cc</a>')


def other_base(subset: SubsetOnDisk) -> None:
    """Lead all links of a page to another server."""
    page = subset.paths.site / "simple" / "aa" / "index.html"
    page.write_text(page.read_text().replace("<a ", '<base href="http://elsewhere.invalid/"><a ', 1))


def other_python(subset: SubsetOnDisk) -> None:
    """Let a page shut every Python out."""
    page = subset.paths.site / "simple" / "aa" / "index.html"
    page.write_text(page.read_text().replace("<a ", '<a data-requires-python="&lt;3" '))


def empty_root(subset: SubsetOnDisk) -> None:
    """Empty the root of the index."""
    (subset.paths.site / "simple" / "index.html").write_text("")


def binary_page(subset: SubsetOnDisk) -> None:
    """Put bytes that are no text into a page."""
    (subset.paths.site / "simple" / "aa" / "index.html").write_bytes(b"\xff\xfe")


def forget_entry(subset: SubsetOnDisk) -> None:
    """Let file, page entry and manifest entry go together, as a wrong resolver would: the lock remembers."""
    path = subset.paths.site / "manifest.json"
    for folder in [*subset.paths.site.rglob("aa")]:
        shutil.rmtree(folder)
    subset.write_manifest([one for one in json.loads(path.read_bytes())["files"] if one["project"] != "aa"])
    page = subset.paths.site / "find-links.html"
    page.write_text("\n".join(line for line in page.read_text().splitlines() if "aa-1.0" not in line))


def lose_lock(subset: SubsetOnDisk) -> None:
    """Remove a lock."""
    (subset.paths.locks / "pylock.base--linux.toml").unlink()


def break_lock(subset: SubsetOnDisk) -> None:
    """Cut a lock off."""
    path = subset.paths.locks / "pylock.base--linux.toml"
    path.write_text(path.read_text()[:-30])


def relock(subset: SubsetOnDisk) -> None:
    """Let a lock name other bytes than the manifest."""
    path = subset.paths.locks / "pylock.base--linux.toml"
    path.write_text(path.read_text().replace(AA.sha256, sha256(b"")))


def entry_of_aa(subset: SubsetOnDisk, **changes: object) -> None:
    """Change the manifest's entry of ``aa``."""
    entries = json.loads((subset.paths.site / "manifest.json").read_bytes())["files"]
    subset.write_manifest([one | changes if one["project"] == "aa" else one for one in entries])


def forget_target(subset: SubsetOnDisk) -> None:
    """Let the manifest say that nobody needs ``aa`` on Windows."""
    shutil.rmtree(subset.paths.site / "targets" / "windows" / "simple" / "aa")
    entries = json.loads((subset.paths.site / "manifest.json").read_bytes())["files"]
    needs = next(one for one in entries if one["project"] == "aa")["needed_by"]
    entry_of_aa(subset, needed_by=[need for need in needs if need["target"] != "windows"])


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (forget_target, "aa-1.0-py3-none-any.whl is needed by base on windows says a lock, but not the manifest"),
        (truncate, "aa-1.0-py3-none-any.whl (aa 1.0, needed on linux by base.txt:1 aa) has"),
        (corrupt, "has other bytes than the manifest says"),
        (swap, "aa-1.0-py3-none-any.whl (aa 1.0"),
        (make_link, "is a link, which is lost when the site is copied"),
        (add_newer, "simple/aa/aa-9.0-py3-none-any.whl is in the site, but neither"),
        (leave_page, "simple/zz/index.html is in the site, but neither"),
        (
            drop_entry,
            "the page simple/aa/index.html does not lead to aa-1.0-py3-none-any.whl by its hash (needed on linux",
        ),
        (
            other_metadata,
            "the metadata of aa-1.0-py3-none-any.whl has other bytes than the manifest says (needed on linux",
        ),
        (false_metadata, "the metadata of aa-1.0-py3-none-any.whl is not that of the wheel (needed on linux"),
        (
            no_metadata,
            "the page targets/linux/simple/aa/index.v1_json has another hash for the metadata of aa-1.0-py3-none-any.whl",
        ),
        (view_of_another, "the page targets/windows/simple/bb/index.html does not lead to bb-1.0-py3-none-any.whl"),
        (broken_json, "the page simple/aa/index.v1_json does not lead to aa-1.0-py3-none-any.whl by its hash"),
        (other_words, "the page index.html has other bytes than the manifest says"),
        (wrong_hash, "the page find-links.html does not lead to aa-1.0-py3-none-any.whl by its hash"),
        (
            stale_entry,
            "the page find-links.html leads to simple/cc/cc-1.0-py3-none-any.whl, which is not in the manifest",
        ),
        (other_base, "the page simple/aa/index.html does not lead to aa-1.0-py3-none-any.whl by its hash"),
        (other_python, "the page simple/aa/index.html has another Requires-Python for aa-1.0-py3-none-any.whl"),
        (empty_root, "the page simple/index.html does not lead to simple/aa/"),
        (binary_page, "the page simple/aa/index.html does not lead to aa-1.0-py3-none-any.whl by its hash"),
        (forget_entry, "aa-1.0-py3-none-any.whl (aa, locked in pylock.base--linux.toml) is not in the site's manifest"),
        (lose_lock, "pylock.base--linux.toml: there is no such lock"),
        (break_lock, "pylock.base--linux.toml: the lock is damaged"),
        (relock, "aa-1.0-py3-none-any.whl (aa) has one hash in pylock.base--linux.toml and another in the manifest"),
    ],
)
def test_damage_is_named(subset: SubsetOnDisk, damage: Callable[[SubsetOnDisk], None], words: str) -> None:
    """Whatever is done to the site, the first sentence names the culprit."""
    damage(subset)
    assert words in reds(subset)[0]


def test_locks_of_other_requirements_are_named(subset: SubsetOnDisk) -> None:
    """Who edits requirements/ and forgets to mirror is told that, beside what fails because of it."""
    path = subset.paths.locks / "pylock.base--linux.toml"
    (job, _) = subset.plan.jobs
    inputs = {"set": job.requirement_set.digest, "target": job.target.digest}
    text = path.read_text()
    path.write_text(text + tomli_w.dumps({"tool": {"pypi-subset": {"inputs": inputs}}}))
    assert reds(subset) == []
    path.write_text(text + tomli_w.dumps({"tool": {"pypi-subset": {"inputs": inputs | {"target": "other"}}}}))
    assert reds(subset) == ["pylock.base--linux.toml was made before its target was changed: run `pypi-subset mirror`"]


def test_file_without_a_lock_is_named(subset: SubsetOnDisk) -> None:
    """A file that the manifest names, and no lock any more, is red: the site is older than the locks."""
    lock = (subset.paths.locks / "pylock.base--linux.toml").read_text()
    (subset.paths.locks / "pylock.base--windows.toml").write_text(lock)
    assert reds(subset)[-1] == "bb-1.0-py3-none-any.whl (bb) is in the manifest, but in no lock"


def test_a_lock_made_by_other_metadata_is_named(subset: SubsetOnDisk) -> None:
    """A lock that was made by other METADATA than the site has is red."""
    path = subset.paths.locks / "pylock.base--linux.toml"
    lock = tomllib.loads(path.read_text())
    lock["packages"][0]["tool"] = {"pypi-subset": {"metadata-sha256": sha256(AA.metadata)}}
    path.write_text(tomli_w.dumps(lock))
    assert reds(subset) == []
    lock["packages"][0]["tool"] = {"pypi-subset": {"metadata-sha256": sha256(b"")}}
    path.write_text(tomli_w.dumps(lock))
    words = "was locked in pylock.base--linux.toml by other metadata than the manifest says"
    assert reds(subset) == [f"aa-1.0-py3-none-any.whl (aa) {words}"]


def test_a_target_that_the_manifest_tells_otherwise_is_named(subset: SubsetOnDisk) -> None:
    """A manifest about another machine of the same name is red."""
    path = subset.paths.site / "manifest.json"
    manifest = json.loads(path.read_bytes())
    manifest["targets"][0]["digest"] = WINDOWS.digest
    path.write_text(json.dumps(manifest))
    assert reds(subset) == [
        "the target linux is another machine in the manifest than in requirements/: run `pypi-subset mirror`"
    ]


def test_bytes_that_were_locked_before_are_recalled(subset: SubsetOnDisk) -> None:
    """A file that was once locked with another hash is red, and so is a list that is damaged; what agrees is green."""
    path = subset.paths.locks / "hashes.txt"
    path.write_text(f"# a comment\n{AA.sha256}  {AA.filename}\n{'0' * 64}  gone-1.0-py3-none-any.whl\n")
    assert reds(subset) == []
    path.write_text(f"{'0' * 64}  {AA.filename}\n")
    (reason,) = reds(subset)
    assert reason == (
        f"{AA.filename} (aa) has sha256 {AA.sha256} in the manifest, and {'0' * 64} when it was locked: "
        f"run `pypi-subset update --forget {AA.filename}` if you trust it"
    )
    for text in (f"{AA.sha256}  {AA.filename}\n{'0' * 64}  {AA.filename}\n", "nothing\n", "\udcff"):
        path.write_bytes(text.encode(errors="surrogateescape"))
        (reason,) = reds(subset)
        assert reason.startswith("hashes.txt: the list of locked files is damaged")


def test_variants_in_pages_for_all_targets_are_red(tmp_path: Path) -> None:
    """A client of these pages could get the variant of another target; each page is named."""
    pins = {"linux": [make_wheel("aa", "1.0+cpu")], "windows": [make_wheel("aa", "1.0")]}
    subset = SubsetOnDisk(tmp_path, targets=[LINUX, WINDOWS], lines=["aa"], pins=pins).write()
    checks = inventory.take(subset.paths, subset.plan)
    assert {check.status for check in checks} == {"failed"}
    reasons = [check.reason for check in checks]
    for page in ("find-links.html", "simple/aa/index.html", "simple/aa/index.v1_json", "simple-json/aa/index.html"):
        wrong = [reason for reason in reasons if reason.startswith(f"the page {page} leads to simple/aa/aa-1.0")]
        assert len(wrong) == 2, page
    assert not [reason for reason in reasons if "the page targets/" in reason]
