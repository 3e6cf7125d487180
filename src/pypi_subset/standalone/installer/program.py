"""The command line of ``install.py``."""

import json
import os
import re
import sys

from pypi_subset.standalone.command_line import Parser, exit_code_of, print_lines, say, warn
from pypi_subset.standalone.errors import Misused, shown
from pypi_subset.standalone.importer.reading.manifests import SiteManifest
from pypi_subset.standalone.installer.choosing import enumerated, targets_of
from pypi_subset.standalone.installer.configuring import configure
from pypi_subset.standalone.installer.environment import Environment, quoted
from pypi_subset.standalone.installer.installing import Installation, temporary
from pypi_subset.standalone.installer.origin import Origin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PROGRAM = "install.py"
DESCRIPTION = (
    "Install a set of a site of pypi-subset into a virtual environment."
    " Exit codes: 0 done, 1 refused, 2 wrong use, 3 surroundings."
)


def parser() -> Parser:
    """Return the reader of the command line."""
    made = Parser(prog=PROGRAM, description=DESCRIPTION)
    add = made.add_argument
    add(
        "environment",
        metavar="DIR",
        nargs="?",
        help="the directory of the environment: a new one, or one that is there",
    )
    add("--site", metavar="PLACE", help="directory or address of the site (default: the directory of this file)")
    add("--set", metavar="NAME", default="", help="the set; needed if the site has several")
    add("--target", metavar="NAME", default="", help="the target (default: the one that fits this Python best)")
    add("--manifest", metavar="SHA256", default="", help="refuse a site whose manifest.json has another SHA-256")
    add("--cert", metavar="FILE", default="", help="the certificates that the web server may have")
    add("--configure", choices=("user", "system"), help="let pip and uv install from the site, and install nothing")
    add("--dry-run", action="store_true", help="print what would be installed, and write nothing")
    add("--verbose", action="store_true", help="print the lines of pip too")
    add("--json", action="store_true", help="print the result as JSON")
    return made


def main(arguments: "list[str]") -> int:
    """Return the exit code, after printing the result, or one line that says what went wrong."""

    def run() -> None:
        chosen = parser().read(arguments)
        document = carry_out(chosen)
        print_lines(sys.stdout, *(json.dumps(document, indent=1).split("\n") if chosen.json else lines_of(document)))

    return exit_code_of(PROGRAM, run, "interrupted; nothing new is left")


def ignore(_line: str) -> None:
    """Print nothing."""


def carry_out(chosen: "Any") -> "dict[str, Any]":
    """Return what was installed, or with ``--dry-run`` what would be."""
    wanted = chosen.manifest.lower()
    if wanted and not re.fullmatch("[0-9a-f]{64}", wanted):
        raise Misused("--manifest is no SHA-256; take it from `import_bundle.py --hash`, or from sha256sum")
    if bool(chosen.environment) == bool(chosen.configure):
        raise Misused(f"name either DIR or --configure; see `{PROGRAM} --help`")
    origin = Origin(chosen.site or os.path.dirname(os.path.abspath(__file__)), chosen.cert)
    if chosen.configure:
        return configured(origin, chosen, wanted)
    environment = Environment(chosen.environment)
    with temporary() as scratch:
        installation = Installation(origin, environment, wanted, scratch)
        installation.choose(chosen.set, chosen.target)
        document = installation.document()
        document["done"] = not chosen.dry_run
        if document["note"]:
            warn(document["note"])
        if not chosen.dry_run:
            say(f"installing {document['files']} files for {document['target']} into {document['environment']}")
            document.update(installation.run(say if chosen.verbose else ignore))
    document["use"] = environment.usage()
    document["undo"] = environment.removal() if environment.is_new else uninstallation(environment.python, document)
    return document


def configured(origin: Origin, chosen: "Any", wanted: str) -> "dict[str, Any]":
    """Return what changed in the configuration of pip and uv, or with ``--dry-run`` what would."""
    manifest = SiteManifest(origin.manifest(wanted))
    names = [one.name for one in targets_of(manifest)]
    if chosen.target and chosen.target not in names:
        raise Misused(f"the site has no target {shown(chosen.target)}; it has {enumerated(map(shown, names))}")
    index = origin.url_of(f"targets/{chosen.target}/simple" if chosen.target else "simple")
    document = configure(chosen.configure, f"{index}/", origin.plain_host, dry=chosen.dry_run)
    if document["note"]:
        warn(document["note"])
    return document


def uninstallation(python: str, document: "dict[str, Any]") -> str:
    """Return the commands that bring an environment back to what it was."""
    before, added = document.get("before", {}), document.get("installed", {})
    gone = [name for name in added if name not in before]
    lines = [f"{quoted(python)} -m pip uninstall {' '.join(gone)}"] if gone else []
    if before:
        lines.append(f"it had {', '.join(f'{name} {before[name]}' for name in before)}")
    return "; ".join(lines)


def lines_of(document: "dict[str, Any]") -> "list[str]":
    """Return the result as lines for people."""
    if "configured" in document:
        return lines_of_configuration(document)
    chosen = f"{document['set']} for {document['target']}, {document['python']}, from {document['site']}"
    if not document["done"]:
        made = "a new environment" if document["new"] else "the environment that is there"
        return [
            f"would install {document['files']} files: {chosen}",
            f"into {document['environment']}, {made}, with pip {document['pip']}; nothing was written",
        ]
    installed = [f"{name} {version}" for name, version in document["installed"].items()]
    return [
        f"installed {chosen}",
        f"new in {document['environment']}: {', '.join(installed) or 'nothing'}",
        f"manifest: {document['manifest']}",
        f"use: {document['use']}",
        *([f"undo: {document['undo']}"] if document["undo"] else []),
    ]


def lines_of_configuration(document: "dict[str, Any]") -> "list[str]":
    """Return the differences of the files, and how to go back."""
    lines: list[str] = []
    for one in document["configured"]:
        lines += one["difference"] or [f"{one['path']} needs no change"]
        if one["difference"] and document["done"]:
            back = f"mv {quoted(one['backup'])} {quoted(one['path'])}" if one["backup"] else f"rm {quoted(one['path'])}"
            lines.append(f"undo: {back}")
    return lines if document["done"] else [*lines, "nothing was written"]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
