"""What mirror needs of the network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.doctor import indexes
from pypi_subset.model.intake.sources import Source, Sources
from pypi_subset.upstream.pip_config import read_network
from tests.support.servers.index import Index
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    import pytest

    from pypi_subset.doctor.findings import Finding


def configured(monkeypatch: pytest.MonkeyPatch, **settings: str) -> list[Finding]:
    """Return what is found of pip's configuration with *settings*."""
    for name, value in settings.items():
        monkeypatch.setenv(f"PIP_{name.upper()}", value)
    found: list[Finding] = []
    indexes.configuration(found)
    return found


def asked(project: str = "app", sources: Sources | None = None) -> list[Finding]:
    """Return what the configured indexes answer."""
    return indexes.reached(read_network(), sources or Sources(), project)


def test_the_configuration_is_shown_without_secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """It names indexes and counts links; a directory that is missing is an error, for mirror too."""
    (tmp_path / "wheels").mkdir()
    settings = {"index_url": "https://me:s3cret@one.example/simple", "find_links": str(tmp_path / "wheels")}
    (one,) = configured(monkeypatch, **settings)
    assert (one.state, one.what) == ("ok", "indexes: https://one.example/simple; 1 place of find-links")
    (two,) = configured(monkeypatch, **settings | {"find_links": str(tmp_path / "no")})
    assert two.state == "error"
    assert f"'find-links' (PIP_FIND_LINKS) has {tmp_path / 'no'}, and there is no such" in two.what


def test_a_directory_that_is_an_index_may_be_missing_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An extra index on a disk that is not mounted is an error."""
    found = configured(monkeypatch, extra_index_url=(tmp_path / "simple").as_uri())
    assert [one.state for one in found] == ["error"]


def test_pip_refuses_its_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """That is an error with the words of pip."""
    (found,) = configured(monkeypatch, timeout="soon")
    assert (found.name, found.state) == ("pip configuration", "error")
    assert "pip refuses its own configuration" in found.what
    assert found.next_step


def test_an_index_answers(configured_index: Index) -> None:
    """One page is asked for, that of the project."""
    configured_index.add(make_wheel("app"))
    (found,) = asked()
    assert found.state == "ok"
    assert found.what.startswith(f"http://{configured_index.host}/simple answers in ")
    assert [hit.path for hit in configured_index.requests] == ["/simple/app/"]


def test_an_index_without_the_project(configured_index: Index) -> None:
    """It answers, and that it lacks the page is a warning."""
    (found,) = asked("absent")
    assert found.state == "warning"
    assert found.what.endswith(", and has no page of absent")
    assert configured_index.gets() == 1


def test_an_index_that_asks_for_a_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without one it is an error; with one in the URL, the finding says where it came from, and not what it is."""
    with Index({"app": [make_wheel("app")]}, auth=("me", "s3cret")) as closed:
        monkeypatch.setenv("PIP_INDEX_URL", closed.url)
        (refused,) = asked()
        monkeypatch.setenv("PIP_INDEX_URL", closed.login_url)
        answer, credentials = asked()
    assert (refused.state, "401" in refused.what) == ("error", True)
    assert (answer.state, credentials.state) == ("ok", "ok")
    assert credentials.what == f"credentials for http://{closed.host}/simple come from its URL"
    assert "s3cret" not in f"{refused}{answer}{credentials}"


def test_an_index_that_is_down_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ends after one attempt, however often pip would try, with the next step."""
    with Index() as gone:
        pass
    monkeypatch.setenv("PIP_INDEX_URL", gone.url)
    monkeypatch.setenv("PIP_RETRIES", "50")
    (found,) = asked()
    assert found.state == "error"
    assert found.next_step


def test_a_server_with_a_fault(configured_index: Index) -> None:
    """Its answer is an error that names it, after one attempt."""
    configured_index.on_request = lambda _: 500
    (found,) = asked()
    assert found.state == "error"
    assert "500" in found.what
    assert configured_index.gets() == 1


def test_the_usual_project_may_come_from_a_source(configured_index: Index) -> None:
    """If nothing is requested, pip's indexes are asked for a project that no source has."""
    own = Source(name="own", wheels=Path("wheels"), projects=("pip", "setup*"))
    (found,) = asked("", Sources(named=(own,), private=("setup*",)))
    assert found.what.endswith("has no page of wheel")
    assert [hit.path for hit in configured_index.requests] == ["/simple/wheel/"]


def test_a_source_is_asked_for_its_own_project(configured_index: Index) -> None:
    """The index of a source is asked for a name that it serves, and the index of pip is not asked for that."""
    configured_index.add(make_wheel("app"))
    with Index({"acme-core": [make_wheel("acme-core")]}) as own:
        source = Source(name="acme", index=own.url.rstrip("/"), projects=("acme-*", "acme-core"))
        found = asked(sources=Sources(named=(source,)))
        assert [one.state for one in found] == ["ok", "ok"]
        assert [hit.path for hit in own.requests] == ["/simple/acme-core/"]
    assert [hit.path for hit in configured_index.requests] == ["/simple/app/"]
