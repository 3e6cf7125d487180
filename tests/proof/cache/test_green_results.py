"""What was proven before: what makes a case another one, what is never remembered, and a file that is not ours."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import asdict, replace
from importlib import metadata, resources
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from packaging.requirements import Requirement

from pypi_subset.errors import ProofFailed
from pypi_subset.model.checks import Check
from pypi_subset.model.report import report_path
from pypi_subset.proof.access import http_server
from pypi_subset.proof.cache import green_results
from pypi_subset.proof.cache.reach import Sight
from pypi_subset.proof.cases.case import Case, cases_of
from pypi_subset.proof.methods.prove import prove
from pypi_subset.proof.run.suite import run_suite
from tests.support.sites.cases import CLICK, COLORAMA, HERE, LINUX, OWN, WINDOWS
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SIX = make_wheel("six", "1.17.0")
#: Everything that stands for the case in these tests: click alone, on Windows.
LINES = ["click", "six"]


@pytest.fixture
def subset(tmp_path: Path) -> SubsetOnDisk:
    """Return a subset of two requests that have nothing in common."""
    pins = {"windows": [CLICK, COLORAMA, SIX]}
    return SubsetOnDisk(tmp_path / "subset", targets=[WINDOWS], lines=LINES, pins=pins).write()


def alone(subset: SubsetOnDisk) -> Case:
    """Return the case of click alone."""
    return cases_of(subset.plan, subset.paths, (), subset.root / "work")[1]


def key(case: Case, seal: str = "shut") -> str:
    """Return what *case* is known by, as a new run would find it."""
    return green_results.Proven(case.site.parent, case.site, seal).key(case)


def edit(path: Path, old: str = "", new: str = "") -> None:
    """Change the text of *path*, of which *old* must be a part; without, one byte is added."""
    text = path.read_bytes()
    assert old.encode() in text
    path.write_bytes(text.replace(old.encode(), new.encode(), 1) if old else text + b" ")


#: What the case can see, each changed a little.
SEEN: dict[str, Callable[[Path], object]] = {
    "a byte of the wheel": lambda site: edit(site / "simple/click" / CLICK.filename),
    "a byte of what it requires": lambda site: edit(site / "simple/colorama" / COLORAMA.filename),
    "metadata": lambda site: edit(site / "simple/click" / f"{CLICK.filename}.metadata"),
    "the page": lambda site: edit(site / "simple/click/index.html"),
    "the page of what it requires": lambda site: edit(site / "simple/colorama/index.html"),
    "the page as JSON": lambda site: (site / "simple/click/index.v1_json").write_text("{} "),
    "the target's page": lambda site: edit(site / "targets/windows/simple/click/index.html"),
    "a page gone": lambda site: shutil.rmtree(site / "targets/windows/simple/colorama"),
    "a line of the page of links": lambda site: edit(site / "find-links.html", COLORAMA.sha256, "0" * 64),
    "the rest of the page of links": lambda site: edit(site / "find-links.html", "<!DOCTYPE html>", "<!DOCTYPE html> "),
    "a file more": lambda site: make_wheel("colorama", "0.4.7").save(site / "simple/colorama"),
    "a file that is no wheel": lambda site: (site / "simple/click/notes.txt").write_text("hello"),
}


@pytest.mark.parametrize("what", SEEN)
def test_what_a_case_can_see(subset: SubsetOnDisk, what: str) -> None:
    """Any byte of a project that the case could ask about makes it another case."""
    case = alone(subset)
    before = key(case)
    assert before
    assert key(case) == before
    SEEN[what](subset.paths.site)
    assert key(case) != before


def test_what_a_case_cannot_see(subset: SubsetOnDisk, tmp_path: Path) -> None:
    """Other projects, other targets' pages, where the site lies and on which line a request stands change nothing."""
    case = alone(subset)
    before, site = key(case), subset.paths.site
    edit(site / "simple/six" / SIX.filename)
    edit(site / "simple/six/index.html")
    edit(site / "find-links.html", SIX.sha256, "0" * 64)
    (site / "targets/other/simple/click").mkdir(parents=True)
    (site / "targets/other/simple/click/index.html").write_text("hello")
    (site / "proof").mkdir(exist_ok=True)
    (site / "proof/report.json").write_text("hello")
    shutil.copytree(subset.root, tmp_path / "copy")
    moved = replace(case, site=tmp_path / "copy/site", requests=(replace(case.requests[0], line=7),))
    assert key(moved) == before


