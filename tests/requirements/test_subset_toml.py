"""``subset.toml``: targets, sets and policy; each fault names its line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pypi_subset.errors import InputFaults
from pypi_subset.requirements.subset import read_subset
from tests.support.stages.requirements import LINUX, faults_of, plan_of


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty directory, so that paths are as short as users see them."""
    monkeypatch.chdir(tmp_path)


#: The keys of ``[policy]``.
POLICY = (
    "bad_files, outdated, first_source_wins, advisories, max_severity, unknown_severity, max_age, min_age, "
    "as_of, no_times, ignore_403, deny, yanked, "
    "gone, allow_licenses, licenses, accept"
)


@pytest.mark.parametrize(
    ("toml", "faults"),
    [
        ("", ['subset.toml: no targets; write here = "host", or another tag, below [targets]']),
        ("\n[targets]\n", ['subset.toml:2: no targets; write here = "host", or another tag, below [targets]']),
        ("targets = 'host'", ["subset.toml:1: 'targets' must be a table; write [targets] on a line of its own"]),
        (f"sets = 1\n{LINUX}", ["subset.toml:1: 'sets' must be a table; write [sets] on a line of its own"]),
        (f"{LINUX}[[policy]]", ["subset.toml:3: 'policy' must be a table; write [policy] on a line of its own"]),
        (f"{LINUX}[target]", ["subset.toml:3: unknown key 'target'; did you mean 'targets'?"]),
        (
            f"{LINUX}[zebra]",
            [
                (
                    "subset.toml:3: unknown key 'zebra'; known here: targets, sets, sources, policy, proof, outside, "
                    "sdists, channels, bootstrap, files"
                )
            ],
        ),
        (
            f"{LINUX}[policy]\n\nmax-age = 3\nmammoth = 1",
            [
                "subset.toml:5: unknown key 'max-age'; did you mean 'max_age'?",
                f"subset.toml:6: unknown key 'mammoth'; known here: {POLICY}",
            ],
        ),
        (f"{LINUX}x = 3.10", ['subset.toml:3: tag is the number 3.10, 3.1 to TOML; quote it: "3.10"']),
        (f"{LINUX}x = 312", ['subset.toml:3: tag is the number 312; quote it: "312"']),
        (f"{LINUX}x = true", ['subset.toml:3: tag must be a string; write tag = "…"']),
        (f"{LINUX}x = ['host']", ['subset.toml:3: tag must be a string; write tag = "…"']),
        (
            f"{LINUX}x = {{ tag = 'cp312-win32', python = 3.12 }}",
            ['subset.toml:3: python is the number 3.12; quote it: "3.12"'],
        ),
        (
            f"{LINUX}[targets.x]\ntag = 'cp310-win32'\npython = 3.10",
            ['subset.toml:5: python is the number 3.10, 3.1 to TOML; quote it: "3.10"'],
        ),
        (
            f"{LINUX}x.tag = 'cp312-win32'\nx.python = '3.13.1'",
            [
                (
                    "subset.toml:3: Python 3.13.1 contradicts the tag 'cp312-cp312-win32', which is for 3.12; "
                    "did you mean '3.12.1'?"
                )
            ],
        ),
        (
            f"{LINUX}x = {{ python = '3.12' }}",
            [
                'subset.toml:3: the target has no tag; write tag = "<python>-<platform>", on = "<system>", or file = "<description>"'
            ],
        ),
        (
            f"{LINUX}x = {{ tag = 'cp312-win32', on = 'rhel8' }}",
            ["subset.toml:3: the target is described twice, by tag and by on; keep one of the two"],
        ),
        (
            f"{LINUX}x = {{ on = 'debain-12' }}",
            [
                (
                    "subset.toml:3: there is no system 'debain-12'; "
                    "did you mean 'debian-12' or 'debian-13' or 'debian-11'? `pypi-subset targets` lists all"
                )
            ],
        ),
        (
            f"{LINUX}x = 'macos-14'",
            [
                (
                    "subset.toml:3: macos-14 brings no Python of its own, so the version must be named; "
                    'add python = "3.12", say'
                )
            ],
        ),
        (
            f"{LINUX}x = {{ on = 'rhel8', python = '3.12', platform_release = 4.18 }}",
            ['subset.toml:3: platform_release is the number 4.18; quote it: "4.18"'],
        ),
        (
            f"{LINUX}x = {{ on = 'rhel8', python = '3.12', platform_machine = 'arm64' }}",
            [
                (
                    "subset.toml:3: platform_machine = 'arm64' contradicts the tag 'cp312-cp312-manylinux_2_28_x86_64', "
                    "from which 'x86_64' follows; did you mean 'x86_64'?"
                )
            ],
        ),
        (
            f"{LINUX}x = {{ tag = 'host', python = '3.12' }}",
            ["subset.toml:3: the host has values of its own; drop the line, or write the tag in full"],
        ),
        (
            f"{LINUX}x = {{ tag = 'host', pyton = '3.12' }}",
            ["subset.toml:3: unknown key 'pyton'; did you mean 'python'?"],
        ),
        (
            f"{LINUX}mac = 'cp310-macosx_12_arm64'",
            [
                (
                    "subset.toml:3: unknown platform 'macosx_12_arm64' in the tag 'cp310-macosx_12_arm64'; "
                    "did you mean 'cp310-macosx_12_0_arm64'?"
                )
            ],
        ),
        (
            f"{LINUX}'My.Box' = 'host'",
            [
                (
                    "subset.toml:1: 'My.Box' is no name: lower-case letters, digits, and single - or _ between them; "
                    "call the target 'my-box', say"
                )
            ],
        ),
        (
            f"{LINUX}aux = 'host'",
            ["subset.toml:3: 'aux' is a device on Windows, where no file has that name; call the target 'aux-1', say"],
        ),
        (
            f"{LINUX}'COM1' = 'host'",
            [
                "subset.toml:3: 'COM1' is a device on Windows, where no file has that name; call the target 'com1-1', say"
            ],
        ),
        (
            f"{LINUX}[sets.bass]\n[sets.zebra]",
            [
                "subset.toml:3: there is no bass.txt for [sets.bass]; did you mean 'base'?",
                "subset.toml:4: there is no zebra.txt for [sets.zebra]; the files are: base",
            ],
        ),
        (f"{LINUX}[sets]\nbase = ['linux']", ["subset.toml:4: 'base' must be a table; write [sets.base]"]),
        (f"{LINUX}[sets.base]\ntarget = []", ["subset.toml:4: unknown key 'target'; did you mean 'targets'?"]),
        (
            f"{LINUX}[sets.base]\ntargets = 'linux'",
            ['subset.toml:4: targets must be a list of names; write targets = ["…"]'],
        ),
        (
            f"{LINUX}[sets.base]\ntargets = [1]",
            ['subset.toml:4: targets must be a list of names; write targets = ["…"]'],
        ),
        (
            f"{LINUX}[sets.base]\ntargets = []",
            ["subset.toml:4: the set 'base' serves no target; name a target, or drop the line to serve all of them"],
        ),
        (
            f"{LINUX}[sets.base]\ntargets = [\n  'linux',\n  'lniux',\n  'zebra',\n]",
            [
                (
                    "subset.toml:6: the set 'base' names the target 'lniux', which is not in [targets]; "
                    "did you mean 'linux'?"
                ),
                "subset.toml:7: the set 'base' names the target 'zebra', which is not in [targets]; targets: linux",
            ],
        ),
        (
            "[targets]\nlinux = 'cp99-linux'\n[sets.base]\ntargets = ['linux']",
            [
                (
                    "subset.toml:2: unknown Python 'cp99' in the tag 'cp99-linux'; did you mean "
                    "'cp39-manylinux_2_28_x86_64' or 'cp39-musllinux_1_2_x86_64'?"
                )
            ],
        ),
        (
            "[targets]\nx = { tag = 'cp312-win32', python = 3.12.4 }",
            [
                (
                    "subset.toml:2: not TOML: Unclosed inline table; put versions in quotes\n"
                    "    x = { tag = 'cp312-win32', python = 3.12.4 }\n"
                    "                                            ^"
                )
            ],
        ),
        (
            "[targets]\nlinux = \nx = 1",
            ["subset.toml:2: not TOML: Invalid value\n    linux =\n            ^"],
        ),
        ("[targets]\nlinux = [", ["subset.toml: not TOML: Invalid value (at end of document)"]),
    ],
)
def test_fault_in_subset_toml_has_its_line(toml: str, faults: list[str]) -> None:
    """Each mistake is met with its line and the mend, and nothing is reported that only follows from it."""
    assert faults_of("pandas\n", toml) == faults


