"""What the index on loopback offers of wheels that could be built, with a builder of three lines."""

from __future__ import annotations

import hashlib
import json
import urllib.error
import urllib.request
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest
from msgspec import structs
from packaging.requirements import Requirement
from packaging.tags import Tag
from packaging.utils import NormalizedName, canonicalize_name

from pypi_subset.distributions import filenames
from pypi_subset.distributions.metadata import without_description
from pypi_subset.model.candidates import Candidate
from pypi_subset.model.distributions import Built, Distribution
from pypi_subset.upstream.builds import NotBuilt
from pypi_subset.upstream.catalog import Upstream
from pypi_subset.upstream.gateway import Loopback
from pypi_subset.upstream.pip_config import read_network
from tests.support.stages.values import LINUX, WINDOWS
from tests.support.wheels import Wheel, make_sdist, make_wheel

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.support.servers.index import Index

APP = canonicalize_name("app")


@dataclass
class Ready:
    """Has a wheel ready for each sdist (`Builds`); `asked` are the releases that were asked for."""

    folder: Path
    tag: str = "py3-none-any"
    asked: list[str] = field(default_factory=list)

    def candidates(
        self, _project: NormalizedName, offered: Sequence[Candidate], _target: str = "", /
    ) -> tuple[Candidate, ...]:
        """Return one for each sdist."""
        return tuple(self._standin(one) for one in offered if one.tags is None)

    def built(self, candidate: Candidate, asker: tuple[str, ...] = (), /) -> Candidate:
        """Return the wheel."""
        del asker
        one = candidate.distribution
        self.asked.append(str(one.version))
        wheel = self.wheel(str(one.version))
        built = Built(filename="x", sha256="", url=None, epoch=0, python="", requires=(), isolation="")
        made = structs.replace(one, filename=wheel.filename, sha256=wheel.sha256, url=None, built=built)
        tags = filenames.parse(wheel.filename)[2]
        return replace(candidate, distribution=made, tags=tags, path=wheel.save(self.folder))

    def again(self, one: Distribution, /) -> Path:
        """Return the same file again."""
        return self.wheel(str(one.version)).save(self.folder)

    def wheel(self, version: str) -> Wheel:
        """Return the wheel of a version."""
        return make_wheel("app", version, tag=self.tag)

    def _standin(self, sdist: Candidate) -> Candidate:
        one = sdist.distribution
        wheel = structs.replace(one, filename=f"app-{one.version}-0subset-py3-none-any.whl", sha256=None, size=None)
        return Candidate(distribution=wheel, source="", tags=frozenset({Tag("py3", "none", "any")}), sdist=sdist)


@pytest.fixture
def ready(tmp_path: Path) -> Ready:
    """Return what builds."""
    (tmp_path / "built").mkdir()
    return Ready(tmp_path / "built")


@pytest.fixture
def loopback(index: Index, tmp_path: Path, ready: Ready, monkeypatch: pytest.MonkeyPatch) -> Iterator[Loopback]:
    """Yield our own index, in front of one that has two sdists and one wheel for Windows."""
    index.add(make_sdist("app", "1.0"), make_sdist("app", "2.0"), make_wheel("app", "2.0", tag="cp312-cp312-win_amd64"))
    monkeypatch.setenv("PIP_INDEX_URL", index.url)
    upstream = Upstream(read_network(), store=tmp_path / "store", shelf=tmp_path / "shelf")
    upstream.builds = ready
    with Loopback(upstream, [WINDOWS, LINUX]) as running:
        yield running


def page(view: str) -> dict[str, str]:
    """Return file name → URL of a page."""
    with urllib.request.urlopen(f"{view}app/", timeout=5) as answer:  # noqa: S310 - loopback
        return {one["filename"]: one["url"] for one in json.load(answer)["files"]}


def get(url: str) -> bytes | int:
    """Return the body, or the status of an error."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - loopback
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


def test_a_release_is_offered_where_no_wheel_fits(loopback: Loopback, ready: Ready) -> None:
    """Nothing is built for a page; its metadata is that of the wheel, and the report's URL leads to the wheel."""
    (_, windows), (run, linux) = loopback.run_of(WINDOWS), loopback.run_of(LINUX)
    assert set(page(windows)) == {"app-1.0-0subset-py3-none-any.whl", "app-2.0-cp312-cp312-win_amd64.whl"}
    offered = page(linux)
    assert set(offered) == {"app-1.0-0subset-py3-none-any.whl", "app-2.0-0subset-py3-none-any.whl"}
    assert ready.asked == []
    url = offered["app-2.0-0subset-py3-none-any.whl"]
    assert get(f"{url}.metadata") == without_description(ready.wheel("2.0").metadata)
    assert get(url) == ready.wheel("2.0").data
    found = loopback.candidate_at(url)
    assert found is not None
    assert (found.distribution.filename, found.distribution.sha256) == (
        "app-2.0-py3-none-any.whl",
        ready.wheel("2.0").sha256,
    )
    assert loopback.ended(run) is None
    # The plain view, which is for what is locked, has nothing that is not built.
    assert get(f"{loopback.target_url(LINUX)}app/") == 404


def test_a_wheel_that_does_not_fit_ends_the_run_alone(loopback: Loopback, ready: Ready) -> None:
    """That run gets no page and no file any more; another run of the same target goes on."""
    ready.tag = "cp312-cp312-win_amd64"
    (run, view), (other, beside) = loopback.run_of(LINUX), loopback.run_of(LINUX)
    offered = page(view)
    assert get(f"{offered['app-2.0-0subset-py3-none-any.whl']}.metadata") == 404
    error = loopback.ended(run)
    assert isinstance(error, NotBuilt)
    assert "is for cp312-cp312-win_amd64, which does not fit" in error.what
    assert get(f"{view}app/") == 404
    assert get(f"{offered['app-1.0-0subset-py3-none-any.whl']}.metadata") == 404
    assert ready.asked == ["2.0"]
    assert loopback.ended(other) is None
    assert page(beside)
    assert loopback.failure is None


def test_the_hash_of_an_sdist_stands_for_its_wheel(loopback: Loopback, ready: Ready, index: Index) -> None:
    """Any of the algorithms that pip takes; the sdist must be of an admitted version, and have that hash."""
    data = index.projects["app"][0].data
    right = [f"sha512:{hashlib.sha512(data).hexdigest()}", f"sha256:{'0' * 64}"]
    built = [f"sha256:{ready.wheel('1.0').sha256}"]
    assert loopback.hashes_of_built(LINUX, Requirement("app==1.0"), right) == built
    assert loopback.hashes_of_built(LINUX, Requirement("app==2.0"), right) == []
    assert loopback.hashes_of_built(LINUX, Requirement("app==1.0"), [f"sha256:{'0' * 64}"]) == []


def test_a_locked_wheel_is_built_again(loopback: Loopback, ready: Ready) -> None:
    """It has no address: where packages/ lacks it, it is built, and its hash compared."""
    (candidate,) = (
        one
        for one in loopback.upstream.on("linux").candidates(APP)
        if one.distribution.filename.startswith("app-1.0-0")
    )
    locked = Candidate(distribution=ready.built(candidate).distribution, source="the lock")
    assert loopback.upstream.file(locked).read_bytes() == ready.wheel("1.0").data
