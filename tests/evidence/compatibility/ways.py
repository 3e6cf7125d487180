"""How each client is told to install: files with the snippet that users are shown, and then its own plain commands."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from packaging.requirements import Requirement

from tests.evidence.compatibility.job import Place, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: Every project that is made for a client has this name; one that is built and installed shows up by it.
PROJECT = "asks-for-all"

_PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"


def _pip(environment: str) -> Callable[[Place], list[Step]]:
    """Return the way of a pip: an environment without pip, filled by a pip that is elsewhere."""

    def way(place: Place) -> list[Step]:
        place.write(place.home / ".config" / "pip" / "pip.conf", place.snippet("pip"))
        return [_venv(place), _pip_install(place, *place.requests, environment=environment)]

    return way


def _uv(place: Place) -> list[Step]:
    place.write(place.home / ".config" / "uv" / "uv.toml", place.snippet("uv"))
    install = Step(command=(place.program("uv"), "pip", "install", *place.requests))
    return [_venv(place), install]


def _uv_sync(place: Place) -> list[Step]:
    place.write(place.project / "pyproject.toml", _pyproject(place) + place.snippet("uv, in a project"))
    return [Step(command=(place.program("uv"), "sync", "--python", str(place.python)))]


def _poetry(place: Place) -> list[Step]:
    more = f"[tool.poetry]\npackage-mode = false\n{place.snippet('poetry')}"
    place.write(place.project / "pyproject.toml", _pyproject(place) + more)
    settings = {"POETRY_VIRTUALENVS_IN_PROJECT": "true"}
    return [
        Step(command=(place.program("poetry"), "env", "use", str(place.python)), variables=settings),
        Step(command=(place.program("poetry"), "install", "--no-interaction"), variables=settings),
    ]


def _pdm(place: Place) -> list[Step]:
    more = f"[tool.pdm]\ndistribution = false\n{place.snippet('pdm')}"
    place.write(place.project / "pyproject.toml", _pyproject(place) + more)
    settings = {"PDM_CHECK_UPDATE": "0"}
    return [
        _venv(place),
        Step(command=(place.program("pdm"), "use", str(place.interpreter)), variables=settings),
        Step(command=(place.program("pdm"), "install"), variables=settings),
    ]


def _pipenv(place: Place) -> list[Step]:
    packages = "".join(f"{_table(request)}\n" for request in place.requests)
    place.write(place.project / "Pipfile", f"{place.snippet('pipenv')}[packages]\n{packages}")
    settings = {"PIPENV_VENV_IN_PROJECT": "1", "PIPENV_NOSPIN": "1", "PIPENV_YES": "1"}
    command = (place.program("pipenv"), "--python", str(place.python), "install")
    return [Step(command=command, variables=settings)]


def _hatch(installer: str) -> Callable[[Place], list[Step]]:
    """Return the way of hatch, which builds the project itself as well, with a build backend from the site."""

    def way(place: Place) -> list[Step]:
        more = (
            '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
            f'[tool.hatch.envs.default]\npath = ".venv"\ndev-mode = false\ninstaller = "{installer}"\n'
        )
        place.write(place.project / "pyproject.toml", _pyproject(place) + more)
        place.write(place.project / "asks_for_all.py", "")
        lines = [line for line in place.snippet("hatch").splitlines() if not line.startswith("#")]
        return [
            Step(command=(place.program("hatch"), "env", "create"), variables=dict(one.split("=", 1) for one in lines))
        ]

    return way


def _pip_tools(place: Place) -> list[Step]:
    text = place.snippet("pip-tools") + "\n".join(place.requests)
    source = place.write(place.project / "requirements.in", text)
    compile_ = (place.program("pip-tools", "pip-compile"), "--generate-hashes", "--quiet", source)
    install = _pip_install(place, "--require-hashes", "-r", "requirements.txt", environment="pip-tools")
    return [_venv(place), Step(command=compile_), install]


def _nab(place: Place) -> list[Step]:
    """Nab locks; it installs nothing itself, so pip installs its lock."""
    project = place.write(place.project / "pyproject.toml", _pyproject(place) + place.snippet("nab"))
    lock = Step(command=(place.program("nab"), "--no-progress", "lock", project, "--output", "pylock.toml"))
    return [_venv(place), lock, _pip_install(place, "-r", "pylock.toml", environment="pip")]


def _pex(place: Place) -> list[Step]:
    words = place.snippet("pex").splitlines()[-1].split()
    create = (place.program("pex", "pex3"), "venv", "create", "--dest-dir", ".venv", "--python", str(place.python))
    return [Step(command=(*create, *words, *place.requests))]


#: Name of the row → how it installs.
WAYS: Mapping[str, Callable[[Place], list[Step]]] = {
    "pip": _pip("pip"),
    "pip 24": _pip("pip-24"),
    "pip 23": _pip("pip-23"),
    "uv pip": _uv,
    "uv sync": _uv_sync,
    "poetry": _poetry,
    "pdm": _pdm,
    "pipenv": _pipenv,
    "hatch": _hatch("pip"),
    "hatch with uv": _hatch("uv"),
    "pip-tools": _pip_tools,
    "nab": _nab,
    "pex": _pex,
}


def _venv(place: Place) -> Step:
    return Step(command=(str(place.python), "-I", "-m", "venv", "--without-pip", ".venv"))


def _pip_install(place: Place, *arguments: str, environment: str) -> Step:
    into = ("--python", str(place.interpreter))
    return Step(command=(place.program(environment, "pip"), *into, "install", *arguments))


def _pyproject(place: Place) -> str:
    return (
        f'[project]\nname = "{PROJECT}"\nversion = "0"\nrequires-python = "=={_PYTHON}.*"\n'
        f"dependencies = {json.dumps(place.requests)}\n"
    )


def _table(request: str) -> str:
    """Return a request as a line of a Pipfile."""
    requirement = Requirement(request)
    extras = f", extras = {json.dumps(sorted(requirement.extras))}" if requirement.extras else ""
    return f'"{requirement.name}" = {{version = "{requirement.specifier or "*"}"{extras}}}'
