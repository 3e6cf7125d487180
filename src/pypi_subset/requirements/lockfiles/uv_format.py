"""The format of ``uv.lock``, version 1, as far as it is read."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from pypi_subset.requirements.lockfiles.entries import File


class Edge(Struct, rename="kebab", frozen=True):
    """A dependency of one package on another."""

    name: str
    version: str | None = None
    source: dict[str, Any] | None = None
    marker: str | None = None
    extra: list[str] = []


class Requirement(Struct, rename="kebab", frozen=True):
    """A requirement as a project states it; without a specifier it may come from anywhere."""

    name: str
    specifier: str = ""
    extras: list[str] = []
    marker: str | None = None


class Metadata(Struct, rename="kebab", frozen=True):
    """What a project of the user stated when the lock was written."""

    requires_dist: list[Requirement] = []
    provides_extras: list[str] = []
    requires_dev: dict[str, list[Requirement]] = {}


class Package(Struct, rename="kebab", frozen=True):
    """One ``[[package]]``."""

    name: str
    source: dict[str, Any]
    version: str | None = None
    dependencies: list[Edge] = []
    optional_dependencies: dict[str, list[Edge]] = {}
    dev_dependencies: dict[str, list[Edge]] = {}
    sdist: File | None = None
    wheels: list[File] = []
    metadata: Metadata | None = None


class Manifest(Struct, rename="kebab", frozen=True):
    """
    What a workspace has, and what a script or the root of a workspace requires itself.

    :param overrides: what replaces requirements of releases, as *excludes* removes them.
    """

    members: list[str] = []
    overrides: list[Requirement] = []
    excludes: list[str] = []
    requirements: list[Requirement] = []
    dependency_groups: dict[str, list[Requirement]] = {}


class UvLock(Struct, rename="kebab", frozen=True):
    """The document."""

    package: list[Package] = []
    manifest: Manifest = Manifest()
    requires_python: str | None = None
    supported_markers: list[str] = []
    conflicts: list[list[dict[str, str]]] = []
