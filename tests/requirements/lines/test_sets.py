"""Requirements files that include documents by URL."""

from __future__ import annotations

from pathlib import Path

import pytest

from pypi_subset.errors import UpstreamError
from pypi_subset.model.requests import Document
from pypi_subset.requirements import fetched
from pypi_subset.requirements.reach import Reach
from pypi_subset.support import bounds
from tests.support.stages.requirements import faults_of, lines_of, plan_of

HOST = "https://one.example/openstack"
PUBLISHED = (
    "--constraint of a URL with a user, a query or a fragment, which would be published; "
    "copy the file into the directory and name its path"
)


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty directory, so that paths are as short as users see them."""
    monkeypatch.chdir(tmp_path)


def reach_of(texts: dict[str, str], asked: list[str] | None = None) -> Reach:
    """Return what offers *texts* at their URLs; what is asked for goes to *asked*."""

    def document(url: str) -> Document:
        if asked is not None:
            asked.append(url)
        if url not in texts:
            msg = f"there is nothing at {url}"
            raise UpstreamError(msg, next_step="correct the URL")
        return Document(url=url, path=fetched.place(Path("requirements/lock"), url), data=texts[url].encode())

    return Reach(index_urls=("https://pip.example/simple",), documents=document)


def test_documents_are_read_as_files_are() -> None:
    """Constraints and requests at URLs, includes relative to the URL, and options with their meaning for the set."""
    texts = {
        f"{HOST}/upper/2025.1": "six<2\n-c more/limits.txt\n",
        f"{HOST}/upper/more/limits.txt": "-i https://pip.example/simple\nattrs<25\n",
        f"{HOST}/list.txt": "--pre\nattrs\n",
    }
    (base,) = plan_of(f"-c {HOST}/upper/2025.1\n-r {HOST}/list.txt\nsix\n", reach=reach_of(texts)).sets
    assert lines_of(base.requests) == ["list.txt:2 attrs", "base.txt:3 six"]
    assert lines_of(base.constraints) == ["2025.1:1 six<2", "limits.txt:2 attrs<25"]
    assert base.pre
    assert [(one.url, len(one.sha256)) for one in base.fetched] == [(url, 64) for url in sorted(texts)]
    changed = {**texts, f"{HOST}/list.txt": "--pre\nattrs<9\n"}
    (other,) = plan_of(f"-c {HOST}/upper/2025.1\n-r {HOST}/list.txt\nsix\n", reach=reach_of(changed)).sets
    assert other.digest != base.digest


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (f"-r {HOST}/nowhere.txt", f"there is nothing at {HOST}/nowhere.txt; correct the URL"),
        (
            "-c https://user:secret@one.example/x.txt",
            PUBLISHED,
        ),
        (
            "-c https://one.example/x.txt?token=secret",
            PUBLISHED,
        ),
        (
            "-r file:///etc/passwd",
            "--requirement of a URL that is not one of https; name the path of a file, or an https URL",
        ),
        ("-r https://", "--requirement of a URL that is not one of https; name the path of a file, or an https URL"),
        (
            "-r ftp://one.example/x",
            "--requirement of a URL that is not one of https; name the path of a file, or an https URL",
        ),
        ("-r http://[x", "--requirement of a URL that is none; correct the URL"),
    ],
)
def test_a_url_without_a_document_is_a_fault(line: str, fault: str) -> None:
    """The fault has its line; a secret is neither shown nor kept."""
    assert faults_of(f"six\n{line}\n", reach=reach_of({})) == [f"base.txt:2: {fault}"]


def test_text_from_a_url_is_not_shown() -> None:
    """The server may be one that the writer of the line cannot reach."""
    texts = {f"{HOST}/a.txt": "six\nsecret word\n--no-index\n-r ../../../etc/b.txt\n"}
    faults = faults_of(f"-r {HOST}/a.txt\n", reach=reach_of(texts))
    path = fetched.place(Path("lock"), f"{HOST}/a.txt")
    assert faults == [
        f"{path}:2: there is a fault in this document; its text is not shown; see {HOST}/a.txt",
        f"{path}:3: there is a fault in this document; its text is not shown; see {HOST}/a.txt",
        f"{path}:4: there is nothing at https://one.example/etc/b.txt; correct the URL",
    ]


def test_documents_that_include_each_other_are_a_fault() -> None:
    """A circle of URLs is found as one of files is."""
    texts = {f"{HOST}/a.txt": "-r b.txt\nsix\n", f"{HOST}/b.txt": "-r a.txt\n"}
    (fault,) = faults_of(f"-r {HOST}/a.txt\n", reach=reach_of(texts))
    assert fault.endswith("b.txt:1: the file includes itself: a.txt -> b.txt -> a.txt; remove one of these lines")


def test_few_documents_are_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    """Documents count as files do; none is fetched beyond the bound."""
    monkeypatch.setattr(bounds, "MOST_FILES", 5)
    texts = {f"{HOST}/{number}.txt": "six\n" for number in range(20)}
    asked: list[str] = []
    lines = "".join(f"-r {url}\n" for url in texts)
    assert "more than 5 files" in faults_of(lines, reach=reach_of(texts, asked))[0]
    assert len(asked) == 4


def test_a_machine_that_proves_reads_what_is_kept() -> None:
    """Without a network, a document is that beside the locks; one that is not there is a fault that says what to do."""
    text = f"-c {HOST}/limits.txt\nsix\n"
    assert faults_of(text) == [
        f"base.txt:1: {HOST}/limits.txt was not fetched yet; run `pypi-subset mirror`, and commit lock"
    ]
    (base,) = plan_of(text, reach=reach_of({f"{HOST}/limits.txt": "six<2\n"})).sets
    fetched.write(Path("requirements/lock"), base.fetched)
    (again,) = plan_of(text).sets
    assert again == base
