"""Attacks on secrets of a machine: by requirements of a pull request, by pages of an index, by locks."""

from __future__ import annotations

import contextlib
import functools
import json
import logging
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from unittest import mock

from packaging.markers import Marker
from packaging.utils import canonicalize_name

from pypi_subset.cli import edge, logs
from pypi_subset.distributions import filenames
from pypi_subset.errors import SubsetError, UpstreamError
from pypi_subset.locks import lockfile
from pypi_subset.model.paths import JSON_TYPE
from pypi_subset.model.requests import Document
from pypi_subset.proof.cases import lock_reader
from pypi_subset.requirements.lines import requirements_txt, sets
from pypi_subset.requirements.places import Places
from pypi_subset.requirements.reach import NOWHERE, Reach
from pypi_subset.requirements.subset import read_subset
from pypi_subset.requirements.tools import uv
from pypi_subset.upstream import constraints, simple_api
from pypi_subset.upstream.pip_config import read_network
from pypi_subset.upstream.places import facts
from tests.evidence.hostile.input.attack import InputAttack, both
from tests.support.stages.values import LINUX, artifacts_of, lock_of, plan_of
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from pypi_subset.model.candidates import Candidate

TARGETS = '[targets]\nlinux = "cp310-manylinux2014_x86_64"\n'
#: A secret that is also a name of a project, and an option that would make pip ask another index.
SECRET, OPTION = "hunter2", "--index-url=http://evil.example"


def unchanged(module: object, name: str) -> Callable[[], AbstractContextManager[object]]:
    """Return a door: the function *name* of *module* returns its first argument as it is."""
    return lambda: mock.patch.object(module, name, lambda given, *_, **__: given)


def _asked(folder: Path, files: dict[str, str], toml: str = "") -> str:
    """Return all that a checkout with *files* asks for, and all that is said of it."""
    (folder / "away").mkdir()
    (folder / "away" / "secret.txt").write_text(f"{SECRET}\n")
    (folder / "away" / "broken.txt").write_text(f"password = {SECRET}\n")
    (folder / "away" / "pyproject.toml").write_text(f"[project]\ndependencies = [{SECRET}]\n")
    root = folder / "checkout" / "requirements"
    root.mkdir(parents=True)
    for name, text in {"subset.toml": f"{toml}{TARGETS}", **files}.items():
        if text.startswith("-> "):
            (root / name).symlink_to(text.removeprefix("-> "))
        else:
            (root / name).write_text(text)
    try:
        return " ".join(str(one) for job in read_subset(root).jobs for one in job.requirement_set.requests)
    except SubsetError as error:
        return str(error)


def _tells(files: dict[str, str], toml: str = "") -> Callable[[Path], bool]:
    return lambda folder: SECRET in _asked(folder, files, toml)


def _variable(text: str) -> Callable[[Path], bool]:
    def attempt(folder: Path) -> bool:
        with mock.patch.dict(os.environ, {"TOKEN": SECRET, "AWAY": str(folder / "away")}):
            return SECRET in _asked(folder, {"base.txt": text})

    return attempt


def _expanded(line: requirements_txt.Line) -> Any:
    """Do what pip does: put the value in the place of a variable."""
    found: Any = requirements_txt
    text = found._VARIABLE.sub(lambda match: os.environ.get(match[1]) or match[0], line.text)  # noqa: SLF001
    return next(found._entries(replace(line, text=text), NOWHERE))  # noqa: SLF001


def _expanding() -> AbstractContextManager[object]:
    with contextlib.ExitStack() as stack:
        stack.enter_context(mock.patch.object(requirements_txt, "_variable", _expanded))
        stack.enter_context(mock.patch.object(Places, "refusal", return_value=("", "")))
        return stack.pop_all()


def _by_url(folder: Path) -> bool:
    """Include a document of a server that the machine reaches, and the writer of the line does not."""
    url = "https://inside.example/list.txt"
    document = Document(url=url, path=folder / "list.txt", data=f"password = {SECRET}\n".encode())
    (folder / "requirements").mkdir()
    (folder / "requirements" / "subset.toml").write_text(TARGETS)
    (folder / "requirements" / "base.txt").write_text(f"-r {url}\n")
    try:
        read_subset(folder / "requirements", Reach(documents=lambda _: document))
    except SubsetError as error:
        return SECRET in str(error)
    return False


def _by_table(folder: Path) -> bool:
    """Have a message show a value of a table that holds a URL."""
    table = f'[tool.uv]\nprerelease = ["https://user:{SECRET}@host.example/"]\n'
    return SECRET in _asked(
        folder, {"../pyproject.toml": f"{_APART}{table}"}, "sets.app.source = '../pyproject.toml'\n"
    )


