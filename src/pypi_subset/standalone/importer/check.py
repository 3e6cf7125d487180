"""Whether a bundle may be imported: who signed it, when, and in which order."""

import os
import time

from pypi_subset.standalone.errors import Hindered, Misused, Refused, shown
from pypi_subset.standalone.importer.disk import exists, read_file
from pypi_subset.standalone.importer.reading.document import (
    BUNDLE,
    LAST_SERIAL,
    LONGEST_BUNDLE,
    SIGNATURE_NAME,
    Bundle,
)
from pypi_subset.standalone.importer.reading.strict_json import Fields, moment_text, parse_json
from pypi_subset.standalone.importer.reading.volumes import is_whole
from pypi_subset.standalone.importer.trust.signers import LONGEST_SIGNERS, allowed
from pypi_subset.standalone.importer.trust.sshsig import LONGEST_SIGNATURE, fingerprint, signer_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from pypi_subset.standalone.importer.home import Home
    from pypi_subset.standalone.importer.state import State

#: The file of a site with its serial, and its bytes and values.
RELEASE_NAME, LONGEST_RELEASE, MOST_RELEASE = "release.json", 1 << 20, 1000
#: What an import can do in spite of a finding: the option of the command line, and the word in ``state.json``.
OVERRIDES = {
    "unsigned": "--allow-unsigned",
    "unknown signer": "--allow-unknown-signer",
    "expired": "--allow-expired",
    "lower serial": "--allow-lower-serial",
}


class Ruling:
    """
    Findings about a bundle, each of which needs its option.

    :param allowed_findings: the findings whose option was given.
    :param warn: prints a warning.
    """

    def __init__(self, allowed_findings: "set[str]", warn: "Callable[[str], None]") -> None:
        self.allowed_findings = allowed_findings
        self.warn = warn
        self.overridden: list[str] = []

    def find(self, finding: str, what: str, step: str) -> None:
        """
        Note a *finding*.

        :param what: the sentence about it.
        :param step: what to do about it.
        :raises Refused: its option was not given.
        """
        if finding not in self.allowed_findings:
            raise Refused(f"{what}; {step}, or import it in spite of that with {OVERRIDES[finding]}")
        self.overridden.append(finding)
        self.warn(f"{what}; {OVERRIDES[finding]} was given")


class Signed:
    """
    ``bundle.json`` as it is on a medium, and who signed it.

    :param data: its bytes.
    :param signature: the bytes of ``bundle.json.sig``, ``b""`` if there is none.
    :param signers: path of the file of allowed signers.
    :param medium: directory of the bundle; a file of signers there counts for nothing.
    :raises Refused: the signature is damaged, or no allowed signer made it.
    """

    def __init__(self, data: bytes, signature: bytes, signers: str, medium: str, ruling: Ruling) -> None:
        self.signer = self.key = ""
        if signature:
            key = signer_of(data, signature)
            self.key = fingerprint(key)
            self._identify(key, signers, medium, ruling)
        else:
            ruling.find("unsigned", "the bundle has no bundle.json.sig", "copy it to the medium")
        # Only now is anything in it believed.
        self.bundle = Bundle(data)
        now = time.time()
        if now < self.bundle.created:
            ruling.warn(f"the clock of this machine is before the bundle's, {moment_text(self.bundle.created)}; set it")
        if now > self.bundle.expires:
            ruling.find(
                "expired",
                f"the bundle expired at {moment_text(self.bundle.expires)}",
                "make a bundle of the current site",
            )

    def _identify(self, key: bytes, signers: str, medium: str, ruling: Ruling) -> None:
        """Find the owner of *key* in the file of allowed signers."""
        step = "add the key of the connected side to that file, after comparing it by another way"
        if not exists(signers):
            what = f"the bundle is signed with {self.key}, and there is no {signers}"
        elif is_within(signers, medium):
            # Who writes a stick writes this file too.
            what = f"the bundle is signed with {self.key}, and {signers} is on the medium, which vouches for no key"
            step = "name a file that came by another way with --allowed-signers"
        else:
            self.signer, fault = allowed(read_file(signers, LONGEST_SIGNERS), key, time.time())
            what = f"the bundle is signed with {self.key}, and {signers} does not allow that: {fault}" if fault else ""
        if what:
            ruling.find("unknown signer", what, step)


