"""The command line of ``import_bundle.py``."""

import gc
import json
import os
import sys

from pypi_subset.standalone.command_line import Parser, exit_code_of, print_lines, say, warn
from pypi_subset.standalone.errors import Misused, plain, shown
from pypi_subset.standalone.importer.check import OVERRIDES, check_place
from pypi_subset.standalone.importer.disk import write_file
from pypi_subset.standalone.importer.home import check_home
from pypi_subset.standalone.importer.importing import Import
from pypi_subset.standalone.importer.installing import Options, roll_back
from pypi_subset.standalone.importer.looking import RECEIPT_KIND, expire, receipt, verify_bundle, verify_site

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from pypi_subset.standalone.importer.home import Home

PROGRAM = "import_bundle.py"
#: Bytes of a receipt that are looked at; it has about 300.
LONGEST_RECEIPT = 1 << 16
DESCRIPTION = "Import a bundle of pypi-subset, or look at an imported site. Exit codes: 0 done, 1 refused, 2 wrong use, 3 surroundings."


def serial(text: str) -> int:
    """Return the number of a release; argparse names this function if it is none."""
    number = int(text)
    if number < 0:
        raise ValueError
    return number


def parser() -> Parser:
    """Return the reader of the command line."""
    made = Parser(prog=PROGRAM, description=DESCRIPTION)
    add = made.add_argument
    add("medium", metavar="STICK", nargs="?", help="the directory with the bundle")
    add("--into", metavar="DIR", help="the directory of the imported site; its site/ is for the web server")
    tasks = made.add_mutually_exclusive_group()
    task = tasks.add_argument
    task("--verify", action="store_true", help="check the bundle STICK, or the imported site of --into")
    task("--dry-run", action="store_true", help="check the bundle, and print what an import would change")
    task("--list", action="store_true", help="print the live release, kept releases and files with a time of grace")
    task("--rollback", metavar="SERIAL", nargs="?", const=-1, type=serial, help="make a kept release live again")
    task("--expire", action="store_true", help="remove files whose time of grace is over; with --grace 0 all")
    task("--hash", action="store_true", help="print the SHA-256 of the live manifest")
    add("--receipt", metavar="FILE", help="write a receipt for the connected side, which SINCE= takes")
    add(
        "--allowed-signers",
        metavar="FILE",
        default="",
        help="the keys that sign bundles (default: DIR/allowed_signers)",
    )
    add("--trust-kept", action="store_true", help="compare files of earlier imports by size and time alone")
    add("--keep", metavar="N", type=int, default=2, help="releases to keep for --rollback (default: 2)")
    add("--grace", metavar="HOURS", type=float, help="how long files that are gone stay for clients (default: 24)")
    add("--scan", metavar="CMD", default="", help="a program that gets the new site as argument; 0 lets it in")
    for finding, option in sorted(OVERRIDES.items()):
        add(option, dest="findings", action="append_const", const=finding, help=f"import in spite of: {finding}")
    add("--json", action="store_true", help="print the result as JSON")
    return made


def main(arguments: "list[str]") -> int:
    """Return the exit code, after printing the result, or one line that says what went wrong."""

    def run() -> None:
        chosen = parser().read(arguments)
        document = carry_out(chosen)
        print_lines(sys.stdout, *(json.dumps(document, indent=1).split("\n") if chosen.json else lines_of(document)))

    return exit_code_of(PROGRAM, run, "interrupted; run it again to continue")


def carry_out(chosen: "Any") -> "dict[str, Any]":
    """Return the result of the command."""
    if chosen.keep < 0 or (chosen.grace is not None and not 0 <= chosen.grace <= 24 * 366):
        raise Misused("--keep and --grace are 0 or more, and --grace at most a year")
    fault = place_fault(chosen.receipt) if chosen.receipt is not None else ""
    if fault:
        raise Misused(f"{fault}; name another file with --receipt")
    if chosen.receipt is not None and (chosen.dry_run or chosen.verify or chosen.list or chosen.hash):
        raise Misused("--receipt is for an import, --rollback or --expire, or stands alone; leave out the other option")
    options = Options(
        chosen.allowed_signers,
        set(chosen.findings or ()),
        trust=chosen.trust_kept,
        keep=chosen.keep,
        grace=24 if chosen.grace is None else chosen.grace,
        scan=chosen.scan,
    )
    if chosen.verify and chosen.medium is not None:
        if not options.signers and chosen.into:
            options.signers = check_home(chosen.into, make=False).signers
        return {"bundle": verify_bundle(chosen.medium, options, say, warn)}
    if chosen.into is None:
        raise Misused("name the directory of the imported site with --into")
    asked = chosen.verify or chosen.list or chosen.hash or chosen.expire or chosen.rollback is not None
    if bool(chosen.medium is None) != bool(asked) and not (chosen.receipt and chosen.medium is None):
        raise Misused(
            "name the directory of the bundle" if chosen.medium is None else f"{chosen.medium} is one argument too many"
        )
    home = check_home(chosen.into, make=not asked and not chosen.dry_run and chosen.medium is not None)
    if chosen.medium is not None:
        check_place(chosen.medium, home)
    return look(home, chosen, options) or change(home, chosen, options)


