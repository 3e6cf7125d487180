"""The interpreter that runs the tool, as a target; and the description of any target."""

from __future__ import annotations

import re

from packaging import tags as packaging_tags
from packaging.markers import default_environment

from pypi_subset.model.targets import Target
from pypi_subset.targets.brought import brought_by
from pypi_subset.targets.tag import flagged, tags_of, telling


def describe_host(name: str) -> Target:
    """Return the interpreter that runs this, as a target with all eleven marker values."""
    native = tuple(packaging_tags.sys_tags())
    environment = {key: str(value) for key, value in default_environment().items()}
    major, minor, patch = re.findall("[0-9]+", environment["python_full_version"])[:3]
    implementation = packaging_tags.interpreter_name()
    interpreter = f"{implementation}{major}{minor}"
    abis, platforms = flagged(interpreter, native)
    return Target(
        name=name,
        interpreter=interpreter,
        abi=abis[0],
        platform=telling(platforms),
        implementation=implementation,
        python=(int(major), int(minor), int(patch)),
        abis=abis,
        platforms=platforms,
        tags=tags_of(implementation, (int(major), int(minor)), abis, platforms),
        markers=tuple(sorted(environment.items())),
        host=True,
        exact=True,
        brought=brought_by(environment),
    )


def description(target: Target) -> tuple[str, ...]:
    """Return what the tool knows of *target*, a line each: its tag, the eleven marker values, and all tags, best first."""
    values = {name: repr(value) for name, value in target.environment.items()}
    if not target.exact:
        minor = ".".join(map(str, target.python[:2]))
        following = ("python_full_version", *(("implementation_version",) if target.implementation == "cp" else ()))
        values |= dict.fromkeys(following, f"every {minor}.z")
    pip = f", pip {target.pip}" if target.pip else ""
    lines = [f"{target.name}: {target.tag}, Python {target.version}{pip}", "", "markers"]
    lines += [f"  {name} = {values.get(name, 'open')}" for name in sorted(default_environment())]
    if target.brought:
        lines += [
            "",
            "projects that the interpreter brings",
            *(f"  {name} {version}" for name, version in target.brought),
        ]
    return (*lines, "", f"tags ({len(target.tags)})", *(f"  {tag}" for tag in target.tags))
