"""Clients and hosts: a small cut of the run behind the manual's table, and that a wrong cell is seen."""

from __future__ import annotations

import configparser
import os
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
from uv import find_uv_bin

from pypi_subset.cli.display import Display
from pypi_subset.pipeline import mirror
from pypi_subset.proof.run.suite import seal
from pypi_subset.site.pages.client_config import snippets
from tests.evidence.compatibility import equipment, run, sealed, table, win
from tests.evidence.compatibility.__main__ import SMALL
from tests.evidence.compatibility.hosts import HOSTS
from tests.evidence.compatibility.job import Place
from tests.evidence.compatibility.refusals import REFUSALS, Refusal
from tests.evidence.compatibility.ways import WAYS
from tests.support.checkout import ROOT, page
from tests.support.servers.index import Index
from tests.support.sites.workspace import AMBIENT, Workspace
from tests.support.wheels import make_wheel

PAGE = page("docs/reference/clients.md")

PROGRAMS = {"pip": Path(sys.executable).parent, "uv": Path(find_uv_bin()).parent}


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> run.Work:
    """Return what to do with a site of three projects, as this environment's pip and uv can do it."""
    space = Workspace(tmp_path_factory.mktemp("clients"))
    space.toml()
    space.write("base.txt", "App\n")
    with Index() as index, pytest.MonkeyPatch.context() as patch:
        index.add(make_wheel("app", requires=["lib-one>=1", "far; sys_platform == 'win32'"]))
        index.add(make_wheel("lib-one", "1.0+local", requires=["end"], ballast=500_000), make_wheel("end", "2.0"))
        # As every test's own fixture does, which comes later than a module's.
        for name in [name for name in os.environ if name.startswith(AMBIENT)]:
            patch.delenv(name)
        patch.setenv("PIP_CONFIG_FILE", os.devnull)
        patch.setenv("PIP_INDEX_URL", index.url)
        mirror.mirror(space.paths, progress=Display())
    return run.Work(
        site=str(space.paths.site),
        python=sys.executable,
        programs={name: str(folder) for name, folder in PROGRAMS.items()},
        requests=["App"],
        expected=equipment.locked(space.paths.locks / "pylock.base--here.toml"),
        clients=["uv pip"],
        hosts=["file://"],
    )


@pytest.fixture
def shut() -> None:
    """Skip the test where the network cannot be shut."""
    if not seal().prefix:
        pytest.skip("the network cannot be shut here")


def fault(work: run.Work, folder: Path) -> str:
    """Return what is wrong with the one cell of *work*; a disk needs no network to be shut."""
    (cell,) = run.run(work, folder, lambda _: None)
    return cell.fault


@pytest.mark.usefixtures("shut")
def test_pip_and_uv_install_from_the_small_cut_of_hosts(work: run.Work) -> None:
    """With the network shut, each brings what the lock has from each of the hosts."""
    clients, hosts = SMALL

    cells = sealed.cells(replace(work, clients=clients, hosts=hosts))

    assert [(cell.host, cell.client, cell.shown, cell.fault) for cell in cells] == [
        (host, client, "ok", "") for host in hosts for client in clients
    ]
    assert work.expected == {"app": "1.0", "lib-one": "1.0+local", "end": "2.0"}


@pytest.mark.parametrize(
    ("expected", "said"),
    [
        ({"end": "2.1"}, "end 2.0, the lock has 2.1"),
        ({"far": "1.0"}, "far not, the lock has 1.0"),
        ({"end": None}, "end 2.0, the lock has none"),
    ],
)
def test_what_is_not_as_locked_is_seen(
    work: run.Work, tmp_path: Path, expected: dict[str, str | None], said: str
) -> None:
    """Another version, a project that is missing and one too many each make the cell wrong."""
    wanted = {name: version for name, version in {**work.expected, **expected}.items() if version is not None}

    assert fault(replace(work, expected=wanted), tmp_path) == said


