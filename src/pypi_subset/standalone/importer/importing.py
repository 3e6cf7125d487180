"""Imports a bundle: everything is checked before the new site replaces the old one."""

import hashlib
import os
import time

from pypi_subset.standalone.errors import Hindered, Refused, shown
from pypi_subset.standalone.importer.check import (
    LONGEST_RELEASE,
    RELEASE_NAME,
    Ruling,
    check_helpers,
    check_order,
    read_signed,
    release_in,
)
from pypi_subset.standalone.importer.disk import (
    can_link,
    digest_of_file,
    exists,
    is_folder,
    looks_below,
    read_file,
    remove,
    room_fault,
    write_file,
)
from pypi_subset.standalone.importer.installing import Installation
from pypi_subset.standalone.importer.reading.closures import Walk
from pypi_subset.standalone.importer.reading.document import BUNDLE, SIGNATURE_NAME
from pypi_subset.standalone.importer.reading.manifests import LONGEST_MANIFEST, SiteManifest, patched
from pypi_subset.standalone.importer.reading.paths import MANIFEST_NAME, check_paths
from pypi_subset.standalone.importer.reading.strict_json import moment_text
from pypi_subset.standalone.importer.reading.volumes import Intake, write_blob
from pypi_subset.standalone.importer.records import Checked
from pypi_subset.standalone.importer.tree import Sources

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from pypi_subset.standalone.importer.home import Home, Shelf
    from pypi_subset.standalone.importer.installing import Options
    from pypi_subset.standalone.importer.reading.document import Bundle


#: The line about a bundle that was made with ``--force``.
UNPROVEN = "nothing proves the site of this bundle: the connected side carried it with --force"


