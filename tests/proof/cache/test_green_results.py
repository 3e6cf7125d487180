"""What was proven before: what makes a case another one, what is never remembered, and a file that is not ours."""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, replace
from importlib import metadata, resources
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from packaging.requirements import Requirement

from pypi_subset.model.checks import Check
from pypi_subset.model.report import report_path
from pypi_subset.proof.cache import green_results
from pypi_subset.proof.evidence import key as keys
from pypi_subset.proof.report import report
from pypi_subset.proof.run.suite import run_suite
from tests.support.sites.cases import CLICK, COLORAMA, HERE, LINUX, OWN, SIX, WINDOWS, click_alone, click_and_six
from tests.support.sites.published import own_key
from tests.support.sites.subset_on_disk import SubsetOnDisk
from tests.support.sites.trees import edit
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pypi_subset.proof.cases.case import Case
    from pypi_subset.proof.evidence.key import Key


@pytest.fixture
def subset(tmp_path: Path) -> SubsetOnDisk:
    """Return a subset of two requests that have nothing in common."""
    return click_and_six(tmp_path / "subset")


def key(case: Case, isolation: str = "shut") -> str:
    """Return what *case* is known by, as a new run would find it."""
    return green_results.Proven(case.site.parent, case.site, isolation, own_key()).key(case)


@pytest.mark.slow
def test_where_it_lies_does_not_count(subset: SubsetOnDisk, tmp_path: Path) -> None:
    """The same files in another directory, and a request on another line, are the same case."""
    case = click_alone(subset)
    shutil.copytree(subset.root, tmp_path / "copy")
    moved = replace(case, site=tmp_path / "copy/site", requests=(replace(case.requests[0], line=7),))
    assert key(moved) == key(case) != ""


def test_a_byte_makes_another_case(subset: SubsetOnDisk) -> None:
    """What a case can see is part of what it is known by."""
    before = key(click_alone(subset))
    edit(subset.file(CLICK))
    assert key(click_alone(subset)) != before


def test_a_wheel_that_cannot_be_read(subset: SubsetOnDisk) -> None:
    """What a damaged wheel requires is not known, so nothing is known of the case."""
    (subset.paths.site / "simple/colorama" / COLORAMA.filename).write_bytes(b"hello")
    assert key(click_alone(subset)) == ""


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


@pytest.mark.slow
@pytest.mark.parametrize("what", OTHER)
def test_another_case(subset: SubsetOnDisk, what: str) -> None:
    """Every field of a case and of its target counts, and the build of its interpreter."""
    case, changes = click_alone(subset), dict(OTHER[what])
    if "requests" in changes:
        changes["requests"] = (replace(case.requests[0], requirement=Requirement("click>=8")),)
    known = green_results.Proven(case.site.parent, case.site, "shut", own_key()).key
    others = {name: known(replace(case, **OTHER[name])) for name in ("interpreter", "another build")}
    assert len({known(case), known(replace(case, **changes)), *others.values()}) == (3 if what in others else 4)


