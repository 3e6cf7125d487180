"""What an incremental build goes by: digests of the inputs, of each project, and of the directories on disk."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from msgspec import structs
from packaging.utils import canonicalize_name

from pypi_subset.model.distributions import BadFile
from pypi_subset.site import incremental
from pypi_subset.site.build_state import UNKNOWN, BuildState
from pypi_subset.site.content import Content
from tests.support.stages.values import LINUX, WINDOWS, artifacts_of, lock_of, plan_of
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable

    from pypi_subset.model.locks import Lock

WHEELS = (make_wheel("app", requires=["lib"]), make_wheel("lib"))


@pytest.fixture
def content(tmp_path: Path) -> Content:
    """Return the content of a site of two projects for one target."""
    subset = plan_of(["app"], [LINUX])
    artifacts = artifacts_of(WHEELS, tmp_path)
    return Content(subset=subset, locks=[lock_of(subset.jobs[0], artifacts, WHEELS)], artifacts=artifacts)


def digest(content: Content) -> str:
    """Return the digest of all inputs."""
    pinned = [pin.distribution for lock in content.locks for pin in lock.pins]
    texts = incremental.texts_of([*pinned, *(one.distribution for one in content.artifacts)])
    return incremental.digest_of(content, texts)


def relocked(content: Content, **changes: Any) -> Content:
    """Return *content* with another first pin."""
    (lock,) = content.locks
    other: Lock = replace(lock, pins=(replace(lock.pins[0], **changes), *lock.pins[1:]))
    return replace(content, locks=[other])


CHANGES: dict[str, Callable[[Content], Content]] = {
    "a fact": lambda one: relocked(
        one, distribution=structs.replace(one.locks[0].pins[0].distribution, yanked="broken")
    ),
    "who needs it": lambda one: relocked(one, reasons=()),
    "an extra": lambda one: relocked(one, extras=(canonicalize_name("x"),)),
    "another target": lambda one: replace(one, subset=plan_of(["app"], [WINDOWS])),
    "another request": lambda one: replace(one, subset=plan_of(["app", "lib"], [LINUX])),
    "a file less": lambda one: replace(one, artifacts=one.artifacts[:1]),
    "a bad file": lambda one: replace(one, bad=[BadFile(filename="x", reason="y", action="skip")]),
    "an index alone": lambda one: replace(one, subset=None),
}


@pytest.mark.parametrize("change", CHANGES)
def test_every_input_counts(content: Content, change: str) -> None:
    """A site with any other input is another site."""
    assert digest(CHANGES[change](content)) != digest(content)


def test_equal_inputs_have_one_digest(content: Content) -> None:
    """Whatever objects hold them."""
    copies = {one.distribution.filename: structs.replace(one.distribution) for one in content.artifacts}
    pins = [replace(pin, distribution=copies[pin.distribution.filename]) for pin in content.locks[0].pins]
    artifacts = [replace(one, distribution=copies[one.distribution.filename]) for one in content.artifacts]
    again = replace(content, locks=[replace(content.locks[0], pins=tuple(pins))], artifacts=artifacts)
    assert digest(again) == digest(content)


def test_what_is_not_built_does_not_count(tmp_path: Path) -> None:
    """The user's README and the report of the proof; a README further down does."""
    (tmp_path / "simple").mkdir()
    before = incremental.look_at(tmp_path)
    (tmp_path / "README.md").touch()
    (tmp_path / "proof").mkdir()
    (tmp_path / "proof" / "report.json").touch()
    assert incremental.look_at(tmp_path) == before
    (tmp_path / "simple" / "README.md").touch()
    assert incremental.look_at(tmp_path).keys() == before.keys()
    assert incremental.look_at(tmp_path) != before


def test_a_state_is_usable_as_far_as_it_still_holds() -> None:
    """Directories that changed are no longer in it; that of another program is no state."""
    last = BuildState(program=incremental.program_of_site(), inputs="i", directories={"": "1", "a": "2", "b": "3"})
    assert incremental.usable(last, {"": "1", "a": "changed", "c": "4"}).directories == {"": "1"}
    assert incremental.usable(BuildState(program="another", directories={"": "1"}), {"": "1"}) == UNKNOWN


def made(folder: Path) -> Path:
    """Return a small site in *folder*."""
    (folder / "simple").mkdir(parents=True)
    (folder / "simple" / "index.html").write_text("page", encoding="utf-8")
    (folder / "README.md").write_text("mine", encoding="utf-8")
    return folder


DIFFERENCES: dict[str, Callable[[Path], object]] = {
    "none": lambda _site: None,
    "bytes": lambda site: (site / "simple" / "index.html").write_text("PAGE", encoding="utf-8"),
    "a mode": lambda site: (site / "simple" / "index.html").chmod(0o600),
    "a file more": lambda site: (site / "more").touch(),
    "a directory more": lambda site: (site / "more").mkdir(),
    "no README": lambda site: (site / "README.md").unlink(),
}


@pytest.mark.parametrize("difference", DIFFERENCES)
def test_the_same_site(tmp_path: Path, difference: str) -> None:
    """The same files with the same bytes and modes; the text of the README does not count."""
    stage, site = made(tmp_path / "stage"), made(tmp_path / "site")
    (site / "README.md").write_text("other", encoding="utf-8")
    DIFFERENCES[difference](site)
    assert incremental.same_site(stage, site) is (difference == "none")


def test_a_link_is_no_page(tmp_path: Path) -> None:
    """A symbolic link to the same bytes is replaced."""
    stage, site = made(tmp_path / "stage"), made(tmp_path / "site")
    for folder in (stage, site):
        (folder / "link").symlink_to(Path("simple", "index.html"))
    assert not incremental.same_site(stage, site)
