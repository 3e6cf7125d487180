"""Commands that look at an imported site or at a bundle, and the one that ends times of grace."""

import os
import time

from pypi_subset.standalone.errors import Misused, Refused, shown
from pypi_subset.standalone.importer.check import Ruling, check_helpers, read_signed
from pypi_subset.standalone.importer.disk import exists, read_file, remove
from pypi_subset.standalone.importer.home import Shelf
from pypi_subset.standalone.importer.importing import UNPROVEN
from pypi_subset.standalone.importer.reading.closures import Walk
from pypi_subset.standalone.importer.reading.manifests import LONGEST_MANIFEST, SiteManifest
from pypi_subset.standalone.importer.reading.paths import MANIFEST_NAME, RELEASE_PAGE, is_proof
from pypi_subset.standalone.importer.reading.strict_json import moment_text
from pypi_subset.standalone.importer.reading.volumes import Intake

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from pypi_subset.standalone.importer.home import Home
    from pypi_subset.standalone.importer.installing import Options

RECEIPT_KIND = "pypi-subset receipt"


def verify_bundle(
    medium: str, options: "Options", say: "Callable[[str], None]", warn: "Callable[[str], None]"
) -> "dict[str, Any]":
    """
    Return what a whole bundle says of itself.

    :raises Refused: something in it is damaged, or no allowed signer signed it.
    :raises Hindered: a volume is missing.
    """
    ruling = Ruling(options.findings, warn)
    signed, _, _ = read_signed(medium, "", options.signers, ruling)
    bundle = signed.bundle
    check_helpers(bundle, medium)
    for one in bundle.helpers:
        if not exists(os.path.join(medium, one.name)):
            warn(f"{one.name} is not on the medium")
    intake = Intake(bundle, medium, "", say)
    intake.check()
    if bundle.manifest in bundle.blobs:
        try:
            if SiteManifest(intake.read(bundle.manifest, LONGEST_MANIFEST)).unproven:
                warn(UNPROVEN)
        finally:
            intake.close()
    return {
        "serial": bundle.serial,
        "manifest": bundle.manifest,
        "base": bundle.base or None,
        "signer": signed.signer,
        "key": signed.key,
        "created": moment_text(bundle.created),
        "expires": moment_text(bundle.expires),
        "volumes": len(bundle.volumes),
        "files": len(bundle.paths),
    }


def verify_site(home: "Home", say: "Callable[[str], None]", warn: "Callable[[str], None]") -> "dict[str, Any]":
    """
    Return what the imported site holds, after reading each of its files.

    :raises Refused: a file is missing or damaged, is from no bundle, or a closure is not complete.
    """
    state = home.state()
    if not exists(os.path.join(home.site, MANIFEST_NAME)):
        raise Misused(f"{home.site} has no {MANIFEST_NAME}; import a bundle first")
    if exists(home.journal):
        warn("an import was interrupted; run it again")
    data = read_file(os.path.join(home.site, MANIFEST_NAME), LONGEST_MANIFEST)
    manifest = SiteManifest(data)
    if state.live is not None and manifest.digest != state.live["manifest"]:
        raise Refused(f"{MANIFEST_NAME} is not that of release {state.live['serial']}; import its bundle again")
    record = home.record(state.live["serial"])[0] if state.live else {}
    wanted = {path: known[0] for path, known in record.items()}
    wanted.update(manifest.hashes())
    shelf, grace = Shelf(home.site, record), {one["path"]: one for one in state.grace}
    differ = sorted(path for path, digest in wanted.items() if not shelf.has(path, digest, trust=False))
    old = [path for path in grace if path in shelf.looks and not shelf.has(path, grace[path]["sha256"], trust=False)]
    damaged = sorted({*(path for path in differ if not is_proof(path)), *old})
    known = {*wanted, *grace, RELEASE_PAGE, MANIFEST_NAME}
    strange = sorted(path for path in set(shelf.looks) - known if not is_proof(path)) if record else []
    if any(is_proof(path) for path in differ):
        warn("site/proof is from a proof that was made here, and not from the bundle")
    for path in damaged:
        say(f"site/{shown(path)} is {'damaged' if path in shelf.looks else 'missing'}")
    for path in strange:
        say(f"site/{shown(path)} is from no bundle")
    for path, one in sorted(grace.items()):
        warn(f"site/{shown(path)} has no page any more, and stays until {one['until']}")
    if damaged or strange:
        count = len(damaged) + len(strange)
        raise Refused(f"{count} files of {home.site} are not as they were imported; import the bundle again")
    pins = Walk(manifest, wanted, lambda path, most: read_file(shelf.place(path), most), lambda *_: False).go()
    return {"manifest": manifest.digest, "live": state.live, "files": len(wanted), "pins": pins, "grace": len(grace)}


def expire(home: "Home", *, everything: bool) -> "dict[str, Any]":
    """
    Return which files were removed, because their time of grace is over; also those that were changed since.

    :param everything: whether the time of every file is over.
    :raises Refused: a symbolic link leads to one of them.
    """
    state, now = home.state(), moment_text(time.time())
    over = [one for one in state.grace if everything or one["until"] <= now]
    for one in over:
        path = os.path.join(home.site, *one["path"].split("/"))
        if os.path.realpath(os.path.dirname(path)) != os.path.dirname(path):
            raise Refused(f"site/{shown(one['path'])} is behind a symbolic link; remove that link")
        remove(path)
    state.grace = [one for one in state.grace if one not in over]
    if over:
        home.save(state)
    return {"removed": [one["path"] for one in over], "grace": len(state.grace)}


def receipt(home: "Home") -> "dict[str, Any]":
    """
    Return the receipt for the connected side, which makes the next bundle from it.

    :raises Misused: nothing was imported.
    """
    live = home.state().live
    if live is None or home.manifest() != live["manifest"]:
        raise Misused(f"{home.root} has no imported site; import a bundle first")
    return {
        "schema": "1.0",
        "kind": RECEIPT_KIND,
        "serial": live["serial"],
        "manifest": live["manifest"],
        "imported": live["imported"],
    }