def test_a_client_that_fails_is_seen(work: run.Work, tmp_path: Path) -> None:
    """A cell whose client could not install is wrong, and shows what it said."""
    assert "nowhere" in fault(replace(work, requests=["nowhere"]), tmp_path)


@pytest.mark.parametrize(
    ("request_", "said", "expected"),
    [
        ("nowhere", "nowhere", ""),
        ("nowhere", "other words", "refused otherwise than known: "),
        ("app", "nowhere", "this works now: take it out of tests/evidence/compatibility/refusals.py"),
    ],
)
def test_a_refusal_is_held(
    work: run.Work, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request_: str, said: str, expected: str
) -> None:
    """What a client cannot do is tried: it must fail, and as it is known to."""
    monkeypatch.setitem(REFUSALS, ("uv pip", "file://"), Refusal(reason="no need", said=said))

    found = fault(replace(work, requests=[request_]), tmp_path)

    assert found.startswith(expected)
    assert bool(found) == bool(expected)


@pytest.mark.usefixtures("shut")
def test_no_wheel_is_fetched_to_resolve(work: run.Work, tmp_path: Path) -> None:
    """From our site pip and uv resolve without a wheel; from dir2pi's alone they fetch all."""
    site = Path(work.site)

    found = sealed.fetched({win.OURS: site, win.BARE: win.bare(site, tmp_path / "bare")}, PROGRAMS, work.requests)

    assert win.faults(found) == []
    assert [(one.client, one.index, one.wheels) for one in found] == [
        (client, index, 0 if index == win.OURS else 3) for client in ("pip", "uv") for index in (win.OURS, win.BARE)
    ]
    ours, bare, *_ = found
    assert ours.bytes_ * 10 < bare.bytes_


def test_a_wheel_that_was_fetched_to_resolve_is_a_fault() -> None:
    """It is named, if it came from our site."""
    answers = (("/simple/app/", 100), ("/simple/app/app-1.0-py3-none-any.whl", 1000))
    found = [win.Fetched(client="pip", index=index, answers=answers) for index in (win.OURS, win.BARE)]

    assert win.faults(found) == ["pip fetched app-1.0-py3-none-any.whl from our site to resolve"]
    assert "| pip 9 | dir2pi | 2 | 1,100 | 1 |" in win.render(found, {"pip": "9"})


#: Way → whose snippet it is that tells it, where that has another name.
TOLD = {"pip 24": "pip", "pip 23": "pip", "uv pip": "uv", "uv sync": "uv, in a project", "hatch with uv": "hatch"}


@pytest.mark.parametrize("client", WAYS)
def test_each_client_is_told_what_users_are_shown(client: str, tmp_path: Path) -> None:
    """The snippet stands in a file that the client reads, or its lines in what it is started with; nothing else does."""
    programs = dict.fromkeys(versions(), tmp_path)
    place = Place(folder=tmp_path, programs=programs, python=tmp_path, url="https://host.example/", requests=("app",))

    steps = WAYS[client](place)

    told = [path.read_text(encoding="utf-8") for path in tmp_path.rglob("*") if path.is_file()]
    told += [" ".join(step.command) for step in steps]
    told += [f"{name}={value}" for step in steps for name, value in step.variables.items()]
    own = snippets(place.url)[TOLD.get(client, client)]
    assert _is_told(own, told)
    assert sum(text.count("host.example") for text in told) == own.count("host.example")


def _is_told(snippet: str, told: list[str]) -> bool:
    """Say whether *told* holds the snippet as it is, or each of its lines but the comment."""
    lines = [line for line in snippet.splitlines() if not line.startswith("#")]
    return any(snippet in text for text in told) or all(any(line in text for text in told) for line in lines)


