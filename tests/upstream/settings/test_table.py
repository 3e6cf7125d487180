"""Each setting that pip has is obeyed, overridden or refused by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pip._internal.commands import create_command

from pypi_subset.errors import NoSolution, UpstreamError
from pypi_subset.upstream.pip_config import read_network
from pypi_subset.upstream.settings.table import SETTINGS
from pypi_subset.upstream.settings.usable import require_admitted
from tests.support.stages.mirroring import LINUX, mirror, versions
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from tests.support.servers.index import Index
    from tests.support.sites.workspace import Workspace

#: The user's pip is configured for the loopback index.
pytestmark = pytest.mark.usefixtures("configured_index")

#: Values that pip takes for refused settings, where ``1`` is none.
VALUES = {"platform": "win_amd64", "python-version": "3.9", "implementation": "cp", "abi": "cp39", "no-binary": ":all:"}
REFUSED = sorted(name for name, one in SETTINGS.items() if one.treatment == "refused")


@pytest.mark.parametrize("command", ["download", "install", "wheel", "lock"])
def test_every_option_of_pip_has_its_place(command: str) -> None:
    """The table has every long option of the commands that resolve; so the next pip's new ones are noticed."""
    beside = {"wheel-dir", "no-verify", "output"}
    parser = create_command(command).parser
    options = {name.removeprefix("--") for one in parser.option_list_all for name in one._long_opts}  # noqa: SLF001
    assert options - beside - SETTINGS.keys() == set()


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_is_named(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error has the setting, its variable, and what to do; a value that switches it off is none."""
    variable = f"PIP_{name.upper().replace('-', '_')}"
    monkeypatch.setenv(variable, VALUES.get(name, "1"))
    with pytest.raises(UpstreamError, match=rf"'{name}' \({variable}\) is refused: it .*unset it"):
        require_admitted(read_network().settings)
    monkeypatch.setenv(variable, ":none:" if name == "no-binary" else "0")
    require_admitted(read_network().settings)


def test_links_without_an_index(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under ``no-index`` the directory of ``find-links`` alone counts, and no server is asked."""
    index.add(make_wheel("alpha", "2.0"))
    links = workspace.root / "links"
    links.mkdir()
    make_wheel("alpha").save(links)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_EXTRA_INDEX_URL", index.url)
    monkeypatch.setenv("PIP_FIND_LINKS", str(links))
    workspace.write("base.txt", "alpha\n")
    workspace.toml({"linux": LINUX})
    mirror(workspace)
    assert versions(workspace, "base--linux") == {"alpha": "1.0"}
    assert index.requests == []
    workspace.write("base.txt", "alpha\nbeta\n")
    with pytest.raises(NoSolution, match=r"no index has a project beta.*'no-index' \(PIP_NO_INDEX\)"):
        mirror(workspace)


def test_no_index_and_an_index_of_a_source(workspace: Workspace, index: Index, monkeypatch: pytest.MonkeyPatch) -> None:
    """They contradict each other, and the error names both."""
    monkeypatch.setenv("PIP_NO_INDEX", "yes")
    workspace.write("base.txt", "alpha\n")
    workspace.toml({"linux": LINUX}, more=f'[sources.own]\nindex = "{index.url}"\nprojects = ["alpha"]\n')
    with pytest.raises(UpstreamError, match=r"'no-index' \(PIP_NO_INDEX\) .*\[sources\.own\]"):
        mirror(workspace)


@pytest.mark.parametrize("value", [":all:", "beta,Alpha"])
def test_wheels_alone_and_a_build(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """``only-binary`` contradicts a project that is built, and no other."""
    monkeypatch.setenv("PIP_ONLY_BINARY", value)
    workspace.write("base.txt", "alpha\n")
    workspace.toml({"linux": LINUX}, more='[sdists]\nbuild = ["alpha"]\n')
    with pytest.raises(UpstreamError, match=r"'only-binary' \(PIP_ONLY_BINARY\) allows wheels alone for alpha"):
        mirror(workspace)
