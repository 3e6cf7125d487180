"""pip derives exactly the tags of a target from its flags."""

from __future__ import annotations

import json
import subprocess
import sys

from pypi_subset.targets.host import describe_host
from pypi_subset.targets.pips.flags import pip_flags
from pypi_subset.targets.tag import parse
from tests.support.stages.tags import DERIVE, TAGS


def test_pip_derives_exactly_the_tags_of_a_target() -> None:
    """From the flags, pip reaches the target's version and its tags, all of them, in order, none twice."""
    targets = [describe_host("here"), *(parse(tag, tag) for tag in TAGS), parse("full", "cp312-win_amd64", "3.12.4")]
    flags = json.dumps([pip_flags(target) for target in targets])
    command = [sys.executable, "-I", "-W", "ignore", "-c", DERIVE]
    derived = json.loads(subprocess.run(command, input=flags, capture_output=True, text=True, check=True).stdout)
    for target, (version, tags) in zip(targets, derived, strict=True):
        assert version == list(target.python), target.name
        assert tags == [str(tag) for tag in target.tags], target.name
        assert len(tags) == len({*tags}), target.name


def test_flags_leave_nothing_to_the_host() -> None:
    """All four kinds of flags are given: a missing one would mean this interpreter's."""
    for target in (describe_host("here"), *(parse("t", tag) for tag in TAGS)):
        assert {"--platform", "--python-version", "--implementation", "--abi"} <= {*pip_flags(target)}
