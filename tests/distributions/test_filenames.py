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
