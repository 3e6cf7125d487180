"""The user's constraint files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pypi_subset.errors import UpstreamError
from pypi_subset.support import bounds
from pypi_subset.upstream.constraints import read_constraints
from pypi_subset.upstream.pip_config import read_network
from tests.support.servers.hostile import head, sending


def test_an_absent_constraints_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A constraint file that is not there is named with the setting to correct."""
    monkeypatch.setenv("PIP_CONSTRAINT", str(tmp_path / "absent.txt"))
    with pytest.raises(UpstreamError, match=r"\(PIP_CONSTRAINT\) has .*absent\.txt"):
        read_constraints(read_network())


def test_a_url_and_a_file_url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Constraints may stand on a server or behind a file URL, and include others there."""
    (tmp_path / "b.txt").write_text("b<2")
    (tmp_path / "a.txt").write_text(f"a<1 --hash=sha256:{'a' * 64}\n-c b.txt\n")
    with sending(lambda path: [head(200), b"c<3\n-c d.txt" if path == "/c.txt" else b"d<4"]) as url:
        monkeypatch.setenv("PIP_CONSTRAINT", f"{(tmp_path / 'a.txt').as_uri()} {url}/c.txt")
        assert read_constraints(read_network()) == (f"a<1 --hash=sha256:{'a' * 64}", "b<2", "c<3", "d<4")


@pytest.mark.parametrize("name", ["pipe", "device", "large"])
def test_files_that_are_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe, a device and a file above the bound are refused, included by another file too."""
    monkeypatch.setattr(bounds, "LARGEST_INPUT", 1000)
    path = tmp_path / name
    if name == "pipe":
        os.mkfifo(path)
    elif name == "device":
        path = Path("/dev/zero")
    else:
        path.write_bytes(b"#" * 1001)
    (tmp_path / "limits.txt").write_text(f"-c {path}\n")
    monkeypatch.setenv("PIP_CONSTRAINT", str(tmp_path / "limits.txt"))
    with pytest.raises(UpstreamError, match=r"(not a regular file|larger than 1,000 bytes).*PIP_CONSTRAINT"):
        read_constraints(read_network())


def test_answers_that_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server of constraints cannot fill the memory, nor include files without end."""
    monkeypatch.setattr(bounds, "LARGEST_INPUT", 1000)
    monkeypatch.setattr(bounds, "MOST_FILES", 20)
    with sending(lambda _: [head(200), b"x" * 1001]) as url:
        monkeypatch.setenv("PIP_CONSTRAINT", f"{url}/c.txt")
        with pytest.raises(UpstreamError, match="more than 1,000 bytes"):
            read_constraints(read_network())
    lines = "".join(f"-c {number}.txt\n" for number in range(3))
    with sending(lambda path: [head(200), lines.replace("-c ", f"-c {path[1:-4]}").encode()]) as url:
        monkeypatch.setenv("PIP_CONSTRAINT", f"{url}/c.txt")
        with pytest.raises(UpstreamError, match="include more than 20 files"):
            read_constraints(read_network())


def test_a_line_for_pip_is_made_of_parsed_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a variable's value with a line of its own, nor what is no requirement, gets into a line for pip."""
    monkeypatch.setenv("EVIL", "b\v--index-url=http://evil.example")
    limits = tmp_path / "limits.txt"
    monkeypatch.setenv("PIP_CONSTRAINT", str(limits))
    limits.write_text("Pandas <3,>=2 ; python_version>'3.8'\n")
    assert read_constraints(read_network()) == ('Pandas<3,>=2; python_version > "3.8"',)
    for line in ("a; platform_release == '${EVIL}'", "a ${EVIL}", "./a.whl", f"a --hash=sha256:{'z' * 64}"):
        limits.write_text(f"{line}\n")
        with pytest.raises(UpstreamError, match=r"PIP_CONSTRAINT") as raised:
            read_constraints(read_network())
        assert "evil.example" not in str(raised.value)


@pytest.mark.parametrize(
    ("data", "what"),
    [
        ("six<2\n".encode("utf-16-le"), "the text is UTF-16 without a byte order mark; save it as UTF-8"),
        ("six<2\n# é\n".encode("latin-1"), "2: not UTF-8: byte 0xe9; save it as UTF-8"),
        (b"six<2\0\n", "1: a NUL character, which no text holds; save it as UTF-8"),
        (b"# coding: rot13\nfvk<2\n", "no encoding of text: rot13; save it as UTF-8"),
        (b"# coding: klingon\n", "no encoding of text: klingon; save it as UTF-8"),
    ],
)
@pytest.mark.parametrize("included", [False, True])
def test_a_text_in_another_encoding_is_one_line(
    data: bytes,
    what: str,
    included: bool,  # noqa: FBT001 - a table's value
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A constraint file that is no text in UTF-8 is named with its line, included by another one or not."""
    (tmp_path / "limits.txt").write_bytes(data)
    (tmp_path / "all.txt").write_text("-c limits.txt\n", encoding="utf-8")
    monkeypatch.setenv("PIP_CONSTRAINT", str(tmp_path / ("all.txt" if included else "limits.txt")))
    with pytest.raises(UpstreamError) as raised:
        read_constraints(read_network())
    assert what in str(raised.value)
    assert str(raised.value).startswith(f"{tmp_path / 'limits.txt'}:")


def test_marks_and_comments_of_encodings_are_obeyed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in pip: a byte order mark, or a comment in the first two lines."""
    limits = tmp_path / "limits.txt"
    monkeypatch.setenv("PIP_CONSTRAINT", str(limits))
    for data in (
        "six<2\n".encode("utf-16"),
        "# coding: latin-1\n# é\nsix<2\n".encode("latin-1"),
        b"\xef\xbb\xbfsix<2\n",
    ):
        limits.write_bytes(data)
        assert read_constraints(read_network()) == ("six<2",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"six==%05000d" % 9, r"is no requirement; correct"),
        (b"six; platform_release == '${EMPTY}'", r"is no requirement; correct"),
    ],
)
def test_texts_that_are_refused(
    text: bytes, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A number of very many digits and a variable that pip leaves are one line, and pip prints none."""
    (tmp_path / "limits.txt").write_bytes(text)
    monkeypatch.setenv("PIP_CONSTRAINT", str(tmp_path / "limits.txt"))
    with pytest.raises(UpstreamError, match=said):
        read_constraints(read_network())
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("server", ["http://u:p@127.0.0.1:9", "{url}"])
def test_a_server_that_fails_shows_no_secret(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that is refused, and an answer that is an error, are one line without the query."""
    monkeypatch.setenv("PIP_RETRIES", "0")
    with sending(lambda _: [head(500)]) as url:
        monkeypatch.setenv("PIP_CONSTRAINT", f"{server.format(url=url)}/c.txt?x='S3CRET")
        with pytest.raises(UpstreamError, match=r"cannot be read: .*PIP_CONSTRAINT") as raised:
            read_constraints(read_network())
    assert "S3CRET" not in str(raised.value)


def test_an_answer_in_a_slow_encoding(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server cannot name a decoder whose time grows with the square of the text."""
    lines = b"six<2\n# " + b"a" * 100_000
    with sending(lambda _: [head(200, **{"Content-Type": "text/plain; charset=punycode"}), lines]) as url:
        monkeypatch.setenv("PIP_CONSTRAINT", f"{url}/c.txt")
        assert read_constraints(read_network()) == ("six<2",)