def read_signed(medium: str, pending: str, signers: str, ruling: Ruling) -> "tuple[Signed, bytes, bytes]":
    """
    Return the bundle of *medium*, and the bytes of document and signature.

    :param pending: directory with the document of a bundle whose import began; for media with other volumes of it.
    :raises Misused: there is no bundle.
    """
    for folder in (medium, pending):
        path = os.path.join(folder, BUNDLE) if folder else ""
        if path and exists(path):
            data = read_file(path, LONGEST_BUNDLE)
            signature = os.path.join(folder, SIGNATURE_NAME)
            found = read_file(signature, LONGEST_SIGNATURE) if exists(signature) else b""
            return Signed(data, found, signers, medium, ruling), data, found
    if not os.path.isdir(medium):
        raise Hindered(f"{shown(medium)} is no directory; insert the medium")
    raise Misused(f"{shown(medium)} has no {BUNDLE}; name the directory of a bundle")


def check_place(medium: str, home: "Home") -> None:
    """
    Check that the bundle is in no directory that an import replaces or empties.

    :raises Misused: it is.
    """
    for own in (home.incoming, home.releases, home.site):
        if is_within(medium, own):
            place = f"{shown(medium)} is in {own}, which an import replaces or empties"
            raise Misused(f"{place}; copy the bundle to a directory outside of {home.root}")


def is_within(path: str, folder: str) -> bool:
    """Return whether *path* is the directory *folder*, or is below it, by whatever links."""
    found, root = os.path.realpath(path), os.path.realpath(folder)
    return found == root or found.startswith(os.path.join(root, ""))


def check_helpers(bundle: Bundle, medium: str) -> None:
    """
    Check the files beside the volumes that are there: the page for the officer, and the importer.

    :raises Refused: one has other bytes than ``bundle.json`` names.
    """
    for one in bundle.helpers:
        if exists(os.path.join(medium, one.name)) and not is_whole(medium, one):
            raise Refused(f"{one.name} on the medium was changed; make the bundle again")


def check_order(bundle: Bundle, state: "State", site: str, ruling: Ruling) -> None:
    """
    Check that no later release was imported before.

    :param site: directory of the live site; its ``release.json`` counts if the state was lost.
    :raises Refused: one was, also if a rollback followed.
    """
    highest: dict[str, Any] | None = state.highest
    where = "was imported before"
    if highest is None:
        path = os.path.join(site, RELEASE_NAME)
        if not exists(path):
            return
        try:
            serial, manifest = release_in(read_file(path, LONGEST_RELEASE))
        except Refused as error:
            raise Refused(f"{error}; compare the live site with its bundle, or move {shown(path)} away") from error
        where = "is what the live site states"
    else:
        serial, manifest = int(highest["serial"]), highest["manifest"]
    if bundle.serial < serial:
        what = f"the bundle has the serial {bundle.serial}, and {serial} {where}"
        ruling.find("lower serial", what, "import a newer bundle")
    elif bundle.serial == serial and bundle.manifest != manifest:
        what = f"a release with the serial {serial} and another manifest {where}"
        ruling.find("lower serial", what, "import a newer bundle")


def release_in(data: bytes) -> "tuple[int, str]":
    """
    Return serial and manifest that ``release.json`` of a site states.

    :raises Refused: it is damaged.
    """
    fields = Fields(parse_json(data, RELEASE_NAME, MOST_RELEASE), RELEASE_NAME)
    return fields.number("serial", 1, LAST_SERIAL), fields.digest("manifest_sha256")
