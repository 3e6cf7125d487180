"""Why pip refused, in one sentence: which project is missing, on which target, and who requires it."""

from __future__ import annotations

import contextlib
import re
from email.parser import BytesHeaderParser
from functools import partial
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, unquote

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from pypi_subset.errors import ProofFailed
from pypi_subset.model.checks import WAYS
from pypi_subset.model.paths import ALL_WHEELS, PAGE
from pypi_subset.pip.runner import complaint
from pypi_subset.proof.access.wheel_metadata import metadata_in
from pypi_subset.proof.closure import plain
from pypi_subset.proof.reference.markers import known
from pypi_subset.proof.reference.recorded_markers import recorded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from packaging.utils import NormalizedName
    from packaging.version import Version

    from pypi_subset.pip.runner import PipResult
    from pypi_subset.proof.access.routes import Way
    from pypi_subset.proof.cases.case import Case


_MISSING = re.compile(
    r"Could not find a version that satisfies the requirement (?P<wanted>.+?)"
    r"(?: \(from (?P<by>[^\s)]+)\))? \(from versions: .*\)"
)
_CONFLICT = re.compile(r"The conflict is caused by:\n(?P<causes>(?: +\S.*\n)+)")
_CAUSE = re.compile(r"(?:(?P<by>\S+) \S+ depends on|The user requested(?: \(constraint\))?) (?P<wanted>.+)")
_PYTHON = re.compile(
    r"Package '(?P<project>[^']+)' requires a different Python: (?P<had>\S+) not in '(?P<wanted>[^']+)'"
)
_HASH = re.compile(r"^ +\S+ from \S+/([^/\s#]+)\S* \(from .*\n +Expected sha256", re.MULTILINE)
#: Without a hash of the lock's, pip does not say which file it was.
_PROMISE = re.compile(r"unknown package:\n +Expected sha256 (?P<sha256>[0-9a-f]{64})")
_GONE = re.compile(
    r"No such file or directory: '[^']*?([^'/\\]+\.whl)'"
    # So it says of one whose metadata it has read already.
    r"|HTTP error 404 while getting \S*?([^/\s#]+\.whl)[#\s]"
)
_DAMAGED = re.compile(r"Wheel '[^']+' located at .*?([^/\\]+\.whl) is invalid")

#: Characters of pip's output that are looked at, the last ones; and of each line: names of projects stand in it, and
#: some patterns take time that grows with the square of a line.
_MOST, _LONGEST_LINE = 1 << 16, 2000
#: What pip says of a link that its child process may not follow.
_ELSEWHERE = re.compile(
    r"while fetching \S*?([^/\s#]+\.whl)(?:\.metadata)?\n\S* ?[\w.]+: only the loopback index is for pip"
)

_NAME = re.compile(r"[A-Za-z0-9._-]+")
_EXTRA = re.compile(r"extra == \"([^\"]+)\"")


class _File(NamedTuple):
    """A wheel of the site, by its name; *fits* tells whether the target accepts it."""

    path: Path
    project: NormalizedName
    version: Version
    fits: bool


def explain(case: Case, way: Way, result: PipResult) -> ProofFailed:
    """Return what *result* means for *case*, as an error whose ``what`` is one sentence; *way* is where pip was sent."""
    said = _looked_at(f"{result.stderr}\n{result.stdout}")
    for pattern, sentence in _SENTENCES.items():
        if found := pattern.search(said):
            what, project = sentence(case, found)
            return ProofFailed(what + _unreached(case, way, project), project=project, target=case.target.name)
    return ProofFailed(f"pip refused on {case.target.name}: {complaint(result)}", target=case.target.name)


def _looked_at(said: str) -> str:
    """Return what is looked at of pip's output."""
    return "\n".join(line[:_LONGEST_LINE] for line in said[-_MOST:].split("\n"))


def _missing(case: Case, found: re.Match[str]) -> tuple[str, str]:
    name = _project(found["wanted"])
    return f"{name} ({_who(case, name, found['by'])}) {_state(case, name)}", name


def _conflict(case: Case, found: re.Match[str]) -> tuple[str, str]:
    """Return the one requirement that no version satisfies, if there is one, else all that cannot hold at once."""
    causes = [cause.strip() for cause in found["causes"].splitlines()]
    parts = [part for part in map(_CAUSE.match, causes) if part]
    stated = next((part["by"] for part in parts if part["by"]), None)
    for part in parts:
        name = _project(part["wanted"])
        if not _satisfied(case, part["wanted"]):
            locked = "" if part["by"] else f", and locked as {part['wanted']}"
            return f"{name} ({_who(case, name, part['by'] or stated)}) {_state(case, name)}{locked}", name
    on = f"on {case.target.name} nothing in the subset satisfies at once"
    return f"{on}: {'; '.join(causes)}", _project(parts[0]["wanted"] if parts else causes[0])


def _other_python(case: Case, found: re.Match[str]) -> tuple[str, str]:
    name, target = _project(found["project"]), case.target.name
    return f"{name} ({_who(case, name)}) needs Python {found['wanted']}, and {target} has {found['had']}", name