def test_a_page_that_was_asked_for_in_vain(tmp_path: Path) -> None:
    """A project that was not there is part of what was seen: when it appears, the case is another one."""
    subset = SubsetOnDisk(tmp_path / "subset", targets=[WINDOWS], lines=["click"], pins={"windows": [CLICK]}).write()
    case = alone(subset)
    before = key(case)
    page = subset.paths.site / "simple/colorama/index.html"
    page.parent.mkdir()
    page.write_text("<!DOCTYPE html>\n")
    assert "" != key(case) != before


def test_what_is_asked_for_was_foreseen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither pip nor uv asks for any page or file but of the projects that were foreseen, found or not."""
    asked: list[str] = []
    real = http_server.Handler.send_head

    def send_head(handler: http_server.Handler) -> Any:
        asked.append(handler.path)
        return real(handler)

    monkeypatch.setattr(http_server.Handler, "send_head", send_head)
    deep = make_wheel("deep", requires=["Other_One>=1; python_version >= '3'"], extras=["more"])
    top = make_wheel("top", requires=["deep[more]", "absent; sys_platform == 'darwin'"])
    pins = {"windows": [top, deep, make_wheel("other-one", "2.0"), SIX]}
    subset = SubsetOnDisk(tmp_path / "subset", targets=[WINDOWS], lines=["top", "six"], pins=pins).write()
    case = alone(subset)
    assert {one.status for one in prove(case)} == {"passed"}
    projects = {"top", "deep", "other-one", "absent"}
    assert {name for name, _ in Sight(subset.paths.site).of(case) if "absent" in name} == {
        "simple/absent",
        "targets/windows/simple/absent",
    }
    folders = tuple(f"{index}/{one}/" for index in ("/simple", "/targets/windows/simple") for one in projects)
    assert asked
    assert [path for path in asked if not path.startswith(folders)] == []


@pytest.mark.parametrize(
    ("page", "leads"),
    [
        ("simple/click/index.html", '<a href="../six/click-9-py3-none-any.whl">click</a>'),
        ("simple/click/index.html", '<a href="six-9-py3-none-any.whl">click</a>'),
        ("simple/click/index.html", '<a href="click-9.tar.gz">click</a>'),
        ("find-links.html", '<a href="elsewhere/click-9-py3-none-any.whl">click</a>'),
        ("find-links.html", '<a href="simple/six/click-9-py3-none-any.whl">click</a><br>'),
        ("find-links.html", '<base href="elsewhere/">'),
    ],
)
def test_a_page_that_leads_elsewhere(subset: SubsetOnDisk, page: str, leads: str) -> None:
    """Where a page leads to what is not looked at, the case is not known, and is never remembered."""
    with (subset.paths.site / page).open("a") as stream:
        stream.write(f"{leads}\n")
    assert key(alone(subset)) == ""


def test_a_wheel_that_cannot_be_read(subset: SubsetOnDisk) -> None:
    """What a damaged wheel requires is not known, so nothing is known of the case."""
    (subset.paths.site / "simple/colorama" / COLORAMA.filename).write_bytes(b"hello")
    assert key(alone(subset)) == ""


OTHER: dict[str, dict[str, Any]] = {
    "request": {"requests": ("click>=8",)},
    "set": {"set_name": "other"},
    "joint": {"joint": True},
    "constraints": {"constraints": ("click==8",)},
    "bounds": {"bounds": ("click<9",)},
    "pins": {"pins": ()},
    "interpreter": {"interpreter": OWN[0]},
    "another build": {"interpreter": replace(OWN[0], build="made later")},
    "target": {"target": LINUX},
    "tags": {"target": replace(WINDOWS, tags=WINDOWS.tags[1:])},
    "markers": {"target": replace(WINDOWS, markers=WINDOWS.markers[1:])},
    "flags": {"target": replace(WINDOWS, platforms=())},
    "patch level": {"target": replace(WINDOWS, python=(3, 12, 4), exact=True)},
}


@pytest.mark.parametrize("what", OTHER)
def test_another_case(subset: SubsetOnDisk, what: str) -> None:
    """Every field of a case and of its target counts, and the build of its interpreter."""
    case, changes = alone(subset), dict(OTHER[what])
    if "requests" in changes:
        changes["requests"] = (replace(case.requests[0], requirement=Requirement("click>=8")),)
    others = {name: key(replace(case, **OTHER[name])) for name in ("interpreter", "another build")}
    assert len({key(case), key(replace(case, **changes)), *others.values()}) == (3 if what in others else 4)


def test_the_other_means(subset: SubsetOnDisk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The seal, our code, each tool, uv, the running Python and the system count, and what libraries there are."""
    case = alone(subset)
    keys = [key(case), key(case, seal="open")]

    def changed(name: str, value: object) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(name, value)
            green_results.build.cache_clear()
            keys.append(key(case))
        green_results.build.cache_clear()

    real = metadata.distribution
    for tool in ("pip", "virtualenv", "packaging", "installer", "uv"):
        other = SimpleNamespace(version="0", files=())
        changed(
            "pypi_subset.proof.cache.green_results.distribution",
            lambda name, tool=tool, other=other: other if name == tool else real(name),
        )
    package = tmp_path / "package"
    there = resources.files
    shutil.copytree(str(there("pypi_subset")), package)
    edit(package / "proof" / "closure.py")
    changed(
        "pypi_subset.proof.cache.green_results.resources",
        lambda name: package if name == "pypi_subset" else there(name),
    )
    suite = tmp_path / "suite"
    shutil.copytree(str(there("pypi_subset.verify")), suite)
    edit(suite / "environments.json")
    changed(
        "pypi_subset.proof.cache.green_results.resources",
        lambda name: suite if name == "pypi_subset.verify" else there(name),
    )
    changed("pypi_subset.proof.methods.second_opinion.uv", lambda: (CLICK.save(tmp_path), "uv 1"))
    changed("platform.release", lambda: "later")
    changed("sys.version", "another")
    changed("pypi_subset.proof.cache.green_results._LIBRARIES", CLICK.save(tmp_path))
    changed("pypi_subset.proof.cache.green_results._looks", lambda _: "touched")
    for name in ("PATH", "LD_LIBRARY_PATH"):
        with monkeypatch.context() as patch:
            patch.setenv(name, "/elsewhere")
            keys.append(key(case))
    assert len(set(keys)) == len(keys) == 16
    assert key(case) == keys[0]


