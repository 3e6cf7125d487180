"""The goals of Make, read from the text of the commands and of the developers' tasks."""

from __future__ import annotations

from pypi_subset.cli.app import PANELS, commands
from pypi_subset.cli.goals import DEVELOPERS, Goal, flags, help_of, listing, read_goals, refusal
from tests.support.checkout import ROOT


def goal(name: str) -> Goal:
    """Return the goal *name*."""
    return next(goal for goal in read_goals(ROOT) if goal.name == name)


def test_the_text_has_what_typer_understands() -> None:
    """Names, help lines, options and switches that are read from the text are those of the commands."""
    made = commands()
    own = [one for one in read_goals(ROOT) if not one.developer]
    assert {one.name for one in own} == made.keys()
    for one in own:
        command = made[one.name]
        assert one.help == (command.help or "").partition("\n")[0]
        names = {max(parameter.opts, key=len).lstrip("-").replace("_", "-") for parameter in command.params}
        assert {flag.removeprefix("--") for flag in one.variables.values()} == names
        switches = {str(each.name) for each in command.params if getattr(each, "is_flag", False)}
        assert {name.lower() for name in one.switches} == {name.rstrip("_") for name in switches}


def test_goals_are_listed_below_headings() -> None:
    """The headings are those of the command's help, then that of the developers; former names are left out."""
    text = listing(read_goals(ROOT))
    headings = [line[:-1] for line in text.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert headings == [*PANELS, DEVELOPERS]
    assert "make hosts" not in text.replace("make test-hosts", "")


def test_the_interpreter_of_make_is_no_flag() -> None:
    """PYTHON chooses what makes .venv; the Python of a target is PY."""
    (add,) = (goal for goal in read_goals(ROOT) if goal.name == "add")
    assert flags(add, {"PYTHON": "python3.13", "PY": "3.12"}) == ["--python=3.12"]


def test_a_further_name_is_taken() -> None:
    """LOG is what LOG_FILE was called, INTO is SITE, and HOSTNAME adds a name of the server."""
    (mirror,) = (goal for goal in read_goals(ROOT) if goal.name == "mirror")
    assert flags(mirror, {"LOG": "run.log", "INTO": "stick"}) == ["--log-file=run.log", "--site=stick"]
    (serve,) = (one for one in read_goals(ROOT) if one.name == "serve")
    assert refusal(serve, ["HOSTNAME"], {"HOSTNAME": "pypi.lab"}) == ""
    assert flags(serve, {"HOSTNAME": "pypi.lab"}) == ["--host-names=pypi.lab"]


def test_what_is_wrong_with_variables() -> None:
    """A slip of the pen gets the nearest name, a switch takes yes or no; PYTHON and a former name are taken."""
    assert refusal(goal("mirror"), ["SITES"], {}).endswith(" and PYTHON; did you mean SITE?")
    assert refusal(goal("test"), ["SITES"], {}) == "`make test` takes no SITES; it takes PYTHON alone"
    assert refusal(goal("mirror"), ["JSON"], {"JSON": "maybe"}).startswith("JSON is a switch, and takes no 'maybe'")
    assert refusal(goal("mirror"), ["JSON", "PYTHON", "LOG"], {"JSON": "No"}) == ""


def test_what_a_goal_needs() -> None:
    """A goal whose command has a required argument names its variable; one that is given is enough."""
    assert refusal(goal("why"), [], {}) == "`make why` needs PROJECT; say `make why PROJECT=…` (`make help GOAL=why`)"
    assert refusal(goal("why"), ["PROJECT"], {"PROJECT": ""}).startswith("`make why` needs PROJECT")
    assert refusal(goal("why"), ["PROJECT"], {"PROJECT": "six"}) == ""
    made = commands()
    for one in read_goals(ROOT):
        if not one.developer:
            required = [str(each.name).rstrip("_").upper() for each in made[one.name].params if each.required]
            assert [*one.required] == required


def test_help_of_a_goal_speaks_of_variables() -> None:
    """Every variable of every goal has its meaning, that of the command's help; options are variables."""
    made = commands()
    for one in read_goals(ROOT):
        assert one.meanings.keys() == one.variables.keys()
        if not one.developer:
            helps = {str(each.name).rstrip("_"): str(getattr(each, "help", "")) for each in made[one.name].params}
            for name, flag in one.variables.items():
                assert one.meanings[name].startswith(helps[flag.removeprefix("--").replace("-", "_")])
    text = help_of(goal("verify"))
    assert text.startswith(
        "make verify: Prove that every request installs, on every target.\n\nInstalls see site/ alone."
    )
    assert "  ALL               yes: Prove again what was proven before for the same bytes.\n" in text
    assert "and where PYTHONS says" in " ".join(text.split())
    assert "--" not in text
    assert "`make servers` says how to publish" in " ".join(help_of(goal("serve")).split())
    assert "  RENEW  " in help_of(goal("docs"))
