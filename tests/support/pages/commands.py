"""The page of the commands, from the command line itself."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Any

from pypi_subset.cli.app import PANELS, name_of
from pypi_subset.cli.app import commands as all_commands
from pypi_subset.cli.command import SHARED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_HEAD = """\
# Commands

`--help` after a command prints the same. `python -m pypi_subset` is the same program. Through
[make](make.md), an option is a variable: `--forget FILE` is `FORGET=FILE`, and a switch is
`NAME=yes`.

## Exit codes

| code | meaning |
| --- | --- |
| 0 | done |
| 1 | a finding: not proven, a gap, refused by the policy, other bytes than before |
| 2 | the command line, `requirements/` or another input is wrong |
| 3 | the network, the disk, rights or another program failed, or the tool itself |
| 130 | you pressed Ctrl-C; a second one ends the run at once |
| 141 | the reader of the output left, as in `pypi-subset why numpy` with `head` behind it |

make ends with 2 after every failure.

With `--json`, standard output has one document. After an error it has `error`, the message, or
`gaps`, one entry for each gap. The exit code and the line on standard error stay the same.

## Completion

`pypi-subset --install-completion` installs the completion of the shell that runs it.
`--show-completion` prints it. Both take the name of another shell: `bash`, `zsh`, `fish`,
`powershell` or `pwsh`, as in `--show-completion zsh`.
"""


def page() -> str:
    """Return the text of the page."""
    made = all_commands()
    lines = [
        _HEAD,
        f"## {SHARED}",
        "",
        "Every command has these options. `--json` is an option of those with a result.",
        "",
    ]
    lines += [*_table(one for one in made["mirror"].params if getattr(one, "rich_help_panel", None) == SHARED), ""]
    for panel, bodies in PANELS.items():
        lines += [f"## {panel}", ""]
        for body in bodies:
            lines += [*_command(made[name_of(body)]), ""]
    return "\n".join(lines).rstrip() + "\n"


def _command(command: Any) -> Iterator[str]:
    """Yield the lines about one command."""
    first, _, rest = (command.help or "").partition("\n\n")
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    usage = [f"[{one.metavar}]" + "..." * (one.nargs != 1) if not one.required else one.metavar for one in arguments]
    has_json = any(one.name == "json" for one in command.params)
    yield from (f"### {command.name}", "", *_wrapped(first), "")
    for paragraph in rest.split("\n\n"):
        yield from (*_wrapped(paragraph), "")
    yield from ("```", " ".join(["pypi-subset", command.name, "[OPTIONS]", *usage]), "```", "")
    own = [one for one in command.params if getattr(one, "rich_help_panel", None) != SHARED]
    if own:
        yield from _table(own)
        yield ""
    yield "Its result is a document with `--json`." if has_json else "It has no `--json`."


def _table(parameters: Iterable[Any]) -> Iterator[str]:
    yield "| option | meaning |"
    yield "| --- | --- |"
    for one in parameters:
        is_argument = one.param_type_name == "argument"
        names = [one.metavar] if is_argument else sorted(one.opts, key=len)
        value = f" {one.metavar}" if not is_argument and one.metavar else ""
        default = one.show_default if isinstance(one.show_default, str) else one.default
        said = f" Default: {default}." if default else ""
        cell = ", ".join(f"`{name}{value}`" for name in names)
        yield f"| {cell} | {_marked(one.help)}{said} |".replace("here|dask", "here\\|dask").replace(
            "github|gitlab", "github\\|gitlab"
        )


def _wrapped(text: str) -> list[str]:
    """Return the lines of a paragraph, with options as code."""
    return textwrap.wrap(_marked(" ".join(text.split())), 100, break_on_hyphens=False, break_long_words=False)


def _marked(text: str) -> str:
    """Return *text* with options between backticks, but for those that are there already."""
    parts = text.split("`")
    parts[::2] = [re.sub(r"(?<![\w-])(--[a-z][a-z-]+)", r"`\1`", part) for part in parts[::2]]
    return "`".join(parts)