def _quoting() -> AbstractContextManager[object]:
    return mock.patch.object(uv, "quoted", repr)


def _page(**entry: object) -> Candidate:
    whole = {"filename": "app-1.0-py3-none-any.whl", "url": "https://h.example/app.whl", "hashes": {}} | entry
    page = json.dumps({"files": [whole]})
    project = canonicalize_name("app")
    return simple_api.read_page(page, content_type=JSON_TYPE, url="https://h.example/", project=project)[0]


def _locked(folder: Path, old: str, new: str) -> Path:
    """Return a lock of somebody's with *new* in the place of *old*."""
    wheels = [make_wheel("app")]
    lock = lock_of(plan_of(["app"]).jobs[0], artifacts_of(wheels, folder / "wheels"), wheels)
    text = lockfile.dump(lock, folder=folder, target=LINUX, packages=folder).decode()
    path = lockfile.path_of(folder, lock.name)
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


SHA = make_wheel("app").sha256
NAME = make_wheel("app").filename
MARKED = "version = \"1.0\"\nmarker = \"sys_platform == 'linux' or platform_release == '\\u000b" + OPTION + "'\""


def _adds_an_option(text: str) -> bool:
    """Whether one of the lines, as pip parts them, is an option."""
    return any(line.startswith("--") or f" {OPTION}" in line for line in text.splitlines())


def _by_page(_: Path) -> bool:
    with contextlib.suppress(ValueError):
        # That is "no page of the simple API" to who asked for it.
        return _adds_an_option(f"app --hash=sha256:{_page(hashes={'sha256': f'{SHA} {OPTION}'}).distribution.sha256}")
    return False


def _by_lock(folder: Path) -> bool:
    (pin,) = lockfile.read(_locked(folder, SHA, f"{SHA} {OPTION}")).pins
    return _adds_an_option(f"app --hash=sha256:{pin.distribution.sha256}")


def _by_proof(old: str, new: str) -> Callable[[Path], bool]:
    return lambda folder: _adds_an_option(lock_reader.read(_locked(folder, old, new))[0].hashed_pin)


def _by_marker(folder: Path) -> bool:
    (pin,) = lockfile.read(_locked(folder, 'version = "1.0"', MARKED)).pins
    return isinstance(pin.marker, Marker) and _adds_an_option(f"app ; {pin.marker}")


def _by_project(folder: Path) -> bool:
    root = folder / "requirements"
    root.mkdir()
    (root / "subset.toml").write_text(f'{TARGETS}[sets.app]\nsource = "../pyproject.toml"\n')
    text = f"six; platform_release != '\\u000b{OPTION}'"
    (folder / "pyproject.toml").write_text(f'[project]\ndependencies = ["{text}"]\n')
    return any(_adds_an_option(str(one)) for one in read_subset(root).sets[0].requests)


def _by_constraint(folder: Path) -> bool:
    (folder / "limits.txt").write_text("six; platform_release != '${EVIL}'\n")
    own = {"PIP_CONSTRAINT": str(folder / "limits.txt"), "EVIL": f"\v{OPTION}"}
    with mock.patch.dict(os.environ, own):
        return any(map(_adds_an_option, constraints.read_constraints(read_network())))


def _by_build_tag(folder: Path) -> bool:
    (pin,) = lockfile.read(_locked(folder, NAME, "app-1.0-1/../../x-py3-none-any.whl")).pins
    return not (folder / pin.distribution.filename).resolve().is_relative_to(folder.resolve())


def _in_a_candidate(**entry: object) -> bool:
    one = _page(**entry)
    return SECRET in f"{one.distribution} {one.source}"


def _in_a_lock(folder: Path) -> bool:
    address = f'name = "{NAME}"\nurl = "https://me:{SECRET}@h.example/{NAME}?sig={SECRET}"'
    lock = lockfile.read(_locked(folder, f'name = "{NAME}"\npath = "{NAME}"', address))
    return SECRET in lockfile.dump(lock, folder=folder, target=LINUX, packages=folder).decode()


def _in_a_message(_: Path) -> bool:
    return SECRET in edge.line_of(UpstreamError(f"cannot fetch https://me:{SECRET}@h.example/x?sig={SECRET}"))


def _in_the_log(folder: Path) -> bool:
    with logs.logging_to(verbose=False, file=str(folder / "log")):
        logging.getLogger("pypi_subset.x").info("GET %s", f"https://h.example/x?sig={SECRET}")
    return SECRET in (folder / "log").read_text()


