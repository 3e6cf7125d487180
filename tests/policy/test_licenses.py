"""Licences: what METADATA states, and what a list of allowed ones lets in."""

from __future__ import annotations

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from pypi_subset.distributions.metadata import Licensing
from pypi_subset.model.distributions import Distribution
from pypi_subset.policy.licenses import is_allowed, license_of, verdict_of

OSI = "License :: OSI Approved :: "
GPL3 = "GNU General Public License v3 (GPLv3)"


@pytest.mark.parametrize(
    ("stated", "expression"),
    [
        (Licensing(expression="mit or apache-2.0"), "MIT OR Apache-2.0"),
        (Licensing(expression="MIT", text="whatever", classifiers=(f"{OSI}BSD License",)), "MIT"),
        (Licensing(classifiers=("Topic :: Utilities", f"{OSI}MIT License")), "MIT"),
        (Licensing(classifiers=("License :: OSI Approved", f"{OSI}MIT License"), text="the MIT"), "MIT"),
        (Licensing(classifiers=(f"{OSI}BSD License",), text="BSD-3-Clause"), "BSD-3-Clause"),
        (Licensing(classifiers=(f"{OSI}BSD License",), text="BSD"), ""),
        (Licensing(classifiers=(f"{OSI}MIT License", f"{OSI}Zope Public License")), ""),
        (Licensing(text="Apache-2.0"), "Apache-2.0"),
        (Licensing(classifiers=(f"{OSI}Apache Software License",), text="Apache-2.0"), "Apache-2.0"),
        (Licensing(classifiers=(f"{OSI}Apache Software License",), text="MIT"), ""),
        (Licensing(classifiers=(f"{OSI}MIT License", f"{OSI}{GPL3}"), text="MIT"), ""),
        (
            Licensing(classifiers=(f"{OSI}MIT License", f"{OSI}{GPL3}"), text="MIT OR GPL-3.0-only"),
            "MIT OR GPL-3.0-only",
        ),
        (Licensing(classifiers=(f"{OSI}MIT License", "License :: Other/Proprietary License"), text="MIT"), ""),
        (Licensing(classifiers=(f"{OSI}MIT License",), text="GPL-3.0-only"), ""),
        (Licensing(classifiers=(f"{OSI}{GPL3}",), text="GPL-3.0"), "GPL-3.0"),
        (Licensing(classifiers=(f"{OSI}{GPL3}",), text="LGPL-3.0"), ""),
        (Licensing(classifiers=(f"{OSI}MIT License",) * 2), "MIT"),
        (Licensing(classifiers=("License :: Freeware",)), ""),
        (Licensing(expression="no expression", classifiers=(f"{OSI}MIT License",), text="MIT"), ""),
        (Licensing(expression="MIT", repeated=True), ""),
        (Licensing(text="Permission is hereby granted, free of charge, " * 30), ""),
        (Licensing(expression="(" * 400 + "MIT" + ")" * 400), ""),
        (Licensing(text="(" * 100 + "MIT" + ")" * 100), ""),
        (Licensing(), ""),
    ],
)
def test_what_metadata_states(stated: Licensing, expression: str) -> None:
    """The expression counts first; a classifier of a family, two classifiers, or what contradicts itself, name no licence."""
    assert license_of(stated) == expression


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("mit", True),
        ("GPL-3.0-only", False),
        ("GPL-3.0-only OR MIT", True),
        ("GPL-3.0-only AND MIT", False),
        ("MIT AND Apache-2.0", True),
        ("MIT OR GPL-3.0-only AND GPL-2.0-only", True),
        ("(MIT OR GPL-3.0-only) AND GPL-2.0-only", False),
        ("(GPL-3.0-only OR (Apache-2.0 AND MIT))", True),
        ("Apache-2.0 WITH LLVM-exception", True),
        ("GPL-2.0-only WITH Classpath-exception-2.0", True),
        ("GPL-2.0-only WITH GCC-exception-2.0", False),
        ("MIT MIT", False),
        ("", False),
    ],
)
def test_what_a_list_allows(expression: str, allowed: bool) -> None:  # noqa: FBT001
    """``AND`` needs both, ``OR`` one of them; an exception only adds permissions."""
    names = ["MIT", "Apache-2.0", "GPL-2.0-only WITH Classpath-exception-2.0"]
    assert is_allowed(expression, names) is allowed


def test_verdicts() -> None:
    """What the user states of a project counts where its metadata states nothing; what is not known is refused."""
    one = Distribution(filename="docutils-1.0.tar.gz", project=canonicalize_name("docutils"), version=Version("1.0"))
    assert verdict_of(one, "MIT", ["MIT"], {}) is None
    unknown = verdict_of(one, "", ["MIT"], {})
    assert unknown is not None
    assert unknown.sentence == "license: its metadata names no licence that SPDX knows, or differing ones"
    other = verdict_of(one, "GPL-3.0-only", ["MIT"], {})
    assert other is not None
    assert other.sentence == "license: its licence is GPL-3.0-only"
    assert verdict_of(one, "", ["BSD-2-Clause"], {"docutils": "BSD-2-Clause"}) is None
    stated = verdict_of(one, "AGPL-3.0-only", ["MIT"], {"docutils": "MIT"})
    assert stated is not None
    assert stated.sentence == (
        "license: its licence is AGPL-3.0-only; licenses in subset.toml counts where the metadata names none"
    )