def _broken_promise(case: Case, found: re.Match[str]) -> tuple[str, str]:
    """Return which page promises a hash that the file there does not have."""
    anchor = re.compile(rf"([^/\"]+)#sha256={found['sha256']}")
    for page in sorted(case.site.rglob("*.html")):
        if promised := anchor.search(page.read_text(encoding="utf-8", errors="replace")):
            filename, where = unquote(promised[1]), page.relative_to(case.site).as_posix()
            name = _project(filename.partition("-")[0])
            return f"{filename} ({_who(case, name)}) has other bytes than the page {where} says", name
    return f"a file on {case.target.name} has other bytes than its page says", canonicalize_name("")


def _wheel(sentence: str, case: Case, found: re.Match[str]) -> tuple[str, str]:
    """Return *sentence* about the wheel that a pattern found; it names `wheel`, `project` and `who`."""
    filename = next(filter(None, found.groups()))
    name = _project(filename.partition("-")[0])
    return sentence.format(wheel=filename, project=name, who=_who(case, name)), name


#: What pip may say, and the sentence to make of it; the first that is found counts.
_SENTENCES: dict[re.Pattern[str], Callable[[Case, re.Match[str]], tuple[str, str]]] = {
    _CONFLICT: _conflict,
    _MISSING: _missing,
    _PYTHON: _other_python,
    _HASH: partial(_wheel, "{wheel} ({who}) has other bytes than the lock says"),
    _PROMISE: _broken_promise,
    _ELSEWHERE: partial(_wheel, "{wheel} ({who}) is linked to another place than the subset"),
    _DAMAGED: partial(_wheel, "{wheel} ({who}) is damaged"),
    _GONE: partial(_wheel, "{project} ({who}) is not in the subset: {wheel} is gone"),
}


def _who(case: Case, name: NormalizedName, by: str | None = None) -> str:
    """
    Return who needs the project *name*: ``needed by click 8.1.7 on windows: colorama; …``, or whose request it is.

    :param by: the project that pip says needs it, perhaps with extras; ``None`` if it does not say.
    """
    target = case.target.name
    for line in case.requests if by is None else ():
        if canonicalize_name(line.requirement.name) == name:
            return f"requested by {line.origin} on {target}: {plain(line.requirement)}"
    for file, requirement in _statements(case, name):
        if by is None or file.project == _project(by):
            return f"needed by {file.project} {file.version} on {target}: {plain(requirement)}"
    return f"needed by {by} on {target}" if by else f"needed on {target}"


def _statements(case: Case, name: NormalizedName) -> Iterator[tuple[_File, Requirement]]:
    """Yield each file for the target that asks for *name* there, with the line that says so, newest version first."""
    environment = dict(case.interpreter.markers) if case.interpreter else recorded(case.target)
    for file in sorted(_files(case), key=lambda one: one.version, reverse=True):
        for requirement in _requirements(file.path) if file.fits else ():
            extras = _EXTRA.findall(str(requirement.marker))
            if canonicalize_name(requirement.name) == name and known(requirement.marker, environment, extras):
                yield file, requirement


def _unreached(case: Case, way: Way, name: str) -> str:
    """Return what to say of an index that leads to no file of a project, where the subset has some for the target."""
    fitting = [file for file in _files(case) if file.fits and file.project == name]
    further = next((one for one in way.further if one.endswith(f"/{name}/{PAGE}")), "")
    page = further.removesuffix(PAGE) or f"{way.page}{name}/"
    path = case.site / page / PAGE
    text = path.read_text(encoding="utf-8") if path.is_file() else ""
    if way.name == WAYS[0] or not fitting or any(quote(file.path.name) in text for file in fitting):
        return ""
    return f", and the page {page} does not lead there"


def _state(case: Case, name: NormalizedName) -> str:
    """Return in what way the project *name* is missing from the site."""
    files = [file for file in _files(case) if file.project == name]
    if fitting := {file.version for file in files if file.fits}:
        return f"is in the subset only as {', '.join(map(str, sorted(fitting)))}"
    return "is in the subset, but not for this target" if files else "is not in the subset"


def _satisfied(case: Case, wanted: str) -> bool:
    """Whether a file for the target satisfies the requirement *wanted*."""
    try:
        requirement = Requirement(wanted)
    except InvalidRequirement:
        return True
    fitting = [file for file in _files(case) if file.fits and file.project == canonicalize_name(requirement.name)]
    return any(requirement.specifier.contains(file.version, prereleases=True) for file in fitting)


def _files(case: Case) -> Iterator[_File]:
    for path in sorted(case.site.glob(ALL_WHEELS)):
        try:
            project, version, _, tags = parse_wheel_filename(path.name)
        except InvalidWheelFilename:
            continue
        yield _File(path, project, version, not tags.isdisjoint(case.target.tags))


def _requirements(path: Path) -> Iterator[Requirement]:
    """Yield the requirements of a wheel, none for one that cannot be read."""
    for text in metadata_in(path)[:1]:
        for line in BytesHeaderParser().parsebytes(text).get_all("Requires-Dist", []):
            with contextlib.suppress(InvalidRequirement, RecursionError):
                yield Requirement(line)


def _project(text: str) -> NormalizedName:
    """Return the project that a requirement starts with."""
    found = _NAME.match(text)
    return canonicalize_name(found[0] if found else text)
