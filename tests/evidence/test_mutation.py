"""The proof of the proof, on a small cut: mutants of a hand-made subset, and who decides what they come to."""

from __future__ import annotations

import ast
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from packaging.requirements import Requirement

from pypi_subset.model.checks import WAYS
from pypi_subset.model.locks import Inputs
from pypi_subset.model.paths import Paths
from pypi_subset.packages.file_cache import FileCache
from pypi_subset.proof.closure import walk
from pypi_subset.proof.imports import missing
from pypi_subset.proof.inventory import index_pages, inventory
from pypi_subset.proof.methods import prove as proof_prove
from tests.evidence.mutation import closures, consistent, judging, lost, oracle, raw, score
from tests.evidence.mutation.choosing import Reach
from tests.evidence.mutation.ground import Ground
from tests.evidence.mutation.judging import Outcome
from tests.evidence.mutation.remembering import remembering
from tests.support.sites.cases import HERE
from tests.support.sites.cases import cases as here
from tests.support.stages.values import LINUX, WINDOWS, artifact_of, lock_of, plan_of
from tests.support.wheels import make_wheel

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pypi_subset.model.checks import Check
    from pypi_subset.model.locks import Lock
    from pypi_subset.model.requests import Subset
    from pypi_subset.proof.cases.case import Case
    from tests.evidence.mutation.consistent import Mutant
    from tests.support.wheels import Wheel

#: On each target ``lib`` is another release; the older does for both.
WHEELS = {
    "linux": [
        make_wheel("app", "1.0", requires=["lib", 'quick; extra == "fast"'], extras=["fast"]),
        make_wheel("lib", "2.0", tag="cp310-cp310-manylinux2014_x86_64"),
        make_wheel("quick", "1.0"),
    ],
    "windows": [
        make_wheel("app", "1.0", requires=["lib", 'quick; extra == "fast"'], extras=["fast"]),
        make_wheel("lib", "1.0"),
        make_wheel("quick", "1.0"),
    ],
}
APP, LIB, OLD, QUICK = (
    "app-1.0-py3-none-any.whl",
    "lib-2.0-cp310-cp310-manylinux2014_x86_64.whl",
    "lib-1.0-py3-none-any.whl",
    "quick-1.0-py3-none-any.whl",
)


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    """Return a whole subset: three projects on two targets, none of which is here, and its site."""
    subset = plan_of(["app[fast]"], [LINUX, WINDOWS])
    (tmp_path / "packages").mkdir()
    made = {name: [artifact_of(one.save(tmp_path / "packages")) for one in own] for name, own in WHEELS.items()}
    locks = tuple(lock_of(job, made[job.target.name], WHEELS[job.target.name]) for job in subset.jobs)
    files = {one.distribution.filename: one for own in made.values() for one in own}
    whole = Ground(
        paths=Paths(requirements=tmp_path / "requirements", packages=tmp_path / "packages", site=tmp_path / "site"),
        subset=subset,
        locks=_of_these(locks, subset),
        artifacts=files,
        cache=FileCache(tmp_path / "memory.json"),
    )
    whole.rebuilt(whole.locks, (), tmp_path)
    return whole


def _of_these(locks: Iterable[Lock], subset: Subset) -> tuple[Lock, ...]:
    """Return *locks* as made for the set and the targets of *plan*, which the inventory asks for."""
    jobs = {job.name: job for job in subset.jobs}
    return tuple(
        replace(
            one,
            inputs=Inputs(
                requirement_set=jobs[one.name].requirement_set.digest,
                target=jobs[one.name].target.digest,
                policy=subset.policy_digest,
                constraint="0" * 64,
            ),
        )
        for one in locks
    )


def judged(ground: Ground, tmp_path: Path, mutant: Mutant) -> Outcome:
    """Return what the proof makes of *mutant*, on the cases that are chosen for it."""
    folder = tmp_path / "mutant"
    folder.mkdir()
    chosen = Reach(ground, (), tmp_path / "work").chosen(mutant)
    return judging.judge(ground, mutant, chosen, (), folder, tmp_path / "work")


# --- raw mutants, by the inventory ----------------------------------------------------------------------------------


