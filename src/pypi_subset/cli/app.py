"""The command ``pypi-subset``: its commands in the order of their help, and a line for a command line that is wrong."""

from __future__ import annotations

import contextlib
import difflib
import re
import sys
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup
from typer.exceptions import TyperException
from typer.main import get_command

from pypi_subset.cli.command import SHARED
from pypi_subset.cli.commands import asking, building, bundling, editing, proving, publishing, relocking, states
from pypi_subset.cli.edge import READER_LEFT, line_of, program
from pypi_subset.cli.terminal import completion
from pypi_subset.errors import SubsetError
from pypi_subset.errors.tree import INPUT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: The name of the command.
NAME = "pypi-subset"

#: Heading → commands; ``make`` lists them in this order too.
PANELS = {
    "First steps": (editing.init, editing.add, building.mirror, proving.verify, publishing.publish),
    "Keep it up to date": (building.plan, building.update, editing.remove, building.prune, building.clean),
    "States": (states.snapshot, states.snapshots, states.diff, states.promote),
    "Questions": (asking.doctor, asking.why, asking.sizes, asking.targets, asking.target),
    "Serve and copy": (publishing.serve, publishing.servers, publishing.fetch, bundling.bundle, relocking.relock),
    "Prove on several machines": (proving.workflow, proving.merge_reports),
}
#: Former names, which say what the name is now.
FORMER = (publishing.hosts,)
_IN_A_FILE = "copy that file to requirements/, where each *.txt is a set"
_CONFIGURED = "pip's configuration has the indexes, as in: pip config set global.index-url URL"
#: What helps in place of an option of pip, or of another command.
INSTEAD = {
    **dict.fromkeys(("-r", "--requirement"), _IN_A_FILE),
    **dict.fromkeys(("-c", "--constraint"), "write `-c FILE` into a *.txt of requirements/"),
    **dict.fromkeys(("-i", "--index-url", "--extra-index-url", "-f", "--find-links"), _CONFIGURED),
    **dict.fromkeys(("-e", "--editable"), "build its wheel with pip wheel --no-deps DIR -w requirements/wheels"),
    **dict.fromkeys(("-d", "--dest"), "name the directory of the site with `--into`"),
    "help": "`pypi-subset --help` lists the commands, and `pypi-subset COMMAND --help` explains one",
    "version": "did you mean --version?",
    "--pre": "write --pre into a *.txt of requirements/",
    "update --dry-run": "`pypi-subset plan --update` says what update would do",
    "mirror --dry-run": "`pypi-subset plan` says what mirror would do",
}
#: The commands that take projects, for which the options of pip are tried.
_ASKING = frozenset({"init", "add", "mirror", "update", "plan"})
#: How much of an option must be like another one, from 0 to 1, for a suggestion.
LIKE = 0.6
_DEFAULT = re.compile(r"default: \(([^()]*)\)")


