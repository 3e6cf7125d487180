"""The JSON documents of commands whose result is no document already; `pypi_subset.schemas` has a schema of each."""

from __future__ import annotations

from typing import ClassVar, Literal

from msgspec import Struct

from pypi_subset.model.documents import Document
from pypi_subset.model.manifest import Need, OtherFileEntry
from pypi_subset.snapshots.listing import Listed


class SystemEntry(Struct, frozen=True, kw_only=True):
    """
    One system that a target may be on.

    :param name: its name, as in ``debian-12``.
    :param wheels: the platforms of the wheels that it takes, from the newest to the oldest.
    :param architectures: the first is meant where none is named.
    :param python: its own Python, empty if it brings none.
    :param pip: the version of pip that it brings for that Python, empty if that is not certain.
    """

    name: str
    wheels: str
    architectures: tuple[str, ...]
    python: str
    pip: str


class TargetsAnswer(Document, frozen=True, kw_only=True):
    """
    The result of ``targets``.

    :param schema: version of this form, major.minor.
    """

    name: ClassVar[str] = "the result of targets"
    version: ClassVar[Literal["1.1"]] = "1.1"

    schema: Literal["1.1"]
    systems: tuple[SystemEntry, ...]


class TargetAnswer(Document, frozen=True, kw_only=True):
    """
    The result of ``target``.

    :param schema: version of this form, major.minor.
    :param target: its name.
    :param python: its version; X.Y means every X.Y.z.
    :param markers: name and value of each marker that is known.
    :param tags: in the order of pip, the best first.
    :param brought: name and version of the projects that the interpreter brings.
    :param pip: the version of pip that limits the tags, empty without one.
    """

    name: ClassVar[str] = "the result of target"
    version: ClassVar[Literal["1.1"]] = "1.1"

    schema: Literal["1.1"]
    target: str
    tag: str
    python: str
    markers: dict[str, str]
    tags: tuple[str, ...]
    brought: dict[str, str]
    pip: str


class NeededFile(Struct, frozen=True, kw_only=True):
    """
    One file of a project.

    :param needed_by: each set and target that needs it, with the requirement and its origin.
    """

    filename: str
    version: str
    needed_by: tuple[Need, ...]


class WhyAnswer(Document, frozen=True, kw_only=True):
    """
    The result of ``why``.

    :param schema: version of this form, major.minor.
    :param files: those that the named target needs, or all.
    :param required_by: the projects that require it, sorted, each with the extra that does. Since 1.1.
    """

    name: ClassVar[str] = "the result of why"
    version: ClassVar[Literal["1.1"]] = "1.1"

    schema: Literal["1.1"]
    project: str
    files: tuple[NeededFile, ...]
    required_by: tuple[str, ...]


class SizedFile(Struct, frozen=True, kw_only=True):
    """
    One file, with what it is for.

    :param targets: those that need it, sorted.
    :param requested_by: the requirement of each request that brings it, sorted.
    """

    filename: str
    project: str
    version: str
    bytes: int
    targets: tuple[str, ...]
    requested_by: tuple[str, ...]


class SizesAnswer(Document, frozen=True, kw_only=True):
    """
    The result of ``sizes``.

    :param schema: version of this form, major.minor.
    :param files: from the largest to the smallest, at most as many as were asked for.
    :param total_files: the number of all files that a target needs.
    :param total_bytes: the size of all files that a target needs.
    :param other_files: those of ``[[files]]``, from the largest to the smallest, also at most as many. Since 1.1.
    """

    name: ClassVar[str] = "the result of sizes"
    version: ClassVar[Literal["1.1"]] = "1.1"

    schema: Literal["1.1"]
    files: tuple[SizedFile, ...]
    total_files: int
    total_bytes: int
    other_files: tuple[OtherFileEntry, ...] = ()


class ServerEntry(Struct, frozen=True, kw_only=True):
    """
    One kind of web server.

    :param fits: whether it takes the site.
    :param pages: the forms of the index that it offers.
    :param how: how to publish there.
    :param limits: what the site exceeds.
    """

    name: str
    fits: bool
    pages: str
    how: str
    limits: tuple[str, ...]


