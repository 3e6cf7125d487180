"""A setting counts from the place where pip finds it last."""

from __future__ import annotations

from pypi_subset.upstream.settings.origins import Given, given, read_from, variable


def test_the_place_that_counts() -> None:
    """Of files the last one, ``[download]`` before ``[global]``, and a variable before both; empty values count nowhere."""
    found = given(
        [
            (
                "/etc/pip.conf",
                {"global.timeout": "1", "download.retries": "1", "install.proxy": "x", "global.cert": "a"},
            ),
            ("/etc/pip.conf", {"global.timeout": "2", "global.retries": "2", "global.cert": ""}),
            (":env:", {":env:.index-url": "u"}),
        ]
    )
    assert found == {
        "timeout": Given(name="timeout", value="2", place="/etc/pip.conf [global]"),
        "retries": Given(name="retries", value="1", place="/etc/pip.conf [download]"),
        "cert": Given(name="cert", value="a", place="/etc/pip.conf [global]"),
        "index-url": Given(name="index-url", value="u", place="PIP_INDEX_URL"),
    }
    assert read_from(found, "pypi-url", "index-url") == "PIP_INDEX_URL"
    assert read_from(found, "proxy") == ""
    assert variable("no-index") == "PIP_NO_INDEX"
