"""A site is held against what each kind of web host takes, and `pypi-subset hosts` says so."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import html5lib
import pytest

from pypi_subset.publishing.limits import EVERY, Finding, kinds, limits
from pypi_subset.site import web_servers
from tests.support.checkout import page
from tests.support.programs.commands import subset
from tests.support.sites.handmade import handmade

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Sequence

PAGE = page("docs/reference/web-servers.md")


def lay(site: Path, **sizes: int) -> Path:
    """Return *site* with ``.nojekyll`` and files of these sizes, which take no room on the disk."""
    site.mkdir(exist_ok=True)
    for name, size in {".nojekyll": 0, **sizes}.items():
        with (site / name).open("wb") as stream:
            stream.truncate(size)
    return site


def task(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Return how the command ended."""
    return subset("servers", *arguments, cwd=Path.cwd())


def test_an_ordinary_site_fits_everywhere(tmp_path: Path) -> None:
    """Nothing is found in a site as the layout has it."""
    assert limits(handmade(tmp_path / "site")) == ()


@pytest.mark.parametrize(
    ("sizes", "found"),
    [
        ([25 << 20], []),
        ([(25 << 20) + 1], ["Cloudflare Pages: more than 25 MiB: f0"]),
        ([100 << 20], ["Cloudflare Pages: more than 25 MiB: f0"]),
        (
            [(100 << 20) + 1],
            ["Cloudflare Pages: more than 25 MiB: f0", "GitHub Pages: more than 100 MiB, which git refuses there: f0"],
        ),
        ([20_000_000] * 50, []),
        ([*[20_000_000] * 50, 1], ["GitHub Pages: 1,000,000,001 bytes in all, of 1,000,000,000"]),
        ([30_000_000] * 5, ["Cloudflare Pages: more than 25 MiB: f0, f1, f2 and 2 more"]),
    ],
)
def test_sizes(tmp_path: Path, sizes: Sequence[int], found: Sequence[str]) -> None:
    """The limits of GitHub Pages and Cloudflare Pages are reached, and then exceeded by one byte."""
    site = lay(tmp_path / "site", **{f"f{number}": size for number, size in enumerate(sizes)})

    assert [str(one) for one in limits(site)] == found


def test_number_of_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """More files than Cloudflare Pages takes are counted."""
    monkeypatch.setattr("pypi_subset.publishing.limits._CLOUDFLARE_FILES", 3)

    assert limits(lay(tmp_path / "site", a=0, b=0)) == ()
    (found,) = limits(lay(tmp_path / "site", c=0))
    assert str(found) == "Cloudflare Pages: 4 files, of 3 in the free plan"


@pytest.mark.parametrize(
    ("path", "host"),
    [
        ("a" * 218, None),
        ("a" * 219, "Windows disk"),
        ("simple/con/index.html", "Windows disk"),
        ("simple/console/index.html", None),
        ("simple/Aux.txt", "Windows disk"),
        ("simple/com1/x", "Windows disk"),
        ("simple/x./x", "Windows disk"),
        ("a!b+c_1.0-x", None),
        ("a b", EVERY),
        ("a#b", EVERY),
        ("a%b", EVERY),
        ("ä", EVERY),
        ("/".join(["a" * 200] * 6), "object store"),
    ],
)
def test_names(tmp_path: Path, path: str, host: str | None) -> None:
    """Names that are too long, kept by Windows, or read otherwise in a URL are found, for the host concerned."""
    site = lay(tmp_path / "site")
    (site / path).parent.mkdir(parents=True, exist_ok=True)
    (site / path).touch()

    found = [one for one in limits(site) if one.paths == (path,)]

    assert host in {one.hosting for one in found} if host else not found


def test_names_that_differ_in_case_alone(tmp_path: Path) -> None:
    """Files and directories that would become one on a disk that ignores case are named."""
    site = lay(tmp_path / "site", Readme=0, README=0)
    for folder in ("App", "app"):
        (site / folder).mkdir()
        (site / folder / folder).touch()

    (found,) = limits(site)

    assert found == Finding(
        hosting="Windows disk",
        what="names that differ in case alone",
        paths=("App", "App/App", "README", "Readme", "app", "app/app"),
    )


