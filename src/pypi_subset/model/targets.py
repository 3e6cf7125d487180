"""One kind of machine with one Python."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pypi_subset.support.fingerprint import digest_of

if TYPE_CHECKING:
    from packaging.tags import Tag


#: Marker values that follow from the running kernel, not from the kind of machine.
KERNEL_MARKERS = ("platform_release", "platform_version")


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """
    One kind of machine with one Python: everything that decides which wheels fit and which markers hold.

    :param name: the key in ``[targets]``.
    :param interpreter: the Python tag, e.g. ``cp310``.
    :param abi: the ABI tag, the first of *abis*.
    :param platform: the platform tag that was named, e.g. ``manylinux2014_x86_64``; for the host, of the best native tag.
    :param implementation: ``cp``, ``pp``…: pip's ``--implementation``.
    :param python: full version of the interpreter, three numbers; of X.Y alone, X.Y.0. ``python_full_version`` among the
        markers says more of a pre-release: ``3.15.0rc1``.
    :param abis: most specific first, e.g. ``("cp310",)``: pip's ``--abi``.
    :param platforms: every platform tag that the machine accepts, best first: pip's ``--platform``.
    :param tags: every compatible tag, best first (PEP 425, 600, 656).
    :param markers: the marker environment (PEP 508), sorted by name; an unknown value is absent.
    :param host: whether it describes the interpreter that runs the tool.
    :param system: the system that the user named in its place, with the architecture; ``""`` if a tag was given.
    :param described: whether the machine described itself: then no setting changes it.
    :param other_machines: other values of ``platform_machine`` that such a machine may have, if the user gave none.
    :param unseen: platforms that its system accepts and its pip is too old for, best first.
    :param pip: the version of the machine's pip, if the user named it and it limits *tags*; else ``""``.
    :param system_pip: the version of the pip that the system brings for this Python, which limits nothing; ``""`` if unknown.
    :param exact: whether the patch level was given, and binds.
    :param brought: project → version of the distributions that its interpreter includes, sorted. pip treats them as installed.
    :param notes: warnings for the user; they decide nothing.
    """

    name: str
    interpreter: str
    abi: str
    platform: str
    implementation: str
    python: tuple[int, int, int]
    abis: tuple[str, ...]
    platforms: tuple[str, ...]
    tags: tuple[Tag, ...]
    markers: tuple[tuple[str, str], ...]
    host: bool = False
    system: str = ""
    described: bool = False
    other_machines: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    pip: str = ""
    system_pip: str = ""
    exact: bool = False
    brought: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def tag(self) -> str:
        """The tag in full, e.g. ``cp310-cp310-manylinux2014_x86_64``."""
        return f"{self.interpreter}-{self.abi}-{self.platform}"

    @property
    def version(self) -> str:
        """Its Python, as far as it was named: ``3.11``, ``3.11.4``, ``3.15.0rc1``; one of several levels is given in full."""
        if self.exact:
            return dict(self.markers)["python_full_version"]
        return ".".join(map(str, self.python if self.python[2] else self.python[:2]))

    @property
    def release(self) -> str:
        """The three numbers of its Python, without a pre-release: what pip compares with Requires-Python."""
        return ".".join(map(str, self.python))

    @property
    def environment(self) -> dict[str, str]:
        """The marker environment as a new dict, for `packaging.markers.Marker.evaluate`."""
        return dict(self.markers)

    @property
    def lasting_markers(self) -> dict[str, str]:
        """The markers; for the host without those of the kernel, whose update must change neither locks nor site."""
        return {name: value for name, value in self.markers if not (self.host and name in KERNEL_MARKERS)}

    @property
    def digest(self) -> str:
        """SHA-256 over tags, lasting markers and what the interpreter brings, in hexadecimal."""
        brought = {"brought": dict(self.brought)} if self.brought else {}
        return digest_of({"tags": [str(tag) for tag in self.tags], "markers": self.lasting_markers, **brought})