def versions() -> dict[str, list[str]]:
    """Return what is pinned: environment → requirements."""
    found: dict[str, list[str]] = tomllib.loads(
        (ROOT / "tests" / "evidence" / "compatibility" / "versions.toml").read_text(encoding="utf-8")
    )
    return found


def test_snippets_are_read_as_they_are_meant() -> None:
    """Each form is valid, names the index, and trusts a host without certificate only where it is asked over http."""
    for url in ("https://host.example/a/", "http://host.example:81/a/"):
        texts, secure = snippets(url), url.startswith("https")
        pip = configparser.ConfigParser()
        pip.read_string(texts["pip"])
        assert pip["global"]["index-url"] == f"{url}simple/"
        assert pip["global"].get("trusted-host") == (None if secure else "host.example:81")
        assert tomllib.loads(texts["uv"]) == {"index": [{"url": f"{url}simple/", "default": True}]}
        (pipenv,) = tomllib.loads(texts["pipenv"])["source"]
        assert (pipenv["url"], pipenv["verify_ssl"]) == (f"{url}simple", secure)
        tools = {name: tomllib.loads(texts[name])["tool"] for name in ("uv, in a project", "poetry", "pdm", "nab")}
        assert [next(iter(next(iter(one.values())).values()))[0]["url"] for one in tools.values()] == [
            f"{url}simple/"
        ] * 4
        # Without these two PyPI is asked as well, which no run in a shut network shows: the site comes first there.
        assert tools["uv, in a project"]["uv"]["index"][0]["default"] is True
        assert "--no-pypi" in texts["pex"]
        assert all(text.startswith("# ") and text.endswith("\n") for text in texts.values())


def test_the_table_in_readme_is_that_of_the_code() -> None:
    """It has a row for each client as it is pinned, a column for each host, and n/a just for the known refusals."""
    pinned = {name: requirements[0].partition("==")[2] for name, requirements in versions().items()}
    heads, *rows = table.shown(PAGE)

    assert heads == ["", *HOSTS]
    assert [row[0] for row in rows] == [table.title(client, pinned) for client in WAYS]
    for client, (_, *shown) in zip(WAYS, rows, strict=True):
        for host, cell in zip(HOSTS, shown, strict=True):
            refusal = REFUSALS.get((client, host))
            assert cell == (f"n/a: {refusal.reason}" if refusal else "ok")


def test_every_way_has_its_client() -> None:
    """What a way starts is an environment that is pinned, each is used, and each pin names one version."""
    used = {"pip", "pip-24", "pip-23", "uv", "poetry", "pdm", "pipenv", "hatch", "pip-tools", "nab", "pex"}
    assert versions().keys() == used
    assert all("==" in requirement for requirements in versions().values() for requirement in requirements)
    assert REFUSALS.keys() <= {(client, host) for client in WAYS for host in HOSTS}


def test_a_table_that_differs_is_said_or_written(tmp_path: Path) -> None:
    """What stands around the table stays as it is; asked only to check, nothing is written."""
    readme = tmp_path / "README.md"
    old = f"before\n{table.MARKS[0]}\n| old |\n{table.MARKS[1]}\nafter\n"
    readme.write_text(old, encoding="utf-8")

    assert table.update(readme, table.MARKS, "| new |\n", write=False) != []
    assert readme.read_text(encoding="utf-8") == old
    assert table.update(readme, table.MARKS, "| new |\n", write=True) == []
    assert readme.read_text(encoding="utf-8") == old.replace("old", "new")
    assert table.update(readme, table.MARKS, "| new |\n", write=False) == []


def test_nothing_of_this_machine_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client's variables are made from nothing."""
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", "x")

    found = run.environment(tmp_path)

    assert not {name for name in found if name.startswith(("PIP_", "UV_"))}
    assert all(Path(found[name]).is_relative_to(tmp_path) for name in ("HOME", "TMPDIR", "XDG_CONFIG_DIRS"))
    assert [*Path(found["XDG_CONFIG_DIRS"]).iterdir()] == []