class Import:
    """
    An import of a bundle.

    :param home: where it goes.
    :param medium: directory with the bundle.
    :param say: prints a line, and *warn* a warning.
    """

    def __init__(
        self, home: "Home", medium: str, options: "Options", say: "Callable[[str], None]", warn: "Callable[[str], None]"
    ) -> None:
        self.home = home
        self.medium = medium
        self.options = options
        self.say = say
        self.warn = warn
        self.ruling = Ruling(options.findings, warn)
        self.state = home.state()
        self.signed, self.data, self.signature = read_signed(
            medium, home.incoming, options.signers or home.signers, self.ruling
        )
        self.bundle: Bundle = self.signed.bundle
        self.intake = Intake(self.bundle, medium, home.incoming, say)
        check_order(self.bundle, self.state, home.site, self.ruling)
        check_helpers(self.bundle, medium)
        self.base = self._base()
        self.new_manifest = b""

    def run(self) -> "dict[str, Any]":
        """
        Return what was imported, after the new site is live.

        :raises Refused: something is not what it should be.
        :raises Hindered: a volume is missing, or the disk is full.
        """
        home, bundle = self.home, self.bundle
        self._begin()
        self.intake.take()
        manifest, wanted = self.manifest()
        write_blob(os.path.join(home.incoming, bundle.manifest), [self.new_manifest], bundle.manifest)
        sources = Sources(home, self.state, {*bundle.blobs, bundle.manifest}, trust=self.options.trust)
        found = sources.find(wanted)
        self.walk(manifest, wanted, found, sources)
        self._check_release(wanted, found)
        self._require_room_for_copies(wanted, found)
        release = self._release(unproven=manifest.unproven)
        installation = Installation(home, self.state, sources, self.options)
        grace = installation.run(release, wanted, found, self.warn)
        return {"imported": release, "files": len(wanted), "new": len(self.bundle.paths), "grace": grace}

    def preview(self) -> "dict[str, Any]":
        """
        Return what an import would change, by target; nothing is written.

        :raises Refused: something is not what it should be.
        :raises Hindered: a volume is missing.
        """
        self.intake.check()
        try:
            manifest, wanted = self.manifest()
            sources = Sources(
                self.home, self.state, {*self.bundle.blobs, self.bundle.manifest}, trust=self.options.trust
            )
            found = sources.find(wanted)
            self.walk(manifest, wanted, found, sources)
            self._check_release(wanted, found)
        finally:
            self.intake.close()
        path = os.path.join(self.home.site, MANIFEST_NAME)
        before = SiteManifest(read_file(path, LONGEST_MANIFEST)) if exists(path) else None
        return {
            "serial": self.bundle.serial,
            "signer": self.signed.signer,
            "unproven": manifest.unproven,
            "targets": changes(before, manifest),
        }

    def manifest(self) -> "tuple[SiteManifest, dict[str, str]]":
        """
        Return the manifest of the new site, and the hash of each of its files.

        :raises Refused: the bundle does not agree with it.
        """
        bundle = self.bundle
        if hashlib.sha256(self.base).hexdigest() == bundle.manifest:
            data = self.base
        elif bundle.manifest_from:
            data = patched(self.base, self.intake.read(bundle.manifest_from, LONGEST_MANIFEST), bundle.manifest)
        else:
            data = self.intake.read(bundle.manifest, LONGEST_MANIFEST)
        self.new_manifest = data
        manifest = SiteManifest(data)
        if manifest.unproven:
            self.warn(UNPROVEN)
        if manifest.digest != bundle.manifest:
            raise Refused(f"{MANIFEST_NAME} has another hash than {BUNDLE} names")
        wanted = manifest.named()
        if set(wanted) & {*bundle.beside, MANIFEST_NAME}:
            raise Refused(f"{MANIFEST_NAME} and {BUNDLE} name the same file")
        wanted.update(bundle.beside)
        wanted[MANIFEST_NAME] = bundle.manifest
        check_paths(wanted)
        for path, digest in bundle.paths.items():
            if wanted.get(path) != digest:
                raise Refused(f"the bundle has {shown(path)}, and the new site has not, or has other bytes there")
        if set(bundle.removed) & set(wanted):
            raise Refused(
                f"the bundle removes {shown(min(set(bundle.removed) & set(wanted)))}, and the new site has it"
            )
        return manifest, wanted

    def walk(
        self,
        manifest: SiteManifest,
        wanted: "dict[str, str]",
        found: "dict[str, tuple[Shelf, str] | None]",
        sources: Sources,
    ) -> None:
        """
        Check that what each set needs on each target is there.

        :param found: where files come from, by path.
        """
        if manifest.closures is None:
            self.warn(
                f"{MANIFEST_NAME} is older than schema 1.5: it does not say what each request needs, so that was not checked"
            )
            return

        record = sources.live.record if sources.live is not None and self.options.trust else {}
        same = {path for path, known in record.items() if wanted.get(path) == known[0]}

        def content(path: str, most: int) -> bytes:
            return self._content(path, most, wanted, found)

        def known(target: str, paths: "list[str]") -> bool:
            return paths[0] in sources.checked.walked.get(target, ()) and same.issuperset(paths)

        walk = Walk(manifest, wanted, content, known, sources.checked.stated if self.options.trust else {})
        pins = walk.go()
        sources.checked = Checked(walk.walked, walk.stated)
        self.say(f"closures: {len(manifest.closures)}, {pins} pins, complete")

    def _content(
        self, path: str, most: int, wanted: "dict[str, str]", found: "dict[str, tuple[Shelf, str] | None]"
    ) -> bytes:
        """Return the bytes of a file of the new site, which are no more than *most*."""
        source = found.get(path)
        if source is None:
            return self.intake.read(wanted[path], most)
        return read_file(source[0].place(source[1]), most)

    def _check_release(self, wanted: "dict[str, str]", found: "dict[str, tuple[Shelf, str] | None]") -> None:
        """Check that ``release.json`` of the site is about this release."""
        if RELEASE_NAME not in wanted:
            return
        stated = release_in(self._content(RELEASE_NAME, LONGEST_RELEASE, wanted, found))
        if stated != (self.bundle.serial, self.bundle.manifest):
            raise Refused(f"{RELEASE_NAME} is about another release than {BUNDLE}")

    def _begin(self) -> None:
        """
        Keep what an interrupted import of this bundle left, remove the rest, and check that the disk has room.

        :raises Hindered: it has none.
        """
        home, blobs = self.home, self.bundle.blobs
        os.makedirs(home.incoming, exist_ok=True)
        for name in sorted(os.listdir(home.incoming)):
            if name.partition(".")[0] not in blobs or name.endswith(".new"):
                remove(os.path.join(home.incoming, name))
        needed = self.intake.missing_bytes()
        if not can_link(home.incoming):
            needed += sum(blob.size for blob in blobs.values())
            needed += sum(size for _, (size, _) in looks_below(home.site)) if exists(home.site) else 0
        self._require_room(needed, len(blobs))
        write_file(os.path.join(home.incoming, BUNDLE), self.data)
        remove(os.path.join(home.incoming, SIGNATURE_NAME))
        if self.signature:
            write_file(os.path.join(home.incoming, SIGNATURE_NAME), self.signature)

    def _require_room(self, needed: int, files: int) -> None:
        """Check that the disk has room for so many bytes and files."""
        fault = room_fault(self.home.root, needed, files)
        if fault:
            raise Hindered(f"{fault}; make room and run this again")

    def _require_room_for_copies(self, wanted: "dict[str, str]", found: "dict[str, tuple[Shelf, str] | None]") -> None:
        """Check that the disk has room for each further path of a blob, which is a copy."""
        sizes = {digest: blob.size for digest, blob in self.bundle.blobs.items()}
        placed = [wanted[path] for path, source in found.items() if source is None]
        needed = sum(sizes.get(one, 0) for one in placed) - sum(sizes.get(one, 0) for one in set(placed))
        self._require_room(needed, len(placed) - len(set(placed)))

    def _release(self, *, unproven: bool) -> "dict[str, Any]":
        """Return what ``state.json`` says of the new release."""
        return {
            "serial": self.bundle.serial,
            "manifest": self.bundle.manifest,
            "signer": self.signed.signer,
            "key": self.signed.key,
            "created": moment_text(self.bundle.created),
            "imported": moment_text(time.time()),
            "overrides": self.ruling.overridden,
            "unproven": unproven,
        }

    def _base(self) -> bytes:
        """
        Return the manifest that the bundle is a difference from, ``b""`` for a full bundle.

        :raises Refused: neither the live site nor a kept release has it.
        """
        if not self.bundle.base:
            return b""
        places = [self.home.site, *(self.home.release(one["serial"]) for one in self.state.releases)]
        for wanted in (self.bundle.manifest, self.bundle.base):
            for place in places:
                path = os.path.join(place, MANIFEST_NAME)
                if is_folder(place) and exists(path) and digest_of_file(path)[0] == wanted:
                    return read_file(path, LONGEST_MANIFEST)
        live = self.home.manifest()
        step = f"run `pypi-subset bundle --since {live}`" if live else "make a full bundle"
        step += " on the connected side"
        raise Refused(f"the bundle continues the site with manifest {self.bundle.base[:16]}, which is not here; {step}")


def changes(before: "SiteManifest | None", after: SiteManifest) -> "dict[str, dict[str, list[str]]]":
    """Return the file names that each target gains and loses."""
    old, new = files_of(before), files_of(after)
    return {
        target: {
            "added": sorted(new.get(target, set()) - old.get(target, set())),
            "removed": sorted(old.get(target, set()) - new.get(target, set())),
        }
        for target in sorted({*old, *new})
    }


def files_of(manifest: "SiteManifest | None") -> "dict[str, set[str]]":
    """Return the file names that each target needs."""
    found: dict[str, set[str]] = {}
    for one in manifest.files if manifest is not None else ():
        for target in one.targets:
            found.setdefault(target, set()).add(one.filename)
    return found