def test_subset_toml_that_is_no_text_is_a_fault() -> None:
    """TOML is UTF-8."""
    (fault,) = faults_of({"base.txt": "pandas\n", "subset.toml": b"[targets] # \xe9\n"})
    assert fault == "subset.toml:1: not UTF-8: byte 0xe9; save it as UTF-8"


def test_a_target_may_be_a_system_by_its_name() -> None:
    """``on`` with or without a Python, or the bare name; values that the tag leaves open stand beside it."""
    subset = plan_of(
        "pandas",
        """
        [targets]
        lab = { on = "rhel8", python = "3.12.4", platform_release = "4.18.0-553" }
        pi = "raspberry-pi-os-12"
        [targets.desk]
        on = "windows-11-arm64"
        python = "3.13t"
        """,
    )
    assert [(one.name, one.tag, one.python, one.exact) for one in subset.targets] == [
        ("lab", "cp312-cp312-manylinux_2_28_x86_64", (3, 12, 4), True),
        ("pi", "cp311-cp311-manylinux_2_36_aarch64", (3, 11, 0), False),
        ("desk", "cp313-cp313t-win_arm64", (3, 13, 0), False),
    ]
    assert subset.targets[0].environment["platform_release"] == "4.18.0-553"


def test_subset_toml_that_cannot_be_opened_is_a_fault() -> None:
    """A directory, or a file that may not be read, is not the same as no file."""
    Path("requirements/subset.toml").mkdir(parents=True)
    Path("requirements/base.txt").write_text("pandas", encoding="utf-8")
    with pytest.raises(InputFaults) as caught:
        read_subset(Path("requirements"))
    assert str(caught.value) == "requirements/subset.toml: Is a directory; see that it is a readable file"


def test_settings_are_a_regular_file(tmp_path: Path) -> None:
    """A pipe in the place of ``subset.toml`` is a mistake; nobody waits for it."""
    (tmp_path / "requirements").mkdir()
    os.mkfifo(tmp_path / "requirements" / "subset.toml")
    with pytest.raises(InputFaults, match="not a regular file"):
        read_subset(Path("requirements"))
