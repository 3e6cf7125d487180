"""Candidates made of file names."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from packaging.utils import canonicalize_name

from pypi_subset.targets import tag as targets
from pypi_subset.upstream.simple_api import read_page

if TYPE_CHECKING:
    from pypi_subset.model.candidates import Candidate
    from pypi_subset.model.targets import Target


def candidates(*names: str) -> tuple[Candidate, ...]:
    """Return what a page with these files of ``app`` offers: ``1.0-cp39-cp39-win32``, ``2.0`` an sdist, `` >=3.9``."""
    anchors = []
    for name in names:
        stem, _, bound = name.partition(" ")
        file = f"app-{stem}.whl" if "-" in stem else f"app-{stem}.tar.gz"
        anchors.append(f'<a href="{file}" data-requires-python="{bound}">{file}</a>')
    page = f"<!DOCTYPE html>{''.join(anchors)}"
    return read_page(page, content_type="text/html", url="https://index.example/app/", project=canonicalize_name("app"))


def machine(tag: str, python: str, *unseen: str) -> Target:
    """Return a machine that described itself, whose pip is too old for some platforms."""
    return replace(targets.parse("lab", tag, python), described=True, unseen=unseen)


OLD_PIP = machine("cp39-manylinux1_x86_64", "3.9.1", *(f"manylinux_2_{minor}_x86_64" for minor in range(28, 5, -1)))