def test_each_raw_mutant_is_red_and_named(ground: Ground) -> None:
    """Whatever file, entry or hash is changed, the inventory says so and names it; afterwards all is as it was."""
    with remembering():
        outcomes = list(raw.tried(raw.mutants(ground.paths), ground.paths, ground.subset))
    assert score.survivors(outcomes) == []
    assert {one.operator for one in outcomes} == set(raw.OPERATORS)
    assert len(outcomes) > 400
    assert [check.status for check in inventory.take(ground.paths, ground.subset)] == ["passed"]


def test_a_raw_mutant_that_is_missed_survives(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proof that does not look at metadata is found out, by the mutants that concern it alone."""
    monkeypatch.setattr(index_pages, "of_metadata", lambda *_: "")
    own = [one for one in raw.mutants(ground.paths) if one.what.endswith(".metadata")]
    outcomes = list(raw.tried(own, ground.paths, ground.subset))
    lines = score.survivors(outcomes)
    assert f"SURVIVES a file is cut off: site/simple/app/{APP}.metadata: the inventory is green" in lines


def test_each_mutant_of_a_closure_is_named(ground: Ground) -> None:
    """Each edge and each pin of each closure, lost or false; no installation fails for one."""
    outcomes = list(closures.closure_score(ground, ()))
    assert score.survivors(outcomes) == []
    assert {one.operator for one in outcomes} == set(closures.OPERATORS)


def test_a_proof_that_misses_an_edge_is_found_out(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """A walk that takes no extra for one says that the unharmed edge of it is false."""
    monkeypatch.setattr("pypi_subset.proof.cases.closures.walk", _without_extras)
    lines = score.survivors(list(closures.closure_score(ground, ())))
    assert any(line.startswith("SURVIVES nothing is changed: base on linux") for line in lines)


def _without_extras(*arguments: Any) -> Any:
    found = walk(*arguments)
    return replace(found, steps={one for one in found.steps if not one.extra})


def test_what_is_red_for_another_reason_survives(ground: Ground) -> None:
    """A mutant whose culprit no finding names counts as missed."""
    mutant = raw.Mutant(
        operator=raw.REMOVED, what="it", change=lambda: {"site/index.html": None}, culprits=("elsewhere",)
    )
    (outcome,) = raw.tried([mutant], ground.paths, ground.subset)
    assert outcome.why == "elsewhere not named: the page index.html is not in the site"


# --- consistent mutants, by installing ------------------------------------------------------------------------------


@pytest.mark.usefixtures("forked_pip")
def test_a_file_that_is_gone_throughout(ground: Ground, tmp_path: Path) -> None:
    """What every lock, list and page has forgotten is missed by pip, by each way in; the inventory is blind."""
    outcome = judged(ground, tmp_path, consistent.Mutant(operator=consistent.GONE, filename=QUICK, targets=("linux",)))
    assert (outcome.state, outcome.answers) == ("red", 3)


def test_another_file_satisfies(ground: Ground, tmp_path: Path) -> None:
    """Without its own release a target takes that of another, where it may see it: red there alone where it may not."""
    mutant = consistent.Mutant(operator=consistent.GONE, filename=LIB, targets=("linux",))
    folder = tmp_path / "mutant"
    folder.mkdir()
    locks, _ = consistent.altered(ground, mutant, folder)
    world = judging.world_of(ground, locks)
    (joint, alone) = [one for one in Reach(ground, (), tmp_path).cases if one.target.name == "linux"]
    found = {(case.joint, way): next(world.solutions(case, way)) for case in (joint, alone) for way in WAYS}
    assert {place for place, one in found.items() if one is None} == {
        (True, "target"),
        (False, "target"),
        (False, "find-links"),
    }


@pytest.mark.usefixtures("forked_pip")
def test_a_wheel_for_another_platform(ground: Ground, tmp_path: Path) -> None:
    """A wheel with another tag in its name, its WHEEL and all lists does not install."""
    tag = "py3-none-win32"
    mutant = consistent.Mutant(operator=consistent.ANOTHER, filename=QUICK, targets=("windows",), tag=tag)
    assert judged(ground, tmp_path, mutant).state == "red"


@pytest.mark.usefixtures("forked_pip")
def test_a_tempting_release(ground: Ground, tmp_path: Path) -> None:
    """A newer release that another target brings, and that needs what is nowhere, is passed over for one that is whole."""
    mutant = consistent.Mutant(operator=consistent.TEMPTED, filename=APP, targets=("windows",))
    outcome = judged(ground, tmp_path, mutant)
    assert (outcome.state, outcome.why, outcome.answers) == ("red", "", 6)


def test_a_file_that_nothing_needs_is_listed(ground: Ground, tmp_path: Path) -> None:
    """A locked file that no request leads to is a note of the inventory."""
    mutant = consistent.Mutant(operator=consistent.UNNEEDED, filename=APP, targets=("linux",))
    assert judged(ground, tmp_path, mutant).state == "red"


@pytest.mark.usefixtures("forked_pip")
def test_a_proof_that_always_agrees_is_found_out(
    ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nothing satisfies and the proof is green, the mutant survives, with the case that stayed green."""
    honest = proof_prove.prove

    def prove(case: Case) -> tuple[Check, ...]:
        return tuple(replace(check, status="passed") for check in honest(case))

    monkeypatch.setattr("tests.evidence.mutation.judging.prove", prove)
    outcome = judged(ground, tmp_path, consistent.Mutant(operator=consistent.GONE, filename=QUICK, targets=("linux",)))
    (line,) = score.survivors([outcome])
    assert line.startswith(f"SURVIVES a file is gone from all locks: {QUICK} (linux): linux--base")
    assert "by target stayed green" in line


@pytest.mark.slow
@pytest.mark.usefixtures("forked_pip")
def test_the_whole_cut(ground: Ground, tmp_path: Path) -> None:
    """All consistent mutants of the small subset are red, or equivalent and green."""
    reach = Reach(ground, (), tmp_path / "work")
    outcomes = []
    for number, mutant in enumerate(consistent.mutants(ground)):
        folder = tmp_path / str(number)
        folder.mkdir()
        chosen = reach.chosen(mutant, turn=number)
        outcomes.append(judging.judge(ground, mutant, chosen, (), folder, tmp_path / "work"))
    assert score.survivors(outcomes) == []
    assert {one.operator for one in outcomes} == set(consistent.OPERATORS)


# --- lost dependencies, by the import alone ---------------------------------------------------------------------------


@pytest.fixture
def importing(tmp_path: Path) -> tuple[Case, ...]:
    """Return the cases of a request that imports one of its two dependencies, and of another line."""
    wheels = [
        make_wheel("app", requires=["lib", "lazy"], files={"app.py": b"import lib\n"}),
        make_wheel("lib", requires=["deep"], files={"lib.py": b"from deep import name\n"}),
        make_wheel("deep", files={"deep.py": b"name = 1\n"}),
        make_wheel("lazy"),
    ]
    return here(tmp_path, HERE, ["app"], wheels, installed=tmp_path / "work")[1:]


@pytest.mark.slow
@pytest.mark.usefixtures("forked_pip")
def test_a_lost_dependency_is_red_by_the_import_alone(importing: tuple[Case, ...]) -> None:
    """With its metadata and without; what no module imports is equivalent."""
    outcomes = list(lost.lost_score(importing))
    assert score.survivors(outcomes) == []
    assert [(one.what.rpartition(" ")[2], one.state) for one in outcomes if one.operator == lost.WITH] == [
        ("deep", "red"),
        ("lazy", "equivalent"),
        ("lib", "red"),
    ]
    assert len(outcomes) == 6


@pytest.mark.slow
@pytest.mark.usefixtures("forked_pip")
def test_a_lost_dependency_is_red_though_the_text_blames_the_system(tmp_path: Path) -> None:
    """A package may take a project that is lost for a library of the system, and hide the import that failed."""
    text = "try:\n    import lib\nexcept ImportError:\n    lib = None\n"
    text += "if lib is None:\n    raise OSError('the shared library of lib was not found')\n"
    wheels = [
        make_wheel("app", requires=["lib"], files={"app.py": text.encode()}),
        make_wheel("lib", files={"lib.py": b""}),
    ]
    _, *importing = here(tmp_path, HERE, ["app"], wheels, installed=tmp_path / "work")
    outcomes = list(lost.lost_score(importing))
    assert score.survivors(outcomes) == []
    assert [one.state for one in outcomes] == ["red", "red"]


@pytest.mark.slow
@pytest.mark.usefixtures("forked_pip")
def test_an_import_that_excuses_what_is_lost_is_found_out(
    importing: tuple[Case, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """If nothing answers for what is missing or gone, a lost dependency is amber, and survives."""
    monkeypatch.setattr(missing, "_who_answers", lambda *_: "")
    monkeypatch.setattr(missing.Ground, "lost", "")
    outcomes = list(lost.lost_score(importing))
    lines = score.survivors(outcomes)
    assert len(lines) == 4
    assert all("a plain interpreter does not import app, and the import is amber" in line for line in lines)


# --- who decides ----------------------------------------------------------------------------------------------------


def machine(python: str = "3.10.0") -> oracle.Machine:
    """Return the Linux target at one patch level."""
    return oracle.Machine(tags=frozenset(LINUX.tags), environment={**LINUX.environment, "python_full_version": python})


def solved(tmp_path: Path, lines: Sequence[str], wheels: Iterable[Wheel], at: oracle.Machine) -> list[str] | None:
    """Return the files that satisfy *lines*, sorted."""
    found = oracle.solve([Requirement(line) for line in lines], [oracle.read(one.save(tmp_path)) for one in wheels], at)
    return None if found is None else sorted(one.filename for one in found.values())


def test_the_oracle_stands_apart() -> None:
    """It imports nothing of ours: neither the proof nor what made the site can talk it into anything."""
    tree = ast.parse(Path(oracle.__file__).read_text(encoding="utf-8"))
    names = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    names |= {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    assert {name.partition(".")[0] for name in names} <= set(sys.stdlib_module_names) | {"packaging"}


def test_the_oracle_goes_back(tmp_path: Path) -> None:
    """The newest is not taken where only an older one goes together with the rest."""
    wheels = [
        make_wheel("aa", "2.0", requires=["cc<2"]),
        make_wheel("aa", "1.0", requires=["cc"]),
        make_wheel("bb", "1.0", requires=["cc>=2"]),
        *(make_wheel("cc", "1.0"), make_wheel("cc", "2.0")),
    ]
    names = ["aa-1.0-py3-none-any.whl", "bb-1.0-py3-none-any.whl", "cc-2.0-py3-none-any.whl"]
    assert solved(tmp_path, ["aa", "bb"], wheels, machine()) == names
    assert solved(tmp_path, ["aa>=2", "bb"], wheels, machine()) is None


def test_the_oracle_knows_extras_markers_and_tags(tmp_path: Path) -> None:
    """What an extra, a marker or a patch level brings is needed with it alone; a wheel for others is none."""
    wheels = [
        make_wheel("aa", requires=['bb; extra == "x"', 'cc; python_full_version < "3.10.2"'], extras=["x"]),
        make_wheel("bb"),
        make_wheel("cc", tag="py3-none-win_amd64"),
    ]
    late = machine("3.10.2")
    assert solved(tmp_path, ["aa"], wheels, late) == ["aa-1.0-py3-none-any.whl"]
    assert solved(tmp_path, ["aa[x]"], wheels, late) == ["aa-1.0-py3-none-any.whl", "bb-1.0-py3-none-any.whl"]
    assert solved(tmp_path, ["aa"], wheels, machine()) is None
    assert oracle.levels([oracle.read(tmp_path / "aa-1.0-py3-none-any.whl")], "3.10") == [0, 1, 2, 3]


def test_the_table() -> None:
    """Each operator has a row, all have one, and the score leaves out what is equivalent."""
    outcomes = [Outcome(operator="cut", what=str(state), state=state) for state in ("red", "red", "red", "surviving")]
    outcomes.append(Outcome(operator="gone", what="it", state="equivalent"))
    lines = score.table("title", outcomes)
    assert [line.split() for line in lines[2:5]] == [
        ["cut", "4", "3", "0", "1"],
        ["gone", "1", "0", "1", "0"],
        ["all", "5", "3", "1", "1"],
    ]
    assert lines[5].startswith("score: 75.00%")


def test_the_real_subset_is_large() -> None:
    """What is mutated has at least four targets, and pins for at least 60 releases."""
    folder = Path(score.__file__).with_name("requirements")
    pins = {line.partition(" ;")[0] for line in (folder / "versions.txt").read_text().splitlines()}
    assert len(pins) >= 60
    assert (folder / "subset.toml").read_text().count('= "cp') == 4


def test_an_empty_table_has_no_score() -> None:
    """A sample without a mutant says so: it is neither a good score nor a bad one."""
    assert score.table("title", [])[-1] == "score: none, no mutant was tried"
