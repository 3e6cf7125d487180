"""The pip part of a conda environment."""

from __future__ import annotations

from pathlib import Path

import pytest

from pypi_subset.requirements.lines.environment import read_environment
from pypi_subset.requirements.source import Notice
from pypi_subset.support import bounds
from tests.support.stages.sources import faults_of, lines_of, plan_of

ENVIRONMENT = """\
name: lab
channels: [conda-forge]
dependencies:
  - python=3.11
  - conda-forge::numpy>=2
  - pip
  - pip:
      - web[http2]>=1  # the server
      - "color; sys_platform == 'win32'"
      - -r more.txt
      - --pre
"""


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty directory, so that paths are as short as users see them."""
    monkeypatch.chdir(tmp_path)


def test_the_pip_part_is_read_as_lines() -> None:
    """Its lines mean what they mean in a requirements file; packages of conda are named in one notice."""
    for name in ("environment.yml", "env-dev.yaml"):
        files = {name: ENVIRONMENT, "more.txt": "six\n"}
        table = f'source = "../{name}"'
        assert lines_of(files, table) == [
            f"{name}:8 web[http2]>=1",
            f'{name}:9 color; sys_platform == "win32"',
            "more.txt:1 six",
        ]
        (app,) = plan_of(files, table).sets
        assert app.pre
        assert app.notices == (f"{name}: packages of conda are not mirrored: python and numpy",)


def read(text: str | bytes) -> list[str]:
    """Return what is read of a document."""
    data = text.encode() if isinstance(text, str) else text
    return [one.text if isinstance(one, Notice) else str(one) for one in read_environment(Path("e.yml"), data)]


def test_an_environment_without_conda_has_no_notice() -> None:
    """pip itself is none of what is left out; a value is text as it was written, also by an alias."""
    assert read("dependencies:\n- pip\n- pip: [a==1.10, 'b']\n") == ["(3, 'a==1.10')", "(3, 'b')"]
    assert read("x: &x [a]\ndependencies:\n- pip: *x\n") == ["(1, 'a')"]


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("dependencies: [numpy]", ["e.yml: it has no pip part, and packages of conda are not mirrored; write what pip installs below '- pip:'; or name what this writes in that environment: python -m pip list --format=freeze > requirements.txt"]),
        ("package:\n- name: a\n", ["e.yml:1: no environment of conda: it does not have one list 'dependencies'; name an environment.yml, or a requirements file *.txt"]),
        ("dependencies: [a]\ndependencies: [b]\n", ["e.yml:1: no environment of conda: it does not have one list 'dependencies'; name an environment.yml, or a requirements file *.txt"]),
        ("", ["e.yml:1: no environment of conda: it does not have one list 'dependencies'; name an environment.yml, or a requirements file *.txt"]),
        ("dependencies:\n- a\n{{ x }}\n", ["e.yml:4: not YAML: could not find expected ':'"]),
        ("dependencies:\n- pip: a\n- pip: [b]\n", ["e.yml:2: 'pip' is no list of requirements; write '- pip:' and its lines below that", "(3, 'b')"]),
        ("dependencies:\n- npm: [a]\n- pip: [[b], c]\n", ["e.yml:2: 'npm' is no list of requirements; write '- pip:' and its lines below that", "e.yml:3: no line of requirements; write one requirement on one line", "(3, 'c')"]),
        ('dependencies:\n- pip: ["a\\nb"]\n', ["e.yml:2: no line of requirements; write one requirement on one line"]),
        ("[" * 60, ["e.yml: not YAML: lists and tables are nested too deeply; write it with fewer"]),
        ("- " * 20_000, ["e.yml: not YAML: lists and tables are nested too deeply; write it with fewer"]),
        ("a: \x07", ["e.yml: not YAML: unacceptable character #x0007: special characters are not allowed"]),
        (b"\xff\xfea\x00", ["e.yml:1: the text is UTF-16; save it as UTF-8; in PowerShell: … | Out-File -Encoding utf8 FILE"]),
        ("#" * (bounds.LARGEST_ENVIRONMENT + 1), ["e.yml: it has more than 65,536 bytes; name a requirements file *.txt instead"]),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_line(text: str | bytes, faults: list[str]) -> None:
    """A document that is hostile or broken ends in a fault with its place."""
    assert read(text) == faults


def test_lines_have_the_faults_of_requirements() -> None:
    """A URL, a path or a variable in the pip part is refused at its line."""
    text = "dependencies:\n- pip:\n  - -e .\n  - a @ https://host/a.whl\n  - ${A}\n"
    found = faults_of({"environment.yml": text}, 'source = "../environment.yml"')
    assert [one.split(" ")[0] for one in found] == ["environment.yml:3:", "environment.yml:4:", "environment.yml:5:"]


def test_many_lines_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bound of a requirements file counts here too."""
    monkeypatch.setattr(bounds, "MOST_REQUESTS", 2)
    text = "dependencies:\n- pip: [a, b, c]\n"
    assert faults_of({"environment.yml": text}, 'source = "../environment.yml"') == [
        "environment.yml: more than 2 lines; divide the file"
    ]
