"""``[sources.NAME]``: what is read, and what is refused with its line."""

from __future__ import annotations

from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from pypi_subset.model.intake.sources import Source
from tests.support.stages.requirements import LINUX, faults_of, plan_of
from tests.support.wheels import make_wheel

TORCH = canonicalize_name("torch")
CPU = """[sources.torch-cpu]
index = "https://download.example/whl/cpu/"
projects = ["Torch", "nvidia_*"]
targets = ["linux"]
min_age = "2 days"
"""


@pytest.fixture(autouse=True)
def _inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Work in an empty directory, so that paths are as short as users see them."""
    monkeypatch.chdir(tmp_path)


def test_a_source_is_read() -> None:
    """Names and prefixes are normalized, the last slash of an index does not count."""
    plain = plan_of("aa", LINUX)
    subset = plan_of("aa", LINUX + CPU)
    assert subset.sources.named == (
        Source(
            name="torch-cpu",
            index="https://download.example/whl/cpu",
            projects=("torch", "nvidia-*"),
            targets=("linux",),
            min_age=172800,
        ),
    )
    assert subset.policy_digest_on("linux") != plain.policy_digest_on("linux")
    assert plain.policy_digest_on("linux") == plain.policy_digest


def test_a_directory_is_a_source() -> None:
    """The path is relative to subset.toml."""
    Path("shared").mkdir()
    subset = plan_of(
        "aa", f'{LINUX}[sources]\nprivate = ["acme-*"]\n[sources.acme]\nwheels = "../shared"\nprojects = ["acme-*"]\n'
    )
    (one,) = subset.sources.named
    assert (one.wheels, one.only, subset.sources.private) == (Path("shared"), True, ("acme-*",))


def test_own_wheels_need_no_table() -> None:
    """Each project with a wheel or an sdist in requirements/wheels comes from there."""
    folder = Path("requirements/wheels")
    folder.mkdir(parents=True)
    for name, version in (("acme-core", "1.0"), ("acme_core", "2.0"), ("torch", "1.0")):
        make_wheel(name, version).save(folder)
    (folder / "notes.txt").write_text("no wheel")
    (folder / "built-1.0.tar.gz").write_text("no wheel")
    (one,) = plan_of("aa", LINUX).sources.named
    assert (one.name, one.wheels, one.projects, one.found, one.only) == (
        "wheels",
        folder,
        ("acme-core", "built", "torch"),
        one.projects,
        True,
    )
    assert plan_of("aa", LINUX).policy_digest_on("linux") == plan_of("aa", LINUX).policy_digest
    (own,) = plan_of("aa", f"{LINUX}[sources.wheels]\nonly = false\n").sources.named
    assert (own.projects, own.only, own.wheels) == (("acme-core", "built", "torch"), False, folder)


def test_own_wheels_of_a_project_that_a_table_names() -> None:
    """Equal patterns on one target are an error; a prefix is outranked, and a table may mean the directory itself."""
    folder = Path("requirements/wheels")
    folder.mkdir(parents=True)
    make_wheel("torch", "1.0").save(folder)
    fault = (
        "subset.toml:5: 'torch' is in [sources.torch-cpu], and wheels has a wheel of it; "
        "keep one of the two, or write [sources.wheels] with other targets"
    )
    for table in (CPU, CPU.replace('targets = ["linux"]\n', "")):
        assert faults_of("aa", LINUX + table) == [fault]
    apart = f'{LINUX}windows = "cp312-win_amd64"\n{CPU}[sources.wheels]\ntargets = ["windows"]\n'
    assert [one.name for one in plan_of("aa", apart).sources.named] == ["torch-cpu", "wheels"]
    subset = plan_of("aa", LINUX + CPU.replace('"Torch"', '"tor*"'))
    assert [one.name for one in subset.sources.named if one.rank(TORCH, "linux")] == ["torch-cpu", "wheels"]
    assert str(getattr(subset.sources.source_of(TORCH, "linux"), "name", "")) == "wheels"
    same = f'{LINUX}[sources.own]\nwheels = "wheels"\nprojects = ["torch"]\n'
    assert [one.name for one in plan_of("aa", same).sources.named] == ["own"]


def test_own_wheels_beside_projects_that_lines_name() -> None:
    """
    ``[sources.wheels]`` with projects takes no other wheel out of the directory: the index has no say about it.

    A table of that name about another place would, and is an error.
    """
    folder = Path("requirements/wheels")
    folder.mkdir(parents=True)
    for name in ("acme-core", "torch"):
        make_wheel(name, "1.0").save(folder)
    table = f'{LINUX}[sources.wheels]\nprojects = ["acme-*"]\n'
    subset = plan_of("aa", table)
    (one,) = subset.sources.named
    assert (one.projects, one.found, one.wheels) == (("acme-*", "torch"), ("torch",), folder)
    (folder / "torch-1.0-py3-none-any.whl").unlink()
    assert plan_of("aa", table).policy_digest_on("linux") == subset.policy_digest_on("linux")
    Path("requirements/other").mkdir()
    for place in ('index = "https://acme.example/simple"', 'wheels = "other"'):
        elsewhere = f'{LINUX}[sources.wheels]\n{place}\nprojects = ["app"]\n'
        assert faults_of("aa", elsewhere) == [
            (
                "subset.toml:3: [sources.wheels] is another place, and wheels has a file of acme-core; "
                "give this source another name, or move the files of that directory away"
            )
        ]
    (folder / "acme_core-1.0-py3-none-any.whl").unlink()
    assert [one.name for one in plan_of("aa", elsewhere).sources.named] == ["wheels"]


def test_a_private_project_may_have_its_wheel_in_requirements() -> None:
    """The directory is its source; a private prefix needs a table that means all of it."""
    folder = Path("requirements/wheels")
    folder.mkdir(parents=True)
    make_wheel("acme-core", "1.0").save(folder)
    private = f'{LINUX}[sources]\nprivate = ["acme-core"]\n'
    assert [one.projects for one in plan_of("aa", private).sources.named] == [("acme-core",)]
    assert faults_of("aa", private.replace("acme-core", "acme-*")) == [
        (
            "subset.toml:4: the private project 'acme-*' has no source; "
            'write a table [sources.wheels] with projects = ["acme-*"]'
        )
    ]
    plan_of("aa", private.replace("acme-core", "acme-*") + '[sources.wheels]\nprojects = ["acme-*"]\n')


def test_a_source_without_its_directory_is_named_last() -> None:
    """No request may need it, so the other faults come first."""
    table = f'{LINUX}[sources.x]\nwheels = "../wheels"\nprojects = ["acme"]\n[policy]\nyanked = "never"\n'
    first, last = faults_of("aa", table)
    assert first.startswith("subset.toml:7: ")
    assert last == "subset.toml:4: there is no directory '../wheels'; name one, relative to subset.toml"


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        (
            '[sources.x]\nindex = "https://user:secret@acme.example/simple"\nprojects = ["acme"]',
            (
                "subset.toml:4: index holds a user, a password, a token, a query or a fragment, which the lock would publish; "
                "put the credentials into netrc, a keyring or pip's configuration"
            ),
        ),
        (
            '[sources.x]\nindex = "acme.example/simple"\nprojects = ["acme"]',
            "subset.toml:4: index is no URL of a server; write the address of the simple index, as for pip's index-url",
        ),
        (
            '[sources.x]\nindex = "https://acme.example"\nwheels = "wheels"\nprojects = ["acme"]',
            "subset.toml:5: there is no directory 'wheels'; name one, relative to subset.toml",
        ),
        (
            '[sources.x]\nprojects = ["acme"]',
            'subset.toml:3: a source has either an index or a directory; write index = "https://…" or wheels = "…"',
        ),
        (
            '[sources.x]\nindex = "https://acme.example"',
            'subset.toml:3: projects must be a list of names; write projects = ["torch", "nvidia-*"]',
        ),
        (
            '[sources.x]\nindex = "https://acme.example"\nprojects = ["ac*me"]',
            'subset.toml:5: \'ac*me\' is no project, and no prefix with *; write projects = ["torch", "nvidia-*"]',
        ),
        (
            '[sources.x]\nindex = "https://acme.example"\nprojects = ["acme"]\ntargets = ["linus"]',
            "subset.toml:6: there is no target 'linus'; did you mean 'linux'?",
        ),
        (
            '[sources.x]\nindex = "https://acme.example"\nprojects = ["acme"]\nmin_age = 7',
            'subset.toml:6: min_age must be a duration; write min_age = "7 days"',
        ),
        (
            '[sources.x]\nindex = "https://acme.example"\nprojects = ["acme"]\nonly = false',
            "subset.toml:6: only = false is for a directory alone; drop the line: a project comes from one index",
        ),
        (
            '[sources.x]\nindex = "https://acme.example"\nproject = ["acme"]\nprojects = ["acme"]',
            "subset.toml:5: unknown key 'project'; did you mean 'projects'?",
        ),
        (
            '[sources]\nprivate = ["acme-*"]',
            (
                "subset.toml:4: the private project 'acme-*' has no source; "
                'write a table [sources.NAME] with projects = ["acme-*"]'
            ),
        ),
        (
            (
                '[sources.x]\nindex = "https://a.example"\nprojects = ["acme"]\n'
                '[sources.y]\nindex = "https://b.example"\nprojects = ["Acme"]'
            ),
            "subset.toml:8: 'acme' is in [sources.x] as well; keep one of the two, or name different targets",
        ),
    ],
)
def test_what_is_refused(table: str, fault: str) -> None:
    """Each fault names its line and the mend; no password is shown."""
    assert faults_of("aa", f"{LINUX}{table}\n") == [fault]


def test_a_directory_elsewhere_is_refused(tmp_path: Path) -> None:
    """A proposed change must not have directories of this machine read."""
    outside = tmp_path.parent / "elsewhere"
    outside.mkdir(exist_ok=True)
    (fault,) = faults_of("aa", f'{LINUX}[sources.x]\nwheels = "../../elsewhere"\nprojects = ["acme"]\n')
    assert fault.startswith("subset.toml:4: ../../elsewhere: it stands outside ")