class ObjectEntry(Struct, frozen=True, kw_only=True):
    """
    One object of an object store.

    :param type: its media type.
    :param cache: its Cache-Control.
    :param path: the file here.
    """

    key: str
    type: str
    cache: str
    path: str


class ServersAnswer(Document, frozen=True, kw_only=True):
    """
    The result of ``servers``.

    :param schema: version of this form, major.minor.
    :param objects: what an object store has to hold, in the order to upload; empty without ``--objects``.
    """

    name: ClassVar[str] = "the result of servers"
    version: ClassVar[Literal["1.0"]] = "1.0"

    schema: Literal["1.0"]
    servers: tuple[ServerEntry, ...]
    objects: tuple[ObjectEntry, ...] = ()


class PublishAnswer(Document, frozen=True, kw_only=True):
    """
    The result of ``publish``.

    :param schema: version of this form, major.minor.
    :param to: the place as the command line has it.
    :param sent: number of files.
    :param removed: number of files that no page names any more.
    :param kept: number of files that were as they should be.
    :param serial: the number of this publication there.
    :param manifest_sha256: SHA-256 of the published manifest, for ``fetch --sha256``.
    :param doubt: why nothing proves the site, empty if it is proven.
    """

    name: ClassVar[str] = "the result of publish"
    version: ClassVar[Literal["1.0"]] = "1.0"

    schema: Literal["1.0"]
    to: str
    sent: int
    removed: int
    kept: int
    serial: int
    manifest_sha256: str
    doubt: str


class BundleAnswer(Document, frozen=True, kw_only=True):
    """
    The result of ``bundle``.

    :param schema: version of this form, major.minor.
    :param to: the directory as the command line has it.
    :param serial: the number of this release.
    :param created: the time of the proof, or SOURCE_DATE_EPOCH (UTC).
    :param expires: when the importer begins to refuse the bundle (UTC).
    :param base: SHA-256 of the manifest that the disconnected side must have, empty for a full bundle.
    :param manifest_sha256: SHA-256 of the manifest of the site.
    :param bundle_sha256: SHA-256 of bundle.json.
    :param signer: the public key that signed, as in ``allowed_signers``.
    :param fingerprint: the key that signed, as ``ssh-keygen -l`` and the importer print it.
    :param files: number of new or changed files of the site that the bundle carries.
    :param removed: number of files that the site does not have any more.
    :param bytes: the size of all files of the bundle.
    :param note: why it is a full bundle though ``--since`` asked for another, empty if it is not.
    :param doubt: why nothing proves the site, empty if it is proven.
    """

    name: ClassVar[str] = "the result of bundle"
    version: ClassVar[Literal["1.1"]] = "1.1"

    schema: Literal["1.1"]
    to: str
    serial: int
    created: str
    expires: str
    base: str
    manifest_sha256: str
    bundle_sha256: str
    signer: str
    fingerprint: str
    files: int
    removed: int
    volumes: tuple[str, ...]
    bytes: int
    note: str
    doubt: str


class SnapshotAnswer(Document, frozen=True, kw_only=True):
    """
    The result of ``snapshot``.

    :param schema: version of this form, major.minor.
    :param is_new: whether this run took it; else it was there, of the same site.
    """

    name: ClassVar[str] = "the result of snapshot"
    version: ClassVar[Literal["1.0"]] = "1.0"

    schema: Literal["1.0"]
    snapshot: Listed
    is_new: bool


class FetchAnswer(Document, frozen=True, kw_only=True):
    """
    The result of ``fetch``.

    :param schema: version of this form, major.minor.
    :param site: the directory of the site.
    :param files: the number of files that were fetched.
    """

    name: ClassVar[str] = "the result of fetch"
    version: ClassVar[Literal["1.0"]] = "1.0"

    schema: Literal["1.0"]
    site: str
    files: int
