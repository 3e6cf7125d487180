"""The program that renders READMEs: one line in, one line out, within its limits."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from pypi_subset.site.readme._program import READY

COMMAND = [sys.executable, "-m", "pypi_subset.site.readme._program"]


def test_one_line_for_each_readme() -> None:
    """Behind the line that says that the renderers are loaded."""
    asked = "".join(json.dumps({"text": text, "kind": "text/markdown"}) + "\n" for text in ("*a*", "b"))
    done = subprocess.run(COMMAND, input=asked.encode(), capture_output=True, check=True)
    first, *answers = done.stdout.splitlines(keepends=True)
    assert first == READY
    assert [json.loads(one) for one in answers] == ["<p><em>a</em></p>", "<p>b</p>"]


@pytest.mark.skipif(sys.platform != "linux", reason="the limits are those of POSIX")
@pytest.mark.parametrize(
    ("limit", "ends"), [("PROCESSOR = 0.05", "while True: pass"), ("MEMORY = 1 << 20", "bytearray(1 << 28)")]
)
def test_a_readme_has_limits(limit: str, ends: str) -> None:
    """One that takes more time of a processor, or more memory, ends the program without an answer."""
    program = (
        "import runpy, sys; from pypi_subset.site.readme import _program, markup\n"
        f"_program.{limit}\n"
        f"def endless(text, kind):\n    {ends}\n"
        "markup.markup_of = endless\n"
        "_program.main()\n"
    )
    program = (
        program.replace("_program.main()", "_program.limit_memory(); _program.main()") if "MEM" in limit else program
    )
    asked = json.dumps({"text": "a", "kind": ""}) + "\n"
    done = subprocess.run([sys.executable, "-c", program], input=asked.encode(), capture_output=True, check=False)
    assert done.returncode != 0
    assert done.stdout in {b"", READY}