@pytest.mark.slow
def test_the_other_means(subset: SubsetOnDisk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The isolation, our code, each tool, uv, the running Python and the system count, and what libraries there are."""
    case = click_alone(subset)
    keys = [key(case), key(case, isolation="open")]

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


@pytest.mark.slow
def test_proven_before(subset: SubsetOnDisk) -> None:
    """A second run proves nothing again but reads all files, and says so; `again` proves everything."""
    subset.paths.packages.mkdir()
    first = run_suite(subset.paths, processes=1)
    assert remembered(subset) == [False] * 12
    assert "proven before" not in "".join(report.lines_of(first))
    second = run_suite(subset.paths, processes=1)
    assert remembered(subset) == [True] * 12
    assert report.lines_of(second)[-1].startswith("13 passed, 0 failed, 0 skipped, 12 of these proven before;")
    for name in ("index.html", "junit.xml"):
        assert "proven before" in (subset.paths.site / "proof" / name).read_text()
    run_suite(subset.paths, processes=1, again=True)
    assert remembered(subset) == [False] * 12
    path = subset.paths.packages / green_results.NAME
    path.write_bytes(path.read_bytes().replace(b'"passed"', b'"skipped"', 1))
    run_suite(subset.paths, processes=1)
    assert remembered(subset) == [False] * 12


@pytest.mark.slow
def test_red_is_never_remembered(subset: SubsetOnDisk) -> None:
    """What was red is proven again, although nothing changed; what was green beside it is not."""
    subset.paths.packages.mkdir()
    subset.file(COLORAMA).unlink()
    for _ in range(2):
        assert run_suite(subset.paths, processes=1).totals.failed
    by = {check["request"]: check["remembered"] for check in checks_of(subset)}
    assert by == {"": False, "click": False, "six": True}


@pytest.mark.slow
def test_what_is_red_now_was_never_green(subset: SubsetOnDisk) -> None:
    """A case that was green and is red now, for the same bytes by the same means, is not remembered any more."""
    case = click_alone(subset)
    subset.paths.packages.mkdir()
    memory = green_results.Proven(subset.paths.packages, case.site, "shut", own_key())
    memory.learn(case, checks(case))
    memory.keep()
    memory = green_results.Proven(subset.paths.packages, case.site, "shut", own_key())
    assert memory.results(case)
    memory.learn(case, [replace(check, status="failed", reason="now") for check in checks(case)])
    memory.keep()
    assert not green_results.Proven(subset.paths.packages, case.site, "shut", own_key()).results(case)


@pytest.mark.slow
def test_red_by_all_stays_red(tmp_path: Path) -> None:
    """What depends on something outside, and `again` found red, is not taken from memory by the next run."""
    flag = tmp_path / "flag"
    module = f"import os\nif os.path.exists({str(flag)!r}):\n    raise ImportError('moody')\n"
    moody = make_wheel("moody", files={"moody/__init__.py": module.encode()})
    here = SubsetOnDisk(tmp_path / "here", targets=[HERE], lines=["moody"], pins={"here": [moody]}).write()
    here.paths.packages.mkdir()
    # It looks at a file that no box shows.
    run_suite(here.paths, processes=1, unisolated=True)
    flag.touch()
    for again in (True, False):
        assert run_suite(here.paths, processes=1, again=again, unisolated=True).totals.failed


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
    case = click_alone(subset)
    memory = green_results.Proven(subset.paths.packages, case.site, "shut", own_key())
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


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> tuple[Case, str]:
    """Return a case whose files no test changes, and what it is known by."""
    case = click_alone(click_and_six(tmp_path_factory.mktemp("known") / "subset"))
    return case, key(case)


@pytest.mark.parametrize("what", ["", *BAD])
def test_what_is_no_answer(known: tuple[Case, str], tmp_path: Path, what: str) -> None:
    """Whatever stands in the file, only whole green results of that very case are taken from it."""
    case, name = known
    found = json.loads(json.dumps([asdict(check) for check in checks(case)]))
    BAD.get(what, len)(found)
    write(tmp_path, {name: found})
    assert bool(green_results.Proven(tmp_path, case.site, "shut", own_key()).results(case)) is not bool(what)


def write(folder: Path, cases: Any, own: Key | None = None) -> Path:
    """Return the file in *folder*, in which *cases* stand as if we had written them, or another with the key *own*."""
    text = json.dumps(cases)
    mac = (own or own_key()).mac("green results", text.encode())
    path = folder / green_results.NAME
    path.write_text(f'{{"schema": "2.0", "mac": "{mac}", "cases": {text}}}')
    return path


@pytest.mark.parametrize(
    "cases", [[], "", 7, None, {"KEY": 7}, {"KEY": "ab"}, {"KEY": [7]}, {"KEY": [[]]}, {"KEY": None}]
)
def test_another_form(known: tuple[Case, str], tmp_path: Path, cases: Any) -> None:
    """Anything else in its place is no answer, and no error."""
    case, name = known
    write(tmp_path, {name: cases["KEY"]} if isinstance(cases, dict) else cases)
    assert green_results.Proven(tmp_path, case.site, "shut", own_key()).results(case) == ()


@pytest.mark.slow
@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"[]", b"{}", b"[" * 100_000, b"7" * 10_000])
def test_a_damaged_file(known: tuple[Case, str], tmp_path: Path, data: bytes) -> None:
    """A file that is no JSON, or was cut, or nests without end, counts as none; so does a directory in its place."""
    case, path = known[0], tmp_path / green_results.NAME
    path.write_bytes(data)
    assert green_results.Proven(path.parent, case.site, "shut", own_key()).results(case) == ()
    path.unlink()
    os.mkfifo(path)
    assert green_results.Proven(path.parent, case.site, "shut", own_key()).results(case) == ()
    path.unlink()
    path.mkdir()
    memory = green_results.Proven(path.parent, case.site, "shut", own_key())
    memory.learn(case, checks(case))
    memory.keep()
    assert memory.results(case)


@pytest.mark.slow
def test_a_byte_that_changed_in_the_file(subset: SubsetOnDisk, caplog: pytest.LogCaptureFixture) -> None:
    """The file's HMAC guards what looks right as well, and the log says so."""
    case = click_alone(subset)
    subset.paths.packages.mkdir()
    path = write(subset.paths.packages, {key(case): json.loads(json.dumps([asdict(check) for check in checks(case)]))})
    assert green_results.Proven(subset.paths.packages, case.site, "shut", own_key()).results(case)
    edit(path, '"seconds": 0.0', '"seconds": 0.1')
    assert green_results.Proven(subset.paths.packages, case.site, "shut", own_key()).results(case) == ()
    assert [one.getMessage() for one in caplog.records] == [
        f"{path} was changed, or made with another key or version: everything is proven again"
    ]


@pytest.mark.slow
def test_another_key(subset: SubsetOnDisk, tmp_path: Path) -> None:
    """What somebody proved with another key, or signed for another purpose, is not known here."""
    case = click_alone(subset)
    found = {key(case): json.loads(json.dumps([asdict(check) for check in checks(case)]))}
    subset.paths.packages.mkdir()
    path = write(subset.paths.packages, found, keys.made(tmp_path / "stranger"))
    assert green_results.Proven(subset.paths.packages, case.site, "shut", own_key()).results(case) == ()
    text = json.dumps(found)
    mac = own_key().mac("report", text.encode())
    path.write_text(f'{{"schema": "2.0", "mac": "{mac}", "cases": {text}}}')
    assert green_results.Proven(subset.paths.packages, case.site, "shut", own_key()).results(case) == ()
    write(subset.paths.packages, found)
    assert green_results.Proven(subset.paths.packages, case.site, "shut", own_key()).results(case)


@pytest.mark.slow
def test_interpreters_count_by_their_bytes(tmp_path: Path) -> None:
    """An interpreter that was exchanged under its name is another one."""
    own = tmp_path / "python"
    own.write_bytes(b"one")
    here = SubsetOnDisk(tmp_path / "here", targets=[HERE], lines=["six"], pins={"here": [SIX]}).write()
    case = replace(click_alone(here), interpreter=replace(OWN[0], path=own))
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
    case = replace(click_alone(here), interpreter=replace(OWN[0], path=own))
    before = key(case)
    module.write_bytes(b"another")
    green_results._library.cache_clear()  # noqa: SLF001 - a run asks once
    assert "" != before != key(case)
