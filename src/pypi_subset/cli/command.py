"""One decorator makes a function a command: the options that all share, its errors as one line, and its exit code."""

from __future__ import annotations

import contextlib
import functools
import inspect
import shlex
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from pypi_subset.cli.edge import foreseen, line_of
from pypi_subset.cli.logs import logging_to
from pypi_subset.cli.terminal import interrupts, values
from pypi_subset.errors import SubsetError
from pypi_subset.model.paths import Paths, one_shot

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pypi_subset.cli.display import Display
    from pypi_subset.model.documents import Document

#: The heading of the options that every command has.
SHARED = "Shared options"
#: What errors about a missing site or a missing lock name in the next step.
_MIRROR = "`pypi-subset mirror`"
#: The options that name directories, and the names of these where none is given.
PLACES = ("requirements", "packages", "site")


def _option(name: str, *short: str, help: str, metavar: str | None = None) -> Any:  # noqa: A002 - Typer's name
    return typer.Option(name, *short, help=help, metavar=metavar, rich_help_panel=SHARED)


#: The systems of new targets, and their Pythons.
On = Annotated[
    list[str] | None,
    typer.Option(
        "--on",
        metavar="SYSTEM",
        help="A system that the packages are for.",
        show_default="this machine",
        autocompletion=values.systems,
    ),
]
PythonOf = Annotated[
    list[str] | None,
    typer.Option(
        "--python",
        metavar="X.Y",
        help="The Python of the system before it; a single one is for all systems.",
        show_default="the system's own",
    ),
]


def shared(  # noqa: PLR0913 - one for each option
    *,
    requirements: Annotated[
        str, _option("--requirements", metavar="DIR", help="Directory with *.txt and subset.toml.")
    ] = "requirements",
    packages: Annotated[str, _option("--packages", metavar="DIR", help="Directory for downloaded files.")] = "packages",
    site: Annotated[
        str, _option("--site", "--into", metavar="DIR", help="Directory for the site; --into is the same.")
    ] = "site",
    quiet: Annotated[
        bool, _option("--quiet", "-q", help="Print warnings, errors and asked-for results alone.")
    ] = False,
    verbose: Annotated[
        bool, _option("--verbose", "-v", help="Show on standard error what the tool does, and the output of pip.")
    ] = False,
    log_file: Annotated[
        str, _option("--log-file", metavar="FILE", help="Write what --verbose shows to this file.")
    ] = "",
    no_color: Annotated[
        bool, _option("--no-color", help="Print no colours; the variable NO_COLOR says the same.")
    ] = False,
) -> None:
    """Have the parameters that every command has."""