# --- what is remembered -------------------------------------------------------------------------------------------


def remembered(subset: SubsetOnDisk) -> list[bool]:
    """Return of each result of a case whether it was remembered."""
    document = json.loads(report_path(subset.paths.site).read_bytes())
    return [one["remembered"] for one in document["checks"] if one["proof"] != "inventory"]


def test_proven_before(subset: SubsetOnDisk, capfd: pytest.CaptureFixture[str]) -> None:
    """A second run proves nothing again but reads all files, and says so; `anew` proves everything."""
    subset.paths.packages.mkdir()
    run_suite(subset.paths, processes=1)
    assert remembered(subset) == [False] * 12
    assert "proven before" not in capfd.readouterr().out
    run_suite(subset.paths, processes=1)
    assert remembered(subset) == [True] * 12
    assert "13 passed, 0 failed, 0 skipped, 12 of these proven before;" in (said := capfd.readouterr().out)
    assert "unpacked, proven before" in said
    for name in ("index.html", "junit.xml"):
        assert "proven before" in (subset.paths.site / "proof" / name).read_text()
    run_suite(subset.paths, processes=1, anew=True)
    assert remembered(subset) == [False] * 12
    path = subset.paths.packages / green_results.NAME
    path.write_bytes(path.read_bytes().replace(b'"passed"', b'"skipped"', 1))
    run_suite(subset.paths, processes=1)
    assert remembered(subset) == [False] * 12


