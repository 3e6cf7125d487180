"""What is shown of an interpreter and of the system."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.proof.isolation import views

if TYPE_CHECKING:
    import pytest


def installed(root: Path) -> Path:
    """Return the interpreter of an installation below *root*."""
    for name in ("bin", "lib/python3.12"):
        (root / name).mkdir(parents=True)
    (root / "bin/python3.12").write_text("")
    return root / "bin/python3.12"


def test_an_installation_and_the_links_to_it(tmp_path: Path) -> None:
    """Each directory that a chain of links passes through is shown, as far as it lies in no other."""
    real = installed(tmp_path / "real")
    for name in ("one", "two"):
        (tmp_path / name / "bin").mkdir(parents=True)
    (tmp_path / "one/bin/python").symlink_to(real)
    (tmp_path / "two/bin/python").symlink_to("../../one/bin/python")
    shown = views.of_interpreter(tmp_path / "two/bin/python", [str(tmp_path / "real/lib"), "/absent", ""])
    assert shown == tuple(str(tmp_path / name) for name in ("one", "real", "two"))


def test_links_in_a_circle(tmp_path: Path) -> None:
    """A chain of links without an end is followed once."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/a").symlink_to("b")
    (tmp_path / "bin/b").symlink_to("a")
    assert views.of_interpreter(tmp_path / "bin/a", []) == (str(tmp_path),)


def test_a_home_directory_is_no_prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of an installation in a home directory its own parts are shown, and no file beside them."""
    python = installed(tmp_path / "home")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "home/.ssh").mkdir()
    assert views.of_interpreter(python, [str(tmp_path / "home")]) == (
        str(tmp_path / "home/bin"),
        str(tmp_path / "home/lib"),
    )


def test_data_beside_a_link(tmp_path: Path) -> None:
    """A link to an interpreter in ``~/.local/bin`` shows programs there, and not the keyrings beside them."""
    real = installed(tmp_path / "real")
    for name in ("bin", "share/keyrings"):
        (tmp_path / ".local" / name).mkdir(parents=True)
    (tmp_path / ".local/bin/python").symlink_to(real)
    shown = views.of_interpreter(tmp_path / ".local/bin/python", [str(tmp_path / "real")])
    assert shown == (str(tmp_path / ".local/bin"), str(tmp_path / "real"))


def test_no_private_key_of_the_machine() -> None:
    """Of the settings for TLS a box sees certificates, and not the directory with the keys."""
    seen = set(views._SETTINGS)  # noqa: SLF001 - most of them are not here
    assert seen.isdisjoint({"/etc", "/etc/ssl", "/etc/ssl/private", "/etc/pki", "/etc/pki/tls", "/etc/pki/tls/private"})


def test_the_root_is_no_prefix() -> None:
    """An interpreter in /bin is a part of the system, which is shown anyway."""
    assert "/" not in views.of_interpreter(Path("/bin/python3"), ["/"])


def test_outermost() -> None:
    """A path in another one is left out; one that only begins alike is not."""
    assert views.outermost(["/a/b", "/a", "/ab", "/a/b/c"]) == ("/a", "/ab")


def test_the_system() -> None:
    """Directories are bound, and links are made again: a link that was bound would lead out."""
    paths, links = views.of_system()
    assert "/usr" in paths
    assert not {*paths} & {*links}
    assert all(not Path(path).is_symlink() or path.startswith("/etc/") for path in paths)
    assert "/etc/shadow" not in paths


def test_accounts() -> None:
    """There is one user, and each further host name is loopback."""
    files = views.accounts(["site.test"])
    assert files["/etc/passwd"].startswith("user:x:1000:")
    assert files["/etc/hosts"].splitlines()[0] == "127.0.0.1 localhost box site.test"
