"""The commands that answer a question: doctor, why, targets, target."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Annotated

import typer

from pypi_subset import api
from pypi_subset.cli.command import Run, command
from pypi_subset.cli.terminal import values
from pypi_subset.errors import FaultsFound

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pypi_subset.cli.answers import SizedFile
    from pypi_subset.model.manifest import File, Manifest

#: The origin of a request in the lock of another tool: ``uv.lock:12``, ``pylock.lab.toml:3``.
_LOCK = re.compile(r"(\w+\.lock|pylock\.(.+\.)?toml):")


@command(result=True)
def doctor(
    run: Run,
    *,
    pythons: Annotated[
        list[str] | None,
        typer.Option("--pythons", metavar="PATH", help="Further interpreters, or directories of them, as for verify."),
    ] = None,
) -> None:
    """
    Examine this machine: what mirror and verify need, and what is missing.

    doctor looks at Python, pip's configuration, each index, credentials, disk room, isolation, interpreters and locked
    files that are gone. It says how verify would prove each target. It changes nothing. If it finds an error, the exit
    code is 1.
    """
    named = [word for words in pythons or () for word in words.split(os.pathsep) if word]
    found = api.diagnose(run.paths, pythons=named, progress=run.display)
    if run.json:
        run.write_answer(found)
    else:
        from pypi_subset.cli.present import show_diagnosis  # noqa: PLC0415

        show_diagnosis(found, run.answer)
    if not (found.errors or run.json):
        _say_next(run)
    if found.errors:
        msg = f"doctor found {found.errors} error{'s' * (found.errors != 1)}"
        raise FaultsFound(msg, next_step="see the lines above")


def _say_next(run: Run) -> None:
    """Show the command that makes what is not there yet: requirements, a site, or its proof."""
    from pypi_subset.model.paths import MANIFEST  # noqa: PLC0415

    if not run.requirements.is_dir():
        run.say_next("init PROJECT")
    else:
        run.say_next("verify" if (run.site / MANIFEST).is_file() else "mirror")


@command(result=True)
def why(
    run: Run,
    *,
    project: Annotated[str, typer.Argument(metavar="PROJECT", help="The project to explain.")],
    target: Annotated[
        str,
        typer.Argument(
            metavar="TARGET",
            help="For this target alone.",
            show_default="all targets",
            autocompletion=values.targets,
        ),
    ] = "",
) -> None:
    """
    Print what led to a project.

    why prints one line for each file, set and target that needs the project. Where the lock of another tool requests
    every project, a last line names what requires it.
    """
    from packaging.utils import canonicalize_name  # noqa: PLC0415

    from pypi_subset.model.door import read_manifest  # noqa: PLC0415
    from pypi_subset.site import manifest  # noqa: PLC0415

    found = read_manifest(run.site)
    lines = manifest.why(found, project, target or None)
    requirers = manifest.required_by(found, project, target or None)
    if not run.json:
        run.answer.say(*lines)
        _say_requirers(run, found, canonicalize_name(project), requirers)
        return
    from pypi_subset.cli.answers import NeededFile, WhyAnswer  # noqa: PLC0415

    name = canonicalize_name(project)
    own = [
        NeededFile(
            filename=one.filename,
            version=one.version,
            needed_by=tuple(need for need in one.needed_by if target in {"", need.target}),
        )
        for one in found.files
        if one.project == name
    ]
    files = tuple(one for one in own if one.needed_by)
    run.write_answer(WhyAnswer(schema="1.1", project=name, files=files, required_by=requirers))


def _say_requirers(run: Run, found: Manifest, name: str, requirers: Sequence[str]) -> None:
    """Name what requires *name*, and its page, if a lock of another tool requests it: such a lock requests all."""
    from pypi_subset.model.paths import project_page  # noqa: PLC0415

    origins = {
        link.origin for one in found.files if one.project == name for need in one.needed_by for link in need.chain
    }
    if lock := next((one.partition(":")[0] for one in sorted(origins) if _LOCK.match(one)), ""):
        said = f"no other project requires {name}"
        if requirers:
            said = f"{name} is required by {', '.join(requirers)}, see {run.site / project_page(name)}"
        run.display.say(f"{lock} requests each project by itself; {said}")


@command(result=True)
def sizes(
    run: Run,
    *,
    most: Annotated[int, typer.Option("--most", min=0, metavar="N", help="How many files to list; 0 lists all.")] = 20,
    target: Annotated[
        str,
        typer.Option(
            "--target",
            metavar="NAME",
            help="For this target alone.",
            show_default="all targets",
            autocompletion=values.targets,
        ),
    ] = "",
) -> None:
    """
    List the largest files of site/, and the requests that bring them.

    The last line has the number and the size of all files. A file that several targets need counts once. `pypi-subset
    why` prints the whole chain of requirements. Without --target, the files of [[files]] are listed as well.
    """
    from pypi_subset.cli.answers import SizesAnswer  # noqa: PLC0415
    from pypi_subset.model.door import read_manifest  # noqa: PLC0415
    from pypi_subset.site import manifest  # noqa: PLC0415

    whole_site = read_manifest(run.site)
    found = manifest.largest(whole_site, target or None)
    others = [] if target else sorted(whole_site.other_files or (), key=lambda one: (-one.size, one.path))
    carried = tuple(others[: most or None])
    files = tuple(_sized(one, target or None) for one in found[: most or None])
    total = sum(one.size for one in found)
    if run.json:
        run.write_answer(
            SizesAnswer(schema="1.1", files=files, total_files=len(found), total_bytes=total, other_files=carried)
        )
        return
    from pypi_subset.site.pages.sizes import counted, readable_size  # noqa: PLC0415

    rows = [(one.filename, one.bytes, ", ".join(one.targets), ", ".join(one.requested_by)) for one in files]
    rows += [(one.path, one.size, "-", "[[files]]") for one in carried]
    rows = sorted(rows, key=lambda row: -row[1])[: most or None]
    run.answer.table(["file", "bytes", "targets", "requested by"], rows)
    own, whole = sum(row[1] for row in rows), total + sum(one.size for one in others)
    run.answer.say(
        f"{len(rows):,} of {counted(len(found) + len(others), 'file')}, {readable_size(own)} of {readable_size(whole)}"
    )


def _sized(one: File, target: str | None) -> SizedFile:
    """Return a file with its targets, or with *target*, and the requests that bring it there."""
    from pypi_subset.cli.answers import SizedFile  # noqa: PLC0415
    from pypi_subset.site import manifest  # noqa: PLC0415

    return SizedFile(
        filename=one.filename,
        project=one.project,
        version=one.version,
        bytes=one.size,
        targets=tuple(sorted({need.target for need in one.needed_by if target in {None, need.target}})),
        requested_by=manifest.requested_by(one, target),
    )


@command(result=True)
def targets(run: Run) -> None:
    """
    List the names of systems that a target may be on.

    targets prints for each system which wheels it takes, its architectures, and its own Python and pip. In subset.toml:
    lab = { on = "debian-12", python = "3.12" }, or on = "debian-12-aarch64".
    """
    from pypi_subset.targets.named_systems import expanded, systems  # noqa: PLC0415

    if run.json:
        from pypi_subset.cli.answers import SystemEntry, TargetsAnswer  # noqa: PLC0415

        entries = (
            SystemEntry(name=one.name, wheels=expanded(one), architectures=one.arches, python=one.python, pip=one.pip)
            for one in systems()
        )
        run.write_answer(TargetsAnswer(schema="1.1", systems=tuple(entries)))
        return
    rows = [(one.name, expanded(one), ", ".join(one.arches), one.python or "-", one.pip or "-") for one in systems()]
    run.answer.table(["name", "takes wheels for", "architectures", "Python", "pip"], rows)


@command(result=True)
def target(
    run: Run,
    *,
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A target of subset.toml, the name of a system, or a tag.")
    ],
    python: Annotated[
        str,
        typer.Option("--python", metavar="X.Y", help="Its Python, as 3.12 or 3.12.4.", show_default="its own"),
    ] = "",
) -> None:
    """
    Print the marker values and the tags of a target.

    The tags are in the order of pip on that machine, the best first.
    """
    from pypi_subset.requirements.subset import find_target  # noqa: PLC0415
    from pypi_subset.targets.host import description  # noqa: PLC0415

    found = find_target(name, python or None, run.requirements)
    if not run.json:
        run.answer.say(*description(found))
        return
    from pypi_subset.cli.answers import TargetAnswer  # noqa: PLC0415

    document = TargetAnswer(
        schema="1.1",
        target=found.name,
        tag=found.tag,
        python=found.version,
        markers=dict(sorted(found.lasting_markers.items())),
        tags=tuple(map(str, found.tags)),
        brought={project: str(version) for project, version in found.brought},
        pip=found.pip,
    )
    run.write_answer(document)