def test_red_is_never_remembered(subset: SubsetOnDisk) -> None:
    """What was red is proven again, although nothing changed; what was green beside it is not."""
    subset.paths.packages.mkdir()
    subset.file(COLORAMA).unlink()
    for _ in range(2):
        with pytest.raises(ProofFailed):
            run_suite(subset.paths, processes=1)
    by = {check["request"]: check["remembered"] for check in checks_of(subset)}
    assert by == {"": False, "click": False, "six": True}


def test_what_is_red_now_was_never_green(subset: SubsetOnDisk) -> None:
    """A case that was green and is red now, for the same bytes by the same means, is not remembered any more."""
    case = alone(subset)
    subset.paths.packages.mkdir()
    memory = green_results.Proven(subset.paths.packages, case.site, "shut")
    memory.learn(case, checks(case))
    memory.keep()
    memory = green_results.Proven(subset.paths.packages, case.site, "shut")
    assert memory.results(case)
    memory.learn(case, [replace(check, status="failed", reason="now") for check in checks(case)])
    memory.keep()
    assert not green_results.Proven(subset.paths.packages, case.site, "shut").results(case)


def test_red_by_all_stays_red(tmp_path: Path) -> None:
    """What depends on something outside, and `anew` found red, is not taken from memory by the next run."""
    flag = tmp_path / "flag"
    module = f"import os\nif os.path.exists({str(flag)!r}):\n    raise ImportError('moody')\n"
    moody = make_wheel("moody", files={"moody/__init__.py": module.encode()})
    here = SubsetOnDisk(tmp_path / "here", targets=[HERE], lines=["moody"], pins={"here": [moody]}).write()
    here.paths.packages.mkdir()
    run_suite(here.paths, processes=1)
    flag.touch()
    for anew in (True, False):
        with pytest.raises(ProofFailed):
            run_suite(here.paths, processes=1, anew=anew)


def checks_of(subset: SubsetOnDisk) -> list[dict[str, Any]]:
    """Return the results of the last run."""
    return list(json.loads(report_path(subset.paths.site).read_bytes())["checks"])


def checks(case: Case) -> list[Check]:
    """Return green results of *case*."""
    common = {"target": case.target.name, "set_name": case.set_name, "request": case.request, "status": "passed"}
    ways = [Check(**common, proof=case.proof, way=way) for way in ("find-links", "simple", "target")]  # type: ignore[arg-type]
    return [*ways, Check(**common, proof="second opinion", way="target")]  # type: ignore[arg-type]


def test_no_folder_no_memory(subset: SubsetOnDisk) -> None:
    """Where there is no packages/, none is made; where the site changed meanwhile, nothing is kept."""
    case = alone(subset)
    memory = green_results.Proven(subset.paths.packages, case.site, "shut")
    memory.learn(case, checks(case))
    assert len(memory.results(case)) == 4
    memory.keep()
    assert not subset.paths.packages.exists()
    subset.paths.packages.mkdir()
    edit(case.site / "find-links.html")
    memory.keep()
    assert list(subset.paths.packages.iterdir()) == []


BAD: dict[str, Callable[[list[dict[str, Any]]], object]] = {
    "red": lambda found: found[0].update(status="failed", reason="no"),
    "no way at all": lambda found: found.pop(0),
    "a way twice": lambda found: found.append(dict(found[0])),
    "another case": lambda found: [one.update(request="six") for one in found],
    "another target": lambda found: [one.update(target="linux") for one in found],
    "a kind of proof that it was not": lambda found: [one.update(proof="installed") for one in found[:3]],
    "skipped": lambda found: found[0].update(status="skipped"),
    "by chance": lambda found: found[3].update(status="skipped", reason="uv could not be asked: killed"),
    "a word": lambda found: found[0].update(status="splendid"),
    "types": lambda found: found[0].update(notes="ab"),
    "types inside": lambda found: found[0].update(notes=[{}]),
    "no hash": lambda found: found[0].update(way={}),
    "a number": lambda found: found[0].update(reason=7),
    "no number": lambda found: found[0].update(seconds=float("nan")),
    "a lack": lambda found: found[0].pop("status"),
    "nothing": lambda found: found.clear(),
}


