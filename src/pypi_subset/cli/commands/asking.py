"""The commands that answer a question: doctor, why, targets, target."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from pypi_subset import api
from pypi_subset.cli.command import Run, command
from pypi_subset.errors import FaultsFound


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
        run.write_json(found.document())
    else:
        from pypi_subset.cli.present import show_diagnosis  # noqa: PLC0415

        show_diagnosis(found, run.answer)
    if found.errors:
        msg = f"doctor found {found.errors} error{'s' * (found.errors != 1)}"
        raise FaultsFound(msg, next_step="see the lines above")


@command(result=True)
def why(
    run: Run,
    *,
    project: Annotated[str, typer.Argument(metavar="PROJECT", help="The project to explain.")],
    target: Annotated[
        str, typer.Argument(metavar="TARGET", help="For this target alone.", show_default="all targets")
    ] = "",
) -> None:
    """
    Print what led to a project.

    why prints one line for each file, set and target that needs the project.
    """
    from packaging.utils import canonicalize_name  # noqa: PLC0415

    from pypi_subset.model.door import read_manifest  # noqa: PLC0415
    from pypi_subset.site import manifest  # noqa: PLC0415

    found = read_manifest(run.site)
    lines = manifest.why(found, project, target or None)
    if not run.json:
        run.answer.say(*lines)
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
    run.write_answer(WhyAnswer(schema="1.0", project=name, files=tuple(one for one in own if one.needed_by)))


@command(result=True)
def targets(run: Run) -> None:
    """
    List the names of systems that a target may be on.

    targets prints for each system which wheels it takes, its architectures, and its own Python. In subset.toml:
    lab = { on = "debian-12", python = "3.12" }, or on = "debian-12-aarch64".
    """
    from pypi_subset.targets.named_systems import expanded, systems  # noqa: PLC0415

    if run.json:
        from pypi_subset.cli.answers import SystemEntry, TargetsAnswer  # noqa: PLC0415

        entries = (
            SystemEntry(name=one.name, wheels=expanded(one), architectures=one.arches, python=one.python)
            for one in systems()
        )
        run.write_answer(TargetsAnswer(schema="1.0", systems=tuple(entries)))
        return
    rows = [(one.name, expanded(one), ", ".join(one.arches), one.python or "-") for one in systems()]
    run.answer.table(["name", "takes wheels for", "architectures", "Python"], rows)


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
        schema="1.0",
        target=found.name,
        tag=found.tag,
        python=found.version,
        markers=dict(sorted(found.lasting_markers.items())),
        tags=tuple(map(str, found.tags)),
        brought={project: str(version) for project, version in found.brought},
    )
    run.write_answer(document)
