"""One reading of a page in a run: the wheels for all targets, and facts about all other files."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest
from packaging.tags import parse_tag
from packaging.version import Version

from pypi_subset.pipeline.plan import plan
from pypi_subset.upstream.catalog import SMALL
from pypi_subset.upstream.gateway import Loopback
from pypi_subset.upstream.pages import Pages
from pypi_subset.upstream.places.fitting import Facts, Read
from tests.support.stages.candidates import candidates
from tests.support.stages.mirroring import LINUX, WINDOWS, mirror
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from typing import Any

    from pypi_subset.model.candidates import Candidate
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

LINUX_TAG, WINDOWS_TAG = parse_tag("cp310-cp310-linux_x86_64"), parse_tag("cp310-cp310-win_amd64")


def test_facts_are_about_all_files() -> None:
    """The newest release and the bounds count whatever is wanted; a reading on other tags has the same."""
    facts = Facts(LINUX_TAG | WINDOWS_TAG)
    assert facts(Version("1.0"), LINUX_TAG, {"requires-python": ">=3.8"})
    assert not facts(Version("2.0"), parse_tag("py3-none-macosx_11_0_arm64"), {"requires-python": ">=3.9"})
    assert not facts(Version("3.0"), None, {})
    assert not facts(Version("4.0"), None, {"yanked": True})
    *both, kept = candidates(
        "1.0-cp310-cp310-linux_x86_64", "1.0-cp310-cp310-win_amd64", "3.5-cp310-cp310-linux_x86_64"
    )
    read = Read(candidates=(*both,), facts=facts)
    found, own = read.on(LINUX_TAG, [kept])
    assert [one.distribution.filename for one in found] == [
        "app-1.0-cp310-cp310-linux_x86_64.whl",
        kept.distribution.filename,
    ]
    assert (own.final, own.newest) == (Version("3.5"), {">=3.8": Version("1.0"), ">=3.9": Version("2.0")})
    assert facts.final == Version("3.0")
    assert len(read) == 2


@pytest.fixture
def readings(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Return how often the page of each project was read from then on."""
    found, parsed = Counter[str](), Pages._parsed  # noqa: SLF001 - where a page is read

    def counted(self: Pages, page: Any, where: Any, *rest: Any) -> tuple[Candidate, ...]:
        found[where[0]] += 1
        return parsed(self, page, where, *rest)

    monkeypatch.setattr(Pages, "_parsed", counted)
    return found


@pytest.mark.usefixtures("configured_index")
@pytest.mark.parametrize("style", ["json", "html"])
def test_a_page_is_read_once_in_a_run(
    style: str, workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch, readings: Counter[str]
) -> None:
    """mirror, update and plan; a small wheel is fetched once; pip gets what fits its target, and nothing else."""
    index.style = style  # type: ignore[assignment] # of the parameters
    index.metadata = False
    index.add(make_wheel("app", requires=["lib"]))
    for number in range(1, 30):
        for tag in ("cp310-cp310-manylinux2014_x86_64", "cp310-cp310-win_amd64", "cp39-cp39-win_amd64"):
            index.add(make_wheel("lib", f"{number}.0", tag=tag))
    pages, answer = dict[str, int](), Loopback.answer

    def answering(self: Loopback, path: str) -> Any:
        found = answer(self, path)
        if isinstance(found, bytes) and path.endswith("/lib/"):
            pages[path.split("/")[2]] = max(pages.get(path.split("/")[2], 0), found.count(b'"filename"'))
            assert b"win_amd64" not in found or b"manylinux" not in found
            assert b"cp39" not in found
        return found

    monkeypatch.setattr(Loopback, "answer", answering)
    workspace.write("base.txt", "app\n")
    workspace.toml({"linux": LINUX, "windows": WINDOWS})
    for run in (
        lambda: mirror(workspace),
        lambda: mirror(workspace, update=True),
        lambda: plan(workspace.paths, update=True),
    ):
        readings.clear()
        run()
        assert readings == {"app": 1, "lib": 1}
    assert pages["newest"] <= 4
    counts = index.counts()
    wheels = {path: count for path, count in counts.items() if path.endswith(".whl")}
    assert len(wheels) == 3
    assert {*wheels.values()} == {1}
    assert SMALL == 128 << 10
