"""What a proof was made with and for, as far as it decides what green means."""

from __future__ import annotations

import functools
import hashlib
from importlib.resources import files as resources
from pathlib import Path
from typing import TYPE_CHECKING

from pypi_subset.model.checks import WAYS
from pypi_subset.model.report import Settings
from pypi_subset.proof.imports.settling import OF_A_SCRIPT, OF_IMPORTS
from pypi_subset.support.fingerprint import digest_of
from pypi_subset.support.version import __version__

if TYPE_CHECKING:
    from pypi_subset.model.report import Report
    from pypi_subset.model.requests import Subset


#: Where the code and data of the proof are: what `proof` may import, and the suite around it.
_WINGS = ("proof", "model", "support", "pip")


@functools.cache
def settings() -> Settings:
    """Return the settings of a proof by this tool."""
    seconds = {"import": OF_IMPORTS, "script": OF_A_SCRIPT}
    return Settings(routes=WAYS, seconds=seconds, code=_code())


def subset_digest(subset: Subset) -> str:
    """Return the SHA-256 over what is asked for; the host counts by its name, since it is another machine elsewhere."""
    # Left out where there is none, so that reports of before still match.
    others = {"files": [[one.to, one.sha256] for one in subset.other_files]} if subset.other_files else {}
    return digest_of(
        {
            **others,
            "sets": {one.name: [one.digest, *one.targets] for one in subset.sets},
            "targets": {one.name: "host" if one.host else one.digest for one in subset.targets},
            "policy": {one.name: subset.policy_digest_on(one.name) for one in subset.targets},
            "accepted": [
                [one.rule, one.project, *one.targets, one.reason, one.until, one.version, one.id]
                for one in subset.accepted
            ],
            "strict_imports": subset.strict_imports,
        }
    )


def difference(report: Report, subset_sha256: str | None) -> str:
    """
    Return what *report* was made with that is not so here, ``""`` if nothing.

    :param subset_sha256: of what ``requirements/`` asks for now, ``None`` if they are not here.
    """
    if report.tool != __version__:
        return f"pypi-subset {report.tool}, and this is {__version__}"
    if subset_sha256 is not None and report.subset_sha256 != subset_sha256:
        return "other requirements than those here (subset digest)"
    own = settings()
    other = [name for name in Settings.__struct_fields__ if getattr(report.settings, name) != getattr(own, name)]
    return f"other settings of the proof than here ({', '.join(other)})" if other else ""


def _code() -> str:
    """Return the SHA-256 over the code and data of the proof; line ends do not count, which git may change."""
    package, suite = (Path(str(resources(name))) for name in ("pypi_subset", "pypi_subset.verify"))
    folders = [*(package / wing for wing in _WINGS), suite]
    found = {
        f"{folder.name}/{path.relative_to(folder).as_posix()}": path
        for folder in folders
        for path in folder.rglob("*")
        if path.suffix in {".py", ".json"}
    }
    digest = hashlib.sha256()
    for name, path in sorted(found.items()):
        data = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"{name}\0{len(data)}\0".encode() + data)
    return digest.hexdigest()