_OPEN = functools.partial(mock.patch.object, Places, "refusal", return_value=("", ""))
_SHOWN = functools.partial(mock.patch.object, Places, "shown", lambda _, fault: fault)
_APART = '[project]\nname = "a"\ndependencies = ["six"]\n'
_KIND = functools.partial(InputAttack, kind="secrets")
_LINK = "-> ../../away"

ATTACKS = [
    _KIND(name="variable-in-a-marker", attempt=_variable("six; platform_release != '${TOKEN}'\n"), door=_expanding),
    _KIND(name="variable-as-a-project", attempt=_variable("${TOKEN}\n"), door=_expanding),
    _KIND(name="variable-in-an-include", attempt=_variable("-r ${AWAY}/secret.txt\n"), door=_expanding),
    _KIND(name="include-upwards", attempt=_tells({"base.txt": "-r ../../away/secret.txt\n"}), door=_OPEN),
    _KIND(
        name="include-by-a-link", attempt=_tells({"base.txt": "-r x.in\n", "x.in": f"{_LINK}/secret.txt"}), door=_OPEN
    ),
    _KIND(name="include-by-a-directory", attempt=_tells({"base.txt": "-r up/secret.txt\n", "up": _LINK}), door=_OPEN),
    _KIND(name="set-is-a-link", attempt=_tells({"base.txt": f"{_LINK}/secret.txt"}), door=_OPEN),
    _KIND(
        name="source-is-a-link",
        attempt=_tells({"../x.txt": "-> ../away/secret.txt"}, "sets.app.source = '../x.txt'\n"),
        door=_OPEN,
    ),
    _KIND(
        name="excerpt-of-a-named-list",
        attempt=_tells({"base.txt": "-r ../../away/broken.txt\n"}, 'outside = ["../../away"]\n'),
        door=_SHOWN,
    ),
    _KIND(
        name="excerpt-of-a-named-project",
        attempt=_tells({"base.txt": "six\n"}, "sets.app.source = '../../away/pyproject.toml'\n"),
        door=_SHOWN,
    ),
    _KIND(name="excerpt-of-a-url", attempt=_by_url, door=unchanged(sets, "_shown")),
    _KIND(
        name="root-of-a-workspace-elsewhere",
        attempt=_tells(
            {"base.txt": "six\n", "../pyproject.toml": _APART, "../../pyproject.toml": f"password = {SECRET}\n"},
            "sets.app.source = '../pyproject.toml'\n",
        ),
        door=both(_OPEN, _SHOWN),
    ),
    _KIND(name="password-in-a-table-of-a-tool", attempt=_by_table, door=_quoting),
    _KIND(name="option-in-a-hash-of-a-page", attempt=_by_page, door=unchanged(facts, "digest")),
    _KIND(name="option-in-a-hash-of-a-lock", attempt=_by_lock, door=unchanged(lockfile, "digest")),
    _KIND(
        name="option-in-a-proven-hash",
        attempt=_by_proof(SHA, f"{SHA} {OPTION}"),
        door=unchanged(lock_reader, "digest"),
    ),
    _KIND(
        name="option-in-a-proven-marker",
        attempt=_by_proof('version = "1.0"', MARKED),
        door=unchanged(lock_reader, "printable"),
    ),
    _KIND(name="option-in-a-marker-of-a-lock", attempt=_by_marker, door=unchanged(lockfile, "printable")),
    _KIND(name="option-in-a-project", attempt=_by_project, door=unchanged(requirements_txt, "printable")),
    _KIND(name="option-in-a-constraint", attempt=_by_constraint, door=unchanged(constraints, "printable")),
    _KIND(
        name="path-in-a-build-tag",
        attempt=_by_build_tag,
        door=functools.partial(mock.patch.object, filenames, "parse"),
    ),
    _KIND(
        name="query-in-a-candidate",
        attempt=lambda _: _in_a_candidate(url=f"https://h.example/app.whl?sig={SECRET}"),
        door=unchanged(simple_api, "without_credentials"),
    ),
    _KIND(
        name="password-in-a-candidate",
        attempt=lambda _: _in_a_candidate(url=f"https://me:a@{SECRET}@h.example/app.whl"),
        door=unchanged(simple_api, "without_credentials"),
    ),
    _KIND(
        name="query-in-a-provenance",
        attempt=lambda _: _in_a_candidate(provenance=f"https://h.example/a?sig={SECRET}"),
        door=unchanged(facts, "without_credentials"),
    ),
    _KIND(name="secret-in-a-lock", attempt=_in_a_lock, door=unchanged(lockfile, "url_without_secrets")),
    _KIND(name="secret-in-a-message", attempt=_in_a_message, door=unchanged(edge, "without_secrets")),
    _KIND(name="secret-in-the-log", attempt=_in_the_log, door=unchanged(logs, "without_secrets")),
]
