"""The user's constraint files, as pip reads them, within the bounds of all input."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from packaging.requirements import InvalidRequirement, Requirement

from pypi_subset.errors import UpstreamError
from pypi_subset.model.distributions import digest
from pypi_subset.requirements.encodings import UnreadableText, by_comment
from pypi_subset.support import bounds, files
from pypi_subset.support.text import has_long_number, printable, without_secrets
from pypi_subset.upstream.pip_config import local_path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pypi_subset.upstream.pip_config import Network


def read_constraints(network: Network) -> tuple[str, ...]:
    """
    Return the lines of the user's constraint files, nested ones included, as pip reads them.

    :raises UpstreamError: a file cannot be read, is too large, or includes too many others.
    """
    return tuple(_read(network)) if network.constraints else ()


def _read(network: Network) -> Iterator[str]:
    # Imported late: only where constraints are configured.
    from pip._internal.req import req_file  # noqa: PLC0415

    from pypi_subset.upstream.session import guarded  # noqa: PLC0415
    from pypi_subset.upstream.transport.replies import CHARSETS, FAILURES, said  # noqa: PLC0415

    step = f"correct pip's setting 'constraint'{network.place('constraint')}"
    count = 0

    class Reader(req_file.RequirementsFileParser):
        """pip's reader, which opens nothing but regular files and answers of bounded size."""

        def _parse_file(self, filename: str, constraint: bool) -> Any:  # noqa: FBT001 - the base's
            nonlocal count
            count += 1
            if count > bounds.MOST_FILES:
                msg = f"the constraint files include more than {bounds.MOST_FILES} files"
                raise UpstreamError(msg, next_step=step)
            if (path := local_path(filename)) is not None:
                _require_text(path, step)
            return super()._parse_file(filename, constraint)

    def as_text(response: Any, **_: object) -> None:
        if not CHARSETS.fullmatch(response.encoding or ""):
            response.encoding = "utf-8"

    session = guarded(network.session())
    session.hooks["response"].append(as_text)
    reader = Reader(session, req_file.get_line_parser(None))
    shown = ""
    try:
        for source in network.constraints:
            shown = without_secrets(source)
            path = local_path(source)
            for line in reader.parse(source if path is None else str(path), constraint=True):
                found = req_file.handle_line(line, session=session)
                if found is not None:
                    yield _line(found.requirement, found.options or {}, shown, step)
    except (*FAILURES, RecursionError) as error:
        reason = without_secrets(said(error).strip().partition("\n")[0]) or type(error).__name__
        msg = f"the constraint files of pip's configuration cannot be read: {shown}: {reason}"
        raise UpstreamError(msg, next_step=step) from error


def _require_text(path: Path, next_step: str) -> None:
    """Raise if pip could not read the file at *path*, or only as text of this machine's locale."""
    try:
        by_comment(files.read_input(path))
    except OSError as error:
        msg = f"the constraint file {path} cannot be read: {error.strerror or error}"
        raise UpstreamError(msg, next_step=next_step) from error
    except UnreadableText as error:
        # pip would try the encoding of the locale.
        raise UpstreamError(error.what, path=path, line=error.line, next_step=error.next_step) from error


def _line(text: str, options: dict[str, Any], place: str, next_step: str) -> str:
    """Return one constraint from its parsed parts; in its text, a variable's value could hold an option for pip."""
    hashes = options.get("hashes", {})
    try:
        parsed = Requirement(text)
        requirement = str(parsed)
        if has_long_number(requirement) or "${" in requirement:
            # pip would read the value of a variable in this line too.
            raise ValueError(requirement)  # noqa: TRY301 - one message for all that is none
        found = [f"--hash={name}:{digest(each, name)}" for name in sorted(hashes) for each in hashes[name]]
    except (InvalidRequirement, ValueError, KeyError) as error:
        msg = f"a constraint of pip's configuration, in {place}, is no requirement"
        raise UpstreamError(msg, next_step=next_step) from error
    if parsed.extras or parsed.url:
        what = "extras" if parsed.extras else "a URL"
        msg = f"a constraint of pip's configuration, in {place}, has {what}: {without_secrets(requirement)}"
        raise UpstreamError(msg, next_step=next_step)
    if printable(requirement) != requirement:
        msg = f"a constraint of pip's configuration, in {place}, holds a character that is not seen"
        raise UpstreamError(msg, next_step=next_step)
    return " ".join([requirement, *found])
