"""What a failed import lacked, and who answers for it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from packaging.utils import canonicalize_name

from pypi_subset.proof.closure import Declared, Present
from pypi_subset.proof.imports.missing import Error, Ground, Verdict
from pypi_subset.proof.imports.missing import judged as judged_on
from tests.support.sites.cases import present

if TYPE_CHECKING:
    from pathlib import Path

NEEDS = ("bb", "net-lib; extra == 'all' and sys_platform == 'win32'", "pyyaml; sys_platform == 'win32'")
AA = present("aa", "aa/__init__.py", "aa/ext.so", requires=NEEDS, extras=frozenset({"all"}))
BB = present("bb", "bb_module.py", "google/cloud/bb/__init__.py", "google/cloud/more.py")
WHOLE = Declared(present=(AA, BB))


def judged(errors: list[Error], owner: Present, declared: Declared, module: str = "") -> Verdict:
    """Return what *errors* mean, held against *declared*."""
    return judged_on(errors, owner, Ground(declared=declared), module)


def lacking(text: str, name: str = "", kind: str = "ModuleNotFoundError", *, direct: bool = True) -> Error:
    """Return an ImportError."""
    return Error(kind=kind, text=text, is_import=True, name=name, direct=direct)


def no(module: str) -> Error:
    """Return the error for a module that is not there."""
    return lacking(f"No module named {module!r}", module)


@pytest.mark.parametrize(
    ("error", "kind", "likely"),
    [
        (no("aa.part"), "failed", ""),
        (no("bb_module.part"), "failed", ""),
        (no("google.cloud.bb.part"), "failed", ""),
        (no("bb"), "failed", ""),
        (no("bb.part"), "failed", ""),
        (no("google.cloud.other"), "undeclared", "google-cloud-other"),
        (no("bs4"), "undeclared", "beautifulsoup4"),
        (no("yaml"), "undeclared", "pyyaml"),
        (no("_tkinter"), "undeclared", ""),
        (lacking("No module named 'bs4'"), "undeclared", "beautifulsoup4"),
        (lacking("cannot import name 'x' from 'bb_module' (/a/b)", "bb_module", "ImportError"), "failed", ""),
        (lacking("cannot import name 'x' from 'collections' (/a/b)", "collections", "ImportError"), "failed", ""),
        (
            lacking("cannot import name 'x' from 'google.cloud' (unknown location)", "google.cloud"),
            "undeclared",
            "google-cloud-x",
        ),
        (lacking("cannot import name 'x' from 'google.cloud' (/a/b)"), "undeclared", ""),
        (no("google"), "failed", ""),
        (no("google.cloud"), "failed", ""),
        (no("zope"), "undeclared", ""),
        (lacking("/a/ext.so: undefined symbol: f", "aa.ext", "ImportError"), "failed", ""),
        (lacking("numpy failed to import", "", "ImportError"), "failed", ""),
        (lacking("run pip install 'Tensor_Flow'", "", "ImportError"), "undeclared", "tensor-flow"),
        (lacking("run pip install bb", "", "ImportError"), "failed", ""),
        (lacking("No package metadata was found for BB", "BB", "PackageNotFoundError"), "failed", ""),
        (
            lacking("No package metadata was found for Some-Kit", "Some-Kit", "PackageNotFoundError"),
            "undeclared",
            "some-kit",
        ),
        (no("net_lib"), "extra", "net-lib"),
        (lacking("for this, install aa[all]", "", "ImportError"), "extra", ""),
        (lacking("for this, install aa[fun]", "", "ImportError"), "failed", ""),
    ],
)
def test_who_answers_for_what_is_missing(error: Error, kind: str, likely: str) -> None:
    """The project itself and the declared closure are red, and so is what names nothing; the rest is undeclared."""
    found = judged([error], AA, WHOLE, "aa")
    assert (found.kind, found.likely) == (kind, likely)


def test_a_namespace_is_missing_for_one_of_its_portions() -> None:
    """The import of zope.interface lacks zope: a requirement tells which project is meant, and nothing else does."""
    needs = ("zope-interface; extra == 'twisted'", "zope.event; sys_platform == 'win32'")
    alone = present("kit", "kit.py", "kit_more.py", requires=needs[:1], extras=frozenset({"twisted"}))
    found = judged([no("zope")], alone, Declared(present=(alone,)))
    assert (found.kind, found.fact) == ("extra", "needs the extra twisted, which was not asked for")
    other = replace(present("kit", "kit.py", requires=needs[1:]))
    assert judged([no("zope")], other, Declared(present=(other,))).likely == "zope-event"
    assert judged([no("zope")], AA, WHOLE).fact == (
        "lacks zope, which nothing here declares: a project whose modules are below it"
    )


def test_the_smallest_extra_is_named() -> None:
    """``all`` and ``dev`` bring everything; the one of that name says what for."""
    needs = ("yaml-kit; extra == 'all'", "net-lib; extra == 'all'", "net-lib; extra == 'network'")
    one = present("kit", "kit.py", requires=needs, extras=frozenset({"all", "network"}))
    found = judged([no("net_lib")], one, Declared(present=(one,)))
    assert found.fact == "needs the extra network, which was not asked for"


def test_a_namespace_that_its_project_alone_fills() -> None:
    """What is missing below it is a part of that project, whose wheel is broken."""
    alone = Declared(present=(present("kit", "kit/one.py"), present("other", "space/two.py")))
    assert judged([no("kit.three")], alone.present[0], alone).kind == "failed"
    assert judged([no("space.three")], alone.present[0], alone).kind == "undeclared"


def test_a_module_that_is_named_and_not_there() -> None:
    """METADATA promises it, so the project itself answers, and so it does for the package around it."""
    assert judged([no("nn.part")], AA, WHOLE, "nn.part").kind == "failed"
    assert judged([no("nn")], AA, WHOLE, "nn.part").kind == "failed"
    assert judged([no("nn")], AA, WHOLE, "nnn").kind == "undeclared"


def test_a_declared_project_that_is_absent_makes_all_red() -> None:
    """No text of a package turns that into less: neither another name, nor a library, nor an extra."""
    lost = replace(WHOLE, absent=(canonicalize_name("cc"),))
    library = "libGL.so.1: cannot open shared object file: No such file or directory"
    for error in (no("bs4"), no("net_lib"), lacking(library), lacking("for this, install aa[all]")):
        found = judged([error], AA, lost, "aa")
        assert (found.kind, found.fact.endswith("(asked for, and not installed: cc)")) == ("failed", True)


def test_a_file_that_is_lost_makes_all_red(tmp_path: Path) -> None:
    """A project counts as lost too if its metadata is there and a file of it is not; bytecode and programs do not count."""
    (tmp_path / "bb_module.py").touch()
    lost = ("bb_module.py", "__pycache__/bb_module.pyc", "../../bin/bb", "bb.json")
    declared = replace(WHOLE, present=(AA, replace(BB, files=lost, library=tmp_path)))
    for error in (no("bs4"), no("net_lib"), Error(kind="ValueError", text="1", is_import=False)):
        found = judged([error], AA, declared, "aa")
        assert (found.kind, found.fact.endswith("(bb is installed without bb.json)")) == ("failed", True)
    (tmp_path / "bb.json").touch()
    assert judged([no("bs4")], AA, declared, "aa").kind == "undeclared"


def test_the_mark_of_a_request_is_no_lost_file(tmp_path: Path) -> None:
    """pip marks what the user requests by name: a part of an installation has a RECORD that names the mark, and no mark."""
    (tmp_path / "bb.py").touch()
    files = ("bb.py", "bb-1.0.dist-info/REQUESTED")
    there = Declared(present=(present("aa"), replace(present("bb"), files=files, library=tmp_path)))
    assert judged([no("cc")], present("aa"), there).kind == "undeclared"
    # One that a package vendors is a file of that package.
    vendored = replace(present("bb"), files=("bb/_vendor/cc-1.0.dist-info/REQUESTED",), library=tmp_path)
    assert judged([no("cc")], present("aa"), Declared(present=(present("aa"), vendored))).kind == "failed"


def test_the_words_name_what_answers() -> None:
    """An error that was raised from another one shows that, and whose part is missing."""
    outer, inner = lacking("no backend", "", "ImportError"), no("bb_module.part")
    assert judged([outer, inner], AA, WHOLE).fact == (
        "failed: ImportError: no backend, from ModuleNotFoundError: No module named 'bb_module.part' "
        "(bb_module.part is a part of bb, which is installed)"
    )
    assert judged([no("yaml")], AA, WHOLE).fact == (
        "lacks yaml, which nothing here declares: likely the project pyyaml; "
        "aa requires it only as pyyaml; sys_platform == 'win32'"
    )


def test_an_extra_that_was_asked_for_is_no_excuse() -> None:
    """It was asked for, and its other marker keeps out what the module imports: undeclared, with that requirement."""
    asking = replace(AA, asked=frozenset({"all"}))
    found = judged([no("net_lib")], asking, replace(WHOLE, present=(asking, BB)))
    assert found.kind == "undeclared"
    assert "requires it only as net-lib; extra == 'all' and sys_platform == 'win32'" in found.fact
    assert judged([lacking("for this, install aa[all]")], asking, WHOLE).kind == "failed"


def test_a_chain_is_read_as_far_as_it_was_raised_from() -> None:
    """Another error counts as a failed import if it was raised ``from`` one; an exit and an ImportError also after one."""
    other = Error(kind="RuntimeError", text="no backend", is_import=False)
    leaving = Error(kind="SystemExit", text="1", is_import=False)
    behind = replace(no("bs4"), direct=False)
    assert judged([other, no("bs4")], AA, WHOLE).kind == "undeclared"
    assert judged([other, behind], AA, WHOLE).kind == "failed"
    assert judged([leaving, behind], AA, WHOLE).kind == "undeclared"
    assert judged([lacking("no backend"), behind], AA, WHOLE).kind == "undeclared"
    assert judged([other], AA, WHOLE).fact == "failed: RuntimeError: no backend"


def test_a_shared_library_that_is_no_module() -> None:
    """A file ``.so`` among the modules may be none; a module of Python that claims so is red."""
    error = lacking("dynamic module does not define module export function (PyInit_ext)", "aa.ext", "ImportError")
    assert judged([error], AA, WHOLE, "aa.ext").kind == "note"
    assert judged([error], AA, WHOLE, "aa").kind == "failed"