def place_fault(path: str) -> str:
    """Return why no receipt can be written at *path*, ``""`` if one can; it replaces an older one and an empty file alone."""
    folder = os.path.dirname(os.path.abspath(path))
    if os.path.isdir(path):
        return f"{shown(path)} is a directory"
    if os.path.lexists(path) and not os.path.isfile(path):
        return f"{shown(path)} is no file"
    if os.path.isfile(path) and os.path.getsize(path):
        with open(path, "rb") as stream:
            if RECEIPT_KIND.encode() not in stream.read(LONGEST_RECEIPT):
                return f"{shown(path)} is there, and is no receipt"
    if not os.path.isdir(folder):
        return f"{shown(folder)} is no directory"
    return "" if os.access(folder, os.W_OK) else f"{shown(folder)} is closed to this user"


def look(home: "Home", chosen: "Any", options: Options) -> "dict[str, Any] | None":
    """Return the result of a command that changes nothing below ``--into``, ``None`` for the others."""
    if chosen.dry_run:
        return {"preview": Import(home, chosen.medium, options, say, warn).preview()}
    if chosen.verify:
        return {"verified": verify_site(home, say, warn)}
    if chosen.list:
        return {"list": home.state().document()}
    if chosen.hash:
        return {"hash": receipt(home)["manifest"]}
    if chosen.receipt and chosen.medium is None and not chosen.expire and chosen.rollback is None:
        return {"receipt": written_receipt(home, chosen.receipt)}
    return None


def change(home: "Home", chosen: "Any", options: Options) -> "dict[str, Any]":
    """Return the result of a command that changes the imported site."""
    with home.locked():
        if home.recover():
            say("an interrupted import was finished")
        if chosen.expire:
            result = {"expired": expire(home, everything=chosen.grace == 0)}
        elif chosen.rollback is not None:
            chosen_release = None if chosen.rollback < 0 else chosen.rollback
            result = {"rolled back": roll_back(home, chosen_release, options, warn)}
        else:
            result = {"import": Import(home, chosen.medium, options, say, warn).run()}
        if chosen.receipt:
            result["receipt"] = written_receipt(home, chosen.receipt)
    return result


def written_receipt(home: "Home", path: str) -> "dict[str, Any]":
    """Return the receipt, after writing it to *path*."""
    document = receipt(home)
    data = (json.dumps(document, indent=1) + "\n").encode()
    # Files beside the receipt are the user's, so none is removed.
    write_file(os.path.abspath(path), data, beside=f".{os.getpid()}.new")
    return document


def lines_of(document: "dict[str, Any]") -> "list[str]":
    """Return the result of a command as lines for people."""
    lines: list[str] = []
    for task, found in document.items():
        if task == "hash":
            lines.append(found)
        elif task == "import":
            lines.append(
                f"{release_line(found['imported'])} is live: {found['files']} files, {found['new']} of them new"
            )
        elif task == "rolled back":
            lines.append(f"{release_line(found)} is live again")
        elif task == "expired":
            lines.append(f"{len(found['removed'])} files removed, {found['grace']} stay for a time of grace")
        elif task == "bundle":
            base = f"continues {found['base'][:16]}" if found["base"] else "full"
            lines.append(f"{release_line(found)} is whole: {found['files']} files, {found['volumes']} volumes, {base}")
        elif task == "verified":
            live = release_line(found["live"]) if found["live"] else "a site that no bundle brought"
            lines.append(f"{live} is whole: {found['files']} files, {found['pins']} pins")
        elif task == "receipt":
            lines.append(f"receipt of release {found['serial']}, manifest {found['manifest']}")
        elif task == "preview":
            lines += preview_lines(found)
        else:
            lines += state_lines(found)
    return [plain(line) for line in lines]


def release_line(release: "dict[str, Any]") -> str:
    """Return how a line names a release."""
    signer = f"signed by {release['signer']}" if release["signer"] else "signed by an unknown key"
    proof = ", not proven" if release.get("unproven") else ""
    return (
        f"release {release['serial']}, {signer if release['key'] else 'unsigned'}{proof}, created {release['created']},"
    )


def preview_lines(found: "dict[str, Any]") -> "list[str]":
    """Return what an import would change, by target."""
    lines = [f"release {found['serial']} can be imported; nothing was changed"]
    for target, files in found["targets"].items():
        lines.append(f"{target}: {len(files['added'])} added, {len(files['removed'])} removed")
        lines += [f"  + {name}" for name in files["added"]] + [f"  - {name}" for name in files["removed"]]
    return lines


def state_lines(found: "dict[str, Any]") -> "list[str]":
    """Return what ``state.json`` says, for people."""
    lines = ["live: " + (release_line(found["live"]).rstrip(",") if found["live"] else "nothing was imported")]
    lines += ["kept: " + release_line(one).rstrip(",") for one in found["releases"]]
    return lines + [f"grace: {one['path']} until {one['until']}" for one in found["grace"]]


if __name__ == "__main__":
    # A run makes large tables, no cycles, and ends: looking for cycles would take a tenth of its time.
    gc.disable()
    sys.exit(main(sys.argv[1:]))
