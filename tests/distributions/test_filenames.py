"""Project, version and tags from the names of wheels and sdists: what `packaging` reads, for plain names alone."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from packaging.utils import (
    InvalidName,
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from pypi_subset.distributions import filenames
from tests.support.stages.values import BRISK

PARTS = st.sampled_from(
    ["Demo", "de.mo", "_", "1.0", "1.0+cpu.1", "1!2rc1", "v1", "py3", "cp310.cp311", "none", "any", "1x", ""]
)


@BRISK
@given(st.lists(PARTS, min_size=1, max_size=7), st.sampled_from([".whl", ".tar.gz", ".zip", ".egg", ""]))
@example(["demo", "1.0", "1build", "py3", "none", "any"], ".whl")
@example(["demo", "1.0", "cp310.cp311", "abi3", "linux_x86_64.win32"], ".whl")
@example(["Demo", "_", "1.0"], ".tar.gz")
def test_read_as_packaging_reads(parts: list[str], ending: str) -> None:
    """The cached parts of a name give what `packaging` gives for the whole name, and the same errors."""
    name = "-".join(parts) + ending

    def read() -> object:
        try:
            return filenames.parse(name)
        except filenames.INVALID as error:
            return type(error)

    def packagings() -> object:
        try:
            if ending == ".whl":
                project, version, _, tags = parse_wheel_filename(name)
            else:
                (project, version), tags = parse_sdist_filename(name), None
            # The parsers do not validate the project: ``Demo-_-1.0.tar.gz`` would be a release of ``demo-``.
            return canonicalize_name(project, validate=True), version, tags
        except (InvalidName, InvalidWheelFilename, InvalidSdistFilename) as error:
            return type(error)

    found = read()
    # Of another form: a name with an unusual character or an invalid project, which `packaging` may accept.
    assert found in (packagings(), InvalidName)
    if parts[0] == "Demo" and "" not in parts:
        assert found == packagings()


@BRISK
@given(st.text(max_size=30).map(lambda text: f"{text}-1.0-py3-none-any.whl") | st.text(max_size=30))
def test_an_accepted_name_is_a_plain_one(name: str) -> None:
    """An accepted name is one segment of a path, plain ASCII, of a project with a valid name."""
    try:
        project, _, _ = filenames.parse(name)
    except filenames.INVALID:
        return

    assert name.isascii()
    assert not set(name) & set("/\\<>&\"' \n\0:;%#?")
    assert not name.startswith(".")
    assert project
    assert set(project) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


@pytest.mark.parametrize("name", ["_-1.0.tar.gz", "a b-1.0.tar.gz", "../a-1.0-py3-none-any.whl", "", ".whl"])
def test_a_name_that_must_not_become_a_path(name: str) -> None:
    """A name that `packaging` accepts, and that has no place in a page or a path, is refused."""
    with pytest.raises(filenames.INVALID):
        filenames.parse(name)


@pytest.mark.parametrize(
    "name",
    [
        "demo-1.0-py3-none-any-x86_64_v3.whl",
        "De.mo-1.0+cpu-cp312-cp312-manylinux_2_28_x86_64-cu128.whl",
        "demo-1.0-1-py3-none-any-null.whl",
        "demo-1.0-py2.py3-none-any-a.b_c.whl",
        "demo-1.0-variants.json",
        "De_mo-1.0+cpu.1-variants.json",
    ],
)
def test_a_wheel_variant_has_a_project(name: str) -> None:
    """A label behind the tags, after a build tag too, and the file that lists variants (PEP 825, a draft)."""
    with pytest.raises(filenames.INVALID):
        filenames.parse(name)
    assert filenames.of_wheel_variant(name) == canonicalize_name(name.partition("-")[0])


@pytest.mark.parametrize(
    "name",
    [
        *("demo-1.0-py3-none-any-X86.whl", "demo-1.0-py3-none-any-.whl", "demo-py3-none-any-label.whl", "-label.whl"),
        *(
            "demo-1.0-py3-none-any-a-b.whl",
            "demo-1.0-py3-none-any-l.zip",
            "demo-variants.json",
            "-variants.json",
            ".whl",
        ),
        *("../demo-1.0-py3-none-any-label.whl", "demo-1.0-variants.json.asc", "demo-x-py3-none-any-label.whl", ""),
    ],
)
def test_other_names_are_no_wheel_variants(name: str) -> None:
    """What is no wheel without its last part is nothing known."""
    assert filenames.of_wheel_variant(name) is None