def with_result(
    *,
    json: Annotated[
        bool,
        _option("--json", help="Print one JSON document on standard output, everything else on standard error."),
    ] = False,
) -> None:
    """Have the parameters of a command that has a result."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """
    What the shared options of a run say.

    :param json: whether the result is printed as JSON.
    :param quiet: whether only warnings, errors and asked-for results are printed.
    :param no_color: whether nothing is printed in colour.
    """

    requirements: Path = Path("requirements")
    packages: Path = Path("packages")
    site: Path = Path("site")
    json: bool = False
    quiet: bool = False
    no_color: bool = False
    _written: list[str] = field(default_factory=list)

    @property
    def paths(self) -> Paths:
        """The three directories of the subset."""
        return Paths(requirements=self.requirements, packages=self.packages, site=self.site)

    @functools.cached_property
    def display(self) -> Display:
        """Where the run says what it does: standard output, or standard error if that has a JSON document."""
        return self._display(quiet=self.quiet)

    @functools.cached_property
    def answer(self) -> Display:
        """Where the answer to a question goes, which is printed with ``--quiet`` too."""
        return self._display(quiet=False)

    @property
    def has_written(self) -> bool:
        """Whether the document of the result is on standard output."""
        return bool(self._written)

    def say_next(self, *words: str) -> None:
        """Show the command that a user runs next."""
        self.display.say(f"Next: {self.spelt(*words)}")

    def spelt(self, *words: str) -> str:
        """Return a command between backticks, with the directories of this run that are not the usual ones."""
        own = one_shot(self.site)
        places = zip(PLACES, (self.requirements, self.packages, self.site), strict=True)
        # The site of a subset that a command line asked for leads to the other two.
        flags = [f"--{name} {shlex.quote(str(path))}" for name, path in places if path not in {Path(name), own / name}]
        return f"`{' '.join(['pypi-subset', *words, *flags])}`"

    def with_directories(self, step: str) -> str:
        """Return a next step whose mirror has the directories of this run; without requirements, init is before it."""
        mirror = self.spelt("mirror")
        if not self.requirements.exists():
            # mirror would name init alone.
            mirror = f"{Run(requirements=self.requirements).spelt('init')}, then {mirror}"
        return step.replace(_MIRROR, mirror)

    def write_json(self, document: Mapping[str, Any]) -> None:
        """Write *document*, the result, to standard output."""
        from pypi_subset.cli.present import write_json  # noqa: PLC0415

        write_json(document)
        self._written.append("result")

    def write_answer(self, document: Document) -> None:
        """Write *document*, the result, to standard output."""
        self.write_json(document.document())

    def _display(self, *, quiet: bool) -> Display:
        # Help needs no rich.
        from pypi_subset.cli.display import display_for  # noqa: PLC0415

        return display_for(json=self.json, color=not self.no_color, quiet=quiet)


#: The text behind ``interrupted: `` after Ctrl-C.
_INTERRUPTED = "nothing is half done; run the same command again to continue"


def command(*, result: bool = False) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """
    Return a decorator for the body of a command, whose first parameter is the `Run` and whose others are its options.

    :param result: whether the command has a result, which ``--json`` prints as a document.
    """

    def decorate(body: Callable[..., None]) -> Callable[..., None]:
        _, *own = inspect.signature(body, eval_str=True).parameters.values()
        common = _parameters(shared) + (_parameters(with_result) if result else [])
        parameters = [one.replace(kind=inspect.Parameter.KEYWORD_ONLY) for one in (*own, *common)]

        @functools.wraps(body)
        def run(**values: Any) -> None:
            verbose, log_file = values.pop("verbose", False), values.pop("log_file", "")
            flags: dict[str, Any] = {name: values.pop(name) for name in ("json", "quiet", "no_color") if name in values}
            this = Run(**flags, **_places(*(values.pop(name, name) for name in PLACES)))
            try:
                with foreseen(), logging_to(verbose=verbose, file=log_file):
                    body(this, **values)
            except SubsetError as error:
                error.next_step = this.with_directories(error.next_step)
                _write_document(this, error)
                sys.stderr.write(f"{line_of(error)}\n")
                raise typer.Exit(error.exit_code) from error
            except KeyboardInterrupt as error:
                interrupts.report(_INTERRUPTED)
                _write_document(this, SubsetError(f"interrupted: {_INTERRUPTED}"))
                raise typer.Exit(interrupts.INTERRUPTED) from error

        # Typer reads these two.
        run.__annotations__ = {one.name: one.annotation for one in parameters}
        vars(run)["__signature__"] = inspect.Signature(parameters)
        return run

    return decorate


def _write_document(run: Run, error: SubsetError) -> None:
    """Write the document of a run that failed, if one was asked for and none is written."""
    if run.json and not run.has_written:
        from pypi_subset.cli.present import write_error  # noqa: PLC0415

        write_error(error)


def _places(requirements: str, packages: str, site: str) -> dict[str, Any]:
    """Return the three directories as paths; a site that one command line asked for has its own two beside it."""
    found = [named(requirements), named(packages), named(site)]
    own = one_shot(found[2])
    # Which ones the user left out, a default cannot say.
    # A path that is too long is an error of the command that looks there.
    with contextlib.suppress(OSError):
        if (requirements, packages) == PLACES[:2] and own.is_dir():
            found[:2] = [own / name for name in PLACES[:2]]
    return dict(zip(PLACES, found, strict=True))


@functools.cache
def _parameters(function: Callable[..., None]) -> list[inspect.Parameter]:
    return [*inspect.signature(function, eval_str=True).parameters.values()]


def named(folder: str) -> Path:
    """Return a path with a name, since a stage is beside the directory; "." has none."""
    path = Path(folder)
    return path if path.name else path.absolute()


def names_in(values: list[str] | None, option: str) -> list[str]:
    """
    Return the names of an option that may be given several times, each with commas between names.

    :raises SubsetError: it is given without a name.
    """
    found = [name.strip() for value in values or () for name in value.split(",") if name.strip()]
    if values and not found:
        msg = f"{option} wants names, not {', '.join(values)!r}"
        raise SubsetError(msg, next_step=f"write them with commas between, as in {option}=one,two, or leave it out")
    return found