class Command(TyperCommand):
    """A command whose help has its own options first, and those that all share below."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the words of the line of usage, with dots after an argument that may be given several times."""
        arguments = [one for one in self.get_params(ctx) if isinstance(one, TyperArgument)]
        words = [(one.make_metavar(ctx), one.required, "..." * (one.nargs != 1)) for one in arguments]
        return [str(self.options_metavar), *(f"{name if must else f'[{name}]'}{dots}" for name, must, dots in words)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write a section for each heading."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for parameter in self.get_params(ctx):
            if record := parameter.get_help_record(ctx):
                # A default in words is none in brackets.
                text = _DEFAULT.sub(r"default: \1", record[1])
                sections.setdefault(_heading(parameter), []).append((record[0], text))
        _write_sections(formatter, sections)


def _heading(parameter: Any) -> str:
    """Return the heading of the section that *parameter* is in."""
    if parameter.name == "help":
        return SHARED
    usual = "Arguments" if parameter.param_type_name == "argument" else "Options"
    return str(getattr(parameter, "rich_help_panel", None) or usual)


class Group(TyperGroup):
    """All commands, below headings."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Return the words that are no options of the program."""
        completion.answer(ctx, args)
        return super().parse_args(ctx, args)

    def get_params(self, ctx: Any) -> list[Any]:
        """Return the options of the program; those about completion take the name of a shell, which Typer's help lacks."""
        found = super().get_params(ctx)
        for one in found:
            if one.name in completion.HELP:
                vars(one)["help"] = completion.HELP[one.name]
        return [*found]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write a section for each heading, with the first line of each command's help."""
        sections: dict[str, list[tuple[str, str]]] = {}
        for name in self.list_commands(ctx):
            one = self.get_command(ctx, name)
            if one and not one.hidden:
                first = (one.help or "").partition("\n")[0]
                sections.setdefault(str(getattr(one, "rich_help_panel", "")), []).append((name, first))
        _write_sections(formatter, sections)


def _write_sections(formatter: Any, sections: Mapping[str, Sequence[tuple[str, str]]]) -> None:
    for heading, rows in sections.items():
        with formatter.section(heading):
            formatter.write_dl(rows)


def _print_version(value: bool) -> None:  # noqa: FBT001 - Typer's way to call it
    if value:
        from pypi_subset.support.version import __version__  # noqa: PLC0415 - metadata is read

        sys.stdout.write(f"{NAME} {__version__}\n")
        raise typer.Exit


def _about(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Build, prove and publish a subset of PyPI for machines that cannot reach it."""
    del version


def made() -> typer.Typer:
    """Return the application with all commands."""
    settings = {"help_option_names": ["-h", "--help"], "max_content_width": 100}
    app = typer.Typer(
        name=NAME, cls=Group, rich_markup_mode=None, pretty_exceptions_enable=False, context_settings=settings
    )
    app.callback()(_about)
    for panel, commands in PANELS.items():
        for body in commands:
            app.command(name_of(body), cls=Command, rich_help_panel=panel)(body)
    for body in FORMER:
        app.command(name_of(body), cls=Command, hidden=True)(body)
    return app


def name_of(body: Any) -> str:
    """Return the name of the command that *body* is."""
    return str(body.__name__).rstrip("_").replace("_", "-")


def commands() -> dict[str, TyperCommand]:
    """Return each command by its name, as Typer understood it."""
    group: Any = get_command(made())
    return dict(group.commands)


def run(arguments: Sequence[str]) -> int:
    """Run the command that *arguments* name, and return the exit code."""
    try:
        with program():
            return _code_of(arguments)
    except TyperException as error:
        _refuse(error, arguments)
        return INPUT
    except SubsetError as error:
        sys.stderr.write(f"{line_of(error)}\n")
        return error.exit_code
    except typer.Exit as error:
        return error.exit_code


def _code_of(arguments: Sequence[str]) -> int:
    group: Any = get_command(made())
    try:
        code = group.main([*arguments] or ["--help"], prog_name=NAME, standalone_mode=False)
    except SystemExit as error:
        # Typer ends the process itself if a reader left, and after completion.
        if isinstance(error.__context__, BrokenPipeError):
            return READER_LEFT
        return error.code if isinstance(error.code, int) else 0
    return code if isinstance(code, int) else 0


def _refuse(error: TyperException, arguments: Sequence[str]) -> None:
    """Print what is wrong with a command line: one line, with the nearest names or where to read on."""
    said = " ".join(error.format_message().split())
    for words, ours in (
        (" is not a valid int", " is not a whole number"),
        (" is not a valid integer", " is not a whole number"),
    ):
        said = said.replace(words, ours)
    option = str(getattr(error, "option_name", ""))
    near = sorted(one for one in getattr(error, "possibilities", None) or () if not option or _is_like(one, option))
    what, _, suggestion = said.partition(". Did you mean ")
    what = what.partition(" (Possible options")[0].rstrip(".")
    suggestion = ("" if option else suggestion) or (f"{' or '.join(near)}?" if near else "")
    place = " ".join([NAME, *(word for word in arguments[:1] if word in _names())])
    step = f"did you mean {suggestion}" if suggestion else f"see `{place} --help`"
    step = (
        INSTEAD.get(f"{arguments[0]} {option}".rstrip())
        or (INSTEAD.get(option) if arguments[0] in _ASKING else None)
        or step
    )
    wrong = SubsetError(f"{what[:1].lower()}{what[1:]}", next_step=step)
    with contextlib.suppress(BrokenPipeError):
        if "--json" in arguments:
            from pypi_subset.cli.present import write_error  # noqa: PLC0415 - it needs rich

            write_error(wrong)
        sys.stderr.write(f"{line_of(wrong)}\n")


def _is_like(one: str, option: str) -> bool:
    """Whether an option is like another one without the dashes, which are alike in all."""
    return difflib.SequenceMatcher(None, one.lstrip("-"), option.lstrip("-")).ratio() >= LIKE


def _names() -> set[str]:
    return {name_of(body) for body in (*(one for panel in PANELS.values() for one in panel), *FORMER)}


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command that *arguments*, or the command line, name, and end the process."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))