def test_a_link_is_no_file(tmp_path: Path) -> None:
    """A symbolic link is named, since a copy may lose it."""
    site = lay(tmp_path / "site")
    (site / "link").symlink_to("nowhere")

    assert [str(one) for one in limits(site)] == [f"{EVERY}: symbolic links, which a copy may lose: link"]


def test_github_needs_its_mark(tmp_path: Path) -> None:
    """Without ``.nojekyll`` GitHub Pages leaves files out."""
    site = lay(tmp_path / "site")
    (site / ".nojekyll").unlink()

    assert [one.hosting for one in limits(site)] == ["GitHub Pages"]


def test_each_finding_is_about_a_host_that_is_listed() -> None:
    """Names of hosts are spelt alike, or the table would say that a site fits."""
    source = Path(sys.modules[limits.__module__].__file__ or "").read_text(encoding="utf-8")
    named = {*re.findall(r'hosting="([^"]+)"', source), *re.findall(r'^        \("([^"]+)", f?"', source, re.MULTILINE)}

    assert (
        {"GitHub Pages", "Cloudflare Pages", "object store", "Windows disk"} <= named <= {one.name for one in kinds()}
    )


def test_the_page_for_wrong_addresses_is_valid() -> None:
    """Hosts show ``404.html`` for what is not there; it is HTML5 without an error."""
    html5lib.HTMLParser(strict=True).parse(web_servers.render([])["404.html"].decode())


def test_readme_shows_what_hosts_prints(tmp_path: Path) -> None:
    """The table in the manual is that of the shipped example, which has files that are too large for one host."""
    shown = re.search(r"<!-- output:hosts -->\n```\n(.*?)```", PAGE, re.DOTALL)
    assert shown
    site = handmade(tmp_path / "site")
    for path in re.findall(r"simple/\S+\.whl", shown[1]):
        (site / path).parent.mkdir(exist_ok=True)
        with (site / path).open("wb") as stream:
            stream.truncate(26 << 20)

    done = task("--site", str(site))

    assert (done.returncode, done.stderr) == (0, "")
    *table, _next = done.stdout.splitlines()
    assert [line.rstrip() for line in table] == shown[1].splitlines()


def test_what_does_not_fit_is_said(tmp_path: Path) -> None:
    """A host that cannot take the site says "no", and why stands below the table; the rest says "yes"."""
    site = handmade(tmp_path / "site")
    with (site / "simple" / "app" / "large.whl").open("wb") as stream:
        stream.truncate(30_000_000)
    done = task("--site", str(site))
    rows = [re.split(r"\s{2,}", line)[:2] for line in done.stdout.splitlines()]

    assert done.returncode == 0
    assert [row[0] for row in rows if row[1:] == ["no"]] == ["Cloudflare Pages"]
    *_, why, then = done.stdout.splitlines()
    assert why == "Cloudflare Pages: more than 25 MiB: simple/app/large.whl"
    assert then.startswith("Next: `pypi-subset publish --to DIR")


def test_objects_are_printed_in_columns(tmp_path: Path) -> None:
    """Each line is key, type, Cache-Control and file, with a tab between."""
    site = handmade(tmp_path / "site")
    done = task("--site", str(site), "--objects")
    rows = [line.split("\t") for line in done.stdout.splitlines()]

    assert rows == [[one.key, one.kind, one.cache, str(one.path)] for one in web_servers.objects(site)]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("--site", "nothing"),
            "error: nothing: there is no site to publish; run `pypi-subset init`, then `pypi-subset mirror --site nothing`\n",
        ),
        (("--objects=maybe",), "error: option '--objects' does not take a value; see `pypi-subset servers --help`\n"),
    ],
)
def test_mistakes_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: Sequence[str], message: str
) -> None:
    """A directory without a site, or a word that the flag does not know, is told in one line."""
    monkeypatch.chdir(tmp_path)
    handmade(tmp_path / "site")

    done = task(*arguments)

    assert (done.returncode, done.stdout, done.stderr) == (2, "", message)
