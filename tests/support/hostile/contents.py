"""Wheels of the project ``bad`` 1.0 with a wrong RECORD, wrong entry points, or files that are installed as one."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.support.hostile.archives import EVIL, INFO, LAYOUT, NAMES, entries, good, holding
from tests.support.stages.archives import Part, pack_parts, parts_of_wheel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def recorded(line: str, instead: str = "", files: Mapping[str, bytes] | None = None) -> bytes:
    """Return a wheel with *files*, and with *line* in its RECORD, in the place of that for *instead*, if there is one."""
    return pack_parts(recorded_parts(line, instead, files))


def recorded_parts(line: str, instead: str = "", files: Mapping[str, bytes] | None = None) -> list[Part]:
    """Return the parts of such a wheel."""
    *parts, record = parts_of_wheel("bad", files)
    lines = record.data.decode().splitlines()
    kept = [one for one in lines if not instead or not one.startswith(f"{instead},")]
    return [*parts, replace(record, data="\n".join([*kept, *([line] if line else []), ""]).encode())]


def beside_a_program(place: str) -> bytes:
    """Return a wheel with an entry point ``foo``, and a file at *place* of its ``.data``."""
    points = {f"{INFO}/entry_points.txt": b"[console_scripts]\nfoo = bad:main\n", f"bad-1.0.data/{place}": b""}
    return pack_parts(parts_of_wheel("bad", points))


_DIGEST = "A" * 43
#: What is wrong with RECORD, entry points or schemes → what makes such a wheel, and what is said of it.
CONTENTS: dict[str, tuple[Callable[[], bytes], str]] = {
    "not-in-record": (lambda: pack_parts([EVIL, *good()]), "'evil.py', which is not in its RECORD"),
    "in-record-alone": (lambda: recorded(f"gone.py,sha256={_DIGEST},1"), "'gone.py' is not in the wheel"),
    "another-hash": (lambda: recorded(f"bad.py,sha256={_DIGEST},10", "bad.py"), "not have the hash of its RECORD"),
    "another-size-in-record": (lambda: recorded(f"bad.py,sha256={_DIGEST},9", "bad.py"), "has 10 bytes, and not '9'"),
    "no-hash": (lambda: recorded("bad.py,,10", "bad.py"), "no hash that is SHA-256 or better"),
    "weak-hash": (lambda: recorded("bad.py,md5=" + "A" * 22 + ",10", "bad.py"), "no hash that is SHA-256"),
    "twice-in-record": (lambda: recorded("bad.py,,"), "stands there twice"),
    "hash-of-record": (
        lambda: recorded(f"{INFO}/RECORD,sha256={_DIGEST},1", f"{INFO}/RECORD"),
        "RECORD' has a hash",
    ),
    "open-quote-in-record": (lambda: recorded('"bad.py,,', "bad.py"), "a RECORD that cannot be read"),
    "entry-points-in-another-encoding": (
        lambda: pack_parts(parts_of_wheel("bad", {f"{INFO}/entry_points.txt": b"[x]\n\xe4 = bad:x\n"})),
        "they are not UTF-8",
    ),
    "two-columns": (lambda: recorded("bad.py,", "bad.py"), "has no three columns"),
    "upwards-in-record": (lambda: recorded(f"../../evil.py,sha256={_DIGEST},1"), "is not in the wheel"),
    "no-record": (lambda: pack_parts(good()[:-1]), "holds no RECORD"),
    "record-in-another-encoding": (
        lambda: pack_parts([*good()[:-1], Part(name=f"{INFO}/RECORD".encode(), data=b"\xe4,,\n")]),
        "RECORD that is not UTF-8",
    ),
    "entry-points-without-a-group": (lambda: entries("bad = bad:main\n"), "entry points that cannot be read"),
    "entry-points-twice": (lambda: entries("[console_scripts]\na = bad:x\na = bad:y\n"), "cannot be read"),
    "script-that-leads-elsewhere": (lambda: entries("[console_scripts]\n../evil = bad:x\n"), "no name for a program"),
    "script-as-a-device": (lambda: entries("[gui_scripts]\nnul = bad:x\n"), "no name for a program"),
    "script-with-code": (lambda: entries("[console_scripts]\na = bad:x;evil()\n"), "which names no object"),
    "script-without-an-object": (lambda: entries("[console_scripts]\na = bad\n"), "which names no object"),
    "unknown-scheme": (lambda: holding("bad-1.0.data/include/x.h"), "which no scheme of"),
    "scheme-of-another": (lambda: holding("worse-1.0.data/purelib/x.py"), "which no scheme of"),
    "scheme-in-another-case": (lambda: holding("bad-1.0.DATA/scripts/x"), "which no scheme of"),
    "over-a-module": (lambda: holding("bad-1.0.data/purelib/bad.py"), "installed as one file"),
    "over-a-module-in-another-case": (lambda: holding("bad-1.0.data/platlib/BAD.py"), "installed as one file"),
    "metadata-of-another": (
        lambda: holding("bad-1.0.data/purelib/good-1.0.dist-info/METADATA"),
        "the metadata of another distribution",
    ),
    "egg-of-another": (lambda: holding("good.egg-info/PKG-INFO"), "the metadata of another distribution"),
    "metadata-in-another-case": (lambda: holding("evil-1.0.DIST-INFO/METADATA"), "2 directories *.dist-info"),
    "directory-elsewhere-in-record": (lambda: recorded("../../../x/,,"), "'../../../x/' is a directory without a file"),
    "directory-at-the-root-in-record": (lambda: recorded("/abs/,,"), "'/abs/' is a directory without a file"),
    "directory-of-another-in-record": (lambda: recorded("six/,,"), "'six/' is a directory without a file"),
    "directory-with-codes-in-record": (lambda: recorded("\x1b[2J/,,"), "is a directory without a file"),
    "shared-directory-in-record": (
        lambda: recorded("google/,,", files={"google/bad/__init__.py": b""}),
        "'google/' is a directory that other projects may share",
    ),
    "empty-directory-in-record": (
        lambda: pack_parts([Part(name=b"six/", mode=0o040755), *recorded_parts("six/,,")]),
        "'six/' is a directory without a file in the wheel",
    ),
    "programs-in-two-cases": (
        lambda: entries("[console_scripts]\nfoo = bad:x\nFoo = bad:y\n"),
        "'Foo' is the file of another program too",
    ),
    "program-in-two-groups": (
        lambda: entries("[console_scripts]\nfoo = bad:x\n[gui_scripts]\nfoo = bad:x\n"),
        "'foo' is the file of another program too",
    ),
    "programs-of-one-name-on-windows": (
        lambda: entries("[console_scripts]\nfoo = bad:x\nfoo.py = bad:y\n"),
        "'foo.py' is the file of another program too",
    ),
    **{
        f"entry-point-beside-{kind}": (functools.partial(beside_a_program, place), "and an entry point of that name")
        for kind, place in (
            ("a-script", "scripts/Foo"),
            ("a-script-of-windows", "scripts/foo.exe"),
            ("a-script-of-setuptools", "scripts/foo-script.py"),
            ("a-program-below-the-prefix", "data/bin/foo"),
            ("a-program-of-windows-below-the-prefix", "data/Scripts/foo.exe"),
        )
    },
    **{
        f"{kind}-below-the-prefix": (functools.partial(holding, *names), "which are installed as one file")
        for kind, names in (
            ("module-twice", ("bad-1.0.data/data/lib/python3.12/site-packages/bad.py",)),
            ("module-twice-on-windows", ("bad-1.0.data/data/Lib/site-packages/bad.py",)),
            ("module-twice-on-debian", ("bad-1.0.data/data/local/lib/python3.12/dist-packages/BAD.py",)),
            ("script-twice", ("bad-1.0.data/scripts/x", "bad-1.0.data/data/bin/x")),
            ("header-twice", ("bad-1.0.data/headers/x.h", "bad-1.0.data/data/include/site/python3.12/bad/x.h")),
        )
    },
    "metadata-of-another-below-the-prefix": (
        lambda: holding("bad-1.0.data/data/lib/python3.12/site-packages/six-1.0.dist-info/METADATA"),
        "the metadata of another distribution",
    ),
    "script-like-an-option": (lambda: entries("[console_scripts]\n-rf = bad:x\n"), "'-rf' is no name for a program"),
    "hidden-script": (lambda: entries("[console_scripts]\n.hid = bad:x\n"), "'.hid' is no name for a program"),
    "file-like-an-option": (lambda: holding("bad-1.0.data/scripts/-rf"), "which is no name for a program"),
    "hidden-file": (lambda: holding("bad-1.0.data/data/bin/.hid"), "which is no name for a program"),
    "script-with-a-keyword": (lambda: entries("[console_scripts]\nfoo = import:def\n"), "which names no object"),
    "script-with-a-keyword-within": (lambda: entries("[gui_scripts]\nfoo = bad:a.class\n"), "which names no object"),
    "metadata-of-another-version": (
        lambda: pack_parts(
            [
                replace(one, name=one.name.replace(b"1.0", b"9.9"), data=one.data.replace(b"bad-1.0", b"bad-9.9"))
                for one in good()
            ]
        ),
        "contradicts its name: it holds 'bad-9.9.dist-info/METADATA'",
    ),
}


def hostile(kind: str) -> tuple[bytes, str]:
    """Return the wheel with this wrong about it, and what is said of it."""
    if kind in NAMES:
        names, said = NAMES[kind]
        return holding(*names), said
    make, said = (LAYOUT | CONTENTS)[kind]
    return make(), said
