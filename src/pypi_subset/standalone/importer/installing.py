"""Makes a release live: builds its tree, lets a program look at it, and swaps it with the site before."""

import os

from pypi_subset.standalone.errors import Misused, Refused, shown
from pypi_subset.standalone.importer.disk import digest_of_file, exists, remove, sync_all
from pypi_subset.standalone.importer.home import Shelf
from pypi_subset.standalone.importer.reading.paths import MANIFEST_NAME, RELEASE_PAGE
from pypi_subset.standalone.importer.scanning import Placed, scan
from pypi_subset.standalone.importer.state import FIRST_STATE, State
from pypi_subset.standalone.importer.tree import Sources, Tree, graced, keep_proofs, release_page, strangers

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

    from pypi_subset.standalone.importer.home import Home


class Options:
    """
    What the command line asks for.

    :param signers: path of the file of allowed signers, ``""`` for the one in the directory.
    :param findings: findings that stop no import.
    :param trust: whether kept files are compared by size and time alone.
    :param keep: releases that are kept beside the live one.
    :param grace: hours that files of the release before stay.
    :param scan: a program that looks at the new site before it is live.
    """

    def __init__(
        self,
        signers: str = "",
        findings: "set[str] | None" = None,
        *,
        trust: bool = False,
        keep: int = 2,
        grace: float = 24,
        scan: str = "",
    ) -> None:
        self.signers = signers
        self.findings = findings or set()
        self.trust = trust
        self.keep = keep
        self.grace = grace
        self.scan = scan


class Installation:
    """
    Makes a release the live one.

    :param home: where it is live.
    :param state: what holds before.
    :param sources: where its files come from.
    """

    def __init__(self, home: "Home", state: State, sources: Sources, options: Options) -> None:
        self.home = home
        self.state = state
        self.sources = sources
        self.options = options

    def run(
        self,
        release: "dict[str, Any]",
        wanted: "dict[str, str]",
        found: "dict[str, tuple[Shelf, str] | None]",
        warn: "Callable[[str], None]",
    ) -> int:
        """
        Return how many files stay for a time of grace, after the release is live.

        :param release: what the state says of it.
        :param wanted: the SHA-256 of each file, by path.
        :param found: where each file comes from, by path.
        :raises Refused: the program of ``--scan`` refuses it.
        """
        grace = graced(self.sources, wanted, self.options.grace, warn)
        tree = Tree(self.home, self.sources)
        try:
            record = tree.build(found, wanted)
            for one in grace:
                if self.sources.live is not None:
                    tree.add(one["path"], self.sources.live)
            page = release_page(release)
            tree.write(RELEASE_PAGE, page)
            if self.options.scan:
                placed = Placed(self.home.next, record, found, grace, page)
                scan(self.options.scan, placed, trust=self.options.trust)
            sync_all(self.home.root)
            self.home.save_record(record, self.sources.checked)
        except BaseException:
            remove(self.home.next)
            raise
        for path in strangers(self.sources, wanted):
            warn(f"site/{shown(path)} is from no bundle; the release before has it, and the new one has not")
        after, retire = self._after(release, grace)
        self.home.swap(after, retire)
        return len(grace)

    def _after(self, release: "dict[str, Any]", grace: "list[dict[str, Any]]") -> "tuple[State, int | None]":
        """Return the state that holds afterwards, and the serial under which the site before is kept."""
        before: dict[str, Any] | None = self.state.live
        retire: int | None = None
        if before is None and exists(self.home.site):
            # A site that another way brought here is kept under a serial that no release has.
            unknown = {"signer": "", "key": "", "created": "", "imported": "", "overrides": []}
            before = {"serial": 0, "manifest": self.home.manifest(), **unknown}
        kept = [one for one in self.state.releases if one["serial"] != release["serial"]]
        if before is not None and before["serial"] != release["serial"]:
            kept = [*(one for one in kept if one["serial"] != before["serial"]), before]
            retire = before["serial"]
        kept = kept[-self.options.keep :] if self.options.keep else []
        highest = self.state.highest
        if highest is None or release["serial"] >= highest["serial"]:
            highest = {"serial": release["serial"], "manifest": release["manifest"]}
        after = State(dict(FIRST_STATE, live=release, highest=highest, releases=kept, grace=grace))
        return after, retire if any(one["serial"] == retire for one in kept) else None


def roll_back(home: "Home", serial: "int | None", options: Options, warn: "Callable[[str], None]") -> "dict[str, Any]":
    """
    Return the kept release that is live again.

    :param serial: its serial; ``None`` for the one that was live last.
    :raises Misused: no such release is kept.
    :raises Refused: it is damaged.
    """
    state = home.state()
    chosen = [one for one in state.releases if serial is None or one["serial"] == serial]
    if not chosen:
        kept = ", ".join(str(one["serial"]) for one in state.releases) or "none"
        raise Misused(f"no such release is kept in {home.releases}; kept are: {kept}")
    release = chosen[-1]
    record, checked = home.record(release["serial"])
    shelf = Shelf(home.release(release["serial"]), record)
    if shelf.record:
        wanted = {path: known[0] for path, known in shelf.record.items()}
    else:
        wanted = {path: digest_of_file(shelf.place(path))[0] for path in sorted(shelf.looks) if path != RELEASE_PAGE}
    if wanted.get(MANIFEST_NAME) != release["manifest"]:
        raise Refused(f"release {release['serial']} has another manifest than it had; import its bundle again")
    damaged = [path for path, digest in wanted.items() if not shelf.has(path, digest, trust=options.trust)]
    replaced = keep_proofs(shelf, wanted, damaged)
    damaged = [path for path in damaged if path not in replaced]
    if damaged:
        raise Refused(f"release {release['serial']} is damaged: {shown(damaged[0])}; import its bundle again")
    if replaced:
        warn(f"release {release['serial']} has the proof that was made here, and not the one of its bundle")
    os.makedirs(home.incoming, exist_ok=True)
    sources = Sources(home, state, set(), trust=options.trust)
    sources.checked = checked
    found: dict[str, tuple[Shelf, str] | None] = {path: (shelf, path) for path in wanted}
    Installation(home, state, sources, options).run(release, wanted, found, warn)
    return release