@pytest.mark.parametrize("what", ["", *BAD])
def test_what_is_no_answer(subset: SubsetOnDisk, what: str) -> None:
    """Whatever stands in the file, only whole green results of that very case are taken from it."""
    case = alone(subset)
    found = json.loads(json.dumps([asdict(check) for check in checks(case)]))
    BAD.get(what, len)(found)
    write(subset, {key(case): found})
    assert bool(green_results.Proven(subset.paths.packages, case.site, "shut").results(case)) is not bool(what)


def write(subset: SubsetOnDisk, cases: Any) -> Path:
    """Return the file, in which *cases* stand as if we had written them."""
    text = json.dumps(cases)
    digest = hashlib.sha256(text.encode()).hexdigest()
    subset.paths.packages.mkdir(exist_ok=True)
    path = subset.paths.packages / green_results.NAME
    path.write_text(f'{{"schema": "1.0", "sha256": "{digest}", "cases": {text}}}')
    return path


@pytest.mark.parametrize(
    "cases", [[], "", 7, None, {"KEY": 7}, {"KEY": "ab"}, {"KEY": [7]}, {"KEY": [[]]}, {"KEY": None}]
)
def test_another_form(subset: SubsetOnDisk, cases: Any) -> None:
    """Anything else in its place is no answer, and no error."""
    case = alone(subset)
    write(subset, {key(case): cases["KEY"]} if isinstance(cases, dict) else cases)
    assert green_results.Proven(subset.paths.packages, case.site, "shut").results(case) == ()


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"[]", b"{}", b"[" * 100_000, b"7" * 10_000])
def test_a_damaged_file(subset: SubsetOnDisk, data: bytes) -> None:
    """A file that is no JSON, or was cut, or nests without end, counts as none; so does a folder in its place."""
    case, path = alone(subset), subset.paths.packages / green_results.NAME
    path.parent.mkdir()
    path.write_bytes(data)
    assert green_results.Proven(path.parent, case.site, "shut").results(case) == ()
    path.unlink()
    path.mkdir()
    memory = green_results.Proven(path.parent, case.site, "shut")
    memory.learn(case, checks(case))
    memory.keep()
    assert memory.results(case)


def test_a_byte_that_changed_in_the_file(subset: SubsetOnDisk) -> None:
    """The file's own hash guards what looks right as well."""
    case = alone(subset)
    path = write(subset, {key(case): json.loads(json.dumps([asdict(check) for check in checks(case)]))})
    assert green_results.Proven(subset.paths.packages, case.site, "shut").results(case)
    edit(path, '"seconds": 0.0', '"seconds": 0.1')
    assert green_results.Proven(subset.paths.packages, case.site, "shut").results(case) == ()


def test_interpreters_count_by_their_bytes(tmp_path: Path) -> None:
    """An interpreter that was exchanged under its name is another one."""
    own = tmp_path / "python"
    own.write_bytes(b"one")
    here = SubsetOnDisk(tmp_path / "here", targets=[HERE], lines=["six"], pins={"here": [SIX]}).write()
    case = replace(alone(here), interpreter=replace(OWN[0], path=own))
    before = key(case)
    own.write_bytes(b"two")
    green_results.build.cache_clear()
    assert "" != before != key(case)


def test_interpreters_count_by_their_library(tmp_path: Path) -> None:
    """An interpreter whose standard library was changed is another one."""
    own, module = (
        tmp_path / "bin" / "python",
        tmp_path / "lib" / "python{}.{}".format(*OWN[0].version) / "json" / "x.py",
    )
    for path in (own, module):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"one")
    here = SubsetOnDisk(tmp_path / "here", targets=[HERE], lines=["six"], pins={"here": [SIX]}).write()
    case = replace(alone(here), interpreter=replace(OWN[0], path=own))
    before = key(case)
    module.write_bytes(b"another")
    green_results._library.cache_clear()  # noqa: SLF001 - a run asks once
    assert "" != before != key(case)
